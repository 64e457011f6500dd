/* staff_ws.c: guidepost-staff.v1, over the WebSocket /staff/ws: JSON objects, one per frame, `t` says which.
 *
 *     console                                       server
 *     hello {v:1, csrf}                         ->  ready {name, role, staff}
 *     queue {}                                  ->  queue {talks, now}
 *     open {conv | ticket, after?}              ->  conv {conv, mode, owner, head, events, question, reply}
 *     claim takeover release return_to_bot close {cid, conv | ticket}
 *     reply note {cid, conv, text}              ->  ack {cid, conv, seq?, dup?}
 *     typing {on}                                   to the asker of the conversation that is open
 *     find {rid, text}                          ->  found {rid, items}
 *     ping                                      ->  pong
 *     anything wrong                            ->  error {code, title, cid?, retry}
 *                                                   queue_changed; conv_event {conv, seq, ...}; typing {conv, on};
 *                                                   presence {staff}; bye {retry_after}
 *
 * Who comes in: a page of our own origin (the server has looked), with a session in its cookie, and the token that only our page
 * knows, in hello and never in an address. The session is looked up in the transaction of each frame, and every RECHECK_MS without one:
 * who is removed, or loses the role, is out; so is who was signed on by a proxy that has not said so for a while (staff_named.c). What has a `cid` is done once, however often it is sent. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/desk/desk_run.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/must.h"
#include "kb/pool.h"

#define HELLO_MS   5000
#define RECHECK_MS 5000
#define TYPING_MS  6000 /* who types goes on saying so */
#define MAX_OPEN   32   /* frames under way of one console */
#define MAX_FOUND  5
#define MAX_WORDS  400
#define MAX_CID    64

struct console {
    struct staff *st;
    server_handle peer;
    struct live_watcher watcher;
    unsigned char session[STORE_HASH];
    char csrf[DESK_TOKEN];
    bool ready, typing;
    unsigned open; /* frames that are not answered yet */
    struct loop_timer *timer, *typed;
};

/* A frame on its way through the desk; the console may be gone when it comes back. */
struct frame {
    struct desk_request rq; /* first */
    struct staff *st;
    server_handle peer;
    const char *cid;
};

static struct bot *bot_of(const struct staff *st)
{
    return st->adapter->bot;
}

/* ---- saying something ---- */

static void say(const struct console *c, const struct buf *b)
{
    if (!buf_failed(b))
        peer_send(bot_server(bot_of(c->st)), c->peer, b->s, b->len);
}

static void say_text(const struct console *c, const char *text)
{
    peer_send(bot_server(bot_of(c->st)), c->peer, text, strlen(text));
}

static void hang_up(const struct console *c, int code, const char *reason)
{
    peer_close(bot_server(bot_of(c->st)), c->peer, code, reason);
}

static void say_wrong(const struct console *c, const char *cid, const char *code, const char *title,
                      bool retry)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "{\"t\":\"error\"");
    json_add_member(&b, "code", code);
    json_add_member(&b, "title", title);
    if (cid)
        json_add_member(&b, "cid", cid);
    buf_addf(&b, ",\"retry\":%s}", retry ? "true" : "false");
    say(c, &b);
    buf_release(&b);
}

static void say_error(const struct console *c, const char *cid, int err, const char *problem)
{
    const struct staff_error *e = staff_error(err);
    say_wrong(c, cid, e->code, problem ? problem : e->title, e->status == 503);
    if (err == -EPERM || err == -ENOKEY)
        hang_up(c, err == -EPERM ? 4401 : 4403, e->code);
}

static void say_presence(struct console *c, const char *head)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_adds(&b, head);
    buf_adds(&b, ",\"staff\":");
    live_presence(bot_of(c->st), &b);
    buf_addc(&b, '}');
    say(c, &b);
    buf_release(&b);
}

/* ---- what goes on ---- */

static struct console *console_of(struct live_watcher *w)
{
    return link_owner(w, struct console, watcher);
}

static void on_queue(struct live_watcher *w)
{
    say_text(console_of(w), "{\"t\":\"queue_changed\"}");
}

static void on_presence(struct live_watcher *w)
{
    if (console_of(w)->ready)
        say_presence(console_of(w), "{\"t\":\"presence\"");
}

