/* answer.c: what is said. kb_ask() finds and measures; here its band becomes one of five kinds of
 * reply:
 *
 *   answer    band high: an entry's answer, alone; or the best extract of a guide, and further ones
 *             that are nearly as sure and add to it
 *   choices   band medium: the nearest extract under an honest lead, at most three "did you mean"
 *   none      band none: that we do not know, which words are new to us, where to go instead
 *   chitchat  a message that is nothing but small talk (smalltalk.c)
 *   handoff   the same, asking for a person
 *
 * Every sentence about careers is the owner's, quoted; the few sentences of our own are about the
 * bot itself and stand in this file. No second guessing of the ranking: if an answer is wrong, the
 * remedy is in the content or in kb/, not in a rule here. */
#include "bot/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/clock.h"
#include "bot/compound.h"
#include "bot/decline.h"
#include "bot/extracts.h"
#include "bot/limits.h"
#include "bot/more.h"
#include "bot/offer.h"
#include "bot/session.h"
#include "bot/smalltalk.h"

#define DAY_S      86400
#define HITS       6    /* looked at for one reply */
#define ALL_OF_IT  0.95 /* of a question's words */
#define HALF_OF_IT 0.5
#define PART_FRAME                                                                                 \
    90 /* code points around each of several answers: blank lines, a sentence of ours */
#define PART_LEAST 350 /* code points that are kept for each answer that is still to come */

struct answerer {
    char *db;
    const struct smalltalk *talk;
    struct kb *kb; /* NULL while there is none */
    ino_t file;    /* of kb */
    bool wants_index;

    /* How the reply under way came about */
    long long
        generation; /* of the index; -1: the guides were not asked, -2: they changed meanwhile */
    bool leaned;    /* what was said before may have had a part in it */
};

static bool is_mendable(int err)
{
    return err == KB_ERR_DAMAGED || err == KB_ERR_OLDER;
}

/* The base as it is now: opened when it is first there, and again when its file was replaced. */
static int ready(struct answerer *a)
{
    if (a->kb && !kb_stale(a->kb))
        return KB_OK;
    struct kb *fresh = NULL;
    int err = kb_open(a->db, &fresh);
    a->wants_index |= is_mendable(err);
    if (err && a->kb)
        return KB_OK; /* what we have still answers; the new file may be half way */
    if (err)
        return err;
    if (a->kb)
        kb_close(a->kb);
    a->kb = fresh;
    struct stat st;
    a->file = stat(a->db, &st) ? 0 : st.st_ino;
    return KB_OK;
}

int answerer_open(const char *db, const struct smalltalk *talk, struct answerer **ret)
{
    struct answerer *a = calloc(1, sizeof *a);
    char *path = strdup(db);
    if (!a || !path) {
        free(a);
        free(path);
        return KB_ERR_NOMEM;
    }
    *a = (struct answerer){.db = path, .talk = talk};
    (void)ready(a); /* now, so that a base which is deleted later has been seen */
    *ret = a;
    return KB_OK;
}

void answerer_close(struct answerer *a)
{
    if (!a)
        return;
    if (a->kb)
        kb_close(a->kb);
    free(a->db);
    free(a);
}

void answerer_set_smalltalk(struct answerer *a, const struct smalltalk *talk)
{
    a->talk = talk;
}

struct kb *answerer_kb(struct answerer *a)
{
    return ready(a) ? NULL : a->kb;
}

