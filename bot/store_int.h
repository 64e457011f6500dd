/* store_int.h: what the store_*.c files share, and nobody else. */
#ifndef BOT_STORE_INT_H
#define BOT_STORE_INT_H

#include <sqlite3.h>
#include <sys/types.h>

#include "bot/store.h"

enum store_sql {
    SQL_ADD_TURN,
    SQL_UNANSWERED,
    SQL_FORGET_TURNS,
    SQL_FORGET_IGNORED,
    SQL_ADD_TEXT,
    SQL_ADD_USES,
    SQL_MORE_USES,
    SQL_VOTE,
    SQL_HAS_TURN,
    SQL_EXPORT,
    SQL_TAKE_IN,
    SQL_FIND_MESSAGE,
    SQL_END_MESSAGE,
    SQL_END_MESSAGES,
    SQL_CLAIM,
    SQL_OPEN_MESSAGES,
    SQL_COUNT_TRIES,
    SQL_PUT_OUT,
    SQL_UPDATE_OUT,
    SQL_OPEN_OUT,
    SQL_FIND_DELIVERED,
    SQL_CONVERSATION,
    SQL_BEGIN_TALK,
    SQL_GO_ON,
    SQL_ADD_EVENT,
    SQL_EVENT_TURN,
    SQL_SET_MODE,
    SQL_EVENTS,
    SQL_ADD_HANDOFF,
    SQL_KEEP,
    SQL_KEPT,
    SQL_FORGET_INBOX,
    SQL_FORGET_CLAIMS,
    SQL_FORGET_OUTBOX,
    SQL_FORGET_NOTES,
    SQL_OLD_CONVERSATIONS,
    SQL_ADD_USER,
    SQL_CHANGE_USER,
    SQL_REMOVE_USER,
    SQL_USERS,
    SQL_ADD_SESSION,
    SQL_FIND_SESSION,
    SQL_TOUCH_SESSION,
    SQL_END_SESSION,
    SQL_FORGET_SESSIONS,
    SQL_SESSIONS,
    SQL_END_SESSIONS,
    SQL_FACTOR,
    SQL_SET_FACTOR,
    SQL_USE_RECOVERY,
    SQL_FORGET_RECOVERY,
    SQL_ADD_RECOVERY,
    SQL_ADD_TOKEN,
    SQL_FIND_TOKEN,
    SQL_TOUCH_TOKEN,
    SQL_LEAK_TOKEN,
    SQL_TOKENS,
    SQL_REMOVE_TOKEN,
    SQL_TRACES,
    SQL_TRACE,
    SQL_TRACE_TURN,
    SQL_KEPT_SINCE,
    SQL_ERASED,
    SQL_FIND_AUDIT,
    SQL_TICKETS,
    SQL_TICKETS_OVER,
    SQL_OPEN_TICKETS,
    SQL_COUNT_TICKETS,
    SQL_TICKET,
    SQL_CHANGE_TICKET,
    SQL_LOG_TICKET,
    SQL_LAST_LOG,
    SQL_UNDO_TICKET,
    SQL_FORGET_LOG,
    SQL_DONE_WITH,
    SQL_ASKED_BEFORE,
    SQL_WANT_PERSON,
    SQL_TICKET_LOG,
    SQL_TICKETS_OF_LATER,
    SQL_TICKET_EVENTS,
    SQL_TICKET_TURNS,
    SQL_HAS_TICKET,
    SQL_HAS_ASKED,
    SQL_LIVE,
    SQL_PUT_LIVE,
    SQL_LIVE_ASKED,
    SQL_LIVE_THREAD,
    SQL_LIVE_BEGUN,
    SQL_TICKET_TALK,
    SQL_LAST_TURN,
    SQL_LAST_ANSWER,
    SQL_LIVES,
    SQL_CONTACT,
    SQL_LIVE_LATE,
    SQL_LIVE_BEHIND,
    SQL_OUT_STATE,

    SQL_SURVEY_COUNT,
    SQL_SURVEY_TURNS,
    SQL_SURVEY_VOTES,
    SQL_SURVEY_TICKETS,
    SQL_SURVEY_WAITS,
    SQL_SURVEY_PUBLISHED,
    SQL_QUESTION,
    SQL_VERSION,
    SQL_MERGE,
    SQL_UNMERGE,
    SQL_MERGES,
    SQL_LAST_AUDIT,
    SQL_ADD_AUDIT,
    SQL_AUDIT,
    SQL_QUESTIONS,
    SQL_ASKED,
    SQL_BEGIN_EDIT,
    SQL_END_EDIT,
    SQL_DROP_EDIT,
    SQL_EDITS,
    SQL_EDIT,
    SQL_TRIM_EDITS,
    SQL_IGNORE,
    SQL_IGNORED,
    NSQL,
};

struct store {
    char *path;
    dev_t dev; /* which file that was when it was opened */
    ino_t ino;
    sqlite3 *db;
    sqlite3_stmt *st[NSQL]; /* prepared when first needed */
    int64_t last_turn;      /* the highest number given out ... */
    int64_t sure_turn;      /* ... and that before this transaction */
    unsigned char birthmark[16];
    bool scrub; /* something was erased: nothing of it may stay in the write-ahead log */
    struct store_conversation behind; /* its row lacks its last events; id 0: none does */
    struct store_texts *texts;        /* or NULL */
    struct store_log *log;            /* or NULL: SQLite carries its log over by itself */
};

/* store_transcript.c. Before anything but what store_bind() excepts, a mark and a commit: the row of a conversation says where it is. */
int store_catch_up(struct store *s);

/* store_told.c. Number *ret_id of the text that str[0..len) has, for one row of `turns` or `events` that names it; 0: write it into the
 * row. */
int store_told(struct store *s, const char *str, size_t len, int64_t *ret_id);
/* Before a commit, a mark, and whatever deletes. */
int store_texts_settle(struct store *s);
/* Behind what deletes, and what takes back. */
void store_texts_forget(struct store *s);
/* What `row`, of `column`, says in all. */
#define STORE_REPLY(row)                                                                           \
    "ifnull((SELECT x.body FROM texts x WHERE x.id = " row ".told), " row ".reply)"
#define STORE_BODY(row)                                                                            \
    row ".body || ifnull((SELECT x.body FROM texts x WHERE x.id = " row ".told), '')"

/* store_schema.c. Whose database it is, and of which version: an older one becomes one of now, an empty one ours. */
int store_upgrade(sqlite3 *db);
int store_schema_version(void);

/* store_log.c. Until nobody but the caller carries the log over. */
void store_log_wait(struct store *s);
void store_log_stop(struct store *s);

/* What SQLite says, as an errno. A full disk hides behind several I/O errors. */
int store_errno(sqlite3 *db, int rc);
/* Several statements in one string. */
int store_run(sqlite3 *db, const char *sql);
/* The statement `id`, with `format` saying what is bound to ?1, ?2, ...: i an int64_t, t a text or NULL, n a text and its bytes (size_t), d a double. NULL
 * with *ret_err when it cannot be prepared. Ended by store_finish() or store_reset(). */
sqlite3_stmt *store_bind(struct store *s, enum store_sql id, const char *sql, int *ret_err,
                         const char *format, ...);
/* Step a statement that returns no rows. */
int store_finish(struct store *s, sqlite3_stmt *st);
void store_reset(sqlite3_stmt *st);
/* Step to the next row. 1: there is one, 0: there is none, negative: an errno. */
int store_row(struct store *s, sqlite3_stmt *st);
/* A column's text, copied; NULL stays NULL. */
char *store_text(sqlite3_stmt *st, int column);

#endif
