/* slack_int.h: what the files of adapters/slack/ share; one section per file. */
#ifndef ADAPTERS_SLACK_SLACK_INT_H
#define ADAPTERS_SLACK_SLACK_INT_H

#include "bot/adapter.h"
#include "bot/secret.h"
#include "bot/task.h"
#include "kb/pool.h"

struct cJSON;

#define SLACK_MAX_ID 64 /* bytes of any of their ids: T…, C…, U…, a timestamp */

/* Who we are, as auth.test says. Without it nothing is answered: not knowing one's own name is how a bot comes to
 * talk to itself. */
struct slack_self {
    char team[SLACK_MAX_ID], user[SLACK_MAX_ID], bot[SLACK_MAX_ID];
    char url[256]; /* of the workspace, "https://example.slack.com/" */
};

/* ---- slack_sign.c: is it from Slack? ---- */

enum slack_verdict {
    SLACK_GENUINE,
    SLACK_UNSIGNED, /* no signature, or nothing that could be one */
    SLACK_STALE,    /* older or newer than the window: a replay, or a clock that is wrong */
    SLACK_FORGED,
};

/* Scheme v0 over the raw body. `timestamp` and `signature` are the headers' values or NULL. On SLACK_STALE the
 * difference is in *ret_skew_s (ours minus theirs). */
enum slack_verdict slack_sign_check(const struct secret *secret, const char *timestamp,
                                    const char *signature, const char *body, size_t len,
                                    int64_t now_s, int64_t window_s, int64_t *ret_skew_s);
/* "v0=…" of a body, terminated, for tests and doctor. */
#define SLACK_SIGNATURE_LEN 67
void slack_sign_make(const char *secret, const char *timestamp, const char *body, size_t len,
                     char ret[SLACK_SIGNATURE_LEN + 1]);
/* The unsigned probe of a command's address: true means answer 200 with nothing and do nothing, whatever else is
 * in it. */
bool slack_sign_is_probe(const char *body, size_t len);

/* ---- slack_text.c: mark-up of a message becomes what was typed ---- */

struct slack_text {
    const char
        *text;     /* without mark-up and our mentions, blanks collapsed; "" when nothing is left */
    bool names_us; /* we are mentioned in it */
    bool begins_other; /* it begins with a mention of somebody else */
};

/* `self`: our user id, "" to know nobody. All in `pool`. */
struct slack_text slack_text_read(struct pool *pool, const char *raw, const char *self);

/* ---- slack_event.c: what a delivery says ---- */

enum slack_kind {
    SLACK_NOTHING,   /* not for us; `why` tells */
    SLACK_MESSAGE,   /* somebody wrote something */
    SLACK_EDITED,    /* and has changed it */
    SLACK_DELETED,   /* or taken it back */
    SLACK_COMMAND,   /* /ask */
    SLACK_SHORTCUT,  /* "ask the bot" on somebody's message */
    SLACK_CLICK,     /* a button below an answer */
    SLACK_HOME,      /* the app's home was opened */
    SLACK_GONE,      /* uninstalled, or our tokens were revoked */
    SLACK_THROTTLED, /* Slack holds events back: there are too many */
    SLACK_CHALLENGE, /* the address is being verified */
};

/* All strings are "" when absent and live in the pool. */
struct slack_event {
    enum slack_kind kind;
    const char *why; /* of SLACK_NOTHING, static text */
    const char *key; /* of the delivery: the same for every retry of it */
    const char *team, *channel, *user;
    const char *ts;     /* of the message: its id */
    const char *thread; /* of the message that a thread hangs off, "" outside one */
    const char *raw;    /* text as sent */
    struct slack_text text;
    bool direct;   /* a direct message */
    bool mention;  /* delivered as a mention */
    bool external; /* from another workspace, over Slack Connect */
    const char *response_url, *trigger, *command, *challenge;
    const char *changed_at;                  /* of an edit */
    const char *action, *value, *clicked_at; /* of a click: which button, and when */
    const char *blocks;                      /* of the clicked message, JSON */
    bool ephemeral; /* the clicked message is one that only one person sees */
};

