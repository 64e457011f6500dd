/* cmd_check.c: guidepost check: what would go wrong, before it does. Reads everything that serving
 * would read, tries the folder and the ports, and has kb look at all of the content together, in an
 * index of its own (kb_review()). Changes nothing. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/lock.h"
#include "bot/problem.h"
#include "bot/questions.h"
#include "bot/shipped.h"
#include "bot/smalltalk.h"
#include "kb/pool.h"

#define MAX_REPORT (4u << 20) /* bytes of --json */

/* ---- the machine ----------------------------------------------------------------------------- */

static void check_data_dir(const struct config *c, struct kb_report *report)
{
    const char *dir = config_text(c, "data_dir");
    if (!access(dir, F_OK)) {
        if (access(dir, R_OK | W_OK | X_OK))
            problem_add(report, true, dir, 0, 0, "data_dir cannot be written: %s", strerror(errno));
        return;
    }
    const char *slash = strrchr(dir, '/'); /* absent: it will be made in its parent */
    char *parent = slash ? strndup(dir, slash == dir ? 1 : (size_t)(slash - dir)) : strdup(".");
    if (parent && access(parent, W_OK | X_OK))
        problem_add(report, true, dir, 0, 0, "data_dir cannot be created in %s: %s", parent,
                    strerror(errno));
    free(parent);
}

/* A server that runs is no mistake, but a second one would not start. */
static void check_lock(const struct config *c, struct kb_report *report)
{
    const char *dir = config_text(c, "data_dir");
    long pid = lock_owner(dir);
    if (!pid)
        return;
    problem_add(report, false, dir, 0, 0, "a server uses this data_dir now%s",
                pid > 0 ? "" : " (its process is not known)");
    if (pid > 0)
        kb_report_remedy(report, "lock",
                         "it is process %ld; a second one needs a data_dir of its own", pid);
}

/* "[::1]:80" -> "::1" and "80", in place. */
static void split_address(char *s, char **ret_host, char **ret_port)
{
    char *colon = strrchr(s, ':');
    *colon = '\0';
    *ret_port = colon + 1;
    *ret_host = s;
    if (*s == '[') {
        colon[-1] = '\0';
        *ret_host = s + 1;
    }
}

static void check_port(const struct config *c, const char *name, struct kb_report *report)
{
    char *address = strdup(config_text(c, name)), *host, *port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *ai;
    if (!address)
        return;
    split_address(address, &host, &port);
    int err = getaddrinfo(host, port, &hints, &ai);
    if (err) {
        problem_add(report, true, config_text(c, name), 0, 0, "%s: %s", name, gai_strerror(err));
        free(address);
        return;
    }
    int one = 1, fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        err = bind(fd, ai->ai_addr, ai->ai_addrlen) ? errno : 0;
        if (err == EADDRINUSE)
            problem_add(report, false, config_text(c, name), 0, 0,
                        "%s is in use; is the bot running already?", name);
        else if (err)
            problem_add(report, true, config_text(c, name), 0, 0, "%s: %s", name, strerror(err));
        close(fd);
    }
    freeaddrinfo(ai);
    free(address);
}

/* ---- the content ----------------------------------------------------------------------------- */

/* Each id that test questions name must be a passage's. */
static int check_ids(struct kb *kb, const struct test_question *t, const char *const *name,
                     size_t n, const char *key, struct pool *pool, struct kb_report *report)
{
    int found = 1;
    for (size_t i = 0; i < n && found >= 0; i++) {
        struct kb_place place;
        found = kb_find(kb, name[i], pool, &place);
        if (found)
            continue;
        problem_add(report, false, t->file, t->line, 0, "%s: there is no entry or passage \"%s\"",
                    key, name[i]);
        kb_report_remedy(report, "test",
                         "an entry's id, or document#heading; \"guidepost ask "
                         "--json\" shows what passages are called");
    }
    return found < 0 ? found : 0;
}

static int check_tests(struct kb *kb, const struct test_questions *all, struct pool *pool,
                       struct kb_report *report)
{
    int err = 0;
    for (size_t i = 0; i < all->n && !err; i++) {
        const struct test_question *t = &all->item[i];
        err = check_ids(kb, t, (const char *const *)t->want, t->nwant, "want", pool, report);
        if (!err)
            err = check_ids(kb, t, (const char *const *)t->nots, t->nnots, "not", pool, report);
    }
    return err;
}

