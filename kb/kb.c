/* kb.c: opening and closing a base, and what it says about itself: how big it is, what it is about,
 * what to ask next. Answering is ask.c. */
#include "kb/kb_int.h"
#include "kb/snap_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *kb_strerror(int err)
{
    switch (err) {
    case KB_OK: return "no error";
    case KB_ERR_IO:
        return "a file could not be read or written; check that it is a file and its permissions";
    case KB_ERR_NOMEM: return "out of memory; index less at once or give the process more";
    case KB_ERR_FULL:
        return "no space left on the device; make room and try again, nothing was changed";
    case KB_ERR_DAMAGED: return "this is not a knowledge base, or it is damaged; index again";
    case KB_ERR_NEWER:
        return "the knowledge base was written by a newer version of this program; upgrade, or "
               "index "
               "into another file";
    case KB_ERR_ABSENT: return "there is no knowledge base at this path; index first";
    case KB_ERR_INPUT: return "a source has an error; nothing was changed";
    case KB_ERR_BUSY:
        return "another process is writing the knowledge base; try again when it is done";
    case KB_ERR_OLDER:
        return "the knowledge base was written by an older version of this program; index again";
    default: return "unknown error";
    }
}

/* ---- open and close -------------------------------------------------------------------------- */

static long long mtime_ns(const struct stat *st)
{
    return (long long)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

int kb_open(const char *path, struct kb **ret_kb)
{
    struct stat st;
    struct kb *kb = calloc(1, sizeof *kb);
    int r = KB_ERR_NOMEM;
    if (!kb || !(kb->path = strdup(path)))
        goto out;
    /* Before opening: if the file is replaced in between, kb_stale() says so rather than never. */
    if (stat(path, &st) < 0) {
        r = errno == ENOENT || errno == ENOTDIR ? KB_ERR_ABSENT : KB_ERR_IO;
        goto out;
    }
    r = schema_open(path, false, &kb->db);
    if (!r)
        r = tokenizer_new(&kb->tokenizer);
    if (r)
        goto out;
    kb->dev = (unsigned long long)st.st_dev;
    kb->ino = (unsigned long long)st.st_ino;
    if (sqlite3_uri_boolean(sqlite3_db_filename(kb->db, "main"), "immutable", 0))
        kb->mtime_ns = mtime_ns(&st);
    kb->generation = kb->no_view_at = -1; /* nothing is cached yet */
    *ret_kb = kb;
    kb = NULL;
out:
    kb_close(kb);
    return r;
}

void kb_remove(const char *db)
{
    index_file_remove(db);
}

static void topics_free(struct topics *t);

void kb_close(struct kb *kb)
{
    if (!kb)
        return;
    topics_free(kb->topics);
    sqlite3_blob_close(kb->text);
    for (size_t i = 0; i < sizeof kb->stmt / sizeof *kb->stmt; i++)
        sqlite3_finalize(kb->stmt[i]);
    stats_free(kb->stats);
    view_free(kb->view);
    view_free(kb->gone);
    synonyms_free(kb->synonyms);
    shelf_free(kb->shelf);
    tokenizer_free(kb->tokenizer);
    sqlite3_close(kb->db);
    free(kb->path);
    free(kb);
}

bool kb_stale(const struct kb *kb)
{
    struct stat st;
    if (stat(kb->path, &st) < 0)
        return false; /* gone, and nothing better there: what is open keeps answering */
    if ((unsigned long long)st.st_dev != kb->dev || (unsigned long long)st.st_ino != kb->ino)
        return true;
    return kb->mtime_ns && kb->mtime_ns != mtime_ns(&st);
}

bool kb_wants_index(struct kb *kb)
{
    bool wanted = kb->wants_index;
    kb->wants_index = false;
    return wanted;
}

/* ---- small reads ----------------------------------------------------------------------------- */

static const char *text(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

/* The end of a statement's life: SQLite's last code as ours. */
static int finish(sqlite3_stmt *st, int rc)
{
    sqlite3_finalize(st);
    return schema_err(rc);
}

int kb_info(struct kb *kb, struct kb_info *ret_info)
{
    static const char sql[] =
        "SELECT (SELECT value FROM meta WHERE key = 'ranking'),"
        " (SELECT value FROM meta WHERE key = 'generation'),"
        " (SELECT count(*) FROM documents), count(*), total(entry) FROM passages";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret_info = (struct kb_info){
            .schema = KB_SCHEMA_VERSION, /* kb_open() refuses any other */
            .ranking = sqlite3_column_int(st, 0),
            .generation = sqlite3_column_int64(st, 1),
            .documents = sqlite3_column_int64(st, 2),
            .passages = sqlite3_column_int64(st, 3),
            .entries = sqlite3_column_int64(st, 4),
        };
    return finish(st, rc);
}

int kb_tests(struct kb *kb, kb_test_fn *fn, void *ctx)
{
    static const char sql[] = "SELECT p.key, t.question, p.audience, t.must FROM tests t JOIN "
                              "passages p ON p.id = t.passage"
                              " ORDER BY p.key, t.must DESC, t.rowid";
    sqlite3_stmt *st = NULL;
    int r = 0, rc = sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = fn(ctx, &(struct kb_test){text(st, 0), text(st, 1), text(st, 2),
                                          sqlite3_column_int(st, 3) != 0});
    int err = finish(st, rc);
    return r ? r : err;
}

int kb_files(struct kb *kb, kb_file_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    int r = 0,
        rc = sqlite3_prepare_v2(kb->db, "SELECT path FROM files ORDER BY path", -1, &st, NULL);
    if (rc == SQLITE_OK)
        while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = fn(ctx, text(st, 0));
    int err = finish(st, rc);
    return r ? r : err;
}

int kb_find(struct kb *kb, const char *name, struct pool *pool, struct kb_place *ret)
{
    static const char *const where[] = {"p.key = ?1", "p.entry_id = ?1 AND p.entry_id <> ''",
                                        "p.anchor = ?1"}; /* the first two have an index */
    int found = 0;
    for (size_t i = 0; i < sizeof where / sizeof *where && !found; i++) {
        sqlite3_stmt *st = NULL;
        const char *sql =
            pool_printf(pool,
                        "SELECT f.path, p.line FROM passages p JOIN documents d ON d.id = "
                        "p.document JOIN files f ON f.id = d.file WHERE %s LIMIT 1",
                        where[i]);
        int rc = sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL);
        if (rc == SQLITE_OK) {
            sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
            rc = sqlite3_step(st);
        }
        if (rc == SQLITE_ROW) {
            *ret = (struct kb_place){pool_strdup(pool, text(st, 0)),
                                     (size_t)sqlite3_column_int64(st, 1)};
            found = 1;
        }
        int r = finish(st, rc);
        if (r)
            return r;
    }
    return found;
}

/* ---- topics and follow-ups ------------------------------------------------------------------- */

/* Both are lists of things that can be asked next: short, current, and each once. A passage is
 * offered by its own question (without the aliases), else by the heading it stands under. */

#define LONGEST_TOPIC  90  /* bytes: it must fit a button */
#define MOST_DOCUMENTS 500 /* looked at for topics */

struct list {
    struct pool *pool;
    const char **item, **key; /* key: of the passage that each stands for, or NULL */
    size_t n, max;
};

/* Add `len` bytes of `s` unless they are too long or there already. */
static void offer(struct list *l, const char *s, size_t len, const char *key)
{
    while (len && (s[len - 1] == ' ' || s[len - 1] == '\r'))
        len--;
    if (len < 2 || len > LONGEST_TOPIC || l->n == l->max)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (!sqlite3_strnicmp(l->item[i], s, (int)len) && !l->item[i][len])
            return;
    if (l->key)
        l->key[l->n] = pool_strdup(l->pool, key);
    l->item[l->n++] = pool_strndup(l->pool, s, len);
}

static void offer_row(struct list *l, sqlite3_stmt *st)
{
    const char *question = text(st, 0), *heading = text(st, 1), *key = text(st, 2);
    if (*question)
        offer(l, question, strcspn(question, "\n"), key);
    else
        offer(l, heading, strlen(heading), key);
}

/* What may be shown to whoever asks, and today; `p` is a passage. As candidates.c has it. */
#define OPEN                                                                                       \
    "(p.valid_from = '' OR p.valid_from <= :today) AND (p.valid_until = '' OR p.valid_until >= "   \
    ":today) AND (:lang = '' OR p.lang IN ('', :lang)) AND p.audience IN ('', :audience)"

static void bind_name(sqlite3_stmt *st, const char *name, const char *value)
{
    sqlite3_bind_text(st, sqlite3_bind_parameter_index(st, name), value ? value : "", -1,
                      SQLITE_TRANSIENT);
}

/* What depends on nothing but who asks: bound to every statement that has OPEN. */
static void bind_asker(sqlite3_stmt *st, const struct kb_ask *who, const char *today)
{
    bind_name(st, ":today", today);
    bind_name(st, ":lang", who ? who->lang : NULL);
    bind_name(st, ":audience", who ? who->audience : NULL);
}

/* As YYYY-MM-DD. */
static void day_of(const struct kb_ask *who, char ret[16])
{
    const struct query q = {.today = who ? who->today : NULL};
    int32_t day = query_today(&q);
    snprintf(ret, 16, "%04d-%02d-%02d", day / 10000, day / 100 % 100, day % 100);
}

/* A statement that is prepared once, with the asker bound. It ends with rest(), or it would hold on to this state of
 * the file. */
static sqlite3_stmt *stmt_for(struct kb *kb, enum kb_stmt which, const char *sql,
                              const struct kb_ask *who, int *ret_err)
{
    char today[16];
    sqlite3_stmt *st = kb_stmt(kb, which, sql, ret_err);
    if (!st)
        return NULL;
    day_of(who, today);
    bind_asker(st, who, today);
    return st;
}

static int rest(sqlite3_stmt *st, int rc)
{
    sqlite3_reset(st);
    return schema_err(rc);
}

/* The n-th document's questions, one row each round, so that every document has its turn. */
static const char sql_documents[] =
    "SELECT d.id, d.title FROM documents d WHERE EXISTS (SELECT 1 FROM passages p WHERE "
    "p.document = d.id AND " OPEN ") ORDER BY d.key LIMIT :max";
static const char sql_question[] =
    "SELECT p.question, '', p.key FROM passages p WHERE p.document = :document AND p.question <> ''"
    " AND " OPEN " ORDER BY p.entry DESC, p.ord LIMIT 1 OFFSET :round";
static const char sql_heading[] =
    "SELECT '', p.heading ->> 0, '' FROM passages p WHERE p.document = :document AND " OPEN
    " GROUP BY p.heading ->> 0 HAVING p.heading ->> 0 IS NOT NULL"
    " ORDER BY min(p.ord) LIMIT 1 OFFSET :round";

static void bind_number(sqlite3_stmt *st, const char *name, long long value)
{
    sqlite3_bind_int64(st, sqlite3_bind_parameter_index(st, name), value);
}

struct documents {
    long long *id;
    const char **title;
    size_t n;
};

static int read_documents(struct kb *kb, const struct kb_ask *who, struct pool *pool,
                          struct documents *ret)
{
    int rc, r = 0;
    sqlite3_stmt *st = stmt_for(kb, STMT_DOCUMENTS, sql_documents, who, &r);
    *ret = (struct documents){.id = pool_array(pool, MOST_DOCUMENTS, sizeof *ret->id),
                              .title = pool_array(pool, MOST_DOCUMENTS, sizeof *ret->title)};
    if (!st)
        return r;
    bind_number(st, ":max", MOST_DOCUMENTS);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW && ret->n < MOST_DOCUMENTS) {
        ret->id[ret->n] = sqlite3_column_int64(st, 0);
        ret->title[ret->n++] = pool_strdup(pool, text(st, 1));
    }
    return rest(st, rc);
}

