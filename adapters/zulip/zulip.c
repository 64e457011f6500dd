/* zulip.c: an outgoing webhook bot of Zulip. The answer is the response; it lands in the topic or the direct message of the
 * question. Zulip tells everybody about a response that is no JSON, so there is always one. */
#include <cjson/cJSON.h>
#include <string.h>

#include "bot/hook.h"

#define MAX_POST 9000 /* bytes; Zulip takes 10,000 characters */

static const struct setting settings[] = {
    {.name = "zulip.token_file",
     .type = SETTING_PATH,
     .value = "zulip-token",
     .help = "File with the token of the outgoing webhook bot. Its address: /zulip."},
    {.name = NULL},
};

static int zulip_open(struct adapter *a)
{
    return hook_open(a, "zulip.token_file");
}

/* `text` "" for silence. */
static void say(struct buf *b, const char *text, int form, const char *ref)
{
    (void)form;
    (void)ref;
    if (!*text) {
        buf_adds(b, "{\"response_not_required\":true}");
        return;
    }
    buf_adds(b, "{\"content\":");
    json_add_string(b, text, strlen(text));
    buf_addc(b, '}');
}

/* Without "@**name**", "@**name|id**" and "@_**name**": who is meant is clear. */
static const char *without_mentions(struct pool *pool, const char *s)
{
    char *out = pool_strdup(pool, s), *to = out;
    while (*s) {
        size_t skip = !strncmp(s, "@**", 3) ? 3 : !strncmp(s, "@_**", 4) ? 4 : 0;
        const char *end = skip ? strstr(s + skip, "**") : NULL;
        if (end)
            s = end + 2;
        else
            *to++ = *s++;
    }
    *to = '\0';
    return out + strspn(out, " \t:,;.!-");
}

static bool is_bot(const struct hook *h, const struct cJSON *message)
{
    const char *from = message ? json_string(message, "sender_email", 512) : NULL;
    return !from || !strcmp(from, hook_text(h, "bot_email")) || strstr(from, "-bot@");
}

static bool on_request(struct adapter *a, struct request *rq)
{
    struct hook h;
    bool ours;
    if (!hook_begin(a, rq, "/zulip", &h, &ours))
        return false;
    if (!ours)
        return true;
    const struct cJSON *message = h.json ? json_object(h.json, "message") : NULL;
    if (is_bot(&h, message)) {
        hook_silence(a, rq, 0, say);
    } else {
        const char *talk =
            pool_printf(h.pool, "%lld:%s:%s", json_int(message, "stream_id", 0, 1LL << 50, 0),
                        pool_strdup(h.pool, json_string(message, "subject", 512)),
                        pool_strdup(h.pool, json_string(message, "sender_email", 512)));
        hook_ask(a, rq, without_mentions(h.pool, hook_text(&h, "data")), talk, NULL, 0, say);
    }
    hook_end(&h);
    return true;
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *b)
{
    (void)a;
    hook_render(out, MAX_POST, say, b);
}

const struct adapter_type adapter_zulip = {
    .name = "zulip",
    .settings = settings,
    .open = zulip_open,
    .close = hook_close,
    .on_request = on_request,
    .render = render,
    .send = hook_send,
};
