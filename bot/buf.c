/* buf.c: a capped, growing string. Growth doubles up to the ceiling; the ceiling is what an
 * outsider may make us hold, so passing it is an ordinary failure (sticky, see buf.h), and so is
 * running out of memory on the way there: whoever chose the text gets a polite refusal, and the
 * process lives on.
 *
 * Not a rope, not a gap buffer: answers and frames are a few kilobytes and are built front to
 * back. */
#include "bot/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256 /* most frames and labels fit, an answer grows three times */

static char nothing[1]; /* what an empty buf shows; never written to */

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.s = nothing, .max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void buf_release(struct buf *b)
{
    if (!b)
        return;
    if (b->cap)
        free(b->s);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->cap)
        b->s[0] = '\0';
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

/* Room for `more` bytes and the terminator, or the buf is failed. */
static bool reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : FIRST_ROOM;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *s = realloc(b->cap ? b->s : NULL, cap);
    if (!s) {
        b->failed = true;
        return false;
    }
    b->s = s;
    b->cap = cap;
    b->s[b->len] = '\0';
    return true;
}

void buf_expect(struct buf *b, size_t more)
{
    if (more <= b->max - b->len)
        reserve(b, more);
}

void buf_add(struct buf *b, const char *s, size_t len)
{
    if (!len || !reserve(b, len))
        return;
    memcpy(b->s + b->len, s, len);
    b->len += len;
    b->s[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addi(struct buf *b, long long n)
{
    char text[24], *at = text + sizeof text;
    unsigned long long rest = n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        *--at = '-';
    buf_add(b, at, (size_t)(text + sizeof text - at));
}

/* Printed where it goes; only what does not fit there is measured by that and printed again. */
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    if (b->failed)
        return;
    va_list again;
    va_copy(again, ap);
    size_t room = b->cap ? b->cap - b->len : 0; /* with the terminator */
    int n = vsnprintf(room ? b->s + b->len : NULL, room, fmt, ap);
    if (n >= 0 && (size_t)n < room) {
        b->len += (size_t)n;
    } else {
        if (room)
            b->s[b->len] = '\0';
        if (n < 0) {
            b->failed = true;
        } else if (n > 0 && reserve(b, (size_t)n)) {
            vsnprintf(b->s + b->len, (size_t)n + 1, fmt, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

char *buf_take(struct buf *b, size_t *ret_len)
{
    char *s = NULL;
    if (!b->failed && !b->cap)
        s = calloc(1, 1);
    else if (!b->failed) {
        s = b->s;
        b->cap = 0;
    }
    if (s && ret_len)
        *ret_len = b->len;
    buf_release(b);
    return s;
}
