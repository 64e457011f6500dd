/* request.c: one HTTP request, from its head to the last byte of its body. The reply is request_reply.c's.
 *
 * The library parses; here is decided what is good enough to be answered. Whatever two programs might read in two ways (two
 * lengths, a length and a transfer coding, a blank before the colon) is refused, for a proxy in front of us is the other
 * program. Refusals close the connection, because where the next request would start is then anybody's guess. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/number.h"
#include "bot/server_int.h"

#define LINGER_S     2
#define LINGER_BYTES (1u << 20)
#define MAX_REPEATS  4

struct header { /* looked up once, kept for the request's life */
    struct header *next;
    char *name, *value; /* value NULL: absent */
};

static const struct method {
    enum lws_token_indexes token;
    const char *name;
    bool has_body; /* the library waits for a body even when none is announced */
} methods[] = {{WSI_TOKEN_GET_URI, "GET", false},        {WSI_TOKEN_HEAD_URI, "HEAD", false},
               {WSI_TOKEN_POST_URI, "POST", true},       {WSI_TOKEN_PUT_URI, "PUT", true},
               {WSI_TOKEN_PATCH_URI, "PATCH", true},     {WSI_TOKEN_DELETE_URI, "DELETE", false},
               {WSI_TOKEN_OPTIONS_URI, "OPTIONS", false}};

/* ---- the head ---- */

static const struct refusal fine = {0};

static const struct method *method_of(struct conn *c)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (lws_hdr_total_length(c->wsi, methods[i].token))
            return &methods[i];
    }
    return NULL;
}

/* The library has decoded %xx and resolved "." and "..", once; nobody decodes again. */
static struct refusal read_path(struct request *rq, enum lws_token_indexes token)
{
    char s[MAX_HTTP_HEADERS];
    int len = lws_hdr_copy_fragment(rq->conn->wsi, s, sizeof(s), token, 0);
    if (len <= 0 || s[0] != '/')
        return refusal_bad("The path must start with a slash.");
    /* It cuts paths, too, at & and ; where only the query has parts. */
    if (conn_header_twice(rq->conn, token))
        return refusal_bad("The path has a bare & or ; in it.");
    if (strlen(s) != (size_t)len)
        return refusal_bad("The path has a NUL in it.");
    for (int i = 0; i < len; i++) {
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return refusal_bad("The path has a control character in it.");
    }
    for (const char *p = s; (p = strstr(p, "/..")) != NULL; p++) {
        if (p[3] == '/' || !p[3])
            return refusal_bad("The path leads upwards.");
    }
    rq->path = must(strdup(s));
    return fine;
}

static struct refusal read_args(struct request *rq)
{
    char s[MAX_HTTP_HEADERS];
    int len;
    for (int i = 0; (len = lws_hdr_copy_fragment(rq->conn->wsi, s, sizeof(s),
                                                 WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0;
         i++) {
        if (rq->nargs == MAX_ARGS)
            return refusal_bad("Too many query parameters.");
        if (strlen(s) != (size_t)len)
            return refusal_bad("The query has a NUL in it.");
        rq->arg[rq->nargs++] = must(strdup(s));
    }
    return fine;
}

static struct refusal read_length(struct request *rq, bool has_body)
{
    char s[64];
    struct conn *c = rq->conn;
    bool length = lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;

    /* "Name :" is no header to us but may be one to somebody else. */
    if (lws_hdr_custom_length(c->wsi, "content-length :", 16) >= 0 ||
        lws_hdr_custom_length(c->wsi, "transfer-encoding :", 19) >= 0)
        return refusal_bad("A header name ends in a blank.");
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING)) {
        if (length)
            return refusal_bad("Both Content-Length and Transfer-Encoding.");
        return (struct refusal){411, "length_required", "Send a Content-Length instead of chunks.",
                                NULL};
    }
    if (!length) {
        if (has_body)
            return (struct refusal){411, "length_required", "Send a Content-Length.", NULL};
        return fine;
    }
    if (conn_header_twice(c, WSI_TOKEN_HTTP_CONTENT_LENGTH))
        return refusal_bad("More than one Content-Length.");
    const char *v = conn_header(c, WSI_TOKEN_HTTP_CONTENT_LENGTH, s, sizeof(s));
    int64_t bytes;
    if (!number_read(v, INT64_MAX, &bytes))
        return refusal_bad("A Content-Length that is no number.");
    rq->length = (size_t)bytes;
    const struct server_calls *calls = &c->server->calls;
    size_t more = calls->max_body ? calls->max_body(calls->ctx, request_path(rq)) : 0;
    rq->body.max = more ? more : MAX_HTTP_BODY;
    if (rq->length > rq->body.max)
        return (struct refusal){413, "too_large", "The body is too large.", NULL};
    return fine;
}

