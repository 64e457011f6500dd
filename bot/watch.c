/* watch.c: inotify on the content folders.
 *
 * What is watched are folders, never files: an editor that saves by rename replaces the file under its name, and a
 * watch on the old file would see nothing more. For each path that is
 *   - the folder it stands in, for events with its name: it may appear, vanish, or be swapped (symbolic links);
 *   - when it is a folder, it and every folder below it, for any event.
 * After each burst of changes all watches are made anew, before the change is reported: whatever happens from
 * then on is seen, and whatever happened before is seen by whoever reads the files now. So no bookkeeping of single
 * watches can go wrong, and a queue that overflowed is just another burst.
 *
 * A thread of its own, because walking folders may wait for a disk, and giving a watch back waits for the kernel, tens of
 * milliseconds long; the loop never waits. So the loop only leaves a note of what is to be watched, and hears when it is. Not
 * seen: changes that another machine makes on a network file system; SIGHUP is for those. */
#include "bot/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/clock.h"
#include "bot/log.h"
#include "bot/must.h"

#define MAX_DEPTH 64
#define EVENTS                                                                                     \
    (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB |            \
     IN_DELETE_SELF | IN_MOVE_SELF)

/* One path: the watch on the folder it stands in, and the name that counts there. */
struct place {
    char *path;
    int wd;
    char name[NAME_MAX + 1];
};

struct watch {
    struct loop *loop;
    loop_fn *fn;
    void *ctx;
    unsigned quiet_ms;
    pthread_t thread;
    int wake_fd; /* something below has changed: */

    pthread_mutex_t lock;
    char **wanted; /* paths; under lock, like all up to the blank line */
    size_t nwanted;
    bool moved; /* ... and they are not watched yet */
    bool stopping;

    /* the thread's own */
    struct place *place;
    size_t nplace;
    int parents, trees; /* two inotify instances, for one folder may be both */
    int last_wd;        /* of trees: numbers grow, so a smaller one was there before */
    bool complained;
};

/* As kb's: what is no content, and what editors leave about. But "..data" is how Kubernetes swaps a folder. */
static bool ignored(const char *name)
{
    size_t len = strlen(name);
    return !len || (name[0] == '.' && name[1] != '.') || name[0] == '_' || name[len - 1] == '~';
}

/* ---- making the watches ---- */

static void complain(struct watch *w, const char *path)
{
    if (w->complained)
        return;
    char quoted[512], why[128];
    log_warn(
        "content", "changes may go unseen; SIGHUP still looks", "path=%s reason=%s",
        log_quote(quoted, sizeof quoted, path),
        log_quote(why, sizeof why,
                  errno == ENOSPC ? "fs.inotify.max_user_watches is too small" : strerror(errno)));
    w->complained = true;
}

static void watch_tree(struct watch *w, const char *folder, int depth)
{
    int wd = inotify_add_watch(w->trees, folder, EVENTS | IN_ONLYDIR);
    if (wd < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            complain(w, folder);
        return;
    }
    if (wd <= w->last_wd || depth == MAX_DEPTH) /* a loop of symbolic links, or close to one */
        return;
    w->last_wd = wd;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[PATH_MAX];
        struct stat st;
        if (ignored(e->d_name) || !strcmp(e->d_name, "..") || e->d_type == DT_REG)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            continue;
        if (e->d_type == DT_DIR || (!stat(path, &st) && S_ISDIR(st.st_mode)))
            watch_tree(w, path, depth + 1);
    }
    if (dir)
        closedir(dir);
}

/* Watch for `place` in the nearest folder above it that exists. */
static void watch_parent(struct watch *w, struct place *place)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", place->path) >= (int)sizeof path)
        return;
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/';)
        path[--len] = '\0';
    place->wd = -1;
    while (place->wd < 0) {
        char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        const char *folder = !slash ? "." : slash == path ? "/" : path;
        snprintf(place->name, sizeof place->name, "%.*s", NAME_MAX, name);
        if (slash)
            *slash = '\0';
        place->wd = inotify_add_watch(w->parents, folder, EVENTS | IN_ONLYDIR);
        if (place->wd < 0 && errno != ENOENT && errno != ENOTDIR)
            complain(w, folder);
        if (!slash || slash == path || errno == ENOSPC)
            return;
    }
}

static void close_all(struct watch *w)
{
    if (w->parents >= 0)
        close(w->parents);
    if (w->trees >= 0)
        close(w->trees);
    w->parents = w->trees = -1;
}

static int renew(struct watch *w)
{
    close_all(w);
    w->parents = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->trees = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->parents < 0 || w->trees < 0)
        return -errno;
    w->last_wd = 0;
    for (size_t i = 0; i < w->nplace; i++) {
        watch_parent(w, &w->place[i]);
        watch_tree(w, w->place[i].path, 0);
    }
    return 0;
}

/* ---- reading events ---- */

