/* squeeze.h: replies made smaller for who can unpack them (gzip, by zlib). */
#ifndef BOT_SQUEEZE_H
#define BOT_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define SQUEEZE_LEAST 1024u /* bytes: a smaller reply fits one packet anyway */
#define SQUEEZE_MOST                                                                               \
    (64u * 1024u) /* a bigger one would hold up the loop for more than a millisecond */

/* Does this Accept-Encoding (or NULL) let us send that coding? "*" counts for nothing: nobody has to guess. */
bool squeeze_accepts(const char *accept, const char *coding);
/* Append `s` as gzip. False: it does not get smaller, or is not between the sizes above; nothing was added. */
bool squeeze(const char *s, size_t len, struct buf *b);

#endif
