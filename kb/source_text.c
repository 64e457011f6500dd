/* source_text.c: plain text becomes blocks.
 *
 * Plain text comes in two layouts. Either every paragraph is one line, however long, as text that was
 * copied out of a page; or paragraphs are wrapped into lines of some seventy columns with blank lines
 * between them, as in mail and standards. Which one it is shows at the line ends: only in wrapped text
 * do lines often stop in the middle of a sentence and the next one go on with a small letter.
 *
 * Then every line gets a kind by itself (item, table row, separator, text), source_text_shape.c says
 * which text lines are headings, and the rest follows: levels, the title, the blocks.
 *
 * A heading's level is not written anywhere either. Headings of one style have one level, and the
 * style that is met first is the highest, as in reStructuredText; numbers say their depth themselves.
 * Two rules serve guides that are made of questions: questions under "Frequently Asked Questions" are
 * below it, and a question that goes straight to a list, in the middle of sub-headings, is one of
 * them (chapters begin by saying something).
 *
 * Left out, because nobody would quote it: a printed table of contents, page numbers, photo credits,
 * separators and underlines. */
#include "kb/source_text.h"

#include <string.h>
#include <strings.h>

#define MAX_STYLES   32
#define WRAPPED_FROM 40 /* columns: shorter lines (an address, a list) end where they please */
#define NUMBERED_DOC 3  /* so many numbered headings: numbers are this text's way to say levels */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

/* ---- what a line is, by itself ------------------------------------------------------------------ */

/* Page numbers and running heads, lines of a table of contents, photo credits. */
static bool is_furniture(const char *s, size_t len)
{
    static const char *const credit[] = {"photo by ",    "photo: ",       "image by ",
                                         "image: ",      "picture by ",   "photo credit",
                                         "image credit", "image courtesy"};
    for (size_t i = 0; len < 120 && i < sizeof credit / sizeof *credit; i++)
        if (len > strlen(credit[i]) && strncasecmp(s, credit[i], strlen(credit[i])) == 0)
            return s[len - 1] != '.';
    if (len > 8 && s[len - 1] == ']' && memmem(s, len, "[Page ", 6))
        return true;
    return digit(s[len - 1]) && (memmem(s, len, "....", 4) || memmem(s, len, ". . . ", 6));
}

static bool is_stroke(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (blank(s[i]))
            continue;
        if (!strchr("=-~*_^#", s[i]) || s[i] != s[0])
            return false;
        n++;
    }
    return n >= 3;
}

static bool is_rule(const char *s, size_t len)
{
    size_t dashes = 0, pipes = 0;
    for (size_t i = 0; i < len; i++) {
        dashes += s[i] == '-';
        pipes += s[i] == '|' || s[i] == '+';
        if (!strchr("|-:+ \t", s[i]))
            return false;
    }
    return dashes && pipes;
}

static bool is_row(const char *s, size_t len)
{
    return (s[0] == '|' && len > 1) || memmem(s, len, " | ", 3) || memchr(s, '\t', len);
}

/* Length of a bullet, "(a)" or "a)" with the blanks behind it, or 0. */
static size_t bullet(const char *s, size_t len)
{
    static const char *const mark[] = {"-",
                                       "*",
                                       "+",
                                       "o",
                                       "\xe2\x80\xa2",
                                       "\xe2\x80\x93",
                                       "\xc2\xb7",
                                       "\xe2\x80\xa3",
                                       "\xe2\x97\xa6",
                                       "\xe2\x96\xaa",
                                       "\xe2\x97\x8f",
                                       "\xe2\x97\x8b",
                                       "\xe2\x9c\x93",
                                       "\xe2\x9e\xa2"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof mark / sizeof *mark && !n; i++)
        if (len > strlen(mark[i]) && !memcmp(s, mark[i], strlen(mark[i])))
            n = blank(s[strlen(mark[i])]) ? strlen(mark[i]) : 0;
    size_t open = len && s[0] == '(';
    if (!n && len > open + 2 && s[open + 1] == ')' && (letter(s[open]) || digit(s[open])))
        n = blank(s[open + 2]) ? open + 2 : 0;
    while (n && n < len && blank(s[n]))
        n++;
    return n < len ? n : 0;
}

