/* cluster.c: groups of questions by average linkage over the pairs that share a rare term.
 *
 * Four steps: items with the same terms become one *form*, in an order that depends on the terms alone; terms get their
 * rarity; pairs of forms that can be alike at all are found and measured; and the most alike groups are joined again and again. Pairs are
 * found by prefix filtering (Chaudhuri, Ganti and Kaushik, 2006): of two forms that are as alike as t, one shares
 * a term of the rarest ones of the other, beyond which less than t of its weight is left. So the common words, which half of all
 * questions have, are never followed, and no pair is lost.
 *
 * Likeness is kept in whole numbers. Sums of fractions would depend on the order in which they are added, and with them, now and
 * then, which of two pairs is joined first. */
#include "bot/cluster.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"

#define ONE         (1u << 20) /* likeness of the same */
#define LONELY      0.5 /* of the weight of a term that one form alone has: nothing can be alike by it */
#define MAX_POSTING 2000 /* forms that are compared because of one term */

struct word {
    uint64_t term;
    double weight;
    uint32_t rank; /* of its term: 0 is the rarest */
};

/* Items with the same terms. */
struct form {
    const struct cluster_item *item;
    struct word *word; /* by term */
    size_t n;
    double mass; /* of all its words */
    uint64_t times;
};

struct pair {
    uint32_t a, b; /* forms, a < b */
    uint32_t alike;
};

struct making {
    const struct cluster_item *item;
    size_t nitem;
    uint32_t *form_of; /* by item */
    struct form *form;
    size_t nform;
    struct word *words; /* of all forms */
    struct pair *pair;
    size_t npair, cappair;
};

/* ---- forms ---------------------------------------------------------------------------------------------------- */

static int compare_items(const struct cluster_item *x, const struct cluster_item *y)
{
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        const struct cluster_word *a = &x->word[i], *b = &y->word[i];
        if (a->term != b->term)
            return a->term < b->term ? -1 : 1;
        if (a->weight < b->weight || a->weight > b->weight)
            return a->weight < b->weight ? -1 : 1;
    }
    return (x->n > y->n) - (x->n < y->n);
}

static int by_terms(const void *a, const void *b)
{
    return compare_items(*(const struct cluster_item *const *)a,
                         *(const struct cluster_item *const *)b);
}

static void make_forms(struct making *m)
{
    const struct cluster_item **sorted = must(calloc(m->nitem + 1, sizeof *sorted));
    size_t words = 0;
    for (size_t i = 0; i < m->nitem; i++)
        sorted[i] = &m->item[i];
    qsort(sorted, m->nitem, sizeof *sorted, by_terms);
    for (size_t i = 0; i < m->nitem; i++) {
        const struct cluster_item *it = sorted[i];
        bool again = m->nform && !compare_items(m->form[m->nform - 1].item, it);
        m->form_of[it - m->item] = CLUSTER_NONE;
        if (!it->n)
            continue;
        if (!again) {
            m->form[m->nform++] = (struct form){.item = it, .n = it->n};
            words += it->n;
        }
        m->form[m->nform - 1].times += it->times;
        m->form_of[it - m->item] = (uint32_t)(m->nform - 1);
    }
    free(sorted);
    m->words = must(calloc(words + 1, sizeof *m->words));
    for (size_t i = 0, at = 0; i < m->nform; at += m->form[i++].n)
        m->form[i].word = &m->words[at];
}

/* ---- terms: rarity and rank ------------------------------------------------------------------------------------- */

struct term {
    uint64_t term;
    uint32_t df, rank;
};

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct term *)a)->term, y = ((const struct term *)b)->term;
    return (x > y) - (x < y);
}

static int by_rarity(const void *a, const void *b)
{
    const struct term *x = *(struct term *const *)a, *y = *(struct term *const *)b;
    return x->df != y->df ? (x->df > y->df) - (x->df < y->df) : by_number(x, y);
}

/* Every term of the forms once, by number, with its df and rank. */
static struct term *count_terms(const struct making *m, size_t *ret_n)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < m->nform; i++)
        all += m->form[i].n;
    struct term *term = must(calloc(all + 1, sizeof *term));
    struct term **rare = must(calloc(all + 1, sizeof *rare));
    for (size_t i = 0, at = 0; i < m->nform; i++)
        for (size_t k = 0; k < m->form[i].n; k++)
            term[at++] = (struct term){.term = m->form[i].item->word[k].term};
    qsort(term, all, sizeof *term, by_number);
    for (size_t i = 0; i < all; i++) {
        if (!n || term[n - 1].term != term[i].term)
            term[n++] = (struct term){.term = term[i].term};
        term[n - 1].df++;
    }
    for (size_t i = 0; i < n; i++)
        rare[i] = &term[i];
    qsort(rare, n, sizeof *rare, by_rarity);
    for (size_t i = 0; i < n; i++)
        rare[i]->rank = (uint32_t)i;
    free(rare);
    *ret_n = n;
    return term;
}

