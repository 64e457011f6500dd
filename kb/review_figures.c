/* review_figures.c: two sentences that give different figures for what seems to be one thing: the salary here and the salary
 * there, two years in the guide and three in the FAQ.
 *
 * A figure is an amount of money, a percentage or a length of time. A sentence's subject is its words of content, figures
 * left out, and those of its question or heading when it has few of its own ("About two years."). Two sentences speak of one thing
 * when most of the weight of their subjects (idf) is common, and when not each of them has a word of its own that is
 * about as rare as the rarest they share: "associate" here and "bachelor" there are two subjects, however much else agrees.
 * They do not contradict each other when they share a figure, speak of different years, or measure differently
 * (average and median, at least and at most). Titles and questions are asked for such rare words, too: in a
 * shelf of guides made after one pattern, they are all that tells subjects apart. And what many sentences say, each with another
 * figure, is such a pattern. What remains is worth a person's look; much that contradicts in other words
 * is missed. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kb/review.h"

#define ALIKE   0.6  /* of the subjects' weight must be common */
#define OWN     0.5  /* as rare as the rarest common word, on both sides: two subjects */
#define AS_RARE 0.75 /* the same for words of the question and the title around them */
#define MAX_ALIKE                                                                                  \
    3 /* a sentence with more that are like it follows a pattern, and contradicts none of them */
#define FEW_WORDS  3 /* of a sentence: then its heading belongs to its subject */
#define MAX_VALUES 8 /* of one kind in a sentence */
#define MAX_TERMS  48
#define MAX_BUCKET 400 /* sentences with one word that are compared */

enum kind { MONEY, PERCENT, TIME, KINDS };

struct terms {
    uint32_t term[MAX_TERMS]; /* ascending, each once */
    size_t n;
};

struct sentence {
    uint32_t passage;
    size_t start, len; /* of the passage's text */
    double value[KINDS][MAX_VALUES];
    size_t nvalue[KINDS];
    struct terms subject, around; /* around: and its entry's question, and its title */
    size_t nalike;                /* others of the same subject with other figures */
    bool row;                     /* of a table: its label says less than a sentence */
    bool told;                    /* it has been reported */
    int year[4];
    size_t nyear;
    unsigned measures; /* bits of the words in measure[] */
};

static const char *const measure[] = {
    "average", "mean",  "median", "minimum", "maximum", "least", "most",      "lowest",
    "highest", "start", "entry",  "top",     "bottom",  "up to", "more than", "less than",
    "under",   "over",  "hour",   "month",   "week",    NULL};

/* ---- reading a sentence --------------------------------------------------------------------------------- */

static void add_value(struct sentence *s, enum kind kind, double v)
{
    if (s->nvalue[kind] < MAX_VALUES)
        s->value[kind][s->nvalue[kind]++] = v;
}

/* "57,380.50" -> 57380.5; how many bytes it takes. */
static size_t read_number(const char *s, double *ret)
{
    char digits[32];
    size_t n = 0, i = 0;
    for (; n + 1 < sizeof digits &&
           (isdigit((unsigned char)s[i]) ||
            ((s[i] == ',' || s[i] == '.') && isdigit((unsigned char)s[i + 1])));
         i++)
        if (s[i] != ',')
            digits[n++] = s[i];
    digits[n] = '\0';
    *ret = strtod(digits, NULL);
    return i;
}

/* A number in figures or in a word; 0: there is none here. */
static size_t read_count(const char *s, double *ret)
{
    static const char *const words[] = {"one",   "two",   "three", "four", "five",   "six",
                                        "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
    if (isdigit((unsigned char)*s))
        return read_number(s, ret);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if (!strncasecmp(s, words[i], len) && !isalpha((unsigned char)s[len])) {
            *ret = (double)i + 1;
            return len;
        }
    }
    return 0;
}

/* In days, by the unit behind a number ("-year", " months"); 0: there is none. */
static double days_of(const char *s)
{
    static const struct {
        const char *unit;
        double days;
    } units[] = {{"year", 365}, {"month", 365.0 / 12}, {"week", 7},
                 {"day", 1},    {"hour", 1.0 / 24},    {"minute", 1.0 / 1440}};
    s += *s == ' ' || *s == '-';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strncasecmp(s, units[i].unit, strlen(units[i].unit)))
            return units[i].days;
    return 0;
}

