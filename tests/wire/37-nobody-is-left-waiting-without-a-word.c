/* Nobody comes: the visitor is told so, offered e-mail, and the bot answers again. The person who came says nothing: the same. The person
 * has said all and nobody goes on: it ends. A visitor may end it at any time. What is erased is gone for both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "tests/wire/harness/staff.h"

#define WAIT_MS 20000
#define SECRET  "my number is in the green book"

static struct wire *w;
static struct person anna;

static int setup(void **state)
{
    w = wire_start(&(struct wire_options){.settings = "staff: {wait_s: 2, silence_s: 3}\n"});
    staff_user(w, "add", "agent", "anna");
    anna = staff_login(w, "anna");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static cJSON *next(struct client *c, const char *t)
{
    for (;;) {
        struct message m;
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        if (m.opcode != WS_TEXT)
            fail_msg("no frame %s came", t);
        cJSON *j = cJSON_Parse(m.s);
        message_release(&m);
        if (!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(j, "t")), t))
            return j;
        cJSON_Delete(j);
    }
}

static void skip_to(struct client *c, const char *t)
{
    cJSON_Delete(next(c, t));
}

static void expect_state(struct client *c, const char *state)
{
    cJSON *j = next(c, "handoff");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "state")), state);
    cJSON_Delete(j);
}

static struct client *waiting(void)
{
    struct client *c = wire_chat(w);
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"w\",\"want\":\"live\"}"));
    expect_state(c, "queued");
    return c;
}

/* Of whoever is in the queue: there is one. */
static void act(struct client *console, const char *t, const char *cid, const char *text)
{
    char frame[300];
    assert_true(client_text(console, "{\"t\":\"queue\"}"));
    cJSON *j = next(console, "queue"),
          *talk = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "talks"), 0);
    assert_non_null(talk);
    snprintf(frame, sizeof frame, "{\"t\":\"%s\",\"cid\":\"%s\",\"conv\":%d,\"text\":\"%s\"}", t,
             cid, cJSON_GetObjectItem(talk, "conv")->valueint, text);
    cJSON_Delete(j);
    assert_true(client_text(console, frame));
    skip_to(console, !strcmp(t, "open") ? "conv" : "ack");
}

static void answers_again(struct client *c)
{
    assert_true(wire_chat_ask(c, "again"));
    assert_true(wire_chat_answer(c, "again", WAIT_MS * (int)wire_slack()) >= 0);
    client_close(c);
}

static void when_nobody_comes(void **state)
{
    struct client *c = waiting();
    expect_state(c, "declined");
    struct answer a;
    assert_true(client_http(w->admin_port, "GET", "/metrics", NULL, NULL, &a));
    assert_non_null(strstr(a.body, "guidepost_handoff_total{state=\"queued\"} 1\n"));
    assert_non_null(strstr(a.body, "guidepost_handoff_total{state=\"declined\"} 1\n"));
    answer_release(&a);
    answers_again(c);
}

static void when_somebody_comes_and_says_nothing(void **state)
{
    struct client *console = staff_socket(w, &anna), *c = waiting();
    act(console, "claim", "1", "");
    expect_state(c, "active");
    assert_true(wire_chat_ask(c, "hello?"));
    expect_state(c, "declined");
    answers_again(c);
    client_close(console);
}

static void when_all_was_said(void **state)
{
    struct client *console = staff_socket(w, &anna), *c = waiting();
    act(console, "claim", "2", "");
    expect_state(c, "active");
    assert_true(wire_chat_ask(c, "hello?"));
    act(console, "reply", "3", "That is all there is.");
    expect_state(c, "ended");
    answers_again(c);
    client_close(console);
}

static void when_the_visitor_has_enough(void **state)
{
    struct client *console = staff_socket(w, &anna), *c = waiting();
    act(console, "claim", "4", "");
    expect_state(c, "active");
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"c\",\"want\":\"cancel\"}"));
    expect_state(c, "ended");
    answers_again(c);
    client_close(console);
}

/* Nobody was there: the address is for who answers, and stands in no event. */
static void an_address_that_was_left_is_shown_to_the_staff(void **state)
{
    struct client *console = staff_socket(w, &anna), *c = wire_chat(w);
    char frame[100];
    assert_true(wire_chat_ask(c, "q"));
    assert_true(wire_chat_answer(c, "q", WAIT_MS * (int)wire_slack()) >= 0);
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"m\",\"want\":\"email\",\"email\":"
                               "\"ann@x.test\",\"note\":\"after six\"}"));
    expect_state(c, "queued");
    cJSON *j = staff_get(w, &anna, "queue?what=person"),
          *t = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "tickets"), 0);
    snprintf(frame, sizeof frame, "{\"t\":\"open\",\"ticket\":%d}",
             cJSON_GetObjectItem(t, "id")->valueint);
    cJSON_Delete(j);
    assert_true(client_text(console, frame));
    j = next(console, "conv");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "email")), "ann@x.test");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "email_note")), "after six");
    cJSON_Delete(j);
    client_close(c);
    client_close(console);
}

static void what_is_erased_is_gone_for_both(void **state)
{
    struct client *console = staff_socket(w, &anna), *c = waiting();
    act(console, "claim", "5", "");
    act(console, "open", "", "");
    expect_state(c, "active");
    act(console, "reply", "6", SECRET);
    skip_to(c, "msg");
    assert_true(staff_on_disk(w, SECRET));
    assert_true(client_text(c, "{\"t\":\"erase\",\"cid\":\"e\"}"));
    skip_to(c, "erased");
    for (;;) {
        cJSON *j = next(console, "conv_event");
        bool erased = cJSON_IsTrue(cJSON_GetObjectItem(j, "erased"));
        cJSON_Delete(j);
        if (erased)
            break;
    }
    assert_false(staff_on_disk(w, SECRET));
    assert_true(client_text(console, "{\"t\":\"queue\"}"));
    cJSON *j = next(console, "queue");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "talks")), 0);
    cJSON_Delete(j);
    client_close(c);
    client_close(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_nobody_comes),
        cmocka_unit_test(when_somebody_comes_and_says_nothing),
        cmocka_unit_test(when_all_was_said),
        cmocka_unit_test(when_the_visitor_has_enough),
        cmocka_unit_test(an_address_that_was_left_is_shown_to_the_staff),
        cmocka_unit_test(what_is_erased_is_gone_for_both),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
