/* guidepost export and guidepost erase: everything that was asked comes out, as JSON and as a table that runs nothing; what is erased
 * is in no file any more, byte by byte, beside a running server as well; both are on record without saying of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

#define SECRET "zanzibarquux" /* a word that nothing else of the files holds */

static struct wire *w;
static char config[400];

static int setup(void **state)
{
    w = wire_start(NULL);
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static void ask(const char *conversation, const char *question)
{
    char body[300];
    struct answer a;
    snprintf(body, sizeof body, "{\"q\":\"%s\",\"conversation\":\"%s\"}", question, conversation);
    assert_true(
        client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n", body, &a));
    assert_int_equal(a.status, 200);
    answer_release(&a);
}

static void run(struct command_result *r, const char *what, const char *option, const char *value)
{
    if (option)
        command_run(r, NULL, what, "-c", config, option, value, NULL);
    else
        command_run(r, NULL, what, "-c", config, value, NULL);
}

static bool is_on_disk(const char *bytes)
{
    static const char *const name[] = {"state.db", "state.db-wal"};
    bool found = false;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/data/%s", w->folder, name[i]);
        FILE *f = fopen(path, "rb");
        if (!f)
            continue;
        static char s[8 << 20];
        size_t len = fread(s, 1, sizeof s, f);
        assert_true(len < sizeof s);
        found |= memmem(s, len, bytes, strlen(bytes)) != NULL;
        fclose(f);
    }
    return found;
}

static void all_that_was_asked_comes_out(void **state)
{
    struct command_result r;
    ask("one", WIRE_QUESTION);
    ask("two", "=cmd|' /C calc'!A0");
    run(&r, "export", "--since", "2020-01-01");
    assert_int_equal(r.code, 0);
    int lines = 0;
    for (char *line = strtok(r.out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        cJSON *j = cJSON_Parse(line);
        assert_non_null(j);
        assert_true(cJSON_IsObject(cJSON_GetObjectItem(j, "reply")));
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "adapter")), "web");
        cJSON_Delete(j);
    }
    assert_int_equal(lines, 2);
    command_release(&r);
    command_run(&r, NULL, "export", "-c", config, "--csv", NULL);
    assert_non_null(strstr(r.out, "," WIRE_QUESTION ","));
    assert_non_null(strstr(r.out, "\"'=cmd|"));
    assert_null(strstr(r.out, "\"=cmd"));
    command_release(&r);
    run(&r, "export", "--containing", "LIGHTHOUSE");
    assert_non_null(strstr(r.err, "1 question\n"));
    command_release(&r);
    run(&r, "export", "--conversation", "web:two");
    assert_non_null(strstr(r.err, "1 question\n"));
    command_release(&r);
    run(&r, "export", "--since", "tomorrow");
    assert_int_equal(r.code, 2);
    command_release(&r);
}

static void what_is_erased_is_in_no_file_any_more(void **state)
{
    struct command_result r;
    for (int i = 0; i < 30; i++) {
        ask("gone-" SECRET, "what is a " SECRET " and how much does it earn");
        ask("stays", WIRE_QUESTION);
    }
    assert_true(is_on_disk(SECRET));
    run(&r, "erase", NULL, "web:gone-" SECRET);
    if (r.code)
        fail_msg("%s", r.err);
    command_release(&r);
    run(&r, "export", "--containing", SECRET);
    assert_non_null(strstr(r.err, "0 questions"));
    command_release(&r);
    assert_false(is_on_disk("what is a " SECRET));
    assert_false(is_on_disk(SECRET " and"));
    run(&r, "export", "--conversation", "web:stays");
    assert_non_null(strstr(r.err, "30 questions"));
    command_release(&r);
    command_run(&r, NULL, "audit", "export", "-c", config, NULL);
    assert_non_null(strstr(r.out, "\"action\":\"erase\""));
    assert_null(strstr(r.out, SECRET));
    command_release(&r);
    run(&r, "erase", NULL,
        "web:gone-" SECRET); /* once more, or a slip of the pen: nobody shall believe that it helped */
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.err, "nothing was kept"));
    command_release(&r);
    run(&r, "erase", NULL, "nothing");
    assert_int_equal(r.code, 2);
    command_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_asked_comes_out),
        cmocka_unit_test(what_is_erased_is_in_no_file_any_more),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
