/* live.c: the console's watchers, and the jobs that come out of the staff's room. Steps are decided in handoff.c and words travel in
 * relay.c; this file carries the news of them around, once each is on disk. */
#include "bot/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/hours.h"
#include "bot/journal.h"
#include "bot/must.h"
#include "bot/pack.h"
#include "bot/relay.h"
#include "kb/pool.h"

#define SWEEP_MS  2000
#define CATCH_UP  30 /* sweeps until everything is looked at that may have been left behind */
#define MAX_LATE  32
#define WAITS     16 /* of the last ones who waited, for the next one to know how long it takes */
#define WAITS_MIN 3
#define MAX_NAMED 64 /* people of the staff that are listed */

static const char *check_room(const char *s)
{
    bool slack = !strncmp(s, "slack:", 6) &&
                 strspn(s + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(s + 6) &&
                 strlen(s) > 7;
    bool matrix = !strncmp(s, "matrix:!", 8) && strlen(s) > 9 && strlen(s) < 256;
    return !*s || slack || matrix ? NULL : "is not slack:CHANNEL or matrix:!ROOM, by its id";
}

static int why_named(const char *s)
{
    static const char *const names[] = {"none", "low", "down", "person"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(s, names[i]))
            return 1 << i;
    return 0;
}

static const char *check_why(const char *s)
{
    return why_named(s) ? NULL : "is not one of none, low, down, person";
}

static const char *check_name(const char *s)
{
    const char *eq = strchr(s, '=');
    return eq && eq != s && eq[1] ? NULL : "is not WHO=NAME, as in ana=Ana";
}

const struct setting live_settings[] = {
    {.name = "staff.room",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .check = check_room,
     .help = "Where the staff answers without the console: a channel or room of its own, as "
             "slack:C0123456789 or matrix:!abc:example.edu. Each question for a person is a thread "
             "there; a reply in it reaches the asker. Who is in the room may reply."},
    {.name = "staff.room_gets",
     .type = SETTING_LIST,
     .value = "[person]",
     .check = check_why,
     .help = "Which questions go there: person (somebody asked for one), none (nothing was found), "
             "low (found, but unsurely), down (the answer did not help)."},
    {.name = "staff.wait_s",
     .type = SETTING_INT,
     .value = "600",
     .min = 0,
     .max = 86400,
     .help = "How long who asks for a person in the web chat waits for one, before being offered "
             "e-mail instead. 0: for ever."},
    {.name = "staff.silence_s",
     .type = SETTING_INT,
     .value = "1800",
     .min = 0,
     .max = 86400,
     .help =
         "After so much silence of the person who has a conversation it goes back to the bot. 0: "
         "never."},
    {.name = "staff.shown_as",
     .type = SETTING_TEXT,
     .value = "\"{name}\"",
     .help =
         "What askers see of who answers them, as \"{name} from the careers team\", or without a "
         "name: \"The careers team\"."},
    {.name = "staff.names",
     .type = SETTING_LIST,
     .value = "[]",
     .check = check_name,
     .help =
         "Names for {name}, by account or by who writes in the staff's room, as [ana=Ana, "
         "U0123456789=Ben, \"@cem:example.edu=Cem\"]. Without one an account's own name is shown."},
    {.name = NULL},
};

struct live {
    struct bot *bot;
    struct link watchers;
    struct loop_timer *sweep;
    unsigned sweeps;
    bool sweeping;
    int64_t wait_ms[WAITS];
    size_t nwaits;
    struct live_stats stats;
};

/* ---- settings ---- */

const char *live_room(const struct bot *bot)
{
    const char *room = bot->live ? config_text(bot->config, "staff.room") : "";
    return *room ? room : NULL;
}

int live_room_gets(const struct bot *bot)
{
    size_t n;
    int why = 0;
    if (!live_room(bot))
        return 0;
    const char *const *row = config_list(bot->config, "staff.room_gets", &n);
    for (size_t i = 0; i < n; i++)
        why |= why_named(row[i]);
    return why;
}

const char *live_shown(const struct bot *bot, struct pool *pool, const char *actor,
                       const char *name)
{
    static const char mark[] = "{name}";
    size_t n;
    const char *colon = strchr(actor, ':'), *id = colon ? colon + 1 : actor;
    const char *const *row = config_list(bot->config, "staff.names", &n);
    const char *as = config_text(bot->config, "staff.shown_as"), *at = strstr(as, mark);
    name = name ? name : colon ? NULL : actor;
    for (size_t i = 0; i < n; i++)
        if (!strncmp(row[i], id, strlen(id)) && row[i][strlen(id)] == '=')
            name = row[i] + strlen(id) + 1;
    if (!at)
        return pool_strdup(pool, as);
    if (!name)
        return NULL; /* somebody of the staff: the asker's client has a word for it, in its language */
    return pool_printf(pool, "%.*s%s%s", (int)(at - as), as, name, at + sizeof mark - 1);
}

/* ---- watchers ---- */

/* The one after `w`, the first for NULL; NULL when there is none. */
static struct live_watcher *next_of(const struct live *l, const struct live_watcher *w)
{
    const struct link *at = w ? w->link.next : l->watchers.next;
    return at == &l->watchers ? NULL : link_owner(at, struct live_watcher, link);
}

static void tell_presence(struct live *l)
{
    for (struct live_watcher *w = NULL; (w = next_of(l, w));)
        w->calls->on_presence(w);
}

void live_join(struct bot *bot, struct live_watcher *w)
{
    struct live *l = bot->live;
    w->live = l;
    link_init(&w->link);
    link_append(&l->watchers, &w->link);
    tell_presence(l);
}

void live_leave(struct live_watcher *w)
{
    struct live *l = w->live;
    if (!l)
        return;
    link_remove(&w->link);
    free(w->place);
    w->place = NULL;
    w->live = NULL;
    tell_presence(l);
}

void live_look(struct live_watcher *w, int64_t conversation, const char *adapter, const char *name)
{
    free(w->place);
    w->place = NULL;
    w->conversation = conversation;
    if (!conversation)
        return;
    size_t len = strlen(adapter) + strlen(name) + 2;
    w->place = must(malloc(len));
    snprintf(w->place, len, "%s:%s", adapter, name);
}

void live_drain(struct bot *bot)
{
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));)
        w->calls->on_drain(w);
}

