/* snap_number.c: words get their final numbers, most frequent first, passages theirs, in the order in which equal scores
 * are ranked, and every word its list.
 *
 * The place of each list is known from how many passages have its word, so one walk over the passages in their final
 * order writes all lists at once. The forward list is the stream in final numbers, and stays in its order: passages of a
 * document, which are often wanted together, are then on the same page. */
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
    for (uint32_t ord = 0; ord < b->head.n; ord++) {
        const uint32_t *p = b->token + b->passage[b->at[ord]];
        for (unsigned f = 0; f < FIELDS; f++)
            for (uint32_t n = *p++; n; n--, p++)
                if (*p != LINE)
                    count_posting(b, *p & ~COLOCATED, ord, f);
    }
}

static void put_forwards(struct snap_builder *b)
{
    for (uint32_t i = 0; i < b->head.n && !b->err; i++) {
        const uint32_t *p = b->token + b->passage[i];
        ROOM(b, forward_at, 2);
        if (b->err)
            return;
        b->forward_at[b->n_forward_at++] = b->n_forward;
        for (unsigned f = 0; f < FIELDS; f++) {
            for (uint32_t n = *p++; n && !b->err; n--, p++)
                put_forward(b, *p);
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

/* ---- codes ------------------------------------------------------------------------------------------------------- */

/* Kinds by what they are, in a table that is at least half empty: kind + 1, 0: free. */
struct kinds {
    uint32_t *slot;
    size_t n; /* a power of two */
};

static size_t hash_tuple(const struct snap_tuple *t)
{
    uint32_t count;
    uint64_t length;
    memcpy(&count, t->count, sizeof count);
    memcpy(&length, t->length, sizeof length);
    uint64_t h = (length ^ count * 0x9e3779b97f4a7c15u) * 0x9fb21c651e98df25u;
    return (size_t)(h ^ h >> 32);
}

static uint32_t *slot_of(const struct snap_builder *b, const struct kinds *k,
                         const struct snap_tuple *t)
{
    size_t at = hash_tuple(t) & (k->n - 1);
    while (k->slot[at] && memcmp(&b->kind[k->slot[at] - 1].tuple, t, sizeof *t) != 0)
        at = (at + 1) & (k->n - 1);
    return &k->slot[at];
}

static void grow_kinds(struct snap_builder *b, struct kinds *k)
{
    struct kinds more = {.n = k->n ? k->n * 4 : 4096};
    more.slot = calloc(more.n, sizeof *more.slot);
    if (!more.slot) {
        b->err = KB_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < b->n_kind; i++)
        *slot_of(b, &more, &b->kind[i].tuple) = (uint32_t)i + 1;
    free(k->slot);
    *k = more;
}

/* Each posting gets its kind. */
static void find_kinds(struct snap_builder *b)
{
    struct kinds k = {0};
    for (size_t i = 0; i < b->n_posting && !b->err; i++) {
        struct posting *p = &b->posting[i];
        struct snap_tuple t = {0};
        const uint16_t *length = b->length + (size_t)p->ord * FIELDS;
        memcpy(t.count, p->count, sizeof t.count);
        for (unsigned f = 0; f < FIELDS; f++)
            t.length[f] = t.count[f] ? length[f] : 0;
        if (b->n_kind * 2 >= k.n)
            grow_kinds(b, &k);
        ROOM(b, kind, 1);
        if (b->err)
            break;
        uint32_t *slot = slot_of(b, &k, &t);
        if (!*slot) {
            b->kind[b->n_kind] =
                (struct kind){.tuple = t, .tf = (float)bm25f_tf(t.count, t.length, b->average)};
            *slot = (uint32_t)++b->n_kind;
        }
        p->kind = *slot - 1;
        b->kind[p->kind].uses++;
    }
    free(k.slot);
}

static int by_uses(const void *x, const void *y, void *ctx)
{
    const struct kind *kind = ctx, *a = &kind[*(const uint32_t *)x],
                      *b = &kind[*(const uint32_t *)y];
    if (a->uses != b->uses)
        return a->uses < b->uses ? 1 : -1;
    return memcmp(&a->tuple, &b->tuple, sizeof a->tuple);
}

/* The commonest kinds get a code; of all others every posting is written out. */
static void number_tuples(struct snap_builder *b)
{
    find_kinds(b);
    b->code = malloc((b->n_kind + 1) * sizeof *b->code);
    if (!b->code)
        b->err = KB_ERR_NOMEM;
    if (b->err)
        return;
    for (size_t i = 0; i < b->n_kind; i++)
        b->code[i] = (uint32_t)i;
    qsort_r(b->code, b->n_kind, sizeof *b->code, by_uses, b->kind);
    for (size_t i = 0; i < b->n_kind; i++)
        b->kind[b->code[i]].code = (uint16_t)(i < SNAP_CODES ? i : SNAP_ESCAPE);
    b->head.ntuple = (uint32_t)(b->n_kind < SNAP_CODES ? b->n_kind : SNAP_CODES);
}

/* ---- passages ------------------------------------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* By tie, then by id, as the stream has them. */
static void order_passages(struct snap_builder *b)
{
    uint64_t *key = malloc((b->n_id + 1) * sizeof *key);
    b->at = malloc((b->n_id + 1) * sizeof *b->at);
    if (!key || !b->at) {
        b->err = KB_ERR_NOMEM;
    } else {
        for (size_t i = 0; i < b->n_id; i++)
            key[i] = (uint64_t)b->tie[i] << 32 | i;
        qsort(key, b->n_id, sizeof *key, by_number);
        for (size_t ord = 0; ord < b->n_id; ord++)
            b->at[ord] = (uint32_t)key[ord];
    }
    free(key);
}

static void order_lengths(struct snap_builder *b)
{
    uint16_t *length = malloc((b->n_length + 1) * sizeof *length);
    if (!length) {
        b->err = KB_ERR_NOMEM;
        return;
    }
    for (size_t ord = 0; ord < b->n_id; ord++)
        memcpy(length + ord * FIELDS, b->length + (size_t)b->at[ord] * FIELDS,
               FIELDS * sizeof *length);
    free(b->length);
    b->length = length;
    b->cap_length = b->n_length + 1;
}

static int by_ord(const void *x, const void *y)
{
    const struct snap_dated *a = x, *b = y;
    return (a->ord > b->ord) - (a->ord < b->ord);
}

static void order_dated(struct snap_builder *b, const uint32_t *ord)
{
    for (size_t i = 0; i < b->n_dated; i++)
        b->dated[i].ord = ord[b->dated[i].ord];
    if (b->n_dated)
        qsort(b->dated, b->n_dated, sizeof *b->dated, by_ord);
}

/* A place and two strings each. */
static void order_conditions(struct snap_builder *b, const uint32_t *ord)
{
    uint64_t *key = malloc((b->n_condition / 6 + 1) * sizeof *key);
    char *sorted = malloc(b->n_condition + 1);
    size_t n = 0, len = 0;
    if (!key || !sorted) {
        b->err = KB_ERR_NOMEM;
        goto out;
    }
    for (char *p = b->condition, *end = p + b->n_condition; p < end; n++) {
        uint32_t at;
        memcpy(&at, p, 4);
        key[n] = (uint64_t)ord[at] << 32 | (uint64_t)(p - b->condition);
        memcpy(p, &ord[at], 4);
        p += 4 + strlen(p + 4) + 1;
        p += strlen(p) + 1;
    }
    qsort(key, n, sizeof *key, by_number);
    for (size_t i = 0; i < n; i++) {
        const char *from = b->condition + (uint32_t)key[i], *needs = from + 4;
        const char *nots = needs + strlen(needs) + 1, *end = nots + strlen(nots) + 1;
        memcpy(sorted + len, from, (size_t)(end - from));
        len += (size_t)(end - from);
    }
    memcpy(b->condition, sorted, len);
out:
    free(key);
    free(sorted);
}

/* Everything that is said of passages, by ord. */
static void number_passages(struct snap_builder *b)
{
    uint32_t *ord = malloc((b->n_id + 1) * sizeof *ord);
    order_passages(b);
    if (!ord)
        b->err = KB_ERR_NOMEM;
    for (size_t i = 0; !b->err && i < b->n_id; i++)
        ord[b->at[i]] = (uint32_t)i;
    if (!b->err)
        order_lengths(b);
    if (!b->err)
        order_dated(b, ord);
    if (!b->err && b->n_condition)
        order_conditions(b, ord);
    if (b->err)
        free(ord);
    else
        b->ord = ord;
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

int snap_number(struct snap_builder *b)
{
    b->head.n = (uint32_t)b->n_id;
    if (b->err)
        return b->err;
    snap_builder_lang(b);
    for (int f = 0; f < FIELDS; f++)
        b->average[f] = bm25f_average(b->head.total[f], b->head.filled[f]);
    if (!b->err)
        number_passages(b);
    if (!b->err)
        number_words(b);
    if (!b->err)
        count_postings(b);
    if (!b->err)
        put_forwards(b);
    if (!b->err)
        number_tuples(b);
    return b->err;
}
