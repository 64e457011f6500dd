/* desk_ticket.c: the triage queue as JSON, and what is done with a ticket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"

#define PAGE       50
#define MAX_EVENTS 200 /* of a conversation, the last ones */
#define MAX_TEXT   2000
#define MAX_WHAT   32

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

static void list_one(void *ctx, const struct store_ticket *t)
{
    struct listing *l = ctx;
    if (l->n++)
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

int desk_queue(struct store *s, struct desk_request *rq)
{
    struct store_queue q = {.before = desk_number(rq, "before"), .max = PAGE};
    int64_t n[5] = {0};
    struct listing l = {.b = &rq->body};
    int err = read_which(rq, &q);
    if (!err)
        err = store_count_tickets(s, n);
    if (err)
        return err;
    buf_addf(&rq->body,
             "{\"open\":{\"none\":%lld,\"low\":%lld,\"down\":%lld,\"person\":%lld,\"all\":%lld}"
             ",\"tickets\":[",
             (long long)n[0], (long long)n[1], (long long)n[2], (long long)n[3], (long long)n[4]);
    err = store_tickets(s, &q, list_one, &l);
    buf_addf(&rq->body, "],\"next\":%lld}", (long long)(l.n == PAGE ? l.last : 0));
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
    buf_addf(l->b, "%s{\"seq\":%lld,\"ms\":%lld,%s}", l->n++ ? "," : "", (long long)seq,
             (long long)at_ms, body);
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
} acts[] = {
    {"claim", OPEN, TICKET_CLAIMED, .owns = true},
    {"take", OPEN, TICKET_CLAIMED, .owns = true, .others = true},
    {"release", 1 << TICKET_CLAIMED, TICKET_NEW, .owns = false},
    {"close", OPEN, TICKET_CLOSED, .owns = true},
    {"ignore", OPEN, TICKET_IGNORED, .owns = true},
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

static int change(struct store *s, const struct desk_request *rq, int64_t id, const struct act *act)
{
    struct store_ticket_change c = {.id = id,
                                    .at_ms = clock_wall_ms(),
                                    .from = act->from,
                                    .to = (enum ticket_state)act->to,
                                    .owner = act->owns ? rq->me.user : NULL,
                                    .outcome = act->to >= TICKET_CLOSED ? act->name : NULL,
                                    .only_of = act->others ? NULL : rq->me.user};
    return act->to == SAME ? 0 : store_change_ticket(s, &c);
}

int desk_act(struct store *s, struct desk_request *rq)
{
    const struct act *act = act_named(desk_text(rq, "what", MAX_WHAT));
    const char *text = desk_text(rq, "text", SIZE_MAX);
    struct store_ticket_note n = {.id = desk_number(rq, "id"),
                                  .at_ms = clock_wall_ms(),
                                  .who = rq->me.user,
                                  .what = act ? act->name : "",
                                  .text = text && *text ? text : NULL};
    char object[40];
    if (!act || (act->text && !n.text) || (n.text && strlen(n.text) > MAX_TEXT))
        return -EINVAL;
    int err = change(s, rq, n.id, act);
    if (!err)
        err = store_log_ticket(s, &n);
    if (err)
        return err;
    snprintf(object, sizeof object, "ticket:%lld", (long long)n.id);
    buf_adds(&rq->body, "{\"done\":true}");
    return desk_audit(s, rq, "ticket.act", object, NULL, act->name);
}
