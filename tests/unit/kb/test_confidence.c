/* test_confidence.c: how sure we are. Not figures but orders: what must be surer than what, and what must
 * never be answered. */
#include "base.h"

#include <stdio.h>

static double confidence(struct kb *kb, const char *text)
{
    struct kb_hits hits = base_ask(kb, text);
    double c = hits.confidence;
    assert_true(c >= 0 && c <= 1);
    assert_true(hits.band == KB_HIGH ? c > 0.5 : c < 1);
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
    assert_true(plain - confidence(kb, "is a degree required in ten years") < 0.15);
    assert_true(plain - confidence(kb, "is a degree required in 13 years") < 0.15);
    assert_int_equal(band(kb, "is a degree required in ten years"), KB_HIGH);
    assert_true(plain - confidence(kb, "is a degree required in percent") < 0.15);
    assert_int_equal(band(kb, "is a degree required in percent"), KB_HIGH);
    kb_close(kb);
}

static void test_what_is_all_in_one_place_is_not_declined(void **state)
{
    static const struct base_passage passages[] = {
        {.key = "school",
         .title = "School",
         .body = "The evening school has many offers for people who are at work all day, among "
                 "them one for the care of wounds and burns."},
        {.key = "stable",
         .title = "Stable",
         .body = "Horses are fed in the morning and in the evening, and ridden at noon by whoever "
                 "has paid for the lesson."},
        {.key = "kitchen",
         .title = "Kitchen",
         .body = "The kitchen opens at six. Bread comes from the baker next door, and eggs from "
                 "the farm behind the hill."}};
    struct kb *kb = base_open();
    for (size_t i = 0; i < sizeof passages / sizeof *passages; i++)
        base_add(kb, &passages[i]);
    assert_int_equal(band(kb, "are wounds explained"), KB_MEDIUM);
    assert_int_equal(band(kb, "are wounds of horses explained"), KB_NONE);
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

static void test_a_verb_that_is_missing_says_less_than_a_thing(void **state)
{
    struct kb *kb = base_careers();
    assert_true(confidence(kb, "write median wage technician") >
                confidence(kb, "tuition median wage technician") + 0.05);
    assert_true(confidence(kb, "median wage technician") >
                confidence(kb, "write median wage technician"));
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

static void test_words_of_any_conversation_are_no_other_subject(void **state)
{
    struct kb *kb = base_careers();
    assert_int_equal(band(kb, "honestly, is a degree usually required nowadays?"), KB_HIGH);
    assert_true(band(kb, "is a helmet required") < KB_HIGH);
    kb_close(kb);
}

/* What a person tells before asking is not asked for. */
static void test_a_story_around_the_question_is_not_held_against_it(void **state)
{
    struct kb *kb = base_careers();
    assert_int_equal(band(kb, "My uncle sells carpets in Toledo. He says I should ask you. Is a "
                              "degree required?"),
                     KB_HIGH);
    assert_true(band(kb, "My uncle has a degree. Is a carpet required?") < KB_HIGH);
    kb_close(kb);
}

static void test_two_answers_that_are_as_good_are_a_choice_and_no_decline(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){.key = "a",
                                        .title = "Welder",
                                        .headings = "Pay of welders",
                                        .body = "Welders earn $20 an hour."});
    base_add(kb, &(struct base_passage){.key = "b",
                                        .title = "Plumber",
                                        .headings = "Pay of plumbers",
                                        .body = "Plumbers earn $25 an hour."});
    struct kb_hits hits = base_ask(kb, "what about the hourly pay");
    assert_int_equal(hits.band, KB_MEDIUM);
    kb_hits_release(&hits);
    kb_close(kb);
}

/* Messages of every kind, for what must hold whatever is asked. */
static const char *const any[] = {"What is the median wage?",
                                  "do I need a degree",
                                  "laboratory wage zeppelin",
                                  "zeppelin brontosaurus",
                                  "what is it",
                                  "Hawaii",
                                  "",
                                  "?!",
                                  "17 23",
                                  "licence licence licence licence",
                                  "Ich brauche eine Lizenz",
                                  "night shifts earn more. Why? And the analyzers?"};

static void test_it_is_a_chance_and_the_same_every_time(void **state)
{
    struct kb *kb = base_careers();
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        double first = confidence(kb, any[i]), again = confidence(kb, any[i]);
        assert_true(first == again);
    }
    kb_close(kb);
}

static void test_it_does_not_depend_on_how_many_hits_are_wanted(void **state)
{
    struct kb *kb = base_careers();
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        double wanted = confidence(kb, any[i]);
        for (size_t max = 1; max <= 64; max *= 2) {
            struct kb_ask ask = {
                .text = any[i], .len = strlen(any[i]), .max = max, .rank_only = max > 8};
            struct kb_hits hits;
            assert_int_equal(kb_ask(kb, &ask, &hits), 0);
            if (hits.confidence != wanted)
                fail_msg("'%s': %f with %zu hits, else %f", any[i], hits.confidence, max, wanted);
            kb_hits_release(&hits);
        }
    }
    kb_close(kb);
}

static void test_an_alias_that_fits_never_makes_it_less_sure(void **state)
{
    static const char *const asked[] = {"is there a uniform", "must I wear scrubs", "dress code?",
                                        "what should I wear at work"};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        double before = 0;
        for (size_t with = 0; with < 2; with++) {
            struct kb *kb = base_careers();
            char question[200];
            snprintf(question, sizeof question, "What do people wear?%s%s", with ? "\n" : "",
                     with ? asked[i] : "");
            base_add(kb, &(struct base_passage){.key = "wear",
                                                .question = question,
                                                .body = "A uniform: scrubs and closed shoes.",
                                                .entry = true});
            double c = confidence(kb, asked[i]);
            assert_true(c >= before);
            if (with)
                assert_true(c >= 0.95); /* word for word */
            before = c;
            kb_close(kb);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entrys_own_question_is_answered),
        cmocka_unit_test(test_what_is_off_topic_is_declined),
        cmocka_unit_test(test_an_unknown_rare_word_keeps_a_good_match_from_being_an_answer),
        cmocka_unit_test(test_a_short_unknown_word_is_no_question_word),
        cmocka_unit_test(test_a_verb_that_is_missing_says_less_than_a_thing),
        cmocka_unit_test(test_a_number_of_years_that_the_base_lacks_is_no_other_subject),
        cmocka_unit_test(test_what_is_all_in_one_place_is_not_declined),
        cmocka_unit_test(test_question_words_alone_are_about_nothing),
        cmocka_unit_test(test_question_words_alone_find_their_own_heading),
        cmocka_unit_test(test_every_word_that_is_missing_makes_it_less_sure),
        cmocka_unit_test(test_a_slip_of_the_keyboard_is_less_sure_than_the_word),
        cmocka_unit_test(test_words_of_any_conversation_are_no_other_subject),
        cmocka_unit_test(test_a_story_around_the_question_is_not_held_against_it),
        cmocka_unit_test(test_two_answers_that_are_as_good_are_a_choice_and_no_decline),
        cmocka_unit_test(test_it_is_a_chance_and_the_same_every_time),
        cmocka_unit_test(test_it_does_not_depend_on_how_many_hits_are_wanted),
        cmocka_unit_test(test_an_alias_that_fits_never_makes_it_less_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
