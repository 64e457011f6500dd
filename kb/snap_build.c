/* snap_build.c: an index becomes a snapshot.
 *
 * Three steps. (1) Every passage's four texts are tokenized by the tokenizer that FTS5 uses, so the terms
 * are the index's own; the stream of terms is kept in memory, 4 bytes a token. (2) Terms get their final
 * numbers, most frequent first. (3) One walk over the streams yields the postings of all terms at once, since
 * the place of each list is known from the document frequencies. Everything is then written in one sequential
 * pass. A million passages of 90 words need about 1 GB for a few seconds, ten thousand 10 MB. */
#include "kb/snap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kb/bm25f.h"

#define COLOCATED 0x80000000u /* of a token in the stream: another form of the one before */
#define LINE      0x7fffffffu /* in place of a token: a line ends */

struct word {
    uint32_t string, df, last, final; /* last: passage + 1 that counted it */
    uint64_t uses;
    uint32_t hash; /* ours, not the file's */
    uint16_t len;
};

struct posting {
    uint32_t ord;
    uint8_t count[FIELDS];
};

/* Growing arrays, one macro: sizes are the owner's content, so running out is an error and not an abort. */
#define ARRAY(type, name)                                                                          \
    type *name;                                                                                    \
    size_t n_##name, cap_##name
