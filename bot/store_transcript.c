/* store_transcript.c: the numbered events of a conversation. Numbers are given out here, in the transaction that writes
 * the event, so they have no gaps and no order but the one of the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/journal.h"
#include "bot/must.h"
#include "bot/store_int.h"

static const char sql_conversation[] =
    "SELECT id, head, mode, at_ms, used_ms, erased FROM conversations"
    " WHERE adapter = ?1 AND name = ?2";

static void read_conversation(sqlite3_stmt *st, struct store_conversation *ret)
{
    *ret = (struct store_conversation){.id = sqlite3_column_int64(st, 0),
                                       .head = sqlite3_column_int64(st, 1),
                                       .mode = (enum store_mode)sqlite3_column_int(st, 2),
                                       .at_ms = sqlite3_column_int64(st, 3),
                                       .used_ms = sqlite3_column_int64(st, 4),
                                       .erased = sqlite3_column_int(st, 5) != 0};
}

int store_conversation(struct store *s, const char *adapter, const char *name,
                       struct store_conversation *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_CONVERSATION, sql_conversation, &err, "tt", adapter, name);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        read_conversation(st, ret);
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_begin_talk[] =
    "INSERT INTO conversations(adapter, name, head, mode, at_ms, used_ms, erased)"
    " VALUES(?1, ?2, 1, 0, ?3, ?3, 0)";

static int begin_talk(struct store *s, const char *adapter, const char *name, int64_t at_ms,
                      struct store_conversation *ret)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_BEGIN_TALK, sql_begin_talk, &err, "tti", adapter, name, at_ms);
    if (st)
        err = store_finish(s, st);
    *ret = (struct store_conversation){
        .id = sqlite3_last_insert_rowid(s->db), .head = 1, .at_ms = at_ms, .used_ms = at_ms};
    return err;
}

static const char sql_go_on[] = "UPDATE conversations SET head = ?2, used_ms = ?3 WHERE id = ?1";

int store_catch_up(struct store *s)
{
    const struct store_conversation c = s->behind;
    int err;
    if (!c.id)
        return 0;
    s->behind.id = 0;
    sqlite3_stmt *st = store_bind(s, SQL_GO_ON, sql_go_on, &err, "iii", c.id, c.head, c.used_ms);
    return st ? store_finish(s, st) : err;
}

/* Its row is written once for a question and its answer, behind both. An erased one stays as it is, and where a person answers nobody else does. */
static int go_on(struct store *s, struct store_conversation *c, bool answer, int64_t at_ms)
{
    if (c->erased || (answer && c->mode == MODE_HUMAN))
        return -ESTALE;
    int err = s->behind.id == c->id ? 0 : store_catch_up(s);
    if (err)
        return err;
    c->head++;
    c->used_ms = at_ms > c->used_ms ? at_ms : c->used_ms;
    s->behind = *c;
    return 0;
}

static const char sql_add_event[] = "INSERT INTO events(conversation, seq, turn, at_ms, body, told)"
                                    " VALUES(?1, ?2, nullif(?3, 0), ?4, ?5, nullif(?6, 0))";

static int add_event(struct store *s, const struct store_conversation *c,
                     const struct store_event *e)
{
    int64_t told = 0;
    size_t len = strlen(e->body), own = len - e->told;
    int err = e->told ? store_told(s, e->body + own, e->told, &told) : 0;
    if (err)
        return err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_EVENT, sql_add_event, &err, "iiiini", c->id, c->head,
                                  e->turn, e->at_ms, e->body, told ? own : len, told);
    return st ? store_finish(s, st) : err;
}

int store_append_to(struct store *s, struct store_conversation *c, const struct store_event *e)
{
    int err = go_on(s, c, e->turn != 0, e->at_ms);
    return err ? err : add_event(s, c, e);
}

/* Small statements, one behind the other: a single one with RETURNING opens a temporary database for the row that it returns, each
 * time, which took half as long again as all that is written for a question. */
int store_append(struct store *s, const char *adapter, const char *name,
                 const struct store_event *e, struct store_conversation *ret)
{
    int err = store_conversation(s, adapter, name, ret);
    if (!err)
        return store_append_to(s, ret, e);
    if (err == -ENOENT)
        err = begin_talk(s, adapter, name, e->at_ms, ret);
    return err ? err : add_event(s, ret, e);
}

