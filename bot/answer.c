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

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bot/clock.h"
#include "bot/compound.h"
#include "bot/decline.h"
#include "bot/limits.h"
#include "bot/session.h"
#include "bot/smalltalk.h"

#define HITS           6    /* looked at for one reply */
#define MAX_EXTRACTS   3    /* quoted in one reply */
#define NEARLY_AS_SURE 0.55 /* of the best extract's confidence: less is not quoted beside it */
#define ROOM_FOR_MORE  450  /* code points after which no further extract is begun: people skim */
#define SAME_WORDS     0.6 /* share of an extract's words that were said already: it adds nothing */

struct answerer {
    char *db;
    const struct smalltalk *talk;
    struct kb *kb; /* NULL while there is none */
    bool wants_index;
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

/* ---- text ------------------------------------------------------------------------------------ */

static size_t chars(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* Where `s` may be cut to at most `max` code points: behind a line or a sentence if one ends in the
 * second half, else between words. */
static size_t cut_at(const char *s, size_t max, bool *ret_midway)
{
    size_t i = 0, n = 0, line = 0, sentence = 0, word = 0;
    for (; s[i] && n <= max; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80 && n++ == max)
            break;
        if (s[i] == '\n')
            line = i;
        if (isspace((unsigned char)s[i])) {
            word = i;
            if (i && strchr(".!?", s[i - 1]))
                sentence = i;
        }
    }
    size_t best = line > sentence ? line : sentence;
    *ret_midway = best < i / 2;
    return best >= i / 2 ? best : word ? word : i;
}

static const char *fit(struct pool *pool, const char *s, size_t max)
{
    bool midway;
    if (chars(s) <= max)
        return s;
    size_t at = cut_at(s, max - 2, &midway);
    while (at && isspace((unsigned char)s[at - 1]))
        at--;
    return pool_printf(pool, "%.*s%s", (int)at, s, midway ? " …" : "");
}

/* Next word of letters and digits at *pos, or NULL. */
static const char *next_word(const char *s, size_t *pos, size_t *ret_len)
{
    while (s[*pos] && !isalnum((unsigned char)s[*pos]) && (unsigned char)s[*pos] < 0x80)
        (*pos)++;
    const char *word = s + *pos;
    while (isalnum((unsigned char)s[*pos]) || (unsigned char)s[*pos] >= 0x80)
        (*pos)++;
    *ret_len = (size_t)(s + *pos - word);
    return *ret_len ? word : NULL;
}

static bool has_word(const char *s, const char *word, size_t len)
{
    size_t pos = 0, n;
    for (const char *w; (w = next_word(s, &pos, &n));)
        if (n == len && !strncasecmp(w, word, len))
            return true;
    return false;
}

/* The share of `s`'s longer words that `said` has too. */
static double said_already(const char *s, const char *said)
{
    size_t pos = 0, len, n = 0, again = 0;
    for (const char *w; (w = next_word(s, &pos, &len));) {
        if (len < 4 && !isdigit((unsigned char)*w))
            continue;
        n++;
        again += has_word(said, w, len);
    }
    return n ? (double)again / (double)n : 1;
}

/* ---- extracts -------------------------------------------------------------------------------- */

static void copy_hit(struct pool *pool, const struct kb_hit *from, struct kb_hit *to)
{
    *to = *from;
    to->passage = pool_strdup(pool, from->passage);
    to->document = pool_strdup(pool, from->document);
    to->title = pool_strdup(pool, from->title);
    to->url = pool_strdup(pool, from->url);
    to->anchor = pool_strdup(pool, from->anchor);
    to->question = pool_strdup(pool, from->question);
    to->reviewed = pool_strdup(pool, from->reviewed);
    to->text = pool_strdup(pool, from->text);
    const char **heading = pool_array(pool, from->nheading + 1, sizeof *heading);
    for (size_t i = 0; i < from->nheading; i++)
        heading[i] = pool_strdup(pool, from->heading[i]);
    to->heading = heading;
    struct kb_span *mark = pool_array(pool, from->nmark + 1, sizeof *mark);
    if (from->nmark)
        memcpy(mark, from->mark, from->nmark * sizeof *mark);
    to->mark = mark;
}

static bool overlaps(const struct kb_hit *a, const struct kb_hit *b)
{
    return !strcmp(a->document, b->document) && a->start < b->end && b->start < a->end;
}

static bool adds_something(const struct reply *r, const struct kb_hit *hit, const char *plain)
{
    for (size_t i = 0; i < r->nanswer; i++)
        if (overlaps(&r->answer[i], hit))
            return false;
    return said_already(plain, r->text) < SAME_WORDS;
}

/* The best extract, then further ones while they are nearly as sure and say something new. */
static void quote(struct pool *pool, const struct kb_hits *hits, const char *lead, struct reply *r)
{
    struct kb_hit *answer = pool_array(pool, MAX_EXTRACTS, sizeof *answer);
    r->answer = answer;
    r->text = lead;
    for (size_t i = 0; i < hits->n && r->nanswer < MAX_EXTRACTS; i++) {
        const struct kb_hit *hit = &hits->hit[i];
        size_t used = chars(r->text), sep = *r->text ? 2 : 0;
        if (i && hits->hit[0].entry && hits->band == KB_HIGH)
            break; /* somebody wrote it as the whole answer: more would only blur it */
        if (i &&
            (hit->confidence < hits->hit[0].confidence * NEARLY_AS_SURE || used > ROOM_FOR_MORE))
            break;
        const char *plain = kb_plain(pool, hit->text, strlen(hit->text));
        if (!*plain ||
            (i && (!adds_something(r, hit, plain) || used + sep + chars(plain) > MAX_ANSWER_CHARS)))
            continue;
        plain = fit(pool, plain, MAX_ANSWER_CHARS - used - sep);
        r->text = pool_printf(pool, "%s%s%s", r->text, sep ? "\n\n" : "", plain);
        copy_hit(pool, hit, &answer[r->nanswer++]);
    }
}

/* ---- suggestions ----------------------------------------------------------------------------- */

/* A passage as something that can be clicked, and asked again as it stands. */
static const char *label(struct pool *pool, const struct kb_hit *hit)
{
    if (*hit->question)
        return pool_strdup(pool, hit->question);
    if (!hit->nheading)
        return pool_strdup(pool, hit->title);
    const char *heading = hit->heading[hit->nheading - 1];
    size_t len = strlen(heading);
    if (!*hit->title || strcasestr(heading, hit->title) || (len && heading[len - 1] == '?'))
        return pool_strdup(pool, heading);
    return pool_printf(pool, "%s: %s", hit->title, heading);
}

static bool offered(const char *const *list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(list[i], s))
            return true;
    return false;
}

