/* matrix_render.c: a reply becomes messages: plain text for every client, and the same as HTML for those that show it. Whole blocks
 * stay together; a reply that is too big for one event goes on in the next. There are no buttons in Matrix: what can be asked next
 * has a number to reply with, and a thumb is a reaction. */
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/quote.h"

#define MAX_BLOCKS  64
#define MAX_SOURCES 5
#define MAX_HTML    (64u * 1024)

#define VOTES "Did this help? React with \xF0\x9F\x91\x8D or \xF0\x9F\x91\x8E."
static const char votes[] = VOTES;

struct block {
    const char *body, *html;
};

struct source {
    const char *name, *url;
};

struct blocks {
    struct pool *pool;
    struct block at[MAX_BLOCKS];
    size_t n;
};

/* Bytes of s[0..len) that fit into `max`, whole characters, at a blank if there is one near. */
static size_t fit(const char *s, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = n; 2 * i > max; i--)
        if (s[i] == ' ' || s[i] == '\n')
            return i;
    return n;
}

static void add_block(struct blocks *bs, const char *body, const char *html)
{
    if (bs->n < MAX_BLOCKS && *body)
        bs->at[bs->n++] = (struct block){body, html};
}

/* Plain words, in pieces that surely fit: escaped, a byte is six at most. */
static void add_plain(struct blocks *bs, const char *s, size_t len)
{
    for (size_t n; len; s += n, len -= n) {
        struct buf b;
        n = fit(s, len, MATRIX_PART_BYTES / 8);
        buf_init(&b, MAX_HTML);
        buf_adds(&b, "<p>");
        matrix_html_text(&b, s, n);
        buf_adds(&b, "</p>");
        add_block(bs, pool_strndup(bs->pool, s, n), pool_strdup(bs->pool, b.s));
        buf_release(&b);
    }
}

/* A quote keeps the owner's mark-up when all of it stands in the reply; one that was cut short stays plain. */
static void add_segment(struct blocks *bs, const struct reply *r, const struct quote_segment *seg)
{
    const struct kb_hit *hit = seg->cite < 0 ? NULL : &r->answer[seg->cite];
    const char *plain = hit ? kb_plain(bs->pool, hit->text, strlen(hit->text)) : "";
    struct buf b;
    buf_init(&b, MATRIX_PART_BYTES / 2);
    bool whole = hit && seg->len <= MATRIX_PART_BYTES / 2 && strlen(plain) == seg->len &&
                 !memcmp(plain, seg->text, seg->len);
    if (whole)
        matrix_html(hit->text, strlen(hit->text), &b);
    if (whole && !buf_failed(&b))
        add_block(bs, pool_strndup(bs->pool, seg->text, seg->len), pool_strdup(bs->pool, b.s));
    else
        add_plain(bs, seg->text, seg->len);
    buf_release(&b);
}

static void finish(struct blocks *bs, struct buf *body, struct buf *html)
{
    if (!buf_failed(body) && !buf_failed(html))
        add_block(bs, pool_strdup(bs->pool, body->s), pool_strdup(bs->pool, html->s));
    buf_release(body);
    buf_release(html);
}

static void begin(struct buf *body, struct buf *html)
{
    buf_init(body, MATRIX_PART_BYTES / 2);
    buf_init(html, MATRIX_PART_BYTES / 2);
}

/* The sources quoted, each once. How many. */
static size_t sources_of(struct blocks *bs, const struct reply *r, struct source *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < r->nanswer && n < MAX_SOURCES; i++) {
        const char *name = quote_name(bs->pool, &r->answer[i], " \xE2\x80\xBA ");
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known |= !strcmp(ret[k].name, name);
        if (!known)
            ret[n++] = (struct source){name, quote_url(bs->pool, &r->answer[i])};
    }
    return n;
}

/* One stands on a line of its own, several are a list. */
static void add_sources(struct blocks *bs, const struct reply *r)
{
    struct source source[MAX_SOURCES];
    struct buf body, html;
    size_t n = sources_of(bs, r, source);
    begin(&body, &html);
    buf_adds(&body, n == 1 ? "Source: " : n ? "Sources:" : "");
    buf_adds(&html, n == 1 ? "<p><em>Source: " : "<p><em>Sources:</em></p><ul>");
    for (size_t i = 0; i < n; i++) {
        const struct source *at = &source[i];
        buf_addf(&body, "%s%s%s%s", n > 1 ? "\n- " : "", at->name, *at->url ? ": " : "", at->url);
        buf_adds(&html, n > 1 ? "<li>" : "");
        matrix_html_link(&html, at->url, at->name);
        buf_adds(&html, n > 1 ? "</li>" : "");
    }
    buf_adds(&html, n == 1 ? "</em></p>" : "</ul>");
    finish(bs, &body, &html);
}

