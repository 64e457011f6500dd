/* web_site.c: the pages that stand still, for people who follow a link and for search engines:
 *
 *     /a/ENTRY       one answer with its source, under an address that can be sent to somebody
 *     /a/            all questions that have one
 *     /search?q=     what a question finds, best first
 *     /sitemap.xml /robots.txt
 *     /config/       how to put the chat on another page
 *
 * All of it is read from the index at the moment of asking, on an answering thread: text whose time is over is on
 * no page. A look costs one pool, which holds the request's circumstances, what was read, and the page. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "kb/kb.h"

#define MAX_LISTED      1000 /* questions on one page of /a/ */
#define MAX_SITEMAP     20000
#define MAX_FOUND       10
#define MAX_RELATED     3
#define MAX_DESCRIPTION 155 /* bytes; search engines show about that much */
#define MAX_SITE_PAGE   (8u << 20)

struct look {
    struct web_page page; /* first: its fill() gets this struct */
    struct pool *pool;
    server_handle to;
    const char *base;     /* "https://ask.example.edu" */
    const char *name;     /* of the page: its title */
    const char *q;        /* what was searched, or which entry, or behind which */
    const char *audience; /* or NULL */
    bool ready;           /* there is a base */

    struct kb_entry *entry;
    size_t nentry;
    const char *related[MAX_RELATED];
    size_t nrelated;
    struct kb_hits hits;
};

/* ---- addresses ---- */

/* What the world calls us: web.public_url, or what this visitor called us. Never more than letters of a host. */
static const char *base_of(struct web *w, struct request *rq, struct pool *pool)
{
    const char *set = config_text(bot_config(w->adapter->bot), "web.public_url");
    size_t len = strlen(set);
    while (len && set[len - 1] == '/')
        len--;
    if (len)
        return pool_strndup(pool, set, len);
    const char *host = request_header(rq, "host"), *proto = request_header(rq, "x-forwarded-proto");
    bool good = host && *host;
    for (const char *s = host; good && *s; s++)
        good = isalnum((unsigned char)*s) || strchr("-.:[]", *s);
    return good ? pool_printf(pool, "http%s://%s", proto && !strcasecmp(proto, "https") ? "s" : "",
                              host)
                : "";
}

void web_add_entry_path(struct buf *b, const char *id, const char *passage)
{
    buf_adds(b, "/a/");
    if (*id) {
        web_add_url(b, id);
        return;
    }
    const char *hash = strrchr(passage, '#'); /* "guides/faq#pay" -> /a/guides/faq/pay */
    struct buf part;
    buf_init(&part, 4096);
    buf_add(&part, passage, hash ? (size_t)(hash - passage) : strlen(passage));
    buf_addf(&part, "%s%s", hash ? "/" : "", hash ? hash + 1 : "");
    web_add_url(b, part.s);
    buf_release(&part);
}

/* "guides/faq/pay" -> "guides/faq#pay", as the base calls it. An entry's own id has no slash. */
static const char *passage_of(struct pool *pool, const char *path)
{
    char *name = pool_strdup(pool, path), *slash = strrchr(name, '/');
    if (slash)
        *slash = '#';
    return name;
}

/* ---- looking and answering ---- */

typedef void look_fn(struct kb *kb, void *ctx);

static void busy(struct web *w, struct request *rq)
{
    web_problem(w, request_handle(rq), 503, "busy", "Too many questions at once, please try again",
                "Retry-After: 2\r\n");
}

/* Begin a look; everything in it but the page itself. */
static struct look *look_new(struct web *w, struct request *rq, const char *q)
{
    struct pool *pool = pool_new();
    struct look *l = pool_alloc(pool, sizeof *l);
    l->page = (struct web_page){.web = w, .words = web_words_for(w, rq)};
    l->pool = pool;
    l->to = request_handle(rq);
    l->base = base_of(w, rq, pool);
    l->q = pool_strdup(pool, q);
    const char *audience = bot_audience(w->adapter);
    l->audience = audience ? pool_strdup(pool, audience) : NULL;
    return l;
}

static void look_start(struct look *l, struct request *rq, look_fn *look, void (*done)(void *ctx))
{
    struct web *w = l->page.web;
    if (bot_look(w->adapter->bot, l->pool, look, done, l)) {
        busy(w, rq);
        pool_free(l->pool);
    }
}

