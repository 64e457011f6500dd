/* rank.c: which of the candidates answers best.
 *
 * The first stage asks how much a passage has to do with the words of a question. That is most of the
 * truth, and what it misses can be said in a few sentences, each of which is one feature from 0 to 1:
 *
 *   bm25      the first stage, divided by the most it could have been for this question
 *   coverage  a passage with all the words beats one with half of them often
 *   pairs     words that stand together in the question stand together in the passage
 *   named     the words are in what was put there to say what stands below: question, heading, title
 *   heading   one such line is what was asked: not just has its words, but has few others
 *   wording   such lines have the very words that were typed, small ones too: "where does it come from" is
 *             nearer to "Where did it come from?" than to "What does it cause?"
 *   label     an item of its list is called what was asked: "Hematology: the study of blood"
 *   said      a line of it is what was typed, word for word and in that order (line.c); looked at last, in the best few
 *   want      "how much" is answered by an amount, "which states" by an enumeration
 *   entry     somebody wrote this as the answer to a question
 *   topic     a follow-up goes on with what was quoted last (follow.c)
 *
 * The score is their weighted sum. A sum can be read: `--explain` prints its terms, and a wrong answer
 * shows which of them was wrong. Nothing is learned from questions; the weights are round numbers that
 * hold on collections of very different kinds (README.md has the figures). */
#include "kb/kb_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BM25, COVERAGE, PAIRS, NAMED, HEADING, WORDING, LABEL, SAID, WANT, ENTRY, TOPIC, PARTS };
_Static_assert(PARTS <= MAX_SCORE_PARTS, "they fit");

/* bm25 is the unit. The others move a passage by a few places and not from the bottom to the top. */
static const struct {
    const char *name, *meaning;
    double weight;
} parts[PARTS] = {
    [BM25] = {"bm25", "its words are what the question is about", 1.0},
    [COVERAGE] = {"coverage", "how many of the question's words it has", 0.5},
    [PAIRS] = {"pairs", "words that stand together in both", 0.35},
    [NAMED] = {"named", "how many of them its question, headings and title have", 0.5},
    [HEADING] = {"heading", "its question or heading is what was asked", 0.6},
    [WORDING] = {"wording", "these say it in the same words, small ones too", 0.9},
    [LABEL] = {"label", "an item of its list is called what was asked", 0.6},
    [SAID] = {"said", "a line of it says what was asked, word for word", 0.3},
    [WANT] = {"want", "it has the kind of answer that was asked for", 0.3},
    [ENTRY] = {"entry", "somebody wrote it as the answer to a question", 0.2},
    [TOPIC] = {"topic", "it goes on with what was quoted last", 0.2},
};

#define NEAR                                                                                       \
    3 /* tokens apart and still together: room for the small words that a question leaves out */
#define LOOSE 8 /* tokens apart and still in one sentence, more or less */

/* ---- from the places of words --------------------------------------------------------------------------- */

/* How well each slot is filled: the weight of the best term that is there, and of the best above the body. */
struct filled {
    double any[KB_MAX_TERMS + 1], above[KB_MAX_TERMS + 1];
};

static void fill(const struct query *q, const struct candidate *c, struct filled *ret)
{
    memset(ret->any, 0, q->nslot * sizeof *ret->any);
    memset(ret->above, 0, q->nslot * sizeof *ret->above);
    for (size_t i = 0; i < c->nmatch; i++) {
        const struct query_term *t = &q->term[c->match[i].term];
        for (size_t s = t->slot; s < t->slot + t->nslot && s < q->nslot; s++) {
            if (ret->any[s] < t->weight)
                ret->any[s] = t->weight;
            if (c->match[i].field != FIELD_BODY && ret->above[s] < t->weight)
                ret->above[s] = t->weight;
        }
    }
}

static bool fills(const struct query *q, const struct match *m, size_t s)
{
    const struct query_term *t = &q->term[m->term];
    return s >= t->slot && s < t->slot + t->nslot;
}

