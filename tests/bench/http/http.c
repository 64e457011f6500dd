/* http.c: where libcurl should run: on the event loop (curl_multi_socket_action) or on a thread of its own (curl_multi_poll) that posts
 * back, as bot/http.c does it. The same requests go to the same server both ways; what is compared is what the loop's thread
 * spends on each, which is what every chat and every delivery has to wait for: processor time, so that other programs
 * do not count, and the longest single turn.
 *
 * Once over connections that stay open, once with a TLS handshake for each request, as after a pause or a restart of theirs.
 *
 * usage: bench_http PLAIN_URL TLS_URL CERTIFICATE [REQUESTS]    ./dev bench http starts the servers */
#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#define AT_ONCE 4

struct run {
    const char *url, *certificate;
    bool fresh; /* a new connection each */
    int left, open, done;
    uv_loop_t loop;
    CURLM *multi;
    uint64_t spent_ns, longest_ns; /* of the loop's thread, in callbacks of ours */

    /* on the loop */
    uv_timer_t timer;

    /* on a thread */
    pthread_t thread;
    pthread_mutex_t lock;
    CURL *wanted[AT_ONCE], *ready[AT_ONCE]; /* under lock, like the next three */
    size_t nwanted, nready;
    bool stopping;
    uv_async_t wake;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_http: %s: %s\n", what, why);
    exit(1);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A turn of the loop's thread is over, begun at `since`. */
static void count(struct run *r, uint64_t since)
{
    uint64_t ns = cpu_ns() - since;
    r->spent_ns += ns;
    r->longest_ns = ns > r->longest_ns ? ns : r->longest_ns;
}

static size_t swallow(char *s, size_t size, size_t n, void *ctx)
{
    (void)s;
    (void)ctx;
    return size * n;
}

static CURL *request_new(struct run *r)
{
    CURL *e = curl_easy_init();
    curl_easy_setopt(e, CURLOPT_URL, r->url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS,
                     "{\"channel\":\"C1\",\"text\":\"an answer of some words\"}");
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(e, CURLOPT_CAINFO, r->certificate);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 20000L);
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, (long)r->fresh);
    curl_easy_setopt(e, CURLOPT_FORBID_REUSE, (long)r->fresh);
    curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    return e;
}

static void check(const CURLMsg *m)
{
    if (m->data.result)
        die("request", curl_easy_strerror(m->data.result));
}

/* ---- on the loop ---- */

struct poll {
    uv_poll_t uv;
    struct run *run;
    curl_socket_t fd;
};

static void begin_on_loop(struct run *r)
{
    for (; r->left && r->open < AT_ONCE; r->left--, r->open++)
        curl_multi_add_handle(r->multi, request_new(r));
}

static void act(struct run *r, curl_socket_t fd, int what)
{
    int running, n;
    uint64_t since = cpu_ns();
    curl_multi_socket_action(r->multi, fd, what, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &n));) {
        CURL *e = m->easy_handle;
        check(m);
        curl_multi_remove_handle(r->multi, e);
        curl_easy_cleanup(e);
        r->open--;
        r->done++;
    }
    begin_on_loop(r);
    count(r, since);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct poll *p = uv->data;
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    act(p->run, p->fd, what);
}

static void on_time(uv_timer_t *t)
{
    act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

static int want_time(CURLM *multi, long ms, void *ctx)
{
    struct run *r = ctx;
    (void)multi;
    if (ms < 0)
        uv_timer_stop(&r->timer);
    else
        uv_timer_start(&r->timer, on_time, (uint64_t)ms, 0);
    return 0;
}

static void free_poll(uv_handle_t *h)
{
    free(h->data);
}

static int want_socket(CURL *e, curl_socket_t fd, int what, void *ctx, void *of)
{
    struct run *r = ctx;
    struct poll *p = of;
    (void)e;
    if (what == CURL_POLL_REMOVE) {
        if (p)
            uv_close((uv_handle_t *)&p->uv, free_poll);
        return 0;
    }
    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p)
            die("memory", "none");
        p->run = r;
        p->fd = fd;
        p->uv.data = p;
        uv_poll_init_socket(&r->loop, &p->uv, fd);
        curl_multi_assign(r->multi, fd, p);
    }
    uv_poll_start(
        &p->uv, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
        on_poll);
    return 0;
}

