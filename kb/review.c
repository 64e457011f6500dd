/* review.c: content that is right file by file and wrong as a whole (`guidepost check`).
 *
 * Everything is read into memory once, in the order of the files, and each review_*.c looks for one kind of trouble.
 * Findings are warnings: they say where, what, and what would mend it, and leave the judgement to a person. A false
 * alarm costs trust, so each of them rather misses a case than invents one. */
#include "kb/review.h"

#include <stdio.h>
#include <string.h>

#include "kb/bm25f.h"
#include "kb/hash.h"

#define FIRST_SLOTS 8192

/* ---- terms --------------------------------------------------------------------------------------------- */

static uint32_t *find_slot(const struct review *rv, const char *token, size_t len)
{
    uint32_t h = hash_32(HASH_32, token, len);
    for (size_t i = h & (rv->nslot - 1);; i = (i + 1) & (rv->nslot - 1)) {
        const char *have = rv->slot[i] ? rv->term[rv->slot[i] - 1].token : NULL;
        if (!have || (strlen(have) == len && !memcmp(have, token, len)))
            return &rv->slot[i];
    }
}

static void more_slots(struct review *rv)
{
    rv->nslot = rv->nslot ? rv->nslot * 2 : FIRST_SLOTS;
    rv->slot = pool_array(rv->pool, rv->nslot, sizeof *rv->slot);
    for (size_t i = 0; i < rv->nterm; i++)
        *find_slot(rv, rv->term[i].token, strlen(rv->term[i].token)) = (uint32_t)i + 1;
}

uint32_t review_term(struct review *rv, const char *token, size_t len)
{
    if (rv->nterm * 2 >= rv->nslot)
        more_slots(rv);
    uint32_t *slot = find_slot(rv, token, len);
    if (!*slot) {
        *POOL_PUSH(rv->pool, rv->term, rv->nterm, rv->capterm) =
            (struct review_term){.token = pool_strndup(rv->pool, token, len)};
        *slot = (uint32_t)rv->nterm;
    }
    return *slot - 1;
}

double review_idf(const struct review *rv, uint32_t term)
{
    return bm25f_idf((double)rv->n, (double)rv->term[term].df);
}

struct counting {
    struct review *rv;
    uint32_t passage;
};

