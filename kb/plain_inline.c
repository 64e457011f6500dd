/* plain_inline.c: the mark-up inside a run of text: emphasis, code, links, tags, escapes.
 *
 * CommonMark's rules without its corners: emphasis is matched with a stack and code spans by the
 * length of their ticks, as there, but which mark closes which is not settled to the letter where
 * people would not agree either. What has no partner is text. Nothing here looks further ahead than
 * its budget, so no text takes more than linear time. */
#include "kb/plain.h"

#include <strings.h>

static bool is_punct(char c)
{
    return c && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) != NULL;
}

struct delimiter {
    size_t at, count;
    char mark;
};

#define MAX_OPEN 128 /* unclosed emphasis and brackets; the oldest ones are then plain text */

struct stack {
    struct delimiter d[MAX_OPEN];
    size_t n;
};

static void push(struct stack *st, struct delimiter d)
{
    if (st->n == MAX_OPEN) {
        memmove(st->d, st->d + 1, (MAX_OPEN - 1) * sizeof *st->d);
        st->n--;
    }
    st->d[st->n++] = d;
}

/* A character as the rules of emphasis see it: blank, punctuation or other. */
static bool blank_at(const struct plain *p, size_t from, size_t to, size_t at)
{
    return at < from || at >= to || plain_blank(p->s[at]);
}

static bool punct_at(const struct plain *p, size_t from, size_t to, size_t at)
{
    return at >= from && at < to && is_punct(p->s[at]);
}

/* Close what is open with the same mark, and leave the rest of the run open. `~` needs two. */
static void emphasis(struct plain *p, struct stack *st, size_t from, size_t to, size_t at,
                     size_t count)
{
    char mark = p->s[at];
    bool blank_before = at == from || blank_at(p, from, to, at - 1);
    bool blank_after = blank_at(p, from, to, at + count);
    bool punct_before = at > from && punct_at(p, from, to, at - 1);
    bool punct_after = punct_at(p, from, to, at + count);
    bool left = !blank_after && (!punct_after || blank_before || punct_before);
    bool right = !blank_before && (!punct_before || blank_after || punct_after);
    bool can_open = mark == '_' ? left && (!right || punct_before) : left;
    bool can_close = mark == '_' ? right && (!left || punct_after) : right;

    if (can_close)
        for (size_t i = st->n; i > 0 && count > 0; i--) {
            struct delimiter *d = &st->d[i - 1];
            if (d->mark != mark || (mark == '~' && (d->count < 2 || count < 2)))
                continue;
            size_t n = d->count < count ? d->count : count;
            plain_drop(p, d->at + d->count - n, d->at + d->count);
            plain_drop(p, at, at + n);
            d->count -= n;
            at += n;
            count -= n;
            st->n = d->count ? i : i - 1; /* what was opened inside stays as text */
        }
    if (can_open && count > 0)
        push(st, (struct delimiter){at, count, mark});
}

/* The end of a code span whose opening run of `count` backticks is at `at`; 0 when it has none.
 * none[] remembers for which lengths no run follows, so that each is looked for in vain once. */
#define MAX_TICKS 16
static size_t code_end(const struct plain *p, size_t at, size_t count, size_t to,
                       bool none[MAX_TICKS])
{
    if (count >= MAX_TICKS || none[count])
        return 0;
    for (size_t i = at + count; i < to;) {
        const char *tick = memchr(p->s + i, '`', to - i);
        if (!tick)
            break;
        size_t start = (size_t)(tick - p->s), end = start;
        while (end < to && p->s[end] == '`')
            end++;
        if (end - start == count)
            return end;
        i = end;
    }
    none[count] = true;
    return 0;
}

static size_t code(struct plain *p, size_t at, size_t to, bool none[MAX_TICKS])
{
    size_t n = plain_run(p, at, to), end = code_end(p, at, n, to, none);
    if (!end)
        return at + n;
    size_t a = at + n, b = end - n;
    memset(p->op + a, LITERAL, b - a);
    if (b - a > 2 && p->s[a] == ' ' && p->s[b - 1] == ' ') { /* `` ` `` */
        a++;
        b--;
    }
    plain_drop(p, at, a);
    plain_drop(p, b, end);
    return end;
}

