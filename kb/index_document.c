/* index_document.c: documents become rows, as few of them as possible.
 *
 * A document whose bytes and file are those of the last run is left alone: it is neither cut nor
 * tokenized again. A record that only moved within its file gets its lines shifted. Anything
 * else is cut anew (index_passage.c). What the run did not meet at the end is removed.
 *
 * Once a source has an error the run will be rolled back; documents are then only counted, so
 * that all errors of all files are still found. */
#include "kb/snap.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIND,
    ADD,
    CHANGE,
    MOVE,
    MOVE_PASSAGES,
    REMOVE,
    OF_FILE,
    COUNT,
    ABBREVIATE,
    FORGET,
    SAID,
    STATEMENTS
};

/* clang-format off */
static const char *const sql[STATEMENTS] = {
    [FIND] = "SELECT id, hash, file, line FROM documents WHERE key = ?1",
    [ADD] =
        "INSERT INTO documents(key, file, hash, line, title, url, lang, owner, reviewed, text)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [CHANGE] =
        "UPDATE documents SET file = ?2, hash = ?3, line = ?4, title = ?5, url = ?6, lang = ?7, owner = ?8,"
        " reviewed = ?9, text = ?10 WHERE key = ?1",
    [MOVE] = "UPDATE documents SET line = ?2 WHERE id = ?1",
    [MOVE_PASSAGES] = "UPDATE passages SET line = line + ?2 WHERE document = ?1",
    [REMOVE] = "DELETE FROM documents WHERE id = ?1",
    [OF_FILE] = "SELECT id FROM documents WHERE file = ?1",
    [ABBREVIATE] = "INSERT INTO abbreviations(document, brief, full) VALUES(?1, ?2, ?3)",
    [FORGET] = "DELETE FROM abbreviations WHERE document = ?1",
    [SAID] =
        "SELECT group_concat(brief || char(1) || full, char(2)) FROM (SELECT brief, full FROM abbreviations"
        " WHERE document = ?1 ORDER BY brief, full)",
    [COUNT] = "UPDATE meta SET value = value + ?2 WHERE key = ?1",
};
/* clang-format on */

static const char sql_abbreviated[] = "INSERT OR REPLACE INTO meta SELECT 'abbreviations', value + "
                                      "1 FROM meta WHERE key = 'generation'";

struct index_writer {
    sqlite3 *db;
    struct index_memory *memory;
    struct index_passages *passages;
    struct index_load *load; /* nothing is known, so nothing need be looked up; or NULL */
    struct kb_report *report;
    sqlite3_stmt *stmt[STATEMENTS];
    long long last; /* the highest document id before the run */
    bool changed;
    unsigned char *seen; /* one bit for each id up to `last` */
    long long documents; /* more than before */
    bool abbreviated;    /* some text says other abbreviations than it did */
};

/* ---- statements ------------------------------------------------------------------------------ */

static int run(struct index_writer *w, int which)
{
    int rc = sqlite3_step(w->stmt[which]);
    int r = rc == SQLITE_DONE ? 0 : schema_db_err(w->db, rc);
    sqlite3_reset(w->stmt[which]);
    return r;
}

static int run_ids(struct index_writer *w, int which, long long a, long long b)
{
    sqlite3_bind_int64(w->stmt[which], 1, a);
    if (sqlite3_bind_parameter_count(w->stmt[which]) > 1)
        sqlite3_bind_int64(w->stmt[which], 2, b);
    return run(w, which);
}

/* ---- documents ------------------------------------------------------------------------------- */

static int write_document(struct index_writer *w, int which, const struct document *doc,
                          long long file)
{
    sqlite3_stmt *st = w->stmt[which];
    schema_bind_text(st, 1, doc->id);
    sqlite3_bind_int64(st, 2, file);
    schema_bind_text(st, 3, doc->hash);
    sqlite3_bind_int64(st, 4, (long long)doc->line);
    const char *const text[] = {doc->title, doc->url, doc->lang, doc->owner, doc->reviewed};
    for (int i = 0; i < (int)(sizeof text / sizeof *text); i++)
        schema_bind_text(st, 5 + i, text[i]);
    sqlite3_bind_text64(st, 10, doc->text ? doc->text : "", doc->len, SQLITE_STATIC, SQLITE_UTF8);
    w->changed = true;
    return run(w, which);
}