/* Rounds over the documents until the list is full or a round has nothing more. */
static int rounds(struct kb *kb, const struct kb_ask *who, const struct documents *d,
                  enum kb_stmt which, const char *sql, struct list *l)
{
    int rc = SQLITE_OK, r = 0;
    sqlite3_stmt *st = stmt_for(kb, which, sql, who, &r);
    bool more = true;
    if (!st)
        return r;
    for (int round = 0; more && l->n < l->max; round++) {
        more = false;
        for (size_t i = 0; i < d->n && l->n < l->max &&
                           (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW);
             i++) {
            bind_number(st, ":document", d->id[i]);
            bind_number(st, ":round", round);
            if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
                offer_row(l, st);
                more = true;
            }
            sqlite3_reset(st);
        }
    }
    return rest(st, rc);
}

static int read_topics(struct kb *kb, const struct kb_ask *who, struct list *l)
{
    struct documents d;
    int r = read_documents(kb, who, l->pool, &d);
    if (!r)
        r = rounds(kb, who, &d, STMT_QUESTION, sql_question, l);
    if (!r && l->n == 0 && d.n > 1) /* a shelf of guides that ask nothing: their titles */
        for (size_t i = 0; i < d.n; i++)
            offer(l, d.title[i], strlen(d.title[i]), "");
    if (!r && l->n == 0)
        r = rounds(kb, who, &d, STMT_HEADING, sql_heading, l);
    return r;
}

