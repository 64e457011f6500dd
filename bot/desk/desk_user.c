/* desk_user.c: the staff, for who administers it: the same as guidepost user, with one rule more: from a page nobody can take away
 * the last admin, since nobody could bring one back from there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "kb/pool.h"

#define MAX_PASSWORD 1200 /* bytes */
#define MAX_WHAT     32

/* ---- who there is ---- */

static void add_user(void *ctx, const struct store_user *u)
{
    struct buf *b = ctx;
    buf_adds(b, b->s[b->len - 1] == '[' ? "{" : ",{");
    json_add_member(b, "name", u->name);
    json_add_member(b, "role", user_role_name(u->role));
    json_add_count(b, "at", u->at_ms);
    json_add_count(b, "changed", u->changed_ms);
    json_add_count(b, "sessions", u->sessions);
    json_add_count(b, "used", u->used_ms);
    buf_addf(b, ",\"factor\":%s,\"proxy\":%s}", u->factor ? "true" : "false",
             strcmp(u->hash, USER_NO_PASSWORD) ? "false" : "true");
}

int desk_users(struct store *s, struct desk_request *rq)
{
    buf_adds(&rq->body, "{\"users\":[");
    int err = store_users(s, NULL, add_user, &rq->body);
    buf_addc(&rq->body, ']');
    json_add_member(&rq->body, "factor_from",
                    rq->factor_from ? user_role_name(rq->factor_from) : NULL);
    buf_addc(&rq->body, '}');
    return err;
}

/* ---- what is done with one ---- */

/* Hashing takes an eighth of a second: before, on a desk thread. */
int desk_prepare_user(struct store *s, struct desk_request *rq)
{
    (void)s;
    const char *password = desk_text(rq, "password", MAX_PASSWORD);
    rq->out = NULL;
    if (!password)
        return 0;
    rq->problem = user_password_problem(password);
    if (rq->problem)
        return -EINVAL;
    char *hash = rq->out = pool_alloc(rq->pool, USER_HASH);
    return user_hash(password, hash) ? 0 : -EAGAIN;
}

struct admins {
    const char *name; /* of whom something is to be done */
    size_t others;    /* admins beside that one */
    bool found, admin;
    enum staff_role role;
};

static void look(void *ctx, const struct store_user *u)
{
    struct admins *a = ctx;
    if (!strcasecmp(u->name, a->name)) {
        a->found = true;
        a->role = u->role;
        a->admin = u->role == ROLE_ADMIN;
    } else {
        a->others += u->role == ROLE_ADMIN;
    }
}

struct change {
    const char *name, *hash;
    enum staff_role role;
};

static int add(struct store *s, const struct change *c)
{
    struct store_user u = {
        .name = c->name, .role = c->role, .hash = c->hash, .at_ms = clock_wall_ms()};
    return store_add_user(s, &u);
}

static int alter(struct store *s, const struct change *c)
{
    struct store_user u = {
        .name = c->name, .role = c->role, .hash = c->hash, .at_ms = clock_wall_ms()};
    return store_change_user(s, &u);
}

static int drop(struct store *s, const struct change *c)
{
    return store_remove_user(s, c->name);
}

static int reset_factor(struct store *s, const struct change *c)
{
    const struct store_factor none = {.step = 0};
    int err = store_set_factor(s, c->name, &none);
    return err ? err : store_set_recovery(s, c->name, NULL, 0);
}

static const struct act {
    const char *name, *action; /* of the audit */
    bool role, password;       /* needs one */
    bool demotes;              /* may take away an admin */
    int (*run)(struct store *s, const struct change *c);
} acts[] = {
    {"add", "user.add", true, true, false, add},
    {"role", "user.role", true, false, true, alter},
    {"password", "user.password", false, true, false, alter},
    {"factor", "user.factor", false, false, false, reset_factor},
    {"remove", "user.remove", false, false, true, drop},
};

static const struct act *act_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof acts / sizeof acts[0]; i++)
        if (!strcmp(name, acts[i].name))
            return &acts[i];
    return NULL;
}

/* What is missing or wrong, or NULL. */
static const char *misused(const struct act *act, const struct change *c)
{
    if (!act || !c->name)
        return "Say who, and what is to be done";
    const char *problem = user_name_problem(c->name);
    return problem                     ? problem
           : act->role && !c->role     ? "Choose a role: viewer, agent, editor or admin"
           : act->password && !c->hash ? "A password is needed"
                                       : NULL;
}

int desk_user(struct store *s, struct desk_request *rq)
{
    const struct act *act = act_named(desk_text(rq, "what", MAX_WHAT));
    const char *role = desk_text(rq, "role", MAX_WHAT);
    struct change c = {.name = desk_text(rq, "name", USER_NAME)};
    rq->problem = NULL;
    if (act && act->role && role)
        c.role = user_role(role);
    if (act && act->password)
        c.hash = rq->out;
    if ((rq->problem = misused(act, &c)))
        return -EINVAL;
    struct admins a = {.name = c.name};
    int err = store_users(s, NULL, look, &a);
    if (!err && act->run != add && !a.found)
        err = -ENOENT;
    if (err) {
        rq->problem = err == -ENOENT ? "There is no such user any more" : NULL;
        return err;
    }
    if (act->demotes && a.admin && !a.others && c.role != ROLE_ADMIN) {
        rq->problem = "This is the last admin; make somebody else one first";
        return -EBUSY;
    }
    err = act->run(s, &c);
    if (err == -EEXIST)
        rq->problem = "There is a user of that name already";
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err
               : desk_audit(s, rq, act->action, c.name, a.found ? user_role_name(a.role) : NULL,
                            act->role ? user_role_name(c.role) : act->name);
}
