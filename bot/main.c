/* main.c: the program's entrance. It knows every subcommand and hands the rest of the command line to one of
 * them (cmd_*.c); what they share is in command.c. The only file that is not in a library. */
#include <stdio.h>

#include "bot/command.h"

const struct command *const commands[] = {NULL};

int main(int argc, char **argv)
{
    (void)argv;
    (void)argc;
    return EXIT_USAGE;
}