/* What a greeting and a decline offer is the same until the file, the day or the asker changes: the last list is kept. */
struct topics {
    struct pool *pool;
    long long generation;
    char today[16];
    const char *lang, *audience;
    const char **item;
    size_t n, max;
};

static bool same(const char *a, const char *b)
{
    return !strcmp(a, b ? b : "");
}

static bool topics_hold(const struct topics *t, long long generation, const char *today,
                        const struct kb_ask *who, size_t max)
{
    return t && t->generation == generation && t->max == max && same(t->today, today) &&
           same(t->lang, who ? who->lang : NULL) && same(t->audience, who ? who->audience : NULL);
}

static void topics_free(struct topics *t)
{
    if (t)
        pool_free(t->pool);
}

static int topics_refresh(struct kb *kb, const struct kb_ask *who, size_t max)
{
    char today[16];
    long long generation;
    int r = kb_generation(kb, &generation);
    day_of(who, today);
    if (r || topics_hold(kb->topics, generation, today, who, max))
        return r;
    struct pool *pool = pool_new();
    struct topics *t = pool_alloc(pool, sizeof *t);
    *t = (struct topics){.pool = pool,
                         .generation = generation,
                         .lang = pool_strdup(pool, who && who->lang ? who->lang : ""),
                         .audience = pool_strdup(pool, who && who->audience ? who->audience : ""),
                         .item = pool_array(pool, max, sizeof *t->item),
                         .max = max};
    memcpy(t->today, today, sizeof today);
    struct list l = {.pool = pool, .item = t->item, .max = max};
    r = read_topics(kb, who, &l);
    if (r) {
        pool_free(pool);
        return r;
    }
    t->n = l.n;
    topics_free(kb->topics);
    kb->topics = t;
    return 0;
}

