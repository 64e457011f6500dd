/* slip.c: what it costs to read one word as another.
 *
 * Damerau-Levenshtein: letters too many, too few, wrong, and neighbours that changed places. But not all slips are equally
 * likely, so they do not cost the same. A finger hits the key beside; a vowel is taken for another; a doubled letter is
 * written once; and many people write what they hear ("fone", "nashun"). The costs are tenths of a plain slip, by hand,
 * and compared with what spelling errors are known to be like: most are one slip, few are in the first letter.
 *
 * One row of the usual matrix is kept for each letter of the word that is tried. Words are tried by walking along
 * whatever holds many of them, so two that begin alike share the rows of their beginning, and a beginning that is
 * already too far off takes all its words away with it. Of a row only what can be within the limit is worked out (Ukkonen,
 * 1985): a small slip leaves two or three places of it. And where many words go on from one beginning, the rows so far say by
 * which letters one of them could: with little left to spend these are the ones that were typed and a few that are like them. */
#include "kb/slip.h"

#include <pthread.h>
#include <string.h>

#define ADDED        10 /* a letter too many or too few */
#define ADDED_DOUBLE 5  /* the one before once more */
#define ADDED_VOWEL  8
#define WRONG        12
#define WRONG_KEY    9 /* the key beside */
#define WRONG_VOWEL  7
#define WRONG_SOUND  7 /* consonants that sound alike */
#define SWAPPED      8
#define SPELT        6 /* letters that sound alike together */
#define FIRST        6 /* more, for a slip in the first letter */
#define FAR          200

#define BAND 3 /* letters by which the two may be out of step */

/* Keys beside each other on QWERTY; what differs on others is rare enough. */
static const char *const beside[26] = {
    "qwsz",   "vghn",  "xdfv", "erfcxs", "rdsw", "rtgvcd", "tyhbvf", "yujnbg", "uokj",
    "uikmnh", "iolmj", "opk",  "njk",    "bhjm", "ipkl",   "ol",     "wa",     "etdf",
    "wedxza", "ryfg",  "yihj", "cfgb",   "qeas", "zsdc",   "tugh",   "asx"};

static const char *const sound_alike[] = {"ckq", "csz", "sx", "gj", "fv", "dt", "bp", "mn", "vw"};

/* Up to two letters that are written for up to two others, in both directions. */
static const char *const spelt[][2] = {
    {"f", "ph"},  {"f", "gh"},  {"k", "ck"},  {"k", "ch"},  {"c", "ck"},  {"u", "oo"},
    {"x", "ks"},  {"x", "cs"},  {"sh", "ti"}, {"sh", "ci"}, {"si", "ti"}, {"ci", "ti"},
    {"s", "sc"},  {"y", "ie"},  {"ee", "ea"}, {"ee", "ie"}, {"er", "re"}, {"or", "er"},
    {"ar", "er"}, {"el", "le"}, {"al", "le"}, {"ai", "ay"}, {"ou", "ow"}, {"w", "wh"},
    {"n", "kn"},  {"r", "wr"},  {"s", "ps"},  {"au", "o"},  {"o", "ow"},  {"qu", "kw"},
    {"ei", "ay"}, {"ea", "e"},  {"ie", "e"},  {"ei", "e"},  {"ou", "u"},  {"ue", "oo"},
};

/* The lists above by letter, made once. */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;
#define LETTERS 27 /* and all that is none */
static uint8_t wrong_letter[LETTERS][LETTERS];
static uint32_t alike[26]; /* sets: the letter, vowels for a vowel, what sounds like it */
static uint32_t keys[26];  /* the same and the keys beside */
static uint32_t vowels;    /* with "h": what is cheap to add */
static struct spelling {
    const char *from, *to;
} spelling[26][2 * sizeof spelt / sizeof *spelt]; /* by the last letter of `from` */
static size_t nspelling[26];

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_vowel(char c)
{
    return is_letter(c) && ((1u << ('a' - 'a') | 1u << ('e' - 'a') | 1u << ('i' - 'a') |
                             1u << ('o' - 'a') | 1u << ('u' - 'a') | 1u << ('y' - 'a')) >>
                                (c - 'a') &
                            1);
}

