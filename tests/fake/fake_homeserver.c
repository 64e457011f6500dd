/* fake_homeserver.c: see homeserver.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/homeserver.h"

#define MAX_CALLS 4096
#define MAX_SENT  1024
#define MAX_FAULT 64
#define MAX_HUNG  256
#define SETTLE_MS 700

struct sent {
    char *txn, *body;
};

struct heard {
    char *path;
    uint64_t at_ms;
};

struct fault {
    char part[64], *body;
    int status, times;
    bool done;
};

struct fake_hs {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, port, members;
    struct sent sent[MAX_SENT];
    struct heard call[MAX_CALLS];
    struct fault fault[MAX_FAULT];
    size_t nsent, ncalls, nfaults;
    int hung[MAX_HUNG]; /* connections that get no answer */
    size_t nhung;
    int retry_after_s;
    const uint64_t *clock; /* of the program */
};

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- what it answers ---- */

static size_t put(struct fake_hs *h, const char *path, const char *body)
{
    const char *txn = strrchr(path, '/') + 1;
    for (size_t i = 0; i < h->nsent; i++)
        if (!strcmp(h->sent[i].txn, txn))
            return i;
    if (h->nsent == MAX_SENT)
        abort();
    h->sent[h->nsent] = (struct sent){need(strdup(txn)), need(strdup(body))};
    return h->nsent++;
}

static void answer(struct fake_hs *h, const char *path, const char *body, char *to, size_t size)
{
    int n = snprintf(to, size, "{}");
    if (strstr(path, "/send/m.room.message/")) {
        snprintf(to, size, "{\"event_id\":\"$sent%zu\"}", put(h, path, body));
    } else if (strstr(path, "/whoami") || strstr(path, "/register")) {
        snprintf(to, size, "{\"user_id\":\"" HS_USER "\"}");
    } else if (strstr(path, "/members?")) {
        n = snprintf(to, size, "{\"chunk\":[");
        for (int i = 0; i < h->members; i++)
            n += snprintf(to + n, size - (size_t)n,
                          "%s{\"type\":\"m.room.member\",\"content\":{\"membership\":\"join\"}}",
                          i ? "," : "");
        snprintf(to + n, size - (size_t)n, "]}");
    } else if (strstr(path, "/login")) { /* to GET and to POST */
        snprintf(to, size,
                 "{\"flows\":[{\"type\":\"m.login.password\"}],\"user_id\":\"" HS_USER
                 "\",\"access_token\":\"made-by-login\"}");
    } else if (strstr(path, "/filter")) {
        snprintf(to, size, "{\"filter_id\":\"0\"}");
    } else if (strstr(path, "/joined_rooms")) {
        snprintf(to, size, "{\"joined_rooms\":[]}");
    } else if (strstr(path, "/joined_members")) {
        snprintf(to, size, "{\"joined\":{\"" HS_USER "\":{}}}");
    }
}

static struct fault *fault_of(struct fake_hs *h, const char *path)
{
    for (size_t i = 0; i < h->nfaults; i++)
        if (h->fault[i].times > 0 && strstr(path, h->fault[i].part))
            return &h->fault[i];
    return NULL;
}

static uint64_t now_ms(const struct fake_hs *h)
{
    return client_now_ms() + (h->clock ? *h->clock / 1000000 : 0);
}

/* HS_HANGS_UP, HS_HANGS, HS_BREAKS or a status. */
static int respond(struct fake_hs *h, const char *path, const char *body, char *to, size_t size)
{
    pthread_mutex_lock(&h->lock);
    struct fault *f = fault_of(h, path);
    int status = f ? f->status : 200;
    if (h->ncalls == MAX_CALLS)
        abort();
    h->call[h->ncalls++] = (struct heard){need(strdup(path)), now_ms(h)};
    if (!f || f->done)
        answer(h, path, body, to, size);
    if (f) {
        f->times--;
        if (*f->body)
            snprintf(to, size, "%s", f->body);
    }
    pthread_mutex_unlock(&h->lock);
    return status;
}

/* ---- one request on one connection ---- */

