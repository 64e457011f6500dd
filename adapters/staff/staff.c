/* staff.c: the console of the staff, as one adapter among others. Its dialect is a browser's: a cookie, pages, JSON.
 *
 *     POST /staff/api/login     {"name","password"}     sets the cookie
 *     POST /staff/api/logout
 *     GET  /staff/api/me        who I am, and the token that each POST has to bring
 *     GET  /staff/api/queue     ?what=none|low|down|person|mine|over &before=ID
 *     GET  /staff/api/ticket    ?id=ID
 *     POST /staff/api/act       {"id","what","text"}
 *
 * What a request may do is decided in bot/desk.c, in the transaction that does it. Here is decided whether it is the staff's own
 * page that asks: the cookie is SameSite=Strict, HttpOnly and bound to this host (__Host-); whatever changes something
 * must come from our own origin, as JSON, and bring the token of X-CSRF-Token. A page of another site can do none of it. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/staff/staff_int.h"
#include "bot/clock.h"
#include "bot/must.h"
#include "kb/pool.h"

#define COOKIE       "__Host-guidepost"
#define MAX_TEXT     4000
#define MAX_WHAT     32
#define MAX_NAME     200
#define MAX_PASSWORD 1200 /* bytes of a password */
#define NO_STORE     "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

/* ---- replies ---- */

static void send_json(struct staff *st, server_handle to, int status, const char *headers,
                      const char *s, size_t len)
{
    char head[512];
    snprintf(head, sizeof head, NO_STORE "%s", headers ? headers : "");
    struct http_reply r = {.status = status,
                           .type = status < 400 ? "application/json" : "application/problem+json",
                           .headers = head,
                           .body = s,
                           .len = len};
    request_reply(bot_server(st->adapter->bot), to, &r);
}

static void refuse(struct staff *st, server_handle to, int status, const char *code,
                   const char *title, int retry_after_s)
{
    char body[300], retry[60] = "";
    int n = snprintf(body, sizeof body,
                     "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"}\n",
                     title, status, code);
    if (retry_after_s)
        snprintf(retry, sizeof retry, "Retry-After: %d\r\n", retry_after_s);
    send_json(st, to, status, retry, body, (size_t)n);
}

static void refuse_error(struct staff *st, server_handle to, int err)
{
    static const struct {
        int err, status;
        const char *code, *title;
    } table[] = {
        {-EPERM, 401, "login", "Please log in"},
        {-EACCES, 403, "role", "Your role does not allow that"},
        {-ENOENT, 404, "gone", "There is no such question any more"},
        {-EBUSY, 409, "taken", "Somebody else was faster; look again"},
        {-EINVAL, 422, "bad_request", "Something in this request is missing or wrong"},
        {-EAGAIN, 503, "busy", "Too much at once, please try again in a moment"},
    };
    size_t i = 0;
    while (i < sizeof table / sizeof table[0] && table[i].err != err)
        i++;
    if (i < sizeof table / sizeof table[0])
        refuse(st, to, table[i].status, table[i].code, table[i].title, err == -EAGAIN ? 2 : 0);
    else
        refuse(st, to, 503, "unavailable", "The database cannot be used at the moment", 5);
}

/* ---- where a request comes from ---- */

/* The value of our cookie, copied; NULL: there is none. */
static const char *cookie(struct pool *pool, const struct request *rq)
{
    const char *s = request_header(rq, "cookie");
    size_t name = strlen(COOKIE);
    for (; s && *s; s += strcspn(s, ";"), s += strspn(s, "; "))
        if (!strncmp(s, COOKIE "=", name + 1))
            return pool_strndup(pool, s + name + 1, strcspn(s + name + 1, ";"));
    return NULL;
}

