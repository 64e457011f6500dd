/* heard.h: questions that were heard lately, and what was replied. Most of what people ask, others have asked: the starter
 * questions, the follow-ups that are offered, "how much does it cost?". The same question to the same guides has the same
 * answer, behind the same conversation where it hangs on that, so it is looked for once, and after that costs a look into a
 * table.
 *
 * Never a stale word: a reply is given again only while a thread has found, less than HEARD_FRESH_MS ago, the guides that it was
 * made from still in force (struct reply's edition); after a quiet while the first question always goes to a thread. What
 * this process does to the guides itself clears all at once.
 *
 * In memory, loop thread only. */
#ifndef BOT_HEARD_H
#define BOT_HEARD_H

#include <stddef.h>
#include <stdint.h>

#include "bot/reply.h"

#define HEARD_FRESH_MS 200

struct heard;
struct question; /* answer.h */

/* One that is known. Good until heard_release(), whatever becomes of the table. */
struct heard_reply {
    struct reply reply;
    const char *json; /* what reply_json() makes of it, without an id: written down each time */

    /* What one adapter makes of it in one of its forms: the first that gave it to somebody. */
    const void *adapter; /* NULL: nobody has */
    int form;
    const char *same; /* NULL: nothing is the same for everybody there */
    size_t nsame;
};

struct heard *heard_new(void);
void heard_free(struct heard *h); /* replies that are in use are their users' to release, before */

/* What was replied to that question, or NULL: it has to be asked. `now_ms` is monotonic. */
const struct heard_reply *heard_find(struct heard *h, const struct question *q, uint64_t now_ms);
/* Keep that beside it (as a copy; NULL: there is none). Only where nothing is. */
void heard_keep_same(const struct heard_reply *r, const void *adapter, int form, const char *same,
                     size_t nsame);
void heard_release(struct heard *h, const struct heard_reply *r); /* NULL is fine */

/* A thread's reply to `q`, which was handed to it at `sent_ms`: kept (as a copy) if others may have it, too, and this is the
 * second who wants it. */
void heard_keep(struct heard *h, const struct question *q, const struct reply *r, uint64_t sent_ms);
/* Everything may be different from now on. */
void heard_clear(struct heard *h, uint64_t now_ms);

size_t heard_count(const struct heard *h);

#endif
