/* store_outbox.c: what has to reach another server, from the reply it belongs to until it is delivered or given up. Also the
 * end of what is over in both boxes: their rows outlive any repetition by the other side, and no longer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"
#include "bot/store_int.h"

static const char sql_put_out[] =
    "INSERT INTO outbox(adapter, lane, idem, turn, at_ms, next_ms, state, tries, doubtful, body,"
    " note) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, ?7, ?8) ON CONFLICT DO NOTHING";

int store_put_out(struct store *s, const struct store_outgoing *o, int64_t *ret_id)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_PUT_OUT, sql_put_out, &err, "tttiiitt", o->adapter, o->lane, o->idem,
                   o->turn, o->at_ms, o->next_ms, o->body, o->note);
    if (st)
        err = store_finish(s, st);
    if (!err)
        *ret_id = sqlite3_changes(s->db) ? sqlite3_last_insert_rowid(s->db) : 0;
    return err;
}

/* A delivered body is nobody's business any more; that of a dead letter is what its reader wants to see. */
static const char sql_update_out[] =
    "UPDATE outbox SET state = ?2, next_ms = ?3, tries = ?4, doubtful = ?5,"
    " remote = ifnull(?6, remote), why = ?7, at_ms = iif(?2 < 2, at_ms, ?8),"
    " body = iif(?2 = 2, NULL, body) WHERE id = ?1";

int store_update_out(struct store *s, const struct store_outgoing *o, enum store_outbox_state state,
                     const char *remote, const char *why)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_UPDATE_OUT, sql_update_out, &err, "iiiiitti", o->id, (int64_t)state,
                   o->next_ms, (int64_t)o->tries, (int64_t)o->doubtful, remote, why, o->at_ms);
    return st ? store_finish(s, st) : err;
}

static const char sql_open_out[] =
    "SELECT id, turn, at_ms, next_ms, adapter, lane, idem, body, note, tries, doubtful OR state = 1"
    " FROM outbox WHERE state < 2 AND id > ?1 ORDER BY id LIMIT ?2";

int store_open_outgoing(struct store *s, int64_t after, size_t max, struct store_outgoing **ret,
                        size_t *ret_n)
{
    struct store_outgoing *o = must(calloc(max, sizeof *o));
    size_t n = 0;
    int err, row = 0;
    sqlite3_stmt *st = store_bind(s, SQL_OPEN_OUT, sql_open_out, &err, "ii", after, (int64_t)max);
    while (st && n < max && (row = store_row(s, st)) > 0)
        o[n++] = (struct store_outgoing){.id = sqlite3_column_int64(st, 0),
                                         .turn = sqlite3_column_int64(st, 1),
                                         .at_ms = sqlite3_column_int64(st, 2),
                                         .next_ms = sqlite3_column_int64(st, 3),
                                         .adapter = store_text(st, 4),
                                         .lane = store_text(st, 5),
                                         .idem = store_text(st, 6),
                                         .body = store_text(st, 7),
                                         .note = store_text(st, 8),
                                         .tries = sqlite3_column_int(st, 9),
                                         .doubtful = sqlite3_column_int(st, 10) != 0};
    if (st)
        store_reset(st);
    if (!err && row < 0)
        err = row;
    if (err) {
        store_outgoing_free(o, n);
        return err;
    }
    *ret = o;
    *ret_n = n;
    return 0;
}

void store_outgoing_free(struct store_outgoing *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text[] = {o[i].adapter, o[i].lane, o[i].idem, o[i].body, o[i].note};
        for (size_t k = 0; k < sizeof text / sizeof text[0]; k++)
            free((void *)(uintptr_t)text[k]);
    }
    free(o);
}

static const char sql_find_delivered[] =
    "SELECT turn, note FROM outbox WHERE adapter = ?1 AND lane = ?2 AND remote = ?3 LIMIT 1";

int store_find_delivered(struct store *s, const char *adapter, const char *lane, const char *remote,
                         int64_t *ret_turn, char **ret_note)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_FIND_DELIVERED, sql_find_delivered, &err, "ttt", adapter, lane, remote);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        *ret_turn = sqlite3_column_int64(st, 0);
        *ret_note = store_text(st, 1);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_out_state[] =
    "SELECT state, remote FROM outbox WHERE adapter = ?1 AND idem = ?2";

int store_out_state(struct store *s, const char *adapter, const char *idem,
                    enum store_outbox_state *ret_state, char **ret_remote)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_OUT_STATE, sql_out_state, &err, "tt", adapter, idem);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        *ret_state = (enum store_outbox_state)sqlite3_column_int(st, 0);
        *ret_remote = store_text(st, 1);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

/* Ids grow with time, so what is old stands in front: no index by time is needed to find it. */
static const char sql_forget_inbox[] =
    "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox ORDER BY id LIMIT ?2)"
    " AND at_ms < ?1 AND state <> 0";
static const char sql_forget_claims[] =
    "DELETE FROM claims WHERE (adapter, message) IN"
    " (SELECT adapter, message FROM claims WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
static const char sql_forget_outbox[] =
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?2)"
    " AND at_ms < ?1 AND state >= 2";

static const char sql_forget_notes[] =
    "DELETE FROM notes WHERE (adapter, key) IN (SELECT adapter, key FROM notes"
    " WHERE key >= '~' AND at_ms < ?1 ORDER BY at_ms LIMIT ?2)";

static int forget(struct store *s, enum store_sql id, const char *sql, int64_t at_ms, int max)
{
    int err;
    sqlite3_stmt *st = store_bind(s, id, sql, &err, "ii", at_ms, (int64_t)max);
    if (st)
        err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db);
}

int store_forget_mail(struct store *s, int64_t at_ms, int max)
{
    int in = forget(s, SQL_FORGET_INBOX, sql_forget_inbox, at_ms, max);
    int claims = in < 0 ? in : forget(s, SQL_FORGET_CLAIMS, sql_forget_claims, at_ms, max);
    int out = claims < 0 ? claims : forget(s, SQL_FORGET_OUTBOX, sql_forget_outbox, at_ms, max);
    int notes = out < 0 ? out : forget(s, SQL_FORGET_NOTES, sql_forget_notes, at_ms, max);
    return notes < 0 ? notes : in + claims + out + notes;
}