static void look_end(struct look *l)
{
    kb_hits_release(&l->hits);
    pool_free(l->pool);
}

static void send_look(struct look *l, int status)
{
    struct buf body;
    buf_init(&body, MAX_SITE_PAGE);
    web_fill(&l->page, "page.html", &body);
    web_send_html(l->page.web, l->to, status, "frame-ancestors 'self'", &body);
    buf_release(&body);
}

/* The beginning in plain words, for one line of a search engine: line ends and the dashes of lists are blanks. */
static void add_description(struct buf *b, const char *text)
{
    size_t len = strlen(text), end = len > MAX_DESCRIPTION ? MAX_DESCRIPTION : len;
    while (end && end < len && text[end] != ' ' && text[end] != '\n')
        end--;
    if (!end) /* one long word */
        for (end = MAX_DESCRIPTION; ((unsigned char)text[end] & 0xc0) == 0x80;)
            end--;
    bool blank = true;
    for (size_t i = 0; i < end; i++) {
        bool line = !i || text[i - 1] == '\n';
        if (line && text[i] == '-' && text[i + 1] == ' ') {
            i++;
            continue;
        }
        bool gap = text[i] == '\n' || text[i] == ' ';
        if (!gap || !blank)
            web_add_html(b, gap ? " " : &text[i], 1);
        blank = gap;
    }
    buf_adds(b, end < len ? "…" : "");
}

/* The parts of page.html that all pages of this file have. True when it was one of them. */
static bool fill_common(const struct look *l, const char *name, struct buf *b)
{
    if (!strcmp(name, "name"))
        web_add_text(b, l->name);
    else if (!strcmp(name, "q"))
        web_add_text(b, l->page.template_q ? l->page.template_q : "");
    else
        return false;
    return true;
}

static void add_missing(const struct look *l, struct buf *b, const char *key)
{
    buf_adds(b, "<p>");
    web_add_words(b, l->page.words, key, "");
    buf_adds(b, "</p>");
}

static void add_heading(const struct look *l, struct buf *b)
{
    buf_adds(b, "<h1 dir=\"auto\">");
    web_add_text(b, l->name);
    buf_adds(b, "</h1>");
}

/* To the chat, and to all questions. */
static void add_ways_on(const struct look *l, struct buf *b)
{
    buf_adds(b, "<p class=\"ways\"><a class=\"go\" href=\"/\">");
    web_add_words(b, l->page.words, "chat", "");
    buf_adds(b, "</a> <a href=\"/a/\">");
    web_add_words(b, l->page.words, "all_questions", "");
    buf_adds(b, "</a></p>");
}

/* ---- /a/ENTRY ---- */

static void look_at_entry(struct kb *kb, void *ctx)
{
    struct look *l = ctx;
    l->entry = pool_alloc(l->pool, sizeof *l->entry);
    l->ready = kb != NULL;
    int n = kb ? kb_entry(kb, l->audience, passage_of(l->pool, l->q), l->pool, l->entry) : 0;
    l->nentry = n > 0;
    if (!l->nentry)
        return;
    const struct kb_ask who = {.audience = l->audience};
    n = kb_followups(kb, &who, l->entry->passage, MAX_RELATED, l->pool, l->related, NULL);
    l->nrelated = n > 0 ? (size_t)n : 0;
}

/* schema.org, for machines. Data, not a script: no policy lets it run, and none has to. */
static void add_json_ld(struct buf *b, const struct kb_entry *e, const char *plain)
{
    buf_adds(b, "<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\","
                "\"@type\":\"FAQPage\",\"mainEntity\":[{\"@type\":\"Question\",\"name\":");
    json_add_string(b, e->question, strlen(e->question));
    buf_adds(b, ",\"acceptedAnswer\":{\"@type\":\"Answer\",\"text\":");
    json_add_string(b, plain, strlen(plain));
    buf_adds(b, "}}]");
    if (*e->reviewed) {
        buf_adds(b, ",\"dateModified\":");
        json_add_string(b, e->reviewed, strlen(e->reviewed));
    }
    buf_adds(b, "}</script>");
}

