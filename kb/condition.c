/* condition.c: what an entry needs, and what rules it out (`needs:` and `not:` of an entry).
 *
 * An item is a word, or several that must stand in a row; all are compared as stems, so "license" is said by
 * "licenses". The two lists are read differently on purpose:
 *
 *   needs  may be said in any way that the ranking understands: as it is, corrected, as a synonym or a word of the
 *          same family. Who asks about "wages" has said the `pay` that an entry needs.
 *   not    must have been typed, or be what a typed word was corrected to, or one slip away from a word that the base
 *          does not know ("vetrinary"). No synonyms: a broad group in synonyms.yaml would silently take entries away.
 *
 * Words of earlier messages count for both where the question leans on them: after "what does a welder do", "and how
 * much do they earn" is about welders. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <string.h>

#define SLIP_LETTERS                                                                               \
    6 /* of a word that may be misspelt: short words are one slip from too many others */

/* ---- reading ------------------------------------------------------------------------------------------- */

struct words {
    struct pool *pool;
    const char *item; /* tokens of the item so far, blanks between them */
    size_t last;      /* where the last of them begins */
};

static int add_word(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    struct words *w = ctx;
    (void)start;
    (void)end;
    if (colocated && token[len - 1] == '.') /* "US": not the pronoun */
        w->item = pool_printf(w->pool, "%.*s%.*s", (int)w->last, w->item, (int)len, token);
    if (colocated)
        return 0;
    w->last = strlen(w->item) + (*w->item ? 1 : 0);
    w->item = pool_printf(w->pool, "%s%s%.*s", w->item, *w->item ? " " : "", (int)len, token);
    return 0;
}

int condition_words(struct pool *pool, struct tokenizer *t, const char *json, const char ***ret,
                    size_t *ret_n)
{
    int r = 0;
    size_t cap = 0;
    const char **all = NULL;
    size_t n = 0;
    cJSON *list = cJSON_Parse(json), *item;
    cJSON_ArrayForEach(item, list)
    {
        struct words w = {.pool = pool, .item = ""};
        if (!r && cJSON_IsString(item))
            r = tokenizer_run(t, item->valuestring, strlen(item->valuestring), add_word, &w);
        if (*w.item)
            *POOL_PUSH(pool, all, n, cap) = w.item;
    }
    cJSON_Delete(list);
    *ret = all;
    *ret_n = n;
    return r;
}

/* ---- what was said --------------------------------------------------------------------------------------- */

/* The item's token at *pos, which is moved behind it and its blank; 0 at the end. */
static size_t next_token(const char *item, size_t *pos, const char **ret)
{
    *ret = item + *pos;
    size_t len = strcspn(*ret, " ");
    *pos += len + ((*ret)[len] == ' ');
    return len;
}

static bool equals(const char *token, const char *s, size_t len)
{
    return strlen(token) == len && !memcmp(token, s, len);
}

/* The item's tokens are `token[0..n)`, all of them. */
static bool is_item(const char *const *token, size_t n, const char *item)
{
    size_t pos = 0, i = 0;
    const char *s;
    for (size_t len; (len = next_token(item, &pos, &s)); i++)
        if (i == n || !equals(token[i], s, len))
            return false;
    return i == n;
}

static bool typed_in_a_row(const struct query *q, const char *item)
{
    size_t words = 1;
    for (const char *s = item; (s = strchr(s, ' ')); s++)
        words++;
    for (size_t i = 0; i + words <= q->ntyped; i++)
        if (is_item(&q->typed[i], words, item))
            return true;
    return false;
}

/* Equal but for one letter more, less, other, or two swapped. */
static bool one_slip(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), head = 0, tail = 0;
    while (head < la && head < lb && a[head] == b[head])
        head++;
    while (tail < la - head && tail < lb - head && a[la - 1 - tail] == b[lb - 1 - tail])
        tail++;
    size_t ra = la - head - tail, rb = lb - head - tail;
    return (ra <= 1 && rb <= 1) ||
           (ra == 2 && rb == 2 && a[head] == b[head + 1] && a[head + 1] == b[head]);
}

static bool term_says(const struct query *q, const struct query_term *t, const char *item)
{
    if (is_item(t->token, t->ntoken, item))
        return true;
    return t->way == KB_TYPED && t->ntoken == 1 && !q->slot[t->slot].known &&
           strlen(item) >= SLIP_LETTERS && one_slip(t->token[0], item);
}

static bool said(const struct query *q, const char *item, bool in_other_words)
{
    if (typed_in_a_row(q, item))
        return true;
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *t = &q->term[i];
        bool counts = t->way <= KB_CORRECTED || (in_other_words && t->way < KB_HINT);
        if (counts && term_says(q, t, item))
            return true;
    }
    return false;
}

bool condition_holds(const struct query *q, const char *const *needs, size_t nneeds,
                     const char *const *nots, size_t nnots)
{
    for (size_t i = 0; i < nneeds; i++)
        if (!said(q, needs[i], true))
            return false;
    for (size_t i = 0; i < nnots; i++)
        if (said(q, nots[i], false))
            return false;
    return true;
}
