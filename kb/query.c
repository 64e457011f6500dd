/* query.c: what people type becomes terms.
 *
 * A question is cut into the same tokens as the passages. Question words go ("how do I"), unless nothing
 * else is left. Every remaining word opens a *slot*; the other forms of a compound word and the owner's
 * synonyms are further ways to fill that slot, so a passage that says "salary" and "pay" has answered
 * one word, not two. Tokens travel as bound values and never as query syntax: no text can be an operator.
 *
 * Two kinds of words count less than the rest. In a long message with a question mark somewhere, the
 * sentences around the question are circumstances. And when a message only makes sense after another
 * one ("and how long does that take?"), the earlier one lends its words.
 *
 * Deliberately not here: parsing, negation, guessing at intentions. The one exception is query_want.c, which
 * says what *kind* of thing would be an answer. */
#include "kb/bm25f.h"
#include "kb/query_int.h"
#include "kb/related.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WEIGHT_SAID     0.3 /* the wording of sentences around the one that asks */
#define WEIGHT_LIGHT    0.4 /* words that are hardly ever the point */
#define WEIGHT_HINT     0.6 /* words that an answer of the wanted kind would have */
#define WEIGHT_STEPS    0.3 /* the same when it need not have them */
#define WEIGHT_RELATIVE 0.6 /* another word of the family: license, licensure */
#define MAX_RELATIVES   6
#define WEIGHT_GENERAL  0.3 /* what general English holds to be near */
#define WEIGHT_SPELLING 0.9 /* licence, license */
#define WEIGHT_CLIPPED  0.9 /* vet, veterinarian */
#define MAX_GENERAL     12
#define WEIGHT_JOINED   0.9 /* two words as one */
#define MAX_JOINED      16  /* letters of either */
#define WEIGHT_BEFORE   0.4 /* words of the previous message; half of it for each one before */
#define WEIGHT_MEANT    0.7 /* the same when "it" or "they" says that it is meant */
#define MAX_BEFORE      3   /* messages to look back at */

/* ---- slots and terms --------------------------------------------------------------------------------------- */

static void add_term(struct query *q, struct query_term term)
{
    if (q->nterm == QUERY_TERMS)
        return;
    term.hash = word_hash(term.token[0], strlen(term.token[0]));
    *POOL_PUSH(q->pool, q->term, q->nterm, q->capterm) = term;
}

/* A term of one token for one slot. */
static void add_word(struct query *q, const char *token, const char *text, double weight,
                     size_t slot, enum kb_way way)
{
    const char **list = pool_array(q->pool, 1, sizeof *list);
    list[0] = token;
    add_term(q, (struct query_term){.token = list,
                                    .ntoken = 1,
                                    .word = text,
                                    .weight = weight,
                                    .typed = way <= KB_CORRECTED,
                                    .slot = slot,
                                    .nslot = 1,
                                    .way = way});
}

/* The slot of this token, SIZE_MAX when it is new. */
static size_t find_slot(const struct query *q, const char *token)
{
    for (size_t i = 0; i < q->nterm; i++)
        if (q->term[i].typed && *q->term[i].token[0] == *token &&
            !strcmp(q->term[i].token[0], token))
            return q->term[i].slot;
    return SIZE_MAX;
}

static void add_relatives(const struct query_reader *reader, struct query *q, const char *token,
                          size_t slot)
{
    const char *relative[MAX_RELATIVES];
    size_t n = reader->vocabulary
                   ? vocabulary_relatives(reader->vocabulary, token, relative, MAX_RELATIVES)
                   : 0;
    for (size_t i = 0; i < n; i++)
        add_word(q, relative[i], relative[i], WEIGHT_RELATIVE, slot, KB_RELATIVE);
}

/* What such a word counts for, 0: nothing. A clipped word that the base has is its own, and one that it lacks is what is long
 * for it. */
static double general_weight(enum related_kind kind, bool owned)
{
    switch (kind) {
    case RELATED_SPELLING: return WEIGHT_SPELLING;
    case RELATED_CLIPPED: return owned ? 0 : WEIGHT_CLIPPED;
    case RELATED_NEAR: return WEIGHT_GENERAL;
    }
    return 0;
}

