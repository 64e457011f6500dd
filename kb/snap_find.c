/* snap_find.c: the best passages out of a snapshot, in microseconds. The heart of the program.
 *
 * The idea. FTS5 ranks every passage that has any word of the question, one virtual-machine step per row. Here
 * every word has a list of its passages, 3 bytes each, and four things make it fast:
 *
 * 1. A word at a time (TAAT). A slot's whole list is added into an array of floats, one per passage of the chunk,
 *    before the next slot is looked at. The inner loop is a walk over two small arrays, without a branch that
 *    depends on another list. 65,536 passages are a chunk: offsets fit 16 bits, the floats stay in the cache, and
 *    a base of ordinary size is a single chunk.
 *
 * 2. Rare words first, and stop when the rest cannot matter (MaxScore: Turtle and Flood, 1995). Every part of a
 *    list knows the largest tf in it, hence a bound on what its slot can add. Slots are taken in descending order of
 *    that bound. Once the bounds of the slots still to come add up to less than the partial score of the k-th best
 *    candidate, no passage outside the candidates can be among the best k: from there on only candidates are looked
 *    up, and those fall away whose partial score plus the rest is too small. The commonest words, whose lists
 *    are longest and whose idf is next to nothing, are hardly ever read.
 *
 * 3. Counts are coded. The counts of a word in the four fields are one byte, a place in a table of the 255
 *    commonest combinations; most words stand in the body alone, and then one look-up in a table of length
 *    divisors is all the arithmetic there is.
 *
 * 4. Bounds that survive edits. `most` was computed with the average lengths of the build. When averages have grown by
 *    a factor r since, no tf can have grown by more than r (the divisor 1-b+b*len/avg shrinks by at most r), so
 *    most * r is a bound for ever, and nothing needs to be recomputed.
 *
 * Scores here are floats and order candidates only; candidates_snap.c computes the winners' scores again, in double, in
 * the order of the slots, so that they do not depend on the order of additions here, on k, or on the chunk.
 *
 * Deliberately not here: block-max WAND and vector instructions. Both were measured to bring nothing below a million
 * passages. */
#include "kb/snap_find.h"

#include <stdlib.h>
#include <string.h>

#include "kb/bm25f.h"

#define SLACK    1.00001f /* bounds are raised by more than float additions can err */
#define REJECTED (-1e30f) /* in the array of scores: seen, and kept out by the filter */
#define LENGTHS  512      /* tabulated lengths per field; longer ones are computed */
#define SINGLE   4        /* tabulated counts */
#define LIKELY                                                                                     \
    0.6f         /* of what a passage could have, the k-th best has hardly more than this share */
#define PROBE 12 /* entries of a list that are walked over in the time of one look-up */

/* What one term adds where it stands, in the chunk at hand. */
struct part {
    uint32_t n;
    float weight, most;
    const uint16_t *offset;
    const uint8_t *code, *escape;
};

struct active {
    float bound;
    size_t first, n; /* parts of this slot */
    size_t postings; /* in them */
};

struct finder {
    struct snap *snap;
    const struct snap_header *head;
    const uint16_t *lengths; /* FIELDS per passage */
    const uint32_t *tie;
    const uint8_t *tuple; /* FIELDS counts per code */
    double average[FIELDS];
    float share[FIELDS][LENGTHS]; /* weight / (1 - b + b * length / average) */
    /* Saturated tf of few occurrences in one field alone, by length: what nearly every posting is. A code that is not
     * of this kind has no row. */
    float single[FIELDS][SINGLE][LENGTHS];
    const float *row[SNAP_ESCAPE + 1];
    uint8_t field[SNAP_ESCAPE + 1]; /* of a code with a row */
    /* Per passage of the chunk; zero between chunks. */
    float *score, *best;
    float *whole; /* the score with all slots, once it was looked up */
    uint32_t *candidate, *rejected;

    /* of the question at hand */
    const struct find_query *q;
    bool suspicious;        /* some passage might be kept out */
    uint32_t base;          /* first ord of the chunk */
    const uint16_t *length; /* of its passages */
    uint32_t ncandidate, nrejected;
    struct part part[FIND_LISTS];
    struct active active[FIND_SLOTS];
    size_t nactive;
    float threshold; /* a passage below this is not among the best k */
};

