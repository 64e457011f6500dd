/* survey_group.c: the book as a survey: facts in groups, each with its label, its days, and the nearest thing that the guides have. */
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"
#include "bot/quote.h"
#include "bot/survey_int.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define MOST_NEAR   300 /* groups of which the nearest passage is looked for, most unanswered first */
#define WEEK        7
#define FRESH       3 /* times a new thing has been asked until it is news */
#define RISING      5 /* and how much more often, to be on the rise */
#define MAX_UNKNOWN 5

/* ---- groups of texts ------------------------------------------------------------------------------------------ */

struct grouping {
    struct survey_book *book;
    struct pool *pool;
    struct survey *to;
    struct cluster_item *item; /* of the texts that were asked */
    uint32_t *text_of;         /* by item */
    uint32_t *item_of;         /* by text, or UINT32_MAX */
    size_t nitem;
    struct cluster_pair *pair; /* by hand */
    size_t npair, cappair;
    struct clusters clusters;
};

static void make_items(struct grouping *g)
{
    struct survey_book *b = g->book;
    size_t n = b->text_names.n;
    g->item = must(calloc(n + 1, sizeof *g->item));
    g->text_of = must(calloc(n + 1, sizeof *g->text_of));
    g->item_of = must(calloc(n + 1, sizeof *g->item_of));
    for (size_t i = 0; i < n; i++) {
        const struct survey_text *t = &b->text[i];
        g->item_of[i] = UINT32_MAX;
        if (!t->times)
            continue;
        g->item_of[i] = (uint32_t)g->nitem;
        g->text_of[g->nitem] = (uint32_t)i;
        g->item[g->nitem++] = (struct cluster_item){t->word, t->nword, t->times};
    }
}

/* The question by its turn, or when that is gone another that says the same. */
static uint32_t item_of(const struct grouping *g, int64_t turn, int64_t says)
{
    const struct survey_fact *f = survey_find(g->to, turn);
    if (f)
        return g->item_of[f->text];
    for (size_t i = 0; i < g->nitem; i++)
        if (g->book->text[g->text_of[i]].says == (uint64_t)says)
            return (uint32_t)i;
    return UINT32_MAX;
}

static void add_merge(void *ctx, const struct store_merge *m)
{
    struct grouping *g = ctx;
    uint32_t a = item_of(g, m->turn, m->says), b = item_of(g, m->into_turn, m->into_says);
    if (a != UINT32_MAX && b != UINT32_MAX)
        *POOL_PUSH(g->pool, g->pair, g->npair, g->cappair) = (struct cluster_pair){a, b};
}

/* ---- what they look like -------------------------------------------------------------------------------------- */

static void count(struct survey_group *to, const struct survey *s, const struct survey_fact *f)
{
    int64_t ago = (s->at_ms - f->at_ms) / DAY_MS;
    if (ago >= 0 && ago < SURVEY_DAYS)
        to->day[SURVEY_DAYS - 1 - ago]++;
    if (!to->first_ms || f->at_ms < to->first_ms)
        to->first_ms = f->at_ms;
    if (f->at_ms > to->last_ms)
        to->last_ms = f->at_ms;
    to->nobody += f->end == SURVEY_NONE || f->end == SURVEY_CHOICES || f->end == SURVEY_PERSON;
    to->open += f->why && f->state <= TICKET_CLAIMED;
}

static size_t last_days(const struct survey_group *g, int from, int to)
{
    size_t n = 0;
    for (int i = from; i < to; i++)
        n += g->day[SURVEY_DAYS - 1 - i];
    return n;
}

static void look_at_trend(struct survey_group *g, const struct survey *s)
{
    size_t week = last_days(g, 0, WEEK), before = last_days(g, WEEK, 2 * WEEK);
    g->fresh = g->n >= FRESH && s->at_ms - g->first_ms < WEEK * DAY_MS &&
               g->first_ms - s->from_ms > WEEK * DAY_MS; /* else all would be new at first */
    g->rising = !g->fresh && week >= 2 * before && week >= before + RISING;
}

