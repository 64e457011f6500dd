/* test_peer.c: WebSockets: frames, handshakes, closing, queues. */
#include "tests/unit/bot/server_owner.h"

static void messages_arrive_whole_however_they_are_cut(void **state)
{
    struct owner *o = *state;
    struct client *c = client_ws(o->port, "/v1/ws");
    client_text(c, "hello");
    expect_text(c, "hello");
    client_frame(c, (struct frame_shape){.first = WS_TEXT}, "hel", 3);
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_PING}, "p", 1);
    client_frame(c, (struct frame_shape){.first = WS_CONT}, "", 0);
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_CONT}, "lo", 2);
    for (int i = 0, want = WS_PONG | WS_TEXT; want; i++) { /* whichever is first */
        struct message m;
        client_message(c, 5000, true, &m);
        assert_true(i < 2 && (m.opcode == WS_PONG || m.opcode == WS_TEXT));
        assert_string_equal(m.s, m.opcode == WS_TEXT ? "hello" : "p");
        want -= m.opcode;
        message_release(&m);
    }

    char *big = calloc(1, MAX_WS_FRAME + 1);
    assert_non_null(big);
    memset(big, 'x', MAX_WS_FRAME);
    client_text(c, big);
    expect_text(c, big);
    free(big);
    for (int i = 0; i < 50; i++) /* pipelined: frames end anywhere in what is read at once */
        client_text(c, "a message of some ninety bytes, so that its end is not where a read of the "
                       "library ends...");
    for (int i = 0; i < 50; i++)
        expect_text(c, "a message of some ninety bytes, so that its end is not where a read of the "
                       "library ends...");
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_CLOSE}, "\x03\xe8", 2);
    assert_int_equal(client_close_code(c, 3000), 1000);
    client_close(c);
}

static int close_code_for(struct owner *o, struct frame_shape shape, const void *s, size_t len)
{
    struct client *c = client_ws(o->port, "/v1/ws");
    client_frame(c, shape, s, len);
    int code = client_close_code(c, 3000);
    client_close(c);
    return code;
}

static void what_is_no_text_or_too_much_of_it_closes_with_the_right_code(void **state)
{
    struct owner *o = *state;
    char *big = calloc(1, MAX_WS_FRAME + 1);
    assert_non_null(big);
    assert_int_equal(close_code_for(o, (struct frame_shape){.first = WS_FIN | WS_BINARY}, "x", 1),
                     1003);
    assert_int_equal(
        close_code_for(o, (struct frame_shape){.first = WS_FIN | WS_TEXT}, "\xc3\x28", 2), 1007);
    assert_int_equal(
        close_code_for(o, (struct frame_shape){.first = WS_FIN | WS_TEXT}, big, MAX_WS_FRAME + 1),
        1009);
    assert_int_equal(
        close_code_for(
            o,
            (struct frame_shape){.first = WS_FIN | WS_TEXT, .announce = true, .announced = 1 << 30},
            "0123456789", 10),
        1009);
    assert_int_equal(close_code_for(o, (struct frame_shape){.first = WS_FIN | 3}, "x", 1), 1002);
    assert_int_equal(
        close_code_for(o, (struct frame_shape){.first = WS_FIN | WS_TEXT | 0x40}, "x", 1), 1002);
    free(big);
}

static void frames_without_a_mask_are_1002(void **state)
{
    struct owner *o = *state;
    static const size_t sizes[] = {0, 1, 125, 126, 5000};
    struct frame_shape bare = {.first = WS_FIN | WS_TEXT, .unmasked = true};
    char *text = calloc(1, 5001);
    assert_non_null(text);
    memset(text, 'x', 5000);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_int_equal(close_code_for(o, bare, text, sizes[i]), 1002);
    /* Also behind masked ones; and in fragments, of which each lacks four bytes. */
    struct client *c = client_ws(o->port, "/v1/ws");
    client_text(c, "hello");
    expect_text(c, "hello");
    client_frame(c, bare, "x", 1);
    assert_int_equal(client_close_code(c, 6000), 1002);
    client_close(c);
    c = client_ws(o->port, "/v1/ws");
    client_frame(c, (struct frame_shape){.first = WS_TEXT, .unmasked = true}, "a", 1);
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_CONT, .unmasked = true}, "b", 1);
    assert_int_equal(client_close_code(c, 3000), 1002);
    client_close(c);
    free(text);
}

