/* test_json.c: what strangers may send, and what we write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"

static bool accepts(const char *s)
{
    struct cJSON *j = json_parse(s, strlen(s));
    json_free(j);
    return j != NULL;
}

static void ordinary_values_are_read(void **state)
{
    const char *good[] = {"{}",
                          " [1, -2.5e+3, true,false , null,\"x\"] \n",
                          "\"\\u00e9\\ud83d\\ude00\"",
                          "{\"a\":{\"b\":[{}]}}",
                          "0",
                          "-0.0",
                          "\"\xC3\xA9\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!accepts(good[i]))
            fail_msg("refused: %s", good[i]);
}

static void what_is_not_one_complete_value_is_refused(void **state)
{
    const char *bad[] = {"",           " ",
                         "{",          "{}x",
                         "{} {}",      "[1,]",
                         "{\"a\":1,}", "{a:1}",
                         "'x'",        "nul",
                         "01",         "1.",
                         ".5",         "+1",
                         "1e",         "--1",
                         "\"",         "\"\\",
                         "\"\\x41\"",  "[1 2]",
                         "{\"a\" 1}",  "\xEF\xBB\xBF{}",
                         "NaN",        "Infinity",
                         "// c\n{}",   "tru",
                         "-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (accepts(bad[i]))
            fail_msg("accepted: %s", bad[i]);
}

static void strings_must_be_clean_text(void **state)
{
    const char *bad[] = {"\"\xFF\"",    "\"\xC3\"",    "\"\xED\xA0\x80\"",   "\"a\nb\"",
                         "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u0000\"",
                         "\"\\u12\"",   "\"\x01\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (accepts(bad[i]))
            fail_msg("accepted number %zu", i);
    assert_null(json_parse("\"a\0b\"", 5));
}

static void nesting_is_limited(void **state)
{
    char deep[200];
    memset(deep, '[', 64);
    memset(deep + 64, ']', 64);
    deep[128] = '\0';
    assert_true(accepts(deep));
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = '\0';
    assert_false(accepts(deep));
}

static void a_key_given_twice_is_refused_at_any_depth(void **state)
{
    assert_false(accepts("{\"a\":1,\"b\":2,\"a\":3}"));
    assert_false(accepts("[{\"x\":{\"k\":1,\"k\":1}}]"));
    assert_false(accepts("{\"a\":1,\"\\u0061\":2}"));
    assert_true(accepts("{\"a\":1,\"A\":2}"));
}

static void getters_survive_what_is_not_there(void **state)
{
    static const char text[] =
        "{\"s\":\"four\",\"n\":7,\"f\":1.5,\"big\":1e300,\"o\":{},\"l\":[1,2],\"S\":\"other\"}";
    struct cJSON *j = json_parse(text, sizeof text - 1);
    size_t n = 0;
    assert_string_equal(json_string(j, "s", 4), "four");
    assert_null(json_string(j, "s", 3));
    assert_null(json_string(j, "n", 10));
    assert_null(json_string(j, "none", 10));
    assert_null(json_string(NULL, "s", 10));
    assert_int_equal(json_int(j, "n", 0, 10, -1), 7);
    assert_int_equal(json_int(j, "n", 0, 6, -1), -1);
    assert_int_equal(json_int(j, "f", 0, 10, -1), -1);
    assert_int_equal(json_int(j, "big", 0, 10, -1), -1);
    assert_int_equal(json_int(j, "s", 0, 10, -1), -1);
    assert_non_null(json_object(j, "o"));
    assert_null(json_object(j, "l"));
    assert_non_null(json_array(j, "l", &n));
    assert_int_equal(n, 2);
    assert_null(json_array(j, "o", &n));
    json_free(j);
}

static void check_written(const char *s, size_t len, const char *want)
{
    struct buf b;
    buf_init(&b, 1000);
    json_add_string(&b, s, len);
    assert_string_equal(b.s, want);
    assert_true(accepts(b.s));
    buf_release(&b);
}

static void written_strings_are_escaped(void **state)
{
    check_written("", 0, "\"\"");
    check_written("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    check_written("\n\r\t\x01\x7F", 5, "\"\\n\\r\\t\\u0001\\u007f\"");
    check_written("</script>", 9, "\"<\\/script>\"");
    check_written("1/2", 3, "\"1/2\"");
    check_written("\xC3\xA9 \xF0\x9F\x98\x80", 7, "\"\xC3\xA9 \xF0\x9F\x98\x80\"");
}

static void invalid_bytes_become_the_replacement_character(void **state)
{
    check_written("a\xFF"
                  "b\xC3",
                  4,
                  "\"a\xEF\xBF\xBD"
                  "b\xEF\xBF\xBD\"");
}

static void check_number(double v, const char *want)
{
    struct buf b;
    buf_init(&b, 100);
    json_add_number(&b, v);
    assert_string_equal(b.s, want);
    buf_release(&b);
}

static void numbers_are_short_exact_and_never_nan(void **state)
{
    check_number(0.93, "0.93");
    check_number(0, "0");
    check_number(-1.5, "-1.5");
    check_number(1.0 / 3, "0.3333333333333333");
    check_number(1e6, "1000000");
    check_number(5e-324, "4.94065645841247e-324");
    check_number(0.1 + 0.2, "0.30000000000000004");
    check_number(NAN, "0");
    check_number(INFINITY, "0");
}

static const char *repaired(const char *s, size_t len)
{
    static struct buf b;
    buf_release(&b);
    buf_init(&b, 4096);
    json_repair(s, len, &b);
    assert_false(buf_failed(&b));
    struct cJSON *j = json_parse(b.s, b.len);
    assert_non_null(j); /* that is what it is for */
    json_free(j);
    return b.s;
}

