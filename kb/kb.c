/* kb.c: opening and closing a base, and what it says about itself: how big it is, what it is about,
 * what to ask next. Answering is ask.c. */
#include "kb/kb_int.h"

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

/* ---- open and close ------------------------------------------------------------------------------ */

int kb_open(const char *path, struct kb **ret_kb)
{
    struct stat st;
    struct kb *kb = calloc(1, sizeof *kb);
    int r = KB_ERR_NOMEM;
    if (!kb || !(kb->path = strdup(path)))
        goto out;
    r = schema_open(path, false, &kb->db);
    if (!r)
        r = tokenizer_new(&kb->tokenizer);
    if (r)
        goto out;
    if (stat(path, &st) < 0) { /* gone between the two: the next kb_stale() sees to it */
        r = KB_ERR_ABSENT;
        goto out;
    }
    kb->dev = (unsigned long long)st.st_dev;
    kb->ino = (unsigned long long)st.st_ino;
    kb->generation = -1; /* nothing is cached yet */
    *ret_kb = kb;
    kb = NULL;
out:
    kb_close(kb);
    return r;
}

void kb_close(struct kb *kb)
{
    if (!kb)
        return;
    sqlite3_blob_close(kb->text);
    for (size_t i = 0; i < sizeof kb->stmt / sizeof *kb->stmt; i++)
        sqlite3_finalize(kb->stmt[i]);
    stats_free(kb->stats);
    synonyms_free(kb->synonyms);
    tokenizer_free(kb->tokenizer);
    sqlite3_close(kb->db);
    free(kb->path);
    free(kb);
}