static void on_event(struct live_watcher *w, const struct transcript_event *ev)
{
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON + 128);
    buf_addf(&b, "{\"conv\":%lld", (long long)w->conversation);
    if (ev) { /* the event's own t is its kind */
        buf_addf(&b, ",\"seq\":%lld,\"event\":{\"seq\":%lld,", (long long)ev->seq,
                 (long long)ev->seq);
        buf_add(&b, ev->body, ev->len);
        buf_adds(&b, "},\"t\":\"conv_event\"}");
    } else {
        buf_adds(&b, ",\"erased\":true,\"t\":\"conv_event\"}");
    }
    say(console_of(w), &b);
    buf_release(&b);
}

static void on_asker_types(struct live_watcher *w, bool on)
{
    struct buf b;
    buf_init(&b, 128);
    buf_addf(&b, "{\"t\":\"typing\",\"conv\":%lld,\"on\":%s}", (long long)w->conversation,
             on ? "true" : "false");
    say(console_of(w), &b);
    buf_release(&b);
}

static void on_drain(struct live_watcher *w)
{
    struct buf b;
    buf_init(&b, 128);
    buf_addf(&b, "{\"t\":\"bye\",\"retry_after\":%u}", 1 + randombytes_uniform(5));
    say(console_of(w), &b);
    buf_release(&b);
}

static const struct live_watcher_calls calls = {.on_queue = on_queue,
                                                .on_presence = on_presence,
                                                .on_event = on_event,
                                                .on_typing = on_asker_types,
                                                .on_drain = on_drain};

/* ---- typing ---- */

static void type(struct console *c, bool on)
{
    struct pool *pool = pool_new();
    if (on || c->typing)
        live_staff_types(&c->watcher, live_shown(bot_of(c->st), pool, c->watcher.user, NULL), on);
    c->typing = on;
    pool_free(pool);
}

static void on_typed(void *ctx)
{
    struct console *c = ctx;
    loop_timer_stop(c->typed);
    c->typed = NULL;
    type(c, false);
}

static void on_typing(struct console *c, bool on)
{
    loop_timer_stop(c->typed);
    c->typed = on ? loop_timer(bot_loop(bot_of(c->st)), TYPING_MS, 0, on_typed, c) : NULL;
    type(c, on);
}

/* ---- through the desk ---- */

static struct console *console_at(const struct staff *st, server_handle peer)
{
    struct peer *p = server_peer(bot_server(bot_of(st)), peer);
    return p ? peer_data(p) : NULL;
}

static struct frame *frame_new(struct console *c, desk_run_fn *run, enum staff_role needs,
                               bool writes, void (*done)(struct desk_request *rq))
{
    struct pool *pool = pool_new();
    struct frame *f = pool_alloc(pool, sizeof *f);
    *f = (struct frame){
        .rq = {.pool = pool,
               .writes = writes,
               .needs = needs,
               .factor_from = staff_signs_on(c->st) ? ROLE_NONE : staff_factor_from(c->st),
               .run = run,
               .done = done},
        .st = c->st,
        .peer = c->peer};
    memcpy(f->rq.session, c->session, sizeof f->rq.session);
    return f;
}

/* Takes `in`. */
static void ask(struct console *c, struct frame *f, struct cJSON *in)
{
    struct desk *desk = bot_desk(bot_of(c->st));
    f->rq.in = in;
    f->rq.ctx = f;
    f->cid = pool_strdup(f->rq.pool, json_string(in, "cid", MAX_CID));
    if (c->open < MAX_OPEN && desk && !desk_ask(desk, &f->rq)) {
        c->open++;
        return;
    }
    say_error(c, *f->cid ? f->cid : NULL, -EAGAIN, NULL);
    json_free(in);
    pool_free(f->rq.pool);
}

/* The console that asked, if it is there still and all is well; else it has been told. */
static struct console *answered(struct desk_request *rq)
{
    struct frame *f = rq->ctx;
    struct console *c = console_at(f->st, f->peer);
    if (!c)
        return NULL;
    c->open--;
    if (rq->err)
        say_error(c, *f->cid ? f->cid : NULL, rq->err, rq->problem);
    return rq->err ? NULL : c;
}

static void sent_on(struct desk_request *rq)
{
    struct console *c = answered(rq);
    if (c)
        say(c, &rq->body);
}

