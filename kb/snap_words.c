/* snap_words.c: see snap_words.h. */
#include "kb/snap_words.h"

#include <string.h>

_Static_assert(VIEW_LOOKUP > 4 * KB_MAX_TERMS * SYNONYM_WORDS + QUERY_WORDS,
               "a place stays free, or look-ups have no end");

/* The token's term in each segment; false when no passage has it. */
static bool terms_of(struct view *v, const char *token, uint64_t hash, struct snap_word *ret)
{
    struct view_heard *heard = &v->heard[hash % VIEW_HEARD];
    bool somewhere = false;
    if (hash && heard->hash == hash) {
        *ret = heard->word;
        return true;
    }
    *ret = (struct snap_word){{SNAP_NO_TERM, SNAP_NO_TERM}};
    for (size_t i = 0; i < v->nsegment; i++) {
        ret->term[i] = snap_lookup(v->segment[i].snap, token, strlen(token));
        somewhere = somewhere || ret->term[i] != SNAP_NO_TERM;
    }
    if (somewhere)
        *heard = (struct view_heard){.hash = hash, .word = *ret};
    return somewhere;
}

/* The number of a token, a new one when it is new; NO_WORD when no passage has it. */
static uint16_t number_of(struct snap_words *w, const char *token, uint64_t hash)
{
    struct snap_word word;
    if (!terms_of(w->v, token, hash, &word))
        return NO_WORD;
    for (size_t i = 0; i < w->v->nsegment; i++) {
        uint16_t known = word.term[i] == SNAP_NO_TERM ? 0 : *snap_words_at(w, i, word.term[i]);
        if (known)
            return (uint16_t)(known - 1);
    }
    *POOL_PUSH(w->pool, w->word, w->n, w->cap) = word;
    for (size_t i = 0; i < VIEW_SEGMENTS; i++)
        if (word.term[i] != SNAP_NO_TERM)
            *snap_words_at(w, i, word.term[i]) = (uint16_t)w->n;
    return (uint16_t)(w->n - 1);
}

/* Where snap_sift() looks for the term, NULL for wide terms: these have a mark in front, which it finds anyway. */
static uint8_t *wanted_at(const struct snap_words *w, size_t segment, size_t word)
{
    uint32_t term = w->word[word].term[segment];
    return term < SNAP_LINE ? &w->v->segment[segment].wanted[term % SNAP_WANTED] : NULL;
}

static void want(struct snap_words *w, size_t word)
{
    for (size_t i = 0; i < w->v->nsegment; i++) {
        uint8_t *at = wanted_at(w, i, word);
        if (at)
            *at = *at || word + 1 >= SNAP_CLOSER ? SNAP_CLOSER : (uint8_t)(word + 1);
    }
}

static void forget(struct snap_words *w, size_t word)
{
    for (size_t i = 0; i < w->v->nsegment; i++) {
        uint8_t *at = wanted_at(w, i, word), *marks = w->v->segment[i].wanted;
        if (at)
            *at = at - marks >= SNAP_LINE % SNAP_WANTED ? SNAP_CLOSER : 0;
    }
}

void snap_words_begin(struct snap_words *w, struct view *v, const struct query *q,
                      struct pool *pool)
{
    *w = (struct snap_words){.v = v, .pool = pool};
    w->term = pool_array(pool, q->nterm, sizeof *w->term);
    for (size_t i = 0; i < q->nterm; i++)
        for (size_t k = 0; k < q->term[i].ntoken && k < SYNONYM_WORDS; k++) {
            const char *token = q->term[i].token[k];
            w->term[i][k] =
                number_of(w, token, k ? word_hash(token, strlen(token)) : q->term[i].hash);
        }
    for (; w->wanted < w->n; w->wanted++)
        want(w, w->wanted);
}

void snap_words_said(struct snap_words *w, const struct query *q)
{
    uint16_t number[QUERY_SAID];
    for (size_t i = 0; i < q->nsaid; i++)
        number[i] = number_of(w, q->said[i].token, q->said[i].hash);
    w->said = pool_array(w->pool, w->n, sizeof *w->said);
    for (size_t i = 0; i < q->nsaid; i++)
        if (number[i] != NO_WORD)
            w->said[number[i]] = (uint8_t)(i + 1);
}

void snap_words_end(struct snap_words *w)
{
    while (w->wanted)
        forget(w, --w->wanted);
    for (size_t i = 0; i < w->v->nsegment && w->n; i++)
        memset(w->v->segment[i].lookup, 0, VIEW_LOOKUP * sizeof *w->v->segment[i].lookup);
}
