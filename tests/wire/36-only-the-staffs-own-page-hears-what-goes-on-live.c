/* The staff's WebSocket: only from a page of our own origin, only with a session's cookie, and only with the token that our page knows, which
 * stands in the first frame and never in the address. Who logs out, is removed or loses the role is out within seconds, and what
 * they send meanwhile does nothing. Nobody stays in without being at the console: looking on keeps no session alive. */
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

static struct wire *w;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "viewer", "vera");
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "agent", "carl");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static const char *own(void)
{
    static char origin[60];
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", w->port);
    return origin;
}

/* A frame; then the code that the line is closed with. */
static int closed_after(const struct person *p, const char *hello)
{
    struct client *c;
    assert_int_equal(staff_socket_try(w, p, own(), &c), 101);
    assert_true(client_text(c, hello));
    int code = client_close_code(c, WAIT_MS * (int)wire_slack());
    client_close(c);
    return code;
}

static const char *hello_of(const char *csrf)
{
    static char hello[200];
    snprintf(hello, sizeof hello, "{\"t\":\"hello\",\"v\":1,\"csrf\":\"%s\"}", csrf);
    return hello;
}

static void another_page_is_refused_before_it_says_a_word(void **state)
{
    static const char *const origins[] = {NULL, "http://evil.example", "null", "http://127.0.0.1"};
    struct person anna = staff_login(w, "anna");
    struct client *c = NULL;
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
        assert_int_equal(staff_socket_try(w, &anna, origins[i], &c), 403);
    assert_int_equal(
        client_ws_try(w->port, "/staff/ws", "Sec-WebSocket-Protocol: guidepost.v1\r\n", &c), 403);
    char headers[400]; /* the visitors' protocol at the staff's address, and the other way round */
    snprintf(headers, sizeof headers,
             "Origin: %s\r\nCookie: %s\r\nSec-WebSocket-Protocol: guidepost.v1\r\n", own(),
             anna.cookie);
    assert_int_equal(client_ws_try(w->port, "/staff/ws", headers, &c), 426);
    snprintf(headers, sizeof headers,
             "Origin: %s\r\nCookie: %s\r\nSec-WebSocket-Protocol: guidepost-staff.v1\r\n", own(),
             anna.cookie);
    assert_int_equal(client_ws_try(w->port, "/v1/ws", headers, &c), 426);
}

static void without_a_session_or_the_token_nothing_is_heard(void **state)
{
    static const struct person made_up = {
        "__Host-guidepost=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAA"};
    struct person anna = staff_login(w, "anna"), carl = staff_login(w, "carl");
    assert_int_equal(closed_after(NULL, hello_of(anna.csrf)), 4401);
    assert_int_equal(closed_after(&made_up, hello_of(anna.csrf)), 4403);
    assert_int_equal(closed_after(&anna, hello_of("")), 4403);
    assert_int_equal(closed_after(&anna, hello_of(carl.csrf)), 4403);
    assert_int_equal(closed_after(&anna, "{\"t\":\"hello\",\"v\":2}"), 4426);
    struct client *c;
    assert_int_equal(staff_socket_try(w, &anna, own(), &c), 101);
    assert_true(client_text(c, "{\"t\":\"queue\"}")); /* before hello: nothing but an error */
    struct message m;
    client_message(c, WAIT_MS, false, &m);
    assert_non_null(strstr(m.s, "hello comes first"));
    message_release(&m);
    assert_int_equal(client_close_code(c, WAIT_MS), 4408); /* and it is not waited for long */
    client_close(c);
}

static void a_viewer_sees_who_waits_and_nothing_else(void **state)
{
    static const char *const frames[] = {
        "{\"t\":\"open\",\"conv\":1}", "{\"t\":\"takeover\",\"cid\":\"a\",\"conv\":1}",
        "{\"t\":\"reply\",\"cid\":\"b\",\"conv\":1,\"text\":\"hi\"}",
        "{\"t\":\"note\",\"cid\":\"c\",\"conv\":1,\"text\":\"hi\"}",
        "{\"t\":\"find\",\"rid\":1,\"text\":\"hi\"}"};
    struct person vera = staff_login(w, "vera");
    struct client *c = staff_socket(w, &vera), *visitor = wire_chat(w);
    assert_true(client_text(visitor, "{\"t\":\"handoff\",\"cid\":\"w\",\"want\":\"live\"}"));
    struct message m;
    client_message(c, WAIT_MS, false, &m);
    assert_non_null(strstr(m.s, "queue_changed"));
    message_release(&m);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        assert_true(client_text(c, frames[i]));
        client_message(c, WAIT_MS, false, &m);
        if (!strstr(m.s, "\"code\":\"role\""))
            fail_msg("%s: %s", frames[i], m.s);
        message_release(&m);
    }
    client_close(visitor);
    client_close(c);
}

static void who_is_out_is_out_of_this_too(void **state)
{
    struct person anna = staff_login(w, "anna"), carl = staff_login(w, "carl");
    struct client *a = staff_socket(w, &anna), *c = staff_socket(w, &carl);
    assert_int_equal(staff_post(w, &anna, "logout", "{}"), 200);
    assert_int_equal(client_close_code(a, WAIT_MS * (int)wire_slack()), 4401);
    staff_user(w, "role", "viewer", "carl");
    assert_true(client_text(c, "{\"t\":\"takeover\",\"cid\":\"x\",\"conv\":1}"));
    assert_int_equal(client_close_code(c, WAIT_MS * (int)wire_slack()), 4401);
    client_close(a);
    client_close(c);
    assert_false(staff_audited(w, "live.takeover"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_page_is_refused_before_it_says_a_word),
        cmocka_unit_test(without_a_session_or_the_token_nothing_is_heard),
        cmocka_unit_test(a_viewer_sees_who_waits_and_nothing_else),
        cmocka_unit_test(who_is_out_is_out_of_this_too),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
