/* candidates.c: the first stage, from a whole base to some tens of passages, by BM25F (bm25f.h has the formula).
 *
 * Of several ways to fill a slot the best one counts, and a synonym is never taken for rarer than the word that was
 * typed.
 *
 * Where there is a sound snapshot of the postings, candidates_snap.c does the work. Without one they are read here, through
 * fts5vocab, one token at a time, with the token as a bound value. A MATCH expression would tokenize our tokens again,
 * would need quoting, and costs a virtual-machine program per matching row that bm25() then slows further. Both hand out all
 * that later stages need to know about places of words, so none of them asks FTS5 anything. */
#include "kb/bm25f.h"
#include "kb/kb_int.h"
#include "kb/snap_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A table of this connection alone; the base is opened read-only, and stays so. */
static const char sql_vocabulary[] = "PRAGMA query_only=0;"
                                     "CREATE VIRTUAL TABLE IF NOT EXISTS temp.passage_word"
                                     " USING fts5vocab(main, passage_fts, instance);"
                                     "PRAGMA query_only=1;";
static const char sql_postings[] = "SELECT doc, col, offset FROM temp.passage_word WHERE term = ?1";

struct posting {
    uint32_t ord, pos;
    uint8_t field;
};

struct postings {
    const char *token; /* NULL for a phrase */
    struct posting *p; /* by ord, field, pos */
    size_t n, cap;
};

struct search {
    struct kb *kb;
    struct query *q;
    struct pool *pool;      /* ends with the search */
    struct postings *token; /* one per distinct token */
    size_t ntoken, captoken;
    struct postings *term; /* of q->term[i] */
    double *score;         /* per passage */
    double *best;          /* per passage: of the slot at hand */
    uint32_t *touched;
    size_t ntouched;
    int32_t today;
};

/* ---- postings ---------------------------------------------------------------------------------------------- */

static uint8_t field_of(const char *column)
{
    switch (column[0]) {
    case 'q': return FIELD_QUESTION;
    case 'h': return FIELD_HEADINGS;
    case 't': return FIELD_TITLE;
    default: return FIELD_BODY;
    }
}

static int read_postings(struct search *s, const char *token, struct postings *ret)
{
    int r = 0, rc;
    sqlite3_stmt *st = kb_stmt(s->kb, STMT_POSTINGS, sql_postings, &r);
    if (!st)
        return r;
    ret->token = token;
    sqlite3_bind_text(st, 1, token, -1, SQLITE_STATIC);
    long long last = -1;
    size_t ord = 0;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        long long id = sqlite3_column_int64(st, 0);
        if (id != last)
            ord = stats_find(s->kb->stats, last = id);
        const char *column = (const char *)sqlite3_column_text(st, 1);
        if (ord == s->kb->stats->n || !column)
            continue;
        *POOL_PUSH(s->pool, ret->p, ret->n, ret->cap) = (struct posting){
            (uint32_t)ord, (uint32_t)sqlite3_column_int64(st, 2), field_of(column)};
    }
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE ? 0 : schema_err(rc);
}

/* Where the token stands; read at most once per question. */
static int token_postings(struct search *s, const char *token, struct postings *ret)
{
    for (size_t i = 0; i < s->ntoken; i++)
        if (!strcmp(s->token[i].token, token)) {
            *ret = s->token[i];
            return 0;
        }
    struct postings p = {0};
    int r = read_postings(s, token, &p);
    if (!r)
        *ret = *POOL_PUSH(s->pool, s->token, s->ntoken, s->captoken) = p;
    return r;
}

static uint64_t place(const struct posting *p, uint32_t shift)
{
    return (uint64_t)p->ord << 32 | (uint64_t)p->field << 28 | (p->pos + shift);
}

/* The places in `a` that have one of `b` exactly `shift` tokens behind them. */
static struct postings followed_by(struct pool *pool, const struct postings *a,
                                   const struct postings *b, uint32_t shift)
{
    struct postings both = {0};
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        uint64_t want = place(&a->p[i], shift), have = place(&b->p[k], 0);
        if (want == have)
            *POOL_PUSH(pool, both.p, both.n, both.cap) = a->p[i];
        i += want <= have;
        k += have <= want;
    }
    return both;
}

static int term_postings(struct search *s, const struct query_term *t, struct postings *ret)
{
    int r = token_postings(s, t->token[0], ret);
    for (size_t i = 1; !r && i < t->ntoken && ret->n; i++) {
        struct postings next;
        r = token_postings(s, t->token[i], &next);
        if (!r)
            *ret = followed_by(s->pool, ret, &next, (uint32_t)i);
    }
    return r;
}

