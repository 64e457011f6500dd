/* yaml.h: plain YAML as a tree that knows its lines, for FAQ files, front matter, synonyms, settings.
 *
 * Only plain YAML: one document of maps, lists and scalars. Anchors, aliases, tags, merge keys and
 * duplicate keys are errors with a place, because every one of them has surprised an operator.
 * Scalars are text; what they mean (number, boolean, date) is the reader's business. Nesting is
 * limited to YAML_MAX_DEPTH. Parsing is libyaml's. Needs nothing else of kb/, so bot/ uses it too. */
#ifndef KB_YAML_H
#define KB_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

#define YAML_MAX_DEPTH 32

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    size_t line, column; /* of its first byte, from 1 */
    size_t start, end;   /* bytes of the input that hold it */
    const char *text;    /* scalar: value, terminated; "" for an empty one */
    size_t len;
    bool quoted;             /* scalar: was in quotes or a block, so never null or boolean */
    struct yaml **item;      /* list: items; map: values */
    const struct yaml **key; /* map: keys, scalars, same order as item */
    size_t n;
};

struct yaml_error {
    size_t line, column; /* from 1 */
    const char *message; /* lives in the pool */
};

/* Parse `len` bytes. Returns the root (an empty map for empty input), or NULL with *ret_error set.
 * Everything lives in `pool`. `first_line` is the number of the input's first line: 1, or 2 for front matter
 * behind its "---". Places in the tree count from there; start and end count bytes of `s`. */
struct yaml *yaml_parse(struct pool *pool, const char *s, size_t len, size_t first_line,
                        struct yaml_error *ret_error);

/* The value of `key` in a map, or NULL; NULL and other kinds of node are welcome. */
struct yaml *yaml_get(const struct yaml *map, const char *key);

/* For "did you mean": the name that is at most 2 edits and a third of the longer word away, the nearest
 * of a NULL-terminated list; or NULL. */
const char *yaml_nearest(const char *word, const char *const *names);

#endif
