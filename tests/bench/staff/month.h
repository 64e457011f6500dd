/* month.h: what the files of the generated month share: a dice of its own, and the subjects that people ask about. */
#ifndef TESTS_BENCH_STAFF_MONTH_H
#define TESTS_BENCH_STAFF_MONTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kb;
struct pool;

void die(const char *what, const char *why) __attribute__((noreturn));

/* ---- dice: the same seed, the same month (splitmix64, Steele, Lea and Flood, 2014) ---- */

struct dice {
    uint64_t state;
};
static inline uint64_t dice_next(struct dice *d)
{
    uint64_t z = (d->state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
/* 0..n-1 */
static inline size_t dice_below(struct dice *d, size_t n)
{
    return n ? (size_t)(dice_next(d) % n) : 0;
}
/* 0..1 */
static inline double dice_share(struct dice *d)
{
    return (double)(dice_next(d) >> 11) / 9007199254740992.0;
}

/* ---- month_topic.c: what is asked about, and in which words ---- */

struct topic {
    const char **say; /* the ways in which it is put */
    size_t n, cap;
    double weight;   /* how often it is asked, beside others */
    int first, peak; /* the day it comes up; the day it is asked most, 0: no such day */
};
struct topics {
    struct pool *pool;
    struct topic *topic;
    size_t n, cap;
};
/* Of the entries and headings of these guides, and of what they say nothing about. */
void topics_make(struct topics *t, const char *guides, const char *db, struct dice *dice);
/* Which one somebody asks about on that day. */
const struct topic *topics_draw(const struct topics *t, int day, struct dice *dice);
/* One of its wordings, as people type. Lives in `pool`. */
const char *topic_say(const struct topic *t, struct dice *dice, struct pool *pool);

#endif