static long long passages_in(const struct postings *p)
{
    long long n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += !i || p->p[i].ord != p->p[i - 1].ord;
    return n;
}

/* ---- scores --------------------------------------------------------------------------------------------------- */

/* Raise best[] of every passage that has the term to what the term is worth there. */
static void score_term(struct search *s, const struct query_slot *slot, const struct query_term *t,
                       const struct postings *p)
{
    const struct stats *stats = s->kb->stats;
    double idf = bm25f_term_idf(slot, t, (double)stats->n);
    for (size_t i = 0; i < p->n;) {
        uint32_t ord = p->p[i].ord;
        uint8_t count[FIELDS] = {0};
        for (; i < p->n && p->p[i].ord == ord; i++) {
            uint8_t *c = &count[p->p[i].field];
            *c = (uint8_t)(*c + (*c < BM25F_TF_MAX));
        }
        double tf = bm25f_tf(count, stats->len[ord], stats->average);
        double v = slot->weight * t->weight * idf * bm25f_saturate(tf);
        if (v > s->best[ord])
            s->best[ord] = v;
    }
}

static void score_slot(struct search *s, size_t slot)
{
    const struct query *q = s->q;
    for (size_t i = 0; i < q->nterm; i++)
        if (slot >= q->term[i].slot && slot < q->term[i].slot + q->term[i].nslot)
            score_term(s, &q->slot[slot], &q->term[i], &s->term[i]);
    for (size_t i = 0; i < q->nterm; i++) {
        if (slot < q->term[i].slot || slot >= q->term[i].slot + q->term[i].nslot)
            continue;
        for (size_t k = 0; k < s->term[i].n; k++) {
            uint32_t ord = s->term[i].p[k].ord;
            if (s->best[ord] <= 0)
                continue;
            if (s->score[ord] <= 0)
                s->touched[s->ntouched++] = ord;
            s->score[ord] += s->best[ord];
            s->best[ord] = 0;
        }
    }
}

/* ---- filters ---------------------------------------------------------------------------------------------------- */

static int by_ord(const void *key, const void *item)
{
    size_t ord = *(const size_t *)key, other = ((const struct condition *)item)->ord;
    return (ord > other) - (ord < other);
}

static bool conditions_hold(const struct stats *s, const struct query *q, size_t ord)
{
    const struct condition *c =
        s->ncondition ? bsearch(&ord, s->condition, s->ncondition, sizeof *s->condition, by_ord)
                      : NULL;
    return !c || condition_holds(q, c->needs, c->nneeds, c->nots, c->nnots);
}

/* What has no language is in every one. Who names no language understands all. */
static bool speaks(const struct stats *s, uint16_t name, const char *lang)
{
    return !lang || !*lang || !*s->name[name] || !strcmp(s->name[name], lang);
}

/* What is for an audience is for nobody else: who names none sees only what is for everybody. */
static bool open_to(const struct stats *s, uint16_t name, const char *audience)
{
    return !*s->name[name] || (audience && !strcmp(s->name[name], audience));
}

static bool passes(const struct search *s, size_t ord)
{
    const struct stats *st = s->kb->stats;
    return st->from[ord] <= s->today && s->today <= st->until[ord] &&
           speaks(st, st->lang[ord], s->q->lang) &&
           open_to(st, st->audience[ord], s->q->audience) && conditions_hold(st, s->q, ord);
}

/* ---- the best ones ---------------------------------------------------------------------------------------------- */

static bool better(const struct search *s, uint32_t a, uint32_t b)
{
    const uint32_t *tie = s->kb->stats->tie;
    return s->score[a] > s->score[b] || (!(s->score[a] < s->score[b]) && tie[a] < tie[b]);
}

