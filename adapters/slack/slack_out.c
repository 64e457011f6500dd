/* slack_out.c: what the outbox sends. A letter is one reply in one or more parts, and a note that says where it goes; this
 * file sends the parts one after another and tells the outbox how it ended.
 *
 *     refused for its size or its blocks   once more as plain text
 *     refused for its thread               once more beside it
 *     429, no connection                   later; it is surely not there
 *     silence, 5xx, HTML, fatal_error      perhaps there: look before sending again (chat.postMessage knows no idempotency,
 *                                          so every message carries a key of ours in its metadata)
 *     the token is no good                 everything waits for a person
 *
 * What cannot be looked for (a message that only one person sees) is not sent twice. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/clock.h"
#include "bot/http.h"

#define LOOK_AFTER_S 3 /* until a message that did arrive can be read back */
#define MAX_BODY     (256u * 1024)

struct part {
    const char *text, *blocks; /* blocks: JSON, or "" */
    const char *plain;         /* all that it says, without blocks */
};

struct sending {
    struct task task;
    int64_t id, at_ms, turn;
    const char *idem, *kind, *view;
    struct slack_place to;
    struct part part[SLACK_MAX_PARTS];
    size_t nparts, next; /* next: to be sent */
    bool plain, unthreaded;
    bool doubtful, tried;
    char ts[SLACK_MAX_ID]; /* of the last part that is there */
};

static void go_on(struct sending *k);

/* ---- how it ended ---- */

static struct slack_progress *progress_of(struct slack *s, int64_t id)
{
    for (size_t i = 0; i < SLACK_PROGRESS; i++)
        if (s->progress[i].id == id)
            return &s->progress[i];
    return NULL;
}

static void keep_progress(struct sending *k)
{
    struct slack *s = k->task.adapter->state;
    struct slack_progress *p = progress_of(s, k->id);
    if (!p)
        p = &s->progress[s->nprogress++ % SLACK_PROGRESS];
    *p = (struct slack_progress){.id = k->id, .parts = k->next};
}

static void end(struct sending *k, const struct outbox_outcome *o)
{
    struct slack *s = k->task.adapter->state;
    struct slack_progress *p = progress_of(s, k->id);
    bool over = o->result == OUTBOX_SENT || o->result == OUTBOX_PERMANENT;
    if (over && p)
        p->id = 0;
    if (over)
        slack_thread_answered(s, &k->to, o->result == OUTBOX_SENT && *k->ts ? k->ts : NULL);
    outbox_done(s->adapter, k->id, o);
    task_free(&k->task);
}

static void sent(struct sending *k)
{
    struct outbox_outcome o = {.result = OUTBOX_SENT, .remote = *k->ts ? k->ts : NULL};
    end(k, &o);
}

static void give_up(struct sending *k, const char *why)
{
    struct outbox_outcome o = {.result = OUTBOX_PERMANENT, .why = why};
    end(k, &o);
}

static void later(struct sending *k, const char *why, long after_s, bool all)
{
    struct outbox_outcome o = {
        .result = OUTBOX_SAFE, .why = why, .retry_after_s = after_s, .pause_all = all};
    end(k, &o);
}

static void unsure(struct sending *k, const char *why, long after_s)
{
    struct outbox_outcome o = {.result = OUTBOX_AMBIGUOUS,
                               .why = why,
                               .retry_after_s = after_s > LOOK_AFTER_S ? after_s : LOOK_AFTER_S};
    end(k, &o);
}

static long auth_wait_s(const struct slack *s)
{
    return (long)config_int(bot_config(s->adapter->bot), "slack.retry_auth_s");
}

static void refused(struct sending *k, const struct slack_result *r)
{
    if (!strcmp(r->error, "not_in_channel") || !strcmp(r->error, "channel_not_found"))
        log_warn("slack", "cannot speak in a channel",
                 "channel=%s reason=%s step=\"invite the bot\"", k->to.channel, r->error);
    give_up(k, r->error);
}

