/* extract_scan.c: where the words of a question stand in a passage, unit by unit.
 *
 * A word that the passage's heading says already is worth less inside it: under "Specimen handling" every sentence
 * is about that, and the one that repeats the words is not the one that answers. Its sentences are told apart by the
 * rest of the question and by the kind of answer; what is left over speaks for the section's beginning. */
#include <string.h>

#include "kb/extract.h"

#define MEASURE 0.2  /* of its worth is left to a word that says how something is counted */
#define TOLD    0.35 /* of its worth is left to a word that the heading says */

/* What a unit is, whatever the question. */
struct unit_notes {
    bool dangling, aside, titled;
    uint32_t label, label_end; /* bytes of the passage; the same: it has none */
};

/* Of a passage; made when it is first quoted from (shelf.c). */
struct extract_notes {
    const struct text_words *words;
    const struct unit_notes *unit;
    const double *fit[WANTS]; /* per unit; NULL: not asked for yet */
};

static bool has_label(const struct unit *u)
{
    return u->kind == BLOCK_ITEM || u->kind == BLOCK_ROW;
}

static struct unit_notes note_unit(const struct row *row, const struct unit *u)
{
    size_t at = u->start - row->start, len = u->end - u->start, from = 0;
    const char *text = row->notes->text + at;
    size_t label = has_label(u) ? extract_label(text, len, (enum block_kind)u->kind, &from) : 0;
    return (struct unit_notes){
        .dangling = u->kind == BLOCK_PARAGRAPH && extract_dangling(text, len),
        .aside = extract_aside(text, len),
        .titled = u->kind == BLOCK_PARAGRAPH && u->head && extract_titled(text, len),
        .label = (uint32_t)(at + from),
        .label_end = (uint32_t)(at + from + label)};
}

/* Make row->notes->units, unless it is there. */
static void note_passage(struct tokenizer *t, const struct row *row)
{
    struct pool *pool = row->notes->pool;
    if (row->notes->units)
        return;
    const struct text_words *words = words_quoted(t, row);
    struct extract_notes *notes = pool_alloc(pool, sizeof *notes);
    struct unit_notes *unit = pool_array(pool, row->nunit, sizeof *unit);
    for (size_t i = 0; i < row->nunit; i++)
        unit[i] = note_unit(row, &row->unit[i]);
    *notes = (struct extract_notes){.words = words, .unit = unit};
    row->notes->units = notes;
}

/* How much each unit is of the wanted kind. */
static const double *fits_of(const struct row *row, enum query_want want)
{
    struct extract_notes *notes = row->notes->units;
    if (notes->fit[want])
        return notes->fit[want];
    double *fit = pool_array(row->notes->pool, row->nunit + 1, sizeof *fit);
    for (size_t i = 0; i < row->nunit; i++) {
        const struct unit *u = &row->unit[i];
        if (!(u->head && u->kind == BLOCK_ROW))
            fit[i] = extract_fit(want, row->notes->text + (u->start - row->start),
                                 u->end - u->start, (enum block_kind)u->kind);
    }
    return notes->fit[want] = fit;
}

/* ---- terms in tokens ------------------------------------------------------------------------------------------ */

/* The index behind the term of which the first token is word i, when the others stand in a row from there on; else 0. */
static size_t stands_at(const struct text_words *t, size_t i, const struct query_term *term)
{
    for (size_t k = 1; k < term->ntoken; k++) {
        uint64_t hash = word_hash(term->token[k], strlen(term->token[k]));
        do
            i++;
        while (i < t->n && t->word[i].other);
        if (i == t->n)
            return 0;
        while (t->word[i].hash != hash)
            if (++i == t->n || !t->word[i].other)
                return 0;
    }
    return i + 1;
}

typedef void found_fn(void *ctx, const struct query_term *term, size_t from, size_t to);

