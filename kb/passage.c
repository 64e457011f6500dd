/* passage.c: a document becomes passages, the unit that is ranked.
 *
 * A passage is what stands under one heading, with the path of headings above it; an entry of an FAQ
 * file is one too. People ask about one thing, and authors give one thing one heading, so headings
 * are the best cut there is. Only two corrections are made:
 *
 * A section of more than KB_PASSAGE_WORDS words is split into parts that keep its path, because a
 * long passage matches everything a little. (110 words was the best of 60, 85, 110, 180, 260 and 400 for
 * answers from a guide, and never worse than 180 in finding documents: a paragraph or two, or a list.) The cut
 * falls between blocks where it can, between items or rows where it must, and inside a paragraph only when that
 * paragraph alone is too long; never behind a lead, and never so that a crumb is left over. A later part of a table
 * gets the table's header into the words it is ranked by.
 *
 * A heading without text of its own makes no passage, but stays in the path of those below it. The
 * document's title as its first heading is left out of all paths: it is ranked as the title.
 *
 * Small sections stay alone, however small: "Pay" with one sentence is the answer to a question, and
 * joined with its neighbour it would be half of one. */
#include "kb/kb_int.h"

#include <string.h>

#include "kb/hash.h"

#define MOST_PERCENT  125 /* of the limit: a part may be this long to end at a better place */
#define LEAST_PERCENT 33  /* of the limit: a shorter part is not closed */
#define COST_WORDS    60  /* words of inequality that a cut one kind better is worth */

struct heading {
    int level;
    const char *text;
    const char *anchor;
};

/* Anchors in use, and how often a slug was asked for. */
struct anchors {
    struct slot {
        const char *name;
        size_t uses;
    } * slot;
    size_t n, cap; /* a power of two */
};

struct cutter {
    struct pool *pool;
    const struct document *doc;
    passage_fn *fn;
    void *ctx;
    struct anchors anchors;
    struct heading path[6];
    size_t npath;
    const char *anchor; /* of the current section */
    size_t parts;       /* passages that have it already */
    bool titled;        /* the title was seen as a heading */
    bool started;       /* some heading was seen */
};

/* ---- anchors ----------------------------------------------------------------------------------- */

static struct slot *anchors_find(const struct anchors *a, const char *name)
{
    size_t i = (size_t)hash_64(HASH_64, name, strlen(name)) & (a->cap - 1);
    while (a->slot[i].name && strcmp(a->slot[i].name, name) != 0)
        i = (i + 1) & (a->cap - 1);
    return &a->slot[i];
}

static void anchors_grow(struct pool *pool, struct anchors *a)
{
    if (a->n * 2 < a->cap)
        return;
    struct anchors bigger = {.cap = a->cap ? a->cap * 2 : 64, .n = a->n};
    bigger.slot = pool_array(pool, bigger.cap, sizeof *bigger.slot);
    for (size_t i = 0; i < a->cap; i++)
        if (a->slot[i].name)
            *anchors_find(&bigger, a->slot[i].name) = a->slot[i];
    *a = bigger;
}

/* False when the name is taken. */
static bool anchors_add(struct pool *pool, struct anchors *a, const char *name)
{
    anchors_grow(pool, a);
    struct slot *slot = anchors_find(a, name);
    if (slot->name)
        return false;
    *slot = (struct slot){.name = name, .uses = 1};
    a->n++;
    return true;
}

/* `slug`, or with the first free "-1", "-2" behind it, as GitHub does. */
static const char *anchors_take(struct pool *pool, struct anchors *a, const char *slug)
{
    if (anchors_add(pool, a, slug))
        return slug;
    for (;;) {
        size_t uses = anchors_find(a, slug)->uses++;
        const char *name = pool_printf(pool, "%s-%zu", slug, uses);
        if (anchors_add(pool, a, name))
            return name;
    }
}

/* ---- one passage ------------------------------------------------------------------------------- */

static bool asks(const char *heading)
{
    size_t len = strlen(heading);
    while (len && strchr(" \"')*", heading[len - 1]))
        len--;
    return len > 1 &&
           (heading[len - 1] == '?' || (len >= 3 && !memcmp(heading + len - 3, "\xef\xbc\x9f", 3)));
}

/* Does a heading (or title) say that questions and answers follow? */
static bool says_faq(struct pool *pool, const char *heading)
{
    static const char *const name[] = {"frequently asked",
                                       "questions and answers",
                                       "questions & answers",
                                       "common questions",
                                       "q&a",
                                       "q & a"};
    size_t len;
    const char *s = text_fold(pool, heading, strlen(heading), &len);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (strstr(s, name[i]))
            return true;
    for (const char *f = s; (f = strstr(f, "faq")); f++) {
        bool before = f == s || !strchr("abcdefghijklmnopqrstuvwxyz", f[-1]);
        const char *behind = f + 3 + (f[3] == 's');
        if (before && (!*behind || !strchr("abcdefghijklmnopqrstuvwxyz", *behind)))
            return true;
    }
    return false;
}

