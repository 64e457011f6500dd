/* snap_find.h: the best k passages of one segment (a snapshot file, or the delta in memory). */
#ifndef KB_SNAP_FIND_H
#define KB_SNAP_FIND_H

#include "kb/snap.h"

#define FIND_SLOTS 96   /* of a question; KB_MAX_TERMS bounds it well below */
#define FIND_BLOCK 16   /* scores are looked at in blocks of so many */
#define FIND_LISTS 1024 /* all ways to fill them; what is beyond is not looked at */

/* One way to fill a slot, and what it is worth: slot weight * term weight * idf. */
struct find_list {
    struct snap_list list;
    float weight;
    uint32_t term; /* whose list it is; SNAP_NO_TERM: a phrase's, made for this question */
};

struct find_slot {
    struct find_list *list;
    size_t nlist;
};

/* A passage of the chunk, and its score so far. */
struct find_kth {
    float score;
    uint32_t offset;
};

struct find_hit {
    uint32_t segment, ord;
    float score;
};

/* Order among equal scores of several segments: bm25f.h. Within one it is that of ords. */
typedef uint32_t find_tie_fn(void *ctx, const struct find_hit *hit);

static inline bool find_worse(find_tie_fn *tie, void *ctx, const struct find_hit *a,
                              const struct find_hit *b)
{
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score;
    if (a->segment == b->segment)
        return a->ord > b->ord;
    uint32_t x = tie(ctx, a), y = tie(ctx, b);
    return x != y ? x > y : a->segment > b->segment;
}

struct find_query {
    struct find_slot *slot;
    size_t nslot;
    size_t k;
    struct find_kth *lead;   /* work space: room for k; */
    float *scratch;          /* for as many as the result has room for, and FIND_BLOCK more */
    float drift;             /* how much an average length has grown since the build, at least 1 */
    const uint64_t *suspect; /* bit per ord: ask `admits`; NULL: none is suspect */
    bool suspect_all;
    bool (*admits)(void *ctx, uint32_t ord);
    find_tie_fn *tie;
    void *ctx;
};

/* The best k and whatever a float cannot tell from the k-th, in no order. Room for them is the caller's. One result
 * collects several segments. */
struct find_result {
    struct find_hit *hit;
    size_t n, room;   /* room: at least k; what finds none is not kept */
    uint32_t segment; /* stamped on what is added */
    bool heaped;      /* of the finder: the worst is the first */
};

/* Tables and work space for one snapshot with given average lengths; not shared between threads. */
struct finder;
int finder_new(struct snap *s, const double average[FIELDS], struct finder **ret);
void finder_free(struct finder *f);

/* Add the segment's best to `r`. The lists' cursors move. */
void finder_run(struct finder *f, const struct find_query *q, struct find_result *r);

#endif
