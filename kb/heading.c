/* heading.c: how exactly a line says what was asked: a curated question, a heading, a title.
 *
 * Having the question's words is not enough; a line that was put there to say what stands below says it best when
 * it has the words and hardly any others. So: the harmonic mean of "how much of the question is in the line" and
 * "how much of the line's content is in the question", and a little for the very words, small ones too.
 *
 * The second thing is the wording: how much of what was typed, question words too, these lines have. "Where" and "how"
 * are in half of all passages and say nothing there, but in a heading they tell two questions about one thing apart.
 *
 * Inside a passage, the items of a list may have such lines of their own: "Hematology: the study of blood". Their labels
 * are compared the same way, but only one that is nearly all of the question counts; the passage is about more.
 *
 * Lines are compared as numbers, the place of each word among the question's words. Two sources make them: the
 * tokenizer, from a row's text (here), and the snapshot's forward list, without any text (heading_snap.c). */
#include "kb/kb_int.h"

#include <math.h>
#include <string.h>

#define WORDING 0.1 /* share of a match that is for the very words */
#define SMALL                                                                                      \
    1.0 /* what a word without content is worth in the wording; others are worth their idf */

#define LABEL_MAX   60  /* bytes; a longer one is a sentence */
#define LABEL_LEAST 0.6 /* a label that is less alike is not what was asked about */

static bool term_at(const struct heading_line *line, size_t i, const uint16_t *word, size_t n)
{
    if (i + n > line->n)
        return false;
    for (size_t k = 0; k < n; k++)
        if (line->word[i + k] != word[k] || word[k] == HEADING_OTHER)
            return false;
    return true;
}

/* The low bits of its words that are the question's, too: most lines have none, and most words are in none. */
static uint64_t words_of(const struct heading_line *line)
{
    uint64_t set = 0;
    for (size_t k = 0; k < line->n; k++)
        if (line->word[k] != HEADING_OTHER)
            set |= UINT64_C(1) << (line->word[k] & 63);
    return set;
}

/* How much of the question's mass the line has. Marks the words that were said. */
static double recall(const struct heading_asked *asked, const struct heading_line *line,
                     bool said[HEADING_WORDS])
{
    const struct query *q = asked->q;
    double slot[KB_MAX_TERMS + 1], all = 0, covered = 0;
    memset(slot, 0, (q->nslot + 1) * sizeof *slot);
    uint64_t sieve = words_of(line);
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *term = &q->term[i];
        if (term->ntoken && !(sieve >> (asked->term[i][0] & 63) & 1))
            continue;
        for (size_t k = 0; k < line->n; k++) {
            if (!term_at(line, k, asked->term[i], term->ntoken))
                continue;
            for (size_t n = 0; n < term->ntoken; n++)
                said[k + n] = true;
            for (size_t n = term->slot; n < term->slot + term->nslot; n++)
                slot[n] = slot[n] < term->weight ? term->weight : slot[n];
        }
    }
    for (size_t n = 0; n < q->nslot; n++) {
        double worth = q->slot[n].weight * q->slot[n].idf;
        all += worth;
        covered += worth * slot[n];
    }
    return all > 0 ? covered / all : 0;
}

/* How much of the line's content is in the question. */
static double precision(const struct heading_line *line, const bool said[HEADING_WORDS])
{
    size_t content = 0, common = 0;
    for (size_t k = 0; k < line->n; k++) {
        content += !line->stop[k];
        common += !line->stop[k] && said[k];
    }
    return content ? (double)common / (double)content : 0;
}

/* How alike the two are word for word, question words included: "what does an actor do" is nearer to
 * "What actors do" than to "Actors". */
static double wording(const struct heading_asked *asked, const struct heading_line *line)
{
    size_t common = 0;
    for (size_t k = 0; k < line->n; k++)
        common += line->word[k] != HEADING_OTHER && asked->said[line->word[k]];
    return fmin(1, 2.0 * (double)common / (double)(line->n + asked->q->ntyped));
}

static double match(const struct heading_asked *asked, const struct heading_line *line)
{
    bool said[HEADING_WORDS] = {0};
    if (!line->n)
        return 0;
    if (asked->q->bare) /* "who are you": there is nothing else to compare */
        return wording(asked, line);
    double r = recall(asked, line, said), p = r > 0 ? precision(line, said) : 0;
    if (p <= 0)
        return 0;
    return (1 - WORDING) * 2 * r * p / (r + p) + WORDING * wording(asked, line);
}

