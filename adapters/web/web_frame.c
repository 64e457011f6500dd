/* web_frame.c: what the server says in guidepost.v1, over a WebSocket and over HTTP alike. Text is plain everywhere: no
 * mark-up, no offsets; a browser needs nothing but textContent. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/web/web_int.h"
#include "bot/clock.h"
#include "bot/hours.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "kb/kb.h"

#define MAX_ITEMS 6 /* of a type-ahead: as many as fit above a phone's keyboard */

static void add_key(struct buf *b, const char *key)
{
    buf_addc(b, '"');
    buf_adds(b, key);
    buf_adds(b, "\":");
}

void web_add_string(struct buf *b, const char *key, const char *s)
{
    add_key(b, key);
    json_add_string(b, s, strlen(s));
}

static void add_list(struct buf *b, const char *key, const char *const *s, size_t n)
{
    add_key(b, key);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ',');
        json_add_string(b, s[i], strlen(s[i]));
    }
    buf_addc(b, ']');
}

void web_suggest(struct web *w, const char *text, struct buf *b)
{
    const char *item[MAX_ITEMS];
    size_t n = bot_suggest(w->adapter->bot, text, MAX_ITEMS, item);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ',');
        json_add_string(b, item[i], strlen(item[i]));
    }
    buf_addc(b, ']');
}

/* ---- ready, ack, error ---- */

static const char *mode_name(enum transcript_mode mode)
{
    return mode == TRANSCRIPT_HUMAN ? "human" : mode == TRANSCRIPT_WAITING ? "waiting" : "bot";
}

static void make_config(const struct bot *bot, struct buf *b)
{
    const char *const *topic = bot_topics(bot);
    size_t n = 0;
    while (topic[n])
        n++;
    buf_adds(b, "\"v\":1,");
    add_list(b, "starters", topic, n);
    buf_addf(b,
             ",\"limits\":{\"chars\":%d,\"in_flight\":%d},"
             "\"feat\":[\"log\",\"feedback\",\"handoff\",\"erase\",\"suggest\"],\"site\":{",
             MAX_QUESTION_CHARS, MAX_IN_FLIGHT);
    web_add_string(b, "name", config_text(bot_config(bot), "web.title"));
    buf_addc(b, ',');
    web_add_string(b, "privacy_url", config_text(bot_config(bot), "web.privacy_url"));
    buf_addc(b, ',');
    web_add_string(b, "contact", config_text(bot_config(bot), "web.contact"));
    buf_addc(b, ',');
    const char *const *hours = config_list(bot_config(bot), "staff.hours", &n);
    add_list(b, "hours", hours, n);
    buf_addc(b, '}');
}

/* Every chat begins with it, so it is made once. */
void web_add_config(struct web *w, struct buf *b)
{
    const struct bot *bot = w->adapter->bot;
    if (!w->config.len || w->config_number != bot_number(bot)) {
        buf_clear(&w->config);
        make_config(bot, &w->config);
        w->config_number = bot_number(bot);
    }
    if (buf_failed(&w->config))
        make_config(bot, b); /* and find that it is too much, each time */
    else
        buf_add(b, w->config.s, w->config.len);
}

void web_frame_ready(struct web *w, const char *token, const char *conversation,
                     const struct transcript *t, struct buf *b)
{
    char epoch[TRANSCRIPT_EPOCH];
    transcript_epoch(w->adapter, conversation, epoch);
    buf_adds(b, "{\"t\":\"ready\",");
    web_add_string(b, "tok", token);
    buf_adds(b, ",\"epoch\":\"");
    buf_adds(b, epoch);
    buf_adds(b, "\",\"head\":");
    buf_addi(b, t->head);
    buf_adds(b, ",\"mode\":\"");
    buf_adds(b, mode_name(t->mode));
    buf_adds(b, "\",");
    web_add_config(w, b);
    buf_addc(b, '}');
}

void web_frame_presence(struct web *w, struct buf *b)
{
    const struct bot *bot = w->adapter->bot;
    int64_t next = 0;
    char at[CLOCK_TEXT];
    bool there = live_is_staffed(bot) || hours_are(bot_config(bot), clock_wall_ms() / 1000, &next);
    buf_addf(b, "{\"t\":\"presence\",\"staff\":%s", there ? "true" : "false");
    if (!there && next) {
        clock_text(next * 1000, at);
        json_add_member(b, "next_open", at);
    }
    buf_addc(b, '}');
}

void web_frame_typing(const char *who, bool on, struct buf *b)
{
    buf_adds(b, "{\"t\":\"typing\"");
    if (who)
        json_add_member(b, "who", who);
    buf_addf(b, ",\"on\":%s}", on ? "true" : "false");
}

