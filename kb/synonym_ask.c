/* synonym_ask.c: the pairs of synonyms.yaml as a question needs them: by their first token.
 *
 * Both sides are tokenized once, so "lab techs" in the file and "lab tech" in a question meet; a snapshot keeps what came of
 * it, because to do it when the program starts is felt. A pair that tokenizes to nothing, to the same tokens on both sides, or
 * to more than SYNONYM_WORDS words is of no use and is left out; index.c has reported what is wrong
 * with the file long before. The abbreviations that the texts define themselves stand behind the owner's pairs. When an owner mixes languages in one base,
 * synonyms hold for the language of most passages. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

#define ABBREVIATIONS_MAX                                                                          \
    "5000" /* those that are defined most often; reading them takes a base's first question 50 ms */
#define ABBREVIATION_WEIGHT "0.8"

static const char sql_synonyms[] =
    "SELECT from_text, to_text, weight FROM synonyms ORDER BY line, rowid";
/* What they were made of: the file's hash, and the generation that last changed the abbreviations. */
static const char sql_hash[] =
    "SELECT s.value || ' ' || ifnull((SELECT value FROM meta WHERE key = 'abbreviations'), 0)"
    " FROM meta s WHERE s.key = 'synonyms'";

/* What two thirds of the definitions of an abbreviation say, whatever their capitals and plurals; both ways. */
/* clang-format off */
static const char sql_abbreviations[] =
    "WITH said AS (SELECT brief, min(full) AS full, count(*) AS n FROM abbreviations"
    "  GROUP BY brief, rtrim(lower(full), 's')),"
    " agreed AS (SELECT brief, full FROM said s"
    "  WHERE 3 * n >= 2 * (SELECT sum(n) FROM said WHERE brief = s.brief)"
    "  ORDER BY n DESC, brief LIMIT " ABBREVIATIONS_MAX ")"
    " SELECT brief, full, " ABBREVIATION_WEIGHT " FROM agreed"
    " UNION ALL SELECT full, brief, " ABBREVIATION_WEIGHT " FROM agreed ORDER BY 1, 2";
/* clang-format on */

struct synonyms {
    struct pool *pool;
    struct synonym *pair; /* by from[0], then as in the file */
    size_t n, cap;
};

struct phrase {
    struct pool *pool;
    const char *word[SYNONYM_WORDS + 1]; /* one more, to see that it is too long */
    size_t n;
};

static int add_word(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    (void)start;
    (void)end;
    struct phrase *p = ctx;
    if (!colocated && p->n <= SYNONYM_WORDS)
        p->word[p->n++] = pool_strndup(p->pool, token, len);
    else if (colocated && token[len - 1] == '.') /* "US" is the country, not the pronoun */
        p->word[p->n - 1] = pool_strndup(p->pool, token, len);
    return 0;
}

static int read_side(struct synonyms *s, struct tokenizer *t, const char *lang, const char *text,
                     struct phrase *ret)
{
    ret->pool = s->pool;
    size_t mark = strlen(lang), len = strlen(text);
    char *marked = pool_alloc(s->pool, mark + len + 3);
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, lang, mark);
    marked[mark + 1] = ' ';
    memcpy(marked + mark + 2, text, len + 1);
    return tokenizer_run(t, marked, mark + len + 2, add_word, ret);
}

static bool same(const struct phrase *a, const struct phrase *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->word[i], b->word[i]))
            return false;
    return true;
}

static const char *const *keep(struct pool *pool, const struct phrase *p)
{
    const char **word = pool_array(pool, p->n, sizeof *word);
    memcpy(word, p->word, p->n * sizeof *word);
    return word;
}

static int read_pair(struct synonyms *s, struct tokenizer *t, const char *lang, sqlite3_stmt *st)
{
    const char *from_text = (const char *)sqlite3_column_text(st, 0);
    const char *to_text = (const char *)sqlite3_column_text(st, 1);
    double weight = sqlite3_column_double(st, 2);
    struct phrase from = {0}, to = {0};
    int r = read_side(s, t, lang, from_text ? from_text : "", &from);
    if (!r)
        r = read_side(s, t, lang, to_text ? to_text : "", &to);
    if (r)
        return r;
    if (!from.n || !to.n || from.n > SYNONYM_WORDS || to.n > SYNONYM_WORDS || same(&from, &to))
        return 0;
    if (!(weight > 0 && weight < 1)) /* an exact word must always win */
        weight = 0.9;
    size_t order = s->n;
    *POOL_PUSH(s->pool, s->pair, s->n, s->cap) =
        (struct synonym){keep(s->pool, &from), from.n, keep(s->pool, &to), to.n, weight, order};
    return 0;
}

