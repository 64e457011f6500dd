/* terminal.c: see terminal.h. No curses: lines that scroll are what a terminal is best at, and they
 * still are right when they are piped into a file. */
#include "bot/terminal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "kb/pool.h"

#define MIN_WIDTH 40
#define MAX_WIDTH 100 /* longer lines are hard to read */

bool terminal_colour(FILE *f)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(f)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

size_t terminal_width(FILE *f)
{
    struct winsize w;
    if (ioctl(fileno(f), TIOCGWINSZ, &w) || !w.ws_col)
        return 80;
    return w.ws_col < MIN_WIDTH ? MIN_WIDTH : w.ws_col > MAX_WIDTH ? MAX_WIDTH : w.ws_col;
}

size_t terminal_columns(const char *s, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len;) {
        if (s[i] == '\033') { /* ours: ESC [ ... m */
            while (i < len && s[i] != 'm')
                i++;
            i += i < len;
            continue;
        }
        utf8proc_int32_t cp;
        utf8proc_ssize_t n =
            utf8proc_iterate((const uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &cp);
        int wide = n < 1 ? 1 : utf8proc_charwidth(cp);
        columns += wide > 0 ? (size_t)wide : 0;
        i += n < 1 ? 1 : (size_t)n;
    }
    return columns;
}

/* Length of a list item's mark, "- " or "12. "; 0 when there is none. */
static size_t mark_len(const char *s, size_t len)
{
    size_t n = 0;
    if (len > 2 && s[0] == '-' && s[1] == ' ')
        return 2;
    while (n < len && n < 3 && isdigit((unsigned char)s[n]))
        n++;
    return n && len - n > 2 && s[n] == '.' && s[n + 1] == ' ' ? n + 2 : 0;
}

static void wrap_line(FILE *f, const char *s, size_t len, const char *indent, size_t width)
{
    size_t hang = 0, room = width > strlen(indent) ? width - strlen(indent) : 1, at = 0;
    while (hang < len && s[hang] == ' ')
        hang++;
    size_t lead = hang; /* blanks at the head are kept */
    hang += mark_len(s + hang, len - hang);
    fprintf(f, "%s%.*s", indent, (int)lead, s);
    for (size_t i = lead; i < len;) {
        size_t end = i;
        while (end < len && s[end] != ' ')
            end++;
        size_t columns = terminal_columns(s + i, end - i);
        if (at && lead + at + 1 + columns > room) {
            fprintf(f, "\n%s%*s", indent, (int)hang, "");
            lead = hang;
            at = 0;
        } else if (at) {
            fputc(' ', f);
            at++;
        }
        fwrite(s + i, 1, end - i, f);
        at += columns;
        for (i = end; i < len && s[i] == ' ';)
            i++;
    }
    fputc('\n', f);
}

void terminal_wrap(FILE *f, const char *s, const char *indent, size_t width)
{
    while (*s) {
        size_t len = strcspn(s, "\n");
        if (len)
            wrap_line(f, s, len, indent, width);
        else
            fputc('\n', f);
        s += len + (s[len] == '\n');
    }
}

char *terminal_safe(struct pool *pool, const char *s)
{
    char *out = pool_strdup(pool, s);
    for (char *p = out; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool c1 = c == 0xC2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xA0;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            *p = ' ';
        if (c1) /* the C1 controls: U+009B is a CSI of its own */
            *p = p[1] = ' ';
    }
    return out;
}

static bool in_word(const char *s)
{
    return isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80;
}

static size_t word_len(const char *s)
{
    size_t n = 0;
    while (in_word(s + n))
        n++;
    return n;
}

static bool asked_for(const char *question, const char *word, size_t len)
{
    for (const char *q = question; *q;) {
        size_t n = word_len(q);
        if (n == len && !strncasecmp(q, word, len))
            return true;
        q += n ? n : 1;
    }
    return false;
}

const char *terminal_highlight(struct pool *pool, const char *s, const char *question)
{
    size_t len = strlen(s), words = 0, at = 0;
    for (const char *p = s; *p; p += word_len(p) ? word_len(p) : 1)
        words++;
    char *out = pool_alloc(pool, len + words * (sizeof TERMINAL_BOLD TERMINAL_PLAIN) + 1);
    for (const char *p = s; *p;) {
        size_t n = word_len(p);
        bool bold = n > 2 && asked_for(question, p, n);
        if (bold)
            at = (size_t)(stpcpy(out + at, TERMINAL_BOLD) - out);
        memcpy(out + at, p, n ? n : 1);
        at += n ? n : 1;
        if (bold)
            at = (size_t)(stpcpy(out + at, TERMINAL_PLAIN) - out);
        p += n ? n : 1;
    }
    out[at] = '\0';
    return out;
}
