/* replay.h: questions and tests asked of an index once more, all at once: for knowing what an edit would change before it is made.
 *
 * Questions are asked as if by somebody new: what was said before them is not replayed, on neither side, so that both sides are
 * asked the same. Several threads, below the priority of those that answer visitors. */
#ifndef BOT_REPLAY_H
#define BOT_REPLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/reply.h"

struct pool;
struct smalltalk;
struct trials;

/* As little of a reply as tells it from another one. */
struct replayed {
    enum reply_kind kind;
    enum kb_band band;
    double confidence;
    uint64_t text;       /* a hash of all that is shown */
    const char *passage; /* of the best extract, or "" */
    const char *label;   /* what that is called: an entry's question, a heading, a title */
    const char *unknown; /* the first word that the base does not have, or "" */
    bool known;          /* it has been asked */
};
/* The asker would see a difference. */
bool replayed_differs(const struct replayed *a, const struct replayed *b);

/* What can be watched and stopped from another thread. */
struct replay_progress {
    atomic_size_t done, all;
    atomic_bool stop;
};

struct replay {
    const char *db;
    const struct smalltalk *talk;
    const char *const *question;
    struct replayed *answer; /* in and out: those that are `known` are not asked again */
    size_t n;
    struct trials *trials; /* or NULL */
    bool explain;          /* what is wrong with the tests that fail */
    struct pool *pool;     /* owns the texts of what comes out */
    struct replay_progress *progress;
};
#define REPLAY_STOPPED (-1000) /* no enum kb_err */
/* 0, REPLAY_STOPPED, or a negative enum kb_err. */
int replay_run(struct replay *r);

/* What was answered before, as long as the base is the same. */
struct replay_memory;
struct replay_memory *replay_memory_new(void);
void replay_memory_free(struct replay_memory *m);
/* Fills in what is known of a base of that `key`; of another one all is forgotten. */
void replay_recall(struct replay_memory *m, const char *key, struct replay *r);
/* Keeps what was answered now. */
void replay_keep(struct replay_memory *m, const struct replay *r);

#endif
