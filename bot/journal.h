/* journal.h: the only writer of state.db, on a thread of its own. What is handed over is committed in groups
 * (at most one fsync every few milliseconds, for all that waits), and each caller hears after the commit. */
#ifndef BOT_JOURNAL_H
#define BOT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/config.h"

struct loop;
struct journal;

extern const struct setting journal_settings[];

/* One question and its reply. All text is copied. */
struct journal_turn {
    const char *adapter, *conversation;
    const char *question, *lang;
    const char *reply_json; /* as reply_json() writes it */
    const char *kind;
    double confidence;
    int64_t at_ms; /* wall clock, Unix milliseconds */
};

/* On the loop, exactly once per call that returned 0: id > 0 of the turn, or a negative errno (-ENOSPC, -EROFS,
 * -EIO, ...). The journal has said so in the log by then, at most once a minute. */
typedef void journal_done_fn(void *ctx, int64_t id);

struct journal_options {
    const char *path;
    const char *synchronous; /* "full" survives power loss, "normal" a killed process */
    int retention_days;      /* older turns are deleted, a few at a time; 0: never */
};

/* 0, or a negative errno as of store_open(), which store_strerror() explains. */
int journal_start(struct loop *l, const struct journal_options *opt, struct journal **ret);
void journal_stop(struct journal *j); /* commits what it was given first */

/* 0; -EBUSY when too much waits already, -ESHUTDOWN after journal_stop() began. */
int journal_turn(struct journal *j, const struct journal_turn *t, journal_done_fn *fn, void *ctx);

void journal_set_retention(struct journal *j, int days);
bool journal_writable(const struct journal *j); /* the last commit worked */

#endif
