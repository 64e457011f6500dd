/* Clusters, as staff sees them: the same question in other words and with slips is one; a ticket knows what is like it; two that somebody
 * puts together stay together through a restart, until somebody takes them apart; what was erased is in none of it; and what is wrong
 * with the content is seen without a command line. */
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

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/staff.h"

static struct wire *w;
static struct person anna;

static int ask_as(const char *conversation, const char *question)
{
    char body[400];
    struct answer a;
    snprintf(body, sizeof body, "{\"q\":\"%s\"%s%s%s}", question,
             conversation ? ",\"conversation\":\"" : "", conversation ? conversation : "",
             conversation ? "\"" : "");
    assert_true(
        client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n", body, &a));
    assert_int_equal(a.status, 200);
    cJSON *j = cJSON_Parse(a.body);
    int id = atoi(cJSON_GetStringValue(cJSON_GetObjectItem(j, "answer_id")));
    cJSON_Delete(j);
    answer_release(&a);
    return id;
}

static int ask(const char *question)
{
    return ask_as(NULL, question);
}

static int number(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(j, name);
    assert_true(cJSON_IsNumber(n));
    return n->valueint;
}

static const char *text(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));
    return s ? s : "";
}

/* What is like that question, once there are so many. */
static cJSON *similar(int id, int asks)
{
    char name[60];
    uint64_t until = client_now_ms() + 30000;
    snprintf(name, sizeof name, "similar?id=%d", id);
    for (;;) {
        cJSON *j = staff_get(w, &anna, name);
        const cJSON *n = cJSON_GetObjectItem(j, "asks");
        if (n && n->valueint == asks)
            return j;
        int now = n ? n->valueint : -1;
        cJSON_Delete(j);
        if (client_now_ms() > until)
            fail_msg("in vain: %d like %d, there are %d", asks, id, now);
        usleep(100000);
    }
}

static int weight, salary;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "agent", "anna");
    anna = staff_login(w, "anna");
    weight = ask("what is the weight of a zygomorph");
    ask("zygomorph weight?");
    ask("weight of zygomorphs");
    ask("Zygomorph weight please");
    salary = ask("how much does a lighthouse keeper earn");
    ask("lighthouse keeper salery");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static void test_other_words_and_slips_are_one(void **state)
{
    cJSON *j = similar(weight, 4);
    assert_int_equal(number(j, "open"), 4);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "tickets")), 4);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "texts")), 4);
    assert_non_null(strstr(text(j, "label"), "eight"));
    cJSON_Delete(j);
    j = similar(salary, 2);
    assert_int_equal(number(j, "open"), 0);
    cJSON_Delete(j);
}

static void test_the_list_says_how_many_and_why_not(void **state)
{
    cJSON_Delete(similar(weight, 4));
    cJSON *j = staff_get(w, &anna, "clusters"),
          *g = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "groups"), 0);
    assert_int_equal(number(g, "asks"), 4);
    assert_int_equal(number(g, "nobody"), 4);
    const cJSON *near = cJSON_GetObjectItem(g, "near");
    assert_non_null(strstr(text(near, "unknown"), "zygomorph"));
    assert_int_equal(number(cJSON_GetObjectItem(g, "channels"), "web"), 4);
    cJSON_Delete(j);
    j = staff_get(w, &anna, "clusters?q=ZYGOMORPH");
    assert_int_equal(number(j, "all"), 1);
    cJSON_Delete(j);
    j = staff_get(w, &anna, "clusters?q=nothing%20has%20this");
    assert_int_equal(number(j, "all"), 0);
    cJSON_Delete(j);
    assert_int_equal(
        staff_call(w, "GET", "/staff/api/cluster?id=999999", staff_page(w, &anna), NULL, NULL),
        404);
}

static int merge(int id, int into)
{
    char body[80];
    snprintf(body, sizeof body, "{\"id\":%d,\"into\":%d}", id, into);
    return staff_post(w, &anna, "merge", body);
}

