/* desk_ticket.c: the triage queue as JSON, and what is done with a ticket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "kb/pool.h"

#define PAGE       50
#define MAX_EVENTS 200 /* of a conversation, the last ones */
#define MAX_TURNS  20  /* of one without a transcript */
#define MAX_TEXT   2000
#define MAX_WHAT   32
#define MAX_SEARCH 200
#define MAX_LIKE   100   /* done at once, a few milliseconds of the journal */
#define UNDO_MS    15000 /* ten seconds on the page, and the way there */

static const struct {
    const char *name;
    int why;
} reasons[] = {
    {"none", TICKET_NONE}, {"low", TICKET_LOW}, {"down", TICKET_DOWN}, {"person", TICKET_PERSON}};
static const char *const states[] = {"new", "claimed", "closed", "ignored"};

/* ---- the queue ---- */

static void add_ticket(struct buf *b, const struct store_ticket *t)
{
    const char *comma = "";
    buf_addf(b, "{\"id\":%lld,\"at\":%lld,\"changed\":%lld,\"why\":[", (long long)t->id,
             (long long)t->at_ms, (long long)t->changed_ms);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (t->why & reasons[i].why) {
            buf_addf(b, "%s\"%s\"", comma, reasons[i].name);
            comma = ",";
        }
    buf_addf(b, "],\"state\":\"%s\",\"kind\":\"%s\",\"confidence\":%.4f", states[t->state & 3],
             t->kind, t->confidence);
    json_add_member(b, "channel", t->adapter);
    json_add_member(b, "question", t->question);
    json_add_member(b, "owner", t->owner);
    json_add_member(b, "outcome", t->outcome);
}

struct listing {
    struct buf *b;
    size_t n;
    int64_t last;
};

/* The one behind the last of a page only says that there are more. */
static void list_one(void *ctx, const struct store_ticket *t)
{
    struct listing *l = ctx;
    if (l->n++ == PAGE)
        return;
    if (l->n > 1)
        buf_addc(l->b, ',');
    add_ticket(l->b, t);
    buf_addc(l->b, '}');
    l->last = t->id;
}

/* "none" "low" "down" "person": open ones with that reason; "mine"; "over"; or all that are open. */
static int read_which(const struct desk_request *rq, struct store_queue *q)
{
    const char *what = desk_text(rq, "what", MAX_WHAT);
    if (!what || !*what || !strcmp(what, "open"))
        return 0;
    if (!strcmp(what, "mine")) {
        q->owner = rq->me.user;
        return 0;
    }
    if (!strcmp(what, "over")) {
        q->over = true;
        return 0;
    }
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (!strcmp(what, reasons[i].name)) {
            q->why = reasons[i].why;
            return 0;
        }
    return -EINVAL;
}

struct open_ones {
    struct pool *pool;
    struct desk_worth *w;
    size_t n, cap;
};

static void keep_open(void *ctx, int64_t id)
{
    struct open_ones *o = ctx;
    POOL_PUSH(o->pool, o->w, o->n, o->cap)->id = id;
}

struct weighed {
    struct listing *l;
    size_t asks, like;
};

static void list_weighed(void *ctx, const struct store_ticket *t)
{
    const struct weighed *w = ctx;
    buf_adds(w->l->b, w->l->n++ ? "," : "");
    add_ticket(w->l->b, t);
    buf_addf(w->l->b, ",\"asks\":%zu,\"like\":%zu}", w->asks, w->like);
}

/* Of those that ask the same the first one stays. like[i]: how many others there are of w[i]'s. How many are left. */
static size_t fold(struct pool *pool, struct desk_worth *w, size_t n, size_t **ret_like)
{
    size_t groups = 0, left = 0;
    for (size_t i = 0; i < n; i++)
        if (w[i].group != SIZE_MAX && w[i].group >= groups)
            groups = w[i].group + 1;
    size_t *first = pool_array(pool, groups, sizeof *first); /* 1 + where its first one is */
    size_t *like = *ret_like = pool_array(pool, n, sizeof *like);
    for (size_t i = 0; i < n; i++) {
        size_t *at = w[i].group == SIZE_MAX ? NULL : &first[w[i].group];
        if (at && *at) {
            like[*at - 1]++;
            continue;
        }
        w[left++] = w[i];
        if (at)
            *at = left;
    }
    return left;
}