/* With `named`, only those that say in their headings what the question is about. */
static size_t offer_hits(struct pool *pool, const struct kb_hits *hits, bool named,
                         const char **list, size_t n, size_t max)
{
    for (size_t i = 0; i < hits->n && n < max; i++) {
        if (named && !hits->hit[i].named)
            continue;
        const char *s = label(pool, &hits->hit[i]);
        if (*s && !offered(list, n, s))
            list[n++] = s;
    }
    return n;
}

/* The asker's language and audience, for whatever else is offered. */
static struct kb_ask who(const struct question *q)
{
    return (struct kb_ask){.lang = q->lang, .audience = q->audience};
}

static void offer_topics(struct answerer *a, const struct question *q, struct pool *pool,
                         struct reply *r)
{
    const struct kb_ask asker = who(q);
    const char *topic[MAX_SUGGESTIONS * 2];
    int n = kb_topics(a->kb, &asker, MAX_SUGGESTIONS * 2, pool, topic);
    for (int i = 0; i < n && r->nsuggestion < MAX_SUGGESTIONS; i++)
        if (!offered(r->suggestion, r->nsuggestion, topic[i]))
            r->suggestion[r->nsuggestion++] = topic[i];
}

/* Equal but for case, blanks and marks at the end. */
static bool same_question(const char *a, const char *b, size_t blen)
{
    size_t alen = strlen(a);
    while (alen && !isalnum((unsigned char)a[alen - 1]))
        alen--;
    while (blen && !isalnum((unsigned char)b[blen - 1]))
        blen--;
    return alen == blen && !strncasecmp(a, b, alen);
}