static void find_terms(const struct query *q, const struct text_words *t, found_fn *fn, void *ctx)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct line_word *word = line_word(&q->line, t->word[i].hash);
        for (size_t k = word ? word->term : 0; k; k = q->line.next[k - 1]) {
            size_t to = stands_at(t, i, &q->term[k - 1]);
            if (to)
                fn(ctx, &q->term[k - 1], i, to);
        }
    }
}

/* ---- what the headings tell -------------------------------------------------------------------------------------- */

static void fill_slots(float *fill, const struct query_term *term)
{
    for (size_t s = term->slot; s < term->slot + term->nslot; s++)
        if (fill[s] < term->weight)
            fill[s] = (float)term->weight;
}

/* The "long" of "how long": it was answered by a period and not by the word. */
static bool measures(const struct query *q, size_t slot)
{
    static const char *const word[] = {"long", "length", "duration", "much",
                                       "many", "often",  "old",      "far"};
    bool figure = q->want == WANT_DURATION || q->want == WANT_NUMBER || q->want == WANT_MONEY;
    for (size_t i = 0; figure && i < sizeof word / sizeof *word; i++)
        if (!strcmp(q->slot[slot].word, word[i]))
            return true;
    return false;
}

static void read_told(const struct candidate *c, struct scan *s)
{
    const struct query *q = s->q;
    float *fill = pool_array(s->pool, q->nslot + 1, sizeof *fill);
    double own = 0;
    for (size_t i = 0; i < c->nmatch; i++)
        if (c->match[i].field != FIELD_BODY)
            fill_slots(fill, &q->term[c->match[i].term]);
    for (size_t i = 0; i < q->nslot; i++) {
        double share = q->mass > 0 ? q->slot[i].weight * q->slot[i].idf / q->mass : 0;
        s->share[i] = share;
        if (!q->slot[i].context) {
            own += share;
            s->told += share * fill[i];
        }
        s->value[i] = share * (1 - (1 - TOLD) * fill[i]) * (measures(q, i) ? MEASURE : 1);
    }
    s->own = own;
    s->headline = fill;
}

/* ---- what the units say --------------------------------------------------------------------------------------------- */

struct placing {
    struct scan *s;
    struct text_words tokens;
    size_t unit; /* the last one that was looked at: tokens come in order */
    bool *asked; /* per token: it is a word of the question */
};

static void place(void *ctx, const struct query_term *term, size_t from, size_t to)
{
    struct placing *p = ctx;
    struct scan *s = p->s;
    const struct text_word *first = &p->tokens.word[from], *last = &p->tokens.word[to - 1];
    size_t at = s->row->start + first->start;
    for (size_t i = from; i < to; i++)
        p->asked[i] = true;
    while (p->unit < s->row->nunit && s->row->unit[p->unit].end <= at)
        p->unit++;
    if (p->unit < s->row->nunit && s->row->unit[p->unit].start <= at)
        fill_slots(s->seen[p->unit].fill, term);
    for (size_t i = from; i < to; i++) {
        const struct text_word *t = &p->tokens.word[i];
        size_t end = text_word_end(t);
        if ((!s->nmark || s->mark[s->nmark - 1].end <= t->start) && end <= text_word_end(last))
            *POOL_PUSH(s->pool, s->mark, s->nmark, s->capmark) = (struct kb_span){t->start, end};
    }
}

static void fill_label(void *ctx, const struct query_term *term, size_t from, size_t to)
{
    (void)from, (void)to;
    fill_slots(ctx, term);
}