static void masked_frames_of_every_length_are_fine(void **state)
{
    struct owner *o = *state;
    char text[1301] = {0};
    struct client *c = client_ws(o->port, "/v1/ws");
    for (size_t len = 1; len <= 1300; len += len < 300 || len > 1000 ? 1 : 7) {
        memset(text, 'a' + (int)(len % 26), len);
        client_text(c, text);
        expect_text(c, text);
    }
    client_close(c);
    /* The handshake behind another request, and byte by byte. */
    static const char handshake[] =
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: guidepost.v1\r\n\r\n";
    struct answer a;
    c = client_open(o->port);
    client_say(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_answer(c, 3000, false, &a));
    answer_release(&a);
    for (size_t i = 0; i < sizeof(handshake) - 1; i++)
        client_send(c, handshake + i, 1);
    assert_true(client_answer(c, 3000, true, &a));
    assert_int_equal(a.status, 101);
    answer_release(&a);
    client_text(c, "hello");
    expect_text(c, "hello");
    client_close(c);
}

static void a_handshake_must_fit_in_every_respect(void **state)
{
    struct owner *o = *state;
    static const char ours[] = "Sec-WebSocket-Protocol: guidepost.v1\r\n";
    char headers[256];
    assert_int_equal(client_ws_try(o->port, "/v1/ws", "", NULL), 426);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", "Sec-WebSocket-Protocol: chat\r\n", NULL),
                     426);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", "Sec-WebSocket-Protocol: http\r\n", NULL),
                     426);
    assert_int_equal(client_ws_try(o->port, "/", ours, NULL), 404);
    assert_int_equal(client_ws_try(o->port, "/v1/ws/", ours, NULL), 404);
    assert_int_equal(
        client_ws_try(o->port, "/v1/ws", "Sec-WebSocket-Protocol: a, guidepost.v1\r\n", NULL), 101);
    snprintf(headers, sizeof(headers), "%sOrigin: https://evil.example\r\n", ours);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", headers, NULL), 403);
    snprintf(headers, sizeof(headers), "%sOrigin: null\r\n", ours);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", headers, NULL), 403);
    snprintf(headers, sizeof(headers), "%sOrigin: http://127.0.0.1:%d.evil.example\r\n", ours,
             o->port);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", headers, NULL), 403);
    snprintf(headers, sizeof(headers), "%sOrigin: http://127.0.0.1:%d\r\n", ours, o->port);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", headers, NULL), 101);

    static const char *const origins[] = {"https://school.example"};
    struct owner *p = owner_start((struct server_options){
        .rules = {.origins = origins, .norigins = 1, .origin_required = true}});
    snprintf(headers, sizeof(headers), "%sOrigin: https://School.example\r\n", ours);
    assert_int_equal(client_ws_try(p->port, "/v1/ws", headers, NULL), 101);
    snprintf(headers, sizeof(headers), "%sOrigin: https://school.example.evil\r\n", ours);
    assert_int_equal(client_ws_try(p->port, "/v1/ws", headers, NULL), 403);
    assert_int_equal(client_ws_try(p->port, "/v1/ws", ours, NULL), 403);
    owner_stop(p);
}

