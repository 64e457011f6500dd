/* trial.h: the knowledge base's own tests, asked exactly as a visitor would ask and judged: what entries say in `tests:` and
 * `not_tests:`, and the files of the setting `questions`. For `guidepost eval`, and for whatever would change an answer. */
#ifndef BOT_TRIAL_H
#define BOT_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/questions.h"

struct answerer;
struct kb;
struct kb_report;

/* wrong: something else was answered with confidence, what visitors will not forgive. near: the right one is there, as a choice or
 * behind another; or what should be declined came as choices. declined: "I don't know", or choices without the right one. unlike:
 * the right one, but not of the kind or with the words that the test wants. */
enum trial_outcome {
    TRIAL_PASSED,
    TRIAL_WRONG,
    TRIAL_NEAR,
    TRIAL_DECLINED,
    TRIAL_UNLIKE,
    TRIAL_OUTCOMES
};
const char *trial_outcome_name(enum trial_outcome outcome);

struct trial {
    const struct test_question *t;
    bool
        not_me; /* an entry's not_tests: t->nots has the entry, whose confident answer is forbidden */
    bool must; /* an entry's tests: nothing less than an answer will do */
    enum trial_outcome outcome;
    const char *want, *got, *text, *why; /* of one that did not pass; with `explain` */
    enum reply_kind kind;
    double confidence;
};

struct trials {
    struct pool *pool;
    struct trial *trial;
    size_t n, cap;
};

/* Append those that the entries of the base carry. 0 or a negative enum kb_err. */
int trials_of_entries(struct trials *all, struct kb *kb);
/* Append those of files, and of folders of *.yaml. 0, or -EINVAL with the report. */
int trials_of_files(struct trials *all, const char *const *path, size_t n,
                    struct kb_report *report);

/* Ask and judge one. What is to be said of a failure goes to `kept`; `explain`: with why. `kb` finds the places of passages, and may be
 * NULL. 0 or a negative enum kb_err. */
int trial_run(struct answerer *a, struct kb *kb, struct trial *trial, bool explain,
              struct pool *kept);

#endif
