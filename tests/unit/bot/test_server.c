/* test_server.c: requests, caps and stopping, in one process over real sockets. What needs ten seconds of patience or a whole
 * process to measure is in tests/wire; WebSockets are in test_peer.c. */
#include "tests/unit/bot/server_owner.h"

/* ---- requests ---- */

static void a_request_arrives_whole_and_decoded(void **state)
{
    struct owner *o = *state;
    struct answer a;
    assert_true(client_http(o->port, "POST", "/a%20b/c?x=1&q=what+%26+how%3d&y",
                            "X-Test: yes\r\nUser-Agent: me\r\n", "hello", &a));
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "POST|/a b/c|what & how=|yes|me|127.0.0.1|5:hello");
    assert_string_equal(answer_header(&a, "x-owner"), "test");
    assert_string_equal(answer_header(&a, "connection"), "keep-alive");
    answer_release(&a);
}

static void every_method_is_understood_and_head_sends_no_body(void **state)
{
    struct owner *o = *state;
    static const char *const bodiless[] = {"GET", "DELETE", "OPTIONS"}, *const bodied[] = {
                                                                            "POST", "PUT", "PATCH",
                                                                            "DELETE", "GET"};
    char want[64];
    struct answer a;
    for (size_t i = 0; i < 3; i++) {
        assert_true(client_http(o->port, bodiless[i], "/", NULL, NULL, &a));
        snprintf(want, sizeof(want), "%s|/|-|-|-|127.0.0.1|0:", bodiless[i]);
        assert_string_equal(a.body, want);
        answer_release(&a);
    }
    for (size_t i = 0; i < 5; i++) {
        assert_true(client_http(o->port, bodied[i], "/", NULL, "xy", &a));
        snprintf(want, sizeof(want), "%s|/|-|-|-|127.0.0.1|2:xy", bodied[i]);
        assert_string_equal(a.body, want);
        answer_release(&a);
    }
    /* An empty body that is announced. */
    assert_true(client_http(o->port, "POST", "/", NULL, "", &a));
    assert_string_equal(a.body, "POST|/|-|-|-|127.0.0.1|0:");
    answer_release(&a);
    assert_true(client_http(o->port, "PUT", "/", NULL, "", &a));
    assert_string_equal(a.body, "PUT|/|-|-|-|127.0.0.1|0:");
    answer_release(&a);
    assert_true(client_http(o->port, "HEAD", "/", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    assert_string_equal(answer_header(&a, "content-length"), "25");
    answer_release(&a);
}

static void one_connection_carries_many_requests(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    for (int i = 0; i < 20; i++) {
        struct answer a;
        char head[128], want[64];
        bool post = i % 2;
        snprintf(head, sizeof(head), "%s /%d HTTP/1.1\r\nHost: x\r\n%s\r\n%s",
                 post ? "POST" : "GET", i, post ? "Content-Length: 2\r\n" : "", post ? "ab" : "");
        client_say(c, head);
        assert_true(client_answer(c, 5000, false, &a));
        snprintf(want, sizeof(want), "%s|/%d|-|-|-|127.0.0.1|%s", post ? "POST" : "GET", i,
                 post ? "2:ab" : "0:");
        assert_string_equal(a.body, want);
        answer_release(&a);
    }
    client_close(c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    struct answer a;
    client_say(c, "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /5 HTTP/1.1\r\nHost: x\r\n\r\n");
    static const char *const want[] = {"POST|/1|-|-|-|127.0.0.1|3:abc", "late",
                                       "GET|/3|-|-|-|127.0.0.1|0:", "late",
                                       "GET|/5|-|-|-|127.0.0.1|0:"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(client_answer(c, 5000, false, &a));
        assert_string_equal(a.body, want[i]);
        answer_release(&a);
    }
    client_say(c, "POST /6 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(client_answer(c, 5000, false, &a));
    assert_string_equal(a.body, "POST|/6|-|-|-|127.0.0.1|3:abc");
    answer_release(&a);
    client_close(c);
}

/* The library would take the head for the body. */
static void a_body_that_does_not_wait_for_the_answer_before_it_is_refused(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    struct answer a;
    client_say(c, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                  "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(client_answer(c, 5000, false, &a));
    assert_int_equal(a.status, 200);
    answer_release(&a);
    assert_true(client_answer(c, 5000, false, &a));
    assert_int_equal(a.status, 400);
    answer_release(&a);
    assert_true(client_wait_closed(c, 2000) >= 0);
    client_close(c);
}

/* The library would loop for ever; see request_on_complete(). Answered or closed, but the others are served. */
static void requests_behind_a_body_do_not_stop_the_process(void **state)
{
    struct owner *o = *state;
    static const char *const all[] = {"/later", "/sync"};
    for (size_t i = 0; i < 2; i++) {
        char s[1024];
        struct client *c = client_open(o->port);
        struct answer a;
        snprintf(s, sizeof(s),
                 "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                 "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                 "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                 "GET /4 HTTP/1.1\r\nHost: x\r\n\r\n",
                 all[i], all[i], all[i]);
        client_say(c, s);
        assert_true(client_answer(c, 5000, false, &a));
        assert_int_equal(a.status, 200);
        answer_release(&a);
        while (client_answer(c, 2000, false, &a))
            answer_release(&a);
        client_close(c);
        assert_true(client_http(o->port, "GET", "/", NULL, NULL, &a));
        assert_int_equal(a.status, 200);
        answer_release(&a);
    }
}

static void what_can_be_read_in_two_ways_is_refused(void **state)
{
    struct owner *o = *state;
    static const struct {
        const char *request;
        int status;
    } all[] = {
        {"GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"GET /%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 403},
        {"GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 403},
        {"GET /a&b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /%01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /?q=%00 HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 403},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403},
        {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 403},
        {"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411},
        {"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", 411},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
         411},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nab",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\nab",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2x\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: a cookie\r\nContent-Length: 2\r\n\r\nab", 417},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int status = client_status(o->port, all[i].request, strlen(all[i].request), 3000);
        if (status != all[i].status)
            fail_msg("%d instead of %d for %s", status, all[i].status, all[i].request);
    }
    struct answer a;
    assert_true(client_http(o->port, "GET", "/still/here", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    answer_release(&a);
}

static void paths_cannot_climb(void **state)
{
    struct owner *o = *state;
    static const char *const all[] = {
        "/../etc/passwd",   "/%2e%2e/etc/passwd",   "/..%2fetc/passwd",
        "/a/..%2f..%2fetc", "/a/%2e%2e/%2e%2e/etc", "/a/..",
        "/%252e%252e/etc",  "/....//etc",           "/a/.../b"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct answer a;
        assert_true(client_http(o->port, "GET", all[i], NULL, NULL, &a));
        if (a.status == 200 && (strstr(a.body, "/../") || strstr(a.body, "/..|")))
            fail_msg("%s arrived as %s", all[i], a.body);
        answer_release(&a);
    }
}

static void a_body_that_is_too_large_is_told_so_although_it_is_still_coming(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    struct answer a;
    char *junk = calloc(1, 500000);
    assert_non_null(junk);
    client_say(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
    client_send(c, junk, 500000);
    assert_true(client_answer(c, 3000, false, &a));
    assert_int_equal(a.status, 413);
    assert_string_equal(answer_header(&a, "connection"), "close");
    assert_non_null(strstr(a.body, "\"code\":\"too_large\""));
    answer_release(&a);
    assert_true(client_wait_closed(c, 4000) >= 0);
    client_close(c);
    free(junk);
}

static void the_largest_body_arrives(void **state)
{
    struct owner *o = *state;
    struct answer a;
    char *body = calloc(1, MAX_HTTP_BODY + 1);
    assert_non_null(body);
    memset(body, 'x', MAX_HTTP_BODY);
    assert_true(client_http(o->port, "POST", "/", NULL, body, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "|65536:xxx"));
    answer_release(&a);
    free(body);
}

static void expect_100_continue_is_answered(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    struct answer a;
    client_say(c,
               "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_true(client_answer(c, 3000, false, &a));
    assert_int_equal(a.status, 100);
    answer_release(&a);
    client_say(c, "ab");
    assert_true(client_answer(c, 3000, false, &a));
    assert_string_equal(a.body, "POST|/|-|-|-|127.0.0.1|2:ab");
    answer_release(&a);
    client_close(c);
}

static void connection_close_and_http_1_0_are_honoured(void **state)
{
    struct owner *o = *state;
    static const char *const all[] = {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                      "GET / HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct client *c = client_open(o->port);
        struct answer a;
        client_say(c, all[i]);
        assert_true(client_answer(c, 3000, false, &a));
        assert_int_equal(a.status, 200);
        assert_string_equal(answer_header(&a, "connection"), "close");
        assert_true(client_wait_closed(c, 1000) >= 0);
        answer_release(&a);
        client_close(c);
    }
}

static int late_total;
static void count_late(void *ctx)
{
    struct owner *o = ctx;
    late_total = o->late_sent + o->late_refused;
}

static void a_reply_for_somebody_who_left_is_dropped(void **state)
{
    struct owner *o = *state;
    for (int i = 0; i < 5; i++) {
        struct client *c = client_open(o->port);
        client_say(c, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        usleep(20000);
        client_close(c);
    }
    struct answer a;
    assert_true(client_http(o->port, "GET", "/later", NULL, NULL, &a));
    assert_string_equal(a.body, "late");
    answer_release(&a);
    on_loop(o, count_late);
    assert_int_equal(late_total, 6);
}

static void a_large_reply_reaches_a_slow_reader_whole(void **state)
{
    struct owner *o = *state;
    struct client *c = client_open(o->port);
    struct answer a;
    /* The second request waits in the socket the whole time: neither read without end nor spun upon. */
    client_say(c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    uint64_t before = cpu_ms();
    usleep(1000000);
    uint64_t used = cpu_ms() - before;
    if (used > 300)
        fail_msg("%llu ms of processor in a second of waiting", (unsigned long long)used);
    assert_true(client_answer(c, 10000, false, &a));
    assert_int_equal(a.len, BIG);
    assert_memory_equal(a.body, o->big, BIG);
    answer_release(&a);
    assert_true(client_answer(c, 5000, false, &a));
    assert_string_equal(a.body, "GET|/next|-|-|-|127.0.0.1|0:");
    answer_release(&a);
    client_close(c);
}

static void waiting_for_the_owner_costs_nothing_whatever_the_client_sends(void **state)
{
    struct owner *o = *state;
    static const char *const all[] = {
        "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"};
    char junk[4096] = {0};
    for (size_t i = 0; i < 2; i++) {
        struct client *c = client_open(o->port);
        client_say(c, all[i]);
        usleep(50000);
        for (int k = 0; k < 50; k++)
            client_send(c, junk, sizeof(junk));
        uint64_t before = cpu_ms();
        usleep(500000);
        uint64_t used = cpu_ms() - before;
        if (used > 200)
            fail_msg("%llu ms of processor in half a second of waiting", (unsigned long long)used);
        client_close(c);
    }
}

static void x_forwarded_for_is_believed_from_listed_proxies_only(void **state)
{
    struct owner *o = *state;
    struct answer a;
    assert_true(client_http(o->port, "GET", "/", "X-Forwarded-For: 192.0.2.7\r\n", NULL, &a));
    assert_string_equal(a.body, "GET|/|-|-|-|127.0.0.1|0:");
    answer_release(&a);

    static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8"};
    struct owner *p =
        owner_start((struct server_options){.rules = {.proxies = proxies, .nproxies = 2}});
    static const char *const all[][2] = {
        {"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 1.2.3.4, 192.0.2.7, 10.1.1.1\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: nonsense\r\n", "127.0.0.1"},
        {"X-Forwarded-For: , ,\r\n", "127.0.0.1"},
        {"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
    };
    for (size_t i = 0; i < 6; i++) {
        char want[96];
        snprintf(want, sizeof(want), "GET|/|-|-|-|%s|0:", all[i][1]);
        assert_true(client_http(p->port, "GET", "/", all[i][0], NULL, &a));
        assert_string_equal(a.body, want);
        answer_release(&a);
    }
    owner_stop(p);
}

/* ---- caps ---- */

static void silent_connections_do_not_keep_others_out(void **state)
{
    struct owner *o = *state;
    static struct client *silent[MAX_PENDING + 100];
    for (size_t i = 0; i < MAX_PENDING + 100; i++) {
        silent[i] = client_open(o->port);
        client_say(silent[i], "GET /");
    }
    struct answer a;
    assert_true(client_http(o->port, "GET", "/", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    answer_release(&a);
    assert_true(client_wait_closed(silent[0], 1000) >= 0); /* the oldest made place */
    assert_int_equal(client_wait_closed(silent[MAX_PENDING + 99], 100), -1);
    for (size_t i = 0; i < MAX_PENDING + 100; i++)
        client_close(silent[i]);
}

static void one_address_has_its_share_and_no_more(void **state)
{
    (void)state;
    struct owner *o = owner_start((struct server_options){.rules = {.max_per_address = 3}});
    struct client *c[4];
    for (int i = 0; i < 3; i++)
        c[i] = client_ws(o->port, "/v1/ws");
    c[3] = client_open(o->port);
    struct answer a;
    assert_true(client_answer(c[3], 2000, false, &a));
    assert_int_equal(a.status, 429);
    answer_release(&a);
    assert_true(client_wait_closed(c[3], 2000) >= 0);
    client_close(c[0]);
    usleep(100000);
    client_close(client_ws(o->port, "/v1/ws"));
    for (int i = 1; i < 4; i++)
        client_close(c[i]);
    owner_stop(o);
}

static void beyond_the_cap_newcomers_get_503_and_the_others_live_on(void **state)
{
    (void)state;
    struct owner *o = owner_start((struct server_options){.max_connections = 10});
    struct client *c[10];
    for (int i = 0; i < 10; i++)
        c[i] = client_ws(o->port, "/v1/ws");
    struct client *late = client_open(o->port);
    struct answer a;
    assert_true(client_answer(late, 3000, false, &a));
    assert_int_equal(a.status, 503);
    answer_release(&a);
    client_close(late);
    client_text(c[4], "hello");
    expect_text(c[4], "hello");
    client_close(c[0]);
    usleep(300000);
    client_close(client_ws(o->port, "/v1/ws"));
    for (int i = 1; i < 10; i++)
        client_close(c[i]);
    owner_stop(o);
}

static void an_idle_connection_makes_place(void **state)
{
    (void)state;
    struct owner *o = owner_start((struct server_options){.max_connections = 2});
    struct client *c[2];
    struct answer a;
    for (int i = 0; i < 2; i++) {
        c[i] = client_open(o->port);
        client_say(c[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(client_answer(c[i], 3000, false, &a));
        answer_release(&a);
    }
    assert_true(client_http(o->port, "GET", "/", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    answer_release(&a);
    client_close(c[0]);
    client_close(c[1]);
    owner_stop(o);
}

/* ---- stopping ---- */

static void stop_listening(void *ctx)
{
    server_stop_listening(((struct owner *)ctx)->server);
}

static void say_goodbye(void *ctx)
{
    server_say_goodbye(((struct owner *)ctx)->server);
}

static void answer_held(void *ctx)
{
    struct owner *o = ctx;
    reply(o, o->held, "held", 4);
}

static bool idle;
static void ask_idle(void *ctx)
{
    idle = server_idle(((struct owner *)ctx)->server);
}

static void a_graceful_stop_answers_what_was_asked_and_says_1001(void **state)
{
    struct owner *o = *state;
    struct client *ws = client_ws(o->port, "/v1/ws"), *asked = client_open(o->port),
                  *kept = client_open(o->port);
    struct answer a;
    client_say(kept, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_answer(kept, 3000, false, &a));
    answer_release(&a);
    client_say(asked, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    client_text(ws, "hello");
    expect_text(ws, "hello");

    on_loop(o, stop_listening);
    assert_null(client_try_open(o->port));
    assert_true(client_wait_closed(kept, 1000) >= 0);
    on_loop(o, answer_held);
    assert_true(client_answer(asked, 3000, false, &a));
    assert_string_equal(a.body, "held");
    assert_string_equal(answer_header(&a, "connection"), "close");
    answer_release(&a);
    on_loop(o, say_goodbye);
    assert_int_equal(client_close_code(ws, 3000), 1001);
    client_close(ws);
    client_close(asked);
    client_close(kept);
    for (int i = 0; i < 100; i++) {
        on_loop(o, ask_idle);
        if (idle)
            break;
        usleep(20000);
    }
    assert_true(idle);
}

static void closing_with_everything_open_leaks_nothing(void **state)
{
    (void)state;
    struct owner *o = owner_start((struct server_options){0});
    struct client *c[6] = {client_ws(o->port, "/v1/ws"), client_ws(o->port, "/v1/ws"),
                           client_open(o->port),         client_open(o->port),
                           client_open(o->port),         client_open(o->port)};
    client_frame(c[1], (struct frame_shape){.first = WS_TEXT}, "half", 4);
    client_say(c[2], "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    client_say(c[3], "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    client_say(c[4], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    client_say(c[5], "GET");
    usleep(200000);
    owner_stop(o);
    for (int i = 0; i < 6; i++)
        client_close(c[i]);
}

static void a_taken_port_and_a_bad_address_are_errors(void **state)
{
    struct owner *o = *state;
    char taken[64];
    struct loop *l;
    struct server *s = NULL;
    assert_int_equal(loop_new(&l), 0);
    struct server_calls calls = {.on_request = on_request, .on_peer = on_peer};
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", o->port);
    struct server_options opt = {.listen = taken};
    assert_int_equal(server_open(l, &opt, &calls, &s), -98); /* EADDRINUSE */
    opt.listen = "nonsense";
    assert_int_equal(server_open(l, &opt, &calls, &s), -22); /* EINVAL */
    static const char *const proxies[] = {"10.0.0.0/99"};
    opt = (struct server_options){.listen = "127.0.0.1:0",
                                  .rules = {.proxies = proxies, .nproxies = 1}};
    assert_int_equal(server_open(l, &opt, &calls, &s), -22);
    assert_null(s);
    loop_free(l);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        with_owner(a_request_arrives_whole_and_decoded),
        with_owner(every_method_is_understood_and_head_sends_no_body),
        with_owner(one_connection_carries_many_requests),
        with_owner(pipelined_requests_are_answered_in_order),
        with_owner(a_body_that_does_not_wait_for_the_answer_before_it_is_refused),
        with_owner(requests_behind_a_body_do_not_stop_the_process),
        with_owner(what_can_be_read_in_two_ways_is_refused),
        with_owner(paths_cannot_climb),
        with_owner(a_body_that_is_too_large_is_told_so_although_it_is_still_coming),
        with_owner(the_largest_body_arrives),
        with_owner(expect_100_continue_is_answered),
        with_owner(connection_close_and_http_1_0_are_honoured),
        with_owner(a_reply_for_somebody_who_left_is_dropped),
        with_owner(a_large_reply_reaches_a_slow_reader_whole),
        with_owner(waiting_for_the_owner_costs_nothing_whatever_the_client_sends),
        with_owner(x_forwarded_for_is_believed_from_listed_proxies_only),
        with_owner(silent_connections_do_not_keep_others_out),
        cmocka_unit_test(one_address_has_its_share_and_no_more),
        cmocka_unit_test(beyond_the_cap_newcomers_get_503_and_the_others_live_on),
        cmocka_unit_test(an_idle_connection_makes_place),
        with_owner(a_graceful_stop_answers_what_was_asked_and_says_1001),
        cmocka_unit_test(closing_with_everything_open_leaks_nothing),
        with_owner(a_taken_port_and_a_bad_address_are_errors),
    };
    cmocka_set_test_filter(getenv("ONLY")); /* one of them, while working on it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
