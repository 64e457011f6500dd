/* tokenizer.c: text becomes words, the same way for passages, questions and spelling.
 *
 * A *piece* is a run of letters, digits and marks. Apostrophes inside it vanish ("don't" ->
 * dont) with what is only grammar behind them ("technician's" -> technician); separators between
 * groups of digits vanish too ("57,380" -> 57380) and decimals stay ("3.5"). Chinese, Japanese,
 * Thai, Lao, Khmer and Burmese are written without blanks: there every character is a piece, and
 * neighbours are told by their positions.
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
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define PARTS        8 /* pieces of a chain; a longer one goes on as another chain */
#define DEFAULT_LANG "en"

struct tokenizer {
    struct stem *stem;
};

enum kind { OTHER, LETTER, DIGIT, MARK, SOLO };

/* One text on its way. */
struct scan {
    struct tokenizer *t;
    const char *s;
    size_t len;
    char lang[8];
    int language; /* of stem.c */
    bool english;
    bool elides;         /* l'école: the apostrophe parts words */
    bool decimal_comma;  /* 57.380,50 */
    bool capitals_count; /* the text is not all in capitals */
    bool placed;         /* the chain has given a token that others can stand beside */
    token_fn *fn;
    void *ctx;
};

struct piece {
    size_t start, end;  /* bytes of the text */
    char raw[STEM_RAW]; /* without apostrophes and separators */
    size_t len;
    size_t letters; /* characters that are letters */
    bool digits, capitals, full, solo;
    char mark[4]; /* "++" of C++, "" */
    bool dotted;  /* .NET */
};

/* ---- characters ------------------------------------------------------------------------------ */

static bool solo(int32_t c)
{
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff) || (c >= 0x2e80 && c <= 0x312f) ||
           (c >= 0x31f0 && c <= 0x31ff) || (c >= 0x3400 && c <= 0x9fff) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff66 && c <= 0xff9d) ||
           (c >= 0x1b000 && c <= 0x1b16f) || (c >= 0x20000 && c <= 0x3ffff);
}

/* Soft hyphens and joiners are inside words without being seen. */
static bool invisible(int32_t c)
{
    return c == 0xad || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff;
}

/* Raised and lowered digits: H2O, m2. Other numeric signs, such as one half, are no part of a
 * word. */
static bool small_digit(int32_t c)
{
    return c == 0xb2 || c == 0xb3 || c == 0xb9 || (c >= 0x2070 && c <= 0x2079) ||
           (c >= 0x2080 && c <= 0x2089);
}

static enum kind kind_of(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LO: return solo(c) ? SOLO : LETTER;
    case UTF8PROC_CATEGORY_LM: return c == 0x2bc ? OTHER : solo(c) ? SOLO : LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return MARK;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: return DIGIT;
    case UTF8PROC_CATEGORY_NO: return small_digit(c) ? DIGIT : OTHER;
    default: return invisible(c) ? MARK : OTHER;
    }
}

/* The character at `pos`: its kind, length and code point (-1 for a bad byte or the end). */
static enum kind peek(const struct scan *x, size_t pos, size_t *ret_n, int32_t *ret_c)
{
    *ret_n = 1;
    *ret_c = -1;
    if (pos >= x->len)
        return OTHER;
    unsigned char c = (unsigned char)x->s[pos];
    if (c < 0x80) {
        *ret_c = c;
        unsigned char low = c | 0x20;
        return low >= 'a' && low <= 'z' ? LETTER : c >= '0' && c <= '9' ? DIGIT : OTHER;
    }
    utf8proc_ssize_t n =
        utf8proc_iterate((const uint8_t *)x->s + pos, (utf8proc_ssize_t)(x->len - pos), ret_c);
    if (n <= 0) {
        *ret_c = -1;
        return OTHER;
    }
    *ret_n = (size_t)n;
    return kind_of(*ret_c);
}

static enum kind kind_at(const struct scan *x, size_t pos)
{
    size_t n;
    int32_t c;
    return peek(x, pos, &n, &c);
}

static bool is_digit(const struct scan *x, size_t pos)
{
    return pos < x->len && x->s[pos] >= '0' && x->s[pos] <= '9';
}

static bool is_apostrophe(int32_t c)
{
    return c == '\'' || c == 0x2019 || c == 0x2bc || c == 0x2018 || c == 0xff07;
}

