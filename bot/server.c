/* server.c: connections, and the one function libwebsockets calls.
 *
 * The library does HTTP/1.1 and WebSocket on a uv loop that is not its own; the listening socket, the deadlines, the
 * caps and every decision are ours. Version 4.1.6 of the distributions has traps; where they are disarmed:
 *
 *   use after free on "Upgrade: foo", h2c by default   upgrade_check(): looks at the header, never at `in`
 *   its listener spins when descriptors run out        listener.c
 *   its timeouts are one sorted list, O(connections)   wheel.c; the library's own validity ping is off (no_retry)
 *   a body or a frame may drip in for ever             CONN_BODY's deadline; peer_on_deadline()
 *   chunked bodies never end, Expect is not answered   request.c refuses, or answers
 *   a pipelined body is read from the wrong place, and
 *   what follows a body may make it loop for ever      has_read_on(), request_on_complete()
 *   closing while writing says no word                 say_close()
 *   reading cannot be paused while a reply is written  request_reply.c writes past it
 *   frames without a mask are taken                    lacks_mask() in peer.c
 *   permessage-deflate: 121 KB a connection            not offered
 *
 * One library context per listening socket: two of them (chat, admin) share nothing but the loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "bot/library.h"
#include "bot/server_int.h"

/* The library allocates by the limit, and some containers set it to a thousand million. */
#define MAX_DESCRIPTORS   131072
#define SPARE_DESCRIPTORS 512 /* databases, curl, files: what is not a client's */

/* ---- time ---- */

uint64_t server_now_s(const struct server *s)
{
    return loop_now_ms(s->loop) / 1000;
}

void server_set_deadline(struct conn *c, uint64_t in_s)
{
    wheel_set(&c->server->wheel, &c->deadline, server_now_s(c->server) + in_s);
}

static void on_deadline(void *ctx, struct wheel_item *it)
{
    struct conn *c = link_owner(it, struct conn, deadline);
    (void)ctx;
    switch (c->phase) {
    case CONN_PENDING:
    case CONN_IDLE: conn_kill(c); break;
    case CONN_BODY:
    case CONN_ASKED:
    case CONN_REPLY:
    case CONN_LINGER: request_on_deadline(c); break;
    case CONN_PEER: peer_on_deadline(c); break;
    case CONN_GONE: break;
    }
}

static void on_tick(void *ctx)
{
    struct server *s = ctx;
    wheel_turn(&s->wheel, server_now_s(s), on_deadline, s);
    /* The library forgets buffered input now and then when nothing else happens on the loop. */
    lws_cancel_service(s->lws);
}

static void on_turn_end(void *ctx)
{
    peer_flush(ctx);
}

/* ---- connections ---- */

static void *ticket_of(const struct conn *c)
{
    return (void *)(uintptr_t)((uint64_t)c->birth << 32 | c->slot);
}

static struct conn *conn_of(struct server *s, struct lws *wsi)
{
    uint64_t ticket = (uint64_t)(uintptr_t)lws_get_opaque_user_data(wsi);
    uint32_t slot = (uint32_t)ticket;
    if (!ticket || slot >= s->nslots || !s->slot[slot] || s->slot[slot]->birth != ticket >> 32)
        return NULL;
    return s->slot[slot];
}

server_handle conn_handle(const struct conn *c)
{
    return (uint64_t)c->serial << 32 | c->slot;
}

struct conn *conn_find(struct server *s, server_handle h)
{
    uint32_t slot = (uint32_t)h;
    if (h >> 32 == 0 || slot >= s->nslots || !s->slot[slot] || s->slot[slot]->serial != h >> 32 ||
        s->slot[slot]->phase == CONN_GONE)
        return NULL;
    return s->slot[slot];
}

void conn_new_serial(struct conn *c)
{
    if (++c->server->serials == 0)
        c->server->serials = 1; /* 0 is nobody's */
    c->serial = c->server->serials;
}

static uint32_t free_slot(struct server *s)
{
    for (size_t i = 0; i < s->nslots; i++) {
        size_t at = (s->free_hint + i) % s->nslots;
        if (!s->slot[at]) {
            s->free_hint = at + 1;
            return (uint32_t)at;
        }
    }
    size_t n = s->nslots ? s->nslots * 2 : 64;
    s->slot = must(realloc(s->slot, n * sizeof(*s->slot)));
    memset(s->slot + s->nslots, 0, (n - s->nslots) * sizeof(*s->slot));
    uint32_t at = (uint32_t)s->nslots;
    s->free_hint = s->nslots + 1;
    s->nslots = n;
    return at;
}

