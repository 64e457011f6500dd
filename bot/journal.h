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
struct store;

extern const struct setting journal_settings[];

struct journal_options {
    const char *path;
    const char *synchronous; /* "full" survives power loss, "normal" a killed process */
    int retention_days; /* older turns and transcripts are deleted, a few at a time; 0: never */
};

/* 0, or a negative errno as of store_open(), which store_strerror() explains. */
int journal_start(struct loop *l, const struct journal_options *opt, struct journal **ret);
void journal_stop(struct journal *j); /* commits what it was given first */

/* Something to be read or written, the first member of what its owner needs for it. */
struct journal_job {
    /* On the journal's thread, inside a transaction that it shares with others. May be called again, after a rollback. 0;
     * or a negative errno, and nothing of it is kept. */
    int (*run)(struct store *s, struct journal_job *job);
    /* On the loop, after the commit, in the order of journal_run(); the job is its owner's again. 0, or a negative
     * errno (-ENOSPC, -EROFS, -EIO, ...): then the journal has said so in the log, at most once a minute. */
    void (*done)(struct journal_job *job, int err);
    void (*drop)(struct journal_job *job); /* in place of done() when the loop has ended */

    struct journal_job *next; /* the journal's, like the next one */
    int err;
};

/* Loop thread only. 0, and exactly one done() or drop() follows; -EBUSY when too much waits already, -ESHUTDOWN after journal_stop() began. */
int journal_run(struct journal *j, struct journal_job *job);

/* One question and its reply, as a job of its own. All text is copied. */
struct journal_turn {
    int64_t id; /* 0: it gets the next one */
    const char *adapter, *conversation;
    const char *question, *lang;
    const char *reply_json; /* as reply_json() writes it */
    bool again;             /* others were told the same: it is written down once */
    const char *kind;
    double confidence;
    int64_t at_ms; /* wall clock, Unix milliseconds */
};
/* One that was read back (store_export()): the texts are good inside the call. */
struct store_exported {
    struct journal_turn turn;
    int up, down; /* votes */
};
/* On the loop, exactly once per call that returned 0: id > 0 of the turn, or a negative errno. */
typedef void journal_done_fn(void *ctx, int64_t id);
int journal_turn(struct journal *j, const struct journal_turn *t, journal_done_fn *fn, void *ctx);
void journal_set_retention(struct journal *j, int days);
bool journal_writable(const struct journal *j); /* the last commit worked */
/* 16 bytes, made with the database that is open now. */
void journal_birthmark(struct journal *j, unsigned char ret[16]);

#endif
