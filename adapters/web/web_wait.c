/* web_wait.c: guidepost.v1 for those who have no WebSocket: a request that follows a transcript until it has what it came for,
 * and then is answered with all of it.
 *
 *     POST /v1/hello       ready, and the events after `last`
 *     POST /v1/messages    ack, and the events up to the answer: one round trip for a question
 *     GET  /v1/events      the events after `after`; if there are none, the next one, or nothing after `wait` seconds.
 *                          As text/event-stream every event is one of that stream, with its number as id; the stream ends
 *                          when it has said what there is, and the browser comes back by itself with Last-Event-ID. So no
 *                          proxy can hold it back, and no connection is kept that says nothing
 *     GET  /v1/session/export   all events
 *     POST /v1/ask         with an Idempotency-Key: the one reply that there is to it (web_key.c)
 *
 * Whoever waits hangs on a room (web_room.c) like a WebSocket does. If its client goes away meanwhile nobody notices until
 * the time is up; then the reply finds no request, and that is all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/number.h"

#define MAX_WAIT_S 25
#define ANSWER_S   20            /* how long a question's request waits for its answer */
#define MAX_PAGE   (512u * 1024) /* bytes of events in one reply; the next request goes on */
#define MAX_EXPORT (16u << 20)
#define RETRY_MS   200 /* when a browser comes back for the next part of its stream */

struct waiter {
    struct web *web;
    server_handle request;
    enum web_wait_kind kind;
    struct web_follower follower;
    struct loop_timer *timer;
    struct cJSON *frame; /* WAIT_MESSAGE: what is to be done */
    char token[WEB_TOKEN];
    char lang[4], address[64], cid[65];
    char *key, *talk; /* of a program, or NULL */
    char *origin;     /* another site's, that may read the reply; or NULL */
    int64_t after;
    int64_t question; /* number of the event whose answer is awaited; 0: of none */
    bool stream, acknowledged, done, human;
    bool receiving, orphan; /* its receipt is to come; and nothing else of it is left */
    int64_t head;
    struct buf opening; /* ready or ack */
    struct buf events;
    size_t n;
};

static void waiter_free(struct waiter *k)
{
    web_unfollow(&k->follower);
    loop_timer_stop(k->timer);
    json_free(k->frame);
    buf_release(&k->opening);
    buf_release(&k->events);
    free(k->origin);
    free(k->key);
    free(k->talk);
    k->orphan = true;
    if (!k->receiving)
        free(k);
}

/* ---- the end ---- */

static void refuse(struct waiter *k, const struct web_refusal *why)
{
    web_refuse(k->web, k->request, k->origin, why);
    waiter_free(k);
}

static void fail(struct waiter *k, int err)
{
    static const struct web_refusal other = {.status = 409,
                                             .code = "key_conflict",
                                             .title =
                                                 "This Idempotency-Key came with another body"};
    refuse(k, k->key && err == -EEXIST ? &other : web_refusal(err));
}

static void write_json(const struct waiter *k, struct buf *b)
{
    buf_addc(b, '{');
    if (k->opening.len) {
        buf_adds(b, k->kind == WAIT_HELLO ? "\"ready\":" : "\"ack\":");
        buf_add(b, k->opening.s, k->opening.len);
        buf_addc(b, ',');
    }
    buf_addf(b, "\"events\":[%s],\"head\":%lld}\n", k->events.s, (long long)k->head);
}

static void finish(struct waiter *k)
{
    struct buf body;
    buf_init(&body, MAX_EXPORT + MAX_REPLY_JSON);
    if (k->stream)
        buf_addf(&body, "retry: %d\n\n%s", RETRY_MS, k->events.s);
    else if (k->key)
        buf_addf(&body, "%s\n", k->events.s);
    else
        write_json(k, &body);
    web_send_json(k->web, k->request, k->origin, k->stream ? "text/event-stream" : NULL, &body);
    buf_release(&body);
    waiter_free(k);
}

