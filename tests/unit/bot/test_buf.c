/* test_buf.c: a string with a ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"

static void an_empty_buf_is_an_empty_string(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(b.s, "");
    assert_int_equal(b.len, 0);
    assert_false(buf_failed(&b));
    buf_release(&b);
}

static void appends_of_all_kinds_follow_each_other(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    buf_adds(&b, "a");
    buf_addc(&b, 'b');
    buf_add(&b, "cde", 2);
    buf_addf(&b, "%d-%s", 7, "x");
    assert_string_equal(b.s, "abcd7-x");
    assert_int_equal(b.len, 7);
    buf_release(&b);
}

static void the_ceiling_itself_fits_and_one_byte_more_fails(void **state)
{
    struct buf b;
    buf_init(&b, 4);
    buf_adds(&b, "1234");
    assert_false(buf_failed(&b));
    buf_addc(&b, '5');
    assert_true(buf_failed(&b));
    assert_string_equal(b.s, "1234");
    buf_release(&b);
}

static void what_does_not_fit_behind_the_rest_is_printed_whole_or_not_at_all(void **state)
{
    struct buf b;
    buf_init(&b, 600);
    buf_addf(&b, "%s", "");
    buf_addf(&b, "%0250d", 1);
    buf_addf(&b, "%0300d", 2); /* beyond the first piece of memory */
    assert_int_equal(b.len, 550);
    assert_int_equal(strlen(b.s), 550);
    assert_int_equal(b.s[249], '1');
    assert_int_equal(b.s[549], '2');
    buf_addf(&b, "%0100d", 3);
    assert_true(buf_failed(&b));
    assert_int_equal(strlen(b.s), 550);
    buf_release(&b);
}

static void whole_numbers_are_printed_to_the_last(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    buf_addi(&b, 0);
    buf_addi(&b, -7);
    buf_addi(&b, LLONG_MAX);
    buf_addi(&b, LLONG_MIN);
    assert_string_equal(b.s, "0-79223372036854775807-9223372036854775808");
    buf_release(&b);
}

static void failure_is_sticky_until_cleared(void **state)
{
    struct buf b;
    buf_init(&b, 3);
    buf_adds(&b, "too long");
    buf_adds(&b, "ok");
    assert_true(buf_failed(&b));
    assert_null(buf_take(&b, NULL));
    buf_adds(&b, "ok");
    assert_string_equal(b.s, "ok");
    buf_clear(&b);
    assert_string_equal(b.s, "");
    buf_release(&b);
}

static void what_is_expected_need_not_come_and_may_be_too_much(void **state)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_adds(&b, "ab");
    buf_expect(&b, 900);
    char *s = b.s;
    assert_true(b.cap > 902);
    buf_addf(&b, "%0900d", 7);
    assert_ptr_equal(b.s, s);
    buf_expect(&b, 99);
    assert_false(buf_failed(&b));
    assert_int_equal(b.len, 902);
    buf_release(&b);
}

static void nul_bytes_are_kept(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    buf_add(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.s, "a\0b\0", 4);
    buf_release(&b);
}

static void taking_hands_over_a_terminated_string_even_when_empty(void **state)
{
    struct buf b;
    size_t len = 9;
    buf_init(&b, 10);
    char *s = buf_take(&b, &len);
    assert_string_equal(s, "");
    assert_int_equal(len, 0);
    free(s);
    buf_adds(&b, "abc");
    s = buf_take(&b, &len);
    assert_string_equal(s, "abc");
    assert_int_equal(len, 3);
    assert_int_equal(b.len, 0);
    free(s);
}

static void a_large_string_grows_to_its_ceiling_without_overflow(void **state)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    for (int i = 0; i < 5000; i++)
        buf_adds(&b, "0123456789");
    assert_false(buf_failed(&b));
    assert_int_equal(b.len, 50000);
    buf_release(&b);
    buf_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buf_is_an_empty_string),
        cmocka_unit_test(appends_of_all_kinds_follow_each_other),
        cmocka_unit_test(the_ceiling_itself_fits_and_one_byte_more_fails),
        cmocka_unit_test(what_does_not_fit_behind_the_rest_is_printed_whole_or_not_at_all),
        cmocka_unit_test(whole_numbers_are_printed_to_the_last),
        cmocka_unit_test(failure_is_sticky_until_cleared),
        cmocka_unit_test(what_is_expected_need_not_come_and_may_be_too_much),
        cmocka_unit_test(nul_bytes_are_kept),
        cmocka_unit_test(taking_hands_over_a_terminated_string_even_when_empty),
        cmocka_unit_test(a_large_string_grows_to_its_ceiling_without_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
