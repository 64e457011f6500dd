/* plain.c: Markdown to what a reader sees.
 *
 * Ranking must not see asterisks, and a chat network without Markdown must not show them. This is no
 * Markdown parser: blocks are found by source_markdown.c, and what comes here is a sentence, a list or
 * an answer of some paragraphs. It goes over the text twice: the first pass marks bytes that are
 * mark-up, line by line for blocks and then run by run for what stands inside them; the second copies
 * the rest. Text that only looks like mark-up (2 * 3, snake_case, [brackets]) stays as it is.
 *
 * Linear time on any input: no recursion, emphasis is matched with a stack, and all looking ahead for
 * link targets draws on one budget. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

/* What becomes of a byte. LITERAL is kept, and not looked at again by the first pass. */
enum op { KEEP, DROP, ENTITY, LITERAL, BREAK /* written as a newline */, DASH /* as "-" */ };

struct plain {
    const char *s;
    size_t len;
    unsigned char *op;
    size_t budget; /* bytes that may still be looked at ahead of the scanner */
};

static void drop(struct plain *p, size_t from, size_t to)
{
    memset(p->op + from, DROP, to - from);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_punct(char c)
{
    return c && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) != NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- inside a run of text: code, links, emphasis --------------------------------------------------- */

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
    return at < from || at >= to || is_blank(p->s[at]);
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
            drop(p, d->at + d->count - n, d->at + d->count);
            drop(p, at, at + n);
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

static size_t run_of(const struct plain *p, size_t at, size_t to)
{
    size_t n = 1;
    while (at + n < to && p->s[at + n] == p->s[at])
        n++;
    return n;
}

static size_t code(struct plain *p, size_t at, size_t to, bool none[MAX_TICKS])
{
    size_t n = run_of(p, at, to), end = code_end(p, at, n, to, none);
    if (!end)
        return at + n;
    size_t a = at + n, b = end - n;
    memset(p->op + a, LITERAL, b - a);
    if (b - a > 2 && p->s[a] == ' ' && p->s[b - 1] == ' ') { /* `` ` `` */
        a++;
        b--;
    }
    drop(p, at, a);
    drop(p, b, end);
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
        else if (c == '"' && i > at && is_blank(p->s[i - 1]) && open == '(')
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
    while (i < end && is_blank(p->s[i]))
        i++;
    if (i < end && p->s[i] == '<')
        return true;
    while (i < end && !is_blank(p->s[i]))
        i++;
    while (i < end && is_blank(p->s[i]))
        i++;
    return i >= end || strchr("\"'(", p->s[i]) != NULL;
}

static bool has_letter(const struct plain *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is_letter(p->s[i]) || (unsigned char)p->s[i] >= 0x80)
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
    drop(p, d.at, d.at + d.count);
    drop(p, at, end);
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
        drop(p, at, behind);
        return behind;
    }
    size_t name = at + 1 + (at + 1 < to && s[at + 1] == '/'), n = name;
    while (n < to && (is_letter(s[n]) || is_digit(s[n])))
        n++;
    size_t end = n;
    for (; end < to && s[end] != '>' && s[end] != '<' && p->budget > 0; end++)
        p->budget--;
    if (end >= to || s[end] != '>' || n == name)
        return at + 1;
    if (is_tag_name(s + name, n - name) && (s[n] == '>' || s[n] == '/' || is_blank(s[n]))) {
        drop(p, at, end + 1);
        if (n - name == 2 && strncasecmp(s + name, "br", 2) == 0)
            p->op[at] = BREAK;
        return end + 1;
    }
    bool link = memchr(s + at, ':', end - at) || memchr(s + at, '@', end - at);
    for (size_t i = at; link && i < end; i++)
        link = !is_blank(s[i]);
    if (!link)
        return at + 1;
    memset(p->op + at, LITERAL, end - at);
    p->op[at] = p->op[end] = DROP;
    return end + 1;
}

