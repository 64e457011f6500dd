/* cmd_slack.c: guidepost slack manifest: what to paste into Slack when the app is made. The words are the adapter's. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bot/adapter.h"
#include "bot/base.h"
#include "bot/command.h"

#define MAX_PRINTED (64u * 1024)

static const struct adapter_type *adapter_named(const char *name)
{
    for (size_t i = 0; adapter_types[i]; i++)
        if (!strcmp(adapter_types[i]->name, name))
            return adapter_types[i];
    return NULL;
}

static int print(const struct config *c, const char *what)
{
    const struct adapter_type *type = adapter_named("slack");
    struct buf b;
    buf_init(&b, MAX_PRINTED);
    const char *wrong = type && type->print ? type->print(c, what, &b) : "there is none";
    int code = EXIT_FINE;
    if (wrong)
        code = command_usage(&command_slack, "%s: %s", what, wrong);
    else
        fputs(b.s, stdout);
    buf_release(&b);
    return code;
}

static int run_slack(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"url", required_argument, NULL, 'u'}, {0}};
    const char *config = NULL, *url = NULL;
    optind = 0;
    for (int opt; (opt = command_option(&command_slack, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'u': url = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc)
        return command_usage(&command_slack, "say what: manifest");
    struct base base;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    if (url)
        config_set(base.config, "slack.public_url", url);
    code = print(base.config, argv[optind]);
    base_close(&base);
    return code;
}

const struct command command_slack = {
    .name = "slack",
    .synopsis = "manifest [-c FILE] [--url URL]",
    .summary = "print the manifest with which the app is made in Slack",
    .help =
        "At api.slack.com/apps: Create New App, From a manifest, paste. Install it, then put the\n"
        "signing secret and the bot token into the files that the settings name, readable by\n"
        "nobody else. guidepost doctor says whether it worked.\n\n"
        "  -c, --config FILE   settings (else ./guidepost.yaml or ./config/guidepost.yaml)\n"
        "      --url URL       the address under which Slack "
        "reaches us, instead of slack.public_url\n",
    .run = run_slack,
};
