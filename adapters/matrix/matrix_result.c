/* matrix_result.c: how the addresses of calls are made, and what a homeserver's answers mean: what is done, what may be done again,
 * and what needs a person. An answer without an error code is not the homeserver's: some proxy before it has a moment. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/http.h"

void matrix_put_path(struct buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x80 && isalnum(c)) || strchr("-._~", c))
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", c);
    }
}

const char *matrix_path(struct pool *pool, const char *const *part)
{
    struct buf b;
    buf_init(&b, 16384);
    buf_adds(&b, "/_matrix/client/v3");
    for (; *part; part++) {
        buf_addc(&b, '/');
        matrix_put_path(&b, *part);
    }
    const char *path = pool_strdup(pool, b.s);
    buf_release(&b);
    return path;
}

/* ---- what an answer means ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

static enum matrix_class class_of(int status, const char *code, const char *text)
{
    bool deactivated = !strcmp(code, "M_USER_DEACTIVATED");
    if (status == 401 || deactivated)
        return MATRIX_DOWN;
    if (ends_with(code, "M_UNKNOWN_DEVICE"))
        return MATRIX_DEVICE;
    if (status == 429 || status >= 500)
        return MATRIX_LATER;
    if (!*code) /* not the homeserver's words: a proxy before it */
        return MATRIX_LATER;
    if (status == 400 && strstr(text, "relation"))
        return MATRIX_RELATION;
    return MATRIX_REFUSED;
}

void matrix_result_read(const struct http_response *res, const cJSON *json,
                        struct matrix_result *ret)
{
    const char *code = json_string(json, "errcode", 95), *text = json_string(json, "error", 512);
    *ret = (struct matrix_result){
        .status = res->status, .json = json, .retry_after_s = res->retry_after_s};
    if (res->too_big) {
        ret->class = MATRIX_REFUSED;
        snprintf(ret->error, sizeof ret->error, "%s", res->error);
    } else if (!res->status) {
        ret->class = res->maybe_sent ? MATRIX_UNSURE : MATRIX_LATER;
        snprintf(ret->error, sizeof ret->error, "%s", res->error);
    } else if (res->status < 300 && cJSON_IsObject(json)) {
        ret->class = MATRIX_FINE;
    } else if (res->status < 300) {
        ret->class = MATRIX_UNSURE;
        snprintf(ret->error, sizeof ret->error, "an answer that is no JSON");
    } else {
        ret->class = class_of(res->status, code ? code : "", text ? text : "");
        snprintf(ret->error, sizeof ret->error, "%s", code ? code : "");
        if (!code)
            snprintf(ret->error, sizeof ret->error, "status %d", res->status);
    }
    long long ms = json_int(json, "retry_after_ms", 0, 86400000, -1);
    if (ms >= 0 && (ms + 999) / 1000 > ret->retry_after_s)
        ret->retry_after_s = (long)((ms + 999) / 1000);
}
