/* relay.h: words between an asker and the staff that have to travel: to the staff's room in Slack or Matrix, as a thread per question,
 * and to askers on networks without transcripts. The events of the conversation are the queue: a row says how far each side has
 * them (store.h: told, passed), and in one transaction it moves on and a letter is put into the outbox. So after a crash at any
 * step each event is on its way once.
 *
 *     event, commit -> relay_pump() --commit--> outbox -> deliver()
 *                          ^                      |
 *                          `-- the thread exists -'   its first message has arrived: what it is called there is known
 *
 * Loop thread only. */
#ifndef BOT_RELAY_H
#define BOT_RELAY_H

#include <stddef.h>
#include <stdint.h>

struct adapter;
struct bot;
struct pool;

/* What a network is to say for us. Texts are plain. */
struct relay_words {
    const char *conversation;  /* to the asker, there; NULL: to the staff's room */
    const char *room, *thread; /* the room's own name; thread NULL: this begins one */
    int64_t id;                /* of the conversation, for buttons */
    const char *who;           /* whose words these are; NULL: ours */
    const char *text;
    const char *shown; /* with a thread's first message: what the bot had answered, or "" */
    const char *link;  /* likewise: the question at the console, or "" */
};
/* Good as long as the pool. */
struct relay_letter {
    const char *lane, *note, *body;
};

/* For adapter_type.relay: a conversation that is nobody's to answer to, a network that cannot. */
#define RELAY_NOBODY (-61) /* -ENODATA */

/* Send what is there to be sent of this conversation. */
void relay_pump(struct bot *bot, int64_t conversation);
/* Of all: at the start. */
void relay_start(struct bot *bot);
/* The conversation whose thread that outbox row begins, or 0. */
int64_t relay_root(const char *idem);

#endif
