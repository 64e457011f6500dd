/* index_passage.c: the passages of a document become rows, words and lines in the change log.
 *
 * A passage is a row, its FTS5 entry, and, from the second generation on, a line in the change log. All
 * three are written here and only here; see schema.c for why no trigger does it. Each statement writes one row and
 * can replace none, so that SQLite needs no savepoint for it; the log, which can, is written when all else is.
 *
 * A document that has changed is cut anew, but a passage that is ranked by the same words as the one that had its key
 * keeps its id and only gets its new place: who mends a sentence of a long guide changes one passage, and
 * readers take in one (snap_view.c). */
#include "kb/snap.h"

#include <cjson/cJSON.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
    OLD_PASSAGES,
    OLD_TEXT,
    ADD_PASSAGE,
    KEEP_PASSAGE,
    REMOVE_PASSAGE,
    ADD_TEST,
    REMOVE_TESTS,
    ADD_TEXT,
    REMOVE_TEXT,
    LOG,
    STATEMENTS
};

/* clang-format off */
static const char *const sql[STATEMENTS] = {
    [OLD_PASSAGES] =
        "SELECT id, entry, key, question, headings, title, body, lang, audience, valid_from, valid_until,"
        " needs, nots, unit FROM passages WHERE document = ?1",
    [OLD_TEXT] = "SELECT question, headings, title, body FROM passage_text WHERE id = ?1",
    [ADD_PASSAGE] =
        "INSERT INTO passages(document, key, ord, anchor, entry, entry_id, start, end, line, lang, audience,"
        " reviewed, valid_from, valid_until, url, heading, followups, needs, nots, title, headings,"
        " question, unit, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
        " ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    [KEEP_PASSAGE] =
        "UPDATE passages SET document = ?1, ord = ?3, anchor = ?4, entry_id = ?6, start = ?7, end = ?8,"
        " line = ?9, reviewed = ?12, url = ?15, heading = ?16, followups = ?17, unit = ?23 WHERE id = ?25",
    [REMOVE_PASSAGE] = "DELETE FROM passages WHERE id = ?1",
    [ADD_TEST] = "INSERT INTO tests(passage, question, must) VALUES(?1, ?2, ?3)",
    [REMOVE_TESTS] = "DELETE FROM tests WHERE passage = ?1",
    [ADD_TEXT] =
        "INSERT INTO passage_fts(rowid, question, headings, title, body) VALUES(?1, ?2, ?3, ?4, ?5)",
    [REMOVE_TEXT] =
        "INSERT INTO passage_fts(rowid, question, headings, title, body, passage_fts)"
        " VALUES(?1, ?2, ?3, ?4, ?5, 'delete')",
    [LOG] = "INSERT OR REPLACE INTO changes VALUES(?1, ?2)",
};
/* clang-format on */

/* A passage as the last run wrote it: all that it is ranked and filtered by. */
#define OLD_TEXTS 11
struct old {
    long long id;
    bool entry, kept, many;      /* many: TRAIT_MANY */
    const char *text[OLD_TEXTS]; /* from key to nots, as OLD_PASSAGES selects them */
};

struct ids {
    long long *id;
    size_t n, cap;
};

/* Room for a text with its language mark. */
struct marked {
    char *s;
    size_t cap;
};

struct index_passages {
    sqlite3 *db;
    struct snap_builder *snap; /* hears what is written, or NULL */
    sqlite3_stmt *stmt[STATEMENTS];
    struct marked marked[FIELDS];
    long long generation;     /* the last one; the change log has what the next one shows */
    long long added, entries; /* more than before */
    struct ids doomed;        /* to be removed at the end */
    struct ids touched;       /* for the change log */

    long long document; /* being written */
    int ord;            /* of its next passage */
    struct pool *pool;  /* of the four below */
    struct old *old;    /* the passages that the document had */
    size_t nold, capold;
    struct names keys; /* name_place.line: index into old, plus one */
};

/* ---- statements ------------------------------------------------------------------------------ */

/* Run a statement that returns nothing. A value that could not be bound shows as a NULL that is
 * refused. */
