/* test_vocabulary.c: words of one family, and slips of the keyboard. Needs no database. */
#include "base.h"
#include "kb/slip.h"

static struct vocabulary_word words[] = {
    {"accredit", 3}, {"biolog", 9},      {"biologi", 1}, {"c++", 1},     {"licens", 8},
    {"licensur", 5}, {"mathemat", 2},    {"medic", 30},  {"network", 4}, {"salari", 12},
    {"technic", 1},  {"technician", 40}, {"wage", 6},    {"work", 20},   {"ward", 2},
};

static struct vocabulary vocabulary(void)
{
    return (struct vocabulary){.part = {{.n = sizeof words / sizeof *words, .word = words}}};
}

static void count(void *ctx, const char *word, size_t df, unsigned cost)
{
    struct {
        const char *want;
        size_t n, df;
    } *c = ctx;
    c->n++;
    if (!strcmp(word, c->want))
        c->df = df;
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

/* Walking past what is too far must miss nothing: every word compared by itself says the same. */
static void test_near_words_are_those_that_are_near_one_by_one(void **state)
{
    static const char *const typed[] = {"salri",   "techncian", "biolgi", "netwrok", "wark",
                                        "licensr", "zzz",       "",       "w"};
    struct vocabulary v = vocabulary();
    for (size_t t = 0; t < sizeof typed / sizeof *typed; t++)
        for (unsigned max = 0; max < 40; max += 5) {
            struct slip slip;
            struct {
                const char *want;
                size_t n, df;
            } got = {.want = "salari"};
            size_t want = 0;
            for (size_t i = 0; i < v.part[0].n; i++) {
                const char *word = words[i].token;
                size_t k = 0;
                slip_begin(&slip, typed[t], strlen(typed[t]), max);
                while (word[k] && slip_letter(&slip, word, k + 1))
                    k++;
                want += !word[k] && slip_cost(&slip, k) <= max && strcmp(word, "c++") != 0;
            }
            slip_begin(&slip, typed[t], strlen(typed[t]), max);
            vocabulary_near(&v, &slip, count, &got);
            assert_int_equal(got.n, want);
            if (!t && max >= 10)
                assert_int_equal(got.df, 12);
        }
}

/* The same of words that were drawn, of letters, digits and bytes that are neither, so that many begin alike. */
static void test_near_words_are_missed_in_no_vocabulary(void **state)
{
    static const char letters[] = "aeoprst19\xc3\xa9z";
    static struct vocabulary_word drawn[600];
    static char text[600][10];
    unsigned seed = 5;
    size_t n = 0, near = 0;
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        size_t len = 1 + (size_t)(rand_r(&seed) % 8);
        for (size_t k = 0; k < len; k++)
            text[i][k] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
        drawn[i] = (struct vocabulary_word){text[i], 1};
    }
    qsort(drawn, sizeof drawn / sizeof *drawn, sizeof *drawn, by_token);
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        if (!n || strcmp(drawn[n - 1].token, drawn[i].token) != 0)
            drawn[n++] = drawn[i];
    struct vocabulary v = {.part = {{.n = n, .word = drawn}}};
    for (int round = 0; round < 2000; round++) {
        char typed[8];
        size_t len = (size_t)(rand_r(&seed) % 8), want = 0;
        unsigned max = (unsigned)(rand_r(&seed) % 22);
        struct slip slip;
        struct {
            const char *want;
            size_t n, df;
        } got = {.want = ""};
        for (size_t k = 0; k < len; k++)
            typed[k] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
        for (size_t i = 0; i < n; i++) {
            const char *word = drawn[i].token;
            size_t k = 0;
            slip_begin(&slip, typed, len, max);
            while (word[k] && slip_letter(&slip, word, k + 1))
                k++;
            want += !word[k] && !strpbrk(word, "19") && slip_cost(&slip, k) <= max;
        }
        slip_begin(&slip, typed, len, max);
        vocabulary_near(&v, &slip, count, &got);
        if (got.n != want)
            fail_msg("%.*s within %u: %zu of %zu", (int)len, typed, max, got.n, want);
        near += want;
    }
    assert_true(near > 1000);
}

static void test_how_many_passages_have_a_word(void **state)
{
    struct vocabulary v = vocabulary();
    assert_int_equal(vocabulary_df(&v, "medic"), 30);
    assert_int_equal(vocabulary_df(&v, "medi"), 0);
    assert_int_equal(vocabulary_df(&v, ""), 0);
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
        cmocka_unit_test(test_near_words_are_those_that_are_near_one_by_one),
        cmocka_unit_test(test_near_words_are_missed_in_no_vocabulary),
        cmocka_unit_test(test_how_many_passages_have_a_word),
        cmocka_unit_test(test_words_of_a_family_begin_alike),
        cmocka_unit_test(test_a_word_cut_short_stands_for_all_it_begins),
        cmocka_unit_test(test_light_words_are_found_and_subjects_are_not),
    };
    return cmocka_run_group_tests(tests, sort_words, NULL);
}