static struct refusal read_connection(struct request *rq)
{
    char s[256];
    struct conn *c = rq->conn;
    const char *v = conn_header(c, WSI_TOKEN_HTTP, s, sizeof(s));
    if (!v || strncmp(v, "HTTP/1.", 7) != 0)
        return (struct refusal){505, "http_version", "HTTP/1.1, please.", NULL};
    rq->keep_alive = v[7] == '1';
    if (rq->keep_alive && !lws_hdr_total_length(c->wsi, WSI_TOKEN_HOST))
        return refusal_bad("No Host.");
    if (conn_header_twice(c, WSI_TOKEN_HOST))
        return refusal_bad("More than one Host.");
    /* The library's own rule, so that we agree on what happens afterwards. */
    v = conn_header(c, WSI_TOKEN_CONNECTION, s, sizeof(s));
    if (v && strcasecmp(v, "keep-alive") == 0)
        rq->keep_alive = true;
    else if (v && strcasecmp(v, "close") == 0)
        rq->keep_alive = false;

    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_EXPECT)) {
        v = conn_header(c, WSI_TOKEN_HTTP_EXPECT, s, sizeof(s));
        if (!v || strcasecmp(v, "100-continue") != 0)
            return (struct refusal){417, "expectation", "Only 100-continue can be expected.", NULL};
    }
    return fine;
}

static struct refusal read_head(struct request *rq, const struct method *m)
{
    rq->method = m->name;
    rq->head = m->token == WSI_TOKEN_HEAD_URI;
    struct refusal r = read_path(rq, m->token);
    if (!r.status)
        r = read_args(rq);
    if (!r.status)
        r = read_connection(rq);
    if (!r.status)
        r = read_length(rq, m->has_body);
    return r;
}

/* ---- refusing ---- */

/* Closing a socket with unread input resets the connection, and the reset may overtake our words. So the rest of the body
 * is swallowed for a moment. */
static int linger(struct conn *c)
{
    shutdown(c->fd, SHUT_WR);
    conn_set_phase(c, CONN_LINGER);
    server_set_deadline(c, LINGER_S);
    return 0;
}

static int refuse(struct conn *c, const struct refusal *r, bool body_follows)
{
    refusal_send(c, r);
    return body_follows ? linger(c) : -1;
}

/* ---- arriving ---- */

static void dispatch(struct conn *c)
{
    conn_set_phase(c, CONN_ASKED);
    server_set_deadline(c, REPLY_DEADLINE_S);
    /* The library's clock for bodies would run on while the owner thinks. */
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    c->server->calls.on_request(c->server->calls.ctx, c->rq);
    if (c->phase == CONN_ASKED) {
        c->rq->paused = true;
        lws_rx_flow_control(c->wsi, 0);
    }
}

int request_on_headers(struct conn *c)
{
    const struct method *m = method_of(c);
    if (c->phase != CONN_PENDING && c->phase != CONN_IDLE)
        return -1;
    if (!m)
        return -1; /* the library knows no others */

    struct request *rq = must(calloc(1, sizeof(*rq)));
    rq->conn = c;
    buf_init(&rq->body, MAX_HTTP_BODY);
    c->rq = rq;
    conn_new_serial(c);
    conn_find_client(c);
    c->server->stats.requests++;

    struct refusal r = read_head(rq, m);
    if (c->buffered && (m->has_body || rq->length)) {
        r = refusal_bad("A request with a body must wait for the answer before it.");
        return refuse(c, &r, false);
    }
    if (r.status)
        return refuse(c, &r, m->has_body || rq->length);
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_EXPECT) && rq->length) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (send(c->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return -1;
    }
    /* The library reports completion for every POST and for whatever has a length, and only for these. */
    if (rq->length || m->token == WSI_TOKEN_POST_URI) {
        conn_set_phase(c, CONN_BODY);
        server_set_deadline(c, REQUEST_DEADLINE_S);
    } else {
        dispatch(c);
    }
    return 0;
}

int request_on_body(struct conn *c, const char *s, size_t len)
{
    if (c->phase == CONN_LINGER) {
        c->rq->lingered += len;
        return c->rq->lingered > LINGER_BYTES ? -1 : 0;
    }
    if (c->phase == CONN_BODY && len)
        buf_add(&c->rq->body, s, len);
    return 0;
}

int request_on_complete(struct conn *c)
{
    if (c->phase == CONN_LINGER)
        return -1;
    /* With another request behind the body it says so again. From its own buffer it then even does so for ever, in a loop
     * that only closing ends: anybody could stop the whole process with two pipelined POSTs. */
    if (c->phase != CONN_BODY) {
        if (++c->rq->repeats < MAX_REPEATS)
            return 0;
        struct refusal r = refusal_bad("Nothing may follow a body before its answer.");
        if (c->phase == CONN_ASKED)
            refusal_send(c, &r);
        return -1;
    }
    if (buf_failed(&c->rq->body)) {
        struct refusal r = {413, "too_large", "The body is too large.", NULL};
        return refuse(c, &r, false);
    }
    dispatch(c);
    return 0;
}