/* "two to four years": how far it is to the second number; 0: there is no range. */
static size_t range(const char *s)
{
    static const char *const links[] = {" to ", "-to-", " or ", "\xE2\x80\x93", "-"};
    double v;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (!strncasecmp(s, links[i], strlen(links[i])) && read_count(s + strlen(links[i]), &v))
            return strlen(links[i]);
    return 0;
}

static size_t money_sign(const char *s)
{
    static const char *const signs[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "EUR ", "USD ", "GBP "};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strncmp(s, signs[i], strlen(signs[i])))
            return strlen(signs[i]);
    return 0;
}

static bool says(const char *s, const char *word)
{
    s += *s == ' ';
    return !strncasecmp(s, word, strlen(word));
}

static double times(const char *s)
{
    return says(s, "million") ? 1e6 : says(s, "billion") ? 1e9 : (*s == 'k' || *s == 'K') ? 1e3 : 1;
}

/* One number at `s`, which begins a word; bytes taken. */
static size_t read_figure(struct sentence *out, const char *s, bool money)
{
    double v = 0, w = 0;
    size_t n = read_count(s, &v), far, more = 0;
    if (!n)
        return 0;
    if ((far = range(s + n)))
        more = far + read_count(s + n + far, &w);
    const char *behind = s + n + more;
    double days = days_of(behind);
    if (money || says(behind, "dollar") || says(behind, "euro")) {
        add_value(out, MONEY, v * times(s + n));
        return n; /* a range's other end has its own sign, or none that can be trusted */
    }
    if (*behind == '%' || says(behind, "percent") || says(behind, "per cent")) {
        add_value(out, PERCENT, v);
        if (far)
            add_value(out, PERCENT, w);
    } else if (days > 0 && v < 1000) {
        add_value(out, TIME, v * days);
        if (far)
            add_value(out, TIME, w * days);
    } else if (n == 4 && isdigit((unsigned char)*s) && v >= 1900 && v < 2100 && out->nyear < 4) {
        out->year[out->nyear++] = (int)v;
    }
    return n + more;
}

static void read_figures(struct sentence *out, const char *s)
{
    bool fresh = true; /* a word may begin here */
    while (*s) {
        size_t sign = money_sign(s), n = 0;
        if (sign || fresh)
            n = read_figure(out, s + sign, sign > 0);
        s += sign + n;
        if (!sign && !n) {
            fresh = !isalnum((unsigned char)*s) && (unsigned char)*s < 0x80;
            s++;
        } else {
            fresh = false;
        }
    }
}

struct subject {
    struct review *rv;
    struct terms *out;
    const char *text, *lang;
};

static bool is_unit(const char *word)
{
    static const char *const units[] = {"year",   "month",   "week",   "day", "hour",
                                        "minute", "percent", "dollar", "euro"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strncmp(word, units[i], strlen(units[i])))
            return true;
    return false;
}

