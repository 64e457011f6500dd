/* bot.h: the process. Everything that lives as long as the program hangs off struct bot, which bot_run() builds
 * and takes apart again; one section per file that works on it. Loop thread only, unless it says otherwise. */
#ifndef BOT_BOT_H
#define BOT_BOT_H

#include "bot/adapter.h"

extern const struct setting bot_settings[]; /* bot.c: listen, admin_listen, data_dir, content, ... */

/* Serve until SIGTERM or SIGINT. `c` stays the caller's. 0, or a negative errno after it was logged;
 * -EINVAL: a setting cannot work (the program's exit status is 78 then). */
int bot_run(struct config *c);

#endif
