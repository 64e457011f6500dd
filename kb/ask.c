/* ask.c: the life of a question inside kb: query -> candidates -> rank -> confidence -> extract.
 *
 * This file only connects the stages and owns what they share: one read transaction, so that ranking
 * and quoting see one state of the file even while an index run commits, and one pool, which becomes
 * the caller's with the result. */
#include "kb/kb_int.h"
#include "kb/snap_view.h"

#include <string.h>

sqlite3_stmt *kb_stmt(struct kb *kb, enum kb_stmt which, const char *sql, int *ret_err)
{
    sqlite3_stmt **st = &kb->stmt[which];
    if (!*st) {
        int rc = sqlite3_prepare_v3(kb->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
        if (rc != SQLITE_OK) {
            *ret_err = schema_err(rc);
            return NULL;
        }
    }
    sqlite3_reset(*st);
    return *st;
}

static int transaction(struct kb *kb, enum kb_stmt which, const char *sql)
{
    int r = 0;
    sqlite3_stmt *st = kb_stmt(kb, which, sql, &r);
    if (!st)
        return r;
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : schema_err(rc);
}

int kb_generation(struct kb *kb, long long *ret)
{
    int r = 0;
    sqlite3_stmt *st =
        kb_stmt(kb, STMT_GENERATION, "SELECT value FROM meta WHERE key = 'generation'", &r);
    if (!st)
        return r;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? KB_ERR_DAMAGED : schema_err(rc);
}

/* As the snapshot has them ready, if that is still what the base has. */
static int load_synonyms(struct kb *kb, struct synonyms **ret)
{
    size_t len = 0;
    const void *image = kb->view ? view_synonyms(kb->view, &len) : NULL;
    *ret = image ? synonyms_adopt(kb->db, image, len) : NULL;
    return *ret ? 0 : synonyms_load(kb->db, kb->tokenizer, kb_main_lang(kb), ret);
}

int kb_refresh(struct kb *kb)
{
    long long generation = 0;
    struct synonyms *synonyms = NULL;
    int r = kb_generation(kb, &generation);
    bool known = kb->synonyms && kb->generation == generation;
    if (r || (known && view_holds(kb)))
        return r;
    r = view_refresh(kb, generation); /* without one it is looked for: there may be a new file */
    if (!r && !kb->view)
        r = stats_refresh(kb, generation);
    if (r || known)
        return r;
    r = load_synonyms(kb, &synonyms);
    if (r)
        return r;
    synonyms_free(kb->synonyms);
    kb->synonyms = synonyms;
    kb->generation = generation;
    return 0;
}

size_t kb_passages(const struct kb *kb)
{
    return kb->view ? kb->view->n : kb->stats->n;
}

const struct vocabulary *kb_vocabulary(const struct kb *kb)
{
    return kb->view ? &kb->view->vocabulary : &kb->stats->vocabulary;
}

const char *kb_main_lang(const struct kb *kb)
{
    return kb->view ? kb->view->main_lang : kb->stats->main_lang;
}

#define EVEN 1e-9 /* scores that are closer may be equal but for the order of additions */

/* ---- ranking ----------------------------------------------------------------------------------------- */

/* Highest score first; equal ones as the first stage had them. Candidates are large and change places once. */
static void order_known(struct pool *pool, struct candidate *c, size_t n)
{
    struct {
        double score;
        size_t at;
    } x, order[RANK_ROWS];
    struct candidate *before = pool_copy(pool, c, n * sizeof *c);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        x.score = c[i].score;
        x.at = i;
        for (; k && order[k - 1].score < x.score; k--)
            order[k] = order[k - 1];
        order[k] = x;
    }
    for (size_t i = 0; i < n; i++)
        c[i] = before[order[i].at];
}

/* Put a score among the best so far, highest first. */
static size_t put_best(double *best, size_t n, size_t max, double score)
{
    size_t k = n;
    for (; k && best[k - 1] < score; k--)
        if (k < max)
            best[k] = best[k - 1];
    if (k < max)
        best[k] = score;
    return n < max ? n + 1 : n;
}