#define ROOM(b, name, more)                                                                        \
    room(b, (void **)&(b)->name, (b)->n_##name, &(b)->cap_##name, sizeof *(b)->name, more)

struct snap_builder {
    int err;
    ARRAY(struct word, word);
    ARRAY(char, string);
    ARRAY(uint32_t, token);   /* per passage and field: how many, then the words and LINEs */
    ARRAY(uint64_t, passage); /* where its tokens begin */
    ARRAY(uint32_t, id);
    ARRAY(uint32_t, tie);
    ARRAY(uint16_t, length); /* FIELDS per passage */
    ARRAY(uint8_t, group);   /* language, audience */
    ARRAY(char, name);
    ARRAY(struct snap_dated, dated);
    ARRAY(char, condition);
    ARRAY(struct posting, posting);
    ARRAY(uint64_t, forward_at);
    ARRAY(uint16_t, forward);
    uint32_t *bucket; /* word + 1, by hash */
    uint32_t nbucket;
    uint32_t *order; /* words, most frequent first */
    uint64_t *first; /* of each final term, its first posting; one more than terms */
    uint32_t *tuple; /* packed counts, most frequent first */
    uint32_t ntuple;
    struct snap_header head;
    unsigned text;      /* of the passage, begun so far */
    size_t text_at;     /* where the current one is in `token`: its number of tokens */
    const char *line;   /* the current text, if its lines count */
    size_t line_at;     /* up to where they were counted */
    size_t lines, seen; /* ends of lines in it; those that are in the stream */
    double average[FIELDS];
};

static void room(struct snap_builder *b, void **items, size_t n, size_t *cap, size_t size,
                 size_t more)
{
    if (b->err || n + more <= *cap)
        return;
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

static void release(struct snap_builder *b)
{
    free(b->word), free(b->string), free(b->token), free(b->passage), free(b->id), free(b->tie),
        free(b->length);
    free(b->group), free(b->name), free(b->dated), free(b->condition), free(b->posting);
    free(b->forward_at), free(b->forward), free(b->bucket), free(b->order), free(b->first),
        free(b->tuple);
}

/* ---- terms ------------------------------------------------------------------------------------------------ */

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

/* What is behind the last token of the text before. */
static void end_text(struct snap_builder *b)
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
    end_text(b);
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

static const char *column(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

static void take_condition(struct snap_builder *b, uint32_t ord, const char *needs,
                           const char *nots)
{
    if (strcmp(needs, "[]") == 0 && strcmp(nots, "[]") == 0)
        return;
    size_t ln = strlen(needs) + 1, lo = strlen(nots) + 1;
    ROOM(b, condition, 4 + ln + lo);
    if (b->err)
        return;
    memcpy(b->condition + b->n_condition, &ord, 4);
    memcpy(b->condition + b->n_condition + 4, needs, ln);
    memcpy(b->condition + b->n_condition + 4 + ln, nots, lo);
    b->n_condition += 4 + ln + lo;
}

#define SQL_PASSAGES                                                                               \
    "SELECT p.id, t.question, t.headings, t.title, t.body, p.lang, p.audience, p.valid_from, "     \
    "p.valid_until,"                                                                               \
    " p.needs, p.nots, p.key FROM passages p JOIN passage_text t ON t.id = p.id "
static const char sql_all[] = SQL_PASSAGES "ORDER BY p.id";
static const char sql_changed[] =
    SQL_PASSAGES "WHERE p.id IN (SELECT id FROM changes WHERE generation > ?1) ORDER BY p.id";

void snap_builder_passage(struct snap_builder *b, const struct snap_passage *p)
{
    ROOM(b, passage, 1);
    ROOM(b, id, 1);
    ROOM(b, tie, 1);
    ROOM(b, length, FIELDS);
    ROOM(b, group, 2);
    ROOM(b, dated, 1);
    if (b->err || p->id < 0 || p->id > UINT32_MAX || b->n_id >= UINT32_MAX - 1) {
        b->err = b->err ? b->err : KB_ERR_INPUT;
        return;
    }
    uint32_t ord = (uint32_t)b->n_id;
    end_text(b);
    b->text = 0;
    b->passage[b->n_passage++] = b->n_token;
    b->id[b->n_id++] = (uint32_t)p->id;
    b->tie[b->n_tie++] = bm25f_tie(p->key);
    b->group[b->n_group++] = name_of(b, p->lang);
    b->group[b->n_group++] = name_of(b, p->audience);
    int32_t from = stats_date(p->valid_from, 0), until = stats_date(p->valid_until, INT32_MAX);
    if (from != 0 || until != INT32_MAX)
        b->dated[b->n_dated++] = (struct snap_dated){ord, from, until};
    take_condition(b, ord, p->needs, p->nots);
}

size_t snap_builder_passages(const struct snap_builder *b)
{
    return b->n_id;
}

static void read_passage(struct snap_builder *b, struct tokenizer *t, sqlite3_stmt *st)
{
    snap_builder_passage(b, &(struct snap_passage){.id = sqlite3_column_int64(st, 0),
                                                   .lang = column(st, 5),
                                                   .audience = column(st, 6),
                                                   .valid_from = column(st, 7),
                                                   .valid_until = column(st, 8),
                                                   .needs = column(st, 9),
                                                   .nots = column(st, 10),
                                                   .key = column(st, 11)});
    for (int f = 0; f < FIELDS && !b->err; f++) {
        const char *s = column(st, 1 + f);
        size_t len = (size_t)sqlite3_column_bytes(st, 1 + f);
        snap_builder_text(b, s, len);
        int err = tokenizer_run(t, s, len, snap_builder_token, b);
        if (err && !b->err)
            b->err = err;
    }
}

/* The language of most passages; of two the one whose name comes first. */
static void count_languages(struct snap_builder *b)
{
    uint32_t uses[256] = {0}, i = 0;
    const char *best = "";
    for (size_t k = 0; k < b->n_group; k += 2)
        uses[b->group[k]]++;
    for (size_t at = 0; at < b->n_name && i < 256; at += strlen(b->name + at) + 1, i++)
        if (uses[i] > uses[b->head.main_lang] ||
            (i && uses[i] == uses[b->head.main_lang] && strcmp(b->name + at, best) < 0)) {
            b->head.main_lang = i;
            best = b->name + at;
        }
}

static void read_passages(struct snap_builder *b, sqlite3 *db, struct tokenizer *t, const char *sql,
                          long long since)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(st))
        rc = sqlite3_bind_int64(st, 1, since);
    while (rc == SQLITE_OK && !b->err) {
        int step = sqlite3_step(st);
        if (step == SQLITE_ROW)
            read_passage(b, t, st);
        else if (step == SQLITE_DONE)
            break;
        else
            rc = step;
    }
    sqlite3_finalize(st);
    if (rc != SQLITE_OK && !b->err)
        b->err = schema_err(rc);
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

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

static uint32_t pack(const uint8_t count[FIELDS])
{
    return (uint32_t)count[0] | (uint32_t)count[1] << 8 | (uint32_t)count[2] << 16 |
           (uint32_t)count[3] << 24;
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

/* The 255 commonest combinations of counts get a code of one byte. A sample is enough to find them: every
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
            all[n++] = pack(b->posting[i].count);
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

/* ---- writing ----------------------------------------------------------------------------------------------- */

struct out {
    FILE *f;
    uint64_t at; /* of the next byte */
    uint8_t page[SNAP_PAGE];
    size_t fill;
    uint64_t *check;
    size_t ncheck, capcheck;
    int err;
    struct snap_header *head;
};

static int write_error(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? KB_ERR_FULL : KB_ERR_IO;
}

static void end_page(struct out *o)
{
    if (o->ncheck == o->capcheck) {
        o->capcheck = o->capcheck ? o->capcheck * 2 : 64;
        uint64_t *bigger = realloc(o->check, o->capcheck * sizeof *o->check);
        if (!bigger) {
            o->err = KB_ERR_NOMEM;
            return;
        }
        o->check = bigger;
    }
    o->check[o->ncheck++] = snap_checksum(o->page, o->fill);
    if (fwrite(o->page, 1, o->fill, o->f) != o->fill)
        o->err = write_error();
    o->fill = 0;
}

static void put(struct out *o, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len && !o->err) {
        size_t n = SNAP_PAGE - o->fill < len ? SNAP_PAGE - o->fill : len;
        memcpy(o->page + o->fill, p, n);
        o->fill += n;
        o->at += n;
        p += n;
        len -= n;
        if (o->fill == SNAP_PAGE)
            end_page(o);
    }
}

static void begin(struct out *o, enum snap_section section)
{
    static const uint8_t zero[8];
    put(o, zero, (8 - o->at % 8) % 8);
    o->head->section[section].at = o->at;
}

static void end(struct out *o, enum snap_section section)
{
    o->head->section[section].len = o->at - o->head->section[section].at;
}

static void section(struct out *o, enum snap_section section, const void *data, size_t len)
{
    begin(o, section);
    put(o, data, len);
    end(o, section);
}

static uint8_t code_of(const struct snap_builder *b, uint32_t value)
{
    for (uint32_t i = 0; i < b->ntuple; i++) /* the first few cover nearly all */
        if (b->tuple[i] == value)
            return (uint8_t)i;
    return SNAP_ESCAPE;
}

/* One part of a list: the postings [from, to) lie in one chunk. */
static void put_part(struct out *o, const struct snap_builder *b, uint64_t from, uint64_t to,
                     uint8_t *code)
{
    struct snap_part part = {.chunk = b->posting[from].ord / SNAP_CHUNK,
                             .n = (uint32_t)(to - from)};
    for (uint64_t i = from; i < to; i++) {
        const struct posting *p = &b->posting[i];
        code[i - from] = code_of(b, pack(p->count));
        part.escapes += code[i - from] == SNAP_ESCAPE;
        float tf = (float)bm25f_tf(p->count, b->length + (size_t)p->ord * FIELDS, b->average);
        if (tf > part.most)
            part.most = tf;
    }
    put(o, &part, sizeof part);
    for (uint64_t i = from; i < to; i++) {
        uint16_t offset = (uint16_t)(b->posting[i].ord % SNAP_CHUNK);
        put(o, &offset, sizeof offset);
    }
    put(o, code, (size_t)(to - from));
    for (uint64_t i = from; i < to; i++)
        if (code[i - from] == SNAP_ESCAPE)
            put(o, b->posting[i].count, FIELDS);
    static const uint8_t zero[4];
    put(o, zero, (4 - o->at % 4) % 4);
}

static void put_lists(struct out *o, const struct snap_builder *b, struct snap_term *term)
{
    uint8_t *code = malloc(SNAP_CHUNK);
    if (!code) {
        o->err = KB_ERR_NOMEM;
        return;
    }
    begin(o, SNAP_LISTS);
    for (uint32_t t = 0; t < b->head.nterm && !o->err; t++) {
        const struct word *w = &b->word[b->order[t]];
        term[t] = (struct snap_term){.list = o->at - o->head->section[SNAP_LISTS].at,
                                     .string = w->string,
                                     .df = w->df,
                                     .len = w->len};
        for (uint64_t from = b->first[t], to; from < b->first[t + 1] && !o->err;
             from = to, term[t].nchunk++) {
            uint32_t chunk = b->posting[from].ord / SNAP_CHUNK;
            for (to = from + 1; to < b->first[t + 1] && b->posting[to].ord / SNAP_CHUNK == chunk;
                 to++)
                ;
            put_part(o, b, from, to, code);
        }
    }
    end(o, SNAP_LISTS);
    free(code);
}

static void put_terms(struct out *o, const struct snap_builder *b)
{
    uint32_t nbucket = 64;
    while (nbucket < b->head.nterm * 2)
        nbucket *= 2;
    struct snap_term *term = calloc(b->head.nterm + 1u, sizeof *term);
    uint32_t *bucket = calloc(nbucket, sizeof *bucket);
    if (!term || !bucket) {
        o->err = KB_ERR_NOMEM;
        goto out;
    }
    put_lists(o, b, term);
    for (uint32_t t = 0; t < b->head.nterm; t++) {
        uint32_t at = snap_hash(b->string + term[t].string, term[t].len) & (nbucket - 1);
        while (bucket[at])
            at = (at + 1) & (nbucket - 1);
        bucket[at] = t + 1;
    }
    section(o, SNAP_TERMS, term, b->head.nterm * sizeof *term);
    section(o, SNAP_BUCKETS, bucket, nbucket * sizeof *bucket);
    section(o, SNAP_STRINGS, b->string, b->n_string);
out:
    free(term);
    free(bucket);
}

static int by_bytes(const void *x, const void *y, void *ctx)
{
    const struct snap_builder *b = ctx;
    return strcmp(b->string + b->word[b->order[*(const uint32_t *)x]].string,
                  b->string + b->word[b->order[*(const uint32_t *)y]].string);
}

static void put_sorted(struct out *o, struct snap_builder *b)
{
    uint32_t *sorted = malloc((b->head.nterm + 1u) * sizeof *sorted);
    if (!sorted) {
        o->err = KB_ERR_NOMEM;
        return;
    }
    for (uint32_t t = 0; t < b->head.nterm; t++)
        sorted[t] = t;
    qsort_r(sorted, b->head.nterm, sizeof *sorted, by_bytes, b);
    section(o, SNAP_SORTED, sorted, b->head.nterm * sizeof *sorted);
    free(sorted);
}

static void put_forward_at(struct out *o, const struct snap_builder *b)
{
    begin(o, SNAP_FORWARD_AT);
    for (size_t i = 0; i < b->n_forward_at; i++) {
        uint32_t at = (uint32_t)b->forward_at[i];
        put(o, &at, sizeof at);
    }
    end(o, SNAP_FORWARD_AT);
}

/* Everything between the header and the page checksums, then those, then the header in front. */
static void put_all(struct out *o, struct snap_builder *b)
{
    struct snap_header *h = &b->head;
    static const struct snap_header blank;
    if (fwrite(&blank, sizeof blank, 1, o->f) != 1)
        o->err = write_error();
    o->at = sizeof *h;
    o->head = h;
    put_terms(o, b);
    put_sorted(o, b);
    section(o, SNAP_IDS, b->id, b->n_id * sizeof *b->id);
    section(o, SNAP_TIES, b->tie, b->n_tie * sizeof *b->tie);
    section(o, SNAP_LENGTHS, b->length, b->n_length * sizeof *b->length);
    section(o, SNAP_GROUPS, b->group, b->n_group);
    section(o, SNAP_NAMES, b->name, b->n_name);
    section(o, SNAP_DATED, b->dated, b->n_dated * sizeof *b->dated);
    section(o, SNAP_CONDITIONS, b->condition, b->n_condition);
    section(o, SNAP_TUPLES, b->tuple, b->ntuple * sizeof *b->tuple);
    put_forward_at(o, b);
    section(o, SNAP_FORWARD, b->forward, b->n_forward * sizeof *b->forward);
    begin(o, SNAP_PAGES);
    if (o->fill && !o->err)
        end_page(o);
    h->section[SNAP_PAGES].len = o->ncheck * sizeof *o->check;
    h->pages_check = snap_checksum(o->check, o->ncheck * sizeof *o->check);
    h->length = o->at + o->ncheck * sizeof *o->check;
    h->check = snap_checksum(h, offsetof(struct snap_header, check));
    if (o->err)
        return;
    if (fwrite(o->check, sizeof *o->check, o->ncheck, o->f) != o->ncheck ||
        fseek(o->f, 0, SEEK_SET) != 0 || fwrite(h, sizeof *h, 1, o->f) != 1 ||
        fseek(o->f, (long)h->length, SEEK_SET) != 0 || fflush(o->f) != 0)
        o->err = write_error();
}

/* Everything into `f`, which is closed. */
static int write_to(struct snap_builder *b, FILE *f, bool sync)
{
    struct out *o = f ? calloc(1, sizeof *o) : NULL;
    int err = f ? KB_ERR_NOMEM : write_error();
    if (o) {
        o->f = f;
        put_all(o, b);
        err = o->err;
        free(o->check);
        free(o);
    }
    if (f && !err && sync && fsync(fileno(f)) != 0)
        err = write_error();
    if (f && fclose(f) != 0 && !err)
        err = write_error();
    return err;
}

/* Nobody may write into it: it is replaced, and whoever overwrites it by mistake would change what is in use. */
static FILE *create(const char *path)
{
    unlink(path); /* left by a process that had our number */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f && fd >= 0)
        close(fd);
    return f;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void set_identity(struct snap_builder *b, const uint8_t base[16], int64_t generation)
{
    struct snap_header *h = &b->head;
    memcpy(h->magic, "GPSNAP\r\n", 8);
    h->format = SNAP_FORMAT;
    h->ranking = KB_RANKING_VERSION;
    h->schema = KB_SCHEMA_VERSION;
    h->order = 0x01020304;
    memcpy(h->base, base, sizeof h->base);
    h->generation = generation;
}

/* From passages and tokens to what is written. */
static int gather(struct snap_builder *b)
{
    end_text(b);
    b->head.n = (uint32_t)b->n_id;
    if (b->err)
        return b->err;
    count_languages(b);
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

int snap_builder_write(struct snap_builder *b, const uint8_t base[16], int64_t generation,
                       const char *path)
{
    set_identity(b, base, generation);
    int err = gather(b);
    if (!err)
        err = write_to(b, create(path), true);
    if (err)
        unlink(path);
    return err;
}

/* A builder with what `sql` selects. */
static int read_builder(sqlite3 *db, struct tokenizer *t, const char *sql, long long since,
                        struct snap_builder **ret)
{
    uint8_t base[16];
    int64_t generation = 0;
    struct snap_builder *b = snap_builder_new();
    int err = b ? schema_identity(db, base, &generation) : KB_ERR_NOMEM;
    if (!err) {
        set_identity(b, base, generation);
        read_passages(b, db, t, sql, since);
        err = b->err;
    }
    if (err)
        snap_builder_free(b);
    else
        *ret = b;
    return err;
}

int snap_build(sqlite3 *db, struct tokenizer *t, const char *path)
{
    struct snap_builder *b = NULL;
    char *temp = sqlite3_mprintf("%s.new-%d", path, (int)getpid());
    int err = temp ? read_builder(db, t, sql_all, 0, &b) : KB_ERR_NOMEM;
    if (!err)
        err = snap_builder_write(b, b->head.base, b->head.generation, temp);
    if (!err && rename(temp, path) != 0)
        err = KB_ERR_IO;
    if (err && temp)
        unlink(temp);
    snap_builder_free(b);
    sqlite3_free(temp);
    return err;
}

int snap_build_changed(sqlite3 *db, struct tokenizer *t, long long since, uint8_t **ret_image,
                       size_t *ret_size)
{
    struct snap_builder *b = NULL;
    char *image = NULL;
    size_t size = 0;
    int err = read_builder(db, t, sql_changed, since, &b);
    if (!err)
        err = gather(b);
    if (!err)
        err = write_to(b, open_memstream(&image, &size), false);
    snap_builder_free(b);
    if (err) {
        free(image);
        return err;
    }
    *ret_image = (uint8_t *)image;
    *ret_size = size;
    return 0;
}
