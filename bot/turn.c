/* turn.c: one question's life, from bot_receive() to the adapter's send().
 *
 *     bot_receive -> begin -> (a thread answers) -> answered -> (the journal commits) -> recorded -> finish
 *
 * A turn owns one pool; all it needs is in there and goes at its end, however it ended. Every step that can fail
 * goes on to the next with what it has: an answer that cannot be recorded is sent without an id, a reply that cannot
 * be rendered becomes an apology. So an accepted question always ends in exactly one send().
 *
 * Turns of one conversation go one after another, in the order in which they came: the second question may mean
 * something only after the first reply ("2"), and replies must not overtake each other. Turns without a
 * conversation are independent. All open turns together are at most MAX_QUEUE, which bounds the queues
 * behind this one, too. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "bot/answer.h"
#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/session.h"
#include "bot/work.h"

#define MAX_KEY  128  /* bytes of a session's id (session.h) */
#define NBUCKETS 1024 /* of conversations with an open turn; a power of two */

struct turn {
    struct turn *next; /* in its bucket, in order of arrival */
    struct bot *bot;
    struct adapter *adapter;
    struct pool *pool;
    struct inbound in; /* text as it was typed */
    const char *key;   /* adapter and conversation; "" for a single question */
    const char *asked; /* what was meant: "2" resolved */
    const struct reply *reply;
    uint64_t began_us;
};

struct turns {
    struct bot *bot;
    struct turn *bucket[NBUCKETS];
    size_t n;
};

static void begin(struct turn *t);

/* ---- the open turns, by conversation ---- */

static struct turn **bucket_of(struct turns *all, const char *key)
{
    uint32_t h = 2166136261u; /* FNV-1a: keys are ours or short, a bucket is a list anyway */
    for (const char *s = key; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return &all->bucket[h & (NBUCKETS - 1)];
}

/* How many turns of that conversation are open. */
static size_t open_of(struct turns *all, const char *key)
{
    size_t n = 0;
    for (struct turn *t = *bucket_of(all, key); t && *key; t = t->next)
        n += strcmp(t->key, key) == 0;
    return n;
}

static void enter(struct turns *all, struct turn *t)
{
    struct turn **at = bucket_of(all, t->key);
    while (*at)
        at = &(*at)->next;
    *at = t;
    all->n++;
}

/* Take `t` out. Returns the turn that waited for it, if any. */
static struct turn *leave(struct turns *all, struct turn *t)
{
    struct turn **at = bucket_of(all, t->key);
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    all->n--;
    for (struct turn *w = t->next; w && *t->key; w = w->next)
        if (strcmp(w->key, t->key) == 0)
            return w;
    return NULL;
}

struct turns *turns_new(struct bot *bot)
{
    struct turns *all = must(calloc(1, sizeof *all));
    all->bot = bot;
    return all;
}

void turns_free(struct turns *all)
{
    for (size_t i = 0; all && i < NBUCKETS; i++)
        for (struct turn *t = all->bucket[i], *next; t; t = next) {
            next = t->next;
            pool_free(t->pool);
        }
    free(all);
}

size_t turns_open(const struct turns *all)
{
    return all->n;
}

/* ---- from the reply to the asker ---- */

static void count(struct turn *t)
{
    struct bot_counts *c = &t->bot->counts;
    double s = (double)(clock_us() - t->began_us) / 1e6;
    size_t i = 0;
    while (i < ANSWER_BUCKETS && s > answer_bucket[i])
        i++;
    c->bucket[i]++;
    c->seconds += s;
    c->outcome[t->reply->kind]++;
}

static int render(struct turn *t, const struct reply *reply, const char *answer_id,
                  struct buf *body)
{
    struct outgoing out = {.to = &t->in, .reply = reply, .answer_id = answer_id};
    int err = t->adapter->type->render(t->adapter, &out, body);
    return err ? err : buf_failed(body) ? -E2BIG : 0;
}

/* The end of every turn: the reply goes out, and whoever waited behind it begins. */
static void finish(struct turn *t, int64_t id)
{
    char answer_id[24];
    snprintf(answer_id, sizeof answer_id, "%lld", (long long)id);
    struct outgoing out = {.to = &t->in, .reply = t->reply, .answer_id = id > 0 ? answer_id : NULL};
    struct buf body;
    buf_init(&body, MAX_REPLY_JSON);
    int err = render(t, out.reply, out.answer_id, &body);
    if (err) {
        log_error("bot", "a reply could not be rendered", "adapter=%s error=%d",
                  t->adapter->type->name, err);
        struct reply sorry;
        answer_sorry(t->pool, &sorry);
        out.reply = &sorry;
        buf_clear(&body);
        render(t, out.reply, out.answer_id, &body);
        t->adapter->type->send(t->adapter, &out, &body);
    } else {
        t->adapter->type->send(t->adapter, &out, &body);
    }
    buf_release(&body);
    count(t);

    struct turn *next = leave(t->bot->turns, t);
    pool_free(t->pool); /* and t */
    if (next)
        begin(next);
}

static void recorded(void *ctx, int64_t id)
{
    struct turn *t = ctx;
    if (id < 0)
        t->bot->counts.unrecorded++;
    finish(t, id);
}

static void record(struct turn *t)
{
    struct buf json;
    buf_init(&json, MAX_REPLY_JSON);
    reply_json(t->reply, NULL, NULL, &json);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct journal_turn row = {
        .adapter = t->adapter->type->name,
        .conversation = t->in.conversation,
        .question = t->in.text,
        .lang = t->in.lang,
        .reply_json = json.s,
        .kind = reply_kind_name(t->reply->kind),
        .confidence = t->reply->confidence,
        .at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
    };
    int err = buf_failed(&json) ? -E2BIG : journal_turn(t->bot->journal, &row, recorded, t);
    buf_release(&json);
    if (err)
        recorded(t, err);
}

static void answered(void *ctx, const struct reply *reply)
{
    struct turn *t = ctx;
    if (t->bot->ended) /* turns_free() has the rest */
        return;
    t->reply = reply;
    if (*t->key) {
        uint64_t now_s = loop_now_ms(t->bot->loop) / 1000;
        session_tell(session_get(t->bot->sessions, t->key, now_s), t->asked, reply);
    }
    record(t);
}

/* ---- from the question to a thread ---- */

/* What was said before, copied: the session may be told something new while a thread reads it. */
static void recall(struct turn *t, struct question *q)
{
    uint64_t now_s = loop_now_ms(t->bot->loop) / 1000;
    struct session *s = session_get(t->bot->sessions, t->key, now_s);
    t->asked = pool_strdup(t->pool, session_resolve(s, t->in.text));
    const char *const *before;
    q->nbefore = session_before(s, &before);
    const char **copy = pool_array(t->pool, q->nbefore + 1, sizeof *copy);
    for (size_t i = 0; i < q->nbefore; i++)
        copy[i] = pool_strdup(t->pool, before[i]);
    q->before = copy;
}

static void begin(struct turn *t)
{
    struct question q = {.lang = t->in.lang};
    t->asked = t->in.text;
    if (*t->key)
        recall(t, &q);
    q.text = t->asked;
    q.len = strlen(t->asked);
    if (work_ask(t->bot->work, t->pool, &q, answered, t) == 0)
        return;
    struct reply *sorry = pool_alloc(t->pool, sizeof *sorry);
    answer_sorry(t->pool, sorry);
    answered(t, sorry);
}

/* How many code points, or -1 when it is not UTF-8. */
static long code_points(const char *s, size_t len)
{
    long n = 0;
    for (size_t i = 0; i < len; n++) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &c);
        if (used <= 0)
            return -1;
        i += (size_t)used;
    }
    return n;
}

