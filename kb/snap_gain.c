/* snap_gain.c: what a slot of the question adds to passages. snap_find.c asks for it in three ways: to all that have a
 * word of the slot, noting who they are; to all without noting; and to a few who are named.
 *
 * What a posting is worth is its saturated tf, which nearly always one look-up yields: the code says "twice in the
 * body", the row of that code has the value for every length of a body. A slot that several words fill is worth what
 * the best of them is, so those go through best[] first.
 *
 * A few dozen words are in so many passages that most look-ups ask for them. Such a word is spread out the second time
 * that this would pay: a *plane* has what the word is worth in each passage of the chunk, zero where it is not. A
 * look-up is then one access to memory, and to add the word to all passages is a plain loop over two arrays,
 * of which the compiler makes vector instructions. The values are those that the list yields, to the last bit: which
 * words happen to have a plane changes no score. */
#include <stdlib.h>
#include <string.h>

#include "kb/snap_find_int.h"

#define KEPT_OUT (-1e30f) /* in the array of scores: seen, and not let in by the filter */
#define LEAST                                                                                      \
    1e-30f      /* what any word adds where it stands, so that a score of zero means untouched */
#define LANES 8 /* passages that are looked up side by side */

/* ---- one posting ------------------------------------------------------------------------------------------------ */

static float share_of(const struct finder *f, unsigned field, uint16_t length)
{
    if (length < FIND_LENGTHS)
        return f->share[field][length];
    return (float)bm25f_share(field, length, f->average);
}

static float saturated(const struct finder *f, const uint8_t count[FIELDS],
                       const uint16_t length[FIELDS])
{
    float tf = 0;
    for (unsigned i = 0; i < FIELDS; i++)
        if (count[i])
            tf += (float)count[i] * share_of(f, i, length[i]);
    return tf / ((float)BM25F_K1 + tf);
}

/* What posting i is worth, before it is weighed. *escape moves behind its counts when they are written out. */
static inline float worth(const struct finder *f, const uint16_t *length, const struct part *p,
                          uint32_t i, const uint8_t **escape)
{
    uint8_t code = p->code[i];
    const float *row = f->row[code];
    length += (size_t)p->offset[i] * FIELDS;
    if (row && length[f->field[code]] < FIND_LENGTHS)
        return row[length[f->field[code]]];
    const uint8_t *count = f->tuple + code * FIELDS;
    if (code == SNAP_ESCAPE) {
        count = *escape;
        *escape += FIELDS;
    }
    return saturated(f, count, length);
}

/* The same for a posting that was found out of turn. */
static float worth_at(const struct finder *f, const struct part *p, uint32_t i)
{
    const uint8_t *escape = p->escape;
    if (p->code[i] == SNAP_ESCAPE)
        for (uint32_t k = 0; k < i; k++)
            escape += p->code[k] == SNAP_ESCAPE ? FIELDS : 0;
    return worth(f, f->length, p, i, &escape);
}

/* ---- planes ------------------------------------------------------------------------------------------------------- */

/* Unless another slot, which asks for the same word, has just done so; and not the first time: whoever asks a single
 * question would only wait for it. */
static void make_plane(struct finder *f, struct part *p)
{
    size_t which = (size_t)f->base / SNAP_CHUNK * FIND_PLANES + p->term;
    float **at = &f->plane[which];
    const uint8_t *escape = p->escape;
    if (!f->asked[which]) {
        f->asked[which] = true;
        return;
    }
    if (!*at && (*at = calloc(f->size + FIND_BLOCK, sizeof **at)) != NULL)
        for (uint32_t i = 0; i < p->n; i++)
            (*at)[p->offset[i]] = worth(f, f->length, p, i, &escape);
    p->plane = *at; /* NULL: there is no memory for it, and the list does as well */
}

/* Term ids ascend as words become rarer, so the commonest are below a bound. */
static bool plane_pays(const struct finder *f, const struct part *p)
{
    return !p->plane && p->term < f->nplane && p->n >= f->size / FIND_DENSE;
}

static size_t chunks(const struct finder *f)
{
    return f->head->n / SNAP_CHUNK + 1;
}

void snap_gain_free(struct finder *f)
{
    for (size_t i = 0; f->plane && i < chunks(f) * FIND_PLANES; i++)
        free(f->plane[i]);
    free(f->plane);
    free(f->asked);
}

