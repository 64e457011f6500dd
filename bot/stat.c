/* stat.c: figures over a survey. */
#include "bot/stat.h"

#include <stdlib.h>

#include "bot/must.h"

/* ---- which questions ------------------------------------------------------------------------------------------- */

struct stat_filter stat_any(void)
{
    return (struct stat_filter){.first = INT64_MIN,
                                .last = INT64_MAX,
                                .end = STAT_ANY,
                                .hour = STAT_ANY,
                                .weekday = STAT_ANY,
                                .bin = STAT_ANY,
                                .vote = STAT_ANY,
                                .wanted = STAT_ANY,
                                .came = STAT_ANY,
                                .document = STAT_ANY,
                                .passage = STAT_ANY,
                                .channel = STAT_ANY,
                                .group = STAT_ANY};
}

static int64_t local_ms(int64_t at_ms, int tz_min)
{
    return at_ms + (int64_t)tz_min * 60000;
}

int64_t stat_day_of(int64_t at_ms, int tz_min)
{
    return local_ms(at_ms, tz_min) / DAY_MS;
}

static int hour_of(int64_t at_ms, int tz_min)
{
    return (int)(local_ms(at_ms, tz_min) % DAY_MS / 3600000);
}

static int weekday_of(int64_t day)
{
    return (int)((day + 3) % 7); /* 1970 began on a Thursday */
}

static int bin_of(const struct survey_fact *f)
{
    int bin = (int)((double)f->confidence * STAT_BINS);
    return bin < 0 ? 0 : bin < STAT_BINS ? bin : STAT_BINS - 1;
}

static bool is_answered(const struct survey_fact *f)
{
    return f->end == SURVEY_ENTRY || f->end == SURVEY_EXTRACT;
}

/* What those who voted thought, taken together: 1 helpful, 0 not, -1 nobody voted or they were even. */
static int verdict(const struct survey_fact *f)
{
    return f->up > f->down ? 1 : f->down > f->up ? 0 : -1;
}

/* A document of which any passage was quoted, and a passage that was. */
static bool is_quoted(const struct survey *v, const struct survey_fact *f, int document,
                      int passage)
{
    for (size_t i = 0; i < SURVEY_QUOTES && f->quoted[i] < v->npassage; i++)
        if ((document < 0 || v->passage[f->quoted[i]].document == document) &&
            (passage < 0 || f->quoted[i] == passage))
            return true;
    return false;
}

static bool end_fits(int end, const struct survey_fact *f)
{
    switch (end) {
    case STAT_ANY: return true;
    case STAT_ANSWERED: return is_answered(f);
    case STAT_NOBODY: return !is_answered(f);
    default: return f->end == end;
    }
}

static bool time_fits(const struct stat_filter *w, const struct survey_fact *f)
{
    int64_t day = stat_day_of(f->at_ms, w->tz_min);
    return day >= w->first && day <= w->last &&
           (w->hour < 0 || hour_of(f->at_ms, w->tz_min) == w->hour) &&
           (w->weekday < 0 || weekday_of(day) == w->weekday);
}

bool stat_match(const struct survey *v, const struct stat_filter *w, const struct survey_fact *f)
{
    if (!survey_is_question(f) || !end_fits(w->end, f) || !time_fits(w, f))
        return false;
    int good = verdict(f);
    return (w->bin < 0 || bin_of(f) == w->bin) &&
           (w->vote < 0 || (w->vote == 2 ? good >= 0 : good == w->vote)) &&
           (w->wanted < 0 || f->wanted == w->wanted) &&
           (w->came < 0 || (f->wait_s != UINT32_MAX) == w->came) &&
           ((w->document < 0 && w->passage < 0) || is_quoted(v, f, w->document, w->passage)) &&
           (w->channel < 0 || f->channel == w->channel) &&
           (w->group < 0 || f->group == (uint32_t)w->group);
}

/* ---- percentiles ----------------------------------------------------------------------------------------------- */