static const char sql_event_turn[] =
    "SELECT turn FROM events WHERE conversation = ?1 AND seq = ?2 AND turn IS NOT NULL";

int store_event_turn(struct store *s, int64_t conversation, int64_t seq, int64_t *ret_turn)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_EVENT_TURN, sql_event_turn, &err, "ii", conversation, seq);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        *ret_turn = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_set_mode[] = "UPDATE conversations SET mode = ?2 WHERE id = ?1";

int store_set_mode(struct store *s, int64_t conversation, enum store_mode mode)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_SET_MODE, sql_set_mode, &err, "ii", conversation, (int64_t)mode);
    return st ? store_finish(s, st) : err;
}

static const char sql_events[] =
    "SELECT seq, " STORE_BODY("events") " FROM events WHERE conversation = ?1 AND seq > ?2"
                                        " ORDER BY seq LIMIT ?3";

int store_events(struct store *s, int64_t conversation, int64_t after, size_t max,
                 store_event_fn *fn, void *ctx)
{
    int err, row = 0;
    sqlite3_stmt *st =
        store_bind(s, SQL_EVENTS, sql_events, &err, "iii", conversation, after, (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        const char *body = (const char *)sqlite3_column_text(st, 1);
        fn(ctx, sqlite3_column_int64(st, 0), body, (size_t)sqlite3_column_bytes(st, 1));
    }
    store_reset(st);
    return row;
}

static const char sql_add_handoff[] =
    "INSERT INTO handoffs(adapter, conversation, at_ms, want, name, email, note)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static const char sql_has_asked[] =
    "SELECT 1 FROM turns WHERE adapter = ?1 AND conversation = ?2 LIMIT 1";

/* A ticket belongs to a turn: who has asked nothing yet has asked for a person. */
static int ask_for_person(struct store *s, const struct store_handoff *h)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_HAS_ASKED, sql_has_asked, &err, "tt", h->adapter, h->conversation);
    if (!st)
        return err;
    int row = store_row(s, st);
    store_reset(st);
    int64_t id;
    struct journal_turn t = {.adapter = h->adapter,
                             .conversation = h->conversation,
                             .question = h->note ? h->note : "",
                             .reply_json = "{}",
                             .kind = "handoff",
                             .at_ms = h->at_ms};
    return row < 0 ? row : row > 0 ? 0 : store_add_turn(s, &t, &id);
}

int store_add_handoff(struct store *s, const struct store_handoff *h)
{
    int err = strcmp(h->want, "cancel") ? ask_for_person(s, h) : 0;
    if (err)
        return err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_HANDOFF, sql_add_handoff, &err, "ttitttt", h->adapter,
                                  h->conversation, h->at_ms, h->want, h->name, h->email, h->note);
    return st ? store_finish(s, st) : err;
}

/* ---- erasing ---- */

