/* source_html_walk.c: the tree of a web page becomes blocks.
 *
 * Inline text gathers in `run`; wherever a block begins or ends, flush() turns it into one. Inside a
 * table cell nothing is flushed: a row is one line. Tables that only lay out a page (they hold headings
 * or other tables, or have one column) are walked through as if they were not there.
 *
 * Pages say with tags for looks what they mean, so some meaning is read back: a <summary>, the button of
 * an accordion, a <dt> that asks and a paragraph that is bold from end to end are headings; an item that
 * holds a heading is a card and no item. What is hidden until a click is read like the rest, since that
 * is how FAQs are built; what only screens show (aria-hidden) is not. */
#include "kb/source_html.h"

#include <string.h>
#include <strings.h>

#define BOLD_HEADING_MAX 120 /* bytes; a longer bold paragraph is an emphasised sentence */

enum role {
    ROLE_INLINE, /* also of elements we do not know */
    ROLE_SKIP,
    ROLE_BLOCK,
    ROLE_PARAGRAPH,
    ROLE_HEADING,
    ROLE_SUMMARY,
    ROLE_BUTTON,
    ROLE_LIST,
    ROLE_ITEM,
    ROLE_TERM,
    ROLE_DEFINITION,
    ROLE_TABLE,
    ROLE_ROW,
    ROLE_PRE,
    ROLE_BREAK,
    ROLE_FORM,
    ROLE_HEADER,
};

static const struct {
    const char *name;
    enum role role;
} roles[] = {
    {"a", ROLE_INLINE},         {"span", ROLE_INLINE},   {"b", ROLE_INLINE},
    {"strong", ROLE_INLINE},    {"em", ROLE_INLINE},     {"i", ROLE_INLINE},
    {"p", ROLE_PARAGRAPH},      {"div", ROLE_BLOCK},     {"section", ROLE_BLOCK},
    {"article", ROLE_BLOCK},    {"main", ROLE_BLOCK},    {"body", ROLE_BLOCK},
    {"blockquote", ROLE_BLOCK}, {"address", ROLE_BLOCK}, {"figure", ROLE_BLOCK},
    {"figcaption", ROLE_BLOCK}, {"center", ROLE_BLOCK},  {"details", ROLE_BLOCK},
    {"fieldset", ROLE_BLOCK},   {"hgroup", ROLE_BLOCK},  {"hr", ROLE_BLOCK},
    {"caption", ROLE_BLOCK},    {"td", ROLE_BLOCK},      {"th", ROLE_BLOCK},
    {"h1", ROLE_HEADING},       {"h2", ROLE_HEADING},    {"h3", ROLE_HEADING},
    {"h4", ROLE_HEADING},       {"h5", ROLE_HEADING},    {"h6", ROLE_HEADING},
    {"summary", ROLE_SUMMARY},  {"button", ROLE_BUTTON}, {"ul", ROLE_LIST},
    {"ol", ROLE_LIST},          {"menu", ROLE_LIST},     {"dl", ROLE_LIST},
    {"li", ROLE_ITEM},          {"dt", ROLE_TERM},       {"dd", ROLE_DEFINITION},
    {"table", ROLE_TABLE},      {"tr", ROLE_ROW},        {"pre", ROLE_PRE},
    {"br", ROLE_BREAK},         {"form", ROLE_FORM},     {"header", ROLE_HEADER},
    {"head", ROLE_SKIP},        {"script", ROLE_SKIP},   {"style", ROLE_SKIP},
    {"nav", ROLE_SKIP},         {"footer", ROLE_SKIP},   {"aside", ROLE_SKIP},
    {"noscript", ROLE_SKIP},    {"template", ROLE_SKIP}, {"svg", ROLE_SKIP},
    {"math", ROLE_SKIP},        {"select", ROLE_SKIP},   {"textarea", ROLE_SKIP},
    {"iframe", ROLE_SKIP},      {"object", ROLE_SKIP},   {"video", ROLE_SKIP},
    {"audio", ROLE_SKIP},       {"canvas", ROLE_SKIP},   {"title", ROLE_SKIP},
    {"dialog", ROLE_SKIP},
};

