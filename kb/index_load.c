/* index_load.c: the first load of a base, on two threads: one reads and cuts, the other writes.
 *
 * Half of the time of a first load is parsing and cutting, the other half is SQLite, and neither needs the other's data. So the
 * caller's thread copies what is to be written into a batch, and a writer's thread hands batch after batch to the
 * functions that write rows in an ordinary run. The database is the writer's until index_load_end() has returned. A
 * few batches may wait, no more: memory stays bounded, whatever the size of the content.
 *
 * What fits one batch needs no thread, so most bases never see one. */
#include "kb/kb_int.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES 262144
#define QUEUE       4

struct item {
    struct document doc;
    long long file;
    struct passage *passage;
    size_t n, cap;
};

struct batch {
    struct pool *pool;
    struct item *item;
    size_t n, cap;
    size_t bytes; /* of texts */
};

struct index_load {
    index_load_fn *write;
    void *ctx;
    struct batch *batch; /* being filled, or NULL */
    struct item *item;   /* whose passages are being cut */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t moved;
    struct batch *queue[QUEUE];
    size_t n;
    bool ended;
    int err;
};

/* ---- batches --------------------------------------------------------------------------------- */

static struct batch *batch_new(void)
{
    struct pool *pool = pool_new();
    struct batch *b = pool_alloc(pool, sizeof *b);
    b->pool = pool;
    return b;
}

static void batch_free(struct batch *b)
{
    if (b)
        pool_free(b->pool);
}

static int batch_write(struct index_load *l, const struct batch *b)
{
    int r = 0;
    for (size_t i = 0; i < b->n && !r; i++)
        r = l->write(l->ctx, &b->item[i].doc, b->item[i].file, b->item[i].passage, b->item[i].n);
    return r;
}

static const char *text(struct batch *b, const char *s)
{
    size_t len = s ? strlen(s) : 0;
    b->bytes += len;
    return len ? pool_strndup(b->pool, s, len) : "";
}

static const char **list(struct batch *b, const char *const *s, size_t n)
{
    const char **copy = n ? pool_array(b->pool, n, sizeof *copy) : NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = text(b, s[i]);
    return copy;
}

/* What of an entry is written. */
static const struct entry *copy_entry(struct batch *b, const struct entry *e)
{
    if (!e)
        return NULL;
    struct entry *copy = pool_alloc(b->pool, sizeof *copy);
    *copy = (struct entry){.id = text(b, e->id),
                           .followup = list(b, e->followup, e->nfollowup),
                           .nfollowup = e->nfollowup,
                           .needs = list(b, e->needs, e->nneeds),
                           .nneeds = e->nneeds,
                           .nots = list(b, e->nots, e->nnots),
                           .nnots = e->nnots,
                           .test = list(b, e->test, e->ntest),
                           .ntest = e->ntest,
                           .not_test = list(b, e->not_test, e->nnot_test),
                           .nnot_test = e->nnot_test};
    return copy;
}

static int take_passage(void *ctx, const struct document *doc, const struct passage *p)
{
    (void)doc;
    struct index_load *l = ctx;
    struct batch *b = l->batch;
    struct passage *copy = POOL_PUSH(b->pool, l->item->passage, l->item->n, l->item->cap);
    *copy = *p;
    const char **field[] = {&copy->key,        &copy->anchor,      &copy->question, &copy->headings,
                            &copy->body,       &copy->lang,        &copy->audience, &copy->reviewed,
                            &copy->valid_from, &copy->valid_until, &copy->url,      &copy->status};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        *field[i] = text(b, *field[i]);
    copy->heading = list(b, p->heading, p->nheading);
    copy->source = copy_entry(b, p->source);
    copy->unit = p->nunit ? pool_array(b->pool, p->nunit, sizeof *copy->unit) : NULL;
    if (p->nunit)
        memcpy(copy->unit, p->unit, p->nunit * sizeof *copy->unit);
    return 0;
}

static struct item *take_document(struct batch *b, const struct document *doc, long long file)
{
    struct item *item = POOL_PUSH(b->pool, b->item, b->n, b->cap);
    *item = (struct item){.file = file,
                          .doc = {.id = text(b, doc->id),
                                  .line = doc->line,
                                  .title = text(b, doc->title),
                                  .url = text(b, doc->url),
                                  .lang = text(b, doc->lang),
                                  .owner = text(b, doc->owner),
                                  .reviewed = text(b, doc->reviewed),
                                  .text = pool_strndup(b->pool, doc->text, doc->len),
                                  .len = doc->len}};
    memcpy(item->doc.hash, doc->hash, sizeof doc->hash);
    b->bytes += doc->len;
    return item;
}

/* ---- the writer's thread --------------------------------------------------------------------- */

static void *write_all(void *ctx)
{
    struct index_load *l = ctx;
    pthread_mutex_lock(&l->lock);
    while (l->n || !l->ended) {
        if (!l->n) {
            pthread_cond_wait(&l->moved, &l->lock);
            continue;
        }
        struct batch *b = l->queue[0];
        memmove(l->queue, l->queue + 1, --l->n * sizeof *l->queue);
        bool wanted = !l->err;
        pthread_cond_signal(&l->moved);
        pthread_mutex_unlock(&l->lock);
        int r = wanted ? batch_write(l, b) : 0;
        batch_free(b);
        pthread_mutex_lock(&l->lock);
        if (r)
            l->err = r;
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Signals are other threads' business. */
static bool start(struct index_load *l)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    l->started = pthread_create(&l->thread, NULL, write_all, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return l->started;
}

static int submit(struct index_load *l)
{
    struct batch *b = l->batch;
    l->batch = NULL;
    if (!l->started && !start(l)) { /* no thread to be had: then as everybody else */
        if (!l->err)
            l->err = batch_write(l, b);
        batch_free(b);
        return l->err;
    }
    pthread_mutex_lock(&l->lock);
    while (l->n == QUEUE)
        pthread_cond_wait(&l->moved, &l->lock);
    l->queue[l->n++] = b;
    int r = l->err;
    pthread_cond_signal(&l->moved);
    pthread_mutex_unlock(&l->lock);
    return r;
}

/* ---- the caller's ---------------------------------------------------------------------------- */

int index_load_new(index_load_fn *write, void *ctx, struct index_load **ret)
{
    struct index_load *l = calloc(1, sizeof *l);
    if (!l)
        return KB_ERR_NOMEM;
    l->write = write;
    l->ctx = ctx;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->moved, NULL);
    *ret = l;
    return 0;
}

int index_load_put(struct index_load *l, const struct document *doc, long long file)
{
    if (!l->batch)
        l->batch = batch_new();
    l->item = take_document(l->batch, doc, file);
    int r = passage_cut(doc, take_passage, l);
    return r || l->batch->bytes < BATCH_BYTES ? r : submit(l);
}

int index_load_end(struct index_load *l)
{
    int r = 0;
    if (l->batch && l->started)
        r = submit(l);
    if (l->started) {
        pthread_mutex_lock(&l->lock);
        l->ended = true;
        pthread_cond_signal(&l->moved);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
        l->started = false;
    } else if (l->batch && !l->err) {
        l->err = batch_write(l, l->batch);
    }
    batch_free(l->batch);
    l->batch = NULL;
    return r ? r : l->err;
}

void index_load_free(struct index_load *l)
{
    if (!l)
        return;
    l->err = l->err ? l->err : KB_ERR_INPUT; /* what is still waiting is not wanted */
    index_load_end(l);
    pthread_cond_destroy(&l->moved);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