int kb_topics(struct kb *kb, const struct kb_ask *who, size_t max, struct pool *pool,
              const char **ret_topics)
{
    int r = topics_refresh(kb, who, max);
    for (size_t i = 0; !r && i < kb->topics->n; i++)
        ret_topics[i] = pool_strdup(pool, kb->topics->item[i]);
    return r ? r : (int)kb->topics->n;
}

static const char sql_offers[] =
    "SELECT p.question, CASE WHEN p.last LIKE '%?' OR p.title = '' OR instr(lower(p.last), "
    "lower(p.title)) THEN p.last ELSE p.title || ': ' || p.last END, p.entry"
    " FROM (SELECT *, ifnull(heading ->> '$[#-1]', title) AS last FROM passages) p"
    " WHERE " OPEN " ORDER BY p.entry DESC, p.key";

int kb_offers(struct kb *kb, const struct kb_ask *who, kb_offer_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    char today[16];
    int rc = sqlite3_prepare_v2(kb->db, sql_offers, -1, &st, NULL);
    day_of(who, today);
    if (rc == SQLITE_OK) {
        bind_asker(st, who, today);
        while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
            struct pool *pool = pool_new();
            const char *question = text(st, 0);
            fn(ctx,
               *question ? pool_strndup(pool, question, strcspn(question, "\r\n"))
                         : pool_strdup(pool, text(st, 1)),
               sqlite3_column_int(st, 2) != 0);
            pool_free(pool);
        }
    }
    return finish(st, rc);
}