static void walk(struct page *p, xmlNode *node);

/* ---- the tree ------------------------------------------------------------------------------------ */

bool source_html_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcasecmp((const char *)node->name, name) == 0;
}

static enum role role_of(const xmlNode *node)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (source_html_is(node, roles[i].name))
            return roles[i].role;
    return ROLE_INLINE;
}

bool source_html_has(const xmlNode *node, const char *attribute, const char *value)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (strcasecmp((const char *)a->name, attribute) == 0)
            return !value || (a->children && a->children->content &&
                              strcasecmp((const char *)a->children->content, value) == 0);
    return false;
}

xmlNode *source_html_next(const xmlNode *root, xmlNode *node)
{
    if (node->children && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

static bool contains(xmlNode *root, enum role a, enum role b)
{
    for (xmlNode *n = source_html_next(root, root); n; n = source_html_next(root, n)) {
        enum role role = n->type == XML_ELEMENT_NODE ? role_of(n) : ROLE_INLINE;
        if (role == a || role == b)
            return true;
    }
    return false;
}

/* What the page is about: its <main>, else its only <article>, else all of it. */
static xmlNode *find_content(xmlNode *root, bool *ret_inner)
{
    xmlNode *article = NULL;
    size_t articles = 0;
    for (xmlNode *n = root; n; n = source_html_next(root, n)) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (source_html_is(n, "main") || source_html_has(n, "role", "main")) {
            *ret_inner = true;
            return n;
        }
        if (source_html_is(n, "article") && articles++ == 0)
            article = n;
    }
    *ret_inner = articles == 1;
    return articles == 1 ? article : root;
}

/* ---- the run ------------------------------------------------------------------------------------- */

/* Must `c` have a backslash, so that Markdown reads it as itself? */
static bool is_markup(char c, char before, char after, bool in_row)
{
    bool word_before = before && !strchr(" \t(", before),
         blank_after = !after || strchr(" \t\n", after);
    switch (c) {
    case '\\':
    case '`':
    case '[':
    case ']':
    case '<': return true;
    case '*': return !(blank_after && !word_before);
    case '_':
    case '~': return !(word_before && !blank_after);
    case '&': return after == '#' || ((after | 32) >= 'a' && (after | 32) <= 'z');
    case '|': return in_row;
    case '#':
    case '>':
    case '+':
    case '-': return !before && blank_after;
    default: return false;
    }
}

void source_html_add(struct page *p, const char *s, size_t line)
{
    for (size_t i = 0; s[i]; i++) {
        bool nbsp = s[i] == '\xc2' && s[i + 1] == '\xa0';
        if (strchr(" \t\r\n\f", s[i]) || nbsp) {
            p->space = true;
            i += nbsp;
            continue;
        }
        int len = sqlite3_str_length(p->run);
        char before = len ? sqlite3_str_value(p->run)[len - 1] : '\0';
        if (!len)
            p->line = line;
        if (p->space && len && before != ' ')
            sqlite3_str_appendchar(p->run, 1, before = ' ');
        p->space = false;
        if (is_markup(s[i], before, s[i + 1], p->cell > 0))
            sqlite3_str_appendchar(p->run, 1, '\\');
        sqlite3_str_appendchar(p->run, 1, s[i]);
    }
}

/* Put a blank line between blocks, but not between the items of one list or the rows of one table. */
static void separate(struct page *p, enum block_kind kind, int group)
{
    const struct document *doc = p->doc;
    const struct block *last = doc->nblock ? &doc->block[doc->nblock - 1] : NULL;
    bool close = last && last->kind == kind && last->group == group &&
                 (kind == BLOCK_ITEM || kind == BLOCK_ROW);
    if (last)
        sqlite3_str_appendall(p->text, close ? "\n" : "\n\n");
    for (size_t i = 0; close && last->head && i < p->cells; i++)
        sqlite3_str_appendall(p->text, i + 1 < p->cells ? "|---" : "|---|\n");
}

/* Ends the block that the run is. Marks go in front of it, its own bytes are the block's. */
static void flush_as(struct page *p, enum block_kind kind, int level)
{
    p->space = false;
    p->term = false;
    if (!sqlite3_str_length(p->run))
        return;
    size_t len, start;
    struct text_fix fix;
    /* Character references may have made what was not in the file: marks that combine, controls. */
    const char *s = text_repair(p->doc->pool, sqlite3_str_value(p->run),
                                (size_t)sqlite3_str_length(p->run), &len, &fix);
    sqlite3_str_reset(p->run);
    if (!len)
        return; /* it was a byte-order mark */
    int group = p->lists && kind != BLOCK_HEADING ? p->group : 0;
    separate(p, kind, group);
    if (kind == BLOCK_HEADING)
        sqlite3_str_appendf(p->text, "%.*s ", level, "######");
    else if (kind == BLOCK_ITEM && p->ordinal)
        sqlite3_str_appendf(p->text, "%*s%d. ", level * 3, "", p->ordinal++);
    else if (kind == BLOCK_ITEM)
        sqlite3_str_appendf(p->text, "%*s- ", level * 3, "");
    else if (kind == BLOCK_PARAGRAPH && p->lists)
        sqlite3_str_appendf(p->text, "%*s", level * 3 + 3, "");
    start = (size_t)sqlite3_str_length(p->text);
    sqlite3_str_append(p->text, s, (int)len);
    struct block *b = document_block(p->doc, kind, level, start, start + len, p->line);
    b->group = group;
    p->item = false;
}

static void flush(struct page *p)
{
    if (p->cell) {
        p->space = true;
        return;
    }
    int level = p->lists ? p->lists - 1 : 0;
    flush_as(p, p->item || p->term ? BLOCK_ITEM : BLOCK_PARAGRAPH,
             level < KB_MAX_DEPTH ? level : KB_MAX_DEPTH);
}

/* ---- elements ------------------------------------------------------------------------------------- */

static void walk_children(struct page *p, xmlNode *node)
{
    if (p->nesting == HTML_MAX_NESTING) {
        p->too_deep = true;
        return;
    }
    p->nesting++;
    for (xmlNode *child = node->children; child; child = child->next)
        walk(p, child);
    p->nesting--;
}

static void on_block(struct page *p, xmlNode *node)
{
    if (p->term && !p->cell)
        p->space = true; /* the definition's first paragraph goes on behind the term */
    else
        flush(p);
    walk_children(p, node);
    flush(p);
}

static void on_heading(struct page *p, xmlNode *node, int level)
{
    flush(p);
    walk_children(p, node);
    if (p->cell)
        flush(p);
    else
        flush_as(p, BLOCK_HEADING, level);
}

static int level_below(const struct page *p)
{
    return p->heading < 6 ? p->heading + 1 : 6;
}

/* A paragraph that is one bold phrase, without the end of a sentence. */
static bool is_bold_heading(const struct page *p, const xmlNode *node)
{
    const xmlNode *only = NULL;
    for (const xmlNode *n = node->children; n; n = n->next) {
        bool blanks = n->type == XML_TEXT_NODE && n->content &&
                      !n->content[strspn((const char *)n->content, " \t\r\n")];
        if (blanks || n->type == XML_COMMENT_NODE || source_html_is(n, "br"))
            continue;
        if (only || (!source_html_is(n, "b") && !source_html_is(n, "strong")))
            return false;
        only = n;
    }
    if (!only || p->cell || p->lists)
        return false;
    xmlChar *text = xmlNodeGetContent(only);
    size_t len = text ? strlen((const char *)text) : 0;
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    bool heading = len > 1 && len <= BOLD_HEADING_MAX && !strchr(".:;,!", text[len - 1]);
    p->free(text);
    return heading;
}

static void on_list(struct page *p, xmlNode *node)
{
    flush(p);
    if (!p->lists)
        p->group = (int)p->doc->nblock + 1;
    int ordinal = p->ordinal;
    p->ordinal = source_html_is(node, "ol");
    p->lists++;
    walk_children(p, node);
    flush(p);
    p->lists--;
    p->ordinal = ordinal;
    p->item = false;
}

/* An item that holds headings is a card or a step of an FAQ, and no item. */
static void on_item(struct page *p, xmlNode *node)
{
    flush(p);
    if (contains(node, ROLE_HEADING, ROLE_SUMMARY)) {
        int lists = p->lists;
        p->lists = 0;
        walk_children(p, node);
        flush(p);
        p->lists = lists;
        return;
    }
    p->item = !p->cell;
    walk_children(p, node);
    flush(p);
    p->item = false;
}

/* "Term: definition" is an item; a term that asks is a heading. */
static void on_term(struct page *p, xmlNode *node)
{
    flush(p);
    walk_children(p, node);
    int len = sqlite3_str_length(p->run);
    if (p->cell || !len)
        return;
    char last = sqlite3_str_value(p->run)[len - 1];
    if (last == '?') {
        int lists = p->lists;
        flush_as(p, BLOCK_HEADING, level_below(p));
        p->lists = lists;
        return;
    }
    if (last != ':')
        sqlite3_str_appendchar(p->run, 1, ':');
    p->space = p->term = true;
}

static bool is_layout(xmlNode *table)
{
    return source_html_has(table, "role", "presentation") ||
           contains(table, ROLE_HEADING, ROLE_TABLE);
}

static size_t cells_of(const xmlNode *row, bool *ret_head)
{
    size_t n = 0, heads = 0;
    for (const xmlNode *c = row->children; c; c = c->next) {
        heads += source_html_is(c, "th");
        n += source_html_is(c, "td") || source_html_is(c, "th");
    }
    *ret_head = n && (heads == n || (row->parent && source_html_is(row->parent, "thead")));
    return n;
}

static void on_row(struct page *p, xmlNode *row)
{
    bool head, first = true;
    size_t n = cells_of(row, &head);
    flush(p);
    if (p->cell || !p->rows || n < 2) {
        on_block(p, row);
        return;
    }
    int lists = p->lists;
    p->cell++;
    p->lists = 1; /* rows are numbered as items are: by p->group */
    for (xmlNode *c = row->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE)
            continue;
        sqlite3_str_appendall(p->run, first ? "| " : " | ");
        first = p->space = false;
        walk_children(p, c);
    }
    sqlite3_str_appendall(p->run, " |");
    p->cell--;
    p->item = false;
    p->line = (size_t)xmlGetLineNo(row);
    flush_as(p, BLOCK_ROW, 0);
    p->cells = n;
    p->lists = lists;
    p->doc->block[p->doc->nblock - 1].head = head; /* the row has its bars, so it is there */
}

