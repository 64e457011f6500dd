/* extract.c: the part of a passage that answers, byte for byte.
 *
 * What is quoted is one contiguous run of units (sentences, items, rows): the source can be opened at
 * that place and the same bytes found. Small passages and answers of entries are quoted whole, because
 * their author already cut them. In a longer one every run competes that a reader could stand alone
 * with: one to three sentences of a paragraph, a list or table with the sentence that introduces it, or
 * the one item whose label was asked about. A list is never quoted without its lead-in and, when it fits, never in
 * part: "which of these" needs all of these.
 *
 * The winner says most of the question for its length, weighed by extract_scan.c: words that the heading says
 * already tell the sentences under it apart no more, and what kind of thing was asked for (extract_want.c) counts as
 * a word. When the heading alone is what was asked, the section speaks from its beginning.
 *
 * Then it is made readable: a run that begins with "They" or "This" takes the sentence before it along, a single
 * short sentence its neighbours, a row the header of its table. Nothing is rewritten, joined or shortened with dots:
 * what is not contiguous is another extract, or, for a header, its lead. */
#include "kb/extract.h"

#include <string.h>

#define WHOLE_ENTRY   1100 /* bytes: an entry's answer up to this is quoted whole */
#define TITLED        2    /* paragraphs with labels that make a list */
#define MAX_SENTENCES 3
#define TERSE         120 /* a paragraph of one sentence up to this sums up the one above it */
#define WITH_BEFORE   700 /* a run with the sentence that its "They" speaks of, up to this */

#define PER_BYTE   0.0003  /* what a byte must earn: 100 bytes, 3 % of the question */
#define PER_LISTED 0.00015 /* the same in a list: whole it is easier to read than its length says */
#define STRONGEST  0.5     /* share of the best single unit: one good sentence beats three halves */
#define FIT        0.2     /* the kind of thing that was asked for is there */
#define FIT_FIGURE                                                                                 \
    0.3 /* the same for an amount, a period, a date, a number: there is no answer without it */
#define LABELLED 0.45 /* share of the question that a label must be to be what was asked about */
#define LABEL    0.5  /* an item under a label that is what was asked about */
#define OPENING  0.3  /* the beginning of a section whose heading is the question */
#define FIRST    0.1  /* where the subject is first spoken of it is explained */
#define ASIDE    0.3  /* for a sentence that sends the reader elsewhere */
#define DANGLING 0.06 /* for one that needs the sentence before it */
#define FITS     0.5  /* from here on an extract has the kind of thing that was asked for */

#define NONE (-1e9) /* the score of no run at all */

/* In bytes: a passage up to `whole` and a list or table with its lead up to `list` are quoted whole, a short run takes neighbouring
 * sentences along up to `round_off`. Of further hits less, for the asker looks which of them is the one that he means. */
static const struct extract_sizes well = {.whole = 380, .list = 900, .round_off = 460};
static const struct extract_sizes briefly = {.whole = 250, .list = 400, .round_off = 250};

struct run {
    size_t first, last; /* units, inclusive */
    double score;
};

static bool is_list(const struct unit *u)
{
    return u->kind == BLOCK_ITEM || u->kind == BLOCK_ROW;
}

static size_t run_bytes(const struct row *row, size_t first, size_t last)
{
    return row->unit[last].end - row->unit[first].start;
}

/* ---- how good is a run? -------------------------------------------------------------------------------------- */

/* What the units have together: each word counts once, with the best of them. */
static double run_worth(const struct scan *s, size_t first, size_t last)
{
    double sum = 0;
    for (size_t k = 0; k < s->q->nslot; k++) {
        float best = 0;
        for (size_t i = first; i <= last; i++)
            best = s->seen[i].fill[k] > best ? s->seen[i].fill[k] : best;
        sum += s->value[k] * best;
    }
    return sum;
}

static bool wants_figure(enum query_want want)
{
    return want == WANT_MONEY || want == WANT_DURATION || want == WANT_NUMBER ||
           want == WANT_DATE || want == WANT_TIME;
}