/* Whom we listen to. */
struct slack_gate {
    const struct slack_self *self;
    const char *app;                /* id of our app, "" when it does not matter */
    const char *const *allowed_bot; /* user ids of bots whose messages count; NULL-terminated */
};

/* Read a delivery: an event, a click, a command; a form or JSON, over HTTP or out of a Socket Mode envelope. `gate`
 * NULL: only what can be said without knowing who we are (kind SLACK_CHALLENGE, and the key). 0, or -EBADMSG when it is
 * nothing that Slack sends. */
int slack_event_read(struct pool *pool, const char *body, size_t len, const struct slack_gate *gate,
                     struct slack_event *ret);

/* ---- slack_mrkdwn.c: Markdown becomes mrkdwn ---- */

/* Append s[0..len) of Markdown (markdown_open() was called) as mrkdwn. */
void slack_mrkdwn(const char *s, size_t len, struct buf *b);
/* Append plain text so that none of it means anything to Slack. */
void slack_put_plain(struct buf *b, const char *s, size_t len);
/* Append "<url|label>"; false, and nothing, when it is no http, https or mailto address. `label` is plain. */
bool slack_put_link(struct buf *b, const char *url, const char *label);
void slack_put_label(struct buf *b, const char *s); /* one line, escaped */

/* ---- slack_split.c: where a text that is too long is cut ---- */

/* How many of the `len` bytes go into a piece of at most `max`. */
size_t slack_split_at(const char *s, size_t len, size_t max);
/* Pieces of at most `max` bytes (at least 64) of a mrkdwn text, without blanks at their ends; at most `size` of them.
 * How many. */
size_t slack_split(struct pool *pool, const char *s, size_t max, const char **ret, size_t size);

/* ---- slack_api.c: what Slack says to a call ---- */

enum slack_class {
    SLACK_FINE,
    SLACK_BENIGN,  /* not done, and that is all right: it was done before, or its message is gone */
    SLACK_DOWN,    /* the token is no good: everything has to wait for a person */
    SLACK_REFUSED, /* this message, whatever we try */
    SLACK_NO_THREAD, /* the same, unless it is sent outside the thread */
    SLACK_CONTENT,   /* it is too big, or not to their taste: once more as plain text */
    SLACK_LATER,     /* not done; come again after retry_after_s */
    SLACK_UNSENT,    /* never reached them */
    SLACK_UNSURE,    /* it may have been done */
};

struct http_response;
struct slack_result {
    enum slack_class class;
    char error[64];        /* one word, theirs or ours; "" when fine */
    char needed[64];       /* the scope that is missing, or "" */
    char ts[SLACK_MAX_ID]; /* of what was posted, or "" */
    char channel[SLACK_MAX_ID];
    long retry_after_s; /* -1: they did not say */
};
void slack_result_read(const struct http_response *res, struct slack_result *ret);
/* What to do about an error of class SLACK_DOWN, in plain words. */
const char *slack_down_step(const char *error);

/* ---- slack_block.c: a reply as blocks ---- */

/* Limits of ours, below theirs, which are partly unknown; bytes. */
#define SLACK_SECTION_BYTES 2900
#define SLACK_TEXT_BYTES    9000  /* all text of one message */
#define SLACK_JSON_BYTES    14000 /* its blocks */
#define SLACK_UPDATE_BYTES  3900  /* text of chat.update */
#define SLACK_NOTICE_BYTES  300   /* what a notification shows */
#define SLACK_MAX_PARTS     8
#define SLACK_BUTTON_BYTES  72

/* {"kind":"answer","parts":[{"text":"…","blocks":[…]},…]}: one part is one message, and buttons are on the last.
 * `answer_id` NULL: without buttons. `handoff`: there is a channel where people help. */
void slack_render(const struct reply *r, const char *answer_id, bool handoff, struct buf *b);
/* The same for a line of our own; `text` is mrkdwn. */
void slack_render_line(const char *text, struct buf *b);
/* Words with buttons below them, one piece after another; `text` is mrkdwn. */
struct slack_button {
    const char *label, *verb, *value; /* verb: unique within the message */
};
struct slack_piece {
    const char *text;
    const struct slack_button *button;
    size_t nbutton;
};
void slack_render_pieces(const struct slack_piece *piece, size_t n, struct buf *b);
/* A message after a click: `blocks` of it without its buttons, then `line` (mrkdwn); `again`: with the hand-off
 * button. One part as above. False when `blocks` is no list. */
