/* snap_open.c: nothing in a snapshot is believed before it was checked.
 *
 * Opening reads the header and a few bytes at the end only, so it takes the same at any size. A page is read and
 * checked when a question first needs bytes of it, and so are the pages that hold the checksums (snap_file.c). Whatever is read is also held
 * against its range, so that even a file whose checksums were forged cannot lead outside it.
 *
 * Everything that is read of a small file is one copy for all threads. Of a large one, which is mapped, each handle copies for itself
 * the first small things that it needs, since that takes a quarter of the time of mapping a page for each. */
#include "kb/snap_file.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* a header and no library: nothing to load */
#include <xxhash.h>

#include "kb/hash.h"

#define BLOCK      4096u /* postings that are checked at once */
#define KEPT_SLOTS 2048u
#define KEPT_MOST  1024u /* some questions' worth */

/* Bytes that were copied out of a large file. */
struct kept {
    uint64_t from; /* in the file */
    uint64_t len;
    uint8_t bytes[];
};

struct snap {
    struct snap_file *file;
    const struct snap_header *head;
    bool bad;
    uint64_t *vetted;   /* one bit per term whose list was checked */
    struct kept **kept; /* KEPT_SLOTS, hashed by `from`; NULL: not needed yet */
    size_t nkept;
};

/* XXH3 (Yann Collet): 15 GB/s and more of any processor with vectors of 128 bits. Not for secrets. */
uint64_t snap_checksum(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}