bool answerer_wants_index(struct answerer *a)
{
    bool wanted = a->wants_index;
    a->wants_index = false;
    if (a->kb && (kb_wants_index(a->kb) || (access(a->db, F_OK) && errno == ENOENT)))
        wanted = true; /* what was deleted still answers, but not after the next start */
    return wanted;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

/* Whether asking for a person gets one: the operator's small talk decides. */
static bool has_person(const struct answerer *a)
{
    static const char wish[] = "human";
    const struct talk *talk = smalltalk_match(a->talk, wish, sizeof wish - 1);
    return talk && talk->person == PERSON_WANTED;
}

/* "7" where the list had three: no question, and no reason to take the list away. */
static void decline_number(const struct question *q, struct reply *r)
{
    r->kind = REPLY_NONE;
    r->band = KB_NONE;
    r->confidence = 0;
    r->text = q->nbefore ? "That number is not on my list. Pick another one, or ask in words."
                         : "I have not offered a list yet. Please ask in words.";
}

static void decline(struct answerer *a, const struct question *q, const struct kb_hits *hits,
                    struct pool *pool, struct reply *r)
{
    r->kind = REPLY_NONE;
    r->text = decline_text(pool, pool_strndup(pool, q->text, q->len), hits, has_person(a));
    if (hits->confidence > 0)
        r->nsuggestion =
            offer_hits(pool, hits, true, r->suggestion, r->suggestion_key, 0, MAX_SUGGESTIONS - 1);
    offer_topics(a->kb, q, pool, r);
}

/* A bare number that session_recall() found on no list. */
static bool is_number(struct pool *pool, const struct question *q)
{
    return session_is_number(pool_strndup(pool, q->text, q->len));
}

static void answer_hits(struct answerer *a, const struct question *q, const struct kb_hits *hits,
                        struct pool *pool, struct reply *r)
{
    if (hits->band < KB_HIGH && is_number(pool, q)) {
        decline_number(q, r);
        return;
    }
    if (hits->band == KB_HIGH)
        extracts_quote(pool, hits, "", r);
    else if (hits->band == KB_MEDIUM)
        extracts_quote(pool, hits, decline_lead(pool, pool_strndup(pool, q->text, q->len), hits),
                       r);
    if (!r->nanswer) { /* also when nothing of the extract is readable */
        decline(a, q, hits, pool, r);
        return;
    }
    r->kind = hits->band == KB_HIGH ? REPLY_ANSWER : REPLY_CHOICES;
    if (r->kind == REPLY_CHOICES)
        r->nchoice = offer_hits(pool, hits, false, r->choice, r->choice_key, 0, MAX_CHOICES);
    else
        offer_followups(a->kb, q, r->answer[0].passage, pool, r);
}

static void take_facts(const struct kb_hits *hits, struct reply *r)
{
    r->corrected = hits->corrected;
    r->ncorrected = hits->ncorrected;
    r->unknown = hits->unknown;
    r->nunknown = hits->nunknown;
    r->confidence = hits->confidence;
    r->band = hits->band;
}

/* The reply points into the hits, so they end with it. */
static void keep(struct pool *pool, struct kb_hits *hits, struct reply *r)
{
    if (!hits->pool)
        return;
    if (hits->why && r->nwhy < MAX_PARTS)
        r->why[r->nwhy++] = hits->why;
    pool_adopt(pool, hits->pool);
    hits->pool = NULL;
}

/* `text` on behalf of a question, behind what was said before. On failure *ret is empty. */
static int ask_kb(struct answerer *a, const struct question *q, const char *text,
                  const char *const *before, size_t nbefore, struct kb_hits *ret)
{
    struct kb_ask ask = {.text = text,
                         .len = strlen(text),
                         .before = before,
                         .nbefore = nbefore,
                         .chosen = q->chosen,
                         .topic = q->topic,
                         .topic_age = q->topic_age,
                         .lang = q->lang,
                         .audience = q->audience,
                         .max = HITS,
                         .as_sure = NEARLY_AS_SURE,
                         .as_likely = AS_LIKELY,
                         .explain = q->explain};
    *ret = (struct kb_hits){0};
    int err = a->kb ? KB_OK : ready(a);
    if (err)
        return err;
    err = kb_ask(a->kb, &ask, ret);
    if (err) { /* whatever is wrong with this handle, the next question starts with a fresh one */
        kb_close(a->kb);
        a->kb = NULL;
        a->wants_index |= is_mendable(err);
        return err;
    }
    a->generation = a->generation == -1 || a->generation == ret->generation ? ret->generation : -2;
    a->leaned |= ret->leaned;
    return KB_OK;
}

/* ---- several questions in one message ------------------------------------------------------------ */

struct parts {
    const char *text[MAX_PARTS];
    struct kb_hits hits[MAX_PARTS];
    size_t n, sure, maybe; /* how many have an answer; an answer or a "did you mean" */
    bool halves;           /* of one question: "X and Y" */
};

/* Ask each, those behind the first with what was asked before them: "and how long does it take?" A first part such as
 * "how long" is about what the second names. */
static int ask_parts(struct answerer *a, const struct question *q, const char **before,
                     size_t nbefore, struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t more = p->halves ? 0 : i;
        for (size_t k = 0; k < more; k++)
            before[nbefore + k] = p->text[k];
        if (!i && compound_is_stub(p->text[0]))
            before[nbefore + more++] = p->text[1];
        int err = ask_kb(a, q, p->text[i], before, nbefore + more, &p->hits[i]);
        if (err)
            return err;
        p->sure += p->hits[i].band == KB_HIGH;
        p->maybe += p->hits[i].band >= KB_MEDIUM;
    }
    return KB_OK;
}

