/* F4. When descriptors run out the program neither spins nor floods its log, those inside are served as before, and it
 * recovers by itself. Full size: 1,060 clients at a limit of 1,000, log at most a line a second, CPU at most 5 %, old
 * clients' p99 at most 50 ms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define LIMIT   120
#define INSIDE  80 /* of those in the crowd; with the old ones nearly three quarters of the limit */
#define CROWD   200
#define SECONDS 4

/* Who has said hello stays, and only then is the house full: of those who are still at the door the oldest would make room
 * for the next one, and on a slow machine all of them are at the door. */
static void fill_the_house(struct wire *w, struct client *crowd[CROWD])
{
    for (int i = 0; i < INSIDE; i++)
        crowd[i] = wire_chat(w);
    for (int i = INSIDE; i < CROWD; i++) {
        crowd[i] = client_open(w->port);
        client_say(crowd[i],
                   "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   "Sec-WebSocket-Protocol: guidepost.v1\r\n\r\n");
        client_frame(crowd[i], (struct frame_shape){.first = WS_FIN | WS_TEXT},
                     "{\"t\":\"hello\",\"v\":1}", 19);
    }
}

static bool complains_within(struct wire *w, uint64_t ms)
{
    uint64_t start = client_now_ms();
    while (!wire_said(w, "cannot take new connections")) {
        if (client_now_ms() - start > ms)
            return false;
        usleep(20000);
    }
    return true;
}

static void out_of_descriptors_the_old_clients_do_not_notice(void **state)
{
    struct wire *w = *state;
    struct client *old[5], *crowd[CROWD];
    for (int i = 0; i < 5; i++)
        old[i] = wire_chat(w);
    fill_the_house(w, crowd);
    assert_true(complains_within(w, 10000));
    size_t lines = wire_log_lines(w);
    uint64_t cpu = wire_cpu_ms(w), start = client_now_ms();
    int ms[SECONDS * 20], n = 0;
    while (client_now_ms() - start < SECONDS * 1000) {
        char cid[16];
        snprintf(cid, sizeof(cid), "q%d", n);
        assert_true(wire_chat_ask(old[n % 5], cid));
        int took = wire_chat_answer(old[n % 5], cid, 5000);
        assert_in_range(took, 0, 5000);
        if (n < SECONDS * 20)
            ms[n++] = took;
        usleep(100000);
    }
    uint64_t used = wire_cpu_ms(w) - cpu, seconds = (client_now_ms() - start) / 1000;
    if (wire_log_lines(w) - lines > seconds + 1) {
        wire_dump_log(w);
        fail_msg("%zu lines of log in %llu s", wire_log_lines(w) - lines,
                 (unsigned long long)seconds);
    }
    /* Including the answers: a few milliseconds each. */
    assert_in_range(used, 0, seconds * 50 * wire_slack() + (unsigned)n * 10);
    int p99 = wire_percentile(ms, (size_t)n, 99);
    if (p99 > 50 * (int)wire_slack())
        fail_msg("an old client waited %d ms", p99);

    for (int i = 0; i < CROWD; i++)
        client_close(crowd[i]);
    usleep(500000);
    wire_ask(w);
    client_close(wire_chat(w));
    for (int i = 0; i < 5; i++)
        client_close(old[i]);
}

static int setup(void **state)
{
    *state = wire_start(&(struct wire_options){.max_files = LIMIT});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(out_of_descriptors_the_old_clients_do_not_notice, setup,
                                        wire_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
