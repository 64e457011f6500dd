/* fuzz_tokenizer.c: any bytes become words, the same ones every time, and every word is fit for
 * the index. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct seen {
    size_t n, len, last;
    uint64_t hash;
};

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool is_utf8(const char *s, size_t len)
{
    for (size_t pos = 0; pos < len;) {
        int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const uint8_t *)s + pos, (utf8proc_ssize_t)(len - pos), &c);
        if (n <= 0 || c <= ' ')
            return false;
        pos += (size_t)n;
    }
    return true;
}

static int on_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    struct seen *seen = ctx;
    require(len >= 1 && len <= STEM_MAX && is_utf8(token, len));
    require(start < end && end <= seen->len && start >= seen->last);
    require(seen->n || !colocated);
    seen->last = colocated ? seen->last : start;
    seen->n++;
    seen->hash = seen->hash * 31 + colocated;
    for (size_t i = 0; i < len; i++)
        seen->hash = seen->hash * 1099511628211u + (unsigned char)token[i];
    return 0;
}

/* Two tellings of one text. */
struct telling {
    uint64_t sum;
    size_t n;
};

static void tell(struct telling *t, uint64_t hash, bool stop, size_t start, size_t end,
                 bool colocated)
{
    t->sum = (t->sum ^ hash) * 1099511628211u + start * 7 + end * 5 + stop * 2u + colocated;
    t->n++;
}

static int on_same(void *ctx, const char *token, size_t len, size_t start, size_t end,
                   bool colocated)
{
    bool stop = !colocated && stopword("en", token, len);
    tell(ctx, word_hash(token, len), stop, start, end, colocated);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tokenizer *t = NULL;
    require(tokenizer_new(&t) == 0);
    struct seen first = {.len = size}, again = {.len = size};
    require(tokenizer_run(t, (const char *)data, size, on_token, &first) == 0);
    require(tokenizer_run(t, (const char *)data, size, on_token, &again) ==
            0); /* with a warm cache */
    require(first.n == again.n && first.hash == again.hash && first.n <= 3 * size);
    if (!size || *data != TOKENIZER_MARK) { /* which would choose the language */
        struct telling tokens = {0}, hashes = {0};
        tokenizer_run(t, (const char *)data, size, on_same, &tokens);
        struct pool *pool = pool_new();
        struct text_words words;
        tokenizer_hash(t, "en", (const char *)data, size, pool, &words);
        for (const struct text_word *w = words.word; w < words.word + words.n; w++)
            tell(&hashes, w->hash, w->stop, w->start, text_word_end(w), w->other);
        pool_free(pool);
        require(tokens.n == hashes.n && tokens.sum == hashes.sum);
    }
    tokenizer_free(t);
    return 0;
}
