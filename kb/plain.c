/* plain.c: Markdown to what a reader sees.
 *
 * Ranking must not see asterisks, and a chat network without Markdown must not show them. This is no
 * Markdown parser: blocks are found by source_markdown.c, and what comes here is a sentence, a list or
 * an answer of some paragraphs. It goes over the text twice: the first pass marks bytes that are
 * mark-up, line by line for blocks (here) and then run by run for what stands inside them
 * (plain_inline.c); the second copies the rest. Text that only looks like mark-up (2 * 3, snake_case,
 * [brackets]) stays as it is. Linear time on any input, and no recursion. */
#include "kb/plain.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "kb/kb_int.h"

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
    if (at + 1 < end && strchr("-*+", p->s[at]) && plain_blank(p->s[at + 1])) {
        *ret_mark = p->s[at];
        return at + 2;
    }
    size_t i = at;
    while (i < end && i - at < 9 && plain_digit(p->s[i]))
        i++;
    if (i > at && i + 1 < end && (p->s[i] == '.' || p->s[i] == ')') && plain_blank(p->s[i + 1])) {
        *ret_mark = '1';
        return i + 2;
    }
    return at;
}

/* "| a | b |" keeps its inner bars only. */
static void row(struct plain *p, size_t from, size_t to)
{
    size_t i = from;
    while (i < to && plain_blank(p->s[i]))
        i++;
    if (i < to && p->s[i] == '|')
        i++;
    while (i < to && plain_blank(p->s[i]))
        i++;
    plain_drop(p, from, i);
    size_t end = to;
    while (end > i && plain_blank(p->s[end - 1]))
        end--;
    if (end > i && p->s[end - 1] == '|' && (end - 1 == i || p->s[end - 2] != '\\'))
        end--;
    while (end > i && plain_blank(p->s[end - 1]))
        end--;
    plain_drop(p, end, to);
    plain_inline(p, i, end);
}

static void heading(struct plain *p, size_t from, size_t text, size_t to)
{
    while (text < to && plain_blank(p->s[text]))
        text++;
    plain_drop(p, from, text);
    size_t end = to;
    while (end > text && plain_blank(p->s[end - 1]))
        end--;
    size_t hashes = end;
    while (hashes > text && p->s[hashes - 1] == '#')
        hashes--;
    if (hashes < end && (hashes == text || plain_blank(p->s[hashes - 1])))
        end = hashes;
    while (end > text && plain_blank(p->s[end - 1]))
        end--;
    plain_drop(p, end, to);
    plain_inline(p, text, end);
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
        plain_inline(p, l->run, to);
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
    plain_drop(p, from, end < p->len ? end + 1 : end);
}

/* Opens, closes or continues a fenced code block; false when the line has nothing to do with one. */
static bool fence(struct plain *p, struct lines *l, size_t from, size_t at, size_t end)
{
    size_t n = at < end && (p->s[at] == '`' || p->s[at] == '~') ? plain_run(p, at, end) : 0;
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
    while (target < stop && plain_blank(*target))
        target++;
    size_t n = (size_t)(stop - target);
    return n > 0 && (*target == '/' || *target == '#' || *target == '<' ||
                     (n > 7 && strncmp(target, "http", 4) == 0) ||
                     (n > 7 && strncmp(target, "mailto:", 7) == 0));
}

static void line(struct plain *p, struct lines *l, size_t from, size_t end)
{
    size_t at = from;
    while (at < end && (plain_blank(p->s[at]) || p->s[at] == '>')) { /* a quotation's mark */
        if (p->s[at] == '>') {
            if (l->fence && !l->quoted)
                break;
            plain_drop(p, from, at + 1);
            if (at + 1 < end && p->s[at + 1] == ' ')
                p->op[++at] = DROP;
        }
        at++;
    }
    if (fence(p, l, from, at, end))
        return;
    char mark;
    size_t hashes = at < end && p->s[at] == '#' ? plain_run(p, at, end) : 0;
    if (at >= end) {
        flush(p, l, from);
    } else if (hashes && hashes <= 6 && (at + hashes == end || plain_blank(p->s[at + hashes]))) {
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
           (plain_letter(p->s[end]) || plain_digit(p->s[end]) || p->s[end] == '#'))
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
    while (n > 0 && plain_blank(to[n - 1]))
        n--;
    return n;
}

/* True when no byte of `s` can be mark-up: most sentences. */
static bool is_plain(const char *s, size_t len)
{
    static const bool mark[256] = {
        [0] = true,   ['*'] = true, ['_'] = true, ['`'] = true, ['['] = true,
        [']'] = true, ['<'] = true, ['>'] = true, ['&'] = true, ['\\'] = true,
        ['#'] = true, ['|'] = true, ['~'] = true, ['\n'] = true};
    for (size_t i = 0; i < len; i++)
        if (mark[(unsigned char)s[i]])
            return false;
    return len == 0 || (!strchr("-+ \t=", s[0]) && !plain_digit(s[0]) && !plain_blank(s[len - 1]));
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
