/* kb_int_index.h: from passages to the file: words, schema, one index run. One boxed section per file. */
#ifndef KB_KB_INT_INDEX_H
#define KB_KB_INT_INDEX_H

#include <sqlite3.h>
#include <string.h>

#include "kb/hash.h"
#include "kb/kb_int_source.h"

/* ---- stem.c: a word becomes the form in which words are compared ------------------------------------------ */

#define STEM_RAW 128 /* bytes of a word that are looked at */
#define STEM_MAX 64  /* bytes of a token */
struct stem;
int stem_new(struct stem **ret);
void stem_free(struct stem *st);
/* A number for a language ("de"), good for this instance; -1 when there are too many. Unknown ones are folded, not
 * stemmed. STEM_NO_RULES: nobody can say whether it is known, since libstemmer is not installed. */
#define STEM_NO_RULES (-2)
int stem_language(struct stem *st, const char *code);
/* `len` <= STEM_RAW bytes of valid UTF-8, folded and stemmed (stem_fold: only folded), into out[STEM_MAX]; returns
 * how many bytes, 0 when nothing remains. */
size_t stem_word(struct stem *st, int language, const char *s, size_t len, char *out);
size_t stem_fold(const char *s, size_t len, char *out);

/* Tokens are compared as 64-bit hashes where many are: two different ones that collide are not to be expected in the
 * life of a base, and would only choose another sentence. */
static inline uint64_t word_hash(const char *s, size_t len)
{
    uint64_t h = hash_64(HASH_64, s, len);
    return h ^ h >> 32;
}

/* strcmp(), for searches by halves: most words differ in their first byte, and then nothing is called. */
static inline int word_order(const char *a, const char *b)
{
    int first = (unsigned char)*a - (unsigned char)*b;
    return first ? first : strcmp(a, b);
}

/* What became of a word of ASCII letters: its first `head` letters, in small ones, and the tail behind them. */
struct stem_seen {
    uint64_t hash; /* word_hash() of that */
    bool stop;     /* a stop word of the language */
    uint8_t language, head, ntail;
    char tail[12];
};
/* Of `len` ASCII letters at s, small or not, where `room` bytes may be read. Good until the next call. NULL: ask stem_word(). */
const struct stem_seen *stem_letters(struct stem *st, int language, const char *s, size_t len,
                                     size_t room);

/* ---- tokenizer.c: words of questions and passages ------------------------------------------------------ */

/* The FTS5 tokenizer "guidepost": words of letters and digits, folded as text_fold() does, stemmed by
 * Snowball; C++, C#, A-level, U.S., 2-year survive, a compound word also gives its parts. A text may begin with
 * a language mark (see TOKENIZER_MARK): rows of one index may then be in different languages. Tokens are not words: making
 * tokens of one again may change it, so they never go into a MATCH expression; see candidates.c. */
#define TOKENIZER_MARK '\001' /* "\001de " at the head of a text: stem what follows as German */
int tokenizer_register(sqlite3 *db);

/* The same tokens for callers without FTS5. `colocated`: another form of the token before it, namely
 *   "followup", "alevel"   the compound whose first part was the token before ("follow", "a")
 *   "us."                  an acronym that is spelt like a stop word ("U.S.", or "US" amid small letters; the token
 *                          before is "us"); also "it.", "as.", "id.", "who.". Forms with a final dot are never stop words
 *   "network+", ".net"     a name with its mark (the token before is "network", "net")
 * A non-zero result of fn stops and is returned. */
typedef int token_fn(void *ctx, const char *token, size_t len, size_t start, size_t end,
                     bool colocated);
struct tokenizer;
int tokenizer_new(struct tokenizer **ret);
void tokenizer_free(struct tokenizer *t);
int tokenizer_run(struct tokenizer *t, const char *s, size_t len, token_fn *fn, void *ctx);

/* A token, for who wants nothing but its hash and its place. */
struct text_word {
    uint64_t hash;  /* word_hash() of the token */
    uint32_t start; /* bytes */
    uint32_t len : 30;
    uint32_t other : 1; /* another form of the word before, at its place */
    uint32_t stop : 1;  /* a stop word of the language */
};
static inline size_t text_word_end(const struct text_word *w)
{
    return (size_t)w->start + w->len;
}
struct text_words {
    const struct text_word *word;
    size_t n;
};
/* The same of a text in `lang` without a mark. Lives in `pool`. */
void tokenizer_hash(struct tokenizer *t, const char *lang, const char *s, size_t len,
                    struct pool *pool, struct text_words *ret);
/* The same once more for who knows the n tokens of the text already, and whether they are stop words: nothing is stemmed, it is
 * only found out where they stand. False: the text has other tokens, and what was found is void. */
bool tokenizer_place(struct tokenizer *t, const char *lang, const char *s, size_t len,
                     struct text_word *word, size_t n);

/* What FTS5 on this connection has tokenized to be indexed is also told to the tap: text() before each text, which
 * stays where it is until the last token() of it. Neither can refuse. NULL ends it. */
