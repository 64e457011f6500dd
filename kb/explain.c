/* explain.c: why a ranking is what it is, as figures for a person to be told (bot/why.c says them in words).
 *
 * Nothing is computed a second way here. What each word gave a passage comes from bm25f_gains(), whose sum is the first
 * stage's score; the parts of the score and of the confidence from rank_parts() and confidence_why(), whose sums are
 * what decided. The one thing that is added is how a word's gain divides among the fields: BM25F adds the fields before it
 * saturates, so the gain is shared out in proportion to what each field brought into that sum. */
#include "kb/bm25f.h"
#include "kb/kb_int.h"
#include "kb/snap_view.h"

#include <string.h>

static struct kb_part *keep_parts(struct pool *pool, const struct kb_part *part, size_t n)
{
    struct kb_part *kept = pool_array(pool, n, sizeof *kept);
    if (n)
        memcpy(kept, part, n * sizeof *kept);
    return kept;
}

static bool fills(const struct query_term *t, size_t slot)
{
    return slot >= t->slot && slot < t->slot + t->nslot;
}

static void explain_word(struct pool *pool, const struct query *q, const char *const *name,
                         size_t s, struct kb_why_word *ret)
{
    const struct query_slot *slot = &q->slot[s];
    size_t cap = 0;
    *ret = (struct kb_why_word){.word = slot->word,
                                .weight = slot->weight,
                                .idf = slot->idf,
                                .before = slot->context,
                                .known = slot->known};
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *t = &q->term[i];
        if (fills(t, s))
            *POOL_PUSH(pool, ret->term, ret->nterm, cap) =
                (struct kb_why_term){name[i], t->way, t->weight, t->df};
    }
}

/* Lengths as the first stage had them. */
struct lengths {
    const uint16_t *of; /* FIELDS of the passage, in tokens */
    const double *average;
};

static struct lengths lengths_of(const struct kb *kb, const struct candidate *c)
{
    static const uint16_t unknown[FIELDS]; /* of a damaged file */
    if (kb->view) {
        const struct snap_row *row = snap_row(kb->view->segment[c->segment].snap, (uint32_t)c->ord);
        return (struct lengths){row ? row->length : unknown, kb->view->average};
    }
    return (struct lengths){kb->stats->len[c->ord], kb->stats->average};
}

/* How the gain of the term divides among the fields where it stands. */
static void share_out(const struct candidate *c, struct lengths length, uint16_t term, double gain,
                      struct kb_why_find *ret)
{
    uint8_t count[FIELDS] = {0};
    for (size_t i = 0; i < c->nmatch; i++)
        if (c->match[i].term == term && count[c->match[i].field] < BM25F_TF_MAX)
            count[c->match[i].field]++;
    double tf = bm25f_tf(count, length.of, length.average);
    for (unsigned f = 0; f < FIELDS; f++) {
        ret->count[f] = count[f];
        if (count[f])
            ret->field[f] = gain * count[f] * bm25f_share(f, length.of[f], length.average) / tf;
    }
}

static void explain_finds(struct pool *pool, const char *const *name,
                          const struct bm25f_weights *weights, struct lengths length,
                          const struct candidate *c, struct kb_why_hit *ret)
{
    struct bm25f_gain gain[KB_MAX_TERMS];
    size_t n = bm25f_gains(weights, c->match, c->nmatch, length.of, length.average, gain), cap = 0;
    for (size_t i = 0; i < n; i++) {
        if (gain[i].gain <= 0)
            continue;
        struct kb_why_find *find = POOL_PUSH(pool, ret->find, ret->nfind, cap);
        *find = (struct kb_why_find){.word = gain[i].slot, .said = name[gain[i].term]};
        share_out(c, length, gain[i].term, gain[i].gain, find);
    }
}

static const char *heading_of(struct pool *pool, const struct row *row)
{
    if (*row->question)
        return pool_strndup(pool, row->question, strcspn(row->question, "\n"));
    return pool_strdup(pool, row->nheading ? row->heading[row->nheading - 1] : "");
}

/* ---- words as their owner writes them ------------------------------------------------------------------- */

/* Terms are tokens, which are stems; a person wants words. What a passage that is explained spells like that will do. */
struct spelling {
    struct pool *pool;
    const char *text;
    const struct query *q;
    const char ***word; /* [term][token], NULL while unknown */
};

