/* snap_places.h: where the words of a question stand in one passage of a snapshot, word by word. */
#ifndef KB_SNAP_PLACES_H
#define KB_SNAP_PLACES_H

#include "kb/snap_words.h"

struct snap_place {
    uint16_t word; /* number, as snap_words.h has it */
    uint8_t field;
    uint32_t pos; /* in tokens of the field */
};

/* Of the passage that was read last: place[ends[word]] to place[ends[word + 1]] are those of a word, as they stand. */
struct snap_places {
    const struct snap_words *words;
    struct pool *pool;
    struct snap_place *place;
    uint32_t *ends;

    struct snap_place *stands; /* the same in the order in which they stand; */
    uint32_t *hit;             /* what snap_sift() finds; */
    size_t room;               /* for each of these three */
};

/* The words must all be there: snap_words_begin(). */
void snap_places_begin(struct snap_places *p, const struct snap_words *words, struct pool *pool);
/* Read a passage from the beginning of its walk on. */
void snap_places_read(struct snap_places *p, size_t segment, struct snap_walk *w);

/* The places of a word, up to *ret_end; none of NO_WORD. */
static inline const struct snap_place *snap_places_of(const struct snap_places *p, uint16_t word,
                                                      const struct snap_place **ret_end)
{
    bool somewhere = word != NO_WORD;
    *ret_end = p->place + (somewhere ? p->ends[word + 1] : 0);
    return p->place + (somewhere ? p->ends[word] : 0);
}

#endif
