/* staff_route.c: what the console can ask for, under /staff/api/: a row each, by the file of bot/desk/ that does it.
 *
 * What comes along is one JSON object: the body of a POST, or the parameters of a GET, which are texts. README.md says what each
 * wants and gives. Whether the session is good and its role enough is looked at in the transaction that does it. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/fix.h"
#include "kb/pool.h"

struct asking {
    struct staff *st;
    server_handle to;
    const char *token;
    const char *address; /* of who may be guessing; else NULL */
    struct desk_request rq;
};

/* ---- how they end ---- */

/* Who has no session yet: a page that is told "sign_on" can have one without asking anybody anything. */
static void refuse_stranger(struct staff *st, server_handle to, bool signed_on)
{
    if (signed_on)
        staff_refuse(st, to, 401, "sign_on", "You are signed on; a session can begin", 0);
    else
        staff_refuse_error(st, to, -EPERM, NULL);
}

static void send_with(struct desk_request *rq, const char *headers)
{
    struct asking *a = rq->ctx;
    char head[400];
    if (rq->err == -EKEYREJECTED && a->address)
        throttle_failed(a->st->throttle, THROTTLE_CODE, a->token, a->address, clock_ms());
    if (rq->err == -EPERM)
        refuse_stranger(a->st, a->to, rq->signed_on != NULL);
    else if (rq->err)
        staff_refuse_error(a->st, a->to, rq->err, rq->problem);
    if (rq->err)
        return;
    char next[40] = "";
    if (rq->next)
        snprintf(next, sizeof next, "X-Next: %lld\r\n", (long long)rq->next);
    snprintf(head, sizeof head, "%s%s%s%s%s", headers, next,
             rq->file ? "Content-Disposition: attachment; filename=\"" : "",
             rq->file ? rq->file : "", rq->file ? "\"\r\n" : "");
    staff_send(a->st, a->to, 200, rq->type, head, rq->body.s, rq->body.len);
}

static void asked(struct desk_request *rq)
{
    char cookie[STAFF_SET_COOKIE] = "";
    if (!rq->err && rq->new_session)
        staff_set_cookie(rq->new_session, cookie);
    send_with(rq, cookie);
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
    if (!rq->err && !rq->bearer) {
        rq->body.len -= 1; /* the closing brace */
        buf_addf(&rq->body, ",\"csrf\":\"%s\"}", csrf);
    }
    asked(rq);
}

/* ---- changes of the content are jobs of bot/fix.h ---- */

static void begin_fix(struct desk_request *rq, enum fix_work work)
{
    struct asking *a = rq->ctx;
    struct fix *f = bot_fix(a->st->adapter->bot);
    int64_t job = 0;
    struct cJSON *in = rq->err ? NULL : rq->in;
    if (in) {
        rq->in = NULL; /* the job's from here on */
        if (!f)
            json_free(in);
        rq->err = f && !fix_begin(f, &rq->me, work, in, &job) ? 0 : -EAGAIN;
    }
    if (!rq->err)
        buf_addf(&rq->body, "{\"job\":%lld}", (long long)job);
    asked(rq);
}

static void preview(struct desk_request *rq)
{
    begin_fix(rq, FIX_PREVIEW);
}

static void save(struct desk_request *rq)
{
    begin_fix(rq, FIX_SAVE);
}

static void take_back(struct desk_request *rq)
{
    begin_fix(rq, FIX_UNDO);
}

static void propose(struct desk_request *rq)
{
    begin_fix(rq, FIX_PROPOSE);
}

static void test(struct desk_request *rq)
{
    begin_fix(rq, FIX_TESTS);
}

static void job(struct desk_request *rq)
{
    struct asking *a = rq->ctx;
    struct fix *f = bot_fix(a->st->adapter->bot);
    if (!rq->err && (!f || !fix_report(f, rq->me.user, desk_number(rq, "id"), &rq->body)))
        rq->err = -ENOENT;
    if (rq->err == -ENOENT)
        rq->problem = "There is no such job any more; begin it again";
    asked(rq);
}

static void stop_job(struct desk_request *rq)
{
    struct asking *a = rq->ctx;
    struct fix *f = bot_fix(a->st->adapter->bot);
    if (!rq->err && f)
        fix_cancel(f, rq->me.user, desk_number(rq, "id"));
    buf_adds(&rq->body, "{\"done\":true}");
    asked(rq);
}

static void settings_shown(struct desk_request *rq)
{
    struct asking *a = rq->ctx;
    if (!rq->err)
        staff_settings_json(a->st, &rq->body);
    asked(rq);
}

/* ---- which there are ---- */

/* How a request is let in, beside its role. */
enum {
    OWN = 1,     /* about oneself: for no token, but before there is a second factor */
    SESSION = 2, /* for no token */
    GUESS = 4,   /* brings a password or a code, which could be guessed */
    EXPORT = 8,  /* for a token with the scope `export` */
    READ = 16,   /* of one's own, but for a token with the scope `read`, too */
};

