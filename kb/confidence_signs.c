/* confidence_signs.c: what can be seen of a question and a passage that tells whether the one is answered by
 * the other. Each sign is a number from 0 to 1; confidence.c weighs them.
 *
 * All of them are shares: of what was asked for, of the most that could be. None depends on how large the
 * base is or how long the question, which is what makes them comparable between both. A word's *worth* is
 * its weight times its idf; words of any conversation (generalword.c) are worth a third, and nothing when
 * the base lacks them. */
#include "kb/kb_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GENERAL 0.3 /* of a word's worth, when it is one of any conversation */
#define CIRCUMSTANCE                                                                               \
    0.5                 /* slots of a lower weight were not asked for: query.c's sentences around */
#define WINDOW     30   /* tokens of the body that an extract has, more or less */
#define MAX_PLACES 160  /* places in the body that are looked at */
#define CHANCE     8.0  /* nats of idf after which a match is hardly chance */
#define LINES_READ 4096 /* bytes of a body */
#define FAR_AHEAD  4.0 /* a quarter of the score ahead of the runner-up is as far ahead as it gets */

/* What the question asks for, slot by slot. */
struct asked {
    double worth[KB_MAX_TERMS + 1];  /* 0 for a slot that tells nothing */
    bool specific[KB_MAX_TERMS + 1]; /* could be the subject of a question */
    double mass;
    size_t n, nspecific;
};

/* "4" for "for", "I'm 17": no subject, but longer ones are years, sums and codes, and are asked for. */
static bool is_small_number(const char *word)
{
    size_t n = strspn(word, "0123456789");
    return n && n < 3 && !word[n];
}

void confidence_read(struct query *q)
{
    for (size_t s = 0; s < q->nslot; s++) {
        const char *word = q->slot[s].word;
        q->slot[s].general = is_small_number(word) || generalword(q->main_lang, word) ||
                             lightword(q->main_lang, word);
    }
}

static struct asked read_asked(const struct query *q)
{
    struct asked a = {.n = q->nslot <= KB_MAX_TERMS ? q->nslot : KB_MAX_TERMS};
    for (size_t s = 0; s < a.n; s++) {
        const struct query_slot *slot = &q->slot[s];
        a.worth[s] = slot->weight * slot->idf;
        if (slot->general && !q->bare)
            a.worth[s] *= slot->known || is_small_number(slot->word) ? GENERAL : 0;
        a.mass += a.worth[s];
        a.specific[s] = !slot->general && !slot->context && slot->weight >= CIRCUMSTANCE;
        a.nspecific += a.specific[s];
    }
    return a;
}

static void fill(const struct query_term *t, double filled[KB_MAX_TERMS + 1])
{
    for (size_t s = t->slot; s < t->slot + t->nslot && s <= KB_MAX_TERMS; s++)
        filled[s] = fmax(filled[s], t->weight);
}

static double share(const struct asked *a, const double filled[KB_MAX_TERMS + 1])
{
    double have = 0;
    for (size_t s = 0; s < a->n; s++)
        have += a->worth[s] * filled[s];
    return a->mass > 0 ? have / a->mass : 0;
}

/* The share that some stretch of the body has, with what stands in the headings above it. */
static double together(const struct query *q, const struct candidate *c, const struct asked *a,
                       const double above[KB_MAX_TERMS + 1])
{
    const struct match *place[MAX_PLACES];
    size_t n = 0;
    double best = share(a, above);
    for (size_t i = 0; i < c->nmatch && n < MAX_PLACES; i++)
        if (c->match[i].field == FIELD_BODY)
            place[n++] = &c->match[i];
    for (size_t i = 0; i < n; i++) {
        double filled[KB_MAX_TERMS + 1];
        memcpy(filled, above, sizeof filled);
        for (size_t k = 0; k < n; k++) {
            if (place[k]->pos >= place[i]->pos && place[k]->pos < place[i]->pos + WINDOW)
                fill(&q->term[place[k]->term], filled);
        }
        best = fmax(best, share(a, filled));
    }
    return best;
}

