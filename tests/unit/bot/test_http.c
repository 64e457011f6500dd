/* test_http.c: the delivery thread against a server that behaves as servers do: well, late, half, hugely, not at all.
 * The server is a thread here, one connection at a time unless it says otherwise; it never leaves 127.0.0.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bot/http.h"
#include "bot/loop.h"

static struct loop *loop;
static struct http *http;
static struct loop_timer *too_late;

/* ---- the server ---- */

static int listener, port;
static pthread_t acceptor;
static atomic_int waiting_now, most_waiting;
static char seen[4096]; /* the last request */
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void say(int fd, const char *s)
{
    if (send(fd, s, strlen(s), MSG_NOSIGNAL) < 0)
        return; /* the client may have had enough, that is what some tests are about */
}

static void read_request(int fd, char *to, size_t size)
{
    size_t n = 0, want = 0;
    for (ssize_t got; n < size - 1 && (got = recv(fd, to + n, size - 1 - n, 0)) > 0;) {
        n += (size_t)got;
        to[n] = '\0';
        char *end = strstr(to, "\r\n\r\n"), *length = strcasestr(to, "content-length:");
        want = length ? (size_t)atoi(length + 15) : 0;
        if (end && n >= (size_t)(end + 4 - to) + want)
            break;
    }
}

static void huge(int fd)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (send(fd, block, sizeof block, MSG_NOSIGNAL) > 0)
        ;
}

