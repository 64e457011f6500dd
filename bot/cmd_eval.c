/* cmd_eval.c: guidepost eval: the knowledge base's own tests; cmd_eval_collection.c has ranking and confidence, measured
 * on a test collection.
 *
 * With settings the tests run over an index built for them from the content as it is now, so that
 * what an editor just wrote is what is judged, and the serving index is left alone. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/base.h"
#include "bot/buf.h"
#include "bot/cmd_eval.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/problem.h"
#include "bot/questions.h"
#include "bot/smalltalk.h"
#include "bot/terminal.h"

#define MAX_REPORT (16u << 20) /* bytes of --json */

struct eval {
    struct answerer *answerer;
    struct pool *pool; /* of the run */
    bool json;
    size_t passed, failed, errors;
    struct buf failures; /* --json: the list so far */
};

/* ---- one test -------------------------------------------------------------------------------- */

static void tell_json(struct eval *e, const char *place, const char *q, const char *want,
                      const struct reply *r)
{
    const char *got = r->nanswer ? r->answer[0].passage : "";
    struct buf *b = &e->failures;
    buf_adds(b, b->len ? ",\n{\"place\":" : "{\"place\":");
    json_add_string(b, place, strlen(place));
    buf_adds(b, ",\"q\":");
    json_add_string(b, q, strlen(q));
    buf_adds(b, ",\"want\":");
    json_add_string(b, want, strlen(want));
    buf_addf(b, ",\"kind\":\"%s\",\"got\":", reply_kind_name(r->kind));
    json_add_string(b, got, strlen(got));
    buf_adds(b, ",\"confidence\":");
    json_add_number(b, r->confidence);
    buf_adds(b, ",\"text\":");
    json_add_string(b, r->text, strlen(r->text));
    buf_addc(b, '}');
}

