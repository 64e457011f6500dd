/* inbox.c: jobs for the journal, and what follows from them on the loop: taking a message in, and finding at the start what
 * was left open; inbox_close.c has the third, closing one with its reply. Each is one transaction, so there is no state in
 * between.
 *
 * Most of what comes in has been asked before by others (heard.h), and its reply is known when it arrives. Then both are
 * one job: the message is written as one that is over, with its event and its reply. So it costs one commit to wait for
 * instead of two, one job instead of two, and a row that is written once. That needs a question that is next in line: none of its
 * conversation waits for its commit (arriving_at) or for its reply (turn.c).
 *
 * What is in memory here is a count. The messages themselves are with the adapters and in turns; if those lose one, it
 * is open on disk and comes back at the next start. */
#include "bot/inbox_int.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/log.h"
#include "bot/must.h"
#include "bot/pack.h"
#include "bot/store.h"
#include "kb/hash.h"
#include "kb/pool.h"

struct inbox *inbox_new(struct bot *bot)
{
    struct inbox *box = must(calloc(1, sizeof *box));
    box->bot = bot;
    return box;
}

void inbox_free(struct inbox *box)
{
    free(box);
}

size_t inbox_open(const struct inbox *box)
{
    return box->open;
}

size_t inbox_arriving(const struct inbox *box)
{
    return box->arriving;
}

size_t inbox_unanswered(const struct inbox *box)
{
    return box->open + box->arriving - box->foreseen;
}

void inbox_stats(const struct inbox *box, struct inbox_stats *ret)
{
    *ret = box->stats;
}

/* ---- a message comes in ---- */

struct put {
    struct journal_job job;
    struct adapter *adapter;
    inbox_put_fn *fn;
    void *ctx;
    struct inbox_message in;
    struct inbox_vote vote;
    struct inbox_wish wish;
    struct store_message row;
    struct inbox_receipt receipt;
    int64_t talk;       /* the conversation, when it is not the bot's alone; or 0 */
    uint16_t *arriving; /* how many of its conversation do, or NULL */
    struct turn *turn;  /* which has its reply already; or NULL */
    struct inbox_writing writing;
};

static void put_free(struct put *p)
{
    inbox_writing_begin(&p->writing);
    free(p);
}

/* Jobs that never ran: the program ends. */
static void put_drop(struct journal_job *job)
{
    struct put *p = (struct put *)job;
    if (p->turn)
        turn_foreseen(p->turn, false);
    put_free(p);
}

/* What hangs on the message, apart from its event. */
static int write_extras(struct store *s, struct put *p)
{
    int err = 0;
    const char *adapter = p->row.adapter;
    if (p->in.vote) {
        struct store_vote v = {.turn = p->vote.turn,
                               .voter = p->vote.voter,
                               .v = p->vote.v,
                               .why = p->vote.why,
                               .text = p->vote.text,
                               .at_ms = p->row.at_ms};
        struct store_conversation c;
        if (!v.turn && !(err = store_conversation(s, adapter, p->in.conversation, &c)))
            err = store_event_turn(s, c.id, p->vote.re, &v.turn);
        if (!err)
            err = store_vote(s, &v);
        if (!err && v.v < 0 && (p->writing.why & TICKET_DOWN) && p->in.conversation) {
            struct handoff_done seen = {0};
            err = handoff_mention(s, adapter, p->in.conversation, p->writing.room, p->row.at_ms,
                                  &seen);
        }
    }
    if (!err && p->in.wish && p->wish.turn) {
        struct store_ticket_note n = {.id = p->wish.turn,
                                      .at_ms = p->row.at_ms,
                                      .who = p->wish.name,
                                      .what = "person",
                                      .text = p->wish.note};
        err = store_want_person(s, &n);
    } else if (!err && p->in.wish) {
        struct store_handoff h = {.adapter = adapter,
                                  .conversation = p->in.conversation,
                                  .want = p->wish.want,
                                  .name = p->wish.name,
                                  .email = p->wish.email,
                                  .note = p->wish.note,
                                  .at_ms = p->row.at_ms};
        err = store_add_handoff(s, &h);
    }
    if (!err && p->in.note_key)
        err = store_keep(s, adapter, p->in.note_key, p->in.note, p->row.at_ms);
    return err;
}

static int write_event(struct store *s, struct put *p)
{
    struct store_conversation c;
    const struct store_event e = {.body = p->in.event, .at_ms = p->row.at_ms};
    int err = store_append(s, p->row.adapter, p->in.conversation, &e, &c);
    if (err)
        return err;
    p->writing.talk = c;
    p->row.seq = c.head;
    if (c.mode == MODE_HUMAN) /* a person has it, and reads along */
        p->row.state = INBOX_DONE;
    bool wishes = p->in.wish && !p->wish.turn,
         mentions = p->in.vote && (p->writing.why & TICKET_DOWN);
    p->talk = c.mode != MODE_BOT || wishes || mentions ? c.id : 0;
    if (wishes)
        return handoff_want(s, &c, p->wish.want,
                            p->writing.why & TICKET_PERSON ? p->writing.room : NULL, p->row.at_ms,
                            true);
    return c.mode != MODE_BOT ? store_live_asked(s, c.id, p->row.at_ms) : 0;
}

