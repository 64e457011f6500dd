/* decline.h: what is said when the base has nothing, or nothing certain. */
#ifndef BOT_DECLINE_H
#define BOT_DECLINE_H

#include "kb/kb.h"

/* "I don't know", which words of the question are new to us (or which language to ask in), and how to reach a person when `person`: one does
 * answer. Lives in `pool`. */
const char *decline_text(struct pool *pool, const char *question, const struct kb_hits *hits,
                         bool person);

/* What stands above the nearest extract when it may not be the answer. Lives in `pool`, or is static. */
const char *decline_lead(struct pool *pool, const char *question, const struct kb_hits *hits);

#endif
