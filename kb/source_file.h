/* source_file.h: a run over the owner's files, shared by source.c (which files there are, and which have not changed) and
 * source_file.c (what is in one). */
#ifndef KB_SOURCE_FILE_H
#define KB_SOURCE_FILE_H

#include <sys/stat.h>

#include "kb/kb_int.h"

struct source_run {
    struct pool *pool; /* for the whole run: names and places, no text */
    struct kb_report *report;
    document_fn *fn;
    void *ctx;
    const struct source *src;           /* the file or record being parsed */
    const char *file;                   /* its name for problems, in the run's pool */
    const struct source_memory *memory; /* or NULL */
    struct memo memo;                   /* of the file that is being read, and its stamp */
    struct source_stamp stamp;
    long long now_ns; /* when it began */
    struct source_ids ids;
    struct names files;
    struct kb_instead instead; /* path NULL: none */
    struct stat instead_at;    /* of that file, or, when it is not there, of its folder */
    bool instead_new;          /* it is not there */
    uint32_t order;            /* of the file at hand */
    int stopped;               /* what fn returned, when it was not 0 */
};

/* Is it of a kind that can be read, by its name? */
bool source_file_is_known(const char *name);
struct source_stamp source_file_stamp(const char *name, const struct stat *st);
/* Where something is named, in the file at hand. */
struct name_place source_file_place(const struct source_run *run, const char *name, size_t line,
                                    size_t column);

/* Report what the system says of the file at hand; KB_OK. */
int source_file_fail(struct source_run *run, const char *what, int err);
/* Read `path`, called run->file in problems, and hand out its documents; run->stamp is set. `name`: below the folder that was given.
 * What is wrong with the file is in the report: non-zero only for what ends the run, no memory or run->stopped. */
int source_file_read(struct source_run *run, const char *path, const char *name);
/* The same with the bytes that it is to have (run->instead); nobody reads it as it is. */
int source_file_read_instead(struct source_run *run, const char *name);

#endif
