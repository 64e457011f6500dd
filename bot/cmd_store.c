/* cmd_store.c: state.db for the subcommands that change or read it, beside a server that may be running: both wait for
 * each other, a transaction at a time. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/clock.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/must.h"
#include "bot/store.h"

int command_store(const struct config *c, struct store **ret)
{
    const char *dir = config_text(c, "data_dir");
    if (mkdir(dir, 0750) && errno != EEXIST) {
        fprintf(stderr, "guidepost: %s: cannot be made: %s\n", dir, strerror(errno));
        return EXIT_FAILED;
    }
    char *path = must_printf("%s/state.db", dir);
    int err = store_open(path, config_text(c, "journal.synchronous"), ret);
    if (err)
        fprintf(stderr, "guidepost: %s: %s\n", path, store_strerror(err));
    free(path);
    return err ? EXIT_FAILED : EXIT_FINE;
}

/* "shell:anna", whoever runs this. */
static void actor(char *ret, size_t size)
{
    const struct passwd *who = getpwuid(geteuid());
    if (who)
        snprintf(ret, size, "shell:%.60s", who->pw_name);
    else
        snprintf(ret, size, "shell:%ld", (long)geteuid());
}

int command_commit(struct store *s, int err, const char *action, const char *object,
                   const char *after)
{
    char who[80];
    actor(who, sizeof who);
    struct store_audit a = {.at_ms = clock_wall_ms(),
                            .actor = who,
                            .role = "",
                            .action = action,
                            .object = object,
                            .after = after};
    if (!err)
        err = store_add_audit(s, &a);
    if (!err)
        err = store_commit(s);
    if (err)
        store_rollback(s);
    return err;
}
