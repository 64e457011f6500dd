/* fake_api.c: the methods of the fake Slack, with the limits of the real one as far as they are documented or were
 * measured. What would be refused there is refused here, and kept as a complaint, so that a test can insist that
 * there was none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/fake_int.h"

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    return s ? s : "";
}

static void answer(struct fake_response *r, cJSON *j)
{
    r->status = 200;
    r->type = "application/json; charset=utf-8";
    r->body = fake_must(cJSON_PrintUnformatted(j));
    cJSON_Delete(j);
}

static void refuse(struct fake_response *r, const char *error)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddFalseToObject(j, "ok");
    cJSON_AddStringToObject(j, "error", error);
    answer(r, j);
}

static void complain(struct fake_slack *f, struct fake_response *r, const char *error,
                     const char *about)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", error, about);
    free(f->complaint);
    f->complaint = fake_must(strdup(text));
    refuse(r, error);
}

/* ---- limits ---- */

static size_t chars(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static const char *wrong_button(const cJSON *b)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(b, "text");
    if (strcmp(text_of(b, "type"), "button"))
        return "an element that is no button";
    if (strcmp(text_of(text, "type"), "plain_text") || !*text_of(text, "text") ||
        chars(text_of(text, "text")) > 75)
        return "a button's text";
    if (strlen(text_of(b, "value")) > 2000 || !*text_of(b, "action_id") ||
        strlen(text_of(b, "action_id")) > 255)
        return "a button's value or action_id";
    return NULL;
}

static const char *wrong_block(const cJSON *b, size_t *text)
{
    const char *type = text_of(b, "type");
    const cJSON *elements = cJSON_GetObjectItemCaseSensitive(b, "elements"), *e, *other;
    if (!strcmp(type, "section")) {
        const char *s = text_of(cJSON_GetObjectItemCaseSensitive(b, "text"), "text");
        *text += chars(s);
        return !*s ? "an empty section" : chars(s) > 3000 ? "a section over 3000" : NULL;
    }
    int n = cJSON_GetArraySize(elements);
    if (!strcmp(type, "context")) {
        cJSON_ArrayForEach(e, elements) *text += chars(text_of(e, "text"));
        return n < 1 || n > 10 ? "elements of a context" : NULL;
    }
    if (strcmp(type, "actions"))
        return "an unknown block";
    if (n < 1 || n > 25)
        return "elements of actions";
    cJSON_ArrayForEach(e, elements)
    {
        const char *wrong = wrong_button(e);
        for (other = e->next; !wrong && other; other = other->next)
            if (!strcmp(text_of(e, "action_id"), text_of(other, "action_id")))
                wrong = "an action_id twice";
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* True when it may pass. */
static bool check_message(struct fake_slack *f, const cJSON *j, size_t max_text,
                          struct fake_response *r)
{
    const cJSON *blocks = cJSON_GetObjectItemCaseSensitive(j, "blocks"), *b;
    size_t text = 0;
    if (!*text_of(j, "text") && !blocks)
        return complain(f, r, "no_text", ""), false;
    if (chars(text_of(j, "text")) > max_text)
        return complain(f, r, "msg_too_long", "text"), false;
    if (cJSON_GetArraySize(blocks) > 50)
        return complain(f, r, "msg_blocks_too_many", ""), false;
    cJSON_ArrayForEach(b, blocks)
    {
        const char *wrong = wrong_block(b, &text);
        if (wrong)
            return complain(f, r, "invalid_blocks", wrong), false;
    }
    if (text > 12000)
        return complain(f, r, "msg_blocks_too_long", ""), false;
    return true;
}

/* ---- messages ---- */

/* What a person reads. */
static char *visible(const cJSON *j)
{
    const cJSON *blocks = cJSON_GetObjectItemCaseSensitive(j, "blocks"), *b, *e;
    if (!cJSON_GetArraySize(blocks))
        return fake_must(strdup(text_of(j, "text")));
    char *all = fake_must(strdup(""));
    cJSON_ArrayForEach(b, blocks)
    {
        const char *part = text_of(cJSON_GetObjectItemCaseSensitive(b, "text"), "text");
        char *more;
        if (asprintf(&more, "%s%s%s", all, *all && *part ? "\n" : "", part) < 0)
            abort();
        free(all);
        all = more;
        cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(b, "elements"))
        {
            const cJSON *t = cJSON_GetObjectItemCaseSensitive(e, "text");
            part = cJSON_IsString(t) ? t->valuestring : text_of(t, "text");
            if (asprintf(&more, "%s\n%s", all, part) < 0)
                abort();
            free(all);
            all = more;
        }
    }
    return all;
}

static struct fake_post *post_add(struct fake_slack *f, const char *method, const cJSON *j,
                                  const char *body)
{
    if (f->nposts == MAX_POSTS)
        abort();
    char ts[40];
    snprintf(ts, sizeof ts, "17000%05lu.%06lu", f->clock / 1000000, f->clock % 1000000);
    f->clock += 100;
    struct fake_post *p = &f->post[f->nposts++];
    const cJSON *meta = cJSON_GetObjectItemCaseSensitive(j, "metadata");
    *p = (struct fake_post){.method = method,
                            .channel = fake_must(strdup(text_of(j, "channel"))),
                            .thread = fake_must(strdup(text_of(j, "thread_ts"))),
                            .user = fake_must(strdup(text_of(j, "user"))),
                            .ts = fake_must(strdup(ts)),
                            .text = visible(j),
                            .notice = fake_must(strdup(text_of(j, "text"))),
                            .body = fake_must(strdup(body)),
                            .at_ms = fake_now_ms()};
    f->metadata[f->nposts - 1] = meta ? cJSON_PrintUnformatted(meta) : NULL;
    return p;
}

static cJSON *fine(void)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddTrueToObject(j, "ok");
    return j;
}