/* ---- to all that have it ------------------------------------------------------------------------------------------- */

/* best[] is raised to what the part adds. */
static void raise_best(struct finder *f, const struct part *list)
{
    const struct part p = *list;
    const uint8_t *escape = p.escape;
    float *best = f->best;
    for (uint32_t i = 0; i < p.n; i++)
        best[p.offset[i]] =
            find_higher(best[p.offset[i]], p.weight * worth(f, f->length, &p, i, &escape));
}

static void clear_best(struct finder *f, const struct part *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        f->best[p->offset[i]] = 0;
}

/* The list's numbers are kept in registers: what is written to scores could be anywhere, for all the compiler knows.
 * Whether a passage is touched for the first time is as good as random, so no branch depends on it. */
static void add_part(struct finder *f, const struct part *list, bool from_best)
{
    const struct part p = *list;
    const uint16_t *length = f->length;
    const uint8_t *escape = p.escape;
    float *score = f->score, *best = f->best;
    uint32_t *touched = f->touched, n = f->ntouched;
    bool suspicious = f->suspicious;
    for (uint32_t i = 0; i < p.n; i++) {
        uint32_t offset = p.offset[i];
        float v = from_best ? best[offset] : p.weight * worth(f, length, &p, i, &escape);
        if (from_best && v <= 0) /* another list of the slot has been here */
            continue;
        if (from_best)
            best[offset] = 0;
        float before = score[offset];
        v = find_higher(v, LEAST);
        touched[n] = offset;
        n += before == 0;
        if (suspicious && before == 0 && !find_admits(f, offset))
            v = KEPT_OUT;
        score[offset] = before + v;
    }
    f->ntouched = n;
}

void snap_gain_add(struct finder *f, const struct active *a)
{
    const struct part *p = &f->part[a->first];
    if (a->n == 1) {
        add_part(f, p, false);
        return;
    }
    for (size_t i = 0; i < a->n; i++)
        raise_best(f, p + i);
    for (size_t i = 0; i < a->n; i++)
        add_part(f, p + i, true);
}

/* All of these arrays are as long as whole blocks are. */
/* ---- to all, without noting whom ------------------------------------------------------------------------------------- */

static void add_plane(float *restrict score, const float *restrict plane, float weight, size_t n)
{
    for (size_t i = 0; i < n; i += FIND_BLOCK)
        for (size_t k = i; k < i + FIND_BLOCK; k++)
            score[k] += weight * plane[k];
}

static void raise_by_plane(float *restrict best, const float *restrict plane, float weight,
                           size_t n)
{
    for (size_t i = 0; i < n; i += FIND_BLOCK)
        for (size_t k = i; k < i + FIND_BLOCK; k++)
            best[k] = find_higher(best[k], weight * plane[k]);
}

static void add_best(float *restrict score, float *restrict best, size_t n)
{
    for (size_t i = 0; i < n; i += FIND_BLOCK)
        for (size_t k = i; k < i + FIND_BLOCK; k++) {
            score[k] += best[k];
            best[k] = 0;
        }
}

static void add_list(struct finder *f, const struct part *list)
{
    const struct part p = *list;
    const uint16_t *length = f->length;
    const uint8_t *escape = p.escape;
    float *score = f->score;
    for (uint32_t i = 0; i < p.n; i++)
        score[p.offset[i]] += p.weight * worth(f, length, &p, i, &escape);
}

void snap_gain_everywhere(struct finder *f, const struct active *a)
{
    struct part *p = &f->part[a->first];
    for (size_t i = 0; i < a->n; i++)
        if (plane_pays(f, p + i))
            make_plane(f, p + i);
    if (a->n == 1 && p->plane) {
        add_plane(f->score, p->plane, p->weight, f->size);
    } else if (a->n == 1) {
        add_list(f, p);
    } else {
        for (size_t i = 0; i < a->n; i++)
            if (p[i].plane)
                raise_by_plane(f->best, p[i].plane, p[i].weight, f->size);
            else
                raise_best(f, p + i);
        add_best(f->score, f->best, f->size);
    }
}

/* ---- to a few -------------------------------------------------------------------------------------------------------- */

