/* extract.h: what extract.c, extract_scan.c and extract_want.c share: a passage, unit by unit, as the question
 * sees it. */
#ifndef KB_EXTRACT_H
#define KB_EXTRACT_H

#include "kb/kb_int.h"

/* One unit of the passage: a sentence, an item, a row. */
struct seen {
    float *fill;  /* per slot of the question: weight of the best term that is here */
    double worth; /* their sum, as a share of the question */
    double fit;   /* 0..1: how much it is the kind of thing that was asked for */
    double label; /* it begins with a label, and the label is this share of the question */
    bool
        titled; /* a paragraph begins with it, and it with a label: "Compassion. Nurses must ..." */
    bool dangling; /* begins with a word for something that was named before it: "They", "This" */
    bool quoted;   /* some of its bytes were quoted before */
    bool aside;    /* sends the reader elsewhere: "For more on ...", "Visit ..." */
};

/* How much may be quoted; see extract.c. */
struct extract_sizes {
    size_t whole, list, round_off;
};

struct scan {
    const struct extract_sizes *size; /* set by extract.c */
    const struct query *q;
    const struct row *row;
    struct pool *pool;
    const char *text; /* of the passage */
    struct seen *seen;
    double *share;        /* per slot: of the question */
    double *value;        /* per slot: what finding it in a sentence is worth; see extract_scan() */
    double own;           /* share of the question that is not from earlier messages */
    float *headline;      /* per slot: as in struct seen, for title, headings and question */
    double has;           /* 0..1: how much of the message's own words the passage has */
    double told;          /* the part of it that title, headings or entry's question say */
    size_t fresh;         /* units that were not quoted before */
    size_t first;         /* unit in which the subject is first spoken of */
    struct kb_span *mark; /* words of the question, as spans of `text` */
    size_t nmark, capmark;
};

/* Fill *ret from the passage's text and the places of the question's words that the first stage found. Lives in
 * `pool`. */
void extract_scan(struct tokenizer *t, const struct query *q, struct pool *pool,
                  const struct row *row, const struct candidate *c, struct scan *ret);

/* ---- extract_want.c: is this the kind of sentence that was asked for? Each 0..1 ------------------------- */

double extract_fit(enum query_want want, const char *s, size_t len, enum block_kind kind);
bool extract_dangling(const char *s, size_t len);
bool extract_aside(const char *s, size_t len);
/* The first sentence of a paragraph is only what the rest is about: "Compassion. Nurses must ..." */
bool extract_titled(const char *s, size_t len);
/* Length of the label that an item or row begins with ("Biology: ...", "**Biology** ...", a first cell), without
 * its mark; 0: none. *ret_start: where its words begin. */
size_t extract_label(const char *s, size_t len, enum block_kind kind, size_t *ret_start);

#endif
