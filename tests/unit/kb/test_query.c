/* test_query.c: what people type becomes slots and terms. Needs a tokenizer and nothing else. */
#include "base.h"

#include <stdio.h>

struct asked {
    struct pool *pool;
    struct tokenizer *t;
    struct query q;
};

static struct asked build(const struct kb_ask *ask, const struct synonyms *synonyms)
{
    struct asked a = {.pool = pool_new()};
    assert_int_equal(tokenizer_new(&a.t), 0);
    assert_int_equal(
        query_build(
            &(struct query_reader){.tokenizer = a.t, .synonyms = synonyms, .main_lang = "en"},
            a.pool, ask, &a.q),
        0);
    return a;
}

static struct asked build_text(const char *text)
{
    return build(&(struct kb_ask){.text = text, .len = strlen(text)}, NULL);
}

static void drop(struct asked *a)
{
    tokenizer_free(a->t);
    pool_free(a->pool);
}

static const struct query_slot *slot_of(const struct query *q, const char *word)
{
    for (size_t i = 0; i < q->nslot; i++)
        if (!strcmp(q->slot[i].word, word))
            return &q->slot[i];
    return NULL;
}

static void test_question_words_are_dropped(void **state)
{
    struct asked a = build_text("How do I get a license?");
    assert_int_equal(a.q.nslot, 1);
    assert_string_equal(a.q.slot[0].word, "license");
    drop(&a);
}

static void test_question_words_stay_when_nothing_else_is_there(void **state)
{
    struct asked a = build_text("who are you");
    assert_int_equal(a.q.nslot, 3);
    drop(&a);
}

static void test_a_repeated_stem_is_one_slot(void **state)
{
    struct asked a = build_text("license licenses LICENSE licensed?");
    assert_int_equal(a.q.nslot, 1);
    assert_int_equal(a.q.nterm, 1);
    drop(&a);
}

static void test_a_question_without_letters_is_an_empty_query(void **state)
{
    static const char *const texts[] = {"",  "   ", "\"",
                                        "*", "???", "\xf0\x9f\x98\x80\xf0\x9f\x98\xa9"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct asked a = build_text(texts[i]);
        assert_int_equal(a.q.nslot, 0);
        drop(&a);
    }
}

static void test_a_very_long_question_has_a_limited_number_of_terms(void **state)
{
    char *text = malloc(100000);
    assert_non_null(text);
    size_t len = 0;
    for (int i = 0; i < 10000; i++)
        len += (size_t)snprintf(text + len, 100000 - len, "w%dx ", i);
    struct asked a = build(&(struct kb_ask){.text = text, .len = len}, NULL);
    assert_int_equal(a.q.nslot, KB_MAX_TERMS);
    assert_true(a.q.nterm <= 4 * KB_MAX_TERMS);
    drop(&a);
    free(text);
}

static void test_a_character_cut_at_the_limit_leaves_no_stray_word(void **state)
{
    char text[KB_MAX_QUESTION + 8];
    memset(text, ' ', sizeof text);
    memcpy(text, "wage", 4);
    memcpy(text + KB_MAX_QUESTION - 1, "\xc3\xa9t\xc3\xa9",
           5); /* the limit is inside the first one */
    struct asked a = build(&(struct kb_ask){.text = text, .len = KB_MAX_QUESTION + 4}, NULL);
    assert_int_equal(a.q.nslot, 1);
    drop(&a);
}

static void test_sentences_around_the_asking_one_weigh_less(void **state)
{
    struct asked a = build_text("Hi, I live in Ohio with two dogs. What is the salary?");
    assert_true(slot_of(&a.q, "salary")->weight > slot_of(&a.q, "dogs")->weight);
    drop(&a);
    a = build_text("What is the salary in Ohio");
    assert_true(slot_of(&a.q, "salary")->weight <= slot_of(&a.q, "ohio")->weight);
    drop(&a);
}

static void test_a_sentence_asks_without_a_mark_when_it_says_so(void **state)
{
    static const char *const texts[] = {
        "Hi, I live in Ohio with two dogs. I would like to know the salary of a welder. Greetings",
        "I live in Ohio with two dogs. Tell me the salary of a welder.",
        "I live in Ohio with two dogs! What is the salary of a welder",
        "Dogs and Ohio\n\nI was wondering about the salary of a welder.\n\nRegards",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct asked a = build_text(texts[i]);
        assert_true(slot_of(&a.q, "salary")->weight > slot_of(&a.q, "dogs")->weight);
        drop(&a);
    }
    struct asked a = build_text("I like dogs. The salary of a welder."); /* none of them does */
    assert_true(slot_of(&a.q, "salary")->weight <= slot_of(&a.q, "dogs")->weight);
    drop(&a);
}

