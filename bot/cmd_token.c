/* cmd_token.c: guidepost token: keys with which programs use the staff's interface. A token is printed once, on standard output and
 * nothing else there, so that it can go straight into a file; what is kept is its hash. */
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/command.h"
#include "bot/json.h"
#include "bot/number.h"
#include "bot/store.h"

#define DAY_MS     86400000ll
#define MAX_LISTED (4u << 20)

struct token_call {
    struct store *store;
    const char *user, *name; /* whose; what it is for */
    int scopes;
    long days;
    int64_t id;
    bool json;
};

static int failed(int err, const char *what)
{
    if (err == -ENOENT)
        fprintf(stderr, "guidepost token: there is no %s; nothing was changed\n", what);
    else
        fprintf(stderr, "guidepost token: state.db: %s\n", store_strerror(err));
    return EXIT_FAILED;
}

static int add(struct token_call *c)
{
    int64_t now = clock_wall_ms(), id = 0;
    struct store_token t = {.user = c->user,
                            .name = c->name,
                            .scopes = c->scopes,
                            .at_ms = now,
                            .expires_ms = now + c->days * DAY_MS};
    unsigned char hash[STORE_HASH];
    char token[TOKEN_SIZE], object[40], scopes[TOKEN_SCOPES], until[CLOCK_TEXT];
    token_make(token);
    int err = token_hash(token, hash) ? store_begin(c->store) : -EIO;
    if (!err)
        err = store_add_token(c->store, hash, &t, &id);
    snprintf(object, sizeof object, "token:%lld", (long long)id);
    token_scopes_text(c->scopes, scopes);
    err = command_commit(c->store, err, "token.add", object, scopes);
    if (!err) {
        puts(token);
        clock_text(t.expires_ms, until);
        fprintf(stderr,
                "token %lld of %s (%s), good until %.10s. It is not shown again; send it as "
                "Authorization: Bearer\n",
                (long long)id, c->user, scopes, until);
    }
    sodium_memzero(token, sizeof token);
    return err ? failed(err, "such user; \"guidepost user list\" names them") : EXIT_FINE;
}

static int revoke(struct token_call *c)
{
    char object[40];
    snprintf(object, sizeof object, "token:%lld", (long long)c->id);
    int err = store_begin(c->store);
    if (!err)
        err = store_remove_token(c->store, c->id, NULL);
    err = command_commit(c->store, err, "token.revoke", object, NULL);
    if (err)
        return failed(err, "such token; \"guidepost token list\" numbers them");
    printf("token %lld is revoked\n", (long long)c->id);
    return EXIT_FINE;
}

/* ---- the list ---- */

struct listing {
    struct buf text;
    bool json;
    size_t n;
};

static void list_json(struct buf *b, const struct store_token *t, const char *scopes,
                      const char *until, const char *used)
{
    buf_addc(b, '{');
    json_add_count(b, "id", t->id);
    json_add_member(b, "user", t->user);
    json_add_member(b, "name", t->name);
    json_add_member(b, "scopes", scopes);
    json_add_member(b, "expires", until);
    json_add_member(b, "used", t->used_ms ? used : NULL);
    buf_addf(b, ",\"leaked\":%s}", t->leaked_ms ? "true" : "false");
}

static void list_one(void *ctx, const struct store_token *t)
{
    struct listing *l = ctx;
    char scopes[TOKEN_SCOPES], until[CLOCK_TEXT], used[CLOCK_TEXT];
    token_scopes_text(t->scopes, scopes);
    clock_text(t->expires_ms, until);
    clock_text(t->used_ms, used);
    if (l->json) {
        buf_adds(&l->text, l->n ? ",\n" : "");
        list_json(&l->text, t, scopes, until, used);
    } else {
        buf_addf(&l->text, "%4lld  %-20s %-32s until %.10s  used %.10s  %s%s\n", (long long)t->id,
                 t->user, scopes, until, t->used_ms ? used : "never     ", t->name,
                 t->leaked_ms ? "  (stood in an address: revoke it)" : "");
    }
    l->n++;
}

static int list(struct token_call *c)
{
    struct listing l = {.json = c->json};
    buf_init(&l.text, MAX_LISTED);
    int err = store_tokens(c->store, c->user, list_one, &l);
    if (!err && c->json)
        printf("[%s]\n", l.text.s);
    else if (!err && l.n)
        fputs(l.text.s, stdout);
    else if (!err)
        fputs("There is no token.\n", stderr);
    buf_release(&l.text);
    return err ? failed(err, "token") : EXIT_FINE;
}

