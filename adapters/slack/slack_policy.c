/* slack_policy.c: where we speak. A table, channel by channel, and one rule for all the others:
 *
 *     off         not at all
 *     named       when we are mentioned, and then in that thread while it is between the asker and us
 *     privately   the same, but only the asker sees the reply
 *     always      every message that begins a thread is a question; what we do not know we do not answer there */
#include <string.h>

#include "adapters/slack/slack_int.h"

static const struct {
    const char *name;
    enum slack_policy policy;
} policies[] = {{"off", SLACK_OFF},
                {"named", SLACK_WHEN_NAMED},
                {"privately", SLACK_PRIVATELY},
                {"always", SLACK_ALWAYS}};

static bool find(const char *name, enum slack_policy *ret)
{
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (!strcmp(policies[i].name, name)) {
            *ret = policies[i].policy;
            return true;
        }
    return false;
}

const char *slack_policy_check(const char *row)
{
    enum slack_policy p;
    const char *eq = strchr(row, '=');
    if (!eq || !strchr("CGD", *row) || eq - row < 2 ||
        strspn(row, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != (size_t)(eq - row))
        return "is not CHANNEL=POLICY with the channel's id, as in C0123456789=off";
    return find(eq + 1, &p) ? NULL : "does not end in off, named, privately or always";
}

enum slack_policy slack_policy_of(const struct config *c, const char *channel)
{
    size_t n, len = strlen(channel);
    const char *const *row = config_list(c, "slack.channels", &n);
    enum slack_policy p = SLACK_WHEN_NAMED;
    for (size_t i = 0; i < n; i++)
        if (len && !strncmp(row[i], channel, len) && row[i][len] == '=' &&
            find(row[i] + len + 1, &p))
            return p;
    find(config_text(c, "slack.everywhere"), &p);
    return p;
}
