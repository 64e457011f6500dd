/* fix_propose.c: what would answer these questions? Candidates are tried, and those that help most and harm nothing are offered.
 *
 *   a synonym   for a word that the base does not have: each distinctive word of the entries that come nearest, one way, so that
 *               nobody else's question changes
 *   an alias    the question becomes another way to ask one of these entries
 *
 * Each is first tried on the questions that it is about and on all tests, which drops most of them; the best are then held against the
 * whole log, and what is said of them ("fixes 31, breaks 0") is what fix_preview.c would say. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/fix_int.h"
#include "bot/json.h"
#include "bot/quote.h"

#define MAX_TARGETS    20
#define MAX_NEAR       3 /* entries */
#define MAX_WORDS      3 /* of each */
#define MAX_CANDIDATES 16
#define MAX_OFFERED    3

struct candidate {
    struct cJSON *in; /* as draft.h takes it */
    const char *from, *to, *label;
    size_t fixes, breaks, others;
    int64_t asked;
};

struct proposing {
    struct fix_call *c;
    struct kb *kb;
    size_t ntarget; /* the first of copy.question */
    struct candidate all[MAX_CANDIDATES];
    size_t n;
};

/* ---- candidates ---- */

static bool is_there(const struct proposing *p, const char *from, const char *to)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->all[i].from, from) && !strcmp(p->all[i].to, to))
            return true;
    return false;
}

static void add_texts(struct cJSON *in, const char *key, const char *text)
{
    struct cJSON *list = cJSON_AddArrayToObject(in, key);
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static void add_synonym(struct proposing *p, const char *from, const char *to)
{
    if (p->n == MAX_CANDIDATES || !p->c->where->synonyms || is_there(p, from, to))
        return;
    struct cJSON *in = json_new_object();
    json_set_string(in, "kind", "synonym");
    add_texts(in, "from", from);
    add_texts(in, "to", to);
    p->all[p->n++] = (struct candidate){.in = in, .from = from, .to = to, .label = ""};
}

static void add_alias(struct proposing *p, const char *question, const struct kb_hit *hit)
{
    const char *passage = pool_strdup(p->c->pool, hit->passage);
    if (p->n == MAX_CANDIDATES || is_there(p, question, passage))
        return;
    struct cJSON *in = json_new_object();
    json_set_string(in, "kind", "link");
    json_set_string(in, "id", passage);
    json_set_string(in, "question", question);
    p->all[p->n++] = (struct candidate){
        .in = in, .from = question, .to = passage, .label = pool_strdup(p->c->pool, hit->question)};
}

/* Has `s` this word, whatever its capitals? */
static bool has_word(const char *s, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = s; (at = strcasestr(at, word)); at++)
        if ((at == s || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[len]))
            return true;
    return false;
}

/* The rarest words of an entry's question that the asker did not use. */
static size_t distinctive(struct proposing *p, const char *title, const char *question,
                          const char *ret[MAX_WORDS])
{
    struct kb_hits hits = {0};
    struct kb_ask ask = {.text = title, .len = strlen(title), .explain = true, .rank_only = true};
    double idf[MAX_WORDS] = {0};
    size_t n = 0;
    if (kb_ask(p->kb, &ask, &hits) || !hits.why) {
        kb_hits_release(&hits);
        return 0;
    }
    for (size_t i = 0; i < hits.why->nword; i++) {
        const struct kb_why_word *w = &hits.why->word[i];
        if (w->before || !w->known || strlen(w->word) < 3 || has_word(question, w->word))
            continue;
        size_t at = n;
        while (at && idf[at - 1] < w->idf)
            at--;
        if (at == MAX_WORDS)
            continue;
        n += n < MAX_WORDS;
        for (size_t k = n - 1; k > at; k--) {
            ret[k] = ret[k - 1];
            idf[k] = idf[k - 1];
        }
        ret[at] = pool_strdup(p->c->pool, w->word);
        idf[at] = w->idf;
    }
    kb_hits_release(&hits);
    return n;
}

/* What comes nearest without the word that is not known, for that one finds nothing. */
static void look_near(struct proposing *p, const char *question, const char *unknown)
{
    struct kb_hits hits = {0};
    struct kb_ask ask = {
        .text = question, .len = strlen(question), .max = MAX_NEAR, .rank_only = true};
    if (kb_ask(p->kb, &ask, &hits))
        return;
    for (size_t i = 0; i < hits.n && i < MAX_NEAR; i++) {
        const struct kb_hit *h = &hits.hit[i];
        const char *word[MAX_WORDS];
        const char *title = quote_label(h);
        title = pool_strndup(p->c->pool, title, strcspn(title, "\n"));
        size_t n = *unknown ? distinctive(p, title, question, word) : 0;
        for (size_t k = 0; k < n; k++)
            add_synonym(p, unknown, word[k]);
        if (h->entry)
            add_alias(p, question, h);
    }
    kb_hits_release(&hits);
}

/* ---- trying one ---- */

/* Back to the base as it is, and on to the candidate. */
static int try_candidate(struct proposing *p, const struct candidate *k)
{
    struct fix_call *c = p->c;
    struct draft d;
    struct kb_report report = {0};
    const char *problem = NULL;
    if (draft_make(c->pool, c->where, p->kb, k->in, &d, &problem))
        return -EINVAL; /* not to be offered */
    int err = kb_index(c->copy.db, &c->copy.src, &report);
    kb_report_release(&report);
    return err ? -EIO : fix_copy_try(&c->copy, &d);
}

