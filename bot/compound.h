/* compound.h: two questions in one message: "which states require a license and how do I get one". */
#ifndef BOT_COMPOUND_H
#define BOT_COMPOUND_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

#define MAX_PARTS 3

/* The questions that a message consists of, in order, at most MAX_PARTS; fewer than two are
 * returned as 0: the message is one question, or too much else. Parts live in `pool`. */
size_t compound_split(struct pool *pool, const char *text, size_t len,
                      const char *ret_part[MAX_PARTS]);

/* True when a part speaks of something named before it: "how do I get one". */
bool compound_refers_back(const char *part);

#endif