static unsigned look_up(char a, char b)
{
    if (is_vowel(a) && is_vowel(b))
        return WRONG_VOWEL;
    for (size_t i = 0; i < sizeof sound_alike / sizeof *sound_alike; i++)
        if (strchr(sound_alike[i], a) && strchr(sound_alike[i], b))
            return WRONG_SOUND;
    return strchr(beside[a - 'a'], b) ? WRONG_KEY : WRONG;
}

static void note_letters(char a, char b)
{
    unsigned cost = look_up(a, b);
    wrong_letter[a - 'a'][b - 'a'] = (uint8_t)cost;
    alike[a - 'a'] |= a == b || cost <= WRONG_SOUND ? slip_bit(b) : 0;
    keys[a - 'a'] |= a == b || cost <= WRONG_KEY ? slip_bit(b) : 0;
}

static void note_spelling(const char *from, const char *to)
{
    int last = from[strlen(from) - 1] - 'a';
    spelling[last][nspelling[last]++] = (struct spelling){from, to};
}

static void make_tables(void)
{
    memset(wrong_letter, WRONG, sizeof wrong_letter);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    for (const char *a = letters; *a; a++) {
        vowels |= is_vowel(*a) || *a == 'h' ? slip_bit(*a) : 0;
        for (const char *b = letters; *b; b++)
            note_letters(*a, *b);
    }
    for (size_t p = 0; p < sizeof spelt / sizeof *spelt; p++) {
        note_spelling(spelt[p][0], spelt[p][1]);
        note_spelling(spelt[p][1], spelt[p][0]);
    }
}

static unsigned letter_of(char c)
{
    return is_letter(c) ? (unsigned)(c - 'a') : SLIP_OTHER;
}

static unsigned added(char letter, char before)
{
    if (letter == before)
        return ADDED_DOUBLE;
    return is_vowel(letter) || letter == 'h' ? ADDED_VOWEL : ADDED;
}

/* If the letters typed end in `from` behind the i-th, which is its last letter. */
static void add_sound(struct slip *s, size_t i, const char *from, const char *to)
{
    size_t n = from[1] ? 2 : 1;
    if (i < n || s->typed[i - n] != *from || s->nsound[i] == SLIP_SOUNDS)
        return;
    s->sound[i][s->nsound[i]++] = (struct slip_sound){(uint8_t)n, to[1] ? 2 : 1, {to[0], to[1]}};
    s->heard[i - n] |= slip_bit(to[0]);
    s->ends[i] |= slip_bit(to[to[1] ? 1 : 0]);
    if (to[1]) {
        s->pair[i - n] |= slip_bit(to[0]);
        s->pair_end[i - n] |= slip_bit(to[1]);
    }
}

/* What the letters typed may stand for. */
static void find_sounds(struct slip *s)
{
    memset(s->nsound, 0, sizeof s->nsound);
    memset(s->heard, 0, sizeof s->heard);
    memset(s->ends, 0, sizeof s->ends);
    memset(s->pair, 0, sizeof s->pair);
    memset(s->pair_end, 0, sizeof s->pair_end);
    for (size_t i = 1; i <= s->len; i++) {
        char last = s->typed[i - 1];
        size_t n = is_letter(last) ? nspelling[last - 'a'] : 0;
        for (size_t p = 0; p < n; p++)
            add_sound(s, i, spelling[last - 'a'][p].from, spelling[last - 'a'][p].to);
    }
}

/* The cheapest way by which typed[0, i) and word[0, k) end in letters that sound alike. */
static unsigned spelt_alike(const struct slip *s, size_t i, const char *word, size_t k)
{
    unsigned best = FAR;
    for (size_t r = 0; r < s->nsound[i]; r++) {
        const struct slip_sound *e = &s->sound[i][r];
        if (e->as[e->letters - 1] != word[k - 1] || k < e->letters ||
            word[k - e->letters] != e->as[0])
            continue;
        unsigned cost = s->row[k - e->letters][i - e->typed] + SPELT;
        best = cost < best ? cost : best;
    }
    return best;
}

