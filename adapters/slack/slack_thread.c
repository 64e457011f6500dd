/* slack_thread.c: which answer belongs to which message, and which thread is between one asker and us. Both are remembered
 * on disk for some days, as notes of the adapter:
 *
 *     ~q:CHANNEL:MESSAGE   where its answer is, so that a changed question changes its answer
 *     ~t:CHANNEL:THREAD    the asker we talk to there; "-" once somebody else has joined, and from then on we
 *                          speak only when we are named
 *
 * A change that comes while its question is still on the way waits for the answer: then there is something to
 * change. */
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/must.h"

#define MAX_FLIGHTS 1024
#define OTHERS      "-"

/* A question between bot_receive() and its answer in the channel. */
struct slack_flight {
    struct slack_flight *next;
    struct pool *pool;
    const char *channel, *asked;
    bool changed; /* `change` waits */
    struct inbox_item change;
};

/* ---- questions on the way ---- */

static struct slack_flight **flight_at(struct slack *s, const char *channel, const char *asked)
{
    struct slack_flight **at = &s->flights;
    while (*at && (strcmp((*at)->channel, channel) || strcmp((*at)->asked, asked)))
        at = &(*at)->next;
    return at;
}

/* It has arrived, or never will: what waited for it goes on. */
static void land(struct slack *s, struct slack_flight **at)
{
    struct slack_flight *f = *at;
    *at = f->next;
    if (f->changed)
        slack_on_message(s->adapter, &f->change);
    pool_free(f->pool);
}

void slack_thread_asked(struct slack *s, const struct slack_place *place)
{
    size_t n = 0;
    struct slack_flight **at = flight_at(s, place->channel, place->asked);
    if (*at || !*place->asked || place->via != SLACK_POST)
        return;
    for (struct slack_flight *f = s->flights; f; f = f->next)
        n++;
    if (n >= MAX_FLIGHTS)
        land(s, &s->flights);
    for (at = &s->flights; *at;)
        at = &(*at)->next;
    struct pool *pool = pool_new();
    struct slack_flight *f = pool_alloc(pool, sizeof *f);
    *f = (struct slack_flight){.pool = pool,
                               .channel = pool_strdup(pool, place->channel),
                               .asked = pool_strdup(pool, place->asked)};
    *at = f;
}

void slack_thread_free_all(struct slack *s)
{
    for (struct slack_flight *f = s->flights, *next; f; f = next) {
        next = f->next;
        pool_free(f->pool);
    }
    s->flights = NULL;
}

/* ---- notes ---- */

struct looking {
    struct task task;
    struct inbox_item item;
    const char *key, *user;
};

static struct looking *look(struct slack *s, const char *kind, const char *channel, const char *ts)
{
    struct looking *k = task_new(&s->tasks, sizeof *k);
    k->key = pool_printf(k->task.pool, "~%s:%s:%s", kind, channel, ts);
    return k;
}

static void read_note(struct looking *k, inbox_note_fn *fn)
{
    if (inbox_note(k->task.adapter, k->key, fn, k))
        fn(k, -1, NULL);
}

/* ---- an answer is out ---- */

static void on_owner(void *ctx, int err, const char *owner)
{
    struct looking *k = ctx;
    bool others = owner && strcmp(owner, k->user) != 0;
    if (!err)
        inbox_keep_note(k->task.adapter, k->key, others ? OTHERS : k->user, NULL, NULL);
    task_free(&k->task);
}

static void remember(struct slack *s, const struct slack_place *place, const char *ts)
{
    struct pool *pool = pool_new();
    struct slack_place answer = *place;
    answer.via = SLACK_UPDATE;
    answer.ts = ts;
    answer.question = "";
    inbox_keep_note(s->adapter, pool_printf(pool, "~q:%s:%s", place->channel, place->asked),
                    slack_place_write(pool, &answer), NULL, NULL);
    pool_free(pool);
    if (!*place->thread || *place->channel == 'D')
        return;
    struct looking *k = look(s, "t", place->channel, place->thread);
    k->user = pool_strdup(k->task.pool, place->user);
    read_note(k, on_owner);
}

void slack_thread_answered(struct slack *s, const struct slack_place *place, const char *ts)
{
    if (!*place->asked || place->via != SLACK_POST)
        return;
    if (ts)
        remember(s, place, ts);
    struct slack_flight **at = flight_at(s, place->channel, place->asked);
    if (*at)
        land(s, at);
}

/* ---- a message in a thread, without our name ---- */

static void on_thread(void *ctx, int err, const char *owner)
{
    struct looking *k = ctx;
    struct slack *s = k->task.adapter->state;
    struct slack_event ev;
    bool readable = slack_read_item(s, k->task.pool, &k->item, &ev);
    bool between = owner && readable && !strcmp(owner, ev.user) && !ev.text.begins_other;
    if (between) {
        struct slack_place to = slack_place_of(s, &ev);
        slack_burst_add(s, &k->item, &ev, &to);
    } else if (!err) {
        if (owner && strcmp(owner, OTHERS))
            inbox_keep_note(s->adapter, k->key, OTHERS, NULL, NULL);
        slack_ignore(s, &k->item, owner ? "a thread of several people" : "a thread of others");
    } /* else it stays open: the disk could not say whose thread it is */
    task_free(&k->task);
}

void slack_thread_message(struct slack *s, const struct inbox_item *item,
                          const struct slack_event *ev)
{
    struct looking *k = look(s, "t", ev->channel, ev->thread);
    k->item = inbox_item_copy(k->task.pool, item);
    read_note(k, on_thread);
}

/* ---- a question was changed ---- */

static void ask_again(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                      const char *note, struct pool *pool)
{
    struct slack_place to;
    if (!note && (ev->mention || ev->direct)) { /* now it is for us */
        to = slack_place_of(s, ev);
        slack_burst_add(s, item, ev, &to);
    } else if (!slack_place_read(pool, note, &to) || strcmp(to.user, ev->user)) {
        slack_ignore(s, item, "a change of what was not asked");
    } else {
        const char *root = *to.thread ? to.thread : *ev->thread ? ev->thread : "";
        slack_ask(s, item,
                  pool_printf(pool, "%s/%s/%s@%s", ev->team, ev->channel, ev->ts, ev->changed_at),
                  slack_conversation(pool, ev->channel, root), ev->text.text, &to, NULL, 0);
    }
}

static void on_answer(void *ctx, int err, const char *note)
{
    struct looking *k = ctx;
    struct slack *s = k->task.adapter->state;
    struct slack_event ev;
    if (err) { /* stays open */
        task_free(&k->task);
        return;
    }
    if (slack_read_item(s, k->task.pool, &k->item, &ev) && *ev.text.text)
        ask_again(s, &k->item, &ev, note, k->task.pool);
    else
        slack_ignore(s, &k->item, "nothing is left of it");
    task_free(&k->task);
}

void slack_thread_edited(struct slack *s, const struct inbox_item *item,
                         const struct slack_event *ev)
{
    struct slack_flight *f = *flight_at(s, ev->channel, ev->ts);
    if (f) {
        if (f->changed) /* and was changed once more */
            inbox_end(s->adapter, f->change.id, INBOX_WAS_DONE);
        f->change = inbox_item_copy(f->pool, item);
        f->changed = true;
        return;
    }
    struct looking *k = look(s, "q", ev->channel, ev->ts);
    k->item = inbox_item_copy(k->task.pool, item);
    read_note(k, on_answer);
}