/* What is the same for every method. `repeatable`: doing it twice has the effect of once. */
static void not_sent(struct sending *k, const struct slack_result *r, bool repeatable)
{
    struct slack *s = k->task.adapter->state;
    switch (r->class) {
    case SLACK_DOWN:
        slack_auth_lost(s, r);
        later(k, r->error, auth_wait_s(s), true);
        break;
    case SLACK_LATER: later(k, r->error, r->retry_after_s, true); break;
    case SLACK_UNSENT: later(k, r->error, r->retry_after_s, false); break;
    case SLACK_UNSURE:
        if (repeatable)
            later(k, r->error, r->retry_after_s, false);
        else
            unsure(k, r->error, r->retry_after_s);
        break;
    default: refused(k, r);
    }
}

/* True when there is another way to say it, and it was begun. */
static bool another_way(struct sending *k, const struct slack_result *r)
{
    if (r->class == SLACK_CONTENT && !k->plain) {
        log_warn("slack", "blocks were refused; sending plain text", "reason=%s", r->error);
        k->plain = true;
    } else if (r->class == SLACK_NO_THREAD && *k->to.thread && !k->unthreaded) {
        k->unthreaded = true;
    } else {
        return false;
    }
    go_on(k);
    return true;
}

/* ---- pieces of requests ---- */

static void add(struct buf *b, const char *name, const char *s)
{
    if (!*s)
        return;
    buf_addf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
    json_add_string(b, s, strlen(s));
}

/* The words of the part that is next. */
static void add_words(const struct sending *k, struct buf *b)
{
    const struct part *p = &k->part[k->next];
    add(b, "text", k->plain ? p->plain : p->text);
    if (!k->plain && *p->blocks)
        buf_addf(b, ",\"blocks\":%s", p->blocks);
    buf_adds(b, ",\"parse\":\"none\",\"link_names\":false");
}

static void call(struct sending *k, const char *method, struct buf *b, slack_call_fn *fn)
{
    struct slack *s = k->task.adapter->state;
    buf_addc(b, '}');
    slack_call(s, method, b->s, false, s->token.value[0], fn, k);
    buf_release(b);
}

static const char *key_of(struct sending *k, size_t part)
{
    return pool_printf(k->task.pool, "%s#%zu", k->idem, part);
}

/* ---- chat.postMessage ---- */

static void on_posted(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct sending *k = ctx;
    (void)res;
    if (r->class == SLACK_FINE) {
        memcpy(k->ts, r->ts, sizeof k->ts);
        k->next++;
        keep_progress(k);
        go_on(k);
    } else if (!another_way(k, r)) {
        not_sent(k, r, false);
    }
}

static void post(struct sending *k)
{
    struct buf b;
    buf_init(&b, MAX_BODY);
    buf_addc(&b, '{');
    add(&b, "channel", k->to.channel);
    if (!k->unthreaded)
        add(&b, "thread_ts", k->to.thread);
    add_words(k, &b);
    buf_adds(&b, ",\"unfurl_links\":false,\"unfurl_media\":false,\"mrkdwn\":true");
    if (!k->plain)
        buf_addf(&b,
                 ",\"metadata\":{\"event_type\":\"qa_answer\",\"event_payload\":{\"answer_id\":"
                 "\"%lld\",\"k\":\"%s\"}}",
                 (long long)k->turn, key_of(k, k->next));
    call(k, "chat.postMessage", &b, on_posted);
}

/* ---- is it there already? ---- */

/* How many parts, from the first, are among the messages; the last one's ts is kept. */
static size_t parts_there(struct sending *k, const cJSON *messages)
{
    const struct slack *s = k->task.adapter->state;
    size_t n = 0;
    for (; n < k->nparts; n++) {
        const char *key = key_of(k, n), *ts = NULL;
        const cJSON *m;
        cJSON_ArrayForEach(m, messages)
        {
            const cJSON *meta = json_object(m, "metadata");
            const cJSON *payload = meta ? json_object(meta, "event_payload") : NULL;
            const char *theirs = payload ? json_string(payload, "k", 512) : NULL;
            const char *bot = json_string(m, "bot_id", SLACK_MAX_ID - 1);
            const char *user = json_string(m, "user", SLACK_MAX_ID - 1);
            bool ours = (bot && !strcmp(bot, s->self.bot)) || (user && !strcmp(user, s->self.user));
            if (ours && theirs && !strcmp(theirs, key))
                ts = json_string(m, "ts", SLACK_MAX_ID - 1);
        }
        if (!ts)
            break;
        memcpy(k->ts, ts, strlen(ts) + 1);
    }
    return n;
}

