/* guidepost.v1 from the outside: what a browser may say, in which order, and what it hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/wire.h"

/* The next frame, parsed; its `t` must be that. */
static cJSON *next_frame(struct client *c, const char *t)
{
    struct message m;
    client_message(c, 5000, false, &m);
    if (m.opcode != WS_TEXT)
        fail_msg("no frame came where \"%s\" was due", t);
    cJSON *j = cJSON_Parse(m.s);
    const char *got = cJSON_GetStringValue(cJSON_GetObjectItem(j, "t"));
    if (!got || strcmp(got, t))
        fail_msg("%s is not \"%s\"", m.s, t);
    message_release(&m);
    return j;
}

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));
    return s ? s : "";
}

static int number_of(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(j, name);
    return cJSON_IsNumber(n) ? n->valueint : -1;
}

/* What follows a question: that it is on disk, the event that every tab shows, the answer. */
static cJSON *next_answer(struct client *c, const char *cid)
{
    cJSON *ack = next_frame(c, "ack"), *msg = next_frame(c, "msg"), *a = next_frame(c, "answer");
    assert_string_equal(text_of(ack, "cid"), cid);
    assert_string_equal(text_of(msg, "cid"), cid);
    assert_int_equal(number_of(ack, "seq"), number_of(msg, "seq"));
    assert_int_equal(number_of(a, "re"), number_of(msg, "seq"));
    assert_int_equal(number_of(a, "seq"), number_of(msg, "seq") + 1);
    cJSON_Delete(ack);
    cJSON_Delete(msg);
    return a;
}

static void expect_error(struct client *c, const char *code)
{
    cJSON *j = next_frame(c, "error");
    assert_string_equal(text_of(j, "code"), code);
    cJSON_Delete(j);
}

static void hello_is_answered_by_ready_and_ask_by_an_answer_that_cites(void **state)
{
    struct wire *w = *state;
    struct client *c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"hello\",\"v\":1,\"unknown\":[1]}");
    cJSON *ready = next_frame(c, "ready");
    assert_int_equal(strlen(text_of(ready, "tok")), 48);
    assert_string_equal(text_of(ready, "mode"), "bot");
    assert_int_equal(number_of(ready, "head"), 0);
    assert_int_equal(number_of(ready, "seq"), -1); /* only events have one */
    assert_int_equal(strlen(text_of(ready, "epoch")), 16);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(ready, "starters")) > 0);
    cJSON_Delete(ready);

    client_text(c, "{\"t\":\"ask\",\"cid\":\"c-1\",\"text\":\"" WIRE_QUESTION "\"}");
    cJSON *a = next_answer(c, "c-1");
    assert_string_equal(text_of(a, "cid"), "c-1");
    assert_true(atoi(text_of(a, "id")) > 0);
    const cJSON *segment = cJSON_GetArrayItem(cJSON_GetObjectItem(a, "segments"), 0);
    const cJSON *cites = cJSON_GetObjectItem(segment, "cites");
    const cJSON *source = cJSON_GetArrayItem(cJSON_GetObjectItem(a, "sources"), 0);
    assert_non_null(strstr(text_of(segment, "text"), WIRE_ANSWER));
    assert_int_equal(cJSON_GetArraySize(cites), 1);
    assert_non_null(strstr(text_of(source, "url"), "https://example.org/keeper"));
    cJSON_Delete(a);

    client_text(c, "{\"t\":\"ping\"}");
    cJSON_Delete(next_frame(c, "pong"));
    client_close(c);
}

static void a_token_goes_on_with_the_conversation(void **state)
{
    struct wire *w = *state;
    char hello[200];
    struct client *c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"hello\",\"v\":1}");
    cJSON *ready = next_frame(c, "ready");
    snprintf(hello, sizeof hello, "{\"t\":\"hello\",\"v\":1,\"tok\":\"%s\"}",
             text_of(ready, "tok"));
    client_close(c);
    c = client_ws(w->port, "/v1/ws");
    client_text(c, hello);
    cJSON *again = next_frame(c, "ready");
    assert_string_equal(text_of(again, "tok"), text_of(ready, "tok"));
    cJSON_Delete(again);
    cJSON_Delete(ready);
    client_text(c, "{\"t\":\"hello\",\"v\":1,\"tok\":\"not one of ours\"}");
    again = next_frame(c, "ready");
    assert_int_equal(strlen(text_of(again, "tok")), 48);
    cJSON_Delete(again);
    client_close(c);
}

