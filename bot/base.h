/* base.h: the knowledge base that a command line names: -c FILE, or --kb DB, or neither. What it is
 * made of, where its index is, and building it. */
#ifndef BOT_BASE_H
#define BOT_BASE_H

#include "kb/kb.h"

struct config;
struct smalltalk;

struct base {
    struct config *config; /* NULL with --kb alone: the shipped defaults */
    const char *kb;        /* path of the index */
    struct kb_sources src; /* what it is made of; n == 0 with --kb alone */
    char *made;            /* owned texts */
    const char *talk;      /* smalltalk.yaml, or NULL: the shipped one */
    int synonyms_fd;       /* the shipped synonyms as a file, or -1 */
    char *folder;          /* of base_temporary(), or NULL */
};

/* config_path and kb_path are the options, NULL when absent. 0, or an exit code,
 * the reason being said. */
int base_open(const char *config_path, const char *kb_path, struct base *ret);
void base_close(struct base *b);

/* Bring the index in step with the sources; creates data_dir. As kb_index(). */
int base_index(const struct base *b, struct kb_report *report);

/* With settings: build the index when there is none that can be used, and say so. 0 or an exit
 * code. */
int base_ensure(const struct base *b);

/* The small talk of this base. 0, or an exit code after saying why. */
int base_smalltalk(const struct base *b, struct smalltalk **ret);

/* The settings log.level and log.format come into force. */
void base_use_log(const struct config *c);

/* Say why a build failed: the problems of the report, or its message, or the error. */
void base_complain(const char *what, const struct kb_report *report, int err);

/* The same base with an index of its own in a temporary folder, built from the sources as they are
 * now; removed by base_close(). 0, or an exit code after saying why. */
int base_temporary(struct base *b);

#endif
