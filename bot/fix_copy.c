/* fix_copy.c: the index as it is, copied, and the same with one edit: what both answer to the same questions.
 *
 * The copy is first brought in step with the content as it is now, so that what somebody else has just changed is not taken for the
 * edit's doing; then today's answers are asked of it, those not known from last time; then it gets the edit, which takes what the
 * difference takes, and is asked again. Nothing is left out because it seems to have no word in common with the edit: one more passage
 * moves the rarity of every word, and with it the confidence of any answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/fix_int.h"
#include "bot/smalltalk.h"

static long long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int fail(struct fix_copy *c, int err, const char *what, const struct kb_report *r)
{
    const char *why = kb_strerror(err), *file = "";
    size_t line = 0;
    for (size_t i = 0; r && err == KB_ERR_INPUT && i < r->nproblem; i++)
        if (r->problem[i].error) {
            why = r->problem[i].message;
            file = r->problem[i].file;
            line = r->problem[i].line;
            break;
        }
    if (r && r->message)
        why = r->message;
    c->problem = *file ? pool_printf(c->pool, "%s: %s (%s:%zu)", what, why, file, line)
                       : pool_printf(c->pool, "%s: %s", what, why);
    return err == KB_ERR_INPUT ? -EINVAL : -EIO;
}

/* ---- the copy ---- */

/* Which base that is: another one, other content, another day, or other small talk may answer otherwise. */
static const char *key_of(struct fix_copy *c, long long generation)
{
    struct stat base = {0}, talk = {0};
    stat(c->where->db, &base);
    if (c->where->smalltalk)
        stat(c->where->smalltalk, &talk);
    return pool_printf(c->pool, "%llx.%lld.%lld.%lld.%lld", (unsigned long long)base.st_ino,
                       generation, (long long)time(NULL) / 86400, (long long)talk.st_mtim.tv_sec,
                       (long long)talk.st_mtim.tv_nsec);
}

int fix_copy_open(struct fix_copy *c, struct pool *pool, const struct draft_where *where,
                  const char *db)
{
    struct kb_report report = {0};
    long long begun = now_us();
    c->pool = pool;
    c->where = where;
    c->db = db;
    c->src = (struct kb_sources){
        .path = where->content, .n = where->ncontent, .synonyms = where->synonyms};
    c->before.pool = c->after.pool = pool;
    if (smalltalk_read(where->smalltalk, &c->talk, &report)) {
        kb_report_release(&report);
        return fail(c, KB_ERR_IO, "the small talk cannot be read", NULL);
    }
    kb_remove(db);
    int err = kb_copy(where->db, db);
    c->us_copy = now_us() - begun;
    if (err)
        return fail(c, err, "the index cannot be copied", NULL);
    kb_report_release(&report);
    err = kb_index(db, &c->src, &report);
    c->us_index = now_us() - begun - c->us_copy;
    if (err)
        err = fail(c, err, "mend the content first", &report);
    c->key = key_of(c, report.generation);
    kb_report_release(&report);
    return err;
}

void fix_copy_close(struct fix_copy *c)
{
    if (c->db)
        kb_remove(c->db);
    smalltalk_free(c->talk);
    c->db = NULL;
    c->talk = NULL;
}

int fix_copy_try(struct fix_copy *c, const struct draft *d)
{
    struct kb_report report = {0};
    long long begun = now_us();
    struct kb_sources src = c->src;
    src.instead = (struct kb_instead){d->path, d->after.s, d->after.len};
    int err = kb_index(c->db, &src, &report);
    if (err)
        err = fail(c, err, "this cannot be saved", &report);
    kb_report_release(&report);
    c->us_index += now_us() - begun;
    return err;
}

/* ---- questions and tests ---- */

void fix_copy_add_question(struct fix_copy *c, const char *question, int64_t asked, int64_t turn)
{
    size_t n = c->n;
    *POOL_PUSH(c->pool, c->question, n, c->cap_question) = pool_strdup(c->pool, question);
    n = c->n;
    *POOL_PUSH(c->pool, c->asked, n, c->cap_asked) = asked;
    n = c->n;
    *POOL_PUSH(c->pool, c->turn, n, c->cap_turn) = turn;
    c->n++;
}