/* A page of those that are worth most, from the how manieth on. Which are open is asked of the store, what they are worth of the
 * survey, which may be seconds old. *ret_known: they could be weighed. */
static int list_worth(struct store *s, struct desk_request *rq, int why, struct listing *l,
                      bool *ret_known)
{
    struct open_ones o = {.pool = rq->pool};
    size_t *like;
    int64_t from = desk_number(rq, "from");
    int err = store_open_tickets(s, why, keep_open, &o);
    if (err || !(*ret_known = desk_cluster_sort(rq->desk, o.w, o.n)))
        return err;
    size_t n = fold(rq->pool, o.w, o.n, &like), at = from ? (size_t)from - 1 : 0;
    size_t end = at + PAGE < n ? at + PAGE : n;
    for (; at < end && !err; at++)
        err =
            store_ticket(s, o.w[at].id, list_weighed, &(struct weighed){l, o.w[at].asks, like[at]});
    buf_addf(l->b, "],\"from\":%zu,\"next\":0}", end < n ? end + 1 : 0);
    return err;
}

int desk_queue(struct store *s, struct desk_request *rq)
{
    struct store_queue q = {.before = desk_number(rq, "before"),
                            .containing = desk_text(rq, "q", MAX_SEARCH),
                            .max = PAGE + 1};
    int64_t n[5] = {0};
    struct listing l = {.b = &rq->body};
    int err = read_which(rq, &q);
    if (q.containing && !*q.containing)
        q.containing = NULL;
    if (!err)
        err = store_count_tickets(s, n);
    if (err)
        return err;
    buf_addf(&rq->body,
             "{\"open\":{\"none\":%lld,\"low\":%lld,\"down\":%lld,\"person\":%lld,\"all\":%lld},"
             "\"tickets\":[",
             (long long)n[0], (long long)n[1], (long long)n[2], (long long)n[3], (long long)n[4]);
    const char *sort = desk_text(rq, "sort", MAX_WHAT);
    bool known = false;
    bool mine = q.owner == rq->me.user;
    if (sort && !strcmp(sort, "worth") && !q.over && !mine && !q.containing && !q.before)
        err = list_worth(s, rq, q.why, &l, &known);
    if (err || known)
        return err;
    err = store_tickets(s, &q, list_one, &l);
    buf_addf(&rq->body, "],\"next\":%lld}", (long long)(l.n > PAGE ? l.last : 0));
    return err;
}

/* ---- one of them ---- */

static void whole(void *ctx, const struct store_ticket *t)
{
    struct desk_request *rq = ctx;
    add_ticket(&rq->body, t);
    buf_adds(&rq->body, ",\"reply\":");
    buf_adds(&rq->body, *t->reply ? t->reply : "{}");
}

static void add_event(void *ctx, int64_t seq, int64_t at_ms, const char *body)
{
    struct listing *l = ctx;
    buf_addf(l->b, "%s{\"seq\":%lld,\"when\":%lld,%s}", l->n++ ? "," : "", (long long)seq,
             (long long)at_ms, body);
}

/* Where no transcript is kept (Slack, Matrix): a question with its reply, as if they were two events. */
static void add_turn(void *ctx, const struct store_ticket *t)
{
    struct listing *l = ctx;
    buf_addf(l->b, "%s{\"when\":%lld,\"t\":\"msg\",\"from\":\"user\",\"text\":", l->n++ ? "," : "",
             (long long)t->at_ms);
    json_add_string(l->b, t->question, strlen(t->question));
    buf_addf(l->b, "},{\"when\":%lld,\"t\":\"turn\",\"id\":\"%lld\",\"reply\":%s}",
             (long long)t->at_ms, (long long)t->id, *t->reply ? t->reply : "{}");
}

static void add_note(void *ctx, const struct store_ticket_note *n)
{
    struct listing *l = ctx;
    buf_addf(l->b, "%s{\"ms\":%lld", l->n++ ? "," : "", (long long)n->at_ms);
    json_add_member(l->b, "who", n->who);
    json_add_member(l->b, "what", n->what);
    json_add_member(l->b, "text", n->text);
    buf_addc(l->b, '}');
}

