/* fake_driver.c: being Slack towards the program: signed deliveries. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fake/fake_int.h"
#include "tests/wire/harness/client.h"

void fake_slack_sign(const char *secret, long long at_s, const char *body, size_t len, char *ret)
{
    char head[32];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state st;
    snprintf(head, sizeof head, "v0:%lld:", at_s);
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)head, strlen(head));
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, len);
    crypto_auth_hmacsha256_final(&st, mac);
    memcpy(ret, "v0=", 3);
    sodium_bin2hex(ret + 3, 65, mac, sizeof mac);
}

int fake_slack_send(int port, const char *type, const char *body, const char *headers,
                    char **ret_body)
{
    char signature[68], lines[1024];
    long long now = fake_time();
    struct answer a;
    fake_slack_sign(FAKE_SECRET, now, body, strlen(body), signature);
    snprintf(lines, sizeof lines,
             "Content-Type: %s\r\nX-Slack-Request-Timestamp: %lld\r\nX-Slack-Signature: %s\r\n%s",
             type, now, signature, headers ? headers : "");
    if (!client_http(port, "POST", "/slack/events", lines, body, &a))
        return 0;
    int status = a.status;
    if (ret_body)
        *ret_body = fake_must(strdup(a.body));
    answer_release(&a);
    return status;
}

char *fake_slack_envelope(const char *event_id, const char *event)
{
    char *s;
    if (asprintf(&s,
                 "{\"token\":\"x\",\"team_id\":\"" FAKE_TEAM "\",\"api_app_id\":\"A1\",\"type\":"
                 "\"event_callback\",\"event_id\":\"%s\",\"event_time\":1700000000,"
                 "\"authorizations\":[{\"team_id\":\"" FAKE_TEAM "\",\"user_id\":\"" FAKE_BOT_USER
                 "\",\"is_bot\":true}],\"is_ext_shared_channel\":false,\"event\":%s}",
                 event_id, event) < 0)
        abort();
    return s;
}

static char *message(const char *event_id, const char *type, const char *channel, const char *user,
                     const char *ts, const char *text, const char *more)
{
    cJSON *quoted = cJSON_CreateString(text);
    char *json = fake_must(cJSON_PrintUnformatted(quoted)), *event;
    if (asprintf(&event,
                 "{\"type\":\"%s\",\"channel\":\"%s\",\"user\":\"%s\",\"ts\":\"%s\",\"event_ts\":"
                 "\"%s\",\"team\":\"" FAKE_TEAM "\",\"text\":%s%s%s}",
                 type, channel, user, ts, ts, json, *more ? "," : "", more) < 0)
        abort();
    char *s = fake_slack_envelope(event_id, event);
    free(event);
    free(json);
    cJSON_Delete(quoted);
    return s;
}

char *fake_slack_mention(const char *event_id, const char *user, const char *ts, const char *text,
                         const char *more)
{
    return message(event_id, "app_mention", "C1", user, ts, text, more);
}

char *fake_slack_direct(const char *event_id, const char *user, const char *ts, const char *text)
{
    return message(event_id, "message", "D1", user, ts, text, "\"channel_type\":\"im\"");
}
