/* source_table.c: CSV and TSV, as spreadsheets write them (RFC 4180 with a header row).
 *
 * The first row names the columns; each further one is a record, see source_record.c. Cells in quotes
 * may hold separators, doubled quotes and line ends. European spreadsheets separate by semicolons: of
 * comma, semicolon and tab the one that the header row has most often is taken. A quote that is never
 * closed swallows the rest of the file, and a row with another number of cells has shifted them; both
 * would put wrong text under a right title, so both are errors. */
#include "kb/kb_int.h"

#include <string.h>
#include <strings.h>

struct cell {
    char *s; /* terminated */
    size_t len, line, column;
};

struct table {
    const struct source *src;
    char separator;
    size_t at, line, column; /* of the next byte */
    struct cell *cell;       /* of the current row */
    size_t ncell, capcell;
    const char **key; /* what the columns mean; NULL: not for us */
    size_t ncolumn;
    bool failed;
};

static void mistake(struct table *t, size_t line, size_t column, const char *message)
{
    report_add(t->src->report, true, t->src->file, line, column, "%s", message);
    t->failed = true;
}

/* ---- cells ------------------------------------------------------------------------------------------------ */

static void step(struct table *t)
{
    char c = t->src->s[t->at++];
    if (c == '\n') {
        t->line++;
        t->column = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        t->column++;
    }
}

static bool at_end_of_cell(const struct table *t)
{
    return t->at >= t->src->len || t->src->s[t->at] == '\n' || t->src->s[t->at] == t->separator;
}

/* "..." with "" for a quote. False when it is not closed, or something follows it. */
static bool quoted(struct table *t, struct pool *pool, struct cell *cell)
{
    const char *s = t->src->s;
    size_t end = t->at + 1;
    while (end < t->src->len && (s[end] != '"' || (end + 1 < t->src->len && s[end + 1] == '"')))
        end += s[end] == '"' ? 2 : 1;
    if (end >= t->src->len) {
        mistake(t, t->line, t->column,
                "a quote is opened here and never closed; write a quote inside "
                "a cell as two");
        return false;
    }
    cell->s = pool_alloc(pool, end - t->at + 1);
    step(t);
    while (t->at < end) {
        cell->s[cell->len++] = s[t->at];
        if (s[t->at] == '"')
            step(t);
        step(t);
    }
    step(t);
    if (!at_end_of_cell(t)) {
        mistake(t, t->line, t->column,
                "text behind a closing quote; write a quote inside a cell as two");
        return false;
    }
    return true;
}

static bool read_cell(struct table *t, struct pool *pool)
{
    struct cell cell = {.line = t->line, .column = t->column};
    if (t->at < t->src->len && t->src->s[t->at] == '"') {
        if (!quoted(t, pool, &cell))
            return false;
    } else {
        size_t start = t->at;
        while (!at_end_of_cell(t))
            step(t);
        cell.len = t->at - start;
        cell.s = pool_strndup(pool, t->src->s + start, cell.len);
    }
    *POOL_PUSH(pool, t->cell, t->ncell, t->capcell) = cell;
    return true;
}

/* One row into t->cell. False at the end of the text, or after a mistake that hides where rows begin. */
static bool read_row(struct table *t, struct pool *pool)
{
    t->cell = NULL;
    t->ncell = t->capcell = 0;
    while (t->at < t->src->len && t->src->s[t->at] == '\n')
        step(t);
    if (t->at >= t->src->len)
        return false;
    for (;;) {
        if (!read_cell(t, pool))
            return false;
        if (t->at >= t->src->len)
            return true;
        bool more = t->src->s[t->at] == t->separator;
        step(t);
        if (!more)
            return true;
    }
}

/* ---- the header row ------------------------------------------------------------------------------------------ */

static char find_separator(const struct source *src)
{
    size_t len = strlen(src->file);
    if (len > 4 && strcasecmp(src->file + len - 4, ".tsv") == 0)
        return '\t';
    static const char candidate[] = ",;\t";
    size_t count[3] = {0}, best = 0;
    bool quote = false;
    for (size_t i = 0; i < src->len && (quote || src->s[i] != '\n'); i++) {
        const char *c = strchr(candidate, src->s[i]);
        quote ^= src->s[i] == '"';
        if (c && *c && !quote)
            count[c - candidate]++;
    }
    for (size_t i = 1; i < 3; i++)
        if (count[i] > count[best])
            best = i;
    return candidate[best];
}

