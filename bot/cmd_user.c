/* cmd_user.c: guidepost user: who may use the staff's console, and with what password. The password is typed twice on a
 * terminal, or is the first line of standard input; never an argument, which every process of the machine could read. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/command.h"
#include "bot/json.h"
#include "bot/store.h"
#include "bot/user.h"

#define MAX_LINE   1100 /* a little more than a password may have */
#define MAX_LISTED (4u << 20)

struct user_call {
    struct store *store;
    const char *name;
    enum staff_role role;
    bool json;
};

/* ---- the password ---- */

static struct termios shown; /* how the terminal was */

static void show_again(int signum)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    signal(signum, SIG_DFL);
    raise(signum);
}

/* A line without its end; false at the end of the input, or when it is longer than any password. */
static bool read_line(char line[MAX_LINE])
{
    if (!fgets(line, MAX_LINE, stdin) || strlen(line) == MAX_LINE - 1)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static bool ask_twice(const char *name, char line[MAX_LINE])
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    char again[MAX_LINE] = "";
    if (tcgetattr(STDIN_FILENO, &shown))
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        signal(ends[i], show_again);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fprintf(stderr, "Password for %s (it is not shown): ", name);
    bool read = read_line(line);
    fputs("\nThe same again: ", stderr);
    read = read && read_line(again);
    fputc('\n', stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    bool same = !strcmp(line, again);
    sodium_memzero(again, sizeof again);
    if (read && !same)
        fputs("guidepost user: the two are not the same; nothing was changed\n", stderr);
    return read && same;
}

/* Ask for a password and hash it. False after saying why not. */
static bool read_password(const char *name, char ret[USER_HASH])
{
    char line[MAX_LINE] = "";
    bool terminal = isatty(STDIN_FILENO);
    bool done = terminal ? ask_twice(name, line) : read_line(line);
    const char *problem = done ? user_password_problem(line) : NULL;
    if (!done && !terminal)
        fputs("guidepost user: standard input has no password in its first line\n", stderr);
    if (problem)
        fprintf(stderr, "guidepost user: %s\n", problem);
    done = done && !problem && user_hash(line, ret);
    if (!done && !problem && *line)
        fputs("guidepost user: no password was set: 64 MiB of memory are needed for that\n",
              stderr);
    sodium_memzero(line, sizeof line);
    return done;
}

/* ---- what can be done ---- */

static int failed(const struct user_call *c, int err)
{
    if (err == -EEXIST)
        fprintf(stderr,
                "guidepost user: there is a user %s already; \"guidepost "
                "user password %s\" sets another password\n",
                c->name, c->name);
    else if (err == -ENOENT)
        fprintf(stderr, "guidepost user: there is no user %s; \"guidepost user list\" names them\n",
                c->name);
    else
        fprintf(stderr, "guidepost user: state.db: %s\n", store_strerror(err));
    return EXIT_FAILED;
}

/* One change, and its row of the audit, in a transaction. */
static int change(struct user_call *c, const char *action, const char *done,
                  int (*fn)(struct store *s, const struct store_user *u), struct store_user *u)
{
    u->name = c->name;
    u->role = c->role;
    u->at_ms = clock_wall_ms();
    int err = store_begin(c->store);
    if (!err)
        err = command_commit(c->store, fn(c->store, u), action, c->name,
                             c->role ? user_role_name(c->role) : NULL);
    if (err)
        return failed(c, err);
    printf("%s: %s%s%s\n", c->name, done, c->role ? " " : "",
           c->role ? user_role_name(c->role) : "");
    return EXIT_FINE;
}

static int remove_user(struct store *s, const struct store_user *u)
{
    return store_remove_user(s, u->name);
}

static void found(void *ctx, const struct store_user *u)
{
    (void)u;
    *(bool *)ctx = true;
}

static bool exists(struct user_call *c)
{
    bool is = false;
    store_users(c->store, c->name, found, &is);
    return is;
}

static int add(struct user_call *c)
{
    char hash[USER_HASH];
    if (exists(c)) /* before anybody has typed a password twice */
        return failed(c, -EEXIST);
    struct store_user u = {.hash = hash};
    return read_password(c->name, hash) ? change(c, "user.add", "added as", store_add_user, &u)
                                        : EXIT_FAILED;
}

static int password(struct user_call *c)
{
    char hash[USER_HASH];
    if (!exists(c))
        return failed(c, -ENOENT);
    struct store_user u = {.hash = hash};
    return read_password(c->name, hash)
               ? change(c, "user.password", "has another password", store_change_user, &u)
               : EXIT_FAILED;
}

static int role(struct user_call *c)
{
    struct store_user u = {0};
    return change(c, "user.role", "is now", store_change_user, &u);
}

static int forget_factor(struct store *s, const struct store_user *u)
{
    const struct store_factor none = {.step = 0};
    int err = store_set_factor(s, u->name, &none);
    return err ? err : store_set_recovery(s, u->name, NULL, 0);
}

static int reset_factor(struct user_call *c)
{
    struct store_user u = {0};
    return change(c, "user.factor", "has no second factor any more", forget_factor, &u);
}

static int drop(struct user_call *c)
{
    struct store_user u = {0};
    return change(c, "user.remove", "removed", remove_user, &u);
}

/* ---- the list ---- */

struct listing {
    struct buf text;
    bool json;
    size_t n;
};

static void list_one(void *ctx, const struct store_user *u)
{
    struct listing *l = ctx;
    char made[CLOCK_TEXT], changed[CLOCK_TEXT];
    clock_text(u->at_ms, made);
    clock_text(u->changed_ms, changed);
    if (l->json) {
        buf_adds(&l->text, l->n ? ",\n{" : "{");
        json_add_member(&l->text, "name", u->name);
        json_add_member(&l->text, "role", user_role_name(u->role));
        json_add_member(&l->text, "added", made);
        json_add_member(&l->text, "changed", changed);
        buf_addf(&l->text, ",\"factor\":%s}", u->factor ? "true" : "false");
    } else {
        buf_addf(&l->text, "%-24s %-8s since %.10s%s\n", u->name, user_role_name(u->role), made,
                 u->factor ? ", second factor" : "");
    }
    l->n++;
}

static int list(struct user_call *c)
{
    struct listing l = {.json = c->json};
    buf_init(&l.text, MAX_LISTED);
    int err = store_users(c->store, NULL, list_one, &l);
    if (err)
        failed(c, err);
    else if (c->json)
        printf("[%s]\n", l.text.s);
    else if (l.n)
        fputs(l.text.s, stdout);
    else
        fputs("There is no user yet: guidepost user add --role admin NAME\n", stderr);
    buf_release(&l.text);
    return err ? EXIT_FAILED : EXIT_FINE;
}

/* ---- the command line ---- */

static const struct user_action {
    const char *name;
    bool named, wants_role;
    int (*run)(struct user_call *c);
} actions[] = {
    {"add", true, true, add},
    {"role", true, true, role},
    {"password", true, false, password},
    {"reset-factor", true, false, reset_factor},
    {"remove", true, false, drop},
    {"list", false, false, list},
};

static const struct user_action *action_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof actions / sizeof actions[0]; i++)
        if (!strcmp(name, actions[i].name))
            return &actions[i];
    return NULL;
}

