/* Many at once: those who come late are let in as cheaply as those who came first, a crowd that was cut off is back in a few
 * seconds while others are served, a few who ask without end cost the others nothing, and what is too much is refused with
 * the time to come again, and answered then. Counted rather than timed where that is possible: machines are busy. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "bot/limits.h"
#include "tests/wire/harness/wire.h"

#define CROWD    2000
#define GREEDY   5
#define EACH     40 /* questions of one of the greedy, sent at once */
#define PATIENCE 20000

static const char handshake[] =
    "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: guidepost.v1\r\n\r\n";

static void expect_frame(struct client *c, const char *part)
{
    struct message m;
    client_message(c, PATIENCE * (int)wire_slack(), false, &m);
    if (m.opcode != WS_TEXT || !strstr(m.s, part))
        fail_msg("%s did not come: %d %s", part, m.opcode, m.s ? m.s : "");
    message_release(&m);
}

/* Open n chats at once, each step of all before the next step of any. */
static void arrive(struct wire *w, struct client **c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        c[i] = client_open(w->port);
        assert_true(client_say(c[i], handshake));
    }
    for (size_t i = 0; i < n; i++) {
        struct answer a = {0};
        assert_true(client_answer(c[i], PATIENCE * (int)wire_slack(), false, &a));
        assert_int_equal(a.status, 101);
        answer_release(&a);
        assert_true(client_text(c[i], "{\"t\":\"hello\",\"v\":1}"));
    }
    for (size_t i = 0; i < n; i++)
        expect_frame(c[i], "\"t\":\"ready\"");
}

static void leave(struct client **c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        client_close(c[i]);
}

/* Processor time of the program for letting in n more. */
static uint64_t price(struct wire *w, struct client **c, size_t n)
{
    uint64_t before = wire_cpu_ms(w);
    arrive(w, c, n);
    return wire_cpu_ms(w) - before;
}

static void the_last_to_come_costs_what_the_first_did(void **state)
{
    static struct client *c[CROWD];
    const size_t part = CROWD / 5;
    struct wire *w = *state;
    price(w, c, part); /* the memory it will need is there now */
    leave(c, part);
    uint64_t first = price(w, c, part), last = 0;
    for (size_t i = part; i < CROWD; i += part)
        last = price(w, c + i, part);
    assert_in_range(last, 0, 2 * first + 20);
    leave(c, CROWD);
}

static void a_crowd_that_was_cut_off_is_back_and_others_are_served_meanwhile(void **state)
{
    static struct client *c[CROWD];
    struct wire *w = *state;
    struct client *calm = wire_chat(w);
    arrive(w, c, CROWD);
    leave(c, CROWD); /* all at once, without a word */
    for (size_t i = 0; i < CROWD; i++) {
        c[i] = client_open(w->port);
        assert_true(client_say(c[i], handshake));
    }
    assert_true(wire_chat_ask(calm, "meanwhile"));
    assert_in_range(wire_chat_answer(calm, "meanwhile", PATIENCE), 0, 1000 * wire_slack());
    leave(c, CROWD); /* and once more, in the middle of it */
    uint64_t start = client_now_ms();
    arrive(w, c, CROWD); /* fails unless all are served */
    assert_in_range(client_now_ms() - start, 0, 5000 * wire_slack());
    leave(c, CROWD);
    client_close(calm);
}

/* How many answers have come by now; the program stands still meanwhile. */
static size_t answers_so_far(struct wire *w, struct client **c, size_t n)
{
    size_t found = 0;
    wire_signal(w, SIGSTOP);
    for (size_t i = 0; i < n; i++) {
        while (client_fill(c[i], 20))
            ;
        const char *s = c[i]->s, *end = s + c[i]->len;
        while (s && (s = memmem(s, (size_t)(end - s), "\"t\":\"answer\"", 12))) {
            found++;
            s++;
        }
    }
    return found;
}

static void a_few_who_ask_without_end_make_nobody_wait(void **state)
{
    struct wire *w = *state;
    struct client *greedy[GREEDY], *other = wire_chat(w);
    char cid[16];
    for (size_t i = 0; i < GREEDY; i++)
        greedy[i] = wire_chat(w);
    for (size_t k = 0; k < EACH; k++)
        for (size_t i = 0; i < GREEDY; i++) {
            snprintf(cid, sizeof cid, "g%zu", k);
            assert_true(wire_chat_ask(greedy[i], cid));
        }
    size_t before = answers_so_far(w, greedy, GREEDY);
    assert_true(wire_chat_ask(other, "one"));
    wire_signal(w, SIGCONT);
    assert_true(wire_chat_answer(other, "one", PATIENCE) >= 0);
    size_t after = answers_so_far(w, greedy, GREEDY);
    wire_signal(w, SIGCONT);
    print_message("%zu answers before, %zu meanwhile\n", before, after - before);
    assert_true(before < GREEDY * EACH / 2); /* or there was nothing to wait for */
    /* Before it stand those in flight; and as many again while it is written down, and while its answer is read. */
    assert_in_range(after - before, 0, 4 * GREEDY * MAX_IN_FLIGHT);
    for (size_t i = 0; i < GREEDY; i++)
        client_close(greedy[i]);
    client_close(other);
}

static void what_is_too_much_is_refused_until_later_and_answered_then(void **state)
{
    static struct client *c[MAX_QUEUE];
    struct wire *w = *state;
    size_t n = sizeof c / sizeof *c, refused = 0, answered = 0;
    char text[200];
    arrive(w, c, n);
    wire_signal(w, SIGSTOP);                   /* so that it hears all of them at once */
    for (size_t k = 0; k < MAX_IN_FLIGHT; k++) /* together twice what may wait */
        for (size_t i = 0; i < n; i++) {
            snprintf(text, sizeof text, "q%zu", k);
            assert_true(wire_chat_ask(c[i], text));
        }
    wire_signal(w, SIGCONT);
    for (size_t i = 0; i < n; i++)
        for (size_t done = 0; done < MAX_IN_FLIGHT;) {
            struct message m;
            client_message(c[i], PATIENCE * (int)wire_slack(), false, &m);
            assert_int_equal(m.opcode, WS_TEXT);
            if (strstr(m.s, "\"t\":\"error\"")) {
                char *cid = strstr(m.s, "\"cid\":\"q");
                assert_non_null(strstr(m.s, "\"code\":\"busy\""));
                assert_non_null(strstr(m.s, "\"retry\":true,\"retry_after\":"));
                assert_non_null(cid);
                snprintf(text, sizeof text, "%.2s", cid + 7);
                assert_true(wire_chat_ask(c[i], text)); /* sooner than it was told to */
                refused++;
            } else if (strstr(m.s, "\"t\":\"answer\"")) {
                answered++;
                done++;
            }
            message_release(&m);
        }
    assert_int_equal(answered, n * MAX_IN_FLIGHT);
    assert_true(refused > 0);
    print_message("refused %zu times, answered all %zu\n", refused, answered);
    leave(c, n);
}

static int setup(void **state)
{
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    return wire_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_to_come_costs_what_the_first_did),
        cmocka_unit_test(a_crowd_that_was_cut_off_is_back_and_others_are_served_meanwhile),
        cmocka_unit_test(a_few_who_ask_without_end_make_nobody_wait),
        cmocka_unit_test(what_is_too_much_is_refused_until_later_and_answered_then),
    };
    return cmocka_run_group_tests(tests, setup, wire_teardown);
}
