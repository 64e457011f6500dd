/* web.c: our own chat, as one adapter among others: a page, an API, a WebSocket. This file is its table of
 * contents: which path goes where, and which form a reply takes.
 *
 *     GET  / /chat        the page; with ?q= the answer is on it      web_page.c
 *     POST / /ask         the same from its form
 *     POST /v1/ask        one question, one JSON object or text       web_http.c
 *     GET  /v1/ws         WebSocket, guidepost.v1                     web_ws.c
 *     POST /v1/feedback /v1/handoff   what a program's people say    web_key.c
 *     /v1/...             the same over HTTP                          web_api.c, web_wait.c
 *     GET  /docs          what programs can ask for, and how          web_docs.c
 *     GET  /a/HASH/NAME   scripts and styles, cached for ever         web_asset.c
 *     GET  /widget.js     the chat on other people's pages            web_asset.c
 *     GET  /a/ENTRY       an answer as a page                         web_site.c
 *     GET  /search /sitemap.xml /robots.txt /config/                  web_site.c */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/must.h"

static const struct setting settings[] = {
    {.name = "web.title",
     .type = SETTING_TEXT,
     .value = "Careers assistant",
     .help = "The name of the chat page."},
    {.name = "web.privacy_url",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help = "The page with your privacy notice; linked in the first line of every chat."},
    {.name = "web.contact",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help =
         "Where else people can be reached, as careers@example.edu or https://example.edu/contact; "
         "said where nobody is there to take over a chat."},
    {.name = "web.public_url",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help = "What the world calls this server, as https://ask.example.edu, for links in answer "
             "pages and "
             "the sitemap. Empty: what each visitor called it."},
    {.name = "web.session_rate",
     .type = SETTING_INT,
     .value = "60",
     .min = 0,
     .max = 1000000,
     .help = "How many questions one visitor may ask in a minute. 0: any number."},
    {.name = "web.address_rate",
     .type = SETTING_INT,
     .value = "1200",
     .min = 0,
     .max = 1000000,
     .help = "How many all visitors from one network (IPv4 /24, IPv6 /56) may ask in a minute. A "
             "school often has one address for everybody. 0: any number."},
    {.name = "web.site_rate",
     .type = SETTING_INT,
     .value = "12000",
     .min = 0,
     .max = 1000000,
     .help = "How many all visitors together may ask in a minute. 0: any number."},
    {.name = "web.api_keys_file",
     .type = SETTING_PATH,
     .value = "api-keys",
     .help =
         "File with the keys of programs that ask: in each line a name and its key, 16 bytes at "
         "least. Read at the start."},
    {.name = "web.api_needs_key",
     .type = SETTING_BOOL,
     .value = "false",
     .help = "POST /v1/ask only with a key. The chat needs none."},
    {.name = "web.key_rate",
     .type = SETTING_INT,
     .value = "600",
     .min = 0,
     .max = 1000000,
     .help = "How many questions and votes a program may send in a minute with its key. 0: any "
             "number."},
    {.name = NULL},
};

const struct web_refusal *web_refusal(int err)
{
    static const struct web_refusal table[] = {
        {-EAGAIN, 429, "rate_limited", "That was very fast, please wait a moment", 1},
        {-EPROTO, 400, "bad_frame", "This frame lacks something, or has too much of it", 0},
        {-ENOTSUP, 400, "unknown_type", "This server does not know such a frame", 0},
        {-EEXIST, 409, "cid_conflict", "This cid was used for something else", 0},
        {-ENOENT, 400, "bad_frame", "There is no such answer", 0},
        {-ESTALE, 401, "unauthorized", "This chat has ended, please begin a new one", 0},
        {-EACCES, 401, "unauthorized", "This needs an API key that is known here", 0},
        {-ENOSPC, 503, "busy", "This cannot be kept at the moment, please try again", 5},
        {-EROFS, 503, "busy", "This cannot be kept at the moment, please try again", 5},
        {-EIO, 503, "busy", "This cannot be kept at the moment, please try again", 5},
        {-EBUSY, 503, "busy", "Too many questions at once, please try again in a moment", 2},
        {-ENODATA, 503, "index_loading", "The guides are being read, please try again in a moment",
         2},
        {-ESHUTDOWN, 503, "draining", "The service is about to restart, please try again", 5},
        {-E2BIG, 422, "too_long", "A question may have at most 2,000 characters", 0},
        {-EINVAL, 422, "empty", "There is no question", 0},
        {-EILSEQ, 400, "bad_encoding", "The text is not valid UTF-8", 0},
        {0, 500, "internal", "Something went wrong on our side", 5},
    };
    const struct web_refusal *r = table;
    while (r->err && r->err != err)
        r++;
    return r;
}

struct server *web_server(const struct web *w)
{
    return bot_server(w->adapter->bot);
}

/* ---- the adapter ---- */

static int web_open(struct adapter *a)
{
    struct web *w = a->state = must(calloc(1, sizeof *w));
    w->adapter = a;
    buf_init(&w->config, MAX_REPLY_JSON);
    buf_init(&w->paper, WEB_MAX_SAID);
    web_assets_open(w);
    web_words_open(w);
    web_rooms_open(w);
    web_limits_open(w);
    return web_keys_open(w);
}

