/* web_room.c: the live side of a transcript. Whoever follows a conversation, over a WebSocket or by waiting on an HTTP request,
 * takes each event exactly once and in order: new ones as they are committed, older ones from the disk.
 *
 * The rule is one comparison. An event is handed over when its number is the one after the last; otherwise it is left, and
 * read from the disk when the follower has room. What was read and what is new meet without a gap, because both come from
 * the journal's thread in the order of its commits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/must.h"
#include "kb/hash.h"

#define NBUCKETS      4096 /* a power of two */
#define MAX_FOLLOWERS 8    /* tabs of one conversation, and then some */
#define PAGE          64   /* events read at once */

struct web_room {
    struct web *web;
    struct web_room *next; /* in its bucket */
    struct link followers;
    size_t n;     /* of them; and one more while they are told something */
    int64_t head; /* the highest number we have heard of */
    char name[WEB_CONVERSATION];
};

/* Outlives its follower, if that goes first. */
struct web_reading {
    struct web_follower *follower;
};

void web_rooms_open(struct web *w)
{
    w->rooms = must(calloc(NBUCKETS, sizeof *w->rooms));
}

void web_rooms_close(struct web *w)
{
    free(w->rooms); /* those who follow have gone with their connections */
    w->rooms = NULL;
}

static struct web_room **place_of(struct web *w, const char *name)
{
    struct web_room **at = &w->rooms[hash_name(name) & (NBUCKETS - 1)];
    while (*at && strcmp((*at)->name, name))
        at = &(*at)->next;
    return at;
}

const char *web_follower_name(const struct web_follower *f)
{
    return f->room ? f->room->name : "";
}

/* One user less; the last one frees it. */
static void let_go(struct web_room *room)
{
    if (--room->n)
        return;
    *place_of(room->web, room->name) = room->next;
    free(room);
}

static void enter(struct web_room *room, struct web_follower *f)
{
    link_init(&f->link);
    link_append(&room->followers, &f->link);
    f->room = room;
    room->n++;
}

void web_unfollow(struct web_follower *f)
{
    struct web_room *room = f->room;
    if (f->reading)
        f->reading->follower = NULL;
    f->reading = NULL;
    f->opened = false;
    f->room = NULL;
    if (!room)
        return;
    link_remove(&f->link);
    let_go(room);
}

/* ---- from the disk ---- */

static void rest(struct web_follower *f)
{
    if (f->calls->rest)
        f->calls->rest(f);
}

static void on_read(void *ctx, const struct transcript *t);

static int start_reading(struct web_follower *f)
{
    struct web_reading *r = must(malloc(sizeof *r));
    r->follower = f;
    int err = transcript_read(f->room->web->adapter, f->room->name, f->sent, PAGE, on_read, r);
    if (err) {
        free(r);
        return err;
    }
    f->reading = r;
    return 0;
}

void web_follower_go_on(struct web_follower *f)
{
    if (!f->room || f->reading || !f->opened)
        return;
    if (f->sent >= f->room->head) {
        rest(f);
        return;
    }
    start_reading(f); /* when the journal is full, the next event comes back to it */
}

/* The first look tells what the conversation is. False: the follower has gone. */
static bool first_look(struct web_follower *f, const struct transcript *t)
{
    if (f->opened)
        return true;
    f->opened = true;
    return f->calls->opened(f, t);
}

static void on_read(void *ctx, const struct transcript *t)
{
    struct web_reading *r = ctx;
    struct web_follower *f = r->follower;
    free(r);
    if (!f)
        return;
    f->reading = NULL;
    if (f->room->head < t->head)
        f->room->head = t->head;
    if (!first_look(f, t) || t->err)
        return;
    for (size_t i = 0; i < t->n; i++) {
        if (t->event[i].seq != f->sent + 1)
            continue;
        if (!f->calls->take(f, &t->event[i])) {
            rest(f);
            return;
        }
        f->sent++;
    }
    web_follower_go_on(f);
}

int web_follow(struct web *w, struct web_follower *f, const char *conversation, int64_t after,
               bool is_new)
{
    web_unfollow(f);
    struct web_room **at = place_of(w, conversation), *room = *at;
    if (room && room->n >= MAX_FOLLOWERS)
        return -EUSERS;
    if (!room) {
        room = *at = must(calloc(1, sizeof *room));
        room->web = w;
        link_init(&room->followers);
        memcpy(room->name, conversation, sizeof room->name);
    }
    enter(room, f);
    f->sent = after;
    if (is_new) {
        struct transcript empty = {0};
        if (first_look(f, &empty))
            web_follower_go_on(f);
        return 0;
    }
    int err = start_reading(f);
    if (err)
        web_unfollow(f);
    return err;
}

/* ---- new ones ---- */

static void pass_on(struct web_follower *f, const struct transcript_event *ev)
{
    if (f->reading || !f->opened)
        return; /* it reads it from the disk */
    if (ev->seq == f->sent + 1) {
        if (f->calls->take(f, ev))
            f->sent++;
        rest(f);
    } else if (ev->seq > f->sent) {
        web_follower_go_on(f);
    }
}

void web_on_event(struct web *w, const char *conversation, const struct transcript_event *ev)
{
    struct web_room *room = *place_of(w, conversation);
    if (!room)
        return;
    room->n++;
    if (ev && room->head < ev->seq)
        room->head = ev->seq;
    for (struct link *at = room->followers.next, *next; at != &room->followers; at = next) {
        struct web_follower *f = link_owner(at, struct web_follower, link);
        next = at->next;
        if (ev)
            pass_on(f, ev);
        else
            f->calls->erased(f);
    }
    let_go(room);
}

void web_pass(struct web *w, const char *conversation, const char *frame)
{
    struct web_room *room = *place_of(w, conversation);
    for (struct link *at = room ? room->followers.next : NULL; at && at != &room->followers;
         at = at->next) {
        struct web_follower *f = link_owner(at, struct web_follower, link);
        if (f->opened && f->calls->passing)
            f->calls->passing(f, frame);
    }
}

/* Whoever is let go may be the last of its room, and the room goes with it: so it is held meanwhile. */
void web_rooms_drain(struct web *w)
{
    for (size_t i = 0; i < NBUCKETS; i++)
        for (struct web_room *room = w->rooms[i], *after; room; room = after) {
            room->n++;
            for (struct link *at = room->followers.next, *next; at != &room->followers; at = next) {
                struct web_follower *f = link_owner(at, struct web_follower, link);
                next = at->next;
                if (f->calls->drain)
                    f->calls->drain(f);
            }
            after = room->next;
            let_go(room);
        }
}
