/* stat.h: figures over a survey: how much was asked, when, how it ended, how quick it was, what people thought of it.
 *
 * Each figure has a filter that selects the questions it counts. A page shows the figure, and the list behind it is
 * what the filter selects, so the two cannot differ. Small talk is no question and is never counted. Days, hours and weekdays
 * are those of whoever looks.
 *
 * Pure: a walk over facts. */
#ifndef BOT_STAT_H
#define BOT_STAT_H

#include "bot/survey.h"

enum {
    STAT_ANY = -1,
    STAT_ANSWERED = -2,
    STAT_NOBODY = -3
}; /* of stat_filter.end, beside enum survey_end */

/* STAT_ANY is -1 in every member: stat_any(). */
struct stat_filter {
    int tz_min;          /* minutes east of Greenwich */
    int64_t first, last; /* days since 1970, both included */
    int end; /* enum survey_end, or STAT_ANSWERED (entry, extract), STAT_NOBODY (choices, none, person) */
    int hour;     /* 0..23 */
    int weekday;  /* 0..6, Monday first */
    int bin;      /* 0..9: confidence from bin / 10 on */
    int vote;     /* 1: helpful, 0: not, 2: either */
    int wanted;   /* 1: wanted a person */
    int came;     /* 1: and one came */
    int document; /* of survey.document: was quoted */
    int passage;  /* of survey.passage: the same */
    int channel;  /* of survey.channel */
    int group;    /* of survey.group */
};
struct stat_filter stat_any(void);
bool stat_match(const struct survey *v, const struct stat_filter *w, const struct survey_fact *f);
/* The day of that moment. */
int64_t stat_day_of(int64_t at_ms, int tz_min);

#define STAT_DAYS 31 /* at most: thirty times 24 hours touch 31 days */
#define STAT_BINS 10

struct stat_day {
    int64_t day;
    uint32_t end[SURVEY_ENDS];
    uint32_t asked, up,
        down; /* questions, and those that were voted on: by the sum of their votes */
    uint32_t p50_us, p95_us;            /* time to answer */
    uint32_t waits, wait50_s, wait95_s; /* for a person who came */
};
struct stat_page {
    uint32_t quoted, first, up, down; /* questions; first: and nothing stood before it */
};
struct stat {
    size_t ndays;
    struct stat_day day[STAT_DAYS];
    struct {
        uint32_t asked, up, down;
    } bin[STAT_BINS];
    uint32_t heat[7][24],
        person[7][24]; /* by weekday and hour: questions; those that wanted a person */
    /* By document and by passage, the caller's: as many zeroed ones as the survey has, or NULL. */
    struct stat_page *page, *passage;
    uint32_t asked, answered, rated, helpful, wanted, came;
};
/* All days from w->first to w->last, and of these what the filter selects. */
void stat_count(const struct survey *v, const struct stat_filter *w, struct stat *ret);

#endif
