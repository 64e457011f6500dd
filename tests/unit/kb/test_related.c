/* test_related.c: the compiled table says which words are near, by their stems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kb/related.h"

#define MOST 32

#define NONE (-1)

/* The kind of the pair, NONE when they are none. */
static int near(const char *token, const char *other)
{
    struct related r[MOST];
    size_t n = related_words(token, r, MOST);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(r[i].token, other))
            return (int)r[i].kind;
    return NONE;
}

static void derived_words_and_those_of_one_meaning_are_near(void **state)
{
    assert_int_equal(near("admit", "admiss"), RELATED_NEAR);
    assert_int_equal(near("salari", "wage"), RELATED_NEAR);
    assert_int_equal(near("wage", "salari"), RELATED_NEAR);
    assert_int_equal(near("salari", "mortgag"), NONE);
}

static void british_and_american_are_two_spellings_of_one_word(void **state)
{
    static const char *const pair[][2] = {
        {"licenc", "licens"}, {"centr", "center"}, {"colour", "color"}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        if (near(pair[i][0], pair[i][1]) != RELATED_SPELLING ||
            near(pair[i][1], pair[i][0]) != RELATED_SPELLING)
            fail_msg("%s, %s", pair[i][0], pair[i][1]);
}

static void a_clipped_word_is_the_whole_and_no_compound_or_derived_one_is(void **state)
{
    static const char *const clipped[][2] = {
        {"vet", "veterinarian"}, {"vet", "veteran"}, {"dorm", "dormitori"}, {"prof", "professor"}};
    for (size_t i = 0; i < sizeof clipped / sizeof *clipped; i++)
        if (near(clipped[i][0], clipped[i][1]) != RELATED_CLIPPED ||
            near(clipped[i][1], clipped[i][0]) != RELATED_CLIPPED)
            fail_msg("%s, %s", clipped[i][0], clipped[i][1]);
    assert_int_not_equal(near("sun", "sunlight"), RELATED_CLIPPED);
    assert_int_not_equal(near("sick", "sick"), RELATED_CLIPPED);
    assert_int_not_equal(near("act", "activ"), RELATED_CLIPPED);
}

static void a_verb_is_what_is_hardly_ever_anything_else(void **state)
{
    static const char *const verb[] = {"write", "rais", "earn", "translat"}, *const other[] = {
                                                                                 "drug",    "score",
                                                                                 "tuition", "phone",
                                                                                 "zzzz",    ""};
    for (size_t i = 0; i < sizeof verb / sizeof *verb; i++)
        if (!related_verb(verb[i]))
            fail_msg("%s is none", verb[i]);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (related_verb(other[i]))
            fail_msg("%s is one", other[i]);
}

static void what_is_no_stem_has_none(void **state)
{
    struct related r[MOST];
    assert_int_equal(related_words("", r, MOST), 0);
    assert_int_equal(related_words("zzzz", r, MOST), 0);
    assert_int_equal(related_words("\xff", r, MOST), 0);
    assert_int_equal(related_words("salary", r, MOST), 0); /* the stem is salari */
    assert_int_equal(related_words("salari", r, 1), 1);
    assert_int_equal(related_words("salari", r, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_words_and_those_of_one_meaning_are_near),
        cmocka_unit_test(a_clipped_word_is_the_whole_and_no_compound_or_derived_one_is),
        cmocka_unit_test(british_and_american_are_two_spellings_of_one_word),
        cmocka_unit_test(a_verb_is_what_is_hardly_ever_anything_else),
        cmocka_unit_test(what_is_no_stem_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
