/* problem.c: problems with a place, found by bot/ itself in settings, small talk and test questions. */
#include "bot/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "kb/pool.h"
#include "kb/yaml.h"

#define MAX_PROBLEM_TEXT 1024 /* bytes of one message: a whole file quoted back helps nobody */
#define MAX_PROBLEMS     200

static void vadd(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                 const char *fmt, va_list ap)
{
    if (report->nproblem >= MAX_PROBLEMS)
        return;
    struct buf text;
    buf_init(&text, MAX_PROBLEM_TEXT);
    buf_vaddf(&text, fmt, ap);
    if (buf_failed(&text)) {
        buf_clear(&text);
        buf_adds(&text, "something is wrong here, and too long to quote");
    }
    struct kb_problem *grown =
        realloc(report->problem, (report->nproblem + 1) * sizeof *report->problem);
    if (grown)
        report->problem = grown;
    struct kb_problem p = {error, strdup(file), line, column, buf_take(&text, NULL)};
    if (!grown || !p.file || !p.message) { /* small and our own: see pool.h */
        fputs("guidepost: out of memory\n", stderr);
        abort();
    }
    report->problem[report->nproblem++] = p;
}

void problem_add(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vadd(report, error, file, line, column, fmt, ap);
    va_end(ap);
}

void problem_at(struct kb_report *report, const char *file, const struct yaml *node,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vadd(report, true, file, node->line, node->column, fmt, ap);
    va_end(ap);
}

size_t problem_errors(const struct kb_report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < report->nproblem; i++)
        n += report->problem[i].error;
    return n;
}

void problem_print(const struct kb_report *report, FILE *out)
{
    for (size_t i = 0; i < report->nproblem; i++) {
        const struct kb_problem *p = &report->problem[i];
        if (p->line)
            fprintf(out, "%s:%zu:%zu: ", p->file, p->line, p->column ? p->column : 1);
        else
            fprintf(out, "%s: ", p->file);
        fprintf(out, "%s: %s\n", p->error ? "error" : "warning", p->message);
    }
}

/* The whole of a small file. NULL with -errno in *ret_err; -EFBIG beyond max_bytes. */
static char *slurp(const char *path, size_t max_bytes, size_t *ret_len, int *ret_err)
{
    struct buf b;
    buf_init(&b, max_bytes);
    char piece[16384], *s = NULL;
    FILE *f = fopen(path, "re");
    if (!f) {
        *ret_err = -errno;
        return NULL;
    }
    size_t n;
    errno = 0;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&b, piece, n);
    if (ferror(f))
        *ret_err = errno ? -errno : -EIO;
    else if (buf_failed(&b))
        *ret_err = -EFBIG;
    else if (!(s = buf_take(&b, ret_len)))
        *ret_err = -ENOMEM;
    buf_release(&b);
    fclose(f);
    return s;
}

struct yaml *problem_read_yaml(struct pool *pool, const char *path, size_t max_bytes,
                               struct kb_report *report, int *ret_err)
{
    size_t len;
    char *s = slurp(path, max_bytes, &len, ret_err);
    if (!s) {
        if (*ret_err == -EFBIG)
            problem_add(report, true, path, 0, 0,
                        "larger than %zu bytes, which no such file should be", max_bytes);
        else
            problem_add(report, true, path, 0, 0, "cannot be read: %s", strerror(-*ret_err));
        return NULL;
    }
    struct yaml_error error = {0};
    struct yaml *root = yaml_parse(pool, s, len, 0, &error);
    free(s);
    if (!root) {
        problem_add(report, true, path, error.line, error.column, "%s", error.message);
        *ret_err = -EINVAL;
    }
    return root;
}
