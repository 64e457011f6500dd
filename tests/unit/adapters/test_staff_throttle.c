/* test_staff_throttle.c: who guesses waits longer and longer, wherever from; the owner of a name never long, unless somebody has the
 * password already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "adapters/staff/staff_int.h"

#define NOW 1000000000ull

static struct throttle *t;

static int setup(void **state)
{
    t = throttle_new();
    return 0;
}

static int teardown(void **state)
{
    throttle_free(t);
    return 0;
}

static void slip(enum throttle_what what, int times, const char *name, const char *address)
{
    while (times-- > 0)
        throttle_failed(t, what, name, address, NOW);
}

static int delay(enum throttle_what what, const char *name, const char *address)
{
    return throttle_wait(t, what, name, address, NOW);
}

static void four_slips_cost_nothing_and_then_each_doubles_the_wait(void **state)
{
    slip(THROTTLE_PASSWORD, 4, "anna", "192.0.2.1");
    assert_int_equal(delay(THROTTLE_PASSWORD, "anna", "192.0.2.1"), 0);
    for (int i = 0; i < 5; i++) {
        slip(THROTTLE_PASSWORD, 1, "anna", "192.0.2.1");
        assert_int_equal(delay(THROTTLE_PASSWORD, "anna", "192.0.2.1"), 1 << i);
    }
    assert_int_equal(throttle_wait(t, THROTTLE_PASSWORD, "anna", "192.0.2.1", NOW + 15000), 1);
    assert_int_equal(throttle_wait(t, THROTTLE_PASSWORD, "anna", "192.0.2.1", NOW + 16000), 0);
}

static void a_network_waits_up_to_a_quarter_of_an_hour_whatever_names_it_tries(void **state)
{
    char name[20];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "user%d", i);
        slip(THROTTLE_PASSWORD, 1, name, "192.0.2.77");
    }
    assert_int_equal(delay(THROTTLE_PASSWORD, "somebody", "192.0.2.1"), 900);
    assert_int_equal(delay(THROTTLE_PASSWORD, "somebody", "192.0.3.1"), 0);
    slip(THROTTLE_PASSWORD, 40, "zoe", "2001:db8:1:200::1");
    assert_int_equal(delay(THROTTLE_PASSWORD, "somebody", "2001:db8:1:2ff::9"),
                     900); /* one customer */
    assert_int_equal(delay(THROTTLE_PASSWORD, "somebody", "2001:db8:1:300::9"), 0);
}

static void from_everywhere_a_name_can_be_annoyed_and_never_locked_out(void **state)
{
    char address[30];
    for (int i = 0; i < 5000; i++) {
        snprintf(address, sizeof address, "10.%d.%d.1", i / 250, i % 250);
        slip(THROTTLE_PASSWORD, 1, "anna", address);
    }
    assert_in_range(delay(THROTTLE_PASSWORD, "ANNA", "198.51.100.1"), 1, 30);
}

static void who_knows_the_password_cannot_go_through_all_codes(void **state)
{
    char address[30];
    for (int i = 0; i < 40; i++) {
        snprintf(address, sizeof address, "10.0.%d.1", i);
        slip(THROTTLE_CODE, 1, "anna", address);
    }
    assert_int_equal(delay(THROTTLE_CODE, "anna", "198.51.100.1"), 900);
    assert_int_equal(delay(THROTTLE_PASSWORD, "anna", "198.51.100.1"),
                     0); /* other people's slips */
}

static void a_login_forgives_the_name_and_not_the_network(void **state)
{
    slip(THROTTLE_PASSWORD, 12, "anna", "192.0.2.1");
    slip(THROTTLE_CODE, 12, "anna", "192.0.2.1");
    throttle_succeeded(t, "anna", "192.0.2.1");
    assert_int_equal(delay(THROTTLE_PASSWORD, "anna", "198.51.100.1"), 0);
    assert_int_equal(delay(THROTTLE_CODE, "anna", "198.51.100.1"), 0);
    assert_int_equal(delay(THROTTLE_PASSWORD, "anna", "192.0.2.1"), 1);
}

static void an_hour_without_a_failure_is_forgotten(void **state)
{
    slip(THROTTLE_CODE, 100, "anna", "192.0.2.1");
    assert_int_equal(throttle_wait(t, THROTTLE_CODE, "anna", "192.0.2.1", NOW + 3600000), 0);
    throttle_failed(t, THROTTLE_CODE, "anna", "192.0.2.1", NOW + 3600000);
    assert_int_equal(throttle_wait(t, THROTTLE_CODE, "anna", "192.0.2.1", NOW + 3600000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(four_slips_cost_nothing_and_then_each_doubles_the_wait,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_network_waits_up_to_a_quarter_of_an_hour_whatever_names_it_tries, setup, teardown),
        cmocka_unit_test_setup_teardown(from_everywhere_a_name_can_be_annoyed_and_never_locked_out,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(who_knows_the_password_cannot_go_through_all_codes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_login_forgives_the_name_and_not_the_network, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_hour_without_a_failure_is_forgotten, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