void web_frame_event(const struct transcript_event *ev, struct buf *b)
{
    buf_adds(b, "{\"seq\":");
    buf_addi(b, ev->seq);
    buf_addc(b, ',');
    buf_add(b, ev->body, ev->len);
    buf_addc(b, '}');
}

void web_frame_ack(const char *cid, const struct inbox_receipt *r, struct buf *b)
{
    buf_adds(b, "{\"t\":\"ack\",");
    web_add_string(b, "cid", cid);
    buf_adds(b, ",\"seq\":");
    buf_addi(b, r->seq);
    buf_adds(b, r->known ? ",\"dup\":true}" : "}");
}

void web_frame_error(const char *cid, const struct web_refusal *why, struct buf *b)
{
    buf_addf(b, "{\"t\":\"error\",\"code\":\"%s\",", why->code);
    web_add_string(b, "title", why->title);
    if (cid) {
        buf_addc(b, ',');
        web_add_string(b, "cid", cid);
    }
    buf_addf(b, ",\"retry\":%s", why->retry_after_s ? "true" : "false");
    if (why->retry_after_s)
        buf_addf(b, ",\"retry_after\":%d", why->retry_after_s);
    buf_addc(b, '}');
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
        web_add_string(b, "id", hit->passage);
        buf_addc(b, ',');
        web_add_string(b, "title", hit->title);
        buf_addc(b, ',');
        web_add_string(b, "url", quote_url(pool, hit));
        buf_addc(b, ',');
        web_add_string(b, "section", quote_name(pool, hit, " › "));
        buf_addc(b, ',');
        web_add_string(b, "updated", hit->reviewed);
        buf_adds(b, ",\"score\":");
        json_add_number(b, hit->score);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void add_options(struct buf *b, const struct reply *r)
{
    buf_adds(b, ",\"options\":[");
    for (size_t i = 0; i < r->nchoice; i++) {
        buf_adds(b, i ? ",{" : "{");
        web_add_string(b, "text", r->choice[i]);
        buf_addc(b, ',');
        web_add_string(b, "ask", r->choice[i]);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static const char answer_head[] = "\"t\":\"answer\",\"re\":";

/* All behind its names; the rest of it is the same for everybody who asks that. */
void web_render_same(const struct reply *r, struct buf *b)
{
    struct pool *pool = pool_new();
    buf_addf(b, ",\"kind\":\"%s\",\"band\":\"%s\",\"p\":", kind_of(r), reply_band_name(r->band));
    json_add_number(b, r->confidence);
    add_segments(b, pool, r);
    add_sources(b, pool, r);
    add_options(b, r);
    buf_addc(b, ',');
    add_list(b, "suggest", (const char *const *)r->suggestion, r->nsuggestion);
    buf_addf(b, ",\"handoff\":%s,\"ms\":%lld", r->person == PERSON_OFFERED ? "true" : "false",
             r->us / 1000);
    pool_free(pool);
}

void web_render_answer(const struct outgoing *out, struct buf *b)
{
    buf_adds(b, answer_head);
    buf_addi(b, out->re);
    buf_addc(b, ',');
    web_add_string(b, "cid", out->to->ref ? out->to->ref : "");
    if (out->answer_id) {
        buf_addc(b, ',');
        web_add_string(b, "id", out->answer_id);
    }
    if (out->same)
        buf_add(b, out->same, out->nsame);
    else
        web_render_same(out->reply, b);
}

static const char reply_head[] = ",\"reply\":";

void web_render_kept(const struct outgoing *out, struct buf *b)
{
    buf_addf(b, "%s%lld%s", answer_head, (long long)out->re, reply_head);
    reply_json(out->reply, NULL, out->answer_id, b);
}

const char *web_kept_reply(const struct transcript_event *ev, size_t *ret_len)
{
    size_t at = sizeof answer_head - 1, n = sizeof reply_head - 1;
    at += strspn(ev->body + at, "0123456789");
    if (!web_answer_re(ev) || strncmp(ev->body + at, reply_head, n))
        return NULL;
    *ret_len = ev->len - at - n;
    return ev->body + at + n;
}

int64_t web_answer_re(const struct transcript_event *ev)
{
    size_t n = sizeof answer_head - 1;
    return strncmp(ev->body, answer_head, n) ? 0 : strtoll(ev->body + n, NULL, 10);
}

int web_hands_over(const struct transcript_event *ev)
{
    static const char head[] = "\"t\":\"handoff\"";
    if (strncmp(ev->body, head, sizeof head - 1))
        return 0;
    if (strstr(ev->body,
               "\"state\":\"queued\"")) /* asked for once more, perhaps while there is one */
        return 0;
    return strstr(ev->body, "\"state\":\"active\"") ? 1 : -1;
}
