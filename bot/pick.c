/* pick.c: what was offered can be had by number, by its place in the list, by a click (which sends its text) or
 * by typing part of it. A message that fits two offers picks none, and so does one that says anything else: it is a
 * question then, and is asked. */
#include "bot/pick.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MAX_WORDS 24

struct word {
    const char *s;
    size_t len;
};

size_t pick_number(const char *text)
{
    const char *p = text + strspn(text, " \t\r\n#(");
    size_t number = 0, digits = 0;
    for (; *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
        number = number * 10 + (size_t)(*p - '0');
    p += strspn(p, ".):! \t\r\n");
    return *p ? 0 : number;
}

/* The words of `s`; SIZE_MAX when there are too many to be a pick. */
static size_t words_of(const char *s, struct word w[MAX_WORDS])
{
    size_t n = 0;
    while (*s) {
        size_t len = 0;
        while (isalnum((unsigned char)s[len]) || (unsigned char)s[len] >= 0x80 ||
               (s[len] == '\'' && len))
            len++;
        if (len && n == MAX_WORDS)
            return SIZE_MAX;
        if (len)
            w[n++] = (struct word){s, len};
        s += len ? len : 1;
    }
    return n;
}

/* `s` in lower case. Most differ in the first letter, and a question is compared with a hundred. */
static bool is(struct word w, const char *s)
{
    return (unsigned char)*s == tolower((unsigned char)*w.s) && strlen(s) == w.len &&
           !strncasecmp(w.s, s, w.len);
}

static bool among(const char *const *list, struct word w)
{
    for (; *list; list++)
        if (is(w, *list))
            return true;
    return false;
}

/* "the second one", "number two", "2nd please", "last": words of a place and nothing else. */
static size_t pick_place(const struct word *w, size_t nword, size_t n)
{
    static const char *const small[] = {
        "the",  "one",      "number", "option", "choice", "please", "pls",   "no",
        "i",    "mean",     "meant",  "take",   "pick",   "choose", "want",  "answer",
        "that", "question", "yes",    "of",     "them",   "those",  "these", "it",
        "is",   "id",       "i'd",    "like",   "go",     "with",   NULL};
    static const char *const place[][5] = {
        {"first", "1st", "one", "1"},   {"second", "2nd", "two", "2"},
        {"third", "3rd", "three", "3"}, {"fourth", "4th", "four", "4"},
        {"fifth", "5th", "five", "5"},  {"sixth", "6th", "six", "6"}};
    size_t found = 0;
    bool ordinal = false, number = false;
    for (size_t i = 0; i < nword; i++) {
        size_t here = is(w[i], "last") ? n : 0;
        bool strong = here > 0;
        for (size_t k = 0; k < sizeof place / sizeof *place && !here; k++)
            if (among(place[k], w[i])) {
                here = k + 1;
                strong = is(w[i], place[k][0]) || is(w[i], place[k][1]);
            }
        number = number || is(w[i], "number") || is(w[i], "option") || is(w[i], "no");
        if (here && (strong || (number && !found))) {
            if (ordinal)
                return 0;
            found = here;
            ordinal = true;
        } else if (!among(small, w[i])) {
            return 0;
        }
    }
    return found;
}

/* Do the words stand in the offer, in a row? */
static bool in_a_row(const struct word *w, size_t n, const struct word *offer, size_t noffer)
{
    for (size_t at = 0; at + n <= noffer; at++) {
        size_t k = 0;
        while (k < n && w[k].len == offer[at + k].len &&
               !strncasecmp(w[k].s, offer[at + k].s, w[k].len))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

/* Part of exactly one of the offers: most of a suggestion, any longer word of a choice. */
static size_t pick_part(const struct word *w, size_t nword, const char *const *offer, size_t n,
                        size_t nchoice)
{
    size_t found = 0, letters = 0;
    for (size_t i = 0; i < nword; i++)
        letters += w[i].len;
    for (size_t i = 0; i < n; i++) {
        struct word o[MAX_WORDS];
        size_t no = words_of(offer[i], o);
        if (no == SIZE_MAX || nword > no || !in_a_row(w, nword, o, no))
            continue;
        if (nword == no)
            return i + 1; /* all of it: what a click sends */
        if (i < nchoice ? letters < 4 : 2 * nword < no)
            continue;
        if (found)
            return 0;
        found = i + 1;
    }
    return found;
}

size_t pick(const char *text, const char *const *offer, size_t n, size_t nchoice)
{
    static const char *const yes[] = {"yes",  "yeah",    "yep",   "yup",
                                      "sure", "exactly", "right", NULL};
    struct word w[MAX_WORDS];
    size_t number = pick_number(text), nword = words_of(text, w), skip = 0;
    if (number)
        return number <= n ? number : 0;
    if (!n || !nword || nword == SIZE_MAX)
        return 0;
    if (nchoice == 1 && nword == 1 && among(yes, w[0]))
        return 1;
    size_t place = pick_place(w, nword, n);
    if (place)
        return place <= n ? place : 0;
    while (skip < nword && (is(w[skip], "the") || is(w[skip], "about")))
        skip++;
    while (nword > skip + 1 && (is(w[nword - 1], "one") || is(w[nword - 1], "please")))
        nword--;
    return nword > skip ? pick_part(w + skip, nword - skip, offer, n, nchoice) : 0;
}
