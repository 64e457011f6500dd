/* stats.c: what ranking needs to know of every passage, kept in memory per connection.
 *
 * BM25 divides by a field's length and filters look at language, audience and dates. Asking SQLite for
 * these per matching row costs more than everything else together, so they are read once, about 30
 * bytes a passage, and again only when the file's generation has grown. Lengths come from FTS5's
 * docsize table, whose format is documented; postings stay in the index. */
#include "kb/bm25f.h"
#include "kb/kb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char sql_count[] = "SELECT count(*) FROM passages";
static const char sql_passages[] =
    "SELECT p.id, d.sz, p.lang, p.audience, p.valid_from, p.valid_until, p.needs, p.nots, p.key"
    " FROM passages p JOIN passage_fts_docsize d ON d.id = p.id ORDER BY p.id";

/* FTS5's varint: seven bits a byte, most significant first; lengths never need the ninth byte. */
static void read_lengths(const uint8_t *s, size_t len, uint16_t ret[FIELDS])
{
    size_t pos = 0;
    for (int f = 0; f < FIELDS; f++) {
        uint64_t v = 0;
        for (int i = 0; i < 9 && pos < len; i++) {
            uint8_t byte = s[pos++];
            v = v << 7 | (byte & 0x7f);
            if (!(byte & 0x80))
                break;
        }
        ret[f] = v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
    }
}

int32_t stats_date(const char *s, int32_t open)
{
    int y = 0, m = 0, d = 0;
    return sscanf(s, "%4d-%2d-%2d", &y, &m, &d) == 3 ? y * 10000 + m * 100 + d : open;
}

static uint16_t name_index(struct stats *s, const char *name)
{
    for (size_t i = 0; i < s->nname; i++)
        if (!strcmp(s->name[i], name))
            return (uint16_t)i;
    if (s->nname > UINT16_MAX)
        return 0; /* no base has so many languages and audiences: treat it as unrestricted */
    *POOL_PUSH(s->pool, s->name, s->nname, s->capname) = pool_strdup(s->pool, name);
    return (uint16_t)(s->nname - 1);
}

static int read_conditions(struct stats *s, struct tokenizer *t, size_t ord, const char *needs,
                           const char *nots)
{
    if (strlen(needs) <= 2 && strlen(nots) <= 2) /* "" or "[]" */
        return 0;
    struct condition c = {.ord = ord};
    int r = condition_words(s->pool, t, needs, &c.needs, &c.nneeds);
    if (!r)
        r = condition_words(s->pool, t, nots, &c.nots, &c.nnots);
    if (!r && (c.nneeds || c.nnots))
        *POOL_PUSH(s->pool, s->condition, s->ncondition, s->capcondition) = c;
    return r;
}

static int count_passages(sqlite3 *db, size_t *ret_n)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_count, -1, &st, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        *ret_n = (size_t)sqlite3_column_int64(st, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_OK ? 0 : schema_err(rc);
}

static void averages(struct stats *s)
{
    uint64_t sum[FIELDS] = {0}, have[FIELDS] = {0};
    size_t *bylang = pool_array(s->pool, s->nname, sizeof *bylang), best = 0;
    for (size_t i = 0; i < s->n; i++) {
        for (int f = 0; f < FIELDS; f++) {
            sum[f] += s->len[i][f];
            have[f] += s->len[i][f] > 0;
        }
        bylang[s->lang[i]]++;
    }
    for (int f = 0; f < FIELDS; f++)
        s->average[f] = have[f] ? (double)sum[f] / (double)have[f] : 1;
    for (size_t i = 1; i < s->nname; i++)
        if (bylang[i] > bylang[best] ||
            (bylang[i] == bylang[best] && strcmp(s->name[i], s->name[best]) < 0))
            best = i;
    s->main_lang = s->name[best];
}

static int read_passage(struct stats *s, struct tokenizer *t, sqlite3_stmt *st, size_t i)
{
    s->id[i] = sqlite3_column_int64(st, 0);
    const uint8_t *sz = sqlite3_column_blob(st, 1);
    read_lengths(sz, sz ? (size_t)sqlite3_column_bytes(st, 1) : 0, s->len[i]);
    s->lang[i] = name_index(s, schema_column(st, 2));
    s->audience[i] = name_index(s, schema_column(st, 3));
    s->from[i] = stats_date(schema_column(st, 4), 0);
    s->until[i] = stats_date(schema_column(st, 5), INT32_MAX);
    s->tie[i] = bm25f_tie(schema_column(st, 8));
    return read_conditions(s, t, i, schema_column(st, 6), schema_column(st, 7));
}

static int stats_load(sqlite3 *db, struct tokenizer *t, struct stats **ret)
{
    sqlite3_stmt *st = NULL;
    size_t n = 0;
    int r = count_passages(db, &n);
    if (r)
        return r;
    struct pool *pool = pool_new();
    struct stats *s = pool_alloc(pool, sizeof *s);
    s->pool = pool;
    s->id = pool_array(pool, n + 1, sizeof *s->id);
    s->len = pool_array(pool, n + 1, sizeof *s->len);
    s->lang = pool_array(pool, n + 1, sizeof *s->lang);
    s->audience = pool_array(pool, n + 1, sizeof *s->audience);
    s->from = pool_array(pool, n + 1, sizeof *s->from);
    s->until = pool_array(pool, n + 1, sizeof *s->until);
    s->tie = pool_array(pool, n + 1, sizeof *s->tie);
    name_index(s, "");

    int rc = sqlite3_prepare_v2(db, sql_passages, -1, &st, NULL);
    while (rc == SQLITE_OK && !r && s->n < n) {
        int step = sqlite3_step(st);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW)
            rc = step;
        else
            r = read_passage(s, t, st, s->n++);
    }
    sqlite3_finalize(st);
    if (!r && rc != SQLITE_OK)
        r = schema_err(rc);
    if (!r)
        r = vocabulary_load(db, pool, &s->vocabulary);
    if (r) {
        pool_free(pool);
        return r;
    }
    averages(s);
    *ret = s;
    return 0;
}

int stats_refresh(struct kb *kb, long long generation)
{
    struct stats *stats = NULL;
    if (kb->stats && kb->stats->generation == generation)
        return 0;
    int r = stats_load(kb->db, kb->tokenizer, &stats);
    if (r)
        return r;
    stats->generation = generation;
    stats_free(kb->stats);
    kb->stats = stats;
    return 0;
}

void stats_free(struct stats *s)
{
    if (s)
        pool_free(s->pool);
}

size_t stats_find(const struct stats *s, long long id)
{
    size_t low = 0, high = s->n;
    if (s->n && id >= s->id[0]) { /* without gaps in the ids the first guess is right */
        unsigned long long guess = (unsigned long long)(id - s->id[0]);
        if (guess < s->n && s->id[guess] == id)
            return (size_t)guess;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->id[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->n && s->id[low] == id ? low : s->n;
}
