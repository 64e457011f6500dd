/* compound.c: people ask two things at once, and a ranking over all words finds what lies between
 * the two answers. A message is cut where one question ends and another begins: behind a question
 * mark, a full stop or a line, or at an "and" or a comma before a word that begins a question.
 *
 * Deliberately timid: a part must begin like a question or end with its mark, and a story around them is left out,
 * not answered. "X and Y" inside one question is cut only on trial (compound_halves). Whether the parts are answered one
 * by one is decided by answer.c, from the answers that they have. */
#include "bot/compound.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "kb/pool.h"

#define MIN_WORDS  3 /* of a part that does not begin with "how", "why" or the like */
#define MAX_BYTES  1000
#define HALF_BYTES 160
#define HALF_WORDS 4 /* on either side of an "and" that may be two questions */

static const char *const starters[] = {
    "how", "what", "whats", "what's", "which", "where", "when",  "who",    "why",  "do",   "does",
    "did", "is",   "are",   "can",    "could", "will",  "would", "should", "must", "have", NULL};
static const char *const asking[] = {"how",   "what", "whats", "what's", "which",
                                     "where", "when", "who",   "why",    NULL};
static const char *const being[] = {"is", "are", "does", "did", NULL};
/* Behind an "and" only a subject makes a question of "would" and the like: "and would like to know". */
static const char *const subjects[] = {
    "i",   "you", "we", "they", "he",   "she",   "it",  "there", "this",   "that", "these", "those",
    "the", "a",   "an", "my",   "your", "their", "its", "one",   "people", "any",  "all",   NULL};
static const char *const joiners[] = {"and", "n", "nd", "also", "plus", "but", "or", "then", NULL};

static size_t word_at(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (isalnum((unsigned char)s[n]) || s[n] == '\'' || (unsigned char)s[n] >= 0x80))
        n++;
    return n;
}

static bool among(const char *const *list, const char *s, size_t len)
{
    for (; *list; list++)
        if (strlen(*list) == len && !strncasecmp(*list, s, len))
            return true;
    return false;
}

/* Length of a list's mark at s[at]: "1.", "2)", "a)"; 0 when there is none. */
static size_t list_mark(const char *s, size_t at, size_t len)
{
    size_t n = at;
    while (n < len && n - at < 2 && isdigit((unsigned char)s[n]))
        n++;
    if (n == at && n < len && isalpha((unsigned char)s[n]))
        n++;
    return n > at && n < len && (s[n] == ')' || (s[n] == '.' && isdigit((unsigned char)s[at])))
               ? n + 1 - at
               : 0;
}

/* Where the words of s[at, len) begin, behind marks and words that only join. */
static size_t skip_joiners(const char *s, size_t at, size_t len)
{
    for (;;) {
        while (at < len && !word_at(s + at, len - at))
            at++;
        size_t n = list_mark(s, at, len);
        if (!n) {
            n = word_at(s + at, len - at);
            if (!n || !among(joiners, s + at, n))
                return at;
        }
        at += n;
    }
}

static bool begins(const char *const *list, const char *s, size_t at, size_t len)
{
    at = skip_joiners(s, at, len);
    return among(list, s + at, word_at(s + at, len - at));
}

/* A question begins behind a word or mark that joins. */
static bool joins_question(const char *s, size_t at, size_t len)
{
    at = skip_joiners(s, at, len);
    size_t n = word_at(s + at, len - at);
    if (among(asking, s + at, n) || (n == 4 && !strncasecmp(s + at, "does", 4)))
        return true;
    size_t next = at + n + (at + n < len && s[at + n] == ' ');
    return among(starters, s + at, n) && among(subjects, s + next, word_at(s + next, len - next));
}

/* Does a question end at s[i], which is no word? *ret_asked: with its mark. */
static bool ends_at(const char *s, size_t i, size_t len, bool *ret_asked)
{
    *ret_asked = s[i] == '?';
    switch (s[i]) {
    case '?':
    case ';':
    case '!':
    case '\n': return true;
    case '.': return i + 1 == len || isspace((unsigned char)s[i + 1]);
    case '&': return joins_question(s, i + 1, len);
    case ',': return begins(asking, s, i + 1, len);
    default: return false;
    }
}

/* The end of the part that begins at `at`, and where the next one begins. */
static size_t part_end(const char *s, size_t at, size_t len, size_t *ret_next, bool *ret_asked)
{
    *ret_asked = false;
    for (size_t i = at; i < len;) {
        size_t n = word_at(s + i, len - i);
        if ((!n && ends_at(s, i, len, ret_asked)) ||
            (n && i > at && among(joiners, s + i, n) && joins_question(s, i + n, len))) {
            *ret_next = i + (n ? n : 1);
            return i;
        }
        i += n ? n : 1;
    }
    *ret_next = len;
    return len;
}

