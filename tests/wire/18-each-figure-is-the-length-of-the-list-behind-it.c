/* What the console counts: every number of every figure leads to a list that is as long as the number says, whoever looks from
 * whatever time zone; tables to take away have the same numbers and run nothing in a spreadsheet; and all of it is
 * for the staff alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/staff.h"

static struct wire *w;
static struct person vera;

static int ask(const char *question)
{
    struct answer a;
    assert_true(
        client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", question, &a));
    assert_int_equal(a.status, 200);
    cJSON *j = cJSON_Parse(a.body);
    int id = atoi(cJSON_GetStringValue(cJSON_GetObjectItem(j, "answer_id")));
    cJSON_Delete(j);
    answer_release(&a);
    return id;
}

static double number(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(j, name);
    assert_true(cJSON_IsNumber(n));
    return n->valuedouble;
}

/* `name` once it counts that many questions. */
static cJSON *counted(const char *name, int asked)
{
    uint64_t until = client_now_ms() + 30000;
    for (;;) {
        cJSON *j = staff_get(w, &vera, name);
        const cJSON *n = cJSON_GetObjectItem(j, "asked");
        if (n && n->valueint == asked)
            return j;
        cJSON_Delete(j);
        assert_true(client_now_ms() < until);
        usleep(100000);
    }
}

#define FOREIGN 7
#define KNOWN   4

static int setup(void **state)
{
    static const char *const foreign[] = {"=HYPERLINK(\"http://evil.example\") zygomorphs",
                                          "what is a quasar weight",
                                          "quasar weights?",
                                          "do quasars weigh much",
                                          "zygomorph color",
                                          "which color has a zygomorph",
                                          "zygomorph colour"};
    w = wire_start(NULL);
    staff_user(w, "add", "viewer", "vera");
    staff_user(w, "add", "agent", "anna");
    vera = staff_login(w, "vera");
    for (int i = 0; i < FOREIGN; i++)
        ask(foreign[i]);
    for (int i = 0; i < KNOWN; i++)
        ask("how much does a lighthouse keeper earn");
    ask("hello");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

/* How many questions that filter selects, by what the list says and by walking through it. */
static int listed(const char *filter)
{
    char name[300];
    snprintf(name, sizeof name, "questions?%s", filter);
    cJSON *j = staff_get(w, &vera, name);
    int total = (int)number(j, "total");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "questions")),
                     total < 50 ? total : 50);
    cJSON_Delete(j);
    return total;
}

static void check_day(const cJSON *day, int tz)
{
    static const char *const ends[] = {"entry", "extract", "choices", "none", "person"};
    const char *date = cJSON_GetStringValue(cJSON_GetObjectItem(day, "day"));
    char filter[200];
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        snprintf(filter, sizeof filter, "tz=%d&day=%s&end=%s", tz, date, ends[e]);
        assert_int_equal(listed(filter), (int)number(day, ends[e]));
    }
    snprintf(filter, sizeof filter, "tz=%d&day=%s", tz, date);
    assert_int_equal(listed(filter), (int)number(day, "asked"));
}

static void test_numbers_of_all_charts_are_lengths_of_lists(void **state)
{
    static const int zones[] = {0, 840, -720};
    for (size_t z = 0; z < 3; z++) {
        char name[100], filter[200];
        const cJSON *it, *cell;
        snprintf(name, sizeof name, "insight?tz=%d", zones[z]);
        cJSON *j = counted(name, FOREIGN + KNOWN);
        int days = 0, hours = 0, n;
        cJSON_ArrayForEach(it, cJSON_GetObjectItem(j, "days"))
        {
            days += (int)number(it, "asked");
            if (number(it, "asked") > 0)
                check_day(it, zones[z]);
        }
        assert_int_equal(days, FOREIGN + KNOWN);
        int weekday = 0;
        cJSON_ArrayForEach(it, cJSON_GetObjectItem(j, "heat"))
        {
            int hour = 0;
            cJSON_ArrayForEach(cell, it)
            {
                hours += cell->valueint;
                snprintf(filter, sizeof filter, "tz=%d&weekday=%d&hour=%d", zones[z], weekday,
                         hour);
                if (cell->valueint)
                    assert_int_equal(listed(filter), cell->valueint);
                hour++;
            }
            weekday++;
        }
        assert_int_equal(hours, FOREIGN + KNOWN);
        n = 0;
        cJSON_ArrayForEach(it, cJSON_GetObjectItem(j, "bins"))
        {
            snprintf(filter, sizeof filter, "tz=%d&bin=%d", zones[z], n++);
            assert_int_equal(listed(filter), (int)number(it, "asked"));
        }
        cJSON_ArrayForEach(it, cJSON_GetObjectItem(j, "pages"))
        {
            snprintf(filter, sizeof filter, "document=%s",
                     cJSON_GetStringValue(cJSON_GetObjectItem(it, "document")));
            assert_int_equal(listed(filter), (int)number(it, "quoted"));
        }
        assert_int_equal(listed("end=answered"), (int)number(j, "answered"));
        assert_int_equal(listed("end=nobody"), (int)(number(j, "asked") - number(j, "answered")));
        assert_int_equal(listed("vote=any"), (int)number(j, "rated"));
        cJSON_Delete(j);
    }
}