/* With one more letter this one may be half of something cheap, though by itself it is too far off. */
static bool half(const struct slip *s, char letter, size_t k)
{
    for (size_t i = s->from[k - 1]; i <= s->to[k - 1]; i++) {
        unsigned last = s->row[k - 1][i];
        if ((last + SWAPPED <= s->max && i + 1 < s->len && s->typed[i + 1] == letter) ||
            (last + SPELT <= s->max && s->pair[i] & slip_bit(letter)))
            return true;
    }
    return false;
}

void slip_begin(struct slip *s, const char *typed, size_t len, unsigned max)
{
    pthread_once(&tables_once, make_tables);
    s->len = len < SLIP_LETTERS ? len : SLIP_LETTERS;
    s->max = max;
    memcpy(s->typed, typed, s->len);
    for (size_t i = 0; i < s->len; i++) {
        s->letter[i] = (uint8_t)letter_of(typed[i]);
        s->less[i] = (uint8_t)added(typed[i], i ? typed[i - 1] : 0);
    }
    find_sounds(s);
    unsigned cost = 0;
    s->from[0] = s->to[0] = 0;
    for (size_t i = 0; i <= s->len; i++) {
        s->row[0][i] = (uint8_t)(i <= BAND ? cost : FAR);
        if (s->row[0][i] <= max)
            s->to[0] = (uint8_t)i;
        cost += i ? ADDED : ADDED + FIRST;
    }
    s->least[0] = 0;
}

/* A row that is being worked out: the letter of the word, the one before it, and what it costs as one too many. */
struct column {
    const char *word;
    size_t k;
    char letter, before;
    unsigned number, more;
    uint32_t bit;
};

/* What row k has for the first `i` letters typed. */
static inline unsigned cell(const struct slip *s, size_t i, const struct column *c)
{
    char own = s->typed[i - 1];
    const uint8_t *last = s->row[c->k - 1];
    unsigned cost = last[i - 1];
    if (own == c->letter && cost <= SPELT)
        return cost;
    if (own != c->letter)
        cost += wrong_letter[s->letter[i - 1]][c->number] + (i == 1 && c->k == 1 ? FIRST : 0u);
    unsigned more = last[i] + c->more, less = s->row[c->k][i - 1] + (unsigned)s->less[i - 1];
    cost = more < cost ? more : cost;
    cost = less < cost ? less : cost;
    if (own == c->before && i > 1 && s->typed[i - 2] == c->letter && own != c->letter) {
        unsigned swap = s->row[c->k - 2][i - 2] + SWAPPED + (i == 2 && c->k == 2 ? FIRST / 2u : 0u);
        cost = swap < cost ? swap : cost;
    }
    if (cost > SPELT && s->ends[i] & c->bit) {
        unsigned sound = spelt_alike(s, i, c->word, c->k);
        cost = sound < cost ? sound : cost;
    }
    return cost < FAR ? cost : FAR;
}

/* Places of row k that can be within the limit by what stands in the rows before it. The rest can be only behind another of
 * the same row. */
static void reach(const struct slip *s, size_t k, size_t *ret_low, size_t *ret_high)
{
    size_t low = SLIP_LETTERS + 1, high = 0;
    for (size_t back = 1; back <= 2 && back <= k; back++) {
        size_t from = s->from[k - back], to = s->to[k - back];
        if (from > to)
            continue;
        low = from + back - 1 < low ? from + back - 1 : low;
        high = to + 2 > high ? to + 2 : high;
    }
    *ret_low = *ret_low > low ? *ret_low : low;
    *ret_high = *ret_high < high ? *ret_high : high;
}

static void note_within(struct slip *s, size_t k, size_t i)
{
    if (s->row[k][i] > s->max)
        return;
    if (s->from[k] > s->to[k])
        s->from[k] = (uint8_t)i;
    s->to[k] = (uint8_t)i;
}

/* Row k is far everywhere, and so are the places beside it that others may look at. */
static void begin_row(uint8_t *row, size_t low, size_t high, size_t len)
{
    enum { WIDTH = 2 * BAND + 3 };
    if (low - 1 + WIDTH <= SLIP_LETTERS + 1)
        memset(row + low - 1, FAR, WIDTH); /* of a size that is known: two instructions */
    else
        memset(row + low - 1, FAR, (high < len ? high + 1 : high) - (low - 1) + 1);
    row[0] = FAR;
}

