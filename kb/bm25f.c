/* bm25f.c: the exact score of one passage, from the places of the question's words in it. */
#include "kb/bm25f.h"

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

/* What each term is worth where it stands, before idf: saturated tf, as bm25f_tf() has it, with one division per field and
 * passage. `m` is sorted by term. Terms that have no place are left as they are. */
static void saturate_terms(const struct match *m, size_t n, const uint16_t length[FIELDS],
                           const double average[FIELDS], double *ret)
{
    double share[FIELDS];
    for (unsigned f = 0; f < FIELDS; f++)
        share[f] = bm25f_share(f, length[f], average);
    for (size_t i = 0; i < n;) {
        uint16_t term = m[i].term;
        uint8_t count[FIELDS] = {0};
        while (i < n && m[i].term == term) { /* places of one field stand together, mostly */
            uint8_t field = m[i].field;
            size_t from = i;
            while (i < n && m[i].term == term && m[i].field == field)
                i++;
            size_t all = count[field] + (i - from);
            count[field] = (uint8_t)(all < BM25F_TF_MAX ? all : BM25F_TF_MAX);
        }
        double tf = 0;
        for (unsigned f = 0; f < FIELDS; f++)
            tf += count[f] * share[f];
        ret[term] = bm25f_saturate(tf);
    }
}

/* Over the slots, the way that fills each best. */
static size_t best_ways(const struct bm25f_weights *weights, const double *worth,
                        struct bm25f_gain *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < weights->n;) {
        struct bm25f_gain best = {.slot = weights->w[i].slot};
        for (; i < weights->n && weights->w[i].slot == best.slot; i++) {
            double v = weights->w[i].weight * worth[weights->w[i].term];
            if (v > best.gain) {
                best.gain = v;
                best.term = weights->w[i].term;
            }
        }
        ret[n++] = best;
    }
    return n;
}

size_t bm25f_gains(const struct bm25f_weights *weights, const struct match *m, size_t n,
                   const uint16_t length[FIELDS], const double average[FIELDS],
                   struct bm25f_gain ret[KB_MAX_TERMS])
{
    double worth[4 * KB_MAX_TERMS];
    for (size_t i = 0; i < weights->n; i++)
        worth[weights->w[i].term] = 0;
    saturate_terms(m, n, length, average, worth);
    return best_ways(weights, worth, ret);
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
