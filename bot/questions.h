/* questions.h: an operator's test questions over the content (config/questions/, YAML files), and
 * judging a reply by them.
 *
 *   - q: how much do lab techs make       the message
 *     before: ["hi"]                      earlier messages of the asker
 *     audience: staff                     who asks; anybody, when it is not said
 *     want: [salary]                      the best extract must be one of these: passage keys, or
 *                                         their part behind '#'
 *     not: [salary-factors]               and none of these
 *     kind: answer                        answer, choices, none, chitchat or handoff; or a list of
 *                                         which any will do
 *     contains: [median, [2024, 2025]]    texts that must be in the reply; a list in the list: one
 *                                         of them */
#ifndef BOT_QUESTIONS_H
#define BOT_QUESTIONS_H

#include "bot/reply.h"
#include "kb/pool.h"

struct kb_report;

struct test_words {
    const char **word;
    size_t n;
}; /* alternatives */

struct test_question {
    const char *file;
    size_t line;
    const char *q;
    const char *audience; /* or NULL */
    const char **before;
    size_t nbefore;
    const char **want;
    size_t nwant;
    const char **nots;
    size_t nnots;
    const char **kind;
    size_t nkind;
    struct test_words *contains;
    size_t ncontains;
};

struct test_questions {
    struct test_question *item;
    size_t n, cap;
};

/* Read files, and folders of *.yaml, in order of their names. Everything lives in `pool`; problems
 * go to the report. 0, or -EINVAL when there is an error. */
int questions_read(struct pool *pool, const char *const *path, size_t npath,
                   struct test_questions *ret, struct kb_report *report);

/* True when the reply is what was wanted; else *ret_why says what was expected. */
bool questions_judge(const struct test_question *t, const struct reply *r, struct pool *pool,
                     const char **ret_why);

/* True when `passage` is `name`, or `name` is what stands behind its '#'. */
bool questions_names(const char *passage, const char *name);

#endif
