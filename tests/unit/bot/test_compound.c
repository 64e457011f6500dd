/* test_compound.c: a message is cut only where a second question begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bot/compound.h"
#include "kb/pool.h"

static struct pool *pool;
static const char *part[MAX_PARTS];

static int setup(void **state)
{
    pool = pool_new();
    return 0;
}

static int teardown(void **state)
{
    pool_free(pool);
    return 0;
}

static size_t split(const char *s)
{
    return compound_split(pool, s, strlen(s), part);
}

static void questions_joined_by_and_are_two(void **state)
{
    assert_int_equal(split("which tools do I need and where can I buy them?"), 2);
    assert_string_equal(part[0], "which tools do I need ");
    assert_string_equal(part[1], "where can I buy them");
    assert_int_equal(split("which tools do I need n where do I buy them"), 2);
    assert_string_equal(part[1], "where do I buy them");
}

static void sentences_that_both_ask_are_two(void **state)
{
    assert_int_equal(split("What is a lathe? And how is it used?"), 2);
    assert_string_equal(part[1], "how is it used");
    assert_int_equal(split("how long does it take; what does it cost; who pays for it"), 3);
}

static void one_question_stays_whole(void **state)
{
    const char *whole[] = {"what is the difference between a lathe and a mill",
                           "what do carpenters and welders earn?",
                           "I am 34 and live in Ohio. How long does the training take?",
                           "Is it hard? Just wondering.",
                           "I work here and would like to do more. How do I get on?",
                           "what is a 2.5 mm drill",
                           "what is the U.S. standard",
                           "and how much is it?",
                           "",
                           "???",
                           "salary and training"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (split(whole[i]))
            fail_msg("cut: %s", whole[i]);
}

static void a_story_around_two_questions_is_left_out(void **state)
{
    assert_int_equal(split("Hi! I am 34. What is a lathe? I never saw one. Where can I buy it?"),
                     2);
    assert_string_equal(part[0], "What is a lathe");
    assert_string_equal(part[1], "Where can I buy it");
}

static void a_list_of_questions_is_taken_apart(void **state)
{
    assert_int_equal(split("1. what is a lathe\n2) where can I buy one\n- who repairs it"), 3);
    assert_string_equal(part[0], "what is a lathe");
    assert_string_equal(part[2], "who repairs it");
}

static void a_stub_is_a_part_that_another_one_completes(void **state)
{
    assert_int_equal(split("how long and how much does it cost"), 2);
    assert_true(compound_is_stub(part[0]));
    assert_false(compound_is_stub(part[1]));
}

static void two_names_in_one_question_are_halves_on_trial(void **state)
{
    const char *half[2];
    const char *q = "do I need a lathe and a mill for this?";
    assert_int_equal(compound_halves(pool, q, strlen(q), half), 2);
    assert_string_equal(half[0], "do I need a lathe for this?");
    assert_string_equal(half[1], "do I need a mill for this?");
    const char *keywords = "lathe price and size";
    assert_int_equal(compound_halves(pool, keywords, strlen(keywords), half), 2);
    assert_string_equal(half[1], "lathe size");
    const char *none[] = {"what is the difference between a lathe and a mill",
                          "lathe, mill and drill",
                          "are a lathe and a mill the same",
                          "and what about this",
                          "a lathe and",
                          "which is better, this and that",
                          "and"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (compound_halves(pool, none[i], strlen(none[i]), half))
            fail_msg("halved: %s", none[i]);
}

static void long_and_binary_texts_stay_whole(void **state)
{
    char big[2000];
    memset(big, '?', sizeof big);
    assert_int_equal(compound_split(pool, big, sizeof big, part), 0);
    assert_int_equal(compound_split(pool, "how\0is it? what is it now?", 26, part), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(questions_joined_by_and_are_two),
        TEST(sentences_that_both_ask_are_two),
        TEST(one_question_stays_whole),
        TEST(a_story_around_two_questions_is_left_out),
        TEST(a_list_of_questions_is_taken_apart),
        TEST(a_stub_is_a_part_that_another_one_completes),
        TEST(two_names_in_one_question_are_halves_on_trial),
        TEST(long_and_binary_texts_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