static void on_table(struct page *p, xmlNode *table)
{
    bool rows = p->rows;
    int group = p->group;
    flush(p);
    p->rows = !is_layout(table);
    if (p->rows && !p->cell)
        p->group = (int)p->doc->nblock + 1;
    walk_children(p, table);
    flush(p);
    p->group = group;
    p->rows = rows;
}

/* Code stands as it is, between fences longer than any in it. */
static void push_code(struct page *p, const char *s, size_t len, size_t line)
{
    size_t longest = 2, ticks = 0;
    for (size_t i = 0; i < len; i++) {
        ticks = s[i] == '`' ? ticks + 1 : 0;
        longest = ticks > longest ? ticks : longest;
    }
    separate(p, BLOCK_CODE, 0);
    sqlite3_str_appendchar(p->text, (int)longest + 1, '`');
    sqlite3_str_appendchar(p->text, 1, '\n');
    size_t start = (size_t)sqlite3_str_length(p->text);
    sqlite3_str_append(p->text, s, (int)len);
    sqlite3_str_appendchar(p->text, 1, '\n');
    sqlite3_str_appendchar(p->text, (int)longest + 1, '`');
    struct block *b = document_block(p->doc, BLOCK_CODE, 0, start, start + len, line);
    b->group = p->lists ? p->group : 0;
    p->item = false;
}