/* Mark the inline mark-up of s[from, to), one paragraph, item, heading or row. */
static void inline_run(struct plain *p, size_t from, size_t to)
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
            size_t n = run_of(p, i, to);
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

/* ---- lines: headings, items, quotes, tables, fences -------------------------------------------------- */

static size_t line_end(const struct plain *p, size_t at)
{
    const char *nl = memchr(p->s + at, '\n', p->len - at);
    return nl ? (size_t)(nl - p->s) : p->len;
}

/* True when s[from, to) consists of characters of `set` and has at least `min` of `must`. */
static bool made_of(const struct plain *p, size_t from, size_t to, const char *set, char must,
                    int min)
{
    for (size_t i = from; i < to; i++) {
        if (!strchr(set, p->s[i]) || !p->s[i])
            return false;
        min -= p->s[i] == must;
    }
    return min <= 0;
}

/* Drops "- ", "1. " stays; returns where the item's text starts, or `at` when this is no item. */
static size_t item_mark(const struct plain *p, size_t at, size_t end, char *ret_mark)
{
    *ret_mark = 0;
    if (at + 1 < end && strchr("-*+", p->s[at]) && is_blank(p->s[at + 1])) {
        *ret_mark = p->s[at];
        return at + 2;
    }
    size_t i = at;
    while (i < end && i - at < 9 && is_digit(p->s[i]))
        i++;
    if (i > at && i + 1 < end && (p->s[i] == '.' || p->s[i] == ')') && is_blank(p->s[i + 1])) {
        *ret_mark = '1';
        return i + 2;
    }
    return at;
}

/* "| a | b |" keeps its inner bars only. */
static void row(struct plain *p, size_t from, size_t to)
{
    size_t i = from;
    while (i < to && is_blank(p->s[i]))
        i++;
    if (i < to && p->s[i] == '|')
        i++;
    while (i < to && is_blank(p->s[i]))
        i++;
    drop(p, from, i);
    size_t end = to;
    while (end > i && is_blank(p->s[end - 1]))
        end--;
    if (end > i && p->s[end - 1] == '|' && (end - 1 == i || p->s[end - 2] != '\\'))
        end--;
    while (end > i && is_blank(p->s[end - 1]))
        end--;
    drop(p, end, to);
    inline_run(p, i, end);
}

static void heading(struct plain *p, size_t from, size_t text, size_t to)
{
    while (text < to && is_blank(p->s[text]))
        text++;
    drop(p, from, text);
    size_t end = to;
    while (end > text && is_blank(p->s[end - 1]))
        end--;
    size_t hashes = end;
    while (hashes > text && p->s[hashes - 1] == '#')
        hashes--;
    if (hashes < end && (hashes == text || is_blank(p->s[hashes - 1])))
        end = hashes;
    while (end > text && is_blank(p->s[end - 1]))
        end--;
    drop(p, end, to);
    inline_run(p, text, end);
}

/* The scan over the lines. Lines of one paragraph wait in [run, ...) until something ends them. */
struct lines {
    size_t run; /* start of the run that waits */
    bool waiting;
    char fence; /* inside ``` or ~~~ */
    size_t fence_len;
    bool quoted; /* and that inside a quotation */
};

static void flush(struct plain *p, struct lines *l, size_t to)
{
    if (l->waiting)
        inline_run(p, l->run, to);
    l->waiting = false;
}

static void wait_for_more(struct lines *l, size_t at)
{
    if (!l->waiting)
        l->run = at;
    l->waiting = true;
}

/* Drop the whole line, its newline too. */
static void drop_line(struct plain *p, size_t from, size_t end)
{
    drop(p, from, end < p->len ? end + 1 : end);
}

