/* snap_builder.c: passages and their words, as they come, become a stream of numbers.
 *
 * Who calls is the tokenizer that FTS5 uses, so the terms are the index's own. A word gets its number when it
 * is first met; the stream takes 4 bytes a token, and is all that is kept of the text. A million passages of 90 words
 * need about 1 GB for a few seconds, ten thousand 10 MB. */
#include "kb/snap_builder.h"

#include <stdlib.h>
#include <string.h>

void snap_builder_grow(struct snap_builder *b, void **items, size_t n, size_t *cap, size_t size,
                       size_t more)
{
    size_t want = *cap ? *cap * 2 : 1024;
    while (want < n + more)
        want *= 2;
    void *bigger = realloc(*items, want * size);
    if (!bigger) {
        b->err = KB_ERR_NOMEM;
        return;
    }
    *items = bigger;
    *cap = want;
}

/* ---- words ------------------------------------------------------------------------------------------------ */

static void rehash(struct snap_builder *b)
{
    uint32_t n = b->nbucket ? b->nbucket * 2 : 4096;
    uint32_t *bucket = calloc(n, sizeof *bucket);
    if (!bucket) {
        b->err = KB_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < b->n_word; i++) {
        uint32_t at = b->word[i].hash & (n - 1);
        while (bucket[at])
            at = (at + 1) & (n - 1);
        bucket[at] = (uint32_t)i + 1;
    }
    free(b->bucket);
    b->bucket = bucket;
    b->nbucket = n;
}

/* Every token comes here, so it takes words by eight bytes: those at both ends, and for long ones the rest. */
static uint32_t hash_word(const char *s, size_t len)
{
    uint64_t a = 0, z = 0, h = len * 0x9e3779b97f4a7c15u;
    for (; len > 16; s += 8, len -= 8) {
        memcpy(&a, s, 8);
        h = (h ^ a) * 0x9fb21c651e98df25u;
        h ^= h >> 29;
    }
    size_t n = len >= 8 ? 8 : len >= 4 ? 4 : len;
    if (n >= 4) {
        memcpy(&a, s, n);
        memcpy(&z, s + len - n, n);
    } else {
        for (size_t i = 0; i < n; i++)
            a = a << 8 | (uint8_t)s[i];
    }
    h = (h ^ a) * 0x9fb21c651e98df25u;
    h = (h ^ h >> 29 ^ z) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(h >> 32);
}

static uint32_t word_of(struct snap_builder *b, const char *s, size_t len)
{
    if ((b->n_word + 1) * 2 > b->nbucket)
        rehash(b);
    ROOM(b, word, 1);
    ROOM(b, string, len + 1);
    if (b->err)
        return 0;
    uint32_t hash = hash_word(s, len), at = hash & (b->nbucket - 1);
    for (; b->bucket[at]; at = (at + 1) & (b->nbucket - 1)) {
        const struct word *w = &b->word[b->bucket[at] - 1];
        if (w->hash == hash && w->len == len && memcmp(b->string + w->string, s, len) == 0)
            return b->bucket[at] - 1;
    }
    if (b->n_string + len > UINT32_MAX || b->n_word >= LINE) {
        b->err = KB_ERR_NOMEM;
        return 0;
    }
    b->word[b->n_word] =
        (struct word){.string = (uint32_t)b->n_string, .hash = hash, .len = (uint16_t)len};
    memcpy(b->string + b->n_string, s, len);
    b->string[b->n_string + len] = 0;
    b->n_string += len + 1;
    b->bucket[at] = (uint32_t)++b->n_word;
    return (uint32_t)b->n_word - 1;
}

static void put_token(struct snap_builder *b, uint32_t token)
{
    ROOM(b, token, 1);
    if (b->err)
        return;
    b->token[b->n_token++] = token;
    b->token[b->text_at]++;
}

void snap_builder_end(struct snap_builder *b)
{
    for (; b->seen < b->lines; b->seen++)
        put_token(b, LINE);
    b->lines = b->seen = 0;
}

static size_t count_lines(const char *s, size_t len)
{
    size_t n = 0;
    for (const char *p = s; len && (p = memchr(p, '\n', len - (size_t)(p - s))); p++)
        n++;
    return n;
}

void snap_builder_text(void *builder, const char *s, size_t len)
{
    struct snap_builder *b = builder;
    snap_builder_end(b);
    ROOM(b, token, 1);
    if (b->err || b->text == FIELDS) {
        b->err = b->err ? b->err : KB_ERR_INPUT;
        return;
    }
    b->text_at = b->n_token++;
    b->token[b->text_at] = 0;
    b->length[b->n_length++] = 0;
    b->line = b->text == FIELD_QUESTION || b->text == FIELD_HEADINGS ? s : NULL;
    b->lines = b->line ? count_lines(s, len) : 0;
    b->line_at = 0;
    b->text++;
}