static void on_time(void *ctx)
{
    struct waiter *k = ctx;
    if ((k->kind == WAIT_MESSAGE && !k->acknowledged) || (k->key && !k->done)) {
        fail(k, -EBUSY); /* it may be taken or not: the same cid or key once more will tell */
        return;
    }
    finish(k);
}

/* ---- events ---- */

static struct waiter *waiter_of(struct web_follower *f)
{
    return link_owner(f, struct waiter, follower);
}

/* Of a program's question: its reply, and nothing else. */
static bool take_reply(struct waiter *k, const struct transcript_event *ev)
{
    size_t len;
    const char *reply = web_kept_reply(ev, &len);
    if (k->done)
        return false;
    k->done = reply && k->question && web_answer_re(ev) == k->question;
    if (k->done)
        buf_add(&k->events, reply, len);
    return true;
}

static bool take(struct web_follower *f, const struct transcript_event *ev)
{
    struct waiter *k = waiter_of(f);
    if (k->key)
        return take_reply(k, ev);
    size_t limit = k->kind == WAIT_EXPORT ? MAX_EXPORT : MAX_PAGE;
    if (k->done || k->events.len + ev->len + 64 > limit) {
        k->done = true;
        return false;
    }
    if (k->stream)
        buf_addf(&k->events, "id: %lld\ndata: ", (long long)ev->seq);
    else if (k->n)
        buf_addc(&k->events, ',');
    web_frame_event(ev, &k->events);
    if (k->stream)
        buf_adds(&k->events, "\n\n");
    k->n++;
    if (ev->seq > k->head)
        k->head = ev->seq;
    /* its answer, or somebody who has taken it upon themselves to answer it */
    k->done = k->question && (web_answer_re(ev) == k->question || web_hands_over(ev) > 0);
    return true;
}

/* Nothing more comes for now: is that what it came for? */
static void rest(struct web_follower *f)
{
    struct waiter *k = waiter_of(f);
    bool enough = k->kind == WAIT_HELLO || k->kind == WAIT_EXPORT ||
                  (k->kind == WAIT_EVENTS && (k->n || !k->timer)) ||
                  (k->kind == WAIT_MESSAGE && k->acknowledged && !k->question);
    if (k->done || enough)
        finish(k);
}

static void erased(struct web_follower *f)
{
    fail(waiter_of(f), -ESTALE);
}

/* The process stops: whoever waits for news asks again, and finds the next one. What was begun is finished. */
static void drain(struct web_follower *f)
{
    struct waiter *k = waiter_of(f);
    if (k->kind == WAIT_EVENTS)
        finish(k);
}

/* ---- what is to be done first ---- */

static void on_receipt(void *ctx, const struct inbox_receipt *r);

/* False: refused, and the waiter has gone. */
static bool act(struct waiter *k)
{
    struct web_actor who = {.conversation = web_follower_name(&k->follower),
                            .lang = k->lang,
                            .address = k->address,
                            .key = k->key,
                            .talk = k->talk};
    int err = web_act(k->web, &who, k->frame, on_receipt, k);
    k->receiving = !err;
    if (!err)
        return true;
    struct web_refusal why = *web_refusal(err);
    if (err == -EAGAIN)
        why.retry_after_s = who.retry_after_s;
    refuse(k, &why);
    return false;
}

static void on_receipt(void *ctx, const struct inbox_receipt *r)
{
    struct waiter *k = ctx;
    int err = web_receipt_error(r);
    k->receiving = false;
    if (k->orphan) {
        free(k);
        return;
    }
    if (err) {
        fail(k, err);
        return;
    }
    web_frame_ack(k->cid, r, &k->opening);
    k->acknowledged = true;
    const char *t = json_string(k->frame, "t", 16);
    if (t && !strcmp(t, "ask") && !k->human)
        k->question = r->seq;
    if (k->follower.sent >=
        r->seq) { /* it was taken before: its answer may be older than what we have */
        buf_clear(&k->events);
        k->n = 0;
        k->follower.sent = r->seq - 1;
    }
    loop_timer_stop(k->timer);
    k->timer = loop_timer(bot_loop(k->web->adapter->bot), ANSWER_S * 1000, 0, on_time, k);
    if (r->known || !k->question)
        web_follower_go_on(&k->follower);
}

