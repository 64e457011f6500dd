/* unit.c: blocks are cut into units, the smallest things that are quoted.
 *
 * A paragraph gives its sentences; an item, a row, a code block are quoted whole. Sentences are found
 * in the source text, where inline mark-up is still there, so a full stop inside a link, inside
 * `code` or inside **bold** may stand in the middle of something that must stay together: a quoted
 * half of it would show stray marks. unit_end() therefore goes on to the next sentence's end until
 * what was opened is closed, and takes the closing marks that stand behind the full stop along.
 *
 * A unit is a lead when it only makes sense with the list, table or code behind it: it ends with a
 * colon, it is a caption (no mark at its end), or it says "the following". */
#include "kb/kb_int.h"

#include <string.h>

#define MARKS_MAX   4    /* sentences that mark-up may span; what is open longer was no mark-up */
#define UNIT_MAX    4000 /* bytes; a longer sentence has lost its full stops */
#define LABEL_WORDS 3    /* "Attention to detail. Technicians must ..." is quoted in one piece */
#define LEAD_MAX    400  /* bytes; a longer last sentence says something of its own */

/* What inline mark-up is open at the end of a text. */
struct marks {
    int bracket, paren, bold;
    bool code;
};

static void marks_read(struct marks *m, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == ' ' || (s[i] >= 'a' && s[i] <= 'z')) /* nearly all */
            continue;
        if (s[i] == '\\' && i + 1 < len)
            i++;
        else if (s[i] == '`')
            m->code = !m->code;
        else if (m->code)
            continue;
        else if (s[i] == '[')
            m->bracket++;
        else if (s[i] == ']' && m->bracket)
            m->bracket--, m->paren += i + 1 < len && s[i + 1] == '(';
        else if (s[i] == ')' && m->paren)
            m->paren--;
        else if (s[i] == '*' && i + 1 < len && s[i + 1] == '*')
            m->bold ^= 1, i++;
    }
}

static bool marks_open(const struct marks *m)
{
    return m->bracket || m->paren || m->bold || m->code;
}

/* Where text without any full stop is cut: behind the last blank of its first UNIT_MAX bytes. */
static size_t cut_at_blank(const char *s)
{
    size_t end = UNIT_MAX;
    while (end > UNIT_MAX / 2 && !strchr(" \t\n", s[end - 1]))
        end--;
    if (end == UNIT_MAX / 2)
        for (end = UNIT_MAX; ((unsigned char)s[end] & 0xC0) == 0x80; end--)
            ;
    return end;
}

size_t unit_end(const char *s, size_t len)
{
    struct marks m = {0};
    size_t end = 0, first = 0, look = len > UNIT_MAX ? UNIT_MAX : len;
    for (int n = 0; end < look && n < MARKS_MAX; n++) {
        size_t from = end;
        end += sentence_end(s + end, look - end);
        while (end < len && strchr("*_`", s[end]) && s[end])
            end++;
        if (end <= from || (end >= look && look < len))
            break;
        marks_read(&m, s + from, end - from);
        if (!first)
            first = end;
        if (!marks_open(&m))
            return end;
    }
    /* What was opened and never closed was no mark-up. */
    return first ? first : look < len ? cut_at_blank(s) : len;
}

static bool ends_in_colon(const char *s, size_t len)
{
    while (len && strchr(" \t\n*_", s[len - 1]) && s[len - 1])
        len--;
    return (len && s[len - 1] == ':') || (len >= 3 && !memcmp(s + len - 3, "\xef\xbc\x9a", 3));
}

bool unit_leads(const char *s, size_t len)
{
    static const char *const word[] = {"following", "these include", "includes",   "include",
                                       "such as",   "below",         "for example"};
    while (len && strchr(" \t\n*_", s[len - 1]) && s[len - 1])
        len--;
    if (!len || len > LEAD_MAX)
        return false;
    if (ends_in_colon(s, len))
        return true;
    if (!strchr(".!?)\"", s[len - 1]) && (unsigned char)s[len - 1] < 0x80)
        return true;
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (memmem(s, len, word[i], strlen(word[i])))
            return true;
    return false;
}

static size_t words_in(const char *s, size_t len)
{
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n';
        bool letter = c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');
        if (is_blank)
            inside = false;
        else if (letter && !inside)
            inside = true, n++;
    }
    return n;
}

static void push(const struct document *doc, struct units *u, const struct block *b, size_t start,
                 size_t end, enum block_kind kind)
{
    struct cut_unit *c = POOL_PUSH(doc->pool, u->unit, u->n, u->cap);
    memset(c, 0, sizeof *c);
    c->unit = (struct unit){.start = (uint32_t)start,
                            .end = (uint32_t)end,
                            .kind = (uint8_t)kind,
                            .level = (uint8_t)(b->level > 0 ? b->level : 0),
                            .head = b->head};
    c->block = b;
    c->line = b->line;
    c->words = c->block_words = words_in(doc->text + start, end - start);
    if (kind == BLOCK_ROW && b->head)
        c->header = u->n;
    else if (kind == BLOCK_ROW && u->n > 1 && c[-1].block->group == b->group)
        c->header = c[-1].header;
}

static void cut_paragraph(const struct document *doc, struct units *u, const struct block *b)
{
    size_t first = u->n, line = b->line, words = 0;
    for (size_t pos = b->start, end; pos < b->end; pos = end) {
        for (; pos < b->end && strchr(" \t\n", doc->text[pos]) && doc->text[pos]; pos++)
            line += doc->text[pos] == '\n';
        if (pos == b->end)
            break;
        end = pos + unit_end(doc->text + pos, b->end - pos);
        if (u->n == first && end < b->end && words_in(doc->text + pos, end - pos) <= LABEL_WORDS)
            end += unit_end(doc->text + end, b->end - end);
        push(doc, u, b, pos, end, BLOCK_PARAGRAPH);
        struct cut_unit *c = &u->unit[u->n - 1];
        c->unit.head = u->n - 1 == first;
        c->line = line;
        words += c->words;
        for (; pos < end; pos++)
            line += doc->text[pos] == '\n';
    }
    for (size_t i = first; i < u->n; i++)
        u->unit[i].block_words = words;
}

/* Does the block behind a lead belong to it? */
static bool is_led(const struct block *lead, const struct block *b)
{
    if (lead->kind == BLOCK_ITEM)
        return b->kind == BLOCK_ITEM && b->group == lead->group && b->level > lead->level;
    return b->kind == BLOCK_ITEM || b->kind == BLOCK_ROW || b->kind == BLOCK_CODE;
}

void units_cut(const struct document *doc, const struct block *first, const struct block *end,
               struct units *ret)
{
    for (const struct block *b = first; b < end; b++) {
        size_t from = ret->n;
        if (b->kind == BLOCK_PARAGRAPH)
            cut_paragraph(doc, ret, b);
        else
            push(doc, ret, b, b->start, b->end,
                 b->kind == BLOCK_HEADING ? BLOCK_PARAGRAPH : b->kind);
        if (ret->n == from || b + 1 == end || b->kind == BLOCK_ROW || b->kind == BLOCK_CODE)
            continue;
        struct cut_unit *last = &ret->unit[ret->n - 1];
        const char *text = doc->text + last->unit.start;
        size_t len = last->unit.end - last->unit.start;
        bool within = b > first && b[-1].group && b[-1].group == b[1].group && !b->group;
        last->unit.lead =
            b->kind == BLOCK_HEADING || (!within && is_led(b, b + 1) && unit_leads(text, len));
        last->glued = last->unit.lead || ends_in_colon(text, len);
    }
}
