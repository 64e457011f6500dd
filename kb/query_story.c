/* query_story.c: a story and its question in one sentence.
 *
 * "I'm 45 and have worked in retail, can I still become a welder?" is not about retail. Where somebody tells of
 * himself and behind a comma or an "and" a question begins that has a subject of its own, the words before it are still
 * looked for, at hardly less weight, but that the base lacks one of them is no sign that the question is foreign. What begins with
 * "if" or "for" is a part of the question, and so is the story before one that names nothing: "I have a fever, what should
 * I take?" English only. */
#include "kb/query_int.h"

#include <string.h>

#define TOLD  0.9 /* of the weight of a word in the story */
#define WORDS 5   /* that a story has at least */

static const char *const asking[] = {"how", "what",  "whats", "what's", "which",
                                     "who", "where", "when",  "why",    NULL};
static const char *const helping[] = {"is", "are",   "do",     "does",  "can",  "will",
                                      "am", "would", "should", "could", "must", NULL};
static const char *const subject[] = {"i",    "you",   "we",    "they", "he", "she", "it",  "there",
                                      "this", "these", "those", "the",  "my", "a",   "any", NULL};
static const char *const wishing[] = {"want", "need", "like", "wonder", "wondering", NULL};
static const char *const opening[] = {"hi", "hey", "hello", "so", "well", "ok", "and", "but", NULL};
static const char *const teller[] = {"i", "im", "i'm", "ive", "i've", "we", "my", "our", NULL};
static const char *const joint[] = {"and", "but", "so", NULL};

static bool at(const struct query_message *m, size_t i, size_t to, const char *const *list)
{
    return i < to && query_word_in(m->word[i].text, list);
}

/* Somebody begins to tell of himself and his own. */
static bool tells(const struct query_message *m, size_t i, size_t to)
{
    while (at(m, i, to, opening))
        i++;
    return at(m, i, to, teller);
}

/* "I want to know", "I'd like to know", "I was wondering". */
static bool begins_wish(const struct query_message *m, size_t i, size_t to)
{
    if (!at(m, i, to, teller))
        return false;
    for (size_t k = i + 1; k < to && k < i + 4; k++)
        if (at(m, k, to, wishing))
            return true;
    return false;
}

/* A clause that asks begins at word `i`, behind a comma or a word that goes on. */
static bool begins_question(const struct query_message *m, size_t i, size_t to)
{
    const struct query_word *before = &m->word[i - 1], *word = &m->word[i];
    if (!memchr(m->s + before->end, ',', word->start - before->end) &&
        !query_word_in(before->text, joint))
        return false;
    return at(m, i, to, asking) || begins_wish(m, i, to) ||
           (at(m, i, to, helping) && at(m, i + 1, to, subject));
}

/* One of these words could be what is asked about. */
static bool has_subject(const struct query_message *m, size_t i, size_t to)
{
    for (; i < to; i++) {
        const char *word = m->word[i].text;
        if (!m->word[i].stop && !lightword(m->lang, word) && !generalword(m->lang, word))
            return true;
    }
    return false;
}

void query_story(struct query_message *m, size_t from, size_t to)
{
    size_t i = from + WORDS;
    if ((*m->lang && strcmp(m->lang, "en") != 0) || !tells(m, from, to))
        return;
    while (i < to && !begins_question(m, i, to))
        i++;
    if (i >= to || !has_subject(m, i, to))
        return;
    for (size_t k = from; k < i; k++)
        m->word[k].around *= TOLD;
}
