/* test_terminal.c: text for a person at a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bot/terminal.h"
#include "kb/pool.h"

static char *wrapped(const char *s, const char *indent, size_t width)
{
    char *out = NULL;
    size_t len;
    FILE *f = open_memstream(&out, &len);
    terminal_wrap(f, s, indent, width);
    fclose(f);
    return out;
}

static void check_wrap(const char *s, const char *indent, size_t width, const char *want)
{
    char *got = wrapped(s, indent, width);
    assert_string_equal(got, want);
    free(got);
}

static void lines_are_broken_between_words(void **state)
{
    check_wrap("one two three", "", 8, "one two\nthree\n");
    check_wrap("one two three", "  ", 9, "  one two\n  three\n");
    check_wrap("a\n\nb", "", 10, "a\n\nb\n");
    check_wrap("", "", 10, "");
}

static void list_items_hang(void **state)
{
    check_wrap("- one two three", "", 9, "- one two\n  three\n");
    check_wrap("  - one two", "", 8, "  - one\n    two\n");
    check_wrap("12. one two", "", 8, "12. one\n    two\n");
    check_wrap("2024 was one", "", 8, "2024 was\none\n");
}

static void a_long_word_stays_whole(void **state)
{
    check_wrap("see https://example.org/a/long/address now", "", 10,
               "see\nhttps://example.org/a/long/address\nnow\n");
}

static void columns_are_counted_and_not_bytes(void **state)
{
    assert_int_equal(terminal_columns("\xC3\xA9\xC3\xA9", 4), 2);
    assert_int_equal(terminal_columns("\xE6\xBC\xA2", 3), 2);
    assert_int_equal(terminal_columns(TERMINAL_BOLD "ab" TERMINAL_PLAIN,
                                      2 + strlen(TERMINAL_BOLD TERMINAL_PLAIN)),
                     2);
    check_wrap("\xC3\xA9\xC3\xA9 \xC3\xA9\xC3\xA9", "", 5, "\xC3\xA9\xC3\xA9 \xC3\xA9\xC3\xA9\n");
}

static void text_from_elsewhere_cannot_drive_the_terminal(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(terminal_safe(pool, "a\033[2Jb\rc\x07\nd\te"), "a [2Jb c \nd\te");
    assert_string_equal(terminal_safe(pool, "a\xC2\x9B"
                                            "2J \xC3\xA9"),
                        "a  2J \xC3\xA9");
    pool_free(pool);
}

static void words_of_the_question_are_bold(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(terminal_highlight(pool, "The median Salary is it.", "salary IS median?"),
                        "The " TERMINAL_BOLD "median" TERMINAL_PLAIN " " TERMINAL_BOLD
                        "Salary" TERMINAL_PLAIN " is it.");
    assert_string_equal(terminal_highlight(pool, "", "x"), "");
    pool_free(pool);
}

static void a_file_gets_no_colour_and_eighty_columns(void **state)
{
    FILE *f = tmpfile();
    assert_false(terminal_colour(f));
    assert_int_equal(terminal_width(f), 80);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_broken_between_words),
        cmocka_unit_test(list_items_hang),
        cmocka_unit_test(a_long_word_stays_whole),
        cmocka_unit_test(columns_are_counted_and_not_bytes),
        cmocka_unit_test(text_from_elsewhere_cannot_drive_the_terminal),
        cmocka_unit_test(words_of_the_question_are_bold),
        cmocka_unit_test(a_file_gets_no_colour_and_eighty_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
