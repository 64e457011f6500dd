/* slack_mrkdwn.c: Markdown becomes mrkdwn, Slack's own kind, over the parsed tree: **b** is *b*, [t](u) is <u|t>,
 * headings are bold lines, tables stand in code blocks. What the owner wrote is otherwise left as it is.
 *
 * Two properties of mrkdwn shape this file. `&`, `<` and `>` of literal text must be entities, everywhere and once, or
 * a "<!channel>" in a guide would ring every telephone of the company. And there is no escape for * _ ~ and the
 * backtick: a literal one that could open or close something is parted from its neighbour by a zero-width space, and so
 * are real marks that stand inside a word, where Slack would not see them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/markdown.h"
#include "adapters/slack/slack_int.h"

#define APART     "\xE2\x80\x8B" /* zero-width space */
#define MAX_DEPTH 24 /* of quotes and lists; deeper ones stand where their parent stands */
#define MAX_CELLS 64

struct level {
    size_t prefix; /* length of the line prefix outside it */
    bool list, tight;
    int number; /* of the next item; 0: bullets */
};

struct writer {
    struct buf *b;
    struct buf prefix; /* what every line begins with: "> ", indentation */
    struct level level[MAX_DEPTH];
    size_t depth, deeper; /* deeper: levels that are not in the list any more */
    bool line_begun, any; /* something stands in this line; in the whole text */
    bool after_bullet;
    bool after_mark; /* a closing mark was written: a letter must not touch it */
    int bold, italic, strike;
};

/* ---- bytes ---- */

static bool wordy(unsigned char c)
{
    return isalnum(c) || c >= 0x80;
}

static unsigned char last_byte(const struct writer *w)
{
    return w->line_begun && w->b->len ? (unsigned char)w->b->s[w->b->len - 1] : '\n';
}

static void begin_line(struct writer *w)
{
    if (!w->line_begun)
        buf_add(w->b, w->prefix.s, w->prefix.len);
    w->line_begun = w->any = true;
}

static void put_raw(struct writer *w, const char *s, size_t len)
{
    begin_line(w);
    buf_add(w->b, s, len);
}

static void newline(struct writer *w)
{
    if (!w->line_begun && w->prefix.len && *w->prefix.s == '>')
        buf_add(w->b, w->prefix.s, w->prefix.len); /* an empty line would end the quote */
    buf_addc(w->b, '\n');
    w->line_begun = w->after_mark = false;
}

static void put_entity(struct writer *w, char c)
{
    const char *s = c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;";
    put_raw(w, s, strlen(s));
}

/* A literal mark that Slack might take for one of its own: at an edge of a word, with something to hold on to. */
static bool could_pair(unsigned char before, unsigned char after)
{
    bool opens = !wordy(before) && after && !isspace(after);
    bool closes = !isspace(before) && !wordy(after);
    return opens || closes;
}

static void put_literal(struct writer *w, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (w->after_mark && wordy(c))
            put_raw(w, APART, 3);
        w->after_mark = false;
        if (c == '\n') {
            newline(w);
        } else if (c == '&' || c == '<' || c == '>') {
            if (c == '>' && !w->line_begun)
                put_raw(w, APART, 3); /* or the line would become a quote */
            put_entity(w, (char)c);
        } else if (strchr("*_~`", c) && c) {
            unsigned char before = last_byte(w), after = i + 1 < len ? (unsigned char)s[i + 1] : 0;
            put_raw(w, s + i, 1);
            if (could_pair(before, after))
                put_raw(w, APART, 3);
        } else if (c) {
            put_raw(w, s + i, 1);
        }
    }
}

/* Inside code nothing means anything but entities, and a backtick that would end it. */
static void put_code(struct writer *w, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '\n')
            newline(w);
        else if (c == '&' || c == '<' || c == '>')
            put_entity(w, c);
        else if (c)
            put_raw(w, &s[i], 1);
        if (c == '`')
            put_raw(w, APART, 3);
    }
}

static void mark(struct writer *w, int *depth, bool enter, char c)
{
    if (enter ? (*depth)++ : --(*depth))
        return; /* bold in bold is bold */
    if (enter && wordy(last_byte(w)))
        put_raw(w, APART, 3);
    put_raw(w, &c, 1);
    w->after_mark = !enter;
}

/* ---- links ---- */

static bool may_link(const char *url)
{
    return !strncasecmp(url, "https://", 8) || !strncasecmp(url, "http://", 7) ||
           !strncasecmp(url, "mailto:", 7);
}

