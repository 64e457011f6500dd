/* snap_find.c: the best passages out of a snapshot, in microseconds. The heart of the program.
 *
 * The idea. FTS5 ranks every passage that has any word of the question, one virtual-machine step per row. Here
 * every word has a list of its passages, 4 bytes each, and these make it fast:
 *
 * 1. A word at a time (TAAT). A slot's whole list is added into an array of floats, one per passage of the chunk,
 *    before the next slot is looked at. The inner loop is a walk over two small arrays, without a branch that
 *    depends on another list. 65,536 passages are a chunk: offsets fit 16 bits, the floats stay in the cache, and
 *    a base of ordinary size is a single chunk.
 *
 * 2. Rare words first, and stop when the rest cannot matter (MaxScore: Turtle and Flood, 1995). Every part of a
 *    list knows the largest tf in it, hence a bound on what its slot can add. Slots are taken in descending order of
 *    that bound. Let `rest` be the sum of the bounds of the slots still to come, and let the threshold be a score that k
 *    passages are known to reach. As soon as rest < threshold, no passage that has not been touched can be among the
 *    best k: from there on nothing is added any more. Of those who were touched, who can still reach the threshold
 *    with all of `rest` is gathered side by side, the slots still to come are looked up for these alone, strongest
 *    first, and after each of them more fall away. The commonest words, whose lists are longest and whose idf is next
 *    to nothing, are hardly ever walked over.
 *
 * 3. The threshold is made, not waited for. Partial scores grow into a threshold late: the k-th best of them lacks
 *    what all common words would add. But the k passages that lead so far are about the best, and to look up what they
 *    are still to get takes k look-ups a slot: the least of their *whole* scores is a threshold (raise_threshold()).
 *    That is worth its time only when it may end the adding, so may_stop() guesses what it will bring. Of all that a
 *    passage could have, the k-th best rarely has more than a share of LIKELY, since nobody has every word as often
 *    and in as short a text as its bound assumes. Once there is a threshold no other is looked for: a better one saves less
 *    than it costs. A wrong guess costs time and changes nothing.
 *
 * 4. Or everything, plainly. Where a base is small, or has more postings for the question than passages, to choose is a
 *    detour: score_all() adds all slots to all passages, the commonest words as whole arrays (planes, snap_gain.c), notes
 *    nobody, and finds the best at the end. It looks at the highest score of each block of passages first: the k-th
 *    best of those is a threshold, and only blocks whose highest reaches it are looked at again.
 *
 * 5. No branch that is a matter of chance. A processor guesses where a branch goes, and a wrong guess costs it as
 *    much as fifty additions. So lists of those who qualify are made by writing everybody and counting on only when it
 *    was one, look-ups and sums choose by comparison instead of jumping, and the k-th best of n scores is
 *    not kept in a heap but found by halving a range (kth_best()).
 *
 * 6. All that a tf depends on is one code: how often the word stands in each of the four fields, and how long these are. Of
 *    such combinations a base has some thousands, and a few hundred are nearly all it meets. So what a posting is worth is
 *    one look-up in a table that stays in the cache, nothing else is read of a passage, and the table is filled as
 *    codes are met. The code has two bytes, rarer combinations than the 65,534 commonest are written out. snap_gain.c
 *    has that, and the three ways to read a list.
 *
 * 7. Bounds that survive edits. `most` was computed with the average lengths of the build. When averages have grown by
 *    a factor r since, no tf can have grown by more than r (the divisor 1-b+b*len/avg shrinks by at most r), so
 *    most * r is a bound for ever, and nothing needs to be recomputed.
 *
 * The threshold is carried from chunk to chunk and from the file to the delta, so later ones do less. Passages that the
 * filter keeps out (dead, out of date, for others) must not raise it: score_few() asks the filter when a
 * passage is touched first, score_all() before it looks for the best. Only suspects are asked about.
 *
 * Scores here are floats and order candidates only; candidates_snap.c computes the winners' scores again, in double, in
 * the order of the slots, so that they do not depend on the order of additions here, on k, or on the chunk. What a
 * float cannot tell from the k-th best is therefore handed over, too: thresholds are lowered and bounds raised by SLACK.
 *
 * Deliberately not here: block-max WAND and vector instructions by hand. Both were measured to bring nothing below a
 * million passages. */
#include "kb/snap_find_int.h"

#include <stdlib.h>
#include <string.h>

#include "kb/snap_room.h"