static bool is_hyphen(int32_t c)
{
    return c == '-' || c == 0x2010 || c == 0x2011;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void append(struct piece *p, const char *s, size_t n)
{
    if (p->full || n > sizeof p->raw - p->len) {
        p->full = true;
        return;
    }
    memcpy(p->raw + p->len, s, n);
    p->len += n;
}

/* The letters at `pos` are the end of a contraction that carries no meaning of its own: 's, 'll,
 * 're, 've, 'd, 'm. Returns their length or 0. */
static size_t contraction(const struct scan *x, size_t pos)
{
    static const char *const ending[] = {"s", "ll", "re", "ve", "d", "m"};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        size_t n = strlen(ending[i]);
        if (x->len - pos >= n && !sqlite3_strnicmp(x->s + pos, ending[i], (int)n) &&
            kind_at(x, pos + n) == OTHER)
            return n;
    }
    return 0;
}

/* At an apostrophe of n bytes behind a word character: move over it, or return false at the
 * word's end. */
static bool over_apostrophe(const struct scan *x, struct piece *p, size_t n, bool *ret_last)
{
    if (kind_at(x, p->end + n) != LETTER || x->elides || p->solo)
        return false;
    size_t ending = p->letters ? contraction(x, p->end + n) : 0;
    p->end += n + ending;
    *ret_last = ending > 0;
    return true;
}

/* Between digits: true to go over this separator, and add a decimal point when *ret_point. */
static bool over_separator(const struct scan *x, const struct piece *p, int32_t c, size_t n,
                           bool *ret_point)
{
    size_t next = p->end + n;
    if (p->letters || !is_digit(x, next))
        return false;
    bool group = is_digit(x, next + 1) && is_digit(x, next + 2) && !is_digit(x, next + 3);
    bool grouping =
        c == (x->decimal_comma ? '.' : ',') || c == 0xa0 || c == 0x202f || is_apostrophe(c);
    *ret_point = false;
    if (group && grouping && p->raw[0] != '0')
        return true;
    *ret_point = c == '.' || (c == ',' && x->decimal_comma);
    return *ret_point;
}

/* "++" behind a word, "+" behind a word and before none, "#" behind a single letter. */
static void read_mark(const struct scan *x, struct piece *p)
{
    if (p->digits || p->solo || p->end >= x->len)
        return;
    const char *s = x->s + p->end;
    size_t left = x->len - p->end;
    bool alone = kind_at(x, p->end + 1) == OTHER;
    if (left >= 2 && s[0] == '+' && s[1] == '+')
        memcpy(p->mark, "++", 3);
    else if (alone && (s[0] == '+' || (s[0] == '#' && p->letters == 1)))
        p->mark[0] = s[0];
    p->end += strlen(p->mark);
}

static bool is_dotted(const struct scan *x, const struct piece *p)
{
    if (p->start == 0 || x->s[p->start - 1] != '.' || p->digits || p->letters < 2)
        return false;
    char before = p->start == 1 ? ' ' : x->s[p->start - 2];
    return before && strchr(" \t\n(/\"'", before);
}

static void count(struct piece *p, enum kind k, int32_t c)
{
    if (k == DIGIT)
        p->digits = true;
    else if (k != MARK)
        p->letters++;
    if (!(c >= 'A' && c <= 'Z'))
        p->capitals = false;
}

