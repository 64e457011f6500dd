/* S12. A client that asks and never reads: at most 64 KB of our memory each, dropped within 30 s of taking nothing. A flood of
 * pings: no memory, and the others are served. Here 50 mute clients; full size is 1,000. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define MUTE 50

/* One more frame that wants an answer, if the socket takes it whole at once. A hello is answered without searching, so that
 * it is the buffers that are tested and not the patience of whoever waits for the test. */
static bool push(struct client *c)
{
    static const char hello[] = "{\"t\":\"hello\",\"v\":1}";
    unsigned char f[6 + sizeof(hello)] = {WS_FIN | WS_TEXT, 0x80 | (sizeof(hello) - 1)};
    memcpy(f + 6, hello, sizeof(hello) - 1); /* masked with zeroes */
    ssize_t n = send(c->fd, f, 6 + sizeof(hello) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == (ssize_t)(6 + sizeof(hello) - 1);
}

/* What TCP took on behalf of a client that never reads, and when it last took something. */
struct intake {
    uint64_t bytes, last_ms;
    int dropped_after_ms; /* -1: still open */
};

static void look(struct client *c, struct intake *in)
{
    unsigned char info[256] = {0};
    socklen_t len = sizeof(info);
    uint64_t bytes, now = client_now_ms();
    if (in->dropped_after_ms >= 0)
        return;
    getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, info, &len);
    memcpy(&bytes, info + 128, 8); /* tcpi_bytes_received, which <netinet/tcp.h> does not know */
    if (bytes != in->bytes) {
        in->bytes = bytes;
        in->last_ms = now;
    }
    if (info[0] != TCP_ESTABLISHED)
        in->dropped_after_ms = (int)(now - in->last_ms);
}

/* Caches, threads and conversations grow with questions whoever asks them; that is not what is measured here. All at once,
 * because one after another would be two thousand waits for the disk. */
static void warm_up(struct wire *w)
{
    struct client *c[20];
    for (int i = 0; i < 20; i++)
        c[i] = wire_chat(w);
    for (int k = 0; k < 100; k++) {
        char cid[16];
        snprintf(cid, sizeof(cid), "w%d", k);
        for (int i = 0; i < 20; i++)
            wire_chat_ask(c[i], cid);
        for (int i = 0; i < 20; i++)
            assert_in_range(wire_chat_answer(c[i], cid, 10000), 0, 10000);
    }
    for (int i = 0; i < 20; i++)
        client_close(c[i]);
}

static void who_never_reads_is_bounded_and_dropped(void **state)
{
    struct wire *w = *state;
    struct client *c[MUTE];
    struct intake in[MUTE];
    int ms[600], n = 0, open = MUTE, longest = 0;
    uint64_t round = 0, unseen = 0; /* when we looked last, and the longest that we did not */
    warm_up(w);
    size_t before = wire_rss_kb(w), most = before;
    for (int i = 0; i < MUTE; i++) {
        c[i] = wire_chat(w);
        in[i] = (struct intake){.last_ms = client_now_ms(), .dropped_after_ms = -1};
    }
    uint64_t start = client_now_ms();
    while (open && client_now_ms() - start < 90000) {
        open = 0;
        uint64_t now = client_now_ms();
        unseen = round && now - round > unseen ? now - round : unseen;
        round = now;
        for (int i = 0; i < MUTE; i++) {
            for (int k = 0; k < 100 && in[i].dropped_after_ms < 0 && push(c[i]); k++)
                continue;
            look(c[i], &in[i]);
            open += in[i].dropped_after_ms < 0;
            longest = in[i].dropped_after_ms > longest ? in[i].dropped_after_ms : longest;
        }
        size_t rss = wire_rss_kb(w);
        most = rss > most ? rss : most;
        if (n < 600)
            ms[n++] = wire_ask(w);
        usleep(100000);
    }
    for (int i = 0; i < MUTE; i++)
        client_close(c[i]);
    print_message("%zu KB for each, dropped %d ms after the last byte that was taken\n",
                  (most - before) / MUTE, longest);
    assert_int_equal(open, 0);
    assert_in_range(longest, 0, 30000 + 2 * unseen); /* a look takes as long as a round may */
    assert_in_range((most - before) / MUTE, 0, wire_slack() > 1 ? 128 : 64);
    assert_in_range(wire_percentile(ms, (size_t)n, 99), 0, 200 * wire_slack());
}

static void a_flood_of_pings_costs_no_memory_and_little_time(void **state)
{
    struct wire *w = *state;
    warm_up(w);
    struct client *c = wire_chat(w);
    unsigned char pings[100 * 6];
    int ms[200], n = 0;
    for (int i = 0; i < 100; i++)
        memcpy(pings + (ptrdiff_t)i * 6, "\x89\x80mask", 6);
    size_t before = wire_rss_kb(w);
    uint64_t start = client_now_ms(), sent = 0;
    while (client_now_ms() - start < 3000) {
        for (int k = 0; k < 20; k++) {
            ssize_t got = send(c->fd, pings, sizeof(pings), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (got < (ssize_t)sizeof(pings))
                break;
            sent += 100;
        }
        while (client_fill(c, 0))
            c->len = 0;
        if (n < 200)
            ms[n++] = wire_ask(w);
        usleep(10000);
    }
    print_message("%llu pings\n", (unsigned long long)sent);
    size_t after = wire_rss_kb(w);
    if (after > before + 1024 * wire_slack())
        fail_msg("RSS grew from %zu to %zu KB", before, after);
    assert_in_range(wire_percentile(ms, (size_t)n, 99), 0, 200 * wire_slack());
    client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_never_reads_is_bounded_and_dropped, wire_setup,
                                        wire_teardown),
        cmocka_unit_test_setup_teardown(a_flood_of_pings_costs_no_memory_and_little_time,
                                        wire_setup, wire_teardown),
    };
    wire_keep_no_stacks();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
