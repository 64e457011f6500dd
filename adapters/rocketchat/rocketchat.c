/* rocketchat.c: an outgoing webhook of Rocket.Chat. The answer is the response, in a thread below the message. */
#include <string.h>

#include "bot/hook.h"

#define MAX_POST 4500 /* bytes; its default limit is 5,000 characters */

static const struct setting settings[] = {
    {.name = "rocketchat.token_file",
     .type = SETTING_PATH,
     .value = "rocketchat-token",
     .help = "File with the token of the outgoing integration. Its address: /rocketchat."},
    {.name = "rocketchat.bot_name",
     .type = SETTING_TEXT,
     .value = "guidepost",
     .help = "The user that the integration posts as: its messages are not answered."},
    {.name = NULL},
};

static int rocketchat_open(struct adapter *a)
{
    return hook_open(a, "rocketchat.token_file");
}

/* `ref`: the thread; `text` "" for silence. */
static void say(struct buf *b, const char *text, int form, const char *ref)
{
    (void)form;
    buf_addc(b, '{');
    if (*text) {
        buf_adds(b, "\"text\":");
        json_add_string(b, text, strlen(text));
    }
    if (*text && ref && *ref) {
        buf_adds(b, ",\"tmid\":");
        json_add_string(b, ref, strlen(ref));
    }
    buf_addc(b, '}');
}

static bool on_request(struct adapter *a, struct request *rq)
{
    struct hook h;
    bool ours;
    if (!hook_begin(a, rq, "/rocketchat", &h, &ours))
        return false;
    if (!ours)
        return true;
    const char *bot = config_text(bot_config(a->bot), "rocketchat.bot_name");
    const char *text = hook_without(hook_text(&h, "text"), hook_text(&h, "trigger_word"));
    const char *thread = hook_text(&h, "tmid");
    thread = *thread ? thread : hook_text(&h, "message_id");
    bool mine = hook_true(&h, "bot") || hook_true(&h, "isEdited") ||
                !strcmp(hook_text(&h, "user_name"), bot) || !strcmp(hook_text(&h, "alias"), bot);
    if (mine) {
        hook_silence(a, rq, 0, say);
    } else {
        hook_ask(a, rq, text,
                 pool_printf(h.pool, "%s:%s", hook_text(&h, "channel_id"), hook_text(&h, "tmid")),
                 pool_strndup(h.pool, thread, strnlen(thread, 200)), 0, say);
    }
    hook_end(&h);
    return true;
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *b)
{
    (void)a;
    hook_render(out, MAX_POST, say, b);
}

const struct adapter_type adapter_rocketchat = {
    .name = "rocketchat",
    .settings = settings,
    .open = rocketchat_open,
    .close = hook_close,
    .on_request = on_request,
    .render = render,
    .send = hook_send,
};
