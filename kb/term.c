/* term.c: the words of a question as other questions are compared with it.
 *
 * Two people who want to know the same thing type different words: "how much do lab techs make", "MLT salry". What the
 * query has learnt of its words (stems, corrections, the owner's synonyms, the kind of answer that is wanted) is brought down to
 * one way to say each thing. Of the ways to say a phrase that is the longest, because an abbreviation says the same in fewer
 * letters; of single words the one that most passages have. Ties go to the first in byte order, so the choice depends on
 * nothing but the base.
 *
 * A synonym that holds one way only can make two questions meet in one direction and not in the other. Nothing is lost by
 * that but a little likeness. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

struct telling {
    const struct vocabulary *vocabulary;
    const struct query *q;
    struct pool *pool;
    bool done[KB_MAX_TERMS + 1]; /* slots that have been said */
    struct kb_term *term;
    size_t n, cap;
};

static void tell(struct telling *t, const char *token, double weight)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->term[i].token, token)) {
            if (t->term[i].weight < weight)
                t->term[i].weight = weight;
            return;
        }
    *POOL_PUSH(t->pool, t->term, t->n, t->cap) =
        (struct kb_term){.token = pool_strdup(t->pool, token),
                         .weight = weight,
                         .known = t->vocabulary && vocabulary_has(t->vocabulary, token)};
}

/* ---- phrases ------------------------------------------------------------------------------------------ */

static bool is_free(const struct telling *t, const struct query_term *term)
{
    for (size_t s = term->slot; s < term->slot + term->nslot; s++)
        if (t->done[s])
            return false;
    return true;
}

/* How many passages have the rarest word of what was typed into the slots of `term`. */
static size_t typed_df(const struct telling *t, const struct query_term *term)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < t->q->nterm; i++) {
        const struct query_term *it = &t->q->term[i];
        if (!it->typed || it->slot < term->slot || it->slot >= term->slot + term->nslot)
            continue;
        size_t df = t->vocabulary ? vocabulary_df(t->vocabulary, it->token[0]) : 0;
        least = df < least ? df : least;
    }
    return least;
}

static size_t own_df(const struct telling *t, const struct query_term *term)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < term->ntoken; i++) {
        size_t df = t->vocabulary ? vocabulary_df(t->vocabulary, term->token[i]) : 0;
        least = df < least ? df : least;
    }
    return least;
}

/* The owner's way to say it in more words than were typed, or in as many that are commoner. */
static bool says_it_better(const struct telling *t, const struct query_term *term)
{
    if (term->way != KB_SYNONYM || !is_free(t, term))
        return false;
    if (term->ntoken != term->nslot || term->nslot < 2)
        return term->ntoken > term->nslot;
    return own_df(t, term) > typed_df(t, term);
}

static const struct query_term *longest(const struct telling *t)
{
    const struct query_term *best = NULL;
    for (size_t i = 0; i < t->q->nterm; i++) {
        const struct query_term *term = &t->q->term[i];
        if (!says_it_better(t, term))
            continue;
        if (!best || term->ntoken > best->ntoken ||
            (term->ntoken == best->ntoken &&
             (term->nslot > best->nslot ||
              (term->nslot == best->nslot && strcmp(term->word, best->word) < 0))))
            best = term;
    }
    return best;
}

static void tell_phrases(struct telling *t)
{
    const struct query_term *term;
    while ((term = longest(t))) {
        double weight = 0;
        for (size_t s = term->slot; s < term->slot + term->nslot; s++) {
            if (t->q->slot[s].weight > weight)
                weight = t->q->slot[s].weight;
            t->done[s] = true;
        }
        for (size_t i = 0; i < term->ntoken; i++)
            tell(t, term->token[i], weight);
    }
}

/* ---- words -------------------------------------------------------------------------------------------- */

static bool is_same(const struct query_term *term, size_t slot)
{
    return term->slot == slot && term->nslot == 1 && term->ntoken == 1 &&
           (term->typed || term->way == KB_SYNONYM || term->way == KB_HINT ||
            term->way == KB_COMPOUND);
}

/* The commonest way to say what slot `s` says. */
static const char *commonest(const struct telling *t, size_t s)
{
    const char *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < t->q->nterm; i++) {
        const struct query_term *term = &t->q->term[i];
        if (!is_same(term, s))
            continue;
        size_t df = t->vocabulary ? vocabulary_df(t->vocabulary, term->token[0]) : 0;
        if (!best || df > most || (df == most && df && strcmp(term->token[0], best) < 0)) {
            best = term->token[0];
            most = df;
        }
    }
    return best;
}

static int by_token(const void *a, const void *b)
{
    return strcmp(((const struct kb_term *)a)->token, ((const struct kb_term *)b)->token);
}

struct kb_term *query_terms(const struct query_reader *reader, const struct query *q,
                            struct pool *pool, size_t *ret_n)
{
    struct telling t = {.vocabulary = reader->vocabulary, .q = q, .pool = pool};
    tell_phrases(&t);
    for (size_t s = 0; s < q->nslot; s++) {
        const char *token = t.done[s] ? NULL : commonest(&t, s);
        if (token)
            tell(&t, token, q->slot[s].weight);
    }
    if (t.n)
        qsort(t.term, t.n, sizeof *t.term, by_token);
    *ret_n = t.n;
    return t.term;
}