struct tokenizer_tap {
    void (*text)(void *ctx, const char *s, size_t len);
    token_fn *token;
    void *ctx;
};
int tokenizer_tap(sqlite3 *db, const struct tokenizer_tap *tap);

/* ---- stopword.c: words that carry no content in a question ----------------------------------------------- */

/* `word` is folded, not stemmed. Per language; unknown languages have none. */
bool stopword(const char *lang, const char *word, size_t len);
/* All of them, in byte order. */
#define STOPWORD_SIZE 9 /* with its end; behind a shorter one are zeroes */
const char (*stopword_list(const char *lang, size_t *ret_n))[STOPWORD_SIZE];

/* ---- smallword.c: stop words and light words, found at once --------------------------------------------------- */

/* A bit for each list: the stop words of a language, 0 for one that has none; or this: */
#define SMALLWORD_LIGHT 0x80u
unsigned smallword_lang(const char *lang);
/* In which lists the word is, folded. */
unsigned smallword(const char *word, size_t len);

/* ---- trait.c: what kinds of things a passage has -------------------------------------------------------------- */

enum {
    TRAIT_ENTRY = 1 << 0, /* somebody wrote it as the answer to a question; not by trait_of() */
    TRAIT_MONEY = 1 << 1,
    TRAIT_PERIOD = 1 << 2,
    TRAIT_DIGIT = 1 << 3,
    TRAIT_DATE = 1 << 4,
    TRAIT_MANY = 1 << 5, /* items or rows */
    TRAIT_ENUMERATION = 1 << 6,
    TRAIT_STEPS = 1 << 7,
    TRAIT_DIFFERENCE = 1 << 8,
    TRAIT_REASON = 1 << 9,
    TRAIT_LABEL = 1 << 10 /* a line with a label: heading.c */
};
/* `units`: n struct unit, in memory or as the file has them, aligned or not. */
uint16_t trait_of(const char *body, const void *units, size_t n);
bool trait_many(const void *units, size_t n); /* whether it has TRAIT_MANY */

/* ---- schema.c: the file ------------------------------------------------------------------------------------ */

#define SCHEMA_APPLICATION_ID 0x47504b42 /* "GPKB": of the file's header */

/* Open with our pragmas and tokenizer; a writable one is created when absent, path NULL is one in memory. Checks
 * that the file is ours and of this version (schema and ranking) before anything is read from it. A reader in a
 * folder where nothing can be written gets the file as it stands (SQLite's "immutable"). Close with sqlite3_close(). */
int schema_open(const char *path, bool writable, sqlite3 **ret_db);
/* A reader is about to ask again: from now on pages that were read are kept. */
void schema_reads_on(sqlite3 *db);
/* The first bytes of any file, zeroes where it is shorter. By way of SQLite: in POSIX whoever closes a file drops all locks
 * that the process has on it, so that a database which threads may have open must never be opened by itself. */
int schema_peek(const char *path, unsigned char *ret, int n);
int schema_create(sqlite3 *db);
/* Around the first load of an empty base, within its transaction: quicker, and the same in the end. */
int schema_load_begin(sqlite3 *db);
int schema_load_end(sqlite3 *db);
/* The number that `sql` selects, `otherwise` when there is none; ?1 is `bind` if it occurs. */
long long schema_number(sqlite3 *db, const char *sql, long long bind, long long otherwise);
/* A column's text, "" for NULL: until the statement's next step, or for good in `pool`. */
const char *schema_column(sqlite3_stmt *st, int i);
const char *schema_column_copy(struct pool *pool, sqlite3_stmt *st, int i);
/* `s`, NULL being "", must stay until the statement was run. */
void schema_bind_text(sqlite3_stmt *st, int i, const char *s);
/* The base's random id and the generation that this transaction sees. */
int schema_identity(sqlite3 *db, uint8_t ret_base[16], int64_t *ret_generation);
int schema_err(int sqlite_rc); /* SQLite's code as an enum kb_err; our own codes pass through */
int schema_db_err(
    sqlite3 *db, int sqlite_rc); /* the same right after a write: tells a full disk by errno, too */

/* ---- index_file.c: the file that is being written ----------------------------------------------------------------- */

/* One writer's hold on a base: the lock, and either the base itself or a new one that is built beside it. */
struct index_file {
    char *path, *lock, *fresh; /* fresh: "<path>.new-<pid>", NULL when the base itself is updated */
    int lock_fd;
    bool suspect; /* the run before this one died */
    sqlite3 *db;
};
/* Lock (waiting for another writer at most so long), clean up after crashed ones, and open; a missing, damaged or
 * older base makes a fresh one. On failure report->message says why. Always index_file_release(), which throws away
 * what was not published. */
int index_file_open(const char *path, int wait_ms, struct index_file *ret,
                    struct kb_report *report);
