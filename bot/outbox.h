/* outbox.h: what has to reach another server, and is not confirmed yet. On disk from the transaction that answers a message
 * until the other side has it or it is given up, so nothing is lost by a crash; and an attempt is written down before it is
 * begun, so nothing is sent twice without somebody having looked.
 *
 *     inbox or outbox_put() --commit--> queued --commit--> sending --> deliver() --> outbox_done()
 *                                         ^                                            |
 *          OUTBOX_SAFE: surely not there  |-- after 1, 2, 4, ... 60 s, or Retry-After -|
 *     OUTBOX_AMBIGUOUS: it may be there   `-- the same, and item.doubtful: look first -|
 *           OUTBOX_SENT                                                                |--> delivered
 *      OUTBOX_PERMANENT, too old, or in doubt too often                                `--> dead, said in the log
 *
 * What the program was sending when it ended is doubtful at the next start. An adapter whose network recognises
 * repetitions itself sets adapter_type.repeats_safely: its attempts are not written down first and never in doubt.
 *
 * One lane per conversation: it sends one thing at a time, in order; what waits for its time makes those behind it wait.
 * Other lanes go on. A dead letter lets the next one pass. Safe retries end MAX_OUTBOX_AGE_S after it was put in.
 *
 * Loop thread only. */
#ifndef BOT_OUTBOX_H
#define BOT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adapter;
struct bot;
struct outbox;

#define MAX_OUTBOX_AGE_S (24 * 3600)
#define MAX_OUTBOX_DOUBT 6 /* attempts in a row that may have arrived */

/* Something to be sent now: good inside deliver() only, but for `id`. */
struct outbox_item {
    int64_t id;
    int64_t turn;            /* whose answer it is, or 0 */
    const char *lane, *idem; /* idem: unique, the same at every attempt */
    const char *body, *note; /* as render() made it, as inbound.note said; note may be NULL */
    int tries;               /* attempts before this one */
    bool doubtful;           /* one of them may have arrived: look before you send */
    int64_t at_ms;           /* since when it waits, wall clock */
};

enum outbox_result { OUTBOX_SENT, OUTBOX_SAFE, OUTBOX_AMBIGUOUS, OUTBOX_PERMANENT };

struct outbox_outcome {
    enum outbox_result result;
    const char *remote; /* what the other side calls it, for outbox_find(); or NULL */
    const char *why;    /* plain words for the log and the dead letter: no one's text; or NULL */
    long retry_after_s; /* what the other side wants, at least; 0 or less: nothing */
    bool pause_all;     /* ... of all lanes of this adapter */
};

/* How an attempt ended, exactly once for each deliver(), also from inside it. */
void outbox_done(struct adapter *a, int64_t id, const struct outbox_outcome *o);

/* To send something that answers no message. The same idem once more is no error and does nothing. 0, or -EBUSY, -ESHUTDOWN,
 * -EINVAL, -ENOMEM. `fn` (may be NULL) hears on the loop whether it is on disk. */
typedef void outbox_put_fn(void *ctx, int err);
int outbox_put(struct adapter *a, const char *lane, const char *idem, const char *body,
               const char *note, outbox_put_fn *fn, void *ctx);

/* Which answer the other side calls `remote`: its turn and the note it was sent with; err -ENOENT: none of ours, or too
 * long ago. 0 or a negative errno, and fn is not called. */
typedef void outbox_find_fn(void *ctx, int err, int64_t turn, const char *note);
int outbox_find(struct adapter *a, const char *lane, const char *remote, outbox_find_fn *fn,
                void *ctx);

/* ---- for bot.c, inbox.c and admin.c ---- */

struct outbox *outbox_new(struct bot *bot);
/* Take up what is on disk and not in memory: at the start, and whenever something was put in. */
void outbox_look(struct outbox *box);
void outbox_free(struct outbox *box);

struct outbox_stats {
    size_t waiting, sending;
    uint64_t sent, retried, dead;
};
void outbox_stats(const struct outbox *box, struct outbox_stats *ret);

#endif
