/* cmd_export.c: guidepost export and guidepost erase: what was asked and answered, to take elsewhere, to show somebody what is kept
 * about them, or to delete it. Both leave a row in the audit. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/base.h"
#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/command.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/store.h"
#include "kb/entries.h"

#define MAX_ROW (2u << 20)

struct export_call {
    struct store_export what;
    bool csv;
    size_t n;
};

/* "web:4f1c..." as export prints it: taken apart in place. False when it is none. */
static bool read_conversation(char *s, const char **ret_adapter, const char **ret_name)
{
    char *colon = strchr(s, ':');
    if (!colon || colon == s || !colon[1])
        return false;
    *colon = '\0';
    *ret_adapter = s;
    *ret_name = colon + 1;
    return true;
}

/* "2026-11-21", midnight UTC; -1 when it is no day. */
static int64_t day_ms(const char *s)
{
    struct tm tm = {0};
    const char *end = strptime(s, "%Y-%m-%d", &tm);
    return end && !*end ? (int64_t)timegm(&tm) * 1000 : -1;
}

/* ---- export ---- */

static void print_json(const struct store_exported *e, const char *at)
{
    const struct journal_turn *t = &e->turn;
    struct buf b;
    buf_init(&b, MAX_ROW);
    buf_addf(&b, "{\"id\":%lld,\"at\":\"%s\"", (long long)t->id, at);
    json_add_member(&b, "adapter", t->adapter);
    json_add_member(&b, "conversation", t->conversation);
    json_add_member(&b, "question", t->question);
    if (t->lang)
        json_add_member(&b, "lang", t->lang);
    json_add_member(&b, "kind", t->kind);
    buf_addf(&b, ",\"confidence\":%.4f,\"up\":%d,\"down\":%d,\"reply\":%s}\n", t->confidence, e->up,
             e->down, *t->reply_json ? t->reply_json : "{}");
    fwrite(b.s, 1, b.len, stdout);
    buf_release(&b);
}

static void print_csv(const struct store_exported *e, const char *at)
{
    const struct journal_turn *t = &e->turn;
    printf("%lld,%s,", (long long)t->id, at);
    kb_cell_write(stdout, t->adapter);
    putchar(',');
    kb_cell_write(stdout, t->conversation);
    putchar(',');
    kb_cell_write(stdout, t->question);
    printf(",%s,%.4f,%d,%d\r\n", t->kind, t->confidence, e->up, e->down);
}

static void print_one(void *ctx, const struct store_exported *e)
{
    struct export_call *c = ctx;
    char at[CLOCK_TEXT];
    clock_text(e->turn.at_ms, at);
    if (c->csv)
        print_csv(e, at);
    else
        print_json(e, at);
    c->n++;
}

/* Row and rows: who takes data away is on record before the first line of it. */
static int export(struct export_call *c, struct store *s)
{
    int err = store_begin(s);
    if (!err)
        err = command_commit(s, 0, "export", c->what.adapter, c->csv ? "csv" : "json");
    if (!err && c->csv)
        fputs("id,at,adapter,conversation,question,kind,confidence,up,down\r\n", stdout);
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
            if ((c.what.since_ms = day_ms(optarg)) < 0)
                return command_usage(cmd, "\"%s\" is no day, such as 2026-01-31", optarg);
            break;
        case 'v':
            if (!read_conversation(optarg, &c.what.adapter, &c.what.conversation))
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
        "All that data_dir/state.db has, oldest first: questions as they are kept (personal data "
        "masked), the reply, its\n"
        "confidence, votes. The conversation of a line can be given to --conversation, and to "
        "guidepost erase.\n\n"
        "  -c, --config FILE         settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --since DAY           from this day on (UTC)\n"
        "      --conversation A:NAME only this one\n"
        "      --containing TEXT     only questions in which this stands\n"
        "      --csv                 a table, without the replies\n",
    .run = run_export,
};

/* ---- erase ---- */

static int erase(struct export_call *c, struct store *s)
{
    int err = store_begin(s);
    if (!err)
        err = store_erase(s, c->what.adapter, c->what.conversation, clock_wall_ms());
    /* not which one: its name would outlive it */
    err = command_commit(s, err, "erase", c->what.adapter, NULL);
    if (err)
        fprintf(stderr, "guidepost erase: state.db: %s; nothing was erased\n", store_strerror(err));
    else
        fprintf(stderr,
                "erased: questions, replies, votes, wishes and tickets of that conversation\n");
    return err ? EXIT_FAILED : EXIT_FINE;
}

static int run_erase(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const struct command *cmd = &command_erase;
    struct export_call c = {0};
    const char *config = NULL;
    optind = 0;
    for (int opt; (opt = command_option(cmd, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc)
        return command_usage(cmd,
                             "say which conversation: ADAPTER:NAME, as guidepost export has it");
    if (!read_conversation(argv[optind], &c.what.adapter, &c.what.conversation))
        return command_usage(cmd, "\"%s\" is no conversation, such as web:4f1c", argv[optind]);
    return with_store(config, erase, &c);
}

const struct command command_erase = {
    .name = "erase",
    .synopsis = "[-c FILE] ADAPTER:CONVERSATION",
    .summary = "delete a conversation and all that belongs to it, for good",
    .help = "Its questions and replies, votes, wishes for a person and tickets are overwritten in "
            "data_dir/state.db; only "
            "that\n"
            "there was one is kept, so that its name is not used again. \"guidepost export "
            "--containing TEXT\" finds the "
            "name.\n"
            "A server that runs may remember what was said last in it until it is restarted.\n\n"
            "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n",
    .run = run_erase,
};