static void test_what_somebody_puts_together_stays_together(void **state)
{
    char name[60], body[60];
    cJSON_Delete(similar(weight, 4));
    assert_int_equal(merge(weight, weight), 422);
    assert_int_equal(merge(weight, 999999), 404);
    assert_int_equal(merge(weight, salary), 200);
    cJSON_Delete(similar(weight, 6));
    assert_int_equal(merge(weight, salary), 422); /* they are already */

    wire_restart(w, 15);
    anna = staff_login(w, "anna");
    cJSON_Delete(similar(salary, 6));
    snprintf(name, sizeof name, "cluster?id=%d", salary);
    cJSON *j = staff_get(w, &anna, name), *merges = cJSON_GetObjectItem(j, "merges");
    assert_int_equal(cJSON_GetArraySize(merges), 1);
    assert_string_equal(text(cJSON_GetArrayItem(merges, 0), "who"), "anna");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "merged")));
    snprintf(body, sizeof body, "{\"id\":%d}", number(cJSON_GetArrayItem(merges, 0), "id"));
    cJSON_Delete(j);
    assert_int_equal(staff_post(w, &anna, "unmerge", body), 200);
    assert_int_equal(staff_post(w, &anna, "unmerge", body), 404);
    cJSON_Delete(similar(weight, 4));
    cJSON_Delete(similar(salary, 2));
}

static void test_what_was_erased_is_in_none_of_it(void **state)
{
    int id = ask_as("gone", "my secret is a purple quasar");
    cJSON_Delete(similar(id, 1));
    char config[400];
    struct command_result r;
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    command_run(&r, NULL, "erase", "-c", config, "web:gone", NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
    /* at once, however old the count is */
    struct answer a;
    assert_int_equal(staff_call(w, "GET", "/staff/api/clusters", staff_page(w, &anna), NULL, &a),
                     200);
    assert_null(strstr(a.body, "purple"));
    answer_release(&a);
    assert_int_equal(staff_call(w, "GET", "/staff/api/questions", staff_page(w, &anna), NULL, &a),
                     200);
    assert_null(strstr(a.body, "purple"));
    answer_release(&a);
    cJSON_Delete(similar(id, 0));
}

static void write_guide(const char *name, const char *s)
{
    char path[400];
    snprintf(path, sizeof path, "%s/guides/%s", w->folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(s, f);
    assert_int_equal(fclose(f), 0);
}

static void test_what_is_wrong_with_the_content_is_seen(void **state)
{
    uint64_t until = client_now_ms() + 60000;
    write_guide("lamps.faq.yaml",
                "title: Lamps\nentries:\n"
                "- id: lamp\n  q: How bright is the lamp?\n  a: See [oil](no-such-page.md).\n"
                "- id: dead\n  q: Who paints the railing?\n  a: The keeper does.\n");
    for (bool link = false; !link;) {
        cJSON *j = staff_get(w, &anna, "knowledge");
        const cJSON *p;
        cJSON_ArrayForEach(p, cJSON_GetObjectItem(j, "problems")) link =
            link || !strcmp(text(p, "kind"), "link");
        bool dead = !link || cJSON_GetArraySize(cJSON_GetObjectItem(j, "dead")) == 2;
        cJSON_Delete(j);
        assert_true(dead);
        assert_true(client_now_ms() < until);
        usleep(200000);
    }
    write_guide("lamps.faq.yaml", "title: Lamps\nentries: nonsense\n");
    for (bool mistake = false; !mistake;) {
        cJSON *j = staff_get(w, &anna, "knowledge");
        mistake = number(j, "errors") > 0;
        cJSON_Delete(j);
        assert_true(client_now_ms() < until);
        usleep(200000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_words_and_slips_are_one),
        cmocka_unit_test(test_the_list_says_how_many_and_why_not),
        cmocka_unit_test(test_what_somebody_puts_together_stays_together),
        cmocka_unit_test(test_what_was_erased_is_in_none_of_it),
        cmocka_unit_test(test_what_is_wrong_with_the_content_is_seen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
