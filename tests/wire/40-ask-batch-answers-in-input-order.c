/* One object per line in, one object per line out, in the same order, whatever stands between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
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
    const char *guide = folder_file(folder, "welding.md", GUIDE_WELDING);
    command_run(&r, NULL, "index", "--kb", db, guide, NULL);
    int code = r.code;
    command_release(&r);
    return code;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void batch(const char *input)
{
    command_run(&r, input, "ask", "--kb", db, "--batch", NULL);
}

/* Line `i` of the output as an object. */
static cJSON *line(size_t i)
{
    const char *s = r.out;
    while (i-- && s)
        s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL;
    assert_non_null(s);
    cJSON *j = cJSON_ParseWithOpts(s, NULL, 0);
    assert_non_null(j);
    return j;
}

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    assert_non_null(s);
    return s;
}

static void hundreds_of_lines_come_back_in_order(void **state)
{
    static char input[40000];
    char *p = input, id[40];
    for (int i = 0; i < 300; i++)
        p += sprintf(p, "{\"id\":\"q%d\",\"turns\":[\"%s\"]}\n", i,
                     i % 3 ? "where do welders work" : "chocolate pancakes");
    batch(input);
    assert_int_equal(r.code, 0);
    const char *s = r.out;
    for (int i = 0; i < 300; i++) {
        sprintf(id, "{\"id\":\"q%d\",", i);
        assert_memory_equal(s, id, strlen(id));
        s = strchr(s, '\n') + 1;
    }
    assert_int_equal(*s, '\0');
    command_release(&r);
}

static void every_line_has_all_keys_of_the_contract(void **state)
{
    static const char *const keys[] = {"id",      "kind",    "confidence",  "band",      "text",
                                       "answers", "choices", "suggestions", "corrected", "us"};
    batch("{\"id\":\"a\",\"turns\":[\"how much do welders "
          "earn\"]}\n{\"id\":\"b\",\"turns\":[\"hello\"]}");
    assert_int_equal(r.code, 0);
    for (size_t i = 0; i < 2; i++) {
        cJSON *j = line(i);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            assert_non_null(cJSON_GetObjectItemCaseSensitive(j, keys[k]));
        assert_string_equal(text_of(j, "kind"), i ? "chitchat" : "answer");
        cJSON_Delete(j);
    }
    command_release(&r);
}

static void a_bad_line_is_named_and_the_rest_goes_on(void **state)
{
    batch("{\"id\":\"a\",\"turns\":[\"where do welders work\"]}\n"
          "not json\n"
          "{\"turns\":[\"no id\"]}\n"
          "{\"id\":\"c\",\"turns\":[]}\n"
          "{\"id\":\"d\",\"turns\":[1]}\n"
          "\n"
          "{\"id\":\"e\",\"turns\":[\"where do welders work\"]}\n");
    assert_int_equal(r.code, 1);
    cJSON *first = line(0), *second = line(1);
    assert_string_equal(text_of(first, "id"), "a");
    assert_string_equal(text_of(second, "id"), "e");
    assert_non_null(strstr(r.err, "line 2:"));
    assert_non_null(strstr(r.err, "line 3:"));
    assert_non_null(strstr(r.err, "line 4:"));
    assert_non_null(strstr(r.err, "line 5:"));
    assert_null(strstr(r.err, "line 6:"));
    cJSON_Delete(first);
    cJSON_Delete(second);
    command_release(&r);
}

static void a_byte_order_mark_and_line_ends_of_windows_are_fine(void **state)
{
    batch("\xEF\xBB\xBF{\"id\":\"a\",\"turns\":[\"where do welders work\"]}\r\n"
          "{\"id\":\"b\",\"turns\":[\"where do welders work\"]}\r\n");
    assert_int_equal(r.code, 0);
    cJSON *j = line(1);
    assert_string_equal(text_of(j, "id"), "b");
    cJSON_Delete(j);
    command_release(&r);
}

static void a_number_means_what_the_reply_before_it_offered(void **state)
{
    batch("{\"id\":\"a\",\"turns\":[\"how much do welders earn\"]}\n");
    cJSON *j = line(0);
    const cJSON *offer = cJSON_GetObjectItemCaseSensitive(j, "choices");
    if (!cJSON_GetArraySize(offer))
        offer = cJSON_GetObjectItemCaseSensitive(j, "suggestions");
    assert_true(cJSON_GetArraySize(offer) >= 1);
    char *first = strdup(cJSON_GetArrayItem(offer, 0)->valuestring), input[1000];
    cJSON_Delete(j);
    command_release(&r);
    snprintf(input, sizeof input,
             "{\"id\":\"n\",\"turns\":[\"how much do welders earn\",\"1\"]}\n"
             "{\"id\":\"t\",\"turns\":[\"how much do welders earn\",\"%s\"]}\n",
             first);
    batch(input);
    cJSON *number = line(0), *typed = line(1);
    assert_string_equal(text_of(number, "text"), text_of(typed, "text"));
    assert_string_equal(text_of(number, "kind"), "answer");
    cJSON_Delete(number);
    cJSON_Delete(typed);
    free(first);
    command_release(&r);
}

static void one_line_is_no_context_for_the_next(void **state)
{
    batch("{\"id\":\"a\",\"turns\":[\"how much do welders "
          "earn\"]}\n{\"id\":\"b\",\"turns\":[\"1\"]}\n");
    cJSON *j = line(1);
    assert_string_equal(text_of(j, "kind"), "none");
    cJSON_Delete(j);
    command_release(&r);
}

static void hostile_questions_get_a_reply_each(void **state)
{
    batch("{\"id\":\"1\",\"turns\":[\"\\\"\"]}\n{\"id\":\"2\",\"turns\":[\"*\"]}\n"
          "{\"id\":\"3\",\"turns\":[\"NEAR(\"]}\n{\"id\":\"4\",\"turns\":[\"\\ud83e\\udd84\"]}\n"
          "{\"id\":\"5\",\"turns\":[\"\"]}\n{\"id\":\"6\",\"turns\":[\"title: OR AND NOT ^ "
          "-welders\"]}\n"
          "{\"id\":\"7\",\"turns\":[\"the of and\"]}\n{\"id\":\"8\",\"turns\":[\"'; DROP TABLE "
          "passages; --\"]}\n");
    assert_int_equal(r.code, 0);
    cJSON *last = line(7);
    assert_string_equal(text_of(last, "id"), "8");
    cJSON_Delete(last);
    command_release(&r);
}

static void a_question_of_a_megabyte_is_survived(void **state)
{
    size_t size = 1u << 20;
    char *input = malloc(size + 100), *p = stpcpy(input, "{\"id\":\"big\",\"turns\":[\"");
    for (size_t i = 0; i < size / 8; i++)
        p = stpcpy(p, "welders ");
    strcpy(p, "\"]}\n");
    batch(input);
    assert_int_equal(r.code, 0);
    cJSON *j = line(0);
    assert_string_equal(text_of(j, "id"), "big");
    cJSON_Delete(j);
    free(input);
    command_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_of_lines_come_back_in_order),
        cmocka_unit_test(every_line_has_all_keys_of_the_contract),
        cmocka_unit_test(a_bad_line_is_named_and_the_rest_goes_on),
        cmocka_unit_test(a_byte_order_mark_and_line_ends_of_windows_are_fine),
        cmocka_unit_test(a_number_means_what_the_reply_before_it_offered),
        cmocka_unit_test(one_line_is_no_context_for_the_next),
        cmocka_unit_test(hostile_questions_get_a_reply_each),
        cmocka_unit_test(a_question_of_a_megabyte_is_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
