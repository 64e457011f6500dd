/* plain.h: what plain.c and plain_inline.c share: a text, and what is to become of each of its bytes. */
#ifndef KB_PLAIN_H
#define KB_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* LITERAL is kept, and not looked at again by the first pass. */
enum op { KEEP, DROP, ENTITY, LITERAL, BREAK /* written as a newline */, DASH /* as "-" */ };

struct plain {
    const char *s;
    size_t len;
    unsigned char *op;
    size_t budget; /* bytes that may still be looked at ahead of the scanner */
};

static inline void plain_drop(struct plain *p, size_t from, size_t to)
{
    memset(p->op + from, DROP, to - from);
}

static inline bool plain_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static inline bool plain_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool plain_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How often the byte at `at` is repeated before `to`. */
static inline size_t plain_run(const struct plain *p, size_t at, size_t to)
{
    size_t n = 1;
    while (at + n < to && p->s[at + n] == p->s[at])
        n++;
    return n;
}

/* Mark the inline mark-up of s[from, to): one paragraph, item, heading or row. */
void plain_inline(struct plain *p, size_t from, size_t to);

#endif