static bool looks_at(const struct live_watcher *w, const struct adapter *a, const char *name)
{
    size_t n = strlen(a->type->name);
    return w->place && !strncmp(w->place, a->type->name, n) && w->place[n] == ':' &&
           !strcmp(w->place + n + 1, name);
}

void live_presence(struct bot *bot, struct buf *b)
{
    const char *seen[MAX_NAMED];
    size_t n = 0;
    buf_addc(b, '[');
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));) {
        size_t i = 0;
        while (i < n && strcmp(seen[i], w->user))
            i++;
        if (!w->answers || i < n || n == MAX_NAMED)
            continue;
        seen[n++] = w->user;
        if (n > 1)
            buf_addc(b, ',');
        json_add_string(b, w->user, strlen(w->user));
    }
    buf_addc(b, ']');
}

bool live_is_staffed(const struct bot *bot)
{
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));)
        if (w->answers)
            return true;
    return false;
}

int live_eta_min(const struct bot *bot)
{
    const struct live *l = bot->live;
    size_t n = !l ? 0 : l->nwaits < WAITS ? l->nwaits : WAITS;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += l->wait_ms[i];
    return n < WAITS_MIN ? 0 : (int)(sum / (int64_t)n / 60000 + 1);
}

/* ---- news ---- */

const char *const live_state_name[LIVE_STATES] = {"queued", "active", "ended", "declined"};

static void count(struct live *l, const struct transcript_event *ev)
{
    static const char head[] = "\"t\":\"handoff\"", member[] = "\"state\":\"";
    const char *at =
        ev && !strncmp(ev->body, head, sizeof head - 1) ? strstr(ev->body, member) : NULL;
    for (size_t i = 0; at && i < LIVE_STATES; i++)
        l->stats.state[i] +=
            !strncmp(at + sizeof member - 1, live_state_name[i], strlen(live_state_name[i]));
}

struct live_stats live_stats(const struct bot *bot)
{
    struct live_stats stats = bot->live->stats;
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));)
        stats.consoles++;
    return stats;
}

void live_on_event(struct bot *bot, struct adapter *a, const char *conversation,
                   const struct transcript_event *ev)
{
    if (!bot->live)
        return;
    count(bot->live, ev);
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));)
        if (looks_at(w, a, conversation))
            w->calls->on_event(w, ev);
}

void live_on_talk(struct bot *bot, int64_t conversation)
{
    if (bot->live)
        relay_pump(bot, conversation);
}

void live_on_queue(struct bot *bot)
{
    if (!bot->live)
        return;
    for (struct live_watcher *w = NULL; (w = next_of(bot->live, w));)
        w->calls->on_queue(w);
}

