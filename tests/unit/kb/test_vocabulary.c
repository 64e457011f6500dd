/* test_vocabulary.c: words of one family, and slips of the keyboard. Needs no database. */
#include "base.h"

static struct vocabulary_word words[] = {
    {"accredit", 3}, {"biolog", 9},      {"biologi", 1}, {"c++", 1},     {"licens", 8},
    {"licensur", 5}, {"mathemat", 2},    {"medic", 30},  {"network", 4}, {"salari", 12},
    {"technic", 1},  {"technician", 40}, {"wage", 6},    {"work", 20},   {"ward", 2},
};

static struct vocabulary vocabulary(void)
{
    return (struct vocabulary){.part = {{.n = sizeof words / sizeof *words, .word = words}}};
}

static void assert_nearest(const char *token, const char *want)
{
    struct vocabulary v = vocabulary();
    size_t slips = 0;
    const char *got = vocabulary_nearest(&v, token, strlen(token), &slips);
    if (!want ? got != NULL : !got || strcmp(got, want))
        fail_msg("'%s' was read as '%s'", token, got ? got : "nothing");
}

static int by_token(const void *a, const void *b)
{
    return strcmp(((const struct vocabulary_word *)a)->token,
                  ((const struct vocabulary_word *)b)->token);
}

static int sort_words(void **state)
{
    qsort(words, sizeof words / sizeof *words, sizeof *words, by_token);
    return 0;
}

static void test_a_word_is_found_only_whole(void **state)
{
    struct vocabulary v = vocabulary();
    assert_true(vocabulary_has(&v, "licens"));
    assert_true(vocabulary_has(&v, "c++"));
    assert_false(vocabulary_has(&v, "licen"));
    assert_false(vocabulary_has(&v, "licensurx"));
    assert_false(vocabulary_has(&v, ""));
    assert_false(vocabulary_has(&v, "zzz"));
}

static void test_one_slip_is_mended_two_only_in_long_words(void **state)
{
    assert_nearest("salri", "salari");    /* left out */
    assert_nearest("sallari", "salari");  /* doubled */
    assert_nearest("selari", "salari");   /* wrong */
    assert_nearest("netwrok", "network"); /* changed places */
    assert_nearest("wrok", "work");       /* the only slip that a short word may have */
    assert_nearest("wark", NULL);
    assert_nearest("tecnicain", "technician");
    assert_nearest("slri", NULL);
}

static void test_what_is_far_or_no_word_stays_as_it_is(void **state)
{
    assert_nearest("mortgag", NULL);
    assert_nearest("xalari", NULL); /* the first letter is believed */
    assert_nearest("57380", NULL);
    assert_nearest("a", NULL);
    assert_nearest("", NULL);
    char longest[200];
    memset(longest, 's', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_nearest(longest, NULL);
}

static void test_words_of_a_family_begin_alike(void **state)
{
    struct vocabulary v = vocabulary();
    const char *got[4];
    assert_int_equal(vocabulary_relatives(&v, "licens", got, 4), 1);
    assert_string_equal(got[0], "licensur");
    assert_int_equal(vocabulary_relatives(&v, "licensur", got, 4), 1);
    assert_string_equal(got[0], "licens");
    assert_int_equal(vocabulary_relatives(&v, "work", got, 4), 0); /* too short to tell */
    assert_int_equal(vocabulary_relatives(&v, "biologi", got, 0), 0);
}

static void test_a_word_cut_short_stands_for_all_it_begins(void **state)
{
    struct vocabulary v = vocabulary();
    const char *got[4];
    assert_int_equal(vocabulary_relatives(&v, "tech", got, 4), 2);
    assert_int_equal(vocabulary_relatives(&v, "math", got, 4), 1);
    assert_string_equal(got[0], "mathemat");
    assert_int_equal(vocabulary_relatives(&v, "tec", got, 4), 0);
}

static void test_light_words_are_found_and_subjects_are_not(void **state)
{
    static const char *const light[] = {"anyway", "need", "difference", "take", "vs", "wondering"};
    static const char *const heavy[] = {"", "work", "salary", "zebra", "license"};
    for (size_t i = 0; i < sizeof light / sizeof *light; i++)
        assert_true(lightword("en", light[i]));
    for (size_t i = 0; i < sizeof heavy / sizeof *heavy; i++)
        assert_false(lightword("en", heavy[i]));
    assert_true(lightword("", "need"));
    assert_false(lightword("de", "need"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_word_is_found_only_whole),
        cmocka_unit_test(test_one_slip_is_mended_two_only_in_long_words),
        cmocka_unit_test(test_what_is_far_or_no_word_stays_as_it_is),
        cmocka_unit_test(test_words_of_a_family_begin_alike),
        cmocka_unit_test(test_a_word_cut_short_stands_for_all_it_begins),
        cmocka_unit_test(test_light_words_are_found_and_subjects_are_not),
    };
    return cmocka_run_group_tests(tests, sort_words, NULL);
}
