/* entries_int.h: between the entries*.c only. */
#ifndef KB_ENTRIES_INT_H
#define KB_ENTRIES_INT_H

#include "kb/entries.h"
#include "kb/kb_int_source.h"

/* An empty one. Good until the next is added. */
struct kb_curated *entries_add(struct kb_entries *to, size_t line);
void entries_add_text(struct kb_entries *to, struct kb_curated *e, enum kb_entry_list which,
                      const char *text);

/* entries_foreign.c: as a parser of kb_int_source.h. */
int entries_qnamaker(const struct source *src, struct kb_entries *to);
int entries_qnabot(const struct source *src, struct kb_entries *to);

#endif
