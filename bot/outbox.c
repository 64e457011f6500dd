/* outbox.c: lanes, times and outcomes. What waits is on disk; here is a copy of it, in order, and a timer for whatever is due
 * next. The state machine is drawn in outbox.h.
 *
 * Times on disk are the wall's, because they must survive the process; in memory they are the loop's, which never jump. A
 * clock that was set while nobody ran can therefore delay a retry by MAX_WAIT_S at most, a first attempt not at all, and loses
 * nothing. */
#include "bot/outbox.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/link.h"
#include "bot/live.h"
#include "bot/log.h"
#include "bot/must.h"
#include "bot/pack.h"
#include "bot/store.h"

#define BACKOFF_S    1 /* doubled with every try, up to: */
#define BACKOFF_MAX  60
#define MAX_WAIT_S   3600 /* nobody makes us wait longer */
#define DISK_RETRY_S 2    /* when an outcome cannot be written down */
#define BITE         1000 /* rows taken up at once */

enum letter_state {
    QUEUED,    /* waits for its time, and for those before it in its lane */
    MARKING,   /* that an attempt begins is being written down */
    UNDERWAY,  /* with the adapter */
    SETTLING,  /* how it ended is being written down */
    UNWRITTEN, /* the disk did not take that: again a little later */
};

struct letter {
    struct letter *next; /* of its lane */
    struct lane *lane;
    struct outbox_item item;
    enum letter_state state;
    enum store_outbox_state ending; /* what SETTLING and UNWRITTEN lead to */
    int doubts;                     /* attempts in a row that may have arrived */
    uint64_t due_ms, rewrite_ms;    /* loop time */
    char *remote, *why;
};

/* There is one for every name with a letter. */
struct lane {
    struct link all;
    struct outbox *box;
    struct adapter *adapter;
    struct letter *first, **last;
    char name[];
};

struct outbox {
    struct bot *bot;
    struct link lanes;
    int64_t seen; /* the highest id that is, or was, in memory */
    bool looking, look_again;
    struct loop_timer *timer;
    uint64_t *paused_ms; /* by adapter: until when all of its lanes wait */
    struct outbox_stats stats;
};

static void pump(struct outbox *box);

struct outbox *outbox_new(struct bot *bot)
{
    struct outbox *box = must(calloc(1, sizeof *box));
    box->bot = bot;
    link_init(&box->lanes);
    return box;
}

/* ---- lanes and letters ---- */

static struct lane *lane_of(struct outbox *box, struct adapter *a, const char *name)
{
    for (struct link *at = box->lanes.next; at != &box->lanes; at = at->next) {
        struct lane *lane = link_owner(at, struct lane, all);
        if (lane->adapter == a && !strcmp(lane->name, name))
            return lane;
    }
    size_t len = strlen(name) + 1;
    struct lane *lane = must(calloc(1, sizeof *lane + len));
    memcpy(lane->name, name, len);
    lane->box = box;
    lane->adapter = a;
    lane->last = &lane->first;
    link_init(&lane->all);
    link_append(&box->lanes, &lane->all);
    return lane;
}

static void remove_letter(struct letter *gone)
{
    struct lane *lane = gone->lane;
    struct letter **at = &lane->first;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    if (!*at)
        lane->last = at;
    lane->box->stats.waiting--;
    free(gone->remote);
    free(gone->why);
    free(gone);
    if (lane->first)
        return;
    link_remove(&lane->all);
    free(lane);
}

/* What is under way is at the front of its lane. */
static struct letter *find(const struct outbox *box, int64_t id)
{
    for (struct link *at = box->lanes.next; at != &box->lanes; at = at->next) {
        struct letter *l = link_owner(at, struct lane, all)->first;
        if (l->item.id == id)
            return l;
    }
    return NULL;
}

void outbox_free(struct outbox *box)
{
    while (box && !link_empty(&box->lanes))
        remove_letter(link_owner(box->lanes.next, struct lane, all)->first);
    if (box)
        free(box->paused_ms);
    free(box);
}

void outbox_stats(const struct outbox *box, struct outbox_stats *ret)
{
    *ret = box->stats;
}

static uint64_t now_ms(const struct outbox *box)
{
    return loop_now_ms(box->bot->loop);
}

static uint64_t *paused(struct outbox *box, const struct adapter *a)
{
    if (!box->paused_ms)
        box->paused_ms = must(calloc(box->bot->nadapter, sizeof *box->paused_ms));
    return &box->paused_ms[a - box->bot->adapter];
}

/* ---- an outcome is written down ---- */

struct update {
    struct journal_job job;
    struct outbox *box;
    int64_t id; /* the letter may be gone when the loop hears */
    struct store_outgoing row;
    enum store_outbox_state state;
    const char *remote, *why;
};

