/* handoff.c: the table of steps, and what each writes: the mode, who has it, the ticket, the event, the words. */
#include "bot/handoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/must.h"

/* ---- the rules ---- */

#define NO                                                                                         \
    {                                                                                              \
        .mode = NOT                                                                                \
    }
#define NOT 99

/* By what is done and whose it is: the bot's, nobody's yet, mine, somebody else's. */
static const struct handoff_step steps[HANDOFF_WHATS][4] = {
    [HANDOFF_CLAIM] = {{MODE_HUMAN, OWNER_COMES, "active"},
                       {MODE_HUMAN, OWNER_COMES, "active"},
                       {MODE_HUMAN, OWNER_STAYS, NULL},
                       NO},
    [HANDOFF_TAKE] = {{MODE_HUMAN, OWNER_COMES, "active"},
                      {MODE_HUMAN, OWNER_COMES, "active"},
                      {MODE_HUMAN, OWNER_STAYS, NULL},
                      {MODE_HUMAN, OWNER_COMES, "active"}},
    [HANDOFF_RELEASE] = {NO,
                         {MODE_WAITING, OWNER_GOES, NULL},
                         {MODE_WAITING, OWNER_GOES, "queued"},
                         NO},
    [HANDOFF_SAY] = {NO, NO, {MODE_HUMAN, OWNER_STAYS, NULL}, NO},
    [HANDOFF_ROOM] = {{MODE_HUMAN, OWNER_COMES, "active"},
                      {MODE_HUMAN, OWNER_COMES, "active"},
                      {MODE_HUMAN, OWNER_STAYS, NULL},
                      {MODE_HUMAN, OWNER_STAYS, NULL}},
    [HANDOFF_RETURN] = {NO, {MODE_BOT, OWNER_GOES, "ended"}, {MODE_BOT, OWNER_GOES, "ended"}, NO},
    [HANDOFF_CLOSE] = {{MODE_BOT, OWNER_GOES, NULL},
                       {MODE_BOT, OWNER_GOES, "ended"},
                       {MODE_BOT, OWNER_GOES, "ended"},
                       NO},
    [HANDOFF_LATE] = {NO,
                      {MODE_BOT, OWNER_GOES, "declined"},
                      {MODE_BOT, OWNER_GOES, "declined"},
                      {MODE_BOT, OWNER_GOES, "declined"}},
};

int handoff_next(enum store_mode mode, bool mine, enum handoff_what what, struct handoff_step *ret)
{
    size_t whose = mode == MODE_HUMAN ? (mine ? 2 : 3) : mode == MODE_WAITING;
    const struct handoff_step *step = &steps[what][whose];
    if (step->mode == NOT)
        return -EBUSY;
    *ret = *step;
    return 0;
}

const char *handoff_action(enum handoff_what what)
{
    static const char *const names[HANDOFF_WHATS] = {"live.claim", "live.take",  "live.release",
                                                     "live.reply", "live.reply", "live.return",
                                                     "live.close", "live.nobody"};
    return names[what];
}

/* ---- events ---- */

void handoff_done_release(struct handoff_done *d)
{
    free(d->adapter);
    free(d->name);
    for (size_t i = 0; i < d->n; i++)
        free(d->event[i].body);
    *d = (struct handoff_done){0};
}

/* Whose doing it was stands in the event: what came out of the staff's room is not said there again. */
static void finish(struct buf *b, const struct handoff_act *a)
{
    char at[CLOCK_TEXT];
    clock_text(a->at_ms, at);
    json_add_member(b, "at", at);
    if (a->actor && strchr(a->actor, ':'))
        buf_adds(b, ",\"by\":\"room\"");
}

static int append(struct store *s, struct store_live *l, struct buf *b, const struct handoff_act *a,
                  struct handoff_done *ret)
{
    struct store_conversation c;
    int err = buf_failed(b)
                  ? -EINVAL
                  : store_append(s, l->adapter, l->name,
                                 &(struct store_event){.body = b->s, .at_ms = a->at_ms}, &c);
    if (!err) {
        l->head = c.head;
        ret->event[ret->n].seq = c.head;
        ret->event[ret->n++].body = must(strdup(b->s));
    }
    buf_release(b);
    return err;
}

