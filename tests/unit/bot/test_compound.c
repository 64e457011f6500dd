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
                           "how much and when",
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

static void a_pronoun_refers_back(void **state)
{
    assert_true(compound_refers_back("how do I get one"));
    assert_true(compound_refers_back("where do they work"));
    assert_false(compound_refers_back("how long does the training take"));
    assert_false(compound_refers_back(""));
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
        TEST(questions_joined_by_and_are_two),  TEST(sentences_that_both_ask_are_two),
        TEST(one_question_stays_whole),         TEST(a_pronoun_refers_back),
        TEST(long_and_binary_texts_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