static int count_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                       bool colocated)
{
    struct counting *c = ctx;
    (void)start;
    (void)end;
    if (colocated || !len)
        return 0;
    uint32_t number = review_term(c->rv, token, len); /* may move the terms */
    struct review_term *t = &c->rv->term[number];
    if (t->last != c->passage + 1) {
        t->last = c->passage + 1;
        t->df++;
    }
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static const char sql_passages[] =
    "SELECT p.key, d.key, p.entry_id, f.path, p.line, p.entry, p.lang, p.audience,"
    " CASE WHEN p.reviewed = '' THEN d.reviewed ELSE p.reviewed END, p.valid_from, p.valid_until,"
    " p.title, coalesce(p.heading ->> '$[#-1]', ''), p.question, p.followups, p.start, p.unit,"
    " CAST(substr(CAST(d.text AS BLOB), p.start + 1, p.end - p.start) AS TEXT), p.body, p.anchor"
    " FROM passages p JOIN documents d ON d.id = p.document JOIN files f ON f.id = d.file"
    " ORDER BY f.path, d.line, d.key, p.ord";

static int read_passage(struct review *rv, sqlite3_stmt *st)
{
    struct review_passage *p = POOL_PUSH(rv->pool, rv->p, rv->n, rv->cap);
    const void *unit = sqlite3_column_blob(st, 16);
    size_t n = unit ? (size_t)sqlite3_column_bytes(st, 16) / sizeof *p->unit : 0;
    struct unit *kept = pool_array(rv->pool, n, sizeof *kept);
    if (n)
        memcpy(kept, unit, n * sizeof *kept);
    *p = (struct review_passage){.key = schema_column_copy(rv->pool, st, 0),
                                 .document = schema_column_copy(rv->pool, st, 1),
                                 .id = schema_column_copy(rv->pool, st, 2),
                                 .file = schema_column_copy(rv->pool, st, 3),
                                 .line = (size_t)sqlite3_column_int64(st, 4),
                                 .entry = sqlite3_column_int(st, 5) != 0,
                                 .lang = schema_column_copy(rv->pool, st, 6),
                                 .audience = schema_column_copy(rv->pool, st, 7),
                                 .reviewed = schema_column_copy(rv->pool, st, 8),
                                 .from = schema_column_copy(rv->pool, st, 9),
                                 .until = schema_column_copy(rv->pool, st, 10),
                                 .title = schema_column_copy(rv->pool, st, 11),
                                 .heading = schema_column_copy(rv->pool, st, 12),
                                 .question = schema_column_copy(rv->pool, st, 13),
                                 .followups = schema_column_copy(rv->pool, st, 14),
                                 .start = (size_t)sqlite3_column_int64(st, 15),
                                 .unit = kept,
                                 .nunit = n,
                                 .text = schema_column_copy(rv->pool, st, 17),
                                 .anchor = schema_column_copy(rv->pool, st, 19)};
    struct counting c = {rv, (uint32_t)rv->n - 1};
    const char *body = (const char *)sqlite3_column_text(st, 18);
    const char *all = pool_printf(rv->pool, "%c%s %s\n%s\n%s\n%s", TOKENIZER_MARK, p->lang,
                                  p->question, p->heading, p->title, body ? body : "");
    return tokenizer_run(rv->kb->tokenizer, all, strlen(all), count_token, &c);
}

static int read_all(struct review *rv)
{
    sqlite3_stmt *st = NULL;
    int r = 0, rc = sqlite3_prepare_v2(rv->kb->db, sql_passages, -1, &st, NULL);
    if (rc == SQLITE_OK)
        while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
            r = read_passage(rv, st);
    sqlite3_finalize(st);
    return r ? r : schema_err(rc);
}

/* ---- what the others ask ------------------------------------------------------------------------------------------ */

bool review_meet(const struct review_passage *a, const struct review_passage *b)
{
    bool times = (!*a->until || strcmp(b->from, a->until) <= 0) &&
                 (!*b->until || strcmp(a->from, b->until) <= 0);
    bool audience = !*a->audience || !*b->audience || !strcmp(a->audience, b->audience);
    return times && audience && !strcmp(a->lang, b->lang);
}

bool review_expired(const struct review *rv, const struct review_passage *p)
{
    return *p->until && strcmp(p->until, rv->today) < 0;
}

void review_add(struct review *rv, const struct review_passage *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kb_report_vadd(rv->report, false, at->file, at->line, 0, fmt, ap);
    va_end(ap);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void set_today(struct review *rv, const char *today)
{
    const struct query q = {.today = today};
    int32_t day = query_today(&q);
    snprintf(rv->today, sizeof rv->today, "%04d-%02d-%02d", day / 10000 % 10000, day / 100 % 100,
             day % 100);
}

int kb_review(const char *db, const struct kb_review_options *options, struct kb_report *report,
              size_t *ret_asked)
{
    struct review rv = {.db = db, .pool = pool_new(), .report = report};
    int r = kb_open(db, &rv.kb);
    set_today(&rv, options->today);
    if (!r)
        r = kb_refresh(rv.kb);
    if (!r)
        r = read_all(&rv);
    if (!r)
        r = review_questions(&rv, options->threads, ret_asked);
    if (!r)
        r = review_same(&rv);
    if (!r)
        r = review_figures(&rv);
    if (!r) {
        review_dates(&rv);
        review_links(&rv);
    }
    if (!r && options->synonyms)
        r = review_synonyms(&rv, options->synonyms, options->general);
    kb_close(rv.kb);
    pool_free(rv.pool);
    return r;
}
