/* store_ticket.c: questions that somebody of the staff should look at: not answered, answered unsurely, voted down, or asked
 * of a person. Triggers of the schema (store_schema.c) make them in the transaction of what calls for them, so none is missed
 * and none is made twice; here they are read, claimed and closed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/store_int.h"

#define COLUMNS                                                                                    \
    "k.turn, t.at_ms, k.changed_ms, k.why, k.state, k.owner, k.outcome, t.adapter, "               \
    "t.conversation,"                                                                              \
    " t.question, t.kind, " STORE_REPLY(                                                           \
        "t") ", t.confidence FROM tickets k JOIN turns t ON t.id = k.turn"

static const char *text(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static struct store_ticket read_ticket(sqlite3_stmt *st)
{
    return (struct store_ticket){.id = sqlite3_column_int64(st, 0),
                                 .at_ms = sqlite3_column_int64(st, 1),
                                 .changed_ms = sqlite3_column_int64(st, 2),
                                 .why = sqlite3_column_int(st, 3),
                                 .state = (enum ticket_state)sqlite3_column_int(st, 4),
                                 .owner = text(st, 5),
                                 .outcome = text(st, 6),
                                 .adapter = text(st, 7),
                                 .conversation = text(st, 8),
                                 .question = text(st, 9),
                                 .kind = text(st, 10),
                                 .reply = text(st, 11),
                                 .confidence = sqlite3_column_double(st, 12)};
}

/* "state < 2" stands alone, so that the index of open ones is used. */
static const char *const sql_tickets[] = {
    ("SELECT " COLUMNS
     " WHERE k.state < 2 AND (?1 = 0 OR k.why & ?1) AND (?2 IS NULL OR k.owner = ?2)"
     " AND k.turn < ?3 AND (?5 IS NULL OR t.question LIKE ?5 ESCAPE '\\') ORDER BY k.turn DESC "
     "LIMIT ?4"),
    ("SELECT " COLUMNS
     " WHERE k.state >= 2 AND (?1 = 0 OR k.why & ?1) AND (?2 IS NULL OR k.owner = ?2)"
     " AND k.turn < ?3 AND (?5 IS NULL OR t.question LIKE ?5 ESCAPE '\\') ORDER BY k.turn DESC "
     "LIMIT ?4"),
};

/* "two words" as "%two%words%"; what LIKE would read as more than a letter is disarmed. Freed by sqlite3_free(). */
static char *pattern(const char *words)
{
    sqlite3_str *p = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(p, 1, '%');
    for (const char *s = words; *s; s++) {
        if (strchr("%_\\", *s))
            sqlite3_str_appendchar(p, 1, '\\');
        sqlite3_str_appendchar(p, 1, *s == ' ' ? '%' : *s);
    }
    sqlite3_str_appendchar(p, 1, '%');
    return sqlite3_str_finish(p);
}

int store_tickets(struct store *s, const struct store_queue *q, store_ticket_fn *fn, void *ctx)
{
    int err, row = 0;
    char *like = q->containing ? pattern(q->containing) : NULL;
    sqlite3_stmt *st = store_bind(s, q->over ? SQL_TICKETS_OVER : SQL_TICKETS, sql_tickets[q->over],
                                  &err, "itiit", (int64_t)q->why, q->owner,
                                  q->before ? q->before : INT64_MAX, (int64_t)q->max, like);
    while (st && (row = store_row(s, st)) > 0) {
        struct store_ticket t = read_ticket(st);
        fn(ctx, &t);
    }
    if (st)
        store_reset(st);
    sqlite3_free(like);
    return st ? row : err;
}

static const char sql_open_tickets[] =
    "SELECT turn FROM tickets WHERE state < 2 AND (?1 = 0 OR why & ?1) ORDER BY turn";

int store_open_tickets(struct store *s, int why, void (*fn)(void *ctx, int64_t id), void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_OPEN_TICKETS, sql_open_tickets, &err, "i", (int64_t)why);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, sqlite3_column_int64(st, 0));
    store_reset(st);
    return row;
}

static const char sql_count[] =
    "SELECT sum(why & 1), sum(why >> 1 & 1), sum(why >> 2 & 1), sum(why >> 3 & 1), count(*)"
    " FROM tickets WHERE state < 2";

int store_count_tickets(struct store *s, int64_t ret[5])
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_COUNT_TICKETS, sql_count, &err, "");
    if (!st)
        return err;
    int row = store_row(s, st);
    for (int i = 0; i < 5 && row > 0; i++)
        ret[i] = sqlite3_column_int64(st, i);
    store_reset(st);
    return row < 0 ? row : 0;
}

static const char sql_ticket[] = "SELECT " COLUMNS " WHERE k.turn = ?1";