/* Where there is a snapshot, it knows the words of a passage that is about to be read closely. */
static void know_words(struct kb *kb, const struct candidate *c, const struct row *row)
{
    if (kb->view)
        words_snap(kb->view, c->segment, c->ord, kb->tokenizer, row);
}

/* What their lines say is looked at last, and only of the best few, whatever is wanted. */
static void rank_few(struct kb *kb, const struct query *q, struct pool *pool, struct candidate *c,
                     struct row *row, size_t n)
{
    n = n < RANK_FEW ? n : RANK_FEW;
    for (size_t i = 0; i < n; i++) {
        know_words(kb, &c[i], &row[i]);
        rank_line(kb->tokenizer, q, &row[i], &c[i]);
        c[i].score = rank_score(q, &c[i]);
    }
    rank_sort(pool, c, row, n);
}

/* Read the best candidates' rows and order them by everything that is known. Where headings are known without their
 * rows, what a row can still add is little, and the walk ends when nothing further can be among the best `wanted`. */
static int rank(struct kb *kb, const struct query *q, struct pool *pool, size_t wanted,
                struct candidates *c, struct row **ret_row, size_t *ret_n)
{
    size_t most = c->n < RANK_ROWS ? c->n : RANK_ROWS, n = 0, cap = 0, nbest = 0;
    struct row *row = NULL; /* few are read, most often */
    double best[RANK_ROWS];
    wanted = wanted < most ? wanted : most;
    for (size_t i = 0; i < most; i++)
        c->c[i].score = rank_score(q, &c->c[i]);
    if (most && c->c[0].has_heading)
        order_known(pool, c->c, most);
    while (n < most) {
        struct candidate *it = &c->c[n];
        if (it->has_heading && nbest == wanted &&
            it->score + rank_unread(q, it) + EVEN < best[wanted - 1])
            break;
        struct row *its = POOL_PUSH(pool, row, n, cap);
        int r = shelf_row(kb, it->id, its);
        if (!r)
            r = rank_row(kb->tokenizer, q, its, it);
        if (r)
            return r;
        it->score = rank_score(q, it);
        nbest = put_best(best, nbest, wanted, it->score);
    }
    rank_sort(pool, c->c, row, n);
    rank_few(kb, q, pool, c->c, row, n);
    for (size_t i = n; i < c->n; i++) { /* keep their order, below the others */
        double score = rank_score(q, &c->c[i]);
        c->c[i].score = score < c->c[i - 1].score ? score : c->c[i - 1].score;
    }
    *ret_row = row;
    *ret_n = n;
    return 0;
}

/* ---- corrections, as the owner writes them -------------------------------------------------------- */

struct spelling {
    const char *token;
    size_t start, end; /* of its first occurrence */
};

static int find_spelling(void *ctx, const char *token, size_t len, size_t start, size_t end,
                         bool colocated)
{
    struct spelling *s = ctx;
    if (colocated || strlen(s->token) != len || memcmp(s->token, token, len))
        return 0;
    s->start = start;
    s->end = end;
    return 1;
}

static bool is_token(const struct query_term *t, const char *token)
{
    return t->ntoken == 1 && !strcmp(t->token[0], token);
}

/* Whether a passage may have the token, as far as its matches tell. */
static bool may_have(const struct query *q, const struct candidate *c, const char *token)
{
    bool term = false;
    for (size_t i = 0; i < q->nterm; i++)
        term = term || is_token(&q->term[i], token);
    for (size_t i = 0; term && i < c->nmatch; i++)
        if (is_token(&q->term[c->match[i].term], token))
            return true;
    return !term; /* it was not looked for */
}

/* How the passage spells the token; NULL: it does not have it. */
static const char *spelt(struct kb *kb, struct pool *pool, const struct row *row, const char *token)
{
    struct spelling s = {.token = token};
    size_t len = 0;
    const char *text = pool_printf(pool, "%c%s %s\n%s\n%s\n%s", TOKENIZER_MARK, row->lang,
                                   row->question, row->headings, row->title, row->body);
    if (tokenizer_run(kb->tokenizer, text, strlen(text), find_spelling, &s) != 1)
        return NULL;
    return text_fold(pool, text + s.start, s.end - s.start, &len);
}

