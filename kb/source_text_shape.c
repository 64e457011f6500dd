/* source_text_shape.c: which lines of a plain text are headings?
 *
 * Guides reach us as text that was copied out of a page: "## Pay" has become "Pay", and nothing but
 * its shape tells it from a sentence. People see at once that it is a heading, and from several signs
 * at once: it is short, it does not end like a sentence, its Words Are Capitals or it asks, and
 * something longer stands below it. No sign is enough alone (a signature is short, too; a call-out
 * has a blank line on both sides), so each one gives points, and a line with SURE of them is a
 * heading. A few signs rule it out whatever else holds; they are the vetoes.
 *
 * The points were set by hand so that any three ordinary signs suffice and no two do; nothing was
 * fitted to a text. Two properties matter more than the numbers. Lines are judged from the last to the
 * first, because whether something stands *below* a line depends on whether the lines below it are
 * headings themselves: so an address, a signature or a list without bullets, whose lines lead to nothing
 * longer, is no row of headings. And the price of the two mistakes differs: a heading that is missed
 * leaves a passage somewhat long, while a sentence taken for a heading is lost from its answer. In doubt
 * it is text.
 *
 * Underlines, "##" and numbers with a dot inside need no points: they are mark-up. */
#include "kb/source_text.h"

#include <string.h>
#include <strings.h>

#define SURE         4
#define MAX_WORDS    18
#define MAX_COLUMNS  140
#define SHORT_WORDS  8
#define ENOUGH_BELOW 400 /* columns; what is longer need not be measured */
#define TITLE_SHARE  60  /* per cent of the longer words that have a capital */

/* One line as a person glances at it. */
struct look {
    const struct text_lines *t;
    size_t at;
    const char *s;
    size_t len;
    size_t words, capitals, weighty; /* weighty: longer than three letters; capitals: of those */
    bool letters, lower, first_upper, question, asks;
    char last;
    size_t next;  /* the next line that says something */
    size_t below; /* columns of the paragraph that begins there; 0 when it is no paragraph */
    bool gap_before, gap_after;
};

static bool is_upper(const char *s, size_t len)
{
    size_t pos = 0;
    uint32_t c = text_next(s, len, &pos);
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE) || (c >= 0x391 && c <= 0x42F);
}

static bool is_lower(const char *s)
{
    return *s >= 'a' && *s <= 'z';
}