static int take_spelling(void *ctx, const char *token, size_t len, size_t start, size_t end,
                         bool colocated)
{
    struct spelling *s = ctx;
    for (size_t i = 0; i < s->q->nterm && !colocated; i++)
        for (size_t k = 0; k < s->q->term[i].ntoken; k++) {
            const char *want = s->q->term[i].token[k];
            if (!s->word[i][k] && strlen(want) == len && !memcmp(want, token, len))
                s->word[i][k] = text_fold(s->pool, s->text + start, end - start, &(size_t){0});
        }
    return 0;
}

/* The words of term `i`, or as it is called where some are not to be had. */
static const char *spelt(const struct spelling *s, size_t i)
{
    const struct query_term *t = &s->q->term[i];
    const char *all = "";
    for (size_t k = 0; k < t->ntoken; k++) {
        if (!s->word[i][k])
            return t->word;
        all = pool_printf(s->pool, "%s%s%s", all, k ? " " : "", s->word[i][k]);
    }
    return all;
}

/* What to call each term: typed words as they were typed, others as a passage spells them. */
static int spell_terms(struct tokenizer *t, struct pool *pool, const struct query *q,
                       const struct row *row, size_t n, const char ***ret)
{
    struct spelling s = {.pool = pool, .q = q};
    const char **name = pool_array(pool, q->nterm, sizeof *name);
    s.word = pool_array(pool, q->nterm, sizeof *s.word);
    for (size_t i = 0; i < q->nterm; i++)
        s.word[i] = pool_array(pool, q->term[i].ntoken, sizeof *s.word[i]);
    for (size_t i = 0; i < n; i++) {
        s.text = pool_printf(pool, "%c%s %s\n%s\n%s\n%s", TOKENIZER_MARK, row[i].lang,
                             row[i].question, row[i].headings, row[i].title, row[i].body);
        int r = tokenizer_run(t, s.text, strlen(s.text), take_spelling, &s);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < q->nterm; i++)
        name[i] = q->term[i].way == KB_TYPED ? q->term[i].word : spelt(&s, i);
    *ret = name;
    return 0;
}

/* ---- how sure ------------------------------------------------------------------------------------------- */

static void explain_confidence(struct pool *pool, const struct ranking *r, struct kb_why *why)
{
    struct confidence_why *sure = pool_alloc(pool, sizeof *sure);
    why->confidence = confidence_why(r, 0, sure);
    why->chance = sure->chance;
    why->nchance = r->n ? KB_CHANCES : 0;
    why->rule = sure->rule;
    why->band = confidence_band(sure);
    why->high = sure->high;
    why->medium = sure->medium;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

int explain_hits(struct kb *kb, struct pool *pool, const struct query *q,
                 const struct candidates *c, const struct row *row, size_t n,
                 const struct kb_why **ret)
{
    const char **name = NULL;
    int r = spell_terms(kb->tokenizer, pool, q, row, n < KB_MAX_WHY ? n : KB_MAX_WHY, &name);
    if (r)
        return r;
    const struct bm25f_weights weights = bm25f_weigh(q, (double)kb_passages(kb), pool);
    struct kb_why *why = pool_alloc(pool, sizeof *why);
    struct kb_part part[MAX_SCORE_PARTS];
    *why = (struct kb_why){.passages = kb_passages(kb),
                           .candidates = n,
                           .want = query_want_name(q->want),
                           .mass = q->mass,
                           .corrected = q->corrected,
                           .ncorrected = q->ncorrected,
                           .nword = q->nslot,
                           .nhit = n < KB_MAX_WHY ? n : KB_MAX_WHY};
    why->word = pool_array(pool, q->nslot, sizeof *why->word);
    for (size_t i = 0; i < q->nslot; i++)
        explain_word(pool, q, name, i, &why->word[i]);
    why->hit = pool_array(pool, why->nhit, sizeof *why->hit);
    for (size_t i = 0; i < why->nhit; i++) {
        struct kb_why_hit *hit = &why->hit[i];
        *hit = (struct kb_why_hit){.passage = pool_strdup(pool, row[i].key),
                                   .title = pool_strdup(pool, row[i].title),
                                   .heading = heading_of(pool, &row[i]),
                                   .found = c->c[i].bm25,
                                   .score = c->c[i].score,
                                   .confidence = c->c[i].confidence};
        explain_finds(pool, name, &weights, lengths_of(kb, &c->c[i]), &c->c[i], hit);
        hit->npart = rank_parts(q, &c->c[i], part);
        hit->part = keep_parts(pool, part, hit->npart);
    }
    explain_confidence(pool, &(struct ranking){kb->tokenizer, q, c, row, n}, why);
    *ret = why;
    return 0;
}
