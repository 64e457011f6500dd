/* desk_run.h: what the staff can ask for: each a run() of desk.h, by the file that has it. What comes along is named before the colon;
 * what comes back is in adapters/staff/README.md. Who may, and on which thread, is in adapters/staff/staff_route.c. */
#ifndef BOT_DESK_RUN_H
#define BOT_DESK_RUN_H

#include "bot/desk/desk.h"

/* ---- desk_login.c ---- */

int desk_logout(struct store *s, struct desk_request *rq);
int desk_me(struct store *s, struct desk_request *rq); /* {"name","role"} */

/* ---- the queue: desk_ticket.c ---- */

/* what: which ones; q: words that the question has; before: a number */
int desk_queue(struct store *s, struct desk_request *rq);
int desk_ticket(struct store *s,
                struct desk_request *rq); /* id: one, whole; an audit row says who read it */
/* id, what, text: "claim" "take" (from somebody else) "assign" "release" "close" "ignore" "reopen" "note"; text: a note, or to whom. */
int desk_act(struct store *s, struct desk_request *rq);
int desk_undo(struct store *s, struct desk_request *rq);   /* id: what I did last, a moment ago */
int desk_people(struct store *s, struct desk_request *rq); /* to whom one can be assigned */

/* ---- desk_why.c ---- */

/* id: its question, asked of the base as it is today, explained (why.h) */
int desk_why(struct store *s, struct desk_request *rq);

#endif
