/* The triage queue. A ticket is given to somebody who can do something about it, and to nobody else; it is found by words of its
 * question; the bot explains what it says to it today; and what was done a moment ago is undone, once, by who did it, unless
 * something has happened since. */
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
static struct person anna, bert;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "viewer", "vera");
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "agent", "bert");
    anna = staff_login(w, "anna");
    bert = staff_login(w, "bert");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static int undo(const struct person *p, int id)
{
    char body[40];
    snprintf(body, sizeof body, "{\"id\":%d}", id);
    return staff_post(w, p, "undo", body);
}

/* "claimed anna null": state, owner, outcome. */
static const char *as_it_is(int id)
{
    static char text[200];
    char name[40];
    snprintf(name, sizeof name, "ticket?id=%d", id);
    cJSON *j = staff_get(w, &anna, name);
    const char *owner = cJSON_GetStringValue(cJSON_GetObjectItem(j, "owner"));
    const char *outcome = cJSON_GetStringValue(cJSON_GetObjectItem(j, "outcome"));
    snprintf(text, sizeof text, "%s %s %s", cJSON_GetStringValue(cJSON_GetObjectItem(j, "state")),
             owner ? owner : "nobody", outcome ? outcome : "-");
    cJSON_Delete(j);
    return text;
}

static int log_length(int id)
{
    char name[40];
    snprintf(name, sizeof name, "ticket?id=%d", id);
    cJSON *j = staff_get(w, &anna, name);
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(j, "log"));
    cJSON_Delete(j);
    return n;
}

static void it_is_given_only_to_who_could_do_something_about_it(void **state)
{
    int id = staff_unanswered(w, "what does a quark weigh on jupiter");
    assert_int_equal(staff_act(w, &anna, id, "assign", "BERT"), 200);
    assert_string_equal(as_it_is(id), "claimed bert -");
    assert_int_equal(staff_act(w, &anna, id, "close", ""), 409); /* it is his now */
    assert_int_equal(staff_act(w, &anna, id, "assign", "vera"), 422);
    assert_int_equal(staff_act(w, &anna, id, "assign", "nobody"), 422);
    assert_int_equal(staff_act(w, &anna, id, "assign", ""), 422);
    assert_string_equal(as_it_is(id), "claimed bert -");
    cJSON *j = staff_get(w, &anna, "people"), *people = cJSON_GetObjectItem(j, "people");
    assert_int_equal(cJSON_GetArraySize(people), 2);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(people, 0)), "anna");
    cJSON_Delete(j);
}

static void undo_restores_what_was_before(void **state)
{
    int id = staff_unanswered(w, "zygomorphic quasars");
    assert_int_equal(undo(&anna, id), 404); /* nothing has been done */
    assert_int_equal(staff_act(w, &anna, id, "claim", ""), 200);
    assert_int_equal(staff_act(w, &anna, id, "close", ""), 200);
    assert_string_equal(as_it_is(id), "closed anna close");
    assert_int_equal(undo(&bert, id), 404); /* it was not his doing */
    assert_int_equal(undo(&anna, id), 200);
    assert_string_equal(as_it_is(id), "claimed anna -");
    assert_int_equal(undo(&anna, id), 404); /* once */
    assert_int_equal(staff_act(w, &anna, id, "ignore", ""), 200);
    assert_int_equal(undo(&anna, id), 200);
    assert_string_equal(as_it_is(id), "claimed anna -");
    int n = log_length(id);
    assert_int_equal(staff_act(w, &anna, id, "note", "wrong ticket"), 200);
    assert_int_equal(log_length(id), n + 1);
    assert_int_equal(undo(&anna, id), 200); /* a note is gone altogether */
    assert_int_equal(log_length(id), n);
    assert_int_equal(undo(&anna, 999999), 404);
}

static void what_somebody_else_did_since_is_not_undone(void **state)
{
    int id = staff_unanswered(w, "zygomorphic quasars again");
    assert_int_equal(staff_act(w, &anna, id, "claim", ""), 200);
    assert_int_equal(staff_act(w, &bert, id, "take", ""), 200);
    assert_int_equal(undo(&anna, id), 404);
    assert_string_equal(as_it_is(id), "claimed bert -");
    assert_int_equal(undo(&bert, id), 200);
    assert_string_equal(as_it_is(id), "claimed anna -");
}

static int found(const char *words)
{
    char name[200];
    snprintf(name, sizeof name, "queue?q=%s", words);
    cJSON *j = staff_get(w, &anna, name);
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(j, "tickets"));
    cJSON_Delete(j);
    return n;
}

static void it_is_found_by_words_of_its_question(void **state)
{
    staff_unanswered(w, "Wombats_and 100% porridge");
    assert_int_equal(found("wombats"), 1);
    assert_int_equal(found("WOMBATS%20porridge"), 1);
    assert_int_equal(found("porridge%20wombats"), 0); /* in that order */
    assert_int_equal(found("100%25%20porridge"), 1);
    assert_int_equal(found("100%25porridge"), 0); /* a sign is a sign */
    assert_int_equal(found("wombatsxand"), 0);
    assert_int_equal(found("'%20OR%201=1"), 0);
}