/* Returns how many terms there are. */
static size_t weigh(struct making *m)
{
    size_t n;
    struct term *term = count_terms(m, &n);
    for (size_t i = 0; i < m->nform; i++) {
        struct form *f = &m->form[i];
        for (size_t k = 0; k < f->n; k++) {
            const struct cluster_word *w = &f->item->word[k];
            struct term key = {.term = w->term};
            const struct term *t = bsearch(&key, term, n, sizeof *term, by_number);
            double weight = w->weight * log(1 + (double)m->nform / t->df);
            if (t->df == 1 && m->nform > 1)
                weight *= LONELY;
            f->word[k] = (struct word){w->term, weight, t->rank};
            f->mass += weight;
        }
    }
    free(term);
    return n;
}

/* ---- pairs -------------------------------------------------------------------------------------------------------- */

static uint32_t alike(const struct form *x, const struct form *y)
{
    double both = 0;
    for (size_t i = 0, k = 0; i < x->n && k < y->n;) {
        const struct word *a = &x->word[i], *b = &y->word[k];
        if (a->term == b->term)
            both += a->weight < b->weight ? a->weight : b->weight;
        i += a->term <= b->term;
        k += b->term <= a->term;
    }
    return (uint32_t)(both / (x->mass + y->mass - both) * ONE + 0.5);
}

static int by_rank(const void *a, const void *b)
{
    uint32_t x = (*(struct word *const *)a)->rank, y = (*(struct word *const *)b)->rank;
    return (x > y) - (x < y);
}

/* The rarest words of a form, until what is left cannot make it alike to anything. How many. */
static size_t rarest(const struct form *f, struct word **ret)
{
    double left = f->mass;
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        ret[i] = &f->word[i];
    qsort(ret, f->n, sizeof *ret, by_rank);
    while (n < f->n && left >= CLUSTER_LEAST * f->mass)
        left -= ret[n++]->weight;
    return n;
}

/* Forms that have a term among their rarest, as one array with a place for each term. */
struct postings {
    uint32_t *start, *n, *form;
};

static void add_pair(struct making *m, uint32_t a, uint32_t b)
{
    uint32_t s = alike(&m->form[a], &m->form[b]);
    if (s < (uint32_t)(CLUSTER_LEAST * ONE))
        return;
    if (m->npair == m->cappair) {
        m->cappair = m->cappair ? 2 * m->cappair : 1024;
        m->pair = must(realloc(m->pair, m->cappair * sizeof *m->pair));
    }
    m->pair[m->npair++] = (struct pair){a, b, s};
}

/* The pairs of form `i` with those before it. seen: by form, the last one that it was compared with, plus one. */
static void pairs_of(struct making *m, struct postings *p, struct word **rare, uint32_t *seen,
                     uint32_t i)
{
    size_t n = rarest(&m->form[i], rare);
    for (size_t k = 0; k < n; k++) {
        uint32_t t = rare[k]->rank;
        const uint32_t *list = p->form + p->start[t];
        for (uint32_t at = 0; at < p->n[t]; at++) {
            if (seen[list[at]] == i + 1)
                continue;
            seen[list[at]] = i + 1;
            add_pair(m, list[at], i);
        }
        if (p->n[t] < MAX_POSTING)
            p->form[p->start[t] + p->n[t]++] = i;
    }
}

static void find_pairs(struct making *m, size_t nterm)
{
    size_t all = 0, longest = 0;
    struct postings p = {.start = must(calloc(nterm + 1, sizeof *p.start)),
                         .n = must(calloc(nterm + 1, sizeof *p.n))};
    for (size_t i = 0; i < m->nform; i++) {
        longest = m->form[i].n > longest ? m->form[i].n : longest;
        for (size_t k = 0; k < m->form[i].n; k++)
            p.start[m->form[i].word[k].rank]++;
    }
    for (size_t t = 0; t <= nterm; t++) { /* counts become places */
        uint32_t n = t < nterm ? p.start[t] : 0;
        p.start[t] = (uint32_t)all;
        all += n < MAX_POSTING ? n : MAX_POSTING;
    }
    p.form = must(calloc(all + 1, sizeof *p.form));
    uint32_t *seen = must(calloc(m->nform + 1, sizeof *seen));
    struct word **rare = must(calloc(longest + 1, sizeof *rare));
    for (uint32_t i = 0; i < m->nform; i++)
        pairs_of(m, &p, rare, seen, i);
    free(rare);
    free(seen);
    free(p.form);
    free(p.n);
    free(p.start);
}

