/* cmd_check.c: guidepost check: what would go wrong, before it does. Reads everything that serving
 * would read, tries the folder and the ports, and asks every entry its own question: one that is
 * answered by another entry (a collision) is one that visitors will not find. Changes nothing. */
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
#include "bot/problem.h"
#include "bot/questions.h"
#include "bot/smalltalk.h"

#define MAX_REPORT (4u << 20) /* bytes of --json */

static void warn(struct kb_report *report, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void warn(struct kb_report *report, const char *file, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kb_report_vadd(report, false, file, 0, 0, fmt, ap);
    va_end(ap);
}

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
            warn(report, config_text(c, name), "%s is in use; is the bot running already?", name);
        else if (err)
            problem_add(report, true, config_text(c, name), 0, 0, "%s: %s", name, strerror(err));
        close(fd);
    }
    freeaddrinfo(ai);
    free(address);
}

/* ---- the content ----------------------------------------------------------------------------- */

struct collide {
    struct kb *kb;
    struct kb_report *report;
    size_t asked;
    int err;
};

static int ask_back(void *ctx, const char *passage, const char *question, bool must)
{
    struct collide *c = ctx;
    struct kb_ask ask = {.text = question, .len = strlen(question), .max = 1, .rank_only = true};
    struct kb_hits hits = {0};
    (void)must;
    c->asked++;
    if ((c->err = kb_ask(c->kb, &ask, &hits)))
        return c->err;
    if (!hits.n)
        warn(c->report, passage, "its own question \"%s\" finds nothing", question);
    else if (strcmp(hits.hit[0].passage, passage) != 0)
        warn(c->report, passage, "its own question \"%s\" is answered by %s", question,
             hits.hit[0].passage);
    kb_hits_release(&hits);
    return 0;
}

static int check_collisions(struct base *base, struct kb_report *report, size_t *ret_asked)
{
    struct collide c = {.report = report};
    int code = base_temporary(base);
    if (code)
        return code;
    int err = kb_open(base->kb, &c.kb);
    if (!err)
        err = kb_questions(c.kb, ask_back, &c);
    kb_close(c.kb);
    if (err)
        fprintf(stderr, "guidepost check: %s\n", kb_strerror(err));
    *ret_asked = c.asked;
    return err ? EXIT_FAILED : EXIT_FINE;
}

static size_t check_questions(const struct config *c, struct kb_report *report)
{
    struct pool *pool = pool_new();
    struct test_questions all = {0};
    size_t n = 0;
    const char *const *path = config_list(c, "questions", &n);
    questions_read(pool, path, n, &all, report);
    size_t found = all.n;
    pool_free(pool);
    return found;
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

static int check(struct base *base, bool json)
{
    struct kb_report report = {0};
    struct smalltalk *talk = NULL;
    size_t asked = 0;
    int err = kb_check(&base->src, &report), code = EXIT_FINE;
    if (err && err != KB_ERR_INPUT)
        problem_add(&report, true, "content", 0, 0, "%s",
                    report.message ? report.message : kb_strerror(err));
    smalltalk_read(base->talk, &talk, &report);
    smalltalk_free(talk);
    size_t questions = check_questions(base->config, &report);
    check_data_dir(base->config, &report);
    check_port(base->config, "listen", &report);
    check_port(base->config, "admin_listen", &report);
    if (!report.errors)
        code = check_collisions(base, &report, &asked);
    if (report.errors)
        code = EXIT_FAILED;
    problem_print(&report, stderr);
    if (json)
        print_json(&report, asked);
    else
        printf("%zu documents, %zu questions of entries asked back, %zu test questions: %zu "
               "errors, %zu "
               "warnings\n",
               report.read, asked, questions, report.errors, report.warnings);
    kb_report_release(&report);
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
    .help = "Reads settings, guides (the PATHs, else those of the setting \"content\"), synonyms, "
            "small talk and test\n"
            "questions, tries data_dir and the ports, and asks every entry its own question. "
            "Changes nothing.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --json          the problems as an object\n\n"
            "Exit status 1: there is an error; 78: the settings have one.\n",
    .run = run_check,
};
