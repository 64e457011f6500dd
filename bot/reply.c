/* reply.c: a reply as the JSON object that scripts, the web and the journal read. Written front to
 * back into a buf. Scripts of others depend on the keys, so these and their order do not change; new
 * ones go at the end. */
#include "bot/reply.h"

#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "bot/why.h"
#include "kb/pool.h"

const char *reply_kind_name(enum reply_kind kind)
{
    static const char *const names[] = {"answer", "choices", "none", "chitchat", "handoff"};
    return names[kind];
}

const char *reply_band_name(enum kb_band band)
{
    static const char *const names[] = {"none", "medium", "high"};
    return names[band];
}

static const char **copy_texts(struct pool *pool, const char *const *s, size_t n)
{
    const char **copy = pool_array(pool, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = s[i] ? pool_strdup(pool, s[i]) : NULL;
    return copy;
}

static struct kb_hit copy_hit(struct pool *pool, const struct kb_hit *h)
{
    struct kb_hit copy = *h;
    const char **const text[] = {&copy.passage,  &copy.document, &copy.title,
                                 &copy.url,      &copy.anchor,   &copy.question,
                                 &copy.reviewed, &copy.text,     &copy.lead};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
        *text[i] = *text[i] ? pool_strdup(pool, *text[i]) : NULL;
    copy.heading = copy_texts(pool, h->heading, h->nheading);
    struct kb_span *mark = pool_array(pool, h->nmark + 1, sizeof *mark);
    for (size_t i = 0; i < h->nmark; i++)
        mark[i] = h->mark[i];
    copy.mark = mark;
    return copy;
}

struct reply *reply_copy(struct pool *pool, const struct reply *r)
{
    struct reply *copy = pool_alloc(pool, sizeof *copy);
    struct kb_hit *hit = pool_array(pool, r->nanswer + 1, sizeof *hit);
    struct kb_pair *pair = pool_array(pool, r->ncorrected + 1, sizeof *pair);
    for (size_t i = 0; i < r->nanswer; i++)
        hit[i] = copy_hit(pool, &r->answer[i]);
    for (size_t i = 0; i < r->ncorrected; i++)
        pair[i] = (struct kb_pair){pool_strdup(pool, r->corrected[i].from),
                                   pool_strdup(pool, r->corrected[i].to)};
    *copy = *r;
    copy->text = pool_strdup(pool, r->text);
    copy->called = r->called ? pool_strdup(pool, r->called) : NULL;
    copy->answer = hit;
    copy->choice = copy_texts(pool, r->choice, r->nchoice);
    copy->choice_key = copy_texts(pool, r->choice_key, r->nchoice);
    copy->suggestion = copy_texts(pool, r->suggestion, r->nsuggestion);
    copy->suggestion_key = copy_texts(pool, r->suggestion_key, r->nsuggestion);
    copy->corrected = pair;
    copy->unknown = copy_texts(pool, r->unknown, r->nunknown);
    copy->why = NULL;
    copy->nwhy = 0;
    return copy;
}

static void add_key(struct buf *b, const char *key)
{
    buf_addc(b, '"');
    buf_adds(b, key);
    buf_adds(b, "\":");
}

static void add_text(struct buf *b, const char *key, const char *s)
{
    json_add_member(b, key, s ? s : "");
}

static void add_texts(struct buf *b, const char *key, const char *const *s, size_t n)
{
    add_key(b, key);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ',');
        json_add_string(b, s[i], strlen(s[i]));
    }
    buf_addc(b, ']');
}

static void add_receipt(struct buf *b, const char *passage, const char *text, size_t start)
{
    struct pool *pool = pool_new();
    add_text(b, "receipt", kb_receipt(pool, passage, text, start));
    pool_free(pool);
}

/* The header row of a table whose rows are quoted: from a place of its own. */
static void add_lead(struct buf *b, const struct kb_hit *h)
{
    buf_adds(b, ",\"lead\":{");
    add_text(b, "text", h->lead);
    buf_addf(b, ",\"start\":%zu,\"end\":%zu", h->lead_start, h->lead_end);
    add_receipt(b, h->passage, h->lead, h->lead_start);
    buf_addc(b, '}');
}

static void add_hit(struct buf *b, const struct kb_hit *h)
{
    buf_addc(b, '{');
    add_text(b, "passage", h->passage);
    add_text(b, "document", h->document);
    add_text(b, "title", h->title);
    buf_addc(b, ',');
    add_texts(b, "heading", h->heading, h->nheading);
    add_text(b, "url", h->url);
    add_text(b, "text", h->text);
    buf_addf(b, ",\"start\":%zu,\"end\":%zu,\"score\":", h->start, h->end);
    json_add_number(b, h->score);
    add_text(b, "anchor", h->anchor);
    add_text(b, "reviewed", h->reviewed);
    add_receipt(b, h->passage, h->text, h->start);
    if (h->lead && *h->lead)
        add_lead(b, h);
    buf_addc(b, '}');
}

void reply_json_pairs(struct buf *b, const char *key, const struct kb_pair *pair, size_t n)
{
    buf_addf(b, "\"%s\":{", key);
    for (size_t i = 0; i < n; i++) {
        bool again = false; /* a word typed twice is one key */
        for (size_t k = 0; k < i && !again; k++)
            again = !strcmp(pair[k].from, pair[i].from);
        if (again)
            continue;
        if (i)
            buf_addc(b, ',');
        json_add_string(b, pair[i].from, strlen(pair[i].from));
        buf_addc(b, ':');
        json_add_string(b, pair[i].to, strlen(pair[i].to));
    }
    buf_addc(b, '}');
}

void reply_json(const struct reply *r, const char *id, const char *answer_id, struct buf *b)
{
    buf_addc(b, '{');
    if (id)
        add_text(b, "id", id);
    if (answer_id)
        add_text(b, "answer_id", answer_id);
    add_text(b, "kind", reply_kind_name(r->kind));
    buf_adds(b, ",\"confidence\":");
    json_add_number(b, r->confidence);
    add_text(b, "band", reply_band_name(r->band));
    add_text(b, "text", r->text);
    buf_adds(b, ",\"answers\":[");
    for (size_t i = 0; i < r->nanswer; i++) {
        if (i)
            buf_addc(b, ',');
        add_hit(b, &r->answer[i]);
    }
    buf_adds(b, "],");
    add_texts(b, "choices", (const char *const *)r->choice, r->nchoice);
    buf_addc(b, ',');
    add_texts(b, "suggestions", (const char *const *)r->suggestion, r->nsuggestion);
    buf_addc(b, ',');
    reply_json_pairs(b, "corrected", r->corrected, r->ncorrected);
    if (r->nwhy) {
        buf_adds(b, ",\"explain\":");
        why_json(r, b);
    }
    buf_addf(b, ",\"us\":%lld}", r->us);
}
