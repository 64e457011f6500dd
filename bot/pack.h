/* pack.h: a struct and the texts it points to, copied into one block of memory: what is handed to another thread, or kept
 * for later, is one malloc() and one free(). */
#ifndef BOT_PACK_H
#define BOT_PACK_H

#include <stddef.h>
#include <string.h>

#include "bot/must.h"

/* offset[]: of its members of type const char *; NULL stays NULL. */
static inline void *pack(const void *from, size_t size, const size_t *offset, size_t n)
{
    size_t all = size;
    for (size_t i = 0; i < n; i++) {
        const char *s;
        memcpy(&s, (const char *)from + offset[i], sizeof s);
        all += s ? strlen(s) + 1 : 0;
    }
    char *to = must(malloc(all)), *at = to + size;
    memcpy(to, from, size);
    for (size_t i = 0; i < n; i++) {
        const char *s;
        memcpy(&s, to + offset[i], sizeof s);
        if (!s)
            continue;
        size_t len = strlen(s) + 1;
        const char *mine = memcpy(at, s, len);
        memcpy(to + offset[i], &mine, sizeof mine);
        at += len;
    }
    return to;
}

#endif
