/* matrix_int.h: what the files of adapters/matrix/ share; one section per file. */
#ifndef ADAPTERS_MATRIX_MATRIX_INT_H
#define ADAPTERS_MATRIX_MATRIX_INT_H

#include "bot/adapter.h"
#include "bot/secret.h"
#include "bot/task.h"
#include "kb/pool.h"

struct cJSON;
struct http_response;

#define MATRIX_MAX_ID 255 /* bytes of a user, room or event id, by the specification */

/* What the inbox calls deliveries; events have their own ids, which begin with '$'. */
#define MATRIX_TXN  "txn:"
#define MATRIX_SYNC "sync:"
#define MATRIX_BACK "back:"

/* ---- matrix_json.c: JSON that people far away have put things into ---- */

/* Parse what a homeserver passes on. What json_parse() would refuse the whole for is mended first: text that is not UTF-8, and
 * what is nested deeper than any event we know, which becomes null. NULL when it is no JSON all the same. */
struct cJSON *matrix_json_read(const char *s, size_t len);
/* The same text with what is nested deeper than MATRIX_MAX_DEPTH replaced by null. Appended to `b`. */
#define MATRIX_MAX_DEPTH 32
void matrix_json_prune(const char *s, size_t len, struct buf *b);
/* Print into the pool; "" for NULL. */
const char *matrix_json_print(struct pool *pool, const struct cJSON *j);

/* ---- matrix_text.c: what was typed, and whether it is to us ---- */

struct matrix_self {
    char user[MATRIX_MAX_ID + 1]; /* "@qabot:hs.example", as the homeserver says */
    char name[256];               /* display name, or "" */
};

/* Without the quote of the message it replies to: leading lines that begin with '>', and an empty one. */
const char *matrix_text_without_quote(const char *body);
/* What stands behind our name at the beginning of `body`, or NULL when it does not begin with it. A name ends at
 * the end, a blank, or punctuation that is followed by one: neither "Krazy" in "KrazyKirby" nor "bot.example" is "bot". */
const char *matrix_text_behind_name(const char *body, const struct matrix_self *self);
/* The same for a command, "!ask". NULL also for an empty `command`. */
const char *matrix_text_behind_command(const char *body, const char *command);
/* formatted_body has a link to us, outside of the quote that it may begin with. */
bool matrix_text_has_pill(const char *html, const char *user);
/* Blanks trimmed and our full id taken out. In `pool`. */
const char *matrix_text_clean(struct pool *pool, const char *body, const struct matrix_self *self);

/* ---- matrix_event.c: what an event says ---- */

enum matrix_kind {
    MATRIX_NOTHING, /* not for us; `why` tells */
    MATRIX_MESSAGE,
    MATRIX_EDIT,       /* `target` reads otherwise now */
    MATRIX_REACTION,   /* to `target`; `vote` */
    MATRIX_REDACTION,  /* of `target` */
    MATRIX_INVITED,    /* we are, by `sender` */
    MATRIX_JOINED,     /* we are */
    MATRIX_LEFT,       /* we were made to, or did */
    MATRIX_MEMBER,     /* somebody else came or went */
    MATRIX_UNREADABLE, /* encrypted, or encryption was switched on */
    MATRIX_MOVED,      /* the room goes on as `target` */
};

/* All strings are "" when absent and live in the pool. */
struct matrix_event {
    enum matrix_kind kind;
    const char *why; /* of MATRIX_NOTHING, static text */
    const char *id, *room, *sender;
    int64_t at_ms;  /* as its server says; 0: it does not */
    int64_t age_ms; /* when we were told, as our homeserver says; -1: it does not */
    const char *text;
    bool named;           /* we are mentioned in it, or it begins with our command */
    const char *reply_to; /* the message it answers on purpose */
    const char *thread;   /* the message its thread hangs off */
    const char *target;
    int vote;       /* 1, -1, or 0: a reaction that is no vote */
    bool encrypted; /* of MATRIX_INVITED: the room is */
    bool direct;    /* of MATRIX_INVITED: for a conversation of two */
};