/* Words that others use for it, unless the base lacks them or the slot has them. Those that are merely near find passages, and
 * make nothing known that the base lacks (query_weigh). */
static void add_general(const struct query_reader *reader, struct query *q, const char *token,
                        size_t slot)
{
    struct related near[MAX_GENERAL];
    bool english = !q->lang || !*q->lang || !strcmp(q->lang, "en");
    size_t n = reader->vocabulary && english ? related_words(token, near, MAX_GENERAL) : 0;
    bool owned = n && vocabulary_has(reader->vocabulary, token);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        double weight = general_weight(near[i].kind, owned);
        bool same = near[i].kind == RELATED_SPELLING || near[i].kind == RELATED_CLIPPED;
        while (k < q->nterm && (q->term[k].slot != slot || q->term[k].nslot > 1 ||
                                strcmp(q->term[k].token[0], near[i].token) != 0))
            k++;
        if (weight <= 0 || k < q->nterm || !vocabulary_has(reader->vocabulary, near[i].token))
            continue;
        add_word(q, near[i].token, near[i].token, weight, slot, same ? KB_RELATIVE : KB_GENERAL);
        if (same) /* "licence": its family here is that of "license" */
            add_relatives(reader, q, near[i].token, slot);
    }
}

static void add_form(struct query *q, const struct query_form *form, size_t slot)
{
    const char **list = pool_array(q->pool, 2, sizeof *list);
    list[0] = form->token;
    list[1] = form->then;
    size_t n = form->then ? 2 : 1;
    const char *text = n > 1 ? pool_printf(q->pool, "%s %s", list[0], list[1]) : list[0];
    add_term(q, (struct query_term){.token = list,
                                    .ntoken = n,
                                    .word = text,
                                    .weight = form->weight,
                                    .slot = slot,
                                    .nslot = 1,
                                    .way = form->way});
}

static void add_slot(const struct query_reader *reader, struct query *q, struct query_word *w,
                     double weight, bool context)
{
    size_t slot = find_slot(q, w->token);
    if (slot != SIZE_MAX) {
        if (q->slot[slot].weight < weight)
            q->slot[slot].weight = weight;
        w->slot = slot;
        return;
    }
    if (q->nslot == KB_MAX_TERMS)
        return;
    w->slot = q->nslot;
    *POOL_PUSH(q->pool, q->slot, q->nslot, q->capslot) =
        (struct query_slot){.word = w->text, .weight = weight, .context = context};
    add_word(q, w->token, w->text, w->sure, w->slot, w->sure < 1 ? KB_CORRECTED : KB_TYPED);
    for (size_t i = 0; i < w->nform; i++)
        add_form(q, &w->form[i], w->slot);
    add_relatives(reader, q, w->token, w->slot);
    add_general(reader, q, w->token, w->slot);
}

/* Words that an answer of the wanted kind would have: further ways to say the one that was typed, or a slot
 * of their own when none was. Ends with NULL. */
static void add_hint(const struct query_reader *reader, struct query *q, const char *const *word,
                     double weight)
{
    struct query_message m;
    const char *token[8];
    size_t n = 0, typed = SIZE_MAX, slot = q->nslot;
    for (; word[n] && n < sizeof token / sizeof *token; n++) {
        token[n] = "";
        if (!query_message(reader->tokenizer, q->pool, "en", word[n], strlen(word[n]), &m) && m.n)
            token[n] = m.word[0].token;
        if (typed == SIZE_MAX)
            typed = find_slot(q, token[n]);
    }
    if (typed == SIZE_MAX && slot == KB_MAX_TERMS)
        return;
    if (typed == SIZE_MAX)
        *POOL_PUSH(q->pool, q->slot, q->nslot, q->capslot) = (struct query_slot){
            .word = query_want_name(q->want), .weight = weight, .context = true};
    for (size_t i = 0; i < n; i++)
        if (find_slot(q, token[i]) == SIZE_MAX)
            add_word(q, token[i], word[i], typed == SIZE_MAX ? 1 : weight,
                     typed == SIZE_MAX ? slot : typed, KB_HINT);
}