#define SLACK    1.00001f /* bounds are raised by more than float additions can err */
#define LIKELY   0.6f     /* hardly more than this share of what is possible has the k-th best */
#define NEAR     0.125f   /* and hardly less than this share of what the best has */
#define CLOSE    1024u    /* neighbouring floats: 0.01 % */
#define SMALLEST 1e-30f   /* less than any score that is not zero */
#define ALL_FEW  2048     /* passages of a chunk for which adding everything is the quicker way, */
#define ALL_MAX  16384    /* and for which it is when they have as many postings of the question */

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
    ret->spelled = head->escapes == head->n;
    ret->most = head->most;
    ret->offset = (const void *)(list->at + sizeof *head);
    ret->code = ret->offset + head->n;
    ret->escape = (const void *)(ret->code + head->n);
    list->at += snap_part_size(head);
    list->left--;
    return true;
}

static float term_bound(const struct finder *f, const struct part *p)
{
    float tf = p->most * f->q->drift;
    return p->weight * tf / ((float)BM25F_K1 + tf) * SLACK;
}

/* Strongest bound first, equal ones as they were asked for. They are few. */
static void order_active(struct active *active, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct active a = active[i];
        size_t k = i;
        for (; k && active[k - 1].bound < a.bound; k--)
            active[k] = active[k - 1];
        active[k] = a;
    }
}

/* Gather the slots that have a list in this chunk. */
static void activate(struct finder *f, uint32_t chunk)
{
    size_t nparts = 0;
    f->nactive = 0;
    for (size_t i = 0; i < f->q->nslot; i++) {
        struct active *a = &f->active[f->nactive];
        const struct find_slot *slot = &f->q->slot[i];
        *a = (struct active){.first = nparts};
        for (size_t k = 0; k < slot->nlist; k++) {
            struct find_list *list = &slot->list[k];
            struct part *p = &f->part[nparts];
            if (!part_of(&list->list, chunk, p) || list->weight <= 0)
                continue;
            p->weight = list->weight;
            p->term = list->term;
            p->worth = f->worth;
            snap_gain_plane(f, p);
            a->bound = find_higher(a->bound, term_bound(f, p));
            a->postings += p->n;
            a->n++;
            nparts++;
        }
        f->nactive += a->n > 0;
    }
    order_active(f->active, f->nactive);
}

bool find_admits(const struct finder *f, uint32_t offset)
{
    uint32_t ord = f->base + offset;
    bool suspect = f->q->suspect_all || f->q->suspect[ord / 64] >> ord % 64 & 1;
    return !suspect || f->q->admits(f->q->ctx, ord);
}

/* ---- the threshold ---------------------------------------------------------------------------------------------- */

static void raise_to(struct finder *f, float score)
{
    f->threshold = find_higher(f->threshold, score / SLACK);
}

/* How many have `least` or more, which is above zero: so are none of those that fill the last block. */
static uint32_t count_from(const float *score, size_t n, float least)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i += FIND_BLOCK)
        for (size_t k = i; k < i + FIND_BLOCK; k++)
            count += score[k] >= least;
    return count;
}

/* A score that k of these n reach and hardly any others, 0 when they are fewer, not counting those below zero; there is
 * room behind them for whole blocks. Halves what is left of the range until it fits: unlike a heap, that waits for no
 * branch that nobody can foresee. Floats that are not negative are ordered as their bits are. */
static float kth_best(float *score, size_t n, size_t k)
{
    union {
        uint32_t bits;
        float score;
    } low = {.score = 0}, high = {.score = 0}, mid;
    if (n < k)
        return 0;
    for (size_t i = n; i % FIND_BLOCK; i++)
        score[i] = 0;
    for (size_t i = 0; i < n; i++)
        high.score = find_higher(high.score, score[i]);
    high.bits++;
    mid.score = high.score * NEAR; /* most likely above */
    for (uint32_t count = 0; count != k && high.bits - low.bits > CLOSE;) {
        count = count_from(score, n, mid.score);
        *(count < k ? &high : &low) = mid;
        mid.bits = low.bits + (high.bits - low.bits) / 2;
    }
    return low.score;
}

/* Slots from `next` on have not been added. The k passages that lead so far will be about the best: with all that
 * they are still to get, their least is a threshold already. */
static void raise_threshold(struct finder *f, size_t next)
{
    struct find_kth *lead = f->q->lead;
    size_t n = 0, k = f->q->k;
    for (uint32_t i = 0; i < f->ntouched; i++)
        f->gain[i] = f->score[f->touched[i]];
    float least = kth_best(f->gain, f->ntouched, k);
    for (uint32_t i = 0; i < f->ntouched && n < k; i++) {
        lead[n] = (struct find_kth){f->gain[i], f->touched[i]};
        n += f->gain[i] >= least;
    }
    if (n < k || least <= 0) /* the filter has kept too many out */
        return;
    for (size_t i = next; i < f->nactive; i++)
        snap_gain_look_up(f, &f->active[i], lead, k);
    least = lead[0].score;
    for (size_t i = 1; i < k; i++)
        least = lead[i].score < least ? lead[i].score : least;
    raise_to(f, least);
}