/* False: the connection stays open. */
static bool serve(struct fake_hs *h, int fd)
{
    static char in[1 << 20], out[1 << 20], head[512];
    size_t len = 0, wanted = 0;
    char *body = NULL, path[8192] = "";
    for (ssize_t got; !body || len < wanted; len += (size_t)got) {
        got = read(fd, in + len, sizeof in - len - 1);
        if (got <= 0)
            return true;
        in[len + (size_t)got] = '\0';
        body = strstr(in, "\r\n\r\n");
        if (!body)
            continue;
        const char *length = strcasestr(in, "content-length:");
        body += 4;
        wanted =
            (size_t)(body - in) + (length && length < body ? strtoul(length + 15, NULL, 10) : 0);
    }
    char later[64] = "";
    sscanf(in, "%*s %8191s", path);
    int status = respond(h, path, body, out, sizeof out);
    if (status == HS_HANGS_UP)
        return true;
    if (status == HS_HANGS) {
        if (h->nhung == MAX_HUNG)
            abort();
        h->hung[h->nhung++] = fd;
        return false;
    }
    if (status == 429)
        snprintf(later, sizeof later, "Retry-After: %d\r\n", h->retry_after_s);
    size_t wanted_out = strlen(out), sent_out = status == HS_BREAKS ? wanted_out / 2 : wanted_out;
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d x\r\nContent-Type: application/json\r\n%sConnection: "
                     "close\r\nContent-Length: %zu\r\n\r\n",
                     status == HS_BREAKS ? 200 : status, later, wanted_out);
    struct linger reset = {.l_onoff = 1};
    if (status == HS_BREAKS)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return write(fd, head, (size_t)n) != n || write(fd, out, sent_out) < 0 || true;
}

static void *run(void *ctx)
{
    struct fake_hs *h = ctx;
    for (int fd; (fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        struct timeval limit = {.tv_sec = 5};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (serve(h, fd))
            close(fd);
    }
    return NULL;
}

struct fake_hs *fake_hs_start(void)
{
    struct fake_hs *h = need(calloc(1, sizeof *h));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    h->members = 5;
    h->retry_after_s = 2;
    pthread_mutex_init(&h->lock, NULL);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->listener < 0 || bind(h->listener, (struct sockaddr *)&at, sizeof at) ||
        listen(h->listener, 64) || getsockname(h->listener, (struct sockaddr *)&at, &len) ||
        pthread_create(&h->thread, NULL, run, h))
        abort();
    h->port = ntohs(at.sin_port);
    return h;
}

void fake_hs_stop(struct fake_hs *h)
{
    shutdown(h->listener, SHUT_RDWR);
    pthread_join(h->thread, NULL);
    close(h->listener);
    for (size_t i = 0; i < h->ncalls; i++)
        free(h->call[i].path);
    for (size_t i = 0; i < h->nsent; i++) {
        free(h->sent[i].txn);
        free(h->sent[i].body);
    }
    for (size_t i = 0; i < h->nfaults; i++)
        free(h->fault[i].body);
    for (size_t i = 0; i < h->nhung; i++)
        close(h->hung[i]);
    free(h);
}

int fake_hs_port(const struct fake_hs *h)
{
    return h->port;
}

/* ---- what it has seen ---- */

size_t fake_hs_sent(struct fake_hs *h)
{
    pthread_mutex_lock(&h->lock);
    size_t n = h->nsent;
    pthread_mutex_unlock(&h->lock);
    return n;
}

const char *fake_hs_body(struct fake_hs *h, size_t i)
{
    pthread_mutex_lock(&h->lock);
    const char *body = i < h->nsent ? h->sent[i].body : "";
    pthread_mutex_unlock(&h->lock);
    return body;
}

bool fake_hs_wait(struct fake_hs *h, size_t n, int timeout_ms)
{
    for (uint64_t end = client_now_ms() + (uint64_t)timeout_ms;
         fake_hs_sent(h) < n && client_now_ms() < end;)
        pause_ms(10);
    pause_ms(SETTLE_MS);
    return fake_hs_sent(h) == n;
}

static size_t find(struct fake_hs *h, const char *part, size_t nth, uint64_t *ret_ms)
{
    size_t n = 0;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->ncalls; i++)
        if (strstr(h->call[i].path, part) && n++ == nth && ret_ms)
            *ret_ms = h->call[i].at_ms;
    pthread_mutex_unlock(&h->lock);
    return n;
}

size_t fake_hs_calls(struct fake_hs *h, const char *part)
{
    return find(h, part, 0, NULL);
}

uint64_t fake_hs_called_ms(struct fake_hs *h, const char *part, size_t i)
{
    uint64_t ms = 0;
    find(h, part, i, &ms);
    return ms;
}

bool fake_hs_wait_calls(struct fake_hs *h, const char *part, size_t n, int timeout_ms)
{
    for (uint64_t end = client_now_ms() + (uint64_t)timeout_ms;
         fake_hs_calls(h, part) < n && client_now_ms() < end;)
        pause_ms(10);
    return fake_hs_calls(h, part) >= n;
}