static int announce(struct store *s, struct store_live *l, const char *state,
                    const struct handoff_act *a, struct handoff_done *ret)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "\"t\":\"handoff\",\"via\":\"live\"");
    json_add_member(&b, "state", state);
    if (!strcmp(state, "active") && l->who)
        json_add_member(&b, "who", l->who);
    if (a->next_open_s) {
        char at[CLOCK_TEXT];
        clock_text(a->next_open_s * 1000, at);
        json_add_member(&b, "next_open", at);
    }
    finish(&b, a);
    return append(s, l, &b, a, ret);
}

static int speak(struct store *s, struct store_live *l, const struct handoff_act *a,
                 struct handoff_done *ret)
{
    struct buf b;
    buf_init(&b, 8 * HANDOFF_TEXT);
    buf_adds(&b, "\"t\":\"msg\",\"from\":\"staff\"");
    if (a->shown)
        json_add_member(&b, "name", a->shown);
    json_add_member(&b, "text", a->text);
    finish(&b, a);
    l->staff_ms = a->at_ms;
    return append(s, l, &b, a, ret);
}

/* ---- tickets ---- */

#define OPEN (1 << TICKET_NEW | 1 << TICKET_CLAIMED)

/* The ticket goes along as far as there is one: it may be older than our memory, or closed by hand. */
static int move_ticket(struct store *s, const struct store_live *l, const struct handoff_act *a)
{
    /* whose it is changes here: words do that only where they are the first ones of the room */
    enum handoff_what what = a->what == HANDOFF_ROOM ? HANDOFF_CLAIM : a->what;
    struct store_ticket_change c = {.id = l->ticket, .at_ms = a->at_ms, .from = OPEN};
    struct store_ticket_note n = {.id = l->ticket,
                                  .at_ms = a->at_ms,
                                  .who = a->actor ? a->actor : "",
                                  .what = handoff_action(what)};
    bool closes = a->what == HANDOFF_CLOSE, frees = a->what == HANDOFF_RELEASE || !a->actor;
    c.to = closes ? TICKET_CLOSED : frees ? TICKET_NEW : TICKET_CLAIMED;
    c.owner = frees ? NULL : a->actor;
    c.outcome = closes ? "answered" : NULL;
    int err = store_change_ticket(s, &c);
    if (err == -ENOENT || err == -EBUSY)
        return 0;
    return err ? err : store_log_ticket(s, &n);
}

/* ---- the conversation ---- */

static void set(const char **to, const char *s)
{
    free((void *)(uintptr_t)*to);
    *to = s ? must(strdup(s)) : NULL;
}

/* It begins, or begins again: the staff's room sees what is not answered yet. */
static int begin(struct store *s, struct store_live *l, const struct handoff_act *a)
{
    int64_t answered = 0;
    int err = l->ticket ? 0 : store_last_turn(s, l->adapter, l->name, &l->ticket);
    if (err && err != -ENOENT)
        return err;
    err = store_last_answer(s, l->conversation, &answered);
    if (err && err != -ENOENT)
        return err;
    if (a->ticket)
        l->ticket = a->ticket;
    l->told = l->head;
    l->passed = answered > l->passed ? answered : l->passed;
    l->until = 0;
    if (!l->room)
        set(&l->room, a->room);
    return 0;
}

static int step(struct store *s, struct store_live *l, const struct handoff_act *a,
                struct handoff_done *ret)
{
    struct handoff_step next;
    /* The room is one: whoever is in it may end what another one there, or at the console, has begun. */
    bool room = a->actor && strchr(a->actor, ':');
    bool mine = room || (a->actor && l->owner && !strcmp(l->owner, a->actor));
    int err = handoff_next(l->mode, mine, a->what, &next);
    if (!err && l->mode == MODE_BOT && next.mode != MODE_BOT)
        err = begin(s, l, a);
    if (err)
        return err;
    if (l->mode == MODE_WAITING && next.mode == MODE_HUMAN)
        ret->waited_ms = a->at_ms - l->since_ms;
    if (l->mode != MODE_HUMAN &&
        next.mode == MODE_HUMAN) /* what is on its way is theirs, for good */
        err = store_end_messages(s, l->adapter, l->name);
    if (err)
        return err;
    if (next.owner != OWNER_STAYS) {
        set(&l->owner, next.owner == OWNER_COMES ? a->actor : NULL);
        set(&l->who, next.owner == OWNER_COMES ? a->shown : NULL);
    }
    /* A person who has said all and is left alone has ended it; nobody was let down. */
    bool quiet = a->what == HANDOFF_LATE && l->staff_ms && l->staff_ms >= l->asker_ms;
    if (l->mode != next.mode) {
        l->since_ms = a->at_ms;
        l->asker_ms = l->staff_ms = 0;
    }
    ret->mode = l->mode = next.mode;
    if (next.state)
        err = announce(s, l, quiet ? "ended" : next.state, a, ret);
    if (!err && a->text && (a->what == HANDOFF_SAY || a->what == HANDOFF_ROOM))
        err = speak(s, l, a, ret);
    if (next.mode == MODE_BOT)
        l->until = l->head;
    if (!err)
        err = store_put_live(s, l);
    return !err && l->ticket && (next.owner != OWNER_STAYS) ? move_ticket(s, l, a) : err;
}

