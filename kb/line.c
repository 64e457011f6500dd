/* line.c: how well one line of a passage says what was asked: an alias, a heading, a title, an item, a
 * sentence of its body.
 *
 * A passage may have all the words of a question and say none of it. When one line has them, in the order in which they
 * were asked and with little else between, that is hardly chance. Three things are measured, line by line, and the best
 * line of each counts:
 *
 *   exact  of the body: the harmonic mean of "how much of what was asked is in the line", by what the words are worth, and
 *          "how much of the line's content was asked". Headings have the same measure in heading.c.
 *   said   of all lines: the longest common subsequence of question and line, small words too, as a share of both
 *          (2 c / (n + m)). "How do I use this" and "Can I delay this" differ by words that are worth nothing, and are two
 *          questions. Another word for the one that was typed counts by its weight.
 *   sense  the same, two thirds of it only as far as the line has what was asked for: the frame of a question is easily
 *          found ("what about ... for nurses") and is not its subject.
 *
 * The longest common subsequence is kept as one row of the usual matrix, a column per word of the question. A word of
 * the line that nobody asked for leaves it as it is, and how many there are is known beforehand, so most words cost
 * nothing but a look; and the words of a passage, as hashes, and where its lines end are found once and kept on the shelf. */
#include "kb/kb_int.h"

#include <math.h>
#include <string.h>

#define LINES_READ 4096 /* bytes of a body, and of what stands above it */

/* ---- the words of a passage, line by line ----------------------------------------------------------------- */

/* A line, or a sentence. */
struct line {
    uint32_t end;            /* the word behind it */
    uint16_t words, content; /* other forms of a word are none; those without stop words */
};

struct lines {
    const struct text_words *words;
    const struct line *line;
    size_t n;
};

/* Of a passage; made when a question first wants its lines (shelf.c). */
struct line_notes {
    struct lines head, body;
};

/* How far from `at` on words follow each other with a blank between, or a comma: no sentence ends before. From the i-th on,
 * where a line or sentence begins. */
static size_t plain_until(const char *text, const struct text_words *words, size_t i, size_t at)
{
    if (words->word[i].start != at)
        return at;
    for (; i < words->n; i++) {
        at = text_word_end(&words->word[i]);
        at += text[at] == ',';
        if (text[at] != ' ' || i + 1 == words->n || words->word[i + 1].start != at + 1)
            break;
    }
    return at;
}

/* The beginning of the next line or sentence behind the one that begins at `start` with the i-th word, or before. */
static size_t next_line(const char *text, const struct text_words *words, size_t i, size_t start,
                        size_t *newline)
{
    size_t plain = plain_until(text, words, i, start), end;
    if (start >= *newline) {
        const char *found = strchr(text + plain, '\n');
        *newline = found ? (size_t)(found - text) : plain + strlen(text + plain);
    }
    end = start + sentence_end_behind(text + start, *newline - start, plain - start);
    while (text[end] == ' ' || text[end] == '\n')
        end++;
    return end;
}

/* The lines of a text, as many as there are in its first LINES_READ bytes, by line and sentence. */
static struct lines find_lines(struct pool *pool, const char *text, const struct text_words *words)
{
    struct line *line = NULL;
    size_t n = 0, cap = 0, end = 0, newline = 0; /* end: of the line or sentence at hand */
    for (size_t i = 0; i < words->n && text_word_end(&words->word[i]) < LINES_READ; i++) {
        const struct text_word *w = &words->word[i];
        if (w->start >= end) {
            while (w->start >= end)
                end = next_line(text, words, i, end, &newline);
            POOL_PUSH(pool, line, n, cap);
        }
        struct line *at = &line[n - 1];
        at->end = (uint32_t)i + 1;
        at->words = (uint16_t)(at->words + !w->other);
        at->content = (uint16_t)(at->content + !(w->other || w->stop));
    }
    return (struct lines){words, line, n};
}

static const struct line_notes *lines_of(struct tokenizer *t, const struct row *row)
{
    struct pool *pool = row->notes->pool;
    if (row->notes->lines)
        return row->notes->lines;
    struct line_notes *notes = pool_alloc(pool, sizeof *notes);
    struct pool *scratch = pool_new();
    const char *text = row_above(scratch, row);
    notes->head = find_lines(pool, text, words_above(t, row, text));
    notes->body = find_lines(pool, row->body, words_body(t, row));
    pool_free(scratch);
    return row->notes->lines = notes;
}

/* ---- a question beside them ---------------------------------------------------------------------------------- */