static bool has_column(const struct table *t, const char *key)
{
    for (size_t i = 0; i < t->ncolumn; i++)
        if (t->key[i] && strcmp(t->key[i], key) == 0)
            return true;
    return false;
}

static void name_column(struct table *t, size_t i)
{
    const struct cell *c = &t->cell[i];
    const char *near, *key = record_key(c->s, &near);
    if (key && has_column(t, key) && !record_key_is_list(key))
        mistake(t, c->line, c->column,
                pool_printf(t->src->pool, "the column '%s' is there twice; rename one", key));
    t->key[i] = key;
    if (!key && *c->s)
        report_add(t->src->report, false, t->src->file, c->line, c->column,
                   near ? "the column '%.60s' is not known and is left out; did you mean '%s'"
                        : "the column '%.60s' is not known and is left out",
                   c->s, near);
}

static void read_header(struct table *t)
{
    if (!read_row(t, t->src->pool))
        return;
    t->key = pool_array(t->src->pool, t->ncell, sizeof *t->key);
    t->ncolumn = t->ncell;
    for (size_t i = 0; i < t->ncell; i++)
        name_column(t, i);
    if (!has_column(t, "text") && !(has_column(t, "question") && has_column(t, "answer")))
        mistake(t, 1, 1,
                "the first row must name the columns: 'question' and 'answer', or 'title' "
                "and 'text'");
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* A cell of a list column holds texts with '|' between them, or ';' where there is no '|'. */
static void add_list(struct pool *pool, struct record *r, struct member m)
{
    char separator = memchr(m.value, '|', m.len) ? '|' : ';';
    const char *s = m.value, *end = s + m.len;
    while (s < end) {
        const char *stop = s;
        while (stop < end && *stop != separator && *stop != '\n')
            stop++;
        m.len = (size_t)(stop - s);
        m.value = pool_strndup(pool, s, m.len);
        record_add(pool, r, m);
        s = stop + (stop < end);
    }
}

/* Cells beyond the header that are empty are how spreadsheets pad; text there has lost its column. */
static bool fits(struct table *t)
{
    for (size_t i = t->ncolumn; i < t->ncell; i++)
        if (t->cell[i].len) {
            mistake(t, t->cell[i].line, t->cell[i].column,
                    pool_printf(t->src->pool,
                                "this row has more cells than the %zu columns; put text "
                                "that contains the separator in quotes",
                                t->ncolumn));
            return false;
        }
    if (t->ncell < t->ncolumn)
        mistake(t, t->cell[0].line, t->cell[0].column,
                pool_printf(t->src->pool, "this row has %zu cells and the header %zu", t->ncell,
                            t->ncolumn));
    return t->ncell >= t->ncolumn;
}

static bool is_empty_row(const struct table *t)
{
    for (size_t i = 0; i < t->ncell; i++)
        if (strspn(t->cell[i].s, " \t\n") < t->cell[i].len)
            return false;
    return true;
}

static int take_row(struct table *t, struct pool *pool, struct records *records)
{
    struct record r = {.line = t->cell[0].line, .column = t->cell[0].column};
    if (is_empty_row(t) || !fits(t))
        return KB_OK;
    for (size_t i = 0; i < t->ncolumn; i++) {
        const struct cell *c = &t->cell[i];
        /* an apostrophe before what would be a formula: how spreadsheets mark text */
        size_t mark = c->len > 1 && c->s[0] == '\'' && cell_is_formula(c->s + 1);
        struct member m = {t->key[i], c->s + mark, c->len - mark, c->line, c->column};
        if (!m.key || !m.len)
            continue;
        if (record_key_is_list(m.key))
            add_list(pool, &r, m);
        else
            record_add(pool, &r, m);
    }
    return records_take(records, &r);
}

int source_table(const struct source *src, document_fn *fn, void *ctx)
{
    struct table t = {.src = src, .separator = find_separator(src), .line = 1, .column = 1};
    struct records records = {.src = src, .fn = fn, .ctx = ctx};
    int rc = KB_OK;
    read_header(&t);
    while (!rc && !t.failed && t.at < src->len) {
        bool shape = false; /* a row of the wrong shape does not hide those behind it */
        struct pool *row = pool_new();
        if (read_row(&t, row)) {
            rc = take_row(&t, row, &records);
            shape = t.failed;
        }
        pool_free(row);
        if (shape) {
            records.failed = true;
            t.failed = false;
        }
    }
    if (rc)
        return rc;
    return t.failed ? KB_ERR_INPUT : records_end(&records, NULL);
}
