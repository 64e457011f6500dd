/* confidence.c: how sure we are, from 0 to 1, comparable between questions and between bases.
 *
 * A score orders the passages of one question and means nothing beside another's. Confidence is the estimated
 * chance that the passage answers the question, so that of ten answers given with 0.8 about eight are right,
 * whatever the base. It is the product of two chances, because two different things go wrong:
 *
 *   scope   the base has an answer at all: does a line say what was asked, in such words and in that order
 *           (line.c), was nothing asked for that nobody here has written about?
 *   choice  if so, this passage is it: does its line say just that, is there enough in common, of the kind that was
 *           asked for, and is another answer close behind?
 *
 * Each is the logistic curve of a few signs (confidence_signs.c). The weights were fitted once, on all collections
 * together, by tests/quality/fit_confidence.py; README.md says on what, and how they did on collections that they
 * had not seen. As one sum the margin to the runner-up drowned what tells a foreign question from one of ours.
 *
 * That is also why the bands look at both. Confidence decides whether to answer; but a question is declined only when
 * the base seems to have nothing, for which a close race between two of our passages is no sign. It makes
 * "did you mean". Where one passage has every word that could be the subject, it takes less: what a question is about is
 * hardly all in one place by chance, however differently it is put.
 *
 * Some rules stand above the product, because a product forgives. A word that carries the question and is nowhere
 * in the base ("how much is tuition") keeps the confidence below the answering threshold, however well the rest
 * fits, and a decline is nearer; so does it when no word could be what is asked about ("what do they do"), or when all that
 * could be had to be read as words that are more than a slip away.
 * A message of question words alone ("what is it then") is about nothing, however many passages have them: 0,
 * unless somebody has put the same question as a heading ("Who are you?"). And a question that is word for
 * word an entry's own, or a heading, is answered: nobody can be surer. */
#include "kb/kb_int.h"

#include <math.h>

#define SURE          0.69 /* confidence from here on: an answer */
#define SCOPE         0.52 /* chance that the guides have one, from here on: "did you mean" */
#define SCOPE_FOREIGN 0.51 /* the same when they lack a word that carries the question, */
#define MORE_FOREIGN  0.1  /* and so much more when they lack all of it */
#define SCOPE_ALL     0.4  /* the same when one passage has every word that could be the subject */

#define UNSURE 0.55 /* the most that a doubtful question gets */
#define WORD_FOR_WORD                                                                              \
    0.975 /* a heading's match from which on it is the very same question, whatever the order of its words */
#define CERTAIN 0.97 /* what we make of that */
#define BARE    0.8  /* question words alone ask for a heading that has hardly anything else */

/* What fit_confidence.py printed. */
static const struct half {
    const char *meaning;
    double base;
    size_t n;
    struct {
        enum confidence_sign sign;
        const char *name, *meaning;
        double weight;
    } part[CONFIDENCE_PARTS];
} halves[KB_CHANCES] = {
    {"the guides have an answer",
     -0.12,
     5,
     {{SIGN_EXACT, "exact", "a line or heading is what was asked", 2.19},
      {SIGN_SAID, "said", "a line says it in the same words and order", 2.35},
      {SIGN_UNKNOWN, "unknown", "how much of the question no guide has", -2.35},
      {SIGN_EMPTY, "empty", "no word says what it is about", -0.51},
      {SIGN_UNPAID, "unpaid", "money was asked for and it has none", -0.83}}},
    {"this is the answer",
     -2.15,
     5,
     {{SIGN_SAID, "said", "a line says it in the same words and order", 3.94},
      {SIGN_EVIDENCE, "evidence", "how little it can be chance", 2.51},
      {SIGN_MARGIN, "margin", "how far another answer is behind", 1.37},
      {SIGN_AGREED, "agreed", "how many of the best are of the same document", 0.67},
      {SIGN_WANTED, "wanted", "it has the kind of answer that was asked for", 1.01}}},
};

static double chance(const struct half *half, const double sign[SIGNS], struct kb_chance *ret)
{
    double x = half->base;
    ret->meaning = half->meaning;
    ret->base = half->base;
    ret->npart = half->n;
    for (size_t k = 0; k < half->n; k++) {
        double value = sign[half->part[k].sign];
        ret->part[k] = (struct kb_part){half->part[k].name, half->part[k].meaning, value,
                                        half->part[k].weight};
        x += value * half->part[k].weight;
    }
    return ret->value = 1 / (1 + exp(-x));
}

/* The chance that the guides have an answer from which on one is offered. */
static double least(const double sign[SIGNS])
{
    if (sign[SIGN_ALL] > 0)
        return SCOPE_ALL;
    return sign[SIGN_FOREIGN] > 0 ? SCOPE_FOREIGN + MORE_FOREIGN * sign[SIGN_UNKNOWN] : SCOPE;
}

static double rule(struct confidence_why *why, double value, const char *rule)
{
    why->rule = rule;
    return why->value = value;
}

double confidence_why(const struct ranking *r, size_t i, struct confidence_why *ret)
{
    double sign[SIGNS];
    if (i >= r->n) { /* nothing was found */
        *ret = (struct confidence_why){.high = SURE, .medium = SCOPE};
        return 0;
    }
    const double heading = r->c->c[i].f.heading;
    confidence_signs(r, i, sign);
    *ret = (struct confidence_why){.value = 1, .high = SURE, .medium = least(sign)};
    for (size_t k = 0; k < KB_CHANCES; k++) {
        ret->chance[k].part = ret->part[k];
        ret->value *= chance(&halves[k], sign, &ret->chance[k]);
    }
    if (heading >= WORD_FOR_WORD && ret->value < CERTAIN)
        return rule(ret, CERTAIN, "it is the very same question");
    if (r->q->bare && heading < BARE)
        return rule(ret, 0, "the message is about nothing");
    if (sign[SIGN_FOREIGN] > 0 && ret->value > UNSURE)
        return rule(ret, UNSURE, "no guide has a word that carries the question");
    if (sign[SIGN_GUESSED] > 0 && ret->value > UNSURE)
        return rule(ret, UNSURE, "what it is about could only be guessed");
    if (sign[SIGN_EMPTY] > 0 && heading < BARE && ret->value > UNSURE)
        return rule(ret, UNSURE, "no word says what the question is about");
    return ret->value;
}

enum kb_band confidence_band(const struct confidence_why *why)
{
    if (why->value >= why->high)
        return KB_HIGH;
    return why->value > 0 && why->chance[0].value >= why->medium ? KB_MEDIUM : KB_NONE;
}
