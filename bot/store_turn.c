/* store_turn.c: what was asked and answered, and what people thought of it. */
#include <errno.h>
#include <string.h>

#include "bot/journal.h"
#include "bot/store_int.h"

static const char sql_add_turn[] = "INSERT INTO turns(at_ms, adapter, conversation, question, "
                                   "lang, kind, confidence, reply, id, told)"
                                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0))";

/* Questions that nobody has to look at are those that store_edit.c has folded. */
static const char sql_unanswered[] =
    "INSERT INTO tickets(turn, why, state, changed_ms) SELECT ?1, ?2, 0, ?3 WHERE NOT EXISTS"
    " (SELECT 1 FROM ignored WHERE question = lower(trim(?4, ' ?!.')))";

/* A ticket for what got no answer. No trigger: with one, SQLite keeps a copy of every page that an insert touches and looks up
 * whatever refers to the new row, for each answer of which nobody wants to know. */
static int add_ticket(struct store *s, const struct journal_turn *t, int64_t id)
{
    int err;
    int64_t why = !strcmp(t->kind, "none")      ? TICKET_NONE
                  : !strcmp(t->kind, "choices") ? TICKET_LOW
                                                : 0;
    if (!why)
        return 0;
    sqlite3_stmt *st =
        store_bind(s, SQL_UNANSWERED, sql_unanswered, &err, "iiit", id, why, t->at_ms, t->question);
    return st ? store_finish(s, st) : err;
}

int store_add_turn(struct store *s, const struct journal_turn *t, int64_t *ret_id)
{
    int64_t id = t->id ? t->id : ++s->last_turn, told = 0;
    int err = t->again ? store_told(s, t->reply_json, strlen(t->reply_json), &told) : 0;
    if (err)
        return err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_TURN, sql_add_turn, &err, "itttttdtii", t->at_ms,
                                  t->adapter, t->conversation, t->question, t->lang, t->kind,
                                  t->confidence, told ? "" : t->reply_json, id, told);
    if (st)
        err = store_finish(s, st);
    if (!err)
        err = add_ticket(s, t, id);
    if (!err)
        *ret_id = id;
    return err;
}

static const char sql_forget_turns[] =
    "DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";

int store_forget_turns(struct store *s, int64_t at_ms, int max)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_FORGET_TURNS, sql_forget_turns, &err, "ii", at_ms, (int64_t)max);
    if (st)
        err = store_finish(s, st);
    int n = sqlite3_changes(s->db);
    store_texts_forget(s);
    return err ? err : n;
}

static const char sql_has_turn[] = "SELECT 1 FROM turns WHERE id = ?1";

static int has_turn(struct store *s, int64_t id)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_HAS_TURN, sql_has_turn, &err, "i", id);
    if (!st)
        return err;
    int row = store_row(s, st);
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_vote[] =
    "INSERT INTO votes(turn, voter, v, why, text, at_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT(turn, voter) DO UPDATE SET v = ?3, why = ?4, text = ?5, at_ms = ?6";

int store_vote(struct store *s, const struct store_vote *v)
{
    int err = has_turn(s, v->turn);
    sqlite3_stmt *st = err ? NULL
                           : store_bind(s, SQL_VOTE, sql_vote, &err, "ititti", v->turn, v->voter,
                                        (int64_t)v->v, v->why, v->text, v->at_ms);
    return st ? store_finish(s, st) : err;
}

/* A question with what is known of it, oldest first. */
static const char sql_export[] =
    "SELECT t.id, t.at_ms, t.adapter, t.conversation, t.question, t.lang, t.kind, "
    "t.confidence, " STORE_REPLY(
        "t") ","
             " (SELECT sum(v > 0) FROM votes WHERE turn = t.id), (SELECT sum(v < 0) FROM votes "
             "WHERE turn = "
             "t.id)"
             " FROM turns t WHERE t.at_ms >= ?1 AND (?2 IS NULL OR t.adapter = ?2)"
             " AND (?3 IS NULL OR t.conversation = ?3)"
             " AND (?4 IS NULL OR instr(lower(t.question), lower(?4)) > 0) AND t.id > ?5 ORDER BY "
             "t.id "
             "LIMIT "
             "?6";

int store_export(struct store *s, const struct store_export *what, store_export_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_EXPORT, sql_export, &err, "itttii", what->since_ms,
                                  what->adapter, what->conversation, what->containing, what->after,
                                  what->max ? (int64_t)what->max : INT64_C(-1));
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_exported e = {
            .turn = {.id = sqlite3_column_int64(st, 0),
                     .at_ms = sqlite3_column_int64(st, 1),
                     .adapter = (const char *)sqlite3_column_text(st, 2),
                     .conversation = (const char *)sqlite3_column_text(st, 3),
                     .question = (const char *)sqlite3_column_text(st, 4),
                     .lang = (const char *)sqlite3_column_text(st, 5),
                     .kind = (const char *)sqlite3_column_text(st, 6),
                     .confidence = sqlite3_column_double(st, 7),
                     .reply_json = (const char *)sqlite3_column_text(st, 8)},
            .up = sqlite3_column_int(st, 9),
            .down = sqlite3_column_int(st, 10)};
        fn(ctx, &e);
    }
    store_reset(st);
    return row;
}
