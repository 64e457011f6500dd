/* store.h: everything durable, behind one face. store_*.c are the only SQL of bot/; another store can take
 * its place. A struct store belongs to one thread: the journal's. Calls never log.
 *
 * Seven things are kept. Turns: what was asked and answered, for those who run the service. The inbox: what came in, each
 * message once (inbox.h). The outbox: what has to reach another server (outbox.h). Transcripts: the numbered events of
 * a conversation, for clients that come and fetch them (transcript.h). Notes of adapters, by name. Who of
 * the staff has which conversation. And the staff: who they are, and what they did.
 *
 * Unless said otherwise a call returns 0 or a negative errno as of store_open(), and belongs between store_begin() and
 * store_commit(); after a failure the only way on is store_rollback(). -EINVAL: the data broke a rule of the schema, a bug of the
 * caller and no trouble with the disk. Text that a read returns is the caller's, freed with free(). */
#ifndef BOT_STORE_H
#define BOT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/token.h"
#include "bot/totp.h"
#include "bot/user.h"

struct store;
struct journal_turn;

/* ---- the file (store_sqlite.c) ---- */

/* Once, first thing in main(), before any other thread and before kb: without it every allocation of
 * SQLite takes a process-wide lock, and a second answering thread gains a tenth instead of all. */
int store_init(void);

/* Open or make the database at `path`. synchronous: "full" or "normal". 0, or a negative errno: -EBADMSG what is
 * there is damaged or no database, -EEXIST another program's database, -EPROTO written by a newer version,
 * -ENOSPC, -EROFS, -EACCES, -EBUSY, -EIO. *ret untouched then. */
int store_open(const char *path, const char *synchronous, struct store **ret);
/* For reading only, beside the one that writes; from any thread, one at a time. The file must be there. */
int store_open_reader(const char *path, struct store **ret);
void store_close(struct store *s);
/* True when the file it writes is no longer the one at its path: removed, or another put in its place. One stat(2). */
bool store_is_gone(const struct store *s);
/* 16 random bytes, made with the database: transcripts of another one are not these. */
const unsigned char *store_birthmark(const struct store *s);

/* Between begin and commit (or rollback) all is one transaction. */
int store_begin(struct store *s);
int store_begin_read(struct store *s); /* one state of the file, until store_rollback() */
int store_commit(struct store *s);
void store_rollback(struct store *s);
/* A part of a transaction: what is written from the mark on is kept with the rest, or taken back without it. */
int store_mark(struct store *s);
int store_settle(struct store *s, bool keep);

/* From now on the write-ahead log is carried over into the database by a thread of its own, and no commit waits for that; the writer
 * calls store_tidy() between two commits. After a failure commits carry it, as they did. */
int store_log_aside(struct store *s);
void store_tidy(struct store *s);

/* A small transaction of its own that changes nothing: can it be written? */
int store_probe(struct store *s);

const char *store_strerror(int err); /* one sentence with a remedy; static text */

/* ---- turns and votes (store_turn.c) ---- */

/* t->id 0: it gets the next one. */
int store_add_turn(struct store *s, const struct journal_turn *t, int64_t *ret_id);
/* Delete turns, and what hangs off them, older than `at_ms`, at most `max`. How many, or a negative errno. A
 * transaction of its own. */
int store_forget_turns(struct store *s, int64_t at_ms, int max);
/* And what was ignored before `at_ms` and is in no turn that is kept: the question has its words no longer than those who asked it. How
 * many, or a negative errno. */
int store_forget_ignored(struct store *s, int64_t at_ms);

/* Questions and replies as they are kept, oldest first. NULL and 0: any. */
struct store_export {
    int64_t since_ms;
    const char *adapter, *conversation;
    const char *containing; /* a part of the question; case of ASCII letters aside */
    int64_t after;          /* those with a higher number */
    size_t max;             /* 0: all */
};
struct store_exported;
typedef void store_export_fn(void *ctx, const struct store_exported *e);
int store_export(struct store *s, const struct store_export *what, store_export_fn *fn, void *ctx);

/* What somebody thought of an answer. The last one of a voter counts. */
struct store_vote {
    int64_t turn;
    const char *voter; /* opaque, within an adapter */
    int v;             /* 1, -1; 0 takes it back */
    const char *why;   /* one of the adapter's reasons, or NULL */
    const char *text;  /* in their own words, or NULL */
    int64_t at_ms;
};
/* -ENOENT: there is no such turn. */
int store_vote(struct store *s, const struct store_vote *v);