static bool is_letter(char c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

static bool begins(const struct look *l, const char *word)
{
    size_t n = strlen(word);
    return l->len >= n && strncasecmp(l->s, word, n) == 0 && (l->len == n || !is_letter(l->s[n]));
}

static bool begins_with_any(const struct look *l, const char *const *word)
{
    for (; *word; word++)
        if (begins(l, *word))
            return true;
    return false;
}

static void count_words(struct look *l)
{
    for (size_t i = 0, end; i < l->len; i = end) {
        while (i < l->len && !is_letter(l->s[i]))
            i++;
        for (end = i; end < l->len && l->s[end] != ' ' && l->s[end] != '\t'; end++)
            l->lower = l->lower || is_lower(l->s + end);
        if (i == end)
            break;
        if (!l->words)
            l->first_upper = is_upper(l->s + i, l->len - i);
        l->words++;
        l->letters = true;
        if (end - i > 3) {
            l->weighty++;
            l->capitals += is_upper(l->s + i, l->len - i);
        }
    }
}

static void look_at(struct look *l, const struct text_lines *t, size_t i)
{
    static const char *const asking[] = {
        "what",  "what's", "how",  "why",  "when", "where", "which", "who",    "whose",
        "is",    "are",    "do",   "does", "did",  "can",   "could", "should", "will",
        "would", "may",    "must", "am",   "has",  "have",  "was",   "were",   "what\xe2\x80\x99s",
        NULL};
    const struct text_line *line = &t->line[i];
    *l = (struct look){.t = t, .at = i, .s = t->text + line->start, .len = line->end - line->start};
    count_words(l);
    l->last = l->len ? l->s[l->len - 1] : '\0';
    l->question = l->last == '?';
    l->asks = l->question && begins_with_any(l, asking);
    l->gap_before =
        i == 0 || t->line[i - 1].kind == LINE_BLANK || t->line[i - 1].kind == LINE_STROKE;
    l->gap_after = i + 1 < t->n && t->line[i + 1].kind == LINE_BLANK;
    l->next = text_line_next(t, i);
    if (l->next < t->n && t->line[l->next].kind == LINE_TEXT && !t->line[l->next].style)
        for (size_t k = l->next;
             k < t->n && l->below < ENOUGH_BELOW && text_line_joins(t, l->next, k); k++)
            l->below += t->line[k].columns - t->line[k].indent + 1;
}

/* ---- vetoes ------------------------------------------------------------------------------------ */

static bool ends_like_text(const struct look *l)
{
    return strchr(".,;:!-|", l->last) ||
           (l->len >= 3 && !memcmp(l->s + l->len - 3, "\xe2\x80\xa6", 3));
}

static bool begins_small(const struct look *l)
{
    return !l->letters || is_lower(l->s) || strchr("\"'([<|*", l->s[0]);
}

static bool too_long(const struct look *l)
{
    return l->words > MAX_WORDS || l->len > MAX_COLUMNS;
}

static bool two_sentences(const struct look *l)
{
    return sentence_end(l->s, l->len) < l->len;
}

/* Something must stand below: longer text, a list or table, or a heading. Under an FAQ's heading "No."
 * is enough. */
static bool leads_nowhere(const struct look *l)
{
    const struct text_lines *t = l->t;
    if (l->next >= t->n || t->line[l->next].kind == LINE_STROKE)
        return true;
    const struct text_line *next = &t->line[l->next];
    if (next->style || next->kind != LINE_TEXT)
        return false;
    bool sentence = strchr(".!?:", t->text[next->end - 1]) != NULL;
    if (l->question && sentence && l->at > t->faq)
        return false;
    return l->below < 60 && (l->below * 4 < l->len * 5 || (l->below < 25 && !sentence));
}

static bool greets(const struct look *l)
{
    static const char *const word[] = {"dear", "hello", "hi", "greetings", NULL};
    return begins_with_any(l, word) && !l->question;
}

/* "Sincerely," and what stands below it. */
static bool signs(const struct look *l)
{
    static const char *const word[] = {"sincerely", "regards",     "best regards", "kind regards",
                                       "yours",     "best wishes", "respectfully", NULL};
    struct look above = {.t = l->t};
    size_t i = l->at;
    while (i && l->t->line[i - 1].kind == LINE_BLANK)
        i--;
    if (i) {
        const struct text_line *line = &l->t->line[i - 1];
        above.s = l->t->text + line->start;
        above.len = line->end - line->start;
    }
    return begins_with_any(l, word) ||
           (above.len && above.len < 40 && begins_with_any(&above, word));
}

/* "RFC 9999     Title      May 2026": a line of columns, not of words. */
static bool has_columns(const struct look *l)
{
    return memmem(l->s, l->len, "    ", 4) != NULL;
}

static bool is_caption(const struct look *l)
{
    static const char *const word[] = {"photo",    "image",      "picture", "figure",
                                       "fig",      "source",     "credit",  "credits",
                                       "courtesy", "copyright",  "updated", "published",
                                       "posted",   "written by", "by",      NULL};
    return begins_with_any(l, word) && !l->question;
}

/* "3 March 2026": its words are the names of months and days, if any. */
static bool is_date(const struct look *l)
{
    static const char *const name[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                       "aug", "sep", "oct", "nov", "dec", "mon", "tue",
                                       "wed", "thu", "fri", "sat", "sun"};
    bool digits = false, known = true;
    for (size_t i = 0; i < l->len && known; i++) {
        digits = digits || (l->s[i] >= '0' && l->s[i] <= '9');
        if (!is_letter(l->s[i]) || (i && is_letter(l->s[i - 1])))
            continue;
        known = false;
        for (size_t k = 0; k < sizeof name / sizeof *name && !known; k++)
            known = l->len - i >= 3 && strncasecmp(l->s + i, name[k], 3) == 0;
    }
    return digits && known;
}

/* "From: ...", "Phone: ...", an address on the web. */
static bool is_contact(const struct look *l)
{
    static const char *const word[] = {"from",  "to",  "cc",    "date",   "subject", "re",
                                       "phone", "tel", "email", "e-mail", "fax",     NULL};
    const char *colon = memchr(l->s, ':', l->len);
    return memmem(l->s, l->len, "://", 3) || memchr(l->s, '@', l->len) ||
           (colon && colon - l->s < 10 && begins_with_any(l, word));
}

/* In wrapped text a heading stands alone, or its line is broken though the next word had fitted; and what
 * it stands upon then is prose, not another line of an address. */
static bool runs_on(const struct look *l)
{
    const struct text_lines *t = l->t;
    size_t i = l->at;
    if (!t->wrapped)
        return false;
    if (!l->gap_before && !t->line[i - 1].style && t->line[i - 1].kind == LINE_TEXT)
        return true;
    if (i + 1 >= t->n || t->line[i + 1].kind != LINE_TEXT || t->line[i + 1].style)
        return false;
    const struct text_line *next = &t->line[i + 1];
    const char *s = t->text + next->start;
    size_t word = strcspn(s, " \t\n");
    bool full = next->columns * 3 >= t->width * 2 || strchr(".!?:", t->text[next->end - 1]);
    return is_lower(s) || t->line[i].columns + word + 8 > t->width || !full;
}

static const struct {
    const char *why;
    bool (*holds)(const struct look *l);
} veto[] = {
    {"ends like text or like a lead-in", ends_like_text},
    {"begins with a small letter, a bracket or a quotation", begins_small},
    {"is too long", too_long},
    {"is more than a sentence", two_sentences},
    {"has nothing below it", leads_nowhere},
    {"greets", greets},
    {"takes leave, or is a signature", signs},
    {"has columns", has_columns},
    {"is a caption or a credit", is_caption},
    {"is a date", is_date},
    {"is a way to reach somebody", is_contact},
    {"runs on in the next line", runs_on},
};

/* ---- points ------------------------------------------------------------------------------------ */

static bool in_title_case(const struct look *l)
{
    return l->first_upper && l->lower && l->capitals * 100 >= l->weighty * TITLE_SHARE &&
           (l->weighty || l->words < 3);
}

static bool in_capitals(const struct look *l)
{
    return l->letters && !l->lower && l->weighty;
}

static bool asks(const struct look *l)
{
    return l->asks || (l->question && in_title_case(l));
}

static bool asks_below_faq(const struct look *l)
{
    return l->question && l->at > l->t->faq;
}

static bool has_number(const struct look *l)
{
    return l->t->line[l->at].number >= 0;
}

static bool is_short(const struct look *l)
{
    return l->words <= SHORT_WORDS;
}

static bool has_longer_below(const struct look *l)
{
    return l->below * 2 >= l->len * 3 || l->below >= 100;
}

static bool has_list_below(const struct look *l)
{
    return l->next < l->t->n &&
           (l->t->line[l->next].kind == LINE_ITEM || l->t->line[l->next].kind == LINE_ROW);
}

static bool has_heading_below(const struct look *l)
{
    return l->next < l->t->n && l->t->line[l->next].style != STYLE_NONE;
}

static bool has_gap_before(const struct look *l)
{
    return l->gap_before;
}

static bool has_gap_after(const struct look *l)
{
    return l->gap_after;
}

/* What follows is indented and this is not, as in standards. */
static bool stands_out(const struct look *l)
{
    const struct text_line *line = l->t->line;
    return l->next < l->t->n && line[l->next].indent >= line[l->at].indent + 2;
}

/* In the middle of the page, as titles are. */
static bool is_centered(const struct look *l)
{
    const struct text_line *line = l->t->line;
    return l->next < l->t->n && line[l->at].indent >= 8 &&
           line[l->at].indent >= line[l->next].indent + 5;
}

/* Nothing stands above it. */
static bool is_first(const struct look *l)
{
    size_t i = l->at;
    while (i && (l->t->line[i - 1].kind == LINE_BLANK || l->t->line[i - 1].kind == LINE_STROKE))
        i--;
    return i == 0 && l->gap_after;
}

/* One of several alike in a row: names, an address, a list without bullets. */
static bool has_twin_above(const struct look *l)
{
    struct look above;
    if (l->at == 0 || l->t->line[l->at - 1].kind != LINE_TEXT)
        return false;
    look_at(&above, l->t, l->at - 1);
    return !too_long(&above) && !ends_like_text(&above) && above.question == l->question &&
           in_title_case(&above) == in_title_case(l);
}

static bool has_twin_below(const struct look *l)
{
    struct look below;
    if (!has_heading_below(l) || is_first(l) || is_centered(l))
        return false;
    look_at(&below, l->t, l->next);
    return below.question == l->question && in_title_case(&below) == in_title_case(l) &&
           in_capitals(&below) == in_capitals(l) && has_number(&below) == has_number(l);
}

static const struct {
    const char *why;
    int points;
    bool (*holds)(const struct look *l);
} sign[] = {
    {"Words Have Capitals", 2, in_title_case},
    {"ALL CAPITALS", 3, in_capitals},
    {"asks", 2, asks},
    {"asks below an FAQ heading", 2, asks_below_faq},
    {"has a number", 2, has_number},
    {"is short", 1, is_short},
    {"something longer stands below", 2, has_longer_below},
    {"a list stands below", 1, has_list_below},
    {"another heading stands below", 1, has_heading_below},
    {"a blank line above", 1, has_gap_before},
    {"a blank line below", 1, has_gap_after},
    {"what follows is indented", 2, stands_out},
    {"is in the middle of the page", 2, is_centered},
    {"the line above is of its kind", -3, has_twin_above},
    {"the heading below is of its kind", -3, has_twin_below},
};

static enum line_style style_of(const struct look *l)
{
    int points = 0;
    for (size_t i = 0; i < sizeof veto / sizeof *veto; i++)
        if (veto[i].holds(l))
            return STYLE_NONE;
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++)
        if (sign[i].holds(l))
            points += sign[i].points;
    if (points < SURE)
        return STYLE_NONE;
    if (has_number(l))
        return STYLE_NUMBER;
    if (in_capitals(l))
        return STYLE_CAPS;
    if (l->question)
        return in_title_case(l) ? STYLE_QUESTION : STYLE_ASK;
    return in_title_case(l) ? STYLE_TITLE : STYLE_PLAIN;
}

