/* extracts.c: several passages become one answer that can be read in a moment.
 *
 * The best extract comes first, and when it is sure it is often all there is to say. A further one must earn its place:
 * it has words of the question that those before lack, or the amount, period or list that was asked for when they have
 * none. When the first is not sure, others may be what is meant, and the closer they come the more room they get: a
 * reader finds the right one of three faster than he asks again. One that repeats a fact in other words is left out.
 *
 * A reply's text is made of extracts, blank lines and the few sentences of ours that the caller passes in; nothing is
 * put together from pieces of sentences. */
#include "bot/extracts.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "bot/limits.h"
#include "kb/hash.h"
#include "kb/pool.h"

#define MOST_QUOTED   4   /* extracts for one question */
#define AS_SURE       0.6 /* sure enough to be quoted before it: see best_first() */
#define OWN_LESS      0.1 /* of the question's own words that it may lack then */
#define EQUALLY_SURE  0.8 /* then the other one may be the answer, too */
#define ROOM_FOR_MORE 480 /* code points after which none is begun unless there is doubt */
#define APART         0.89 /* of the first one's score: a second that has no more leaves little doubt, */
#define MUCH_CLOSER   0.1  /* and with so much more, either may be meant */
#define LIKELY        0.6  /* confidence of the first from which on there is little doubt, */
#define MUCH_LESS     0.2  /* and with so much less, others may be meant */
#define SHORT         500  /* code points with extracts that only may be meant, without doubt */
#define SAME_WORDS    0.6  /* share of an extract's words that were said already: it adds nothing */
#define NEW_WORDS     0.1  /* share of the question that a further extract must add */
#define MUCH_NEW      0.25 /* the same beside one that is sure: it is hardly needed */

/* ---- text ------------------------------------------------------------------------------------ */

static size_t chars(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* Where `s` may be cut to at most `max` code points: behind a line or a sentence if one ends in the
 * second half, else between words. */
static size_t cut_at(const char *s, size_t max, bool *ret_midway)
{
    size_t i = 0, n = 0, line = 0, sentence = 0, word = 0;
    for (; s[i] && n <= max; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80 && n++ == max)
            break;
        if (s[i] == '\n')
            line = i;
        if (isspace((unsigned char)s[i])) {
            word = i;
            if (i && strchr(".!?", s[i - 1]))
                sentence = i;
        }
    }
    size_t best = line > sentence ? line : sentence;
    *ret_midway = best < i / 2;
    return best >= i / 2 ? best : word ? word : i;
}

const char *extracts_fit(struct pool *pool, const char *s, size_t max)
{
    bool midway;
    if (chars(s) <= max)
        return s;
    size_t at = cut_at(s, max - 2, &midway);
    while (at && isspace((unsigned char)s[at - 1]))
        at--;
    return pool_printf(pool, "%.*s%s", (int)at, s, midway ? " …" : "");
}

const char *extracts_plain(struct pool *pool, const struct kb_hit *hit)
{
    const char *text = kb_plain(pool, hit->text, strlen(hit->text));
    if (!hit->lead || !*hit->lead)
        return text;
    return pool_printf(pool, "%s\n%s", kb_plain(pool, hit->lead, strlen(hit->lead)), text);
}

/* Next word of letters and digits at *pos, or NULL. */
static const char *next_word(const char *s, size_t *pos, size_t *ret_len)
{
    while (s[*pos] && !isalnum((unsigned char)s[*pos]) && (unsigned char)s[*pos] < 0x80)
        (*pos)++;
    const char *word = s + *pos;
    while (isalnum((unsigned char)s[*pos]) || (unsigned char)s[*pos] >= 0x80)
        (*pos)++;
    *ret_len = (size_t)(s + *pos - word);
    return *ret_len ? word : NULL;
}

/* The words of a text, whatever their case, as 64-bit hashes: that two of a reply collide is not to be expected. */
#define SAID_PLACES                                                                                \
    2048 /* more than three times the words that MAX_ANSWER_CHARS characters can be */
