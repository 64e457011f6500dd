/* cmd_help.c: guidepost help [COMMAND | settings], guidepost version. Everything printed here comes from the
 * tables that the program itself works from, so that help cannot be out of date. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/json.h"
#include "bot/limits.h"
#include "bot/terminal.h"
#include "kb/yaml.h"

static void overview(void)
{
    puts("Guidepost answers questions from the guides and FAQs that you wrote.\n");
    for (size_t i = 0; commands[i]; i++)
        printf("  guidepost %-8s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n\"guidepost help COMMAND\" explains a command, \"guidepost help settings\" lists what "
         "may "
         "stand in\nguidepost.yaml. Exit status: 0 fine, 1 failure, 2 wrong usage, 3 no confident "
         "answer or a failed\ntest, 78 bad configuration.");
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static const char *type_name(enum setting_type type)
{
    static const char *const names[] = {"text", "number",        "true/false", "list",
                                        "path", "list of paths", "host:port",  "choice"};
    return names[type];
}

static void print_row(void *ctx, const struct setting *row)
{
    size_t width = *(size_t *)ctx;
    printf("%s: %s\n", row->name, row->value);
    printf("    %s", type_name(row->type));
    if (row->type == SETTING_INT)
        printf(", %lld to %lld", row->min, row->max);
    if (row->type == SETTING_CHOICE)
        printf(": %s", row->choices);
    putchar('\n');
    if (row->help)
        terminal_wrap(stdout, row->help, "    ", width);
    putchar('\n');
}

static void json_row(void *ctx, const struct setting *row)
{
    struct buf *b = ctx;
    const char *help = row->help ? row->help : "";
    buf_addf(b, "%s{\"name\":\"%s\",\"type\":\"%s\",\"default\":", b->len > 1 ? ",\n" : "",
             row->name, type_name(row->type));
    json_add_string(b, row->value, strlen(row->value));
    if (row->type == SETTING_INT)
        buf_addf(b, ",\"min\":%lld,\"max\":%lld", row->min, row->max);
    if (row->type == SETTING_CHOICE)
        buf_addf(b, ",\"choices\":\"%s\"", row->choices);
    buf_adds(b, ",\"help\":");
    json_add_string(b, help, strlen(help));
    buf_addc(b, '}');
}

static int help_settings(bool json)
{
    if (json) {
        struct buf b;
        buf_init(&b, MAX_CONFIG_FILE);
        buf_addc(&b, '[');
        config_each(json_row, &b);
        buf_adds(&b, "]\n");
        fwrite(b.s, 1, b.len, stdout);
        buf_release(&b);
        return EXIT_FINE;
    }
    puts("What may stand in guidepost.yaml, at its default. A dot is a level: \"log.level: info\" "
         "is "
         "written\n\n    log:\n      level: info\n\nand may be given in the environment as "
         "GUIDEPOST_LOG_LEVEL. Relative paths start at the file's folder.\n");
    size_t width = terminal_width(stdout);
    config_each(print_row, &width);
    return EXIT_FINE;
}

/* ---- commands ------------------------------------------------------------------------------------------- */

static int help_command(const char *name)
{
    const struct command *cmd = command_find(name);
    if (!cmd) {
        const char *names[] = {"settings", NULL};
        const char *near = yaml_nearest(name, names);
        return command_usage(&command_help,
                             near ? "there is no command \"%s\"; did you mean \"settings\"?"
                                  : "there is no command \"%s\"",
                             name);
    }
    printf("guidepost %s %s\n    %s\n\n%s", cmd->name, cmd->synopsis, cmd->summary, cmd->help);
    return EXIT_FINE;
}

static int run_help(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    optind = 0;
    for (int opt; (opt = command_option(&command_help, argc, argv, ":j", options)) != -1;) {
        if (opt == '?')
            return EXIT_USAGE;
        json = true;
    }
    if (argc - optind > 1)
        return command_usage(&command_help, "one command at a time");
    if (argc == optind)
        overview();
    else if (!strcmp(argv[optind], "settings"))
        return help_settings(json);
    else
        return help_command(argv[optind]);
    return EXIT_FINE;
}

static int run_version(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    optind = 0;
    for (int opt; (opt = command_option(&command_version, argc, argv, ":j", options)) != -1;) {
        if (opt == '?')
            return EXIT_USAGE;
        json = true;
    }
    if (argc > optind)
        return command_usage(&command_version, "it takes no \"%s\"", argv[optind]);
    printf(json ? "{\"version\":\"%s\",\"schema\":%d,\"ranking\":%d}\n"
                : "guidepost %s (index format %d, ranking %d)\n",
           GUIDEPOST_VERSION, KB_SCHEMA_VERSION, KB_RANKING_VERSION);
    return EXIT_FINE;
}

const struct command command_help = {
    .name = "help",
    .synopsis = "[--json] [COMMAND | settings]",
    .summary = "this list, one command, or every setting",
    .help = "  --json    help settings: as a list of objects\n",
    .run = run_help,
};

const struct command command_version = {
    .name = "version",
    .synopsis = "[--json]",
    .summary = "the version of the program, its index format and its ranking",
    .help = "Answers change only when the ranking's number does.\n\n  --json    as an object\n",
    .run = run_version,
};