static void *serve(void *ctx)
{
    static const char *const replies[][2] = {
        {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
        {"/500", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
        {"/429",
         "HTTP/1.1 429 Slow\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
        {"/date",
         "HTTP/1.1 503 Later\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\nContent-Length: 0\r\n"
         "Connection: close\r\n\r\n"},
        {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nonly this"},
        {"/none", ""},
        {"/noise", "SSH-2.0-OpenSSH_9.2\r\n"},
        {"/away",
         "HTTP/1.1 302 There\r\nLocation: /ok\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
        {"/file", "HTTP/1.1 302 There\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n"},
    };
    int fd = (int)(intptr_t)ctx;
    char request[4096] = "", path[64] = "";
    read_request(fd, request, sizeof request);
    pthread_mutex_lock(&seen_lock);
    memcpy(seen, request, sizeof seen);
    pthread_mutex_unlock(&seen_lock);
    sscanf(request, "%*s %63s", path);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        if (!strcmp(path, replies[i][0]))
            say(fd, replies[i][1]);
    if (!strcmp(path, "/huge"))
        huge(fd);
    if (!strcmp(path, "/slow"))
        sleep_ms(1500);
    if (!strcmp(path, "/wait")) {
        int now = atomic_fetch_add(&waiting_now, 1) + 1;
        if (now > atomic_load(&most_waiting))
            atomic_store(&most_waiting, now);
        sleep_ms(40);
        atomic_fetch_sub(&waiting_now, 1); /* before the client can know, and come again */
        say(fd, replies[0][1]);
    }
    close(fd);
    return NULL;
}

static void *accept_all(void *ctx)
{
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t t;
        if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(t);
    }
    return NULL;
}

static int listen_somewhere(int *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        abort();
    *ret_port = ntohs(a.sin_port);
    return fd;
}

/* ---- the tests' side ---- */

static void give_up(void *ctx)
{
    fail_msg("nothing came within 20 s");
}

static int set_up(void **state)
{
    atomic_store(&most_waiting, 0);
    if (loop_new(&loop) || http_start(loop, &http))
        return -1;
    too_late = loop_timer(loop, 20000, 0, give_up, NULL);
    return 0;
}

static int tear_down(void **state)
{
    http_stop(http);
    loop_timer_stop(too_late);
    loop_free(loop);
    return 0;
}

static int group_set_up(void **state)
{
    unsetenv("http_proxy");
    listener = listen_somewhere(&port);
    return pthread_create(&acceptor, NULL, accept_all, NULL);
}

static int group_tear_down(void **state)
{
    shutdown(listener, SHUT_RDWR);
    pthread_join(acceptor, NULL);
    close(listener);
    return 0;
}

struct outcome {
    int calls, status;
    long retry_after_s;
    size_t len;
    char error[200], body[64];
    int order;
};

static int finished, wanted;

static void on_done(void *ctx, const struct http_response *res)
{
    struct outcome *o = ctx;
    o->calls++;
    o->status = res->status;
    o->retry_after_s = res->retry_after_s;
    o->len = res->len;
    o->order = finished;
    snprintf(o->error, sizeof o->error, "%s", res->error);
    snprintf(o->body, sizeof o->body, "%s", res->body);
    if (++finished == wanted)
        loop_stop(loop);
}

static struct http_request to(char *url, size_t size, const char *method, const char *path)
{
    snprintf(url, size, "http://127.0.0.1:%d%s", port, path);
    return (struct http_request){.method = method, .url = url, .timeout_ms = 800};
}

static struct outcome request(const struct http_request *rq)
{
    struct outcome o = {0};
    finished = 0;
    wanted = 1;
    assert_int_equal(http_send(http, rq, NULL, on_done, &o), 0);
    loop_run(loop);
    assert_int_equal(o.calls, 1);
    return o;
}

static struct outcome get(const char *path)
{
    char url[200];
    struct http_request rq = to(url, sizeof url, "GET", path);
    return request(&rq);
}

static void a_response_comes_whole(void **state)
{
    struct outcome o = get("/ok");
    assert_int_equal(o.status, 200);
    assert_string_equal(o.body, "hello");
    assert_string_equal(o.error, "");
    assert_int_equal(o.retry_after_s, -1);
}

static void a_post_carries_its_body_and_headers_and_expects_nothing(void **state)
{
    char url[200];
    const char *const header[] = {"Content-Type: application/json", "X-Test: 1", NULL};
    struct http_request rq = to(url, sizeof url, "POST", "/ok");
    rq.header = header;
    rq.body = "{\"a\":1}";
    rq.len = 7;
    assert_int_equal(request(&rq).status, 200);
    assert_non_null(strstr(seen, "POST /ok"));
    assert_non_null(strstr(seen, "X-Test: 1\r\n"));
    assert_non_null(strstr(seen, "\r\n\r\n{\"a\":1}"));
    assert_null(strcasestr(seen, "\nexpect:"));
}

static void an_error_status_is_a_response(void **state)
{
    assert_int_equal(get("/500").status, 500);
}

static void retry_after_is_read_as_seconds_and_as_a_date(void **state)
{
    assert_int_equal(get("/429").retry_after_s, 30);
    assert_int_equal(get("/date").retry_after_s, 86400); /* as far as we wait */
}

static void what_goes_wrong_is_no_response(void **state)
{
    const char *const paths[] = {"/half", "/none", "/noise"};
    for (int i = 0; i < 3; i++) {
        struct outcome o = get(paths[i]);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.len, 0);
        assert_true(strlen(o.error) > 0);
    }
}

static void a_slow_server_is_given_up(void **state)
{
    struct outcome o = get("/slow");
    assert_int_equal(o.status, 0);
    assert_non_null(strcasestr(o.error, "tim"));
}

static void a_body_over_the_limit_is_cut_off(void **state)
{
    char url[200];
    struct http_request rq = to(url, sizeof url, "GET", "/huge");
    rq.max_bytes = 10000;
    struct outcome o = request(&rq);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.error, "the response is too big");
}

static void nobody_there_is_an_error_at_once(void **state)
{
    char url[200];
    int unused;
    close(listen_somewhere(&unused));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", unused);
    struct http_request rq = {.method = "GET", .url = url};
    assert_int_equal(request(&rq).status, 0);
}

static void redirects_are_followed_by_get_alone_and_only_to_http(void **state)
{
    char url[200];
    struct http_request rq = to(url, sizeof url, "POST", "/away");
    assert_int_equal(get("/away").status, 200);
    assert_int_equal(request(&rq).status, 302);
    struct outcome o = get("/file");
    assert_int_equal(o.status, 0);
    assert_null(strstr(o.body, "root"));
}

static void other_schemes_are_refused(void **state)
{
    const char *const urls[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x/", "127.0.0.1", "", "http://"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_request rq = {.method = "GET", .url = urls[i]};
        assert_int_equal(http_send(http, &rq, NULL, on_done, NULL), -EINVAL);
    }
}

static void a_host_sees_two_connections_at_most(void **state)
{
    char url[200];
    struct outcome o[12] = {0};
    struct http_request rq = to(url, sizeof url, "GET", "/wait");
    finished = 0;
    wanted = 12;
    rq.timeout_ms = 300; /* each from its own start: waiting for a connection does not count */
    for (int i = 0; i < 12; i++)
        assert_int_equal(http_send(http, &rq, NULL, on_done, &o[i]), 0);
    loop_run(loop);
    for (int i = 0; i < 12; i++)
        assert_int_equal(o[i].status, 200);
    assert_int_equal(atomic_load(&most_waiting), 2);
}

static void requests_of_a_lane_go_one_after_another_in_order(void **state)
{
    char url[200];
    struct outcome o[8] = {0};
    finished = 0;
    wanted = 8;
    for (int i = 0; i < 8; i++) { /* the even ones are slower: they would be overtaken */
        struct http_request rq = to(url, sizeof url, "GET", i % 2 ? "/ok" : "/wait");
        assert_int_equal(http_send(http, &rq, "room", on_done, &o[i]), 0);
    }
    loop_run(loop);
    for (int i = 0; i < 8; i++)
        assert_int_equal(o[i].order, i);
    assert_int_equal(atomic_load(&most_waiting), 1);
}

static void stopping_ends_every_request_once(void **state)
{
    char url[200];
    struct outcome o[20] = {0};
    finished = 0;
    wanted = 20;
    struct http_request rq = to(url, sizeof url, "GET", "/slow");
    rq.timeout_ms = 10000;
    for (int i = 0; i < 20; i++)
        assert_int_equal(http_send(http, &rq, i % 3 ? "lane" : NULL, on_done, &o[i]), 0);
    sleep_ms(50);
    http_stop(http);
    http = NULL;
    loop_run(loop);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].status, 0);
        assert_string_equal(o[i].error, "stopped");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_response_comes_whole),
        TEST(a_post_carries_its_body_and_headers_and_expects_nothing),
        TEST(an_error_status_is_a_response),
        TEST(retry_after_is_read_as_seconds_and_as_a_date),
        TEST(what_goes_wrong_is_no_response),
        TEST(a_slow_server_is_given_up),
        TEST(a_body_over_the_limit_is_cut_off),
        TEST(nobody_there_is_an_error_at_once),
        TEST(redirects_are_followed_by_get_alone_and_only_to_http),
        TEST(other_schemes_are_refused),
        TEST(a_host_sees_two_connections_at_most),
        TEST(requests_of_a_lane_go_one_after_another_in_order),
        TEST(stopping_ends_every_request_once),
    };
    return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