int desk_ticket(struct store *s, struct desk_request *rq)
{
    struct listing events = {.b = &rq->body}, notes = {.b = &rq->body};
    char object[40];
    int64_t id = desk_number(rq, "id");
    int err = store_ticket(s, id, whole, rq);
    buf_adds(&rq->body, ",\"events\":[");
    if (!err)
        err = store_ticket_events(s, id, MAX_EVENTS, add_event, &events);
    if (!err && !events.n)
        err = store_ticket_turns(s, id, MAX_TURNS, add_turn, &events);
    buf_adds(&rq->body, "],\"log\":[");
    if (!err)
        err = store_ticket_log(s, id, add_note, &notes);
    buf_adds(&rq->body, "]}");
    snprintf(object, sizeof object, "ticket:%lld", (long long)id);
    return err ? err : desk_audit(s, rq, "ticket.read", object, NULL, NULL);
}

/* ---- what is done with one ---- */

#define OPEN (1 << TICKET_NEW | 1 << TICKET_CLAIMED)
#define OVER (1 << TICKET_CLOSED | 1 << TICKET_IGNORED)
#define SAME (-1)

static const struct act {
    const char *name;
    int from, to;
    bool owns;   /* whoever does it has it from then on */
    bool others; /* also when it is somebody else's */
    bool text;   /* needs some */
    bool gives;  /* to whom `text` names */
    bool all;    /* also those that ask the same */
} acts[] = {
    {"claim", OPEN, TICKET_CLAIMED, .owns = true},
    {"take", OPEN, TICKET_CLAIMED, .owns = true, .others = true},
    {"assign", OPEN, TICKET_CLAIMED, .others = true, .text = true, .gives = true},
    {"release", 1 << TICKET_CLAIMED, TICKET_NEW, .owns = false},
    {"close", OPEN, TICKET_CLOSED, .owns = true, .all = true},
    {"duplicate", OPEN, TICKET_CLOSED, .owns = true, .all = true},
    {"ignore", OPEN, TICKET_IGNORED, .owns = true, .all = true},
    {"reopen", OVER, TICKET_NEW, .others = true},
    {"note", OPEN | OVER, SAME, .text = true},
};

static const struct act *act_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof acts / sizeof acts[0]; i++)
        if (!strcmp(name, acts[i].name))
            return &acts[i];
    return NULL;
}

/* A ticket as it was, with copies of its texts. */
static void keep(void *ctx, const struct store_ticket *t)
{
    struct desk_request *rq = ctx;
    struct store_ticket *was = rq->out = pool_alloc(rq->pool, sizeof *was);
    was->state = t->state;
    was->owner = t->owner ? pool_strdup(rq->pool, t->owner) : NULL;
    was->outcome = t->outcome ? pool_strdup(rq->pool, t->outcome) : NULL;
}

static void find_agent(void *ctx, const struct store_user *u)
{
    struct desk_request *rq = ctx;
    if (u->role >= ROLE_AGENT)
        rq->out = pool_strdup(rq->pool, u->name);
}

/* Whose it is then; NULL with *ret_err when there is nobody of that name who could do something about it. */
static const char *owner_after(struct store *s, struct desk_request *rq, const struct act *act,
                               const char *text, int *ret_err)
{
    if (!act->gives)
        return act->owns ? rq->me.user : NULL;
    rq->out = NULL;
    *ret_err = store_users(s, text, find_agent, rq);
    if (!*ret_err && !rq->out) {
        *ret_err = -EINVAL;
        rq->problem = "There is nobody of that name with the role agent or more";
    }
    return rq->out;
}

static int change(struct store *s, struct desk_request *rq, const struct act *act,
                  struct store_ticket_note *n)
{
    int err = 0;
    struct store_ticket_change c = {.id = n->id,
                                    .at_ms = n->at_ms,
                                    .from = act->from,
                                    .to = (enum ticket_state)act->to,
                                    .owner = owner_after(s, rq, act, n->text, &err),
                                    .outcome = act->to >= TICKET_CLOSED ? act->name : NULL,
                                    .only_of = act->others ? NULL : rq->me.user};
    if (err || act->to == SAME || (err = store_ticket(s, n->id, keep, rq)))
        return err;
    n->was = rq->out;
    return store_change_ticket(s, &c);
}

