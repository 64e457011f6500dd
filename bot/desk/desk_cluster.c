/* desk_cluster.c: groups of questions that ask the same, and what a ticket is worth by the group it is in. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_survey.h"
#include "bot/json.h"
#include "kb/pool.h"

#define PAGE        50
#define MAX_TEXTS   20 /* wordings of a group that are shown */
#define MAX_TICKETS 50
#define MAX_SIMILAR 5
#define MAX_WORD    32
#define MAX_SEARCH  200

/* ---- a group as JSON ------------------------------------------------------------------------------------------ */

static int64_t id_of(const struct survey *v, const struct survey_group *g)
{
    return v->fact[g->fact[0]].id;
}

static void add_channels(struct buf *b, const struct survey *v, const struct survey_group *g)
{
    const char *comma = "";
    buf_adds(b, ",\"channels\":{");
    for (size_t c = 0; c < v->nchannel; c++) {
        size_t n = 0;
        for (size_t i = 0; i < g->n; i++)
            n += v->fact[g->fact[i]].channel == c;
        if (!n)
            continue;
        buf_adds(b, comma);
        json_add_string(b, v->channel[c], strlen(v->channel[c]));
        buf_addf(b, ":%zu", n);
        comma = ",";
    }
    buf_addc(b, '}');
}

/* What was quoted most for its questions. */
static void add_cited(struct buf *b, struct pool *pool, const struct survey *v,
                      const struct survey_group *g)
{
    uint32_t *times = pool_array(pool, v->npassage + 1, sizeof *times);
    size_t best = v->npassage;
    for (size_t i = 0; i < g->n; i++) {
        uint16_t p = v->fact[g->fact[i]].quoted[0];
        if (p != SURVEY_NOWHERE && ++times[p] > times[best])
            best = p;
    }
    if (best == v->npassage) {
        buf_adds(b, ",\"cited\":null");
        return;
    }
    const struct survey_place *place = &v->passage[best];
    buf_addf(b, ",\"cited\":{\"times\":%u,\"entry\":%s", times[best],
             place->entry ? "true" : "false");
    json_add_member(b, "passage", place->key);
    json_add_member(b, "question", place->title);
    json_add_member(b, "title",
                    place->document < v->ndocument ? v->document[place->document].title : "");
    buf_addc(b, '}');
}

/* The nearest thing that the guides have, of groups with questions that were not answered. */
static void add_near(struct buf *b, const struct survey_near *near)
{
    static const char *const bands[] = {"none", "medium", "high"};
    if (!near) {
        buf_adds(b, ",\"near\":null");
        return;
    }
    buf_addf(b, ",\"near\":{\"confidence\":%.4f,\"band\":\"%s\"", near->confidence,
             bands[near->band]);
    json_add_member(b, "passage", near->passage);
    json_add_member(b, "question", near->question);
    json_add_member(b, "title", near->title);
    json_add_member(b, "unknown", near->unknown);
    buf_addc(b, '}');
}

static int add_group(struct store *s, struct desk_request *rq, const struct survey *v,
                     const struct survey_group *g)
{
    struct buf *b = &rq->body;
    struct pool *pool = rq->pool;
    buf_addf(
        b,
        "{\"id\":%lld,\"asks\":%zu,\"nobody\":%zu,\"open\":%zu,\"wordings\":%zu,\"first\":%lld,"
        "\"last\":%lld,\"fresh\":%s,\"rising\":%s,\"merged\":%s,\"day\":[",
        (long long)id_of(v, g), g->n, g->nobody, g->open, g->wordings, (long long)g->first_ms,
        (long long)g->last_ms, g->fresh ? "true" : "false", g->rising ? "true" : "false",
        g->merged ? "true" : "false");
    for (size_t i = 0; i < SURVEY_DAYS; i++)
        buf_addf(b, "%s%u", i ? "," : "", g->day[i]);
    buf_addc(b, ']');
    int there = desk_survey_text(s, b, "label", v->fact[g->label].id);
    add_channels(b, v, g);
    add_cited(b, pool, v, g);
    add_near(b, there ? g->near : NULL); /* it has words of the question */
    return there < 0 ? there : 0;
}

