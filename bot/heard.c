/* heard.c: a hash table of replies by question (and what it was picked from, if it was), language and audience, and a ring in order of last use.
 *
 * A thread tells with each reply whether it would be the same behind any conversation (`anywhere`: the message has enough words
 * of its own). Then what was said before is not part of the key. A reply at the beginning of a conversation of which that is
 * not known is given only to those who have said nothing yet. Any other may hang on what was said and answered before, and is
 * given to those behind whom the same was: a first question that many ask and a second that its answer offers are a
 * conversation that many have. A hash stands for it, long enough that no two are taken for one.
 *
 * What is asked a second time is kept, the first time only that it was: most of what people type is asked by nobody else, and
 * copying it is in vain.
 *
 * Replies are counted: one that leaves the table while a turn still writes it down goes with the turn.
 *
 * Deliberately not here: deciding whether two questions are the same but for their words. */
#include "bot/heard.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/buf.h"
#include "bot/limits.h"
#include "bot/link.h"
#include "bot/must.h"
#include "kb/hash.h"

#define NBUCKETS 1024 /* a power of two, about MAX_HEARD */
#define NONCE    4096 /* likewise: how many questions are remembered as asked once */

/* What was said and answered before; zeros: whatever that was. */
struct behind {
    unsigned char hash[16];
};

struct item {
    struct heard_reply known; /* first: what users hold is this */
    struct item *next;        /* in its bucket */
    struct link use;          /* longest unused first */
    uint32_t hash;
    unsigned users; /* the table is one */
    const char *text, *chosen, *lang, *audience;
    struct behind behind;
    struct pool *pool; /* all of the above */
};

struct heard {
    struct item *bucket[NBUCKETS];
    struct link by_use;
    size_t n;
    uint32_t once[NONCE]; /* hashes */
    uint64_t edition;     /* of all that is in the table */
    uint64_t sure_ms;     /* when that was in force for sure */
    uint64_t asked_ms;    /* when a thread was last sent to see whether it still is, */
    uint32_t asked;       /* with a question of that hash */
    uint64_t cleared_ms;  /* what was sent to a thread before may be old */
};

struct heard *heard_new(void)
{
    struct heard *h = must(calloc(1, sizeof *h));
    link_init(&h->by_use);
    return h;
}

static void drop_user(struct item *it)
{
    if (--it->users)
        return;
    pool_free(it->pool); /* and it */
}

static void forget(struct heard *h, struct item *it)
{
    struct item **at = &h->bucket[it->hash & (NBUCKETS - 1)];
    while (*at != it)
        at = &(*at)->next;
    *at = it->next;
    link_remove(&it->use);
    h->n--;
    drop_user(it);
}

static void forget_all(struct heard *h)
{
    while (!link_empty(&h->by_use))
        forget(h, link_owner(h->by_use.next, struct item, use));
}

void heard_clear(struct heard *h, uint64_t now_ms)
{
    forget_all(h);
    h->edition = 0;
    h->cleared_ms = now_ms;
}

void heard_free(struct heard *h)
{
    if (h)
        forget_all(h);
    free(h);
}

size_t heard_count(const struct heard *h)
{
    return h->n;
}

static uint32_t hash_more(uint32_t h, const char *s, size_t len)
{
    return hash_byte_32(hash_32(h, s, len), 0xff); /* in no UTF-8 */
}

static uint32_t hash_of(const struct question *q, const struct behind *behind)
{
    const char *const more[] = {q->chosen, q->lang, q->audience};
    uint32_t h = hash_more(HASH_32, q->text, q->len);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        h = hash_more(h, more[i] ? more[i] : "", more[i] ? strlen(more[i]) : 0);
    return hash_more(h, (const char *)behind->hash, sizeof behind->hash);
}

static bool begins(const struct question *q)
{
    return !q->nbefore && !q->asked && !q->topic;
}

static void hash_text(crypto_generichash_state *state, const char *s)
{
    const unsigned char none = 0xff; /* in no UTF-8 */
    crypto_generichash_update(state, s ? (const unsigned char *)s : &none, s ? strlen(s) + 1 : 1);
}

/* All of struct question that session_recall() fills in, but for what was picked. */
static struct behind behind_of(const struct question *q)
{
    struct behind ret;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof ret.hash);
    const uint64_t n[] = {q->nbefore, q->nquoted, q->topic_age};
    crypto_generichash_update(&state, (const unsigned char *)n, sizeof n);
    for (size_t i = 0; i < q->nbefore; i++)
        hash_text(&state, q->before[i]);
    hash_text(&state, q->asked);
    hash_text(&state, q->topic);
    for (size_t i = 0; i < q->nquoted; i++) {
        const uint64_t span[] = {q->quoted[i].start, q->quoted[i].end};
        hash_text(&state, q->quoted[i].document);
        crypto_generichash_update(&state, (const unsigned char *)span, sizeof span);
    }
    crypto_generichash_final(&state, ret.hash, sizeof ret.hash);
    return ret;
}

