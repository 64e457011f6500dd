/* matrix_back.c: what an application service was not told. A homeserver hands each event over once; one that falls in the middle of it
 * may keep that hand-over for itself until its next trouble (Synapse does when it is stopped, or fails again while it recovers).
 * So after trouble the rooms that we are in are read back, as far as we have been before and a question may be old: after a start of
 * ours, when the homeserver could not be reached for a while, when the numbers of its transactions have a gap; and otherwise now and
 * then. What is found goes through the inbox as every delivery does: an event that is known there is left alone, so reading too
 * much costs a moment and changes nothing.
 *
 *     trouble -> joined_rooms -> messages of one room after another -> inbox -> (next room) -> the next round, matrix.reread_s later
 *
 * After trouble what comes in meanwhile waits for the round, or for SETTLE_MS of it: then questions are answered in the order in which
 * they were asked. Invitations cannot be read back: who was not heard has to invite once more. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/clock.h"
#include "bot/must.h"

#define SETTLE_MS 3000
#define AGAIN_S   10
#define CALM_MS   30000 /* between rounds, however often the homeserver stumbles */
#define MAX_PAGES 5
#define MAX_AGE_S (24 * 3600) /* far less than the inbox remembers what it had */

/* {"types":[…]} of what we want to know, percent-encoded: as in matrix_sync.c. */
static const char query[] =
    "dir=b&limit=50&filter=%7B%22types%22%3A%5B%22m.room.message%22%2C%22m.reaction%22%2C%22m.room."
    "redaction%22%2C%22m.room.member%22%2C%22m.room.encrypted%22%2C%22m.room.encryption%22%2C%22m."
    "room.tombstone%22%5D%7D";

struct matrix_back {
    struct matrix *m;
    struct loop_timer *timer, *limit; /* of the next round; of what waits for this one */
    bool running, again, settling;
    int64_t born_ms;   /* when we came into the world, wall clock; 0: not looked up yet */
    bool first;        /* that is now: what was said before is none of our business */
    int64_t last;      /* number of the last transaction, or -1 */
    bool trouble;      /* the homeserver could not be reached */
    uint64_t began_ms; /* the last round, loop time */
    /* Of the round. */
    cJSON *rooms;
    int at;
    /* Of the room. */
    struct pool *pool;
    const char *from, *newest;
    cJSON *events; /* newest first */
    int pages;
};

static void read_page(struct matrix_back *b);
static void round_begin(void *ctx);

static const char *room_of(const struct matrix_back *b)
{
    const cJSON *room = cJSON_GetArrayItem(b->rooms, b->at);
    return cJSON_IsString(room) ? room->valuestring : "";
}

static void round_in(struct matrix_back *b, uint64_t ms)
{
    loop_timer_stop(b->timer);
    b->timer = loop_timer(bot_loop(b->m->adapter->bot), ms, 0, round_begin, b);
}

/* ---- what waits meanwhile ---- */

static void settled(void *ctx)
{
    struct matrix_back *b = ctx;
    loop_timer_stop(b->limit);
    b->limit = NULL;
    b->settling = false;
    matrix_go_on(b->m);
}

static void settle_in(struct matrix_back *b, uint64_t ms)
{
    b->settling = true;
    loop_timer_stop(b->limit);
    b->limit = loop_timer(bot_loop(b->m->adapter->bot), ms, 0, settled, b);
}

bool matrix_back_settling(const struct matrix *m)
{
    return m->back && m->back->settling;
}

/* ---- a round ends ---- */

static void forget_round(struct matrix_back *b)
{
    json_free(b->rooms);
    json_free(b->events);
    pool_free(b->pool);
    b->rooms = b->events = NULL;
    b->pool = NULL;
    b->running = false;
}

static void round_end(struct matrix_back *b, bool whole)
{
    long again_s = (long)config_int(bot_config(b->m->adapter->bot), "matrix.reread_s");
    forget_round(b);
    if (whole && !b->again)
        b->first = false;
    if (!whole || b->again || again_s)
        round_in(b, !whole ? AGAIN_S * 1000 : b->again ? 0 : (uint64_t)again_s * 1000);
    if (b->settling && (!whole || !b->again))
        settle_in(b, 0); /* not now: the inbox is about to hand over what was found */
}

