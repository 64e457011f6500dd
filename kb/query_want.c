/* query_want.c: what kind of thing would be an answer, told from how it is asked.
 *
 * A table of fixed phrases, and no more: "how much" wants an amount, "which states" an enumeration. It is a
 * hint for ranking and for choosing sentences, never a condition, so a wrong guess costs a place and not
 * the answer. */
#include "kb/kb_int.h"

#include <pthread.h>
#include <string.h>

/* Words in a row, folded; '^' in front: only at the start of the message. The first that fits wins, so
 * the particular stands above the general. */
static const struct {
    char words[16];
    enum query_want want;
} wants[] = {
    {"difference", WANT_DIFFERENCE},
    {"differences", WANT_DIFFERENCE},
    {"differ", WANT_DIFFERENCE},
    {"vs", WANT_DIFFERENCE},
    {"versus", WANT_DIFFERENCE},
    {"compared to", WANT_DIFFERENCE},
    {"same as", WANT_DIFFERENCE},
    {"how long", WANT_DURATION},
    {"how many years", WANT_DURATION},
    {"how many months", WANT_DURATION},
    {"how many weeks", WANT_DURATION},
    {"duration", WANT_DURATION},
    {"length", WANT_DURATION},
    {"dollars", WANT_MONEY},
    {"bucks", WANT_MONEY},
    {"how many", WANT_NUMBER},
    {"how old", WANT_NUMBER},
    {"how fast", WANT_NUMBER},
    {"how high", WANT_NUMBER},
    {"how tall", WANT_NUMBER},
    {"how heavy", WANT_NUMBER},
    {"how far", WANT_NUMBER},
    {"how big", WANT_NUMBER},
    {"how large", WANT_NUMBER},
    {"what age", WANT_NUMBER},
    {"age limit", WANT_NUMBER},
    {"what percent", WANT_NUMBER},
    {"what percentage", WANT_NUMBER},
    {"percentage", WANT_NUMBER},
    {"factor", WANT_LIST}, /* what moves an amount is asked for, and not the amount */
    {"factors", WANT_LIST},
    {"affect", WANT_REASON},
    {"affects", WANT_REASON},
    {"influence", WANT_REASON},
    {"influences", WANT_REASON},
    {"determine", WANT_REASON},
    {"determines", WANT_REASON},
    {"depend on", WANT_REASON},
    {"depends on", WANT_REASON},
    {"salary", WANT_MONEY},
    {"salaries", WANT_MONEY},
    {"wage", WANT_MONEY},
    {"wages", WANT_MONEY},
    {"how much", WANT_MONEY},
    {"cost", WANT_MONEY},
    {"costs", WANT_MONEY},
    {"price", WANT_MONEY},
    {"earn", WANT_MONEY},
    {"earnings", WANT_MONEY},
    {"paycheck", WANT_MONEY},
    {"income", WANT_MONEY},
    {"the pay", WANT_MONEY},
    {"average pay", WANT_MONEY},
    {"starting pay", WANT_MONEY},
    {"get paid", WANT_MONEY},
    {"tuition", WANT_MONEY},
    {"fee", WANT_MONEY},
    {"fees", WANT_MONEY},
    {"how do i", WANT_STEPS},
    {"how can i", WANT_STEPS},
    {"how to", WANT_STEPS},
    {"how do you", WANT_STEPS},
    {"how does one", WANT_STEPS},
    {"how should i", WANT_STEPS},
    {"steps", WANT_STEPS},
    {"which states", WANT_LIST},
    {"what are the", WANT_LIST},
    {"which", WANT_LIST},
    {"list", WANT_LIST},
    {"kinds of", WANT_LIST},
    {"types of", WANT_LIST},
    {"what time", WANT_TIME},
    {"what hours", WANT_TIME},
    {"which hours", WANT_TIME},
    {"work hours", WANT_TIME},
    {"working hours", WANT_TIME},
    {"when", WANT_DATE},
    {"deadline", WANT_DATE},
    {"where", WANT_PLACE},
    {"who", WANT_PERSON},
    {"whom", WANT_PERSON},
    {"why", WANT_REASON},
    {"how come", WANT_REASON},
    {"reason", WANT_REASON},
    {"what is", WANT_DEFINITION},
    {"whats", WANT_DEFINITION},
    {"what's", WANT_DEFINITION},
    {"what does", WANT_DEFINITION},
    {"stand for", WANT_DEFINITION},
    {"meaning of", WANT_DEFINITION},
    {"define", WANT_DEFINITION},
    {"^is", WANT_YESNO},
    {"^are", WANT_YESNO},
    {"^do", WANT_YESNO},
    {"^does", WANT_YESNO},
    {"^can", WANT_YESNO},
    {"^will", WANT_YESNO},
    {"^should", WANT_YESNO},
    {"^must", WANT_YESNO},
    {"^could", WANT_YESNO},
    {"^is there", WANT_YESNO},
};

