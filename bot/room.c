/* room.c: see room.h. Where the disk or the queue is full the message stays open: it comes again at the next start. */
#include "bot/room.h"

#include <errno.h>

#include "bot/adapter.h"
#include "kb/pool.h"

#define MAX_FOUND 5

/* ---- what is done ---- */

static void did(void *ctx, int err)
{
    struct room_talk *t = ctx;
    const char *line = err ? live_refusal(err) : t->done;
    if (line)
        t->calls->say(t, line, false);
    task_free(&t->task);
}

void room_do(struct room_talk *t, enum handoff_what what, const char *text)
{
    struct adapter *a = t->task.adapter;
    const char *actor = pool_printf(t->task.pool, "%s:%s", a->type->name, t->user);
    struct live_deed d = {.item = &t->item,
                          .claim = t->claim,
                          .what = what,
                          .conversation = t->conversation,
                          .actor = actor,
                          .shown = live_shown(a->bot, t->task.pool, actor, t->name),
                          .text = text};
    if (live_do(a, &d, did, t))
        task_free(&t->task);
}

static void on_found(void *ctx, const struct live_found *found, size_t n)
{
    struct room_talk *t = ctx;
    t->calls->on_found(t, found, n);
}

/* The last word on this message. */
static void say_only(struct room_talk *t, const char *text)
{
    t->calls->say(t, text, true);
    task_free(&t->task);
}

void room_find(struct room_talk *t)
{
    if (live_find(t->task.adapter->bot, t->words, MAX_FOUND, on_found, t))
        say_only(t, "That is too much at once for me: please ask again in a moment.");
}

static const char *save_line(struct room_talk *t)
{
    const char *base = config_text(bot_config(t->task.adapter->bot), "web.public_url");
    if (!*base || !t->ticket)
        return "At the console, page Live, \"Save as answer\" makes an answer of your reply.";
    return t->calls->save(
        t->task.pool,
        pool_printf(t->task.pool, "%s/staff/live?ticket=%lld&save=1", base, (long long)t->ticket));
}

static void obey(struct room_talk *t, enum live_command command)
{
    switch (command) {
    case LIVE_SAID: t->calls->on_words(t); break;
    case LIVE_KB: room_find(t); break;
    case LIVE_CLOSE:
        t->done = "Closed: the bot answers from here on.";
        room_do(t, HANDOFF_CLOSE, NULL);
        break;
    case LIVE_BOT:
        t->done = "The bot answers again.";
        room_do(t, HANDOFF_RETURN, NULL);
        break;
    case LIVE_SAVE: say_only(t, save_line(t)); break;
    case LIVE_HELP: say_only(t, live_help); break;
    }
}

/* ---- whose thread? ---- */

static void look_at_thread(void *ctx);

static void on_thread(void *ctx, int err, int64_t conversation, int64_t ticket)
{
    struct room_talk *t = ctx;
    enum live_command command =
        t->outsider ? LIVE_SAID : live_command(t->text, t->named, &t->words);
    t->conversation = err ? 0 : conversation;
    t->ticket = err ? 0 : ticket;
    if (err == -EAGAIN)
        task_wait(&t->task, LIVE_AGAIN_MS, look_at_thread);
    else if (err && err != -ENOENT)
        task_free(&t->task);
    else if (!err || command == LIVE_KB)
        obey(t, command);
    else
        t->calls->on_other(t);
}

static void look_at_thread(void *ctx)
{
    struct room_talk *t = ctx;
    struct adapter *a = t->task.adapter;
    const char *room = pool_printf(t->task.pool, "%s:%s", a->type->name, t->room);
    if (live_thread(a, room, t->thread, on_thread, t))
        task_free(&t->task);
}

void room_begin(struct room_talk *t, bool threaded)
{
    if (threaded)
        look_at_thread(t);
    else
        on_thread(t, -ENOENT, 0, 0);
}