static void on_post(struct fake_slack *f, const cJSON *j, const char *body, struct fake_response *r)
{
    if (!*text_of(j, "channel")) {
        complain(f, r, "channel_not_found", "");
        return;
    }
    if (!check_message(f, j, 40000, r))
        return;
    struct fake_post *p = post_add(f, "chat.postMessage", j, body);
    cJSON *ok = fine(), *m = cJSON_CreateObject();
    cJSON_AddStringToObject(ok, "channel", p->channel);
    cJSON_AddStringToObject(ok, "ts", p->ts);
    cJSON_AddStringToObject(m, "type", "message");
    cJSON_AddStringToObject(m, "text", p->notice);
    cJSON_AddStringToObject(m, "user", FAKE_BOT_USER);
    cJSON_AddStringToObject(m, "bot_id", FAKE_BOT);
    cJSON_AddStringToObject(m, "ts", p->ts);
    cJSON_AddItemToObject(ok, "message", m);
    answer(r, ok);
}

static void on_update(struct fake_slack *f, const cJSON *j, struct fake_response *r)
{
    for (size_t i = 0; i < f->nposts; i++) {
        struct fake_post *p = &f->post[i];
        if (strcmp(p->ts, text_of(j, "ts")) || strcmp(p->channel, text_of(j, "channel")))
            continue;
        if (!check_message(f, j, 4000, r))
            return;
        fake_keep(f, p->text); /* a test may be reading it */
        p->text = visible(j);
        p->updates++;
        cJSON *ok = fine();
        cJSON_AddStringToObject(ok, "channel", p->channel);
        cJSON_AddStringToObject(ok, "ts", p->ts);
        cJSON_AddStringToObject(ok, "text", text_of(j, "text"));
        answer(r, ok);
        return;
    }
    refuse(r, "message_not_found");
}

static void on_ephemeral(struct fake_slack *f, const cJSON *j, const char *body,
                         struct fake_response *r)
{
    if (!*text_of(j, "user") || !*text_of(j, "channel")) {
        complain(f, r, "user_not_in_channel", "");
        return;
    }
    if (!check_message(f, j, 40000, r))
        return;
    struct fake_post *p = post_add(f, "chat.postEphemeral", j, body);
    cJSON *ok = fine();
    cJSON_AddStringToObject(ok, "message_ts", p->ts);
    answer(r, ok);
}

