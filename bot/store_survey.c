/* store_survey.c: what statistics are made of: turns, and what became of them, since a day. For bot/survey.c, which reads them
 * again and again, on a connection of its own; so it is either new rows, by their number, or short ones. */
#include <errno.h>

#include "bot/store_int.h"

static const char *text(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static const char sql_survey_count[] = "SELECT count(*) FROM turns WHERE at_ms >= ?1";

int store_survey_count(struct store *s, int64_t since_ms, int64_t *ret_n)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_SURVEY_COUNT, sql_survey_count, &err, "i", since_ms);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        *ret_n = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row < 0 ? row : 0;
}

static const char sql_survey_turns[] =
    "SELECT id, at_ms, adapter, question, kind, confidence, " STORE_REPLY(
        "turns") " FROM turns"
                 " WHERE id > ?1 AND at_ms >= ?2 ORDER BY id";

int store_survey_turns(struct store *s, int64_t after, int64_t since_ms, store_survey_turn_fn *fn,
                       void *ctx)
{
    int err, row;
    sqlite3_stmt *st =
        store_bind(s, SQL_SURVEY_TURNS, sql_survey_turns, &err, "ii", after, since_ms);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, &(struct store_survey_turn){
                    .id = sqlite3_column_int64(st, 0),
                    .at_ms = sqlite3_column_int64(st, 1),
                    .adapter = text(st, 2),
                    .question = text(st, 3),
                    .kind = text(st, 4),
                    .confidence = sqlite3_column_double(st, 5),
                    .reply = text(st, 6),
                    .reply_len = (size_t)sqlite3_column_bytes(st, 6),
                });
    store_reset(st);
    return row;
}

static const char sql_survey_votes[] =
    "SELECT turn, sum(v > 0), sum(v < 0) FROM votes WHERE turn >= ?1 GROUP BY turn";
static const char sql_survey_tickets[] =
    "SELECT turn, why, state FROM tickets WHERE turn >= ?1 ORDER BY turn";
/* A wish belongs to the last answer before it; somebody came when its ticket was first taken after that. */
static const char sql_survey_waits[] =
    "SELECT turn, ifnull((SELECT min(l.at_ms) FROM ticket_log l WHERE l.turn = w.turn"
    "  AND l.what IN ('claim', 'take', 'live.claim', 'live.take') AND l.at_ms >= w.at_ms) - "
    "w.at_ms, -1), 0"
    " FROM (SELECT h.at_ms, (SELECT max(t.id) FROM turns t WHERE t.adapter = h.adapter"
    "   AND t.conversation = h.conversation AND t.at_ms <= h.at_ms) AS turn"
    "  FROM handoffs h WHERE h.want <> 'cancel') w WHERE turn >= ?1";

static const struct {
    enum store_sql id;
    const char *sql;
} further[] = {[STORE_SURVEY_VOTES] = {SQL_SURVEY_VOTES, sql_survey_votes},
               [STORE_SURVEY_TICKETS] = {SQL_SURVEY_TICKETS, sql_survey_tickets},
               [STORE_SURVEY_WAITS] = {SQL_SURVEY_WAITS, sql_survey_waits}};

int store_survey(struct store *s, enum store_survey what, int64_t from, store_survey_fn *fn,
                 void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, further[what].id, further[what].sql, &err, "i", from);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
           sqlite3_column_int64(st, 2));
    store_reset(st);
    return row;
}

/* ---- what was published, and when ---- */

static const char sql_published[] =
    "SELECT at_ms FROM audit WHERE at_ms >= ?1 AND action GLOB 'content.*'"
    " ORDER BY id";

int store_survey_published(struct store *s, int64_t since_ms, store_survey_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_SURVEY_PUBLISHED, sql_published, &err, "i", since_ms);
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, sqlite3_column_int64(st, 0), 0, 0);
    store_reset(st);
    return row;
}

/* ---- one of them, by its number ---- */

static const char sql_question[] =
    "SELECT id, at_ms, adapter, question, kind, confidence FROM turns WHERE id = ?1";

int store_question(struct store *s, int64_t id, store_survey_turn_fn *fn, void *ctx)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_QUESTION, sql_question, &err, "i", id);
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        fn(ctx, &(struct store_survey_turn){.id = sqlite3_column_int64(st, 0),
                                            .at_ms = sqlite3_column_int64(st, 1),
                                            .adapter = text(st, 2),
                                            .question = text(st, 3),
                                            .kind = text(st, 4),
                                            .confidence = sqlite3_column_double(st, 5),
                                            .reply = ""});
    store_reset(st);
    return row > 0 ? 0 : row < 0 ? row : -ENOENT;
}

/* ---- groups that were put together by hand ---- */

static const char sql_merge[] =
    "INSERT INTO cluster_merges(turn, says, into_turn, into_says, who, at_ms)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

int store_merge(struct store *s, const struct store_merge *m)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_MERGE, sql_merge, &err, "iiiiti", m->turn, m->says,
                                  m->into_turn, m->into_says, m->who, m->at_ms);
    return st ? store_finish(s, st) : err;
}

static const char sql_unmerge[] = "DELETE FROM cluster_merges WHERE id = ?1";

int store_unmerge(struct store *s, int64_t id)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_UNMERGE, sql_unmerge, &err, "i", id);
    if (st)
        err = store_finish(s, st);
    return err ? err : sqlite3_changes(s->db) ? 0 : -ENOENT;
}

static const char sql_merges[] =
    "SELECT id, turn, says, into_turn, into_says, who, at_ms FROM cluster_merges ORDER BY id";

int store_merges(struct store *s, store_merge_fn *fn, void *ctx)
{
    int err, row;
    sqlite3_stmt *st = store_bind(s, SQL_MERGES, sql_merges, &err, "");
    if (!st)
        return err;
    while ((row = store_row(s, st)) > 0)
        fn(ctx, &(struct store_merge){.id = sqlite3_column_int64(st, 0),
                                      .turn = sqlite3_column_int64(st, 1),
                                      .says = sqlite3_column_int64(st, 2),
                                      .into_turn = sqlite3_column_int64(st, 3),
                                      .into_says = sqlite3_column_int64(st, 4),
                                      .who = text(st, 5),
                                      .at_ms = sqlite3_column_int64(st, 6)});
    store_reset(st);
    return row;
}

static const char sql_version[] = "PRAGMA data_version";

int store_version(struct store *s, int64_t *ret)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_VERSION, sql_version, &err, "");
    if (!st)
        return err;
    int row = store_row(s, st);
    if (row > 0)
        *ret = sqlite3_column_int64(st, 0);
    store_reset(st);
    return row < 0 ? row : 0;
}
