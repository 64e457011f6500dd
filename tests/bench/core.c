/* core.c: the ranking core alone, and what else the bench must know of kb/'s insides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kb/snap_view.h"
#include "tests/bench/bench.h"

#define BEST 10

struct core {
    struct kb *kb;
};

struct core *core_open(const char *db)
{
    struct core *c = calloc(1, sizeof *c);
    if (!c)
        die(db, "out of memory");
    int err = kb_open(db, &c->kb);
    if (!err)
        err = schema_err(sqlite3_exec(c->kb->db, "BEGIN", 0, 0, 0));
    if (!err)
        err = kb_refresh(c->kb);
    if (err)
        die(db, kb_strerror(err));
    if (!c->kb->view)
        die(db, "has no snapshot");
    return c;
}

void core_close(struct core *c)
{
    if (!c)
        return;
    kb_close(c->kb);
    free(c);
}

static void ask(struct core *c, const char *question, bool every_word)
{
    struct kb_ask ask = {.text = question, .len = strlen(question)};
    struct pool *pool = pool_new();
    const struct query_reader reader = {
        .tokenizer = c->kb->tokenizer, .main_lang = kb_main_lang(c->kb), .every_word = every_word};
    struct query q = {0};
    struct candidates best = {0};
    int err = query_build(&reader, pool, &ask, &q);
    if (!err)
        err = candidates_find(c->kb, &q, pool, BEST, &best);
    if (err)
        die(question, kb_strerror(err));
    pool_free(pool);
}

void core_ask(struct core *c, const char *question)
{
    ask(c, question, false);
}

void core_ask_every(struct core *c, const char *question)
{
    ask(c, question, true);
}

void core_content(const char *question, char *ret, size_t size)
{
    struct pool *pool = pool_new();
    const char *s = question, *word;
    size_t len = 0;
    ret[0] = 0;
    for (size_t n; (n = corpus_word(&s, &word));) {
        size_t folded;
        const char *w = text_fold(pool, word, n, &folded);
        bool negated = s == word + n + 2 && s[-1] == 't'; /* "don't" */
        if (negated)
            w = pool_printf(pool, "%st", w);
        if (stopword("en", w, folded + negated) || len + n + 2 > size)
            continue;
        if (len)
            ret[len++] = ' ';
        memcpy(ret + len, word, n);
        ret[len += n] = 0;
    }
    if (!len)
        snprintf(ret, size, "%s", question);
    pool_free(pool);
}

struct cost core_snapshot(const char *db, size_t *ret_bytes)
{
    sqlite3 *base;
    struct tokenizer *t;
    struct stat st = {0};
    struct cost took = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s.snap", db);
    int err = schema_open(db, false, &base);
    if (!err)
        err = tokenizer_new(&t);
    struct cost start = cost_now();
    if (!err)
        err = snap_build(base, t, path);
    if (err)
        die(path, kb_strerror(err));
    cost_add(&took, start);
    stat(path, &st);
    *ret_bytes = (size_t)st.st_size;
    tokenizer_free(t);
    sqlite3_close(base);
    return took;
}
