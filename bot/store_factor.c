/* store_factor.c: second factors. The secret has to be kept as it is, since a code is computed from it; recovery codes are known
 * by their hashes only. */
#include <errno.h>
#include <string.h>

#include "bot/store_int.h"

static const char sql_factor[] =
    "SELECT totp, totp_next, totp_step,"
    " (SELECT count(*) FROM recovery_codes r WHERE r.user = u.name) FROM users u WHERE name = ?1";

static bool read_secret(sqlite3_stmt *st, int column, unsigned char ret[TOTP_SECRET])
{
    if (sqlite3_column_bytes(st, column) != TOTP_SECRET)
        return false;
    memcpy(ret, sqlite3_column_blob(st, column), TOTP_SECRET);
    return true;
}

int store_factor(struct store *s, const char *user, struct store_factor *ret)
{
    int err;
    *ret = (struct store_factor){0};
    sqlite3_stmt *st = store_bind(s, SQL_FACTOR, sql_factor, &err, "t", user);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        ret->on = read_secret(st, 0, ret->secret);
        ret->begun = read_secret(st, 1, ret->next);
        ret->step = sqlite3_column_int64(st, 2);
        ret->codes = sqlite3_column_int(st, 3);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_set_factor[] =
    "UPDATE users SET totp = ?2, totp_next = ?3, totp_step = ?4 WHERE name = ?1";

int store_set_factor(struct store *s, const char *user, const struct store_factor *f)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_SET_FACTOR, sql_set_factor, &err, "ttti", user, NULL, NULL, f->step);
    if (!st)
        return err;
    if (f->on)
        sqlite3_bind_blob(st, 2, f->secret, TOTP_SECRET, SQLITE_STATIC);
    if (f->begun)
        sqlite3_bind_blob(st, 3, f->next, TOTP_SECRET, SQLITE_STATIC);
    err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db) ? 0 : -ENOENT;
}

static const char sql_use_recovery[] = "DELETE FROM recovery_codes WHERE user = ?1 AND hash = ?2";

int store_use_recovery(struct store *s, const char *user, const unsigned char hash[RECOVERY_HASH])
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_USE_RECOVERY, sql_use_recovery, &err, "tt", user, NULL);
    if (!st)
        return err;
    sqlite3_bind_blob(st, 2, hash, RECOVERY_HASH, SQLITE_STATIC);
    err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db) ? 0 : -ENOENT;
}

static const char sql_forget_recovery[] = "DELETE FROM recovery_codes WHERE user = ?1";
static const char sql_add_recovery[] =
    "INSERT INTO recovery_codes(user, hash) SELECT name, ?2 FROM users WHERE name = ?1";

int store_set_recovery(struct store *s, const char *user, unsigned char hash[][RECOVERY_HASH],
                       size_t n)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_FORGET_RECOVERY, sql_forget_recovery, &err, "t", user);
    if (st)
        err = store_finish(s, st);
    for (size_t i = 0; i < n && !err; i++) {
        st = store_bind(s, SQL_ADD_RECOVERY, sql_add_recovery, &err, "tt", user, NULL);
        if (!st)
            return err;
        sqlite3_bind_blob(st, 2, hash[i], RECOVERY_HASH, SQLITE_STATIC);
        err = store_finish(s, st);
    }
    return err;
}
