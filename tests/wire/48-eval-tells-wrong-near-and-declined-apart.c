/* guidepost eval: what came out otherwise than a test wants, how badly, where that stands, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/harness/command.h"

static char folder[256];
static struct command_result r;

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    folder_file(
        folder, "guides/a.faq.yaml",
        "- id: pay\n  q: How much does a welder earn?\n  a: A welder earns $48,000 a year.\n"
        "  tests: [how much does a welder earn, which mask protects the eyes of a welder]\n"
        "- id: mask\n  q: Which mask protects the eyes of a welder?\n  a: A dark one.\n"
        "  not_tests: [which mask protects the eyes of a welder, how much does a welder earn]\n"
        "- id: gas\n  q: Which gas does the torch burn?\n  a: Acetylene.\n");
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void says(const char *part)
{
    if (!strstr(r.out, part))
        fail_msg("\"%s\" is not in:\n%s%s", part, r.out, r.err);
}

static void eval(const char *questions, const char *option)
{
    folder_file(folder, "questions/q.yaml", questions);
    const char *config = folder_file(folder, "guidepost.yaml", "smalltalk: \"\"\nsynonyms: \"\"\n");
    command_run(&r, NULL, "eval", "-c", config, option, NULL);
}

static void each_failure_has_its_place_what_was_wanted_what_came_and_why(void **state)
{
    eval("- {q: which gas does the torch burn, want: gas}\n"
         "- {q: xylophone lessons, want: gas}\n"
         "- {q: which gas does the torch burn, want: gas, contains: [propane]}\n"
         "- {q: what is the weather, kind: none}\n",
         NULL);
    assert_int_equal(r.code, 3);
    says("wrong ");
    says("/guides/a.faq.yaml:1: which mask protects the eyes of a welder\n         want a#pay (");
    says("got  answer a#mask (");
    says("why  a#mask is ");
    says("points ahead, mostly by \"");
    says("want anything but a#mask (");
    says("declined ");
    says("/questions/q.yaml:2: xylophone lessons\n         want gas (");
    says("why  the guides do not have \"xylophone\", \"lessons\"");
    says("unlike ");
    says("want \"propane\" in the text");
    says("8 tests: 4 passed, 4 failed (2 wrong, 0 near, 1 declined, 1 unlike what was wanted)");
    command_release(&r);
}

static void the_object_counts_and_lists_them(void **state)
{
    eval("- {q: xylophone lessons, want: gas}\n", "--json");
    assert_int_equal(r.code, 3);
    cJSON *j = cJSON_Parse(r.out);
    assert_non_null(j);
    assert_int_equal(cJSON_GetObjectItem(j, "tests")->valueint, 5);
    assert_int_equal(cJSON_GetObjectItem(j, "wrong")->valueint, 2);
    assert_int_equal(cJSON_GetObjectItem(j, "declined")->valueint, 1);
    const cJSON *last = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "failures"), 2);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(last, "outcome")), "declined");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(last, "q")), "xylophone lessons");
    assert_true(*cJSON_GetStringValue(cJSON_GetObjectItem(last, "why")) != '\0');
    cJSON_Delete(j);
    command_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_failure_has_its_place_what_was_wanted_what_came_and_why, setup, teardown),
        cmocka_unit_test_setup_teardown(the_object_counts_and_lists_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
