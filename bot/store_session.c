/* store_session.c: who of the staff is logged in. A browser's token is known by its hash only: whoever reads the file
 * cannot log in with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/store_int.h"

static void bind_hash(sqlite3_stmt *st, const unsigned char hash[STORE_HASH])
{
    sqlite3_bind_blob(st, 1, hash, STORE_HASH, SQLITE_STATIC);
}

static const char sql_add_session[] =
    "INSERT INTO staff_sessions(hash, user, at_ms, used_ms, agent) VALUES(?1, ?2, ?4, ?4, ?3)";

int store_add_session(struct store *s, const unsigned char hash[STORE_HASH], const char *user,
                      const char *agent, int64_t at_ms)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_ADD_SESSION, sql_add_session, &err, "ttti", NULL, user, agent, at_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    return store_finish(s, st);
}

static const char sql_find_session[] =
    "SELECT u.name, u.role, s.at_ms, s.used_ms, u.totp IS NOT NULL FROM staff_sessions s JOIN "
    "users u ON u.name = "
    "s.user"
    " WHERE s.hash = ?1 AND s.at_ms > ?2 AND s.used_ms > ?3 AND u.changed_ms <= s.at_ms";

int store_find_session(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                       struct store_session *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_FIND_SESSION, sql_find_session, &err, "tii", NULL,
                                  now_ms - SESSION_MAX_MS, now_ms - SESSION_IDLE_MS);
    if (!st)
        return err;
    bind_hash(st, hash);
    int row = store_row(s, st);
    if (row > 0) {
        *ret = (struct store_session){.role = (enum staff_role)sqlite3_column_int(st, 1),
                                      .at_ms = sqlite3_column_int64(st, 2),
                                      .used_ms = sqlite3_column_int64(st, 3),
                                      .factor = sqlite3_column_int(st, 4)};
        snprintf(ret->user, sizeof ret->user, "%s", (const char *)sqlite3_column_text(st, 0));
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_touch_session[] =
    "UPDATE staff_sessions SET used_ms = max(used_ms, ?2) WHERE hash = ?1";

int store_touch_session(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_TOUCH_SESSION, sql_touch_session, &err, "ti", NULL, now_ms);
    if (!st)
        return err;
    bind_hash(st, hash);
    return store_finish(s, st);
}

static const char sql_end_session[] = "DELETE FROM staff_sessions WHERE hash = ?1";

int store_end_session(struct store *s, const unsigned char hash[STORE_HASH])
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_END_SESSION, sql_end_session, &err, "t", NULL);
    if (!st)
        return err;
    bind_hash(st, hash);
    return store_finish(s, st);
}

static const char sql_forget_sessions[] =
    "DELETE FROM staff_sessions WHERE at_ms <= ?1 OR used_ms <= ?2";

int store_forget_sessions(struct store *s, int64_t now_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_FORGET_SESSIONS, sql_forget_sessions, &err, "ii",
                                  now_ms - SESSION_MAX_MS, now_ms - SESSION_IDLE_MS);
    return st ? store_finish(s, st) : err;
}

/* ---- the list of them ---- */

/* The first six bytes of the hash as a number: small enough for JavaScript, and no way back to the token. */
static int64_t id_of(const unsigned char *hash)
{
    int64_t id = 0;
    for (int i = 0; i < 6; i++)
        id = id << 8 | hash[i];
    return id | 1; /* 0 is no session's */
}

static const char sql_sessions[] =
    "SELECT s.hash, u.name, s.agent, s.at_ms, s.used_ms FROM staff_sessions s"
    " JOIN users u ON u.name = s.user WHERE (?1 IS NULL OR s.user = ?1)"
    " AND s.at_ms > ?2 AND s.used_ms > ?3 AND u.changed_ms <= s.at_ms ORDER BY s.used_ms DESC";

static sqlite3_stmt *good_ones(struct store *s, const char *user, int64_t now_ms, int *ret_err)
{
    return store_bind(s, SQL_SESSIONS, sql_sessions, ret_err, "tii", user, now_ms - SESSION_MAX_MS,
                      now_ms - SESSION_IDLE_MS);
}

int store_sessions(struct store *s, const char *user, const unsigned char mine[STORE_HASH],
                   int64_t now_ms, store_session_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = good_ones(s, user, now_ms, &err);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        const unsigned char *hash = sqlite3_column_blob(st, 0);
        if (sqlite3_column_bytes(st, 0) != STORE_HASH)
            continue;
        struct store_session_row r = {.id = id_of(hash),
                                      .user = (const char *)sqlite3_column_text(st, 1),
                                      .agent = (const char *)sqlite3_column_text(st, 2),
                                      .at_ms = sqlite3_column_int64(st, 3),
                                      .used_ms = sqlite3_column_int64(st, 4),
                                      .current = !memcmp(hash, mine, STORE_HASH)};
        fn(ctx, &r);
    }
    store_reset(st);
    return row;
}

static const char sql_end_sessions[] = "DELETE FROM staff_sessions WHERE user = ?2 AND hash <> ?1";

static int end_others(struct store *s, const char *user, const unsigned char mine[STORE_HASH])
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_END_SESSIONS, sql_end_sessions, &err, "tt", NULL, user);
    if (!st)
        return err;
    bind_hash(st, mine);
    return store_finish(s, st);
}

int store_end_sessions(struct store *s, const char *user, int64_t id,
                       const unsigned char mine[STORE_HASH], char ret_user[USER_NAME + 1])
{
    unsigned char hash[STORE_HASH];
    bool found = false;
    int err, row = 0;
    if (ret_user)
        snprintf(ret_user, USER_NAME + 1, "%s", user ? user : "");
    if (!id)
        return end_others(s, user, mine);
    sqlite3_stmt *st = good_ones(s, user, 0, &err);
    if (!st)
        return err;
    while (!found && (row = store_row(s, st)) > 0)
        if ((found = sqlite3_column_bytes(st, 0) == STORE_HASH &&
                     id_of(sqlite3_column_blob(st, 0)) == id)) {
            memcpy(hash, sqlite3_column_blob(st, 0), STORE_HASH);
            if (ret_user)
                snprintf(ret_user, USER_NAME + 1, "%s", (const char *)sqlite3_column_text(st, 1));
        }
    store_reset(st);
    return found ? store_end_session(s, hash) : row < 0 ? row : -ENOENT;
}
