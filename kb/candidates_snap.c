/* candidates_snap.c: the first stage out of a snapshot: terms to lists, the best k, their exact scores.
 *
 * snap_find.c orders by float. Here the winners are read once more from the forward list, which yields the places of
 * their words (what rank.c wants) and from those the score in double (bm25f.c). candidates.c does the same with
 * what FTS5 found, so both paths give the same numbers. */
#include "kb/snap_places.h"

#include <stdlib.h>
#include <string.h>

#include "kb/bm25f.h"

#define SPARE 64 /* room for passages that a float cannot tell from the last of the best */

struct search {
    struct view *v;
    struct query *q;
    struct pool *pool;
    struct snap_words words;
    struct view_term *term;    /* of q->term[i] */
    struct snap_places places; /* of one passage */
    /* Per word: the one term that it makes; NULL: some word makes several, or a phrase. */
    uint16_t *only;
    size_t segment; /* at hand */
    int32_t today;
    bool every; /* passage is asked about, not only the suspects */
    bool lang_ok[VIEW_SEGMENTS][256], audience_ok[VIEW_SEGMENTS][256];
    struct bm25f_weights weights;
};

/* ---- words and their lists ----------------------------------------------------------------------------------- */

static int read_places(struct search *s, size_t segment, uint32_t ord)
{
    struct snap_walk w = {0};
    int r = snap_forward(s->v->segment[segment].snap, ord, &w);
    if (!r)
        snap_places_read(&s->places, segment, &w);
    return r;
}

static bool has_place(const struct search *s, uint16_t word, uint8_t field, uint32_t pos)
{
    const struct snap_place *end, *p = snap_places_of(&s->places, word, &end);
    while (p < end && (p->field != field || p->pos != pos))
        p++;
    return p < end;
}

/* Where the first token of the phrase has a place, whether the others stand in a row behind it. */
static inline bool stands_at(const struct search *s, size_t term, const struct snap_place *p)
{
    for (size_t k = 1; k < s->q->term[term].ntoken; k++)
        if (!has_place(s, s->words.term[term][k], p->field, p->pos + (uint32_t)k))
            return false;
    return true;
}

/* ---- phrases ---------------------------------------------------------------------------------------------------- */

/* A list in memory, in the form of the file's: every code is an escape. */
struct growing {
    struct pool *pool;
    uint16_t *offset;
    size_t n, cap;
    struct snap_tuple *tuple;
    size_t ntuple, captuple;
    float most;
};

static size_t encode(const struct growing *b, uint16_t chunk, uint8_t *to)
{
    struct snap_part part = {
        .chunk = chunk, .n = (uint32_t)b->n, .escapes = (uint32_t)b->n, .most = b->most};
    memcpy(to, &part, sizeof part);
    memcpy(to + sizeof part, b->offset, b->n * 2);
    memset(to + sizeof part + b->n * 2, 0xff, b->n * 2); /* SNAP_ESCAPE */
    memcpy(to + sizeof part + b->n * 4, b->tuple, b->n * sizeof *b->tuple);
    return snap_part_size(&part);
}

/* The lists of a phrase's other words while the rarest one's is walked, part beside part. */
struct beside {
    struct snap_list list[SYNONYM_WORDS];
    const uint16_t *at[SYNONYM_WORDS]; /* within the part of the same chunk; NULL: there is none */
    const uint16_t *end[SYNONYM_WORDS];
    size_t n;
};

static void enter_chunk(struct beside *o, uint16_t chunk)
{
    for (size_t i = 0; i < o->n; i++) {
        struct snap_list *l = &o->list[i];
        const struct snap_part *part = NULL;
        for (; l->left; l->left--, l->at += snap_part_size(part)) {
            part = (const void *)l->at;
            if (part->chunk >= chunk)
                break;
        }
        bool here = l->left && part->chunk == chunk;
        o->at[i] = here ? (const uint16_t *)(const void *)(part + 1) : NULL;
        o->end[i] = here ? o->at[i] + part->n : NULL;
    }
}

/* All words are in the passage; offsets are asked for in ascending order. Few passages pass, and only those are read. */
static bool all_there(struct beside *o, uint16_t offset)
{
    for (size_t i = 0; i < o->n; i++) {
        const uint16_t *low = o->at[i];
        for (size_t n = (size_t)(o->end[i] - low); n;) {
            size_t half = n / 2;
            bool before = low[half] < offset;
            low = before ? low + half + 1 : low;
            n = before ? n - half - 1 : half;
        }
        o->at[i] = low;
        if (low == o->end[i] || *low != offset)
            return false;
    }
    return true;
}

