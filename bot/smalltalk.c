/* smalltalk.c: "hiii there!! 👋", "ok, thanks", "can I talk to a human please?".
 *
 * A message is small talk only when all of it is: it must fall apart completely into sayings of
 * smalltalk.yaml and words that mean nothing by themselves (fillers). One word more, such as "hi,
 * what does an MLT earn", and it is a question; content always comes first.
 *
 * What people vary is taken out of both sides before they are compared (smalltalk_words.c), and one slip of the finger in
 * a longer word is forgiven. It is deliberately not a classifier: whoever wants another saying writes it into the file. */
#include "bot/smalltalk.h"

#include <errno.h>
#include <string.h>
#include <utf8proc.h>

#include "bot/problem.h"
#include "bot/shipped.h"
#include "bot/smalltalk_int.h"
#include "kb/pool.h"

#define MAX_TALK_FILE (1u << 20)
#define TYPO_LETTERS  5 /* shorter words are too near to each other for slips */

struct smalltalk {
    struct pool *pool;
    const struct talk_block *block;
    struct talk *talk;
};

/* Words that may stand around a saying and change nothing. Collapsed as collapse() does, sorted. */
static const char *const fillers[] = {
    "a",     "again",  "ah",        "aha",      "aimerais", "al",       "alright", "and",
    "any",   "besoin", "bite",      "bot",      "brauche",  "budy",     "can",     "could",
    "dear",  "do",     "everybody", "everyone", "favor",    "folks",    "for",     "friend",
    "gern",  "gerne",  "gustaria",  "guys",     "ha",       "haha",     "hahaha",  "he",
    "hehe",  "here",   "hier",      "hm",       "i",        "ich",      "id",      "im",
    "is",    "it",     "jaimerais", "je",       "just",     "kan",      "kindly",  "koente",
    "konte", "let",    "like",      "lol",      "lots",     "madam",    "mal",     "mam",
    "mate",  "may",    "me",        "mochte",   "moechte",  "much",     "my",      "necesito",
    "ned",   "now",    "of",        "oh",       "ok",       "okay",     "okey",    "peux",
    "plait", "please", "pls",       "plz",      "podria",   "por",      "pourais", "pouvez",
    "puede", "puedo",  "puis",      "queria",   "quiero",   "quisiera", "right",   "sil",
    "sir",   "so",     "some",      "sure",     "svp",      "te",       "team",    "that",
    "the",   "then",   "there",     "this",     "to",       "u",        "uh",      "um",
    "very",  "veux",   "voudrais",  "vous",     "wana",     "want",     "we",      "wel",
    "wil",   "with",   "would",     "wuerde",   "wurde",    "ya",       "yes",     "yo",
    "you",   "احتاج",  "اريد",      "ان",       "اود",      "سمحت",     "فضلك",    "لو",
    "مكن",   "من",     "هل",        "يمكني",
};

static int by_word(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_filler(const char *word)
{
    int32_t cp;
    utf8proc_iterate((const uint8_t *)word, (utf8proc_ssize_t)strlen(word), &cp);
    return smalltalk_is_emoji(cp) ||
           bsearch(word, fillers, sizeof fillers / sizeof *fillers, sizeof *fillers, by_word);
}

static bool same_rest(const char *a, const char *b)
{
    return *a == *b && !strcmp(a, b);
}

/* One letter is wrong, missing, added or swapped where the two begin to differ, and the rest is the same. */
static bool one_slip(const char *a, const char *b)
{
    if (*a && *b && same_rest(a + 1, b + 1))
        return true;
    if ((*a && same_rest(a + 1, b)) || (*b && same_rest(a, b + 1)))
        return true;
    return *a && *b && a[0] == b[1] && a[1] == b[0] && same_rest(a + 2, b + 2);
}

/* Equal, or one slip behind the first letter. Nearly all words are told apart where they begin to differ, before anybody has
 * counted their letters. */
static bool same_word(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && a[i] == b[i])
        i++;
    if (a[i] == b[i])
        return true;
    return i && one_slip(a + i, b + i) && strlen(a) >= TYPO_LETTERS && strlen(b) >= TYPO_LETTERS;
}

/* ---- matching -------------------------------------------------------------------------------- */

