/* test_rank.c: which of two passages is the better answer, and why. Features come from places of words
 * and from rows, so most of this needs no database. */
#include "base.h"

struct ranked {
    struct pool *pool;
    struct query q;
    struct candidates c;
    struct row row[16];
};

static struct ranked rank_text(struct kb *kb, const char *text)
{
    struct ranked r = {.pool = pool_new()};
    assert_int_equal(kb_refresh(kb), 0);
    const struct query_reader reader = {
        .tokenizer = kb->tokenizer, .synonyms = kb->synonyms, .main_lang = kb->stats->main_lang};
    struct kb_ask ask = {.text = text, .len = strlen(text)};
    assert_int_equal(query_build(&reader, r.pool, &ask, &r.q), 0);
    assert_int_equal(candidates_find(kb, &r.q, r.pool, 16, &r.c), 0);
    for (size_t i = 0; i < r.c.n; i++) {
        rank_features(&r.q, &r.c.c[i]);
        assert_int_equal(row_read(kb, r.pool, r.c.c[i].id, &r.row[i]), 0);
        assert_int_equal(row_document(kb, &r.row[i]), 0);
        assert_int_equal(rank_row(kb->tokenizer, &r.q, &r.row[i], &r.c.c[i]), 0);
        r.c.c[i].score = rank_score(&r.q, &r.c.c[i]);
    }
    rank_sort(r.pool, r.c.c, r.row, r.c.n);
    return r;
}

static const struct candidate *of(const struct ranked *r, const char *key)
{
    for (size_t i = 0; i < r->c.n; i++)
        if (!strcmp(r->row[i].notes->doc_id, key))
            return &r->c.c[i];
    fail_msg("%s is not among the candidates", key);
    return NULL;
}

static void drop(struct ranked *r)
{
    pool_free(r->pool);
}

static void test_features_stay_within_0_and_1(void **state)
{
    struct kb *kb = base_careers();
    struct ranked r = rank_text(kb, "what is the median wage of a laboratory technician per year?");
    assert_true(r.c.n >= 3);
    for (size_t i = 0; i < r.c.n; i++) {
        const struct features *f = &r.c.c[i].f;
        const double all[] = {f->coverage, f->pairs, f->named, f->heading,
                              f->wording,  f->want,  f->entry, f->label};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            assert_true(all[k] >= 0 && all[k] <= 1);
    }
    drop(&r);
    kb_close(kb);
}

static void test_all_words_beat_one_word_often(void **state)
{
    struct kb *kb = base_open();
    base_add(kb,
             &(struct base_passage){"often", .body = "Salary, salary, salary and again salary."});
    base_add(kb,
             &(struct base_passage){"all", .body = "The starting salary depends on the region."});
    struct ranked r = rank_text(kb, "salary region");
    assert_string_equal(r.row[0].notes->doc_id, "all");
    assert_true(of(&r, "all")->f.coverage > of(&r, "often")->f.coverage);
    drop(&r);
    kb_close(kb);
}

static void test_neighbours_in_the_question_are_neighbours_in_the_answer(void **state)
{
    struct kb *kb = base_open();
    base_add(kb,
             &(struct base_passage){
                 "apart",
                 .body = "Quality matters to everybody who works here, and that is why managers "
                         "keep everything under control."});
    base_add(
        kb, &(struct base_passage){
                "together",
                .body = "Somebody who works here, and that is why it matters to managers, does the "
                        "quality control of everything."});
    struct ranked r = rank_text(kb, "quality control");
    assert_string_equal(r.row[0].notes->doc_id, "together");
    assert_true(of(&r, "together")->f.pairs >= 1);
    assert_true(of(&r, "apart")->f.pairs < 0.5);
    drop(&r);
    kb_close(kb);
}

static void test_an_alias_that_is_the_question_is_an_exact_match(void **state)
{
    struct kb *kb = base_careers();
    struct ranked r = rank_text(kb, "Is a degree required?");
    assert_string_equal(r.row[0].notes->doc_id, "degree");
    assert_true(of(&r, "degree")->f.heading > 0.99);
    drop(&r);
    kb_close(kb);
}

static void test_a_heading_with_many_other_words_matches_less(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"short", .headings = "Licensing", .body = "x"});
    base_add(
        kb, &(struct base_passage){
                "long", .headings = "Licensing, certification, training and careers", .body = "x"});
    struct ranked r = rank_text(kb, "licensing");
    assert_true(of(&r, "short")->f.heading > of(&r, "long")->f.heading);
    drop(&r);
    kb_close(kb);
}