/* An audit row, "close" or "close, and 12 like it". */
static int done(struct store *s, struct desk_request *rq, int64_t id, size_t n, const char *action,
                const char *before, const char *after)
{
    char object[40], what[64];
    snprintf(object, sizeof object, "ticket:%lld", (long long)id);
    snprintf(what, sizeof what, "%s, and %zu like it", after ? after : before, n - 1);
    buf_addf(&rq->body, "{\"done\":true,\"n\":%zu}", n);
    return desk_audit(s, rq, action, object, n > 1 && before ? what : before,
                      n > 1 && after ? what : after);
}

/* The same with those that ask the same: as far as they are open, and nobody else's. */
static int act_on_like(struct store *s, struct desk_request *rq, const struct act *act,
                       const struct store_ticket_note *first, size_t *ret_n)
{
    int64_t id[MAX_LIKE];
    size_t n = desk_cluster_like(rq->desk, first->id, MAX_LIKE, id);
    for (size_t i = 0; i < n; i++) {
        struct store_ticket_note note = *first;
        note.id = id[i];
        int err = change(s, rq, act, &note);
        if (!err)
            err = store_log_ticket(s, &note);
        if (err && err != -EBUSY && err != -ENOENT)
            return err;
        *ret_n += !err;
    }
    return 0;
}

int desk_act(struct store *s, struct desk_request *rq)
{
    const struct act *act = act_named(desk_text(rq, "what", MAX_WHAT));
    const char *text = desk_text(rq, "text", SIZE_MAX);
    size_t n = 1;
    struct store_ticket_note note = {.id = desk_number(rq, "id"),
                                     .at_ms = clock_wall_ms(),
                                     .who = rq->me.user,
                                     .what = act ? act->name : "",
                                     .text = text && *text ? text : NULL};
    if (!act || (act->text && !note.text) || (note.text && strlen(note.text) > MAX_TEXT))
        return -EINVAL;
    int err = change(s, rq, act, &note);
    if (!err)
        err = store_log_ticket(s, &note);
    if (!err && act->all && desk_number(rq, "all"))
        err = act_on_like(s, rq, act, &note, &n);
    return err ? err : done(s, rq, note.id, n, "ticket.act", NULL, act->name);
}

/* What was done together with that. How many in *ret_n; one that somebody has changed since stays as it is. */
static int undo_like(struct store *s, const struct store_ticket_note *n,
                     const struct store_undone *first, size_t *ret_n)
{
    int64_t id[MAX_LIKE];
    int like = store_done_with(s, n->who, first, MAX_LIKE, id), err = like < 0 ? like : 0;
    for (int i = 0; i < like && !err; i++) {
        struct store_ticket_note one = *n;
        struct store_undone other;
        one.id = id[i];
        err = store_undo_ticket(s, &one, first->at_ms, &other);
        *ret_n += !err;
        err = err == -ENOENT ? 0 : err;
    }
    return err;
}

int desk_undo(struct store *s, struct desk_request *rq)
{
    int64_t now = clock_wall_ms();
    struct store_undone first;
    struct store_ticket_note n = {
        .id = desk_number(rq, "id"), .at_ms = now, .who = rq->me.user, .what = "undo"};
    size_t count = 1;
    int err = store_undo_ticket(s, &n, now - UNDO_MS, &first);
    if (err == -ENOENT)
        rq->problem =
            "It is too late to undo that, or something else has happened since; look again";
    if (!err)
        err = undo_like(s, &n, &first, &count);
    return err ? err
               : done(s, rq, n.id, count, "ticket.undo", pool_strdup(rq->pool, first.what), NULL);
}

/* ---- to whom ---- */

static void list_agent(void *ctx, const struct store_user *u)
{
    struct listing *l = ctx;
    if (u->role < ROLE_AGENT)
        return;
    buf_adds(l->b, l->n++ ? "," : "");
    json_add_string(l->b, u->name, strlen(u->name));
}

int desk_people(struct store *s, struct desk_request *rq)
{
    struct listing l = {.b = &rq->body};
    buf_adds(&rq->body, "{\"people\":[");
    int err = store_users(s, NULL, list_agent, &l);
    buf_adds(&rq->body, "]}");
    return err;
}
