/* snap_find_int.h: what the two files of the finder share: snap_find.c has the idea, snap_gain.c reads the lists. */
#ifndef KB_SNAP_FIND_INT_H
#define KB_SNAP_FIND_INT_H

#include "kb/bm25f.h"
#include "kb/snap_find.h"

#define FIND_PLANES 64          /* the commonest so many words of a chunk may have a plane: */
#define FIND_DENSE  16          /* those that at least every so many-th passage has, */
#define FIND_SPACE  (32u << 20) /* as far as all planes of a finder fit into so many bytes */
#define FIND_ABSENT SNAP_CODES  /* among the codes of a plane: the word is not there */
#define FIND_WORTHS (SNAP_ESCAPE + 1u)
#define FIND_LEAST  1e-30f /* what any word adds where it stands: a score of zero means untouched */
#define FIND_PROBE  24     /* entries of a list that are walked over in the time of one look-up */

/* What one term adds where it stands, in the chunk at hand. */
struct part {
    uint32_t n, term; /* term: SNAP_NO_TERM of a phrase */
    bool spelled;     /* every code is an escape: it is a phrase's */
    float weight, most;
    const uint16_t *offset, *code;
    const struct snap_tuple *escape;
    const float *worth; /* the finder's */
    /* Per passage of the chunk, what the term is worth there, unweighed, or its code; NULL: there is none. */
    const float *plane;
    const uint16_t *codes;
};

/* A slot that has a list in the chunk at hand. */
struct active {
    float bound;     /* no passage gets more of it */
    size_t first, n; /* parts of this slot */
    size_t postings; /* in them */
};

struct finder {
    struct snap *snap;
    const struct snap_header *head;
    double average[FIELDS];
    float *worth; /* saturated tf of each code; 0: not computed yet, since no question has met it */
    /* Per passage of the chunk, and as many more as make whole blocks; zero between slots, and between chunks. */
    float *best, *score;
    uint8_t mark[SNAP_CHUNK]; /* per passage; zero but for a moment: sift() */
    float *gain;              /* of alive[] or of whoever is looked up */
    uint32_t *touched;        /* offsets whose score is not zero */
    struct find_kth *alive;   /* who may be among the best k */
    void *room;               /* that holds these five; NULL: each has its own */
    size_t room_size;
    void **plane;    /* by chunk and term; NULL: not needed yet */
    bool *asked;     /* the same: it has been asked for once */
    uint32_t nplane; /* terms that may have one */
    bool small;      /* planes have what words are worth, not their codes */

    /* of the question at hand */
    const struct find_query *q;
    bool suspicious;     /* some passage might be kept out */
    uint32_t base, size; /* the chunk: its first ord, its passages */
    uint32_t ntouched, nalive;
    struct part part[FIND_LISTS];
    struct active active[FIND_SLOTS];
    size_t nactive;
    float threshold; /* a passage below this is not among the best k */
};

static inline float find_higher(float a, float b)
{
    return a > b ? a : b;
}

/* Whether the filter lets a passage of the chunk in. */
bool find_admits(const struct finder *f, uint32_t offset);

/* ---- snap_gain.c: what a slot adds to passages, in three ways ---- */

/* How many words may have planes. */
void snap_gain_limit(struct finder *f);
/* The planes are given back. */
void snap_gain_free(struct finder *f);

/* The part's plane, if there is one. */
void snap_gain_plane(const struct finder *f, struct part *p);
/* Add it to the score of every passage that has it. Who is touched for the first time is let in by the filter, and is
 * noted in touched[]; who is kept out has a score below zero from then on. */
void snap_gain_add(struct finder *f, const struct active *a);
/* The same for a question that touches most passages anyway: nobody is noted, and nobody kept out. */
void snap_gain_everywhere(struct finder *f, const struct active *a);
/* Add it to the scores of these n passages alone. */
void snap_gain_look_up(struct finder *f, const struct active *a, struct find_kth *who, size_t n);

#endif