static void add_question(void *ctx, const char *question, int64_t asked, int64_t turn)
{
    fix_copy_add_question(ctx, question, asked, turn);
}

int fix_copy_read_log(struct fix_copy *c, const char *path, size_t max)
{
    struct store *s = NULL;
    int err = store_open_reader(path, &s);
    if (!err)
        err = store_begin_read(s);
    if (!err)
        err = store_questions(s, max, add_question, c);
    if (s)
        store_rollback(s);
    store_close(s);
    if (err)
        c->problem = "the log of questions cannot be read";
    return err;
}

static int collect(struct fix_copy *c, struct trials *to)
{
    struct kb *kb = NULL;
    struct kb_report report = {0};
    int err = kb_open(c->db, &kb);
    if (!err)
        err = trials_of_entries(to, kb);
    kb_close(kb);
    if (err)
        return fail(c, err, "the tests cannot be read", NULL);
    if (trials_of_files(to, c->where->questions, c->where->nquestions, &report))
        err = fail(c, KB_ERR_INPUT, "mend the test questions first", &report);
    kb_report_release(&report);
    return err;
}

static int ask(struct fix_copy *c, struct replayed *answer, struct trials *trials, bool recall)
{
    struct replay r = {.db = c->db,
                       .talk = c->talk,
                       .question = (const char *const *)c->question,
                       .answer = answer,
                       .n = c->n,
                       .trials = trials,
                       .explain = true,
                       .pool = c->pool,
                       .progress = c->progress};
    if (recall)
        replay_recall(c->memory, c->key, &r);
    int err = replay_run(&r);
    if (recall && !err)
        replay_keep(c->memory, &r);
    if (err == REPLAY_STOPPED)
        return -ECANCELED;
    return err ? fail(c, err, "the index cannot be asked", NULL) : 0;
}

static int ask_and_test(struct fix_copy *c, struct replayed **answer, struct trials *trials,
                        bool tests, bool recall, long long *ret_us)
{
    long long begun = now_us();
    int err = tests ? collect(c, trials) : 0;
    *answer = pool_array(c->pool, c->n + 1, sizeof **answer);
    if (!err)
        err = ask(c, *answer, tests ? trials : NULL, recall && c->memory);
    *ret_us = now_us() - begun;
    return err;
}

int fix_copy_ask_old(struct fix_copy *c, bool tests)
{
    return ask_and_test(c, &c->old, &c->before, tests, true, &c->us_old);
}

int fix_copy_ask_now(struct fix_copy *c, bool tests)
{
    return ask_and_test(c, &c->now, &c->after, tests, false, &c->us_now);
}

/* ---- tests before and after ---- */

/* The same test: of the same entry, or of the same file and line. */
static bool same_test(const struct trial *a, const struct trial *b)
{
    if (a->must != b->must || a->not_me != b->not_me || strcmp(a->t->q, b->t->q))
        return false;
    if (a->must || a->not_me)
        return !strcmp((a->must ? a->t->want : a->t->nots)[0],
                       (b->must ? b->t->want : b->t->nots)[0]);
    return a->t->line == b->t->line && !strcmp(a->t->file, b->t->file);
}

/* Both lists are in the same order but for what the edit has added or taken out: one look is nearly always enough. */
const struct trial *fix_copy_trial_before(const struct fix_copy *c, const struct trial *t)
{
    size_t n = c->before.n, at = (size_t)(t - c->after.trial);
    for (size_t i = 0; i < n; i++) { /* from the same place on, outwards: at, at - 1, at + 1, ... */
        size_t step = (i + 1) / 2 % n;
        const struct trial *b = &c->before.trial[(at + (i & 1 ? n - step : step)) % n];
        if (same_test(b, t))
            return b;
    }
    return NULL;
}

bool fix_copy_regresses(const struct fix_copy *c, const struct trial *t)
{
    const struct trial *was = t->outcome == TRIAL_PASSED ? NULL : fix_copy_trial_before(c, t);
    return t->outcome != TRIAL_PASSED && (!was || was->outcome == TRIAL_PASSED);
}