/* With its reply, when that is known and still the bot's to give. */
static int take_in(struct store *s, struct put *p)
{
    bool answer = p->turn && p->row.state == INBOX_OPEN;
    if (answer)
        p->row.state = INBOX_DONE;
    int err = store_take_in(s, &p->row);
    if (err || !answer)
        return err;
    p->writing.reply = turn_write(p->turn, p->row.turn, p->row.seq);
    return inbox_write_reply(s, &p->writing);
}

/* Whatever is refused is refused before anything is written: the transaction is not ours alone. */
static int run_put(struct store *s, struct journal_job *job)
{
    struct put *p = (struct put *)job;
    p->receipt = (struct inbox_receipt){0};
    p->row.seq = p->talk = 0;
    inbox_writing_begin(&p->writing);
    int err = store_find_message(s, &p->row);
    if (!err && !p->row.known) {
        p->row.state = p->in.over ? INBOX_DONE : INBOX_OPEN;
        err = write_extras(s, p);
        if (!err && p->in.event)
            err = write_event(s, p);
        if (err == -ENOENT || err == -ESTALE) {
            p->receipt.err = err;
            return 0;
        }
        if (!err)
            err = take_in(s, p);
    }
    p->receipt.known = p->row.known;
    p->receipt.conflict = p->row.known && p->row.conflict;
    p->receipt.id = p->row.id;
    p->receipt.turn = p->row.turn;
    p->receipt.seq = p->row.seq;
    return err;
}

static void hand_over(struct adapter *a, const struct inbox_item *item)
{
    if (a->type->on_message)
        a->type->on_message(a, item);
    else
        inbox_end(a, item->id, INBOX_WAS_IGNORED);
}

static void leaves(struct inbox *box, struct put *p)
{
    box->arriving--;
    box->foreseen -= p->turn != NULL;
    if (p->arriving)
        --*p->arriving;
}

static void put_done(struct journal_job *job, int err)
{
    struct put *p = (struct put *)job;
    struct adapter *a = p->adapter;
    struct inbox *box = a->bot->inbox;
    leaves(box, p);
    if (err)
        p->receipt = (struct inbox_receipt){.err = err};
    const struct inbox_receipt *r = &p->receipt;
    bool fresh = !r->err && !r->known, waits = fresh && p->row.state == INBOX_OPEN;
    box->open += waits;
    *(r->err ? &box->stats.failed : r->known ? &box->stats.again : &box->stats.taken) += 1;
    if (p->fn)
        p->fn(p->ctx, r);
    if (fresh && p->in.event)
        inbox_announce(a, p->in.conversation, r->seq, p->in.event);
    if (fresh && p->talk)
        live_on_talk(a->bot, p->talk);
    if (fresh && p->in.wish)
        live_on_queue(a->bot);
    if (waits) {
        struct inbox_item item = {.id = r->id,
                                  .turn = r->turn,
                                  .seq = r->seq,
                                  .at_ms = p->row.at_ms,
                                  .identity = p->row.identity,
                                  .body = p->row.body};
        hand_over(a, &item);
    }
    bool answered = fresh && p->writing.reply;
    if (answered)
        inbox_written(&p->writing);
    if (p->turn)
        turn_foreseen(p->turn, answered);
    put_free(p);
}

static int64_t digest_of(const char *body)
{
    int64_t digest;
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)body, strlen(body), NULL, 0);
    memcpy(&digest, hash, sizeof digest);
    return digest;
}

/* Two conversations in one place are no harm: a reply is then looked for behind the commit. */
static uint16_t *arriving_at(struct inbox *box, const char *conversation)
{
    return &box->arriving_at[hash_name(conversation) % INBOX_PLACES];
}

int inbox_put(struct adapter *a, const struct inbox_message *m, inbox_put_fn *fn, void *ctx)
{
    static const size_t texts[] = {
        offsetof(struct put, row.identity),    offsetof(struct put, row.body),
        offsetof(struct put, in.conversation), offsetof(struct put, in.event),
        offsetof(struct put, in.note_key),     offsetof(struct put, in.note),
        offsetof(struct put, vote.voter),      offsetof(struct put, vote.why),
        offsetof(struct put, vote.text),       offsetof(struct put, wish.want),
        offsetof(struct put, wish.name),       offsetof(struct put, wish.email),
        offsetof(struct put, wish.note),       offsetof(struct put, writing.room)};
    struct inbox *box = a->bot->inbox;
    size_t len = m->identity ? strlen(m->identity) : 0;
    if (!len || len > MAX_IDENTITY)
        return -EINVAL;
    if (a->bot->draining)
        return -ESHUTDOWN;
    if (box->open + box->arriving >= MAX_INBOX)
        return -EBUSY;
    struct put put = {.job = {.run = run_put, .done = put_done, .drop = put_drop},
                      .adapter = a,
                      .fn = fn,
                      .ctx = ctx,
                      .in = *m,
                      .vote = m->vote ? *m->vote : (struct inbox_vote){0},
                      .wish = m->wish ? *m->wish : (struct inbox_wish){0},
                      .writing = inbox_writing_of(a),
                      .row = {.adapter = a->type->name,
                              .identity = m->identity,
                              .body = m->body ? m->body : "",
                              .at_ms = clock_wall_ms()}};
    put.row.digest = digest_of(put.row.body);
    put.arriving = m->conversation ? arriving_at(box, m->conversation) : NULL;
    put.turn = m->ask && put.arriving && !*put.arriving ? turn_foresee(a, m->ask) : NULL;
    put.in.ask = NULL; /* the caller's */
    struct put *p = pack(&put, sizeof put, texts, sizeof texts / sizeof texts[0]);
    int err = journal_run(a->bot->journal, &p->job);
    if (err) {
        put_drop(&p->job);
        return err;
    }
    box->arriving++;
    box->foreseen += p->turn != NULL;
    if (p->arriving)
        ++*p->arriving;
    return 0;
}

