/* desk_account.c: one's own account: password, second factor, sessions. Nothing here can be done with a token: who has found one
 * must not be able to keep the door open.
 *
 * What changes how somebody gets in asks for the password once more, so that a browser that was left open is not enough.
 * Whoever signs on elsewhere has no password here, and nothing of this. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "kb/pool.h"

#define MAX_PASSWORD 1200 /* bytes */
#define MAX_CODE     40

/* ---- what there is ---- */

static void add_session(void *ctx, const struct store_session_row *r)
{
    struct buf *b = ctx;
    buf_adds(b, b->s[b->len - 1] == '[' ? "{" : ",{");
    json_add_count(b, "id", r->id);
    json_add_member(b, "user", r->user);
    json_add_member(b, "agent", r->agent);
    json_add_count(b, "at", r->at_ms);
    json_add_count(b, "used", r->used_ms);
    buf_addf(b, ",\"current\":%s}", r->current ? "true" : "false");
}

int desk_account(struct store *s, struct desk_request *rq)
{
    struct buf *b = &rq->body;
    struct store_factor f;
    int err = store_factor(s, rq->me.user, &f);
    if (err)
        return err;
    bool wanted = rq->factor_from && rq->me.role >= rq->factor_from;
    buf_addc(b, '{');
    json_add_member(b, "name", rq->me.user);
    json_add_member(b, "role", user_role_name(rq->me.role));
    buf_addf(b, ",\"proxy\":%s,\"factor\":%s,\"required\":%s", rq->signed_on ? "true" : "false",
             f.on ? "true" : "false", wanted ? "true" : "false");
    json_add_count(b, "codes", f.codes);
    json_add_count(b, "idle", SESSION_IDLE_MS);
    json_add_count(b, "most", SESSION_MAX_MS);
    buf_adds(b, ",\"sessions\":[");
    err = store_sessions(s, rq->me.user, rq->session, clock_wall_ms(), add_session, b);
    buf_adds(b, "]}");
    return err;
}

int desk_sessions(struct store *s, struct desk_request *rq)
{
    buf_adds(&rq->body, "{\"sessions\":[");
    int err = store_sessions(s, desk_text(rq, "user", USER_NAME), rq->session, clock_wall_ms(),
                             add_session, &rq->body);
    buf_adds(&rq->body, "]}");
    return err;
}

int desk_end_session(struct store *s, struct desk_request *rq)
{
    int64_t id = desk_number(rq, "id");
    const char *which = desk_text(rq, "which", MAX_CODE);
    bool others = which && !strcmp(which, "others");
    if (!id && !others)
        return -EINVAL;
    const char *whose = rq->me.role == ROLE_ADMIN && id ? NULL : rq->me.user;
    char user[USER_NAME + 1];
    int err = store_end_sessions(s, whose, others ? 0 : id, rq->session, user);
    if (err == -ENOENT)
        rq->problem = "That session is over already";
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : desk_audit(s, rq, "session.end", user, NULL, others ? "all others" : NULL);
}

/* ---- the password, on a desk thread ---- */

struct proof {
    char hash[USER_HASH]; /* the one kept; afterwards the new one, or "" */
    char token[DESK_TOKEN];
};

static void on_user(void *ctx, const struct store_user *u)
{
    strncpy(((struct proof *)ctx)->hash, u->hash, USER_HASH - 1);
}

static int prove(struct store *s, struct desk_request *rq)
{
    struct proof *p = rq->out = pool_alloc(rq->pool, sizeof *p);
    const char *password = desk_text(rq, "password", MAX_PASSWORD);
    *p = (struct proof){.hash = ""};
    int err = store_users(s, rq->me.user, on_user, p);
    if (err)
        return err;
    if (!strcmp(p->hash, USER_NO_PASSWORD)) {
        rq->problem =
            "You sign on with the account of your organisation; there is no password here";
        return -EINVAL;
    }
    bool right = password && user_check(p->hash, password);
    *p->hash = '\0';
    if (!right)
        rq->problem = "That is not your password";
    return right ? 0 : -EKEYREJECTED;
}

int desk_prove(struct store *s, struct desk_request *rq)
{
    return prove(s, rq);
}

