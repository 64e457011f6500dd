/* watch.h: tells when files or folders change (inotify), on a thread of its own. Safe against what editors and
 * deployments do: saving by rename, folders that come and go, swapped symbolic links. */
#ifndef BOT_WATCH_H
#define BOT_WATCH_H

#include <stddef.h>

#include "bot/loop.h"

struct watch;

/* Call fn(ctx) on the loop when something below the paths has changed and then been quiet for `quiet_ms`
 * (changes without end are reported ten times as late). Paths that do not exist are waited for. Changes of names that
 * begin with '.' or '_' or end with '~' do not count. 0 or a negative errno. */
int watch_start(struct loop *l, const char *const *path, size_t n, unsigned quiet_ms, loop_fn *fn,
                void *ctx, struct watch **ret);
void watch_stop(struct watch *w); /* fn may still run for a change that was seen before: once */

#endif