static int run(struct index_passages *w, int which)
{
    int rc = sqlite3_step(w->stmt[which]);
    int r = rc == SQLITE_DONE ? 0 : schema_db_err(w->db, rc);
    sqlite3_reset(w->stmt[which]);
    return r;
}

static int run_ids(struct index_passages *w, int which, long long a, long long b)
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
static int bind_marked(struct index_passages *w, int field, const char *lang, const char *s)
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
    return schema_err(
        sqlite3_bind_text64(w->stmt[ADD_TEXT], 2 + field, m->s, len, SQLITE_STATIC, SQLITE_UTF8));
}

/* ---- passages -------------------------------------------------------------------------------- */

static int add_tests(struct index_passages *w, long long passage, const char *const *question,
                     size_t n, bool must)
{
    int r = 0;
    for (size_t i = 0; i < n && !r; i++) {
        sqlite3_stmt *st = w->stmt[ADD_TEST];
        sqlite3_bind_int64(st, 1, passage);
        schema_bind_text(st, 2, question[i]);
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
    schema_bind_text(st, 2, p->key);
    schema_bind_text(st, 4, p->anchor);
    sqlite3_bind_int(st, 5, p->entry);
    schema_bind_text(st, 6, p->source ? p->source->id : "");
    sqlite3_bind_int64(st, 7, (long long)p->start);
    sqlite3_bind_int64(st, 8, (long long)p->end);
    sqlite3_bind_int64(st, 9, (long long)p->line);
    const char *const text[] = {p->lang,       p->audience,    p->reviewed,
                                p->valid_from, p->valid_until, p->url};
    for (int i = 0; i < (int)(sizeof text / sizeof *text); i++)
        schema_bind_text(st, 10 + i, text[i]);
    schema_bind_text(st, 20, doc->title);
    schema_bind_text(st, 21, p->headings);
    schema_bind_text(st, 22, p->question);
    schema_bind_text(st, 24, p->body);
}

/* All values of a row, for ADD_PASSAGE and KEEP_PASSAGE. */
static int bind_row(struct index_passages *w, sqlite3_stmt *st, const struct document *doc,
                    const struct passage *p)
{
    sqlite3_bind_int64(st, 1, w->document);
    sqlite3_bind_int(st, 3, w->ord++);
    bind_passage(st, doc, p);
    int r = bind_lists(st, p);
    return r ? r : bind_units(st, 23, p->unit, p->nunit);
}

static int remember(struct ids *ids, long long id)
{
    if (ids->n == ids->cap) {
        size_t cap = ids->cap ? ids->cap * 2 : 256;
        long long *bigger = realloc(ids->id, cap * sizeof *bigger);
        if (!bigger)
            return KB_ERR_NOMEM;
        ids->id = bigger;
        ids->cap = cap;
    }
    ids->id[ids->n++] = id;
    return 0;
}

/* The first generation needs no change log: everything is new. */
static int touch(struct index_passages *w, long long id)
{
    return w->generation ? remember(&w->touched, id) : 0;
}

/* The words; a snapshot that is being gathered hears them while FTS5 does. */
static int add_text(struct index_passages *w, const struct document *doc, const struct passage *p,
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

static uint16_t traits_of(const struct passage *p)
{
    return (uint16_t)(trait_of(p->body ? p->body : "", p->unit, p->nunit) |
                      (p->entry ? TRAIT_ENTRY : 0));
}

/* What a snapshot wants to know besides the words; the lists as the row has them. */
static void tell_snapshot(struct index_passages *w, const struct passage *p, long long id)
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
                                                         .nots = nots ? nots : "[]",
                                                         .traits = traits_of(p)});
    free(needs);
    free(nots);
}

static int add_all_tests(struct index_passages *w, long long id, const struct entry *e)
{
    int r = e ? add_tests(w, id, e->test, e->ntest, true) : 0;
    return r || !e ? r : add_tests(w, id, e->not_test, e->nnot_test, false);
}