/* "salri" is what the index has; "salary" is what a person can read. Any passage that won by the word has it spelt out: of the
 * n best, the first that does. How many corrections are left that these do not have and others might. */
static size_t spell_out(struct kb *kb, const struct query *q, struct pool *pool,
                        const struct candidate *c, const struct row *row, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < q->ncorrected; i++) {
        const char *to = q->corrected[i].to, *found = NULL;
        if (!vocabulary_has(kb_vocabulary(kb), to))
            continue;
        for (size_t k = 0; !found && k < n; k++)
            found = may_have(q, &c[k], to) ? spelt(kb, pool, &row[k], to) : NULL;
        if (found)
            q->corrected[i].to = found;
        left += !found;
    }
    return left;
}

/* ---- hits --------------------------------------------------------------------------------------------- */

/* Whether the i-th hit may be quoted, as far as can be said by those before it. */
static bool is_quotable(const struct kb_ask *ask, const struct kb_hits *hits,
                        const struct candidate *c, size_t i)
{
    bool told = false, sure = true;
    double share = hits->band == KB_HIGH ? ask->as_sure : ask->as_likely;
    if (ask->rank_only || !i || share <= 0)
        return !ask->rank_only;
    for (size_t k = 0; k < i; k++) {
        told = told || *hits->hit[k].text;
        sure = sure && c[k + 1].confidence >= c[0].confidence * share;
    }
    return hits->band > KB_NONE && (sure || !told);
}

static const char **copy_heading(struct pool *pool, const struct row *row)
{
    const char **heading = pool_array(pool, row->nheading, sizeof *heading);
    for (size_t i = 0; i < row->nheading; i++)
        heading[i] = pool_strdup(pool, row->heading[i]);
    return heading;
}

/* A hit outlives the question, and so has copies of what is the shelf's. */
static int give_hit(struct kb *kb, bool quote, bool further, const struct query *q,
                    struct pool *pool, const struct row *row, const struct candidate *c,
                    struct kb_hit *hit)
{
    int r = row_document(kb, row);
    if (r)
        return r;
    *hit = (struct kb_hit){.passage = pool_strdup(pool, row->key),
                           .document = pool_strdup(pool, row->notes->doc_id),
                           .title = pool_strdup(pool, row->title),
                           .url = pool_strdup(pool, row->notes->url),
                           .heading = copy_heading(pool, row),
                           .nheading = row->nheading,
                           .anchor = pool_strdup(pool, row->anchor),
                           .question = "",
                           .reviewed = pool_strdup(pool, row->notes->reviewed),
                           .entry = row->entry,
                           .named = confidence_named(q, c),
                           .text = "",
                           .lead = "",
                           .start = row->start,
                           .end = row->end,
                           .src_line = row->line,
                           .score = c->score,
                           .confidence = c->confidence};
    if (row->entry) /* the first line; the rest are aliases */
        hit->question = pool_strndup(pool, row->question, strcspn(row->question, "\n"));
    if (!quote)
        return 0;
    r = shelf_text(kb, row);
    if (!r)
        extract_best(kb->tokenizer, q, pool, row, c, further, hit);
    return r;
}

/* What the asker picked from a list that we offered is what is meant, however well others would answer the same words. */
static bool put_first(const char *key, struct candidates *c, struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(row[i].key, key) != 0)
            continue;
        struct candidate chosen = c->c[i];
        struct row its = row[i];
        memmove(c->c + 1, c->c, i * sizeof *c->c);
        memmove(row + 1, row, i * sizeof *row);
        chosen.confidence = 1;
        chosen.score = i ? c->c[1].score : chosen.score;
        c->c[0] = chosen;
        row[0] = its;
        return true;
    }
    return false;
}

static void share_words(struct pool *pool, const struct query *q, struct kb_hits *hits)
{
    double *share = pool_array(pool, q->nslot + 1, sizeof *share);
    hits->nword = q->nslot < 64 ? q->nslot : 64;
    for (size_t i = 0; i < hits->nword; i++)
        share[i] = q->mass > 0 ? q->slot[i].weight * q->slot[i].idf / q->mass : 0;
    hits->word = share;
}

