/* cmd_eval_tests.c: the knowledge base's own tests: what entries say in `tests:` and `not_tests:`, and the files of the
 * setting `questions`.
 *
 * A test is asked exactly as a visitor would ask. Several threads take tests off one counter, each with its own
 * answerer, and write the outcome into the test's own place; what is printed afterwards is in the order of the tests, so
 * it is the same however many threads there were. A test that failed is asked once more with an explanation, for one line
 * that says why:
 *
 *   wrong      something else was answered with confidence: what visitors will not forgive
 *   near       the right one is there, as a choice or behind another; or what should be declined came as choices
 *   declined   "I don't know", or choices without the right one
 *   unlike     the right one, but not of the kind or with the words that the test wants */
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
#include "bot/questions.h"
#include "bot/smalltalk.h"
#include "bot/terminal.h"
#include "kb/pool.h"

#define MAX_THREADS 16
#define MAX_REPORT  (64u << 20) /* bytes of --json */

enum outcome { PASSED, WRONG, NEAR, DECLINED, UNLIKE, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {"passed", "wrong", "near", "declined",
                                                    "unlike"};

struct test {
    const struct test_question *t;
    bool
        not_me; /* an entry's not_tests: t->nots has the entry, whose confident answer is forbidden */
    bool must; /* an entry's tests: nothing less than an answer will do */
    enum outcome outcome;
    const char *want, *got, *text, *why; /* of a test that failed */
    enum reply_kind kind;
    double confidence;
};

struct eval {
    struct pool *pool;
    const char *db;
    const struct smalltalk *talk;
    struct test *test;
    size_t n, cap;
    atomic_size_t next;
    atomic_int err;
};

/* ---- collecting ---------------------------------------------------------------------------------- */

static int add_entry_test(void *ctx, const struct kb_test *own)
{
    struct eval *e = ctx;
    const char **name = pool_array(e->pool, 1, sizeof *name);
    struct test_question *t = pool_alloc(e->pool, sizeof *t);
    name[0] = pool_strdup(e->pool, own->passage);
    t->q = pool_strdup(e->pool, own->question);
    t->audience = pool_strdup(e->pool, own->audience);
    *(own->must ? &t->want : &t->nots) = name;
    *(own->must ? &t->nwant : &t->nnots) = 1;
    *POOL_PUSH(e->pool, e->test, e->n, e->cap) =
        (struct test){.t = t, .must = own->must, .not_me = !own->must};
    return 0;
}

/* Where each entry's tests stand: beside the entry. */
static int place_entry_tests(struct eval *e, struct kb *kb)
{
    int found = 0;
    for (size_t i = 0; i < e->n && found >= 0; i++) {
        struct test_question *t = (struct test_question *)e->test[i].t;
        struct kb_place place;
        found = kb_find(kb, (t->nwant ? t->want : t->nots)[0], e->pool, &place);
        t->file = found > 0 ? place.file : "";
        t->line = found > 0 ? place.line : 0;
    }
    return found < 0 ? found : 0;
}

static int collect_entries(struct eval *e)
{
    struct kb *kb = NULL;
    int err = kb_open(e->db, &kb);
    if (!err)
        err = kb_tests(kb, add_entry_test, e);
    if (!err)
        err = place_entry_tests(e, kb);
    kb_close(kb);
    return err;
}

/* ---- judging -------------------------------------------------------------------------------------- */

static bool names_any(const char *passage, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (questions_names(passage, name[i]))
            return true;
    return false;
}

/* What is wanted is in the reply, though not where it should be. */
static bool is_near(const struct test *test, const struct reply *r)
{
    const struct test_question *t = test->t;
    for (size_t i = 0; i < r->nanswer; i++)
        if (names_any(r->answer[i].passage, (const char *const *)t->want, t->nwant))
            return true;
    return false;
}

static enum outcome judge(struct test *test, const struct reply *r, struct pool *pool)
{
    const struct test_question *t = test->t;
    const char *best = r->nanswer ? r->answer[0].passage : "";
    bool right = t->nwant && names_any(best, (const char *const *)t->want, t->nwant);
    if (test->not_me)
        return r->kind == REPLY_ANSWER && names_any(best, (const char *const *)t->nots, 1) ? WRONG
                                                                                           : PASSED;
    if (test->must && right && r->kind != REPLY_ANSWER)
        return NEAR;
    if (questions_judge(t, r, pool, &test->want))
        return PASSED;
    if (right)
        return UNLIKE;
    if (t->nwant && is_near(test, r))
        return NEAR;
    if (r->kind != REPLY_NONE && r->kind != REPLY_CHOICES)
        return WRONG;
    return t->nwant ? DECLINED : NEAR;
}

/* ---- saying why ------------------------------------------------------------------------------------- */

static const struct kb_why_hit *wanted_hit(const struct kb_why *why, const struct test_question *t)
{
    for (size_t i = 0; i < why->nhit; i++)
        if (names_any(why->hit[i].passage, (const char *const *)t->want, t->nwant))
            return &why->hit[i];
    return NULL;
}

static const char *unknown_words(struct pool *pool, const struct reply *r)
{
    const char *list = "";
    for (size_t i = 0; i < r->nunknown; i++)
        list = pool_printf(pool, "%s%s\"%s\"", list, i ? ", " : "", r->unknown[i]);
    return list;
}

/* What most of the distance between two passages comes from. */
static const char *behind(struct pool *pool, const struct kb_why_hit *first,
                          const struct kb_why_hit *wanted)
{
    size_t most = 0;
    double best = 0;
    for (size_t i = 0; i < first->npart && i < wanted->npart; i++) {
        double less = (first->part[i].value - wanted->part[i].value) * first->part[i].weight;
        if (less > best) {
            best = less;
            most = i;
        }
    }
    return pool_printf(pool, "%s is %.2f points ahead, mostly by \"%s\": %.2f against %.2f",
                       first->passage, first->score - wanted->score, first->part[most].meaning,
                       first->part[most].value, wanted->part[most].value);
}

static const char *why_of(struct pool *pool, const struct test *test, const struct reply *r)
{
    const struct kb_why *why = r->nwhy ? r->why[0] : NULL;
    if (!why)
        return r->kind == REPLY_CHITCHAT || r->kind == REPLY_HANDOFF
                   ? "it was taken for small talk: smalltalk.yaml has it"
                   : "nothing was found";
    const struct kb_why_hit *wanted = wanted_hit(why, test->t);
    if (test->t->nwant && wanted && wanted != why->hit)
        return behind(pool, why->hit, wanted);
    if (r->nunknown)
        return pool_printf(pool, "the guides do not have %s", unknown_words(pool, r));
    if (why->rule)
        return why->rule;
    if (test->t->nwant && !wanted)
        return pool_printf(pool,
                           "what is wanted is not among the first %zu: it has too few of the "
                           "question's words, or its needs:, not: or dates rule it out",
                           why->nhit);
    if (why->confidence < why->high)
        return pool_printf(pool, "confidence %.2f; an answer needs %.2f", why->confidence,
                           why->high);
    return pool_printf(pool, "confidence %.2f is enough for an answer", why->confidence);
}

static const char *one_line(struct pool *pool, const char *s)
{
    char *line = terminal_safe(pool, s);
    for (char *p = line; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return line;
}

/* "salary (guides/faq.faq.yaml:310)". */
static const char *with_place(struct pool *pool, struct kb *kb, const char *name)
{
    struct kb_place place;
    return kb && kb_find(kb, name, pool, &place) > 0
               ? pool_printf(pool, "%s (%s:%zu)", name, place.file, place.line)
               : name;
}

static const char *want_of(struct pool *pool, struct kb *kb, const struct test *test)
{
    const struct test_question *t = test->t;
    const char *all = "";
    if (test->outcome == UNLIKE || (!t->nwant && !test->not_me))
        return test->want;
    const char *const *name = (const char *const *)(t->nwant ? t->want : t->nots);
    for (size_t i = 0; i < (t->nwant ? t->nwant : t->nnots); i++)
        all = pool_printf(pool, "%s%s%s", all, i ? " or " : "", with_place(pool, kb, name[i]));
    return pool_printf(pool, "%s%s", t->nwant ? "" : "anything but ", all);
}

/* ---- asking ------------------------------------------------------------------------------------------ */

static int ask(struct answerer *a, const struct test_question *t, bool explain, struct pool *pool,
               struct reply *r)
{
    struct question q = {.text = t->q,
                         .len = strlen(t->q),
                         .before = (const char *const *)t->before,
                         .nbefore = t->nbefore,
                         .audience = t->audience,
                         .explain = explain};
    return answer_make(a, &q, pool, r);
}

/* One test; what is to be said of a failure goes to `kept`. */
static int run_test(struct answerer *a, struct kb *kb, struct test *test, struct pool *kept)
{
    struct pool *pool = pool_new();
    struct reply r;
    test->want = "an answer";
    int err = ask(a, test->t, false, pool, &r);
    if (!err && (test->outcome = judge(test, &r, pool)) != PASSED) {
        struct reply explained;
        err = ask(a, test->t, true, pool, &explained);
        test->want = pool_strdup(kept, want_of(pool, kb, test));
        test->got = pool_strdup(kept, r.nanswer ? with_place(pool, kb, r.answer[0].passage) : "");
        test->text = pool_strdup(kept, r.text);
        test->why = err ? "" : pool_strdup(kept, why_of(pool, test, &explained));
        test->kind = r.kind;
        test->confidence = r.confidence;
    }
    pool_free(pool);
    return err;
}

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
    for (size_t i; !err && !e->err && (i = atomic_fetch_add(&e->next, 1)) < e->n;)
        err = run_test(a, kb, &e->test[i], me->kept);
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
        pool_adopt(e->pool, asker[i].kept);
    }
    while (started < n && !pthread_create(&asker[started].thread, NULL, run_some, &asker[started]))
        started++;
    run_some(&asker[0]); /* this thread is one of them */
    for (size_t i = 1; i < started; i++)
        pthread_join(asker[i].thread, NULL);
}

