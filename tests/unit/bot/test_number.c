/* test_number.c: what is a number, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bot/number.h"

static void digits_are_a_number_up_to_the_most_that_is_asked_for(void **state)
{
    int64_t n = -1;
    assert_true(number_read("0", 0, &n));
    assert_int_equal(n, 0);
    assert_true(number_read("0065535", 65535, &n));
    assert_int_equal(n, 65535);
    assert_true(number_read("9223372036854775807", INT64_MAX, &n));
    assert_true(n == INT64_MAX);
}

static void all_else_is_none_and_changes_nothing(void **state)
{
    static const char *const wrong[] = {NULL,
                                        "",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1a",
                                        "0x10",
                                        "1.0",
                                        "65536",
                                        "\xD9\xA1",
                                        "9223372036854775808",
                                        "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t n = 7;
        assert_false(number_read(wrong[i], 65535, &n));
        assert_int_equal(n, 7);
    }
    int64_t n = 7;
    assert_false(number_read("9223372036854775808", INT64_MAX, &n));
    assert_false(number_read("5", 3, &n));
    assert_int_equal(n, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_a_number_up_to_the_most_that_is_asked_for),
        cmocka_unit_test(all_else_is_none_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