bool slack_put_link(struct buf *b, const char *url, const char *label)
{
    if (!url || !may_link(url))
        return false;
    buf_addc(b, '<');
    for (const char *s = url; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c == '<' || c == '>' || c == '|' || c == '"' || c == '`')
            buf_addf(b, "%%%02X", c);
        else if (c == '&')
            buf_adds(b, "&amp;");
        else
            buf_addc(b, (char)c);
    }
    if (*label)
        buf_addc(b, '|');
    slack_put_label(b, label);
    buf_addc(b, '>');
    return true;
}

void slack_put_label(struct buf *b, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '&': buf_adds(b, "&amp;"); break;
        case '<': buf_adds(b, "&lt;"); break;
        case '>': buf_adds(b, "&gt;"); break;
        case '|':
        case '\n': buf_addc(b, ' '); break;
        default: buf_addc(b, *s);
        }
}

/* The words below a node, without their marks. */
static void gather(cmark_node *node, struct buf *b)
{
    cmark_iter *iter = cmark_iter_new(node);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *n = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(n);
        if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            buf_addc(b, ' ');
        else if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE ||
                 type == CMARK_NODE_HTML_INLINE)
            buf_adds(b, cmark_node_get_literal(n));
    }
    cmark_iter_free(iter);
}

static void put_link(struct writer *w, cmark_node *node)
{
    struct buf label, link;
    buf_init(&label, 4096);
    buf_init(&link, 8192);
    gather(node, &label);
    if (slack_put_link(&link, cmark_node_get_url(node), label.s) && !buf_failed(&link)) {
        w->after_mark = false;
        put_raw(w, link.s, link.len);
    } else {
        put_literal(w, label.s, label.len);
    }
    buf_release(&label);
    buf_release(&link);
}

/* ---- tables ---- */