/* ---- the outcome -------------------------------------------------------------------------------------- */

static void print_failure(const struct test *test, struct pool *pool)
{
    const struct test_question *t = test->t;
    const char *text = one_line(pool, test->text);
    printf("%-8s %s:%zu: %s\n         want %s\n         got  %s", outcome_names[test->outcome],
           t->file, t->line, one_line(pool, t->q), test->want, reply_kind_name(test->kind));
    if (*test->got)
        printf(" %s", test->got);
    printf(", %.2f: %.100s%s\n         why  %s\n", test->confidence, text,
           strlen(text) > 100 ? " …" : "", one_line(pool, test->why));
}

static void add_failure(struct buf *b, const struct test *test, struct pool *pool)
{
    buf_adds(b, b->len ? ",\n{" : "{");
    json_add_member(b, "outcome", outcome_names[test->outcome]);
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
    size_t n[OUTCOMES] = {0};
    struct buf b;
    buf_init(&b, MAX_REPORT);
    for (size_t i = 0; i < e->n; i++) {
        n[e->test[i].outcome]++;
        if (e->test[i].outcome == PASSED)
            continue;
        if (json)
            add_failure(&b, &e->test[i], e->pool);
        else
            print_failure(&e->test[i], e->pool);
    }
    if (json)
        printf("{\"tests\":%zu,\"passed\":%zu,\"failed\":%zu,\"wrong\":%zu,\"near\":%zu,"
               "\"declined\":%zu,\"unlike\":%zu,\"failures\":[%s]}\n",
               e->n, n[PASSED], e->n - n[PASSED], n[WRONG], n[NEAR], n[DECLINED], n[UNLIKE], b.s);
    else if (n[PASSED] == e->n)
        printf("%zu tests: %zu passed, 0 failed\n", e->n, n[PASSED]);
    else
        printf("%zu tests: %zu passed, %zu failed (%zu wrong, %zu near, %zu declined, %zu unlike "
               "what was wanted)\n",
               e->n, n[PASSED], e->n - n[PASSED], n[WRONG], n[NEAR], n[DECLINED], n[UNLIKE]);
    buf_release(&b);
}

static bool all_passed(const struct eval *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->test[i].outcome != PASSED)
            return false;
    return true;
}

static int collect(struct eval *e, const struct base *base, const char *const *file, size_t nfile)
{
    struct test_questions all = {0};
    struct kb_report report = {0};
    int err = nfile ? 0 : collect_entries(e);
    if (err) {
        fprintf(stderr, "guidepost: %s: %s\n", e->db, kb_strerror(err));
        return EXIT_FAILED;
    }
    if (!nfile && base->config)
        file = config_list(base->config, "questions", &nfile);
    err = questions_read(e->pool, file, nfile, &all, &report);
    problem_print(&report, stderr);
    kb_report_release(&report);
    for (size_t i = 0; i < all.n; i++)
        *POOL_PUSH(e->pool, e->test, e->n, e->cap) = (struct test){.t = &all.item[i]};
    return err ? EXIT_FAILED : EXIT_FINE;
}

int eval_tests(struct base *base, const char *const *file, size_t nfile, bool json)
{
    struct eval e = {.pool = pool_new()};
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
    pool_free(e.pool);
    return code;
}
