/* review_same.c: two entries that ask the same. With the same words in the same order, or with the same words of content
 * where both ask for the same kind of thing: "how do I become a welder" and "becoming a welder", not "what is a
 * welder". Which of the two answers is then an accident of the ranking. */
#include <stdlib.h>
#include <string.h>

#include "kb/review.h"

#define MAX_WORDS 32 /* of a question that are compared */

struct wording {
    const char *all, *content; /* its tokens in order; those of content, sorted, each once */
    size_t ncontent;
    enum query_want want;
    const char *text;
    uint32_t passage;
};

struct reading {
    struct review *rv;
    const char *text, *lang;
    const char *token[MAX_WORDS], *word[MAX_WORDS], *content[MAX_WORDS];
    size_t n, ncontent;
};

static int take(void *ctx, const char *token, size_t len, size_t start, size_t end, bool colocated)
{
    struct reading *r = ctx;
    size_t n = 0;
    if (colocated || r->n == MAX_WORDS)
        return 0;
    const char *word = text_fold(r->rv->pool, r->text + start, end - start, &n);
    r->token[r->n] = pool_strndup(r->rv->pool, token, len);
    if (!stopword(r->lang, word, n))
        r->content[r->ncontent++] = r->token[r->n];
    r->word[r->n++] = word;
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join(struct pool *pool, const char *const *s, size_t n, bool once)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++)
        if (!once || !i || strcmp(s[i], s[i - 1]) != 0)
            all = pool_printf(pool, "%s%s%s", all, *all ? " " : "", s[i]);
    return all;
}

static int read_wording(struct review *rv, size_t passage, const char *text, size_t len,
                        struct wording *ret)
{
    const struct review_passage *p = &rv->p[passage];
    struct reading r = {.rv = rv, .lang = *p->lang ? p->lang : "en"};
    r.text = pool_printf(rv->pool, "%c%s %.*s", TOKENIZER_MARK, p->lang, (int)len, text);
    int err = tokenizer_run(rv->kb->tokenizer, r.text, strlen(r.text), take, &r);
    if (r.ncontent)
        qsort(r.content, r.ncontent, sizeof *r.content, by_text);
    *ret = (struct wording){.all = join(rv->pool, r.token, r.n, false),
                            .content = join(rv->pool, r.content, r.ncontent, true),
                            .ncontent = r.ncontent,
                            .want = query_want(r.word, r.n),
                            .text = pool_strndup(rv->pool, text, len),
                            .passage = (uint32_t)passage};
    return err < 0 ? err : 0;
}

static int by_all(const void *a, const void *b)
{
    const struct wording *x = a, *y = b;
    int r = strcmp(x->all, y->all);
    return r ? r : (x->passage > y->passage) - (x->passage < y->passage);
}

static int by_content(const void *a, const void *b)
{
    const struct wording *x = a, *y = b;
    int r = strcmp(x->content, y->content);
    if (!r)
        r = (x->want > y->want) - (x->want < y->want);
    return r ? r : (x->passage > y->passage) - (x->passage < y->passage);
}

static void report(struct review *rv, const struct wording *a, const struct wording *b, bool exact)
{
    const struct review_passage *first = &rv->p[a->passage], *second = &rv->p[b->passage];
    if (exact)
        review_add(rv, second, "asks \"%s\", as %s does (%s:%zu)", b->text,
                   *first->id ? first->id : first->key, first->file, first->line);
    else
        review_add(rv, second, "asks \"%s\", nearly as %s does: \"%s\" (%s:%zu)", b->text,
                   *first->id ? first->id : first->key, a->text, first->file, first->line);
    kb_report_remedy(rv->report, "same",
                     "keep the wording in the entry that should answer it; if both say the same, "
                     "make one of them");
}

static bool pair_of(const struct review *rv, const struct wording *a, const struct wording *b)
{
    return a->passage != b->passage && review_meet(&rv->p[a->passage], &rv->p[b->passage]);
}

int review_same(struct review *rv)
{
    struct wording *w = NULL;
    size_t n = 0, cap = 0;
    int r = 0;
    for (size_t i = 0; i < rv->n && !r; i++)
        for (const char *s = rv->p[i].entry ? rv->p[i].question : ""; *s && !r;) {
            size_t len = strcspn(s, "\n");
            if (len)
                r = read_wording(rv, i, s, len, POOL_PUSH(rv->pool, w, n, cap));
            s += len + (s[len] == '\n');
        }
    if (r || !n)
        return r;
    qsort(w, n, sizeof *w, by_all);
    for (size_t i = 1; i < n; i++)
        if (*w[i].all && !strcmp(w[i].all, w[i - 1].all) && pair_of(rv, &w[i - 1], &w[i]))
            report(rv, &w[i - 1], &w[i], true);
    qsort(w, n, sizeof *w, by_content);
    for (size_t i = 1; i < n; i++)
        if (w[i].ncontent > 1 && w[i].want == w[i - 1].want &&
            !strcmp(w[i].content, w[i - 1].content) && strcmp(w[i].all, w[i - 1].all) != 0 &&
            pair_of(rv, &w[i - 1], &w[i]))
            report(rv, &w[i - 1], &w[i], false);
    return 0;
}