/* ---- the line that says it ------------------------------------------------------------------------------ */

/* A word of a body. */
struct line_word {
    uint64_t hash;
    uint32_t line; /* or sentence: its number */
    bool other;    /* another form of the one before */
    bool stop;
};

/* Of a passage; made when a question first wants its lines (shelf.c). */
struct line_notes {
    const struct line_word *word;
    size_t n;
};

/* A body while it is cut into words. */
struct cutting {
    struct pool *pool;
    const char *text, *lang;
    size_t end; /* of the line at hand, in bytes */
    uint32_t line;
    struct line_word *word;
    size_t n, cap;
};

static int cut_word(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    struct cutting *c = ctx;
    (void)end;
    for (; start >= c->end; c->line++) {
        c->end += sentence_end(c->text + c->end, strcspn(c->text + c->end, "\n"));
        c->end += strspn(c->text + c->end, " \n");
    }
    *POOL_PUSH(c->pool, c->word, c->n, c->cap) = (struct line_word){
        word_hash(token, len), c->line, colocated, !colocated && stopword(c->lang, token, len)};
    return 0;
}

/* The words of a passage's body by line, none where they cannot be told. */
static const struct line_notes *lines_of(struct tokenizer *t, const struct row *row)
{
    size_t mark = strlen(row->lang) + 2;
    char text[LINES_READ];
    if (row->notes->lines)
        return row->notes->lines;
    struct line_notes *notes = pool_alloc(row->notes->pool, sizeof *notes);
    row->notes->lines = notes;
    int n = snprintf(text, sizeof text, "%c%s %s", TOKENIZER_MARK, row->lang, row->body);
    if (n < 0 || mark >= sizeof text)
        return notes;
    struct cutting c = {
        .pool = pool_new(), .text = text, .lang = *row->lang ? row->lang : "en", .end = mark};
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (tokenizer_run(t, text, len, cut_word, &c) >= 0 && c.n) {
        struct line_word *word = pool_array(row->notes->pool, c.n, sizeof *word);
        memcpy(word, c.word, c.n * sizeof *word);
        *notes = (struct line_notes){word, c.n};
    }
    pool_free(c.pool);
    return notes;
}

/* A line while it is compared. */
struct reading {
    const struct query *q;
    const struct asked *asked;
    uint64_t sieve;       /* low bits of the terms' hashes */
    size_t content, said; /* words of the line that are not stop words; those that were asked for */
    bool any;             /* something is filled */
    double filled[KB_MAX_TERMS + 1];
    double best;
};

/* The harmonic mean of "how much of the question is in the line" and "how much of the line is in the question". */
static void end_line(struct reading *r)
{
    double recall = r->said ? share(r->asked, r->filled) : 0;
    double precision = r->content ? (double)r->said / (double)r->content : 0;
    if (recall > 0 && precision > 0)
        r->best = fmax(r->best, 2 * recall * precision / (recall + precision));
    if (r->any)
        memset(r->filled, 0, sizeof r->filled);
    r->any = false;
    r->content = r->said = 0;
}

static bool was_said(struct reading *r, uint64_t hash)
{
    bool said = false;
    if (!(r->sieve >> hash % 64 & 1))
        return false;
    for (size_t i = 0; i < r->q->nterm; i++)
        if (r->q->term[i].hash == hash && r->q->term[i].ntoken == 1) {
            fill(&r->q->term[i], r->filled);
            said = r->any = true;
        }
    return said;
}

/* How exactly the best line of the body says what was asked. */
static double line(const struct ranking *r, const struct asked *a, const struct row *row)
{
    const struct line_notes *notes = lines_of(r->tokenizer, row);
    struct reading reading = {.q = r->q, .asked = a};
    for (size_t i = 0; i < r->q->nterm; i++)
        reading.sieve |= UINT64_C(1) << r->q->term[i].hash % 64;
    for (size_t i = 0; i < notes->n; i++) {
        const struct line_word *w = &notes->word[i];
        if (i && w->line != w[-1].line)
            end_line(&reading);
        bool said = was_said(&reading, w->hash);
        if (w->other)
            continue;
        reading.content += !w->stop || said;
        reading.said += said;
    }
    end_line(&reading);
    return reading.best;
}