static bool counts(const struct watch *w, int fd, const struct inotify_event *ev)
{
    if (ev->mask & IN_Q_OVERFLOW)
        return true;
    if (ev->mask & IN_IGNORED)
        return false;
    const char *name = ev->len ? ev->name : "";
    if (fd == w->trees)
        return ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF) || (*name && !ignored(name));
    for (size_t i = 0; i < w->nplace; i++)
        if (w->place[i].wd == ev->wd && strcmp(w->place[i].name, name) == 0)
            return true;
    return false;
}

/* Read all events there are. True when one of them counts. */
static bool drain(const struct watch *w, int fd)
{
    _Alignas(struct inotify_event) char bytes[16384];
    bool any = false;
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *ev = (const struct inotify_event *)(bytes + at);
            any |= counts(w, fd, ev);
            at += (ssize_t)(sizeof *ev + ev->len);
        }
    return any;
}

/* ---- the thread ---- */

/* Changes that belong together. */
struct burst {
    uint64_t first, last; /* 0: none is under way */
};

/* How long until it is to be reported; -1: there is none. */
static int due_ms(const struct watch *w, const struct burst *b)
{
    if (!b->first)
        return -1;
    uint64_t now = clock_ms(), quiet = b->last + w->quiet_ms, late = b->first + 10u * w->quiet_ms;
    uint64_t due = quiet < late ? quiet : late;
    return due > now ? (int)(due - now) : 0;
}

/* Until something happens, or the burst is due. */
static void sleep_and_read(struct watch *w, struct burst *b)
{
    struct pollfd p[] = {{w->wake_fd, POLLIN, 0}, {w->parents, POLLIN, 0}, {w->trees, POLLIN, 0}};
    uint64_t rings;
    poll(p, 3, due_ms(w, b));
    if (read(w->wake_fd, &rings, sizeof rings) < 0)
        errno = 0; /* nobody rang */
    bool changed = drain(w, w->parents);
    changed |= drain(w, w->trees);
    if (changed) {
        b->last = clock_ms();
        b->first = b->first ? b->first : b->last;
    }
}

static void places_free(struct watch *w)
{
    for (size_t i = 0; i < w->nplace; i++)
        free(w->place[i].path);
    free(w->place);
    w->place = NULL;
    w->nplace = 0;
}

/* What the loop has left for us; *ret_moved: other places. False: to stop. */
static bool obey(struct watch *w, bool *ret_moved)
{
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    *ret_moved = w->moved;
    if (w->moved) {
        places_free(w);
        w->place = must(calloc(w->nwanted + 1, sizeof *w->place));
        for (; w->nplace < w->nwanted; w->nplace++)
            w->place[w->nplace].path = must(strdup(w->wanted[w->nplace]));
        w->moved = false;
    }
    pthread_mutex_unlock(&w->lock);
    return !stopping;
}

static void *watch_main(void *ctx)
{
    struct watch *w = ctx;
    struct burst burst = {0};
    for (bool moved; obey(w, &moved);) {
        if (!moved && due_ms(w, &burst) != 0) {
            sleep_and_read(w, &burst);
            continue;
        }
        burst = (struct burst){0};
        if (renew(w))
            complain(w, "content");
        loop_post(w->loop, w->fn, NULL, w->ctx);
    }
    return NULL;
}

/* ---- the loop's side ---- */

static void wanted_free(struct watch *w)
{
    for (size_t i = 0; i < w->nwanted; i++)
        free(w->wanted[i]);
    free(w->wanted);
    w->wanted = NULL;
    w->nwanted = 0;
}

static void watch_free(struct watch *w)
{
    close_all(w);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    places_free(w);
    wanted_free(w);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void wake(struct watch *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake_fd, &one, sizeof one);
    (void)n; /* a counter that takes no more has rung already */
}

static bool same(const struct watch *w, const char *const *path, size_t n)
{
    bool same = n == w->nwanted;
    for (size_t i = 0; same && i < n; i++)
        same = !strcmp(path[i], w->wanted[i]);
    return same;
}

void watch_set(struct watch *w, const char *const *path, size_t n)
{
    if (w->wanted && same(w, path, n)) /* only we write them, so reading needs no lock */
        return;
    pthread_mutex_lock(&w->lock);
    wanted_free(w);
    w->wanted = must(calloc(n + 1, sizeof *w->wanted));
    for (; w->nwanted < n; w->nwanted++)
        w->wanted[w->nwanted] = must(strdup(path[w->nwanted]));
    w->moved = true;
    pthread_mutex_unlock(&w->lock);
    wake(w);
}

int watch_start(struct loop *l, unsigned quiet_ms, loop_fn *fn, void *ctx, struct watch **ret)
{
    struct watch *w = must(calloc(1, sizeof *w));
    *w = (struct watch){.loop = l, .fn = fn, .ctx = ctx, .quiet_ms = quiet_ms};
    w->parents = w->trees = -1;
    pthread_mutex_init(&w->lock, NULL);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int err = w->wake_fd < 0 ? -errno : -pthread_create(&w->thread, NULL, watch_main, w);
    if (err) {
        watch_free(w);
        return err;
    }
    *ret = w;
    return 0;
}

void watch_stop(struct watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_mutex_unlock(&w->lock);
    wake(w);
    pthread_join(w->thread, NULL);
    watch_free(w);
}
