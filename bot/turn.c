/* turn.c: one question's life, from bot_receive() to its reply.
 *
 *     bot_receive -> begin -> (a thread answers) -> answered -> (the journal commits) -> recorded -> finish
 *                                                           `-> (the journal commits) -> closed   .item
 *
 * A turn owns one pool; all it needs is in there and goes at its end, however it ended. There are two kinds. A question
 * that lives no longer than its connection goes on to the next step with what it has: an answer that cannot be recorded
 * is sent without an id, a reply that cannot be rendered becomes an apology. So it always ends in exactly one send(). A
 * message of the inbox (inbox.h) is on disk: its reply is rendered first and written in the transaction that closes it,
 * again and again until the disk takes it; there is no send(), and no limit that would turn it away a second time. When its
 * reply is known as it comes in, it is foreseen: a turn on no line, which is written down together with the message.
 *
 * Turns of one conversation go one after another, in the order in which they came: the second question may mean
 * something only after the first reply ("2"), and replies must not overtake each other. Where replies of several
 * conversations go out through one lane of the outbox, as the threads of a room do, the lane is what keeps their order. Turns
 * without either are independent. New ones are refused when MAX_QUEUE are open; of the inbox any number may be, and
 * those for which the threads have no room wait here. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/heard.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/must.h"
#include "bot/redact.h"
#include "bot/session.h"
#include "bot/typed.h"
#include "bot/work.h"
#include "kb/hash.h"

#define MAX_KEY       128  /* bytes of a session's id (session.h) */
#define NBUCKETS      1024 /* of lines with an open turn; a power of two */
#define DISK_RETRY_MS 2000 /* how often a reply is offered to a disk that does not take it */

struct turn {
    struct turn *next; /* in its bucket, in order of arrival */
    struct bot *bot;
    struct adapter *adapter;
    struct pool *pool;
    struct inbound in; /* text as it was typed */
    const char *key;   /* adapter and conversation; "" for a single question */
    const char
        *line; /* where it stands in line: adapter and lane, or the key; "" for a single question */
    const char *asked;        /* what was meant: "2" resolved */
    struct question question; /* as it is asked */
    const struct reply *reply;
    const struct heard_reply *heard; /* that it is from, or NULL */
    const char *same;                /* of that, as in struct outgoing */
    size_t nsame;
    uint64_t began_us, sent_ms; /* sent_ms: to a thread */

    struct inbox_item item; /* id 0: of no inbox */
    struct inbox_reply closing;
    struct journal_turn row;
    struct loop_timer *retry;
    struct turn *stalled; /* the next one that waits for a thread */
};

struct turns {
    struct bot *bot;
    struct turn *bucket[NBUCKETS];
    struct turn *stalled, **stalled_end;
    size_t n;
};

static bool begin(struct turn *t);

/* ---- the open turns, by line ---- */

static struct turn **bucket_of(struct turns *all, const char *line)
{
    return &all->bucket[hash_name(line) & (NBUCKETS - 1)]; /* ours or short; and a list anyway */
}

/* How many turns of that line are open. */
static size_t open_of(struct turns *all, const char *line)
{
    size_t n = 0;
    for (struct turn *t = *bucket_of(all, line); t && *line; t = t->next)
        n += strcmp(t->line, line) == 0;
    return n;
}

static void enter(struct turns *all, struct turn *t)
{
    struct turn **at = bucket_of(all, t->line);
    while (*at)
        at = &(*at)->next;
    *at = t;
    all->n++;
}

/* Take `t` out. Returns the turn that waited for it, if any. */
static struct turn *leave(struct turns *all, struct turn *t)
{
    struct turn **at = bucket_of(all, t->line);
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    all->n--;
    for (struct turn *w = t->next; w && *t->line; w = w->next)
        if (strcmp(w->line, t->line) == 0)
            return w;
    return NULL;
}

struct turns *turns_new(struct bot *bot)
{
    struct turns *all = must(calloc(1, sizeof *all));
    all->bot = bot;
    all->stalled_end = &all->stalled;
    return all;
}