static bool wants_list(enum query_want want)
{
    return want == WANT_LIST || want == WANT_SEVERAL;
}

/* One item of a list is not the answer to these. */
static bool wants_all(enum query_want want)
{
    return wants_list(want) || want == WANT_PLACE || want == WANT_STEPS || want == WANT_DIFFERENCE;
}

/* The run is the section's beginning, or the list that it leads up to. */
static bool opens(const struct scan *s, size_t first, size_t last)
{
    if (!first)
        return true;
    for (size_t i = 0; i < first; i++)
        if (is_list(&s->row->unit[i]))
            return false;
    return first < last && is_list(&s->row->unit[last]);
}

static double run_score(const struct scan *s, size_t first, size_t last)
{
    double strongest = 0, fit = 0, asides = 0;
    for (size_t i = first; i <= last; i++) {
        strongest = s->seen[i].worth > strongest ? s->seen[i].worth : strongest;
        fit = s->seen[i].fit > fit ? s->seen[i].fit : fit;
        asides += s->seen[i].aside;
    }
    double worth = run_worth(s, first, last);
    bool titled = s->seen[first].titled && s->row->unit[first].group != s->row->unit[last].group;
    bool list = titled || is_list(&s->row->unit[last]);
    if (titled && wants_list(s->q->want))
        fit = 1;
    double score =
        worth + STRONGEST * strongest +
        (wants_figure(s->q->want) || s->q->want == WANT_DIFFERENCE ? FIT_FIGURE : FIT) * fit -
        ASIDE * asides - (list ? PER_LISTED : PER_BYTE) * (double)run_bytes(s->row, first, last);
    if (first == last && s->seen[first].label >= LABELLED && !wants_all(s->q->want))
        score += LABEL * s->seen[first].label;
    if (s->seen[first].dangling && first)
        score -= DANGLING;
    if (first <= s->first && s->first <= last)
        score += FIRST;
    if (opens(s, first, last))
        score += OPENING * s->told;
    return score;
}

static void try_run(const struct scan *s, size_t first, size_t last, struct run *best)
{
    for (size_t i = first; i <= last; i++)
        if (s->seen[i].quoted)
            return;
    double score = run_score(s, first, last);
    if (score > best->score)
        *best = (struct run){first, last, score};
}

/* ---- which runs are there? ------------------------------------------------------------------------------------- */

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
        while (to < last && run_bytes(s->row, start, to + 1) <= s->size->list)
            to++;
        try_run(s, start, to, best);
    }
}

/* The lead of the list at `first`, with the sentence that a lead such as "This involves:" speaks of. */
static size_t list_lead(const struct scan *s, size_t first)
{
    const struct row *row = s->row;
    size_t lead = first;
    if (first && !is_list(&row->unit[first - 1]) && row->unit[first - 1].lead)
        lead--;
    if (lead && lead < first && s->seen[lead].dangling &&
        row->unit[lead - 1].group == row->unit[lead].group)
        lead--;
    return lead;
}

/* An item that answers by itself: its label was asked about, or it is a row with the figure. */
static bool alone(const struct scan *s, size_t i)
{
    const struct unit *u = &s->row->unit[i];
    bool row = u->kind == BLOCK_ROW && wants_figure(s->q->want) && s->seen[i].fit >= FITS;
    return !u->head && !u->lead &&
           ((s->seen[i].label >= LABELLED && !wants_all(s->q->want)) || row);
}

static size_t try_list(const struct scan *s, size_t first, struct run *best)
{
    size_t last = group_end(s->row, first), lead = list_lead(s, first);
    if (run_bytes(s->row, lead, last) <= s->size->list)
        try_run(s, lead, last, best);
    else
        try_part(s, lead, first, last, best);
    for (size_t i = first; i <= last; i++)
        if (alone(s, i))
            try_run(s, i, i, best);
    return last;
}

static bool one_paragraph(const struct row *row, size_t a, size_t b)
{
    return !is_list(&row->unit[a]) && !is_list(&row->unit[b]) &&
           row->unit[a].group == row->unit[b].group;
}

