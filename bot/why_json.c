/* why_json.c: the same account for programs; why.h says what the members mean. */
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "bot/reply.h"
#include "bot/why.h"

static void text(struct buf *b, const char *key, const char *s)
{
    buf_addf(b, "\"%s\":", key);
    json_add_string(b, s ? s : "", s ? strlen(s) : 0);
}

static void number(struct buf *b, const char *key, double v)
{
    buf_addf(b, "\"%s\":", key);
    json_add_number(b, v);
}

static void comma(struct buf *b, size_t i)
{
    if (i)
        buf_addc(b, ',');
}

static void parts(struct buf *b, const struct kb_part *part, size_t n)
{
    buf_adds(b, "\"parts\":[");
    for (size_t i = 0; i < n; i++) {
        comma(b, i);
        buf_addc(b, '{');
        text(b, "name", part[i].name);
        buf_addc(b, ',');
        number(b, "value", part[i].value);
        buf_addc(b, ',');
        number(b, "weight", part[i].weight);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void word(struct buf *b, const struct kb_why_word *w)
{
    static const char *const way[] = {"typed",   "corrected", "compound", "relative",
                                      "synonym", "hint",      "general"};
    _Static_assert(sizeof way / sizeof *way == KB_GENERAL + 1, "each way has a name");
    buf_addc(b, '{');
    text(b, "word", w->word);
    buf_addc(b, ',');
    number(b, "weight", w->weight);
    buf_addc(b, ',');
    number(b, "idf", w->idf);
    buf_addf(b, ",\"before\":%s,\"known\":%s,\"ways\":[", w->before ? "true" : "false",
             w->known ? "true" : "false");
    for (size_t i = 0; i < w->nterm; i++) {
        comma(b, i);
        buf_addc(b, '{');
        text(b, "said", w->term[i].said);
        buf_addf(b, ",\"way\":\"%s\",", way[w->term[i].way]);
        number(b, "weight", w->term[i].weight);
        buf_addf(b, ",\"passages\":%lld}", w->term[i].passages);
    }
    buf_adds(b, "]}");
}

static void find(struct buf *b, const struct kb_why *why, const struct kb_why_find *f)
{
    static const char *const field[KB_FIELDS] = {"question", "headings", "title", "body"};
    buf_addc(b, '{');
    text(b, "word", why->word[f->word].word);
    buf_addc(b, ',');
    text(b, "said", f->said);
    for (size_t i = 0; i < KB_FIELDS; i++) {
        buf_addc(b, ',');
        number(b, field[i], f->field[i]);
    }
    buf_addc(b, '}');
}

static void hit(struct buf *b, const struct kb_why *why, const struct kb_why_hit *h)
{
    buf_addc(b, '{');
    text(b, "passage", h->passage);
    buf_addc(b, ',');
    text(b, "title", h->title);
    buf_addc(b, ',');
    text(b, "heading", h->heading);
    buf_addc(b, ',');
    number(b, "score", h->score);
    buf_addc(b, ',');
    number(b, "confidence", h->confidence);
    buf_addc(b, ',');
    parts(b, h->part, h->npart);
    buf_addc(b, ',');
    number(b, "found", h->found);
    buf_adds(b, ",\"finds\":[");
    for (size_t i = 0; i < h->nfind; i++) {
        comma(b, i);
        find(b, why, &h->find[i]);
    }
    buf_adds(b, "]}");
}

static void chance(struct buf *b, const struct kb_chance *c)
{
    buf_addc(b, '{');
    text(b, "meaning", c->meaning);
    buf_addc(b, ',');
    number(b, "value", c->value);
    buf_addc(b, ',');
    number(b, "base", c->base);
    buf_addc(b, ',');
    parts(b, c->part, c->npart);
    buf_addc(b, '}');
}

static void confidence(struct buf *b, const struct kb_why *why)
{
    buf_adds(b, "\"confidence\":{");
    number(b, "value", why->confidence);
    buf_addf(b, ",\"band\":\"%s\",", reply_band_name(why->band));
    buf_adds(b, "\"chances\":[");
    for (size_t i = 0; i < why->nchance; i++) {
        comma(b, i);
        chance(b, &why->chance[i]);
    }
    buf_adds(b, "],");
    text(b, "rule", why->rule);
    buf_addc(b, ',');
    number(b, "high", why->high);
    buf_addc(b, ',');
    number(b, "medium", why->medium);
    buf_addc(b, '}');
}

static void one(struct buf *b, const struct kb_why *why)
{
    buf_addf(b, "{\"passages\":%zu,\"candidates\":%zu,", why->passages, why->candidates);
    text(b, "want", why->want);
    buf_adds(b, ",\"words\":[");
    for (size_t i = 0; i < why->nword; i++) {
        comma(b, i);
        word(b, &why->word[i]);
    }
    buf_adds(b, "],");
    reply_json_pairs(b, "corrected", why->corrected, why->ncorrected);
    buf_adds(b, ",\"hits\":[");
    for (size_t i = 0; i < why->nhit; i++) {
        comma(b, i);
        hit(b, why, &why->hit[i]);
    }
    buf_adds(b, "],");
    number(b, "mass", why->mass);
    buf_addc(b, ',');
    confidence(b, why);
    buf_addc(b, '}');
}

void why_json(const struct reply *r, struct buf *b)
{
    buf_addc(b, '[');
    for (size_t i = 0; i < r->nwhy; i++) {
        comma(b, i);
        one(b, r->why[i]);
    }
    buf_addc(b, ']');
}