/* ---- one room ---- */

static void next_room(struct matrix_back *b)
{
    json_free(b->events);
    pool_free(b->pool);
    b->events = NULL;
    b->pool = pool_new();
    if (b->at >= cJSON_GetArraySize(b->rooms)) {
        round_end(b, true);
        return;
    }
    b->events = cJSON_CreateArray();
    b->from = b->newest = NULL;
    b->pages = 0;
    read_page(b);
}

static void room_done(struct matrix_back *b)
{
    if (b->newest)
        matrix_room_set_mark(b->m, room_of(b), b->newest);
    b->at++;
    next_room(b);
}

static void on_put(void *ctx, const struct inbox_receipt *r)
{
    struct matrix_back *b = ctx;
    if (r->err)
        round_end(b, false);
    else
        room_done(b);
}

/* As a delivery, oldest first. */
static void put_room(struct matrix_back *b)
{
    int n = cJSON_GetArraySize(b->events);
    cJSON *all = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(all, "events");
    if (!n || b->first) {
        json_free(all);
        room_done(b);
        return;
    }
    while (n--) {
        cJSON *ev = cJSON_DetachItemFromArray(b->events, n);
        cJSON_DeleteItemFromObjectCaseSensitive(ev, "room_id");
        cJSON_AddStringToObject(ev, "room_id", room_of(b));
        cJSON_AddItemToArray(list, ev);
    }
    struct inbox_message m = {.body = matrix_json_print(b->pool, all)};
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)m.body, strlen(m.body), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    m.identity = pool_printf(b->pool, MATRIX_BACK "%s", hex);
    json_free(all);
    if (inbox_put(b->m->adapter, &m, on_put, b))
        round_end(b, false);
}

/* Too old to be answered, or of a time before us. */
static bool is_over(const struct matrix_back *b, const cJSON *ev)
{
    int64_t at_ms = json_int(ev, "origin_server_ts", 0, 1LL << 52, 0), now = clock_wall_ms();
    int64_t age_ms = matrix_event_age(ev);
    long long max_s = config_int(bot_config(b->m->adapter->bot), "matrix.max_age_s");
    if (age_ms < 0)
        age_ms = now - at_ms;
    return age_ms > (max_s < MAX_AGE_S ? max_s : MAX_AGE_S) * 1000 || at_ms < b->born_ms;
}

/* False: that is where we were before, or came in. */
static bool take(struct matrix_back *b, const cJSON *ev)
{
    const char *id = json_string(ev, "event_id", MATRIX_MAX_ID);
    const char *sender = json_string(ev, "sender", MATRIX_MAX_ID);
    const char *mark = matrix_room_mark(b->m, room_of(b));
    if (!b->newest && id)
        b->newest = pool_strdup(b->pool, id);
    if (!id || !strcmp(id, mark) || is_over(b, ev) || matrix_event_is_entry(ev, &b->m->self))
        return false;
    if (sender && strcmp(sender, b->m->self.user) != 0 && !matrix_event_before_us(ev))
        cJSON_AddItemToArray(b->events, cJSON_Duplicate(ev, 1));
    return true;
}

static void on_page(void *ctx, const struct matrix_result *r)
{
    struct matrix_back *b = ctx;
    const char *on = json_string(r->json, "end", 4096);
    const cJSON *ev, *chunk = json_array(r->json, "chunk", NULL);
    if (r->class == MATRIX_DOWN)
        matrix_lost(b->m, r);
    if (r->class != MATRIX_FINE && r->class != MATRIX_REFUSED) {
        round_end(b, false);
        return;
    }
    bool more = r->class == MATRIX_FINE && on && cJSON_GetArraySize(chunk) > 0;
    cJSON_ArrayForEach(ev, chunk) more = more && take(b, ev);
    if (more && ++b->pages < MAX_PAGES) {
        b->from = pool_strdup(b->pool, on);
        read_page(b);
    } else {
        put_room(b);
    }
}