static void test_two_questions_about_one_thing_differ_in_their_small_words(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"where", .title = "Where did the virus come from?",
                                        .body = "x"});
    base_add(
        kb, &(struct base_passage){"how", .title = "How did the virus get its name?", .body = "x"});
    base_add(kb, &(struct base_passage){"entry",
                                        .question = "Is the virus new?\nWhat is the virus called?",
                                        .body = "x"});
    for (const char *other = "123456789"; *other; other++) /* else every passage has the word */
        base_add(kb, &(struct base_passage){other, .body = "Of other things."});
    struct ranked r = rank_text(kb, "where did that virus come from");
    assert_string_equal(r.row[0].notes->doc_id, "where");
    assert_true(of(&r, "where")->f.wording > of(&r, "how")->f.wording);
    drop(&r);
    r = rank_text(kb, "what is the virus called");
    assert_string_equal(r.row[0].notes->doc_id, "entry");
    assert_true(of(&r, "entry")->f.wording > 0.99);
    drop(&r);
    kb_close(kb);
}

static void test_what_only_the_text_says_is_not_named(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"above", .headings = "Blood tests", .body = "x"});
    base_add(kb, &(struct base_passage){"text", .headings = "Duties", .body = "Blood tests."});
    struct ranked r = rank_text(kb, "blood tests");
    assert_true(of(&r, "above")->f.named > 0.99);
    assert_true(of(&r, "text")->f.named == 0 && of(&r, "text")->f.wording == 0);
    assert_string_equal(r.row[0].notes->doc_id, "above");
    drop(&r);
    kb_close(kb);
}

static void test_an_item_that_is_called_what_was_asked_outranks_a_mention(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){
                     "item", .body = "The courses are:\n"
                                     "Biology: cells and what they are made of.\n"
                                     "Hematology: the study of blood, of its cells and of "
                                     "the tissues in which they are formed.\n"});
    base_add(kb,
             &(struct base_passage){"mention", .body = "You can go into hematology or biology."});
    base_add(
        kb, &(struct base_passage){
                "part", .body = "Hematology and chemistry analyzers: machines of the laboratory."});
    for (const char *other = "123456789"; *other; other++)
        base_add(kb, &(struct base_passage){other, .body = "Of other things."});
    struct ranked r = rank_text(kb, "what is hematology");
    assert_string_equal(r.row[0].notes->doc_id, "item");
    assert_true(of(&r, "item")->f.label > 0.9);
    assert_true(of(&r, "mention")->f.label == 0 && of(&r, "part")->f.label == 0);
    for (size_t i = 0; i < r.c.n; i++)
        assert_true(heading_label_most(&r.q, &r.c.c[i].f) >= r.c.c[i].f.label);
    drop(&r);
    r = rank_text(kb, "which machines are there for hematology in a hospital");
    assert_true(of(&r, "item")->f.label == 0); /* it is only a part of what was asked */
    drop(&r);
    kb_close(kb);
}

static void test_the_wanted_kind_of_answer_is_noticed(void **state)
{
    static const struct {
        const char *question, *yes, *no;
    } cases[] = {
        {"how much do nurses earn", "Nurses earn $70,000.", "Nurses earn respect."},
        {"how long is nurse training", "Nurse training lasts two years.",
         "Nurse training is hard."},
        {"which states license a nurse",
         "A nurse needs a license in Ohio, Iowa, Utah, Texas, Idaho and Maine.",
         "A nurse may need a license."},
        {"nurse vs doctor", "A nurse cares, while a doctor treats.", "Nurse. Doctor."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kb *kb = base_open();
        base_add(kb, &(struct base_passage){"yes", .body = cases[i].yes});
        base_add(kb, &(struct base_passage){"no", .body = cases[i].no});
        struct ranked r = rank_text(kb, cases[i].question);
        if (of(&r, "yes")->f.want <= of(&r, "no")->f.want)
            fail_msg("'%s'", cases[i].question);
        drop(&r);
        kb_close(kb);
    }
}

static void test_equal_scores_are_in_order_of_passage_key(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"b", .body = "same words"});
    base_add(kb, &(struct base_passage){"a", .body = "same words"});
    struct ranked r = rank_text(kb, "words");
    assert_string_equal(r.row[0].notes->doc_id, "a");
    assert_string_equal(r.row[1].notes->doc_id, "b");
    assert_int_equal(r.c.c[0].id, r.row[0].id); /* candidate and row moved together */
    drop(&r);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_stay_within_0_and_1),
        cmocka_unit_test(test_all_words_beat_one_word_often),
        cmocka_unit_test(test_neighbours_in_the_question_are_neighbours_in_the_answer),
        cmocka_unit_test(test_an_alias_that_is_the_question_is_an_exact_match),
        cmocka_unit_test(test_a_heading_with_many_other_words_matches_less),
        cmocka_unit_test(test_two_questions_about_one_thing_differ_in_their_small_words),
        cmocka_unit_test(test_what_only_the_text_says_is_not_named),
        cmocka_unit_test(test_an_item_that_is_called_what_was_asked_outranks_a_mention),
        cmocka_unit_test(test_the_wanted_kind_of_answer_is_noticed),
        cmocka_unit_test(test_equal_scores_are_in_order_of_passage_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
