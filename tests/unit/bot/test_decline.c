/* test_decline.c: what is said when the base has nothing, or nothing certain. */
#include "bot/decline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "kb/pool.h"

static const char *const words[] = {"gpa", "tuition", "fafsa", "scholarship"};

static void words_are_named_as_they_were_typed(void **state)
{
    struct pool *pool = pool_new();
    struct kb_hits hits = {.confidence = 0.2, .unknown = words, .nunknown = 1};
    assert_string_equal(decline_text(pool, "which GPA?", &hits, false),
                        "I don't know: my guides do not mention \"GPA\".");
    hits.nunknown = 2;
    assert_non_null(
        strstr(decline_text(pool, "GPA, Tuition?", &hits, false), "\"GPA\" and \"Tuition\""));
    assert_non_null(strstr(decline_lead(pool, "GPA, Tuition?", &hits), "\"GPA\" and \"Tuition\""));
    pool_free(pool);
}

static void a_long_question_is_not_read_back(void **state)
{
    struct pool *pool = pool_new();
    struct kb_hits hits = {.confidence = 0.2, .unknown = words, .nunknown = 4};
    const char *text = decline_text(pool, "", &hits, false);
    assert_non_null(strstr(text, "\"gpa\", \"tuition\" and \"fafsa\""));
    assert_null(strstr(text, "scholarship"));
    pool_free(pool);
}

static void no_character_is_cut_in_two(void **state)
{
    static const char *const one[] = {"xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\u00e4\u00e4\u00e4"};
    struct pool *pool = pool_new();
    struct kb_hits hits = {.confidence = 0.2, .unknown = one, .nunknown = 1};
    assert_non_null(strstr(decline_text(pool, "", &hits, false), "aaa\"."));
    pool_free(pool);
}

static void a_person_is_offered_where_one_answers(void **state)
{
    struct pool *pool = pool_new();
    struct kb_hits hits = {.confidence = 0.2};
    assert_non_null(strstr(decline_text(pool, "", &hits, true), "Write \"human\""));
    assert_null(strstr(decline_text(pool, "", &hits, false), "human"));
    pool_free(pool);
}

static void who_asks_in_another_language_hears_in_it_which_one_is_understood(void **state)
{
    struct pool *pool = pool_new();
    struct kb_hits hits = {
        .confidence = 0.2, .unknown = words, .nunknown = 2, .lang = "en", .foreign = "es"};
    assert_string_equal(decline_text(pool, "", &hits, false),
                        "Mis guías están en inglés. Por favor, pregunte en inglés.");
    assert_non_null(strstr(decline_text(pool, "", &hits, true), "\"human\""));
    assert_non_null(strstr(decline_lead(pool, "", &hits), "inglés"));
    hits.foreign = "ar";
    hits.lang = "fr";
    assert_non_null(strstr(decline_text(pool, "", &hits, false), "بالفرنسية"));
    hits.lang = "fi"; /* we cannot name it */
    assert_non_null(strstr(decline_text(pool, "", &hits, false), "do not mention"));
    pool_free(pool);
}

static void a_message_about_nothing_is_asked_for_more(void **state)
{
    struct pool *pool = pool_new();
    struct kb_hits hits = {0};
    assert_non_null(strstr(decline_text(pool, "what is it", &hits, false), "say a little more"));
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_named_as_they_were_typed),
        cmocka_unit_test(a_long_question_is_not_read_back),
        cmocka_unit_test(no_character_is_cut_in_two),
        cmocka_unit_test(a_person_is_offered_where_one_answers),
        cmocka_unit_test(who_asks_in_another_language_hears_in_it_which_one_is_understood),
        cmocka_unit_test(a_message_about_nothing_is_asked_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
