/* index.c: the owner's files become an index, all of them or none.
 *
 * One run is one transaction: lock, read every source, write what differs, check what only shows
 * when all is there (keys that two documents share), commit. Any error of any source rolls all
 * of it back, so the last good index keeps answering while somebody mends the file.
 *
 * kb_check() is the same run over a base in memory that is thrown away: what it lets pass,
 * kb_index() lets pass. */
#include "kb/kb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An FTS5 index is a stack of segments. A query reads all of them, so they are merged into one
 * when much has changed; otherwise a little each time, so that small updates stay quick. */
#define MUCH_PERCENT 20
#define MERGE_PAGES  256

#define LOCK_WAIT_MS 15000 /* for another process's run */

/* The generation tells readers that what they remember of the base is out of date. */
static const char sql_grow[] = "UPDATE meta SET value = value + 1 WHERE key = 'generation'";
static const char sql_counts[] = "SELECT count(*), total(entry),"
                                 " (SELECT value FROM meta WHERE key = 'generation') FROM passages";
static const char sql_optimize[] = "INSERT INTO passage_fts(passage_fts) VALUES('optimize')";
static const char sql_merge[] = "INSERT INTO passage_fts(passage_fts, rank) VALUES('merge', ?1)";

static int exec(sqlite3 *db, const char *sql)
{
    return schema_db_err(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* ---- what only shows when all is there ------------------------------------------------------- */

/* Keys are "document#anchor", and an id may contain '#': seldom, but then two passages would be
 * one. */
static const char sql_shared[] =
    "SELECT p.key, d.file, p.line, (SELECT e.file FROM passages q JOIN documents e ON e.id = "
    "q.document"
    "  WHERE q.key = p.key AND q.document <> p.document ORDER BY e.key LIMIT 1)"
    " FROM passages p JOIN documents d ON d.id = p.document"
    " WHERE p.key IN (SELECT key FROM passages GROUP BY key HAVING count(*) > 1)"
    " ORDER BY p.key, d.key DESC, p.ord";

static const char *text(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

static int check_keys(sqlite3 *db, struct kb_report *report)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_shared, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            report_add(report, true, text(st, 1), (size_t)sqlite3_column_int64(st, 2), 0,
                       "the passage id \"%s\" is also used in %s; rename one of the two documents",
                       text(st, 0), *text(st, 3) ? text(st, 3) : "this file");
    sqlite3_finalize(st);
    if (rc != SQLITE_DONE)
        return schema_db_err(db, rc);
    return report->errors ? KB_ERR_INPUT : 0;
}

/* ---- one transaction ------------------------------------------------------------------------- */

static int read_all(sqlite3 *db, const struct kb_sources *src, struct kb_report *report)
{
    struct index_writer *w = NULL;
    int r = index_writer_new(db, report, &w);
    if (!r)
        r = source_read(src, report, index_document, w);
    int s = r == 0 || r == KB_ERR_INPUT ? synonyms_index(db, src, report) : 0;
    if (!r)
        r = s;
    if (!r && report->errors)
        r = KB_ERR_INPUT;
    if (!r)
        r = index_remove_rest(w);
    index_writer_free(w);
    return r;
}

static int count(sqlite3 *db, struct kb_report *report)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_counts, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        report->passages = (size_t)sqlite3_column_int64(st, 0);
        report->entries = (size_t)sqlite3_column_int64(st, 1);
        report->generation = sqlite3_column_int64(st, 2);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? 0 : schema_db_err(db, rc);
}

static int merge(sqlite3 *db, const struct kb_report *report)
{
    size_t touched = report->added + report->changed + report->removed;
    if (touched * 100 >= (report->read + report->removed) * MUCH_PERCENT)
        return exec(db, sql_optimize);
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_merge, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(st, 1, MERGE_PAGES);
        rc = sqlite3_step(st);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? 0 : schema_db_err(db, rc);
}

static int update(sqlite3 *db, const char *path, const struct kb_sources *src,
                  struct kb_report *report)
{
    long long before = sqlite3_total_changes64(db);
    int r = read_all(db, src, report);
    bool changed = sqlite3_total_changes64(db) != before;
    if (!r && changed)
        r = check_keys(db, report);
    if (!r && changed)
        r = merge(db, report);
    if (!r && changed)
        r = exec(db, sql_grow);
    if (!r && changed && path)
        r = index_forget_changes(db, path);
    return r ? r : count(db, report);
}

static int transaction(sqlite3 *db, const char *path, const struct kb_sources *src,
                       struct kb_report *report)
{
    int r = exec(db, "BEGIN IMMEDIATE");
    if (r)
        return r;
    r = update(db, path, src, report);
    if (!r)
        r = exec(db, "COMMIT");
    if (r && !sqlite3_get_autocommit(db)) /* a failed COMMIT may have rolled back already */
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* ---- the public face ------------------------------------------------------------------------- */

static void forget(struct kb_report *report)
{
    kb_report_release(report);
    *report = (struct kb_report){0};
}

/* What was counted before the failure did not happen. */
static int fail(struct kb_report *report, const char *path, int err)
{
    report->added = report->changed = report->removed = report->unchanged = 0;
    report->passages = report->entries = 0;
    report->generation = 0;
    report->rebuilt = false;
    if (!report->message && err != KB_ERR_INPUT &&
        asprintf(&report->message, "%s: %s", path, kb_strerror(err)) < 0)
        report->message = NULL;
    return err;
}

int kb_index(const char *db, const struct kb_sources *src, struct kb_report *ret_report)
{
    struct index_file file;
    *ret_report = (struct kb_report){0};
    int r = index_file_open(db, LOCK_WAIT_MS, &file, ret_report);
    if (!r)
        r = transaction(file.db, file.path, src, ret_report);
    if (r == KB_ERR_DAMAGED && file.db && !file.fresh) {
        forget(ret_report);
        r = index_file_restart(&file, ret_report);
        if (!r)
            r = transaction(file.db, file.path, src, ret_report);
    }
    if (!r)
        r = index_file_publish(&file, ret_report);
    if (!r)
        r = index_snapshot(file.path, ret_report);
    index_file_release(&file);
    return r ? fail(ret_report, db, r) : 0;
}

int kb_check(const struct kb_sources *src, struct kb_report *ret_report)
{
    sqlite3 *db = NULL;
    *ret_report = (struct kb_report){0};
    int r = schema_open(NULL, true, &db);
    if (!r)
        r = transaction(db, NULL, src, ret_report);
    sqlite3_close(db);
    return r ? fail(ret_report, "check", r) : 0;
}
