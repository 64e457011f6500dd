/* bench.h: what the files of tests/bench/ share: generated passages, engines that answer questions, times as
 * percentiles, and what was measured. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void die(const char *what, const char *why) __attribute__((noreturn));

/* ---- clock.c ---- */

uint64_t now_ns(void);

/* What some work took: time on the wall, and of processors, which is more where there are several threads. */
struct cost {
    uint64_t wall, cpu; /* ns */
};
struct cost cost_now(void);
void cost_add(struct cost *c, struct cost since); /* what was spent since then */

/* How long something of this thread took: the processor's time, so that other programs on the machine do not count;
 * for what is too short for that clock, the wall's. */
struct stopwatch {
    uint64_t wall, thread;
};
struct stopwatch stopwatch_start(void);
uint64_t stopwatch_ns(const struct stopwatch *w);

struct times {
    uint64_t *ns;
    size_t n, cap;
};
void times_add(struct times *t, uint64_t ns);
uint64_t times_at(struct times *t, double share); /* 0.5: the median; sorts. 0 without any */
void times_release(struct times *t);

/* ---- corpus.c: passages by the million from a few thousand sentences ---- */

#define TITLE_SIZE 128
#define TEXT_SIZE  8192

struct corpus {
    char **sentence; /* in file order */
    size_t nsentence;
    char **question;
    size_t nquestion;
};

/* Sentences of every <dir>/<collection>/corpus.jsonl and questions of queries.jsonl; in a folder without such
 * collections, of its guides. Exits with a line on failure. */
void corpus_read(struct corpus *c, const char *dir);
void corpus_release(struct corpus *c);

/* A number that another corpus hardly has: see kept_stamp(). */
uint64_t corpus_stamp(const struct corpus *c, uint64_t stamp);

/* Passage i: four to eight sentences, drawn by a generator that is seeded with i alone, so that every engine and
 * every run sees the same text. */
void corpus_passage(const struct corpus *c, size_t i, char title[TITLE_SIZE], char text[TEXT_SIZE]);

/* The next word of *s (letters, digits, all that is not ASCII), moved behind it; 0 at the end. */
size_t corpus_word(const char **s, const char **ret_word);

/* ---- kept.c: what takes long to build, from one run to the next ---- */

/* A number that tells texts, or files, from others: begin with any, go on with what comes out. */
uint64_t kept_stamp(uint64_t stamp, const char *s);
uint64_t kept_stamp_file(uint64_t stamp, const char *path);
/* Whether this file or folder was built from what `stamp` stands for, and what that took. */
bool kept_find(const char *thing, uint64_t stamp, struct cost *ret);
void kept_note(const char *thing, uint64_t stamp, struct cost cost);
void kept_forget(const char *thing);
/* A file or folder, if it is there. */
void kept_remove(const char *thing);

/* ---- core.c: the only file here that looks inside kb/ ---- */

struct core;
/* A base, held open at one state. */
struct core *core_open(const char *db);
/* The ten best passages and their scores, by the first stage alone: no rerank, no confidence, no extract.
 * core_ask_every() keeps question words. */
void core_ask(struct core *c, const char *question);
void core_ask_every(struct core *c, const char *question);
void core_close(struct core *c);
/* The question without the words that kb/ drops; all of it when nothing would be left. */
void core_content(const char *question, char *ret, size_t size);
/* Write the snapshot of the base at `db` anew: what that takes, and its size in bytes. */
struct cost core_snapshot(const char *db, size_t *ret_bytes);

/* ---- plain.c: FTS5 as it comes ---- */

struct plain;
/* Insert n passages into a table with the tokenizer `porter unicode61`, in one transaction, and optimize it. */
void plain_build(const struct corpus *c, size_t n, const char *path, struct cost *ret);
struct plain *plain_open(const char *path);
void plain_ask_rank(struct plain *p, const char *question); /* ORDER BY rank LIMIT 10 */
void plain_ask_bm25(struct plain *p, const char *question); /* ORDER BY bm25(p) LIMIT 10 */
void plain_free(struct plain *p);

/* ---- xapian.cc: Xapian with its defaults: BM25, English stems, no positions. Only where it is installed ---- */

struct xapian;
void xapian_build(const struct corpus *c, size_t n, const char *path, struct cost *ret);
struct xapian *xapian_open(const char *path);
void xapian_ask(struct xapian *x, const char *question);
void xapian_free(struct xapian *x);

/* ---- program.c: the whole program, from outside ---- */

/* From the start of `guidepost ask` to its first line; `cpu` until it has ended. Medians of `times`. */
struct cost program_start(const char *program, const char *db, const char *question, size_t times);
/* `guidepost ask --batch` with n questions: KiB that it holds afterwards and that it held at most. */
void program_memory(const char *program, const char *db, char **question, size_t n, long *ret_held,
                    long *ret_most);

/* ---- report.c: what was measured, as tables ---- */

enum engine { FTS5_RANK, FTS5_BM25, XAPIAN, CORE, WHOLE, AGAIN, ENGINES };
enum words { CONTENT, EVERY, WORDS }; /* question words dropped; every word kept */

struct result {
    size_t passages, questions[WORDS], files;
    bool kept; /* builds are those of an earlier run */
    struct times times[WORDS][ENGINES];
    double words[WORDS]; /* of a question, on average */
    struct cost build_plain, build_ours, build_snapshot, build_xapian;
    size_t bytes_plain, bytes_index, bytes_snapshot, bytes_xapian;
    uint64_t open;                /* kb_open and the first answer */
    struct cost start;            /* of a process, until its first answer */
    uint64_t change, change_seen; /* index one changed file; until an answer shows it */
    long held, most;              /* KiB */
};

void report_size(struct result *r);
/* What was to be reached, and whether it was, over all sizes. */
void report_targets(struct result *r, size_t n);
/* A JSON object per size, one a line. */
void report_json(struct result *r, size_t n, const char *path);

#ifdef __cplusplus
}
#endif
#endif
