/* checkup.h: what is wrong with the content, as `guidepost check` would say it, and what the base is made of; for the staff's pages. Asking
 * every question of the content takes seconds, so it is done on a thread of its own when somebody looks and the index has changed. */
#ifndef BOT_CHECKUP_H
#define BOT_CHECKUP_H

#include "kb/kb.h"

struct config;

struct checkup {
    int64_t at_ms;
    int64_t indexed_ms; /* when the index was last changed */
    struct kb_info info;
    struct kb_document *document; /* in order of their ids */
    size_t ndocument;
    struct kb_entry
        *entry; /* curated questions for everybody, without their answers; in order of passages */
    size_t nentry;
    struct kb_problem *problem; /* mistakes in files first, then what kb_review() finds */
    size_t nproblem;
    size_t errors, warnings; /* all of them, also those that are not listed */
    size_t questions;        /* that were asked to find them */
};

struct examiner;
/* `index` is a path. Settings are copied; again after a reload. Loop thread. */
struct examiner *examiner_new(const char *index, const struct config *c);
void examiner_use(struct examiner *x, const struct config *c);
void examiner_free(struct examiner *x);

/* Any thread. The last one, or NULL while there is none; to be given back. */
const struct checkup *checkup_take(struct examiner *x);
void checkup_give_back(struct examiner *x, const struct checkup *c);

#endif
