/* replay.c: many questions, a few threads, one counter. Each thread has an answerer of its own and writes into the places of the
 * questions it took, so the outcome does not depend on how many there are. */
#include "bot/replay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bot/answer.h"
#include "bot/must.h"
#include "bot/quote.h"
#include "bot/trial.h"
#include "kb/hash.h"
#include "kb/pool.h"

#define MAX_THREADS 16
#define NICE        10    /* visitors are answered first */
#define MAX_KEPT    50000 /* answers */

/* ---- one answer ---- */

static uint64_t hash_reply(const struct reply *r)
{
    uint64_t h = HASH_64;
    for (size_t i = 0; i < r->nanswer; i++)
        h = hash_and_text(hash_and_text(h, r->answer[i].passage), r->answer[i].text);
    for (size_t i = 0; r->kind == REPLY_CHOICES && i < r->nchoice; i++)
        h = hash_and_text(h, r->choice[i]);
    return h;
}

static struct replayed replayed(const struct reply *r, struct pool *kept)
{
    bool answers = r->nanswer > 0;
    const char *called = answers ? quote_label(&r->answer[0]) : r->nchoice ? r->choice[0] : "";
    return (struct replayed){.kind = r->kind,
                             .band = r->band,
                             .confidence = r->confidence,
                             .text = hash_reply(r),
                             .passage = answers ? pool_strdup(kept, r->answer[0].passage) : "",
                             .label =
                                 *called ? pool_strndup(kept, called, strcspn(called, "\n")) : "",
                             .unknown = r->nunknown ? pool_strdup(kept, r->unknown[0]) : "",
                             .known = true};
}

bool replayed_differs(const struct replayed *a, const struct replayed *b)
{
    return a->kind != b->kind || a->text != b->text || strcmp(a->passage, b->passage);
}

/* ---- a thread ---- */

struct asker {
    struct replay *r;
    struct pool *kept;
    atomic_size_t *next;
    atomic_int *err;
    pthread_t thread;
};

static int ask_one(struct answerer *a, struct replay *r, size_t i, struct pool *kept)
{
    if (r->answer[i].known)
        return 0;
    struct pool *pool = pool_new();
    struct question q = {.text = r->question[i], .len = strlen(r->question[i])};
    struct reply reply;
    int err = answer_make(a, &q, pool, &reply);
    if (!err)
        r->answer[i] = replayed(&reply, kept);
    pool_free(pool);
    return err;
}

static int ask_some(struct asker *me, struct answerer *a, struct kb *kb)
{
    struct replay *r = me->r;
    size_t ntrial = r->trials ? r->trials->n : 0, i;
    int err = 0;
    while (!err && !*me->err && (i = atomic_fetch_add(me->next, 1)) < r->n + ntrial) {
        if (r->progress && r->progress->stop)
            return REPLAY_STOPPED;
        err = i < ntrial ? trial_run(a, kb, &r->trials->trial[i], r->explain, me->kept)
                         : ask_one(a, r, i - ntrial, me->kept);
        if (r->progress)
            atomic_fetch_add(&r->progress->done, 1);
    }
    return err;
}

static void *run_some(void *ctx)
{
    struct asker *me = ctx;
    struct answerer *a = NULL;
    struct kb *kb = NULL;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    int err = answerer_open(me->r->db, me->r->talk, &a);
    if (!err)
        err = kb_open(me->r->db, &kb);
    if (!err)
        err = ask_some(me, a, kb);
    kb_close(kb);
    answerer_close(a);
    if (err)
        *me->err = err;
    return NULL;
}

int replay_run(struct replay *r)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores > 1 ? (size_t)cores : 1, started = 0;
    struct asker asker[MAX_THREADS];
    atomic_size_t next = 0;
    atomic_int err = 0;
    n = n < MAX_THREADS ? n : MAX_THREADS;
    for (; started < n; started++) {
        asker[started] = (struct asker){.r = r, .kept = pool_new(), .next = &next, .err = &err};
        pool_adopt(r->pool, asker[started].kept);
        if (pthread_create(&asker[started].thread, NULL, run_some, &asker[started]))
            break;
    }
    if (!started)
        return KB_ERR_NOMEM;
    for (size_t i = 0; i < started; i++)
        pthread_join(asker[i].thread, NULL);
    return err;
}

/* ---- what was answered before ---- */

struct replay_memory {
    struct pool *pool;
    const char *key;
    struct slot {
        const char *question; /* NULL: free */
        struct replayed answer;
    } * slot;
    size_t n, cap; /* a power of two, at most half full */
};

struct replay_memory *replay_memory_new(void)
{
    return must(calloc(1, sizeof(struct replay_memory)));
}

static void forget(struct replay_memory *m)
{
    pool_free(m->pool);
    free(m->slot);
    *m = (struct replay_memory){.pool = pool_new(), .key = "", .cap = 1024};
    m->slot = must(calloc(m->cap, sizeof *m->slot));
}

void replay_memory_free(struct replay_memory *m)
{
    if (!m)
        return;
    pool_free(m->pool);
    free(m->slot);
    free(m);
}

static struct slot *find(const struct replay_memory *m, const char *question)
{
    size_t i = hash_and_text(0, question) & (m->cap - 1);
    while (m->slot[i].question && strcmp(m->slot[i].question, question))
        i = (i + 1) & (m->cap - 1);
    return &m->slot[i];
}

static void grow(struct replay_memory *m)
{
    struct slot *old = m->slot;
    size_t n = m->cap;
    m->cap *= 2;
    m->slot = must(calloc(m->cap, sizeof *m->slot));
    for (size_t i = 0; i < n; i++)
        if (old[i].question)
            *find(m, old[i].question) = old[i];
    free(old);
}

void replay_recall(struct replay_memory *m, const char *key, struct replay *r)
{
    if (!m->pool || strcmp(m->key, key) || m->n > MAX_KEPT) {
        forget(m);
        m->key = pool_strdup(m->pool, key);
    }
    for (size_t i = 0; i < r->n; i++) {
        const struct slot *s = find(m, r->question[i]);
        if (s->question)
            r->answer[i] = s->answer; /* its texts live until another key comes */
    }
}

void replay_keep(struct replay_memory *m, const struct replay *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct slot *s = find(m, r->question[i]);
        if (s->question || !r->answer[i].known)
            continue;
        const struct replayed *a = &r->answer[i];
        *s = (struct slot){pool_strdup(m->pool, r->question[i]), *a};
        s->answer.passage = pool_strdup(m->pool, a->passage);
        s->answer.label = pool_strdup(m->pool, a->label);
        s->answer.unknown = pool_strdup(m->pool, a->unknown);
        if (++m->n * 2 > m->cap)
            grow(m);
    }
}
