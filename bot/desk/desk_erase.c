/* desk_erase.c: what is kept of somebody: found, looked over, taken out, and erased; the same as guidepost export and guidepost erase.
 *
 * An export goes in parts of some hundred rows: `next` of one is `after` of the next, and whoever asks puts them together. So
 * neither memory nor the other pages feel how much there is. Who takes data away is on record before the first line leaves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/takeout.h"
#include "kb/pool.h"

#define FOUND    50
#define LINES    500
#define MAX_NAME 300 /* of a conversation, with its adapter */
#define MAX_TEXT 200

/* ---- found ---- */

struct listing {
    struct buf *b;
    size_t n;
};

static void add_trace(void *ctx, const struct store_trace *t)
{
    struct listing *l = ctx;
    buf_adds(l->b, l->n++ ? ",{" : "{");
    json_add_member(l->b, "adapter", t->adapter);
    json_add_member(l->b, "conversation", t->conversation);
    json_add_count(l->b, "turn", t->turn);
    json_add_count(l->b, "questions", t->turns);
    json_add_count(l->b, "first", t->first_ms);
    json_add_count(l->b, "last", t->last_ms);
    buf_addc(l->b, '}');
}

int desk_find(struct store *s, struct desk_request *rq)
{
    const char *text = desk_text(rq, "text", MAX_TEXT);
    struct listing l = {.b = &rq->body};
    if (!text || strlen(text) < 3) {
        rq->problem = "Type three letters or more";
        return -EINVAL;
    }
    buf_adds(&rq->body, "{\"found\":[");
    int err = store_traces(s, text, FOUND, add_trace, &l);
    buf_addf(&rq->body, "],\"more\":%s}", l.n == FOUND ? "true" : "false");
    return err;
}

/* Which one is meant: conversation "web:4f1c", or the number of a question that belongs to none. */
static int read_trace(const struct desk_request *rq, struct store_trace *t)
{
    const char *name = desk_text(rq, "conversation", MAX_NAME);
    *t = (struct store_trace){.adapter = "", .conversation = "", .turn = desk_number(rq, "turn")};
    if (t->turn)
        return name && *name ? -EINVAL : 0;
    if (!name)
        return -EINVAL;
    return takeout_conversation(pool_strdup(rq->pool, name), &t->adapter, &t->conversation)
               ? 0
               : -EINVAL;
}

int desk_trace(struct store *s, struct desk_request *rq)
{
    struct store_trace t;
    struct buf *b = &rq->body;
    int err = read_trace(rq, &t);
    if (!err)
        err = store_trace(s, &t);
    if (err == -ENOENT)
        rq->problem = "Nothing is kept of that";
    if (err)
        return err;
    buf_addc(b, '{');
    json_add_count(b, "questions", t.turns);
    json_add_count(b, "first", t.first_ms);
    json_add_count(b, "last", t.last_ms);
    json_add_count(b, "events", t.events);
    json_add_count(b, "votes", t.votes);
    json_add_count(b, "wishes", t.wishes);
    json_add_count(b, "tickets", t.tickets);
    json_add_count(b, "notes", t.notes);
    buf_addc(b, '}');
    return 0;
}

int desk_kept(struct store *s, struct desk_request *rq)
{
    int64_t n, first;
    int err = store_kept_since(s, &n, &first);
    buf_addc(&rq->body, '{');
    json_add_count(&rq->body, "questions", n);
    json_add_count(&rq->body, "first", first);
    json_add_count(&rq->body, "days", rq->retention_days);
    buf_addc(&rq->body, '}');
    return err;
}

/* ---- taken out ---- */

void desk_send_lines(struct desk_request *rq, const char *type, const char *file)
{
    const struct desk_lines *out = rq->out;
    buf_add(&rq->body, out->text, out->len);
    rq->next = out->next;
    rq->type = type;
    rq->file = file;
}

struct taking {
    struct buf b;
    bool csv;
    size_t n;
    int64_t last;
};

static void take(void *ctx, const struct store_exported *e)
{
    struct taking *t = ctx;
    (t->csv ? takeout_csv : takeout_json)(&t->b, e);
    t->n++;
    t->last = e->turn.id;
}

static bool wants_csv(const struct desk_request *rq)
{
    const char *format = desk_text(rq, "format", 8);
    return format && !strcmp(format, "csv");
}

int desk_prepare_export(struct store *s, struct desk_request *rq)
{
    struct desk_lines *out = rq->out = pool_alloc(rq->pool, sizeof *out);
    const char *name = desk_text(rq, "conversation", MAX_NAME), *since = desk_text(rq, "since", 10);
    struct store_export what = {.after = desk_number(rq, "after"), .max = LINES};
    struct taking t = {.csv = wants_csv(rq)};
    if (name && *name &&
        !takeout_conversation(pool_strdup(rq->pool, name), &what.adapter, &what.conversation))
        return -EINVAL;
    if (since && *since && (what.since_ms = takeout_day(since)) < 0)
        return -EINVAL;
    buf_init(&t.b, DESK_JSON);
    if (t.csv && !what.after)
        buf_adds(&t.b, TAKEOUT_CSV);
    int err = store_export(s, &what, take, &t);
    *out = (struct desk_lines){.text = pool_strndup(rq->pool, t.b.s, t.b.len),
                               .len = t.b.len,
                               .next = t.n == LINES ? t.last : 0};
    if (!err && buf_failed(&t.b))
        err = -E2BIG;
    buf_release(&t.b);
    return err;
}

int desk_export(struct store *s, struct desk_request *rq)
{
    bool csv = wants_csv(rq);
    const char *name = desk_text(rq, "conversation", MAX_NAME);
    desk_send_lines(rq, csv ? "text/csv; charset=utf-8" : "application/jsonl",
                    csv ? "questions.csv" : "questions.jsonl");
    /* of which adapter, as guidepost export says it; whose conversation would outlive its erasing */
    const char *object = name && *name ? pool_strndup(rq->pool, name, strcspn(name, ":")) : "all";
    return desk_number(rq, "after")
               ? 0
               : desk_audit(s, rq, "export", object, NULL, csv ? "csv" : "json");
}

/* ---- erased ---- */

int desk_erase(struct store *s, struct desk_request *rq)
{
    const char *confirm = desk_text(rq, "confirm", 16);
    struct store_trace t;
    int err = read_trace(rq, &t);
    if (!err && (!confirm || strcmp(confirm, "erase") != 0)) {
        rq->problem = "Type the word erase, to say that it is meant";
        return -EINVAL;
    }
    if (!err)
        err = t.turn ? store_erase_turn(s, t.turn)
                     : store_erase(s, t.adapter, t.conversation, clock_wall_ms());
    if (err == -ENOENT)
        rq->problem = "There is no such question outside of conversations";
    if (err)
        return err;
    rq->forget_adapter = t.adapter; /* in memory, too: desk.c */
    rq->forget = t.conversation;
    buf_adds(&rq->body, "{\"done\":true}");
    return desk_audit(s, rq, "erase", t.turn ? "question" : t.adapter, NULL, NULL);
}
