/* web_act.c: what a visitor does that has to last: asking, voting, wishing for a person. Each is one frame with a `cid`, the
 * client's own name for it, made once and the same on every retransmission; so the frame becomes a message of the inbox
 * whose identity is conversation and cid, and its event in the transcript is written with it. A frame that was committed
 * and not acknowledged is sent again by the client, and recognised here.
 *
 * Their own words are masked (redact.h) before anything of them is written; the address that a wish for a person asks for
 * is given on purpose and kept.
 *
 * One function for the WebSocket and for POST /v1/messages. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/clock.h"
#include "bot/hours.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/redact.h"
#include "kb/pool.h"

#define MAX_CID  (WEB_CID - 1)
#define MAX_WHY  32
#define MAX_NOTE 2000 /* bytes of what somebody adds in their own words */
#define MAX_NAME 200

bool web_is_cid(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n && n <= MAX_CID &&
           n == strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

/* One frame on its way in. */
struct act {
    struct web *w;
    struct web_actor *who;
    const struct cJSON *frame;
    const char *cid;
    struct pool *pool; /* what has been masked */
    char identity[WEB_CONVERSATION + MAX_CID + 1];
    struct buf body, event;
    inbox_put_fn *fn;
    void *ctx;
};

static void add_time(struct buf *b, const char *key, int64_t at)
{
    char text[CLOCK_TEXT];
    clock_text(at * 1000, text);
    buf_addc(b, ',');
    web_add_string(b, key, text);
}

/* A text in the visitor's own words, as it may be kept. */
static const char *words(struct act *a, const char *key, size_t max)
{
    return redact_for(bot_config(a->w->adapter->bot), a->pool, json_string(a->frame, key, max));
}

static int put(struct act *a, struct inbox_message *m)
{
    m->identity = a->identity;
    m->conversation = a->who->conversation;
    m->body = a->body.s;
    m->event = a->event.s;
    if (buf_failed(&a->body) || buf_failed(&a->event))
        return -E2BIG;
    return inbox_put(a->w->adapter, m, a->fn, a->ctx);
}

/* A question: `talk` is the conversation of a program's, or NULL. */
static struct inbound inbound_of(const char *conversation, const char *talk, const char *text,
                                 const char *lang, const char *cid)
{
    return (struct inbound){.text = text,
                            .len = strlen(text),
                            .conversation = talk ? talk : conversation,
                            .lane = conversation,
                            .lang = lang,
                            .form = talk ? WEB_KEPT : WEB_EVENT,
                            .ref = cid};
}

/* The body is what on_message() needs to ask; the event is what every tab shows. */
static int ask(struct act *a)
{
    const char *text = words(a, "text", MAX_WS_FRAME);
    if (!text)
        return -EPROTO;
    int err = bot_check(a->w->adapter, text, strlen(text));
    if (err)
        return err;
    a->who->retry_after_s = a->who->key ? web_limit_key(a->w, a->who->key)
                                        : web_limit(a->w, a->who->conversation, a->who->address);
    if (a->who->retry_after_s)
        return -EAGAIN;
    if (bot_loading(a->w->adapter->bot))
        return -ENODATA;
    if (bot_waiting(a->w->adapter->bot) >= MAX_QUEUE)
        return -EBUSY;
    buf_addc(&a->body, '{');
    web_add_string(&a->body, "text", text);
    if (*a->who->lang) {
        buf_addc(&a->body, ',');
        web_add_string(&a->body, "lang", a->who->lang);
    }
    if (a->who->talk) {
        buf_addc(&a->body, ',');
        web_add_string(&a->body, "talk", a->who->talk);
    }
    buf_addc(&a->body, '}');
    buf_adds(&a->event, "\"t\":\"msg\",\"from\":\"user\",");
    web_add_string(&a->event, "cid", a->cid);
    buf_addc(&a->event, ',');
    web_add_string(&a->event, "text", text);
    add_time(&a->event, "at", clock_wall_ms() / 1000);
    struct inbound in = inbound_of(a->who->conversation, a->who->talk, text, a->who->lang, a->cid);
    struct inbox_message m = {.ask = &in};
    return put(a, &m);
}

static bool is_word(const char *s)
{
    return !s || strlen(s) == strspn(s, "abcdefghijklmnopqrstuvwxyz_-");
}

static int feedback(struct act *a)
{
    const char *why = json_string(a->frame, "why", MAX_WHY);
    long long v = json_int(a->frame, "v", -1, 1, 9);
    struct inbox_vote vote = {.re = json_int(a->frame, "re", 1, INT64_MAX, 0),
                              .v = (int)v,
                              .voter = a->who->conversation,
                              .why = why,
                              .text = words(a, "text", MAX_NOTE)};
    if (v == 9 || !vote.re || !is_word(why))
        return -EPROTO;
    buf_addf(&a->body, "{\"re\":%lld,\"v\":%d,", (long long)vote.re, vote.v);
    web_add_string(&a->body, "why", why ? why : "");
    buf_addc(&a->body, ',');
    web_add_string(&a->body, "text", vote.text ? vote.text : "");
    buf_addc(&a->body, '}');
    buf_adds(&a->event, "\"t\":\"fb\",");
    web_add_string(&a->event, "cid", a->cid);
    buf_addf(&a->event, ",\"re\":%lld,\"v\":%d", (long long)vote.re, vote.v);
    struct inbox_message m = {.vote = &vote, .over = true};
    return put(a, &m);
}

/* False: nobody is there, and so nobody waits for them. */
static bool wish_event(struct act *a, const char *want)
{
    const struct bot *bot = a->w->adapter->bot;
    struct handoff_wish wish = {
        .want = want, .cid = a->cid, .eta_min = live_eta_min(bot), .at_ms = clock_wall_ms()};
    wish.open = hours_are(bot_config(bot), wish.at_ms / 1000, &wish.next_open_s);
    return handoff_event(&wish, &a->event);
}

static int handoff(struct act *a)
{
    static const char *const known = " live email cancel ";
    const char *want = json_string(a->frame, "want", 16);
    char padded[20];
    snprintf(padded, sizeof padded, " %s ", want ? want : "?");
    struct inbox_wish wish = {.want = want,
                              .name = json_string(a->frame, "name", MAX_NAME),
                              .email = json_string(a->frame, "email", MAX_NAME),
                              .note = words(a, "note", MAX_NOTE)};
    if (!want || !strstr(known, padded))
        return -EPROTO;
    if (!strcmp(want, "email") && !(wish.email && strchr(wish.email, '@')))
        return -EPROTO; /* nobody could answer it */
    buf_addc(&a->body, '{');
    web_add_string(&a->body, "want", want);
    buf_addc(&a->body, ',');
    web_add_string(&a->body, "name", wish.name ? wish.name : "");
    buf_addc(&a->body, ',');
    web_add_string(&a->body, "email", wish.email ? wish.email : "");
    buf_addc(&a->body, ',');
    web_add_string(&a->body, "note", wish.note ? wish.note : "");
    buf_addc(&a->body, '}');
    bool granted = wish_event(a, want);
    struct inbox_message m = {.wish = granted ? &wish : NULL, .over = true};
    int err = put(a, &m);
    if (!err && granted && strcmp(want, "cancel"))
        log_info("web", "somebody asks for a person", "via=%s", want);
    return err;
}

int web_act(struct web *w, struct web_actor *who, const struct cJSON *frame, inbox_put_fn *fn,
            void *ctx)
{
    static const struct {
        const char *t;
        int (*fn)(struct act *a);
    } acts[] = {{"ask", ask}, {"feedback", feedback}, {"handoff", handoff}};
    const char *t = json_string(frame, "t", 32);
    struct act a = {.w = w, .who = who, .frame = frame, .fn = fn, .ctx = ctx};
    a.cid = json_string(frame, "cid", MAX_CID);
    int err = -ENOTSUP;
    for (size_t i = 0; t && i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(t, acts[i].t))
            continue;
        if (!web_is_cid(a.cid))
            return -EPROTO;
        snprintf(a.identity, sizeof a.identity, "%s:%s", who->conversation, a.cid);
        a.pool = pool_new();
        buf_init(&a.body, 4 * MAX_WS_FRAME);
        buf_init(&a.event, 4 * MAX_WS_FRAME);
        err = acts[i].fn(&a);
        buf_release(&a.body);
        buf_release(&a.event);
        pool_free(a.pool);
    }
    return t ? err : -EPROTO;
}

int web_receipt_error(const struct inbox_receipt *r)
{
    return r->err ? r->err : r->conflict ? -EEXIST : 0;
}

/* A question of the inbox: new, or from before the last restart. */
void web_on_message(struct web *w, const struct inbox_item *item)
{
    const char *colon = strchr(item->identity, ':');
    struct cJSON *j = json_parse(item->body, strlen(item->body));
    const char *text = json_string(j, "text", MAX_WS_FRAME);
    int err = -EINVAL;
    if (text && colon) {
        char conversation[WEB_CONVERSATION];
        size_t n = (size_t)(colon - item->identity);
        n = n < sizeof conversation ? n : sizeof conversation - 1;
        memcpy(conversation, item->identity, n);
        conversation[n] = '\0';
        const char *talk = json_string(j, "talk", WEB_CONVERSATION); /* of a program's question */
        struct inbound in =
            inbound_of(conversation, talk, text, json_string(j, "lang", 8), colon + 1);
        in.item = item;
        err = bot_receive(w->adapter, &in);
    }
    json_free(j);
    if (err &&
        err != -ESHUTDOWN) /* about to stop: it is open on disk, and answered at the next start */
        inbox_end(w->adapter, item->id, INBOX_WAS_IGNORED);
}
