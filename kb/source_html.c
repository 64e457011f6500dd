/* source_html.c: a web page becomes a document.
 *
 * libxml2's HTML parser makes a tree of whatever it is given; walking it (source_html_walk.c) writes the
 * document's text: Markdown as a person would have typed it ("## Pay", "- item", "| a | b |"), so that
 * everything behind the parsers sees one kind of text, and quotes keep their lists and tables. Characters
 * that Markdown would take for mark-up get a backslash. Links and emphasis become plain words.
 *
 * Only what the page is about is read: <main> or the one <article> where there is one, and never
 * navigation, forms, scripts. Its head gives title, language and address; <meta name="guidepost:..."> may
 * give any field that front matter can.
 *
 * The parser reads nothing but the bytes it is given: no network, no entities of the document's own. */
#include "kb/source_html.h"

#include <dlfcn.h>
#include <string.h>
#include <strings.h>

/* ---- what the page says about itself ---------------------------------------------------------------- */

static char *attribute(struct page *p, xmlNode *node, const char *name)
{
    struct pool *pool = p->doc->pool;
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
    size_t len;
    struct text_fix fix;
    char *copy =
        value ? text_repair(pool, (const char *)value, strlen((const char *)value), &len, &fix)
              : NULL;
    p->free(value);
    return copy;
}

/* A field that was not written for us: nonsense in it is no error. */
static void take_hint(struct document *doc, const char *key, const char *value)
{
    const char **field = source_document_field(doc, key);
    bool url = strncasecmp(value, "https://", 8) == 0 || strncasecmp(value, "http://", 7) == 0;
    if (**field || (strcmp(key, "url") == 0 && (!url || strpbrk(value, " \t\n\"<>\\^`{|}"))))
        return;
    if (strcmp(key, "lang") == 0) {
        bool code = strspn(value, "abcdefghijklmnopqrstuvwxyz") == 2 &&
                    (!value[2] || strchr("-_", value[2]));
        *field = code ? pool_strndup(doc->pool, value, 2) : "";
        return;
    }
    *field = pool_strdup(doc->pool, value);
}

/* <meta name="guidepost:valid_until" content="2027-06-30">: written for us, so it must be right. */
static int take_meta(struct page *p, xmlNode *meta)
{
    static const char prefix[] = "guidepost:";
    char *name = attribute(p, meta, "name"), *value = attribute(p, meta, "content");
    size_t line = (size_t)xmlGetLineNo(meta);
    if (!name || !value || strncasecmp(name, prefix, sizeof prefix - 1) != 0)
        return 0;
    const char *key = name + sizeof prefix - 1;
    const char **field = source_document_field(p->doc, key);
    if (!field) {
        report_add(p->src->report, true, p->src->file, line, 1, "unknown field \"%s\" in <meta>",
                   name);
        return KB_ERR_INPUT;
    }
    return source_field(p->src, key, value, strlen(value), line, 1, field);
}

/* The page's <title>, and the first of its hints and fields. */
static int read_head(struct page *p, xmlNode *root, const char **ret_title)
{
    int rc = 0;
    for (xmlNode *n = root; n; n = source_html_next(root, n))
        if (source_html_is(n, "meta") && take_meta(p, n))
            rc = KB_ERR_INPUT;
    for (xmlNode *n = root; n; n = source_html_next(root, n)) {
        char *value = NULL;
        if (source_html_is(n, "html") && (value = attribute(p, n, "lang")))
            take_hint(p->doc, "lang", value);
        else if (source_html_is(n, "link") && source_html_has(n, "rel", "canonical") &&
                 (value = attribute(p, n, "href")))
            take_hint(p->doc, "url", value);
        else if (source_html_is(n, "title") && !*ret_title && n->parent &&
                 source_html_is(n->parent, "head")) {
            xmlChar *text = xmlNodeGetContent(n);
            source_html_add(p, text ? (const char *)text : "", 1);
            p->free(text);
            if (sqlite3_str_length(p->run))
                *ret_title = kb_plain(p->doc->pool, sqlite3_str_value(p->run),
                                      (size_t)sqlite3_str_length(p->run));
            sqlite3_str_reset(p->run);
            p->space = false;
        }
    }
    return rc;
}

/* A <title> often names the site as well ("Pay | Example College"): then the page's own heading, which
 * is part of it, says it better. */
static void choose_title(struct page *p, const char *title)
{
    if (*p->doc->title)
        return;
    bool heading = source_title(p->src, p->doc);
    if (title && *title && !(heading && strcasestr(title, p->doc->title)))
        p->doc->title = title;
}

static int read_page(struct page *p, htmlDocPtr tree)
{
    xmlNode *root = xmlDocGetRootElement(tree);
    const char *title = NULL;
    int rc = root ? read_head(p, root, &title) : 0;
    if (rc)
        return rc;
    if (root)
        source_html_walk(p, root);
    if (sqlite3_str_errcode(p->text) || sqlite3_str_errcode(p->run))
        return KB_ERR_NOMEM;
    p->doc->len = (size_t)sqlite3_str_length(p->text);
    p->doc->text =
        pool_strndup(p->doc->pool, p->doc->len ? sqlite3_str_value(p->text) : "", p->doc->len);
    choose_title(p, title);
    return 0;
}

/* libxml2 stops where a page is nested too deep or one text is larger than 10 MB. What it has read until
 * then is not the page, so the page is refused: half a guide answers "I don't know" or worse. */
static int read_whole(struct page *p, htmlParserCtxtPtr parser)
{
    const struct source *src = p->src;
    htmlDocPtr tree =
        htmlCtxtReadMemory(parser, src->s, (int)src->len, NULL, "UTF-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                               HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    int rc = KB_ERR_INPUT;
    if (parser->disableSAX) {
        bool deep = parser->lastError.message && strstr(parser->lastError.message, "depth");
        report_add(src->report, true, src->file, (size_t)parser->lastError.line, 1,
                   deep ? "elements are nested deeper than 256 levels; simplify the page"
                        : "one element holds more than 10 MB of text; split the page");
    } else if (!tree && src->len) {
        report_add(src->report, true, src->file, 0, 0, "cannot be read as HTML");
    } else {
        rc = tree ? read_page(p, tree) : 0;
        if (p->too_deep) {
            report_add(src->report, true, src->file, 0, 0,
                       "elements are nested deeper than %d levels; simplify the page",
                       HTML_MAX_NESTING);
            rc = KB_ERR_INPUT;
        }
    }
    xmlFreeDoc(tree);
    return rc;
}

int source_html(const struct source *src, document_fn *fn, void *ctx)
{
    if (!dlopen(LIBRARY_XML, RTLD_LAZY | RTLD_GLOBAL)) { /* see cmake/late.cmake */
        report_add(src->report, true, src->file, 0, 0,
                   "web pages cannot be read: %s; install libxml2", dlerror());
        return KB_ERR_INPUT;
    }
    htmlParserCtxtPtr parser = htmlNewParserCtxt();
    if (!parser)
        return KB_ERR_NOMEM;
    struct document *doc = source_document(src);
    struct page page = {
        .src = src, .doc = doc, .text = sqlite3_str_new(NULL), .run = sqlite3_str_new(NULL)};
    doc->text = "";
    doc->len = 0;
    xmlMemGet(&page.free, NULL, NULL, NULL);
    int rc = read_whole(&page, parser);
    htmlFreeParserCtxt(parser);
    sqlite3_free(sqlite3_str_finish(page.text));
    sqlite3_free(sqlite3_str_finish(page.run));
    return rc ? rc : fn(ctx, doc);
}