static int take_subject(void *ctx, const char *token, size_t len, size_t start, size_t end,
                        bool colocated)
{
    struct subject *s = ctx;
    size_t n = 0;
    double v;
    if (colocated || s->out->n == MAX_TERMS)
        return 0;
    const char *word = text_fold(s->rv->pool, s->text + start, end - start, &n);
    if (stopword(s->lang, word, n) || lightword(s->lang, word) || read_count(word, &v) ||
        is_unit(word))
        return 0;
    s->out->term[s->out->n++] = review_term(s->rv, token, len);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int add_terms(struct review *rv, const struct review_passage *p, const char *text,
                     struct terms *out)
{
    struct subject s = {.rv = rv, .out = out, .lang = *p->lang ? p->lang : "en"};
    s.text = pool_printf(rv->pool, "%c%s %s", TOKENIZER_MARK, p->lang, text);
    int r = tokenizer_run(rv->kb->tokenizer, s.text, strlen(s.text), take_subject, &s);
    if (out->n)
        qsort(out->term, out->n, sizeof *out->term, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (!kept || out->term[kept - 1] != out->term[i])
            out->term[kept++] = out->term[i];
    out->n = kept;
    return r < 0 ? r : 0;
}

static int read_subject(struct review *rv, const struct review_passage *p, const char *text,
                        struct sentence *out)
{
    const char *question = pool_strndup(rv->pool, p->question, strcspn(p->question, "\n"));
    int r = add_terms(rv, p, text, &out->subject);
    if (!r && out->subject.n < FEW_WORDS)
        r = add_terms(rv, p, *question ? question : p->heading, &out->subject);
    out->around = out->subject;
    if (!r)
        r = add_terms(rv, p, pool_printf(rv->pool, "%s\n%s", question, p->title), &out->around);
    for (size_t i = 0; measure[i]; i++)
        out->measures |= strcasestr(text, measure[i]) ? 1u << i : 0;
    return r;
}

/* ---- comparing two --------------------------------------------------------------------------------------- */

/* The kind of figure in which they differ and agree in nothing; KINDS: none. */
static enum kind differ(const struct sentence *a, const struct sentence *b)
{
    for (enum kind k = 0; k < KINDS; k++) {
        bool shared = !a->nvalue[k] || !b->nvalue[k];
        for (size_t i = 0; i < a->nvalue[k] && !shared; i++)
            for (size_t j = 0; j < b->nvalue[k] && !shared; j++)
                shared = fabs(a->value[k][i] - b->value[k][j]) <= 1e-9 * a->value[k][i];
        if (!shared)
            return k;
    }
    return KINDS;
}

static bool other_years(const struct sentence *a, const struct sentence *b)
{
    for (size_t i = 0; i < a->nyear; i++)
        for (size_t j = 0; j < b->nyear; j++)
            if (a->year[i] == b->year[j])
                return false;
    return a->nyear && b->nyear;
}

/* What two sets of terms have in common, and what each has alone. */
struct overlap {
    double common, all; /* idf */
    double rarest, rare_a,
        rare_b; /* the largest idf: of a common one, and of those that one has alone */
    size_t n, only_a, only_b; /* how many are common, and how many are not */
};

static struct overlap overlap(const struct review *rv, const struct terms *a, const struct terms *b)
{
    struct overlap o = {0};
    for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
        uint32_t x = i < a->n ? a->term[i] : UINT32_MAX, y = j < b->n ? b->term[j] : UINT32_MAX;
        double idf = review_idf(rv, x < y ? x : y);
        o.all += idf;
        o.n += x == y;
        o.only_a += x < y;
        o.only_b += x > y;
        o.common += x == y ? idf : 0;
        double *rare = x == y ? &o.rarest : x < y ? &o.rare_a : &o.rare_b;
        *rare = fmax(*rare, idf);
        i += x <= y;
        j += y <= x;
    }
    return o;
}

/* As far as the sentences go, they speak of one thing and say different figures. */
static bool may_contradict(const struct review *rv, const struct sentence *a,
                           const struct sentence *b)
{
    if (differ(a, b) == KINDS || a->passage == b->passage || a->measures != b->measures ||
        !review_meet(&rv->p[a->passage], &rv->p[b->passage]) || other_years(a, b))
        return false;
    struct overlap o = overlap(rv, &a->subject, &b->subject);
    return o.n > 1 && o.common >= ALIKE * o.all;
}

/* One word exchanged for another ("for dentists", "for nurses"), a table's row in another guide, or rare words on both sides
 * where they stand: two subjects. */
static bool apart(const struct review *rv, const struct sentence *a, const struct sentence *b)
{
    struct overlap subject = overlap(rv, &a->subject, &b->subject);
    struct overlap around = overlap(rv, &a->around, &b->around);
    bool exchanged = subject.n > 2 && subject.only_a == 1 && subject.only_b == 1;
    bool rows = (a->row || b->row) && strcmp(rv->p[a->passage].title, rv->p[b->passage].title) != 0;
    return exchanged || rows || fmin(subject.rare_a, subject.rare_b) >= OWN * subject.rarest ||
           fmin(around.rare_a, around.rare_b) >= AS_RARE * subject.rarest;
}

static void report(struct review *rv, const struct sentence *a, const struct sentence *b,
                   enum kind kind)
{
    static const char *const what[] = {"amounts", "percentages", "times"};
    const struct review_passage *p = &rv->p[a->passage], *o = &rv->p[b->passage];
    const char *here = kb_plain(rv->pool, p->text + a->start, a->len);
    const char *there = kb_plain(rv->pool, o->text + b->start, b->len);
    review_add(rv, p,
               "different %s for what seems to be the same: \"%.200s\" and, in %s:%zu, \"%.200s\"",
               what[kind], here, o->file, o->line, there);
    kb_report_remedy(rv->report, "figures",
                     "if both speak of one thing, correct one; if not, say in each of what");
}

/* ---- finding pairs ------------------------------------------------------------------------------------------ */

struct bucket { /* of one term: sentences, ascending */
    uint32_t *at;
    size_t n, cap;
};
struct pair {
    uint32_t a, b;
};
struct pairs {
    struct pair *pair;
    size_t n, cap;
};

static void add_pair(struct review *rv, struct sentence *s, size_t a, size_t b, struct pairs *all)
{
    if (!may_contradict(rv, &s[a], &s[b]))
        return;
    s[a].nalike++;
    s[b].nalike++;
    *POOL_PUSH(rv->pool, all->pair, all->n, all->cap) = (struct pair){(uint32_t)a, (uint32_t)b};
}

/* Only sentences that share a word can speak of one thing, and it is not a word that all of them have. */
static void find_pairs(struct review *rv, struct sentence *s, size_t n, struct pairs *ret)
{
    struct bucket *bucket = pool_array(rv->pool, rv->nterm, sizeof *bucket);
    uint32_t *seen = pool_array(rv->pool, n, sizeof *seen); /* met for sentence i - 1 */
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < s[i].subject.n; k++) {
            const struct bucket *b = &bucket[s[i].subject.term[k]];
            for (size_t m = 0; m < b->n; m++)
                if (seen[b->at[m]] != i + 1) {
                    seen[b->at[m]] = (uint32_t)i + 1;
                    add_pair(rv, s, i, b->at[m], ret);
                }
        }
        for (size_t k = 0; k < s[i].subject.n; k++) {
            struct bucket *b = &bucket[s[i].subject.term[k]];
            if (b->n < MAX_BUCKET)
                *POOL_PUSH(rv->pool, b->at, b->n, b->cap) = (uint32_t)i;
        }
    }
}

