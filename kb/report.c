/* report.c: problems with a place, collected for the person who edits the content.
 *
 * One run reports everything that is wrong with all files, so that a content editor mends it in one
 * go. But a broken export of a million lines must not become a million messages: past a limit
 * problems are only counted, and the last message says how many there were. */
#include "kb/kb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fprintf(stderr, "guidepost: out of memory\n");
    abort();
}

/* Messages and file names are one line of valid UTF-8, also when a message quotes a file's bytes and
 * cuts the quotation off in the middle of a letter. */
static void printable(char *s)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len;) {
        size_t from = i;
        uint32_t c = text_next(s, len, &i);
        if (c < 0x20 || c == 0x7F || (c == 0xFFFD && i == from + 1))
            s[from] = c == '\n' || c == '\t' ? ' ' : '?';
    }
}

static char *copy(const char *s)
{
    char *p = strdup(s ? s : "");
    if (!p)
        out_of_memory();
    printable(p);
    return p;
}

static char *vformat(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *vformat(const char *fmt, va_list ap)
{
    char *p;
    if (vasprintf(&p, fmt, ap) < 0)
        out_of_memory();
    printable(p);
    return p;
}

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = vformat(fmt, ap);
    va_end(ap);
    return p;
}

/* Room doubles at powers of two, so that no capacity needs to be kept in the public struct. */
static struct kb_problem *push(struct kb_report *report)
{
    size_t n = report->nproblem;
    if ((n & (n - 1)) == 0) {
        struct kb_problem *p = realloc(report->problem, (n ? n * 2 : 1) * sizeof *p);
        if (!p)
            out_of_memory();
        report->problem = p;
    }
    struct kb_problem *added = &report->problem[report->nproblem++];
    memset(added, 0, sizeof *added);
    return added;
}

/* The last problem of a full list stands for all the others. */
static void count_only(struct kb_report *report, bool error, const char *file)
{
    if (report->nproblem == KB_MAX_PROBLEMS) {
        struct kb_problem *rest = push(report);
        rest->file = copy(file);
    }
    struct kb_problem *rest = &report->problem[KB_MAX_PROBLEMS];
    size_t more = report->errors + report->warnings - KB_MAX_PROBLEMS;
    rest->error |= error;
    free(rest->message);
    rest->message = format("%zu more problem%s from here on; mend the ones above first", more,
                           more == 1 ? "" : "s");
}

void kb_report_vadd(struct kb_report *report, bool error, const char *file, size_t line,
                    size_t column, const char *fmt, va_list ap)
{
    if (error)
        report->errors++;
    else
        report->warnings++;
    if (report->nproblem >= KB_MAX_PROBLEMS) {
        count_only(report, error, file);
        return;
    }
    char *message = vformat(fmt, ap);
    *push(report) = (struct kb_problem){
        .error = error, .file = copy(file), .line = line, .column = column, .message = message};
}

void kb_report_remedy(struct kb_report *report, const char *kind, const char *fmt, ...)
{
    if (!report->nproblem || report->nproblem > KB_MAX_PROBLEMS)
        return;
    struct kb_problem *last = &report->problem[report->nproblem - 1];
    va_list ap;
    va_start(ap, fmt);
    free(last->remedy);
    last->remedy = vformat(fmt, ap);
    last->kind = kind;
    va_end(ap);
}

void report_add(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kb_report_vadd(report, error, file, line, column, fmt, ap);
    va_end(ap);
}

void kb_report_release(struct kb_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->nproblem; i++) {
        free(report->problem[i].file);
        free(report->problem[i].message);
        free(report->problem[i].remedy);
    }
    free(report->problem);
    free(report->message);
    memset(report, 0, sizeof *report);
}