struct said {
    uint64_t word[SAID_PLACES]; /* 0: free */
};

/* The word's place, or where it would be put. */
static uint64_t *place_of(struct said *said, const char *word, size_t len, uint64_t *ret_hash)
{
    uint64_t h = HASH_64;
    for (size_t i = 0; i < len; i++)
        h = hash_byte_64(h, (unsigned char)tolower((unsigned char)word[i]));
    *ret_hash = h = h ? h : 1;
    size_t at = (h ^ h >> 32) % SAID_PLACES;
    while (said->word[at] && said->word[at] != h)
        at = (at + 1) % SAID_PLACES;
    return &said->word[at];
}

static void read_said(struct said *said, const char *s)
{
    size_t pos = 0, len, n = 0;
    memset(said, 0, sizeof *said);
    for (const char *w; n < SAID_PLACES / 2 && (w = next_word(s, &pos, &len)); n++) {
        uint64_t hash, *place = place_of(said, w, len, &hash);
        *place = hash;
    }
}

static bool has_word(struct said *said, const char *word, size_t len)
{
    uint64_t hash;
    return *place_of(said, word, len, &hash) != 0;
}

/* The share of `s`'s longer words that `text` has too. */
static double said_already(const char *s, const char *text)
{
    size_t pos = 0, len, n = 0, again = 0;
    struct said said;
    read_said(&said, text);
    for (const char *w; (w = next_word(s, &pos, &len));) {
        if (len < 4 && !isdigit((unsigned char)*w))
            continue;
        n++;
        again += has_word(&said, w, len);
    }
    return n ? (double)again / (double)n : 1;
}

/* It has figures, and `text` has all of them: the same fact in other words. */
static bool same_figures(const char *s, const char *text)
{
    size_t pos = 0, len, n = 0;
    struct said said;
    read_said(&said, text);
    for (const char *w; (w = next_word(s, &pos, &len));) {
        if (!isdigit((unsigned char)*w))
            continue;
        n++;
        if (!has_word(&said, w, len))
            return false;
    }
    return n > 0;
}

/* ---- what is worth quoting ----------------------------------------------------------------------- */

static bool overlaps(const struct kb_hit *a, const struct kb_hit *b)
{
    return !strcmp(a->document, b->document) && a->start < b->end && b->start < a->end;
}

static bool quoted_already(const struct reply *r, const struct kb_hit *hit, const char *plain)
{
    for (size_t i = 0; i < r->nanswer; i++)
        if (overlaps(&r->answer[i], hit))
            return true;
    return said_already(plain, r->text) >= SAME_WORDS;
}

/* What the extracts of one question have of it so far. */
struct told {
    uint64_t has;
    bool fits;
};

static double gain(const struct kb_hits *hits, const struct kb_hit *hit, uint64_t has)
{
    double sum = 0;
    for (size_t i = 0; i < hits->nword; i++)
        if (hit->has >> i & 1 && !(has >> i & 1))
            sum += hits->word[i];
    return sum;
}

/* 0: the best extract is likely the answer; 1: so are others, and the reader shall see for himself. How close the runner-up
 * comes tells that better than confidence does, which is low as well when nothing answers; both together tell most. */
static double doubt(const struct kb_hits *hits)
{
    if (hits->band == KB_HIGH || hits->n < 2 || hits->hit[0].score <= 0)
        return 0;
    double close = hits->hit[1].score / hits->hit[0].score;
    double sum = (close - APART) / MUCH_CLOSER + (LIKELY - hits->hit[0].confidence) / MUCH_LESS;
    return fmax(0, fmin(1, sum));
}

