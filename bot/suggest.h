/* suggest.h: questions that begin like what somebody is typing: every word of it begins a word of the question. In memory, made
 * once per index by kb_offers(), read at every keystroke: a few microseconds. One thread at a time. */
#ifndef BOT_SUGGEST_H
#define BOT_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

struct suggest;

struct suggest *suggest_new(void);
void suggest_free(struct suggest *s);
/* entry: a curated question, which goes before headings. The same text is offered once. Copies. */
void suggest_add(struct suggest *s, const char *text, bool entry);
void suggest_finish(struct suggest *s); /* after the last suggest_add() */

/* At most `max`, best first; the texts live as long as `s`. Returns how many. */
size_t suggest_find(const struct suggest *s, const char *typed, size_t max, const char **ret);

#endif
