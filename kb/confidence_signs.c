/* confidence_signs.c: what can be seen of a question and a passage that tells whether the one is answered by
 * the other. Each sign is a number from 0 to 1; confidence.c weighs them.
 *
 * All of them are shares: of what was asked for, of the most that could be. None depends on how large the
 * base is or how long the question, which is what makes them comparable between both. A word's *worth* is
 * its weight times its idf; words of any conversation (generalword.c) are worth a third, and nothing when
 * the base lacks them. That it lacks a verb says half as much as that it lacks a thing: what is
 * done is said in many ways ("raise", "increase"). So does a word that is none of English: names of people, places and products
 * are many, and what they are the name of is said by the rest ("do you deliver to Gwalior"). */
#include "kb/english.h"
#include "kb/kb_int.h"
#include "kb/related.h"

#include <math.h>
#include <string.h>

#define GENERAL 0.3  /* of a word's worth, when it is one of any conversation */
#define HALF    0.5  /* of it, when the base lacks it and it is a verb or no word of English */
#define READ    0.86 /* of a correction's weight: less when it is more than a slip away */
#define CIRCUMSTANCE                                                                               \
    0.5               /* slots of a lower weight were not asked for: query.c's sentences around */
#define CHANCE    8.0 /* nats of idf after which a match is hardly chance */
#define FAR_AHEAD 4.0 /* a quarter of the score ahead of the runner-up is as far ahead as it gets */

/* "4" for "for", "I'm 17": no subject, but longer ones are years, sums and codes, and are asked for. */
static bool is_small_number(const char *word)
{
    size_t n = strspn(word, "0123456789");
    return n && n < 3 && !word[n];
}

/* What was typed for the slot, or is likeliest to have been meant by it; NULL in a question of other terms. */
static const struct query_term *typed(const struct query *q, size_t slot)
{
    for (size_t i = 0; i < q->nterm; i++)
        if (q->term[i].slot == slot && q->term[i].typed)
            return &q->term[i];
    return NULL;
}

static bool is_verb(const struct query_term *t)
{
    return t && related_verb(t->token[0]);
}

/* "cofee" was read as "code": likelier than anything else, and not likely. */
static bool is_guess(const struct query_term *t)
{
    return t && t->way == KB_CORRECTED && t->weight < READ;
}

/* What the base's lack of the word says, as a share of what it says of another one. */
static double lacked(const struct query *q, size_t slot)
{
    bool english = !*q->main_lang || !strcmp(q->main_lang, "en");
    if (!english || q->slot[slot].known)
        return 1;
    return is_verb(typed(q, slot)) || !english_word(q->slot[slot].word) ? HALF : 1;
}

/* It could be the subject of a question. */
static bool is_specific(const struct query *q, size_t slot)
{
    const struct query_slot *it = &q->slot[slot];
    return !it->general && !it->context && it->weight >= CIRCUMSTANCE &&
           (it->known || !is_verb(typed(q, slot)));
}

void confidence_read(struct query *q)
{
    struct query_asked *a = &q->asked;
    *a = (struct query_asked){.n = q->nslot <= KB_MAX_TERMS ? q->nslot : KB_MAX_TERMS};
    for (size_t s = 0; s < a->n; s++) {
        struct query_slot *slot = &q->slot[s];
        bool number = is_small_number(slot->word);
        slot->general =
            number || generalword(q->main_lang, slot->word) || lightword(q->main_lang, slot->word);
        a->worth[s] = slot->weight * slot->idf;
        if (!slot->general)
            a->worth[s] *= lacked(q, s);
        else if (!q->bare)
            a->worth[s] *= slot->known || number ? GENERAL : 0;
        a->mass += a->worth[s];
        a->specific[s] = is_specific(q, s);
        a->nspecific += a->specific[s];
        a->nguess += a->specific[s] && is_guess(typed(q, s));
    }
}

/* ---- the runner-up ------------------------------------------------------------------------------------ */

/* Another answer, and not another part, another answer or a copy of the same. */
static bool is_rival(const struct row *a, const struct row *b)
{
    return strcmp(a->title, b->title) != 0 ||
           strcmp(row_last_heading(a), row_last_heading(b)) != 0 ||
           strcmp(a->question, b->question) != 0;
}

