/* redact.h: what must not be kept of what people write: addresses, telephone numbers, numbers of persons, cards and papers. */
#ifndef BOT_REDACT_H
#define BOT_REDACT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct pool;

/* Append `s` to `b`, with each e-mail address as "•••@•••" and each long number or id as "•••". Both marks hold no word and no
 * digit, so they match nothing in an index, and a text that went through here goes through again unchanged. Figures that
 * belong to a question stay: amounts of money, years, dates, round thousands, codes of occupations (29-2012.00). True:
 * something was masked. Never longer than three times `len`. */
bool redact(const char *s, size_t len, struct buf *b);
/* `s` as it may be kept under the setting journal.redact: itself, or masked in `pool`. NULL stays NULL. */
const char *redact_for(const struct config *c, struct pool *pool, const char *s);

#endif
