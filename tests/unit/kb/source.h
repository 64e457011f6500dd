/* source.h: give text to a parser, or files to source_read(), and keep what comes out of it. */
#ifndef TESTS_SOURCE_H
#define TESTS_SOURCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kb/kb_int.h"

struct parsed {
    struct pool *pool;
    struct kb_report report;
    struct document doc[16]; /* copies: a document ends with its parser */
    size_t n;
    int rc;
};

static inline const char **copy_texts(struct pool *pool, const char **text, size_t n)
{
    const char **copy = pool_array(pool, n, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = pool_strdup(pool, text[i]);
    return copy;
}

static inline void copy_entry(struct pool *pool, struct entry *e)
{
    const char **field[] = {&e->id,          &e->question, &e->valid_from,
                            &e->valid_until, &e->reviewed, &e->audience,
                            &e->lang,        &e->url,      &e->status};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        *field[i] = pool_strdup(pool, *field[i]);
    e->aka = copy_texts(pool, e->aka, e->naka);
    e->followup = copy_texts(pool, e->followup, e->nfollowup);
    e->needs = copy_texts(pool, e->needs, e->nneeds);
    e->nots = copy_texts(pool, e->nots, e->nnots);
    e->test = copy_texts(pool, e->test, e->ntest);
    e->not_test = copy_texts(pool, e->not_test, e->nnot_test);
}

static inline int keep_document(void *ctx, struct document *doc)
{
    struct parsed *p = ctx;
    if (p->n == sizeof p->doc / sizeof *p->doc)
        return 0;
    struct document *d = &p->doc[p->n++];
    *d = *doc;
    const char **field[] = {&d->id,       &d->file,       &d->title,      &d->url,
                            &d->lang,     &d->audience,   &d->owner,      &d->status,
                            &d->reviewed, &d->valid_from, &d->valid_until};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        *field[i] = pool_strdup(p->pool, *field[i]);
    d->text = pool_strndup(p->pool, doc->text, doc->len);
    d->block = pool_array(p->pool, doc->nblock, sizeof *d->block);
    if (doc->nblock)
        memcpy(d->block, doc->block, doc->nblock * sizeof *d->block);
    d->entry = pool_array(p->pool, doc->nentry, sizeof *d->entry);
    for (size_t i = 0; i < doc->nentry; i++) {
        d->entry[i] = doc->entry[i];
        copy_entry(p->pool, &d->entry[i]);
    }
    return 0;
}

/* Parse `text` as a file called `file`. */
static inline struct parsed parse_text(int (*parse)(const struct source *, document_fn *, void *),
                                       const char *file, const char *text)
{
    struct parsed p = {.pool = pool_new()};
    size_t len = strlen(text);
    struct source src = {.pool = p.pool,
                         .report = &p.report,
                         .file = file,
                         .id = "source",
                         .raw = text,
                         .rawlen = len};
    src.s = text_repair(p.pool, text, len, &src.len, NULL);
    p.rc = parse(&src, keep_document, &p);
    return p;
}

static inline void parsed_release(struct parsed *p)
{
    kb_report_release(&p->report);
    pool_free(p->pool);
}

/* The answer of an entry, for comparing. */
static inline const char *answer_of(const struct parsed *p, const struct document *d, size_t i)
{
    const struct entry *e = &d->entry[i];
    assert_true(e->start <= e->end && e->end <= d->len);
    return pool_strndup(p->pool, d->text + e->start, e->end - e->start);
}

static inline bool has_problem(const struct kb_report *r, bool error, size_t line, size_t column,
                               const char *part)
{
    for (size_t i = 0; i < r->nproblem; i++) {
        const struct kb_problem *p = &r->problem[i];
        if (p->error == error && p->line == line && p->column == column && strstr(p->message, part))
            return true;
    }
    for (size_t i = 0; i < r->nproblem; i++)
        print_message("%s:%zu:%zu: %s\n", r->problem[i].file, r->problem[i].line,
                      r->problem[i].column, r->problem[i].message);
    return false;
}

#define assert_error(p, line, column, part)                                                        \
    assert_true(has_problem(&(p).report, true, line, column, part))
#define assert_warning(p, line, column, part)                                                      \
    assert_true(has_problem(&(p).report, false, line, column, part))

/* ---- folders with files, for source_read() -------------------------------------------------------- */

struct tree {
    char path[64];
};

static inline struct tree tree_new(void)
{
    struct tree t = {"/tmp/guidepost-test-XXXXXX"};
    assert_non_null(mkdtemp(t.path));
    return t;
}

static inline const char *tree_path(const struct tree *t, struct pool *pool, const char *name)
{
    return pool_printf(pool, "%s/%s", t->path, name);
}

/* Write a file, and the folders above it. */
static inline void tree_add(const struct tree *t, const char *name, const char *s, size_t len)
{
    struct pool *pool = pool_new();
    char *path = pool_printf(pool, "%s/%s", t->path, name);
    for (char *slash = path + strlen(t->path) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    pool_free(pool);
}

static inline void tree_add_text(const struct tree *t, const char *name, const char *s)
{
    tree_add(t, name, s, strlen(s));
}

/* Read `path`, below the tree. */
static inline struct parsed tree_read(const struct tree *t, const char *path)
{
    struct parsed p = {.pool = pool_new()};
    struct kb_sources src = {.root = t->path, .path = &path, .n = 1};
    p.rc = source_read(&src, NULL, &p.report, keep_document, &p);
    return p;
}

static inline void tree_free(const struct tree *t)
{
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", t->path, t->path);
    assert_int_equal(system(command), 0);
}

#endif
