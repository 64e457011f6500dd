/* query_asking.c: in a message of several sentences, which of them ask, and what are the others worth?
 *
 * People tell who they are, greet and give thanks, and somewhere they ask. A sentence asks when it ends with a question
 * mark, begins like a question, or says that something is wanted ("I would like to know", "any advice"). The
 * others are circumstances: their words may decide between two passages and never make one. The sentence before the
 * one that asks is different when that one points back: "I might become a welder. How long does it take?" is
 * about welders.
 *
 * A message of one sentence, and one in which all or none ask, is taken as it is. English only: in other languages the
 * mark decides. */
#include "kb/query_int.h"

#include <string.h>

#define AROUND 0.4 /* of their weight is left to words around a question of few words, */
#define ASIDE  0.1 /* and around one that says enough */
#define FEW    2   /* words that could be a subject */
#define MEANT  0.5 /* the same when a word in the sentence that asks stands for them */
#define MOST   64  /* sentences that are looked at */

struct sentence {
    size_t from, to;   /* words */
    size_t start, end; /* bytes */
    bool asks;
};

/* Phrases in a row of folded words. */
static bool says(const struct query_message *m, size_t at, size_t to, const char *phrase)
{
    for (; at < to; at++) {
        const char *word = m->word[at].text;
        size_t n = strlen(word);
        if (strncmp(phrase, word, n) != 0 || (phrase[n] && phrase[n] != ' '))
            return false;
        if (!phrase[n])
            return true;
        phrase += n + 1;
    }
    return false;
}

static bool says_any(const struct query_message *m, size_t at, size_t to, const char *const *phrase)
{
    for (; *phrase; phrase++)
        if (says(m, at, to, *phrase))
            return true;
    return false;
}

static bool wants(const struct query_message *m, const struct sentence *s)
{
    static const char *const wish[] = {
        "like to know",     "love to know",    "want to know",  "wanted to know",
        "need to know",     "wonder",          "wondering",     "wondered",
        "curious",          "tell me",         "let me know",   "find out",
        "figure out",       "explain",         "advice",        "advise",
        "can you",          "could you",       "can anyone",    "can anybody",
        "can someone",      "can somebody",    "could anyone",  "could someone",
        "anyone know",      "anybody know",    "my question",   "question is",
        "no idea",          "don't know",      "dont know",     "not sure",
        "don't understand", "dont understand", "like to learn", NULL};
    static const char *const first[] = {"how",  "what",  "whats",  "what's", "which", "who",
                                        "why",  "is",    "are",    "do",     "does",  "can",
                                        "will", "would", "should", "could",  "must",  NULL};
    if (says_any(m, s->from, s->to, first))
        return true;
    for (size_t i = s->from; i < s->to; i++)
        if (says_any(m, i, s->to, wish))
            return true;
    return false;
}

static size_t read_sentences(const struct query_message *m, struct sentence s[MOST])
{
    size_t n = 0, pos = 0, word = 0;
    while (pos < m->len && n < MOST) {
        const char *gap = memmem(m->s + pos, m->len - pos, "\n\n", 2);
        size_t line = gap ? (size_t)(gap - m->s) - pos : m->len - pos;
        size_t step = line ? sentence_end(m->s + pos, line) : 2;
        if (!step)
            break;
        s[n] = (struct sentence){.from = word, .start = pos, .end = pos + step};
        while (word < m->n && m->word[word].start < pos + step)
            word++;
        s[n].to = word;
        n += word > s[n].from;
        pos += step;
    }
    if (n)
        s[n - 1].to = m->n;
    return n;
}

/* A word stands for something that was named before: "it", "they". */
static bool points_back(const struct query_message *m, const struct sentence *s)
{
    static const char *const pronoun[] = {"it",    "its",  "they", "them", "their", "those",
                                          "these", "this", "that", "one",  NULL};
    for (size_t i = s->from; i < s->to; i++)
        if (query_word_in(m->word[i].text, pronoun))
            return true;
    return false;
}

/* What a circumstance is worth: the less the question says by itself, the more. */
static double around_of(const struct query_message *m, const struct sentence *s, size_t n)
{
    size_t own = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = s[i].from; k < s[i].to && s[i].asks; k++) {
            const char *word = m->word[k].text;
            own += !m->word[k].stop && !lightword(m->lang, word) && !generalword(m->lang, word);
        }
    return own <= FEW ? AROUND : own > FEW + 1 ? ASIDE : (AROUND + ASIDE) / 2;
}

static size_t count_asking(const struct query_message *m, struct sentence *s, size_t n)
{
    bool english = !*m->lang || !strcmp(m->lang, "en");
    size_t asking = 0;
    for (size_t i = 0; i < n; i++) {
        s[i].asks =
            memchr(m->s + s[i].start, '?', s[i].end - s[i].start) || (english && wants(m, &s[i]));
        asking += s[i].asks;
    }
    return asking;
}

void query_asking(struct query_message *m)
{
    struct sentence s[MOST];
    size_t n = read_sentences(m, s), asking = n > 1 ? count_asking(m, s, n) : 0;
    for (size_t i = 0; i < n; i++)
        query_story(m, s[i].from, s[i].to);
    if (!asking || asking == n)
        return;
    double around = around_of(m, s, n);
    for (size_t i = 0; i < n; i++) {
        bool meant = !s[i].asks && i + 1 < n && s[i + 1].asks && points_back(m, &s[i + 1]);
        for (size_t k = s[i].from; k < s[i].to && !s[i].asks; k++) {
            m->word[k].asks = false;
            m->word[k].around = meant ? MEANT : around;
        }
    }
}

/* Word `i` stands for a thing: "how do I get one", and not "which one", "one of them", "one year". */
static bool is_one(const struct query_message *m, size_t i)
{
    static const char *const one[] = {"one", "ones", NULL};
    static const char *const chosen[] = {"which", "this", "that", "each",
                                         "every", "no",   "does", NULL};
    bool last = i + 1 == m->n || m->word[i + 1].stop;
    return query_word_in(m->word[i].text, one) && last &&
           !(i && query_word_in(m->word[i - 1].text, chosen)) &&
           !(i + 1 < m->n && !strcmp(m->word[i + 1].text, "of"));
}

void query_asking_one(const struct query_message *later, struct query_message *m)
{
    static const char *const article[] = {"a", "an", NULL};
    size_t first = 0, end, k = 0;
    while (k < later->n && !is_one(later, k))
        k++;
    while (first < m->n && !query_word_in(m->word[first].text, article))
        first++;
    for (end = ++first; end < m->n && !m->word[end].stop;)
        end++;
    if (k >= later->n || first >= end)
        return;
    for (size_t i = 0; i < m->n; i++)
        if (i < first || i >= end)
            m->word[i].around *= AROUND;
}
