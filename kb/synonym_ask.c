/* synonym_ask.c: the pairs of synonyms.yaml as a question needs them: by their first token.
 *
 * Both sides are tokenized once, when the base is opened or has changed, so "lab techs" in the file and
 * "lab tech" in a question meet. A pair that tokenizes to nothing, to the same tokens on both sides, or
 * to more than SYNONYM_WORDS words is of no use and is left out; index.c has reported what is wrong
 * with the file long before. When an owner mixes languages in one base,
 * synonyms hold for the language of most passages. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

static const char sql_synonyms[] =
    "SELECT from_text, to_text, weight FROM synonyms ORDER BY line, rowid";

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

int synonyms_load(sqlite3 *db, struct tokenizer *t, const char *lang, struct synonyms **ret)
{
    struct pool *pool = pool_new();
    struct synonyms *s = pool_alloc(pool, sizeof *s);
    s->pool = pool;
    sqlite3_stmt *st = NULL;
    int r = 0, rc = sqlite3_prepare_v2(db, sql_synonyms, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = read_pair(s, t, lang, st);
    if (!r && rc != SQLITE_DONE)
        r = schema_err(rc);
    if (!r && s->n)
        qsort(s->pair, s->n, sizeof *s->pair, by_first);
    sqlite3_finalize(st);
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
        if (strcmp(s->pair[mid].from[0], token) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    size_t end = low;
    while (end < s->n && !strcmp(s->pair[end].from[0], token))
        end++;
    *ret_n = end - low;
    return *ret_n ? &s->pair[low] : NULL;
}

void synonyms_free(struct synonyms *s)
{
    if (s)
        pool_free(s->pool);
}
