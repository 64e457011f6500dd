/* web_int.h: what the files of adapters/web/ share; one section per file. */
#ifndef ADAPTERS_WEB_WEB_INT_H
#define ADAPTERS_WEB_WEB_INT_H

#include "bot/adapter.h"
#include "bot/form.h"
#include "bot/quote.h"
#include "kb/pool.h"

#define WEB_MAX_CONVERSATION 128 /* bytes of an API client's name for a conversation */
#define WEB_MAX_PAGE         (256u * 1024)
#define WEB_HASH             12 /* hex digits of the assets' hash in their addresses */

struct web_words;

struct web {
    struct adapter *adapter;
    char hash[WEB_HASH + 1]; /* of all assets: web_asset.c */
    struct web_words *words; /* one per language: web_words.c */
    size_t nwords;
};

/* How a reply is written; inbound.form. */
enum web_form { WEB_JSON = 1, WEB_TEXT, WEB_PAGE, WEB_WS };

/* Why a question was not taken: one table for HTTP and WebSocket. */
struct web_refusal {
    int err; /* of bot_receive() */
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
void web_fill(const struct web_page *page, const char *template, struct buf *b);
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

/* ---- web_ws.c: the protocol guidepost.v1 ---- */

void web_on_peer(struct web *w, struct peer *p, enum peer_event ev, const char *s, size_t len);
void web_render_ws(const struct outgoing *out, struct buf *b);
void web_send_ws(struct web *w, const struct outgoing *out, const struct buf *body);

/* ---- web_asset.c: scripts, styles and pictures ---- */

void web_assets_open(struct web *w);
const char *web_asset_data(const char *name, size_t *ret_len); /* NULL when there is none */
bool web_is_asset(const char *path);                           /* "/a/HASH/chat.js", or without */
/* Does Accept-Encoding (or NULL) let us send that coding? */
bool web_accepts(const char *accept, const char *coding);
void web_on_asset(struct web *w, struct request *rq); /* those, /favicon.ico and /widget.js */

#endif
