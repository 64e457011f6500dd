/* review_questions.c: every entry is asked its own question and its aliases. One that another passage answers is one that
 * visitors will not find.
 *
 * Asking is most of the work of a review, so several threads do it, each with its own handle. They take questions
 * off one counter and write what won into the question's own place; the report is made afterwards, in order, so that it
 * is the same however many threads there were. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "kb/review.h"

#define MAX_THREADS 16
#define MAX_SHARED  8 /* words that are named */
#define NOTHING     UINT32_MAX

struct asked {
    const char *text;
    uint32_t passage, winner; /* winner: NOTHING when nothing was found */
};

struct asking {
    struct review *rv;
    struct asked *q;
    size_t n;
    struct names keys; /* passages by key: line is the place in rv->p */
    atomic_size_t next;
    atomic_int err;
};

static int ask_back(struct kb *kb, struct asking *a, struct asked *q)
{
    const struct review_passage *p = &a->rv->p[q->passage];
    struct kb_ask ask = {.text = q->text,
                         .len = strlen(q->text),
                         .audience = p->audience,
                         .today = strcmp(p->from, a->rv->today) > 0 ? p->from : a->rv->today,
                         .max = 1,
                         .rank_only = true};
    struct kb_hits hits;
    int r = kb_ask(kb, &ask, &hits);
    if (r)
        return r;
    const struct name_place *won = hits.n ? names_find(&a->keys, hits.hit[0].passage) : NULL;
    q->winner = won ? (uint32_t)won->line : NOTHING;
    kb_hits_release(&hits);
    return 0;
}

static void *ask_some(void *ctx)
{
    struct asking *a = ctx;
    struct kb *kb = NULL;
    int r = kb_open(a->rv->db, &kb);
    for (size_t i; !r && !a->err && (i = atomic_fetch_add(&a->next, 1)) < a->n;)
        r = ask_back(kb, a, &a->q[i]);
    kb_close(kb);
    if (r)
        a->err = r;
    return NULL;
}

static void ask_all(struct asking *a, unsigned threads)
{
    pthread_t thread[MAX_THREADS];
    unsigned n = 0;
    while (n + 1 < threads && n < MAX_THREADS && !pthread_create(&thread[n], NULL, ask_some, a))
        n++;
    ask_some(a); /* this thread is one of them, and enough if there can be no others */
    for (unsigned i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* ---- what both have ------------------------------------------------------------------------------------------- */

struct shared {
    struct review *rv;
    const char *text, *lang, *list;
    uint32_t other[256]; /* terms of the winner's question */
    size_t nother, n;
};

static int take_other(void *ctx, const char *token, size_t len, size_t start, size_t end,
                      bool colocated)
{
    struct shared *s = ctx;
    (void)start;
    (void)end;
    if (!colocated && s->nother < sizeof s->other / sizeof *s->other)
        s->other[s->nother++] = review_term(s->rv, token, len);
    return 0;
}

static int take_shared(void *ctx, const char *token, size_t len, size_t start, size_t end,
                       bool colocated)
{
    struct shared *s = ctx;
    size_t n = 0;
    if (colocated || s->n == MAX_SHARED)
        return 0;
    const char *word = text_fold(s->rv->pool, s->text + start, end - start, &n);
    if (stopword(s->lang, word, n))
        return 0;
    uint32_t term = review_term(s->rv, token, len);
    for (size_t i = 0; i < s->nother; i++)
        if (s->other[i] == term) {
            s->other[i] = NOTHING; /* once */
            s->list = pool_printf(s->rv->pool, "%s%s%s", s->list, s->n++ ? ", " : "", word);
            break;
        }
    return 0;
}

/* Words of the question that the passage has in its own question, heading or title. */
static const char *shared_words(struct review *rv, const char *question,
                                const struct review_passage *p)
{
    struct shared s = {.rv = rv, .lang = *p->lang ? p->lang : "en", .list = ""};
    const char *theirs = pool_printf(rv->pool, "%c%s %s\n%s\n%s", TOKENIZER_MARK, p->lang,
                                     p->question, p->heading, p->title);
    tokenizer_run(rv->kb->tokenizer, theirs, strlen(theirs), take_other, &s);
    s.text = pool_printf(rv->pool, "%c%s %s", TOKENIZER_MARK, p->lang, question);
    tokenizer_run(rv->kb->tokenizer, s.text, strlen(s.text), take_shared, &s);
    return s.list;
}

/* Somebody else has these very words, too: review_same.c says so. */
static bool has_line(const char *questions, const char *line)
{
    size_t len = strlen(line);
    for (const char *s = questions; *s; s += strcspn(s, "\n") + (s[strcspn(s, "\n")] == '\n'))
        if (strcspn(s, "\n") == len && !sqlite3_strnicmp(s, line, (int)len))
            return true;
    return false;
}

static void report(struct review *rv, const struct asked *q)
{
    const struct review_passage *p = &rv->p[q->passage];
    bool own = !strncmp(p->question, q->text, strlen(q->text));
    const char *what = own ? "its own question" : "its alias";
    if (q->winner == NOTHING) {
        review_add(rv, p, "%s \"%s\" finds nothing", what, q->text);
        kb_report_remedy(rv->report, "collision",
                         "its words are all question words, or its needs: and not: rule them out");
        return;
    }
    const struct review_passage *w = &rv->p[q->winner];
    if (w == p || has_line(w->question, q->text))
        return;
    const char *words = shared_words(rv, q->text, w);
    review_add(rv, p, "%s \"%s\" is answered by %s (%s:%zu)%s%s", what, q->text,
               *w->id ? w->id : w->key, w->file, w->line, *words ? "; both have: " : "", words);
    kb_report_remedy(rv->report, "collision",
                     "say in one of them what the other does not mean: reword or drop the %s, or "
                     "give the other entry a not:",
                     own ? "question" : "alias");
}

int review_questions(struct review *rv, unsigned threads, size_t *ret_asked)
{
    struct asking a = {.rv = rv};
    size_t cap = 0;
    for (size_t i = 0; i < rv->n; i++) {
        names_claim(&a.keys, rv->pool, (struct name_place){.name = rv->p[i].key, .line = i});
        if (!rv->p[i].entry || review_expired(rv, &rv->p[i]))
            continue;
        for (const char *s = rv->p[i].question; *s;) {
            size_t len = strcspn(s, "\n");
            if (len)
                *POOL_PUSH(rv->pool, a.q, a.n, cap) =
                    (struct asked){pool_strndup(rv->pool, s, len), (uint32_t)i, NOTHING};
            s += len + (s[len] == '\n');
        }
    }
    ask_all(&a, threads);
    for (size_t i = 0; i < a.n && !a.err; i++)
        report(rv, &a.q[i]);
    *ret_asked = a.n;
    return a.err;
}
