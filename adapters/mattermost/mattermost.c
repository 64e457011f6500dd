/* mattermost.c: a slash command and an outgoing webhook of Mattermost. Both carry a token, and take the answer as the response:
 * the command's is seen by its asker alone, the webhook's stands in a thread below the post.
 *
 * skip_slack_parsing, because "<a|b>" in a guide is text and not a link of Slack's. */
#include <string.h>

#include "bot/hook.h"

#define MAX_POST 12000 /* bytes; Mattermost splits at about 16,000 characters */

enum form { COMMAND = 1, WEBHOOK };

static const struct setting settings[] = {
    {.name = "mattermost.token_file",
     .type = SETTING_PATH,
     .value = "mattermost-token",
     .help = "File with the token of the slash command or outgoing webhook, two lines for both. "
             "Addresses: /mattermost/command and /mattermost/webhook."},
    {.name = "mattermost.bot_name",
     .type = SETTING_TEXT,
     .value = "guidepost",
     .help = "Our own user name there: its posts are not answered."},
    {.name = NULL},
};

static int mattermost_open(struct adapter *a)
{
    return hook_open(a, "mattermost.token_file");
}

/* `text` "" for silence. */
static void say(struct buf *b, const char *text, int form, const char *ref)
{
    (void)ref;
    if (!*text) {
        buf_adds(b, "{}");
        return;
    }
    buf_adds(b, form == COMMAND ? "{\"response_type\":\"ephemeral\",\"skip_slack_parsing\":true,"
                                : "{\"response_type\":\"comment\",");
    buf_adds(b, "\"text\":");
    json_add_string(b, text, strlen(text));
    buf_addc(b, '}');
}

static bool on_request(struct adapter *a, struct request *rq)
{
    struct hook h;
    bool ours, command = hook_begin(a, rq, "/mattermost/command", &h, &ours);
    if (!command && !hook_begin(a, rq, "/mattermost/webhook", &h, &ours))
        return false;
    if (!ours)
        return true;
    const char *bot = config_text(bot_config(a->bot), "mattermost.bot_name");
    const char *text = hook_without(hook_text(&h, "text"), hook_text(&h, "trigger_word"));
    const char *talk = pool_printf(h.pool, "%s:%s:%d", hook_text(&h, "channel_id"),
                                   hook_text(&h, "user_id"), command);
    if (!command && !strcmp(hook_text(&h, "user_name"), bot))
        hook_silence(a, rq, WEBHOOK, say);
    else
        hook_ask(a, rq, text, talk, NULL, command ? COMMAND : WEBHOOK, say);
    hook_end(&h);
    return true;
}

static void render(const struct adapter *a, const struct outgoing *out, struct buf *b)
{
    (void)a;
    hook_render(out, MAX_POST, say, b);
}

const struct adapter_type adapter_mattermost = {
    .name = "mattermost",
    .settings = settings,
    .open = mattermost_open,
    .close = hook_close,
    .on_request = on_request,
    .render = render,
    .send = hook_send,
};