int snap_builder_token(void *builder, const char *token, size_t len, size_t start, size_t end,
                       bool colocated)
{
    struct snap_builder *b = builder;
    if (b->seen < b->lines && start > b->line_at) {
        for (size_t n = count_lines(b->line + b->line_at, start - b->line_at); n; n--, b->seen++)
            put_token(b, LINE);
        b->line_at = end;
    }
    uint32_t w = word_of(b, token, len);
    put_token(b, w | (colocated ? COLOCATED : 0));
    if (b->err)
        return 0; /* remembered */
    uint16_t *length = &b->length[b->n_length - 1];
    if (!colocated && *length < UINT16_MAX) {
        b->head.total[b->text - 1]++;
        b->head.filled[b->text - 1] += ++*length == 1;
    }
    b->word[w].uses++;
    if (b->word[w].last != b->n_id) { /* passage + 1 */
        b->word[w].last = (uint32_t)b->n_id;
        b->word[w].df++;
    }
    return 0;
}

/* ---- passages --------------------------------------------------------------------------------------------- */

static uint8_t name_of(struct snap_builder *b, const char *s)
{
    uint32_t k = 0;
    for (size_t at = 0; at < b->n_name; at += strlen(b->name + at) + 1, k++)
        if (strcmp(b->name + at, s) == 0)
            return (uint8_t)k;
    size_t len = strlen(s) + 1;
    ROOM(b, name, len);
    if (b->err || k > 255) { /* more languages and audiences than a byte counts: FTS5 will do */
        b->err = b->err ? b->err : KB_ERR_INPUT;
        return 0;
    }
    memcpy(b->name + b->n_name, s, len);
    b->n_name += len;
    b->head.nname = k + 1;
    return (uint8_t)k;
}

static void take_condition(struct snap_builder *b, uint32_t at, const char *needs, const char *nots)
{
    if (strcmp(needs, "[]") == 0 && strcmp(nots, "[]") == 0)
        return;
    size_t ln = strlen(needs) + 1, lo = strlen(nots) + 1;
    ROOM(b, condition, 4 + ln + lo);
    if (b->err)
        return;
    memcpy(b->condition + b->n_condition, &at, 4);
    memcpy(b->condition + b->n_condition + 4, needs, ln);
    memcpy(b->condition + b->n_condition + 4 + ln, nots, lo);
    b->n_condition += 4 + ln + lo;
}

void snap_builder_passage(struct snap_builder *b, const struct snap_passage *p)
{
    ROOM(b, passage, 1);
    ROOM(b, id, 1);
    ROOM(b, tie, 1);
    ROOM(b, length, FIELDS);
    ROOM(b, group, 2);
    ROOM(b, trait, 1);
    ROOM(b, dated, 1);
    if (b->err || p->id < 0 || p->id > UINT32_MAX || b->n_id >= UINT32_MAX - 1) {
        b->err = b->err ? b->err : KB_ERR_INPUT;
        return;
    }
    uint32_t at = (uint32_t)b->n_id;
    snap_builder_end(b);
    b->text = 0;
    b->passage[b->n_passage++] = b->n_token;
    b->id[b->n_id++] = (uint32_t)p->id;
    b->tie[b->n_tie++] = bm25f_tie(p->key);
    b->group[b->n_group++] = name_of(b, p->lang);
    b->group[b->n_group++] = name_of(b, p->audience);
    b->trait[b->n_trait++] = p->traits;
    int32_t from = stats_date(p->valid_from, 0), until = stats_date(p->valid_until, INT32_MAX);
    if (from != 0 || until != INT32_MAX || *p->audience)
        b->dated[b->n_dated++] = (struct snap_dated){at, from, until};
    take_condition(b, at, p->needs, p->nots);
}

const char *snap_builder_lang(struct snap_builder *b)
{
    uint32_t uses[256] = {0}, i = 0;
    const char *best = "";
    for (size_t k = 0; k < b->n_group; k += 2)
        uses[b->group[k]]++;
    b->head.main_lang = 0;
    for (size_t at = 0; at < b->n_name && i < 256; at += strlen(b->name + at) + 1, i++)
        if (uses[i] > uses[b->head.main_lang] ||
            (i && uses[i] == uses[b->head.main_lang] && strcmp(b->name + at, best) < 0)) {
            b->head.main_lang = i;
            best = b->name + at;
        }
    return best;
}

size_t snap_builder_passages(const struct snap_builder *b)
{
    return b->n_id;
}

static void release(struct snap_builder *b)
{
    free(b->word), free(b->string), free(b->token), free(b->passage), free(b->id), free(b->tie),
        free(b->length);
    free(b->group), free(b->trait), free(b->name), free(b->dated), free(b->condition),
        free(b->synonym), free(b->posting);
    free(b->forward_at), free(b->forward), free(b->at), free(b->ord), free(b->bucket),
        free(b->order), free(b->first), free(b->kind), free(b->code);
}

struct snap_builder *snap_builder_new(void)
{
    struct snap_builder *b = calloc(1, sizeof *b);
    if (b)
        name_of(b, ""); /* the first name of all */
    return b;
}

void snap_builder_free(struct snap_builder *b)
{
    if (b)
        release(b);
    free(b);
}
