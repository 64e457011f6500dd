/* web_ws.c: the protocol guidepost.v1: JSON objects, one per frame, `t` says which.
 *
 *     browser                                server
 *     hello {v:1, tok?, site?, lang?}   ->   ready {v, tok, mode, starters, limits, site}
 *     ask {cid, text}                   ->   answer {cid, id?, kind, band, segments, sources, suggest, ...}
 *     ping                              ->   pong
 *     anything wrong                    ->   error {code, title, cid?, retry, retry_after?}
 *
 * hello comes first and within HELLO_S. `tok` is what the next connection shows to go on with the same conversation;
 * only its hash is known to the rest of the program. `cid` is the browser's name for what it asked; the
 * answer carries it back. Unknown fields are ignored, unknown frames are an error that costs nothing.
 *
 * Of one connection at most MAX_IN_FLIGHT questions are open; then it is not read from until one is answered.
 *
 * Not yet: the durable log (seq, epoch, sync, ack). Frames have no `seq` until there is one, so a client that
 * wants to be sure keeps its question until the answer with its `cid` has come. */
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "kb/kb.h"

#define HELLO_S    5
#define MAX_BAD    3 /* unreadable frames before we hang up */
#define MAX_CID    64
#define TOKEN_SIZE 32 /* random bytes */

/* One connection; hangs off its peer. */
struct chat {
    struct web *web;
    server_handle peer;
    struct loop_timer *hello; /* until it has come */
    bool ready;
    int bad;
    int in_flight;
    char lang[4];
    char conversation[2 * 16 + 1]; /* hash of the token */
};

static void send_frame(struct chat *c, const struct buf *b)
{
    peer_send(web_server(c->web), c->peer, b->s, b->len);
}

static void hang_up(struct chat *c, int code, const char *reason)
{
    peer_close(web_server(c->web), c->peer, code, reason);
}

static void add_string(struct buf *b, const char *key, const char *s)
{
    buf_addf(b, "\"%s\":", key);
    json_add_string(b, s, strlen(s));
}

static void error_frame(struct chat *c, const char *cid, const char *code, const char *title,
                        int retry_after_s)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_addf(&b, "{\"t\":\"error\",\"code\":\"%s\",", code);
    add_string(&b, "title", title);
    if (cid) {
        buf_addc(&b, ',');
        add_string(&b, "cid", cid);
    }
    buf_addf(&b, ",\"retry\":%s", retry_after_s ? "true" : "false");
    if (retry_after_s)
        buf_addf(&b, ",\"retry_after\":%d", retry_after_s);
    buf_addc(&b, '}');
    send_frame(c, &b);
    buf_release(&b);
}

/* ---- hello ---- */

static void random_token(char *to, size_t size)
{
    unsigned char bytes[TOKEN_SIZE];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(to, size, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* One that we gave out looks like this; whether we really did is no matter, nobody guesses another's. */
static bool is_token(const char *s)
{
    unsigned char bytes[TOKEN_SIZE];
    size_t n;
    return s &&
           !sodium_base642bin(bytes, sizeof bytes, s, strlen(s), NULL, &n, NULL,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING) &&
           n == TOKEN_SIZE;
}

static void send_ready(struct chat *c, const char *token)
{
    const struct bot *bot = c->web->adapter->bot;
    const char *const *topic = bot_topics(bot);
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    buf_adds(&b, "{\"t\":\"ready\",\"v\":1,");
    add_string(&b, "tok", token);
    buf_adds(&b, ",\"mode\":\"bot\",\"starters\":[");
    for (size_t i = 0; topic[i]; i++) {
        if (i)
            buf_addc(&b, ',');
        json_add_string(&b, topic[i], strlen(topic[i]));
    }
    buf_addf(&b, "],\"limits\":{\"chars\":%d,\"in_flight\":%d},\"feat\":[],\"site\":{",
             MAX_QUESTION_CHARS, MAX_IN_FLIGHT);
    add_string(&b, "name", config_text(bot_config(bot), "web.title"));
    buf_addc(&b, ',');
    add_string(&b, "privacy_url", config_text(bot_config(bot), "web.privacy_url"));
    buf_adds(&b, "}}");
    send_frame(c, &b);
    buf_release(&b);
}

static void on_hello(struct chat *c, const struct cJSON *j)
{
    const char *site = json_string(j, "site", 64), *lang = json_string(j, "lang", 35);
    char token[TOKEN_SIZE * 2];
    if (json_int(j, "v", 1, 1, 0) != 1) {
        error_frame(c, NULL, "unsupported_version", "Please reload the page", 0);
        hang_up(c, 4426, "unsupported_version");
        return;
    }
    if (site && *site && strcmp(site, "default")) {
        error_frame(c, NULL, "unknown_site", "There is no such site here", 0);
        hang_up(c, 4404, "unknown_site");
        return;
    }
    loop_timer_stop(c->hello);
    c->hello = NULL;
    const char *known = json_string(j, "tok", sizeof token - 1);
    if (is_token(known))
        snprintf(token, sizeof token, "%s", known);
    else
        random_token(token, sizeof token);
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), NULL, 0);
    sodium_bin2hex(c->conversation, sizeof c->conversation, hash, sizeof hash);
    bool two = lang && isalpha((unsigned char)lang[0]) && isalpha((unsigned char)lang[1]) &&
               strchr("-_", lang[2]);
    snprintf(c->lang, sizeof c->lang, "%.2s", two ? lang : "");
    c->ready = true;
    send_ready(c, token);
}