/* "is it a good job" asks about something, and praises nobody. */
static bool asks_about_it(const struct words *w)
{
    static const char *const what[] = {"it", "that", "this"};
    bool asks = false;
    for (size_t i = 0; i < sizeof what / sizeof *what && w->n > 1; i++)
        asks |= !strcmp(w->word[0], "is") && !strcmp(w->word[1], what[i]);
    return asks;
}

static bool says(const struct saying *s, const char *word, const struct words *w, size_t at)
{
    if (s->nword > w->n - at)
        return false;
    for (size_t i = 0; i < s->nword; i++, word += strlen(word) + 1)
        if (!same_word(word, w->word[at + i]))
            return false;
    return true;
}

/* Of "hi, who are you" the longer saying is what is meant; a wish for a person outranks
 * politeness. */
static const struct saying *weightier(const struct smalltalk *t, const struct saying *a,
                                      const struct saying *b)
{
    if (!a || !b)
        return a ? a : b;
    bool ha = t->talk[a->talk].person == PERSON_WANTED,
         hb = t->talk[b->talk].person == PERSON_WANTED;
    if (ha != hb)
        return ha ? a : b;
    return a->nword > b->nword ? a : b;
}

const struct talk *smalltalk_match(const struct smalltalk *t, const char *text, size_t len)
{
    struct words w;
    const struct saying *said[MAX_TALK_WORDS + 1] = {NULL}; /* the weightiest up to word i */
    bool reached[MAX_TALK_WORDS + 1] = {true};
    if (!t || !t->block->nsaying || len > MAX_TALK_BYTES)
        return NULL;
    smalltalk_words(&w, text, len);
    if (w.too_many || !w.n)
        return NULL;
    const struct saying *all = talk_sayings(t->block);
    const char *words = talk_text(t->block);
    for (size_t i = 0; i < w.n; i++) {
        if (!reached[i])
            continue;
        unsigned char byte = (unsigned char)*w.word[i];
        for (size_t k = t->block->first[byte]; k < t->block->first[byte + 1]; k++) {
            const struct saying *s = &all[k];
            if (!says(s, words + s->words, &w, i))
                continue;
            reached[i + s->nword] = true;
            said[i + s->nword] = weightier(t, said[i + s->nword], weightier(t, said[i], s));
        }
        if (is_filler(w.word[i])) {
            reached[i + 1] = true;
            said[i + 1] = weightier(t, said[i + 1], said[i]);
        }
    }
    const struct talk *talk = said[w.n] ? &t->talk[said[w.n]->talk] : NULL;
    return talk && talk->statement && asks_about_it(&w) ? NULL : talk;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The file as it is shipped need not be read again. */
static const struct talk_block *read_block(const char *path, struct pool *pool,
                                           struct kb_report *report, int *ret_err)
{
    size_t len, shipped = (size_t)(shipped_smalltalk_end - shipped_smalltalk);
    if (!path)
        return &shipped_talk;
    const char *s = problem_read_file(pool, path, MAX_TALK_FILE, report, &len, ret_err);
    if (!s || (len == shipped && !memcmp(s, shipped_smalltalk, len)))
        return s ? &shipped_talk : NULL;
    *ret_err = -EINVAL;
    return smalltalk_compile(path, s, len, pool, report);
}

int smalltalk_read(const char *path, struct smalltalk **ret, struct kb_report *report)
{
    int err = 0;
    struct pool *pool = pool_new();
    const struct talk_block *b = read_block(path, pool, report, &err);
    if (!b) {
        pool_free(pool);
        return err == -EINVAL ? -EINVAL : -EIO;
    }
    struct smalltalk *t = pool_alloc(pool, sizeof *t);
    *t = (struct smalltalk){
        .pool = pool, .block = b, .talk = pool_array(pool, b->ntalk, sizeof *t->talk)};
    for (size_t i = 0; i < b->ntalk; i++) {
        const struct talk_row *row = &talk_rows(b)[i];
        const char *called = talk_text(b) + row->called;
        t->talk[i] = (struct talk){.id = talk_text(b) + row->id,
                                   .reply = talk_text(b) + row->reply,
                                   .called = *called ? called : NULL,
                                   .person = (enum reply_person)row->person,
                                   .topics = row->flags & TALK_TOPICS,
                                   .statement = row->flags & TALK_STATEMENT};
    }
    *ret = t;
    return 0;
}

void smalltalk_free(struct smalltalk *t)
{
    if (t)
        pool_free(t->pool); /* which holds `t` too */
}
