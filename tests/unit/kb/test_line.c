/* test_line.c: how well one line of a passage says what was asked. Read off the explanation of an answer
 * from a base of one passage. */
#include "base.h"

/* What a sign of confidence was for the best hit. */
static double sign(const char *body, const char *question, const char *name)
{
    struct kb *kb = base_open();
    struct kb_hits hits;
    double value = -1;
    base_add(kb, &(struct base_passage){.key = "a", .title = "Orders", .body = body});
    base_add(kb, &(struct base_passage){.key = "b", .title = "Weather", .body = "It rains."});
    struct kb_ask ask = {.text = question, .len = strlen(question), .max = 1, .explain = true};
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_non_null(hits.why);
    for (size_t i = 0; i < hits.why->nchance; i++)
        for (size_t k = 0; k < hits.why->chance[i].npart; k++)
            if (!strcmp(hits.why->chance[i].part[k].name, name))
                value = hits.why->chance[i].part[k].value;
    kb_hits_release(&hits);
    kb_close(kb);
    assert_true(value >= 0 && value <= 1);
    return value;
}

static double said(const char *body, const char *question)
{
    return sign(body, question, "said");
}

static void test_a_line_that_is_the_question_says_all_of_it(void **state)
{
    assert_true(said("How can I cancel an order?\nIt rains today.", "how can I cancel an order") >
                0.999);
}

static void test_small_words_tell_two_questions_apart(void **state)
{
    const char *body = "How can I cancel an order?";
    assert_true(said(body, "how can I cancel an order") >
                said(body, "why did they cancel our order"));
}

static void test_the_order_of_the_words_counts(void **state)
{
    const char *body = "Orders before parcels.";
    assert_true(said(body, "orders before parcels") > said(body, "parcels before orders"));
}

static void test_words_of_several_lines_do_not_add_up(void **state)
{
    const char *question = "cancel the parcel";
    assert_true(said("You cancel the parcel.", question) >
                said("You cancel. A parcel came. See the shop.", question));
}

static void test_a_comma_ends_no_line_and_an_abbreviation_neither(void **state)
{
    const char *question = "cancel the parcel";
    (void)state;
    assert_true(said("You cancel, the parcel waits.", question) >
                said("You cancel. The parcel waits.", question));
    assert_true(said("You cancel (approx. two) the parcel.", question) >
                said("You cancel (two).  The parcel.", question));
}

static void test_a_long_line_says_little_of_a_short_question(void **state)
{
    const char *question = "cancel an order";
    assert_true(
        said("Cancel an order.", question) >
        said("When the weather is bad and it rains we cancel an order of yours too.", question));
}

static void test_a_title_is_a_line(void **state)
{
    assert_true(said("They cannot be changed.", "orders") > 0.999);
}

static void test_only_the_sentence_that_asks_is_looked_for(void **state)
{
    const char *body = "How can I cancel an order?";
    assert_true(said(body, "My brother came by train yesterday. How can I cancel an order?") >
                0.999);
}

static void test_the_body_is_exact_when_little_else_was_said(void **state)
{
    assert_true(sign("Cancel parcels.", "cancel parcels", "exact") >
                sign("Cancel parcels, boxes, trains and tickets.", "cancel parcels", "exact"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_that_is_the_question_says_all_of_it),
        cmocka_unit_test(test_small_words_tell_two_questions_apart),
        cmocka_unit_test(test_the_order_of_the_words_counts),
        cmocka_unit_test(test_words_of_several_lines_do_not_add_up),
        cmocka_unit_test(test_a_comma_ends_no_line_and_an_abbreviation_neither),
        cmocka_unit_test(test_a_long_line_says_little_of_a_short_question),
        cmocka_unit_test(test_a_title_is_a_line),
        cmocka_unit_test(test_only_the_sentence_that_asks_is_looked_for),
        cmocka_unit_test(test_the_body_is_exact_when_little_else_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
