/* load_client.c: many WebSockets on one epoll, each asking again as soon as it is answered. Written for this, so that the
 * client takes little of the machine it shares with the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load/load.h"

#define MAX_FRAME  65536
#define WARM_UP_US 500000
#define LOOK_US    50000 /* how often who was turned away is looked after */

struct line {
    int fd;
    unsigned asked; /* of its conversation */
    uint64_t asked_us;
    uint64_t again_us; /* turned away: when to come again; or 0 */
    char *s;           /* read and not yet understood; only while there is something */
    size_t len;
};

static struct {
    const struct load_plan *plan;
    struct line *line;
    int epoll;
    unsigned long cids;
    uint64_t *latency; /* µs */
    size_t n, cap;
    uint64_t sent_bytes, got_bytes, asked, counted_from;
    size_t away; /* lines that were turned away */
    uint64_t refused, looked_us;
} load;

static const char hello[] = "{\"t\":\"hello\",\"v\":1}";

static void connect_line(struct line *l)
{
    static const char request[] =
        "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: guidepost.v1\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)load.plan->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, tries = 0;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (connect(l->fd, (struct sockaddr *)&to, sizeof to)) {
        if (++tries > 200)
            load_die("connect", strerror(errno));
        usleep(20000);
    }
    if (send(l->fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        load_die("handshake", strerror(errno));
}

/* A masked frame; the mask is zero, which is a mask like any other and costs nothing to apply. */
static void send_frame(struct line *l, int first, const char *s, size_t len)
{
    char frame[1024] = {(char)first};
    size_t head = len < 126 ? 2 : 4;
    frame[1] = (char)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        frame[2] = (char)(len >> 8);
        frame[3] = (char)len;
    }
    memcpy(frame + head + 4, s, len);
    if (send(l->fd, frame, head + 4 + len, MSG_NOSIGNAL) != (ssize_t)(head + 4 + len))
        load_die("send", strerror(errno));
}

static void send_text(struct line *l, const char *s, size_t len)
{
    send_frame(l, 0x81, s, len);
}

static void ask(struct line *l, const char *text, int len)
{
    char s[512];
    int n = snprintf(s, sizeof s, "{\"t\":\"ask\",\"cid\":\"%016lx\",\"text\":\"%.*s\"}",
                     load.cids++, len, text);
    l->asked_us = load_now_us();
    l->asked++;
    load.sent_bytes += (size_t)n;
    load.asked++;
    send_text(l, s, (size_t)n);
}

/* One of the questions that an answer offers: text[0..return value), or 0 bytes. */
static int offered(const char *s, size_t len, size_t which, const char **ret_text)
{
    static const char key[] = "\"suggest\":[\"";
    const char *at = memmem(s, len, key, sizeof key - 1), *end = s + len, *stop;
    if (!at)
        return 0;
    at += sizeof key - 1;
    while ((stop = memchr(at, '"', (size_t)(end - at))) != NULL && which-- && end - stop > 3 &&
           stop[1] == ',')
        at = stop + 3;
    if (!stop || memchr(at, '\\', (size_t)(stop - at)))
        return 0;
    *ret_text = at;
    return (int)(stop - at);
}

/* What comes behind the answer s[0..len), or behind a hello (len 0). */
static void go_on(struct line *l, const char *s, size_t len)
{
    char fresh[200];
    const char *text = fresh;
    int n = 0;
    if (load.plan->asks == LOAD_NEW)
        load_new_question(load.cids, fresh, sizeof fresh);
    else if (len)
        n = offered(s, len, load.cids % 3, &text);
    if (!n && load.plan->asks != LOAD_NEW)
        text = load_common_question(load.cids);
    ask(l, text, n ? n : (int)strlen(text));
}

static void answered(struct line *l, const char *s, size_t len)
{
    uint64_t now = load_now_us();
    if (load.counted_from && l->asked_us >= load.counted_from) {
        if (load.n == load.cap) {
            load.cap = load.cap ? 2 * load.cap : 1 << 16;
            load.latency = realloc(load.latency, load.cap * sizeof *load.latency);
            if (!load.latency)
                load_die("client", "no memory");
        }
        load.latency[load.n++] = now - l->asked_us;
    }
    if (l->asked < LOAD_TALK || load.plan->asks == LOAD_ECHO) {
        go_on(l, s, len);
        return;
    }
    l->asked = 0; /* somebody else */
    send_text(l, hello, sizeof hello - 1);
}

/* Too many at once: as the chat page does, it comes again when it was told to. */
static void turned_away(struct line *l, const char *s, size_t len)
{
    static const char key[] = "\"retry_after\":";
    const char *at = memmem(s, len, key, sizeof key - 1);
    if (!memmem(s, len, "\"code\":\"busy\"", 13) || !at)
        load_die("server", "refused a question");
    uint64_t now = load_now_us();
    l->again_us = now + strtoul(at + sizeof key - 1, NULL, 10) * 1000000;
    l->asked = 0;
    load.away++;
    load.refused += load.counted_from != 0;
}

static void come_again(void)
{
    uint64_t now = load_now_us();
    if (!load.away || now - load.looked_us < LOOK_US)
        return;
    load.looked_us = now;
    for (size_t i = 0; i < load.plan->active; i++) {
        struct line *l = &load.line[i];
        if (!l->again_us || l->again_us > now)
            continue;
        l->again_us = 0;
        load.away--;
        go_on(l, NULL, 0);
    }
}