void turns_free(struct turns *all)
{
    for (size_t i = 0; all && i < NBUCKETS; i++)
        for (struct turn *t = all->bucket[i], *next; t; t = next) {
            next = t->next;
            heard_release(all->bot->heard, t->heard);
            pool_free(t->pool);
        }
    free(all);
}

size_t turns_open(const struct turns *all)
{
    return all->n;
}

/* ---- from the reply to the asker ---- */

static void count(struct turn *t)
{
    struct bot_counts *c = &t->bot->counts;
    double s = (double)(clock_us() - t->began_us) / 1e6;
    size_t i = 0;
    while (i < ANSWER_BUCKETS && s > answer_bucket[i])
        i++;
    c->bucket[i]++;
    c->seconds += s;
    c->outcome[t->reply->kind]++;
}

/* False: it is too big. */
static bool render(struct turn *t, const struct reply *reply, const char *answer_id,
                   struct buf *body)
{
    struct outgoing out = {.to = &t->in, .reply = reply, .answer_id = answer_id, .re = t->item.seq};
    if (t->heard && reply == &t->heard->reply) {
        out.same = t->same;
        out.nsame = t->nsame;
    }
    t->adapter->type->render(t->adapter, &out, body);
    return !buf_failed(body);
}

/* Renders into `body` what can be rendered: the reply, or an apology. Returns which. */
static const struct reply *render_something(struct turn *t, const char *answer_id, struct buf *body)
{
    if (render(t, t->reply, answer_id, body))
        return t->reply;
    log_error("bot", "a reply is too big to be rendered", "adapter=%s", t->adapter->type->name);
    struct reply *sorry = pool_alloc(t->pool, sizeof *sorry);
    answer_sorry(t->pool, sorry);
    buf_clear(body);
    render(t, sorry, answer_id, body);
    return sorry;
}

/* The end of every turn: whoever waited behind it begins. */
static void end(struct turn *t)
{
    count(t);
    struct turn *next = leave(t->bot->turns, t);
    heard_release(t->bot->heard, t->heard);
    pool_free(t->pool); /* and t */
    if (next)
        begin(next);
}

static const char *id_text(struct turn *t, int64_t id)
{
    return id > 0 ? pool_printf(t->pool, "%lld", (long long)id) : NULL;
}

/* ---- the reply of a question that has nothing but its connection ---- */

static void finish(struct turn *t, int64_t id)
{
    struct outgoing out = {.to = &t->in, .answer_id = id_text(t, id)};
    struct buf body;
    buf_init(&body, MAX_REPLY_JSON);
    out.reply = render_something(t, out.answer_id, &body);
    t->adapter->type->send(t->adapter, &out, &body);
    buf_release(&body);
    end(t);
}

static void recorded(void *ctx, int64_t id)
{
    struct turn *t = ctx;
    if (id < 0)
        t->bot->counts.unrecorded++;
    finish(t, id);
}

/* ---- the reply of a message of the inbox ---- */

static void closed(void *ctx, const struct inbox_closed *c);

static void close_message(void *ctx)
{
    struct turn *t = ctx;
    loop_timer_stop(t->retry);
    t->retry = NULL;
    int err = inbox_close(t->adapter, &t->closing, closed, t);
    struct inbox_closed failed = {.err = err};
    if (err)
        closed(t, &failed);
}

static void closed(void *ctx, const struct inbox_closed *c)
{
    struct turn *t = ctx;
    if (c->err)
        t->retry = loop_timer(t->bot->loop, DISK_RETRY_MS, 0, close_message, t);
    else
        end(t);
}

/* Whether a wish in words does what the button does: in a transcript of the asker's own (a program's questions are others'), and
 * where the staff has a room to answer from. */
static bool calls_people(const struct turn *t)
{
    const struct inbound *in = &t->in;
    if (!t->item.id)
        return false;
    return t->adapter->type->has_transcripts ? !in->lane || !strcmp(in->lane, in->conversation)
                                             : live_room(t->bot) != NULL;
}