int handoff_apply(struct store *s, const struct handoff_act *a, struct handoff_done *ret)
{
    struct store_live l = {0};
    int64_t id = a->conversation;
    bool words = a->what == HANDOFF_SAY || a->what == HANDOFF_ROOM;
    handoff_done_release(ret);
    if (words && (!a->text || !*a->text || strlen(a->text) > HANDOFF_TEXT))
        return -EINVAL;
    int err = id ? 0 : store_live_of_ticket(s, a->ticket, a->at_ms, &id);
    if (!err)
        err = store_live(s, id, &l);
    if (!err)
        err = step(s, &l, a, ret);
    if (!err) {
        ret->conversation = id;
        ret->adapter = must(strdup(l.adapter));
        ret->name = must(strdup(l.name));
    }
    store_live_release(&l);
    return err;
}

/* ---- what the asker does ---- */

static enum store_mode wanted(enum store_mode now, const char *want)
{
    if (!strcmp(want, "cancel"))
        return MODE_BOT;
    return strcmp(want, "live") || now == MODE_HUMAN ? now : MODE_WAITING;
}

int handoff_want(struct store *s, struct store_conversation *c, const char *want, const char *room,
                 int64_t at_ms, bool told)
{
    struct store_live l = {0};
    bool begins = strcmp(want, "cancel") != 0;
    int err = store_live(s, c->id, &l);
    if (!err && begins && (err = store_last_turn(s, l.adapter, l.name, &l.ticket)) == -ENOENT)
        err = 0;
    if (!err && !begins && !l.since_ms) { /* nobody has it: nothing to end */
        err = store_set_mode(s, c->id, MODE_BOT);
        goto out;
    }
    if (err)
        goto out;
    bool fresh = !l.since_ms;
    enum store_mode mode = wanted(c->mode, want);
    if (mode != c->mode || fresh) {
        l.since_ms = at_ms;
        l.asker_ms = l.staff_ms = 0;
    }
    if (mode != MODE_HUMAN) {
        set(&l.owner, NULL);
        set(&l.who, NULL);
    }
    if (fresh ||
        c->mode == MODE_BOT) { /* what was said before is told by the first message there */
        l.told = told ? c->head : c->head - 1;
        l.passed = fresh ? c->head : c->head - 1;
    }
    if (!l.room && begins)
        set(&l.room, room);
    l.until = mode == MODE_BOT ? c->head : 0;
    c->mode = l.mode = mode;
    err = store_put_live(s, &l);
out:
    store_live_release(&l);
    return err;
}

int handoff_mention(struct store *s, const char *adapter, const char *name, const char *room,
                    int64_t at_ms, struct handoff_done *ret)
{
    struct store_live l = {0};
    int64_t turn, id = 0;
    int err = store_last_turn(s, adapter, name, &turn);
    if (!err)
        err = store_live_of_ticket(s, turn, at_ms, &id);
    if (!err)
        err = store_live(s, id, &l);
    if (!err && !l.since_ms) {
        ret->conversation = id;
        l.ticket = turn;
        set(&l.room, room);
        l.since_ms = at_ms;
        l.told = l.passed = l.until = l.head;
        err = store_put_live(s, &l);
    }
    store_live_release(&l);
    return err == -ENOENT ? 0 : err;
}

/* ---- what the asker says ---- */

static void add_time(struct buf *b, const char *name, int64_t at_ms)
{
    char at[CLOCK_TEXT];
    clock_text(at_ms, at);
    json_add_member(b, name, at);
}

