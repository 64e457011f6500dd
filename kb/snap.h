/* snap.h: the snapshot, a file beside the index from which questions are ranked in microseconds.
 *
 * FTS5 remains the index of record. The snapshot holds the same postings in the form that ranking wants
 * (snap_find.c tells why), is derived from the index and can be deleted at any time. `<db>.snap` is written
 * to a temporary name and renamed, and never changed afterwards; all threads read it page by page into one copy in
 * memory (snap_file.c tells why it is not simply mapped, and when it is), so none ever waits for another's question. It carries the base's
 * id and the generation of the index it was made from. What changed since then is read from the index's change log into
 * a small delta (snap_view.c), so that an edited entry counts at the next question, without a rebuild.
 *
 * Nothing in the file is trusted: the header has a checksum, so has every page of 4 KiB behind it, checked when a
 * question first needs it; and every number read is checked against its range. A file that fails
 * is dropped, and FTS5 answers meanwhile (candidates.c). The checksums of pages are pages themselves (SNAP_PAGES), whose
 * own are few (SNAP_TOP): a start reads those, and of the table what it needs.
 *
 * Layout: header, then sections, each aligned to 8 bytes, numbers little-endian. An `ord` is the place of a
 * passage in the order in which equal scores are ranked (bm25f_tie, then its id), from 0: which of two comes first can be
 * told without a look at them. A term id is its place in descending order of frequency, so that frequent words have short
 * codes. */
#ifndef KB_SNAP_H
#define KB_SNAP_H

#include "kb/kb_int.h"

#define SNAP_FORMAT  8
#define SNAP_PAGE    4096u  /* bytes that are checked at once, and a page of memory */
#define SNAP_CHUNK   65536u /* passages whose offsets fit 16 bits */
#define SNAP_NO_TERM UINT32_MAX
#define SNAP_ESCAPE  0xffffu /* a code: its tuple stands behind the list */
#define SNAP_CODES   0xfffeu /* so many others at most */

enum snap_section {
    SNAP_ROWS,  /* struct snap_row, per passage */
    SNAP_ORDER, /* u32 ords, in ascending order of their passages' ids */
    SNAP_NAMES, /* terminated strings, the first one "" */
    SNAP_DATED, /* struct snap_dated, ascending: passages with a date of validity, or for an audience */
    SNAP_CONDITIONS, /* passages with needs or nots: see snap_builder.c */
    SNAP_BUCKETS,    /* u32 term + 1, hashed by its bytes; 0: free */
    SNAP_TERMS,      /* struct snap_term, per term */
    SNAP_STRINGS,    /* bytes of the terms, each terminated */
    SNAP_SORTED,     /* u32 terms, in byte order */
    SNAP_TUPLES,     /* struct snap_tuple, per code, the commonest first */
    SNAP_LISTS,      /* postings: see struct snap_part */
    SNAP_FORWARD,    /* u16 codes: the terms of each passage in order, see struct snap_walk */
    SNAP_SYNONYMS,   /* synonyms as tokens: see synonym_ask.c; empty in a delta */
    SNAP_PAGES, /* u32 checksum per page of everything before this section, which begins a page */
    SNAP_TOP,   /* the same of SNAP_PAGES */
    SNAP_SECTIONS
};

struct snap_header {
    char magic[8];
    uint32_t format, ranking, schema, order; /* order: 0x01020304 as this machine writes it */
    uint8_t base[16];                        /* meta.base of the index */
    int64_t generation;
    uint64_t length; /* of the file */
    uint32_t n, nterm, ntuple, nname;
    uint32_t main_lang, reserved; /* main_lang: of most passages, a place in SNAP_NAMES */
    uint32_t filled[FIELDS];      /* passages with text in the field */
    uint64_t total[FIELDS];       /* tokens in it */
    struct {
        uint64_t at, len;
    } section[SNAP_SECTIONS];
    uint64_t top_check;                                               /* of SNAP_TOP */
    uint8_t blank[SNAP_PAGE - 96 - 12 * FIELDS - 16 * SNAP_SECTIONS]; /* zero: a page of its own */
    uint64_t check;                                                   /* of everything before it */
};
_Static_assert(sizeof(struct snap_header) == SNAP_PAGE, "pages of the file are pages of memory");