/* A statement that is run too seldom to be kept: ?1 adapter, ?2 name; or ?1 alone. */
static int run_for(struct store *s, const char *sql, const char *adapter, const char *name)
{
    sqlite3_stmt *st = NULL;
    int err = store_catch_up(s);
    if (!err)
        err = store_errno(s->db, sqlite3_prepare_v2(s->db, sql, -1, &st, NULL));
    if (err)
        return err;
    sqlite3_bind_text(st, 1, adapter, -1, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
    err = store_errno(s->db, sqlite3_step(st));
    sqlite3_finalize(st);
    return err;
}

/* The words of what is nobody's business any more, as store_edit.c folds them; where others ask the same they are not only theirs. */
#define FOLDED "lower(trim(question, ' ?!.'))"
#define FORGET_IGNORED(mine)                                                                       \
    "DELETE FROM ignored WHERE question IN (SELECT " FOLDED " FROM turns WHERE " mine ")"          \
    " AND NOT EXISTS(SELECT 1 FROM turns WHERE " FOLDED " = ignored.question AND NOT (" mine "))"

/* Identities of messages with a transcript begin with its name and a colon (inbox.h); ';' is what follows it. */
static const char *const sql_erase[] = {
    /* what was said to the staff's room and has not arrived: relay.c names it by the conversation */
    ("DELETE FROM outbox WHERE id IN (SELECT o.id FROM conversations c"
     "  JOIN live l ON l.conversation = c.id JOIN outbox o ON o.idem GLOB 'relay-' || c.id || '-*'"
     "  WHERE c.adapter = ?1 AND c.name = ?2)"),
    ("DELETE FROM live WHERE conversation IN"
     " (SELECT id FROM conversations WHERE adapter = ?1 AND name = ?2)"),
    ("DELETE FROM events WHERE conversation IN"
     " (SELECT id FROM conversations WHERE adapter = ?1 AND name = ?2)"),
    "DELETE FROM outbox WHERE turn IN"
    " (SELECT id FROM turns WHERE adapter = ?1 AND conversation = ?2)",
    "DELETE FROM inbox WHERE adapter = ?1 AND identity >= ?2 || ':' AND identity < ?2 || ';'",
    FORGET_IGNORED("adapter = ?1 AND conversation = ?2"),
    "DELETE FROM turns WHERE adapter = ?1 AND conversation = ?2",
    "DELETE FROM handoffs WHERE adapter = ?1 AND conversation = ?2",
};

static int erase_all(struct store *s, const char *adapter, const char *name)
{
    int err = store_texts_settle(s);
    for (size_t i = 0; i < sizeof sql_erase / sizeof sql_erase[0] && !err; i++)
        err = run_for(s, sql_erase[i], adapter, name);
    store_texts_forget(s);
    s->scrub = true;
    return err;
}

int store_erase(struct store *s, const char *adapter, const char *name, int64_t at_ms)
{
    char sql[300];
    int err = erase_all(s, adapter, name);
    sqlite3_snprintf(sizeof sql, sql,
                     "INSERT INTO conversations(adapter, name, head, mode, at_ms, used_ms, erased)"
                     " VALUES(?1, ?2, 0, 0, %lld, %lld, 1) ON CONFLICT(adapter, name)"
                     " DO UPDATE SET head = 0, mode = 0, erased = 1, used_ms = excluded.used_ms",
                     (long long)at_ms, (long long)at_ms);
    return err ? err : run_for(s, sql, adapter, name);
}

int store_erase_turn(struct store *s, int64_t turn)
{
#define MINE "id = CAST(?1 AS INTEGER) AND conversation = ''"
    char id[24];
    s->scrub = true;
    snprintf(id, sizeof id, "%lld", (long long)turn);
    int err = store_texts_settle(s);
    if (!err)
        err = run_for(s, FORGET_IGNORED(MINE), id, NULL);
    if (!err)
        err = run_for(s, "DELETE FROM turns WHERE " MINE, id, NULL);
    store_texts_forget(s);
    return err ? err : sqlite3_changes(s->db) ? 0 : -ENOENT;
}

static const char sql_old_conversations[] =
    "SELECT adapter, name FROM conversations WHERE used_ms < ?1 LIMIT ?2";

struct names {
    char *adapter, *name;
};

/* Collected first: what is read must not change meanwhile. */
static int read_old(struct store *s, int64_t at_ms, int max, struct names *ret, int *ret_n)
{
    int err, row = 0, n = 0;
    sqlite3_stmt *st = store_bind(s, SQL_OLD_CONVERSATIONS, sql_old_conversations, &err, "ii",
                                  at_ms, (int64_t)max);
    if (!st)
        return err;
    while (n < max && (row = store_row(s, st)) > 0)
        ret[n++] = (struct names){store_text(st, 0), store_text(st, 1)};
    store_reset(st);
    *ret_n = n;
    return row < 0 ? row : 0;
}

int store_forget_transcripts(struct store *s, int64_t at_ms, int max)
{
    static const char sql_gone[] = "DELETE FROM conversations WHERE adapter = ?1 AND name = ?2";
    struct names *old = must(calloc((size_t)max, sizeof *old));
    int n = 0, err = store_begin(s);
    if (!err)
        err = read_old(s, at_ms, max, old, &n);
    for (int i = 0; i < n && !err; i++) {
        err = erase_all(s, old[i].adapter, old[i].name);
        if (!err)
            err = run_for(s, sql_gone, old[i].adapter, old[i].name);
    }
    for (int i = 0; i < n; i++) {
        free(old[i].adapter);
        free(old[i].name);
    }
    free(old);
    s->scrub &= n > 0;
    if (!err)
        err = store_commit(s);
    return err ? err : n;
}