/* ---- a chunk's parts ---------------------------------------------------------------------------------------- */

/* The list's part in `chunk`, if any; moves the cursor behind it. snap_list() has checked the bytes. */
static bool part_of(struct snap_list *list, uint32_t chunk, struct part *ret)
{
    if (!list->left)
        return false;
    const struct snap_part *head = (const void *)list->at;
    if (head->chunk != chunk)
        return false;
    ret->n = head->n;
    ret->most = head->most;
    ret->offset = (const void *)(list->at + sizeof *head);
    ret->code = list->at + sizeof *head + head->n * 2u;
    ret->escape = ret->code + head->n;
    list->at += snap_part_size(head);
    list->left--;
    return true;
}

static float term_bound(const struct finder *f, const struct part *p)
{
    float tf = p->most * f->q->drift;
    return p->weight * tf / ((float)BM25F_K1 + tf) * SLACK;
}

/* Gather the slots that have a list in this chunk, strongest bound first, equal ones as they were asked for. */
static void activate(struct finder *f, uint32_t chunk)
{
    size_t nparts = 0;
    f->nactive = 0;
    for (size_t i = 0; i < f->q->nslot; i++) {
        struct active *a = &f->active[f->nactive];
        const struct find_slot *slot = &f->q->slot[i];
        *a = (struct active){.first = nparts};
        for (size_t k = 0; k < slot->nlist; k++) {
            struct part *p = &f->part[nparts];
            if (!part_of(&slot->list[k].list, chunk, p) || slot->list[k].weight <= 0)
                continue;
            p->weight = slot->list[k].weight;
            float bound = term_bound(f, p);
            a->bound = bound > a->bound ? bound : a->bound;
            a->postings += p->n;
            a->n++;
            nparts++;
        }
        f->nactive += a->n > 0;
    }
    for (size_t i = 1; i < f->nactive; i++) { /* they are few */
        struct active a = f->active[i];
        size_t k = i;
        for (; k && f->active[k - 1].bound < a.bound; k--)
            f->active[k] = f->active[k - 1];
        f->active[k] = a;
    }
}

/* ---- scores ---------------------------------------------------------------------------------------------------- */

static float share_of(const struct finder *f, unsigned field, uint16_t length)
{
    if (length < LENGTHS)
        return f->share[field][length];
    return (float)bm25f_share(field, length, f->average);
}

static float tf_of(const struct finder *f, const uint8_t count[FIELDS],
                   const uint16_t length[FIELDS])
{
    float tf = 0;
    for (unsigned i = 0; i < FIELDS; i++)
        if (count[i])
            tf += (float)count[i] * share_of(f, i, length[i]);
    return tf;
}

/* What posting i adds. *escape moves behind its counts when they are written out. */
static inline float worth(const struct finder *f, const uint16_t *length, const struct part *p,
                          uint32_t i, const uint8_t **escape)
{
    uint8_t code = p->code[i];
    const float *row = f->row[code];
    length += (size_t)p->offset[i] * FIELDS;
    if (row && length[f->field[code]] < LENGTHS)
        return p->weight * row[length[f->field[code]]];
    const uint8_t *count = f->tuple + code * FIELDS;
    if (code == SNAP_ESCAPE) {
        count = *escape;
        *escape += FIELDS;
    }
    float tf = tf_of(f, count, length);
    return p->weight * (tf / ((float)BM25F_K1 + tf));
}

static bool admitted(struct finder *f, uint32_t offset)
{
    uint32_t ord = f->base + offset;
    bool suspect = f->q->suspect_all || f->q->suspect[ord / 64] >> ord % 64 & 1;
    if (!suspect || f->q->admits(f->q->ctx, ord))
        return true;
    f->score[offset] = REJECTED;
    f->rejected[f->nrejected++] = offset;
    return false;
}

/* The first time a passage is touched the filter decides. */
static inline bool admit(struct finder *f, uint32_t offset)
{
    if (f->suspicious && !admitted(f, offset))
        return false;
    f->candidate[f->ncandidate++] = offset;
    return true;
}

/* The list's numbers are kept in registers: what is written to scores could be anywhere, for all the compiler knows. */
static void add_part(struct finder *f, const struct part *list)
{
    const struct part p = *list;
    const uint16_t *length = f->length;
    const uint8_t *escape = p.escape;
    float *score = f->score;
    for (uint32_t i = 0; i < p.n; i++) {
        uint32_t offset = p.offset[i];
        float v = worth(f, length, &p, i, &escape);
        if (score[offset] != 0 || (v > 0 && admit(f, offset)))
            score[offset] += v;
    }
}

