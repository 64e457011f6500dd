/* index_document.c: documents become rows, as few of them as possible.
 *
 * A document whose bytes and file are those of the last run is left alone: it is neither cut nor
 * tokenized again. A record that only moved within its file gets its lines shifted. Anything
 * else is deleted and written anew, which is simpler than comparing passages and costs little,
 * since one document is small. What the run did not meet at the end is removed.
 *
 * Once a source has an error the run will be rolled back; documents are then only counted, so
 * that all errors of all files are still found. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIND,
    ADD,
    CHANGE,
    MOVE,
    MOVE_PASSAGES,
    CLEAR,
    REMOVE,
    KNOWN,
    ADD_PASSAGE,
    ADD_TEST,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [FIND] = "SELECT id, hash, file, line FROM documents WHERE key = ?1",
    [ADD] = "INSERT INTO documents(key, file, hash, line, title, url, lang, owner, reviewed, text)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [CHANGE] = "UPDATE documents SET file = ?2, hash = ?3, line = ?4, title = ?5, url = ?6, lang = "
               "?7, owner = ?8,"
               " reviewed = ?9, text = ?10 WHERE key = ?1",
    [MOVE] = "UPDATE documents SET line = ?2 WHERE id = ?1",
    [MOVE_PASSAGES] = "UPDATE passages SET line = line + ?2 WHERE document = ?1",
    [CLEAR] = "DELETE FROM passages WHERE document = ?1",
    [REMOVE] = "DELETE FROM documents WHERE id = ?1",
    [KNOWN] = "SELECT id FROM documents WHERE id <= ?1",
    [ADD_PASSAGE] =
        "INSERT INTO passages(document, key, ord, anchor, entry, entry_id, start, end, line, lang, "
        "audience,"
        " reviewed, valid_from, valid_until, url, heading, followups, needs, nots, title, headings,"
        " question, unit, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15,"
        " ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    [ADD_TEST] = "INSERT INTO tests(passage, question, must) VALUES(?1, ?2, ?3)",
};

struct index_writer {
    sqlite3 *db;
    struct kb_report *report;
    sqlite3_stmt *stmt[STATEMENTS];
    long long last;      /* the highest document id before the run */
    unsigned char *seen; /* one bit for each id up to `last` */
    long long document;  /* being written */
    int ord;             /* of its next passage */
};

/* ---- statements ------------------------------------------------------------------------------ */

static void bind_text(sqlite3_stmt *st, int i, const char *s)
{
    sqlite3_bind_text(st, i, s ? s : "", -1, SQLITE_STATIC);
}

/* Run a statement that returns nothing. A value that could not be bound shows as a NULL that is
 * refused. */
static int run(struct index_writer *w, int which)
{
    sqlite3_stmt *st = w->stmt[which];
    int rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : schema_db_err(w->db, rc);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return r;
}

static int run_ids(struct index_writer *w, int which, long long a, long long b)
{
    sqlite3_bind_int64(w->stmt[which], 1, a);
    if (sqlite3_bind_parameter_count(w->stmt[which]) > 1)
        sqlite3_bind_int64(w->stmt[which], 2, b);
    return run(w, which);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A JSON array of strings; free(). */
static char *json(const char *const *s, size_t n)
{
    if (n == 0)
        return strdup("[]");
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(s[i] ? s[i] : ""));
    char *text = cJSON_PrintUnformatted(list);
    cJSON_Delete(list);
    return text;
}

static int bind_json(sqlite3_stmt *st, int i, const char *const *s, size_t n)
{
    char *text = json(s, n);
    return text && sqlite3_bind_text(st, i, text, -1, free) == SQLITE_OK ? 0 : KB_ERR_NOMEM;
}

_Static_assert(sizeof(struct unit) == 16, "the file's format: 16 bytes a unit");

