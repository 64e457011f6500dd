/* confidence.c: how sure we are, from 0 to 1, comparable between questions.
 *
 * A score orders the passages of one question and means nothing beside another's. What does carry over
 * is how completely the question was understood: are its rare words in the passage, are there content
 * words that the whole base has never seen, is the heading what was asked, is the runner-up far behind?
 * The sum of these goes through a logistic curve. One rule stands above the sum: when the rarest thing
 * that was asked for is missing from the passage, or any content word from the whole base, the
 * confidence is capped below the answering threshold, however well the rest fits. "How much does a
 * welder earn" finds every other word in a guide about laboratories.
 *
 * A message of question words alone ("what is it then") is about nothing, however many passages have them: 0, unless
 * somebody has put the same question as a heading ("Who are you?").
 *
 * This is the honest first version: its thresholds are set by hand so that off-topic questions decline,
 * and it is calibrated on nothing. */
#include "kb/kb_int.h"

#include <math.h>

#define SURE  0.60 /* from here on an answer */
#define MAYBE 0.20 /* from here on "did you mean" */

#define CAP_RARE    0.45 /* the rarest word of the question is not in the passage */
#define CAP_SINGLE  0.55 /* one word, somewhere in the text: "tell me a joke" */
#define ABOUT       0.3  /* a heading that is at least a little about it */
#define CAP_UNKNOWN 0.5  /* a content word of the question is nowhere in the base */
#define BARE        0.8  /* question words alone ask for a heading that has hardly anything else */

#define BASE (-3.2) /* nothing known: decline */
static const struct {
    const char *name, *meaning;
    double weight;
} parts[] = {
    {"coverage", "how much of the question it covers", 4.5}, /* the strongest sign by far */
    {"heading", "its question or heading is what was asked", 2.0},
    {"pairs", "words that stand together in both", 0.8},
    {"margin", "how far the runner-up is behind", 1.0},
    {"unknown", "how much of the question nothing here knows", -2.0},
};

static bool in_passage(const struct query *q, const struct candidate *c, size_t slot)
{
    for (size_t i = 0; i < c->nmatch; i++) {
        const struct query_term *t = &q->term[c->match[i].term];
        if (slot >= t->slot && slot < t->slot + t->nslot)
            return true;
    }
    return false;
}

/* The slot that says most about the question; nslot when there is none. */
static size_t rarest(const struct query *q)
{
    size_t best = q->nslot;
    double worth = 0;
    for (size_t i = 0; i < q->nslot; i++)
        if (!q->slot[i].context && q->slot[i].weight * q->slot[i].idf > worth) {
            worth = q->slot[i].weight * q->slot[i].idf;
            best = i;
        }
    return best;
}

/* Share of the question's mass that the base has never heard of. */
static double unknown_share(const struct query *q)
{
    double unknown = 0;
    for (size_t i = 0; i < q->nslot; i++)
        if (!q->slot[i].known)
            unknown += q->slot[i].weight * q->slot[i].idf;
    return q->mass > 0 ? unknown / q->mass : 1;
}

/* Some word of the question itself, and not a light one, is nowhere in the base. */
static bool has_unknown(const struct query *q)
{
    for (size_t i = 0; i < q->nslot; i++)
        if (!q->slot[i].known && !q->slot[i].context && q->slot[i].weight >= 1)
            return true;
    return false;
}

/* One word of weight is all there is to go by. */
static bool is_single(const struct query *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->nslot; i++)
        n += q->slot[i].weight >= 1;
    return n <= 1;
}

static void cap(struct confidence_why *why, double at, const char *reason)
{
    if (why->value <= at)
        return;
    why->value = why->cap = at;
    why->capped = reason;
}

double confidence_why(const struct query *q, const struct candidates *c, size_t i,
                      struct confidence_why *ret)
{
    const struct candidate *it = &c->c[i];
    double margin = 0, x = BASE;
    *ret = (struct confidence_why){.base = BASE, .cap = 1};
    if (q->bare && it->f.heading < BARE) {
        ret->capped = "the message is about nothing";
        return ret->cap = 0;
    }
    if (!i && it->score > 0)
        margin = c->n > 1 ? fmin(1, 4 * (it->score - c->c[1].score) / it->score) : 1;
    const double value[] = {it->f.coverage, it->f.heading, it->f.pairs, margin, unknown_share(q)};
    ret->n = sizeof value / sizeof *value;
    _Static_assert(sizeof value / sizeof *value == sizeof parts / sizeof *parts, "one value each");
    for (size_t k = 0; k < ret->n; k++) {
        ret->part[k] = (struct kb_part){parts[k].name, parts[k].meaning, value[k], parts[k].weight};
        x += value[k] * parts[k].weight;
    }
    ret->value = 1 / (1 + exp(-x));
    if (is_single(q) && it->f.heading < ABOUT)
        cap(ret, CAP_SINGLE, "one word, somewhere in the text, is all there is to go by");
    size_t rare = rarest(q);
    if (has_unknown(q))
        cap(ret, CAP_UNKNOWN, "the guides do not have a word of the question");
    if (rare < q->nslot && !in_passage(q, it, rare))
        cap(ret, CAP_RARE, "the rarest word of the question is not in it");
    return ret->value;
}

double confidence_of(const struct query *q, const struct candidates *c, size_t i)
{
    struct confidence_why why;
    return confidence_why(q, c, i, &why);
}

enum kb_band confidence_band(double confidence)
{
    return confidence >= SURE ? KB_HIGH : confidence >= MAYBE ? KB_MEDIUM : KB_NONE;
}

void confidence_bands(double *ret_medium, double *ret_high)
{
    *ret_medium = MAYBE;
    *ret_high = SURE;
}