static void tell(const char *place, const char *q, const char *want, const struct reply *r,
                 struct pool *pool)
{
    char *text = terminal_safe(pool, r->text);
    for (char *p = text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    printf("FAIL %s: %s\n     want %s\n     got  %s", place, terminal_safe(pool, q), want,
           reply_kind_name(r->kind));
    if (r->nanswer)
        printf(" %s", r->answer[0].passage);
    printf(" (%.2f): %.120s%s\n", r->confidence, text, strlen(text) > 120 ? " …" : "");
}

static void count(struct eval *e, bool ok, const char *place, const char *q, const char *want,
                  const struct reply *r, struct pool *pool)
{
    if (ok) {
        e->passed++;
        return;
    }
    e->failed++;
    if (e->json)
        tell_json(e, place, q, want, r);
    else
        tell(place, q, want, r, pool);
}

static bool answer(struct eval *e, const struct question *q, struct pool *pool, struct reply *r)
{
    int err = answer_make(e->answerer, q, pool, r);
    if (err && !e->errors++)
        fprintf(stderr, "guidepost eval: %s\n", kb_strerror(err));
    return !err;
}

static void run_question(struct eval *e, const struct test_question *t)
{
    struct pool *pool = pool_new();
    struct question q = {.text = t->q,
                         .len = strlen(t->q),
                         .before = (const char *const *)t->before,
                         .nbefore = t->nbefore};
    struct reply r;
    const char *why = "an answer";
    bool ok = answer(e, &q, pool, &r) && questions_judge(t, &r, pool, &why);
    count(e, ok, pool_printf(pool, "%s:%zu", t->file, t->line), t->q, why, &r, pool);
    pool_free(pool);
}

/* A test that an entry carries. "Must not" forbids the confident answer only: a choice among others
 * that a person may pass over does no harm. */
static int run_entry_test(void *ctx, const char *passage, const char *question, bool must)
{
    struct eval *e = ctx;
    struct pool *pool = pool_new();
    struct question q = {.text = question, .len = strlen(question)};
    struct reply r;
    bool ok = answer(e, &q, pool, &r);
    bool best = ok && r.nanswer && !strcmp(r.answer[0].passage, passage);
    ok = ok && (must ? best : !(best && r.kind == REPLY_ANSWER));
    count(e, ok, passage, question, pool_printf(pool, "%s%s", must ? "" : "anything but ", passage),
          &r, pool);
    pool_free(pool);
    return 0;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static int run_entries(struct eval *e, const char *db)
{
    struct kb *kb;
    int err = kb_open(db, &kb);
    if (!err) {
        err = kb_tests(kb, run_entry_test, e);
        kb_close(kb);
    }
    if (err)
        fprintf(stderr, "guidepost: %s: %s\n", db, kb_strerror(err));
    return err ? EXIT_FAILED : EXIT_FINE;
}

static void summary(struct eval *e)
{
    if (e->json) {
        printf("{\"tests\":%zu,\"passed\":%zu,\"failed\":%zu,\"failures\":[", e->passed + e->failed,
               e->passed, e->failed);
        fwrite(e->failures.s, 1, e->failures.len, stdout);
        puts("]}");
    } else {
        printf("%zu tests: %zu passed, %zu failed\n", e->passed + e->failed, e->passed, e->failed);
    }
}

static int run_tests(struct eval *e, struct base *base, const char *const *file, size_t nfile)
{
    struct test_questions all = {0};
    struct kb_report report = {0};
    struct smalltalk *talk = NULL;
    int code = base->src.n ? base_temporary(base) : base_ensure(base);
    if (!code)
        code = base_smalltalk(base, &talk);
    if (code)
        goto out;
    bool entries = !nfile;
    if (!nfile && base->config)
        file = config_list(base->config, "questions", &nfile);
    int err = questions_read(e->pool, file, nfile, &all, &report);
    problem_print(&report, stderr);
    code = err ? EXIT_FAILED : EXIT_FINE;
    if (code || answerer_open(base->kb, talk, &e->answerer)) {
        code = EXIT_FAILED;
        goto out;
    }
    if (entries)
        code = run_entries(e, base->kb);
    for (size_t i = 0; i < all.n; i++)
        run_question(e, &all.item[i]);
    summary(e);
    if (!code)
        code = e->errors ? EXIT_FAILED : e->failed ? EXIT_UNSURE : EXIT_FINE;
out:
    kb_report_release(&report);
    answerer_close(e->answerer);
    smalltalk_free(talk);
    return code;
}

/* ---- the command ----------------------------------------------------------------------------- */

enum { OPT_COLLECTION = 256, OPT_RUN, OPT_QUERIES };

static int run_eval(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"kb", required_argument, NULL, 'k'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"collection", required_argument, NULL, OPT_COLLECTION},
                                            {"run", required_argument, NULL, OPT_RUN},
                                            {"queries", required_argument, NULL, OPT_QUERIES},
                                            {0}};
    const char *config = NULL, *db = NULL, *collection = NULL;
    struct kb_measure_options opt = {0};
    bool json = false;
    optind = 0;
    for (int o; (o = command_option(&command_eval, argc, argv, ":c:", options)) != -1;) {
        switch (o) {
        case 'c': config = optarg; break;
        case 'k': db = optarg; break;
        case 'j': json = true; break;
        case OPT_COLLECTION: collection = optarg; break;
        case OPT_RUN: opt.run = optarg; break;
        case OPT_QUERIES: opt.queries = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (!collection && (opt.run || opt.queries))
        return command_usage(&command_eval, "--run and --queries go with --collection");
    if (collection && (config || db || optind < argc))
        return command_usage(&command_eval,
                             "--collection stands alone: it measures the shipped defaults");
    if (collection)
        return eval_collection(collection, &opt, json);
    struct base base;
    int code = base_open(config, db, &base);
    if (code)
        return code;
    struct eval e = {.pool = pool_new(), .json = json};
    buf_init(&e.failures, MAX_REPORT);
    code = run_tests(&e, &base, (const char *const *)argv + optind, (size_t)(argc - optind));
    buf_release(&e.failures);
    pool_free(e.pool);
    base_close(&base);
    return code;
}

const struct command command_eval = {
    .name = "eval",
    .synopsis = "[-c FILE | --kb DB] [--json] [FILE...] | --collection DIR [--queries FILE] [--run "
                "FILE] [--json]",
    .summary = "run the knowledge base's own tests, or measure ranking on a test collection",
    .help =
        "Asks what the entries' \"tests\" and \"not_tests\" and the files of the setting "
        "\"questions\" say, over\n"
        "the content as it is now, and prints what came out otherwise. With FILEs, only those.\n\n"
        "  -c, --config FILE     settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --kb DB           an index as it is, without settings\n"
        "      --json            the result as an object\n"
        "      --collection DIR  corpus.jsonl, queries.jsonl, qrels.tsv: success@1, MRR, nDCG, "
        "recall, time,\n"
        "                        and how far confidence can be believed; with oos.jsonl, questions "
        "that have\n"
        "                        no answer there, also whether it tells them\n"
        "      --queries FILE    other queries for the same collection\n"
        "      --run FILE        write the first 100 of each query in TREC run format\n\n"
        "Exit status 3: a test failed.\n",
    .run = run_eval,
};
