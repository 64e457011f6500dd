/* session.c: what we remember of a conversation, and for how long. The last few messages of the
 * asker give the next question its context; what the last reply offered gives "2", "the second one" or a few
 * of its words their meaning; what it quoted tells where a follow-up goes on, and what "more" leaves out. Nothing else
 * is kept, nothing is written down, and all of it is forgotten after SESSION_IDLE_S of silence.
 *
 * Found by a hash table; ordered by last use in a list, so that expiry and the ceiling MAX_SESSIONS
 * take from one end and cost nothing in between. */
#include "bot/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/pick.h"
#include "kb/hash.h"

#define BUCKETS    65536 /* a little more than MAX_SESSIONS: chains stay about one long */
#define MAX_ID     128
#define MAX_OFFERS (MAX_CHOICES + MAX_SUGGESTIONS)
#define MAX_QUOTED 12 /* extracts of one question that "more" leaves out */

/* What "1", "2", ... name: a question, and the passage it stands for, or "". */
struct offer {
    char *text, *passage;
};

struct session {
    struct session *next;          /* in the bucket */
    struct session *newer, *older; /* by last use */
    uint64_t used_s;
    uint32_t hash;
    size_t nbefore, noffer, nchoice; /* the first nchoice offers are "did you mean" */
    char *before[MAX_SESSION_TURNS]; /* oldest first */
    struct offer offer[MAX_OFFERS];
    char *asked; /* the question that was answered last, or NULL */
    char *topic; /* the passage that was quoted for it first, or NULL */
    unsigned topic_age;
    struct kb_quoted quoted[MAX_QUOTED]; /* all that was quoted for it; we own `document` */
    size_t nquoted;
    char id[MAX_ID + 1];
};

struct sessions {
    struct session *bucket[BUCKETS];
    struct session *newest, *oldest;
    size_t n;
};

struct sessions *sessions_new(void)
{
    return must(calloc(1, sizeof(struct sessions)));
}

static void clear_texts(char **text, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free(text[i]);
    *n = 0;
}

static void clear_offers(struct session *s)
{
    for (size_t i = 0; i < s->noffer; i++) {
        free(s->offer[i].text);
        free(s->offer[i].passage);
    }
    s->noffer = s->nchoice = 0;
}

static void clear_answer(struct session *s)
{
    for (size_t i = 0; i < s->nquoted; i++)
        free((char *)s->quoted[i].document);
    s->nquoted = 0;
    free(s->asked);
    free(s->topic);
    s->asked = s->topic = NULL;
}

static void unlink_use(struct sessions *all, struct session *s)
{
    if (all->newest == s)
        all->newest = s->older;
    else
        s->newer->older = s->older;
    if (all->oldest == s)
        all->oldest = s->newer;
    else
        s->older->newer = s->newer;
}

static void link_newest(struct sessions *all, struct session *s)
{
    s->newer = NULL;
    s->older = all->newest;
    if (all->newest)
        all->newest->newer = s;
    else
        all->oldest = s;
    all->newest = s;
}

static void forget(struct sessions *all, struct session *s)
{
    struct session **at = &all->bucket[s->hash % BUCKETS];
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    unlink_use(all, s);
    clear_texts(s->before, &s->nbefore);
    clear_offers(s);
    clear_answer(s);
    free(s);
    all->n--;
}

void sessions_free(struct sessions *all)
{
    if (!all)
        return;
    for (struct session *s = all->oldest, *newer; s; s = newer) {
        newer = s->newer;
        forget(all, s);
    }
    free(all);
}

void sessions_expire(struct sessions *all, uint64_t now_s)
{
    for (struct session *s = all->oldest, *newer; s && s->used_s + SESSION_IDLE_S <= now_s;
         s = newer) {
        newer = s->newer;
        forget(all, s);
    }
}

size_t sessions_count(const struct sessions *all)
{
    return all->n;
}

struct session *session_get(struct sessions *all, const char *id, uint64_t now_s)
{
    char key[MAX_ID + 1] = "";
    memcpy(key, id, strnlen(id, MAX_ID));
    uint32_t hash = hash_name(key);
    sessions_expire(all, now_s);
    struct session *s = all->bucket[hash % BUCKETS];
    while (s && (s->hash != hash || strcmp(s->id, key) != 0))
        s = s->next;
    if (s) {
        unlink_use(all, s);
    } else {
        if (all->n >= MAX_SESSIONS)
            forget(all, all->oldest);
        s = must(calloc(1, sizeof *s));
        s->hash = hash;
        memcpy(s->id, key, sizeof key);
        s->next = all->bucket[hash % BUCKETS];
        all->bucket[hash % BUCKETS] = s;
        all->n++;
    }
    s->used_s = now_s;
    link_newest(all, s);
    return s;
}

