/* http.c: the delivery thread. One curl_multi, driven by curl_multi_poll(); requests come in over a list and a
 * wake-up, outcomes go back over loop_post().
 *
 * Order and politeness are kept before libcurl sees a request, because its clocks start when it does: a request
 * holds up to two slots, its lane (one at a time) and its host (two at a time), and starts when both are free. Requests
 * of one lane never overtake each other, whatever their hosts.
 *
 * Deliberately not here: retries. Whether a request may be sent again, and when, is known only to whoever keeps it
 * in durable storage; here Retry-After is read and passed on. */
#include "bot/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/buf.h"
#include "bot/library.h"
#include "bot/limits.h"
#include "bot/loop.h"
#include "bot/must.h"

#define MAX_PER_HOST    2
#define MAX_RUNNING     64
#define MAX_REDIRECTS   3
#define MAX_RETRY_S     86400
#define CONNECT_MS      5000
#define TOTAL_MS        20000
#define RESPONSE_BYTES  (1u << 20)
#define HEAD_BYTES      (64u << 10)
#define LOW_SPEED_BYTES 1 /* a second, for LOW_SPEED_S: a peer that hangs */
#define LOW_SPEED_S     15

/* A lane or a host: how many requests it lets run at once. */
struct slot {
    struct slot *next;
    size_t users; /* requests that name it */
    size_t running, limit;
    unsigned long blocked; /* in this scan an earlier request waits for it */
    char name[];
};

struct exchange {
    struct exchange *next;
    struct http *http;
    http_done_fn *fn;
    void *ctx;
    struct slot *lane, *host; /* lane: or NULL */
    char *lane_name, *host_name;
    CURL *easy;
    struct curl_slist *header;
    char *body;
    size_t body_len, body_sent;
    struct buf response, head;
    bool too_big;
    char error[CURL_ERROR_SIZE];
    struct http_response result;
};

struct http {
    struct loop *loop;
    pthread_t thread;
    CURLM *multi;

    pthread_mutex_t lock;
    struct exchange *incoming, **last; /* under lock, like the next two */
    size_t open;
    bool stopping;

    /* the thread's own */
    struct exchange *waiting, **waiting_end;
    struct exchange *running;
    size_t nrunning;
    struct slot *slots;
    unsigned long scan;
};

/* ---- outcomes, on the loop ---- */

static void exchange_free(void *ctx)
{
    struct exchange *x = ctx;
    if (!x)
        return;
    if (x->easy)
        curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->header);
    buf_release(&x->response);
    buf_release(&x->head);
    free(x->lane_name);
    free(x->host_name);
    free(x->body);
    free(x);
}

static void exchange_done(void *ctx)
{
    struct exchange *x = ctx;
    x->result.body = x->response.s;
    x->result.len = x->response.len;
    x->result.head = x->head.s;
    x->fn(x->ctx, &x->result);
    exchange_free(x);
}

/* ---- slots ---- */

static struct slot *slot_take(struct http *h, const char *name, size_t limit)
{
    for (struct slot *s = h->slots; s; s = s->next)
        if (s->limit == limit && !strcmp(s->name, name))
            return s->users++, s;
    struct slot *s = must(calloc(1, sizeof *s + strlen(name) + 1));
    memcpy(s->name, name, strlen(name) + 1);
    s->limit = limit;
    s->users = 1;
    s->next = h->slots;
    h->slots = s;
    return s;
}

static void slot_drop(struct http *h, struct slot *gone)
{
    if (!gone || --gone->users)
        return;
    struct slot **at = &h->slots;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    free(gone);
}

static bool slot_free(const struct slot *s, unsigned long scan)
{
    return !s || (s->running < s->limit && s->blocked != scan);
}

/* ---- the thread ---- */

static long retry_after(CURL *easy)
{
    struct curl_header *header;
    curl_off_t s = 0;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s); /* seconds, or a date as seconds from now */
    return s > MAX_RETRY_S ? MAX_RETRY_S : (long)s;
}

static const char *plain_error(const struct exchange *x, CURLcode rc)
{
    if (x->too_big)
        return "the response is too big";
    return *x->error ? x->error : curl_easy_strerror(rc);
}

static void report(struct http *h, struct exchange *x)
{
    slot_drop(h, x->lane);
    slot_drop(h, x->host);
    pthread_mutex_lock(&h->lock);
    h->open--;
    pthread_mutex_unlock(&h->lock);
    loop_post(h->loop, exchange_done, exchange_free, x);
}

/* Bytes of the request that left for the other side, at least one. */
static bool was_sent(const struct exchange *x)
{
    long bytes = 0;
    return !curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &bytes) && bytes > 0;
}

