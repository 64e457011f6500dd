/* staff_door.c: the door for browsers. The cookie is SameSite=Strict, HttpOnly and bound to this host (__Host-); whatever changes
 * something must come from our own origin, as JSON, and bring the token of X-CSRF-Token. A page of another site can do none
 * of it. What somebody may do inside is decided in bot/desk/desk.c, in the transaction that does it. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/staff/staff_int.h"
#include "bot/clock.h"
#include "kb/pool.h"

#define MAX_PROBLEM  8192 /* bytes */
#define MAX_NAME     200
#define MAX_PASSWORD 1200 /* bytes of a password */
#define NO_STORE     "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

/* ---- replies ---- */

void staff_send(struct staff *st, server_handle to, int status, const char *type,
                const char *headers, const char *s, size_t len)
{
    char head[1024];
    snprintf(head, sizeof head, NO_STORE "%s", headers ? headers : "");
    struct http_reply r = {.status = status,
                           .type = type ? type : "application/json",
                           .headers = head,
                           .body = s,
                           .len = len};
    request_reply(bot_server(st->adapter->bot), to, &r);
}

void staff_refuse(struct staff *st, server_handle to, int status, const char *code,
                  const char *title, int retry_after_s)
{
    struct buf body;
    char retry[60] = "";
    buf_init(&body, MAX_PROBLEM);
    buf_adds(&body, "{\"type\":\"about:blank\",\"title\":");
    json_add_string(&body, title, strlen(title));
    buf_addf(&body, ",\"status\":%d,\"code\":\"%s\"}\n", status, code);
    if (retry_after_s)
        snprintf(retry, sizeof retry, "Retry-After: %d\r\n", retry_after_s);
    staff_send(st, to, status, "application/problem+json", retry, body.s, body.len);
    buf_release(&body);
}

const struct staff_error *staff_error(int err)
{
    static const struct staff_error table[] = {
        {-EPERM, 401, "login", "Please log in"},
        {-EACCES, 403, "role", "Your role does not allow that"},
        {-ENOENT, 404, "gone", "There is no such question any more"},
        {-EBUSY, 409, "taken", "Somebody else was faster; look again"},
        {-EINVAL, 422, "bad_request", "Something in this request is missing or wrong"},
        {-EEXIST, 409, "exists", "There is one of that name already"},
        {-EKEYREVOKED, 403, "scope", "This token does not reach that far"},
        {-EKEYREJECTED, 403, "wrong", "That is not right"},
        {-ENOKEY, 403, "second_factor",
         "Your role needs a second factor: set one up under My account"},
        {-EAGAIN, 503, "busy", "Too much at once, please try again in a moment"},
        {0, 503, "unavailable", "The database cannot be used at the moment"},
    };
    const struct staff_error *e = table;
    while (e->err && e->err != err)
        e++;
    return e;
}

void staff_refuse_error(struct staff *st, server_handle to, int err, const char *problem)
{
    const struct staff_error *e = staff_error(err);
    staff_refuse(st, to, e->status, e->code, problem && e->err ? problem : e->title,
                 e->status != 503 ? 0
                 : e->err         ? 2
                                  : 5);
}

/* ---- where a request comes from ---- */

const char *staff_cookie_of(struct pool *pool, const char *s)
{
    size_t name = strlen(STAFF_COOKIE);
    for (; s && *s; s += strcspn(s, ";"), s += strspn(s, "; "))
        if (!strncmp(s, STAFF_COOKIE "=", name + 1))
            return pool_strndup(pool, s + name + 1, strcspn(s + name + 1, ";"));
    return NULL;
}

const char *staff_cookie(struct pool *pool, const struct request *rq)
{
    return staff_cookie_of(pool, request_header(rq, "cookie"));
}

/* From one of our own pages: what the browser says about it, not the page (W3C Fetch Metadata); older ones send Origin. */
static bool is_own_page(const struct request *rq)
{
    const char *site = request_header(rq, "sec-fetch-site");
    return site ? !strcmp(site, "same-origin") : request_origin(rq) == ORIGIN_OWN;
}

bool staff_may_read(struct staff *st, const struct request *rq, const struct staff_key *key)
{
    const char *site = request_header(rq, "sec-fetch-site");
    if (key->bearer || !site || !strcmp(site, "same-origin") || !strcmp(site, "none"))
        return true;
    staff_refuse(st, request_handle(rq), 403, "foreign", "Only our own page may ask that", 0);
    return false;
}

static bool is_json(const struct request *rq)
{
    static const char json[] = "application/json";
    const char *type = request_header(rq, "content-type");
    size_t n = sizeof json - 1;
    return type && !strncasecmp(type, json, n) && strchr("; \t", type[n]);
}

/* Does it bring what only our page knows? */
static bool has_token(const struct request *rq, const char *token)
{
    const char *said = request_header(rq, "x-csrf-token");
    char wanted[DESK_TOKEN];
    desk_csrf(token, wanted);
    return said && strlen(said) == DESK_TOKEN - 1 &&
           !sodium_memcmp(said, wanted, DESK_TOKEN - 1); /* as long wherever they differ */
}

