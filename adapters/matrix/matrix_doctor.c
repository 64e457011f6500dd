/* matrix_doctor.c: is everything right with Matrix? The files of secrets; whether the homeserver answers, and to the token; that two
 * homeservers do not claim one name; and, for an application service, whether the homeserver reaches us, if we run. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/doctor.h"
#include "bot/http.h"
#include "bot/must.h"

#define LOGIN "/_matrix/client/v3/login"

struct examination {
    struct doctor *d;
    struct secret bot, as, hs, password;
    bool reached, known;
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

static void ask(struct examination *x, const char *method, const char *path, const char *body,
                const struct secret *token, void (*fn)(void *ctx, const struct http_response *res))
{
    const char *base = config_text(doctor_config(x->d), "matrix.homeserver");
    size_t n = strlen(base);
    while (n && base[n - 1] == '/')
        n--;
    char *url = must_printf("%.*s%s", (int)n, base, path);
    char *auth = must_printf("Authorization: Bearer %s", token ? token->value[0] : "");
    const char *header[] = {body ? "Content-Type: application/json" : "Accept: application/json",
                            token ? auth : NULL, NULL};
    struct http_request rq = {.method = method,
                              .url = url,
                              .header = header,
                              .body = body,
                              .len = body ? strlen(body) : 0};
    doctor_ask(x->d, &rq, fn, x);
    sodium_memzero(auth, strlen(auth));
    free(auth);
    free(url);
}

static void on_versions(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct cJSON *j = matrix_json_read(res->body, res->len);
    x->reached = res->status == 200 && json_array(j, "versions", NULL);
    if (x->reached)
        doctor_fine(x->d, "the homeserver answers");
    else
        doctor_wrong(x->d,
                     "matrix.homeserver is the client address: what "
                     ".well-known/matrix/client of your domain names",
                     "no homeserver answers there (%s, status %d)", res->error, res->status);
    json_free(j);
}

static void on_whoami(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct cJSON *j = matrix_json_read(res->body, res->len);
    struct matrix_result r;
    matrix_result_read(res, j, &r);
    const char *user = json_string(j, "user_id", MATRIX_MAX_ID);
    x->known = r.class == MATRIX_FINE && user;
    if (x->known)
        doctor_fine(x->d, "we are %s", user);
    else
        doctor_wrong(x->d,
                     x->bot.n ? "put a new access token into matrix.bot_token_file"
                              : "name the file of guidepost matrix register in the homeserver's "
                                "app_service_config_files, and restart it",
                     "the homeserver does not know our token (%s)", r.error);
    json_free(j);
}

/* ---- with a password ---- */

static void on_logged_in(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct cJSON *j = matrix_json_read(res->body, res->len);
    struct matrix_result r;
    matrix_result_read(res, j, &r);
    const char *user = json_string(j, "user_id", MATRIX_MAX_ID);
    const char *token = json_string(j, "access_token", SECRET_MAX_BYTES);
    if (r.class == MATRIX_FINE && user && token && *token) {
        doctor_fine(x->d, "we are %s, and the password is right", user);
        x->bot = (struct secret){.value = {must(strdup(token))}, .n = 1};
    } else {
        doctor_wrong(x->d, "compare matrix.user and matrix.password_file with the account",
                     "the homeserver does not let us in with the password (%s)", r.error);
    }
    json_free(j);
}

static void on_flows(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct cJSON *j = matrix_json_read(res->body, res->len);
    x->known = matrix_login_is_possible(j);
    if (!x->known)
        doctor_wrong(x->d, "have it issue an access token, and put it into matrix.bot_token_file",
                     "the homeserver lets nobody in with a password");
    json_free(j);
}

static void on_logged_out(void *ctx, const struct http_response *res)
{
    (void)ctx;
    (void)res;
}

/* In and out again, as a device of our own: the one that runs is not disturbed. */
static void try_password(struct examination *x)
{
    struct buf b;
    ask(x, "GET", LOGIN, NULL, NULL, on_flows);
    if (!x->known)
        return;
    buf_init(&b, 16384);
    matrix_login_body(config_text(doctor_config(x->d), "matrix.user"), x->password.value[0], NULL,
                      &b);
    ask(x, "POST", LOGIN, b.s, NULL, on_logged_in);
    sodium_memzero(b.s, b.len);
    buf_release(&b);
    if (x->bot.n)
        ask(x, "POST", "/_matrix/client/v3/logout", "{}", &x->bot, on_logged_out);
}

/* ---- as an application service ---- */

static void on_ping(void *ctx, const struct http_response *res)
{
    struct examination *x = ctx;
    struct cJSON *j = matrix_json_read(res->body, res->len);
    struct matrix_result r;
    matrix_result_read(res, j, &r);
    if (r.class == MATRIX_FINE)
        doctor_fine(x->d, "the homeserver reaches us");
    else if (!strcmp(r.error, "M_CONNECTION_FAILED"))
        doctor_remark(x->d, "the homeserver does not reach us: guidepost does not run, or url in "
                            "the registration file is wrong");
    else if (!strcmp(r.error, "M_BAD_STATUS"))
        doctor_wrong(x->d, "compare hs_token and url of the registration with what we have",
                     "the homeserver reached something that refused it");
    else
        doctor_wrong(x->d, "compare id and url of the registration with matrix.id",
                     "the homeserver cannot ping us (%s)", r.error);
    json_free(j);
}

static void ping(struct examination *x)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "/_matrix/client/v1/appservice/");
    matrix_put_path(&b, config_text(doctor_config(x->d), "matrix.id"));
    buf_adds(&b, "/ping");
    ask(x, "POST", b.s, "{\"transaction_id\":\"doctor\"}", &x->as, on_ping);
    buf_release(&b);
}

void matrix_doctor(struct doctor *d)
{
    struct examination x = {.d = d};
    look_at(&x, "matrix.bot_token_file", &x.bot);
    look_at(&x, "matrix.password_file", &x.password);
    look_at(&x, "matrix.as_token_file", &x.as);
    look_at(&x, "matrix.hs_token_file", &x.hs);
    bool server = *config_text(doctor_config(d), "matrix.homeserver") != '\0';
    bool token = x.bot.n || x.password.n || (x.as.n && x.hs.n);
    if (!server || !token) {
        doctor_remark(d, "off: %s",
                      server
                          ? "it has neither a bot token, nor a password, nor the two tokens of an "
                            "application service"
                          : "matrix.homeserver is empty");
    } else {
        ask(&x, "GET", "/_matrix/client/versions", NULL, NULL, on_versions);
        if (x.reached && !x.bot.n && x.password.n)
            try_password(&x);
        else if (x.reached)
            ask(&x, "GET", "/_matrix/client/v3/account/whoami", NULL, x.bot.n ? &x.bot : &x.as,
                on_whoami);
        if (x.known && !x.bot.n && !x.password.n)
            ping(&x);
    }
    secret_release(&x.bot);
    secret_release(&x.as);
    secret_release(&x.hs);
    secret_release(&x.password);
}