/* ---- inbox (store_inbox.c) ---- */

enum store_inbox_state { INBOX_OPEN, INBOX_DONE, INBOX_IGNORED, INBOX_DEAD };

struct store_message {
    const char *adapter, *identity; /* together unique */
    const char *body;               /* kept until it is over */
    int64_t digest; /* of what it says: the same identity with another one is a conflict */
    int64_t at_ms;
    enum store_inbox_state state;
    int64_t seq;      /* of its event, or 0 */
    int64_t id, turn; /* out. turn: the number its answer will have */
    bool known, conflict;
};
/* Is its identity known? Then seq, id, turn and state become those of the one that is there. */
int store_find_message(struct store *s, struct store_message *m);
/* Write one that is not known. */
int store_take_in(struct store *s, struct store_message *m);
/* From open to another state. *ret_was_open false: it was over, or has been erased, and nothing was done. */
int store_end_message(struct store *s, int64_t id, enum store_inbox_state state,
                      bool *ret_was_open);
/* All that are open of a conversation with a transcript (inbox.h): somebody else deals with them. */
int store_end_messages(struct store *s, const char *adapter, const char *conversation);
/* True in *ret_mine when nobody had claimed that message before. */
int store_claim(struct store *s, const char *adapter, const char *message, int64_t at_ms,
                bool *ret_mine);

struct store_open_message {
    int64_t id, seq, turn, at_ms;
    char *adapter, *identity, *body;
    int tries;
};
/* All that are open, oldest first, at most `max` after the id `after`; each counts one try more. */
int store_reopen_messages(struct store *s, int64_t after, size_t max,
                          struct store_open_message **ret, size_t *ret_n);
void store_open_messages_free(struct store_open_message *m, size_t n);

/* ---- outbox (store_outbox.c) ---- */

enum store_outbox_state { OUTBOX_QUEUED, OUTBOX_SENDING, OUTBOX_DELIVERED, OUTBOX_DEAD };

struct store_outgoing {
    int64_t id, turn, at_ms, next_ms; /* next_ms: not before, wall clock */
    const char *adapter, *lane;
    const char *idem; /* unique within the adapter: the same thing is put in once */
    const char *body, *note;
    int tries;
    bool doubtful; /* an attempt may have arrived */
};
/* *ret_id 0: that idem was known already. */
int store_put_out(struct store *s, const struct store_outgoing *o, int64_t *ret_id);
/* An attempt begins, or ended; the row takes `next_ms`, `tries`, `doubtful`. remote: the other side's name for it, or NULL;
 * why: what went wrong, or NULL. */
int store_update_out(struct store *s, const struct store_outgoing *o, enum store_outbox_state state,
                     const char *remote, const char *why);
/* All that are not over, oldest first; what was being sent when the process ended is doubtful. Texts are the rows' own. */
int store_open_outgoing(struct store *s, int64_t after, size_t max, struct store_outgoing **ret,
                        size_t *ret_n);
void store_outgoing_free(struct store_outgoing *o, size_t n);
/* The delivered thing that the other side calls `remote`: its turn and note. -ENOENT. */
int store_find_delivered(struct store *s, const char *adapter, const char *lane, const char *remote,
                         int64_t *ret_turn, char **ret_note);
/* How far that one is, and what the other side calls it (NULL: not known), the caller's. -ENOENT. */
int store_out_state(struct store *s, const char *adapter, const char *idem,
                    enum store_outbox_state *ret_state, char **ret_remote);

/* Delete what is over in inbox and outbox and was last touched before `at_ms`, at most `max` of each; a
 * transaction of its own. How many. */
int store_forget_mail(struct store *s, int64_t at_ms, int max);

/* ---- transcripts (store_transcript.c) ---- */

enum store_mode { MODE_BOT, MODE_WAITING, MODE_HUMAN };

struct store_conversation {
    int64_t id, head; /* number of the last event */
    enum store_mode mode;
    int64_t at_ms, used_ms; /* its first and last event */
    bool erased;
};
/* -ENOENT: it has no event yet. */
int store_conversation(struct store *s, const char *adapter, const char *name,
                       struct store_conversation *ret);