static int run_update(struct store *s, struct journal_job *job)
{
    struct update *u = (struct update *)job;
    return store_update_out(s, &u->row, u->state, u->remote, u->why);
}

static void drop(struct journal_job *job)
{
    free(job);
}

static void updated(struct journal_job *job, int err);

/* Nothing is sent that is not written down, and no outcome is forgotten. */
static void not_written(struct letter *l)
{
    uint64_t later = now_ms(l->lane->box) + DISK_RETRY_S * 1000;
    if (l->state == MARKING) {
        l->state = QUEUED;
        l->due_ms = later;
        l->item.tries--;
    } else {
        l->state = UNWRITTEN;
        l->rewrite_ms = later;
    }
}

/* Write down what the letter has come to. */
static void write_state(struct letter *l, enum letter_state now, enum store_outbox_state state)
{
    static const size_t texts[] = {offsetof(struct update, remote), offsetof(struct update, why)};
    struct outbox *box = l->lane->box;
    int64_t wall = clock_wall_ms(), wait = (int64_t)(l->due_ms - now_ms(box));
    struct update update = {.job = {.run = run_update, .done = updated, .drop = drop},
                            .box = box,
                            .id = l->item.id,
                            .row = {.id = l->item.id,
                                    .at_ms = wall,
                                    .next_ms = wall + (wait > 0 ? wait : 0),
                                    .tries = l->item.tries,
                                    .doubtful = l->item.doubtful},
                            .state = state,
                            .remote = l->remote,
                            .why = l->why};
    struct update *u = pack(&update, sizeof update, texts, 2);
    l->state = now;
    if (journal_run(box->bot->journal, &u->job)) {
        not_written(l);
        free(u);
    }
}

/* ---- attempts ---- */

static void start(struct letter *l)
{
    struct outbox_item item = l->item;
    struct adapter *a = l->lane->adapter;
    l->state = UNDERWAY;
    l->lane->box->stats.sending++;
    if (a->type->repeats_safely)
        l->item.tries++;
    else
        item.tries--;
    a->type->deliver(a, &item);
}

static void attempt(struct letter *l)
{
    if (l->lane->adapter->type->repeats_safely) {
        start(l);
        return;
    }
    l->item.tries++;
    write_state(l, MARKING, OUTBOX_SENDING);
}

static void updated(struct journal_job *job, int err)
{
    struct update *u = (struct update *)job;
    struct outbox *box = u->box;
    struct letter *l = find(box, u->id);
    free(u);
    if (!l)
        return;
    if (err)
        not_written(l);
    else if (l->state == MARKING)
        start(l);
    else if (l->ending == OUTBOX_QUEUED)
        l->state = QUEUED;
    else {
        live_on_delivered(box->bot, l->item.idem);
        remove_letter(l);
    }
    pump(box);
}

static void on_due(void *ctx)
{
    struct outbox *box = ctx;
    if (box->look_again)
        outbox_look(box);
    pump(box);
}

static void wake_at(struct outbox *box, uint64_t due_ms)
{
    uint64_t now = now_ms(box);
    loop_timer_stop(box->timer);
    box->timer = due_ms == UINT64_MAX
                     ? NULL
                     : loop_timer(box->bot->loop, due_ms > now ? due_ms - now : 0, 0, on_due, box);
}

/* When there is something to do about it; UINT64_MAX: somebody else is doing it. */
static uint64_t due_of(struct outbox *box, const struct letter *l)
{
    if (l->state == UNWRITTEN)
        return l->rewrite_ms;
    if (l->state != QUEUED || box->bot->draining)
        return UINT64_MAX;
    uint64_t pause = *paused(box, l->lane->adapter);
    return l->due_ms > pause ? l->due_ms : pause;
}

/* Begin what can begin, and find out when the next one can. */
static void pump(struct outbox *box)
{
    uint64_t now = now_ms(box), next = UINT64_MAX;
    for (struct link *at = box->lanes.next, *after; at != &box->lanes; at = after) {
        struct letter *l = link_owner(at, struct lane, all)->first;
        uint64_t due = due_of(box, l);
        after = at->next;
        if (due > now)
            next = due < next ? due : next;
        else if (l->state == UNWRITTEN)
            write_state(l, SETTLING, l->ending);
        else
            attempt(l);
    }
    if (box->look_again && next > now + DISK_RETRY_S * 1000)
        next = now + DISK_RETRY_S * 1000;
    wake_at(box, next);
}

