/* test_text.c: whatever the bytes, valid UTF-8 in NFC comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kb/kb_int.h"

struct repaired {
    struct pool *pool;
    char *s;
    size_t len;
    struct text_fix fix;
};

static struct repaired repair(const char *s, size_t len)
{
    struct repaired r = {.pool = pool_new()};
    r.s = text_repair(r.pool, s, len, &r.len, &r.fix);
    return r;
}
#define REPAIR(literal) repair(literal, sizeof(literal) - 1)

static void assert_becomes(struct repaired r, const char *want)
{
    assert_string_equal(r.s, want);
    assert_int_equal(r.len, strlen(want));
    pool_free(r.pool);
}

static void test_good_text_is_left_alone(void **state)
{
    static const char good[] = "Résumé “quoted” – 東京\tand a tab\n";
    struct repaired r = REPAIR(good);
    assert_false(r.fix.changed);
    assert_int_equal(r.fix.invalid, 0);
    assert_becomes(r, good);
    assert_becomes(REPAIR(""), "");
}

static void test_line_ends_become_newlines(void **state)
{
    assert_becomes(REPAIR("a\r\nb\rc\n\r\n"), "a\nb\nc\n\n");
    assert_becomes(REPAIR("page\fnext"), "page\nnext");
}

static void test_a_byte_order_mark_is_dropped(void **state)
{
    assert_becomes(REPAIR("\xEF\xBB\xBFtext"), "text");
}

static void test_letters_are_composed(void **state)
{
    assert_becomes(REPAIR("cafe\xCC\x81 n\xCC\x83"), "café ñ");
    assert_becomes(REPAIR("\xE2\x84\xAB"), "Å");      /* the angstrom sign */
    assert_becomes(REPAIR("é\xCC\xA3"), "ẹ\xCC\x81"); /* marks change places */
}

static void test_windows_1252_is_read_and_counted_with_its_place(void **state)
{
    struct repaired r = REPAIR("one\ntwo \x93quoted\x94 caf\xE9\n");
    assert_int_equal(r.fix.invalid, 3);
    assert_int_equal(r.fix.line, 2);
    assert_int_equal(r.fix.column, 5);
    assert_true(r.fix.changed);
    assert_becomes(r, "one\ntwo “quoted” café\n");
}

static void test_windows_1252_that_was_taken_for_latin_1_is_mended(void **state)
{
    assert_becomes(REPAIR("what\xC2\x92s \xC2\x93it\xC2\x94"), "what’s “it”");
}

static void test_the_column_of_a_bad_byte_counts_letters(void **state)
{
    struct repaired r = REPAIR("éé\xFF");
    assert_int_equal(r.fix.column, 3);
    pool_free(r.pool);
}

static void test_control_characters_are_replaced(void **state)
{
    struct repaired r = REPAIR("a\x01"
                               "b\0c\x1B");
    assert_int_equal(r.fix.invalid, 3);
    assert_becomes(r, "a\xEF\xBF\xBD"
                      "b\xEF\xBF\xBD"
                      "c\xEF\xBF\xBD");
}

static void test_utf_16_with_a_mark_is_decoded(void **state)
{
    assert_becomes(REPAIR("\xFF\xFE"
                          "a\0\r\0\n\0\xE9\0\x3D\xD8\x00\xDE"),
                   "a\né😀");
    assert_becomes(REPAIR("\xFE\xFF\0a\0b"), "ab");
    struct repaired r = REPAIR("\xFF\xFE"
                               "a\0\x3D\xD8"
                               "b\0c");
    assert_int_equal(r.fix.invalid, 2);
    assert_becomes(r, "a\xEF\xBF\xBD"
                      "b\xEF\xBF\xBD");
}

static void test_surrogates_and_overlong_forms_are_no_utf_8(void **state)
{
    struct repaired r = REPAIR("\xED\xA0\x80 \xC0\xAF \xF5\x80\x80\x80");
    assert_true(r.fix.invalid > 0);
    for (size_t i = 0; i < r.len;) {
        size_t from = i;
        text_next(r.s, r.len, &i);
        assert_true(i > from);
    }
    pool_free(r.pool);
}

static void test_repair_is_done_once(void **state)
{
    /* Any bytes: repaired text is valid and repairing it again changes nothing. */
    unsigned seed = 7;
    for (int round = 0; round < 2000; round++) {
        char s[48];
        size_t len = (size_t)round % sizeof s;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            s[i] = (char)(seed >> 16);
        }
        if (len > 1 && ((s[0] == '\xFF' && s[1] == '\xFE') || (s[0] == '\xFE' && s[1] == '\xFF')))
            continue;
        struct repaired once = repair(s, len), twice = repair(once.s, once.len);
        assert_false(twice.fix.changed);
        assert_string_equal(once.s, twice.s);
        pool_free(once.pool);
        pool_free(twice.pool);
    }
}

