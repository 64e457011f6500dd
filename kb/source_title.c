/* source_title.c: what a document is called: what its author says, else its first heading of level 1,
 * else the name of its file, made readable: "guides/medical-technician_2026.md" -> "Medical
 * technician 2026". A heading that is the title stays a block; passage.c leaves it out of the paths.
 *
 * Where many headings have level 1, the first of them is the title only when another heading follows
 * at once. Otherwise they are chapters, and citing all of them by the first one's name would mislead. */
#include "kb/kb_int.h"

#include <string.h>

static const char *title_from_name(struct pool *pool, const char *file)
{
    const char *name = strrchr(file, '/');
    name = name ? name + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t len = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    if (len > 4 && memcmp(name + len - 4, ".faq", 4) == 0)
        len -= 4;
    char *title = pool_strndup(pool, name, len);
    for (char *s = title; *s; s++)
        if (*s == '-' || *s == '_')
            *s = ' ';
    if (*title >= 'a' && *title <= 'z')
        *title = (char)(*title - 'a' + 'A');
    return title;
}

struct document *source_document(const struct source *src)
{
    struct document *doc = document_new(src->pool, src->file);
    doc->id = pool_strdup(src->pool, src->id);
    doc->text = src->s;
    doc->len = src->len;
    doc->repaired = src->repaired;
    doc->line = 1;
    return doc;
}

const char *heading_plain(const struct document *doc, const struct block *heading)
{
    char *s = pool_strdup(doc->pool, block_plain(doc, heading)), *to = s;
    for (const char *from = s; *from; from++)
        if (*from != '\n' && *from != '\t')
            *to++ = *from;
        else if (to > s && to[-1] != ' ')
            *to++ = ' ';
    while (to > s && to[-1] == ' ')
        to--;
    *to = '\0';
    return s;
}

/* The heading that is the document's title, or NULL. */
static const struct block *title_heading(const struct document *doc)
{
    const struct block *first = NULL;
    bool followed = false;
    for (size_t i = 0; i < doc->nblock; i++) {
        const struct block *b = &doc->block[i];
        if (b->kind != BLOCK_HEADING || b->level != 1)
            continue;
        if (first)
            return followed ? first : NULL;
        first = b;
        followed = i + 1 < doc->nblock && b[1].kind == BLOCK_HEADING;
    }
    return first;
}

bool source_title(const struct source *src, struct document *doc)
{
    if (*doc->title)
        return false;
    const struct block *heading = title_heading(doc);
    doc->title = heading ? heading_plain(doc, heading) : title_from_name(doc->pool, src->file);
    return heading != NULL;
}
