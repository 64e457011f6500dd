/* blocks.h: what must hold for the blocks and passages of any document, whatever was parsed. Fuzzers and
 * unit tests share it; a violation aborts with its line. */
#ifndef TESTS_BLOCKS_H
#define TESTS_BLOCKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

#define HOLDS(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x);                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline bool at_character(const struct document *doc, size_t at)
{
    return at <= doc->len && (at == doc->len || ((unsigned char)doc->text[at] & 0xC0) != 0x80);
}

/* Where all blocks of a document are, and that none is empty or in another's way. `lines`: they are
 * lines of the text itself (not of HTML, whose text is written by its parser). */
static inline void blocks_hold(const struct document *doc, bool lines)
{
    size_t behind = 0, line = 1, counted = 0;
    for (size_t i = 0; i < doc->nblock; i++) {
        const struct block *b = &doc->block[i];
        HOLDS(b->start >= behind && b->start < b->end && b->end <= doc->len);
        HOLDS(at_character(doc, b->start) && at_character(doc, b->end));
        HOLDS(b->kind >= BLOCK_HEADING && b->kind <= BLOCK_CODE && b->group >= 0);
        HOLDS(b->kind != BLOCK_HEADING || (b->level >= 1 && b->level <= 6 && !b->group));
        HOLDS(b->kind == BLOCK_HEADING || (b->level >= 0 && b->level <= KB_MAX_DEPTH));
        HOLDS((b->kind != BLOCK_ITEM && b->kind != BLOCK_ROW) || b->group > 0);
        HOLDS(!b->head || b->kind == BLOCK_ROW);
        for (; counted < b->start; counted++)
            line += doc->text[counted] == '\n';
        HOLDS(!lines || b->line == line);
        behind = b->end;
    }
}

struct passages_seen {
    size_t behind; /* nothing before this is quoted again */
    size_t block;  /* the next one that must be covered */
    const char *key[64];
    size_t nkey;
};

/* Every byte of every block is in exactly one unit, but for blanks between sentences. */
static inline int passage_holds(void *ctx, const struct document *doc, const struct passage *p)
{
    struct passages_seen *seen = ctx;
    HOLDS(p->key && p->anchor && *p->anchor && p->headings && p->body && p->question);
    HOLDS(p->nheading <= 6 && p->start <= p->end && p->end <= doc->len);
    for (size_t i = 0; i < seen->nkey; i++)
        HOLDS(strcmp(seen->key[i], p->key) != 0);
    if (seen->nkey < sizeof seen->key / sizeof *seen->key)
        seen->key[seen->nkey++] = p->key;
    HOLDS(!p->nunit || !p->unit[p->nunit - 1].lead);
    for (size_t i = 0; i < p->nunit; i++) {
        const struct unit *u = &p->unit[i];
        HOLDS(u->start >= seen->behind && u->start < u->end);
        HOLDS(u->start >= p->start && u->end <= p->end && u->group > 0);
        HOLDS(at_character(doc, u->start) && at_character(doc, u->end));
        while (seen->block < doc->nblock && doc->block[seen->block].kind == BLOCK_HEADING)
            seen->block++;
        HOLDS(seen->block < doc->nblock);
        const struct block *b = &doc->block[seen->block];
        HOLDS(u->start >= b->start && u->end <= b->end);
        for (size_t k = seen->behind > b->start ? seen->behind : b->start; k < u->start; k++)
            HOLDS(strchr(" \t\n", doc->text[k]));
        seen->behind = u->end;
        size_t rest = u->end;
        while (rest < b->end && strchr(" \t\n", doc->text[rest]))
            rest++;
        seen->block += rest == b->end;
    }
    return 0;
}

static inline void passages_hold(const struct document *doc)
{
    struct passages_seen seen = {0};
    HOLDS(passage_cut(doc, passage_holds, &seen) == 0);
    while (seen.block < doc->nblock && doc->block[seen.block].kind == BLOCK_HEADING)
        seen.block++;
    HOLDS(doc->nentry || seen.block == doc->nblock);
}

/* Parse bytes as a file, as source_file.c would, and look at everything that comes out. */
static inline int document_holds(void *ctx, struct document *doc)
{
    blocks_hold(doc, *(bool *)ctx);
    passages_hold(doc);
    return 0;
}

static inline void source_holds(int (*parse)(const struct source *, document_fn *, void *),
                                const void *data, size_t size, bool lines)
{
    struct pool *pool = pool_new();
    struct kb_report report = {0};
    struct text_fix fix;
    struct source src = {
        .pool = pool, .report = &report, .file = "f", .id = "f", .raw = data, .rawlen = size};
    src.s = text_repair(pool, data, size, &src.len, &fix);
    src.repaired = fix.changed;
    int rc = parse(&src, document_holds, &lines);
    HOLDS(rc == 0 || (rc == KB_ERR_INPUT && report.nproblem));
    kb_report_release(&report);
    pool_free(pool);
}

#endif
