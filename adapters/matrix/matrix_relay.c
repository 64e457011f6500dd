/* matrix_relay.c: words between askers and the staff, by way of Matrix: an asker's room or thread on one side, the staff's room
 * (staff.room) on the other, where each question is a thread. Who replies in it, or to its first message from a client without
 * threads, talks to the asker; what begins with an exclamation mark is for us (bot/live.h). */
#include <errno.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/room.h"

#define MAX_LETTER (64u * 1024)

/* ---- rendering: pure ---- */

struct words {
    struct buf text, html;
};

static void begin(struct words *w)
{
    buf_init(&w->text, MATRIX_PART_BYTES * 2);
    buf_init(&w->html, MATRIX_PART_BYTES * 4);
}

static void put(struct words *w, const char *tag, const char *s)
{
    buf_adds(&w->text, s);
    if (*tag)
        buf_addf(&w->html, "<%s>", tag);
    matrix_html_text(&w->html, s, strlen(s));
    if (*tag)
        buf_addf(&w->html, "</%s>", tag);
}

static void put_line(struct words *w)
{
    buf_addc(&w->text, '\n');
    buf_adds(&w->html, "<br>");
}

static void put_quote(struct words *w, const char *s)
{
    for (const char *at = s; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        buf_adds(&w->text, "\n> ");
        buf_add(&w->text, at, strcspn(at, "\n"));
    }
    buf_adds(&w->html, "<blockquote>");
    matrix_html_text(&w->html, s, strlen(s));
    buf_adds(&w->html, "</blockquote>");
    buf_addc(&w->text, '\n');
}

static void put_link(struct words *w, const char *url, const char *label)
{
    if (*url)
        buf_addf(&w->text, "%s: %s", label, url);
    else
        buf_adds(&w->text, label);
    matrix_html_link(&w->html, url, label);
}

/* The letter of these words; 0, or -E2BIG. */
static int finish(struct words *w, struct pool *pool, const char **ret)
{
    struct buf body;
    buf_init(&body, MAX_LETTER);
    bool fits = !buf_failed(&w->text) && !buf_failed(&w->html);
    if (fits)
        matrix_render_html(w->text.s, w->html.s, &body);
    fits = fits && !buf_failed(&body);
    *ret = pool_strndup(pool, body.s, body.len);
    buf_release(&w->text);
    buf_release(&w->html);
    buf_release(&body);
    return fits ? 0 : -E2BIG;
}

static void put_root(struct words *out, const struct relay_words *w)
{
    put(out, "strong", w->who);
    put_quote(out, w->text);
    if (*w->shown) {
        put(out, "strong", "Shown");
        put_quote(out, w->shown);
    }
    put(out, "",
        "Reply in a thread of this message to answer. !kb words "
        "looks into the guides, !close ends it.");
    if (*w->link) {
        put_line(out);
        put_link(out, w->link, "Open at the console");
    }
}

/* "!r:server:$event" or "!r:server:@user:server". */
static bool read_conversation(struct pool *pool, const char *name, struct matrix_place *to)
{
    const char *thread = strstr(name, ":$"), *user = strstr(name, ":@");
    const char *colon = thread && (!user || thread < user) ? thread : user;
    if (!colon)
        return false;
    to->room = pool_strndup(pool, name, (size_t)(colon - name));
    to->thread = colon == thread ? colon + 1 : "";
    to->user = colon == thread ? "" : colon + 1;
    return true;
}

int matrix_relay(const struct adapter *a, struct pool *pool, const struct relay_words *w,
                 struct relay_letter *ret)
{
    struct matrix_place to = {.via = MATRIX_SEND,
                              .room = w->room,
                              .thread = w->thread ? w->thread : "",
                              .asked = "",
                              .user = ""};
    struct words out;
    (void)a;
    if (w->conversation && !read_conversation(pool, w->conversation, &to))
        return RELAY_NOBODY;
    begin(&out);
    if (!w->conversation && !w->thread) {
        put_root(&out, w);
    } else {
        if (w->who) {
            put(&out, "strong", w->who);
            put(&out, "", ": ");
        }
        put(&out, "", w->text);
    }
    ret->lane = to.room;
    ret->note = matrix_place_write(pool, &to);
    return finish(&out, pool, &ret->body);
}