/* The one passage says both: "salary and job outlook" under a heading of that name. */
static bool has_both(const struct kb_hits *whole)
{
    double has = 0;
    if (whole->band != KB_HIGH)
        return false;
    for (size_t i = 0; i < whole->nword; i++)
        if (whole->hit[0].has >> i & 1)
            has += whole->word[i];
    return whole->hit[0].told >= ALL_OF_IT || has >= ALL_OF_IT;
}

/* Whether the parts are answered depends on what the message as a whole has: as one question it may fail for the sake of one
 * part, and may not for two halves. */
static bool needs_whole(const struct parts *p)
{
    return p->halves || (!p->sure && p->maybe && p->maybe < p->n);
}

static bool are_two(const struct parts *p, const struct kb_hits *whole)
{
    if (!p->halves)
        return p->sure > 0 || p->maybe == p->n || (p->maybe > 0 && whole->band == KB_NONE);
    return p->maybe == p->n && !has_both(whole) &&
           strcmp(p->hits[0].hit[0].passage, p->hits[1].hit[0].passage) != 0;
}

/* The best extract of each part in their order, and for those without one that there is none. */
static void quote_parts(struct pool *pool, struct parts *p, struct reply *r)
{
    size_t left = MAX_ANSWER_CHARS - p->n * PART_FRAME;
    const char *missing = "";
    size_t first = 0;
    while (first + 1 < p->n && p->hits[first].band == KB_NONE)
        first++;
    r->answer = pool_array(pool, MAX_EXTRACTS, sizeof *r->answer);
    r->text = p->sure ? "" : decline_lead(pool, p->text[first], &p->hits[first]);
    r->confidence = 1;
    for (size_t i = 0; i < p->n; i++) {
        const struct kb_hits *hits = &p->hits[i];
        if (hits->band == KB_NONE) {
            if (hits->confidence > 0 || hits->nunknown) /* else it asked nothing: "can you help?" */
                missing = pool_printf(pool, "%s\n\nOn \"%s\" I found nothing.", missing,
                                      extracts_fit(pool, p->text[i], PART_FRAME - 24));
            continue;
        }
        if (hits->confidence < r->confidence)
            r->confidence = hits->confidence;
        size_t used = strlen(r->text),
               kept = (p->n - 1 - i) * (left / p->n < PART_LEAST ? left / p->n : PART_LEAST);
        extracts_add(pool, hits, left - kept, r);
        used = strlen(r->text) - used;
        left -= used < left ? used : left;
    }
    r->text = pool_printf(pool, "%s%s", r->text, missing);
}

/* Several questions in one message: each is answered. False, and nothing done, when it is one question after all, or none
 * of them has an answer. `before` has room for the parts, *ret_err says what failed. */
