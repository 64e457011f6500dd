/* room.h: a message in the staff's room, from the network that brought it to what comes of it. Whose thread is it, is it for the asker
 * or for us, what is done, and what does the room hear of that: the same everywhere, over live.h. How a line is said there, and how
 * what the guides have is shown, is the network's: struct room_calls.
 *
 *     room_begin -> whose thread? -> "!kb words"     -> live_find() -> on_found()
 *                                 -> other commands  -> room_do(), or a line
 *                                 -> anything else   -> on_words(), or, in nobody's thread, on_other()
 *
 * A talk is a task, and ends by itself, but where a call says otherwise. Loop thread only. */
#ifndef BOT_ROOM_H
#define BOT_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/live.h"
#include "bot/task.h"

struct room_talk {
    struct task task; /* first */
    struct inbox_item item;
    const struct room_calls *calls;
    const char *room, *user; /* as their network calls them */
    const char *name;        /* what the network says of the user's name; or NULL */
    const char *thread;      /* likewise, "" where there is none */
    const char *text;        /* what was typed; `named`: and we are spoken to */
    bool named;
    bool outsider; /* not of the staff: commands are words like others, for on_words() to refuse */
    const char *claim;            /* the message, where several deliveries may bring it; or NULL */
    int64_t conversation, ticket; /* of the thread; 0: it is nobody's */
    const char *words;            /* that the guides are searched for */
    const char *done;             /* what the room hears when it is done; or NULL */
};

struct room_calls {
    /* A line in that thread; with `ends` the message is over, too. */
    void (*say)(struct room_talk *t, const char *text, bool ends);
    /* What is said to the line that leads to the console: where a reply becomes an answer. */
    const char *(*save)(struct pool *pool, const char *url);
    /* These end the message and the talk: words for the asker; what the guides have; what is nobody's. */
    void (*on_words)(struct room_talk *t);
    void (*on_found)(struct room_talk *t, const struct live_found *found, size_t n);
    void (*on_other)(struct room_talk *t);
};

/* A message has come: `threaded`, in t->thread; else it is nobody's. */
void room_begin(struct room_talk *t, bool threaded);
/* Look t->words up; on_found() follows. */
void room_find(struct room_talk *t);
/* Do that to t->conversation, as t->user, with t->claim; the message is over in the same transaction. */
void room_do(struct room_talk *t, enum handoff_what what, const char *text);

#endif