static size_t columns(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* Every cell's text in order, rows one after another. */
static size_t table_cells(struct pool *pool, cmark_node *table, const char **cell, size_t max,
                          size_t *ret_columns)
{
    size_t n = 0, widest = 0;
    for (cmark_node *row = cmark_node_first_child(table); row; row = cmark_node_next(row)) {
        size_t in_row = 0;
        for (cmark_node *c = cmark_node_first_child(row); c && n < max; c = cmark_node_next(c)) {
            struct buf b;
            buf_init(&b, 2048);
            gather(c, &b);
            cell[n++] = pool_strdup(pool, b.s);
            buf_release(&b);
            in_row++;
        }
        widest = in_row > widest ? in_row : widest;
    }
    *ret_columns = widest;
    return n;
}

static void put_table(struct writer *w, cmark_node *table)
{
    struct pool *pool = pool_new();
    size_t max = MAX_CELLS * MAX_CELLS, ncolumn;
    const char **cell = pool_array(pool, max, sizeof *cell);
    size_t n = table_cells(pool, table, cell, max, &ncolumn);
    size_t *width = pool_array(pool, ncolumn + 1, sizeof *width);
    for (size_t i = 0; i < n; i++)
        if (columns(cell[i]) > width[i % ncolumn])
            width[i % ncolumn] = columns(cell[i]);
    put_raw(w, "```", 3);
    newline(w);
    for (size_t i = 0; i < n; i++) {
        bool last = i % ncolumn + 1 == ncolumn;
        put_code(w, cell[i], strlen(cell[i]));
        for (size_t k = columns(cell[i]); !last && k < width[i % ncolumn] + 2; k++)
            put_raw(w, " ", 1);
        if (last)
            newline(w);
    }
    put_raw(w, "```", 3);
    pool_free(pool);
}

/* ---- blocks ---- */

/* Before a block: on its own line, and behind an empty one where lists are not tight. */
static void separate(struct writer *w)
{
    const struct level *l = w->depth ? &w->level[w->depth - 1] : NULL;
    if (w->after_bullet) {
        w->after_bullet = false;
        return;
    }
    if (!w->any)
        return;
    if (w->line_begun)
        newline(w);
    if (!l || !l->list || !l->tight)
        newline(w);
}

static void push(struct writer *w, const char *prefix, struct level l)
{
    if (w->depth == MAX_DEPTH) {
        w->deeper++;
        return;
    }
    l.prefix = w->prefix.len;
    w->level[w->depth++] = l;
    buf_adds(&w->prefix, prefix);
}

static void pop(struct writer *w)
{
    if (w->deeper) {
        w->deeper--;
        return;
    }
    size_t len = w->level[--w->depth].prefix;
    w->prefix.len = len;
    w->prefix.s[len] = '\0';
}

static void on_list(struct writer *w, cmark_node *node, bool enter)
{
    bool nested = w->depth && w->level[w->depth - 1].list;
    if (!enter) {
        pop(w);
        return;
    }
    struct level l = {.list = true, .tight = cmark_node_get_list_tight(node) != 0};
    if (cmark_node_get_list_type(node) == CMARK_ORDERED_LIST)
        l.number = cmark_node_get_list_start(node) > 0 ? cmark_node_get_list_start(node) : 1;
    if (!nested)
        separate(w);
    push(w, nested ? "    " : "", l);
}

static void on_item(struct writer *w)
{
    struct level *l = &w->level[w->depth - 1];
    char bullet[16] = "\xE2\x80\xA2 ";
    if (w->line_begun)
        newline(w);
    if (l->number)
        snprintf(bullet, sizeof bullet, "%d. ", l->number++);
    put_raw(w, bullet, strlen(bullet));
    w->after_bullet = true;
}

static void on_code_block(struct writer *w, cmark_node *node)
{
    const char *s = cmark_node_get_literal(node);
    size_t len = strlen(s);
    while (len && s[len - 1] == '\n')
        len--;
    separate(w);
    put_raw(w, "```", 3);
    newline(w);
    put_code(w, s, len);
    newline(w);
    put_raw(w, "```", 3);
}

static void on_html(struct writer *w, cmark_node *node)
{
    const char *s = cmark_node_get_literal(node);
    size_t len = strlen(s);
    while (len && s[len - 1] == '\n')
        len--;
    separate(w);
    put_literal(w, s, len);
}

/* ---- the walk ---- */

static bool is_named(cmark_node *node, const char *name)
{
    return strcmp(cmark_node_get_type_string(node), name) == 0;
}

/* True when the children were dealt with, too. */
static bool on_block(struct writer *w, cmark_node *node, cmark_node_type type, bool enter)
{
    switch (type) {
    case CMARK_NODE_PARAGRAPH:
        if (enter)
            separate(w);
        return false;
    case CMARK_NODE_HEADING:
        if (enter)
            separate(w);
        mark(w, &w->bold, enter, '*');
        return false;
    case CMARK_NODE_LIST: on_list(w, node, enter); return false;
    case CMARK_NODE_ITEM:
        if (enter)
            on_item(w);
        return false;
    case CMARK_NODE_BLOCK_QUOTE:
        if (enter) {
            separate(w);
            push(w, "> ", (struct level){.list = false});
            w->any = false; /* its first block stands right here */
        } else {
            w->any = true;
            pop(w);
        }
        return false;
    case CMARK_NODE_CODE_BLOCK: on_code_block(w, node); return true;
    case CMARK_NODE_HTML_BLOCK: on_html(w, node); return true;
    case CMARK_NODE_THEMATIC_BREAK: return true;
    default: return false;
    }
}

static bool on_inline(struct writer *w, cmark_node *node, cmark_node_type type, bool enter)
{
    const char *literal = cmark_node_get_literal(node);
    switch (type) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE: put_literal(w, literal, strlen(literal)); return false;
    case CMARK_NODE_SOFTBREAK: put_literal(w, " ", 1); return false;
    case CMARK_NODE_LINEBREAK: newline(w); return false;
    case CMARK_NODE_CODE:
        if (wordy(last_byte(w)))
            put_raw(w, APART, 3);
        put_raw(w, "`", 1);
        put_code(w, literal, strlen(literal));
        put_raw(w, "`", 1);
        w->after_mark = true;
        return false;
    case CMARK_NODE_STRONG: mark(w, &w->bold, enter, '*'); return false;
    case CMARK_NODE_EMPH: mark(w, &w->italic, enter, '_'); return false;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE: put_link(w, node); return true;
    default:
        if (is_named(node, "strikethrough"))
            mark(w, &w->strike, enter, '~');
        return false;
    }
}

static bool on_node(struct writer *w, cmark_node *node, bool enter)
{
    cmark_node_type type = cmark_node_get_type(node);
    if (enter && is_named(node, "table")) {
        separate(w);
        put_table(w, node);
        return true;
    }
    return (type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE ? on_inline(w, node, type, enter)
                                                                   : on_block(w, node, type, enter);
}

static void walk(struct writer *w, cmark_node *root)
{
    cmark_iter *iter = cmark_iter_new(root);
    for (cmark_event_type ev; (ev = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        bool enter = ev == CMARK_EVENT_ENTER;
        if (on_node(w, node, enter) && enter && cmark_node_first_child(node))
            cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
    }
    cmark_iter_free(iter);
}

void slack_mrkdwn(const char *s, size_t len, struct buf *b)
{
    cmark_node *root = markdown_parse(s, len);
    struct writer w = {.b = b};
    buf_init(&w.prefix, 1024);
    walk(&w, root);
    buf_release(&w.prefix);
    cmark_node_free(root);
}

void slack_put_plain(struct buf *b, const char *s, size_t len)
{
    struct writer w = {.b = b};
    buf_init(&w.prefix, 16);
    put_literal(&w, s, len);
    buf_release(&w.prefix);
}