/* Read the piece at `pos`, where a letter, digit or mark stands. */
static void read_piece(const struct scan *x, size_t pos, struct piece *p)
{
    p->start = p->end = pos;
    p->len = p->letters = 0;
    p->digits = p->full = p->solo = false;
    p->capitals = true;
    memset(p->mark, 0, sizeof p->mark);
    for (bool last = false; !last && p->end < x->len;) {
        size_t n;
        int32_t c;
        bool point = false;
        enum kind k = peek(x, p->end, &n, &c);
        if (k == SOLO ? p->end > pos : p->solo && k != MARK)
            break;
        p->solo = p->solo || k == SOLO;
        if (k != OTHER) {
            append(p, x->s + p->end, n);
            p->end += n;
            count(p, k, c);
        } else if (p->digits && over_separator(x, p, c, n, &point)) {
            p->end += n;
            if (point)
                append(p, ".", 1);
        } else if (!is_apostrophe(c) || !over_apostrophe(x, p, n, &last)) {
            break;
        }
    }
    read_mark(x, p);
    p->dotted = is_dotted(x, p);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static int emit(struct scan *x, const char *token, size_t len, const struct piece *first,
                const struct piece *last, bool colocated)
{
    if (!len)
        return 0;
    colocated = colocated && x->placed;
    x->placed = true;
    return x->fn(x->ctx, token, len, first->start, last->end, colocated);
}

/* Words of letters are stemmed, what has digits or signs is only folded. */
static size_t make_token(const struct scan *x, const char *raw, size_t len, bool plain, char *out)
{
    return plain ? stem_word(x->t->stem, x->language, raw, len, out) : stem_fold(raw, len, out);
}

/* "us." beside "us", when the word is one of the few acronyms that English spells like a stop
 * word. Other stop words in capitals are only being shouted. */
static int emit_acronym(struct scan *x, const char *raw, size_t len, const struct piece *first,
                        const struct piece *last)
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

static int emit_marked(struct scan *x, const struct piece *p)
{
    char token[STEM_MAX + 8];
    size_t n = 0, tail = strlen(p->mark);
    if (p->dotted)
        token[n++] = '.';
    n += stem_fold(p->raw, p->len, token + n);
    memcpy(token + n, p->mark, tail);
    return n + tail > STEM_MAX ? 0 : emit(x, token, n + tail, p, p, p->letters > 1);
}

static int emit_piece(struct scan *x, const struct piece *p)
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
    struct piece part[PARTS];
    char join[PARTS]; /* '-', '.' or '&' behind the part; 0 behind the last */
    size_t n;
};