/* ---- one chunk: as little as will do ------------------------------------------------------------------------------- */

/* What slots from i on can add to a passage. */
static void sum_bounds(const struct finder *f, float rest[FIND_SLOTS + 1])
{
    rest[f->nactive] = 0;
    for (size_t i = f->nactive; i--;)
        rest[i] = rest[i + 1] + f->active[i].bound;
}

/* Whether to look for a threshold now, when slots from `next` on are still to come: it may be high enough to stop, and
 * the look-ups that it takes cost less than the lists that it saves. */
static bool may_stop(const struct finder *f, size_t next, float rest, float all, size_t postings)
{
    return f->threshold <= 0 && f->ntouched >= f->q->k && rest < LIKELY * all &&
           postings > f->ntouched + FIND_PROBE * f->q->k * (f->nactive - next);
}

/* Those are left who reach the threshold with all of `rest`, side by side with their scores. */
static void gather(struct finder *f, float rest)
{
    float least = find_higher(f->threshold - rest, 0);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->ntouched; i++) {
        uint32_t offset = f->touched[i];
        f->alive[n] = (struct find_kth){f->score[offset], offset};
        n += f->score[offset] >= least;
        f->score[offset] = 0;
    }
    f->nalive = n;
    f->ntouched = 0;
}

/* Those go who cannot reach the threshold, whatever they have of the slots still to come, `rest` at most. */
static void drop_hopeless(struct finder *f, float rest)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->nalive; i++) {
        struct find_kth who = f->alive[i];
        f->alive[n] = who;
        n += who.score + rest >= f->threshold;
    }
    f->nalive = n;
}

static void score_few(struct finder *f, size_t postings)
{
    float rest[FIND_SLOTS + 1] = {0};
    size_t i = 0;
    sum_bounds(f, rest);
    while (i < f->nactive && rest[i] >= f->threshold) {
        const struct active *a = &f->active[i++];
        snap_gain_add(f, a);
        postings -= a->postings;
        if (may_stop(f, i, rest[i], rest[0], postings))
            raise_threshold(f, i);
    }
    gather(f, rest[i]);
    for (; i < f->nactive; i++) {
        snap_gain_look_up(f, &f->active[i], f->alive, f->nalive);
        drop_hopeless(f, rest[i + 1]);
    }
}

/* ---- one chunk: everything ------------------------------------------------------------------------------------------- */

/* The scores of those go whom the filter keeps out. */
static void keep_out(struct finder *f)
{
    for (uint32_t i = 0; i < f->size; i += 64) {
        uint64_t suspect = f->q->suspect_all ? UINT64_MAX : f->q->suspect[(f->base + i) / 64];
        for (uint32_t k = i; suspect && k < f->size; suspect >>= 1, k++)
            if (suspect & 1 && f->score[k] > 0 && !find_admits(f, k))
                f->score[k] = 0;
    }
}

/* The highest score of every block, in best[]. The k-th best of those is a threshold, since each is some passage's. */
static size_t find_tops(struct finder *f)
{
    size_t block = 0;
    for (uint32_t from = 0; from < f->size; from += FIND_BLOCK, block++) {
        const float *score = f->score + from;
        float top[4] = {0}; /* four at a time */
        for (size_t i = 0; i < FIND_BLOCK; i++)
            top[i % 4] = find_higher(top[i % 4], score[i]);
        f->best[block] = find_higher(find_higher(top[0], top[1]), find_higher(top[2], top[3]));
    }
    raise_to(f, kth_best(f->best, block, f->q->k));
    return block;
}

static void score_all(struct finder *f)
{
    for (size_t i = 0; i < f->nactive; i++)
        snap_gain_everywhere(f, &f->active[i]);
    if (f->suspicious)
        keep_out(f);
    uint32_t blocks = (uint32_t)find_tops(f), n = 0, alive = 0, *look = f->touched;
    float least = find_higher(f->threshold, SMALLEST);
    for (uint32_t block = 0; block < blocks; block++) {
        look[n] = block * FIND_BLOCK;
        n += f->best[block] >= least;
    }
    for (uint32_t b = 0; b < n; b++)
        for (uint32_t i = look[b]; i < look[b] + FIND_BLOCK; i++) {
            f->alive[alive] = (struct find_kth){f->score[i], i};
            alive += f->score[i] >= least;
        }
    f->nalive = alive;
    memset(f->best, 0, blocks * sizeof *f->best);
    memset(f->score, 0, f->size * sizeof *f->score);
}

/* ---- the best k ---------------------------------------------------------------------------------------------------- */