static void on_looked(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct sending *k = ctx;
    if (r->class == SLACK_FINE) {
        cJSON *j = json_parse(res->body, res->len);
        size_t there = parts_there(k, json_array(j, "messages", NULL));
        json_free(j);
        log_info("slack", "looked for a message that may have arrived", "id=%lld found=%zu of=%zu",
                 (long long)k->id, there, k->nparts);
        k->next = there > k->next ? there : k->next;
        k->doubtful = k->tried = false;
        go_on(k);
    } else if (!strcmp(r->error, "missing_scope") || r->class == SLACK_REFUSED) {
        give_up(k, "it may have arrived, and may not be looked for: add the history scopes");
    } else {
        not_sent(k, r,
                 true); /* whoever only looked has posted nothing: it is as doubtful as before */
    }
}

static void look(struct sending *k)
{
    struct slack *s = k->task.adapter->state;
    bool thread = *k->to.thread && !k->unthreaded;
    struct buf b;
    buf_init(&b, 2048);
    buf_addf(&b, "channel=%s&limit=200&include_all_metadata=true&oldest=%lld.000000", k->to.channel,
             (long long)(k->at_ms / 1000 - 1));
    if (thread)
        buf_addf(&b, "&ts=%s", k->to.thread);
    slack_call(s, thread ? "conversations.replies" : "conversations.history", b.s, true,
               s->token.value[0], on_looked, k);
    buf_release(&b);
}

/* ---- the other ways ---- */

static void on_once(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct sending *k = ctx;
    (void)res;
    bool repeatable = k->to.via == SLACK_UPDATE || k->to.via == SLACK_VIEW;
    if (r->class == SLACK_FINE || (repeatable && r->class == SLACK_BENIGN)) {
        memcpy(k->ts, r->ts, sizeof k->ts);
        sent(k);
    } else if (!another_way(k, r)) {
        not_sent(k, r, repeatable);
    }
}

static void update(struct sending *k)
{
    struct buf b;
    buf_init(&b, MAX_BODY);
    buf_addc(&b, '{');
    add(&b, "channel", k->to.channel);
    add(&b, "ts", k->to.ts);
    add_words(k, &b);
    call(k, "chat.update", &b, on_once);
}

static void whisper(struct sending *k)
{
    struct buf b;
    k->to.via = SLACK_EPHEMERAL;
    buf_init(&b, MAX_BODY);
    buf_addc(&b, '{');
    add(&b, "channel", k->to.channel);
    add(&b, "user", k->to.user);
    if (!k->unthreaded)
        add(&b, "thread_ts", k->to.thread);
    add_words(k, &b);
    call(k, "chat.postEphemeral", &b, on_once);
}

static void publish(struct sending *k)
{
    struct buf b;
    buf_init(&b, MAX_BODY);
    buf_addc(&b, '{');
    add(&b, "user_id", k->to.user);
    buf_addf(&b, ",\"view\":%s", k->view);
    call(k, "views.publish", &b, on_once);
}

/* "ok", or JSON that says so. Whatever else it says, the address is used up or too old. */
static void on_responded(void *ctx, const struct slack_result *r, const struct http_response *res)
{
    struct sending *k = ctx;
    bool ok = res->status == 200 && (!res->len || !strncmp(res->body, "ok", 2));
    if (ok || r->class == SLACK_FINE)
        sent(k);
    else if (r->class == SLACK_LATER || r->class == SLACK_UNSENT)
        not_sent(k, r, false);
    else if (!res->status || res->status >= 500)
        unsure(k, r->error, r->retry_after_s);
    else
        whisper(k);
}

static void respond(struct sending *k)
{
    struct slack *s = k->task.adapter->state;
    if (!slack_may_post_to(s, k->to.url)) {
        log_warn("slack", "an address to respond to is not Slack's", "id=%lld", (long long)k->id);
        whisper(k);
        return;
    }
    if (clock_wall_ms() > k->to.until_ms) {
        whisper(k);
        return;
    }
    struct buf b;
    buf_init(&b, MAX_BODY);
    buf_adds(&b, "{\"response_type\":\"ephemeral\",\"replace_original\":false");
    add_words(k, &b);
    buf_addc(&b, '}');
    slack_post_to(s, k->to.url, b.s, on_responded, k);
    buf_release(&b);
}