bool slip_letter(struct slip *s, const char *word, size_t k)
{
    if (k > SLIP_LETTERS || k > s->len + BAND)
        return false;
    uint8_t *now = s->row[k];
    char before = k > 1 ? word[k - 2] : 0;
    const struct column c = {.word = word,
                             .k = k,
                             .letter = word[k - 1],
                             .before = before,
                             .number = letter_of(word[k - 1]),
                             .more = added(word[k - 1], before),
                             .bit = slip_bit(word[k - 1])};
    size_t low = k > BAND ? k - BAND : 1, high = k + BAND < s->len ? k + BAND : s->len;
    size_t first = low, last = high;
    unsigned least = FAR;
    s->from[k] = 1;
    s->to[k] = 0;
    begin_row(now, low, high, s->len);
    reach(s, k, &first, &last);
    if (low == 1) {
        least = s->row[k - 1][0] + c.more + (k == 1 ? FIRST : 0u);
        now[0] = (uint8_t)least;
        note_within(s, k, 0);
        first = least <= s->max ? 1 : first;
    }
    for (size_t i = first; i <= high && (i <= last || now[i - 1] <= s->max); i++) {
        unsigned cost = cell(s, i, &c);
        now[i] = (uint8_t)cost;
        note_within(s, k, i);
        least = cost < least ? cost : least;
    }
    s->least[k] = (uint8_t)least;
    return least <= s->max || (s->least[k - 1] + SPELT <= (int)s->max && half(s, word[k - 1], k));
}

unsigned slip_cost(const struct slip *s, size_t k)
{
    return k <= SLIP_LETTERS && k <= s->len + BAND && k + BAND >= s->len ? s->row[k][s->len] : FAR;
}

/* ---- where words branch ------------------------------------------------------------------------------- */

/* What may follow where `i` letters typed have been read for `left` less than the limit: one of those typed, one that was
 * taken for another, one that is too many, or half of what sounds or changed places. `first`: it begins the word. */
static uint32_t from_here(const struct slip *s, size_t i, unsigned left, unsigned first)
{
    uint32_t set = left >= ADDED_VOWEL + first ? vowels : 0;
    if (i < s->len) {
        char own = s->typed[i];
        unsigned more = i ? 0 : first;
        set |= slip_bit(own);
        if (left >= WRONG_SOUND + more && is_letter(own))
            set |= left >= WRONG_KEY + more ? keys[own - 'a'] : alike[own - 'a'];
    }
    if (left >= SPELT)
        set |= s->heard[i];
    if (left >= SWAPPED && i + 1 < s->len)
        set |= slip_bit(s->typed[i + 1]);
    return set;
}

/* The other half of what began with `letter`. */
static uint32_t from_half(const struct slip *s, size_t i, unsigned left, char letter)
{
    uint32_t set = 0;
    if (left >= SWAPPED && i + 1 < s->len && s->typed[i + 1] == letter)
        set |= slip_bit(s->typed[i]);
    if (left >= SPELT && s->pair[i] & slip_bit(letter))
        set |= s->pair_end[i];
    return set;
}

uint32_t slip_next(const struct slip *s, const char *word, size_t k)
{
    uint32_t set = 0;
    unsigned first = k ? 0 : FIRST;
    if (k >= SLIP_LETTERS || k >= s->len + BAND)
        return 0;
    for (size_t i = s->from[k]; i <= s->to[k]; i++) {
        if (s->row[k][i] > s->max)
            continue;
        unsigned left = s->max - s->row[k][i];
        if (left >= ADDED + first)
            return UINT32_MAX;
        set |= from_here(s, i, left, first);
        if (k && left >= ADDED_DOUBLE)
            set |= slip_bit(word[k - 1]);
    }
    for (size_t i = k ? s->from[k - 1] : 1; k && i <= s->to[k - 1]; i++)
        if (s->row[k - 1][i] + (unsigned)SPELT <= s->max)
            set |= from_half(s, i, s->max - s->row[k - 1][i], word[k - 1]);
    return set;
}
