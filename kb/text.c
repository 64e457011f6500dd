/* text.c: bytes become valid UTF-8 in NFC, and text becomes comparable.
 *
 * Content comes from word processors, exports and twenty years of editors. Whatever the encoding,
 * everything behind text_repair() may rely on valid UTF-8, one kind of line end and one spelling of
 * each accented letter. Nothing is refused here: what cannot be read becomes U+FFFD and is counted,
 * so that the operator hears of it. Unicode's tables are utf8proc's; deliberately not here: language
 * detection, transliteration, and any guess at an encoding other than Windows-1252. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT 0xFFFDu

/* A run of combining marks longer than this is normalised in pieces: sorting them takes quadratic
 * time, and no orthography stacks more than a handful. */
#define MAX_MARKS 64

/* 0x80..0x9F of Windows-1252; zero where it has nothing. The rest of it is Latin-1. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* The result under construction; grows by doubling inside the pool's lifetime but on the heap, so
 * that the discarded halves do not stay until the pool's end. */
struct out {
    char *s;
    size_t len, cap;
};

static void reserve(struct out *o, size_t more)
{
    if (o->s && o->cap - o->len >= more)
        return;
    size_t cap = o->cap * 2 + more + 64;
    char *s = realloc(o->s, cap);
    if (!s)
        abort();
    o->s = s;
    o->cap = cap;
}

static void put_bytes(struct out *o, const char *s, size_t len)
{
    reserve(o, len);
    if (len)
        memcpy(o->s + o->len, s, len);
    o->len += len;
}

static void put(struct out *o, uint32_t c)
{
    reserve(o, 4);
    o->len += (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)o->s + o->len);
}

static char *finish(struct pool *pool, struct out *o, size_t *ret_len)
{
    char *s = pool_strndup(pool, o->s, o->len);
    if (ret_len)
        *ret_len = o->len;
    free(o->s);
    return s;
}

uint32_t text_next(const char *s, size_t len, size_t *pos)
{
    unsigned char c = (unsigned char)s[*pos];
    if (c < 0x80) {
        ++*pos;
        return c;
    }
    utf8proc_int32_t code;
    size_t left = len - *pos;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s + *pos,
                                          (utf8proc_ssize_t)(left < 4 ? left : 4), &code);
    if (n <= 0) {
        ++*pos;
        return REPLACEMENT;
    }
    *pos += (size_t)n;
    return (uint32_t)code;
}

/* ---- decoding ---------------------------------------------------------------------------------- */

struct decoder {
    struct out out;
    struct text_fix fix;
};

/* The place of the first thing that had to be replaced, in what has been written so far. */
static void note_invalid(struct decoder *d)
{
    if (d->fix.invalid++)
        return;
    size_t line = 1, column = 1;
    for (size_t i = 0; i < d->out.len; i++) {
        unsigned char c = (unsigned char)d->out.s[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if ((c & 0xC0) != 0x80) {
            column++;
        }
    }
    d->fix.line = line;
    d->fix.column = column;
}

/* One decoded character below U+0080. Page breaks of old text files are white space. */
static void put_ascii(struct decoder *d, uint32_t c)
{
    if (c == '\f' || c == '\v') {
        c = '\n';
    } else if (c < 0x20 && c != '\t' && c != '\n') {
        note_invalid(d);
        d->fix.controls++;
        c = REPLACEMENT;
    }
    put(&d->out, c);
}

static void decode_utf16(struct decoder *d, const unsigned char *s, size_t len, bool big)
{
    uint32_t high = 0; /* a surrogate that waits for its other half */
    bool cr = false;
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = big ? (uint32_t)s[i] << 8 | s[i + 1] : (uint32_t)s[i + 1] << 8 | s[i];
        if (high && c >= 0xDC00 && c <= 0xDFFF) {
            put(&d->out, 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00));
            high = 0;
            continue;
        }
        if (high || (c >= 0xDC00 && c <= 0xDFFF)) {
            note_invalid(d);
            put(&d->out, REPLACEMENT);
        }
        high = c >= 0xD800 && c <= 0xDBFF ? c : 0;
        bool after_cr = cr;
        cr = c == '\r';
        if (cr)
            put(&d->out, '\n');
        else if (c < 0x80 && !(c == '\n' && after_cr))
            put_ascii(d, c);
        else if (c >= 0x80 && (c < 0xD800 || c > 0xDFFF))
            put(&d->out, c);
    }
    if (high || len % 2) { /* cut off in the middle of a character */
        note_invalid(d);
        put(&d->out, REPLACEMENT);
    }
}

