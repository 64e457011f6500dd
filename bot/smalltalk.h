/* smalltalk.h: greetings, thanks, goodbyes, "who are you", "help", "a person please"
 * (smalltalk.yaml). Small talk never outranks content: it answers only a message that is nothing
 * but small talk. */
#ifndef BOT_SMALLTALK_H
#define BOT_SMALLTALK_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/reply.h"

struct kb_report;
struct smalltalk;

struct talk {
    const char *id;           /* "greeting", "thanks", "human", ... */
    const char *reply;        /* plain text */
    const char *called;       /* the same where a person is called at once; NULL: no different */
    enum reply_person person; /* whether it asks for one */
    bool topics;              /* the reply should be followed by what the base is about */
    bool statement;           /* "is it ..." does not say this */
};

/* NULL path: the replies that are shipped with the program. Problems go to the report; 0 or -EINVAL
 * or -EIO. */
int smalltalk_read(const char *path, struct smalltalk **ret, struct kb_report *report);
void smalltalk_free(struct smalltalk *s);

/* The small talk that `text` is, entirely; or NULL. Case, punctuation, emoji, doubled letters do
 * not matter. */
const struct talk *smalltalk_match(const struct smalltalk *s, const char *text, size_t len);

#endif
