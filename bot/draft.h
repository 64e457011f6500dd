/* draft.h: one edit of the content before anybody has saved it: what somebody of the staff wants becomes the bytes that one file
 * would have. Reads, and writes nothing.
 *
 * An object says what: {"kind", ...}. Texts are Markdown or plain, lists are arrays of texts.
 *
 *   answer    {entry}                  a new entry; redirect: the same, with a url to go to
 *   edit      {id, entry}              an entry says what is in `entry`, and what is not in it stays
 *   retire    {id}                     an entry is taken out of the answers and stays in its file as a draft
 *   link      {id, question, test}     a question is one more way to ask an entry; test: and a test of it
 *   synonym   {words} or {from, to}, {weight}, {line}, {remove}
 *                                      a group of synonyms: a new one, or the one in that line; or that one goes
 *   undo      what an earlier edit wrote becomes what was there before; draft_undo()
 *
 * An entry of a file that was retired is found by {file} beside its id. */
#ifndef BOT_DRAFT_H
#define BOT_DRAFT_H

#include <stdbool.h>

#include "bot/config.h"
#include "bot/file.h"
#include "kb/entries.h"

struct cJSON;
struct config;
struct kb;
struct pool;
struct store_edit;

/* Where the content is: a copy of what the settings say, for another thread. */
struct draft_where {
    const char *db;
    const char *const *content;
    size_t ncontent;
    const char *synonyms, *smalltalk; /* or NULL */
    const char *const *questions;
    size_t nquestions;
    const char *file; /* where new entries go: the setting staff.file */
};
extern const struct setting draft_settings[];
struct draft_where *draft_where(struct pool *pool, const struct config *c, const char *db);

struct draft {
    const char *kind;
    const char *path,
        *name; /* of the file; of the entry, or a synonym: what is typed to save it against the tests */
    struct kb_bytes before, after;
    char digest[FILE_DIGEST], written[FILE_DIGEST]; /* of these */
    const struct kb_curated *entry;                 /* as it will be found, or NULL */
};
/* 0; -EINVAL with *ret_problem, for a person; -ENOENT: no such entry. All in `pool`. `kb` is the index of today. */
int draft_make(struct pool *pool, const struct draft_where *w, struct kb *kb,
               const struct cJSON *in, struct draft *ret, const char **ret_problem);
/* -ESTALE: the file has been changed since. */
int draft_undo(struct pool *pool, const struct store_edit *e, struct draft *ret,
               const char **ret_problem);

/* All entries of the FAQ files, retired ones too, each file's in its order. Files that cannot be read are left out. */
struct draft_entry {
    const char *path;
    const struct kb_curated *entry;
};
struct draft_entries {
    struct draft_entry *item;
    size_t n, cap;
};
int draft_entries(struct pool *pool, struct kb *kb, struct draft_entries *ret);

#endif
