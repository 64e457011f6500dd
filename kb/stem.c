/* stem.c: a word becomes the form in which words are compared.
 *
 * Lower case, accents removed, and cut to its stem by the language's Snowball rules, so that
 * "Studies", "studying" and "studied" are one term. English is folded first and stemmed after:
 * "résumés" and "resumes" then take the same road. Every other language is stemmed first, in
 * lower case with its accents (NFC), because Snowball's rules are written with them ("-ção",
 * "-ées", the umlauts); accents go afterwards, so that a question typed without them still meets
 * the text.
 *
 * Most words of a text have been seen before: a direct-mapped cache per instance keeps what became
 * of plain ASCII words, under the word itself as three numbers of eight bytes. With a stem it keeps its hash and whether
 * it is a stop word, which is all that is wanted of most words of a passage that is read for a question. It is small for who
 * asks questions and grows for who reads a library. It decides nothing: without it the same tokens come out. */
#include "kb/kb_int.h"
#include "kb/snowball.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define LANGUAGES    32 /* met by one instance; further ones are not stemmed */
#define CACHE_BITS   8  /* at first, so that a single question does not fill memory; and at most: */
#define CACHE_MOST   14
#define CACHE_MISSES 1 /* for each place, before it grows */

/* A word in small letters, zeroes behind it. Longer ones are rare, and are not kept. */
#define KEY_BYTES 24
struct key {
    uint64_t part[KEY_BYTES / 8];
};

struct cached {
    struct key key;        /* zero: the place is free */
    struct stem_seen seen; /* with what became of it */
};

struct language {
    char code[8];
    const struct snowball *rules;
    struct sb_stemmer *stemmer; /* NULL: Snowball does not know it */
    bool english;
};

struct stem {
    struct language language[LANGUAGES];
    int n;
    struct cached *cache;
    unsigned bits; /* it has 1 << bits places */
    size_t misses;
};

int stem_new(struct stem **ret)
{
    struct stem *st = calloc(1, sizeof *st);
    struct cached *cache = calloc(1u << CACHE_BITS, sizeof *cache);
    if (!st || !cache) {
        free(st);
        free(cache);
        return KB_ERR_NOMEM;
    }
    st->cache = cache;
    st->bits = CACHE_BITS;
    *ret = st;
    return KB_OK;
}

void stem_free(struct stem *st)
{
    if (!st)
        return;
    for (int i = 0; i < st->n; i++)
        st->language[i].rules->end(st->language[i].stemmer);
    free(st->cache);
    free(st);
}

int stem_language(struct stem *st, const char *code)
{
    for (int i = 0; i < st->n; i++)
        if (!strcmp(st->language[i].code, code))
            return i;
    if (st->n == LANGUAGES || strlen(code) >= sizeof st->language[0].code)
        return -1;
    struct language *l = &st->language[st->n];
    l->rules = snowball_of(code);
    if (!l->rules)
        return STEM_NO_RULES;
    memcpy(l->code, code, strlen(code) + 1);
    l->stemmer = l->rules->begin(code, NULL);
    l->english = !strcmp(code, "en");
    return st->n++;
}

/* `len` bytes cut to at most `max`, not inside a character. */
static size_t cut(const char *s, size_t len, size_t max)
{
    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* Room for what STEM_RAW bytes can become: one character of three bytes decomposes into 18. */
#define FOLD_MAX (STEM_RAW * 8)

/* Map `s` by utf8proc's `options` into `out`, dropping whatever is not part of a word
 * (compatibility forms may bring blanks and brackets along). */
static size_t map(const char *s, size_t len, utf8proc_option_t options, char *out, size_t max)
{
    utf8proc_int32_t cp[FOLD_MAX + 1];
    utf8proc_ssize_t n =
        utf8proc_decompose((const uint8_t *)s, (utf8proc_ssize_t)len, cp, FOLD_MAX, options);
    if (n < 0 || n > FOLD_MAX)
        return 0;
    utf8proc_ssize_t kept = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        utf8proc_category_t cat = utf8proc_category(cp[i]);
        if ((cat >= UTF8PROC_CATEGORY_LU && cat <= UTF8PROC_CATEGORY_NO) || cp[i] == '.' ||
            cp[i] == '&')
            cp[kept++] = cp[i];
    }
    n = utf8proc_reencode(cp, kept, options);
    if (n < 0)
        return 0;
    size_t m = cut((const char *)cp, (size_t)n, max);
    memcpy(out, cp, m);
    return m;
}

#define FOLD_COMMON (UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

static size_t fold(const char *s, size_t len, char *out)
{
    return map(s, len, FOLD_COMMON | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK, out, STEM_MAX);
}

static size_t lower(const char *s, size_t len, char *out)
{
    return map(s, len, FOLD_COMMON | UTF8PROC_COMPOSE, out, STEM_MAX);
}

/* Snowball on `len` bytes at `s`, in place. A stem that is empty or too long leaves the word
 * alone. */
static size_t snowball(const struct language *l, char *s, size_t len)
{
    const sb_symbol *stem = l->rules->stem(l->stemmer, (const sb_symbol *)s, (int)len);
    int n = stem ? l->rules->length(l->stemmer) : 0;
    if (n <= 0 || n > STEM_MAX)
        return len;
    memcpy(s, stem, (size_t)n);
    return (size_t)n;
}

