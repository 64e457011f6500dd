/* A request that waits for the next event (GET /v1/events) is answered when the process stops, and nothing of it is left. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define WAITERS 6 /* of one conversation no more than eight may wait */

static void they_are_answered_and_the_process_ends(void **state)
{
    struct wire *w = wire_start(NULL);
    struct client *c[WAITERS];
    struct answer a = {0};
    char token[64] = "", request[256];
    assert_true(client_http(w->port, "POST", "/v1/hello", NULL, "{\"t\":\"hello\",\"v\":1}", &a));
    const char *tok = strstr(a.body, "\"tok\":\"");
    assert_non_null(tok);
    sscanf(tok, "\"tok\":\"%63[^\"]", token);
    answer_release(&a);
    snprintf(
        request, sizeof request,
        "GET /v1/events?after=0&wait=25 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
        token);
    for (size_t i = 0; i < WAITERS; i++) {
        c[i] = client_open(w->port);
        assert_true(client_say(c[i], request));
    }
    assert_false(client_fill(c[0], 500)); /* there is no news */
    wire_signal(w, SIGTERM);
    size_t answered = 0;
    for (size_t i = 0; i < WAITERS; i++) {
        if (client_answer(c[i], 3000, false, &a)) {
            answered += a.status == 200 && strstr(a.body, "\"events\":[]");
            answer_release(&a);
        }
        client_close(c[i]);
    }
    int status;
    assert_in_range(wire_wait_exit(w, 4000 * (int)wire_slack(), &status), 0, 4000 * wire_slack());
    assert_int_equal(status, 0);
    assert_int_equal(answered, WAITERS);
    wire_stop(w);
}

/* All of them at once would be a second disturbance. */
static void open_chats_are_told_to_come_again_each_after_another_while(void **state)
{
    struct wire *w = wire_start(NULL);
    struct client *c[WAITERS];
    double pause[WAITERS], least = 99, most = 0;
    for (size_t i = 0; i < WAITERS; i++)
        c[i] = wire_chat(w);
    wire_signal(w, SIGTERM);
    for (size_t i = 0; i < WAITERS; i++) {
        struct message m;
        client_message(c[i], 5000 * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        assert_int_equal(
            sscanf(m.s, "{\"t\":\"bye\",\"code\":\"restart\",\"retry_after\":%lf}", &pause[i]), 1);
        message_release(&m);
        least = pause[i] < least ? pause[i] : least;
        most = pause[i] > most ? pause[i] : most;
        assert_int_equal(client_close_code(c[i], 5000 * (int)wire_slack()), 1001);
        client_close(c[i]);
    }
    assert_true(0 < least && least < most && most <= 5);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_answered_and_the_process_ends),
        cmocka_unit_test(open_chats_are_told_to_come_again_each_after_another_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