bool slack_render_thanks(const struct cJSON *blocks, const char *text, const char *answer_id,
                         const char *line, bool again, struct buf *b);
/* The app's home: who we are and what can be asked. */
void slack_render_home(const char *const *topics, struct buf *b);
/* Our words. */
extern const char slack_help[], slack_looking[];

/* ---- slack_place.c: where a reply goes; the outbox's note ---- */

enum slack_via {
    SLACK_POST = 1,  /* a message */
    SLACK_UPDATE,    /* in place of message `ts` */
    SLACK_EPHEMERAL, /* that only `user` sees */
    SLACK_RESPOND,   /* to `url`, which a command or a click came with */
    SLACK_VIEW,      /* the home of `user` */
};

/* All strings "" when absent. */
struct slack_place {
    enum slack_via via;
    const char *channel, *thread, *user, *ts, *url;
    const char *asked;    /* the message that is answered, "" when it is none */
    const char *question; /* its beginning, for the people it may be handed to */
    int64_t until_ms;     /* the url is good for so long, wall clock */
    bool only_if_sure;    /* silence is better than "I do not know" here */
};

const char *slack_place_write(struct pool *pool, const struct slack_place *p);
/* False when it is none. */
bool slack_place_read(struct pool *pool, const char *note, struct slack_place *ret);

/* ---- slack_policy.c: where we speak ---- */

enum slack_policy { SLACK_OFF, SLACK_WHEN_NAMED, SLACK_PRIVATELY, SLACK_ALWAYS };

/* Of a row of slack.channels, "C0123=off": what is wrong with it, or NULL. */
const char *slack_policy_check(const char *row);
enum slack_policy slack_policy_of(const struct config *c, const char *channel);

/* ---- slack.c: the adapter ---- */

/* How many parts of an item of the outbox are out, while it is tried again. */
#define SLACK_PROGRESS 32
struct slack_progress {
    int64_t id;
    size_t parts;
};

struct slack {
    struct adapter *adapter;
    struct secret signing, token, app_token;
    char *api_base;
    struct slack_self self;
    bool known; /* self is */
    bool down;  /* our token is no good; everything waits */
    char why_down[64];
    struct tasks tasks;
    struct held_list held; /* messages that came before we knew our name */
    struct slack_burst *bursts;
    struct slack_flight *flights;
    struct loop_timer *auth_timer;
    unsigned auth_tries;
    struct slack_progress progress[SLACK_PROGRESS]; /* of replies in several parts */
    size_t nprogress;
    uint64_t complained_ms[4]; /* by verdict: when we last said so */
    struct slack_socket *socket;
};

/* A delivery came in, over HTTP or a socket: into the inbox, then `fn`. As inbox_put(); what cannot be read is put in, too. */
int slack_take(struct slack *s, const char *body, size_t len, inbox_put_fn *fn, void *ctx);
/* What to say at once to a command; NULL: nothing. Static text. */
const char *slack_first_words(const struct slack *s, const struct slack_event *ev);

/* ---- slack_auth.c: who we are, and whether we may speak ---- */

void slack_auth_start(struct slack *s);
/* The token is no good: say so, stop, and look again from time to time. */
void slack_auth_lost(struct slack *s, const struct slack_result *r);
void slack_auth_stop(struct slack *s);

typedef void slack_call_fn(void *ctx, const struct slack_result *r,
                           const struct http_response *res);
/* POST api_base/method. `body`: JSON, or a form when `form`. fn is always called, perhaps at once. */
void slack_call(struct slack *s, const char *method, const char *body, bool form, const char *token,
                slack_call_fn *fn, void *ctx);
/* POST to an address out of a payload; only to Slack's own (or api_base's) host. */
void slack_post_to(struct slack *s, const char *url, const char *body, slack_call_fn *fn,
                   void *ctx);
bool slack_may_post_to(const struct slack *s, const char *url);

/* ---- slack_in.c: a message of the inbox is dealt with ---- */

