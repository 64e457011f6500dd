/* snap_view.h: a snapshot file, and what changed since, as one base to rank: the state of one generation.
 *
 * Two segments. The first is the file, of some earlier generation; the second a snapshot in memory of the passages that
 * the change log names since then, rebuilt in a millisecond when the generation moves. Passages of the file that were changed or
 * removed are dead: a bit says so, and document frequencies, lengths and averages are corrected for them, so scores
 * are exactly those of a fresh snapshot. */
#ifndef KB_SNAP_VIEW_H
#define KB_SNAP_VIEW_H

#include "kb/snap_find.h"

#define VIEW_SEGMENTS    2
#define VIEW_LOOKUP      2048
#define VIEW_HEARD       512
#define VIEW_MAX_CHANGED 4096 /* more since the snapshot: FTS5 answers until it is written anew */

struct view_condition {
    uint32_t ord;
    const char **needs, **nots;
    size_t nneeds, nnots;
};

struct view_segment {
    struct snap *snap;
    struct finder *finder;
    const struct snap_dated *dated;
    size_t ndated;
    struct view_condition *condition;
    size_t ncondition;
    uint64_t *suspect; /* dead, dated, conditional or for an audience; NULL: none is */
    uint64_t *dead;    /* NULL: none is */
    /* Of the question at hand; between questions only the marks are wanted, and nothing is looked up. */
    uint8_t *wanted;         /* see snap_sift() */
    uint16_t *lookup;        /* VIEW_LOOKUP: number of a word plus one, hashed by its term */
    const char *name[256];   /* "" for places without one */
    size_t nname;            /* how many rows may speak of */
    uint64_t *stopword[256]; /* bit per term, by language; NULL: not needed yet */
    uint64_t *hash;          /* word_hash() by term, 0: not needed yet; NULL: none was */
    float drift;
};

/* A token: its term in each segment, SNAP_NO_TERM where no passage has it. */
struct snap_word {
    uint32_t term[VIEW_SEGMENTS];
};

/* Where a term of a question stands: its list in each segment, and in how many living passages. */
struct view_term {
    struct snap_list list[VIEW_SEGMENTS];
    long long df;
};

/* A word that has been asked for and is there. Of those that are not nothing is kept: whoever made up one with the hash of
 * another would hide that from the next who asks. */
struct view_heard {
    uint64_t hash; /* word_hash(); 0: none yet */
    struct snap_word word;
    bool listed; /* `term` is known, too */
    struct view_term term;
};

struct view {
    struct pool *pool, *scratch; /* scratch: of the question at hand */
    struct file_stamp file;
    struct view_segment segment[VIEW_SEGMENTS];
    size_t nsegment;
    long long generation;
    size_t n; /* living passages */
    double average[FIELDS];
    const char *main_lang;
    struct vocabulary vocabulary;
    struct view_heard heard[VIEW_HEARD]; /* by the low bits of their hashes; the last one stays */
    uint32_t *dead_term; /* the terms of dead passages, each once per passage, ascending */
    size_t ndead_term;
};

/* Bring kb->view in step with the generation that the current transaction sees. 0 with kb->view set, or NULL when
 * there is no snapshot to be used. Negative only when the database itself fails. */
int view_refresh(struct kb *kb, long long generation);
void view_free(struct view *v);
/* There is one, and nobody has written into its file. */
bool view_holds(const struct kb *kb);
/* The snapshot turned out to be unsound: do without, until there is another file or the index changes. What points into
 * it stays good until the next view_refresh(). */
void view_drop(struct kb *kb);

/* The synonyms as SNAP_SYNONYMS has them, of whatever state (synonyms_adopt() knows); NULL: damaged. */
const void *view_synonyms(const struct view *v, size_t *ret_len);
/* Whether a term is a stop word of the passage's language, as stopword() has it: a bit per term. NULL: damaged. */
const uint64_t *view_stopwords(struct view *v, struct view_segment *g, uint32_t ord);

/* Living passages that have the term, which is named by its id in each segment (SNAP_NO_TERM: not there). */
long long view_df(const struct view *v, const uint32_t term[VIEW_SEGMENTS]);

#endif
