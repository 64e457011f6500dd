/* client.c: a small HTTP and WebSocket client that does not mind its manners. Nothing here is clever on purpose: when a
 * test fails, the client must be above suspicion. */
#include "tests/wire/harness/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define SEND_MS   10000
#define ANSWER_MS 60000 /* it is returned as soon as it is there; a busy machine may take long */

uint64_t client_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct client *client_try_open(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail_msg("socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
        close(fd);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct client *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->fd = fd;
    return c;
}

struct client *client_open(int port)
{
    struct client *c = client_try_open(port);
    if (!c)
        fail_msg("nobody listens on port %d", port);
    return c;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    close(c->fd);
    free(c->s);
    free(c);
}

static bool wait_for(struct client *c, short events, uint64_t until_ms)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    for (;;) {
        uint64_t now = client_now_ms();
        int n = poll(&p, 1, until_ms > now ? (int)(until_ms - now) : 0);
        if (n > 0)
            return true;
        if (n == 0)
            return false;
    }
}

bool client_send(struct client *c, const void *s, size_t len)
{
    const char *p = s;
    uint64_t until = client_now_ms() + SEND_MS;
    while (len) {
        ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno != EAGAIN || !wait_for(c, POLLOUT, until)) {
            return false;
        }
    }
    return true;
}

bool client_say(struct client *c, const char *text)
{
    return client_send(c, text, strlen(text));
}

bool client_fill(struct client *c, int timeout_ms)
{
    uint64_t until = client_now_ms() + (uint64_t)timeout_ms;
    if (c->cap - c->len < 4096) {
        c->cap = c->cap * 2 + 8192;
        c->s = realloc(c->s, c->cap);
        if (!c->s)
            abort();
    }
    while (!c->ended) {
        ssize_t n = recv(c->fd, c->s + c->len, c->cap - c->len - 1, 0);
        if (n > 0) {
            c->len += (size_t)n;
            c->s[c->len] = '\0';
            return true;
        }
        if (n < 0 && errno == EAGAIN) {
            if (!wait_for(c, POLLIN, until))
                return false;
        } else if (n == 0 || errno != EINTR) {
            c->ended = true;
        }
    }
    return false;
}

static void consume(struct client *c, size_t n)
{
    memmove(c->s, c->s + n, c->len - n);
    c->len -= n;
    c->s[c->len] = '\0';
}

int client_wait_closed(struct client *c, int timeout_ms)
{
    uint64_t start = client_now_ms(), now;
    while (!c->ended && (now = client_now_ms()) < start + (uint64_t)timeout_ms) {
        client_fill(c, (int)(start + (uint64_t)timeout_ms - now));
        c->len = 0;
    }
    return c->ended ? (int)(client_now_ms() - start) : -1;
}

/* ---- HTTP ---- */

bool client_answer(struct client *c, int timeout_ms, bool to_head, struct answer *ret)
{
    uint64_t until = client_now_ms() + (uint64_t)timeout_ms;
    char *end;
    *ret = (struct answer){0};
    while (!c->len || !(end = strstr(c->s, "\r\n\r\n"))) {
        uint64_t now = client_now_ms();
        if (now >= until || !client_fill(c, (int)(until - now)))
            return false;
    }
    size_t head = (size_t)(end - c->s) + 4;
    if (head >= sizeof(ret->head) || sscanf(c->s, "HTTP/1.%*d %d", &ret->status) != 1)
        fail_msg("not an HTTP answer: %.200s", c->s);
    memcpy(ret->head, c->s, head);
    consume(c, head);
    if (ret->status < 200)
        return true;

    const char *v = answer_header(ret, "content-length");
    size_t len = v && !to_head ? strtoul(v, NULL, 10) : 0;
    while (c->len < len) {
        uint64_t now = client_now_ms();
        if (now >= until || !client_fill(c, (int)(until - now)))
            return false;
    }
    ret->body = calloc(1, len + 1);
    if (!ret->body)
        abort();
    if (len)
        memcpy(ret->body, c->s, len);
    ret->len = len;
    if (c->s)
        consume(c, len);
    return true;
}

const char *answer_header(const struct answer *a, const char *name)
{
    static char value[1024];
    size_t n = strlen(name);
    for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *v = line + 3 + n;
            v += strspn(v, " ");
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(v, "\r"), v);
            return value;
        }
    }
    return NULL;
}

void answer_release(struct answer *a)
{
    free(a->body);
    a->body = NULL;
}

bool client_http(int port, const char *method, const char *path, const char *headers,
                 const char *body, struct answer *ret)
{
    char head[8192];
    struct client *c = client_try_open(port);
    *ret = (struct answer){0};
    if (!c)
        return false;
    size_t len = body ? strlen(body) : 0;
    int n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", method, path,
                     port, headers ? headers : "");
    if (body)
        n += snprintf(head + n, sizeof(head) - (size_t)n, "Content-Length: %zu\r\n", len);
    n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
    bool ok = client_send(c, head, (size_t)n) && (!len || client_send(c, body, len));
    ok = ok && client_answer(c, ANSWER_MS, strcmp(method, "HEAD") == 0, ret);
    client_close(c);
    return ok;
}