/* ---- the runner-up ------------------------------------------------------------------------------------ */

static const char *last_heading(const struct row *row)
{
    return row->nheading ? row->heading[row->nheading - 1] : "";
}

/* Another answer, and not another part, another answer or a copy of the same. */
static bool is_rival(const struct row *a, const struct row *b)
{
    return strcmp(a->title, b->title) != 0 || strcmp(last_heading(a), last_heading(b)) != 0 ||
           strcmp(a->question, b->question) != 0;
}

/* How far a hit is ahead of those below it. Only the rows that are read in any case are looked at, so that no
 * limit changes what is found. */
static double margin(const struct ranking *r, size_t i)
{
    double score = r->c->c[i].score;
    if (score <= 0 || i + 1 >= RANK_FEW)
        return 0;
    for (size_t k = i + 1; k < r->n && k < RANK_FEW; k++)
        if (is_rival(&r->row[i], &r->row[k]))
            return fmax(0, fmin(1, FAR_AHEAD * (score - r->c->c[k].score) / score));
    return 1;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

/* How well each slot is filled by the matches in `fields`: the weight of the best term there. */
static void read_filled(const struct query *q, const struct candidate *c, unsigned fields,
                        double filled[KB_MAX_TERMS + 1])
{
    memset(filled, 0, (KB_MAX_TERMS + 1) * sizeof *filled);
    for (size_t i = 0; i < c->nmatch; i++)
        if (fields >> c->match[i].field & 1)
            fill(&q->term[c->match[i].term], filled);
}

void confidence_signs(const struct ranking *r, size_t i, double ret[SIGNS])
{
    const struct query *q = r->q;
    const struct candidate *it = &r->c->c[i];
    struct asked a = read_asked(q);
    double anywhere[KB_MAX_TERMS + 1], above[KB_MAX_TERMS + 1], body[KB_MAX_TERMS + 1];
    double exact = fmax(it->f.heading, it->f.label), unknown = 0;
    size_t foreign = 0;
    read_filled(q, it, ~0u, anywhere);
    read_filled(q, it, ~(1u << FIELD_BODY), above);
    read_filled(q, it, 1u << FIELD_BODY, body);
    double most =
        share(&a, body); /* of the question that a line can have: to read them may be needless */
    if (2 * most / (1 + most) > exact)
        exact = fmax(exact, line(r, &a, &r->row[i]));
    for (size_t s = 0; s < a.n; s++)
        if (!q->slot[s].known) {
            unknown += a.worth[s];
            foreign += a.specific[s];
        }
    ret[SIGN_TOGETHER] = together(q, it, &a, above);
    ret[SIGN_EXACT] = exact;
    ret[SIGN_UNKNOWN] = a.mass > 0 ? unknown / a.mass : 0;
    ret[SIGN_EMPTY] = a.nspecific == 0;
    ret[SIGN_UNPAID] = q->want == WANT_MONEY && it->f.want <= 0;
    ret[SIGN_MARGIN] = margin(r, i);
    ret[SIGN_EVIDENCE] = 1 - exp(-share(&a, anywhere) * a.mass / CHANCE);
    ret[SIGN_FOREIGN] = fmin(1, (double)foreign / 2);
}

bool confidence_named(const struct query *q, const struct candidate *c)
{
    struct asked a = read_asked(q);
    double above[KB_MAX_TERMS + 1];
    read_filled(q, c, ~(1u << FIELD_BODY), above);
    for (size_t s = 0; s < a.n; s++)
        if (a.specific[s] && above[s] > 0)
            return true;
    return false;
}
