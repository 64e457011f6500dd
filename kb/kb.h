/* kb.h: questions in, ranked answers out.
 *
 * A knowledge base is one SQLite file (schema.c) derived from an owner's guides and FAQs; it can be
 * deleted at any time and made again by kb_index(). README.md tells how a source becomes passages
 * and why they are ranked as they are. Calls never log, never touch the network, never write to the
 * terminal. A struct kb stays on the thread that opened it; open one per thread.
 *
 * Text travels as (s, len) inwards and as terminated UTF-8 outwards. All byte spans are half open,
 * [start, end), and count bytes of the *document's text*: the source after repair to valid UTF-8 and
 * NFC (for Markdown and plain text that is the file itself), or what was decoded from HTML, YAML,
 * CSV and JSON. */
#ifndef KB_KB_H
#define KB_KB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KB_SCHEMA_VERSION  3 /* of the database file; another number means "index again" */
#define KB_RANKING_VERSION 9 /* of everything that decides an answer: tokens, weights, thresholds */

enum kb_err {
    KB_OK = 0,
    KB_ERR_IO = -1,      /* a file could not be read or written */
    KB_ERR_NOMEM = -2,   /* out of memory */
    KB_ERR_FULL = -3,    /* no space left on the device */
    KB_ERR_DAMAGED = -4, /* not a knowledge base, or its pages are inconsistent: index again */
    KB_ERR_NEWER = -5,   /* written by a newer version of this program */
    KB_ERR_ABSENT = -6,  /* nothing at that path */
    KB_ERR_INPUT = -7,   /* a source has an error: see the report; the index is unchanged */
    KB_ERR_BUSY = -8,    /* another process is writing it */
    KB_ERR_OLDER = -9,   /* written by an older version: index again */
};

/* One sentence on what an error means and what to do about it; static text. */
const char *kb_strerror(int err);

/* ---- building ---------------------------------------------------------------------------------- */

/* What a source is made of. Paths that are folders are read recursively, in byte order of their
 * names, leaving out names that begin with '.' or '_' and files of no known kind. */
struct kb_sources {
    const char *root;        /* relative paths start here; NULL: the current folder */
    const char *const *path; /* files and folders: together they are the whole content */
    size_t n;
    const char *synonyms; /* synonyms.yaml, or NULL */
    /* One FAQ file, or `synonyms`, that is read as if it had these bytes: what it would become is tried before it is written. It
     * need not be there yet; text NULL: as if it were not. path NULL: all are as they are. */
    struct kb_instead {
        const char *path, *text;
        size_t len;
    } instead;
};

struct kb_problem {
    bool error;          /* false: a warning, which changes nothing */
    char *file;          /* as named by the caller */
    size_t line, column; /* from 1; 0 when the problem is the whole file */
    char *message;       /* what is wrong and, without a remedy, what would mend it; no full stop */
    const char *kind; /* of what kb_review() and its like find: "collision" ...; static, or NULL */
    char *remedy;     /* what would mend it, or NULL */
};

/* What kb_index() or kb_check() did. Released by kb_report_release(), also after a failure. */
struct kb_report {
    size_t read;                               /* documents that were parsed */
    size_t added, changed, removed, unchanged; /* documents */
    size_t rejected;                           /* files that have an error */
    size_t passages, entries;   /* in the index afterwards; entries are passages too */
    long long generation;       /* grows by one with every change of the index */
    bool rebuilt;               /* the file was absent, damaged or of another version */
    struct kb_problem *problem; /* the first 200; then one that says how many more */
    size_t nproblem;
    size_t errors, warnings; /* all of them, also those that are not listed */
    char *message;           /* why it failed, when it is not the sources' fault */
};

/* Bring the index at `db` in step with the sources, in one transaction: readers see all of it or
 * nothing. A damaged, older or absent file is built anew beside it and renamed into place; a newer
 * one is refused (KB_ERR_NEWER). An error in any source leaves the index as it was (KB_ERR_INPUT). */
int kb_index(const char *db, const struct kb_sources *src, struct kb_report *ret_report);

/* Delete an index and the files that kb_index() has made beside it. Only for one that nobody has open. */
void kb_remove(const char *db);
/* A copy of the index as it is now, which kb_index() can then bring in step with other sources in no more time than the difference
 * takes. `to` must not be there. 0 or a negative enum kb_err; then nothing is left at `to`. */
int kb_copy(const char *from, const char *to);

