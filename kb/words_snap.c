/* words_snap.c: the words of a passage out of the snapshot, which knows what became of each.
 *
 * To make stems is most of the work of reading a passage for the first time, and the forward list has its tokens in their
 * order. Their hashes are made once for each term and not for each place. */
#include <stdlib.h>

#include "kb/snap_view.h"

/* word_hash() of the term; 0: damaged. */
static uint64_t hash_of(struct view_segment *g, uint32_t term)
{
    if (g->hash[term])
        return g->hash[term];
    const struct snap_term *t = snap_term(g->snap, term);
    const char *token = t ? snap_bytes(g->snap, SNAP_STRINGS, t->string, t->len) : NULL;
    return token ? g->hash[term] = word_hash(token, t->len) : 0;
}

/* The words of a passage, field by field. */
struct fields {
    struct text_word *word;
    size_t start[FIELDS + 1];
    size_t last; /* where the last line of the headings begins */
};

/* KB_ERR_DAMAGED. */
static int read_fields(struct view_segment *g, uint32_t ord, const uint64_t *stopword,
                       struct pool *pool, struct fields *ret)
{
    struct snap_walk walk = {0};
    uint32_t nterm = snap_head(g->snap)->nterm;
    if (!stopword || snap_forward(g->snap, ord, &walk))
        return KB_ERR_DAMAGED;
    *ret =
        (struct fields){.word = pool_array(pool, (size_t)(walk.end - walk.at), sizeof *ret->word)};
    size_t n = 0, field = 0;
    for (enum snap_step step; (step = snap_step(&walk)) != STEP_END;) {
        while (field < walk.field && field < FIELD_BODY)
            ret->start[++field] = n;
        if (step == STEP_LINE && field == FIELD_HEADINGS)
            ret->last = n;
        if (step != STEP_TOKEN)
            continue;
        uint64_t hash = walk.term < nterm ? hash_of(g, walk.term) : 0;
        if (!hash)
            return KB_ERR_DAMAGED;
        ret->word[n].hash = hash;
        ret->word[n++].stop = stopword[walk.term / 64] >> walk.term % 64 & 1;
    }
    while (field < FIELDS)
        ret->start[++field] = n;
    if (ret->last < ret->start[FIELD_HEADINGS])
        ret->last = ret->start[FIELD_HEADINGS];
    return 0;
}

/* What stands above the body, in the order of row_above(). */
static void note_above(struct tokenizer *t, const struct row *row, const struct fields *f,
                       struct pool *pool)
{
    const size_t *start = f->start;
    const bool joined = *row_last_heading(row) != 0;
    const size_t part[][2] = {{start[FIELD_TITLE], start[FIELD_TITLE + 1]},
                              {start[FIELD_TITLE], joined ? start[FIELD_TITLE + 1] : 0},
                              {f->last, joined ? start[FIELD_HEADINGS + 1] : 0},
                              {start[FIELD_HEADINGS], start[FIELD_HEADINGS + 1]},
                              {start[FIELD_QUESTION], start[FIELD_QUESTION + 1]}};
    struct text_word *word = pool_array(pool, 2 * start[FIELD_BODY], sizeof *word);
    size_t n = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        for (size_t k = part[i][0]; k < part[i][1]; k++)
            word[n++] = f->word[k];
    words_known_above(t, row, &(struct text_words){word, n});
}

void words_snap(struct view *v, size_t segment, size_t ord, struct tokenizer *t,
                const struct row *row)
{
    struct view_segment *g = &v->segment[segment];
    struct fields f;
    if (row->notes->body)
        return;
    if (!g->hash)
        g->hash = calloc(snap_head(g->snap)->nterm, sizeof *g->hash);
    struct pool *scratch = pool_new();
    if (g->hash &&
        !read_fields(g, (uint32_t)ord, view_stopwords(v, g, (uint32_t)ord), scratch, &f)) {
        const size_t *start = f.start;
        words_known(t, row,
                    &(struct text_words){f.word + start[FIELD_BODY],
                                         start[FIELD_BODY + 1] - start[FIELD_BODY]});
        note_above(t, row, &f, scratch);
    }
    pool_free(scratch);
}
