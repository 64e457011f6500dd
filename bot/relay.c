/* relay.c: which events travel, and in what words. */
#include "bot/relay.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/live.h"
#include "bot/must.h"
#include "bot/pack.h"
#include "bot/store.h"
#include "kb/pool.h"

#define BITE      64   /* events, or conversations, in one transaction */
#define MAX_SHOWN 1200 /* bytes of what the bot had answered */
#define MAX_TEXT  (4 * HANDOFF_TEXT)
#define ROOT_IDEM "relay-%lld-0"

struct pump {
    struct journal_job job;
    struct bot *bot;
    int64_t conversation; /* 0: all that are behind, from `after` on */
    int64_t after;
    const char *console; /* address of a ticket's page, to be followed by its number, or "" */
    bool put, more;
};

/* ---- who carries it ---- */

static struct adapter *room_adapter(struct bot *bot, const char *room)
{
    struct adapter *a = adapter_named(bot, room, strcspn(room, ":"));
    return a && a->type->relay ? a : NULL;
}

static int put(struct store *s, struct pump *p, struct adapter *a, struct pool *pool,
               const struct relay_words *w, const char *idem, int64_t turn)
{
    struct relay_letter letter;
    int64_t id, now = clock_wall_ms();
    int err = a->type->relay(a, pool, w, &letter);
    if (err) /* nobody there can be told: what is at the console stays at the console */
        return 0;
    struct store_outgoing o = {.adapter = a->type->name,
                               .lane = letter.lane,
                               .idem = idem,
                               .turn = turn,
                               .at_ms = now,
                               .next_ms = now,
                               .body = letter.body,
                               .note = letter.note};
    p->put = true;
    return store_put_out(s, &o, &id);
}

/* ---- the first message of a thread ---- */

struct question {
    struct pool *pool;
    const char *text, *shown, *reason, *channel;
};

static void read_ticket(void *ctx, const struct store_ticket *t)
{
    static const char *const reasons[] = {"Not answered", "Answered unsurely", "Answer voted down",
                                          "Asks for a person"};
    struct question *q = ctx;
    cJSON *reply = json_parse(t->reply, strlen(t->reply));
    const char *shown = json_string(reply, "text", 1 << 20);
    size_t len = shown ? strlen(shown) : 0;
    q->text = pool_strdup(q->pool, t->question);
    q->channel = pool_strdup(q->pool, t->adapter);
    for (int i = 0; i < 4; i++)
        if (t->why >> i & 1)
            q->reason = reasons[i];
    if (len > MAX_SHOWN)
        for (len = MAX_SHOWN; len && ((unsigned char)shown[len] & 0xC0) == 0x80;)
            len--;
    q->shown = pool_strndup(q->pool, shown ? shown : "", len);
    json_free(reply);
}

static int put_root(struct store *s, struct pump *p, struct pool *pool, struct adapter *a,
                    const struct store_live *l, const char *idem)
{
    struct question q = {.pool = pool,
                         .text = "",
                         .shown = "",
                         .reason = "Asks for a person",
                         .channel = l->adapter};
    int err = store_ticket(s, l->ticket, read_ticket, &q);
    if (err && err != -ENOENT)
        return err;
    char *email = NULL, *note = NULL; /* the address itself is for the console only */
    if ((err = store_contact(s, l->conversation, &email, &note)))
        return err;
    const char *mail = email ? ", has left an e-mail address: see the console" : "";
    struct relay_words w = {.room = strchr(l->room, ':') + 1,
                            .id = l->conversation,
                            .who = pool_printf(pool, "%s (%s)%s", q.reason, q.channel, mail),
                            .text = *q.text ? q.text : "(no question yet)",
                            .shown = q.shown,
                            .link =
                                *p->console && l->ticket
                                    ? pool_printf(pool, "%s%lld", p->console, (long long)l->ticket)
                                    : ""};
    free(email);
    free(note);
    return put(s, p, a, pool, &w, idem, 0);
}