/* Facts to their groups, whose numbers are those of the clusters at first. */
static void make_groups(struct grouping *g)
{
    struct survey *s = g->to;
    size_t total = 0;
    s->ngroup = g->clusters.n;
    s->group = pool_array(g->pool, s->ngroup, sizeof *s->group);
    for (size_t i = 0; i < s->n; i++) {
        struct survey_fact *f = &s->fact[i];
        uint32_t item = survey_is_question(f) ? g->item_of[f->text] : UINT32_MAX;
        f->group = item == UINT32_MAX ? UINT32_MAX : g->clusters.of[item];
        if (f->group == UINT32_MAX)
            continue;
        s->group[f->group].n++;
        total++;
    }
    uint32_t *member = pool_array(g->pool, total, sizeof *member), *at = member;
    uint32_t **end = must(calloc(s->ngroup + 1, sizeof *end));
    for (size_t i = 0; i < s->ngroup; i++) {
        s->group[i].fact = end[i] = at;
        at += s->group[i].n;
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->fact[i].group != UINT32_MAX) {
            *end[s->fact[i].group]++ = (uint32_t)i;
            count(&s->group[s->fact[i].group], s, &s->fact[i]);
        }
    free(end);
    for (size_t i = 0; i < s->ngroup; i++)
        look_at_trend(&s->group[i], s);
    for (size_t i = 0; i < g->npair; i++) {
        uint32_t c = g->clusters.of[g->pair[i].a];
        if (c != CLUSTER_NONE)
            s->group[c].merged = true;
    }
}

/* Is the i-th text a better name for its group than the k-th? */
static bool speaks_better(const struct grouping *g, uint32_t i, uint32_t k)
{
    const struct survey_text *x = &g->book->text[g->text_of[i]], *y = &g->book->text[g->text_of[k]];
    double cx = g->clusters.central[i], cy = g->clusters.central[k];
    if (x->slips != y->slips)
        return !x->slips;
    if (cx > cy || cx < cy)
        return cx > cy;
    return x->times != y->times ? x->times > y->times : strcmp(x->text, y->text) < 0;
}

static void label_groups(struct grouping *g)
{
    struct survey *s = g->to;
    uint32_t *best = must(calloc(s->ngroup + 1, sizeof *best));
    memset(best, 0xff, s->ngroup * sizeof *best);
    for (uint32_t i = 0; i < g->nitem; i++) {
        uint32_t c = g->clusters.of[i];
        if (c == CLUSTER_NONE)
            continue;
        s->group[c].wordings++;
        if (best[c] == UINT32_MAX || speaks_better(g, i, best[c]))
            best[c] = i;
    }
    for (size_t c = 0; c < s->ngroup; c++) { /* the last time it was put so */
        struct survey_group *it = &s->group[c];
        for (size_t k = it->n; k-- > 0;)
            if (g->item_of[s->fact[it->fact[k]].text] == best[c]) {
                it->label = it->fact[k];
                break;
            }
    }
    free(best);
}

static int by_size(const void *a, const void *b)
{
    const struct survey_group *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n)
                        : (x->first_ms > y->first_ms) - (x->first_ms < y->first_ms);
}

static void order_groups(struct survey *s)
{
    qsort(s->group, s->ngroup, sizeof *s->group, by_size);
    for (uint32_t i = 0; i < s->ngroup; i++)
        for (size_t k = 0; k < s->group[i].n; k++)
            s->fact[s->group[i].fact[k]].group = i;
}

/* ---- why they were not answered -------------------------------------------------------------------------------- */

static const char *words(struct pool *pool, const char *const *word, size_t n)
{
    const char *s = "";
    for (size_t i = 0; i < n && i < MAX_UNKNOWN; i++)
        s = pool_printf(pool, "%s%s%s", s, i ? ", " : "", word[i]);
    return s;
}