static void what_cannot_be_answered_is_refused_by_name(void **state)
{
    static const struct {
        const char *frame, *code;
    } cases[] = {
        {"{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"  \"}", "empty"},
        {"{\"t\":\"ask\",\"text\":\"no cid\"}", "bad_frame"},
        {"{\"t\":\"ask\",\"cid\":\"with blank\",\"text\":\"x\"}", "bad_frame"},
        {"{\"t\":\"ask\",\"cid\":\"a\",\"text\":7}", "bad_frame"},
        {"{\"t\":\"teleport\"}", "unknown_type"},
        {"{\"t\":", "bad_json"},
        {"[]", "bad_frame"},
    };
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client_text(c, cases[i].frame);
        expect_error(c, cases[i].code);
    }
    char *longest = malloc(9000), *at = longest;
    at += sprintf(at, "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"");
    for (int i = 0; i < 2001; i++)
        at += sprintf(at, "é");
    strcpy(at, "\"}");
    client_text(c, longest);
    expect_error(c, "too_long");
    free(longest);
    assert_true(wire_chat_ask(c, "still-here"));
    assert_true(wire_chat_answer(c, "still-here", 5000) >= 0);
    client_close(c);
}

static void hello_comes_first(void **state)
{
    struct wire *w = *state;
    struct client *c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"x\"}");
    expect_error(c, "unauthorized");
    client_close(c);
}

static void other_versions_and_sites_are_turned_away(void **state)
{
    struct wire *w = *state;
    struct client *c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"hello\",\"v\":2}");
    expect_error(c, "unsupported_version");
    assert_int_equal(client_close_code(c, 5000), 4426);
    client_close(c);
    c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"hello\",\"v\":1,\"site\":\"elsewhere\"}");
    expect_error(c, "unknown_site");
    assert_int_equal(client_close_code(c, 5000), 4404);
    client_close(c);
}

static void three_unreadable_frames_are_enough(void **state)
{
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    for (int i = 0; i < 3; i++)
        client_text(c, "nonsense");
    assert_int_equal(client_close_code(c, 5000), 4400);
    client_close(c);
}

static void who_says_nothing_is_hung_up_on(void **state)
{
    struct wire *w = *state;
    struct client *c = client_ws(w->port, "/v1/ws");
    uint64_t began = client_now_ms();
    assert_int_equal(client_close_code(c, 9000), 4408);
    assert_true(client_now_ms() - began >= 4000);
    client_close(c);
}

/* Twenty at once, although only two are taken in at a time. */
static void answers_come_in_the_order_of_the_questions(void **state)
{
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    char frame[200], cid[16];
    for (int i = 0; i < 20; i++) {
        snprintf(frame, sizeof frame, "{\"t\":\"ask\",\"cid\":\"n%d\",\"text\":\"%s\"}", i,
                 i % 2 ? "hello" : WIRE_QUESTION);
        assert_true(client_text(c, frame));
    }
    int expected = 0;
    for (int seq = 1; expected < 20;) {
        struct message m;
        client_message(c, 5000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        cJSON *j = cJSON_Parse(m.s);
        if (strcmp(text_of(j, "t"), "ack"))
            assert_int_equal(number_of(j, "seq"), seq++);
        if (!strcmp(text_of(j, "t"), "answer")) {
            snprintf(cid, sizeof cid, "n%d", expected++);
            assert_string_equal(text_of(j, "cid"), cid);
        }
        cJSON_Delete(j);
        message_release(&m);
    }
    client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_answered_by_ready_and_ask_by_an_answer_that_cites),
        cmocka_unit_test(a_token_goes_on_with_the_conversation),
        cmocka_unit_test(what_cannot_be_answered_is_refused_by_name),
        cmocka_unit_test(hello_comes_first),
        cmocka_unit_test(other_versions_and_sites_are_turned_away),
        cmocka_unit_test(three_unreadable_frames_are_enough),
        cmocka_unit_test(who_says_nothing_is_hung_up_on),
        cmocka_unit_test(answers_come_in_the_order_of_the_questions),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
