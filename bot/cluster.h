/* cluster.h: questions that ask the same thing, together.
 *
 * A question is a set of terms (kb_terms()), each a number with a weight. Two questions are as alike as the weighted Jaccard
 * coefficient of their terms says, sum(min) / sum(max), where a term that few questions have weighs more:
 *
 *     weight of the term in the question * ln(1 + questions / questions that have it)
 *
 * Groups grow from the most alike pair downwards by average linkage (Sokal and Michener, 1958): two of them are as alike as their members
 * are on average, so one question between two subjects does not tie the two together.
 *
 * What comes out depends on the set of questions and on nothing else. The order they come in does not matter; the same terms
 * are always in the same group; and the groups of a higher threshold are parts of those of a lower one. How often a
 * question was asked does not change the groups either.
 *
 * Pure: no database, no clock, no threads. */
#ifndef BOT_CLUSTER_H
#define BOT_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

/* A term of a question. */
struct cluster_word {
    uint64_t term;
    double weight; /* above 0 */
};

struct cluster_item {
    const struct cluster_word *word; /* in ascending order of term, each once */
    size_t n;                        /* 0: it asks about nothing, and is in no group */
    size_t times;                    /* how often it was asked, at least 1 */
};

/* Two items that somebody has put together by hand: their groups are one. */
struct cluster_pair {
    size_t a, b;
};

#define CLUSTER_ALIKE 0.40 /* the usual threshold; not below CLUSTER_LEAST */
#define CLUSTER_LEAST 0.25 /* likeness that is less is none */
#define CLUSTER_NONE  UINT32_MAX

struct clusters {
    size_t n;        /* groups; numbered in an order that depends on their terms only */
    uint32_t *of;    /* by item: its group, or CLUSTER_NONE */
    double *central; /* by item: how much of its group it speaks for; the same for the same terms */
};

/* `ret` is released by clusters_release(). */
void clusters_make(const struct cluster_item *item, size_t n, double alike,
                   const struct cluster_pair *pair, size_t npair, struct clusters *ret);
void clusters_release(struct clusters *c);

#endif
