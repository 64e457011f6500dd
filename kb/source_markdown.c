/* source_markdown.c: Markdown becomes blocks that know their bytes.
 *
 * cmark-gfm decides where blocks begin and end; everything a block holds is read from the document's
 * own text, never from cmark's copy, because an answer quotes the owner byte for byte. Inline
 * mark-up is not looked at here: it is part of the text, and plain.c takes it off for readers.
 *
 * So cmark is given a skeleton: the same text, byte for byte as long, in which the openers of inline
 * mark-up ("[", "<" inside a line, "&") are plain letters. Its block structure is the same, and the
 * inputs that make cmark's inline parser quadratic are gone. The skeleton is also where nesting
 * deeper than KB_MAX_DEPTH is flattened, since cmark's work per line grows with the number of open
 * containers: ten thousand "- - - -" cost seconds otherwise.
 *
 * Tables are recognised here and not by cmark's extension. That one loses the positions of a
 * paragraph directly above a table, fills short rows up with cells (a table of n bytes may become n²
 * cells), and knows no table without a rule below its header, which is how exported pages write
 * theirs. For us a table is: two or more lines of one paragraph that have pipes.
 *
 * A heading inside a list or a quotation is text of that list or quotation; only those that stand
 * free cut the document. A line that is bold from end to end and asks or names something is how many
 * people write a heading without knowing "##"; it becomes one, a level below the last real one.
 *
 * Left out: raw HTML blocks and comments, thematic breaks, link definitions, and the rule lines of
 * tables. An item's further paragraphs are paragraphs with the list's group and the item's level. */
#include "kb/kb_int.h"

#include <cmark-gfm.h>
#include <string.h>

#define BOLD_HEADING_MAX 120 /* bytes; a longer bold line is an emphasised sentence */
#define HEADER_CELLS     3   /* a first row of fewer cells is a pair "fact | value", not a header */

