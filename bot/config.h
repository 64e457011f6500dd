/* config.h: guidepost.yaml, read by rows.
 *
 * A setting is one row beside the code that uses it. The parser, `guidepost help settings`, and the
 * test that compares config/guidepost.yaml with the program all come from these rows. Precedence:
 * command line > GUIDEPOST_<NAME> in the environment (dots become underscores) > file > default.
 * Unknown keys, wrong types and values out of range are problems with file:line:column and, where
 * one is near, "did you mean". Relative paths start at the folder of the file they stand in.
 * Secrets are named by file, never by value. */
#ifndef BOT_CONFIG_H
#define BOT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum setting_type {
    SETTING_TEXT,    /* any text */
    SETTING_INT,     /* min..max */
    SETTING_BOOL,    /* true false yes no on off */
    SETTING_LIST,    /* of texts */
    SETTING_PATH,    /* a file or folder; resolved */
    SETTING_PATHS,   /* a list of them */
    SETTING_ADDRESS, /* HOST:PORT or [v6]:PORT; port 0: any free one */
    SETTING_CHOICE,  /* one of the words in `choices`, separated by blanks */
};

struct setting {
    const char *name; /* "listen", "web.origins": a dot is a level in the file */
    enum setting_type type;
    bool optional;       /* paths: nothing at the default means none, "" */
    const char *value;   /* the default, as it would stand in the file; lists: "[a, b]" */
    long long min, max;  /* SETTING_INT */
    const char *choices; /* SETTING_CHOICE */
    const char *help;    /* a sentence or two: the comment in guidepost.yaml */
    /* What is wrong with a text, or with one of a list ("is not ..."), or NULL. Optional. */
    const char *(*check)(const char *text);
};

struct buf;
struct config;
struct kb_report;

/* Tables of rows end with a NULL name. The rows that several files share are in config.c; main.c
 * hands in the others (bot.c, journal.c, every adapter's) before the first config_read(), in the
 * order of guidepost.yaml. Two rows of one name are a programming error and abort. */
void config_register(const struct setting *rows);

/* Read `path`; NULL: ./guidepost.yaml or ./config/guidepost.yaml if there, else defaults. Problems
 * go to the report. 0, -ENOENT when a named file is missing, -EINVAL when there is a problem; *ret
 * only on 0. */
int config_read(const char *path, struct config **ret, struct kb_report *report);
void config_free(struct config *c);
/* The file of `old` again, with what config_set() had changed on top: for a reload. As
 * config_read(). */
int config_reread(const struct config *old, struct config **ret, struct kb_report *report);

/* The value of a row; asking for a name without a row is a programming error and aborts. Strings
 * live as long as the config. config_set() is the command line's: 0 or -EINVAL. */
const char *config_text(const struct config *c, const char *name);
long long config_int(const struct config *c, const char *name);
bool config_bool(const struct config *c, const char *name);
const char *const *config_list(const struct config *c, const char *name, size_t *ret_n);
int config_set(struct config *c, const char *name, const char *value);
/* Append any row's value, as a person would write it, and say where it comes from: "default", "file", "environment" or "command
 * line". Secrets are in files that settings name, so there is none to hide. */
void config_show(const struct config *c, const char *name, struct buf *b);
const char *config_source(const struct config *c, const char *name);
/* The file that was read; "" when there was none. */
const char *config_file(const struct config *c);
bool config_same(const struct config *a, const struct config *b, const char *name);

/* Calls fn for every row of every table, in the order of guidepost.yaml. */
void config_each(void (*fn)(void *ctx, const struct setting *row), void *ctx);

#endif