static const struct survey_group *group_of(const struct survey *v, int64_t turn)
{
    const struct survey_fact *f = survey_find(v, turn);
    return f && f->group != UINT32_MAX ? &v->group[f->group] : NULL;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

struct order {
    const struct survey_group *group;
    int64_t key;
};

/* The larger key first; then as the survey has them, most asked first. */
static int by_key(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key) - (x->key > y->key)
                            : (x->group > y->group) - (x->group < y->group);
}

static bool is_shown(const struct survey_group *g, const char *show)
{
    return !show || !*show           ? true
           : !strcmp(show, "open")   ? g->open > 0
           : !strcmp(show, "fresh")  ? g->fresh
           : !strcmp(show, "rising") ? g->rising
           : !strcmp(show, "merged") ? g->merged
                                     : false;
}

static int64_t key_of(const struct survey_group *g, const char *sort)
{
    return !sort || !*sort         ? (int64_t)g->nobody
           : !strcmp(sort, "asks") ? (int64_t)g->n
           : !strcmp(sort, "open") ? (int64_t)g->open
           : !strcmp(sort, "last") ? g->last_ms
                                   : (int64_t)g->nobody;
}

struct looking {
    const char *words;
    bool found;
};

static void look(void *ctx, const struct store_survey_turn *t)
{
    struct looking *l = ctx;
    l->found = strcasestr(t->question, l->words) != NULL;
}

static int has_words(struct store *s, int64_t turn, const char *words, bool *ret)
{
    struct looking l = {.words = words, .found = !words || !*words};
    int err = l.found ? 0 : store_question(s, turn, look, &l);
    *ret = l.found;
    return err == -ENOENT ? 0 : err;
}

static int list_groups(struct store *s, struct desk_request *rq, const struct survey *v)
{
    const char *show = desk_text(rq, "show", MAX_WORD), *sort = desk_text(rq, "sort", MAX_WORD);
    const char *words = desk_text(rq, "q", MAX_SEARCH);
    int64_t from = desk_number(rq, "from");
    size_t n = 0, first = from ? (size_t)from - 1 : 0, asked = 0;
    struct order *o = pool_array(rq->pool, v->ngroup, sizeof *o);
    int err = 0;
    for (size_t i = 0; i < v->ngroup && !err; i++) {
        const struct survey_group *g = &v->group[i];
        bool found;
        asked += g->n;
        if (!is_shown(g, show) || (err = has_words(s, v->fact[g->label].id, words, &found)) ||
            !found)
            continue;
        o[n++] = (struct order){g, key_of(g, sort)};
    }
    qsort(o, n, sizeof *o, by_key);
    buf_addf(&rq->body, "{\"ready\":true,\"at\":%lld,\"asked\":%zu,\"all\":%zu,\"groups\":[",
             (long long)v->at_ms, asked, n);
    for (size_t i = first; i < n && i < first + PAGE && !err; i++) {
        if (i > first)
            buf_addc(&rq->body, ',');
        err = add_group(s, rq, v, o[i].group);
        buf_addc(&rq->body, '}');
    }
    buf_addf(&rq->body, "],\"next\":%zu}", first + PAGE < n ? first + PAGE + 1 : 0);
    return err;
}

int desk_clusters(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, list_groups);
}

/* ---- one of them -------------------------------------------------------------------------------------------------- */

/* A wording, and how often it was used. */
struct wording {
    uint32_t text, times, last; /* last: of survey.fact */
};

static int by_text(const void *a, const void *b)
{
    const struct wording *x = a, *y = b;
    return x->text != y->text ? (x->text > y->text) - (x->text < y->text)
                              : (x->last > y->last) - (x->last < y->last);
}

static int by_times(const void *a, const void *b)
{
    const struct wording *x = a, *y = b;
    return x->times != y->times ? (x->times < y->times) - (x->times > y->times)
                                : (x->last < y->last) - (x->last > y->last);
}

/* Its wordings, most used first. How many. */
static size_t wordings(struct pool *pool, const struct survey *v, const struct survey_group *g,
                       struct wording **ret)
{
    struct wording *w = pool_array(pool, g->n, sizeof *w);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        w[i] = (struct wording){v->fact[g->fact[i]].text, 1, g->fact[i]};
    qsort(w, g->n, sizeof *w, by_text);
    for (size_t i = 0; i < g->n; i++) {
        if (n && w[n - 1].text == w[i].text) {
            w[n - 1].times++;
            w[n - 1].last = w[i].last;
        } else {
            w[n++] = w[i];
        }
    }
    qsort(w, n, sizeof *w, by_times);
    *ret = w;
    return n;
}

