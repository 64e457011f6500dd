/* review_dates.c: text whose time is over, or nearly; follow-ups that lead to such text; text that nobody has looked at
 * for long. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kb/review.h"

#define SOON_DAYS 14
#define LONG_DAYS 365

/* Days from one date to another, both YYYY-MM-DD. */
static long days_between(const char *from, const char *to)
{
    struct tm a = {0}, b = {0};
    if (sscanf(from, "%d-%d-%d", &a.tm_year, &a.tm_mon, &a.tm_mday) != 3 ||
        sscanf(to, "%d-%d-%d", &b.tm_year, &b.tm_mon, &b.tm_mday) != 3)
        return 0;
    a.tm_year -= 1900, a.tm_mon--;
    b.tm_year -= 1900, b.tm_mon--;
    return (long)((timegm(&b) - timegm(&a)) / 86400);
}

/* One line for a document whose passages all end on one day: this is the first of them. */
static bool leads(const struct review *rv, size_t i, bool reviewed)
{
    const struct review_passage *p = &rv->p[i];
    for (size_t k = i; k--;) {
        const struct review_passage *before = &rv->p[k];
        if (strcmp(before->document, p->document) != 0)
            break;
        if (!strcmp(reviewed ? before->reviewed : before->until, reviewed ? p->reviewed : p->until))
            return false;
    }
    return true;
}

static const char *name_of(const struct review_passage *p)
{
    return *p->id ? p->id : *p->title ? p->title : p->key;
}

static void check_until(struct review *rv, size_t i)
{
    const struct review_passage *p = &rv->p[i];
    if (!*p->until || (!p->entry && !leads(rv, i, false)))
        return;
    long left = days_between(rv->today, p->until);
    if (left < 0) {
        review_add(rv, p, "%s has expired: its last day was %s", name_of(p), p->until);
        kb_report_remedy(rv->report, "expired",
                         "bring it up to date and move valid_until, or delete it");
    } else if (left <= SOON_DAYS) {
        review_add(rv, p, "%s expires %s%ld day%s: its last day is %s", name_of(p),
                   left ? "in " : "today, in ", left, left == 1 ? "" : "s", p->until);
        kb_report_remedy(rv->report, "expires",
                         "bring it up to date and move valid_until before it falls silent");
    }
}

static void check_reviewed(struct review *rv, size_t i)
{
    const struct review_passage *p = &rv->p[i];
    if (!*p->reviewed || review_expired(rv, p) || !leads(rv, i, true))
        return;
    long ago = days_between(p->reviewed, rv->today);
    if (ago > LONG_DAYS) {
        review_add(rv, p, "was last reviewed on %s, %ld days ago", p->reviewed, ago);
        kb_report_remedy(rv->report, "reviewed", "read it again and set reviewed: %s", rv->today);
    } else if (ago < -1) { /* a day ahead is a time zone */
        review_add(rv, p, "was reviewed on %s, which is still to come", p->reviewed);
        kb_report_remedy(rv->report, "reviewed", "set reviewed: to the day it was read");
    }
}

static void check_followups(struct review *rv, const struct names *entries, size_t i)
{
    const struct review_passage *p = &rv->p[i];
    cJSON *list = cJSON_Parse(p->followups), *id;
    cJSON_ArrayForEach(id, list)
    {
        const struct name_place *at =
            cJSON_IsString(id) ? names_find(entries, id->valuestring) : NULL;
        if (!at || !review_expired(rv, &rv->p[at->line]))
            continue;
        review_add(rv, p, "the follow-up %s has expired (%s:%zu) and is not shown", id->valuestring,
                   rv->p[at->line].file, rv->p[at->line].line);
        kb_report_remedy(rv->report, "followup", "name another entry, or renew that one");
    }
    cJSON_Delete(list);
}

void review_dates(struct review *rv)
{
    struct names entries = {0};
    for (size_t i = 0; i < rv->n; i++)
        if (*rv->p[i].id)
            names_claim(&entries, rv->pool, (struct name_place){.name = rv->p[i].id, .line = i});
    for (size_t i = 0; i < rv->n; i++) {
        check_until(rv, i);
        check_reviewed(rv, i);
        check_followups(rv, &entries, i);
    }
}
