/* index_document.c: documents become rows, as few of them as possible.
 *
 * A document whose bytes and file are those of the last run is left alone: it is neither cut nor
 * tokenized again. A record that only moved within its file gets its lines shifted. Anything
 * else is deleted and written anew, which is simpler than comparing passages and costs little,
 * since one document is small. What the run did not meet at the end is removed.
 *
 * A passage is a row, its FTS5 entry, and, from the second generation on, a line in the change log. All
 * three are written here and only here; see schema.c for why no trigger does it. Each statement writes one row,
 * so that SQLite needs no savepoint for it.
 *
 * Once a source has an error the run will be rolled back; documents are then only counted, so
 * that all errors of all files are still found. */
#include "kb/snap.h"

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
    REMOVE,
    KNOWN,
    OLD_PASSAGES,
    ADD_PASSAGE,
    REMOVE_PASSAGE,
    REMOVE_TESTS,
    ADD_TEST,
    ADD_TEXT,
    REMOVE_TEXT,
    LOG,
    COUNT,
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
    [REMOVE] = "DELETE FROM documents WHERE id = ?1",
    [KNOWN] = "SELECT id FROM documents WHERE file = ?1",
    [OLD_PASSAGES] = "SELECT p.id, p.entry, t.question, t.headings, t.title, t.body"
                     " FROM passages p JOIN passage_text t ON t.id = p.id WHERE p.document = ?1",
    [ADD_PASSAGE] =
        "INSERT INTO passages(document, key, ord, anchor, entry, entry_id, start, end, line, lang, "
        "audience,"
        " reviewed, valid_from, valid_until, url, heading, followups, needs, nots, title, headings,"
        " question, unit, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15,"
        " ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    [REMOVE_PASSAGE] = "DELETE FROM passages WHERE id = ?1",
    [REMOVE_TESTS] = "DELETE FROM tests WHERE passage = ?1",
    [ADD_TEST] = "INSERT INTO tests(passage, question, must) VALUES(?1, ?2, ?3)",
    [ADD_TEXT] = "INSERT INTO passage_fts(rowid, question, headings, title, body)"
                 " VALUES(?1, ?2, ?3, ?4, ?5)",
    [REMOVE_TEXT] = "INSERT INTO passage_fts(rowid, question, headings, title, body, passage_fts)"
                    " VALUES(?1, ?2, ?3, ?4, ?5, 'delete')",
    [LOG] = "INSERT OR REPLACE INTO changes VALUES(?1, ?2)",
    [COUNT] = "UPDATE meta SET value = value + ?2 WHERE key = ?1",
};

struct index_writer {
    sqlite3 *db;
    const struct index_memory *memory;
    struct kb_report *report;
    struct snap_builder *snap; /* gathers what is written, or NULL */
    sqlite3_stmt *stmt[STATEMENTS];
    long long last;       /* the highest document id before the run */
    long long generation; /* the last one */
    bool load;            /* nothing is known, so nothing need be looked up */
    bool changed;
    unsigned char *seen;                    /* one bit for each id up to `last` */
    long long document;                     /* being written */
    int ord;                                /* of its next passage */
    long long documents, passages, entries; /* more than before */
    struct marked {
        char *s;
        size_t cap;
    } marked[FIELDS]; /* room for texts with their language mark */
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
    return r;
}

static int run_ids(struct index_writer *w, int which, long long a, long long b)
{
    sqlite3_bind_int64(w->stmt[which], 1, a);
    if (sqlite3_bind_parameter_count(w->stmt[which]) > 1)
        sqlite3_bind_int64(w->stmt[which], 2, b);
    return run(w, which);
}

static const char *column(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A JSON array of strings; free(). */
static char *json(const char *const *s, size_t n)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(s[i] ? s[i] : ""));
    char *text = cJSON_PrintUnformatted(list);
    cJSON_Delete(list);
    return text;
}

