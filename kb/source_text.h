/* source_text.h: lines of plain text, shared by source_text.c (lines into blocks) and
 * source_text_shape.c (which lines are headings). */
#ifndef KB_SOURCE_TEXT_H
#define KB_SOURCE_TEXT_H

#include "kb/kb_int.h"

enum line_kind {
    LINE_BLANK,
    LINE_TEXT,
    LINE_ITEM,      /* "- text", "1. text", "(a) text" */
    LINE_ROW,       /* a line with pipes or inner tabs, next to another one */
    LINE_RULE,      /* "|---|---|" below a header row */
    LINE_STROKE,    /* only "=", "-", "~", "*" or "_": a separator or an underline */
    LINE_FURNITURE, /* page numbers, a table of contents, photo credits: left out */
};

/* How a heading shows that it is one. Headings of one style have one level. */
enum line_style {
    STYLE_NONE,
    STYLE_HASH,      /* "## Pay" in a file that is not called Markdown */
    STYLE_UNDERLINE, /* one style per kind of stroke */
    STYLE_NUMBER,    /* "1.2 Scope", one style per depth */
    STYLE_CAPS,
    STYLE_QUESTION, /* What Do Technicians Earn? */
    STYLE_TITLE,    /* Work Environment */
    STYLE_ASK,      /* What do technicians earn? */
    STYLE_PLAIN,    /* Work environment */
};

struct text_line {
    size_t start, end; /* of what it says: behind an item's or question's mark, without blanks */
    size_t indent;     /* columns before its first character */
    size_t columns;    /* width, in code points, indentation included */
    enum line_kind kind;
    enum line_style style; /* STYLE_NONE: not a heading */
    int detail;            /* hash: level; underline: its character; number: depth */
    long number;           /* item or heading "3.": 3; else -1 */
    bool mark_question;    /* "Q: ..." */
};

struct text_lines {
    const char *text;
    struct text_line *line;
    size_t n;
    bool wrapped; /* paragraphs are broken into lines of about `width` columns */
    size_t width;
    size_t faq; /* the first line that announces questions and answers, or n */
};

/* The next line after `i` that is neither blank nor furniture, or t->n. */
size_t text_line_next(const struct text_lines *t, size_t i);
/* Is line `i` of the paragraph that begins with line `first`? All between them are. */
bool text_line_joins(const struct text_lines *t, size_t first, size_t i);

/* Set style and detail of every heading. */
void source_text_shape(struct text_lines *t);

#endif
