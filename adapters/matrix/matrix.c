/* matrix.c: Matrix, as one adapter among others. This file is its door when it is an application service: requests of the homeserver
 * below /_matrix/app/v1/ are checked, put into the inbox whole, and answered when they are on disk. Nothing is looked at before:
 * a homeserver repeats what is not taken, and all that follows waits behind it, so a transaction is never refused for what is
 * in it.
 *
 * With a plain account the same events come through /sync (matrix_sync.c), and nothing of ours need be public. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/markdown.h"
#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define MAX_TRANSACTION  (10u << 20) /* above 100 events of 64 KiB, the most that there can be */
#define COMPLAIN_EACH_MS 10000       /* a stranger must not write our log full */

/* Where a homeserver calls, and where those of before 2019 do, and others when the first leads nowhere. */
static const char *const prefix[] = {"/_matrix/app/v1/", "/transactions/", "/users/", "/rooms/",
                                     NULL};

static const char *check_homeserver(const char *s)
{
    return !*s || !strncmp(s, "https://", 8) || !strncmp(s, "http://", 7)
               ? NULL
               : "is not an http or https address";
}

static const struct setting settings[] = {
    {.name = "matrix.homeserver",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .check = check_homeserver,
     .help = "The homeserver's client address, as https://matrix.example.edu. Without it Matrix is "
             "off."},
    {.name = "matrix.as_token_file",
     .type = SETTING_PATH,
     .value = "matrix-as-token",
     .help =
         "As an application service: file with what we show to the homeserver. guidepost matrix "
         "register writes it, the next one and the registration."},
    {.name = "matrix.hs_token_file",
     .type = SETTING_PATH,
     .value = "matrix-hs-token",
     .help = "And with what the homeserver shows to us. A second line is the one before, while it "
             "is being replaced."},
    {.name = "matrix.bot_token_file",
     .type = SETTING_PATH,
     .value = "\"\"",
     .help = "As a plain account instead: file with its access token."},
    {.name = "matrix.password_file",
     .type = SETTING_PATH,
     .value = "\"\"",
     .help = "As a plain account without a token: file with the password of matrix.user. The token "
             "that we get for it is kept in state.db."},
    {.name = "matrix.user",
     .type = SETTING_TEXT,
     .value = "qabot",
     .help = "The first part of our name, as an application service or with a password: qabot is "
             "@qabot:example.edu."},
    {.name = "matrix.id",
     .type = SETTING_TEXT,
     .value = "guidepost",
     .help = "What the registration calls this application service."},
    {.name = "matrix.display_name",
     .type = SETTING_TEXT,
     .value = "\"\"",
     .help = "What we are called in rooms. \"\": what the account is called already."},
    {.name = "matrix.command",
     .type = SETTING_TEXT,
     .value = "\"!ask\"",
     .help = "A message that begins with this word is for us, without a mention. \"\": none."},
    {.name = "matrix.threads",
     .type = SETTING_BOOL,
     .value = "true",
     .help =
         "Answer in a thread below the question, but for direct messages. Otherwise as a reply."},
    {.name = "matrix.answer_msgtype",
     .type = SETTING_CHOICE,
     .value = "m.notice",
     .choices = "m.notice m.text",
     .help = "m.notice is how bots speak: other bots do not answer it, and it rings nobody. m.text "
             "rings who asked."},
    {.name = "matrix.allow_inviters",
     .type = SETTING_LIST,
     .value = "[]",
     .help =
         "Whose invitations are accepted, as [\"@*:example.edu\"]. []: those of our own server."},
    {.name = "matrix.ignore_users",
     .type = SETTING_LIST,
     .value = "[]",
     .help = "Whom we never answer, as [\"@_slack_*\"]: bridged bots."},
    {.name = "matrix.max_age_s",
     .type = SETTING_INT,
     .value = "3600",
     .min = 10,
     .max = 864000,
     .help = "Questions that reach us later than this are not answered any more."},
    {.name = "matrix.redact_with_question",
     .type = SETTING_BOOL,
     .value = "true",
     .help = "Who removes a question removes its answer."},
    {.name = "matrix.receipts",
     .type = SETTING_BOOL,
     .value = "true",
     .help = "Show that a question was read, and that we are typing."},
    {.name = "matrix.reread_s",
     .type = SETTING_INT,
     .value = "600",
     .min = 0,
     .max = 86400,
     .help = "As an application service: how often rooms are read back for what the homeserver did "
             "not bring. 0: after trouble only."},
    {.name = "matrix.retry_auth_s",
     .type = SETTING_INT,
     .value = "300",
     .min = 1,
     .max = 3600,
     .help = "How often a token that the homeserver refuses is read again and tried."},
    {.name = NULL},
};

