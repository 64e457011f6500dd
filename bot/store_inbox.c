/* store_inbox.c: what came in, each message once. The unique key is the whole of the deduplication: a second copy
 * finds the first, whatever has happened in between. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"
#include "bot/store_int.h"

static const char sql_find_message[] =
    "SELECT id, state, digest, seq, turn FROM inbox WHERE adapter = ?1 AND identity = ?2";

int store_find_message(struct store *s, struct store_message *m)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_FIND_MESSAGE, sql_find_message, &err, "tt", m->adapter, m->identity);
    if (!st)
        return err;
    int row = store_row(s, st);
    m->known = row > 0;
    if (m->known) {
        m->id = sqlite3_column_int64(st, 0);
        m->state = (enum store_inbox_state)sqlite3_column_int(st, 1);
        m->conflict = sqlite3_column_int64(st, 2) != m->digest;
        m->seq = sqlite3_column_int64(st, 3);
        m->turn = sqlite3_column_int64(st, 4);
    }
    store_reset(st);
    return row < 0 ? row : 0;
}

static const char sql_take_in[] =
    "INSERT INTO inbox(adapter, identity, at_ms, state, tries, digest, seq, turn, body)"
    " VALUES(?1, ?2, ?3, ?4, 0, ?5, nullif(?6, 0), ?7, ?8)";

int store_take_in(struct store *s, struct store_message *m)
{
    int err;
    bool open = m->state == INBOX_OPEN;
    sqlite3_stmt *st =
        store_bind(s, SQL_TAKE_IN, sql_take_in, &err, "ttiiiiit", m->adapter, m->identity, m->at_ms,
                   (int64_t)m->state, m->digest, m->seq, s->last_turn + 1, open ? m->body : NULL);
    if (st)
        err = store_finish(s, st);
    if (err)
        return err;
    m->id = sqlite3_last_insert_rowid(s->db);
    m->turn = ++s->last_turn;
    return 0;
}

static const char sql_end_message[] =
    "UPDATE inbox SET state = ?2, body = NULL WHERE id = ?1 AND state = 0";

int store_end_message(struct store *s, int64_t id, enum store_inbox_state state, bool *ret_was_open)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_END_MESSAGE, sql_end_message, &err, "ii", id, (int64_t)state);
    if (st)
        err = store_finish(s, st);
    if (!err)
        *ret_was_open = sqlite3_changes(s->db) > 0;
    return err;
}

static const char sql_end_messages[] =
    "UPDATE inbox SET state = 1, body = NULL WHERE adapter = ?1 AND identity >= ?2 || ':'"
    " AND identity < ?2 || ';' AND state = 0";

int store_end_messages(struct store *s, const char *adapter, const char *conversation)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_END_MESSAGES, sql_end_messages, &err, "tt", adapter, conversation);
    return st ? store_finish(s, st) : err;
}

static const char sql_claim[] =
    "INSERT INTO claims(adapter, message, at_ms) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING";

int store_claim(struct store *s, const char *adapter, const char *message, int64_t at_ms,
                bool *ret_mine)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_CLAIM, sql_claim, &err, "tti", adapter, message, at_ms);
    if (st)
        err = store_finish(s, st);
    if (!err)
        *ret_mine = sqlite3_changes(s->db) > 0;
    return err;
}

static const char sql_open_messages[] =
    "SELECT id, seq, turn, at_ms, adapter, identity, body, tries + 1 FROM inbox"
    " WHERE state = 0 AND id > ?1 ORDER BY id LIMIT ?2";

static const char sql_count_tries[] =
    "UPDATE inbox SET tries = tries + 1 WHERE state = 0 AND id > ?1 AND id <= ?2";

int store_reopen_messages(struct store *s, int64_t after, size_t max,
                          struct store_open_message **ret, size_t *ret_n)
{
    struct store_open_message *m = must(calloc(max, sizeof *m));
    size_t n = 0;
    int err, row = 0;
    sqlite3_stmt *st =
        store_bind(s, SQL_OPEN_MESSAGES, sql_open_messages, &err, "ii", after, (int64_t)max);
    while (st && n < max && (row = store_row(s, st)) > 0)
        m[n++] = (struct store_open_message){.id = sqlite3_column_int64(st, 0),
                                             .seq = sqlite3_column_int64(st, 1),
                                             .turn = sqlite3_column_int64(st, 2),
                                             .at_ms = sqlite3_column_int64(st, 3),
                                             .adapter = store_text(st, 4),
                                             .identity = store_text(st, 5),
                                             .body = store_text(st, 6),
                                             .tries = sqlite3_column_int(st, 7)};
    if (st)
        store_reset(st);
    if (!err && row < 0)
        err = row;
    if (!err && n &&
        (st = store_bind(s, SQL_COUNT_TRIES, sql_count_tries, &err, "ii", after, m[n - 1].id)))
        err = store_finish(s, st);
    if (err) {
        store_open_messages_free(m, n);
        return err;
    }
    *ret = m;
    *ret_n = n;
    return 0;
}

void store_open_messages_free(struct store_open_message *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(m[i].adapter);
        free(m[i].identity);
        free(m[i].body);
    }
    free(m);
}
