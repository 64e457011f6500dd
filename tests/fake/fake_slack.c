/* fake_slack.c: the fake Slack as a server: HTTP by hand, one thread for each connection, and its faults. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/fake/fake_int.h"

#define MAX_REQUEST (1u << 20)

static const int64_t on_time;
static const int64_t *_Atomic ahead_ns = &on_time;

void fake_slack_keep_time_with(const int64_t *ahead)
{
    ahead_ns = ahead ? ahead : &on_time;
}

static int64_t ahead_ms(void)
{
    return *ahead_ns / 1000000;
}

uint64_t fake_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000 + ahead_ms());
}

long long fake_time(void)
{
    return time(NULL) + ahead_ms() / 1000;
}

void *fake_must(void *p)
{
    if (!p)
        abort();
    return p;
}

void fake_keep(struct fake_slack *f, const char *s)
{
    if (f->nkept == MAX_POSTS)
        abort();
    f->kept[f->nkept++] = s;
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- reading a request ---- */

static void header(const char *head, const char *name, char *to, size_t size)
{
    const char *at = strcasestr(head, name);
    *to = '\0';
    if (!at)
        return;
    at += strlen(name);
    at += strspn(at, " ");
    size_t n = strcspn(at, "\r\n");
    n = n < size ? n : size - 1;
    memcpy(to, at, n);
    to[n] = '\0';
}

/* False at the end of the connection. */
static bool read_request(int fd, struct fake_request *rq)
{
    char *s = fake_must(malloc(MAX_REQUEST + 1));
    size_t n = 0, want = 0;
    char *end = NULL, length[32];
    *rq = (struct fake_request){.body = NULL};
    for (ssize_t got; n < MAX_REQUEST && (got = recv(fd, s + n, MAX_REQUEST - n, 0)) > 0;) {
        n += (size_t)got;
        s[n] = '\0';
        if (!end && (end = strstr(s, "\r\n\r\n"))) {
            *end = '\0';
            header(s, "\r\ncontent-length:", length, sizeof length);
            header(s, "\r\nauthorization:", rq->token, sizeof rq->token);
            header(s, "\r\ncontent-type:", rq->type, sizeof rq->type);
            header(s, "\r\nupgrade:", rq->upgrade, sizeof rq->upgrade);
            header(s, "\r\nsec-websocket-key:", rq->key, sizeof rq->key);
            want = (size_t)(end + 4 - s) + (size_t)atoll(length);
        }
        if (end && n >= want)
            break;
    }
    bool whole = end && n >= want && sscanf(s, "%7s %255s", rq->method, rq->path) == 2;
    if (whole) {
        rq->len = want - (size_t)(end + 4 - s);
        rq->body = fake_must(strndup(end + 4, rq->len));
    }
    free(s);
    return whole;
}

/* ---- answering, well or badly ---- */

