/* store_audit.c: who of the staff did what, in a chain: each row carries the hash of the one before it and its own,
 *
 *     hash = BLAKE2b-256(prev, then every column as its length in eight bytes, least first, and its bytes)
 *
 * so whoever changes, inserts or removes a row has to change all rows after it, and the last hash, noted elsewhere, tells.
 * NULL has the length 2^64 - 1. The table itself refuses changes (its triggers); they keep honest programs from mistakes,
 * the chain is for the others. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "bot/store_int.h"

static const char sql_last_audit[] = "SELECT hash FROM audit ORDER BY id DESC LIMIT 1";
static const char sql_add_audit[] =
    "INSERT INTO audit(at_ms, actor, role, action, object, before, after, request, prev, hash)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

#define NTEXT 7

static void texts(const struct store_audit *a, const char *ret[NTEXT])
{
    const char *const all[NTEXT] = {a->actor,  a->role,  a->action, a->object,
                                    a->before, a->after, a->request};
    memcpy(ret, all, sizeof all);
}

static void add_number(crypto_generichash_state *h, uint64_t v)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(v >> (8 * i));
    crypto_generichash_update(h, bytes, sizeof bytes);
}

static void hash_row(const unsigned char prev[STORE_HASH], const struct store_audit *a,
                     unsigned char ret[STORE_HASH])
{
    const char *text[NTEXT];
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, STORE_HASH);
    crypto_generichash_update(&h, prev, STORE_HASH);
    add_number(&h, 8);
    add_number(&h, (uint64_t)a->at_ms);
    texts(a, text);
    for (size_t i = 0; i < NTEXT; i++) {
        add_number(&h, text[i] ? strlen(text[i]) : UINT64_MAX);
        if (text[i])
            crypto_generichash_update(&h, (const unsigned char *)text[i], strlen(text[i]));
    }
    crypto_generichash_final(&h, ret, STORE_HASH);
}

/* A hash in a column; zeros for anything else. */
static void read_hash(sqlite3_stmt *st, int column, unsigned char ret[STORE_HASH])
{
    memset(ret, 0, STORE_HASH);
    if (sqlite3_column_bytes(st, column) == STORE_HASH)
        memcpy(ret, sqlite3_column_blob(st, column), STORE_HASH);
}

int store_add_audit(struct store *s, const struct store_audit *a)
{
    unsigned char prev[STORE_HASH] = {0}, hash[STORE_HASH];
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LAST_AUDIT, sql_last_audit, &err, "");
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        read_hash(st, 0, prev);
    store_reset(st);
    if (row < 0)
        return row;
    hash_row(prev, a, hash);
    st = store_bind(s, SQL_ADD_AUDIT, sql_add_audit, &err, "ittttttt", a->at_ms, a->actor, a->role,
                    a->action, a->object, a->before, a->after, a->request);
    if (!st)
        return err;
    sqlite3_bind_blob(st, 9, prev, STORE_HASH, SQLITE_STATIC);
    sqlite3_bind_blob(st, 10, hash, STORE_HASH, SQLITE_STATIC);
    return store_finish(s, st);
}

static const char sql_audit[] =
    "SELECT id, at_ms, actor, role, action, object, before, after, request, prev, hash"
    " FROM audit WHERE id >= ?1 ORDER BY id LIMIT ?2";

static struct store_audit read_audit(sqlite3_stmt *st)
{
    return (struct store_audit){.id = sqlite3_column_int64(st, 0),
                                .at_ms = sqlite3_column_int64(st, 1),
                                .actor = (const char *)sqlite3_column_text(st, 2),
                                .role = (const char *)sqlite3_column_text(st, 3),
                                .action = (const char *)sqlite3_column_text(st, 4),
                                .object = (const char *)sqlite3_column_text(st, 5),
                                .before = (const char *)sqlite3_column_text(st, 6),
                                .after = (const char *)sqlite3_column_text(st, 7),
                                .request = (const char *)sqlite3_column_text(st, 8)};
}

/* The row `after` is read once more: its hash is what the next one has to begin with. */
int store_audit(struct store *s, int64_t after, size_t max, store_audit_fn *fn, void *ctx)
{
    unsigned char prev[STORE_HASH] = {0}, said[STORE_HASH], hash[STORE_HASH], own[STORE_HASH];
    int err, row;
    int64_t limit = max > INT32_MAX ? -1 : (int64_t)max + (after > 0);
    sqlite3_stmt *st = store_bind(s, SQL_AUDIT, sql_audit, &err, "ii", after, limit);
    if (!st)
        return err;
    for (int64_t id = after + 1; (row = store_row(s, st)) > 0; id++) {
        struct store_audit a = read_audit(st);
        if (after && a.id == after) {
            read_hash(st, 10, prev);
            id--;
            continue;
        }
        read_hash(st, 9, said);
        read_hash(st, 10, hash);
        hash_row(prev, &a, own);
        bool sound =
            a.id == id && !memcmp(said, prev, STORE_HASH) && !memcmp(hash, own, STORE_HASH);
        id = a.id; /* one gap is said once */
        fn(ctx, &a, hash, sound);
        memcpy(prev, hash, STORE_HASH);
    }
    store_reset(st);
    return row;
}

static const char sql_find_audit[] =
    "SELECT id, at_ms, actor, role, action, object, before, after, request FROM audit"
    " WHERE (?1 IS NULL OR actor = ?1 COLLATE NOCASE) AND (?2 IS NULL OR object = ?2)"
    " AND (?3 IS NULL OR action = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '.')"
    " AND at_ms >= ?4 AND at_ms < ?5 AND id < ?6 ORDER BY id DESC LIMIT ?7";

int store_find_audit(struct store *s, const struct store_audit_query *q, store_audit_row_fn *fn,
                     void *ctx)
{
    int err, row;
    sqlite3_stmt *st =
        store_bind(s, SQL_FIND_AUDIT, sql_find_audit, &err, "tttiiii", q->actor, q->object,
                   q->action, q->since_ms, q->until_ms ? q->until_ms : INT64_MAX,
                   q->before ? q->before : INT64_MAX, (int64_t)q->max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_audit a = read_audit(st);
        fn(ctx, &a);
    }
    store_reset(st);
    return row;
}