static void offer_followups(struct answerer *a, const struct question *q, struct pool *pool,
                            struct reply *r)
{
    const char *next[MAX_SUGGESTIONS * 2];
    const struct kb_ask asker = who(q);
    int n = kb_followups(a->kb, &asker, r->answer[0].passage, MAX_SUGGESTIONS * 2, pool, next);
    for (int i = 0; i < n && r->nsuggestion < MAX_SUGGESTIONS; i++) {
        bool said = same_question(next[i], q->text, q->len);
        for (size_t k = 0; k < r->nanswer && !said; k++)
            said = !strcasecmp(r->answer[k].question, next[i]);
        if (!said && !offered(r->suggestion, r->nsuggestion, next[i]))
            r->suggestion[r->nsuggestion++] = next[i];
    }
}

/* ---- kinds ----------------------------------------------------------------------------------- */

/* Whether asking for a person gets one: the operator's small talk decides. */
static bool has_person(const struct answerer *a)
{
    static const char wish[] = "human";
    const struct talk *talk = smalltalk_match(a->talk, wish, sizeof wish - 1);
    return talk && talk->handoff;
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
    r->text = decline_text(pool, hits, has_person(a));
    if (hits->confidence > 0)
        r->nsuggestion = offer_hits(pool, hits, true, r->suggestion, 0, MAX_SUGGESTIONS - 1);
    offer_topics(a, q, pool, r);
}

/* A bare number that session_resolve() found on no list. */
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
        quote(pool, hits, "", r);
    else if (hits->band == KB_MEDIUM)
        quote(pool, hits, decline_lead(pool, hits), r);
    if (!r->nanswer) { /* also when nothing of the extract is readable */
        decline(a, q, hits, pool, r);
        return;
    }
    r->kind = hits->band == KB_HIGH ? REPLY_ANSWER : REPLY_CHOICES;
    if (r->kind == REPLY_CHOICES)
        r->nchoice = offer_hits(pool, hits, false, r->choice, 0, MAX_CHOICES);
    else
        offer_followups(a, q, pool, r);
}

static void copy_facts(struct pool *pool, const struct kb_hits *hits, struct reply *r)
{
    struct kb_pair *corrected = pool_array(pool, hits->ncorrected + 1, sizeof *corrected);
    const char **unknown = pool_array(pool, hits->nunknown + 1, sizeof *unknown);
    for (size_t i = 0; i < hits->ncorrected; i++)
        corrected[i] = (struct kb_pair){pool_strdup(pool, hits->corrected[i].from),
                                        pool_strdup(pool, hits->corrected[i].to)};
    for (size_t i = 0; i < hits->nunknown; i++)
        unknown[i] = pool_strdup(pool, hits->unknown[i]);
    r->corrected = corrected;
    r->ncorrected = hits->ncorrected;
    r->unknown = unknown;
    r->nunknown = hits->nunknown;
    r->confidence = hits->confidence;
    r->band = hits->band;
}

/* The hits have served: free them, unless they explain the reply, and then they end with it. */
static void give_back(struct pool *pool, struct kb_hits *hits, struct reply *r)
{
    if (hits->why && r->nwhy < MAX_PARTS) {
        r->why[r->nwhy++] = hits->why;
        pool_adopt(pool, hits->pool);
        *hits = (struct kb_hits){0};
    }
    kb_hits_release(hits);
}

static int ask_kb(struct answerer *a, const struct question *q, const char *text, size_t len,
                  const char *const *before, size_t nbefore, struct kb_hits *ret)
{
    struct kb_ask ask = {.text = text,
                         .len = len,
                         .before = before,
                         .nbefore = nbefore,
                         .lang = q->lang,
                         .audience = q->audience,
                         .max = HITS,
                         .explain = q->explain};
    int err = kb_ask(a->kb, &ask, ret);
    if (err) { /* whatever is wrong with this handle, the next question starts with a fresh one */
        kb_close(a->kb);
        a->kb = NULL;
        a->wants_index |= is_mendable(err);
    }
    return err;
}

/* One part, by itself or after the `earlier` parts as its context: the likelier way first. */
static bool ask_part(struct answerer *a, const struct question *q, const char *part,
                     const char *const *before, size_t nbefore, size_t earlier, struct kb_hits *ret)
{
    bool leans = earlier && compound_refers_back(part);
    for (int attempt = 0; attempt < (earlier ? 2 : 1) && a->kb; attempt++) {
        size_t context = leans == (attempt == 0) ? nbefore + earlier : nbefore;
        if (!ask_kb(a, q, part, strlen(part), before, context, ret) && ret->band == KB_HIGH)
            return true;
        kb_hits_release(ret);
        *ret = (struct kb_hits){0};
    }
    return false;
}