static uint64_t backoff_ms(int tries)
{
    uint64_t s = BACKOFF_S;
    for (int i = 1; i < tries && s < BACKOFF_MAX; i++)
        s *= 2;
    s = s > BACKOFF_MAX ? BACKOFF_MAX : s;
    return s * 750 + randombytes_uniform((uint32_t)s * 500); /* a quarter less to a quarter more */
}

static void set_text(char **to, const char *s)
{
    free(*to);
    *to = s ? must(strdup(s)) : NULL;
}

/* How an attempt that failed goes on. */
static enum store_outbox_state after_failure(struct letter *l, const struct outbox_outcome *o)
{
    struct outbox *box = l->lane->box;
    bool old = clock_wall_ms() - l->item.at_ms > MAX_OUTBOX_AGE_S * 1000LL;
    if (o->result == OUTBOX_PERMANENT || old || l->doubts >= MAX_OUTBOX_DOUBT) {
        box->stats.dead++;
        log_error("outbox", "gave up delivering", "adapter=%s id=%lld tries=%d reason=\"%s\"",
                  l->lane->adapter->type->name, (long long)l->item.id, l->item.tries,
                  l->why ? l->why : "unknown");
        return OUTBOX_DEAD;
    }
    uint64_t now = now_ms(box), wait = backoff_ms(l->item.tries), wanted = 0;
    if (o->retry_after_s > 0)
        wanted = (uint64_t)(o->retry_after_s > MAX_WAIT_S ? MAX_WAIT_S : o->retry_after_s) * 1000;
    if (wanted && o->pause_all)
        *paused(box, l->lane->adapter) = now + wanted;
    if (wanted > wait)
        wait = wanted + randombytes_uniform(500);
    l->due_ms = now + wait;
    box->stats.retried++;
    log_info("outbox", "will try again", "adapter=%s id=%lld tries=%d in_ms=%llu reason=\"%s\"",
             l->lane->adapter->type->name, (long long)l->item.id, l->item.tries,
             (unsigned long long)wait, l->why ? l->why : "unknown");
    return OUTBOX_QUEUED;
}

void outbox_done(struct adapter *a, int64_t id, const struct outbox_outcome *o)
{
    struct outbox *box = a->bot->outbox;
    struct letter *l = find(box, id);
    if (!l || l->state != UNDERWAY)
        return;
    bool doubt = o->result == OUTBOX_AMBIGUOUS && !a->type->repeats_safely;
    box->stats.sending--;
    set_text(&l->remote, o->remote);
    set_text(&l->why, o->why);
    l->doubts = doubt ? l->doubts + 1 : 0;
    /* That this attempt did not arrive says nothing about an earlier one. */
    l->item.doubtful = doubt || (l->item.doubtful && o->result == OUTBOX_SAFE);
    if (o->result == OUTBOX_SENT) {
        box->stats.sent++;
        l->ending = OUTBOX_DELIVERED;
    } else {
        l->ending = after_failure(l, o);
    }
    write_state(l, SETTLING, l->ending);
}

/* ---- what is on disk and not here ---- */

struct look {
    struct journal_job job;
    struct outbox *box;
    struct store_outgoing *row;
    size_t n;
};

static int run_look(struct store *s, struct journal_job *job)
{
    struct look *k = (struct look *)job;
    store_outgoing_free(k->row, k->n);
    k->row = NULL;
    k->n = 0;
    return store_open_outgoing(s, k->box->seen, BITE, &k->row, &k->n);
}

static void look_drop(struct journal_job *job)
{
    struct look *k = (struct look *)job;
    store_outgoing_free(k->row, k->n);
    free(k);
}

static struct adapter *sender_named(struct bot *bot, const char *name)
{
    struct adapter *a = adapter_named(bot, name, strlen(name));
    return a && a->type->deliver ? a : NULL;
}

static void take_up(struct outbox *box, const struct store_outgoing *o)
{
    static const size_t texts[] = {
        offsetof(struct letter, item.lane), offsetof(struct letter, item.idem),
        offsetof(struct letter, item.body), offsetof(struct letter, item.note)};
    struct adapter *a = sender_named(box->bot, o->adapter);
    box->seen = o->id;
    if (!a) /* off this time: it waits for its adapter */
        return;
    int64_t now = clock_wall_ms();
    int64_t wait =
        o->next_ms - (o->at_ms > now ? o->at_ms : now); /* at_ms: the clock was set back */
    wait = wait < 0 ? 0 : wait > MAX_WAIT_S * 1000 ? MAX_WAIT_S * 1000 : wait;
    struct letter letter = {.lane = lane_of(box, a, o->lane),
                            .item = {.id = o->id,
                                     .turn = o->turn,
                                     .lane = o->lane,
                                     .idem = o->idem,
                                     .body = o->body ? o->body : "",
                                     .note = o->note,
                                     .tries = o->tries,
                                     .doubtful = o->doubtful && !a->type->repeats_safely,
                                     .at_ms = o->at_ms},
                            .due_ms = now_ms(box) + (uint64_t)wait};
    struct letter *l = pack(&letter, sizeof letter, texts, 4);
    *l->lane->last = l;
    l->lane->last = &l->next;
    box->stats.waiting++;
}