static const char *join(struct pool *pool, const char *const *s, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += strlen(s[i]) + 1;
    char *all = pool_alloc(pool, len + 1), *p = all;
    for (size_t i = 0; i < n; i++) {
        size_t l = strlen(s[i]);
        memcpy(p, s[i], l);
        p += l;
        *p++ = '\n';
    }
    if (n)
        p[-1] = '\0';
    return all;
}

/* What the passage is ranked by: its blocks as a reader sees them, one a line. */
static const char *body_of(struct cutter *c, const struct cut_unit *unit, size_t from, size_t to)
{
    const char *text = c->doc->text;
    const char **line = pool_array(c->pool, to - from + 1, sizeof *line);
    size_t n = 0;
    if (unit[from].header && unit[from].header - 1 < from) {
        const struct unit *header = &unit[unit[from].header - 1].unit;
        line[n++] = kb_plain(c->pool, text + header->start, header->end - header->start);
    }
    for (size_t i = from, end; i < to; i = end) {
        for (end = i + 1; end < to && unit[end].block == unit[i].block; end++)
            ;
        size_t start = unit[i].unit.start;
        line[n++] = kb_plain(c->pool, text + start, unit[end - 1].unit.end - start);
    }
    return join(c->pool, line, n);
}

/* The units as they are kept, numbered by list, table and paragraph. */
static struct unit *units_of(struct cutter *c, const struct cut_unit *unit, size_t from, size_t to)
{
    struct unit *all = pool_array(c->pool, to - from, sizeof *all);
    /* The list or table seen last: a line between two rows of a table does not make it two. */
    int last = 0;
    unsigned n = 0, last_n = 0;
    for (size_t i = from; i < to; i++) {
        const struct block *b = unit[i].block;
        bool again = b->group && b->group == last;
        if (!again && (i == from || b != unit[i - 1].block))
            n += n < UINT16_MAX;
        all[i - from] = unit[i].unit;
        all[i - from].group = (uint16_t)(again ? last_n : n);
        if (b->group && !again) {
            last = b->group;
            last_n = n;
        }
    }
    return all;
}

size_t passage_item_start(const char *s, size_t at)
{
    size_t start = at;
    while (start && s[start - 1] != '\n' && strchr(" \t-*+.)0123456789", s[start - 1]))
        start--;
    return !start || s[start - 1] == '\n' ? start : at;
}

static int emit(struct cutter *c, struct passage *p, const struct cut_unit *unit, size_t from,
                size_t to)
{
    p->key = pool_printf(c->pool, "%s#%s", c->doc->id, p->anchor);
    p->headings = join(c->pool, p->heading, p->nheading);
    p->start = p->end = p->source ? p->source->start : 0;
    if (from < to) {
        p->body = body_of(c, unit, from, to);
        p->unit = units_of(c, unit, from, to);
        p->nunit = to - from;
        p->start = unit[from].unit.start;
        if (unit[from].unit.kind == BLOCK_ITEM && to - from > 1)
            p->start = passage_item_start(c->doc->text, p->start);
        p->end = unit[to - 1].unit.end;
        if (!p->line) /* an entry begins at its question, above its answer */
            p->line = unit[from].line;
    }
    return c->fn(c->ctx, c->doc, p);
}

/* ---- sections ---------------------------------------------------------------------------------- */

/* How bad a cut before units[i] is; a negative one is forbidden. */
static int cut_cost(const struct cut_unit *unit, size_t i)
{
    const struct cut_unit *a = &unit[i - 1], *b = &unit[i];
    if (a->glued || (a->unit.kind == BLOCK_ROW && a->unit.head))
        return -1;
    if (a->block == b->block)
        return a->block_words > KB_PASSAGE_WORDS ? 2 : -1;
    if (!a->block->group || a->block->group != b->block->group)
        return 0;
    return b->block->level > 0 ? 2 : 1;
}

/* Where the part that starts at `from` ends; `words` are all that is left of the section. Parts are
 * made equally long, so that no crumb is left over, and a good place is worth some inequality. */
static size_t part_end(const struct cut_unit *unit, size_t from, size_t n, size_t words)
{
    size_t limit = KB_PASSAGE_WORDS, most = limit * MOST_PERCENT / 100;
    if (words <= most)
        return n;
    size_t target = words / ((words + limit - 1) / limit), best = n, least_loss = SIZE_MAX;
    for (size_t i = from + 1, sum = 0; i < n; i++) {
        sum += unit[i - 1].words;
        if (sum > most && best < n)
            break;
        int cost = cut_cost(unit, i);
        if (cost < 0 || sum * 100 < limit * LEAST_PERCENT)
            continue;
        if (sum > most)
            return i;
        size_t loss = (size_t)cost * COST_WORDS + (sum > target ? sum - target : target - sum);
        if (loss <= least_loss) {
            best = i;
            least_loss = loss;
        }
    }
    return best;
}

