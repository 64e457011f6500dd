/* test_stat.c: every figure is the length of the list behind it, and what a slow count by the calendar of the C library says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/stat.h"

#define MANY     2000
#define NOW      1795297654811ll /* 2026-11-21, a Saturday */
#define PASSAGES 6
#define PAGES    3

static struct survey_fact fact[MANY];
static struct survey_place passage[PASSAGES], document[PAGES];
static struct survey v;

static uint64_t state_of = 42;

static size_t below(size_t n)
{
    state_of = state_of * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state_of >> 33) % n;
}

static int set_up(void **state)
{
    for (size_t i = 0; i < PASSAGES; i++)
        passage[i] = (struct survey_place){.key = "p", .document = (uint16_t)(i / 2)};
    for (size_t i = 0; i < MANY; i++) {
        struct survey_fact *f = &fact[i];
        *f = (struct survey_fact){.id = (int64_t)i + 1,
                                  .at_ms = NOW - 30 * DAY_MS + (int64_t)i * (30 * DAY_MS / MANY) +
                                           (int64_t)below(1000),
                                  .confidence = (float)below(101) / 100,
                                  .us = (uint32_t)below(5000),
                                  .wait_s = below(10) ? UINT32_MAX : (uint32_t)below(4000),
                                  .channel = (uint16_t)below(2),
                                  .group = below(20) ? (uint32_t)below(5) : UINT32_MAX,
                                  .up = (uint16_t)(below(9) ? 0 : below(3)),
                                  .down = (uint16_t)(below(9) ? 0 : below(3)),
                                  .end = (uint8_t)below(SURVEY_ENDS),
                                  .wanted = below(12) == 0};
        for (size_t k = 0; k < SURVEY_QUOTES; k++)
            f->quoted[k] = SURVEY_NOWHERE;
        for (size_t k = 0, n = below(SURVEY_QUOTES + 1); k < n; k++)
            f->quoted[k] = (uint16_t)below(PASSAGES);
    }
    v = (struct survey){.at_ms = NOW,
                        .fact = fact,
                        .n = MANY,
                        .passage = passage,
                        .npassage = PASSAGES,
                        .document = document,
                        .ndocument = PAGES};
    return 0;
}

static struct stat_filter month(int tz_min)
{
    struct stat_filter w = stat_any();
    w.tz_min = tz_min;
    w.last = stat_day_of(NOW, tz_min);
    w.first = w.last - 29;
    return w;
}

/* The length of the list behind a figure. */
static size_t listed(struct stat_filter w)
{
    size_t n = 0;
    for (size_t i = 0; i < MANY; i++)
        n += stat_match(&v, &w, &fact[i]);
    return n;
}

/* As somebody with that clock on the wall reads it. */
static struct tm wall(int64_t at_ms, int tz_min)
{
    struct tm tm;
    time_t at = (time_t)(at_ms / 1000 + tz_min * 60);
    gmtime_r(&at, &tm);
    return tm;
}

static void test_each_column_is_the_length_of_its_list(void **state)
{
    static const int zones[] = {0, 60, -300, 345, 840};
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct stat s = {0};
        struct stat_filter w = month(zones[z]);
        stat_count(&v, &w, &s);
        assert_int_equal(s.ndays, 30);
        assert_int_equal(s.asked, listed(w));
        for (size_t i = 0; i < s.ndays; i++) {
            struct stat_filter of_day = w;
            of_day.first = of_day.last = s.day[i].day;
            assert_int_equal(s.day[i].asked, listed(of_day));
            for (int e = 0; e < SURVEY_TALK; e++) {
                of_day.end = e;
                assert_int_equal(s.day[i].end[e], listed(of_day));
            }
            of_day.end = STAT_ANY;
            of_day.vote = 1;
            assert_int_equal(s.day[i].up, listed(of_day));
            of_day.vote = 0;
            assert_int_equal(s.day[i].down, listed(of_day));
        }
        for (int day = 0; day < 7; day++)
            for (int hour = 0; hour < 24; hour++) {
                struct stat_filter of_hour = w;
                of_hour.weekday = day;
                of_hour.hour = hour;
                assert_int_equal(s.heat[day][hour], listed(of_hour));
                of_hour.wanted = 1;
                assert_int_equal(s.person[day][hour], listed(of_hour));
            }
    }
}

