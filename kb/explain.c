/* explain.c: why a ranking is what it is, for a person.
 *
 * Says what the question became, what every term found in the first passages, and the features whose
 * sum is the score, so that "why did that win" is answered by reading and not by a debugger. */
#include "kb/kb_int.h"

#include <string.h>

#define MAX_EXPLAINED 5 /* passages; more of them explain nothing */

static void explain_slot(sqlite3_str *out, const struct query *q, size_t s)
{
    const struct query_slot *slot = &q->slot[s];
    sqlite3_str_appendf(out, "  %-20s idf %.2f  weight %.2f", slot->word, slot->idf, slot->weight);
    if (slot->context)
        sqlite3_str_appendall(out, "  from an earlier message");
    if (!slot->known)
        sqlite3_str_appendall(out, "  UNKNOWN");
    sqlite3_str_appendall(out, "\n");
    for (size_t i = 0; i < q->nterm; i++) {
        const struct query_term *t = &q->term[i];
        if (t->slot == s)
            sqlite3_str_appendf(out, "    %s %s: in %lld passages, weight %.2f\n",
                                t->typed ? "word" : "also", t->word, t->df, t->weight);
    }
}

static void explain_matches(sqlite3_str *out, const struct query *q, const struct candidate *c)
{
    static const char *const field[FIELDS] = {"question", "headings", "title", "body"};
    for (size_t i = 0; i < c->nmatch;) {
        size_t count[FIELDS] = {0};
        uint16_t term = c->match[i].term;
        for (; i < c->nmatch && c->match[i].term == term; i++)
            count[c->match[i].field]++;
        sqlite3_str_appendf(out, "    %-18s", q->term[term].word);
        for (int f = 0; f < FIELDS; f++)
            if (count[f])
                sqlite3_str_appendf(out, "  %s %d", field[f], (int)count[f]);
        sqlite3_str_appendall(out, "\n");
    }
}

static void explain_passage(sqlite3_str *out, const struct query *q, const struct candidate *c,
                            const struct row *row, size_t place)
{
    sqlite3_str_appendf(out, "%d. %s  score %.3f  confidence %.2f\n", (int)place + 1, row->key,
                        c->score, c->confidence);
    sqlite3_str_appendf(out,
                        "    bm25 %.2f of %.2f  coverage %.2f  pairs %.2f  heading %.2f  want %.1f"
                        "  entry %.0f\n",
                        c->bm25, q->mass, c->f.coverage, c->f.pairs, c->f.heading, c->f.want,
                        c->f.entry);
    explain_matches(out, q, c);
}

const char *explain_hits(struct pool *pool, const struct query *q, size_t passages,
                         const struct candidates *c, const struct row *row, size_t n,
                         enum kb_band band)
{
    static const char *const bands[] = {"none: decline", "medium: did you mean", "high: answer"};
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%d passages, %d candidates; wanted: %s; band %s\nwords:\n",
                        (int)passages, (int)c->n, query_want_name(q->want), bands[band]);
    for (size_t i = 0; i < q->nslot; i++)
        explain_slot(out, q, i);
    for (size_t i = 0; i < n && i < MAX_EXPLAINED; i++)
        explain_passage(out, q, &c->c[i], &row[i], i);
    if (n > 1)
        sqlite3_str_appendf(out, "ahead of the runner-up by %.3f\n", c->c[0].score - c->c[1].score);
    char *text = sqlite3_str_finish(out);
    const char *kept = pool_strdup(pool, text);
    sqlite3_free(text);
    return kept;
}
