/* checkup.c: a look at the content in the background. Files are read at every look, because a mistake in one leaves the index as
 * it was; questions are asked only of an index that has changed, or on another day: text expires. */
#include "bot/checkup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/config.h"
#include "bot/maker.h"
#include "bot/must.h"
#include "bot/shipped.h"
#include "kb/pool.h"

#define AGAIN_MS    3000 /* files are looked at again after that long */
#define MAX_ENTRIES 10000

struct made {
    struct checkup checkup; /* first */
    struct pool *pool;
};

struct examiner {
    struct maker *maker;
    char *index;
    pthread_mutex_t lock;
    char **path; /* under the lock, like the next two */
    size_t npath;
    char *synonyms; /* or NULL */
    bool changed;   /* these are others */

    /* The maker's thread only. */
    struct kb_report review; /* of the index as it was at `generation`, on `day` */
    size_t questions;
    long long generation;
    int64_t day, made_ms;
};

/* ---- what the settings say ---------------------------------------------------------------------------------------- */

static void forget(struct examiner *x)
{
    for (size_t i = 0; i < x->npath; i++)
        free(x->path[i]);
    free(x->path);
    free(x->synonyms);
}

void examiner_use(struct examiner *x, const struct config *c)
{
    size_t n;
    const char *const *content = config_list(c, "content", &n);
    const char *synonyms = config_text(c, "synonyms");
    pthread_mutex_lock(&x->lock);
    forget(x);
    x->path = must(calloc(n + 1, sizeof *x->path));
    for (x->npath = 0; x->npath < n; x->npath++)
        x->path[x->npath] = must(strdup(content[x->npath]));
    x->synonyms = *synonyms ? must(strdup(synonyms)) : NULL;
    x->changed = true;
    pthread_mutex_unlock(&x->lock);
}

/* As copies in `pool`. */
static struct kb_sources sources(struct examiner *x, struct pool *pool, bool *ret_changed)
{
    pthread_mutex_lock(&x->lock);
    const char **path = pool_array(pool, x->npath, sizeof *path);
    for (size_t i = 0; i < x->npath; i++)
        path[i] = pool_strdup(pool, x->path[i]);
    struct kb_sources src = {.path = path,
                             .n = x->npath,
                             .synonyms = x->synonyms ? pool_strdup(pool, x->synonyms) : NULL};
    *ret_changed = x->changed;
    x->changed = false;
    pthread_mutex_unlock(&x->lock);
    return src;
}

/* ---- looking -------------------------------------------------------------------------------------------------------- */

struct filling {
    struct made *m;
    size_t capdocument, capproblem;
};

static void add_document(void *ctx, const struct kb_document *d)
{
    struct filling *f = ctx;
    struct pool *pool = f->m->pool;
    struct checkup *c = &f->m->checkup;
    *POOL_PUSH(pool, c->document, c->ndocument, f->capdocument) =
        (struct kb_document){.document = pool_strdup(pool, d->document),
                             .title = pool_strdup(pool, d->title),
                             .url = pool_strdup(pool, d->url),
                             .file = pool_strdup(pool, d->file),
                             .lang = pool_strdup(pool, d->lang),
                             .owner = pool_strdup(pool, d->owner),
                             .reviewed = pool_strdup(pool, d->reviewed),
                             .valid_until = pool_strdup(pool, d->valid_until),
                             .passages = d->passages,
                             .entries = d->entries};
}

static void add_report(struct filling *f, const struct kb_report *r)
{
    struct checkup *c = &f->m->checkup;
    for (size_t i = 0; i < r->nproblem; i++) {
        struct kb_problem p = r->problem[i];
        p.file = pool_strdup(f->m->pool, p.file);
        p.message = pool_strdup(f->m->pool, p.message);
        p.remedy = p.remedy ? pool_strdup(f->m->pool, p.remedy) : NULL;
        *POOL_PUSH(f->m->pool, c->problem, c->nproblem, f->capproblem) = p;
    }
    c->errors += r->errors;
    c->warnings += r->warnings;
}

static int read_base(struct examiner *x, struct filling *f)
{
    struct checkup *c = &f->m->checkup;
    struct kb *kb;
    struct stat st;
    int err = kb_open(x->index, &kb);
    if (err)
        return err;
    err = kb_info(kb, &c->info);
    if (!err)
        err = kb_documents(kb, add_document, f);
    if (!err) {
        c->entry = pool_array(f->m->pool, MAX_ENTRIES, sizeof *c->entry);
        int n = kb_entries(kb, NULL, "", MAX_ENTRIES, f->m->pool, c->entry);
        c->nentry = n > 0 ? (size_t)n : 0;
        err = n < 0 ? n : 0;
    }
    kb_close(kb);
    if (!err && !stat(x->index, &st))
        c->indexed_ms = (int64_t)st.st_mtim.tv_sec * 1000;
    return err;
}

/* What is wrong with the content although each file is right. */
static void review(struct examiner *x, const struct kb_sources *src, const struct kb_info *info,
                   bool changed)
{
    int64_t day = clock_wall_ms() / 86400000;
    if (!changed && x->generation == info->generation && x->day == day)
        return;
    struct kb_review_options opt = {
        .synonyms = src->synonyms, .general = shipped_synonyms, .threads = 1};
    kb_report_release(&x->review);
    x->questions = 0;
    int err = kb_review(x->index, &opt, &x->review, &x->questions);
    x->generation = err ? -1 : info->generation;
    x->day = day;
}

static void release(void *made)
{
    pool_free(((struct made *)made)->pool);
}

static void *make(void *ctx)
{
    struct examiner *x = ctx;
    if (x->made_ms && clock_wall_ms() - x->made_ms < AGAIN_MS)
        return NULL;
    struct pool *pool = pool_new();
    struct made *m = pool_alloc(pool, sizeof *m);
    struct filling f = {.m = m};
    struct kb_report files = {0};
    bool changed;
    struct kb_sources src = sources(x, pool, &changed);
    m->pool = pool;
    m->checkup.at_ms = clock_wall_ms();
    if (read_base(x, &f)) { /* there is none yet */
        pool_free(pool);
        return NULL;
    }
    kb_check(&src, &files); /* what fails is in the report */
    add_report(&f, &files);
    kb_report_release(&files);
    review(x, &src, &m->checkup.info, changed);
    add_report(&f, &x->review);
    m->checkup.questions = x->questions;
    x->made_ms = m->checkup.at_ms;
    return m;
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

const struct checkup *checkup_take(struct examiner *x)
{
    const struct made *m = maker_take(x->maker);
    return m ? &m->checkup : NULL;
}

void checkup_give_back(struct examiner *x, const struct checkup *c)
{
    maker_give_back(x->maker, c); /* the first member of what was made */
}

struct examiner *examiner_new(const char *index, const struct config *c)
{
    struct examiner *x = must(calloc(1, sizeof *x));
    x->index = must(strdup(index));
    x->generation = -1;
    pthread_mutex_init(&x->lock, NULL);
    examiner_use(x, c);
    x->maker = maker_new(&(struct maker_calls){.ctx = x, .make = make, .release = release});
    return x;
}

void examiner_free(struct examiner *x)
{
    if (!x || !maker_free(x->maker))
        return;
    kb_report_release(&x->review);
    forget(x);
    pthread_mutex_destroy(&x->lock);
    free(x->index);
    free(x);
}