static bool asks_price(const struct query *q)
{
    for (size_t i = 0; i < q->nslot; i++)
        if (!strncmp(q->slot[i].word, "cost", 4) || !strncmp(q->slot[i].word, "price", 5) ||
            !strncmp(q->slot[i].word, "fee", 3))
            return true;
    return false;
}

/* `own`: the message has words of its own. "How do I get one?" has none, and then all that it says is what kind it wants. */
static void add_hints(const struct query_reader *reader, struct query *q, bool own)
{
    static const char *const earned[] = {"salary", "pay", "wage", "earn", "income", NULL};
    static const char *const paid[] = {"cost", "price", "fee", NULL};
    static const char *const steps[] = {"process", "steps", NULL};
    if (q->want == WANT_MONEY)
        add_hint(reader, q, asks_price(q) ? paid : earned, WEIGHT_HINT);
    if (q->want == WANT_STEPS && !own)
        add_hint(reader, q, steps, WEIGHT_STEPS);
}

/* The slots that words [i, i + n) fill, when they are neighbours; false when they are not, or none. */
static bool covered(const struct query_message *m, size_t i, size_t n, size_t *ret_slot,
                    size_t *ret_n)
{
    size_t low = SIZE_MAX, high = 0, count = 0;
    for (size_t k = i; k < i + n; k++) {
        size_t slot = m->word[k].slot;
        if (slot == SIZE_MAX)
            continue;
        low = slot < low ? slot : low;
        high = slot > high ? slot : high;
        count++;
    }
    if (!count || high - low + 1 != count)
        return false;
    *ret_slot = low;
    *ret_n = count;
    return true;
}

static const char *phrase_text(struct pool *pool, const char *const *token, size_t n)
{
    const char *s = token[0];
    for (size_t i = 1; i < n; i++)
        s = pool_printf(pool, "%s %s", s, token[i]);
    return s;
}

static void add_synonyms(struct query *q, const struct synonyms *synonyms,
                         const struct query_message *m)
{
    for (size_t i = 0; i < m->n; i++) {
        size_t n = 0;
        const struct synonym *syn = synonyms_find(synonyms, m->word[i].token, &n);
        for (; n; syn++, n--) {
            size_t same = 1, slot = 0, nslot = 0;
            if (i + syn->nfrom > m->n)
                continue;
            while (same < syn->nfrom && !strcmp(syn->from[same], m->word[i + same].token))
                same++;
            if (same < syn->nfrom || !covered(m, i, syn->nfrom, &slot, &nslot))
                continue;
            const char *text = phrase_text(q->pool, syn->to, syn->nto);
            add_term(q, (struct query_term){.token = syn->to,
                                            .ntoken = syn->nto,
                                            .word = text,
                                            .weight = syn->weight,
                                            .slot = slot,
                                            .nslot = nslot,
                                            .way = KB_SYNONYM});
        }
    }
}

/* "full time" where the owner writes "fulltime". */
static void add_joined(const struct query_reader *reader, struct query *q,
                       const struct query_message *m)
{
    char joined[2 * MAX_JOINED + 1];
    for (size_t i = 0; reader->vocabulary && i + 1 < m->n; i++) {
        const struct query_word *a = &m->word[i], *b = a + 1;
        if (a->slot == SIZE_MAX || b->slot != a->slot + 1 || b->start != a->end + 1)
            continue;
        size_t na = strlen(a->text), nb = strlen(b->text);
        if (na > MAX_JOINED || nb > MAX_JOINED ||
            (lightword(m->lang, a->text) && lightword(m->lang, b->text))) /* "every day" */
            continue;
        memcpy(joined, a->text, na);
        memcpy(joined + na, b->text, nb + 1);
        const char **token = pool_array(q->pool, 1, sizeof *token);
        token[0] = query_token(reader->tokenizer, q->pool, m->lang, joined);
        if (token[0] && vocabulary_has(reader->vocabulary, token[0]))
            add_term(q, (struct query_term){.token = token,
                                            .ntoken = 1,
                                            .word = pool_strdup(q->pool, joined),
                                            .weight = WEIGHT_JOINED,
                                            .slot = a->slot,
                                            .nslot = 2,
                                            .way = KB_COMPOUND});
    }
}

