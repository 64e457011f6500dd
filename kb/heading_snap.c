/* heading_snap.c: how exactly a passage's headings say what was asked, without reading a row.
 *
 * The forward list has the tokens of the question, the headings and the title of a passage, and where their lines
 * end. heading.c compares numbers, so nothing needs to be tokenized, and of forty candidates only those that are
 * shown are ever read from the database. */
#include <math.h>

#include "kb/snap_words.h"

/* The walk's next line: the tokens up to the end of a line or of the field. */
static enum snap_step read_line(const struct snap_words *w, size_t segment,
                                const uint64_t *stopword, struct snap_walk *walk,
                                struct heading_line *line)
{
    enum snap_step step;
    uint32_t nterm = snap_head(w->v->segment[segment].snap)->nterm;
    line->n = 0;
    while ((step = snap_step(walk)) == STEP_TOKEN) {
        if (walk->other || walk->term >= nterm)
            continue;
        uint16_t word = *snap_words_at(w, segment, walk->term);
        heading_add(line, word ? (uint16_t)(word - 1) : HEADING_OTHER,
                    stopword[walk->term / 64] >> walk->term % 64 & 1);
    }
    return step;
}

/* The lines of the question, the headings, the title, and of those two together. */
static void take_lines(const struct snap_words *w, const struct heading_asked *asked,
                       size_t segment, const uint64_t *stopword, struct snap_walk *walk,
                       struct heading_found *found)
{
    struct heading_line line, last = {0};
    enum snap_step step = STEP_LINE;
    while (step != STEP_END && walk->field < FIELD_BODY) {
        unsigned field = walk->field;
        step = read_line(w, segment, stopword, walk, &line);
        bool path = field == FIELD_HEADINGS && step == STEP_LINE;
        heading_take(asked, &line, field, !path, found);
        if (field == FIELD_HEADINGS)
            last = line;
        if (field == FIELD_TITLE && last.n) {
            heading_join(&line, &last);
            heading_take(asked, &line, field, true, found);
        }
    }
}

static int give_heading(struct snap_words *w, const struct heading_asked *asked,
                        struct candidate *c)
{
    struct view_segment *g = &w->v->segment[c->segment];
    struct snap_walk walk = {0};
    c->has_heading = true;
    if (!heading_possible(asked->q, &c->f))
        return 0;
    const uint64_t *stopword = view_stopwords(w->v, g, (uint32_t)c->ord);
    int r = stopword ? snap_forward(g->snap, (uint32_t)c->ord, &walk) : KB_ERR_DAMAGED;
    if (r)
        return r;
    struct heading_found found = {0};
    take_lines(w, asked, c->segment, stopword, &walk, &found);
    heading_features(asked, &found, &c->f);
    return 0;
}

int heading_snap(struct view *v, const struct query *q, struct candidates *c)
{
    struct snap_words w;
    struct pool *pool = pool_new();
    int r = 0;
    snap_words_begin(&w, v, q, pool);
    snap_words_said(&w, q);
    const struct heading_asked asked = heading_asked(q, w.term, w.said);
    for (size_t i = 0; i < c->n && i < RANK_ROWS && !r; i++)
        r = give_heading(&w, &asked, &c->c[i]);
    snap_words_end(&w);
    pool_free(pool);
    return r;
}