/* ---- ask ---- */

static bool is_cid(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n && n == strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

/* One question less is open: the next may be read. */
static void question_over(struct chat *c)
{
    if (--c->in_flight < MAX_IN_FLIGHT)
        peer_pause(web_server(c->web), c->peer, false);
}

static void on_ask(struct chat *c, const struct cJSON *j)
{
    const char *cid = json_string(j, "cid", MAX_CID), *text = json_string(j, "text", MAX_WS_FRAME);
    if (!is_cid(cid) || !text) {
        error_frame(c, is_cid(cid) ? cid : NULL, "bad_frame", "ask needs cid and text", 0);
        return;
    }
    struct inbound in = {.text = text,
                         .len = strlen(text),
                         .conversation = c->conversation,
                         .lang = *c->lang ? c->lang : NULL,
                         .to = c->peer,
                         .form = WEB_WS,
                         .ref = cid};
    /* First, because the answer may be here when bot_receive() returns. */
    if (++c->in_flight >= MAX_IN_FLIGHT)
        peer_pause(web_server(c->web), c->peer, true);
    int err = bot_receive(c->web->adapter, &in);
    if (!err)
        return;
    question_over(c);
    const struct web_refusal *why = web_refusal(err);
    error_frame(c, cid, why->code, why->title, why->retry_after_s);
}

/* ---- frames ---- */

static void on_ping(struct chat *c)
{
    static const char pong[] = "{\"t\":\"pong\"}";
    peer_send(web_server(c->web), c->peer, pong, sizeof pong - 1);
}

static void on_frame(struct chat *c, const char *s, size_t len)
{
    struct cJSON *j = json_parse(s, len);
    const char *t = json_string(j, "t", 32);
    if (!t) {
        error_frame(c, NULL, j ? "bad_frame" : "bad_json",
                    "A frame is one JSON object with a member t", 0);
        if (++c->bad >= MAX_BAD)
            hang_up(c, 4400, "bad_frame");
    } else if (!strcmp(t, "ping")) {
        on_ping(c);
    } else if (!strcmp(t, "hello")) {
        on_hello(c, j);
    } else if (!c->ready) {
        error_frame(c, NULL, "unauthorized", "hello comes first", 0);
    } else if (!strcmp(t, "ask")) {
        on_ask(c, j);
    } else {
        error_frame(c, NULL, "unknown_type", "This server does not know such a frame", 0);
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
    *c = (struct chat){.web = w, .peer = peer_handle(p)};
    c->hello = loop_timer(bot_loop(w->adapter->bot), HELLO_S * 1000, 0, on_hello_late, c);
    peer_set_data(p, c);
}

static void on_closed(struct peer *p)
{
    struct chat *c = peer_data(p);
    if (!c)
        return;
    loop_timer_stop(c->hello);
    free(c);
    peer_set_data(p, NULL);
}

void web_on_peer(struct web *w, struct peer *p, enum peer_event ev, const char *s, size_t len)
{
    switch (ev) {
    case PEER_OPEN: on_open(w, p); break;
    case PEER_TEXT: on_frame(peer_data(p), s, len); break;
    case PEER_CLOSED: on_closed(p); break;
    }
}

/* ---- answers ---- */

/* What the protocol calls it: an answer is the owner's own words on a question, or an extract. */
static const char *kind_of(const struct reply *r)
{
    switch (r->kind) {
    case REPLY_ANSWER: return r->nanswer && r->answer[0].entry ? "curated" : "extract";
    case REPLY_CHOICES: return "clarify";
    case REPLY_NONE: return "none";
    case REPLY_CHITCHAT: return "chitchat";
    case REPLY_HANDOFF: return "handoff";
    }
    return "none";
}

static void add_segments(struct buf *b, struct pool *pool, const struct reply *r)
{
    size_t n;
    struct quote_segment *seg = quote_segments(pool, r, &n);
    buf_adds(b, ",\"segments\":[");
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, i ? ",{\"text\":" : "{\"text\":");
        json_add_string(b, seg[i].text, seg[i].len);
        buf_adds(b, ",\"cites\":[");
        if (seg[i].cite >= 0)
            buf_addf(b, "%d", seg[i].cite);
        buf_adds(b, "]}");
    }
    buf_addc(b, ']');
}