int store_ticket(struct store *s, int64_t id, store_ticket_fn *fn, void *ctx)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_TICKET, sql_ticket, &err, "i", id);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        struct store_ticket t = read_ticket(st);
        fn(ctx, &t);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_ticket_events[] =
    "SELECT seq, at_ms, body FROM (SELECT e.seq, e.at_ms, " STORE_BODY(
        "e") " AS body FROM turns t"
             "  JOIN conversations c ON c.adapter = t.adapter AND c.name = t.conversation"
             "  JOIN events e ON e.conversation = c.id WHERE t.id = ?1 ORDER BY e.seq DESC LIMIT "
             "?2)"
             " ORDER BY seq";

int store_ticket_events(struct store *s, int64_t id, size_t max, store_ticket_event_fn *fn,
                        void *ctx)
{
    int err, row;
    sqlite3_stmt *st =
        store_bind(s, SQL_TICKET_EVENTS, sql_ticket_events, &err, "ii", id, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), text(st, 2));
    store_reset(st);
    return row;
}

static const char sql_ticket_turns[] =
    "SELECT id, at_ms, question, reply FROM (SELECT b.id, b.at_ms, b.question, " STORE_REPLY(
        "b") " AS reply FROM turns t"
             "  JOIN turns b ON b.id = t.id OR t.conversation <> '' AND b.adapter = t.adapter"
             "   AND b.conversation = t.conversation AND b.id < t.id"
             "  WHERE t.id = ?1 ORDER BY b.id DESC LIMIT ?2) ORDER BY id";

int store_ticket_turns(struct store *s, int64_t id, size_t max, store_ticket_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st =
        store_bind(s, SQL_TICKET_TURNS, sql_ticket_turns, &err, "ii", id, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_ticket t = {.id = sqlite3_column_int64(st, 0),
                                 .at_ms = sqlite3_column_int64(st, 1),
                                 .question = text(st, 2),
                                 .reply = text(st, 3)};
        fn(ctx, &t);
    }
    store_reset(st);
    return row;
}

static const char sql_asked_before[] = "SELECT b.question, " STORE_REPLY(
    "b") " FROM turns t JOIN turns b ON b.adapter = t.adapter"
         "  AND b.conversation = t.conversation AND b.id < t.id AND b.at_ms >= t.at_ms - ?2"
         " WHERE t.id = ?1 AND t.conversation <> '' ORDER BY b.id DESC LIMIT ?3";

int store_asked_before(struct store *s, int64_t id, int64_t within_ms, size_t max,
                       store_asked_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st =
        store_bind(s, SQL_ASKED_BEFORE, sql_asked_before, &err, "iii", id, within_ms, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, text(st, 0), text(st, 1));
    store_reset(st);
    return row;
}

/* ---- changing one ---- */

static const char sql_change[] =
    "UPDATE tickets SET state = ?2, owner = ?3, outcome = ?4, changed_ms = ?5"
    " WHERE turn = ?1 AND ?6 >> state & 1 AND (?7 IS NULL OR owner IS NULL OR owner = ?7)";
static const char sql_has_ticket[] = "SELECT 1 FROM tickets WHERE turn = ?1";

static int exists(struct store *s, int64_t id)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_HAS_TICKET, sql_has_ticket, &err, "i", id);
    if (!st)
        return err;
    int row = store_row(s, st);
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

int store_change_ticket(struct store *s, const struct store_ticket_change *c)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_CHANGE_TICKET, sql_change, &err, "iittiit", c->id, (int64_t)c->to,
                   c->owner, c->outcome, c->at_ms, (int64_t)c->from, c->only_of);
    if (!st || (err = store_finish(s, st)))
        return err;
    if (sqlite3_changes(s->db))
        return 0;
    err = exists(s, c->id);
    return err ? err : -EBUSY;
}

static const char sql_log[] =
    "INSERT INTO ticket_log(turn, at_ms, who, what, text, was, was_owner, was_outcome)"
    " VALUES(?1, ?2, ?3, ?4, ?5, iif(?6 < 0, NULL, ?6), ?7, ?8)";

int store_log_ticket(struct store *s, const struct store_ticket_note *n)
{
    int err = exists(s, n->id);
    const struct store_ticket *was = n->was;
    sqlite3_stmt *st =
        err ? NULL
            : store_bind(s, SQL_LOG_TICKET, sql_log, &err, "iitttitt", n->id, n->at_ms, n->who,
                         n->what, n->text, was ? (int64_t)was->state : (int64_t)-1,
                         was ? was->owner : NULL, was ? was->outcome : NULL);
    return st ? store_finish(s, st) : err;
}

/* ---- taking something back ---- */

