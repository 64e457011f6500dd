/* matrix_room.c: rooms we are in: how many people there are (between two of us every message is a question), whether we can read
 * what is said, how we come and go. Kept in memory and asked again after a restart; only that a room was told about its
 * encryption is a note on disk ("encrypted:ROOM"), because it is said once and not once per run. */
#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define BIG        20 /* who comes and goes in a room of that size makes it no conversation of two */
#define GREET_MOST 100
#define ENTERED_MS 10000

static const char unreadable[] = "I cannot read encrypted rooms. Please invite me to a room "
                                 "without encryption, or start a direct "
                                 "chat with encryption off.";
static const char hello_both[] =
    "Hello! I answer questions from our guides. Just ask, in a few words.";
static const char hello_all[] =
    "Hello! I answer questions from our guides. Mention me, or reply to one of my answers.";
static const long join_after_s[] = {2, 10, 60, 300};
#define JOIN_TRIES (sizeof join_after_s / sizeof *join_after_s)

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

/* ---- coming in ---- */

struct join {
    struct task task;
    struct inbox_item item;
    struct matrix_event ev;
    const char *room, *server; /* server: whose user called us, to ask for the way */
    bool near;                 /* that is our own */
    unsigned tries;
};

static void join(void *ctx);

static const char *server_of(const char *user)
{
    const char *colon = strchr(user, ':');
    return colon ? colon + 1 : "";
}

static bool may_invite(const struct matrix *m, const char *user)
{
    const char *const *glob =
        config_list(bot_config(m->adapter->bot), "matrix.allow_inviters", NULL);
    if (!glob || !*glob)
        return !strcmp(server_of(user), server_of(m->self.user));
    for (; *glob; glob++)
        if (!fnmatch(*glob, user, 0))
            return true;
    return false;
}

static void leave(struct join *k, const char *why)
{
    struct matrix *m = k->task.adapter->state;
    log_info("matrix", "an invitation was not accepted", "room=%s reason=\"%s\"", k->room, why);
    matrix_tell(m, "POST", MATRIX_PATH(k->task.pool, "rooms", k->room, "leave"), "{}");
    inbox_end(m->adapter, k->item.id, INBOX_WAS_DONE);
    task_free(&k->task);
}

static void on_counted(void *ctx, const struct matrix_result *r)
{
    struct join *k = ctx;
    struct matrix *m = k->task.adapter->state;
    const cJSON *joined = r->class == MATRIX_FINE ? json_object(r->json, "joined") : NULL;
    struct matrix_place place = {.via = MATRIX_SEND, .room = k->room};
    int here = cJSON_GetArraySize(joined);
    const char *hello = k->ev.direct ? hello_both : hello_all;
    if (joined && here <= GREET_MOST)
        matrix_say(m, &k->item, pool_printf(k->task.pool, "hello:%s", k->ev.id), hello, &place);
    else
        inbox_end(m->adapter, k->item.id, INBOX_WAS_DONE);
    task_free(&k->task);
}

static void greet(struct join *k)
{
    struct matrix *m = k->task.adapter->state;
    log_info("matrix", "joined a room", "room=%s encrypted=%d", k->room, k->ev.encrypted);
    if (k->ev.kind != MATRIX_INVITED) {
        inbox_end(m->adapter, k->item.id, INBOX_WAS_DONE);
        task_free(&k->task);
    } else if (k->ev.encrypted) {
        matrix_on_unreadable(m, &k->item, &k->ev);
        task_free(&k->task);
    } else {
        const struct matrix_call c = {
            .method = "GET", .path = MATRIX_PATH(k->task.pool, "rooms", k->room, "joined_members")};
        matrix_call(m, &c, on_counted, k);
    }
}

static void joined(void *ctx, const struct matrix_result *r)
{
    struct join *k = ctx;
    struct matrix *m = k->task.adapter->state;
    if (r->class == MATRIX_DOWN)
        matrix_lost(m, r);
    bool waits = r->class == MATRIX_LATER || r->class == MATRIX_UNSURE || r->class == MATRIX_DOWN ||
                 r->class == MATRIX_DEVICE;
    bool hopeless = !waits && k->near && r->status == 403; /* we were thrown out meanwhile */
    if (r->class == MATRIX_FINE) {
        room_of(m, k->room)->entered_ms = loop_now_ms(bot_loop(m->adapter->bot));
        greet(k);
        return;
    }
    if (hopeless || (k->tries >= JOIN_TRIES && !waits)) {
        leave(k, r->error);
        return;
    }
    long wait = join_after_s[k->tries < JOIN_TRIES ? k->tries : JOIN_TRIES - 1];
    k->tries++;
    log_info("matrix", "could not join a room yet", "room=%s reason=\"%s\" again_s=%ld", k->room,
             r->error, wait);
    wait = r->retry_after_s > wait ? r->retry_after_s : wait;
    task_wait(&k->task, (uint64_t)wait * 1000, join);
}

static void join(void *ctx)
{
    struct join *k = ctx;
    struct buf q;
    buf_init(&q, 4096);
    buf_adds(&q, "server_name=");
    matrix_put_path(&q, k->server);
    buf_adds(&q, "&via=");
    matrix_put_path(&q, k->server);
    const struct matrix_call c = {.method = "POST",
                                  .path = MATRIX_PATH(k->task.pool, "join", k->room),
                                  .query = k->near ? NULL : q.s,
                                  .body = "{}"};
    matrix_call(k->task.adapter->state, &c, joined, k);
    buf_release(&q);
}

static struct join *join_new(struct matrix *m, const struct inbox_item *item)
{
    struct join *k = task_new(&m->tasks, sizeof *k);
    k->item = inbox_item_copy(k->task.pool, item);
    matrix_read_item(m, k->task.pool, &k->item, &k->ev);
    k->server = server_of(k->ev.sender);
    k->near = !strcmp(k->server, server_of(m->self.user));
    return k;
}

void matrix_on_invite(struct matrix *m, const struct inbox_item *item,
                      const struct matrix_event *ev)
{
    struct join *k = join_new(m, item);
    k->room = k->ev.room;
    struct matrix_room *r = room_of(m, ev->room);
    r->members = -1;
    r->invited = !item->tries; /* found open after a start: we may have been in since */
    r->entered_ms = 0;
    if (may_invite(m, ev->sender))
        join(k);
    else
        leave(k, "matrix.allow_inviters does not name who invited us");
}

void matrix_on_moved(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    struct join *k = join_new(m, item);
    (void)ev;
    k->room = k->ev.target;
    join(k);
}
