/* extracts.h: which extracts are quoted in a reply, and how they become its text. */
#ifndef BOT_EXTRACTS_H
#define BOT_EXTRACTS_H

#include <stdbool.h>

#include "bot/reply.h"

struct pool;

#define MAX_EXTRACTS   8 /* room that reply.answer needs */
/* Of the best extract's confidence: less is not quoted beside it. */
#define NEARLY_AS_SURE 0.55 /* when that one is sure */
#define AS_LIKELY      0.3  /* when it is not */

/* What a reader sees of an extract: its lead, if it has one, and its text, plain. */
const char *extracts_plain(struct pool *pool, const struct kb_hit *hit);

/* `s`, cut to at most `max` code points: behind a line or a sentence, else between words with an ellipsis. */
const char *extracts_fit(struct pool *pool, const char *s, size_t max);

/* The best extract behind `lead` ("" or a sentence of our own), then further ones as long as they are nearly as sure and
 * say more of what was asked. Sets r->text, answer and nanswer; none when no hit has any text. The hits must live as
 * long as the reply. */
void extracts_quote(struct pool *pool, const struct kb_hits *hits, const char *lead,
                    struct reply *r);

/* One more extract, for another question of the same message: the best one that was not quoted yet, in at most
 * `max_chars`. False, and nothing done, when there is none. r->answer has room for MAX_EXTRACTS. */
bool extracts_add(struct pool *pool, const struct kb_hits *hits, size_t max_chars, struct reply *r);

#endif
