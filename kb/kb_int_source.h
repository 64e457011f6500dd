/* kb_int_source.h: the life of a source: bytes, text, document, blocks, units, passages. One boxed section per file, in
 * that order. Everything named `ret_` is untouched on failure. */
#ifndef KB_KB_INT_SOURCE_H
#define KB_KB_INT_SOURCE_H

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
/* A name for a question with its answer, of what an id is made of. The question's slug; where that has no letter or digit ("💰??") of
 * the first words of the answer, and where that has none either, "entry". */
const char *text_name(struct pool *pool, const char *question, const char *answer, size_t len);

/* ---- sentence.c: where sentences end --------------------------------------------------------------- */

/* End of the sentence that starts at `s` (its final mark and closing quotes included, following blanks
 * not). Knows abbreviations, initials, decimals, "U.S.", ellipses, "?!" and CJK full stops. */
size_t sentence_end(const char *s, size_t len);
/* The same for who knows that none ends in the first `plain` bytes. */
size_t sentence_end_behind(const char *s, size_t len, size_t plain);

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
    /* The memo of a file whatever has become of it since; NULL: there was no such file. */
    const char *(*before)(void *ctx, const char *file, size_t *ret_len);
    /* Its documents will follow. */
    void (*begin)(void *ctx, const char *file);
    /* It had no error by itself, and this is its memo. `stamp` is NULL when the file is too young to be told from a later state
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
    MEMO_COUNT =
        'c', /* first: documents, drafts (as line and column); `text` is "" when nothing but ids follows */
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
    size_t len;
};
/* A growing list of items as bytes; zeroed is empty. */
struct memo {
    char *s;
    size_t len, cap;
    bool failed; /* no memory: it must not be used */
};
void memo_add(struct memo *m, enum memo_kind kind, size_t line, size_t column, const char *text);
/* Put MEMO_COUNT in front. */
void memo_count(struct memo *m);
void memo_release(struct memo *m);
/* The item at *pos, moved behind it; false at the end, and where the bytes make no sense: then *pos is not `len`. item->text
 * points into them. */
bool memo_next(const char *s, size_t len, size_t *pos, struct memo_item *ret);

/* ---- source_name.c: names that must be unique in all files together --------------------------------------------------- */

/* A name and where it was given. */
struct name_place {
    const char *name;
    const char *file;
    size_t line, column;
    uint32_t order; /* of the file, among all */
    uint32_t hash;  /* source_name.c's */
};
/* An open-addressed table; zeroed is empty. Names and files are the caller's, the table is in the pool. */
struct names {
    struct name_place *slot;
    size_t n, cap; /* cap is a power of two */
};
const struct name_place *names_find(const struct names *t, const char *name);
/* The place that has the name already, or NULL: it was free and is now this one's. */
const struct name_place *names_claim(struct names *t, struct pool *pool, struct name_place place);

/* ---- source_ids.c: what concerns all files together --------------------------------------------------------------------- */

/* A file that was not read, and what an earlier run remembers of it. */
struct source_recalled {
    const char *file, *memo;
    size_t len;
    uint32_t order;
};

/* Zeroed but for the first two is empty. Names, files and memos are the caller's, tables are in the pool. */
struct source_ids {
    struct pool *pool;
    struct kb_report *report;
    struct names documents, entries;         /* of the files that were read */
    struct names old_documents, old_entries; /* what these files had the last time */
    struct source_recalled *recalled;
    size_t nrecalled, caprecalled;
    struct name_place *followup; /* to be looked up when all entries are known */
    size_t nfollowup, capfollowup;
};

/* False: another file that was read has it, which is reported. */
bool source_ids_document(struct source_ids *ids, struct name_place place);
bool source_ids_entry(struct source_ids *ids, struct name_place place);
void source_ids_followup(struct source_ids *ids, struct name_place place);
/* A file that is read now had this memo. */
void source_ids_before(struct source_ids *ids, const char *memo, size_t len);
void source_ids_recalled(struct source_ids *ids, const struct source_recalled *file);
/* Once all files are known: what is wrong is reported. KB_ERR_DAMAGED when a memo is none. */
int source_ids_check(struct source_ids *ids);

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
    bool drafts;   /* of entries are wanted, too: for an editor, not for an index */
};
int source_markdown(const struct source *src, document_fn *fn, void *ctx);
int source_text(const struct source *src, document_fn *fn, void *ctx);
int source_html(const struct source *src, document_fn *fn, void *ctx);
int source_faq(const struct source *src, document_fn *fn, void *ctx);
int source_table(const struct source *src, document_fn *fn, void *ctx); /* CSV, TSV */
/* Would a spreadsheet run it? (cell.c) */
bool cell_is_formula(const char *s);
int source_json(const struct source *src, document_fn *fn, void *ctx); /* JSON */
/* One line of JSON lines; source_file.c reads such files line by line, each with a pool of its own. */
int source_json_line(const struct source *src, size_t line, document_fn *fn, void *ctx);

/* Append the blocks of the Markdown in document->text[start, end), which stands at `line` of its source:
 * the answers of FAQ files, tables and JSON. In source_markdown.c. 0 or a negative enum kb_err. */
int markdown_blocks(struct document *doc, size_t start, size_t end, size_t line);
/* Does a table's first row read like a header: several cells, all with letters? */
bool markdown_header_row(const char *s, size_t len);

/* Fill doc->hash. source_file.c does it for whole files; parsers of records do it for theirs. */
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

#endif
