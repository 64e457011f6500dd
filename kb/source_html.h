/* source_html.h: a page while it is read, shared by source_html.c (the file, and what the page says about
 * itself) and source_html_walk.c (its tree into blocks). */
#ifndef KB_SOURCE_HTML_H
#define KB_SOURCE_HTML_H

#include <libxml/HTMLparser.h>

#include "kb/kb_int.h"

#define HTML_MAX_NESTING 240 /* elements; libxml2 gives up a little later, browsers at 512 */

struct page {
    xmlFreeFunc free; /* of the library */
    const struct source *src;
    struct document *doc;
    sqlite3_str *text; /* becomes doc->text */
    sqlite3_str *run;  /* inline text of the block that is open, escaped */
    bool space;        /* a blank is due before its next character */
    size_t line;       /* of the run's first character */
    int nesting;
    bool too_deep;
    bool inner;       /* what is read is <main> or <article>: a <header> in it belongs to it */
    int cell;         /* > 0: in a table row, nothing is flushed */
    int lists, group; /* open lists; the number of the outermost */
    bool item, term;  /* an item has no block yet; a term waits for its definition */
    int ordinal;      /* of the next item of a numbered list, else 0 */
    int heading;      /* level of the last real heading */
    size_t cells;     /* of the last row */
    bool rows;        /* the innermost table has data, and is not there for layout */
};

/* The node after `node` in the order of the page, inside `root`; NULL at its end. */
xmlNode *source_html_next(const xmlNode *root, xmlNode *node);
bool source_html_is(const xmlNode *node, const char *name);
/* Has it that attribute, with that value (NULL: any)? Letter case does not matter. */
bool source_html_has(const xmlNode *node, const char *attribute, const char *value);
/* Add text to the run: blanks collapsed, mark-up disarmed. */
void source_html_add(struct page *p, const char *s, size_t line);

/* Append the blocks of what the page is about. */
void source_html_walk(struct page *p, xmlNode *root);

#endif