struct store_event {
    int64_t turn;     /* of an answer, or 0 */
    const char *body; /* the members of a JSON object, without its braces; */
    size_t
        told; /* of it so many bytes at the end were told to others as well, and are written down once */
    int64_t at_ms;
};
/* The next event. -ESTALE: the conversation was erased, or a person answers there and this is an answer. *ret: as it is now. */
int store_append(struct store *s, const char *adapter, const char *name,
                 const struct store_event *e, struct store_conversation *ret);
/* The same with what an append of this transaction has left in *c. */
int store_append_to(struct store *s, struct store_conversation *c, const struct store_event *e);
/* The turn of an answer in a transcript. -ENOENT: there is no such event, or it is no answer. */
int store_event_turn(struct store *s, int64_t conversation, int64_t seq, int64_t *ret_turn);
int store_set_mode(struct store *s, int64_t conversation, enum store_mode mode);

typedef void store_event_fn(void *ctx, int64_t seq, const char *body, size_t len);
/* Those after `after`, at most `max`. */
int store_events(struct store *s, int64_t conversation, int64_t after, size_t max,
                 store_event_fn *fn, void *ctx);

/* A wish for a person. */
struct store_handoff {
    const char *adapter, *conversation;
    const char *want;                /* "live" "email" "cancel" */
    const char *name, *email, *note; /* or NULL */
    int64_t at_ms;
};
int store_add_handoff(struct store *s, const struct store_handoff *h);

/* Events, turns, votes, wishes and messages of a conversation go; that it was erased stays, and its name is no good any
 * more. Afterwards nothing of it is left in the file, nor beside it. */
int store_erase(struct store *s, const char *adapter, const char *name, int64_t at_ms);
/* A question that belongs to no conversation, with all that belongs to it. -ENOENT. */
int store_erase_turn(struct store *s, int64_t turn);
/* Conversations without an event since `at_ms`, whole, at most `max`; a transaction of its own. How many. */
int store_forget_transcripts(struct store *s, int64_t at_ms, int max);

/* ---- what is kept of somebody (store_trace.c) ---- */

struct store_trace {
    const char *adapter, *conversation;
    int64_t turn; /* a question that belongs to no conversation (conversation is "" then), else 0 */
    int64_t turns, first_ms, last_ms;
    int64_t events, votes, wishes, tickets, notes; /* of store_trace() */
};
typedef void store_trace_fn(void *ctx, const struct store_trace *t);
/* Conversations in whose name or questions this stands, or whose asker left it as name or address, or voted under it; the last used
 * first. */
int store_traces(struct store *s, const char *text, size_t max, store_trace_fn *fn, void *ctx);
/* How much there is of one: adapter and conversation, or turn, are given. -ENOENT: nothing. */
int store_trace(struct store *s, struct store_trace *t);
/* How many questions are kept, and since when (0: there is none). */
int store_kept_since(struct store *s, int64_t *ret_n, int64_t *ret_first_ms);
/* Conversations that were erased since, by whatever process. */
typedef void store_erased_fn(void *ctx, const char *adapter, const char *name, int64_t at_ms);
int store_erased(struct store *s, int64_t since_ms, store_erased_fn *fn, void *ctx);

/* ---- people of the staff (store_user.c) ---- */

struct store_user {
    const char *name; /* as user.h allows; found whatever its case */
    enum staff_role role;
    const char *hash; /* of user_hash(); USER_NO_PASSWORD: signs on elsewhere */
    int64_t at_ms;    /* when it was made; of a change, when that was */
    int64_t changed_ms;
    bool factor; /* out, like the following: has a second one */
    int sessions;
    int64_t used_ms; /* when a session of theirs was last used; 0: there is none */
};
int store_add_user(struct store *s, const struct store_user *u); /* -EEXIST */
/* role ROLE_NONE and hash NULL stay as they are. -ENOENT. */
int store_change_user(struct store *s, const struct store_user *u);
int store_remove_user(struct store *s, const char *name); /* -ENOENT */
/* All, in order, or the one of that name. The texts are good inside fn. */
typedef void store_user_fn(void *ctx, const struct store_user *u);
int store_users(struct store *s, const char *name, store_user_fn *fn, void *ctx);

