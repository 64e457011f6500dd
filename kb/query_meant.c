/* query_meant.c: what was meant by words that the base lacks.
 *
 * A word of the base is never touched, nor one of general English, unless it is neither but for its ending: whoever asks about tuition means tuition, and that the
 * base says nothing about it is the answer. What is left is read as the likeliest word by a noisy channel: what the
 * slips cost (slip.c) less what speaks for the word, which is how often the owner uses it, or how common it is. The
 * candidates are the words of general English, compared letter by letter, and the base's own, of which only the stems are known.
 * When a word the base lacks is likelier by far than all it has, then that is what was meant, and is as unknown.
 *
 * In German a word may have been typed without its umlauts. Words may also have run together ("fulltime") or come apart
 * ("med ical"), and people write shorthand (shorthand.c).
 * Second guesses stay as other forms of the word, at less weight: what else is in the question then decides. */
#include "kb/english.h"
#include "kb/query_int.h"
#include "kb/slip.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CORRECTED 8 /* unknown words that are looked up */
#define GUESSES       8 /* words that one may have meant, to choose from */
#define PART_LETTERS  3 /* of either half of a word that ran together, at least */

/* What speaks for a word, in tenths of a slip. */
#define LIKELY_OWN     1.25 /* for the logarithm of the passages that have it, up to */
#define LIKELY_OWN_MAX 8.0
#define LIKELIEST      (LIKELY_OWN_MAX + 5) /* with a word of the first thousand of English */
#define UNLIKELY_OTHER 8.0                  /* the base lacks it */
#define LIKELY_STOP    2.0                  /* it is a question word */
#define UNLIKELY_STEM  2.0 /* it is no word of English, so only stems were compared */

/* What a reading counts for, against the word itself. */
#define SURE        0.97 /* less so much for each tenth of a slip: */
#define LESS_SURE   0.01
#define SECOND      0.6 /* another reading, which is so many tenths less likely at most: */
#define SECOND_BEST 8.0
#define NUMERAL     0.9 /* "2" in a base that has both, read as "two" too */
#define SHORTHAND   0.9 /* "hr" in a base that has it, read as "hour" too */

struct guess {
    char word[SLIP_LETTERS + 1]; /* as people write it, or the stem of a word that is not English */
    const char *token;
    bool stem, stop, own; /* own: of the base */
    unsigned cost;
    double score; /* less is likelier */
};

struct guesses {
    struct guess guess[GUESSES]; /* by score */
    size_t n;
    const struct query_reader *reader;
    struct query_message *m;
};

static bool is_stop(const struct query_message *m, const char *word)
{
    return stopword(*m->lang ? m->lang : "en", word, strlen(word));
}

/* For how common it is. */
static double likely(enum english_tier tier)
{
    static const double tenths[ENGLISH_TIERS + 1] = {0, 5, 4.5, 3.5, 2, 1, 0, 1.5};
    return tenths[tier];
}

static bool before(const struct guess *a, const struct guess *b)
{
    return a->score != b->score ? a->score < b->score : strcmp(a->word, b->word) < 0;
}

static void keep(struct guesses *g, const struct guess *new)
{
    size_t at = g->n;
    while (at && before(new, &g->guess[at - 1]))
        at--;
    if (at == GUESSES)
        return;
    size_t last = g->n < GUESSES ? g->n++ : GUESSES - 1;
    memmove(g->guess + at + 1, g->guess + at, (last - at) * sizeof *g->guess);
    g->guess[at] = *new;
}

static void english_guess(void *ctx, const char *word, enum english_tier tier, unsigned cost)
{
    struct guess new = {.cost = cost, .score = cost - likely(tier)};
    snprintf(new.word, sizeof new.word, "%s", word);
    keep(ctx, &new);
}

static void base_guess(void *ctx, const char *word, size_t df, unsigned cost)
{
    (void)df;
    struct guess new = {.cost = cost, .score = cost, .stem = true};
    const struct guesses *g = ctx;
    if (strlen(word) > SLIP_LETTERS || is_stop(g->m, word))
        return;
    for (size_t i = 0; i < g->n; i++) /* both parts of a vocabulary may have it */
        if (g->guess[i].stem && !strcmp(g->guess[i].word, word))
            return;
    snprintf(new.word, sizeof new.word, "%s", word);
    keep(ctx, &new);
}

static unsigned most(size_t letters)
{
    static const unsigned max[] = {0, 0, 5, 8, 12, 15, 15, 17};
    return letters < sizeof max / sizeof *max ? max[letters] : 20;
}

