/* test_pick.c: what was offered can be had by number, place, click or part, and nothing else picks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bot/pick.h"

static const char *const list[] = {"What does a welder earn?", "Welding: Training",
                                   "Welding: Tools", "How do I become a welder?"};

/* The first two were "did you mean". */
static size_t of(const char *text)
{
    return pick(text, list, 4, 2);
}

static void a_number_picks(void **state)
{
    assert_int_equal(of("2"), 2);
    assert_int_equal(of(" #3. "), 3);
    assert_int_equal(of("(4)"), 4);
    assert_int_equal(of("5"), 0);
    assert_int_equal(of("0"), 0);
    assert_int_equal(pick_number("2 or 3"), 0);
}

static void a_place_picks(void **state)
{
    assert_int_equal(of("the second one"), 2);
    assert_int_equal(of("1st please"), 1);
    assert_int_equal(of("number three"), 3);
    assert_int_equal(of("I mean the last one"), 4);
    assert_int_equal(of("option 2"), 2);
    assert_int_equal(of("first and second"), 0);
    assert_int_equal(of("the one"), 0);
    assert_int_equal(of("what is the first step"), 0);
    assert_int_equal(pick("the sixth", list, 4, 2), 0);
}

static void a_click_sends_the_text_and_picks(void **state)
{
    assert_int_equal(of("How do I become a welder?"), 4);
    assert_int_equal(of("welding: tools"), 3);
}

static void a_word_picks_a_choice_and_most_words_a_suggestion(void **state)
{
    assert_int_equal(of("training"), 2);
    assert_int_equal(of("the training one please"), 2);
    assert_int_equal(of("become a welder"), 4);
    assert_int_equal(of("become"), 0);  /* too little of a suggestion */
    assert_int_equal(of("welding"), 0); /* of two of them */
    assert_int_equal(of("a"), 0);
}

static void other_messages_pick_nothing(void **state)
{
    const char *none[] = {"",       "?",   "how long is the training",
                          "thanks", "yes", "tools and training"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (of(none[i]))
            fail_msg("picked: %s", none[i]);
    assert_int_equal(pick("1", NULL, 0, 0), 0);
    assert_int_equal(pick("anything", NULL, 0, 0), 0);
}

static void yes_picks_the_only_choice(void **state)
{
    assert_int_equal(pick("Yes!", list, 4, 1), 1);
    assert_int_equal(pick("yes", list, 4, 2), 0);
    assert_int_equal(pick("yes", list, 4, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_picks),
        cmocka_unit_test(a_place_picks),
        cmocka_unit_test(a_click_sends_the_text_and_picks),
        cmocka_unit_test(a_word_picks_a_choice_and_most_words_a_suggestion),
        cmocka_unit_test(other_messages_pick_nothing),
        cmocka_unit_test(yes_picks_the_only_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