int desk_prepare_password(struct store *s, struct desk_request *rq)
{
    const char *next = desk_text(rq, "next", MAX_PASSWORD);
    rq->problem = next ? user_password_problem(next) : "Type the new password, too";
    if (rq->problem)
        return -EINVAL;
    int err = prove(s, rq);
    struct proof *p = rq->out;
    if (!err && !user_hash(next, p->hash))
        return -EAGAIN;
    if (!err)
        desk_token(p->token);
    return err;
}

/* All sessions end; who did it gets a new one, of which no other browser knows the token. */
int desk_password(struct store *s, struct desk_request *rq)
{
    const struct proof *p = rq->out;
    int64_t now = clock_wall_ms();
    unsigned char session[STORE_HASH];
    struct store_user u = {.name = rq->me.user, .hash = p->hash, .at_ms = now};
    if (!desk_session(p->token, session))
        return -EINVAL;
    int err = store_change_user(s, &u);
    if (!err)
        err = store_end_sessions(s, rq->me.user, 0, session, NULL);
    if (!err)
        err = store_add_session(s, session, rq->me.user, rq->agent ? rq->agent : "", now);
    buf_addc(&rq->body, '{');
    char csrf[DESK_TOKEN];
    desk_csrf(p->token, csrf);
    json_add_member(&rq->body, "csrf", csrf);
    buf_addc(&rq->body, '}');
    rq->new_session = p->token;
    return err ? err : desk_audit(s, rq, "user.password", rq->me.user, NULL, NULL);
}

/* ---- the second factor ---- */

/* A secret, not in force until a code has shown that it arrived. */
int desk_factor_begin(struct store *s, struct desk_request *rq)
{
    struct buf *b = &rq->body;
    struct store_factor f;
    int err = store_factor(s, rq->me.user, &f);
    f.begun = true;
    totp_secret(f.next);
    if (!err)
        err = store_set_factor(s, rq->me.user, &f);
    if (err)
        return err;
    const char *uri = totp_uri(rq->pool, rq->me.user, f.next);
    buf_addc(b, '{');
    json_add_member(b, "secret", totp_text(rq->pool, f.next, true));
    json_add_member(b, "uri", uri);
    buf_adds(b, ",\"qr\":");
    if (!totp_qr(uri, b))
        buf_adds(b, "null"); /* it can be typed */
    buf_addc(b, '}');
    return 0;
}

static int new_codes(struct store *s, struct desk_request *rq)
{
    unsigned char hash[RECOVERY_CODES][RECOVERY_HASH];
    char code[RECOVERY_SIZE];
    buf_adds(&rq->body, "{\"codes\":[");
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        recovery_make(code);
        if (!recovery_hash(code, hash[i]))
            return -EIO;
        buf_addf(&rq->body, "%s\"%s\"", i ? "," : "", code);
    }
    buf_adds(&rq->body, "]}");
    return store_set_recovery(s, rq->me.user, hash, RECOVERY_CODES);
}

int desk_factor_confirm(struct store *s, struct desk_request *rq)
{
    const char *code = desk_text(rq, "code", MAX_CODE);
    struct store_factor f;
    int err = store_factor(s, rq->me.user, &f);
    if (err)
        return err;
    int64_t step = f.begun && code ? totp_check(f.next, code, clock_wall_ms() / 1000, 0) : 0;
    if (step <= 0) {
        rq->problem = f.begun ? "That is not the code of now; is the clock of your phone right?"
                              : "Begin with the secret";
        return step < 0 ? -EAGAIN : -EKEYREJECTED;
    }
    f.on = true;
    f.begun = false;
    f.step = step;
    memcpy(f.secret, f.next, TOTP_SECRET);
    err = store_set_factor(s, rq->me.user, &f);
    if (!err)
        err = new_codes(s, rq);
    return err ? err : desk_audit(s, rq, "user.factor", rq->me.user, NULL, "on");
}

int desk_codes(struct store *s, struct desk_request *rq)
{
    if (!rq->me.factor) {
        rq->problem = "There is no second factor for which they would be";
        return -EINVAL;
    }
    int err = new_codes(s, rq);
    return err ? err : desk_audit(s, rq, "user.codes", rq->me.user, NULL, NULL);
}

int desk_factor_remove(struct store *s, struct desk_request *rq)
{
    const struct store_factor none = {.step = 0};
    int err = store_set_factor(s, rq->me.user, &none);
    if (!err)
        err = store_set_recovery(s, rq->me.user, NULL, 0);
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : desk_audit(s, rq, "user.factor", rq->me.user, "on", "off");
}