static const char sql_names[] = "SELECT followups <> '[]' FROM passages WHERE key = :passage";
static const char sql_named[] =
    "SELECT p.question, '', p.key FROM passages f, json_each(f.followups) id"
    " JOIN passages p ON p.entry_id = id.value AND p.entry_id <> ''"
    " WHERE f.key = :passage AND p.key <> :passage AND " OPEN " ORDER BY id.key";
/* What is below comes before what is above: a reader goes on, not back. A heading such as "Pay" gets its title, so that
 * it can be asked where nobody remembers what was asked before. */
static const char sql_near[] =
    "SELECT p.question, CASE WHEN p.last LIKE '%?' OR p.title = '' OR instr(lower(p.last), "
    "lower(p.title))"
    "  OR length(p.title) + length(p.last) > :longest THEN p.last ELSE p.title || ': ' || p.last "
    "END, p.key"
    " FROM passages f JOIN (SELECT key, document, ord, question, title, heading, lang, audience,"
    "  valid_from, valid_until, heading ->> '$[#-1]' AS last FROM passages) p"
    "  ON p.document = f.document"
    " WHERE f.key = :passage AND p.ord BETWEEN f.ord - 8 AND f.ord + 8"
    "  AND p.heading || p.question <> f.heading || f.question"
    " AND " OPEN " ORDER BY abs(p.ord - f.ord), p.ord DESC";

static int related(struct kb *kb, const struct kb_ask *who, const char *passage, enum kb_stmt which,
                   const char *sql, struct list *l)
{
    int rc, r = 0;
    sqlite3_stmt *st = stmt_for(kb, which, sql, who, &r);
    if (!st)
        return r;
    bind_name(st, ":passage", passage);
    bind_number(st, ":longest", LONGEST_TOPIC - 2); /* ignored where there is no such name */
    while ((rc = sqlite3_step(st)) == SQLITE_ROW && l->n < l->max)
        offer_row(l, st);
    return rest(st, rc);
}

/* Whether its author named any: most did not, and to read a list of names in SQL is more work than all else here. */
static int names_any(struct kb *kb, const char *passage, bool *ret)
{
    int r = 0;
    sqlite3_stmt *st = kb_stmt(kb, STMT_NAMES, sql_names, &r);
    if (!st)
        return r;
    bind_name(st, ":passage", passage);
    int rc = sqlite3_step(st);
    *ret = rc == SQLITE_ROW && sqlite3_column_int(st, 0);
    return rest(st, rc);
}

int kb_followups(struct kb *kb, const struct kb_ask *who, const char *passage, size_t max,
                 struct pool *pool, const char **ret_questions, const char **ret_keys)
{
    struct list l = {.pool = pool, .item = ret_questions, .key = ret_keys, .max = max};
    bool named = false;
    int r = names_any(kb, passage, &named);
    if (!r && named)
        r = related(kb, who, passage, STMT_NAMED, sql_named, &l);
    if (!r && l.n == 0)
        r = related(kb, who, passage, STMT_NEAR, sql_near, &l);
    return r ? r : (int)l.n;
}
