/* tokenizer_piece.c: what is read as one word, character by character.
 *
 * A *piece* is a run of letters, digits and marks. Apostrophes inside it vanish ("don't" ->
 * dont) with what is only grammar behind them ("technician's" -> technician); separators between
 * groups of digits vanish too ("57,380" -> 57380) and decimals stay ("3.5"). Chinese, Japanese,
 * Thai, Lao, Khmer and Burmese are written without blanks: there every character is a piece, and
 * neighbours are told by their positions. */
#include "kb/tokenizer_int.h"

#include <string.h>
#include <utf8proc.h>

/* ---- characters ------------------------------------------------------------------------------ */

static bool solo(int32_t c)
{
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff) || (c >= 0x2e80 && c <= 0x312f) ||
           (c >= 0x31f0 && c <= 0x31ff) || (c >= 0x3400 && c <= 0x9fff) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff66 && c <= 0xff9d) ||
           (c >= 0x1b000 && c <= 0x1b16f) || (c >= 0x20000 && c <= 0x3ffff);
}

/* Soft hyphens and joiners are inside words without being seen. */
static bool invisible(int32_t c)
{
    return c == 0xad || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff;
}

/* Raised and lowered digits: H2O, m2. Other numeric signs, such as one half, are no part of a
 * word. */
static bool small_digit(int32_t c)
{
    return c == 0xb2 || c == 0xb3 || c == 0xb9 || (c >= 0x2070 && c <= 0x2079) ||
           (c >= 0x2080 && c <= 0x2089);
}

static enum kind kind_of(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LO: return solo(c) ? SOLO : LETTER;
    case UTF8PROC_CATEGORY_LM: return c == 0x2bc ? OTHER : solo(c) ? SOLO : LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return MARK;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: return DIGIT;
    case UTF8PROC_CATEGORY_NO: return small_digit(c) ? DIGIT : OTHER;
    default: return invisible(c) ? MARK : OTHER;
    }
}

enum kind tokenizer_piece_peek(const struct tokenizer_scan *x, size_t pos, size_t *ret_n,
                               int32_t *ret_c)
{
    *ret_n = 1;
    *ret_c = -1;
    if (pos >= x->len)
        return OTHER;
    unsigned char c = (unsigned char)x->s[pos];
    if (c < 0x80) {
        *ret_c = c;
        unsigned char low = c | 0x20;
        return low >= 'a' && low <= 'z' ? LETTER : c >= '0' && c <= '9' ? DIGIT : OTHER;
    }
    utf8proc_ssize_t n =
        utf8proc_iterate((const uint8_t *)x->s + pos, (utf8proc_ssize_t)(x->len - pos), ret_c);
    if (n <= 0) {
        *ret_c = -1;
        return OTHER;
    }
    *ret_n = (size_t)n;
    return kind_of(*ret_c);
}

enum kind tokenizer_piece_kind(const struct tokenizer_scan *x, size_t pos)
{
    size_t n;
    int32_t c;
    return tokenizer_piece_peek(x, pos, &n, &c);
}

static bool is_digit(const struct tokenizer_scan *x, size_t pos)
{
    return pos < x->len && x->s[pos] >= '0' && x->s[pos] <= '9';
}

static bool is_apostrophe(int32_t c)
{
    return c == '\'' || c == 0x2019 || c == 0x2bc || c == 0x2018 || c == 0xff07;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void append(struct tokenizer_piece *p, const char *s, size_t n)
{
    if (p->full || n > sizeof p->raw - p->len) {
        p->full = true;
        return;
    }
    memcpy(p->raw + p->len, s, n);
    p->len += n;
}

/* The letters at `pos` are the end of a contraction that carries no meaning of its own: 's, 'll,
 * 're, 've, 'd, 'm. Returns their length or 0. */
static size_t contraction(const struct tokenizer_scan *x, size_t pos)
{
    static const char *const ending[] = {"s", "ll", "re", "ve", "d", "m"};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        size_t n = strlen(ending[i]);
        if (x->len - pos >= n && !sqlite3_strnicmp(x->s + pos, ending[i], (int)n) &&
            tokenizer_piece_kind(x, pos + n) == OTHER)
            return n;
    }
    return 0;
}

