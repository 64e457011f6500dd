/* store_token.c: keys for programs. Like a browser's, a token is known by its hash only. */
#include <errno.h>
#include <stdio.h>

#include "bot/store_int.h"

static void bind_hash(sqlite3_stmt *st, const unsigned char hash[STORE_HASH])
{
    sqlite3_bind_blob(st, 1, hash, STORE_HASH, SQLITE_STATIC);
}

static const char sql_add_token[] =
    "INSERT INTO tokens(hash, user, name, scopes, at_ms, expires_ms)"
    " SELECT ?1, name, ?3, ?4, ?5, ?6 FROM users WHERE name = ?2 RETURNING id";

int store_add_token(struct store *s, const unsigned char hash[STORE_HASH],
                    const struct store_token *t, int64_t *ret_id)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_TOKEN, sql_add_token, &err, "tttiii", NULL, t->user,
                                  t->name, (int64_t)t->scopes, t->at_ms, t->expires_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    int row = store_row(s, st);
    if (row > 0) {
        *ret_id = sqlite3_column_int64(st, 0);
        row = store_row(s, st) < 0 ? -EIO : 1; /* to its end, or it is rolled back */
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_find_token[] =
    "SELECT u.name, u.role, t.at_ms, ifnull(t.used_ms, 0), t.id, t.scopes FROM tokens t"
    " JOIN users u ON u.name = t.user WHERE t.hash = ?1 AND t.expires_ms > ?2";

int store_find_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                     struct store_session *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_FIND_TOKEN, sql_find_token, &err, "ti", NULL, now_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    int row = store_row(s, st);
    if (row > 0) {
        *ret = (struct store_session){.role = (enum staff_role)sqlite3_column_int(st, 1),
                                      .at_ms = sqlite3_column_int64(st, 2),
                                      .used_ms = sqlite3_column_int64(st, 3),
                                      .token = sqlite3_column_int64(st, 4),
                                      .scopes = sqlite3_column_int(st, 5)};
        snprintf(ret->user, sizeof ret->user, "%s", (const char *)sqlite3_column_text(st, 0));
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_touch_token[] =
    "UPDATE tokens SET used_ms = max(ifnull(used_ms, 0), ?2) WHERE hash = ?1";

int store_touch_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_TOUCH_TOKEN, sql_touch_token, &err, "ti", NULL, now_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    return store_finish(s, st);
}

static const char sql_leak_token[] =
    "UPDATE tokens SET leaked_ms = ?2 WHERE hash = ?1 RETURNING id, user";

int store_leak_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                     struct store_session *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LEAK_TOKEN, sql_leak_token, &err, "ti", NULL, now_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    int row = store_row(s, st);
    if (row > 0) {
        ret->token = sqlite3_column_int64(st, 0);
        snprintf(ret->user, sizeof ret->user, "%s", (const char *)sqlite3_column_text(st, 1));
        row = store_row(s, st) < 0 ? -EIO : 1;
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_tokens[] =
    "SELECT id, user, name, scopes, at_ms, expires_ms, ifnull(used_ms, 0), ifnull(leaked_ms, 0)"
    " FROM tokens WHERE ?1 IS NULL OR user = ?1 ORDER BY id";

int store_tokens(struct store *s, const char *user, store_token_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_TOKENS, sql_tokens, &err, "t", user);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_token t = {.id = sqlite3_column_int64(st, 0),
                                .user = (const char *)sqlite3_column_text(st, 1),
                                .name = (const char *)sqlite3_column_text(st, 2),
                                .scopes = sqlite3_column_int(st, 3),
                                .at_ms = sqlite3_column_int64(st, 4),
                                .expires_ms = sqlite3_column_int64(st, 5),
                                .used_ms = sqlite3_column_int64(st, 6),
                                .leaked_ms = sqlite3_column_int64(st, 7)};
        fn(ctx, &t);
    }
    store_reset(st);
    return row;
}

static const char sql_remove_token[] =
    "DELETE FROM tokens WHERE id = ?1 AND (?2 IS NULL OR user = ?2)";

int store_remove_token(struct store *s, int64_t id, const char *user)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_REMOVE_TOKEN, sql_remove_token, &err, "it", id, user);
    if (!st)
        return err;
    err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db) ? 0 : -ENOENT;
}