/* What is wrong with the words of the command line, or 0. */
static int misused(const struct user_action *act, const struct user_call *c, int words,
                   const char *role_text)
{
    const struct command *cmd = &command_user;
    if (!act)
        return command_usage(cmd, "say what: add, list, role, password, reset-factor or remove");
    if (words != 1 + act->named)
        return command_usage(cmd, act->named ? "%s needs one NAME" : "%s takes no NAME", act->name);
    if (role_text && !c->role)
        return command_usage(cmd, "there is no role \"%s\"; viewer, agent, editor or admin",
                             role_text);
    if (act->wants_role && !c->role)
        return command_usage(cmd, "%s needs --role viewer, agent, editor or admin", act->name);
    if (!act->wants_role && c->role)
        return command_usage(cmd, "%s takes no --role", act->name);
    const char *problem = act->named ? user_name_problem(c->name) : NULL;
    return problem ? command_usage(cmd, "\"%s\": %s", c->name, problem) : 0;
}

static int run_user(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"role", required_argument, NULL, 'r'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    const char *config = NULL, *role_text = NULL;
    struct user_call c = {0};
    optind = 0;
    for (int opt; (opt = command_option(&command_user, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'r': role_text = optarg; break;
        case 'j': c.json = true; break;
        default: return EXIT_USAGE;
        }
    }
    const struct user_action *act = action_named(optind < argc ? argv[optind] : NULL);
    c.name = optind + 1 < argc ? argv[optind + 1] : "";
    c.role = role_text ? user_role(role_text) : ROLE_NONE;
    int code = misused(act, &c, argc - optind, role_text);
    if (code)
        return code;
    struct base base;
    code = base_open(config, NULL, &base);
    if (code)
        return code;
    code = command_store(base.config, &c.store);
    if (!code)
        code = act->run(&c);
    store_close(c.store);
    base_close(&base);
    return code;
}

const struct command command_user = {
    .name = "user",
    .synopsis =
        "add|role|password|reset-factor|remove|list [-c FILE] [--role ROLE] [--json] [NAME]",
    .summary = "who of the staff may come in, and what they may do",
    .help =
        "  user add --role ROLE NAME    a new user\n"
        "  user role --role ROLE NAME   another role\n"
        "  user password NAME           another password; who is logged in has to log in again\n"
        "  user reset-factor NAME       for who has lost phone and "
        "recovery codes: the password is enough again\n"
        "  user remove NAME\n"
        "  user list [--json]\n\n"
        "The password is asked for on a terminal, or is the first "
        "line of standard input. It has at least 8\n"
        "characters and is kept as an Argon2id hash in "
        "data_dir/state.db. A running server need not be stopped.\n\n"
        "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --role ROLE     viewer: reads; agent: also triages "
        "and talks to visitors; editor: also writes\n"
        "                      and publishes answers; admin: also settings, users, erasing\n"
        "      --json          list: an array of objects: name, role, added, changed, factor\n",
    .run = run_user,
};
