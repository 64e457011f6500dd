/* desk_insight.c: the figures of the last thirty days, each with the list of questions that it counts, and each as a table to take
 * away. What the parameters select is read once, for all of them: see read_filter(). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/desk/desk_survey.h"
#include "bot/json.h"
#include "bot/must.h"
#include "bot/number.h"
#include "bot/stat.h"
#include "kb/entries.h"
#include "kb/pool.h"

#define PAGE     50
#define MAX_WORD 32
#define MAX_KEY  1000
#define MAX_TZ   (15 * 60) /* minutes: no place is further from Greenwich */
#define PAGES    12        /* that are quoted most */

/* ---- parameters ------------------------------------------------------------------------------------------------- */

/* 0 to `max`; STAT_ANY when it is not there. False: it is no such number. */
static bool read_number(const struct desk_request *rq, const char *name, int max, int *ret)
{
    const char *s = desk_text(rq, name, MAX_WORD);
    int64_t n = STAT_ANY;
    bool good = !s || !*s || number_read(s, max, &n);
    *ret = (int)n;
    return good;
}

static bool read_end(const struct desk_request *rq, int *ret)
{
    const char *s = desk_text(rq, "end", MAX_WORD);
    *ret = STAT_ANY;
    if (!s || !*s)
        return true;
    if (!strcmp(s, "answered") || !strcmp(s, "nobody")) {
        *ret = *s == 'a' ? STAT_ANSWERED : STAT_NOBODY;
        return true;
    }
    for (int i = 0; i < SURVEY_TALK; i++)
        if (!strcmp(s, survey_ends[i])) {
            *ret = i;
            return true;
        }
    return false;
}

static bool read_vote(const struct desk_request *rq, int *ret)
{
    const char *s = desk_text(rq, "vote", MAX_WORD);
    *ret = !s || !*s ? STAT_ANY : !strcmp(s, "up") ? 1 : !strcmp(s, "down") ? 0 : 2;
    return *ret != 2 || !strcmp(s, "any");
}

/* A name that nothing has selects nothing. */
static int find_place(const struct desk_request *rq, const char *name,
                      const struct survey_place *place, size_t n)
{
    const char *key = desk_text(rq, name, MAX_KEY);
    size_t i = 0;
    if (!key || !*key)
        return STAT_ANY;
    while (i < n && strcmp(place[i].key, key) != 0)
        i++;
    return i < n ? (int)i : INT32_MAX;
}

static int find_channel(const struct desk_request *rq, const struct survey *v)
{
    const char *name = desk_text(rq, "channel", MAX_WORD);
    size_t i = 0;
    if (!name || !*name)
        return STAT_ANY;
    while (i < v->nchannel && strcmp(v->channel[i], name) != 0)
        i++;
    return i < v->nchannel ? (int)i : INT32_MAX;
}

static int find_group(const struct desk_request *rq, const struct survey *v)
{
    int64_t id = desk_number(rq, "cluster");
    const struct survey_fact *f = id ? survey_find(v, id) : NULL;
    return !id ? STAT_ANY : f && f->group != UINT32_MAX ? (int)f->group : INT32_MAX;
}

/* "2026-11-03" */
static bool read_day(const struct desk_request *rq, struct stat_filter *w)
{
    struct tm tm = {0};
    const char *s = desk_text(rq, "day", MAX_WORD);
    if (!s || !*s)
        return true;
    const char *end = strptime(s, "%Y-%m-%d", &tm);
    if (!end || *end)
        return false;
    int64_t day = timegm(&tm) / 86400;
    w->first = w->first > day ? w->first : day; /* outside of the days: nothing */
    w->last = w->last < day ? w->last : day;
    return true;
}

static int read_filter(struct desk_request *rq, const struct survey *v, struct stat_filter *w)
{
    int days;
    const char *tz = desk_text(rq, "tz", MAX_WORD);
    *w = stat_any();
    w->tz_min = tz ? atoi(tz) : 0;
    if (w->tz_min < -MAX_TZ || w->tz_min > MAX_TZ || !read_number(rq, "days", STAT_DAYS, &days) ||
        !days) {
        rq->problem = "days is 1 to 31, tz the minutes east of Greenwich";
        return -EINVAL;
    }
    w->last = stat_day_of(v->at_ms, w->tz_min);
    w->first = w->last - (days > 0 ? days : SURVEY_DAYS) + 1;
    w->document = find_place(rq, "document", v->document, v->ndocument);
    w->passage = find_place(rq, "passage", v->passage, v->npassage);
    w->channel = find_channel(rq, v);
    w->group = find_group(rq, v);
    if (read_day(rq, w) && read_end(rq, &w->end) && read_vote(rq, &w->vote) &&
        read_number(rq, "hour", 23, &w->hour) && read_number(rq, "weekday", 6, &w->weekday) &&
        read_number(rq, "bin", STAT_BINS - 1, &w->bin) &&
        read_number(rq, "wanted", 1, &w->wanted) && read_number(rq, "came", 1, &w->came))
        return 0;
    rq->problem = "One of the filters has a value that there is not";
    return -EINVAL;
}