/* What joins `p` to the word character behind it, and its length; 0 for nothing. */
static char joint(const struct scan *x, const struct piece *p, size_t *ret_n)
{
    int32_t c;
    if (p->solo || p->mark[0])
        return 0;
    peek(x, p->end, ret_n, &c);
    enum kind next = kind_at(x, p->end + *ret_n);
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

static void read_chain(const struct scan *x, size_t pos, struct chain *c)
{
    size_t n = 0;
    c->n = 0;
    do {
        read_piece(x, pos, &c->part[c->n]);
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
        const struct piece *p = &c->part[i];
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
        const struct piece *p = &c->part[i];
        if (p->letters > 2 || p->digits || p->mark[0] || (i + 1 < c->n && c->join[i] != '.'))
            return false;
        single = single || p->letters == 1;
    }
    return single && c->n > 1;
}

static int emit_chain(struct scan *x, const struct chain *c)
{
    char raw[STEM_MAX], token[STEM_MAX];
    bool plain;
    size_t len = c->n > 1 ? join(c, raw, &plain) : 0;
    const struct piece *first = &c->part[0], *last = &c->part[c->n - 1];
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

/* Most of a text is words of small ASCII letters with a blank or a comma behind them. They are chains of one piece about
 * which all questions above have the same answer. The end of such a word at `pos`, or 0. */
static size_t plain_word(const struct scan *x, size_t pos)
{
    const char *s = x->s;
    size_t end = pos, most = x->len - pos < STEM_MAX ? x->len : pos + STEM_MAX;
    bool small = false;
    for (; end < most; end++) {
        unsigned char low = (unsigned char)s[end] | 0x20;
        if (low < 'a' || low > 'z')
            break;
        small = small || (s[end] & 0x20);
    }
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

static int run(struct scan *x, size_t pos)
{
    struct chain c;
    while (pos < x->len) {
        if (x->s[pos] == ' ') {
            pos++;
            continue;
        }
        size_t word = plain_word(x, pos);
        if (word) {
            char token[STEM_MAX];
            size_t n = stem_word(x->t->stem, x->language, x->s + pos, word - pos, token);
            int r = n ? x->fn(x->ctx, token, n, pos, word, false) : 0;
            if (r)
                return r;
            pos = word;
            continue;
        }
        size_t n;
        int32_t cp;
        enum kind k = peek(x, pos, &n, &cp);
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

/* ---- texts ----------------------------------------------------------------------------------- */

/* "de " of "\001de-AT ": returns the offset behind the mark, 0 when there is none. */
static size_t read_language(struct scan *x)
{
    memcpy(x->lang, DEFAULT_LANG, sizeof DEFAULT_LANG);
    if (x->len == 0 || x->s[0] != TOKENIZER_MARK)
        return 0;
    const char *blank = memchr(x->s, ' ', x->len < 40 ? x->len : 40);
    if (!blank)
        return 0;
    size_t end = (size_t)(blank - x->s), n = 1;
    while (n < end && x->s[n] != '-' && x->s[n] != '_')
        n++;
    if (n > 1 && n - 1 < sizeof x->lang) {
        for (size_t i = 1; i < n; i++)
            x->lang[i - 1] = (char)(x->s[i] >= 'A' && x->s[i] <= 'Z' ? x->s[i] | 0x20 : x->s[i]);
        x->lang[n - 1] = 0;
    }
    return end + 1;
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

int tokenizer_run(struct tokenizer *t, const char *s, size_t len, token_fn *fn, void *ctx)
{
    struct scan x = {.t = t, .s = s, .len = len, .fn = fn, .ctx = ctx};
    size_t pos = read_language(&x);
    x.language = stem_language(t->stem, x.lang);
    x.english = listed("en", x.lang);
    x.elides = listed("fr it ca", x.lang);
    x.decimal_comma = listed(
        "de fr es it ca pt nl da sv no nb nn fi pl cs sk sl hr ro hu bg ru uk tr el id", x.lang);
    x.capitals_count = capitals_count(s + pos, len - pos);
    return run(&x, pos);
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

/* ---- FTS5 ------------------------------------------------------------------------------------ */

/* One FTS5 table's tokenizer. The tap belongs to the connection, and so to all of them. */
struct fts {
    struct tokenizer *t;
    const struct tokenizer_tap *tap;
};

static void fts_delete(Fts5Tokenizer *self)
{
    struct fts *f = (struct fts *)self;
    tokenizer_free(f->t);
    free(f);
}

static int fts_create(void *ctx, const char **arg, int narg, Fts5Tokenizer **ret)
{
    (void)arg;
    if (narg > 0)
        return SQLITE_ERROR;
    struct fts *f = calloc(1, sizeof *f);
    if (!f || tokenizer_new(&f->t) < 0) {
        free(f);
        return SQLITE_NOMEM;
    }
    f->tap = ctx;
    *ret = (Fts5Tokenizer *)f;
    return SQLITE_OK;
}

struct fts_sink {
    void *ctx;
    int (*fn)(void *, int, const char *, int, int, int);
    const struct tokenizer_tap *tap; /* or NULL */
};

static int fts_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                     bool colocated)
{
    const struct fts_sink *sink = ctx;
    if (sink->tap)
        sink->tap->token(sink->tap->ctx, token, len, start, end, colocated);
    return sink->fn(sink->ctx, colocated ? FTS5_TOKEN_COLOCATED : 0, token, (int)len, (int)start,
                    (int)end);
}

static int fts_tokenize(Fts5Tokenizer *self, void *ctx, int flags, const char *s, int len,
                        int (*fn)(void *, int, const char *, int, int, int))
{
    const struct fts *f = (const struct fts *)self;
    struct fts_sink sink = {.ctx = ctx, .fn = fn};
    if (flags == FTS5_TOKENIZE_DOCUMENT && f->tap->token)
        sink.tap = f->tap;
    if (sink.tap)
        sink.tap->text(sink.tap->ctx, s, len > 0 ? (size_t)len : 0);
    return tokenizer_run(f->t, s, len > 0 ? (size_t)len : 0, fts_token, &sink);
}

static int fts_api(sqlite3 *db, fts5_api **ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(st, 1, ret, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st) == SQLITE_ROW && *ret ? SQLITE_OK : SQLITE_ERROR;
    sqlite3_finalize(st);
    return rc;
}

int tokenizer_register(sqlite3 *db)
{
    static fts5_tokenizer methods = {fts_create, fts_delete, fts_tokenize};
    struct tokenizer_tap *tap = calloc(1, sizeof *tap);
    fts5_api *api = NULL;
    if (!tap)
        return KB_ERR_NOMEM;
    int rc = fts_api(db, &api);
    if (rc == SQLITE_OK)
        rc = api->xCreateTokenizer(api, "guidepost", tap, &methods, free);
    if (rc != SQLITE_OK)
        free(tap);
    return schema_err(rc);
}

int tokenizer_tap(sqlite3 *db, const struct tokenizer_tap *tap)
{
    fts5_tokenizer methods;
    fts5_api *api = NULL;
    void *found = NULL;
    int rc = fts_api(db, &api);
    if (rc == SQLITE_OK)
        rc = api->xFindTokenizer(api, "guidepost", &found, &methods);
    if (rc == SQLITE_OK)
        *(struct tokenizer_tap *)found = tap ? *tap : (struct tokenizer_tap){0};
    return schema_err(rc);
}
