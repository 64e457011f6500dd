/* file.h: a file of the content, read whole and replaced whole: whoever looks sees the old bytes or the new ones, whenever the
 * power goes. */
#ifndef BOT_FILE_H
#define BOT_FILE_H

#include <stddef.h>

#include "kb/edit.h"

struct pool;

#define FILE_MAX    (16u << 20) /* bytes of one that is edited */
#define FILE_DIGEST 33          /* of what it holds: 32 hexadecimal digits, terminated */

/* {NULL, 0} when it is not there. 0, or a negative errno: -EFBIG beyond FILE_MAX. */
int file_read(struct pool *pool, const char *path, struct kb_bytes *ret);
/* Written beside it, synced, renamed over it, folder synced; s NULL: removed. A link stays a link; its permissions stay. 0, or a
 * negative errno, and then nothing was changed. */
int file_replace(const char *path, struct kb_bytes bytes);
/* What a file that is not there holds has one, too. */
void file_digest(struct kb_bytes bytes, char ret[FILE_DIGEST]);

#endif