/* The part's best extract that the parts before it have not quoted already. How many were quoted: 0
 * or 1. */
static size_t quote_part(struct pool *pool, const struct kb_hits *hits, size_t max_chars,
                         struct reply *r, struct kb_hit *ret_hit)
{
    for (size_t i = 0; i < hits->n; i++) {
        const struct kb_hit *hit = &hits->hit[i];
        const char *plain = kb_plain(pool, hit->text, strlen(hit->text));
        if (hit->confidence < hits->hit[0].confidence * NEARLY_AS_SURE)
            break;
        if (!*plain || (r->nanswer && !adds_something(r, hit, plain)))
            continue;
        r->text = pool_printf(pool, "%s%s%s", r->text, r->nanswer ? "\n\n" : "",
                              fit(pool, plain, max_chars));
        copy_hit(pool, hit, ret_hit);
        return 1;
    }
    return 0;
}

/* Several questions in one message, each with a confident answer: the best extract of each, in
 * their order. False, and nothing done, when it is one question after all, or one of them is not
 * sure. `before` has room for the parts. */
static bool answer_parts(struct answerer *a, const struct question *q, const char **before,
                         size_t nbefore, struct pool *pool, struct reply *r)
{
    const char *part[MAX_PARTS];
    struct kb_hits hits[MAX_PARTS] = {{0}};
    size_t n = compound_split(pool, q->text, q->len, part), asked = 0;
    struct kb_hit *answer = pool_array(pool, MAX_PARTS, sizeof *answer);
    bool sure = n > 0;
    for (; asked < n && sure; asked++) {
        sure = ask_part(a, q, part[asked], before, nbefore, asked, &hits[asked]);
        before[nbefore + asked] = part[asked];
    }
    if (sure)
        copy_facts(pool, &hits[0], r);
    r->answer = answer;
    for (size_t i = 0; i < n && sure; i++) {
        if (hits[i].confidence < r->confidence)
            r->confidence = hits[i].confidence;
        r->nanswer += quote_part(pool, &hits[i], MAX_ANSWER_CHARS / n - 2, r, &answer[r->nanswer]);
    }
    for (size_t i = 0; i < asked; i++)
        if (r->nanswer)
            give_back(pool, &hits[i], r);
        else
            kb_hits_release(&hits[i]);
    if (!r->nanswer)
        return false;
    r->kind = REPLY_ANSWER;
    offer_followups(a, q, pool, r);
    return true;
}

static int ask_content(struct answerer *a, const struct question *q, struct pool *pool,
                       struct reply *r)
{
    const char **before = pool_array(pool, q->nbefore + MAX_PARTS, sizeof *before);
    size_t nbefore = 0;
    struct kb_hits hits = {0};
    bool alone = is_number(pool, q);
    for (size_t i = 0; i < q->nbefore && !alone; i++) /* "thanks" is no context */
        if (!smalltalk_match(a->talk, q->before[i], strlen(q->before[i])))
            before[nbefore++] = q->before[i];
    if (answer_parts(a, q, before, nbefore, pool, r))
        return KB_OK;
    int err = a->kb ? KB_OK : ready(a); /* a part may have closed it */
    if (!err)
        err = ask_kb(a, q, q->text, q->len, before, nbefore, &hits);
    if (err)
        return err;
    copy_facts(pool, &hits, r);
    answer_hits(a, q, &hits, pool, r);
    give_back(pool, &hits, r);
    return KB_OK;
}

static void chat(struct answerer *a, const struct question *q, const struct talk *talk,
                 struct pool *pool, struct reply *r)
{
    r->kind = talk->handoff ? REPLY_HANDOFF : REPLY_CHITCHAT;
    r->text = fit(pool, pool_strdup(pool, talk->reply), MAX_ANSWER_CHARS);
    if (talk->topics && !ready(a))
        offer_topics(a, q, pool, r);
}

static struct reply blank(struct pool *pool)
{
    return (struct reply){.kind = REPLY_NONE,
                          .text = "",
                          .choice = pool_array(pool, MAX_CHOICES, sizeof(char *)),
                          .suggestion = pool_array(pool, MAX_SUGGESTIONS, sizeof(char *)),
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
