/* offer.c: what can be pressed below a reply. Nothing is offered twice, and nothing that was just asked or said. */
#include "bot/offer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "bot/limits.h"
#include "kb/pool.h"

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

size_t offer_hits(struct pool *pool, const struct kb_hits *hits, bool named, const char **list,
                  const char **key, size_t n, size_t max)
{
    for (size_t i = 0; i < hits->n && n < max; i++) {
        if (named && !hits->hit[i].named)
            continue;
        const char *s = label(pool, &hits->hit[i]);
        if (!*s || offered(list, n, s))
            continue;
        key[n] = pool_strdup(pool, hits->hit[i].passage);
        list[n++] = s;
    }
    return n;
}

/* The asker's language and audience, for whatever else is offered. */
static struct kb_ask who(const struct question *q)
{
    return (struct kb_ask){.lang = q->lang, .audience = q->audience};
}

void offer_topics(struct kb *kb, const struct question *q, struct pool *pool, struct reply *r)
{
    const struct kb_ask asker = who(q);
    const char *topic[MAX_SUGGESTIONS * 2];
    int n = kb_topics(kb, &asker, MAX_SUGGESTIONS * 2, pool, topic);
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

void offer_followups(struct kb *kb, const struct question *q, const char *passage,
                     struct pool *pool, struct reply *r)
{
    const char *next[MAX_SUGGESTIONS * 2], *key[MAX_SUGGESTIONS * 2];
    const struct kb_ask asker = who(q);
    int n = kb_followups(kb, &asker, passage, MAX_SUGGESTIONS * 2, pool, next, key);
    for (int i = 0; i < n && r->nsuggestion < MAX_SUGGESTIONS; i++) {
        bool said = same_question(next[i], q->text, q->len);
        for (size_t k = 0; k < r->nanswer && !said; k++)
            said = !strcasecmp(r->answer[k].question, next[i]);
        if (said || offered(r->suggestion, r->nsuggestion, next[i]))
            continue;
        r->suggestion_key[r->nsuggestion] = key[i];
        r->suggestion[r->nsuggestion++] = next[i];
    }
}
