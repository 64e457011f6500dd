/* month_topic.c: what people of the generated month ask about. Three sorts:
 *
 *   known    an entry of the guides, in the words of its question, aliases and tests
 *   read     a heading of the guides, behind one of a few openings
 *   missing  things of a school's everyday life that the guides say nothing about
 *
 * Few are asked often and many seldom, as Zipf found; some come up in the course of the month and grow. How it is typed is
 * thrown for each question anew: in small letters, in a hurry, with slips of the fingers. */
#include "tests/bench/staff/month.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kb/entries.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define DAYS      30
#define LENGTH(a) (sizeof(a) / sizeof *(a))

static const char *const openings[] = {
    "what about %s",           "tell me about %s", "%s", "where do i read on %s", "more on %s",
    "i want to know about %s", "explain %s please"};

/* Things one gets, loses and renews; events one comes to: a subject each. */
static const char *const things[] = {"parking permit",   "student id card",   "meal plan",
                                     "bus pass",         "library card",      "locker key",
                                     "laundry room",     "transcript copy",   "diploma frame",
                                     "campus map",       "wifi password",     "printer quota",
                                     "lab coat rental",  "textbook voucher",  "graduation gown",
                                     "bike rack",        "gym membership",    "vending machine",
                                     "prayer room",      "sick note",         "payment plan",
                                     "emergency loan",   "stipend",           "tuition refund",
                                     "veterans benefit", "childcare place",   "dorm room",
                                     "summer sublet",    "guest parking",     "alumni discount",
                                     "work study job",   "visa letter",       "enrollment letter",
                                     "deferral form",    "leave of absence",  "grade appeal",
                                     "late fee waiver",  "immunization form", "scholarship letter",
                                     "tax form 1098"};
static const char *const getting[] = {"how do i get a %s",     "where do i apply for a %s",
                                      "do you have a %s",      "is there a %s",
                                      "who do i ask for a %s", "i need a %s",
                                      "can i get a %s online", "%s?"};
static const char *const losing[] = {"i lost my %s",
                                     "my %s is gone, what now",
                                     "lost %s",
                                     "how do i replace a lost %s",
                                     "someone stole my %s",
                                     "can i have a second %s, the first is lost"};
static const char *const lasting[] = {"when does my %s run out",  "how do i renew my %s",
                                      "is my %s still valid",     "%s renewal",
                                      "my %s runs out next week", "do i have to renew the %s"};
static const char *const events[] = {
    "open day",           "orientation week",    "blood drive",   "career fair",
    "info evening",       "campus tour",         "spring break",  "final exams",
    "graduation party",   "flu shot clinic",     "fire drill",    "transfer fair",
    "mock interview day", "phlebotomy workshop", "resume clinic", "parents weekend",
    "sports tryouts",     "book sale",           "snow closure",  "power outage"};
static const char *const event_dates[] = {
    "when is the %s", "what date is the %s",     "is the %s this week",
    "%s when",        "is there a %s this year", "do you know the date of the %s"};
static const char *const event_joins[] = {
    "how do i sign up for the %s",    "do i have to come to the %s",
    "can i bring friends to the %s",  "%s sign up",
    "where do i register for the %s", "is the %s only for students"};

static struct topic *add_topic(struct topics *t)
{
    return POOL_PUSH(t->pool, t->topic, t->n, t->cap);
}

static void add_wording(struct topics *t, struct topic *it, const char *s)
{
    if (s && *s && strlen(s) < 200)
        *POOL_PUSH(t->pool, it->say, it->n, it->cap) = pool_strdup(t->pool, s);
}

static void add_known(struct topics *t, const struct kb_curated *e)
{
    struct topic *it = add_topic(t);
    add_wording(t, it, e->question);
    for (size_t i = 0; i < e->list[KB_AKA].n; i++)
        add_wording(t, it, e->list[KB_AKA].s[i]);
    for (size_t i = 0; i < e->list[KB_TESTS].n; i++)
        add_wording(t, it, e->list[KB_TESTS].s[i]);
}