/* 1 when slots s and s + 1 stand together in that order, less when they are only near each other. */
static double together(const struct query *q, const struct candidate *c, size_t s)
{
    double best = 0;
    for (size_t i = 0; i < c->nmatch && best < 1; i++) {
        const struct match *a = &c->match[i];
        if (!fills(q, a, s))
            continue;
        if (fills(q, a, s + 1))
            return 1; /* one synonym for both */
        for (size_t k = 0; k < c->nmatch; k++) {
            const struct match *b = &c->match[k];
            if (a->field != b->field || !fills(q, b, s + 1))
                continue;
            long d = (long)b->pos - (long)a->pos;
            if (d > 0 && d <= NEAR)
                return 1;
            if (labs(d) <= LOOSE)
                best = 0.4;
        }
    }
    return best;
}

void rank_features(const struct query *q, struct candidate *c)
{
    double have = 0, named = 0, pairs = 0, all_pairs = 0;
    struct filled filled;
    fill(q, c, &filled);
    for (size_t s = 0; s < q->nslot; s++) {
        const struct query_slot *slot = &q->slot[s];
        have += slot->weight * slot->idf * filled.any[s];
        named += slot->weight * slot->idf * filled.above[s];
        if (s + 1 < q->nslot && !slot->context && !q->slot[s + 1].context) {
            double worth = slot->weight * slot->idf + q->slot[s + 1].weight * q->slot[s + 1].idf;
            all_pairs += worth;
            if (filled.any[s] > 0 && filled.any[s + 1] > 0)
                pairs += worth * together(q, c, s);
        }
    }
    c->f.coverage = q->mass > 0 ? have / q->mass : 0;
    c->f.named = q->mass > 0 ? named / q->mass : 0;
    c->f.pairs = all_pairs > 0 ? pairs / all_pairs : 0;
    if (c->has_traits)
        rank_traits(q, c);
}

/* ---- from its text: is the kind of answer there? --------------------------------------------------------------- */

/* An enumeration is rarely found where none was asked for, and an amount of money not often; that a text has digits or
 * the name of a month tells little. What defines a thing is said in so many ways that "is a" tells nothing. */
#define TELLING 1.0
#define GOOD    0.7
#define WEAK    0.3
#define FAINT   0.15

static double wanted(unsigned traits, enum query_want want)
{
    switch (want) {
    case WANT_MONEY: return traits & TRAIT_MONEY ? GOOD : 0;
    case WANT_DURATION: return traits & TRAIT_PERIOD ? WEAK : 0;
    case WANT_NUMBER: return traits & TRAIT_DIGIT ? WEAK : traits & TRAIT_ENUMERATION ? WEAK : 0;
    case WANT_DATE: return traits & TRAIT_DATE ? WEAK : 0;
    case WANT_LIST: return traits & (TRAIT_MANY | TRAIT_ENUMERATION) ? TELLING : 0;
    case WANT_SEVERAL: return traits & (TRAIT_MANY | TRAIT_ENUMERATION) ? WEAK : 0;
    case WANT_STEPS: return traits & TRAIT_MANY ? WEAK : traits & TRAIT_STEPS ? FAINT : 0;
    case WANT_DIFFERENCE: return traits & TRAIT_DIFFERENCE ? WEAK : 0;
    case WANT_REASON: return traits & TRAIT_REASON ? FAINT : 0;
    case WANT_ANY:
    case WANT_DEFINITION:
    case WANT_PLACE:
    case WANT_PERSON:
    case WANT_YESNO:
    case WANT_TIME: return 0;
    }
    return 0;
}

void rank_traits(const struct query *q, struct candidate *c)
{
    c->f.entry = c->traits & TRAIT_ENTRY ? 1 : 0;
    c->f.want = wanted(c->traits, q->want);
}

