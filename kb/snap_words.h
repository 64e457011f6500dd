/* snap_words.h: the words of a question as small numbers, to be found again in a snapshot's forward list. */
#ifndef KB_SNAP_WORDS_H
#define KB_SNAP_WORDS_H

#include "kb/snap_view.h"

#define NO_WORD HEADING_OTHER /* a token that no passage has */

struct snap_words {
    struct view *v;
    struct pool *pool;
    struct snap_word *word; /* distinct ones */
    size_t n, cap;
    size_t wanted;                   /* the first so many are what snap_sift() finds */
    uint16_t (*term)[SYNONYM_WORDS]; /* of each term of the question: its tokens */
    uint8_t *said; /* of each word, after snap_words_said(): place in q->said plus one, or 0 */
};

/* The words of the question's terms. The view's tables are lent to one question at a time: snap_words_end(). */
void snap_words_begin(struct snap_words *w, struct view *v, const struct query *q,
                      struct pool *pool);
/* Also those that were said and are no term. */
void snap_words_said(struct snap_words *w, const struct query *q);
void snap_words_end(struct snap_words *w);

/* The place in a segment's table for the word with this term: its number plus one, or 0. */
static inline uint16_t *snap_words_at(const struct snap_words *w, size_t segment, uint32_t term)
{
    uint16_t *table = w->v->segment[segment].lookup;
    size_t at = term % VIEW_LOOKUP;
    while (table[at] && w->word[table[at] - 1].term[segment] != term)
        at = (at + 1) % VIEW_LOOKUP;
    return &table[at];
}

/* heading_snap.c: the feature `heading` of the first RANK_ROWS candidates, from the forward list. KB_ERR_DAMAGED: the
 * file is unsound. */
int heading_snap(struct view *v, const struct query *q, struct candidates *c);

#endif