/* ---- what the last run left open ---- */

struct recovery {
    struct journal_job job;
    struct inbox *box;
    struct store_open_message *m;
    size_t n;
};

static int run_recovery(struct store *s, struct journal_job *job)
{
    struct recovery *r = (struct recovery *)job;
    store_open_messages_free(r->m, r->n);
    r->m = NULL;
    r->n = 0;
    return store_reopen_messages(s, 0, 2 * MAX_INBOX, &r->m, &r->n);
}

static void recovery_drop(struct journal_job *job)
{
    struct recovery *r = (struct recovery *)job;
    store_open_messages_free(r->m, r->n);
    free(r);
}

static void recovered(struct journal_job *job, int err)
{
    struct recovery *r = (struct recovery *)job;
    struct inbox *box = r->box;
    if (!err && r->n)
        log_info("inbox", "going on with what was open", "messages=%zu", r->n);
    for (size_t i = 0; !err && i < r->n; i++) {
        const struct store_open_message *m = &r->m[i];
        struct adapter *a = adapter_named(box->bot, m->adapter, strlen(m->adapter));
        if (!a) /* off this time: it waits for its adapter */
            continue;
        struct inbox_item item = {.id = m->id,
                                  .turn = m->turn,
                                  .seq = m->seq,
                                  .at_ms = m->at_ms,
                                  .identity = m->identity,
                                  .body = m->body,
                                  .tries = m->tries};
        box->open++;
        if (m->tries > 2 * INBOX_TRIES && clock_wall_ms() - m->at_ms > INBOX_GIVE_UP_MS) {
            log_error("inbox", "gave up on a message that ends the program", "adapter=%s id=%lld",
                      m->adapter, (long long)m->id);
            box->stats.dead++;
            inbox_end(a, m->id, INBOX_WAS_DEAD);
        } else {
            hand_over(a, &item);
        }
    }
    recovery_drop(job);
}

void inbox_recover(struct inbox *box)
{
    struct recovery *r = must(calloc(1, sizeof *r));
    *r = (struct recovery){.job = {.run = run_recovery, .done = recovered, .drop = recovery_drop},
                           .box = box};
    if (journal_run(box->bot->journal, &r->job))
        recovery_drop(&r->job);
}

/* ---- notes ---- */

struct note {
    struct journal_job job;
    struct adapter *adapter;
    inbox_note_fn *fn;
    void *ctx;
    const char *key, *value; /* value: to be written, or NULL */
    char *found;
};

static int run_note(struct store *s, struct journal_job *job)
{
    struct note *n = (struct note *)job;
    if (n->value)
        return store_keep(s, n->adapter->type->name, n->key, n->value, clock_wall_ms());
    free(n->found);
    n->found = NULL;
    return store_kept(s, n->adapter->type->name, n->key, &n->found);
}

static void note_drop(struct journal_job *job)
{
    struct note *n = (struct note *)job;
    free(n->found);
    free(n);
}

static void note_done(struct journal_job *job, int err)
{
    struct note *n = (struct note *)job;
    if (n->fn)
        n->fn(n->ctx, err, n->value ? n->value : n->found);
    note_drop(job);
}

int inbox_keep_note(struct adapter *a, const char *key, const char *value, inbox_note_fn *fn,
                    void *ctx)
{
    static const size_t texts[] = {offsetof(struct note, key), offsetof(struct note, value)};
    struct note note = {.job = {.run = run_note, .done = note_done, .drop = note_drop},
                        .adapter = a,
                        .fn = fn,
                        .ctx = ctx,
                        .key = key,
                        .value = value};
    struct note *n = pack(&note, sizeof note, texts, sizeof texts / sizeof texts[0]);
    int err = journal_run(a->bot->journal, &n->job);
    if (err)
        note_drop(&n->job);
    return err;
}

int inbox_note(struct adapter *a, const char *key, inbox_note_fn *fn, void *ctx)
{
    return inbox_keep_note(a, key, NULL, fn, ctx);
}

struct inbox_item inbox_item_copy(struct pool *pool, const struct inbox_item *item)
{
    struct inbox_item copy = *item;
    copy.identity = pool_strdup(pool, item->identity);
    copy.body = pool_strdup(pool, item->body);
    return copy;
}
