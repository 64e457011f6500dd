/* matrix_html.c: Markdown becomes the HTML that Matrix clients show, over the parsed tree, so that tags are balanced whatever the
 * owner wrote. A homeserver does not clean what is sent to it and a client may forget to: what leaves here is safe by itself.
 * HTML in a guide is shown as the text it is. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "adapters/markdown.h"
#include "adapters/matrix/matrix_int.h"

#define MAX_DEPTH 24

struct writer {
    struct buf *b;
    size_t depth;
    bool head; /* in the first row of a table */
};

void matrix_html_text(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len && s[i]; i++)
        switch (s[i]) {
        case '&': buf_adds(b, "&amp;"); break;
        case '<': buf_adds(b, "&lt;"); break;
        case '>': buf_adds(b, "&gt;"); break;
        case '"': buf_adds(b, "&quot;"); break;
        case '\n': buf_adds(b, "<br>"); break;
        default: buf_addc(b, s[i]);
        }
}

static void literal(struct buf *b, const char *s)
{
    for (const char *eol; (eol = strchr(s, '\n')); s = eol + 1) { /* lines stay lines: <pre> */
        matrix_html_text(b, s, (size_t)(eol - s));
        buf_addc(b, '\n');
    }
    matrix_html_text(b, s, strlen(s));
}

/* ---- links ---- */

static bool may_link(const char *url)
{
    return !strncasecmp(url, "https://", 8) || !strncasecmp(url, "http://", 7) ||
           !strncasecmp(url, "mailto:", 7);
}

static void put_url(struct buf *b, const char *url)
{
    for (const char *s = url; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || strchr("<>\"'`\\", c))
            buf_addf(b, "%%%02X", c);
        else if (c == '&')
            buf_adds(b, "&amp;");
        else
            buf_addc(b, *s);
    }
}

void matrix_html_link(struct buf *b, const char *url, const char *label)
{
    bool links = may_link(url);
    if (links) {
        buf_adds(b, "<a href=\"");
        put_url(b, url);
        buf_adds(b, "\">");
    }
    matrix_html_text(b, label, strlen(label));
    if (links)
        buf_adds(b, "</a>");
}

/* ---- the tree ---- */

static void tag(struct writer *w, bool enter, const char *name)
{
    if (enter)
        w->depth++;
    if (w->depth <= MAX_DEPTH)
        buf_addf(w->b, enter ? "<%s>" : "</%s>", name);
    if (!enter)
        w->depth--;
}

static void on_heading(struct writer *w, cmark_node *node, bool enter)
{
    static const char *const names[] = {"h3", "h4", "h5", "h6"};
    int level = cmark_node_get_heading_level(node);
    tag(w, enter, names[level < 1 ? 0 : level > 4 ? 3 : level - 1]);
}

static void on_list(struct writer *w, cmark_node *node, bool enter)
{
    int start = cmark_node_get_list_start(node);
    bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    if (enter && ordered && start > 1 && w->depth < MAX_DEPTH) {
        w->depth++;
        buf_addf(w->b, "<ol start=\"%d\">", start);
    } else {
        tag(w, enter, ordered ? "ol" : "ul");
    }
}

static void on_code_block(struct writer *w, cmark_node *node)
{
    const char *lang = cmark_node_get_fence_info(node);
    size_t len = 0;
    while (lang && (isalnum((unsigned char)lang[len]) || lang[len] == '-') && len < 20)
        len++;
    if (len)
        buf_addf(w->b, "<pre><code class=\"language-%.*s\">", (int)len, lang);
    else
        buf_adds(w->b, "<pre><code>");
    literal(w->b, cmark_node_get_literal(node));
    buf_adds(w->b, "</code></pre>");
}

static void on_link(struct writer *w, cmark_node *node, bool enter)
{
    if (!may_link(cmark_node_get_url(node)))
        return;
    if (enter) {
        buf_adds(w->b, "<a href=\"");
        put_url(w->b, cmark_node_get_url(node));
        buf_adds(w->b, "\">");
    } else {
        buf_adds(w->b, "</a>");
    }
}

static void on_html(struct writer *w, cmark_node *node)
{
    const char *s = cmark_node_get_literal(node);
    size_t len = strlen(s);
    while (len && s[len - 1] == '\n')
        len--;
    buf_adds(w->b, "<p>");
    matrix_html_text(w->b, s, len);
    buf_adds(w->b, "</p>");
}

/* A paragraph of a tight list is its words alone. */
static bool is_tight(cmark_node *node)
{
    cmark_node *item = cmark_node_parent(node), *list = item ? cmark_node_parent(item) : NULL;
    return list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

static void on_block(struct writer *w, cmark_node *node, cmark_node_type type, bool enter)
{
    switch (type) {
    case CMARK_NODE_PARAGRAPH:
        if (!is_tight(node))
            tag(w, enter, "p");
        break;
    case CMARK_NODE_HEADING: on_heading(w, node, enter); break;
    case CMARK_NODE_LIST: on_list(w, node, enter); break;
    case CMARK_NODE_ITEM: tag(w, enter, "li"); break;
    case CMARK_NODE_BLOCK_QUOTE: tag(w, enter, "blockquote"); break;
    case CMARK_NODE_CODE_BLOCK: on_code_block(w, node); break;
    case CMARK_NODE_THEMATIC_BREAK: buf_adds(w->b, "<hr>"); break;
    case CMARK_NODE_HTML_BLOCK: on_html(w, node); break;
    default: break;
    }
}

static void on_inline(struct writer *w, cmark_node *node, cmark_node_type type, bool enter)
{
    switch (type) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE: literal(w->b, cmark_node_get_literal(node)); break;
    case CMARK_NODE_SOFTBREAK: buf_addc(w->b, ' '); break;
    case CMARK_NODE_LINEBREAK: buf_adds(w->b, "<br>"); break;
    case CMARK_NODE_STRONG: tag(w, enter, "strong"); break;
    case CMARK_NODE_EMPH: tag(w, enter, "em"); break;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE: on_link(w, node, enter); break;
    case CMARK_NODE_CODE:
        buf_adds(w->b, "<code>");
        literal(w->b, cmark_node_get_literal(node));
        buf_adds(w->b, "</code>");
        break;
    default: break;
    }
}

/* What the extensions add. True when it was one of theirs. */
static bool on_extension(struct writer *w, cmark_node *node, bool enter)
{
    const char *name = cmark_node_get_type_string(node);
    if (!strcmp(name, "strikethrough")) {
        tag(w, enter, "del");
    } else if (!strcmp(name, "table")) {
        tag(w, enter, "table");
    } else if (!strcmp(name, "table_header")) {
        tag(w, enter, "tr");
        w->head = enter;
    } else if (!strcmp(name, "table_row")) {
        tag(w, enter, "tr");
    } else if (!strcmp(name, "table_cell")) {
        tag(w, enter, w->head ? "th" : "td");
    } else {
        return false;
    }
    return true;
}

static void walk(struct writer *w, cmark_node *root)
{
    cmark_iter *iter = cmark_iter_new(root);
    for (cmark_event_type ev; (ev = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        bool enter = ev == CMARK_EVENT_ENTER;
        if (on_extension(w, node, enter))
            continue;
        if ((type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE)
            on_inline(w, node, type, enter);
        else
            on_block(w, node, type, enter);
    }
    cmark_iter_free(iter);
}

void matrix_html(const char *s, size_t len, struct buf *b)
{
    cmark_node *root = markdown_parse(s, len);
    struct writer w = {.b = b};
    walk(&w, root);
    cmark_node_free(root);
}