static void add_entry_head(const struct look *l, struct buf *b, const char *plain)
{
    const struct kb_entry *e = l->entry;
    buf_adds(b, "<meta name=\"description\" content=\"");
    add_description(b, plain);
    buf_adds(b, "\">\n<link rel=\"canonical\" href=\"");
    web_add_text(b, l->base);
    web_add_entry_path(b, e->id, e->passage);
    buf_adds(b, "\">\n<meta property=\"og:type\" content=\"article\">\n<meta property=\"og:title\" "
                "content=\"");
    web_add_text(b, e->question);
    buf_adds(b, "\">\n<meta property=\"og:description\" content=\"");
    add_description(b, plain);
    buf_adds(b, "\">\n");
    add_json_ld(b, e, plain);
}

static void add_entry_body(const struct look *l, struct buf *b, const char *plain)
{
    const struct kb_entry *e = l->entry;
    const char *url =
        strncasecmp(e->url, "http://", 7) && strncasecmp(e->url, "https://", 8) ? "" : e->url;
    buf_adds(b, "<article dir=\"auto\"");
    if (*e->lang) {
        buf_adds(b, " lang=\"");
        web_add_text(b, e->lang);
        buf_adds(b, "\"");
    }
    buf_adds(b, "><h1>");
    web_add_text(b, e->question);
    buf_adds(b, "</h1><blockquote>");
    web_add_blocks(b, plain, strlen(plain));
    buf_adds(b, "<footer>");
    if (*url) {
        buf_adds(b, "<a href=\"");
        web_add_text(b, url);
        buf_adds(b, "\">");
    }
    buf_adds(b, "<cite>");
    web_add_text(b, e->title);
    buf_adds(b, *url ? "</cite></a>" : "</cite>");
    if (*e->reviewed) {
        buf_adds(b, "<time>");
        web_add_words(b, l->page.words, "reviewed", e->reviewed);
        buf_adds(b, "</time>");
    }
    buf_adds(b, "</footer></blockquote></article>");
    web_add_chips(b, l->page.words, "more_questions", l->related, l->nrelated);
    add_ways_on(l, b);
}

static void fill_entry(const struct web_page *page, const char *name, struct buf *b)
{
    const struct look *l = (const struct look *)page;
    if (fill_common(l, name, b))
        return;
    const char *plain =
        l->nentry ? kb_plain(l->pool, l->entry->text, strlen(l->entry->text)) : NULL;
    if (!strcmp(name, "head"))
        plain ? add_entry_head(l, b, plain)
              : buf_adds(b, "<meta name=\"robots\" content=\"noindex\">");
    else if (!strcmp(name, "body") && plain)
        add_entry_body(l, b, plain);
    else if (!strcmp(name, "body")) {
        add_heading(l, b);
        add_ways_on(l, b);
    }
}

static void entry_done(void *ctx)
{
    struct look *l = ctx;
    l->page.fill = fill_entry;
    l->name = l->nentry ? l->entry->question : web_say(l->page.words, "gone");
    /* In its own language, whoever asks: a search engine sees what a reader sees. */
    if (l->nentry && *l->entry->lang)
        l->page.words = web_words_named(l->page.web, l->entry->lang);
    send_look(l, l->nentry ? 200 : l->ready ? 404 : 503);
    look_end(l);
}

/* ---- /a/ and /sitemap.xml ---- */

static void look_at_all(struct kb *kb, void *ctx, size_t max)
{
    struct look *l = ctx;
    l->entry = pool_array(l->pool, max, sizeof *l->entry);
    int n = kb ? kb_entries(kb, l->audience, l->q, max, l->pool, l->entry) : 0;
    l->nentry = n > 0 ? (size_t)n : 0;
}

static void look_at_list(struct kb *kb, void *ctx)
{
    look_at_all(kb, ctx, MAX_LISTED);
}

static void look_at_sitemap(struct kb *kb, void *ctx)
{
    look_at_all(kb, ctx, MAX_SITEMAP);
}