/* What can only be seen in all of the content together: in an index of its own. */
static int check_content(struct base *base, const struct test_questions *tests, struct pool *pool,
                         struct kb_report *report, size_t *ret_asked)
{
    struct kb *kb = NULL;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct kb_review_options opt = {.synonyms = base->src.synonyms,
                                    .general = shipped_synonyms,
                                    .threads = cores > 0 ? (unsigned)cores : 1};
    int code = base_temporary(base);
    if (code)
        return code;
    int err = kb_review(base->kb, &opt, report, ret_asked);
    if (!err)
        err = kb_open(base->kb, &kb);
    if (!err)
        err = check_tests(kb, tests, pool, report);
    kb_close(kb);
    if (err)
        fprintf(stderr, "guidepost check: %s\n", kb_strerror(err));
    return err ? EXIT_FAILED : EXIT_FINE;
}

static void read_tests(const struct config *c, struct pool *pool, struct test_questions *ret,
                       struct kb_report *report)
{
    size_t n = 0;
    const char *const *path = config_list(c, "questions", &n);
    questions_read(pool, path, n, ret, report);
}

/* ---- the command ----------------------------------------------------------------------------- */

static void print_json(const struct kb_report *r, size_t asked)
{
    struct buf b;
    buf_init(&b, MAX_REPORT);
    buf_addf(
        &b,
        "{\"ok\":%s,\"documents\":%zu,\"asked\":%zu,\"errors\":%zu,\"warnings\":%zu,\"problems\":[",
        r->errors ? "false" : "true", r->read, asked, r->errors, r->warnings);
    for (size_t i = 0; i < r->nproblem; i++) {
        buf_adds(&b, i ? ",\n" : "");
        problem_json(&r->problem[i], &b);
    }
    buf_adds(&b, "]}\n");
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
}

static void print_text(const struct kb_report *r, size_t asked, size_t tests)
{
    problem_print_grouped(r, stderr);
    if (r->nproblem)
        fputc('\n', stderr);
    printf("%zu documents, %zu questions of entries asked back, %zu test questions: %zu error%s, "
           "%zu warning%s\n",
           r->read, asked, tests, r->errors, r->errors == 1 ? "" : "s", r->warnings,
           r->warnings == 1 ? "" : "s");
}

static int check(struct base *base, bool json)
{
    struct kb_report report = {0};
    struct smalltalk *talk = NULL;
    struct test_questions tests = {0};
    struct pool *pool = pool_new();
    size_t asked = 0;
    int err = kb_check(&base->src, &report), code = EXIT_FINE;
    if (err && err != KB_ERR_INPUT)
        problem_add(&report, true, "content", 0, 0, "%s",
                    report.message ? report.message : kb_strerror(err));
    smalltalk_read(base->talk, &talk, &report);
    smalltalk_free(talk);
    read_tests(base->config, pool, &tests, &report);
    check_data_dir(base->config, &report);
    check_lock(base->config, &report);
    check_port(base->config, "listen", &report);
    check_port(base->config, "admin_listen", &report);
    if (!report.errors)
        code = check_content(base, &tests, pool, &report, &asked);
    if (report.errors)
        code = EXIT_FAILED;
    if (json)
        print_json(&report, asked);
    else
        print_text(&report, asked, tests.n);
    kb_report_release(&report);
    pool_free(pool);
    return code;
}

static int run_check(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'}, {0}};
    const char *config = NULL;
    bool json = false;
    optind = 0;
    for (int opt; (opt = command_option(&command_check, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'j': json = true; break;
        default: return EXIT_USAGE;
        }
    }
    struct base base;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    if (optind < argc) {
        base.src.path = (const char *const *)argv + optind;
        base.src.n = (size_t)(argc - optind);
    }
    code = check(&base, json);
    base_close(&base);
    return code;
}

const struct command command_check = {
    .name = "check",
    .synopsis = "[-c FILE] [--json] [PATH...]",
    .summary = "settings, content, collisions: what would go wrong",
    .help = "Reads settings, guides (the PATHs, else those of the setting "
            "\"content\"), synonyms, small talk and test\n"
            "questions, and tries data_dir and the ports. Then it looks "
            "at all of the content together: questions\n"
            "that another entry answers, two that ask the same, "
            "figures that contradict each other, text that\n"
            "has expired or will within 14 days or was not reviewed "
            "for a year, links, follow-ups and test\n"
            "questions that name nothing, synonyms that lead to no word. Changes nothing.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --json          the problems as an object: kind, file, line, message, remedy\n\n"
            "Exit status 1: there is an error; warnings are none; 78: the settings have one.\n",
    .run = run_check,
};
