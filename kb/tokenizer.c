/* tokenizer.c: text becomes words, the same way for passages, questions and spelling.
 *
 * A *piece* is a run of letters, digits and marks (tokenizer_piece.c).
 *
 * A *chain* is pieces joined by a hyphen, a dot or "&" without blanks. Its pieces are tokens,
 * and so is the compound, without the hyphen and at the place of the first piece: "follow-up"
 * gives follow, followup, up. So "follow-up", "followup" and "follow up" meet, and "A-level" (a,
 * alevel, level) can be told from "a level". Numbers do not compound: 3-5 is not 35. A chain of
 * single letters and pairs with dots is an abbreviation and only that: "Ph.D." -> phd, "U.S.A."
 * -> usa.
 *
 * Some acronyms are spelt like stop words. "U.S.", and "US" in a text that is not all capitals,
 * give us and, at the same place, "us.": a token that no pronoun can be mistaken for; so do AS,
 * ID, IT and WHO. Names that end or begin in marks keep them: "C++" and "C#" are nothing but c++
 * and c#; "Network+" and ".NET" also give the word.
 *
 * Any bytes will do: what is not UTF-8 separates. Time is linear in the text; a chain is at most
 * PARTS pieces, a word STEM_RAW bytes, a token STEM_MAX. */
#include "kb/tokenizer_int.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define PARTS        8 /* pieces of a chain; a longer one goes on as another chain */
#define DEFAULT_LANG "en"

struct tokenizer {
    struct stem *stem;
};

/* ---- tokens ---------------------------------------------------------------------------------- */

static inline void note_place(struct text_word *w, size_t start, size_t end, bool colocated)
{
    w->start = (uint32_t)start;
    w->len = (uint32_t)(end - start) & 0x3fffffff;
    w->other = colocated;
}

/* Where the next known word stands. */
static inline void place_word(struct tokenizer_scan *x, size_t start, size_t end, bool colocated)
{
    if (x->n < x->cap) {
        note_place(&x->word[x->n], start, end, colocated);
        x->word[x->n].stop &= !colocated;
    }
    x->n++;
}

static void add_word(struct tokenizer_scan *x, uint64_t hash, bool stop, size_t start, size_t end,
                     bool colocated)
{
    struct text_word *w = POOL_PUSH(x->pool, x->word, x->n, x->cap);
    w->hash = hash;
    w->stop = stop;
    note_place(w, start, end, colocated);
}

/* To whoever listens. */
static int tell(struct tokenizer_scan *x, const char *token, size_t len, size_t start, size_t end,
                bool colocated)
{
    if (x->fn)
        return x->fn(x->ctx, token, len, start, end, colocated);
    if (x->known)
        place_word(x, start, end, colocated);
    else
        add_word(x, word_hash(token, len), !colocated && stopword(x->lang, token, len), start, end,
                 colocated);
    return 0;
}

static int emit(struct tokenizer_scan *x, const char *token, size_t len,
                const struct tokenizer_piece *first, const struct tokenizer_piece *last,
                bool colocated)
{
    if (!len)
        return 0;
    colocated = colocated && x->placed;
    x->placed = true;
    return tell(x, token, len, first->start, last->end, colocated);
}

/* Words of letters are stemmed, what has digits or signs is only folded. */
static size_t make_token(const struct tokenizer_scan *x, const char *raw, size_t len, bool plain,
                         char *out)
{
    if (x->known && len && (unsigned char)*raw < 0x80)
        return 1; /* nobody reads it, but for its not being empty */
    return plain ? stem_word(x->t->stem, x->language, raw, len, out) : stem_fold(raw, len, out);
}

/* "us." beside "us", when the word is one of the few acronyms that English spells like a stop
 * word. Other stop words in capitals are only being shouted. */
static int emit_acronym(struct tokenizer_scan *x, const char *raw, size_t len,
                        const struct tokenizer_piece *first, const struct tokenizer_piece *last)
{
    static const char *const acronym[] = {"as", "id", "it", "us", "who"};
    char token[STEM_MAX + 1];
    size_t n = stem_fold(raw, len, token);
    bool known = false;
    for (size_t i = 0; i < sizeof acronym / sizeof *acronym; i++)
        known = known || (strlen(acronym[i]) == n && !memcmp(acronym[i], token, n));
    if (!known || !x->english)
        return 0;
    token[n++] = '.';
    return emit(x, token, n, first, last, true);
}

