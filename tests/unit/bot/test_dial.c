/* test_dial.c: the calling thread against the socket of a fake Slack: lines open, speak in order, hear, end once, and end all at the
 * stop; also under ThreadSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/dial.h"
#include "bot/loop.h"
#include "tests/fake/slack.h"

#define LINES 8

static struct loop *loop;
static struct dial *dial;
static struct fake_slack *fake;
static struct loop_timer *too_late;
static char url[128];

/* What has been heard of one line. */
struct heard {
    uint64_t line;
    int opened, closed, texts;
    char last[256], why[128];
};
static struct heard heard[LINES];
static int opened, closed, texts;

static void on_line(void *ctx, uint64_t line, enum dial_event ev, const char *s, size_t len)
{
    struct heard *h = ctx;
    assert_true(h->line == line);
    assert_int_equal(h->closed, 0); /* nothing follows the end */
    assert_int_equal(strlen(s), len);
    switch (ev) {
    case DIAL_OPEN: h->opened++, opened++; break;
    case DIAL_TEXT:
        assert_int_equal(h->opened, 1);
        h->texts++, texts++;
        snprintf(h->last, sizeof h->last, "%s", s);
        break;
    case DIAL_CLOSED:
        h->closed++, closed++;
        snprintf(h->why, sizeof h->why, "%s", s);
        break;
    }
}

static int set_up(void **state)
{
    memset(heard, 0, sizeof heard);
    opened = closed = texts = 0;
    fake = fake_slack_start(0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/link/?ticket=1&app_id=A1", fake_slack_port(fake));
    return loop_new(&loop) || dial_start(loop, &dial) ? -1 : 0;
}

static int tear_down(void **state)
{
    dial_stop(dial);
    loop_free(loop);
    fake_slack_stop(fake);
    return 0;
}

static const int *counter;
static int wanted;

static void look(void *ctx)
{
    if (*counter >= wanted)
        loop_stop(loop);
}

static void give_up(void *ctx)
{
    fail_msg("waited in vain: %d of %d", *counter, wanted);
}

/* Let the loop run until the counter is there. */
static void until(const int *what, int n)
{
    counter = what;
    wanted = n;
    struct loop_timer *often = loop_timer(loop, 1, 5, look, NULL);
    too_late = loop_timer(loop, 30000, 0, give_up, NULL);
    loop_run(loop);
    loop_timer_stop(often);
    loop_timer_stop(too_late);
}

static void open_line(int i, const char *address)
{
    heard[i].line = dial_open(dial, address, on_line, &heard[i]);
    assert_true(heard[i].line != 0);
}

static void a_line_opens_and_hears_whole_messages(void **state)
{
    char *big = calloc(1, 40001); /* more than one piece */
    memset(big, 'x', 40000);
    open_line(0, url);
    until(&texts, 1);
    assert_int_equal(heard[0].opened, 1);
    assert_non_null(strstr(heard[0].last, "\"hello\""));
    assert_true(fake_slack_emit(fake, big));
    until(&texts, 2);
    assert_int_equal(heard[0].texts, 2);
    assert_int_equal(strspn(heard[0].last, "x"), sizeof heard[0].last - 1);
    free(big);
}

static void what_is_sent_arrives_in_order(void **state)
{
    char json[64];
    open_line(0, url);
    for (int i = 0; i < 200; i++) { /* before it is open, too */
        int len = snprintf(json, sizeof json, "{\"envelope_id\":\"e%d\"}", i);
        dial_send(dial, heard[0].line, json, (size_t)len);
    }
    until(&texts, 1);
    assert_true(fake_slack_wait_acks(fake, 200, 20000));
    for (int i = 0; i < 200; i++) {
        snprintf(json, sizeof json, "e%d", i);
        assert_non_null(fake_slack_ack(fake, json));
    }
}

static void a_line_that_is_closed_says_what_was_to_be_said_first(void **state)
{
    static const char last[] = "{\"envelope_id\":\"last\"}";
    open_line(0, url);
    until(&texts, 1);
    dial_send(dial, heard[0].line, last, sizeof last - 1);
    dial_close(dial, heard[0].line);
    until(&closed, 1);
    assert_true(fake_slack_wait_acks(fake, 1, 10000));
    dial_send(dial, heard[0].line, last, sizeof last - 1); /* dropped */
    dial_close(dial, heard[0].line);
    assert_true(fake_slack_wait_sockets(fake, 0, 10000));
    assert_int_equal(fake_slack_acks(fake), 1);
}

static void the_end_is_told_once_whoever_ends_it(void **state)
{
    for (int i = 0; i < LINES; i++)
        open_line(i, url);
    until(&texts, LINES);
    for (int i = 0; i < LINES / 2; i++)
        dial_close(dial, heard[i].line);
    fake_slack_hang_up(fake);
    until(&closed, LINES);
    for (int i = 0; i < LINES; i++)
        assert_int_equal(heard[i].closed, 1);
}

static void nobody_there_is_an_end_with_a_reason(void **state)
{
    open_line(0, "ws://127.0.0.1:1/link/");
    until(&closed, 1);
    assert_int_equal(heard[0].opened, 0);
    assert_true(*heard[0].why);
    assert_true(dial_open(dial, "https://127.0.0.1/", on_line, &heard[1]) == 0);
}

static void a_stop_ends_open_lines_and_what_was_wished(void **state)
{
    for (int i = 0; i < LINES / 2; i++)
        open_line(i, url);
    until(&texts, LINES / 2);
    for (int i = LINES / 2; i < LINES; i++)
        open_line(i, url); /* some may open, some not: tear_down() stops them all */
    dial_send(dial, heard[0].line, "{}", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_opens_and_hears_whole_messages),
        TEST(what_is_sent_arrives_in_order),
        TEST(a_line_that_is_closed_says_what_was_to_be_said_first),
        TEST(the_end_is_told_once_whoever_ends_it),
        TEST(nobody_there_is_an_end_with_a_reason),
        TEST(a_stop_ends_open_lines_and_what_was_wished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