static void test_what_a_pronoun_stands_for_is_more_than_circumstance(void **state)
{
    static const char *const texts[] = {
        "My aunt has dogs. I might become a welder. How long does it take to learn, and in which "
        "school is that?",
        "My aunt has dogs. I might become a welder. How long must people learn before a school "
        "says yes?",
    };
    double weight[2];
    for (size_t i = 0; i < 2; i++) {
        struct asked a = build_text(texts[i]);
        weight[i] = slot_of(&a.q, "welder")->weight;
        assert_true(weight[i] < slot_of(&a.q, "school")->weight);
        assert_true(slot_of(&a.q, "dogs")->weight <= weight[i]);
        drop(&a);
    }
    assert_true(weight[0] > weight[1]);
}

static void test_a_story_before_a_question_in_one_sentence_weighs_a_little_less(void **state)
{
    static const struct {
        const char *text;
        bool told;
    } cases[] = {
        {"I'm 45 and have worked in retail my whole life, can I still become a welder?", true},
        {"So my dog sleeps in retail all day and I want to know how welders learn", true},
        {"If I have worked in retail my whole life, can I still become a welder?", false},
        {"I have worked in retail all my life, what should I do?", false}, /* about what? */
        {"I have welded in retail, in shipyards and in factories", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = build_text(cases[i].text);
        double weight = slot_of(&a.q, "retail")->weight;
        if (cases[i].told != (weight < 1) || weight < 0.5)
            fail_msg("'%s': %f", cases[i].text, weight);
        drop(&a);
    }
}

static void test_a_followup_borrows_the_words_of_the_message_before(void **state)
{
    static const char *const before[] = {"What is ASCP certification?"};
    static const struct {
        const char *text;
        bool leans;
    } cases[] = {
        {"what does it cost?", true},
        {"and how long is the exam valid nationally", true},
        {"which states?", true},
        {"where do laboratory technicians usually work abroad", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = build(&(struct kb_ask){.text = cases[i].text,
                                                .len = strlen(cases[i].text),
                                                .before = before,
                                                .nbefore = 1},
                               NULL);
        const struct query_slot *s = slot_of(&a.q, "ascp");
        if (cases[i].leans != (s != NULL))
            fail_msg("'%s' %s", cases[i].text, s ? "leans" : "does not lean");
        if (s)
            assert_true(s->context && s->weight < 1);
        drop(&a);
    }
}

static void test_one_is_the_first_thing_that_was_named_with_an_article(void **state)
{
    static const char *const before[] = {"Do I need a licence to work with an excavator?"};
    struct asked a = build(
                     &(struct kb_ask){
                         .text = "how do I get one?", .len = 17, .before = before, .nbefore = 1},
                     NULL),
                 b = build(&(struct kb_ask){.text = "how long does it take?",
                                            .len = 22,
                                            .before = before,
                                            .nbefore = 1},
                           NULL);
    assert_true(slot_of(&a.q, "licence")->weight > 2 * slot_of(&a.q, "excavator")->weight);
    assert_true(slot_of(&b.q, "licence")->weight == slot_of(&b.q, "excavator")->weight);
    assert_non_null(slot_of(&a.q, "steps")); /* it says no more than that */
    drop(&a);
    drop(&b);
}

static void test_the_kind_that_is_taken_over_brings_its_words_along(void **state)
{
    static const char *const before[] = {"What do bakers make?"};
    struct asked a = build(
        &(struct kb_ask){.text = "and plumbers?", .len = 13, .before = before, .nbefore = 1}, NULL);
    assert_int_equal(a.q.want, WANT_MONEY);
    assert_non_null(slot_of(&a.q, "money"));
    drop(&a);
}

static void test_synonyms_share_the_slot_of_the_word(void **state)
{
    struct kb *kb = base_open();
    base_synonym(kb, "pay", "salary", 0.8);
    base_synonym(kb, "lab tech", "medical laboratory technician", 0.8);
    base_synonym(kb, "doctor", "doctors", 0.8); /* the same stem: of no use */
    struct synonyms *synonyms = NULL;
    assert_int_equal(synonyms_load(kb->db, kb->tokenizer, "en", &synonyms), 0);
    const char *text = "does the lab tech pay the doctor";
    struct asked a = build(&(struct kb_ask){.text = text, .len = strlen(text)}, synonyms);
    assert_int_equal(a.q.nslot, 4); /* lab, tech, pay, doctor */
    assert_int_equal(a.q.nterm, 6);
    for (size_t i = 0; i < a.q.nterm; i++) {
        const struct query_term *t = &a.q.term[i];
        if (t->weight >= 1)
            continue;
        if (t->ntoken == 3) { /* stands for both "lab" and "tech" */
            assert_int_equal(t->slot, 0);
            assert_int_equal(t->nslot, 2);
        } else {
            assert_int_equal(t->slot, 2);
            assert_int_equal(t->nslot, 1);
        }
    }
    drop(&a);
    synonyms_free(synonyms);
    kb_close(kb);
}

static void test_an_acronym_spelt_like_a_stop_word_is_content(void **state)
{
    struct asked a = build_text("What is the salary in the US?");
    assert_int_equal(a.q.nslot, 2);
    drop(&a);
    a = build_text("tell us the salary");
    assert_int_equal(a.q.nslot, 1);
    drop(&a);
}

static void test_what_is_wanted_follows_from_how_it_is_asked(void **state)
{
    static const struct {
        const char *text;
        enum query_want want;
    } cases[] = {
        {"lab tech $$", WANT_MONEY},
        {"how many $$ do welders get", WANT_MONEY},
        {"is $48,940 or 48 € right", WANT_YESNO},
        {"degree length", WANT_DURATION},
        {"how much does a technician make", WANT_MONEY},
        {"what is the average salary?", WANT_MONEY},
        {"which factors move a salary", WANT_LIST},
        {"what influences wages most", WANT_REASON},
        {"how long does training take", WANT_DURATION},
        {"how many tests are there", WANT_NUMBER},
        {"which states require a license", WANT_LIST},
        {"where do technicians work", WANT_PLACE},
        {"what is hematology", WANT_DEFINITION},
        {"how do I become a technician", WANT_STEPS},
        {"what is the difference between A and B", WANT_DIFFERENCE},
        {"certification vs licensure", WANT_DIFFERENCE},
        {"who certifies technicians", WANT_PERSON},
        {"when is the exam", WANT_DATE},
        {"why does accreditation matter", WANT_REASON},
        {"do technicians need a degree", WANT_YESNO},
        {"molecular diagnostics", WANT_ANY},
        {"what skills does a nurse need", WANT_SEVERAL},
        {"what does a nurse need", WANT_DEFINITION},
        {"what happens to a sample", WANT_ANY},
        {"is it better to rent or to buy", WANT_DIFFERENCE},
        {"which takes longer, baking or roasting", WANT_DIFFERENCE},
        {"rent or buy a house", WANT_ANY},
        {"what time do bakers begin", WANT_TIME},
        {"at what age do pilots retire", WANT_NUMBER},
        {"what is the pay like", WANT_MONEY},
        {"what do bakers make", WANT_MONEY},
        {"what does a baker make per year", WANT_MONEY},
        {"what do bakers make in the morning", WANT_ANY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a = build_text(cases[i].text);
        if (a.q.want != cases[i].want)
            fail_msg("'%s' wants %s", cases[i].text, query_want_name(a.q.want));
        drop(&a);
    }
}

static void test_unknown_words_weigh_the_most_and_are_named(void **state)
{
    struct asked a = build_text("zeppelin salary");
    a.q.term[1].df = 10;
    query_weigh(&a.q, 100);
    assert_int_equal(a.q.nunknown, 1);
    assert_string_equal(a.q.unknown[0], "zeppelin");
    assert_true(a.q.slot[0].idf > a.q.slot[1].idf && a.q.slot[1].idf > 0);
    drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question_words_are_dropped),
        cmocka_unit_test(test_question_words_stay_when_nothing_else_is_there),
        cmocka_unit_test(test_a_repeated_stem_is_one_slot),
        cmocka_unit_test(test_a_question_without_letters_is_an_empty_query),
        cmocka_unit_test(test_a_very_long_question_has_a_limited_number_of_terms),
        cmocka_unit_test(test_a_character_cut_at_the_limit_leaves_no_stray_word),
        cmocka_unit_test(test_sentences_around_the_asking_one_weigh_less),
        cmocka_unit_test(test_a_sentence_asks_without_a_mark_when_it_says_so),
        cmocka_unit_test(test_what_a_pronoun_stands_for_is_more_than_circumstance),
        cmocka_unit_test(test_a_story_before_a_question_in_one_sentence_weighs_a_little_less),
        cmocka_unit_test(test_a_followup_borrows_the_words_of_the_message_before),
        cmocka_unit_test(test_one_is_the_first_thing_that_was_named_with_an_article),
        cmocka_unit_test(test_the_kind_that_is_taken_over_brings_its_words_along),
        cmocka_unit_test(test_synonyms_share_the_slot_of_the_word),
        cmocka_unit_test(test_an_acronym_spelt_like_a_stop_word_is_content),
        cmocka_unit_test(test_what_is_wanted_follows_from_how_it_is_asked),
        cmocka_unit_test(test_unknown_words_weigh_the_most_and_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