/* ---- time, and the end ---- */

void request_on_deadline(struct conn *c)
{
    struct server *s = c->server;
    switch (c->phase) {
    case CONN_BODY: {
        struct refusal r = {408, "timeout", "The request did not arrive in time.", NULL};
        refusal_send(c, &r);
        s->stats.slow_closes++;
        conn_kill(c);
        break;
    }
    case CONN_ASKED: {
        static const char body[] = "{\"type\":\"about:blank\",\"status\":503,\"code\":\"busy\","
                                   "\"title\":\"No answer was ready in time.\"}\n";
        struct http_reply r = {.status = 503,
                               .type = "application/problem+json",
                               .headers = "retry-after: 5\r\n",
                               .body = body,
                               .len = sizeof(body) - 1};
        log_warn("server", "a request was never answered", "method=%s", c->rq->method);
        request_reply(s, conn_handle(c), &r);
        break;
    }
    case CONN_REPLY:
        if (server_now_s(s) - c->rq->progress_s < PEER_STALL_S) {
            wheel_set(&s->wheel, &c->deadline, c->rq->progress_s + PEER_STALL_S);
            break;
        }
        s->stats.slow_closes++;
        conn_kill(c);
        break;
    default: conn_kill(c); break;
    }
}

void request_free(struct conn *c)
{
    struct request *rq = c->rq;
    if (!rq)
        return;
    c->rq = NULL;
    request_stop_waiting(rq);
    while (rq->headers) {
        struct header *h = rq->headers;
        rq->headers = h->next;
        free(h->name);
        free(h->value);
        free(h);
    }
    for (size_t i = 0; i < rq->nargs; i++)
        free(rq->arg[i]);
    buf_release(&rq->body);
    free(rq->path);
    free(rq->out);
    free(rq);
}

/* ---- what the owner may ask ---- */

const char *request_method(const struct request *rq)
{
    return rq->method;
}

const char *request_path(const struct request *rq)
{
    return rq->path;
}

const char *request_query(const struct request *rq, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < rq->nargs; i++) {
        if (strncmp(rq->arg[i], name, n) == 0 && rq->arg[i][n] == '=')
            return rq->arg[i] + n + 1;
        if (strcmp(rq->arg[i], name) == 0)
            return "";
    }
    return NULL;
}

const char *request_arg(const struct request *rq, size_t i)
{
    return i < rq->nargs ? rq->arg[i] : NULL;
}

/* The library keeps some headers under numbers and the others under their names, both with the colon. */
static char *find_header(struct conn *c, const char *name)
{
    char with_colon[128], value[MAX_HTTP_HEADERS];
    int n = snprintf(with_colon, sizeof(with_colon), "%s:", name);
    if (n >= (int)sizeof(with_colon))
        return NULL;
    for (int t = 0; t < WSI_TOKEN_COUNT; t++) {
        const char *known = (const char *)lws_token_to_string((enum lws_token_indexes)t);
        if (!known || strcmp(known, with_colon) != 0)
            continue;
        if (!lws_hdr_total_length(c->wsi, (enum lws_token_indexes)t) ||
            lws_hdr_copy(c->wsi, value, sizeof(value), (enum lws_token_indexes)t) < 0)
            return NULL;
        return must(strdup(value));
    }
    if (lws_hdr_custom_copy(c->wsi, value, sizeof(value), with_colon, n) < 0)
        return NULL;
    return must(strdup(value));
}

const char *request_header(const struct request *rq, const char *name)
{
    for (struct header *h = rq->headers; h; h = h->next) {
        if (strcmp(h->name, name) == 0)
            return h->value;
    }
    struct header *h = must(calloc(1, sizeof(*h)));
    h->name = must(strdup(name));
    h->value = find_header(rq->conn, name);
    h->next = rq->headers;
    ((struct request *)rq)->headers = h; /* a cache: to the caller nothing has changed */
    return h->value;
}

const char *request_body(const struct request *rq, size_t *ret_len)
{
    *ret_len = rq->body.len;
    return rq->body.s;
}

enum origin request_origin(const struct request *rq)
{
    return conn_origin(rq->conn);
}

const char *request_client(const struct request *rq)
{
    return rq->conn->client;
}

bool request_is_from(const struct request *rq, const char *const *range, size_t n)
{
    struct address_range r;
    for (size_t i = 0; i < n; i++)
        if (strcmp(range[i], "unix")
                ? address_range_parse(&r, range[i]) && address_in(&rq->conn->from, &r)
                : address_is_unix(&rq->conn->from))
            return true;
    return false;
}

server_handle request_handle(const struct request *rq)
{
    return conn_handle(rq->conn);
}
