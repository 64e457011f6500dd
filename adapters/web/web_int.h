/* web_int.h: what the files of adapters/web/ share; one section per file. */
#ifndef ADAPTERS_WEB_WEB_INT_H
#define ADAPTERS_WEB_WEB_INT_H

#include "bot/adapter.h"
#include "bot/form.h"
#include "bot/quote.h"
#include "kb/pool.h"

#define WEB_MAX_CONVERSATION 128 /* bytes of an API client's name for a conversation */
#define WEB_MAX_PAGE         (256u * 1024)
#define WEB_HASH             12 /* hex digits of an asset's hash in its address */

struct web_asset;

struct web {
    struct adapter *adapter;
    struct web_asset *asset; /* web_asset.c */
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

/* ---- web_page.c: the chat page, and answers on it for browsers without JavaScript ---- */

void web_on_page(struct web *w, struct request *rq);
void web_render_page(struct web *w, const struct outgoing *out, struct buf *b);
void web_send_page(struct web *w, server_handle to, int status, const struct buf *body);

/* ---- web_ws.c: the protocol guidepost.v1 ---- */

void web_on_peer(struct web *w, struct peer *p, enum peer_event ev, const char *s, size_t len);
void web_render_ws(const struct outgoing *out, struct buf *b);
void web_send_ws(struct web *w, const struct outgoing *out, const struct buf *body);

/* ---- web_asset.c: scripts, styles and pictures ---- */

void web_assets_open(struct web *w);
void web_assets_close(struct web *w);
const char *web_asset_data(const char *name, size_t *ret_len);     /* NULL when there is none */
const char *web_asset_path(const struct web *w, const char *name); /* "/a/0123456789ab/chat.js" */
void web_on_asset(struct web *w, struct request *rq);              /* /a/... and /favicon.ico */

#endif
