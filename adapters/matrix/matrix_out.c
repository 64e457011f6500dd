/* matrix_out.c: what the outbox sends. A letter is one reply in one or more parts and a note that says where it goes. Every part has
 * a transaction id that never changes, and the homeserver gives the same event for the same id: so whatever happens on the way,
 * a part is simply sent again.
 *
 *     no answer, 5xx, 429        the same once more, later
 *     what it relates to is gone once more beside it, under another id
 *     our device is not known    it is made, and the same once more
 *     the token is no good       everything waits for a person
 *     anything else              given up */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

#define MAX_EVENT 65000 /* bytes; they say 65,536, with what they add */

struct part {
    const char *body, *html;
};

struct sending {
    struct task task;
    int64_t id;
    const char *idem, *answer_id;
    struct matrix_place to;
    struct part part[MATRIX_MAX_PARTS];
    size_t nparts, next; /* next: to be sent */
    const char *replaces;
    bool unrelated;
    const char *first, *last; /* event ids of what is out */
};

static void go_on(struct sending *k);

/* ---- how it ended ---- */

static void end(struct sending *k, const struct outbox_outcome *o)
{
    struct matrix *m = k->task.adapter->state;
    outbox_done(m->adapter, k->id, o);
    task_free(&k->task);
}

static void later(struct sending *k, const char *why, long after_s, bool all)
{
    struct outbox_outcome o = {
        .result = OUTBOX_SAFE, .why = why, .retry_after_s = after_s, .pause_all = all};
    end(k, &o);
}

static void give_up(struct sending *k, const char *why)
{
    struct outbox_outcome o = {.result = OUTBOX_PERMANENT, .why = why};
    end(k, &o);
}

static void sent(struct sending *k)
{
    struct matrix *m = k->task.adapter->state;
    struct outbox_outcome o = {.result = OUTBOX_SENT, .remote = k->last};
    const char *typing = MATRIX_PATH(k->task.pool, "rooms", k->to.room, "typing", m->self.user);
    if (*k->to.asked && k->to.via == MATRIX_SEND && k->first)
        inbox_keep_note(m->adapter, pool_printf(k->task.pool, "~a:%s:%s", k->to.room, k->to.asked),
                        k->first, NULL, NULL);
    if (*k->to.asked && config_bool(bot_config(m->adapter->bot), "matrix.receipts"))
        matrix_tell(m, "PUT", typing, "{\"typing\":false}");
    end(k, &o);
}

static void failed(struct sending *k, const struct matrix_result *r)
{
    struct matrix *m = k->task.adapter->state;
    switch (r->class) {
    case MATRIX_DOWN:
        matrix_lost(m, r);
        later(k, r->error,
              m->logging_in ? 1
                            : (long)config_int(bot_config(m->adapter->bot), "matrix.retry_auth_s"),
              true);
        break;
    case MATRIX_DEVICE: later(k, r->error, 1, true); break;
    case MATRIX_LATER: later(k, r->error, r->retry_after_s, r->status == 429); break;
    case MATRIX_UNSURE: later(k, r->error, r->retry_after_s, false); break;
    case MATRIX_RELATION:
        if (!k->unrelated && k->to.via == MATRIX_SEND) {
            k->unrelated = true;
            go_on(k);
            break;
        } /* fall through */
    default: give_up(k, r->error);
    }
}

/* ---- one part after another ---- */

static void on_sent(void *ctx, const struct matrix_result *r)
{
    struct sending *k = ctx;
    const char *id =
        r->class == MATRIX_FINE ? json_string(r->json, "event_id", MATRIX_MAX_ID) : NULL;
    if (r->class != MATRIX_FINE) {
        failed(k, r);
        return;
    }
    k->last = pool_strdup(k->task.pool, id);
    if (!k->first)
        k->first = k->last;
    k->next++;
    go_on(k);
}

/* Unique for ever, and the same for every attempt. */
static const char *txn_of(struct sending *k)
{
    const struct matrix *m = k->task.adapter->state;
    return pool_printf(k->task.pool, "%s-%s-%zu%s", m->salt, k->idem, k->next,
                       k->unrelated ? "-p" : "");
}