static void decode_utf8(struct decoder *d, const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t run = i;
        while (run < len && (signed char)s[run] >= 0x20) /* ASCII that stays as it is */
            run++;
        put_bytes(&d->out, s + i, run - i);
        if ((i = run) == len)
            break;
        unsigned char c = (unsigned char)s[i];
        if (c == '\r') {
            put(&d->out, '\n');
            i += i + 1 < len && s[i + 1] == '\n' ? 2 : 1;
        } else if (c < 0x80) {
            put_ascii(d, c);
            i++;
        } else {
            size_t next = i;
            uint32_t code = text_next(s, len, &next);
            if (next == i + 1) { /* no UTF-8 */
                note_invalid(d);
                code = c < 0xA0 ? windows_1252[c - 0x80] : c;
                put(&d->out, code ? code : REPLACEMENT);
            } else if (code < 0xA0 &&
                       windows_1252[code - 0x80]) { /* Windows-1252 taken for Latin-1 */
                put(&d->out, windows_1252[code - 0x80]);
            } else {
                put_bytes(&d->out, s + i, next - i);
            }
            i = next;
        }
    }
}

/* ---- normalisation ------------------------------------------------------------------------------ */

/* Code points that are NFC whatever stands around them; a subset that covers nearly all text. */
static bool surely_nfc(uint32_t c)
{
    return c < 0x300 || (c >= 0x2010 && c <= 0x2027) || c == 0x20AC || (c >= 0x4E00 && c <= 0x9FFF);
}

/* Append s[0, len), which is valid UTF-8, composed. */
static void put_composed(struct out *o, const char *s, size_t len)
{
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len, &composed,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (n >= 0)
        put_bytes(o, (const char *)composed, (size_t)n);
    else
        put_bytes(o, s, len);
    free(composed);
}

/* End of the run of bytes above ASCII that starts at `pos`, cut behind MAX_MARKS combining marks.
 * An ASCII character never composes with what precedes it, so runs can be normalised one by one,
 * each together with the ASCII character that it may put marks on. */
static size_t run_end(const char *s, size_t len, size_t pos, bool *ret_nfc)
{
    size_t marks = 0;
    *ret_nfc = true;
    while (pos < len && (unsigned char)s[pos] >= 0x80 && marks < MAX_MARKS) {
        uint32_t c = text_next(s, len, &pos);
        if (surely_nfc(c)) {
            marks = 0;
            continue;
        }
        *ret_nfc = false;
        marks = utf8proc_get_property((utf8proc_int32_t)c)->combining_class ? marks + 1 : 0;
    }
    return pos;
}

static void compose(struct out *o, const char *s, size_t len)
{
    size_t done = 0;
    for (size_t i = 0; i < len;) {
        if ((unsigned char)s[i] < 0x80) {
            i++;
            continue;
        }
        bool nfc;
        size_t end = run_end(s, len, i, &nfc);
        if (!nfc) {
            size_t from = i > done ? i - 1 : i;
            put_bytes(o, s + done, from - done);
            put_composed(o, s + from, end - from);
            done = end;
        }
        i = end;
    }
    if (len > done) /* `s` may be NULL when there is nothing */
        put_bytes(o, s + done, len - done);
}

/* True when the text needs nothing done to it. Eight bytes at a time, since all text comes this way. */
static bool is_plain_ascii(const char *s, size_t len)
{
    const uint64_t ones = 0x0101010101010101u, high = ones << 7;
    for (size_t i = 0; i < len;) {
        uint64_t w;
        if (len - i >= sizeof w) {
            memcpy(&w, s + i, sizeof w);
            if (!((w | ((w - ones * 0x20) & ~w)) &
                  high)) { /* no byte above 0x7F, none below 0x20 */
                i += sizeof w;
                continue;
            }
        }
        unsigned char c = (unsigned char)s[i++];
        if (c >= 0x80 || (c < 0x20 && c != '\n' && c != '\t'))
            return false;
    }
    return true;
}

char *text_repair(struct pool *pool, const char *s, size_t len, size_t *ret_len,
                  struct text_fix *ret_fix)
{
    if (is_plain_ascii(s, len)) {
        if (ret_fix)
            *ret_fix = (struct text_fix){0};
        if (ret_len)
            *ret_len = len;
        return pool_strndup(pool, s, len);
    }
    struct decoder d = {0};
    reserve(&d.out, len + 1);
    const unsigned char *u = (const unsigned char *)s;
    if (len >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF)))
        decode_utf16(&d, u + 2, len - 2, u[0] == 0xFE);
    else if (len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        decode_utf8(&d, s + 3, len - 3);
    else
        decode_utf8(&d, s, len);

    struct out composed = {0};
    compose(&composed, d.out.s, d.out.len);
    d.fix.changed = composed.len != len || (len && memcmp(composed.s, s, len) != 0);
    free(d.out.s);
    if (ret_fix)
        *ret_fix = d.fix;
    return finish(pool, &composed, ret_len);
}