/* What is asked about few passages of a question: all in one place, so that one page has it. */
struct snap_row {
    uint32_t id;  /* passages.id */
    uint32_t tie; /* order among equal scores: bm25f.h */
    uint32_t forward,
        codes;              /* where its words begin in SNAP_FORWARD, and how many codes they are */
    uint8_t lang, audience; /* places in SNAP_NAMES */
    uint16_t traits;        /* what kinds of things it has: trait.c */
    uint16_t length[FIELDS]; /* tokens */
};

struct snap_dated {
    uint32_t ord;
    int32_t from, until; /* 0 and INT32_MAX when open */
};

struct snap_term {
    uint64_t list;   /* byte offset into SNAP_LISTS */
    uint32_t string; /* byte offset into SNAP_STRINGS */
    uint32_t df;     /* passages that have it */
    uint16_t len;    /* bytes */
    uint16_t nchunk; /* parts of its list */
    uint32_t check;  /* zero */
};

/* How a word stands in a passage, all that its tf (bm25f.h) depends on: how often in each field, and how long those are in which
 * it stands (the others: 0). */
struct snap_tuple {
    uint8_t count[FIELDS];
    uint16_t length[FIELDS];
};

/* A term's passages within one chunk. Behind it: u16 offset[n], ascending; u16 code[n]; then a struct snap_tuple for every
 * code that is SNAP_ESCAPE, in order. */
struct snap_part {
    uint16_t chunk, reserved;
    uint32_t n, escapes;
    float most; /* the largest tf (bm25f.h) of the part with the averages of the build */
};

struct snap;

/* Open `path`. KB_ERR_ABSENT, KB_ERR_DAMAGED (also: of another machine), KB_ERR_OLDER (another format, ranking
 * version, or base). Whether the generation fits is the caller's to judge. */
int snap_open(const char *path, const uint8_t base[16], struct snap **ret);
/* The same for an image in memory, which is taken over (free()), also on failure. */
int snap_adopt(uint8_t *image, size_t size, const uint8_t base[16], struct snap **ret);
void snap_close(struct snap *s);

/* Write the snapshot of what `db` holds now to `path`, by way of a temporary file, synced. Must be called in a
 * read transaction. KB_ERR_FULL and KB_ERR_IO leave the old one in place. */
int snap_build(sqlite3 *db, struct tokenizer *t, const char *path);

/* The same step by step, for passages whose words are being heard anyway (tokenizer_tap): each passage, in ascending
 * order of its id, then for each of its FIELDS texts snap_builder_text() and its tokens. What goes wrong is remembered and
 * returned at the end. */
struct snap_passage {
    long long id;
    const char *key, *lang, *audience, *valid_from, *valid_until;
    const char *needs, *nots; /* JSON arrays */
    uint16_t traits;          /* trait_of(), and TRAIT_ENTRY */
};
struct snap_builder;
struct snap_builder *snap_builder_new(void); /* NULL: no memory */
void snap_builder_free(struct snap_builder *b);
void snap_builder_passage(struct snap_builder *b, const struct snap_passage *p);
void snap_builder_text(void *builder, const char *s, size_t len);
token_fn snap_builder_token;
size_t snap_builder_passages(const struct snap_builder *b); /* so far */
/* Give it the base's synonyms, once all passages are in, whose language they are read in. It can do without. */
void snap_builder_synonyms(struct snap_builder *b, sqlite3 *db, struct tokenizer *t);
/* Write it to `path`, synced, as what that generation of the base holds, which must be exactly these passages. Uses
 * nothing but the builder, so it may run on another thread. On failure there is no file. */
int snap_builder_write(struct snap_builder *b, const uint8_t base[16], int64_t generation,
                       const char *path);

/* The same in memory, of the passages in the change log after generation `since`. *ret_image is the caller's (free()). */
int snap_build_changed(sqlite3 *db, struct tokenizer *t, long long since, uint8_t **ret_image,
                       size_t *ret_size);

const struct snap_header *snap_head(const struct snap *s);
/* True once a page failed its checksum or a number its range: use it no more. */
bool snap_bad(const struct snap *s);

/* True when the file may have been written to since, so that its bytes may not be what was checked. One fstat(2),
 * and only of a large file; others are copied. */
bool snap_moved(const struct snap *s);

/* Check the file on disk: its header, and with `all` every page. */
int snap_verify(const char *path, const uint8_t base[16], bool all, int64_t *ret_generation);

/* The bytes of a section, checked; NULL when out of range or damaged. */
const void *snap_bytes(struct snap *s, enum snap_section section, uint64_t at, uint64_t len);

