/* slack_burst.c: several lines of one thought get one reply. People type "hi", "quick question" and the question as three
 * messages; three replies would be two too many. So a question waits a moment for more of the same person in the same
 * place. One that ends in a question mark waits a quarter of it: mostly that was all.
 *
 * What waits here is open in the inbox. A crash brings all lines back, and they are put together again. */
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/must.h"

#define MAX_LINES 20
#define PATIENCE  5 /* times slack.burst_ms, from the first line */

struct line {
    struct line *next;
    struct inbox_item item;
    const char *ts, *claim;
    const char *text; /* NULL: taken back, or another copy of a line that is here */
};

struct slack_burst {
    struct slack_burst *next;
    struct slack *slack;
    struct pool *pool;
    const char *channel, *thread, *user; /* thread "": none */
    const char *conversation;
    struct slack_place place;
    struct line *first, **last;
    size_t n;
    struct loop_timer *timer;
    uint64_t began_ms;
};

static const char *thread_of(const struct slack_event *ev)
{
    return strcmp(ev->thread, ev->ts) ? ev->thread : "";
}

static struct slack_burst *find(const struct slack *s, const struct slack_event *ev)
{
    struct slack_burst *b = s->bursts;
    while (b && (strcmp(b->channel, ev->channel) || strcmp(b->user, ev->user) ||
                 strcmp(b->thread, thread_of(ev))))
        b = b->next;
    return b;
}

bool slack_burst_open(const struct slack *s, const struct slack_event *ev)
{
    return find(s, ev) && !ev->text.begins_other;
}

static struct line *line_of(const struct slack_burst *b, const char *ts)
{
    struct line *l = b->first;
    while (l && strcmp(l->ts, ts))
        l = l->next;
    return l;
}

/* ---- the end of waiting ---- */

static void burst_free(struct slack_burst *b)
{
    struct slack_burst **at = &b->slack->bursts;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    loop_timer_stop(b->timer);
    pool_free(b->pool);
}

static const char *joined(const struct slack_burst *b)
{
    const char *text = "";
    for (const struct line *l = b->first; l; l = l->next)
        if (l->text)
            text = *text ? pool_printf(b->pool, "%s %s", text, l->text) : l->text;
    return text;
}

static bool anything_left(const struct slack_burst *b)
{
    for (const struct line *l = b->first; l; l = l->next)
        if (l->text)
            return true;
    return false;
}

static void flush(void *ctx)
{
    struct slack_burst *b = ctx;
    struct inbox_also *also = pool_array(b->pool, b->n + 1, sizeof *also);
    size_t n = 0;
    for (const struct line *l = b->first->next; l; l = l->next)
        also[n++] = (struct inbox_also){.id = l->item.id, .claim = l->claim};
    if (anything_left(b))
        slack_ask(b->slack, &b->first->item, b->first->claim, b->conversation, joined(b), &b->place,
                  also, n);
    else
        for (const struct line *l = b->first; l; l = l->next)
            inbox_end(b->slack->adapter, l->item.id, INBOX_WAS_DONE);
    burst_free(b);
}

/* ---- waiting ---- */

static struct slack_burst *burst_new(struct slack *s, const struct slack_event *ev,
                                     const struct slack_place *place)
{
    struct pool *pool = pool_new();
    struct slack_burst *b = pool_alloc(pool, sizeof *b);
    const char *root = *place->thread || ev->direct ? place->thread : ev->ts;
    *b = (struct slack_burst){.next = s->bursts,
                              .slack = s,
                              .pool = pool,
                              .channel = pool_strdup(pool, ev->channel),
                              .thread = pool_strdup(pool, thread_of(ev)),
                              .user = pool_strdup(pool, ev->user),
                              .conversation = slack_conversation(pool, ev->channel, root),
                              .last = &b->first,
                              .began_ms = loop_now_ms(bot_loop(s->adapter->bot)),
                              .place = *place};
    b->place.channel = b->channel;
    b->place.user = b->user;
    b->place.thread = pool_strdup(pool, place->thread);
    b->place.asked = pool_strdup(pool, place->asked);
    b->place.ts = b->place.url = b->place.question = "";
    s->bursts = b;
    return b;
}

static void add_line(struct slack_burst *b, const struct inbox_item *item,
                     const struct slack_event *ev)
{
    struct line *l = pool_alloc(b->pool, sizeof *l);
    bool copy = line_of(b, ev->ts) != NULL;
    l->item = inbox_item_copy(b->pool, item);
    l->ts = pool_strdup(b->pool, ev->ts);
    l->claim = pool_printf(b->pool, "%s/%s/%s", ev->team, ev->channel, ev->ts);
    l->text = copy ? NULL : pool_strdup(b->pool, ev->text.text);
    *b->last = l;
    b->last = &l->next;
    b->n++;
}

static void wait_for_more(struct slack_burst *b)
{
    struct loop *loop = bot_loop(b->slack->adapter->bot);
    uint64_t now = loop_now_ms(loop),
             quiet = (uint64_t)config_int(bot_config(b->slack->adapter->bot), "slack.burst_ms");
    uint64_t latest = b->began_ms + PATIENCE * quiet;
    const char *text = joined(b);
    if (*text && text[strlen(text) - 1] == '?')
        quiet /= 4;
    if (now + quiet > latest)
        quiet = latest > now ? latest - now : 0;
    loop_timer_stop(b->timer);
    b->timer = NULL;
    if (!quiet || b->n >= MAX_LINES)
        flush(b);
    else
        b->timer = loop_timer(loop, quiet, 0, flush, b);
}

void slack_burst_add(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                     const struct slack_place *place)
{
    struct slack_burst *b = find(s, ev);
    if (!b)
        b = burst_new(s, ev, place);
    b->place.only_if_sure &= place->only_if_sure;
    add_line(b, item, ev);
    wait_for_more(b);
}

bool slack_burst_change(struct slack *s, const struct slack_event *ev, const char *text)
{
    for (struct slack_burst *b = s->bursts; b; b = b->next) {
        struct line *l = strcmp(b->channel, ev->channel) ? NULL : line_of(b, ev->ts);
        if (l) {
            l->text = text ? pool_strdup(b->pool, text) : NULL;
            return true;
        }
    }
    return false;
}

void slack_burst_free_all(struct slack *s)
{
    while (s->bursts)
        burst_free(s->bursts);
}
