/* related.c: words that general English holds to be near, for bases whose owner wrote no synonyms.
 *
 * "Admit" for "admission", "rent" for "lease", "licence" for "license": tools/related.c says which, from WordNet. They are weak
 * evidence: a word of the owner's is not what somebody else's dictionary says it is, so they count little, and never make a
 * word known that the base lacks. The table is in the program's read-only memory. */
#include "kb/related.h"
#include "kb/kb_int.h"

#include <string.h>

extern const uint32_t related_table[];

static const char *text_of(size_t stem)
{
    size_t n = related_table[0], npair = related_table[1];
    return (const char *)(related_table + 3 + n + n + 1 + npair) + (related_table[3 + stem] >> 1);
}

/* The number of a stem, or that of all stems. */
static size_t find(const char *token)
{
    size_t n = related_table[0], low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (word_order(text_of(mid), token) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && !strcmp(text_of(low), token) ? low : n;
}

size_t related_words(const char *token, struct related *ret, size_t max)
{
    size_t n = related_table[0], stem = find(token), count = 0;
    const uint32_t *first = related_table + 3 + n, *pair = first + n + 1;
    if (stem == n)
        return 0;
    for (size_t i = first[stem]; i < first[stem + 1] && count < max; i++)
        ret[count++] = (struct related){text_of(pair[i] >> RELATED_BITS),
                                        (enum related_kind)(pair[i] & ((1u << RELATED_BITS) - 1))};
    return count;
}

bool related_verb(const char *token)
{
    size_t stem = find(token);
    return stem < related_table[0] && related_table[3 + stem] & 1;
}
