/* vocabulary.c: every word of the index, in memory, in byte order.
 *
 * Two things about a question can only be told from the words an owner used: that a word is new to the
 * base, and which of the owner's words it stands for. The second has two answers here:
 *
 *   relatives  "licensed" and "licensure" have different stems, but one stem begins with the other. Such
 *              words are other ways to say a word, at a low weight.
 *   near       a word that the base lacks, a few slips away from one that it has: "salry". What slips cost
 *              is slip.c's business; which of the near ones was meant, query_meant.c's.
 *
 * Stems are compared, since only stems are in the index. Where there is a snapshot its table of terms is used as it
 * is, with the words of the delta merged in while walking. */
#include "kb/kb_int.h"
#include "kb/slip.h"
#include "kb/snap.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define SHARED         5      /* letters that relatives have in common at least */
#define CUT_SHORT      4      /* the same for a word that is nowhere in full */
#define LONGER         4      /* letters that one may have behind them at most */
#define MAX_VOCABULARY 500000 /* words; a base with more answers without spelling and relatives */

static const char sql_table[] =
    "PRAGMA query_only=0;"
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.base_word USING fts5vocab(main, passage_fts, row);"
    "PRAGMA query_only=1;";
static const char sql_words[] = "SELECT term, doc FROM temp.base_word";

int vocabulary_load(sqlite3 *db, struct pool *pool, struct vocabulary *ret)
{
    struct vocabulary_part v = {0};
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_exec(db, sql_table, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, sql_words, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(st)) == SQLITE_ROW && v.n < MAX_VOCABULARY) {
            const char *word = (const char *)sqlite3_column_text(st, 0);
            if (word)
                *POOL_PUSH(pool, v.word, v.n, v.cap) = (struct vocabulary_word){
                    pool_strdup(pool, word), (uint32_t)sqlite3_column_int64(st, 1)};
        }
    sqlite3_finalize(st);
    if (rc == SQLITE_ROW) /* too many: do without */
        v.n = 0;
    else if (rc != SQLITE_DONE)
        return schema_err(rc);
    *ret = (struct vocabulary){.part = {v}};
    return 0;
}

/* ---- walking ------------------------------------------------------------------------------------------ */

static const struct snap_term *term_at(const struct vocabulary_part *p, size_t i)
{
    return (const struct snap_term *)p->terms + p->sorted[i];
}

static const char *word_at(const struct vocabulary_part *p, size_t i)
{
    return p->word ? p->word[i].token : p->strings + term_at(p, i)->string;
}

static size_t count_dead(const struct vocabulary_part *p, uint32_t term)
{
    size_t low = 0, high = p->ndead, n = 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->dead[mid] < term)
            low = mid + 1;
        else
            high = mid;
    }
    while (low + n < p->ndead && p->dead[low + n] == term)
        n++;
    return n;
}

static size_t df_at(const struct vocabulary_part *p, size_t i)
{
    return p->word ? p->word[i].df : term_at(p, i)->df - count_dead(p, p->sorted[i]);
}

