/* bm25f.h: the first stage's formula, in one place for the two that compute it (candidates.c from FTS5's
 * postings, snap_find.c from the snapshot's), so that they agree.
 *
 * BM25F (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004): a
 * word counts per field, each field with its own weight and its own idea of length, and the fields are added
 * *before* saturation. A word in the title and again in the body is then one strong sign and not two.
 *
 *     tf  = sum over fields f of  weight[f] * count[f] / (1 - b[f] + b[f] * length[f] / average[f])
 *     score = idf * tf / (K1 + tf),      idf = ln(1 + (N - df + 0.5) / (df + 0.5))
 *
 * This idf never goes below zero, unlike FTS5's, which is clamped. */
#ifndef KB_BM25F_H
#define KB_BM25F_H

#include <math.h>
#include <stdint.h>

#include "kb/hash.h"
#include "kb/kb_int.h"

#define BM25F_K1 0.8
#define BM25F_TF_MAX                                                                               \
    255 /* occurrences in one field beyond this are not counted: saturated long before */

/* The question of an entry says what it answers, in an asker's words; a heading nearly does. A title
 * stands above every passage of its document, so it tells documents apart but not passages. */
static const struct bm25f_field {
    double weight, b;
} bm25f_fields[FIELDS] = {
    [FIELD_QUESTION] = {2.5, 0.5},
    [FIELD_HEADINGS] = {2.2, 0.4},
    [FIELD_TITLE] = {2.0, 0.4},
    [FIELD_BODY] = {1.0, 0.6},
};

/* Mean tokens of a field over the passages that have it. */
static inline double bm25f_average(uint64_t total, uint64_t filled)
{
    return filled ? (double)total / (double)filled : 1;
}

static inline double bm25f_share(unsigned f, uint16_t length, const double average[FIELDS])
{
    double b = bm25f_fields[f].b;
    return bm25f_fields[f].weight / (1 - b + b * length / average[f]);
}

static inline double bm25f_tf(const uint8_t count[FIELDS], const uint16_t length[FIELDS],
                              const double average[FIELDS])
{
    double tf = 0;
    for (unsigned f = 0; f < FIELDS; f++)
        if (count[f])
            tf += count[f] * bm25f_share(f, length[f], average);
    return tf;
}

static inline double bm25f_saturate(double tf)
{
    return tf / (BM25F_K1 + tf);
}

static inline double bm25f_idf(double n, double df)
{
    return log(1 + (n - df + 0.5) / (df + 0.5));
}

/* Equal scores are ordered by a number made from the passage's key: ids depend on the history of edits, keys do
 * not, and comparing whole keys would cost more than all the rest. Scores that are equal after rank.c are
 * ordered by the keys themselves. */
static inline uint32_t bm25f_tie(const char *key)
{
    return hash_name(key);
}

/* ---- bm25f.c ---- */

/* A synonym is never taken for rarer than the word that was typed. */
double bm25f_term_idf(const struct query_slot *slot, const struct query_term *t, double n);

/* What a term adds to a slot where it is saturated: slot weight * term weight * idf. */
struct bm25f_weight {
    uint16_t slot, term;
    double weight;
};
struct bm25f_weights {
    struct bm25f_weight *w; /* by slot, then term */
    size_t n;
};
/* Of all terms of a question whose df is known, among n passages. Lives in `pool`. */
struct bm25f_weights bm25f_weigh(const struct query *q, double n, struct pool *pool);

/* What each slot gave a passage, by which term; 0 when nothing did. One per slot, in their order. `m` as below. */
struct bm25f_gain {
    uint16_t slot, term;
    double gain;
};
size_t bm25f_gains(const struct bm25f_weights *weights, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS],
                   struct bm25f_gain ret[KB_MAX_TERMS]);

/* The score of a passage, which is their sum: over the slots, the best way each is filled. `m` are the places of the
 * question's terms in it, by term. At most 4 * KB_MAX_TERMS terms. */
double bm25f_score(const struct bm25f_weights *weights, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS]);

#endif
