/* live.h: what goes on between askers and the staff at this moment. What has to last is on disk (handoff.h, relay.h); here is who is
 * there to see it, and what is forgotten with the moment: who is at the console, who is typing.
 *
 * Loop thread only. */
#ifndef BOT_LIVE_H
#define BOT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/config.h"
#include "bot/handoff.h"
#include "bot/link.h"

struct adapter;
struct bot;
struct buf;
struct inbox_item;
struct live;
struct pool;
struct transcript_event;

extern const struct setting live_settings[];

/* A bot without one (NULL) has no staff: then all that is told here is told to nobody. */
struct live *live_new(struct bot *bot);
void live_start(struct live *l); /* the loop runs: go on with what the last run left */
void live_free(struct live *l);

/* ---- the staff at its console ---- */

struct live_watcher {
    struct link link;
    struct live *live; /* NULL: not there */
    const struct live_watcher_calls *calls;
    char user[65];
    bool answers;         /* may talk to askers, and so counts as present */
    int64_t conversation; /* what it looks at, or 0 */
    char *place;          /* where that is; live.c's */
};
struct live_watcher_calls {
    void (*on_queue)(struct live_watcher *w); /* who waits, and who has whom, is not what it was */
    void (*on_presence)(struct live_watcher *w);
    void (*on_event)(struct live_watcher *w,
                     const struct transcript_event *ev); /* where it looks; NULL: erased */
    void (*on_typing)(struct live_watcher *w, bool on);  /* the asker, where it looks */
    void (*on_drain)(struct live_watcher *w);            /* the process is about to stop */
};
void live_join(struct bot *bot, struct live_watcher *w);
void live_leave(struct live_watcher *w);
/* Look at that conversation, instead of another; 0: at none. */
void live_look(struct live_watcher *w, int64_t conversation, const char *adapter, const char *name);
void live_drain(struct bot *bot);
/* Who is there, each name once, as a JSON array. */
void live_presence(struct bot *bot, struct buf *b);

/* ---- what the adapters tell ---- */

/* After its commit: all of this a conversation went through. */
void live_on_event(struct bot *bot, struct adapter *a, const char *conversation,
                   const struct transcript_event *ev);
/* It is not only the bot's: there may be something to send. */
void live_on_talk(struct bot *bot, int64_t conversation);
void live_on_queue(struct bot *bot); /* somebody wants a person, or none any more */
/* What handoff_apply() wrote is on disk: everybody hears of it. */
void live_on_handoff(struct bot *bot, const struct handoff_done *d);
/* The first message in the staff's room has arrived, or never will. */
void live_on_delivered(struct bot *bot, const char *idem);
void live_asker_types(struct adapter *a, const char *conversation, bool on);
void live_staff_types(struct live_watcher *w, const char *who, bool on);
/* Since the start: events of hand-offs by what they say, how many who waited were taken over and how long they had waited. */
enum live_state { LIVE_QUEUED, LIVE_ACTIVE, LIVE_ENDED, LIVE_DECLINED, LIVE_STATES };
struct live_stats {
    uint64_t state[LIVE_STATES], taken;
    int64_t waited_ms;
    size_t consoles; /* open now */
};
extern const char *const live_state_name[LIVE_STATES];
struct live_stats live_stats(const struct bot *bot);
/* Is somebody of the staff at the console? And how many minutes the last ones waited; 0: nobody has lately. */
bool live_is_staffed(const struct bot *bot);
int live_eta_min(const struct bot *bot);
/* Where the staff reads along: "slack:C1", or NULL. Of these reasons (enum ticket_why). Good until a reload. */
const char *live_room(const struct bot *bot);
int live_room_gets(const struct bot *bot);
/* What askers call somebody: an account, or who writes in the room ("slack:U1" and the name that the network gives, or NULL). */
const char *live_shown(const struct bot *bot, struct pool *pool, const char *actor,
                       const char *name);

/* ---- out of the staff's room ---- */

/* Whose thread that is, if it is one of ours: its conversation, its ticket; err -ENOENT: nobody's; -EAGAIN: that is
 * not known yet, ask again in LIVE_AGAIN_MS. 0, or a negative errno and fn is not called. */
#define LIVE_AGAIN_MS 500
typedef void live_thread_fn(void *ctx, int err, int64_t conversation, int64_t ticket);
int live_thread(struct adapter *a, const char *room, const char *thread, live_thread_fn *fn,
                void *ctx);
/* Somebody there does something: the message of the inbox is over in the same transaction. err as of handoff_apply(), but -ESTALE
 * where that has -EBUSY (the bot has it); -EALREADY: it was over. claim: the message, when several deliveries may bring it. fn may be
 * NULL. */
struct live_deed {
    const struct inbox_item *item;
    const char *claim;
    enum handoff_what what;
    int64_t conversation;
    const char *actor, *shown, *text;
};
typedef void live_deed_fn(void *ctx, int err);
int live_do(struct adapter *a, const struct live_deed *d, live_deed_fn *fn, void *ctx);

/* What somebody says there (live_command.c): words for the asker, or "!kb lighthouse", which the guides are searched for. named: we are
 * spoken to, and it counts without the exclamation mark. */
enum live_command { LIVE_SAID, LIVE_KB, LIVE_CLOSE, LIVE_BOT, LIVE_SAVE, LIVE_HELP };
enum live_command live_command(const char *text, bool named, const char **ret_words);
extern const char live_help[];
/* What the room is told when a deed came to nothing, by the err of live_do(); NULL: nothing. */
const char *live_refusal(int err);

/* ---- ranked entries, to be chosen from ---- */

struct live_found {
    const char *passage, *title, *text, *url; /* text: the extract, plain */
};
typedef void live_found_fn(void *ctx, const struct live_found *found, size_t n);
/* The best `max` for these words, as any asker would be shown them. fn on the loop, once, unless the process stops first. 0, or -EBUSY. */
int live_find(struct bot *bot, const char *words, size_t max, live_found_fn *fn, void *ctx);
/* Its text as a list shows it, cut after some lines. */
const char *live_extract(struct pool *pool, const struct live_found *f);

#endif
