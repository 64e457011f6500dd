/* snap_write.c: a numbered snapshot becomes bytes, in one sequential pass; snap.h has the layout.
 *
 * Bytes gather in a page, a full page gets its checksum and goes out. The header comes last, over the blank one that
 * was written first: a file that was not finished has none. */
#include "kb/snap_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is written at once, Linux keeps at once: in few large pieces of its cache (folios), which a reader of a mapped file has
 * in its tables several times faster than single pages. */
#define AT_ONCE (1u << 20)
#define SOME    512 /* numbers that are put side by side before they go out */

struct out {
    FILE *f;
    uint64_t at; /* of the next byte */
    uint8_t page[SNAP_PAGE];
    size_t fill;
    uint32_t *sum; /* per page */
    size_t nsum, capsum;
    int err;
    struct snap_header *head;
};

static int write_error(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? KB_ERR_FULL : KB_ERR_IO;
}

static void end_page(struct out *o)
{
    if (o->nsum == o->capsum) {
        o->capsum = o->capsum ? o->capsum * 2 : 64;
        uint32_t *bigger = realloc(o->sum, o->capsum * sizeof *o->sum);
        if (!bigger) {
            o->err = KB_ERR_NOMEM;
            return;
        }
        o->sum = bigger;
    }
    o->sum[o->nsum++] = snap_page_sum(o->page, o->fill);
    if (fwrite(o->page, 1, o->fill, o->f) != o->fill)
        o->err = write_error();
    o->fill = 0;
}

static void put(struct out *o, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len && !o->err) {
        size_t n = SNAP_PAGE - o->fill < len ? SNAP_PAGE - o->fill : len;
        memcpy(o->page + o->fill, p, n);
        o->fill += n;
        o->at += n;
        p += n;
        len -= n;
        if (o->fill == SNAP_PAGE)
            end_page(o);
    }
}

static void begin(struct out *o, enum snap_section section)
{
    static const uint8_t zero[8];
    put(o, zero, (8 - o->at % 8) % 8);
    o->head->section[section].at = o->at;
}

static void end(struct out *o, enum snap_section section)
{
    o->head->section[section].len = o->at - o->head->section[section].at;
}

static void section(struct out *o, enum snap_section section, const void *data, size_t len)
{
    begin(o, section);
    put(o, data, len);
    end(o, section);
}

/* One part of a list: the postings [from, to) lie in one chunk. */
static void put_part(struct out *o, const struct snap_builder *b, uint64_t from, uint64_t to)
{
    struct snap_part part = {.chunk = (uint16_t)(b->posting[from].ord / SNAP_CHUNK),
                             .n = (uint32_t)(to - from)};
    uint16_t some[SOME];
    for (uint64_t i = from; i < to; i++) {
        const struct kind *kind = &b->kind[b->posting[i].kind];
        part.escapes += kind->code == SNAP_ESCAPE;
        part.most = kind->tf > part.most ? kind->tf : part.most;
    }
    put(o, &part, sizeof part);
    for (uint64_t i = from, n; i < to; i += n) {
        for (n = 0; n < SOME && i + n < to; n++)
            some[n] = (uint16_t)(b->posting[i + n].ord % SNAP_CHUNK);
        put(o, some, n * sizeof *some);
    }
    for (uint64_t i = from, n; i < to; i += n) {
        for (n = 0; n < SOME && i + n < to; n++)
            some[n] = b->kind[b->posting[i + n].kind].code;
        put(o, some, n * sizeof *some);
    }
    for (uint64_t i = from; i < to; i++)
        if (b->kind[b->posting[i].kind].code == SNAP_ESCAPE)
            put(o, &b->kind[b->posting[i].kind].tuple, sizeof(struct snap_tuple));
}

static void put_lists(struct out *o, const struct snap_builder *b, struct snap_term *term)
{
    begin(o, SNAP_LISTS);
    for (uint32_t t = 0; t < b->head.nterm && !o->err; t++) {
        const struct word *w = &b->word[b->order[t]];
        term[t] = (struct snap_term){.list = o->at - o->head->section[SNAP_LISTS].at,
                                     .string = w->string,
                                     .df = w->df,
                                     .len = w->len};
        for (uint64_t from = b->first[t], to; from < b->first[t + 1] && !o->err;
             from = to, term[t].nchunk++) {
            uint32_t chunk = b->posting[from].ord / SNAP_CHUNK;
            for (to = from + 1; to < b->first[t + 1] && b->posting[to].ord / SNAP_CHUNK == chunk;
                 to++)
                ;
            put_part(o, b, from, to);
        }
    }
    end(o, SNAP_LISTS);
}

static void put_terms(struct out *o, const struct snap_builder *b)
{
    uint32_t nbucket = 64;
    while (nbucket < b->head.nterm * 2)
        nbucket *= 2;
    struct snap_term *term = calloc(b->head.nterm + 1u, sizeof *term);
    uint32_t *bucket = calloc(nbucket, sizeof *bucket);
    if (!term || !bucket) {
        o->err = KB_ERR_NOMEM;
        goto out;
    }
    put_lists(o, b, term);
    for (uint32_t t = 0; t < b->head.nterm; t++) {
        uint32_t at = snap_hash(b->string + term[t].string, term[t].len) & (nbucket - 1);
        while (bucket[at])
            at = (at + 1) & (nbucket - 1);
        bucket[at] = t + 1;
    }
    section(o, SNAP_TERMS, term, b->head.nterm * sizeof *term);
    section(o, SNAP_BUCKETS, bucket, nbucket * sizeof *bucket);
    section(o, SNAP_STRINGS, b->string, b->n_string);
out:
    free(term);
    free(bucket);
}

