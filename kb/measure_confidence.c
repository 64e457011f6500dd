/* measure_confidence.c: is confidence what it says, and does it tell questions of the base from others?
 *
 *   Brier score   mean square of (confidence - 1 if the first document was relevant, else 0): 0 is
 *                 perfect, always saying the share of right answers gives p (1 - p)
 *   reliability   of the answers given with 0.8 to 0.9, how many were right?
 *   AUROC         the chance that a question which has an answer is given more confidence than one that has none, ties
 *                 counting half; the Mann-Whitney statistic over the product of both counts
 *
 * and what matters to people: how many of each were answered, offered as "did you mean", or declined. */
#include "kb/kb_int.h"

#include <stdlib.h>

static struct kb_bands bands(const struct sureness *s, size_t n)
{
    struct kb_bands b = {.n = n};
    double part = n ? 1 / (double)n : 0;
    for (size_t i = 0; i < n; i++) {
        b.answered += s[i].band == KB_HIGH ? part : 0;
        b.offered += s[i].band == KB_MEDIUM ? part : 0;
        b.declined += s[i].band == KB_NONE ? part : 0;
    }
    return b;
}

static void reliability(const struct sureness *s, size_t n, struct kb_measures *ret)
{
    size_t answered = 0;
    for (size_t i = 0; i < n; i++) {
        double off = s[i].confidence - s[i].right;
        size_t bin = (size_t)(s[i].confidence * KB_BINS);
        struct kb_bin *b = &ret->bin[bin < KB_BINS ? bin : KB_BINS - 1];
        b->n++;
        b->said += s[i].confidence;
        b->right += s[i].right;
        ret->brier += off * off / (double)n;
        answered += s[i].band == KB_HIGH;
        ret->right_answers += s[i].band == KB_HIGH && s[i].right;
    }
    for (size_t i = 0; i < KB_BINS; i++)
        if (ret->bin[i].n) {
            ret->bin[i].said /= (double)ret->bin[i].n;
            ret->bin[i].right /= (double)ret->bin[i].n;
        }
    if (answered)
        ret->right_answers /= (double)answered;
}

static int by_confidence(const void *a, const void *b)
{
    double x = ((const struct sureness *)a)->confidence,
           y = ((const struct sureness *)b)->confidence;
    return (x > y) - (x < y);
}

/* Both in order of confidence. For each question with an answer, those without one that stand below it. */
static double auroc(const struct sureness *own, size_t nown, const struct sureness *foreign,
                    size_t nforeign)
{
    double won = 0;
    size_t below = 0, upto = 0; /* foreign ones with less confidence; with less or as much */
    for (size_t i = 0; i < nown; i++) {
        while (below < nforeign && foreign[below].confidence < own[i].confidence)
            below++;
        while (upto < nforeign && foreign[upto].confidence <= own[i].confidence)
            upto++;
        won += ((double)below + (double)upto) / 2;
    }
    return nown && nforeign ? won / (double)nown / (double)nforeign : 0;
}

void measure_confidence(struct sureness *own, size_t nown, struct sureness *foreign,
                        size_t nforeign, struct kb_measures *ret)
{
    ret->own = bands(own, nown);
    ret->foreign = bands(foreign, nforeign);
    reliability(own, nown, ret);
    if (nown)
        qsort(own, nown, sizeof *own, by_confidence);
    if (nforeign)
        qsort(foreign, nforeign, sizeof *foreign, by_confidence);
    ret->auroc = auroc(own, nown, foreign, nforeign);
}