static void read_page(struct matrix_back *b)
{
    struct buf q;
    buf_init(&q, 16384);
    buf_adds(&q, query);
    if (b->from) {
        buf_adds(&q, "&from=");
        matrix_put_path(&q, b->from);
    }
    const struct matrix_call c = {.method = "GET",
                                  .path = MATRIX_PATH(b->pool, "rooms", room_of(b), "messages"),
                                  .query = q.s};
    matrix_call(b->m, &c, on_page, b);
    buf_release(&q);
}

/* ---- a round begins ---- */

static void on_rooms(void *ctx, const struct matrix_result *r)
{
    struct matrix_back *b = ctx;
    if (r->class == MATRIX_DOWN)
        matrix_lost(b->m, r);
    if (r->class != MATRIX_FINE) {
        round_end(b, false);
        return;
    }
    b->rooms = cJSON_Duplicate(json_array(r->json, "joined_rooms", NULL), 1);
    b->at = 0;
    next_room(b);
}

static void list_rooms(struct matrix_back *b)
{
    const struct matrix_call c = {.method = "GET", .path = "/_matrix/client/v3/joined_rooms"};
    matrix_call(b->m, &c, on_rooms, b);
}

static void on_born(void *ctx, int err, const char *value)
{
    struct matrix_back *b = ctx;
    if (!err && !value) {
        b->first = true;
        value = pool_printf(b->pool, "%lld", (long long)clock_wall_ms());
        inbox_keep_note(b->m->adapter, "born", value, NULL, NULL);
    }
    b->born_ms = err ? 0 : strtoll(value, NULL, 10);
    if (err)
        round_end(b, false);
    else
        list_rooms(b);
}

static void round_begin(void *ctx)
{
    struct matrix_back *b = ctx;
    loop_timer_stop(b->timer);
    b->timer = NULL;
    b->running = true;
    b->again = false;
    b->began_ms = loop_now_ms(bot_loop(b->m->adapter->bot));
    b->pool = pool_new();
    if (b->m->down || bot_draining(b->m->adapter->bot))
        round_end(b, false);
    else if (b->born_ms)
        list_rooms(b);
    else if (inbox_note(b->m->adapter, "born", on_born, b))
        on_born(b, -1, NULL);
}

/* ---- trouble ---- */

void matrix_back_read(struct matrix *m)
{
    if (!matrix_is_service(m) || !m->known)
        return;
    if (!m->back) {
        m->back = must(calloc(1, sizeof *m->back));
        m->back->m = m;
        m->back->last = -1;
    }
    if (!m->back->settling)
        settle_in(m->back, SETTLE_MS);
    if (m->back->running)
        m->back->again = true;
    else
        round_in(m->back, 0);
}

void matrix_back_stop(struct matrix *m)
{
    struct matrix_back *b = m->back;
    if (!b)
        return;
    loop_timer_stop(b->timer);
    loop_timer_stop(b->limit);
    forget_round(b);
    free(b);
    m->back = NULL;
}

/* One after another, says Synapse: a gap is one that we have not seen, a new beginning is a homeserver that has fallen. Others
 * have names for them, of which nothing follows. */
void matrix_back_on_transaction(struct matrix *m, const char *name)
{
    char *end;
    int64_t n = strtoll(name, &end, 10);
    if (!m->back || *end || end == name)
        return;
    if (m->back->last >= 0 && n != m->back->last && n != m->back->last + 1)
        matrix_back_read(m);
    m->back->last = n;
}

void matrix_back_on_result(struct matrix *m, const struct matrix_result *r)
{
    struct matrix_back *b = m->back;
    if (!b)
        return;
    if (r->class == MATRIX_FINE && b->trouble) {
        b->trouble = false;
        if (loop_now_ms(bot_loop(m->adapter->bot)) - b->began_ms >= CALM_MS)
            matrix_back_read(m);
        else if (!b->running)
            round_in(b, CALM_MS);
    } else if (r->class == MATRIX_UNSURE || (r->class == MATRIX_LATER && r->status != 429)) {
        b->trouble = true;
    }
}