static size_t count_words(const char *s, size_t len)
{
    size_t words = 0;
    for (size_t i = 0; i < len;) {
        size_t n = word_at(s + i, len - i);
        words += n > 0;
        i += n ? n : 1;
    }
    return words;
}

static bool is_question(const char *s, size_t at, size_t end, bool asked)
{
    size_t words = count_words(s + at, end - at);
    if (begins(asking, s, at, end))
        return words >= 2 || asked;
    return words >= MIN_WORDS && (asked || joins_question(s, at, end) || begins(being, s, at, end));
}

bool compound_is_stub(const char *part)
{
    return count_words(part, strlen(part)) < MIN_WORDS;
}

size_t compound_split(struct pool *pool, const char *text, size_t len,
                      const char *ret_part[MAX_PARTS])
{
    size_t n = 0;
    if (len > MAX_BYTES || memchr(text, '\0', len))
        return 0;
    for (size_t at = skip_joiners(text, 0, len), next; at < len;
         at = skip_joiners(text, next, len)) {
        bool asked;
        size_t end = part_end(text, at, len, &next, &asked);
        if (!is_question(text, at, end, asked))
            continue;
        if (n == MAX_PARTS)
            return 0;
        ret_part[n++] = pool_strndup(pool, text + at, end - at);
    }
    return n > 1 ? n : 0;
}

/* ---- X and Y in one question ---------------------------------------------------------------------------- */

/* Words that stand in front of what is asked for and belong to both halves. */
static const char *const before_it[] = {
    "a",     "an",  "the",  "need", "of",   "for",   "in",     "about", "have", "get",  "is",
    "are",   "was", "what", "do",   "does", "whats", "what's", "which", "my",   "any",  "your",
    "their", "its", "on",   "with", "to",   "how",   "tell",   "me",    "know", "list", NULL};
static const char *const articles[] = {"a", "an", "the", "my", "any", "your", NULL};
/* Words behind which it no longer goes on. */
static const char *const behind_it[] = {"of",   "for",  "in",   "on", "to",  "at",
                                        "as",   "do",   "does", "is", "are", "stand",
                                        "mean", "work", "with", NULL};
/* Words that make one question of two names. */
static const char *const holds[] = {"between", "both",     "difference", "differences",  "differ",
                                    "compare", "compared", "versus",     "vs",           "same",
                                    "better",  "or",       "either",     "relationship", NULL};

struct span {
    size_t at, len;
};

static size_t read_words(const char *s, size_t len, struct span *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n < max;) {
        size_t w = word_at(s + i, len - i);
        if (w)
            ret[n++] = (struct span){i, w};
        i += w ? w : 1;
    }
    return n;
}

size_t compound_halves(struct pool *pool, const char *text, size_t len, const char *ret_half[2])
{
    struct span w[32];
    size_t joint = 0;
    if (len > HALF_BYTES || memchr(text, '\0', len) || memchr(text, '\n', len))
        return 0;
    size_t n = read_words(text, len, w, 32);
    for (size_t i = 0; i < n; i++) {
        if (among(holds, text + w[i].at, w[i].len))
            return 0;
        if (w[i].len == 3 && !strncasecmp(text + w[i].at, "and", 3)) {
            if (joint)
                return 0; /* "A and B and C" is a list */
            joint = i;
        }
    }
    if (!joint || joint + 1 == n || memchr(text, ',', len))
        return 0;
    size_t first = joint, last = joint + 1;
    while (first && !among(before_it, text + w[first - 1].at, w[first - 1].len))
        first--;
    if (!first && joint > 1) /* "welder training and pay": the welder belongs to both */
        first = joint - 1;
    while (last < n && among(before_it, text + w[last].at, w[last].len))
        last++; /* "and a license" */
    size_t second = last;
    while (last < n && !among(behind_it, text + w[last].at, w[last].len))
        last++;
    if (first == joint || second == last || joint - first > HALF_WORDS ||
        last - second > HALF_WORDS)
        return 0;
    bool article = first && among(articles, text + w[first - 1].at, w[first - 1].len);
    size_t a = w[first].at, a_end = w[joint - 1].at + w[joint - 1].len;
    size_t b = w[article ? second : joint + 1].at, b_end = w[last - 1].at + w[last - 1].len;
    ret_half[0] = pool_printf(pool, "%.*s%.*s", (int)a_end, text, (int)(len - b_end), text + b_end);
    ret_half[1] = pool_printf(pool, "%.*s%.*s", (int)a, text, (int)(len - b), text + b);
    return 2;
}
