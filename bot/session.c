/* session.c: what we remember of a conversation, and for how long. The last few messages of the
 * asker give the next question its context; what the last reply offered gives a bare number its
 * meaning. Nothing else is kept, nothing is written down, and all of it is forgotten after
 * SESSION_IDLE_S of silence.
 *
 * Found by a hash table; ordered by last use in a list, so that expiry and the ceiling MAX_SESSIONS
 * take from one end and cost nothing in between. */
#include "bot/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/limits.h"
#include "bot/must.h"

#define BUCKETS    65536 /* a little more than MAX_SESSIONS: chains stay about one long */
#define MAX_ID     128
#define MAX_OFFERS (MAX_CHOICES + MAX_SUGGESTIONS)

struct session {
    struct session *next;          /* in the bucket */
    struct session *newer, *older; /* by last use */
    uint64_t used_s;
    uint32_t hash;
    size_t nbefore, noffer;
    char *before[MAX_SESSION_TURNS]; /* oldest first */
    char *offer[MAX_OFFERS];         /* what "1", "2", ... name */
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
    clear_texts(s->offer, &s->noffer);
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

static uint32_t hash_of(const char *id)
{
    uint32_t h = 2166136261u; /* FNV-1a: ids are random, nobody aims at a bucket */
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 16777619u;
    return h;
}

struct session *session_get(struct sessions *all, const char *id, uint64_t now_s)
{
    char key[MAX_ID + 1];
    snprintf(key, sizeof key, "%s", id);
    uint32_t hash = hash_of(key);
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
    uint32_t hash = hash_of(id);
    struct session *s = all->bucket[hash % BUCKETS];
    while (s && (s->hash != hash || strcmp(s->id, id) != 0))
        s = s->next;
    if (s)
        forget(all, s);
}

/* The number that is all of `text`; 0 when it is none. */
static size_t number_of(const char *text)
{
    const char *p = text + strspn(text, " \t\r\n#(");
    size_t number = 0, digits = 0;
    for (; *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
        number = number * 10 + (size_t)(*p - '0');
    p += strspn(p, ".):! \t\r\n");
    return *p ? 0 : number;
}

bool session_is_number(const char *text)
{
    return number_of(text) != 0;
}

const char *session_resolve(const struct session *s, const char *text)
{
    size_t number = number_of(text);
    return number && number <= s->noffer ? s->offer[number - 1] : text;
}

size_t session_before(const struct session *s, const char *const **ret_before)
{
    *ret_before = (const char *const *)s->before;
    return s->nbefore;
}

void session_tell(struct session *s, const char *question, const struct reply *reply)
{
    /* A number that was on no list is neither context nor a reason to forget the list. */
    if (session_is_number(question) && !reply->nchoice && !reply->nsuggestion)
        return;
    char *copy = must(strdup(question)); /* first: it may be one of the offers freed below */
    if (s->nbefore == MAX_SESSION_TURNS) {
        free(s->before[0]);
        memmove(s->before, s->before + 1, --s->nbefore * sizeof *s->before);
    }
    s->before[s->nbefore++] = copy;
    /* Thanks in between do not take away what was offered; the list is still on the screen. */
    if (reply->kind == REPLY_CHITCHAT && !reply->nchoice && !reply->nsuggestion)
        return;
    clear_texts(s->offer, &s->noffer);
    for (size_t i = 0; i < reply->nchoice && s->noffer < MAX_OFFERS; i++)
        s->offer[s->noffer++] = must(strdup(reply->choice[i]));
    for (size_t i = 0; i < reply->nsuggestion && s->noffer < MAX_OFFERS; i++)
        s->offer[s->noffer++] = must(strdup(reply->suggestion[i]));
}
