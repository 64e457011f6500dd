/* slack_socket.c: Socket Mode: the same messages through a WebSocket that we open, for programs without a public address.
 * The payloads are those of the webhooks, the inbox is the same, and an envelope is acknowledged when its message is on disk:
 * one that is not comes again.
 *
 *     apps.connections.open -> address -> open -> hello -> envelopes ... -> disconnect
 *
 * Slack closes every connection after some hours and warns before. Then the new one is opened first, and the old one
 * closed when the new one has said hello: no message falls between them. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/dial.h"
#include "bot/http.h"
#include "bot/must.h"

#define MAX_WAIT_S     60
#define CROWDED_WAIT_S 30   /* too_many_websockets */
#define GRACE_MS       3000 /* for acknowledgements that belong on the old line */
#define OFF_WAIT_S     300 /* switched off, or our token is no good: a person has to do something */

struct slack_socket {
    struct slack *slack;
    struct dial *dial;
    uint64_t current,
        next;    /* lines: the one that said hello, and the one that is to take its place */
    bool asking; /* for an address */
    struct loop_timer *timer;
    unsigned tries;
};

static void connect_now(void *ctx);

static void connect_later(struct slack_socket *k, long after_s)
{
    loop_timer_stop(k->timer);
    k->timer =
        loop_timer(bot_loop(k->slack->adapter->bot), (uint64_t)after_s * 1000, 0, connect_now, k);
}

static void try_again(struct slack_socket *k, const char *why, long at_least_s)
{
    long wait = k->tries < 6 ? 1L << k->tries : MAX_WAIT_S;
    if (!k->tries++ || at_least_s >= OFF_WAIT_S)
        log_warn("slack", "Socket Mode is not connected", "reason=\"%.60s\"", why);
    connect_later(k, wait > at_least_s ? wait : at_least_s);
}

/* ---- envelopes ---- */

struct envelope {
    struct task task;
    struct slack_socket *socket;
    uint64_t line;
    const char *id, *words; /* words: what to say at once, or NULL */
};

static void acknowledge(void *ctx, const struct inbox_receipt *r)
{
    struct envelope *e = ctx;
    struct buf b;
    buf_init(&b, 8192);
    buf_adds(&b, "{\"envelope_id\":");
    json_add_string(&b, e->id, strlen(e->id));
    if (e->words) {
        buf_adds(&b, ",\"payload\":{\"response_type\":\"ephemeral\",\"text\":");
        json_add_string(&b, e->words, strlen(e->words));
        buf_addc(&b, '}');
    }
    buf_addc(&b, '}');
    if (!r->err && !buf_failed(&b))
        dial_send(e->socket->dial, e->line, b.s, b.len);
    buf_release(&b);
    task_free(&e->task);
}

static void on_envelope(struct slack_socket *k, uint64_t line, const cJSON *j, const char *id)
{
    struct slack *s = k->slack;
    const cJSON *payload = json_object(j, "payload");
    char *body = payload ? cJSON_PrintUnformatted(payload) : NULL;
    struct envelope *e = task_new(&s->tasks, sizeof *e);
    struct slack_event ev;
    e->socket = k;
    e->line = line;
    e->id = pool_strdup(e->task.pool, id);
    if (body && !slack_event_read(e->task.pool, body, strlen(body), NULL, &ev) &&
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "accepts_response_payload")))
        e->words = slack_first_words(s, &ev);
    if (!body || slack_take(s, body, strlen(body), acknowledge, e))
        task_free(&e->task); /* not acknowledged: it comes again */
    cJSON_free(body);
}

/* ---- the life of a line ---- */

struct retiring {
    struct task task;
    struct slack_socket *socket;
    uint64_t line;
};

static void retire_now(void *ctx)
{
    struct retiring *r = ctx;
    dial_close(r->socket->dial, r->line);
    task_free(&r->task);
}

/* What came over it may still be on its way to the disk. */
static void retire(struct slack_socket *k, uint64_t line)
{
    struct retiring *r = task_new(&k->slack->tasks, sizeof *r);
    r->socket = k;
    r->line = line;
    task_wait(&r->task, GRACE_MS, retire_now);
}

