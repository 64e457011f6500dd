/* journal.h: the only writer of state.db, on a thread of its own. What is handed over is committed in groups
 * (every few milliseconds or 100 rows, one fsync for all), and each caller hears after the commit. */
#ifndef BOT_JOURNAL_H
#define BOT_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct journal;

/* One question and its reply. All text is copied. */
struct journal_turn {
    const char *adapter, *conversation;
    const char *question, *lang;
    const char *reply_json;        /* as reply_json() writes it */
    const char *kind;
    double confidence;
    int64_t at_ms;                 /* wall clock, Unix milliseconds */
};

/* On the loop, exactly once per call: id > 0 of the turn, or a negative errno (disk full, damaged, stopped). */
typedef void journal_done_fn(void *ctx, int64_t id);

/* synchronous: "full" survives power loss, "normal" a killed process. A database that is not ours is refused. */
int journal_start(struct loop *l, const char *path, const char *synchronous, struct journal **ret);
void journal_stop(struct journal *j); /* commits what it was given first */
int journal_turn(struct journal *j, const struct journal_turn *t, journal_done_fn *fn, void *ctx);

#endif
