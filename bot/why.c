/* why.c: kb's account of a ranking in words.
 *
 * Written for whoever keeps the guides and not for whoever wrote the program: what did it take my words for, where did
 * it find them, why is this first and that second, and how sure is it? The figures are the ones that decided (kb/explain.c);
 * here they are only scaled, so that what the words gave is counted in points of the score, and lined up. */
#include "bot/why.h"

#include <string.h>

#include "bot/reply.h"
#include "bot/terminal.h"
#include "kb/pool.h"

#define WORD_COLUMNS 24
#define PART_COLUMNS 54
#define WAYS_COLUMNS 76
#define SHOWN        3     /* passages; --json has them all */
#define LITTLE       0.005 /* less is not worth a line */

static const char *const field_names[KB_FIELDS] = {"question", "headings", "title", "text"};

struct page {
    FILE *f;
    bool colour;
    struct pool *pool;
};

static const char *style(const struct page *p, const char *code)
{
    return p->colour ? code : "";
}

/* `s`, cut or filled up to so many columns. */
static void cell(const struct page *p, const char *s, size_t columns)
{
    const char *safe = terminal_safe(p->pool, s);
    size_t len = strlen(safe), width;
    while ((width = terminal_columns(safe, len)) > columns)
        do
            len--;
        while (len && ((unsigned char)safe[len] & 0xC0) == 0x80);
    fprintf(p->f, "%.*s%*s", (int)len, safe, (int)(columns - width), "");
}

static void title(const struct page *p, const char *s)
{
    fprintf(p->f, "\n%s%s%s\n", style(p, TERMINAL_BOLD), s, style(p, TERMINAL_PLAIN));
}

/* "1.20", or a dash for nothing. */
static void figure(const struct page *p, double v, int columns)
{
    if (v > -LITTLE && v < LITTLE)
        fprintf(p->f, "%*s", columns, "-");
    else
        fprintf(p->f, "%*.2f", columns, v);
}

/* ---- what was understood ---------------------------------------------------------------------- */

static const char *role(const struct kb_why_word *w)
{
    if (!w->known)
        return "not in the guides";
    if (w->nterm && w->term[0].way == KB_HINT)
        return "a word of this kind";
    if (w->before)
        return "said before";
    return w->weight < 1 ? "counts less" : "counts fully";
}

/* The other ways to say it, each once, those that the guides have. */
static const char *ways(const struct page *p, const struct kb_why_word *w)
{
    static const char *const how[] = {"",         "read as ", "part ",      "related ",
                                      "synonym ", "",         "in general "};
    const char *list = "";
    for (size_t i = 0; i < w->nterm; i++) {
        const struct kb_why_term *t = &w->term[i];
        bool again = t->way == KB_TYPED || !t->passages;
        for (size_t k = 0; k < i && !again; k++)
            again = !strcmp(w->term[k].said, t->said) && w->term[k].way != KB_TYPED;
        if (!again)
            list = pool_printf(p->pool, "%s%s%s%s (%.2f)", list, *list ? ", " : "", how[t->way],
                               t->said, t->weight);
    }
    return list;
}

static long long passages_with(const struct kb_why_word *w)
{
    long long most = 0;
    for (size_t i = 0; i < w->nterm; i++)
        if (w->term[i].way <= KB_CORRECTED && w->term[i].passages > most)
            most = w->term[i].passages;
    return most;
}

static void print_words(const struct page *p, const struct kb_why *why)
{
    title(p, "What was asked for");
    for (size_t i = 0; i < why->nword; i++) {
        const struct kb_why_word *w = &why->word[i];
        fputs("  ", p->f);
        cell(p, w->word, WORD_COLUMNS);
        cell(p, role(w), 20);
        if (w->known && passages_with(w))
            fprintf(p->f, "in %lld of %zu passages", passages_with(w), why->passages);
        fputc('\n', p->f);
        const char *list = terminal_safe(p->pool, ways(p, w));
        fputs(style(p, TERMINAL_DIM), p->f);
        if (*list)
            terminal_wrap(p->f, pool_printf(p->pool, "also: %s", list), "    ", WAYS_COLUMNS);
        fputs(style(p, TERMINAL_PLAIN), p->f);
    }
    if (!why->nword)
        fputs("  nothing that a guide could be about\n", p->f);
    for (size_t i = 0; i < why->ncorrected; i++)
        fprintf(p->f, "  \"%s\" was read as \"%s\"\n",
                terminal_safe(p->pool, why->corrected[i].from),
                terminal_safe(p->pool, why->corrected[i].to));
    if (strcmp(why->want, "anything") != 0)
        fprintf(p->f, "  kind of answer: %s\n", why->want);
    if (why->leaning)
        fprintf(p->f, "  %s: %s\n",
                why->followed ? "read with what was said before" : "read on its own", why->leaning);
    if (why->leaning && *why->topic)
        fprintf(p->f, "  quoted last: %s\n", terminal_safe(p->pool, why->topic));
}

/* ---- what was found ---------------------------------------------------------------------------- */

/* Points of the score for one unit of what the words gave. */
static double points(const struct kb_why_hit *h)
{
    for (size_t i = 0; i < h->npart; i++)
        if (!strcmp(h->part[i].name, "bm25") && h->found > 0)
            return h->part[i].value * h->part[i].weight / h->found;
    return 0;
}