void conn_set_phase(struct conn *c, enum conn_phase phase)
{
    struct server *s = c->server;
    if (c->phase == CONN_PENDING)
        s->npending--;
    link_remove(&c->waiting);
    c->phase = phase;
    switch (phase) {
    case CONN_PENDING:
        s->npending++;
        link_append(&s->pending, &c->waiting);
        server_set_deadline(c, REQUEST_DEADLINE_S);
        break;
    case CONN_IDLE:
        link_append(&s->idle, &c->waiting);
        server_set_deadline(c, KEEPALIVE_S);
        break;
    case CONN_GONE: wheel_cancel(&c->deadline); break;
    default: break;
    }
}

static void conn_free(struct conn *c)
{
    struct server *s = c->server;
    peer_free(c);
    request_free(c);
    conn_set_phase(c, CONN_GONE);
    if (c->counted)
        address_book_leave(s->book, &c->from);
    s->slot[c->slot] = NULL;
    s->free_hint = c->slot;
    s->stats.connections--;
    free(c->cookie);
    free(c);
}

void conn_kill(struct conn *c)
{
    /* Waiting output would make the library linger five seconds over it; with the socket shut, writing fails at once. */
    shutdown(c->fd, SHUT_RDWR);
    if (c->phase != CONN_PEER)
        conn_set_phase(c, CONN_GONE);
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

/* A connection that only waits can make place for one that wants something. */
static bool evict(struct link *ring)
{
    if (link_empty(ring))
        return false;
    conn_kill(link_owner(ring->next, struct conn, waiting));
    return true;
}

static bool on_room(void *ctx)
{
    struct server *s = ctx;
    return s->stats.connections < s->max_connections || evict(&s->idle) || evict(&s->pending);
}

static void on_socket(void *ctx, int fd, const struct sockaddr_storage *ss)
{
    struct server *s = ctx;
    struct address from;
    address_of(&from, ss);
    size_t max = policy_max_connections(s->policy, &from);
    if (max && !address_book_enter(s->book, &from, max)) {
        s->stats.refused++;
        listener_turn_away(fd, "429 Too Many Requests");
        return;
    }
    if (s->npending >= MAX_PENDING)
        evict(&s->pending);

    struct conn *c = must(calloc(1, sizeof(*c)));
    c->server = s;
    c->fd = fd;
    c->from = from;
    c->counted = max != 0;
    address_text(&from, c->client);
    if (++s->births == 0)
        s->births = 1;
    c->birth = s->births;
    c->slot = free_slot(s);
    c->phase = CONN_GONE;
    link_init(&c->waiting);
    wheel_item_init(&c->deadline);
    s->slot[c->slot] = c;
    s->stats.connections++;
    s->stats.accepted++;
    conn_set_phase(c, CONN_PENDING);

    struct lws_adopt_desc info = {.vh = s->vhost,
                                  .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
                                  .fd.sockfd = fd,
                                  .opaque = ticket_of(c)};
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&info);
    if (wsi)
        c->wsi = wsi;
    else /* the library has closed fd; should it still speak of it, the ticket is void */
        conn_free(c);
}

/* ---- what the other files need ---- */

const char *conn_header(struct conn *c, enum lws_token_indexes token, char *out, int size)
{
    if (!lws_hdr_total_length(c->wsi, token) || lws_hdr_copy(c->wsi, out, size, token) < 0)
        return NULL;
    return out;
}

bool conn_header_twice(struct conn *c, enum lws_token_indexes token)
{
    char s[MAX_HTTP_HEADERS];
    return lws_hdr_copy_fragment(c->wsi, s, sizeof(s), token, 1) >= 0;
}

enum origin conn_origin(struct conn *c)
{
    char origin[512], host[256];
    if (!lws_hdr_total_length(c->wsi, WSI_TOKEN_ORIGIN))
        return ORIGIN_NONE;
    if (conn_header_twice(c, WSI_TOKEN_ORIGIN) ||
        !conn_header(c, WSI_TOKEN_ORIGIN, origin, sizeof(origin)))
        return ORIGIN_FOREIGN;
    return policy_origin(c->server->policy, origin,
                         conn_header(c, WSI_TOKEN_HOST, host, sizeof(host)));
}

void conn_find_client(struct conn *c)
{
    char s[1024];
    policy_client(c->server->policy, &c->from,
                  conn_header(c, WSI_TOKEN_X_FORWARDED_FOR, s, sizeof(s)), c->client);
}

