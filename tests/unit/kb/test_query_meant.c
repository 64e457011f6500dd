/* test_query_meant.c: what is read for what was typed. Needs a tokenizer and a small vocabulary. */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#include "kb/query_int.h"

static struct vocabulary_word words[] = {
    {"all", 30},      {"and", 40},      {"blood", 9},  {"can", 12},        {"degre", 20},
    {"departure", 1}, {"everyday", 2},  {"exam", 20},  {"full", 6},        {"fulltim", 1},
    {"good", 3},      {"hematolog", 2}, {"home", 3},   {"lab", 20},        {"licens", 8},
    {"medic", 30},    {"need", 5},      {"onlin", 4},  {"pay", 9},         {"point", 2},
    {"requir", 9},    {"seven", 2},     {"10", 2},     {"12", 3},          {"twelv", 3},
    {"salari", 12},   {"state", 9},     {"tech", 7},   {"technician", 40}, {"survey", 9},
    {"surveyor", 4},  {"wear", 6},      {"where", 30}, {"test", 9},        {"time", 20},
    {"which", 20},    {"work", 20},     {"year", 20},
};

static int by_token(const void *a, const void *b)
{
    return strcmp(((const struct vocabulary_word *)a)->token,
                  ((const struct vocabulary_word *)b)->token);
}

static int sort_words(void **state)
{
    qsort(words, sizeof words / sizeof *words, sizeof *words, by_token);
    return 0;
}

static void build(struct pool *pool, const char *lang, const char *text, struct query *ret)
{
    struct vocabulary v = {.part = {{.n = sizeof words / sizeof *words, .word = words}}};
    struct tokenizer *t = NULL;
    assert_int_equal(tokenizer_new(&t), 0);
    assert_int_equal(
        query_build(&(struct query_reader){.tokenizer = t, .vocabulary = &v, .main_lang = lang},
                    pool, &(struct kb_ask){.text = text, .len = strlen(text)}, ret),
        0);
    tokenizer_free(t);
}

/* The corrections as "from=to from=to". */
static void assert_read(const char *text, const char *want)
{
    struct pool *pool = pool_new();
    struct query q;
    const char *got = "";
    build(pool, "en", text, &q);
    for (size_t i = 0; i < q.ncorrected; i++)
        got = pool_printf(pool, "%s%s%s=%s", got, i ? ", " : "", q.corrected[i].from,
                          q.corrected[i].to);
    if (strcmp(got, want))
        fail_msg("'%s': '%s' and not '%s'", text, got, want);
    pool_free(pool);
}

static void slips_of_the_finger_and_of_the_ear_are_mended(void **state)
{
    assert_read("lisence", "lisence=license");
    assert_read("what do they requier", "requier=require");
    assert_read("hemotolgy", "hemotolgy=hematology");
    assert_read("is it gud", "gud=good");
    assert_read("the nede of techs", "nede=need");
    assert_read("wich exam", "wich=which");
    assert_read("al exams", "al=all");
}

static void a_word_of_the_base_is_never_touched(void **state)
{
    assert_read("exams degrees departure everyday fulltime license required", "");
    assert_read("hematolog medic onlin state test which year salari", "");
}