/* Words that ask come first: of a very long message they must not be the ones that are left out. */
static size_t add_slots(const struct query_reader *reader, struct query *q, struct query_message *m,
                        double weight, bool context)
{
    size_t content = 0;
    for (int asking = 1; asking >= 0; asking--)
        for (size_t i = 0; i < m->n; i++) {
            struct query_word *w = &m->word[i];
            if ((w->stop && !reader->every_word) || w->asks != asking)
                continue;
            bool light = (w->meant || w->small & SMALLWORD_LIGHT) &&
                         lightword(m->lang, w->meant ? w->meant : w->text);
            double own = light ? WEIGHT_LIGHT : 1;
            add_slot(reader, q, w, weight * w->around * own, context);
            content++;
        }
    return content;
}

static bool is_said(const struct query *q, const char *token)
{
    for (size_t i = 0; i < q->nsaid; i++)
        if (*q->said[i].token == *token && !strcmp(q->said[i].token, token))
            return true;
    return false;
}

static void add_said(struct query *q, const struct query_message *m)
{
    for (int asking = 1; asking >= 0; asking--)
        for (size_t i = 0; i < m->n && q->nsaid < QUERY_SAID; i++) {
            const struct query_word *w = &m->word[i];
            if (w->asks == asking && !is_said(q, w->token))
                q->said[q->nsaid++] =
                    (struct query_said){w->token, word_hash(w->token, strlen(w->token)), w->slot,
                                        asking ? 1 : WEIGHT_SAID};
        }
}

static bool has_digit(const char *s, size_t from, size_t to)
{
    while (from < to && !(s[from] >= '0' && s[from] <= '9'))
        from++;
    return from < to;
}

/* Bytes of the sign of a currency at s, or 0. */
static size_t currency(const char *s, size_t len)
{
    switch ((unsigned char)*s) {
    case '$': return 1;
    case 0xc2: return len > 1 && s[1] == '\xa3' ? 2 : 0;                   /* pound */
    case 0xe2: return len > 2 && s[1] == '\x82' && s[2] == '\xac' ? 3 : 0; /* euro */
    default: return 0;
    }
}

/* "How many $$ is that", "€ for nurses?": a sign of money beside no sum. */
static bool money_sign(const char *s, size_t len)
{
    for (size_t i = 0, n; i < len; i++)
        if ((n = currency(s + i, len - i)) > 0 && !has_digit(s, i > 2 ? i - 2 : 0, i) &&
            !has_digit(s, i + n, i + n + 2 < len ? i + n + 2 : len))
            return true;
    return false;
}

/* Of the sentences that ask. */
static enum query_want want_of(const struct query_message *m)
{
    const char **word = pool_array(m->pool, m->n, sizeof *word);
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->word[i].asks)
            word[n++] = m->word[i].meant ? m->word[i].meant : m->word[i].text;
    return money_sign(m->s, m->len) ? WANT_MONEY : query_want(word, n);
}

/* ---- what was said before ------------------------------------------------------------------------------------ */

static enum leaning leaning_of(const struct query_message *m, size_t content, const char **ret_why,
                               bool *ret_continues)
{
    const char **word = pool_array(m->pool, m->n, sizeof *word);
    for (size_t i = 0; i < m->n; i++)
        word[i] = m->word[i].text;
    *ret_continues = follow_continues(word, m->n);
    return follow_leaning(word, m->n, content, ret_why);
}