static void fail(struct http *h, struct exchange *x, const char *error)
{
    x->result = (struct http_response){
        .error = error, .too_big = x->too_big, .maybe_sent = was_sent(x), .retry_after_s = -1};
    buf_clear(&x->response);
    report(h, x);
}

static void finish(struct http *h, struct exchange *x, CURLcode rc)
{
    struct exchange **at = &h->running;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    h->nrunning--;
    x->host->running--;
    if (x->lane)
        x->lane->running--;
    curl_multi_remove_handle(h->multi, x->easy);
    if (rc || x->too_big) {
        fail(h, x, plain_error(x, rc));
        return;
    }
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    x->result = (struct http_response){.status = (int)status,
                                       .maybe_sent = true,
                                       .error = "",
                                       .retry_after_s = retry_after(x->easy)};
    report(h, x);
}

static void start(struct http *h, struct exchange *x)
{
    x->host->running++;
    if (x->lane)
        x->lane->running++;
    x->next = h->running;
    h->running = x;
    h->nrunning++;
    if (curl_multi_add_handle(h->multi, x->easy))
        finish(h, x, CURLE_FAILED_INIT);
}

/* Start what can start, in order; whatever cannot blocks its slots for those behind it. */
static void start_waiting(struct http *h)
{
    h->scan++;
    struct exchange **at = &h->waiting;
    while (*at && h->nrunning < MAX_RUNNING) {
        struct exchange *x = *at;
        if (slot_free(x->lane, h->scan) && slot_free(x->host, h->scan)) {
            *at = x->next;
            start(h, x);
        } else {
            if (x->lane)
                x->lane->blocked = h->scan;
            at = &x->next;
        }
    }
    while (*at)
        at = &(*at)->next;
    h->waiting_end = at;
}

static void take_incoming(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    struct exchange *x = h->incoming;
    h->incoming = NULL;
    h->last = &h->incoming;
    pthread_mutex_unlock(&h->lock);
    for (struct exchange *next; x; x = next) {
        next = x->next;
        x->next = NULL;
        x->lane = x->lane_name ? slot_take(h, x->lane_name, 1) : NULL;
        x->host = slot_take(h, x->host_name, MAX_PER_HOST);
        *h->waiting_end = x;
        h->waiting_end = &x->next;
    }
}

static void take_finished(struct http *h)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        struct exchange *x;
        CURLcode rc = m->data.result; /* before the handle is removed: m goes with it */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
        finish(h, x, rc);
    }
}

static bool stopping(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    bool stop = h->stopping;
    pthread_mutex_unlock(&h->lock);
    return stop;
}

static void give_up(struct http *h)
{
    take_incoming(h);
    while (h->running) {
        snprintf(h->running->error, sizeof h->running->error, "stopped");
        finish(h, h->running, CURLE_ABORTED_BY_CALLBACK);
    }
    for (struct exchange *x = h->waiting, *next; x; x = next) {
        next = x->next;
        fail(h, x, "stopped");
    }
}

static void *http_main(void *ctx)
{
    struct http *h = ctx;
    while (!stopping(h)) {
        int running;
        take_incoming(h);
        start_waiting(h);
        curl_multi_perform(h->multi, &running);
        size_t before = h->nrunning;
        take_finished(h);
        if (h->nrunning < before && h->waiting)
            continue; /* somebody's slot has come free */
        curl_multi_poll(h->multi, NULL, 0, 60000, NULL);
    }
    give_up(h);
    return NULL;
}

/* ---- the loop's side ---- */

int http_start(struct loop *l, struct http **ret)
{
    if (!library_load(LIBRARY_CURL))
        return -EIO;
    setlocale(LC_CTYPE, "C.UTF-8"); /* as curl reads names of hosts; nobody else asks for it */
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return -ENOMEM;
    h->loop = l;
    h->last = &h->incoming;
    h->waiting_end = &h->waiting;
    pthread_mutex_init(&h->lock, NULL);
    int err = curl_global_init(CURL_GLOBAL_DEFAULT) ? -EIO : 0;
    if (!err && !(h->multi = curl_multi_init()))
        err = -ENOMEM;
    if (!err)
        err = -pthread_create(&h->thread, NULL, http_main, h);
    if (err) {
        curl_multi_cleanup(h->multi);
        pthread_mutex_destroy(&h->lock);
        free(h);
        return err;
    }
    *ret = h;
    return 0;
}

