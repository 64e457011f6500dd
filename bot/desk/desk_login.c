/* desk_login.c: the staff logs in and out.
 *
 *     desk_login() -> check(), on a desk thread: the password          -> begin(), on the journal's: the code, and the session
 *                     signed on by a proxy: nothing to be checked here -> begin()
 *
 * The password is slow to check, and nobody waits for it but other pages. The code is quick, and is looked at in the very
 * transaction that uses it up: of two who send the same one, one gets in. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
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
    rq->me.factor = u->factor;
}

static int check(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    int err = store_users(s, l->in.name, on_user, rq);
    if (err)
        return err;
    bool right = user_check(l->found ? l->hash : NULL, l->password);
    sodium_memzero(l->password, strlen(l->password));
    return !right ? -EPERM : rq->me.factor && !l->in.code ? -ENOKEY : 0;
}

/* ---- the second half: written ---- */

/* Who fails is on record, too. The name only where it is one: people type passwords into the wrong field. */
static int note_failure(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    const struct desk_request somebody = {.me = {.user = "?"}};
    return desk_audit(s, &somebody, "login.failed", l->found ? l->in.name : NULL, NULL, NULL);
}

/* The code of the app, or one of those kept for when the phone is lost. */
static int take_code(struct store *s, const char *user, const char *typed, const char **ret_how)
{
    struct store_factor f;
    unsigned char hash[RECOVERY_HASH];
    int err = store_factor(s, user, &f);
    if (err || !f.on)
        return err;
    if (recovery_hash(typed, hash)) {
        *ret_how = "recovery code";
        err = store_use_recovery(s, user, hash);
        return err == -ENOENT ? -EKEYREJECTED : err;
    }
    int64_t step = totp_check(f.secret, typed, clock_wall_ms() / 1000, f.step);
    if (step <= 0)
        return step < 0 ? -EAGAIN : -EKEYREJECTED;
    f.step = step;
    *ret_how = "code";
    return store_set_factor(s, user, &f);
}

/* Whom a proxy names: as its groups say, or as somebody added them here. */
static int take_word(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    struct store_user u = {.name = l->in.name,
                           .role = l->in.given,
                           .hash = USER_NO_PASSWORD,
                           .at_ms = clock_wall_ms()};
    const char *role = user_role_name(u.role);
    l->found = false;
    int err = store_users(s, l->in.name, on_user, rq);
    if (err || (!l->found && !l->in.given))
        return err ? err : -ENOENT;
    if (!l->in.given || rq->me.role == l->in.given)
        return 0;
    rq->me.role = l->in.given;
    if (l->found) {
        u.hash = NULL;
        err = store_change_user(s, &u);
        return err ? err : desk_audit(s, rq, "user.role", u.name, NULL, role);
    }
    strncpy(rq->me.user, u.name, sizeof rq->me.user - 1);
    err = store_add_user(s, &u);
    return err ? err : desk_audit(s, rq, "user.add", u.name, NULL, role);
}

static int begin(struct store *s, struct desk_request *rq)
{
    struct login *l = rq->ctx;
    const char *how = l->in.signed_on ? "proxy" : NULL;
    int64_t now = clock_wall_ms();
    int err = l->in.signed_on ? take_word(s, rq)
              : rq->me.factor ? take_code(s, rq->me.user, l->in.code, &how)
                              : 0;
    if (err == -EKEYREJECTED) {
        rq->noted = true;
        int failed = note_failure(s, rq);
        return failed ? failed : err;
    }
    if (!err)
        err = store_forget_sessions(s, now);
    if (!err)
        err = store_add_session(s, rq->session, rq->me.user, l->in.agent, now);
    return err ? err : desk_audit(s, rq, "login", NULL, NULL, how);
}

static void begun(struct desk_request *rq)
{
    struct login *l = rq->ctx;
    l->in.done(l->in.ctx, rq->err, rq->err ? NULL : l->token);
}