static bool opened(struct web_follower *f, const struct transcript *t)
{
    struct waiter *k = waiter_of(f);
    k->head = t->head;
    if (t->err || (!k->key && !web_token_holds(t, k->after < 0 ? 0 : k->after))) {
        fail(k, t->err ? t->err : -ESTALE);
        return false;
    }
    if (k->after < 0)
        f->sent = t->head; /* only what comes of this message */
    if (k->kind == WAIT_HELLO)
        web_frame_ready(k->web, k->token, web_follower_name(f), t, &k->opening);
    k->human = t->mode == TRANSCRIPT_HUMAN;
    return !k->frame || act(k);
}

static const struct web_follower_calls calls = {
    .opened = opened, .take = take, .rest = rest, .erased = erased, .drain = drain};

int64_t web_query_number(const struct request *rq, const char *name, int64_t fallback)
{
    int64_t n = fallback;
    number_read(request_query(rq, name), INT64_MAX, &n);
    return n;
}

/* Whose transcript it is; false: a new one's. */
static bool read_token(struct waiter *k, const struct web_wait *what, char ret[WEB_CONVERSATION])
{
    bool known = web_token_read(what->token, ret);
    if (known)
        snprintf(k->token, sizeof k->token, "%s", what->token);
    else
        web_token_make(k->token);
    web_token_read(k->token, ret);
    return known;
}

void web_wait(struct web *w, struct request *rq, const struct web_wait *what)
{
    struct waiter *k = must(calloc(1, sizeof *k));
    const char *origin = web_cors_origin(rq), *accept = request_header(rq, "accept");
    char conversation[WEB_CONVERSATION];
    *k = (struct waiter){.web = w,
                         .request = request_handle(rq),
                         .kind = what->kind,
                         .follower = {.calls = &calls},
                         .frame = what->frame,
                         .origin = origin ? must(strdup(origin)) : NULL,
                         .after = what->after};
    buf_init(&k->opening, MAX_REPLY_JSON);
    buf_init(&k->events, MAX_EXPORT);
    snprintf(k->lang, sizeof k->lang, "%s", what->lang ? what->lang : "");
    snprintf(k->address, sizeof k->address, "%s", request_client(rq));
    snprintf(k->cid, sizeof k->cid, "%s", what->cid ? what->cid : "");
    k->stream = what->kind == WAIT_EVENTS && accept && strstr(accept, "text/event-stream");
    bool known = true;
    if (what->transcript) {
        k->key = must(strdup(what->key));
        k->talk = must(strdup(what->talk));
        memcpy(conversation, what->transcript, sizeof conversation);
    } else if (!(known = read_token(k, what, conversation)) && what->kind != WAIT_HELLO) {
        fail(k, -ESTALE);
        return;
    }
    int wait_s = what->kind != WAIT_EVENTS ? ANSWER_S : (int)what->wait_s;
    wait_s = wait_s > MAX_WAIT_S ? MAX_WAIT_S : wait_s;
    if (what->kind == WAIT_EVENTS && bot_draining(w->adapter->bot))
        wait_s = 0;
    if (wait_s)
        k->timer = loop_timer(bot_loop(w->adapter->bot), (uint64_t)wait_s * 1000, 0, on_time, k);
    int err = web_follow(w, &k->follower, conversation, k->after < 0 ? 0 : k->after, !known);
    if (err)
        fail(k, err == -EUSERS ? -EBUSY : err);
}