static int add_passage(struct index_passages *w, const struct document *doc,
                       const struct passage *p)
{
    int r = bind_row(w, w->stmt[ADD_PASSAGE], doc, p);
    if (!r)
        r = run(w, ADD_PASSAGE);
    if (r)
        return r;
    long long id = sqlite3_last_insert_rowid(w->db);
    w->added++;
    w->entries += p->entry;
    if (w->snap)
        tell_snapshot(w, p, id);
    r = add_text(w, doc, p, id);
    if (!r)
        r = touch(w, id);
    return r ? r : add_all_tests(w, id, p->source);
}

static int keep_passage(struct index_passages *w, const struct document *doc,
                        const struct passage *p, struct old *old)
{
    sqlite3_stmt *st = w->stmt[KEEP_PASSAGE];
    old->kept = true;
    int r = bind_row(w, st, doc, p);
    sqlite3_bind_int64(st, 25, old->id);
    if (!r)
        r = run(w, KEEP_PASSAGE);
    if (!r)
        r = run_ids(w, REMOVE_TESTS, old->id, 0);
    return r ? r : add_all_tests(w, old->id, p->source);
}

static bool same_list(const char *old, const char *const *s, size_t n)
{
    char *now = n ? json(s, n) : NULL;
    bool same = n ? now && strcmp(old, now) == 0 : strcmp(old, "[]") == 0;
    free(now);
    return same;
}

/* The passage that had this one's key, if nothing has changed that it is ranked or filtered by. */
static struct old *find_old(const struct index_passages *w, const struct document *doc,
                            const struct passage *p)
{
    static const struct entry none;
    const struct name_place *place = names_find(&w->keys, p->key);
    struct old *old = place ? &w->old[place->line - 1] : NULL;
    const struct entry *e = p->source ? p->source : &none;
    const char *const now[] = {p->key,  p->question, p->headings,   doc->title,    p->body,
                               p->lang, p->audience, p->valid_from, p->valid_until};
    bool same =
        old && !old->kept && old->entry == p->entry && old->many == trait_many(p->unit, p->nunit);
    for (size_t i = 0; same && i < sizeof now / sizeof *now; i++)
        same = strcmp(old->text[i], now[i] ? now[i] : "") == 0;
    return same && same_list(old->text[9], e->needs, e->nneeds) &&
                   same_list(old->text[10], e->nots, e->nnots)
               ? old
               : NULL;
}

static int on_passage(void *ctx, const struct document *doc, const struct passage *p)
{
    struct index_passages *w = ctx;
    if (p->status && !strcmp(p->status, "draft"))
        return 0; /* checked like the others, but nobody's answer yet */
    struct old *old = w->nold ? find_old(w, doc, p) : NULL;
    return old ? keep_passage(w, doc, p, old) : add_passage(w, doc, p);
}

/* ---- what was there before ------------------------------------------------------------------- */

static int read_old(struct index_passages *w, long long document)
{
    sqlite3_stmt *st = w->stmt[OLD_PASSAGES];
    sqlite3_bind_int64(st, 1, document);
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct old *old = POOL_PUSH(w->pool, w->old, w->nold, w->capold);
        *old = (struct old){.id = sqlite3_column_int64(st, 0), .entry = sqlite3_column_int(st, 1)};
        const void *units = sqlite3_column_blob(st, 13);
        size_t bytes = units ? (size_t)sqlite3_column_bytes(st, 13) : 0;
        old->many = trait_many(units, bytes / sizeof(struct unit));
        for (int i = 0; i < OLD_TEXTS; i++)
            old->text[i] = pool_strdup(w->pool, schema_column(st, 2 + i));
        names_claim(&w->keys, w->pool, (struct name_place){.name = old->text[0], .line = w->nold});
    }
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : schema_db_err(w->db, rc);
}

/* Those of read_old() that nobody kept; removed at the end, all in order of id, because FTS5 writes out what it has
 * gathered whenever an id is lower than the one before. */
