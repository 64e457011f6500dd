/* store_trace.c: what is kept of somebody: found by what they may remember of it, counted before it is erased, and, for a server beside
 * which somebody erases, what is gone. Nothing here is asked often: whole tables are read, on a thread that may wait. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/must.h"
#include "bot/store_int.h"

/* In the words of a question, in a name or handle, in votes of who has that handle, in what was left for a person: each with the index
 * it has, or one look at every row; all of it in one condition would look at every row for each. LIKE takes case of ASCII letters
 * for the same, and needs no copy of each text as lower() does. */
static const char sql_traces[] =
    "SELECT adapter, conversation, count(*), min(at_ms), max(at_ms),"
    " iif(conversation = '', id, 0) FROM turns WHERE id IN ("
    /* the newest of a word that everybody uses */
    "SELECT id FROM (SELECT id FROM turns WHERE question LIKE ?1 ESCAPE '\\' ORDER BY id DESC "
    "LIMIT 1000)"
    " UNION SELECT id FROM turns WHERE conversation LIKE ?1 ESCAPE '\\'"
    " UNION SELECT id FROM turns WHERE adapter = ?2 AND conversation = ?3"
    " UNION SELECT turn FROM votes WHERE voter LIKE ?1 ESCAPE '\\'"
    " UNION SELECT t.id FROM handoffs h JOIN turns t"
    "  ON t.adapter = h.adapter AND t.conversation = h.conversation"
    "  WHERE h.conversation <> '' AND (h.email LIKE ?1 ESCAPE '\\'"
    "  OR h.name LIKE ?1 ESCAPE '\\' OR h.note LIKE ?1 ESCAPE '\\'))"
    " GROUP BY adapter, iif(conversation = '', id, conversation) ORDER BY max(at_ms) DESC LIMIT ?4";

#define MAX_FOUND 256 /* bytes of what is looked for */

/* "%what%", with nothing in it meant as a pattern. */
static void pattern(const char *text, char ret[2 * MAX_FOUND + 3])
{
    size_t n = 0;
    ret[n++] = '%';
    for (size_t i = 0; text[i] && i < MAX_FOUND; i++) {
        if (strchr("%_\\", text[i]))
            ret[n++] = '\\';
        ret[n++] = text[i];
    }
    ret[n++] = '%';
    ret[n] = '\0';
}

int store_traces(struct store *s, const char *text, size_t max, store_trace_fn *fn, void *ctx)
{
    int err, row;
    char like[2 * MAX_FOUND + 3], adapter[MAX_FOUND] = "";
    const char *colon = strchr(text, ':');
    pattern(text, like);
    if (colon)
        snprintf(adapter, sizeof adapter, "%.*s", (int)(colon - text), text);
    sqlite3_stmt *st = store_bind(s, SQL_TRACES, sql_traces, &err, "ttti", like, adapter,
                                  colon ? colon + 1 : "", (int64_t)max);
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

#define TRACE(mine)                                                                                \
    "WITH mine AS (SELECT id, at_ms FROM turns WHERE " mine "),"                                   \
    " talk AS (SELECT id FROM conversations WHERE adapter = ?1 AND name = ?2 AND name <> '')"      \
    " SELECT (SELECT count(*) FROM mine), (SELECT min(at_ms) FROM mine),"                          \
    " (SELECT max(at_ms) FROM mine),"                                                              \
    " (SELECT count(*) FROM events WHERE conversation IN talk),"                                   \
    " (SELECT count(*) FROM votes WHERE turn IN (SELECT id FROM mine)),"                           \
    " (SELECT count(*) FROM handoffs WHERE adapter = ?1 AND conversation = ?2 AND ?2 <> ''),"      \
    " (SELECT count(*) FROM tickets WHERE turn IN (SELECT id FROM mine)),"                         \
    " (SELECT count(*) FROM ticket_log WHERE turn IN (SELECT id FROM mine) AND text IS NOT NULL)"

static const char sql_trace[] = TRACE("adapter = ?1 AND conversation = ?2 AND ?3 = 0");
static const char sql_trace_turn[] = TRACE("id = ?3 AND conversation = ''");

int store_trace(struct store *s, struct store_trace *t)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, t->turn ? SQL_TRACE_TURN : SQL_TRACE, t->turn ? sql_trace_turn : sql_trace,
                   &err, "tti", t->adapter, t->conversation, t->turn);
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
