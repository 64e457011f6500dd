/* index_memory.c: the table `files`, so that a file which has not changed costs one stat(2).
 *
 * A row is a file as the caller names it, its stamp (what stat() said, and its name below the folder that
 * was given) and its memo (source_memo.c). All rows are read at the start of a run, a few microseconds
 * each, and what differs is written at its end. The stamp is empty when the file must be read again whatever
 * it looks like: it was too young, had too many warnings, or its name is another file's, too (spelt with other
 * code points).
 *
 * A document belongs to a row. When a row was recalled, its documents are in the index as they should be; when it was
 * read anew, those that did not turn up again are gone, and so are all of a row that was not met. */
#include "kb/kb_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    const char *s;
    size_t len;
};

struct known {
    long long id; /* 0: none of its documents was written yet */
    const char *path;
    struct bytes stamp, memo;
    bool recalled, read;
    bool unsure; /* another file has this name, too */
    bool news;   /* stamp and memo are not what the row has */
};

struct index_memory {
    sqlite3 *db;
    struct pool *pool;
    struct names paths; /* name_place.line: index into file, plus one */
    struct known *file;
    size_t n, cap;
    size_t now;     /* the one that is being read */
    long long last; /* the highest id */
};

static struct bytes keep_bytes(struct pool *pool, const void *s, size_t len)
{
    return (struct bytes){pool_strndup(pool, s, len), len};
}

static bool same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

static void add_file(struct index_memory *m, struct known file)
{
    assert(m->file || m->n == m->cap); /* no room without an array */
    struct known *known = POOL_PUSH(m->pool, m->file, m->n, m->cap);
    *known = file;
    names_claim(&m->paths, m->pool, (struct name_place){.name = file.path, .line = m->n});
}

static struct known *find_file(struct index_memory *m, const char *path)
{
    const struct name_place *place = names_find(&m->paths, path);
    return place ? &m->file[place->line - 1] : NULL;
}

static struct bytes column(struct pool *pool, sqlite3_stmt *st, int i)
{
    const void *s = sqlite3_column_blob(st, i);
    return keep_bytes(pool, s, s ? (size_t)sqlite3_column_bytes(st, i) : 0);
}

static int load(struct index_memory *m)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(m->db, "SELECT id, path, stamp, memo FROM files ORDER BY id", -1,
                                &st, NULL);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
            m->last = sqlite3_column_int64(st, 0);
            add_file(m, (struct known){.id = m->last,
                                       .path = column(m->pool, st, 1).s,
                                       .stamp = column(m->pool, st, 2),
                                       .memo = column(m->pool, st, 3)});
        }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? 0 : schema_db_err(m->db, rc);
}

int index_memory_new(sqlite3 *db, struct index_memory **ret)
{
    struct index_memory *m = calloc(1, sizeof *m);
    if (!m)
        return KB_ERR_NOMEM;
    m->db = db;
    m->pool = pool_new();
    int r = load(m);
    if (r)
        index_memory_free(m);
    else
        *ret = m;
    return r;
}

void index_memory_free(struct index_memory *m)
{
    if (m)
        pool_free(m->pool);
    free(m);
}

/* ---- what source.c asks and tells ------------------------------------------------------------ */

/* The numbers little-endian in 8 bytes each, then the name. */
static struct bytes stamp_bytes(struct pool *pool, const struct source_stamp *stamp)
{
    const unsigned long long number[] = {stamp->dev, stamp->ino, (unsigned long long)stamp->size,
                                         (unsigned long long)stamp->mtime_ns,
                                         (unsigned long long)stamp->ctime_ns};
    size_t name = strlen(stamp->name);
    char *s = pool_alloc(pool, sizeof number + name + 1), *to = s;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        for (unsigned shift = 0; shift < 64; shift += 8)
            *to++ = (char)(number[i] >> shift);
    memcpy(to, stamp->name, name);
    return (struct bytes){s, sizeof number + name};
}