static int doom_rest(struct index_passages *w)
{
    int r = 0;
    for (size_t i = 0; i < w->nold && !r; i++)
        if (!w->old[i].kept) {
            w->added--;
            w->entries -= w->old[i].entry;
            r = remember(&w->doomed, w->old[i].id);
        }
    pool_free(w->pool);
    w->pool = NULL;
    w->old = NULL;
    w->nold = w->capold = 0;
    w->keys = (struct names){0};
    return r;
}

/* FTS5 needs the words once more to forget them. */
static int remove_passage(struct index_passages *w, long long id)
{
    sqlite3_stmt *old = w->stmt[OLD_TEXT], *st = w->stmt[REMOVE_TEXT];
    sqlite3_bind_int64(old, 1, id);
    int rc = sqlite3_step(old);
    sqlite3_bind_int64(st, 1, id);
    for (int f = 0; f < FIELDS && rc == SQLITE_ROW; f++)
        sqlite3_bind_value(st, 2 + f, sqlite3_column_value(old, f));
    sqlite3_reset(old);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? KB_ERR_DAMAGED : schema_db_err(w->db, rc);
    int r = run(w, REMOVE_TEXT);
    if (!r)
        r = run_ids(w, REMOVE_TESTS, id, 0);
    if (!r)
        r = run_ids(w, REMOVE_PASSAGE, id, 0);
    return r ? r : touch(w, id);
}

static int by_id(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

static int remove_doomed(struct index_passages *w)
{
    int r = 0;
    if (w->doomed.n)
        qsort(w->doomed.id, w->doomed.n, sizeof *w->doomed.id, by_id);
    for (size_t i = 0; i < w->doomed.n && !r; i++)
        r = remove_passage(w, w->doomed.id[i]);
    return r;
}

/* ---- what index_document.c wants ------------------------------------------------------------- */

int index_passages_add(struct index_passages *w, long long document, const struct document *doc,
                       const struct passage *passage, size_t n)
{
    int r = 0;
    w->document = document;
    w->ord = 0;
    for (size_t i = 0; i < n && !r; i++)
        r = on_passage(w, doc, &passage[i]);
    return r;
}

int index_passages_change(struct index_passages *w, long long document, const struct document *doc)
{
    w->document = document;
    w->ord = 0;
    w->pool = pool_new();
    int r = read_old(w, document);
    if (!r)
        r = passage_cut(doc, on_passage, w);
    int s = doom_rest(w);
    return r ? r : s;
}

int index_passages_remove(struct index_passages *w, long long document)
{
    w->pool = pool_new();
    int r = read_old(w, document), s = doom_rest(w);
    return r ? r : s;
}

int index_passages_finish(struct index_passages *w, long long *ret_added, long long *ret_entries)
{
    int r = remove_doomed(w);
    for (size_t i = 0; i < w->touched.n && !r; i++)
        r = run_ids(w, LOG, w->touched.id[i], w->generation + 1);
    *ret_added = w->added;
    *ret_entries = w->entries;
    return r;
}

int index_passages_hear(struct index_passages *w, struct snap_builder *snap)
{
    const struct tokenizer_tap tap = {snap_builder_text, snap_builder_token, snap};
    w->snap = snap;
    return tokenizer_tap(w->db, snap ? &tap : NULL);
}

int index_passages_new(sqlite3 *db, struct index_passages **ret)
{
    struct index_passages *w = calloc(1, sizeof *w);
    if (!w)
        return KB_ERR_NOMEM;
    w->db = db;
    w->generation = schema_number(db, "SELECT value FROM meta WHERE key = 'generation'", 0, -1);
    int r = w->generation < 0 ? KB_ERR_DAMAGED : 0;
    for (int i = 0; i < STATEMENTS && !r; i++)
        r = schema_db_err(
            db, sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &w->stmt[i], NULL));
    if (r)
        index_passages_free(w);
    else
        *ret = w;
    return r;
}

void index_passages_free(struct index_passages *w)
{
    if (!w)
        return;
    if (w->snap)
        tokenizer_tap(w->db, NULL);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w->stmt[i]);
    for (int f = 0; f < FIELDS; f++)
        free(w->marked[f].s);
    free(w->doomed.id);
    free(w->touched.id);
    free(w);
}
