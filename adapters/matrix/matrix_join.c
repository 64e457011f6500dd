/* matrix_join.c: how we come into rooms and go: invitations by policy, from near and from far, and rooms that move. What fails may work
 * a little later, when the servers have heard of each other; what never does ends in a declined invitation and a line in the log. */
#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

#define GREET_MOST 100 /* people; more of them do not want to be greeted */

static const char hello_both[] =
    "Hello! I answer questions from our guides. Just ask, in a few words.";
static const char hello_all[] =
    "Hello! I answer questions from our guides. Mention me, or reply to one of my answers.";

static const long again_after_s[] = {2, 10, 60, 300};
#define TRIES (sizeof again_after_s / sizeof *again_after_s)

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

/* Nobody has refused anything. */
static bool may_be_later(const struct matrix_result *r)
{
    return r->class == MATRIX_LATER || r->class == MATRIX_UNSURE || r->class == MATRIX_DOWN ||
           r->class == MATRIX_DEVICE;
}

/* Again after a while: other servers are slow, or come too late to know of the invitation themselves. */
static void again(struct join *k, const struct matrix_result *r, const char *what,
                  void (*fn)(void *k))
{
    long wait = again_after_s[k->tries < TRIES ? k->tries : TRIES - 1];
    k->tries++;
    log_info("matrix", "a room cannot be entered or left yet",
             "call=%s room=%s reason=\"%s\" again_s=%ld", what, k->room, r->error, wait);
    wait = r->retry_after_s > wait ? r->retry_after_s : wait;
    task_wait(&k->task, (uint64_t)wait * 1000, fn);
}

static void leave(void *ctx);

static void on_left(void *ctx, const struct matrix_result *r)
{
    struct join *k = ctx;
    struct matrix *m = k->task.adapter->state;
    if (r->class == MATRIX_DOWN)
        matrix_lost(m, r);
    bool over = r->class == MATRIX_FINE || (k->near && r->class == MATRIX_REFUSED) ||
                (k->tries >= TRIES && !may_be_later(r));
    if (!over) {
        again(k, r, "leave", leave);
        return;
    }
    inbox_end(m->adapter, k->item.id, INBOX_WAS_DONE);
    task_free(&k->task);
}

static void leave(void *ctx)
{
    struct join *k = ctx;
    const struct matrix_call c = {.method = "POST",
                                  .path = MATRIX_PATH(k->task.pool, "rooms", k->room, "leave"),
                                  .body = "{}"};
    matrix_call(k->task.adapter->state, &c, on_left, k);
}

static void decline(struct join *k, const char *why)
{
    log_info("matrix", "an invitation was not accepted", "room=%s reason=\"%s\"", k->room, why);
    k->tries = 0;
    leave(k);
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
    bool waits = may_be_later(r);
    bool hopeless = !waits && k->near && r->status == 403; /* we were thrown out meanwhile */
    if (r->class == MATRIX_FINE) {
        matrix_room_entered(m, k->room);
        greet(k);
        return;
    }
    if (hopeless || (k->tries >= TRIES && !waits)) {
        decline(k, r->error);
        return;
    }
    again(k, r, "join", join);
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
    matrix_room_invited(m, ev->room,
                        !item->tries); /* found open after a start: we may be in by now */
    if (may_invite(m, ev->sender))
        join(k);
    else
        decline(k, "matrix.allow_inviters does not name who invited us");
}

void matrix_on_moved(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    struct join *k = join_new(m, item);
    (void)ev;
    k->room = k->ev.target;
    join(k);
}