static bool says(const char *const *word, size_t n, size_t at, const char *words)
{
    for (; at < n; at++, words++) {
        const char *w = word[at];
        while (*w && *w == *words)
            w++, words++;
        if (*w || (*words && *words != ' '))
            return false;
        if (!*words)
            return true;
    }
    return false;
}

#define PHRASES (sizeof wants / sizeof *wants)
#define DRAWERS 128

/* Phrases lie in drawers by the letters that they begin with, so that most words find none. A row plus one; 0: no more. */
static uint8_t top[DRAWERS], below[PHRASES];
static pthread_once_t drawers_once = PTHREAD_ONCE_INIT;
_Static_assert(PHRASES < UINT8_MAX, "rows are counted in bytes");

static unsigned drawer(const char *word)
{
    unsigned second = word[0] && word[1] > ' ' ? (unsigned char)word[1] : 0;
    return ((unsigned char)word[0] * 7u + second) % DRAWERS;
}

static void fill_drawers(void)
{
    for (size_t w = PHRASES; w--;) { /* so that they come out in their order */
        uint8_t *in = &top[drawer(wants[w].words + (wants[w].words[0] == '^'))];
        below[w] = *in;
        *in = (uint8_t)(w + 1);
    }
}

/* A plural, as far as can be told: "states", and not "does", "happens" or "less". */
static bool is_plural(const char *w)
{
    static const char *const other[] = {
        "affects", "becomes", "causes",  "comes",  "counts", "does",  "drives", "gets",
        "gives",   "goes",    "happens", "has",    "helps",  "keeps", "looks",  "makes",
        "matters", "means",   "needs",   "others", "pays",   "seems", "sets",   "sounds",
        "takes",   "was",     "works",   "whats",  NULL};
    size_t len = strlen(w);
    if (len < 4 || w[len - 1] != 's' || strchr("'isu", w[len - 2]))
        return false;
    for (const char *const *o = other; *o; o++)
        if (!strcmp(*o, w))
            return false;
    return true;
}

static bool has(const char *const *word, size_t n, const char *w)
{
    while (n && strcmp(word[n - 1], w) != 0)
        n--;
    return n > 0;
}

/* "What do bakers make?", and not "what do bakers make in the morning" or "what makes a good baker". */
static bool asks_pay(const char *const *word, size_t n)
{
    static const char *const behind[] = {"a", "an", "per", "annually", "yearly", "hourly", NULL};
    size_t i = 2;
    if (n < 4 || strcmp(word[0], "what") != 0 ||
        (strcmp(word[1], "do") != 0 && strcmp(word[1], "does") != 0))
        return false;
    while (i < n && strcmp(word[i], "make") != 0)
        i++;
    if (i + 1 >= n)
        return i < n;
    for (const char *const *b = behind; *b; b++)
        if (!strcmp(word[i + 1], *b))
            return true;
    return false;
}

/* What no fixed phrase says: "what skills" wants all of them, and "which is better, A or B" to know what makes them two. */
static enum query_want by_form(const char *const *word, size_t n, enum query_want want)
{
    if (want == WANT_ANY || want == WANT_DEFINITION)
        want = asks_pay(word, n) ? WANT_MONEY : want;
    bool open = want == WANT_ANY || want == WANT_LIST || want == WANT_YESNO;
    if (open && has(word, n, "or") && (has(word, n, "which") || has(word, n, "better")))
        return WANT_DIFFERENCE;
    for (size_t i = 0; want == WANT_ANY && i + 1 < n; i++)
        if (!strcmp(word[i], "what") && is_plural(word[i + 1]))
            return WANT_SEVERAL;
    return want;
}

static enum query_want by_phrase(const char *const *word, size_t n)
{
    size_t first = PHRASES;
    pthread_once(&drawers_once, fill_drawers);
    for (size_t i = 0; i < n; i++)
        for (size_t w = top[drawer(word[i])]; w && w - 1 < first; w = below[w - 1]) {
            const char *words = wants[w - 1].words;
            bool start = *words == '^';
            if ((!start || !i) && says(word, n, i, words + start))
                first = w - 1;
        }
    return first < PHRASES ? wants[first].want : WANT_ANY;
}

enum query_want query_want(const char *const *word, size_t n)
{
    return by_form(word, n, by_phrase(word, n));
}

const char *query_want_name(enum query_want want)
{
    static const char *const name[] = {
        [WANT_ANY] = "anything",          [WANT_MONEY] = "money",
        [WANT_DURATION] = "duration",     [WANT_DATE] = "date",
        [WANT_NUMBER] = "number",         [WANT_LIST] = "list",
        [WANT_PLACE] = "place",           [WANT_PERSON] = "person",
        [WANT_DEFINITION] = "definition", [WANT_STEPS] = "steps",
        [WANT_DIFFERENCE] = "difference", [WANT_REASON] = "reason",
        [WANT_YESNO] = "yes or no",       [WANT_TIME] = "time of day",
        [WANT_SEVERAL] = "several",
    };
    return name[want];
}
