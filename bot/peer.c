/* peer.c: one WebSocket: its messages, its queue, its limits.
 *
 * In: fragments and pieces of frames are put together up to MAX_WS_FRAME. Out: a queue; what was put into it in one turn of the
 * loop is written at the end of that turn, in one system call, without asking first whether the socket takes it: it nearly
 * always does, and asking costs four calls. What it does not take the library keeps, and goes on when it can. A reader slower than its answers is first read from less (HIGH_WATER), which
 * stops its questions, and at MAX_PEER_BYTES closed with 4408 to come back and resume.
 *
 * Time: every CHECK_S each connection is looked at, with one system call (TCP_INFO) that tells how much came in and how
 * much of ours arrived. The library does not show us the head of a frame, nor pings; so when bytes have come since the
 * last pong, we ping: whoever is between two frames can answer, whoever is stuck in half a frame cannot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/server_int.h"
#include "bot/tcp.h"

#define CHECK_S    2
#define HIGH_WATER (8u * 1024)
#define BATCH      (4u * 1024) /* bytes written at once, of several messages */
#define MAX_REASON 123         /* of a close frame (RFC 6455, 5.5) */

struct frame {
    struct frame *next;
    size_t len;
    unsigned char data[]; /* as it goes over the wire */
};

struct peer {
    struct conn *conn;
    void *data;
    struct buf in;
    bool in_message; /* its first byte was seen, its last was not */
    struct frame *head, **tail;
    size_t nqueued, bytes;
    struct link unsent; /* on server->unsent */

    bool paused_by_owner, paused; /* what the owner wants; what the library was told */
    bool want_ping, closing, announced_close, heard_close, want_drained;
    int close_code;
    const char *close_reason; /* static text */

    uint64_t heard_s;   /* last whole message or pong */
    uint64_t message_s; /* first byte of the one that is incomplete */
    uint64_t pinged_s;
    uint64_t probe_s;    /* 0, or since when we doubt that it is between two frames */
    uint64_t progress_s; /* last time it took something, or had nothing to take */
    uint64_t close_by_s;
    uint64_t clean;  /* bytes received when it last was between two frames for sure */
    uint64_t masked; /* bytes its messages took at least, if they were masked */
    uint64_t acked;  /* bytes of ours it had at the last look */
};

/* ---- reading, or not ---- */

static void update_flow(struct conn *c)
{
    struct peer *p = c->peer;
    bool pause =
        !p->closing && (p->paused_by_owner || p->bytes > HIGH_WATER || c->server->draining);
    if (pause == p->paused)
        return;
    p->paused = pause;
    if (!pause) { /* time did not run for what we did not read */
        p->message_s = server_now_s(c->server);
        p->heard_s = p->message_s;
    }
    lws_rx_flow_control(c->wsi, !pause);
    /* What it had read already is served on its next turn only. */
    if (!pause)
        lws_cancel_service(c->server->lws);
}

void peer_pause(struct server *s, server_handle h, bool paused)
{
    struct conn *c = conn_find(s, h);
    if (!c || !c->peer)
        return;
    c->peer->paused_by_owner = paused;
    update_flow(c);
}

void peer_stop_reading(struct conn *c)
{
    update_flow(c);
}

/* ---- the queue ---- */

static void drop_queue(struct peer *p)
{
    while (p->head) {
        struct frame *f = p->head;
        p->head = f->next;
        free(f);
    }
    p->tail = &p->head;
    p->nqueued = p->bytes = 0;
}

/* Final, text, not masked (RFC 6455, 5.2). */
static struct frame *frame_new(const char *text, size_t len)
{
    size_t head = len < 126 ? 2 : len < 65536 ? 4 : 10;
    struct frame *f = must(malloc(sizeof(*f) + head + len));
    f->next = NULL;
    f->len = head + len;
    f->data[0] = 0x81;
    f->data[1] = (unsigned char)(len < 126 ? len : len < 65536 ? 126 : 127);
    for (size_t i = 2; i < head; i++)
        f->data[i] = (unsigned char)((uint64_t)len >> 8 * (head - 1 - i));
    memcpy(f->data + head, text, len);
    return f;
}