/* "Title: heading" of a guide's passage. */
static void add_read(void *ctx, const char *text, bool entry)
{
    struct topics *t = ctx;
    const char *heading = NULL;
    for (const char *s = text; (s = strstr(s, ": ")); s += 2)
        heading = s;
    if (entry || !heading)
        return;
    struct topic *it = add_topic(t);
    char *low = pool_strdup(t->pool, heading + 2);
    for (char *c = low; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (size_t i = 0; i < LENGTH(openings); i++) {
        char said[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(said, sizeof said, openings[i], low);
#pragma GCC diagnostic pop
        add_wording(t, it, said);
    }
}

static void add_missing(struct topics *t, const char *what, const char *const *frame, size_t n)
{
    struct topic *it = add_topic(t);
    for (size_t i = 0; i < n; i++) {
        char said[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(said, sizeof said, frame[i], what);
#pragma GCC diagnostic pop
        add_wording(t, it, said);
    }
}

/* `from` on, in an order of their own: the i-th most asked one has 1 / (i + 3) of `share`. */
static void weigh(struct topics *t, size_t from, double share, struct dice *dice)
{
    double all = 0;
    for (size_t i = t->n; i > from + 1; i--) { /* Fisher and Yates */
        size_t k = from + dice_below(dice, i - from);
        struct topic x = t->topic[i - 1];
        t->topic[i - 1] = t->topic[k];
        t->topic[k] = x;
    }
    for (size_t i = from; i < t->n; i++)
        all += t->topic[i].weight = 1 / (double)(i - from + 3);
    for (size_t i = from; i < t->n; i++)
        t->topic[i].weight *= share / all;
}

/* Some of what is missing is news: it comes up, and grows for a few days. */
static void make_news(struct topics *t, size_t from, struct dice *dice)
{
    for (size_t i = from; i < t->n; i += 5) {
        struct topic *it = &t->topic[i];
        it->first = 8 + (int)dice_below(dice, DAYS - 11);
        it->peak = it->first + 2 + (int)dice_below(dice, 6);
        it->weight *= 3;
    }
}

void topics_make(struct topics *t, const char *guides, const char *db, struct dice *dice)
{
    const char *path[] = {guides};
    struct kb_sources src = {.path = path, .n = 1};
    struct kb_entries entries = {.pool = t->pool};
    struct kb_report report = {0};
    struct kb *kb;
    if (kb_entries_of(&src, &entries, &report))
        die("the guides cannot be read", guides);
    for (size_t i = 0; i < entries.n; i++)
        add_known(t, &entries.entry[i]);
    kb_report_release(&report);
    weigh(t, 0, 0.66, dice);
    size_t from = t->n;
    if (kb_open(db, &kb))
        die("there is no index", db);
    kb_offers(kb, NULL, add_read, t);
    kb_close(kb);
    weigh(t, from, 0.16, dice);
    from = t->n;
    for (size_t i = 0; i < LENGTH(things); i++) {
        add_missing(t, things[i], getting, LENGTH(getting));
        add_missing(t, things[i], losing, LENGTH(losing));
        add_missing(t, things[i], lasting, LENGTH(lasting));
    }
    for (size_t i = 0; i < LENGTH(events); i++) {
        add_missing(t, events[i], event_dates, LENGTH(event_dates));
        add_missing(t, events[i], event_joins, LENGTH(event_joins));
    }
    weigh(t, from, 0.18, dice);
    make_news(t, from, dice);
}

static double weight_on(const struct topic *t, int day)
{
    if (day < t->first)
        return 0;
    if (!t->peak)
        return t->weight;
    double off = (double)(day - t->peak) / 3;
    return t->weight * (0.15 + 4 * exp(-off * off));
}

const struct topic *topics_draw(const struct topics *t, int day, struct dice *dice)
{
    double all = 0;
    for (size_t i = 0; i < t->n; i++)
        all += weight_on(&t->topic[i], day);
    double at = dice_share(dice) * all;
    for (size_t i = 0; i < t->n; i++)
        if ((at -= weight_on(&t->topic[i], day)) < 0 && t->topic[i].n)
            return &t->topic[i];
    return &t->topic[0];
}

/* ---- fingers -------------------------------------------------------------------------------------------------- */

/* One letter of a word of five and more: dropped, doubled, or changed with the next. */
static void slip(char *s, struct dice *dice)
{
    size_t n = strlen(s), at = dice_below(dice, n);
    while (at && s[at - 1] != ' ')
        at--;
    size_t word = strcspn(s + at, " ?!.,");
    if (word < 5)
        return;
    char *c = s + at + 1 + dice_below(dice, word - 2);
    size_t rest = strlen(c);
    if ((unsigned char)c[0] >= 0x80 || (unsigned char)c[1] >= 0x80)
        return;
    switch (dice_below(dice, 3)) {
    case 0: memmove(c, c + 1, rest); break;
    case 1: memmove(c + 1, c, rest + 1); break;
    default:
        if (isalpha((unsigned char)c[1])) {
            char x = c[0];
            c[0] = c[1];
            c[1] = x;
        }
    }
}

const char *topic_say(const struct topic *t, struct dice *dice, struct pool *pool)
{
    static const char *const before[] = {
        "hi ", "hello, ", "hey ", "quick question: ", "please ", "um "};
    static const char *const behind[] = {" please", " thanks", " pls", "??", " thx", " asap"};
    /* The first wording is the one that most have in mind. */
    size_t i = dice_share(dice) < 0.25 ? 0 : dice_below(dice, t->n);
    double p = dice_share(dice), q = dice_share(dice), r = dice_share(dice);
    size_t room = strlen(t->say[i]) + 40;
    char *s = pool_alloc(pool, room);
    snprintf(s, room, "%s%s%s", p < 0.06 ? before[dice_below(dice, 6)] : "", t->say[i],
             p > 0.94 ? behind[dice_below(dice, 6)] : "");
    if (q < 0.55)
        for (char *c = s; *c; c++)
            *c = (char)((unsigned char)*c < 0x80 ? tolower((unsigned char)*c) : *c);
    size_t n = strlen(s);
    if (n && s[n - 1] == '?' && q < 0.5)
        s[n - 1] = 0;
    else if (n && isalnum((unsigned char)s[n - 1]) && q > 0.8)
        memcpy(s + n, "?", 2);
    if (r < 0.14)
        slip(s, dice);
    if (r < 0.03)
        slip(s, dice);
    return s;
}