/* How much of the question a unit's label is, when all of it was asked for; else 0. */
static double label_of(const struct scan *s, const struct placing *p, const struct unit_notes *unit)
{
    struct text_words label = p->tokens;
    while (label.n && label.word[0].start < unit->label)
        label.word++, label.n--;
    while (label.n && text_word_end(&label.word[label.n - 1]) > unit->label_end)
        label.n--;
    size_t content = 0;
    for (size_t i = 0; i < label.n; i++) {
        const struct text_word *t = &label.word[i];
        if (text_word_end(t) > unit->label_end || t->stop || t->other)
            continue;
        content++;
        if (!p->asked[t - p->tokens.word])
            return 0;
    }
    if (!content)
        return 0;
    float *fill = pool_array(s->pool, s->q->nslot + 1, sizeof *fill);
    find_terms(s->q, &label, fill_label, fill);
    double recall = 0;
    for (size_t k = 0; k < s->q->nslot; k++)
        if (!s->q->slot[k].context)
            recall += s->share[k] * fill[k];
    return s->own > 0 ? recall / s->own : 0;
}

static bool quoted_before(const struct scan *s, const struct unit *u)
{
    for (size_t i = 0; i < s->q->nskip; i++)
        if (!strcmp(s->q->skip[i].document, s->row->notes->doc_id) &&
            s->q->skip[i].start < u->end && u->start < s->q->skip[i].end)
            return true;
    return false;
}

static void judge(struct scan *s, const struct placing *p, size_t i)
{
    const struct unit *u = &s->row->unit[i];
    const struct unit_notes *notes = &s->row->notes->units->unit[i];
    struct seen *seen = &s->seen[i];
    for (size_t k = 0; k < s->q->nslot; k++)
        seen->worth += s->value[k] * seen->fill[k];
    seen->dangling = notes->dangling;
    seen->aside = notes->aside;
    seen->titled = notes->titled;
    seen->quoted = quoted_before(s, u);
    s->fresh += !seen->quoted;
    if (notes->label_end > notes->label)
        seen->label = label_of(s, p, notes);
}

/* Share of the message's own words that the passage has, in a heading or below it. */
static double own_words(const struct scan *s)
{
    double have = 0;
    for (size_t k = 0; k < s->q->nslot; k++) {
        float best = s->headline[k];
        for (size_t i = 0; i < s->row->nunit; i++)
            best = s->seen[i].fill[k] > best ? s->seen[i].fill[k] : best;
        have += s->q->slot[k].context ? 0 : s->share[k] * best;
    }
    return s->own > 0 ? have / s->own : 0;
}

/* The first unit that has the weightiest word that any of them has; nunit when none has one. */
static size_t first_mention(const struct scan *s)
{
    size_t first = s->row->nunit;
    double weightiest = 0;
    for (size_t i = 0; i < s->row->nunit; i++)
        for (size_t k = 0; k < s->q->nslot; k++)
            if (s->seen[i].fill[k] > 0 && s->share[k] * s->seen[i].fill[k] > weightiest) {
                weightiest = s->share[k] * s->seen[i].fill[k];
                first = i;
            }
    return first;
}

void extract_scan(struct tokenizer *t, const struct query *q, struct pool *pool,
                  const struct row *row, const struct candidate *c, struct scan *ret)
{
    note_passage(t, row);
    const struct extract_notes *notes = row->notes->units;
    const double *fit = fits_of(row, q->want);
    struct scan s = {.q = q, .row = row, .pool = pool, .text = row->notes->text};
    s.share = pool_array(pool, q->nslot + 1, sizeof *s.share);
    s.value = pool_array(pool, q->nslot + 1, sizeof *s.value);
    s.seen = pool_array(pool, row->nunit + 1, sizeof *s.seen);
    float *fill = pool_array(pool, (row->nunit + 1) * (q->nslot + 1), sizeof *fill);
    for (size_t i = 0; i < row->nunit; i++)
        s.seen[i] = (struct seen){.fill = fill + i * (q->nslot + 1), .fit = fit[i]};
    read_told(c, &s);
    struct placing p = {.s = &s, .tokens = *notes->words};
    p.asked = pool_array(pool, notes->words->n + 1, sizeof *p.asked);
    find_terms(q, &p.tokens, place, &p);
    for (size_t i = 0; i < row->nunit; i++)
        judge(&s, &p, i);
    s.first = first_mention(&s);
    s.has = own_words(&s);
    *ret = s;
}
