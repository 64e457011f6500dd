/* transcript.c: reading and erasing, as jobs of the journal. Readers use its connection, too: so what they see is in
 * order with what on_event() reports, without a moment in between that neither shows. */
#include "bot/transcript.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/erased.h"
#include "bot/journal.h"
#include "bot/must.h"
#include "bot/pack.h"
#include "bot/session.h"
#include "bot/store.h"

struct reading {
    struct journal_job job;
    struct adapter *adapter;
    const char *conversation;
    int64_t after;
    size_t max;
    transcript_fn *fn;
    void *ctx;
    struct transcript result;
    struct transcript_event *event;
    size_t room;
};

static void clear(struct reading *r)
{
    for (size_t i = 0; i < r->result.n; i++)
        free((void *)(uintptr_t)r->event[i].body);
    r->result = (struct transcript){0};
}

static void add_event(void *ctx, int64_t seq, const char *body, size_t len)
{
    struct reading *r = ctx;
    size_t n = r->result.n++;
    if (n == r->room)
        r->event =
            must(reallocarray(r->event, r->room = r->room ? 2 * r->room : 16, sizeof *r->event));
    char *mine = must(malloc(len + 1));
    memcpy(mine, body, len + 1);
    r->event[n] = (struct transcript_event){.seq = seq, .body = mine, .len = len};
}

static int run_reading(struct store *s, struct journal_job *job)
{
    struct reading *r = (struct reading *)job;
    struct store_conversation c;
    clear(r);
    int err = store_conversation(s, r->adapter->type->name, r->conversation, &c);
    if (err)
        return err == -ENOENT ? 0 : err;
    if (!c.erased && c.head > r->after && r->max)
        err = store_events(s, c.id, r->after, r->max, add_event, r);
    r->result.exists = true;
    r->result.erased = c.erased;
    r->result.head = c.head;
    r->result.at_ms = c.at_ms;
    r->result.used_ms = c.used_ms;
    r->result.mode = (enum transcript_mode)c.mode;
    r->result.event = r->event;
    return err;
}

static void reading_drop(struct journal_job *job)
{
    struct reading *r = (struct reading *)job;
    clear(r);
    free(r->event);
    free(r);
}

static void reading_done(struct journal_job *job, int err)
{
    struct reading *r = (struct reading *)job;
    if (err)
        clear(r);
    r->result.err = err;
    r->fn(r->ctx, &r->result);
    reading_drop(job);
}

int transcript_read(struct adapter *a, const char *conversation, int64_t after, size_t max,
                    transcript_fn *fn, void *ctx)
{
    static const size_t texts[] = {offsetof(struct reading, conversation)};
    struct reading reading = {
        .job = {.run = run_reading, .done = reading_done, .drop = reading_drop},
        .adapter = a,
        .conversation = conversation,
        .after = after,
        .max = max,
        .fn = fn,
        .ctx = ctx};
    struct reading *r = pack(&reading, sizeof reading, texts, 1);
    int err = journal_run(a->bot->journal, &r->job);
    if (err)
        free(r);
    return err;
}

/* ---- erasing ---- */

struct erasing {
    struct journal_job job;
    struct adapter *adapter;
    const char *conversation;
    transcript_erase_fn *fn;
    void *ctx;
};

static int run_erasing(struct store *s, struct journal_job *job)
{
    struct erasing *e = (struct erasing *)job;
    return store_erase(s, e->adapter->type->name, e->conversation, clock_wall_ms());
}

static void erasing_drop(struct journal_job *job)
{
    free(job);
}

static void erasing_done(struct journal_job *job, int err)
{
    struct erasing *e = (struct erasing *)job;
    struct adapter *a = e->adapter;
    if (!err)
        erased_forget(a->bot, a->type->name, e->conversation);
    if (e->fn)
        e->fn(e->ctx, err);
    free(e);
}

int transcript_erase(struct adapter *a, const char *conversation, transcript_erase_fn *fn,
                     void *ctx)
{
    static const size_t texts[] = {offsetof(struct erasing, conversation)};
    struct erasing erasing = {
        .job = {.run = run_erasing, .done = erasing_done, .drop = erasing_drop},
        .adapter = a,
        .conversation = conversation,
        .fn = fn,
        .ctx = ctx};
    struct erasing *e = pack(&erasing, sizeof erasing, texts, 1);
    int err = journal_run(a->bot->journal, &e->job);
    if (err)
        free(e);
    return err;
}

void transcript_epoch(struct adapter *a, const char *conversation, char ret[TRANSCRIPT_EPOCH])
{
    unsigned char mark[16], hash[16];
    journal_birthmark(a->bot->journal, mark);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)conversation, strlen(conversation),
                       mark, sizeof mark);
    sodium_bin2hex(ret, TRANSCRIPT_EPOCH, hash, (TRANSCRIPT_EPOCH - 1) / 2);
}
