/* command.c: the table of subcommands, and how they read their options: GNU style through
 * getopt_long(3), with complaints that name the remedy. */
#include "bot/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kb/yaml.h"

const struct command *const commands[] = {&command_serve,   &command_index,   &command_ask,
                                          &command_eval,    &command_check,   &command_verify,
                                          &command_entries, &command_doctor,  &command_user,
                                          &command_token,   &command_audit,   &command_export,
                                          &command_erase,   &command_slack,   &command_matrix,
                                          &command_help,    &command_version, NULL};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[32];
    size_t n = 0;
    for (; commands[n]; n++)
        names[n] = commands[n]->name;
    names[n] = NULL;
    const char *near = yaml_nearest(name, names);
    fprintf(stderr, "guidepost: there is no command \"%s\"", name);
    if (near)
        fprintf(stderr, "; did you mean \"%s\"?\n", near);
    else
        fputs("; \"guidepost help\" lists them\n", stderr);
    return EXIT_USAGE;
}

/* True when `--help` or `-h` stands before a "--". */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

/* What was printed must have arrived: a full disk or a closed pipe is a failure even of a command
 * that did its work. */
static int flushed(int code)
{
    if (fflush(stdout) || ferror(stdout)) {
        if (errno != EPIPE && code != EXIT_FAILED) /* a command that failed has said why */
            fprintf(stderr, "guidepost: standard output: %s\n", strerror(errno));
        return code ? code : EXIT_FAILED;
    }
    return code;
}

int command_main(int argc, char **argv)
{
    char *help[] = {"help", NULL, NULL};
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        command_help.run(1, help);
        return flushed(EXIT_USAGE);
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h"))
        name = "help";
    else if (!strcmp(name, "--version") || !strcmp(name, "-V"))
        name = "version";
    const struct command *cmd = command_find(name);
    if (!cmd)
        return unknown_command(name);
    if (wants_help(argc - 1, argv + 1)) {
        help[1] = (char *)cmd->name;
        return flushed(command_help.run(2, help));
    }
    return flushed(cmd->run(argc - 1, argv + 1));
}

int command_usage(const struct command *cmd, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "guidepost %s: ", cmd->name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nusage: guidepost %s %s\n\"guidepost help %s\" says more\n", cmd->name,
            cmd->synopsis, cmd->name);
    return EXIT_USAGE;
}

int command_option(const struct command *cmd, int argc, char **argv, const char *shorts,
                   const struct option *longs)
{
    opterr = 0;
    int at = optind ? optind : 1, opt = getopt_long(argc, argv, shorts, longs, NULL);
    if (opt == ':') {
        command_usage(cmd, "%s needs a value", argv[optind - 1]);
        return '?';
    }
    if (opt != '?')
        return opt;
    const char *word = optopt && optopt < 256 ? NULL : argv[optind - 1];
    if (!word) {
        if (argv[at] && !strncmp(argv[at], "--", 2)) /* "--json=x", where there is no value */
            command_usage(cmd, "%s takes no value", argv[at]);
        else
            command_usage(cmd, "there is no option -%c", optopt);
        return '?';
    }
    char name[64];
    const char *names[32];
    size_t n = 0;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (; longs[n].name && n < 31; n++)
        names[n] = longs[n].name;
    names[n] = NULL;
    const char *near = yaml_nearest(name, names);
    if (near)
        command_usage(cmd, "there is no option --%s; did you mean --%s?", name, near);
    else
        command_usage(cmd, "there is no option --%s", name);
    return '?';
}