static int emit_marked(struct tokenizer_scan *x, const struct tokenizer_piece *p)
{
    char token[STEM_MAX + 8];
    size_t n = 0, tail = strlen(p->mark);
    if (p->dotted)
        token[n++] = '.';
    n += stem_fold(p->raw, p->len, token + n);
    memcpy(token + n, p->mark, tail);
    return n + tail > STEM_MAX ? 0 : emit(x, token, n + tail, p, p, p->letters > 1);
}

static int emit_piece(struct tokenizer_scan *x, const struct tokenizer_piece *p)
{
    char token[STEM_MAX];
    int r = 0;
    if (!p->mark[0] || p->letters > 1)
        r = emit(x, token, make_token(x, p->raw, p->len, !p->digits, token), p, p, false);
    if (!r && (p->mark[0] || p->dotted))
        r = emit_marked(x, p);
    if (!r && p->capitals && x->capitals_count && p->letters > 1 && !p->digits)
        r = emit_acronym(x, p->raw, p->len, p, p);
    return r;
}

/* ---- chains ---------------------------------------------------------------------------------- */

struct chain {
    struct tokenizer_piece part[PARTS];
    char join[PARTS]; /* '-', '.' or '&' behind the part; 0 behind the last */
    size_t n;
};

static bool is_hyphen(int32_t c)
{
    return c == '-' || c == 0x2010 || c == 0x2011;
}

/* What joins `p` to the word character behind it, and its length; 0 for nothing. */
static char joint(const struct tokenizer_scan *x, const struct tokenizer_piece *p, size_t *ret_n)
{
    int32_t c;
    if (p->solo || p->mark[0])
        return 0;
    tokenizer_piece_peek(x, p->end, ret_n, &c);
    enum kind next = tokenizer_piece_kind(x, p->end + *ret_n);
    if (next != LETTER && next != DIGIT)
        return 0;
    if (is_hyphen(c)) {
        enum kind before =
            p->len && p->raw[p->len - 1] >= '0' && p->raw[p->len - 1] <= '9' ? DIGIT : LETTER;
        return before == DIGIT && next == DIGIT ? 0 : '-';
    }
    if ((c == '.' || c == '&') && next == LETTER && !p->digits)
        return (char)c;
    return 0;
}

static void read_chain(const struct tokenizer_scan *x, size_t pos, struct chain *c)
{
    size_t n = 0;
    c->n = 0;
    do {
        tokenizer_piece_read(x, pos, &c->part[c->n]);
        c->join[c->n] = joint(x, &c->part[c->n], &n);
        pos = c->part[c->n].end + n;
    } while (c->join[c->n++] && c->n < PARTS);
}

/* The parts as one string, hyphens and dots left out. 0 when it is too long to be a token. */
static size_t join(const struct chain *c, char *raw, bool *ret_plain)
{
    size_t len = 0;
    *ret_plain = true;
    for (size_t i = 0; i < c->n; i++) {
        const struct tokenizer_piece *p = &c->part[i];
        bool sign = i + 1 < c->n && c->join[i] == '&';
        if (p->full || p->len + 1 > STEM_MAX - len)
            return 0;
        memcpy(raw + len, p->raw, p->len);
        len += p->len;
        if (sign)
            raw[len++] = '&';
        *ret_plain = *ret_plain && !p->digits && !sign;
    }
    return len;
}

/* Single letters and pairs, with dots between. */
static bool is_abbreviation(const struct chain *c)
{
    bool single = false;
    for (size_t i = 0; i < c->n; i++) {
        const struct tokenizer_piece *p = &c->part[i];
        if (p->letters > 2 || p->digits || p->mark[0] || (i + 1 < c->n && c->join[i] != '.'))
            return false;
        single = single || p->letters == 1;
    }
    return single && c->n > 1;
}