/* Several ways to fill a slot: the best one counts. best[] is zero before and after. */
static void add_parts(struct finder *f, const struct active *a)
{
    for (size_t k = 0; k < a->n; k++) {
        const struct part *p = &f->part[a->first + k];
        const uint8_t *escape = p->escape;
        for (uint32_t i = 0; i < p->n; i++) {
            float v = worth(f, f->length, p, i, &escape);
            if (v > f->best[p->offset[i]])
                f->best[p->offset[i]] = v;
        }
    }
    for (size_t k = 0; k < a->n; k++) {
        const struct part *p = &f->part[a->first + k];
        for (uint32_t i = 0; i < p->n; i++) {
            uint32_t offset = p->offset[i];
            float v = f->best[offset];
            f->best[offset] = 0;
            if (v > 0 && (f->score[offset] != 0 || admit(f, offset)))
                f->score[offset] += v;
        }
    }
}

/* What the part adds to one passage, by binary search; 0 when the term is not in it. */
static float lookup(const struct finder *f, const struct part *p, uint32_t offset)
{
    uint32_t low = 0, n = p->n;
    while (n > 1) { /* without a branch that depends on the data */
        uint32_t half = n / 2;
        low = p->offset[low + half] <= offset ? low + half : low;
        n -= half;
    }
    if (p->offset[low] != offset)
        return 0;
    const uint8_t *escape = p->escape;
    if (p->code[low] == SNAP_ESCAPE)
        for (uint32_t i = 0; i < low; i++)
            escape += p->code[i] == SNAP_ESCAPE ? FIELDS : 0;
    return worth(f, f->length, p, low, &escape);
}

/* What a slot adds to one passage. */
static float look_up_slot(const struct finder *f, const struct active *a, uint32_t offset)
{
    float best = 0;
    for (size_t i = 0; i < a->n; i++) {
        float v = lookup(f, &f->part[a->first + i], offset);
        best = v > best ? v : best;
    }
    return best;
}

/* ---- the threshold ---------------------------------------------------------------------------------------------- */

/* Let heap[i] sink: the smallest stays on top. */
static void sink_kth(struct find_kth *heap, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && heap[child + 1].score < heap[child].score;
        if (heap[i].score <= heap[child].score)
            return;
        struct find_kth swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

/* Of the scores that are offered the k best stay in a heap, which few ever enter. Returns how many are in it. */
static inline size_t offer(struct find_kth *heap, size_t n, size_t k, float score, uint32_t offset)
{
    if (n < k) {
        heap[n++] = (struct find_kth){score, offset};
        for (size_t i = n == k ? k / 2 : 0; i--;)
            sink_kth(heap, k, i);
    } else if (score > heap[0].score) {
        heap[0] = (struct find_kth){score, offset};
        sink_kth(heap, k, 0);
    }
    return n;
}

/* The least of k scores is a threshold, if that says more than what is known already. */
static void settle(struct finder *f, const struct find_kth *heap, size_t n)
{
    float least = 0;
    for (size_t i = 0; i < n; i++)
        least = !i || heap[i].score < least ? heap[i].score : least;
    if (n == f->q->k && least / SLACK > f->threshold)
        f->threshold = least / SLACK;
}

/* What the passage will have when the slots from `next` on are added, too. Nobody is looked up twice. */
static float look_up_rest(struct finder *f, size_t next, uint32_t offset)
{
    float score = f->whole[offset];
    if (score > 0)
        return score;
    score = f->score[offset];
    for (size_t i = next; i < f->nactive; i++)
        score += look_up_slot(f, &f->active[i], offset);
    return f->whole[offset] = score;
}

/* Slots from `next` on have not been added. The k candidates that lead so far will be about the best: with all that
 * they are still to get, their least is a threshold already. */
static void raise_threshold(struct finder *f, size_t next)
{
    struct find_kth *heap = f->q->heap;
    size_t n = 0;
    for (uint32_t i = 0; i < f->ncandidate; i++)
        n = offer(heap, n, f->q->k, f->score[f->candidate[i]], f->candidate[i]);
    for (size_t i = 0; i < n; i++)
        heap[i].score = look_up_rest(f, next, heap[i].offset);
    settle(f, heap, n);
}

/* Candidates go who cannot reach the threshold, whatever they have of the slots still to come, `rest` at most. */
static void drop_hopeless(struct finder *f, float rest)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < f->ncandidate; i++) {
        uint32_t offset = f->candidate[i];
        float whole = f->whole[offset];
        if ((whole > 0 ? whole : f->score[offset] + rest) >= f->threshold)
            f->candidate[kept++] = offset;
        else
            f->score[offset] = f->whole[offset] = 0;
    }
    f->ncandidate = kept;
}

