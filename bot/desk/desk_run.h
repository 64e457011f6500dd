/* desk_run.h: what the staff can ask for: each a run() of desk.h, by the file that has it. What comes along is named before the colon;
 * what comes back is in adapters/staff/README.md. Who may, and on which thread, is in adapters/staff/staff_route.c. */
#ifndef BOT_DESK_RUN_H
#define BOT_DESK_RUN_H

#include "bot/desk/desk.h"

/* ---- desk_login.c ---- */

int desk_logout(struct store *s, struct desk_request *rq);
int desk_me(struct store *s, struct desk_request *rq); /* {"name","role"} */

/* ---- one's own account: desk_account.c ---- */

int desk_account(struct store *s, struct desk_request *rq);
int desk_sessions(struct store *s, struct desk_request *rq);    /* user: whose; or of all */
int desk_end_session(struct store *s, struct desk_request *rq); /* id; or which: "others" */
int desk_prove(struct store *s,
               struct desk_request *rq); /* password: the right one? To prepare others */
int desk_prepare_password(struct store *s, struct desk_request *rq); /* password, next */
int desk_password(struct store *s, struct desk_request *rq);
int desk_factor_begin(struct store *s, struct desk_request *rq);   /* after desk_prove() */
int desk_factor_confirm(struct store *s, struct desk_request *rq); /* code */
int desk_factor_remove(struct store *s, struct desk_request *rq);  /* after desk_prove() */
int desk_codes(struct store *s, struct desk_request *rq);          /* after desk_prove() */

/* ---- the staff: desk_user.c ---- */

int desk_users(struct store *s, struct desk_request *rq);
/* what: "add" "role" "password" "factor" (is taken away) "remove"; name; role; password */
int desk_prepare_user(struct store *s, struct desk_request *rq);
int desk_user(struct store *s, struct desk_request *rq);

/* ---- what everybody did: desk_trail.c ---- */

int desk_trail(struct store *s,
               struct desk_request *rq); /* actor, action, object, since, until, before */
int desk_trail_verify(struct store *s, struct desk_request *rq);         /* after */
int desk_prepare_trail_export(struct store *s, struct desk_request *rq); /* after */
int desk_trail_export(struct store *s, struct desk_request *rq);

/* ---- what is kept of somebody: desk_erase.c ---- */

int desk_kept(struct store *s, struct desk_request *rq);
int desk_find(struct store *s, struct desk_request *rq);  /* text */
int desk_trace(struct store *s, struct desk_request *rq); /* conversation, or turn */
int desk_prepare_export(struct store *s,
                        struct desk_request *rq); /* conversation, since, format, after */
int desk_export(struct store *s, struct desk_request *rq);
int desk_erase(struct store *s,
               struct desk_request *rq); /* conversation, or turn; confirm: "erase" */

/* ---- keys for programs: desk_token.c ---- */

int desk_tokens(struct store *s, struct desk_request *rq);
int desk_add_token(struct store *s, struct desk_request *rq);    /* name, scopes, days */
int desk_revoke_token(struct store *s, struct desk_request *rq); /* id */

/* ---- the queue: desk_ticket.c ---- */

/* what: which ones; q: words that the question has; before: a number */
int desk_queue(struct store *s, struct desk_request *rq);
int desk_ticket(struct store *s,
                struct desk_request *rq); /* id: one, whole; an audit row says who read it */
/* id, what, text: "claim" "take" (from somebody else) "assign" "release" "close" "duplicate" "ignore" "reopen" "note"; text: a note, or to whom; all: those that ask the same, too (close, duplicate, ignore). */
int desk_act(struct store *s, struct desk_request *rq);
int desk_undo(
    struct store *s,
    struct desk_request *rq); /* id: what I did last, a moment ago, and what was done with it */
int desk_people(struct store *s, struct desk_request *rq); /* to whom one can be assigned */

/* ---- desk_why.c ---- */

/* id: its question, asked of the base as it is today, explained (why.h) */
int desk_why(struct store *s, struct desk_request *rq);

/* ---- groups of questions that ask the same: desk_cluster.c ---- */

/* show: "open" "fresh" "rising" "merged", or all; sort: "asks" "open" "last", or those that nobody was answered; q: words of the label;
 * from: the how manieth */
int desk_clusters(struct store *s, struct desk_request *rq);
int desk_cluster(struct store *s, struct desk_request *rq); /* id: the one that has this question */
int desk_similar(struct store *s, struct desk_request *rq); /* id: questions like this one */
int desk_merge(struct store *s,
               struct desk_request *rq); /* id, into: two questions whose groups are one */
int desk_unmerge(struct store *s, struct desk_request *rq); /* id: of the merge */

/* Tickets in the order of what they are worth: asks * (1 - confidence) * recency. The confidence of what was voted down is 0, and
 * recency halves with every week. One that is newer than the survey counts as asked once, just now. False while there is no
 * survey yet: then nothing is changed. */
struct desk_worth {
    int64_t id;
    size_t asks;  /* out: of questions like it, in thirty days */
    size_t group; /* out: the same for those that ask the same; SIZE_MAX: nobody else has */
    double worth;
};
bool desk_cluster_sort(struct desk *d, struct desk_worth *w, size_t n);
/* Other tickets that ask the same and were open when that was last looked at, at most `max`, newest first. How many. */
size_t desk_cluster_like(struct desk *d, int64_t id, size_t max, int64_t *ret_id);

/* ---- conversations with people: desk_live.c ---- */

int desk_live_queue(struct store *s, struct desk_request *rq); /* who waits, who has whom */
/* conv or ticket: which; after: the events behind that one. An audit row says who read it. out: a struct desk_talk. */
int desk_live_open(struct store *s, struct desk_request *rq);
struct desk_talk {
    int64_t conversation;
    const char *adapter, *name;
};
/* conv or ticket; cid: done once, however often it comes; what: "claim" "takeover" "release" "reply" "return_to_bot" "close" "note";
 * text. shown, room: of the one who asks (live.h), set by our own side. out: a struct handoff_done. */
int desk_live_act(struct store *s, struct desk_request *rq);

/* ---- statistics: desk_insight.c ---- */

/* Each takes: days (30), tz, and as filters day, hour, weekday, end, bin, vote, wanted, came, document, passage, channel, cluster:
 * adapters/staff/README.md. */
int desk_insight(struct store *s, struct desk_request *rq); /* all figures */
/* chart: one of them as a table. The first makes it, the second leaves a row in the audit. */
int desk_prepare_csv(struct store *s, struct desk_request *rq);
int desk_insight_csv(struct store *s, struct desk_request *rq);
int desk_questions(struct store *s, struct desk_request *rq); /* before: what a figure counts */

/* ---- the content: desk_knowledge.c ---- */

int desk_knowledge(
    struct store *s,
    struct desk_request *rq); /* what there is, what is wrong with it, what is used */

/* ---- the content: desk_fix.c ---- */

int desk_pass(struct store *s, struct desk_request *rq);    /* nothing, but only for who may */
int desk_answers(struct store *s, struct desk_request *rq); /* q: words; from: the how manieth */
int desk_answer(struct store *s, struct desk_request *rq); /* id, or the key of its passage; file */
int desk_synonyms(struct store *s, struct desk_request *rq);
int desk_edits(struct store *s, struct desk_request *rq); /* before: a number */
int desk_ignore(struct store *s,
                struct desk_request *rq); /* id: its question is nobody's business */

#endif