#define DATE 11
static void date_text(int64_t day, char ret[DATE])
{
    time_t at = (time_t)(day * 86400);
    struct tm tm;
    gmtime_r(&at, &tm);
    if (!strftime(ret, DATE, "%Y-%m-%d", &tm))
        *ret = '\0';
}

/* ---- the list behind a figure -------------------------------------------------------------------------------------- */

static int add_question(struct store *s, struct buf *b, const struct survey *v,
                        const struct survey_fact *f)
{
    buf_addf(b,
             "{\"id\":%lld,\"at\":%lld,\"end\":\"%s\",\"confidence\":%.4f,\"up\":%u,\"down\":%u,"
             "\"ticket\":%s,\"open\":%s,\"us\":%u,\"cluster\":%lld",
             (long long)f->id, (long long)f->at_ms, survey_ends[f->end], (double)f->confidence,
             f->up, f->down, f->why ? "true" : "false",
             f->why && f->state <= TICKET_CLAIMED ? "true" : "false", f->us,
             f->group == UINT32_MAX ? 0ll : (long long)v->fact[v->group[f->group].fact[0]].id);
    json_add_member(b, "channel", v->channel[f->channel]);
    int err = desk_survey_text(s, b, "question", f->id);
    buf_addc(b, '}');
    return err < 0 ? err : 0;
}

static int list_questions(struct store *s, struct desk_request *rq, const struct survey *v)
{
    struct stat_filter w;
    int64_t before = desk_number(rq, "before"), last = 0;
    size_t total = 0, n = 0;
    int err = read_filter(rq, v, &w);
    if (err)
        return err;
    buf_adds(&rq->body, "{\"ready\":true,\"questions\":[");
    for (size_t i = v->n; i-- > 0 && !err;) {
        const struct survey_fact *f = &v->fact[i];
        if (!stat_match(v, &w, f))
            continue;
        total++;
        if ((before && f->id >= before) || n++ >= PAGE)
            continue;
        if (n > 1)
            buf_addc(&rq->body, ',');
        err = add_question(s, &rq->body, v, f);
        last = f->id;
    }
    buf_addf(&rq->body, "],\"total\":%zu,\"at\":%lld,\"next\":%lld}", total, (long long)v->at_ms,
             (long long)(n > PAGE ? last : 0));
    return err;
}

int desk_questions(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, list_questions);
}

/* ---- all figures ------------------------------------------------------------------------------------------------------ */

static void add_days(struct buf *b, const struct stat *s)
{
    buf_adds(b, ",\"days\":[");
    for (size_t i = 0; i < s->ndays; i++) {
        const struct stat_day *d = &s->day[i];
        char date[DATE];
        date_text(d->day, date);
        buf_addf(b, "%s{\"day\":\"%s\",\"asked\":%u,\"up\":%u,\"down\":%u", i ? "," : "", date,
                 d->asked, d->up, d->down);
        for (int e = 0; e < SURVEY_TALK; e++)
            buf_addf(b, ",\"%s\":%u", survey_ends[e], d->end[e]);
        buf_addf(b, ",\"p50_us\":%u,\"p95_us\":%u,\"waits\":%u,\"wait50_s\":%u,\"wait95_s\":%u}",
                 d->p50_us, d->p95_us, d->waits, d->wait50_s, d->wait95_s);
    }
    buf_addc(b, ']');
}

static void add_heat(struct buf *b, const char *key, uint32_t heat[7][24])
{
    buf_addf(b, ",\"%s\":[", key);
    for (int day = 0; day < 7; day++) {
        buf_adds(b, day ? ",[" : "[");
        for (int hour = 0; hour < 24; hour++)
            buf_addf(b, "%s%u", hour ? "," : "", heat[day][hour]);
        buf_addc(b, ']');
    }
    buf_addc(b, ']');
}

/* Documents in the order of how often they are quoted. */
struct quoted {
    size_t document;
    struct stat_page page;
};

