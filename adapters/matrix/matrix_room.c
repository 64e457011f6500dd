/* matrix_room.c: rooms we are in: how many people there are (between two of us every message is a question), whether we can read
 * what is said, how far it was read. Kept in memory and asked again after a restart; only that a room was told about its
 * encryption is a note on disk ("encrypted:ROOM"), because it is said once and not once per run. How we come in and go:
 * matrix_join.c. */
#include <cjson/cJSON.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define BIG        20 /* who comes and goes in a room of that size makes it no conversation of two */
#define ENTERED_MS 10000

static const char unreadable[] = "I cannot read encrypted rooms. Please invite me to a room "
                                 "without encryption, or start a direct "
                                 "chat with encryption off.";

struct matrix_room {
    struct matrix_room *next;
    char *id;
    char *mark;  /* how far it was read back, or NULL */
    int members; /* joined and invited; -1: not known */
    bool looked, encrypted, fetching;
    bool invited;        /* and not in it yet: what is said meanwhile is not said to us */
    uint64_t entered_ms; /* when our join was confirmed, loop time; 0: it was not */
    unsigned tries;
    struct held_list waiting;
};

static struct matrix_room *room_of(struct matrix *m, const char *id)
{
    for (struct matrix_room *r = m->rooms; r; r = r->next)
        if (!strcmp(r->id, id))
            return r;
    struct matrix_room *r = must(calloc(1, sizeof *r));
    *r = (struct matrix_room){.next = m->rooms, .id = must(strdup(id)), .members = -1};
    m->rooms = r;
    return r;
}

void matrix_room_free_all(struct matrix *m)
{
    for (struct matrix_room *r = m->rooms, *next; r; r = next) {
        next = r->next;
        free(r->id);
        free(r->mark);
        free(r);
    }
    m->rooms = NULL;
}

const char *matrix_room_mark(struct matrix *m, const char *room)
{
    const char *mark = room_of(m, room)->mark;
    return mark ? mark : "";
}

void matrix_room_set_mark(struct matrix *m, const char *room, const char *event)
{
    struct matrix_room *r = room_of(m, room);
    free(r->mark);
    r->mark = must(strdup(event));
}

/* ---- how many are there? ---- */

struct fetch {
    struct task task;
    struct matrix_room *room;
};

static void fetch(void *ctx);

static void go_on(struct matrix *m, struct matrix_room *r)
{
    struct held_list list = r->waiting;
    struct held *h;
    r->waiting = (struct held_list){0};
    while ((h = task_unhold(&list)) != NULL) {
        struct matrix_event ev;
        matrix_read_item(m, h->task.pool, &h->item, &ev);
        if (r->encrypted)
            matrix_ignore(m, &h->item, "in an encrypted room");
        else
            matrix_in_room(m, &h->item, &ev, r->members <= 2);
        task_free(&h->task);
    }
}

/* Members that are here or invited. */
static int count(const cJSON *json)
{
    const cJSON *ev;
    int n = 0;
    cJSON_ArrayForEach(ev, json_array(json, "chunk", NULL))
    {
        const cJSON *content = json_object(ev, "content");
        const char *is = content ? json_string(content, "membership", 32) : NULL;
        n += is && (!strcmp(is, "join") || !strcmp(is, "invite"));
    }
    return n;
}

static void fetched(void *ctx, const struct matrix_result *r)
{
    struct fetch *f = ctx;
    struct matrix *m = f->task.adapter->state;
    struct matrix_room *room = f->room;
    bool later = r->class == MATRIX_LATER || r->class == MATRIX_UNSURE || r->class == MATRIX_DOWN ||
                 r->class == MATRIX_DEVICE;
    if (r->class == MATRIX_DOWN)
        matrix_lost(m, r);
    if (later) {
        long wait = 1L << (room->tries < 5 ? room->tries++ : 5);
        wait = r->retry_after_s > wait ? r->retry_after_s : wait;
        task_wait(&f->task, (uint64_t)wait * 1000, fetch);
        return;
    }
    room->fetching = false;
    room->tries = 0;
    /* A room that is too big to be listed is none of two. */
    room->members = r->class == MATRIX_FINE ? count(r->json) : BIG + 1;
    task_free(&f->task);
    go_on(m, room);
}

