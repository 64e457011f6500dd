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
 * Stems are compared, since only stems are in the index. */
#include "kb/kb_int.h"

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
    struct vocabulary v = {0};
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
        v = (struct vocabulary){0};
    else if (rc != SQLITE_DONE)
        return schema_err(rc);
    *ret = v;
    return 0;
}

/* The first word that is not before the `len` bytes at `s`. */
static size_t lower_bound(const struct vocabulary *v, const char *s, size_t len)
{
    size_t low = 0, high = v->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strncmp(v->word[mid].token, s, len) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct vocabulary_word *find(const struct vocabulary *v, const char *s, size_t len)
{
    size_t i = lower_bound(v, s, len);
    return i < v->n && !strncmp(v->word[i].token, s, len) && !v->word[i].token[len] ? &v->word[i]
                                                                                    : NULL;
}

bool vocabulary_has(const struct vocabulary *v, const char *token)
{
    return find(v, token, strlen(token)) != NULL;
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
    for (size_t i = lower_bound(v, token, len); i < v->n && n < max; i++) {
        const char *word = v->word[i].token;
        if (strncmp(word, token, len))
            break;
        if (word[len] && strlen(word) <= len + longer && letters_only(word))
            ret[n++] = word;
    }
    for (size_t part = len - 1; part >= SHARED && part + LONGER >= len && n < max; part--) {
        const struct vocabulary_word *w = find(v, token, part);
        if (w)
            ret[n++] = w->token;
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
    size_t len = strlen(token), max = letters >= SLIPS_LETTERS ? 2 : 1;
    const struct vocabulary_word *best = NULL;
    if (len < SLIP_LETTERS || !letters_only(token))
        return NULL;
    for (size_t i = lower_bound(v, token, 1); i < v->n && v->word[i].token[0] == token[0]; i++) {
        const struct vocabulary_word *w = &v->word[i];
        size_t wlen = strlen(w->token);
        if (len < SLIP_ANY && (wlen != len || !is_swap(token, w->token, len)))
            continue;
        if (wlen < SLIP_LETTERS || !letters_only(w->token))
            continue;
        size_t d = slips(token, len, w->token, wlen, max);
        if (d > max || (best && d == *ret_slips && w->df <= best->df))
            continue;
        best = w;
        *ret_slips = max = d;
    }
    return best ? best->token : NULL;
}