/* ---- one chunk ---------------------------------------------------------------------------------------------------- */

/* Add to the candidates alone: a look-up for each while they are few beside the list, else one walk over it. */
static void add_to_candidates(struct finder *f, const struct active *a)
{
    const struct part p = f->part[a->first];
    if (a->n > 1 || f->ncandidate < p.n / PROBE) {
        for (uint32_t i = 0; i < f->ncandidate; i++)
            if (!(f->whole[f->candidate[i]] > 0))
                f->score[f->candidate[i]] += look_up_slot(f, a, f->candidate[i]);
        return;
    }
    const uint16_t *length = f->length;
    const uint8_t *escape = p.escape;
    float *score = f->score;
    for (uint32_t i = 0; i < p.n; i++) {
        if (score[p.offset[i]] > 0)
            score[p.offset[i]] += worth(f, length, &p, i, &escape);
        else if (p.code[i] == SNAP_ESCAPE)
            escape += FIELDS;
    }
}

static void score_chunk(struct finder *f)
{
    float rest[FIND_SLOTS + 1] = {0};      /* what slots from i on can add to a passage */
    size_t postings[FIND_SLOTS + 1] = {0}; /* and how long their lists are */
    for (size_t i = f->nactive; i--;) {
        rest[i] = rest[i + 1] + f->active[i].bound;
        postings[i] = postings[i + 1] + f->active[i].postings;
    }
    size_t i = 0, k = f->q->k;
    while (i < f->nactive && rest[i] >= f->threshold) {
        const struct active *a = &f->active[i++];
        if (a->n == 1)
            add_part(f, &f->part[a->first]);
        else
            add_parts(f, a);
        float likely = f->threshold > 0 ? 1.5f * f->threshold : LIKELY * rest[0];
        if (f->ncandidate >= k && rest[i] < likely &&
            postings[i] > f->ncandidate + PROBE * k * (f->nactive - i))
            raise_threshold(f, i);
    }
    for (; i < f->nactive; i++) {
        drop_hopeless(f, rest[i]);
        add_to_candidates(f, &f->active[i]);
    }
    for (uint32_t c = 0; c < f->ncandidate; c++)
        if (f->whole[f->candidate[c]] > 0)
            f->score[f->candidate[c]] = f->whole[f->candidate[c]];
    if (f->ncandidate > k)
        raise_threshold(f, f->nactive);
}

/* ---- the best k ---------------------------------------------------------------------------------------------------- */

static bool worse(const struct find_hit *a, const struct find_hit *b)
{
    return a->score < b->score || (!(a->score > b->score) && a->tie > b->tie);
}

