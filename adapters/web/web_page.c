/* web_page.c: the chat page. assets/chat.html is the page; {{names}} in it are filled in here. It works without a
 * script: the form posts, buttons post, and the answer is on the next page. chat.js then does the same without
 * leaving the page, with the same mark-up and the same classes, so there is one style sheet for both.
 *
 * All text is escaped on its way in; there is no way to add any that is not. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"

struct page {
    struct web *web;
    const struct outgoing *out; /* a question with its reply, or NULL */
    const char *note;           /* or why there is none, or NULL */
};

static void add_html(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        switch (s[i]) {
        case '&': buf_adds(b, "&amp;"); break;
        case '<': buf_adds(b, "&lt;"); break;
        case '>': buf_adds(b, "&gt;"); break;
        case '"': buf_adds(b, "&quot;"); break;
        case '\'': buf_adds(b, "&#39;"); break;
        default: buf_addc(b, s[i]);
        }
}

static void add_text(struct buf *b, const char *s)
{
    add_html(b, s, strlen(s));
}

/* ---- an answer ---- */

static void add_source(struct buf *b, struct pool *pool, const struct kb_hit *hit)
{
    const char *url = quote_url(pool, hit), *name = quote_name(pool, hit, " › ");
    buf_adds(b, "<footer>");
    if (*url) {
        buf_adds(b, "<a rel=\"noopener\" target=\"_blank\" href=\"");
        add_text(b, url);
        buf_adds(b, "\">");
        add_text(b, name);
        buf_adds(b, "<span class=\"sr\"> (opens in a new tab)</span></a>");
    } else {
        buf_adds(b, "<cite>");
        add_text(b, name);
        buf_adds(b, "</cite>");
    }
    if (*hit->reviewed) {
        buf_adds(b, " <time>reviewed ");
        add_text(b, hit->reviewed);
        buf_adds(b, "</time>");
    }
    buf_adds(b, "</footer>");
}

/* What a line belongs to: "ul", "ol", "p", or "" when it is empty. *ret_digits: of an item's number. */
static const char *block_of(const char *s, const char *eol, size_t *ret_digits)
{
    size_t len = (size_t)(eol - s), digits = 0;
    while (digits < len && digits < 4 && isdigit((unsigned char)s[digits]))
        digits++;
    *ret_digits = digits;
    if (!len)
        return "";
    if (len > 1 && s[0] == '-' && s[1] == ' ')
        return "ul";
    return digits && digits < 4 && len > digits + 1 && s[digits] == '.' && s[digits + 1] == ' '
               ? "ol"
               : "p";
}

static void add_line(struct buf *b, const char *block, size_t digits, const char *s, size_t len)
{
    size_t mark = *block == 'p' ? 0 : digits ? digits + 2 : 2;
    if (*block == 'o')
        buf_addf(b, "<li value=\"%.*s\">", (int)digits, s);
    else if (*block == 'u')
        buf_adds(b, "<li>");
    add_html(b, s + mark, len - mark);
    buf_adds(b, mark ? "</li>" : "");
}

/* Plain text as paragraphs and lists: a list is lines that begin with "- " or "2. ", a paragraph ends at an empty line. */
static void add_blocks(struct buf *b, const char *s, size_t len)
{
    const char *end = s + len, *open = "";
    for (const char *next; s < end; s = next) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));
        eol = eol ? eol : end;
        next = eol + (eol < end);
        while (s < eol && *s == ' ')
            s++;
        size_t digits;
        const char *block = block_of(s, eol, &digits);
        if (strcmp(open, block) && *open)
            buf_addf(b, "</%s>", open);
        if (strcmp(open, block) && *block)
            buf_addf(b, "<%s>", block);
        else if (*block == 'p')
            buf_addc(b, '\n');
        open = block;
        if (*block)
            add_line(b, block, digits, s, (size_t)(eol - s));
    }
    if (*open)
        buf_addf(b, "</%s>", open);
}

static void add_segments(struct buf *b, struct pool *pool, const struct reply *r)
{
    size_t n;
    struct quote_segment *seg = quote_segments(pool, r, &n);
    for (size_t i = 0; i < n; i++) {
        bool quote = seg[i].cite >= 0;
        buf_adds(b, quote ? "<blockquote dir=\"auto\">" : "<div dir=\"auto\">");
        add_blocks(b, seg[i].text, seg[i].len);
        if (quote)
            add_source(b, pool, &r->answer[seg[i].cite]);
        buf_adds(b, quote ? "</blockquote>" : "</div>");
    }
}

/* Questions to press: a form of its own, so they work without a script. */
static void add_chips(struct buf *b, const char *head, const char *const *item, size_t n)
{
    if (!n)
        return;
    buf_adds(b, "<form class=\"chips\" method=\"post\" action=\"/\"><p>");
    add_text(b, head);
    buf_adds(b, "</p>");
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, "<button class=\"chip\" name=\"q\" value=\"");
        add_text(b, item[i]);
        buf_adds(b, "\">");
        add_text(b, item[i]);
        buf_adds(b, "</button>");
    }
    buf_adds(b, "</form>");
}