/* At an apostrophe of n bytes behind a word character: move over it, or return false at the
 * word's end. */
static bool over_apostrophe(const struct tokenizer_scan *x, struct tokenizer_piece *p, size_t n,
                            bool *ret_last)
{
    if (tokenizer_piece_kind(x, p->end + n) != LETTER || x->elides || p->solo)
        return false;
    size_t ending = p->letters ? contraction(x, p->end + n) : 0;
    p->end += n + ending;
    *ret_last = ending > 0;
    return true;
}

/* Between digits: true to go over this separator, and add a decimal point when *ret_point. */
static bool over_separator(const struct tokenizer_scan *x, const struct tokenizer_piece *p,
                           int32_t c, size_t n, bool *ret_point)
{
    size_t next = p->end + n;
    if (p->letters || !is_digit(x, next))
        return false;
    bool group = is_digit(x, next + 1) && is_digit(x, next + 2) && !is_digit(x, next + 3);
    bool grouping =
        c == (x->decimal_comma ? '.' : ',') || c == 0xa0 || c == 0x202f || is_apostrophe(c);
    *ret_point = false;
    if (group && grouping && p->raw[0] != '0')
        return true;
    *ret_point = c == '.' || (c == ',' && x->decimal_comma);
    return *ret_point;
}

/* "++" behind a word, "+" behind a word and before none, "#" behind a single letter. */
static void read_mark(const struct tokenizer_scan *x, struct tokenizer_piece *p)
{
    if (p->digits || p->solo || p->end >= x->len)
        return;
    const char *s = x->s + p->end;
    size_t left = x->len - p->end;
    bool alone = tokenizer_piece_kind(x, p->end + 1) == OTHER;
    if (left >= 2 && s[0] == '+' && s[1] == '+')
        memcpy(p->mark, "++", 3);
    else if (alone && (s[0] == '+' || (s[0] == '#' && p->letters == 1)))
        p->mark[0] = s[0];
    p->end += strlen(p->mark);
}

static bool is_dotted(const struct tokenizer_scan *x, const struct tokenizer_piece *p)
{
    if (p->start == 0 || x->s[p->start - 1] != '.' || p->digits || p->letters < 2)
        return false;
    char before = p->start == 1 ? ' ' : x->s[p->start - 2];
    return before && strchr(" \t\n(/\"'", before);
}

static void count(struct tokenizer_piece *p, enum kind k, int32_t c)
{
    if (k == DIGIT)
        p->digits = true;
    else if (k != MARK)
        p->letters++;
    if (!(c >= 'A' && c <= 'Z'))
        p->capitals = false;
}

void tokenizer_piece_read(const struct tokenizer_scan *x, size_t pos, struct tokenizer_piece *p)
{
    p->start = p->end = pos;
    p->len = p->letters = 0;
    p->digits = p->full = p->solo = false;
    p->capitals = true;
    memset(p->mark, 0, sizeof p->mark);
    for (bool last = false; !last && p->end < x->len;) {
        size_t n;
        int32_t c;
        bool point = false;
        enum kind k = tokenizer_piece_peek(x, p->end, &n, &c);
        if (k == SOLO ? p->end > pos : p->solo && k != MARK)
            break;
        p->solo = p->solo || k == SOLO;
        if (k != OTHER) {
            append(p, x->s + p->end, n);
            p->end += n;
            count(p, k, c);
        } else if (p->digits && over_separator(x, p, c, n, &point)) {
            p->end += n;
            if (point)
                append(p, ".", 1);
        } else if (!is_apostrophe(c) || !over_apostrophe(x, p, n, &last)) {
            break;
        }
    }
    read_mark(x, p);
    p->dotted = is_dotted(x, p);
}