bool peer_send(struct server *s, server_handle h, const char *text, size_t len)
{
    struct conn *c = conn_find(s, h);
    if (!c || !c->peer || c->peer->closing)
        return false;
    struct peer *p = c->peer;
    if (p->nqueued >= MAX_PEER_QUEUE || p->bytes + len > MAX_PEER_BYTES) {
        drop_queue(p);
        s->stats.slow_closes++;
        peer_close(s, h, 4408, "reading too slowly");
        return false;
    }
    struct frame *f = frame_new(text, len);
    *p->tail = f;
    p->tail = &f->next;
    p->nqueued++;
    p->bytes += f->len;
    s->stats.messages_out++;
    link_append(&s->unsent, &p->unsent);
    update_flow(c); /* many small questions may have come in one read */
    return true;
}

size_t peer_queued(struct server *s, server_handle h)
{
    struct conn *c = conn_find(s, h);
    return c && c->peer ? c->peer->bytes : 0;
}

void peer_when_drained(struct server *s, server_handle h)
{
    struct conn *c = conn_find(s, h);
    if (!c || !c->peer)
        return;
    c->peer->want_drained = true;
    lws_callback_on_writable(c->wsi);
}

/* ---- closing ---- */

static void begin_close(struct conn *c, int code, const char *reason, uint64_t within_s)
{
    struct peer *p = c->peer;
    if (p->closing)
        return;
    p->closing = true;
    p->close_code = code;
    p->close_reason = reason ? reason : "";
    p->close_by_s = server_now_s(c->server) + within_s;
    server_set_deadline(c, within_s);
    update_flow(c);
}

static void close_soon(struct conn *c, int code, const char *reason, uint64_t within_s)
{
    begin_close(c, code, reason, within_s);
    lws_callback_on_writable(c->wsi);
}

void peer_close(struct server *s, server_handle h, int code, const char *reason)
{
    struct conn *c = conn_find(s, h);
    if (c && c->peer)
        close_soon(c, code, reason, PEER_CLOSE_S);
}

/* While reading, the library says goodbye itself when asked to and told -1. */
static int close_now(struct conn *c, int code, const char *reason)
{
    struct peer *p = c->peer;
    drop_queue(p);
    begin_close(c, code, reason, PEER_CLOSE_S);
    p->announced_close = true;
    lws_close_reason(c->wsi, (enum lws_close_status)code, (unsigned char *)p->close_reason,
                     strlen(p->close_reason));
    return -1;
}

/* While writing it does not: the distribution's build closes twice there, and the second time without a word. So the
 * frame is ours, straight into a socket that was just said to be writable, with nothing of the library's pending. What
 * follows is the peer's own close, the end of the stream, or the deadline. */
