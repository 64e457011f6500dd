/* extract_want.c: what sentences of a kind look like: an amount of money, a period, a reason.
 *
 * query_want.c says what kind of thing would answer; here a sentence is looked at for it. Signs are words and
 * figures of plain English, nothing about any subject. A sign adds to a sentence's score and never decides alone, so
 * a missed one costs little. Other languages have figures and lists, too; their words are not looked for. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "kb/extract.h"

#define LABEL_MAX   60 /* bytes; a longer one is a sentence */
#define TITLE_WORDS 5  /* of the label that a paragraph begins with, at most */
#define MANY        3  /* commas that make an enumeration */
#define LOOK_AHEAD  24 /* bytes between a number and its unit of time */

struct text {
    const char *s;
    size_t len;
};

static bool letter(char c)
{
    return ((unsigned char)c | 32u) - 'a' < 26u || (unsigned char)c >= 0x80;
}

/* `word` (lower case, may have blanks inside) at s[at], as whole words. */
static bool word_at(struct text t, size_t at, const char *word)
{
    if ((t.s[at] | 32) != (*word | 32)) /* most often */
        return false;
    size_t n = strlen(word);
    return t.len - at >= n && !strncasecmp(t.s + at, word, n) && (!at || !letter(t.s[at - 1])) &&
           (at + n == t.len || !letter(t.s[at + n]) || !letter(word[n - 1]));
}

/* The low bits of a letter, small or not. */
static uint32_t letter_bit(char c)
{
    return UINT32_C(1) << (c & 31);
}

static uint32_t first_letters(const char *const *words)
{
    uint32_t first = 0;
    for (; *words; words++)
        first |= letter_bit(**words);
    return first;
}

static bool has_word(struct text t, const char *const *words)
{
    uint32_t first = first_letters(words);
    for (size_t i = 0; i < t.len; i++) {
        if (!(first & letter_bit(t.s[i])) || (i && letter(t.s[i - 1])))
            continue;
        char second = i + 1 < t.len ? (char)(t.s[i + 1] | 32) : 0; /* words have at least two */
        for (const char *const *w = words; *w; w++)
            if ((t.s[i] | 32) == **w && second == ((*w)[1] | 32) && word_at(t, i, *w))
                return true;
    }
    return false;
}

static bool begins(struct text t, const char *const *words)
{
    size_t at = 0;
    while (at < t.len && !letter(t.s[at]) && strchr(" \t\n*_\"'(", t.s[at]))
        at++;
    for (; at < t.len && *words; words++)
        if (((unsigned char)t.s[at] | 32) == (unsigned char)**words && word_at(t, at, *words))
            return true;
    return false;
}

/* ---- figures ------------------------------------------------------------------------------------------------ */

static bool has_digit(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (isdigit((unsigned char)t.s[i]))
            return true;
    return false;
}

static const char *const number[] = {"one",   "two",   "three",  "four",    "five", "six",
                                     "seven", "eight", "nine",   "ten",     "half", "several",
                                     "few",   "dozen", "twelve", "hundred", NULL};

static bool has_money(struct text t)
{
    static const char *const sign[] = {"$", "\xe2\x82\xac", "\xc2\xa3"};
    static const char *const word[] = {"dollars", "euros", "pounds", "cents", "usd", "eur", NULL};
    for (size_t i = 0; i < t.len; i++)
        for (size_t k = 0; k < sizeof sign / sizeof *sign; k++) {
            size_t n = strlen(sign[k]);
            if (t.len - i > n && !memcmp(t.s + i, sign[k], n) &&
                (isdigit((unsigned char)t.s[i + n]) || t.s[i + n] == ' '))
                return true;
        }
    return has_digit(t) && has_word(t, word);
}

/* `first`: letters that its word may begin with. */
static bool is_number(struct text t, size_t at, uint32_t first)
{
    if (isdigit((unsigned char)t.s[at]))
        return true;
    if (!(first & letter_bit(t.s[at])))
        return false;
    for (const char *const *n = number; *n; n++)
        if (word_at(t, at, *n))
            return true;
    return false;
}

