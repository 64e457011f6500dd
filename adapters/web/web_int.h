/* web_int.h: what the files of adapters/web/ share; one section per file. */
#ifndef ADAPTERS_WEB_WEB_INT_H
#define ADAPTERS_WEB_WEB_INT_H

#include "adapters/asset.h"
#include "bot/adapter.h"
#include "bot/form.h"
#include "bot/link.h"
#include "bot/quote.h"
#include "kb/pool.h"

#define WEB_MAX_CONVERSATION 128 /* bytes of an API client's name for a conversation */
#define WEB_MAX_PAGE         (256u * 1024)
#define WEB_MAX_SAID         (MAX_REPLY_JSON + 64) /* bytes of one frame of ours */

struct web_words;
struct web_limits;
struct web_keys;
struct web_room;
struct cJSON;

struct web {
    struct adapter *adapter;
    struct asset_folder assets;
    struct web_words *words; /* one per language: web_words.c */
    size_t nwords;
    struct web_room **rooms;   /* web_room.c */
    struct web_limits *limits; /* web_limit.c */
    struct web_keys *keys;     /* web_key.c */
    struct buf paper;          /* web_ws.c */
    struct buf config;         /* what web_add_config() adds, for ... */
    unsigned config_number;    /* ... that bot_number() */
};

/* How a reply is written; inbound.form. */
enum web_form { WEB_JSON = 1, WEB_TEXT, WEB_PAGE, WEB_EVENT, WEB_KEPT };

/* Why a question was not taken: one table for HTTP and WebSocket. */
struct web_refusal {
    int err; /* of bot_receive(), inbox_put(), web_act() */
    int status;
    const char *code;
    const char *title; /* a sentence for a person, without a full stop */
    int retry_after_s; /* 0: trying again is useless */
};
const struct web_refusal *web_refusal(int err); /* web.c */
struct server *web_server(const struct web *w);

/* ---- web_http.c: requests and replies ---- */

bool web_is(const struct request *rq, const char *method); /* HEAD counts as GET */
/* 405 with Allow unless the method is one of `allowed` ("GET, HEAD"); true when it is. */
bool web_allows(struct web *w, struct request *rq, const char *allowed);
/* An error as application/problem+json; `headers` further ones or NULL. */
void web_problem(struct web *w, server_handle to, int status, const char *code, const char *title,
                 const char *headers);
/* The other site whose page may read the reply, or NULL. */
const char *web_cors_origin(const struct request *rq);
/* Refuses pages of sites that are not listed, and answers preflights; true: there is more to do. */
bool web_may_call(struct web *w, struct request *rq, const char *methods);
/* A refusal, and a reply (type NULL: JSON), that such a page may read; `origin` is that of web_cors_origin(). */
void web_refuse(struct web *w, server_handle to, const char *origin, const struct web_refusal *why);
void web_send_json(struct web *w, server_handle to, const char *origin, const char *type,
                   const struct buf *body);
/* That something was taken, perhaps with a word about it: 202, 204. */
void web_send_done(struct web *w, server_handle to, const char *origin, int status,
                   const char *body);
void web_on_ask(struct web *w, struct request *rq); /* /v1/ask */
void web_send_api(struct web *w, const struct outgoing *out, const struct buf *body);
void web_render_text(const struct outgoing *out, struct buf *b); /* for a terminal */

/* ---- web_words.c: what pages say, by language ---- */

void web_words_open(struct web *w);
void web_words_close(struct web *w);
/* Never NULL: English where nothing fits. Of a request: ?lang=, then Accept-Language. */
const struct web_words *web_words_for(const struct web *w, const struct request *rq);
const struct web_words *web_words_named(const struct web *w, const char *lang); /* NULL is fine */
const char *web_words_lang(const struct web_words *words);                      /* "en" */
const char *web_say(const struct web_words *words, const char *key); /* with its {names} */

/* ---- web_html.c: HTML from plain text and templates ---- */

void web_add_html(struct buf *b, const char *s, size_t len); /* escaped */
void web_add_text(struct buf *b, const char *s);
void web_add_words(struct buf *b, const struct web_words *words, const char *key,
                   const char *value);          /* for its {name} */
void web_add_url(struct buf *b, const char *s); /* %XX but for letters, digits, - _ . ~ / */
/* Paragraphs, lists and tables. */
void web_add_blocks(struct buf *b, const char *s, size_t len);

/* A page made of a template: fill() adds what a {{name}} of its own stands for. */
struct web_page {
    struct web *web;
    const struct web_words *words;
    const char *template_q; /* what stands in the field of page.html, or NULL */
    void (*fill)(const struct web_page *page, const char *name, struct buf *b);
};
void web_fill(struct web_page *page, const char *template, struct buf *b);
/* `policy`: what of Content-Security-Policy is the page's own. */
void web_send_html(struct web *w, server_handle to, int status, const char *policy,
                   const struct buf *body);

/* ---- web_page.c: the chat page, and answers on it for browsers without JavaScript ---- */