static int by_score(const void *a, const void *b)
{
    return before(a, b) ? -1 : before(b, a);
}

static void weigh_one(const struct guesses *g, struct guess *e)
{
    if (e->stem)
        e->token = pool_strdup(g->m->pool, e->word);
    else if (!e->token)
        e->token = query_token(g->reader->tokenizer, g->m->pool, g->m->lang, e->word);
    size_t df = e->token ? vocabulary_df(g->reader->vocabulary, e->token) : 0;
    double own = LIKELY_OWN * log((double)df + 1);
    e->own = df > 0;
    e->stop = !e->stem && is_stop(g->m, e->word);
    e->score += e->own    ? -(own < LIKELY_OWN_MAX ? own : LIKELY_OWN_MAX)
                : e->stop ? -LIKELY_STOP
                          : UNLIKELY_OTHER;
    if (e->stem)
        e->score += UNLIKELY_STEM;
}

/* With the stems known, and what the base has of them; of several words with one stem the likeliest stays. */
static void weigh(struct guesses *g)
{
    for (size_t i = 0; i < g->n; i++)
        weigh_one(g, &g->guess[i]);
    qsort(g->guess, g->n, sizeof *g->guess, by_score);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        size_t k = 0;
        while (g->guess[i].token && k < n && strcmp(g->guess[k].token, g->guess[i].token) != 0)
            k++;
        if (g->guess[i].token && k == n)
            g->guess[n++] = g->guess[i];
    }
    g->n = n;
}

static bool letters_only(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x80 && !isalpha((unsigned char)*s))
            return false;
    return true;
}

static bool is_english(const char *lang)
{
    return !*lang || !strcmp(lang, "en");
}

/* What is near is looked for first: most slips are small, and to look far takes long. */
static void look_up(struct guesses *g, const struct query_word *w)
{
    static const unsigned step[] = {8, 15, 20};
    struct slip slip;
    size_t len = strlen(w->text);
    unsigned max = most(len);
    if (!max || len > SLIP_LETTERS || !letters_only(w->text))
        return;
    for (size_t i = 0; i < sizeof step / sizeof *step && (!i || step[i - 1] < max); i++) {
        unsigned far = step[i] < max ? step[i] : max;
        g->n = 0;
        if (is_english(g->m->lang)) {
            slip_begin(&slip, w->text, len, far);
            english_near(&slip, english_guess, g);
        }
        slip_begin(&slip, w->token, strlen(w->token), far);
        vocabulary_near(g->reader->vocabulary, &slip, base_guess, g);
        weigh(g);
        if (g->n && g->guess[0].own && g->guess[0].score <= far + 1 - LIKELIEST)
            return; /* nothing farther can be likelier */
    }
}

/* ---- one word of the message ------------------------------------------------------------------------ */

static bool known(const struct query_reader *reader, const struct query_word *w)
{
    size_t n = 0;
    synonyms_find(reader->synonyms, w->token, &n);
    bool yes = n || vocabulary_has(reader->vocabulary, w->token);
    for (size_t i = 0; i < w->nform && !yes; i++)
        yes = vocabulary_has(reader->vocabulary, w->form[i].token);
    return yes;
}

static bool is_number(const struct query_message *m, size_t i)
{
    const char *word = m->word[i].text;
    return strspn(word, "0123456789") == strlen(word) || query_numeral(m->lang, word);
}

/* Word `i` is the number in "ten years" or "18 months": how long, and not of what. */
static bool counts_time(const struct query_message *m, size_t i)
{
    static const char *const unit[] = {"years", "year", "months", "month", "weeks",   "week",
                                       "days",  "day",  "hours",  "hour",  "minutes", NULL};
    size_t end = i;
    while (end < m->n && is_number(m, end)) /* "twenty four months" */
        end++;
    return end > i && end < m->n && query_word_in(m->word[end].text, unit);
}

/* A unit that is written as a sign: "5%", "$20". */
static bool has_sign(const struct query_word *w)
{
    static const char *const unit[] = {"percent", "percentage", "dollar", "dollars",
                                       "bucks",   "euro",       "euros",  NULL};
    return query_word_in(w->text, unit);
}

static void note(struct query *q, const char *from, const char *to)
{
    if (q)
        *POOL_PUSH(q->pool, q->corrected, q->ncorrected, q->capcorrected) =
            (struct kb_pair){from, to};
}

