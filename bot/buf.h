/* buf.h: a string that grows up to a ceiling chosen at birth (limits.h).
 *
 * Errors are sticky: after the first append that does not fit, every call is a no-op and
 * buf_failed() is true; so a dozen appends need one check, at the end. Always terminated, may hold
 * NUL bytes. */
#ifndef BOT_BUF_H
#define BOT_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *s; /* "" while empty; never NULL */
    size_t len;
    size_t cap;
    size_t max; /* bytes of content, without the terminator */
    bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* as after buf_init(): may be used again */
void buf_clear(struct buf *b);   /* empty, not failed; keeps its memory */
bool buf_failed(const struct buf *b);

/* So much will be added: grow now, once. More than fits is no failure yet. */
void buf_expect(struct buf *b, size_t more);
void buf_add(struct buf *b, const char *s, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addi(struct buf *b, long long n); /* in decimal; several times as fast as by buf_addf() */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The storage, terminated; the caller frees it with free(). NULL when failed. `b` is empty then. */
char *buf_take(struct buf *b, size_t *ret_len);

#endif