void live_on_handoff(struct bot *bot, const struct handoff_done *d)
{
    struct adapter *a = d->adapter ? adapter_named(bot, d->adapter, strlen(d->adapter)) : NULL;
    for (size_t i = 0; a && i < d->n; i++) {
        struct transcript_event ev = {
            .seq = d->event[i].seq, .body = d->event[i].body, .len = strlen(d->event[i].body)};
        if (a->type->on_event)
            a->type->on_event(a, d->name, &ev);
        live_on_event(bot, a, d->name, &ev);
    }
    if (d->waited_ms) {
        bot->live->wait_ms[bot->live->nwaits++ % WAITS] = d->waited_ms;
        bot->live->stats.waited_ms += d->waited_ms;
        bot->live->stats.taken++;
    }
    if (d->conversation) {
        live_on_queue(bot);
        relay_pump(bot, d->conversation);
    }
}

void live_on_delivered(struct bot *bot, const char *idem)
{
    int64_t conversation = relay_root(idem);
    if (conversation)
        relay_pump(bot, conversation);
}

void live_asker_types(struct adapter *a, const char *conversation, bool on)
{
    for (struct live_watcher *w = NULL; (w = next_of(a->bot->live, w));)
        if (looks_at(w, a, conversation))
            w->calls->on_typing(w, on);
}

void live_staff_types(struct live_watcher *w, const char *who, bool on)
{
    char *colon = w->place ? strchr(w->place, ':') : NULL;
    if (!colon)
        return;
    *colon = '\0';
    struct adapter *a = adapter_named(w->live->bot, w->place, strlen(w->place));
    *colon = ':';
    if (a && a->type->on_typing)
        a->type->on_typing(a, colon + 1, who, on);
}

/* ---- a deed out of the staff's room ---- */

struct deed {
    struct journal_job job;
    struct adapter *adapter;
    struct live_deed d;
    int64_t item;
    live_deed_fn *fn;
    void *ctx;
    struct handoff_done done;
    int err;
};

static int audit(struct store *s, const struct deed *d, int64_t at_ms)
{
    char object[40];
    snprintf(object, sizeof object, "conversation:%lld", (long long)d->d.conversation);
    struct store_audit a = {.at_ms = at_ms,
                            .actor = d->d.actor,
                            .role = "room",
                            .action = handoff_action(d->d.what),
                            .object = object};
    return store_add_audit(s, &a);
}

/* Whatever it finds wrong, the message is over: it would be found wrong again. */
static int run_deed(struct store *s, struct journal_job *job)
{
    struct deed *d = (struct deed *)job;
    bool open = false, mine = true;
    int64_t now = clock_wall_ms();
    struct handoff_act act = {.what = d->d.what,
                              .conversation = d->d.conversation,
                              .actor = d->d.actor,
                              .shown = d->d.shown,
                              .text = d->d.text,
                              .at_ms = now};
    handoff_done_release(&d->done);
    int err = store_end_message(s, d->item, INBOX_DONE, &open);
    if (!err && open && d->d.claim)
        err = store_claim(s, d->adapter->type->name, d->d.claim, now, &mine);
    d->err = open && mine ? 0 : -EALREADY;
    if (err || d->err)
        return err;
    d->err = handoff_apply(s, &act, &d->done);
    if (d->err == -EBUSY || d->err == -ENOENT || d->err == -EINVAL)
        return 0;
    return d->err ? d->err : audit(s, d, now);
}

static void deed_drop(struct journal_job *job)
{
    handoff_done_release(&((struct deed *)job)->done);
    free(job);
}

static void deed_done(struct journal_job *job, int err)
{
    struct deed *d = (struct deed *)job;
    if (!err)
        inbox_is_over(d->adapter);
    if (!err && !d->err)
        live_on_handoff(d->adapter->bot, &d->done);
    if (d->fn)
        d->fn(d->ctx, err ? err : d->err == -EBUSY ? -ESTALE : d->err);
    deed_drop(job);
}

int live_do(struct adapter *a, const struct live_deed *what, live_deed_fn *fn, void *ctx)
{
    static const size_t texts[] = {offsetof(struct deed, d.claim), offsetof(struct deed, d.actor),
                                   offsetof(struct deed, d.shown), offsetof(struct deed, d.text)};
    struct deed deed = {.job = {.run = run_deed, .done = deed_done, .drop = deed_drop},
                        .adapter = a,
                        .d = *what,
                        .item = what->item->id,
                        .fn = fn,
                        .ctx = ctx};
    deed.d.item = NULL;
    struct deed *d = pack(&deed, sizeof deed, texts, sizeof texts / sizeof texts[0]);
    int err = journal_run(a->bot->journal, &d->job);
    if (err)
        free(d);
    return err;
}

/* ---- whose thread is it? ---- */

struct asking {
    struct journal_job job;
    const char *room, *thread;
    live_thread_fn *fn;
    void *ctx;
    int err;
    int64_t conversation, ticket;
};

