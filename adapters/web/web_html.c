/* web_html.c: HTML from plain text. Whatever is added goes through web_add_html(), so there is no way for a text to become
 * mark-up; templates are the files assets/(name).html, in which {{names}} are filled in by the page they are for. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"

void web_add_html(struct buf *b, const char *s, size_t len)
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

void web_add_text(struct buf *b, const char *s)
{
    web_add_html(b, s, strlen(s));
}

void web_add_words(struct buf *b, const struct web_words *words, const char *key, const char *value)
{
    const char *s = web_say(words, key), *open = strchr(s, '{'), *close = strchr(s, '}');
    if (!open || !close) {
        web_add_text(b, s);
        return;
    }
    web_add_html(b, s, (size_t)(open - s));
    web_add_text(b, value);
    web_add_text(b, close + 1);
}

/* Bytes of an address that stand for themselves; the rest as %XX. */
void web_add_url(struct buf *b, const char *s)
{
    for (; *s; s++)
        if (isalnum((unsigned char)*s) || strchr("-_.~/", *s))
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", (unsigned char)*s);
}

/* ---- blocks: paragraphs, lists and tables of plain text, as part/dom.js makes them ---- */

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
    web_add_html(b, s + mark, len - mark);
    buf_adds(b, mark ? "</li>" : "");
}

static const char *line_end(const char *s, const char *end)
{
    const char *eol = memchr(s, '\n', (size_t)(end - s));
    return eol ? eol : end;
}

static const char *next_cell(const char *s, const char *eol)
{
    return memmem(s, (size_t)(eol - s), " | ", 3);
}

static void add_row(struct buf *b, const char *tag, const char *s, const char *eol)
{
    buf_adds(b, "<tr>");
    for (const char *stop; s; s = stop ? stop + 3 : NULL) {
        stop = next_cell(s, eol);
        buf_addf(b, "<%s dir=\"auto\">", tag);
        web_add_html(b, s, (size_t)((stop ? stop : eol) - s));
        buf_addf(b, "</%s>", tag);
    }
    buf_adds(b, "</tr>");
}

/* Two and more lines with " | " in them are a table. Returns where it ends; `s` when there is none. */
static const char *add_table(struct buf *b, const char *s, const char *end)
{
    const char *eol = line_end(s, end), *next = eol + (eol < end);
    size_t digits;
    const char *block = block_of(s, eol, &digits);
    if (*block != 'p' || !next_cell(s, eol) || next == end || !next_cell(next, line_end(next, end)))
        return s;
    buf_adds(b, "<div class=\"wide\" tabindex=\"0\"><table><thead>");
    add_row(b, "th", s, eol);
    buf_adds(b, "</thead><tbody>");
    for (s = next; s < end && next_cell(s, eol = line_end(s, end)); s = eol + (eol < end))
        add_row(b, "td", s, eol);
    buf_adds(b, "</tbody></table></div>");
    return s;
}

static void add_end(struct buf *b, const char *open)
{
    if (*open)
        buf_addf(b, "</%s>", open);
}

void web_add_blocks(struct buf *b, const char *s, size_t len)
{
    const char *end = s + len, *open = "";
    for (const char *next; s < end; s = next) {
        const char *eol = line_end(s, end);
        next = eol + (eol < end);
        if (next_cell(s, eol) && next < end && next_cell(next, line_end(next, end))) {
            add_end(b, open);
            open = "";
            const char *past = add_table(b, s, end);
            if (past != s) {
                next = past;
                continue;
            }
        }
        while (s < eol && *s == ' ')
            s++;
        size_t digits;
        const char *block = block_of(s, eol, &digits);
        if (strcmp(open, block))
            add_end(b, open);
        if (strcmp(open, block) && *block)
            buf_addf(b, "<%s>", block);
        else if (*block == 'p')
            buf_addc(b, '\n');
        open = block;
        if (*block)
            add_line(b, block, digits, s, (size_t)(eol - s));
    }
    add_end(b, open);
}

/* ---- templates ---- */

static void fill(void *ctx, const char *name, struct buf *b)
{
    const struct web_page *page = ctx;
    const struct web *w = page->web;
    char words[24];
    if (!strncmp(name, "t:", 2)) {
        web_add_text(b, web_say(page->words, name + 2));
    } else if (!strcmp(name, "title")) {
        web_add_text(b, config_text(bot_config(w->adapter->bot), "web.title"));
    } else if (!strcmp(name, "limit")) {
        buf_addf(b, "%d", MAX_QUESTION_CHARS);
    } else if (!strcmp(name, "words")) {
        snprintf(words, sizeof words, "words/%s.json", web_words_lang(page->words));
        asset_add_address(&w->assets, words, b);
    } else if (strchr(name, '.')) {
        asset_add_address(&w->assets, name, b); /* {{chat.css}} */
    } else {
        page->fill(page, name, b);
    }
}

void web_fill(struct web_page *page, const char *template, struct buf *b)
{
    asset_fill(&page->web->assets, template, fill, page, b);
}

/* ---- sending ---- */

void web_send_html(struct web *w, server_handle to, int status, const char *policy,
                   const struct buf *body)
{
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_addf(&head,
             "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
             "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; "
             "trusted-types 'none'; %s\r\n"
             "Referrer-Policy: strict-origin\r\nX-Content-Type-Options: nosniff\r\n"
             "Vary: Accept-Language\r\nCache-Control: no-store\r\n"
             "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n",
             policy);
    struct http_reply r = {.status = status,
                           .type = "text/html; charset=utf-8",
                           .headers = head.s,
                           .body = body->s,
                           .len = body->len,
                           .squeeze = true}; /* a page is the same for everybody: no tokens */
    if (buf_failed(&head)) /* half a header would let the body be read as the other half */
        web_problem(w, to, 500, "internal", "web.origins is too long a list", NULL);
    else
        request_reply(web_server(w), to, &r);
    buf_release(&head);
}
