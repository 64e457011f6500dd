/* S8. Upgrades that are none, lengths that contradict each other, heads without end: a 4xx or 5xx, or the connection is closed;
 * never a hang, never a second reading. Under the sanitizers, and once by hand under valgrind: "Upgrade: foo" after a
 * request makes libwebsockets 4.1.6 read memory that is free already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static void expect_refusal(struct wire *w, const char *before, const char *request)
{
    struct answer a;
    struct client *c = client_open(w->port);
    if (before) {
        client_say(c, before);
        if (!client_answer(c, 5000, false, &a) || a.status != 200)
            fail_msg("the request before was not answered");
        answer_release(&a);
    }
    client_say(c, request);
    bool answered = client_answer(c, 5000, false, &a);
    if (answered && (a.status < 400 || a.status > 599))
        fail_msg("%d for %.300s", a.status, request);
    if (!answered && !c->ended)
        fail_msg("neither answered nor closed: %.300s", request);
    answer_release(&a);
    if (client_wait_closed(c, 5000) < 0)
        fail_msg("left open after %.300s", request);
    client_close(c);
}

static void everything_malformed_is_refused_or_closed(void **state)
{
    struct wire *w = *state;
    static const char *const all[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nGET / "
        "HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \r\nUpgrade: foo\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 TLS speaks to a plain port\r\n\r\n",
        "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: "
        "5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: "
        "5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        expect_refusal(w, NULL, all[i]);
    wire_ask(w);
}

static void also_after_a_request_on_the_same_connection(void **state)
{
    struct wire *w = *state;
    static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char *const all[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        expect_refusal(w, get, all[i]);
    wire_ask(w);
}

static void heads_without_end_are_cut_off(void **state)
{
    struct wire *w = *state;
    char *s = malloc(400000);
    assert_non_null(s);
    /* One header of eight kilobytes and more; three thousand small ones; a path of 100 KB. */
    int n = sprintf(s, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    memset(s + n, 'a', 9000);
    strcpy(s + n + 9000, "\r\n\r\n");
    expect_refusal(w, NULL, s);
    n = sprintf(s, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 3000; i++)
        n += sprintf(s + n, "X-%d: y\r\n", i);
    strcpy(s + n, "\r\n");
    expect_refusal(w, NULL, s);
    n = sprintf(s, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 3000; i++)
        n += sprintf(s + n, "Accept: y\r\n");
    strcpy(s + n, "\r\n");
    expect_refusal(w, NULL, s);
    n = sprintf(s, "GET /");
    memset(s + n, 'a', 100000);
    strcpy(s + n + 100000, " HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_refusal(w, NULL, s);
    n = sprintf(s, "GET /?");
    for (int i = 0; i < 1000; i++)
        n += sprintf(s + n, "a=%d&", i);
    strcpy(s + n, " HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_refusal(w, NULL, s);
    free(s);
    wire_ask(w);
}

/* A second request behind a body in one breath makes the library loop for ever, unless it is told to close. */
static void pipelining_does_not_stop_the_program(void **state)
{
    struct wire *w = *state;
    char s[2048];
    static const char body[] = "{\"q\":\"" WIRE_QUESTION "\"}";
    int n = 0;
    for (int i = 0; i < 4; i++)
        n += snprintf(s + n, sizeof(s) - (size_t)n,
                      "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: "
                      "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                      sizeof(body) - 1, body);
    struct client *c = client_open(w->port);
    client_send(c, s, (size_t)n);
    assert_true(client_wait_closed(c, 15000) >= 0);
    client_close(c);
    uint64_t cpu = wire_cpu_ms(w);
    wire_ask(w);
    assert_in_range(wire_cpu_ms(w) - cpu, 0, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_malformed_is_refused_or_closed),
        cmocka_unit_test(also_after_a_request_on_the_same_connection),
        cmocka_unit_test(heads_without_end_are_cut_off),
        cmocka_unit_test(pipelining_does_not_stop_the_program),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
