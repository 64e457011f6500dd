/* listener.c: accept(), and what to do when it cannot be had.
 *
 * At most ACCEPT_BATCH connections a turn, so that a crowd at the door does not stop those inside. When
 * the process is out of descriptors, or the server has no room, the listener takes its eye off the socket for
 * PAUSE_MS: newcomers wait in the kernel's queue instead of burning a processor, and those inside go on as before.
 * It says so at most once a second, with a count. */
#include "bot/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "bot/address.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/must.h"

#define ACCEPT_BATCH  64
#define PAUSE_MS      100
#define BACKLOG       4096 /* 10,000 browsers that reconnect at once overflow a smaller one */
#define SOCKET_BUFFER (64 * 1024) /* the kernel would give a silent reader four megabytes */

struct listener {
    uv_poll_t poll;
    struct loop *loop;
    struct listener_calls calls;
    struct loop_timer *pause;
    int fd, port;
    char *path; /* of a unix socket, or NULL */
    uint64_t refused;
    uint64_t logged_ms; /* when we last complained */
    uint64_t unsaid;    /* and how often we bit our tongue since */
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(void *ctx)
{
    struct listener *ls = ctx;
    loop_timer_stop(ls->pause);
    ls->pause = NULL;
    uv_poll_start(&ls->poll, UV_READABLE, on_readable);
}

static void rest(struct listener *ls)
{
    if (ls->pause)
        return;
    uv_poll_stop(&ls->poll);
    ls->pause = loop_timer(ls->loop, PAUSE_MS, 0, on_pause_over, ls);
}

static void complain(struct listener *ls, const char *why)
{
    uint64_t now = loop_now_ms(ls->loop);
    ls->unsaid++;
    if (ls->logged_ms && now - ls->logged_ms < 1000)
        return;
    log_warn("server", "cannot take new connections", "reason=\"%s\" times=%llu", why,
             (unsigned long long)ls->unsaid);
    ls->logged_ms = now;
    ls->unsaid = 0;
}

void listener_turn_away(int fd, const char *status)
{
    char s[128];
    int len = snprintf(s, sizeof(s),
                       "HTTP/1.1 %s\r\nretry-after: 5\r\ncontent-length: 0\r\n"
                       "connection: close\r\n\r\n",
                       status);
    ssize_t n = send(fd, s, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n; /* if not even that fits, closing says enough */
    shutdown(fd, SHUT_WR);
    close(fd);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *ls = poll->data;
    (void)status;
    (void)events;
    bool full = false;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof(from);
        int fd = accept4(ls->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                complain(ls, strerror(errno)); /* EMFILE, ENFILE, ENOBUFS, ENOMEM, ... */
                rest(ls);
            }
            break;
        }
        if (ls->calls.room(ls->calls.ctx)) {
            ls->calls.take(ls->calls.ctx, fd, &from);
        } else {
            listener_turn_away(fd, "503 Service Unavailable");
            ls->refused++;
            full = true;
        }
    }
    if (full) {
        complain(ls, "too many connections");
        rest(ls);
    }
}

static int open_socket(const struct sockaddr_storage *ss, socklen_t len)
{
    int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int on = 1, size = SOCKET_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    /* Accepted sockets inherit these; the receive buffer must be set before listen() to shape the window. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)ss, len) < 0 || listen(fd, BACKLOG) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof(ss);
    in_port_t port = 0; /* the same place in both kinds of address */
    if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
        memcpy(&port, (char *)&ss + offsetof(struct sockaddr_in, sin_port), sizeof(port));
    return ntohs(port);
}

static int begin(struct loop *l, int fd, const struct listener_calls *calls, struct listener **ret)
{
    struct listener *ls = calloc(1, sizeof(*ls));
    if (!ls) {
        close(fd);
        return -ENOMEM;
    }
    ls->loop = l;
    ls->calls = *calls;
    ls->fd = fd;
    ls->port = port_of(fd);
    int rc = uv_poll_init_socket(loop_uv(l), &ls->poll, fd);
    if (rc < 0) {
        close(fd);
        free(ls);
        return rc;
    }
    ls->poll.data = ls;
    uv_poll_start(&ls->poll, UV_READABLE, on_readable);
    *ret = ls;
    return 0;
}

int listener_open(struct loop *l, const char *address, const struct listener_calls *calls,
                  struct listener **ret)
{
    struct sockaddr_storage ss;
    socklen_t len;
    int fd = address_resolve(address, &ss, &len);
    if (fd < 0)
        return fd;
    fd = open_socket(&ss, len);
    return fd < 0 ? fd : begin(l, fd, calls, ret);
}

/* A socket that a process left behind when it was killed; nothing else is ever removed. */
static void remove_stale(const struct sockaddr_un *un)
{
    struct stat st;
    if (lstat(un->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 && errno == ECONNREFUSED)
        unlink(un->sun_path);
    close(fd);
}

int listener_open_unix(struct loop *l, const char *path, const struct listener_calls *calls,
                       struct listener **ret)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(un.sun_path))
        return -ENAMETOOLONG;
    memcpy(un.sun_path, path, strlen(path) + 1);
    remove_stale(&un);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    bool bound = bind(fd, (const struct sockaddr *)&un, sizeof(un)) == 0;
    /* before listen() nobody can connect, whatever the umask let through */
    int rc = bound && !chmod(path, 0660) && !listen(fd, BACKLOG) ? 0 : -errno;
    if (!rc)
        rc = begin(l, fd, calls, ret); /* closes fd when it fails */
    else
        close(fd);
    if (!rc)
        (*ret)->path = must(strdup(path));
    else if (bound)
        unlink(path);
    return rc;
}

int listener_port(const struct listener *ls)
{
    return ls->port;
}

uint64_t listener_refused(const struct listener *ls)
{
    return ls->refused;
}

static void on_closed(uv_handle_t *h)
{
    free(h->data);
}

void listener_close(struct listener *ls)
{
    if (!ls)
        return;
    loop_timer_stop(ls->pause);
    uv_poll_stop(&ls->poll);
    close(ls->fd);
    if (ls->path)
        unlink(ls->path);
    free(ls->path);
    uv_close((uv_handle_t *)&ls->poll, on_closed);
}