/* Parse the sources and report their problems; touches no index. */
int kb_check(const struct kb_sources *src, struct kb_report *ret_report);
void kb_report_release(struct kb_report *report);

/* Add a problem of the caller's own (settings, small talk, test questions) as kb adds its own. */
void kb_report_vadd(struct kb_report *report, bool error, const char *file, size_t line,
                    size_t column, const char *fmt, va_list ap)
    __attribute__((format(printf, 6, 0)));

/* The problem that was added last is of this kind, and this would mend it. Nothing when it is not listed any more. */
void kb_report_remedy(struct kb_report *report, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What is wrong with content although each file is right, as warnings with a kind and a remedy:
 *
 *   collision  an entry's question or alias is answered by another entry
 *   same       two entries ask the same
 *   figures    two sentences give different amounts, percentages or times for what seems to be one thing
 *   expired    text whose last day is over; expires: it will be within 14 days; followup: it leads there
 *   reviewed   nobody has looked at a document for more than a year, though `reviewed` is kept
 *   link       a link within the content that leads nowhere
 *   synonym    a line of synonyms.yaml whose words no guide has; `general` has those that are for guides on any subject
 *
 * `db` is an index of the content. `threads` ask, at least one. *ret_asked: how many questions were. 0 or a negative
 * enum kb_err. */
struct kb_review_options {
    const char *today;    /* YYYY-MM-DD; NULL: today, UTC */
    const char *synonyms; /* the file's name, for places; NULL: not looked at */
    const char *general;  /* text of a synonyms.yaml whose lines need lead nowhere; or NULL */
    unsigned threads;
};
int kb_review(const char *db, const struct kb_review_options *options, struct kb_report *report,
              size_t *ret_asked);

/* ---- asking ------------------------------------------------------------------------------------ */

struct kb; /* kb_int_ask.h */

/* Open the index at `path` for reading. On failure a negative enum kb_err and *ret_kb untouched. */
int kb_open(const char *path, struct kb **ret_kb);
void kb_close(struct kb *kb);

/* True when the file behind `kb` was replaced (not merely updated: updates are seen by themselves)
 * and kb_open() would now find another one. One stat(2). */
bool kb_stale(const struct kb *kb);

/* True, once, when this handle found the snapshot that makes answers fast missing or damaged. They stay right
 * without it, but are slow until kb_index() has run. */
bool kb_wants_index(struct kb *kb);

enum kb_band { KB_NONE, KB_MEDIUM, KB_HIGH }; /* decline / "did you mean" / answer */

/* Bytes of a document that were quoted. */
struct kb_quoted {
    const char *document;
    size_t start, end;
};

/* A question and its circumstances. Zeroed but for text and len is a fine question. */
struct kb_ask {
    const char *text;
    size_t len;
    const char *const *before; /* the asker's earlier messages, oldest first, terminated */
    size_t nbefore;
    const char
        *chosen; /* the passage whose question or label the text is: picked from a list; or NULL */
    const struct kb_quoted *skip; /* bytes that were quoted before and are not wanted again */
    size_t nskip;
    const char *topic;  /* the passage that was quoted last, NULL: none */
    unsigned topic_age; /* replies since then */
    const char *lang;   /* only passages in this language (ISO 639-1), NULL: any */
    const char
        *audience;     /* passages for everybody and for this audience, NULL: for everybody only */
    const char *today; /* YYYY-MM-DD for validity dates, NULL: today, UTC */
    size_t max;        /* hits wanted; 0: 10. The best ones never depend on it */
    bool rank_only;    /* leave extracts out: only ids and scores are wanted */
    /* Extracts only of hits that are at least this share as sure as the best, up to the first that is not, and only of
     * the best in band KB_NONE; until there is a text, of all. Others have the text "". `as_sure` holds in band KB_HIGH,
     * `as_likely` in KB_MEDIUM. 0: of all. */
    double as_sure, as_likely;
    bool explain; /* fill hits->why */
};

struct kb_span {
    size_t start, end;
};

struct kb_hit {
    const char *passage;        /* stable id: document id, '#', anchor */
    const char *document;       /* stable id */
    const char *title, *url;    /* of the document; url "" when it has none */
    const char *const *heading; /* the path to the passage, outermost first, plain text */
    size_t nheading;
    const char *anchor;   /* the fragment to put behind url */
    const char *question; /* the entry's own question, "" for a guide's passage */
    const char *reviewed; /* YYYY-MM-DD, or "" */
    bool entry;           /* a curated question with its answer */
    bool named; /* question, headings or title have a word that the asker's question is about */
    const char *text; /* the extract: bytes [start, end) of the document's text */
    size_t start, end;
    const char *
        lead; /* a table's header row, to be read before `text` when that begins further down; or "" */
    size_t lead_start, lead_end;
    const struct kb_span *mark; /* words of the question, as spans of `text` */
    size_t nmark;
    uint64_t has;      /* bit i: hits->word[i], or another word for it, is in `text` */
    double told;       /* share of the question that the headings of the passage say, 0..1 */
    double own;        /* share of the message's own words that the passage has, 0..1 */
    bool fits;         /* `text` has the amount, period, date, number or list that was asked for */
    size_t src_line;   /* of the passage in its file, from 1 */
    double score;      /* for ordering within one result only */
    double confidence; /* 0..1, comparable between questions */
};

struct kb_pair {
    const char *from, *to;
};

/* ---- why a ranking is what it is: the figures that decided, not others like them. ---- */

/* A summand: value times weight. Texts are static; `meaning` is for a person. */
struct kb_part {
    const char *name, *meaning;
    double value, weight;
};

/* A chance: base plus parts through a logistic curve. `meaning` is static: what it is the chance of. */
struct kb_chance {
    const char *meaning;
    double base;
    struct kb_part *part;
    size_t npart;
    double value; /* 0..1 */
};
enum { KB_CHANCES = 2 };

/* One way to say a word of the question. */
enum kb_way { KB_TYPED, KB_CORRECTED, KB_COMPOUND, KB_RELATIVE, KB_SYNONYM, KB_HINT, KB_GENERAL };
struct kb_why_term {
    const char *said; /* as the index has it: stemmed, unless it was typed */
    enum kb_way way;
    double weight;      /* beside the word itself, which has 1 */
    long long passages; /* that have it */
};

/* Something that was asked for. */
struct kb_why_word {
    const char *word; /* as typed */
    double weight;    /* 1; less for light words, circumstances and earlier messages */
    double idf;       /* how rare it is in this base */
    bool before;      /* from an earlier message, or from the kind of answer that is wanted */
    bool known;       /* the base has it in some form */
    struct kb_why_term *term;
    size_t nterm;
};

/* What a word gave a passage, and in which fields. A word that is not listed gave nothing. */
enum { KB_IN_QUESTION, KB_IN_HEADINGS, KB_IN_TITLE, KB_IN_BODY, KB_FIELDS };
struct kb_why_find {
    size_t word;      /* of kb_why.word */
    const char *said; /* the way it is said there that counted */
    double field
        [KB_FIELDS]; /* contributions; over all words and fields they add up to kb_why_hit.found */
    unsigned count[KB_FIELDS];
};

struct kb_why_hit {
    const char *passage, *title,
        *heading; /* heading: an entry's question, else the innermost one */
    double found; /* BM25F of its words, at most kb_why.mass */
    struct kb_why_find *find;
    size_t nfind;
    struct kb_part *part; /* their sum is the score; one of them is found / mass */
    size_t npart;
    double score, confidence;
};

#define KB_MAX_WHY 5 /* passages that are explained */
struct kb_why {
    size_t passages, candidates; /* in the base; looked at closely */
    const char *want;            /* the kind of answer that is wanted, static: "any" "money" ... */
    double mass;                 /* what the words could give at most */
    struct kb_why_word *word;
    size_t nword;
    struct kb_pair *corrected; /* as kb_hits has them */
    size_t ncorrected;
    struct kb_why_hit *hit; /* best first, at most KB_MAX_WHY */
    size_t nhit;
    struct kb_chance *chance; /* the first hit's confidence is their product, */
    size_t nchance;           /* KB_CHANCES; 0 without a hit */
    const char *rule; /* unless a rule made something else of it, which this says; or NULL */
    double confidence;
    enum kb_band band;
    double high, medium; /* from where on: of the confidence, and of the first chance */
    bool followed;       /* read with what was said before */
    const char *leaning; /* why, or why not, static; NULL: nothing was said before */
    const char *topic;   /* the passage that was quoted last, when that counted; or "" */
};

struct kb_hits {
    struct kb_hit *hit; /* best first; equal scores in order of passage id */
    size_t n;
    double confidence; /* of the first hit; 0 without one, and when nothing was asked about */
    enum kb_band band;
    struct kb_pair *corrected; /* words that were read as other words */
    size_t ncorrected;
    const char *const *unknown; /* words that the question is about and the base does not have */
    size_t nunknown;
    const char *lang;    /* ISO 639-1: that the words were read in, "" when there is none */
    const char *foreign; /* that the question seems to be asked in instead, static; or NULL */
    const double
        *word; /* share that each word asked for has in the question, in its order; at most 64 */
    size_t nword;
    bool followed; /* the question was read with what was said before */
    bool leaned;   /* what was said before was looked at, whether or not it counted in the end */
    long long generation;     /* of the index that answered */
    const struct kb_why *why; /* with ask->explain: why this ranking; else NULL */
    struct pool *pool;        /* owns all of the above */
};

/* The best passages for a question. Finding none is success with n == 0. Text of any kind and
 * length is welcome; what is past KB_MAX_QUESTION bytes is not looked at. The caller owns
 * *ret_hits: kb_hits_release(). */
#define KB_MAX_QUESTION 8192
int kb_ask(struct kb *kb, const struct kb_ask *ask, struct kb_hits *ret_hits);
void kb_hits_release(struct kb_hits *hits);

/* ---- proof ------------------------------------------------------------------------------------- */

/* The receipt of an extract: `text`, which begins at byte `start` of its document. One word of ASCII unless the id of
 * the passage has other characters; it says nothing about the text or the question. Lives in `pool`. */
const char *kb_receipt(struct pool *pool, const char *passage, const char *text, size_t start);

enum kb_outcome {
    KB_SAME,    /* these bytes stand there still */
    KB_MOVED,   /* the same bytes stand elsewhere in the document */
    KB_CHANGED, /* the document no longer has them */
    KB_GONE,    /* there is no such document */
};
struct kb_proof {
    enum kb_outcome outcome;
    int ranking; /* the version that chose the extract; KB_RANKING_VERSION is today's */
    const char *document, *passage;
    const char *text;  /* what was quoted; when KB_CHANGED what stands in its place now */
    size_t start, end; /* of that text, today */
};
/* Find again what a receipt stands for. KB_ERR_INPUT: that is no receipt. Strings live in `pool`. */
int kb_verify(struct kb *kb, const char *receipt, struct pool *pool, struct kb_proof *ret);

/* The questions of the entries that `passage` names as follow-ups, at most `max`, and of its
 * neighbours when it names none; a neighbour without a question is "title: heading". Only what may be shown to `who`
 * (its lang, audience and today; NULL: to anybody today). ret_keys, unless NULL: the passages that they stand for. Strings
 * live in `pool`. Returns how many, or negative. */
int kb_followups(struct kb *kb, const struct kb_ask *who, const char *passage, size_t max,
                 struct pool *pool, const char **ret_questions, const char **ret_keys);

/* What the base is about, for greetings and declines: the questions or headings that lead it, at
 * most `max`, of what may be shown to `who`. Strings live in `pool`. Returns how many, or negative. */
int kb_topics(struct kb *kb, const struct kb_ask *who, size_t max, struct pool *pool,
              const char **ret_topics);

/* An entry by itself, to be read without a question. Strings live in the pool that was given. */
struct kb_entry {
    const char *passage;  /* stable id: document id, '#', anchor */
    const char *id;       /* as its author named it, or "" */
    const char *title;    /* of its document */
    const char *question; /* its own, without the aliases */
    const char *text;     /* its answer, verbatim; kb_entry() only */
    const char *url;      /* or "" */
    const char *lang;     /* ISO 639-1, or "" */
    const char *reviewed; /* YYYY-MM-DD, or "" */
};

/* The entry of that id, or of that passage when there is a '#' in it. 1, or 0 when there is none, it is not valid
 * today or not for that audience (NULL: everybody), or negative. */
int kb_entry(struct kb *kb, const char *audience, const char *name, struct pool *pool,
             struct kb_entry *ret);
/* The entries of those in order of their passage ids, behind the id `after` ("" from the beginning), at most
 * `max`. Returns how many, or negative. */
int kb_entries(struct kb *kb, const char *audience, const char *after, size_t max,
               struct pool *pool, struct kb_entry *ret);

/* Everything that can be asked, for completing what somebody types: each entry's own question, then each passage's question or
 * "title: heading"; of what may be shown to `who`. The same text may come more than once. */
typedef void kb_offer_fn(void *ctx, const char *text, bool entry);
int kb_offers(struct kb *kb, const struct kb_ask *who, kb_offer_fn *fn, void *ctx);

/* The tests that entries carry. Stops when fn returns non-zero and returns that. */
struct kb_test {
    const char *passage, *question;
    const char *audience; /* the entry's own, who asks; or "" */
    bool must;            /* or must not be the answer */
};
typedef int kb_test_fn(void *ctx, const struct kb_test *test);
int kb_tests(struct kb *kb, kb_test_fn *fn, void *ctx);

/* A word as questions are compared by it: stemmed, corrected, and of several ways to say a thing always the same one. */
struct kb_term {
    const char *token;
    double weight; /* 1; less for words that are hardly ever the point */
    bool known;    /* the base has it */
};
/* The terms of a question, each once, in byte order; none is success. They live in `pool`. 0 or a negative enum kb_err. */
int kb_terms(struct kb *kb, const char *text, size_t len, struct pool *pool, struct kb_term **ret,
             size_t *ret_n);

/* What the base was made of. The texts are good inside the call. */
struct kb_document {
    const char *document;                          /* stable id */
    const char *title, *url, *file, *lang, *owner; /* "" when there is none */
    const char *reviewed;                          /* YYYY-MM-DD, or "" */
    const char *valid_until;                       /* the first last day of its passages, or "" */
    size_t passages, entries;                      /* entries are passages too */
};
typedef void kb_document_fn(void *ctx, const struct kb_document *d);
/* All, in byte order of their ids. */
int kb_documents(struct kb *kb, kb_document_fn *fn, void *ctx);

/* Where a passage stands in the sources, by its key or by what is behind its '#': 1, or 0 when there is none of that name,
 * or negative. The file's name lives in `pool`. */
struct kb_place {
    const char *file;
    size_t line;
};
int kb_find(struct kb *kb, const char *name, struct pool *pool, struct kb_place *ret);

/* The files that the base was made of, as they are named in problems. As kb_tests(). */
typedef int kb_file_fn(void *ctx, const char *path);
int kb_files(struct kb *kb, kb_file_fn *fn, void *ctx);

struct kb_info {
    int schema, ranking;
    long long generation, documents, passages, entries;
};
int kb_info(struct kb *kb, struct kb_info *ret_info);

/* `s` without inline Markdown: what a reader sees. Lists keep "- ", tables " | " between cells and
 * lose their rule, links keep their text. The result lives in `pool`. */
const char *kb_plain(struct pool *pool, const char *s, size_t len);

/* ---- measuring ----------------------------------------------------------------------------------- */

/* How well the base ranks a test collection: a folder with corpus.jsonl {"id","title","text"},
 * queries.jsonl {"id","text"}, qrels.tsv (query, document, grade) and meta.json, whose
 * `binary_min_rel` is the grade from which a document counts as relevant (1 without it). Where there is an
 * oos.jsonl {"id","text"}, its questions are known to have no answer in the corpus. */
struct kb_measure_options {
    const char *queries;  /* another file of queries, or NULL: those of the folder */
    const char *synonyms; /* synonyms.yaml, or NULL */
    const char *run;      /* write the first 100 of each query here, in TREC form; or NULL */
    size_t max_queries;   /* 0: all */
};

/* Of some questions, the shares in each band. */
struct kb_bands {
    size_t n;
    double answered, offered, declined; /* KB_HIGH, KB_MEDIUM, KB_NONE */
};

/* Of the answers given with a confidence from i / KB_BINS on: the mean of what was said, and the share that was
 * right, which is to say that the first document is relevant. */
enum { KB_BINS = 10 };
struct kb_bin {
    size_t n;
    double said, right;
};

/* Averages over the queries that have a relevant document; times are of all queries. */
struct kb_measures {
    double success_1, mrr_10, ndcg_10, recall_10, recall_100;
    double p50_us, p95_us, p99_us; /* one kb_ask() */
    size_t documents, passages, queries;
    double brier, right_answers; /* right_answers: share of those that were answered */
    struct kb_bin bin[KB_BINS];
    struct kb_bands own, foreign; /* the queries; those of oos.jsonl */
    double auroc;                 /* of confidence, own against foreign; 0 without foreign ones */
};

/* Index dir/corpus.jsonl into a temporary database, ask every query with the shipped defaults, rank
 * the documents by their best passage, measure. 0, or a negative enum kb_err with one line in
 * *ret_message (free()), which is otherwise untouched; `ret_message` may be NULL. */
int kb_measure(const char *dir, const struct kb_measure_options *options, struct kb_measures *ret,
               char **ret_message);

#endif