static void use_other_rules(void *ctx)
{
    static const char *const origins[] = {"https://school.example"}, *const bad[] = {"nonsense"};
    struct owner *o = ctx;
    struct policy_rules rules = {.origins = origins, .norigins = 1};
    assert_int_equal(server_set_rules(o->server, &rules), 0);
    rules = (struct policy_rules){.proxies = bad, .nproxies = 1};
    assert_int_equal(server_set_rules(o->server, &rules), -22); /* and all stays as it was */
}

static void rules_can_change_while_it_runs(void **state)
{
    struct owner *o = *state;
    static const char listed[] = "Sec-WebSocket-Protocol: guidepost.v1\r\n"
                                 "Origin: https://school.example\r\n";
    struct client *before = client_ws(o->port, "/v1/ws");
    assert_int_equal(client_ws_try(o->port, "/v1/ws", listed, NULL), 403);
    on_loop(o, use_other_rules);
    assert_int_equal(client_ws_try(o->port, "/v1/ws", listed, NULL), 101);
    client_text(before, "hello");
    expect_text(before, "hello");
    client_close(before);
}

static void other_upgrades_are_refused_also_after_a_request(void **state)
{
    struct owner *o = *state;
    static const char *const all[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: guidepost.v1\r\n\r\n",
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: guidepost.v1\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        for (int after = 0; after < 2; after++) {
            struct client *c = client_open(o->port);
            struct answer a;
            if (after) {
                client_say(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
                assert_true(client_answer(c, 3000, false, &a));
                answer_release(&a);
            }
            client_say(c, all[i]);
            assert_true(client_answer(c, 3000, false, &a));
            assert_in_range(a.status, 400, 499);
            answer_release(&a);
            assert_true(client_wait_closed(c, 3000) >= 0);
            client_close(c);
        }
    }
}

static void the_owner_closes_with_a_code_behind_what_is_queued(void **state)
{
    struct owner *o = *state;
    struct client *c = client_ws(o->port, "/v1/ws");
    client_text(c, "close");
    expect_text(c, "last words");
    assert_int_equal(client_close_code(c, 3000), 4401);
    client_close(c);
}

static void a_queue_that_grows_too_long_closes_the_peer(void **state)
{
    struct owner *o = *state;
    struct client *c = client_ws(o->port, "/v1/ws");
    client_text(c, "flood");
    assert_int_equal(client_close_code(c, 8000), 4408);
    client_close(c);
    assert_int_equal(
        client_ws_try(o->port, "/v1/ws", "Sec-WebSocket-Protocol: guidepost.v1\r\n", NULL), 101);
}

static void unpause(void *ctx)
{
    struct owner *o = ctx;
    peer_pause(o->server, o->paused, false);
}

static void a_paused_peer_is_not_read_and_loses_nothing(void **state)
{
    struct owner *o = *state;
    struct client *c = client_ws(o->port, "/v1/ws");
    struct message m;
    client_text(c, "pause");
    for (int i = 0; i < 30; i++)
        client_text(c, "one");
    client_message(c, 300, false, &m);
    assert_int_equal(m.opcode, -1);
    client_text(c, "two");
    on_loop(o, unpause);
    for (int i = 0; i < 30; i++)
        expect_text(c, "one");
    expect_text(c, "two");
    client_close(c);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        with_owner(messages_arrive_whole_however_they_are_cut),
        with_owner(what_is_no_text_or_too_much_of_it_closes_with_the_right_code),
        with_owner(frames_without_a_mask_are_1002),
        with_owner(masked_frames_of_every_length_are_fine),
        with_owner(a_handshake_must_fit_in_every_respect),
        with_owner(rules_can_change_while_it_runs),
        with_owner(other_upgrades_are_refused_also_after_a_request),
        with_owner(the_owner_closes_with_a_code_behind_what_is_queued),
        with_owner(a_queue_that_grows_too_long_closes_the_peer),
        with_owner(a_paused_peer_is_not_read_and_loses_nothing),
    };
    cmocka_set_test_filter(getenv("ONLY")); /* one of them, while working on it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