/* The place in the list of this passage, or of one before it, without a branch that depends on the data. */
static uint32_t place_of(const struct part *p, uint32_t offset)
{
    uint32_t low = 0;
    for (uint32_t n = p->n; n > 1;) {
        uint32_t half = n / 2;
        low += p->offset[low + half] <= offset ? half : 0;
        n -= half;
    }
    return low;
}

/* The same for several passages side by side: while one waits for memory, the others go on. */
static void places_of(const struct part *p, const struct find_kth who[LANES], uint32_t low[LANES])
{
    memset(low, 0, LANES * sizeof *low);
    for (uint32_t n = p->n; n > 1;) {
        uint32_t half = n / 2;
        for (size_t k = 0; k < LANES; k++)
            low[k] += p->offset[low[k] + half] <= who[k].offset ? half : 0;
        n -= half;
    }
}

static void search(struct finder *f, const struct part *p, const struct find_kth *who, size_t n)
{
    uint32_t at[LANES];
    for (size_t i = 0; i < n; i += LANES) {
        size_t lanes = n - i < LANES ? n - i : LANES;
        if (lanes == LANES)
            places_of(p, who + i, at);
        for (size_t k = 0; k < lanes; k++) {
            uint32_t place = lanes == LANES ? at[k] : place_of(p, who[i + k].offset);
            if (p->offset[place] == who[i + k].offset)
                f->gain[i + k] = find_higher(f->gain[i + k], p->weight * worth_at(f, p, place));
        }
    }
}

/* gain[] is raised to what the part adds to each of them: by its plane; by a walk over the list, when they are many
 * beside it; else they are searched for. */
static void look_up_part(struct finder *f, struct part *p, const struct find_kth *who, size_t n)
{
    bool many = n > p->n / FIND_PROBE;
    if (many && plane_pays(f, p))
        make_plane(f, p);
    if (p->plane) {
        for (size_t i = 0; i < n; i++)
            f->gain[i] = find_higher(f->gain[i], p->weight * p->plane[who[i].offset]);
    } else if (many) {
        raise_best(f, p);
        for (size_t i = 0; i < n; i++)
            f->gain[i] = find_higher(f->gain[i], f->best[who[i].offset]);
        clear_best(f, p);
    } else {
        search(f, p, who, n);
    }
}

void snap_gain_look_up(struct finder *f, const struct active *a, struct find_kth *who, size_t n)
{
    struct part *p = &f->part[a->first];
    if (a->n == 1 && p->plane) { /* the usual case, in one go */
        for (size_t i = 0; i < n; i++)
            who[i].score += p->weight * p->plane[who[i].offset];
        return;
    }
    memset(f->gain, 0, n * sizeof *f->gain);
    for (size_t i = 0; i < a->n; i++)
        look_up_part(f, p + i, who, n);
    for (size_t i = 0; i < n; i++)
        who[i].score += f->gain[i];
}

/* ---- tables ------------------------------------------------------------------------------------------------------------ */

/* The row of a code with a few occurrences in one field alone, or NULL. */
static const float *row_of(const struct finder *f, const uint8_t count[FIELDS], uint8_t *ret_field)
{
    const float *row = NULL;
    for (unsigned i = 0; i < FIELDS; i++) {
        if (!count[i])
            continue;
        if (row || count[i] > FIND_SINGLE)
            return NULL;
        row = f->single[i][count[i] - 1];
        *ret_field = (uint8_t)i;
    }
    return row;
}

void snap_gain_tables(struct finder *f)
{
    for (unsigned i = 0; i < FIELDS; i++)
        for (uint16_t length = 0; length < FIND_LENGTHS; length++) {
            f->share[i][length] = (float)bm25f_share(i, length, f->average);
            for (unsigned n = 0; n < FIND_SINGLE; n++) {
                float tf = (float)(n + 1) * f->share[i][length];
                f->single[i][n][length] = tf / ((float)BM25F_K1 + tf);
            }
        }
    for (uint32_t c = 0; c < f->head->ntuple; c++)
        f->row[c] = row_of(f, f->tuple + c * FIELDS, &f->field[c]);
    uint64_t fit = FIND_SPACE / (((uint64_t)f->head->n + 1) * sizeof(float));
    f->nplane = fit < FIND_PLANES ? (uint32_t)fit : FIND_PLANES;
}