/* ---- a message there ---- */

struct talk {
    struct room_talk room; /* first */
    struct matrix_event ev;
};

static struct matrix_place place_of(const struct talk *t)
{
    return (struct matrix_place){.via = MATRIX_SEND, .room = t->ev.room, .thread = t->room.thread};
}

static const char *named(const struct talk *t)
{
    return pool_printf(t->room.task.pool, "room:%.200s", t->ev.id);
}

static void say(struct room_talk *room, const char *text, bool ends)
{
    struct talk *t = (struct talk *)room;
    struct matrix_place to = place_of(t);
    matrix_say(room->task.adapter->state, ends ? &room->item : NULL, named(t), text, &to);
}

static const char *save(struct pool *pool, const char *url)
{
    return pool_printf(pool, "Save the reply as an answer: %s", url);
}

static void on_put(void *ctx, int err)
{
    struct talk *t = ctx;
    if (!err)
        inbox_end(t->room.task.adapter, t->room.item.id, INBOX_WAS_DONE);
    task_free(&t->room.task);
}

/* To paste from: there are no buttons in Matrix. */
static void on_found(struct room_talk *room, const struct live_found *found, size_t n)
{
    struct talk *t = (struct talk *)room;
    struct pool *pool = room->task.pool;
    struct matrix_place to = place_of(t);
    struct words out;
    const char *body;
    begin(&out);
    if (!n)
        put(&out, "", "The guides have nothing on that.");
    for (size_t i = 0; i < n; i++) {
        put_link(&out, found[i].url, found[i].title);
        put_quote(&out, live_extract(pool, &found[i]));
    }
    if (finish(&out, pool, &body) || outbox_put(room->task.adapter, t->ev.room, named(t), body,
                                                matrix_place_write(pool, &to), on_put, t))
        task_free(&room->task); /* stays open */
}

static void on_words(struct room_talk *room)
{
    room_do(room, HANDOFF_ROOM, room->text);
}

static void on_other(struct room_talk *room)
{
    struct talk *t = (struct talk *)room;
    matrix_room_ask(room->task.adapter->state, &room->item, &t->ev);
    task_free(&room->task);
}

static const struct room_calls calls = {
    .say = say, .save = save, .on_words = on_words, .on_found = on_found, .on_other = on_other};

bool matrix_relay_message(struct matrix *m, const struct inbox_item *item,
                          const struct matrix_event *ev)
{
    const char *room = live_room(m->adapter->bot), *words;
    const char *root = *ev->thread ? ev->thread : ev->reply_to;
    if (!room || strncmp(room, "matrix:", 7) || strcmp(room + 7, ev->room) ||
        (!*root && live_command(ev->text, ev->named, &words) != LIVE_KB))
        return false;
    struct talk *t = task_new(&m->tasks, sizeof *t);
    struct pool *pool = t->room.task.pool;
    t->room.calls = &calls;
    t->room.item = inbox_item_copy(pool, item);
    matrix_read_item(m, pool, &t->room.item, &t->ev);
    t->room.room = t->ev.room;
    t->room.user = t->ev.sender;
    /* "@ana:example.edu" is "ana", unless staff.names says otherwise. */
    const char *name = t->ev.sender + (*t->ev.sender == '@');
    t->room.name = pool_strndup(pool, name, strcspn(name, ":"));
    t->room.text = t->ev.text;
    t->room.named = t->ev.named;
    t->room.thread = *t->ev.thread ? t->ev.thread : t->ev.reply_to;
    room_begin(&t->room, *t->room.thread);
    return true;
}
