/* loop.h: the one place that sleeps. A libuv loop on the main thread; it owns every socket and everything
 * that hangs off one. Other threads speak to it through loop_post() only. */
#ifndef BOT_LOOP_H
#define BOT_LOOP_H

#include <stdint.h>

struct loop;
struct loop_timer;
struct uv_loop_s;

typedef void loop_fn(void *ctx);

int loop_new(struct loop **ret);
void loop_free(struct loop *l);           /* after loop_run() returned */
int loop_run(struct loop *l);             /* until loop_stop() */
void loop_stop(struct loop *l);
struct uv_loop_s *loop_uv(struct loop *l);

/* Thread-safe: fn(ctx) runs on the loop, in order of posting per thread. After loop_run() has returned,
 * what was posted and not run is dropped by calling `drop` (may be NULL) instead. */
void loop_post(struct loop *l, loop_fn *fn, loop_fn *drop, void *ctx);

/* Loop thread only. repeat_ms 0: once. */
struct loop_timer *loop_timer(struct loop *l, uint64_t after_ms, uint64_t repeat_ms, loop_fn *fn, void *ctx);
void loop_timer_stop(struct loop_timer *t); /* frees it; NULL is fine */

/* Signals (SIGTERM, SIGINT, SIGHUP) as calls on the loop. */
int loop_signal(struct loop *l, int signum, loop_fn *fn, void *ctx);

uint64_t loop_now_ms(const struct loop *l); /* monotonic, cached per turn */

#endif