/* The scores of whoever is left are complete: so is the threshold of this chunk. */
static void score_chunk(struct finder *f)
{
    size_t postings = 0;
    for (size_t i = 0; i < f->nactive; i++)
        postings += f->active[i].postings;
    if (f->size <= ALL_FEW || (f->size <= ALL_MAX && postings >= f->size))
        score_all(f);
    else
        score_few(f, postings);
    for (uint32_t i = 0; i < f->nalive; i++)
        f->gain[i] = f->alive[i].score;
    raise_to(f, kth_best(f->gain, f->nalive, f->q->k));
}

/* A heap with the worst on top, to be thrown out first. */
static void sink(const struct finder *f, struct find_hit *heap, size_t n, size_t i)
{
    const struct find_query *q = f->q;
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (find_worse(q->tie, q->ctx, &heap[child], &heap[worst]))
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
    if (r->n < r->room) {
        r->hit[r->n++] = hit;
        return;
    }
    if (!r->heaped) {
        for (size_t i = r->n; i--;)
            sink(f, r->hit, r->n, i);
        r->heaped = true;
    }
    if (find_worse(f->q->tie, f->q->ctx, &r->hit[0], &hit)) {
        r->hit[0] = hit;
        sink(f, r->hit, r->n, 0);
    }
}

/* Hand the chunk's best over. */
static void collect(struct finder *f, struct find_result *r)
{
    for (uint32_t i = 0; i < f->nalive; i++) {
        const struct find_kth *it = &f->alive[i];
        if (it->score >= f->threshold)
            keep(f, r, (struct find_hit){r->segment, f->base + it->offset, it->score});
    }
}

/* The k-th best of all chunks and segments so far; what is below is let go. The best of one alone are so already. */
static void compare_chunks(struct finder *f, struct find_result *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        f->q->scratch[i] = r->hit[i].score;
    raise_to(f, kth_best(f->q->scratch, r->n, f->q->k));
    for (size_t i = 0; i < r->n; i++)
        if (r->hit[i].score >= f->threshold)
            r->hit[kept++] = r->hit[i];
    r->n = kept;
    r->heaped = false;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static bool make_room(struct finder *f)
{
    size_t n = f->head->n < SNAP_CHUNK ? f->head->n : SNAP_CHUNK;
    n += FIND_BLOCK; /* and one more touched[] and alive[], where who is left out is written, too */
    char *at = NULL;
    size_t each = n * sizeof *f->score;
    f->room_size = each * 4 + n * sizeof *f->alive;
    if (f->room_size >= SNAP_ROOM_LARGE)
        f->room = at = snap_room_new(f->room_size); /* or else each by itself */
    f->score = at ? (void *)at : calloc(1, each);
    f->best = at ? (void *)(at + each) : calloc(1, each);
    f->gain = at ? (void *)(at + each * 2) : calloc(1, each);
    f->touched = at ? (void *)(at + each * 3) : malloc(each);
    f->alive = at ? (void *)(at + each * 4) : malloc(n * sizeof *f->alive);
    f->plane = calloc((f->head->n / SNAP_CHUNK + 1) * (size_t)FIND_PLANES, sizeof *f->plane);
    f->asked = calloc((f->head->n / SNAP_CHUNK + 1) * (size_t)FIND_PLANES, sizeof *f->asked);
    f->worth = calloc(FIND_WORTHS, sizeof *f->worth); /* of which few pages are ever touched */
    return f->score && f->best && f->gain && f->touched && f->alive && f->plane && f->asked &&
           f->worth;
}

int finder_new(struct snap *s, const double average[FIELDS], struct finder **ret)
{
    const struct snap_header *head = snap_head(s);
    struct finder *f = calloc(1, sizeof *f);
    if (!f)
        return KB_ERR_NOMEM;
    f->snap = s;
    f->head = head;
    f->small = head->n <= ALL_MAX;
    memcpy(f->average, average, sizeof f->average);
    if (!make_room(f)) {
        finder_free(f);
        return KB_ERR_NOMEM;
    }
    snap_gain_limit(f);
    f->worth[FIND_ABSENT] = FIND_LEAST;
    *ret = f;
    return 0;
}

void finder_free(struct finder *f)
{
    if (!f)
        return;
    snap_gain_free(f);
    snap_room_free(f->room, f->room_size);
    if (!f->room) {
        free(f->score);
        free(f->best);
        free(f->gain);
        free(f->touched);
        free(f->alive);
    }
    free(f->worth);
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
        bool others = r->n > 0;
        f->base = chunk * SNAP_CHUNK;
        f->size = f->head->n - f->base < SNAP_CHUNK ? f->head->n - f->base : SNAP_CHUNK;
        activate(f, chunk);
        if (!f->nactive)
            continue;
        score_chunk(f);
        collect(f, r);
        if (others)
            compare_chunks(f, r);
    }
    f->q = NULL;
}