/* Opens, closes or continues a fenced code block; false when the line has nothing to do with one. */
static bool fence(struct plain *p, struct lines *l, size_t from, size_t at, size_t end)
{
    size_t n = at < end && (p->s[at] == '`' || p->s[at] == '~') ? run_of(p, at, end) : 0;
    if (l->fence) {
        if (n >= l->fence_len && p->s[at] == l->fence && made_of(p, at + n, end, " \t", ' ', 0)) {
            drop_line(p, from, end);
            l->fence = 0;
        } else {
            memset(p->op + at, LITERAL, end - at);
        }
        return true;
    }
    if (n < 3 || (p->s[at] == '`' && memchr(p->s + at + n, '`', end - at - n)))
        return false;
    flush(p, l, from);
    l->fence = p->s[at];
    l->fence_len = n;
    l->quoted = memchr(p->s + from, '>', at - from) != NULL;
    drop_line(p, from, end);
    return true;
}

/* "[ref]: https://..." is for the renderer only. */
static bool is_reference(const struct plain *p, size_t at, size_t end)
{
    const char *close = at < end && p->s[at] == '[' ? memmem(p->s + at, end - at, "]: ", 3) : NULL;
    if (!close || p->s[at + 1] == '^')
        return false;
    const char *target = close + 3, *stop = p->s + end;
    while (target < stop && is_blank(*target))
        target++;
    size_t n = (size_t)(stop - target);
    return n > 0 && (*target == '/' || *target == '#' || *target == '<' ||
                     (n > 7 && strncmp(target, "http", 4) == 0) ||
                     (n > 7 && strncmp(target, "mailto:", 7) == 0));
}

static void line(struct plain *p, struct lines *l, size_t from, size_t end)
{
    size_t at = from;
    while (at < end && (is_blank(p->s[at]) || p->s[at] == '>')) { /* a quotation's mark */
        if (p->s[at] == '>') {
            if (l->fence && !l->quoted)
                break;
            drop(p, from, at + 1);
            if (at + 1 < end && p->s[at + 1] == ' ')
                p->op[++at] = DROP;
        }
        at++;
    }
    if (fence(p, l, from, at, end))
        return;
    char mark;
    size_t hashes = at < end && p->s[at] == '#' ? run_of(p, at, end) : 0;
    if (at >= end) {
        flush(p, l, from);
    } else if (hashes && hashes <= 6 && (at + hashes == end || is_blank(p->s[at + hashes]))) {
        flush(p, l, from);
        heading(p, from, at + hashes, end);
    } else if (made_of(p, at, end, "|-: \t", '-', 3) && memchr(p->s + at, '|', end - at)) {
        flush(p, l, from);
        drop_line(p, from, end); /* a table's rule */
    } else if (made_of(p, at, end, "- \t", '-', 3) || made_of(p, at, end, "* \t", '*', 3) ||
               made_of(p, at, end, "_ \t", '_', 3) ||
               (l->waiting && made_of(p, at, end, "= \t", '=', 2))) {
        flush(p, l, from);
        drop_line(p, from, end); /* a rule, or a heading's underline */
    } else if (p->s[at] == '|') {
        flush(p, l, from);
        row(p, from, end);
    } else if (!l->waiting && is_reference(p, at, end)) {
        drop_line(p, from, end);
    } else {
        size_t text = item_mark(p, at, end, &mark);
        if (mark)
            flush(p, l, from);
        if (mark && mark != '1') {
            p->op[at] = DASH; /* whichever of - * + it was */
            p->op[at + 1] = LITERAL;
        }
        wait_for_more(l, text);
    }
}

/* ---- the second pass ------------------------------------------------------------------------------------ */