/* Blanks at both ends off, NUL and other control characters to blanks: later everything is a terminated string. */
static const char *clean(struct pool *pool, const char *s, size_t len)
{
    char *text = pool_strndup(pool, s, len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
            text[i] = ' ';
    while (len && strchr(" \n\t", text[len - 1]))
        text[--len] = '\0';
    return text + strspn(text, " \n\t");
}

/* "web:abc", or a hash when an adapter's names are longer than a session's may be. */
static const char *key_of(struct pool *pool, const char *adapter, const char *conversation)
{
    if (!conversation || !*conversation)
        return "";
    const char *key = pool_printf(pool, "%s:%s", adapter, conversation);
    if (strlen(key) <= MAX_KEY)
        return key;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)key, strlen(key), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return pool_printf(pool, "%s#%s", adapter, hex);
}

static struct turn *turn_new(struct adapter *a, struct pool *pool, const struct inbound *in,
                             const char *text)
{
    struct turn *t = pool_alloc(pool, sizeof *t);
    t->bot = a->bot;
    t->adapter = a;
    t->pool = pool;
    t->in = *in;
    t->in.text = text;
    t->in.len = strlen(text);
    t->in.conversation = pool_strdup(pool, in->conversation);
    t->in.lang = in->lang && *in->lang ? pool_strdup(pool, in->lang) : NULL;
    t->in.ref = in->ref ? pool_strdup(pool, in->ref) : NULL;
    t->key = key_of(pool, a->type->name, in->conversation);
    t->began_us = clock_us();
    return t;
}

static int accept_turn(struct adapter *a, struct pool *pool, const struct inbound *in)
{
    struct bot *bot = a->bot;
    struct bot_counts *c = &bot->counts;
    if (bot->draining)
        return -ESHUTDOWN;
    if (in->len > MAX_QUESTION_CHARS * 4)
        return c->refused_long++, -E2BIG;
    long points = code_points(in->text, in->len);
    if (points < 0)
        return -EILSEQ;
    if (points > MAX_QUESTION_CHARS)
        return c->refused_long++, -E2BIG;
    const char *text = clean(pool, in->text, in->len);
    if (!*text)
        return c->refused_empty++, -EINVAL;

    struct turn *t = turn_new(a, pool, in, text);
    size_t before = open_of(bot->turns, t->key);
    if (bot->turns->n >= MAX_QUEUE || before >= MAX_CONVERSATION_WAITING)
        return c->refused_busy++, -EBUSY;
    enter(bot->turns, t);
    if (!before)
        begin(t);
    return 0;
}

int bot_receive(struct adapter *a, const struct inbound *in)
{
    struct pool *pool = pool_new();
    int err = accept_turn(a, pool, in);
    if (err)
        pool_free(pool);
    return err;
}
