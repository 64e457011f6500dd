/* fake_wire.c: the program and a fake Slack, introduced to each other. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/wire.h"

#define CONNECT_MS 20000
#define ANSWER_MS  20000
#define SETTLE_MS  700

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

void slack_wire_secret(struct slack_wire *s, const char *name, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, value, strlen(value)), (ssize_t)strlen(value));
    close(fd);
}

bool slack_wire_wait_said(struct slack_wire *s, const char *text, int timeout_ms)
{
    for (uint64_t end = client_now_ms() + (uint64_t)timeout_ms; client_now_ms() < end; pause_ms(10))
        if (wire_said(s->w, text))
            return true;
    return wire_said(s->w, text);
}

static void wait_connected(struct slack_wire *s)
{
    if (!slack_wire_wait_said(s, "msg=\"connected\"", CONNECT_MS) &&
        !slack_wire_wait_said(s, "msg=connected", 10)) {
        wire_dump_log(s->w);
        fail_msg("it did not connect to the fake Slack");
    }
}

/* Settings of their own indentation. */
static void add_lines(char *to, size_t size, const char *lines)
{
    size_t n = strlen(to);
    for (const char *s = lines; s && *s;) {
        size_t len = strcspn(s, "\n");
        n += (size_t)snprintf(to + n, size - n, "  %.*s\n", (int)len, s);
        s += len + (s[len] == '\n');
    }
}

static struct slack_wire begin(const char *more, bool socket, bool clock)
{
    struct slack_wire s = {.fake = fake_slack_start(0)};
    char settings[4096];
    const char *tmp = getenv("TMPDIR");
    snprintf(s.folder, sizeof s.folder, "%.40s/fake-slack-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(s.folder));
    slack_wire_secret(&s, "signing", FAKE_SECRET "\n");
    slack_wire_secret(&s, "bot", FAKE_TOKEN "\n");
    slack_wire_secret(&s, "app", FAKE_APP_TOKEN "\n");
    snprintf(settings, sizeof settings,
             "slack:\n  signing_secret_file: %s/signing\n  bot_token_file: %s/bot\n"
             "  app_token_file: %s%s\n  api_base: http://127.0.0.1:%d/api\n  retry_auth_s: 1\n",
             s.folder, s.folder, socket ? s.folder : "\"\"", socket ? "/app" : "",
             fake_slack_port(s.fake));
    if (!more || !strstr(more, "burst_ms"))
        add_lines(settings, sizeof settings, "burst_ms: 0");
    add_lines(settings, sizeof settings, more);
    struct wire_options opt = {.settings = settings, .clock = clock};
    s.w = wire_start(&opt);
    fake_slack_keep_time_with(s.w->clock);
    return s;
}

static struct slack_wire start(const char *more, bool socket, bool clock)
{
    struct slack_wire s = begin(more, socket, clock);
    wait_connected(&s);
    if (socket)
        assert_true(fake_slack_wait_sockets(s.fake, 1, CONNECT_MS));
    return s;
}

struct slack_wire slack_wire_start(const char *more, bool socket)
{
    return start(more, socket, false);
}

struct slack_wire slack_wire_start_wound(const char *more, bool socket)
{
    return start(more, socket, true);
}

struct slack_wire slack_wire_begin_wound(const char *more, bool socket)
{
    return begin(more, socket, true);
}

void slack_wire_restart(struct slack_wire *s, int signum)
{
    wire_restart(s->w, signum);
    wait_connected(s);
}

void slack_wire_stop(struct slack_wire *s)
{
    static const char *const names[] = {"signing", "bot", "app"};
    char path[128];
    if (fake_slack_complaint(s->fake))
        fail_msg("the fake Slack: %s", fake_slack_complaint(s->fake));
    fake_slack_keep_time_with(NULL);
    wire_stop(s->w);
    fake_slack_stop(s->fake);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    rmdir(s->folder);
}

int slack_wire_send(struct slack_wire *s, char *event)
{
    int status = fake_slack_send(s->w->port, "application/json", event, NULL, NULL);
    free(event);
    return status;
}

int slack_wire_ask(struct slack_wire *s, int n)
{
    char id[32], ts[32];
    snprintf(id, sizeof id, "Ev%d", n);
    snprintf(ts, sizeof ts, "1699%06d.000100", n);
    return slack_wire_send(s, fake_slack_mention(id, "U1", ts, "<@UBOT> " WIRE_QUESTION, ""));
}

void slack_wire_expect(struct slack_wire *s, size_t n)
{
    if (fake_slack_wait(s->fake, n, ANSWER_MS, SETTLE_MS))
        return;
    wire_dump_log(s->w);
    for (size_t i = 0; i < fake_slack_posts(s->fake); i++)
        fprintf(stderr, "visible: %s\n", fake_slack_post(s->fake, i).text);
    fail_msg("%zu visible instead of %zu", fake_slack_posts(s->fake), n);
}
