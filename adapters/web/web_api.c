/* web_api.c: guidepost.v1 over HTTP, and what else programs ask for. The same frames, tokens, numbers and refusals as over a
 * WebSocket (web_ws.c); openapi.json describes them, /docs shows that to people.
 *
 * A token goes into the header Authorization, never into a cookie: so no other site can make a browser do anything in
 * its visitor's name. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/number.h"

static void refuse(struct web *w, struct request *rq, const char *code, int status,
                   const char *title)
{
    struct web_refusal why = {.status = status, .code = code, .title = title};
    web_refuse(w, request_handle(rq), web_cors_origin(rq), &why);
}

/* The body as a JSON object; NULL after the request was refused. An empty one is an empty object. */
static struct cJSON *read_body(struct web *w, struct request *rq)
{
    size_t len;
    const char *s = request_body(rq, &len);
    struct cJSON *j = len ? json_parse(s, len) : json_parse("{}", 2);
    if (!j)
        refuse(w, rq, "bad_json", 400, "The body is not valid JSON");
    return j;
}

static void on_hello(struct web *w, struct request *rq)
{
    struct cJSON *j = read_body(w, rq);
    if (!j)
        return;
    const char *site = json_string(j, "site", 64), *seen = json_string(j, "epoch", 32);
    const char *token = json_string(j, "tok", WEB_TOKEN), *lang = json_string(j, "lang", 35);
    char epoch[TRANSCRIPT_EPOCH] = "", conversation[WEB_CONVERSATION], two[3];
    snprintf(two, sizeof two, "%.2s", lang ? lang : "");
    struct web_wait what = {
        .kind = WAIT_HELLO, .token = token ? token : web_bearer(rq), .lang = two};
    if (web_token_read(what.token, conversation))
        transcript_epoch(w->adapter, conversation, epoch);
    if (seen && !strcmp(seen, epoch))
        what.after = json_int(j, "last", 0, INT64_MAX, 0);
    if (json_int(j, "v", 0, INT32_MAX, 1) != 1)
        refuse(w, rq, "unsupported_version", 426, "This server speaks version 1");
    else if (site && *site && strcmp(site, "default"))
        refuse(w, rq, "unknown_site", 404, "There is no such site here");
    else
        web_wait(w, rq, &what);
    json_free(j);
}

/* ---- erasing ---- */

struct erasing {
    struct web *web;
    server_handle request;
    char *origin;
};

static void on_erased(void *ctx, int err)
{
    struct erasing *e = ctx;
    struct buf b;
    buf_init(&b, 64);
    buf_adds(&b, "{\"t\":\"erased\"}\n");
    if (err)
        web_refuse(e->web, e->request, e->origin, web_refusal(err));
    else
        web_send_json(e->web, e->request, e->origin, NULL, &b);
    buf_release(&b);
    free(e->origin);
    free(e);
}

static void erase(struct web *w, struct request *rq)
{
    char conversation[WEB_CONVERSATION];
    if (!web_token_read(web_bearer(rq), conversation)) {
        web_refuse(w, request_handle(rq), web_cors_origin(rq), web_refusal(-ESTALE));
        return;
    }
    const char *origin = web_cors_origin(rq);
    struct erasing *e = must(calloc(1, sizeof *e));
    *e = (struct erasing){
        .web = w, .request = request_handle(rq), .origin = origin ? must(strdup(origin)) : NULL};
    int err = transcript_erase(w->adapter, conversation, on_erased, e);
    if (err)
        on_erased(e, err);
}

/* ---- messages and events ---- */

static void on_messages(struct web *w, struct request *rq)
{
    struct cJSON *j = read_body(w, rq);
    if (!j)
        return;
    const char *t = json_string(j, "t", 32), *cid = json_string(j, "cid", 64);
    const char *key = request_header(rq, "idempotency-key");
    if (!cid && key && web_is_cid(key)) {
        json_set_string(j, "cid", key);
        cid = json_string(j, "cid", 64);
    }
    if (t && !strcmp(t, "erase")) {
        json_free(j);
        erase(w, rq);
        return;
    }
    struct web_wait what = {.kind = WAIT_MESSAGE,
                            .token = web_bearer(rq),
                            .lang = json_string(j, "lang", 2),
                            .after = web_query_number(rq, "after", -1),
                            .frame = j,
                            .cid = web_is_cid(cid) ? cid : NULL};
    web_wait(w, rq, &what);
}