static void add_list(const struct look *l, struct buf *b)
{
    const char *title = "";
    add_heading(l, b);
    for (size_t i = 0; i < l->nentry; i++) {
        const struct kb_entry *e = &l->entry[i];
        if (!i || strcmp(title, e->title)) {
            buf_adds(b, i ? "</ul><h2 dir=\"auto\">" : "<h2 dir=\"auto\">");
            web_add_text(b, title = e->title);
            buf_adds(b, "</h2><ul class=\"found\">");
        }
        buf_adds(b, "<li><a dir=\"auto\" href=\"");
        web_add_entry_path(b, e->id, e->passage);
        buf_adds(b, "\">");
        web_add_text(b, e->question);
        buf_adds(b, "</a></li>");
    }
    buf_adds(b, l->nentry ? "</ul>" : "");
    if (l->nentry == MAX_LISTED) {
        buf_adds(b, "<p><a rel=\"next\" href=\"/a/?after=");
        web_add_url(b, l->entry[l->nentry - 1].passage);
        buf_adds(b, "\">→</a></p>");
    }
    add_ways_on(l, b);
}

static void fill_list(const struct web_page *page, const char *name, struct buf *b)
{
    const struct look *l = (const struct look *)page;
    if (!fill_common(l, name, b) && !strcmp(name, "body"))
        add_list(l, b);
}

static void list_done(void *ctx)
{
    struct look *l = ctx;
    l->page.fill = fill_list;
    l->name = web_say(l->page.words, "all_questions");
    send_look(l, 200);
    look_end(l);
}

