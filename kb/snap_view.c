/* snap_view.c: see snap_view.h. Made anew when the generation moves, which is when somebody edited a guide; in
 * between every question uses it as it is. */
#include "kb/snap_view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kb/bm25f.h"

#define BUCKETS_AT_ONCE (512u << 10) /* bytes */

/* ---- the delta ------------------------------------------------------------------------------------------------- */

static const char sql_changed[] = "SELECT id FROM changes WHERE generation > ?1 ORDER BY id";
static const char sql_from[] = "SELECT value FROM meta WHERE key = 'changes_from'";

/* The passages that changed after `since`. KB_ERR_OLDER when the log does not reach back so far, or there
 * are too many. */
static int changed_ids(struct kb *kb, struct pool *pool, long long since, uint32_t **ret,
                       size_t *ret_n)
{
    int r = 0;
    size_t n = 0, cap = 0;
    uint32_t *id = NULL;
    sqlite3_stmt *st = kb_stmt(kb, STMT_CHANGES_FROM, sql_from, &r);
    if (!st)
        return r;
    int rc = sqlite3_step(st);
    long long from = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : INT64_MAX;
    sqlite3_reset(st);
    if (from > since)
        return KB_ERR_OLDER;
    st = kb_stmt(kb, STMT_CHANGES, sql_changed, &r);
    if (!st)
        return r;
    sqlite3_bind_int64(st, 1, since);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW && n <= VIEW_MAX_CHANGED)
        *POOL_PUSH(pool, id, n, cap) = (uint32_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (rc != SQLITE_DONE)
        return rc == SQLITE_ROW ? KB_ERR_OLDER : schema_err(rc);
    *ret = id;
    *ret_n = n;
    return 0;
}

static void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= 1ull << i % 64;
}

static uint64_t *new_bits(struct pool *pool, size_t n)
{
    return pool_array(pool, n / 64 + 1, sizeof(uint64_t));
}

struct collect {
    struct pool *pool;
    uint32_t *term;
    size_t n, cap;
};

static void collect_term(struct collect *c, uint32_t term)
{
    *POOL_PUSH(c->pool, c->term, c->n, c->cap) = term;
}

static int by_term(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static size_t unique(uint32_t *v, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(v, n, sizeof *v, by_term);
    for (size_t i = 0; i < n; i++)
        if (!kept || v[kept - 1] != v[i])
            v[kept++] = v[i];
    return kept;
}

/* Mark what changed as dead in the file, and remember its terms and lengths, to be taken off again. */
static int bury(struct view *v, const uint32_t *id, size_t n, uint64_t total[FIELDS],
                uint64_t filled[FIELDS])
{
    struct view_segment *g = &v->segment[0];
    struct pool *scratch = pool_new();
    struct collect all = {.pool = v->pool};
    int r = 0;
    for (size_t i = 0; i < n && !r; i++) {
        uint32_t ord = snap_ord(g->snap, id[i]);
        if (snap_bad(g->snap))
            r = KB_ERR_DAMAGED;
        if (ord == UINT32_MAX)
            continue; /* it is new */
        if (!g->dead)
            g->dead = new_bits(v->pool, snap_head(g->snap)->n);
        set_bit(g->dead, ord);
        v->n--;
        const struct snap_row *row = snap_row(g->snap, ord);
        for (unsigned f = 0; row && f < FIELDS; f++) {
            total[f] -= row->length[f];
            filled[f] -= row->length[f] > 0;
        }
        struct collect one = {.pool = scratch};
        struct snap_walk walk = {0};
        r = row ? snap_forward(g->snap, ord, &walk) : KB_ERR_DAMAGED;
        for (enum snap_step step; !r && (step = snap_step(&walk));)
            if (step == STEP_TOKEN)
                collect_term(&one, walk.term);
        one.n = unique(one.term, one.n);
        for (size_t k = 0; k < one.n; k++)
            collect_term(&all, one.term[k]);
    }
    if (all.n)
        qsort(all.term, all.n, sizeof *all.term, by_term);
    v->dead_term = all.term;
    v->ndead_term = all.n;
    pool_free(scratch);
    return r;
}

static size_t count_equal(const uint32_t *v, size_t n, uint32_t value)
{
    size_t bound[2];
    for (int i = 0; i < 2; i++) { /* the first one >= value, then the first one > value */
        size_t low = 0, high = n;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (v[mid] < value || (i && v[mid] == value))
                low = mid + 1;
            else
                high = mid;
        }
        bound[i] = low;
    }
    return bound[1] - bound[0];
}

