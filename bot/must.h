/* must.h: memory for our own small structs. Without it no path through the program is left, so it ends with a line. What
 * an outsider chooses the size of fails politely instead (buf.h). */
#ifndef BOT_MUST_H
#define BOT_MUST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *must(void *p)
{
    if (!p) {
        fputs("guidepost: out of memory\n", stderr);
        abort();
    }
    return p;
}

/* The text, to be freed. For paths of our own. */
__attribute__((format(printf, 1, 2))) static inline char *must_printf(const char *fmt, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0)
        s = NULL;
    va_end(ap);
    return must(s);
}

#endif