struct matrix_gate {
    const struct matrix_self *self;
    const char *command;
    const char *const *ignore; /* globs of user ids, NULL-terminated; NULL: none */
};

/* 0, or -EBADMSG when it is no event. */
int matrix_event_read(struct pool *pool, const char *json, size_t len,
                      const struct matrix_gate *gate, struct matrix_event *ret);
/* Of an event as it came: how old it was when our homeserver told us, by that one's clock; -1: it did not say. */
int64_t matrix_event_age(const struct cJSON *ev);
/* It was said when we were not in the room, as far as the homeserver tells. */
bool matrix_event_before_us(const struct cJSON *ev);
/* It is us who come into the room. */
bool matrix_event_is_entry(const struct cJSON *ev, const struct matrix_self *self);
/* 1 for a thumb up and its like, -1 down, 0 anything else, whatever skin and variant selectors it has. */
int matrix_event_vote(const char *key);

/* ---- matrix_html.c: Markdown becomes the part of HTML that Matrix clients show ---- */

/* Append s[0..len) of Markdown (markdown_open() was called). Tags are balanced, at most 24 deep; attributes are a@href (http, https,
 * mailto), ol@start and code@class only; everything else is text. */
void matrix_html(const char *s, size_t len, struct buf *b);
/* Append plain text: escaped, lines kept. */
void matrix_html_text(struct buf *b, const char *s, size_t len);
/* Append a link, or its label alone when it is no address that may be opened. `label` is plain. */
void matrix_html_link(struct buf *b, const char *url, const char *label);

/* ---- matrix_render.c: a reply as one or more messages ---- */

#define MATRIX_PART_BYTES 12000 /* of body and HTML together: events end at 65,536 */
#define MATRIX_MAX_PARTS  8

/* {"kind":"answer","id":"42","parts":[{"body":"…","html":"…"},…]}. `answer_id` NULL: cannot be voted on. */
void matrix_render(const struct reply *r, const char *answer_id, struct buf *b);
/* The same for a line of our own, plain. */
void matrix_render_line(const char *text, struct buf *b);
/* A line of ours in HTML, with the same as plain text. */
void matrix_render_html(const char *text, const char *html, struct buf *b);

/* ---- matrix_place.c: where a reply goes; the outbox's note ---- */

enum matrix_via {
    MATRIX_SEND = 1,
    MATRIX_REPLACE, /* in place of the answer to `asked` */
    MATRIX_REDACT,  /* the answer to `asked` */
};

/* All strings "" when absent. */
struct matrix_place {
    enum matrix_via via;
    const char *room;
    const char *asked;  /* the message that is answered */
    const char *thread; /* the message that the thread hangs off; "": a plain reply */
    const char *user;   /* who asked */
    int64_t asked_ms;   /* when, as the homeserver says */
};

const char *matrix_place_write(struct pool *pool, const struct matrix_place *p);
bool matrix_place_read(struct pool *pool, const char *note, struct matrix_place *ret);

/* ---- matrix_content.c: the event that is sent ---- */

struct matrix_content {
    const char *msgtype; /* "m.notice" */
    const char *body, *html;
    const char *mention;           /* user id, or "" */
    const char *answer;            /* id of the journal, or "" */
    const char *reply_to, *thread; /* event ids, or "" */
    const char *replaces;          /* event id of what it replaces, or "" */
};
/* Append it as JSON: valid UTF-8, no numbers at all (homeservers refuse fractions), no empty body. */
void matrix_content(const struct matrix_content *c, struct buf *b);

/* ---- matrix_result.c: addresses, and what answers mean ---- */

enum matrix_class {
    MATRIX_FINE,
    MATRIX_DOWN,     /* the token is no good: everything waits for a person */
    MATRIX_DEVICE,   /* our device is not known (any more) */
    MATRIX_RELATION, /* what it relates to is not there: once more without */
    MATRIX_REFUSED,  /* this call, whatever we try */
    MATRIX_LATER,    /* not done: come again after retry_after_s */
    MATRIX_UNSURE,   /* no answer, or a broken one: repeat with the same name */
};