static int by_quoted(const void *a, const void *b)
{
    const struct quoted *x = a, *y = b;
    if (x->page.quoted != y->page.quoted)
        return x->page.quoted < y->page.quoted ? 1 : -1;
    return (x->document > y->document) - (x->document < y->document);
}

static size_t order_pages(struct pool *pool, const struct survey *v, const struct stat *s,
                          struct quoted **ret)
{
    struct quoted *q = pool_array(pool, v->ndocument, sizeof *q);
    size_t n = 0;
    for (size_t i = 0; i < v->ndocument; i++)
        if (s->page[i].quoted)
            q[n++] = (struct quoted){i, s->page[i]};
    qsort(q, n, sizeof *q, by_quoted);
    *ret = q;
    return n;
}

static void add_pages(struct buf *b, struct pool *pool, const struct survey *v,
                      const struct stat *s)
{
    struct quoted *q;
    size_t n = order_pages(pool, v, s, &q);
    buf_adds(b, ",\"pages\":[");
    for (size_t i = 0; i < n && i < PAGES; i++) {
        buf_addf(b, "%s{\"quoted\":%u,\"up\":%u,\"down\":%u", i ? "," : "", q[i].page.quoted,
                 q[i].page.up, q[i].page.down);
        json_add_member(b, "document", v->document[q[i].document].key);
        json_add_member(b, "title", v->document[q[i].document].title);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void add_marks(struct buf *b, const struct survey *v)
{
    buf_adds(b, ",\"published\":[");
    for (size_t i = 0; i < v->npublish; i++)
        buf_addf(b, "%s%lld", i ? "," : "", (long long)v->publish[i]);
    buf_addc(b, ']');
}

static int count(struct desk_request *rq, const struct survey *v, struct stat *ret)
{
    struct stat_filter w;
    int err = read_filter(rq, v, &w);
    if (err)
        return err;
    ret->page = pool_array(rq->pool, v->ndocument, sizeof *ret->page);
    stat_count(v, &w, ret);
    return 0;
}

static int show_all(struct store *store, struct desk_request *rq, const struct survey *v)
{
    struct stat s = {0};
    struct buf *b = &rq->body;
    int err = count(rq, v, &s);
    (void)store;
    if (err)
        return err;
    buf_addf(b,
             "{\"ready\":true,\"at\":%lld,\"asked\":%u,\"answered\":%u,\"rated\":%u,\"helpful\":%u,"
             "\"wanted\":%u,\"came\":%u,\"bins\":[",
             (long long)v->at_ms, s.asked, s.answered, s.rated, s.helpful, s.wanted, s.came);
    for (size_t i = 0; i < STAT_BINS; i++)
        buf_addf(b, "%s{\"asked\":%u,\"up\":%u,\"down\":%u}", i ? "," : "", s.bin[i].asked,
                 s.bin[i].up, s.bin[i].down);
    buf_addc(b, ']');
    add_days(b, &s);
    add_heat(b, "heat", s.heat);
    add_heat(b, "person", s.person);
    add_pages(b, rq->pool, v, &s);
    add_marks(b, v);
    buf_adds(b, ",\"channels\":[");
    for (size_t i = 0; i < v->nchannel; i++) {
        buf_adds(b, i ? "," : "");
        json_add_string(b, v->channel[i], strlen(v->channel[i]));
    }
    buf_adds(b, "]}");
    return 0;
}

int desk_insight(struct store *s, struct desk_request *rq)
{
    return desk_survey(s, rq, show_all);
}

/* ---- as tables ------------------------------------------------------------------------------------------------------------ */

/* Commas and line ends as RFC 4180 wants them; texts by kb_cell_write(), which no spreadsheet runs. */
static void row_days(FILE *out, const struct stat *s)
{
    fputs("day,asked,entry,extract,choices,none,person,helpful,not helpful\r\n", out);
    for (size_t i = 0; i < s->ndays; i++) {
        const struct stat_day *d = &s->day[i];
        char date[DATE];
        date_text(d->day, date);
        fprintf(out, "%s,%u,%u,%u,%u,%u,%u,%u,%u\r\n", date, d->asked, d->end[SURVEY_ENTRY],
                d->end[SURVEY_EXTRACT], d->end[SURVEY_CHOICES], d->end[SURVEY_NONE],
                d->end[SURVEY_PERSON], d->up, d->down);
    }
}

static void row_speed(FILE *out, const struct stat *s)
{
    fputs("day,answer p50 us,answer p95 us,waits,wait p50 s,wait p95 s\r\n", out);
    for (size_t i = 0; i < s->ndays; i++) {
        const struct stat_day *d = &s->day[i];
        char date[DATE];
        date_text(d->day, date);
        fprintf(out, "%s,%u,%u,%u,%u,%u\r\n", date, d->p50_us, d->p95_us, d->waits, d->wait50_s,
                d->wait95_s);
    }
}

static void row_bins(FILE *out, const struct stat *s)
{
    fputs("confidence from,asked,helpful,not helpful\r\n", out);
    for (size_t i = 0; i < STAT_BINS; i++)
        fprintf(out, "0.%zu,%u,%u,%u\r\n", i, s->bin[i].asked, s->bin[i].up, s->bin[i].down);
}

static void row_hours(FILE *out, const struct stat *s)
{
    static const char *const name[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    fputs("weekday,hour,asked,wanted a person\r\n", out);
    for (int day = 0; day < 7; day++)
        for (int hour = 0; hour < 24; hour++)
            fprintf(out, "%s,%d,%u,%u\r\n", name[day], hour, s->heat[day][hour],
                    s->person[day][hour]);
}

static void row_funnel(FILE *out, const struct stat *s)
{
    fprintf(out, "step,questions\r\nasked,%u\r\nanswered,%u\r\nrated,%u\r\nhelpful,%u\r\n",
            s->asked, s->answered, s->rated, s->helpful);
    fprintf(out, "wanted a person,%u\r\na person came,%u\r\n", s->wanted, s->came);
}

static void row_pages(FILE *out, struct pool *pool, const struct survey *v, const struct stat *s)
{
    struct quoted *q;
    size_t n = order_pages(pool, v, s, &q);
    fputs("document,title,quoted,helpful,not helpful\r\n", out);
    for (size_t i = 0; i < n; i++) {
        kb_cell_write(out, v->document[q[i].document].key);
        fputc(',', out);
        kb_cell_write(out, v->document[q[i].document].title);
        fprintf(out, ",%u,%u,%u\r\n", q[i].page.quoted, q[i].page.up, q[i].page.down);
    }
}

static void write_cell(void *ctx, const struct store_survey_turn *t)
{
    kb_cell_write(ctx, t->question);
}

static int row_clusters(FILE *out, struct store *store, const struct survey *v)
{
    fputs("question,asked,not answered,open tickets,wordings\r\n", out);
    for (size_t i = 0; i < v->ngroup; i++) {
        const struct survey_group *g = &v->group[i];
        int err = store_question(store, v->fact[g->label].id, write_cell, out);
        if (err && err != -ENOENT)
            return err;
        fprintf(out, ",%zu,%zu,%zu,%zu\r\n", g->n, g->nobody, g->open, g->wordings);
    }
    return 0;
}

static int write_table(FILE *out, const char *chart, struct store *store, struct desk_request *rq,
                       const struct survey *v, const struct stat *s)
{
    if (!strcmp(chart, "days"))
        row_days(out, s);
    else if (!strcmp(chart, "speed"))
        row_speed(out, s);
    else if (!strcmp(chart, "calibration"))
        row_bins(out, s);
    else if (!strcmp(chart, "hours"))
        row_hours(out, s);
    else if (!strcmp(chart, "funnel"))
        row_funnel(out, s);
    else if (!strcmp(chart, "pages"))
        row_pages(out, rq->pool, v, s);
    else if (!strcmp(chart, "clusters"))
        return row_clusters(out, store, v);
    else
        return -EINVAL;
    return 0;
}

static int take_away(struct store *store, struct desk_request *rq, const struct survey *v)
{
    const char *chart = desk_text(rq, "chart", MAX_WORD);
    struct stat s = {0};
    char *text = NULL;
    size_t len = 0;
    int err = count(rq, v, &s);
    if (err || !chart)
        return err ? err : -EINVAL;
    FILE *out = must(open_memstream(&text, &len));
    err = write_table(out, chart, store, rq, v, &s);
    if (fclose(out) && !err)
        err = -ENOMEM;
    if (!err)
        rq->out = pool_strndup(rq->pool, text, len);
    free(text);
    return err;
}

int desk_prepare_csv(struct store *s, struct desk_request *rq)
{
    int err = desk_survey(s, rq, take_away);
    return err || rq->out ? err : -EAGAIN; /* the first survey is being made */
}

int desk_insight_csv(struct store *s, struct desk_request *rq)
{
    const char *chart = desk_text(rq, "chart", MAX_WORD);
    buf_adds(&rq->body, rq->out);
    rq->type = "text/csv; charset=utf-8";
    rq->file = pool_printf(rq->pool, "%s.csv", chart);
    return desk_audit(s, rq, "insight.export", chart, NULL, NULL);
}