/* ---- joining ------------------------------------------------------------------------------------------------------ */

struct near {
    uint32_t group;
    uint64_t sum; /* of the likeness of all pairs between the two */
};

/* A group has the number of its first form. */
struct group {
    struct near *near; /* by group */
    size_t n, cap;
    uint32_t size,
        version; /* size 0: it has been joined to another; version: grows when it changes */
};

struct wish {
    double alike;
    uint32_t a, b, va, vb; /* a < b; stale unless these are their versions */
};

struct joining {
    struct group *group;
    struct wish *heap;
    size_t n, cap;
};

static bool before(const struct wish *x, const struct wish *y)
{
    if (x->alike > y->alike || x->alike < y->alike)
        return x->alike > y->alike;
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void wish(struct joining *j, uint32_t a, uint32_t b, uint64_t sum, double least)
{
    const struct group *x = &j->group[a], *y = &j->group[b];
    double mean = (double)sum / ((double)x->size * y->size) / ONE;
    if (mean < least)
        return;
    if (j->n == j->cap) {
        j->cap = j->cap ? 2 * j->cap : 1024;
        j->heap = must(realloc(j->heap, j->cap * sizeof *j->heap));
    }
    struct wish w = a < b ? (struct wish){mean, a, b, x->version, y->version}
                          : (struct wish){mean, b, a, y->version, x->version};
    size_t i = j->n++;
    for (; i && before(&w, &j->heap[(i - 1) / 2]); i = (i - 1) / 2)
        j->heap[i] = j->heap[(i - 1) / 2];
    j->heap[i] = w;
}

static struct wish take(struct joining *j)
{
    struct wish top = j->heap[0], last = j->heap[--j->n];
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < j->n; i = k) {
        k += k + 1 < j->n && before(&j->heap[k + 1], &j->heap[k]);
        if (!before(&j->heap[k], &last))
            break;
        j->heap[i] = j->heap[k];
    }
    j->heap[i] = last;
    return top;
}

static size_t find_near(const struct group *g, uint32_t group)
{
    size_t low = 0, high = g->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (g->near[mid].group < group)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* In the list of `c`, what was near to `b` is near to `a`. Returns the sum. */
static uint64_t hand_over(struct group *c, uint32_t a, uint32_t b)
{
    size_t ib = find_near(c, b);
    uint64_t sum = 0;
    if (ib < c->n && c->near[ib].group == b) {
        sum = c->near[ib].sum;
        memmove(&c->near[ib], &c->near[ib + 1], (--c->n - ib) * sizeof *c->near);
    }
    size_t ia = find_near(c, a);
    if (ia < c->n && c->near[ia].group == a)
        return c->near[ia].sum += sum;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 4;
        c->near = must(realloc(c->near, c->cap * sizeof *c->near));
    }
    memmove(&c->near[ia + 1], &c->near[ia], (c->n++ - ia) * sizeof *c->near);
    c->near[ia] = (struct near){a, sum};
    return sum;
}

/* Both lists as one, without each other. */
static void unite(struct group *x, uint32_t a, struct group *y, uint32_t b)
{
    struct near *all = must(calloc(x->n + y->n + 1, sizeof *all));
    size_t n = 0;
    for (size_t i = 0, k = 0; i < x->n || k < y->n;) {
        bool first = k == y->n || (i < x->n && x->near[i].group <= y->near[k].group);
        struct near it = first ? x->near[i++] : y->near[k++];
        if (it.group == a || it.group == b)
            continue;
        if (n && all[n - 1].group == it.group)
            all[n - 1].sum += it.sum;
        else
            all[n++] = it;
    }
    free(x->near);
    free(y->near);
    x->near = all;
    x->cap = x->n + y->n + 1;
    x->n = n;
    y->near = NULL;
    y->n = y->cap = 0;
}

static void join(struct joining *j, uint32_t a, uint32_t b, double least)
{
    struct group *x = &j->group[a], *y = &j->group[b];
    unite(x, a, y, b);
    x->size += y->size;
    x->version++;
    y->size = 0;
    y->version++;
    for (size_t i = 0; i < x->n; i++) {
        uint64_t sum = hand_over(&j->group[x->near[i].group], a, b);
        wish(j, a, x->near[i].group, sum, least);
    }
}