static void sitemap_done(void *ctx)
{
    struct look *l = ctx;
    struct buf b;
    buf_init(&b, MAX_SITE_PAGE);
    buf_adds(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n<url><loc>");
    web_add_text(&b, l->base);
    buf_adds(&b, "/</loc></url>\n");
    for (size_t i = 0; i < l->nentry; i++) {
        buf_adds(&b, "<url><loc>");
        web_add_text(&b, l->base);
        web_add_entry_path(&b, l->entry[i].id, l->entry[i].passage);
        buf_adds(&b, "</loc>");
        if (*l->entry[i].reviewed) {
            buf_adds(&b, "<lastmod>");
            web_add_text(&b, l->entry[i].reviewed);
            buf_adds(&b, "</lastmod>");
        }
        buf_adds(&b, "</url>\n");
    }
    buf_adds(&b, "</urlset>\n");
    struct http_reply r = {.status = 200,
                           .type = "application/xml",
                           .headers = "Cache-Control: public, max-age=300\r\n",
                           .body = b.s,
                           .len = b.len};
    request_reply(web_server(l->page.web), l->to, &r);
    buf_release(&b);
    look_end(l);
}

void web_on_entry(struct web *w, struct request *rq)
{
    const char *path = request_path(rq) + strlen("/a/"), *after = request_query(rq, "after");
    if (*path)
        look_start(look_new(w, rq, path), rq, look_at_entry, entry_done);
    else
        look_start(look_new(w, rq, after ? after : ""), rq, look_at_list, list_done);
}

/* ---- /search ---- */

static void look_for(struct kb *kb, void *ctx)
{
    struct look *l = ctx;
    struct kb_ask ask = {
        .text = l->q, .len = strlen(l->q), .audience = l->audience, .max = MAX_FOUND};
    l->ready = kb && kb_ask(kb, &ask, &l->hits) == KB_OK;
}

static void add_hit(const struct look *l, struct buf *b, const struct kb_hit *hit)
{
    const char *url = quote_url(l->pool, hit),
               *text = kb_plain(l->pool, hit->text, strlen(hit->text));
    const char *name = *hit->question ? hit->question : quote_name(l->pool, hit, " › ");
    buf_adds(b, "<li dir=\"auto\"><h2>");
    if (hit->entry || *url) {
        buf_adds(b, "<a href=\"");
        if (hit->entry)
            web_add_entry_path(b, "", hit->passage);
        else
            web_add_text(b, url);
        buf_adds(b, "\">");
    }
    web_add_text(b, name);
    buf_adds(b, hit->entry || *url ? "</a></h2>" : "</h2>");
    web_add_blocks(b, text, strlen(text));
    if (*hit->question) {
        buf_adds(b, "<footer><cite>");
        web_add_text(b, hit->title);
        buf_adds(b, "</cite></footer>");
    }
    buf_adds(b, "</li>");
}

/* A search claims less than an answer does: where the base is not thought to have one, what is about the same thing
 * by name is shown all the same. */
static bool is_found(const struct look *l, const struct kb_hit *hit)
{
    return l->hits.band != KB_NONE || hit->named;
}

static void fill_search(const struct web_page *page, const char *name, struct buf *b)
{
    const struct look *l = (const struct look *)page;
    size_t n = 0;
    for (size_t i = 0; i < l->hits.n; i++)
        n += is_found(l, &l->hits.hit[i]);
    if (fill_common(l, name, b))
        return;
    if (!strcmp(name, "head"))
        buf_adds(b, "<meta name=\"robots\" content=\"noindex\">");
    if (strcmp(name, "body") != 0)
        return;
    add_heading(l, b);
    if (!n && *l->q)
        add_missing(l, b, "no_results");
    buf_adds(b, n ? "<ol class=\"hits\">" : "");
    for (size_t i = 0; i < l->hits.n; i++)
        if (is_found(l, &l->hits.hit[i]))
            add_hit(l, b, &l->hits.hit[i]);
    buf_adds(b, n ? "</ol>" : "");
    add_ways_on(l, b);
}

static void search_done(void *ctx)
{
    struct look *l = ctx;
    struct buf name;
    l->page.fill = fill_search;
    l->page.template_q = l->q;
    buf_init(&name, MAX_QUESTION_CHARS * 4 + 256);
    const char *say = web_say(l->page.words, *l->q ? "results" : "search"),
               *open = strchr(say, '{');
    buf_add(&name, say, open ? (size_t)(open - say) : strlen(say));
    buf_addf(&name, "%s%s", open ? l->q : "", open ? strchr(open, '}') + 1 : "");
    l->name = pool_strdup(l->pool, name.s);
    buf_release(&name);
    send_look(l, l->ready || !*l->q ? 200 : 503);
    look_end(l);
}

void web_on_search(struct web *w, struct request *rq)
{
    const char *q = request_query(rq, "q");
    if (q && strlen(q) > MAX_QUESTION_CHARS * 4)
        web_problem(w, request_handle(rq), 422, "too_long",
                    "A question may have at most 2,000 characters", NULL);
    else
        look_start(look_new(w, rq, q ? q : ""), rq, look_for, search_done);
}

/* ---- what stands still altogether ---- */

static void on_robots(struct web *w, struct request *rq)
{
    struct pool *pool = pool_new();
    char *body =
        pool_printf(pool,
                    "User-agent: *\nDisallow: /search\nDisallow: /v1/\nDisallow: /config/\n"
                    "Sitemap: %s/sitemap.xml\n",
                    base_of(w, rq, pool));
    struct http_reply r = {.status = 200,
                           .type = "text/plain; charset=utf-8",
                           .headers = "Cache-Control: public, max-age=3600\r\n",
                           .body = body,
                           .len = strlen(body)};
    request_reply(web_server(w), request_handle(rq), &r);
    pool_free(pool);
}

static void fill_config(const struct web_page *page, const char *name, struct buf *b)
{
    const struct look *l = (const struct look *)page;
    size_t n;
    const char *const *origin = config_list(bot_config(page->web->adapter->bot), "web.origins", &n);
    if (!strcmp(name, "base")) {
        web_add_text(b, l->base);
    } else if (!strcmp(name, "integrity")) {
        web_add_integrity(page->web, b, "widget.js");
    } else if (!strcmp(name, "sites")) {
        buf_adds(b, n ? "<ul>"
                      : "<p><strong>None yet: only this server's own pages may.</strong></p>");
        for (size_t i = 0; i < n; i++) {
            buf_adds(b, "<li><code>");
            web_add_text(b, origin[i]);
            buf_adds(b, "</code></li>");
        }
        buf_adds(b, n ? "</ul>" : "");
    }
}

static void on_config(struct web *w, struct request *rq)
{
    struct look *l = look_new(w, rq, "");
    struct buf body;
    buf_init(&body, WEB_MAX_PAGE);
    l->page.fill = fill_config;
    web_fill(&l->page, "config.html", &body);
    web_send_html(w, l->to, 200, "script-src 'self'; frame-src 'self'; frame-ancestors 'none'",
                  &body);
    buf_release(&body);
    look_end(l);
}

void web_on_site(struct web *w, struct request *rq)
{
    const char *path = request_path(rq);
    if (!strcmp(path, "/robots.txt"))
        on_robots(w, rq);
    else if (!strcmp(path, "/sitemap.xml"))
        look_start(look_new(w, rq, ""), rq, look_at_sitemap, sitemap_done);
    else
        on_config(w, rq);
}
