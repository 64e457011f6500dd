/* request_reply.c: the reply to an HTTP request, written past the library.
 *
 * While a reply is waiting to be written the library would read on, into a list without end, or spin because it does not
 * want to read; and when told not to read it does not write either. So: reading is paused, the reply goes straight to the
 * socket, and if the socket is full we wait on a duplicate of it, since libuv watches a descriptor only once. Then the
 * library may have the connection back for the next request. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "bot/buf.h"
#include "bot/server_int.h"
#include "bot/squeeze.h"

#define HOLD_BYTES 4096 /* of a reply, for its last write */

struct waiter {
    uv_poll_t poll; /* first: shares its address with the uv_handle_t */
    struct request *rq;
    int fd;
};

static void write_on(struct request *rq);

static void on_waited(uv_poll_t *poll, int status, int events)
{
    struct waiter *w = (struct waiter *)poll;
    (void)status;
    (void)events;
    write_on(w->rq);
}

static void on_waiter_closed(uv_handle_t *h)
{
    struct waiter *w = (struct waiter *)h;
    close(w->fd);
    free(w);
}

void request_stop_waiting(struct request *rq)
{
    if (!rq->waiter)
        return;
    uv_poll_stop(&rq->waiter->poll);
    uv_close((uv_handle_t *)&rq->waiter->poll, on_waiter_closed);
    rq->waiter = NULL;
}

static void start_waiting(struct request *rq)
{
    struct conn *c = rq->conn;
    if (rq->waiter)
        return;
    if (!rq->paused) {
        rq->paused = true;
        lws_rx_flow_control(c->wsi, 0);
    }
    struct waiter *w = must(calloc(1, sizeof(*w)));
    w->rq = rq;
    w->fd = dup(c->fd);
    if (w->fd < 0 || uv_poll_init_socket(loop_uv(c->server->loop), &w->poll, w->fd) < 0) {
        if (w->fd >= 0)
            close(w->fd);
        free(w);
        rq->broken = true;
        return;
    }
    rq->waiter = w;
    uv_poll_start(&w->poll, UV_WRITABLE, on_waited);
}

static bool writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1;
}

/* As much as the socket takes; then wait, or hand the connection back to the library by asking for its WRITEABLE. */
static void send_until(struct request *rq, size_t end)
{
    struct conn *c = rq->conn;
    while (rq->sent < end && !rq->broken) {
        ssize_t n = send(c->fd, rq->out + rq->sent, end - rq->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            rq->sent += (size_t)n;
            rq->progress_s = server_now_s(c->server);
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else if (n < 0 && errno != EINTR) {
            rq->broken = true;
        }
    }
}

/* The last HOLD_BYTES wait for the library's WRITEABLE, where its books on this request are closed in the same breath:
 * a client that answers within microseconds would else have its next request taken for the rest of this one. */
static void write_on(struct request *rq)
{
    struct conn *c = rq->conn;
    size_t end = rq->len > HOLD_BYTES ? rq->len - HOLD_BYTES : 0;
    send_until(rq, end);
    /* Also when all is sent: with a full socket the library would not get its WRITEABLE and spin on input meanwhile. */
    if (!rq->broken && (rq->sent < end || !writable(c->fd))) {
        start_waiting(rq);
        if (!rq->broken)
            return;
    }
    request_stop_waiting(rq);
    if (rq->paused) {
        rq->paused = false;
        lws_rx_flow_control(c->wsi, 1);
    }
    lws_callback_on_writable(c->wsi);
}

static void build(struct request *rq, const struct http_reply *r)
{
    char head[1024];
    bool body = r->status != 204 && r->status != 304 && r->status >= 200;
    const char *s = r->body;
    size_t len = r->body && body ? r->len : 0;
    char length[48] = "";
    struct buf small;
    buf_init(&small, SQUEEZE_MOST);
    bool squeezed = r->squeeze && squeeze_accepts(request_header(rq, "accept-encoding"), "gzip") &&
                    squeeze(s, len, &small);
    if (squeezed) {
        s = small.s;
        len = small.len;
    }
    if (body)
        snprintf(length, sizeof(length), "content-length: %zu\r\n", len);
    int n = snprintf(
        head, sizeof(head), "HTTP/1.1 %d %s\r\n%s%.200s%s%s%s%sconnection: %s\r\n", r->status,
        refusal_status_text(r->status), r->type && body ? "content-type: " : "",
        r->type && body ? r->type : "", r->type && body ? "\r\n" : "", length,
        r->squeeze ? "vary: accept-encoding\r\n" : "", squeezed ? "content-encoding: gzip\r\n" : "",
        rq->keep_alive ? "keep-alive" : "close");
    size_t extra = r->headers ? strlen(r->headers) : 0;
    if (rq->head)
        len = 0;

    rq->len = (size_t)n + extra + 2 + len;
    rq->out = must(malloc(rq->len));
    char *p = rq->out;
    memcpy(p, head, (size_t)n);
    p += n;
    if (extra)
        memcpy(p, r->headers, extra);
    p += extra;
    memcpy(p, "\r\n", 2);
    if (len)
        memcpy(p + 2, s, len);
    buf_release(&small);
}

bool request_reply(struct server *s, server_handle h, const struct http_reply *r)
{
    struct conn *c = conn_find(s, h);
    if (!c || c->phase != CONN_ASKED)
        return false;
    struct request *rq = c->rq;
    if (s->draining)
        rq->keep_alive = false;
    build(rq, r);
    conn_set_phase(c, CONN_REPLY);
    rq->progress_s = server_now_s(s);
    server_set_deadline(c, PEER_STALL_S);
    write_on(rq);
    return true;
}

/* Has the library read further than the request just answered? Then it parses the next head from its own buffer, and takes
 * for the body what stands at the buffer's beginning: the head. It keeps its table of headers in this case, and only
 * with a table does this call touch its target. */
static bool has_read_on(struct conn *c)
{
    char probe[2] = "?";
    (void)lws_hdr_custom_copy(c->wsi, probe, sizeof(probe), ":", 1);
    return probe[0] != '?';
}

/* The end of the reply is written; what comes next is the library's business again. */
int request_on_writable(struct conn *c)
{
    struct request *rq = c->rq;
    if (c->phase != CONN_REPLY)
        return 0;
    if (rq->waiter && !rq->broken)
        return 0;
    send_until(rq, rq->len);
    if (rq->broken)
        return -1;
    if (rq->sent < rq->len) {
        start_waiting(rq);
        return rq->broken ? -1 : 0;
    }
    if (!rq->keep_alive || c->server->draining)
        return -1;
    request_free(c);
    conn_set_phase(c, CONN_IDLE);
    if (lws_http_transaction_completed(c->wsi))
        return -1;
    c->buffered = has_read_on(c);
    return 0;
}
