/* fuzz_text.c: any bytes become text, and text becomes words, sentences and plain text. Beyond not
 * crashing: repaired text is valid, repairing is idempotent, sentences cover it and move on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

static void check(bool truth)
{
    if (!truth)
        abort();
}

static void check_valid(const char *s, size_t len)
{
    check(!memchr(s, 0, len) && !memchr(s, '\r', len));
    for (size_t at = 0; at < len;) {
        size_t from = at;
        uint32_t c = text_next(s, len, &at);
        check(at > from && at <= len && (c != 0xFFFD || at == from + 3));
    }
}

static void check_sentences(const char *s, size_t len)
{
    for (size_t at = 0, n; at < len; at += n) {
        n = sentence_end(s + at, len - at);
        check(n > 0 && n <= len - at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct text_fix fix, again;
    size_t len, relen;
    text_is_binary((const char *)data, size);
    char *s = text_repair(pool, (const char *)data, size, &len, &fix);
    check_valid(s, len);
    check(fix.changed || (len == size && memcmp(s, data, len) == 0));
    text_repair(pool, s, len, &relen, &again);
    check(again.invalid == 0);

    char *folded = text_fold(pool, s, len, &relen);
    check_valid(folded, relen);
    const char *slug = text_slug(pool, s, len);
    check(*slug);
    check_valid(slug, strlen(slug));
    check_sentences(s, len);
    const char *plain = kb_plain(pool, s, len);
    check_valid(plain, strlen(plain));
    pool_free(pool);
    return 0;
}
