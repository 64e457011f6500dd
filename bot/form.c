/* form.c: what a browser's form sends. Blanks come as '+', other bytes as %XX; what is no such code stays as it
 * is, as browsers do. */
#include "bot/form.h"

#include <ctype.h>
#include <string.h>

#include "kb/pool.h"

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
                                        : -1;
}

/* Decode s[0..len) into `to`, which has room for as much. Returns its length. */
static size_t decode(const char *s, size_t len, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '+') {
            to[n++] = ' ';
        } else if (s[i] == '%' && len - i > 2 && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
            to[n++] = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
            i += 2;
        } else {
            to[n++] = s[i];
        }
    }
    return n;
}

char *form_field(struct pool *pool, const char *body, size_t len, const char *name, size_t *ret_len)
{
    size_t namelen = strlen(name);
    const char *end = body + len;
    for (const char *s = body, *next; s < end; s = next) {
        const char *amp = memchr(s, '&', (size_t)(end - s));
        const char *stop = amp ? amp : end;
        next = stop + (amp != NULL);
        const char *eq = memchr(s, '=', (size_t)(stop - s));
        if (!eq)
            continue;
        char *key = pool_alloc(pool, (size_t)(eq - s) + 1);
        size_t keylen = decode(s, (size_t)(eq - s), key);
        if (keylen != namelen || memcmp(key, name, namelen))
            continue;
        char *value = pool_alloc(pool, (size_t)(stop - eq));
        *ret_len = decode(eq + 1, (size_t)(stop - eq - 1), value);
        return value;
    }
    return NULL;
}