/* From one of our own pages: what the browser says about it, not the page (W3C Fetch Metadata); older ones send Origin. */
static bool is_own_page(const struct request *rq)
{
    const char *site = request_header(rq, "sec-fetch-site");
    return site ? !strcmp(site, "same-origin") : request_origin(rq) == ORIGIN_OWN;
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

/* False after refusing: a request that changes something has to show that no other site made it. */
static bool may_change(struct staff *st, const struct request *rq, const char *token)
{
    server_handle to = request_handle(rq);
    if (!is_own_page(rq) || (token && !has_token(rq, token)))
        refuse(st, to, 403, "foreign", "Only our own page may do that; reload it", 0);
    else if (!is_json(rq))
        refuse(st, to, 415, "unsupported_type", "Send application/json", 0);
    else
        return true;
    return false;
}

/* ---- logging in ---- */

struct logging_in {
    struct staff *st;
    server_handle to;
    const char *name, *address;
};

static void logged_in(void *ctx, int err, const char *token)
{
    struct logging_in *l = ctx;
    char header[200], csrf[DESK_TOKEN], body[100];
    if (err == -EPERM) {
        throttle_failed(l->st->throttle, l->name, l->address, clock_ms());
        refuse(l->st, l->to, 401, "wrong", "Name or password is wrong", 0);
        return;
    }
    if (err) {
        refuse_error(l->st, l->to, err == -EBUSY ? -EAGAIN : err);
        return;
    }
    throttle_succeeded(l->st->throttle, l->name, l->address);
    snprintf(header, sizeof header,
             "Set-Cookie: " COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict\r\n", token);
    desk_csrf(token, csrf);
    int n = snprintf(body, sizeof body, "{\"csrf\":\"%s\"}", csrf);
    send_json(l->st, l->to, 200, header, body, (size_t)n);
}

/* A new session each time, whatever cookie came along: nobody can choose it for somebody else. */
static void log_in(struct staff *st, struct request *rq, struct pool *pool,
                   const struct cJSON *body)
{
    const char *name = json_string(body, "name", MAX_NAME);
    const char *password = json_string(body, "password", MAX_PASSWORD);
    const char *agent = request_header(rq, "user-agent");
    struct logging_in *l = pool_alloc(pool, sizeof *l);
    *l = (struct logging_in){.st = st,
                             .to = request_handle(rq),
                             .name = pool_strdup(pool, name),
                             .address = pool_strdup(pool, request_client(rq))};
    int wait = name ? throttle_wait(st->throttle, name, l->address, clock_ms()) : 0;
    struct desk_login in = {.name = name,
                            .password = password,
                            .agent = agent ? agent : "",
                            .ctx = l,
                            .done = logged_in};
    if (!name || !password)
        refuse_error(st, l->to, -EINVAL);
    else if (wait)
        refuse(st, l->to, 429, "slow_down", "Too many failed attempts; please wait", wait);
    else if (desk_login(bot_desk(st->adapter->bot), pool, &in))
        refuse_error(st, l->to, -EAGAIN);
    else
        return;
    pool_free(pool);
}

/* ---- everything else ---- */

struct asking {
    struct staff *st;
    server_handle to;
    const char *token;
    bool leaves; /* the cookie goes with the reply */
    struct desk_request rq;
};

static void asked(struct desk_request *rq)
{
    struct asking *a = rq->ctx;
    const char *gone =
        "Set-Cookie: " COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n";
    if (rq->err)
        refuse_error(a->st, a->to, rq->err);
    else
        send_json(a->st, a->to, 200, a->leaves ? gone : NULL, rq->body.s, rq->body.len);
}

/* Who I am, with the token for what this page will send. */
static void introduced(struct desk_request *rq)
{
    struct asking *a = rq->ctx;
    char csrf[DESK_TOKEN];
    desk_csrf(a->token, csrf);
    if (!rq->err) {
        rq->body.len -= 1; /* the closing brace */
        buf_addf(&rq->body, ",\"csrf\":\"%s\"}", csrf);
    }
    asked(rq);
}

static const struct route {
    const char *path, *method;
    enum staff_role needs;
    bool writes; /* on the journal's thread: changes something, or leaves a row in the audit */
    int (*run)(struct store *s, struct desk_request *rq);
    void (*done)(struct desk_request *rq);
} routes[] = {
    {"login", "POST", ROLE_NONE, true, NULL, NULL},
    {"logout", "POST", ROLE_VIEWER, true, desk_logout, asked},
    {"me", "GET", ROLE_VIEWER, false, desk_me, introduced},
    {"queue", "GET", ROLE_VIEWER, false, desk_queue, asked},
    {"ticket", "GET", ROLE_AGENT, true, desk_ticket, asked},
    {"act", "POST", ROLE_AGENT, true, desk_act, asked},
};

static int64_t number(const char *s)
{
    return s && strlen(s) == strspn(s, "0123456789") && strlen(s) < 19 ? strtoll(s, NULL, 10) : 0;
}

static const char *copy(struct pool *pool, const char *s)
{
    return s ? pool_strdup(pool, s) : NULL;
}

static void fill(struct desk_request *d, const struct request *rq, const struct cJSON *body)
{
    if (body) {
        d->id = json_int(body, "id", 1, INT64_MAX, 0);
        d->what = copy(d->pool, json_string(body, "what", MAX_WHAT));
        d->text = copy(d->pool, json_string(body, "text", MAX_TEXT));
    } else {
        d->id = number(request_query(rq, "id"));
        d->before = number(request_query(rq, "before"));
        d->what = copy(d->pool, request_query(rq, "what"));
    }
}

static void ask(struct staff *st, struct request *rq, struct pool *pool, const struct route *r,
                const char *token, const struct cJSON *body)
{
    struct asking *a = pool_alloc(pool, sizeof *a);
    *a = (struct asking){.st = st,
                         .to = request_handle(rq),
                         .token = token,
                         .leaves = r->run == desk_logout,
                         .rq = {.pool = pool,
                                .writes = r->writes,
                                .needs = r->needs,
                                .run = r->run,
                                .done = r->done,
                                .ctx = a}};
    fill(&a->rq, rq, body);
    if (!desk_session(token, a->rq.session))
        refuse_error(st, a->to, -EPERM);
    else if (desk_ask(bot_desk(st->adapter->bot), &a->rq))
        refuse_error(st, a->to, -EAGAIN);
    else
        return;
    pool_free(pool);
}

static void post(struct staff *st, struct request *rq, struct pool *pool, const struct route *r,
                 const char *token)
{
    size_t len;
    const char *s = request_body(rq, &len);
    struct cJSON *body = json_parse(s, len);
    if (!body) {
        refuse(st, request_handle(rq), 400, "bad_json", "The body is not valid JSON", 0);
        pool_free(pool);
    } else if (!r->run) {
        log_in(st, rq, pool, body);
    } else {
        ask(st, rq, pool, r, token, body);
    }
    json_free(body);
}

static void serve(struct staff *st, struct request *rq, const struct route *r)
{
    struct pool *pool = pool_new();
    const char *token = cookie(pool, rq);
    server_handle to = request_handle(rq);
    bool posts = !strcmp(r->method, "POST");
    if (strcmp(request_method(rq), r->method))
        refuse(st, to, 405, "method_not_allowed", "This address does not do that", 0);
    else if (!bot_desk(st->adapter->bot))
        refuse_error(st, to, -EAGAIN);
    else if (r->run && !token)
        refuse_error(st, to, -EPERM);
    else if (posts && !may_change(st, rq, r->run ? token : NULL))
        ; /* refused */
    else {
        if (posts)
            post(st, rq, pool, r, token);
        else
            ask(st, rq, pool, r, token, NULL);
        return;
    }
    pool_free(pool);
}

/* ---- the adapter ---- */

static int staff_open(struct adapter *a)
{
    struct staff *st = a->state = must(calloc(1, sizeof *st));
    st->adapter = a;
    st->throttle = throttle_new();
    return 0;
}

static void staff_close(struct adapter *a)
{
    struct staff *st = a->state;
    if (st)
        throttle_free(st->throttle);
    free(st);
    a->state = NULL;
}

static bool on_request(struct adapter *a, struct request *rq)
{
    static const char prefix[] = "/staff/api/";
    const char *path = request_path(rq);
    if (strncmp(path, prefix, sizeof prefix - 1))
        return false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (!strcmp(path + sizeof prefix - 1, routes[i].path)) {
            serve(a->state, rq, &routes[i]);
            return true;
        }
    return false;
}

static const struct setting settings[] = {{.name = NULL}};

const struct adapter_type adapter_staff = {
    .name = "staff",
    .settings = settings,
    .open = staff_open,
    .close = staff_close,
    .on_request = on_request,
};
