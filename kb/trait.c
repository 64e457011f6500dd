/* trait.c: what kinds of things a passage has: an amount of money, a period, steps, a list.
 *
 * A question asks for a kind of thing (query_want.c), and rank.c prefers passages that have it. Whether one does depends on
 * nothing else, so it is looked for once, when the passage is indexed, and kept in the snapshot as a number: which of
 * forty candidates win can then be told without reading the others. Signs are plain English words and figures, nothing
 * about any subject, found in one walk over the text. */
#include "kb/kb_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MANY_UNITS  3 /* items or rows that make a list */
#define MANY_COMMAS 4 /* in one sentence: "California, Florida, Hawaii, Montana and Nevada" */

/* At least four bytes each. Anything may stand before and behind. */
static const struct sign {
    const char *text;
    uint16_t trait;
} signs[] = {
    {"april", TRAIT_DATE},        {"august", TRAIT_DATE},
    {"because", TRAIT_REASON},    {"compared", TRAIT_DIFFERENCE},
    {"deadline", TRAIT_DATE},     {"december", TRAIT_DATE},
    {"differ", TRAIT_DIFFERENCE}, {"distinct", TRAIT_DIFFERENCE},
    {"driven by", TRAIT_REASON},  {"due to", TRAIT_REASON},
    {"ensur", TRAIT_REASON},      {"february", TRAIT_DATE},
    {"first", TRAIT_STEPS},       {"helps", TRAIT_REASON},
    {"hour", TRAIT_PERIOD},       {"important", TRAIT_REASON},
    {"january", TRAIT_DATE},      {"july", TRAIT_DATE},
    {"june", TRAIT_DATE},         {"march", TRAIT_DATE},
    {"minute", TRAIT_PERIOD},     {"month", TRAIT_PERIOD},
    {"november", TRAIT_DATE},     {"october", TRAIT_DATE},
    {"process", TRAIT_STEPS},     {"reason", TRAIT_REASON},
    {"september", TRAIT_DATE},    {"signif", TRAIT_REASON},
    {"so that", TRAIT_REASON},    {"step", TRAIT_STEPS},
    {"then", TRAIT_STEPS},        {"typically involves", TRAIT_STEPS},
    {"unlike", TRAIT_DIFFERENCE}, {"versus", TRAIT_DIFFERENCE},
    {" vs ", TRAIT_DIFFERENCE},   {" vs.", TRAIT_DIFFERENCE},
    {"week", TRAIT_PERIOD},       {"whereas", TRAIT_DIFFERENCE},
    {"while ", TRAIT_DIFFERENCE}, {"year", TRAIT_PERIOD},
    {"dollars", TRAIT_MONEY},     {" euros", TRAIT_MONEY},
    {" euro ", TRAIT_MONEY},      {" cents", TRAIT_MONEY},
};
#define SIGNS_N (sizeof signs / sizeof *signs)

/* Which four bytes signs begin with, as a bit each; hardly any place of a text begins one. */
#define SIEVE 4096
struct sieve {
    uint64_t bit[SIEVE / 64];
};

/* Four bytes, in small letters. */
static uint32_t four(const char *s)
{
    uint32_t x;
    memcpy(&x, s, sizeof x);
    return x | 0x20202020u;
}

static uint32_t place_of(uint32_t four)
{
    return four * 2654435761u >> 20;
}

static struct sieve read_signs(void)
{
    struct sieve sieve = {{0}};
    for (size_t i = 0; i < SIGNS_N; i++) {
        uint32_t at = place_of(four(signs[i].text));
        sieve.bit[at / 64] |= UINT64_C(1) << at % 64;
    }
    return sieve;
}

static bool may_begin(const struct sieve *sieve, uint32_t four)
{
    uint32_t at = place_of(four);
    return sieve->bit[at / 64] >> at % 64 & 1;
}

/* Signs that begin at `s`. */
static uint16_t signs_at(const char *s)
{
    uint16_t found = 0;
    for (size_t i = 0; i < SIGNS_N; i++)
        if (four(signs[i].text) == four(s) && !strncasecmp(s, signs[i].text, strlen(signs[i].text)))
            found |= signs[i].trait;
    return found;
}

/* A currency in front of a figure. */
static bool is_money(const char *s)
{
    static const char *const sign[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "USD ", "EUR "};
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++) {
        size_t n = strlen(sign[i]);
        if (*s == *sign[i] && !strncmp(s, sign[i], n) && isdigit((unsigned char)s[n]))
            return true;
    }
    return false;
}

bool trait_many(const void *units, size_t n)
{
    size_t items = 0, rows = 0;
    for (size_t i = 0; i < n; i++) {
        struct unit unit;
        memcpy(&unit, (const char *)units + i * sizeof unit, sizeof unit);
        items += unit.kind == BLOCK_ITEM;
        rows += unit.kind == BLOCK_ROW;
    }
    return items >= MANY_UNITS || rows >= MANY_UNITS;
}

/* Figures, currencies, commas of one sentence: what is no small letter. */
static uint16_t mark_at(const char *s, size_t *commas)
{
    unsigned char c = (unsigned char)*s;
    if (c >= '0' && c <= '9')
        return TRAIT_DIGIT;
    if (c == '$' || c >= 0xc2 || c == 'U' || c == 'E')
        return is_money(s) ? TRAIT_MONEY : 0;
    if (c == ',')
        return ++*commas >= MANY_COMMAS ? TRAIT_ENUMERATION : 0;
    if (c == '\n' || ((c == '.' || c == '?') && (s[1] == ' ' || !s[1])))
        *commas = 0;
    return 0;
}

uint16_t trait_of(const char *body, const void *units, size_t n)
{
    const struct sieve sieve = read_signs();
    uint16_t found = trait_many(units, n) ? TRAIT_MANY : 0;
    size_t commas = 0, len = strlen(body);
    for (size_t i = 0; i < len; i++) {
        if (i + 4 <= len && may_begin(&sieve, four(body + i)))
            found |= signs_at(body + i);
        if (body[i] < 'a' || body[i] > 'z')
            found |= mark_at(body + i, &commas);
    }
    return heading_labelled(body) ? found | TRAIT_LABEL : found;
}