static void opened(struct desk_request *rq)
{
    struct console *c = answered(rq);
    const struct desk_talk *talk = rq->out;
    if (!c)
        return;
    on_typing(c, false);
    live_look(&c->watcher, talk->conversation, talk->adapter, talk->name);
    say(c, &rq->body);
}

/* Everybody hears of it, whether the console that did it is still there or not. */
static void acted(struct desk_request *rq)
{
    struct frame *f = rq->ctx;
    struct console *c = answered(rq);
    if (c)
        say(c, &rq->body);
    if (!rq->err && rq->out)
        live_on_handoff(bot_of(f->st), rq->out);
}

/* ---- hello, and being known still ---- */

static void let_in(struct console *c, const struct desk_request *rq)
{
    struct buf b;
    bool first = !c->ready;
    c->watcher.answers = rq->me.role >= ROLE_AGENT;
    snprintf(c->watcher.user, sizeof c->watcher.user, "%s", rq->me.user);
    if (!first)
        return;
    buf_init(&b, 1024);
    buf_adds(&b, "{\"t\":\"ready\",\"v\":1");
    json_add_member(&b, "name", rq->me.user);
    json_add_member(&b, "role", user_role_name(rq->me.role));
    live_join(bot_of(c->st), &c->watcher); /* the others hear of it */
    c->ready = true;
    if (!buf_failed(&b))
        say_presence(c, b.s);
    buf_release(&b);
}

static void known(struct desk_request *rq)
{
    struct console *c = answered(rq);
    if (c)
        let_in(c, rq);
}

/* With staff.auth: proxy, false after hanging up: the page asks who it is, and comes back (part/live.js). */
static bool is_named(const struct console *c)
{
    uint64_t now_ms = loop_now_ms(bot_loop(bot_of(c->st)));
    bool named = !staff_signs_on(c->st) || named_lately(c->st->named, c->session, now_ms);
    if (!named)
        hang_up(c, 4401, "sign_on");
    return named;
}

static void look_again(void *ctx)
{
    struct console *c = ctx;
    if (!is_named(c))
        return;
    struct frame *f = frame_new(c, desk_me, ROLE_VIEWER, false, known);
    f->rq.unattended = c->ready;
    ask(c, f, json_new_object());
}

static void on_late(void *ctx)
{
    struct console *c = ctx;
    loop_timer_stop(c->timer);
    c->timer = NULL;
    hang_up(c, 4408, "no hello");
}

static void on_hello(struct console *c, const struct cJSON *j)
{
    const char *said = json_string(j, "csrf", DESK_TOKEN);
    bool known_token = *c->csrf && said && strlen(said) == DESK_TOKEN - 1 &&
                       !sodium_memcmp(said, c->csrf, DESK_TOKEN - 1);
    if (json_int(j, "v", 1, 1, 0) != 1) {
        say_wrong(c, NULL, "unsupported_version", "Please reload the page", false);
        hang_up(c, 4426, "unsupported_version");
    } else if (!*c->csrf) {
        say_error(c, NULL, -EPERM, NULL);
    } else if (!known_token) {
        say_wrong(c, NULL, "foreign", "Only our own page may do that; reload it", false);
        hang_up(c, 4403, "foreign");
    } else if (!c->ready && c->timer) {
        loop_timer_stop(c->timer);
        c->timer = loop_timer(bot_loop(bot_of(c->st)), RECHECK_MS, RECHECK_MS, look_again, c);
        look_again(c);
    }
}

/* ---- ranked entries ---- */

struct finding {
    struct staff *st;
    server_handle peer;
    long long rid;
};

static void found(void *ctx, const struct live_found *item, size_t n)
{
    struct finding *f = ctx;
    struct console *c = console_at(f->st, f->peer);
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    buf_addf(&b, "{\"t\":\"found\",\"rid\":%lld,\"items\":[", f->rid);
    for (size_t i = 0; i < n; i++) {
        buf_adds(&b, i ? ",{" : "{");
        json_add_member(&b, "passage", item[i].passage);
        json_add_member(&b, "title", item[i].title);
        json_add_member(&b, "text", item[i].text);
        json_add_member(&b, "url", item[i].url);
        buf_addc(&b, '}');
    }
    buf_adds(&b, "]}");
    if (c)
        say(c, &b);
    buf_release(&b);
    free(f);
}