/* ---- libwebsockets calls ---- */

static int on_http(struct conn *c, enum lws_callback_reasons reason, const char *in, size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return upgrade_check(c);
    case LWS_CALLBACK_HTTP: return request_on_headers(c);
    case LWS_CALLBACK_HTTP_BODY: return request_on_body(c, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return request_on_complete(c);
    case LWS_CALLBACK_HTTP_WRITEABLE: return request_on_writable(c);
    default: return 0;
    }
}

static int on_websocket(struct conn *c, enum lws_callback_reasons reason, const char *in,
                        size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: return peer_on_open(c);
    case LWS_CALLBACK_RECEIVE: return peer_on_frame(c, in, len);
    case LWS_CALLBACK_RECEIVE_PONG: peer_on_pong(c); return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return peer_on_writable(c);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return peer_on_bye(c);
    default: return 0;
    }
}

static int on_library(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len)
{
    struct server *s = lws_context_user(lws_get_context(wsi));
    struct conn *c;
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        if ((c = conn_of(s, wsi)) != NULL)
            c->wsi = wsi;
        return 0;

    /* Only what upgrade_check() let pass arrives here, and on the subprotocol of its path; see there. */
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        c = conn_of(s, wsi);
        return c && lws_get_protocol(wsi)->id == 1 + c->websocket ? 0 : -1;

    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
        c = conn_of(s, wsi);
        return c && c->phase != CONN_GONE ? on_http(c, reason, in, len) : -1;

    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        c = conn_of(s, wsi);
        return c && c->phase != CONN_GONE ? on_websocket(c, reason, in, len) : -1;

    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_CLOSED:
        if ((c = conn_of(s, wsi)) != NULL) {
            peer_on_close(c);
            request_free(c);
            conn_set_phase(c, CONN_GONE);
        }
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if ((c = conn_of(s, wsi)) != NULL) {
            peer_on_close(c);
            conn_free(c);
        }
        return 0;

    /* CONNECT makes the library change to a raw socket. */
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_RAW_WRITEABLE: return -1;
    default: return 0;
    }
}

/* The library's own words: for whoever debugs, and never a flood. It knows no context here, hence the globals. */
static void on_library_log(int level, const char *line)
{
    static time_t second;
    static int lines;
    char s[256];
    time_t now = time(NULL);
    (void)level;
    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    if (now != second) {
        second = now;
        lines = 0;
    }
    if (lines++ < 10)
        log_debug("lws", "library", "line=%s", log_quote(s, sizeof(s), line));
}

/* ---- life ---- */

static size_t default_connections(void)
{
    struct rlimit lim;
    if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
        return 256;
    if (lim.rlim_cur > MAX_DESCRIPTORS) {
        lim.rlim_cur = MAX_DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &lim);
    }
    size_t n = (size_t)lim.rlim_cur;
    return n >= 4 * SPARE_DESCRIPTORS ? n - SPARE_DESCRIPTORS : n - n / 4;
}

static int open_library(struct server *s)
{
    uv_loop_t *loop = loop_uv(s->loop);
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_VALIDATE_UTF8,
        .foreign_loops = loops,
        .user = s,
        .pcontext = &s->lws,
        .retry_and_idle_policy = &s->no_retry,
        .max_http_header_data = MAX_HTTP_HEADERS,
        .timeout_secs = REQUEST_DEADLINE_S,
        .keepalive_timeout = KEEPALIVE_S + 5, /* ours comes first */
        .server_string = "guidepost",
        .vhost_name = "guidepost",
        .protocols = s->protocols,
    };
    struct lws_protocols http = {
        .name = "http", .callback = on_library, .rx_buffer_size = 1024, .tx_packet_size = 32768};
    s->protocols[0] = http;
    for (size_t i = 0; i < s->nwebsocket; i++) {
        s->protocols[1 + i] = http;
        s->protocols[1 + i].name = s->websocket[i].subprotocol;
        s->protocols[1 + i].id = (unsigned)(1 + i);
    }
    if (!library_load(LIBRARY_LWS) || !library_load(LIBRARY_ZLIB))
        return -EIO;
    lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, on_library_log);
    s->lws = lws_create_context(&info);
    if (!s->lws)
        return -EIO;
    s->vhost = lws_create_vhost(s->lws, &info);
    return s->vhost ? 0 : -EIO;
}

