/* slack_manifest.c: the app's manifest for the configured address, as Slack's "from a manifest" takes it. With an app token
 * it asks for Socket Mode, and no address is needed.
 *
 * Token rotation stays off: rotated tokens live twelve hours and need OAuth to be renewed. The history scopes serve
 * follow-ups in threads and looking for a message that may have arrived. */
#include <string.h>

#include "adapters/slack/slack_int.h"

static const char *const scopes[] = {
    "app_mentions:read", "chat:write",     "commands",     "im:history",
    "channels:history",  "groups:history", "mpim:history", NULL};

const char *const *slack_scopes(void)
{
    return scopes;
}

static void add_quoted(struct buf *b, const char *base, const char *path)
{
    struct buf url;
    buf_init(&url, 2048);
    buf_adds(&url, base);
    buf_adds(&url, path);
    json_add_string(b, url.s, url.len);
    buf_release(&url);
}

static void add_command(struct buf *b, const char *command, const char *base, bool socket,
                        const char *description, const char *hint)
{
    buf_adds(b, "    - command: ");
    json_add_string(b, command, strlen(command));
    if (!socket) {
        buf_adds(b, "\n      url: ");
        add_quoted(b, base, "/slack/commands");
    }
    buf_addf(b,
             "\n      description: %s\n"
             "      usage_hint: \"[%s]\"\n"
             "      should_escape: true\n",
             description, hint);
}

static void add_features(struct buf *b, const struct config *c, const char *base, bool socket)
{
    buf_adds(b, "features:\n"
                "  app_home: {home_tab_enabled: true, messages_tab_enabled: true, "
                "messages_tab_read_only_enabled: false}\n"
                "  bot_user: {display_name: guidepost, always_online: true}\n"
                "  slash_commands:\n");
    add_command(b, config_text(c, "slack.command"), base, socket, "Ask our guides", "question");
    if (*config_text(c, "staff.room"))
        add_command(b, config_text(c, "slack.kb_command"), base, socket,
                    "What our guides have on some words", "words");
    buf_adds(b,
             "  shortcuts:\n"
             "    - {name: Ask the bot, type: message, callback_id: qa_ask_message, description: "
             "Answer this message}\n");
}

static void add_oauth(struct buf *b)
{
    buf_adds(b, "oauth_config:\n  scopes:\n    bot: [");
    for (size_t i = 0; scopes[i]; i++)
        buf_addf(b, "%s\"%s\"", i ? ", " : "", scopes[i]);
    buf_adds(b, "]\n");
}

static void add_settings(struct buf *b, const char *base, bool socket)
{
    buf_adds(b, "settings:\n  event_subscriptions:\n");
    if (!socket) {
        buf_adds(b, "    request_url: ");
        add_quoted(b, base, "/slack/events");
        buf_addc(b, '\n');
    }
    buf_adds(b, "    bot_events: [app_mention, message.im, message.channels, message.groups, "
                "message.mpim, app_home_opened, tokens_revoked, app_uninstalled]\n"
                "  interactivity:\n    is_enabled: true\n");
    if (!socket) {
        buf_adds(b, "    request_url: ");
        add_quoted(b, base, "/slack/interactivity");
        buf_addc(b, '\n');
    }
    buf_addf(b,
             "  org_deploy_enabled: false\n  socket_mode_enabled: %s\n"
             "  token_rotation_enabled: false\n",
             socket ? "true" : "false");
}

const char *slack_print(const struct config *c, const char *what, struct buf *b)
{
    bool socket = *config_text(c, "slack.app_token_file") != '\0';
    const char *url = config_text(c, "slack.public_url");
    if (strcmp(what, "manifest"))
        return "there is no such thing to print; manifest is";
    if (!socket && strncmp(url, "https://", 8))
        return "set slack.public_url, or give --url, to the https address under which Slack "
               "reaches this program; or set slack.app_token_file for Socket Mode";
    struct buf base;
    buf_init(&base, 2048);
    buf_adds(&base, url);
    while (base.len && base.s[base.len - 1] == '/')
        base.s[--base.len] = '\0';
    buf_adds(b, "_metadata: {major_version: 1, minor_version: 1}\n"
                "display_information:\n  name: Guidepost\n"
                "  description: Answers questions from our own guides, with their sources\n");
    add_features(b, c, base.s, socket);
    add_oauth(b);
    add_settings(b, base.s, socket);
    buf_release(&base);
    return NULL;
}