/* Of the passage; NULL when out of range or damaged. */
const struct snap_row *snap_row(struct snap *s, uint32_t ord);

/* Where the passage with this id is, UINT32_MAX when there is none; also when the file is damaged (snap_bad). */
uint32_t snap_ord(struct snap *s, uint32_t id);

uint32_t snap_lookup(struct snap *s, const char *token, size_t len);
const struct snap_term *snap_term(struct snap *s, uint32_t term);

static inline uint64_t snap_part_size(const struct snap_part *p)
{
    return sizeof *p + p->n * 4ull + p->escapes * (uint64_t)sizeof(struct snap_tuple);
}

/* Texts have words, and not more than can be counted: averages are then ordinary numbers. */
static inline bool snap_length_sound(uint64_t n, uint64_t total, uint64_t filled)
{
    return filled <= n && total >= filled && total / UINT16_MAX <= filled;
}

/* A cursor over the parts of a list. */
struct snap_list {
    const uint8_t *at;
    uint32_t left;
};

/* The whole list of a term, its bytes and its numbers checked (once per snapshot and term). */
int snap_list(struct snap *s, uint32_t term, struct snap_list *ret);

/* ---- the forward list: a passage's tokens in the order they stand ---- */

/* A code of 16 bits for each token, and marks between them. Nearly every code is a term, whose place is one behind
 * the last token's. */
#define SNAP_LINE   0xfffcu /* a line of the question or of the headings ends */
#define SNAP_FIELD  0xfffdu /* the field ends */
#define SNAP_OTHER  0xfffeu /* the next token is another form of the last one, at its place */
#define SNAP_WIDE   0xffffu /* the next two codes are the two halves of a term, low one first */
#define SNAP_WANTED 4096u   /* see snap_sift() */
#define SNAP_CLOSER 255u    /* in its table: a mark, or one of several words */

struct snap_walk {
    const uint16_t *at, *end;
    uint32_t next;      /* place of the next token in its field */
    uint32_t term, pos; /* of the token at hand */
    unsigned field;
    bool other;
};

enum snap_step { STEP_END, STEP_TOKEN, STEP_LINE, STEP_FIELD };

/* Begin a walk over the passage. */
int snap_forward(struct snap *s, uint32_t ord, struct snap_walk *ret);
int snap_forward_row(struct snap *s, const struct snap_row *row, struct snap_walk *ret);

static inline enum snap_step snap_step(struct snap_walk *w)
{
    for (w->other = false; w->at < w->end;) {
        uint32_t code = *w->at++;
        switch (code < SNAP_LINE ? 0 : code) {
        case 0: break;
        case SNAP_LINE: return STEP_LINE;
        case SNAP_FIELD: w->next = 0; return ++w->field < FIELDS ? STEP_FIELD : STEP_END;
        case SNAP_OTHER: w->other = w->next > 0; continue;
        case SNAP_WIDE:
            if (w->end - w->at < 2)
                return STEP_END;
            code = (uint32_t)w->at[1] << 16 | w->at[0];
            w->at += 2;
        }
        w->term = code;
        w->pos = w->other ? w->next - 1 : w->next++;
        return STEP_TOKEN;
    }
    return STEP_END;
}

/* Of the codes from w->at on, the places of those that may be of interest: whose low bits do not name a zero in `wanted`. What
 * is there else is the number of a word plus one, which may be the token, or SNAP_CLOSER, as it must be for the marks:
 * go there and ask snap_step(). All codes between are tokens, one each. Returns how many; room for all is the caller's. No
 * branch depends on the data, since whether the next token is wanted is as good as random. */
static inline size_t snap_sift(const struct snap_walk *w, const uint8_t wanted[SNAP_WANTED],
                               uint32_t *ret)
{
    const uint16_t *p = w->at;
    size_t len = (size_t)(w->end - p), n = 0;
    for (size_t i = 0; i < len; i++) {
        ret[n] = (uint32_t)i;
        n += wanted[p[i] % SNAP_WANTED] != 0;
    }
    return n;
}

uint64_t snap_checksum(const void *data, size_t len);
/* The same in 32 bits, for a page. */
static inline uint32_t snap_page_sum(const void *data, size_t len)
{
    return (uint32_t)snap_checksum(data, len);
}
uint32_t snap_hash(const char *token, size_t len);

#endif