bool handoff_event(const struct handoff_wish *w, struct buf *b)
{
    bool live = !strcmp(w->want, "live"), declined = live && !w->open && !w->stays;
    buf_adds(b, "\"t\":\"handoff\"");
    if (w->cid)
        json_add_member(b, "cid", w->cid);
    json_add_member(b, "state",
                    !strcmp(w->want, "cancel") ? "ended"
                    : declined                 ? "declined"
                                               : "queued");
    json_add_member(b, "via", w->want);
    if (live && w->open && w->eta_min)
        buf_addf(b, ",\"eta_min\":%d", w->eta_min);
    if (live && !w->open && w->next_open_s)
        add_time(b, "next_open", w->next_open_s * 1000);
    add_time(b, "at", w->at_ms);
    return !declined;
}

static int note_event(struct store *s, const char *adapter, const char *name, struct buf *b,
                      int64_t at_ms, struct store_conversation *c, struct handoff_done *ret)
{
    int err = buf_failed(b) ? -EINVAL
                            : store_append(s, adapter, name,
                                           &(struct store_event){.body = b->s, .at_ms = at_ms}, c);
    if (!err) {
        if (!ret->adapter) {
            ret->adapter = must(strdup(adapter));
            ret->name = must(strdup(name));
        }
        ret->conversation = c->id;
        ret->event[ret->n].seq = c->head;
        ret->event[ret->n++].body = must(strdup(b->s));
    }
    buf_release(b);
    return err;
}

int handoff_hear(struct store *s, const struct journal_turn *asked, struct handoff_done *ret)
{
    struct store_conversation c;
    struct buf b;
    int err = store_conversation(s, asked->adapter, asked->conversation, &c);
    if (err || c.mode == MODE_BOT)
        return err == -ENOENT ? 0 : err;
    buf_init(&b, 64 * 1024);
    buf_adds(&b, "\"t\":\"msg\",\"from\":\"user\"");
    json_add_member(&b, "text", asked->question);
    add_time(&b, "at", asked->at_ms);
    err = note_event(s, asked->adapter, asked->conversation, &b, asked->at_ms, &c, ret);
    if (!err)
        err = store_live_asked(s, c.id, asked->at_ms);
    return !err && c.mode == MODE_HUMAN ? -ESTALE : err;
}

/* "I want to talk to somebody", "never mind": what the button for it does. */
static int wish(struct store *s, const struct handoff_answer *a, const char *want,
                struct handoff_done *ret)
{
    const struct journal_turn *t = a->turn;
    struct store_handoff row = {
        .adapter = t->adapter, .conversation = t->conversation, .want = want, .at_ms = t->at_ms};
    const struct handoff_wish said = {.want = want,
                                      .stays = a->asks_elsewhere,
                                      .open = a->open,
                                      .next_open_s = a->next_open_s,
                                      .eta_min = a->eta_min,
                                      .at_ms = t->at_ms};
    struct store_conversation c;
    struct buf b;
    buf_init(&b, 4096);
    bool granted = handoff_event(&said, &b);
    int err = granted ? store_add_handoff(s, &row) : 0;
    if (!err)
        err = note_event(s, t->adapter, t->conversation, &b, t->at_ms, &c, ret);
    else
        buf_release(&b);
    return err || !granted ? err
                           : handoff_want(s, &c, want, a->why & TICKET_PERSON ? a->room : NULL,
                                          t->at_ms, !a->asks_elsewhere);
}

static int unwish(struct store *s, const struct handoff_answer *a, struct handoff_done *ret)
{
    struct store_conversation c;
    int err = store_conversation(s, a->turn->adapter, a->turn->conversation, &c);
    if (err || c.mode != MODE_WAITING) /* nobody was called: it is said of something else */
        return err == -ENOENT ? 0 : err;
    return wish(s, a, "cancel", ret);
}

int handoff_answered(struct store *s, const struct handoff_answer *a, struct handoff_done *ret)
{
    const struct journal_turn *t = a->turn;
    int why = !strcmp(t->kind, "none") ? TICKET_NONE : !strcmp(t->kind, "choices") ? TICKET_LOW : 0;
    if (!*t->conversation)
        return 0;
    if (a->person == PERSON_WANTED)
        return wish(s, a, "live", ret);
    if (a->person == PERSON_UNWANTED)
        return unwish(s, a, ret);
    return why & a->why ? handoff_mention(s, t->adapter, t->conversation, a->room, t->at_ms, ret)
                        : 0;
}
