/* main.c: the fake Slack alone, for clients that are no C: `fake_slack` says its port on standard output and runs until
 * standard input ends. A line on standard input is a wish:
 *
 *     emit JSON                   to the socket opened last
 *     fail METHOD HOW TIMES       as fake_slack_fail()
 *     posts                       how many messages there are
 *     post N                      the N-th one's channel, thread, text and request, as JSON
 *     ack ENVELOPE                how it was acknowledged, as JSON, or null
 *     complaint                   what it has to complain about, as JSON, or null
 *     send PORT KIND HOW BODY     being Slack: POST to /slack/events of that port; the status, then a blank and the body.
 *                                 KIND: json form charset; HOW: signed unsigned forged upper, or seconds as +400 -301 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fake/fake_int.h"
#include "tests/wire/harness/client.h"

static void print_json(cJSON *j)
{
    char *s = cJSON_PrintUnformatted(j);
    puts(s);
    cJSON_free(s);
    cJSON_Delete(j);
}

static void print_text(const char *s)
{
    print_json(s ? cJSON_CreateString(s) : cJSON_CreateNull());
}

static void print_post(struct fake_post p)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "method", p.method);
    cJSON_AddStringToObject(j, "channel", p.channel);
    cJSON_AddStringToObject(j, "thread", p.thread);
    cJSON_AddStringToObject(j, "text", p.text);
    cJSON_AddStringToObject(j, "ts", p.ts);
    cJSON_AddStringToObject(j, "body", p.body);
    cJSON_AddNumberToObject(j, "updates", p.updates);
    print_json(j);
}

static const char *type_of(const char *kind)
{
    return !strcmp(kind, "json")   ? "application/json"
           : !strcmp(kind, "form") ? "application/x-www-form-urlencoded"
                                   : "application/x-www-form-urlencoded; charset=utf-8";
}

static void deliver(int port, const char *kind, const char *how, const char *body)
{
    char signature[68], lines[512];
    long long at = time(NULL) + (strchr("+-", *how) ? atoi(how) : 0);
    struct answer a;
    fake_slack_sign(strcmp(how, "forged") ? FAKE_SECRET : "another", at, body, strlen(body),
                    signature);
    for (char *c = signature + 3; *c && !strcmp(how, "upper"); c++)
        *c = (char)(*c >= 'a' ? *c - 32 : *c);
    int n = snprintf(lines, sizeof lines, "Content-Type: %s\r\n", type_of(kind));
    if (strcmp(how, "unsigned"))
        snprintf(lines + n, sizeof lines - (size_t)n,
                 "X-Slack-Request-Timestamp: %lld\r\nX-Slack-Signature: %s\r\n", at, signature);
    if (!client_http(port, "POST", "/slack/events", lines, body, &a)) {
        puts("0");
        return;
    }
    printf("%d %s\n", a.status, a.body);
    answer_release(&a);
}

static void on_send(char *line)
{
    char kind[16], how[16];
    int port, used = 0;
    if (sscanf(line, "send %d %15s %15s%n", &port, kind, how, &used) == 3)
        deliver(port, kind, how, line[used] == ' ' ? line + used + 1 : "");
    else
        puts("null");
}

int main(void)
{
    static char line[1 << 18];
    struct fake_slack *f = fake_slack_start(0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", fake_slack_port(f));
    while (fgets(line, sizeof line, stdin)) {
        char method[64], how[64];
        int times;
        line[strcspn(line, "\n")] = '\0';
        if (!strncmp(line, "emit ", 5))
            puts(fake_slack_emit(f, line + 5) ? "true" : "false");
        else if (sscanf(line, "fail %63s %63s %d", method, how, &times) == 3)
            fake_slack_fail(f, method, how, times), puts("true");
        else if (!strcmp(line, "posts"))
            printf("%zu\n", fake_slack_posts(f));
        else if (!strncmp(line, "post ", 5) && (size_t)atoi(line + 5) < fake_slack_posts(f))
            print_post(fake_slack_post(f, (size_t)atoi(line + 5)));
        else if (!strncmp(line, "ack ", 4))
            print_text(fake_slack_ack(f, line + 4));
        else if (!strncmp(line, "send ", 5))
            on_send(line);
        else if (!strcmp(line, "complaint"))
            print_text(fake_slack_complaint(f));
        else
            puts("null");
    }
    fake_slack_stop(f);
    return 0;
}
