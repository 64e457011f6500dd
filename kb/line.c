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
 * the line that nobody asked for leaves it as it is, so most words cost nothing; and the words of a passage, as hashes, are
 * made once and kept on the shelf. */
#include "kb/kb_int.h"

#include <math.h>
#include <string.h>

#define SIEVE      1024 /* bits */
#define LINES_READ 4096 /* bytes of a body, and of what stands above it */

/* ---- the words of a passage, line by line ----------------------------------------------------------------- */

struct line_word {
    uint64_t hash;
    uint32_t line; /* or sentence: its number */
    bool body;
    bool other; /* another form of the one before */
    bool stop;
};

/* Of a passage; made when a question first wants its lines (shelf.c). */
struct line_notes {
    const struct line_word *word;
    size_t n;
};

/* Lines while they are gathered. */
struct gathering {
    struct pool *pool;
    uint32_t line;
    bool body;
    struct line_word *word;
    size_t n, cap;
};

/* The words of a text, as many as there are in its first LINES_READ bytes, by line and sentence. */
static void gather(struct gathering *g, const char *text, const struct text_words *words)
{
    size_t end = 0; /* of the line at hand */
    for (size_t i = 0; i < words->n && words->word[i].end < LINES_READ; i++) {
        const struct text_word *w = &words->word[i];
        for (; w->start >= end; g->line++) {
            end += sentence_end(text + end, strcspn(text + end, "\n"));
            end += strspn(text + end, " \n");
        }
        *POOL_PUSH(g->pool, g->word, g->n, g->cap) = (struct line_word){
            w->hash, g->line, g->body, i && w->pos == words->word[i - 1].pos, w->stop};
    }
    g->line++;
}

/* The words of a passage, none where they cannot be told. A title is a line by itself and with the last heading. */
static const struct line_notes *lines_of(struct tokenizer *t, const struct row *row)
{
    struct text_words head;
    const struct text_words *body;
    if (row->notes->lines)
        return row->notes->lines;
    struct line_notes *notes = pool_alloc(row->notes->pool, sizeof *notes);
    row->notes->lines = notes;
    struct gathering g = {.pool = pool_new()};
    const char *last = row->nheading ? row->heading[row->nheading - 1] : "";
    const char *text = pool_printf(g.pool, "%s\n%s %s\n%s\n%s", row->title, row->title, last,
                                   row->headings, row->question);
    if (!words_read(t, g.pool, row->lang, text, strlen(text), &head))
        gather(&g, text, &head);
    g.body = true;
    if (!words_body(t, row, &body))
        gather(&g, row->body, body);
    struct line_word *word = pool_array(row->notes->pool, g.n, sizeof *word);
    if (g.n)
        memcpy(word, g.word, g.n * sizeof *word);
    *notes = (struct line_notes){word, g.n};
    pool_free(g.pool);
    return notes;
}

/* ---- a question beside them ---------------------------------------------------------------------------------- */

/* The question's words, and what has been found of them in the line at hand. */
struct reading {
    const struct query *q;
    uint64_t sieve[SIEVE / 64];   /* low bits of the hashes of all that is looked for */
    uint64_t hash[QUERY_SAID];    /* of the words without content */
    size_t nsaid;                 /* in the sentences that ask */
    size_t words, content, asked; /* without stop words; what was asked for */
    bool any;
    double filled[KB_MAX_TERMS + 1];
    double common[QUERY_SAID + 1]; /* with the first so many words of the question */
    struct line_found best;
};

static void look_for(struct reading *r, uint64_t hash)
{
    r->sieve[hash % SIEVE / 64] |= UINT64_C(1) << hash % 64;
}

static bool is_looked_for(const struct reading *r, uint64_t hash)
{
    return r->sieve[hash % SIEVE / 64] >> hash % 64 & 1;
}

static void begin(struct reading *r)
{
    const struct query *q = r->q;
    for (size_t i = 0; i < q->nterm; i++)
        look_for(r, q->term[i].hash);
    for (; r->nsaid < q->nsaid && q->said[r->nsaid].weight >= 1; r->nsaid++) {
        const struct query_said *said = &q->said[r->nsaid];
        if (said->slot != SIZE_MAX)
            continue;
        r->hash[r->nsaid] = word_hash(said->token, strlen(said->token));
        look_for(r, r->hash[r->nsaid]);
    }
}

/* The line has a word that says each of the question's words as well as `well`. */
static void extend(struct reading *r, const double well[QUERY_SAID])
{
    double before = 0; /* without this word of either */
    for (size_t i = 0; i < r->nsaid; i++) {
        double now = fmax(r->common[i + 1], r->common[i]);
        if (well[i] > 0)
            now = fmax(now, before + well[i]);
        before = r->common[i + 1];
        r->common[i + 1] = now;
    }
}

/* Whether the word was asked for. */
static bool take_word(struct reading *r, uint64_t hash)
{
    const struct query *q = r->q;
    double well[QUERY_SAID];
    bool asked = false, any = false;
    if (!is_looked_for(r, hash))
        return false;
    memset(well, 0, r->nsaid * sizeof *well);
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *t = &q->term[i];
        if (t->hash != hash || t->ntoken > 1)
            continue;
        asked = any = true;
        for (size_t s = t->slot; s < t->slot + t->nslot && s <= KB_MAX_TERMS; s++)
            r->filled[s] = fmax(r->filled[s], t->weight);
        for (size_t k = 0; k < r->nsaid; k++)
            if (q->said[k].slot >= t->slot && q->said[k].slot < t->slot + t->nslot)
                well[k] = fmax(well[k], t->typed ? 1 : t->weight);
    }
    for (size_t k = 0; k < r->nsaid; k++)
        if (q->said[k].slot == SIZE_MAX && r->hash[k] == hash) {
            well[k] = 1;
            any = true;
        }
    if (any) {
        extend(r, well);
        r->any = true;
    }
    return asked;
}

static void end_line(struct reading *r, bool body)
{
    const struct query_asked *asked = &r->q->asked;
    double have = 0, precision = r->content ? (double)r->asked / (double)r->content : 0;
    if (r->any) {
        for (size_t s = 0; s < asked->n; s++)
            have += asked->worth[s] * r->filled[s];
        double recall = asked->mass > 0 ? have / asked->mass : 0;
        double said = 2 * r->common[r->nsaid] / (double)(r->nsaid + r->words);
        if (body && recall > 0 && precision > 0)
            r->best.exact = fmax(r->best.exact, 2 * recall * precision / (recall + precision));
        r->best.said = fmax(r->best.said, fmin(1, said));
        r->best.sense = fmax(r->best.sense, fmin(1, said) * (1 + 2 * recall) / 3);
        if (body)
            r->best.body = fmax(r->best.body, fmin(1, said));
        memset(r->filled, 0, sizeof r->filled);
        memset(r->common, 0, (r->nsaid + 1) * sizeof *r->common);
    }
    r->any = false;
    r->words = r->content = r->asked = 0;
}

struct line_found line_compare(struct tokenizer *t, const struct query *q, const struct row *row)
{
    const struct line_notes *notes = lines_of(t, row);
    struct reading reading = {.q = q};
    begin(&reading);
    for (size_t k = 0; k < notes->n; k++) {
        const struct line_word *w = &notes->word[k];
        bool asked = take_word(&reading, w->hash);
        if (!w->other) {
            reading.words++;
            reading.content += !w->stop || asked;
            reading.asked += asked;
        }
        if (k + 1 == notes->n || w[1].line != w->line)
            end_line(&reading, w->body);
    }
    return reading.best;
}
