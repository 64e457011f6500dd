/* inbox_close.c: a message is over: without a reply, or with one that is written in the transaction that closes it, or in
 * the one that takes it in (inbox.c). */
#include "bot/inbox_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/hours.h"
#include "bot/live.h"
#include "bot/must.h"
#include "bot/pack.h"

static void drop(struct journal_job *job)
{
    free(job);
}

/* ---- without a reply ---- */

struct end {
    struct journal_job job;
    struct adapter *adapter;
    int64_t id;
    enum store_inbox_state state;
};

static int run_end(struct store *s, struct journal_job *job)
{
    struct end *e = (struct end *)job;
    bool was_open;
    return store_end_message(s, e->id, e->state, &was_open);
}

/* A failure leaves it open on disk: it comes back at the next start, and is ended again. */
static void end_done(struct journal_job *job, int err)
{
    (void)err;
    free(job);
}

void inbox_is_over(struct adapter *a)
{
    a->bot->inbox->open--;
}

void inbox_end(struct adapter *a, int64_t id, enum inbox_ending how)
{
    static const enum store_inbox_state state[] = {INBOX_DONE, INBOX_IGNORED, INBOX_DEAD};
    struct end *e = must(calloc(1, sizeof *e));
    *e = (struct end){.job = {.run = run_end, .done = end_done, .drop = drop},
                      .adapter = a,
                      .id = id,
                      .state = state[how]};
    a->bot->inbox->open--;
    if (journal_run(a->bot->journal, &e->job))
        free(e);
}

/* ---- the reply ---- */

struct inbox_writing inbox_writing_of(struct adapter *a)
{
    return (struct inbox_writing){
        .adapter = a, .room = live_room(a->bot), .why = live_room_gets(a->bot)};
}

void inbox_writing_begin(struct inbox_writing *w)
{
    w->reply = NULL;
    w->result = (struct inbox_closed){0};
    w->talk.id = 0;
    handoff_done_release(&w->heard);
}

/* To the outbox, unless a person has that conversation: then what was asked is theirs to answer. */
static int write_letter(struct store *s, struct inbox_writing *w)
{
    const struct inbox_reply *r = w->reply;
    const char *adapter = w->adapter->type->name;
    char idem[32];
    int64_t id;
    int err = handoff_hear(s, r->turn, &w->heard);
    if (err == -ESTALE)
        w->result.refused = true;
    if (err)
        return err;
    snprintf(idem, sizeof idem, "turn-%lld", (long long)r->turn->id);
    struct store_outgoing o = {.adapter = adapter,
                               .lane = r->lane,
                               .idem = idem,
                               .turn = r->turn->id,
                               .at_ms = r->turn->at_ms,
                               .next_ms = r->turn->at_ms,
                               .body = r->body,
                               .note = r->note};
    return store_put_out(s, &o, &id);
}

static int write_event_of(struct store *s, struct inbox_writing *w)
{
    const struct inbox_reply *r = w->reply;
    const struct journal_turn *t = r->turn;
    const struct store_event e = {
        .turn = t->id, .body = r->body, .told = r->told, .at_ms = t->at_ms};
    int err = w->talk.id ? store_append_to(s, &w->talk, &e)
                         : store_append(s, w->adapter->type->name, r->conversation, &e, &w->talk);
    if (err == -ESTALE)
        w->result.refused = true;
    else if (!err)
        w->result.seq = w->talk.head;
    return err;
}

int inbox_write_reply(struct store *s, struct inbox_writing *w)
{
    const struct inbox_reply *r = w->reply;
    int64_t id;
    int err = r->conversation ? write_event_of(s, w) : write_letter(s, w);
    if (err)
        return err == -ESTALE ? 0 : err;
    const struct handoff_answer answer = {.turn = r->turn,
                                          .asks_elsewhere = !r->conversation,
                                          .person = r->person,
                                          .room = w->room,
                                          .why = w->why,
                                          .open = w->open,
                                          .next_open_s = w->next_open_s,
                                          .eta_min = w->eta_min};
    /* "Talk to a human" is no question: the ticket of the wish is what was asked before, if anything was. */
    bool asked = r->person == PERSON_WANTED &&
                 !store_last_turn(s, r->turn->adapter, r->turn->conversation, &id);
    if (asked)
        err = handoff_answered(s, &answer, &w->heard);
    if (!err)
        err = store_add_turn(s, r->turn, &id);
    return err || asked ? err : handoff_answered(s, &answer, &w->heard);
}

