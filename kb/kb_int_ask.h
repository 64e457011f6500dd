/* kb_int_ask.h: the life of a question: an open base, what is known of it, query, candidates, rank, confidence, extract.
 * One boxed section per file, in that order. */
#ifndef KB_KB_INT_ASK_H
#define KB_KB_INT_ASK_H

#include "kb/kb_int_index.h"

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
    sqlite3_blob *text;     /* documents.text, moved from row to row (row.c); or NULL */
    struct topics *topics;  /* kb.c; NULL until they were asked for */
    struct shelf *shelf;    /* shelf.c; NULL until the first question */
    bool reads_on;          /* schema_reads_on() was told */
    sqlite3_stmt *stmt[14]; /* prepared when first needed; see enum kb_stmt */
};
enum kb_stmt {
    STMT_BEGIN,
    STMT_END,
    STMT_GENERATION,
    STMT_POSTINGS,
    STMT_ROW,
    STMT_CHANGES_FROM,
    STMT_CHANGES,
    STMT_DOCUMENTS,
    STMT_QUESTION,
    STMT_HEADING,
    STMT_NAMES,
    STMT_NAMED,
    STMT_NEAR,
    STMT_DOCUMENT
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
/* The number that grows with every change of the file, as it is now. */
int kb_generation(struct kb *kb, long long *ret);
/* Passages that a question is ranked among, and the language of most of them. */
size_t kb_passages(const struct kb *kb);
const char *kb_main_lang(const struct kb *kb);
const struct vocabulary *kb_vocabulary(const struct kb *kb);

/* ---- synonym.c: other words for the same thing -------------------------------------------------------------------- */

struct synonyms;
/* Bring the table `synonyms` in step with src->synonyms, inside the caller's transaction; a file that has not changed
 * is not read again. Its errors are added to the report: KB_ERR_INPUT. */
int synonyms_index(sqlite3 *db, const struct kb_sources *src, struct kb_report *report);

/* ---- abbreviation.c: the abbreviations that a text defines ----------------------------------------------------------- */

/* Other than 0 ends the search and is returned. Both live in the pool. */
typedef int abbreviation_fn(void *ctx, const char *brief, const char *full);
/* Every place that says what an abbreviation stands for, in order. */
int abbreviations_find(struct pool *pool, const char *s, size_t len, abbreviation_fn *fn,
                       void *ctx);

/* ---- synonym_ask.c: both, looked up by the words of a question ------------------------------------------------------- */

/* Both sides of a pair as tokens. A side may be a phrase of up to SYNONYM_WORDS words. */
#define SYNONYM_WORDS 8
struct synonym {
    const char *const *from;
    size_t nfrom;
    const char *const *to;
    size_t nto;
    double weight; /* below 1: an exact word always counts more */
    size_t order;  /* in the file; abbreviations stand behind it */
};
/* `lang`: of most passages. */
int synonyms_load(sqlite3 *db, struct tokenizer *t, const char *lang, struct synonyms **ret);
/* The same as bytes, for a snapshot; to be freed. NULL: there are none, or no memory. */
char *synonyms_image(sqlite3 *db, const struct synonyms *s, size_t *ret_len);
/* What these bytes hold. NULL when they are damaged, or the base has other synonyms by now. */
struct synonyms *synonyms_adopt(sqlite3 *db, const void *image, size_t len);
/* The pairs whose `from` begins with this token, in their order; *ret_n may be 0. */
const struct synonym *synonyms_find(const struct synonyms *s, const char *token, size_t *ret_n);
void synonyms_free(struct synonyms *s);

/* ---- vocabulary.c: every word of the index -------------------------------------------------------------------------- */

struct vocabulary_word {
    const char *token;
    uint32_t df;
};

/* Words in byte order: an array, or as a snapshot has them. */
struct snap;
struct vocabulary_part {
    size_t n, cap;
    struct vocabulary_word *word; /* NULL: the four below */
    struct snap *snap;            /* the file that they are in */
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
    bool general;     /* a word of any conversation; once confidence_read() has looked */
};

/* One way to say it: a token, or several in a row. */
struct query_term {
    const char *const *token;
    size_t ntoken;      /* at least one */
    const char *word;   /* for explanations */
    double weight;      /* 1 for the typed word, less for a synonym or a correction */
    bool typed;         /* the word itself, or what it was corrected to */
    size_t slot, nslot; /* the slots it stands for: a synonym may replace several words */
    long long df;       /* passages that have it, by candidates.c */
    enum kb_way way;    /* for explanations */
    uint64_t hash;      /* word_hash() of its first token */
};

#define QUERY_TERMS (4 * KB_MAX_TERMS) /* at most */

/* What kind of thing would be an answer. */
enum query_want {
    WANT_ANY,
    WANT_MONEY,
    WANT_DURATION,
    WANT_DATE,
    WANT_NUMBER,
    WANT_LIST,
    WANT_SEVERAL, /* the same, as far as can be told: "what skills" */
    WANT_PLACE,
    WANT_PERSON,
    WANT_DEFINITION,
    WANT_STEPS,
    WANT_DIFFERENCE,
    WANT_REASON,
    WANT_YESNO,
    WANT_TIME /* of the day, or of the week */
};
#define WANTS (WANT_TIME + 1)

/* Does it mean something only after what was said before? */
enum leaning { LEAN_NOT, LEAN_PERHAPS, LEAN_SURE };

/* A word of the message, question words included, corrected. */
#define QUERY_SAID 64
struct query_said {
    const char *token;
    uint64_t hash; /* word_hash() of it */
    size_t slot;   /* SIZE_MAX: a word without content */
    double weight; /* less in sentences around the one that asks */
};

/* The words that are looked for in a passage, by their hashes: made once for a question (line.c). */
#define LINE_PLACES 512
struct line_word {
    uint64_t hash;
    uint16_t term; /* the first of q->term that begins with it, plus one; 0: there is none */
    bool asked;    /* it is a term by itself */
    double *well;  /* how well it says each of q->said; NULL: none of them */
};
struct line_asked {
    uint8_t place[LINE_PLACES]; /* by low bits of a hash, or behind that: its word plus one */
    struct line_word *word;
    size_t n;
    uint16_t next[QUERY_TERMS]; /* per term: the next one with the same first word, plus one */
    size_t nsaid;               /* of q->said: in the sentences that ask */
};
_Static_assert(QUERY_TERMS + QUERY_SAID < LINE_PLACES && QUERY_TERMS + QUERY_SAID <= UINT8_MAX,
               "a place stays free, or look-ups have no end");

/* What is looked for with that hash; NULL: nothing is. */
static inline struct line_word *line_word(const struct line_asked *a, uint64_t hash)
{
    for (size_t at = hash % LINE_PLACES; a->place[at]; at = (at + 1) % LINE_PLACES)
        if (a->word[a->place[at] - 1].hash == hash)
            return &a->word[a->place[at] - 1];
    return NULL;
}

/* What is asked for, slot by slot. */
struct query_asked {
    double worth[KB_MAX_TERMS + 1];  /* 0 for a slot that tells nothing */
    bool specific[KB_MAX_TERMS + 1]; /* could be the subject of a question */
    double mass;                     /* of all worth */
    size_t n, nspecific, nguess;     /* nguess: of the specific ones, read as a word far off */
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
    double mass;              /* sum of weight * idf over the slots */
    struct query_asked asked; /* once confidence_read() has looked */
    struct line_asked line;   /* once line_ask() has */
    enum query_want want;
    const char *main_lang; /* that the words were read in, "" when there is none */
    const char *foreign;   /* that it seems to be asked in instead, static; or NULL */
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

/* ---- term.c: the words of a question as other questions are compared with it -------------------------------------------- */

struct kb_term *query_terms(const struct query_reader *reader, const struct query *q,
                            struct pool *pool, size_t *ret_n);

/* ---- query_want.c, lightword.c, generalword.c: how it is asked, rather than what about ------------------------------------ */

enum query_want query_want(const char *const *word, size_t n); /* folded words in a row */
const char *query_want_name(enum query_want want);
bool lightword(const char *lang, const char *word); /* folded, not stemmed; English only */
const char *const *lightword_list(size_t *ret_n);   /* all of them */
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
/* The answer to a message that is perhaps not complete, without what was said before: it is sure, and no other document answers
 * nearly as well, so it is no chance. Then what was said before changes nothing, and follow_better() is false. */
bool follow_stands_alone(const struct kb_hits *without);
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
    double said;     /* a line of it says what was asked, word for word; of the best few */
    double want;     /* the kind of answer that was asked for is there */
    double entry;    /* a curated question */
    double label;    /* an item of a list has a label that is what was asked */
    double
        topic; /* beside the passage that was quoted last; 0 unless the question is a follow-up */
};

/* What the best line of a passage has of the question (line.c); each 0..1. */
struct line_found {
    double exact; /* of the body: how much was asked for, and how little else there is */
    double
        said; /* of any line: the longest common subsequence with the question, as a share of both */
    double body;  /* the same of the body's */
    double sense; /* said, two thirds of it only as far as the line has what was asked for */
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
    bool has_heading;       /* f.heading is known already */
    struct line_found line; /* when it is compared: the best few */
    bool compared;
    bool has_traits; /* so is the next one */
    uint16_t traits; /* trait_of(), and TRAIT_ENTRY */
    double score;    /* after rank.c */
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
    const char *key, *title, *url, *anchor, *question, *headings, *body, *reviewed, *lang;
    const char **heading;
    size_t nheading; /* the path as strings */
    bool entry;
    size_t start, end, line;
    const struct unit *unit;
    size_t nunit;
    struct row_notes *notes; /* of all copies of the row */
};

/* What is worked out about a passage and is the same for every question: each when a question first wants it. */
struct row_notes {
    struct pool *pool;                   /* that the row lives in */
    const char *doc_id, *url, *reviewed; /* row_document(); the row's own, else its document's */
    const char *text;                    /* shelf_text() */
    const struct text_words *body, *quoted, *above; /* words.c */
    struct extract_notes *units;                    /* extract_scan.c */
    const struct line_notes *lines;                 /* line.c */
    bool has_traits;                                /* the next one is known */
    uint16_t traits;                                /* trait_of() */
};
int row_read(struct kb *kb, struct pool *pool, long long id, struct row *ret);
/* What is told of its document, by which nothing is ranked: of forty rows few are shown. */
int row_document(struct kb *kb, const struct row *row);
/* "" where there is none. */
const char *row_last_heading(const struct row *row);
/* What stands above the body, line by line. A title is a line by itself and, if there is one, with the last heading. */
char *row_above(struct pool *pool, const struct row *row);
/* Bytes [start, end) of a document's text, terminated, without reading the rest of it. */
int row_text(struct kb *kb, struct pool *pool, long long document, size_t start, size_t end,
             char **ret_text);

/* ---- words.c: the words of a passage ------------------------------------------------------------------------------------- */

/* Of any text; lives in `pool`. */
void words_read(struct tokenizer *t, struct pool *pool, const char *lang, const char *s, size_t len,
                struct text_words *ret);
/* Note those of the body, or of what stands above it, of which hashes and stop words are known; unless it turns out that it
 * has others. */
void words_known(struct tokenizer *t, const struct row *row, const struct text_words *known);
void words_known_above(struct tokenizer *t, const struct row *row, const struct text_words *known);
/* words_snap.c: the same out of a snapshot, where the passage is at that place of that segment. */
void words_snap(struct view *v, size_t segment, size_t ord, struct tokenizer *t,
                const struct row *row);
/* Of row_above(), which is `above`; of the body; of the text, once shelf_text() has been called. They live as long as the row. */
const struct text_words *words_above(struct tokenizer *t, const struct row *row, const char *above);
const struct text_words *words_body(struct tokenizer *t, const struct row *row);
const struct text_words *words_quoted(struct tokenizer *t, const struct row *row);

/* ---- shelf.c: the rows that were read lately ---------------------------------------------------------------------------- */

/* To be called when a question begins, behind kb_refresh(): rows stay good until the next one. */
int shelf_tidy(struct kb *kb);
/* row_read(), unless it is there; it and its strings are the shelf's. */
int shelf_row(struct kb *kb, long long id, struct row *ret);
/* The bytes of the passage as its owner wrote them, in row->notes->text. */
int shelf_text(struct kb *kb, const struct row *row);
void shelf_free(struct shelf *s);

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
/* Whether some line could match, once rank_features() has said what is named: else none need be looked at. Of a phrase one
 * half may stand in the title and the other in the heading. */
bool heading_possible(const struct query *q, const struct features *f);
/* The features `heading` and `wording`, when all lines were taken. */
void heading_features(const struct heading_asked *asked, const struct heading_found *found,
                      struct features *ret);
void heading_add(struct heading_line *line, uint16_t word, bool stop);
/* A title with the last heading of the path behind it: "Nurses: Pay". */
void heading_join(struct heading_line *title, const struct heading_line *last);
/* The same features from a row: its questions, its headings, the title, the last two together. */
int heading_row(struct tokenizer *t, const struct query *q, const struct row *row,
                struct features *ret);
/* How exactly the best label in its body is what was asked, 0..1: "Hematology: the study of blood". Only what is nearly
 * all of the question counts. */
int heading_label(struct tokenizer *t, const struct query *q, const struct row *row, double *ret);
/* Whether any line of a body has a label. */
bool heading_labelled(const char *body);
/* The most that it can be, once rank_features() has said what the passage has of the question. */
double heading_label_most(const struct query *q, const struct features *f);

/* ---- line.c: how well one line of a passage says what was asked ----------------------------------------------------------- */

/* Note in q->line what lines will be compared with. Once, when all terms are known. */
void line_ask(struct query *q);
/* The row's lines beside the question, once line_ask() and confidence_read() have looked at it. */
struct line_found line_compare(struct tokenizer *t, const struct query *q, const struct row *row);

/* ---- rank.c, confidence.c, confidence_signs.c: see the essays at their tops ----------------------------------------- */

#define RANK_FEW 5 /* rows that are read in any case */
#define RANK_ROWS                                                                                  \
    40 /* candidates whose rows are read at most; the rest keep the order of the first stage */

/* Features of c->c[i] from its matches alone, and from its row when it has one. */
void rank_features(const struct query *q, struct candidate *c);
int rank_row(struct tokenizer *t, const struct query *q, const struct row *row,
             struct candidate *c);
/* Features of a candidate whose traits are known, without its row. */
void rank_traits(const struct query *q, struct candidate *c);
/* What its lines say, for the best few alone: whatever is wanted, the same few. */
void rank_line(struct tokenizer *t, const struct query *q, const struct row *row,
               struct candidate *c);
#define MAX_SCORE_PARTS 16
/* What a score is the sum of, in the order in which it is summed. */
size_t rank_parts(const struct query *q, const struct candidate *c,
                  struct kb_part ret[MAX_SCORE_PARTS]);
double rank_score(const struct query *q, const struct candidate *c);
/* The most that rank_row() can add to the score of a candidate whose heading is known. */
double rank_unread(const struct query *q, const struct candidate *c);
/* Best first; equal scores in order of passage key. row[i] belongs to c[i] and moves with it. */
void rank_sort(struct pool *pool, struct candidate *c, struct row *row, size_t n);

/* What tells whether the base has an answer, and whether this passage is it; each 0..1. See confidence_signs.c. */
enum confidence_sign {
    SIGN_EXACT, /* how exactly a heading, a line or a sentence says what was asked and nothing else */
    SIGN_SAID,     /* how much of a line is the question, word for word and in its order */
    SIGN_UNKNOWN,  /* share of what was asked for that the base has never seen */
    SIGN_EVIDENCE, /* how little the match can be chance */
    SIGN_MARGIN,   /* how far ahead of the first hit that is another answer */
    SIGN_AGREED,   /* share of the best few that are of the same document */
    SIGN_WANTED,   /* the kind of answer that was asked for is there */
    SIGN_UNPAID,   /* 1: money was asked for, and the passage has no sum of it */
    SIGN_ALL,      /* 1: the passage has every word that could be the subject */
    SIGN_EMPTY,    /* 1: no word of the question could be the subject of one */
    SIGN_GUESSED, /* 1: every word that could be it was read as one that is more than a slip away */
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
/* Tell apart what the question is about and how it is put. Once, before any of the following. */
void confidence_read(struct query *q);

/* Of the i-th; i < n. */
void confidence_signs(const struct ranking *r, size_t i, double ret[SIGNS]);

/* Question, headings or title of the candidate have a word that could be the question's subject. */
bool confidence_named(const struct query *q, const struct candidate *c);

/* How a confidence came about: the product of two chances, or what a rule made of it. */
enum { CONFIDENCE_PARTS = 5 };
struct confidence_why {
    struct kb_chance chance[KB_CHANCES]; /* their parts are those below */
    struct kb_part part[KB_CHANCES][CONFIDENCE_PARTS];
    double value;        /* what came out */
    const char *rule;    /* static; NULL: it is the product */
    double high, medium; /* where the bands begin: at this value, at this first chance */
};
/* 0..1, the estimated chance that the i-th answers the question; 0 where there is none. */
double confidence_why(const struct ranking *r, size_t i, struct confidence_why *ret);
enum kb_band confidence_band(const struct confidence_why *why);

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

/* The part of `row` that answers: fills hit->text, start, end, mark, nmark. shelf_text() has been called. A `further` hit is quoted
 * more briefly than the first. */
void extract_best(struct tokenizer *t, const struct query *q, struct pool *pool,
                  const struct row *row, const struct candidate *c, bool further,
                  struct kb_hit *hit);

/* All of the above as figures. row[i] belongs to c->c[i], of which there are `n`. Lives in `pool`. */
int explain_hits(struct kb *kb, struct pool *pool, const struct query *q,
                 const struct candidates *c, const struct row *row, size_t n,
                 const struct kb_why **ret);

#endif
