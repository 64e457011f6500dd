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
struct kb;

/* On the loop, exactly once per job, unless the loop ends before. `reply` lives in the pool that the job was given. */
typedef void work_done_fn(void *ctx, const struct reply *reply);

/* threads 0: one per processor. `talk` now belongs to the workers. */
int work_start(struct loop *l, const char *db, struct smalltalk *talk, size_t threads,
               struct work **ret);
/* What waits is answered with answer_sorry(), from this call; what is being answered is finished first. */
void work_stop(struct work *w);

/* 0 or -EBUSY beyond MAX_QUEUE. The question's text and all else it points to must live in `pool` (or longer);
 * question and pool are the worker's until fn is called, or (NULL is fine) drop when the loop is no more. */
int work_ask(struct work *w, struct pool *pool, const struct question *q, work_done_fn *fn,
             void (*drop)(void *ctx), void *ctx);
/* Something else that reads the base: look(kb, ctx) on a thread, `kb` NULL while there is no base; then done(ctx) on the
 * loop, which frees `pool`. When all stops before that, the pool is freed here. 0 or -EBUSY: it is the caller's again. */
typedef void work_look_fn(struct kb *kb, void *ctx);
int work_look(struct work *w, struct pool *pool, work_look_fn *look, void (*done)(void *ctx),
              void *ctx);
size_t work_waiting(const struct work *w);

/* fn(ctx) on the loop when a thread found that the index should be made anew (kb_wants_index()); how often is
 * the caller's to limit. */
void work_on_damage(struct work *w, void (*fn)(void *ctx), void *ctx);

/* Another set of small talk (after a reload); the old one is freed when no thread uses it any more. */
void work_set_smalltalk(struct work *w, struct smalltalk *talk);

#endif
