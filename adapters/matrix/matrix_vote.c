/* matrix_vote.c: reactions to our answers are votes. One person may react with several thumbs and take each of them back; what counts
 * is the last one that is still there. The reactions of one person to one answer are a note on disk, and changes of it go one
 * after another.
 *
 *     ~v:TURN:USER      what is there, oldest first: [{"id":"$reaction","v":"1"},…]
 *     ~r:ROOM:EVENT     whose reaction that is: "TURN USER" */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

struct matrix_vote {
    struct task task;
    struct matrix_vote *after;
    struct inbox_item item;
    struct matrix_event ev;
    int64_t turn;
    const char *user, *key;
};

static void begin(struct matrix_vote *v);

/* The first of the queue is being dealt with. */
static void next(struct matrix_vote *v)
{
    struct matrix *m = v->task.adapter->state;
    m->votes = v->after;
    if (!m->votes)
        m->votes_end = &m->votes;
    task_free(&v->task);
    if (m->votes)
        begin(m->votes);
}

static void ignore(struct matrix_vote *v, const char *why)
{
    matrix_ignore(v->task.adapter->state, &v->item, why);
    next(v);
}

static void voted(void *ctx, const struct inbox_receipt *r)
{
    struct matrix_vote *v = ctx;
    if (!r->err || r->err == -ENOENT) /* the answer is older than our memory */
        inbox_end(v->task.adapter, v->item.id, INBOX_WAS_DONE);
    next(v);
}

static void vote(struct matrix_vote *v, int value)
{
    struct inbox_vote iv = {.turn = v->turn, .v = value, .voter = v->user};
    struct inbox_message im = {
        .identity = pool_printf(v->task.pool, "v:%.200s", v->ev.id), .vote = &iv, .over = true};
    if (inbox_put(v->task.adapter, &im, voted, v))
        next(v); /* stays open */
}

/* ---- what is there ---- */

static cJSON *without(cJSON *list, const char *id)
{
    for (int i = cJSON_GetArraySize(list) - 1; i >= 0; i--) {
        const char *s = json_string(cJSON_GetArrayItem(list, i), "id", MATRIX_MAX_ID);
        if (!s || !strcmp(s, id))
            cJSON_DeleteItemFromArray(list, i);
    }
    return list;
}

static int last_of(const cJSON *list)
{
    int n = cJSON_GetArraySize(list);
    const char *v = n ? json_string(cJSON_GetArrayItem(list, n - 1), "v", 8) : NULL;
    return v ? atoi(v) : 0;
}

static void on_list(void *ctx, int err, const char *value)
{
    struct matrix_vote *v = ctx;
    struct matrix *m = v->task.adapter->state;
    bool adds = v->ev.kind == MATRIX_REACTION;
    const char *id = adds ? v->ev.id : v->ev.target;
    if (err) {
        next(v); /* stays open */
        return;
    }
    cJSON *list = value ? json_parse(value, strlen(value)) : NULL;
    list = without(list ? list : cJSON_CreateArray(), id);
    if (adds) {
        cJSON *one = cJSON_CreateObject();
        json_set_string(one, "id", id);
        json_set_string(one, "v", v->ev.vote > 0 ? "1" : "-1");
        cJSON_AddItemToArray(list, one);
        inbox_keep_note(m->adapter, pool_printf(v->task.pool, "~r:%s:%s", v->ev.room, id),
                        pool_printf(v->task.pool, "%lld %s", (long long)v->turn, v->user), NULL,
                        NULL);
    }
    inbox_keep_note(m->adapter, v->key, matrix_json_print(v->task.pool, list), NULL, NULL);
    vote(v, last_of(list));
    json_free(list);
}

static void look_at_list(struct matrix_vote *v)
{
    v->key = pool_printf(v->task.pool, "~v:%lld:%s", (long long)v->turn, v->user);
    if (inbox_note(v->task.adapter, v->key, on_list, v))
        on_list(v, -EBUSY, NULL);
}

/* ---- a redaction ---- */

/* Of a question, if it is one: its answer goes, too. */
static void on_question(void *ctx, int err, const char *note)
{
    struct matrix_vote *v = ctx;
    struct matrix *m = v->task.adapter->state;
    struct matrix_place place;
    bool wanted = config_bool(bot_config(m->adapter->bot), "matrix.redact_with_question");
    if (err) {
        next(v); /* stays open */
    } else if (!wanted || !matrix_place_read(v->task.pool, note, &place)) {
        ignore(v, "a redaction of what is not ours");
    } else {
        place.via = MATRIX_REDACT;
        matrix_say(m, &v->item, pool_printf(v->task.pool, "redact:%s", v->ev.target), "redacted",
                   &place);
        next(v);
    }
}

static void on_reactor(void *ctx, int err, const char *value)
{
    struct matrix_vote *v = ctx;
    struct matrix *m = v->task.adapter->state;
    char *user = NULL;
    if (err) {
        next(v); /* stays open */
        return;
    }
    if (value)
        v->turn = strtoll(value, &user, 10);
    if (user && *user == ' ') {
        v->user = pool_strdup(v->task.pool, user + 1);
        look_at_list(v);
        return;
    }
    const char *key = pool_printf(v->task.pool, "~q:%s:%s", v->ev.room, v->ev.target);
    if (inbox_note(m->adapter, key, on_question, v))
        on_question(v, -EBUSY, NULL);
}

/* ---- both ---- */

static void on_answer(void *ctx, int err, int64_t turn, const char *note)
{
    struct matrix_vote *v = ctx;
    (void)note;
    if (err == -ENOENT || (!err && !turn)) {
        ignore(v, "a reaction to what is no answer");
    } else if (err) {
        next(v); /* stays open */
    } else {
        v->turn = turn;
        v->user = v->ev.sender;
        look_at_list(v);
    }
}

static void begin(struct matrix_vote *v)
{
    struct adapter *a = v->task.adapter;
    const char *key = pool_printf(v->task.pool, "~r:%s:%s", v->ev.room, v->ev.target);
    if (v->ev.kind == MATRIX_REACTION) {
        if (outbox_find(a, v->ev.room, v->ev.target, on_answer, v))
            on_answer(v, -EBUSY, 0, NULL);
    } else if (inbox_note(a, key, on_reactor, v)) {
        on_reactor(v, -EBUSY, NULL);
    }
}

static void enqueue(struct matrix *m, const struct inbox_item *item)
{
    struct matrix_vote *v = task_new(&m->tasks, sizeof *v);
    bool idle = !m->votes;
    v->item = inbox_item_copy(v->task.pool, item);
    matrix_read_item(m, v->task.pool, &v->item, &v->ev);
    *m->votes_end = v;
    m->votes_end = &v->after;
    if (idle)
        begin(v);
}

void matrix_on_reaction(struct matrix *m, const struct inbox_item *item,
                        const struct matrix_event *ev)
{
    (void)ev;
    enqueue(m, item);
}

void matrix_on_redaction(struct matrix *m, const struct inbox_item *item,
                         const struct matrix_event *ev)
{
    (void)ev;
    enqueue(m, item);
}
