/* snap_gain.c: what a slot of the question adds to passages. snap_find.c asks for it in three ways: to all that have a
 * word of the slot, noting who they are; to all without noting; and to a few who are named.
 *
 * What a posting is worth is its saturated tf, which one look-up yields: the code stands for "twice in a body of ninety words",
 * and what that is worth is computed when it is first met. A slot that several words fill is worth what the best of them is, so
 * those go through best[] first.
 *
 * A few dozen words are in so many passages that most look-ups ask for them. Such a word is spread out the second time
 * that this would pay: a *plane* has what the word is worth in each passage of the chunk, zero where it is not. A
 * look-up is then one access to memory, and to add the word to all passages is a plain loop over two arrays,
 * of which the compiler makes vector instructions. In a large base, where nothing is ever added to all passages, a plane
 * has the codes instead, which take half of the memory. The values are those that the list yields, to the
 * last bit: which words happen to have a plane changes no score. */
#include <stdlib.h>
#include <string.h>

#include "kb/snap_find_int.h"

#define KEPT_OUT (-1e30f) /* in the array of scores: seen, and not let in by the filter */
#define LANES    16       /* passages that are looked up side by side, */
#define ROUND    64       /* and before it is asked what those have that were found */

/* ---- one posting ------------------------------------------------------------------------------------------------ */

static float saturated(const struct finder *f, const struct snap_tuple *t)
{
    return (float)bm25f_saturate(bm25f_tf(t->count, t->length, f->average));
}

/* Of a code that no question has met before. 0 when the file is unsound, as whoever asked will see. */
static float worth_of(const struct finder *f, uint16_t code)
{
    const struct snap_tuple *t =
        snap_bytes(f->snap, SNAP_TUPLES, code * (uint64_t)sizeof *t, sizeof *t);
    return t ? f->worth[code] = find_higher(saturated(f, t), FIND_LEAST) : 0;
}

/* What posting i is worth, before it is weighed. *escape moves behind its tuple when it is written out. */
static inline float worth(const struct finder *f, const struct part *p, uint32_t i,
                          const struct snap_tuple **escape)
{
    uint16_t code = p->code[i];
    float known = p->worth[code];
    if (known > 0)
        return known;
    return code == SNAP_ESCAPE ? saturated(f, (*escape)++) : worth_of(f, code);
}

/* The same for a posting that was found out of turn. */
static float worth_at(const struct finder *f, const struct part *p, uint32_t i)
{
    const struct snap_tuple *escape = p->escape;
    if (p->spelled)
        escape += i;
    else if (p->code[i] == SNAP_ESCAPE)
        for (uint32_t k = 0; k < i; k++)
            escape += p->code[k] == SNAP_ESCAPE;
    return worth(f, p, i, &escape);
}

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

/* What a passage has of a part that has a plane. Of a word that is not there next to nothing, so that it needs no question. */
static inline float worth_there(const struct finder *f, const struct part *p, uint32_t offset)
{
    if (p->plane)
        return p->plane[offset];
    float known = p->worth[p->codes[offset]];
    return known > 0 ? known : worth_at(f, p, place_of(p, offset));
}

/* ---- planes ------------------------------------------------------------------------------------------------------- */

static float *worth_of_all(const struct finder *f, const struct part *p)
{
    float *plane = calloc(f->size + FIND_BLOCK, sizeof *plane);
    const struct snap_tuple *escape = p->escape;
    for (uint32_t i = 0; plane && i < p->n; i++)
        plane[p->offset[i]] = worth(f, p, i, &escape);
    return plane;
}

static uint16_t *codes_of_all(const struct finder *f, const struct part *p)
{
    uint16_t *plane = malloc(f->size * sizeof *plane);
    for (uint32_t i = 0; plane && i < f->size; i++)
        plane[i] = FIND_ABSENT;
    for (uint32_t i = 0; plane && i < p->n; i++)
        plane[p->offset[i]] = p->code[i];
    return plane;
}

static bool has_plane(const struct part *p)
{
    return p->plane || p->codes;
}

/* Unless another slot, which asks for the same word, has just done so; and not the first time: whoever asks a single
 * question would only wait for it. */
static void make_plane(struct finder *f, struct part *p)
{
    size_t which = (size_t)f->base / SNAP_CHUNK * FIND_PLANES + p->term;
    if (!f->asked[which]) {
        f->asked[which] = true;
        return;
    }
    if (!f->plane[which]) /* it may stay so without memory, and the list does as well */
        f->plane[which] = f->small ? (void *)worth_of_all(f, p) : (void *)codes_of_all(f, p);
    snap_gain_plane(f, p);
}

/* Term ids ascend as words become rarer, so the commonest are below a bound. */
static bool plane_pays(const struct finder *f, const struct part *p)
{
    return !has_plane(p) && p->term < f->nplane && p->n >= f->size / FIND_DENSE;
}

void snap_gain_plane(const struct finder *f, struct part *p)
{
    void *plane = p->term < FIND_PLANES
                      ? f->plane[(size_t)f->base / SNAP_CHUNK * FIND_PLANES + p->term]
                      : NULL;
    p->plane = f->small ? plane : NULL;
    p->codes = f->small ? NULL : plane;
}

static size_t chunks(const struct finder *f)
{
    return f->head->n / SNAP_CHUNK + 1;
}

void snap_gain_limit(struct finder *f)
{
    size_t each = f->small ? sizeof(float) : sizeof(uint16_t);
    uint64_t fit = FIND_SPACE / (((uint64_t)f->head->n + 1) * each);
    f->nplane = fit < FIND_PLANES ? (uint32_t)fit : FIND_PLANES;
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
    const struct snap_tuple *escape = p.escape;
    float *best = f->best;
    for (uint32_t i = 0; i < p.n; i++)
        best[p.offset[i]] = find_higher(best[p.offset[i]], p.weight * worth(f, &p, i, &escape));
}