static const char *recall(void *ctx, const char *file, const struct source_stamp *stamp,
                          size_t *ret_len)
{
    struct index_memory *m = ctx;
    struct known *f = find_file(m, file);
    if (!f || f->read || f->recalled || !f->stamp.len ||
        !same(stamp_bytes(m->pool, stamp), f->stamp) || !f->memo.len ||
        *f->memo.s != MEMO_COUNT) /* of an older version */
        return NULL;
    f->recalled = true;
    *ret_len = f->memo.len;
    return f->memo.s;
}

static const char *before(void *ctx, const char *file, size_t *ret_len)
{
    struct known *f = find_file(ctx, file);
    if (!f || f->read || f->recalled)
        return NULL;
    *ret_len = f->memo.len;
    return f->memo.s;
}

static void begin(void *ctx, const char *file)
{
    struct index_memory *m = ctx;
    struct known *f = find_file(m, file);
    bool met = f && (f->read || f->recalled);
    if (!f || met) {
        add_file(m, (struct known){.path = pool_strdup(m->pool, file),
                                   .stamp = {"", 0},
                                   .memo = {"", 0},
                                   .unsure = met});
        f = &m->file[m->n - 1];
    }
    f->read = true;
    m->now = (size_t)(f - m->file);
}

static void keep(void *ctx, const struct source_stamp *stamp, const char *memo, size_t len)
{
    struct index_memory *m = ctx;
    struct known *f = &m->file[m->now];
    struct bytes now = stamp && !f->unsure ? stamp_bytes(m->pool, stamp) : (struct bytes){"", 0};
    struct bytes what = {memo, len};
    if (same(now, f->stamp) && same(what, f->memo))
        return;
    f->stamp = now;
    f->memo = keep_bytes(m->pool, memo, len);
    f->news = true;
}

struct source_memory index_memory_source(struct index_memory *m)
{
    return (struct source_memory){
        .ctx = m, .recall = recall, .before = before, .begin = begin, .keep = keep};
}

/* ---- what index_document.c asks -------------------------------------------------------------- */

static int run(struct index_memory *m, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : schema_db_err(m->db, rc);
    sqlite3_reset(st);
    return r;
}

static long long id_of(struct index_memory *m, struct known *f)
{
    if (!f->id) {
        f->id = ++m->last;
        f->news = true;
    }
    return f->id;
}

long long index_memory_file(struct index_memory *m)
{
    return id_of(m, &m->file[m->now]);
}

long long index_memory_doubtful(const struct index_memory *m, size_t *at)
{
    for (; *at < m->n; ++*at)
        if (!m->file[*at].recalled && m->file[*at].id)
            return m->file[(*at)++].id;
    return 0;
}

static int write_row(struct index_memory *m, sqlite3_stmt *set, struct known *f)
{
    sqlite3_bind_int64(set, 1, id_of(m, f));
    sqlite3_bind_text(set, 2, f->path, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(set, 3, f->stamp.s, f->stamp.len, SQLITE_STATIC);
    sqlite3_bind_blob64(set, 4, f->memo.s, f->memo.len, SQLITE_STATIC);
    return run(m, set);
}

int index_memory_finish(struct index_memory *m)
{
    sqlite3_stmt *set = NULL, *forget = NULL;
    int rc = sqlite3_prepare_v2(m->db, "INSERT OR REPLACE INTO files VALUES(?1, ?2, ?3, ?4)", -1,
                                &set, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(m->db, "DELETE FROM files WHERE id = ?1", -1, &forget, NULL);
    int r = schema_db_err(m->db, rc);
    for (size_t i = 0; i < m->n && !r; i++) {
        struct known *f = &m->file[i];
        if (f->news)
            r = write_row(m, set, f);
        if (!f->read && !f->recalled) {
            sqlite3_bind_int64(forget, 1, f->id);
            r = run(m, forget);
        }
    }
    sqlite3_finalize(set);
    sqlite3_finalize(forget);
    return r;
}