/* The thread's name in l->thread when it is known by now; a room that cannot be reached is given up, and NULL. */
static int look_at_root(struct store *s, struct pump *p, struct pool *pool, struct store_live *l)
{
    enum store_outbox_state state;
    char *remote = NULL;
    struct adapter *a = l->room ? room_adapter(p->bot, l->room) : NULL;
    const char *idem = pool_printf(pool, ROOT_IDEM, (long long)l->conversation);
    if (!a || l->thread)
        return 0;
    int err = store_out_state(s, a->type->name, idem, &state, &remote);
    if (err == -ENOENT)
        return put_root(s, p, pool, a, l, idem);
    if (!err && state == OUTBOX_DELIVERED && remote) {
        l->thread = remote;
        return 0;
    }
    free(remote);
    if (!err && (state == OUTBOX_DEAD || state == OUTBOX_DELIVERED)) {
        free((void *)(uintptr_t)l->room);
        l->room = NULL;
    }
    return err;
}

/* ---- one event ---- */

struct event {
    struct event *next;
    int64_t seq;
    const char *t, *from, *name, *text, *state, *who, *next_open;
    bool by_room;
};
struct events {
    struct pool *pool;
    struct event *first, **last;
};

static const char *member(struct pool *pool, const cJSON *j, const char *name)
{
    const char *s = json_string(j, name, MAX_TEXT);
    return pool_strdup(pool, s ? s : "");
}

static void read_event(void *ctx, int64_t seq, const char *body, size_t len)
{
    struct events *all = ctx;
    struct pool *pool = all->pool;
    const char *object = pool_printf(pool, "{%.*s}", (int)len, body);
    cJSON *j = json_parse(object, len + 2);
    struct event *e = pool_alloc(pool, sizeof *e);
    *e = (struct event){.seq = seq,
                        .t = member(pool, j, "t"),
                        .from = member(pool, j, "from"),
                        .name = member(pool, j, "name"),
                        .text = member(pool, j, "text"),
                        .state = member(pool, j, "state"),
                        .who = member(pool, j, "who"),
                        .next_open = member(pool, j, "next_open"),
                        .by_room = !strcmp(member(pool, j, "by"), "room")};
    json_free(j);
    *all->last = e;
    all->last = &e->next;
}

static bool is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

/* What the staff's room hears of it. False: nothing. */
static bool for_room(struct pool *pool, const struct event *e, struct relay_words *w)
{
    if (e->by_room)
        return false;
    if (is(e->t, "msg")) {
        w->who = is(e->from, "user") ? "Visitor"
                 : *e->name          ? pool_printf(pool, "%s (at the console)", e->name)
                                     : "At the console";
        w->text = e->text;
        return *e->text;
    }
    if (!is(e->t, "handoff"))
        return false;
    w->text = is(e->state, "active")
                  ? pool_printf(pool, "%s answers at the console.", *e->who ? e->who : "Somebody")
              : is(e->state, "queued") ? "The visitor asks for a person."
              : is(e->state, "declined")
                  ? "Nobody answered in time: the visitor was told so, and the bot answers again."
                  : "The hand-off has ended: the bot answers again. A reply here still reaches the "
                    "visitor.";
    return true;
}

/* What the asker hears of it. */
static bool for_asker(struct pool *pool, const struct event *e, struct relay_words *w)
{
    if (is(e->t, "msg") && is(e->from, "staff")) {
        w->who = *e->name ? e->name : "Our staff";
        w->text = e->text;
        return true;
    }
    if (!is(e->t, "handoff"))
        return false;
    const char *day = *e->next_open ? pool_strndup(pool, e->next_open, 10) : "";
    w->text = is(e->state, "active")
                  ? pool_printf(pool, "You are now talking to %s.", *e->who ? e->who : "our staff")
              : is(e->state, "queued")
                  ? (*day ? pool_printf(pool,
                                        "Nobody is there at the moment. Our people have your "
                                        "question and are back on %s.",
                                        day)
                          : "I have told our people. Somebody will answer you here.")
              : is(e->state, "declined")
                  ? "Nobody is free at the moment, sorry. Our people still have your question."
                  : "I am answering again. Ask for a person at any time.";
    return true;
}

static int pass_on(struct store *s, struct pump *p, struct pool *pool, const struct store_live *l,
                   const struct event *e)
{
    struct relay_words w = {
        .room = strchr(l->room, ':') + 1, .thread = l->thread, .id = l->conversation};
    if (!for_room(pool, e, &w))
        return 0;
    return put(s, p, room_adapter(p->bot, l->room), pool, &w,
               pool_printf(pool, "relay-%lld-r%lld", (long long)l->conversation, (long long)e->seq),
               0);
}

