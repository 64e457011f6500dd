/* guidepost check: findings by file with a remedy each, the same as an object, exit codes; and one server per data_dir. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

static char folder[256];
static struct command_result r;

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void write_base(const char *second)
{
    folder_file(folder, "guides/a.faq.yaml",
                "- id: pay\n  q: What does a welder earn?\n  a: A welder earns $48,000.\n"
                "  aka: [welder pay]\n  followups: [tools]\n"
                "- id: tools\n  q: Which tools are used?\n  a: Torches, see [gloves](#gloves).\n");
    folder_file(folder, "guides/b.faq.yaml", second);
    folder_file(folder, "questions/q.yaml", "- {q: welder pay, want: [pay, wages]}\n");
    folder_file(folder, "synonyms.yaml", "- words: [salary, wages]\n");
}

static const char *settings(void)
{
    return folder_file(folder, "guidepost.yaml",
                       "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\nsmalltalk: \"\"\n");
}

static void check(int code)
{
    command_run(&r, NULL, "check", "-c", settings(), NULL);
    if (r.code != code)
        fail_msg("exit %d: %s%s", r.code, r.err, r.out);
}

static void says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void warnings_are_grouped_by_file_with_a_remedy_and_are_no_failure(void **state)
{
    write_base("- id: course\n  q: When is the course?\n  a: In May.\n  aka: [welder pay]\n");
    check(0);
    says(r.err, "/guides/a.faq.yaml:6:1: warning: the link to \"#gloves\" leads nowhere");
    says(r.err, "/guides/b.faq.yaml:1:1: warning: asks \"welder pay\", as pay does (");
    says(r.err, "\n    keep the wording in the entry that should answer it");
    says(r.err, "/questions/q.yaml:1:1: warning: want: there is no entry or passage \"wages\"");
    says(r.err, "/synonyms.yaml:1:1: warning: no guide has the words that this leads to");
    assert_true(strstr(r.err, "/a.faq.yaml") < strstr(r.err, "/b.faq.yaml"));
    says(r.out, "0 errors, 4 warnings");
    command_release(&r);
}

static void the_object_has_kind_place_and_remedy(void **state)
{
    write_base("- id: course\n  q: When is the course?\n  a: In May.\n  aka: [welder pay]\n");
    command_run(&r, NULL, "check", "--json", "-c", settings(), NULL);
    assert_int_equal(r.code, 0);
    cJSON *j = cJSON_Parse(r.out);
    const cJSON *p, *list = cJSON_GetObjectItem(j, "problems");
    size_t found = 0;
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "ok")));
    cJSON_ArrayForEach(p, list)
    {
        const char *kind = cJSON_GetStringValue(cJSON_GetObjectItem(p, "kind"));
        if (kind && !strcmp(kind, "same")) {
            assert_int_equal(cJSON_GetObjectItem(p, "line")->valueint, 1);
            assert_true(*cJSON_GetStringValue(cJSON_GetObjectItem(p, "remedy")) != '\0');
            found++;
        }
    }
    assert_int_equal(found, 1);
    cJSON_Delete(j);
    command_release(&r);
}

static void an_error_is_1_and_sound_content_is_silent(void **state)
{
    write_base("- id: course\n  q: When is the course?\n");
    check(1);
    says(r.err, "b.faq.yaml:1:3: error: this entry has no answer");
    command_release(&r);
    write_base(
        "- id: course\n  q: When is the course?\n  a: In May, for good wages and a salary.\n");
    folder_file(folder, "guides/a.faq.yaml",
                "- id: pay\n  q: What does a welder earn?\n  a: A welder earns $48,000.\n");
    folder_file(folder, "questions/q.yaml", "- {q: welder pay, want: pay}\n");
    check(0);
    assert_string_equal(r.err, "");
    command_release(&r);
}

static void a_misspelt_variable_is_named_with_what_was_meant(void **state)
{
    write_base("- id: course\n  q: When is the course?\n  a: In May.\n");
    setenv("GUIDEPOST_LOG_LEVL", "debug", 1);
    check(0);
    unsetenv("GUIDEPOST_LOG_LEVL");
    says(r.err, "GUIDEPOST_LOG_LEVL: warning: this variable is no setting and changes nothing; did "
                "you mean GUIDEPOST_LOG_LEVEL?");
    command_release(&r);
}

static void a_second_server_on_one_data_dir_is_refused_and_says_why(void **state)
{
    struct wire *w = wire_start(NULL);
    char config[400];
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    command_run(&r, NULL, "serve", "-c", config, "--listen", "127.0.0.1:0", "--admin-listen",
                "127.0.0.1:0", NULL);
    assert_int_equal(r.code, 1);
    says(r.err, "another server uses this data_dir");
    char pid[32];
    snprintf(pid, sizeof pid, "pid=%ld", (long)w->pid);
    says(r.err, pid);
    command_release(&r);
    command_run(&r, NULL, "check", "-c", config, NULL);
    says(r.err, "a server uses this data_dir now");
    command_release(&r);
    wire_stop(w);
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        test(warnings_are_grouped_by_file_with_a_remedy_and_are_no_failure),
        test(the_object_has_kind_place_and_remedy),
        test(an_error_is_1_and_sound_content_is_silent),
        test(a_misspelt_variable_is_named_with_what_was_meant),
        test(a_second_server_on_one_data_dir_is_refused_and_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
