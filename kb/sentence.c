/* sentence.c: where sentences end.
 *
 * Answers quote whole sentences, so a cut inside "U.S. Bureau" or "No. 5" shows to every reader. A
 * full stop ends a sentence unless something says otherwise: the word before it (a title, an
 * abbreviation, an initial), or what follows it (a small letter). Where an abbreviation may stand at
 * the end of a sentence ("... in the U.S. The ..."), the next word decides: words that often open a
 * sentence and are no names do. In doubt the sentence goes on: an extract that is a sentence too long
 * reads better than half of one. No statistics, no training: the lists below are the whole knowledge. */
#include "kb/kb_int.h"

#include <endian.h>
#include <string.h>
#include <utf8proc.h>

/* Never the end of a sentence. */
static const char *const never_ends[] = {
    "dr",   "mr",  "mrs",    "ms",  "prof", "rev",  "hon", "gen", "gov", "sen", "rep",
    "capt", "lt",  "sgt",    "col", "cmdr", "supt", "mt",  "ft",  "vs",  "cf",  "e.g",
    "i.e",  "viz", "approx", "ca",  "al",   "incl", "eg",  "ie",  "z.b", "d.h", "u.a",
    "bzw",  "ggf", "evtl",   "vgl", "inkl", "sra",  "dra", "mme", "mlle"};

/* Not the end of a sentence before a number. */
static const char *const numbered[] = {"no",  "nos", "nr",  "fig", "figs", "sec", "art",  "vol",
                                       "ch",  "pp",  "p",   "eq",  "ex",   "ed",  "jan",  "feb",
                                       "mar", "apr", "jun", "jul", "aug",  "sep", "sept", "oct",
                                       "nov", "dec", "rm",  "ste", "apt",  "ext", "tel",  "para"};

/* The end of a sentence only before a word that opens one. */
static const char *const may_end[] = {
    "st",   "ave",  "blvd",  "rd",   "inc",  "ltd", "co",   "corp", "jr",   "sr",  "bros", "dept",
    "univ", "assn", "assoc", "dist", "bldg", "hwy", "ph.d", "m.d",  "b.s",  "b.a", "m.s",  "m.a",
    "esq",  "est",  "fig",   "hrs",  "hr",   "min", "max",  "avg",  "misc", "no",  "mfg",  "intl"};

/* Words that open sentences and are hardly ever part of a name. */
static const char *const openers[] = {
    "a",     "all",     "also",   "although", "an",      "and",   "any",     "are",     "as",
    "ask",   "at",      "be",     "because",  "before",  "both",  "but",     "by",      "can",
    "check", "contact", "do",     "does",     "during",  "each",  "every",   "find",    "for",
    "from",  "get",     "he",     "her",      "here",    "his",   "how",     "however", "i",
    "if",    "in",      "is",     "it",       "its",     "keep",  "learn",   "make",    "many",
    "more",  "most",    "my",     "new",      "no",      "not",   "on",      "once",    "or",
    "other", "our",     "please", "see",      "several", "she",   "since",   "so",      "some",
    "such",  "that",    "the",    "their",    "then",    "there", "these",   "they",    "this",
    "those", "to",      "use",    "visit",    "we",      "what",  "when",    "where",   "whether",
    "which", "while",   "who",    "why",      "will",    "with",  "without", "yes",     "you",
    "your"};

#define MAX_WORD   24 /* longer words are no abbreviations */
#define MAX_LISTED 6  /* of those above that have no full stop inside */

static bool listed(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (*list[i] == *word && strcmp(list[i], word) == 0)
            return true;
    return false;
}
#define LISTED(list, word) listed(list, sizeof(list) / sizeof *(list), word)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Blanks at `pos`, non-breaking ones included. */
static size_t skip_blanks(const char *s, size_t len, size_t pos)
{
    for (;;) {
        if (pos < len && is_blank(s[pos]))
            pos++;
        else if (pos + 1 < len && memcmp(s + pos, "\xC2\xA0", 2) == 0)
            pos += 2;
        else
            return pos;
    }
}