long long view_df(const struct view *v, const uint32_t term[VIEW_SEGMENTS])
{
    long long df = 0;
    for (size_t i = 0; i < v->nsegment; i++) {
        const struct snap_term *t =
            term[i] == SNAP_NO_TERM ? NULL : snap_term(v->segment[i].snap, term[i]);
        if (t)
            df += t->df;
        if (t && i == 0)
            df -= (long long)count_equal(v->dead_term, v->ndead_term, term[0]);
    }
    return df;
}

/* ---- a segment's tables --------------------------------------------------------------------------------------------- */

static int read_conditions(struct view *v, struct view_segment *g, struct tokenizer *t)
{
    uint64_t len = snap_head(g->snap)->section[SNAP_CONDITIONS].len;
    const char *p = snap_bytes(g->snap, SNAP_CONDITIONS, 0, len);
    if (!p || (len && p[len - 1])) /* the last string is terminated, hence all are */
        return KB_ERR_DAMAGED;
    size_t cap = 0;
    int r = 0;
    for (const char *end = p + len; !r && p < end;) {
        struct view_condition c = {0};
        if (end - p < 6)
            return KB_ERR_DAMAGED;
        memcpy(&c.ord, p, 4);
        const char *needs = p + 4, *nots = needs + strlen(needs) + 1;
        if (nots >= end || c.ord >= snap_head(g->snap)->n)
            return KB_ERR_DAMAGED;
        r = condition_words(v->pool, t, needs, &c.needs, &c.nneeds);
        if (!r)
            r = condition_words(v->pool, t, nots, &c.nots, &c.nnots);
        *POOL_PUSH(v->pool, g->condition, g->ncondition, cap) = c;
        p = nots + strlen(nots) + 1;
    }
    return r;
}

static int read_names(struct view_segment *g)
{
    uint64_t len = snap_head(g->snap)->section[SNAP_NAMES].len;
    const char *p = snap_bytes(g->snap, SNAP_NAMES, 0, len);
    if (!p || !len || p[len - 1])
        return KB_ERR_DAMAGED;
    const char *end = p + len;
    g->nname = 0;
    for (size_t i = 0; i < 256; i++) {
        g->nname += p < end;
        g->name[i] = p < end ? p : "";
        p += p < end ? strlen(p) + 1 : 0;
    }
    return 0;
}

static int map_tables(struct view *v, struct view_segment *g, struct tokenizer *t)
{
    const struct snap_header *h = snap_head(g->snap);
    g->ndated = h->section[SNAP_DATED].len / sizeof *g->dated;
    g->dated = snap_bytes(g->snap, SNAP_DATED, 0, g->ndated * sizeof *g->dated);
    if (!g->dated)
        return KB_ERR_DAMAGED;
    for (size_t i = 0; i < g->ndated; i++)
        if (g->dated[i].ord >= h->n)
            return KB_ERR_DAMAGED;
    int r = read_names(g);
    return r ? r : read_conditions(v, g, t);
}

static void mark_suspects(struct view *v, struct view_segment *g)
{
    size_t words = snap_head(g->snap)->n / 64 + 1;
    g->suspect = g->dead; /* most often there are no others */
    if (!g->ndated && !g->ncondition)
        return;
    g->suspect = new_bits(v->pool, snap_head(g->snap)->n);
    for (size_t i = 0; g->dead && i < words; i++)
        g->suspect[i] = g->dead[i];
    for (size_t i = 0; i < g->ndated; i++)
        set_bit(g->suspect, g->dated[i].ord);
    for (size_t i = 0; i < g->ncondition; i++)
        set_bit(g->suspect, g->condition[i].ord);
}

/* ---- the view -------------------------------------------------------------------------------------------------------- */

void view_free(struct view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < VIEW_SEGMENTS; i++) {
        finder_free(v->segment[i].finder);
        snap_close(v->segment[i].snap);
        free(v->segment[i].hash);
    }
    pool_free(v->pool);
}

static void add_totals(const struct snap *s, uint64_t total[FIELDS], uint64_t filled[FIELDS])
{
    for (unsigned f = 0; f < FIELDS; f++) {
        total[f] += snap_head(s)->total[f];
        filled[f] += snap_head(s)->filled[f];
    }
}