static bool answer_parts(struct answerer *a, const struct question *q, const char *text,
                         const char **before, size_t nbefore, struct pool *pool, struct reply *r,
                         int *ret_err)
{
    struct parts p = {0};
    struct kb_hits whole = {0};
    p.n = compound_split(pool, text, strlen(text), p.text);
    if (!p.n) {
        p.n = compound_halves(pool, text, strlen(text), p.text);
        p.halves = true;
    }
    *ret_err = p.n ? ask_parts(a, q, before, nbefore, &p) : KB_OK;
    if (p.n && !*ret_err && needs_whole(&p))
        *ret_err = ask_kb(a, q, text, before, nbefore, &whole);
    bool two = p.n && !*ret_err && are_two(&p, &whole);
    if (two) {
        take_facts(&p.hits[0], r);
        quote_parts(pool, &p, r);
    }
    kb_hits_release(&whole);
    for (size_t i = 0; i < p.n; i++)
        if (two && r->nanswer)
            keep(pool, &p.hits[i], r);
        else
            kb_hits_release(&p.hits[i]);
    if (!two || !r->nanswer)
        return false;
    r->kind = p.sure ? REPLY_ANSWER : REPLY_CHOICES;
    r->band = p.sure ? KB_HIGH : KB_MEDIUM;
    for (size_t i = 0; i < p.n && !p.sure; i++) {
        struct kb_hits best = p.hits[i];
        best.n = best.n > 0 && best.band > KB_NONE;
        r->nchoice =
            offer_hits(pool, &best, false, r->choice, r->choice_key, r->nchoice, MAX_CHOICES);
    }
    if (p.sure)
        offer_followups(a->kb, q, r->answer[0].passage, pool, r);
    return true;
}

/* ---- whom else it serves ------------------------------------------------------------------------------ */

/* Which guides it was made from: this file, in this state, on this day (texts expire). 0: nobody else may have it. */
static uint64_t edition_of(const struct answerer *a, long long day)
{
    static const uint64_t odd = 0x9e3779b97f4a7c15u; /* spreads neighbouring numbers */
    if (a->generation < 0)
        return 0;
    uint64_t edition = (((uint64_t)a->file * odd) + (uint64_t)a->generation) * odd + (uint64_t)day;
    return edition ? edition : 1;
}

/* Whether somebody else who asks in the same words gets this reply (heard.h), and whether only behind the same conversation. "More"
 * and numbers are nothing that one asks. */
static void mark(const struct answerer *a, const struct question *q, size_t nbefore, long long day,
                 struct pool *pool, struct reply *r)
{
    r->anywhere = nbefore && !a->leaned;
    if (!q->explain && !more_wanted(q->text, q->len) && !is_number(pool, q))
        r->edition = edition_of(a, day);
}

/* ---- one message ------------------------------------------------------------------------------------ */

/* What is left of a passage need not have to do with the question. True: it has a word of it, or stands under a heading that
 * has most. */
static bool goes_on(const struct kb_hit *hit)
{
    return hit->has || hit->told >= HALF_OF_IT;
}

static size_t only_going_on(struct kb_hit *hit, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (goes_on(&hit[i]))
            hit[left++] = hit[i];
    return left;
}

/* "More": the last question again, without what was quoted for it. */
static int answer_more(struct answerer *a, const struct question *q, struct pool *pool,
                       struct reply *r)
{
    struct kb_ask ask = {.text = q->asked,
                         .len = strlen(q->asked),
                         .before = q->before,
                         .nbefore = q->nbefore > 1 ? q->nbefore - 1 : 0,
                         .topic = q->topic,
                         .skip = q->quoted,
                         .nskip = q->nquoted,
                         .lang = q->lang,
                         .audience = q->audience,
                         .max = HITS,
                         .as_sure = NEARLY_AS_SURE,
                         .as_likely = AS_LIKELY,
                         .explain = q->explain};
    struct kb_hits hits;
    int err = kb_ask(a->kb, &ask, &hits);
    if (err)
        return err;
    r->continued = true;
    take_facts(&hits, r);
    hits.n = only_going_on(hits.hit, hits.n);
    if (hits.band > KB_NONE)
        extracts_quote(pool, &hits, "", r);
    keep(pool, &hits, r);
    r->kind = r->nanswer ? REPLY_ANSWER : REPLY_NONE;
    r->band = r->nanswer ? KB_HIGH : KB_NONE;
    if (!r->nanswer)
        r->text = "That is all that I have on this.";
    if (q->topic)
        offer_followups(a->kb, q, q->topic, pool, r);
    return KB_OK;
}

