/* matrix_sync.c: a plain account. One long poll after another asks what is new. What came, and how far we are now, go to disk in
 * one transaction, before the next poll: a crash reads the same again, and what is known is left alone.
 *
 * The first time there is no place to go on from: then everything that was said before is none of our business, and only
 * invitations are taken. A room in which more happened than one answer holds has a gap, which is read with /messages. What was
 * said before we came into a room is left out. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define POLL_MS       30000
#define SLACK_MS      15000
#define MAX_PAGES     5
#define MAX_BACKOFF_S 60

static const char filter[] =
    "{\"presence\":{\"types\":[]},\"account_data\":{\"types\":[]},"
    "\"room\":{\"include_leave\":false,"
    "\"ephemeral\":{\"types\":[]},\"account_data\":{\"types\":[]},"
    "\"state\":{\"types\":[\"m.room.member\",\"m.room.encryption\",\"m.room.tombstone\"],"
    "\"lazy_load_members\":true},"
    "\"timeline\":{\"types\":[\"m.room.message\",\"m.reaction\",\"m.room.redaction\","
    "\"m.room.member\",\"m.room.encrypted\",\"m.room.encryption\",\"m.room.tombstone\"],"
    "\"limit\":50}}}";

/* A gap that is still to be read. */
struct gap {
    struct gap *next;
    const char *room, *from;
    cJSON *events; /* newest first */
    int pages;
};

struct matrix_sync {
    struct matrix *m;
    struct loop_timer *timer;
    char *since, *filter, *key;
    bool looked; /* for `since` on disk */
    bool busy;   /* a poll, and what follows from it, is under way */
    unsigned tries;
    /* Of the answer that is being dealt with. */
    struct pool *pool;
    cJSON *events, *got; /* what goes to disk; the whole answer */
    const char *next;
    struct gap *gaps;
};

static void poll(void *ctx);

static void after(struct matrix_sync *s, uint64_t ms)
{
    s->busy = false;
    loop_timer_stop(s->timer);
    s->timer = loop_timer(bot_loop(s->m->adapter->bot), ms, 0, poll, s);
}

static void backoff(struct matrix_sync *s, long at_least_s)
{
    long wait = s->tries < 6 ? 1L << s->tries : MAX_BACKOFF_S;
    s->tries++;
    wait = at_least_s > wait ? at_least_s : wait;
    after(s, (uint64_t)wait * 1000 + randombytes_uniform(500));
}

static void set(char **to, const char *s)
{
    free(*to);
    *to = s ? must(strdup(s)) : NULL;
}

static void forget_answer(struct matrix_sync *s)
{
    for (struct gap *g = s->gaps; g; g = g->next)
        json_free(g->events);
    json_free(s->events);
    json_free(s->got);
    pool_free(s->pool);
    s->gaps = NULL;
    s->events = s->got = NULL;
    s->pool = NULL;
}

/* ---- to disk ---- */

static void moved_on(struct matrix_sync *s)
{
    set(&s->since, s->next);
    forget_answer(s);
    s->tries = 0;
    after(s, 0);
}

static void on_noted(void *ctx, int err, const char *value)
{
    struct matrix_sync *s = ctx;
    (void)value;
    if (!err) {
        moved_on(s);
        return;
    }
    forget_answer(s);
    backoff(s, 2);
}

static void note(struct matrix_sync *s)
{
    if (inbox_keep_note(s->m->adapter, s->key, s->next, on_noted, s))
        on_noted(s, -1, NULL);
}

static void on_put(void *ctx, const struct inbox_receipt *r)
{
    struct matrix_sync *s = ctx;
    if (!r->err && !r->known)
        moved_on(s);
    else if (!r->err)
        note(s); /* the same events once more: how far we are was not written with them */
    else
        on_noted(s, r->err, NULL);
}

static void put(struct matrix_sync *s)
{
    if (!cJSON_GetArraySize(s->events)) {
        if (s->since && !strcmp(s->since, s->next))
            moved_on(s);
        else
            note(s);
        return;
    }
    struct buf b;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    const char *events = matrix_json_print(s->pool, s->events);
    buf_init(&b, strlen(events) + 64);
    buf_addf(&b, "{\"events\":%s}", events);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)b.s, b.len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    struct inbox_message m = {.identity = pool_printf(s->pool, MATRIX_SYNC "%s", hex),
                              .body = b.s,
                              .note_key = s->key,
                              .note = s->next};
    if (inbox_put(s->m->adapter, &m, on_put, s))
        on_noted(s, -1, NULL);
    buf_release(&b);
}

/* ---- what is in it ---- */

static void add(struct matrix_sync *s, const char *room, const cJSON *ev)
{
    cJSON *copy = cJSON_Duplicate(ev, 1);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "room_id");
    cJSON_AddStringToObject(copy, "room_id", room);
    cJSON_AddItemToArray(s->events, copy);
}