void http_stop(struct http *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_mutex_unlock(&h->lock);
    curl_multi_wakeup(h->multi);
    pthread_join(h->thread, NULL);
    curl_multi_cleanup(h->multi);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static size_t on_data(char *s, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    buf_add(&x->response, s, size * n);
    x->too_big = buf_failed(&x->response);
    return x->too_big ? 0 : size * n;
}

/* Those of the last answer: redirects and "100 Continue" have heads of their own. */
static size_t on_head(char *s, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    if (size * n > 5 && !memcmp(s, "HTTP/", 5))
        buf_clear(&x->head);
    buf_add(&x->head, s, size * n);
    return size * n;
}

bool http_header(const struct http_response *res, const char *name, char *ret, size_t size)
{
    bool found = false;
    size_t len = strlen(name);
    for (const char *s = res->head; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
        if (strncasecmp(s, name, len) || s[len] != ':')
            continue;
        const char *v = s + len + 1;
        v += strspn(v, " \t");
        snprintf(ret, size, "%.*s", (int)strcspn(v, "\r\n"), v);
        found = true;
    }
    return found;
}

time_t http_date(const char *s)
{
    return curl_getdate(s, NULL);
}

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t left = x->body_len - x->body_sent, take = left < size * n ? left : size * n;
    memcpy(to, x->body + x->body_sent, take);
    x->body_sent += take;
    return take;
}

/* A connection that was kept open may die under a request, and libcurl then sends it again by itself, unless it cannot go back
 * to the body's beginning. So it cannot: what has begun to leave is for its owner to judge, not for a library to
 * repeat, or a message is posted twice and nobody knows. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    const struct exchange *x = ctx;
    return origin == SEEK_SET && offset == (curl_off_t)x->body_sent ? CURL_SEEKFUNC_OK
                                                                    : CURL_SEEKFUNC_FAIL;
}

static bool is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0;
}

/* "https://host:port", or NULL for what is no address of that kind. */
static char *host_of(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *name = NULL;
    if (u && (is_https(url) || !strncasecmp(url, "http://", 7)) &&
        !curl_url_set(u, CURLUPART_URL, url, 0) && !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
        !curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
        asprintf(&name, "%s:%s", host, port) < 0)
        name = NULL;
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return name;
}

static int set_method(struct exchange *x, const struct http_request *rq)
{
    bool get = !strcmp(rq->method, "GET"), head = !strcmp(rq->method, "HEAD");
    if (head)
        curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
    /* Only what changes nothing is worth following, and never from https to http. */
    curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, get || head ? 1L : 0L);
    curl_easy_setopt(x->easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    if (get || head)
        return 0;
    x->body = malloc(rq->len + 1);
    if (!x->body)
        return -ENOMEM;
    memcpy(x->body, rq->len ? rq->body : "", rq->len);
    x->body_len = rq->len;
    curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->len);
    curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
    if (strcmp(rq->method, "POST"))
        curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, rq->method);
    return 0;
}

static int add_header(struct exchange *x, const char *line)
{
    struct curl_slist *more = curl_slist_append(x->header, line);
    if (!more)
        return -ENOMEM;
    x->header = more;
    return 0;
}

static int set_up(struct exchange *x, const struct http_request *rq)
{
    CURL *e = x->easy;
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_URL, rq->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, is_https(rq->url) ? "https" : "http");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, is_https(rq->url) ? "https" : "http,https");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     rq->connect_timeout_ms ? rq->connect_timeout_ms : CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, rq->timeout_ms ? rq->timeout_ms : TOTAL_MS);
    bool poll = rq->timeout_ms > TOTAL_MS; /* silence is what is asked for */
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, poll ? 0L : (long)LOW_SPEED_BYTES);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_S);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "guidepost/" GUIDEPOST_VERSION);
    int err = set_method(x, rq);
    if (!err)
        err = add_header(x, "Expect:"); /* many servers make us wait a second for it */
    for (const char *const *line = rq->header; !err && line && *line; line++)
        err = add_header(x, *line);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->header);
    return err;
}

int http_send(struct http *h, const struct http_request *rq, const char *lane, http_done_fn *fn,
              void *ctx)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return -ENOMEM;
    *x = (struct exchange){.http = h, .fn = fn, .ctx = ctx};
    buf_init(&x->head, HEAD_BYTES);
    buf_init(&x->response, rq->max_bytes ? rq->max_bytes : RESPONSE_BYTES);
    int err = -ENOMEM;
    x->host_name = host_of(rq->url);
    if (!x->host_name) {
        err = -EINVAL;
        goto out;
    }
    x->easy = curl_easy_init();
    if (!x->easy || (lane && !(x->lane_name = strdup(lane))) || (err = set_up(x, rq)))
        goto out;

    pthread_mutex_lock(&h->lock);
    err = h->stopping ? -ESHUTDOWN : h->open >= MAX_HTTP_QUEUE ? -EBUSY : 0;
    if (!err) {
        h->open++;
        *h->last = x;
        h->last = &x->next;
    }
    pthread_mutex_unlock(&h->lock);
    if (!err) {
        curl_multi_wakeup(h->multi);
        return 0;
    }
out:
    exchange_free(x);
    return err;
}
