/* adapter.h: the contract with chat networks. An adapter turns one network's dialect into bot_receive(), and
 * replies back into it. It sees this header and the tools it brings, never another adapter, libwebsockets,
 * curl or SQLite. A new network is one folder and one line in adapters/list.c; nothing in bot/ changes. */
#ifndef BOT_ADAPTER_H
#define BOT_ADAPTER_H

#include "bot/buf.h"
#include "bot/config.h"
#include "bot/inbox.h"
#include "bot/json.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/outbox.h"
#include "bot/relay.h"
#include "bot/reply.h"
#include "bot/server.h"
#include "bot/transcript.h"

struct bot;
struct adapter;
struct desk;
struct fix;
struct doctor;
struct pool;
struct secret;

/* A question on its way in: copied by bot_receive(). */
struct inbound {
    const char *text; /* cleaned: no mentions, no mark-up */
    size_t len;
    const char *conversation; /* opaque, unique within the adapter; "" for a single question */
    const char *lang;         /* or NULL */
    server_handle to; /* where the reply goes, for networks that answer on the same connection */
    int form;         /* the adapter's own note on how to render the reply */
    const char *ref;  /* its note on what the reply answers, or NULL; at most 256 bytes */

    /* Of a message of the inbox (inbox.h); zero for a question that lives no longer than its connection. */
    const struct inbox_item *item;
    const char
        *claim; /* the message it answers, when several may ask for the same reply; or NULL */
    const struct inbox_also *also; /* ... and these, too */
    size_t nalso;
    const char
        *lane; /* of the outbox, or the transcript that gets the reply; NULL: the conversation */
    const char *note; /* for deliver(); or NULL */
};

/* A reply on its way out. */
struct outgoing {
    const struct inbound *to;
    const struct reply *reply;
    const char *answer_id; /* of the journal, or NULL: it could not be recorded */
    int64_t re;            /* number of the question's event in the transcript, or 0 */
    const char *same;      /* what render_same() made of this reply for somebody before, or NULL */
    size_t nsame;          /* its bytes */
};

struct adapter_type {
    const char *name;               /* "slack": config section, URL prefix, log tag */
    const struct setting *settings; /* what it reads, with default and help text */
    const char *websocket;          /* "/v1/ws", of those with on_peer(); else NULL */
    const char *subprotocol;        /* "guidepost.v1", likewise */
    bool websocket_own_page;        /* only from a page of our own origin (server.h) */
    const char *const *
        webhook; /* "/slack/": how paths begin whose bodies may be bigger; NULL-terminated, or NULL */
    size_t max_body; /* up to this many bytes; else MAX_HTTP_BODY */

    /* Settings are in; keep state in a->state. Return 1: off (no secrets), said once by the caller. */
    int (*open)(struct adapter *a);
    void (*close)(struct adapter *a); /* also after a failed open() */

    /* The process is about to stop: whoever only waits for news is told that there is none. NULL: nobody waits. */
    void (*drain)(struct adapter *a);

    /* The world calls: check the raw bytes, parse, bot_receive(), and only then acknowledge. NULL: never happens.
     * on_request() returns false for what is not its own; what is nobody's becomes a 404. */
    bool (*on_request)(struct adapter *a, struct request *rq);
    void (*on_peer)(struct adapter *a, struct peer *p, enum peer_event ev, const char *s,
                    size_t len);

    /* The bot calls. render() is pure and may run on any thread; what does not fit into the body is not sent. send() starts on
     * the loop, and its outcome is the adapter's to report; NULL: every question is a message of the inbox. */
    void (*render)(const struct adapter *a, const struct outgoing *out, struct buf *ret_body);
    void (*send)(struct adapter *a, const struct outgoing *out, const struct buf *body);
    /* Likewise pure: that part of render()'s body which is the same for everybody who gets this reply in this form; it is made
     * once where many ask the same, and comes back as out->same. False: there is none in that form. May be NULL. */
    bool (*render_same)(const struct adapter *a, const struct reply *r, int form, struct buf *ret);

    /* Durable delivery; all of it on the loop. */
    bool
        has_transcripts; /* replies of the inbox go to the conversation's transcript, not to the outbox */
    bool repeats_safely; /* sending the same idem twice has the effect of once */
    /* A message of the inbox: end it with bot_receive() or inbox_end(), now or later, once. */
    void (*on_message)(struct adapter *a, const struct inbox_item *item);
    /* Start sending; outbox_done() follows. */
    void (*deliver)(struct adapter *a, const struct outbox_item *item);
    /* A transcript has grown, or (event NULL) was erased. */
    void (*on_event)(struct adapter *a, const char *conversation,
                     const struct transcript_event *event);

