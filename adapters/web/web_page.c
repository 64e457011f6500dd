/* web_page.c: the chat page. assets/chat.html is the page; its {{names}} are filled in here. It works without a
 * script: the form posts, buttons post, and the answer is on the next page. chat.js then does the same without
 * leaving the page, with the same mark-up and the same classes (part/view.js), so there is one style sheet for both. */
#include <errno.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"

struct chat_page {
    struct web_page page;       /* first: its fill() gets this struct */
    const struct outgoing *out; /* a question with its reply, or NULL */
    const char *note;           /* or why there is none, or NULL */
};

/* ---- an answer ---- */

static void add_source(struct buf *b, const struct web_words *words, struct pool *pool,
                       const struct kb_hit *hit)
{
    const char *url = quote_url(pool, hit), *name = quote_name(pool, hit, " › ");
    buf_adds(b, "<footer>");
    if (*url) {
        buf_adds(b, "<a rel=\"noopener\" target=\"_blank\" href=\"");
        web_add_text(b, url);
        buf_adds(b, "\">");
        web_add_text(b, name);
        buf_adds(b, "<span class=\"sr\"> (");
        web_add_words(b, words, "new_tab", "");
        buf_adds(b, ")</span></a>");
    } else {
        buf_adds(b, "<cite>");
        web_add_text(b, name);
        buf_adds(b, "</cite>");
    }
    if (*hit->reviewed) {
        buf_adds(b, "<time>");
        web_add_words(b, words, "reviewed", hit->reviewed);
        buf_adds(b, "</time>");
    }
    buf_adds(b, "</footer>");
}

static void add_segments(struct buf *b, const struct web_words *words, struct pool *pool,
                         const struct reply *r)
{
    size_t n;
    struct quote_segment *seg = quote_segments(pool, r, &n);
    for (size_t i = 0; i < n; i++) {
        bool quote = seg[i].cite >= 0;
        buf_adds(b, quote ? "<blockquote dir=\"auto\">" : "<div dir=\"auto\">");
        web_add_blocks(b, seg[i].text, seg[i].len);
        if (quote)
            add_source(b, words, pool, &r->answer[seg[i].cite]);
        buf_adds(b, quote ? "</blockquote>" : "</div>");
    }
}

/* Questions to press: a form of its own, so they work without a script. */
void web_add_chips(struct buf *b, const struct web_words *words, const char *head,
                   const char *const *item, size_t n)
{
    if (!n)
        return;
    buf_addf(b, "<form class=\"chips\" method=\"post\" action=\"/?lang=%s\"><p>",
             web_words_lang(words));
    web_add_words(b, words, head, "");
    buf_adds(b, "</p>");
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, "<button class=\"chip\" dir=\"auto\" name=\"q\" value=\"");
        web_add_text(b, item[i]);
        buf_adds(b, "\">");
        web_add_text(b, item[i]);
        buf_adds(b, "</button>");
    }
    buf_adds(b, "</form>");
}

/* What a list of further questions is called: as in part/view.js. */
static const char *suggestions_head(const struct reply *r)
{
    return r->kind == REPLY_NONE ? "topics" : r->kind == REPLY_CHITCHAT ? "for_example" : "also";
}

static void add_turn(struct buf *b, const struct web_words *words, const struct outgoing *out)
{
    const struct reply *r = out->reply;
    struct pool *pool = pool_new();
    /* The label outside the paragraph, whose first letter decides its direction. */
    buf_adds(b, "<li class=\"me\"><span class=\"sr\">");
    web_add_words(b, words, "you", "");
    buf_adds(b, ": </span><p dir=\"auto\">");
    web_add_text(b, out->to->text);
    buf_addf(b, "</p></li><li class=\"bot %s\"><span class=\"sr\">", reply_kind_name(r->kind));
    web_add_words(b, words, "bot", "");
    buf_adds(b, ": </span>");
    add_segments(b, words, pool, r);
    web_add_chips(b, words, "did_you_mean", r->choice, r->nchoice);
    web_add_chips(b, words, suggestions_head(r), r->suggestion, r->nsuggestion);
    buf_adds(b, "</li>");
    pool_free(pool);
}

/* ---- the page ---- */

