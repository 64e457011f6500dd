/* index_memory.c: the table `files`, so that a file which has not changed costs one stat(2).
 *
 * A row is a file as the caller names it, its stamp (what stat() said, and its name below the folder that
 * was given) and its memo (source_memo.c). All rows are read at the start of a run: a few microseconds
 * each. The stamp is empty when the file must be read again whatever it looks like: it was too young,
 * had too many warnings, or its name is another file's, too (spelt with other code points).
 *
 * A document belongs to a row. When a row was recalled, its documents are in the index as they should be; when it was
 * read anew, those that did not turn up again are gone, and so are all of a row that was not met. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

struct known {
    long long id;
    const char *stamp, *memo;
    size_t stamp_len, memo_len;
    bool recalled, read;
    bool unsure; /* another file has this name, too */
};

struct index_memory {
    sqlite3 *db;
    struct pool *pool;
    struct names paths; /* place.line: index into row, plus one */
    struct known *row;
    size_t n, cap;
    size_t now; /* the row whose file is being read */
    sqlite3_stmt *add, *set;
};

static const char *blob(struct pool *pool, sqlite3_stmt *st, int i, size_t *ret_len)
{
    const void *s = sqlite3_column_blob(st, i);
    *ret_len = (size_t)sqlite3_column_bytes(st, i);
    return pool_strndup(pool, s, s ? *ret_len : 0);
}

static size_t add_row(struct index_memory *m, const char *path, struct known row)
{
    *POOL_PUSH(m->pool, m->row, m->n, m->cap) = row;
    names_claim(&m->paths, m->pool, (struct name_place){.name = path, .line = m->n});
    return m->n - 1;
}

static struct known *find_row(struct index_memory *m, const char *path)
{
    const struct name_place *place = names_find(&m->paths, path);
    return place ? &m->row[place->line - 1] : NULL;
}

static int load(struct index_memory *m)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(m->db, "SELECT id, path, stamp, memo FROM files", -1, &st, NULL);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
            struct known row = {.id = sqlite3_column_int64(st, 0)};
            const char *path = (const char *)sqlite3_column_text(st, 1);
            row.stamp = blob(m->pool, st, 2, &row.stamp_len);
            row.memo = blob(m->pool, st, 3, &row.memo_len);
            add_row(m, pool_strdup(m->pool, path), row);
        }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? 0 : schema_db_err(m->db, rc);
}

int index_memory_new(sqlite3 *db, struct index_memory **ret)
{
    static const char sql_add[] = "INSERT INTO files(path, stamp, memo) VALUES(?1, x'', x'')";
    static const char sql_set[] = "UPDATE files SET stamp = ?2, memo = ?3 WHERE id = ?1";
    struct index_memory *m = calloc(1, sizeof *m);
    if (!m)
        return KB_ERR_NOMEM;
    m->db = db;
    m->pool = pool_new();
    int rc = sqlite3_prepare_v2(db, sql_add, -1, &m->add, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, sql_set, -1, &m->set, NULL);
    int r = rc == SQLITE_OK ? load(m) : schema_db_err(db, rc);
    if (r)
        index_memory_free(m);
    else
        *ret = m;
    return r;
}

void index_memory_free(struct index_memory *m)
{
    if (!m)
        return;
    sqlite3_finalize(m->add);
    sqlite3_finalize(m->set);
    pool_free(m->pool);
    free(m);
}

/* ---- what source.c asks and tells ------------------------------------------------------------ */

/* The numbers little-endian in 8 bytes each, then the name. */
static const char *stamp_bytes(struct pool *pool, const struct source_stamp *stamp, size_t *ret_len)
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
    *ret_len = sizeof number + name;
    return s;
}

static const char *recall(void *ctx, const char *file, const struct source_stamp *stamp,
                          size_t *ret_len)
{
    struct index_memory *m = ctx;
    struct known *row = find_row(m, file);
    size_t len;
    if (!row || row->read || row->recalled || !row->stamp_len)
        return NULL;
    const char *s = stamp_bytes(m->pool, stamp, &len);
    if (len != row->stamp_len || memcmp(s, row->stamp, len) != 0 ||
        !memo_sound(row->memo, row->memo_len))
        return NULL;
    row->recalled = true;
    *ret_len = row->memo_len;
    return row->memo;
}

static int run(struct index_memory *m, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    int r = rc == SQLITE_DONE ? 0 : schema_db_err(m->db, rc);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return r;
}

static int begin(void *ctx, const char *file)
{
    struct index_memory *m = ctx;
    struct known *row = find_row(m, file);
    bool met = row && (row->read || row->recalled);
    if (row && !met) {
        m->now = (size_t)(row - m->row);
        row->read = true;
        return 0;
    }
    sqlite3_bind_text(m->add, 1, file, -1, SQLITE_STATIC);
    int r = run(m, m->add);
    m->now = add_row(m, pool_strdup(m->pool, file),
                     (struct known){.id = sqlite3_last_insert_rowid(m->db),
                                    .stamp = "",
                                    .memo = "",
                                    .read = true,
                                    .unsure = met});
    return r;
}

static bool same(const char *a, size_t alen, const char *b, size_t blen)
{
    return alen == blen && (alen == 0 || memcmp(a, b, alen) == 0);
}

static int keep(void *ctx, const struct source_stamp *stamp, const char *memo, size_t len)
{
    struct index_memory *m = ctx;
    struct known *row = &m->row[m->now];
    size_t stamp_len = 0;
    const char *s = stamp && !row->unsure ? stamp_bytes(m->pool, stamp, &stamp_len) : "";
    if (same(s, stamp_len, row->stamp, row->stamp_len) && same(memo, len, row->memo, row->memo_len))
        return 0;
    sqlite3_bind_int64(m->set, 1, row->id);
    sqlite3_bind_blob64(m->set, 2, s, stamp_len, SQLITE_STATIC);
    sqlite3_bind_blob64(m->set, 3, len ? memo : "", len, SQLITE_STATIC);
    return run(m, m->set);
}

struct source_memory index_memory_source(struct index_memory *m)
{
    return (struct source_memory){.ctx = m, .recall = recall, .begin = begin, .keep = keep};
}

/* ---- what index_document.c asks -------------------------------------------------------------- */

long long index_memory_file(const struct index_memory *m)
{
    return m->row[m->now].id;
}

long long index_memory_doubtful(const struct index_memory *m, size_t *at)
{
    for (; *at < m->n; ++*at)
        if (!m->row[*at].recalled)
            return m->row[(*at)++].id;
    return 0;
}

int index_memory_sweep(struct index_memory *m)
{
    sqlite3_stmt *st = NULL;
    int r = schema_db_err(
        m->db, sqlite3_prepare_v2(m->db, "DELETE FROM files WHERE id = ?1", -1, &st, NULL));
    for (size_t i = 0; i < m->n && !r; i++)
        if (!m->row[i].read && !m->row[i].recalled) {
            sqlite3_bind_int64(st, 1, m->row[i].id);
            r = run(m, st);
        }
    sqlite3_finalize(st);
    return r;
}