/* "two-year", "4 years", "several months"; years of the calendar are no period. */
static double has_period(struct text t)
{
    static const char *const unit[] = {"year",   "years",   "month",    "months", "week",
                                       "weeks",  "day",     "days",     "hour",   "hours",
                                       "minute", "minutes", "semester", NULL};
    const uint32_t first = first_letters(unit), first_number = first_letters(number);
    double best = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (!(first & letter_bit(t.s[i])) || (i && letter(t.s[i - 1])))
            continue;
        for (const char *const *u = unit; *u; u++) {
            if (!word_at(t, i, *u))
                continue;
            size_t from = i > LOOK_AHEAD ? i - LOOK_AHEAD : 0;
            best = best > 0.3 ? best : 0.3;
            for (size_t k = from; k < i; k++)
                if ((!k || !isalnum((unsigned char)t.s[k - 1])) && is_number(t, k, first_number))
                    return 1;
        }
    }
    return best;
}

static double has_date(struct text t)
{
    static const char *const word[] = {
        "january", "february", "march",      "april",    "may",      "june",
        "july",    "august",   "september",  "october",  "november", "december",
        "monday",  "tuesday",  "wednesday",  "thursday", "friday",   "saturday",
        "sunday",  "deadline", "every year", "annually", "yearly",   "spring",
        "fall",    "autumn",   "winter",     "summer",   NULL};
    for (size_t i = 0; i + 4 <= t.len; i++)
        if ((!i || !isalnum((unsigned char)t.s[i - 1])) &&
            (!strncmp(t.s + i, "19", 2) || !strncmp(t.s + i, "20", 2)) &&
            isdigit((unsigned char)t.s[i + 2]) && isdigit((unsigned char)t.s[i + 3]) &&
            (i + 4 == t.len || !isalnum((unsigned char)t.s[i + 4])))
            return 1;
    return has_word(t, word) ? 0.8 : 0;
}

static bool has_number(struct text t)
{
    const uint32_t first = first_letters(number);
    for (size_t i = 0; i < t.len; i++)
        if ((!i || !letter(t.s[i - 1])) && is_number(t, i, first))
            return true;
    return false;
}

static double has_time(struct text t)
{
    static const char *const word[] = {
        "a.m.",      "p.m.",     "am",      "pm",       "o'clock",  "noon",      "midnight",
        "morning",   "mornings", "evening", "evenings", "night",    "nights",    "weekend",
        "weekends",  "shift",    "shifts",  "hours",    "schedule", "schedules", "around the clock",
        "full time", NULL};
    return has_word(t, word) ? 1 : 0;
}

/* ---- names and enumerations ------------------------------------------------------------------------------------ */

static double enumerates(struct text t, enum block_kind kind)
{
    size_t commas = 0;
    if (kind == BLOCK_ITEM || kind == BLOCK_ROW)
        return 1;
    for (size_t i = 0; i + 1 < t.len; i++)
        commas += t.s[i] == ',' && !isdigit((unsigned char)t.s[i + 1]);
    return commas >= MANY ? 1 : commas == 2 ? 0.5 : 0;
}

/* Two capitalised words in a row behind the first word, or an acronym. */
static bool has_name(struct text t)
{
    size_t at = 0, capitals = 0;
    while (at < t.len && t.s[at] != ' ')
        at++;
    for (size_t i = at; i < t.len; i++) {
        if (!letter(t.s[i]) || letter(t.s[i - 1]))
            continue;
        size_t upper = 0;
        while (i + upper < t.len && isupper((unsigned char)t.s[i + upper]))
            upper++;
        capitals = upper ? capitals + 1 : 0;
        if (capitals == 2 || upper >= 3)
            return true;
    }
    return false;
}

/* ---- by kind --------------------------------------------------------------------------------------------------- */

static double says_difference(struct text t, enum block_kind kind)
{
    static const char *const word[] = {
        "whereas",    "while",       "unlike", "in contrast", "compared",  "differ", "differs",
        "difference", "differences", "versus", "more than",   "less than", NULL};
    return kind == BLOCK_ROW ? 1 : has_word(t, word) ? 0.7 : 0;
}

static double says_reason(struct text t)
{
    static const char *const word[] = {
        "because", "due to",    "so that",   "in order to", "since",    "driven by", "ensure",
        "ensures", "ensuring",  "therefore", "as a result", "leads to", "lead to",   "important",
        "crucial", "essential", "vital",     "reason",      "reasons",  "purpose",   "helps",
        "allows",  "signifies", "critical",  "means that",  NULL};
    return has_word(t, word) ? 0.6 : 0;
}

static double says_definition(struct text t)
{
    static const char *const word[] = {"is a",       "is an",     "is the",       "are the",
                                       "means",      "refers to", "stands for",   "known as",
                                       "defined as", "is called", "the study of", NULL};
    return has_word(t, word) ? 0.5 : 0;
}