/* What was measured, of all days: sorted by day, then by size. */
struct measured {
    int64_t day;
    uint32_t n;
};

static int by_day(const void *a, const void *b)
{
    const struct measured *x = a, *y = b;
    return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : (x->n > y->n) - (x->n < y->n);
}

/* The smallest that `share` of the n are not above. */
static uint32_t at_share(const struct measured *m, size_t n, double share)
{
    size_t i = (size_t)(share * (double)n);
    return m[i < n ? i : n - 1].n;
}

static void find_percentiles(struct measured *m, size_t n, struct stat *s, bool waits)
{
    qsort(m, n, sizeof *m, by_day);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i; k < n && m[k].day == m[i].day;)
            k++;
        struct stat_day *d = &s->day[m[i].day - s->day[0].day];
        uint32_t half = at_share(m + i, k - i, 0.5), most = at_share(m + i, k - i, 0.95);
        if (waits) {
            d->waits = (uint32_t)(k - i);
            d->wait50_s = half;
            d->wait95_s = most;
        } else {
            d->p50_us = half;
            d->p95_us = most;
        }
    }
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static void count_page(struct stat_page *p, bool first, int good)
{
    p->quoted++;
    p->first += first;
    p->up += good == 1;
    p->down += good == 0;
}

/* Two passages of one document are one page. */
static void count_pages(const struct survey *v, const struct survey_fact *f, int good,
                        struct stat *s)
{
    for (size_t i = 0; i < SURVEY_QUOTES && f->quoted[i] < v->npassage; i++) {
        uint16_t document = v->passage[f->quoted[i]].document;
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || v->passage[f->quoted[k]].document == document;
        if (s->passage)
            count_page(&s->passage[f->quoted[i]], !i, good);
        if (s->page && !again && document < v->ndocument)
            count_page(&s->page[document], !i, good);
    }
}

static void count_one(const struct survey *v, const struct stat_filter *w,
                      const struct survey_fact *f, struct stat *s)
{
    int64_t day = stat_day_of(f->at_ms, w->tz_min);
    int hour = hour_of(f->at_ms, w->tz_min), weekday = weekday_of(day), good = verdict(f);
    struct stat_day *d = &s->day[day - s->day[0].day];
    d->asked++;
    d->end[f->end]++;
    d->up += good == 1;
    d->down += good == 0;
    s->bin[bin_of(f)].asked++;
    s->bin[bin_of(f)].up += good == 1;
    s->bin[bin_of(f)].down += good == 0;
    s->heat[weekday][hour]++;
    s->person[weekday][hour] += f->wanted;
    s->asked++;
    s->answered += is_answered(f);
    s->rated += good >= 0;
    s->helpful += good == 1;
    s->wanted += f->wanted;
    s->came += f->wait_s != UINT32_MAX;
    count_pages(v, f, good, s);
}

void stat_count(const struct survey *v, const struct stat_filter *w, struct stat *ret)
{
    struct measured *us = must(calloc(v->n + 1, sizeof *us)),
                    *wait = must(calloc(v->n + 1, sizeof *wait));
    size_t nus = 0, nwait = 0;
    struct stat_filter within = *w;
    *ret = (struct stat){.page = ret->page, .passage = ret->passage};
    if (within.last - within.first >= STAT_DAYS)
        within.first = within.last - STAT_DAYS + 1;
    for (int64_t day = within.first; day <= within.last; day++)
        ret->day[ret->ndays++].day = day;
    for (size_t i = 0; i < v->n; i++) {
        const struct survey_fact *f = &v->fact[i];
        if (!stat_match(v, &within, f))
            continue;
        int64_t day = stat_day_of(f->at_ms, w->tz_min);
        count_one(v, w, f, ret);
        us[nus++] = (struct measured){day, f->us};
        if (f->wait_s != UINT32_MAX)
            wait[nwait++] = (struct measured){day, f->wait_s};
    }
    find_percentiles(us, nus, ret, false);
    find_percentiles(wait, nwait, ret, true);
    free(us);
    free(wait);
}
