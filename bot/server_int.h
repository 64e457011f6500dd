/* server_int.h: shared by server.c, refusal.c, upgrade.c, request.c, request_reply.c and peer.c, and by nobody
 * else.
 *
 * One struct conn per connection, from accept() to the library's last word about it (WSI_DESTROY). What the library
 * carries for us is never a pointer to it but its ticket, so that a callback for something already freed finds nothing
 * instead of garbage. The public server_handle works alike, with a number that changes with every request. */
#ifndef BOT_SERVER_INT_H
#define BOT_SERVER_INT_H

#include <libwebsockets.h>

#include "bot/address.h"
#include "bot/buf.h"
#include "bot/limits.h"
#include "bot/link.h"
#include "bot/listener.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/must.h"
#include "bot/policy.h"
#include "bot/server.h"
#include "bot/wheel.h"

enum conn_phase {
    CONN_PENDING, /* has not said a whole request head yet; the oldest goes first when there are too many */
    CONN_BODY,  /* the head is here, the body is not */
    CONN_ASKED, /* with the owner, who owes a reply */
    CONN_REPLY, /* the reply is being written */
    CONN_IDLE,  /* between two requests */
    CONN_LINGER, /* refused; what is still coming in is swallowed, or our words might be lost to a reset */
    CONN_PEER, /* a WebSocket */
    CONN_GONE, /* closed; the library will say so for the last time soon */
};

struct conn {
    struct server *server;
    struct lws *wsi;
    int fd;
    uint32_t slot;   /* index in server->slot */
    uint32_t birth;  /* together: the ticket */
    uint32_t serial; /* of the request or peer; with the slot: the public handle */
    enum conn_phase phase;
    bool counted;  /* in the address book */
    bool buffered; /* the library has read on: the next request starts in its own buffer */
    struct address from;
    char client[ADDRESS_TEXT]; /* `from`, or what a listed proxy said */
    uint64_t handshake;        /* bytes received up to the end of a WebSocket's; 0: not known */
    size_t websocket;          /* which one it asked for */
    char *cookie;              /* it showed there, or NULL */
    struct link waiting;       /* on server->pending or server->idle */
    struct wheel_item deadline;
    struct request *rq; /* CONN_BODY to CONN_REPLY */
    struct peer *peer;  /* CONN_PEER */
};

struct server {
    struct loop *loop;
    struct server_calls calls;
    struct lws_context *lws; /* NULL again once the library has let go */
    struct lws_vhost *vhost;
    struct lws_protocols protocols[MAX_WEBSOCKETS + 2];
    lws_retry_bo_t no_retry;
    struct listener *listener;
    struct listener *local; /* on a unix socket, or NULL */
    struct loop_timer *tick;
    struct wheel wheel;
    int port;

    struct policy *policy;
    struct server_websocket websocket[MAX_WEBSOCKETS]; /* the texts are ours */
    size_t nwebsocket;
    size_t max_connections;

    struct conn **slot; /* NULL: free */
    size_t nslots, free_hint;
    uint32_t births, serials;
    size_t npending;
    struct link pending, idle;
    struct loop_hook *flush;
    struct link unsent; /* peers whose messages of this turn are not written yet */
    struct address_book *book;
    bool draining, closing;
    struct server_stats stats;
};

/* ---- server.c ---- */
uint64_t server_now_s(const struct server *s);
void server_set_deadline(struct conn *c, uint64_t in_s);
server_handle conn_handle(const struct conn *c);
struct conn *conn_find(struct server *s, server_handle h); /* NULL: another request by now */
void conn_new_serial(struct conn *c);
void conn_set_phase(struct conn *c, enum conn_phase phase);
/* Hangs up without a word. Not from within one of the library's callbacks for it: return -1 there. */
void conn_kill(struct conn *c);
/* The whole of a header the library may have in pieces; NULL when absent or longer than `size`. */
const char *conn_header(struct conn *c, enum lws_token_indexes token, char *out, int size);
bool conn_header_twice(struct conn *c, enum lws_token_indexes token);
enum origin conn_origin(struct conn *c); /* while the headers are there */
/* Who asks, with X-Forwarded-For believed where it may be. While the headers are there. */
void conn_find_client(struct conn *c);

/* ---- refusal.c ---- */
struct refusal {
    int status; /* 0: none */
    const char *code, *title;
    const char *headers; /* as in struct http_reply, or NULL */
};
struct refusal refusal_bad(const char *title); /* a 400 */
/* As application/problem+json, straight into the socket: only where nothing was written for this request yet, so it always
 * fits. The caller closes. */
void refusal_send(struct conn *c, const struct refusal *r);
const char *refusal_status_text(int status);

/* ---- upgrade.c: 0, or nonzero to close; what there is to say has been said ---- */
int upgrade_check(struct conn *c);

/* ---- one request ---- */
#define MAX_ARGS 64

struct request {
    struct conn *conn;
    const char *method;
    char *path;
    char *arg[MAX_ARGS]; /* "name=value", decoded by the library */
    size_t nargs;
    struct header *headers;
    struct buf body;
    size_t length; /* announced */
    bool head, keep_alive;
    size_t lingered;
    int repeats; /* of the library telling us that the body is complete */

    char *out; /* the reply; request_reply.c */
    size_t len, sent;
    bool paused, broken; /* not read from; not to be written to any more */
    uint64_t progress_s;
    struct waiter *waiter;
};

/* ---- request.c: LWS callbacks; nonzero closes the connection ---- */
int request_on_headers(struct conn *c);
int request_on_body(struct conn *c, const char *s, size_t len);
int request_on_complete(struct conn *c);
void request_on_deadline(struct conn *c);
void request_free(struct conn *c);

/* ---- request_reply.c ---- */
int request_on_writable(struct conn *c); /* an LWS callback, too */
void request_stop_waiting(struct request *rq);

/* ---- peer.c ---- */
int peer_on_open(struct conn *c);
void peer_flush(struct server *s); /* the messages of this turn */
int peer_on_frame(struct conn *c, const char *s, size_t len);
void peer_on_pong(struct conn *c);
int peer_on_bye(struct conn *c); /* the peer's close frame */
int peer_on_writable(struct conn *c);
void peer_on_close(struct conn *c);
void peer_on_deadline(struct conn *c);
void peer_stop_reading(struct conn *c); /* a graceful stop begins */
void peer_free(struct conn *c);

#endif