static int add_wordings(struct store *s, struct desk_request *rq, const struct survey *v,
                        const struct survey_group *g, size_t max)
{
    struct wording *w;
    size_t n = wordings(rq->pool, v, g, &w);
    int err = 0;
    buf_adds(&rq->body, ",\"texts\":[");
    for (size_t i = 0; i < n && i < max && err >= 0; i++) {
        const struct survey_fact *f = &v->fact[w[i].last];
        buf_addf(&rq->body, "%s{\"id\":%lld,\"times\":%u,\"end\":\"%s\",\"confidence\":%.4f",
                 i ? "," : "", (long long)f->id, w[i].times, survey_ends[f->end],
                 (double)f->confidence);
        err = desk_survey_text(s, &rq->body, "text", f->id);
        buf_addc(&rq->body, '}');
    }
    buf_addc(&rq->body, ']');
    return err < 0 ? err : 0;
}

struct merges {
    struct store *s;
    struct buf *b;
    const struct survey *v;
    const struct survey_group *group;
    size_t n;
    int err;
};

static void add_merge(void *ctx, const struct store_merge *m)
{
    struct merges *all = ctx;
    if (all->err ||
        (group_of(all->v, m->turn) != all->group && group_of(all->v, m->into_turn) != all->group))
        return;
    buf_addf(all->b, "%s{\"id\":%lld,\"at\":%lld", all->n++ ? "," : "", (long long)m->id,
             (long long)m->at_ms);
    json_add_member(all->b, "who", m->who);
    int one = desk_survey_text(all->s, all->b, "text", m->turn);
    int other = one < 0 ? one : desk_survey_text(all->s, all->b, "into", m->into_turn);
    all->err = other < 0 ? other : 0;
    buf_addc(all->b, '}');
}

/* The newest one that is open; 0: none is. */
static int64_t open_ticket(const struct survey *v, const struct survey_group *g)
{
    for (size_t i = g->n; i-- > 0;) {
        const struct survey_fact *f = &v->fact[g->fact[i]];
        if (f->why && f->state <= TICKET_CLAIMED)
            return f->id;
    }
    return 0;
}

static int one_group(struct store *s, struct desk_request *rq, const struct survey *v)
{
    const struct survey_group *g = group_of(v, desk_number(rq, "id"));
    struct merges merges = {.s = s, .b = &rq->body, .v = v, .group = g};
    if (!g)
        return -ENOENT;
    int err = add_group(s, rq, v, g);
    if (!err)
        err = add_wordings(s, rq, v, g, MAX_TEXTS);
    buf_adds(&rq->body, ",\"merges\":[");
    if (!err)
        err = store_merges(s, add_merge, &merges);
    buf_addf(&rq->body, "],\"ready\":true,\"at\":%lld,\"ticket\":%lld}", (long long)v->at_ms,
             (long long)open_ticket(v, g));
    return err ? err : merges.err;
}

int desk_cluster(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, one_group);
}

/* ---- questions like one ------------------------------------------------------------------------------------------- */

static int like_one(struct store *s, struct desk_request *rq, const struct survey *v)
{
    const struct survey_group *g = group_of(v, desk_number(rq, "id"));
    struct buf *b = &rq->body;
    size_t n = 0;
    if (!g) { /* nobody has asked anything like it; or it came a moment ago */
        buf_adds(b, "{\"ready\":true,\"id\":0,\"asks\":0,\"open\":0,\"texts\":[],\"tickets\":[]}");
        return 0;
    }
    buf_addf(b, "{\"ready\":true,\"id\":%lld,\"asks\":%zu,\"open\":%zu,\"nobody\":%zu",
             (long long)id_of(v, g), g->n, g->open, g->nobody);
    int err = desk_survey_text(s, b, "label", v->fact[g->label].id);
    if (err >= 0)
        err = add_wordings(s, rq, v, g, MAX_SIMILAR);
    buf_adds(b, ",\"tickets\":[");
    for (size_t i = g->n; i-- > 0 && n < MAX_TICKETS;) {
        const struct survey_fact *f = &v->fact[g->fact[i]];
        if (f->why && f->state <= TICKET_CLAIMED)
            buf_addf(b, "%s%lld", n++ ? "," : "", (long long)f->id);
    }
    buf_adds(b, "]}");
    return err;
}