/* The entities that editors write. */
static const struct {
    const char *name, *text;
} entities[] = {
    {"amp", "&"},    {"apos", "'"},   {"bull", "•"},  {"cent", "¢"},   {"copy", "©"},
    {"deg", "°"},    {"eacute", "é"}, {"euro", "€"},  {"frac12", "½"}, {"gt", ">"},
    {"hellip", "…"}, {"laquo", "«"},  {"ldquo", "“"}, {"lsquo", "‘"},  {"lt", "<"},
    {"mdash", "—"},  {"middot", "·"}, {"minus", "−"}, {"nbsp", " "},   {"ndash", "–"},
    {"plusmn", "±"}, {"pound", "£"},  {"quot", "\""}, {"raquo", "»"},  {"rdquo", "”"},
    {"reg", "®"},    {"rsquo", "’"},  {"sect", "§"},  {"shy", ""},     {"times", "×"},
    {"trade", "™"},
};

/* Decode the entity at s[at] into `to`; returns its length there, 0 when it is none. */
static size_t entity(const struct plain *p, size_t at, char *to, size_t *ret_written)
{
    size_t end = at + 1;
    while (end < p->len && end - at < 12 &&
           (is_letter(p->s[end]) || is_digit(p->s[end]) || p->s[end] == '#'))
        end++;
    if (end >= p->len || p->s[end] != ';' || end == at + 1)
        return 0;
    const char *name = p->s + at + 1;
    size_t n = end - at - 1;
    if (*name == '#') {
        bool hex = n > 1 && (name[1] == 'x' || name[1] == 'X');
        char *stop;
        unsigned long code = strtoul(name + (hex ? 2 : 1), &stop, hex ? 16 : 10);
        if (stop != p->s + end || code < 0x20 || code > 0x10FFFF ||
            !utf8proc_codepoint_valid((utf8proc_int32_t)code))
            return 0;
        *ret_written = (size_t)utf8proc_encode_char((utf8proc_int32_t)code, (utf8proc_uint8_t *)to);
        return end + 1 - at;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strlen(entities[i].name) == n && memcmp(entities[i].name, name, n) == 0) {
            *ret_written = strlen(entities[i].text);
            memcpy(to, entities[i].text, *ret_written);
            return end + 1 - at;
        }
    return 0;
}

/* A blank at the end of a line or behind another line's end says nothing. */
static size_t trim(const char *s, size_t len)
{
    while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
        len--;
    return len;
}

static size_t copy(const struct plain *p, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < p->len; i++) {
        char c = p->s[i];
        size_t read, written = 0;
        switch ((enum op)p->op[i]) {
        case DROP: break;
        case DASH: to[n++] = '-'; break;
        case BREAK:
            n = trim(to, n);
            to[n++] = '\n';
            break;
        case ENTITY:
            read = entity(p, i, to + n, &written);
            if (!read)
                to[n++] = c;
            n += written;
            i += read ? read - 1 : 0;
            break;
        case KEEP:
        case LITERAL:
            if (c == '\n')
                n = trim(to, n);
            to[n++] = c;
            break;
        }
    }
    while (n > 0 && is_blank(to[n - 1]))
        n--;
    return n;
}

/* True when no byte of `s` can be mark-up: most sentences. */
static bool is_plain(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("*_`[]<>&\\#|~\n", s[i]) ||
            (i == 0 && (strchr("-+ \t=", s[i]) || is_digit(s[i]))))
            return false;
    return len == 0 || !is_blank(s[len - 1]);
}

const char *kb_plain(struct pool *pool, const char *s, size_t len)
{
    if (is_plain(s, len))
        return pool_strndup(pool, s, len);
    struct plain p = {.s = s, .len = len, .op = calloc(1, len + 1), .budget = 65536 + 8 * len};
    char *text = malloc(len + 4);
    if (!p.op || !text)
        abort();
    struct lines l = {0};
    for (size_t from = 0; from < len;) {
        size_t end = line_end(&p, from);
        line(&p, &l, from, end);
        from = end + 1;
    }
    flush(&p, &l, len);
    size_t n = copy(&p, text), skip = 0;
    while (skip < n && text[skip] == '\n')
        skip++;
    const char *result = pool_strndup(pool, text + skip, n - skip);
    free(p.op);
    free(text);
    return result;
}
