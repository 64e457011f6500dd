/* test_maker.c: what is made in the background is never waited for, never freed under a reader, and freed when nobody reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "bot/clock.h"
#include "bot/maker.h"

struct thing {
    int number;
    atomic_int alive;
};

struct made {
    atomic_int made, released, ended;
    atomic_bool nothing;
    atomic_int slow_us;
};

static void *make(void *ctx)
{
    struct made *m = ctx;
    usleep((unsigned)m->slow_us);
    if (m->nothing)
        return NULL;
    struct thing *t = calloc(1, sizeof *t);
    t->number = ++m->made;
    t->alive = 1;
    return t;
}

static struct made counts; /* release() gets the thing only */

static void release(void *made)
{
    struct thing *t = made;
    assert_int_equal(t->alive, 1);
    t->alive = 0;
    counts.released++;
    free(t);
}

static void end(void *ctx)
{
    struct made *m = ctx;
    m->ended++;
}

static struct maker *start(void)
{
    counts = (struct made){0};
    return maker_new(
        &(struct maker_calls){.ctx = &counts, .make = make, .release = release, .end = end});
}

/* The next one with a number from `least` on. */
static const struct thing *wait_for(struct maker *m, int least)
{
    uint64_t until = clock_ms() + 20000;
    for (;;) {
        const struct thing *t = maker_take(m);
        if (t && t->number >= least)
            return t;
        maker_give_back(m, t);
        assert_true(clock_ms() < until);
        usleep(1000);
    }
}

static void test_nobody_waits_for_what_is_being_made(void **state)
{
    struct maker *m = start();
    counts.slow_us = 100000;
    uint64_t began = clock_ms();
    assert_null(maker_take(m));
    assert_true(clock_ms() - began < 90);
    maker_give_back(m, wait_for(m, 1));
    assert_true(maker_free(m));
    assert_int_equal(counts.released, counts.made);
    assert_int_equal(counts.ended, 1);
}

static void test_what_is_held_stays_while_others_get_a_newer_one(void **state)
{
    struct maker *m = start();
    const struct thing *old = wait_for(m, 1);
    const struct thing *fresh = wait_for(m, old->number + 1);
    assert_int_equal(old->alive, 1);
    assert_ptr_not_equal(old, fresh);
    int released = counts.released;
    maker_give_back(m, old);
    assert_int_equal(counts.released, released + 1);
    maker_give_back(m, fresh);
    assert_true(maker_free(m));
    assert_int_equal(counts.released, counts.made);
}

static void test_nothing_new_leaves_the_last_one(void **state)
{
    struct maker *m = start();
    const struct thing *t = wait_for(m, 1);
    int number = t->number;
    maker_give_back(m, t);
    counts.nothing = true;
    for (int i = 0; i < 20; i++) {
        t = maker_take(m);
        assert_non_null(t);
        assert_true(t->number >= number);
        maker_give_back(m, t);
        usleep(1000);
    }
    assert_true(maker_free(m));
    assert_int_equal(counts.released, counts.made);
}

static void test_nothing_is_made_before_somebody_asks(void **state)
{
    struct maker *m = start();
    usleep(20000);
    assert_true(maker_free(m));
    assert_int_equal(counts.made, 0);
    assert_int_equal(counts.ended, 1);
}

static struct maker *volatile left; /* to its thread */

/* A program that ends does not wait for what takes four seconds; nor is it taken apart under it. */
static void test_what_takes_long_does_not_hold_up_the_end(void **state)
{
    struct maker *m = left = start();
    counts.slow_us = 4000000;
    counts.nothing = true;
    uint64_t began = clock_ms();
    maker_give_back(m, maker_take(m));
    usleep(10000); /* it has begun */
    assert_false(maker_free(m));
    assert_true(clock_ms() - began < 3900);
    while (clock_ms() - began < 4500) /* then it ends by itself, and finds all it needs */
        usleep(10000);
    assert_int_equal(counts.ended, 0);
}

static atomic_bool done;

static void *read_on(void *ctx)
{
    while (!done) {
        const struct thing *t = maker_take(ctx);
        if (t)
            assert_int_equal(t->alive, 1);
        maker_give_back(ctx, t);
    }
    return NULL;
}

static void test_many_may_read_at_once(void **state)
{
    struct maker *m = start();
    pthread_t thread[3];
    done = false;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, m), 0);
    maker_give_back(m, wait_for(m, 2));
    done = true;
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert_true(maker_free(m));
    assert_int_equal(counts.released, counts.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_waits_for_what_is_being_made),
        cmocka_unit_test(test_what_is_held_stays_while_others_get_a_newer_one),
        cmocka_unit_test(test_nothing_new_leaves_the_last_one),
        cmocka_unit_test(test_nothing_is_made_before_somebody_asks),
        cmocka_unit_test(test_many_may_read_at_once),
        cmocka_unit_test(test_what_takes_long_does_not_hold_up_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
