/* desk.h: what the staff asks of the bot: pages to read, things to do. Two threads read, each with a connection of its own, so
 * that no page waits for the journal and no question waits for a page; what changes something goes to the journal.
 *
 *     desk_ask() --.run on a desk thread, or (writes) on the journal's, in a transaction--> .done on the loop
 *
 * A request may also ask the base: run() of what reads leaves a question, an answering thread answers it, and replied() writes what
 * comes of it.
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
struct cJSON;
struct desk;
struct draft_where;
struct pool;
struct config;
struct examiner;
struct surveyor;
struct question; /* answer.h */
struct reply;

/* Reads the state.db at `path`. */
struct desk *desk_new(struct bot *bot, const char *path);
/* What waits is dropped. NULL is fine. */
void desk_free(struct desk *d);

#define DESK_TOKEN 44 /* what a browser keeps: 256 random bits in base64url, terminated */
#define DESK_JSON  (4u << 20)

struct desk_request;
/* What to do. 0, or a negative errno of which nothing is kept, but with `noted`; -EACCES, -ENOENT, -EBUSY, -EINVAL as store.h means
 * them. May be called again after a failed commit: then `body` is empty again. */
typedef int desk_run_fn(struct store *s, struct desk_request *rq);

/* One request of the staff. All texts live in `pool`, and so does the struct; done() frees it. */
struct desk_request {
    struct pool *pool;
    /* Who asks. */
    unsigned char session[STORE_HASH]; /* desk_session(); unused with `open` */
    bool open;                         /* needs no session */
    const char *agent;                 /* the browser's name for itself; or NULL */
    int retention_days;                /* a setting */
    bool bearer;                       /* `session` is token_hash() of a program's token */
    const char *signed_on; /* whom the proxy in front names: the session must be theirs; or NULL */
    enum staff_role given; /* the role that the proxy's groups give; ROLE_NONE: the user's own */

    /* What for. */
    bool writes;
    bool unattended; /* nobody pressed anything: the session is used no longer for it */
    enum staff_role needs;
    int scope; /* the one that a token has to have; 0: no token may */
    enum staff_role
        factor_from; /* whoever has this role needs a second factor; ROLE_NONE: nobody */
    bool own;        /* about oneself: also without that factor */
    desk_run_fn *
        prepare; /* what is slow, on a desk thread before a run() that writes; or NULL. Results to `out` */
    desk_run_fn *run;
    void (*done)(struct desk_request *rq);
    void *ctx;
    struct desk *desk;               /* that was asked */
    const struct draft_where *where; /* the content, as the settings have it; from desk_ask() on */
    struct cJSON *
        in; /* what was sent along, an object or NULL; the desk's from desk_ask() on. desk_text(), desk_number() */

    /* Out. err also: -EPERM no session, -EACCES not with this role, -ENOKEY not without a second factor, -EKEYREVOKED not with this
     * token, -EKEYREJECTED a password or code is wrong, -EIO the database cannot be read. */
    int err;
    bool noted; /* with err: what was written stays, as that somebody was refused */
    struct store_session me;
    struct buf body;  /* for done() to send; released by the desk */
    const char *type; /* of the body; NULL: JSON */
    const char *
        problem; /* with err: what is wrong and what would mend it, for a person; NULL: the usual words */
    const char *file; /* the name to keep it under, of [a-z0-9.-]; NULL: it is shown, not kept */
    int64_t
        next; /* of a part of something longer: `after` of the next part; 0: it was the last one */
    const char *forget_adapter,
        *forget;             /* a conversation that was erased: memory forgets it, too */
    const char *new_session; /* the browser's token from now on; NULL: it stays */
    void *out;               /* run()'s own */

    /* Set by run() of what reads, in `pool`: asked next. replied() is called on the loop, and writes `body`. */
    struct question *question;
    const char *channel; /* the adapter through which: what its askers may read is looked at */
    void (*replied)(struct desk_request *rq, const struct reply *r);
};
/* What came along under that name; NULL when there is none, it is longer than `max` bytes, or no text. Lives as long as rq. */
const char *desk_text(const struct desk_request *rq, const char *name, size_t max);
/* A whole number from 1 on, sent as a number or, in an address, in digits; 0 when there is none. */
int64_t desk_number(const struct desk_request *rq, const char *name);
/* 0, or -EBUSY (too much waits): then the request, and what it points to, is the caller's still. */
int desk_ask(struct desk *d, struct desk_request *rq);

/* Who makes surveys of what was asked, and who looks after the content. Any thread. */
struct surveyor *desk_surveyor(struct desk *d);
struct examiner *desk_examiner(struct desk *d);
/* After a reload. Loop thread. */
void desk_use_config(struct desk *d, const struct config *c);

/* Lines of an export that prepare() has read, and run() sends. */
struct desk_lines {
    const char *text;
    size_t len;
    int64_t next;
};
void desk_send_lines(struct desk_request *rq, const char *type, const char *file);

/* The hash of a browser's token; false: it is none. */
bool desk_session(const char *token, unsigned char ret[STORE_HASH]);
/* What a page has to send along with whatever changes something; made of the token, so it need not be kept. */
void desk_csrf(const char *token, char ret[DESK_TOKEN]);

/* A row of the audit by who asks, and with which token; object, before and after may be NULL. For run() of what writes. */
int desk_audit(struct store *s, const struct desk_request *rq, const char *action,
               const char *object, const char *before, const char *after);

/* ---- logging in and out (desk_login.c) ---- */

struct desk_login {
    const char *name, *password, *agent;
    const char *code;      /* of the second factor; NULL: none was typed yet */
    bool signed_on;        /* a proxy says who it is: no password, no code */
    enum staff_role given; /* as above; there need not be such a user then, and one is made */
    void *ctx;
    /* err 0: token is the new session's. -EPERM: name or password is wrong; -ENOKEY: they are right, and a code is wanted;
     * -EKEYREJECTED: the code is wrong, or used; -ENOENT: signed on, but no user here; -EBUSY: too many at once. */
    void (*done)(void *ctx, int err, const char *token);
};
/* About an eighth of a second on a desk thread, whether there is such a user or not. 0, and `pool` is freed after done(), or
 * without it when all stops; or -EBUSY, and it is the caller's. */
int desk_login(struct desk *d, struct pool *pool, const struct desk_login *l);
/* A new token for a browser. */
void desk_token(char ret[DESK_TOKEN]);

/* A token for programs stood in an address, where logs keep it: that is on record, and shown beside it. Nobody waits for it. */
void desk_leaked(struct desk *d, const unsigned char hash[STORE_HASH]);

#endif