static void on_publish(struct fake_slack *f, const cJSON *j, const char *body,
                       struct fake_response *r)
{
    const cJSON *view = cJSON_GetObjectItemCaseSensitive(j, "view");
    if (strcmp(text_of(view, "type"), "home") || !*text_of(j, "user_id")) {
        complain(f, r, "invalid_arguments", "view");
        return;
    }
    struct fake_post *p = post_add(f, "views.publish", view, body);
    free((char *)p->user);
    p->user = fake_must(strdup(text_of(j, "user_id")));
    answer(r, fine());
}

/* A value of a form; static storage. */
static const char *form_value(const char *body, const char *name)
{
    static char v[256];
    size_t len = strlen(name), n = 0;
    for (const char *s = body; s; s = strchr(s, '&'), s = s ? s + 1 : NULL)
        if (!strncmp(s, name, len) && s[len] == '=') {
            for (s += len + 1; *s && *s != '&' && n + 1 < sizeof v; s++)
                v[n++] = *s;
            break;
        }
    v[n] = '\0';
    return v;
}

static void on_history(struct fake_slack *f, const char *body, bool replies,
                       struct fake_response *r)
{
    char channel[64], thread[64];
    snprintf(channel, sizeof channel, "%s", form_value(body, "channel"));
    snprintf(thread, sizeof thread, "%s", form_value(body, "ts"));
    if (!*channel || *body == '{' || (replies && !*thread)) {
        complain(f, r, "invalid_arguments", "history wants a form");
        return;
    }
    cJSON *ok = fine(), *list = cJSON_CreateArray();
    bool with_metadata = !strcmp(form_value(body, "include_all_metadata"), "true");
    for (size_t i = 0; i < f->nposts; i++) {
        const struct fake_post *p = &f->post[i];
        if (strcmp(p->method, "chat.postMessage") || strcmp(p->channel, channel) ||
            strcmp(p->thread, thread))
            continue;
        cJSON *m = cJSON_CreateObject();
        cJSON_AddStringToObject(m, "type", "message");
        cJSON_AddStringToObject(m, "user", FAKE_BOT_USER);
        cJSON_AddStringToObject(m, "bot_id", FAKE_BOT);
        cJSON_AddStringToObject(m, "ts", p->ts);
        cJSON_AddStringToObject(m, "text", p->notice);
        if (f->metadata[i] && with_metadata)
            cJSON_AddItemToObject(m, "metadata", cJSON_Parse(f->metadata[i]));
        cJSON_AddItemToArray(list, m);
    }
    cJSON_AddItemToObject(ok, "messages", list);
    cJSON_AddFalseToObject(ok, "has_more");
    answer(r, ok);
}

static void on_auth(struct fake_slack *f, struct fake_response *r)
{
    (void)f;
    cJSON *ok = fine();
    cJSON_AddStringToObject(ok, "url", "https://example.slack.com/");
    cJSON_AddStringToObject(ok, "team", "Example");
    cJSON_AddStringToObject(ok, "user", "qabot");
    cJSON_AddStringToObject(ok, "team_id", FAKE_TEAM);
    cJSON_AddStringToObject(ok, "user_id", FAKE_BOT_USER);
    cJSON_AddStringToObject(ok, "bot_id", FAKE_BOT);
    answer(r, ok);
    r->headers = "x-oauth-scopes: app_mentions:read,chat:write,commands,im:history,"
                 "channels:history,groups:history,mpim:history\r\n";
}

static void on_open(struct fake_slack *f, struct fake_response *r)
{
    char url[128];
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/link/?ticket=%zu&app_id=A1", f->port,
             f->nsockets_ever + 1);
    cJSON *ok = fine();
    cJSON_AddStringToObject(ok, "url", url);
    answer(r, ok);
}