static void run_on_loop(struct run *r)
{
    uv_timer_init(&r->loop, &r->timer);
    r->timer.data = r;
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, want_time);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
    begin_on_loop(r);
    while (r->open)
        uv_run(&r->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&r->timer, NULL);
}

/* ---- on a thread ---- */

static void begin_on_thread(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    for (; r->left && r->open < AT_ONCE; r->left--, r->open++)
        r->wanted[r->nwanted++] = request_new(r); /* bot/http.c makes it on the loop as well */
    pthread_mutex_unlock(&r->lock);
    curl_multi_wakeup(r->multi);
}

static void on_wake(uv_async_t *uv)
{
    struct run *r = uv->data;
    CURL *ready[AT_ONCE];
    uint64_t since = cpu_ns();
    pthread_mutex_lock(&r->lock);
    size_t n = r->nready;
    memcpy(ready, r->ready, sizeof ready);
    r->nready = 0;
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < n; i++)
        curl_easy_cleanup(ready[i]);
    r->open -= (int)n;
    r->done += (int)n;
    begin_on_thread(r);
    count(r, since);
}

static void *perform(void *ctx)
{
    struct run *r = ctx;
    for (bool stop = false; !stop;) {
        int running, n;
        pthread_mutex_lock(&r->lock);
        while (r->nwanted)
            curl_multi_add_handle(r->multi, r->wanted[--r->nwanted]);
        stop = r->stopping;
        pthread_mutex_unlock(&r->lock);
        curl_multi_perform(r->multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &n));) {
            CURL *e = m->easy_handle;
            check(m);
            curl_multi_remove_handle(r->multi, e);
            pthread_mutex_lock(&r->lock);
            r->ready[r->nready++] = e;
            pthread_mutex_unlock(&r->lock);
            uv_async_send(&r->wake);
        }
        if (!stop)
            curl_multi_poll(r->multi, NULL, 0, 1000, NULL);
    }
    return NULL;
}

static void run_on_thread(struct run *r)
{
    pthread_mutex_init(&r->lock, NULL);
    uv_async_init(&r->loop, &r->wake, on_wake);
    r->wake.data = r;
    if (pthread_create(&r->thread, NULL, perform, r))
        die("thread", "cannot be started");
    begin_on_thread(r);
    while (r->open)
        uv_run(&r->loop, UV_RUN_ONCE);
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
    curl_multi_wakeup(r->multi);
    pthread_join(r->thread, NULL);
    pthread_mutex_destroy(&r->lock);
    uv_close((uv_handle_t *)&r->wake, NULL);
}

/* ---- both ---- */

static void measure(const char *name, const char *url, const char *certificate, bool fresh,
                    int requests)
{
    static const struct {
        const char *name;
        void (*run)(struct run *r);
    } ways[] = {{"on the loop", run_on_loop}, {"on a thread", run_on_thread}};
    for (size_t i = 0; i < 2; i++) {
        struct run r = {.url = url, .certificate = certificate, .fresh = fresh, .left = requests};
        uv_loop_init(&r.loop);
        r.multi = curl_multi_init();
        ways[i].run(&r);
        curl_multi_cleanup(r.multi);
        while (uv_loop_close(&r.loop))
            uv_run(&r.loop, UV_RUN_NOWAIT);
        printf("%-34s %s: the loop spends %7.1f us on each of %d requests, %6.2f ms at a stretch\n",
               name, ways[i].name, (double)r.spent_ns / 1e3 / r.done, r.done,
               (double)r.longest_ns / 1e6);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage", "bench_http PLAIN_URL TLS_URL CERTIFICATE [REQUESTS]");
    int requests = argc > 4 ? atoi(argv[4]) : 500;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    measure("HTTP, connections that stay open", argv[1], argv[3], false, requests);
    measure("HTTPS, connections that stay open", argv[2], argv[3], false, requests);
    measure("HTTPS, a new connection each", argv[2], argv[3], true, requests);
    curl_global_cleanup();
    return 0;
}
