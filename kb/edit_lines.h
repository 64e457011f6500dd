/* edit_lines.h: the items of a YAML list and their keys as lines of their file, and some of them replaced. For edit*.c only. */
#ifndef KB_EDIT_LINES_H
#define KB_EDIT_LINES_H

#include <stdbool.h>

#include "kb/edit.h"
#include "kb/yaml.h"

struct lines_change {
    size_t from, to; /* bytes of the old file */
    const char *text;
};

struct lines {
    struct pool *pool;
    const char *s;
    size_t len;
    struct lines_change *change; /* in any order; of two at one place the first comes first */
    size_t n, cap;
};

/* Is it written over lines of its own, "- " before it, and not in braces? */
bool edit_lines_is_block(const struct lines *l, const struct yaml *item);
/* Column of an item's dash, from 0, and of its keys. */
size_t edit_lines_dash(const struct lines *l, const struct yaml *item);
size_t edit_lines_column(const struct lines *l, const struct yaml *item);
bool edit_lines_is_flow(const struct lines *l, const struct yaml *node);
/* Behind the last line of the node, and behind its last byte. */
size_t edit_lines_end(const struct lines *l, const struct yaml *node);
size_t edit_lines_last(const struct lines *l, const struct yaml *node);
/* First byte of a key's lines, or of the key itself behind a dash. */
size_t edit_lines_begin(const struct lines *l, const struct yaml *item, size_t key);

/* The comments between key and the end of its value, a line each with `column` blanks before it; "" without any. */
const char *edit_lines_comments(const struct lines *l, const struct yaml *key,
                                const struct yaml *value, size_t column);

void edit_lines_replace(struct lines *l, size_t from, size_t to, const char *text);
/* The new file. With \r\n where the old one has them. */
struct kb_bytes edit_lines_apply(struct lines *l);

#endif