bool staff_may_change(struct staff *st, const struct request *rq, const struct staff_key *key)
{
    server_handle to = request_handle(rq);
    if (!key->bearer && (!is_own_page(rq) || (key->token && !has_token(rq, key->token))))
        staff_refuse(st, to, 403, "foreign", "Only our own page may do that; reload it", 0);
    else if (!is_json(rq))
        staff_refuse(st, to, 415, "unsupported_type", "Send application/json", 0);
    else
        return true;
    return false;
}

/* ---- logging in ---- */

void staff_set_cookie(const char *token, char ret[STAFF_SET_COOKIE])
{
    snprintf(ret, STAFF_SET_COOKIE,
             "Set-Cookie: " STAFF_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict\r\n",
             token);
}

struct logging_in {
    struct staff *st;
    server_handle to;
    const char *name, *address;
};

/* No more is said than where it stopped: whether there is such a name is nobody's business. */
static void refuse_login(struct logging_in *l, int err)
{
    struct staff *st = l->st;
    if (err == -EPERM || err == -EKEYREJECTED)
        throttle_failed(st->throttle, err == -EPERM ? THROTTLE_PASSWORD : THROTTLE_CODE, l->name,
                        l->address, clock_ms());
    switch (err) {
    case -EPERM: staff_refuse(st, l->to, 401, "wrong", "Name or password is wrong", 0); break;
    case -ENOKEY:
        staff_refuse(st, l->to, 401, "totp",
                     "Enter the code of your authenticator app, or a recovery code", 0);
        break;
    case -EKEYREJECTED:
        staff_refuse(st, l->to, 401, "totp_wrong",
                     "The code is wrong, or was used already; wait for the next one", 0);
        break;
    case -ENOENT:
        staff_refuse(st, l->to, 403, "no_user",
                     "You are signed on, but nobody has added you here: guidepost user add", 0);
        break;
    default: staff_refuse_error(st, l->to, err == -EBUSY ? -EAGAIN : err, NULL); break;
    }
}

static void logged_in(void *ctx, int err, const char *token)
{
    struct logging_in *l = ctx;
    char header[STAFF_SET_COOKIE], csrf[DESK_TOKEN], body[100];
    if (err) {
        refuse_login(l, err);
        return;
    }
    throttle_succeeded(l->st->throttle, l->name, l->address);
    if (staff_signs_on(l->st)) /* or nobody would be here */
        named_now(l->st->named, token, loop_now_ms(bot_loop(l->st->adapter->bot)));
    staff_set_cookie(token, header);
    desk_csrf(token, csrf);
    int n = snprintf(body, sizeof body, "{\"csrf\":\"%s\"}", csrf);
    staff_send(l->st, l->to, 200, NULL, header, body, (size_t)n);
}

/* What was typed, or what the proxy says. */
static struct desk_login read_login(const struct request *rq, const struct cJSON *body,
                                    const struct staff_key *key)
{
    const char *agent = request_header(rq, "user-agent");
    if (key->signed_on)
        return (struct desk_login){.name = key->signed_on,
                                   .signed_on = true,
                                   .given = key->given,
                                   .agent = agent ? agent : ""};
    return (struct desk_login){.name = json_string(body, "name", MAX_NAME),
                               .password = json_string(body, "password", MAX_PASSWORD),
                               .code = json_string(body, "totp", MAX_NAME),
                               .agent = agent ? agent : ""};
}

/* Seconds. Who sends a code may have guessed codes. */
static int wait_for(const struct logging_in *l, bool coded)
{
    const struct throttle *t = l->st->throttle;
    int a = throttle_wait(t, THROTTLE_PASSWORD, l->name, l->address, clock_ms());
    int b = coded ? throttle_wait(t, THROTTLE_CODE, l->name, l->address, clock_ms()) : 0;
    return a > b ? a : b;
}

/* A new session each time, whatever cookie came along: nobody can choose it for somebody else. */
void staff_log_in(struct staff *st, struct request *rq, struct pool *pool, const struct cJSON *body,
                  const struct staff_key *key)
{
    struct desk_login in = read_login(rq, body, key);
    struct logging_in *l = pool_alloc(pool, sizeof *l);
    *l = (struct logging_in){.st = st,
                             .to = request_handle(rq),
                             .name = pool_strdup(pool, in.name),
                             .address = pool_strdup(pool, request_client(rq))};
    int wait = in.name && !in.signed_on ? wait_for(l, in.code != NULL) : 0;
    in.ctx = l;
    in.done = logged_in;
    if (!in.name || (!in.password && !in.signed_on))
        staff_refuse_error(st, l->to, -EINVAL, NULL);
    else if (wait)
        staff_refuse(st, l->to, 429, "slow_down", "Too many failed attempts; please wait", wait);
    else if (desk_login(bot_desk(st->adapter->bot), pool, &in))
        staff_refuse_error(st, l->to, -EAGAIN, NULL);
    else
        return;
    pool_free(pool);
}
