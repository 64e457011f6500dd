/* test_extract.c: which part of a passage is quoted. Every extract is bytes of the document. */
#include "base.h"

#include <stdio.h>

/* The first extract for a question over a base of one passage. The caller frees it. */
static char *extract(const struct base_passage *p, const char *question)
{
    struct kb *kb = base_open();
    base_add(kb, p);
    struct kb_hits hits = base_ask(kb, question);
    assert_int_equal(hits.n, 1);
    const struct kb_hit *h = &hits.hit[0];
    assert_memory_equal(h->text, p->body + h->start, h->end - h->start);
    char *text = strdup(h->text);
    kb_hits_release(&hits);
    kb_close(kb);
    assert_non_null(text);
    return text;
}

#define FILLER                                                                                     \
    "The laboratory is a busy place with many visitors. People come from near and far to see it. " \
    "Some of them stay for lunch in the garden behind the house. Others bring their own food. "    \
    "In winter the garden is closed and everybody eats inside. That can be noisy at times. "

static void test_a_short_passage_is_quoted_whole(void **state)
{
    const struct base_passage p = {.key = "a",
                                   .body = "One sentence. The wage is fair. Another one."};
    char *text = extract(&p, "wage");
    assert_string_equal(text, p.body);
    free(text);
}

static void test_a_long_one_gives_the_sentences_around_the_best(void **state)
{
    const struct base_passage p = {
        .key = "a", .body = FILLER "The median wage of a technician is $57,000. " FILLER};
    char *text = extract(&p, "median wage technician");
    assert_non_null(strstr(text, "The median wage of a technician is $57,000."));
    assert_true(strlen(text) <= 500);
    assert_true(text[0] >= 'A' && text[0] <= 'Z'); /* whole sentences */
    assert_int_equal(text[strlen(text) - 1], '.');
    free(text);
}

static void test_a_sentence_that_sums_up_takes_along_what_it_sums_up(void **state)
{
    const struct base_passage p = {
        .key = "a",
        .body = FILLER "\nScales are set with known weights every morning. Results are compared "
                       "with those of another house.\nReliable equipment means reliable data.\n"
                       "It is closed on Mondays. " FILLER};
    char *text = extract(&p, "reliable equipment");
    assert_non_null(strstr(text, "Reliable equipment means reliable data."));
    assert_non_null(strstr(text, "Scales are set with known weights every morning."));
    free(text);
}

