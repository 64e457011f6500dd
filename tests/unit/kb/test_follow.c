/* test_follow.c: what leans on what was said before, and that it never costs a message that stands alone. */
#include "base.h"

#include <stdio.h>

static const struct base_passage passages[] = {
    {.key = "baker#pay",
     .title = "Baker",
     .headings = "Pay",
     .body = "A baker earns $30,000 a year."},
    {.key = "baker#training",
     .title = "Baker",
     .headings = "Training",
     .body = "The training of a baker takes three years at a school."},
    {.key = "miller#pay",
     .title = "Miller",
     .headings = "Pay",
     .body = "A miller earns $40,000 a year."},
    {.key = "miller#training",
     .title = "Miller",
     .headings = "Training",
     .body = "The training of a miller takes two years at a mill."},
    {.key = "flour#kinds",
     .title = "Flour",
     .headings = "Kinds of flour",
     .body = "Rye flour is dark."},
};

static struct kb *kb_of_trades(void)
{
    struct kb *kb = base_open();
    for (size_t i = 0; i < sizeof passages / sizeof *passages; i++)
        base_add(kb, &passages[i]);
    return kb;
}

static struct kb_hits after(struct kb *kb, const char *before, const char *topic, const char *text)
{
    struct kb_hits hits;
    struct kb_ask ask = {.text = text,
                         .len = strlen(text),
                         .before = &before,
                         .nbefore = 1,
                         .topic = topic,
                         .explain = true};
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    return hits;
}

static void first_is(const char *before, const char *topic, const char *text, const char *key,
                     bool followed)
{
    struct kb *kb = kb_of_trades();
    struct kb_hits hits = after(kb, before, topic, text);
    assert_true(hits.n > 0);
    if (strncmp(hits.hit[0].passage, key, strlen(key)) != 0 || hits.followed != followed)
        fail_msg("'%s' after '%s': %s%s", text, before, hits.hit[0].passage,
                 hits.followed ? ", followed" : "");
    assert_non_null(hits.why->leaning);
    assert_int_equal(hits.why->followed, followed);
    kb_hits_release(&hits);
    kb_close(kb);
}

static enum leaning leaning(const char *text, size_t content)
{
    const char *word[16], *why;
    char copy[128];
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        word[n++] = w;
    return follow_leaning(word, n, content, &why);
}

static void words_tell_whether_a_message_leans(void **state)
{
    assert_int_equal(leaning("why", 0), LEAN_SURE);
    assert_int_equal(leaning("and the pay", 1), LEAN_SURE);
    assert_int_equal(leaning("what about millers", 1), LEAN_SURE);
    assert_int_equal(leaning("how do i get one", 1), LEAN_SURE);
    assert_int_equal(leaning("how does one become a baker", 1), LEAN_PERHAPS);
    assert_int_equal(leaning("is there a school", 1), LEAN_PERHAPS);
    assert_int_equal(leaning("which years", 1), LEAN_PERHAPS);
    assert_int_equal(leaning("how long is training of bakers", 3), LEAN_NOT);
    assert_int_equal(leaning("is it true that a b c d e", 5), LEAN_NOT);
}

static void a_follow_up_keeps_its_subject(void **state)
{
    first_is("What does a baker earn?", "baker#pay", "and how long is the training?",
             "baker#training", true);
    first_is("What does a miller earn?", "miller#pay", "and how long is the training?",
             "miller#training", true);
}

static void a_new_subject_keeps_the_question(void **state)
{
    first_is("What does a baker earn?", "baker#pay", "what about a miller?", "miller#pay", true);
}

static void a_message_that_stands_alone_is_left_alone(void **state)
{
    first_is("What does a baker earn?", "baker#pay", "Which kinds of flour are dark?",
             "flour#kinds", false);
    first_is("What does a baker earn?", "baker#pay", "rye flour", "flour#kinds", false);
}

static void a_short_one_goes_on_where_we_are(void **state)
{
    first_is("What does a baker earn?", "baker#pay", "training?", "baker#training", true);
    first_is("What does a miller earn?", "miller#pay", "training?", "miller#training", true);
}

static void the_last_answer_fades(void **state)
{
    struct row row = {.key = "baker#pay~2"};
    struct query q = {.topic = "baker#pay"};
    double fresh = follow_topic(&q, &row);
    q.topic_age = 1;
    double older = follow_topic(&q, &row);
    q.topic_age = 9;
    assert_true(fresh == 1 && older < fresh && older > 0);
    assert_true(follow_topic(&q, &row) == 0);
    q.topic_age = 0;
    row.key = "baker#training";
    assert_true(follow_topic(&q, &row) > 0 && follow_topic(&q, &row) < fresh);
    row.key = "bakery#pay";
    assert_true(follow_topic(&q, &row) == 0);
    q.topic = NULL;
    assert_true(follow_topic(&q, &row) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tell_whether_a_message_leans),
        cmocka_unit_test(a_follow_up_keeps_its_subject),
        cmocka_unit_test(a_new_subject_keeps_the_question),
        cmocka_unit_test(a_message_that_stands_alone_is_left_alone),
        cmocka_unit_test(a_short_one_goes_on_where_we_are),
        cmocka_unit_test(the_last_answer_fades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
