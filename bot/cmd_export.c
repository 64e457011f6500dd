/* cmd_export.c: guidepost export and guidepost erase: what was asked and answered, to take elsewhere, to show somebody what is kept
 * about them, or to delete it. Both leave a row in the audit. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/erased.h"
#include "bot/journal.h"
#include "bot/lock.h"
#include "bot/number.h"
#include "bot/store.h"
#include "bot/takeout.h"

#define MAX_ROW (2u << 20)

struct export_call {
    struct store_export what;
    bool csv;
    size_t n;
    int64_t question;     /* the one to erase, or 0 */
    const char *data_dir; /* of the settings */
};

/* ---- export ---- */

static void print_one(void *ctx, const struct store_exported *e)
{
    struct export_call *c = ctx;
    struct buf b;
    buf_init(&b, MAX_ROW);
    (c->csv ? takeout_csv : takeout_json)(&b, e);
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
    c->n++;
}

/* Row and rows: who takes data away is on record before the first line of it. */
static int export(struct export_call *c, struct store *s)
{
    int err = store_begin(s);
    if (!err)
        err = command_commit(s, 0, "export", c->what.adapter, c->csv ? "csv" : "json");
    if (!err && c->csv)
        fputs(TAKEOUT_CSV, stdout);
    if (!err)
        err = store_export(s, &c->what, print_one, c);
    if (err)
        fprintf(stderr, "guidepost export: state.db: %s\n", store_strerror(err));
    else
        fprintf(stderr, "%zu question%s\n", c->n, c->n == 1 ? "" : "s");
    return err ? EXIT_FAILED : EXIT_FINE;
}

static int with_store(const char *config, int (*fn)(struct export_call *c, struct store *s),
                      struct export_call *c)
{
    struct base base;
    struct store *s = NULL;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    c->data_dir = config_text(base.config, "data_dir");
    code = command_store(base.config, &s);
    if (!code)
        code = fn(c, s);
    store_close(s);
    base_close(&base);
    return code;
}

static int run_export(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"since", required_argument, NULL, 's'},
                                            {"conversation", required_argument, NULL, 'v'},
                                            {"containing", required_argument, NULL, 't'},
                                            {"csv", no_argument, NULL, 'x'},
                                            {0}};
    const struct command *cmd = &command_export;
    struct export_call c = {0};
    const char *config = NULL;
    optind = 0;
    for (int opt; (opt = command_option(cmd, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 't': c.what.containing = optarg; break;
        case 'x': c.csv = true; break;
        case 's':
            if ((c.what.since_ms = takeout_day(optarg)) < 0)
                return command_usage(cmd, "\"%s\" is no day, such as 2026-01-31", optarg);
            break;
        case 'v':
            if (!takeout_conversation(optarg, &c.what.adapter, &c.what.conversation))
                return command_usage(cmd, "\"%s\" is no conversation, such as web:4f1c", optarg);
            break;
        default: return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return command_usage(cmd, "\"%s\" was not expected", argv[optind]);
    return with_store(config, export, &c);
}

const struct command command_export = {
    .name = "export",
    .synopsis = "[-c FILE] [--since DAY] [--conversation ADAPTER:NAME] [--containing TEXT] [--csv]",
    .summary = "what was asked and answered, as JSON lines or CSV",
    .help =
        "All that data_dir/state.db has, oldest first: questions as they "
        "are kept (personal data masked), the reply, its\n"
        "confidence, votes. The conversation of a line can be given "
        "to --conversation, and to guidepost erase.\n\n"
        "  -c, --config FILE         settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --since DAY           from this day on (UTC)\n"
        "      --conversation A:NAME only this one\n"
        "      --containing TEXT     only questions in which this stands\n"
        "      --csv                 a table, without the replies\n",
    .run = run_export,
};

/* ---- erase ---- */

/* A server that runs on this data_dir has the last questions of a conversation in memory. */
static void tell_server(const char *data_dir)
{
    long pid = lock_owner(data_dir);
    if (pid > 0 && !kill((pid_t)pid, ERASED_SIGNAL))
        fprintf(stderr, "the server that runs (process %ld) forgets it, too\n", pid);
    else if (pid)
        fprintf(stderr, "the server that runs could not be told: until it is restarted it may "
                        "remember what was said last\n");
}

static int erase(struct export_call *c, struct store *s)
{
    struct store_trace t = {.adapter = c->what.adapter, .conversation = c->what.conversation};
    bool known = true;
    int err = store_begin(s);
    if (!err && !c->question)
        known = store_trace(s, &t) != -ENOENT;
    if (!err)
        err = c->question ? store_erase_turn(s, c->question)
                          : store_erase(s, c->what.adapter, c->what.conversation, clock_wall_ms());
    /* not which one: its name would outlive it */
    err = command_commit(s, err, "erase", c->question ? "question" : c->what.adapter, NULL);
    if (err == -ENOENT)
        fprintf(stderr, "guidepost erase: there is no question %lld outside of conversations\n",
                (long long)c->question);
    else if (err)
        fprintf(stderr, "guidepost erase: state.db: %s; nothing was erased\n", store_strerror(err));
    else if (known)
        fprintf(stderr, "erased: questions, replies, votes, wishes and tickets of %s\n",
                c->question ? "that question" : "that conversation");
    else
        fprintf(stderr, "guidepost erase: nothing was kept of a conversation of that name; "
                        "\"guidepost export\" has the names\n");
    if (!err)
        tell_server(c->data_dir);
    return err || !known ? EXIT_FAILED : EXIT_FINE;
}

static int run_erase(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"question", required_argument, NULL, 'q'}, {0}};
    const struct command *cmd = &command_erase;
    struct export_call c = {0};
    const char *config = NULL;
    optind = 0;
    for (int opt; (opt = command_option(cmd, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'q':
            if (!number_read(optarg, INT64_MAX, &c.question) || !c.question)
                return command_usage(cmd, "\"%s\" is no number of guidepost export", optarg);
            break;
        default: return EXIT_USAGE;
        }
    }
    if (optind + !c.question != argc)
        return command_usage(cmd,
                             "say which conversation: ADAPTER:NAME, as guidepost export has it");
    if (!c.question && !takeout_conversation(argv[optind], &c.what.adapter, &c.what.conversation))
        return command_usage(cmd, "\"%s\" is no conversation, such as web:4f1c", argv[optind]);
    return with_store(config, erase, &c);
}

const struct command command_erase = {
    .name = "erase",
    .synopsis = "[-c FILE] ADAPTER:CONVERSATION | --question NUMBER",
    .summary = "delete a conversation and all that belongs to it, for good",
    .help =
        "Its questions and replies, votes, wishes for a person and tickets "
        "are overwritten in data_dir/state.db; only that\n"
        "there was one is kept, so that its name is not used again. "
        "\"guidepost export --containing TEXT\" finds the name.\n"
        "A server that runs is told, and forgets what was said last. Exit status 1: nothing was "
        "kept of it.\n\n"
        "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --question N    one that belongs to no conversation, by its number in an export\n",
    .run = run_erase,
};
