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

/* A wall time in UTC as RFC 3339 has it, to the second: "2026-11-21T20:49:04Z". */
#define CLOCK_TEXT 24
static inline void clock_text(int64_t at_ms, char ret[CLOCK_TEXT])
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm tm;
    gmtime_r(&at, &tm);
    if (!strftime(ret, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
        *ret = '\0'; /* a year of five digits and more */
}

#endif
