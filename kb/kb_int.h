/* kb_int.h: what the files of kb/ share, and nobody else sees. One boxed section per file, in the
 * order of the life of a source (text, document, passage, index) and then of a question (query,
 * candidates, rank, confidence, extract). Everything named `ret_` is untouched on failure. */
#ifndef KB_KB_INT_H
#define KB_KB_INT_H

#include <sqlite3.h>

#include "kb/kb.h"
#include "kb/pool.h"
#include "kb/yaml.h"

/* ---- limits.  How big anything may get inside kb/ ------------------------------------------------ */

#define KB_MAX_SOURCE    (64u << 20) /* bytes of one file; larger ones are refused with a message */
#define KB_MAX_DEPTH     64  /* nested lists, folders, JSON: deeper is flattened or refused */
#define KB_PASSAGE_WORDS 110 /* a section with more is split at a block boundary; see passage.c */
#define KB_MAX_PROBLEMS  200 /* reported per run; the rest are counted */
#define QUERY_WORDS      512 /* of one message that are looked at, question words included */
#define KB_MAX_TERMS     32  /* of a question; what asks comes first, the rest is not looked at */
#define KB_CANDIDATES    200 /* passages that the first stage hands out at most */

/* ---- report.c: problems with a place ------------------------------------------------------------- */

