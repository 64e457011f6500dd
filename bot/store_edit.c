/* store_edit.c: what the staff changed in the content: each change with the bytes that the file had before, so that it can be
 * taken back; and the questions of the log, on which a change is tried. */
#include <errno.h>

#include "bot/store_int.h"

/* ---- questions ---- */

static const char sql_questions[] =
    "SELECT question, count(*), max(id) AS last FROM turns WHERE kind NOT IN ('chitchat', "
    "'handoff')"
    " GROUP BY question ORDER BY last DESC LIMIT ?1";
/* "state < 2" so that the index of open ones is used. */
static const char sql_unanswered[] =
    "SELECT t.question, 1, k.turn FROM tickets k JOIN turns t ON t.id = k.turn"
    " WHERE k.state < 2 AND k.state = 0 AND k.why & 3 AND NOT k.why & 12 ORDER BY k.turn DESC "
    "LIMIT "
    "?1";

static int each(struct store *s, enum store_sql id, const char *sql, size_t max,
                store_question_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, id, sql, &err, "i", (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, (const char *)sqlite3_column_text(st, 0), sqlite3_column_int64(st, 1),
           sqlite3_column_int64(st, 2));
    store_reset(st);
    return row;
}

int store_questions(struct store *s, size_t max, store_question_fn *fn, void *ctx)
{
    return each(s, SQL_QUESTIONS, sql_questions, max, fn, ctx);
}

int store_unanswered(struct store *s, size_t max, store_question_fn *fn, void *ctx)
{
    return each(s, SQL_ASKED, sql_unanswered, max, fn, ctx);
}

/* ---- edits ---- */

static const char sql_begin[] =
    "INSERT INTO edits(at_ms, who, role, kind, name, path, digest, written, state, note, before)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char sql_trim[] =
    "UPDATE edits SET before = NULL WHERE id <= ?1 AND before IS NOT NULL";

int store_begin_edit(struct store *s, const struct store_edit *e, int64_t *ret_id)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_BEGIN_EDIT, sql_begin, &err, "itttttttit", e->at_ms, e->who, e->role,
                   e->kind, e->name, e->path, e->digest, e->written, (int64_t)EDIT_BEGUN, e->note);
    if (!st)
        return err;
    int rc = e->before ? sqlite3_bind_blob64(st, 11, e->before, e->len, SQLITE_STATIC) : 0;
    err = rc ? store_errno(s->db, rc) : store_finish(s, st);
    if (err)
        return err;
    *ret_id = sqlite3_last_insert_rowid(s->db);
    st = store_bind(s, SQL_TRIM_EDITS, sql_trim, &err, "i", *ret_id - STORE_EDITS);
    return st ? store_finish(s, st) : err;
}

static const char sql_end[] = "UPDATE edits SET state = ?2 WHERE id = ?1";
static const char sql_drop[] = "DELETE FROM edits WHERE id = ?1";

int store_end_edit(struct store *s, int64_t id, enum edit_state state)
{
    int err;
    sqlite3_stmt *st = state == EDIT_BEGUN
                           ? store_bind(s, SQL_DROP_EDIT, sql_drop, &err, "i", id)
                           : store_bind(s, SQL_END_EDIT, sql_end, &err, "ii", id, (int64_t)state);
    return st ? store_finish(s, st) : err;
}

#define COLUMNS                                                                                    \
    "SELECT id, at_ms, who, role, kind, name, path, digest, written, state, note, before IS NOT "  \
    "NULL, "

static const char sql_edits[] =
    COLUMNS "NULL FROM edits WHERE id < ?1 AND (NOT ?2 OR state = 0) ORDER BY id DESC LIMIT ?3";
static const char sql_edit[] = COLUMNS "before FROM edits WHERE id = ?1";

static const char *text(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static struct store_edit read_edit(sqlite3_stmt *st)
{
    const void *before = sqlite3_column_blob(st, 12);
    size_t len = (size_t)sqlite3_column_bytes(st, 12);
    return (struct store_edit){.id = sqlite3_column_int64(st, 0),
                               .at_ms = sqlite3_column_int64(st, 1),
                               .who = text(st, 2),
                               .role = text(st, 3),
                               .kind = text(st, 4),
                               .name = text(st, 5),
                               .path = text(st, 6),
                               .digest = text(st, 7),
                               .written = text(st, 8),
                               .state = (enum edit_state)sqlite3_column_int(st, 9),
                               .note = text(st, 10),
                               /* an empty file has bytes, too */
                               .before = before                       ? before
                                         : sqlite3_column_int(st, 11) ? ""
                                                                      : NULL,
                               .len = len};
}

int store_edits(struct store *s, bool open, int64_t before, size_t max, store_edit_fn *fn,
                void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_EDITS, sql_edits, &err, "iii", before ? before : INT64_MAX,
                                  (int64_t)open, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_edit e = read_edit(st);
        fn(ctx, &e);
    }
    store_reset(st);
    return row;
}

int store_edit(struct store *s, int64_t id, store_edit_fn *fn, void *ctx)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_EDIT, sql_edit, &err, "i", id);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        struct store_edit e = read_edit(st);
        fn(ctx, &e);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

/* ---- questions that are nobody's business ---- */

/* As store_add_turn() folds them. */
static const char sql_ignore[] = "INSERT OR IGNORE INTO ignored(question, at_ms, who)"
                                 " VALUES(lower(trim(?1, ' ?!.')), ?2, ?3)";
static const char sql_close_ignored[] =
    "UPDATE tickets SET state = 3, owner = ?2, outcome = 'ignore', changed_ms = ?3"
    " WHERE turn IN (SELECT k.turn FROM tickets k JOIN turns t ON t.id = k.turn WHERE k.state < 2"
    "  AND (k.owner IS NULL OR k.owner = ?2)"
    "  AND lower(trim(t.question, ' ?!.')) = lower(trim(?1, ' ?!.')))";

static const char sql_forget_ignored[] =
    "DELETE FROM ignored WHERE at_ms < ?1"
    " AND question NOT IN (SELECT lower(trim(question, ' ?!.')) FROM turns)";

int store_forget_ignored(struct store *s, int64_t at_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_FORGET_IGNORED, sql_forget_ignored, &err, "i", at_ms);
    if (st)
        err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db);
}

int store_ignore(struct store *s, const char *question, const char *who, int64_t at_ms)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_IGNORE, sql_ignore, &err, "tit", question, at_ms, who);
    if (!st || (err = store_finish(s, st)))
        return err;
    st = store_bind(s, SQL_IGNORED, sql_close_ignored, &err, "tti", question, who, at_ms);
    if (st)
        err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db);
}
