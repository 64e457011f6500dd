/* row.c: one passage out of the file, for the few that are looked at closely.
 *
 * The text that is quoted comes straight from documents.text by incremental reading: a passage of 1 KB
 * does not pay for the 64 MB around it, and the bytes are the owner's, not a copy that could differ. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <string.h>

static const char sql_row[] =
    "SELECT p.document, p.key, d.key, p.title, p.url, p.anchor, p.question, p.headings, p.body,"
    " p.reviewed, p.heading, p.entry, p.start, p.end, p.line, p.unit, d.url, d.reviewed, p.lang"
    " FROM passages p JOIN documents d ON d.id = p.document WHERE p.id = ?1";

static void read_heading(struct pool *pool, const char *json, struct row *row)
{
    size_t cap = 0;
    cJSON *list = cJSON_Parse(json ? json : ""), *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            *POOL_PUSH(pool, row->heading, row->nheading, cap) =
                pool_strdup(pool, item->valuestring);
    }
    cJSON_Delete(list);
}

/* Units are stored as they lie in memory; spans outside the passage would be damage, and are left out. */
static void read_units(struct pool *pool, const void *blob, size_t bytes, struct row *row)
{
    size_t n = bytes / sizeof(struct unit);
    struct unit *unit = pool_array(pool, n, sizeof *unit);
    if (n)
        memcpy(unit, blob, n * sizeof *unit);
    size_t kept = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++)
        if (unit[i].start >= row->start && unit[i].end <= row->end && unit[i].start >= last &&
            unit[i].start < unit[i].end) {
            last = unit[i].end;
            unit[kept++] = unit[i];
        }
    row->unit = unit;
    row->nunit = kept;
}

int row_read(struct kb *kb, struct pool *pool, long long id, struct row *ret)
{
    int r = 0;
    sqlite3_stmt *st = kb_stmt(kb, STMT_ROW, sql_row, &r);
    if (!st)
        return r;
    sqlite3_bind_int64(st, 1, id);
    int rc = sqlite3_step(st);
    if (rc != SQLITE_ROW) {
        sqlite3_reset(st);
        return rc == SQLITE_DONE ? KB_ERR_DAMAGED : schema_err(rc);
    }
    struct row row = {.id = id, .document = sqlite3_column_int64(st, 0)};
    row.key = schema_column_copy(pool, st, 1);
    row.doc_id = schema_column_copy(pool, st, 2);
    row.title = schema_column_copy(pool, st, 3);
    row.url = schema_column_copy(pool, st, 4);
    if (!*row.url)
        row.url = schema_column_copy(pool, st, 16);
    row.anchor = schema_column_copy(pool, st, 5);
    row.question = schema_column_copy(pool, st, 6);
    row.headings = schema_column_copy(pool, st, 7);
    row.body = schema_column_copy(pool, st, 8);
    row.reviewed = schema_column_copy(pool, st, 9);
    if (!*row.reviewed)
        row.reviewed = schema_column_copy(pool, st, 17);
    row.lang = schema_column_copy(pool, st, 18);
    read_heading(pool, (const char *)sqlite3_column_text(st, 10), &row);
    row.entry = sqlite3_column_int(st, 11) != 0;
    row.start = (size_t)sqlite3_column_int64(st, 12);
    row.end = (size_t)sqlite3_column_int64(st, 13);
    row.line = (size_t)sqlite3_column_int64(st, 14);
    if (row.end < row.start)
        row.end = row.start;
    const void *units = sqlite3_column_blob(st, 15);
    read_units(pool, units, units ? (size_t)sqlite3_column_bytes(st, 15) : 0, &row);
    sqlite3_reset(st);
    row.notes = pool_alloc(pool, sizeof *row.notes);
    row.notes->pool = pool;
    *ret = row;
    return 0;
}

int row_text(struct kb *kb, struct pool *pool, long long document, size_t start, size_t end,
             char **ret_text)
{
    int rc = kb->text
                 ? sqlite3_blob_reopen(kb->text, document)
                 : sqlite3_blob_open(kb->db, "main", "documents", "text", document, 0, &kb->text);
    if (rc == SQLITE_OK) {
        size_t len = (size_t)sqlite3_blob_bytes(kb->text);
        if (start > end || end > len)
            return KB_ERR_DAMAGED;
        char *text = pool_alloc(pool, end - start + 1);
        rc = sqlite3_blob_read(kb->text, text, (int)(end - start), (int)start);
        if (rc == SQLITE_OK)
            *ret_text = text;
    }
    return rc == SQLITE_OK ? 0 : schema_err(rc);
}
