/* store_trace.c: what is kept of somebody: found by what they may remember of it, counted before it is erased, and, for a server beside
 * which somebody erases, what is gone. Nothing here is asked often: whole tables are read, on a thread that may wait. */
#include <errno.h>
#include <string.h>

#include "bot/must.h"
#include "bot/store_int.h"

/* In a name or handle, in what was left for a person, in votes of who has that handle, in the words of a question. */
static const char sql_traces[] =
    "SELECT adapter, conversation, count(*), min(at_ms), max(at_ms),"
    " iif(conversation = '', id, 0) FROM turns t"
    " WHERE instr(lower(conversation), ?1) OR adapter || ':' || conversation = ?2"
    " OR instr(lower(question), ?1)"
    " OR (conversation <> '' AND (adapter, conversation) IN (SELECT adapter, conversation FROM "
    "handoffs"
    "  WHERE instr(lower(ifnull(email, '') || ' ' || ifnull(name, '') || ' ' || ifnull(note, '')), "
    "?1)))"
    " OR id IN (SELECT turn FROM votes WHERE instr(lower(voter), ?1))"
    " GROUP BY adapter, iif(conversation = '', id, conversation) ORDER BY max(at_ms) DESC LIMIT ?3";

int store_traces(struct store *s, const char *text, size_t max, store_trace_fn *fn, void *ctx)
{
    int err, row;
    char lower[256];
    size_t n = 0;
    for (; text[n] && n < sizeof lower - 1; n++) /* as SQLite's lower() does it */
        lower[n] = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] + 32) : text[n];
    lower[n] = '\0';
    sqlite3_stmt *st =
        store_bind(s, SQL_TRACES, sql_traces, &err, "tti", lower, text, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_trace t = {.adapter = (const char *)sqlite3_column_text(st, 0),
                                .conversation = (const char *)sqlite3_column_text(st, 1),
                                .turns = sqlite3_column_int64(st, 2),
                                .first_ms = sqlite3_column_int64(st, 3),
                                .last_ms = sqlite3_column_int64(st, 4),
                                .turn = sqlite3_column_int64(st, 5)};
        fn(ctx, &t);
    }
    store_reset(st);
    return row;
}

static const char sql_trace[] =
    "WITH mine AS (SELECT id, at_ms FROM turns WHERE iif(?3, id = ?3, adapter = ?1 AND "
    "conversation "
    "= ?2)),"
    " talk AS (SELECT id FROM conversations WHERE NOT ?3 AND adapter = ?1 AND name = ?2)"
    " SELECT (SELECT count(*) FROM mine), (SELECT min(at_ms) FROM mine), (SELECT max(at_ms) FROM "
    "mine),"
    " (SELECT count(*) FROM events WHERE conversation IN talk),"
    " (SELECT count(*) FROM votes WHERE turn IN (SELECT id FROM mine)),"
    " (SELECT count(*) FROM handoffs WHERE NOT ?3 AND adapter = ?1 AND conversation = ?2),"
    " (SELECT count(*) FROM tickets WHERE turn IN (SELECT id FROM mine)),"
    " (SELECT count(*) FROM ticket_log WHERE turn IN (SELECT id FROM mine) AND text IS NOT NULL)";

int store_trace(struct store *s, struct store_trace *t)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_TRACE, sql_trace, &err, "tti", t->adapter, t->conversation, t->turn);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        t->turns = sqlite3_column_int64(st, 0);
        t->first_ms = sqlite3_column_int64(st, 1);
        t->last_ms = sqlite3_column_int64(st, 2);
        t->events = sqlite3_column_int64(st, 3);
        t->votes = sqlite3_column_int64(st, 4);
        t->wishes = sqlite3_column_int64(st, 5);
        t->tickets = sqlite3_column_int64(st, 6);
        t->notes = sqlite3_column_int64(st, 7);
    }
    store_reset(st);
    return row < 0 ? row : t->turns + t->events + t->wishes ? 0 : -ENOENT;
}

static const char sql_kept_since[] = "SELECT count(*), min(at_ms) FROM turns";

int store_kept_since(struct store *s, int64_t *ret_n, int64_t *ret_first_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_KEPT_SINCE, sql_kept_since, &err, "");
    if (!st)
        return err;
    int row = store_row(s, st);
    *ret_n = row > 0 ? sqlite3_column_int64(st, 0) : 0;
    *ret_first_ms = row > 0 ? sqlite3_column_int64(st, 1) : 0;
    store_reset(st);
    return row < 0 ? row : 0;
}

static const char sql_erased[] =
    "SELECT adapter, name, used_ms FROM conversations WHERE erased AND used_ms >= ?1"
    " ORDER BY used_ms";

int store_erased(struct store *s, int64_t since_ms, store_erased_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_ERASED, sql_erased, &err, "i", since_ms);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, (const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1),
           sqlite3_column_int64(st, 2));
    store_reset(st);
    return row;
}
