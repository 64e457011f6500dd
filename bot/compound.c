/* compound.c: people ask two things at once, and a ranking over all words finds what lies between
 * the two answers. A message is cut where one question ends and another begins: behind a question
 * mark or a full stop, or at an "and" before a word that begins a question.
 *
 * Deliberately timid: every part must begin like a question and have something to ask about, so
 * "the difference between A and B" and a story that ends in a question stay whole. Whether the
 * parts are answered one by one is decided by answer.c, and only when each of them has a confident
 * answer. */
#include "bot/compound.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "kb/pool.h"

#define MIN_WORDS 3 /* "how much" by itself asks nothing */
#define MAX_BYTES 400

static const char *const starters[] = {
    "how", "what", "whats", "what's", "which", "where", "when",  "who",    "why",  "do",   "does",
    "did", "is",   "are",   "can",    "could", "will",  "would", "should", "must", "have", NULL};
static const char *const joiners[] = {"and", "also", "plus", "but", "or", NULL};

static const char *const pronouns[] = {"it",   "its",   "they", "them",  "their", "one",
                                       "ones", "those", "this", "these", NULL};

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

/* Where the words of s[at, len) begin, behind marks and words that only join. */
static size_t skip_joiners(const char *s, size_t at, size_t len)
{
    for (;;) {
        while (at < len && !word_at(s + at, len - at))
            at++;
        size_t n = word_at(s + at, len - at);
        if (!n || !among(joiners, s + at, n))
            return at;
        at += n;
    }
}

static bool begins_question(const char *s, size_t at, size_t len)
{
    at = skip_joiners(s, at, len);
    return among(starters, s + at, word_at(s + at, len - at));
}

/* The end of the part that begins at `at`, and where the next one begins. */
static size_t part_end(const char *s, size_t at, size_t len, size_t *ret_next)
{
    for (size_t i = at; i < len;) {
        size_t n = word_at(s + i, len - i);
        bool stop = strchr("?;", s[i]) || (s[i] == '.' && (i + 1 == len || s[i + 1] == ' '));
        bool join = s[i] == '&' && begins_question(s, i + 1, len);
        if ((!n && (stop || join)) ||
            (n && i > at && among(joiners, s + i, n) && begins_question(s, i + n, len))) {
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

size_t compound_split(struct pool *pool, const char *text, size_t len,
                      const char *ret_part[MAX_PARTS])
{
    size_t n = 0;
    if (len > MAX_BYTES || memchr(text, '\0', len))
        return 0;
    for (size_t at = skip_joiners(text, 0, len), next; at < len;
         at = skip_joiners(text, next, len)) {
        size_t end = part_end(text, at, len, &next);
        if (n == MAX_PARTS || !begins_question(text, at, len) ||
            count_words(text + at, end - at) < MIN_WORDS)
            return 0;
        ret_part[n++] = pool_strndup(pool, text + at, end - at);
    }
    return n > 1 ? n : 0;
}

bool compound_refers_back(const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i < len;) {
        size_t n = word_at(part + i, len - i);
        if (n && among(pronouns, part + i, n))
            return true;
        i += n ? n : 1;
    }
    return false;
}
