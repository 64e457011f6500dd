/* snap_number.c: words get their final numbers, most frequent first, and every word its list.
 *
 * The place of each list is known from how many passages have its word, so one walk over the stream writes all
 * lists at once. The same walk makes the forward list, which is the stream in final numbers. */
#include "kb/snap_builder.h"

#include <stdlib.h>
#include <string.h>

static int by_use(const void *x, const void *y, void *ctx)
{
    const struct snap_builder *b = ctx;
    const struct word *v = &b->word[*(const uint32_t *)x], *w = &b->word[*(const uint32_t *)y];
    if (v->uses != w->uses)
        return v->uses < w->uses ? 1 : -1;
    size_t n = v->len < w->len ? v->len : w->len;
    int c = memcmp(b->string + v->string, b->string + w->string, n);
    return c ? c : (int)v->len - (int)w->len;
}

static void number_words(struct snap_builder *b)
{
    b->order = malloc((b->n_word + 1) * sizeof *b->order);
    b->first = malloc((b->n_word + 1) * sizeof *b->first);
    if (!b->order || !b->first) {
        b->err = KB_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < b->n_word; i++)
        b->order[i] = (uint32_t)i;
    qsort_r(b->order, b->n_word, sizeof *b->order, by_use, b);
    uint64_t at = 0;
    for (size_t i = 0; i < b->n_word; i++) {
        struct word *w = &b->word[b->order[i]];
        w->final = (uint32_t)i;
        w->last = 0;
        b->first[i] = at;
        at += w->df;
        w->df = 0; /* counts up again in count_postings() */
    }
    b->first[b->n_word] = at;
    b->head.nterm = (uint32_t)b->n_word;
    ROOM(b, posting, at);
    b->n_posting = at;
}

/* A token or mark of the stream as it is in the forward list: struct snap_walk. */
static void put_forward(struct snap_builder *b, uint32_t token)
{
    ROOM(b, forward, 4);
    if (b->err)
        return;
    uint16_t *to = b->forward + b->n_forward;
    if (token != LINE && (token & COLOCATED))
        *to++ = SNAP_OTHER;
    uint32_t term = token == LINE ? SNAP_LINE : b->word[token & ~COLOCATED].final;
    if (token != LINE && term >= SNAP_LINE) {
        *to++ = SNAP_WIDE;
        *to++ = (uint16_t)term;
        term >>= 16;
    }
    *to++ = (uint16_t)term;
    b->n_forward = (size_t)(to - b->forward);
}

static void count_posting(struct snap_builder *b, uint32_t word, uint32_t ord, unsigned field)
{
    struct word *w = &b->word[word];
    if (w->last != ord + 1) {
        w->last = ord + 1;
        b->posting[b->first[w->final] + w->df++] = (struct posting){.ord = ord};
    }
    uint8_t *count = &b->posting[b->first[w->final] + w->df - 1].count[field];
    *count = (uint8_t)(*count + (*count < BM25F_TF_MAX));
}

static void count_postings(struct snap_builder *b)
{
    for (uint32_t ord = 0; ord < b->head.n && !b->err; ord++) {
        const uint32_t *p = b->token + b->passage[ord];
        ROOM(b, forward_at, 2);
        if (b->err)
            return;
        b->forward_at[b->n_forward_at++] = b->n_forward;
        for (unsigned f = 0; f < FIELDS; f++) {
            for (uint32_t n = *p++; n && !b->err; n--, p++) {
                put_forward(b, *p);
                if (*p != LINE)
                    count_posting(b, *p & ~COLOCATED, ord, f);
            }
            ROOM(b, forward, 1);
            if (!b->err && f + 1 < FIELDS)
                b->forward[b->n_forward++] = SNAP_FIELD;
        }
    }
    ROOM(b, forward_at, 1);
    if (!b->err)
        b->forward_at[b->n_forward_at++] = b->n_forward;
    if (b->n_forward > UINT32_MAX)
        b->err = KB_ERR_INPUT;
}

static int by_value(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

struct tuple {
    uint32_t value, uses;
};

static int by_uses(const void *x, const void *y)
{
    const struct tuple *a = x, *b = y;
    if (a->uses != b->uses)
        return a->uses < b->uses ? 1 : -1;
    return (a->value > b->value) - (a->value < b->value);
}

/* The 254 commonest combinations of counts get a code of one byte. A sample is enough to find them: every
 * combination that has no code is written out. */
static void number_tuples(struct snap_builder *b)
{
    size_t step = b->n_posting / 200000 + 1, n = 0, kinds = 0;
    uint32_t *all = malloc((b->n_posting / step + 1) * sizeof *all);
    struct tuple *kind = malloc((b->n_posting / step + 1) * sizeof *kind);
    b->tuple = malloc(SNAP_ESCAPE * sizeof *b->tuple);
    if (!all || !kind || !b->tuple) {
        b->err = KB_ERR_NOMEM;
    } else {
        for (size_t i = 0; i < b->n_posting; i += step)
            all[n++] = snap_builder_pack(b->posting[i].count);
        qsort(all, n, sizeof *all, by_value);
        for (size_t i = 0; i < n; i++) {
            if (!kinds || kind[kinds - 1].value != all[i])
                kind[kinds++] = (struct tuple){all[i], 0};
            kind[kinds - 1].uses++;
        }
        qsort(kind, kinds, sizeof *kind, by_uses);
        for (b->ntuple = 0; b->ntuple < kinds && b->ntuple < SNAP_ESCAPE; b->ntuple++)
            b->tuple[b->ntuple] = kind[b->ntuple].value;
    }
    free(all);
    free(kind);
    b->head.ntuple = b->ntuple;
}

int snap_number(struct snap_builder *b)
{
    b->head.n = (uint32_t)b->n_id;
    if (b->err)
        return b->err;
    snap_builder_lang(b);
    for (int f = 0; f < FIELDS; f++)
        b->average[f] = bm25f_average(b->head.total[f], b->head.filled[f]);
    if (!b->err)
        number_words(b);
    if (!b->err)
        count_postings(b);
    if (!b->err)
        number_tuples(b);
    return b->err;
}