static int emit_section(struct cutter *c, const struct block *first, const struct block *end)
{
    struct units u = {0};
    const struct document *doc = c->doc;
    units_cut(doc, first, end, &u);
    if (!u.n)
        return 0;
    const char **heading = pool_array(c->pool, 7, sizeof *heading);
    bool faq = says_faq(c->pool, doc->title);
    size_t words = 0;
    for (size_t i = 0; i < c->npath; i++) {
        heading[i] = c->path[i].text;
        faq = faq || (i + 1 < c->npath && says_faq(c->pool, heading[i]));
    }
    for (size_t i = 0; i < u.n; i++)
        words += u.unit[i].words;
    const char *own = c->npath ? heading[c->npath - 1] : "";
    for (size_t from = 0, to; from < u.n; from = to) {
        to = part_end(u.unit, from, u.n, words);
        struct passage p = {.heading = heading,
                            .nheading = c->npath,
                            .anchor = c->anchor,
                            .question = asks(own) ? own : "",
                            .entry = faq && asks(own),
                            .lang = doc->lang,
                            .audience = doc->audience,
                            .reviewed = doc->reviewed,
                            .valid_from = doc->valid_from,
                            .valid_until = doc->valid_until,
                            .url = doc->url,
                            .status = doc->status};
        if (c->parts++)
            p.anchor = pool_printf(c->pool, "%s~%zu", c->anchor, c->parts);
        int rc = emit(c, &p, u.unit, from, to);
        if (rc)
            return rc;
        for (size_t i = from; i < to; i++)
            words -= u.unit[i].words;
    }
    return 0;
}

static void enter_heading(struct cutter *c, const struct block *b)
{
    const char *text = heading_plain(c->doc, b);
    const char *anchor = anchors_take(c->pool, &c->anchors, text_slug(c->pool, text, strlen(text)));
    bool is_title = !c->started && strcmp(text, c->doc->title) == 0;
    c->started = true;
    while (c->npath && c->path[c->npath - 1].level >= b->level)
        c->npath--;
    if (c->npath == sizeof c->path / sizeof *c->path)
        c->npath--;
    if (is_title)
        return; /* what follows belongs to the document as a whole: "top" */
    c->path[c->npath++] = (struct heading){b->level, text, anchor};
    c->anchor = anchor;
    c->parts = 0;
}

/* ---- entries ----------------------------------------------------------------------------------- */

static const char *either(const char *own, const char *documents)
{
    return own && *own ? own : documents;
}

static int emit_entry(struct cutter *c, const struct entry *e)
{
    const struct document *doc = c->doc;
    struct units u = {0};
    units_cut(doc, doc->block + e->first, doc->block + e->last, &u);
    const char **question = pool_array(c->pool, e->naka + 1, sizeof *question);
    question[0] = e->question;
    for (size_t i = 0; i < e->naka; i++)
        question[i + 1] = e->aka[i];
    struct passage p = {.anchor = e->id,
                        .question = join(c->pool, question, e->naka + 1),
                        .body = "",
                        .entry = true,
                        .source = e,
                        .line = e->line,
                        .lang = either(e->lang, doc->lang),
                        .audience = either(e->audience, doc->audience),
                        .reviewed = either(e->reviewed, doc->reviewed),
                        .valid_from = either(e->valid_from, doc->valid_from),
                        .valid_until = either(e->valid_until, doc->valid_until),
                        .url = either(e->url, doc->url),
                        .status = either(e->status, doc->status)};
    return emit(c, &p, u.unit, 0, u.n);
}

int passage_cut(const struct document *doc, passage_fn *fn, void *ctx)
{
    struct cutter c = {.pool = doc->pool, .doc = doc, .fn = fn, .ctx = ctx, .anchor = "top"};
    int rc = 0;
    anchors_add(c.pool, &c.anchors, "top");
    for (size_t i = 0; i < doc->nentry; i++)
        anchors_add(c.pool, &c.anchors, doc->entry[i].id);
    size_t entry = 0;
    for (size_t i = 0, end; i < doc->nblock && !rc; i = end) {
        while (entry < doc->nentry && doc->entry[entry].last <= i)
            rc = rc ? rc : emit_entry(&c, &doc->entry[entry++]);
        /* Entries' blocks are their own passages; the rest goes up to the next entry or heading. */
        size_t stop = entry < doc->nentry ? doc->entry[entry].first : doc->nblock;
        if (i >= stop) {
            end = doc->entry[entry].last;
            continue;
        }
        end = i + 1;
        if (doc->block[i].kind == BLOCK_HEADING) {
            enter_heading(&c, &doc->block[i]);
            continue;
        }
        while (end < stop && doc->block[end].kind != BLOCK_HEADING)
            end++;
        rc = rc ? rc : emit_section(&c, doc->block + i, doc->block + end);
    }
    while (entry < doc->nentry && !rc)
        rc = emit_entry(&c, &doc->entry[entry++]);
    return rc;
}