uint32_t snap_hash(const char *token, size_t len)
{
    uint32_t h = hash_32(HASH_32, token, len);
    return h ^ h >> 15;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool lengths_sound(const struct snap_header *h)
{
    for (int f = 0; f < FIELDS; f++)
        if (!snap_length_sound(h->n, h->total[f], h->filled[f]))
            return false;
    return true;
}

/* Pages up to the table, the table right behind them, and behind that its own checksums. */
static bool table_sound(const struct snap_header *h)
{
    uint64_t at = h->section[SNAP_PAGES].at, len = h->section[SNAP_PAGES].len;
    uint64_t top = h->section[SNAP_TOP].at;
    return at % SNAP_PAGE == 0 && at / SNAP_PAGE - 1 == len / 4 && len % 4 == 0 &&
           top == (at + len + 7) / 8 * 8 &&
           h->section[SNAP_TOP].len == (top - at + SNAP_PAGE - 1) / SNAP_PAGE * 4;
}

static bool header_sound(const struct snap_header *h, size_t size)
{
    if (h->length != size || h->check != snap_checksum(h, offsetof(struct snap_header, check)))
        return false;
    for (int i = 0; i < SNAP_SECTIONS; i++) {
        uint64_t end = i < SNAP_PAGES ? h->section[SNAP_PAGES].at : size;
        if (h->section[i].at % 8 || h->section[i].at < sizeof *h || h->section[i].at > end ||
            h->section[i].len > end - h->section[i].at)
            return false;
    }
    uint64_t n = h->n, buckets = h->section[SNAP_BUCKETS].len / 4;
    return lengths_sound(h) && table_sound(h) &&
           h->section[SNAP_ROWS].len == n * sizeof(struct snap_row) &&
           h->section[SNAP_ORDER].len == n * 4 && h->section[SNAP_SORTED].len == h->nterm * 4ull &&
           h->section[SNAP_TERMS].len == h->nterm * sizeof(struct snap_term) &&
           buckets > h->nterm && (buckets & (buckets - 1)) == 0 && h->ntuple <= SNAP_CODES &&
           h->section[SNAP_TUPLES].len == h->ntuple * sizeof(struct snap_tuple);
}

static int judge(const struct snap_header *h, size_t size, const uint8_t base[16])
{
    if (size < sizeof *h || memcmp(h->magic, "GPSNAP\r\n", 8) != 0 || h->order != 0x01020304)
        return KB_ERR_DAMAGED;
    if (h->format != SNAP_FORMAT || h->ranking != KB_RANKING_VERSION ||
        h->schema != KB_SCHEMA_VERSION)
        return KB_ERR_OLDER;
    if (!header_sound(h, size))
        return KB_ERR_DAMAGED;
    return memcmp(h->base, base, 16) == 0 ? 0 : KB_ERR_OLDER;
}

/* Takes over `file`, also on failure. */
static int snap_new(struct snap_file *file, const uint8_t base[16], struct snap **ret)
{
    struct snap *s = calloc(1, sizeof *s);
    int err = s ? judge(file->head, file->size, base) : KB_ERR_NOMEM;
    if (!s) {
        snap_file_close(file);
        return err;
    }
    *s = (struct snap){.file = file, .head = file->head};
    if (!err)
        err = snap_file_begin(file);
    if (!err && !(s->vetted = calloc(s->head->nterm / 64u + 1, sizeof *s->vetted)))
        err = KB_ERR_NOMEM;
    if (err)
        snap_close(s);
    else
        *ret = s;
    return err;
}

int snap_open(const char *path, const uint8_t base[16], struct snap **ret)
{
    struct snap_file *file = NULL;
    int err = snap_file_open(path, &file);
    return err ? err : snap_new(file, base, ret);
}

int snap_adopt(uint8_t *image, size_t size, const uint8_t base[16], struct snap **ret)
{
    struct snap_file *file = NULL;
    int err = snap_file_adopt(image, size, &file);
    return err ? err : snap_new(file, base, ret);
}

void snap_close(struct snap *s)
{
    if (!s)
        return;
    snap_file_close(s->file);
    for (size_t i = 0; s->kept && i < KEPT_SLOTS; i++)
        free(s->kept[i]);
    free(s->kept);
    free(s->vetted);
    free(s);
}

int snap_verify(const char *path, const uint8_t base[16], bool all, int64_t *ret_generation)
{
    struct snap_header head;
    size_t size = 0;
    int err = snap_file_look(path, &head, &size);
    if (!err)
        err = judge(&head, size, base);
    if (!err && all && !snap_file_verify(path, &head))
        err = KB_ERR_DAMAGED;
    if (!err)
        *ret_generation = head.generation;
    return err;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

const struct snap_header *snap_head(const struct snap *s)
{
    return s->head;
}

bool snap_bad(const struct snap *s)
{
    return s->bad;
}

bool snap_moved(const struct snap *s)
{
    return snap_file_moved(s->file);
}

/* Where these bytes are kept, or may be. */
static struct kept **kept_at(const struct snap *s, uint64_t from)
{
    size_t i = (from * 0x9e3779b97f4a7c15u) >> 32 & (KEPT_SLOTS - 1);
    while (s->kept[i] && s->kept[i]->from != from)
        i = (i + 1) & (KEPT_SLOTS - 1);
    return &s->kept[i];
}

/* What a question needs of rows and passages lies strewn over the file, a few bytes a page. As long as it is little, it is
 * copied; who goes on asking is better off with the pages. NULL: is not kept, or damaged (snap_bad). */
static const void *keep(struct snap *s, uint64_t from, uint64_t len)
{
    if (!s->kept && !(s->kept = calloc(KEPT_SLOTS, sizeof *s->kept)))
        return NULL;
    struct kept **at = kept_at(s, from), *k = *at;
    if (k)
        return k->len >= len ? k->bytes : NULL;
    if (s->nkept == KEPT_MOST || !(k = malloc(sizeof *k + len)))
        return NULL;
    *k = (struct kept){.from = from, .len = len};
    if (snap_file_copy(s->file, from, len, k->bytes)) {
        s->nkept++;
        *at = k;
        return k->bytes;
    }
    s->bad = true;
    free(k);
    return NULL;
}

static bool is_strewn(const struct snap *s, enum snap_section section, uint64_t len)
{
    return s->file->mapped && len <= SNAP_FILE_SOME &&
           (section == SNAP_ROWS || section == SNAP_ORDER || section == SNAP_FORWARD ||
            section == SNAP_LISTS);
}

const void *snap_bytes(struct snap *s, enum snap_section section, uint64_t at, uint64_t len)
{
    const struct snap_header *h = s->head;
    if (s->bad || at > h->section[section].len || len > h->section[section].len - at) {
        s->bad = true;
        return NULL;
    }
    uint64_t from = h->section[section].at + at;
    if (len) {
        uint64_t page = (from - sizeof *h) / SNAP_PAGE;
        uint64_t end = (from + len - 1 - sizeof *h) / SNAP_PAGE + 1;
        while (page < end && snap_file_sound(s->file, page))
            page++;
        const void *copy = page < end && is_strewn(s, section, len) ? keep(s, from, len) : NULL;
        if (copy)
            return copy;
        if (s->bad || (page < end && !snap_file_pages(s->file, page, end))) {
            s->bad = true;
            return NULL;
        }
    }
    return s->file->bytes + from;
}

const struct snap_row *snap_row(struct snap *s, uint32_t ord)
{
    return snap_bytes(s, SNAP_ROWS, ord * (uint64_t)sizeof(struct snap_row),
                      sizeof(struct snap_row));
}

uint32_t snap_ord(struct snap *s, uint32_t id)
{
    uint32_t low = 0, high = s->head->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const uint32_t *ord = snap_bytes(s, SNAP_ORDER, mid * 4ull, 4);
        const struct snap_row *row = ord ? snap_row(s, *ord) : NULL;
        if (!row)
            return UINT32_MAX;
        if (row->id == id)
            return *ord;
        if (row->id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return UINT32_MAX;
}

const struct snap_term *snap_term(struct snap *s, uint32_t term)
{
    return snap_bytes(s, SNAP_TERMS, term * (uint64_t)sizeof(struct snap_term),
                      sizeof(struct snap_term));
}

uint32_t snap_lookup(struct snap *s, const char *token, size_t len)
{
    uint64_t n = s->head->section[SNAP_BUCKETS].len / 4;
    for (uint64_t at = snap_hash(token, len) & (n - 1), tries = 0; tries < n;
         at = (at + 1) & (n - 1), tries++) {
        const uint32_t *bucket = snap_bytes(s, SNAP_BUCKETS, at * 4, 4);
        if (!bucket || !*bucket)
            return SNAP_NO_TERM;
        const struct snap_term *t = snap_term(s, *bucket - 1);
        if (!t)
            return SNAP_NO_TERM;
        const char *word = t->len == len ? snap_bytes(s, SNAP_STRINGS, t->string, len) : NULL;
        if (word && memcmp(word, token, len) == 0)
            return *bucket - 1;
    }
    return SNAP_NO_TERM;
}

/* Whether offsets ascend and codes are in the table, in blocks whose sums fit 16 bits: vectors then hold as many as there are.
 * *ret: how many are escapes. */
static bool postings_sound(const uint16_t *offset, const uint16_t *code, uint32_t n,
                           uint16_t ntuple, uint32_t *ret)
{
    uint16_t wrong = 0;
    *ret = 0;
    for (uint32_t from = 0; from < n; from += BLOCK) {
        uint32_t end = n - from < BLOCK ? n : from + BLOCK;
        uint16_t escapes = 0, bad = 0;
        for (uint32_t i = from; i < end; i++) {
            uint16_t escape = code[i] == SNAP_ESCAPE;
            escapes = (uint16_t)(escapes + escape);
            bad |= (code[i] >= ntuple) & (escape ^ 1);
        }
        for (uint32_t i = from ? from : 1; i < end; i++)
            bad |= offset[i] <= offset[i - 1];
        wrong |= bad;
        *ret += escapes;
    }
    return !wrong;
}

static bool part_sound(const struct snap *s, const struct snap_part *part, uint64_t left)
{
    const struct snap_header *h = s->head;
    uint64_t base = (uint64_t)part->chunk * SNAP_CHUNK;
    uint32_t escapes;
    if (part->n == 0 || part->n > SNAP_CHUNK || snap_part_size(part) > left || base >= h->n ||
        !(part->most > 0 && part->most < 1e9f))
        return false;
    const uint16_t *offset = (const void *)(part + 1), *code = offset + part->n;
    return postings_sound(offset, code, part->n, (uint16_t)h->ntuple, &escapes) &&
           escapes == part->escapes && base + offset[part->n - 1] < h->n;
}

static bool list_sound(const struct snap *s, const struct snap_term *t, const uint8_t *p,
                       uint64_t len)
{
    uint64_t df = 0;
    int64_t chunk = -1;
    for (unsigned i = 0; i < t->nchunk; i++) {
        const struct snap_part *part = (const void *)p;
        if (len < sizeof *part || part->chunk <= chunk || !part_sound(s, part, len))
            return false;
        chunk = part->chunk;
        df += part->n;
        p += snap_part_size(part);
        len -= snap_part_size(part);
    }
    return df == t->df;
}

int snap_list(struct snap *s, uint32_t term, struct snap_list *ret)
{
    const struct snap_term *t = snap_term(s, term),
                           *next = term + 1 < s->head->nterm ? snap_term(s, term + 1) : NULL;
    if (!t || s->bad)
        return KB_ERR_DAMAGED;
    uint64_t end = next ? next->list : s->head->section[SNAP_LISTS].len;
    const uint8_t *p = end >= t->list && t->list % 4 == 0
                           ? snap_bytes(s, SNAP_LISTS, t->list, end - t->list)
                           : NULL;
    if (p && !(s->vetted[term / 64] >> term % 64 & 1)) {
        if (list_sound(s, t, p, end - t->list))
            s->vetted[term / 64] |= 1ull << term % 64;
        else
            p = NULL;
    }
    if (!p) {
        s->bad = true;
        return KB_ERR_DAMAGED;
    }
    *ret = (struct snap_list){p, t->nchunk};
    return 0;
}

int snap_forward_row(struct snap *s, const struct snap_row *row, struct snap_walk *ret)
{
    const uint16_t *p = snap_bytes(s, SNAP_FORWARD, row->forward * 2ull, row->codes * 2ull);
    if (!p)
        return KB_ERR_DAMAGED;
    *ret = (struct snap_walk){.at = p, .end = p + row->codes};
    return 0;
}

int snap_forward(struct snap *s, uint32_t ord, struct snap_walk *ret)
{
    const struct snap_row *row = snap_row(s, ord);
    return row ? snap_forward_row(s, row, ret) : KB_ERR_DAMAGED;
}
