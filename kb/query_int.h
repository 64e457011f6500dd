/* query_int.h: what the files of query_*.c share: a message on its way to become slots and terms. */
#ifndef KB_QUERY_INT_H
#define KB_QUERY_INT_H

#include "kb/kb_int.h"

/* Another word that may have been meant, or another way to write this one. */
struct query_form {
    const char *token, *then; /* then: the word behind it ("full time"), or NULL */
    double weight;
    enum kb_way way;
};

struct query_word {
    const char *token, *text; /* text: as typed, folded */
    const char *meant;        /* what it was corrected to, or NULL */
    unsigned small;           /* smallword() of `text` as it was typed */
    struct query_form
        *form; /* other tokens at this place: a compound, a British spelling, second guesses */
    size_t nform, capform;
    size_t start, end; /* bytes of the message */
    bool stop, asks;   /* asks: stands in a sentence that asks */
    double around;     /* 1, or less in a sentence beside one that asks */
    bool capitals;     /* MLT */
    double sure;       /* 1, or less when it was corrected */
    size_t slot;       /* SIZE_MAX: none */
};

struct query_message {
    struct pool *pool;
    const char *lang;
    const char *s; /* marked with its language */
    size_t len;
    struct query_word *word;
    size_t n, cap;
};

/* ---- query_message.c: text becomes words ------------------------------------------------------------------- */

int query_message(struct tokenizer *t, struct pool *pool, const char *lang, const char *s,
                  size_t len, struct query_message *ret);
bool query_word_in(const char *word, const char *const *list);
void query_add_form(struct query_message *m, struct query_word *w, const char *token,
                    const char *then, double weight, enum kb_way way);
/* One token of `text`, or NULL when it is none, or several. */
const char *query_token(struct tokenizer *t, struct pool *pool, const char *lang, const char *text);

/* ---- query_asking.c: which sentences ask ------------------------------------------------------------------------ */

/* Tell the sentences that ask from those around them: sets asks and around of every word. */
void query_asking(struct query_message *m);
/* "How do I get one?" behind message `m`: of its words those of the first thing that it has "a" or "an" before count in
 * full, the others as circumstances. Nothing changes when `later` has no "one" or `m` no such thing. */
void query_asking_one(const struct query_message *later, struct query_message *m);

/* ---- query_story.c: a story and its question in one sentence ---------------------------------------------------- */

/* Words [from, to) are a sentence: `around` of those that only lead up to its question becomes a little less than 1, so that
 * to lack one says nothing. */
void query_story(struct query_message *m, size_t from, size_t to);

/* ---- query_meant.c: what was meant by words that the base lacks ------------------------------------------------ */

/* `q` takes the corrections; NULL for earlier messages. */
void query_meant(const struct query_reader *reader, struct query *q, struct query_message *m);

/* ---- shorthand.c: "yrs", "ppl", "thx" ------------------------------------------------------------------------- */

/* What it is short for, "" when that says nothing, NULL when it is no shorthand. */
const char *query_shorthand(const char *lang, const char *word);

/* ---- numeral.c: "2" and "two" ------------------------------------------------------------------------------------ */

/* The same number in words when `word` is figures and the other way round; NULL for what is no small number. */
const char *query_numeral(const char *lang, const char *word);

/* ---- foreign.c: asked in another language ------------------------------------------------------------------------ */

/* ISO 639-1 of the language that the message seems to be in ("en" "de" "es" "fr" "ar"); NULL when that is the one that it
 * is read in, or cannot be told. */
const char *query_foreign(const struct query_message *m);

#endif
