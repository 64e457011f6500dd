/* matrix_relay.c: words between askers and the staff, by way of Matrix: an asker's room or thread on one side, the staff's room
 * (staff.room) on the other, where each question is a thread. Who replies in it, or to its first message from a client without
 * threads, talks to the asker; what begins with an exclamation mark is for us (bot/live.h). */
#include <errno.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/live.h"

#define MAX_FOUND  5
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
        "Reply in a thread of this message to answer. !kb words looks into the guides, !close ends "
        "it.");
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

struct room_talk {
    struct task task;
    struct inbox_item item;
    struct matrix_event ev;
    const char *thread;
    int64_t conversation, ticket;
    const char *said; /* what we say when it is done; or NULL */
    const char *words;
};

static struct matrix_place place_of(const struct room_talk *t)
{
    return (struct matrix_place){.via = MATRIX_SEND, .room = t->ev.room, .thread = t->thread};
}

static const char *named(struct room_talk *t)
{
    return pool_printf(t->task.pool, "room:%.200s", t->ev.id);
}

/* ends: the message is over with it. */
static void say(struct room_talk *t, const char *text, bool ends)
{
    struct matrix_place to = place_of(t);
    matrix_say(t->task.adapter->state, ends ? &t->item : NULL, named(t), text, &to);
}

static void did(void *ctx, int err)
{
    struct room_talk *t = ctx;
    const char *refusal = live_refusal(err);
    if (refusal)
        say(t, refusal, false);
    else if (!err && t->said)
        say(t, t->said, false);
    task_free(&t->task);
}

/* "@ana:example.edu" is "ana", unless staff.names says otherwise. */
static const char *shown(struct room_talk *t, const char *actor)
{
    const char *name = t->ev.sender + (*t->ev.sender == '@');
    return live_shown(t->task.adapter->bot, t->task.pool, actor,
                      pool_strndup(t->task.pool, name, strcspn(name, ":")));
}

static void perform(struct room_talk *t, enum handoff_what what, const char *text)
{
    const char *actor = pool_printf(t->task.pool, "matrix:%s", t->ev.sender);
    struct live_deed d = {.item = &t->item,
                          .what = what,
                          .conversation = t->conversation,
                          .actor = actor,
                          .shown = shown(t, actor),
                          .text = text};
    if (live_do(t->task.adapter, &d, did, t))
        task_free(&t->task); /* stays open */
}

/* ---- commands ---- */

static void on_put(void *ctx, int err)
{
    struct room_talk *t = ctx;
    if (!err)
        inbox_end(t->task.adapter, t->item.id, INBOX_WAS_DONE);
    task_free(&t->task);
}

/* To paste from: there are no buttons in Matrix. */
static void list(void *ctx, const struct live_found *found, size_t n)
{
    struct room_talk *t = ctx;
    struct matrix_place to = place_of(t);
    struct words out;
    const char *body;
    begin(&out);
    if (!n)
        put(&out, "", "The guides have nothing on that.");
    for (size_t i = 0; i < n; i++) {
        put_link(&out, found[i].url, found[i].title);
        put_quote(&out, live_extract(t->task.pool, &found[i]));
    }
    if (finish(&out, t->task.pool, &body) ||
        outbox_put(t->task.adapter, t->ev.room, named(t), body,
                   matrix_place_write(t->task.pool, &to), on_put, t))
        task_free(&t->task); /* stays open */
}

static void save(struct room_talk *t)
{
    const char *base = config_text(bot_config(t->task.adapter->bot), "web.public_url");
    say(t,
        *base && t->ticket
            ? pool_printf(t->task.pool,
                          "Save the reply as an answer: %s/staff/live?ticket=%lld&save=1", base,
                          (long long)t->ticket)
            : "At the console, page Live, \"Save as answer\" makes an answer of your reply.",
        true);
    task_free(&t->task);
}

static void obey(struct room_talk *t, enum live_command command)
{
    switch (command) {
    case LIVE_KB:
        if (!live_find(t->task.adapter->bot, t->words, MAX_FOUND, list, t))
            break;
        say(t, "That is too much at once for me: please ask again in a moment.", true);
        task_free(&t->task);
        break;
    case LIVE_CLOSE:
        t->said = "Closed: the bot answers from here on.";
        perform(t, HANDOFF_CLOSE, NULL);
        break;
    case LIVE_BOT:
        t->said = "The bot answers again.";
        perform(t, HANDOFF_RETURN, NULL);
        break;
    case LIVE_SAVE: save(t); break;
    case LIVE_SAID: perform(t, HANDOFF_ROOM, t->ev.text); break;
    case LIVE_HELP:
        say(t, live_help, true);
        task_free(&t->task);
        break;
    }
}

/* ---- whose thread? ---- */

static void look_at_thread(void *ctx);

static void on_thread(void *ctx, int err, int64_t conversation, int64_t ticket)
{
    struct room_talk *t = ctx;
    struct matrix *m = t->task.adapter->state;
    enum live_command command = live_command(t->ev.text, t->ev.named, &t->words);
    t->conversation = err ? 0 : conversation;
    t->ticket = err ? 0 : ticket;
    if (err == -EAGAIN) {
        task_wait(&t->task, LIVE_AGAIN_MS, look_at_thread);
    } else if (err && err != -ENOENT) { /* stays open */
        task_free(&t->task);
    } else if (!err || command == LIVE_KB) {
        obey(t, command);
    } else {
        matrix_room_ask(m, &t->item, &t->ev);
        task_free(&t->task);
    }
}

static void look_at_thread(void *ctx)
{
    struct room_talk *t = ctx;
    const char *room = pool_printf(t->task.pool, "matrix:%s", t->ev.room);
    if (live_thread(t->task.adapter, room, t->thread, on_thread, t))
        task_free(&t->task); /* stays open */
}

bool matrix_relay_message(struct matrix *m, const struct inbox_item *item,
                          const struct matrix_event *ev)
{
    const char *room = live_room(m->adapter->bot), *words;
    const char *root = *ev->thread ? ev->thread : ev->reply_to;
    if (!room || strncmp(room, "matrix:", 7) || strcmp(room + 7, ev->room) ||
        (!*root && live_command(ev->text, ev->named, &words) != LIVE_KB))
        return false;
    struct room_talk *t = task_new(&m->tasks, sizeof *t);
    t->item = inbox_item_copy(t->task.pool, item);
    matrix_read_item(m, t->task.pool, &t->item, &t->ev);
    t->thread = *t->ev.thread ? t->ev.thread : t->ev.reply_to;
    if (*t->thread)
        look_at_thread(t);
    else
        on_thread(t, -ENOENT, 0, 0);
    return true;
}
