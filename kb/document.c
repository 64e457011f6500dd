/* document.c: what every parser makes. A document owns nothing: all of it lives in its pool.
 *
 * Where the source is no text that can be quoted as it stands (YAML, tables, JSON), the document's
 * text is made here: the decoded answers, one below the other. */
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

/* ---- entries ------------------------------------------------------------------------------------ */

struct entry *document_entry(struct document *doc, size_t line, size_t column)
{
    struct entry *e = POOL_PUSH(doc->pool, doc->entry, doc->nentry, doc->capentry);
    *e = (struct entry){.id = "",
                        .question = "",
                        .valid_from = "",
                        .valid_until = "",
                        .reviewed = "",
                        .audience = "",
                        .lang = "",
                        .url = "",
                        .status = "",
                        .line = line,
                        .column = column};
    return e;
}

const char **document_entry_field(struct entry *e, const char *key)
{
    static const char *const name[] = {"id",          "question", "valid_from",
                                       "valid_until", "reviewed", "audience",
                                       "lang",        "url",      "status"};
    const char **field[] = {&e->id,          &e->question, &e->valid_from,
                            &e->valid_until, &e->reviewed, &e->audience,
                            &e->lang,        &e->url,      &e->status};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (strcmp(name[i], key) == 0)
            return field[i];
    return NULL;
}

bool document_entry_add(struct document *doc, struct entry *e, const char *key, const char *text)
{
    struct pool *pool = doc->pool;
    if (strcmp(key, "aka") == 0)
        *POOL_PUSH(pool, e->aka, e->naka, e->capaka) = text;
    else if (strcmp(key, "followups") == 0)
        *POOL_PUSH(pool, e->followup, e->nfollowup, e->capfollowup) = text;
    else if (strcmp(key, "needs") == 0)
        *POOL_PUSH(pool, e->needs, e->nneeds, e->capneeds) = text;
    else if (strcmp(key, "not") == 0)
        *POOL_PUSH(pool, e->nots, e->nnots, e->capnots) = text;
    else if (strcmp(key, "tests") == 0)
        *POOL_PUSH(pool, e->test, e->ntest, e->captest) = text;
    else if (strcmp(key, "not_tests") == 0)
        *POOL_PUSH(pool, e->not_test, e->nnot_test, e->capnot_test) = text;
    else
        return false;
    return true;
}

int document_answers(struct document *doc, const struct answer *answer)
{
    size_t len = 0;
    for (size_t i = 0; i < doc->nentry; i++)
        len += answer[i].len + 2;
    char *text = pool_alloc(doc->pool, len + 1), *to = text;
    for (size_t i = 0; i < doc->nentry; i++) {
        struct entry *e = &doc->entry[i];
        if (i)
            to = mempcpy(to, "\n\n", 2);
        e->start = (size_t)(to - text);
        to = mempcpy(to, answer[i].text, answer[i].len);
        e->end = (size_t)(to - text);
    }
    doc->text = text;
    doc->len = (size_t)(to - text);
    doc->repaired = true;
    int rc = KB_OK;
    for (size_t i = 0; i < doc->nentry && !rc; i++) {
        struct entry *e = &doc->entry[i];
        e->first = doc->nblock;
        rc = markdown_blocks(doc, e->start, e->end, answer[i].line);
        e->last = doc->nblock;
    }
    return rc;
}
