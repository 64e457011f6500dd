/* suggest.c: a sorted list of (word, question). What is typed is cut into words; the words that begin with the rarest of them
 * are one stretch of the list, found by two binary searches; each question in it is kept if it has the others, too. How
 * much is looked at is bounded (MAX_LOOK), so a single letter costs no more than a word.
 *
 * Better is: a curated question, then a question that begins with what is typed, then a short one. Words are compared
 * without case and accents, for people on phones type neither. */
#include "bot/suggest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "bot/must.h"

#define MAX_TEXT   120 /* bytes of what is offered: it must fit a button */
#define MAX_OFFERS 100000
#define MAX_WORDS  8    /* of what is typed that are looked at */
#define MAX_LOOK   2000 /* questions looked at for one keystroke */
#define MAX_BEST   16

struct offer {
    char *text, *folded; /* folded: its words, a blank before each */
    bool entry;
};

struct word {
    const char *s; /* in an offer's `folded`, up to the next blank */
    uint32_t offer;
};

struct suggest {
    struct offer *offer;
    struct word *word;
    size_t n, room, nword, word_room;
};

struct suggest *suggest_new(void)
{
    return must(calloc(1, sizeof(struct suggest)));
}

void suggest_free(struct suggest *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        free(s->offer[i].text);
        free(s->offer[i].folded);
    }
    if (s) {
        free(s->offer);
        free(s->word);
    }
    free(s);
}

static bool belongs(utf8proc_int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO);
}

/* " how much do welders earn": letters and digits only, folded, a blank before each word. NULL when it is no UTF-8. */
static char *fold(const char *text)
{
    utf8proc_uint8_t *plain = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)text, 0, &plain,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                         UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    if (len < 0)
        return NULL;
    char *out = must(malloc(2 * (size_t)len + 2)), *to = out;
    bool inside = false;
    for (utf8proc_ssize_t i = 0, used; i < len; i += used) {
        utf8proc_int32_t c;
        used = utf8proc_iterate(plain + i, len - i, &c);
        if (used <= 0)
            break;
        bool good = belongs(c);
        if (good && !inside)
            *to++ = ' ';
        if (good) {
            memcpy(to, plain + i, (size_t)used);
            to += used;
        }
        inside = good;
    }
    *to = '\0';
    free(plain);
    return out;
}

void suggest_add(struct suggest *s, const char *text, bool entry)
{
    size_t len = strlen(text);
    char *folded = len && len <= MAX_TEXT && s->n < MAX_OFFERS ? fold(text) : NULL;
    if (!folded)
        return;
    if (s->n == s->room)
        s->offer =
            must(reallocarray(s->offer, s->room = s->room ? 2 * s->room : 64, sizeof *s->offer));
    s->offer[s->n] = (struct offer){.text = must(strdup(text)), .folded = folded, .entry = entry};
    for (const char *at = folded; (at = strchr(at, ' ')); at++) {
        if (s->nword == s->word_room)
            s->word = must(reallocarray(
                s->word, s->word_room = s->word_room ? 2 * s->word_room : 256, sizeof *s->word));
        s->word[s->nword++] = (struct word){.s = at + 1, .offer = (uint32_t)s->n};
    }
    s->n++;
}

/* A blank ends a word and sorts before every letter, so comparing to the end of the text is comparing words. */
static int by_word(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    int order = strcmp(x->s, y->s);
    return order ? order : x->offer < y->offer ? -1 : x->offer > y->offer;
}

void suggest_finish(struct suggest *s)
{
    if (s->nword)
        qsort(s->word, s->nword, sizeof *s->word, by_word);
}

/* ---- finding ---- */

struct typed {
    const char *s;     /* of the folded text, with the blank before it */
    size_t len;        /* without that blank */
    size_t first, end; /* the stretch of words that begin with it */
};

/* The first word that does not come before `s` (or, upper, that begins with no more than it). */
static size_t border(const struct suggest *s, const char *text, size_t len, bool upper)
{
    size_t low = 0, high = s->nword;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strncmp(s->word[mid].s, text, len);
        if (order < 0 || (upper && order == 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t read_typed(const struct suggest *s, const char *folded, struct typed *ret)
{
    size_t n = 0;
    for (const char *at = folded; n < MAX_WORDS && (at = strchr(at, ' ')); at++) {
        struct typed *t = &ret[n++];
        *t = (struct typed){.s = at, .len = strcspn(at + 1, " ")};
        t->first = border(s, at + 1, t->len, false);
        t->end = border(s, at + 1, t->len, true);
    }
    return n;
}

/* Does a word of it begin like that? */
static bool begins_a_word(const char *folded, const struct typed *t)
{
    for (const char *at = folded; (at = strchr(at, ' ')); at++)
        if (!strncmp(at, t->s, t->len + 1))
            return true;
    return false;
}

static int rank_of(const struct offer *o, const char *folded)
{
    size_t len = strlen(folded), own = strlen(o->folded);
    return (o->entry ? 2000 : 0) + (strncmp(o->folded, folded, len) ? 0 : 1000) -
           (int)(own < 900 ? own : 900);
}

size_t suggest_find(const struct suggest *s, const char *typed, size_t max, const char **ret)
{
    struct typed t[MAX_WORDS];
    uint32_t best[MAX_BEST];
    int rank[MAX_BEST];
    size_t n = 0, rarest = 0;
    char *folded = fold(typed);
    size_t nt = folded ? read_typed(s, folded, t) : 0;
    for (size_t i = 1; i < nt; i++)
        if (t[i].end - t[i].first < t[rarest].end - t[rarest].first)
            rarest = i;
    max = max < MAX_BEST ? max : MAX_BEST;
    for (size_t i = nt ? t[rarest].first : 0, looked = 0;
         nt && i < t[rarest].end && looked < MAX_LOOK; i++, looked++) {
        uint32_t id = s->word[i].offer;
        const struct offer *o = &s->offer[id];
        bool good = true;
        for (size_t k = 0; k < nt && good; k++)
            good = begins_a_word(o->folded, &t[k]);
        for (size_t k = 0; k < n && good; k++)
            good = best[k] != id && strcmp(s->offer[best[k]].text, o->text) != 0;
        if (!good)
            continue;
        int r = rank_of(o, folded);
        size_t at = n;
        while (at > 0 && rank[at - 1] < r)
            at--;
        if (at == max)
            continue;
        n = n < max ? n + 1 : n;
        memmove(best + at + 1, best + at, (n - at - 1) * sizeof *best);
        memmove(rank + at + 1, rank + at, (n - at - 1) * sizeof *rank);
        best[at] = id;
        rank[at] = r;
    }
    free(folded);
    for (size_t i = 0; i < n; i++)
        ret[i] = s->offer[best[i]].text;
    return n;
}
