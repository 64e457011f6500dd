/* command.h: the subcommands of `guidepost`, and what they share: options, settings, exit codes.
 *
 * Results go to standard output, everything about the run to standard error. */
#ifndef BOT_COMMAND_H
#define BOT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNSURE = 3,  /* ask: no confident answer; eval: a failed test */
    EXIT_CONFIG = 78, /* bad configuration (sysexits' EX_CONFIG) */
};

struct option; /* getopt.h */

/* One subcommand. run() gets argv from its own name on; options are GNU style and may follow operands. */
struct command {
    const char *name;
    const char *synopsis; /* what follows the name: "[-c FILE] [PATH...]" */
    const char *summary;  /* one line */
    const char *help;     /* its options and remarks, as printed */
    int (*run)(int argc, char **argv);
};

extern const struct command command_ask, command_check, command_eval, command_help, command_index,
    command_serve, command_version;
extern const struct command *const commands[]; /* main.c, NULL-terminated, in the order of `help` */

#endif