/* How far a hit is ahead of those below it. Only the rows that are read in any case are looked at, so that no
 * limit changes what is found. */
static double margin(const struct ranking *r, size_t i)
{
    double score = r->c->c[i].score;
    if (score <= 0 || i + 1 >= RANK_FEW)
        return 0;
    for (size_t k = i + 1; k < r->n && k < RANK_FEW; k++)
        if (is_rival(&r->row[i], &r->row[k]))
            return fmax(0, fmin(1, FAR_AHEAD * (score - r->c->c[k].score) / score));
    return 1;
}

/* How many of the hits beside it are of the same document: several places there have to do with the question. */
static double agreed(const struct ranking *r, size_t i)
{
    size_t same = 0;
    for (size_t k = 0; k < r->n && k < RANK_FEW; k++)
        same += k != i && !strcmp(r->row[i].title, r->row[k].title);
    return fmin(1, (double)same / (RANK_FEW - 1));
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

/* How well each slot is filled by the matches in `fields`: the weight of the best term there. */
static void read_filled(const struct query *q, const struct candidate *c, unsigned fields,
                        double filled[KB_MAX_TERMS + 1])
{
    memset(filled, 0, (q->nslot < KB_MAX_TERMS ? q->nslot + 1 : KB_MAX_TERMS + 1) * sizeof *filled);
    for (size_t i = 0; i < c->nmatch; i++) {
        const struct query_term *t = &q->term[c->match[i].term];
        if (fields >> c->match[i].field & 1)
            for (size_t s = t->slot; s < t->slot + t->nslot && s <= KB_MAX_TERMS; s++)
                filled[s] = fmax(filled[s], t->weight);
    }
}

/* How little it can be chance that the passage has what it has of the question. */
static double evidence(const struct query *q, const double filled[KB_MAX_TERMS + 1])
{
    double have = 0;
    for (size_t s = 0; s < q->asked.n; s++)
        have += q->asked.worth[s] * filled[s];
    return 1 - exp(-have / CHANCE);
}

static bool has_all(const struct query_asked *a, const double filled[KB_MAX_TERMS + 1])
{
    for (size_t s = 0; s < a->n; s++)
        if (a->specific[s] && filled[s] <= 0)
            return false;
    return a->nspecific > 0;
}

void confidence_signs(const struct ranking *r, size_t i, double ret[SIGNS])
{
    const struct query *q = r->q;
    const struct candidate *it = &r->c->c[i];
    const struct query_asked *a = &q->asked;
    const struct line_found line =
        it->compared ? it->line : line_compare(r->tokenizer, q, &r->row[i]);
    double unknown = 0, filled[KB_MAX_TERMS + 1];
    size_t foreign = 0;
    read_filled(q, it, ~0u, filled);
    for (size_t s = 0; s < a->n; s++)
        if (!q->slot[s].known) {
            unknown += a->worth[s];
            foreign += a->specific[s];
        }
    ret[SIGN_EXACT] = fmax(fmax(it->f.heading, it->f.label), line.exact);
    ret[SIGN_UNKNOWN] = a->mass > 0 ? unknown / a->mass : 0;
    ret[SIGN_SAID] = line.sense;
    ret[SIGN_UNPAID] = q->want == WANT_MONEY && it->f.want <= 0;
    ret[SIGN_EVIDENCE] = evidence(q, filled);
    ret[SIGN_ALL] = has_all(a, filled);
    ret[SIGN_MARGIN] = margin(r, i);
    ret[SIGN_AGREED] = agreed(r, i);
    ret[SIGN_WANTED] = it->f.want;
    ret[SIGN_EMPTY] = a->nspecific == 0;
    ret[SIGN_GUESSED] = a->nspecific > 0 && a->nguess == a->nspecific;
    ret[SIGN_FOREIGN] = fmin(1, (double)foreign / 2);
}

bool confidence_named(const struct query *q, const struct candidate *c)
{
    const struct query_asked *a = &q->asked;
    double above[KB_MAX_TERMS + 1];
    read_filled(q, c, ~(1u << FIELD_BODY), above);
    for (size_t s = 0; s < a->n; s++)
        if (a->specific[s] && above[s] > 0)
            return true;
    return false;
}