struct matrix_result {
    enum matrix_class class;
    int status;
    char error[96];           /* their errcode, or our words; "" when fine */
    long retry_after_s;       /* -1: they did not say */
    const struct cJSON *json; /* the answer, good inside the callback only; or NULL */
};
void matrix_result_read(const struct http_response *res, const struct cJSON *json,
                        struct matrix_result *ret);

/* Append `s` percent-encoded, every byte but letters, digits and -._~ */
void matrix_put_path(struct buf *b, const char *s);

/* "/_matrix/client/v3/" and the parts, encoded, with slashes between; NULL-terminated. */
const char *matrix_path(struct pool *pool, const char *const *part);
#define MATRIX_PATH(pool, ...) matrix_path(pool, (const char *const[]){__VA_ARGS__, NULL})

/* ---- matrix_api.c: calls to the homeserver ---- */

#define MATRIX_DEVICE_ID "GUIDEPOST"

struct matrix;
typedef void matrix_call_fn(void *ctx, const struct matrix_result *r);
struct matrix_call {
    const char *method, *path; /* "/_matrix/client/v3/…", encoded */
    const char *query;         /* or NULL */
    const char *body;          /* JSON, or NULL */
    bool as_service;           /* without naming user and device */
    long timeout_ms;
};
/* fn is always called once, perhaps at once. */
void matrix_call(struct matrix *m, const struct matrix_call *c, matrix_call_fn *fn, void *ctx);
/* For what nobody needs the outcome of. */
void matrix_tell(struct matrix *m, const char *method, const char *path, const char *body);

/* ---- matrix.c: the adapter ---- */

struct matrix {
    struct adapter *adapter;
    struct secret token, hs_token; /* hs_token empty: a plain bot account */
    struct secret password;        /* of a plain account without a token of its own */
    bool logging_in;               /* what is refused meanwhile is no news */
    uint64_t logged_in_ms;         /* loop time */
    char *homeserver;
    struct matrix_self self;
    bool known;           /* self is */
    bool device;          /* our device is, on the homeserver */
    bool pinged, reached; /* whether they reach us was asked; they do */
    bool down;            /* our token is no good; everything waits */
    char why_down[96];
    char salt[32];        /* transaction ids begin with it; "" until it was read */
    struct pool *scratch; /* of the calls at the start */
    unsigned start_tries;
    struct loop_timer *start_timer, *ping_timer;
    struct tasks tasks;
    struct held_list held,
        held_deliveries; /* came before we knew our name, or while rooms are read back */
    struct matrix_room *rooms;
    struct matrix_breaker *breaker;
    struct matrix_vote *votes, **votes_end;
    struct matrix_sync *sync;
    struct matrix_back *back;
    uint64_t complained_ms;
};

bool matrix_is_service(const struct matrix *m);

/* ---- matrix_start.c: who we are, and whether we may speak ---- */

void matrix_start(struct matrix *m);
void matrix_start_stop(struct matrix *m);
/* The token is no good: say so, stop, and look again from time to time. */
void matrix_lost(struct matrix *m, const struct matrix_result *r);
/* Our device is not known any more: make it again. */
void matrix_make_device(struct matrix *m);

/* ---- matrix_login.c: an account with a password ---- */

/* Get a token, the kept one or a new one; matrix_login_done() follows, with NULL or what went wrong. */
void matrix_login(struct matrix *m);
void matrix_login_done(struct matrix *m, const struct matrix_result *wrong);
void matrix_login_forget(struct matrix *m); /* the token is no good any more */
/* The body of such a call; device NULL: any. And whether the answer to GET /login allows it. */
void matrix_login_body(const char *user, const char *password, const char *device, struct buf *b);
bool matrix_login_is_possible(const struct cJSON *flows);

/* ---- matrix_in.c: a message of the inbox is dealt with ---- */

void matrix_on_message(struct adapter *a, const struct inbox_item *item);
/* Deal with what was held. */
void matrix_go_on(struct matrix *m);
bool matrix_is_delivery(const char *identity); /* and not an event */
void matrix_ignore(struct matrix *m, const struct inbox_item *item, const char *why);
/* What we say of our own accord, once per `idem`. `item` (may be NULL) is over with it. */
void matrix_say(struct matrix *m, const struct inbox_item *item, const char *idem, const char *text,
                const struct matrix_place *place);
