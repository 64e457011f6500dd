/* test_report.c: problems for people. */
#include "source.h"

static void test_problems_are_one_line_of_utf_8(void **state)
{
    struct kb_report report = {0};
    report_add(&report, true, "a\nb\xFF.md", 1, 1, "'%.2s' %s", "a\xC3\xA9", "x\ny\x01");
    assert_string_equal(report.problem[0].file, "a b?.md");
    assert_string_equal(report.problem[0].message, "'a?' x y?");
    kb_report_release(&report);
}

static void test_a_report_can_be_released_twice(void **state)
{
    struct kb_report report = {0};
    kb_report_release(&report);
    report_add(&report, false, "a", 0, 0, "b");
    assert_int_equal(report.warnings, 1);
    assert_int_equal(report.errors, 0);
    kb_report_release(&report);
    assert_int_equal(report.nproblem, 0);
    kb_report_release(&report);
    kb_report_release(NULL);
}

static void test_the_last_problem_counts_the_rest(void **state)
{
    struct kb_report report = {0};
    for (size_t i = 1; i <= KB_MAX_PROBLEMS + 1; i++)
        report_add(&report, false, "a.md", i, 1, "problem %zu", i);
    assert_int_equal(report.nproblem, KB_MAX_PROBLEMS + 1);
    const struct kb_problem *last = &report.problem[KB_MAX_PROBLEMS];
    assert_non_null(strstr(last->message, "1 more problem from here on"));
    assert_false(last->error);
    report_add(&report, true, "b.md", 1, 1, "an error");
    last = &report.problem[KB_MAX_PROBLEMS];
    assert_non_null(strstr(last->message, "2 more problems"));
    assert_true(last->error);
    kb_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems_are_one_line_of_utf_8),
        cmocka_unit_test(test_a_report_can_be_released_twice),
        cmocka_unit_test(test_the_last_problem_counts_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