static struct cached *slot(struct stem *st, int language, const struct key *k)
{
    uint64_t h = (k->part[0] + (uint64_t)language) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ k->part[1]) * 0xc2b2ae3d27d4eb4fu;
    h = (h ^ h >> 32 ^ k->part[2]) * 0x9e3779b97f4a7c15u;
    return &st->cache[h >> (64 - st->bits)];
}

static bool same(const struct key *a, const struct key *b)
{
    return !((a->part[0] ^ b->part[0]) | (a->part[1] ^ b->part[1]) | (a->part[2] ^ b->part[2]));
}

/* Go on with four times as many places, if there is memory for them. */
static void grow(struct stem *st)
{
    size_t n = (size_t)1 << st->bits;
    struct cached *old = st->cache, *bigger = calloc(n * 4, sizeof *bigger);
    st->misses = 0;
    if (!bigger)
        return;
    st->cache = bigger;
    st->bits += 2;
    for (size_t i = 0; i < n; i++)
        if (old[i].key.part[0])
            *slot(st, old[i].seen.language, &old[i].key) = old[i];
    free(old);
}

/* What becomes of the word, which has `len` bytes, by Snowball; NULL when it is too unlike the word to be kept. */
static const struct stem_seen *see(struct stem *st, int language, const struct key *key, size_t len)
{
    const struct language *l = &st->language[language];
    char word[KEY_BYTES], stem[STEM_MAX];
    struct stem_seen seen = {.language = (uint8_t)language};
    memcpy(word, key, sizeof word);
    memcpy(stem, key, sizeof word);
    size_t n = snowball(l, stem, len), head = 0;
    while (head < n && head < len && stem[head] == word[head])
        head++;
    if (n - head > sizeof seen.tail)
        return NULL;
    if (++st->misses > (size_t)CACHE_MISSES << st->bits && st->bits + 2 <= CACHE_MOST)
        grow(st);
    seen.head = (uint8_t)head;
    seen.ntail = (uint8_t)(n - head);
    memcpy(seen.tail, stem + head, n - head);
    seen.stop = stopword(l->code, stem, n);
    seen.hash = word_hash(stem, n);
    struct cached *c = slot(st, language, key);
    *c = (struct cached){*key, seen};
    return &c->seen;
}

static inline const struct stem_seen *look_up(struct stem *st, int language, const struct key *key,
                                              size_t len)
{
    const struct cached *c = slot(st, language, key);
    if (c->seen.language == language && same(&c->key, key))
        return &c->seen;
    return see(st, language, key, len);
}

/* Eight bytes, or n if that is less, of letters, which become small ones. */
static inline uint64_t small_letters(const char *s, size_t n)
{
    uint64_t part;
    memcpy(&part, s, sizeof part);
    part |= UINT64_C(0x2020202020202020);
    return n < 8 ? part & htole64((UINT64_C(1) << 8 * n) - 1) : part;
}

const struct stem_seen *stem_letters(struct stem *st, int language, const char *s, size_t len,
                                     size_t room)
{
    char padded[KEY_BYTES] = {0};
    struct key key = {{0}};
    if (language < 0 || !st->language[language].stemmer || len > KEY_BYTES || !len)
        return NULL;
    if (room < KEY_BYTES)
        s = memcpy(padded, s, len);
    for (size_t at = 0; at < len; at += 8)
        key.part[at / 8] = small_letters(s + at, len - at);
    return look_up(st, language, &key, len);
}

/* The lower-case ASCII word in out[0, len) becomes its stem. */
static size_t stem_ascii(struct stem *st, int language, char *out, size_t len)
{
    const struct language *l = &st->language[language];
    struct key key = {{0}};
    if (!l->stemmer || !len)
        return len;
    if (len > KEY_BYTES)
        return snowball(l, out, len);
    memcpy(&key, out, len);
    const struct stem_seen *seen = look_up(st, language, &key, len);
    if (!seen)
        return snowball(l, out, len);
    memcpy(out + seen->head, seen->tail, seen->ntail);
    return (size_t)seen->head + seen->ntail;
}

/* The common case, without Unicode tables: true when the word is ASCII. */
static bool lower_ascii(const char *s, size_t len, char *out, size_t *ret_len)
{
    if (len > STEM_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c & 0x80)
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    *ret_len = len;
    return true;
}

size_t stem_fold(const char *s, size_t len, char *out)
{
    size_t n;
    return lower_ascii(s, len, out, &n) ? n : fold(s, len, out);
}

size_t stem_word(struct stem *st, int language, const char *s, size_t len, char *out)
{
    size_t n;
    if (language < 0)
        return stem_fold(s, len, out);
    if (lower_ascii(s, len, out, &n))
        return stem_ascii(st, language, out, n);
    const struct language *l = &st->language[language];
    if (l->english || !l->stemmer) {
        n = fold(s, len, out);
        return l->stemmer && n ? snowball(l, out, n) : n;
    }
    char word[STEM_MAX];
    n = lower(s, len, word);
    if (n)
        n = snowball(l, word, n);
    return fold(word, n, out);
}
