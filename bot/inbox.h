/* inbox.h: messages that have come in and are not dealt with yet. On disk before anybody is told that they were
 * taken; known again whenever they come once more; dealt with once, whatever happens in between.
 *
 *     inbox_put() --commit--> fn(receipt): acknowledge now; done, when its reply was known and is in the same commit
 *                        `--> open --> on_message() --> bot_receive(.item)  -->  answer and "done" in one transaction
 *                              ^                   `--> inbox_end()         -->  done, ignored or dead
 *                              `-- the program ends, and starts again: on_message() once more
 *
 * The reply of a message is written in the transaction that closes it, to the outbox (outbox.h) or to its transcript
 * (transcript.h). So after a crash at any step either the message is still open, and nobody has seen a reply, or it is
 * closed and the reply is on disk. Messages of one conversation are answered one after another, in the order in which
 * they came (turn.c). A message that was found open at INBOX_TRIES starts may be what ends the program: it is answered
 * with an apology, unread; and if that did not help, at twice as many and a minute after it came, given up. A minute,
 * because somebody else may end the program as often as that in a second, and then it is not the message's fault.
 *
 * Loop thread only. */
#ifndef BOT_INBOX_H
#define BOT_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/reply.h"

struct adapter;
struct bot;
struct inbound;
struct inbox;
struct journal_turn;
struct pool;

#define INBOX_TRIES      3
#define INBOX_GIVE_UP_MS 60000

struct inbox_vote {
    int64_t turn; /* the answer's, or 0: the event `re` of the transcript */
    int64_t re;
    int v;                          /* 1 helped, -1 did not, 0 takes it back */
    const char *voter, *why, *text; /* who, opaque; why and text may be NULL */
};

struct inbox_wish {   /* for a person */
    int64_t turn;     /* the answer's, whoever asks; or 0: the conversation's last */
    const char *want; /* "live" "email" "cancel" */
    const char *name, *email,
        *note; /* or NULL; with `turn`: who asks for it, and what the staff is to know */
};

/* All of it is copied. */
struct inbox_message {
    /* Of the message, not of its delivery: the same however often and on whatever way it comes; at most MAX_IDENTITY
     * bytes. With a transcript: the conversation's name, ':', the client's own name for what it did. */
    const char *identity;
    const char *body; /* what on_message() will need, in the adapter's own words */
    /* In the same transaction, and only if the message is new: */
    const char *conversation; /* whose transcript gets `event` (transcript.h), or NULL */
    const char *event;
    /* What on_message() would put to bot_receive(), .item aside; or NULL. When its reply is known, that is written in the same
     * transaction, the message is over with it, and on_message() is not called. Only with a transcript. */
    const struct inbound *ask;
    const struct inbox_vote *vote;
    const struct inbox_wish *wish;
    const char *note_key, *note; /* something to remember: how far the adapter has read */
    bool over;                   /* that was all: no on_message() */
};

struct inbox_receipt {
    int err; /* 0: it is on disk. -ENOSPC, -EIO, ...: nothing of it is, refuse it. -ESTALE: the conversation was
              * erased. -ENOENT: what is voted on does not exist */
    bool known;       /* it came before; nothing was done a second time */
    bool conflict;    /* ... but said something else then */
    int64_t id, turn; /* turn: the number of its answer */
    int64_t seq;      /* of its event, or 0 */
};

/* On the loop, exactly once per inbox_put() that returned 0, unless the program ends first. */
typedef void inbox_put_fn(void *ctx, const struct inbox_receipt *r);

/* 0, or -EBUSY (too much waits), -ESHUTDOWN, -EINVAL (no identity, or one too long), -ENOMEM: fn is then not called. */
int inbox_put(struct adapter *a, const struct inbox_message *m, inbox_put_fn *fn, void *ctx);

/* A message to be dealt with. The texts are good inside on_message() only; who calls bot_receive() later keeps the rest. */
struct inbox_item {
    int64_t id, turn, seq;
    int64_t at_ms; /* when it came, wall clock */
    const char *identity, *body;
    int tries; /* starts of the program that found it open */
};
/* Its texts in `pool`: an item given is good for that call only. */
struct inbox_item inbox_item_copy(struct pool *pool, const struct inbox_item *item);

/* Further messages that the same reply answers: several lines of one thought. They are over with it, in the same
 * transaction. */
struct inbox_also {
    int64_t id;
    const char *claim; /* or NULL */
};

enum inbox_ending { INBOX_WAS_DONE, INBOX_WAS_IGNORED, INBOX_WAS_DEAD };
/* Instead of bot_receive(): nothing will be said about it. */
void inbox_end(struct adapter *a, int64_t id, enum inbox_ending how);

/* A key that begins with '~' is for a while: it is forgotten when messages of its day are (three days).
 * What was remembered under that key (NULL: nothing), on the loop. 0 or a negative errno, and fn is not called. */
typedef void inbox_note_fn(void *ctx, int err, const char *value);
int inbox_note(struct adapter *a, const char *key, inbox_note_fn *fn, void *ctx);
/* Remember it now, apart from any message. fn may be NULL. */
int inbox_keep_note(struct adapter *a, const char *key, const char *value, inbox_note_fn *fn,
                    void *ctx);

/* ---- for bot.c and turn.c ---- */

struct inbox *inbox_new(struct bot *bot);
/* A message was ended by a job of somebody else's (live.c). */
void inbox_is_over(struct adapter *a);
/* Deal with what the last run has left open. */
void inbox_recover(struct inbox *box);
size_t inbox_open(const struct inbox *box);
size_t inbox_arriving(const struct inbox *box); /* not committed yet */
/* Both, but for those whose reply is known and comes with their commit. */
size_t inbox_unanswered(const struct inbox *box);
struct inbox_stats { /* since the start */
    uint64_t taken;  /* new ones */
    uint64_t again;  /* came once more, and nothing was done */
    uint64_t failed; /* not taken: the disk, or what they are about is gone */
    uint64_t dead;   /* given up */
};
void inbox_stats(const struct inbox *box, struct inbox_stats *ret);
void inbox_free(struct inbox *box);

/* What closes a message. The strings live until fn was called. */
struct inbox_reply {
    int64_t id;
    const char *claim; /* as in struct inbound */
    const struct inbox_also *also;
    size_t nalso;
    const struct journal_turn *turn;
    const char *conversation; /* its transcript gets `body`; or NULL: the outbox does */
    const char *lane, *note;  /* of the outbox */
    const char *body;
    size_t told;              /* bytes at its end that others were told as well */
    enum reply_person person; /* what it says of one, where one can be called */
};
struct inbox_closed {
    int err; /* nothing happened: try again */
    bool
        refused; /* it was closed or erased before, a person has taken over, or another copy was answered: say nothing */
    int64_t seq;
};
typedef void inbox_close_fn(void *ctx, const struct inbox_closed *c);
int inbox_close(struct adapter *a, const struct inbox_reply *r, inbox_close_fn *fn, void *ctx);

#endif
