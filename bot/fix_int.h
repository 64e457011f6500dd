/* fix_int.h: between the fix*.c files only. */
#ifndef BOT_FIX_INT_H
#define BOT_FIX_INT_H

#include <pthread.h>

#include "bot/buf.h"
#include "bot/draft.h"
#include "bot/fix.h"
#include "bot/handoff.h"
#include "bot/replay.h"
#include "bot/trial.h"
#include "kb/kb.h"
#include "kb/pool.h"

/* ---- a copy of the index, and what is asked of it (fix_copy.c) ---- */

#define FIX_QUESTIONS 10000 /* logged ones, newest first */

/* For an edit: the base as it is, and, after fix_copy_try(), with it. */
struct fix_copy {
    struct pool *pool;
    const struct draft_where *where;
    const char *db; /* of the copy */
    struct kb_sources src;
    struct smalltalk *talk;
    struct replay_progress *progress;
    struct replay_memory *memory;
    const char *key; /* names the state of the base, for `memory` */
    const char *problem;

    const char **question; /* and how often, and when last, each was asked */
    int64_t *asked, *turn;
    size_t n, cap_question, cap_asked, cap_turn;
    struct replayed *old, *now;
    struct trials before, after;
    long long us_copy, us_index, us_old, us_now;
};
/* 0, or a negative errno or enum kb_err with c->problem for a person. `db`: the copy's name, which may be in the way. */
int fix_copy_open(struct fix_copy *c, struct pool *pool, const struct draft_where *where,
                  const char *db);
void fix_copy_close(struct fix_copy *c);
/* The last `max` logged questions of the state.db at `path`. */
int fix_copy_read_log(struct fix_copy *c, const char *path, size_t max);
void fix_copy_add_question(struct fix_copy *c, const char *question, int64_t asked, int64_t turn);
/* What is answered today: questions and tests. */
int fix_copy_ask_old(struct fix_copy *c, bool tests);
/* The copy gets the edit; a mistake in it is -EINVAL. */
int fix_copy_try(struct fix_copy *c, const struct draft *d);
int fix_copy_ask_now(struct fix_copy *c, bool tests);
/* The test that was the same before, or NULL. */
const struct trial *fix_copy_trial_before(const struct fix_copy *c, const struct trial *t);
/* Did it pass before, or was not there, and does not pass now? */
bool fix_copy_regresses(const struct fix_copy *c, const struct trial *t);

/* ---- as JSON (fix_preview.c) ---- */

/* Which is of more use to the asker. More or less is a fact; which of two answers is the better one is for a person to say. */
enum fix_verdict { FIX_WORSE, FIX_OTHER, FIX_BETTER, FIX_VERDICTS };
enum fix_verdict fix_judge(const struct replayed *was, const struct replayed *is);
/* "tests":{...} with those that changed. */
void fix_add_tests(struct buf *b, const struct fix_copy *c);
size_t fix_regressions(const struct fix_copy *c);

/* ---- what an edit leaves in state.db (fix_keep.c) ---- */

#define FIX_CLOSED 200 /* tickets by one edit */
#define FIX_TOLD   8   /* conversations, three steps each */

/* An edit that is being saved, in a pool. */
struct fix_keeping {
    struct pool *pool;
    struct store_edit edit;
    int64_t *ticket; /* to be closed */
    size_t nticket, capticket;
    size_t nclosed, own; /* out; own: of ticket[0] on, those that were named */
    int64_t closed[FIX_CLOSED];
    int64_t undoes; /* the edit that is taken back, or 0 */
    bool later;     /* not published: tickets stay open, and say so */
    const char *says, *shown,
        *room;    /* what those who wait for a person are told, or NULL; by whom */
    size_t nstep; /* out: what was done for that */
    struct handoff_done step[3 * FIX_TOLD];
};
/* With a copy of `e`. */
struct fix_keeping *fix_keep_new(struct pool *pool, const struct store_edit *e);
/* That one, too, unless there are too many. */
void fix_keep_ticket(struct fix_keeping *k, int64_t id);
/* For fix_write(), with a struct fix_keeping: the row and the note, before the file is written; that it was not; that it was, with all
 * that follows. */
int fix_keep_begin(struct store *s, void *ctx);
int fix_keep_drop(struct store *s, void *ctx);
int fix_keep_end(struct store *s, void *ctx);
/* After fix_keep_end(), on the loop: everybody who follows those conversations hears of it. */
void fix_keep_pass_on(struct bot *bot, void *ctx);
void fix_keep_release(struct fix_keeping *k);
/* What the note says of an edit that was begun and not ended. */
int fix_keep_recall(struct store *s, struct fix_keeping *k);

/* ---- jobs (fix.c) ---- */

struct fix_job;
struct fix_call { /* what a job gets */
    struct fix *f;
    struct pool *pool;
    const struct draft_where *where;
    const struct cJSON *in;
    const char *user, *shown, *room; /* who; what askers call them; where the staff reads along */
    enum staff_role role;
    struct fix_copy copy;
    struct buf *result; /* a JSON object */
    const char *problem;
};
/* On the thread of fix.c. 0, or negative with `problem`. */
int fix_preview(struct fix_call *c);
int fix_save(struct fix_call *c);    /* fix_save.c */
int fix_undo(struct fix_call *c);    /* fix_save.c */
int fix_propose(struct fix_call *c); /* fix_propose.c */
int fix_tests(struct fix_call *c);   /* fix_preview.c */
/* Edits that were begun and not ended: fix_save.c. */
int fix_settle(struct fix_call *c);

const char *fix_state_path(const struct fix *f);
/* run(s, ctx) on the journal's thread, in a transaction, and wait for its commit. */
typedef int fix_run_fn(struct store *s, void *ctx);
/* after(bot, ctx), unless NULL, on the loop when it is on disk. */
typedef void fix_after_fn(struct bot *bot, void *ctx);
int fix_write(struct fix *f, fix_run_fn *run, fix_after_fn *after, void *ctx);
/* Wait until what is on the disk is what is answered. NULL, or why not, in `pool`. */
const char *fix_go_live(struct fix *f, struct pool *pool);

#endif
