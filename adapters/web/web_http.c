/* web_http.c: POST /v1/ask, for programs: one question, one JSON object; or text that reads well in a terminal.
 *
 * What comes in is forgiving about its label, because `curl -d` calls everything a form: what begins with a
 * brace is JSON, a form has a field q, and text is the question. Errors are application/problem+json (RFC 9457)
 * with the `code` that the WebSocket uses, too. Another web site may call only when it is listed in web.origins. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "kb/kb.h"

#define NO_STORE "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

bool web_is(const struct request *rq, const char *method)
{
    const char *m = request_method(rq);
    return !strcmp(m, method) || (!strcmp(m, "HEAD") && !strcmp(method, "GET"));
}

bool web_allows(struct web *w, struct request *rq, const char *allowed)
{
    const char *m = request_method(rq);
    size_t len = strlen(m);
    for (const char *s = allowed; *s; s += strcspn(s, ", "), s += strspn(s, ", "))
        if (!strncmp(s, m, len) && (!s[len] || s[len] == ','))
            return true;
    char header[128];
    snprintf(header, sizeof header, "Allow: %s\r\n", allowed);
    web_problem(w, request_handle(rq), 405, "method_not_allowed", "This address does not do that",
                header);
    return false;
}

void web_problem(struct web *w, server_handle to, int status, const char *code, const char *title,
                 const char *headers)
{
    struct buf body, head;
    buf_init(&body, 2048);
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_addf(&body, "{\"type\":\"about:blank\",\"title\":");
    json_add_string(&body, title, strlen(title));
    buf_addf(&body, ",\"status\":%d,\"code\":\"%s\"}\n", status, code);
    buf_addf(&head, NO_STORE "%s", headers ? headers : "");
    struct http_reply r = {.status = status,
                           .type = "application/problem+json",
                           .headers = head.s,
                           .body = body.s,
                           .len = body.len};
    request_reply(web_server(w), to, &r);
    buf_release(&body);
    buf_release(&head);
}

/* ---- who may call ---- */

/* What lets a page of another site read the reply; `origin` is that site, or NULL. */
static void add_cors(struct buf *head, const char *origin)
{
    buf_adds(head, "Vary: Origin\r\n");
    if (origin)
        buf_addf(head, "Access-Control-Allow-Origin: %s\r\n", origin);
}

const char *web_cors_origin(const struct request *rq)
{
    return request_origin(rq) == ORIGIN_LISTED ? request_header(rq, "origin") : NULL;
}

static void preflight(struct web *w, struct request *rq, const char *methods)
{
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    add_cors(&head, web_cors_origin(rq));
    buf_addf(&head,
             "Access-Control-Allow-Methods: %s\r\n"
             "Access-Control-Allow-Headers: content-type, accept, authorization, idempotency-key, "
             "last-event-id\r\nAccess-Control-Expose-Headers: retry-after\r\n"
             "Access-Control-Max-Age: 7200\r\nAllow: %s, OPTIONS\r\n",
             methods, methods);
    struct http_reply r = {.status = 204, .headers = head.s, .body = ""};
    request_reply(web_server(w), request_handle(rq), &r);
    buf_release(&head);
}

void web_refuse(struct web *w, server_handle to, const char *origin, const struct web_refusal *why)
{
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    add_cors(&head, origin);
    if (why->retry_after_s)
        buf_addf(&head, "Retry-After: %d\r\n", why->retry_after_s);
    if (why->status == 401)
        buf_adds(&head, "WWW-Authenticate: Bearer\r\n");
    web_problem(w, to, why->status, why->code, why->title, head.s);
    buf_release(&head);
}

bool web_may_call(struct web *w, struct request *rq, const char *methods)
{
    static const struct web_refusal foreign = {
        .status = 403, .code = "origin", .title = "This web site is not in web.origins"};
    if (request_origin(rq) == ORIGIN_FOREIGN)
        web_refuse(w, request_handle(rq), NULL, &foreign);
    else if (web_is(rq, "OPTIONS"))
        preflight(w, rq, methods);
    else
        return true;
    return false;
}

void web_send_json(struct web *w, server_handle to, const char *origin, const char *type,
                   const struct buf *body)
{
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_adds(&head, NO_STORE);
    add_cors(&head, origin);
    struct http_reply r = {.status = 200,
                           .type = type ? type : "application/json",
                           .headers = head.s,
                           .body = body->s,
                           .len = body->len};
    request_reply(web_server(w), to, &r);
    buf_release(&head);
}

