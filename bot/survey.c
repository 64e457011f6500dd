/* survey.c: when a survey is due, and making one. Its connections are opened again when another file has taken their place. */
#include "bot/survey.h"

#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/maker.h"
#include "bot/must.h"
#include "bot/survey_int.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define RENEW_MS 3600000 /* days go by although nobody asks anything */

struct made {
    struct survey survey; /* first */
    struct pool *pool;    /* which holds this, too */
};

struct surveyor {
    struct maker *maker;
    char *state, *index;
    /* The maker's thread only. */
    struct survey_book book;
    struct store *store;
    int64_t version; /* of the store, when it was read last; 0: not yet */
    int64_t made_ms;
};

const struct survey_fact *survey_find(const struct survey *s, int64_t id)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->fact[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->n && s->fact[low].id == id ? &s->fact[low] : NULL;
}

static int open_all(struct surveyor *v)
{
    if (v->store && store_is_gone(v->store)) {
        store_close(v->store);
        v->store = NULL;
        v->version = 0;
        survey_book_release(&v->book);
    }
    if (v->book.kb && kb_stale(v->book.kb)) {
        kb_close(v->book.kb);
        v->book.kb = NULL;
    }
    if (!v->book.kb && kb_open(v->index, &v->book.kb))
        v->book.kb = NULL; /* there is none yet: no terms, and so no groups */
    return v->store ? 0 : store_open_reader(v->state, &v->store);
}

/* Is there anything new? */
static bool is_due(struct surveyor *v)
{
    struct kb_info info = {0};
    int64_t version = 0;
    if (v->book.kb && kb_info(v->book.kb, &info))
        info.generation = 0;
    if (store_version(v->store, &version))
        version = 0;
    bool due = !v->version || version != v->version || info.generation != v->book.generation ||
               clock_wall_ms() - v->made_ms > RENEW_MS;
    v->version = version;
    return due;
}

static void release(void *made)
{
    pool_free(((struct made *)made)->pool);
}

static void *make(void *ctx)
{
    struct surveyor *v = ctx;
    if (open_all(v) || !is_due(v))
        return NULL;
    struct pool *pool = pool_new();
    struct made *m = pool_alloc(pool, sizeof *m);
    struct survey *s = &m->survey;
    m->pool = pool;
    s->at_ms = clock_wall_ms();
    s->from_ms = s->at_ms - SURVEY_DAYS * DAY_MS;
    uint64_t began = clock_us();
    int err = store_begin_read(v->store);
    if (!err)
        err = survey_read(&v->book, v->store, s->from_ms);
    uint64_t read = clock_us();
    if (!err)
        err = survey_group(&v->book, v->store, pool, s);
    store_rollback(v->store);
    s->read_s = (double)(read - began) / 1e6;
    s->group_s = (double)(clock_us() - read) / 1e6;
    if (err) { /* whoever looks next tries again */
        v->version = 0;
        pool_free(pool);
        return NULL;
    }
    v->made_ms = s->at_ms;
    return m;
}

static void end(void *ctx)
{
    struct surveyor *v = ctx;
    survey_book_release(&v->book);
    kb_close(v->book.kb);
    store_close(v->store);
}

const struct survey *survey_take(struct surveyor *v)
{
    const struct made *m = maker_take(v->maker);
    return m ? &m->survey : NULL;
}

void survey_give_back(struct surveyor *v, const struct survey *s)
{
    maker_give_back(v->maker, s); /* the first member of what was made */
}

struct surveyor *surveyor_new(const char *state, const char *index)
{
    struct surveyor *v = must(calloc(1, sizeof *v));
    v->state = must(strdup(state));
    v->index = must(strdup(index));
    v->maker =
        maker_new(&(struct maker_calls){.ctx = v, .make = make, .release = release, .end = end});
    return v;
}

void surveyor_free(struct surveyor *v)
{
    if (!v || !maker_free(v->maker))
        return;
    free(v->state);
    free(v->index);
    free(v);
}