/* All of what closes it but the numbers, and what is rendered with them. */
static void prepare_close(struct turn *t)
{
    const char *lane = t->in.lane ? t->in.lane : t->in.conversation;
    t->closing = (struct inbox_reply){
        .id = t->item.id,
        .claim = t->in.claim,
        .also = t->in.also,
        .nalso = t->in.nalso,
        .turn = &t->row,
        .conversation = t->adapter->type->has_transcripts ? lane : NULL,
        .lane = lane,
        .note = t->in.note,
        .person = calls_people(t) ? t->reply->person : PERSON_UNMENTIONED,
    };
}

/* What is said then is not how to reach somebody. */
static void take_call(struct turn *t)
{
    if (!t->reply->called || !calls_people(t))
        return;
    struct reply *r = reply_copy(t->pool, t->reply);
    r->text = r->called;
    t->reply = r;
}

/* Whether it ends with what others were told: an apology in its place, or another form, does not. */
static bool told_before(const struct turn *t, const struct buf *body)
{
    return t->same && body->len > t->nsame &&
           !memcmp(body->s + body->len - t->nsame, t->same, t->nsame);
}

const struct inbox_reply *turn_write(struct turn *t, int64_t id, int64_t seq)
{
    struct buf body;
    buf_init(&body, MAX_REPLY_JSON);
    t->row.id = t->item.turn = id;
    t->item.seq = seq;
    buf_expect(&body, t->nsame + 256); /* and what names the question */
    render_something(t, id_text(t, id), &body);
    t->closing.body = pool_strndup(t->pool, body.s, body.len);
    t->closing.told = told_before(t, &body) ? t->nsame : 0;
    buf_release(&body);
    return &t->closing;
}

static void fill_row(struct turn *t)
{
    struct buf json;
    buf_init(&json, MAX_REPLY_JSON);
    if (!t->heard)
        reply_json(t->reply, NULL, NULL, &json);
    t->row = (struct journal_turn){
        .adapter = t->adapter->type->name,
        .conversation = t->in.conversation,
        .question = t->in.text,
        .lang = t->in.lang,
        .reply_json = t->heard            ? t->heard->json
                      : buf_failed(&json) ? "{}"
                                          : pool_strndup(t->pool, json.s, json.len),
        .again = t->heard != NULL,
        .kind = reply_kind_name(t->reply->kind),
        .confidence = t->reply->confidence,
        .at_ms = clock_wall_ms(),
    };
    buf_release(&json);
}

static void record(struct turn *t)
{
    fill_row(t);
    if (t->item.id) {
        prepare_close(t);
        turn_write(t, t->item.turn, t->item.seq);
        close_message(t);
        return;
    }
    int err = journal_turn(t->bot->journal, &t->row, recorded, t);
    if (err)
        recorded(t, err);
}

/* A thread has come free: the one that has waited longest for it begins. Whoever needs none after all lets the next one. */
static void unstall(struct turns *all)
{
    for (struct turn *t; (t = all->stalled) != NULL;) {
        if (!(all->stalled = t->stalled))
            all->stalled_end = &all->stalled;
        t->stalled = NULL;
        if (begin(t))
            return;
    }
}

void turns_go_on(struct turns *all)
{
    struct turn *t = all->stalled;
    all->stalled = NULL;
    all->stalled_end = &all->stalled;
    for (struct turn *next; t; t = next) {
        next = t->stalled;
        t->stalled = NULL;
        begin(t);
    }
}

/* From now on it is context. */
static void tell(struct turn *t)
{
    if (!*t->key)
        return;
    uint64_t now_s = loop_now_ms(t->bot->loop) / 1000;
    session_tell(session_get(t->bot->sessions, t->key, now_s), t->asked, t->reply);
}

static void answer_with(struct turn *t, const struct reply *reply)
{
    t->reply = reply;
    take_call(t);
    tell(t);
    record(t);
}

