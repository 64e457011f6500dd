/* edit.h: one thing in a file that people edit by hand is changed, and every other byte stays: an entry of a FAQ file, a group
 * of synonyms.yaml. What was written there in comments is kept, too; those inside of what is written anew stand behind it.
 *
 * Nothing touches a disk here: bytes in, bytes out. What comes out was read again before it is given: all others are what they
 * were and the one is what was wanted, or it is refused. */
#ifndef KB_EDIT_H
#define KB_EDIT_H

#include <stddef.h>

#include "kb/entries.h"

struct kb_bytes {
    const char *s; /* terminated; NULL: there is no such file */
    size_t len;
};

/* `file` is its name, for messages. Both: 0, or KB_ERR_INPUT with the reasons in the report. Everything lives in `pool`. */

/* The entry `id` becomes `e`, whose id may be another one; id NULL: a new one behind the last. An entry without an id gets that of
 * its question. ret_entry, unless NULL: what a reader of the file finds. */
int kb_edit_entry(struct pool *pool, const char *file, struct kb_bytes old, const char *id,
                  const struct kb_curated *e, struct kb_bytes *ret, struct kb_curated *ret_entry,
                  struct kb_report *report);

/* Words that stand for each other (`words`), or one way (`from`, `to`). */
struct kb_group {
    size_t line; /* in its file */
    struct kb_texts words, from, to;
    double weight; /* 0: not said */
};
struct kb_groups {
    struct pool *pool;
    struct kb_group *group;
    size_t n, cap;
};
/* All of a synonyms.yaml. */
int kb_groups_read(const char *file, struct kb_bytes bytes, struct kb_groups *to,
                   struct kb_report *report);
/* The group that stands in `line` becomes `g`, or goes (NULL); line 0: a new one behind the last. */
int kb_edit_group(struct pool *pool, const char *file, struct kb_bytes old, size_t line,
                  const struct kb_group *g, struct kb_bytes *ret, struct kb_report *report);

#endif
