/* web_ws.c: the protocol guidepost.v1 over WebSocket: JSON objects, one per frame, `t` says which.
 *
 *     browser                                     server
 *     hello {v:1, tok?, epoch?, last?, ...}  ->   ready {tok, epoch, head, ...}, then the events after `last`
 *     ask {cid, text}                        ->   ack {cid, seq}; events msg {seq, cid}, answer {seq, re, cid}
 *     feedback {cid, re, v}                  ->   ack; event fb
 *     handoff {cid, want}                    ->   ack; event handoff
 *     sync {after}                           ->   the events after that
 *     erase {cid}                            ->   erased
 *     suggest {rid, text}                    ->   suggest {rid, items}
 *     ping                                   ->   pong
 *     anything wrong                         ->   error {code, title, cid?, retry, retry_after?}
 *     where a person has the chat, or is waited for: presence {staff, next_open?}, typing {who?, on}; typing {on} from it
 *     when the server is about to stop            bye {code, retry_after}: come again, each after another while
 *
 * hello comes first and within HELLO_S. What has a `seq` is an event of the conversation's transcript: on disk before anybody
 * sees it, numbered without a gap, shown to every connection of the conversation, and sent again to whoever missed it. What
 * has a `cid` is done once, however often it is sent. Unknown fields are ignored, unknown frames are an error that
 * costs nothing.
 *
 * Of one connection at most MAX_IN_FLIGHT questions are open; then it is not read from until one is answered. A reader that
 * is slower than its events is read to from the disk, a part at a time, so nothing waits for it in memory. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/must.h"

#define HELLO_S    5
#define SPREAD_S   5             /* over so long do connections come back after a restart */
#define TYPING_MS  1900          /* between two of "somebody types" */
#define MAX_BAD    3             /* unreadable frames before we hang up */
#define MAX_AHEAD  (256u * 1024) /* bytes queued for it before it is read to from the disk */
#define CLOSE_BUSY 1013

/* One connection; hangs off its peer. */
struct chat {
    struct web *web;
    server_handle peer;
    struct web_follower follower;
    struct loop_timer *hello; /* until it has come */
    struct hello *greeting;   /* what it said, until it is answered */
    unsigned char bad;
    bool human;                   /* a person has it: questions are not answered by us */
    unsigned char in_flight;      /* questions without an answer */
    uint64_t typed_ms;            /* when it last said that somebody types */
    int64_t asked[MAX_IN_FLIGHT]; /* their numbers; 0: not committed yet, or a free place */
    char lang[4];
};

struct hello {
    char token[WEB_TOKEN];
    int64_t after;
};

static struct server *server_of(const struct chat *c)
{
    return web_server(c->web);
}

/* Where what is said next is written down: one for all, and its memory stays. */
static struct buf *paper(struct chat *c)
{
    buf_clear(&c->web->paper);
    return &c->web->paper;
}

static void say(struct chat *c, const struct buf *b)
{
    if (!buf_failed(b))
        peer_send(server_of(c), c->peer, b->s, b->len);
}

static void say_text(struct chat *c, const char *text)
{
    peer_send(server_of(c), c->peer, text, strlen(text));
}

static void hang_up(struct chat *c, int code, const char *reason)
{
    peer_close(server_of(c), c->peer, code, reason);
}

static void say_refusal(struct chat *c, const char *cid, const struct web_refusal *why)
{
    struct buf *b = paper(c);
    web_frame_error(cid, why, b);
    say(c, b);
}

static void say_error(struct chat *c, const char *cid, int err)
{
    say_refusal(c, cid, web_refusal(err));
}

/* The same with a sentence of its own. */
static void say_wrong(struct chat *c, const char *cid, const char *code, const char *title)
{
    struct web_refusal why = {.code = code, .title = title};
    say_refusal(c, cid, &why);
}

static bool is_ready(const struct chat *c)
{
    return c->follower.opened;
}

/* ---- how much of it is under way ---- */

static void update_flow(struct chat *c)
{
    peer_pause(server_of(c), c->peer, c->greeting || c->in_flight >= MAX_IN_FLIGHT);
}

static void question_begins(struct chat *c)
{
    c->in_flight++;
    update_flow(c);
}

