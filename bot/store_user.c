/* store_user.c: people of the staff, by name. Case does not tell two of them apart. */
#include <errno.h>
#include <stdlib.h>

#include "bot/store_int.h"

static const char sql_add_user[] = "INSERT INTO users(name, role, hash, at_ms, changed_ms)"
                                   " VALUES(?1, ?2, ?3, ?4, ?4) ON CONFLICT(name) DO NOTHING";
/* A NULL hash leaves the password as it is, and 0 the role. */
static const char sql_change_user[] =
    "UPDATE users SET role = ifnull(nullif(?2, 0), role), hash = ifnull(?3, hash), changed_ms = ?4"
    " WHERE name = ?1";
static const char sql_remove_user[] = "DELETE FROM users WHERE name = ?1";

/* A statement that has to change a row; `none` when it did not. */
static int change(struct store *s, sqlite3_stmt *st, int none)
{
    int err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db) ? 0 : none;
}

int store_add_user(struct store *s, const struct store_user *u)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_USER, sql_add_user, &err, "titi", u->name,
                                  (int64_t)u->role, u->hash, u->at_ms);
    return st ? change(s, st, -EEXIST) : err;
}

int store_change_user(struct store *s, const struct store_user *u)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_CHANGE_USER, sql_change_user, &err, "titi", u->name,
                                  (int64_t)u->role, u->hash, u->at_ms);
    return st ? change(s, st, -ENOENT) : err;
}

int store_remove_user(struct store *s, const char *name)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_REMOVE_USER, sql_remove_user, &err, "t", name);
    return st ? change(s, st, -ENOENT) : err;
}

static const char sql_users[] =
    "SELECT name, role, hash, at_ms, changed_ms, totp IS NOT NULL,"
    " (SELECT count(*) FROM staff_sessions WHERE user = u.name AND at_ms >= u.changed_ms),"
    " ifnull((SELECT max(used_ms) FROM staff_sessions WHERE user = u.name), 0) FROM users u"
    " WHERE ?1 IS NULL OR name = ?1 ORDER BY name";

int store_users(struct store *s, const char *name, store_user_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_USERS, sql_users, &err, "t", name);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_user u = {.name = (const char *)sqlite3_column_text(st, 0),
                               .role = (enum staff_role)sqlite3_column_int(st, 1),
                               .hash = (const char *)sqlite3_column_text(st, 2),
                               .at_ms = sqlite3_column_int64(st, 3),
                               .changed_ms = sqlite3_column_int64(st, 4),
                               .factor = sqlite3_column_int(st, 5),
                               .sessions = sqlite3_column_int(st, 6),
                               .used_ms = sqlite3_column_int64(st, 7)};
        fn(ctx, &u);
    }
    store_reset(st);
    return row;
}
