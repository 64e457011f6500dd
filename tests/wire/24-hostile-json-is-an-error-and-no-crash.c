/* S4. JSON that nests without end, overflows, repeats itself or stops in the middle is an error reply; the program lives on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static char *repeat(const char *before, char c, size_t n, const char *after)
{
    size_t len = strlen(before);
    char *s = malloc(len + n + strlen(after) + 1);
    assert_non_null(s);
    memcpy(s, before, len);
    memset(s + len, c, n);
    strcpy(s + len + n, after);
    return s;
}

static int post(struct wire *w, const char *body)
{
    struct answer a;
    assert_true(
        client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n", body, &a));
    if (a.status >= 400)
        assert_non_null(strstr(a.body, "\"code\""));
    answer_release(&a);
    return a.status;
}

static void over_http_it_is_a_4xx(void **state)
{
    struct wire *w = *state;
    char *deep = repeat("{\"q\":", '[', 60000, ""), *deeper = repeat("", '[', 100000, ""),
         *longest = repeat("{\"q\":\"", 'x', 1 << 20, "\"}"),
         *keys = repeat("{\"q\":\"", 'x', 60000, "\"}");
    assert_int_equal(post(w, deep), 400);
    assert_int_equal(post(w, deeper), 413);
    assert_int_equal(post(w, longest), 413);
    assert_int_equal(post(w, keys), 422); /* fits, but is no question */
    free(deep);
    free(deeper);
    free(longest);
    free(keys);
    static const char *const bad[] = {"",
                                      "{",
                                      "{\"q\"",
                                      "{\"q\":\"half",
                                      "[]",
                                      "null",
                                      "\"text\"",
                                      "{\"q\":1}",
                                      "{\"q\":null}",
                                      "{\"q\":[\"a\"]}",
                                      "{\"q\":1e400}",
                                      "{}",
                                      "{\"q\":\"a\"} trailing",
                                      "{'q':'a'}",
                                      "\xef\xbb\xbf",
                                      "nul"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = post(w, bad[i]);
        if (status < 400 || status > 499)
            fail_msg("%d for %s", status, bad[i]);
    }
    /* Oddities that have a reading: answered or refused, but decided. */
    static const char *const odd[] = {"{\"q\":\"a\",\"q\":\"b\"}", "{\"q\":\"pay\",\"x\":1e400}",
                                      "{\"q\":\"pay\",\"x\":-0.0e-999}", "{\"Q\":\"pay\"}"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        int status = post(w, odd[i]);
        if (status != 200 && (status < 400 || status > 499))
            fail_msg("%d for %s", status, odd[i]);
    }
    wire_ask(w);
}

static void over_a_websocket_it_is_an_error_and_then_a_close(void **state)
{
    struct wire *w = *state;
    char *deep = repeat("{\"t\":", '[', 15000, ""),
         *longest = repeat("{\"t\":\"", 'x', 1 << 20, "\"}");
    static const char *const bad[] = {"{\"t\":\"ask\"",
                                      "",
                                      "[1e400]",
                                      "{\"t\":1}",
                                      "{\"t\":\"ask\",\"cid\":\"a\"}",
                                      "{\"t\":\"ask\",\"cid\":7,\"text\":\"x\"}",
                                      "{\"t\":\"hello\",\"v\":1e400}",
                                      "{\"t\":\"nonsense\"}"};
    for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
        struct client *c = wire_chat(w);
        struct message m;
        client_text(c, i ? bad[i - 1] : deep);
        client_message(c, 5000, false, &m);
        if (m.opcode != WS_TEXT || !strstr(m.s, "\"error\""))
            fail_msg("%s: opcode %d, %s", i ? bad[i - 1] : "nesting", m.opcode, m.s ? m.s : "");
        message_release(&m);
        client_close(c);
    }
    struct client *c = wire_chat(w);
    client_text(c, longest);
    assert_int_equal(client_close_code(c, 5000), 1009);
    client_close(c);

    c = wire_chat(w);
    for (int i = 0; i < 3; i++)
        client_text(c, "{");
    assert_int_equal(client_close_code(c, 5000), 4400);
    client_close(c);
    free(deep);
    free(longest);
    wire_ask(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_http_it_is_a_4xx),
        cmocka_unit_test(over_a_websocket_it_is_an_error_and_then_a_close),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