/* What the snapshot would have said. */
static uint16_t traits_of(const struct row *row)
{
    if (!row->notes->has_traits)
        row->notes->traits = trait_of(row->body, row->unit, row->nunit);
    row->notes->has_traits = true;
    return (uint16_t)(row->notes->traits | (row->entry ? TRAIT_ENTRY : 0));
}

int rank_row(struct tokenizer *t, const struct query *q, const struct row *row, struct candidate *c)
{
    if (!c->has_traits)
        c->traits = traits_of(row);
    c->has_traits = true;
    rank_traits(q, c);
    c->f.topic = follow_topic(q, row);
    int r = c->traits & TRAIT_LABEL ? heading_label(t, q, row, &c->f.label) : 0;
    if (r || c->has_heading || !heading_possible(q, &c->f))
        return r;
    return heading_row(t, q, row, &c->f);
}

/* How a short question is put says little. Lines above the body count for less: the wording of these is a feature. */
#define SAID_WORDS 4
#define SAID_BODY  0.6

void rank_line(struct tokenizer *t, const struct query *q, const struct row *row,
               struct candidate *c)
{
    c->line = line_compare(t, q, row);
    c->compared = true;
    if (q->nsaid >= SAID_WORDS)
        c->f.said = SAID_BODY * c->line.body + (1 - SAID_BODY) * c->line.said;
}

/* ---- the sum ------------------------------------------------------------------------------------------------------- */

static void read_values(const struct query *q, const struct candidate *c, double ret[PARTS])
{
    ret[BM25] = q->mass > 0 ? c->bm25 / q->mass : 0;
    ret[COVERAGE] = c->f.coverage;
    ret[PAIRS] = c->f.pairs;
    ret[NAMED] = c->f.named;
    ret[HEADING] = c->f.heading;
    ret[WORDING] = c->f.wording;
    ret[LABEL] = c->f.label;
    ret[SAID] = c->f.said;
    ret[WANT] = c->f.want;
    ret[ENTRY] = c->f.entry;
    ret[TOPIC] = c->f.topic;
}

size_t rank_parts(const struct query *q, const struct candidate *c,
                  struct kb_part ret[MAX_SCORE_PARTS])
{
    double value[PARTS];
    read_values(q, c, value);
    for (size_t i = 0; i < PARTS; i++)
        ret[i] = (struct kb_part){parts[i].name, parts[i].meaning, value[i], parts[i].weight};
    return PARTS;
}

double rank_score(const struct query *q, const struct candidate *c)
{
    double value[PARTS], score = 0;
    read_values(q, c, value);
    for (size_t i = 0; i < PARTS; i++)
        score += value[i] * parts[i].weight;
    return score;
}

double rank_unread(const struct query *q, const struct candidate *c)
{
    bool any = q->want == WANT_ANY || q->want == WANT_PLACE || q->want == WANT_PERSON ||
               q->want == WANT_YESNO || q->want == WANT_TIME;
    double topic = q->topic ? parts[TOPIC].weight : 0;
    double label = parts[LABEL].weight * heading_label_most(q, &c->f);
    if (c->has_traits)
        return topic + (c->traits & TRAIT_LABEL ? label : 0);
    return parts[ENTRY].weight + label + topic + (any ? 0 : parts[WANT].weight);
}

struct ranked {
    struct candidate c;
    struct row row;
};

static int by_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->c.score > y->c.score)
        return -1;
    if (x->c.score < y->c.score)
        return 1;
    return strcmp(x->row.key, y->row.key);
}

void rank_sort(struct pool *pool, struct candidate *c, struct row *row, size_t n)
{
    struct ranked *all = pool_array(pool, n, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct ranked){c[i], row[i]};
    if (n)
        qsort(all, n, sizeof *all, by_score);
    for (size_t i = 0; i < n; i++) {
        c[i] = all[i].c;
        row[i] = all[i].row;
    }
}