static void look_near(struct grouping *g, struct survey_group *to)
{
    const char *text = g->book->text[g->to->fact[to->label].text].text;
    struct kb_ask ask = {.text = text, .len = strlen(text), .max = 1, .rank_only = true};
    struct kb_hits hits;
    if (kb_ask(g->book->kb, &ask, &hits))
        return;
    struct survey_near *near = pool_alloc(g->pool, sizeof *near);
    *near = (struct survey_near){.passage = "",
                                 .question = "",
                                 .title = "",
                                 .unknown = words(g->pool, hits.unknown, hits.nunknown),
                                 .confidence = hits.confidence,
                                 .band = (int)hits.band};
    if (hits.n) {
        const struct kb_hit *h = &hits.hit[0];
        near->passage = pool_strdup(g->pool, h->passage);
        near->title = pool_strdup(g->pool, h->title);
        near->question = pool_strdup(g->pool, quote_label(h));
    }
    to->near = near;
    kb_hits_release(&hits);
}

static int by_nobody(const void *a, const void *b)
{
    const struct survey_group *x = *(struct survey_group *const *)a,
                              *y = *(struct survey_group *const *)b;
    return x->nobody != y->nobody ? (x->nobody < y->nobody) - (x->nobody > y->nobody)
                                  : (x > y) - (x < y);
}

static void explain_groups(struct grouping *g)
{
    struct survey *s = g->to;
    struct survey_group **order = must(calloc(s->ngroup + 1, sizeof *order));
    for (size_t i = 0; i < s->ngroup; i++)
        order[i] = &s->group[i];
    qsort(order, s->ngroup, sizeof *order, by_nobody);
    for (size_t i = 0; i < s->ngroup && i < MOST_NEAR && order[i]->nobody && g->book->kb; i++)
        look_near(g, order[i]);
    free(order);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static struct survey_place *copy_places(struct pool *pool, const struct survey_place *from,
                                        size_t n)
{
    struct survey_place *to = pool_array(pool, n, sizeof *to);
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        to[i].key = pool_strdup(pool, from[i].key);
        to[i].title = pool_strdup(pool, from[i].title);
    }
    return to;
}

static void *copy(struct pool *pool, const void *from, size_t n, size_t size)
{
    void *to = pool_array(pool, n, size);
    if (n)
        memcpy(to, from, n * size);
    return to;
}

/* The book goes on changing; what is handed out does not. */
static void copy_book(const struct survey_book *b, struct pool *pool, struct survey *s)
{
    const char **channel = pool_array(pool, b->nchannel, sizeof *channel);
    uint64_t *says = pool_array(pool, b->text_names.n, sizeof *says);
    for (size_t i = 0; i < b->nchannel; i++)
        channel[i] = pool_strdup(pool, b->channel[i]);
    for (size_t i = 0; i < b->text_names.n; i++)
        says[i] = b->text[i].says;
    s->says = says;
    s->channel = channel;
    s->nchannel = b->nchannel;
    s->generation = b->generation;
    s->fact = copy(pool, b->fact, b->n, sizeof *b->fact);
    s->n = b->n;
    s->ndocument = b->document_names.n < SURVEY_NOWHERE ? b->document_names.n : SURVEY_NOWHERE;
    s->npassage = b->passage_names.n < SURVEY_NOWHERE ? b->passage_names.n : SURVEY_NOWHERE;
    s->document = copy_places(pool, b->document, s->ndocument);
    s->passage = copy_places(pool, b->passage, s->npassage);
    s->publish = copy(pool, b->publish, b->npublish, sizeof *b->publish);
    s->npublish = b->npublish;
}

int survey_group(struct survey_book *b, struct store *store, struct pool *pool, struct survey *ret)
{
    struct grouping g = {.book = b, .pool = pool, .to = ret};
    copy_book(b, pool, ret);
    make_items(&g);
    int err = store_merges(store, add_merge, &g);
    if (!err) {
        clusters_make(g.item, g.nitem, CLUSTER_ALIKE, g.pair, g.npair, &g.clusters);
        make_groups(&g);
        label_groups(&g);
        order_groups(ret);
        explain_groups(&g);
        clusters_release(&g.clusters);
    }
    free(g.item);
    free(g.text_of);
    free(g.item_of);
    return err;
}
