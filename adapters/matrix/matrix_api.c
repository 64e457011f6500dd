/* matrix_api.c: calls to the homeserver. A token is in the header and nowhere else.
 *
 * An application service names its user and its device with every call: only then does a homeserver remember across its own
 * restarts which of our messages it has taken, so that a repetition is none. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/http.h"
#include "bot/must.h"

#define MAX_RESPONSE (16u << 20)

struct call {
    struct task task;
    matrix_call_fn *fn;
    void *ctx;
};

static void called(void *ctx, const struct http_response *res)
{
    struct call *c = ctx;
    struct matrix_result r;
    cJSON *j = res->len ? matrix_json_read(res->body, res->len) : NULL;
    matrix_result_read(res, j, &r);
    matrix_call_fn *fn = c->fn;
    void *of = c->ctx;
    struct matrix *m = c->task.adapter->state;
    task_free(&c->task);
    if (r.class == MATRIX_DEVICE)
        matrix_make_device(m);
    fn(of, &r);
    matrix_back_on_result(m, &r);
    json_free(j);
}

static const char *url_of(struct matrix *m, struct pool *pool, const struct matrix_call *c)
{
    struct buf b;
    char sep = '?';
    buf_init(&b, 32768);
    buf_addf(&b, "%s%s", m->homeserver, c->path);
    if (c->query) {
        buf_addf(&b, "%c%s", sep, c->query);
        sep = '&';
    }
    if (!c->as_service && matrix_is_service(m) && *m->self.user) {
        buf_addf(&b, "%cuser_id=", sep);
        matrix_put_path(&b, m->self.user);
        if (m->device)
            buf_adds(&b, "&device_id=" MATRIX_DEVICE_ID);
    }
    const char *url = pool_strdup(pool, b.s);
    buf_release(&b);
    return url;
}

void matrix_call(struct matrix *m, const struct matrix_call *c, matrix_call_fn *fn, void *ctx)
{
    struct call *k = task_new(&m->tasks, sizeof *k);
    k->fn = fn;
    k->ctx = ctx;
    char *auth = must_printf("Authorization: Bearer %s", m->token.n ? m->token.value[0] : "");
    const char *header[] = {m->token.n ? auth : "Accept: application/json",
                            c->body ? "Content-Type: application/json" : NULL, NULL};
    struct http_request rq = {.method = c->method,
                              .url = url_of(m, k->task.pool, c),
                              .header = header,
                              .body = c->body,
                              .len = c->body ? strlen(c->body) : 0,
                              .timeout_ms = c->timeout_ms,
                              .max_bytes = MAX_RESPONSE};
    struct http *http = bot_http(m->adapter->bot);
    int err = http ? http_send(http, &rq, NULL, called, k) : -1;
    sodium_memzero(auth, strlen(auth));
    free(auth);
    if (err) {
        struct http_response none = {
            .error = "could not be queued", .body = "", .retry_after_s = -1};
        called(k, &none);
    }
}

static void told(void *ctx, const struct matrix_result *r)
{
    (void)ctx;
    if (r->class != MATRIX_FINE)
        log_debug("matrix", "a courtesy was refused", "reason=\"%s\"", r->error);
}

void matrix_tell(struct matrix *m, const char *method, const char *path, const char *body)
{
    const struct matrix_call c = {.method = method, .path = path, .body = body};
    matrix_call(m, &c, told, NULL);
}
