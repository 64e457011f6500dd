/* catalogue.c: what the base was made of, document by document, for those who keep the content in order. */
#include "kb/kb_int.h"

#include <string.h>

/* Dates of the passages, since an entry may have its own; in order of the keys. */
static const char sql_documents[] =
    "SELECT d.key, d.title, d.url, f.path, d.lang, d.owner, d.reviewed, count(p.id), "
    " ifnull(sum(p.entry), 0), ifnull(min(nullif(p.valid_until, '')), '')"
    " FROM documents d JOIN files f ON f.id = d.file LEFT JOIN passages p ON p.document = d.id"
    " GROUP BY d.id ORDER BY d.key";

static const char *text(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

int kb_documents(struct kb *kb, kb_document_fn *fn, void *ctx)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(kb->db, sql_documents, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            fn(ctx, &(struct kb_document){.document = text(st, 0),
                                          .title = text(st, 1),
                                          .url = text(st, 2),
                                          .file = text(st, 3),
                                          .lang = text(st, 4),
                                          .owner = text(st, 5),
                                          .reviewed = text(st, 6),
                                          .passages = (size_t)sqlite3_column_int64(st, 7),
                                          .entries = (size_t)sqlite3_column_int64(st, 8),
                                          .valid_until = text(st, 9)});
    sqlite3_finalize(st);
    return schema_err(rc);
}