/* What has been found of the question in the line at hand. */
struct reading {
    const struct query *q;
    size_t content, asked; /* words without stop words; what was asked for */
    bool any;
    double filled[KB_MAX_TERMS + 1];
    double common[QUERY_SAID + 1]; /* with the first so many words of the question */
    struct line_found best;
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static struct line_word *look_for(struct line_asked *a, uint64_t hash)
{
    size_t at = hash % LINE_PLACES;
    struct line_word *known = line_word(a, hash);
    if (known)
        return known;
    while (a->place[at])
        at = (at + 1) % LINE_PLACES;
    a->word[a->n] = (struct line_word){.hash = hash};
    a->place[at] = (uint8_t)(a->n + 1);
    return &a->word[a->n++];
}

/* The word says the k-th of q->said at least as well as that. */
static void says(struct query *q, struct line_word *word, size_t k, double well)
{
    if (!word->well)
        word->well = pool_array(q->pool, q->line.nsaid, sizeof *word->well);
    word->well[k] = larger(word->well[k], well);
}

static void look_for_term(struct query *q, size_t i)
{
    struct line_asked *a = &q->line;
    const struct query_term *t = &q->term[i];
    struct line_word *word = look_for(a, t->hash);
    a->next[i] = word->term;
    word->term = (uint16_t)(i + 1);
    if (t->ntoken > 1)
        return; /* no single word says it */
    word->asked = true;
    for (size_t k = 0; k < a->nsaid; k++)
        if (q->said[k].slot >= t->slot && q->said[k].slot < t->slot + t->nslot)
            says(q, word, k, t->typed ? 1 : t->weight);
}

void line_ask(struct query *q)
{
    struct line_asked *a = &q->line;
    *a = (struct line_asked){.word = pool_array(q->pool, q->nterm + q->nsaid, sizeof *a->word)};
    while (a->nsaid < q->nsaid && q->said[a->nsaid].weight >= 1)
        a->nsaid++;
    for (size_t i = q->nterm; i--;) /* so that they are met in their order */
        look_for_term(q, i);
    for (size_t k = 0; k < a->nsaid; k++)
        if (q->said[k].slot == SIZE_MAX)
            says(q, look_for(a, q->said[k].hash), k, 1);
}

/* The line has a word that says each of the question's words as well as `well`. Where it does not, nothing changes: what a
 * longer part of the question has in common is never less. */
static void extend(struct reading *r, const double *well)
{
    double before = 0; /* without this word of either */
    for (size_t i = 0; i < r->q->line.nsaid; i++) {
        double now = larger(larger(r->common[i + 1], r->common[i]), before + well[i]);
        before = r->common[i + 1];
        r->common[i + 1] = now;
    }
}

static void take_word(struct reading *r, const struct line_word *word)
{
    const struct query *q = r->q;
    for (size_t i = word->asked ? word->term : 0; i; i = q->line.next[i - 1]) {
        const struct query_term *t = &q->term[i - 1];
        for (size_t s = t->slot; t->ntoken == 1 && s < t->slot + t->nslot && s <= KB_MAX_TERMS; s++)
            r->filled[s] = larger(r->filled[s], t->weight);
    }
    if (word->well)
        extend(r, word->well);
    r->any = r->any || word->asked || word->well;
}

static void end_line(struct reading *r, const struct line *line, bool body)
{
    const struct query_asked *asked = &r->q->asked;
    const size_t nsaid = r->q->line.nsaid, content = line->content + r->content;
    double have = 0, precision = content ? (double)r->asked / (double)content : 0;
    for (size_t s = 0; s < asked->n; s++)
        have += asked->worth[s] * r->filled[s];
    double recall = asked->mass > 0 ? have / asked->mass : 0;
    double said = smaller(1, 2 * r->common[nsaid] / (double)(nsaid + line->words));
    if (body && recall > 0 && precision > 0)
        r->best.exact = larger(r->best.exact, 2 * recall * precision / (recall + precision));
    r->best.said = larger(r->best.said, said);
    r->best.sense = larger(r->best.sense, said * (1 + 2 * recall) / 3);
    if (body)
        r->best.body = larger(r->best.body, said);
    memset(r->filled, 0, asked->n * sizeof *r->filled);
    memset(r->common, 0, (nsaid + 1) * sizeof *r->common);
}

static void compare(struct reading *r, const struct lines *lines, bool body)
{
    const struct text_word *word = lines->words->word;
    size_t i = 0;
    for (size_t k = 0; k < lines->n; k++) {
        const struct line *line = &lines->line[k];
        r->any = false;
        r->content = r->asked = 0;
        for (; i < line->end; i++) {
            const struct line_word *known = line_word(&r->q->line, word[i].hash);
            if (!known)
                continue;
            take_word(r, known);
            if (!known->asked || word[i].other)
                continue;
            r->content += word[i].stop; /* one that was asked for has content */
            r->asked++;
        }
        if (r->any)
            end_line(r, line, body);
    }
}

struct line_found line_compare(struct tokenizer *t, const struct query *q, const struct row *row)
{
    const struct line_notes *notes = lines_of(t, row);
    struct reading reading = {.q = q};
    compare(&reading, &notes->head, false);
    compare(&reading, &notes->body, true);
    return reading.best;
}
