/* handoff.h: whose a conversation is: the bot's, nobody's yet, or a person's. The states are a column on disk, and each step from one
 * to the next is one transaction with the event that tells of it, so nothing is ever half handed over:
 *
 *            want                claim, take, say from the room
 *     bot ---------> waiting ------------------------------------> person
 *      ^               |  ^------------- release --------------------|
 *      |---------------+---------------------------------------------|
 *        cancel (the asker), give back, close (the staff), or nobody has said anything for too long
 *
 * Bot and person never both answer: an answer is written only where the mode in its own transaction is not the person's
 * (store_append(), inbox.c). A question that was on its way when somebody took over is theirs: they see it.
 *
 * No SQL is here, and no thread: what has a struct store runs where its caller is, inside a transaction. */
#ifndef BOT_HANDOFF_H
#define BOT_HANDOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/reply.h"
#include "bot/store.h"

enum handoff_what {
    HANDOFF_CLAIM,   /* what nobody has */
    HANDOFF_TAKE,    /* also from somebody else, or from the bot */
    HANDOFF_RELEASE, /* back to those who wait */
    HANDOFF_SAY,     /* words of who has it */
    HANDOFF_ROOM, /* words out of the staff's room: whoever is in it may, and takes what nobody has */
    HANDOFF_RETURN, /* back to the bot */
    HANDOFF_CLOSE,  /* the same, and the question is dealt with */
    HANDOFF_LATE,   /* nobody came, or nobody says anything */
};
enum { HANDOFF_WHATS = HANDOFF_LATE + 1 };

/* ---- the rules, without a database ---- */

struct handoff_step {
    enum store_mode mode;
    enum { OWNER_STAYS, OWNER_COMES, OWNER_GOES } owner;
    const char *
        state; /* of the event that says so: "active" "queued" "ended" "declined"; NULL: nobody need be told */
};
/* 0; or -EBUSY: it is somebody else's, or nobody has it. mine: the one who acts has it. */
int handoff_next(enum store_mode mode, bool mine, enum handoff_what what, struct handoff_step *ret);

/* What the audit and a ticket's log call it, whichever way it was done: "live.reply". Who did it says the way: an account at the
 * console, "slack:U1" (role "room") in the staff's room. */
const char *handoff_action(enum handoff_what what);

/* ---- in a transaction ---- */

struct handoff_act {
    enum handoff_what what;
    int64_t conversation, ticket; /* one of them; the other 0 */
    const char *actor;   /* an account; "slack:U1" out of the room; NULL: nobody, the clock */
    const char *shown;   /* what the asker calls them, or NULL */
    const char *text;    /* of HANDOFF_SAY and _ROOM */
    const char *room;    /* where the staff reads along, "slack:C1", or NULL */
    int64_t next_open_s; /* of HANDOFF_LATE: when somebody is there again, or 0 */
    int64_t at_ms;
};

/* What was written, for those who follow the conversation. */
struct handoff_done {
    int64_t conversation;
    char *adapter, *name;
    enum store_mode mode;
    size_t n;
    struct {
        int64_t seq;
        char *body;
    } event[2];
    int64_t waited_ms; /* how long the asker had waited for this, or 0 */
};
/* 0; -ENOENT: no such conversation, or it was erased; -EBUSY as above; -EINVAL: words that are none. *ret is released by the caller,
 * also after a failure; handed in again, it is begun anew. */
int handoff_apply(struct store *s, const struct handoff_act *a, struct handoff_done *ret);
void handoff_done_release(struct handoff_done *d);

/* What the asker is told of a wish ("live", "email", "cancel"): the members of its event. False: it is not granted. Where nobody comes
 * back to look (not `stays`) who asks outside the hours is told when somebody is there, and not put into a queue. */
struct handoff_wish {
    const char *want;
    const char *cid; /* the client's name for it, or NULL */
    bool stays;
    bool open;           /* somebody is there, */
    int64_t next_open_s; /* or will be: Unix seconds, 0 when that is not known */
    int eta_min;         /* how long others waited, 0: not known */
    int64_t at_ms;
};
bool handoff_event(const struct handoff_wish *w, struct buf *b);

/* The asker wants a person ("live", "email") or none any more ("cancel"), and the event that says so is written as the last one of
 * the conversation `c`, whose mode is changed. told: it is on its way to the asker. */
int handoff_want(struct store *s, struct store_conversation *c, const char *want, const char *room,
                 int64_t at_ms, bool told);
/* On a network without transcripts, where an answer is on its way to the outbox: what is said while a person has the conversation,
 * or one is waited for, is written down as its event. -ESTALE: a person has it, so the answer must not go out. */
struct journal_turn;
int handoff_hear(struct store *s, const struct journal_turn *asked, struct handoff_done *ret);
/* With the turn itself, before it or after it: who asked for a person gets into the queue, who does not want one any more gets out of it, and
 * the staff's room hears of what it wants to hear. */
struct handoff_answer {
    const struct journal_turn *turn;
    bool asks_elsewhere;      /* a network without transcripts */
    enum reply_person person; /* what the question says of one, where one can be called */
    const char *room;
    int why; /* enum ticket_why: of which the room hears */
    bool open;
    int64_t next_open_s;
    int eta_min;
};
int handoff_answered(struct store *s, const struct handoff_answer *a, struct handoff_done *ret);
/* The last ticket of a conversation, that the staff's room should know of without anybody having been asked for. */
int handoff_mention(struct store *s, const char *adapter, const char *name, const char *room,
                    int64_t at_ms, struct handoff_done *ret);

#define HANDOFF_TEXT 8000 /* bytes of what a person of the staff says at once */

#endif