static struct query_reader reader_of(const struct kb *kb)
{
    return (struct query_reader){.tokenizer = kb->tokenizer,
                                 .synonyms = kb->synonyms,
                                 .vocabulary = kb_vocabulary(kb),
                                 .main_lang = kb_main_lang(kb)};
}

static int read_query(struct kb *kb, const struct kb_ask *ask, struct pool *pool, struct query *q)
{
    const struct query_reader reader = reader_of(kb);
    return query_build(&reader, pool, ask, q);
}

/* The candidates that are asked for, or so many more as it takes to say how their words are spelt, with their rows in order. */
static int rank_all(struct kb *kb, const struct kb_ask *ask, const struct query *q,
                    struct pool *pool, size_t max, struct candidates *c, struct row **ret_row,
                    size_t *ret_n)
{
    /* A runner-up for the margin. */
    size_t wanted = ask->chosen ? RANK_ROWS : max < RANK_FEW ? RANK_FEW : max;
    struct candidate *before = pool_array(pool, q->ncorrected ? c->n : 0, sizeof *before);
    if (q->ncorrected && c->n)
        memcpy(before, c->c, c->n * sizeof *before);
    int r = rank(kb, q, pool, wanted, c, ret_row, ret_n);
    if (r || !q->ncorrected ||
        !spell_out(kb, q, pool, c->c, *ret_row, wanted < *ret_n ? wanted : *ret_n))
        return r;
    if (wanted < RANK_ROWS && c->n) {
        memcpy(c->c, before, c->n * sizeof *before);
        r = rank(kb, q, pool, RANK_ROWS, c, ret_row, ret_n);
    }
    if (!r)
        spell_out(kb, q, pool, c->c, *ret_row, *ret_n);
    return r;
}

/* What answers `q`, which was read of `ask` into the pool of the hits. */
static int answer(struct kb *kb, const struct kb_ask *ask, struct query *q, struct kb_hits *hits)
{
    struct pool *pool = hits->pool;
    struct candidates c = {0};
    struct row *row = NULL;
    size_t n = 0, max = ask->max ? ask->max : 10;
    size_t first = max < RANK_ROWS ? RANK_ROWS : max < KB_CANDIDATES ? max : KB_CANDIDATES;
    int r = candidates_find(kb, q, pool, first, &c);
    for (size_t i = 0; !r && i < c.n; i++)
        rank_features(q, &c.c[i]);
    if (!r)
        r = candidates_headings(kb, q, &c);
    if (r)
        return r;
    confidence_read(q);
    line_ask(q);
    r = rank_all(kb, ask, q, pool, max, &c, &row, &n);
    if (r)
        return r;
    const struct ranking ranking = {kb->tokenizer, q, &c, row, n};
    size_t shown = ask->explain && max < KB_MAX_WHY ? KB_MAX_WHY : max;
    for (size_t i = 0; i < n && i < shown; i++) {
        struct confidence_why why;
        know_words(kb, &c.c[i], &row[i]);
        c.c[i].confidence = confidence_why(&ranking, i, &why);
        if (!i)
            hits->band = confidence_band(&why);
    }
    if (ask->chosen && put_first(ask->chosen, &c, row, n))
        hits->band = KB_HIGH;
    hits->confidence = n ? c.c[0].confidence : 0;
    share_words(pool, q, hits);
    hits->unknown = q->unknown;
    hits->nunknown = q->nunknown;
    hits->lang = q->main_lang;
    hits->foreign = q->foreign;
    hits->corrected = q->corrected;
    hits->ncorrected = q->ncorrected;
    if (ask->explain)
        r = explain_hits(kb, pool, q, &c, row, n, &hits->why);
    hits->n = max < c.n ? max : c.n;
    hits->hit = pool_array(pool, hits->n, sizeof *hits->hit);
    for (size_t i = 0; !r && i < hits->n; i++) {
        struct row beyond; /* past RANK_ROWS: in the order of the first stage */
        if (i >= n)
            r = row_read(kb, pool, c.c[i].id, &beyond);
        if (!r)
            r = give_hit(kb, is_quotable(ask, hits, c.c, i), i > 0, q, pool,
                         i < n ? &row[i] : &beyond, &c.c[i], &hits->hit[i]);
    }
    return r;
}

