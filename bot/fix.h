/* fix.h: "fix it in one move": what an edit of the content would change is shown before it is saved, and what is saved is
 * answered from then on.
 *
 * Each job is one of somebody's: a preview, a save, taking a save back, proposals, all tests. They are done one after another on a thread of
 * their own, on a copy of the index beside it (data_dir/draft.db), so neither visitors nor the pages of the console wait. A new preview
 * of somebody puts an end to their last one. Loop thread only. */
#ifndef BOT_FIX_H
#define BOT_FIX_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/store.h"

struct bot;
struct buf;
struct cJSON;
struct fix;

enum fix_work { FIX_PREVIEW, FIX_SAVE, FIX_UNDO, FIX_PROPOSE, FIX_TESTS };

/* Also ends what a crash has left half done. NULL without a thread. */
struct fix *fix_new(struct bot *bot);
/* What is under way is broken off where nothing is lost; before the loop is freed, and fix_free() after it. NULL is fine for both. */
void fix_stop(struct fix *f);
void fix_free(struct fix *f);

/* `in` is taken, whatever happens; it is what draft.h takes, with
 *   preview  {limit}: logged questions, 10,000 without it
 *   save     {digest} of the preview, {override}: the name, against tests, {ticket}: it is closed, {tickets}
 *   undo     {edit}
 *   propose  {question} or {questions}
 * 0 and the job's number, or -EBUSY. */
int fix_begin(struct fix *f, const struct store_session *me, enum fix_work work, struct cJSON *in,
              int64_t *ret_job);
/* {"job","state":"waiting|running|done|failed|cancelled","done","of","problem","result":{...}}. False: `user` has no such job, or
 * it was long ago. */
bool fix_report(struct fix *f, const char *user, int64_t job, struct buf *b);
/* One that saves is not stopped any more when it has begun to write. */
bool fix_cancel(struct fix *f, const char *user, int64_t job);

#endif