/* 50 to a page, each once, and the last page says that it is. */
static void the_queue_comes_in_pages(void **state)
{
    for (int i = 0; i < 60; i++) {
        char q[60];
        snprintf(q, sizeof q, "florbing of gribbles number %d", i);
        staff_unanswered(w, q);
    }
    int n = 0, pages = 0;
    long long before = 0, last = 0;
    do {
        char name[60];
        snprintf(name, sizeof name, "queue?q=gribbles&before=%lld", before);
        cJSON *j = staff_get(w, &anna, before ? name : "queue?q=gribbles");
        const cJSON *t;
        cJSON_ArrayForEach(t, cJSON_GetObjectItem(j, "tickets"))
        {
            long long id = (long long)cJSON_GetObjectItem(t, "id")->valuedouble;
            assert_true(!last || id < last);
            last = id;
            n++;
        }
        before = (long long)cJSON_GetObjectItem(j, "next")->valuedouble;
        pages++;
        cJSON_Delete(j);
    } while (before);
    assert_int_equal(n, 60);
    assert_int_equal(pages, 2);
}

/* How many ask the same as that one, by the last count. */
static int asks(int id)
{
    char name[40];
    snprintf(name, sizeof name, "similar?id=%d", id);
    cJSON *j = staff_get(w, &anna, name), *n = cJSON_GetObjectItem(j, "asks");
    int asks = n ? n->valueint : 0;
    cJSON_Delete(j);
    return asks;
}

static void
those_that_ask_the_same_are_one_in_the_queue_and_closed_and_reopened_together(void **state)
{
    int id[4], found_like = -1;
    for (int i = 0; i < 4; i++)
        id[i] = staff_unanswered(w, "may mongooses umpire tribunals");
    for (int i = 0; i < 100 && asks(id[3]) < 4; i++)
        usleep(200000);
    assert_int_equal(asks(id[3]), 4);
    assert_int_equal(staff_act(w, &bert, id[0], "claim", ""), 200);
    cJSON *j = staff_get(w, &anna, "queue?sort=worth");
    const cJSON *t;
    int n = 0;
    cJSON_ArrayForEach(t, cJSON_GetObjectItem(j, "tickets"))
    {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(t, "question")),
                   "may mongooses umpire tribunals"))
            continue;
        n++;
        found_like = cJSON_GetObjectItem(t, "like")->valueint;
        assert_int_equal(cJSON_GetObjectItem(t, "asks")->valueint, 4);
    }
    cJSON_Delete(j);
    assert_int_equal(n, 1);
    assert_int_equal(found_like, 3);
    char body[60];
    snprintf(body, sizeof body, "{\"id\":%d,\"what\":\"close\",\"all\":1}", id[1]);
    assert_int_equal(staff_post(w, &anna, "act", body), 200);
    assert_string_equal(as_it_is(id[0]), "claimed bert -"); /* somebody else's stays */
    for (int i = 1; i < 4; i++)
        assert_string_equal(as_it_is(id[i]), "closed anna close");
    assert_int_equal(staff_act(w, &bert, id[2], "reopen", ""), 200);
    assert_int_equal(undo(&anna, id[1]), 200);
    assert_string_equal(as_it_is(id[1]), "new nobody -");
    assert_string_equal(as_it_is(id[2]), "new nobody -");
    assert_string_equal(as_it_is(id[3]), "new nobody -");
    assert_int_equal(log_length(id[2]), 2); /* closed and reopened: bert's, so not undone */
    assert_int_equal(log_length(id[3]), 2); /* closed, undone */
}

static void the_bot_explains_what_it_says_today(void **state)
{
    int id = staff_unanswered(w, "what does a quark weigh on jupiter");
    char name[40];
    snprintf(name, sizeof name, "why?id=%d", id);
    cJSON *j = staff_get(w, &anna, name);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "kind")), "none");
    cJSON *why = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "explain"), 0);
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(why, "hits")));
    assert_true(cJSON_IsObject(cJSON_GetObjectItem(why, "confidence")));
    cJSON_Delete(j);
    assert_int_equal(
        staff_call(w, "GET", "/staff/api/why?id=999999", staff_page(w, &anna), NULL, NULL), 404);
}

static void all_of_it_is_in_the_audit(void **state)
{
    struct command_result r;
    char config[400];
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    command_run(&r, NULL, "audit", "export", "-c", config, NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "\"action\":\"ticket.undo\""));
    assert_null(strstr(r.out, "wrong ticket"));
    assert_null(strstr(r.out, "quasars"));
    command_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_given_only_to_who_could_do_something_about_it),
        cmocka_unit_test(undo_restores_what_was_before),
        cmocka_unit_test(what_somebody_else_did_since_is_not_undone),
        cmocka_unit_test(it_is_found_by_words_of_its_question),
        cmocka_unit_test(the_queue_comes_in_pages),
        cmocka_unit_test(
            those_that_ask_the_same_are_one_in_the_queue_and_closed_and_reopened_together),
        cmocka_unit_test(the_bot_explains_what_it_says_today),
        cmocka_unit_test(all_of_it_is_in_the_audit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