/* ---- who of them is logged in (store_session.c) ---- */

#define STORE_HASH 32 /* bytes: BLAKE2b-256 */
struct store_session {
    char user[65]; /* user.h */
    enum staff_role role;
    int64_t at_ms, used_ms;
    bool factor;   /* the user has a second one */
    int64_t token; /* its number, when it is no session but a token; else 0 */
    int scopes;    /* of a token */
};
/* agent: the browser's name for itself. */
int store_add_session(struct store *s, const unsigned char hash[STORE_HASH], const char *user,
                      const char *agent, int64_t at_ms);
/* -ENOENT: there is none, it is too old, nobody used it for too long, or the user's role or password has changed since. */
int store_find_session(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                       struct store_session *ret);
int store_touch_session(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms);
int store_end_session(struct store *s, const unsigned char hash[STORE_HASH]);
/* Those that store_find_session() would not find any more. */
int store_forget_sessions(struct store *s, int64_t now_ms);
/* Those that are good, of one user (NULL: of all), the last used first. id: what a session is called where its hash must not be. */
struct store_session_row {
    int64_t id;
    const char *user, *agent;
    int64_t at_ms, used_ms;
    bool current; /* it has the hash `mine` */
};
typedef void store_session_fn(void *ctx, const struct store_session_row *r);
int store_sessions(struct store *s, const char *user, const unsigned char mine[STORE_HASH],
                   int64_t now_ms, store_session_fn *fn, void *ctx);
/* id 0: all of the user but `mine`. user NULL: whoever's it is. -ENOENT: there is none. Whose it was goes to ret_user, unless that
 * is NULL. */
int store_end_sessions(struct store *s, const char *user, int64_t id,
                       const unsigned char mine[STORE_HASH], char ret_user[USER_NAME + 1]);
#define SESSION_IDLE_MS (30 * 60000ll)
#define SESSION_MAX_MS  (12 * 3600000ll)

/* ---- their second factors (store_factor.c) ---- */

struct store_factor {
    bool on, begun; /* has one; has begun to set one up */
    unsigned char secret[TOTP_SECRET], next[TOTP_SECRET];
    int64_t step; /* of the last code that was taken */
    int codes;    /* recovery codes that are left; out only */
};
int store_factor(struct store *s, const char *user, struct store_factor *ret); /* -ENOENT */
int store_set_factor(struct store *s, const char *user, const struct store_factor *f);
/* Each is good once. -ENOENT: it is none of theirs. */
int store_use_recovery(struct store *s, const char *user, const unsigned char hash[RECOVERY_HASH]);
/* These, in place of those there were. */
int store_set_recovery(struct store *s, const char *user, unsigned char hash[][RECOVERY_HASH],
                       size_t n);

/* ---- keys for programs (store_token.c) ---- */

struct store_token {
    int64_t id;
    const char *user, *name; /* whose; what it is for */
    int scopes;              /* bits of enum token_scope */
    int64_t at_ms, expires_ms;
    int64_t used_ms, leaked_ms; /* 0: never */
};
/* -ENOENT: there is no such user. */
int store_add_token(struct store *s, const unsigned char hash[STORE_HASH],
                    const struct store_token *t, int64_t *ret_id);
/* As store_find_session(), with the role that its user has now. -ENOENT: there is none, or it has expired. */
int store_find_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                     struct store_session *ret);
int store_touch_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms);
/* It was seen where it must not stand: ret->token and user say which. -ENOENT. */
int store_leak_token(struct store *s, const unsigned char hash[STORE_HASH], int64_t now_ms,
                     struct store_session *ret);
/* Of one user, or (NULL) of all, oldest first. */
typedef void store_token_fn(void *ctx, const struct store_token *t);
int store_tokens(struct store *s, const char *user, store_token_fn *fn, void *ctx);
int store_remove_token(struct store *s, int64_t id, const char *user); /* -ENOENT; user as above */

/* ---- questions that somebody should look at (store_ticket.c) ---- */

enum ticket_why { TICKET_NONE = 1, TICKET_LOW = 2, TICKET_DOWN = 4, TICKET_PERSON = 8 };
enum ticket_state { TICKET_NEW, TICKET_CLAIMED, TICKET_CLOSED, TICKET_IGNORED };