/* One report for a sentence: another would say the same. */
static void report_pairs(struct review *rv, struct sentence *s, const struct pairs *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct sentence *a = &s[all->pair[i].a], *b = &s[all->pair[i].b];
        enum kind kind = differ(a, b);
        if (kind == KINDS || a->told || a->nalike > MAX_ALIKE || b->nalike > MAX_ALIKE ||
            apart(rv, a, b))
            continue;
        a->told = true;
        report(rv, a, b, kind);
    }
}

int review_figures(struct review *rv)
{
    struct sentence *all = NULL;
    size_t n = 0, cap = 0;
    int r = 0;
    for (size_t i = 0; i < rv->n && !r; i++) {
        const struct review_passage *p = &rv->p[i];
        size_t len = strlen(p->text);
        for (size_t k = 0; k < p->nunit && !r && !review_expired(rv, p); k++) {
            size_t start = p->unit[k].start - p->start, end = p->unit[k].end - p->start;
            struct sentence s = {.passage = (uint32_t)i,
                                 .start = start,
                                 .len = end - start,
                                 .row = p->unit[k].kind == BLOCK_ROW};
            if (p->unit[k].start < p->start || start > end || end > len)
                continue;
            const char *text = pool_strndup(rv->pool, p->text + start, end - start);
            read_figures(&s, text);
            if (!s.nvalue[MONEY] && !s.nvalue[PERCENT] && !s.nvalue[TIME])
                continue;
            r = read_subject(rv, p, text, &s);
            *POOL_PUSH(rv->pool, all, n, cap) = s;
        }
    }
    struct pairs pairs = {0};
    if (!r && n) {
        find_pairs(rv, all, n, &pairs);
        report_pairs(rv, all, &pairs);
    }
    return r;
}