/* Question `seq` (0: one that was not taken) is over: the next may be read. */
static void question_over(struct chat *c, int64_t seq)
{
    for (int i = 0; i < MAX_IN_FLIGHT && seq; i++)
        if (c->asked[i] == seq) {
            c->asked[i] = 0;
            seq = 0;
        } else if (i == MAX_IN_FLIGHT - 1) {
            return; /* another connection's */
        }
    if (c->in_flight)
        c->in_flight--;
    update_flow(c);
}

/* All of them: they are somebody else's. */
static void questions_over(struct chat *c)
{
    memset(c->asked, 0, sizeof c->asked);
    c->in_flight = 0;
    update_flow(c);
}

static void question_has_number(struct chat *c, int64_t seq)
{
    for (int i = 0; i < MAX_IN_FLIGHT; i++)
        if (!c->asked[i]) {
            c->asked[i] = seq;
            return;
        }
}

/* ---- following the transcript ---- */

static struct chat *chat_of(struct web_follower *f)
{
    return link_owner(f, struct chat, follower);
}

static void end_greeting(struct chat *c)
{
    free(c->greeting);
    c->greeting = NULL;
    update_flow(c);
}

static bool opened(struct web_follower *f, const struct transcript *t)
{
    struct chat *c = chat_of(f);
    struct hello *h = c->greeting;
    c->human = t->mode == TRANSCRIPT_HUMAN;
    bool good = !t->err && web_token_holds(t, h->after);
    if (t->err) {
        say_error(c, NULL, t->err);
        hang_up(c, CLOSE_BUSY, "busy");
    } else if (!good) {
        say_error(c, NULL, -ESTALE);
        hang_up(c, 4401, "unauthorized");
    } else {
        struct buf *b = paper(c);
        web_frame_ready(c->web, h->token, web_follower_name(f), t, b);
        say(c, b);
        if (t->mode != TRANSCRIPT_BOT) {
            web_frame_presence(c->web, paper(c));
            say(c, b);
        }
    }
    if (!good)
        web_unfollow(f);
    end_greeting(c);
    return good;
}

static bool take(struct web_follower *f, const struct transcript_event *ev)
{
    struct chat *c = chat_of(f);
    if (peer_queued(server_of(c), c->peer) > MAX_AHEAD) {
        peer_when_drained(server_of(c), c->peer);
        return false;
    }
    struct buf *b = paper(c);
    web_frame_event(ev, b);
    say(c, b);
    int64_t re = web_answer_re(ev);
    int over = web_hands_over(ev);
    if (re)
        question_over(c, re);
    if (over)
        c->human = over > 0;
    if (c->human)
        questions_over(c);
    return true;
}

static void erased(struct web_follower *f)
{
    struct chat *c = chat_of(f);
    web_unfollow(f);
    questions_over(c);
    say_text(c, "{\"t\":\"erased\"}");
}

static void passing(struct web_follower *f, const char *frame)
{
    say_text(chat_of(f), frame);
}

/* A restart: all of them would come back in the same moment. */
static void drain(struct web_follower *f)
{
    struct chat *c = chat_of(f);
    struct buf *b = paper(c);
    unsigned tenths = 1 + randombytes_uniform(SPREAD_S * 10);
    buf_addf(b, "{\"t\":\"bye\",\"code\":\"restart\",\"retry_after\":%u.%u}", tenths / 10,
             tenths % 10);
    say(c, b);
}

static const struct web_follower_calls calls = {
    .opened = opened, .take = take, .erased = erased, .passing = passing, .drain = drain};

/* ---- hello ---- */

/* "en-US" is "en"; what is no language is "". */
static void read_lang(struct chat *c, const struct cJSON *j)
{
    const char *lang = json_string(j, "lang", 35);
    bool two = lang && isalpha((unsigned char)lang[0]) && isalpha((unsigned char)lang[1]) &&
               strchr("-_", lang[2]);
    snprintf(c->lang, sizeof c->lang, "%.2s", two ? lang : "");
    for (char *s = c->lang; *s; s++)
        *s = (char)tolower((unsigned char)*s);
}

static bool acceptable(struct chat *c, const struct cJSON *j)
{
    const char *site = json_string(j, "site", 64);
    if (json_int(j, "v", 1, 1, 0) != 1) {
        say_wrong(c, NULL, "unsupported_version", "Please reload the page");
        hang_up(c, 4426, "unsupported_version");
        return false;
    }
    if (site && *site && strcmp(site, "default")) {
        say_wrong(c, NULL, "unknown_site", "There is no such site here");
        hang_up(c, 4404, "unknown_site");
        return false;
    }
    return true;
}