/* The list's numbers are kept in registers: what is written to scores could be anywhere, for all the compiler knows.
 * Whether a passage is touched for the first time is as good as random, so no branch depends on it. */
static void add_part(struct finder *f, const struct part *list, bool from_best)
{
    const struct part p = *list;
    const struct snap_tuple *escape = p.escape;
    float *score = f->score, *best = f->best;
    uint32_t *touched = f->touched, n = f->ntouched;
    bool suspicious = f->suspicious;
    for (uint32_t i = 0; i < p.n; i++) {
        uint32_t offset = p.offset[i];
        float v = from_best ? best[offset] : p.weight * worth(f, &p, i, &escape);
        if (from_best && v <= 0) /* another list of the slot has been here */
            continue;
        if (from_best)
            best[offset] = 0;
        float before = score[offset];
        v = find_higher(v, FIND_LEAST);
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

/* ---- to all, without noting whom ------------------------------------------------------------------------------------- */

/* All of these arrays are as long as whole blocks are. */

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
    const struct snap_tuple *escape = p.escape;
    float *score = f->score;
    for (uint32_t i = 0; i < p.n; i++)
        score[p.offset[i]] += p.weight * worth(f, &p, i, &escape);
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

/* place_of() for several passages side by side: while one waits for memory, the others go on. */
static void places_of(const struct part *p, const struct find_kth *who, size_t nwho,
                      uint32_t low[LANES])
{
    uint32_t offset[LANES];
    for (size_t k = 0; k < LANES; k++) {
        offset[k] = who[k < nwho ? k : 0].offset;
        low[k] = 0;
    }
    for (uint32_t n = p->n; n > 1;) {
        uint32_t half = n / 2;
        for (size_t k = 0; k < LANES; k++)
            low[k] += p->offset[low[k] + half] <= offset[k] ? half : 0;
        n -= half;
    }
}

static void search(struct finder *f, const struct part *p, const struct find_kth *who, size_t n)
{
    for (size_t from = 0; from < n; from += ROUND) {
        uint32_t at[ROUND], hit[ROUND], nhit = 0, i = 0;
        uint32_t end = n - from < ROUND ? (uint32_t)(n - from) : ROUND;
        const struct find_kth *it = who + from;
        for (; i < end; i += LANES)
            places_of(p, it + i, end - i, at + i);
        for (i = 0; i < end; i++) {
            hit[nhit] = i;
            nhit += p->offset[at[i]] == it[i].offset;
        }
        for (i = 0; i < nhit; i++) {
            /* NOLINTNEXTLINE(clang-analyzer-core*): of hit[] the first nhit are set */
            float *gain = &f->gain[from + hit[i]];
            *gain = find_higher(*gain, p->weight * worth_at(f, p, at[hit[i]]));
        }
    }
}

static void mark_all(struct finder *f, const struct find_kth *who, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f->mark[who[i].offset] = 1;
}

/* best[] is raised for those who have a mark, by a walk over the list: no branch depends on who does. */
static void sift(struct finder *f, const struct part *list)
{
    const struct part p = *list;
    const uint8_t *mark = f->mark;
    for (uint32_t from = 0; from < p.n; from += ROUND) {
        uint32_t hit[ROUND], nhit = 0, end = p.n - from < ROUND ? p.n : from + ROUND;
        for (uint32_t i = from; i < end; i++) {
            hit[nhit] = i;
            nhit += mark[p.offset[i]];
        }
        for (uint32_t i = 0; i < nhit; i++) {
            /* NOLINTNEXTLINE(clang-analyzer-core*): of hit[] the first nhit are set */
            float *best = &f->best[p.offset[hit[i]]];
            *best = find_higher(*best, p.weight * worth_at(f, &p, hit[i]));
        }
    }
}

/* What was found by marks goes to gain[]. */
static void take_marked(struct finder *f, const struct find_kth *who, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t offset = who[i].offset;
        f->gain[i] = find_higher(f->gain[i], f->best[offset]);
        f->best[offset] = 0;
        f->mark[offset] = 0;
    }
}

/* gain[] is raised to what the part adds to each of them: by its plane; by a walk over the list, when they are many
 * beside it, which then are marked; else they are searched for. */
static void look_up_part(struct finder *f, struct part *p, const struct find_kth *who, size_t n,
                         bool *marked)
{
    bool many = n * FIND_PROBE > p->n;
    if (many && plane_pays(f, p))
        make_plane(f, p);
    if (has_plane(p)) {
        for (size_t i = 0; i < n; i++)
            f->gain[i] = find_higher(f->gain[i], p->weight * worth_there(f, p, who[i].offset));
    } else if (many) {
        if (!*marked)
            mark_all(f, who, n);
        *marked = true;
        sift(f, p);
    } else {
        search(f, p, who, n);
    }
}

void snap_gain_look_up(struct finder *f, const struct active *a, struct find_kth *who, size_t n)
{
    struct part *p = &f->part[a->first];
    if (a->n == 1 && has_plane(p)) { /* the usual case, in one go */
        for (size_t i = 0; i < n; i++)
            who[i].score += p->weight * worth_there(f, p, who[i].offset);
        return;
    }
    memset(f->gain, 0, n * sizeof *f->gain);
    bool marked = false;
    for (size_t i = 0; i < a->n; i++)
        look_up_part(f, p + i, who, n, &marked);
    if (marked)
        take_marked(f, who, n);
    for (size_t i = 0; i < n; i++)
        who[i].score += f->gain[i];
}
