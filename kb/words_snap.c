/* words_snap.c: the words of a body out of the snapshot, which knows what became of each.
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

/* The tokens of the body. KB_ERR_DAMAGED. */
static int read_tokens(struct view_segment *g, uint32_t ord, const uint64_t *stopword,
                       struct pool *pool, struct text_words *ret)
{
    struct snap_walk walk = {0};
    uint32_t nterm = snap_head(g->snap)->nterm;
    if (!stopword || snap_forward(g->snap, ord, &walk))
        return KB_ERR_DAMAGED;
    struct text_word *word = pool_array(pool, (size_t)(walk.end - walk.at), sizeof *word);
    size_t n = 0;
    for (enum snap_step step; (step = snap_step(&walk)) != STEP_END;) {
        if (step != STEP_TOKEN || walk.field != FIELD_BODY)
            continue;
        uint64_t hash = walk.term < nterm ? hash_of(g, walk.term) : 0;
        if (!hash)
            return KB_ERR_DAMAGED;
        word[n].hash = hash;
        word[n++].stop = stopword[walk.term / 64] >> walk.term % 64 & 1;
    }
    *ret = (struct text_words){word, n};
    return 0;
}

void words_snap(struct view *v, size_t segment, size_t ord, struct tokenizer *t,
                const struct row *row)
{
    struct view_segment *g = &v->segment[segment];
    struct text_words known;
    if (row->notes->body)
        return;
    if (!g->hash)
        g->hash = calloc(snap_head(g->snap)->nterm, sizeof *g->hash);
    struct pool *scratch = pool_new();
    if (g->hash &&
        !read_tokens(g, (uint32_t)ord, view_stopwords(v, g, (uint32_t)ord), scratch, &known))
        words_known(t, row, &known);
    pool_free(scratch);
}