/* The likeliest may be its own stem; then only other readings are added. */
static void read_as(struct guesses *g, struct query *q, struct query_word *w)
{
    struct pool *pool = g->m->pool;
    const struct guess *best = &g->guess[0];
    bool own = !strcmp(w->token, best->token);
    w->token = pool_strdup(pool, best->token); /* the vocabulary may change before it is shown */
    w->stop = best->stop;
    if (!best->stem)
        w->meant = pool_strdup(pool, best->word);
    if (!own) {
        w->sure = SURE - LESS_SURE * best->cost;
        note(q, w->text, best->stem ? w->token : w->meant);
    }
    for (size_t i = 1; i < g->n && !best->stop; i++)
        if (g->guess[i].score < best->score + SECOND_BEST && !g->guess[i].stop)
            query_add_form(g->m, w, pool_strdup(pool, g->guess[i].token), NULL, SECOND,
                           KB_CORRECTED);
}

/* ---- run together, come apart ------------------------------------------------------------------------- */

static bool of_base(const struct guesses *g, const char *text, const char **ret_token)
{
    *ret_token = query_token(g->reader->tokenizer, g->m->pool, g->m->lang, text);
    return *ret_token && vocabulary_has(g->reader->vocabulary, *ret_token);
}

/* A half of a word that ran together: one of the base, or a common one. 2: the former. */
static int part(const struct guesses *g, const char *text, const char **ret_token)
{
    if (of_base(g, text, ret_token) && (!is_english(g->m->lang) || english_word(text)))
        return 2;
    enum english_tier tier = is_english(g->m->lang) ? english_word(text) : 0;
    return *ret_token && tier && tier <= (strlen(text) > 4 ? ENGLISH_LARGE : ENGLISH_COMMON);
}

/* Where "labtech" is two words: the letters of the first, or 0. Halves that are alike in length are likelier. */
static size_t split_at(const struct guesses *g, const char *text, const char **ret_first,
                       const char **ret_second)
{
    size_t len = strlen(text), best = 0, best_odd = 0;
    for (size_t i = PART_LETTERS; len <= SLIP_LETTERS && i + PART_LETTERS <= len; i++) {
        const char *first, *second;
        size_t odd = 2 * i > len ? 2 * i - len : len - 2 * i;
        if (best && odd >= best_odd)
            continue;
        int one = part(g, pool_strndup(g->m->pool, text, i), &first);
        int two = one ? part(g, text + i, &second) : 0;
        if (!two || one + two < 3)
            continue;
        best = i;
        best_odd = odd;
        *ret_first = first;
        *ret_second = second;
    }
    return best;
}

/* Two words out of one. */
static void split(struct guesses *g, struct query *q, size_t i, size_t at, const char *first,
                  const char *second)
{
    struct query_message *m = g->m;
    struct query_word w = m->word[i], *half;
    POOL_PUSH(m->pool, m->word, m->n, m->cap);
    memmove(&m->word[i + 1], &m->word[i], (m->n - 1 - i) * sizeof *m->word);
    for (size_t k = 0; k < 2; k++) {
        half = &m->word[i + k];
        *half = w;
        half->token = k ? second : first;
        half->text = half->meant = k ? w.text + at : pool_strndup(m->pool, w.text, at);
        half->stop = stopword(*m->lang ? m->lang : "en", half->text, strlen(half->text));
        half->nform = half->capform = 0;
        half->form = NULL;
    }
    m->word[i].end = m->word[i + 1].start = w.start + at;
    note(q, w.text, pool_printf(m->pool, "%s %s", m->word[i].text, m->word[i + 1].text));
}

