/* document.c: what every parser makes. A document owns nothing: all of it lives in its pool. */
#include "kb/kb_int.h"

#include <string.h>

struct document *document_new(struct pool *pool, const char *file)
{
    struct document *doc = pool_alloc(pool, sizeof *doc);
    *doc = (struct document){
        .pool = pool,
        .line = 1,
        .id = "",
        .file = pool_strdup(pool, file),
        .title = "",
        .url = "",
        .lang = "",
        .audience = "",
        .owner = "",
        .status = "",
        .reviewed = "",
        .valid_from = "",
        .valid_until = "",
        .text = "",
    };
    return doc;
}

struct block *document_block(struct document *doc, enum block_kind kind, int level, size_t start,
                             size_t end, size_t line)
{
    struct block *block = POOL_PUSH(doc->pool, doc->block, doc->nblock, doc->capblock);
    *block = (struct block){.kind = kind, .level = level, .start = start, .end = end, .line = line};
    return block;
}

const char *block_plain(const struct document *doc, const struct block *block)
{
    const char *s = doc->text + block->start;
    size_t len = block->end - block->start;
    /* Code is shown as it stands: its asterisks are not emphasis. */
    return block->kind == BLOCK_CODE ? pool_strndup(doc->pool, s, len)
                                     : kb_plain(doc->pool, s, len);
}