/* ---- one step after another ---- */

static void go_on(struct sending *k)
{
    bool whole = k->next == k->nparts;
    switch (k->to.via) {
    case SLACK_POST:
        if (k->doubtful || (k->tried && k->nparts > 1 && !k->next))
            look(k);
        else if (whole)
            sent(k);
        else
            post(k);
        break;
    case SLACK_UPDATE: update(k); break;
    case SLACK_VIEW: publish(k); break;
    case SLACK_EPHEMERAL: whisper(k); break;
    case SLACK_RESPOND: respond(k); break;
    }
}

/* ---- reading a letter ---- */

/* The text of the sections, for where blocks are not taken. */
static const char *plain_of(struct pool *pool, const cJSON *blocks, const char *otherwise)
{
    const cJSON *block;
    const char *all = "";
    cJSON_ArrayForEach(block, blocks)
    {
        const cJSON *text = json_object(block, "text");
        const char *s = text ? json_string(text, "text", 8192) : NULL;
        if (s)
            all = *all ? pool_printf(pool, "%s\n\n%s", all, s) : pool_strdup(pool, s);
    }
    if (!*all)
        return otherwise;
    return pool_strndup(pool, all, slack_split_at(all, strlen(all), SLACK_UPDATE_BYTES));
}

static const char *printed(struct pool *pool, const cJSON *j)
{
    char *s = j ? cJSON_PrintUnformatted(j) : NULL;
    const char *copy = pool_strdup(pool, s);
    cJSON_free(s);
    return copy;
}

static bool read_letter(struct sending *k, const struct outbox_item *item)
{
    struct pool *pool = k->task.pool;
    cJSON *j = json_parse(item->body, strlen(item->body));
    const cJSON *part;
    k->kind = pool_strdup(pool, json_string(j, "kind", 64));
    k->view = printed(pool, json_object(j, "view"));
    cJSON_ArrayForEach(part, json_array(j, "parts", NULL))
    {
        const cJSON *blocks = json_array(part, "blocks", NULL);
        struct part *p = &k->part[k->nparts];
        if (k->nparts == SLACK_MAX_PARTS)
            break;
        p->text = pool_strdup(pool, json_string(part, "text", SLACK_UPDATE_BYTES * 2));
        p->blocks = printed(pool, blocks);
        p->plain = plain_of(pool, blocks, p->text);
        k->nparts++;
    }
    json_free(j);
    return slack_place_read(pool, item->note, &k->to) &&
           (k->to.via == SLACK_VIEW ? *k->view != '\0' : k->nparts > 0);
}

/* Nothing is known of an attempt at something that cannot be looked for. */
static bool is_lost(const struct sending *k)
{
    return k->doubtful && (k->to.via == SLACK_EPHEMERAL || k->to.via == SLACK_RESPOND);
}

void slack_deliver(struct adapter *a, const struct outbox_item *item)
{
    struct slack *s = a->state;
    struct sending *k = task_new(&s->tasks, sizeof *k);
    k->id = item->id;
    k->at_ms = item->at_ms;
    k->turn = item->turn;
    k->idem = pool_strdup(k->task.pool, item->idem);
    k->doubtful = item->doubtful;
    k->tried = item->tries > 0;
    struct slack_progress *p = progress_of(s, item->id);
    k->next = p ? p->parts : 0;
    bool readable = read_letter(k, item);
    if (!s->known || s->down)
        later(k, s->down ? s->why_down : "not connected yet", s->down ? auth_wait_s(s) : 1, true);
    else if (!readable)
        give_up(k, "it cannot be read");
    else if (k->to.only_if_sure && strcmp(k->kind, "answer"))
        sent(k); /* nothing: nobody asked us by name */
    else if (is_lost(k))
        give_up(k, "it may have arrived, and nobody can look");
    else {
        if (k->to.via == SLACK_UPDATE && k->nparts > 1)
            k->to.via = SLACK_POST; /* too long to take the other's place */
        go_on(k);
    }
}