void report_add(struct kb_report *report, bool error, const char *file, size_t line, size_t column,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* ---- text.c: bytes become valid UTF-8 in NFC ------------------------------------------------------ */

struct text_fix {
    size_t invalid;      /* bytes and characters that were replaced */
    size_t controls;     /* of these, control characters */
    size_t line, column; /* of the first one */
    bool changed;
};

/* `s` as valid UTF-8, NFC, line ends "\n", no byte-order mark, no NUL or other C0 control but tab and
 * newline (they become U+FFFD). UTF-16 with a byte-order mark is decoded; other invalid bytes are read
 * as Windows-1252, the usual culprit, and counted in ret_fix. The result lives in `pool`. */
char *text_repair(struct pool *pool, const char *s, size_t len, size_t *ret_len,
                  struct text_fix *ret_fix);

/* True when the bytes are no text at all: NULs without a UTF-16 mark, or many control characters. */
bool text_is_binary(const char *s, size_t len);

/* One code point at *pos, which is moved behind it; U+FFFD for a bad byte. */
uint32_t text_next(const char *s, size_t len, size_t *pos);

/* Lower case, compatibility-decomposed, marks removed: the form in which words are compared.
 * "Résumé" -> "resume". Lives in `pool`. */
char *text_fold(struct pool *pool, const char *s, size_t len, size_t *ret_len);

/* A heading as a URL fragment, GitHub style: "What's an MLT?" -> "whats-an-mlt"; "" becomes "top". */
char *text_slug(struct pool *pool, const char *s, size_t len);

/* ---- sentence.c: where sentences end --------------------------------------------------------------- */

/* End of the sentence that starts at `s` (its final mark and closing quotes included, following blanks
 * not). Knows abbreviations, initials, decimals, "U.S.", ellipses, "?!" and CJK full stops. */
size_t sentence_end(const char *s, size_t len);

/* ---- document.c: what every parser makes ----------------------------------------------------------- */

enum block_kind { BLOCK_HEADING = 1, BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_ROW, BLOCK_CODE };

/* A heading, paragraph or item begins behind its mark ("## ", "- "); a table row is its whole line. */
struct block {
    enum block_kind kind;
    int level;         /* heading: 1..6; item: nesting from 0 */
    size_t start, end; /* bytes of document->text */
    size_t line;       /* in the source, from 1 */
    int group;         /* blocks of one list or one table share a number > 0; else 0 */
    bool head;         /* a table's header row */
};

/* A curated question. Its answer is document->text[start, end), and its blocks are
 * document->block[first, last). */
struct entry {
    const char *id;
    const char *question;
    const char **aka;
    size_t naka, capaka;
    const char **followup;
    size_t nfollowup, capfollowup; /* ids */
    const char **needs;
    size_t nneeds, capneeds;
    const char **nots;
    size_t nnots, capnots;
    const char **test;
    size_t ntest, captest;
    const char **not_test;
    size_t nnot_test, capnot_test;
    const char *valid_from, *valid_until, *reviewed, *audience, *lang, *url, *status;
    size_t start, end;
    size_t first, last;
    size_t line, column; /* of the entry in its file */
};

/* Dates are "YYYY-MM-DD" or "". All text is valid UTF-8 in NFC and lives in `pool`. */
struct document {
    struct pool *pool;
    const char *id;   /* unique in the base: the path without its ending, or a record's id */
    const char *file; /* as reported in problems */
    size_t line;      /* in that file, from 1: where a record begins */
    const char *title, *url, *lang, *audience, *owner, *status;
    const char *reviewed, *valid_from, *valid_until;
    const char *text; /* what spans count in */
    size_t len;
    bool repaired; /* text differs from the file's bytes */
    struct block *block;
    size_t nblock, capblock;
    struct entry *entry;
    size_t nentry, capentry;
    char hash[33]; /* hex of BLAKE2b-128 over the source bytes of this document */
};

struct document *document_new(struct pool *pool, const char *file);
struct block *document_block(struct document *doc, enum block_kind kind, int level, size_t start,
                             size_t end, size_t line);
/* The block's text as a reader sees it (inline mark-up removed). */
const char *block_plain(const struct document *doc, const struct block *block);

/* A new entry of `doc`, empty but for its place. */
struct entry *document_entry(struct document *doc, size_t line, size_t column);
/* Where `entry` keeps the field `key` (id question valid_from ... status), or NULL for another key. */
const char **document_entry_field(struct entry *entry, const char *key);
/* Append to the list `key` (aka followups needs not tests not_tests); false for another key. */
bool document_entry_add(struct document *doc, struct entry *entry, const char *key,
                        const char *text);

/* The answer to one entry: valid UTF-8 in NFC, and its line in the source. */
struct answer {
    const char *text;
    size_t len, line;
};
/* Make the document's text out of the answers, one for each entry, and cut it into blocks. 0 or KB_ERR_*. */
int document_answers(struct document *doc, const struct answer *answer);

/* Receives every document that a file holds, in order. Non-zero stops and is returned. */
typedef int document_fn(void *ctx, struct document *doc);

/* ---- source.c: a path becomes documents ------------------------------------------------------------ */

/* What tells whether a file is the one that was read before. */
struct source_stamp {
    const char *name; /* below the folder that was given: ids are made of it */
    unsigned long long dev, ino;
    long long size, mtime_ns, ctime_ns;
};

/* What an earlier run remembered of its files, by their names for problems, and what this one shall. */
struct source_memory {
    void *ctx;
    /* The memo of a file that has this stamp still, which lives until the run's end; NULL: it must be read. */
    const char *(*recall)(void *ctx, const char *file, const struct source_stamp *stamp,
                          size_t *ret_len);
    /* Its documents will follow. */
    void (*begin)(void *ctx, const char *file);
    /* It had no error, and this is its memo. `stamp` is NULL when the file is too young to be told from a later state
     * of it. */
    void (*keep)(void *ctx, const struct source_stamp *stamp, const char *memo, size_t len);
};

/* Read every file of `src`, in order, and hand out its documents. Files with errors are counted in
 * report->rejected and their problems added; reading goes on, so that one run reports them all. Also an
 * error: two documents, or two entries, with one id. A file that `memory` (or NULL) recalls is not read: its documents
 * are counted as read and unchanged, everything else is as if it had been. Returns KB_OK, KB_ERR_INPUT when any file
 * had an error, KB_ERR_IO, or what fn returned. A document lives until fn returns. */
int source_read(const struct kb_sources *src, const struct source_memory *memory,
                struct kb_report *report, document_fn *fn, void *ctx);

/* ---- source_memo.c: what a file gave, without its text ------------------------------------------------------------------ */

enum memo_kind {
    MEMO_DOCUMENT = 'd',
    MEMO_DRAFT = 'n', /* a document that was not handed out */
    MEMO_ENTRY = 'e',
    MEMO_FOLLOWUP = 'f', /* `text` is the entry's id that it should lead to */
    MEMO_WARNING = 'w'
};
struct memo_item {
    enum memo_kind kind;
    size_t line, column;
    const char *text; /* an id, or what is wrong */
};
/* A growing list of items as bytes; zeroed is empty. */
struct memo {
    char *s;
    size_t len, cap;
    bool failed; /* no memory: it must not be used */
};
void memo_add(struct memo *m, enum memo_kind kind, size_t line, size_t column, const char *text);
void memo_release(struct memo *m);
/* True when the bytes are a memo and nothing else. */
bool memo_sound(const char *s, size_t len);
/* The item at *pos of a sound memo, false at its end. item->text points into it. */
bool memo_next(const char *s, size_t len, size_t *pos, struct memo_item *ret);

/* ---- source_name.c: names that must be unique in all files together --------------------------------------------------- */

/* A name and where it was given. */
struct name_place {
    const char *name;
    const char *file;
    size_t line;
    uint32_t hash; /* source_name.c's */
};
/* An open-addressed table; zeroed is empty. Names and files are the caller's, the table is in the pool. */
struct names {
    struct name_place *slot;
    size_t n, cap; /* cap is a power of two */
};
const struct name_place *names_find(const struct names *t, const char *name);
/* The place that has the name already, or NULL: it was free and is now this one's. */
const struct name_place *names_claim(struct names *t, struct pool *pool, struct name_place place);

/* ---- parsers ------------------------------------------------------------------------------------------------------------ */

/* A parser gets the repaired text of one file and calls fn for each document in it. 0, or KB_ERR_INPUT
 * after report_add(), or what fn returned. One per file source_*.c. */
struct source {
    struct pool *pool;
    struct kb_report *report;
    const char *file; /* for problems */
    const char *id;   /* default document id */
    const char *s;
    size_t len; /* repaired text */
    bool repaired;
    const char *raw;
    size_t rawlen; /* the file's bytes, for the hash */
};
int source_markdown(const struct source *src, document_fn *fn, void *ctx);
int source_text(const struct source *src, document_fn *fn, void *ctx);
int source_html(const struct source *src, document_fn *fn, void *ctx);
int source_faq(const struct source *src, document_fn *fn, void *ctx);
int source_table(const struct source *src, document_fn *fn, void *ctx); /* CSV, TSV */
int source_json(const struct source *src, document_fn *fn, void *ctx);  /* JSON */
/* One line of JSON lines; source.c reads such files line by line, each with a pool of its own. */
int source_json_line(const struct source *src, size_t line, document_fn *fn, void *ctx);

/* Append the blocks of the Markdown in document->text[start, end), which stands at `line` of its source:
 * the answers of FAQ files, tables and JSON. In source_markdown.c. 0 or a negative enum kb_err. */
int markdown_blocks(struct document *doc, size_t start, size_t end, size_t line);
/* Does a table's first row read like a header: several cells, all with letters? */
bool markdown_header_row(const char *s, size_t len);

/* Fill doc->hash. source.c does it for whole files; parsers of records do it for theirs. */
void source_hash(struct document *doc, const char *s, size_t len);

/* ---- source_field.c: what an owner says about a document or an entry ---------------------------------- */

/* Check `value` of the field `key` (title url lang audience owner status reviewed valid_from valid_until;
 * other keys take any text) and store it, trimmed and repaired, in *ret_value. 0, or KB_ERR_INPUT after
 * report_add() with this place. An empty value is "". */
int source_field(const struct source *src, const char *key, const char *value, size_t len,
                 size_t line, size_t column, const char **ret_value);

/* Text that is valid until before it is valid from is an error. */
int source_dates_check(const struct source *src, const char *from, const char *until, size_t line,
                       size_t column);

/* Where `doc` keeps that field, or NULL for another key. */
const char **source_document_field(struct document *doc, const char *key);

/* YAML front matter at the head of Markdown, text and (as <meta>) HTML: fills the document's fields,
 * reports unknown keys and bad dates. *ret_body is the offset behind it. */
int source_front_matter(const struct source *src, struct document *doc, size_t *ret_body);

/* ---- source_record.c: a table's row or a JSON object becomes a document or an entry ------------------- */

struct member {
    const char *key, *value;
    size_t len, line, column;
};

/* What one row or object says; lists are members with one key. */
struct record {
    struct member *member;
    size_t n, cap;
    size_t line, column; /* of the record in its file */
};

/* The records of one file. Entries gather in one document, which records_end() hands out. */
struct records {
    const struct source *src;
    struct document *faq;
    struct answer *answer;
    size_t nanswer, capanswer;
    document_fn *fn;
    void *ctx;
    bool failed;
};

/* Our name for what a column or member is called ("Question", "q" -> "question"), or NULL; *ret_near is
 * then the name that was perhaps meant, or NULL. */
const char *record_key(const char *name, const char **ret_near);
bool record_key_is_list(const char *key);
void record_add(struct pool *pool, struct record *record, struct member member);

/* Take one record: hands out a document, or keeps an entry. Mistakes are reported and remembered in
 * `failed`. 0 or what fn returned. */
int records_take(struct records *records, const struct record *record);
/* Hand out the entries. `id` of their document; NULL: the file's. 0, KB_ERR_INPUT after mistakes, or
 * what fn returned. */
int records_end(struct records *records, const char *id);

/* ---- source_title.c --------------------------------------------------------------------------------- */

/* An empty document for a file whose text is the source's own. */
struct document *source_document(const struct source *src);
/* A heading as one line, without mark-up. */
const char *heading_plain(const struct document *doc, const struct block *heading);
/* Fill doc->title unless it is: the first heading of level 1 (then true), else the file's name made readable. */
bool source_title(const struct source *src, struct document *doc);

/* True for a date that exists, "YYYY-MM-DD". */
bool source_date_ok(const char *s);

/* ---- plain.c, plain_inline.c: Markdown to what a reader sees (kb_plain) ------------------------------- */

/* ---- passage.c: a document becomes passages ---------------------------------------------------------- */

/* The smallest thing that is quoted: a sentence, a list item, a table row, a code block. */
struct unit {
    uint32_t start, end; /* bytes of the document's text */
    uint8_t kind;        /* enum block_kind; a sentence is BLOCK_PARAGRAPH */
    uint8_t level;
    uint8_t head;   /* a table's header row, or the first sentence of a paragraph */
    uint8_t lead;   /* introduces the list or table behind it */
    uint16_t group; /* units of one list, table or paragraph share a number > 0 in their passage */
};

/* ---- unit.c: blocks are cut into units ---------------------------------------------------------------- */

/* Length of the sentence at `s`, not ending inside a link, code or bold. Between 1 and len. */
size_t unit_end(const char *s, size_t len);
/* True when a sentence introduces what stands behind it. */
bool unit_leads(const char *s, size_t len);

struct cut_unit {
    struct unit unit;
    const struct block *block;
    size_t words, line;
    size_t block_words; /* of the whole block */
    bool glued;         /* must not end a passage */
    size_t header;      /* row: index of its table's header row plus one; else 0 */
};
struct units {
    struct cut_unit *unit;
    size_t n, cap;
};
/* Append the units of the blocks [first, end). Their `group` is not set: it counts within a passage. */
void units_cut(const struct document *doc, const struct block *first, const struct block *end,
               struct units *ret);

struct passage {
    const char *key; /* unique in the base: document id, '#', anchor */
    const char *anchor;
    const char **heading; /* path, outermost first, plain; without the document's title */
    size_t nheading;
    const char *question; /* and aliases, one a line: of an entry, or of a heading that asks */
    const char *headings; /* heading path for ranking, one a line */
    const char *body;     /* plain text for ranking */
    bool entry;
    const struct entry *source; /* the curated entry, or NULL */
    size_t start, end;          /* bytes of the document's text */
    size_t line;
    struct unit *unit;
    size_t nunit;
    const char *lang, *audience, *reviewed, *valid_from, *valid_until, *url, *status;
};

/* `at`, the first byte of a list item's content, moved back over the item's mark ("- ", "2. ") and its indentation: a
 * quoted list begins with its mark. */
size_t passage_item_start(const char *s, size_t at);

typedef int passage_fn(void *ctx, const struct document *doc, const struct passage *passage);
int passage_cut(const struct document *doc, passage_fn *fn, void *ctx);

/* ---- stem.c: a word becomes the form in which words are compared ------------------------------------------ */

#define STEM_RAW 128 /* bytes of a word that are looked at */
#define STEM_MAX 64  /* bytes of a token */
struct stem;
int stem_new(struct stem **ret);
void stem_free(struct stem *st);
/* A number for a language ("de"), good for this instance; -1 when there are too many. Unknown ones are folded, not
 * stemmed. */
int stem_language(struct stem *st, const char *code);
/* `len` <= STEM_RAW bytes of valid UTF-8, folded and stemmed (stem_fold: only folded), into out[STEM_MAX]; returns
 * how many bytes, 0 when nothing remains. */
size_t stem_word(struct stem *st, int language, const char *s, size_t len, char *out);
size_t stem_fold(const char *s, size_t len, char *out);

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
const char *const *stopword_list(const char *lang, size_t *ret_n);

/* ---- schema.c: the file ------------------------------------------------------------------------------------ */

#define SCHEMA_APPLICATION_ID 0x47504b42 /* "GPKB": of the file's header */

/* Open with our pragmas and tokenizer; a writable one is created when absent, path NULL is one in memory. Checks
 * that the file is ours and of this version (schema and ranking) before anything is read from it. A reader in a
 * folder where nothing can be written gets the file as it stands (SQLite's "immutable"). Close with sqlite3_close(). */
int schema_open(const char *path, bool writable, sqlite3 **ret_db);
/* The first bytes of any file, zeroes where it is shorter. By way of SQLite: in POSIX whoever closes a file drops all locks
 * that the process has on it, so that a database which threads may have open must never be opened by itself. */
int schema_peek(const char *path, unsigned char *ret, int n);
int schema_create(sqlite3 *db);
/* Around the first load of an empty base, within its transaction: quicker, and the same in the end. */
int schema_load_begin(sqlite3 *db);
int schema_load_end(sqlite3 *db);
/* The number that `sql` selects, `otherwise` when there is none; ?1 is `bind` if it occurs. */
long long schema_number(sqlite3 *db, const char *sql, long long bind, long long otherwise);
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

/* ---- kb.c: open and close -------------------------------------------------------------------------------------- */

/* Which file it is, and in what state; zeroes when there is none. */
struct file_stamp {
    unsigned long long dev, ino, size;
    long long mtime_ns;
};

struct kb {
    sqlite3 *db;
    char *path;
    unsigned long long dev, ino; /* of the file that was opened */
    long long mtime_ns;        /* the same; 0 unless it was taken as it stands (see schema_open) */
    long long generation;      /* of the statistics below; checked at each question */
    struct stats *stats;       /* stats.c; NULL until the first question */
    struct view *view;         /* snap_view.c; NULL: no usable snapshot, FTS5 answers */
    struct view *gone;         /* found unsound; words of the question at hand may point into it */
    struct file_stamp no_view; /* of the snapshot that was of no use, and at which generation; */
    long long no_view_at;      /* -1: not looked for */
    bool wants_index;          /* there is no snapshot, or not a sound one */
    struct synonyms *synonyms; /* synonym_ask.c; NULL until the first question */
    struct tokenizer *tokenizer;
    sqlite3_blob *text;    /* documents.text, moved from row to row (row.c); or NULL */
    sqlite3_stmt *stmt[8]; /* prepared when first needed; see enum kb_stmt */
};
enum kb_stmt {
    STMT_BEGIN,
    STMT_END,
    STMT_GENERATION,
    STMT_POSTINGS,
    STMT_ROW,
    STMT_CHANGES_FROM,
    STMT_CHANGES
};
/* Prepare kb->stmt[which] unless it is, and reset it. NULL: *ret_err says why. */
sqlite3_stmt *kb_stmt(struct kb *kb, enum kb_stmt which, const char *sql, int *ret_err);

/* In SQL: what may be shown today; `p` is a passage. */
#define KB_CURRENT                                                                                 \
    "(p.valid_from = '' OR p.valid_from <= date('now')) AND (p.valid_until = '' OR p.valid_until " \
    ">= date('now'))"

/* ask.c: bring all that is remembered of the file in step with what the transaction sees: the snapshot, or without
 * one the stats; the synonyms. */
int kb_refresh(struct kb *kb);
/* Passages that a question is ranked among, and the language of most of them. */
size_t kb_passages(const struct kb *kb);
const char *kb_main_lang(const struct kb *kb);
const struct vocabulary *kb_vocabulary(const struct kb *kb);

/* ---- synonym.c: other words for the same thing -------------------------------------------------------------------- */

struct synonyms;
/* Bring the table `synonyms` in step with src->synonyms, inside the caller's transaction; a file that has not changed
 * is not read again. Its errors are added to the report: KB_ERR_INPUT. */
int synonyms_index(sqlite3 *db, const struct kb_sources *src, struct kb_report *report);

/* ---- synonym_ask.c: the same, looked up by the words of a question ---------------------------------------------------- */

/* Both sides of a pair as tokens. A side may be a phrase of up to SYNONYM_WORDS words. */
#define SYNONYM_WORDS 6
struct synonym {
    const char *const *from;
    size_t nfrom;
    const char *const *to;
    size_t nto;
    double weight; /* below 1: an exact word always counts more */
    size_t order;  /* in the file */
};
/* `lang`: of most passages. */
int synonyms_load(sqlite3 *db, struct tokenizer *t, const char *lang, struct synonyms **ret);
/* The pairs whose `from` begins with this token, in the order of the file; *ret_n may be 0. */
const struct synonym *synonyms_find(const struct synonyms *s, const char *token, size_t *ret_n);
void synonyms_free(struct synonyms *s);

/* ---- vocabulary.c: every word of the index -------------------------------------------------------------------------- */

struct vocabulary_word {
    const char *token;
    uint32_t df;
};

/* Words in byte order: an array, or as a snapshot has them. */
struct vocabulary_part {
    size_t n, cap;
    struct vocabulary_word *word; /* NULL: the three below */
    const uint32_t *sorted;       /* terms in byte order of their words */
    const void *terms;            /* struct snap_term[] */
    const char *strings;
    const uint32_t *dead;
    size_t ndead; /* terms to be taken off df: see snap_view.h */
};

/* What the index holds, and what a delta has added to it. */
struct vocabulary {
    struct vocabulary_part part[2];
};
int vocabulary_load(sqlite3 *db, struct pool *pool, struct vocabulary *ret);
bool vocabulary_empty(const struct vocabulary *v);
bool vocabulary_has(const struct vocabulary *v, const char *token);
/* Words of which one begins with the other: "licens", "licensur". How many were put into ret. */
size_t vocabulary_relatives(const struct vocabulary *v, const char *token, const char **ret,
                            size_t max);
/* Passages that have it. */
size_t vocabulary_df(const struct vocabulary *v, const char *token);
/* Every word of letters within slip->max of what slip_begin() was given: slip.h. One may come twice, and words that are
 * longer than SLIP_LETTERS do not. `word` lives as long as the vocabulary. */
struct slip;
typedef void vocabulary_fn(void *ctx, const char *word, size_t df, unsigned cost);
void vocabulary_near(const struct vocabulary *v, struct slip *slip, vocabulary_fn *fn, void *ctx);

/* ---- stats.c: what ranking knows of every passage, in memory ---------------------------------------------------------- */

#define FIELD_QUESTION 0
#define FIELD_HEADINGS 1
#define FIELD_TITLE    2
#define FIELD_BODY     3
#define FIELDS         4

/* What must, or must not, be in the question for an entry to be an answer: see condition.c. */
struct condition {
    size_t ord;
    const char **needs, **nots;
    size_t nneeds, nnots, capneeds, capnots;
};

struct stats {
    struct pool *pool;
    long long generation;
    size_t n; /* passages, in ascending order of id */
    long long *id;
    uint16_t (*len)[FIELDS];   /* tokens per field, at most 65535 */
    uint16_t *lang, *audience; /* index into `name`; 0 is "" */
    uint32_t *tie;             /* order among equal scores: bm25f.h */
    int32_t *from, *until;     /* YYYYMMDD, 0 and INT32_MAX when open */
    const char **name;
    size_t nname, capname;
    double average[FIELDS]; /* over the passages that have the field */
    struct vocabulary vocabulary;
    const char *main_lang; /* of most passages: how a question is stemmed by default */
    struct condition *condition;
    size_t ncondition, capcondition; /* in ascending order of ord */
};
/* Bring kb->stats in step with the generation that the transaction sees. Only the path without a snapshot needs them. */
int stats_refresh(struct kb *kb, long long generation);
void stats_free(struct stats *s);
/* "YYYY-MM-DD" as the number YYYYMMDD; `open` for "". */
int32_t stats_date(const char *s, int32_t open);
/* The passage's place in the arrays, or s->n. */
size_t stats_find(const struct stats *s, long long id);

/* ---- query.c: what people type becomes terms ------------------------------------------------------------------------ */

/* One thing that is asked for: a word of the question and every other way to say it. */
struct row;
struct query_slot {
    const char *word; /* as typed */
    double weight;    /* 1; less for an earlier message */
    double idf;       /* of the word, or of its commonest synonym when the base lacks it */
    bool context;     /* from an earlier message */
    bool known;       /* some alternative occurs in the base */
};

/* One way to say it: a token, or several in a row. */
struct query_term {
    const char *const *token;
    size_t ntoken;
    const char *word;   /* for explanations */
    double weight;      /* 1 for the typed word, less for a synonym or a correction */
    bool typed;         /* the word itself, or what it was corrected to */
    size_t slot, nslot; /* the slots it stands for: a synonym may replace several words */
    long long df;       /* passages that have it, by candidates.c */
    enum kb_way way;    /* for explanations */
};

/* What kind of thing would be an answer. */
enum query_want {
    WANT_ANY,
    WANT_MONEY,
    WANT_DURATION,
    WANT_DATE,
    WANT_NUMBER,
    WANT_LIST,
    WANT_PLACE,
    WANT_PERSON,
    WANT_DEFINITION,
    WANT_STEPS,
    WANT_DIFFERENCE,
    WANT_REASON,
    WANT_YESNO
};

/* Does it mean something only after what was said before? */
enum leaning { LEAN_NOT, LEAN_PERHAPS, LEAN_SURE };

/* A word of the message, question words included, corrected. */
#define QUERY_SAID 64
struct query_said {
    const char *token;
    size_t slot;   /* SIZE_MAX: a word without content */
    double weight; /* less in sentences around the one that asks */
};

struct query {
    struct pool *pool;
    struct query_slot *slot;
    size_t nslot, capslot; /* in the order of the question, context last */
    struct query_term *term;
    size_t nterm, capterm;
    const char **typed;
    size_t ntyped, captyped;            /* every token of this message, for needs and nots */
    struct query_said said[QUERY_SAID]; /* its distinct words, those of asking sentences first */
    size_t nsaid;
    bool bare;            /* question words are all it has */
    enum leaning leaning; /* on earlier messages, and why, in words */
    const char *leaning_why;
    const char
        *topic; /* key of the passage that was quoted last, of a question that leans; or NULL */
    unsigned topic_age;
    const struct kb_quoted *skip; /* as in struct kb_ask */
    size_t nskip;
    double mass; /* sum of weight * idf over the slots */
    enum query_want want;
    const char *main_lang; /* that the words were read in, "" when there is none */
    const char *lang, *audience, *today;
    struct kb_pair *corrected;
    size_t ncorrected, capcorrected;
    const char **unknown;
    size_t nunknown, capunknown;
};
/* What a question is read with. Pure: touches no database. */
struct query_reader {
    struct tokenizer *tokenizer;
    const struct synonyms *synonyms;     /* or NULL */
    const struct vocabulary *vocabulary; /* or NULL: no corrections, no relatives */
    const char *main_lang;
    bool every_word; /* keep question words: only to compare with engines that do */
};
int query_build(const struct query_reader *reader, struct pool *pool, const struct kb_ask *ask,
                struct query *ret_query);
/* Once every term's df is known: idf of the slots, mass, unknown words. `n` passages in all. */
void query_weigh(struct query *q, size_t n);
/* The day of the question as YYYYMMDD. */
int32_t query_today(const struct query *q);

/* ---- query_want.c, lightword.c, generalword.c: how it is asked, rather than what about ------------------------------------ */

enum query_want query_want(const char *const *word, size_t n); /* folded words in a row */
const char *query_want_name(enum query_want want);
bool lightword(const char *lang, const char *word); /* folded, not stemmed; English only */
/* A word of any conversation: that the base lacks it says nothing. Folded; English only. */
bool generalword(const char *lang, const char *word);

/* ---- follow.c: a question that goes on with what was said before --------------------------------------------------------- */

/* `word`: folded; `content`: how many of them are no question words. *ret_why is static text. */
enum leaning follow_leaning(const char *const *word, size_t n, size_t content,
                            const char **ret_why);
/* It begins like the continuation of something: "and ...", "what about ...". */
bool follow_continues(const char *const *word, size_t n);
/* How near a passage is to the one that was quoted last, 0..1. */
double follow_topic(const struct query *q, const struct row *row);
/* Of two answers to one question, with (`q`) and without what was said before: is it the first? */
bool follow_better(const struct query *q, const struct kb_hits *with,
                   const struct kb_hits *without);

/* ---- candidates.c: the first stage ---------------------------------------------------------------------------------- */

/* One occurrence of a term in a passage. */
struct match {
    uint16_t term;
    uint8_t field;
    uint32_t pos; /* in tokens of the field */
};

struct features {    /* rank.c; each 0..1 */
    double coverage; /* share of the question's idf mass that the passage has anywhere */
    double pairs;    /* neighbours in the question that are neighbours in the passage */
    double heading;  /* how exactly question, heading or title is what was asked */
    double named;    /* share of the question's idf mass that question, headings and title have */
    double wording;  /* the same of the very words that were typed, small ones too */
    double want;     /* the kind of answer that was asked for is there */
    double entry;    /* a curated question */
    double
        topic; /* beside the passage that was quoted last; 0 unless the question is a follow-up */
};

struct candidate {
    long long id; /* passages.id */
    uint32_t tie;
    uint32_t segment; /* of the snapshot (snap_view.h) */
    size_t ord;       /* place in it, or without a snapshot in kb->stats */
    double bm25;      /* BM25F of the first stage */
    const struct match *match;
    size_t nmatch; /* by term, then field and position */
    struct features f;
    bool has_heading; /* f.heading is known already */
    double score;     /* after rank.c */
    double confidence;
};
struct candidates {
    struct candidate *c;
    size_t n;
};

/* The `max` best passages by BM25F that pass the filters, best first, ties as in bm25f.h. Sets df of the terms and weighs the
 * query. Lives in `pool`. */
int candidates_find(struct kb *kb, struct query *q, struct pool *pool, size_t max,
                    struct candidates *ret);

/* How exactly their headings are what was asked, where that is known without reading rows. */
int candidates_headings(struct kb *kb, const struct query *q, struct candidates *c);

/* candidates_snap.c: the same out of a snapshot. KB_ERR_DAMAGED: the file is unsound, ask FTS5. */
struct view;
int candidates_snap(struct view *v, struct query *q, struct pool *pool, size_t max,
                    struct candidates *ret);

/* ---- condition.c: what an entry needs, and what rules it out ----------------------------------------------------------- */

/* The items of a JSON array, each as its tokens with a blank between them. */
int condition_words(struct pool *pool, struct tokenizer *t, const char *json, const char ***ret,
                    size_t *ret_n);
/* All `needs` are said, in whatever words, and none of `nots` was typed. After query_weigh(). */
bool condition_holds(const struct query *q, const char *const *needs, size_t nneeds,
                     const char *const *nots, size_t nnots);

/* ---- row.c: a candidate's row, read once for ranking, extract and display --------------------------------------------- */

struct row {
    long long id, document;
    const char *key, *doc_id, *title, *url, *anchor, *question, *headings, *body, *reviewed, *lang;
    const char **heading;
    size_t nheading; /* the path as strings */
    bool entry;
    size_t start, end, line;
    const struct unit *unit;
    size_t nunit;
};
int row_read(struct kb *kb, struct pool *pool, long long id, struct row *ret);
/* Bytes [start, end) of a document's text, terminated, without reading the rest of it. */
int row_text(struct kb *kb, struct pool *pool, long long document, size_t start, size_t end,
             char **ret_text);

/* ---- heading.c: how exactly a line says what was asked --------------------------------------------------------------------- */

#define HEADING_WORDS 64         /* of a line that are looked at */
#define HEADING_OTHER UINT16_MAX /* not one of the question's words */

/* The words of a line, as their numbers among the question's words. */
struct heading_line {
    uint16_t word[HEADING_WORDS];
    bool stop[HEADING_WORDS]; /* without content */
    size_t n;
};
/* A question whose words are numbered. */
struct heading_asked {
    const struct query *q;
    uint16_t (*term)[SYNONYM_WORDS]; /* numbers of the tokens of q->term[i] */
    const uint8_t *said;             /* by number: place in q->said plus one, or 0 */
    double share[QUERY_SAID];        /* what each of them is worth; 1 in all */
};
struct heading_found {
    double match;    /* of the best line, 0..1 */
    double question; /* how alike the most similar line of the question is, word for word, 0..1 */
    uint64_t above;  /* which of q->said are in headings and title */
};
/* `said` stays the caller's. */
struct heading_asked heading_asked(const struct query *q, uint16_t (*term)[SYNONYM_WORDS],
                                   const uint8_t *said);
/* The next line of a field, in the order of the fields. `whole`: not just the path to the last heading. */
void heading_take(const struct heading_asked *asked, const struct heading_line *line,
                  unsigned field, bool whole, struct heading_found *found);
/* The features `heading` and `wording`, when all lines were taken. */
void heading_features(const struct heading_asked *asked, const struct heading_found *found,
                      struct features *ret);
void heading_add(struct heading_line *line, uint16_t word, bool stop);
/* A title with the last heading of the path behind it: "Nurses: Pay". */
void heading_join(struct heading_line *title, const struct heading_line *last);
/* The same features from a row: its questions, its headings, the title, the last two together. */
int heading_row(struct tokenizer *t, const struct query *q, const struct row *row,
                struct features *ret);

/* ---- rank.c, confidence.c, confidence_signs.c: see the essays at their tops ----------------------------------------- */

#define RANK_FEW 5 /* rows that are read in any case */
#define RANK_ROWS                                                                                  \
    40 /* candidates whose rows are read at most; the rest keep the order of the first stage */

/* Features of c->c[i] from its matches alone, and from its row when it has one. */
void rank_features(const struct query *q, struct candidate *c);
int rank_row(struct tokenizer *t, const struct query *q, const struct row *row,
             struct candidate *c);
#define MAX_SCORE_PARTS 16
/* What a score is the sum of, in the order in which it is summed. */
size_t rank_parts(const struct query *q, const struct candidate *c,
                  struct kb_part ret[MAX_SCORE_PARTS]);
double rank_score(const struct query *q, const struct candidate *c);
/* The most that rank_row() can add to the score of a candidate whose heading is known. */
double rank_unread(const struct query *q);
/* Best first; equal scores in order of passage key. row[i] belongs to c[i] and moves with it. */
void rank_sort(struct pool *pool, struct candidate *c, struct row *row, size_t n);

/* What tells whether the base has an answer, and whether this passage is it; each 0..1. See confidence_signs.c. */
enum confidence_sign {
    SIGN_TOGETHER, /* share of what was asked for that one stretch of the passage has, with its headings */
    SIGN_EXACT, /* how exactly a heading, a line or a sentence says what was asked and nothing else */
    SIGN_UNKNOWN,   /* share of what was asked for that the base has never seen */
    SIGN_CORRECTED, /* share of it that was read as another word */
    SIGN_EMPTY,     /* 1: no word of the question could be the subject of one */
    SIGN_MARGIN,    /* how far ahead of the first hit that is another answer */
    SIGN_EVIDENCE,  /* how little the match can be chance */
    SIGN_FOREIGN, /* words that could be the subject and the base does not have: 0, half: one, 1: more */
    SIGNS
};
/* Ranked candidates, as confidence sees them. */
struct ranking {
    struct tokenizer *tokenizer;
    const struct query *q;
    const struct candidates *c;
    const struct row *row; /* of the first n candidates, read and in order */
    size_t n;
};
/* Of the i-th; i < n. */
void confidence_signs(const struct ranking *r, size_t i, double ret[SIGNS]);

/* Question, headings or title of the candidate have a word that could be the question's subject. */
bool confidence_named(const struct query *q, const struct candidate *c);

/* How a confidence came about: the product of two chances, or what a rule made of it. */
enum { CONFIDENCE_PARTS = 5 };
struct confidence_why {
    struct kb_chance chance[KB_CHANCES]; /* their parts are those below */
    struct kb_part part[KB_CHANCES][CONFIDENCE_PARTS];
    double value;     /* what came out */
    const char *rule; /* static; NULL: it is the product */
};
/* 0..1, the estimated chance that the i-th answers the question; i < n. */
double confidence_why(const struct ranking *r, size_t i, struct confidence_why *ret);
enum kb_band confidence_band(const struct confidence_why *why);
/* Where the bands begin: medium at this first chance, high at this confidence. */
void confidence_bands(double *ret_medium, double *ret_high);

/* ---- measure_confidence.c: figures for kb_measure() ----------------------------------------------------------------------- */

/* What was made of one question. */
struct sureness {
    double confidence;
    enum kb_band band;
    bool right; /* the first document is relevant */
};
/* Fills brier, right_answers, bin, own, foreign and auroc of a zeroed *ret. Sorts both lists. */
void measure_confidence(struct sureness *own, size_t nown, struct sureness *foreign,
                        size_t nforeign, struct kb_measures *ret);

/* ---- extract.c, explain.c ------------------------------------------------------------------------------------------------- */

/* The part of `row` that answers: fills hit->text, start, end, mark, nmark. `text` is the passage's. */
int extract_best(struct tokenizer *t, const struct query *q, struct pool *pool,
                 const struct row *row, const char *text, struct kb_hit *hit);

/* All of the above as figures. row[i] belongs to c->c[i], of which there are `n`. Lives in `pool`. */
int explain_hits(struct kb *kb, struct pool *pool, const struct query *q,
                 const struct candidates *c, const struct row *row, size_t n,
                 const struct kb_why **ret);

#endif