#define READS          "GET", false, 0, NULL
#define NOTES          "GET", true, 0, NULL /* reads, and leaves a row in the audit */
#define WRITES         "POST", true, 0, NULL
#define READS_AS(how)  "GET", false, how, NULL
#define WRITES_AS(how) "POST", true, how, NULL
#define PREPARED(fn)   "POST", true, 0, fn /* after fn(), on a desk thread: it is slow */
#define TAKES(fn)                                                                                  \
    "GET", true, EXPORT, fn /* the same for what is taken away: who did is in the audit */
#define JOB            "POST", false, 0, NULL /* goes on when it has been answered */
#define OWN_PROVED(fn) "POST", true, OWN | GUESS, fn

static const struct route {
    const char *path;
    enum staff_role needs;
    const char *method;
    bool journal; /* runs on the journal's thread, in its transaction */
    int how;
    desk_run_fn *prepare; /* or NULL */
    desk_run_fn *run;
    void (*done)(struct desk_request *rq); /* NULL: asked() */
} routes[] = {
    /* who: desk_login.c; logging in itself is staff_log_in() */
    {"logout", ROLE_VIEWER, WRITES_AS(OWN), desk_logout, left},
    {"me", ROLE_VIEWER, READS_AS(OWN | READ), desk_me, introduced},

    /* one's own account: desk_account.c */
    {"account", ROLE_VIEWER, READS_AS(OWN), desk_account, NULL},
    {"session-end", ROLE_VIEWER, WRITES_AS(OWN), desk_end_session, NULL},
    {"password", ROLE_VIEWER, OWN_PROVED(desk_prepare_password), desk_password, NULL},
    {"factor-begin", ROLE_VIEWER, OWN_PROVED(desk_prove), desk_factor_begin, NULL},
    {"factor-confirm", ROLE_VIEWER, WRITES_AS(OWN | GUESS), desk_factor_confirm, NULL},
    {"factor-remove", ROLE_VIEWER, OWN_PROVED(desk_prove), desk_factor_remove, NULL},
    {"factor-codes", ROLE_VIEWER, OWN_PROVED(desk_prove), desk_codes, NULL},

    /* the staff and its keys: desk_user.c, desk_token.c */
    {"users", ROLE_ADMIN, READS, desk_users, NULL},
    {"user", ROLE_ADMIN, PREPARED(desk_prepare_user), desk_user, NULL},
    {"sessions", ROLE_ADMIN, READS, desk_sessions, NULL},
    {"tokens", ROLE_VIEWER, READS_AS(SESSION), desk_tokens, NULL},
    {"token-add", ROLE_VIEWER, WRITES_AS(SESSION), desk_add_token, NULL},
    {"token-revoke", ROLE_VIEWER, WRITES_AS(SESSION), desk_revoke_token, NULL},

    /* what everybody did: desk_trail.c */
    {"audit", ROLE_ADMIN, READS, desk_trail, NULL},
    {"audit-verify", ROLE_ADMIN, READS, desk_trail_verify, NULL},
    {"audit-export", ROLE_ADMIN, TAKES(desk_prepare_trail_export), desk_trail_export, NULL},

    /* what is kept of somebody: desk_erase.c; the settings: staff_settings.c */
    {"kept", ROLE_ADMIN, READS, desk_kept, NULL},
    {"find", ROLE_ADMIN, READS, desk_find, NULL},
    {"trace", ROLE_ADMIN, READS, desk_trace, NULL},
    {"export", ROLE_ADMIN, TAKES(desk_prepare_export), desk_export, NULL},
    {"erase", ROLE_ADMIN, WRITES, desk_erase, NULL},
    {"settings", ROLE_ADMIN, READS, desk_pass, settings_shown},

    /* the queue: desk_ticket.c */
    {"queue", ROLE_VIEWER, READS, desk_queue, NULL},
    {"ticket", ROLE_AGENT, NOTES, desk_ticket, NULL},
    {"act", ROLE_AGENT, WRITES, desk_act, NULL},
    {"undo", ROLE_AGENT, WRITES, desk_undo, NULL},
    {"people", ROLE_AGENT, READS, desk_people, NULL},

    /* why the bot says what it says: desk_why.c */
    {"why", ROLE_AGENT, READS, desk_why, NULL},

    /* questions that ask the same: desk_cluster.c */
    {"clusters", ROLE_VIEWER, READS, desk_clusters, NULL},
    {"cluster", ROLE_VIEWER, READS, desk_cluster, NULL},
    {"similar", ROLE_VIEWER, READS, desk_similar, NULL},
    {"merge", ROLE_AGENT, WRITES, desk_merge, NULL},
    {"unmerge", ROLE_AGENT, WRITES, desk_unmerge, NULL},

    /* statistics: desk_insight.c */
    {"insight", ROLE_VIEWER, READS, desk_insight, NULL},
    {"insight-csv", ROLE_VIEWER, TAKES(desk_prepare_csv), desk_insight_csv, NULL},
    {"questions", ROLE_VIEWER, READS, desk_questions, NULL},

    /* the content: desk_knowledge.c */
    {"knowledge", ROLE_VIEWER, READS, desk_knowledge, NULL},

    /* the content: desk_fix.c, bot/fix.h */
    {"answers", ROLE_VIEWER, READS, desk_answers, NULL},
    {"answer", ROLE_VIEWER, READS, desk_answer, NULL},
    {"synonyms", ROLE_VIEWER, READS, desk_synonyms, NULL},
    {"edits", ROLE_VIEWER, READS, desk_edits, NULL},
    {"ignore", ROLE_AGENT, WRITES, desk_ignore, NULL},
    {"preview", ROLE_AGENT, JOB, desk_pass, preview},
    {"propose", ROLE_AGENT, JOB, desk_pass, propose},
    {"test", ROLE_VIEWER, JOB, desk_pass, test},
    {"save", ROLE_EDITOR, JOB, desk_pass, save},
    {"take-back", ROLE_EDITOR, JOB, desk_pass, take_back},
    {"job", ROLE_VIEWER, READS, desk_pass, job},
    {"job-stop", ROLE_VIEWER, JOB, desk_pass, stop_job},
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

/* What a token has to have for it: every address that a token may use at all has one. */
static int scope_of(const struct route *r)
{
    return r->how & READ               ? TOKEN_READ
           : r->how & (OWN | SESSION)  ? 0
           : r->how & EXPORT           ? TOKEN_EXPORT
           : r->needs == ROLE_ADMIN    ? TOKEN_ADMIN
           : !strcmp(r->method, "GET") ? TOKEN_READ
           : r->needs == ROLE_EDITOR   ? TOKEN_ANSWERS
                                       : TOKEN_TICKETS;
}

static struct desk_request request_of(const struct staff *st, const struct route *r,
                                      const struct staff_key *key)
{
    return (struct desk_request){
        .bearer = key->bearer,
        .signed_on = key->bearer ? NULL : key->signed_on,
        .given = key->given,
        .writes = r->journal,
        .needs = r->needs,
        .scope = scope_of(r),
        .factor_from = staff_factor_from(st),
        .retention_days = (int)config_int(bot_config(st->adapter->bot), "journal.retention_days"),
        .own = r->how & OWN,
        .prepare = r->prepare,
        .run = r->run,
        .done = r->done ? r->done : asked};
}

static void ask(struct staff *st, struct request *rq, struct pool *pool, const struct route *r,
                const struct staff_key *key, struct cJSON *in)
{
    struct asking *a = pool_alloc(pool, sizeof *a);
    *a = (struct asking){.st = st,
                         .to = request_handle(rq),
                         .token = key->token,
                         .address = r->how & GUESS ? pool_strdup(pool, request_client(rq)) : NULL,
                         .rq = request_of(st, r, key)};
    const char *agent = request_header(rq, "user-agent");
    a->rq.agent = agent ? pool_strdup(pool, agent) : NULL;
    a->rq.pool = pool;
    a->rq.ctx = a;
    a->rq.in = in;
    int wait = a->address
                   ? throttle_wait(st->throttle, THROTTLE_CODE, key->token, a->address, clock_ms())
                   : 0;
    if (!(key->bearer ? token_hash : desk_session)(key->token, a->rq.session))
        staff_refuse_error(st, a->to, -EPERM, NULL);
    else if (wait)
        staff_refuse(st, a->to, 429, "slow_down", "Too many failed attempts; please wait", wait);
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
    struct staff_key key;
    static const struct staff_key nobody = {.token = NULL};
    const char *method = r ? r->method : "POST";
    server_handle to = request_handle(rq);
    bool posts = !strcmp(method, "POST");
    struct cJSON *in = NULL;
    if (strcmp(request_method(rq), method))
        staff_refuse(st, to, 405, "method_not_allowed", "This address does not do that", 0);
    else if (!bot_desk(st->adapter->bot))
        staff_refuse_error(st, to, -EAGAIN, NULL);
    else if (!staff_key(st, pool, rq, &key))
        ; /* refused */
    else if (r && !key.token)
        refuse_stranger(st, to, key.signed_on != NULL);
    else if (!r && key.bearer)
        staff_refuse_error(st, to, -EINVAL, "Who has a token need not log in");
    else if (posts ? !staff_may_change(st, rq, r ? &key : &nobody) : !staff_may_read(st, rq, &key))
        ; /* refused */
    else if (!(in = posts ? body(rq) : query(rq)))
        staff_refuse(st, to, 400, "bad_json", "The body is not a JSON object", 0);
    else if (r) {
        ask(st, rq, pool, r, &key, in);
        return;
    } else {
        staff_log_in(st, rq, pool, in, &key);
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