static uint64_t words_said(const struct heading_asked *asked, const struct heading_line *line)
{
    uint64_t set = 0;
    for (size_t k = 0; k < line->n; k++)
        if (line->word[k] != HEADING_OTHER && asked->said[line->word[k]])
            set |= UINT64_C(1) << (asked->said[line->word[k]] - 1);
    return set;
}

static double share_of(const struct heading_asked *asked, uint64_t set)
{
    double share = 0;
    for (size_t i = 0; i < asked->q->nsaid; i++)
        if (set >> i & 1)
            share += asked->share[i];
    return share;
}

/* A question is a whole, so what it says besides counts against it: the harmonic mean again. What the tokens of others
 * are worth is not known; they count as many. */
static double likeness(const struct heading_asked *asked, const struct heading_line *line,
                       uint64_t set)
{
    size_t common = 0;
    for (size_t k = 0; k < line->n; k++)
        common += line->word[k] != HEADING_OTHER;
    double r = share_of(asked, set), p = line->n ? (double)common / (double)line->n : 0;
    return r + p > 0 ? 2 * r * p / (r + p) : 0;
}

struct heading_asked heading_asked(const struct query *q, uint16_t (*term)[SYNONYM_WORDS],
                                   const uint8_t *said)
{
    struct heading_asked asked = {.q = q, .term = term, .said = said};
    double all = 0;
    for (size_t i = 0; i < q->nsaid; i++) {
        const struct query_said *word = &q->said[i];
        const struct query_slot *slot = word->slot == SIZE_MAX ? NULL : &q->slot[word->slot];
        all += asked.share[i] = slot ? slot->weight * slot->idf : word->weight * SMALL;
    }
    for (size_t i = 0; i < q->nsaid && all > 0; i++)
        asked.share[i] /= all;
    return asked;
}

void heading_take(const struct heading_asked *asked, const struct heading_line *line,
                  unsigned field, bool whole, struct heading_found *found)
{
    if (!words_of(line))
        return;
    uint64_t set = words_said(asked, line);
    if (field != FIELD_QUESTION)
        found->above |= set;
    else
        found->question = fmax(found->question, likeness(asked, line, set));
    if (whole)
        found->match = fmax(found->match, match(asked, line));
}

bool heading_possible(const struct query *q, const struct features *f)
{
    if (q->bare || f->named > 0)
        return true;
    for (size_t i = 0; i < q->nterm; i++)
        if (q->term[i].ntoken > 1)
            return true;
    return false;
}

void heading_features(const struct heading_asked *asked, const struct heading_found *found,
                      struct features *ret)
{
    ret->heading = found->match;
    ret->wording = fmin(1, fmax(found->question, share_of(asked, found->above)));
}

void heading_add(struct heading_line *line, uint16_t word, bool stop)
{
    if (line->n == HEADING_WORDS)
        return;
    line->word[line->n] = word;
    line->stop[line->n++] = stop;
}

void heading_join(struct heading_line *title, const struct heading_line *last)
{
    for (size_t i = 0; i < last->n; i++)
        heading_add(title, last->word[i], last->stop[i]);
}

/* ---- from a row's text ------------------------------------------------------------------------------------------ */

/* A question's words by number, and the line that is being read. */
struct reading {
    struct pool *pool;
    struct heading_asked asked;
    const char **token;
    size_t n, cap;
    const char *lang;
    struct heading_line line;
    struct heading_found found;
};

static uint16_t number_of(struct reading *r, const char *token, size_t len)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strncmp(r->token[i], token, len) && !r->token[i][len])
            return (uint16_t)i;
    return HEADING_OTHER;
}

static uint16_t add_number(struct reading *r, const char *token)
{
    uint16_t number = number_of(r, token, strlen(token));
    if (number != HEADING_OTHER)
        return number;
    *POOL_PUSH(r->pool, r->token, r->n, r->cap) = token;
    return (uint16_t)(r->n - 1);
}

static void number_question(struct reading *r, const struct query *q)
{
    uint16_t(*term)[SYNONYM_WORDS] = pool_array(r->pool, q->nterm, sizeof *term);
    for (size_t i = 0; i < q->nterm; i++)
        for (size_t k = 0; k < q->term[i].ntoken && k < SYNONYM_WORDS; k++)
            term[i][k] = add_number(r, q->term[i].token[k]);
    for (size_t i = 0; i < q->nsaid; i++)
        add_number(r, q->said[i].token);
    uint8_t *said = pool_array(r->pool, r->n, sizeof *said);
    for (size_t i = 0; i < q->nsaid; i++)
        said[add_number(r, q->said[i].token)] = (uint8_t)(i + 1);
    r->asked = heading_asked(q, term, said);
}

