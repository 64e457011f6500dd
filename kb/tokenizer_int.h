/* tokenizer_int.h: what tokenizer.c and tokenizer_piece.c share: one text on its way, and one piece of it. */
#ifndef KB_TOKENIZER_INT_H
#define KB_TOKENIZER_INT_H

#include "kb/kb_int.h"

enum kind { OTHER, LETTER, DIGIT, MARK, SOLO };

struct tokenizer_scan {
    struct tokenizer *t;
    const char *s;
    size_t len;
    char lang[8];
    int language; /* of stem.c */
    bool english;
    bool elides;         /* l'école: the apostrophe parts words */
    bool decimal_comma;  /* 57.380,50 */
    bool capitals_count; /* the text is not all in capitals */
    bool placed;         /* the chain has given a token that others can stand beside */
    token_fn *fn;        /* who hears the tokens; or NULL, and they are noted here: */
    void *ctx;
    struct text_word *word;
    size_t n, cap;
    bool known;        /* all but their places is there; `n` counts on where there is no room */
    struct pool *pool; /* else it grows in there */
};

struct tokenizer_piece {
    size_t start, end;  /* bytes of the text */
    char raw[STEM_RAW]; /* without apostrophes and separators */
    size_t len;
    size_t letters; /* characters that are letters */
    bool digits, capitals, full, solo;
    char mark[4]; /* "++" of C++, "" */
    bool dotted;  /* .NET */
};

/* The character at `pos`: its kind, length and code point (-1 for a bad byte or the end). */
enum kind tokenizer_piece_peek(const struct tokenizer_scan *x, size_t pos, size_t *ret_n,
                               int32_t *ret_c);
enum kind tokenizer_piece_kind(const struct tokenizer_scan *x, size_t pos);
/* Read the piece at `pos`, where a letter, digit or mark stands. */
void tokenizer_piece_read(const struct tokenizer_scan *x, size_t pos, struct tokenizer_piece *p);

#endif