static void on_hello(struct chat *c, const struct cJSON *j)
{
    char conversation[WEB_CONVERSATION], epoch[TRANSCRIPT_EPOCH];
    if (!acceptable(c, j))
        return;
    loop_timer_stop(c->hello);
    c->hello = NULL;
    read_lang(c, j);
    web_unfollow(&c->follower);
    memset(c->asked, 0, sizeof c->asked);
    c->in_flight = 0;

    const char *known = json_string(j, "tok", WEB_TOKEN), *seen = json_string(j, "epoch", 32);
    bool goes_on = web_token_read(known, conversation);
    c->greeting = must(calloc(1, sizeof *c->greeting));
    if (goes_on) {
        snprintf(c->greeting->token, sizeof c->greeting->token, "%s", known);
        transcript_epoch(c->web->adapter, conversation, epoch);
        if (seen && !strcmp(seen, epoch))
            c->greeting->after = json_int(j, "last", 0, INT64_MAX, 0);
    } else {
        web_token_make(c->greeting->token);
        web_token_read(c->greeting->token, conversation);
    }
    int err = web_follow(c->web, &c->follower, conversation, c->greeting->after, !goes_on);
    if (err == -EUSERS) {
        say_wrong(c, NULL, "rate_limited", "This chat is open too many times");
        hang_up(c, 4429, "too many connections");
    } else if (err) {
        say_error(c, NULL, err);
        hang_up(c, CLOSE_BUSY, "busy");
    }
    if (err)
        end_greeting(c);
    update_flow(c); /* a new chat is open already, and reading goes on */
}

/* ---- what has to last ---- */

/* What the receipt is for, while the connection may go away. */
struct sent {
    struct web *web;
    server_handle peer;
    bool ask;
    char cid[WEB_CID];
};

static struct sent *sent_new(const struct chat *c, const char *cid, bool ask)
{
    struct sent *sent = must(calloc(1, sizeof *sent));
    *sent = (struct sent){.web = c->web, .peer = c->peer, .ask = ask};
    if (web_is_cid(cid))
        memcpy(sent->cid, cid, strlen(cid));
    return sent;
}

static void on_receipt(void *ctx, const struct inbox_receipt *r)
{
    struct sent *sent = ctx;
    struct peer *p = server_peer(web_server(sent->web), sent->peer);
    struct chat *c = p ? peer_data(p) : NULL;
    int err = web_receipt_error(r);
    if (c && err) {
        say_error(c, sent->cid, err);
    } else if (c) {
        struct buf *b = paper(c);
        web_frame_ack(sent->cid, r, b);
        say(c, b);
    }
    if (c && sent->ask) {
        if (err || r->known || c->human)
            question_over(c, 0);
        else
            question_has_number(c, r->seq);
    }
    free(sent);
}

static void on_act(struct chat *c, const struct cJSON *j, const char *t)
{
    const char *cid = json_string(j, "cid", 64);
    struct peer *p = server_peer(server_of(c), c->peer);
    struct web_actor who = {.conversation = web_follower_name(&c->follower),
                            .lang = c->lang,
                            .address = peer_client(p)};
    struct sent *sent = sent_new(c, cid, !strcmp(t, "ask"));
    int err = web_act(c->web, &who, j, on_receipt, sent);
    if (!err) {
        if (sent->ask)
            question_begins(c);
        return;
    }
    struct web_refusal why = *web_refusal(err);
    if (err == -EAGAIN)
        why.retry_after_s = who.retry_after_s;
    say_refusal(c, *sent->cid ? sent->cid : NULL, &why);
    free(sent);
}

static void on_erase_failed(void *ctx, int err)
{
    struct sent *sent = ctx;
    struct peer *p = err ? server_peer(web_server(sent->web), sent->peer) : NULL;
    if (p && peer_data(p))
        say_error(peer_data(p), sent->cid, err);
    free(sent);
}

static void on_erase(struct chat *c, const struct cJSON *j)
{
    const char *cid = json_string(j, "cid", 64);
    struct sent *sent = sent_new(c, cid, false);
    int err =
        transcript_erase(c->web->adapter, web_follower_name(&c->follower), on_erase_failed, sent);
    if (!err)
        return;
    say_error(c, *sent->cid ? sent->cid : NULL, err);
    free(sent);
}