static void test_a_megabyte_of_marks_takes_no_time(void **state)
{
    size_t n = 500000;
    char *s = malloc(2 * n + 1);
    s[0] = 'a';
    for (size_t i = 0; i < n; i++)
        memcpy(s + 1 + 2 * i, i % 2 ? "\xCC\x81" : "\xCC\xA3", 2);
    clock_t start = clock();
    struct repaired r = repair(s, 2 * n + 1);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
    pool_free(r.pool);
    free(s);
}

static void test_binary_data_is_told_from_text(void **state)
{
    assert_true(text_is_binary("PK\3\4\0\0", 6));
    assert_true(text_is_binary("\1\2\3\4\5\6 text", 11));
    assert_false(text_is_binary("text \x93with\x94 \xE9", 13));
    assert_false(text_is_binary("\xFF\xFE"
                                "a\0",
                                4));
    assert_false(text_is_binary("", 0));
    assert_false(text_is_binary("page\fbreak\r\n\tindent", 19));
}

static void assert_folds(const char *s, const char *want)
{
    struct pool *pool = pool_new();
    size_t len;
    assert_string_equal(text_fold(pool, s, strlen(s), &len), want);
    assert_int_equal(len, strlen(want));
    pool_free(pool);
}

static void test_words_fold_to_what_people_type(void **state)
{
    assert_folds("Résumé", "resume");
    assert_folds("WHAT’S an ‘MLT’?", "what's an 'mlt'?");
    assert_folds("Straße Ærø Łódź Œuvre", "strasse aero lodz oeuvre");
    assert_folds("ﬁnance Ｃ＋＋ ½", "finance c++ 1\xE2\x81\x84"
                                    "2");
    assert_folds("soft\xC2\xADhyphen no\xC2\xA0"
                 "break",
                 "softhyphen no break");
    assert_folds("Ελλάδα", "ελλαδα");
    assert_folds("Москва", "москва");
}

static void test_folding_keeps_marks_that_make_letters(void **state)
{
    struct pool *pool = pool_new();
    assert_string_not_equal(text_fold(pool, "が", 3, NULL), text_fold(pool, "か", 3, NULL));
    assert_string_not_equal(text_fold(pool, "कि", 6, NULL), text_fold(pool, "क", 3, NULL));
    pool_free(pool);
    assert_folds("한국", "한국");
}

static void assert_slug(const char *s, const char *want)
{
    struct pool *pool = pool_new();
    assert_string_equal(text_slug(pool, s, strlen(s)), want);
    pool_free(pool);
}

static void test_slugs_are_those_of_github(void **state)
{
    assert_slug("What's an MLT?", "whats-an-mlt");
    assert_slug("Pay & benefits", "pay--benefits");
    assert_slug("  Über uns  ", "über-uns");
    assert_slug("C++ / C#: snake_case", "c--c-snake_case");
    assert_slug("?!", "top");
    assert_slug("", "top");
}

static void assert_name(const char *question, const char *answer, const char *want)
{
    struct pool *pool = pool_new();
    assert_string_equal(text_name(pool, question, answer, strlen(answer)), want);
    pool_free(pool);
}

static void test_a_question_without_words_is_named_after_its_answer(void **state)
{
    assert_name("What's an MLT?", "A technician.", "whats-an-mlt");
    assert_name("💰 2026?", "Much.", "-2026");
    assert_name("💰💰 ??", "**About $58,000** a year, says\nthe survey of 2026.",
                "about-58000-a-year-says");
    assert_name("?!", "- 👍 yes\n", "yes");
    assert_name("?!", "👍", "entry");
    assert_name("", "", "entry");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_text_is_left_alone),
        cmocka_unit_test(test_line_ends_become_newlines),
        cmocka_unit_test(test_a_byte_order_mark_is_dropped),
        cmocka_unit_test(test_letters_are_composed),
        cmocka_unit_test(test_windows_1252_is_read_and_counted_with_its_place),
        cmocka_unit_test(test_windows_1252_that_was_taken_for_latin_1_is_mended),
        cmocka_unit_test(test_the_column_of_a_bad_byte_counts_letters),
        cmocka_unit_test(test_control_characters_are_replaced),
        cmocka_unit_test(test_utf_16_with_a_mark_is_decoded),
        cmocka_unit_test(test_surrogates_and_overlong_forms_are_no_utf_8),
        cmocka_unit_test(test_repair_is_done_once),
        cmocka_unit_test(test_a_megabyte_of_marks_takes_no_time),
        cmocka_unit_test(test_binary_data_is_told_from_text),
        cmocka_unit_test(test_words_fold_to_what_people_type),
        cmocka_unit_test(test_folding_keeps_marks_that_make_letters),
        cmocka_unit_test(test_slugs_are_those_of_github),
        cmocka_unit_test(test_a_question_without_words_is_named_after_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
