/* snap_builder.h: a snapshot while it is made, shared by the files that make it and by nobody else:
 *
 *     snap_builder.c   takes passages and their words: a stream of numbers
 *     snap_number.c    final numbers, lists, codes
 *     snap_write.c     the file
 *     snap_build.c     all of it, out of an index
 */
#ifndef KB_SNAP_BUILDER_H
#define KB_SNAP_BUILDER_H

#include <stdio.h>

#include "kb/bm25f.h"
#include "kb/snap.h"

#define COLOCATED 0x80000000u /* of a token in the stream: another form of the one before */
#define LINE      0x7fffffffu /* in place of a token: a line ends */

struct word {
    uint32_t string, df, last, final; /* last: passage + 1 that counted it */
    uint64_t uses;
    uint32_t hash; /* ours, not the file's */
    uint16_t len;
};

struct posting {
    uint32_t ord;
    union {
        uint8_t count[FIELDS];
        uint32_t kind; /* from number_tuples() on */
    };
};

/* Postings of one kind. */
struct kind {
    struct snap_tuple tuple;
    uint16_t code;
    float tf;
    uint64_t uses;
};

/* Growing arrays, one macro: sizes are the owner's content, so running out is an error and not an abort. */
#define ARRAY(type, name)                                                                          \
    type *name;                                                                                    \
    size_t n_##name, cap_##name
#define ROOM(b, name, more)                                                                        \
    snap_builder_room(b, (void **)&(b)->name, (b)->n_##name, &(b)->cap_##name, sizeof *(b)->name,  \
                      more)

struct snap_builder {
    int err;
    ARRAY(struct word, word);
    ARRAY(char, string);
    ARRAY(uint32_t, token);   /* per passage and field: how many, then the words and LINEs */
    ARRAY(uint64_t, passage); /* where its tokens begin */
    ARRAY(uint32_t, id);
    ARRAY(uint32_t, tie);
    ARRAY(uint16_t, length); /* FIELDS per passage; by ord from snap_number() on */
    ARRAY(uint8_t, group);   /* language, audience */
    ARRAY(uint16_t, trait);
    ARRAY(char, name);
    ARRAY(struct snap_dated, dated);
    ARRAY(char, condition); /* with places in the stream, until snap_number() */
    ARRAY(char, synonym);   /* as SNAP_SYNONYMS has them */
    ARRAY(struct posting, posting);
    ARRAY(uint64_t, forward_at);
    ARRAY(uint16_t, forward);
    uint32_t *at;     /* of each ord, the place of its passage in the stream; */
    uint32_t *ord;    /* and the other way round */
    uint32_t *bucket; /* word + 1, by hash */
    uint32_t nbucket;
    uint32_t *order; /* words, most frequent first */
    uint64_t *first; /* of each final term, its first posting; one more than terms */
    ARRAY(struct kind, kind);
    uint32_t *code; /* the kind of each, most frequent first */
    struct snap_header head;
    unsigned text;      /* of the passage, begun so far */
    size_t text_at;     /* where the current one is in `token`: its number of tokens */
    const char *line;   /* the current text, if its lines count */
    size_t line_at;     /* up to where they were counted */
    size_t lines, seen; /* ends of lines in it; those that are in the stream */
    double average[FIELDS];
};

/* Room for `more` items behind the first n, or b->err. */
void snap_builder_grow(struct snap_builder *b, void **items, size_t n, size_t *cap, size_t size,
                       size_t more);
static inline void snap_builder_room(struct snap_builder *b, void **items, size_t n, size_t *cap,
                                     size_t size, size_t more)
{
    if (!b->err && n + more > *cap)
        snap_builder_grow(b, items, n, cap, size, more);
}

/* What is behind the last token of the text before: to be called when the last passage is in. */
void snap_builder_end(struct snap_builder *b);

/* The language of most passages so far, which becomes the header's; of two the one whose name comes first. */
const char *snap_builder_lang(struct snap_builder *b);

/* From a stream of words to lists in their final order. 0 or an enum kb_err. */
int snap_number(struct snap_builder *b);

/* Everything into `f` (NULL: errno says why not), which is closed; when it is a `file`, it is on disk then. 0 or an enum
 * kb_err. */
int snap_write(struct snap_builder *b, FILE *f, bool file);

#endif
