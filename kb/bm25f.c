/* bm25f.c: the exact score of one passage, from the places of the question's words in it. */
#include "kb/bm25f.h"

double bm25f_term_idf(const struct query_slot *slot, const struct query_term *t, double n)
{
    return fmin(slot->idf, bm25f_idf(n, (double)t->df));
}

/* What each term is worth where it stands, before idf: saturated tf. `m` is sorted by term. */
static void saturate_terms(const struct query *q, const struct match *m, size_t n,
                           const uint16_t length[FIELDS], const double average[FIELDS], double *ret)
{
    for (size_t i = 0; i < q->nterm; i++)
        ret[i] = 0;
    for (size_t i = 0; i < n;) {
        uint16_t term = m[i].term;
        uint8_t count[FIELDS] = {0};
        for (; i < n && m[i].term == term; i++)
            count[m[i].field] = (uint8_t)(count[m[i].field] + (count[m[i].field] < BM25F_TF_MAX));
        ret[term] = bm25f_saturate(bm25f_tf(count, length, average));
    }
}

double bm25f_score(const struct query *q, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS], double passages)
{
    double worth[4 * KB_MAX_TERMS], score = 0;
    saturate_terms(q, m, n, length, average, worth);
    for (size_t s = 0; s < q->nslot; s++) {
        double best = 0;
        for (size_t i = 0; i < q->nterm; i++) {
            const struct query_term *t = &q->term[i];
            if (s < t->slot || s >= t->slot + t->nslot || worth[i] <= 0)
                continue;
            double v =
                q->slot[s].weight * t->weight * bm25f_term_idf(&q->slot[s], t, passages) * worth[i];
            best = fmax(best, v);
        }
        score += best;
    }
    return score;
}
