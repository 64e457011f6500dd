/* offer.h: what a reply offers beside its answer: "did you mean", topics, what may be asked next. */
#ifndef BOT_OFFER_H
#define BOT_OFFER_H

#include "bot/answer.h"
#include "bot/reply.h"
#include "kb/kb.h"

/* Add hits by their names to list[0..n) and their passages to key[], up to `max`; with `named`, only those that say in their headings
 * what the question is about. How many there are now. */
size_t offer_hits(struct pool *pool, const struct kb_hits *hits, bool named, const char **list,
                  const char **key, size_t n, size_t max);
/* Add suggestions to r: topics of the base, and what may be asked after that passage, for who asks. */
void offer_topics(struct kb *kb, const struct question *q, struct pool *pool, struct reply *r);
void offer_followups(struct kb *kb, const struct question *q, const char *passage,
                     struct pool *pool, struct reply *r);

#endif