static int emit_chain(struct tokenizer_scan *x, const struct chain *c)
{
    char raw[STEM_MAX], token[STEM_MAX];
    bool plain;
    size_t len = c->n > 1 ? join(c, raw, &plain) : 0;
    const struct tokenizer_piece *first = &c->part[0], *last = &c->part[c->n - 1];
    if (len && is_abbreviation(c)) {
        int r = emit(x, token, make_token(x, raw, len, true, token), first, last, false);
        return r ? r : emit_acronym(x, raw, len, first, last);
    }
    int r = emit_piece(x, first);
    if (!r && len)
        r = emit(x, token, make_token(x, raw, len, plain, token), first, last, true);
    for (size_t i = 1; !r && i < c->n; i++)
        r = emit_piece(x, &c->part[i]);
    return r;
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\n' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' ||
           c == ')' || c == '"' || c == '/';
}

/* ---- plain words ------------------------------------------------------------------------------ */

/* The high bit of each of eight bytes that is no ASCII letter. */
static inline uint64_t no_letters(uint64_t bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t low = (bytes | each * 0x20) & each * 0x7f;
    uint64_t from_a = low + each * (0x80 - 'a'), behind_z = low + each * (0x7f - 'z');
    return ~(from_a & ~behind_z & ~bytes) & each * 0x80;
}

/* The end of the letters at `pos`, or where there are STEM_MAX of them, and whether one is a small one. */
static size_t letters_end(const struct tokenizer_scan *x, size_t pos, bool *ret_small)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const char *s = x->s;
    size_t end = pos, most = x->len - pos < STEM_MAX ? x->len : pos + STEM_MAX;
    uint64_t small = 0;
    while (end + 8 <= most) {
        uint64_t bytes;
        memcpy(&bytes, s + end, sizeof bytes);
        bytes = le64toh(bytes);
        uint64_t other = no_letters(bytes);
        if (other) {
            unsigned n = (unsigned)__builtin_ctzll(other) / 8;
            small |= bytes & each * 0x20 & ((UINT64_C(1) << 8 * n) - 1);
            *ret_small = small != 0;
            return end + n;
        }
        small |= bytes & each * 0x20;
        end += 8;
    }
    for (; end < most && ((s[end] | 0x20) >= 'a' && (s[end] | 0x20) <= 'z'); end++)
        small |= s[end] & 0x20;
    *ret_small = small != 0;
    return end;
}

/* Most of a text is words of small ASCII letters with a blank or a comma behind them. They are chains of one piece about
 * which all questions above have the same answer. The end of such a word at `pos`, or 0. */
static size_t plain_word(const struct tokenizer_scan *x, size_t pos)
{
    const char *s = x->s;
    bool small;
    size_t end = letters_end(x, pos, &small);
    if (!small || (pos && s[pos - 1] == '.')) /* acronyms, .NET */
        return 0;
    if (end == x->len)
        return end;
    unsigned char behind = (unsigned char)s[end];
    if (behind == '.') { /* of a sentence, and not of example.org */
        unsigned char next = end + 1 < x->len ? (unsigned char)s[end + 1] : ' ';
        return next == ' ' || next == '\n' ? end : 0;
    }
    return ends_word(s[end]) ? end : 0;
}

