/* A wish for a person outside the opening hours is not put into a queue where nobody looks: the event says when somebody is
 * there again, and an e-mail address may be left. Within the hours it is queued. The address stands in no event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define WAIT_MS 10000

/* Opening hours on one day: `days` from today, the whole of it. */
static struct wire *open_in(int days)
{
    static char settings[128];
    static const char names[] = "SunMonTueWedThuFriSat";
    time_t t = time(NULL) + days * 86400L;
    struct tm tm;
    localtime_r(&t, &tm);
    snprintf(settings, sizeof settings, "staff: {hours: [%.3s 00:00-24:00]}\n",
             names + (ptrdiff_t)3 * tm.tm_wday);
    return wire_start(&(struct wire_options){.settings = settings});
}

/* Send a frame and find the event of that type that comes of it, as the text from its first brace. */
static void expect(struct client *c, const char *frame, const char *const *parts, const char *never)
{
    struct message m = {0};
    assert_true(client_text(c, frame));
    do {
        message_release(&m);
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
    } while (strncmp(m.s, "{\"seq\"", 6) && !strstr(m.s, "\"t\":\"error\""));
    for (; *parts; parts++)
        if (!strstr(m.s, *parts))
            fail_msg("%s is not in %s", *parts, m.s);
    if (never && strstr(m.s, never))
        fail_msg("%s is in %s", never, m.s);
    message_release(&m);
}

#define WANT(what, more) "{\"t\":\"handoff\",\"cid\":\"" what "\",\"want\":\"" what "\"" more "}"

static void outside_the_hours_an_address_may_be_left(void **state)
{
    struct wire *w = open_in(3);
    struct client *c = wire_chat(w);
    char when[64], day[32];
    time_t next = time(NULL) + 3 * 86400L;
    struct tm tm;
    localtime_r(&next, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    next = mktime(&tm);
    gmtime_r(&next, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", &tm);
    snprintf(when, sizeof when, "\"next_open\":\"%s\"", day);
    expect(c, WANT("live", ""), (const char *[]){"\"state\":\"declined\"", when, NULL}, NULL);
    expect(c, WANT("email", ",\"email\":\"nobody\""), (const char *[]){"\"bad_frame\"", NULL},
           NULL);
    expect(c, WANT("email", ",\"email\":\"ann@x.test\",\"note\":\"Why?\""),
           (const char *[]){"\"state\":\"queued\"", "\"via\":\"email\"", NULL}, "ann@");
    client_close(c);
    assert_true(wire_said(w, "via=email"));
    assert_false(wire_said(w, "via=live"));
    assert_false(wire_said(w, "ann@"));
    wire_stop(w);
}

static void within_the_hours_it_is_queued_and_can_be_taken_back(void **state)
{
    struct wire *w = open_in(0);
    struct client *c = wire_chat(w);
    expect(c, WANT("live", ""), (const char *[]){"\"state\":\"queued\"", "\"via\":\"live\"", NULL},
           "next_open");
    expect(c, WANT("cancel", ""), (const char *[]){"\"state\":\"ended\"", NULL}, NULL);
    client_close(c);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_the_hours_an_address_may_be_left),
        cmocka_unit_test(within_the_hours_it_is_queued_and_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
