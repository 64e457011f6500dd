/* abbreviation.c: what a text itself says that its abbreviations stand for.
 *
 * "A medical laboratory technician (MLT) ..." and "MLT (medical laboratory technician)" are definitions, and who asks with
 * the one shall find the other without anybody writing it into synonyms.yaml. The pair is taken only when the
 * letters are the first letters of the words, in order and all of them; words such as "of" may be left out. That is
 * stricter than Schwartz and Hearst (A simple algorithm for identifying abbreviation definitions, 2003), whose
 * letters may stand inside words: a wrong pair would send questions astray in the whole base.
 *
 * Where texts contradict each other, synonym_ask.c takes what most of them say. */
#include "kb/kb_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SHORT_MAX 10  /* letters */
#define LONG_MAX  120 /* bytes of what they stand for */
#define WORDS_MAX 24  /* of it, small ones counted */

struct span {
    const char *s;
    size_t len;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '\'';
}

/* "MLTs" */
static bool is_plural(struct span a)
{
    return a.len > 2 && a.s[a.len - 1] == 's' && isupper((unsigned char)a.s[a.len - 2]);
}

/* The letters of an abbreviation, without the s of a plural; 0 when it is none. */
static size_t letters_of(struct span a, char ret[SHORT_MAX])
{
    size_t n = 0, capitals = 0;
    if (!a.len || !isalpha((unsigned char)*a.s))
        return 0;
    a.len -= is_plural(a);
    for (size_t i = 0; i < a.len; i++) {
        unsigned char c = (unsigned char)a.s[i];
        if (strchr("-&/.", c) && c)
            continue;
        if (!isalpha(c) || n == SHORT_MAX)
            return 0;
        capitals += isupper(c) != 0;
        ret[n++] = (char)tolower(c);
    }
    return capitals >= 2 && 2 * capitals > n ? n : 0;
}

static bool is_small(struct span word)
{
    static const char *const small[] = {"of", "for", "and", "the", "in", "on",
                                        "to", "a",   "an",  "at",  "by", "with"};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (strlen(small[i]) == word.len && !strncasecmp(small[i], word.s, word.len))
            return true;
    return false;
}

/* The words of s, in order; 0 when there are more than WORDS_MAX. */
static size_t words_of(const char *s, size_t len, struct span word[WORDS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        size_t w = 0;
        while (i + w < len && is_word(s[i + w]))
            w++;
        if (w && n == WORDS_MAX)
            return 0;
        if (w)
            word[n++] = (struct span){s + i, w};
        i += w ? w : 1;
    }
    return n;
}

/* An abbreviation's letters against words; what cannot be is not tried again. */
struct fit {
    char letter[SHORT_MAX];
    size_t nletter;
    struct span word[WORDS_MAX];
    size_t nword;
    bool dead[SHORT_MAX + 1][WORDS_MAX + 1]; /* so many letters do not fit so many words */
};

/* Do the last of `n` words have the first `nletter` letters, small words left out where they must be? *ret_first: the first
 * of them. Goes back from the end, so that the nearest words are taken. */
static bool stands_for(struct fit *f, size_t nletter, size_t n, size_t *ret_first)
{
    if (!nletter) {
        *ret_first = n;
        return true;
    }
    if (!n || f->dead[nletter][n])
        return false;
    const struct span *last = &f->word[n - 1];
    bool small = is_small(*last);
    if (tolower((unsigned char)*last->s) == f->letter[nletter - 1] &&
        !(nletter == 1 && small) && /* nothing begins with "of" */
        stands_for(f, nletter - 1, n - 1, ret_first))
        return true;
    f->dead[nletter][n] = !(small && stands_for(f, nletter, n - 1, ret_first));
    return !f->dead[nletter][n];
}

/* The part of s before `at` in which what is abbreviated may stand: back to a mark that ends something. */
static struct span before(const char *s, size_t at)
{
    size_t from = at, blanks = 0;
    while (from && at - from < LONG_MAX && !strchr(".;:!?,()|[]\"", s[from - 1])) {
        blanks = s[from - 1] == '\n'                   ? blanks + 1
                 : isspace((unsigned char)s[from - 1]) ? blanks
                                                       : 0;
        if (blanks > 1) /* another paragraph */
            break;
        from--;
    }
    while (from < at && from && is_word(s[from - 1])) /* not from the middle of a word */
        from++;
    return (struct span){s + from, at - from};
}

/* One blank between words, no marks of emphasis. */
static const char *tidy(struct pool *pool, const char *s, size_t len)
{
    char *text = pool_alloc(pool, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        if (isspace((unsigned char)s[i])) {
            if (n && text[n - 1] != ' ')
                text[n++] = ' ';
        } else if (!strchr("*_`", s[i])) {
            text[n++] = s[i];
        }
    text[n] = 0;
    return text;
}

struct finding {
    struct pool *pool;
    abbreviation_fn *fn;
    void *ctx;
};

static int give(const struct finding *f, struct span small, const struct span *first,
                const struct span *last)
{
    const char *brief = pool_strndup(f->pool, small.s, small.len - is_plural(small));
    return f->fn(f->ctx, brief, tidy(f->pool, first->s, (size_t)(last->s + last->len - first->s)));
}

/* "medical laboratory technician (MLT)" */
static int long_first(const struct finding *f, const char *s, size_t open, struct span inside)
{
    struct fit fit = {0};
    struct span text = before(s, open);
    size_t first = 0;
    fit.nletter = letters_of(inside, fit.letter);
    fit.nword = fit.nletter ? words_of(text.s, text.len, fit.word) : 0;
    if (!fit.nword || is_small(fit.word[fit.nword - 1]) ||
        !stands_for(&fit, fit.nletter, fit.nword, &first))
        return 0;
    return give(f, inside, &fit.word[first], &fit.word[fit.nword - 1]);
}

/* "MLT (medical laboratory technician)" */
static int short_first(const struct finding *f, const char *s, size_t open, struct span inside)
{
    struct fit fit = {0};
    size_t end = open, first = 0;
    while (end && strchr(" *_", s[end - 1]))
        end--;
    size_t start = end;
    while (start && is_word(s[start - 1]) && end - start <= SHORT_MAX)
        start--;
    struct span brief = {s + start, end - start};
    fit.nletter = letters_of(brief, fit.letter);
    fit.nword = fit.nletter ? words_of(inside.s, inside.len, fit.word) : 0;
    if (fit.nword < 2 || !stands_for(&fit, fit.nletter, fit.nword, &first) || first)
        return 0;
    return give(f, brief, &fit.word[0], &fit.word[fit.nword - 1]);
}

int abbreviations_find(struct pool *pool, const char *s, size_t len, abbreviation_fn *fn, void *ctx)
{
    const struct finding f = {pool, fn, ctx};
    int r = 0;
    for (const char *p = s; !r && (p = memchr(p, '(', len - (size_t)(p - s)));) {
        size_t open = (size_t)(p++ - s), n = 0;
        while (open + 1 + n < len && n <= LONG_MAX && !strchr("()[]\n", p[n]))
            n++;
        if (open + 1 + n == len || p[n] != ')')
            continue;
        r = long_first(&f, s, open, (struct span){p, n});
        if (!r)
            r = short_first(&f, s, open, (struct span){p, n});
    }
    return r;
}
