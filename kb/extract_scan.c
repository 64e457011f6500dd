/* extract_scan.c: where the words of a question stand in a passage, unit by unit.
 *
 * A word that the passage's heading says already is worth less inside it: under "Specimen handling" every sentence
 * is about that, and the one that repeats the words is not the one that answers. Its sentences are told apart by the
 * rest of the question and by the kind of answer; what is left over speaks for the section's beginning. */
#include <string.h>

#include "kb/extract.h"

#define MEASURE 0.2  /* of its worth is left to a word that says how something is counted */
#define TOLD    0.35 /* of its worth is left to a word that the heading says */

/* Tokens are compared as 64-bit hashes: two different ones that collide are not to be expected in the life of a
 * base, and would only choose another sentence. */
struct token {
    uint64_t hash;
    size_t pos; /* several at one place when a word has several forms */
    size_t start, end;
    bool stop; /* only told inside what can have a label */
};

struct tokens {
    struct pool *pool;
    const char *lang;
    const struct row *row; /* its units are what is read; NULL: something else */
    size_t unit;           /* the last one that was looked at: tokens come in order */
    struct token *token;
    size_t n, cap, mark; /* bytes of the language mark */
};

static bool has_label(const struct unit *u)
{
    return u->kind == BLOCK_ITEM || u->kind == BLOCK_ROW;
}

static uint64_t hash_of(const char *s, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

/* Whether the byte of the passage is in an item or a row, whose label is compared word for word. */
static bool may_be_label(struct tokens *t, size_t at)
{
    if (!t->row)
        return false;
    const struct unit *unit = t->row->unit;
    size_t n = t->row->nunit, from = t->row->start + at;
    while (t->unit < n && unit[t->unit].end <= from)
        t->unit++;
    return t->unit < n && unit[t->unit].start <= from && has_label(&unit[t->unit]);
}

static int on_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                    bool colocated)
{
    struct tokens *t = ctx;
    if (start < t->mark || end < start)
        return 0;
    size_t pos = t->n ? t->token[t->n - 1].pos + !colocated : 0;
    bool stop = may_be_label(t, start - t->mark) && stopword(t->lang, token, len);
    *POOL_PUSH(t->pool, t->token, t->n, t->cap) =
        (struct token){hash_of(token, len), pos, start - t->mark, end - t->mark, stop};
    return 0;
}

/* Of a text in the row's language: the passage itself, or another, without labels. */
static int read_tokens(struct tokenizer *t, struct pool *pool, const struct row *row, bool passage,
                       const char *text, size_t len, struct tokens *ret)
{
    const char *lang = row->lang;
    size_t mark = strlen(lang) + 2;
    char *marked = pool_alloc(pool, mark + len + 1);
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, lang, mark - 2);
    marked[mark - 1] = ' ';
    memcpy(marked + mark, text, len);
    *ret = (struct tokens){
        .pool = pool, .lang = *lang ? lang : "en", .row = passage ? row : NULL, .mark = mark};
    int r = tokenizer_run(t, marked, mark + len, on_token, ret);
    return r < 0 ? r : 0;
}

/* ---- terms in tokens ------------------------------------------------------------------------------------------ */

struct terms {
    uint64_t *hash; /* of their tokens, one term after another */
    size_t *first;  /* per term: index of its first one */
    uint64_t sieve; /* low bits of those first ones */
};

static struct terms hash_terms(struct pool *pool, const struct query *q)
{
    struct terms t = {0};
    size_t n = 0;
    for (size_t i = 0; i < q->nterm; i++)
        n += q->term[i].ntoken;
    t.hash = pool_array(pool, n, sizeof *t.hash);
    t.first = pool_array(pool, q->nterm, sizeof *t.first);
    n = 0;
    for (size_t i = 0; i < q->nterm; i++) {
        t.first[i] = n;
        for (size_t k = 0; k < q->term[i].ntoken; k++)
            t.hash[n++] = hash_of(q->term[i].token[k], strlen(q->term[i].token[k]));
        if (q->term[i].ntoken)
            t.sieve |= UINT64_C(1) << (t.hash[t.first[i]] & 63);
    }
    return t;
}

/* The index behind the `n` hashes that stand in a row from token i on; 0 when they do not. */
static size_t stands_at(const struct tokens *t, size_t i, const uint64_t *hash, size_t n)
{
    size_t pos = t->token[i].pos, at = i;
    for (size_t k = 0; k < n; k++) {
        while (at < t->n && (t->token[at].pos < pos + k ||
                             (t->token[at].pos == pos + k && t->token[at].hash != hash[k])))
            at++;
        if (at == t->n || t->token[at].pos != pos + k)
            return 0;
    }
    return at + 1;
}