static void say(int fd, const char *s, size_t len)
{
    while (len) {
        ssize_t n = send(fd, s, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        s += n;
        len -= (size_t)n;
    }
}

static void respond(struct fake_slack *f, int fd, const struct fake_response *r, bool half)
{
    char *all, date[64];
    time_t now = time(NULL) + f->clock_off_s;
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    int len =
        asprintf(&all,
                 "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\nDate: %s\r\n"
                 "%s\r\n%s",
                 r->status, r->type, strlen(r->body), date, r->headers ? r->headers : "", r->body);
    if (len < 0)
        abort();
    say(fd, all, half ? (size_t)len - strlen(r->body) / 2 - 1 : (size_t)len);
    free(all);
}

/* The fault that this call is to meet, or "". */
static void take_fault(struct fake_slack *f, const char *method, char how[64])
{
    *how = '\0';
    for (size_t i = 0; i < f->nfaults && !*how; i++)
        if (f->fault[i].times && !strcmp(f->fault[i].method, method)) {
            f->fault[i].times--;
            snprintf(how, 64, "%s", f->fault[i].how);
        }
}

static const char *value_of(const char *how, const char *name)
{
    size_t n = strlen(name);
    return strncmp(how, name, n) == 0 && how[n] == '=' ? how + n + 1 : NULL;
}

static void set(struct fake_response *r, int status, const char *type, char *body)
{
    *r = (struct fake_response){.status = status, .type = type, .body = fake_must(body)};
}

/* True when the fault has answered in place of the method. */
static bool answer_badly(const char *how, struct fake_response *r)
{
    static char headers[96];
    const char *v;
    char *body = NULL;
    if ((v = value_of(how, "error"))) {
        if (asprintf(&body, "{\"ok\":false,\"error\":\"%s\"}", v) < 0)
            abort();
        set(r, 200, "application/json", body);
    } else if ((v = value_of(how, "429"))) {
        snprintf(headers, sizeof headers, "Retry-After: %s\r\n", v);
        set(r, 429, "application/json", strdup("{\"ok\":false,\"error\":\"ratelimited\"}"));
        r->headers = headers;
    } else if ((v = value_of(how, "429body"))) {
        if (asprintf(&body, "{\"retry_after\":%s,\"ok\":false,\"error\":\"rate_limited\"}", v) < 0)
            abort();
        set(r, 429, "application/json", body);
    } else if ((v = value_of(how, "status"))) {
        set(r, atoi(v), "text/html", strdup("<html><body>Something went wrong</body></html>"));
    } else if (!strcmp(how, "html")) {
        set(r, 200, "text/html", strdup("<html><body>Please log in</body></html>"));
    } else {
        return false;
    }
    return true;
}

static void note_call(struct fake_slack *f, const char *method, const char *body)
{
    if (f->ncalls == MAX_CALLS)
        abort();
    struct fake_call *c = &f->call[f->ncalls++];
    snprintf(c->method, sizeof c->method, "%s", method);
    c->at_ms = fake_now_ms();
    c->body = fake_must(strdup(body));
}

/* False: hang up. */
static bool serve_one(struct fake_slack *f, int fd, const struct fake_request *rq)
{
    const char *slash = strrchr(rq->path, '/');
    char method[64], how[64];
    struct fake_response r = {.status = 404, .type = "text/plain", .body = NULL};
    bool hook = strstr(rq->path, "/hook/") != NULL;
    snprintf(method, sizeof method, "%s", hook ? "hook" : slash ? slash + 1 : "");
    method[strcspn(method, "?")] = '\0';
    pthread_mutex_lock(&f->lock);
    take_fault(f, method, how);
    note_call(f, method, rq->body);
    bool nothing = !strcmp(how, "drop") || !strcmp(how, "hang");
    if (!nothing && !answer_badly(how, &r))
        fake_api(f, method, rq, &r);
    if (!strcmp(how, "noscopes"))
        r.headers = "x-oauth-scopes: chat:write,commands\r\n";
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (value_of(how, "slow"))
        sleep_ms(atol(value_of(how, "slow")));
    if (!strcmp(how, "hang"))
        for (int i = 0; i < 600 && !f->stopping; i++)
            sleep_ms(50);
    bool half = !strcmp(how, "half"), silent = nothing || !strcmp(how, "swallow");
    if (!silent)
        respond(f, fd, &r, half);
    free(r.body);
    return !silent && !half;
}

struct serving {
    struct fake_slack *f;
    int fd;
};

static void *serve(void *ctx)
{
    struct serving *s = ctx;
    struct fake_request rq;
    bool more = true;
    while (more && read_request(s->fd, &rq)) {
        if (!strcasecmp(rq.upgrade, "websocket")) {
            fake_socket_serve(s->f, s->fd, &rq);
            more = false;
        } else {
            more = serve_one(s->f, s->fd, &rq);
        }
        free(rq.body);
    }
    pthread_mutex_lock(&s->f->lock);
    for (size_t i = 0; i < s->f->nopen; i++)
        if (s->f->open[i] == s->fd)
            s->f->open[i] = s->f->open[--s->f->nopen];
    close(s->fd); /* under the lock: the number may be another's at once */
    s->f->serving--;
    pthread_cond_broadcast(&s->f->changed);
    pthread_mutex_unlock(&s->f->lock);
    free(s);
    return NULL;
}

/* ---- life ---- */

static void *accept_all(void *ctx)
{
    struct fake_slack *f = ctx;
    for (int fd; (fd = accept(f->listener, NULL, NULL)) >= 0;) {
        struct serving *s = fake_must(malloc(sizeof *s));
        pthread_t t;
        *s = (struct serving){f, fd};
        pthread_mutex_lock(&f->lock);
        f->serving++;
        if (f->nopen == MAX_OPEN)
            abort();
        f->open[f->nopen++] = fd;
        pthread_mutex_unlock(&f->lock);
        if (pthread_create(&t, NULL, serve, s) || pthread_detach(t))
            abort();
    }
    return NULL;
}

struct fake_slack *fake_slack_start(int port)
{
    struct fake_slack *f = fake_must(calloc(1, sizeof *f));
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    snprintf(f->token, sizeof f->token, "%s", FAKE_TOKEN);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (f->listener < 0 || bind(f->listener, (struct sockaddr *)&a, sizeof a) ||
        listen(f->listener, 256) || getsockname(f->listener, (struct sockaddr *)&a, &len) ||
        pthread_create(&f->thread, NULL, accept_all, f)) {
        perror("fake Slack");
        abort();
    }
    f->port = ntohs(a.sin_port);
    return f;
}

void fake_slack_stop(struct fake_slack *f)
{
    f->stopping = true;
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    pthread_mutex_lock(&f->lock);
    while (f->serving) {
        struct timespec until;
        for (size_t i = 0; i < f->nopen; i++)
            shutdown(f->open[i], SHUT_RDWR);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&f->changed, &f->lock, &until);
    }
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < f->nposts; i++) {
        const struct fake_post *p = &f->post[i];
        const char *all[] = {p->channel, p->thread, p->user, p->ts, p->text, p->notice, p->body};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            free((char *)(uintptr_t)all[k]);
        cJSON_free(f->metadata[i]);
    }
    for (size_t i = 0; i < f->nkept; i++)
        free((char *)(uintptr_t)f->kept[i]);
    for (size_t i = 0; i < f->ncalls; i++)
        free(f->call[i].body);
    for (size_t i = 0; i < f->nacks; i++) {
        free(f->ack[i].envelope);
        free(f->ack[i].json);
    }
    for (size_t i = 0; i < f->nhooks; i++)
        free(f->hook[i]);
    free(f->complaint);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

