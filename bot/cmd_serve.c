/* cmd_serve.c: guidepost serve: the bot. bot.c does it; here is only the way in. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "bot/base.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/config.h"

static int run_serve(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"admin-listen", required_argument, NULL, 'a'},
                                            {0}};
    const char *config = NULL, *listen = NULL, *admin = NULL;
    optind = 0;
    for (int opt; (opt = command_option(&command_serve, argc, argv, ":c:", options)) != -1;) {
        switch (opt) {
        case 'c': config = optarg; break;
        case 'l': listen = optarg; break;
        case 'a': admin = optarg; break;
        default: return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return command_usage(&command_serve, "it takes no \"%s\"", argv[optind]);
    struct base base;
    int code = base_open(config, NULL, &base);
    if (code)
        return code;
    if (listen && config_set(base.config, "listen", listen))
        code = command_usage(&command_serve, "--listen %s is not HOST:PORT", listen);
    else if (admin && config_set(base.config, "admin_listen", admin))
        code = command_usage(&command_serve, "--admin-listen %s is not HOST:PORT", admin);
    if (!code) {
        int err = bot_run(base.config);
        code = err == -EINVAL ? EXIT_CONFIG : err ? EXIT_FAILED : EXIT_FINE;
    }
    base_close(&base);
    return code;
}

const struct command command_serve = {
    .name = "serve",
    .synopsis = "[-c FILE]",
    .summary = "run the bot: web chat, HTTP, and the chat networks that are set up",
    .help = "Stops on SIGTERM after answering what it has accepted; reads settings and content "
            "again on\n"
            "SIGHUP; notices changed guides by itself.\n\n"
            "  -c, --config FILE            settings (else "
            "./guidepost.yaml or ./config/guidepost.yaml)\n"
            "      --listen HOST:PORT       instead of the setting \"listen\"\n"
            "      --admin-listen HOST:PORT instead of the setting \"admin_listen\"\n",
    .run = run_serve,
};