static bool same(const char *kept, const char *asked)
{
    return !strcmp(kept, asked ? asked : "");
}

static struct item *look_up(const struct heard *h, const struct question *q,
                            const struct behind *behind, uint32_t hash)
{
    struct item *it = h->bucket[hash & (NBUCKETS - 1)];
    while (it && (it->hash != hash || memcmp(&it->behind, behind, sizeof *behind) ||
                  strlen(it->text) != q->len || memcmp(it->text, q->text, q->len) ||
                  !same(it->chosen, q->chosen) || !same(it->lang, q->lang) ||
                  !same(it->audience, q->audience)))
        it = it->next;
    return it;
}

/* Whether that reply is still to be believed. Half way to the end of that, one question is sent to a thread, and is not known until
 * it comes back: it may be looked for more than once on its way there. So on a busy line there is no moment when all of
 * them are sent. */
static bool believed(struct heard *h, uint32_t hash, uint64_t now_ms)
{
    uint64_t age = now_ms - h->sure_ms;
    if (age >= HEARD_FRESH_MS)
        return false;
    if (age < HEARD_FRESH_MS / 2)
        return true;
    if (now_ms - h->asked_ms >= HEARD_FRESH_MS / 2) {
        h->asked_ms = now_ms;
        h->asked = hash;
    }
    return hash != h->asked;
}

const struct heard_reply *heard_find(struct heard *h, const struct question *q, uint64_t now_ms)
{
    if (q->explain || q->unattended)
        return NULL;
    struct behind behind = {{0}};
    struct item *it = look_up(h, q, &behind, hash_of(q, &behind));
    if (!begins(q) && (!it || !it->known.reply.anywhere)) {
        behind = behind_of(q);
        it = look_up(h, q, &behind, hash_of(q, &behind));
    }
    if (!it || !believed(h, it->hash, now_ms))
        return NULL;
    link_append(&h->by_use, &it->use);
    it->users++;
    return &it->known;
}

void heard_release(struct heard *h, const struct heard_reply *r)
{
    (void)h;
    if (r)
        drop_user((struct item *)(uintptr_t)r);
}

void heard_keep_same(const struct heard_reply *r, const void *adapter, int form, const char *same,
                     size_t nsame)
{
    struct item *it = (struct item *)(uintptr_t)r;
    if (it->known.adapter)
        return;
    it->known.adapter = adapter;
    it->known.form = form;
    it->known.same = same ? pool_strndup(it->pool, same, nsame) : NULL;
    it->known.nsame = nsame;
}

static const char *json_of(struct pool *pool, const struct reply *r)
{
    struct buf b;
    buf_init(&b, MAX_REPLY_JSON);
    reply_json(r, NULL, NULL, &b);
    const char *json = buf_failed(&b) ? "{}" : pool_strndup(pool, b.s, b.len);
    buf_release(&b);
    return json;
}

/* Whether it was asked before; from now on it was. Two questions of one hash are no harm. */
static bool asked_again(struct heard *h, uint32_t hash)
{
    uint32_t *once = &h->once[hash & (NONCE - 1)];
    bool again = *once == hash;
    *once = hash;
    return again;
}

static void add(struct heard *h, const struct question *q, const struct reply *r,
                const struct behind *behind, uint32_t hash)
{
    struct item *old = look_up(h, q, behind, hash);
    if (old && old->known.reply.anywhere)
        return;
    if (old)
        forget(h, old);
    if (h->n >= MAX_HEARD)
        forget(h, link_owner(h->by_use.next, struct item, use));
    struct pool *pool = pool_new();
    struct item *it = pool_alloc(pool, sizeof *it);
    *it = (struct item){.known = {.reply = *reply_copy(pool, r)},
                        .hash = hash,
                        .users = 1,
                        .text = pool_strndup(pool, q->text, q->len),
                        .chosen = pool_strdup(pool, q->chosen),
                        .lang = pool_strdup(pool, q->lang),
                        .audience = pool_strdup(pool, q->audience),
                        .behind = *behind,
                        .pool = pool};
    it->known.reply.us = 0; /* it was there */
    it->known.json = json_of(pool, &it->known.reply);
    struct item **bucket = &h->bucket[hash & (NBUCKETS - 1)];
    it->next = *bucket;
    *bucket = it;
    link_init(&it->use);
    link_append(&h->by_use, &it->use);
    h->n++;
}

void heard_keep(struct heard *h, const struct question *q, const struct reply *r, uint64_t sent_ms)
{
    if (!r->edition || sent_ms <= h->cleared_ms)
        return;
    if (r->edition != h->edition) {
        forget_all(h);
        h->edition = r->edition;
        h->sure_ms = sent_ms;
    }
    if (h->sure_ms < sent_ms)
        h->sure_ms = sent_ms;
    struct behind behind = {{0}};
    if (!r->anywhere && !begins(q))
        behind = behind_of(q);
    uint32_t hash = hash_of(q, &behind);
    if (q->len <= MAX_HEARD_BYTES && asked_again(h, hash))
        add(h, q, r, &behind, hash);
}