/* The last row of its log, when it is of that person, young, and nothing else has changed the ticket since. */
static const char sql_last_log[] =
    "SELECT l.id, l.what, l.was, l.at_ms FROM ticket_log l JOIN tickets k ON k.turn = l.turn"
    " WHERE l.id = (SELECT max(id) FROM ticket_log WHERE turn = ?1) AND l.who = ?2 AND l.at_ms >= "
    "?3"
    " AND l.what <> 'undo' AND (l.was IS NULL OR k.changed_ms = l.at_ms)";
static const char sql_undo[] =
    "UPDATE tickets SET (state, owner, outcome) ="
    "  (SELECT was, was_owner, was_outcome FROM ticket_log WHERE id = ?2), changed_ms = ?3"
    " WHERE turn = ?1";
static const char sql_forget_log[] = "DELETE FROM ticket_log WHERE id = ?1";

static int take_back(struct store *s, const struct store_ticket_note *n, int64_t row, bool changed)
{
    int err;
    sqlite3_stmt *st =
        changed ? store_bind(s, SQL_UNDO_TICKET, sql_undo, &err, "iii", n->id, row, n->at_ms)
                : store_bind(s, SQL_FORGET_LOG, sql_forget_log, &err, "i", row);
    return st ? store_finish(s, st) : err;
}

int store_undo_ticket(struct store *s, const struct store_ticket_note *n, int64_t since_ms,
                      struct store_undone *ret)
{
    int err;
    bool changed = false;
    sqlite3_stmt *st =
        store_bind(s, SQL_LAST_LOG, sql_last_log, &err, "iti", n->id, n->who, since_ms);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        ret->row = sqlite3_column_int64(st, 0);
        snprintf(ret->what, sizeof ret->what, "%s", text(st, 1));
        changed = sqlite3_column_type(st, 2) != SQLITE_NULL;
        ret->at_ms = sqlite3_column_int64(st, 3);
    }
    store_reset(st);
    if (row <= 0)
        return row ? row : -ENOENT;
    err = take_back(s, n, ret->row, changed);
    return err || !changed ? err : store_log_ticket(s, n);
}

/* As many as the statement gives at most. */
static int read_ids(struct store *s, sqlite3_stmt *st, int64_t *ret_id)
{
    int row, n = 0;
    while ((row = store_row(s, st)) > 0)
        ret_id[n++] = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row < 0 ? row : n;
}

/* They were written in one go, so their rows follow. */
static const char sql_done_with[] =
    "SELECT turn FROM ticket_log WHERE id > ?1 AND at_ms = ?2 AND who = ?3 AND what = ?4 LIMIT ?5";

int store_done_with(struct store *s, const char *who, const struct store_undone *u, int max,
                    int64_t *ret_id)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_DONE_WITH, sql_done_with, &err, "iitti", u->row, u->at_ms,
                                  who, u->what, (int64_t)max);
    return st ? read_ids(s, st, ret_id) : err;
}

static const char sql_tickets_of_later[] =
    "SELECT DISTINCT k.turn FROM tickets k JOIN ticket_log l ON l.turn = k.turn"
    " WHERE k.state < 2 AND l.what = 'later' AND l.text = ?1 LIMIT ?2";

int store_tickets_of_later(struct store *s, const char *name, int max, int64_t *ret_id)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_TICKETS_OF_LATER, sql_tickets_of_later, &err, "ti", name, (int64_t)max);
    return st ? read_ids(s, st, ret_id) : err;
}

static const char sql_want_person[] =
    "INSERT INTO tickets(turn, why, state, changed_ms) SELECT id, 8, 0, ?2 FROM turns WHERE id = ?1"
    " ON CONFLICT(turn) DO UPDATE SET why = why | 8, changed_ms = ?2,"
    "  owner = iif(state < 2, owner, NULL), state = iif(state < 2, state, 0)";

int store_want_person(struct store *s, const struct store_ticket_note *n)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_WANT_PERSON, sql_want_person, &err, "ii", n->id, n->at_ms);
    if (st)
        err = store_finish(s, st);
    if (!err && !sqlite3_changes(s->db))
        err = -ENOENT;
    return err ? err : store_log_ticket(s, n);
}

static const char sql_ticket_log[] =
    "SELECT turn, at_ms, who, what, text FROM ticket_log WHERE turn = ?1 ORDER BY id";

int store_ticket_log(struct store *s, int64_t id, store_ticket_note_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_TICKET_LOG, sql_ticket_log, &err, "i", id);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_ticket_note n = {.id = sqlite3_column_int64(st, 0),
                                      .at_ms = sqlite3_column_int64(st, 1),
                                      .who = text(st, 2),
                                      .what = text(st, 3),
                                      .text = text(st, 4)};
        fn(ctx, &n);
    }
    store_reset(st);
    return row;
}
