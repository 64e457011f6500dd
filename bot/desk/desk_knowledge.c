/* desk_knowledge.c: the content as those see it who keep it in order: what it is made of, what is wrong with it, and how much of it was
 * of use in the last thirty days. Two things made in the background meet here: the checkup knows the content, the survey what
 * became of it. */
#include <stdlib.h>
#include <string.h>

#include "bot/checkup.h"
#include "bot/desk/desk_survey.h"
#include "bot/json.h"
#include "bot/stat.h"
#include "kb/pool.h"

#define MAX_PROBLEMS  200
#define MAX_IDLE      200 /* entries that nobody needed, or that always come second */
#define SECOND_LEAST  3   /* times that an entry was quoted, until it can be "always second" */
#define MAX_DOCUMENTS 1000

struct using
{
    struct buf *b;
    struct pool *pool;
    const struct survey *v; /* or NULL: nothing is counted yet */
    const struct checkup *c;
    struct stat *s;
};

/* ---- by name: places of a survey, sorted --------------------------------------------------------------------------- */

struct named {
    const char *key;
    const struct stat_page *page;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->key, ((const struct named *)b)->key);
}

static struct named *sort_names(struct pool *pool, const struct survey_place *place, size_t n,
                                const struct stat_page *page)
{
    struct named *named = pool_array(pool, n, sizeof *named);
    for (size_t i = 0; i < n; i++)
        named[i] = (struct named){place[i].key, &page[i]};
    qsort(named, n, sizeof *named, by_key);
    return named;
}

static struct stat_page find(const struct named *named, size_t n, const char *key)
{
    struct named wanted = {.key = key};
    const struct named *at = n ? bsearch(&wanted, named, n, sizeof *named, by_key) : NULL;
    return at ? *at->page : (struct stat_page){0};
}

/* ---- what there is -------------------------------------------------------------------------------------------------- */

static void add_documents(const struct using *u)
{
    size_t n = u->v ? u->v->ndocument : 0;
    struct named *named = n ? sort_names(u->pool, u->v->document, n, u->s->page) : NULL;
    buf_adds(u->b, ",\"documents\":[");
    for (size_t i = 0; i < u->c->ndocument && i < MAX_DOCUMENTS; i++) {
        const struct kb_document *d = &u->c->document[i];
        struct stat_page p = find(named, n, d->document);
        buf_addf(u->b, "%s{\"passages\":%zu,\"entries\":%zu,\"quoted\":%u,\"up\":%u,\"down\":%u",
                 i ? "," : "", d->passages, d->entries, p.quoted, p.up, p.down);
        json_add_member(u->b, "document", d->document);
        json_add_member(u->b, "title", d->title);
        json_add_member(u->b, "file", d->file);
        json_add_member(u->b, "url", d->url);
        json_add_member(u->b, "owner", d->owner);
        json_add_member(u->b, "reviewed", d->reviewed);
        json_add_member(u->b, "valid_until", d->valid_until);
        buf_addc(u->b, '}');
    }
    buf_addc(u->b, ']');
}

static void add_problems(const struct using *u)
{
    buf_addf(u->b, ",\"errors\":%zu,\"warnings\":%zu,\"problems\":[", u->c->errors, u->c->warnings);
    for (size_t i = 0; i < u->c->nproblem && i < MAX_PROBLEMS; i++) {
        const struct kb_problem *p = &u->c->problem[i];
        buf_addf(u->b, "%s{\"error\":%s,\"line\":%zu,\"column\":%zu", i ? "," : "",
                 p->error ? "true" : "false", p->line, p->column);
        json_add_member(u->b, "file", p->file);
        json_add_member(u->b, "message", p->message);
        json_add_member(u->b, "kind", p->kind);
        json_add_member(u->b, "remedy", p->remedy);
        buf_addc(u->b, '}');
    }
    buf_addc(u->b, ']');
}

/* ---- entries that do nothing, or little ------------------------------------------------------------------------------ */

static void add_entry(const struct using *u, const struct kb_entry *e, const struct stat_page *p,
                      size_t *n)
{
    if ((*n)++ >= MAX_IDLE)
        return;
    buf_addf(u->b, "%s{\"quoted\":%u,\"up\":%u,\"down\":%u", *n > 1 ? "," : "", p->quoted, p->up,
             p->down);
    json_add_member(u->b, "passage", e->passage);
    json_add_member(u->b, "id", e->id);
    json_add_member(u->b, "question", e->question);
    json_add_member(u->b, "reviewed", e->reviewed);
    buf_addc(u->b, '}');
}

/* Dead: never quoted; second: quoted again and again, and never first. */
static void add_entries(const struct using *u)
{
    size_t n = u->v->npassage, dead = 0, second = 0;
    struct named *named = sort_names(u->pool, u->v->passage, n, u->s->passage);
    buf_adds(u->b, ",\"dead\":[");
    for (size_t i = 0; i < u->c->nentry; i++) {
        struct stat_page p = find(named, n, u->c->entry[i].passage);
        if (!p.quoted)
            add_entry(u, &u->c->entry[i], &p, &dead);
    }
    buf_adds(u->b, "],\"second\":[");
    for (size_t i = 0; i < u->c->nentry; i++) {
        struct stat_page p = find(named, n, u->c->entry[i].passage);
        if (!p.first && p.quoted >= SECOND_LEAST)
            add_entry(u, &u->c->entry[i], &p, &second);
    }
    buf_addf(u->b, "],\"ndead\":%zu,\"nsecond\":%zu,\"counted\":true", dead, second);
}

/* ---- all of it -------------------------------------------------------------------------------------------------------- */

static void show(struct desk_request *rq, const struct checkup *c, const struct survey *v)
{
    struct stat s = {0};
    struct using u = {.b = &rq->body, .pool = rq->pool, .v = v, .c = c, .s = &s};
    if (v) {
        struct stat_filter w = stat_any();
        w.last = stat_day_of(v->at_ms, 0);
        w.first = w.last - STAT_DAYS + 1;
        s.page = pool_array(rq->pool, v->ndocument, sizeof *s.page);
        s.passage = pool_array(rq->pool, v->npassage, sizeof *s.passage);
        stat_count(v, &w, &s);
    }
    buf_addf(u.b,
             "{\"ready\":true,\"at\":%lld,\"indexed\":%lld,\"generation\":%lld,\"questions\":%zu,"
             "\"totals\":{\"documents\":%lld,\"passages\":%lld,\"entries\":%lld},\"asked\":%u",
             (long long)c->at_ms, (long long)c->indexed_ms, c->info.generation, c->questions,
             c->info.documents, c->info.passages, c->info.entries, s.asked);
    add_documents(&u);
    add_problems(&u);
    if (v)
        add_entries(&u);
    else
        buf_adds(u.b, ",\"counted\":false");
    buf_addc(u.b, '}');
}

int desk_knowledge(struct store *store, struct desk_request *rq)
{
    struct examiner *examiner = desk_examiner(rq->desk);
    struct surveyor *surveyor = desk_surveyor(rq->desk);
    const struct checkup *c = checkup_take(examiner);
    const struct survey *v = survey_take(surveyor);
    (void)store;
    if (c)
        show(rq, c, v);
    else
        buf_adds(&rq->body, "{\"ready\":false}");
    survey_give_back(surveyor, v);
    checkup_give_back(examiner, c);
    return 0;
}
