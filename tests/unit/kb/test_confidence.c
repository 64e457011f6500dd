/* test_confidence.c: how sure we are. Not figures but orders: what must be surer than what, and what must
 * never be answered. */
#include "base.h"

static double confidence(struct kb *kb, const char *text)
{
    struct kb_hits hits = base_ask(kb, text);
    double c = hits.confidence;
    assert_true(c >= 0 && c <= 1);
    assert_int_equal(hits.band, hits.n ? confidence_band(c) : KB_NONE);
    kb_hits_release(&hits);
    return c;
}

static enum kb_band band(struct kb *kb, const char *text)
{
    struct kb_hits hits = base_ask(kb, text);
    enum kb_band b = hits.band;
    kb_hits_release(&hits);
    return b;
}

static void test_an_entrys_own_question_is_answered(void **state)
{
    struct kb *kb = base_careers();
    assert_int_equal(band(kb, "Do I need a degree?"), KB_HIGH);
    assert_int_equal(band(kb, "is a degree required"), KB_HIGH);
    kb_close(kb);
}

static void test_what_is_off_topic_is_declined(void **state)
{
    static const char *const texts[] = {
        "who won the football match last night", "book me a flight to Denver on friday",
        "what mortgage rate can I get", "translate this poem into French"};
    struct kb *kb = base_careers();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (band(kb, texts[i]) != KB_NONE)
            fail_msg("'%s' is not declined", texts[i]);
    kb_close(kb);
}

static void test_an_unknown_rare_word_keeps_a_good_match_from_being_an_answer(void **state)
{
    struct kb *kb = base_careers();
    assert_int_equal(band(kb, "What is the median wage of a laboratory technician?"), KB_HIGH);
    assert_true(band(kb, "What is the median wage of an astronaut?") < KB_HIGH);
    kb_close(kb);
}

static void test_a_short_unknown_word_is_no_question_word(void **state)
{
    struct kb *kb = base_careers();
    assert_int_equal(band(kb, "do I need a degree"), KB_HIGH);
    assert_true(band(kb, "does my cat need a degree") < KB_HIGH);
    kb_close(kb);
}

static void test_a_number_of_years_that_the_base_lacks_is_no_other_subject(void **state)
{
    struct kb *kb = base_careers();
    double plain = confidence(kb, "is a degree required");
    assert_true(plain - confidence(kb, "is a degree required in ten years") < 0.1);
    assert_true(plain - confidence(kb, "is a degree required in 13 years") < 0.1);
    kb_close(kb);
}

static void test_question_words_alone_are_about_nothing(void **state)
{
    struct kb *kb = base_careers();
    assert_true(confidence(kb, "what is it and how") == 0);
    assert_true(confidence(kb, "the of and is") == 0);
    assert_true(confidence(kb, "I") == 0);
    kb_close(kb);
}

static void test_question_words_alone_find_their_own_heading(void **state)
{
    struct kb *kb = base_careers();
    base_add(kb, &(struct base_passage){.key = "us",
                                        .question = "Who are you?",
                                        .body = "We are the careers desk.",
                                        .entry = true});
    assert_int_equal(band(kb, "who are you"), KB_HIGH);
    assert_int_equal(band(kb, "why are they"), KB_NONE);
    kb_close(kb);
}

static void test_every_word_that_is_missing_makes_it_less_sure(void **state)
{
    struct kb *kb = base_careers();
    double all = confidence(kb, "median wage technician");
    double one = confidence(kb, "median wage zeppelin");
    double two = confidence(kb, "median brontosaurus zeppelin");
    assert_true(all > one && one > two);
    kb_close(kb);
}

static void test_a_slip_of_the_keyboard_is_less_sure_than_the_word(void **state)
{
    struct kb *kb = base_careers();
    double right = confidence(kb, "welder apprenticeship"),
           slip = confidence(kb, "welder aprenticeship");
    assert_true(right > slip && slip > 0.2);
    kb_close(kb);
}

static void test_bands_rise_with_confidence(void **state)
{
    assert_int_equal(confidence_band(0), KB_NONE);
    assert_int_equal(confidence_band(1), KB_HIGH);
    enum kb_band last = KB_NONE;
    for (int i = 0; i <= 100; i++) {
        enum kb_band b = confidence_band(i / 100.0);
        assert_true(b >= last);
        last = b;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entrys_own_question_is_answered),
        cmocka_unit_test(test_what_is_off_topic_is_declined),
        cmocka_unit_test(test_an_unknown_rare_word_keeps_a_good_match_from_being_an_answer),
        cmocka_unit_test(test_a_short_unknown_word_is_no_question_word),
        cmocka_unit_test(test_a_number_of_years_that_the_base_lacks_is_no_other_subject),
        cmocka_unit_test(test_question_words_alone_are_about_nothing),
        cmocka_unit_test(test_question_words_alone_find_their_own_heading),
        cmocka_unit_test(test_every_word_that_is_missing_makes_it_less_sure),
        cmocka_unit_test(test_a_slip_of_the_keyboard_is_less_sure_than_the_word),
        cmocka_unit_test(test_bands_rise_with_confidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