bool text_is_binary(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    if (len >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF)))
        return false;
    if (len && memchr(s, 0, len))
        return true;
    size_t controls = 0;
    for (size_t i = 0; i < len; i++)
        controls += u[i] < 0x20 && (u[i] < '\b' || u[i] > '\r') && u[i] != 0x1B;
    return controls > 2 && controls > len / 20;
}

/* ---- folding ------------------------------------------------------------------------------------ */

/* Marks that change a letter without making it another one for our purpose. Not all marks: the vowel
 * signs of Indic scripts and the voicing marks of kana are what tells words apart. */
static bool is_accent(uint32_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0483 && c <= 0x0489) ||
           (c >= 0x0591 && c <= 0x05C7) || (c >= 0x064B && c <= 0x065F) || c == 0x0670 ||
           (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF) ||
           (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE20 && c <= 0xFE2F);
}

/* Letters and punctuation that Unicode does not decompose, though readers type the right-hand side. */
static const struct {
    uint32_t from;
    const char *to;
} fold_as[] = {
    {0x00E6, "ae"}, {0x00F0, "d"},  {0x00F8, "o"},  {0x00FE, "th"}, {0x0111, "d"},
    {0x0127, "h"},  {0x0131, "i"},  {0x0142, "l"},  {0x0153, "oe"}, {0x02BC, "'"},
    {0x2010, "-"},  {0x2018, "'"},  {0x2019, "'"},  {0x201A, "'"},  {0x201B, "'"},
    {0x201C, "\""}, {0x201D, "\""}, {0x201E, "\""}, {0x2032, "'"},  {0x2212, "-"},
};

static bool is_ascii(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0x80)
            return false;
    return true;
}

static void put_folded(struct out *o, uint32_t c)
{
    if (is_accent(c))
        return;
    if (c < 0x80) {
        put(o, c);
        return;
    }
    for (size_t i = 0; i < sizeof fold_as / sizeof *fold_as; i++)
        if (fold_as[i].from == c) {
            put_bytes(o, fold_as[i].to, strlen(fold_as[i].to));
            return;
        }
    put(o, c);
}

static void fold_char(struct out *o, uint32_t c)
{
    if (c >= 0xAC00 && c <= 0xD7A3) { /* Hangul: a syllable is the letter */
        put(o, c);
        return;
    }
    utf8proc_int32_t part[32];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)c, part, 32,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
    if (n < 0 || n > 32) {
        put(o, c);
        return;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        put_folded(o, (uint32_t)part[i]);
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

char *text_fold(struct pool *pool, const char *s, size_t len, size_t *ret_len)
{
    if (is_ascii(s, len)) { /* nearly every word of a question */
        char *folded = pool_strndup(pool, s, len);
        for (size_t i = 0; i < len; i++)
            folded[i] = to_lower(folded[i]);
        if (ret_len)
            *ret_len = len;
        return folded;
    }
    struct out o = {0};
    reserve(&o, len + 1);
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        if (c < 0x80) {
            put(&o, (unsigned char)to_lower((char)c));
            i++;
        } else {
            fold_char(&o, text_next(s, len, &i));
        }
    }
    return finish(pool, &o, ret_len);
}

static bool is_slug_char(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return c == '-';
    }
}

char *text_slug(struct pool *pool, const char *s, size_t len)
{
    struct out o = {0};
    while (len && (s[len - 1] == ' ' || s[len - 1] == '\n' || s[len - 1] == '\t'))
        len--;
    size_t i = 0;
    while (i < len && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t'))
        i++;
    while (i < len) {
        uint32_t c = text_next(s, len, &i);
        if (c == ' ' || c == '\n' || c == '\t' || c == 0xA0)
            put(&o, '-');
        else if (is_slug_char(c))
            put(&o, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
    }
    if (!o.len)
        put_bytes(&o, "top", 3);
    return finish(pool, &o, NULL);
}

#define NAME_WORDS 5

static bool has_word(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)text_next(s, len, &i));
        if ((c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
            (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO))
            return true;
    }
    return false;
}

/* The next word of at most `len` bytes, what stands between blanks and has a letter or digit; its length, 0 at the end. */
static size_t next_word(const char **s, size_t *len)
{
    for (;;) {
        while (*len && (unsigned char)**s <= ' ')
            ++*s, --*len;
        size_t n = 0;
        while (n < *len && (unsigned char)(*s)[n] > ' ')
            n++;
        if (!n || has_word(*s, n))
            return n;
        *s += n;
        *len -= n;
    }
}

const char *text_name(struct pool *pool, const char *question, const char *answer, size_t len)
{
    const char *name = "";
    size_t n, words = 0;
    if (has_word(question, strlen(question)))
        return text_slug(pool, question, strlen(question));
    for (; words < NAME_WORDS && (n = next_word(&answer, &len)); words++) {
        name = pool_printf(pool, "%s%s%s", name, words ? "-" : "", text_slug(pool, answer, n));
        answer += n;
        len -= n;
    }
    return words ? name : "entry";
}