/* The last unit of the paragraph of unit `i`. */
static size_t paragraph_end(const struct row *row, size_t i)
{
    while (i + 1 < row->nunit && one_paragraph(row, i, i + 1))
        i++;
    return i;
}

/* Paragraphs that each begin with a label ("Compassion. ...", "Patience. ...") are a list, if there are enough of them. From
 * the first one on as many as fit. */
static void try_titled(const struct scan *s, size_t first, struct run *best)
{
    size_t n = 0, last = first, end = first;
    for (size_t i = first; i < s->row->nunit && s->seen[i].titled; i = end + 1, n++) {
        end = paragraph_end(s->row, i);
        if (run_bytes(s->row, first, end) <= s->size->list)
            last = end;
    }
    if (n >= TITLED && last > first)
        try_run(s, first, last, best);
}

static struct run best_run(const struct scan *s)
{
    const struct row *row = s->row;
    struct run best = {0, 0, 2 * NONE};
    for (size_t i = 0; i < row->nunit; i++) {
        if (is_list(&row->unit[i])) {
            i = try_list(s, i, &best);
            continue;
        }
        if (s->seen[i].titled && wants_list(s->q->want) && !(i && s->seen[i - 1].titled))
            try_titled(s, i, &best);
        for (size_t k = i; k < row->nunit && k < i + MAX_SENTENCES; k++) {
            bool leads = row->unit[k].lead && k + 1 < row->nunit && is_list(&row->unit[k + 1]);
            if (!one_paragraph(row, i, k) || leads) /* with its list it is tried there */
                break;
            try_run(s, i, k, &best);
        }
    }
    return best;
}

/* ---- a run that reads well ------------------------------------------------------------------------------------------ */

/* "They", "This": the sentence before says who. */
static void take_before(const struct scan *s, struct run *run)
{
    const struct row *row = s->row;
    for (int i = 0; i < 2 && run->first && s->seen[run->first].dangling; i++) {
        if (is_list(&row->unit[run->first - 1]) || s->seen[run->first - 1].quoted ||
            run_bytes(row, run->first - 1, run->last) > WITH_BEFORE)
            return;
        run->first--;
    }
}

/* The list that sentences lead up to belongs to them, if all of it fits. */
static bool take_list(const struct scan *s, struct run *run)
{
    const struct row *row = s->row;
    size_t first = run->last + 1;
    if (first < row->nunit && row->unit[first].lead)
        first++;
    if (first >= row->nunit || !is_list(&row->unit[first]) || !row->unit[first - 1].lead)
        return false;
    size_t last = group_end(row, first);
    for (size_t i = first; i <= last; i++)
        if (s->seen[i].quoted)
            return false;
    if (run_bytes(row, run->first, last) > s->size->list)
        return false;
    run->last = last;
    return true;
}

static bool neighbourly(const struct seen *seen)
{
    return !seen->aside && !seen->quoted;
}

/* A short sentence that is a paragraph by itself sums up what stands above it ("Reliable equipment means reliable data."): it has
 * the words, and what there is to know stands there. */
static bool sums_up(const struct row *row, const struct run *run)
{
    size_t i = run->first;
    return i && i == run->last && run_bytes(row, i, i) <= TERSE && !is_list(&row->unit[i - 1]) &&
           !one_paragraph(row, i - 1, i) && (i + 1 == row->nunit || !one_paragraph(row, i, i + 1));
}

