/* store_live.c: conversations that a person has, had, or that wait for one: a row each, beside the conversation's mode. The row
 * outlives the hand-off, so that a late word of the staff still finds its asker. What follows from one state to the next is
 * decided in handoff.c; here it is read and written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"
#include "bot/store_int.h"

#define COLUMNS                                                                                    \
    "c.id, c.head, c.mode, c.adapter, c.name, l.ticket, l.owner, l.who, l.since_ms, l.asker_ms,"   \
    " l.staff_ms, l.told, l.passed, l.until, l.room, l.thread"

static const char *text(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static struct store_live read_live(sqlite3_stmt *st)
{
    return (struct store_live){.conversation = sqlite3_column_int64(st, 0),
                               .head = sqlite3_column_int64(st, 1),
                               .mode = (enum store_mode)sqlite3_column_int(st, 2),
                               .adapter = text(st, 3),
                               .name = text(st, 4),
                               .ticket = sqlite3_column_int64(st, 5),
                               .owner = text(st, 6),
                               .who = text(st, 7),
                               .since_ms = sqlite3_column_int64(st, 8),
                               .asker_ms = sqlite3_column_int64(st, 9),
                               .staff_ms = sqlite3_column_int64(st, 10),
                               .told = sqlite3_column_int64(st, 11),
                               .passed = sqlite3_column_int64(st, 12),
                               .until = sqlite3_column_int64(st, 13),
                               .room = text(st, 14),
                               .thread = text(st, 15)};
}

static const char sql_live[] =
    "SELECT " COLUMNS " FROM conversations c LEFT JOIN live l ON l.conversation = c.id"
    " WHERE c.id = ?1 AND NOT c.erased";

static char *copy(const char *s)
{
    return s ? must(strdup(s)) : NULL;
}

int store_live(struct store *s, int64_t conversation, struct store_live *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LIVE, sql_live, &err, "i", conversation);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        *ret = read_live(st);
        ret->adapter = copy(ret->adapter);
        ret->name = copy(ret->name);
        ret->owner = copy(ret->owner);
        ret->who = copy(ret->who);
        ret->room = copy(ret->room);
        ret->thread = copy(ret->thread);
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

void store_live_release(struct store_live *l)
{
    const char *const texts[] = {l->adapter, l->name, l->owner, l->who, l->room, l->thread};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((void *)(uintptr_t)texts[i]);
    *l = (struct store_live){0};
}

static const char sql_put_live[] =
    "INSERT INTO live(conversation, ticket, owner, who, since_ms, asker_ms, staff_ms, told, passed,"
    " until, room, thread) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    " ON CONFLICT(conversation) DO UPDATE SET ticket = ?2, owner = ?3, who = ?4, since_ms = ?5,"
    " asker_ms = ?6, staff_ms = ?7, told = ?8, passed = ?9, until = ?10, room = ?11, thread = ?12";

int store_put_live(struct store *s, const struct store_live *l)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_PUT_LIVE, sql_put_live, &err, "iittiiiiiitt", l->conversation, l->ticket,
                   l->owner, l->who, l->since_ms, l->asker_ms, l->staff_ms, l->told, l->passed,
                   l->until, l->room, l->thread);
    if (st)
        err = store_finish(s, st);
    return err ? err : store_set_mode(s, l->conversation, l->mode);
}

static const char sql_live_asked[] =
    "UPDATE live SET asker_ms = ?2 WHERE conversation = ?1 AND asker_ms <= staff_ms";

int store_live_asked(struct store *s, int64_t conversation, int64_t at_ms)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_LIVE_ASKED, sql_live_asked, &err, "ii", conversation, at_ms);
    return st ? store_finish(s, st) : err;
}

/* ---- finding one ---- */

static int find_one(struct store *s, sqlite3_stmt *st, int64_t *ret)
{
    int row = store_row(s, st);
    if (row > 0)
        *ret = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_live_thread[] =
    "SELECT conversation FROM live WHERE room = ?1 AND thread = ?2";

static const char sql_live_begun[] =
    "SELECT conversation FROM live WHERE room = ?1 AND room IS NOT NULL AND thread IS NULL LIMIT 1";

int store_live_of_thread(struct store *s, const char *room, const char *thread, int64_t *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LIVE_THREAD, sql_live_thread, &err, "tt", room, thread);
    if (st)
        err = find_one(s, st, ret);
    if (err != -ENOENT || !(st = store_bind(s, SQL_LIVE_BEGUN, sql_live_begun, &err, "t", room)))
        return err;
    int64_t other;
    err = find_one(s, st, &other);
    return err ? err : -EAGAIN;
}

