/* The timer wheel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bot/wheel.h"

struct thing {
    struct wheel_item item;
    struct wheel *wheel;
    struct thing *victim;
    uint64_t again_s, fired_at_s;
    int fired;
};

static void on_due(void *ctx, struct wheel_item *it)
{
    struct wheel *w = ctx;
    struct thing *t = link_owner(it, struct thing, item);
    t->fired++;
    t->fired_at_s = w->now_s;
    if (t->again_s)
        wheel_set(w, it, w->now_s + t->again_s);
    if (t->victim)
        wheel_cancel(&t->victim->item);
}

static void run_to(struct wheel *w, uint64_t now_s)
{
    for (uint64_t t = w->now_s + 1; t <= now_s; t++)
        wheel_turn(w, t, on_due, w);
}

static void each_fires_at_its_second_also_rounds_ahead(void **state)
{
    (void)state;
    static const uint64_t after[] = {
        1, 2, WHEEL_SLOTS - 1, WHEEL_SLOTS, WHEEL_SLOTS + 1, 5 * WHEEL_SLOTS + 3};
    struct wheel w;
    struct thing t[6] = {0};
    wheel_init(&w, 1000);
    for (size_t i = 0; i < 6; i++) {
        wheel_item_init(&t[i].item);
        wheel_set(&w, &t[i].item, 1000 + after[i]);
    }
    run_to(&w, 1000 + 6 * WHEEL_SLOTS);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(t[i].fired, 1);
        assert_int_equal(t[i].fired_at_s, 1000 + after[i]);
    }
}

static void setting_again_replaces(void **state)
{
    (void)state;
    struct wheel w;
    struct thing t = {0};
    wheel_init(&w, 10);
    wheel_item_init(&t.item);
    wheel_set(&w, &t.item, 12);
    wheel_set(&w, &t.item, 20);
    run_to(&w, 19);
    assert_int_equal(t.fired, 0);
    run_to(&w, 30);
    assert_int_equal(t.fired, 1);
}

static void a_cancelled_one_never_fires_and_may_be_cancelled_twice(void **state)
{
    (void)state;
    struct wheel w;
    struct thing t = {0};
    wheel_init(&w, 0);
    wheel_item_init(&t.item);
    wheel_set(&w, &t.item, 3);
    wheel_cancel(&t.item);
    wheel_cancel(&t.item);
    run_to(&w, 2 * WHEEL_SLOTS);
    assert_int_equal(t.fired, 0);
}

static void one_may_cancel_another_that_is_due_in_the_same_turn(void **state)
{
    (void)state;
    struct wheel w;
    struct thing a = {0}, b = {0};
    wheel_init(&w, 0);
    wheel_item_init(&a.item);
    wheel_item_init(&b.item);
    a.victim = &b;
    wheel_set(&w, &a.item, 3);
    wheel_set(&w, &b.item, 3);
    run_to(&w, 10);
    assert_int_equal(a.fired, 1);
    assert_int_equal(b.fired, 0);
}

static void one_that_sets_itself_again_fires_once_a_turn(void **state)
{
    (void)state;
    struct wheel w;
    struct thing t = {.again_s = WHEEL_SLOTS};
    wheel_init(&w, 0);
    wheel_item_init(&t.item);
    wheel_set(&w, &t.item, 1);
    run_to(&w, 1);
    assert_int_equal(t.fired, 1);
    run_to(&w, 1 + WHEEL_SLOTS);
    assert_int_equal(t.fired, 2);
}

static void after_a_long_pause_everything_due_fires_once(void **state)
{
    (void)state;
    struct wheel w;
    struct thing t[3] = {0};
    static const uint64_t due[] = {5, 700, 5000};
    wheel_init(&w, 0);
    for (size_t i = 0; i < 3; i++) {
        wheel_item_init(&t[i].item);
        wheel_set(&w, &t[i].item, due[i]);
    }
    wheel_turn(&w, 1000, on_due, &w);
    assert_int_equal(t[0].fired, 1);
    assert_int_equal(t[1].fired, 1);
    assert_int_equal(t[2].fired, 0);
    wheel_turn(&w, 900, on_due, &w); /* a clock that goes back changes nothing */
    wheel_turn(&w, 6000, on_due, &w);
    assert_int_equal(t[0].fired, 1);
    assert_int_equal(t[2].fired, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fires_at_its_second_also_rounds_ahead),
        cmocka_unit_test(setting_again_replaces),
        cmocka_unit_test(a_cancelled_one_never_fires_and_may_be_cancelled_twice),
        cmocka_unit_test(one_may_cancel_another_that_is_due_in_the_same_turn),
        cmocka_unit_test(one_that_sets_itself_again_fires_once_a_turn),
        cmocka_unit_test(after_a_long_pause_everything_due_fires_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