static int copy_options(struct server *s, const struct server_options *o)
{
    s->max_connections = o->max_connections ? o->max_connections : default_connections();
    for (; s->nwebsocket < o->nwebsocket; s->nwebsocket++) {
        const struct server_websocket *w = &o->websocket[s->nwebsocket];
        s->websocket[s->nwebsocket] =
            (struct server_websocket){.path = must(strdup(w->path)),
                                      .subprotocol = must(strdup(w->subprotocol)),
                                      .own_page = w->own_page};
    }
    return policy_new(&o->rules, &s->policy);
}

int server_open(struct loop *l, const struct server_options *opt, const struct server_calls *calls,
                struct server **ret)
{
    struct server *s = must(calloc(1, sizeof(*s)));
    s->loop = l;
    s->calls = *calls;
    link_init(&s->pending);
    link_init(&s->idle);
    link_init(&s->unsent);
    wheel_init(&s->wheel, server_now_s(s));
    s->book = address_book_new();

    int rc = copy_options(s, opt);
    if (rc < 0)
        goto out;
    struct listener_calls lc = {.ctx = s, .room = on_room, .take = on_socket};
    rc = listener_open(l, opt->listen, &lc, &s->listener);
    if (!rc && opt->socket && *opt->socket)
        rc = listener_open_unix(l, opt->socket, &lc, &s->local);
    if (rc < 0)
        goto out;
    s->port = listener_port(s->listener);
    rc = open_library(s);
    if (rc < 0)
        goto out;
    s->tick = loop_timer(l, 1000, 1000, on_tick, s);
    s->flush = loop_hook(l, on_turn_end, s);
    *ret = s;
    s = NULL;
out:
    server_close(s);
    return rc;
}

int server_port(const struct server *s)
{
    return s->port;
}

int server_set_rules(struct server *s, const struct policy_rules *rules)
{
    struct policy *fresh;
    int rc = policy_new(rules, &fresh);
    if (rc < 0)
        return rc;
    policy_free(s->policy);
    s->policy = fresh;
    return 0;
}

void server_stop_listening(struct server *s)
{
    if (s->draining)
        return;
    s->draining = true;
    s->stats.refused += s->listener ? listener_refused(s->listener) : 0;
    s->stats.refused += s->local ? listener_refused(s->local) : 0;
    listener_close(s->listener);
    listener_close(s->local);
    s->listener = s->local = NULL;
    while (evict(&s->idle))
        continue;
    for (size_t i = 0; i < s->nslots; i++) {
        struct conn *c = s->slot[i];
        if (c && c->phase == CONN_PENDING)
            server_set_deadline(c, 1);
        if (c && c->phase == CONN_PEER)
            peer_stop_reading(c);
    }
}

void server_say_goodbye(struct server *s)
{
    server_stop_listening(s);
    while (evict(&s->pending) || evict(&s->idle))
        continue;
    for (size_t i = 0; i < s->nslots; i++) {
        struct conn *c = s->slot[i];
        if (c && c->phase == CONN_PEER)
            peer_close(s, conn_handle(c), 1001, "the server is stopping");
    }
}

bool server_idle(const struct server *s)
{
    return s->stats.connections == 0;
}

void server_stats(const struct server *s, struct server_stats *ret)
{
    *ret = s->stats;
    if (s->listener)
        ret->refused += listener_refused(s->listener);
    if (s->local)
        ret->refused += listener_refused(s->local);
}

/* The library lets go in stages: it closes its handles, the loop must turn for libuv to confirm, and only a second
 * destroy frees the rest (then it clears s->lws). */
static void close_library(struct server *s)
{
    if (!s->lws)
        return;
    lws_context_destroy(s->lws);
    for (int turn = 0; turn < 8 && s->lws; turn++)
        uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
    if (s->lws)
        lws_context_destroy(s->lws);
    for (int turn = 0; turn < 8 && s->lws; turn++)
        uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
}

void server_close(struct server *s)
{
    if (!s)
        return;
    s->closing = true;
    loop_timer_stop(s->tick);
    loop_hook_stop(s->flush);
    listener_close(s->listener);
    listener_close(s->local);
    close_library(s);
    for (size_t i = 0; i < s->nslots; i++) {
        if (s->slot[i]) {
            peer_on_close(s->slot[i]);
            conn_free(s->slot[i]);
        }
    }
    policy_free(s->policy);
    for (size_t i = 0; i < s->nwebsocket; i++) {
        free((void *)(uintptr_t)s->websocket[i].path);
        free((void *)(uintptr_t)s->websocket[i].subprotocol);
    }
    free(s->slot);
    address_book_free(s->book);
    free(s);
}