static const char *words_before_numbers(const struct reply *r)
{
    if (r->nchoice)
        return "Reply with a number:";
    return r->kind == REPLY_ANSWER ? "You can also ask (a number will do):"
                                   : "Ask me, for example (a number will do):";
}

/* What can be asked by its number: as the conversation counts them, choices first. */
static void add_numbers(struct blocks *bs, const struct reply *r)
{
    struct buf body, html;
    const char *words = words_before_numbers(r);
    if (!r->nchoice && !r->nsuggestion)
        return;
    begin(&body, &html);
    buf_adds(&body, words);
    buf_addf(&html, "<p>%s</p><ol>", words);
    for (size_t i = 0; i < r->nchoice + r->nsuggestion; i++) {
        const char *q = i < r->nchoice ? r->choice[i] : r->suggestion[i - r->nchoice];
        buf_addf(&body, "\n%zu. %s", i + 1, q);
        buf_adds(&html, "<li>");
        matrix_html_text(&html, q, strlen(q));
        buf_adds(&html, "</li>");
    }
    buf_adds(&html, "</ol>");
    finish(bs, &body, &html);
}

/* ---- parts ---- */

static void add_part(struct buf *b, bool first, const struct buf *body, const struct buf *html)
{
    buf_adds(b, first ? "{\"body\":" : ",{\"body\":");
    json_add_string(b, body->s, body->len);
    buf_adds(b, ",\"html\":");
    json_add_string(b, html->s, html->len);
    buf_addc(b, '}');
}

static void add_parts(const struct blocks *bs, struct buf *b)
{
    struct buf body, html;
    size_t parts = 0;
    buf_init(&body, 2 * MAX_HTML);
    buf_init(&html, 2 * MAX_HTML);
    for (size_t i = 0; i < bs->n; i++) {
        size_t more = strlen(bs->at[i].body) + strlen(bs->at[i].html) + 2;
        if (body.len && body.len + html.len + more > MATRIX_PART_BYTES) {
            add_part(b, !parts, &body, &html);
            buf_clear(&body);
            buf_clear(&html);
            if (++parts == MATRIX_MAX_PARTS)
                break;
        }
        buf_adds(&body, body.len ? "\n\n" : "");
        buf_adds(&body, bs->at[i].body);
        buf_adds(&html, bs->at[i].html);
    }
    if (body.len)
        add_part(b, !parts, &body, &html);
    buf_release(&body);
    buf_release(&html);
}

static void letter(struct blocks *bs, const char *kind, const char *answer_id, struct buf *b)
{
    buf_addf(b, "{\"kind\":\"%s\",\"id\":", kind);
    json_add_string(b, answer_id ? answer_id : "", answer_id ? strlen(answer_id) : 0);
    buf_adds(b, ",\"parts\":[");
    add_parts(bs, b);
    buf_adds(b, "]}");
    pool_free(bs->pool);
}

void matrix_render(const struct reply *r, const char *answer_id, struct buf *b)
{
    struct blocks bs = {.pool = pool_new()};
    size_t n;
    struct quote_segment *seg = quote_segments(bs.pool, r, &n);
    for (size_t i = 0; i < n; i++)
        add_segment(&bs, r, &seg[i]);
    if (!bs.n)
        add_plain(&bs, r->text, strlen(r->text));
    add_sources(&bs, r);
    add_numbers(&bs, r);
    const char *vote_on = r->kind == REPLY_ANSWER ? answer_id : NULL;
    if (vote_on)
        add_block(&bs, votes, "<p><em>" VOTES "</em></p>");
    letter(&bs, reply_kind_name(r->kind), vote_on, b);
}

void matrix_render_line(const char *text, struct buf *b)
{
    struct blocks bs = {.pool = pool_new()};
    add_plain(&bs, text, strlen(text));
    letter(&bs, "line", NULL, b);
}

void matrix_render_html(const char *text, const char *html, struct buf *b)
{
    struct blocks bs = {.pool = pool_new()};
    add_block(&bs, text, html);
    letter(&bs, "line", NULL, b);
}
