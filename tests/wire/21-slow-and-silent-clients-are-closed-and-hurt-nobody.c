/* S1. Headers that drip, silence, bodies that drip and halves of frames: all closed within 15 s, while a healthy client is
 * answered as ever. Here 300 sockets of each kind; full size is 5,000 of each, healthy p99 at most 200 ms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define EACH 300

enum { SLOW_HEAD, SILENT, SLOW_BODY, HALF_HEAD, HALF_FRAME, KINDS };
static const char *const name[KINDS] = {"slow head", "silent", "slow body", "half a frame's head",
                                        "half a frame"};

static struct client *open_one(struct wire *w, int kind)
{
    struct client *c;
    switch (kind) {
    case SLOW_HEAD:
        c = client_open(w->port);
        client_say(c, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
        return c;
    case SLOW_BODY:
        c = client_open(w->port);
        client_say(c, "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
        return c;
    case HALF_HEAD:
        c = wire_chat(w);
        client_send(c, "\x81", 1); /* a final text frame; how long is never said */
        return c;
    case HALF_FRAME:
        c = wire_chat(w);
        client_send(c, "\x81\xfe\x03\xe8mask{", 9); /* 1,000 bytes, of which one */
        return c;
    default: return client_open(w->port);
    }
}

static void drip(struct client *c, int kind)
{
    if (kind != SILENT && kind != HALF_HEAD && !c->ended)
        client_send(c, "a", 1);
}

static void slow_and_silent_clients_are_closed_and_hurt_nobody(void **state)
{
    struct wire *w = *state;
    static struct client *c[KINDS][EACH];
    static int ms[2000];
    int n = 0;
    wire_ask(w);
    /* The last first: the others' time runs from when they connect. */
    for (int kind = KINDS - 1; kind >= 0; kind--) {
        for (int i = 0; i < EACH; i++)
            c[kind][i] = open_one(w, kind);
    }
    uint64_t start = client_now_ms(), next = start + 2000;
    int open = KINDS * EACH;
    while (open && client_now_ms() - start < 16000) {
        ms[n < 2000 ? n++ : n - 1] = wire_ask(w);
        usleep(50000);
        if (client_now_ms() >= next) {
            next += 2000;
            for (int kind = 0; kind < KINDS; kind++) {
                for (int i = 0; i < EACH; i++)
                    drip(c[kind][i], kind);
            }
        }
        open = 0;
        for (int kind = 0; kind < KINDS; kind++) {
            for (int i = 0; i < EACH; i++) {
                while (!c[kind][i]->ended && client_fill(c[kind][i], 0))
                    continue;
                open += !c[kind][i]->ended;
            }
        }
    }
    uint64_t took = client_now_ms() - start;
    for (int kind = 0; kind < KINDS; kind++) {
        int left = 0;
        for (int i = 0; i < EACH; i++) {
            left += !c[kind][i]->ended;
            client_close(c[kind][i]);
        }
        if (left)
            print_error("%d of %d sockets of kind \"%s\" are still open after %llu ms\n", left,
                        EACH, name[kind], (unsigned long long)took);
    }
    assert_int_equal(open, 0);
    assert_in_range(took, 0, 15500);
    int p99 = wire_percentile(ms, (size_t)n, 99);
    print_message("all closed after %llu ms; a healthy client waited %d ms (median), %d ms (p99)\n",
                  (unsigned long long)took, wire_percentile(ms, (size_t)n, 50), p99);
    if (p99 > 200 * (int)wire_slack())
        fail_msg("a healthy client waited %d ms", p99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slow_and_silent_clients_are_closed_and_hurt_nobody,
                                        wire_setup, wire_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