#define REPAIRED(s) repaired(s, sizeof(s) - 1)

static void what_people_typed_is_repaired_and_nothing_else(void **state)
{
    assert_string_equal(REPAIRED("[\"\\ud83d\"]"), "[\"\xEF\xBF\xBD\"]");
    assert_string_equal(REPAIRED("[\"\\ud83dx\\ude00\"]"), "[\"\xEF\xBF\xBDx\xEF\xBF\xBD\"]");
    assert_string_equal(REPAIRED("[\"a\\u0000b\"]"), "[\"a\xEF\xBF\xBD"
                                                     "b\"]");
    assert_string_equal(REPAIRED("[\"\xFFx\xC3\"]"), "[\"\xEF\xBF\xBDx\xEF\xBF\xBD\"]");
    assert_string_equal(REPAIRED("[\"\\ud83d\\ude00 \\\\ud83d \\u00e9 \xC3\xA9\"]"),
                        "[\"\\ud83d\\ude00 \\\\ud83d \\u00e9 \xC3\xA9\"]");
    assert_string_equal(REPAIRED("[\"\\\\\\ud83d\"]"), "[\"\\\\\xEF\xBF\xBD\"]");
    repaired("[]", 2);
}

static void repair_stops_at_the_end_of_the_text(void **state)
{
    static const char *const ends[] = {"\\",        "\\u",          "\\u12", "\\ud83d",
                                       "\\ud83d\\", "\\ud83d\\u12", ""};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t len = strlen(ends[i]);
        char *exact = malloc(len + 1); /* a sanitizer sees one byte too far */
        struct buf b;
        memcpy(exact, ends[i], len);
        buf_init(&b, 100);
        json_repair(exact, len, &b);
        assert_false(buf_failed(&b));
        buf_release(&b);
        free(exact);
    }
}

static void members_bring_their_own_commas(void **state)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_addc(&b, '{');
    json_add_member(&b, "a", "one \"two\"");
    json_add_member(&b, "b", NULL);
    json_add_count(&b, "c", -7);
    buf_adds(&b, ",\"d\":{");
    json_add_count(&b, "e", 1);
    buf_adds(&b, "}}");
    assert_string_equal(b.s, "{\"a\":\"one \\\"two\\\"\",\"b\":null,\"c\":-7,\"d\":{\"e\":1}}");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_values_are_read),
        cmocka_unit_test(what_is_not_one_complete_value_is_refused),
        cmocka_unit_test(strings_must_be_clean_text),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(a_key_given_twice_is_refused_at_any_depth),
        cmocka_unit_test(getters_survive_what_is_not_there),
        cmocka_unit_test(written_strings_are_escaped),
        cmocka_unit_test(invalid_bytes_become_the_replacement_character),
        cmocka_unit_test(numbers_are_short_exact_and_never_nan),
        cmocka_unit_test(members_bring_their_own_commas),
        cmocka_unit_test(what_people_typed_is_repaired_and_nothing_else),
        cmocka_unit_test(repair_stops_at_the_end_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