/* A ticket has the number of its turn. Texts are good inside the call they are given to. */
struct store_ticket {
    int64_t id, at_ms, changed_ms;
    int why; /* bits */
    enum ticket_state state;
    const char *owner, *outcome; /* or NULL */
    const char *adapter, *conversation, *question, *kind;
    const char *reply; /* JSON */
    double confidence;
};
typedef void store_ticket_fn(void *ctx, const struct store_ticket *t);
struct store_queue {
    bool over;              /* those that are closed or ignored; else those that are not */
    int why;                /* any of these bits; 0: all */
    const char *owner;      /* of this one only, or NULL */
    const char *containing; /* these words, in this order; case of ASCII letters aside; or NULL */
    int64_t before;         /* a ticket's number, 0: from the newest on */
    size_t max;
};
/* Newest first. */
int store_tickets(struct store *s, const struct store_queue *q, store_ticket_fn *fn, void *ctx);
/* All that are open and have one of these reasons (0: any), oldest first. */
int store_open_tickets(struct store *s, int why, void (*fn)(void *ctx, int64_t id), void *ctx);
/* Open ones by reason, in the order of the bits, and all. */
int store_count_tickets(struct store *s, int64_t ret[5]);
int store_ticket(struct store *s, int64_t id, store_ticket_fn *fn, void *ctx); /* -ENOENT */
/* The events of its conversation: each with its number, and its time. */
typedef void store_ticket_event_fn(void *ctx, int64_t seq, int64_t at_ms, const char *body);
int store_ticket_events(struct store *s, int64_t id, size_t max, store_ticket_event_fn *fn,
                        void *ctx);

/* Its own question and those of its conversation before it, oldest first, at most `max`. */
int store_ticket_turns(struct store *s, int64_t id, size_t max, store_ticket_fn *fn, void *ctx);

/* From one of the states `from` (bits 1 << state) to another; owner and outcome become these. only_of: only while
 * it is nobody's, or this one's; NULL: whoever's it is. -ENOENT: there is none; -EBUSY: it is in another state, or somebody else's. */
struct store_ticket_change {
    int64_t id, at_ms;
    int from;
    enum ticket_state to;
    const char *owner, *outcome;
    const char *only_of;
};
int store_change_ticket(struct store *s, const struct store_ticket_change *c);
struct store_ticket_note {
    int64_t id, at_ms;
    const char *who, *what, *text;  /* text or NULL */
    const struct store_ticket *was; /* what it changed: state, owner and outcome; NULL: nothing */
};
int store_log_ticket(struct store *s, const struct store_ticket_note *n);
/* What `who` did last to a ticket is taken back, if that was after since_ms and nothing has been done to it since: the ticket is as
 * it was, a note is gone. -ENOENT: there is no such thing. */
struct store_undone {
    char what[32];
    int64_t row, at_ms; /* of the log */
};
int store_undo_ticket(struct store *s, const struct store_ticket_note *n, int64_t since_ms,
                      struct store_undone *ret);
/* Other tickets that were changed by `who` together with that, at most `max`. How many, or negative. */
int store_done_with(struct store *s, const char *who, const struct store_undone *u, int max,
                    int64_t *ret_id);
/* Earlier questions of its conversation, at most so much before it, newest first, and the reply to each. */
typedef void store_asked_fn(void *ctx, const char *question, const char *reply);
int store_asked_before(struct store *s, int64_t id, int64_t within_ms, size_t max,
                       store_asked_fn *fn, void *ctx);
/* Somebody wants a person for that answer: its ticket is open, made if there is none, and the log says so. -ENOENT: no such
 * answer. */
int store_want_person(struct store *s, const struct store_ticket_note *n);
typedef void store_ticket_note_fn(void *ctx, const struct store_ticket_note *n);
int store_ticket_log(struct store *s, int64_t id, store_ticket_note_fn *fn, void *ctx);

/* ---- conversations that a person has, or that wait for one (store_live.c) ---- */