/* A sentence or two read better with the ones beside them, if these say something themselves. */
static void round_off(const struct scan *s, struct run *run)
{
    const struct row *row = s->row;
    bool across = sums_up(row, run);
    if (is_list(&row->unit[run->first]) || is_list(&row->unit[run->last]) || take_list(s, run))
        return;
    while (run->last - run->first + 1 < MAX_SENTENCES) {
        size_t next = run->last + 1;
        if (next < row->nunit && one_paragraph(row, run->last, next) && !row->unit[next].lead &&
            neighbourly(&s->seen[next]) && run_bytes(row, run->first, next) <= s->size->round_off)
            run->last = next;
        else if (run->first && (across || one_paragraph(row, run->first - 1, run->first)) &&
                 neighbourly(&s->seen[run->first - 1]) &&
                 run_bytes(row, run->first - 1, run->last) <= s->size->round_off)
            run->first--;
        else
            return;
        across = false;
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Kinds of answer that can be told with some certainty: an amount is there or it is not, a reason may be. */
static bool tells(enum query_want want)
{
    return wants_figure(want) || wants_list(want);
}

/* Which words of the question, and which kind of answer, the quoted bytes have. */
static void give_facts(const struct scan *s, struct run run, struct kb_hit *hit)
{
    for (size_t k = 0; k < s->q->nslot && k < 64; k++)
        for (size_t i = run.first; i <= run.last && i < s->row->nunit; i++)
            if (s->seen[i].fill[k] > 0)
                hit->has |= UINT64_C(1) << k;
    for (size_t i = run.first; i <= run.last && i < s->row->nunit; i++)
        hit->fits = hit->fits || (tells(s->q->want) && s->seen[i].fit >= FITS);
    hit->told = s->told;
    hit->own = s->has;
}

static void give(const struct scan *s, size_t start, size_t end, struct kb_hit *hit)
{
    const char *text = s->text;
    while (start < end && blank(text[start]))
        start++;
    while (start < end && blank(text[end - 1]))
        end--;
    hit->text = pool_strndup(s->pool, text + start, end - start);
    hit->start = s->row->start + start;
    hit->end = s->row->start + end;
    struct kb_span *mark = pool_array(s->pool, s->nmark, sizeof *mark);
    size_t n = 0;
    for (size_t i = 0; i < s->nmark; i++)
        if (s->mark[i].start >= start && s->mark[i].end <= end)
            mark[n++] = (struct kb_span){s->mark[i].start - start, s->mark[i].end - start};
    hit->mark = mark;
    hit->nmark = n;
}

/* Rows without their header are riddles: it is quoted before them, from its own place. */
static void give_lead(const struct scan *s, size_t first, struct kb_hit *hit)
{
    const struct row *row = s->row;
    if (row->unit[first].kind != BLOCK_ROW || row->unit[first].head)
        return;
    for (size_t i = first; i-- && row->unit[i].group == row->unit[first].group;)
        if (row->unit[i].head && row->unit[i].kind == BLOCK_ROW) {
            hit->lead_start = row->unit[i].start;
            hit->lead_end = row->unit[i].end;
            hit->lead = pool_strndup(s->pool, s->text + (hit->lead_start - row->start),
                                     hit->lead_end - hit->lead_start);
            return;
        }
}

void extract_best(struct tokenizer *t, const struct query *q, struct pool *pool,
                  const struct row *row, const struct candidate *c, bool further,
                  struct kb_hit *hit)
{
    struct scan s;
    size_t len = row->end - row->start;
    extract_scan(t, q, pool, row, c, &s);
    s.size = further ? &briefly : &well;
    hit->lead = "";
    if (row->nunit && !s.fresh)
        return; /* all of it was said; text stays "" */
    if (!row->nunit ||
        (s.fresh == row->nunit && len <= (row->entry ? WHOLE_ENTRY : s.size->whole))) {
        give_facts(&s, (struct run){0, row->nunit ? row->nunit - 1 : 0, 0}, hit);
        give(&s, 0, len, hit);
        return;
    }
    struct run run = best_run(&s);
    if (run.score < NONE)
        return;
    take_before(&s, &run);
    round_off(&s, &run);
    give_facts(&s, run, hit);
    size_t start = row->unit[run.first].start - row->start;
    if (row->unit[run.first].kind == BLOCK_ITEM && run.last > run.first)
        start = passage_item_start(s.text, start);
    give_lead(&s, run.first, hit);
    give(&s, start, row->unit[run.last].end - row->start, hit);
}
