/* follow.c: does a message mean something only after what was said before?
 *
 * "And how long does that take?" does, "why?" does, "how do I become a welder?" does not, and for "which states?"
 * only the base can tell. So there are three answers. SURE: it says so itself, by a word that points back or by
 * having no content of its own. NOT: it has enough words to stand alone. PERHAPS: it is short; it is then asked
 * by itself, and unless that is a sure answer (follow_stands_alone) with what was said before, too, which may add to it but must
 * not cost it any of its own words (follow_better).
 *
 * What is carried over is words, at less weight than those that were typed, the kind of answer that was asked
 * for when only the subject changes ("what about nurses?"), and a small bonus for passages beside the last
 * answer. `--explain` says which of it happened. English only: other languages lean by being short. */
#include "kb/kb_int.h"

#include <string.h>

#define SHORT    2 /* content words; with fewer or as many a message may lean on the one before */
#define POINTING 4 /* up to this many it does when a word points back */
#define SECTION  1.0
#define DOCUMENT 0.6
#define MAX_AGE  3 /* turns after which the last answer is forgotten */
#define CLEAR_LEAD                                                                                 \
    0.08 /* of the score: so far ahead of other documents, it is no chance which one won */
#define EVEN 0.01

static bool in(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (!strcmp(*list, word))
            return true;
    return false;
}

/* "is there", "are there": the word stands for nothing. */
static bool expletive(const char *const *word, size_t i)
{
    static const char *const be[] = {"is", "are",  "was",   "were", "isnt",   "arent",
                                     "be", "will", "would", "s",    "theres", NULL};
    bool before = i && in(be, word[i - 1]);
    return !strcmp(word[i], "there") && before;
}

static bool points_back(const char *const *word, size_t n)
{
    static const char *const pronoun[] = {
        "it",  "its",  "they", "them", "their", "theirs", "those", "these", "this",  "that",
        "one", "ones", "he",   "she",  "him",   "her",    "his",   "same",  "there", NULL};
    for (size_t i = 0; i < n; i++) {
        if (!in(pronoun, word[i]) || expletive(word, i))
            continue;
        if (!strcmp(word[i], "one") && i && !strcmp(word[i - 1], "does")) /* how does one ... */
            continue;
        return true;
    }
    return false;
}

bool follow_continues(const char *const *word, size_t n)
{
    static const char *const first[] = {"and", "or", "but", "also", "then", "so", "plus", NULL};
    static const char *const about[] = {"what", "how", NULL};
    if (n && in(first, word[0]))
        return true;
    return n > 1 && in(about, word[0]) && !strcmp(word[1], "about");
}

enum leaning follow_leaning(const char *const *word, size_t n, size_t content, const char **ret_why)
{
    *ret_why = "it has no words of its own";
    if (!content)
        return LEAN_SURE;
    *ret_why = "it has enough words of its own";
    if (content > POINTING)
        return LEAN_NOT;
    *ret_why = "it begins like the continuation of something";
    if (follow_continues(word, n))
        return LEAN_SURE;
    *ret_why = "it has a word for something that was named before";
    if (points_back(word, n))
        return LEAN_SURE;
    *ret_why = content <= SHORT ? "it is short" : "it has enough words of its own";
    return content <= SHORT ? LEAN_PERHAPS : LEAN_NOT;
}

/* ---- the passage that was quoted last ------------------------------------------------------------------------- */

double follow_topic(const struct query *q, const struct row *row)
{
    if (!q->topic || q->topic_age > MAX_AGE)
        return 0;
    double fresh = 1.0 / (double)(1u << q->topic_age);
    size_t section =
        strcspn(q->topic, "~"); /* parts of one section have "~2", "~3" behind their key */
    size_t document = strcspn(q->topic, "#");
    if (!strncmp(row->key, q->topic, section) && (!row->key[section] || row->key[section] == '~'))
        return SECTION * fresh;
    if (!strncmp(row->key, q->topic, document) && row->key[document] == '#')
        return DOCUMENT * fresh;
    return 0;
}

/* ---- with what was said before, or without? ---------------------------------------------------------------------- */

bool follow_stands_alone(const struct kb_hits *hits)
{
    if (!hits->n || hits->band != KB_HIGH)
        return false;
    for (size_t i = 1; i < hits->n; i++)
        if (strcmp(hits->hit[i].document, hits->hit[0].document) != 0)
            return hits->hit[i].score < hits->hit[0].score * (1 - CLEAR_LEAD);
    return true;
}

bool follow_better(const struct query *q, const struct kb_hits *with, const struct kb_hits *without)
{
    if (q->leaning ==
        LEAN_SURE) /* it says so, and what was said before may well rule an answer out */
        return true;
    if (!with->n || !without->n)
        return with->n > 0;
    if (follow_stands_alone(without) || with->band < without->band)
        return false;
    return without->band != KB_HIGH || with->hit[0].own + EVEN >= without->hit[0].own;
}
