/* test_config.c: settings by rows. */
#include "files.h"

#include <errno.h>

#include "bot/config.h"

static const char *check_word(const char *text)
{
    return strchr(text, ' ') ? "is not one word" : NULL;
}

static const struct setting rows[] = {
    {.name = "test.number",
     .type = SETTING_INT,
     .value = "7",
     .min = 1,
     .max = 100,
     .help = "A number."},
    {.name = "test.flag", .type = SETTING_BOOL, .value = "off", .help = "A flag."},
    {.name = "test.list", .type = SETTING_LIST, .value = "[]", .help = "A list."},
    {.name = "test.word",
     .type = SETTING_TEXT,
     .value = "one",
     .check = check_word,
     .help = "A word."},
    {.name = "test.words",
     .type = SETTING_LIST,
     .value = "[]",
     .check = check_word,
     .help = "Words."},
    {.name = NULL},
};

static struct config *config;
static struct kb_report report;

static int setup(void **state)
{
    config_register(rows);
    return files_setup(state);
}

static int teardown(void **state)
{
    config_free(config);
    config = NULL;
    kb_report_release(&report);
    return files_teardown(state);
}

static int read_text(const char *text)
{
    config_free(config);
    config = NULL;
    kb_report_release(&report);
    return config_read(file_with("guidepost.yaml", text), &config, &report);
}

static void an_empty_file_gives_the_defaults(void **state)
{
    size_t n = 9;
    assert_int_equal(read_text(""), 0);
    assert_string_equal(config_text(config, "listen"), "127.0.0.1:8080");
    assert_int_equal(config_int(config, "test.number"), 7);
    assert_false(config_bool(config, "test.flag"));
    assert_non_null(config_list(config, "test.list", &n));
    assert_int_equal(n, 0);
}

static void values_of_every_type_are_read(void **state)
{
    assert_int_equal(
        read_text("listen: '[::1]:0'\nlog: {level: debug}\ntest:\n  number: 12\n  flag: yes\n"
                  "  list: [a, 'b c']\ncontent:\n- one\n- /two\n"),
        0);
    size_t n;
    assert_string_equal(config_text(config, "listen"), "[::1]:0");
    assert_string_equal(config_text(config, "log.level"), "debug");
    assert_int_equal(config_int(config, "test.number"), 12);
    assert_true(config_bool(config, "test.flag"));
    assert_string_equal(config_list(config, "test.list", &n)[1], "b c");
    assert_int_equal(n, 2);
}

static void relative_paths_start_at_the_file(void **state)
{
    char want[128];
    size_t n;
    assert_int_equal(read_text("data_dir: state\ncontent: [guides, /abs]\n"), 0);
    snprintf(want, sizeof want, "%s/state", folder);
    assert_string_equal(config_text(config, "data_dir"), want);
    const char *const *content = config_list(config, "content", &n);
    snprintf(want, sizeof want, "%s/guides", folder);
    assert_string_equal(content[0], want);
    assert_string_equal(content[1], "/abs");
}

static void an_optional_file_that_is_absent_is_none_unless_it_was_named(void **state)
{
    assert_int_equal(read_text(""), 0);
    assert_string_equal(config_text(config, "synonyms"), "");
    file_with("synonyms.yaml", "");
    assert_int_equal(read_text(""), 0);
    assert_string_not_equal(config_text(config, "synonyms"), "");
    assert_int_equal(read_text("smalltalk: talk.yaml\n"), 0);
    assert_string_not_equal(config_text(config, "smalltalk"), "");
}

static void a_misspelt_key_is_an_error_with_its_place_and_a_guess(void **state)
{
    assert_int_equal(read_text("data_dir: x\nlisen: 127.0.0.1:1\n"), -EINVAL);
    assert_problem(&report, 2, 1, "did you mean \"listen\"");
    assert_int_equal(read_text("test:\n  nunber: 3\n"), -EINVAL);
    assert_problem(&report, 2, 3, "did you mean \"test.number\"");
    assert_int_equal(read_text("zebra: 1\n"), -EINVAL);
    assert_problem(&report, 1, 1, "guidepost help settings");
}

static void wrong_types_and_ranges_are_errors_at_the_value(void **state)
{
    const struct {
        const char *text, *says;
        size_t line, column;
    } bad[] = {
        {"test: {number: many}\n", "not a whole number", 1, 16},
        {"test: {number: 101}\n", "out of range", 1, 16},
        {"test: {number: 0x10}\n", "not a whole number", 1, 16},
        {"test: {flag: maybe}\n", "neither true nor false", 1, 14},
        {"test: {list: {a: 1}}\n", "expects a list", 1, 14},
        {"test: {list: [a, [b]]}\n", "expects a text", 1, 18},
        {"listen: nowhere\n", "HOST:PORT", 1, 9},
        {"listen: 127.0.0.1:65536\n", "HOST:PORT", 1, 9},
        {"listen: [a, b]\n", "expects one value", 1, 9},
        {"log: {level: loud}\n", "error warn info debug", 1, 14},
        {"test: 7\n", "settings below it", 1, 7},
        {"- a\n", "expects settings", 1, 1},
        {"test: {word: two words}\n", "\"two words\" is not one word", 1, 14},
        {"test: {words: [one, two words]}\n", "\"two words\" is not one word", 1, 21},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i].text), -EINVAL);
        assert_problem(&report, bad[i].line, bad[i].column, bad[i].says);
    }
}