static void on_events(struct web *w, struct request *rq)
{
    const char *last = request_header(rq, "last-event-id");
    struct web_wait what = {.kind = WAIT_EVENTS,
                            .token = web_bearer(rq),
                            .after = web_query_number(rq, "after", 0),
                            .wait_s = web_query_number(rq, "wait", 0)};
    const char *accept = request_header(rq, "accept");
    if (accept && strstr(accept, "text/event-stream")) {
        what.wait_s = web_query_number(rq, "wait", 25);
        number_read(last, INT64_MAX, &what.after);
    }
    web_wait(w, rq, &what);
}

static void on_session(struct web *w, struct request *rq)
{
    if (!strcmp(request_method(rq), "DELETE"))
        erase(w, rq);
    else
        refuse(w, rq, "method_not_allowed", 405, "DELETE erases the chat; GET /v1/session/export");
}

static void on_export(struct web *w, struct request *rq)
{
    struct web_wait what = {.kind = WAIT_EXPORT, .token = web_bearer(rq)};
    web_wait(w, rq, &what);
}

/* ---- what may be kept by caches ---- */

static void send_cacheable(struct web *w, struct request *rq, const char *type, const char *s,
                           size_t len, int max_age_s)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char tag[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)s, len, NULL, 0);
    sodium_bin2hex(tag, sizeof tag, hash, sizeof hash);
    const char *have = request_header(rq, "if-none-match"), *origin = web_cors_origin(rq);
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_addf(&head,
             "ETag: \"%s\"\r\nCache-Control: public, max-age=%d\r\n"
             "X-Content-Type-Options: nosniff\r\nVary: Origin\r\n",
             tag, max_age_s);
    if (origin)
        buf_addf(&head, "Access-Control-Allow-Origin: %s\r\n", origin);
    struct http_reply r = {.status = have && strstr(have, tag) ? 304 : 200,
                           .type = type,
                           .headers = head.s,
                           .body = s,
                           .len = len};
    request_reply(web_server(w), request_handle(rq), &r);
    buf_release(&head);
}

static void on_suggest(struct web *w, struct request *rq)
{
    const char *q = request_query(rq, "q");
    struct buf b;
    if (!q || strlen(q) > 4 * MAX_QUESTION_CHARS) {
        refuse(w, rq, "empty", 422, "The parameter q is missing or too long");
        return;
    }
    buf_init(&b, MAX_REPLY_JSON);
    buf_adds(&b, "{\"items\":");
    web_suggest(w, q, &b);
    buf_adds(&b, "}\n");
    send_cacheable(w, rq, "application/json", b.s, b.len, 60);
    buf_release(&b);
}

static void on_config(struct web *w, struct request *rq)
{
    const char *site = request_query(rq, "site");
    if (site && *site && strcmp(site, "default")) {
        refuse(w, rq, "unknown_site", 404, "There is no such site here");
        return;
    }
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    buf_addc(&b, '{');
    web_add_config(w, &b);
    buf_adds(&b, "}\n");
    send_cacheable(w, rq, "application/json", b.s, b.len, 60);
    buf_release(&b);
}

static void on_openapi(struct web *w, struct request *rq)
{
    size_t len = (size_t)(web_openapi_end - web_openapi);
    send_cacheable(w, rq, "application/json", web_openapi, len, 3600);
}

/* ---- routes ---- */

void web_on_api(struct web *w, struct request *rq)
{
    static const struct route {
        const char *path, *methods;
        void (*fn)(struct web *w, struct request *rq);
    } routes[] = {
        {"/v1/hello", "POST", on_hello},
        {"/v1/messages", "POST", on_messages},
        {"/v1/events", "GET", on_events},
        {"/v1/feedback", "POST", web_on_feedback},
        {"/v1/handoff", "POST", web_on_handoff},
        {"/v1/session", "DELETE", on_session},
        {"/v1/session/export", "GET", on_export},
        {"/v1/suggest", "GET", on_suggest},
        {"/v1/config", "GET", on_config},
        {"/v1/openapi.json", "GET", on_openapi},
        {"/docs", "GET", web_on_docs},
    };
    const char *path = request_path(rq);
    size_t i = 0, n = sizeof routes / sizeof routes[0];
    while (i < n && strcmp(path, routes[i].path))
        i++;
    char allowed[64];
    snprintf(allowed, sizeof allowed, "%s%s, OPTIONS", i < n ? routes[i].methods : "",
             i < n && !strcmp(routes[i].methods, "GET") ? ", HEAD" : "");
    if (i == n)
        refuse(w, rq, "not_found", 404, "Not found");
    else if (web_allows(w, rq, allowed) && web_may_call(w, rq, routes[i].methods))
        routes[i].fn(w, rq);
}