/* How much a bound of the build may be too small for today's averages. */
static float drift_of(const struct snap_header *h, const double average[FIELDS])
{
    double most = 1;
    for (unsigned f = 0; f < FIELDS; f++) {
        double then = bm25f_average(h->total[f], h->filled[f]);
        if (average[f] / then > most)
            most = average[f] / then;
    }
    return (float)most * 1.000001f;
}

static int map_vocabulary(struct view *v, size_t i)
{
    const struct snap_header *h = snap_head(v->segment[i].snap);
    struct vocabulary_part *p = &v->vocabulary.part[i];
    uint64_t len = h->section[SNAP_STRINGS].len;
    const struct snap_term *term =
        snap_bytes(v->segment[i].snap, SNAP_TERMS, 0, h->section[SNAP_TERMS].len);
    p->sorted = snap_bytes(v->segment[i].snap, SNAP_SORTED, 0, h->nterm * 4ull);
    p->strings = snap_bytes(v->segment[i].snap, SNAP_STRINGS, 0, len);
    p->terms = term;
    p->snap = v->segment[i].snap;
    if (!term || !p->sorted || !p->strings || (len && p->strings[len - 1]))
        return KB_ERR_DAMAGED;
    for (uint32_t t = 0; t < h->nterm; t++)
        if (term[t].string >= len || p->sorted[t] >= h->nterm)
            return KB_ERR_DAMAGED;
    p->n = h->nterm;
    return 0;
}

static int finish(struct view *v, const uint64_t total[FIELDS], const uint64_t filled[FIELDS])
{
    int r = 0;
    for (unsigned f = 0; f < FIELDS; f++) {
        if (!snap_length_sound(v->n, total[f], filled[f])) /* more was buried than was there */
            return KB_ERR_DAMAGED;
        v->average[f] = bm25f_average(total[f], filled[f]);
    }
    for (size_t i = 0; i < v->nsegment && !r; i++) {
        struct view_segment *g = &v->segment[i];
        g->drift = drift_of(snap_head(g->snap), v->average);
        g->wanted = pool_alloc(v->pool, SNAP_WANTED);
        memset(g->wanted + SNAP_LINE % SNAP_WANTED, SNAP_CLOSER, SNAP_WIDE - SNAP_LINE + 1);
        g->lookup = pool_array(v->pool, VIEW_LOOKUP, sizeof *g->lookup);
        mark_suspects(v, g);
        r = finder_new(g->snap, v->average, &g->finder);
        if (!r)
            r = map_vocabulary(v, i);
    }
    v->vocabulary.part[0].dead = v->dead_term;
    v->vocabulary.part[0].ndead = v->ndead_term;
    return r;
}

static int add_delta(struct kb *kb, struct view *v, const uint8_t base[16], uint64_t total[FIELDS],
                     uint64_t filled[FIELDS])
{
    struct view_segment *g = &v->segment[1];
    long long since = snap_head(v->segment[0].snap)->generation;
    uint32_t *id = NULL;
    size_t n = 0;
    int r = changed_ids(kb, v->pool, since, &id, &n);
    if (r || n == 0)
        return r;
    r = bury(v, id, n, total, filled);
    uint8_t *image = NULL;
    size_t size = 0;
    if (!r)
        r = snap_build_changed(kb->db, kb->tokenizer, since, &image, &size);
    if (!r)
        r = snap_adopt(image, size, base, &g->snap);
    if (r)
        return r;
    v->nsegment = 2;
    v->n += snap_head(g->snap)->n;
    add_totals(g->snap, total, filled);
    return map_tables(v, g, kb->tokenizer);
}

const uint64_t *view_stopwords(struct view *v, struct view_segment *g, uint32_t ord)
{
    const struct snap_row *row = snap_row(g->snap, ord);
    if (!row)
        return NULL;
    uint8_t lang = row->lang;
    if (g->stopword[lang])
        return g->stopword[lang];
    size_t n = 0;
    const char(*word)[STOPWORD_SIZE] = stopword_list(*g->name[lang] ? g->name[lang] : "en", &n);
    uint64_t *bits = new_bits(v->pool, snap_head(g->snap)->nterm);
    uint64_t buckets = snap_head(g->snap)->section[SNAP_BUCKETS].len;
    if (buckets <= BUCKETS_AT_ONCE) /* nearly every page of them is about to be asked for */
        snap_bytes(g->snap, SNAP_BUCKETS, 0, buckets);
    for (size_t i = 0; i < n; i++) {
        uint32_t term = snap_lookup(g->snap, word[i], strlen(word[i]));
        if (term != SNAP_NO_TERM)
            set_bit(bits, term);
    }
    g->stopword[lang] = snap_bad(g->snap) ? NULL : bits;
    return g->stopword[lang];
}