/* Beside the mode of the conversation, which says whose it is. */
struct store_live {
    int64_t conversation, head;
    enum store_mode mode;
    const char *adapter, *name;
    int64_t ticket; /* the question it is about; 0: there is no row yet */
    const char *
        owner; /* who of the staff: an account, or "slack:U1" of somebody in the staff's room; or NULL */
    const char *who;  /* what the asker calls them, or NULL */
    int64_t since_ms; /* in this mode */
    int64_t asker_ms; /* the first words after the staff's last ones: since when they wait; or 0 */
    int64_t staff_ms; /* the staff's last words, or 0 */
    int64_t
        told; /* events up to this one are on their way to the asker, where the network has no transcripts */
    int64_t passed;            /* ... and to the staff's room */
    int64_t until;             /* the one that ended it; 0: it goes on */
    const char *room, *thread; /* "slack:C1", and what its first message is called there; or NULL */
};
/* Of a conversation, with or without a row. *ret is the caller's: store_live_release(). -ENOENT: there is none, or it was erased. */
int store_live(struct store *s, int64_t conversation, struct store_live *ret);
void store_live_release(struct store_live *l);
/* Row and mode; made when there is none. */
int store_put_live(struct store *s, const struct store_live *l);
/* The asker has said something. */
int store_live_asked(struct store *s, int64_t conversation, int64_t at_ms);
/* The conversation; -ENOENT; -EAGAIN: it may be one whose first message is on its way, and what that is called there is not known
 * yet. That of a ticket is made when it has had no event: on a network without transcripts. */
int store_live_of_thread(struct store *s, const char *room, const char *thread, int64_t *ret);
int store_live_of_ticket(struct store *s, int64_t ticket, int64_t at_ms, int64_t *ret);
/* Its last turn, and the number of the last event that is an answer. -ENOENT: none. */
int store_last_turn(struct store *s, const char *adapter, const char *name, int64_t *ret_turn);
int store_last_answer(struct store *s, int64_t conversation, int64_t *ret_seq);
/* Where its asker wants to be answered, as they wrote it last: an e-mail address, and what they wrote with it. NULL each: nothing. The
 * caller's. */
int store_contact(struct store *s, int64_t conversation, char **ret_email, char **ret_note);
/* All that are not the bot's, the longest in their mode first. The texts are good inside fn; question: of the ticket. */
typedef void store_live_fn(void *ctx, const struct store_live *l, const char *question);
int store_lives(struct store *s, size_t max, store_live_fn *fn, void *ctx);
/* How many, into ret[]: those of that adapter that wait since before `waiting_ms`, and those a person has but said nothing in since `silent_ms`,
 * counted from when there was something to say: more questions do not put it off. */
int store_live_late(struct store *s, const char *adapter, int64_t waiting_ms, int64_t silent_ms,
                    int64_t *ret, size_t max);
/* Those whose events are not all on their way, in order, from the one after `after` on. How many. */
int store_live_behind(struct store *s, int64_t after, int64_t *ret, size_t max);

/* ---- what statistics are made of (store_survey.c) ---- */

/* Texts are good inside the call that they are given to. */
struct store_survey_turn {
    int64_t id, at_ms;
    const char *adapter, *question, *kind, *reply; /* reply: JSON */
    size_t reply_len;
    double confidence;
};
typedef void store_survey_turn_fn(void *ctx, const struct store_survey_turn *t);
/* How many there are; those with a number above `after`, in order; one of them, without its reply (-ENOENT). */
int store_survey_count(struct store *s, int64_t since_ms, int64_t *ret_n);
int store_survey_turns(struct store *s, int64_t after, int64_t since_ms, store_survey_turn_fn *fn,
                       void *ctx);
int store_question(struct store *s, int64_t id, store_survey_turn_fn *fn, void *ctx);
/* What became of the turns from the number `from` on: votes up and down; a ticket's reasons and state; how many ms somebody who wanted
 * a person waited, -1 when nobody has come yet. */
enum store_survey { STORE_SURVEY_VOTES, STORE_SURVEY_TICKETS, STORE_SURVEY_WAITS };
typedef void store_survey_fn(void *ctx, int64_t turn, int64_t a, int64_t b);
int store_survey(struct store *s, enum store_survey what, int64_t from, store_survey_fn *fn,
                 void *ctx);
/* When content was published: the time in place of the turn. */
int store_survey_published(struct store *s, int64_t since_ms, store_survey_fn *fn, void *ctx);
/* Changes with every commit of another connection. */
int store_version(struct store *s, int64_t *ret);