/* "1." or "1.2.3" with the blanks behind it: its length, depth and first number. */
static size_t number(const char *s, size_t len, int *ret_depth, long *ret_number)
{
    size_t pos = 0;
    int depth = 0;
    long first = 0;
    while (pos < len && digit(s[pos]) && depth < 6) {
        size_t from = pos;
        for (; pos < len && digit(s[pos]) && pos - from < 4; pos++)
            first = depth ? first : first * 10 + (s[pos] - '0');
        depth++;
        if (pos == len || s[pos] != '.')
            break;
        pos++;
    }
    bool closed = pos && (s[pos - 1] == '.' || depth > 1);
    if (depth == 1 && pos < len && s[pos] == ')' && !closed) {
        pos++;
        closed = true;
    }
    if (!closed || pos >= len || !blank(s[pos]))
        return 0;
    while (pos < len && blank(s[pos]))
        pos++;
    *ret_depth = depth;
    *ret_number = first;
    return pos < len ? pos : 0;
}

/* "Q:", "Q3.", "Question:" (or A, Answer): the length of the mark with the blanks behind it. */
static size_t speaker(const char *s, size_t len, const char *letter_mark, const char *word)
{
    size_t pos = strlen(word);
    if (len <= pos || strncasecmp(s, word, pos) != 0) {
        if (!len || s[0] != *letter_mark)
            return 0;
        for (pos = 1; pos < len && digit(s[pos]); pos++)
            ;
    }
    if (pos >= len || (s[pos] != ':' && s[pos] != '.') || (s[pos] == '.' && !digit(s[pos - 1])))
        return 0;
    for (pos++; pos < len && blank(s[pos]); pos++)
        ;
    return pos < len ? pos : 0;
}

static void classify(struct text_lines *t, struct text_line *line)
{
    const char *s = t->text + line->start;
    size_t len = line->end - line->start, n, hashes = strspn(s, "#");
    line->number = -1;
    if (!len || (len == 3 && !memcmp(s, "\xef\xbf\xbd", 3))) { /* a form feed, once */
        line->kind = LINE_BLANK;
    } else if (is_furniture(s, len)) {
        line->kind = LINE_FURNITURE;
    } else if (is_stroke(s, len)) {
        line->kind = LINE_STROKE;
    } else if (hashes && hashes <= 6 && hashes < len && blank(s[hashes])) {
        line->kind = LINE_TEXT;
        line->style = STYLE_HASH;
        line->detail = (int)hashes;
        line->start += hashes + strspn(s + hashes, " \t");
    } else if (is_rule(s, len)) {
        line->kind = LINE_RULE;
    } else if ((n = bullet(s, len))) {
        line->kind = LINE_ITEM;
        line->start += n;
    } else if (is_row(s, len)) {
        line->kind = LINE_ROW;
    } else if ((n = number(s, len, &line->detail, &line->number))) {
        line->kind = line->detail == 1 ? LINE_ITEM : LINE_TEXT;
        line->start += line->detail == 1 ? n : 0;
    } else if ((n = speaker(s, len, "Q", "question")) && s[len - 1] == '?') {
        line->kind = LINE_TEXT;
        line->mark_question = true;
        line->start += n;
    } else {
        line->kind = LINE_TEXT;
        line->start += speaker(s, len, "A", "answer");
    }
}

static size_t columns_of(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

static void lines_read(struct pool *pool, struct text_lines *t, size_t from, size_t len)
{
    size_t n = 1;
    for (size_t i = from; i < len; i++)
        n += t->text[i] == '\n';
    t->line = pool_array(pool, n, sizeof *t->line);
    for (size_t pos = from; pos <= len; t->n++) {
        const char *nl = pos < len ? memchr(t->text + pos, '\n', len - pos) : NULL;
        size_t end = nl ? (size_t)(nl - t->text) : len, behind = end + 1;
        struct text_line *line = &t->line[t->n];
        for (; pos < end && blank(t->text[pos]); pos++)
            line->indent += t->text[pos] == '\t' ? 8 - line->indent % 8 : 1;
        while (end > pos && blank(t->text[end - 1]))
            end--;
        line->start = pos;
        line->end = end;
        line->columns = line->indent + columns_of(t->text + pos, end - pos);
        classify(t, line);
        pos = behind;
    }
}

/* ---- what a line is, among its neighbours -------------------------------------------------------- */

size_t text_line_next(const struct text_lines *t, size_t i)
{
    do
        i++;
    while (i < t->n && (t->line[i].kind == LINE_BLANK || t->line[i].kind == LINE_FURNITURE));
    return i;
}

static bool small_letter(const struct text_lines *t, const struct text_line *line)
{
    char c = t->text[line->start];
    return c >= 'a' && c <= 'z';
}

bool text_line_joins(const struct text_lines *t, size_t first, size_t i)
{
    const struct text_line *line = &t->line[i];
    if (i == first)
        return true;
    if (line->kind != LINE_TEXT || line->style)
        return false;
    return t->wrapped || (small_letter(t, line) && !strchr(".?!:", t->text[line[-1].end - 1]));
}

/* A row needs a neighbour, else it is a sentence with a bar in it. */
static void settle_rows(struct text_lines *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct text_line *line = &t->line[i];
        if (line->kind != LINE_ROW)
            continue;
        enum line_kind above = i ? t->line[i - 1].kind : LINE_BLANK;
        enum line_kind below = i + 1 < t->n ? t->line[i + 1].kind : LINE_BLANK;
        if (above != LINE_ROW && above != LINE_RULE && below != LINE_ROW && below != LINE_RULE)
            line->kind = LINE_TEXT;
    }
}

