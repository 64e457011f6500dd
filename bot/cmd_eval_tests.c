/* cmd_eval_tests.c: the knowledge base's own tests (trial.h), asked by several threads and told.
 *
 * The threads take tests off one counter, each with its own answerer, and write the outcome into the test's own place; what is
 * printed afterwards is in the order of the tests, so it is the same however many threads there were. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bot/answer.h"
#include "bot/base.h"
#include "bot/buf.h"
#include "bot/cmd_eval.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/problem.h"
#include "bot/smalltalk.h"
#include "bot/terminal.h"
#include "bot/trial.h"
#include "kb/pool.h"

#define MAX_THREADS 16
#define MAX_REPORT  (64u << 20) /* bytes of --json */

struct eval {
    struct trials all;
    const char *db;
    const struct smalltalk *talk;
    atomic_size_t next;
    atomic_int err;
};

/* ---- asking ------------------------------------------------------------------------------------------ */

struct asker {
    struct eval *e;
    struct pool *kept;
    pthread_t thread;
};

static void *run_some(void *ctx)
{
    struct asker *me = ctx;
    struct eval *e = me->e;
    struct answerer *a = NULL;
    struct kb *kb = NULL;
    int err = answerer_open(e->db, e->talk, &a);
    if (!err)
        err = kb_open(e->db, &kb);
    for (size_t i; !err && !e->err && (i = atomic_fetch_add(&e->next, 1)) < e->all.n;)
        err = trial_run(a, kb, &e->all.trial[i], true, me->kept);
    kb_close(kb);
    answerer_close(a);
    if (err)
        e->err = err;
    return NULL;
}

static void run_all(struct eval *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct asker asker[MAX_THREADS];
    size_t n = cores > 1 ? (size_t)cores : 1, started = 1;
    n = n < MAX_THREADS ? n : MAX_THREADS;
    for (size_t i = 0; i < n; i++) {
        asker[i] = (struct asker){.e = e, .kept = pool_new()};
        pool_adopt(e->all.pool, asker[i].kept);
    }
    while (started < n && !pthread_create(&asker[started].thread, NULL, run_some, &asker[started]))
        started++;
    run_some(&asker[0]); /* this thread is one of them */
    for (size_t i = 1; i < started; i++)
        pthread_join(asker[i].thread, NULL);
}

static const char *one_line(struct pool *pool, const char *s)
{
    char *line = terminal_safe(pool, s);
    for (char *p = line; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return line;
}

/* ---- the outcome -------------------------------------------------------------------------------------- */

static void print_failure(const struct trial *test, struct pool *pool)
{
    const struct test_question *t = test->t;
    const char *text = one_line(pool, test->text);
    printf("%-8s %s:%zu: %s\n         want %s\n         got  %s", trial_outcome_name(test->outcome),
           t->file, t->line, one_line(pool, t->q), test->want, reply_kind_name(test->kind));
    if (*test->got)
        printf(" %s", test->got);
    printf(", %.2f: %.100s%s\n         why  %s\n", test->confidence, text,
           strlen(text) > 100 ? " …" : "", one_line(pool, test->why));
}

static void add_failure(struct buf *b, const struct trial *test, struct pool *pool)
{
    buf_adds(b, b->len ? ",\n{" : "{");
    json_add_member(b, "outcome", trial_outcome_name(test->outcome));
    json_add_member(b, "place", pool_printf(pool, "%s:%zu", test->t->file, test->t->line));
    json_add_member(b, "q", test->t->q);
    json_add_member(b, "want", test->want);
    json_add_member(b, "kind", reply_kind_name(test->kind));
    json_add_member(b, "got", test->got);
    json_add_member(b, "why", test->why);
    json_add_member(b, "text", test->text);
    buf_adds(b, ",\"confidence\":");
    json_add_number(b, test->confidence);
    buf_addc(b, '}');
}

static void tell(const struct eval *e, bool json)
{
    size_t n[TRIAL_OUTCOMES] = {0};
    struct buf b;
    buf_init(&b, MAX_REPORT);
    for (size_t i = 0; i < e->all.n; i++) {
        n[e->all.trial[i].outcome]++;
        if (e->all.trial[i].outcome == TRIAL_PASSED)
            continue;
        if (json)
            add_failure(&b, &e->all.trial[i], e->all.pool);
        else
            print_failure(&e->all.trial[i], e->all.pool);
    }
    if (json)
        printf("{\"tests\":%zu,\"passed\":%zu,\"failed\":%zu,\"wrong\":%zu,\"near\":%zu,"
               "\"declined\":%zu,\"unlike\":%zu,\"failures\":[%s]}\n",
               e->all.n, n[TRIAL_PASSED], e->all.n - n[TRIAL_PASSED], n[TRIAL_WRONG], n[TRIAL_NEAR],
               n[TRIAL_DECLINED], n[TRIAL_UNLIKE], b.s);
    else if (n[TRIAL_PASSED] == e->all.n)
        printf("%zu tests: %zu passed, 0 failed\n", e->all.n, n[TRIAL_PASSED]);
    else
        printf("%zu tests: %zu passed, %zu failed (%zu wrong, %zu near, %zu declined, %zu unlike "
               "what was wanted)\n",
               e->all.n, n[TRIAL_PASSED], e->all.n - n[TRIAL_PASSED], n[TRIAL_WRONG], n[TRIAL_NEAR],
               n[TRIAL_DECLINED], n[TRIAL_UNLIKE]);
    buf_release(&b);
}

static bool all_passed(const struct eval *e)
{
    for (size_t i = 0; i < e->all.n; i++)
        if (e->all.trial[i].outcome != TRIAL_PASSED)
            return false;
    return true;
}

static int collect_entries(struct eval *e)
{
    struct kb *kb = NULL;
    int err = kb_open(e->db, &kb);
    if (!err)
        err = trials_of_entries(&e->all, kb);
    kb_close(kb);
    return err;
}

static int collect(struct eval *e, const struct base *base, const char *const *file, size_t nfile)
{
    struct kb_report report = {0};
    int err = nfile ? 0 : collect_entries(e);
    if (err) {
        fprintf(stderr, "guidepost: %s: %s\n", e->db, kb_strerror(err));
        return EXIT_FAILED;
    }
    if (!nfile && base->config)
        file = config_list(base->config, "questions", &nfile);
    err = trials_of_files(&e->all, file, nfile, &report);
    problem_print(&report, stderr);
    kb_report_release(&report);
    return err ? EXIT_FAILED : EXIT_FINE;
}

int eval_tests(struct base *base, const char *const *file, size_t nfile, bool json)
{
    struct eval e = {.all = {.pool = pool_new()}};
    struct smalltalk *talk = NULL;
    int code = base->src.n ? base_temporary(base) : base_ensure(base);
    if (!code)
        code = base_smalltalk(base, &talk);
    e.db = base->kb;
    e.talk = talk;
    if (!code)
        code = collect(&e, base, file, nfile);
    if (code)
        goto out;
    run_all(&e);
    if (e.err) {
        fprintf(stderr, "guidepost eval: %s\n", kb_strerror(e.err));
        code = EXIT_FAILED;
        goto out;
    }
    tell(&e, json);
    code = all_passed(&e) ? EXIT_FINE : EXIT_UNSURE;
out:
    smalltalk_free(talk);
    pool_free(e.all.pool);
    return code;
}