static void count(struct candidate *k, const struct fix_copy *t)
{
    k->fixes = k->others = 0;
    k->asked = 0;
    k->breaks = fix_regressions(t);
    for (size_t i = 0; i < t->n; i++) {
        if (!replayed_differs(&t->old[i], &t->now[i]))
            continue;
        enum fix_verdict verdict = fix_judge(&t->old[i], &t->now[i]);
        k->breaks += verdict == FIX_WORSE;
        k->others += verdict == FIX_OTHER;
        k->fixes += verdict == FIX_BETTER;
        k->asked += verdict == FIX_BETTER ? t->asked[i] : 0;
    }
}

/* On the questions it is about: those that were asked for, and those with its word. */
static int measure(struct proposing *p, struct candidate *k, bool whole)
{
    const struct fix_copy *all = &p->c->copy;
    struct fix_copy part = *all;
    part.after = (struct trials){.pool = p->c->pool};
    int err = try_candidate(p, k);
    if (err)
        return err;
    if (!whole) {
        part.question = pool_array(p->c->pool, all->n + 1, sizeof *part.question);
        part.asked = pool_array(p->c->pool, all->n + 1, sizeof *part.asked);
        part.old = pool_array(p->c->pool, all->n + 1, sizeof *part.old);
        part.n = 0;
        for (size_t i = 0; i < all->n; i++)
            if (i < p->ntarget || has_word(all->question[i], k->from)) {
                part.question[part.n] = all->question[i];
                part.asked[part.n] = all->asked[i];
                part.old[part.n++] = all->old[i];
            }
    }
    err = fix_copy_ask_now(&part, true);
    if (!err)
        count(k, &part);
    return err;
}

static int by_fixes(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (!x->breaks != !y->breaks)
        return x->breaks ? 1 : -1;
    if (x->fixes != y->fixes)
        return x->fixes > y->fixes ? -1 : 1;
    int order = strcmp(x->from, y->from);
    return order ? order : strcmp(x->to, y->to);
}

static int measure_all(struct proposing *p)
{
    int err = 0;
    for (size_t i = 0; i < p->n && err != -ECANCELED; i++)
        if ((err = measure(p, &p->all[i], false)))
            p->all[i].fixes = 0;
    qsort(p->all, p->n, sizeof p->all[0], by_fixes);
    for (size_t i = 0; i < p->n && i < MAX_OFFERED && err != -ECANCELED; i++)
        if (p->all[i].fixes && !p->all[i].breaks && (err = measure(p, &p->all[i], true)))
            p->all[i].fixes = 0;
    return err == -ECANCELED ? err : 0;
}

/* ---- the job ---- */

static int read_targets(struct proposing *p)
{
    struct fix_copy *copy = &p->c->copy;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(p->c->in, "questions"), *item;
    const char *one = json_string(p->c->in, "question", 2000);
    if (one && *one)
        fix_copy_add_question(copy, one, 1, 0);
    cJSON_ArrayForEach(item, list)
    {
        const char *s = cJSON_GetStringValue((const cJSON *)item);
        if (s && *s && strlen(s) <= 2000 && copy->n < MAX_TARGETS)
            fix_copy_add_question(copy, s, 1, 0);
    }
    p->ntarget = copy->n;
    if (!copy->n)
        p->c->problem = "which question?";
    return copy->n ? 0 : -EINVAL;
}

static void tell(const struct proposing *p)
{
    struct buf *b = p->c->result;
    size_t n = 0;
    buf_addf(b, "{\"tried\":%zu,\"proposals\":[", p->n);
    for (size_t i = 0; i < p->n && i < MAX_OFFERED; i++) {
        const struct candidate *k = &p->all[i];
        char *draft = cJSON_PrintUnformatted(k->in);
        if (k->fixes && !k->breaks) {
            buf_addf(b, "%s{\"fixes\":%zu,\"asked\":%lld,\"breaks\":%zu,\"others\":%zu",
                     n++ ? "," : "", k->fixes, (long long)k->asked, k->breaks, k->others);
            json_add_member(b, "from", k->from);
            json_add_member(b, "to", k->to);
            json_add_member(b, "label", k->label);
            buf_adds(b, ",\"draft\":");
            buf_adds(b, draft ? draft : "{}");
            buf_addc(b, '}');
        }
        cJSON_free(draft);
    }
    buf_adds(b, "]}");
}

int fix_propose(struct fix_call *c)
{
    struct proposing p = {.c = c};
    struct fix_copy *copy = &c->copy;
    int err = read_targets(&p);
    if (!err)
        err = fix_copy_read_log(copy, fix_state_path(c->f), FIX_QUESTIONS);
    if (!err)
        err = fix_copy_ask_old(copy, true);
    if (!err && kb_open(c->where->db, &p.kb))
        err = -EIO;
    for (size_t i = 0; !err && i < p.ntarget; i++)
        if (copy->old[i].kind != REPLY_ANSWER)
            look_near(&p, copy->question[i], copy->old[i].unknown);
    if (!err)
        err = measure_all(&p);
    if (!err)
        tell(&p);
    for (size_t i = 0; i < p.n; i++)
        json_free(p.all[i].in);
    kb_close(p.kb);
    if (copy->problem)
        c->problem = copy->problem;
    return err;
}