static int tell(struct store *s, struct pump *p, struct pool *pool, const struct store_live *l,
                struct adapter *a, const struct event *e)
{
    struct relay_words w = {.conversation = l->name, .id = l->conversation};
    if (!for_asker(pool, e, &w))
        return 0;
    return put(s, p, a, pool, &w,
               pool_printf(pool, "relay-%lld-a%lld", (long long)l->conversation, (long long)e->seq),
               0);
}

/* ---- a conversation ---- */

static int64_t end_of(const struct store_live *l)
{
    return l->until && l->until < l->head ? l->until : l->head;
}

/* Events after `from`, each handed to `to_room` or to the asker. *at: how far it got. */
static int send_events(struct store *s, struct pump *p, struct pool *pool, struct store_live *l,
                       struct adapter *asker, int64_t *at)
{
    struct events all = {.pool = pool, .last = &all.first};
    int64_t end = end_of(l);
    int err = *at < end ? store_events(s, l->conversation, *at, BITE, read_event, &all) : 0;
    for (const struct event *e = all.first; e && e->seq <= end && !err; e = e->next) {
        err = asker ? tell(s, p, pool, l, asker, e) : pass_on(s, p, pool, l, e);
        *at = e->seq;
    }
    p->more |= !err && *at < end && all.first;
    return err;
}

static int pump_one(struct store *s, struct pump *p, int64_t conversation)
{
    struct store_live l = {0};
    struct pool *pool = pool_new();
    int err = store_live(s, conversation, &l);
    if (err || !l.since_ms)
        goto out;
    struct adapter *asker = adapter_named(p->bot, l.adapter, strlen(l.adapter));
    err = look_at_root(s, p, pool, &l);
    if (!err && asker && !asker->type->has_transcripts && asker->type->relay)
        err = send_events(s, p, pool, &l, asker, &l.told);
    else if (!err)
        l.told = end_of(&l);
    if (!err && l.room && l.thread && room_adapter(p->bot, l.room))
        err = send_events(s, p, pool, &l, NULL, &l.passed);
    if (!err)
        err = store_put_live(s, &l);
out:
    store_live_release(&l);
    pool_free(pool);
    return err == -ENOENT ? 0 : err;
}

static int run_pump(struct store *s, struct journal_job *job)
{
    struct pump *p = (struct pump *)job;
    int64_t id[BITE];
    p->put = p->more = false;
    if (p->conversation)
        return pump_one(s, p, p->conversation);
    int n = store_live_behind(s, p->after, id, BITE), err = n < 0 ? n : 0;
    for (int i = 0; i < n && !err; i++)
        err = pump_one(s, p, id[i]);
    if (n > 0) {
        p->after = id[n - 1];
        p->more = true;
    }
    return err;
}

/* ---- the loop's side ---- */

static void drop(struct journal_job *job)
{
    free(job);
}

static void start(struct bot *bot, int64_t conversation, int64_t after);

static void pumped(struct journal_job *job, int err)
{
    struct pump *p = (struct pump *)job;
    if (!err && p->put)
        outbox_look(p->bot->outbox);
    if (!err && p->more)
        start(p->bot, p->conversation, p->after);
    free(p);
}

static void start(struct bot *bot, int64_t conversation, int64_t after)
{
    static const size_t texts[] = {offsetof(struct pump, console)};
    char console[512] = "";
    const char *base = config_text(bot->config, "web.public_url");
    if (*base)
        snprintf(console, sizeof console, "%.400s/staff/live?ticket=", base);
    struct pump pump = {.job = {.run = run_pump, .done = pumped, .drop = drop},
                        .bot = bot,
                        .conversation = conversation,
                        .after = after,
                        .console = console};
    struct pump *p = pack(&pump, sizeof pump, texts, 1);
    if (journal_run(bot->journal, &p->job))
        free(p); /* with the next event, or the next start */
}

void relay_pump(struct bot *bot, int64_t conversation)
{
    start(bot, conversation, 0);
}

void relay_start(struct bot *bot)
{
    start(bot, 0, 0);
}

int64_t relay_root(const char *idem)
{
    long long id;
    int end = -1;
    return sscanf(idem, ROOT_IDEM "%n", &id, &end) == 1 && end > 0 && !idem[end] ? id : 0;
}
