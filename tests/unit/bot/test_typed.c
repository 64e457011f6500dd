/* test_typed.c: what may be asked, and how it looks then. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/limits.h"
#include "bot/typed.h"
#include "kb/pool.h"

static void only_text_that_says_something_may_be_asked(void **state)
{
    assert_int_equal(typed_check("why?", 4), 0);
    assert_int_equal(typed_check("\xC3\xA9", 2), 0);
    assert_int_equal(typed_check("", 0), -EINVAL);
    assert_int_equal(typed_check(" \n\t\0 ", 5), -EINVAL);
    assert_int_equal(typed_check("a\xFF", 2), -EILSEQ);
    assert_int_equal(typed_check("\xC3", 1), -EILSEQ);
    assert_int_equal(typed_check("\xED\xA0\x80", 3), -EILSEQ); /* half of a pair */
}

static void characters_are_counted_and_not_bytes(void **state)
{
    char text[4 * MAX_QUESTION_CHARS + 4];
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "\xF0\x9F\x99\x82", 4);
    assert_int_equal(typed_check(text, 4 * MAX_QUESTION_CHARS), 0);
    assert_int_equal(typed_check(text, sizeof text), -E2BIG);
    memset(text, 'a', sizeof text);
    assert_int_equal(typed_check(text, MAX_QUESTION_CHARS), 0);
    assert_int_equal(typed_check(text, MAX_QUESTION_CHARS + 1), -E2BIG);
}

static void nothing_in_it_controls_anything(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(typed_clean(pool, " \n what\0is\x1b[1m it?\n\t ", 20), "what is [1m it?");
    assert_string_equal(typed_clean(pool, "two\nlines\tand", 13), "two\nlines\tand");
    assert_string_equal(typed_clean(pool, "  ", 2), "");
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_text_that_says_something_may_be_asked),
        cmocka_unit_test(characters_are_counted_and_not_bytes),
        cmocka_unit_test(nothing_in_it_controls_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