struct walk {
    struct document *doc;
    size_t start, end; /* of the Markdown in doc->text */
    size_t line;       /* of its first byte, in the source */
    size_t *at;        /* where each line starts in doc->text */
    size_t nline;
    int lists, quotes; /* open around the current node */
    int group;         /* of the outermost open list */
    bool item;         /* an item was opened and has no block yet */
    int heading;       /* level of the last real heading */
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- the skeleton ------------------------------------------------------------------------------ */

/* Length of a list marker or quotation mark at `s`, or 0. */
static size_t marker(const char *s, size_t len)
{
    if (!len)
        return 0;
    if (s[0] == '>')
        return 1;
    if (s[0] == '-' || s[0] == '+' || s[0] == '*')
        return len == 1 || blank(s[1]) ? 1 : 0;
    size_t n = 0;
    while (n < len && n < 9 && s[n] >= '0' && s[n] <= '9')
        n++;
    if (!n || n == len || (s[n] != '.' && s[n] != ')'))
        return 0;
    return n + 1 == len || blank(s[n + 1]) ? n + 1 : 0;
}

/* How deep containers are open, judged by the columns at which their markers stand. It errs on the
 * high side (a marker in a code block counts), which matters only beyond KB_MAX_DEPTH. */
struct depth {
    size_t column[KB_MAX_DEPTH];
    size_t n;
};

/* The markers at the head of one line, as far as they are not too deep; the rest become letters.
 * Returns their end; *ret_deep is set when there was a rest. */
static size_t skeleton_markers(char *s, size_t len, struct depth *d, bool *ret_deep)
{
    size_t pos = 0;
    for (;;) {
        while (pos < len && blank(s[pos]))
            pos++;
        size_t n = marker(s + pos, len - pos);
        if (!n)
            return pos;
        while (d->n && d->column[d->n - 1] >= pos)
            d->n--;
        if (d->n == KB_MAX_DEPTH) {
            *ret_deep = true;
            s[pos] = 'x';
            return pos;
        }
        d->column[d->n++] = pos;
        pos += n;
    }
}

/* A copy of the Markdown for cmark, see the top. *ret_deep is the first line (from 0) that is nested
 * too deep, or SIZE_MAX. */
static char *skeleton_new(const struct walk *w, size_t *ret_deep)
{
    char *copy = pool_strndup(w->doc->pool, w->doc->text + w->start, w->end - w->start);
    struct depth depth = {.n = 0};
    *ret_deep = SIZE_MAX;
    for (size_t i = 0; i < w->nline; i++) {
        size_t next = i + 1 < w->nline ? w->at[i + 1] : w->end;
        char *s = copy + (w->at[i] - w->start);
        size_t len = next - w->at[i];
        if (len && s[len - 1] == '\n')
            len--;
        bool deep = false;
        size_t pos = skeleton_markers(s, len, &depth, &deep);
        if (deep && *ret_deep == SIZE_MAX)
            *ret_deep = i;
        for (size_t k = 0; k < len; k++) {
            bool first = k == pos; /* where a block of HTML may begin */
            if (s[k] == '[' || s[k] == '&' || s[k] == '\0' ||
                (s[k] == '<' && !first && !(k + 1 < len && s[k + 1] == '/')))
                s[k] = 'x';
            else if (s[k] == '\r') /* a line end for cmark, but not for us */
                s[k] = ' ';
        }
    }
    return copy;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void lines_find(struct walk *w)
{
    const char *text = w->doc->text;
    size_t n = 1;
    for (size_t i = w->start; i < w->end; i++)
        n += text[i] == '\n';
    w->at = pool_array(w->doc->pool, n, sizeof *w->at);
    w->at[0] = w->start;
    w->nline = 1;
    for (size_t i = w->start; i < w->end; i++)
        if (text[i] == '\n')
            w->at[w->nline++] = i + 1;
}

/* End of line `i` without its newline and the blanks before it. */
static size_t line_end(const struct walk *w, size_t i)
{
    size_t end = i + 1 < w->nline ? w->at[i + 1] - 1 : w->end;
    while (end > w->at[i] && (blank(w->doc->text[end - 1]) || w->doc->text[end - 1] == '\r'))
        end--;
    return end;
}

/* Start of what line `i` says: behind indentation and the marks of the open quotations. */
static size_t line_start(const struct walk *w, size_t i)
{
    const char *text = w->doc->text;
    size_t pos = w->at[i], end = line_end(w, i);
    for (int left = w->quotes;; left--) {
        while (pos < end && blank(text[pos]))
            pos++;
        if (left <= 0 || pos == end || text[pos] != '>')
            return pos;
        pos++;
    }
}

/* Lines (from 0) and first byte of a node. False for a node whose place cmark does not know. */
static bool node_place(const struct walk *w, cmark_node *node, size_t *ret_first, size_t *ret_last,
                       size_t *ret_start)
{
    int first = cmark_node_get_start_line(node), last = cmark_node_get_end_line(node);
    int column = cmark_node_get_start_column(node);
    if (first < 1 || (size_t)first > w->nline || column < 1)
        return false;
    if (last < first)
        last = first;
    if ((size_t)last > w->nline)
        last = (int)w->nline;
    *ret_first = (size_t)first - 1;
    *ret_last = (size_t)last - 1;
    *ret_start = w->at[*ret_first] + (size_t)column - 1;
    size_t end = line_end(w, *ret_first);
    if (*ret_start > end)
        *ret_start = end;
    while (*ret_start < end && blank(w->doc->text[*ret_start]))
        ++*ret_start;
    return true;
}

/* ---- blocks ------------------------------------------------------------------------------------ */

static struct block *push(struct walk *w, enum block_kind kind, int level, size_t start, size_t end,
                          size_t line)
{
    if (start >= end)
        return NULL;
    struct block *b = document_block(w->doc, kind, level, start, end, w->line + line);
    b->group = w->lists ? w->group : 0;
    return b;
}

/* Text that is not a row: an item's first words, or a paragraph. */
static void push_text(struct walk *w, size_t start, size_t end, size_t line)
{
    const char *s = w->doc->text;
    int level = w->lists ? w->lists - 1 : 0;
    if (w->item && end - start > 4 && s[start] == '[' && s[start + 2] == ']' &&
        blank(s[start + 3]) && strchr(" xX", s[start + 1]))
        start += 4; /* the box of a task */
    if (push(w, w->item ? BLOCK_ITEM : BLOCK_PARAGRAPH, level, start, end, line))
        w->item = false;
}

/* "[label]: destination", alone on its line. */
static bool is_definition(const char *s, size_t len)
{
    const char *colon = len && s[0] == '[' ? memmem(s, len, "]:", 2) : NULL;
    if (!colon || colon == s + 1)
        return false;
    size_t pos = (size_t)(colon - s) + 2, from;
    while (pos < len && blank(s[pos]))
        pos++;
    for (from = pos; pos < len && !blank(s[pos]); pos++)
        ;
    if (pos == from)
        return false;
    while (pos < len && blank(s[pos]))
        pos++;
    return pos == len || strchr("\"'(", s[pos]);
}

static bool is_row(const struct walk *w, size_t i)
{
    size_t start = line_start(w, i), end = line_end(w, i);
    const char *s = w->doc->text + start;
    return start < end &&
           (s[0] == '|' ? end - start > 1 : memmem(s, end - start, " | ", 3) != NULL);
}

/* The line below a header: "|---|:-:|". */
static bool is_rule(const struct walk *w, size_t i)
{
    size_t start = line_start(w, i), end = line_end(w, i), dashes = 0, pipes = 0;
    for (size_t k = start; k < end; k++) {
        char c = w->doc->text[k];
        dashes += c == '-';
        pipes += c == '|';
        if (!blank(c) && c != '-' && c != '|' && c != ':')
            return false;
    }
    return dashes && pipes;
}

bool markdown_header_row(const char *s, size_t len)
{
    size_t cells = 1;
    bool letters = false;
    for (size_t k = 0; k < len; k++) {
        unsigned char c = (unsigned char)s[k];
        if (c == '|' || c == '\t') {
            if (!letters && k)
                return false;
            cells += k && k + 1 < len;
            letters = false;
        } else if (c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z')) {
            letters = true;
        }
    }
    return cells >= HEADER_CELLS && (letters || s[len - 1] == '|');
}

/* The rows in lines [first, end) as one group. */
static void push_rows(struct walk *w, size_t first, size_t end, int group, bool fresh)
{
    bool rule = first + 1 < end && is_rule(w, first + 1);
    for (size_t i = first; i < end; i++) {
        size_t from = line_start(w, i), to = line_end(w, i);
        struct block *b = is_rule(w, i) ? NULL : push(w, BLOCK_ROW, 0, from, to, i);
        if (b) {
            b->group = group;
            b->head = i == first && fresh &&
                      (rule || markdown_header_row(w->doc->text + from, to - from));
            w->item = false;
        }
    }
}

static int new_group(const struct walk *w)
{
    return (int)w->doc->nblock + 1; /* every group has a block, so no two get one number */
}

/* Is the line bold from end to end, so that it stands for a heading? */
static bool is_bold_heading(const char *s, size_t len)
{
    if (len < 6 || len > BOLD_HEADING_MAX || (memcmp(s, "**", 2) && memcmp(s, "__", 2)) ||
        memcmp(s, s + len - 2, 2))
        return false;
    char last = s[len - 3];
    return !memmem(s + 2, len - 4, s, 2) && !strchr(".:;,! \t\\*_", last) && !blank(s[2]);
}

/* Lines [first, last], of which the first one says something from `start` on. */
static void push_paragraph(struct walk *w, size_t first, size_t last, size_t start)
{
    const char *text = w->doc->text;
    while (first <= last && is_definition(text + start, line_end(w, first) - start)) {
        if (++first <= last)
            start = line_start(w, first);
    }
    if (first == last && !w->lists && !w->quotes &&
        is_bold_heading(text + start, line_end(w, first) - start)) {
        push(w, BLOCK_HEADING, w->heading < 6 ? w->heading + 1 : 6, start, line_end(w, first),
             first);
        return;
    }
    int group = 0;
    size_t rows_end = SIZE_MAX;
    for (size_t i = first, end; i <= last; i = end) {
        for (end = i; end <= last && is_row(w, end); end++)
            ;
        if (end > i + 1) {
            /* One line between two runs of rows (a source, a subtitle) does not end a table. */
            bool fresh = !group || i != rows_end + 1;
            if (fresh)
                group = new_group(w);
            push_rows(w, i, end, group, fresh);
            rows_end = end;
            continue;
        }
        for (end = i + 1; end <= last && !(end < last && is_row(w, end) && is_row(w, end + 1));
             end++)
            ;
        push_text(w, i == first ? start : line_start(w, i), line_end(w, end - 1), i);
    }
}

static void on_paragraph(struct walk *w, cmark_node *node)
{
    size_t first, last, start;
    if (node_place(w, node, &first, &last, &start))
        push_paragraph(w, first, last, start);
}

/* An underlined heading's last line: cmark does not tell it reliably. */
static size_t setext_end(const struct walk *w, size_t first)
{
    for (size_t i = first + 1; i < w->nline; i++) {
        size_t start = line_start(w, i), end = line_end(w, i);
        char c = start < end ? w->doc->text[start] : ' ';
        while (start < end && w->doc->text[start] == c)
            start++;
        if (start == end && (c == '=' || c == '-'))
            return i - 1;
    }
    return first;
}

static void on_heading(struct walk *w, cmark_node *node)
{
    size_t first, last, start, hashes = 0;
    if (!node_place(w, node, &first, &last, &start))
        return;
    const char *text = w->doc->text;
    size_t end = line_end(w, first);
    while (start + hashes < end && text[start + hashes] == '#')
        hashes++;
    if (hashes && hashes <= 6 && (start + hashes == end || blank(text[start + hashes]))) {
        start += hashes;
        while (start < end && blank(text[start]))
            start++;
        size_t cut = end;
        while (cut > start && text[cut - 1] == '#')
            cut--;
        if (cut == start || blank(text[cut - 1]))
            end = cut;
        while (end > start && blank(text[end - 1]))
            end--;
    } else {
        last = setext_end(w, first);
        while (first <= last && is_definition(text + start, line_end(w, first) - start))
            if (++first <= last)
                start = line_start(w, first);
        if (first > last)
            return; /* nothing but definitions, so the underline is a break */
        end = line_end(w, last);
    }
    if (w->lists || w->quotes) {
        push_text(w, start, end, first);
        return;
    }
    w->heading = cmark_node_get_heading_level(node);
    push(w, BLOCK_HEADING, w->heading, start, end, first);
}

/* cmark's literal has exactly the block's lines, so counting them finds the last one. */
static void on_code(struct walk *w, cmark_node *node)
{
    size_t first, last, start, lines = 0;
    const char *literal = cmark_node_get_literal(node);
    if (!literal || !node_place(w, node, &first, &last, &start))
        return;
    for (const char *s = literal; *s; s++)
        lines += *s == '\n';
    if (cmark_node_get_fenced(node, &(int){0}, &(int){0}, &(char){0})) {
        if (++first >= w->nline)
            return;
        start = w->at[first];
    }
    if (!lines || first + lines > w->nline)
        return;
    last = first + lines - 1;
    while (last > first && line_start(w, last) >= line_end(w, last))
        last--;
    push(w, BLOCK_CODE, w->lists ? w->lists - 1 : 0, start, line_end(w, last), first);
    w->item = false;
}

static void on_container(struct walk *w, cmark_node_type type, bool enter)
{
    if (type == CMARK_NODE_LIST) {
        if (enter && !w->lists)
            w->group = new_group(w);
        w->lists += enter ? 1 : -1;
        w->item = false;
    } else if (type == CMARK_NODE_BLOCK_QUOTE) {
        w->quotes += enter ? 1 : -1;
    } else if (type == CMARK_NODE_ITEM) {
        w->item = enter;
    }
}

static void walk_tree(struct walk *w, cmark_node *root)
{
    cmark_iter *iter = cmark_iter_new(root);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        bool enter = event == CMARK_EVENT_ENTER;
        if (type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING) {
            if (!enter)
                continue;
            type == CMARK_NODE_HEADING ? on_heading(w, node) : on_paragraph(w, node);
            cmark_iter_reset(iter, node, CMARK_EVENT_EXIT); /* not into its inlines */
        } else if (type == CMARK_NODE_CODE_BLOCK) {
            on_code(w, node);
        } else {
            on_container(w, type, enter);
        }
    }
    cmark_iter_free(iter);
}

/* ---- plain paragraphs -------------------------------------------------------------------------- */

/* A line that is part of a paragraph whatever stands around it: it begins with no mark of Markdown's, nor with so many
 * blanks that it could be code. */
static bool is_prose(const char *s, size_t len)
{
    size_t pos = 0;
    while (pos < len && s[pos] == ' ')
        pos++;
    if (pos > 3 || pos == len || strchr("#>-+*_=`~<[\t", s[pos]) ||
        (unsigned char)s[pos] == 0xEF) /* a byte-order mark, perhaps */
        return false;
    return !marker(s + pos, len - pos) && !memchr(s, '\r', len);
}

/* Nothing but such lines, and empty ones between paragraphs: then there is nothing to parse. Records of an export are
 * mostly that, and cmark would be most of the time that they take. */
static bool all_prose(const struct walk *w)
{
    for (size_t i = 0; i < w->nline; i++) {
        size_t end = line_end(w, i);
        if (end > w->at[i] && !is_prose(w->doc->text + w->at[i], end - w->at[i]))
            return false;
    }
    return true;
}

static void push_prose(struct walk *w)
{
    for (size_t i = 0, last; i < w->nline; i = last + 1) {
        last = i;
        if (line_end(w, i) == w->at[i])
            continue;
        while (last + 1 < w->nline && line_end(w, last + 1) > w->at[last + 1])
            last++;
        push_paragraph(w, i, last, line_start(w, i));
    }
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* *ret_deep: the first line of the source that is nested too deep, or 0. */
static int append_blocks(struct document *doc, size_t start, size_t end, size_t line,
                         size_t *ret_deep)
{
    struct walk w = {.doc = doc, .start = start, .end = end, .line = line};
    size_t deep;
    lines_find(&w);
    if (all_prose(&w)) {
        push_prose(&w);
        *ret_deep = 0;
        return KB_OK;
    }
    char *skeleton = skeleton_new(&w, &deep);
    cmark_node *root = cmark_parse_document(skeleton, end - start, CMARK_OPT_DEFAULT);
    if (!root)
        return KB_ERR_NOMEM;
    walk_tree(&w, root);
    cmark_node_free(root);
    *ret_deep = deep == SIZE_MAX ? 0 : line + deep;
    return KB_OK;
}

int markdown_blocks(struct document *doc, size_t start, size_t end, size_t line)
{
    size_t deep;
    return append_blocks(doc, start, end, line, &deep);
}

int source_markdown(const struct source *src, document_fn *fn, void *ctx)
{
    struct document *doc = source_document(src);
    size_t body = 0, line = 1, deep = 0;
    int rc = source_front_matter(src, doc, &body);
    if (rc)
        return rc;
    for (size_t i = 0; i < body; i++)
        line += src->s[i] == '\n';
    rc = append_blocks(doc, body, src->len, line, &deep);
    if (rc)
        return rc;
    if (deep)
        report_add(
            src->report, false, src->file, deep, 1,
            "lists or quotations are nested deeper than %d levels; what is deeper is read as text",
            KB_MAX_DEPTH);
    source_title(src, doc);
    return fn(ctx, doc);
}
