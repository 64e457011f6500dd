/* core.c: the ranking core alone: question to the ten best passages and their scores, without the rerank, the confidence
 * and the extract. The only bench that looks inside kb/. */
#include <string.h>

#include "kb/kb_int.h"
#include "tests/bench/bench.h"

uint64_t core_ask(struct kb *kb, const char *text, size_t max)
{
    struct kb_ask ask = {.text = text, .len = strlen(text)};
    sqlite3_exec(kb->db, "BEGIN", 0, 0, 0);
    kb_refresh(kb);
    uint64_t t = now_ns();
    struct pool *pool = pool_new();
    const struct query_reader reader = {kb->tokenizer, NULL, NULL, kb_main_lang(kb)};
    struct query q = {0};
    struct candidates c = {0};
    int r = query_build(&reader, pool, &ask, &q);
    if (!r)
        r = candidates_find(kb, &q, pool, max, &c);
    pool_free(pool);
    t = now_ns() - t;
    sqlite3_exec(kb->db, "COMMIT", 0, 0, 0);
    return r ? 0 : t;
}
