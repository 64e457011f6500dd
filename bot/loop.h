/* loop.h: the one place that sleeps. A libuv loop on the main thread; it owns every socket and everything
 * that hangs off one. Other threads speak to it through loop_post() only. */
#ifndef BOT_LOOP_H
#define BOT_LOOP_H

#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_hook;
struct uv_loop_s;

typedef void loop_fn(void *ctx);

/* Also ignores SIGPIPE: a peer that went away is an error of write(), not the end of the process. */
int loop_new(struct loop **ret);
/* After loop_run() returned, and after whatever put handles of its own on loop_uv() was closed (server_close()). Timers
 * and signals that are left are freed with it. */
void loop_free(struct loop *l);
int loop_run(struct loop *l);   /* until loop_stop() */
void loop_stop(struct loop *l); /* loop thread */
struct uv_loop_s *loop_uv(struct loop *l);

/* Thread-safe: fn(ctx) runs on the loop, in order of posting per thread. After loop_run() has returned,
 * what was posted and not run is dropped by calling `drop` (may be NULL) instead, in loop_free(). */
void loop_post(struct loop *l, loop_fn *fn, loop_fn *drop, void *ctx);

/* Loop thread only. repeat_ms 0: once; it must be stopped all the same, also from within its own call. */
struct loop_timer *loop_timer(struct loop *l, uint64_t after_ms, uint64_t repeat_ms, loop_fn *fn,
                              void *ctx);
void loop_timer_stop(struct loop_timer *t); /* frees it; NULL is fine */

/* fn(ctx) each time before the loop sleeps, behind everything that woke it: what a turn has gathered goes out there, at
 * once. Loop thread only. */
struct loop_hook *loop_hook(struct loop *l, loop_fn *fn, void *ctx);
void loop_hook_stop(struct loop_hook *h); /* frees it; NULL is fine */

/* Signals (SIGTERM, SIGINT, SIGHUP) as calls on the loop. 0 or a negative errno. */
int loop_signal(struct loop *l, int signum, loop_fn *fn, void *ctx);

uint64_t loop_now_ms(const struct loop *l); /* monotonic, cached per turn */

#endif
