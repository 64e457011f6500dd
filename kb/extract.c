/* extract.c: the part of a passage that answers, byte for byte.
 *
 * What is quoted is one contiguous run of units (sentences, items, rows): the source can be opened at
 * that place and the same bytes found. Small passages and answers of entries are quoted whole, because
 * their author already cut them. In a longer one every run competes that a reader could stand alone
 * with: one to three sentences of a paragraph, or a list or table with the sentence that introduces it.
 * A list is never quoted without its lead-in and, when it fits, never in part: "which of these" needs all
 * of these. The winner has most of the question's words for its length.
 *
 * Nothing is rewritten, joined or shortened with dots: what is not contiguous is another extract. */
#include "kb/kb_int.h"

#include <string.h>

#define WHOLE         350 /* bytes: a passage up to this is quoted whole */
#define WHOLE_ENTRY   700 /* the same for an entry's answer */
#define MAX_LIST      900 /* a list or table up to this is quoted whole, with its lead */
#define MAX_SENTENCES 3
#define ROUND_OFF     440 /* a short run takes neighbouring sentences along, up to this */

#define PER_BYTE   0.0003 /* what a byte must earn: 100 bytes, 3 % of the question */
#define WANT_BONUS 0.15   /* an enumeration where one was asked for, a figure where one was */
#define STRONGEST  0.5    /* share of the best single unit: one good sentence beats three halves */

/* A unit and the slots that its words fill. */
struct seen {
    uint64_t slots;
    bool figure; /* has a digit */
};

struct run {
    size_t first, last; /* units, inclusive */
    double score;
};

struct scan {
    const struct query *q;
    const struct row *row;
    struct pool *pool;
    struct seen *seen;
    size_t unit, mark; /* where we are; bytes of the language mark */
    struct kb_span *span;
    size_t nspan, capspan;
};

/* ---- words in units ------------------------------------------------------------------------------------ */

static uint64_t slots_of(const struct query *q, const char *token, size_t len)
{
    uint64_t slots = 0;
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *t = &q->term[i];
        for (size_t k = 0; k < t->ntoken; k++)
            if (strlen(t->token[k]) == len && !memcmp(t->token[k], token, len))
                for (size_t s = t->slot; s < t->slot + t->nslot && s < 64; s++)
                    slots |= UINT64_C(1) << s;
    }
    return slots;
}

static int scan_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                      bool colocated)
{
    (void)colocated;
    struct scan *s = ctx;
    if (start < s->mark || end < start)
        return 0;
    uint64_t slots = slots_of(s->q, token, len);
    if (!slots)
        return 0;
    size_t from = start - s->mark, to = end - s->mark, at = s->row->start + from;
    while (s->unit < s->row->nunit && s->row->unit[s->unit].end <= at)
        s->unit++;
    if (s->unit < s->row->nunit && s->row->unit[s->unit].start <= at)
        s->seen[s->unit].slots |= slots;
    if (!s->nspan || s->span[s->nspan - 1].end <= from)
        *POOL_PUSH(s->pool, s->span, s->nspan, s->capspan) = (struct kb_span){from, to};
    return 0;
}

static int scan_words(struct tokenizer *t, const char *text, struct scan *s)
{
    size_t len = s->row->end - s->row->start;
    s->mark = strlen(s->row->lang) + 2;
    char *marked = pool_alloc(s->pool, s->mark + len + 1);
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, s->row->lang, s->mark - 2);
    marked[s->mark - 1] = ' ';
    memcpy(marked + s->mark, text, len);
    s->seen = pool_array(s->pool, s->row->nunit + 1, sizeof *s->seen);
    int r = tokenizer_run(t, marked, s->mark + len, scan_token, s);
    for (size_t i = 0; i < s->row->nunit; i++) {
        const struct unit *u = &s->row->unit[i];
        for (size_t k = u->start; k < u->end && !s->seen[i].figure; k++)
            s->seen[i].figure = text[k - s->row->start] >= '0' && text[k - s->row->start] <= '9';
    }
    return r;
}

