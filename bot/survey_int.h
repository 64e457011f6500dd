/* survey_int.h: what the files of survey*.c share: the book in which facts are kept between two surveys. One thread has it. */
#ifndef BOT_SURVEY_INT_H
#define BOT_SURVEY_INT_H

#include "bot/cluster.h"
#include "bot/survey.h"

struct kb;
struct pool;

/* Something said or quoted, by a hash of its text. */
struct survey_names {
    uint64_t *hash; /* by number */
    size_t n, cap;
    uint32_t *slot; /* open addresses: number + 1 */
    size_t room;
};
uint64_t survey_hash(const char *s, size_t len);
/* Its number; a new one when *ret_new. */
uint32_t survey_name(struct survey_names *names, uint64_t hash, bool *ret_new);
void survey_names_release(struct survey_names *names);

/* A question in exactly these words. */
struct survey_text {
    const char *text;
    const struct cluster_word *word;
    size_t nword;
    uint64_t says; /* hash of its terms */
    size_t times;  /* in the book now; small talk aside */
    bool slips;    /* words of it the guides do not have */
};

struct survey_book {
    struct pool *pool; /* of all texts here */
    struct kb *kb;
    long long generation;
    struct survey_fact *fact; /* in order of id */
    size_t n, cap;
    struct survey_names text_names, document_names, passage_names;
    struct survey_text *text;
    size_t captext;
    struct survey_place *document, *passage;
    size_t capdocument, cappassage;
    const char **channel;
    size_t nchannel, capchannel;
    int64_t *publish;
    size_t npublish, cappublish;
};

/* ---- survey_read.c ---- */

/* Bring the book in step with what the transaction of `s` sees. 0 or a negative errno. */
int survey_read(struct survey_book *b, struct store *s, int64_t from_ms);
void survey_book_release(struct survey_book *b); /* the kb is the caller's */

/* ---- survey_group.c ---- */

/* The book as it is now, with groups, in a pool of its own: `ret` and all it points to. */
int survey_group(struct survey_book *b, struct store *s, struct pool *pool, struct survey *ret);

#endif