/* What a list of further questions is called: as in chat.js. */
static const char *suggestions_head(const struct reply *r)
{
    return r->kind == REPLY_NONE       ? "I can tell you about"
           : r->kind == REPLY_CHITCHAT ? "For example"
                                       : "You could also ask";
}

static void add_turn(struct buf *b, const struct outgoing *out)
{
    const struct reply *r = out->reply;
    struct pool *pool = pool_new();
    /* The label outside the paragraph, whose first letter decides its direction. */
    buf_adds(b, "<li class=\"me\"><span class=\"sr\">You: </span><p dir=\"auto\">");
    add_text(b, out->to->text);
    buf_addf(b, "</p></li><li class=\"bot %s\"><span class=\"sr\">Assistant: </span>",
             reply_kind_name(r->kind));
    add_segments(b, pool, r);
    add_chips(b, "Did you mean", r->choice, r->nchoice);
    add_chips(b, suggestions_head(r), r->suggestion, r->nsuggestion);
    buf_adds(b, "</li>");
    pool_free(pool);
}

/* ---- the page ---- */

static void fill(const struct page *page, const char *name, struct buf *b)
{
    const struct web *w = page->web;
    const struct config *c = bot_config(w->adapter->bot);
    if (!strcmp(name, "title")) {
        add_text(b, config_text(c, "web.title"));
    } else if (!strcmp(name, "privacy")) {
        const char *url = config_text(c, "web.privacy_url");
        if (*url) {
            buf_adds(b, " <a target=\"_blank\" rel=\"noopener\" href=\"");
            add_text(b, url);
            buf_adds(b, "\">Privacy<span class=\"sr\"> (opens in a new tab)</span></a>");
        }
    } else if (!strcmp(name, "starters")) {
        const char *const *topic = bot_topics(w->adapter->bot);
        size_t n = 0;
        while (topic[n])
            n++;
        if (!page->out)
            add_chips(b, "For example", topic, n);
    } else if (!strcmp(name, "log")) {
        if (page->out)
            add_turn(b, page->out);
        if (page->note) {
            buf_adds(b, "<li class=\"bot note\"><p>");
            add_text(b, page->note);
            buf_adds(b, ".</p></li>");
        }
    } else if (!strcmp(name, "limit")) {
        buf_addf(b, "%d", MAX_QUESTION_CHARS);
    } else {
        buf_adds(b, web_asset_path(w, name)); /* {{chat.css}} */
    }
}

static void build(const struct page *page, struct buf *b)
{
    size_t len;
    const char *s = web_asset_data("chat.html", &len), *end = s + len;
    while (s < end) {
        const char *open = memmem(s, (size_t)(end - s), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        char name[32];
        buf_add(b, s, (size_t)((close ? open : end) - s));
        if (!close)
            return;
        snprintf(name, sizeof name, "%.*s", (int)(close - open - 2), open + 2);
        fill(page, name, b);
        s = close + 2;
    }
}

void web_render_page(struct web *w, const struct outgoing *out, struct buf *b)
{
    struct page page = {.web = w, .out = out};
    build(&page, b);
}

/* ---- requests ---- */

void web_send_page(struct web *w, server_handle to, int status, const struct buf *body)
{
    size_t n;
    const char *const *origin = config_list(bot_config(w->adapter->bot), "web.origins", &n);
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_adds(&head,
             "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
             "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
             "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'self'");
    for (size_t i = 0; i < n; i++)
        buf_addf(&head, " %s", origin[i]);
    buf_adds(&head, "\r\nReferrer-Policy: strict-origin\r\nX-Content-Type-Options: nosniff\r\n"
                    "Cache-Control: no-store\r\nPermissions-Policy: camera=(), geolocation=(), "
                    "microphone=(), payment=(), usb=()\r\n");
    struct http_reply r = {.status = status,
                           .type = "text/html; charset=utf-8",
                           .headers = head.s,
                           .body = body->s,
                           .len = body->len};
    if (buf_failed(&head)) /* half a header would let the body be read as the other half */
        web_problem(w, to, 500, "internal", "web.origins is too long a list", NULL);
    else
        request_reply(web_server(w), to, &r);
    buf_release(&head);
}

static void show(struct web *w, struct request *rq, int status, const char *note)
{
    struct page page = {.web = w, .note = note};
    struct buf body;
    buf_init(&body, WEB_MAX_PAGE);
    build(&page, &body);
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

void web_on_page(struct web *w, struct request *rq)
{
    struct pool *pool = pool_new();
    size_t len = 0;
    const char *q = question(pool, rq, &len);
    struct inbound in = {
        .text = q, .len = len, .conversation = "", .to = request_handle(rq), .form = WEB_PAGE};
    int err = q ? bot_receive(w->adapter, &in) : 0;
    if (!q)
        show(w, rq, 200, NULL);
    else if (err)
        show(w, rq, web_refusal(err)->status, web_refusal(err)->title);
    pool_free(pool);
}