static void answered(void *ctx, const struct reply *reply)
{
    struct turn *t = ctx;
    if (t->bot->ended) /* turns_free() has the rest */
        return;
    unstall(t->bot->turns);
    heard_keep(t->bot->heard, &t->question, reply, t->sent_ms);
    answer_with(t, reply);
}

/* ---- from the question to a thread ---- */

/* What was said before, copied: the session may be told something new while a thread reads it. */
static void recall(struct turn *t, struct question *q)
{
    uint64_t now_s = loop_now_ms(t->bot->loop) / 1000;
    session_recall(session_get(t->bot->sessions, t->key, now_s), t->in.text, t->pool, q);
    t->asked = q->text;
}

/* What many get is made once. On the loop: the table is its own. */
static void find_same(struct turn *t)
{
    const struct adapter *a = t->adapter;
    const struct heard_reply *h = t->heard;
    if (!a->type->render_same)
        return;
    if (!h->adapter) {
        struct buf b;
        buf_init(&b, MAX_REPLY_JSON);
        bool some = a->type->render_same(a, &h->reply, t->in.form, &b) && !buf_failed(&b);
        heard_keep_same(h, a, t->in.form, some ? b.s : NULL, b.len);
        buf_release(&b);
    }
    if (h->adapter == a && h->form == t->in.form) {
        t->same = h->same;
        t->nsame = h->nsame;
    }
}

/* What is asked, as it is understood behind what was said before. */
static void understand(struct turn *t)
{
    const char *audience = bot_audience(t->adapter);
    struct question q = {.lang = t->in.lang,
                         .audience = audience ? pool_strdup(t->pool, audience) : NULL};
    t->asked = t->in.text;
    if (*t->key)
        recall(t, &q);
    q.text = t->asked;
    q.len = strlen(t->asked);
    t->question = q;
    t->sent_ms = loop_now_ms(t->bot->loop);
}

/* True: it waits for a thread. False: it has its reply, and may be no more. */
static bool begin(struct turn *t)
{
    understand(t);
    bool hopeless = t->item.tries > INBOX_TRIES; /* it may be what ended the program */
    bool early = t->item.id && bot_loading(t->bot);
    t->heard = hopeless || early ? NULL : heard_find(t->bot->heard, &t->question, t->sent_ms);
    if (t->heard) {
        t->bot->counts.heard++;
        find_same(t);
        answer_with(t, &t->heard->reply);
        return false;
    }
    int err = hopeless ? -EINVAL
              : early  ? -EBUSY
                       : work_ask(t->bot->work, t->pool, &t->question, answered, NULL, t);
    if (!err)
        return true;
    if (err == -EBUSY && t->item.id) {
        struct turns *all = t->bot->turns;
        *all->stalled_end = t;
        all->stalled_end = &t->stalled;
        return true;
    }
    struct reply *sorry = pool_alloc(t->pool, sizeof *sorry);
    answer_sorry(t->pool, sorry);
    answer_with(t, sorry);
    return false;
}

/* "web:abc", or a hash when an adapter's names are longer than a session's may be. */
static const char *key_of(struct pool *pool, const char *adapter, const char *conversation)
{
    if (!conversation || !*conversation)
        return "";
    size_t nadapter = strlen(adapter), n = strlen(conversation);
    char *key = pool_alloc(pool, nadapter + n + 2);
    memcpy(key, adapter, nadapter);
    key[nadapter] = ':';
    memcpy(key + nadapter + 1, conversation, n);
    if (nadapter + 1 + n <= MAX_KEY)
        return key;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)key, strlen(key), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return pool_printf(pool, "%s#%s", adapter, hex);
}