static void on_hello(struct slack_socket *k, uint64_t line)
{
    if (k->current && k->current != line)
        retire(k, k->current);
    k->current = line;
    k->next = k->next == line ? 0 : k->next;
    k->tries = 0;
    log_info("slack", "Socket Mode is connected", "line=%llu", (unsigned long long)line);
}

static void on_disconnect(struct slack_socket *k, uint64_t line, const char *reason)
{
    if (!strcmp(reason, "link_disabled"))
        try_again(k, "Socket Mode is switched off in the app's settings", OFF_WAIT_S);
    else if (!strcmp(reason, "too_many_websockets"))
        try_again(k, "too many connections of this app", CROWDED_WAIT_S);
    else if (line == k->current && !k->next)
        connect_now(k); /* "warning", "refresh_requested" */
}

static void on_text(struct slack_socket *k, uint64_t line, const char *s, size_t len)
{
    struct buf b;
    buf_init(&b, 3 * len + 1);
    json_repair(s, len, &b);
    cJSON *j = json_parse(b.s, b.len);
    const char *type = json_string(j, "type", 64), *id = json_string(j, "envelope_id", 256);
    const char *reason = json_string(j, "reason", 64);
    if (type && !strcmp(type, "hello"))
        on_hello(k, line);
    else if (type && !strcmp(type, "disconnect"))
        on_disconnect(k, line, reason ? reason : "");
    else if (id)
        on_envelope(k, line, j, id);
    json_free(j);
    buf_release(&b);
}

static void on_closed(struct slack_socket *k, uint64_t line, const char *why)
{
    bool was_next = line == k->next, was_current = line == k->current;
    k->next = was_next ? 0 : k->next;
    k->current = was_current ? 0 : k->current;
    if ((was_next || was_current) && !k->next && !k->asking && !k->timer)
        try_again(k, why, 0);
}

static void on_line(void *ctx, uint64_t line, enum dial_event ev, const char *s, size_t len)
{
    struct slack_socket *k = ctx;
    if (ev == DIAL_TEXT)
        on_text(k, line, s, len);
    else if (ev == DIAL_CLOSED)
        on_closed(k, line, s);
}

/* ---- connecting ---- */

/* Slack's own addresses are wss; ws is for a server of one's own on this machine. */
static bool may_dial(const struct slack_socket *k, const char *url)
{
    return !strncmp(url, "wss://", 6) ||
           (!strncmp(url, "ws://127.0.0.1", 14) && !strncmp(k->slack->api_base, "http://", 7));
}

static void on_address(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct slack_socket *k = ctx;
    k->asking = false;
    cJSON *j = r->class == SLACK_FINE ? json_parse(res->body, res->len) : NULL;
    const char *url = j ? json_string(j, "url", 4096) : NULL;
    if (url && may_dial(k, url))
        k->next = dial_open(k->dial, url, on_line, k);
    if (!k->next && (r->class == SLACK_DOWN || r->class == SLACK_REFUSED)) {
        log_error("slack", "Socket Mode does not let us in", "reason=%s step=\"%s\"", r->error,
                  strcmp(r->error, "invalid_auth") ? slack_down_step(r->error)
                                                   : "put the app-level token (xapp-...) into "
                                                     "slack.app_token_file");
        connect_later(k, OFF_WAIT_S);
    } else if (!k->next) {
        try_again(k, r->error, r->class == SLACK_LATER ? CROWDED_WAIT_S : 0);
    }
    json_free(j);
}

static void connect_now(void *ctx)
{
    struct slack_socket *k = ctx;
    loop_timer_stop(k->timer);
    k->timer = NULL;
    if (k->asking || k->next)
        return;
    k->asking = true;
    slack_call(k->slack, "apps.connections.open", "", true, k->slack->app_token.value[0],
               on_address, k);
}

int slack_socket_start(struct slack *s)
{
    struct slack_socket *k = must(calloc(1, sizeof *k));
    k->slack = s;
    int err = dial_start(bot_loop(s->adapter->bot), &k->dial);
    if (err) {
        free(k);
        return err;
    }
    s->socket = k;
    connect_now(k);
    return 0;
}

void slack_socket_stop(struct slack *s)
{
    if (!s->socket)
        return;
    loop_timer_stop(s->socket->timer);
    dial_stop(s->socket->dial);
    free(s->socket);
    s->socket = NULL;
}