/* A response_url: five times, and then it is used up. */
static void on_hook(struct fake_slack *f, const char *path, const struct fake_request *rq,
                    const cJSON *j, struct fake_response *r)
{
    size_t i = 0;
    while (i < f->nhooks && strcmp(f->hook[i], path))
        i++;
    if (i == f->nhooks) {
        if (i == 64)
            abort();
        f->hook[f->nhooks++] = fake_must(strdup(path));
    }
    if (f->hook_uses[i]++ >= 5 || strstr(path, "expired")) {
        refuse(r, strstr(path, "expired") ? "expired_url" : "used_url");
        r->status = 404;
        return;
    }
    if (!check_message(f, j, 40000, r))
        return;
    post_add(f, "respond", j, rq->body);
    r->status = 200;
    r->type = "text/html";
    r->body = fake_must(strdup("ok"));
}

static void on_method(struct fake_slack *f, const char *method, const struct fake_request *rq,
                      const cJSON *j, struct fake_response *r)
{
    const char *want = strcmp(method, "apps.connections.open") ? f->token : FAKE_APP_TOKEN;
    char bearer[128];
    snprintf(bearer, sizeof bearer, "Bearer %s", want);
    if (!*rq->token)
        refuse(r, "not_authed");
    else if (strcmp(rq->token, bearer))
        refuse(r, "invalid_auth");
    else if (!strcmp(method, "auth.test"))
        on_auth(f, r);
    else if (!strcmp(method, "chat.postMessage"))
        on_post(f, j, rq->body, r);
    else if (!strcmp(method, "chat.update"))
        on_update(f, j, r);
    else if (!strcmp(method, "chat.postEphemeral"))
        on_ephemeral(f, j, rq->body, r);
    else if (!strcmp(method, "views.publish"))
        on_publish(f, j, rq->body, r);
    else if (!strcmp(method, "reactions.add"))
        answer(r, fine());
    else if (!strcmp(method, "conversations.replies"))
        on_history(f, rq->body, true, r);
    else if (!strcmp(method, "conversations.history"))
        on_history(f, rq->body, false, r);
    else if (!strcmp(method, "apps.connections.open"))
        on_open(f, r);
    else
        refuse(r, "unknown_method");
}

static char *decoded(const char *s)
{
    char *out = fake_must(malloc(strlen(s) + 1)), *to = out;
    for (; *s; s++) {
        unsigned v;
        if (*s == '%' && sscanf(s + 1, "%2x", &v) == 1) {
            *to++ = (char)v;
            s += 2;
        } else {
            *to++ = *s == '+' ? ' ' : *s;
        }
    }
    *to = '\0';
    return out;
}

/* The official client sends forms, lists as JSON within: the same object. */
static cJSON *from_form(const char *body)
{
    cJSON *j = cJSON_CreateObject();
    char *copy = fake_must(strdup(body)), *save, *pair = strtok_r(copy, "&", &save);
    for (; pair; pair = strtok_r(NULL, "&", &save)) {
        char *eq = strchr(pair, '=');
        if (!eq)
            continue;
        *eq = '\0';
        char *v = decoded(eq + 1);
        bool tree = *v == '[' || *v == '{';
        cJSON_AddItemToObject(j, pair, tree ? cJSON_Parse(v) : cJSON_CreateString(v));
        free(v);
    }
    free(copy);
    return j;
}

void fake_api(struct fake_slack *f, const char *method, const struct fake_request *rq,
              struct fake_response *ret)
{
    bool json = rq->body[0] == '{';
    cJSON *j = json ? cJSON_Parse(rq->body) : from_form(rq->body);
    if (!j)
        complain(f, ret, "invalid_json", rq->body);
    else if (json && !strcasestr(rq->type, "application/json"))
        complain(f, ret, "invalid_form_data", rq->type);
    else if (!strncmp(method, "hook", 4))
        on_hook(f, rq->path, rq, j, ret);
    else
        on_method(f, method, rq, j, ret);
    cJSON_Delete(j);
}