static void print_find(const struct page *p, const struct kb_why *why,
                       const struct kb_why_find *find, double scale)
{
    const char *word = why->word[find->word].word;
    double sum = 0;
    fputs("     ", p->f);
    cell(p, strcmp(word, find->said) != 0 ? pool_printf(p->pool, "%s: %s", word, find->said) : word,
         WORD_COLUMNS);
    for (size_t i = 0; i < KB_FIELDS; i++) {
        figure(p, find->field[i] * scale, 10);
        sum += find->field[i];
    }
    figure(p, sum * scale, 9);
    fputc('\n', p->f);
}

static void print_part(const struct page *p, const struct kb_part *part)
{
    fputs("     ", p->f);
    cell(p, part->meaning, PART_COLUMNS);
    fprintf(p->f, "%5.2f x %.2f %5.2f\n", part->value, part->weight, part->value * part->weight);
}

static void print_hit(const struct page *p, const struct kb_why *why, size_t i)
{
    const struct kb_why_hit *h = &why->hit[i];
    fprintf(p->f, "\n  %s%zu. %s%s\n     %s%s%s\n", style(p, TERMINAL_BOLD), i + 1,
            terminal_safe(p->pool, *h->heading ? h->heading : h->title), style(p, TERMINAL_PLAIN),
            style(p, TERMINAL_DIM), terminal_safe(p->pool, h->passage), style(p, TERMINAL_PLAIN));
    if (h->nfind) {
        fputs("     ", p->f);
        cell(p, "points for the word", WORD_COLUMNS);
        for (size_t f = 0; f < KB_FIELDS; f++)
            fprintf(p->f, "%10s", field_names[f]);
        fprintf(p->f, "%9s\n", "together");
    }
    for (size_t k = 0; k < h->nfind; k++)
        print_find(p, why, &h->find[k], points(h));
    for (size_t k = 0; k < h->npart; k++)
        if (h->part[k].value * h->part[k].weight > LITTLE)
            print_part(p, &h->part[k]);
    fputs("     ", p->f);
    cell(p, "score", PART_COLUMNS);
    fprintf(p->f, "%18.2f\n", h->score);
}

static void print_hits(const struct page *p, const struct kb_why *why)
{
    size_t n = why->nhit < SHOWN ? why->nhit : SHOWN;
    if (!n)
        return;
    title(p, "What was found");
    for (size_t i = 0; i < n; i++)
        print_hit(p, why, i);
}

/* ---- why not the second ------------------------------------------------------------------------ */

static void print_runner_up(const struct page *p, const struct kb_why *why)
{
    if (why->nhit < 2)
        return;
    const struct kb_why_hit *a = &why->hit[0], *b = &why->hit[1];
    title(p, "Why the second is not the first");
    fprintf(p->f, "  It is %.2f points behind:\n", a->score - b->score);
    for (size_t i = 0; i < a->npart; i++) {
        double less = a->part[i].value * a->part[i].weight - b->part[i].value * b->part[i].weight;
        if (less > -LITTLE && less < LITTLE)
            continue;
        fprintf(p->f, " %+.2f  ", -less);
        cell(p, a->part[i].meaning, PART_COLUMNS);
        fprintf(p->f, "%5.2f against %.2f\n", b->part[i].value, a->part[i].value);
    }
}

/* ---- how sure ----------------------------------------------------------------------------------- */

static void print_chance(const struct page *p, const struct kb_chance *c)
{
    fputs("  ", p->f);
    cell(p, c->meaning, 51);
    fprintf(p->f, "%24.2f\n", c->value);
    for (size_t i = 0; i < c->npart; i++) {
        const struct kb_part *part = &c->part[i];
        fputs("    ", p->f);
        cell(p, part->meaning, 49);
        fprintf(p->f, "%5.2f x %5.2f %10.2f\n", part->value, part->weight,
                part->value * part->weight + 0.0 /* no "-0.00" */);
    }
    fputs("    ", p->f);
    cell(p, "to begin with", 49);
    fprintf(p->f, "%24.2f\n", c->base);
}

static void print_sure(const struct page *p, const struct kb_why *why)
{
    static const char *const then[] = {"too little", "enough for \"did you mean\"",
                                       "enough for an answer"};
    title(p, "How sure it is");
    fprintf(p->f, "  %.2f, %s\n", why->confidence, then[why->band]);
    fprintf(p->f, "  an answer needs %.2f, \"did you mean\" needs %.2f of the first of these:\n",
            why->high, why->medium);
    for (size_t i = 0; i < why->nchance; i++)
        print_chance(p, &why->chance[i]);
    if (why->rule)
        fprintf(p->f, "  %.2f whatever these say: %s\n", why->confidence, why->rule);
}

void why_print(FILE *f, const struct reply *r, bool colour, struct pool *pool)
{
    struct page p = {f, colour, pool};
    for (size_t i = 0; i < r->nwhy; i++) {
        if (r->nwhy > 1)
            fprintf(f, "\n%sQuestion %zu%s\n", style(&p, TERMINAL_BOLD), i + 1,
                    style(&p, TERMINAL_PLAIN));
        print_words(&p, r->why[i]);
        print_hits(&p, r->why[i]);
        print_runner_up(&p, r->why[i]);
        print_sure(&p, r->why[i]);
    }
}