static int by_bytes(const void *x, const void *y, void *ctx)
{
    const struct snap_builder *b = ctx;
    return strcmp(b->string + b->word[b->order[*(const uint32_t *)x]].string,
                  b->string + b->word[b->order[*(const uint32_t *)y]].string);
}

static void put_sorted(struct out *o, struct snap_builder *b)
{
    uint32_t *sorted = malloc((b->head.nterm + 1u) * sizeof *sorted);
    if (!sorted) {
        o->err = KB_ERR_NOMEM;
        return;
    }
    for (uint32_t t = 0; t < b->head.nterm; t++)
        sorted[t] = t;
    qsort_r(sorted, b->head.nterm, sizeof *sorted, by_bytes, b);
    section(o, SNAP_SORTED, sorted, b->head.nterm * sizeof *sorted);
    free(sorted);
}

static void put_rows(struct out *o, const struct snap_builder *b)
{
    begin(o, SNAP_ROWS);
    for (size_t ord = 0; ord < b->n_id; ord++) {
        size_t i = b->at[ord];
        struct snap_row row = {.id = b->id[i],
                               .tie = b->tie[i],
                               .forward = (uint32_t)b->forward_at[i],
                               .codes = (uint32_t)(b->forward_at[i + 1] - b->forward_at[i]),
                               .lang = b->group[2 * i],
                               .audience = b->group[2 * i + 1],
                               .traits = b->trait[i]};
        memcpy(row.length, b->length + ord * FIELDS, sizeof row.length);
        put(o, &row, sizeof row);
    }
    end(o, SNAP_ROWS);
}

static void put_tuples(struct out *o, const struct snap_builder *b)
{
    begin(o, SNAP_TUPLES);
    for (uint32_t code = 0; code < b->head.ntuple; code++)
        put(o, &b->kind[b->code[code]].tuple, sizeof(struct snap_tuple));
    end(o, SNAP_TUPLES);
}

/* Up to the end of the page. */
static void fill_page(struct out *o)
{
    static const uint8_t zero[SNAP_PAGE];
    if (o->fill && !o->err)
        put(o, zero, SNAP_PAGE - o->fill);
}

/* The checksums of all pages so far, whose own are few. */
static void put_sums(struct out *o)
{
    struct snap_header *h = o->head;
    fill_page(o);
    size_t n = o->nsum;
    uint32_t *sum = o->sum;
    o->sum = NULL;
    o->nsum = o->capsum = 0;
    section(o, SNAP_PAGES, sum, n * sizeof *sum);
    free(sum);
    begin(o, SNAP_TOP); /* which only aligns: it is no page */
    if (o->fill && !o->err)
        end_page(o);
    h->section[SNAP_TOP].len = o->nsum * sizeof *o->sum;
    h->top_check = snap_checksum(o->sum, o->nsum * sizeof *o->sum);
    h->length = o->at + o->nsum * sizeof *o->sum;
    if (!o->err && fwrite(o->sum, sizeof *o->sum, o->nsum, o->f) != o->nsum)
        o->err = write_error();
}

/* Everything between the header and the page checksums, then those, then the header in front. */
static void put_all(struct out *o, struct snap_builder *b)
{
    struct snap_header *h = &b->head;
    static const struct snap_header blank;
    if (fwrite(&blank, sizeof blank, 1, o->f) != 1)
        o->err = write_error();
    o->at = sizeof *h;
    o->head = h;
    put_terms(o, b);
    put_sorted(o, b);
    put_rows(o, b);
    section(o, SNAP_ORDER, b->ord, b->n_id * sizeof *b->ord);
    section(o, SNAP_NAMES, b->name, b->n_name);
    section(o, SNAP_DATED, b->dated, b->n_dated * sizeof *b->dated);
    section(o, SNAP_CONDITIONS, b->condition, b->n_condition);
    section(o, SNAP_SYNONYMS, b->synonym, b->n_synonym);
    put_tuples(o, b);
    section(o, SNAP_FORWARD, b->forward, b->n_forward * sizeof *b->forward);
    put_sums(o);
    h->check = snap_checksum(h, offsetof(struct snap_header, check));
    if (o->err)
        return;
    if (fseek(o->f, 0, SEEK_SET) != 0 || fwrite(h, sizeof *h, 1, o->f) != 1 ||
        fseek(o->f, (long)h->length, SEEK_SET) != 0 || fflush(o->f) != 0)
        o->err = write_error();
}

int snap_write(struct snap_builder *b, FILE *f, bool file)
{
    struct out *o = f ? calloc(1, sizeof *o) : NULL;
    char *at_once = file ? malloc(AT_ONCE) : NULL; /* without it a little slower */
    int err = f ? KB_ERR_NOMEM : write_error();
    if (f && at_once)
        setvbuf(f, at_once, _IOFBF, AT_ONCE);
    if (o) {
        o->f = f;
        put_all(o, b);
        err = o->err;
        free(o->sum);
        free(o);
    }
    if (f && !err && file && fsync(fileno(f)) != 0)
        err = write_error();
    if (f && fclose(f) != 0 && !err)
        err = write_error();
    free(at_once);
    return err;
}