static struct turn *turn_new(struct adapter *a, struct pool *pool, const struct inbound *in,
                             const char *text)
{
    struct turn *t = pool_alloc(pool, sizeof *t);
    t->bot = a->bot;
    t->adapter = a;
    t->pool = pool;
    t->in = *in;
    t->in.text = text;
    t->in.len = strlen(text);
    t->in.conversation = pool_strdup(pool, in->conversation);
    t->in.lang = in->lang && *in->lang ? pool_strdup(pool, in->lang) : NULL;
    t->in.ref = in->ref ? pool_strdup(pool, in->ref) : NULL;
    t->in.claim = in->claim ? pool_strdup(pool, in->claim) : NULL;
    struct inbox_also *also = pool_array(pool, in->nalso + 1, sizeof *also);
    for (size_t i = 0; i < in->nalso; i++)
        also[i] = (struct inbox_also){
            in->also[i].id, in->also[i].claim ? pool_strdup(pool, in->also[i].claim) : NULL};
    t->in.also = also;
    t->in.lane = in->lane ? pool_strdup(pool, in->lane) : NULL;
    t->in.note = in->note ? pool_strdup(pool, in->note) : NULL;
    if (in->item)
        t->item = *in->item;
    t->item.identity = t->item.body = NULL; /* the adapter's */
    t->in.item = NULL;
    t->key = key_of(pool, a->type->name, in->conversation);
    bool own_lane = in->lane && strcmp(in->lane, t->in.conversation);
    t->line = own_lane ? key_of(pool, a->type->name, in->lane) : t->key;
    t->began_us = clock_us();
    return t;
}

int bot_check(const struct adapter *a, const char *text, size_t len)
{
    struct bot_counts *c = &a->bot->counts;
    int err = typed_check(text, len);
    c->refused_long += err == -E2BIG;
    c->refused_empty += err == -EINVAL;
    return err;
}

static int accept_turn(struct adapter *a, struct pool *pool, const struct inbound *in)
{
    struct bot *bot = a->bot;
    if (bot->draining && !in->item) /* what was taken in is answered, if there is time */
        return -ESHUTDOWN;
    if (!in->item && bot_loading(bot))
        return -ENODATA;
    int err = bot_check(a, in->text, in->len);
    if (err)
        return err;
    const char *text = redact_for(bot->config, pool, typed_clean(pool, in->text, in->len));
    struct turn *t = turn_new(a, pool, in, text);
    size_t before = open_of(bot->turns, t->line);
    if (!t->item.id && (bot->turns->n >= MAX_QUEUE || before >= MAX_CONVERSATION_WAITING))
        return bot->counts.refused_busy++, -EBUSY;
    enter(bot->turns, t);
    if (!before)
        begin(t);
    return 0;
}

int bot_receive(struct adapter *a, const struct inbound *in)
{
    struct pool *pool = pool_new();
    int err = accept_turn(a, pool, in);
    if (err)
        pool_free(pool);
    return err;
}

/* ---- a reply that is known before the question is on disk ---- */

static bool foresee(struct turn *t)
{
    if (open_of(t->bot->turns, t->line) || bot_loading(t->bot))
        return false;
    understand(t);
    t->heard = heard_find(t->bot->heard, &t->question, t->sent_ms);
    if (!t->heard)
        return false;
    t->reply = &t->heard->reply;
    if (t->reply->person != PERSON_UNMENTIONED) /* the staff comes in: one thing at a time */
        return false;
    find_same(t);
    fill_row(t);
    prepare_close(t);
    return true;
}

struct turn *turn_foresee(struct adapter *a, const struct inbound *in)
{
    struct pool *pool = pool_new();
    const char *text = redact_for(a->bot->config, pool, typed_clean(pool, in->text, in->len));
    struct turn *t = turn_new(a, pool, in, text);
    if (foresee(t))
        return t;
    turn_foreseen(t, false);
    return NULL;
}

void turn_foreseen(struct turn *t, bool answered)
{
    if (answered) {
        t->bot->counts.heard++;
        tell(t);
        count(t);
    }
    heard_release(t->bot->heard, t->heard);
    pool_free(t->pool); /* and t */
}

void turns_forget(struct turns *all, const struct adapter *a, const char *conversation)
{
    struct pool *pool = pool_new();
    session_forget(all->bot->sessions, key_of(pool, a->type->name, conversation));
    pool_free(pool);
}