void web_on_page(struct web *w, struct request *rq);
void web_render_page(struct web *w, const struct outgoing *out, struct buf *b); /* ref: language */
void web_send_page(struct web *w, server_handle to, int status, const struct buf *body);
/* Questions to press, under the words of that key. */
void web_add_chips(struct buf *b, const struct web_words *words, const char *head,
                   const char *const *item, size_t n);

/* ---- web_site.c: answers as pages, search, and what search engines read ---- */

void web_on_entry(struct web *w, struct request *rq);  /* /a/ENTRY, /a/ */
void web_on_search(struct web *w, struct request *rq); /* /search?q= */
void web_on_site(struct web *w, struct request *rq);   /* /sitemap.xml /robots.txt /config/ */
/* The path of an entry's page: by its id, or by its passage when it has none ("" ). */
void web_add_entry_path(struct buf *b, const char *id, const char *passage);

/* ---- web_token.c: who may go on with a conversation ---- */

#define WEB_TOKEN 49 /* what a browser shows: time and 32 random bytes in base64url, terminated */
#define WEB_CONVERSATION                                                                           \
    33 /* time and hash of it, all that the rest of the program knows; hex, terminated */
#define WEB_IDLE_MS (24 * 3600 * 1000LL)
#define WEB_OLD_MS  (30 * 24 * 3600 * 1000LL)

void web_token_make(char token[WEB_TOKEN]);
/* True when it looks like one of ours; `ret` is then its conversation's name. NULL is none. */
bool web_token_read(const char *token, char ret[WEB_CONVERSATION]);
/* False: this token is no good any more, or cannot have got as far as `after`. */
bool web_token_holds(const struct transcript *t, int64_t after);

/* ---- web_room.c: who follows a conversation ---- */

/* One connection that wants all events of a transcript, in order, without a gap. */
struct web_follower {
    struct link link;            /* in its room */
    struct web_room *room;       /* NULL: follows nothing */
    struct web_reading *reading; /* under way, or NULL */
    int64_t sent;                /* number of the last event it has taken */
    bool opened;
    const struct web_follower_calls *calls;
};

struct web_follower_calls {
    /* What the transcript is; before the first take(). False: it is not wanted, and the follower has left, or is no more. */
    bool (*opened)(struct web_follower *f, const struct transcript *t);
    /* The next event. False: no room for it; web_follower_go_on() later. */
    bool (*take)(struct web_follower *f, const struct transcript_event *ev);
    /* Nothing comes for now: it has all there is, or take() said no. It may leave here. Optional. */
    void (*rest)(struct web_follower *f);
    void (*erased)(struct web_follower *f);
    /* Something that is of this moment only, as a frame. Optional. */
    void (*passing)(struct web_follower *f, const char *frame);
    /* The process is about to stop. It may leave here. Optional. */
    void (*drain)(struct web_follower *f);
};

void web_rooms_open(struct web *w);
void web_rooms_close(struct web *w);
void web_rooms_drain(struct web *w); /* about to stop: calls->drain() of everybody */
/* Follow that conversation, with what comes after `after`. is_new: there is surely nothing to be read yet. 0, or -EBUSY, -EUSERS
 * (too many do already), and it follows nothing. opened() may be called before this returns. */
int web_follow(struct web *w, struct web_follower *f, const char *conversation, int64_t after,
               bool is_new);
void web_unfollow(struct web_follower *f);
void web_follower_go_on(struct web_follower *f);
const char *web_follower_name(const struct web_follower *f);
void web_on_event(struct web *w, const char *conversation, const struct transcript_event *ev);
void web_pass(struct web *w, const char *conversation, const char *frame);

/* ---- web_act.c: what a visitor does that has to last ---- */

struct web_actor {
    const char *conversation, *lang, *address; /* lang: or "" */
    const char *key,
        *talk; /* of a program: whose key, and the conversation it asks in, or ""; else NULL */
    int retry_after_s; /* out: with -EAGAIN */
};
/* A frame ask, feedback or handoff goes into the inbox. 0 and fn follows; or a negative errno for web_refusal(): -EPROTO no
 * such frame, -ENOTSUP of another kind, -EAGAIN too often, and those of bot_check() and inbox_put(). */
int web_act(struct web *w, struct web_actor *who, const struct cJSON *frame, inbox_put_fn *fn,
            void *ctx);
#define WEB_CID 65 /* the longest, terminated */
/* What a receipt means: 0, or a negative errno for web_refusal(). */
int web_receipt_error(const struct inbox_receipt *r);
bool web_is_cid(const char *s);
void web_on_message(struct web *w, const struct inbox_item *item);

/* ---- web_limit.c: how often ---- */

void web_limits_open(struct web *w);
void web_limits_close(struct web *w);
/* 0, or after how many seconds it may be tried again. NULL counts for no one. */
int web_limit(struct web *w, const char *conversation, const char *address);
int web_limit_key(struct web *w, const char *key); /* the same for a program with a key */

/* ---- web_key.c: programs with keys ---- */

