/* hours.c: opening hours, read from the settings each time that somebody asks for a person: a handful of rows, and a reload
 * needs no thought. Days are walked with mktime(), so that a day of 23 or 25 hours is one day, and nine o'clock is nine
 * o'clock on either side of a change of the clocks. */
#include "bot/hours.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LOOK_AHEAD 366 /* days */

const struct setting hours_settings[] = {
    {.name = "staff.hours",
     .type = SETTING_LIST,
     .value = "[]",
     .check = hours_check_times,
     .help =
         "When people are there to take over a chat, as [Mon-Fri 09:00-16:30, Sat 10:00-12:00], "
         "in the time zone of this machine. At other times who asks for a person is told when "
         "there will be one, and may leave an e-mail address. Empty: at any time."},
    {.name = "staff.holidays",
     .type = SETTING_LIST,
     .value = "[]",
     .check = hours_check_days,
     .help = "Days on which nobody is there, as [2026-12-24, 2026-12-28..2027-01-01]."},
    {.name = NULL},
};

/* ---- rows ---- */

struct times {
    int first, last; /* days of the week, 0 is Sunday; first > last goes over the weekend */
    int from, to;    /* minutes of the day */
};

static int weekday(const char *name)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    for (int i = 0; i < 7; i++)
        if (!strncasecmp(name, days + 3 * i, 3))
            return i;
    return -1;
}

/* "Mon-Fri 09:00-16:30" or "Sat 10:00-12:00". */
static bool read_times(const char *text, struct times *ret)
{
    int fh, fm, th, tm, end = -1;
    size_t len = strcspn(text, " ");
    ret->first = ret->last = weekday(text);
    if (len == 7 && text[3] == '-')
        ret->last = weekday(text + 4);
    else if (len != 3)
        return false;
    if (sscanf(text + len, " %2d:%2d-%2d:%2d%n", &fh, &fm, &th, &tm, &end) != 4 || end < 0 ||
        text[len + (size_t)end] || fh < 0 || fm < 0 || fm > 59 || th > 24 || tm < 0 || tm > 59)
        return false;
    ret->from = fh * 60 + fm;
    ret->to = th * 60 + tm;
    return ret->first >= 0 && ret->last >= 0 && ret->from < ret->to && ret->to <= 24 * 60;
}

static bool on_day(const struct times *t, int day)
{
    return t->first <= t->last ? t->first <= day && day <= t->last
                               : t->first <= day || day <= t->last;
}

/* YYYYMMDD; 0 when there is no such day. */
static int read_day(const char *text, int *ret_len)
{
    int y, m, d;
    *ret_len = -1;
    if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, ret_len) != 3 || y < 1970)
        return 0;
    struct tm tm = {.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d, .tm_hour = 12};
    time_t t = mktime(&tm);
    return t != (time_t)-1 && tm.tm_mon == m - 1 && tm.tm_mday == d ? y * 10000 + m * 100 + d : 0;
}

/* "2026-12-24" or "2026-12-28..2027-01-01". */
static bool read_days(const char *text, int *ret_first, int *ret_last)
{
    int len;
    *ret_first = *ret_last = read_day(text, &len);
    if (!*ret_first)
        return false;
    if (!strncmp(text + len, "..", 2)) {
        text += len + 2;
        *ret_last = read_day(text, &len);
    }
    return *ret_last >= *ret_first && !text[len];
}

const char *hours_check_times(const char *text)
{
    struct times t;
    return read_times(text, &t) ? NULL : "is no opening hours, as in Mon-Fri 09:00-16:30";
}

const char *hours_check_days(const char *text)
{
    int first, last;
    return read_days(text, &first, &last) ? NULL
                                          : "is no day, as in 2026-12-24 or 2026-12-24..2027-01-01";
}

/* ---- the calendar ---- */

static bool is_holiday(const struct config *c, const struct tm *tm)
{
    size_t n;
    int today = (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 + tm->tm_mday;
    const char *const *row = config_list(c, "staff.holidays", &n);
    for (size_t i = 0; i < n; i++) {
        int first, last;
        if (read_days(row[i], &first, &last) && first <= today && today <= last)
            return true;
    }
    return false;
}

static int64_t at(const struct tm *day, int minutes)
{
    struct tm tm = {.tm_year = day->tm_year,
                    .tm_mon = day->tm_mon,
                    .tm_mday = day->tm_mday,
                    .tm_hour = minutes / 60,
                    .tm_min = minutes % 60,
                    .tm_isdst = -1};
    return mktime(&tm);
}

/* Open on that day at `now`? Else *ret_next becomes the first opening of the day that is still to come, if there is one. */
static bool open_on(const struct config *c, const struct tm *day, int64_t now, int64_t *ret_next)
{
    size_t n;
    const char *const *row = config_list(c, "staff.hours", &n);
    if (is_holiday(c, day))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct times t;
        if (!read_times(row[i], &t) || !on_day(&t, day->tm_wday))
            continue;
        int64_t from = at(day, t.from);
        if (from <= now && now < at(day, t.to))
            return true;
        if (from > now && (!*ret_next || from < *ret_next))
            *ret_next = from;
    }
    return false;
}

bool hours_are(const struct config *c, int64_t now, int64_t *ret_next)
{
    size_t n;
    struct tm tm;
    time_t start = (time_t)now;
    int64_t next = 0;
    config_list(c, "staff.hours", &n);
    if (!n || !localtime_r(&start, &tm))
        return true;
    for (int i = 0; i <= LOOK_AHEAD && !next; i++) {
        struct tm day = {.tm_year = tm.tm_year,
                         .tm_mon = tm.tm_mon,
                         .tm_mday = tm.tm_mday + i,
                         .tm_hour = 12,
                         .tm_isdst = -1};
        mktime(&day); /* makes a true day of it */
        if (open_on(c, &day, now, &next))
            return true;
    }
    if (ret_next)
        *ret_next = next;
    return false;
}