/* ---- the command line ---- */

static const struct token_action {
    const char *name, *argument; /* what it is followed by; NULL: nothing */
    int (*run)(struct token_call *c);
} actions[] = {{"add", "WHAT-FOR", add}, {"list", NULL, list}, {"revoke", "NUMBER", revoke}};

static const struct token_action *action_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof actions / sizeof actions[0]; i++)
        if (!strcmp(name, actions[i].name))
            return &actions[i];
    return NULL;
}

/* What is wrong with the words of the command line, or 0. */
static int misused(const struct token_action *act, struct token_call *c, int words,
                   const char *scopes)
{
    const struct command *cmd = &command_token;
    if (!act)
        return command_usage(cmd, "say what: add, list or revoke");
    if (words != 1 + (act->argument != NULL))
        return command_usage(cmd, act->argument ? "%s needs one %s" : "%s takes nothing more",
                             act->name, act->argument ? act->argument : "");
    if (act->run == revoke && !number_read(c->name, INT64_MAX, &c->id))
        return command_usage(cmd, "\"%s\" is no number of guidepost token list", c->name);
    if (act->run != add)
        return 0;
    const char *problem = token_name_problem(c->name);
    if (problem)
        return command_usage(cmd, "%s", problem);
    if (!c->user)
        return command_usage(cmd, "add needs --user NAME: whose token it is");
    if (!c->scopes)
        return command_usage(cmd,
                             scopes ? "\"%s\" is not made of read, tickets, answers, export, "
                                      "admin"
                                    : "add needs --scope, as in --scope read,tickets%s",
                             scopes ? scopes : "");
    if (c->days < 1 || c->days > TOKEN_MAX_DAYS)
        return command_usage(cmd, "a token is good for 1 to %d days", TOKEN_MAX_DAYS);
    return 0;
}

static int with_store(const char *config, const struct token_action *act, struct token_call *c)
{
    struct base base;
    int code = sodium_init() < 0 ? EXIT_FAILED : base_open(config, NULL, &base);
    if (code)
        return code;
    code = command_store(base.config, &c->store);
    if (!code)
        code = act->run(c);
    store_close(c->store);
    base_close(&base);
    return code;
}

static int run_token(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"user", required_argument, NULL, 'u'},
        {"scope", required_argument, NULL, 's'},  {"days", required_argument, NULL, 'd'},
        {"json", no_argument, NULL, 'j'},         {0}};
    const char *config = NULL, *scopes = NULL;
    struct token_call c = {.days = TOKEN_DAYS};
    int64_t days;
    optind = 0;
    for (int opt; (opt = command_option(&command_token, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'u': c.user = optarg; break;
        case 's': scopes = optarg; break;
        case 'd': c.days = number_read(optarg, 9999, &days) ? (long)days : 0; break;
        case 'j': c.json = true; break;
        default: return EXIT_USAGE;
        }
    }
    const struct token_action *act = action_named(optind < argc ? argv[optind] : NULL);
    c.name = optind + 1 < argc ? argv[optind + 1] : "";
    c.scopes = scopes ? token_scopes(scopes) : 0;
    int code = misused(act, &c, argc - optind, scopes);
    return code ? code : with_store(config, act, &c);
}

const struct command command_token = {
    .name = "token",
    .synopsis = "add|list|revoke [-c FILE] [--user NAME] [--scope SCOPES] [--days N] [--json] "
                "[WHAT-FOR | NUMBER]",
    .summary = "keys with which programs use the staff's interface",
    .help = "  token add --user NAME --scope SCOPES [--days N] WHAT-FOR    prints the token, once\n"
            "  token list [--user NAME] [--json]\n"
            "  token revoke NUMBER\n\n"
            "A program sends it as \"Authorization: Bearer guidepost_pat_...\" "
            "to the addresses of /staff/api/. It may do what\n"
            "its scopes say, as far as its user's role goes:\n\n"
            "  read      what pages show: queue, answers, figures, conversations\n"
            "  tickets   triage: claim, note, close, talk to visitors\n"
            "  answers   write and publish answers and synonyms\n"
            "  export    take away what was asked and answered, and the audit\n"
            "  admin     users, settings, erasing\n\n"
            "No token changes passwords, second factors or tokens. One that "
            "stood in an address, where logs keep it, is marked\n"
            "in the list. With its user all of them go.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --days N        good for so long, 1 to 366 (90)\n"
            "      --json          list: an array of objects: id, "
            "user, name, scopes, expires, used, leaked\n",
    .run = run_token,
};
