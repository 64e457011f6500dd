/* 0 fine, 1 failure, 2 wrong usage, 3 no confident answer or a failed test, 78 bad configuration;
 * and a wrong command line says what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"

static char folder[256], db[300];
static struct command_result r;

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    snprintf(db, sizeof db, "%s/index.db", folder);
    command_run(&r, NULL, "index", "--kb", db,
                folder_file(folder, "guides/welding.md", GUIDE_WELDING),
                folder_file(folder, "guides/baking.faq.yaml", FAQ_BAKING), NULL);
    int code = r.code;
    command_release(&r);
    return code;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

/* The exit status, and a part of what standard error says. */
#define check(want_code, want_err, ...)                                                            \
    do {                                                                                           \
        command_run(&r, NULL, __VA_ARGS__, NULL);                                                  \
        if (r.code != (want_code) || !strstr(r.err, (want_err)))                                   \
            fail_msg("%s: exit %d, said: %s", #__VA_ARGS__, r.code, r.err);                        \
        command_release(&r);                                                                       \
    } while (0)

static void what_is_fine_is_0(void **state)
{
    check(0, "", "version");
    check(0, "", "--version");
    check(0, "", "help");
    check(0, "", "--help");
    check(0, "", "help", "settings");
    check(0, "", "ask", "--help");
    check(0, "", "ask", "--kb", db, "where do welders work");
    check(0, "", "ask", "--kb", db, "where", "do", "welders", "work");
    check(0, "", "ask", "--kb", db, "hello");
    check(0, "", "eval", "--kb", db);
}

static void what_fails_is_1(void **state)
{
    check(1, "index first", "ask", "--kb", "/nonexistent/index.db", "x");
    check(1, "/nonexistent/guide.md", "index", "--kb", db, "/nonexistent/guide.md");
    check(1, "", "eval", "--collection", "/nonexistent");
}

static void wrong_usage_is_2_with_a_remedy(void **state)
{
    check(2, "did you mean \"index\"", "indx");
    check(2, "did you mean --json", "ask", "--jsn");
    check(2, "--kb needs a value", "ask", "--kb");
    check(2, "no option -x", "ask", "-x");
    check(2, "takes no value", "ask", "--json=1");
    check(2, "--kb needs a PATH", "index", "--kb", db);
    check(2, "standard input", "ask", "--kb", db, "--batch", "question");
    check(2, "go with --collection", "eval", "--run", "x");
    check(2, "did you mean \"settings\"", "help", "setings");
    check(2, "", "serve", "now");
    command_run(&r, NULL, NULL);
    assert_int_equal(r.code, 2);
    command_release(&r);
}

static void no_confident_answer_is_3(void **state)
{
    check(3, "", "ask", "--kb", db, "chocolate pancakes");
    check(3, "", "ask", "--kb", db, "--json", "chocolate pancakes");
    check(3, "", "eval", "--kb", db,
          folder_file(folder, "q.yaml", "- {q: where do welders work, kind: none}\n"));
}

static void bad_settings_are_78_with_their_place(void **state)
{
    const char *bad = folder_file(folder, "bad.yaml", "data_dir: data\nlisen: 127.0.0.1:1\n");
    check(78, "bad.yaml:2:1: error: there is no setting \"lisen\"; did you mean \"listen\"?",
          "check", "-c", bad);
    check(78, "bad.yaml:2:1:", "serve", "-c", bad);
    check(78, "bad.yaml:2:1:", "index", "-c", bad);
    check(78, "bad.yaml:2:1:", "ask", "-c", bad, "x");
    check(78, "bad.yaml:2:1:", "eval", "-c", bad);
    check(78, "cannot be read", "check", "-c", "/nonexistent/guidepost.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_fine_is_0),
        cmocka_unit_test(what_fails_is_1),
        cmocka_unit_test(wrong_usage_is_2_with_a_remedy),
        cmocka_unit_test(no_confident_answer_is_3),
        cmocka_unit_test(bad_settings_are_78_with_their_place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