/* Whether what was said before counts, and why: it decides before any ranking does. */
static void explain_leaning(struct kb_hits *hits, const struct query *q, const struct kb_ask *ask)
{
    if (!hits->why || !ask->nbefore)
        return;
    struct kb_why *why = pool_alloc(hits->pool, sizeof *why);
    *why = *hits->why;
    why->leaning = q->leaning_why;
    why->followed = hits->followed;
    why->topic = hits->followed && q->topic ? pool_strdup(hits->pool, q->topic) : "";
    hits->why = why;
}

/* A message that may go on with what was said before: first by itself, and when that is not enough with what was said before:
 * see follow.c. */
static int answer_both_ways(struct kb *kb, const struct kb_ask *ask, struct query *q,
                            struct kb_hits *hits)
{
    struct query q_alone = {0};
    struct kb_ask own = *ask;
    struct kb_hits alone = {.pool = pool_new()};
    own.nbefore = 0;
    int r = read_query(kb, &own, alone.pool, &q_alone);
    if (!r)
        r = answer(kb, &own, &q_alone, &alone);
    bool enough = !r && follow_stands_alone(&alone);
    if (!r && !enough)
        r = answer(kb, ask, q, hits);
    hits->leaned = !enough;
    hits->followed = !r && !enough && follow_better(q, hits, &alone);
    if (!r && !hits->followed) {
        struct kb_hits other = *hits;
        alone.leaned = hits->leaned;
        *hits = alone;
        alone = other;
    }
    pool_free(alone.pool);
    return r;
}

static int answer_leaning(struct kb *kb, const struct kb_ask *ask, struct kb_hits *hits)
{
    struct query q = {0};
    struct pool *reading = hits->pool;
    int r = read_query(kb, ask, reading, &q);
    if (!r && q.leaning == LEAN_PERHAPS && !ask->rank_only) {
        r = answer_both_ways(kb, ask, &q, hits);
    } else if (!r) {
        hits->leaned = hits->followed = q.leaning != LEAN_NOT;
        r = answer(kb, ask, &q, hits);
    }
    hits->generation = kb->generation;
    if (!r)
        explain_leaning(hits, &q, ask);
    return r;
}

/* The end of what "BEGIN" began; r: how it went until here. */
static int end_transaction(struct kb *kb, int r)
{
    if (sqlite3_get_autocommit(kb->db)) /* a bad error has ended it already */
        return r;
    int end = transaction(kb, STMT_END, "COMMIT");
    return r ? r : end;
}

int kb_terms(struct kb *kb, const char *text, size_t len, struct pool *pool, struct kb_term **ret,
             size_t *ret_n)
{
    const struct kb_ask ask = {.text = text, .len = len};
    struct query q = {0};
    int r = transaction(kb, STMT_BEGIN, "BEGIN");
    if (r)
        return r;
    r = kb_refresh(kb);
    if (!r) {
        const struct query_reader reader = reader_of(kb);
        r = query_build(&reader, pool, &ask, &q);
        if (!r)
            *ret = query_terms(&reader, &q, pool, ret_n);
    }
    return end_transaction(kb, r);
}

int kb_ask(struct kb *kb, const struct kb_ask *ask, struct kb_hits *ret_hits)
{
    struct kb_hits hits = {.pool = pool_new()};
    if (kb->shelf && !kb->reads_on) {
        schema_reads_on(kb->db);
        kb->reads_on = true;
    }
    int r = transaction(kb, STMT_BEGIN, "BEGIN");
    if (!r) {
        r = kb_refresh(kb);
        if (!r)
            r = shelf_tidy(kb);
        if (!r)
            r = answer_leaning(kb, ask, &hits);
        sqlite3_blob_close(kb->text); /* it would hold on to this state of the file */
        kb->text = NULL;
        r = end_transaction(kb, r);
    }
    if (r) {
        pool_free(hits.pool);
        return r;
    }
    *ret_hits = hits;
    return 0;
}

void kb_hits_release(struct kb_hits *hits)
{
    if (!hits)
        return;
    pool_free(hits->pool);
    *hits = (struct kb_hits){0};
}