/* Bytes of a closing quote, bracket or end of emphasis at `pos`; 0 when there is none. */
static size_t closer(const char *s, size_t len, size_t pos)
{
    static const char *const mark[] = {"\"", "'", ")", "]",  "*",  "_", "`",
                                       "”",  "’", "»", "」", "』", "）"};
    if (is_blank(s[pos])) /* most often */
        return 0;
    for (size_t i = 0; i < sizeof mark / sizeof *mark; i++) {
        size_t n = strlen(mark[i]);
        if (n <= len - pos && memcmp(s + pos, mark[i], n) == 0)
            return n;
    }
    return 0;
}

static size_t skip_closers(const char *s, size_t len, size_t pos)
{
    for (size_t n; pos < len && (n = closer(s, len, pos)) > 0;)
        pos += n;
    return pos;
}

/* What kind of final mark stands at `pos`, and how long it is. */
enum mark { MARK_NONE, MARK_STOP, MARK_ELLIPSIS, MARK_OTHER, MARK_WIDE };

static enum mark mark_at(const char *s, size_t len, size_t pos, size_t *ret_len)
{
    static const char *const wide[] = {"。", "！", "？", "．"};
    *ret_len = 1;
    switch (s[pos]) {
    case '.': return MARK_STOP;
    case '!':
    case '?': return MARK_OTHER;
    default: break;
    }
    if ((unsigned char)s[pos] < 0x80 || len - pos < 3)
        return MARK_NONE;
    *ret_len = 3;
    if (memcmp(s + pos, "…", 3) == 0)
        return MARK_ELLIPSIS;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (memcmp(s + pos, wide[i], 3) == 0)
            return MARK_WIDE;
    *ret_len = 1;
    return MARK_NONE;
}

/* A run of marks such as "?!" or "..." as one: its end and its kind. */
static size_t mark_run(const char *s, size_t len, size_t pos, enum mark *ret_kind)
{
    size_t n, stops = 0;
    enum mark kind = MARK_NONE, m;
    while (pos < len && (m = mark_at(s, len, pos, &n)) != MARK_NONE) {
        stops += m == MARK_STOP;
        kind = kind == MARK_NONE || kind == m ? m : MARK_OTHER;
        pos += n;
    }
    *ret_kind = kind == MARK_STOP && stops > 1 ? MARK_ELLIPSIS : kind;
    return pos;
}

/* ---- the words around a full stop ---------------------------------------------------------------- */

/* The word that ends at `end`, in lower case, inner full stops included ("u.s", "ph.d"); "" when it
 * is too long or not ASCII. Returns where it starts. */