static void web_close(struct adapter *a)
{
    struct web *w = a->state;
    if (w) {
        web_words_close(w);
        web_rooms_close(w);
        web_limits_close(w);
        web_keys_close(w);
        buf_release(&w->config);
        buf_release(&w->paper);
    }
    free(w);
    a->state = NULL;
}

static void on_ws(struct web *w, struct request *rq)
{
    web_problem(w, request_handle(rq), 426, "upgrade_required",
                "This address speaks WebSocket only", "Upgrade: websocket\r\n");
}

/* "/a/" is for scripts and styles, and for answers: no entry is called like one of ours. */
static void on_a(struct web *w, struct request *rq)
{
    if (web_is_asset(w, request_path(rq)))
        web_on_asset(w, rq);
    else
        web_on_entry(w, rq);
}

static void drain(struct adapter *a)
{
    web_rooms_drain(a->state);
}

static bool on_request(struct adapter *a, struct request *rq)
{
    static const struct route {
        const char *path;
        const char *methods;
        void (*fn)(struct web *w, struct request *rq);
    } routes[] = {
        {"/", "GET, HEAD, POST", web_on_page},
        {"/chat", "GET, HEAD, POST", web_on_page},
        {"/ask", "POST", web_on_page},
        {"/v1/ask", "POST, OPTIONS", web_on_ask},
        {"/v1/ws", "GET", on_ws},
        {"/docs", "GET, HEAD", web_on_api},
        {"/favicon.ico", "GET, HEAD", web_on_asset},
        {"/widget.js", "GET, HEAD", web_on_asset},
        {"/search", "GET, HEAD", web_on_search},
        {"/sitemap.xml", "GET, HEAD", web_on_site},
        {"/robots.txt", "GET, HEAD", web_on_site},
        {"/config/", "GET, HEAD", web_on_site}, /* and below, like the next */
        {"/a/", "GET, HEAD", on_a},
    };
    const char *path = request_path(rq);
    if (!strncmp(path, "/v1/", 4) && strcmp(path, "/v1/ask") && strcmp(path, "/v1/ws")) {
        web_on_api(a->state, rq);
        return true;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *r = &routes[i];
        size_t len = strlen(r->path);
        bool below = len > 1 && r->path[len - 1] == '/';
        if (below ? strncmp(path, r->path, len) : strcmp(path, r->path))
            continue;
        if (web_allows(a->state, rq, r->methods))
            r->fn(a->state, rq);
        return true;
    }
    return false;
}

static void on_peer(struct adapter *a, struct peer *p, enum peer_event ev, const char *s,
                    size_t len)
{
    web_on_peer(a->state, p, ev, s, len);
}

static void on_message(struct adapter *a, const struct inbox_item *item)
{
    web_on_message(a->state, item);
}

static void on_event(struct adapter *a, const char *conversation,
                     const struct transcript_event *event)
{
    web_on_event(a->state, conversation, event);
}

static void on_typing(struct adapter *a, const char *conversation, const char *who, bool on)
{
    struct buf b;
    buf_init(&b, 2048);
    web_frame_typing(who, on, &b);
    if (!buf_failed(&b))
        web_pass(a->state, conversation, b.s);
    buf_release(&b);
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *ret_body)
{
    switch ((enum web_form)out->to->form) {
    case WEB_JSON:
        reply_json(out->reply, NULL, out->answer_id, ret_body);
        buf_addc(ret_body, '\n');
        break;
    case WEB_TEXT: web_render_text(out, ret_body); break;
    case WEB_PAGE: web_render_page(a->state, out, ret_body); break;
    case WEB_EVENT: web_render_answer(out, ret_body); break;
    case WEB_KEPT: web_render_kept(out, ret_body); break;
    }
}

static bool render_same(const struct adapter *a, const struct reply *r, int form, struct buf *ret)
{
    (void)a;
    if (form == WEB_EVENT)
        web_render_same(r, ret);
    return form == WEB_EVENT;
}

static void send_reply(struct adapter *a, const struct outgoing *out, const struct buf *body)
{
    switch ((enum web_form)out->to->form) {
    case WEB_JSON:
    case WEB_TEXT: web_send_api(a->state, out, body); break;
    case WEB_PAGE: web_send_page(a->state, out->to->to, 200, body); break;
    case WEB_EVENT:
    case WEB_KEPT: break; /* of the inbox: it went to the transcript */
    }
}

const struct adapter_type adapter_web = {
    .name = "web",
    .settings = settings,
    .websocket = "/v1/ws",
    .subprotocol = "guidepost.v1",
    .open = web_open,
    .close = web_close,
    .drain = drain,
    .on_request = on_request,
    .on_peer = on_peer,
    .render = render,
    .send = send_reply,
    .render_same = render_same,
    .has_transcripts = true,
    .on_message = on_message,
    .on_event = on_event,
    .on_typing = on_typing,
};