/* Units as a little-endian machine has them in memory, the padding zero. */
static int bind_units(sqlite3_stmt *st, int i, const struct unit *unit, size_t n)
{
    struct unit *copy = n ? calloc(n, sizeof *copy) : NULL;
    if (n && !copy)
        return KB_ERR_NOMEM;
    for (size_t k = 0; k < n; k++) {
        copy[k].start = htole32(unit[k].start);
        copy[k].end = htole32(unit[k].end);
        copy[k].kind = unit[k].kind;
        copy[k].level = unit[k].level;
        copy[k].head = unit[k].head;
        copy[k].lead = unit[k].lead;
        copy[k].group = htole16(unit[k].group);
    }
    if (!n)
        sqlite3_bind_zeroblob(st, i, 0);
    else if (sqlite3_bind_blob64(st, i, copy, n * sizeof *copy, free) != SQLITE_OK)
        return KB_ERR_NOMEM;
    return 0;
}

/* ---- passages -------------------------------------------------------------------------------- */

static int add_tests(struct index_writer *w, long long passage, const char *const *question,
                     size_t n, bool must)
{
    int r = 0;
    for (size_t i = 0; i < n && !r; i++) {
        sqlite3_stmt *st = w->stmt[ADD_TEST];
        sqlite3_bind_int64(st, 1, passage);
        bind_text(st, 2, question[i]);
        sqlite3_bind_int(st, 3, must);
        r = run(w, ADD_TEST);
    }
    return r;
}

static int bind_lists(sqlite3_stmt *st, const struct passage *p)
{
    static const struct entry none;
    const struct entry *e = p->source ? p->source : &none;
    int r = bind_json(st, 16, p->heading, p->nheading);
    if (!r)
        r = bind_json(st, 17, e->followup, e->nfollowup);
    if (!r)
        r = bind_json(st, 18, e->needs, e->nneeds);
    if (!r)
        r = bind_json(st, 19, e->nots, e->nnots);
    return r;
}

static void bind_passage(sqlite3_stmt *st, const struct document *doc, const struct passage *p)
{
    bind_text(st, 2, p->key);
    bind_text(st, 4, p->anchor);
    sqlite3_bind_int(st, 5, p->entry);
    bind_text(st, 6, p->source ? p->source->id : "");
    sqlite3_bind_int64(st, 7, (long long)p->start);
    sqlite3_bind_int64(st, 8, (long long)p->end);
    sqlite3_bind_int64(st, 9, (long long)p->line);
    const char *const text[] = {p->lang,       p->audience,    p->reviewed,
                                p->valid_from, p->valid_until, p->url};
    for (int i = 0; i < (int)(sizeof text / sizeof *text); i++)
        bind_text(st, 10 + i, text[i]);
    bind_text(st, 20, doc->title);
    bind_text(st, 21, p->headings);
    bind_text(st, 22, p->question);
    bind_text(st, 24, p->body);
}

static int on_passage(void *ctx, const struct document *doc, const struct passage *p)
{
    struct index_writer *w = ctx;
    if (p->status && !strcmp(p->status, "draft"))
        return 0; /* checked like the others, but nobody's answer yet */
    sqlite3_stmt *st = w->stmt[ADD_PASSAGE];
    sqlite3_bind_int64(st, 1, w->document);
    sqlite3_bind_int(st, 3, w->ord++);
    bind_passage(st, doc, p);
    int r = bind_lists(st, p);
    if (!r)
        r = bind_units(st, 23, p->unit, p->nunit);
    if (!r)
        r = run(w, ADD_PASSAGE);
    if (r || !p->source)
        return r;
    long long id = sqlite3_last_insert_rowid(w->db);
    r = add_tests(w, id, p->source->test, p->source->ntest, true);
    return r ? r : add_tests(w, id, p->source->not_test, p->source->nnot_test, false);
}

/* ---- documents ------------------------------------------------------------------------------- */

static int write_document(struct index_writer *w, int which, const struct document *doc)
{
    sqlite3_stmt *st = w->stmt[which];
    bind_text(st, 1, doc->id);
    bind_text(st, 2, doc->file);
    bind_text(st, 3, doc->hash);
    sqlite3_bind_int64(st, 4, (long long)doc->line);
    const char *const text[] = {doc->title, doc->url, doc->lang, doc->owner, doc->reviewed};
    for (int i = 0; i < (int)(sizeof text / sizeof *text); i++)
        bind_text(st, 5 + i, text[i]);
    sqlite3_bind_text64(st, 10, doc->text ? doc->text : "", doc->len, SQLITE_STATIC, SQLITE_UTF8);
    return run(w, which);
}

