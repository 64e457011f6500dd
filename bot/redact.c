/* redact.c: personal data, masked before anything is written down. It is found by shape alone, without lists of names, so that
 * anybody can tell beforehand what is masked:
 *
 *     an e-mail address        local@host.tld
 *     a long number            seven digits or more, however they are grouped: telephones, cards, numbers of persons
 *     an id                    letters beside six digits or more in one word: passports, accounts, students
 *
 * The questions here are about pay, years and dates, and those must survive or the answer gets worse. So a long number
 * is left alone where it is written as one of the things listed in is_figure(). In doubt it is masked: a wrong mask costs a
 * number, a missing one somebody's privacy. */
#include "bot/redact.h"

#include <string.h>

#include "bot/buf.h"
#include "bot/config.h"
#include "kb/pool.h"

#define BULLET      "\u2022"
#define MASK        BULLET BULLET BULLET
#define LONG_NUMBER 7 /* digits; a local telephone number has as many */
#define ID_DIGITS   6
#define MAX_LOCAL   64 /* bytes of an address before and behind the '@': RFC 5321, 4.5.3.1 */
#define MAX_HOST    255
#define MAX_GROUPS  24
#define MAX_BETWEEN 3 /* characters between two groups of digits: ") " or " - " */
#define NBSP        "\u00a0"
#define NDASH       "\u2013"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Part of a character outside ASCII: a letter in an address, and no part of a number or an id. */
static bool is_wide(char c)
{
    return (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

/* ---- e-mail ---- */

/* A mask is no part of an address: what was masked once stays as it is. */
static size_t span(const char *s, size_t len, const char *more)
{
    size_t n = 0;
    while (n < len && s[n] && (is_word(s[n]) || is_wide(s[n]) || strchr(more, s[n])) &&
           (len - n < 3 || memcmp(s + n, BULLET, 3)))
        n++;
    return n;
}

/* Length of the address that begins here, or 0. */
static size_t email(const char *s, size_t len)
{
    size_t local = span(s, len, "._%+'-"); /* without what only quoted names may hold */
    if (!local || local > MAX_LOCAL || local + 1 >= len || s[local] != '@')
        return 0;
    const char *host = s + local + 1;
    size_t n = span(host, len - local - 1, ".-");
    while (n && (host[n - 1] == '.' || host[n - 1] == '-')) /* the end of the sentence */
        n--;
    bool dot = false;
    for (size_t i = 1; i + 2 < n; i++) /* at least two letters follow */
        dot |= host[i] == '.';
    return dot && n <= MAX_HOST ? local + 1 + n : 0;
}

/* ---- long numbers ---- */

/* Digits in groups, as they are written: "+1 (555) 010-0199". */
struct number {
    size_t len; /* bytes, from the first to the last digit, with a leading '+' or '(' */
    size_t digits, groups;
    size_t size[MAX_GROUPS];        /* digits of each group */
    const char *at[MAX_GROUPS + 1]; /* where each begins */
    bool plus;
    char
        between; /* the sign between all groups: ' ', '-', '.', '/'; 0 when they differ or there is none */
};

/* Length of what may stand between two groups, 0 if the next digit belongs to something else. */
static size_t between(const char *s, size_t len, char *ret)
{
    size_t n = 0, chars = 0;
    *ret = 0;
    while (n < len && chars < MAX_BETWEEN && !is_digit(s[n])) {
        size_t wide = len - n >= 3 && !memcmp(s + n, NDASH, 3)  ? 3
                      : len - n >= 2 && !memcmp(s + n, NBSP, 2) ? 2
                      : s[n] && strchr(" -./()", s[n])          ? 1
                                                                : 0;
        if (!wide)
            return 0;
        char c = wide == 3 ? '-' : wide == 2 ? ' ' : s[n];
        if (*ret == 0 || *ret == ' ')
            *ret = c;
        n += wide;
        chars++;
    }
    return n < len && is_digit(s[n]) ? n : 0;
}

static void read_number(const char *s, size_t len, struct number *n)
{
    size_t i = 0;
    *n = (struct number){.plus = len && *s == '+'};
    while (i < len && i < 2 && (s[i] == '+' || s[i] == '('))
        i++;
    while (i < len && is_digit(s[i]) && n->groups < MAX_GROUPS) {
        size_t first = i;
        while (i < len && is_digit(s[i]))
            i++;
        n->at[n->groups] = s + first;
        n->size[n->groups++] = i - first;
        n->digits += i - first;
        n->len = i;
        char sign;
        size_t gap = between(s + i, len - i, &sign);
        if (!gap)
            break;
        n->between = n->groups == 1 || n->between == sign ? sign : 0;
        i += gap;
    }
}

static int value(const char *s, size_t len)
{
    int v = 0;
    for (size_t i = 0; i < len && i < 6; i++)
        v = 10 * v + (s[i] - '0');
    return v;
}

static bool is_year(const struct number *n, size_t group)
{
    int v = value(n->at[group], n->size[group]);
    return n->size[group] == 4 && v >= 1900 && v < 2100;
}

static bool is_round(const struct number *n, size_t group)
{
    size_t size = n->size[group];
    return size >= 4 && size <= 9 && !memcmp(n->at[group] + size - 3, "000", 3);
}

/* 2026-11-21, 21.11.2026, 11/21/26 */
static bool is_date(const struct number *n)
{
    if (n->groups != 3 || !n->between || n->between == ' ')
        return false;
    size_t y = n->size[0] == 4 ? 0 : 2, a = y ? 0 : 1, b = y ? 1 : 2;
    int x = value(n->at[a], n->size[a]), z = value(n->at[b], n->size[b]);
    bool year = is_year(n, y) || (y == 2 && n->size[2] == 2);
    return year && n->size[a] <= 2 && n->size[b] <= 2 && x >= 1 && z >= 1 && x <= 31 && z <= 31 &&
           (x <= 12 || z <= 12);
}

/* Numbers that a question is about. */
static bool is_figure(const struct number *n)
{
    if (n->plus)
        return false;
    if (is_date(n))
        return true;
    if (n->groups == 1)
        return is_round(n, 0); /* 1000000 */
    if (n->groups == 2 && ((is_year(n, 0) && is_year(n, 1)) || (is_round(n, 0) && is_round(n, 1))))
        return true; /* 2024-2026, 30000-45000 */
    return n->groups == 3 && n->size[0] == 2 && n->size[1] == 4 && n->size[2] == 2 &&
           n->at[1][-1] == '-' && n->at[2][-1] == '.'; /* O*NET-SOC: 29-2012.00 */
}

/* Is the sign of a currency before it? */
static bool is_money(const char *text, const char *s)
{
    while (s > text && s[-1] == ' ')
        s--;
    static const char *const sign[] = {"$", "\u00a3", "\u20ac", "\u00a5", "\u20b9"};
    for (size_t i = 0; i < sizeof sign / sizeof sign[0]; i++) {
        size_t n = strlen(sign[i]);
        if ((size_t)(s - text) >= n && !memcmp(s - n, sign[i], n))
            return true;
    }
    return false;
}

/* Length of the long number that begins at `s`, or 0; *ret_seen is how far it was read in any case. */
static size_t number(const char *text, const char *s, const char *end, size_t *ret_seen)
{
    struct number n;
    read_number(s, (size_t)(end - s), &n);
    *ret_seen = n.len;
    bool word = s + n.len < end && is_letter(s[n.len]); /* 1234567th */
    if (n.digits < LONG_NUMBER || word || is_figure(&n) || is_money(text, s))
        return 0;
    return n.len;
}

/* ---- ids ---- */

/* Length of the word that begins here when it is an id, or 0. */
static size_t id(const char *s, size_t len)
{
    size_t n = 0, run = 0, longest = 0;
    for (; n < len && is_word(s[n]); n++) {
        run = is_digit(s[n]) ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest >= ID_DIGITS && longest < n ? n : 0;
}

/* Length of what has to be masked here, or 0, and then *ret_seen is how far there is nothing. */
static size_t personal(const char *text, const char *s, const char *end, const char **ret_mask,
                       size_t *ret_seen)
{
    size_t rest = (size_t)(end - s), n = 0;
    bool starts = s == text || !is_word(s[-1]);
    *ret_seen = 1;
    *ret_mask = MASK "@" MASK;
    if (starts && (is_word(*s) || is_wide(*s)) && (s == text || !is_wide(s[-1])))
        n = email(s, rest);
    if (n || !starts)
        return n;
    *ret_mask = MASK;
    n = id(s, rest);
    if (!n && (is_digit(*s) || *s == '+' || *s == '('))
        n = number(text, s, end, ret_seen);
    return n;
}

/* Whether there is anything at all that an address, a number or an id cannot do without; most questions have nothing. */
static bool is_suspicious(const char *s, size_t len)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        digits += is_digit(s[i]);
        if (s[i] == '@')
            return true;
    }
    return digits >= (ID_DIGITS < LONG_NUMBER ? ID_DIGITS : LONG_NUMBER);
}

bool redact(const char *s, size_t len, struct buf *b)
{
    if (!is_suspicious(s, len)) {
        buf_add(b, s, len);
        return false;
    }
    const char *end = s + len, *kept = s, *at = s;
    bool masked = false;
    while (at < end) {
        const char *mask;
        size_t seen, n = personal(s, at, end, &mask, &seen);
        if (n) {
            buf_add(b, kept, (size_t)(at - kept));
            buf_adds(b, mask);
            kept = at += n;
            masked = true;
        } else {
            at += seen ? seen : 1;
        }
    }
    buf_add(b, kept, (size_t)(end - kept));
    return masked;
}

const char *redact_for(const struct config *c, struct pool *pool, const char *s)
{
    struct buf b;
    if (!s || !config_bool(c, "journal.redact"))
        return s;
    size_t len = strlen(s);
    if (!is_suspicious(s, len))
        return s;
    buf_init(&b, 3 * len);
    const char *kept = redact(s, len, &b) ? pool_strndup(pool, b.s, b.len) : s;
    buf_release(&b);
    return kept;
}