/* What its event said, gated. */
bool matrix_read_item(const struct matrix *m, struct pool *pool, const struct inbox_item *item,
                      struct matrix_event *ret);
/* A message that is not addressed by itself, in a room whose size is known now. */
void matrix_in_room(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev,
                    bool direct);

/* ---- matrix_batch.c: a delivery becomes events ---- */

/* A transaction of the homeserver, or what /sync brought: {"events":[…]}. Each event becomes a message of its own. */
void matrix_on_batch(struct matrix *m, const struct inbox_item *item);

/* ---- matrix_room.c: rooms we are in ---- */

/* matrix_in_room() follows, for messages of a room in their order. */
void matrix_room_ask(struct matrix *m, const struct inbox_item *item,
                     const struct matrix_event *ev);
void matrix_on_member(struct matrix *m, const struct inbox_item *item,
                      const struct matrix_event *ev);
void matrix_on_unreadable(struct matrix *m, const struct inbox_item *item,
                          const struct matrix_event *ev);
/* How far the room was read back: the newest event seen, or "". */
const char *matrix_room_mark(struct matrix *m, const char *room);
void matrix_room_set_mark(struct matrix *m, const char *room, const char *event);
/* We are invited; `outside`: and not in it, what is said meanwhile is not said to us. Our join was confirmed. */
void matrix_room_invited(struct matrix *m, const char *room, bool outside);
void matrix_room_entered(struct matrix *m, const char *room);
void matrix_room_free_all(struct matrix *m);

/* ---- matrix_join.c: coming in, and going ---- */

void matrix_on_invite(struct matrix *m, const struct inbox_item *item,
                      const struct matrix_event *ev);
void matrix_on_moved(struct matrix *m, const struct inbox_item *item,
                     const struct matrix_event *ev);

/* ---- matrix_breaker.c: two machines that talk to each other ---- */

enum matrix_verdict { MATRIX_GO, MATRIX_TRIP, MATRIX_BROKEN }; /* trip: say so, once */
enum matrix_verdict matrix_breaker(struct matrix_breaker **breaker, const char *room,
                                   const char *sender, uint64_t now_ms);
void matrix_breaker_free(struct matrix_breaker *breaker);

/* ---- matrix_vote.c: reactions ---- */

void matrix_on_reaction(struct matrix *m, const struct inbox_item *item,
                        const struct matrix_event *ev);
/* Of a vote, or of anything else: matrix_withdraw() below. */
void matrix_on_redaction(struct matrix *m, const struct inbox_item *item,
                         const struct matrix_event *ev);

/* ---- matrix_out.c: what the outbox sends ---- */

void matrix_deliver(struct adapter *a, const struct outbox_item *item);

/* ---- matrix_sync.c: a plain account ---- */

void matrix_sync_start(struct matrix *m); /* nothing for an application service */
void matrix_sync_stop(struct matrix *m);

/* ---- matrix_back.c: what an application service was not told ---- */

/* There was trouble: read back what may have been lost. Nothing for a plain account, whose /sync knows how far it was. */
void matrix_back_read(struct matrix *m);
/* What comes in waits for that, to be answered in its order: matrix_go_on() follows. */
bool matrix_back_settling(const struct matrix *m);
/* Signs of trouble: what a transaction is called, how a call ended. */
void matrix_back_on_transaction(struct matrix *m, const char *name);
void matrix_back_on_result(struct matrix *m, const struct matrix_result *r);
void matrix_back_stop(struct matrix *m);

/* ---- matrix_relay.c: between askers and the staff ---- */

int matrix_relay(const struct adapter *a, struct pool *pool, const struct relay_words *w,
                 struct relay_letter *ret);
/* True when it was said in a thread of the staff's room, or is a command there, and is being dealt with. */
bool matrix_relay_message(struct matrix *m, const struct inbox_item *item,
                          const struct matrix_event *ev);

/* ---- matrix_doctor.c: for the command line ---- */

struct doctor;
void matrix_doctor(struct doctor *d);

#endif
