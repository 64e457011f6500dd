/* vocabulary.c: every word of the index, in memory, in byte order.
 *
 * Two things about a question can only be told from the words an owner used: that a word is new to the
 * base, and which of the owner's words it stands for. The second has two answers here:
 *
 *   relatives  "licensed" and "licensure" have different stems, but one stem begins with the other. Such
 *              words are other ways to say a word, at a low weight.
 *   nearest    a word that the base lacks, one slip away from one that it has: "salry". Slips are those of
 *              a keyboard: a letter too many, too few, wrong, or two that changed places. Long words may
 *              have two. The first letter is taken to be right, which it nearly always is.
 *
 * Stems are compared, since only stems are in the index. Where there is a snapshot its table of terms is used as it
 * is, with the words of the delta merged in while walking. */
#include "kb/kb_int.h"
#include "kb/snap.h"

#include <ctype.h>
#include <string.h>

#define SHARED         5 /* letters that relatives have in common at least */
#define CUT_SHORT      4 /* the same for a word that is nowhere in full */
#define LONGER         4 /* letters that one may have behind them at most */
#define SLIP_LETTERS   4 /* letters of a word that may have a slip; only a swap below SLIP_ANY */
#define SLIP_ANY       5
#define SLIPS_LETTERS  8 /* letters of a word that may have two slips */
#define MAX_LETTERS    32
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

/* The word that is exactly these bytes, or NULL. */
static const char *find(const struct vocabulary *v, const char *s, size_t len)
{
    struct walk w;
    for (walk_from(&w, v, s, len); walk_next(&w);)
        if (strncmp(w.word, s, len))
            return NULL;
        else if (!w.word[len])
            return w.word;
    return NULL;
}

bool vocabulary_has(const struct vocabulary *v, const char *token)
{
    return find(v, token, strlen(token)) != NULL;
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
        const char *word = find(v, token, part);
        if (word)
            ret[n++] = word;
    }
    return n;
}

/* ---- slips ------------------------------------------------------------------------------------------- */

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits from a to b, neighbours that changed places being one; more than `max` is max + 1. */
static size_t slips(const char *a, size_t alen, const char *b, size_t blen, size_t max)
{
    size_t row[3][MAX_LETTERS + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];
    if (alen > MAX_LETTERS || blen > MAX_LETTERS || alen + max < blen || blen + max < alen)
        return max + 1;
    for (size_t k = 0; k <= blen; k++)
        last[k] = k;
    for (size_t i = 1; i <= alen; i++) {
        size_t least = now[0] = i;
        for (size_t k = 1; k <= blen; k++) {
            bool same = a[i - 1] == b[k - 1];
            now[k] = smallest(last[k] + 1, now[k - 1] + 1, last[k - 1] + !same);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                before[k - 2] + 1 < now[k])
                now[k] = before[k - 2] + 1;
            least = now[k] < least ? now[k] : least;
        }
        if (least > max)
            return max + 1;
        size_t *swap = before;
        before = last;
        last = now;
        now = swap;
    }
    return last[blen];
}

static bool is_swap(const char *a, const char *b, size_t len)
{
    size_t i = 0;
    while (i < len && a[i] == b[i])
        i++;
    return i + 1 < len && a[i] == b[i + 1] && a[i + 1] == b[i] && !strcmp(a + i + 2, b + i + 2);
}

const char *vocabulary_nearest(const struct vocabulary *v, const char *token, size_t letters,
                               size_t *ret_slips)
{
    size_t len = strlen(token), max = letters >= SLIPS_LETTERS ? 2 : 1, best_df = 0;
    const char *best = NULL;
    struct walk w;
    if (len < SLIP_LETTERS || !letters_only(token))
        return NULL;
    for (walk_from(&w, v, token, 1); walk_next(&w) && w.word[0] == token[0];) {
        size_t wlen = strlen(w.word);
        if (len < SLIP_ANY && (wlen != len || !is_swap(token, w.word, len)))
            continue;
        if (wlen < SLIP_LETTERS || wlen + max < len || len + max < wlen || !letters_only(w.word))
            continue;
        size_t d = slips(token, len, w.word, wlen, max);
        if (d > max || (best && d == *ret_slips && w.df <= best_df))
            continue;
        best = w.word;
        best_df = w.df;
        *ret_slips = max = d;
    }
    return best;
}