static void every_error_of_a_file_is_reported_at_once(void **state)
{
    assert_int_equal(read_text("listen: x\nlog: {level: y}\nfoo: 1\n"), -EINVAL);
    assert_int_equal(report.nproblem, 3);
}

static void broken_yaml_and_a_missing_file_are_told_apart(void **state)
{
    assert_int_equal(read_text("a: [1\n"), -EINVAL);
    assert_int_equal(report.nproblem, 1);
    kb_report_release(&report);
    assert_int_equal(config_read("/nonexistent/guidepost.yaml", &config, &report), -ENOENT);
    assert_int_equal(report.nproblem, 1);
}

static void settings_are_the_same_whatever_their_type(void **state)
{
    struct config *other;
    assert_int_equal(read_text("test: {number: 9, list: [a, b]}\n"), 0);
    other = config;
    config = NULL;
    assert_int_equal(read_text("test: {number: 8, list: [a, c], flag: no}\n"), 0);
    assert_true(config_same(config, other, "listen"));
    assert_false(config_same(config, other, "test.number"));
    assert_false(config_same(config, other, "test.list"));
    assert_true(config_same(config, other, "test.words"));
    config_free(other);
}

static void the_environment_beats_the_file(void **state)
{
    setenv("GUIDEPOST_LISTEN", "0.0.0.0:99", 1);
    setenv("GUIDEPOST_TEST_LIST", "a,b", 1);
    setenv("GUIDEPOST_TEST_NUMBER", "9", 1);
    int err = read_text("listen: 127.0.0.1:1\n");
    setenv("GUIDEPOST_TEST_NUMBER", "x", 1);
    struct config *bad = NULL;
    struct kb_report problems = {0};
    int wrong = config_read(file_with("guidepost.yaml", ""), &bad, &problems);
    unsetenv("GUIDEPOST_LISTEN");
    unsetenv("GUIDEPOST_TEST_LIST");
    unsetenv("GUIDEPOST_TEST_NUMBER");
    assert_int_equal(err, 0);
    assert_string_equal(config_text(config, "listen"), "0.0.0.0:99");
    assert_string_equal(config_list(config, "test.list", NULL)[1], "b");
    assert_int_equal(config_int(config, "test.number"), 9);
    assert_int_equal(wrong, -EINVAL);
    assert_string_equal(problems.problem[0].file, "GUIDEPOST_TEST_NUMBER");
    kb_report_release(&problems);
}

static void the_command_line_beats_both_and_survives_a_reload(void **state)
{
    struct config *again = NULL;
    assert_int_equal(read_text("listen: 127.0.0.1:1\ntest: {number: 2}\n"), 0);
    assert_int_equal(config_set(config, "listen", "127.0.0.1:2"), 0);
    assert_int_equal(config_set(config, "listen", "nowhere"), -EINVAL);
    assert_int_equal(config_set(config, "no.such", "1"), -EINVAL);
    assert_string_equal(config_text(config, "listen"), "127.0.0.1:2");
    file_with("guidepost.yaml", "test: {number: 3}\n");
    assert_int_equal(config_reread(config, &again, &report), 0);
    assert_string_equal(config_text(again, "listen"), "127.0.0.1:2");
    assert_int_equal(config_int(again, "test.number"), 3);
    config_free(again);
}

static void every_row_has_a_name_a_valid_default_and_help(void *ctx, const struct setting *row)
{
    (void)ctx;
    assert_non_null(row->name);
    assert_non_null(row->value);
    assert_non_null(row->help);
}

static void the_shared_rows_are_complete(void **state)
{
    config_each(every_row_has_a_name_a_valid_default_and_help, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_gives_the_defaults),
        TEST(values_of_every_type_are_read),
        TEST(relative_paths_start_at_the_file),
        TEST(an_optional_file_that_is_absent_is_none_unless_it_was_named),
        TEST(a_misspelt_key_is_an_error_with_its_place_and_a_guess),
        TEST(wrong_types_and_ranges_are_errors_at_the_value),
        TEST(every_error_of_a_file_is_reported_at_once),
        TEST(broken_yaml_and_a_missing_file_are_told_apart),
        TEST(settings_are_the_same_whatever_their_type),
        TEST(the_environment_beats_the_file),
        TEST(the_command_line_beats_both_and_survives_a_reload),
        TEST(the_shared_rows_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
