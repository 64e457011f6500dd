/* answer.h: a question becomes a reply: answer, "did you mean", decline, small talk, or a person.
 *
 * One struct answerer per thread: it owns a kb handle and reopens it when the file was replaced. No
 * sockets, no store, no clock but for `us`: the same question gives the same reply anywhere. */
#ifndef BOT_ANSWER_H
#define BOT_ANSWER_H

#include "bot/reply.h"
#include "kb/kb.h"
#include "kb/pool.h"

struct answerer;
struct smalltalk; /* smalltalk.h: read once, shared read-only */

struct question {
    const char *text;
    size_t len;
    const char *const *before; /* earlier messages of the asker, oldest first */
    size_t nbefore;
    const char *lang;     /* or NULL */
    const char *audience; /* or NULL */
    bool explain;
    bool unattended; /* no person can take over: a terminal, a file of questions */

    /* What session_recall() knows of the conversation; all may be NULL or 0. */
    const char *chosen;             /* the passage that was picked from our list */
    const char *asked;              /* the question that was answered last */
    const char *topic;              /* the passage that was quoted for it first */
    unsigned topic_age;             /* replies since then */
    const struct kb_quoted *quoted; /* all that was quoted for it */
    size_t nquoted;
};

/* `db` need not exist yet: until it does every question is declined with "not ready". Opened at once where it is there: a base
 * that is deleted afterwards goes on answering. */
int answerer_open(const char *db, const struct smalltalk *talk, struct answerer **ret);
void answerer_close(struct answerer *a);
/* Another set of small talk from the next question on. The base stays open. */
void answerer_set_smalltalk(struct answerer *a, const struct smalltalk *talk);

/* The base as it is now, for reading that is no answering; NULL while there is none. Good until the next call. */
struct kb *answerer_kb(struct answerer *a);

/* Always yields a reply, also after a failure inside (then a REPLY_NONE that says sorry, and the
 * negative enum kb_err is returned for the caller to log). */
int answer_make(struct answerer *a, const struct question *q, struct pool *pool, struct reply *ret);

/* True, once, when what was found on the way calls for indexing anew: kb_wants_index(), or a base that is damaged or was
 * deleted. */
bool answerer_wants_index(struct answerer *a);

/* The reply when a question could not be answered at all: queue full, index away. */
void answer_sorry(struct pool *pool, struct reply *ret);

#endif