/* How many code points the text may have with this extract; 0: it adds nothing. */
static size_t room_for(const struct kb_hits *hits, const struct kb_hit *hit,
                       const struct told *told, const char *plain, const struct reply *r)
{
    bool sure = hits->band == KB_HIGH;
    double unsure = doubt(hits);
    size_t most = SHORT + (size_t)(unsure * (MAX_ANSWER_CHARS - SHORT));
    double new = gain(hits, hit, told->has);
    bool much = new >= MUCH_NEW || (hit->fits && !told->fits);
    if ((sure && !much) || quoted_already(r, hit, plain))
        return 0;
    if (much)
        return chars(r->text) > ROOM_FOR_MORE ? most : MAX_ANSWER_CHARS;
    if (told->fits && same_figures(plain, r->text))
        return 0;
    bool likely = hit->confidence >= hits->hit[0].confidence * EQUALLY_SURE;
    return unsure > 0 || likely || new >= NEW_WORDS ? most : 0;
}

/* Which hit is quoted first: the best one, unless it lacks the kind of thing that was asked for and one that is as good in
 * all other respects has it. An entry that is sure is what its author says. */
static size_t best_first(const struct kb_hits *hits)
{
    const struct kb_hit *top = hits->hit;
    if (!hits->n || top->fits || (top->entry && hits->band == KB_HIGH))
        return 0;
    for (size_t i = 1; i < hits->n && hits->hit[i].confidence >= top->confidence * AS_SURE; i++)
        if (hits->hit[i].fits && hits->hit[i].own + OWN_LESS >= top->own)
            return i;
    return 0;
}

/* The hits in the order in which they are quoted: `first`, then the others. */
static const struct kb_hit *nth(const struct kb_hits *hits, size_t first, size_t i)
{
    return &hits->hit[!i ? first : i <= first ? i - 1 : i];
}

static void append(struct pool *pool, const struct kb_hit *hit, const char *plain, struct reply *r)
{
    struct kb_hit *answer = (struct kb_hit *)r->answer;
    r->text = pool_printf(pool, "%s%s%s", r->text, *r->text ? "\n\n" : "", plain);
    answer[r->nanswer++] = *hit;
}

void extracts_quote(struct pool *pool, const struct kb_hits *hits, const char *lead,
                    struct reply *r)
{
    struct told told = {0};
    size_t first = best_first(hits);
    double least = hits->band == KB_HIGH ? NEARLY_AS_SURE : AS_LIKELY;
    r->answer = pool_array(pool, MAX_EXTRACTS, sizeof *r->answer);
    r->text = lead;
    for (size_t i = 0; i < hits->n && r->nanswer < MOST_QUOTED; i++) {
        const struct kb_hit *hit = nth(hits, first, i);
        size_t used = chars(r->text), sep = *r->text ? 2 : 0;
        if (r->nanswer && hits->hit[0].entry && hits->band == KB_HIGH)
            break; /* somebody wrote it as the whole answer: more would only blur it */
        if (r->nanswer && hit->confidence < hits->hit[0].confidence * least)
            break;
        const char *plain = extracts_plain(pool, hit);
        if (!*plain ||
            (r->nanswer && used + sep + chars(plain) > room_for(hits, hit, &told, plain, r)))
            continue;
        append(pool, hit, extracts_fit(pool, plain, MAX_ANSWER_CHARS - used - sep), r);
        told.has |= hit->has;
        told.fits = told.fits || hit->fits;
    }
}

bool extracts_add(struct pool *pool, const struct kb_hits *hits, size_t max_chars, struct reply *r)
{
    size_t first = best_first(hits);
    for (size_t i = 0; i < hits->n && r->nanswer < MAX_EXTRACTS; i++) {
        const struct kb_hit *hit = nth(hits, first, i);
        const char *plain = extracts_plain(pool, hit);
        if (hit->confidence < hits->hit[0].confidence * NEARLY_AS_SURE)
            break;
        if (!*plain || (r->nanswer && quoted_already(r, hit, plain)))
            continue;
        append(pool, hit, extracts_fit(pool, plain, max_chars), r);
        return true;
    }
    return false;
}
