/* server_owner.h: a small owner of a server, on a loop of its own thread, for tests that speak to it over real sockets:
 * test_server.c and test_peer.c. */
#ifndef TESTS_SERVER_OWNER_H
#define TESTS_SERVER_OWNER_H

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

static inline struct owner *owner_start(struct server_options options)
{
    struct owner *o = calloc(1, sizeof(*o));
    assert_non_null(o);
    o->options = options;
    o->options.listen = "127.0.0.1:0";
    o->options.websocket[0] =
        (struct server_websocket){.path = "/v1/ws", .subprotocol = "guidepost.v1"};
    o->options.nwebsocket = 1;
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

static inline void owner_stop(struct owner *o)
{
    loop_post(o->loop, on_stop, NULL, o);
    pthread_join(o->thread, NULL);
    server_close(o->server);
    loop_free(o->loop);
    assert_int_equal(o->opened, o->closed);
    free(o->big);
    free(o);
}

static inline int setup(void **state)
{
    *state = owner_start((struct server_options){0});
    return 0;
}

static inline int teardown(void **state)
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

static inline void on_loop(struct owner *o, loop_fn *fn)
{
    struct call c = {fn, o, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    loop_post(o->loop, on_call, NULL, &c);
    pthread_mutex_lock(&c.lock);
    while (!c.over)
        pthread_cond_wait(&c.done, &c.lock);
    pthread_mutex_unlock(&c.lock);
}

static inline uint64_t cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static inline void expect_text(struct client *c, const char *want)
{
    struct message m;
    client_message(c, 5000, false, &m);
    assert_int_equal(m.opcode, WS_TEXT);
    assert_string_equal(m.s, want);
    message_release(&m);
}

#define with_owner(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
