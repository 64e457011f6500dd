/* The last good index keeps serving, and one run names every error with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"

static char folder[256], db[300];
static const char *config;
static struct command_result r;

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    snprintf(db, sizeof db, "%s/data/index.db", folder);
    folder_file(folder, "guides/welding.md", GUIDE_WELDING);
    folder_file(folder, "guides/baking.faq.yaml", FAQ_BAKING);
    config =
        folder_file(folder, "guidepost.yaml", "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\n");
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void run(int want, const char *what, const char *more)
{
    command_run(&r, NULL, what, "-c", config, more, NULL);
    if (r.code != want)
        fail_msg("%s: exit %d: %s", what, r.code, r.err);
}

static void a_broken_faq_is_rejected_and_the_index_answers_as_before(void **state)
{
    run(0, "index", NULL);
    command_release(&r);
    folder_file(folder, "guides/baking.faq.yaml", "- id: oven-heat\n  q: How hot?\n  anser: x\n");
    folder_file(folder, "guides/second.faq.yaml", "- id: [\n");
    run(1, "index", NULL);
    assert_non_null(strstr(r.err, "baking.faq.yaml:3:3: error: "));
    assert_non_null(strstr(r.err, "second.faq.yaml:"));
    command_release(&r);
    run(0, "ask", "How hot must the oven be for bread?");
    assert_non_null(strstr(r.out, "230 degrees"));
    command_release(&r);
    folder_file(folder, "guides/second.faq.yaml", "");
}

static void a_missing_index_is_built_by_the_first_question(void **state)
{
    run(0, "ask", "where do welders work");
    assert_non_null(strstr(r.err, "building it"));
    assert_non_null(strstr(r.out, "shipyards"));
    command_release(&r);
    run(0, "ask", "where do welders work");
    assert_null(strstr(r.err, "building it"));
    command_release(&r);
}

static void a_damaged_index_is_rebuilt(void **state)
{
    run(0, "index", NULL);
    command_release(&r);
    folder_file(folder, "data/index.db", "no database at all");
    run(0, "ask", "where do welders work");
    assert_non_null(strstr(r.out, "shipyards"));
    command_release(&r);
    folder_file(folder, "data/index.db", "no database at all");
    run(0, "index", NULL);
    assert_non_null(strstr(r.out, "built anew"));
    command_release(&r);
}

static void the_report_is_an_object_too(void **state)
{
    run(0, "index", "--json");
    assert_non_null(strstr(r.out, "\"ok\":true"));
    assert_non_null(strstr(r.out, "\"added\":2"));
    command_release(&r);
    folder_file(folder, "guides/baking.faq.yaml", "- {}\n");
    run(1, "index", "--json");
    assert_non_null(strstr(r.out, "\"ok\":false"));
    assert_non_null(strstr(r.out, "\"line\":1"));
    command_release(&r);
}

static void check_reports_errors_and_touches_nothing(void **state)
{
    run(0, "check", NULL);
    command_release(&r);
    assert_int_not_equal(access(db, F_OK), 0);
    folder_file(folder, "guides/baking.faq.yaml", "- {}\n");
    folder_file(folder, "smalltalk.yaml", "- {id: x}\n");
    folder_file(folder, "questions/q.yaml", "- {q: x, wnt: y}\n");
    run(1, "check", NULL);
    assert_non_null(strstr(r.err, "baking.faq.yaml:1:"));
    assert_non_null(strstr(r.err, "smalltalk.yaml:1:3: error:"));
    assert_non_null(
        strstr(r.err, "questions/q.yaml:1:10: error: unknown key \"wnt\"; did you mean \"want\"?"));
    command_release(&r);
}

static void check_names_questions_that_another_entry_answers(void **state)
{
    folder_file(folder, "guides/more.faq.yaml",
                "- id: bread-oven\n  q: How hot must the oven be?\n  aka: [how hot must the oven "
                "be for bread]\n"
                "  a: Very hot.\n");
    run(0, "check", NULL);
    assert_non_null(strstr(r.err, "warning: its own question"));
    assert_non_null(strstr(r.out, "0 errors"));
    command_release(&r);
}

static void eval_tests_the_content_as_it_is_now(void **state)
{
    run(0, "index", NULL);
    command_release(&r);
    folder_file(folder, "questions/q.yaml",
                "- {q: where do welders work, want: where-do-welders-work, contains: [shipyards, "
                "[factories, mines]]}\n"
                "- {q: chocolate pancakes, kind: none}\n- {q: hello, kind: chitchat}\n");
    run(0, "eval", NULL);
    assert_non_null(strstr(r.out, "4 tests: 4 passed, 0 failed"));
    command_release(&r);
    folder_file(folder, "guides/welding.md",
                "# Welding\n\n## Where do welders work?\n\nOn the moon.\n");
    run(3, "eval", NULL);
    assert_non_null(strstr(r.out, "questions/q.yaml:1: where do welders work"));
    assert_non_null(strstr(r.out, "4 tests: 3 passed, 1 failed"));
    command_release(&r);
    run(3, "eval", "--json");
    assert_non_null(strstr(r.out, "\"failed\":1,"));
    assert_non_null(strstr(r.out, "\"failures\":[{\"outcome\":\"unlike\",\"place\":"));
    command_release(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broken_faq_is_rejected_and_the_index_answers_as_before),
        TEST(a_missing_index_is_built_by_the_first_question),
        TEST(a_damaged_index_is_rebuilt),
        TEST(the_report_is_an_object_too),
        TEST(check_reports_errors_and_touches_nothing),
        TEST(check_names_questions_that_another_entry_answers),
        TEST(eval_tests_the_content_as_it_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