static int bind_json(sqlite3_stmt *st, int i, const char *const *s, size_t n)
{
    if (n == 0) {
        sqlite3_bind_text(st, i, "[]", 2, SQLITE_STATIC);
        return 0;
    }
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

/* As the view passage_text has it: the language mark, then the text. */
static int bind_marked(struct index_writer *w, int field, const char *lang, const char *s)
{
    struct marked *m = &w->marked[field];
    size_t nlang = strlen(lang), n = strlen(s), len = nlang + n + 2;
    if (len > m->cap) {
        char *bigger = realloc(m->s, len * 2);
        if (!bigger)
            return KB_ERR_NOMEM;
        m->s = bigger;
        m->cap = len * 2;
    }
    m->s[0] = TOKENIZER_MARK;
    memcpy(m->s + 1, lang, nlang);
    m->s[nlang + 1] = ' ';
    memcpy(m->s + nlang + 2, s, n);
    int rc =
        sqlite3_bind_text64(w->stmt[ADD_TEXT], 2 + field, m->s, len, SQLITE_STATIC, SQLITE_UTF8);
    return schema_err(rc);
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

/* The lists of an entry; other passages have none. */
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

static int add_row(struct index_writer *w, const struct document *doc, const struct passage *p,
                   long long *ret_id)
{
    sqlite3_stmt *st = w->stmt[ADD_PASSAGE];
    sqlite3_bind_int64(st, 1, w->document);
    sqlite3_bind_int(st, 3, w->ord++);
    bind_passage(st, doc, p);
    int r = bind_lists(st, p);
    if (!r)
        r = bind_units(st, 23, p->unit, p->nunit);
    if (!r)
        r = run(w, ADD_PASSAGE);
    *ret_id = sqlite3_last_insert_rowid(w->db);
    return r;
}

/* The words; a snapshot that is being gathered hears them while FTS5 does. */
static int add_text(struct index_writer *w, const struct document *doc, const struct passage *p,
                    long long id)
{
    const char *const text[FIELDS] = {p->question ? p->question : "", p->headings, doc->title,
                                      p->body ? p->body : ""};
    int r = 0;
    for (int f = 0; f < FIELDS && !r; f++)
        r = bind_marked(w, f, p->lang, text[f]);
    sqlite3_bind_int64(w->stmt[ADD_TEXT], 1, id);
    return r ? r : run(w, ADD_TEXT);
}

/* What a snapshot wants to know besides the words; the lists as the row has them. */
static void tell_snapshot(struct index_writer *w, const struct passage *p, long long id)
{
    const struct entry *e = p->source;
    char *needs = e && e->nneeds ? json(e->needs, e->nneeds) : NULL;
    char *nots = e && e->nnots ? json(e->nots, e->nnots) : NULL;
    snap_builder_passage(w->snap, &(struct snap_passage){.id = id,
                                                         .key = p->key,
                                                         .lang = p->lang,
                                                         .audience = p->audience,
                                                         .valid_from = p->valid_from,
                                                         .valid_until = p->valid_until,
                                                         .needs = needs ? needs : "[]",
                                                         .nots = nots ? nots : "[]"});
    free(needs);
    free(nots);
}

static int on_passage(void *ctx, const struct document *doc, const struct passage *p)
{
    struct index_writer *w = ctx;
    if (p->status && !strcmp(p->status, "draft"))
        return 0; /* checked like the others, but nobody's answer yet */
    long long id;
    int r = add_row(w, doc, p, &id);
    if (r)
        return r;
    if (w->snap)
        tell_snapshot(w, p, id);
    r = add_text(w, doc, p, id);
    if (!r && w->generation > 0)
        r = run_ids(w, LOG, id, w->generation + 1);
    w->passages++;
    w->entries += p->entry;
    if (!r && p->source)
        r = add_tests(w, id, p->source->test, p->source->ntest, true);
    if (!r && p->source)
        r = add_tests(w, id, p->source->not_test, p->source->nnot_test, false);
    return r;
}

/* The row that OLD_PASSAGES stands on: FTS5 needs its words once more to forget them. */
static int remove_passage(struct index_writer *w)
{
    sqlite3_stmt *old = w->stmt[OLD_PASSAGES], *st = w->stmt[REMOVE_TEXT];
    long long id = sqlite3_column_int64(old, 0);
    w->entries -= sqlite3_column_int(old, 1) != 0;
    w->passages--;
    sqlite3_bind_int64(st, 1, id);
    for (int f = 0; f < FIELDS; f++)
        sqlite3_bind_value(st, 2 + f, sqlite3_column_value(old, 2 + f));
    int r = run(w, REMOVE_TEXT);
    if (!r)
        r = run_ids(w, REMOVE_TESTS, id, 0);
    if (!r)
        r = run_ids(w, REMOVE_PASSAGE, id, 0);
    if (!r && w->generation > 0)
        r = run_ids(w, LOG, id, w->generation + 1);
    return r;
}

static int clear(struct index_writer *w, long long document)
{
    sqlite3_stmt *st = w->stmt[OLD_PASSAGES];
    sqlite3_bind_int64(st, 1, document);
    int r = 0, rc = SQLITE_ROW;
    while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
        r = remove_passage(w);
    sqlite3_reset(st);
    return r || rc == SQLITE_DONE ? r : schema_db_err(w->db, rc);
}

/* ---- documents ------------------------------------------------------------------------------- */

static int write_document(struct index_writer *w, int which, const struct document *doc)
{
    sqlite3_stmt *st = w->stmt[which];
    bind_text(st, 1, doc->id);
    sqlite3_bind_int64(st, 2, index_memory_file(w->memory));
    bind_text(st, 3, doc->hash);
    sqlite3_bind_int64(st, 4, (long long)doc->line);
    const char *const text[] = {doc->title, doc->url, doc->lang, doc->owner, doc->reviewed};
    for (int i = 0; i < (int)(sizeof text / sizeof *text); i++)
        bind_text(st, 5 + i, text[i]);
    sqlite3_bind_text64(st, 10, doc->text ? doc->text : "", doc->len, SQLITE_STATIC, SQLITE_UTF8);
    w->changed = true;
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
    w->documents++;
    return r ? r : cut(w, sqlite3_last_insert_rowid(w->db), doc);
}

static int change(struct index_writer *w, long long id, const struct document *doc)
{
    int r = clear(w, id);
    if (!r)
        r = write_document(w, CHANGE, doc);
    w->report->changed++;
    return r ? r : cut(w, id, doc);
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
    if (w->load)
        return add(w, doc);
    sqlite3_stmt *st = w->stmt[FIND];
    bind_text(st, 1, doc->id);
    int rc = sqlite3_step(st);
    bool known = rc == SQLITE_ROW;
    long long id = known ? sqlite3_column_int64(st, 0) : 0,
              line = known ? sqlite3_column_int64(st, 3) : 0;
    bool same = known && !strcmp(column(st, 1), doc->hash) &&
                sqlite3_column_int64(st, 2) == index_memory_file(w->memory);
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

static int remove_document(struct index_writer *w, long long id)
{
    int r = clear(w, id);
    w->report->removed++;
    w->documents--;
    w->changed = true;
    return r ? r : run_ids(w, REMOVE, id, 0);
}

/* Of one file: the documents that this run did not meet. */
static int remove_unseen(struct index_writer *w, long long file)
{
    sqlite3_stmt *st = w->stmt[KNOWN];
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
    if (!more)
        return 0;
    bind_text(w->stmt[COUNT], 1, key);
    sqlite3_bind_int64(w->stmt[COUNT], 2, more);
    return run(w, COUNT);
}

int index_writer_finish(struct index_writer *w)
{
    int r = 0;
    size_t at = 0;
    for (long long file; !r && !w->load && (file = index_memory_doubtful(w->memory, &at));)
        r = remove_unseen(w, file);
    if (!r)
        r = add_count(w, "documents", w->documents);
    if (!r)
        r = add_count(w, "passages", w->passages);
    return r ? r : add_count(w, "entries", w->entries);
}

bool index_writer_changed(const struct index_writer *w)
{
    return w->changed;
}

/* ---- the writer ------------------------------------------------------------------------------ */

static const struct tokenizer_tap snap_tap = {snap_builder_text, snap_builder_token, NULL};

int index_writer_load(struct index_writer *w, struct snap_builder *snap)
{
    struct tokenizer_tap tap = snap_tap;
    w->load = true;
    w->snap = snap;
    tap.ctx = snap;
    return snap ? tokenizer_tap(w->db, &tap) : 0;
}

int index_writer_new(sqlite3 *db, const struct index_memory *memory, struct kb_report *report,
                     struct index_writer **ret)
{
    struct index_writer *w = calloc(1, sizeof *w);
    if (!w)
        return KB_ERR_NOMEM;
    w->db = db;
    w->memory = memory;
    w->report = report;
    w->last = schema_number(db, "SELECT max(id) FROM documents", 0, -1);
    w->generation = schema_number(db, "SELECT value FROM meta WHERE key = 'generation'", 0, -1);
    /* A damaged file can claim any id; nobody has a billion documents. */
    int r = w->last < 0 || w->last > 1000 * 1000 * 1000 || w->generation < 0 ? KB_ERR_DAMAGED : 0;
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
    if (w->snap)
        tokenizer_tap(w->db, NULL);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w->stmt[i]);
    for (int f = 0; f < FIELDS; f++)
        free(w->marked[f].s);
    free(w->seen);
    free(w);
}