int desk_similar(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, like_one);
}

/* ---- put together by hand -------------------------------------------------------------------------------------------- */

static int merge(struct store *s, struct desk_request *rq, const struct survey *v)
{
    const struct survey_fact *f = survey_find(v, desk_number(rq, "id"));
    const struct survey_fact *into = survey_find(v, desk_number(rq, "into"));
    char object[40], after[40];
    if (!f || !into || f->group == UINT32_MAX || into->group == UINT32_MAX)
        return -ENOENT;
    if (f->group == into->group) {
        rq->problem = "Both are in the same cluster already";
        return -EINVAL;
    }
    struct store_merge m = {.turn = f->id,
                            .says = (int64_t)v->says[f->text],
                            .into_turn = into->id,
                            .into_says = (int64_t)v->says[into->text],
                            .who = rq->me.user,
                            .at_ms = clock_wall_ms()};
    int err = store_merge(s, &m);
    snprintf(object, sizeof object, "cluster:%lld", (long long)f->id);
    snprintf(after, sizeof after, "cluster:%lld", (long long)into->id);
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : desk_audit(s, rq, "cluster.merge", object, NULL, after);
}

int desk_merge(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, merge);
}

int desk_unmerge(struct store *s, struct desk_request *rq)
{
    char object[40];
    int64_t id = desk_number(rq, "id");
    int err = store_unmerge(s, id);
    snprintf(object, sizeof object, "merge:%lld", (long long)id);
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : desk_audit(s, rq, "cluster.unmerge", object, NULL, NULL);
}

/* ---- what to look at first ------------------------------------------------------------------------------------------- */

static int by_worth(const void *a, const void *b)
{
    const struct desk_worth *x = a, *y = b;
    if (x->worth > y->worth || x->worth < y->worth)
        return x->worth > y->worth ? -1 : 1;
    return (x->id < y->id) - (x->id > y->id);
}

static void weigh(const struct survey *v, struct desk_worth *w)
{
    const struct survey_fact *f = survey_find(v, w->id);
    bool alone = !f || f->group == UINT32_MAX;
    w->group = alone ? SIZE_MAX : f->group;
    w->asks = alone ? 1 : v->group[f->group].n;
    if (!f) { /* too new, or too old */
        w->worth = !v->n || w->id > v->fact[v->n - 1].id ? 1 : exp2(-SURVEY_DAYS / 7.0);
        return;
    }
    double weeks = (double)(v->at_ms - f->at_ms) / (7.0 * DAY_MS);
    bool wrong = f->down > f->up || f->wanted; /* whatever the bot thought of its answer */
    w->worth = (double)w->asks * (wrong ? 1 : 1 - (double)f->confidence) * exp2(-weeks);
}

bool desk_cluster_sort(struct desk *d, struct desk_worth *w, size_t n)
{
    struct surveyor *surveyor = desk_surveyor(d);
    const struct survey *v = survey_take(surveyor);
    if (!v)
        return false;
    for (size_t i = 0; i < n; i++)
        weigh(v, &w[i]);
    survey_give_back(surveyor, v);
    if (n)
        qsort(w, n, sizeof *w, by_worth);
    return true;
}

size_t desk_cluster_like(struct desk *d, int64_t id, size_t max, int64_t *ret_id)
{
    struct surveyor *surveyor = desk_surveyor(d);
    const struct survey *v = survey_take(surveyor);
    const struct survey_group *g = v ? group_of(v, id) : NULL;
    size_t n = 0;
    for (size_t i = g ? g->n : 0; i-- > 0 && n < max;) {
        const struct survey_fact *f = &v->fact[g->fact[i]];
        if (f->why && f->state <= TICKET_CLAIMED && f->id != id)
            ret_id[n++] = f->id;
    }
    if (v)
        survey_give_back(surveyor, v);
    return n;
}
