/* hash.h: FNV-1a (Fowler, Noll and Vo; draft-eastlake-fnv), in 32 and in 64 bits, for tables in memory whose names are ours, short or
 * random. Who can choose names may fill one place with them: a table that grows with such names needs another hash.
 *
 * Snapshots hold numbers made with it (snap_hash(), bm25f_tie()): a change here is a change of their format.
 *
 * Needs nothing else of kb/, so bot/ and adapters/ use it, too. */
#ifndef KB_HASH_H
#define KB_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_32 2166136261u /* of nothing yet */
#define HASH_64 14695981039346656037u

static inline uint32_t hash_byte_32(uint32_t h, unsigned char byte)
{
    return (h ^ byte) * 16777619u;
}

static inline uint64_t hash_byte_64(uint64_t h, unsigned char byte)
{
    return (h ^ byte) * 1099511628211u;
}

/* `h`, and these bytes. */
static inline uint32_t hash_32(uint32_t h, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = hash_byte_32(h, (unsigned char)s[i]);
    return h;
}

static inline uint64_t hash_64(uint64_t h, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = hash_byte_64(h, (unsigned char)s[i]);
    return h;
}

static inline uint32_t hash_name(const char *s)
{
    uint32_t h = HASH_32;
    for (; *s; s++)
        h = hash_byte_32(h, (unsigned char)*s);
    return h;
}

/* `h`, and one more text: "a", "bc" are not "ab", "c". For telling texts apart. */
static inline uint64_t hash_and_text(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = hash_byte_64(h, (unsigned char)*s);
    return hash_byte_64(h, 0xff); /* in no UTF-8 */
}

#endif