bool matrix_is_service(const struct matrix *m)
{
    return m->hs_token.n > 0;
}

/* ---- requests ---- */

struct waiting {
    struct task task;
    server_handle to;
};

static void reply(struct matrix *m, server_handle to, int status, const char *code)
{
    struct buf b;
    buf_init(&b, 256);
    buf_adds(&b, "{");
    if (code)
        buf_addf(&b, "\"errcode\":\"%s\",\"error\":\"%s\"", code, code);
    buf_adds(&b, "}");
    struct http_reply r = {.status = status,
                           .type = "application/json",
                           .headers = status == 503 ? "Retry-After: 2\r\n" : NULL,
                           .body = b.s,
                           .len = b.len};
    request_reply(bot_server(m->adapter->bot), to, &r);
    buf_release(&b);
}

static void taken(void *ctx, const struct inbox_receipt *r)
{
    struct waiting *w = ctx;
    if (r->err)
        reply(w->task.adapter->state, w->to, 503, "M_UNKNOWN"); /* they will bring it again */
    else
        reply(w->task.adapter->state, w->to, 200, NULL);
    task_free(&w->task);
}

/* Known again by what is in it, not by its number: homeservers count from one again. */
static void on_transaction(struct matrix *m, server_handle to, const char *name, const char *body,
                           size_t len)
{
    struct waiting *w = task_new(&m->tasks, sizeof *w);
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    struct buf text;
    matrix_back_on_transaction(m, name);
    w->to = to;
    buf_init(&text, 3 * len + 1);
    json_repair(body, len, &text); /* a column of text holds text */
    crypto_generichash(hash, sizeof hash, (const unsigned char *)body, len, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    struct inbox_message im = {.identity = pool_printf(w->task.pool, MATRIX_TXN "%s", hex),
                               .body = text.s};
    if (inbox_put(m->adapter, &im, taken, w)) {
        reply(m, to, 503, "M_UNKNOWN");
        task_free(&w->task);
    }
    buf_release(&text);
}

static void complain(struct matrix *m, const char *why)
{
    uint64_t ms = loop_now_ms(bot_loop(m->adapter->bot));
    if (m->complained_ms && ms - m->complained_ms < COMPLAIN_EACH_MS)
        return;
    m->complained_ms = ms ? ms : 1;
    log_warn("matrix", "refused a request of a homeserver",
             "reason=\"%s\" step=\"compare matrix.hs_token_file "
             "with hs_token of the registration file\"",
             why);
}

/* 0, or the status to refuse with. Old servers put the token into the address; if it is in both places, both must be right. */
static int check_token(struct matrix *m, const struct request *rq)
{
    const char *header = request_header(rq, "authorization");
    const char *query = request_query(rq, "access_token");
    if (!header && !query)
        return 401;
    bool good = true;
    if (header)
        good = !strncasecmp(header, "Bearer ", 7) &&
               secret_is(&m->hs_token, header + 7, strlen(header + 7));
    if (query)
        good = secret_is(&m->hs_token, query, strlen(query)) && good;
    return good ? 0 : 403;
}

static void on_known_path(struct matrix *m, struct request *rq, const char *path)
{
    server_handle to = request_handle(rq);
    const char *method = request_method(rq);
    size_t len;
    const char *body = request_body(rq, &len);
    bool transaction = !strncmp(path, "transactions/", 13), pings = !strcmp(path, "ping");
    bool user = !strncmp(path, "users/", 6);
    bool other = !strncmp(path, "rooms/", 6) || !strncmp(path, "thirdparty/", 11);
    if (!transaction && !pings && !user && !other)
        reply(m, to, 404, "M_UNRECOGNIZED");
    else if (strcmp(method, transaction ? "PUT" : pings ? "POST" : "GET") != 0)
        reply(m, to, 405, "M_UNRECOGNIZED");
    else if (transaction)
        on_transaction(m, to, path + 13, body, len);
    else if (pings || (user && m->known && !strcmp(path + 6, m->self.user)))
        reply(m, to, 200, NULL);
    else
        reply(m, to, 404, "M_NOT_FOUND");
}

static bool on_request(struct adapter *a, struct request *rq)
{
    struct matrix *m = a->state;
    const char *path = request_path(rq);
    size_t i = 0;
    while (prefix[i] && strncmp(path, prefix[i], strlen(prefix[i])) != 0)
        i++;
    if (!matrix_is_service(m) || !prefix[i])
        return false;
    int refusal = check_token(m, rq);
    if (refusal)
        complain(m, refusal == 401 ? "no token" : "wrong token");
    if (refusal)
        reply(m, request_handle(rq), refusal, refusal == 401 ? "M_MISSING_TOKEN" : "M_FORBIDDEN");
    else
        on_known_path(m, rq, i ? path + 1 : path + strlen(prefix[0]));
    return true;
}

/* ---- the adapter ---- */

static int read_secrets(struct matrix *m)
{
    struct secret service;
    int err = adapter_secret(m->adapter, "matrix.bot_token_file", &m->token);
    if (!err && !m->token.n)
        err = adapter_secret(m->adapter, "matrix.password_file", &m->password);
    if (err || m->token.n || m->password.n)
        return err;
    err = adapter_secret(m->adapter, "matrix.as_token_file", &service);
    if (!err)
        err = adapter_secret(m->adapter, "matrix.hs_token_file", &m->hs_token);
    m->token = service;
    return err ? err : !m->token.n || !m->hs_token.n;
}

static int matrix_open(struct adapter *a)
{
    struct matrix *m = a->state = must(calloc(1, sizeof *m));
    m->adapter = a;
    m->tasks.adapter = a;
    m->votes_end = &m->votes;
    m->homeserver = adapter_base(a, "matrix.homeserver");
    int err = *m->homeserver ? read_secrets(m) : 1;
    if (err)
        return err;
    markdown_open();
    matrix_start(m);
    return 0;
}

static void matrix_close(struct adapter *a)
{
    struct matrix *m = a->state;
    if (!m)
        return;
    matrix_start_stop(m);
    matrix_sync_stop(m);
    matrix_back_stop(m);
    matrix_room_free_all(m);
    matrix_breaker_free(m->breaker);
    task_free_all(&m->tasks);
    secret_release(&m->token);
    secret_release(&m->hs_token);
    secret_release(&m->password);
    free(m->homeserver);
    free(m);
    a->state = NULL;
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *b)
{
    (void)a;
    matrix_render(out->reply, out->answer_id, b);
}

static const char *trouble(const struct adapter *a)
{
    const struct matrix *m = a->state;
    if (m->down)
        return m->why_down;
    if (!m->known)
        return "not connected yet";
    return m->pinged && !m->reached ? "the homeserver does not reach us" : NULL;
}

const struct adapter_type adapter_matrix = {
    .name = "matrix",
    .settings = settings,
    .webhook = prefix,
    .max_body = MAX_TRANSACTION,
    .open = matrix_open,
    .close = matrix_close,
    .on_request = on_request,
    .render = render,
    .repeats_safely = true,
    .on_message = matrix_on_message,
    .deliver = matrix_deliver,
    .relay = matrix_relay,
    .trouble = trouble,
    .doctor = matrix_doctor,
};
