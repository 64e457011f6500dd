/* test_kb.c: opening a base, noticing that it was replaced, and what it says about itself. */
#include "folder.h"

static const char guide[] =
    "# Nursing\n\n## What do nurses do?\n\nThey care.\n\n## Pay\n\nIt varies.\n\n"
    "## How long does it take?\n\nThree years.\n";

static const char faq[] =
    "- id: pay\n  q: How much do welders earn?\n  aka: [welder salary]\n  a: It depends.\n"
    "  followups: [factors, start]\n  tests: [what is a welder paid]\n"
    "  not_tests: [what is a nurse paid]\n"
    "- id: start\n  q: How do I start?\n  a: At a school.\n"
    "- id: factors\n  q: What changes the pay?\n  a: The place.\n"
    "- id: old\n  q: What was the pay in 1990?\n  a: Less.\n  valid_until: 1991-01-01\n";

static struct kb *open_ok(void)
{
    struct kb *kb = NULL;
    assert_int_equal(kb_open(folder("kb.db"), &kb), 0);
    return kb;
}

static struct kb *make(void)
{
    mkdir(folder("guides"), 0755);
    folder_write("guides/a-nursing.md", guide);
    folder_write("guides/b-welding.faq.yaml", faq);
    folder_index_one("guides");
    return open_ok();
}

static void open_failures_leave_the_result_alone(void **state)
{
    struct kb *kb = (struct kb *)folder_root;
    assert_int_equal(kb_open(folder("none.db"), &kb), KB_ERR_ABSENT);
    folder_write("text", "not a base");
    assert_int_equal(kb_open(folder("text"), &kb), KB_ERR_DAMAGED);
    assert_ptr_equal(kb, folder_root);
    kb_close(NULL);
}

static void info_counts(void **state)
{
    struct kb_info info;
    struct kb *kb = make();
    assert_int_equal(kb_info(kb, &info), 0);
    assert_int_equal(info.schema, KB_SCHEMA_VERSION);
    assert_int_equal(info.ranking, KB_RANKING_VERSION);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.documents, 2);
    assert_int_equal(info.passages, 7);
    assert_int_equal(info.entries, 4);
    kb_close(kb);
}

static void an_update_is_seen_and_a_replacement_is_noticed(void **state)
{
    struct kb_info info;
    struct kb *kb = make();
    assert_false(kb_stale(kb));
    folder_write("guides/c.md", "# More\n\nText.\n");
    folder_index_one("guides");
    assert_false(kb_stale(kb));
    assert_int_equal(kb_info(kb, &info), 0);
    assert_int_equal(info.documents, 3);
    assert_int_equal(info.generation, 2);
    unlink(folder("kb.db"));
    assert_false(kb_stale(kb)); /* nothing better is there */
    assert_int_equal(kb_info(kb, &info), 0);
    folder_index_one("guides");
    assert_true(kb_stale(kb));
    kb_close(kb);
    kb = open_ok();
    assert_false(kb_stale(kb));
    kb_close(kb);
}

static void topics_are(struct kb *kb, size_t max, const char *expected)
{
    const char *topic[16];
    struct pool *pool = pool_new();
    sqlite3_str *s = sqlite3_str_new(NULL);
    int n = kb_topics(kb, NULL, max, pool, topic);
    for (int i = 0; i < n; i++)
        sqlite3_str_appendf(s, "%s%s", i ? "|" : "", topic[i]);
    char *found = sqlite3_str_finish(s);
    assert_string_equal(found ? found : "", expected);
    sqlite3_free(found);
    pool_free(pool);
}

static void topics_take_turns_over_the_documents(void **state)
{
    struct kb *kb = make();
    topics_are(kb, 1, "What do nurses do?");
    topics_are(kb, 3, "What do nurses do?|How much do welders earn?|How long does it take?");
    topics_are(
        kb, 16,
        "What do nurses do?|How much do welders earn?|How long does it take?|How do I start?|"
        "What changes the pay?");
    topics_are(kb, 0, "");
    kb_close(kb);
}

static void topics_are_those_of_the_file_as_it_is(void **state)
{
    struct kb *kb = make();
    topics_are(kb, 1, "What do nurses do?");
    folder_write("guides/a-nursing.md", "# Nursing\n\n## Where do nurses work?\n\nHere.\n");
    folder_index_one("guides");
    topics_are(kb, 1, "Where do nurses work?"); /* the same handle, which remembers the others */
    topics_are(kb, 2, "Where do nurses work?|How much do welders earn?");
    kb_close(kb);
}

/* Whether "What was the pay in 1990?" is among them. */
static bool offers_the_past(struct kb *kb, const char *today)
{
    const struct kb_ask who = {.today = today};
    const char *topic[16];
    struct pool *pool = pool_new();
    bool found = false;
    int n = kb_topics(kb, &who, 16, pool, topic);
    for (int i = 0; i < n; i++)
        found |= strstr(topic[i], "1990") != NULL;
    pool_free(pool);
    return found;
}

static void topics_are_those_of_the_day(void **state)
{
    struct kb *kb = make();
    assert_true(offers_the_past(kb, "1990-06-01"));
    assert_false(offers_the_past(kb, "1991-06-01"));
    assert_true(offers_the_past(kb, "1990-06-01"));
    kb_close(kb);
}