int fake_slack_port(const struct fake_slack *f)
{
    return f->port;
}

/* ---- what a test asks ---- */

size_t fake_slack_posts(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    size_t n = f->nposts;
    pthread_mutex_unlock(&f->lock);
    return n;
}

struct fake_post fake_slack_post(struct fake_slack *f, size_t i)
{
    pthread_mutex_lock(&f->lock);
    struct fake_post p = i < f->nposts ? f->post[i] : (struct fake_post){.method = ""};
    pthread_mutex_unlock(&f->lock);
    return p;
}

/* Under the lock. */
static size_t calls(const struct fake_slack *f, const char *method)
{
    size_t n = 0;
    for (size_t i = 0; i < f->ncalls; i++)
        n += !strcmp(f->call[i].method, method);
    return n;
}

static size_t posts_now(struct fake_slack *f, const char *unused)
{
    (void)unused;
    return f->nposts;
}

static size_t calls_now(struct fake_slack *f, const char *method)
{
    return calls(f, method);
}

static size_t sockets_now(struct fake_slack *f, const char *unused)
{
    (void)unused;
    return f->nsockets;
}

static size_t acks_now(struct fake_slack *f, const char *unused)
{
    (void)unused;
    return f->nacks;
}

static bool wait_for(struct fake_slack *f, size_t (*count)(struct fake_slack *, const char *),
                     const char *what, size_t n, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&f->lock);
    int err = 0;
    while (count(f, what) < n && err != ETIMEDOUT)
        err = pthread_cond_timedwait(&f->changed, &f->lock, &until);
    bool there = count(f, what) >= n;
    pthread_mutex_unlock(&f->lock);
    return there;
}

bool fake_slack_wait(struct fake_slack *f, size_t n, int timeout_ms, int settle_ms)
{
    if (!wait_for(f, posts_now, NULL, n, timeout_ms))
        return false;
    sleep_ms(settle_ms);
    return fake_slack_posts(f) == n;
}

size_t fake_slack_calls(struct fake_slack *f, const char *method)
{
    pthread_mutex_lock(&f->lock);
    size_t n = calls(f, method);
    pthread_mutex_unlock(&f->lock);
    return n;
}

bool fake_slack_wait_calls(struct fake_slack *f, const char *method, size_t n, int timeout_ms)
{
    return wait_for(f, calls_now, method, n, timeout_ms);
}

const char *fake_slack_last(struct fake_slack *f, const char *method)
{
    const char *body = NULL;
    pthread_mutex_lock(&f->lock);
    for (size_t i = f->ncalls; i-- > 0 && !body;)
        if (!strcmp(f->call[i].method, method))
            body = f->call[i].body;
    pthread_mutex_unlock(&f->lock);
    return body;
}

uint64_t fake_slack_called_ms(struct fake_slack *f, const char *method, size_t i)
{
    uint64_t at = 0;
    pthread_mutex_lock(&f->lock);
    for (size_t k = 0, n = 0; k < f->ncalls && !at; k++)
        if (!strcmp(f->call[k].method, method) && n++ == i)
            at = f->call[k].at_ms;
    pthread_mutex_unlock(&f->lock);
    return at;
}

const char *fake_slack_complaint(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    const char *s = f->complaint;
    pthread_mutex_unlock(&f->lock);
    return s;
}

void fake_slack_fail(struct fake_slack *f, const char *method, const char *how, int times)
{
    pthread_mutex_lock(&f->lock);
    if (f->nfaults == MAX_FAULTS)
        abort();
    struct fake_fault *x = &f->fault[f->nfaults++];
    snprintf(x->method, sizeof x->method, "%s", method);
    snprintf(x->how, sizeof x->how, "%s", how);
    x->times = times;
    pthread_mutex_unlock(&f->lock);
}

void fake_slack_heal(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    f->nfaults = 0;
    pthread_mutex_unlock(&f->lock);
}

void fake_slack_set_clock(struct fake_slack *f, int off_s)
{
    pthread_mutex_lock(&f->lock);
    f->clock_off_s = off_s;
    pthread_mutex_unlock(&f->lock);
}

void fake_slack_set_token(struct fake_slack *f, const char *token)
{
    pthread_mutex_lock(&f->lock);
    snprintf(f->token, sizeof f->token, "%s", token);
    pthread_mutex_unlock(&f->lock);
}

bool fake_slack_wait_sockets(struct fake_slack *f, size_t n, int timeout_ms)
{
    return wait_for(f, sockets_now, NULL, n, timeout_ms);
}

bool fake_slack_wait_acks(struct fake_slack *f, size_t n, int timeout_ms)
{
    return wait_for(f, acks_now, NULL, n, timeout_ms);
}