static void test_further_hits_are_quoted_more_briefly(void **state)
{
    static const char *const place[] = {"Leeds", "York", "Hull"};
    struct kb *kb = base_open();
    char body[3][1024];
    for (size_t i = 0; i < 3; i++) {
        snprintf(
            body[i], sizeof body[i],
            FILLER
            "The cellar of the house in %s is open to visitors. A long flight of stairs leads to "
            "it from the yard, past the old stables and the well. Whoever goes down "
            "should bring a lamp and good shoes, since there is no light and the ceiling is low in "
            "many of the vaults. " FILLER,
            place[i]);
        base_add(kb, &(struct base_passage){.key = place[i], .title = place[i], .body = body[i]});
    }
    struct kb_ask ask = {.text = "stairs of the cellar", .len = 20, .max = 3, .as_likely = 0.1};
    struct kb_hits hits;
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_int_equal(hits.n, 3);
    assert_non_null(strstr(hits.hit[0].text, "many of the vaults."));
    for (size_t i = 1; i < 3; i++) {
        assert_non_null(strstr(hits.hit[i].text, "cellar"));
        assert_true(strlen(hits.hit[i].text) <= 250);
        assert_true(strlen(hits.hit[i].text) < strlen(hits.hit[0].text));
    }
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_a_list_is_quoted_whole_with_what_leads_it(void **state)
{
    const struct base_passage p = {
        .key = "a",
        .body = FILLER
        "\nTypical places of work include:\n- Hospitals\n- Blood banks\n- Clinics\n" FILLER};
    char *text = extract(&p, "where could I work, in blood banks?");
    assert_int_equal(strncmp(text, "Typical places of work include:", 31), 0);
    assert_non_null(strstr(text, "- Hospitals"));
    assert_non_null(strstr(text, "- Clinics"));
    free(text);
}

static void test_a_sentence_that_leads_a_list_is_not_quoted_alone(void **state)
{
    const struct base_passage p = {
        .key = "a",
        .body = FILLER "\nThe steps of licensing are:\n- Apply\n- Pay\n- Wait\n" FILLER};
    char *text = extract(&p, "licensing");
    assert_non_null(strstr(text, "- Wait"));
    free(text);
}

static void test_a_very_long_list_is_quoted_in_part_around_the_best_items(void **state)
{
    char body[8192];
    size_t len = (size_t)snprintf(body, sizeof body, "Our courses:\n");
    for (int i = 0; i < 60; i++)
        len += (size_t)snprintf(body + len, sizeof body - len,
                                "- %s course number %d for all who like it\n",
                                i == 45 ? "Hematology" : "Another", i);
    const struct base_passage p = {.key = "a", .body = body};
    char *text = extract(&p, "hematology course");
    assert_non_null(strstr(text, "Hematology"));
    assert_true(strlen(text) <= 900);
    free(text);
}

#define QUALITIES                                                                                  \
    "Compassion. Nurses must care about the people whom they look after all day long.\n\n"         \
    "Patience. Much of the time somebody waits for somebody else, and nobody likes it.\n\n"        \
    "Physical strength. Nurses lift heavy things and heavy people, and stand for hours."

static void test_paragraphs_with_labels_are_a_list_when_one_is_asked_for(void **state)
{
    const struct base_passage p = {.key = "a", .body = FILLER "\n\n" QUALITIES};
    char *text = extract(&p, "what qualities do nurses need");
    assert_string_equal(text, QUALITIES);
    free(text);
    text = extract(&p, "do nurses need physical strength");
    assert_null(strstr(text, "Compassion"));
    free(text);
}

static void test_no_item_alone_answers_where(void **state)
{
    const struct base_passage p = {.key = "a",
                                   .body = FILLER "\nWays to work:\n- Hospitals: most of all\n"
                                                  "- Blood banks: for the rest of them\n" FILLER};
    char *text = extract(&p, "besides hospitals where else");
    assert_non_null(strstr(text, "- Blood banks"));
    free(text);
}

static void test_an_answer_of_an_entry_is_quoted_whole_up_to_a_limit(void **state)
{
    const struct base_passage p = {.key = "a",
                                   .question = "What is the wage?",
                                   .entry = true,
                                   .body = FILLER "The wage is fair. " FILLER};
    char *text = extract(&p, "what is the wage");
    assert_int_equal(strlen(text), strlen(p.body) - 1); /* without the blank at its end */
    free(text);
}

static void test_marks_are_the_words_of_the_question(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"a", .body = "Licensed technicians prepare a sample."});
    struct kb_hits hits = base_ask(kb, "samples of a technician");
    const struct kb_hit *h = &hits.hit[0];
    assert_int_equal(h->nmark, 2);
    assert_int_equal(
        strncmp(h->text + h->mark[0].start, "technicians", h->mark[0].end - h->mark[0].start), 0);
    assert_int_equal(
        strncmp(h->text + h->mark[1].start, "sample", h->mark[1].end - h->mark[1].start), 0);
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_damaged_units_cannot_lead_outside_the_passage(void **state)
{
    struct kb *kb = base_careers();
    base_sql(
        kb,
        "PRAGMA query_only=0; UPDATE passages SET unit = randomblob(160), document = document;");
    struct kb_hits hits = base_ask(kb, "laboratory technician wage samples license degree");
    for (size_t i = 0; i < hits.n; i++)
        assert_int_equal(strlen(hits.hit[i].text), hits.hit[i].end - hits.hit[i].start);
    kb_hits_release(&hits);
    kb_close(kb);
    static const char *const damage[] = {"end = 1 << 30", "start = -5, end = 3"};
    for (size_t i = 0; i < 2; i++) {
        struct kb_ask ask = {.text = "laboratory wage", .len = 15};
        char sql[96];
        snprintf(sql, sizeof sql, "PRAGMA query_only=0; UPDATE passages SET %s;", damage[i]);
        kb = base_careers();
        base_sql(kb, sql);
        assert_int_equal(kb_ask(kb, &ask, &hits), KB_ERR_DAMAGED);
        kb_close(kb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_short_passage_is_quoted_whole),
        cmocka_unit_test(test_a_long_one_gives_the_sentences_around_the_best),
        cmocka_unit_test(test_a_sentence_that_sums_up_takes_along_what_it_sums_up),
        cmocka_unit_test(test_further_hits_are_quoted_more_briefly),
        cmocka_unit_test(test_a_list_is_quoted_whole_with_what_leads_it),
        cmocka_unit_test(test_a_sentence_that_leads_a_list_is_not_quoted_alone),
        cmocka_unit_test(test_a_very_long_list_is_quoted_in_part_around_the_best_items),
        cmocka_unit_test(test_paragraphs_with_labels_are_a_list_when_one_is_asked_for),
        cmocka_unit_test(test_no_item_alone_answers_where),
        cmocka_unit_test(test_an_answer_of_an_entry_is_quoted_whole_up_to_a_limit),
        cmocka_unit_test(test_marks_are_the_words_of_the_question),
        cmocka_unit_test(test_damaged_units_cannot_lead_outside_the_passage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
