/* When people are there: opening hours, holidays, the change of the clocks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bot/config.h"
#include "bot/hours.h"
#include "kb/kb.h"
#include "tests/unit/bot/files.h"

static struct config *config;

static int configure(const char *text)
{
    struct kb_report report = {0};
    config_free(config);
    config = NULL;
    int err = config_read(file_with("guidepost.yaml", text), &config, &report);
    kb_report_release(&report);
    return err;
}

/* "2026-11-23 09:00" by the clock on the wall. */
static int64_t moment(const char *text)
{
    struct tm tm = {.tm_isdst = -1};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
    return mktime(&tm);
}

static void is_open(const char *when)
{
    if (!hours_are(config, moment(when), NULL))
        fail_msg("nobody is there at %s", when);
}

static void is_closed_until(const char *when, const char *next)
{
    int64_t at = -1;
    if (hours_are(config, moment(when), &at))
        fail_msg("somebody is there at %s", when);
    if (at != (next ? moment(next) : 0))
        fail_msg("after %s comes %lld and not %s", when, (long long)at, next ? next : "nothing");
}

static void without_hours_somebody_is_always_there(void **state)
{
    assert_int_equal(configure("staff: {holidays: [2026-12-24]}\n"), 0);
    is_open("2026-11-22 03:00");
    is_open("2026-12-24 12:00");
}

static void the_next_opening_is_found_over_nights_and_weekends(void **state)
{
    assert_int_equal(
        configure("staff: {hours: [Mon-Fri 09:00-12:00, mon-thu 13:00-16:30, Sat 10:00-12:00]}\n"),
        0);
    is_open("2026-11-23 09:00"); /* a Monday */
    is_open("2026-11-23 11:59");
    is_closed_until("2026-11-23 12:00", "2026-11-23 13:00");
    is_closed_until("2026-11-23 08:59", "2026-11-23 09:00");
    is_closed_until("2026-11-23 16:30", "2026-11-24 09:00");
    is_closed_until("2026-11-27 13:00", "2026-11-28 10:00"); /* Friday afternoon */
    is_closed_until("2026-11-28 12:00", "2026-11-30 09:00");
}

static void hours_may_go_over_the_weekend_and_up_to_midnight(void **state)
{
    assert_int_equal(configure("staff: {hours: [Sat-Mon 00:00-24:00]}\n"), 0);
    is_open("2026-11-22 23:59");
    is_open("2026-11-23 00:00");
    is_closed_until("2026-11-24 00:00", "2026-11-28 00:00");
}

static void on_a_holiday_nobody_is_there(void **state)
{
    assert_int_equal(configure("staff:\n  hours: [Mon-Fri 09:00-16:00]\n"
                               "  holidays: [2026-12-24, 2026-12-28..2027-01-03]\n"),
                     0);
    is_closed_until("2026-12-24 10:00", "2026-12-25 09:00");
    is_closed_until("2026-12-28 10:00", "2027-01-04 09:00");
    is_closed_until("2026-12-25 16:00", "2027-01-04 09:00");
}

static void closed_for_good_is_said_without_a_day(void **state)
{
    assert_int_equal(configure("staff:\n  hours: [Sun 09:00-10:00]\n"
                               "  holidays: [2026-01-01..2029-01-01]\n"),
                     0);
    is_closed_until("2026-11-23 09:00", NULL);
}

static void nine_is_nine_on_both_sides_of_a_change_of_the_clocks(void **state)
{
    assert_int_equal(configure("staff: {hours: [Mon-Sun 09:00-10:00]}\n"), 0);
    is_closed_until("2026-03-28 10:00", "2026-03-29 09:00"); /* an hour is missing that night */
    is_closed_until("2026-10-24 10:00", "2026-10-25 09:00"); /* an hour comes twice */
    is_open("2026-10-25 09:30");
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"Mon",
                                      "Mon 9",
                                      "Noday 09:00-10:00",
                                      "Mon-Fri 10:00-09:00",
                                      "Mon 09:00-09:00",
                                      "Mon 09:00-24:01",
                                      "Mon 09:60-10:00",
                                      "Mon 09:00-10:00 x",
                                      "Mo 09:00-10:00",
                                      "Mon..Fri 09:00-10:00",
                                      ""};
    static const char *const days[] = {"2026-02-29",  "26-01-01",   "2026-12-24..2026-12-23",
                                       "Christmas",   "2026-13-01", "2026-12-24..",
                                       "2026-12-24 x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!hours_check_times(bad[i]))
            fail_msg("\"%s\" was taken for hours", bad[i]);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (!hours_check_days(days[i]))
            fail_msg("\"%s\" was taken for a day", days[i]);
    assert_null(hours_check_times("mon-FRI 9:00-16:30"));
    assert_null(hours_check_days("2028-02-29"));
    assert_int_equal(configure("staff: {hours: [always]}\n"), -EINVAL);
}

static int setup(void **state)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* needs no files */
    tzset();
    config_register(hours_settings);
    return files_setup(state);
}

static int teardown(void **state)
{
    config_free(config);
    return files_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_hours_somebody_is_always_there),
        cmocka_unit_test(the_next_opening_is_found_over_nights_and_weekends),
        cmocka_unit_test(hours_may_go_over_the_weekend_and_up_to_midnight),
        cmocka_unit_test(on_a_holiday_nobody_is_there),
        cmocka_unit_test(closed_for_good_is_said_without_a_day),
        cmocka_unit_test(nine_is_nine_on_both_sides_of_a_change_of_the_clocks),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
