/* entries_int.h: between the entries*.c only. */
#ifndef KB_ENTRIES_INT_H
#define KB_ENTRIES_INT_H

#include "kb/entries.h"
#include "kb/kb_int_source.h"

/* An empty one. Good until the next is added. */
struct kb_curated *entries_add(struct kb_entries *to, size_t line);
void entries_add_text(struct kb_entries *to, struct kb_curated *e, enum kb_entry_list which,
                      const char *text);

/* entries.c: the bytes of a file, as kb_entries_read() takes them. */
int entries_parse(const char *file, enum kb_form form, const char *raw, size_t rawlen,
                  struct kb_entries *to, struct kb_report *report);

/* ---- entries_write.c: a FAQ file, piece by piece ---- */

/* What an entry can say, in the order in which it is written: 0 to ENTRY_KEYS - 1. */
#define ENTRY_KEYS 16
const char *entries_key(size_t key);
const struct kb_texts *entries_key_list(const struct kb_curated *e, size_t key); /* or NULL */
bool entries_key_same(const struct kb_curated *a, const struct kb_curated *b, size_t key);
/* Its lines, `indent` blanks before them but for the `first` one of an entry; false, and nothing, when it says nothing. */
bool entries_write_key(FILE *out, const struct kb_curated *e, size_t key, int indent, bool first);
/* The whole entry, its dash in that column (from 0). */
void entries_write_entry(FILE *out, const struct kb_curated *e, int column);
/* A text as YAML takes it: in quotes where it needs some. */
void entries_write_text(FILE *out, const char *s);

/* entries_foreign.c: as a parser of kb_int_source.h. */
int entries_qnamaker(const struct source *src, struct kb_entries *to);
int entries_qnabot(const struct source *src, struct kb_entries *to);

#endif
