/* bot.c: the process is put together here, runs, and is taken apart in the opposite order. */
#include "bot/bot.h"

const struct setting bot_settings[] = {
    {.name = "listen",
     .type = SETTING_ADDRESS,
     .value = "127.0.0.1:8080",
     .help =
         "Where chat, API and webhooks are served. Put a TLS proxy in front before it faces the "
         "Internet."},
    {.name = "admin_listen",
     .type = SETTING_ADDRESS,
     .value = "127.0.0.1:9187",
     .help = "Where /livez, /readyz and /metrics are served, to machines and not to visitors."},
    {.name = "data_dir",
     .type = SETTING_PATH,
     .value = "data",
     .help =
         "Holds index.db (derived, may be deleted) and state.db (what was asked and answered)."},
    {.name = "content",
     .type = SETTING_PATHS,
     .value = "[guides]",
     .help = "Files and folders with the guides and FAQs that are answered from."},
    {.name = "synonyms",
     .type = SETTING_PATH,
     .value = "synonyms.yaml",
     .help = "Words that mean the same in your field. May be absent."},
    {.name = "smalltalk",
     .type = SETTING_PATH,
     .value = "smalltalk.yaml",
     .help = "Greetings, thanks, and what else is no question to the guides. May be absent."},
    {.name = "log_level",
     .type = SETTING_CHOICE,
     .value = "info",
     .choices = "error warn info debug",
     .help = "How much is said on standard error. Question text appears at debug only."},
    {.name = "answer_threads",
     .type = SETTING_INT,
     .value = "0",
     .min = 0,
     .max = 64,
     .help = "Threads that search and answer. 0: one per processor."},
    {.name = NULL},
};