/* Let heap[i] sink: the worst of the kept ones stays on top, to be thrown out first. */
static void sink(const struct search *s, uint32_t *heap, size_t n, size_t i)
{
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (better(s, heap[worst], heap[child]))
                worst = child;
        if (worst == i)
            return;
        uint32_t swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

/* Leaves the best `max` of touched[] that pass the filters at its head, best first. */
static size_t select_best(struct search *s, size_t max)
{
    uint32_t *heap = s->touched;
    size_t n = 0;
    for (size_t i = 0; i < s->ntouched; i++) {
        uint32_t ord = s->touched[i];
        if (n == max && !better(s, ord, heap[0]))
            continue;
        if (!passes(s, ord))
            continue;
        if (n < max) {
            heap[n++] = ord; /* i >= n - 1: only what was looked at is overwritten */
            if (n == max)
                for (size_t k = n; k--;)
                    sink(s, heap, n, k);
        } else {
            heap[0] = ord;
            sink(s, heap, n, 0);
        }
    }
    if (n < max)
        for (size_t k = n; k--;)
            sink(s, heap, n, k);
    for (size_t left = n; left > 1;) {
        uint32_t swap = heap[0];
        heap[0] = heap[--left];
        heap[left] = swap;
        sink(s, heap, left, 0);
    }
    return n;
}

/* Hand every selected passage the places of its words. */
static void give_matches(struct search *s, struct pool *pool, struct candidates *c)
{
    const size_t n = s->kb->stats->n;
    uint32_t *at = pool_array(s->pool, n + 1, sizeof *at); /* 1 + index into c->c */
    struct match **next = pool_array(s->pool, c->n + 1, sizeof *next);
    for (size_t i = 0; i < c->n; i++)
        at[c->c[i].ord] = (uint32_t)i + 1;
    for (size_t t = 0; t < s->q->nterm; t++)
        for (size_t k = 0; k < s->term[t].n; k++)
            if (at[s->term[t].p[k].ord])
                c->c[at[s->term[t].p[k].ord] - 1].nmatch++;
    for (size_t i = 0; i < c->n; i++)
        c->c[i].match = next[i] = pool_array(pool, c->c[i].nmatch, sizeof **next);
    for (size_t t = 0; t < s->q->nterm; t++)
        for (size_t k = 0; k < s->term[t].n; k++) {
            const struct posting *p = &s->term[t].p[k];
            if (at[p->ord])
                *next[at[p->ord] - 1]++ = (struct match){(uint16_t)t, p->field, p->pos};
        }
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static int vocabulary_open(struct kb *kb)
{
    if (kb->stmt[STMT_POSTINGS])
        return 0;
    int rc = sqlite3_exec(kb->db, sql_vocabulary, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : schema_err(rc);
}

static int read_terms(struct search *s)
{
    struct query *q = s->q;
    int r = vocabulary_open(s->kb);
    s->term = pool_array(s->pool, q->nterm, sizeof *s->term);
    for (size_t i = 0; !r && i < q->nterm; i++) {
        r = term_postings(s, &q->term[i], &s->term[i]);
        q->term[i].df = r ? 0 : passages_in(&s->term[i]);
    }
    return r;
}

static int find_in_fts5(struct kb *kb, struct query *q, struct pool *pool, size_t max,
                        struct candidates *ret)
{
    const size_t n = kb->stats->n;
    struct search s = {.kb = kb, .q = q, .pool = pool_new(), .today = query_today(q)};
    struct candidates c = {0};
    int r = read_terms(&s);
    if (r)
        goto out;
    query_weigh(q, n);
    s.score = pool_array(s.pool, n + 1, sizeof *s.score);
    s.best = pool_array(s.pool, n + 1, sizeof *s.best);
    s.touched = pool_array(s.pool, n + 1, sizeof *s.touched);
    for (size_t slot = 0; slot < q->nslot; slot++)
        score_slot(&s, slot);

    c.n = select_best(&s, max);
    c.c = pool_array(pool, c.n, sizeof *c.c);
    for (size_t i = 0; i < c.n; i++)
        c.c[i] = (struct candidate){
            .id = kb->stats->id[s.touched[i]], .ord = s.touched[i], .bm25 = s.score[s.touched[i]]};
    give_matches(&s, pool, &c);
    *ret = c;
out:
    pool_free(s.pool);
    return r;
}

int candidates_find(struct kb *kb, struct query *q, struct pool *pool, size_t max,
                    struct candidates *ret)
{
    if (kb->view) {
        int r = candidates_snap(kb->view, q, pool, max, ret);
        if (r != KB_ERR_DAMAGED)
            return r;
        view_drop(kb); /* FTS5 answers until the next index run has written another */
        r = stats_refresh(kb, kb->generation);
        if (r)
            return r;
    }
    return find_in_fts5(kb, q, pool, max, ret);
}

int candidates_headings(struct kb *kb, const struct query *q, struct candidates *c)
{
    int r = kb->view ? heading_snap(kb->view, q, c) : 0;
    if (r != KB_ERR_DAMAGED)
        return r;
    for (size_t i = 0; i < c->n; i++) /* from their rows, then */
        c->c[i].has_heading = false;
    view_drop(kb);
    return stats_refresh(kb, kb->generation);
}
