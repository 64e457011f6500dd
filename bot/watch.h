/* watch.h: tells when files or folders change (inotify), on a thread of its own. Safe against what editors and
 * deployments do: saving by rename, folders that come and go, swapped symbolic links. */
#ifndef BOT_WATCH_H
#define BOT_WATCH_H

#include <stddef.h>

#include "bot/loop.h"

struct watch;

/* Call fn(ctx) on the loop when something below the paths of watch_set() has changed and then been quiet for `quiet_ms`
 * (changes without end are reported ten times as late). Nothing is watched yet. 0 or a negative errno. */
int watch_start(struct loop *l, unsigned quiet_ms, loop_fn *fn, void *ctx, struct watch **ret);
/* Watch these instead of others; fn follows once when they are, for what has changed until then nobody saw. The same paths
 * once more change nothing. Never waits. Paths that do not exist are waited for. Changes of names that begin with
 * '.' or '_' or end with '~' do not count. */
void watch_set(struct watch *w, const char *const *path, size_t n);
/* Waits some tens of milliseconds. fn may still run for a change that was seen before: once. */
void watch_stop(struct watch *w);

#endif