/* Frames in s[0..len): how many bytes are understood. */
static size_t understand(struct line *l, const char *s, size_t len)
{
    size_t at = 0;
    while (len - at >= 2) {
        const unsigned char *h = (const unsigned char *)s + at;
        size_t body = h[1] & 127, head = 2;
        if (body == 126) {
            head = 4;
            if (len - at < head)
                break;
            body = (size_t)h[2] << 8 | h[3];
        }
        if (len - at < head + body)
            break;
        const char *text = s + at + head;
        load.got_bytes += body;
        if ((h[0] & 15) == 9)
            send_frame(l, 0x8a, text, body);
        if ((h[0] & 15) == 8) {
            char why[160] = "closed a connection";
            if (body >= 2)
                snprintf(why, sizeof why, "closed a connection: %d %.*s",
                         (unsigned char)text[0] << 8 | (unsigned char)text[1], (int)body - 2,
                         text + 2);
            load_die("server", why);
        }
        if ((h[0] & 15) == 1) {
            char start[64] = "";
            memcpy(start, text, body < 63 ? body : 63);
            if (strstr(start, "\"t\":\"error\""))
                turned_away(l, text, body);
            else if (load.plan->asks == LOAD_ECHO || strstr(start, "\"t\":\"answer\""))
                answered(l, text, body);
            else if (strstr(start, "\"t\":\"ready\""))
                go_on(l, NULL, 0);
        }
        at += head + body;
    }
    return at;
}

static void on_readable(struct line *l)
{
    static char s[2 * MAX_FRAME];
    size_t len = l->len;
    if (len)
        memcpy(s, l->s, len);
    ssize_t n = recv(l->fd, s + len, sizeof s - len, 0);
    if (n <= 0)
        load_die("server", "hung up");
    len += (size_t)n;
    size_t used = understand(l, s, len);
    free(l->s);
    l->s = NULL;
    l->len = len - used;
    if (!l->len)
        return;
    l->s = malloc(l->len);
    if (!l->s)
        load_die("client", "no memory");
    memcpy(l->s, s + used, l->len);
}

/* Reads until `text` has come, blocking; what is behind it is dropped: nothing is asked yet. */
static void wait_for(struct line *l, const char *text)
{
    char s[16384];
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(l->fd, s + len, sizeof s - 1 - len, 0);
        if (n <= 0)
            load_die("server", "refused a connection");
        len += (size_t)n;
        s[len] = '\0';
        for (size_t i = 0; i < len; i++) /* frame heads hold zeros */
            if (!s[i])
                s[i] = ' ';
        if (strstr(s, text))
            return;
    }
}

static long resident(pid_t pid)
{
    char path[64];
    long size = 0, pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2)
        load_die(path, "cannot be read");
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Processor time it has taken, all threads, µs. */
static uint64_t cpu_of(pid_t pid)
{
    char path[64], s[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(s, sizeof s, f))
        load_die(path, "cannot be read");
    fclose(f);
    const char *behind = strrchr(s, ')');
    if (!behind || sscanf(behind + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                          &system) != 2)
        load_die(path, "is not as expected");
    return (uint64_t)(user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static void open_lines(size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        connect_line(&load.line[i]);
        wait_for(&load.line[i], "\r\n\r\n");
        if (load.plan->asks == LOAD_ECHO)
            continue;
        send_text(&load.line[i], hello, sizeof hello - 1);
        wait_for(&load.line[i], "\"t\":\"ready\"");
    }
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void spin(uint64_t until_us)
{
    struct epoll_event ev[256];
    for (uint64_t now; (now = load_now_us()) < until_us;) {
        int ms = (int)((until_us - now) / 1000) + 1;
        int n =
            epoll_wait(load.epoll, ev, 256, load.away && ms > LOOK_US / 1000 ? LOOK_US / 1000 : ms);
        for (int i = 0; i < n; i++)
            on_readable(ev[i].data.ptr);
        come_again();
    }
}

void load_run(const struct load_plan *p, pid_t server, struct load_result *ret)
{
    size_t all = p->idle + p->active;
    memset(&load, 0, sizeof load);
    load.plan = p;
    load.line = calloc(all, sizeof *load.line);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load.line || load.epoll < 0)
        load_die("client", "no memory");
    open_lines(0, p->active); /* these warm it up; the idle ones are then all that is new */
    long before = resident(server);
    uint64_t began = load_now_us();
    open_lines(p->active, p->idle);
    uint64_t took = load_now_us() - began;
    usleep(300000);
    ret->idle_bytes = p->idle ? (resident(server) - before) / (long)p->idle : 0;
    ret->connects_per_second = p->idle ? (double)p->idle * 1e6 / (double)took : 0;

    for (size_t i = 0; i < all; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &load.line[i]};
        epoll_ctl(load.epoll, EPOLL_CTL_ADD, load.line[i].fd, &ev);
    }
    for (size_t i = 0; i < p->active; i++)
        go_on(&load.line[i], NULL, 0);
    began = load_now_us();
    spin(began + WARM_UP_US);
    uint64_t cpu = cpu_of(server);
    load.counted_from = load_now_us();
    spin(load.counted_from + (uint64_t)p->seconds * 1000000);
    double s = (double)(load_now_us() - load.counted_from) / 1e6;
    if (!load.n)
        load_die("server", "answered nothing");
    qsort(load.latency, load.n, sizeof *load.latency, by_value);
    ret->answers = load.n;
    ret->refused = load.refused;
    ret->cpu_us = (double)(cpu_of(server) - cpu) / (double)load.n;
    ret->per_second = (double)load.n / s;
    ret->p50_us = load.latency[load.n / 2];
    ret->p99_us = load.latency[load.n * 99 / 100];
    ret->question_bytes = load.sent_bytes / load.asked;
    ret->answer_bytes = load.got_bytes / (load.asked - p->active + 1);
    for (size_t i = 0; i < all; i++) {
        close(load.line[i].fd);
        free(load.line[i].s);
    }
    close(load.epoll);
    free(load.latency);
    free(load.line);
}