/* ---- other frames ---- */

static void on_ping(struct chat *c, const struct cJSON *j)
{
    (void)j;
    say_text(c, "{\"t\":\"pong\"}");
}

/* It missed something: from there on, once more. */
static void on_sync(struct chat *c, const struct cJSON *j)
{
    int64_t after = json_int(j, "after", 0, INT64_MAX, -1);
    if (after < 0) {
        say_error(c, NULL, -EPROTO);
        return;
    }
    if (after < c->follower.sent)
        c->follower.sent = after;
    web_follower_go_on(&c->follower);
}

static void on_suggest(struct chat *c, const struct cJSON *j)
{
    const char *text = json_string(j, "text", MAX_WS_FRAME);
    long long rid = json_int(j, "rid", 0, INT32_MAX, -1);
    if (!text || rid < 0) {
        say_error(c, NULL, -EPROTO);
        return;
    }
    struct buf *b = paper(c);
    buf_addf(b, "{\"t\":\"suggest\",\"rid\":%lld,\"items\":", rid);
    web_suggest(c->web, text, b);
    buf_addc(b, '}');
    say(c, b);
}

/* For whoever of the staff looks at this conversation now; more often than that is not news. */
static void on_typing(struct chat *c, const struct cJSON *j)
{
    uint64_t now = loop_now_ms(bot_loop(c->web->adapter->bot));
    bool on = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "on"));
    if (on && now - c->typed_ms < TYPING_MS)
        return;
    c->typed_ms = on ? now : 0;
    live_asker_types(c->web->adapter, web_follower_name(&c->follower), on);
}

/* Welcome, and of no consequence: which source was opened. */
static void on_nothing(struct chat *c, const struct cJSON *j)
{
    (void)c;
    (void)j;
}

static void on_frame(struct chat *c, const char *s, size_t len)
{
    static const struct {
        const char *t;
        void (*fn)(struct chat *c, const struct cJSON *j);
    } frames[] = {{"sync", on_sync},    {"suggest", on_suggest}, {"erase", on_erase},
                  {"cite", on_nothing}, {"typing", on_typing},   {NULL, NULL}};
    struct cJSON *j = json_parse(s, len);
    const char *t = json_string(j, "t", 32);
    size_t i = 0;
    while (t && frames[i].t && strcmp(t, frames[i].t))
        i++;
    if (!t) {
        say_wrong(c, NULL, j ? "bad_frame" : "bad_json",
                  "A frame is one JSON object with a member t");
        if (++c->bad >= MAX_BAD)
            hang_up(c, 4400, "bad_frame");
    } else if (!strcmp(t, "ping")) {
        on_ping(c, j);
    } else if (!strcmp(t, "hello")) {
        on_hello(c, j);
    } else if (!is_ready(c)) {
        say_wrong(c, NULL, "unauthorized", "hello comes first");
    } else if (frames[i].t) {
        frames[i].fn(c, j);
    } else {
        on_act(c, j, t);
    }
    json_free(j);
}

/* ---- connections ---- */

static void on_hello_late(void *ctx)
{
    struct chat *c = ctx;
    loop_timer_stop(c->hello);
    c->hello = NULL;
    hang_up(c, 4408, "no hello");
}

static void on_open(struct web *w, struct peer *p)
{
    struct chat *c = must(calloc(1, sizeof *c));
    *c = (struct chat){.web = w, .peer = peer_handle(p), .follower = {.calls = &calls}};
    c->hello = loop_timer(bot_loop(w->adapter->bot), HELLO_S * 1000, 0, on_hello_late, c);
    peer_set_data(p, c);
}

static void on_closed(struct peer *p)
{
    struct chat *c = peer_data(p);
    if (!c)
        return;
    loop_timer_stop(c->hello);
    web_unfollow(&c->follower);
    free(c->greeting);
    free(c);
    peer_set_data(p, NULL);
}

void web_on_peer(struct web *w, struct peer *p, enum peer_event ev, const char *s, size_t len)
{
    struct chat *c = peer_data(p);
    switch (ev) {
    case PEER_OPEN: on_open(w, p); break;
    case PEER_TEXT: on_frame(c, s, len); break;
    case PEER_DRAINED: web_follower_go_on(&c->follower); break;
    case PEER_CLOSED: on_closed(p); break;
    }
}
