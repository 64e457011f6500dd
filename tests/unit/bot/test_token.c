/* test_token.c: what a token looks like, and how its scopes are said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bot/token.h"

static void each_is_another_one_and_looks_like_ours(void **state)
{
    char a[TOKEN_SIZE], b[TOKEN_SIZE];
    unsigned char ha[TOKEN_HASH], hb[TOKEN_HASH];
    token_make(a);
    token_make(b);
    assert_int_equal(strlen(a), TOKEN_SIZE - 1);
    assert_memory_equal(a, "guidepost_pat_", 14);
    assert_string_not_equal(a, b);
    assert_true(token_hash(a, ha));
    assert_true(token_hash(b, hb));
    assert_memory_not_equal(ha, hb, TOKEN_HASH);
}

static void what_does_not_look_like_one_is_none(void **state)
{
    char a[TOKEN_SIZE];
    unsigned char h[TOKEN_HASH];
    assert_false(token_hash("", h));
    assert_false(token_hash("guidepost_pat_", h));
    token_make(a);
    a[0] = 'G';
    assert_false(token_hash(a, h));
    a[0] = 'g';
    a[TOKEN_SIZE - 2] = '\0';
    assert_false(token_hash(a, h));
}

static void scopes_are_read_and_written_alike(void **state)
{
    char text[TOKEN_SCOPES];
    assert_int_equal(token_scopes("read"), TOKEN_READ);
    assert_int_equal(token_scopes("tickets, read"), TOKEN_READ | TOKEN_TICKETS);
    assert_int_equal(token_scopes(""), 0);
    assert_int_equal(token_scopes(" , "), 0);
    assert_int_equal(token_scopes("read,wrte"), 0);
    assert_int_equal(token_scopes("rea"), 0);
    assert_int_equal(token_scopes("readd"), 0);
    token_scopes_text(31, text);
    assert_string_equal(text, "read,tickets,answers,export,admin");
    assert_int_equal(token_scopes(text), 31);
    token_scopes_text(0, text);
    assert_string_equal(text, "");
}

static void a_name_says_something_in_one_line(void **state)
{
    assert_null(token_name_problem("nightly report"));
    assert_non_null(token_name_problem(""));
    assert_non_null(token_name_problem("   "));
    assert_non_null(token_name_problem("two\nlines"));
    assert_non_null(
        token_name_problem("a name of much more than eighty bytes, which nobody who has "
                           "to revoke the right one wants to read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_another_one_and_looks_like_ours),
        cmocka_unit_test(what_does_not_look_like_one_is_none),
        cmocka_unit_test(scopes_are_read_and_written_alike),
        cmocka_unit_test(a_name_says_something_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
