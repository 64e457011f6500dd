/* squeeze.c: gzip for pages that are made anew for everybody. What never changes is compressed when the program is built
 * (cmake/assets.cmake), better and once; this is for the rest, so it is quick rather than thorough.
 *
 * Only for replies that hold no secret: where an attacker's text and a secret are compressed together, the length tells
 * something about the secret (BREACH). So a reply is squeezed only when who made it says that it may be. */
#include "bot/squeeze.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "bot/buf.h"
#include "bot/must.h"

#define LEVEL 4
#define GZIP  (15 + 16) /* zlib's way of asking for a gzip header around a window of 32 KiB */

bool squeeze_accepts(const char *accept, const char *coding)
{
    size_t len = strlen(coding);
    for (const char *s = accept ? accept : ""; *s; s += strcspn(s, ","), s += *s == ',') {
        s += strspn(s, " \t");
        const char *rest = s + len;
        if (strncasecmp(s, coding, len) || !strchr(",; \t", *rest))
            continue;
        rest += strspn(rest, " \t;");
        if (strncasecmp(rest, "q=", 2))
            return true;
        rest += 2;
        return strspn(rest, "0.") < strcspn(rest, ", \t"); /* "q=0" and "q=0.000": no */
    }
    return false;
}

bool squeeze(const char *s, size_t len, struct buf *b)
{
    z_stream z = {.next_in = (unsigned char *)s, .avail_in = (unsigned)len};
    if (len < SQUEEZE_LEAST || len > SQUEEZE_MOST)
        return false;
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    unsigned char *out = must(malloc(len));
    z.next_out = out;
    z.avail_out = (unsigned)len;
    bool smaller = deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (smaller)
        buf_add(b, (const char *)out, z.total_out);
    deflateEnd(&z);
    free(out);
    return smaller;
}