static int count_new(struct index_writer *w, const struct document *doc, long long file)
{
    w->report->added++;
    w->documents++;
    return write_document(w, ADD, doc, file);
}

static int abbreviation(void *writer, const char *brief, const char *full)
{
    struct index_writer *w = writer;
    schema_bind_text(w->stmt[ABBREVIATE], 2, brief);
    schema_bind_text(w->stmt[ABBREVIATE], 3, full);
    return run(w, ABBREVIATE);
}

static int write_abbreviations(struct index_writer *w, long long id, const struct document *doc)
{
    if (!doc->len)
        return 0;
    struct pool *pool = pool_new();
    sqlite3_bind_int64(w->stmt[ABBREVIATE], 1, id);
    int r = abbreviations_find(pool, doc->text, doc->len, abbreviation, w);
    pool_free(pool);
    return r;
}

/* What the document says of abbreviations, as one text. */
static const char *said(struct index_writer *w, struct pool *pool, long long id)
{
    sqlite3_stmt *st = w->stmt[SAID];
    sqlite3_bind_int64(st, 1, id);
    const char *s = sqlite3_step(st) == SQLITE_ROW ? schema_column_copy(pool, st, 0) : "";
    sqlite3_reset(st);
    return s;
}

/* Replace them by those of `doc`; NULL: it is gone. Most edits change none. */
static int change_abbreviations(struct index_writer *w, long long id, const struct document *doc)
{
    struct pool *pool = pool_new();
    const char *before = said(w, pool, id);
    int r = run_ids(w, FORGET, id, 0);
    if (!r && doc)
        r = write_abbreviations(w, id, doc);
    w->abbreviated = w->abbreviated || strcmp(before, doc ? said(w, pool, id) : "") != 0;
    pool_free(pool);
    return r;
}

/* An index_load_fn. */
static int load(void *ctx, const struct document *doc, long long file,
                const struct passage *passage, size_t n)
{
    struct index_writer *w = ctx;
    int r = count_new(w, doc, file);
    long long id = sqlite3_last_insert_rowid(w->db);
    w->abbreviated = true;
    if (!r)
        r = write_abbreviations(w, id, doc);
    return r ? r : index_passages_add(w->passages, id, doc, passage, n);
}

static int add(struct index_writer *w, const struct document *doc, long long file)
{
    int r = count_new(w, doc, file);
    long long id = sqlite3_last_insert_rowid(w->db);
    if (!r)
        r = change_abbreviations(w, id, doc);
    return r ? r : index_passages_change(w->passages, id, doc);
}

static int change(struct index_writer *w, long long id, const struct document *doc, long long file)
{
    int r = write_document(w, CHANGE, doc, file);
    w->report->changed++;
    if (!r)
        r = change_abbreviations(w, id, doc);
    return r ? r : index_passages_change(w->passages, id, doc);
}

static int move(struct index_writer *w, long long id, long long from, long long to)
{
    int r = run_ids(w, MOVE, id, to);
    w->report->unchanged++; /* what it says is */
    w->changed = true;
    return r ? r : run_ids(w, MOVE_PASSAGES, id, to - from);
}

int index_document(void *writer, struct document *doc)
{
    struct index_writer *w = writer;
    if (w->report->errors)
        return 0;
    long long file = index_memory_file(w->memory);
    if (w->load)
        return index_load_put(w->load, doc, file);
    sqlite3_stmt *st = w->stmt[FIND];
    schema_bind_text(st, 1, doc->id);
    int rc = sqlite3_step(st);
    bool known = rc == SQLITE_ROW;
    long long id = known ? sqlite3_column_int64(st, 0) : 0,
              line = known ? sqlite3_column_int64(st, 3) : 0;
    bool same =
        known && !strcmp(schema_column(st, 1), doc->hash) && sqlite3_column_int64(st, 2) == file;
    sqlite3_reset(st);
    if (!known)
        return rc == SQLITE_DONE ? add(w, doc, file) : schema_db_err(w->db, rc);
    if (id <= w->last)
        w->seen[id / 8] = (unsigned char)(w->seen[id / 8] | 1 << id % 8);
    if (!same)
        return change(w, id, doc, file);
    if (line != (long long)doc->line)
        return move(w, id, line, (long long)doc->line);
    w->report->unchanged++;
    return 0;
}