static void noted(struct desk_request *rq)
{
    struct login *l = rq->ctx;
    l->in.done(l->in.ctx, -EPERM, NULL);
}

static struct desk_request second_half(struct login *l, struct pool *pool)
{
    return (struct desk_request){
        .pool = pool, .open = true, .writes = true, .run = begin, .done = begun, .ctx = l};
}

/* `rq` ends when this returns; what is in its pool goes on living in the next one's. */
static void go_on(struct login *l, struct desk_request *rq)
{
    struct pool *pool = rq->pool;
    struct desk_request *next = pool_alloc(pool, sizeof *next);
    *next = second_half(l, pool);
    next->me = rq->me;
    if (rq->err) {
        next->run = note_failure;
        next->done = noted;
    }
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
    if (rq->err && rq->err != -EPERM)
        l->in.done(l->in.ctx, rq->err, NULL);
    else
        go_on(l, rq);
}

void desk_token(char ret[DESK_TOKEN])
{
    unsigned char bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(ret, DESK_TOKEN, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

int desk_login(struct desk *d, struct pool *pool, const struct desk_login *in)
{
    struct desk_request *rq = pool_alloc(pool, sizeof *rq);
    struct login *l = pool_alloc(pool, sizeof *l);
    *l = (struct login){.desk = d, .in = *in};
    l->in.name = pool_strdup(pool, in->name);
    l->in.code = in->code ? pool_strdup(pool, in->code) : NULL;
    l->in.agent = pool_strndup(pool, in->agent, strnlen(in->agent, MAX_AGENT));
    l->password = pool_strdup(pool, in->password ? in->password : "");
    desk_token(l->token);
    if (in->signed_on) {
        *rq = second_half(l, pool);
        desk_session(l->token, rq->session);
    } else {
        *rq = (struct desk_request){
            .pool = pool, .open = true, .run = check, .done = checked, .ctx = l};
    }
    int err = desk_ask(d, rq);
    if (err)
        sodium_memzero(l->password, strlen(l->password));
    return err;
}

int desk_logout(struct store *s, struct desk_request *rq)
{
    int err = desk_audit(s, rq, "logout", NULL, NULL, NULL);
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : store_end_session(s, rq->session);
}

int desk_me(struct store *s, struct desk_request *rq)
{
    (void)s;
    bool wanted = rq->factor_from && rq->me.role >= rq->factor_from;
    buf_addc(&rq->body, '{');
    json_add_member(&rq->body, "name", rq->me.user);
    json_add_member(&rq->body, "role", user_role_name(rq->me.role));
    buf_addf(&rq->body, ",\"factor\":%s,\"must\":%s}", rq->me.factor ? "true" : "false",
             wanted && !rq->me.factor && !rq->signed_on ? "true" : "false");
    return 0;
}

/* ---- what was seen where it must not stand ---- */

/* One that nobody has is no leak, and anybody could fill the audit with them. */
static int note_leak(struct store *s, struct desk_request *rq)
{
    const struct desk_request somebody = {.me = {.user = "?"}};
    struct store_session whose;
    char token[40];
    int err = store_leak_token(s, rq->session, clock_wall_ms(), &whose);
    if (err)
        return err;
    snprintf(token, sizeof token, "token:%lld", (long long)whose.token);
    return desk_audit(s, &somebody, "token.leaked", token, NULL, whose.user);
}

static void leak_noted(struct desk_request *rq)
{
    (void)rq;
}

void desk_leaked(struct desk *d, const unsigned char hash[STORE_HASH])
{
    struct pool *pool = pool_new();
    struct desk_request *rq = pool_alloc(pool, sizeof *rq);
    *rq = (struct desk_request){
        .pool = pool, .open = true, .writes = true, .run = note_leak, .done = leak_noted};
    memcpy(rq->session, hash, STORE_HASH);
    if (desk_ask(d, rq))
        pool_free(pool);
}
