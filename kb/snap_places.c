/* snap_places.c: see snap_places.h. Which word comes next, and how often, is as good as random: so the list is sifted without
 * a branch (snap_sift()), and what is left is sorted by counting. */
#include "kb/snap_places.h"

#include <string.h>

void snap_places_begin(struct snap_places *p, const struct snap_words *words, struct pool *pool)
{
    *p = (struct snap_places){.words = words, .pool = pool};
    p->ends = pool_array(pool, words->n + 1, sizeof *p->ends);
}

/* Room for what a passage of so many codes can have. */
static void make_room(struct snap_places *p, size_t codes)
{
    if (codes <= p->room)
        return;
    p->room = 2 * codes;
    p->hit = pool_array(p->pool, p->room, sizeof *p->hit);
    p->stands = pool_array(p->pool, p->room, sizeof *p->stands);
    p->place = pool_array(p->pool, p->room, sizeof *p->place);
}

/* The words of the question, in the order in which they stand. */
static size_t walk(struct snap_places *p, size_t segment, struct snap_walk *w)
{
    const uint8_t *wanted = p->words->v->segment[segment].wanted;
    const struct snap_word *asked = p->words->word;
    struct snap_place *stands = p->stands;
    const uint16_t *start = w->at;
    size_t nhit = snap_sift(w, wanted, p->hit), n = 0;
    for (size_t i = 0; i < nhit; i++) {
        const uint16_t *at = start + p->hit[i];
        if (at < w->at) /* the last step went over it */
            continue;
        w->next += (uint32_t)(at - w->at);
        w->at = at;
        uint16_t word = wanted[*at % SNAP_WANTED];
        if (word == SNAP_CLOSER) {
            enum snap_step step = snap_step(w);
            if (step == STEP_END)
                break;
            word = step == STEP_TOKEN ? *snap_words_at(p->words, segment, w->term) : 0;
            if (word)
                stands[n++] = (struct snap_place){(uint16_t)(word - 1), (uint8_t)w->field, w->pos};
        } else if (asked[word - 1].term[segment] == *at) { /* nearly always */
            stands[n++] = (struct snap_place){(uint16_t)(word - 1), (uint8_t)w->field, w->next};
        }
    }
    return n;
}

/* Those n places by word. */
static void sort(struct snap_places *p, size_t n)
{
    const struct snap_place *stands = p->stands;
    struct snap_place *place = p->place;
    uint32_t *next = p->ends + 1, from = 0;
    size_t words = p->words->n;
    memset(p->ends, 0, (words + 1) * sizeof *next);
    for (size_t i = 0; i < n; i++)
        next[stands[i].word]++;
    for (size_t i = 0; i < words; i++) {
        uint32_t here = next[i];
        next[i] = from;
        from += here;
    }
    for (size_t i = 0; i < n; i++)
        place[next[stands[i].word]++] = stands[i];
}

void snap_places_read(struct snap_places *p, size_t segment, struct snap_walk *w)
{
    make_room(p, (size_t)(w->end - w->at));
    sort(p, walk(p, segment, w));
}