/* The base turned out to be damaged after all: close it and start a fresh one. */
int index_file_restart(struct index_file *f, struct kb_report *report);
/* KB_ERR_DAMAGED when any page is not as it should be. Reads all of the file: a second for each gigabyte or two. */
int index_file_check(sqlite3 *db);
/* After the commit: make it durable and visible. */
int index_file_publish(struct index_file *f, struct kb_report *report);
void index_file_release(struct index_file *f);
/* A base and all that may stand beside it; only for one that nobody else has open. */
void index_file_remove(const char *path);

/* ---- index_memory.c: what the last run knew of each file --------------------------------------------------------- */

/* The table `files` in memory: a struct source_memory for source_read(), and which row a document belongs to. */
struct index_memory;
int index_memory_new(sqlite3 *db, struct index_memory **ret);
void index_memory_free(struct index_memory *m);
struct source_memory index_memory_source(struct index_memory *m);
/* The row of the file that is being read. Touches no database. */
long long index_memory_file(struct index_memory *m);
/* Each row whose documents this run has not vouched for, since its file was read anew or not met; 0 at the end. */
long long index_memory_doubtful(const struct index_memory *m, size_t *at);
/* Afterwards: write down what is new, forget the files that were not met. */
int index_memory_finish(struct index_memory *m);

/* ---- index_passage.c: passages become rows, words and lines in the change log ----------------------------------------- */

struct snap_builder;
struct index_passages;
int index_passages_new(sqlite3 *db, struct index_passages **ret);
void index_passages_free(struct index_passages *w);
/* Let a snapshot gather what is written from now on. */
int index_passages_hear(struct index_passages *w, struct snap_builder *snap);
/* Write the passages of a new document. */
int index_passages_add(struct index_passages *w, long long document, const struct document *doc,
                       const struct passage *passage, size_t n);
/* Cut a document and write its passages; of those it had before, the ones that say the same stay. */
int index_passages_change(struct index_passages *w, long long document, const struct document *doc);
int index_passages_remove(struct index_passages *w, long long document);
/* Afterwards; how many passages and entries there are more than before. */
int index_passages_finish(struct index_passages *w, long long *ret_added, long long *ret_entries);

/* ---- index_load.c: a first load, on two threads ------------------------------------------------------------------------- */

/* Writes a document and its passages; on another thread, so until index_load_end() it alone may touch what it writes to.
 * Non-zero ends it all. `doc` has what is written and nothing else. */
typedef int index_load_fn(void *ctx, const struct document *doc, long long file,
                          const struct passage *passage, size_t n);
struct index_load;
int index_load_new(index_load_fn *write, void *ctx, struct index_load **ret);
/* Cut a document, and have it and its passages written at some later time. What went wrong with earlier ones is
 * returned sooner or later. */
int index_load_put(struct index_load *l, const struct document *doc, long long file);
/* Wait until all is written. */
int index_load_end(struct index_load *l);
void index_load_free(struct index_load *l);

/* ---- index_document.c: documents become rows ------------------------------------------------------------------------ */

struct index_writer;
int index_writer_new(sqlite3 *db, struct index_memory *memory, struct kb_report *report,
                     struct index_writer **ret);
void index_writer_free(struct index_writer *w);
/* The base is empty, so everything will be new: gather a snapshot on the way. */
int index_writer_load(struct index_writer *w, struct snap_builder *snap); /* or NULL */
/* A document_fn: writes it unless it is there already, and counts it in the report. */
int index_document(void *writer, struct document *doc);
/* After the last one: what is still on its way is written. Until then the database is the writer's alone. */
int index_writer_flush(struct index_writer *w);
/* Afterwards: remove the documents that are no more, and bring the counts in `meta` in step. */
int index_writer_finish(struct index_writer *w);
/* True when readers can tell the difference. */
bool index_writer_changed(const struct index_writer *w);

/* ---- index_snapshot.c: the snapshot beside it (snap.h) ---------------------------------------------------------------- */

/* One that is gathered while a new base is filled, then written while the base is. */
struct index_snapshot;
struct index_snapshot *
index_snapshot_new(const char *db_path); /* NULL: no memory; it can do without */
struct snap_builder *index_snapshot_builder(struct index_snapshot *s); /* NULL for NULL */
/* In the transaction, when all is gathered: write it as what the next generation shows. Goes on in the background. */
void index_snapshot_start(struct index_snapshot *s, sqlite3 *db);
void index_snapshot_free(struct index_snapshot *s); /* and the file, unless it was put in place */
/* Under the lock, after publishing: put `s` (or NULL) in place, or write one unless a sound one is near enough.
 * `thorough`: read all of the old one to know whether it is sound. Failures are warnings. */
int index_snapshot_finish(struct index_snapshot *s, struct index_file *f, bool thorough,
                          struct kb_report *report);
/* In the transaction: drop the change log that a sound snapshot has made useless. */
int index_forget_changes(sqlite3 *db, const char *db_path);

/* ---- index.c: sources into the file (kb_index, kb_check) ----------------------------------------------------- */

#endif