static void test_bins_pages_and_steps_are_too(void **state)
{
    struct stat_page page[PAGES] = {0}, quoted[PASSAGES] = {0};
    struct stat s = {.page = page, .passage = quoted};
    struct stat_filter w = month(0), x = w;
    stat_count(&v, &w, &s);
    for (int i = 0; i < STAT_BINS; i++) {
        x = w;
        x.bin = i;
        assert_int_equal(s.bin[i].asked, listed(x));
        x.vote = 1;
        assert_int_equal(s.bin[i].up, listed(x));
    }
    for (int i = 0; i < PAGES; i++) {
        x = w;
        x.document = i;
        assert_int_equal(page[i].quoted, listed(x));
        x.vote = 0;
        assert_int_equal(page[i].down, listed(x));
    }
    x = w;
    x.end = STAT_ANSWERED;
    assert_int_equal(s.answered, listed(x));
    x.end = STAT_NOBODY;
    assert_int_equal(s.asked - s.answered, listed(x));
    x = w;
    x.vote = 2;
    assert_int_equal(s.rated, listed(x));
    x = w;
    x.wanted = 1;
    assert_int_equal(s.wanted, listed(x));
    x = w;
    x.came = 1;
    assert_int_equal(s.came, listed(x));
}

/* Without a filter, by the calendar. */
static void test_a_slow_count_by_the_calendar_says_the_same(void **state)
{
    static const int zones[] = {0, -480, 330};
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        uint32_t heat[7][24] = {0}, asked[STAT_DAYS] = {0};
        struct stat s = {0};
        struct stat_filter w = month(zones[z]);
        stat_count(&v, &w, &s);
        for (size_t i = 0; i < MANY; i++) {
            struct tm tm = wall(fact[i].at_ms, zones[z]);
            int64_t back =
                (timegm(&(struct tm){.tm_year = wall(NOW, zones[z]).tm_year,
                                     .tm_mon = wall(NOW, zones[z]).tm_mon,
                                     .tm_mday = wall(NOW, zones[z]).tm_mday}) -
                 timegm(&(struct tm){
                     .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday})) /
                86400;
            if (fact[i].end == SURVEY_TALK || back > 29)
                continue;
            heat[(tm.tm_wday + 6) % 7][tm.tm_hour]++;
            asked[29 - back]++;
        }
        assert_memory_equal(heat, s.heat, sizeof heat);
        for (size_t i = 0; i < s.ndays; i++)
            assert_int_equal(asked[i], s.day[i].asked);
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void test_half_of_the_answers_are_within_the_median(void **state)
{
    struct stat s = {0};
    struct stat_filter w = month(0);
    stat_count(&v, &w, &s);
    for (size_t d = 0; d < s.ndays; d++) {
        uint32_t us[MANY];
        size_t n = 0;
        for (size_t i = 0; i < MANY; i++)
            if (fact[i].end != SURVEY_TALK && fact[i].at_ms / DAY_MS == s.day[d].day)
                us[n++] = fact[i].us;
        qsort(us, n, sizeof *us, by_number);
        assert_true(n > 10);
        assert_int_equal(s.day[d].p50_us, us[n / 2]);
        assert_int_equal(s.day[d].p95_us, us[n * 95 / 100]);
    }
}

static void test_small_talk_is_never_counted(void **state)
{
    struct survey_fact talk = {.id = 1, .at_ms = NOW, .end = SURVEY_TALK};
    struct stat_filter w = stat_any();
    assert_false(stat_match(&v, &w, &talk));
}

static void test_a_name_that_nothing_has_selects_nothing(void **state)
{
    struct stat_filter w = stat_any();
    w.document = INT32_MAX;
    assert_int_equal(listed(w), 0);
    w = stat_any();
    w.group = INT32_MAX;
    assert_int_equal(listed(w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_column_is_the_length_of_its_list),
        cmocka_unit_test(test_bins_pages_and_steps_are_too),
        cmocka_unit_test(test_a_slow_count_by_the_calendar_says_the_same),
        cmocka_unit_test(test_half_of_the_answers_are_within_the_median),
        cmocka_unit_test(test_small_talk_is_never_counted),
        cmocka_unit_test(test_a_name_that_nothing_has_selects_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
