/* problem.c: problems with a place, found by bot/ itself in settings, small talk and test
 * questions. */
#include "bot/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "bot/must.h"
#include "kb/pool.h"
#include "kb/yaml.h"

void problem_add(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kb_report_vadd(report, error, file, line, column, fmt, ap);
    va_end(ap);
}

void problem_at(struct kb_report *report, const char *file, const struct yaml *node,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kb_report_vadd(report, true, file, node->line, node->column, fmt, ap);
    va_end(ap);
}

static void print_one(const struct kb_problem *p, FILE *out)
{
    if (p->line)
        fprintf(out, "%s:%zu:%zu: ", p->file, p->line, p->column ? p->column : 1);
    else
        fprintf(out, "%s: ", p->file);
    fprintf(out, "%s: %s\n", p->error ? "error" : "warning", p->message);
}

void problem_print(const struct kb_report *report, FILE *out)
{
    for (size_t i = 0; i < report->nproblem; i++)
        print_one(&report->problem[i], out);
}

/* By file and line; else as they came. */
static int by_place(const void *a, const void *b)
{
    const struct kb_problem *x = *(const struct kb_problem *const *)a;
    const struct kb_problem *y = *(const struct kb_problem *const *)b;
    int r = strcmp(x->file, y->file);
    if (!r)
        r = (x->line > y->line) - (x->line < y->line);
    return r ? r : (x > y) - (x < y);
}

void problem_print_grouped(const struct kb_report *report, FILE *out)
{
    size_t n = report->nproblem;
    const struct kb_problem **all = must(calloc(n + 1, sizeof *all));
    for (size_t i = 0; i < n; i++)
        all[i] = &report->problem[i];
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 0; i < n; i++) {
        if (i && strcmp(all[i]->file, all[i - 1]->file) != 0)
            fputc('\n', out);
        print_one(all[i], out);
        if (all[i]->remedy)
            fprintf(out, "    %s\n", all[i]->remedy);
    }
    free(all);
}

void problem_json(const struct kb_problem *p, struct buf *b)
{
    const char *kind = p->kind ? p->kind : "", *remedy = p->remedy ? p->remedy : "";
    buf_addf(b, "{\"error\":%s,\"file\":", p->error ? "true" : "false");
    json_add_string(b, p->file, strlen(p->file));
    buf_addf(b, ",\"line\":%zu,\"column\":%zu,\"message\":", p->line, p->column);
    json_add_string(b, p->message, strlen(p->message));
    buf_adds(b, ",\"kind\":");
    json_add_string(b, kind, strlen(kind));
    buf_adds(b, ",\"remedy\":");
    json_add_string(b, remedy, strlen(remedy));
    buf_addc(b, '}');
}

/* The whole of a small file. NULL with -errno in *ret_err; -EFBIG beyond max_bytes. */
static const char *slurp(struct pool *pool, const char *path, size_t max_bytes, size_t *ret_len,
                         int *ret_err)
{
    struct buf b;
    buf_init(&b, max_bytes);
    char piece[16384];
    const char *s = NULL;
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
    else
        s = pool_strndup(pool, b.s, *ret_len = b.len);
    buf_release(&b);
    fclose(f);
    return s;
}

const char *problem_read_file(struct pool *pool, const char *path, size_t max_bytes,
                              struct kb_report *report, size_t *ret_len, int *ret_err)
{
    const char *s = slurp(pool, path, max_bytes, ret_len, ret_err);
    if (!s && *ret_err == -EFBIG)
        problem_add(report, true, path, 0, 0, "larger than %zu bytes, which no such file should be",
                    max_bytes);
    else if (!s)
        problem_add(report, true, path, 0, 0, "cannot be read: %s", strerror(-*ret_err));
    return s;
}

struct yaml *problem_read_yaml(struct pool *pool, const char *path, size_t max_bytes,
                               struct kb_report *report, int *ret_err)
{
    size_t len;
    const char *s = problem_read_file(pool, path, max_bytes, report, &len, ret_err);
    if (!s)
        return NULL;
    struct yaml_error error = {0};
    struct yaml *root = yaml_parse(pool, s, len, 0, &error);
    if (!root) {
        problem_add(report, true, path, error.line, error.column, "%s", error.message);
        *ret_err = -EINVAL;
    }
    return root;
}
