/* slack_doctor.c: is everything right with Slack? The secrets' files and their shapes; whether the token opens the door, of which
 * workspace, and what it may do there; whether the clocks agree, since a signature is good for five minutes; and whether the app
 * token opens a socket. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/slack/slack_int.h"
#include "bot/doctor.h"
#include "bot/http.h"
#include "bot/must.h"

struct examination {
    struct doctor *d;
    struct secret signing, token, app;
    const char *method;
};

/* True when there is a value. */
static bool look_at(struct examination *x, const char *setting, struct secret *ret)
{
    const char *path = config_text(doctor_config(x->d), setting), *why;
    int err = secret_read(path, ret, &why);
    if (err && err != -ENOENT)
        doctor_wrong(x->d, why, "%s: %s cannot be used", setting, path);
    return !err;
}

static void look_at_shapes(struct examination *x)
{
    if (x->token.n && strncmp(x->token.value[0], "xoxb-", 5))
        doctor_wrong(x->d, "copy the Bot User OAuth Token, not another one",
                     "slack.bot_token_file: what is in it does not begin with xoxb-");
    if (x->app.n && strncmp(x->app.value[0], "xapp-", 5))
        doctor_wrong(x->d, "Basic Information, App-Level Tokens, with connections:write",
                     "slack.app_token_file: what is in it does not begin with xapp-");
    for (size_t i = 0; i < x->signing.n; i++)
        if (strlen(x->signing.value[i]) != 32 ||
            strspn(x->signing.value[i], "0123456789abcdefghijklmnopqrstuvwxyz") != 32)
            doctor_wrong(x->d, "Basic Information, App Credentials, Signing Secret",
                         "slack.signing_secret_file: that is no "
                         "signing secret, it has 32 characters");
}

/* ---- what they say ---- */

static void look_at_scopes(struct examination *x, const struct http_response *res)
{
    char have[2048];
    if (!http_header(res, "x-oauth-scopes", have, sizeof have)) {
        doctor_remark(x->d, "Slack did not say what the token may do");
        return;
    }
    size_t missing = 0;
    for (const char *const *want = slack_scopes(); *want; want++) {
        bool found = false;
        size_t len = strlen(*want);
        for (const char *s = have; !found && (s = strstr(s, *want)); s += len)
            found = (s == have || strchr(", ", s[-1])) && (!s[len] || strchr(", ", s[len]));
        if (!found)
            doctor_wrong(x->d,
                         "guidepost slack manifest lists them; install the app again afterwards",
                         "the scope %s is missing", *want);
        missing += !found;
    }
    if (!missing)
        doctor_fine(x->d, "the token may do what we need");
}

static void look_at_clock(struct examination *x, const struct http_response *res)
{
    char date[64];
    time_t theirs = http_header(res, "date", date, sizeof date) ? http_date(date) : -1;
    if (theirs < 0)
        return;
    long off = (long)(time(NULL) - theirs);
    long window = (long)config_int(doctor_config(x->d), "slack.clock_window_s");
    if (labs(off) > window)
        doctor_wrong(x->d, "set the clock, and let a time service keep it: every event is refused",
                     "this machine's clock is off by %ld seconds", off);
    else if (labs(off) > 30)
        doctor_remark(x->d, "this machine's clock is off by %ld seconds", off);
    else
        doctor_fine(x->d, "the clocks agree");
}

static void on_answer(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct slack_result r;
    slack_result_read(res, &r);
    if (!res->status) {
        doctor_wrong(x->d, "is there a way out to the network, or a proxy in between?",
                     "%s: no answer: %s", x->method, res->error);
        return;
    }
    look_at_clock(x, res);
    if (r.class != SLACK_FINE) {
        doctor_wrong(x->d, slack_down_step(r.error), "%s: %s%s%s", x->method, r.error,
                     *r.needed ? ", needed: " : "", r.needed);
        return;
    }
    cJSON *j = json_parse(res->body, res->len);
    const char *team = json_string(j, "team", 200), *user = json_string(j, "user", 200);
    if (strcmp(x->method, "auth.test"))
        doctor_fine(x->d, "Socket Mode may be opened");
    else
        doctor_fine(x->d, "connected to the workspace %s as %s", team ? team : "?",
                    user ? user : "?");
    json_free(j);
    if (!strcmp(x->method, "auth.test"))
        look_at_scopes(x, res);
}

static void call(struct examination *x, const char *method, const struct secret *token)
{
    char *url = must_printf("%s/%s", config_text(doctor_config(x->d), "slack.api_base"), method);
    char *auth = must_printf("Authorization: Bearer %s", token->value[0]);
    const char *header[] = {auth, "Content-Type: application/x-www-form-urlencoded", NULL};
    struct http_request rq = {.method = "POST", .url = url, .header = header, .body = ""};
    x->method = method;
    doctor_ask(x->d, &rq, on_answer, x);
    free(url);
    free(auth);
}

void slack_doctor(struct doctor *d)
{
    struct examination x = {.d = d};
    const struct config *c = doctor_config(d);
    bool token = look_at(&x, "slack.bot_token_file", &x.token);
    bool signing = look_at(&x, "slack.signing_secret_file", &x.signing);
    bool app = look_at(&x, "slack.app_token_file", &x.app);
    look_at_shapes(&x);
    if (!token)
        doctor_remark(d, "off: there is no token in %s", config_text(c, "slack.bot_token_file"));
    else if (!signing && !app)
        doctor_wrong(d, "Basic Information, Signing Secret; or an app token for Socket Mode",
                     "there is neither a signing secret nor an app token: no message can come in");
    if (token)
        call(&x, "auth.test", &x.token);
    if (app)
        call(&x, "apps.connections.open", &x.app);
    const char *people = config_text(c, "slack.handoff_channel");
    if (*people && !strchr("CG", *people))
        doctor_wrong(d, "open the channel's details in Slack; the id is at the bottom",
                     "slack.handoff_channel: %s is a name, not an id", people);
    secret_release(&x.token);
    secret_release(&x.signing);
    secret_release(&x.app);
}