typedef void found_fn(void *ctx, const struct query_term *term, size_t from, size_t to);

static void find_terms(const struct query *q, const struct terms *terms, const struct tokens *t,
                       found_fn *fn, void *ctx)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!(terms->sieve >> (t->token[i].hash & 63) & 1))
            continue;
        for (size_t k = 0; k < q->nterm; k++) {
            const uint64_t *hash = terms->hash + terms->first[k];
            if (!q->term[k].ntoken || *hash != t->token[i].hash)
                continue;
            size_t to = stands_at(t, i, hash, q->term[k].ntoken);
            if (to)
                fn(ctx, &q->term[k], i, to);
        }
    }
}

/* ---- what the headings tell -------------------------------------------------------------------------------------- */

static void fill_slots(void *ctx, const struct query_term *term, size_t from, size_t to)
{
    float *fill = ctx;
    (void)from;
    (void)to;
    for (size_t s = term->slot; s < term->slot + term->nslot; s++)
        if (fill[s] < term->weight)
            fill[s] = (float)term->weight;
}

/* The "long" of "how long": it was answered by a period and not by the word. */
static bool measures(const struct query *q, size_t slot)
{
    static const char *const word[] = {"long", "much", "many", "often", "old", "far"};
    bool figure = q->want == WANT_DURATION || q->want == WANT_NUMBER || q->want == WANT_MONEY;
    for (size_t i = 0; figure && i < sizeof word / sizeof *word; i++)
        if (!strcmp(q->slot[slot].word, word[i]))
            return true;
    return false;
}

static int read_told(struct tokenizer *t, const struct terms *terms, struct scan *s)
{
    const struct query *q = s->q;
    const char *said[] = {s->row->question, s->row->headings, s->row->title};
    float *fill = pool_array(s->pool, q->nslot + 1, sizeof *fill);
    double own = 0;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct tokens tokens;
        int r = read_tokens(t, s->pool, s->row, false, said[i], strlen(said[i]), &tokens);
        if (r)
            return r;
        find_terms(q, terms, &tokens, fill_slots, fill);
    }
    for (size_t i = 0; i < q->nslot; i++) {
        double share = q->mass > 0 ? q->slot[i].weight * q->slot[i].idf / q->mass : 0;
        s->share[i] = share;
        if (!q->slot[i].context) {
            own += share;
            s->told += share * fill[i];
        }
        s->value[i] = share * (1 - (1 - TOLD) * fill[i]) * (measures(q, i) ? MEASURE : 1);
    }
    s->own = own;
    s->headline = fill;
    return 0;
}

/* ---- what the units say --------------------------------------------------------------------------------------------- */

struct placing {
    struct scan *s;
    const struct terms *terms;
    const struct tokens *tokens;
    size_t unit; /* the last one that was looked at: tokens come in order */
    bool *asked; /* per token: it is a word of the question */
};

static void place(void *ctx, const struct query_term *term, size_t from, size_t to)
{
    struct placing *p = ctx;
    struct scan *s = p->s;
    const struct token *first = &p->tokens->token[from], *last = &p->tokens->token[to - 1];
    size_t at = s->row->start + first->start;
    for (size_t i = from; i < to; i++)
        p->asked[i] = true;
    while (p->unit < s->row->nunit && s->row->unit[p->unit].end <= at)
        p->unit++;
    if (p->unit < s->row->nunit && s->row->unit[p->unit].start <= at)
        fill_slots(s->seen[p->unit].fill, term, from, to);
    for (size_t i = from; i < to; i++) {
        const struct token *t = &p->tokens->token[i];
        if ((!s->nmark || s->mark[s->nmark - 1].end <= t->start) && t->end <= last->end)
            *POOL_PUSH(s->pool, s->mark, s->nmark, s->capmark) = (struct kb_span){t->start, t->end};
    }
}