void session_forget(struct sessions *all, const char *id)
{
    uint32_t hash = hash_name(id);
    struct session *s = all->bucket[hash % BUCKETS];
    while (s && (s->hash != hash || strcmp(s->id, id) != 0))
        s = s->next;
    if (s)
        forget(all, s);
}

bool session_is_number(const char *text)
{
    return pick_number(text) != 0;
}

static const struct offer *picked(const struct session *s, const char *text)
{
    const char *list[MAX_OFFERS];
    for (size_t i = 0; i < s->noffer; i++)
        list[i] = s->offer[i].text;
    size_t number = pick(text, list, s->noffer, s->nchoice);
    return number ? &s->offer[number - 1] : NULL;
}

void session_recall(const struct session *s, const char *text, struct pool *pool,
                    struct question *ret)
{
    const struct offer *offer = picked(s, text);
    const char **before = pool_array(pool, s->nbefore + 1, sizeof *before);
    struct kb_quoted *quoted = pool_array(pool, s->nquoted + 1, sizeof *quoted);
    for (size_t i = 0; i < s->nbefore; i++)
        before[i] = pool_strdup(pool, s->before[i]);
    for (size_t i = 0; i < s->nquoted; i++) {
        quoted[i] = s->quoted[i];
        quoted[i].document = pool_strdup(pool, s->quoted[i].document);
    }
    ret->text = pool_strdup(pool, offer ? offer->text : text);
    ret->len = strlen(ret->text);
    ret->chosen = offer && *offer->passage ? pool_strdup(pool, offer->passage) : NULL;
    ret->before = before;
    ret->nbefore = s->nbefore;
    ret->asked = s->asked ? pool_strdup(pool, s->asked) : NULL;
    ret->topic = s->topic ? pool_strdup(pool, s->topic) : NULL;
    ret->topic_age = s->topic_age;
    ret->quoted = quoted;
    ret->nquoted = s->nquoted;
}

/* ---- what a reply leaves behind ------------------------------------------------------------------ */

static void remember_message(struct session *s, const char *question)
{
    char *copy = must(strdup(question));
    if (s->nbefore == MAX_SESSION_TURNS) {
        free(s->before[0]);
        memmove(s->before, s->before + 1, --s->nbefore * sizeof *s->before);
    }
    s->before[s->nbefore++] = copy;
}

/* What was quoted, and for which question; a reply to "more" adds to it. */
static void remember_answer(struct session *s, const char *question, const struct reply *r)
{
    if (!r->nanswer) {
        s->topic_age++;
        return;
    }
    if (!r->continued) {
        char *asked = must(strdup(question)); /* may be what clear_answer() frees */
        clear_answer(s);
        s->asked = asked;
    }
    free(s->topic);
    s->topic = must(strdup(r->answer[0].passage));
    s->topic_age = 0;
    for (size_t i = 0; i < r->nanswer && s->nquoted < MAX_QUOTED; i++)
        s->quoted[s->nquoted++] = (struct kb_quoted){must(strdup(r->answer[i].document)),
                                                     r->answer[i].start, r->answer[i].end};
}

static void offer_all(struct session *s, const char *const *text, const char *const *key, size_t n)
{
    for (size_t i = 0; i < n && s->noffer < MAX_OFFERS; i++)
        s->offer[s->noffer++] =
            (struct offer){must(strdup(text[i])), must(strdup(key && key[i] ? key[i] : ""))};
}

void session_tell(struct session *s, const char *question, const struct reply *reply)
{
    /* A number that was on no list is neither context nor a reason to forget the list. */
    if (session_is_number(question) && !reply->nchoice && !reply->nsuggestion)
        return;
    if (!reply->continued)
        remember_message(s, question);
    /* Thanks in between do not take away what was offered; the list is still on the screen. */
    if (reply->kind == REPLY_CHITCHAT && !reply->nchoice && !reply->nsuggestion)
        return;
    remember_answer(s, question, reply);
    clear_offers(s);
    offer_all(s, (const char *const *)reply->choice, (const char *const *)reply->choice_key,
              reply->nchoice);
    s->nchoice = s->noffer;
    offer_all(s, (const char *const *)reply->suggestion, (const char *const *)reply->suggestion_key,
              reply->nsuggestion);
}
