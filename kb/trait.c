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

/* In order of their first letters. Anything may stand before and behind, unless one is `apart`: behind a blank. */
static const struct sign {
    const char *text;
    uint16_t trait;
    bool apart;
} signs[] = {
    {"april", TRAIT_DATE, false},         {"august", TRAIT_DATE, false},
    {"because", TRAIT_REASON, false},     {"compared", TRAIT_DIFFERENCE, false},
    {"deadline", TRAIT_DATE, false},      {"december", TRAIT_DATE, false},
    {"differ", TRAIT_DIFFERENCE, false},  {"distinct", TRAIT_DIFFERENCE, false},
    {"driven by", TRAIT_REASON, false},   {"due to", TRAIT_REASON, false},
    {"ensur", TRAIT_REASON, false},       {"february", TRAIT_DATE, false},
    {"first", TRAIT_STEPS, false},        {"helps", TRAIT_REASON, false},
    {"hour", TRAIT_PERIOD, false},        {"important", TRAIT_REASON, false},
    {"january", TRAIT_DATE, false},       {"july", TRAIT_DATE, false},
    {"june", TRAIT_DATE, false},          {"march", TRAIT_DATE, false},
    {"minute", TRAIT_PERIOD, false},      {"month", TRAIT_PERIOD, false},
    {"november", TRAIT_DATE, false},      {"october", TRAIT_DATE, false},
    {"process", TRAIT_STEPS, false},      {"reason", TRAIT_REASON, false},
    {"september", TRAIT_DATE, false},     {"signif", TRAIT_REASON, false},
    {"so that", TRAIT_REASON, false},     {"step", TRAIT_STEPS, false},
    {"then", TRAIT_STEPS, false},         {"typically involves", TRAIT_STEPS, false},
    {"unlike", TRAIT_DIFFERENCE, false},  {"versus", TRAIT_DIFFERENCE, false},
    {"vs", TRAIT_DIFFERENCE, true},       {"week", TRAIT_PERIOD, false},
    {"whereas", TRAIT_DIFFERENCE, false}, {"while ", TRAIT_DIFFERENCE, false},
    {"year", TRAIT_PERIOD, false},
};
#define SIGNS_N (sizeof signs / sizeof *signs)

/* Where the signs of each letter begin. */
struct letters {
    uint8_t first[26 + 1];
};

static struct letters read_letters(void)
{
    struct letters l;
    for (size_t c = 0, i = 0; c <= 26; c++) {
        while (i < SIGNS_N && signs[i].text[0] < (char)('a' + c))
            i++;
        l.first[c] = (uint8_t)i;
    }
    return l;
}

/* Signs that begin at s[at], a letter. */
static uint16_t signs_at(const struct letters *l, const char *s, size_t at)
{
    uint16_t found = 0;
    size_t letter = (size_t)((s[at] | 32) - 'a');
    for (size_t i = l->first[letter]; i < l->first[letter + 1]; i++) {
        const char *text = signs[i].text;
        if ((s[at + 1] | 32) == text[1] && !strncasecmp(s + at, text, strlen(text)) &&
            (!signs[i].apart || (at && s[at - 1] == ' ')))
            found |= signs[i].trait;
    }
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

static uint16_t units_traits(const struct unit *unit, size_t n)
{
    size_t items = 0, rows = 0;
    for (size_t i = 0; i < n; i++) {
        items += unit[i].kind == BLOCK_ITEM;
        rows += unit[i].kind == BLOCK_ROW;
    }
    return items >= MANY_UNITS || rows >= MANY_UNITS ? TRAIT_MANY : 0;
}

uint16_t trait_of(const char *body, const struct unit *unit, size_t nunit)
{
    const struct letters letters = read_letters();
    uint16_t found = units_traits(unit, nunit);
    size_t commas = 0;
    for (size_t i = 0; body[i]; i++) {
        unsigned char c = (unsigned char)body[i], low = c | 32;
        if (low >= 'a' && low <= 'z') {
            found |= signs_at(&letters, body, i);
            if (c != 'U' && c != 'E')
                continue;
        }
        if (c >= '0' && c <= '9')
            found |= TRAIT_DIGIT;
        else if (c == '$' || c >= 0xc2 || c == 'U' || c == 'E')
            found |= is_money(body + i) ? TRAIT_MONEY : 0;
        else if (c == ',')
            found |= ++commas >= MANY_COMMAS ? TRAIT_ENUMERATION : 0;
        else if (c == '\n' || ((c == '.' || c == '?') && (body[i + 1] == ' ' || !body[i + 1])))
            commas = 0;
    }
    if (heading_labelled(body))
        found |= TRAIT_LABEL;
    return found;
}