void fake_hs_fail(struct fake_hs *h, const char *part, int status, const char *body, bool done,
                  int times)
{
    pthread_mutex_lock(&h->lock);
    if (h->nfaults == MAX_FAULT)
        abort();
    struct fault *f = &h->fault[h->nfaults++];
    *f = (struct fault){.status = status, .times = times, .done = done};
    snprintf(f->part, sizeof f->part, "%s", part);
    f->body = need(strdup(body));
    pthread_mutex_unlock(&h->lock);
}

void fake_hs_heal(struct fake_hs *h)
{
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->nfaults; i++)
        free(h->fault[i].body);
    h->nfaults = 0;
    pthread_mutex_unlock(&h->lock);
}

void fake_hs_retry_after(struct fake_hs *h, int seconds)
{
    pthread_mutex_lock(&h->lock);
    h->retry_after_s = seconds;
    pthread_mutex_unlock(&h->lock);
}

void fake_hs_members(struct fake_hs *h, int n)
{
    pthread_mutex_lock(&h->lock);
    h->members = n;
    pthread_mutex_unlock(&h->lock);
}

/* ---- the program and it ---- */

static void secret(const struct hs_wire *s, const char *name, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, value, strlen(value)), (ssize_t)strlen(value));
    close(fd);
}

struct hs_wire hs_wire_start_on(struct fake_hs *hs, const char *more, bool clock)
{
    struct hs_wire s = {.hs = hs};
    char settings[2048];
    const char *tmp = getenv("TMPDIR");
    snprintf(s.folder, sizeof s.folder, "%.40s/fake-hs-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(s.folder));
    secret(&s, "as", HS_AS_TOKEN "\n");
    secret(&s, "hs", HS_HS_TOKEN "\n");
    snprintf(settings, sizeof settings,
             "matrix:\n  homeserver: http://127.0.0.1:%d\n  as_token_file: %s/as\n"
             "  hs_token_file: %s/hs\n  receipts: false\n%s",
             fake_hs_port(s.hs), s.folder, s.folder, more ? more : "");
    struct wire_options opt = {.settings = settings, .clock = clock};
    s.w = wire_start(&opt);
    pthread_mutex_lock(&hs->lock);
    hs->clock = (const uint64_t *)s.w->clock;
    pthread_mutex_unlock(&hs->lock);
    return s;
}

struct hs_wire hs_wire_start(const char *more)
{
    struct hs_wire s = hs_wire_start_on(fake_hs_start(), more, false);
    hs_wire_connected(&s);
    return s;
}

void hs_wire_connected(struct hs_wire *s)
{
    for (uint64_t end = client_now_ms() + 20000;
         !wire_said(s->w, "msg=\"connected\"") && !wire_said(s->w, "msg=connected"); pause_ms(10))
        if (client_now_ms() > end) {
            wire_dump_log(s->w);
            fail_msg("it did not connect to the fake homeserver");
        }
}

void hs_wire_stop(struct hs_wire *s)
{
    static const char *const names[] = {"as", "hs"};
    char path[128];
    pthread_mutex_lock(&s->hs->lock);
    s->hs->clock = NULL;
    pthread_mutex_unlock(&s->hs->lock);
    wire_stop(s->w);
    fake_hs_stop(s->hs);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    rmdir(s->folder);
}

int hs_wire_push(struct hs_wire *s, const char *token, const char *txn, const char *events)
{
    char path[128], headers[256];
    struct answer a;
    size_t size = strlen(events) + 32;
    char *body = need(malloc(size));
    snprintf(body, size, "{\"events\":[%s]}", events);
    snprintf(path, sizeof path, "/_matrix/app/v1/transactions/%s", txn);
    snprintf(headers, sizeof headers,
             "Authorization: Bearer %s\r\nContent-Type: application/json\r\n", token);
    bool came = client_http(s->w->port, "PUT", path, headers, body, &a);
    int status = came ? a.status : 0;
    if (came && status == 200)
        assert_string_equal(a.body, "{}");
    if (came)
        answer_release(&a);
    free(body);
    return status;
}

const char *hs_wire_message(struct hs_wire *s, const char *id, const char *text, const char *more)
{
    static char ring[4][4096];
    char *to = ring[s->n++ % 4];
    snprintf(
        to, sizeof ring[0],
        "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"!r:hs.test\",\"sender\":"
        "\"@alice:hs.test\",\"origin_server_ts\":%lld,\"content\":{\"msgtype\":\"m.text\","
        "\"body\":\"%s\"%s}}",
        id, (long long)time(NULL) * 1000, text, more);
    return to;
}
