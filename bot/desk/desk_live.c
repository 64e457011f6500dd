/* desk_live.c: conversations that people have, as the console sees them and acts on them. The steps are those of handoff.c; here they
 * get an actor, a name for what was done, so that it is done once, and a row in the audit. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/handoff.h"
#include "bot/json.h"
#include "kb/pool.h"

#define MAX_TALKS   200
#define MAX_EVENTS  200
#define MAX_CID     64
#define MAX_WHAT    32
#define MAX_SETTING 1000

static const char *mode_name(enum store_mode mode)
{
    return mode == MODE_HUMAN ? "person" : mode == MODE_WAITING ? "waiting" : "bot";
}

static void add_talk(struct buf *b, const struct store_live *l)
{
    buf_addf(b, "\"conv\":%lld,\"ticket\":%lld,\"mode\":\"%s\",\"since\":%lld",
             (long long)l->conversation, (long long)l->ticket, mode_name(l->mode),
             (long long)l->since_ms);
    buf_addf(b, ",\"asker\":%lld,\"staff\":%lld", (long long)l->asker_ms, (long long)l->staff_ms);
    json_add_member(b, "channel", l->adapter);
    json_add_member(b, "owner", l->owner);
    json_add_member(b, "who", l->who);
}

struct listing {
    struct buf *b;
    size_t n;
};

static void list_one(void *ctx, const struct store_live *l, const char *question)
{
    struct listing *list = ctx;
    buf_adds(list->b, list->n++ ? ",{" : "{");
    add_talk(list->b, l);
    json_add_member(list->b, "question", question);
    buf_addc(list->b, '}');
}

int desk_live_queue(struct store *s, struct desk_request *rq)
{
    struct listing list = {.b = &rq->body};
    buf_adds(&rq->body, "{\"t\":\"queue\",\"talks\":[");
    int err = store_lives(s, MAX_TALKS, list_one, &list);
    buf_addf(&rq->body, "],\"now\":%lld}", (long long)clock_wall_ms());
    return err;
}

/* ---- one of them ---- */

static int find(struct store *s, const struct desk_request *rq, int64_t *ret)
{
    int64_t ticket = desk_number(rq, "ticket");
    *ret = desk_number(rq, "conv");
    if (*ret)
        return 0;
    return ticket ? store_live_of_ticket(s, ticket, clock_wall_ms(), ret) : -EINVAL;
}

static void add_event(void *ctx, int64_t seq, const char *body, size_t len)
{
    struct listing *list = ctx;
    buf_addf(list->b, "%s{\"seq\":%lld,%.*s}", list->n++ ? "," : "", (long long)seq, (int)len,
             body);
}

static void add_ticket(void *ctx, const struct store_ticket *t)
{
    struct buf *b = ctx;
    json_add_member(b, "question", t->question);
    buf_addf(b, ",\"reply\":%s", *t->reply ? t->reply : "{}");
}

static int add_contact(struct store *s, int64_t conversation, struct buf *b)
{
    char *email, *note;
    int err = store_contact(s, conversation, &email, &note);
    if (!err && email) {
        json_add_member(b, "email", email);
        json_add_member(b, "email_note", note);
    }
    if (!err) {
        free(email);
        free(note);
    }
    return err;
}

int desk_live_open(struct store *s, struct desk_request *rq)
{
    struct store_live l = {0};
    struct listing list = {.b = &rq->body};
    struct desk_talk *talk = pool_alloc(rq->pool, sizeof *talk);
    char object[40];
    int64_t id, after = desk_number(rq, "after");
    int err = find(s, rq, &id);
    if (!err)
        err = store_live(s, id, &l);
    if (err)
        return err;
    if (!l.ticket && (err = store_last_turn(s, l.adapter, l.name, &l.ticket)) == -ENOENT)
        err = 0;
    if (!after && l.head > MAX_EVENTS)
        after = l.head - MAX_EVENTS;
    buf_adds(&rq->body, "{\"t\":\"conv\",");
    add_talk(&rq->body, &l);
    if (!err && l.ticket && (err = store_ticket(s, l.ticket, add_ticket, &rq->body)) == -ENOENT)
        err = 0;
    if (!err)
        err = add_contact(s, id, &rq->body);
    buf_addf(&rq->body, ",\"head\":%lld,\"events\":[", (long long)l.head);
    if (!err)
        err = store_events(s, id, after, MAX_EVENTS, add_event, &list);
    buf_adds(&rq->body, "]}");
    *talk = (struct desk_talk){id, pool_strdup(rq->pool, l.adapter), pool_strdup(rq->pool, l.name)};
    rq->out = talk;
    store_live_release(&l);
    snprintf(object, sizeof object, "conversation:%lld", (long long)id);
    return err ? err : desk_audit(s, rq, "live.read", object, NULL, NULL);
}

/* ---- what is done with one ---- */