static void a_word_of_english_and_an_abbreviation_are_themselves(void **state)
{
    static const char *const text[] = {"tuition", "radiology exam", "cat blood",    "PAYS exam CNA",
                                       "24 7",    "cold test",      "exam in ohio", "xqzvkj",
                                       "1234",    "exaam9"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        assert_read(text[i], "");
    assert_read("tution", "tution=tuition"); /* and is not in the base */
}

static bool may_be_a_slip_for(const char *text, const char *token)
{
    struct pool *pool = pool_new();
    struct query q;
    bool yes = false;
    build(pool, "en", text, &q);
    for (size_t i = 0; i < q.nterm; i++)
        yes = yes || (q.term[i].way == KB_CORRECTED && !strcmp(q.term[i].token[0], token));
    pool_free(pool);
    return yes;
}

static void what_is_a_word_only_without_its_ending_may_be_a_slip(void **state)
{
    assert_read("whering", "whering=wearing"); /* and not "where" */
    assert_read("surveyer", "");               /* "survey", as it stands */
    assert_true(may_be_a_slip_for("surveyer", "surveyor"));
    assert_false(may_be_a_slip_for("surveys", "surveyor")); /* that is a word */
}

static void words_run_together_are_parted_and_parts_are_joined(void **state)
{
    assert_read("labtech", "labtech=lab tech");
    assert_read("med ical exam", "med ical=medical");
    assert_read("radiologytechnician", "radiologytechnician=radiology technician");
    assert_read("full time", "");
    struct pool *pool = pool_new();
    struct query q;
    bool joined = false;
    build(pool, "en", "full time work", &q);
    for (size_t i = 0; i < q.nterm; i++)
        joined = joined || (q.term[i].nslot == 2 && !strcmp(q.term[i].token[0], "fulltim"));
    assert_true(joined);
    pool_free(pool);
}

static void shorthand_is_read_out_and_says_nothing_when_it_is_only_manners(void **state)
{
    assert_read("how many yrs thx", "yrs=years");
    struct pool *pool = pool_new();
    struct query q;
    build(pool, "en", "pls which exam r good thx lol", &q);
    assert_int_equal(q.nunknown, 0);
    for (size_t i = 0; i < q.nslot; i++)
        if (!strcmp(q.slot[i].word, "thx") || !strcmp(q.slot[i].word, "lol") ||
            !strcmp(q.slot[i].word, "r"))
            fail_msg("%s", q.slot[i].word);
    pool_free(pool);
}

/* The token of the only word with a number, and its other form. */
static void assert_number(const char *lang, const char *text, const char *token, const char *other)
{
    struct pool *pool = pool_new();
    struct query q;
    build(pool, lang, text, &q);
    bool found = false, beside = !other;
    for (size_t i = 0; i < q.nterm; i++) {
        found = found || !strcmp(q.term[i].token[0], token);
        beside = beside || (other && !strcmp(q.term[i].token[0], other));
    }
    if (!found || !beside || q.ncorrected)
        fail_msg("'%s'", text);
    pool_free(pool);
}

static void numbers_in_figures_and_in_words_are_the_same(void **state)
{
    assert_number("en", "7 exams", "seven", NULL);
    assert_number("en", "ten exams", "10", NULL);
    assert_number("de", "zehn exams", "10", NULL);
    assert_number("en", "12 exams", "12", "twelv");
    assert_number("en", "twelve exams", "twelv", "12");
    assert_null(query_numeral("en", "one"));
    assert_null(query_numeral("ar", "two"));
}

static size_t slots_of(const char *text)
{
    struct pool *pool = pool_new();
    struct query q;
    build(pool, "en", text, &q);
    size_t n = q.nslot;
    pool_free(pool);
    return n;
}

static void a_number_of_years_that_is_lacking_says_nothing(void **state)
{
    assert_int_equal(slots_of("exam years"), 2);
    assert_int_equal(slots_of("exam 3 years"), 2);
    assert_int_equal(slots_of("exam twenty four years"), 2);
    assert_int_equal(slots_of("exam 3"), 2);
}

static void assert_foreign(const char *lang, const char *text, const char *want)
{
    struct pool *pool = pool_new();
    struct query q;
    build(pool, lang, text, &q);
    if (q.foreign != want && (!q.foreign || !want || strcmp(q.foreign, want)))
        fail_msg("'%s': %s", text, q.foreign ? q.foreign : "none");
    if (want)
        assert_int_equal(q.ncorrected, 0);
    pool_free(pool);
}

static void a_question_in_another_language_is_told_by_its_small_words_and_not_mended(void **state)
{
    assert_foreign("en", "qué es un técnico de laboratorio", "es");
    assert_foreign("en", "was verdient man als Techniker im Labor", "de");
    assert_foreign("en", "comment devenir technicien de laboratoire dans un hôpital", "fr");
    assert_foreign("en", "كم يكسب الفني", "ar");
    assert_foreign("de", "how do I get a license in the lab", "en");
    assert_foreign("de", "was verdient man im Labor", NULL);
    assert_foreign("en", "What is the exam?", NULL);
    assert_foreign("en", "licence in los angeles", NULL);
    assert_foreign("en", "will technicians die in a lab", NULL);
    assert_foreign("en", "J. Y", NULL);
    assert_foreign("en", "", NULL);
}

static void shorthand_is_in_byte_order(void **state)
{
    static const char *const word[] = {"abt", "acct", "b4",   "gr8",   "ppl", "yrs",
                                       "w",   "bc",   "min",  "reqs",  "wat", "whts",
                                       "wht", "whn",  "appt", "approx"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        assert_non_null(query_shorthand("en", word[i]));
    assert_null(query_shorthand("en", "rn"));
    assert_null(query_shorthand("de", "yrs"));
    assert_null(query_shorthand("en", ""));
}

static void german_may_be_typed_without_umlauts(void **state)
{
    struct vocabulary_word german[] = {{"geduld", 2}, {"prufung", 3}};
    struct vocabulary v = {.part = {{.n = 2, .word = german}}};
    struct tokenizer *t = NULL;
    struct pool *pool = pool_new();
    struct query q;
    const char *text = "pruefung fuer geduld";
    assert_int_equal(tokenizer_new(&t), 0);
    assert_int_equal(
        query_build(&(struct query_reader){.tokenizer = t, .vocabulary = &v, .main_lang = "de"},
                    pool, &(struct kb_ask){.text = text, .len = strlen(text)}, &q),
        0);
    assert_int_equal(q.nslot, 2); /* "fuer" says nothing */
    assert_string_equal(q.term[0].token[0], "prufung");
    assert_true(q.term[0].weight == 1);
    tokenizer_free(t);
    pool_free(pool);
}

/* Whatever is typed: the same twice, no word of the base among the corrected, slots within bounds. */
static void any_letters_are_read_the_same_way_twice(void **state)
{
    unsigned seed = 11;
    for (int round = 0; round < 3000; round++) {
        char text[80];
        size_t len = (size_t)(rand_r(&seed) % 60);
        for (size_t i = 0; i < len; i++)
            text[i] = "aeiorstlnmdcph $/'-4B"[rand_r(&seed) % 21];
        text[len] = 0;
        struct pool *pool = pool_new();
        struct query a, b;
        build(pool, "en", text, &a);
        build(pool, "en", text, &b);
        assert_int_equal(a.nterm, b.nterm);
        for (size_t i = 0; i < a.nterm; i++) {
            assert_string_equal(a.term[i].token[0], b.term[i].token[0]);
            assert_true(a.term[i].weight > 0 && a.term[i].weight <= 1);
            assert_true(a.term[i].slot + a.term[i].nslot <= a.nslot);
        }
        for (size_t i = 0; i < a.ncorrected; i++)
            for (size_t k = 0; k < sizeof words / sizeof *words; k++)
                if (!strcmp(a.corrected[i].from, words[k].token))
                    fail_msg("'%s': %s", text, a.corrected[i].from);
        pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_finger_and_of_the_ear_are_mended),
        cmocka_unit_test(a_word_of_the_base_is_never_touched),
        cmocka_unit_test(a_word_of_english_and_an_abbreviation_are_themselves),
        cmocka_unit_test(what_is_a_word_only_without_its_ending_may_be_a_slip),
        cmocka_unit_test(words_run_together_are_parted_and_parts_are_joined),
        cmocka_unit_test(shorthand_is_read_out_and_says_nothing_when_it_is_only_manners),
        cmocka_unit_test(numbers_in_figures_and_in_words_are_the_same),
        cmocka_unit_test(a_number_of_years_that_is_lacking_says_nothing),
        cmocka_unit_test(a_question_in_another_language_is_told_by_its_small_words_and_not_mended),
        cmocka_unit_test(shorthand_is_in_byte_order),
        cmocka_unit_test(german_may_be_typed_without_umlauts),
        cmocka_unit_test(any_letters_are_read_the_same_way_twice),
    };
    return cmocka_run_group_tests(tests, sort_words, NULL);
}
