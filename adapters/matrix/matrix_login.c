/* matrix_login.c: a plain account that has a password and no access token. We log in once, as a device whose name never changes (so that
 * transaction ids hold from one token to the next), and keep the token in state.db, which only we may read. When it is refused some
 * day, somebody has signed us out: we log in once more. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define LOGIN "/_matrix/client/v3/login"

static const char *key_of(struct pool *pool, const struct matrix *m)
{
    return pool_printf(pool, "token:%s", config_text(bot_config(m->adapter->bot), "matrix.user"));
}

static void take(struct matrix *m, const char *token)
{
    secret_release(&m->token);
    m->token = (struct secret){.value = {must(strdup(token))}, .n = 1};
    matrix_login_done(m, NULL);
}

static void keep(struct matrix *m, const char *token)
{
    struct pool *pool = pool_new();
    inbox_keep_note(m->adapter, key_of(pool, m), token, NULL, NULL);
    pool_free(pool);
}

static void on_login(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    const char *token =
        r->class == MATRIX_FINE ? json_string(r->json, "access_token", SECRET_MAX_BYTES) : NULL;
    if (!token || !*token) {
        matrix_login_done(m, r);
        return;
    }
    m->logged_in_ms = loop_now_ms(bot_loop(m->adapter->bot));
    keep(m, token);
    log_info("matrix", "logged in", "device=%s", MATRIX_DEVICE_ID);
    take(m, token);
}

void matrix_login_body(const char *user, const char *password, const char *device, struct buf *b)
{
    buf_adds(b, "{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":");
    json_add_string(b, user, strlen(user));
    buf_adds(b, "},\"password\":");
    json_add_string(b, password, strlen(password));
    if (device)
        buf_addf(b, ",\"device_id\":\"%s\",\"initial_device_display_name\":\"Guidepost\"", device);
    buf_addc(b, '}');
}

bool matrix_login_is_possible(const cJSON *flows)
{
    const cJSON *flow;
    cJSON_ArrayForEach(flow, json_array(flows, "flows", NULL))
    {
        const char *type = json_string(flow, "type", 64);
        if (type && !strcmp(type, "m.login.password"))
            return true;
    }
    return false;
}

static void on_flows(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    struct matrix_result none = {.class = MATRIX_REFUSED,
                                 .error = "it lets nobody in with a password: have it issue a "
                                          "token for matrix.bot_token_file"};
    struct buf b;
    if (r->class != MATRIX_FINE || !matrix_login_is_possible(r->json)) {
        matrix_login_done(m, r->class == MATRIX_FINE ? &none : r);
        return;
    }
    buf_init(&b, 16384);
    matrix_login_body(config_text(bot_config(m->adapter->bot), "matrix.user"), m->password.value[0],
                      MATRIX_DEVICE_ID, &b);
    const struct matrix_call c = {.method = "POST", .path = LOGIN, .body = b.s, .as_service = true};
    matrix_call(m, &c, on_login, m);
    sodium_memzero(b.s, b.len);
    buf_release(&b);
}

static void on_kept(void *ctx, int err, const char *token)
{
    struct matrix *m = ctx;
    const struct matrix_call c = {.method = "GET", .path = LOGIN, .as_service = true};
    if (!err && token && *token)
        take(m, token);
    else
        matrix_call(m, &c, on_flows, m);
}

void matrix_login(struct matrix *m)
{
    struct pool *pool = pool_new();
    if (inbox_note(m->adapter, key_of(pool, m), on_kept, m))
        on_kept(m, -1, NULL);
    pool_free(pool);
}

void matrix_login_forget(struct matrix *m)
{
    secret_release(&m->token);
    keep(m, "");
}