/* The end of "(target "title")" at `at`, or of "[reference]"; 0 when it is none. */
static size_t target_end(struct plain *p, size_t at, size_t to)
{
    char open = p->s[at], close = open == '(' ? ')' : ']', quote = 0;
    size_t depth = 0;
    for (size_t i = at; i < to && p->budget > 0; i++, p->budget--) {
        char c = p->s[i];
        if (c == '\\' && i + 1 < to)
            i++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' && i > at && plain_blank(p->s[i - 1]) && open == '(')
            quote = c;
        else if (c == open)
            depth++;
        else if (c == close && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* The target must not be prose: "[sic] (he said so)" has a blank before it, "f[i](a b)" two words. */
static bool is_target(const struct plain *p, size_t from, size_t to)
{
    size_t i = from + 1, end = to - 1;
    while (i < end && plain_blank(p->s[i]))
        i++;
    if (i < end && p->s[i] == '<')
        return true;
    while (i < end && !plain_blank(p->s[i]))
        i++;
    while (i < end && plain_blank(p->s[i]))
        i++;
    return i >= end || strchr("\"'(", p->s[i]) != NULL;
}

static bool has_letter(const struct plain *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (plain_letter(p->s[i]) || (unsigned char)p->s[i] >= 0x80)
            return true;
    return false;
}

/* A ']' at `at`: with a target behind it the brackets go and the text between them stays. */
static size_t link_close(struct plain *p, struct stack *open, size_t at, size_t to)
{
    if (open->n == 0)
        return at + 1;
    struct delimiter d = open->d[--open->n];
    if (at + 1 >= to || (p->s[at + 1] != '(' && p->s[at + 1] != '['))
        return at + 1;
    size_t end = target_end(p, at + 1, to);
    if (!end || (p->s[at + 1] == '(' && !is_target(p, at + 1, end)))
        return at + 1;
    if (p->s[at + 1] == '[' && !has_letter(p, d.at, at)) /* "[1][2]" cites */
        return at + 1;
    plain_drop(p, d.at, d.at + d.count);
    plain_drop(p, at, end);
    return end;
}

/* Tags that appear in Markdown written by people. Other words in angle brackets are theirs to keep:
 * "<your name>" is text. */
static bool is_tag_name(const char *s, size_t n)
{
    static const char *const tag[] = {
        "a",     "abbr",  "b",       "big", "blockquote", "br",  "center", "cite",  "code",
        "dd",    "del",   "details", "div", "dl",         "dt",  "em",     "font",  "h1",
        "h2",    "h3",    "h4",      "h5",  "h6",         "hr",  "i",      "img",   "ins",
        "kbd",   "li",    "mark",    "ol",  "p",          "pre", "q",      "s",     "samp",
        "small", "span",  "strong",  "sub", "summary",    "sup", "table",  "tbody", "td",
        "th",    "thead", "tr",      "u",   "ul"};
    for (size_t i = 0; i < sizeof tag / sizeof *tag; i++)
        if (strlen(tag[i]) == n && strncasecmp(tag[i], s, n) == 0)
            return true;
    return false;
}

/* <https://...>, <a@b.c>, <b>, <br>, a comment: returns the offset behind it, or the next byte. */
static size_t angle(struct plain *p, size_t at, size_t to)
{
    const char *s = p->s;
    if (to - at >= 4 && memcmp(s + at, "<!--", 4) == 0) {
        const char *end = memmem(s + at, to - at, "-->", 3);
        size_t behind = end ? (size_t)(end - s) + 3 : to;
        plain_drop(p, at, behind);
        return behind;
    }
    size_t name = at + 1 + (at + 1 < to && s[at + 1] == '/'), n = name;
    while (n < to && (plain_letter(s[n]) || plain_digit(s[n])))
        n++;
    size_t end = n;
    for (; end < to && s[end] != '>' && s[end] != '<' && p->budget > 0; end++)
        p->budget--;
    if (end >= to || s[end] != '>' || n == name)
        return at + 1;
    if (is_tag_name(s + name, n - name) && (s[n] == '>' || s[n] == '/' || plain_blank(s[n]))) {
        plain_drop(p, at, end + 1);
        if (n - name == 2 && strncasecmp(s + name, "br", 2) == 0)
            p->op[at] = BREAK;
        return end + 1;
    }
    bool link = memchr(s + at, ':', end - at) || memchr(s + at, '@', end - at);
    for (size_t i = at; link && i < end; i++)
        link = !plain_blank(s[i]);
    if (!link)
        return at + 1;
    memset(p->op + at, LITERAL, end - at);
    p->op[at] = p->op[end] = DROP;
    return end + 1;
}

void plain_inline(struct plain *p, size_t from, size_t to)
{
    struct stack delimiters, brackets;
    bool none[MAX_TICKS] = {false};
    delimiters.n = brackets.n = 0;
    for (size_t i = from; i < to;) {
        char c = p->s[i];
        if (p->op[i] != KEEP) { /* a block's mark inside the run */
            i++;
        } else if (c == '\\' && i + 1 < to && (is_punct(p->s[i + 1]) || p->s[i + 1] == '\n')) {
            p->op[i] = DROP;
            p->op[i + 1] = LITERAL;
            i += 2;
        } else if (c == '`') {
            i = code(p, i, to, none);
        } else if (c == '*' || c == '_' || c == '~') {
            size_t n = plain_run(p, i, to);
            emphasis(p, &delimiters, from, to, i, n);
            i += n;
        } else if (c == '[' || (c == '!' && i + 1 < to && p->s[i + 1] == '[')) {
            size_t n = c == '!' ? 2 : 1;
            push(&brackets, (struct delimiter){i, n, '['});
            i += n;
        } else if (c == ']') {
            i = link_close(p, &brackets, i, to);
        } else if (c == '<') {
            i = angle(p, i, to);
        } else {
            if (c == '&')
                p->op[i] = ENTITY;
            i++;
        }
    }
}
