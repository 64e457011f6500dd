/* clock.h: time that never jumps, for measuring and waiting; and the wall's, for what is written down. Any thread. */
#ifndef BOT_CLOCK_H
#define BOT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static inline uint64_t clock_ms(void)
{
    return clock_us() / 1000;
}

/* Unix milliseconds. May jump: good for "when was it", not for "how long". */
static inline int64_t clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* `n` as `digits` digits at `to`; where the next character goes. */
static inline char *clock_digits(char *to, int n, int digits)
{
    for (int i = digits; i--; n /= 10)
        to[i] = (char)('0' + n % 10);
    return to + digits;
}

/* A wall time in UTC as RFC 3339 has it, to the second: "2026-11-21T20:49:04Z". */
#define CLOCK_TEXT 24
static inline void clock_text(int64_t at_ms, char ret[CLOCK_TEXT])
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm tm;
    gmtime_r(&at, &tm);
    *ret = '\0';
    if (tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return; /* a year of five digits and more */
    const int part[] = {tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
    char *to = clock_digits(ret, tm.tm_year + 1900, 4);
    for (int i = 0; i < 5; i++) {
        *to++ = "--T::"[i];
        to = clock_digits(to, part[i], 2);
    }
    *to++ = 'Z';
    *to = '\0';
}

#endif