static void add_privacy(struct buf *b, const struct web_page *page)
{
    const char *url = config_text(bot_config(page->web->adapter->bot), "web.privacy_url");
    if (!*url)
        return;
    buf_adds(b, " <a target=\"_blank\" rel=\"noopener\" href=\"");
    web_add_text(b, url);
    buf_adds(b, "\">");
    web_add_words(b, page->words, "privacy_link", "");
    buf_adds(b, "<span class=\"sr\"> (");
    web_add_words(b, page->words, "new_tab", "");
    buf_adds(b, ")</span></a>");
}

static void add_origins(struct buf *b, const struct web *w)
{
    size_t n;
    const char *const *origin = config_list(bot_config(w->adapter->bot), "web.origins", &n);
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, i ? " " : "");
        web_add_text(b, origin[i]);
    }
}

static void fill(const struct web_page *page, const char *name, struct buf *b)
{
    const struct chat_page *chat = (const struct chat_page *)page;
    const char *const *topic = bot_topics(page->web->adapter->bot);
    size_t ntopic = 0;
    while (topic[ntopic])
        ntopic++;
    if (!strcmp(name, "privacy")) {
        add_privacy(b, page);
    } else if (!strcmp(name, "origins")) {
        add_origins(b, page->web);
    } else if (!strcmp(name, "query")) {
        buf_addf(b, "?lang=%s", web_words_lang(page->words));
    } else if (!strcmp(name, "starters") && !chat->out) {
        buf_adds(b, "<p class=\"hello\">");
        web_add_words(b, page->words, "hello", "");
        buf_adds(b, "</p>");
        web_add_chips(b, page->words, "for_example", topic, ntopic);
    } else if (!strcmp(name, "log") && chat->out) {
        add_turn(b, page->words, chat->out);
    } else if (!strcmp(name, "log") && chat->note) {
        buf_adds(b, "<li class=\"bot note\"><p>");
        web_add_text(b, chat->note);
        buf_adds(b, ".</p></li>");
    }
}

void web_render_page(struct web *w, const struct outgoing *out, struct buf *b)
{
    struct chat_page chat = {
        .page = {.web = w, .words = web_words_named(w, out->to->ref), .fill = fill}, .out = out};
    web_fill(&chat.page, "chat.html", b);
}

/* ---- requests ---- */

void web_send_page(struct web *w, server_handle to, int status, const struct buf *body)
{
    struct buf policy;
    buf_init(&policy, MAX_REPLY_HEADERS);
    buf_adds(&policy, "script-src 'self'; connect-src 'self'; frame-ancestors 'self' ");
    add_origins(&policy, w);
    if (buf_failed(&policy))
        web_problem(w, to, 500, "internal", "web.origins is too long a list", NULL);
    else
        web_send_html(w, to, status, policy.s, body);
    buf_release(&policy);
}

static void show(struct web *w, struct request *rq, int status, const char *note)
{
    struct chat_page chat = {.page = {.web = w, .words = web_words_for(w, rq), .fill = fill},
                             .note = note};
    struct buf body;
    buf_init(&body, WEB_MAX_PAGE);
    web_fill(&chat.page, "chat.html", &body);
    web_send_page(w, request_handle(rq), status, &body);
    buf_release(&body);
}

/* The question of a form or an address; NULL when the page is only looked at. */
static const char *question(struct pool *pool, struct request *rq, size_t *ret_len)
{
    size_t len;
    if (web_is(rq, "POST")) {
        const char *body = request_body(rq, &len);
        const char *q = form_field(pool, body, len, "q", ret_len);
        return q ? q : "";
    }
    const char *q = request_query(rq, "q");
    *ret_len = q ? strlen(q) : 0;
    return *ret_len ? q : NULL;
}

/* To ask here costs what it costs over the API, and is counted with it. */
static int ask(struct web *w, struct request *rq, const struct inbound *in)
{
    return web_limit(w, NULL, request_client(rq)) ? -EAGAIN : bot_receive(w->adapter, in);
}

void web_on_page(struct web *w, struct request *rq)
{
    struct pool *pool = pool_new();
    size_t len = 0;
    const char *q = question(pool, rq, &len);
    struct inbound in = {.text = q,
                         .len = len,
                         .conversation = "",
                         .to = request_handle(rq),
                         .form = WEB_PAGE,
                         .ref = web_words_lang(web_words_for(w, rq))};
    int err = q ? ask(w, rq, &in) : 0;
    if (!q)
        show(w, rq, 200, NULL);
    else if (err)
        show(w, rq, web_refusal(err)->status, web_refusal(err)->title);
    pool_free(pool);
}
