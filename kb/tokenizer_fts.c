/* tokenizer_fts.c: the tokenizer as FTS5 knows it, and a tap for who wants to hear the same words while they are indexed. */
#include "kb/kb_int.h"

#include <stdlib.h>

/* One FTS5 table's tokenizer. The tap belongs to the connection, and so to all of them. */
struct fts {
    struct tokenizer *t;
    const struct tokenizer_tap *tap;
};

static void fts_delete(Fts5Tokenizer *self)
{
    struct fts *f = (struct fts *)self;
    tokenizer_free(f->t);
    free(f);
}

static int fts_create(void *ctx, const char **arg, int narg, Fts5Tokenizer **ret)
{
    (void)arg;
    if (narg > 0)
        return SQLITE_ERROR;
    struct fts *f = calloc(1, sizeof *f);
    if (!f || tokenizer_new(&f->t) < 0) {
        free(f);
        return SQLITE_NOMEM;
    }
    f->tap = ctx;
    *ret = (Fts5Tokenizer *)f;
    return SQLITE_OK;
}

struct fts_sink {
    void *ctx;
    int (*fn)(void *, int, const char *, int, int, int);
    const struct tokenizer_tap *tap; /* or NULL */
};

static int fts_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                     bool colocated)
{
    const struct fts_sink *sink = ctx;
    if (sink->tap)
        sink->tap->token(sink->tap->ctx, token, len, start, end, colocated);
    return sink->fn(sink->ctx, colocated ? FTS5_TOKEN_COLOCATED : 0, token, (int)len, (int)start,
                    (int)end);
}

static int fts_tokenize(Fts5Tokenizer *self, void *ctx, int flags, const char *s, int len,
                        int (*fn)(void *, int, const char *, int, int, int))
{
    const struct fts *f = (const struct fts *)self;
    struct fts_sink sink = {.ctx = ctx, .fn = fn};
    if (flags == FTS5_TOKENIZE_DOCUMENT && f->tap->token)
        sink.tap = f->tap;
    if (sink.tap)
        sink.tap->text(sink.tap->ctx, s, len > 0 ? (size_t)len : 0);
    return tokenizer_run(f->t, s, len > 0 ? (size_t)len : 0, fts_token, &sink);
}

static int fts_api(sqlite3 *db, fts5_api **ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(st, 1, ret, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st) == SQLITE_ROW && *ret ? SQLITE_OK : SQLITE_ERROR;
    sqlite3_finalize(st);
    return rc;
}

int tokenizer_register(sqlite3 *db)
{
    static fts5_tokenizer methods = {fts_create, fts_delete, fts_tokenize};
    struct tokenizer_tap *tap = calloc(1, sizeof *tap);
    fts5_api *api = NULL;
    if (!tap)
        return KB_ERR_NOMEM;
    int rc = fts_api(db, &api);
    if (rc == SQLITE_OK)
        rc = api->xCreateTokenizer(api, "guidepost", tap, &methods, free);
    if (rc != SQLITE_OK)
        free(tap);
    return schema_err(rc);
}

int tokenizer_tap(sqlite3 *db, const struct tokenizer_tap *tap)
{
    fts5_tokenizer methods;
    fts5_api *api = NULL;
    void *found = NULL;
    int rc = fts_api(db, &api);
    if (rc == SQLITE_OK)
        rc = api->xFindTokenizer(api, "guidepost", &found, &methods);
    if (rc == SQLITE_OK)
        *(struct tokenizer_tap *)found = tap ? *tap : (struct tokenizer_tap){0};
    return schema_err(rc);
}
