/* slack.c: Slack, as one adapter among others. This file is its door: requests under /slack/ are checked, put into the
 * inbox, and answered when they are on disk, in this order and in no other:
 *
 *     POST? -> probe? -> signature -> readable? -> challenge? -> inbox, commit -> 200
 *
 * What happens to a message then is in slack_in.c; how a reply gets out, in slack_out.c. With an app token the same
 * messages come through a WebSocket that we open (slack_socket.c), and no address of ours need be public. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/markdown.h"
#include "adapters/slack/slack_int.h"
#include "bot/limits.h"
#include "bot/must.h"

#define MAX_WEBHOOK      (1u << 20) /* bytes; a click on a big message brings all of it along */
#define COMPLAIN_EACH_MS 10000      /* a stranger must not write our log full */

static const char *check_base(const char *s)
{
    return !strncmp(s, "https://", 8) || !strncmp(s, "http://127.0.0.1", 16) ||
                   !strncmp(s, "http://localhost", 16)
               ? NULL
               : "is not an https address";
}

static const struct setting settings[] = {
    {.name = "slack.signing_secret_file",
     .type = SETTING_PATH,
     .value = "slack-signing-secret",
     .help =
         "File with the app's signing secret: how we know that a message is from Slack. A second "
         "line is the secret before, while it is being replaced."},
    {.name = "slack.bot_token_file",
     .type = SETTING_PATH,
     .value = "slack-bot-token",
     .help = "File with the Bot User OAuth Token (xoxb-...). Without it Slack is off."},
    {.name = "slack.app_token_file",
     .type = SETTING_PATH,
     .value = "\"\"",
     .help = "File with an app-level token (xapp-...) for Socket Mode: no address of yours need be "
             "public then."},
    {.name = "slack.api_base",
     .type = SETTING_TEXT,
     .value = "https://slack.com/api",
     .check = check_base,
     .help = "Where Slack's Web API is."},
    {.name = "slack.public_url",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help = "The address under which Slack reaches this program, as https://bot.example.edu; for "
             "guidepost slack manifest."},
    {.name = "slack.app_id",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help = "Events for any other app are ignored. \"\": any app that knows the signing secret."},
    {.name = "slack.command", .type = SETTING_TEXT, .value = "/ask", .help = "The slash command."},
    {.name = "slack.kb_command",
     .type = SETTING_TEXT,
     .value = "/kb",
     .help = "The slash command with which the staff looks into the guides."},
    {.name = "slack.everywhere",
     .type = SETTING_CHOICE,
     .value = "named",
     .choices = "off named privately always",
     .help = "Where we speak: in channels that slack.channels does not list. off; named: when "
             "mentioned, and then in that thread while it is between the asker and us; privately: "
             "only the asker sees it; always: every message that begins a thread is a question."},
    {.name = "slack.channels",
     .type = SETTING_LIST,
     .value = "[]",
     .check = slack_policy_check,
     .help = "The same channel by channel, as [C0123456789=off, C0987654321=always]."},
    {.name = "slack.external_users",
     .type = SETTING_CHOICE,
     .value = "refuse",
     .choices = "refuse all",
     .help = "Askers from other workspaces, in channels shared with them over Slack Connect."},
    {.name = "slack.allow_bots",
     .type = SETTING_LIST,
     .value = "[]",
     .help = "User ids of bots whose messages count as questions. Others never do."},
    {.name = "slack.dm_in_thread",
     .type = SETTING_BOOL,
     .value = "false",
     .help = "Answer a direct message in a thread below it."},
    {.name = "slack.burst_ms",
     .type = SETTING_INT,
     .value = "1200",
     .min = 0,
     .max = 10000,
     .help =
         "How long we wait whether somebody goes on typing: messages in a row get one reply. 0: "
         "each its own."},
    {.name = "slack.handoff_channel",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help =
         "Id of the channel where people help, and answer askers where they asked. Answers have "
         "a button for it then, as with staff.room."},
    {.name = "slack.anyone_may_click",
     .type = SETTING_BOOL,
     .value = "false",
     .help = "Suggestions and the way to a person work for everybody in the channel, not only for "
             "who asked."},
    {.name = "slack.clock_window_s",
     .type = SETTING_INT,
     .value = "300",
     .min = 30,
     .max = 3600,
     .help = "How much Slack's clock and ours may differ."},
    {.name = "slack.retry_auth_s",
     .type = SETTING_INT,
     .value = "300",
     .min = 1,
     .max = 3600,
     .help = "How often a token that Slack refuses is read again and tried."},
    {.name = NULL},
};

