/* staff_route.c: what the console can ask for, under /staff/api/: a row each, by the file of bot/desk/ that does it.
 *
 * What comes along is one JSON object: the body of a POST, or the parameters of a GET, which are texts. README.md says what each
 * wants and gives. Whether the session is good and its role enough is looked at in the transaction that does it. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/desk/desk_run.h"
#include "kb/pool.h"

struct asking {
    struct staff *st;
    server_handle to;
    const char *token;
    struct desk_request rq;
};

/* ---- how they end ---- */

static void send_with(struct desk_request *rq, const char *headers)
{
    struct asking *a = rq->ctx;
    char head[300];
    if (rq->err) {
        staff_refuse_error(a->st, a->to, rq->err, rq->problem);
        return;
    }
    snprintf(head, sizeof head, "%s%s%s%s", headers,
             rq->file ? "Content-Disposition: attachment; filename=\"" : "",
             rq->file ? rq->file : "", rq->file ? "\"\r\n" : "");
    staff_send(a->st, a->to, 200, rq->type, head, rq->body.s, rq->body.len);
}

static void asked(struct desk_request *rq)
{
    send_with(rq, "");
}

static void left(struct desk_request *rq)
{
    send_with(rq, STAFF_NO_COOKIE);
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

/* ---- which there are ---- */

#define READS  "GET", false
#define NOTES  "GET", true /* reads, and leaves a row in the audit */
#define WRITES "POST", true

static const struct route {
    const char *path;
    enum staff_role needs;
    const char *method;
    bool journal; /* runs on the journal's thread, in its transaction */
    desk_run_fn *run;
    void (*done)(struct desk_request *rq); /* NULL: asked() */
} routes[] = {
    /* who: desk_login.c; logging in itself is staff_log_in() */
    {"logout", ROLE_VIEWER, WRITES, desk_logout, left},
    {"me", ROLE_VIEWER, READS, desk_me, introduced},

    /* the queue: desk_ticket.c */
    {"queue", ROLE_VIEWER, READS, desk_queue, NULL},
    {"ticket", ROLE_AGENT, NOTES, desk_ticket, NULL},
    {"act", ROLE_AGENT, WRITES, desk_act, NULL},
    {"undo", ROLE_AGENT, WRITES, desk_undo, NULL},
    {"people", ROLE_AGENT, READS, desk_people, NULL},

    /* why the bot says what it says: desk_why.c */
    {"why", ROLE_AGENT, READS, desk_why, NULL},
};

/* ---- how they begin ---- */

/* The parameters of the address as an object; the last one of a name counts. */
static struct cJSON *query(const struct request *rq)
{
    struct cJSON *in = json_new_object();
    const char *arg;
    for (size_t i = 0; (arg = request_arg(rq, i)); i++) {
        char name[64];
        size_t n = strcspn(arg, "=");
        if (n == 0 || n >= sizeof name)
            continue;
        memcpy(name, arg, n);
        name[n] = 0;
        json_set_string(in, name, arg[n] ? arg + n + 1 : "");
    }
    return in;
}

static struct cJSON *body(const struct request *rq)
{
    size_t len;
    const char *s = request_body(rq, &len);
    struct cJSON *in = json_parse(s, len);
    if (in && !cJSON_IsObject(in)) {
        json_free(in);
        in = NULL;
    }
    return in;
}

static void ask(struct staff *st, struct request *rq, struct pool *pool, const struct route *r,
                const char *token, struct cJSON *in)
{
    struct asking *a = pool_alloc(pool, sizeof *a);
    *a = (struct asking){.st = st,
                         .to = request_handle(rq),
                         .token = token,
                         .rq = {.pool = pool,
                                .writes = r->journal,
                                .needs = r->needs,
                                .run = r->run,
                                .done = r->done ? r->done : asked,
                                .ctx = a,
                                .in = in}};
    if (!desk_session(token, a->rq.session))
        staff_refuse_error(st, a->to, -EPERM, NULL);
    else if (desk_ask(bot_desk(st->adapter->bot), &a->rq))
        staff_refuse_error(st, a->to, -EAGAIN, NULL);
    else
        return;
    json_free(in);
    pool_free(pool);
}

/* `r` NULL: somebody logs in, and needs no session yet. */
static void serve(struct staff *st, struct request *rq, const struct route *r)
{
    struct pool *pool = pool_new();
    const char *token = staff_cookie(pool, rq);
    const char *method = r ? r->method : "POST";
    server_handle to = request_handle(rq);
    bool posts = !strcmp(method, "POST");
    struct cJSON *in = NULL;
    if (strcmp(request_method(rq), method))
        staff_refuse(st, to, 405, "method_not_allowed", "This address does not do that", 0);
    else if (!bot_desk(st->adapter->bot))
        staff_refuse_error(st, to, -EAGAIN, NULL);
    else if (r && !token)
        staff_refuse_error(st, to, -EPERM, NULL);
    else if (posts && !staff_may_change(st, rq, r ? token : NULL))
        ; /* refused */
    else if (!(in = posts ? body(rq) : query(rq)))
        staff_refuse(st, to, 400, "bad_json", "The body is not a JSON object", 0);
    else if (r) {
        ask(st, rq, pool, r, token, in);
        return;
    } else {
        staff_log_in(st, rq, pool, in);
        json_free(in);
        return;
    }
    pool_free(pool);
}

bool staff_route(struct staff *st, struct request *rq, const char *name)
{
    if (!strcmp(name, "login")) {
        serve(st, rq, NULL);
        return true;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (!strcmp(name, routes[i].path)) {
            serve(st, rq, &routes[i]);
            return true;
        }
    return false;
}
