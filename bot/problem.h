/* problem.h: what is wrong with an operator's file, and where. The reports are kb's (kb.h), so that
 * a bad guide, a bad setting and a bad test question all look alike: "file:line:column: error: what
 * is wrong". */
#ifndef BOT_PROBLEM_H
#define BOT_PROBLEM_H

#include <stdio.h>

#include "kb/kb.h"

struct buf;
struct pool;
struct yaml;

/* Add a problem to a report that kb_report_release() will release. line 0: the whole file. */
void problem_add(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The same at a node of a YAML file: an error. */
void problem_at(struct kb_report *report, const char *file, const struct yaml *node,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* One line per problem. */
void problem_print(const struct kb_report *report, FILE *out);

/* The same for reading: by file and line, what would mend it below, a blank line between files. */
void problem_print_grouped(const struct kb_report *report, FILE *out);

/* A problem as a JSON object: error, file, line, column, message, kind and remedy ("" where there is none). */
void problem_json(const struct kb_problem *problem, struct buf *b);

/* Read a file of at most max_bytes. NULL with -errno in *ret_err, which is also in the report. Terminated; lives in `pool`. */
const char *problem_read_file(struct pool *pool, const char *path, size_t max_bytes,
                              struct kb_report *report, size_t *ret_len, int *ret_err);

/* Read a YAML file of at most max_bytes; problems go to the report. NULL with -errno in *ret_err
 * (-ENOENT, -EINVAL for what is in the report, ...). Lives in `pool`. */
struct yaml *problem_read_yaml(struct pool *pool, const char *path, size_t max_bytes,
                               struct kb_report *report, int *ret_err);

#endif