static void put(struct sending *k, const char *path, const char *body)
{
    const struct matrix_call c = {.method = "PUT", .path = path, .body = body};
    matrix_call(k->task.adapter->state, &c, on_sent, k);
}

static void send_part(struct sending *k)
{
    const struct part *p = &k->part[k->next];
    const char *type = config_text(bot_config(k->task.adapter->bot), "matrix.answer_msgtype");
    bool rings = !strcmp(type, "m.text") && !k->replaces;
    struct matrix_content c = {.msgtype = type,
                               .body = p->body,
                               .html = p->html,
                               .mention = rings ? k->to.user : "",
                               .answer = k->answer_id,
                               .reply_to = k->unrelated ? "" : k->to.asked,
                               .thread = k->unrelated ? "" : k->to.thread,
                               .replaces = k->replaces && !k->next ? k->replaces : ""};
    struct buf b;
    buf_init(&b, MAX_EVENT);
    matrix_content(&c, &b);
    if (buf_failed(&b)) { /* an edit has everything twice: the words alone then */
        buf_clear(&b);
        c.html = "";
        matrix_content(&c, &b);
    }
    if (buf_failed(&b))
        give_up(k, "it is too big");
    else
        put(k, MATRIX_PATH(k->task.pool, "rooms", k->to.room, "send", "m.room.message", txn_of(k)),
            b.s);
    buf_release(&b);
}

static void go_on(struct sending *k)
{
    bool removes = k->to.via == MATRIX_REDACT;
    if (k->next == (removes ? 1 : k->nparts))
        sent(k);
    else if (removes)
        put(k, MATRIX_PATH(k->task.pool, "rooms", k->to.room, "redact", k->replaces, txn_of(k)),
            "{\"reason\":\"The question was removed\"}");
    else
        send_part(k);
}

/* The answer that is changed or removed has gone out before: it was in this lane, too. */
static void on_answer(void *ctx, int err, const char *value)
{
    struct sending *k = ctx;
    if (err) {
        later(k, "the state cannot be read", 2, false);
    } else if (!value && k->to.via == MATRIX_REDACT) {
        k->next = 1; /* there is nothing to remove */
        go_on(k);
    } else {
        if (value)
            k->replaces = pool_strdup(k->task.pool, value);
        else
            k->to.via = MATRIX_SEND; /* it never arrived: then this is the answer */
        go_on(k);
    }
}

/* ---- reading a letter ---- */

static bool read_letter(struct sending *k, const struct outbox_item *item)
{
    struct pool *pool = k->task.pool;
    cJSON *j = json_parse(item->body, strlen(item->body));
    const cJSON *part;
    k->answer_id = pool_strdup(pool, json_string(j, "id", 64));
    cJSON_ArrayForEach(part, json_array(j, "parts", NULL))
    {
        if (k->nparts == MATRIX_MAX_PARTS)
            break;
        k->part[k->nparts++] =
            (struct part){pool_strdup(pool, json_string(part, "body", MAX_EVENT)),
                          pool_strdup(pool, json_string(part, "html", MAX_EVENT))};
    }
    json_free(j);
    return matrix_place_read(pool, item->note, &k->to) && k->nparts;
}

void matrix_deliver(struct adapter *a, const struct outbox_item *item)
{
    struct matrix *m = a->state;
    struct sending *k = task_new(&m->tasks, sizeof *k);
    k->id = item->id;
    k->idem = pool_strdup(k->task.pool, item->idem);
    bool readable = read_letter(k, item);
    const char *key =
        readable ? pool_printf(k->task.pool, "~a:%s:%s", k->to.room, k->to.asked) : "";
    if (!m->known || m->down)
        later(k, m->down ? m->why_down : "not connected yet", m->down ? 5 : 1, true);
    else if (!readable)
        give_up(k, "it cannot be read");
    else if (k->to.via == MATRIX_SEND)
        go_on(k);
    else if (inbox_note(m->adapter, key, on_answer, k))
        on_answer(k, -EBUSY, NULL);
}