static void fetch(void *ctx)
{
    struct fetch *f = ctx;
    const struct matrix_call c = {.method = "GET",
                                  .path =
                                      MATRIX_PATH(f->task.pool, "rooms", f->room->id, "members"),
                                  .query = "not_membership=leave"};
    matrix_call(f->task.adapter->state, &c, fetched, f);
}

static void on_told(void *ctx, int err, const char *value)
{
    struct fetch *f = ctx;
    f->room->looked = !err;
    f->room->encrypted |= value != NULL;
    fetch(f);
}

/* A homeserver tells a service of what is said to whom it has invited. The event of our coming in says where that ends; should it
 * get lost, a moment after the call does. */
static bool is_outside(const struct matrix *m, const struct matrix_room *r)
{
    uint64_t now = loop_now_ms(bot_loop(m->adapter->bot));
    return r->invited && (!r->entered_ms || now - r->entered_ms < ENTERED_MS);
}

void matrix_room_ask(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    struct matrix_room *r = room_of(m, ev->room);
    if (is_outside(m, r)) {
        matrix_ignore(m, item, "said before we came in");
        return;
    }
    task_hold(&m->tasks, &r->waiting, item);
    if (r->members >= 0 && r->looked) {
        go_on(m, r);
    } else if (!r->fetching) {
        struct fetch *f = task_new(&m->tasks, sizeof *f);
        f->room = r;
        r->fetching = true;
        if (inbox_note(m->adapter, pool_printf(f->task.pool, "encrypted:%s", r->id), on_told, f))
            on_told(f, -1, NULL);
    }
}

void matrix_on_member(struct matrix *m, const struct inbox_item *item,
                      const struct matrix_event *ev)
{
    struct matrix_room *r = room_of(m, ev->room);
    if (ev->kind != MATRIX_MEMBER || r->members <= BIG) /* a big room is no conversation of two */
        r->members = -1;
    if (ev->kind != MATRIX_MEMBER)
        r->invited = false;
    inbox_end(m->adapter, item->id, INBOX_WAS_DONE);
}

/* ---- what we cannot read ---- */

struct notice {
    struct task task;
    struct inbox_item item;
    const char *room, *key;
};

static void on_noted(void *ctx, int err, const char *value)
{
    struct notice *n = ctx;
    struct matrix *m = n->task.adapter->state;
    struct matrix_place place = {.via = MATRIX_SEND, .room = n->room};
    if (err) { /* stays open */
        room_of(m, n->room)->encrypted = false;
    } else if (value) {
        matrix_ignore(m, &n->item, "in an encrypted room");
    } else {
        inbox_keep_note(m->adapter, n->key, "1", NULL, NULL);
        matrix_say(m, &n->item, n->key, unreadable, &place);
    }
    task_free(&n->task);
}

void matrix_on_unreadable(struct matrix *m, const struct inbox_item *item,
                          const struct matrix_event *ev)
{
    struct matrix_room *r = room_of(m, ev->room);
    if (r->encrypted) {
        matrix_ignore(m, item, "in an encrypted room");
        return;
    }
    struct notice *n = task_new(&m->tasks, sizeof *n);
    r->encrypted = true;
    n->item = inbox_item_copy(n->task.pool, item);
    n->room = pool_strdup(n->task.pool, ev->room);
    n->key = pool_printf(n->task.pool, "encrypted:%s", ev->room);
    if (inbox_note(m->adapter, n->key, on_noted, n))
        on_noted(n, -1, NULL);
}

/* ---- invited, and in ---- */

void matrix_room_invited(struct matrix *m, const char *room, bool outside)
{
    struct matrix_room *r = room_of(m, room);
    r->members = -1;
    r->invited = outside;
    r->entered_ms = 0;
}

void matrix_room_entered(struct matrix *m, const char *room)
{
    room_of(m, room)->entered_ms = loop_now_ms(bot_loop(m->adapter->bot));
}