/* The passages of one part of `rare`'s list where the phrase stands. */
static int phrase_part(struct search *s, size_t term, size_t segment, const struct snap_part *part,
                       struct beside *others, struct growing *b)
{
    const struct view_segment *g = &s->v->segment[segment];
    const uint16_t *offset = (const void *)(part + 1);
    b->n = b->ntuple = 0;
    b->most = 0;
    enter_chunk(others, part->chunk);
    for (uint32_t i = 0; i < part->n; i++) {
        uint32_t ord = (uint32_t)part->chunk * SNAP_CHUNK + offset[i];
        uint8_t count[FIELDS] = {0};
        if (!all_there(others, offset[i]))
            continue;
        int r = read_places(s, segment, ord);
        if (r)
            return r;
        bool found = false;
        const struct snap_place *end, *p = snap_places_of(&s->places, s->words.term[term][0], &end);
        for (; p < end; p++)
            if (stands_at(s, term, p)) {
                uint8_t *c = &count[p->field];
                *c = (uint8_t)(*c + (*c < BM25F_TF_MAX));
                found = true;
            }
        const struct snap_row *row = found ? snap_row(g->snap, ord) : NULL;
        if (!row)
            continue;
        float tf = (float)bm25f_tf(count, row->length, s->v->average);
        b->most = tf > b->most ? tf : b->most;
        *POOL_PUSH(b->pool, b->offset, b->n, b->cap) = offset[i];
        struct snap_tuple *t = POOL_PUSH(b->pool, b->tuple, b->ntuple, b->captuple);
        memcpy(t->count, count, sizeof t->count);
        memcpy(t->length, row->length, sizeof t->length);
    }
    return 0;
}

/* The token of the phrase with the fewest passages in the segment, and the lists of the others; KB_ERR_ABSENT when one
 * has none. */
static int rarest_word(struct search *s, size_t term, size_t segment, uint32_t *ret,
                       struct beside *ret_others)
{
    uint32_t least = UINT32_MAX;
    for (size_t k = 0; k < s->q->term[term].ntoken; k++) {
        uint16_t word = s->words.term[term][k];
        uint32_t id = word == NO_WORD ? SNAP_NO_TERM : s->words.word[word].term[segment];
        const struct snap_term *st =
            id == SNAP_NO_TERM ? NULL : snap_term(s->v->segment[segment].snap, id);
        if (!st)
            return KB_ERR_ABSENT;
        if (st->df < least) {
            least = st->df;
            *ret = id;
        }
    }
    int r = 0;
    for (size_t k = 0; k < s->q->term[term].ntoken && !r; k++) {
        uint32_t id = s->words.word[s->words.term[term][k]].term[segment];
        if (id != *ret)
            r = snap_list(s->v->segment[segment].snap, id, &ret_others->list[ret_others->n++]);
    }
    return r;
}

static bool is_dead(const struct view_segment *g, uint32_t ord)
{
    return g->dead && (g->dead[ord / 64] >> ord % 64 & 1);
}

/* Room for one more part of n passages behind the `len` bytes of *all; returns where. */
static uint8_t *more_room(struct pool *pool, uint8_t **all, size_t len, size_t *cap, size_t n)
{
    size_t need = len + sizeof(struct snap_part) + n * (4 + sizeof(struct snap_tuple));
    if (need <= *cap)
        return *all + len;
    *cap = need * 2;
    uint8_t *bigger = pool_alloc(pool, *cap);
    if (len)
        memcpy(bigger, *all, len);
    *all = bigger;
    return bigger + len;
}

