/* server.h: HTTP and WebSocket behind about ten functions, so that the library underneath stays
 * replaceable. server.c and its kin (server_int.h) are the only users of libwebsockets. Loop thread only.
 *
 * What the server does by itself: refuses upgrades other than websocket, checks Origin, reassembles messages,
 * checks UTF-8, caps sizes, deadlines half requests and half frames (10 s), pings, and closes what is idle
 * or reads too slowly. What it asks for: a route for each request, a peer handler for each WebSocket. */
#ifndef BOT_SERVER_H
#define BOT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/policy.h"

struct loop;
struct server;
struct request; /* one HTTP request; good inside on_request() only: keep the handle */
struct peer;    /* one WebSocket connection */

/* A connection may be gone when its answer is ready. What outlives a callback is therefore a handle, never a
 * pointer; a late answer to a dead handle is dropped. */
typedef uint64_t server_handle;

enum peer_event { PEER_OPEN, PEER_TEXT, PEER_DRAINED, PEER_CLOSED };

struct server_calls {
    void *ctx;
    /* The whole request has arrived. Answer with request_reply(), now or later. */
    void (*on_request)(void *ctx, struct request *rq);
    /* PEER_TEXT carries one complete message of valid UTF-8; PEER_DRAINED comes once after peer_when_drained(). */
    void (*on_peer)(void *ctx, struct peer *p, enum peer_event ev, const char *s, size_t len);
    /* How many bytes a request to this path may carry; 0: MAX_HTTP_BODY. NULL: always that. */
    size_t (*max_body)(void *ctx, const char *path);
};

#define MAX_WEBSOCKETS 2
struct server_websocket {
    const char *path;        /* "/v1/ws" */
    const char *subprotocol; /* "guidepost.v1": a client that does not offer it is refused */
    bool own_page; /* only from a page of our own origin; and its cookies are kept: peer_cookie() */
};

struct server_options {
    const char *listen;        /* HOST:PORT */
    const char *socket;        /* a unix socket as well; NULL or "": none */
    struct policy_rules rules; /* whom to let in */
    size_t max_connections;    /* 0: from RLIMIT_NOFILE */
    struct server_websocket
        websocket[MAX_WEBSOCKETS]; /* without any: plain HTTP (the admin listener) */
    size_t nwebsocket;
};

/* Copies the options. 0, or a negative errno: -EADDRINUSE, -EACCES, -EINVAL (no HOST:PORT, or a bad proxy range). */
int server_open(struct loop *l, const struct server_options *opt, const struct server_calls *calls,
                struct server **ret);
int server_port(const struct server *s); /* the real one when 0 was asked for */
/* Other rules, for what comes from now on. 0, or -EINVAL (a bad proxy range) and all stays as it was. */
int server_set_rules(struct server *s, const struct policy_rules *rules);

/* A graceful stop has two halves. First: no new connections, no keep-alive, nothing more is read from WebSockets; what was
 * asked is still answered. Then, when nothing is in flight: WebSockets get a 1001 behind what is queued for them. */
void server_stop_listening(struct server *s);
void server_say_goodbye(struct server *s);
bool server_idle(const struct server *s); /* nothing open any more; give it a second or two */
/* After loop_run() returned, before loop_free(). Peers still open get their PEER_CLOSED. NULL is fine. */
void server_close(struct server *s);

struct server_stats {
    size_t connections, peers;
    uint64_t accepted, refused, requests, messages_in, messages_out, slow_closes;
};
void server_stats(const struct server *s, struct server_stats *ret);

/* ---- requests ---- */
/* "GET" "HEAD" "POST" "DELETE" "PUT" "OPTIONS" "PATCH" */
const char *request_method(const struct request *rq);
/* Decoded, starts with '/', no ".." and no NUL. */
const char *request_path(const struct request *rq);
/* The decoded value of a query parameter, or NULL. */
const char *request_query(const struct request *rq, const char *name);
/* The i-th one as it stands there, "name=value" or "name", decoded; NULL: there are not as many. */
const char *request_arg(const struct request *rq, size_t i);
/* The name in lower case; NULL when absent. */
const char *request_header(const struct request *rq, const char *name);
const char *request_body(const struct request *rq, size_t *ret_len);
/* Whose page sent it. */
enum origin request_origin(const struct request *rq);
/* The asker's address: for limits, never for logs. */
const char *request_client(const struct request *rq);
/* Does the connection itself, whatever X-Forwarded-For says, come from one of these addresses or ranges, or ("unix") over our unix
 * socket? */
bool request_is_from(const struct request *rq, const char *const *range, size_t n);
server_handle request_handle(const struct request *rq);

struct http_reply {
    int status;
    const char *type;    /* content type */
    const char *headers; /* further ones, "name: value\r\n" each, or NULL */
    const char *body;
    size_t len;
    bool squeeze; /* it holds no secret, and may go as gzip to who takes that */
};
/* Exactly once per request. Copies what it needs. HEAD sends no body. False when the request is gone. An owner that stays
 * silent for REPLY_DEADLINE_S answers 503 by our hand. */
bool request_reply(struct server *s, server_handle h, const struct http_reply *r);

/* ---- WebSockets ---- */
struct peer *server_peer(struct server *s, server_handle h); /* NULL when it is gone */
server_handle peer_handle(const struct peer *p);
void *peer_data(const struct peer *p); /* the owner's, freed by it at PEER_CLOSED */
void peer_set_data(struct peer *p, void *data);
const char *peer_client(const struct peer *p);
size_t peer_websocket(const struct peer *p); /* which of the options' it came to */
const char *
peer_cookie(const struct peer *p); /* as sent; "" when there was none, or it is not kept there */
/* Queue one text message. False when it is gone, is closing, or was closed for reading too slowly (4408). */
bool peer_send(struct server *s, server_handle h, const char *text, size_t len);
/* How many bytes wait for it, and a PEER_DRAINED when none does any more. For who has much to say, a part at a time. */
size_t peer_queued(struct server *s, server_handle h);
void peer_when_drained(struct server *s, server_handle h);
/* What is queued is sent first. PEER_CLOSED follows later. `reason`: static text, or NULL. */
void peer_close(struct server *s, server_handle h, int code, const char *reason);
/* Stop and go on reading from it: in-flight caps. */
void peer_pause(struct server *s, server_handle h, bool paused);

#endif
