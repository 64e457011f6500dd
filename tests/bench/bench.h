/* bench.h: what the files of tests/bench/ share: generated passages, questions, times as percentiles. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* ---- corpus.c: passages by the million from a few thousand sentences ---- */

struct corpus {
    char **sentence; /* of the collections, in file order */
    size_t nsentence;
    char **question;
    size_t nquestion;
};

/* Sentences of every <dir>/<collection>/corpus.jsonl and questions of queries.jsonl. Exits with a line
 * on failure. */
void corpus_read(struct corpus *c, const char *dir);
void corpus_release(struct corpus *c);

/* Passage i: four to eight sentences, drawn by a generator that is seeded with i alone, so that every
 * engine and every run sees the same text. */
void corpus_passage(const struct corpus *c, size_t i, char *title, size_t title_size, char *text,
                    size_t text_size);

/* ---- core.c ---- */

struct kb;
/* Nanoseconds for the best `max` passages by the first stage alone. */
uint64_t core_ask(struct kb *kb, const char *text, size_t max);

/* ---- clock.c ---- */

uint64_t now_ns(void);

struct times {
    uint64_t *ns;
    size_t n, cap;
};
void times_add(struct times *t, uint64_t ns);
uint64_t times_at(struct times *t, double share); /* 0.5: the median; sorts */
void times_release(struct times *t);

#endif