void inbox_announce(struct adapter *a, const char *conversation, int64_t seq, const char *body)
{
    struct transcript_event ev = {.seq = seq, .body = body, .len = body ? strlen(body) : 0};
    if (!seq)
        return;
    if (a->type->on_event)
        a->type->on_event(a, conversation, &ev);
    live_on_event(a->bot, a, conversation, &ev);
}

void inbox_written(struct inbox_writing *w)
{
    struct bot *bot = w->adapter->bot;
    if (w->result.seq)
        inbox_announce(w->adapter, w->reply->conversation, w->result.seq, w->reply->body);
    else if (!w->result.refused)
        outbox_look(bot->outbox);
    live_on_handoff(bot, &w->heard);
}

/* ---- a message that was open ---- */

struct closing {
    struct journal_job job;
    inbox_close_fn *fn;
    void *ctx;
    struct inbox_writing writing;
};

/* End a message and claim what it answers. *ret_fresh: it was open, and nobody had answered that. */
static int end_and_claim(struct store *s, const struct inbox_writing *w, int64_t id,
                         const char *claim, bool *ret_fresh)
{
    bool open = false, mine = true;
    int err = store_end_message(s, id, INBOX_DONE, &open);
    if (!err && open && claim)
        err = store_claim(s, w->adapter->type->name, claim, w->reply->turn->at_ms, &mine);
    *ret_fresh = open && mine;
    return err;
}

static int run_close(struct store *s, struct journal_job *job)
{
    struct inbox_writing *w = &((struct closing *)job)->writing;
    const struct inbox_reply *r = w->reply;
    bool fresh, any;
    inbox_writing_begin(w);
    w->reply = r;
    int err = end_and_claim(s, w, r->id, r->claim, &any);
    for (size_t i = 0; !err && i < r->nalso; i++) {
        err = end_and_claim(s, w, r->also[i].id, r->also[i].claim, &fresh);
        any |= fresh;
    }
    if (err)
        return err;
    w->result.refused = !any;
    return any ? inbox_write_reply(s, w) : 0;
}

static void close_drop(struct journal_job *job)
{
    inbox_writing_begin(&((struct closing *)job)->writing);
    free(job);
}

static void close_done(struct journal_job *job, int err)
{
    struct closing *c = (struct closing *)job;
    struct inbox_writing *w = &c->writing;
    if (err) {
        w->result = (struct inbox_closed){.err = err};
    } else {
        w->adapter->bot->inbox->open -= 1 + w->reply->nalso;
        inbox_written(w);
    }
    c->fn(c->ctx, &w->result);
    close_drop(job);
}

int inbox_close(struct adapter *a, const struct inbox_reply *r, inbox_close_fn *fn, void *ctx)
{
    static const size_t texts[] = {offsetof(struct closing, writing.room)};
    struct closing closing = {.job = {.run = run_close, .done = close_done, .drop = close_drop},
                              .fn = fn,
                              .ctx = ctx,
                              .writing = inbox_writing_of(a)};
    closing.writing.reply = r;
    if (r->person == PERSON_WANTED) {
        struct inbox_writing *w = &closing.writing;
        w->open = hours_are(a->bot->config, clock_wall_ms() / 1000, &w->next_open_s);
        w->eta_min = live_eta_min(a->bot);
    }
    struct closing *c = pack(&closing, sizeof closing, texts, 1);
    int err = journal_run(a->bot->journal, &c->job);
    if (err)
        free(c);
    return err;
}