/* Two questions that somebody has put together: their turns, and numbers for what they say, which outlive these. */
struct store_merge {
    int64_t id; /* out */
    int64_t turn, says, into_turn, into_says, at_ms;
    const char *who;
};
int store_merge(struct store *s, const struct store_merge *m);
int store_unmerge(struct store *s, int64_t id); /* -ENOENT */
typedef void store_merge_fn(void *ctx, const struct store_merge *m);
int store_merges(struct store *s, store_merge_fn *fn, void *ctx);

/* ---- what the staff changed in the content (store_edit.c) ---- */

/* Distinct questions, those asked last first, at most `max`: how often, and the number of its last turn. Small talk is none. */
typedef void store_question_fn(void *ctx, const char *question, int64_t asked, int64_t turn);
int store_questions(struct store *s, size_t max, store_question_fn *fn, void *ctx);
/* Open tickets for want of a sure answer that nobody has claimed: each with its question. Newest first, at most `max`. */
int store_unanswered(struct store *s, size_t max, store_question_fn *fn, void *ctx);

/* Open tickets whose answer was saved as `name` to be published later, at most `max`. How many, or negative. */
int store_tickets_of_later(struct store *s, const char *name, int max, int64_t *ret_id);

enum edit_state { EDIT_BEGUN, EDIT_DONE, EDIT_UNDONE };
struct store_edit {
    int64_t id, at_ms;
    const char *who, *role, *kind, *name, *path;
    const void *before; /* NULL: there was no file, or it is not kept any more */
    size_t len;
    const char *digest, *written; /* file.h; of the file before and after */
    enum edit_state state;
    const char *note; /* or NULL */
};
#define STORE_EDITS 200 /* whose former bytes are kept */
/* Before the file is written: whatever happens then, it is known what was going on. */
int store_begin_edit(struct store *s, const struct store_edit *e, int64_t *ret_id);
/* `state` EDIT_BEGUN: it did not happen, and goes. */
int store_end_edit(struct store *s, int64_t id, enum edit_state state);
typedef void store_edit_fn(void *ctx, const struct store_edit *e);
/* Newest first, at most `max` before that number (0: all), without the bytes; `open`: those that were begun and not ended. */
int store_edits(struct store *s, bool open, int64_t before, size_t max, store_edit_fn *fn,
                void *ctx);
int store_edit(struct store *s, int64_t id, store_edit_fn *fn, void *ctx); /* -ENOENT */

/* Nobody is shown that question any more, however it is written in capitals or ended; its tickets are closed as ignored. How many. */
int store_ignore(struct store *s, const char *question, const char *who, int64_t at_ms);

/* ---- what the staff did (store_audit.c) ---- */

struct store_audit {
    int64_t id; /* out: 1, 2, 3, ... */
    int64_t at_ms;
    const char *actor, *role;   /* who; "" for the command line's role */
    const char *action;         /* "user.add" */
    const char *object;         /* to what; or NULL, like the following */
    const char *before, *after; /* no text of visitors, no secret */
    const char *request;        /* its id in the log */
};
int store_add_audit(struct store *s, const struct store_audit *a);
/* Those behind the row `after` (0: from the first one on), at most `max`. sound: it is what was written, and follows the one before it. */
typedef void store_audit_fn(void *ctx, const struct store_audit *a,
                            const unsigned char hash[STORE_HASH], bool sound);
int store_audit(struct store *s, int64_t after, size_t max, store_audit_fn *fn, void *ctx);
/* The newest first. Texts NULL and times 0: any. */
struct store_audit_query {
    const char *actor, *object; /* whole */
    const char *action;         /* whole, or how it begins: "ticket" is also "ticket.act" */
    int64_t since_ms, until_ms; /* from, before */
    int64_t before;             /* a row's number, 0: from the newest on */
    size_t max;
};
typedef void store_audit_row_fn(void *ctx, const struct store_audit *a);
int store_find_audit(struct store *s, const struct store_audit_query *q, store_audit_row_fn *fn,
                     void *ctx);

/* ---- notes of adapters (store_note.c) ---- */

/* A key that begins with '~' is forgotten with the mail of its day. */
int store_keep(struct store *s, const char *adapter, const char *key, const char *value,
               int64_t at_ms);
int store_kept(struct store *s, const char *adapter, const char *key, char **ret); /* NULL: none */

#endif