static int phrase_list(struct search *s, size_t term, size_t segment)
{
    struct view_term *t = &s->term[term];
    struct view_segment *g = &s->v->segment[segment];
    struct growing b = {.pool = s->pool};
    struct snap_list rare;
    struct beside others = {.n = 0};
    uint32_t id = 0;
    uint8_t *all = NULL;
    size_t len = 0, cap = 0;
    int r = rarest_word(s, term, segment, &id, &others);
    if (r)
        return r == KB_ERR_ABSENT && !snap_bad(g->snap) ? 0 : KB_ERR_DAMAGED;
    for (r = snap_list(g->snap, id, &rare); !r && rare.left; rare.left--) {
        const struct snap_part *part = (const void *)rare.at;
        rare.at += snap_part_size(part);
        r = phrase_part(s, term, segment, part, &others, &b);
        if (r || !b.n)
            continue;
        len += encode(&b, part->chunk, more_room(s->pool, &all, len, &cap, b.n));
        t->list[segment].left++;
        for (size_t i = 0; i < b.n; i++)
            t->df += !is_dead(g, (uint32_t)part->chunk * SNAP_CHUNK + b.offset[i]);
    }
    t->list[segment].at = all;
    return r;
}

static int word_list(struct search *s, size_t term)
{
    struct view_term *t = &s->term[term];
    uint64_t hash = s->q->term[term].hash;
    struct view_heard *heard = &s->v->heard[hash % VIEW_HEARD];
    int r = 0;
    if (s->words.term[term][0] == NO_WORD)
        return 0;
    if (heard->hash == hash && heard->listed) {
        *t = heard->term;
        return 0;
    }
    const struct snap_word *w = &s->words.word[s->words.term[term][0]];
    for (size_t g = 0; g < s->v->nsegment && !r; g++)
        if (w->term[g] != SNAP_NO_TERM)
            r = snap_list(s->v->segment[g].snap, w->term[g], &t->list[g]);
    t->df = r ? 0 : view_df(s->v, w->term);
    if (!r && heard->hash == hash) {
        heard->term = *t;
        heard->listed = true;
    }
    return r;
}

static bool is_bad(const struct view *v)
{
    bool bad = false;
    for (size_t g = 0; g < v->nsegment; g++)
        bad = bad || snap_bad(v->segment[g].snap);
    return bad;
}

static int read_terms(struct search *s)
{
    struct query *q = s->q;
    int r = 0;
    s->term = pool_array(s->pool, q->nterm, sizeof *s->term);
    for (size_t i = 0; i < q->nterm && !r; i++) {
        if (q->term[i].ntoken == 1)
            r = word_list(s, i);
        for (size_t g = 0; q->term[i].ntoken > 1 && g < s->v->nsegment && !r; g++)
            r = phrase_list(s, i, g);
        q->term[i].df = s->term[i].df;
    }
    return r || !is_bad(s->v) ? r : KB_ERR_DAMAGED; /* a look-up may have met a damaged page */
}

/* ---- filters ------------------------------------------------------------------------------------------------------ */