static int run_asking(struct store *s, struct journal_job *job)
{
    struct asking *k = (struct asking *)job;
    struct store_live l = {0};
    k->err = store_live_of_thread(s, k->room, k->thread, &k->conversation);
    if (!k->err)
        k->err = store_live(s, k->conversation, &l);
    k->ticket = l.ticket;
    store_live_release(&l);
    return k->err == -ENOENT || k->err == -EAGAIN ? 0 : k->err;
}

static void asking_drop(struct journal_job *job)
{
    free(job);
}

static void asking_done(struct journal_job *job, int err)
{
    struct asking *k = (struct asking *)job;
    k->fn(k->ctx, err ? err : k->err, k->conversation, k->ticket);
    free(k);
}

int live_thread(struct adapter *a, const char *room, const char *thread, live_thread_fn *fn,
                void *ctx)
{
    static const size_t texts[] = {offsetof(struct asking, room), offsetof(struct asking, thread)};
    struct asking asking = {.job = {.run = run_asking, .done = asking_done, .drop = asking_drop},
                            .room = room,
                            .thread = thread,
                            .fn = fn,
                            .ctx = ctx};
    struct asking *k = pack(&asking, sizeof asking, texts, 2);
    int err = journal_run(a->bot->journal, &k->job);
    if (err)
        free(k);
    return err;
}

/* ---- nobody comes, nobody speaks ---- */

struct sweep {
    struct journal_job job;
    struct live *live;
    int64_t wait_s, silence_s, next_open_s;
    const char
        *transcripts; /* the network where waiting ends: elsewhere people come back to a thread */
    struct handoff_done done[MAX_LATE];
    size_t n;
};

static int run_sweep(struct store *s, struct journal_job *job)
{
    struct sweep *w = (struct sweep *)job;
    int64_t late[MAX_LATE], now = clock_wall_ms();
    int n = store_live_late(s, w->transcripts, w->wait_s ? now - w->wait_s * 1000 : 0,
                            w->silence_s ? now - w->silence_s * 1000 : 0, late, MAX_LATE);
    int err = n < 0 ? n : 0;
    w->n = 0;
    for (int i = 0; i < n && !err; i++) {
        struct handoff_act act = {.what = HANDOFF_LATE,
                                  .conversation = late[i],
                                  .next_open_s = w->next_open_s,
                                  .at_ms = now};
        err = handoff_apply(s, &act, &w->done[w->n++]);
        err = err == -EBUSY || err == -ENOENT ? 0 : err;
    }
    return err;
}

static void sweep_drop(struct journal_job *job)
{
    struct sweep *w = (struct sweep *)job;
    for (size_t i = 0; i < MAX_LATE; i++)
        handoff_done_release(&w->done[i]);
    free(w);
}

static void swept(struct journal_job *job, int err)
{
    struct sweep *w = (struct sweep *)job;
    w->live->sweeping = false;
    for (size_t i = 0; i < w->n && !err; i++)
        live_on_handoff(w->live->bot, &w->done[i]);
    sweep_drop(job);
}

static const char *with_transcripts(const struct bot *bot)
{
    for (size_t i = 0; i < bot->nadapter; i++)
        if (bot->adapter[i].type->has_transcripts)
            return bot->adapter[i].type->name;
    return "";
}

static void on_sweep(void *ctx)
{
    struct live *l = ctx;
    struct bot *bot = l->bot;
    if (++l->sweeps % CATCH_UP == 0)
        relay_start(bot);
    if (l->sweeping || bot->draining)
        return;
    struct sweep *w = must(calloc(1, sizeof *w));
    w->job = (struct journal_job){.run = run_sweep, .done = swept, .drop = sweep_drop};
    w->live = l;
    w->wait_s = config_int(bot->config, "staff.wait_s");
    w->silence_s = config_int(bot->config, "staff.silence_s");
    w->transcripts = with_transcripts(bot);
    if (hours_are(bot->config, clock_wall_ms() / 1000, &w->next_open_s))
        w->next_open_s = 0;
    l->sweeping = !journal_run(bot->journal, &w->job);
    if (!l->sweeping)
        free(w);
}

/* ---- life ---- */

struct live *live_new(struct bot *bot)
{
    struct live *l = must(calloc(1, sizeof *l));
    l->bot = bot;
    link_init(&l->watchers);
    return l;
}

void live_start(struct live *l)
{
    l->sweep = loop_timer(l->bot->loop, SWEEP_MS, SWEEP_MS, on_sweep, l);
    relay_start(l->bot);
}

void live_free(struct live *l)
{
    if (l)
        loop_timer_stop(l->sweep);
    free(l);
}
