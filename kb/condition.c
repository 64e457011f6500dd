/* condition.c: what an entry needs, and what rules it out (`needs:` and `not:` of an entry). */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <string.h>

struct words {
    struct pool *pool;
    const char **word;
    size_t n, cap;
};

static int add_word(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    struct words *w = ctx;
    (void)start;
    (void)end;
    if (!colocated)
        *POOL_PUSH(w->pool, w->word, w->n, w->cap) = pool_strndup(w->pool, token, len);
    return 0;
}

int condition_words(struct pool *pool, struct tokenizer *t, const char *json, const char ***ret,
                    size_t *ret_n)
{
    int r = 0;
    struct words w = {.pool = pool};
    cJSON *list = cJSON_Parse(json), *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!r && cJSON_IsString(item))
            r = tokenizer_run(t, item->valuestring, strlen(item->valuestring), add_word, &w);
    }
    cJSON_Delete(list);
    *ret = w.word;
    *ret_n = w.n;
    return r;
}

static bool has_token(const struct query *q, const char *token, bool synonyms)
{
    for (size_t i = 0; i < q->ntyped; i++)
        if (!strcmp(q->typed[i], token))
            return true;
    for (size_t i = 0; synonyms && i < q->nterm; i++)
        if (q->term[i].ntoken == 1 && !strcmp(q->term[i].token[0], token))
            return true;
    return false;
}

/* What an entry needs may be said in other words; what rules it out must be typed. */
bool condition_holds(const struct query *q, const char *const *needs, size_t nneeds,
                     const char *const *nots, size_t nnots)
{
    for (size_t i = 0; i < nneeds; i++)
        if (!has_token(q, needs[i], true))
            return false;
    for (size_t i = 0; i < nnots; i++)
        if (has_token(q, nots[i], false))
            return false;
    return true;
}
