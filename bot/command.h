/* command.h: the subcommands of `guidepost`, and what they share: options and exit codes.
 *
 * Results go to standard output; whatever is about the run itself goes to standard error. */
#ifndef BOT_COMMAND_H
#define BOT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum exit_code {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNSURE = 3,  /* ask: no confident answer; eval: a failed test */
    EXIT_CONFIG = 78, /* bad configuration (EX_CONFIG of sysexits.h) */
};

struct answerer;
struct option; /* getopt.h */

/* One subcommand. run() gets argv from its own name on and returns the exit code. */
struct command {
    const char *name;
    const char *synopsis; /* what follows the name: "[-c FILE] [PATH...]" */
    const char *summary;  /* one line */
    const char *help;     /* its options and remarks, whole lines */
    int (*run)(int argc, char **argv);
};

extern const struct command command_audit, command_entries, command_erase, command_export,
    command_doctor, command_matrix, command_slack, command_token, command_user;
extern const struct command command_ask, command_check, command_eval, command_help, command_index,
    command_serve, command_verify, command_version;
extern const struct command
    *const commands[]; /* command.c; ends with NULL, in the order of `help` */

/* Find the subcommand of a command line and run it. */
int command_main(int argc, char **argv);
const struct command *command_find(const char *name);

/* "guidepost ask: <message>" and where help is, on standard error. Returns EXIT_USAGE. */
int command_usage(const struct command *cmd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* getopt_long(3) that complains in our words: the option, -1 behind the last one, '?' after a
 * complaint. */
int command_option(const struct command *cmd, int argc, char **argv, const char *shorts,
                   const struct option *longs);

/* ---- between the files of one command ---- */

struct config;
struct store;
/* cmd_store.c: open data_dir/state.db, making both. 0, or an exit code after saying why. */
int command_store(const struct config *c, struct store **ret);
/* cmd_store.c: the end of a transaction of store_begin(): commit it with a row of the audit, or, if it failed (err) or cannot be
 * committed, roll it back. 0 or a negative errno. object and after may be NULL. */
int command_commit(struct store *s, int err, const char *action, const char *object,
                   const char *after);

/* cmd_ask_batch.c: JSON lines on `in` to JSON lines on `out`. Returns the exit code. */
int ask_batch(struct answerer *a, FILE *in, FILE *out);

#endif