int web_keys_open(struct web *w); /* 0, or -EINVAL after it was said */
void web_keys_close(struct web *w);
const char *web_bearer(const struct request *rq); /* what it shows, or NULL */
/* Whose key a request shows; NULL: nobody's. What is wrong with it: an unknown one, or none where one is needed; or NULL. While
 * there are no keys, none is known and whatever is shown is passed over. */
const struct web_refusal *web_key_of(struct web *w, const struct request *rq, bool needed,
                                     const char **ret_name);
/* Its Idempotency-Key, or NULL; what is wrong with it, or NULL. Only for holders of a key. */
const struct web_refusal *web_idem_of(const struct request *rq, const char *key,
                                      const char **ret_idem);
/* What we call a conversation of that program; "" for "". */
const char *web_key_talk(struct pool *pool, const char *key, const char *conversation);
struct web_once {
    const char *key, *idem;
    const char *text, *talk, *lang; /* talk: of web_key_talk(); lang or NULL */
};
/* Answers the request with the one reply to that question. */
void web_ask_once(struct web *w, struct request *rq, const struct web_once *once);
void web_on_feedback(struct web *w, struct request *rq); /* /v1/feedback */
void web_on_handoff(struct web *w, struct request *rq);  /* /v1/handoff */

/* ---- web_frame.c: what the server says ---- */

void web_add_string(struct buf *b, const char *key, const char *s); /* "key":"s" */
void web_frame_ready(struct web *w, const char *token, const char *conversation,
                     const struct transcript *t, struct buf *b);
/* Members that ready and /v1/config share: starters, limits, feat, site. */
void web_add_config(struct web *w, struct buf *b);
/* Is somebody of the staff there, and if not, when is there. */
void web_frame_presence(struct web *w, struct buf *b);
/* who NULL: somebody of the staff. */
void web_frame_typing(const char *who, bool on, struct buf *b);
void web_frame_event(const struct transcript_event *ev, struct buf *b);
void web_frame_ack(const char *cid, const struct inbox_receipt *r, struct buf *b);
void web_frame_error(const char *cid, const struct web_refusal *why, struct buf *b);
/* Members of an answer's event: `"t":"answer","re":7,...`. */
void web_render_answer(const struct outgoing *out, struct buf *b);
/* Those of them that do not name the question. */
void web_render_same(const struct reply *r, struct buf *b);
/* The same for a program, with the object of POST /v1/ask as it is; and that object, terminated by the event's end, or NULL. */
void web_render_kept(const struct outgoing *out, struct buf *b);
const char *web_kept_reply(const struct transcript_event *ev, size_t *ret_len);
/* Questions that begin like this, as a JSON array of strings. */
void web_suggest(struct web *w, const char *text, struct buf *b);
/* Does it say that a person has the conversation now (1), or that nobody of the staff has it any more (-1)? */
int web_hands_over(const struct transcript_event *ev);
/* If the event is an answer, the number of its question, else 0. */
int64_t web_answer_re(const struct transcript_event *ev);

/* ---- web_wait.c: the same for requests that wait ---- */

enum web_wait_kind { WAIT_HELLO, WAIT_MESSAGE, WAIT_EVENTS, WAIT_EXPORT, WAIT_ONCE };

struct web_wait {
    enum web_wait_kind kind;
    const char *token;   /* as shown; for WAIT_HELLO it may be none of ours */
    const char *lang;    /* or NULL */
    int64_t after;       /* -1: only what comes of this message */
    int64_t wait_s;      /* WAIT_EVENTS: for the next event, when there is none */
    struct cJSON *frame; /* WAIT_MESSAGE, WAIT_ONCE: what is to be done, taken; its cid */
    const char *cid;
    const char *transcript, *key, *talk; /* WAIT_ONCE: instead of a token (web_key.c) */
};
/* Answers the request, now or later. */
void web_wait(struct web *w, struct request *rq, const struct web_wait *what);
int64_t web_query_number(const struct request *rq, const char *name, int64_t fallback);

/* ---- web_api.c: guidepost.v1 over HTTP ---- */

void web_on_api(struct web *w, struct request *rq); /* /v1/..., /docs */

/* ---- web_docs.c: the description of that, for people ---- */

extern const char web_openapi[], web_openapi_end[]; /* openapi.json, inside the program */
void web_on_docs(struct web *w, struct request *rq);

/* ---- web_ws.c: the protocol guidepost.v1 over WebSocket ---- */

void web_on_peer(struct web *w, struct peer *p, enum peer_event ev, const char *s, size_t len);

/* ---- web_asset.c: scripts, styles and pictures ---- */

void web_assets_open(struct web *w);
/* "sha256-...", for the attribute integrity. */
void web_add_integrity(const struct web *w, struct buf *b, const char *name);
bool web_is_asset(const struct web *w, const char *path); /* "/a/HASH/chat.js", or without */
void web_on_asset(struct web *w, struct request *rq);     /* those, /favicon.ico and /widget.js */

#endif