static int by_ord(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static bool in_time(const struct search *s, const struct view_segment *g, uint32_t ord)
{
    const struct snap_dated *d = bsearch(&ord, g->dated, g->ndated, sizeof *g->dated, by_ord);
    return !d || (d->from <= s->today && s->today <= d->until);
}

/* The day that is asked about, if any passage has a date. */
static int32_t today_of(const struct view *v, const struct query *q)
{
    bool dated = false;
    for (size_t i = 0; i < v->nsegment; i++)
        dated = dated || v->segment[i].ndated;
    return dated ? query_today(q) : 0;
}

static bool conditions_hold(const struct search *s, const struct view_segment *g, uint32_t ord)
{
    const struct view_condition *c =
        g->ncondition ? bsearch(&ord, g->condition, g->ncondition, sizeof *g->condition, by_ord)
                      : NULL;
    return !c || condition_holds(s->q, c->needs, c->nneeds, c->nots, c->nnots);
}

static bool admits(void *ctx, uint32_t ord)
{
    const struct search *s = ctx;
    const struct view_segment *g = &s->v->segment[s->segment];
    if (is_dead(g, ord) || !in_time(s, g, ord) || !conditions_hold(s, g, ord))
        return false;
    const struct snap_row *row = snap_row(g->snap, ord);
    return row && s->lang_ok[s->segment][row->lang] && s->audience_ok[s->segment][row->audience];
}

static uint32_t tie_of(void *ctx, const struct find_hit *hit)
{
    const struct search *s = ctx;
    const struct snap_row *row = snap_row(s->v->segment[hit->segment].snap, hit->ord);
    return row ? row->tie : 0;
}

/* Which languages and audiences the asker may see, as candidates.c has it. Only where a language is asked for has every
 * passage to be looked at: those for an audience are among the suspects. */
static void open_groups(struct search *s)
{
    const char *lang = s->q->lang && *s->q->lang ? s->q->lang : NULL;
    s->every = lang != NULL;
    for (size_t i = 0; i < s->v->nsegment; i++)
        for (size_t k = 0; k < s->v->segment[i].nname; k++) {
            const char *name = s->v->segment[i].name[k];
            s->lang_ok[i][k] = !lang || !*name || strcmp(name, lang) == 0;
            s->audience_ok[i][k] = !*name || (s->q->audience && !strcmp(name, s->q->audience));
        }
}

/* ---- the best k ----------------------------------------------------------------------------------------------------- */

/* Whose list a term of the question has. */
static uint32_t list_term(const struct search *s, size_t term, size_t segment)
{
    if (s->q->term[term].ntoken > 1)
        return SNAP_NO_TERM;
    return s->words.word[s->words.term[term][0]].term[segment];
}

/* The lists of one segment by slot, weighed. */
static void fill_slots(struct search *s, size_t segment, struct find_slot *slot)
{
    struct find_list *list = pool_array(s->pool, s->weights.n, sizeof *list);
    for (size_t k = 0; k < s->q->nslot; k++)
        slot[k] = (struct find_slot){0};
    for (size_t i = 0; i < s->weights.n && i < FIND_LISTS; i++) {
        const struct bm25f_weight *w = &s->weights.w[i];
        if (!s->term[w->term].list[segment].left)
            continue;
        struct find_slot *at = &slot[w->slot];
        at->list = at->nlist ? at->list : list;
        at->nlist++;
        *list++ = (struct find_list){s->term[w->term].list[segment], (float)w->weight,
                                     list_term(s, w->term, segment)};
    }
}

static void find(struct search *s, size_t max, struct find_result *r)
{
    struct find_slot *slot = pool_array(s->pool, s->q->nslot, sizeof *slot);
    struct find_kth *lead = pool_array(s->pool, max, sizeof *lead);
    float *scratch = pool_array(s->pool, r->room + FIND_BLOCK, sizeof *scratch);
    for (size_t i = 0; i < s->v->nsegment; i++) {
        struct view_segment *g = &s->v->segment[i];
        fill_slots(s, i, slot);
        struct find_query q = {.slot = slot,
                               .nslot = s->q->nslot,
                               .k = max,
                               .lead = lead,
                               .scratch = scratch,
                               .drift = g->drift,
                               .suspect = g->suspect,
                               .suspect_all = s->every,
                               .admits = admits,
                               .tie = tie_of,
                               .ctx = s};
        s->segment = r->segment = (uint32_t)i;
        finder_run(g->finder, &q, r);
    }
}

/* ---- their places and exact scores ------------------------------------------------------------------------------------ */

/* Where each word makes one term, which is nearly always, their order is that of the terms. */
static void find_only(struct search *s)
{
    uint16_t *only = pool_array(s->pool, s->words.n, sizeof *only);
    size_t n = 0;
    for (size_t t = 0; t < s->q->nterm; t++) {
        uint16_t word = s->words.term[t][0];
        if (s->q->term[t].ntoken > 1 || (word != NO_WORD && word != n))
            return;
        if (word != NO_WORD)
            only[n++] = (uint16_t)t;
    }
    s->only = only;
}

static size_t matches_of(const struct search *s, size_t t, struct match *ret)
{
    const struct snap_place *end, *p = snap_places_of(&s->places, s->words.term[t][0], &end);
    size_t n = 0;
    for (; p < end; p++)
        if (s->q->term[t].ntoken == 1 || stands_at(s, t, p))
            ret[n++] = (struct match){(uint16_t)t, p->field, p->pos};
    return n;
}

/* By term, then as they stand. */
static size_t give_matches(const struct search *s, struct pool *pool, struct match **ret)
{
    size_t all = s->places.ends[s->words.n], most = s->only ? all : 0, n = 0;
    const struct snap_place *p, *end;
    for (size_t t = 0; !s->only && t < s->q->nterm; t++) {
        p = snap_places_of(&s->places, s->words.term[t][0], &end);
        most += (size_t)(end - p);
    }
    struct match *m = pool_array(pool, most, sizeof *m);
    for (p = s->places.place; s->only && n < all; p++)
        m[n++] = (struct match){s->only[p->word], p->field, p->pos};
    for (size_t t = 0; !s->only && t < s->q->nterm; t++)
        n += matches_of(s, t, m + n);
    *ret = m;
    return n;
}

/* One of the best, and where its words stand. */
struct winner {
    const struct snap_row *row;
    struct snap_walk walk;
};

/* What is known of a passage without a look at its words. */
static int give_candidate(const struct search *s, const struct find_hit *hit, struct candidate *c,
                          struct winner *ret)
{
    struct snap *snap = s->v->segment[hit->segment].snap;
    ret->row = snap_row(snap, hit->ord);
    if (!ret->row || snap_forward_row(snap, ret->row, &ret->walk))
        return KB_ERR_DAMAGED;
    __builtin_prefetch(ret->walk.at);
    c->id = ret->row->id;
    c->tie = ret->row->tie;
    c->segment = hit->segment;
    c->ord = hit->ord;
    c->traits = ret->row->traits;
    c->has_traits = true;
    return 0;
}

static void read_candidate(struct search *s, struct pool *pool, struct winner *w,
                           struct candidate *c)
{
    struct match *m = NULL;
    snap_places_read(&s->places, c->segment, &w->walk);
    c->nmatch = give_matches(s, pool, &m);
    c->match = m;
    c->bm25 = bm25f_score(&s->weights, m, c->nmatch, w->row->length, s->v->average);
}

/* Their words lie anywhere in memory, so all are asked for before any is read. */
static int give_all(struct search *s, struct pool *pool, const struct find_result *found,
                    struct candidates *c)
{
    struct winner *w = pool_array(s->pool, found->n, sizeof *w);
    int r = 0;
    c->c = pool_array(pool, found->n, sizeof *c->c);
    for (; c->n < found->n && !r; c->n++)
        r = give_candidate(s, &found->hit[c->n], &c->c[c->n], &w[c->n]);
    for (size_t i = 0; i < c->n && !r; i++)
        read_candidate(s, pool, &w[i], &c->c[i]);
    return r;
}

/* Best first, by the finder's scores; few hits, so that nothing beats the plain way. */
static void order_hits(struct search *s, struct find_hit *hit, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct find_hit h = hit[i];
        size_t k = i;
        for (; k && find_worse(tie_of, s, &hit[k - 1], &h); k--)
            hit[k] = hit[k - 1];
        hit[k] = h;
    }
}