static double says_steps(struct text t, enum block_kind kind)
{
    static const char *const word[] = {"first", "then",  "next",    "finally",
                                       "step",  "steps", "begin",   "begins",
                                       "apply", "must",  "need to", "typically involves",
                                       NULL};
    return kind == BLOCK_ITEM ? 1 : has_word(t, word) ? 0.5 : 0;
}

static double says_whether(struct text t)
{
    static const char *const yes[] = {"yes", "no", NULL};
    static const char *const word[] = {
        "must",   "require", "requires",  "required",  "mandatory", "mandated",
        "need",   "needed",  "necessary", "optional",  "may",       "can",
        "should", "not",     "usually",   "typically", "some",      "most",
        "always", "often",   "prefer",    "preferred", NULL};
    return begins(t, yes) ? 1 : has_word(t, word) ? 0.4 : 0;
}

double extract_fit(enum query_want want, const char *s, size_t len, enum block_kind kind)
{
    struct text t = {s, len};
    switch (want) {
    case WANT_MONEY: return has_money(t) ? 1 : has_digit(t) ? 0.3 : 0;
    case WANT_DURATION: return has_period(t);
    case WANT_DATE: return has_date(t);
    case WANT_NUMBER: return has_digit(t) ? 1 : has_number(t) ? 0.6 : 0.5 * enumerates(t, kind);
    case WANT_TIME: return has_time(t);
    case WANT_LIST:
    case WANT_SEVERAL: return enumerates(t, kind);
    case WANT_PLACE: return 0.7 * enumerates(t, kind);
    case WANT_PERSON: return has_name(t) ? 0.7 : 0;
    case WANT_DEFINITION: return says_definition(t);
    case WANT_STEPS: return says_steps(t, kind);
    case WANT_DIFFERENCE: return says_difference(t, kind);
    case WANT_REASON: return says_reason(t);
    case WANT_YESNO: return says_whether(t);
    case WANT_ANY: return 0;
    }
    return 0;
}

/* ---- how it begins ------------------------------------------------------------------------------------------------ */

bool extract_dangling(const char *s, size_t len)
{
    static const char *const word[] = {
        "they",        "this",         "these",       "it",           "its",         "their",
        "such",        "he",           "she",         "those",        "both",        "that",
        "them",        "however",      "also",        "but",          "instead",     "therefore",
        "then",        "additionally", "furthermore", "consequently", "in addition", "as a result",
        "for example", "for instance", "similarly",   "moreover",     NULL};
    return begins((struct text){s, len}, word);
}

bool extract_aside(const char *s, size_t len)
{
    static const char *const word[] = {"for more",
                                       "for a detailed",
                                       "for a deeper",
                                       "for further",
                                       "to learn more",
                                       "to read more",
                                       "learn more",
                                       "read more",
                                       "visit",
                                       "click",
                                       "see also",
                                       "check out",
                                       "photo by",
                                       "image by",
                                       "to further guide",
                                       "you can explore",
                                       "for additional information",
                                       "source:",
                                       NULL};
    return begins((struct text){s, len}, word);
}

bool extract_titled(const char *s, size_t len)
{
    size_t end = 0, blanks = 0;
    while (end < len && end <= LABEL_MAX &&
           (letter(s[end]) || s[end] == ' ' || !strchr(".:!?", s[end])))
        blanks += s[end++] == ' ';
    return end && end < len && end <= LABEL_MAX && (s[end] == '.' || s[end] == ':') &&
           blanks < TITLE_WORDS && end + 2 < len && s[end + 1] == ' ' &&
           isupper((unsigned char)s[end + 2]);
}

size_t extract_label(const char *s, size_t len, enum block_kind kind, size_t *ret_start)
{
    size_t start = 0, end;
    while (start < len && strchr(" \t|*_`", s[start]))
        start++;
    bool bold = start >= 2 && s[start - 1] == '*';
    for (end = start; end < len && end - start <= LABEL_MAX; end++) {
        bool dash = end && s[end - 1] == ' ' &&
                    (s[end] == '-' || !strncmp(s + end, "\xe2\x80\x93", 3) ||
                     !strncmp(s + end, "\xe2\x80\x94", 3));
        bool stop =
            kind == BLOCK_ROW ? s[end] == '|' : s[end] == ':' || dash || (bold && s[end] == '*');
        if (!stop && (s[end] == '\n' || s[end] == '.'))
            return 0;
        if (!stop)
            continue;
        *ret_start = start;
        return end - start;
    }
    return 0;
}
