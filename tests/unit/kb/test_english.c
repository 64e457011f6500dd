/* test_english.c: the compiled table has the words it was made of, and finds those near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kb/english.h"

static void common_words_are_known_by_how_common_they_are(void **state)
{
    assert_int_equal(english_word("the"), ENGLISH_FIRST);
    assert_int_equal(english_word("dont"), ENGLISH_FIRST); /* as the tokenizer has it */
    assert_in_range(english_word("licence"), ENGLISH_FIRST, ENGLISH_SMALL);
    assert_in_range(english_word("license"), ENGLISH_FIRST, ENGLISH_SMALL);
    assert_int_equal(english_word("ohio"), ENGLISH_NAME);
    assert_true(english_word("work") < english_word("phlebotomy"));
}

static void what_is_no_word_is_none(void **state)
{
    static const char *const word[] = {"",       "lisence", "requier",  "zz",
                                       "licens", "a1",      "\xc3\xbc", "the "};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (english_word(word[i]))
            fail_msg("'%s'", word[i]);
}

struct found {
    const char *want;
    char last[ENGLISH_LETTERS + 1];
    unsigned cost, max;
    size_t n;
    bool seen;
};

static void take(void *ctx, const char *word, enum english_tier tier, unsigned cost)
{
    struct found *f = ctx;
    assert_true(strcmp(f->last, word) < 0); /* in order, each once */
    assert_int_equal(tier, english_word(word));
    assert_true(cost <= f->max);
    strcpy(f->last, word);
    f->n++;
    if (!strcmp(word, f->want)) {
        f->seen = true;
        f->cost = cost;
    }
}

static struct found look(const char *typed, const char *want, unsigned max)
{
    struct found f = {.want = want, .max = max};
    struct slip slip;
    slip_begin(&slip, typed, strlen(typed), max);
    english_near(&slip, take, &f);
    return f;
}

static void words_near_are_found_with_what_they_cost(void **state)
{
    struct found f = look("requier", "require", 15);
    assert_true(f.seen && f.cost > 0);
    assert_true(look("require", "require", 15).seen);
    assert_int_equal(look("require", "require", 15).cost, 0);
    assert_true(look("hemotolgy", "hematology", 20).seen);
    assert_true(look("hemotolgy", "hematology", 20).n < 20);
    assert_int_equal(look("xqzjvkw", "", 8).n, 0);
    assert_int_equal(look("57380", "", 8).n, 0);
    assert_true(look("", "a", 20).seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_words_are_known_by_how_common_they_are),
        cmocka_unit_test(what_is_no_word_is_none),
        cmocka_unit_test(words_near_are_found_with_what_they_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
