/* hook.c: see hook.h. Such a network waits for the response with the answer in it, some seconds long, and asks again when it got
 * none; so nothing is kept here, and an answer that nobody waits for any more goes nowhere. */
#include "bot/hook.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/form.h"
#include "bot/must.h"
#include "bot/quote.h"

#define MAX_FIELD (64u * 1024)

int hook_open(struct adapter *a, const char *setting)
{
    struct secret *s = a->state = must(calloc(1, sizeof *s));
    int err = adapter_secret(a, setting, s);
    return err ? err : !s->n;
}

void hook_close(struct adapter *a)
{
    if (a->state)
        secret_release(a->state);
    free(a->state);
    a->state = NULL;
}

/* ---- a request ---- */

const char *hook_text(const struct hook *h, const char *name)
{
    size_t n;
    if (h->json)
        return pool_strdup(h->pool, json_string(h->json, name, MAX_FIELD));
    const char *v = form_field(h->pool, h->body, h->len, name, &n);
    return v ? v : "";
}

bool hook_true(const struct hook *h, const char *name)
{
    return h->json ? cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(h->json, name))
                   : !strcmp(hook_text(h, name), "true");
}

const char *hook_without(const char *text, const char *word)
{
    size_t len = strlen(word);
    if (!len || strncasecmp(text, word, len))
        return text;
    text += len;
    return text + strspn(text, " \t:,;.!-");
}

static void refuse(struct adapter *a, struct request *rq, int status, const char *headers)
{
    struct http_reply r = {.status = status, .type = "text/plain", .headers = headers, .body = ""};
    request_reply(bot_server(a->bot), request_handle(rq), &r);
}

static void read_body(struct hook *h, const char *body, size_t len)
{
    struct buf b;
    h->body = body;
    h->len = len;
    if (!len || *body != '{')
        return;
    buf_init(&b, 3 * len + 1);
    json_repair(body, len, &b);
    h->json = json_parse(b.s, b.len);
    buf_release(&b);
}

/* "Authorization: Token abc", where it is sent, must be right as well. */
static bool is_genuine(const struct adapter *a, const struct request *rq, const struct hook *h)
{
    const struct secret *secret = a->state;
    const char *token = hook_text(h, "token"), *head = request_header(rq, "authorization");
    if (head && !strncasecmp(head, "Token ", 6) && !secret_is(secret, head + 6, strlen(head + 6)))
        return false;
    return *token && secret_is(secret, token, strlen(token));
}

bool hook_begin(struct adapter *a, struct request *rq, const char *path, struct hook *ret,
                bool *ret_ours)
{
    size_t len;
    *ret_ours = false;
    if (strcmp(request_path(rq), path))
        return false;
    const char *body = request_body(rq, &len);
    if (strcmp(request_method(rq), "POST")) {
        refuse(a, rq, 405, "Allow: POST\r\n");
        return true;
    }
    *ret = (struct hook){.pool = pool_new()};
    read_body(ret, body, len);
    *ret_ours = is_genuine(a, rq, ret);
    if (*ret_ours)
        return true;
    log_warn(a->type->name, "refused: the token is wrong", "path=%s", path);
    hook_end(ret);
    refuse(a, rq, 401, NULL);
    return true;
}

void hook_end(struct hook *h)
{
    json_free(h->json);
    pool_free(h->pool);
}

static void respond(struct adapter *a, server_handle to, const struct buf *json)
{
    struct http_reply r = {
        .status = 200, .type = "application/json", .body = json->s, .len = json->len};
    request_reply(bot_server(a->bot), to, &r);
}

static const char *why_not(int err)
{
    switch (err) {
    case -E2BIG: return "That is too long for me: a question may have at most 2,000 characters.";
    case -EINVAL: return "Ask me a question in a few words, and I look it up in our guides.";
    case -EBUSY:
    case -ENODATA:
    case -ESHUTDOWN: return "Too many questions at once, please try again in a moment.";
    default: return "I could not read that. Please try once more in other words.";
    }
}

void hook_ask(struct adapter *a, struct request *rq, const char *text, const char *conversation,
              const char *ref, int form, hook_say_fn *say)
{
    struct inbound in = {.text = text,
                         .len = strlen(text),
                         .conversation = conversation,
                         .to = request_handle(rq),
                         .form = form,
                         .ref = ref};
    int err = bot_receive(a, &in);
    if (!err)
        return;
    struct buf b;
    buf_init(&b, 4096);
    say(&b, why_not(err), form, ref);
    respond(a, in.to, &b);
    buf_release(&b);
}

void hook_silence(struct adapter *a, struct request *rq, int form, hook_say_fn *say)
{
    struct buf b;
    buf_init(&b, 256);
    say(&b, "", form, NULL);
    respond(a, request_handle(rq), &b);
    buf_release(&b);
}

void hook_render(const struct outgoing *out, size_t max, hook_say_fn *say, struct buf *b)
{
    struct buf md;
    buf_init(&md, max * 2);
    hook_markdown(out->reply, max, &md);
    say(b, md.s, out->to->form, out->to->ref);
    buf_release(&md);
}

void hook_send(struct adapter *a, const struct outgoing *out, const struct buf *body)
{
    respond(a, out->to->to, body);
}

/* ---- Markdown ---- */

static void put(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_addc(b, s[i]);
        if (s[i] == '@' && (!i || !isalnum((unsigned char)s[i - 1])))
            buf_adds(b, "\xE2\x80\x8B");
    }
}

/* A name as the text of a link. */
static void put_label(struct buf *b, const char *s)
{
    for (; *s; s++)
        if (!strchr("[]\n\\", *s))
            put(b, s, 1);
}

void hook_markdown(const struct reply *r, size_t max, struct buf *b)
{
    struct pool *pool = pool_new();
    struct buf all;
    size_t n;
    buf_init(&all, max);
    struct quote_segment *seg = quote_segments(pool, r, &n);
    for (size_t i = 0; i < n; i++) {
        const struct kb_hit *hit = seg[i].cite < 0 ? NULL : &r->answer[seg[i].cite];
        const char *plain = hit ? kb_plain(pool, hit->text, strlen(hit->text)) : "";
        bool whole = hit && strlen(plain) == seg[i].len && !memcmp(plain, seg[i].text, seg[i].len);
        if (i)
            buf_adds(&all, "\n\n");
        put(&all, whole ? hit->text : seg[i].text, whole ? strlen(hit->text) : seg[i].len);
    }
    for (size_t i = 0; i < r->nchoice; i++) {
        buf_addf(&all, "%s%zu. ", i ? "\n" : "\n\n", i + 1);
        put(&all, r->choice[i], strlen(r->choice[i]));
    }
    for (size_t i = 0; i < r->nanswer; i++) {
        const char *url = quote_url(pool, &r->answer[i]);
        buf_adds(&all, i ? " \xC2\xB7 " : "\n\nSource: ");
        buf_adds(&all, *url ? "[" : "");
        put_label(&all, quote_name(pool, &r->answer[i], " \xE2\x80\xBA "));
        if (*url)
            buf_addf(&all, "](%s)", url);
    }
    if (buf_failed(&all))
        put(b, r->text, strlen(r->text));
    else
        buf_add(b, all.s, all.len);
    buf_release(&all);
    pool_free(pool);
}
