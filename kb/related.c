/* related.c: words that general English holds to be near, for bases whose owner wrote no synonyms.
 *
 * "Admit" for "admission", "rent" for "lease", "licence" for "license": tools/related.c says which, from WordNet. They are weak
 * evidence: a word of the owner's is not what somebody else's dictionary says it is, so they count little, and never make a
 * word known that the base lacks. The table is in the program's read-only memory. */
#include "kb/related.h"

#include <string.h>

extern const uint32_t related_table[];

static const char *text_of(size_t stem)
{
    size_t n = related_table[0], npair = related_table[1];
    return (const char *)(related_table + 3 + n + n + 1 + npair) + related_table[3 + stem];
}

size_t related_words(const char *token, struct related *ret, size_t max)
{
    size_t n = related_table[0], low = 0, high = n, count = 0;
    const uint32_t *first = related_table + 3 + n, *pair = first + n + 1;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(text_of(mid), token) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == n || strcmp(text_of(low), token) != 0)
        return 0;
    for (size_t i = first[low]; i < first[low + 1] && count < max; i++)
        ret[count++] = (struct related){text_of(pair[i] >> 1), pair[i] & 1};
    return count;
}