static double worth(const struct query *q, uint64_t slots)
{
    double sum = 0;
    for (size_t i = 0; i < q->nslot && i < 64; i++)
        if (slots >> i & 1)
            sum += q->slot[i].weight * q->slot[i].idf;
    return q->mass > 0 ? sum / q->mass : 0;
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static bool is_list(const struct unit *u)
{
    return u->kind == BLOCK_ITEM || u->kind == BLOCK_ROW;
}

static size_t run_bytes(const struct row *row, size_t first, size_t last)
{
    return row->unit[last].end - row->unit[first].start;
}

static bool wants_figure(enum query_want want)
{
    return want == WANT_MONEY || want == WANT_DURATION || want == WANT_NUMBER || want == WANT_DATE;
}

static bool wants_list(enum query_want want)
{
    return want == WANT_LIST || want == WANT_STEPS || want == WANT_DIFFERENCE;
}

static double run_score(const struct scan *s, size_t first, size_t last)
{
    uint64_t slots = 0;
    double strongest = 0, bonus = 0;
    for (size_t i = first; i <= last; i++) {
        double w = worth(s->q, s->seen[i].slots);
        strongest = w > strongest ? w : strongest;
        slots |= s->seen[i].slots;
        if ((wants_figure(s->q->want) && s->seen[i].figure) ||
            (wants_list(s->q->want) && is_list(&s->row->unit[i])))
            bonus = WANT_BONUS;
    }
    if (!slots)
        return -1;
    return worth(s->q, slots) + STRONGEST * strongest + bonus -
           PER_BYTE * (double)run_bytes(s->row, first, last);
}

static void try_run(const struct scan *s, size_t first, size_t last, struct run *best)
{
    double score = run_score(s, first, last);
    if (score > best->score)
        *best = (struct run){first, last, score};
}

static size_t group_end(const struct row *row, size_t first)
{
    size_t last = first;
    while (last + 1 < row->nunit && is_list(&row->unit[last + 1]) &&
           row->unit[last + 1].group == row->unit[first].group)
        last++;
    return last;
}

/* A list too long to be quoted whole: from its head on when that fits, else the items around the best. */
static void try_part(const struct scan *s, size_t lead, size_t first, size_t last, struct run *best)
{
    for (size_t from = first; from <= last; from++) {
        size_t start = from == first ? lead : from, to = from;
        while (to < last && run_bytes(s->row, start, to + 1) <= MAX_LIST)
            to++;
        double score = run_score(s, start, to);
        if (score > best->score)
            *best = (struct run){start, to, score};
    }
}

static size_t try_list(const struct scan *s, size_t first, struct run *best)
{
    size_t last = group_end(s->row, first), lead = first;
    if (first && !is_list(&s->row->unit[first - 1]) && s->row->unit[first - 1].lead)
        lead = first - 1;
    if (run_bytes(s->row, lead, last) <= MAX_LIST)
        try_run(s, lead, last, best);
    else
        try_part(s, lead, first, last, best);
    return last;
}

static bool one_paragraph(const struct row *row, size_t a, size_t b)
{
    return !is_list(&row->unit[a]) && !is_list(&row->unit[b]) &&
           row->unit[a].group == row->unit[b].group;
}

static struct run best_run(const struct scan *s)
{
    const struct row *row = s->row;
    struct run best = {0, 0, -1e9};
    for (size_t i = 0; i < row->nunit; i++) {
        if (is_list(&row->unit[i])) {
            i = try_list(s, i, &best);
            continue;
        }
        for (size_t k = i; k < row->nunit && k < i + MAX_SENTENCES; k++) {
            bool leads = row->unit[k].lead && k + 1 < row->nunit && is_list(&row->unit[k + 1]);
            if (!one_paragraph(row, i, k) || leads) /* with its list it is tried there */
                break;
            try_run(s, i, k, &best);
        }
    }
    return best;
}

/* The list that sentences lead up to belongs to them, if all of it fits. */
static bool take_list(const struct row *row, struct run *run)
{
    size_t first = run->last + 1;
    if (first < row->nunit && row->unit[first].lead)
        first++;
    if (first >= row->nunit || !is_list(&row->unit[first]) || !row->unit[first - 1].lead)
        return false;
    size_t last = group_end(row, first);
    if (run_bytes(row, run->first, last) > MAX_LIST)
        return false;
    run->last = last;
    return true;
}

/* A sentence or two read better with the ones beside them. */
static void round_off(const struct row *row, struct run *run)
{
    if (is_list(&row->unit[run->last]) || take_list(row, run))
        return;
    while (run->last - run->first + 1 < MAX_SENTENCES) {
        if (run->last + 1 < row->nunit && one_paragraph(row, run->last, run->last + 1) &&
            !row->unit[run->last + 1].lead &&
            run_bytes(row, run->first, run->last + 1) <= ROUND_OFF)
            run->last++;
        else if (run->first && one_paragraph(row, run->first - 1, run->first) &&
                 run_bytes(row, run->first - 1, run->last) <= ROUND_OFF)
            run->first--;
        else
            return;
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void give(const struct scan *s, const char *text, size_t start, size_t end,
                 struct kb_hit *hit)
{
    while (start < end && blank(text[start]))
        start++;
    while (start < end && blank(text[end - 1]))
        end--;
    hit->text = pool_strndup(s->pool, text + start, end - start);
    hit->start = s->row->start + start;
    hit->end = s->row->start + end;
    struct kb_span *mark = pool_array(s->pool, s->nspan, sizeof *mark);
    size_t n = 0;
    for (size_t i = 0; i < s->nspan; i++)
        if (s->span[i].start >= start && s->span[i].end <= end)
            mark[n++] = (struct kb_span){s->span[i].start - start, s->span[i].end - start};
    hit->mark = mark;
    hit->nmark = n;
}

int extract_best(struct tokenizer *t, const struct query *q, struct pool *pool,
                 const struct row *row, const char *text, struct kb_hit *hit)
{
    struct scan s = {.q = q, .row = row, .pool = pool};
    size_t len = row->end - row->start;
    int r = scan_words(t, text, &s);
    if (r < 0)
        return r;
    if (!row->nunit || len <= (row->entry ? WHOLE_ENTRY : WHOLE)) {
        give(&s, text, 0, len, hit);
        return 0;
    }
    struct run run = best_run(&s);
    round_off(row, &run);
    size_t start = row->unit[run.first].start - row->start;
    if (row->unit[run.first].kind == BLOCK_ITEM && run.last > run.first)
        start = passage_item_start(text, start);
    give(&s, text, start, row->unit[run.last].end - row->start, hit);
    return 0;
}