int index_writer_flush(struct index_writer *w)
{
    return w->load ? index_load_end(w->load) : 0;
}

static int remove_document(struct index_writer *w, long long id)
{
    int r = index_passages_remove(w->passages, id);
    w->report->removed++;
    w->documents--;
    w->changed = true;
    if (!r)
        r = change_abbreviations(w, id, NULL);
    return r ? r : run_ids(w, REMOVE, id, 0);
}

/* Of one file: the documents that this run did not meet. */
static int remove_unseen(struct index_writer *w, long long file)
{
    sqlite3_stmt *st = w->stmt[OF_FILE];
    sqlite3_bind_int64(st, 1, file);
    int r = 0, rc = SQLITE_ROW;
    while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        long long id = sqlite3_column_int64(st, 0);
        if (id <= w->last && !(w->seen[id / 8] & 1 << id % 8))
            r = remove_document(w, id);
    }
    sqlite3_reset(st);
    return r || rc == SQLITE_DONE ? r : schema_db_err(w->db, rc);
}

static int add_count(struct index_writer *w, const char *key, long long more)
{
    schema_bind_text(w->stmt[COUNT], 1, key);
    sqlite3_bind_int64(w->stmt[COUNT], 2, more);
    return more ? run(w, COUNT) : 0;
}

int index_writer_finish(struct index_writer *w)
{
    int r = 0;
    long long passages = 0, entries = 0;
    size_t at = 0;
    for (long long file; !r && !w->load && (file = index_memory_doubtful(w->memory, &at));)
        r = remove_unseen(w, file);
    if (!r)
        r = index_passages_finish(w->passages, &passages, &entries);
    if (!r)
        r = add_count(w, "documents", w->documents);
    if (!r)
        r = add_count(w, "passages", passages);
    if (!r && w->abbreviated) /* a snapshot that has the pairs ready has old ones: synonym_ask.c */
        r = schema_db_err(w->db, sqlite3_exec(w->db, sql_abbreviated, NULL, NULL, NULL));
    return r ? r : add_count(w, "entries", entries);
}

bool index_writer_changed(const struct index_writer *w)
{
    return w->changed;
}

/* ---- the writer ------------------------------------------------------------------------------ */

int index_writer_load(struct index_writer *w, struct snap_builder *snap)
{
    int r = index_load_new(load, w, &w->load);
    return r ? r : index_passages_hear(w->passages, snap);
}

int index_writer_new(sqlite3 *db, struct index_memory *memory, struct kb_report *report,
                     struct index_writer **ret)
{
    struct index_writer *w = calloc(1, sizeof *w);
    if (!w)
        return KB_ERR_NOMEM;
    w->db = db;
    w->memory = memory;
    w->report = report;
    w->last = schema_number(db, "SELECT max(id) FROM documents", 0, -1);
    /* A damaged file can claim any id; nobody has a billion documents. */
    int r = w->last < 0 || w->last > 1000 * 1000 * 1000 ? KB_ERR_DAMAGED : 0;
    if (!r && !(w->seen = calloc(1, (size_t)w->last / 8 + 1)))
        r = KB_ERR_NOMEM;
    if (!r)
        r = index_passages_new(db, &w->passages);
    for (int i = 0; i < STATEMENTS && !r; i++)
        r = schema_db_err(
            db, sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &w->stmt[i], NULL));
    if (r)
        index_writer_free(w);
    else
        *ret = w;
    return r;
}

void index_writer_free(struct index_writer *w)
{
    if (!w)
        return;
    index_load_free(w->load);
    index_passages_free(w->passages);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w->stmt[i]);
    free(w->seen);
    free(w);
}
