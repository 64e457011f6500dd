/* adapter.h: the contract with chat networks. An adapter turns one network's dialect into bot_receive(), and
 * replies back into it. It sees this header and the tools it brings, never another adapter, libwebsockets,
 * curl or SQLite. A new network is one folder and one line in adapters/list.c; nothing in bot/ changes. */
#ifndef BOT_ADAPTER_H
#define BOT_ADAPTER_H

#include "bot/buf.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/reply.h"
#include "bot/server.h"

struct bot;
struct adapter;

/* A question on its way in: copied by bot_receive(). */
struct inbound {
    const char *text; /* cleaned: no mentions, no mark-up */
    size_t len;
    const char *conversation; /* opaque, unique within the adapter; "" for a single question */
    const char *lang;         /* or NULL */
    server_handle to; /* where the reply goes, for networks that answer on the same connection */
    int form;         /* the adapter's own note on how to render the reply */
    const char *ref;  /* its note on what the reply answers, or NULL; at most 256 bytes */
};

/* A reply on its way out. */
struct outgoing {
    const struct inbound *to;
    const struct reply *reply;
    const char *answer_id; /* of the journal */
};

struct adapter_type {
    const char *name;               /* "slack": config section, URL prefix, log tag */
    const struct setting *settings; /* what it reads, with default and help text */
    const char *websocket;          /* "/v1/ws", of the one with on_peer(); else NULL */
    const char *subprotocol;        /* "guidepost.v1", likewise */
    const char *webhook;            /* "/slack/": paths whose bodies may be bigger, or NULL */
    size_t max_body;                /* up to this many bytes; else MAX_HTTP_BODY */

    /* Settings are in; keep state in a->state. Return 1: off (no secrets), said once by the caller. */
    int (*open)(struct adapter *a);
    void (*close)(struct adapter *a); /* also after a failed open() */

    /* The world calls: check the raw bytes, parse, bot_receive(), and only then acknowledge. NULL: never happens.
     * on_request() returns false for what is not its own; what is nobody's becomes a 404. */
    bool (*on_request)(struct adapter *a, struct request *rq);
    void (*on_peer)(struct adapter *a, struct peer *p, enum peer_event ev, const char *s,
                    size_t len);

    /* The bot calls. render() is pure and may run on any thread; send() starts on the loop, and its outcome
     * is the adapter's to report. */
    int (*render)(const struct adapter *a, const struct outgoing *out, struct buf *ret_body);
    int (*send)(struct adapter *a, const struct outgoing *out, const struct buf *body);
};

struct adapter {
    const struct adapter_type *type;
    struct bot *bot;
    void *state;
};

/* adapters/list.c, NULL-terminated. */
extern const struct adapter_type *const adapter_types[];

/* ---- what the bot offers an adapter (bot.c, turn.c) ---- */

/* Take a question in. 0, or -EBUSY (too much waits: say so, with a time to retry), -ESHUTDOWN (about to stop),
 * -E2BIG (too long), -EINVAL (empty), -EILSEQ (not UTF-8). On 0 exactly one send() follows, whatever happens; within a
 * conversation in the order of the questions. Loop thread. */
int bot_receive(struct adapter *a, const struct inbound *in);
/* A reload replaces it: keep no pointer into it. */
const struct config *bot_config(const struct bot *bot);
struct loop *bot_loop(const struct bot *bot);
struct server *bot_server(const struct bot *bot);
/* The leading topics of the base, for a page's first screen; NULL-terminated. Refreshed with the index. */
const char *const *bot_topics(const struct bot *bot);

#endif