/* The running head of the next page, below a page number: "RFC 9999      Title      May 2026". */
static void settle_pages(struct text_lines *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct text_line *line = &t->line[i];
        if (line->kind != LINE_FURNITURE || t->text[line->end - 1] != ']')
            continue;
        size_t next = text_line_next(t, i);
        if (next == t->n || t->line[next].kind != LINE_TEXT)
            continue;
        const struct text_line *head = &t->line[next];
        if (memmem(t->text + head->start, head->end - head->start, "    ", 4))
            t->line[next].kind = LINE_FURNITURE;
    }
}

/* "3. Scope" numbers a heading when no neighbour counts on, it is brief, and text stands below. */
static void settle_numbers(struct text_lines *t)
{
    long before = -1; /* number of the item that was the last line to say something */
    for (size_t i = 0; i < t->n; i++) {
        struct text_line *line = &t->line[i];
        if (line->kind == LINE_BLANK || line->kind == LINE_FURNITURE)
            continue;
        long counted = before;
        before = -1;
        if (line->kind != LINE_ITEM || line->number < 0)
            continue;
        before = line->number;
        size_t next = text_line_next(t, i), len = line->end - line->start;
        const struct text_line *below = next < t->n ? &t->line[next] : NULL;
        bool gap =
            i == 0 || t->line[i - 1].kind == LINE_BLANK || t->line[i - 1].kind == LINE_STROKE;
        if (!below || len > 100 || strchr(".,;:!", t->text[line->end - 1]) || counted >= 0 ||
            below->kind != LINE_TEXT || (!gap && t->wrapped) ||
            (next == i + 1 && (small_letter(t, below) || (below->indent > line->indent && !gap))))
            continue;
        line->kind = LINE_TEXT;
        line->start = line->end;
        while (line->start && t->text[line->start - 1] != '\n')
            line->start--;
        while (blank(t->text[line->start]))
            line->start++;
        before = -1;
    }
}

/* See the top: do lines stop in the middle of sentences? */
static void find_layout(struct text_lines *t)
{
    size_t pairs = 0, soft = 0;
    for (size_t i = 0; i + 1 < t->n; i++) {
        const struct text_line *a = &t->line[i], *b = a + 1;
        if ((a->kind != LINE_TEXT && a->kind != LINE_ITEM) || b->kind != LINE_TEXT ||
            a->start == a->end)
            continue;
        pairs += a->columns >= WRAPPED_FROM;
        if (strchr(".?!:", t->text[a->end - 1]) || !small_letter(t, b))
            continue;
        soft++;
        if (a->columns > t->width)
            t->width = a->columns;
    }
    t->wrapped = soft && soft * 4 >= pairs;
}

static void find_faq(struct text_lines *t)
{
    static const char *const name[] = {"frequently asked", "faq", "questions and answers",
                                       "common questions"};
    for (t->faq = 0; t->faq < t->n; t->faq++) {
        const struct text_line *line = &t->line[t->faq];
        if (line->kind != LINE_TEXT || line->end - line->start > 100 ||
            strchr(".:,", line->end > line->start ? t->text[line->end - 1] : '.'))
            continue;
        for (size_t i = 0; i < sizeof name / sizeof *name; i++)
            for (size_t k = line->start; k + strlen(name[i]) <= line->end; k++)
                if (strncasecmp(t->text + k, name[i], strlen(name[i])) == 0)
                    return;
    }
}

/* ---- levels -------------------------------------------------------------------------------------- */

struct levels {
    const struct text_lines *t;
    int style[MAX_STYLES]; /* in order of first appearance */
    int nstyle;
    int base; /* 1 when the title stands above all */
    bool numbered;
    int last;       /* level of the heading before */
    int last_other; /* of the last one that is no question */
    bool in_faq;
};

