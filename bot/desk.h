/* desk.h: what the staff asks of the bot: pages to read, things to do. Two threads read, each with a connection of its own, so
 * that no page waits for the journal and no question waits for a page; what changes something goes to the journal.
 *
 *     desk_ask() --.run on a desk thread, or (writes) on the journal's, in a transaction--> .done on the loop
 *
 * Before .run() the session is looked up in the same transaction: who it is, and whether the role is enough. So a user who
 * has been removed, or has lost a role, is out with the next request.
 *
 * Loop thread only, except .run(). */
#ifndef BOT_DESK_H
#define BOT_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/buf.h"
#include "bot/store.h"

struct bot;
struct desk;
struct pool;

/* Reads the state.db at `path`. */
struct desk *desk_new(struct bot *bot, const char *path);
/* What waits is dropped. NULL is fine. */
void desk_free(struct desk *d);

#define DESK_TOKEN 44 /* what a browser keeps: 256 random bits in base64url, terminated */
#define DESK_JSON  (4u << 20)

/* One request of the staff. All texts live in `pool`, and so does the struct; done() frees it. */
struct desk_request {
    struct pool *pool;
    unsigned char session[STORE_HASH]; /* desk_session(); unused with `open` */
    bool open;                         /* needs no session */
    bool writes;
    enum staff_role needs;
    /* What to do. 0, or a negative errno of which nothing is kept; -EACCES, -ENOENT, -EBUSY, -EINVAL as store.h means them.
     * May be called again after a failed commit: then `body` is empty again. */
    int (*run)(struct store *s, struct desk_request *rq);
    void (*done)(struct desk_request *rq);
    void *ctx;
    /* For run(): which ticket, how, in whose words. Meaning is each one's own; NULL and 0: not given. */
    int64_t id, before;
    const char *what, *text, *name;

    /* Out. err also: -EPERM no session, -EACCES not with this role, -EIO the database cannot be read. */
    int err;
    struct store_session me;
    struct buf body; /* JSON, for done() to send; released by desk */
    void *out;       /* run()'s own */
};
/* 0, or -EBUSY (too much waits) and the request is the caller's. */
int desk_ask(struct desk *d, struct desk_request *rq);

/* The hash of a browser's token; false: it is none. */
bool desk_session(const char *token, unsigned char ret[STORE_HASH]);
/* What a page has to send along with whatever changes something; made of the token, so it need not be kept. */
void desk_csrf(const char *token, char ret[DESK_TOKEN]);

/* A row of the audit by who asks; object, before and after may be NULL. For run() of what writes. */
int desk_audit(struct store *s, const struct desk_request *rq, const char *action,
               const char *object, const char *before, const char *after);

/* ---- logging in and out (desk_login.c) ---- */

struct desk_login {
    const char *name, *password, *agent;
    void *ctx;
    /* err 0: token is the new session's. -EPERM: name or password is wrong; -EBUSY: too many at once. */
    void (*done)(void *ctx, int err, const char *token);
};
/* About an eighth of a second on a desk thread, whether there is such a user or not. 0, and `pool` is freed after done(), or
 * without it when all stops; or -EBUSY, and it is the caller's. */
int desk_login(struct desk *d, struct pool *pool, const struct desk_login *l);
int desk_logout(struct store *s, struct desk_request *rq); /* run() */
int desk_me(struct store *s, struct desk_request *rq);     /* run(): {"name","role"} */

/* ---- the queue (desk_ticket.c): each a run() ---- */

int desk_queue(struct store *s, struct desk_request *rq);  /* what: which; before: a number */
int desk_ticket(struct store *s, struct desk_request *rq); /* id; an audit row says who read it */
/* id; what: "claim" "take" (from somebody else) "release" "close" "ignore" "reopen" "note"; text: a note. */
int desk_act(struct store *s, struct desk_request *rq);

#endif
