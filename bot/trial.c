/* trial.c: a test is asked, and what came is judged. One that failed is asked once more with an explanation, for one line that says
 * why. */
#include "bot/trial.h"

#include <string.h>

#include "bot/answer.h"
#include "kb/pool.h"

const char *trial_outcome_name(enum trial_outcome outcome)
{
    static const char *const name[TRIAL_OUTCOMES] = {"passed", "wrong", "near", "declined",
                                                     "unlike"};
    return name[outcome];
}

/* ---- collecting ---------------------------------------------------------------------------------- */

static int add_entry_test(void *ctx, const struct kb_test *own)
{
    struct trials *all = ctx;
    const char **name = pool_array(all->pool, 1, sizeof *name);
    struct test_question *t = pool_alloc(all->pool, sizeof *t);
    name[0] = pool_strdup(all->pool, own->passage);
    t->q = pool_strdup(all->pool, own->question);
    t->audience = pool_strdup(all->pool, own->audience);
    *(own->must ? &t->want : &t->nots) = name;
    *(own->must ? &t->nwant : &t->nnots) = 1;
    *POOL_PUSH(all->pool, all->trial, all->n, all->cap) =
        (struct trial){.t = t, .must = own->must, .not_me = !own->must};
    return 0;
}

/* Where each entry's tests stand: beside the entry. */
static int place_entry_tests(struct trials *all, size_t first, struct kb *kb)
{
    int found = 0;
    for (size_t i = first; i < all->n && found >= 0; i++) {
        struct test_question *t = (struct test_question *)all->trial[i].t;
        struct kb_place place;
        found = kb_find(kb, (t->nwant ? t->want : t->nots)[0], all->pool, &place);
        t->file = found > 0 ? place.file : "";
        t->line = found > 0 ? place.line : 0;
    }
    return found < 0 ? found : 0;
}

int trials_of_entries(struct trials *all, struct kb *kb)
{
    size_t first = all->n;
    int err = kb_tests(kb, add_entry_test, all);
    return err ? err : place_entry_tests(all, first, kb);
}

int trials_of_files(struct trials *all, const char *const *path, size_t n, struct kb_report *report)
{
    struct test_questions read = {0};
    int err = questions_read(all->pool, path, n, &read, report);
    for (size_t i = 0; i < read.n && !err; i++)
        *POOL_PUSH(all->pool, all->trial, all->n, all->cap) = (struct trial){.t = &read.item[i]};
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
static bool is_near(const struct trial *trial, const struct reply *r)
{
    const struct test_question *t = trial->t;
    for (size_t i = 0; i < r->nanswer; i++)
        if (names_any(r->answer[i].passage, (const char *const *)t->want, t->nwant))
            return true;
    return false;
}

static enum trial_outcome judge(struct trial *trial, const struct reply *r, struct pool *pool)
{
    const struct test_question *t = trial->t;
    const char *best = r->nanswer ? r->answer[0].passage : "";
    bool right = t->nwant && names_any(best, (const char *const *)t->want, t->nwant);
    if (trial->not_me)
        return r->kind == REPLY_ANSWER && names_any(best, (const char *const *)t->nots, 1)
                   ? TRIAL_WRONG
                   : TRIAL_PASSED;
    if (trial->must && right && r->kind != REPLY_ANSWER)
        return TRIAL_NEAR;
    if (questions_judge(t, r, pool, &trial->want))
        return TRIAL_PASSED;
    if (right)
        return TRIAL_UNLIKE;
    if (t->nwant && is_near(trial, r))
        return TRIAL_NEAR;
    if (r->kind != REPLY_NONE && r->kind != REPLY_CHOICES)
        return TRIAL_WRONG;
    return t->nwant ? TRIAL_DECLINED : TRIAL_NEAR;
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

static const char *why_of(struct pool *pool, const struct trial *trial, const struct reply *r)
{
    const struct kb_why *why = r->nwhy ? r->why[0] : NULL;
    if (!why)
        return r->kind == REPLY_CHITCHAT || r->kind == REPLY_HANDOFF
                   ? "it was taken for small talk: smalltalk.yaml has it"
                   : "nothing was found";
    const struct kb_why_hit *wanted = wanted_hit(why, trial->t);
    if (trial->t->nwant && wanted && wanted != why->hit)
        return behind(pool, why->hit, wanted);
    if (r->nunknown)
        return pool_printf(pool, "the guides do not have %s", unknown_words(pool, r));
    if (why->rule)
        return why->rule;
    if (trial->t->nwant && !wanted)
        return pool_printf(pool,
                           "what is wanted is not among the first %zu: it has too few of the "
                           "question's words, or its needs:, not: or dates rule it out",
                           why->nhit);
    if (why->confidence < why->high)
        return pool_printf(pool, "confidence %.2f; an answer needs %.2f", why->confidence,
                           why->high);
    return pool_printf(pool, "confidence %.2f is enough for an answer", why->confidence);
}

/* "salary (guides/faq.faq.yaml:310)". */
static const char *with_place(struct pool *pool, struct kb *kb, const char *name)
{
    struct kb_place place;
    return kb && kb_find(kb, name, pool, &place) > 0
               ? pool_printf(pool, "%s (%s:%zu)", name, place.file, place.line)
               : name;
}

static const char *want_of(struct pool *pool, struct kb *kb, const struct trial *trial)
{
    const struct test_question *t = trial->t;
    const char *all = "";
    if (trial->outcome == TRIAL_UNLIKE || (!t->nwant && !trial->not_me))
        return trial->want;
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

int trial_run(struct answerer *a, struct kb *kb, struct trial *trial, bool explain,
              struct pool *kept)
{
    struct pool *pool = pool_new();
    struct reply r;
    trial->want = "an answer";
    int err = ask(a, trial->t, false, pool, &r);
    if (!err && (trial->outcome = judge(trial, &r, pool)) != TRIAL_PASSED && explain) {
        struct reply explained;
        err = ask(a, trial->t, true, pool, &explained);
        trial->want = pool_strdup(kept, want_of(pool, kb, trial));
        trial->got = pool_strdup(kept, r.nanswer ? with_place(pool, kb, r.answer[0].passage) : "");
        trial->text = pool_strdup(kept, r.text);
        trial->why = err ? "" : pool_strdup(kept, why_of(pool, trial, &explained));
    } else {
        trial->got = trial->text = trial->why = "";
        trial->want = pool_strdup(kept, trial->want);
    }
    trial->kind = r.kind;
    trial->confidence = r.confidence;
    pool_free(pool);
    return err;
}
