/* entry.c: entries as pages of their own. An answer that was found can be sent to somebody else by its name, and a
 * search engine can read them all; so an entry is fetched here without a question being asked. What is
 * not valid today does not exist. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

/* An entry's own id is not unique between files: the first one by key has it. */
#define COLUMNS                                                                                    \
    "SELECT p.key, p.entry_id, p.title, p.question, p.url, d.url, p.lang, p.reviewed, d.reviewed," \
    " p.document, p.start, p.end FROM passages p JOIN documents d ON d.id = p.document"            \
    " WHERE p.entry AND p.question <> '' AND p.audience IN ('', :audience) AND " KB_CURRENT

static const char sql_by_id[] =
    COLUMNS " AND p.entry_id = :name AND p.entry_id <> '' ORDER BY p.key LIMIT 1";
static const char sql_by_key[] = COLUMNS " AND p.key = :name";
static const char sql_all[] = COLUMNS " AND p.key > :name ORDER BY p.key LIMIT :max";

static const char *column(struct pool *pool, sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return pool_strdup(pool, s);
}

/* The first that is not empty. */
static const char *either(struct pool *pool, sqlite3_stmt *st, int i, int j)
{
    const char *s = column(pool, st, i);
    return *s ? s : column(pool, st, j);
}

static void read_entry(struct pool *pool, sqlite3_stmt *st, struct kb_entry *ret)
{
    const char *question = column(pool, st, 3); /* the first line; the rest are aliases */
    *ret = (struct kb_entry){
        .passage = column(pool, st, 0),
        .id = column(pool, st, 1),
        .title = column(pool, st, 2),
        .question = pool_strndup(pool, question, strcspn(question, "\n")),
        .url = either(pool, st, 4, 5),
        .lang = column(pool, st, 6),
        .reviewed = either(pool, st, 7, 8),
    };
}

static void bind(sqlite3_stmt *st, const char *name, const char *value)
{
    sqlite3_bind_text(st, sqlite3_bind_parameter_index(st, name), value, -1, SQLITE_STATIC);
}

static int prepare(struct kb *kb, const char *sql, const char *audience, const char *name,
                   sqlite3_stmt **ret)
{
    int rc = sqlite3_prepare_v2(kb->db, sql, -1, ret, NULL);
    if (rc == SQLITE_OK) {
        bind(*ret, ":audience", audience ? audience : "");
        bind(*ret, ":name", name);
    }
    return rc;
}

int kb_entry(struct kb *kb, const char *audience, const char *name, struct pool *pool,
             struct kb_entry *ret)
{
    sqlite3_stmt *st = NULL;
    int r = 0, rc = prepare(kb, strchr(name, '#') ? sql_by_key : sql_by_id, audience, name, &st);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct kb_entry e;
        char *text;
        read_entry(pool, st, &e);
        r = row_text(kb, pool, sqlite3_column_int64(st, 9), (size_t)sqlite3_column_int64(st, 10),
                     (size_t)sqlite3_column_int64(st, 11), &text);
        if (!r) {
            e.text = text;
            *ret = e;
            r = 1;
        }
    }
    sqlite3_finalize(st);
    return r ? r : rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_OK ? 0 : schema_err(rc);
}

int kb_entries(struct kb *kb, const char *audience, const char *after, size_t max,
               struct pool *pool, struct kb_entry *ret)
{
    sqlite3_stmt *st = NULL;
    size_t n = 0;
    int rc = prepare(kb, sql_all, audience, after, &st);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, sqlite3_bind_parameter_index(st, ":max"), (sqlite3_int64)max);
        while ((rc = sqlite3_step(st)) == SQLITE_ROW && n < max)
            read_entry(pool, st, &ret[n++]);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? (int)n : schema_err(rc);
}
