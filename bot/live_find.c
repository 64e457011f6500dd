/* live_find.c: what the guides have on some words, for somebody of the staff to choose from: the ranking of any question, without its
 * being one: nothing is recorded, no conversation goes on. */
#include <string.h>

#include "bot/adapter.h"
#include "bot/live.h"
#include "bot/quote.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define MAX_EXTRACT 600 /* bytes of a text in a list */

struct finding {
    struct pool *pool;
    const char *words;
    size_t max;
    live_found_fn *fn;
    void *ctx;
    struct live_found *found;
    size_t n;
};

/* On an answering thread. */
static void look(struct kb *kb, void *ctx)
{
    struct finding *f = ctx;
    struct kb_ask ask = {.text = f->words, .len = strlen(f->words), .max = f->max};
    struct kb_hits hits;
    if (!kb || kb_ask(kb, &ask, &hits) < 0)
        return;
    f->found = pool_array(f->pool, hits.n + 1, sizeof *f->found);
    for (size_t i = 0; i < hits.n; i++) {
        const struct kb_hit *hit = &hits.hit[i];
        if (!*hit->text)
            continue;
        f->found[f->n++] = (struct live_found){
            .passage = pool_strdup(f->pool, hit->passage),
            .title = pool_strdup(f->pool, quote_name(f->pool, hit, " \xE2\x80\xBA ")),
            .text = kb_plain(f->pool, hit->text, strlen(hit->text)),
            .url = pool_strdup(f->pool, quote_url(f->pool, hit))};
    }
    kb_hits_release(&hits);
}

static void done(void *ctx)
{
    struct finding *f = ctx;
    f->fn(f->ctx, f->found, f->n);
    pool_free(f->pool);
}

int live_find(struct bot *bot, const char *words, size_t max, live_found_fn *fn, void *ctx)
{
    struct pool *pool = pool_new();
    struct finding *f = pool_alloc(pool, sizeof *f);
    *f = (struct finding){
        .pool = pool, .words = pool_strdup(pool, words), .max = max, .fn = fn, .ctx = ctx};
    int err = bot_look(bot, pool, look, done, f);
    if (err)
        pool_free(pool);
    return err;
}

const char *live_extract(struct pool *pool, const struct live_found *f)
{
    size_t n = strlen(f->text);
    if (n <= MAX_EXTRACT)
        return f->text;
    for (n = MAX_EXTRACT; n && ((unsigned char)f->text[n] & 0xC0) == 0x80;)
        n--;
    return pool_printf(pool, "%.*s \xE2\x80\xA6", (int)n, f->text);
}