void web_send_done(struct web *w, server_handle to, const char *origin, int status,
                   const char *body)
{
    struct buf head;
    buf_init(&head, MAX_REPLY_HEADERS);
    buf_adds(&head, NO_STORE);
    add_cors(&head, origin);
    struct http_reply r = {.status = status,
                           .type = *body ? "application/json" : NULL,
                           .headers = head.s,
                           .body = body,
                           .len = strlen(body)};
    request_reply(web_server(w), to, &r);
    buf_release(&head);
}

/* ---- the question in a request ---- */

struct asked {
    const char *q, *conversation, *lang;
    size_t len;
};

/* "application/json; charset=utf-8" is `name`. */
static bool type_is(const char *type, const char *name)
{
    size_t len = strlen(name);
    return type && !strncasecmp(type, name, len) && strchr("; \t", type[len]);
}

/* "en-US" -> "en"; NULL for what is no language. */
static const char *language(struct pool *pool, const char *s)
{
    size_t n = 0;
    while (s && isalpha((unsigned char)s[n]))
        n++;
    if (n < 2 || n > 3 || (s[n] && !strchr("-_", s[n])))
        return NULL;
    char *lang = pool_strndup(pool, s, n);
    for (size_t i = 0; i < n; i++)
        lang[i] = (char)tolower((unsigned char)lang[i]);
    return lang;
}

/* NULL, or what is wrong. */
static const char *read_json(struct pool *pool, const char *s, size_t len, struct asked *ret)
{
    struct cJSON *j = json_parse(s, len);
    if (!j)
        return "The body is not valid JSON";
    const char *q = json_string(j, "q", MAX_HTTP_BODY), *wrong = NULL;
    const char *conversation = json_string(j, "conversation", WEB_MAX_CONVERSATION);
    if (!q)
        wrong = "The member q, a string, is missing";
    else
        *ret = (struct asked){.q = pool_strdup(pool, q),
                              .len = strlen(q),
                              .conversation = pool_strdup(pool, conversation),
                              .lang = language(pool, json_string(j, "lang", 35))};
    json_free(j);
    return wrong;
}

static bool read_form(struct pool *pool, const char *s, size_t len, struct asked *ret)
{
    size_t n = 0;
    ret->q = form_field(pool, s, len, "q", &ret->len);
    const char *conversation = form_field(pool, s, len, "conversation", &n);
    ret->conversation = conversation && n <= WEB_MAX_CONVERSATION ? conversation : "";
    ret->lang = language(pool, form_field(pool, s, len, "lang", &n));
    return ret->q != NULL;
}

/* NULL, or what is wrong; *ret_status then says in which way. */
static const char *read_asked(struct pool *pool, const struct request *rq, struct asked *ret,
                              int *ret_status)
{
    size_t len;
    const char *s = request_body(rq, &len), *type = request_header(rq, "content-type");
    bool form = type_is(type, "application/x-www-form-urlencoded");
    bool text = !type || type_is(type, "text/plain");
    size_t blank = 0;
    while (blank < len && isspace((unsigned char)s[blank]))
        blank++;
    *ret_status = 400;
    *ret = (struct asked){.conversation = ""};
    if (type_is(type, "application/json") || ((form || !type) && blank < len && s[blank] == '{'))
        return read_json(pool, s, len, ret);
    if (form && read_form(pool, s, len, ret))
        return NULL;
    if (form || text) { /* also curl -d 'how much do they earn' */
        ret->q = s;
        ret->len = len;
        return NULL;
    }
    *ret_status = 415;
    return "Send application/json, text/plain, or a form";
}

/* ---- the resource ---- */

static enum web_form wanted(const struct request *rq)
{
    const char *accept = request_header(rq, "accept");
    if (!accept || strstr(accept, "application/json"))
        return WEB_JSON;
    if (strstr(accept, "text/html"))
        return WEB_PAGE;
    return strstr(accept, "text/plain") ? WEB_TEXT : WEB_JSON;
}

static void refuse(struct web *w, struct request *rq, const struct web_refusal *why)
{
    web_refuse(w, request_handle(rq), web_cors_origin(rq), why);
}