int client_status(int port, const char *bytes, size_t len, int timeout_ms)
{
    struct answer a;
    struct client *c = client_open(port);
    client_send(c, bytes, len); /* it may be refused halfway */
    int status = client_answer(c, timeout_ms, false, &a) ? a.status : c->ended ? 0 : -1;
    answer_release(&a);
    client_close(c);
    return status;
}

/* ---- WebSocket ---- */

int client_ws_try(int port, const char *path, const char *headers, struct client **ret)
{
    char head[4096];
    struct answer a;
    struct client *c = client_try_open(port);
    if (!c)
        return 0;
    snprintf(
        head, sizeof(head),
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        path, port, headers);
    client_say(c, head);
    client_answer(c, ANSWER_MS, false, &a);
    answer_release(&a);
    if (a.status == 101 && ret)
        *ret = c;
    else
        client_close(c);
    return a.status;
}

struct client *client_ws(int port, const char *path)
{
    struct client *c = NULL;
    int status = client_ws_try(port, path, "Sec-WebSocket-Protocol: guidepost.v1\r\n", &c);
    if (status != 101)
        fail_msg("WebSocket refused with %d", status);
    return c;
}

bool client_frame(struct client *c, struct frame_shape shape, const void *s, size_t len)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char *f = malloc(14 + len);
    if (!f)
        abort();
    size_t n = 0, announced = shape.announce ? shape.announced : len;
    unsigned bit = shape.unmasked ? 0 : 0x80;
    f[n++] = (unsigned char)shape.first;
    if (shape.announce || announced > 0xffff) {
        f[n++] = (unsigned char)(bit | 127);
        for (int i = 7; i >= 0; i--)
            f[n++] = (unsigned char)(announced >> (8 * i));
    } else if (announced > 125) {
        f[n++] = (unsigned char)(bit | 126);
        f[n++] = (unsigned char)(announced >> 8);
        f[n++] = (unsigned char)announced;
    } else {
        f[n++] = (unsigned char)(bit | announced);
    }
    if (!shape.unmasked) {
        memcpy(f + n, mask, 4);
        n += 4;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char b = ((const unsigned char *)s)[i];
        f[n++] = shape.unmasked ? b : b ^ mask[i % 4];
    }
    bool ok = client_send(c, f, n);
    free(f);
    return ok;
}

bool client_text(struct client *c, const char *text)
{
    return client_frame(c, (struct frame_shape){.first = WS_FIN | WS_TEXT}, text, strlen(text));
}

static bool need(struct client *c, size_t n, uint64_t until_ms)
{
    while (c->len < n) {
        uint64_t now = client_now_ms();
        if (now >= until_ms || !client_fill(c, (int)(until_ms - now)))
            return false;
    }
    return true;
}

/* Servers send whole messages of ours in one frame each. */
static bool read_frame(struct client *c, uint64_t until_ms, struct message *m)
{
    if (!need(c, 2, until_ms))
        return false;
    unsigned char b = (unsigned char)c->s[1];
    size_t head = 2, len = b & 0x7f;
    if (b & 0x80)
        fail_msg("a server must not mask");
    if (len >= 126) {
        size_t n = len == 126 ? 2 : 8;
        if (!need(c, 2 + n, until_ms))
            return false;
        len = 0;
        for (size_t i = 0; i < n; i++)
            len = len << 8 | (unsigned char)c->s[2 + i];
        head += n;
    }
    if (!need(c, head + len, until_ms))
        return false;
    m->opcode = c->s[0] & 0xf;
    m->s = calloc(1, len + 1);
    if (!m->s)
        abort();
    memcpy(m->s, c->s + head, len);
    m->len = len;
    if (m->opcode == WS_CLOSE && len >= 2)
        m->code = (unsigned char)m->s[0] << 8 | (unsigned char)m->s[1];
    consume(c, head + len);
    return true;
}

void client_message(struct client *c, int timeout_ms, bool raw, struct message *ret)
{
    uint64_t until = client_now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        *ret = (struct message){0};
        if (!read_frame(c, until, ret)) {
            ret->opcode = c->ended ? -2 : -1;
            return;
        }
        if (raw || ret->opcode != WS_PING)
            return;
        client_frame(c, (struct frame_shape){.first = WS_FIN | WS_PONG}, ret->s, ret->len);
        message_release(ret);
    }
}

void message_release(struct message *m)
{
    free(m->s);
    m->s = NULL;
}

int client_close_code(struct client *c, int timeout_ms)
{
    uint64_t until = client_now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        struct message m;
        uint64_t now = client_now_ms();
        client_message(c, until > now ? (int)(until - now) : 0, true, &m);
        message_release(&m);
        if (m.opcode == -1)
            return -1;
        if (m.opcode == -2)
            return 0;
        if (m.opcode == WS_CLOSE)
            return m.code;
    }
}
