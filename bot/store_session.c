/* store_session.c: who of the staff is logged in. A browser's token is known by its hash only: whoever reads the file
 * cannot log in with it. */
#include <errno.h>
#include <stdio.h>

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
    "SELECT u.name, u.role, s.at_ms, s.used_ms FROM staff_sessions s JOIN users u ON u.name = "
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
        snprintf(ret->user, sizeof ret->user, "%s", (const char *)sqlite3_column_text(st, 0));
        ret->role = (enum staff_role)sqlite3_column_int(st, 1);
        ret->at_ms = sqlite3_column_int64(st, 2);
        ret->used_ms = sqlite3_column_int64(st, 3);
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
