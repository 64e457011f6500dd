/* hash.h: FNV-1a (Fowler, Noll and Vo; draft-eastlake-fnv), for tables in memory whose names are ours, short or random. Who can choose
 * names may fill one place with them: a table that grows with such names needs another hash. */
#ifndef BOT_HASH_H
#define BOT_HASH_H

#include <stdint.h>

static inline uint32_t hash_name(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

#define HASH_TEXTS 14695981039346656037u /* of no text yet */

/* `h`, and one more text: "a", "bc" are not "ab", "c". For telling texts apart. */
static inline uint64_t hash_and_text(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return (h ^ 0xff) * 1099511628211u; /* 0xff is in no UTF-8 */
}

#endif
