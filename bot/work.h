/* work.h: the answering threads. A bounded queue goes in, results come back through loop_post(); nothing else is
 * shared. Each thread owns one struct answerer (its own SQLite connection). */
#ifndef BOT_WORK_H
#define BOT_WORK_H

#include <stddef.h>

struct loop;
struct smalltalk;
struct work;
struct question;
struct reply;
struct pool;

/* On the loop, exactly once per job. `reply` lives in `pool`, which now belongs to the callee. */
typedef void work_done_fn(void *ctx, struct pool *pool, const struct reply *reply);

/* threads 0: one per processor. */
int work_start(struct loop *l, const char *db, const struct smalltalk *talk, size_t threads, struct work **ret);
void work_stop(struct work *w);  /* what waits is answered with answer_sorry() */
/* Copies the question. 0 or -EBUSY beyond MAX_QUEUE. */
int work_ask(struct work *w, const struct question *q, work_done_fn *fn, void *ctx);
size_t work_waiting(const struct work *w);

/* Another set of small talk (after a reload); the old one is freed when no thread uses it any more. */
void work_set_smalltalk(struct work *w, struct smalltalk *talk);

#endif