/* ---- mark-up that people type ------------------------------------------------------------------- */

/* "Title" above "=====": at least as long as half of it. */
static bool is_underlined(const struct text_lines *t, size_t i)
{
    const struct text_line *line = &t->line[i];
    if (line->kind != LINE_TEXT || i + 1 >= t->n || t->line[i + 1].kind != LINE_STROKE)
        return false;
    bool alone = i == 0 || t->line[i - 1].kind != LINE_TEXT;
    size_t width = line->columns - line->indent,
           stroke = t->line[i + 1].columns - t->line[i + 1].indent;
    return alone && stroke * 2 >= width && stroke <= width + 20 && width <= MAX_COLUMNS;
}

/* "1.2 Scope": the number has a dot inside, so it numbers no item of a list. */
static bool is_deep_number(const struct text_lines *t, size_t i)
{
    struct look l;
    if (t->line[i].kind != LINE_TEXT || t->line[i].number < 0 || t->line[i].detail < 2)
        return false;
    look_at(&l, t, i);
    return l.letters && !ends_like_text(&l) && !too_long(&l) && !runs_on(&l) && l.next < t->n;
}

void source_text_shape(struct text_lines *t)
{
    for (size_t i = t->n; i-- > 0;) {
        struct text_line *line = &t->line[i];
        if (line->style || line->kind != LINE_TEXT || line->start == line->end)
            continue;
        struct look l;
        if (is_underlined(t, i)) {
            line->style = STYLE_UNDERLINE;
            line->detail = (unsigned char)t->text[t->line[i + 1].start];
        } else if (line->mark_question || is_deep_number(t, i)) {
            line->style = line->mark_question ? STYLE_ASK : STYLE_NUMBER;
        } else {
            look_at(&l, t, i);
            line->style = style_of(&l);
        }
    }
}
