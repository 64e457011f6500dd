/* The wall clock is set while chats are open: an hour and ten minutes forwards and back, as by a person or by NTP after a
 * suspended night. Nobody is cut off, nobody waits longer or shorter, nothing is answered twice; what is written down has the
 * new time, and what was written before is still numbered as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define CHATS     20
#define MINUTE    60L
#define HOUR      3600L
#define DAY       86400L
#define ANSWER_MS 5000
#define HELLO_MS  5000 /* without one a connection is closed */

static const long steps[] = {HOUR, -HOUR, 10 * MINUTE, 0, -10 * MINUTE, 30 * DAY, -30 * DAY, 0};

/* Set the wall clock that far from the true time; the clock that only counts is left alone. fake/clock.c. */
static void set_wrong(struct wire *w, long seconds)
{
    w->clock[1] = seconds * 1000000000LL;
}

/* The time stamp of the question's event is about now, by the program's clock. */
static void wears_the_time(const char *frame, long step)
{
    struct tm tm = {0};
    const char *at = strstr(frame, "\"at\":\"");
    assert_non_null(at);
    assert_non_null(strptime(at + strlen("\"at\":\""), "%Y-%m-%dT%H:%M:%SZ", &tm));
    assert_true(llabs((long long)(timegm(&tm) - time(NULL) - step)) < MINUTE);
}

/* Ask on a chat, and hear of it what comes: one message and one answer, with the next numbers. */
static void ask(struct client *c, int turn, long step)
{
    char text[256], seq[2][32];
    snprintf(text, sizeof text, "{\"t\":\"ask\",\"cid\":\"turn-%d\",\"text\":\"%s\"}", turn,
             WIRE_QUESTION);
    snprintf(seq[0], sizeof seq[0], "{\"seq\":%d,", 2 * turn + 1);
    snprintf(seq[1], sizeof seq[1], "{\"seq\":%d,", 2 * turn + 2);
    assert_true(client_text(c, text));
    for (int events = 0; events < 2;) {
        struct message m;
        client_message(c, ANSWER_MS * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        if (!strncmp(m.s, "{\"seq\"", 6)) {
            assert_memory_equal(m.s, seq[events], strlen(seq[events]));
            if (!events++)
                wears_the_time(m.s, step);
            else
                assert_non_null(strstr(m.s, WIRE_ANSWER));
        }
        message_release(&m);
    }
}

static void open_chats_go_on(void **state)
{
    struct wire *w = *state;
    struct client *c[CHATS];
    set_wrong(w, 0);
    for (int i = 0; i < CHATS; i++) {
        c[i] = wire_chat(w);
        ask(c[i], 0, 0);
    }
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        set_wrong(w, steps[k]);
        usleep(300000); /* time for a timer to fire that should not */
        for (int i = 0; i < CHATS; i++)
            ask(c[i], (int)k + 1, steps[k]);
    }
    for (int i = 0; i < CHATS; i++)
        client_close(c[i]);
}

static void who_waits_is_called_when_the_time_is_up_and_not_before(void **state)
{
    struct wire *w = *state;
    set_wrong(w, 0);
    for (size_t k = 0; k < 2; k++) { /* an hour forwards, an hour back */
        struct client *c = client_ws(w->port, "/v1/ws");
        uint64_t start = client_now_ms();
        usleep(500000);
        set_wrong(w, steps[k]);
        assert_int_equal(client_close_code(c, 4 * HELLO_MS), 4408);
        assert_in_range(client_now_ms() - start, HELLO_MS - 500, 3 * HELLO_MS);
        client_close(c);
    }
}

static void a_chat_is_resumed_after_the_jump(void **state)
{
    struct wire *w = *state;
    struct answer a = {0};
    char token[64] = "", header[128];
    set_wrong(w, 0);
    assert_true(client_http(w->port, "POST", "/v1/hello", NULL, "{\"t\":\"hello\",\"v\":1}", &a));
    const char *tok = strstr(a.body, "\"tok\":\"");
    assert_non_null(tok);
    sscanf(tok, "\"tok\":\"%63[^\"]", token);
    answer_release(&a);
    snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", token);
    for (size_t k = 0; k < 5; k++) {
        char body[256];
        set_wrong(w, steps[k]);
        snprintf(body, sizeof body, "{\"t\":\"ask\",\"cid\":\"c%zu\",\"text\":\"%s\"}", k,
                 WIRE_QUESTION);
        assert_true(client_http(w->port, "POST", "/v1/messages", header, body, &a));
        assert_int_equal(a.status, 200);
        assert_non_null(strstr(a.body, WIRE_ANSWER));
        answer_release(&a);
    }
}

static int setup(void **state)
{
    *state = wire_start(&(struct wire_options){.settings = "web: {session_rate: 100}\n",
                                               .clock = true}); /* counted by a clock, too */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_chats_go_on),
        cmocka_unit_test(who_waits_is_called_when_the_time_is_up_and_not_before),
        cmocka_unit_test(a_chat_is_resumed_after_the_jump),
    };
    return cmocka_run_group_tests(tests, setup, wire_teardown);
}
