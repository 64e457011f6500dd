/* inbox_int.h: what inbox.c and inbox_close.c share, and nobody else. */
#ifndef BOT_INBOX_INT_H
#define BOT_INBOX_INT_H

#include "bot/handoff.h"
#include "bot/inbox.h"
#include "bot/journal.h"
#include "bot/store.h"

#define INBOX_PLACES 16384 /* of conversations with a message that is not committed yet */

struct inbox {
    struct bot *bot;
    size_t open;                        /* taken in and not over */
    size_t arriving;                    /* not committed yet, */
    size_t foreseen;                    /* of them with their reply */
    uint16_t arriving_at[INBOX_PLACES]; /* of them, by conversation; MAX_INBOX fits */
    struct inbox_stats stats;
};

/* A reply on its way to the disk. */
struct inbox_writing {
    struct adapter *adapter;
    const struct inbox_reply *reply; /* NULL: none was written */
    struct inbox_closed result;
    struct store_conversation talk; /* as this transaction has left it; id 0: it has not looked */
    const char *room;               /* of the staff, or NULL */
    int why;                        /* of which tickets it wants to know */
    bool open;                      /* somebody is there, */
    int64_t next_open_s;            /* or will be then; 0: not known */
    int eta_min;
    struct handoff_done heard; /* what was written of that */
};
/* On the loop; `room` is to be copied (pack.h). */
struct inbox_writing inbox_writing_of(struct adapter *a);
/* Nothing was written yet, or all of it is taken back. */
void inbox_writing_begin(struct inbox_writing *w);
/* Within a transaction. A refusal (result.refused) is no error. */
int inbox_write_reply(struct store *s, struct inbox_writing *w);
/* On the loop, after the commit: whoever follows hears of it. */
void inbox_written(struct inbox_writing *w);
/* seq 0: nothing. */
void inbox_announce(struct adapter *a, const char *conversation, int64_t seq, const char *body);

#endif