static void begin_group(struct joining *j, const struct making *m)
{
    for (size_t i = 0; i < m->npair; i++) {
        j->group[m->pair[i].a].cap++;
        j->group[m->pair[i].b].cap++;
    }
    for (size_t i = 0; i < m->nform; i++) {
        struct group *g = &j->group[i];
        g->size = 1;
        g->near = must(calloc(g->cap + 1, sizeof *g->near));
    }
    /* Pairs come by their second form: those before it first, so both lists are in order. */
    for (size_t i = 0; i < m->npair; i++) {
        struct group *g = &j->group[m->pair[i].a];
        g->near[g->n++] = (struct near){m->pair[i].b, m->pair[i].alike};
        g = &j->group[m->pair[i].b];
        g->near[g->n++] = (struct near){m->pair[i].a, m->pair[i].alike};
    }
}

static int by_forms(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->b != y->b ? (x->b > y->b) - (x->b < y->b) : (x->a > y->a) - (x->a < y->a);
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* parent: by form, at first itself; afterwards root() is its group. */
static void join_all(struct making *m, double least, uint32_t *parent)
{
    struct joining j = {.group = must(calloc(m->nform + 1, sizeof *j.group))};
    if (m->npair)
        qsort(m->pair, m->npair, sizeof *m->pair, by_forms);
    begin_group(&j, m);
    for (size_t i = 0; i < m->npair; i++)
        wish(&j, m->pair[i].a, m->pair[i].b, m->pair[i].alike, least);
    while (j.n) {
        struct wish w = take(&j);
        if (j.group[w.a].version != w.va || j.group[w.b].version != w.vb)
            continue;
        join(&j, w.a, w.b, least);
        parent[w.b] = w.a;
    }
    for (size_t i = 0; i < m->nform; i++)
        free(j.group[i].near);
    free(j.group);
    free(j.heap);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static void join_by_hand(const struct making *m, const struct cluster_pair *pair, size_t n,
                         uint32_t *parent)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t a = m->form_of[pair[i].a], b = m->form_of[pair[i].b];
        if (a == CLUSTER_NONE || b == CLUSTER_NONE)
            continue;
        a = root(parent, a);
        b = root(parent, b);
        parent[a > b ? a : b] =
            a < b ? a : b; /* the first form names it, whatever the order of the pairs */
    }
}

static void number(const struct making *m, uint32_t *parent, struct clusters *ret)
{
    uint32_t *number = must(calloc(m->nform + 1, sizeof *number));
    double *central = must(calloc(m->nform + 1, sizeof *central));
    for (uint32_t i = 0; i < m->nform; i++) {
        uint32_t r = root(parent, i);
        number[i] = r == i ? (uint32_t)ret->n++ : number[r]; /* r <= i: it has its number */
        central[i] = (double)m->form[i].times;
    }
    for (size_t i = 0; i < m->npair; i++) {
        const struct pair *p = &m->pair[i];
        if (number[p->a] != number[p->b])
            continue;
        central[p->a] += (double)p->alike / ONE * (double)m->form[p->b].times;
        central[p->b] += (double)p->alike / ONE * (double)m->form[p->a].times;
    }
    for (size_t i = 0; i < m->nitem; i++) {
        uint32_t f = m->form_of[i];
        ret->of[i] = f == CLUSTER_NONE ? CLUSTER_NONE : number[f];
        ret->central[i] = f == CLUSTER_NONE ? 0 : central[f];
    }
    free(central);
    free(number);
}

void clusters_make(const struct cluster_item *item, size_t n, double least,
                   const struct cluster_pair *pair, size_t npair, struct clusters *ret)
{
    struct making m = {.item = item,
                       .nitem = n,
                       .form_of = must(calloc(n + 1, sizeof *m.form_of)),
                       .form = must(calloc(n + 1, sizeof *m.form))};
    *ret = (struct clusters){.of = must(calloc(n + 1, sizeof *ret->of)),
                             .central = must(calloc(n + 1, sizeof *ret->central))};
    make_forms(&m);
    uint32_t *parent = must(calloc(m.nform + 1, sizeof *parent));
    for (uint32_t i = 0; i < m.nform; i++)
        parent[i] = i;
    find_pairs(&m, weigh(&m));
    join_all(&m, least < CLUSTER_LEAST ? CLUSTER_LEAST : least, parent);
    join_by_hand(&m, pair, npair, parent);
    number(&m, parent, ret);
    free(parent);
    free(m.pair);
    free(m.words);
    free(m.form);
    free(m.form_of);
}

void clusters_release(struct clusters *c)
{
    free(c->of);
    free(c->central);
    *c = (struct clusters){0};
}