/* Events of a room, oldest first; only what is behind our last coming in. */
static void add_all(struct matrix_sync *s, const char *room, const cJSON *events)
{
    const cJSON *ev, *from = NULL;
    bool on = true;
    cJSON_ArrayForEach(ev, events) if (matrix_event_is_entry(ev, &s->m->self)) from = ev;
    on = !from;
    cJSON_ArrayForEach(ev, events)
    {
        on |= ev == from;
        if (on && cJSON_IsObject(ev) && !matrix_event_before_us(ev))
            add(s, room, ev);
    }
}

static void add_invite(struct matrix_sync *s, const cJSON *room)
{
    const cJSON *state = json_array(json_object(room, "invite_state"), "events", NULL), *ev;
    cJSON_ArrayForEach(ev, state)
    {
        const char *key = json_string(ev, "state_key", MATRIX_MAX_ID);
        const char *type = json_string(ev, "type", 64);
        if (!key || !type || strcmp(type, "m.room.member") || strcmp(key, s->m->self.user))
            continue;
        cJSON *copy = cJSON_Duplicate(ev, 1), *more = cJSON_CreateObject();
        unsigned char hash[12];
        char hex[2 * sizeof hash + 1];
        const char *name = pool_printf(s->pool, "%s %s", s->next, room->string);
        crypto_generichash(hash, sizeof hash, (const unsigned char *)name, strlen(name), NULL, 0);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "event_id");
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "unsigned");
        cJSON_AddStringToObject(copy, "event_id", pool_printf(s->pool, "invite:%s", hex));
        cJSON_AddItemToObject(more, "invite_room_state", cJSON_Duplicate(state, 1));
        cJSON_AddItemToObject(copy, "unsigned", more);
        add(s, room->string, copy);
        json_free(copy);
    }
}

/* ---- gaps ---- */

static void fill(struct matrix_sync *s);

/* The gap's events stand before those of the answer, in their order. */
static void close_gap(struct matrix_sync *s)
{
    struct gap *g = s->gaps;
    const cJSON *rooms = json_object(json_object(s->got, "rooms"), "join");
    const cJSON *timeline = json_object(json_object(rooms, g->room), "timeline");
    cJSON *all = cJSON_CreateArray();
    const cJSON *ev;
    for (int i = cJSON_GetArraySize(g->events) - 1; i >= 0; i--)
        cJSON_AddItemToArray(all, cJSON_Duplicate(cJSON_GetArrayItem(g->events, i), 1));
    cJSON_ArrayForEach(ev, json_array(timeline, "events", NULL))
        cJSON_AddItemToArray(all, cJSON_Duplicate(ev, 1));
    add_all(s, g->room, all);
    json_free(all);
    json_free(g->events);
    s->gaps = g->next;
    fill(s);
}

static void on_page(void *ctx, const struct matrix_result *r)
{
    struct matrix_sync *s = ctx;
    struct gap *g = s->gaps;
    const cJSON *ev, *chunk = json_array(r->json, "chunk", NULL);
    const char *on = json_string(r->json, "end", 4096);
    if (r->class == MATRIX_LATER || r->class == MATRIX_UNSURE || r->class == MATRIX_DOWN) {
        forget_answer(s); /* all of it once more */
        backoff(s, r->retry_after_s);
        return;
    }
    cJSON_ArrayForEach(ev, chunk) cJSON_AddItemToArray(g->events, cJSON_Duplicate(ev, 1));
    g->pages++;
    bool more = r->class == MATRIX_FINE && on && cJSON_GetArraySize(chunk) > 0;
    if (more && g->pages < MAX_PAGES) {
        g->from = pool_strdup(s->pool, on);
        fill(s);
        return;
    }
    if (more || r->class != MATRIX_FINE)
        log_warn("matrix", "more happened in a room than could be read; older questions are lost",
                 "room=%s", g->room);
    close_gap(s);
}

static void fill(struct matrix_sync *s)
{
    struct gap *g = s->gaps;
    struct buf q;
    if (!g) {
        put(s);
        return;
    }
    buf_init(&q, 16384);
    buf_adds(&q, "dir=b&limit=100&from=");
    matrix_put_path(&q, g->from);
    buf_adds(&q, "&to=");
    matrix_put_path(&q, s->since);
    const struct matrix_call c = {
        .method = "GET", .path = MATRIX_PATH(s->pool, "rooms", g->room, "messages"), .query = q.s};
    matrix_call(s->m, &c, on_page, s);
    buf_release(&q);
}