void slack_on_message(struct adapter *a, const struct inbox_item *item);
/* What its delivery said, gated; false when it cannot be read. */
bool slack_read_item(const struct slack *s, struct pool *pool, const struct inbox_item *item,
                     struct slack_event *ret);
/* Where an answer to it goes. */
struct slack_place slack_place_of(const struct slack *s, const struct slack_event *ev);
void slack_ignore(struct slack *s, const struct inbox_item *item, const char *why);
/* A question, to be answered at `place`. `also`: further messages that the reply answers. */
void slack_ask(struct slack *s, const struct inbox_item *item, const char *claim,
               const char *conversation, const char *text, const struct slack_place *place,
               const struct inbox_also *also, size_t nalso);
/* A line of our own instead of an answer, once per `idem`; the message is over. `text` is mrkdwn. */
void slack_say(struct slack *s, const struct inbox_item *item, const char *idem, const char *text,
               const struct slack_place *place);
/* The same with a rendered body. */
void slack_put(struct slack *s, const struct inbox_item *item, const char *idem,
               const struct buf *body, const struct slack_place *place);
/* "C1:1700000000.000100" */
const char *slack_conversation(struct pool *pool, const char *channel, const char *thread);

/* A message of a channel that is not the staff's room, or of a thread there that is nobody's. */
void slack_on_text(struct slack *s, const struct inbox_item *item, const struct slack_event *ev);
#define SLACK_URL_GOOD_MS (29 * 60 * 1000) /* an address to respond to; they say 30 minutes */

/* ---- slack_relay.c: between askers and the staff ---- */

int slack_relay(const struct adapter *a, struct pool *pool, const struct relay_words *w,
                struct relay_letter *ret);
bool slack_relay_is_room(const struct slack *s, const char *channel);
/* Said in the staff's room. */
void slack_relay_message(struct slack *s, const struct inbox_item *item);
void slack_relay_command(struct slack *s, const struct inbox_item *item); /* "/kb words" */
/* True when the button was one of ours there, and is being dealt with. */
bool slack_relay_click(struct slack *s, const struct inbox_item *item,
                       const struct slack_event *ev);
/* Can somebody be asked for here? */
bool slack_relay_has_people(const struct adapter *a);

/* ---- slack_burst.c: several lines of one thought get one reply ---- */

struct slack_burst;
/* Take a question; slack_ask() follows when nothing more has come for a moment. */
void slack_burst_add(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                     const struct slack_place *place);
/* Somebody has begun and may go on without naming us. */
bool slack_burst_open(const struct slack *s, const struct slack_event *ev);
/* The message `ev->ts` reads otherwise now, or (text NULL) is gone. False when it waits in no burst. */
bool slack_burst_change(struct slack *s, const struct slack_event *ev, const char *text);
void slack_burst_free_all(struct slack *s);

/* ---- slack_click.c: buttons ---- */

void slack_on_click(struct slack *s, const struct inbox_item *item);

/* ---- slack_out.c: what the outbox sends ---- */

void slack_deliver(struct adapter *a, const struct outbox_item *item);

/* ---- slack_thread.c: which answer is whose, and whose thread is ours ---- */

/* An answer is out: remember it. */
void slack_thread_answered(struct slack *s, const struct slack_place *place, const char *ts);
/* In a thread without naming us: is it between this asker and us? Then slack_burst_add(), else it is ignored. */
void slack_thread_message(struct slack *s, const struct inbox_item *item,
                          const struct slack_event *ev);
/* A question was changed: its answer is, too. */
void slack_thread_edited(struct slack *s, const struct inbox_item *item,
                         const struct slack_event *ev);
/* A question is on its way to its answer: a change of it waits for that. */
void slack_thread_asked(struct slack *s, const struct slack_place *place);
void slack_thread_free_all(struct slack *s);

/* ---- slack_socket.c: Socket Mode ---- */

int slack_socket_start(struct slack *s); /* 0 or a negative errno */
void slack_socket_stop(struct slack *s);

/* ---- slack_manifest.c, slack_doctor.c: for the command line ---- */

const char *slack_print(const struct config *c, const char *what, struct buf *b);
const char *const *slack_scopes(void); /* what the token must be allowed, NULL-terminated */
void slack_doctor(struct doctor *d);

#endif
