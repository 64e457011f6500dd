/* test_condition.c: what an entry needs, and what rules it out. One entry, and questions that may have it. */
#include "base.h"

static struct kb *with(const char *needs, const char *nots)
{
    struct kb *kb = base_careers();
    base_add(kb, &(struct base_passage){.key = "fees",
                                        .question = "What does the visa course cost?",
                                        .entry = true,
                                        .body = "The course costs 120.",
                                        .needs = needs,
                                        .nots = nots});
    base_synonym(kb, "permit", "visa", 0.8);
    return kb;
}

/* The entry may answer the question, said after `before` unless that is NULL. */
static bool serves(struct kb *kb, const char *question, const char *before)
{
    struct kb_ask ask = {.text = question, .len = strlen(question), .before = &before};
    struct kb_hits hits;
    bool found = false;
    ask.nbefore = before ? 1 : 0;
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    for (size_t i = 0; i < hits.n; i++)
        found |= !strcmp(hits.hit[i].document, "fees");
    kb_hits_release(&hits);
    return found;
}

static void test_what_is_needed_may_be_said_in_any_way_that_is_understood(void **state)
{
    struct kb *kb = with("[\"visa\"]", NULL);
    assert_false(serves(kb, "what does the course cost", NULL));
    assert_true(serves(kb, "what does the visa course cost", NULL));
    assert_true(
        serves(kb, "what does the course for several visas cost", NULL)); /* the same stem */
    assert_true(serves(kb, "what does the permit course cost", NULL));    /* a synonym */
    assert_true(serves(kb, "what does it cost", "I need a visa course")); /* said before */
    kb_close(kb);
}

static void test_all_that_is_needed_must_be_there(void **state)
{
    struct kb *kb = with("[\"visa\",\"cost\"]", NULL);
    assert_false(serves(kb, "visa course", NULL));
    assert_true(serves(kb, "visa course cost", NULL));
    kb_close(kb);
}

static void test_a_misspelt_word_counts_as_what_it_was_read_as(void **state)
{
    struct kb *kb = with("[\"course\"]", NULL);
    assert_true(serves(kb, "what does the visa coursse cost", NULL));
    kb_close(kb);
}

static void test_what_rules_out_must_be_typed(void **state)
{
    struct kb *kb = with(NULL, "[\"visa\"]");
    assert_false(serves(kb, "what does the visa course cost", NULL));
    assert_false(serves(kb, "what does the course for visas cost", NULL));
    assert_true(serves(kb, "what does the permit course cost", NULL)); /* synonyms do not */
    assert_false(serves(kb, "and what does the course cost?", "do I need a visa?"));
    kb_close(kb);
}

static void test_a_slip_does_not_get_round_what_rules_out(void **state)
{
    struct kb *kb = with(NULL, "[\"veterinary\"]");
    assert_false(serves(kb, "what does the veterinary course cost", NULL));
    assert_false(serves(kb, "what does the vetrinary course cost", NULL));  /* one letter less */
    assert_false(serves(kb, "what does the vetreinary course cost", NULL)); /* two swapped */
    assert_true(serves(kb, "what does the vegetarian course cost", NULL));
    kb_close(kb);
    kb = with(NULL, "[\"dance\"]");
    assert_true(
        serves(kb, "what does the dane course cost", NULL)); /* short words are too near others */
    kb_close(kb);
}

static void test_several_words_are_one_item_and_stand_in_a_row(void **state)
{
    struct kb *kb = with(NULL, "[\"dental hygiene\"]");
    assert_false(serves(kb, "cost of the dental hygiene course", NULL));
    assert_true(serves(kb, "cost of the dental course", NULL));
    assert_true(serves(kb, "hygiene course cost, not dental", NULL));
    kb_close(kb);
    kb = with("[\"point of care\"]", NULL);
    assert_true(serves(kb, "what does the point-of-care course cost", NULL));
    assert_false(serves(kb, "what care costs at this point of the course", NULL));
    kb_close(kb);
}

static void test_an_acronym_is_not_the_pronoun_that_is_spelt_like_it(void **state)
{
    struct kb *kb = with(NULL, "[\"the US\"]");
    assert_true(serves(kb, "tell us what the course costs", NULL));
    kb_close(kb);
}

static void test_both_lists_work_together_and_neither_is_no_condition(void **state)
{
    struct kb *kb = with("[\"visa\"]", "[\"refund\"]");
    assert_true(serves(kb, "visa course cost", NULL));
    assert_false(serves(kb, "visa course cost refund", NULL));
    assert_false(serves(kb, "course cost", NULL));
    kb_close(kb);
    kb = with("[]", "[\"\"]");
    assert_true(serves(kb, "course cost", NULL));
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_needed_may_be_said_in_any_way_that_is_understood),
        cmocka_unit_test(test_all_that_is_needed_must_be_there),
        cmocka_unit_test(test_a_misspelt_word_counts_as_what_it_was_read_as),
        cmocka_unit_test(test_what_rules_out_must_be_typed),
        cmocka_unit_test(test_a_slip_does_not_get_round_what_rules_out),
        cmocka_unit_test(test_several_words_are_one_item_and_stand_in_a_row),
        cmocka_unit_test(test_an_acronym_is_not_the_pronoun_that_is_spelt_like_it),
        cmocka_unit_test(test_both_lists_work_together_and_neither_is_no_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