const void *view_synonyms(const struct view *v, size_t *ret_len)
{
    struct snap *file = v->segment[0].snap;
    *ret_len = snap_head(file)->section[SNAP_SYNONYMS].len;
    return snap_bytes(file, SNAP_SYNONYMS, 0, *ret_len);
}

/* On failure of any kind: no view. */
static int view_make(struct kb *kb, const char *path, long long generation, struct view **ret)
{
    uint8_t base[16];
    int64_t seen = 0;
    uint64_t total[FIELDS] = {0}, filled[FIELDS] = {0};
    struct pool *pool = pool_new();
    struct view *v = pool_alloc(pool, sizeof *v);
    *v =
        (struct view){.pool = pool, .scratch = pool_new(), .nsegment = 1, .generation = generation};
    pool_adopt(pool, v->scratch);
    int r = schema_identity(kb->db, base, &seen);
    if (!r)
        r = snap_open(path, base, &v->segment[0].snap);
    if (!r && snap_head(v->segment[0].snap)->generation > generation)
        r = KB_ERR_NEWER; /* we read an older state of the index than the file was made from */
    if (!r)
        r = map_tables(v, &v->segment[0], kb->tokenizer);
    if (!r) {
        v->n = snap_head(v->segment[0].snap)->n;
        add_totals(v->segment[0].snap, total, filled);
        uint32_t lang = snap_head(v->segment[0].snap)->main_lang;
        v->main_lang = lang < 256 ? v->segment[0].name[lang] : "";
    }
    if (!r && snap_head(v->segment[0].snap)->generation < generation)
        r = add_delta(kb, v, base, total, filled);
    if (!r)
        r = finish(v, total, filled);
    if (r)
        view_free(v);
    else
        *ret = v;
    return r;
}

/* Which file is there now. */
static struct file_stamp look(const char *path)
{
    struct stat st;
    if (!path || stat(path, &st) < 0)
        return (struct file_stamp){0};
    return (struct file_stamp){.dev = (unsigned long long)st.st_dev,
                               .ino = (unsigned long long)st.st_ino,
                               .size = (unsigned long long)st.st_size,
                               .mtime_ns =
                                   (long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
}

static bool same_file(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

void view_drop(struct kb *kb)
{
    view_free(kb->gone);
    kb->gone = kb->view;
    kb->view = NULL;
    kb->no_view = kb->gone->file;
    kb->no_view_at = kb->generation;
    kb->wants_index = true;
}

/* Whether kb_index() would make a snapshot that is of use. */
static bool would_help(const struct kb *kb, long long generation, int err)
{
    return kb->path && generation > 0 &&
           (err == KB_ERR_ABSENT || err == KB_ERR_DAMAGED || err == KB_ERR_OLDER ||
            err == KB_ERR_IO);
}

bool view_holds(const struct kb *kb)
{
    return kb->view && !snap_moved(kb->view->segment[0].snap);
}

int view_refresh(struct kb *kb, long long generation)
{
    view_free(kb->gone);
    kb->gone = NULL;
    if (view_holds(kb) && kb->view->generation == generation)
        return 0;
    view_free(kb->view);
    kb->view = NULL;
    const char *db =
        sqlite3_db_filename(kb->db, "main"); /* without links, as index_file.c has it */
    char *path = db && *db ? sqlite3_mprintf("%s.snap", db) : NULL;
    struct file_stamp file =
        look(path); /* before it is opened: a newer one is then seen next time */
    int r = 0;
    if (kb->no_view_at == generation && same_file(&kb->no_view, &file))
        goto out; /* looked at already, in vain */
    r = path ? view_make(kb, path, generation, &kb->view) : KB_ERR_ABSENT;
    if (!r)
        kb->view->file = file;
    else
        kb->wants_index |= would_help(kb, generation, r);
    kb->no_view = file;
    kb->no_view_at = r ? generation : -1;
out:
    sqlite3_free(path);
    return r == KB_ERR_NOMEM || r == KB_ERR_BUSY ? r : 0;
}
