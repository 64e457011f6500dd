/* session.h: what we remember of a conversation, how long (limits.h), and how a bare "2" becomes
 * the second choice. In memory, on one thread; the durable record is the journal's. */
#ifndef BOT_SESSION_H
#define BOT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/reply.h"

struct pool;
struct question; /* answer.h */
struct sessions;
struct session;

struct sessions *sessions_new(void);
void sessions_free(struct sessions *all);

/* The conversation of that id, made when new. `now_s` is monotonic. Ids are at most 128 bytes. */
struct session *session_get(struct sessions *all, const char *id, uint64_t now_s);
void session_forget(struct sessions *all, const char *id); /* all of it, now */
void sessions_expire(struct sessions *all, uint64_t now_s);
size_t sessions_count(const struct sessions *all);

/* True for a bare number ("2", "2.", "#2"): it means something only after a reply that offered a
 * list. */
bool session_is_number(const char *text);

/* `text` as a question with all that was said before (oldest first), as copies in `pool`: text, len, chosen, before, asked,
 * quoted and topic of *ret are set. What is asked is the choice or suggestion that `text` picks (pick.h), else `text` itself. */
void session_recall(const struct session *s, const char *text, struct pool *pool,
                    struct question *ret);

/* Remember a question (as resolved) with what its reply quoted and offered (copies); not a number that led nowhere. */
void session_tell(struct session *s, const char *question, const struct reply *reply);

#endif