static int read_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                      bool colocated)
{
    struct reading *r = ctx;
    (void)start, (void)end;
    if (!colocated)
        heading_add(&r->line, number_of(r, token, len),
                    stopword(*r->lang ? r->lang : "en", token, len));
    return r->line.n == HEADING_WORDS;
}

static int read_line(struct reading *r, struct tokenizer *t, const char *s, size_t len,
                     unsigned field, bool whole)
{
    const char *marked = pool_printf(r->pool, "%c%s %.*s", TOKENIZER_MARK, r->lang, (int)len, s);
    r->line.n = 0;
    int err = tokenizer_run(t, marked, strlen(marked), read_token, r);
    if (err < 0)
        return err;
    heading_take(&r->asked, &r->line, field, whole, &r->found);
    return 0;
}

/* The lines of a field; of a path of headings, the last one is whole. */
static int read_lines(struct reading *r, struct tokenizer *t, const char *s, unsigned field)
{
    int err = 0;
    while (!err && *s) {
        size_t len = strcspn(s, "\n");
        err = read_line(r, t, s, len, field, field == FIELD_QUESTION || !s[len]);
        s += len + (s[len] == '\n');
    }
    return err;
}

int heading_row(struct tokenizer *t, const struct query *q, const struct row *row,
                struct features *ret)
{
    struct reading r = {.pool = pool_new(), .lang = row->lang};
    struct heading_line last = {0};
    number_question(&r, q);
    int err = read_lines(&r, t, row->question, FIELD_QUESTION);
    if (!err && *row->headings) {
        err = read_lines(&r, t, row->headings, FIELD_HEADINGS);
        last = r.line;
    }
    if (!err)
        err = read_line(&r, t, row->title, strlen(row->title), FIELD_TITLE, true);
    if (!err) {
        heading_join(&r.line, &last);
        heading_take(&r.asked, &r.line, FIELD_TITLE, true, &r.found);
        heading_features(&r.asked, &r.found, ret);
    }
    pool_free(r.pool);
    return err;
}

/* ---- from the labels of a list ---------------------------------------------------------------------------------- */

/* Length of the label that a line begins with: "Hematology: the study of blood"; 0 when it has none. */
static size_t label_of(const char *line, size_t len)
{
    size_t n = strcspn(line, ":.;?!");
    return n && n + 2 < len && n <= LABEL_MAX && line[n] == ':' && line[n + 1] == ' ' ? n : 0;
}

bool heading_labelled(const char *body)
{
    for (const char *s = body; *s;) {
        size_t len = strcspn(s, "\n");
        if (label_of(s, len) > 1)
            return true;
        s += len + (s[len] == '\n');
    }
    return false;
}

static uint64_t letters_bit(const char *s)
{
    return UINT64_C(1) << ((((unsigned char)s[0] | 32) * 7 + ((unsigned char)s[1] | 32)) & 63);
}

/* The first two letters of the question's words: most labels begin with others. */
static uint64_t first_letters(const struct query *q)
{
    uint64_t set = 0;
    for (size_t i = 0; i < q->nterm; i++)
        if (q->term[i].ntoken && q->term[i].token[0][0])
            set |= letters_bit(q->term[i].token[0]);
    return set;
}

int heading_label(struct tokenizer *t, const struct query *q, const struct row *row, double *ret)
{
    struct reading r = {0};
    uint64_t letters = first_letters(q);
    int err = 0;
    for (const char *s = row->body; !err && *s;) {
        size_t len = strcspn(s, "\n"), label = label_of(s, len);
        if (label > 1 && (letters & letters_bit(s))) {
            if (!r.pool) {
                r.pool = pool_new();
                r.lang = row->lang;
                number_question(&r, q);
            }
            err = read_line(&r, t, s, label, FIELD_BODY, true);
        }
        s += len + (s[len] == '\n');
    }
    pool_free(r.pool);
    *ret = r.found.match >= LABEL_LEAST ? r.found.match : 0;
    return err;
}

double heading_label_most(const struct query *q, const struct features *f)
{
    double most = q->bare ? 1 : (1 - WORDING) * 2 * f->coverage / (1 + f->coverage) + WORDING;
    return most >= LABEL_LEAST ? most : 0;
}
