/* desk_login.c: the staff logs in and out. The password is checked on a desk thread, where nobody waits but other pages; the
 * session, and the row of the audit, are written by the journal. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "kb/pool.h"

#define MAX_AGENT 200 /* bytes of a browser's name that are kept */

struct login {
    struct desk *desk;
    struct desk_login in;
    char *password; /* wiped as soon as it was checked */
    char token[DESK_TOKEN];
    char hash[USER_HASH];
    bool found;
};

static void on_user(void *ctx, const struct store_user *u)
{
    struct desk_request *rq = ctx;
    struct login *l = rq->ctx;
    l->found = true;
    strncpy(l->hash, u->hash, sizeof l->hash - 1);
    strncpy(rq->me.user, u->name, sizeof rq->me.user - 1);
    rq->me.role = u->role;
}

static int check(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    int err = store_users(s, l->in.name, on_user, rq);
    if (err)
        return err;
    bool right = user_check(l->found ? l->hash : NULL, l->password);
    sodium_memzero(l->password, strlen(l->password));
    return right ? 0 : -EPERM;
}

/* ---- the second half: written ---- */

static int begin_session(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    int64_t now = clock_wall_ms();
    int err = store_forget_sessions(s, now);
    if (!err)
        err = store_add_session(s, rq->session, rq->me.user, l->in.agent, now);
    return err ? err : desk_audit(s, rq, "login", NULL, NULL, NULL);
}

static void session_begun(struct desk_request *rq)
{
    struct login *l = rq->ctx;
    l->in.done(l->in.ctx, rq->err, rq->err ? NULL : l->token);
}

/* Who guesses is on record, too; nobody waits for that. */
static int note_failure(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    rq->me.role = ROLE_NONE;
    strncpy(rq->me.user, "?", 2);
    return desk_audit(s, rq, "login.failed", l->found ? l->in.name : NULL, NULL, NULL);
}

static void noted(struct desk_request *rq)
{
    struct login *l = rq->ctx;
    l->in.done(l->in.ctx, -EPERM, NULL);
}

/* `rq` ends when this returns; what is in its pool goes on living in the next one's. */
static void go_on(struct login *l, struct desk_request *rq)
{
    struct pool *pool = rq->pool;
    struct desk_request *next = pool_alloc(pool, sizeof *next);
    *next = (struct desk_request){.pool = pool,
                                  .open = true,
                                  .writes = true,
                                  .run = rq->err ? note_failure : begin_session,
                                  .done = rq->err ? noted : session_begun,
                                  .ctx = l,
                                  .me = rq->me};
    desk_session(l->token, next->session);
    rq->pool = NULL;
    if (desk_ask(l->desk, next)) {
        rq->pool = pool;
        l->in.done(l->in.ctx, -EBUSY, NULL);
    }
}

static void checked(struct desk_request *rq)
{
    struct login *l = rq->ctx;
    unsigned char bytes[32];
    if (rq->err && rq->err != -EPERM) {
        l->in.done(l->in.ctx, rq->err, NULL);
        return;
    }
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(l->token, sizeof l->token, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    go_on(l, rq);
}

int desk_login(struct desk *d, struct pool *pool, const struct desk_login *in)
{
    struct desk_request *rq = pool_alloc(pool, sizeof *rq);
    struct login *l = pool_alloc(pool, sizeof *l);
    *l = (struct login){.desk = d, .in = *in};
    l->in.name = pool_strdup(pool, in->name);
    l->in.agent = pool_strndup(pool, in->agent, strnlen(in->agent, MAX_AGENT));
    l->password = pool_strdup(pool, in->password);
    *rq =
        (struct desk_request){.pool = pool, .open = true, .run = check, .done = checked, .ctx = l};
    int err = desk_ask(d, rq);
    if (err)
        sodium_memzero(l->password, strlen(l->password));
    return err;
}

int desk_logout(struct store *s, struct desk_request *rq)
{
    int err = desk_audit(s, rq, "logout", NULL, NULL, NULL);
    return err ? err : store_end_session(s, rq->session);
}

int desk_me(struct store *s, struct desk_request *rq)
{
    (void)s;
    buf_addc(&rq->body, '{');
    json_add_member(&rq->body, "name", rq->me.user);
    json_add_member(&rq->body, "role", user_role_name(rq->me.role));
    buf_addc(&rq->body, '}');
    return 0;
}