static void add_room(struct matrix_sync *s, const cJSON *room)
{
    const cJSON *timeline = json_object(room, "timeline");
    const cJSON *events = json_array(timeline, "events", NULL), *ev;
    const char *from = json_string(timeline, "prev_batch", 4096);
    bool gap = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(timeline, "limited")) && from;
    cJSON_ArrayForEach(ev, events) gap = gap && !matrix_event_is_entry(ev, &s->m->self);
    if (!s->since) /* the first time */
        return;
    if (!gap) {
        add_all(s, room->string, events);
        return;
    }
    struct gap *g = pool_alloc(s->pool, sizeof *g);
    *g = (struct gap){.next = s->gaps,
                      .room = pool_strdup(s->pool, room->string),
                      .from = pool_strdup(s->pool, from),
                      .events = cJSON_CreateArray()};
    s->gaps = g;
}

/* ---- one poll ---- */

static void take(struct matrix_sync *s, const cJSON *json)
{
    const cJSON *rooms, *room;
    s->pool = pool_new();
    s->got = cJSON_Duplicate(json, 1);
    s->next = pool_strdup(s->pool, json_string(json, "next_batch", 4096));
    s->events = cJSON_CreateArray();
    rooms = json_object(s->got, "rooms");
    cJSON_ArrayForEach(room, json_object(rooms, "invite")) add_invite(s, room);
    cJSON_ArrayForEach(room, json_object(rooms, "join")) add_room(s, room);
    fill(s);
}

static void not_now(struct matrix_sync *s, const struct matrix_result *r)
{
    if (r->class == MATRIX_DOWN) {
        s->busy = false;
        matrix_lost(s->m, r); /* matrix_sync_start() follows when there is a new token */
        return;
    }
    if (!s->tries && !bot_draining(s->m->adapter->bot))
        log_warn("matrix", "cannot ask what is new; trying again", "reason=\"%s\"", r->error);
    backoff(s, r->retry_after_s);
}

static void on_sync(void *ctx, const struct matrix_result *r)
{
    struct matrix_sync *s = ctx;
    if (r->class == MATRIX_FINE && json_string(r->json, "next_batch", 4096)) {
        take(s, r->json);
    } else if (r->status == 400 && s->since) {
        log_warn("matrix", "the homeserver does not know how far we were; beginning anew",
                 "reason=\"%s\"", r->error);
        set(&s->since, NULL);
        backoff(s, 1);
    } else {
        not_now(s, r);
    }
}

static void on_filter(void *ctx, const struct matrix_result *r)
{
    struct matrix_sync *s = ctx;
    const char *id = r->class == MATRIX_FINE ? json_string(r->json, "filter_id", 255) : NULL;
    set(&s->filter, id);
    if (id)
        after(s, 0);
    else
        not_now(s, r);
}

static void on_since(void *ctx, int err, const char *value)
{
    struct matrix_sync *s = ctx;
    s->looked = !err;
    set(&s->since, value);
    if (err)
        backoff(s, 1);
    else
        after(s, 0);
}

static void ask(struct matrix_sync *s)
{
    struct buf q;
    buf_init(&q, 16384);
    /* Synapse keeps the answer to a first request for two minutes, and gives it again to the same one: who has lost
     * their memory would then be told old news as new. */
    unsigned timeout = s->since ? POLL_MS : 1 + randombytes_uniform(POLL_MS);
    buf_addf(&q, "timeout=%u&set_presence=offline&filter=", timeout);
    matrix_put_path(&q, s->filter);
    if (s->since) {
        buf_adds(&q, "&since=");
        matrix_put_path(&q, s->since);
    }
    const struct matrix_call c = {.method = "GET",
                                  .path = "/_matrix/client/v3/sync",
                                  .query = q.s,
                                  .timeout_ms = POLL_MS + SLACK_MS};
    matrix_call(s->m, &c, on_sync, s);
    buf_release(&q);
}

static void poll(void *ctx)
{
    struct matrix_sync *s = ctx;
    loop_timer_stop(s->timer);
    s->timer = NULL;
    s->busy = true;
    if (!s->looked) {
        if (inbox_note(s->m->adapter, s->key, on_since, s))
            backoff(s, 1);
    } else if (!s->filter) {
        struct pool *pool = pool_new();
        const struct matrix_call c = {.method = "POST",
                                      .path = MATRIX_PATH(pool, "user", s->m->self.user, "filter"),
                                      .body = filter};
        matrix_call(s->m, &c, on_filter, s);
        pool_free(pool);
    } else {
        ask(s);
    }
}

void matrix_sync_start(struct matrix *m)
{
    if (matrix_is_service(m))
        return;
    if (!m->sync) {
        m->sync = must(calloc(1, sizeof *m->sync));
        m->sync->m = m;
        m->sync->key = must_printf("since:%s", m->self.user);
    }
    if (!m->sync->busy)
        after(m->sync, 0);
}

void matrix_sync_stop(struct matrix *m)
{
    struct matrix_sync *s = m->sync;
    if (!s)
        return;
    loop_timer_stop(s->timer);
    forget_answer(s);
    free(s->since);
    free(s->filter);
    free(s->key);
    free(s);
    m->sync = NULL;
}