static bool is_question(const struct text_line *line)
{
    return line->style == STYLE_QUESTION || line->style == STYLE_ASK;
}

static int style_key(const struct text_line *line)
{
    enum line_style style = line->style == STYLE_ASK     ? STYLE_QUESTION
                            : line->style == STYLE_PLAIN ? STYLE_TITLE
                                                         : line->style;
    bool detailed = style == STYLE_UNDERLINE || style == STYLE_NUMBER || style == STYLE_HASH;
    return (int)style * 256 + (detailed ? line->detail : 0);
}

/* The title: the first heading, when it is the only one of its style or another one follows at once,
 * and hardly anything stands above it. t->n when there is none. */
static size_t find_title(const struct text_lines *t)
{
    size_t first = 0, others = 0, alike = 0, above = 0;
    for (; first < t->n && !t->line[first].style; first++)
        above += t->line[first].kind != LINE_BLANK && t->line[first].kind != LINE_STROKE &&
                 (!first || t->line[first - 1].kind == LINE_BLANK);
    if (first == t->n || above > 2 || t->line[first].style == STYLE_HASH)
        return t->n;
    for (size_t i = first + 1; i < t->n; i++) {
        others += t->line[i].style != STYLE_NONE;
        alike += t->line[i].style && style_key(&t->line[i]) == style_key(&t->line[first]);
    }
    size_t next = text_line_next(t, first);
    while (next < t->n && t->line[next].kind == LINE_STROKE)
        next = text_line_next(t, next);
    bool followed = next < t->n && t->line[next].style;
    return (others && (followed || !alike)) || (!others && !above) ? first : t->n;
}

/* Does the section at line `i` go straight to a list? */
static bool opens_with_list(const struct text_lines *t, size_t i)
{
    size_t lead = text_line_next(t, i), list = lead;
    if (lead >= t->n || t->line[lead].style)
        return false;
    if (t->line[lead].kind != LINE_TEXT)
        return t->line[lead].kind == LINE_ITEM;
    while (list < t->n && text_line_joins(t, lead, list) && t->line[list].kind == LINE_TEXT)
        list++;
    if (t->text[t->line[list - 1].end - 1] != ':')
        return false;
    list = text_line_next(t, list - 1);
    return list < t->n && (t->line[list].kind == LINE_ITEM || t->line[list].kind == LINE_ROW);
}

static int level_of_style(struct levels *l, const struct text_line *line)
{
    int key = style_key(line), i = 0;
    while (i < l->nstyle && l->style[i] != key)
        i++;
    if (i == l->nstyle && l->nstyle < MAX_STYLES)
        l->style[l->nstyle++] = key;
    return l->base + i + 1;
}

static int level_of(struct levels *l, size_t i)
{
    const struct text_line *line = &l->t->line[i];
    int level;
    if (line->style == STYLE_HASH)
        level = line->detail;
    else if (l->numbered && line->style == STYLE_NUMBER)
        level = l->base + line->detail;
    else if (line->mark_question || (l->in_faq && is_question(line)))
        level = l->last_other + 1;
    else if (l->numbered || i == l->t->faq)
        level = l->base + 1;
    else
        level = level_of_style(l, line);
    if (line->style == STYLE_QUESTION && !l->in_faq && l->last > level && opens_with_list(l->t, i))
        level = l->last;
    level = level > 6 ? 6 : level;
    l->last = level;
    if (!is_question(line)) {
        l->in_faq = i == l->t->faq;
        l->last_other = level;
    }
    return level;
}

/* ---- blocks --------------------------------------------------------------------------------------- */

struct builder {
    struct document *doc;
    const struct text_lines *t;
    struct levels levels;
    size_t title;                /* line of the title, or t->n */
    size_t first_line;           /* line number of t->line[0] */
    int group;                   /* of the open list; 0: none */
    size_t indent[KB_MAX_DEPTH]; /* of its open levels */
    int depth;
};

static struct block *push(struct builder *b, enum block_kind kind, int level, size_t first,
                          size_t last)
{
    size_t start = b->t->line[first].start, end = b->t->line[last].end;
    if (start >= end)
        return NULL;
    return document_block(b->doc, kind, level, start, end, b->first_line + first);
}

static int new_group(const struct builder *b)
{
    return (int)b->doc->nblock + 1;
}