/* On an error what is on disk stays there: pump() comes back. */
static void looked(struct journal_job *job, int err)
{
    struct look *k = (struct look *)job;
    struct outbox *box = k->box;
    box->looking = false;
    box->look_again |= err || k->n == BITE;
    for (size_t i = 0; !err && i < k->n; i++)
        take_up(box, &k->row[i]);
    look_drop(job);
    if (!err && box->look_again)
        outbox_look(box);
    pump(box);
}

void outbox_look(struct outbox *box)
{
    box->look_again = box->looking || box->stats.waiting >= MAX_OUTBOX;
    if (box->look_again)
        return;
    struct look *k = must(calloc(1, sizeof *k));
    *k = (struct look){.job = {.run = run_look, .done = looked, .drop = look_drop}, .box = box};
    box->looking = !journal_run(box->bot->journal, &k->job);
    if (!box->looking) {
        box->look_again = true;
        free(k);
    }
}

/* ---- putting in, and finding again ---- */

struct posting {
    struct journal_job job;
    struct outbox *box;
    outbox_put_fn *fn;
    void *ctx;
    struct store_outgoing row;
};

static int run_posting(struct store *s, struct journal_job *job)
{
    struct posting *p = (struct posting *)job;
    int64_t id;
    return store_put_out(s, &p->row, &id);
}

static void posted(struct journal_job *job, int err)
{
    struct posting *p = (struct posting *)job;
    if (!err)
        outbox_look(p->box);
    if (p->fn)
        p->fn(p->ctx, err);
    free(p);
}

int outbox_put(struct adapter *a, const char *lane, const char *idem, const char *body,
               const char *note, outbox_put_fn *fn, void *ctx)
{
    static const size_t texts[] = {
        offsetof(struct posting, row.lane), offsetof(struct posting, row.idem),
        offsetof(struct posting, row.body), offsetof(struct posting, row.note)};
    if (!*lane || strlen(lane) > MAX_IDENTITY || !*idem || strlen(idem) > MAX_IDENTITY)
        return -EINVAL;
    int64_t now = clock_wall_ms();
    struct posting posting = {.job = {.run = run_posting, .done = posted, .drop = drop},
                              .box = a->bot->outbox,
                              .fn = fn,
                              .ctx = ctx,
                              .row = {.adapter = a->type->name,
                                      .lane = lane,
                                      .idem = idem,
                                      .at_ms = now,
                                      .next_ms = now,
                                      .body = body,
                                      .note = note}};
    struct posting *p = pack(&posting, sizeof posting, texts, 4);
    int err = journal_run(a->bot->journal, &p->job);
    if (err)
        free(p);
    return err;
}

struct finding {
    struct journal_job job;
    struct adapter *adapter;
    outbox_find_fn *fn;
    void *ctx;
    const char *lane, *remote;
    int64_t turn;
    char *note;
    bool found;
};

static int run_finding(struct store *s, struct journal_job *job)
{
    struct finding *f = (struct finding *)job;
    free(f->note);
    f->note = NULL;
    int err =
        store_find_delivered(s, f->adapter->type->name, f->lane, f->remote, &f->turn, &f->note);
    f->found = !err;
    return err == -ENOENT ? 0 : err;
}

static void finding_drop(struct journal_job *job)
{
    struct finding *f = (struct finding *)job;
    free(f->note);
    free(f);
}

static void finding_done(struct journal_job *job, int err)
{
    struct finding *f = (struct finding *)job;
    f->fn(f->ctx, err ? err : f->found ? 0 : -ENOENT, f->turn, f->note);
    finding_drop(job);
}

int outbox_find(struct adapter *a, const char *lane, const char *remote, outbox_find_fn *fn,
                void *ctx)
{
    static const size_t texts[] = {offsetof(struct finding, lane),
                                   offsetof(struct finding, remote)};
    struct finding finding = {
        .job = {.run = run_finding, .done = finding_done, .drop = finding_drop},
        .adapter = a,
        .fn = fn,
        .ctx = ctx,
        .lane = lane,
        .remote = remote};
    struct finding *f = pack(&finding, sizeof finding, texts, 2);
    int err = journal_run(a->bot->journal, &f->job);
    if (err)
        free(f);
    return err;
}