/* A message without words of its own is about all that the last one was about; else that is circumstance. */
static int add_before(const struct query_reader *reader, struct query *q, const struct kb_ask *ask,
                      const struct query_message *now, bool own, bool inherits)
{
    bool meant = q->leaning == LEAN_SURE && !inherits;
    double weight = !own ? 1 : meant ? WEIGHT_MEANT : WEIGHT_BEFORE;
    for (size_t i = ask->nbefore, left = MAX_BEFORE; i && left; i--, left--, weight /= 2) {
        struct query_message m;
        const char *s = ask->before[i - 1];
        int r = query_message(reader->tokenizer, q->pool, q->lang ? q->lang : "", s ? s : "",
                              s ? strlen(s) : 0, &m);
        if (r)
            return r;
        query_meant(reader, NULL, &m);
        query_asking_one(now, &m);
        if (i == ask->nbefore && inherits && q->want == WANT_ANY)
            q->want = want_of(&m); /* "what about nurses?" */
        if (add_slots(reader, q, &m, weight, true))
            add_synonyms(q, reader->synonyms, &m);
    }
    return 0;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

int query_build(const struct query_reader *reader, struct pool *pool, const struct kb_ask *ask,
                struct query *ret_query)
{
    struct query q = {.pool = pool,
                      .lang = ask->lang ? ask->lang : reader->main_lang,
                      .audience = ask->audience,
                      .today = ask->today,
                      .skip = ask->skip,
                      .nskip = ask->nskip};
    struct query_message m;
    bool continues = false;
    int r = query_message(reader->tokenizer, pool, q.lang ? q.lang : "", ask->text ? ask->text : "",
                          ask->text ? ask->len : 0, &m);
    if (r)
        return r;
    query_asking(&m);
    for (size_t i = 0; i < m.n; i++)
        *POOL_PUSH(pool, q.typed, q.ntyped, q.captyped) = m.word[i].token;
    q.foreign = query_foreign(&m);
    if (!q.foreign)
        query_meant(reader, &q, &m);
    q.want = want_of(&m);

    size_t content = add_slots(reader, &q, &m, 1, false);
    add_said(&q, &m);
    q.leaning = ask->nbefore ? leaning_of(&m, content, &q.leaning_why, &continues) : LEAN_NOT;
    bool lean = q.leaning != LEAN_NOT;
    if (lean) {
        q.topic = ask->topic;
        q.topic_age = ask->topic_age;
    }
    q.bare = !content && !lean; /* only question words: then they are the question */
    if (q.bare)
        for (size_t i = 0; i < m.n; i++)
            add_slot(reader, &q, &m.word[i], 1, false);
    add_synonyms(&q, reader->synonyms, &m);
    add_joined(reader, &q, &m);
    add_hints(reader, &q, content > 0);
    enum query_want typed = q.want;
    if (lean)
        r = add_before(reader, &q, ask, &m, content > 0, continues);
    if (r)
        return r;
    if (q.want != typed)
        add_hints(reader, &q, content > 0);
    q.main_lang = q.lang ? q.lang : "";
    q.lang = ask->lang; /* from here on it is a filter */
    *ret_query = q;
    return 0;
}

void query_weigh(struct query *q, size_t n)
{
    q->mass = 0;
    q->nunknown = 0; /* weighed again when a snapshot turns out unsound half way */
    for (size_t s = 0; s < q->nslot; s++) {
        struct query_slot *slot = &q->slot[s];
        long long exact = 0,
                  common = 0; /* passages with the typed word; with its commonest synonym */
        for (size_t i = 0; i < q->nterm; i++) {
            const struct query_term *t = &q->term[i];
            if (s < t->slot || s >= t->slot + t->nslot)
                continue;
            if (t->typed)
                exact = t->df;
            if (t->way != KB_GENERAL) /* what others say for it does not make it known */
                common = t->df > common ? t->df : common;
        }
        slot->known = common > 0;
        long long df = exact ? exact : common ? common : 1; /* no rarer than what is seen once */
        slot->idf = bm25f_idf((double)n, (double)df);
        if (!slot->known &&
            slot->weight < 1) /* a circumstance we know nothing about says nothing */
            slot->weight = 0;
        q->mass += slot->weight * slot->idf;
        if (!slot->known && !slot->context && !q->bare && slot->weight >= 1 &&
            !generalword(q->main_lang, slot->word))
            *POOL_PUSH(q->pool, q->unknown, q->nunknown, q->capunknown) = slot->word;
    }
}

int32_t query_today(const struct query *q)
{
    int y = 0, m = 0, d = 0;
    if (q->today && sscanf(q->today, "%4d-%2d-%2d", &y, &m, &d) == 3)
        return y * 10000 + m * 100 + d;
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}
