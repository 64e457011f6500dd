/* test_slip.c: a slip is believed where nothing else can have been meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kb/kb_int.h"

static void a_letter_left_out_or_two_that_changed_places_are_slips(void **state)
{
    static const char *const slip[] = {"wich", "mcuh", "shoud", "hwo", "teh", "taht", "becuase"};
    for (size_t i = 0; i < sizeof slip / sizeof *slip; i++)
        if (!slip_of_stopword("en", slip[i], false))
            fail_msg("%s", slip[i]);
}

static void words_and_abbreviations_are_themselves(void **state)
{
    static const char *const word[] = {"cat",  "ten",   "cna",  "adn",   "btu",     "cold",  "dose",
                                       "form", "three", "tank", "rally", "welders", "which", ""};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (slip_of_stopword("en", word[i], false))
            fail_msg("%s", word[i]);
}

static void what_opens_a_question_is_likelier_a_question_word(void **state)
{
    assert_true(slip_of_stopword("en", "cna", true)); /* "cna i do it online" */
    assert_false(slip_of_stopword("en", "cat", true));
}

static void the_first_letter_is_believed(void **state)
{
    assert_false(slip_of_stopword("en", "heir", false)); /* their */
    assert_false(slip_of_stopword("en", "hose", false)); /* those */
}

static void other_languages_are_left_alone(void **state)
{
    assert_false(slip_of_stopword("de", "wich", false));
    assert_true(slip_of_stopword("", "wich", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_left_out_or_two_that_changed_places_are_slips),
        cmocka_unit_test(words_and_abbreviations_are_themselves),
        cmocka_unit_test(what_opens_a_question_is_likelier_a_question_word),
        cmocka_unit_test(the_first_letter_is_believed),
        cmocka_unit_test(other_languages_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