/* Who asks, and how. */
struct asker {
    const char *key;  /* of a program, or NULL */
    const char *idem; /* its name for this request, or NULL */
};

/* What speaks against it, or NULL. */
static const struct web_refusal *read_asker(struct web *w, struct request *rq, struct asker *ret,
                                            struct web_refusal *fast)
{
    bool needed = config_bool(bot_config(w->adapter->bot), "web.api_needs_key");
    const struct web_refusal *why = web_key_of(w, rq, needed, &ret->key);
    if (!why)
        why = web_idem_of(rq, ret->key, &ret->idem);
    if (why)
        return why;
    *fast = *web_refusal(-EAGAIN);
    if (!ret->idem) /* who has one is counted when the question is taken in */
        fast->retry_after_s =
            ret->key ? web_limit_key(w, ret->key) : web_limit(w, NULL, request_client(rq));
    else
        fast->retry_after_s = 0;
    return fast->retry_after_s ? fast : NULL;
}

static void ask(struct web *w, struct request *rq, struct pool *pool, const struct asker *who)
{
    struct web_refusal wrong = {.code = "bad_json"};
    struct asked asked;
    wrong.title = read_asked(pool, rq, &asked, &wrong.status);
    if (wrong.status == 415)
        wrong.code = "unsupported_type";
    if (wrong.title) {
        refuse(w, rq, &wrong);
        return;
    }
    const char *talk =
        who->key ? web_key_talk(pool, who->key, asked.conversation) : asked.conversation;
    if (who->idem) {
        web_ask_once(w, rq,
                     &(struct web_once){.key = who->key,
                                        .idem = who->idem,
                                        .text = pool_strndup(pool, asked.q, asked.len),
                                        .talk = talk,
                                        .lang = asked.lang});
        return;
    }
    struct inbound in = {.text = asked.q,
                         .len = asked.len,
                         .conversation = talk,
                         .lang = asked.lang,
                         .to = request_handle(rq),
                         .form = (int)wanted(rq),
                         .ref = web_cors_origin(rq)};
    int err = bot_receive(w->adapter, &in);
    if (err)
        refuse(w, rq, web_refusal(err));
}

void web_on_ask(struct web *w, struct request *rq)
{
    if (!web_may_call(w, rq, "POST"))
        return;
    struct asker who;
    struct web_refusal fast;
    const struct web_refusal *why = read_asker(w, rq, &who, &fast);
    if (why) {
        refuse(w, rq, why);
        return;
    }
    struct pool *pool = pool_new();
    ask(w, rq, pool, &who);
    pool_free(pool);
}

void web_send_api(struct web *w, const struct outgoing *out, const struct buf *body)
{
    const char *type = out->to->form == WEB_TEXT ? "text/plain; charset=utf-8" : NULL;
    web_send_json(w, out->to->to, out->to->ref, type, body);
}

/* ---- for a terminal ---- */

static void add_list(struct buf *b, const char *head, const char *const *item, size_t n)
{
    if (n)
        buf_addf(b, "\n%s\n", head);
    for (size_t i = 0; i < n; i++)
        buf_addf(b, "  - %s\n", item[i]);
}

void web_render_text(const struct outgoing *out, struct buf *b)
{
    const struct reply *r = out->reply;
    struct pool *pool = pool_new();
    size_t n;
    struct quote_segment *seg = quote_segments(pool, r, &n);
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, "%s%.*s", i ? "\n\n" : "", (int)seg[i].len, seg[i].text);
        if (seg[i].cite >= 0)
            buf_addf(b, " [%d]", seg[i].cite + 1);
    }
    buf_addc(b, '\n');
    if (r->nanswer)
        buf_adds(b, "\nSources\n");
    for (size_t i = 0; i < r->nanswer; i++) {
        const struct kb_hit *hit = &r->answer[i];
        const char *url = quote_url(pool, hit);
        buf_addf(b, "  [%zu] %s", i + 1, quote_name(pool, hit, " > "));
        if (*hit->reviewed)
            buf_addf(b, " (reviewed %s)", hit->reviewed);
        buf_addf(b, "%s%s\n", *url ? "\n      " : "", url);
    }
    add_list(b, "Did you mean", r->choice, r->nchoice);
    add_list(b, "You could also ask", r->suggestion, r->nsuggestion);
    pool_free(pool);
}