/* "med ical": word `i` and the one behind it are one of the base. */
static bool join(struct guesses *g, struct query *q, size_t i)
{
    struct query_message *m = g->m;
    struct query_word *a = &m->word[i], *b = a + 1;
    const char *token;
    if (i + 1 >= m->n || b->start != a->end + 1)
        return false;
    const char *text = pool_printf(m->pool, "%s%s", a->text, b->text);
    if (strlen(text) > SLIP_LETTERS || !letters_only(text) || !of_base(g, text, &token) ||
        (is_english(m->lang) && !english_word(text)))
        return false;
    note(q, pool_printf(m->pool, "%s %s", a->text, b->text), text);
    a->token = token;
    a->text = a->meant = text;
    a->end = b->end;
    a->stop = false;
    a->nform = 0;
    b->stop = true;
    b->nform = 0;
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* True: the word is dealt with. */
static bool shorthand(const struct query_reader *reader, struct query *q, struct query_message *m,
                      struct query_word *w, bool owned)
{
    const char *meant = query_shorthand(m->lang, w->text);
    if (!meant)
        return false;
    bool stop = stopword("en", meant, strlen(meant)) || !*meant;
    const char *token = stop ? NULL : query_token(reader->tokenizer, m->pool, m->lang, meant);
    if (!owned) {
        w->stop = stop;
        w->meant = meant;
        if (token) {
            w->token = token;
            note(q, w->text, meant);
        }
    } else if (token) {
        query_add_form(m, w, token, NULL, SHORTHAND, KB_SYNONYM);
    }
    return true;
}

/* "2" is asked and "two" is written, or the other way round, or both are. True: the word is dealt with. */
static bool numeral(const struct query_reader *reader, struct query_message *m,
                    struct query_word *w)
{
    const char *other = query_numeral(m->lang, w->text);
    if (!other)
        return false;
    const char *token = query_token(reader->tokenizer, m->pool, m->lang, other);
    if (!token || !vocabulary_has(reader->vocabulary, token))
        return false;
    if (vocabulary_has(reader->vocabulary, w->token))
        query_add_form(m, w, token, NULL, NUMERAL, KB_SYNONYM);
    else
        w->token = token;
    return true;
}

/* German typed without umlauts: "fuer", "pruefung". True: that is what it was. */
static bool umlauts(const struct guesses *g, struct query_word *w)
{
    char text[SLIP_LETTERS + 1];
    size_t n = 0, len = strlen(w->text);
    const char *token;
    if (strcmp(g->m->lang, "de") != 0 || len > SLIP_LETTERS)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(i && w->text[i] == 'e' && strchr("aou", w->text[i - 1])))
            text[n++] = w->text[i];
    text[n] = 0;
    bool stop = n < len && stopword("de", text, n);
    if (n == len || (!stop && !of_base(g, text, &token)))
        return false;
    w->stop = stop;
    w->meant = pool_strdup(g->m->pool, text);
    if (!stop)
        w->token = token;
    return true;
}

static void read_unknown(struct guesses *g, struct query *q, size_t i)
{
    struct query_message *m = g->m;
    struct query_word *w = &m->word[i];
    if (umlauts(g, w) || join(g, q, i) || (i && !m->word[i - 1].stop && join(g, q, i - 1)))
        return;
    look_up(g, w);
    const char *first = NULL, *second = NULL;
    size_t at = g->n && g->guess[0].own && g->guess[0].cost <= 8
                    ? 0
                    : split_at(g, w->text, &first, &second);
    if (at)
        split(g, q, i, at, first, second);
    else if (g->n)
        read_as(g, q, w);
}

/* An abbreviation, or a word of general English, and not one so rare that a slip is likelier. */
static bool is_itself(const struct query_message *m, const struct query_word *w)
{
    if (w->capitals && strlen(w->text) < 6)
        return true;
    enum english_tier tier = is_english(m->lang) ? english_word(w->text) : 0;
    if (tier == ENGLISH_NAME && strlen(w->text) < PART_LETTERS) /* "al": Alabama, or all? */
        return false;
    return tier && tier != ENGLISH_RARE;
}

/* "surveyer", "whering": no words of English, but without their endings the base has them, or a question word is left. It
 * may be that, or a slip. */
static bool is_doubtful(const struct query_message *m, const struct query_word *w)
{
    return is_english(m->lang) && !w->capitals && strcmp(w->text, w->token) != 0 &&
           letters_only(w->text) && !english_word(w->text);
}

static void read_doubtful(struct guesses *g, struct query *q, struct query_word *w)
{
    look_up(g, w);
    if (g->n && g->guess[0].own && !g->guess[0].stop)
        read_as(g, q, w);
}

void query_meant(const struct query_reader *reader, struct query *q, struct query_message *m)
{
    if (!reader->vocabulary || vocabulary_empty(reader->vocabulary))
        return;
    for (size_t i = 0, tries = 0; i < m->n && tries < MAX_CORRECTED; i++) {
        struct query_word *w = &m->word[i];
        struct guesses g = {.reader = reader, .m = m};
        if (w->stop)
            continue;
        if (numeral(reader, m, w))
            continue;
        bool owned = known(reader, w);
        if (shorthand(reader, q, m, w, owned) || (owned && !is_doubtful(m, w)))
            continue;
        if (owned) {
            tries++;
            read_doubtful(&g, q, w);
            continue;
        }
        if (counts_time(m, i) || has_sign(w)) { /* to lack it says nothing */
            w->stop = true;
            continue;
        }
        if (is_itself(m, w))
            continue;
        tries++;
        read_unknown(&g, q, i);
    }
}