/* ---- in ---- */

static const char *identity(struct pool *pool, const char *body, size_t len, bool *ret_readable)
{
    struct slack_event ev;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    *ret_readable = !slack_event_read(pool, body, len, NULL, &ev);
    if (*ret_readable && *ev.key && strlen(ev.key) <= MAX_IDENTITY)
        return ev.key;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)body, len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return pool_printf(pool, "body:%s", hex);
}

int slack_take(struct slack *s, const char *body, size_t len, inbox_put_fn *fn, void *ctx)
{
    struct pool *pool = pool_new();
    struct buf b;
    bool readable;
    buf_init(&b, 3 * len + 1);
    json_repair(body, len, &b); /* a column of text holds text */
    struct inbox_message m = {.identity = identity(pool, body, len, &readable), .body = b.s};
    if (!readable)
        log_error("slack", "a signed message that cannot be read is set aside", "id=%s bytes=%zu",
                  m.identity, len);
    int err = inbox_put(s->adapter, &m, fn, ctx);
    buf_release(&b);
    pool_free(pool);
    return err;
}

const char *slack_first_words(const struct slack *s, const struct slack_event *ev)
{
    const char *ours = config_text(bot_config(s->adapter->bot), "slack.command");
    if (ev->kind != SLACK_COMMAND)
        return NULL;
    const char *kb = config_text(bot_config(s->adapter->bot), "slack.kb_command");
    bool known = !strcmp(ev->command, ours) || !strcmp(ev->command, kb);
    return *ev->text.text && known ? slack_looking : slack_help;
}

/* ---- requests ---- */

struct waiting {
    struct task task;
    server_handle to;
    const char *words; /* or NULL */
};

static void reply(struct slack *s, server_handle to, int status, const char *type,
                  const char *headers, const char *body)
{
    struct http_reply r = {
        .status = status, .type = type, .headers = headers, .body = body, .len = strlen(body)};
    request_reply(bot_server(s->adapter->bot), to, &r);
}

static void empty(struct slack *s, server_handle to, int status)
{
    reply(s, to, status, "text/plain", status == 503 ? "Retry-After: 5\r\n" : NULL, "");
}

/* The words of `ev`, as a reply to its request. */
static void say_at_once(struct slack *s, server_handle to, const char *words)
{
    struct buf b;
    if (!words) {
        empty(s, to, 200);
        return;
    }
    buf_init(&b, 4096);
    buf_adds(&b, "{\"response_type\":\"ephemeral\",\"text\":");
    json_add_string(&b, words, strlen(words));
    buf_addc(&b, '}');
    reply(s, to, 200, "application/json", NULL, b.s);
    buf_release(&b);
}

static void taken(void *ctx, const struct inbox_receipt *r)
{
    struct waiting *w = ctx;
    struct slack *s = w->task.adapter->state;
    if (r->err)
        empty(s, w->to, 503); /* they will bring it again */
    else
        say_at_once(s, w->to, w->words);
    task_free(&w->task);
}

static void on_challenge(struct slack *s, server_handle to, const char *challenge)
{
    struct buf b;
    buf_init(&b, MAX_WEBHOOK);
    buf_adds(&b, "{\"challenge\":");
    json_add_string(&b, challenge, strlen(challenge));
    buf_addc(&b, '}');
    reply(s, to, 200, "application/json", NULL, b.s);
    buf_release(&b);
}

static void complain(struct slack *s, enum slack_verdict v, const char *path, long long now,
                     long long skew)
{
    uint64_t ms = loop_now_ms(bot_loop(s->adapter->bot));
    char quoted[128];
    if (s->complained_ms[v] && ms - s->complained_ms[v] < COMPLAIN_EACH_MS)
        return;
    s->complained_ms[v] = ms;
    log_quote(quoted, sizeof quoted, path);
    if (v == SLACK_STALE)
        log_warn("slack", "refused: clock skew, or an old request once more",
                 "path=%s local=%lld header=%lld step=\"compare "
                 "this machine's clock with the time\"",
                 quoted, now, now - skew);
    else
        log_warn("slack",
                 v == SLACK_FORGED ? "refused: the signature is wrong"
                                   : "refused: there is no signature",
                 "path=%s step=\"compare slack.signing_secret_file "
                 "with the app's Basic Information\"",
                 quoted);
}

