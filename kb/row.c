/* row.c: one passage out of the file, for the few that are looked at closely.
 *
 * The text that is quoted comes straight from documents.text by incremental reading: a passage of 1 KB
 * does not pay for the 64 MB around it, and the bytes are the owner's, not a copy that could differ. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <string.h>

static const char sql_row[] =
    "SELECT document, key, title, url, anchor, question, headings, body, reviewed, heading, entry,"
    " start, end, line, unit, lang FROM passages WHERE id = ?1";
static const char sql_document[] = "SELECT key, url, reviewed FROM documents WHERE id = ?1";

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

/* The row with this number, or NULL: *ret_err says why. To be reset. */
static sqlite3_stmt *find(struct kb *kb, enum kb_stmt which, const char *sql, long long id,
                          int *ret_err)
{
    sqlite3_stmt *st = kb_stmt(kb, which, sql, ret_err);
    if (!st)
        return NULL;
    sqlite3_bind_int64(st, 1, id);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return st;
    sqlite3_reset(st);
    *ret_err = rc == SQLITE_DONE ? KB_ERR_DAMAGED : schema_err(rc);
    return NULL;
}

int row_read(struct kb *kb, struct pool *pool, long long id, struct row *ret)
{
    int r = 0;
    sqlite3_stmt *st = find(kb, STMT_ROW, sql_row, id, &r);
    if (!st)
        return r;
    struct row row = {.id = id, .document = sqlite3_column_int64(st, 0)};
    row.key = schema_column_copy(pool, st, 1);
    row.title = schema_column_copy(pool, st, 2);
    row.url = schema_column_copy(pool, st, 3);
    row.anchor = schema_column_copy(pool, st, 4);
    row.question = schema_column_copy(pool, st, 5);
    row.headings = schema_column_copy(pool, st, 6);
    row.body = schema_column_copy(pool, st, 7);
    row.reviewed = schema_column_copy(pool, st, 8);
    row.lang = schema_column_copy(pool, st, 15);
    read_heading(pool, (const char *)sqlite3_column_text(st, 9), &row);
    row.entry = sqlite3_column_int(st, 10) != 0;
    row.start = (size_t)sqlite3_column_int64(st, 11);
    row.end = (size_t)sqlite3_column_int64(st, 12);
    row.line = (size_t)sqlite3_column_int64(st, 13);
    if (row.end < row.start)
        row.end = row.start;
    const void *units = sqlite3_column_blob(st, 14);
    read_units(pool, units, units ? (size_t)sqlite3_column_bytes(st, 14) : 0, &row);
    sqlite3_reset(st);
    row.notes = pool_alloc(pool, sizeof *row.notes);
    row.notes->pool = pool;
    *ret = row;
    return 0;
}

int row_document(struct kb *kb, const struct row *row)
{
    int r = 0;
    struct row_notes *notes = row->notes;
    sqlite3_stmt *st =
        notes->doc_id ? NULL : find(kb, STMT_DOCUMENT, sql_document, row->document, &r);
    if (!st)
        return r;
    notes->doc_id = schema_column_copy(notes->pool, st, 0);
    notes->url = *row->url ? row->url : schema_column_copy(notes->pool, st, 1);
    notes->reviewed = *row->reviewed ? row->reviewed : schema_column_copy(notes->pool, st, 2);
    sqlite3_reset(st);
    return 0;
}

const char *row_last_heading(const struct row *row)
{
    return row->nheading ? row->heading[row->nheading - 1] : "";
}

char *row_above(struct pool *pool, const struct row *row)
{
    const char *last = row_last_heading(row);
    const char *const part[] = {row->title,    "\n", *last ? row->title : "",
                                " ",           last, "\n",
                                row->headings, "\n", row->question};
    size_t n = 0, len[sizeof part / sizeof *part];
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        n += len[i] = strlen(part[i]);
    char *text = pool_alloc(pool, n + 1), *at = text;
    for (size_t i = 0; i < sizeof part / sizeof *part; at += len[i++])
        memcpy(at, part[i], len[i]);
    return text;
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