static int cut(struct index_writer *w, long long id, const struct document *doc)
{
    w->document = id;
    w->ord = 0;
    return passage_cut(doc, on_passage, w);
}

static int add(struct index_writer *w, const struct document *doc)
{
    int r = write_document(w, ADD, doc);
    w->report->added++;
    return r ? r : cut(w, sqlite3_last_insert_rowid(w->db), doc);
}

static int change(struct index_writer *w, long long id, const struct document *doc)
{
    int r = run_ids(w, CLEAR, id, 0);
    if (!r)
        r = write_document(w, CHANGE, doc);
    w->report->changed++;
    return r ? r : cut(w, id, doc);
}

static int move(struct index_writer *w, long long id, long long from, long long to)
{
    int r = run_ids(w, MOVE, id, to);
    w->report->unchanged++; /* what it says is */
    return r ? r : run_ids(w, MOVE_PASSAGES, id, to - from);
}

static const char *column(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

int index_document(void *writer, struct document *doc)
{
    struct index_writer *w = writer;
    if (w->report->errors)
        return 0;
    sqlite3_stmt *st = w->stmt[FIND];
    bind_text(st, 1, doc->id);
    int rc = sqlite3_step(st);
    bool known = rc == SQLITE_ROW;
    long long id = known ? sqlite3_column_int64(st, 0) : 0,
              line = known ? sqlite3_column_int64(st, 3) : 0;
    bool same = known && !strcmp(column(st, 1), doc->hash) && !strcmp(column(st, 2), doc->file);
    sqlite3_reset(st);
    if (!known)
        return rc == SQLITE_DONE ? add(w, doc) : schema_db_err(w->db, rc);
    if (id <= w->last)
        w->seen[id / 8] = (unsigned char)(w->seen[id / 8] | 1 << id % 8);
    if (!same)
        return change(w, id, doc);
    if (line != (long long)doc->line)
        return move(w, id, line, (long long)doc->line);
    w->report->unchanged++;
    return 0;
}

/* FTS5 must see the passages before they go, so the document's own cascade comes too late. */
static int remove_document(struct index_writer *w, long long id)
{
    int r = run_ids(w, CLEAR, id, 0);
    w->report->removed++;
    return r ? r : run_ids(w, REMOVE, id, 0);
}

int index_remove_rest(struct index_writer *w)
{
    sqlite3_stmt *st = w->stmt[KNOWN];
    sqlite3_bind_int64(st, 1, w->last);
    int r = 0, rc = SQLITE_ROW;
    while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        long long id = sqlite3_column_int64(st, 0);
        if (!(w->seen[id / 8] & 1 << id % 8))
            r = remove_document(w, id);
    }
    sqlite3_reset(st);
    return r || rc == SQLITE_DONE ? r : schema_db_err(w->db, rc);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static int last_id(sqlite3 *db, long long *ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT coalesce(max(id), 0) FROM documents", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? 0 : schema_db_err(db, rc);
}

int index_writer_new(sqlite3 *db, struct kb_report *report, struct index_writer **ret)
{
    struct index_writer *w = calloc(1, sizeof *w);
    if (!w)
        return KB_ERR_NOMEM;
    w->db = db;
    w->report = report;
    int r = last_id(db, &w->last);
    /* A damaged file can claim any id; nobody has a billion documents. */
    if (!r && (w->last < 0 || w->last > 1000 * 1000 * 1000))
        r = KB_ERR_DAMAGED;
    if (!r && !(w->seen = calloc(1, (size_t)w->last / 8 + 1)))
        r = KB_ERR_NOMEM;
    for (int i = 0; i < STATEMENTS && !r; i++)
        r = schema_db_err(
            db, sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &w->stmt[i], NULL));
    if (r) {
        index_writer_free(w);
        return r;
    }
    *ret = w;
    return 0;
}

void index_writer_free(struct index_writer *w)
{
    if (!w)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w->stmt[i]);
    free(w->seen);
    free(w);
}
