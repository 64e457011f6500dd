/* erased.c: see erased.h. The store knows when each conversation was erased; what is forgotten twice is forgotten, so a look goes a
 * little further back than the last one. */
#include "bot/erased.h"
#include "bot/live.h"

#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/heard.h"
#include "bot/journal.h"
#include "bot/live.h"
#include "bot/must.h"
#include "bot/store.h"

#define OVERLAP_MS 10000

struct name {
    char *adapter, *conversation;
};

struct look {
    struct journal_job job;
    struct bot *bot;
    int64_t since_ms, at_ms;
    struct name *name;
    size_t n;
};

void erased_forget(struct bot *bot, const char *adapter, const char *conversation)
{
    heard_clear(bot->heard,
                loop_now_ms(bot->loop)); /* its words may be there, for whoever asks the same */
    for (size_t i = 0; i < bot->nadapter; i++) {
        struct adapter *a = &bot->adapter[i];
        if (strcmp(a->type->name, adapter))
            continue;
        turns_forget(bot->turns, a, conversation);
        if (a->type->on_event)
            a->type->on_event(a, conversation, NULL);
        live_on_event(bot, a, conversation, NULL);
        live_on_queue(bot);
    }
}

static void clear(struct look *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->name[i].adapter);
        free(l->name[i].conversation);
    }
    free(l->name);
    l->name = NULL;
    l->n = 0;
}

static void add(void *ctx, const char *adapter, const char *name, int64_t at_ms)
{
    struct look *l = ctx;
    (void)at_ms;
    l->name = must(reallocarray(l->name, l->n + 1, sizeof *l->name));
    l->name[l->n++] = (struct name){must(strdup(adapter)), must(strdup(name))};
}

static int run(struct store *s, struct journal_job *job)
{
    struct look *l = (struct look *)job;
    clear(l);
    return store_erased(s, l->since_ms, add, l);
}

static void drop(struct journal_job *job)
{
    clear((struct look *)job);
    free(job);
}

static void done(struct journal_job *job, int err)
{
    struct look *l = (struct look *)job;
    if (!err) {
        heard_clear(l->bot->heard,
                    loop_now_ms(l->bot->loop)); /* also of a question without a conversation */
        for (size_t i = 0; i < l->n; i++)
            erased_forget(l->bot, l->name[i].adapter, l->name[i].conversation);
        l->bot->erased_ms = l->at_ms;
    }
    drop(job);
}

void erased_look(struct bot *bot)
{
    struct look *l = must(calloc(1, sizeof *l));
    int64_t since = bot->erased_ms ? bot->erased_ms : bot->started_s * 1000;
    *l = (struct look){.job = {.run = run, .done = done, .drop = drop},
                       .bot = bot,
                       .since_ms = since - OVERLAP_MS,
                       .at_ms = clock_wall_ms()};
    if (journal_run(bot->journal, &l->job))
        drop(&l->job);
}
