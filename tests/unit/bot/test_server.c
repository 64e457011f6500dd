/* The server in one process: a small owner on a loop of its own thread, spoken to over real sockets. What needs ten
 * seconds of patience or a whole process to measure is in tests/wire. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/server.h"
#include "tests/wire/harness/client.h"

#define BIG (3u << 20)

struct owner {
    struct loop *loop;
    struct server *server;
    struct server_options options;
    pthread_t thread;
    int port;
    char *big;
    int opened, closed;   /* WebSockets */
    server_handle held;   /* of /hold */
    server_handle paused; /* of a peer that said "pause" */
    int late_sent, late_refused;
};

/* ---- the owner ---- */

static void reply(struct owner *o, server_handle h, const char *body, size_t len)
{
    struct http_reply r = {.status = 200,
                           .type = "text/plain",
                           .headers = "x-owner: test\r\n",
                           .body = body,
                           .len = len};
    assert_true(request_reply(o->server, h, &r));
}

struct late {
    struct owner *owner;
    server_handle h;
    struct loop_timer *timer;
};

static void on_late(void *ctx)
{
    struct late *l = ctx;
    struct http_reply r = {.status = 200, .type = "text/plain", .body = "late", .len = 4};
    if (request_reply(l->owner->server, l->h, &r))
        l->owner->late_sent++;
    else
        l->owner->late_refused++;
    assert_false(request_reply(l->owner->server, l->h, &r)); /* never twice */
    loop_timer_stop(l->timer);
    free(l);
}

static void on_request(void *ctx, struct request *rq)
{
    struct owner *o = ctx;
    const char *path = request_path(rq);
    if (strcmp(path, "/later") == 0) {
        struct late *l = calloc(1, sizeof(*l));
        *l = (struct late){.owner = o, .h = request_handle(rq)};
        l->timer = loop_timer(o->loop, 100, 0, on_late, l);
        return;
    }
    if (strcmp(path, "/hold") == 0) {
        o->held = request_handle(rq);
        return;
    }
    if (strcmp(path, "/big") == 0) {
        reply(o, request_handle(rq), o->big, BIG);
        return;
    }
    char s[4096];
    size_t len;
    const char *body = request_body(rq, &len);
    const char *q = request_query(rq, "q"), *x = request_header(rq, "x-test"),
               *agent = request_header(rq, "user-agent");
    int n = snprintf(s, sizeof(s), "%s|%s|%s|%s|%s|%s|%zu:%.100s", request_method(rq), path,
                     q ? q : "-", x ? x : "-", agent ? agent : "-", request_client(rq), len, body);
    reply(o, request_handle(rq), s, (size_t)n);
}

static void on_peer(void *ctx, struct peer *p, enum peer_event ev, const char *s, size_t len)
{
    struct owner *o = ctx;
    server_handle h = peer_handle(p);
    if (ev == PEER_OPEN) {
        o->opened++;
        peer_set_data(p, o);
    } else if (ev == PEER_CLOSED) {
        assert_ptr_equal(peer_data(p), o);
        o->closed++;
    } else if (len == 5 && memcmp(s, "flood", 5) == 0) {
        while (peer_send(o->server, h, o->big, 60000))
            continue;
        assert_false(peer_send(o->server, h, "x", 1));
    } else if (len == 5 && memcmp(s, "close", 5) == 0) {
        peer_send(o->server, h, "last words", 10);
        peer_close(o->server, h, 4401, "closed by the owner");
        assert_false(peer_send(o->server, h, "x", 1));
    } else if (len == 5 && memcmp(s, "pause", 5) == 0) {
        o->paused = h;
        peer_pause(o->server, h, true);
    } else {
        peer_send(o->server, h, s, len);
    }
}

static void *run(void *ctx)
{
    struct owner *o = ctx;
    loop_run(o->loop);
    return NULL;
}

static struct owner *owner_start(struct server_options options)
{
    struct owner *o = calloc(1, sizeof(*o));
    assert_non_null(o);
    o->options = options;
    o->options.listen = "127.0.0.1:0";
    o->options.websocket_path = "/v1/ws";
    o->options.subprotocol = "guidepost.v1";
    o->big = malloc(BIG);
    assert_non_null(o->big);
    for (size_t i = 0; i < BIG; i++)
        o->big[i] = (char)('a' + i % 23);
    assert_int_equal(loop_new(&o->loop), 0);
    struct server_calls calls = {.ctx = o, .on_request = on_request, .on_peer = on_peer};
    assert_int_equal(server_open(o->loop, &o->options, &calls, &o->server), 0);
    o->port = server_port(o->server);
    assert_int_equal(pthread_create(&o->thread, NULL, run, o), 0);
    return o;
}

static void on_stop(void *ctx)
{
    loop_stop(((struct owner *)ctx)->loop);
}

static void owner_stop(struct owner *o)
{
    loop_post(o->loop, on_stop, NULL, o);
    pthread_join(o->thread, NULL);
    server_close(o->server);
    loop_free(o->loop);
    assert_int_equal(o->opened, o->closed);
    free(o->big);
    free(o);
}

static int setup(void **state)
{
    *state = owner_start((struct server_options){0});
    return 0;
}

static int teardown(void **state)
{
    owner_stop(*state);
    return 0;
}

/* Run something on the loop's thread and wait for it. */
struct call {
    loop_fn *fn;
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool over;
};

static void on_call(void *ctx)
{
    struct call *c = ctx;
    c->fn(c->ctx);
    pthread_mutex_lock(&c->lock);
    c->over = true;
    pthread_cond_signal(&c->done);
    pthread_mutex_unlock(&c->lock);
}

static void on_loop(struct owner *o, loop_fn *fn)
{
    struct call c = {fn, o, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    loop_post(o->loop, on_call, NULL, &c);
    pthread_mutex_lock(&c.lock);
    while (!c.over)
        pthread_cond_wait(&c.done, &c.lock);
    pthread_mutex_unlock(&c.lock);
}

static uint64_t cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

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

/* ---- WebSockets ---- */

static void expect_text(struct client *c, const char *want)
{
    struct message m;
    client_message(c, 5000, false, &m);
    assert_int_equal(m.opcode, WS_TEXT);
    assert_string_equal(m.s, want);
    message_release(&m);
}

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
    struct message m;
    client_message(c, 5000, true, &m);
    assert_int_equal(m.opcode, WS_PONG);
    message_release(&m);
    expect_text(c, "hello");

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
    assert_int_equal(client_close_code(c, 3000), 1002);
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
    assert_string_equal(server_address(o->server), taken);
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

#define with_owner(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
