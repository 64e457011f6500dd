/* transcript.h: a conversation's numbered events, for clients that come and fetch them instead of being sent to. It is the
 * outbox of such networks: what is in it is delivered as often as anybody asks for it.
 *
 * Events are numbered 1, 2, 3, ... without a gap, by the transaction that writes them; adapter_type.on_event() hears of
 * each one after its commit, in order. They are appended by inbox_put() and by answers; here they are read. An event's
 * body are the members of a JSON object, without its braces and its number: `"t":"msg","text":"..."`.
 *
 * Loop thread only. */
#ifndef BOT_TRANSCRIPT_H
#define BOT_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adapter;
struct bot;

struct transcript_event {
    int64_t seq;
    const char *body;
    size_t len;
};

enum transcript_mode { TRANSCRIPT_BOT, TRANSCRIPT_WAITING, TRANSCRIPT_HUMAN }; /* who answers */

struct transcript {
    int err;                /* could not be read */
    bool exists;            /* it has had an event */
    bool erased;            /* but all of it is gone, for good */
    int64_t head;           /* number of the last event */
    int64_t at_ms, used_ms; /* of the first and the last one */
    enum transcript_mode mode;
    const struct transcript_event *event; /* those after `after`, at most `max` */
    size_t n;
};

/* On the loop, exactly once per call that returned 0, unless the program ends first; *t is good inside it. What was
 * committed before it is in there, what comes after it is heard by on_event(). */
typedef void transcript_fn(void *ctx, const struct transcript *t);
int transcript_read(struct adapter *a, const char *conversation, int64_t after, size_t max,
                    transcript_fn *fn, void *ctx);

/* All of it is removed: events, messages, answers, votes, wishes. Its name is no good afterwards. */
typedef void transcript_erase_fn(void *ctx, int err);
int transcript_erase(struct adapter *a, const char *conversation, transcript_erase_fn *fn,
                     void *ctx);

/* A short text that tells transcripts of this name in this database from those of a former one. */
#define TRANSCRIPT_EPOCH 17
void transcript_epoch(struct adapter *a, const char *conversation, char ret[TRANSCRIPT_EPOCH]);

#endif
