/* outline.h: a document's blocks, and its passages, one a line, to be compared with what was meant.
 *
 *     2 Pay                  a heading of level 2            | Start | $40,000      a row
 *     P As follows:          a paragraph                     |H Level | Pay         a header row
 *     - Weld                 an item (--: nested)            C code
 *
 * In passages: the path, then the units; '>' marks a lead. */
#ifndef TESTS_OUTLINE_H
#define TESTS_OUTLINE_H

#include "tests/blocks.h"
#include "tests/unit/kb/source.h"

/* One line, however many the text has. */
static inline const char *flat(struct pool *pool, const char *s, size_t len)
{
    char *copy = pool_strndup(pool, s, len);
    for (char *c = copy; *c; c++)
        if (*c == '\n')
            *c = '/';
    return copy;
}

static inline const char *kind_mark(struct pool *pool, unsigned kind, int level, bool head)
{
    switch (kind) {
    case BLOCK_HEADING: return pool_printf(pool, "%d ", level);
    case BLOCK_ITEM: return pool_printf(pool, "%.*s ", level + 1, "--------");
    case BLOCK_ROW: return head ? "|H " : "| ";
    case BLOCK_CODE: return "C ";
    default: return "P ";
    }
}

static inline const char *outline(const struct parsed *p)
{
    char *out = pool_strdup(p->pool, "");
    for (size_t d = 0; d < p->n; d++)
        for (size_t i = 0; i < p->doc[d].nblock; i++) {
            const struct block *b = &p->doc[d].block[i];
            out = pool_printf(p->pool, "%s%s%s\n", out,
                              kind_mark(p->pool, b->kind, b->level, b->head),
                              flat(p->pool, p->doc[d].text + b->start, b->end - b->start));
        }
    return out;
}

struct passage_list {
    struct pool *pool;
    struct passage passage[32];
    size_t n;
};

static inline int keep_passage(void *ctx, const struct document *doc, const struct passage *p)
{
    (void)doc;
    struct passage_list *list = ctx;
    assert_true(list->n < sizeof list->passage / sizeof *list->passage);
    list->passage[list->n++] = *p; /* all of it lives as long as the document's pool */
    return 0;
}

/* The passages of the only document. */
static inline struct passage_list passages_of(const struct parsed *p)
{
    struct passage_list list = {.pool = p->pool};
    assert_int_equal(p->rc, 0);
    assert_int_equal(p->n, 1);
    assert_int_equal(passage_cut(&p->doc[0], keep_passage, &list), 0);
    passages_hold(&p->doc[0]);
    return list;
}

static inline const char *path_of(struct pool *pool, const struct passage *p)
{
    char *path = pool_strdup(pool, "");
    for (size_t i = 0; i < p->nheading; i++)
        path = pool_printf(pool, "%s%s%s", path, i ? " > " : "", p->heading[i]);
    return path;
}

/* "anchor: path" of every passage, one a line. */
static inline const char *contents(const struct passage_list *list)
{
    char *out = pool_strdup(list->pool, "");
    for (size_t i = 0; i < list->n; i++)
        out = pool_printf(list->pool, "%s%s: %s\n", out, list->passage[i].anchor,
                          path_of(list->pool, &list->passage[i]));
    return out;
}

/* The units of a passage, with their groups. */
static inline const char *units_text(const struct parsed *p, const struct passage *passage)
{
    char *out = pool_strdup(p->pool, "");
    for (size_t i = 0; i < passage->nunit; i++) {
        const struct unit *u = &passage->unit[i];
        out = pool_printf(p->pool, "%s%d%s%s%s\n", out, u->group, u->lead ? ">" : " ",
                          kind_mark(p->pool, u->kind, u->level, u->head),
                          flat(p->pool, p->doc[0].text + u->start, u->end - u->start));
    }
    return out;
}

#endif