static void on_find(struct console *c, const struct cJSON *j)
{
    const char *words = json_string(j, "text", MAX_WORDS);
    struct finding *f = must(calloc(1, sizeof *f));
    *f = (struct finding){.st = c->st, .peer = c->peer, .rid = json_int(j, "rid", 0, INT32_MAX, 0)};
    int err = !words || !*words                                      ? -EINVAL
              : !c->watcher.answers                                  ? -EACCES
              : live_find(bot_of(c->st), words, MAX_FOUND, found, f) ? -EAGAIN
                                                                     : 0;
    if (!err)
        return;
    say_error(c, NULL, err, NULL);
    free(f);
}

/* ---- frames ---- */

static void on_act(struct console *c, const char *t, struct cJSON *j)
{
    struct frame *f = frame_new(c, desk_live_act, ROLE_AGENT, true, acted);
    struct bot *bot = bot_of(c->st);
    const char *room = live_room(bot);
    const char *shown = live_shown(bot, f->rq.pool, c->watcher.user, NULL);
    json_set_string(j, "what", t);
    json_set_string(j, "shown", shown ? shown : "");
    json_set_string(j, "room", room ? room : "");
    if (!strcmp(t, "reply"))
        on_typing(c, false);
    ask(c, f, j);
}

/* Takes `j`. */
static void on_ready_frame(struct console *c, const char *t, struct cJSON *j)
{
    static const char acts[] = " claim takeover release reply return_to_bot close note ";
    char padded[36];
    snprintf(padded, sizeof padded, " %s ", t);
    if (!strcmp(t, "queue")) {
        ask(c, frame_new(c, desk_live_queue, ROLE_VIEWER, false, sent_on), j);
        return;
    }
    if (!strcmp(t, "open")) {
        ask(c, frame_new(c, desk_live_open, ROLE_AGENT, true, opened), j);
        return;
    }
    if (strstr(acts, padded)) {
        on_act(c, t, j);
        return;
    }
    if (!strcmp(t, "typing"))
        on_typing(c, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "on")) && c->watcher.answers);
    else if (!strcmp(t, "find"))
        on_find(c, j);
    else
        say_wrong(c, NULL, "unknown_type", "This server does not know such a frame", false);
    json_free(j);
}

static void on_frame(struct console *c, const char *s, size_t len)
{
    struct cJSON *j = json_parse(s, len);
    const char *t = json_string(j, "t", 32);
    if (!t) {
        say_wrong(c, NULL, "bad_frame", "A frame is one JSON object with a member t", false);
    } else if (!strcmp(t, "ping")) {
        say_text(c, "{\"t\":\"pong\"}");
    } else if (!strcmp(t, "hello")) {
        on_hello(c, j);
    } else if (!c->ready) {
        say_wrong(c, NULL, "login", "hello comes first", false);
    } else {
        char name[33];
        snprintf(name, sizeof name, "%s", t);
        on_ready_frame(c, name, j);
        return;
    }
    json_free(j);
}

/* ---- connections ---- */

static void on_open(struct staff *st, struct peer *p)
{
    struct console *c = must(calloc(1, sizeof *c));
    struct pool *pool = pool_new();
    const char *token = staff_cookie_of(pool, peer_cookie(p));
    *c = (struct console){.st = st, .peer = peer_handle(p), .watcher = {.calls = &calls}};
    if (desk_session(token, c->session))
        desk_csrf(token, c->csrf);
    c->timer = loop_timer(bot_loop(bot_of(st)), HELLO_MS, 0, on_late, c);
    peer_set_data(p, c);
    pool_free(pool);
}

static void on_closed(struct peer *p)
{
    struct console *c = peer_data(p);
    if (!c)
        return;
    peer_set_data(p, NULL);
    loop_timer_stop(c->timer);
    on_typing(c, false);
    live_leave(&c->watcher);
    sodium_memzero(c, sizeof *c);
    free(c);
}

void staff_on_peer(struct staff *st, struct peer *p, enum peer_event ev, const char *s, size_t len)
{
    struct console *c = peer_data(p);
    switch (ev) {
    case PEER_OPEN: on_open(st, p); break;
    case PEER_TEXT: on_frame(c, s, len); break;
    case PEER_DRAINED: break;
    case PEER_CLOSED: on_closed(p); break;
    }
}