static int say_close(struct conn *c)
{
    unsigned char s[4 + MAX_REASON];
    struct peer *p = c->peer;
    size_t len = strnlen(p->close_reason, MAX_REASON);
    p->announced_close = true;
    s[0] = 0x88; /* final, close */
    s[1] = (unsigned char)(len + 2);
    s[2] = (unsigned char)(p->close_code >> 8);
    s[3] = (unsigned char)p->close_code;
    memcpy(s + 4, p->close_reason, len);
    ssize_t n = send(c->fd, s, len + 4, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == (ssize_t)(len + 4) ? 0 : -1;
}

/* ---- what the library reports ---- */

int peer_on_open(struct conn *c)
{
    struct server *s = c->server;
    struct peer *p = must(calloc(1, sizeof(*p)));
    p->conn = c;
    p->tail = &p->head;
    link_init(&p->unsent);
    p->heard_s = p->progress_s = server_now_s(s);
    buf_init(&p->in, MAX_WS_FRAME);
    c->peer = p;
    conn_new_serial(c);
    conn_set_phase(c, CONN_PEER);
    server_set_deadline(c, CHECK_S);
    s->stats.peers++;
    s->calls.on_peer(s->calls.ctx, p, PEER_OPEN, "", 0);
    return 0;
}

static void hear(struct peer *p)
{
    p->heard_s = server_now_s(p->conn->server);
    p->probe_s = 0;
}

/* Frames of a client must be masked (RFC 6455, 5.1), and the library neither insists nor tells. But a mask is four bytes of
 * which the kernel knows: whose messages have come in with fewer bytes than masked ones take sends none. It is asked
 * behind the first message and then with every look (examine()): who masks the first masks the others, and asking costs as
 * much as reading. Pings between them are not counted and may hide a frame or two; a client that wants to hide only
 * harms itself, for the mask protects the proxies on its own way. */
static bool lacks_mask(const struct conn *c, const struct tcp_transfer *t)
{
    return c->handshake && t->received - c->handshake < c->peer->masked;
}

/* One more whole message; true: it is the first, and not masked. */
static bool begins_bare(struct conn *c, size_t len)
{
    struct tcp_transfer t;
    bool first = !c->peer->masked;
    c->peer->masked += len + (len < 126 ? 6 : len < 65536 ? 8 : 14);
    return first && c->handshake && tcp_transfer(c->fd, &t) && lacks_mask(c, &t);
}

int peer_on_frame(struct conn *c, const char *s, size_t len)
{
    struct server *sv = c->server;
    struct peer *p = c->peer;
    if (p->closing)
        return 0;
    if (lws_frame_is_binary(c->wsi))
        return close_now(c, 1003, "text only");
    /* The rest of this frame is already announced: no need to read a gigabyte to know that it is one. */
    if (len + p->in.len + lws_remaining_packet_payload(c->wsi) > MAX_WS_FRAME)
        return close_now(c, 1009, "message too large");
    if (!p->in_message) {
        p->in_message = true;
        p->message_s = server_now_s(sv);
    }
    bool whole = lws_is_final_fragment(c->wsi);
    if (!whole || p->in.len) {
        buf_add(&p->in, s, len);
        if (buf_failed(&p->in))
            return close_now(c, 1009, "message too large");
    }
    if (!whole)
        return 0;

    p->in_message = false;
    if (begins_bare(c, p->in.len ? p->in.len : len))
        return close_now(c, 1002, "frames must be masked");
    hear(p);
    sv->stats.messages_in++;
    if (p->in.len)
        sv->calls.on_peer(sv->calls.ctx, p, PEER_TEXT, p->in.s, p->in.len);
    else
        sv->calls.on_peer(sv->calls.ctx, p, PEER_TEXT, s, len);
    buf_release(&p->in);
    return 0;
}

void peer_on_pong(struct conn *c)
{
    struct tcp_transfer t;
    hear(c->peer);
    if (tcp_transfer(c->fd, &t))
        c->peer->clean = t.received;
}

/* It answers a close with one of its own, unless told that this is the answer. */
int peer_on_bye(struct conn *c)
{
    c->peer->heard_close = true;
    return c->peer->announced_close ? -1 : 0;
}

/* As many messages as are taken at once leave the queue; how many bytes. One by itself is written from where it is. */
static size_t take_batch(struct peer *p, unsigned char *batch, struct frame **ret_single)
{
    size_t len = 0;
    *ret_single = NULL;
    while (p->head && (!len || len + p->head->len <= BATCH)) {
        struct frame *f = p->head;
        if (!(p->head = f->next))
            p->tail = &p->head;
        p->nqueued--;
        p->bytes -= f->len;
        if (!len && (!p->head || f->len + p->head->len > BATCH)) {
            *ret_single = f;
            return f->len;
        }
        memcpy(batch + len, f->data, f->len);
        len += f->len;
        free(f);
    }
    return len;
}

/* The queue, as far as the socket takes it: a second lws_write() is fine unless the first is partly sent. LWS_WRITE_HTTP: to
 * a WebSocket, too, that means bytes as they are. */
static int write_queue(struct conn *c)
{
    static unsigned char batch[BATCH]; /* the loop's; gone when lws_write() returns */
    struct peer *p = c->peer;
    while (p->head && !lws_partial_buffered(c->wsi)) {
        struct frame *single;
        size_t len = take_batch(p, batch, &single);
        int n = lws_write(c->wsi, single ? single->data : batch, len, LWS_WRITE_HTTP);
        free(single);
        if (n < 0)
            return -1;
        p->progress_s = server_now_s(c->server);
    }
    update_flow(c);
    return 0;
}

/* Not when one side has begun to say goodbye: then the library says what comes next. */
static void flush(struct conn *c)
{
    struct peer *p = c->peer;
    bool bye = p->closing || p->heard_close;
    if (!bye && write_queue(c))
        conn_kill(c);
    else if (bye || p->head)
        lws_callback_on_writable(c->wsi);
}

void peer_flush(struct server *s)
{
    while (!link_empty(&s->unsent)) {
        struct peer *p = link_owner(s->unsent.next, struct peer, unsent);
        link_remove(&p->unsent);
        flush(p->conn);
    }
}

int peer_on_writable(struct conn *c)
{
    static unsigned char ping[LWS_PRE + 4] = {0};
    struct peer *p = c->peer;
    if (p->announced_close)
        return 0;
    if (p->want_ping && !p->closing) {
        p->want_ping = false;
        /* A pong without payload would never be shown to us. */
        memcpy(ping + LWS_PRE, "ping", 4);
        if (lws_write(c->wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) < 0)
            return -1;
    } else if (p->head) {
        if (write_queue(c))
            return -1;
    } else if (p->closing) {
        return say_close(c);
    }
    if (p->want_drained && !p->head && !p->closing) {
        p->want_drained = false;
        c->server->calls.on_peer(c->server->calls.ctx, p, PEER_DRAINED, "", 0);
    }
    if (p->head || p->closing || p->want_ping)
        lws_callback_on_writable(c->wsi);
    return 0;
}

void peer_on_close(struct conn *c)
{
    struct peer *p = c->peer;
    if (!p)
        return;
    struct server *s = c->server;
    s->calls.on_peer(s->calls.ctx, p, PEER_CLOSED, "", 0);
    peer_free(c);
}

void peer_free(struct conn *c)
{
    struct peer *p = c->peer;
    if (!p)
        return;
    c->peer = NULL;
    c->server->stats.peers--;
    drop_queue(p);
    link_remove(&p->unsent);
    buf_release(&p->in);
    free(p);
}

/* ---- time ---- */

/* What a look tells: does it take what we send, is it between two frames, and (*ret_bare) does it send them without a mask? */
static struct tcp_transfer examine(struct conn *c, uint64_t now, bool *ret_bare)
{
    struct peer *p = c->peer;
    struct tcp_transfer t = {p->clean, p->acked, true};
    *ret_bare = tcp_transfer(c->fd, &t) && lacks_mask(c, &t);
    if ((!p->head && !lws_partial_buffered(c->wsi)) || t.acked != p->acked)
        p->progress_s = now;
    p->acked = t.acked;
    if (p->paused) {
        p->probe_s = 0; /* its pong would not be read */
    } else if (t.received != p->clean && !p->in_message && !p->probe_s) {
        p->probe_s = now;
        p->want_ping = true;
    }
    return t;
}

static bool since(uint64_t then_s, uint64_t now_s, uint64_t limit_s)
{
    return then_s && now_s - then_s >= limit_s;
}

void peer_on_deadline(struct conn *c)
{
    struct server *s = c->server;
    struct peer *p = c->peer;
    uint64_t now = server_now_s(s);

    if (p->closing) {
        if (now >= p->close_by_s)
            conn_kill(c);
        else
            wheel_set(&s->wheel, &c->deadline, p->close_by_s);
        return;
    }
    bool bare;
    struct tcp_transfer t = examine(c, now, &bare);
    if (since(p->progress_s, now, PEER_STALL_S)) {
        s->stats.slow_closes++;
        conn_kill(c);
        return;
    }
    if (bare) {
        drop_queue(p);
        close_soon(c, 1002, "frames must be masked", PEER_CLOSE_S);
        return;
    }
    bool half = p->in_message && !p->paused && since(p->message_s, now, PEER_PARTIAL_S);
    /* A ping that did not even arrive says nothing about frames: a phone in a tunnel. */
    if (half || (since(p->probe_s, now, PEER_PARTIAL_S) && t.arrived)) {
        s->stats.slow_closes++;
        drop_queue(p);
        close_soon(c, 1008, "a message took too long", 1);
        return;
    }
    if (!p->paused && since(p->heard_s, now, PEER_IDLE_S)) {
        close_soon(c, 1001, "idle", PEER_CLOSE_S);
        return;
    }
    if (since(p->heard_s, now, PEER_PING_S) && now - p->pinged_s >= PEER_PING_S) {
        p->pinged_s = now;
        p->want_ping = true;
    }
    if (p->want_ping)
        lws_callback_on_writable(c->wsi);
    server_set_deadline(c, CHECK_S);
}

/* ---- what the owner may ask ---- */

struct peer *server_peer(struct server *s, server_handle h)
{
    struct conn *c = conn_find(s, h);
    return c ? c->peer : NULL;
}

server_handle peer_handle(const struct peer *p)
{
    return conn_handle(p->conn);
}

void *peer_data(const struct peer *p)
{
    return p->data;
}

void peer_set_data(struct peer *p, void *data)
{
    p->data = data;
}

const char *peer_client(const struct peer *p)
{
    return p->conn->client;
}

size_t peer_websocket(const struct peer *p)
{
    return p->conn->websocket;
}

const char *peer_cookie(const struct peer *p)
{
    return p->conn->cookie ? p->conn->cookie : "";
}
