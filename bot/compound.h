/* compound.h: two questions in one message: "which states require a license and how do I get one". */
#ifndef BOT_COMPOUND_H
#define BOT_COMPOUND_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

#define MAX_PARTS 4

/* The questions that a message has, in order, at most MAX_PARTS; fewer than two are returned as 0: the message is one
 * question, or too much else. What stands around the questions is left out. Parts live in `pool`. */
size_t compound_split(struct pool *pool, const char *text, size_t len,
                      const char *ret_part[MAX_PARTS]);

/* "How long", "how much": what it is about stands in another part. */
bool compound_is_stub(const char *part);

/* "Do I need a degree and a license?" as "Do I need a degree?" and "Do I need a license?": 2, or 0 when there is no such
 * "and", or one that holds together ("the difference between A and B"). Whether it is two questions or one, only the
 * answers can tell. */
size_t compound_halves(struct pool *pool, const char *text, size_t len, const char *ret_half[2]);

#endif