static int by_first(const void *a, const void *b)
{
    const struct synonym *x = a, *y = b;
    int r = strcmp(x->from[0], y->from[0]);
    return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int read_pairs(struct synonyms *s, struct tokenizer *t, const char *lang, sqlite3 *db,
                      const char *sql)
{
    sqlite3_stmt *st = NULL;
    int r = 0, rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = read_pair(s, t, lang, st);
    if (!r && rc != SQLITE_DONE)
        r = schema_err(rc);
    sqlite3_finalize(st);
    return r;
}

int synonyms_load(sqlite3 *db, struct tokenizer *t, const char *lang, struct synonyms **ret)
{
    struct pool *pool = pool_new();
    struct synonyms *s = pool_alloc(pool, sizeof *s);
    s->pool = pool;
    int r = read_pairs(s, t, lang, db, sql_synonyms);
    if (!r)
        r = read_pairs(s, t, lang, db, sql_abbreviations);
    if (!r && s->n)
        qsort(s->pair, s->n, sizeof *s->pair, by_first);
    if (r)
        synonyms_free(s);
    else
        *ret = s;
    return r;
}

const struct synonym *synonyms_find(const struct synonyms *s, const char *token, size_t *ret_n)
{
    *ret_n = 0;
    if (!s)
        return NULL;
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (word_order(s->pair[mid].from[0], token) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    size_t end = low;
    while (end < s->n && !word_order(s->pair[end].from[0], token))
        end++;
    *ret_n = end - low;
    return *ret_n ? &s->pair[low] : NULL;
}

/* ---- in a snapshot --------------------------------------------------------------------------- */

/* The head, the pairs in our order, and the words of each: first those of one side, then those of the other, all
 * terminated. */
#define IMAGE_HASH 56
struct image_head {
    char hash[IMAGE_HASH]; /* what they were made of: sql_hash, with zeroes behind it */
    uint32_t n, text;
};

struct image_pair {
    double weight;
    uint32_t order, word; /* where its words begin, in the text */
    uint32_t nfrom, nto;
};

static bool read_hash(sqlite3 *db, char ret[IMAGE_HASH])
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_hash, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    size_t len = rc == SQLITE_ROW ? (size_t)sqlite3_column_bytes(st, 0) : 0;
    bool known = len > 0 && len <= IMAGE_HASH;
    memset(ret, 0, IMAGE_HASH);
    if (known)
        memcpy(ret, sqlite3_column_text(st, 0), len);
    sqlite3_finalize(st);
    return known;
}

static size_t put_words(char *text, size_t at, const char *const *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(word[i]) + 1;
        if (text)
            memcpy(text + at, word[i], len);
        at += len;
    }
    return at;
}

char *synonyms_image(sqlite3 *db, const struct synonyms *s, size_t *ret_len)
{
    struct image_head head = {.n = (uint32_t)s->n};
    size_t text = 0, pairs = s->n * sizeof(struct image_pair), at = 0;
    for (size_t i = 0; i < s->n; i++) {
        text = put_words(NULL, text, s->pair[i].from, s->pair[i].nfrom);
        text = put_words(NULL, text, s->pair[i].to, s->pair[i].nto);
    }
    head.text = (uint32_t)text;
    *ret_len = sizeof head + pairs + text;
    char *image = read_hash(db, head.hash) ? malloc(*ret_len) : NULL;
    if (!image) {
        *ret_len = 0;
        return NULL;
    }
    struct image_pair *pair = (void *)(image + sizeof head);
    memcpy(image, &head, sizeof head);
    for (size_t i = 0; i < s->n; i++) {
        const struct synonym *p = &s->pair[i];
        pair[i] = (struct image_pair){.weight = p->weight,
                                      .order = (uint32_t)p->order,
                                      .word = (uint32_t)at,
                                      .nfrom = (uint32_t)p->nfrom,
                                      .nto = (uint32_t)p->nto};
        at = put_words(image + sizeof head + pairs, at, p->from, p->nfrom);
        at = put_words(image + sizeof head + pairs, at, p->to, p->nto);
    }
    return image;
}

static bool pair_sound(const struct image_pair *p, size_t text)
{
    return p->nfrom && p->nto && p->nfrom <= SYNONYM_WORDS && p->nto <= SYNONYM_WORDS &&
           p->weight > 0 && p->weight < 1 && p->word < text;
}

/* n terminated words of the text; NULL when there are not so many. */
static const char *const *take_words(struct pool *pool, const char **at, const char *end, size_t n)
{
    const char **word = pool_array(pool, n, sizeof *word);
    for (size_t i = 0; i < n; i++) {
        const char *zero = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;
        if (!zero)
            return NULL;
        word[i] = *at;
        *at = zero + 1;
    }
    return word;
}

static bool take_pairs(struct synonyms *s, const struct image_head *head,
                       const struct image_pair *pair, const char *text)
{
    text = memcpy(pool_alloc(s->pool, head->text + 1u), text, head->text);
    s->pair = pool_array(s->pool, head->n, sizeof *s->pair);
    for (; s->n < head->n; s->n++, pair++) {
        struct synonym *p = &s->pair[s->n];
        if (!pair_sound(pair, head->text))
            return false;
        const char *at = text + pair->word;
        *p = (struct synonym){
            .nfrom = pair->nfrom, .nto = pair->nto, .weight = pair->weight, .order = pair->order};
        p->from = take_words(s->pool, &at, text + head->text, p->nfrom);
        p->to = p->from ? take_words(s->pool, &at, text + head->text, p->nto) : NULL;
        if (!p->to)
            return false;
    }
    return true;
}

struct synonyms *synonyms_adopt(sqlite3 *db, const void *image, size_t len)
{
    const struct image_head *head = image;
    const struct image_pair *pair = (const void *)(head + 1);
    char hash[IMAGE_HASH];
    if (len < sizeof *head || head->n > (len - sizeof *head) / sizeof *pair ||
        len - sizeof *head - head->n * sizeof *pair != head->text || !read_hash(db, hash) ||
        memcmp(hash, head->hash, sizeof hash) != 0)
        return NULL;
    struct pool *pool = pool_new();
    struct synonyms *s = pool_alloc(pool, sizeof *s);
    s->pool = pool;
    if (take_pairs(s, head, pair, (const char *)(pair + head->n)))
        return s;
    synonyms_free(s);
    return NULL;
}

void synonyms_free(struct synonyms *s)
{
    if (s)
        pool_free(s->pool);
}
