/* snap_find_int.h: what the two files of the finder share: snap_find.c has the idea, snap_gain.c reads the lists. */
#ifndef KB_SNAP_FIND_INT_H
#define KB_SNAP_FIND_INT_H

#include "kb/bm25f.h"
#include "kb/snap_find.h"

#define FIND_LENGTHS 512         /* tabulated lengths per field; longer ones are computed */
#define FIND_SINGLE  4           /* tabulated counts */
#define FIND_PLANES  64          /* the commonest so many words of a chunk may have a plane: */
#define FIND_DENSE   16          /* those that at least every so many-th passage has, */
#define FIND_SPACE   (16u << 20) /* as far as all planes of a finder fit into so many bytes */
#define FIND_PROBE   6 /* entries of a list that are walked over in the time of one look-up */

/* What one term adds where it stands, in the chunk at hand. */
struct part {
    uint32_t n, term; /* term: SNAP_NO_TERM of a phrase */
    float weight, most;
    const uint16_t *offset;
    const uint8_t *code, *escape;
    const float *
        plane; /* per passage of the chunk what the term is worth there, unweighed; NULL: there is none */
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
    const uint16_t *lengths; /* FIELDS per passage */
    const uint8_t *tuple;    /* FIELDS counts per code */
    double average[FIELDS];
    float share[FIELDS][FIND_LENGTHS]; /* weight / (1 - b + b * length / average) */
    /* Saturated tf of few occurrences in one field alone, by length: what nearly every posting is. A code that is not
     * of this kind has no row. */
    float single[FIELDS][FIND_SINGLE][FIND_LENGTHS];
    const float *row[SNAP_ESCAPE + 1];
    uint8_t field[SNAP_ESCAPE + 1]; /* of a code with a row */
    /* Per passage of the chunk, and as many more as make whole blocks; zero between slots, and between chunks. */
    float *best, *score;
    float *gain;            /* of alive[] or of whoever is looked up */
    uint32_t *touched;      /* offsets whose score is not zero */
    struct find_kth *alive; /* who may be among the best k */
    void *room;             /* that holds these five; NULL: each has its own */
    size_t room_size;
    float **plane;   /* by chunk and term; NULL: not needed yet */
    bool *asked;     /* the same: it has been asked for once */
    uint32_t nplane; /* terms that may have one */

    /* of the question at hand */
    const struct find_query *q;
    bool suspicious;        /* some passage might be kept out */
    uint32_t base, size;    /* the chunk: its first ord, its passages */
    const uint16_t *length; /* of its passages */
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

/* The tables, from the average lengths and the codes of the snapshot. */
void snap_gain_tables(struct finder *f);
/* The planes are given back. */
void snap_gain_free(struct finder *f);

/* Add it to the score of every passage that has it. Who is touched for the first time is let in by the filter, and is
 * noted in touched[]; who is kept out has a score below zero from then on. */
void snap_gain_add(struct finder *f, const struct active *a);
/* The same for a question that touches most passages anyway: nobody is noted, and nobody kept out. */
void snap_gain_everywhere(struct finder *f, const struct active *a);
/* Add it to the scores of these n passages alone. */
void snap_gain_look_up(struct finder *f, const struct active *a, struct find_kth *who, size_t n);

#endif