    /* Words between askers and the staff (relay.h), rendered; pure, any thread. 0, or negative: they cannot be brought there. NULL: none can. */
    int (*relay)(const struct adapter *a, struct pool *pool, const struct relay_words *w,
                 struct relay_letter *ret);
    /* Somebody of the staff (who NULL: it does not matter who) is typing to them, or not any more. NULL: that is not shown there. */
    void (*on_typing)(struct adapter *a, const char *conversation, const char *who, bool on);

    /* In plain words what keeps the network away, static or the adapter's own text; NULL: nothing. May be NULL itself. */
    const char *(*trouble)(const struct adapter *a);

    /* For the command line; both may be NULL. Say what is wrong with the connection to the network (doctor.h). Print `what`;
     * what is wrong with that, or NULL. */
    void (*doctor)(struct doctor *d);
    const char *(*print)(const struct config *c, const char *what, struct buf *b);
};

struct adapter {
    const struct adapter_type *type;
    struct bot *bot;
    void *state;
};

/* adapters/list.c, NULL-terminated. */
extern const struct adapter_type *const adapter_types[];

/* ---- for its open() (adapter.c) ---- */

/* Read the secret that a setting names. 0, also when there is none (ret->n is 0 then); -EINVAL after it was said. */
int adapter_secret(struct adapter *a, const char *setting, struct secret *ret);
/* The address that a setting holds, without a slash at its end; free(). */
char *adapter_base(struct adapter *a, const char *setting);

/* ---- what the bot offers an adapter (bot.c, turn.c) ---- */

/* May this be asked? 0, or -E2BIG, -EINVAL, -EILSEQ as below. */
int bot_check(const struct adapter *a, const char *text, size_t len);
/* Take a question in. 0, or -EBUSY (too much waits: say so, with a time to retry), -ESHUTDOWN (about to stop),
 * -ENODATA (bot_loading(): in a moment), -E2BIG (too long), -EINVAL (empty), -EILSEQ (not UTF-8). On 0 exactly one send() follows, whatever happens; within a
 * conversation in the order of the questions. Loop thread.
 * With in->item it answers a message of the inbox: then it is never -EBUSY, the reply is written where it belongs, and
 * send() is not called. On an error the message is still open: inbox_end() it. */
int bot_receive(struct adapter *a, const struct inbound *in);
/* Read the base without asking it a question: look(kb, ctx) on an answering thread, `kb` NULL while there is no base; then
 * done(ctx) on the loop, which frees `pool`, where ctx lives. When the process stops before that, the pool is freed and
 * done() not called. 0, or -EBUSY and the pool is the caller's. */
int bot_look(struct bot *bot, struct pool *pool, void (*look)(struct kb *kb, void *ctx),
             void (*done)(void *ctx), void *ctx);
/* A reload replaces it: keep no pointer into it. */
const struct config *bot_config(const struct bot *bot);
/* For whom this network asks: content for that audience is answered there beside what is for everybody. NULL: nobody in
 * particular, and only the latter. Good until a reload. */
const char *bot_audience(const struct adapter *a);
struct loop *bot_loop(const struct bot *bot);
struct server *bot_server(const struct bot *bot);
/* The delivery thread (http.h), started when first asked for; NULL: it could not be. */
struct http *bot_http(struct bot *bot);
/* The staff's side (desk.h), started when first asked for; NULL: it could not be. */
struct desk *bot_desk(struct bot *bot);
/* Where the staff changes the content (fix.h); NULL: there is no thread for it. */
struct fix *bot_fix(const struct bot *bot);
size_t bot_waiting(const struct bot *bot); /* messages whose reply is to be found yet */
bool bot_draining(const struct bot *bot);  /* about to stop: take nothing in */
/* The guides are being read for the first time: there is nothing to answer from yet. */
bool bot_loading(const struct bot *bot);
/* While it is the same, so are the settings and the topics: for what is made of them once. */
unsigned bot_number(const struct bot *bot);
/* The leading topics of the base that are for everybody, for a page's first screen; NULL-terminated. Refreshed with the index. */
const char *const *bot_topics(const struct bot *bot);
/* Of the same, questions and headings that begin like what was typed, at most `max`, best first; good until the loop turns. How many. */
size_t bot_suggest(const struct bot *bot, const char *typed, size_t max, const char **ret);

#endif
