/* store.h: everything durable, behind one face. store_sqlite.c is the only SQL of bot/; another store can take
 * its place. A struct store belongs to one thread: the journal's. Calls never log. */
#ifndef BOT_STORE_H
#define BOT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct journal_turn;

/* Once, first thing in main(), before any other thread and before kb: without it every allocation of
 * SQLite takes a process-wide lock, and a second answering thread gains a tenth instead of all. */
int store_init(void);

/* Open or make the database at `path`. synchronous: "full" or "normal". 0, or a negative errno: -EBADMSG what is
 * there is damaged or no database, -EEXIST another program's database, -EPROTO written by a newer version,
 * -ENOSPC, -EROFS, -EACCES, -EBUSY, -EIO. *ret untouched then. */
int store_open(const char *path, const char *synchronous, struct store **ret);
void store_close(struct store *s);
/* True when the file it writes is no longer the one at its path: removed, or another put in its place. One stat(2). */
bool store_is_gone(const struct store *s);

/* Between begin and commit (or rollback) all is one transaction. All return 0 or a negative errno as above;
 * after a failure the only way on is store_rollback(). */
int store_begin(struct store *s);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* A small transaction of its own that changes nothing: can it be written? */
int store_probe(struct store *s);

int store_add_turn(struct store *s, const struct journal_turn *t, int64_t *ret_id);
/* Delete turns older than `at_ms`, at most `max`. How many, or a negative errno. */
int store_forget_turns(struct store *s, int64_t at_ms, int max);

const char *store_strerror(int err); /* one sentence with a remedy; static text */

#endif