static const struct act {
    const char *name;
    int what; /* enum handoff_what; NOTE */
    bool text;
} acts[] = {
    {"claim", HANDOFF_CLAIM, false},
    {"takeover", HANDOFF_TAKE, false},
    {"release", HANDOFF_RELEASE, false},
    {"reply", HANDOFF_SAY, true},
    {"return_to_bot", HANDOFF_RETURN, false},
    {"close", HANDOFF_CLOSE, false},
#define NOTE HANDOFF_WHATS
    {"note", NOTE, true},
};

static const struct act *act_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof acts / sizeof acts[0]; i++)
        if (!strcmp(name, acts[i].name))
            return &acts[i];
    return NULL;
}

/* As the inbox knows messages: by who did it and what they call it, with a digest of what it says. */
static struct store_message message_of(const struct desk_request *rq, const struct act *act,
                                       int64_t conversation)
{
    unsigned char hash[16];
    const char *text = desk_text(rq, "text", HANDOFF_TEXT);
    struct store_message m = {
        .adapter = "staff",
        .identity = pool_printf(rq->pool, "%s:%s", rq->me.user, desk_text(rq, "cid", MAX_CID)),
        .body = "",
        .at_ms = clock_wall_ms(),
        .state = INBOX_DONE};
    const char *all =
        pool_printf(rq->pool, "%s %lld %s", act->name, (long long)conversation, text ? text : "");
    crypto_generichash(hash, sizeof hash, (const unsigned char *)all, strlen(all), NULL, 0);
    memcpy(&m.digest, hash, sizeof m.digest);
    return m;
}

static int add_note(struct store *s, const struct desk_request *rq, int64_t conversation)
{
    struct store_live l = {0};
    int err = store_live(s, conversation, &l);
    struct store_ticket_note n = {.id = l.ticket,
                                  .at_ms = clock_wall_ms(),
                                  .who = rq->me.user,
                                  .what = "note",
                                  .text = desk_text(rq, "text", HANDOFF_TEXT)};
    store_live_release(&l);
    return err ? err : store_log_ticket(s, &n);
}

/* The texts of what was done, into the pool: nobody has to release them. */
static void keep(struct desk_request *rq, struct handoff_done *done)
{
    struct handoff_done *mine = pool_alloc(rq->pool, sizeof *mine);
    *mine = *done;
    mine->adapter = pool_strdup(rq->pool, done->adapter);
    mine->name = pool_strdup(rq->pool, done->name);
    for (size_t i = 0; i < done->n; i++)
        mine->event[i].body = pool_strdup(rq->pool, done->event[i].body);
    rq->out = mine;
    handoff_done_release(done);
}

/* "" is none, too. */
static const char *text_of(const struct desk_request *rq, const char *name)
{
    const char *s = desk_text(rq, name, MAX_SETTING);
    return s && *s ? s : NULL;
}

static int step(struct store *s, struct desk_request *rq, const struct act *act,
                struct store_message *m, int64_t conversation)
{
    struct handoff_done done = {0};
    struct handoff_act a = {.what = (enum handoff_what)act->what,
                            .conversation = conversation,
                            .ticket = desk_number(rq, "ticket"),
                            .actor = rq->me.user,
                            .shown = text_of(rq, "shown"),
                            .text = desk_text(rq, "text", HANDOFF_TEXT),
                            .room = text_of(rq, "room"),
                            .at_ms = m->at_ms};
    int err = handoff_apply(s, &a, &done);
    m->seq = done.n ? done.event[done.n - 1].seq : 0;
    if (!err)
        keep(rq, &done);
    handoff_done_release(&done);
    if (err == -EBUSY)
        rq->problem = act->what == HANDOFF_CLAIM
                          ? "Somebody else was faster"
                          : "You do not have this conversation: take it over first";
    return err;
}

int desk_live_act(struct store *s, struct desk_request *rq)
{
    const struct act *act = act_named(desk_text(rq, "what", MAX_WHAT));
    const char *cid = desk_text(rq, "cid", MAX_CID), *text = desk_text(rq, "text", HANDOFF_TEXT);
    char object[40];
    int64_t id = 0;
    rq->out = NULL;
    if (!act || !cid || !*cid || (act->text && !(text && *text)))
        return -EINVAL;
    int err = find(s, rq, &id);
    if (err)
        return err;
    struct store_message m = message_of(rq, act, id);
    err = store_find_message(s, &m);
    if (!err && !m.known) {
        err = act->what == NOTE ? add_note(s, rq, id) : step(s, rq, act, &m, id);
        if (!err)
            err = store_take_in(s, &m);
        snprintf(object, sizeof object, "conversation:%lld", (long long)id);
        if (!err)
            err = desk_audit(s, rq,
                             act->what == NOTE ? "live.note"
                                               : handoff_action((enum handoff_what)act->what),
                             object, NULL, NULL);
    } else if (!err && m.conflict) {
        rq->problem = "This cid was used for something else";
        err = -EINVAL;
    }
    buf_addf(&rq->body, "{\"t\":\"ack\",\"conv\":%lld,\"seq\":%lld%s,\"cid\":", (long long)id,
             (long long)m.seq, m.known ? ",\"dup\":true" : "");
    json_add_string(&rq->body, cid, strlen(cid));
    buf_addc(&rq->body, '}');
    return err;
}
