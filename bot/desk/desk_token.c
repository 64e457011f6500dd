/* desk_token.c: keys for programs, as their owner sees them, and who administers all of them. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"

#define DAY_MS 86400000ll

static void add_token(void *ctx, const struct store_token *t)
{
    struct buf *b = ctx;
    char scopes[TOKEN_SCOPES];
    token_scopes_text(t->scopes, scopes);
    buf_adds(b, b->s[b->len - 1] == '[' ? "{" : ",{");
    json_add_count(b, "id", t->id);
    json_add_member(b, "user", t->user);
    json_add_member(b, "name", t->name);
    json_add_member(b, "scopes", scopes);
    json_add_count(b, "at", t->at_ms);
    json_add_count(b, "expires", t->expires_ms);
    json_add_count(b, "used", t->used_ms);
    json_add_count(b, "leaked", t->leaked_ms);
    buf_addc(b, '}');
}

int desk_tokens(struct store *s, struct desk_request *rq)
{
    const char *user = rq->me.role == ROLE_ADMIN ? NULL : rq->me.user;
    buf_adds(&rq->body, "{\"tokens\":[");
    int err = store_tokens(s, user, add_token, &rq->body);
    buf_adds(&rq->body, "]}");
    return err;
}

/* It is shown here and never again: only its hash is kept. */
int desk_add_token(struct store *s, struct desk_request *rq)
{
    const char *name = desk_text(rq, "name", 4 * TOKEN_MAX_NAME);
    const char *scopes = desk_text(rq, "scopes", TOKEN_SCOPES);
    int64_t days = desk_number(rq, "days"), id = 0, now = clock_wall_ms();
    struct store_token t = {.user = rq->me.user,
                            .name = name,
                            .scopes = scopes ? token_scopes(scopes) : 0,
                            .at_ms = now,
                            .expires_ms = now + days * DAY_MS};
    unsigned char hash[STORE_HASH];
    char token[TOKEN_SIZE], object[40];
    rq->problem = token_name_problem(name ? name : "");
    if (!rq->problem && !t.scopes)
        rq->problem = "Choose what it may do: read, tickets, answers, export or admin";
    if (!rq->problem && (days < 1 || days > TOKEN_MAX_DAYS))
        rq->problem = "A token is good for 1 to 366 days";
    if (rq->problem)
        return -EINVAL;
    token_make(token);
    int err = token_hash(token, hash) ? store_add_token(s, hash, &t, &id) : -EIO;
    buf_addc(&rq->body, '{');
    json_add_count(&rq->body, "id", id);
    json_add_member(&rq->body, "token", token);
    buf_addc(&rq->body, '}');
    sodium_memzero(token, sizeof token);
    snprintf(object, sizeof object, "token:%lld", (long long)id);
    return err ? err : desk_audit(s, rq, "token.add", object, NULL, scopes);
}

int desk_revoke_token(struct store *s, struct desk_request *rq)
{
    char object[40];
    int64_t id = desk_number(rq, "id");
    int err = store_remove_token(s, id, rq->me.role == ROLE_ADMIN ? NULL : rq->me.user);
    if (err == -ENOENT)
        rq->problem = "There is no such token any more";
    snprintf(object, sizeof object, "token:%lld", (long long)id);
    buf_adds(&rq->body, "{\"done\":true}");
    return err ? err : desk_audit(s, rq, "token.revoke", object, NULL, NULL);
}
