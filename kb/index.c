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

#define MUCH_PERCENT 20 /* of all documents */

#define LOCK_WAIT_MS 15000 /* for another process's run */

/* The generation tells readers that what they remember of the base is out of date. */
static const char sql_grow[] = "UPDATE meta SET value = value + 1 WHERE key = 'generation'";
static const char sql_optimize[] = "INSERT INTO passage_fts(passage_fts) VALUES('optimize')";
static const char sql_merge[] = "INSERT INTO passage_fts(passage_fts, rank) VALUES('merge', 16)";

static int exec(sqlite3 *db, const char *sql)
{
    return schema_db_err(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* ---- what only shows when all is there ------------------------------------------------------- */

/* Keys are "document#anchor", and an id may contain '#': seldom, but then two passages would be
 * one. Looks at what this run wrote: all of it the first time, later what the change log has. */
#define SQL_SHARED(which)                                                                          \
    "SELECT p.key, f.path, p.line, (SELECT g.path FROM passages q"                                 \
    "   JOIN documents e ON e.id = q.document JOIN files g ON g.id = e.file"                       \
    "   WHERE q.key = p.key AND q.document <> p.document ORDER BY e.key LIMIT 1)"                  \
    " FROM passages p JOIN documents d ON d.id = p.document JOIN files f ON f.id = d.file"         \
    " WHERE p.key IN (" which ") ORDER BY p.key, d.key DESC, p.ord"
static const char sql_shared[] =
    SQL_SHARED("SELECT key FROM passages GROUP BY key HAVING count(*) > 1");
static const char sql_shared_new[] = SQL_SHARED(
    "SELECT c.key FROM changes JOIN passages c ON c.id = changes.id WHERE generation > ?1"
    " AND (SELECT count(*) FROM passages o WHERE o.key = c.key) > 1");

static const char *text(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

static int check_keys(sqlite3 *db, long long generation, struct kb_report *report)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, generation ? sql_shared_new : sql_shared, -1, &st, NULL);
    if (rc == SQLITE_OK && generation)
        rc = sqlite3_bind_int64(st, 1, generation);
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

/* One run over one base. */
struct job {
    sqlite3 *db;
    const char *path; /* of the base; NULL: a check in memory */
    const struct kb_sources *src;
    struct kb_report *report;
    struct index_snapshot *snap; /* gathered while a new base is filled; or NULL */
    bool load;                   /* the base was empty */
    bool changed;                /* readers can tell the difference */
};

static long long meta(sqlite3 *db, const char *sql)
{
    return schema_number(db, sql, 0, 0);
}

static int read_documents(struct job *j, struct index_memory *memory, struct index_writer *w)
{
    struct source_memory known = index_memory_source(memory);
    int r = 0;
    if (j->load) {
        j->snap = j->path ? index_snapshot_new(j->path) : NULL;
        r = index_writer_load(w, index_snapshot_builder(j->snap));
    }
    if (!r)
        r = source_read(j->src, &known, j->report, index_document, w);
    int s = index_writer_flush(w);
    return r && r != KB_ERR_INPUT ? r : s ? s : r;
}

/* Where there was nothing else to write, it may be that nothing can be written: then the files are read again the next
 * time, and that is all. */
static int keep_memory(struct job *j, struct index_memory *memory)
{
    int r = index_memory_finish(memory);
    if (!r || j->changed || j->load || r == KB_ERR_DAMAGED)
        return r;
    if (!sqlite3_get_autocommit(j->db))
        sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
    return exec(j->db, "BEGIN");
}

static int read_all(struct job *j)
{
    struct index_memory *memory = NULL;
    struct index_writer *w = NULL;
    int r = index_memory_new(j->db, &memory);
    if (!r)
        r = index_writer_new(j->db, memory, j->report, &w);
    if (!r)
        r = read_documents(j, memory, w);
    long long before = sqlite3_total_changes64(j->db);
    int s = r == 0 || r == KB_ERR_INPUT ? synonyms_index(j->db, j->src, j->report) : 0;
    j->changed = sqlite3_total_changes64(j->db) != before;
    if (!r)
        r = s;
    if (!r && j->report->errors)
        r = KB_ERR_INPUT;
    if (!r)
        r = index_writer_finish(w);
    j->changed = j->changed || (w && index_writer_changed(w));
    if (!r)
        r = keep_memory(j, memory);
    index_writer_free(w);
    index_memory_free(memory);
    return r;
}

static int update(struct job *j)
{
    long long generation = meta(j->db, "SELECT value FROM meta WHERE key = 'generation'");
    j->load = !meta(j->db, "SELECT value FROM meta WHERE key = 'documents'");
    int r = j->load ? schema_load_begin(j->db) : 0;
    if (!r)
        r = read_all(j);
    if (!r && j->changed)
        index_snapshot_start(j->snap, j->db);
    if (!r)
        r = j->load ? schema_load_end(j->db) : 0;
    if (!r && j->changed)
        r = check_keys(j->db, j->load ? 0 : generation, j->report);
    if (!r && j->changed)
        r = exec(j->db, sql_grow);
    if (!r && j->changed && j->path)
        r = index_forget_changes(j->db, j->path);
    if (!r && !j->changed && !j->load)
        r = index_file_check(
            j->db); /* nothing else to do, and there may be a reason for this run */
    j->report->passages = (size_t)meta(j->db, "SELECT value FROM meta WHERE key = 'passages'");
    j->report->entries = (size_t)meta(j->db, "SELECT value FROM meta WHERE key = 'entries'");
    j->report->generation = meta(j->db, "SELECT value FROM meta WHERE key = 'generation'");
    return r;
}

/* An FTS5 index is a stack of segments, one for each change. A query reads all of them, so they are merged into one when
 * much has changed, otherwise a little each time. Nobody waits for it: the change is visible, and a failure is
 * for the next run to mend. */
static void merge(const struct job *j)
{
    const struct kb_report *r = j->report;
    size_t touched = r->added + r->changed + r->removed;
    bool much = touched * 100 >= (r->read + r->removed) * MUCH_PERCENT;
    sqlite3_exec(j->db, much ? sql_optimize : sql_merge, NULL, NULL, NULL);
}

static int transaction(struct job *j)
{
    int r = exec(j->db, "BEGIN IMMEDIATE");
    if (r)
        return r;
    r = update(j);
    if (!r)
        r = exec(j->db, "COMMIT");
    if (!r && j->changed && !j->load)
        merge(j);
    if (r && !sqlite3_get_autocommit(j->db)) /* a failed COMMIT may have rolled back already */
        sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
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

static int run(struct index_file *file, struct job *j)
{
    j->db = file->db;
    j->path = file->path;
    int r = transaction(j);
    if (r != KB_ERR_DAMAGED || !file->db || file->fresh)
        return r;
    forget(j->report);
    index_snapshot_free(j->snap);
    j->snap = NULL;
    r = index_file_restart(file, j->report);
    j->db = file->db;
    return r ? r : transaction(j);
}

int kb_index(const char *db, const struct kb_sources *src, struct kb_report *ret_report)
{
    struct index_file file;
    struct job j = {.src = src, .report = ret_report};
    *ret_report = (struct kb_report){0};
    int r = index_file_open(db, LOCK_WAIT_MS, &file, ret_report);
    if (!r)
        r = run(&file, &j);
    if (!r)
        r = index_file_publish(&file, ret_report);
    if (!r)
        r = index_snapshot_finish(j.snap, &file, !j.changed, ret_report);
    index_snapshot_free(j.snap);
    index_file_release(&file);
    return r ? fail(ret_report, db, r) : 0;
}

int kb_check(const struct kb_sources *src, struct kb_report *ret_report)
{
    struct job j = {.src = src, .report = ret_report};
    *ret_report = (struct kb_report){0};
    int r = schema_open(NULL, true, &j.db);
    if (!r)
        r = transaction(&j);
    sqlite3_close(j.db);
    return r ? fail(ret_report, "check", r) : 0;
}