static void add_sources(struct buf *b, struct pool *pool, const struct reply *r)
{
    buf_adds(b, ",\"sources\":[");
    for (size_t i = 0; i < r->nanswer; i++) {
        const struct kb_hit *hit = &r->answer[i];
        buf_adds(b, i ? ",{" : "{");
        add_string(b, "id", hit->passage);
        buf_addc(b, ',');
        add_string(b, "title", hit->title);
        buf_addc(b, ',');
        add_string(b, "url", quote_url(pool, hit));
        buf_addc(b, ',');
        add_string(b, "section", quote_name(pool, hit, " › "));
        buf_addc(b, ',');
        add_string(b, "updated", hit->reviewed);
        buf_adds(b, ",\"score\":");
        json_add_number(b, hit->score);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void add_offers(struct buf *b, const struct reply *r)
{
    buf_adds(b, ",\"options\":[");
    for (size_t i = 0; i < r->nchoice; i++) {
        buf_adds(b, i ? ",{" : "{");
        add_string(b, "text", r->choice[i]);
        buf_addc(b, ',');
        add_string(b, "ask", r->choice[i]);
        buf_addc(b, '}');
    }
    buf_adds(b, "],\"suggest\":[");
    for (size_t i = 0; i < r->nsuggestion; i++) {
        if (i)
            buf_addc(b, ',');
        json_add_string(b, r->suggestion[i], strlen(r->suggestion[i]));
    }
    buf_addc(b, ']');
}

void web_render_ws(const struct outgoing *out, struct buf *b)
{
    const struct reply *r = out->reply;
    struct pool *pool = pool_new();
    buf_adds(b, "{\"t\":\"answer\",");
    add_string(b, "cid", out->to->ref);
    if (out->answer_id) {
        buf_addc(b, ',');
        add_string(b, "id", out->answer_id);
    }
    buf_addf(b, ",\"kind\":\"%s\",\"band\":\"%s\",\"p\":", kind_of(r), reply_band_name(r->band));
    json_add_number(b, r->confidence);
    add_segments(b, pool, r);
    add_sources(b, pool, r);
    add_offers(b, r);
    buf_addf(b, ",\"handoff\":%s,\"ms\":%lld}", r->kind == REPLY_HANDOFF ? "true" : "false",
             r->us / 1000);
    pool_free(pool);
}

void web_send_ws(struct web *w, const struct outgoing *out, const struct buf *body)
{
    struct server *s = web_server(w);
    struct peer *p = server_peer(s, out->to->to);
    if (!p) /* it went away; its answer is in the journal */
        return;
    struct chat *c = peer_data(p);
    peer_send(s, out->to->to, body->s, body->len);
    if (c)
        question_over(c);
}