static bool is_genuine(struct slack *s, const struct request *rq, const char *body, size_t len)
{
    int64_t skew = 0, now = time(NULL);
    enum slack_verdict v =
        slack_sign_check(&s->signing, request_header(rq, "x-slack-request-timestamp"),
                         request_header(rq, "x-slack-signature"), body, len, now,
                         config_int(bot_config(s->adapter->bot), "slack.clock_window_s"), &skew);
    if (v != SLACK_GENUINE)
        complain(s, v, request_path(rq), now, skew);
    return v == SLACK_GENUINE;
}

static void on_delivery(struct slack *s, server_handle to, const char *body, size_t len)
{
    struct waiting *w = task_new(&s->tasks, sizeof *w);
    struct slack_event ev;
    w->to = to;
    bool readable = !slack_event_read(w->task.pool, body, len, NULL, &ev);
    if (readable && ev.kind == SLACK_CHALLENGE) {
        on_challenge(s, to, ev.challenge);
        task_free(&w->task);
        return;
    }
    w->words = readable ? slack_first_words(s, &ev) : NULL;
    if (slack_take(s, body, len, taken, w)) {
        empty(s, to, 503);
        task_free(&w->task);
    }
}

static bool on_request(struct adapter *a, struct request *rq)
{
    struct slack *s = a->state;
    size_t len;
    server_handle to = request_handle(rq);
    if (strncmp(request_path(rq), "/slack/", 7))
        return false;
    const char *body = request_body(rq, &len);
    if (strcmp(request_method(rq), "POST"))
        reply(s, to, 405, "text/plain", "Allow: POST\r\n", "");
    else if (slack_sign_is_probe(body, len))
        empty(s, to, 200);
    else if (!is_genuine(s, rq, body, len))
        empty(s, to, 401);
    else if (!len)
        empty(s, to, 400);
    else
        on_delivery(s, to, body, len);
    return true;
}

/* ---- the adapter ---- */

static int slack_open(struct adapter *a)
{
    struct slack *s = a->state = must(calloc(1, sizeof *s));
    s->adapter = a;
    s->tasks.adapter = a;
    int err = adapter_secret(s->adapter, "slack.bot_token_file", &s->token);
    if (!err)
        err = adapter_secret(s->adapter, "slack.app_token_file", &s->app_token);
    if (!err)
        err = adapter_secret(s->adapter, "slack.signing_secret_file", &s->signing);
    if (err)
        return err;
    if (!s->token.n || (!s->signing.n && !s->app_token.n))
        return 1;
    s->api_base = adapter_base(a, "slack.api_base");
    markdown_open();
    slack_auth_start(s);
    return s->app_token.n ? slack_socket_start(s) : 0;
}

static void slack_close(struct adapter *a)
{
    struct slack *s = a->state;
    if (!s)
        return;
    slack_socket_stop(s);
    slack_auth_stop(s);
    slack_burst_free_all(s);
    slack_thread_free_all(s);
    task_free_all(&s->tasks);
    secret_release(&s->signing);
    secret_release(&s->token);
    secret_release(&s->app_token);
    free(s->api_base);
    free(s);
    a->state = NULL;
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *b)
{
    slack_render(out->reply, out->answer_id, slack_relay_has_people(a), b);
}

static const char *trouble(const struct adapter *a)
{
    const struct slack *s = a->state;
    return s->down ? s->why_down : NULL;
}

const struct adapter_type adapter_slack = {
    .name = "slack",
    .settings = settings,
    .webhook = (const char *const[]){"/slack/", NULL},
    .max_body = MAX_WEBHOOK,
    .open = slack_open,
    .close = slack_close,
    .on_request = on_request,
    .render = render,
    .on_message = slack_on_message,
    .deliver = slack_deliver,
    .relay = slack_relay,
    .trouble = trouble,
    .doctor = slack_doctor,
    .print = slack_print,
};
