/* markdown.h: the Markdown of an answer as a tree, read alike for every network: each then writes it in its own dialect. */
#ifndef ADAPTERS_MARKDOWN_H
#define ADAPTERS_MARKDOWN_H

#include <cmark-gfm.h>
#include <stddef.h>

/* Once, before any other of these, on the loop. */
void markdown_open(void);
/* s[0..len) with tables, strikethrough and bare addresses as nodes; bytes that are no UTF-8 are replaced. The caller's:
 * cmark_node_free(). */
cmark_node *markdown_parse(const char *s, size_t len);

#endif