static int ask_content(struct answerer *a, const struct question *q, struct pool *pool,
                       struct reply *r)
{
    const char **before = pool_array(pool, q->nbefore + MAX_PARTS, sizeof *before);
    const char *text = pool_strndup(pool, q->text, q->len);
    size_t nbefore = 0;
    struct kb_hits hits = {0};
    bool alone = is_number(pool, q);
    long long day = (long long)time(NULL) / DAY_S;
    int err;
    if (q->asked && more_wanted(q->text, q->len))
        return answer_more(a, q, pool, r);
    for (size_t i = 0; i < q->nbefore && !alone; i++) /* "thanks" is no context */
        if (!smalltalk_match(a->talk, q->before[i], strlen(q->before[i])))
            before[nbefore++] = q->before[i];
    if (!q->chosen && answer_parts(a, q, text, before, nbefore, pool, r, &err)) {
        mark(a, q, nbefore, day, pool, r);
        return KB_OK;
    }
    err = ask_kb(a, q, text, before, nbefore, &hits);
    if (err)
        return err;
    take_facts(&hits, r);
    answer_hits(a, q, &hits, pool, r);
    keep(pool, &hits, r);
    mark(a, q, nbefore, day, pool, r);
    return KB_OK;
}

static void chat(struct answerer *a, const struct question *q, const struct talk *talk,
                 struct pool *pool, struct reply *r)
{
    r->kind = talk->person == PERSON_WANTED && !q->unattended ? REPLY_HANDOFF : REPLY_CHITCHAT;
    r->text = extracts_fit(pool, pool_strdup(pool, talk->reply), MAX_ANSWER_CHARS);
    r->person = talk->person;
    if (talk->called)
        r->called = extracts_fit(pool, pool_strdup(pool, talk->called), MAX_ANSWER_CHARS);
    if (talk->topics && !ready(a))
        offer_topics(a->kb, q, pool, r);
}

static struct reply blank(struct pool *pool)
{
    return (struct reply){.kind = REPLY_NONE,
                          .text = "",
                          .choice = pool_array(pool, MAX_CHOICES, sizeof(char *)),
                          .choice_key = pool_array(pool, MAX_CHOICES, sizeof(char *)),
                          .suggestion = pool_array(pool, MAX_SUGGESTIONS, sizeof(char *)),
                          .suggestion_key = pool_array(pool, MAX_SUGGESTIONS, sizeof(char *)),
                          .why = pool_array(pool, MAX_PARTS, sizeof(struct kb_why *))};
}

void answer_sorry(struct pool *pool, struct reply *ret)
{
    *ret = blank(pool);
    ret->text = "Sorry, something went wrong on my side, and I could not look for an answer. "
                "Please ask again in a moment.";
}

int answer_make(struct answerer *a, const struct question *q, struct pool *pool, struct reply *ret)
{
    uint64_t began = clock_us();
    struct reply r = blank(pool);
    const struct talk *talk = smalltalk_match(a->talk, q->text, q->len);
    int err = KB_OK;
    a->generation = -1;
    a->leaned = false;
    if (talk) {
        chat(a, q, talk, pool, &r);
    } else {
        err = ready(a);
        if (!err)
            err = ask_content(a, q, pool, &r);
        if (err)
            answer_sorry(pool, &r);
        if (err == KB_ERR_ABSENT)
            r.text =
                "I am not ready yet: my guides are still being read. Please ask again in a moment.";
    }
    r.us = (long long)(clock_us() - began);
    *ret = r;
    return err;
}
