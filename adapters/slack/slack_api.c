/* slack_api.c: what Slack says to a call. The status is 200 for success and for most failures; which of the two it
 * is stands in the body, and what to do about it depends on the word in `error`. One table says so for all
 * methods.
 *
 * The question that matters is whether the message may be there all the same. A refusal in so many words means no;
 * a 429 means no; a connection that was never made means no. Silence after the request was sent, a 5xx, a
 * proxy's page in HTML or "fatal_error" mean that nobody knows. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/http.h"

static const struct {
    const char *error;
    enum slack_class class;
} table[] = {
    {"invalid_auth", SLACK_DOWN},
    {"not_authed", SLACK_DOWN},
    {"account_inactive", SLACK_DOWN},
    {"token_revoked", SLACK_DOWN},
    {"token_expired", SLACK_DOWN},
    {"not_allowed_token_type", SLACK_DOWN},
    {"missing_scope", SLACK_DOWN},
    {"no_permission", SLACK_DOWN},
    {"org_login_required", SLACK_DOWN},
    {"team_access_not_granted", SLACK_DOWN},
    {"app_access_restricted", SLACK_DOWN},
    {"ekm_access_denied", SLACK_DOWN},
    {"cannot_reply_to_message", SLACK_NO_THREAD},
    {"ratelimited", SLACK_LATER},
    {"rate_limited", SLACK_LATER},
    {"message_limit_exceeded", SLACK_REFUSED},
    {"internal_error", SLACK_UNSURE},
    {"service_unavailable", SLACK_UNSURE},
    {"request_timeout", SLACK_UNSURE},
    {"team_added_to_org", SLACK_UNSURE},
    {"fatal_error", SLACK_UNSURE},
    {"msg_too_long", SLACK_CONTENT},
    {"msg_blocks_too_long", SLACK_CONTENT},
    {"msg_blocks_too_many", SLACK_CONTENT},
    {"invalid_blocks", SLACK_CONTENT},
    {"invalid_blocks_format", SLACK_CONTENT},
    {"no_text", SLACK_CONTENT},
    {"too_many_attachments", SLACK_CONTENT},
    {"metadata_too_large", SLACK_CONTENT},
    {"markdown_text_conflict", SLACK_CONTENT},
    {"block_mismatch", SLACK_CONTENT},
    {"already_reacted", SLACK_BENIGN},
    {"no_reaction", SLACK_BENIGN},
    {"message_not_found", SLACK_BENIGN},
    {"edit_window_closed", SLACK_BENIGN},
    {"cant_update_message", SLACK_BENIGN},
    {"streaming_state_conflict", SLACK_BENIGN},
};

/* Everything else is a refusal of this one message: no such channel, not in it, archived, read-only, ... */
static enum slack_class class_of(const char *error)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i].error, error))
            return table[i].class;
    return strncmp(error, "invalid_metadata", 16) ? SLACK_REFUSED : SLACK_CONTENT;
}

/* Their words go to the log: only what a word of theirs can be made of. */
static void keep_word(char *to, size_t size, const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:.-");
    n = n < size ? n : size - 1;
    memcpy(to, s, n);
    to[n] = '\0';
}

static void read_refusal(const cJSON *j, struct slack_result *r)
{
    const char *error = json_string(j, "error", 1024);
    long long later = json_int(j, "retry_after", 0, 86400, -1);
    keep_word(r->error, sizeof r->error, error ? error : "no_error_given");
    r->class = error ? class_of(error) : SLACK_UNSURE;
    if (later >= 0 && (!error || r->class == SLACK_LATER)) {
        r->class = SLACK_LATER;
        r->retry_after_s = r->retry_after_s > later ? r->retry_after_s : (long)later;
    }
    const char *needed = json_string(j, "needed", 256);
    keep_word(r->needed, sizeof r->needed, needed ? needed : "");
}

static void read_ok(const cJSON *j, struct slack_result *r)
{
    const char *ts = json_string(j, "ts", SLACK_MAX_ID - 1);
    if (!ts)
        ts = json_string(j, "message_ts", SLACK_MAX_ID - 1);
    const char *channel = json_string(j, "channel", SLACK_MAX_ID - 1);
    keep_word(r->ts, sizeof r->ts, ts ? ts : "");
    keep_word(r->channel, sizeof r->channel, channel ? channel : "");
    r->class = SLACK_FINE;
}

void slack_result_read(const struct http_response *res, struct slack_result *r)
{
    *r = (struct slack_result){.class = SLACK_UNSURE, .retry_after_s = res->retry_after_s};
    snprintf(r->error, sizeof r->error, "http_%d", res->status);
    if (!res->status) {
        r->class = res->maybe_sent ? SLACK_UNSURE : SLACK_UNSENT;
        snprintf(r->error, sizeof r->error, res->maybe_sent ? "no_response" : "no_connection");
        return;
    }
    struct cJSON *j = json_parse(res->body, res->len);
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(j, "ok");
    if (res->status == 429) {
        long long later = json_int(j, "retry_after", 0, 86400, -1);
        r->class = SLACK_LATER;
        r->retry_after_s = r->retry_after_s > later ? r->retry_after_s : (long)later;
    } else if (res->status / 100 == 2 && cJSON_IsTrue(ok)) {
        read_ok(j, r);
    } else if (res->status / 100 == 2 && cJSON_IsObject(j)) {
        read_refusal(j, r);
    } else if (res->status / 100 == 4 || res->status / 100 == 3) {
        r->class = SLACK_REFUSED;
    }
    json_free(j);
    if (r->class == SLACK_LATER && r->retry_after_s < 1)
        r->retry_after_s = 1;
}

const char *slack_down_step(const char *error)
{
    static const struct {
        const char *error, *step;
    } steps[] = {
        {"invalid_auth", "put the Bot User OAuth Token (xoxb-...) of this workspace into "
                         "slack.bot_token_file"},
        {"not_authed", "slack.bot_token_file is empty"},
        {"account_inactive", "the app was removed from the workspace: install it again"},
        {"token_revoked", "install the app again and put its new token into slack.bot_token_file"},
        {"token_expired", "switch token rotation off in the app's settings and install it again"},
        {"not_allowed_token_type", "slack.bot_token_file wants the xoxb- token, "
                                   "slack.app_token_file the xapp- token"},
        {"missing_scope", "add the scope in the app's settings (guidepost slack manifest lists "
                          "them) and install it again"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!strcmp(steps[i].error, error))
            return steps[i].step;
    return "ask an administrator of the workspace";
}
