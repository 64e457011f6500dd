/* snap_words.c: see snap_words.h. */
#include "kb/snap_words.h"

#include <string.h>

_Static_assert(VIEW_LOOKUP > 4 * KB_MAX_TERMS * SYNONYM_WORDS + QUERY_WORDS,
               "a place stays free, or look-ups have no end");

/* The number of a token, a new one when it is new; NO_WORD when no passage has it. */
static uint16_t number_of(struct snap_words *w, const char *token)
{
    struct snap_word word = {{SNAP_NO_TERM, SNAP_NO_TERM}};
    bool somewhere = false;
    for (size_t i = 0; i < w->v->nsegment; i++) {
        word.term[i] = snap_lookup(w->v->segment[i].snap, token, strlen(token));
        if (word.term[i] == SNAP_NO_TERM)
            continue;
        uint16_t known = *snap_words_at(w, i, word.term[i]);
        if (known)
            return (uint16_t)(known - 1);
        somewhere = true;
    }
    if (!somewhere)
        return NO_WORD;
    *POOL_PUSH(w->pool, w->word, w->n, w->cap) = word;
    for (size_t i = 0; i < w->v->nsegment; i++)
        if (word.term[i] != SNAP_NO_TERM)
            *snap_words_at(w, i, word.term[i]) = (uint16_t)w->n;
    return (uint16_t)(w->n - 1);
}

/* Let snap_skip() stop at a word, or not any more. Wide terms have a mark in front, at which it stops anyway. */
static void want(struct snap_words *w, size_t word, int more)
{
    for (size_t i = 0; i < w->v->nsegment; i++) {
        uint32_t term = w->word[word].term[i];
        uint8_t *wanted = &w->v->segment[i].wanted[term % SNAP_WANTED];
        if (term < SNAP_LINE)
            *wanted = (uint8_t)(*wanted + more);
    }
}

void snap_words_begin(struct snap_words *w, struct view *v, const struct query *q,
                      struct pool *pool)
{
    *w = (struct snap_words){.v = v, .pool = pool};
    w->term = pool_array(pool, q->nterm, sizeof *w->term);
    for (size_t i = 0; i < q->nterm; i++)
        for (size_t k = 0; k < q->term[i].ntoken && k < SYNONYM_WORDS; k++)
            w->term[i][k] = number_of(w, q->term[i].token[k]);
    for (; w->wanted < w->n; w->wanted++)
        want(w, w->wanted, 1);
}

void snap_words_said(struct snap_words *w, const struct query *q)
{
    uint16_t number[QUERY_SAID];
    for (size_t i = 0; i < q->nsaid; i++)
        number[i] = number_of(w, q->said[i].token);
    w->said = pool_array(w->pool, w->n, sizeof *w->said);
    for (size_t i = 0; i < q->nsaid; i++)
        if (number[i] != NO_WORD)
            w->said[number[i]] = (uint8_t)(i + 1);
}

void snap_words_end(struct snap_words *w)
{
    while (w->wanted)
        want(w, --w->wanted, -1);
    for (size_t i = 0; i < w->v->nsegment && w->n; i++)
        memset(w->v->segment[i].lookup, 0, VIEW_LOOKUP * sizeof *w->v->segment[i].lookup);
}
