/* slack_auth.c: who we are, and whether we may speak. auth.test at the start tells our own id, without which nothing is
 * answered. When a call says that the token is no good, everything waits, and from time to time the token's file is read
 * again and tried: a new one takes effect without a restart.
 *
 * All calls to Slack go out from here: a token is in the header and nowhere else. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/slack/slack_int.h"
#include "bot/http.h"
#include "bot/must.h"

#define MAX_AUTH_WAIT_S 60
#define MAX_RESPONSE    (4u << 20)

/* ---- calls ---- */

struct call {
    struct task task;
    slack_call_fn *fn;
    void *ctx;
};

static void called(void *ctx, const struct http_response *res)
{
    struct call *c = ctx;
    struct slack_result r;
    slack_result_read(res, &r);
    slack_call_fn *fn = c->fn;
    void *of = c->ctx;
    task_free(&c->task);
    fn(of, &r, res);
}

static void post(struct slack *s, const char *url, const char *body, bool form, const char *token,
                 slack_call_fn *fn, void *ctx)
{
    struct call *c = task_new(&s->tasks, sizeof *c);
    c->fn = fn;
    c->ctx = ctx;
    char *auth = must_printf("Authorization: Bearer %s", token ? token : "");
    const char *header[] = {form ? "Content-Type: application/x-www-form-urlencoded"
                                 : "Content-Type: application/json; charset=utf-8",
                            token ? auth : NULL, NULL};
    struct http_request rq = {.method = "POST",
                              .url = url,
                              .header = header,
                              .body = body,
                              .len = strlen(body),
                              .max_bytes = MAX_RESPONSE};
    struct http *http = bot_http(s->adapter->bot);
    int err = http ? http_send(http, &rq, NULL, called, c) : -1;
    sodium_memzero(auth, strlen(auth));
    free(auth);
    if (err) {
        struct http_response none = {
            .error = "could not be queued", .body = "", .retry_after_s = -1};
        called(c, &none);
    }
}

void slack_call(struct slack *s, const char *method, const char *body, bool form, const char *token,
                slack_call_fn *fn, void *ctx)
{
    char *url = must_printf("%s/%s", s->api_base, method);
    post(s, url, body, form, token, fn, ctx);
    free(url);
}

/* The scheme, host and port of an address: what stands before the path. */
static size_t origin_of(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

bool slack_may_post_to(const struct slack *s, const char *url)
{
    static const char hooks[] = "https://hooks.slack.com", gov[] = "https://hooks.slack-gov.com";
    size_t n = origin_of(url);
    if (n == sizeof hooks - 1 && !memcmp(url, hooks, n))
        return true;
    if (n == sizeof gov - 1 && !memcmp(url, gov, n))
        return true;
    /* A server of one's own, as in tests, is its own hooks too; the real one is not. */
    return n && n == origin_of(s->api_base) && !memcmp(url, s->api_base, n) &&
           !strstr(s->api_base, "://slack.com/");
}

void slack_post_to(struct slack *s, const char *url, const char *body, slack_call_fn *fn, void *ctx)
{
    post(s, url, body, false, NULL, fn, ctx);
}

/* ---- who we are ---- */

static void try_now(void *ctx);

static void try_later(struct slack *s, long after_s)
{
    loop_timer_stop(s->auth_timer);
    s->auth_timer = loop_timer(bot_loop(s->adapter->bot), (uint64_t)after_s * 1000, 0, try_now, s);
}

static bool take_name(struct slack *s, const struct http_response *res)
{
    cJSON *j = json_parse(res->body, res->len);
    const char *team = json_string(j, "team_id", SLACK_MAX_ID - 1);
    const char *user = json_string(j, "user_id", SLACK_MAX_ID - 1);
    const char *bot = json_string(j, "bot_id", SLACK_MAX_ID - 1);
    bool fine = team && *team && user && *user;
    if (fine) {
        snprintf(s->self.team, sizeof s->self.team, "%s", team);
        snprintf(s->self.user, sizeof s->self.user, "%s", user);
        const char *url = json_string(j, "url", sizeof s->self.url - 1);
        snprintf(s->self.url, sizeof s->self.url, "%s", url ? url : "");
        snprintf(s->self.bot, sizeof s->self.bot, "%s", bot ? bot : "");
    }
    json_free(j);
    return fine;
}

static void go_on(struct slack *s)
{
    struct held_list list = s->held;
    struct held *h;
    s->held = (struct held_list){0};
    while ((h = task_unhold(&list)) != NULL) {
        slack_on_message(s->adapter, &h->item);
        task_free(&h->task);
    }
}

static void named(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct slack *s = ctx;
    if (r->class == SLACK_FINE && take_name(s, res)) {
        log_info("slack", s->known ? "connected again" : "connected", "team=%s bot=%s",
                 s->self.team, s->self.user);
        s->known = true;
        s->down = false;
        s->auth_tries = 0;
        go_on(s);
        return;
    }
    if (r->class == SLACK_DOWN || r->class == SLACK_REFUSED || r->class == SLACK_FINE) {
        slack_auth_lost(s, r);
        return;
    }
    long wait = s->auth_tries < 6 ? 1L << s->auth_tries : MAX_AUTH_WAIT_S;
    if (!s->auth_tries++)
        log_warn("slack", "cannot be reached; questions wait", "method=auth.test reason=%s",
                 r->error);
    try_later(s, r->retry_after_s > wait ? r->retry_after_s : wait);
}

static void try_now(void *ctx)
{
    struct slack *s = ctx;
    loop_timer_stop(s->auth_timer);
    s->auth_timer = NULL;
    if (s->down) { /* perhaps there is a new one */
        struct secret fresh;
        const char *why;
        if (!secret_read(config_text(bot_config(s->adapter->bot), "slack.bot_token_file"), &fresh,
                         &why)) {
            secret_release(&s->token);
            s->token = fresh;
        }
    }
    slack_call(s, "auth.test", "{}", false, s->token.value[0], named, s);
}

void slack_auth_start(struct slack *s)
{
    try_now(s);
}

void slack_auth_lost(struct slack *s, const struct slack_result *r)
{
    if (!s->down || strcmp(s->why_down, r->error) != 0)
        log_error("slack", "Slack does not let us in; everything waits",
                  "reason=%s%s%s step=\"%s\"", r->error, *r->needed ? " needed=" : "", r->needed,
                  slack_down_step(r->error));
    s->down = true;
    snprintf(s->why_down, sizeof s->why_down, "%s", r->error);
    try_later(s, (long)config_int(bot_config(s->adapter->bot), "slack.retry_auth_s"));
}

void slack_auth_stop(struct slack *s)
{
    loop_timer_stop(s->auth_timer);
    s->auth_timer = NULL;
}