static void test_a_vote_and_a_wish_move_the_figures(void **state)
{
    struct client *c = wire_chat(w);
    assert_true(wire_chat_ask(c, "q"));
    assert_true(wire_chat_answer(c, "q", 8000) >= 0);
    client_text(c, "{\"t\":\"feedback\",\"cid\":\"f\",\"re\":2,\"v\":-1}");
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"live\"}");
    uint64_t until = client_now_ms() + 30000;
    while (listed("vote=down&wanted=1") != 1) {
        assert_true(client_now_ms() < until);
        usleep(100000);
    }
    assert_int_equal(listed("end=person"), 1);
    assert_int_equal(listed("came=1"), 0);
    cJSON *j = staff_get(w, &vera, "insight");
    assert_int_equal((int)number(j, "wanted"), 1);
    assert_int_equal((int)number(j, "rated"), 1);
    assert_int_equal((int)number(j, "helpful"), 0);
    cJSON_Delete(j);
    client_close(c);
}

static char *csv(const char *chart)
{
    char path[100];
    struct answer a;
    snprintf(path, sizeof path, "/staff/api/insight-csv?chart=%s", chart);
    assert_int_equal(staff_call(w, "GET", path, staff_page(w, &vera), NULL, &a), 200);
    assert_non_null(strstr(answer_header(&a, "content-type"), "text/csv"));
    assert_non_null(strstr(answer_header(&a, "content-disposition"), "attachment"));
    char *text = strdup(a.body);
    answer_release(&a);
    return text;
}

static void test_tables_have_the_numbers_and_run_nothing(void **state)
{
    static const char *const charts[] = {"days",   "speed", "calibration", "hours",
                                         "funnel", "pages", "clusters"};
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        char *text = csv(charts[i]);
        assert_non_null(strstr(text, "\r\n"));
        for (const char *line = text; line && *line;
             line = strstr(line, "\r\n") ? strstr(line, "\r\n") + 2 : NULL)
            assert_true(!strchr("=+-@", *line) && strncmp(line, "\"=", 2) != 0);
        free(text);
    }
    char *text = csv("funnel"), wanted[40];
    cJSON *j = staff_get(w, &vera, "insight");
    snprintf(wanted, sizeof wanted, "asked,%d\r\n", (int)number(j, "asked"));
    assert_non_null(strstr(text, wanted));
    cJSON_Delete(j);
    free(text);
    text = csv("clusters");
    assert_non_null(strstr(text, "HYPERLINK"));
    free(text);
}

static void test_what_does_not_exist_is_refused_in_words(void **state)
{
    static const char *const wrong[] = {"questions?end=nonsense",     "questions?hour=24",
                                        "questions?day=2026-13-01",   "questions?day=yesterday",
                                        "insight?tz=100000",          "insight?days=0",
                                        "insight-csv?chart=nonsense", "insight-csv",
                                        "questions?bin=10",           "questions?vote=7"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char path[100];
        struct answer a;
        snprintf(path, sizeof path, "/staff/api/%s", wrong[i]);
        if (staff_call(w, "GET", path, staff_page(w, &vera), NULL, &a) != 422)
            fail_msg("%s: %d", wrong[i], a.status);
        answer_release(&a);
    }
    assert_int_equal(listed("document=nothing"), 0);
    assert_int_equal(listed("channel=nothing"), 0);
    assert_int_equal(listed("cluster=999999"), 0);
}

static void test_nobody_without_a_session_sees_any_of_it(void **state)
{
    static const char *const names[] = {"insight",  "questions",    "insight-csv?chart=days",
                                        "clusters", "cluster?id=1", "similar?id=1",
                                        "knowledge"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[100];
        snprintf(path, sizeof path, "/staff/api/%s", names[i]);
        assert_int_equal(staff_call(w, "GET", path, staff_page(w, NULL), NULL, NULL), 401);
    }
    assert_int_equal(staff_post(w, &vera, "merge", "{\"id\":1,\"into\":2}"), 403);
    assert_int_equal(staff_post(w, &vera, "unmerge", "{\"id\":1}"), 403);
}

static void test_who_took_a_table_away_is_on_record(void **state)
{
    struct answer a;
    free(csv("days"));
    staff_user(w, "add", "admin", "adam");
    struct person adam = staff_login(w, "adam");
    assert_int_equal(staff_call(w, "GET", "/staff/api/audit", staff_page(w, &adam), NULL, &a), 200);
    assert_non_null(strstr(a.body, "insight.export"));
    answer_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_all_charts_are_lengths_of_lists),
        cmocka_unit_test(test_a_vote_and_a_wish_move_the_figures),
        cmocka_unit_test(test_tables_have_the_numbers_and_run_nothing),
        cmocka_unit_test(test_what_does_not_exist_is_refused_in_words),
        cmocka_unit_test(test_nobody_without_a_session_sees_any_of_it),
        cmocka_unit_test(test_who_took_a_table_away_is_on_record),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