/* The first word of a part that is not before the `len` bytes at `s`. */
static size_t lower_bound(const struct vocabulary_part *p, const char *s, size_t len)
{
    size_t low = 0, high = p->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strncmp(word_at(p, mid), s, len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* All parts as one list in byte order. */
struct walk {
    const struct vocabulary *v;
    size_t at[2];
    const char *word;
    size_t df;
};

static void walk_from(struct walk *w, const struct vocabulary *v, const char *s, size_t len)
{
    w->v = v;
    for (int i = 0; i < 2; i++)
        w->at[i] = lower_bound(&v->part[i], s, len);
}

/* The next word that some passage has; false at the end. */
static bool walk_next(struct walk *w)
{
    do {
        w->word = NULL;
        for (int i = 0; i < 2; i++) {
            const struct vocabulary_part *p = &w->v->part[i];
            const char *word = w->at[i] < p->n ? word_at(p, w->at[i]) : NULL;
            if (word && (!w->word || strcmp(word, w->word) < 0))
                w->word = word;
        }
        w->df = 0;
        for (int i = 0; i < 2 && w->word; i++) {
            const struct vocabulary_part *p = &w->v->part[i];
            if (w->at[i] < p->n && !strcmp(word_at(p, w->at[i]), w->word))
                w->df += df_at(p, w->at[i]++);
        }
    } while (w->word && !w->df);
    return w->word != NULL;
}

/* The word of a part that is exactly these bytes, and how many passages have it, or NULL. A snapshot has a table for that; if
 * its bytes turn out to be bad, those that were looked at when it was opened are still good. */
static const char *find_in(const struct vocabulary_part *p, const char *s, size_t len,
                           size_t *ret_df)
{
    uint32_t term = p->snap ? snap_lookup(p->snap, s, len) : SNAP_NO_TERM;
    if (term != SNAP_NO_TERM) {
        const struct snap_term *t = (const struct snap_term *)p->terms + term;
        *ret_df = t->df - count_dead(p, term);
        return p->strings + t->string;
    }
    if (p->snap && !snap_bad(p->snap))
        return NULL;
    for (size_t i = lower_bound(p, s, len); i < p->n && !strncmp(word_at(p, i), s, len); i++)
        if (!word_at(p, i)[len]) {
            *ret_df = df_at(p, i);
            return word_at(p, i);
        }
    return NULL;
}

/* The same of all parts; NULL when no passage has it any more. */
static const char *find(const struct vocabulary *v, const char *s, size_t len, size_t *ret_df)
{
    const char *found = NULL;
    *ret_df = 0;
    for (int i = 0; i < 2; i++) {
        size_t df = 0;
        const char *word = v->part[i].n ? find_in(&v->part[i], s, len, &df) : NULL;
        found = word ? word : found;
        *ret_df += df;
    }
    return *ret_df ? found : NULL;
}

bool vocabulary_has(const struct vocabulary *v, const char *token)
{
    size_t df;
    return find(v, token, strlen(token), &df) != NULL;
}

size_t vocabulary_df(const struct vocabulary *v, const char *token)
{
    size_t df;
    find(v, token, strlen(token), &df);
    return df;
}

bool vocabulary_empty(const struct vocabulary *v)
{
    return !v->part[0].n && !v->part[1].n;
}

static bool letters_only(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x80 && !isalpha((unsigned char)*s))
            return false;
    return true;
}

size_t vocabulary_relatives(const struct vocabulary *v, const char *token, const char **ret,
                            size_t max)
{
    size_t len = strlen(token), n = 0, longer = LONGER;
    bool cut = !vocabulary_has(v, token);
    if (cut) /* "tech", "maths": cut short by the asker, who leaves out as much as he likes */
        longer = SIZE_MAX / 2;
    if (len < (cut ? CUT_SHORT : SHARED) || !letters_only(token))
        return 0;
    struct walk w;
    for (walk_from(&w, v, token, len); n < max && walk_next(&w);) {
        const char *word = w.word;
        if (strncmp(word, token, len))
            break;
        if (word[len] && strlen(word) <= len + longer && letters_only(word))
            ret[n++] = word;
    }
    for (size_t part = len - 1; part >= SHARED && part + LONGER >= len && n < max; part--) {
        size_t df;
        const char *word = find(v, token, part, &df);
        if (word)
            ret[n++] = word;
    }
    return n;
}

/* ---- slips ------------------------------------------------------------------------------------------- */

/* The first word of a part, from `at` on, that is not before the `len` bytes at `s`. Near ones are found fast. */
static size_t onward(const struct vocabulary_part *p, size_t at, const char *s, size_t len)
{
    size_t step = 1, low = at, high = at;
    while (high < p->n && strncmp(word_at(p, high), s, len) < 0) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    for (high = high < p->n ? high : p->n; low < high;) {
        size_t mid = low + (high - low) / 2;
        if (strncmp(word_at(p, mid), s, len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The smallest byte above `c` that is in the set, or 0. */
static int next_in(uint32_t set, int c)
{
    uint32_t letters = set & ((1u << SLIP_OTHER) - 1);
    bool other = set >> SLIP_OTHER & 1;
    if (other && c + 1 < 'a')
        return c + 1;
    if (c >= 'a')
        letters = c < 'z' ? letters & ~0u << (c + 1 - 'a') : 0;
    if (letters)
        return 'a' + __builtin_ctz(letters);
    return !other || c == UCHAR_MAX ? 0 : c < 'z' ? 'z' + 1 : c + 1;
}

/* Word i, cut off behind its k-th letter, is too far. The next one that need not be: `next` are the letters that its first
 * k - 1 may have behind them. */
static size_t skip(const struct vocabulary_part *p, size_t i, size_t k, uint32_t next)
{
    char to[SLIP_LETTERS];
    memcpy(to, word_at(p, i), k);
    int c = next_in(next, (unsigned char)to[k - 1]);
    while (!c && --k) /* none of those with that beginning */
        c = next_in(UINT32_MAX, (unsigned char)to[k - 1]);
    if (!k)
        return p->n;
    to[k - 1] = (char)c;
    return onward(p, i + 1, to, k);
}

static void near(const struct vocabulary_part *p, struct slip *slip, vocabulary_fn *fn, void *ctx)
{
    char seen[SLIP_LETTERS];
    uint32_t next[SLIP_LETTERS]; /* by which letters its beginnings can go on */
    size_t depth = 0, known = 0; /* letters in `seen`, whose costs are known; of `next` */
    for (size_t i = 0; i < p->n;) {
        const char *word = word_at(p, i);
        size_t k = 0;
        bool hopeless = false;
        while (k < depth && word[k] == seen[k])
            k++;
        known = known < k + 1 ? known : k + 1;
        for (; word[k] && !hopeless && k < SLIP_LETTERS; k++) {
            if (known == k)
                next[known++] = slip_next(slip, word, k);
            seen[k] = word[k];
            hopeless = !(next[k] & slip_bit(word[k])) || !slip_letter(slip, word, k + 1);
        }
        depth = hopeless ? k - 1 : k;
        if (hopeless) {
            i = skip(p, i, k, next[k - 1]);
            continue;
        }
        unsigned cost = word[k] ? slip->max + 1 : slip_cost(slip, k);
        if (cost <= slip->max && letters_only(word) && df_at(p, i))
            fn(ctx, word, df_at(p, i), cost);
        i++;
    }
}

void vocabulary_near(const struct vocabulary *v, struct slip *slip, vocabulary_fn *fn, void *ctx)
{
    for (int i = 0; i < 2; i++)
        near(&v->part[i], slip, fn, ctx);
}