/* Where so many passages equal the last of the best that there was no room for all, those behind it are not even read. */
static void drop_equals(struct search *s, size_t max, struct find_result *r)
{
    if (r->n < r->room || r->n <= max)
        return;
    order_hits(s, r->hit, r->n);
    while (r->n > max && r->hit[r->n - 1].score >= r->hit[max - 1].score)
        r->n--;
}

/* The same by exact scores, by which hardly two change places. */
static void order_candidates(struct candidate *c, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t k = i;
        while (k && (c[k - 1].bm25 < c[i].bm25 ||
                     (c[k - 1].bm25 <= c[i].bm25 && c[k - 1].tie > c[i].tie)))
            k--;
        if (k == i)
            continue;
        struct candidate x = c[i];
        memmove(c + k + 1, c + k, (i - k) * sizeof *c);
        c[k] = x;
    }
}

int candidates_snap(struct view *v, struct query *q, struct pool *pool, size_t max,
                    struct candidates *ret)
{
    struct search *s;
    struct pool *scratch = v->scratch;
    struct candidates c = {0};
    s = pool_alloc(scratch, sizeof *s);
    *s = (struct search){.v = v, .q = q, .pool = scratch, .today = today_of(v, q)};
    snap_words_begin(&s->words, v, q, scratch);
    snap_places_begin(&s->places, &s->words, scratch);
    find_only(s);
    int r = read_terms(s);
    if (r)
        goto out;
    open_groups(s);
    query_weigh(q, v->n);
    s->weights = bm25f_weigh(q, (double)v->n, scratch);
    struct find_result found = {.hit = pool_array(scratch, max + SPARE, sizeof *found.hit),
                                .room = max + SPARE};
    find(s, max, &found);
    drop_equals(s, max, &found);
    order_hits(s, found.hit, found.n);
    r = give_all(s, pool, &found, &c);
    if (!r && is_bad(v))
        r = KB_ERR_DAMAGED;
    if (r)
        goto out;
    order_candidates(c.c, c.n);
    c.n = c.n < max ? c.n : max;
    *ret = c;
out:
    snap_words_end(&s->words);
    pool_clear(scratch);
    return r;
}
