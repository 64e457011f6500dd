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

/* ---- as a snapshot keeps them ---------------------------------------------------------------- */

static void assert_same_pairs(const struct synonyms *a, const struct synonyms *b, const char *token)
{
    size_t na, nb;
    const struct synonym *x = synonyms_find(a, token, &na), *y = synonyms_find(b, token, &nb);
    assert_int_equal(na, nb);
    for (size_t i = 0; i < na; i++) {
        assert_true(x[i].nfrom == y[i].nfrom && x[i].nto == y[i].nto);
        assert_true(x[i].weight == y[i].weight && x[i].order == y[i].order);
        for (size_t k = 0; k < x[i].nfrom; k++)
            assert_string_equal(x[i].from[k], y[i].from[k]);
        for (size_t k = 0; k < x[i].nto; k++)
            assert_string_equal(x[i].to[k], y[i].to[k]);
    }
}

struct kept {
    sqlite3 *db;
    struct tokenizer *t;
    struct synonyms *read;
    char *image;
    size_t len;
};

static struct kept keep(void)
{
    struct kept k = {0};
    struct kb_report report = {0};
    struct kb_sources src = {.root = folder(""), .synonyms = "synonyms.yaml"};
    folder_write("synonyms.yaml", "- words: [pay, wages, what one earns]\n"
                                  "- from: [lab tech, tech]\n  to: [technician]\n  weight: .9\n");
    assert_int_equal(schema_open(NULL, true, &k.db), 0);
    assert_int_equal(synonyms_index(k.db, &src, &report), 0);
    assert_int_equal(tokenizer_new(&k.t), 0);
    assert_int_equal(synonyms_load(k.db, k.t, "en", &k.read), 0);
    k.image = synonyms_image(k.db, k.read, &k.len);
    assert_non_null(k.image);
    return k;
}

static void kept_release(struct kept *k)
{
    free(k->image);
    synonyms_free(k->read);
    tokenizer_free(k->t);
    sqlite3_close(k->db);
}

static void what_a_snapshot_keeps_is_what_was_read(void **state)
{
    static const char *const token[] = {"pay", "wage", "what", "lab", "tech", "technician", ""};
    struct kept k = keep();
    struct synonyms *kept = synonyms_adopt(k.db, k.image, k.len);
    size_t n;
    assert_non_null(kept);
    assert_true(synonyms_find(kept, "wage", &n) && n == 2);
    for (size_t i = 0; i < sizeof token / sizeof *token; i++)
        assert_same_pairs(kept, k.read, token[i]);
    synonyms_free(kept);
    assert_int_equal(sqlite3_exec(k.db,
                                  "UPDATE meta SET value = lower(hex(randomblob(16)))"
                                  " WHERE key = 'synonyms'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_null(synonyms_adopt(k.db, k.image, k.len)); /* the owner has edited them */
    kept_release(&k);
}

/* Each byte another one, each tail cut off: taken or not, reading stays inside. */
static void damaged_bytes_lead_nowhere(void **state)
{
    struct kept k = keep();
    for (size_t len = 0; len < k.len; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, k.image, len);
        assert_null(synonyms_adopt(k.db, copy, len));
        free(copy);
    }
    for (size_t i = 0; i < k.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            k.image[i] = (char)(k.image[i] ^ 1 << bit);
            struct synonyms *s = synonyms_adopt(k.db, k.image, k.len);
            size_t n;
            synonyms_find(s, "pay", &n);
            synonyms_free(s);
            k.image[i] = (char)(k.image[i] ^ 1 << bit);
        }
    kept_release(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(what_a_snapshot_keeps_is_what_was_read),
        folder_test(damaged_bytes_lead_nowhere),
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