static void on_pre(struct page *p, xmlNode *node)
{
    size_t len, line = (size_t)xmlGetLineNo(node);
    struct text_fix fix;
    flush(p);
    xmlChar *content = xmlNodeGetContent(node);
    if (!content)
        return;
    if (p->cell) {
        source_html_add(p, (const char *)content, line);
    } else {
        const char *s = text_repair(p->doc->pool, (const char *)content,
                                    strlen((const char *)content), &len, &fix);
        while (len && strchr(" \t\n", s[len - 1]))
            len--;
        for (; len && *s == '\n'; s++)
            len--;
        if (len)
            push_code(p, s, len, line);
    }
    p->free(content);
}

static void on_button(struct page *p, xmlNode *node)
{
    bool in_heading = node->parent &&
                      (role_of(node->parent) == ROLE_HEADING ||
                       role_of(node->parent) == ROLE_SUMMARY || role_of(node->parent) == ROLE_TERM);
    if (in_heading)
        walk_children(p, node);
    else if (source_html_has(node, "aria-expanded", NULL) ||
             source_html_has(node, "aria-controls", NULL))
        on_heading(p, node, level_below(p));
}

static void on_element(struct page *p, xmlNode *node)
{
    switch (role_of(node)) {
    case ROLE_SKIP: break;
    case ROLE_INLINE: walk_children(p, node); break;
    case ROLE_BREAK: p->space = true; break;
    case ROLE_BLOCK: on_block(p, node); break;
    case ROLE_PARAGRAPH:
        if (is_bold_heading(p, node))
            on_heading(p, node, level_below(p));
        else
            on_block(p, node);
        break;
    case ROLE_HEADING:
        if (!p->cell)
            p->heading = node->name[1] - '0';
        on_heading(p, node, node->name[1] - '0');
        break;
    case ROLE_SUMMARY: on_heading(p, node, level_below(p)); break;
    case ROLE_BUTTON: on_button(p, node); break;
    case ROLE_LIST: on_list(p, node); break;
    case ROLE_ITEM: p->lists ? on_item(p, node) : on_block(p, node); break;
    case ROLE_TERM: p->lists ? on_term(p, node) : on_block(p, node); break;
    case ROLE_DEFINITION:
        p->item = p->item || p->term;
        on_block(p, node);
        break;
    case ROLE_TABLE: on_table(p, node); break;
    case ROLE_ROW: on_row(p, node); break;
    case ROLE_PRE: on_pre(p, node); break;
    case ROLE_FORM: /* some sites wrap the whole page into one */
        if (contains(node, ROLE_HEADING, ROLE_HEADING))
            on_block(p, node);
        break;
    case ROLE_HEADER:
        if (p->inner)
            on_block(p, node);
        break;
    }
}

static void walk(struct page *p, xmlNode *node)
{
    if (node->type == XML_TEXT_NODE && node->content)
        source_html_add(p, (const char *)node->content,
                        node->parent ? (size_t)xmlGetLineNo(node->parent) : 1);
    else if (node->type == XML_ELEMENT_NODE && !source_html_has(node, "aria-hidden", "true"))
        on_element(p, node);
}

void source_html_walk(struct page *p, xmlNode *root)
{
    walk(p, find_content(root, &p->inner));
    flush(p);
}
