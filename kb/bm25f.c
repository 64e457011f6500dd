/* bm25f.c: the exact score of one passage, from the places of the question's words in it. */
#include "kb/bm25f.h"

#include <string.h>

double bm25f_term_idf(const struct query_slot *slot, const struct query_term *t, double n)
{
    return fmin(slot->idf, bm25f_idf(n, (double)t->df));
}

struct bm25f_weights bm25f_weigh(const struct query *q, double n, struct pool *pool)
{
    struct bm25f_weights all = {0};
    for (size_t i = 0; i < q->nterm; i++)
        all.n += q->term[i].nslot;
    all.w = pool_array(pool, all.n, sizeof *all.w);
    all.n = 0;
    for (size_t s = 0; s < q->nslot; s++)
        for (size_t i = 0; i < q->nterm; i++) {
            const struct query_term *t = &q->term[i];
            if (s >= t->slot && s < t->slot + t->nslot)
                all.w[all.n++] = (struct bm25f_weight){(uint16_t)s, (uint16_t)i,
                                                       q->slot[s].weight * t->weight *
                                                           bm25f_term_idf(&q->slot[s], t, n)};
        }
    return all;
}

/* How often each term stands in each field. */
struct counts {
    int of[4 * KB_MAX_TERMS][FIELDS];
};

static void count(const struct bm25f_weights *weights, const struct match *m, size_t n,
                  struct counts *ret)
{
    for (size_t i = 0; i < weights->n; i++)
        memset(ret->of[weights->w[i].term], 0, sizeof ret->of[0]);
    for (size_t i = 0; i < n; i++) {
        int *c = &ret->of[m[i].term][m[i].field];
        *c += *c < BM25F_TF_MAX;
    }
}

/* What a term is worth where it stands so often, before idf: as bm25f_tf() has it, with the divisions done before. */
static double worth(const int count[FIELDS], const double share[FIELDS])
{
    double tf = 0;
    for (unsigned f = 0; f < FIELDS; f++)
        tf += count[f] * share[f];
    return bm25f_saturate(tf);
}

size_t bm25f_gains(const struct bm25f_weights *weights, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS],
                   struct bm25f_gain ret[KB_MAX_TERMS])
{
    struct counts counts;
    double share[FIELDS];
    size_t slots = 0;
    count(weights, m, n, &counts);
    for (unsigned f = 0; f < FIELDS; f++)
        share[f] = bm25f_share(f, length[f], average);
    for (size_t i = 0; i < weights->n;) { /* the way that fills the slot best */
        struct bm25f_gain best = {.slot = weights->w[i].slot};
        for (; i < weights->n && weights->w[i].slot == best.slot; i++) {
            const struct bm25f_weight *w = &weights->w[i];
            double v = w->weight * worth(counts.of[w->term], share);
            best.term = v > best.gain ? w->term : best.term;
            best.gain = v > best.gain ? v : best.gain;
        }
        ret[slots++] = best;
    }
    return slots;
}

double bm25f_score(const struct bm25f_weights *weights, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS])
{
    struct bm25f_gain gain[KB_MAX_TERMS];
    double score = 0;
    for (size_t k = bm25f_gains(weights, m, n, length, average, gain), i = 0; i < k; i++)
        score += gain[i].gain;
    return score;
}
