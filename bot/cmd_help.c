/* cmd_help.c: guidepost help [COMMAND | settings], guidepost version. Everything printed here comes
 * from the tables that the program itself works from, so that help cannot be out of date. */
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

/* ---- settings -------------------------------------------------------------------------------- */

static const char *type_name(enum setting_type type)
{
    static const char *const names[] = {"text", "number",        "true/false", "list",
                                        "path", "list of paths", "host:port",  "choice"};
    return names[type];
}

#define MAX_LISTED 256
#define YAML_WIDTH 100

struct rows {
    const struct setting *row[MAX_LISTED];
    size_t n;
};

static void collect(void *ctx, const struct setting *row)
{
    struct rows *rows = ctx;
    if (rows->n < MAX_LISTED)
        rows->row[rows->n++] = row;
}

/* What a row may hold, where its default does not show it. */
static void add_range(const struct setting *row, struct buf *b)
{
    if (row->type == SETTING_INT)
        buf_addf(b, " From %lld to %lld.", row->min, row->max);
    if (row->type != SETTING_CHOICE)
        return;
    buf_adds(b, " One of ");
    for (const char *c = row->choices; *c; c++)
        buf_adds(b, *c == ' ' ? ", " : (char[]){*c, '\0'});
    buf_addc(b, '.');
}

static void print_row(const struct setting *row, const char *name, const char *indent)
{
    struct buf b;
    char comment[16];
    buf_init(&b, MAX_CONFIG_FILE);
    buf_adds(&b, row->help);
    add_range(row, &b);
    snprintf(comment, sizeof comment, "%s# ", indent);
    terminal_wrap(stdout, b.s, comment, YAML_WIDTH);
    printf("%s%s: %s\n", indent, name, row->value);
    buf_release(&b);
}

/* The rows as a guidepost.yaml: what is printed here is config/guidepost.yaml, and a test sees to
 * that. A section ("web") may have rows in several tables; it is written once, where its first row
 * stands. */
static void print_yaml(void)
{
    struct rows rows = {0};
    config_each(collect, &rows);
    puts("# Guidepost's settings, every one at its default: what is not here is as it stands here. "
         "Relative paths\n"
         "# start at this file's folder. Each may be given in the "
         "environment instead, as in GUIDEPOST_LOG_LEVEL.\n"
         "# \"guidepost check\" reads this file and says what is wrong with it.");
    for (size_t i = 0; i < rows.n; i++) {
        const char *dot = strchr(rows.row[i]->name, '.');
        size_t section = dot ? (size_t)(dot + 1 - rows.row[i]->name) : 0;
        bool written = false; /* with its section, further up */
        for (size_t k = 0; k < i && section && !written; k++)
            written = !strncmp(rows.row[k]->name, rows.row[i]->name, section);
        if (written)
            continue;
        putchar('\n');
        if (!section) {
            print_row(rows.row[i], rows.row[i]->name, "");
            continue;
        }
        printf("%.*s:\n", (int)section - 1, rows.row[i]->name);
        for (size_t k = i; k < rows.n; k++)
            if (!strncmp(rows.row[k]->name, rows.row[i]->name, section)) {
                if (k > i)
                    putchar('\n');
                print_row(rows.row[k], rows.row[k]->name + section, "  ");
            }
    }
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
    print_yaml();
    return EXIT_FINE;
}

/* ---- commands -------------------------------------------------------------------------------- */

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
    .help =
        "\"help settings\" prints a complete guidepost.yaml with every setting at its default.\n\n"
        "  --json    help settings: as a list of objects\n",
    .run = run_help,
};

const struct command command_version = {
    .name = "version",
    .synopsis = "[--json]",
    .summary = "the version of the program, its index format and its ranking",
    .help = "Answers change only when the ranking's number does.\n\n  --json    as an object\n",
    .run = run_version,
};
