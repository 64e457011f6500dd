/* test_form.c: what browsers send from a form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bot/form.h"
#include "kb/pool.h"

static struct pool *pool;

static int set_up(void **state)
{
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static const char *field(const char *body, const char *name)
{
    size_t len = 999;
    const char *v = form_field(pool, body, strlen(body), name, &len);
    if (v)
        assert_int_equal(strlen(v), len);
    return v;
}

static void the_first_field_of_that_name_is_taken(void **state)
{
    assert_string_equal(field("q=one&q=two", "q"), "one");
    assert_string_equal(field("a=1&q=two&b=3", "q"), "two");
    assert_null(field("qq=one&a=q", "q"));
    assert_null(field("", "q"));
}

static void plus_is_a_blank_and_percent_is_a_byte(void **state)
{
    assert_string_equal(field("q=how+much%3F+50%25+%26+more", "q"), "how much? 50% & more");
    assert_string_equal(field("q=caf%C3%A9", "q"), "café");
    assert_string_equal(field("%71=x", "q"), "x");
}

static void what_is_no_code_stays(void **state)
{
    assert_string_equal(field("q=100%", "q"), "100%");
    assert_string_equal(field("q=%4", "q"), "%4");
    assert_string_equal(field("q=%zz%G1", "q"), "%zz%G1");
}

static void empty_values_and_missing_signs_are_told_apart(void **state)
{
    assert_string_equal(field("q=", "q"), "");
    assert_string_equal(field("q=&x=1", "q"), "");
    assert_null(field("q", "q"));
    assert_string_equal(field("&&q=1&&", "q"), "1");
    assert_string_equal(field("q=a=b", "q"), "a=b");
}

static void a_nul_byte_is_counted(void **state)
{
    size_t len = 0;
    const char *v = form_field(pool, "q=a%00b", 7, "q", &len);
    assert_int_equal(len, 3);
    assert_memory_equal(v, "a\0b", 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_field_of_that_name_is_taken),
        TEST(plus_is_a_blank_and_percent_is_a_byte),
        TEST(what_is_no_code_stays),
        TEST(empty_values_and_missing_signs_are_told_apart),
        TEST(a_nul_byte_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