/* Returns the line behind the item. */
static size_t push_item(struct builder *b, size_t i)
{
    const struct text_line *line = b->t->line;
    if (!b->group) {
        b->group = new_group(b);
        b->depth = 0;
    }
    while (b->depth && b->indent[b->depth - 1] >= line[i].indent)
        b->depth--;
    if (b->depth == KB_MAX_DEPTH)
        b->depth--;
    b->indent[b->depth++] = line[i].indent;
    size_t last = i;
    while (last + 1 < b->t->n && line[last + 1].kind == LINE_TEXT && !line[last + 1].style &&
           (line[last + 1].indent > line[i].indent ||
            (b->t->wrapped && small_letter(b->t, &line[last + 1]))))
        last++;
    struct block *block = push(b, BLOCK_ITEM, b->depth - 1, i, last);
    if (block)
        block->group = b->group;
    return last + 1;
}

static size_t push_rows(struct builder *b, size_t i)
{
    const struct text_line *line = b->t->line;
    int group = new_group(b);
    bool rule = false;
    size_t end = i;
    for (; end < b->t->n && (line[end].kind == LINE_ROW || line[end].kind == LINE_RULE); end++)
        rule = rule || (line[end].kind == LINE_RULE && end == i + 1);
    for (size_t k = i; k < end; k++) {
        struct block *block = line[k].kind == LINE_ROW ? push(b, BLOCK_ROW, 0, k, k) : NULL;
        if (!block)
            continue;
        block->group = group;
        block->head =
            k == i && end > i + 1 &&
            (rule || markdown_header_row(b->t->text + block->start, block->end - block->start));
    }
    return end;
}

/* Aligned columns or a drawing: half of the lines have wide gaps or few letters. */
static bool is_drawing(const struct text_lines *t, size_t first, size_t end)
{
    size_t drawn = 0;
    for (size_t i = first; i < end; i++) {
        const char *s = t->text + t->line[i].start;
        size_t len = t->line[i].end - t->line[i].start, letters = 0;
        for (size_t k = 0; k < len; k++)
            letters += letter(s[k]) || s[k] == ' ' || digit(s[k]);
        drawn += memmem(s, len, "    ", 4) || letters * 3 < len * 2;
    }
    return end > first + 1 && drawn * 2 >= end - first;
}

static size_t push_text(struct builder *b, size_t i)
{
    const struct text_lines *t = b->t;
    size_t end = i + 1;
    while (end < t->n && t->line[end].kind == LINE_TEXT && text_line_joins(t, i, end))
        end++;
    bool inside = b->group && t->line[i].indent > b->indent[b->depth - 1];
    if (!inside)
        b->group = 0;
    enum block_kind kind = is_drawing(t, i, end) ? BLOCK_CODE : BLOCK_PARAGRAPH;
    struct block *block = push(b, kind, inside ? b->depth - 1 : 0, i, end - 1);
    if (block)
        block->group = b->group;
    return end;
}

static void push_all(struct builder *b)
{
    const struct text_lines *t = b->t;
    for (size_t i = 0; i < t->n;) {
        const struct text_line *line = &t->line[i];
        if (line->style) {
            int level = i == b->title ? 1 : level_of(&b->levels, i);
            push(b, BLOCK_HEADING, level, i, i);
            b->group = 0;
            i++;
        } else if (line->kind == LINE_ITEM) {
            i = push_item(b, i);
        } else if (line->kind == LINE_ROW) {
            b->group = 0;
            i = push_rows(b, i);
        } else if (line->kind == LINE_TEXT) {
            i = push_text(b, i);
        } else {
            i++;
        }
    }
}

int source_text(const struct source *src, document_fn *fn, void *ctx)
{
    struct document *doc = source_document(src);
    struct text_lines t = {.text = doc->text};
    size_t body = 0, numbered = 0;
    int rc = source_front_matter(src, doc, &body);
    if (rc)
        return rc;
    lines_read(doc->pool, &t, body, doc->len);
    settle_rows(&t);
    settle_pages(&t);
    find_layout(&t);
    settle_numbers(&t);
    find_faq(&t);
    source_text_shape(&t);
    for (size_t i = 0; i < t.n; i++)
        numbered += t.line[i].style == STYLE_NUMBER;
    struct builder b = {.doc = doc, .t = &t, .title = find_title(&t), .first_line = 1};
    b.levels =
        (struct levels){.t = &t, .base = b.title < t.n, .numbered = numbered >= NUMBERED_DOC};
    b.levels.last_other = b.levels.base;
    for (size_t i = 0; i < body; i++)
        b.first_line += doc->text[i] == '\n';
    push_all(&b);
    source_title(src, doc);
    return fn(ctx, doc);
}
