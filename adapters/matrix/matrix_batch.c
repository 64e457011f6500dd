/* matrix_batch.c: a delivery becomes events. What a homeserver brings at once is on disk as one message of the inbox; here each event
 * in it becomes a message of its own, known again by its id: homeservers bring events twice, in different deliveries, under
 * numbers that begin from one again. The delivery is over when all of them are on disk; after a crash it is taken apart once
 * more, and what is known already is left alone. */
#include <cjson/cJSON.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

#define AGAIN_MS 2000

struct batch {
    struct task task;
    struct inbox_item item;
    size_t waiting;
    bool failed;
};

static void take_apart(void *ctx);

static void settle(struct batch *b)
{
    if (b->waiting)
        return;
    if (b->failed) {
        task_wait(&b->task, AGAIN_MS, take_apart);
        return;
    }
    inbox_end(b->task.adapter, b->item.id, INBOX_WAS_DONE);
    task_free(&b->task);
}

static void put(void *ctx, const struct inbox_receipt *r)
{
    struct batch *b = ctx;
    b->waiting--;
    b->failed |= r->err != 0;
    settle(b);
}

static void take_event(struct batch *b, const cJSON *ev)
{
    const char *id = json_string(ev, "event_id", MATRIX_MAX_ID);
    if (!id || !*id || matrix_is_delivery(id)) {
        log_error("matrix", "an event without a name is left out", "delivery=%s", b->item.identity);
        return;
    }
    struct pool *pool = pool_new();
    struct inbox_message m = {.identity = id, .body = matrix_json_print(pool, ev)};
    if (inbox_put(b->task.adapter, &m, put, b))
        b->failed = true;
    else
        b->waiting++;
    pool_free(pool);
}

static void take_apart(void *ctx)
{
    struct batch *b = ctx;
    struct adapter *a = b->task.adapter;
    cJSON *j = matrix_json_read(b->item.body, strlen(b->item.body));
    const cJSON *ev;
    b->failed = false;
    if (!j) {
        log_error("matrix", "a delivery that cannot be read is set aside", "delivery=%s bytes=%zu",
                  b->item.identity, strlen(b->item.body));
        inbox_end(a, b->item.id, INBOX_WAS_DEAD);
        task_free(&b->task);
        return;
    }
    b->waiting = 1; /* ourselves: receipts may not end it before all are in */
    cJSON_ArrayForEach(ev, json_array(j, "events", NULL)) take_event(b, ev);
    b->waiting--;
    json_free(j);
    settle(b);
}

void matrix_on_batch(struct matrix *m, const struct inbox_item *item)
{
    struct batch *b = task_new(&m->tasks, sizeof *b);
    b->item = inbox_item_copy(b->task.pool, item);
    take_apart(b);
}
