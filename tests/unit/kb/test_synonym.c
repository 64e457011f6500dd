/* test_synonym.c: what synonyms.yaml may say, and what becomes of it. */
#include "folder.h"

/* Index synonyms.yaml with these bytes; "from>to*weight ..." in the order of the table, or the
 * first problem. */
static void rows_are(const char *yaml, const char *expected)
{
    sqlite3 *db = NULL;
    struct kb_report report = {0};
    struct kb_sources src = {.root = folder(""), .synonyms = "synonyms.yaml"};
    folder_write("synonyms.yaml", yaml);
    assert_int_equal(schema_open(NULL, true, &db), 0);
    int r = synonyms_index(db, &src, &report);
    sqlite3_str *s = sqlite3_str_new(NULL);
    if (report.nproblem)
        sqlite3_str_appendf(s, "%s:%d:%d: %s", report.problem[0].file, (int)report.problem[0].line,
                            (int)report.problem[0].column, report.problem[0].message);
    assert_int_equal(r, report.nproblem ? KB_ERR_INPUT : 0);
    sqlite3_stmt *st = NULL;
    sqlite3_prepare_v2(db, "SELECT from_text, to_text, weight FROM synonyms ORDER BY line, rowid",
                       -1, &st, NULL);
    while (!report.nproblem && sqlite3_step(st) == SQLITE_ROW)
        sqlite3_str_appendf(s, "%s%s>%s*%s", sqlite3_str_length(s) ? " " : "",
                            sqlite3_column_text(st, 0), sqlite3_column_text(st, 1),
                            sqlite3_column_text(st, 2));
    sqlite3_finalize(st);
    char *found = sqlite3_str_finish(s);
    assert_string_equal(found ? found : "", expected);
    sqlite3_free(found);
    kb_report_release(&report);
    sqlite3_close(db);
}

static void a_group_becomes_its_pairs(void **state)
{
    rows_are("- words: [pay, wage]\n", "pay>wage*0.8 wage>pay*0.8");
    rows_are("- words: [a, b, a]\n  weight: 0.5\n", "a>b*0.5 b>a*0.5 b>a*0.5 a>b*0.5");
}

static void one_way_stays_one_way(void **state)
{
    rows_are("- from: [lab tech, tech]\n  to: [technician]\n  weight: .9\n",
             "lab tech>technician*0.9 tech>technician*0.9");
}

static void an_empty_file_has_none(void **state)
{
    rows_are("", "");
    rows_are("# nothing yet\n", "");
    rows_are("[]\n", "");
}

static void mistakes_have_a_place_and_a_remedy(void **state)
{
    rows_are("- word: [a, b]\n", "synonyms.yaml:1:3: unknown key `word`; did you mean `words`?");
    rows_are(
        "\n- words: [a]\n",
        "synonyms.yaml:2:10: `words` must be a list of two words or more, such as [salary, pay]");
    rows_are(
        "- words: a\n",
        "synonyms.yaml:1:10: `words` must be a list of two words or more, such as [salary, pay]");
    rows_are("- words: [a, [b]]\n",
             "synonyms.yaml:1:14: `words` must hold words; quote what YAML reads otherwise");
    rows_are("- words: [a, ' ']\n",
             "synonyms.yaml:1:14: `words` must hold words; quote what YAML reads otherwise");
    rows_are("- from: [a]\n",
             "synonyms.yaml:1:3: a group has either `words`, or both `from` and `to`");
    rows_are("- words: [a, b]\n  to: [c]\n",
             "synonyms.yaml:1:3: a group has either `words`, or both `from` and `to`");
    rows_are("- from: []\n  to: [a]\n",
             "synonyms.yaml:1:9: `from` must be a list of words, such as [salary, pay]");
    rows_are("pay: wage\n", "synonyms.yaml:1:1: synonyms are a list of groups: begin each with \"- "
                            "words:\" or \"- from:\"");
    rows_are(
        "- pay\n",
        "synonyms.yaml:1:3: a group is written `words: [...]`, or `from: [...]` and `to: [...]`");
    static const char *const weight[] = {"0", "1",  "1.0", "-1",  "2",
                                         "x", "''", "nan", "[1]", "0.5x"};
    for (size_t i = 0; i < sizeof weight / sizeof *weight; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "- words: [a, b]\n  weight: %s\n", weight[i]);
        rows_are(yaml, "synonyms.yaml:2:11: `weight` must be a number above 0 and below 1, so that "
                       "the word itself "
                       "counts more");
    }
}

static void too_many_words_are_refused(void **state)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendall(s, "- words: [w0");
    for (int i = 1; i < 65; i++)
        sqlite3_str_appendf(s, ", w%d", i);
    sqlite3_str_appendall(s, "]\n");
    char *yaml = sqlite3_str_finish(s);
    rows_are(yaml, "synonyms.yaml:1:10: `words` has 65 words; more than 64 hardly mean the same, "
                   "so split the group");
    sqlite3_free(yaml);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    sqlite3 *db = NULL;
    struct kb_report report = {0};
    struct kb_sources src = {.root = folder(""), .synonyms = "none.yaml"};
    assert_int_equal(schema_open(NULL, true, &db), 0);
    assert_int_equal(synonyms_index(db, &src, &report), KB_ERR_INPUT);
    assert_string_equal(report.problem[0].file, "none.yaml");
    kb_report_release(&report);
    src.synonyms = ".";
    assert_int_equal(synonyms_index(db, &src, &report), KB_ERR_INPUT);
    kb_report_release(&report);
    sqlite3_close(db);
}

static void nothing_is_written_when_nothing_changed(void **state)
{
    sqlite3 *db = NULL;
    struct kb_report report = {0};
    struct kb_sources src = {.root = folder(""), .synonyms = "synonyms.yaml"};
    folder_write("synonyms.yaml", "- words: [pay, wage]\n");
    assert_int_equal(schema_open(NULL, true, &db), 0);
    assert_int_equal(synonyms_index(db, &src, &report), 0);
    long long before = sqlite3_total_changes64(db);
    assert_int_equal(synonyms_index(db, &src, &report), 0);
    assert_int_equal(sqlite3_total_changes64(db), before);
    src.synonyms = NULL;
    assert_int_equal(synonyms_index(db, &src, &report), 0);
    assert_true(sqlite3_total_changes64(db) > before);
    before = sqlite3_total_changes64(db);
    assert_int_equal(synonyms_index(db, &src, &report), 0);
    assert_int_equal(sqlite3_total_changes64(db), before);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_group_becomes_its_pairs),
        folder_test(one_way_stays_one_way),
        folder_test(an_empty_file_has_none),
        folder_test(mistakes_have_a_place_and_a_remedy),
        folder_test(too_many_words_are_refused),
        folder_test(a_file_that_cannot_be_read_is_an_error),
        folder_test(nothing_is_written_when_nothing_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