/* How much of the question a unit's label is, when all of it was asked for; else 0. */
static double label_of(const struct scan *s, const struct placing *p, size_t unit)
{
    const struct unit *u = &s->row->unit[unit];
    const char *text = s->text + (u->start - s->row->start);
    size_t from, len = extract_label(text, u->end - u->start, (enum block_kind)u->kind, &from);
    if (!len)
        return 0;
    from += u->start - s->row->start;
    float *fill = pool_array(s->pool, s->q->nslot + 1, sizeof *fill);
    size_t content = 0;
    for (size_t i = 0; i < p->tokens->n; i++) {
        const struct token *t = &p->tokens->token[i];
        bool again = i && t[-1].pos == t->pos; /* another form of the same word */
        if (t->start < from || t->end > from + len || t->stop || again)
            continue;
        content++;
        if (!p->asked[i])
            return 0;
    }
    if (!content)
        return 0;
    struct tokens label = {.token = p->tokens->token, .n = p->tokens->n};
    while (label.n && label.token[0].start < from)
        label.token++, label.n--;
    while (label.n && label.token[label.n - 1].end > from + len)
        label.n--;
    find_terms(s->q, p->terms, &label, fill_slots, fill);
    double recall = 0;
    for (size_t k = 0; k < s->q->nslot; k++)
        if (!s->q->slot[k].context)
            recall += s->share[k] * fill[k];
    return s->own > 0 ? recall / s->own : 0;
}

static bool quoted_before(const struct scan *s, const struct unit *u)
{
    for (size_t i = 0; i < s->q->nskip; i++)
        if (!strcmp(s->q->skip[i].document, s->row->doc_id) && s->q->skip[i].start < u->end &&
            u->start < s->q->skip[i].end)
            return true;
    return false;
}

static void judge(struct scan *s, const struct placing *p, size_t i)
{
    const struct unit *u = &s->row->unit[i];
    struct seen *seen = &s->seen[i];
    const char *text = s->text + (u->start - s->row->start);
    size_t len = u->end - u->start;
    for (size_t k = 0; k < s->q->nslot; k++)
        seen->worth += s->value[k] * seen->fill[k];
    seen->fit = u->head && u->kind == BLOCK_ROW
                    ? 0
                    : extract_fit(s->q->want, text, len, (enum block_kind)u->kind);
    seen->dangling = u->kind == BLOCK_PARAGRAPH && extract_dangling(text, len);
    seen->aside = extract_aside(text, len);
    seen->quoted = quoted_before(s, u);
    s->fresh += !seen->quoted;
    if (has_label(u))
        seen->label = label_of(s, p, i);
}

/* Share of the message's own words that the passage has, in a heading or below it. */
static double own_words(const struct scan *s)
{
    double have = 0;
    for (size_t k = 0; k < s->q->nslot; k++) {
        float best = s->headline[k];
        for (size_t i = 0; i < s->row->nunit; i++)
            best = s->seen[i].fill[k] > best ? s->seen[i].fill[k] : best;
        have += s->q->slot[k].context ? 0 : s->share[k] * best;
    }
    return s->own > 0 ? have / s->own : 0;
}

/* The first unit that has the weightiest word that any of them has; nunit when none has one. */
static size_t first_mention(const struct scan *s)
{
    size_t first = s->row->nunit;
    double weightiest = 0;
    for (size_t i = 0; i < s->row->nunit; i++)
        for (size_t k = 0; k < s->q->nslot; k++)
            if (s->seen[i].fill[k] > 0 && s->share[k] * s->seen[i].fill[k] > weightiest) {
                weightiest = s->share[k] * s->seen[i].fill[k];
                first = i;
            }
    return first;
}

int extract_scan(struct tokenizer *t, const struct query *q, struct pool *pool,
                 const struct row *row, const char *text, struct scan *ret)
{
    struct scan s = {.q = q, .row = row, .pool = pool, .text = text};
    struct terms terms = hash_terms(pool, q);
    struct tokens tokens;
    s.share = pool_array(pool, q->nslot + 1, sizeof *s.share);
    s.value = pool_array(pool, q->nslot + 1, sizeof *s.value);
    s.seen = pool_array(pool, row->nunit + 1, sizeof *s.seen);
    float *fill = pool_array(pool, (row->nunit + 1) * (q->nslot + 1), sizeof *fill);
    for (size_t i = 0; i < row->nunit; i++)
        s.seen[i].fill = fill + i * (q->nslot + 1);
    int r = read_told(t, &terms, &s);
    if (!r)
        r = read_tokens(t, pool, row, true, text, row->end - row->start, &tokens);
    if (r)
        return r;
    struct placing p = {.s = &s, .terms = &terms, .tokens = &tokens};
    p.asked = pool_array(pool, tokens.n + 1, sizeof *p.asked);
    find_terms(q, &terms, &tokens, place, &p);
    for (size_t i = 0; i < row->nunit; i++)
        judge(&s, &p, i);
    s.first = first_mention(&s);
    s.has = own_words(&s);
    *ret = s;
    return 0;
}