static size_t word_before(const char *s, size_t end, char word[MAX_WORD + 1])
{
    size_t start = end;
    while (start > 0 && end - start <= MAX_WORD) {
        char c = s[start - 1];
        if (!is_letter(c) && (is_blank(c) || strchr("(\"'[*_`/-", c) || (unsigned char)c >= 0x80))
            break;
        start--;
    }
    size_t n = end - start;
    if (n > MAX_WORD)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[start + i];
        word[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    word[n] = '\0';
    return start;
}

/* "u.s", "a.m", "ph.d": letters with full stops between them. */
static bool is_dotted(const char *word)
{
    size_t dots = 0;
    for (const char *p = word; *p; p++) {
        dots += *p == '.';
        if (*p != '.' && !is_letter(*p))
            return false;
    }
    return dots > 0;
}

static bool all_digits(const char *word)
{
    return *word && strspn(word, "0123456789") == strlen(word);
}

/* What follows the blanks behind a final mark. */
struct following {
    bool end;   /* nothing, or a blank line */
    bool lower; /* a small letter: the sentence goes on */
    bool digit;
    const char *text; /* where it begins; it may be one of `openers` */
    size_t left;
};

static struct following look_ahead(const char *s, size_t len, size_t pos)
{
    struct following f = {0};
    size_t newlines = 0, at = pos;
    for (; at < len && is_blank(s[at]); at++)
        newlines += s[at] == '\n';
    at = skip_blanks(s, len, at);
    if (at >= len || newlines > 1)
        return (struct following){.end = true};
    while (at < len && strchr("\"'([*_`", s[at])) /* an opening quote or emphasis */
        at++;
    if (at >= len)
        return f;
    size_t next = at;
    uint32_t c = text_next(s, len, &next);
    f.lower = utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_LL;
    f.digit = c >= '0' && c <= '9';
    f.text = s + at;
    f.left = len - at;
    return f;
}

/* Asked last: it is seldom wanted. */
static bool is_opener(struct following f)
{
    char word[MAX_WORD + 1];
    size_t n = 0;
    for (; n < f.left && n < MAX_WORD && is_letter(f.text[n]); n++)
        word[n] = (char)(f.text[n] | 0x20);
    word[n] = '\0';
    return LISTED(openers, word);
}

/* Is the full stop at s[stop] part of the word before it? `start`: of the sentence. */
static bool is_abbreviation(const char *s, size_t start, size_t stop, struct following f)
{
    char word[MAX_WORD + 1];
    size_t at = word_before(s, stop, word), n = strlen(word);
    if (!n)
        return false;
    if (at == start && (all_digits(word) || (n == 1 && is_opener(f))))
        return true; /* "1. First", "a. The": a list's mark, not a sentence */
    if (n > MAX_LISTED && !memchr(word, '.', n)) /* most often */
        return false;
    if (LISTED(never_ends, word))
        return true;
    if (f.digit && LISTED(numbered, word))
        return true;
    /* An initial; but not "So do I.", "vitamin C. It", "a nurse's." */
    if (n == 1 && is_letter(*word))
        return s[stop - 1] != 'I' && (at == start || strchr(" \t\n(\"[*_", s[at - 1])) &&
               !is_opener(f);
    if (strcmp(word, "no") == 0)
        return false; /* "No. That is wrong": the number was above */
    return (is_dotted(word) || LISTED(may_end, word)) && !is_opener(f);
}

/* ---- the sentence --------------------------------------------------------------------------------- */

/* A blank line at s[pos], which is a newline. */
static bool blank_line(const char *s, size_t len, size_t pos)
{
    for (pos++; pos < len && (s[pos] == ' ' || s[pos] == '\t'); pos++)
        ;
    return pos < len && s[pos] == '\n';
}

static size_t trimmed(const char *s, size_t end)
{
    while (end > 0 && is_blank(s[end - 1]))
        end--;
    return end;
}

/* Nearly all bytes can neither end a sentence nor begin a character that does: see mark_at(). */
static bool looks_final(char c)
{
    unsigned char u = (unsigned char)c;
    if (u > '?')
        return u >= 0xE2 && u <= 0xEF;
    return c == '.' || c == '!' || c == '?' || c == '\n';
}

/* The high bit of each of eight bytes that is `c`, and perhaps of some behind the first of them. */
static uint64_t is_byte(uint64_t bytes, char c)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t x = bytes ^ each * (unsigned char)c;
    return (x - each) & ~x & each * 0x80;
}

/* The first byte from `pos` on that looks final, or len. */
static size_t next_final(const char *s, size_t len, size_t pos)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    for (; pos + 8 <= len; pos += 8) {
        uint64_t bytes, found;
        memcpy(&bytes, s + pos, sizeof bytes);
        bytes = le64toh(bytes);
        found = is_byte(bytes, '.') | is_byte(bytes, '!') | is_byte(bytes, '?') |
                is_byte(bytes, '\n') | (bytes & bytes << 1 & bytes << 2 & high); /* 0xE0 and more */
        if (found) {
            pos += (unsigned)__builtin_ctzll(found) / 8;
            break;
        }
    }
    while (pos < len && !looks_final(s[pos]))
        pos++;
    return pos;
}

size_t sentence_end(const char *s, size_t len)
{
    return sentence_end_behind(s, len, 0);
}

size_t sentence_end_behind(const char *s, size_t len, size_t plain)
{
    size_t start = skip_blanks(s, len, 0);
    if (start >= len)
        return len;
    for (size_t i = start > plain ? start : plain; (i = next_final(s, len, i)) < len;) {
        size_t n;
        if (s[i] == '\n' && blank_line(s, len, i))
            return trimmed(s, i);
        if (mark_at(s, len, i, &n) == MARK_NONE) {
            i += n;
            continue;
        }
        enum mark kind;
        size_t marks = mark_run(s, len, i, &kind), end = skip_closers(s, len, marks);
        if (kind == MARK_WIDE)
            return end; /* no blank follows in Chinese and Japanese */
        bool blank = end >= len || skip_blanks(s, len, end) > end;
        struct following f = {0};
        if (blank)
            f = look_ahead(s, len, end);
        if (blank && (f.end || (!f.lower && !(kind == MARK_STOP && end == marks &&
                                              is_abbreviation(s, start, i, f)))))
            return end;
        i = marks;
    }
    return trimmed(s, len);
}
