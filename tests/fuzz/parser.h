/* parser.h: feed bytes to one parser of source_*.c as source_file.c does, and check what every document
 * promises: spans inside the text, entries with a question and an answer, a failure that is reported. */
#ifndef TESTS_FUZZ_PARSER_H
#define TESTS_FUZZ_PARSER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

static inline void check(bool truth)
{
    if (!truth)
        abort();
}

static inline int check_document(void *ctx, struct document *doc)
{
    check(*doc->id && *doc->title && strlen(doc->text) == doc->len);
    check(!*doc->reviewed || source_date_ok(doc->reviewed));
    for (size_t i = 0; i < doc->nblock; i++) {
        const struct block *b = &doc->block[i];
        check(b->start <= b->end && b->end <= doc->len && b->line > 0);
        check(i == 0 || doc->block[i - 1].start <= b->start);
        block_plain(doc, b);
    }
    for (size_t i = 0; i < doc->nentry; i++) {
        const struct entry *e = &doc->entry[i];
        check(*e->id && *e->question && e->start < e->end && e->end <= doc->len);
        check(e->first <= e->last && e->last <= doc->nblock && e->line > 0);
    }
    ++*(size_t *)ctx;
    return 0;
}

static inline void parse_bytes(int (*parse)(const struct source *, document_fn *, void *),
                               const char *file, const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct kb_report report = {0};
    size_t documents = 0;
    struct source src = {.pool = pool,
                         .report = &report,
                         .file = file,
                         .id = "source",
                         .raw = (const char *)data,
                         .rawlen = size};
    src.s = text_repair(pool, src.raw, src.rawlen, &src.len, NULL);
    int rc = parse(&src, check_document, &documents);
    check(rc == KB_OK || rc == KB_ERR_INPUT);
    check((rc == KB_ERR_INPUT) == (report.errors > 0));
    for (size_t i = 0; i < report.nproblem; i++)
        check(*report.problem[i].message && !strchr(report.problem[i].message, '\n'));
    kb_report_release(&report);
    pool_free(pool);
}

#endif
