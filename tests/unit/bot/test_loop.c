/* The loop: posting from threads, stopping, timers, signals. */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bot/loop.h"

#define THREADS 4
#define POSTS   2000

struct tally {
    struct loop *loop;
    int last[THREADS], ran, dropped, want;
};

struct note {
    struct tally *tally;
    int thread, number;
};

static void on_note(void *ctx)
{
    struct note *n = ctx;
    assert_int_equal(n->tally->last[n->thread] + 1, n->number);
    n->tally->last[n->thread] = n->number;
    if (++n->tally->ran == n->tally->want)
        loop_stop(n->tally->loop);
    free(n);
}

static void on_drop(void *ctx)
{
    struct note *n = ctx;
    n->tally->dropped++;
    free(n);
}

static void post(struct tally *t, int thread, int number)
{
    struct note *n = malloc(sizeof(*n));
    *n = (struct note){t, thread, number};
    loop_post(t->loop, on_note, on_drop, n);
}

struct poster {
    struct tally *tally;
    int thread;
};

static void *run_poster(void *ctx)
{
    struct poster *p = ctx;
    for (int i = 1; i <= POSTS; i++)
        post(p->tally, p->thread, i);
    return NULL;
}

static void posts_of_each_thread_run_in_order(void **state)
{
    (void)state;
    struct tally t = {.want = THREADS * POSTS};
    pthread_t thread[THREADS];
    struct poster poster[THREADS];
    assert_int_equal(loop_new(&t.loop), 0);
    for (int i = 0; i < THREADS; i++) {
        poster[i] = (struct poster){&t, i};
        pthread_create(&thread[i], NULL, run_poster, &poster[i]);
    }
    loop_run(t.loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(t.ran, THREADS * POSTS);
    loop_free(t.loop);
    assert_int_equal(t.dropped, 0);
}

static void what_is_posted_before_the_run_is_run(void **state)
{
    (void)state;
    struct tally t = {.want = 2};
    assert_int_equal(loop_new(&t.loop), 0);
    post(&t, 0, 1);
    post(&t, 0, 2);
    loop_run(t.loop);
    assert_int_equal(t.ran, 2);
    loop_free(t.loop);
}

static void what_a_stopped_loop_did_not_run_is_dropped(void **state)
{
    (void)state;
    struct tally t = {.want = 3};
    assert_int_equal(loop_new(&t.loop), 0);
    for (int i = 1; i <= 10; i++)
        post(&t, 0, i);
    loop_run(t.loop);
    post(&t, 0, 11);
    assert_int_equal(t.ran, 3);
    loop_free(t.loop);
    assert_int_equal(t.ran, 3);
    assert_int_equal(t.dropped, 8);
}

struct clock {
    struct loop *loop;
    struct loop_timer *timer;
    int ticks;
};

static void on_tick(void *ctx)
{
    struct clock *c = ctx;
    if (++c->ticks == 3) {
        loop_timer_stop(c->timer);
        c->timer = NULL;
        loop_stop(c->loop);
    }
}

static void a_timer_repeats_until_it_stops_itself(void **state)
{
    (void)state;
    struct clock c = {0};
    assert_int_equal(loop_new(&c.loop), 0);
    uint64_t start = loop_now_ms(c.loop);
    c.timer = loop_timer(c.loop, 5, 5, on_tick, &c);
    loop_run(c.loop);
    assert_int_equal(c.ticks, 3);
    assert_true(loop_now_ms(c.loop) - start >= 15);
    loop_free(c.loop);
}

static void on_never(void *ctx)
{
    (void)ctx;
    fail();
}

static void on_stop(void *ctx)
{
    loop_stop(ctx);
}

static void forgotten_timers_and_signals_are_freed_with_the_loop(void **state)
{
    (void)state;
    struct loop *l;
    assert_int_equal(loop_new(&l), 0);
    loop_timer(l, 3600 * 1000, 0, on_never, NULL);
    loop_timer(l, 1, 0, on_stop, l);
    assert_int_equal(loop_signal(l, SIGHUP, on_never, NULL), 0);
    loop_run(l);
    loop_free(l);
}

static void a_signal_is_a_call_on_the_loop(void **state)
{
    (void)state;
    struct loop *l;
    assert_int_equal(loop_new(&l), 0);
    assert_int_equal(loop_signal(l, SIGTERM, on_stop, l), 0);
    kill(getpid(), SIGTERM);
    loop_run(l);
    loop_free(l);
}

static void a_stop_before_the_run_is_not_forgotten(void **state)
{
    (void)state;
    struct loop *l;
    assert_int_equal(loop_new(&l), 0);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
}

static void writing_to_a_closed_pipe_is_an_error_and_not_the_end(void **state)
{
    (void)state;
    struct loop *l;
    int fd[2];
    assert_int_equal(loop_new(&l), 0);
    assert_int_equal(pipe(fd), 0);
    close(fd[0]);
    assert_int_equal(write(fd[1], "x", 1), -1);
    close(fd[1]);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_of_each_thread_run_in_order),
        cmocka_unit_test(what_is_posted_before_the_run_is_run),
        cmocka_unit_test(what_a_stopped_loop_did_not_run_is_dropped),
        cmocka_unit_test(a_timer_repeats_until_it_stops_itself),
        cmocka_unit_test(forgotten_timers_and_signals_are_freed_with_the_loop),
        cmocka_unit_test(a_signal_is_a_call_on_the_loop),
        cmocka_unit_test(a_stop_before_the_run_is_not_forgotten),
        cmocka_unit_test(writing_to_a_closed_pipe_is_an_error_and_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
