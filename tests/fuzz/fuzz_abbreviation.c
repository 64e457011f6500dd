/* fuzz_abbreviation.c: what any text says that its abbreviations stand for. Each is found in the text, has two letters or
 * more, and its long form begins with the first of them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const char *brief, const char *full)
{
    size_t *left = ctx;
    if (strlen(brief) < 2 || !isalpha((unsigned char)*brief) || !*full ||
        tolower((unsigned char)*brief) != tolower((unsigned char)*full))
        abort();
    return --*left == 0; /* also an end that is asked for */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    size_t left = 1 + (size ? data[0] : 0);
    int r = abbreviations_find(pool, (const char *)data, size, take, &left);
    if (r != (left == 0))
        abort();
    pool_free(pool);
    return 0;
}