static const char sql_ticket_talk[] =
    "INSERT INTO conversations(adapter, name, head, mode, at_ms, used_ms, erased)"
    " SELECT adapter, conversation, 0, 0, ?2, ?2, 0 FROM turns WHERE id = ?1 AND conversation <> ''"
    " ON CONFLICT(adapter, name) DO UPDATE SET used_ms = max(used_ms, ?2) RETURNING id";

int store_live_of_ticket(struct store *s, int64_t ticket, int64_t at_ms, int64_t *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_TICKET_TALK, sql_ticket_talk, &err, "ii", ticket, at_ms);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0) {
        *ret = sqlite3_column_int64(st, 0);
        row = store_row(s, st) < 0 ? -EIO : 1; /* to its end, or it is rolled back */
    }
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

static const char sql_last_turn[] =
    "SELECT max(id) FROM turns WHERE adapter = ?1 AND conversation = ?2 HAVING max(id) IS NOT NULL";

int store_last_turn(struct store *s, const char *adapter, const char *name, int64_t *ret_turn)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LAST_TURN, sql_last_turn, &err, "tt", adapter, name);
    return st ? find_one(s, st, ret_turn) : err;
}

static const char sql_last_answer[] =
    "SELECT seq FROM events WHERE conversation = ?1 AND turn IS NOT NULL ORDER BY seq DESC LIMIT 1";

int store_last_answer(struct store *s, int64_t conversation, int64_t *ret_seq)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LAST_ANSWER, sql_last_answer, &err, "i", conversation);
    return st ? find_one(s, st, ret_seq) : err;
}

static const char sql_contact[] = "SELECT h.email, h.note FROM conversations c JOIN handoffs h"
                                  " ON h.adapter = c.adapter AND h.conversation = c.name"
                                  " WHERE c.id = ?1 AND h.email <> '' ORDER BY h.id DESC LIMIT 1";

int store_contact(struct store *s, int64_t conversation, char **ret_email, char **ret_note)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_CONTACT, sql_contact, &err, "i", conversation);
    if (!st)
        return err;
    int row = store_row(s, st);
    *ret_email = row > 0 ? store_text(st, 0) : NULL;
    *ret_note = row > 0 ? store_text(st, 1) : NULL;
    store_reset(st);
    return row < 0 ? row : 0;
}

/* ---- many of them ---- */

static const char sql_lives[] =
    "SELECT " COLUMNS ", (SELECT question FROM turns WHERE id = l.ticket)"
    " FROM live l JOIN conversations c ON c.id = l.conversation"
    " WHERE c.mode <> 0 ORDER BY l.since_ms LIMIT ?1";

int store_lives(struct store *s, size_t max, store_live_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_LIVES, sql_lives, &err, "i", (int64_t)max);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0) {
        struct store_live l = read_live(st);
        fn(ctx, &l, text(st, 16));
    }
    store_reset(st);
    return row;
}

static int collect(struct store *s, sqlite3_stmt *st, int64_t *ret, size_t max)
{
    size_t n = 0;
    int row = 0;
    while (n < max && (row = store_row(s, st)) > 0)
        ret[n++] = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row < 0 ? row : (int)n;
}

static const char sql_live_late[] =
    "SELECT l.conversation FROM live l JOIN conversations c ON c.id = l.conversation"
    " WHERE (c.mode = 1 AND l.since_ms <= ?1 AND c.adapter = ?4)"
    " OR (c.mode = 2 AND max(l.since_ms, l.staff_ms, l.asker_ms) <= ?2) LIMIT ?3";

int store_live_late(struct store *s, const char *adapter, int64_t waiting_ms, int64_t silent_ms,
                    int64_t *ret, size_t max)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_LIVE_LATE, sql_live_late, &err, "iiit", waiting_ms,
                                  silent_ms, (int64_t)max, adapter);
    return st ? collect(s, st, ret, max) : err;
}

static const char sql_live_behind[] =
    "SELECT l.conversation FROM live l JOIN conversations c ON c.id = l.conversation"
    " WHERE l.conversation > ?1 AND (l.told < iif(l.until > 0, l.until, c.head)"
    "  OR (l.room IS NOT NULL"
    "   AND (l.thread IS NULL OR l.passed < iif(l.until > 0, l.until, c.head))))"
    " ORDER BY l.conversation LIMIT ?2";

int store_live_behind(struct store *s, int64_t after, int64_t *ret, size_t max)
{
    int err;
    sqlite3_stmt *st =
        store_bind(s, SQL_LIVE_BEHIND, sql_live_behind, &err, "ii", after, (int64_t)max);
    return st ? collect(s, st, ret, max) : err;
}