static int emit_plain(struct tokenizer_scan *x, size_t start, size_t end)
{
    char token[STEM_MAX];
    const char *word = x->s + start;
    size_t n = end - start;
    if (x->known) {
        place_word(x, start, end, false);
        return 0;
    }
    const struct stem_seen *seen = stem_letters(x->t->stem, x->language, word, n, x->len - start);
    if (seen && !x->fn) {
        add_word(x, seen->hash, seen->stop, start, end, false);
        return 0;
    }
    if (seen) {
        for (size_t i = 0; i < seen->head; i++)
            token[i] = (char)(word[i] | 0x20);
        memcpy(token + seen->head, seen->tail, sizeof seen->tail);
        n = (size_t)seen->head + seen->ntail;
    } else {
        n = stem_word(x->t->stem, x->language, word, n, token);
    }
    return n ? tell(x, token, n, start, end, false) : 0;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Of ASCII, and neither letter nor digit: see tokenizer_piece_peek(). */
static bool separates(char c)
{
    unsigned char byte = (unsigned char)c, low = byte | 0x20;
    return byte < 0x80 && !(low >= 'a' && low <= 'z') && !(byte >= '0' && byte <= '9');
}

static int run(struct tokenizer_scan *x, size_t pos)
{
    struct chain c;
    while (pos < x->len) {
        if (separates(x->s[pos])) {
            pos++;
            continue;
        }
        size_t word = plain_word(x, pos);
        if (word) {
            int r = emit_plain(x, pos, word);
            if (r)
                return r;
            pos = word;
            continue;
        }
        size_t n;
        int32_t cp;
        enum kind k = tokenizer_piece_peek(x, pos, &n, &cp);
        if (k == OTHER || k == MARK) {
            pos += n;
            continue;
        }
        x->placed = false;
        read_chain(x, pos, &c);
        int r = emit_chain(x, &c);
        if (r)
            return r;
        pos = c.part[c.n - 1].end;
    }
    return 0;
}

/* "de" of "de-AT". */
static void set_language(struct tokenizer_scan *x, const char *lang, size_t len)
{
    size_t n = 0;
    while (n < len && lang[n] != '-' && lang[n] != '_')
        n++;
    memcpy(x->lang, DEFAULT_LANG, sizeof DEFAULT_LANG);
    if (!n || n >= sizeof x->lang)
        return;
    for (size_t i = 0; i < n; i++)
        x->lang[i] = (char)(lang[i] >= 'A' && lang[i] <= 'Z' ? lang[i] | 0x20 : lang[i]);
    x->lang[n] = 0;
}

/* The length of the mark that the text begins with: "\001de-AT ". */
static size_t mark_length(const char *s, size_t len)
{
    const char *blank = len && *s == TOKENIZER_MARK ? memchr(s, ' ', len < 40 ? len : 40) : NULL;
    return blank ? (size_t)(blank - s) + 1 : 0;
}

static bool listed(const char *list, const char *lang)
{
    const char *at = strstr(list, lang);
    return at && strlen(lang) == 2;
}

/* Capitals distinguish a word where not everything is in capitals, or where it stands alone. */
static bool capitals_count(const char *s, size_t len)
{
    bool blank = false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] >= 'a' && s[i] <= 'z')
            return true;
        blank = blank || s[i] == ' ' || s[i] == '\n' || s[i] == '\t';
    }
    return !blank;
}

/* All of the text behind `pos`, in that language. */
static int run_all(struct tokenizer_scan *x, const char *lang, size_t len, size_t pos)
{
    set_language(x, lang, len);
    x->language = stem_language(x->t->stem, x->lang);
    if (x->language == STEM_NO_RULES)
        return KB_ERR_IO; /* other tokens than the index has would be worse */
    x->english = listed("en", x->lang);
    x->elides = listed("fr it ca", x->lang);
    x->decimal_comma = listed(
        "de fr es it ca pt nl da sv no nb nn fi pl cs sk sl hr ro hu bg ru uk tr el id", x->lang);
    x->capitals_count = capitals_count(x->s + pos, x->len - pos);
    return run(x, pos);
}

int tokenizer_run(struct tokenizer *t, const char *s, size_t len, token_fn *fn, void *ctx)
{
    struct tokenizer_scan x = {.t = t, .s = s, .len = len, .fn = fn, .ctx = ctx};
    size_t mark = mark_length(s, len);
    return run_all(&x, s + (mark > 0), mark > 2 ? mark - 2 : 0, mark);
}

void tokenizer_hash(struct tokenizer *t, const char *lang, const char *s, size_t len,
                    struct pool *pool, struct text_words *ret)
{
    struct tokenizer_scan x = {.t = t, .s = s, .len = len, .cap = len / 4 + 8, .pool = pool};
    x.word = pool_array(pool, x.cap, sizeof *x.word);
    run_all(&x, lang, strlen(lang), 0);
    *ret = (struct text_words){x.word, x.n};
}

bool tokenizer_place(struct tokenizer *t, const char *lang, const char *s, size_t len,
                     struct text_word *word, size_t n)
{
    struct tokenizer_scan x = {.t = t, .s = s, .len = len, .word = word, .cap = n, .known = true};
    run_all(&x, lang, strlen(lang), 0);
    return x.n == n;
}

int tokenizer_new(struct tokenizer **ret)
{
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t || stem_new(&t->stem) < 0) {
        free(t);
        return KB_ERR_NOMEM;
    }
    *ret = t;
    return KB_OK;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    stem_free(t->stem);
    free(t);
}
