/* main.c: where the program begins. It collects the rows of settings from everybody who has some,
 * and hands the command line to a subcommand (command.c, cmd_*.c). The only file that is not in a
 * library, and the only one that knows adapters and the bot at once. */
#include <signal.h>
#include <stdio.h>

#include "bot/adapter.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/draft.h"
#include "bot/hours.h"
#include "bot/journal.h"
#include "bot/live.h"
#include "bot/store.h"

int main(int argc, char **argv)
{
    signal(SIGPIPE,
           SIG_IGN);    /* a reader that went away is an error of that write, not the end of us */
    if (store_init()) { /* before anybody else uses SQLite */
        fputs("guidepost: SQLite cannot be set up\n", stderr);
        return EXIT_FAILED;
    }
    config_register(bot_settings);
    config_register(journal_settings);
    config_register(hours_settings);
    config_register(live_settings);
    config_register(draft_settings);
    for (size_t i = 0; adapter_types[i]; i++)
        config_register(adapter_types[i]->settings);
    return command_main(argc, argv);
}
