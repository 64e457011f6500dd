/* store_note.c: what an adapter has to remember across restarts, by name: how far it has read, who it is there. */
#include "bot/store_int.h"

static const char sql_keep[] =
    "INSERT INTO notes(adapter, key, value, at_ms) VALUES(?1, ?2, ?3, ?4)"
    " ON CONFLICT(adapter, key) DO UPDATE SET value = ?3, at_ms = ?4";

int store_keep(struct store *s, const char *adapter, const char *key, const char *value,
               int64_t at_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_KEEP, sql_keep, &err, "ttti", adapter, key, value, at_ms);
    return st ? store_finish(s, st) : err;
}

static const char sql_kept[] = "SELECT value FROM notes WHERE adapter = ?1 AND key = ?2";

int store_kept(struct store *s, const char *adapter, const char *key, char **ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_KEPT, sql_kept, &err, "tt", adapter, key);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row >= 0)
        *ret = row > 0 ? store_text(st, 0) : NULL;
    store_reset(st);
    return row < 0 ? row : 0;
}