/* A heap with the worst on top, to be thrown out first. */
static void sink(struct find_hit *heap, size_t n, size_t i)
{
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (worse(&heap[child], &heap[worst]))
                worst = child;
        if (worst == i)
            return;
        struct find_hit swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

static void keep(const struct finder *f, struct find_result *r, struct find_hit hit)
{
    hit.tie = f->tie[hit.ord];
    if (r->n < r->room) {
        r->hit[r->n++] = hit;
        if (r->n == r->room)
            for (size_t i = r->n; i--;)
                sink(r->hit, r->n, i);
    } else if (worse(&r->hit[0], &hit)) {
        r->hit[0] = hit;
        sink(r->hit, r->n, 0);
    }
}

/* Hand the chunk's best over and leave the arrays as they were found: zero. */
static void collect(struct finder *f, struct find_result *r)
{
    for (uint32_t i = 0; i < f->ncandidate; i++) {
        uint32_t offset = f->candidate[i];
        float score = f->score[offset];
        f->score[offset] = f->whole[offset] = 0;
        if (score >= f->threshold)
            keep(f, r, (struct find_hit){r->segment, f->base + offset, 0, score});
    }
    for (uint32_t i = 0; i < f->nrejected; i++)
        f->score[f->rejected[i]] = 0;
    f->ncandidate = f->nrejected = 0;
}

/* The k-th best of all chunks so far; what is below is let go. */
static void compare_chunks(struct finder *f, struct find_result *r)
{
    size_t kept = 0, n = 0;
    for (size_t i = 0; i < r->n; i++)
        n = offer(f->q->heap, n, f->q->k, r->hit[i].score, 0);
    settle(f, f->q->heap, n);
    for (size_t i = 0; i < r->n; i++)
        if (r->hit[i].score >= f->threshold)
            r->hit[kept++] = r->hit[i];
    r->n = kept;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

/* The row of a code with a few occurrences in one field alone, or NULL. */
static const float *row_of(const struct finder *f, const uint8_t count[FIELDS], uint8_t *ret_field)
{
    const float *row = NULL;
    for (unsigned i = 0; i < FIELDS; i++) {
        if (!count[i])
            continue;
        if (row || count[i] > SINGLE)
            return NULL;
        row = f->single[i][count[i] - 1];
        *ret_field = (uint8_t)i;
    }
    return row;
}

static void fill_tables(struct finder *f)
{
    for (unsigned i = 0; i < FIELDS; i++)
        for (uint16_t length = 0; length < LENGTHS; length++) {
            f->share[i][length] = (float)bm25f_share(i, length, f->average);
            for (unsigned n = 0; n < SINGLE; n++) {
                float tf = (float)(n + 1) * f->share[i][length];
                f->single[i][n][length] = tf / ((float)BM25F_K1 + tf);
            }
        }
    for (uint32_t c = 0; c < f->head->ntuple; c++)
        f->row[c] = row_of(f, f->tuple + c * FIELDS, &f->field[c]);
}

int finder_new(struct snap *s, const double average[FIELDS], struct finder **ret)
{
    const struct snap_header *head = snap_head(s);
    struct finder *f = calloc(1, sizeof *f);
    size_t n = head->n < SNAP_CHUNK ? head->n + 1 : SNAP_CHUNK;
    int err = KB_ERR_NOMEM;
    if (!f)
        return err;
    f->snap = s;
    f->head = head;
    memcpy(f->average, average, sizeof f->average);
    f->score = calloc(n, sizeof *f->score);
    f->best = calloc(n, sizeof *f->best);
    f->whole = calloc(n, sizeof *f->whole);
    f->candidate = malloc(n * sizeof *f->candidate);
    f->rejected = malloc(n * sizeof *f->rejected);
    if (!f->score || !f->best || !f->whole || !f->candidate || !f->rejected)
        goto out;
    err = KB_ERR_DAMAGED;
    f->lengths = snap_bytes(s, SNAP_LENGTHS, 0, head->n * 2ull * FIELDS);
    f->tuple = snap_bytes(s, SNAP_TUPLES, 0, (uint64_t)head->ntuple * FIELDS);
    f->tie = snap_bytes(s, SNAP_TIES, 0, head->n * 4ull);
    if (!f->lengths || !f->tuple || !f->tie)
        goto out;
    fill_tables(f);
    *ret = f;
    return 0;
out:
    finder_free(f);
    return err;
}

void finder_free(struct finder *f)
{
    if (!f)
        return;
    free(f->score);
    free(f->best);
    free(f->whole);
    free(f->candidate);
    free(f->rejected);
    free(f);
}

void finder_run(struct finder *f, const struct find_query *q, struct find_result *r)
{
    f->q = q;
    f->suspicious = q->suspect || q->suspect_all;
    f->threshold = 0;
    if (!q->k)
        return;
    compare_chunks(f, r); /* what other segments have found */
    for (uint32_t chunk = 0; (uint64_t)chunk * SNAP_CHUNK < f->head->n; chunk++) {
        f->base = chunk * SNAP_CHUNK;
        f->length = f->lengths + (size_t)f->base * FIELDS;
        activate(f, chunk);
        if (!f->nactive)
            continue;
        score_chunk(f);
        collect(f, r);
        compare_chunks(f, r);
    }
    f->q = NULL;
}