static void guides_that_ask_nothing_offer_titles_or_headings(void **state)
{
    folder_write("a.md",
                 "# Nursing\n\n## Duties\n\nThey care.\n\n## Pay\n\n### By state\n\nIt varies.\n");
    folder_index_one("a.md");
    struct kb *kb = open_ok();
    topics_are(kb, 5, "Duties|Pay");
    kb_close(kb);
    mkdir(folder("guides"), 0755);
    folder_write("guides/a.md", "# Nursing\n\n## Duties\n\nThey care.\n");
    folder_write("guides/b.md", "# Welding\n\n## Duties\n\nThey weld.\n");
    folder_index_one("guides");
    kb = open_ok();
    topics_are(kb, 5, "Nursing|Welding");
    kb_close(kb);
}

static void followups_are(struct kb *kb, const char *passage, size_t max, const char *expected)
{
    const char *question[16];
    struct pool *pool = pool_new();
    sqlite3_str *s = sqlite3_str_new(NULL);
    int n = kb_followups(kb, NULL, passage, max, pool, question, NULL);
    for (int i = 0; i < n; i++)
        sqlite3_str_appendf(s, "%s%s", i ? "|" : "", question[i]);
    char *found = sqlite3_str_finish(s);
    assert_string_equal(found ? found : "", expected);
    sqlite3_free(found);
    pool_free(pool);
}

static const char *key_of(struct kb *kb, const char *question)
{
    static char key[256];
    sqlite3_stmt *st = NULL;
    sqlite3_prepare_v2(kb->db, "SELECT key FROM passages WHERE question LIKE ?1 || '%'", -1, &st,
                       NULL);
    sqlite3_bind_text(st, 1, question, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    snprintf(key, sizeof key, "%s", sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return key;
}

static void followups_are_what_the_author_named_in_that_order(void **state)
{
    struct kb *kb = make();
    followups_are(kb, key_of(kb, "How much do welders"), 5,
                  "What changes the pay?|How do I start?");
    followups_are(kb, key_of(kb, "How much do welders"), 1, "What changes the pay?");
    kb_close(kb);
}

static void without_followups_the_neighbours_are_offered(void **state)
{
    struct kb *kb = make();
    followups_are(kb, key_of(kb, "How do I start"), 5,
                  "What changes the pay?|How much do welders earn?");
    followups_are(kb, key_of(kb, "What do nurses"), 5, "Nursing: Pay|How long does it take?");
    followups_are(kb, "no#such", 5, "");
    kb_close(kb);
}

static int write_test(void *ctx, const struct kb_test *test)
{
    sqlite3_str_appendf(ctx, "%s %s;", test->must ? "+" : "-", test->question);
    return 0;
}

static int stop(void *ctx, const struct kb_test *test)
{
    return ++*(int *)ctx + 40;
}

static void tests_are_handed_out_and_can_be_stopped(void **state)
{
    int calls = 0;
    struct kb *kb = make();
    sqlite3_str *s = sqlite3_str_new(NULL);
    assert_int_equal(kb_tests(kb, write_test, s), 0);
    char *found = sqlite3_str_finish(s);
    assert_string_equal(found, "+ what is a welder paid;- what is a nurse paid;");
    sqlite3_free(found);
    assert_int_equal(kb_tests(kb, stop, &calls), 41);
    assert_int_equal(calls, 1);
    kb_close(kb);
}

static void drafts_are_nobodys_answer(void **state)
{
    folder_write("a.faq.yaml", "- id: x\n  q: Is it ready?\n  a: Not yet.\n  status: draft\n"
                               "- id: y\n  q: Is this?\n  a: It is.\n");
    folder_index_one("a.faq.yaml");
    struct kb *kb = open_ok();
    topics_are(kb, 5, "Is this?");
    kb_close(kb);
}

static void an_entry_is_fetched_by_its_name_while_it_is_valid(void **state)
{
    struct kb *kb = make();
    struct pool *pool = pool_new();
    struct kb_entry e = {0}, all[8];
    assert_int_equal(kb_entry(kb, NULL, "pay", pool, &e), 1);
    assert_string_equal(e.question, "How much do welders earn?");
    assert_string_equal(e.text, "It depends.");
    assert_string_equal(e.id, "pay");
    const char *passage = e.passage;
    assert_int_equal(kb_entry(kb, NULL, passage, pool, &e), 1);
    assert_string_equal(e.passage, passage);
    assert_int_equal(kb_entry(kb, NULL, "old", pool, &e), 0);
    assert_int_equal(kb_entry(kb, NULL, "none", pool, &e), 0);
    assert_int_equal(kb_entry(kb, NULL, "", pool, &e), 0);
    assert_int_equal(kb_entry(kb, NULL, "guides/a-nursing#pay", pool, &e),
                     0); /* a guide's passage */
    assert_int_equal(kb_entries(kb, NULL, "", 8, pool, all), 3);
    assert_string_equal(all[0].id, "factors");
    assert_int_equal(kb_entries(kb, NULL, all[0].passage, 1, pool, all), 1);
    assert_string_equal(all[0].id, "pay");
    pool_free(pool);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(open_failures_leave_the_result_alone),
        folder_test(info_counts),
        folder_test(an_update_is_seen_and_a_replacement_is_noticed),
        folder_test(topics_take_turns_over_the_documents),
        folder_test(topics_are_those_of_the_file_as_it_is),
        folder_test(topics_are_those_of_the_day),
        folder_test(guides_that_ask_nothing_offer_titles_or_headings),
        folder_test(followups_are_what_the_author_named_in_that_order),
        folder_test(without_followups_the_neighbours_are_offered),
        folder_test(tests_are_handed_out_and_can_be_stopped),
        folder_test(drafts_are_nobodys_answer),
        folder_test(an_entry_is_fetched_by_its_name_while_it_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
