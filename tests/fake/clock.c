/* clock.c: a clock that a test winds on, for the program under test. It is preloaded: nothing in the program knows of it, and its own
 * retry schedule runs, only sooner. $WOUND_CLOCK names a file with two numbers of 64 bits that the test writes: nanoseconds by
 * which every clock is ahead, and nanoseconds by which the wall's is wrong besides. Who sleeps looks at it every few milliseconds.
 *
 * Only what this program and its libraries call is here. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND   1000000000LL
#define SLICE_MS 10

struct wound {
    volatile int64_t ahead_ns, wrong_ns;
};

static const struct wound *wound;

__attribute__((constructor)) static void find_file(void)
{
    static const struct wound none;
    const char *path = getenv("WOUND_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    wound = p == MAP_FAILED ? &none : p;
}

static int64_t ahead_ns(void)
{
    return wound ? wound->ahead_ns : 0;
}

static int64_t now_ns(clockid_t id)
{
    struct timespec t;
    bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
    bool runs = wall || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE ||
                id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME;
    syscall(SYS_clock_gettime, id, &t);
    return t.tv_sec * SECOND + t.tv_nsec + (runs ? ahead_ns() : 0) +
           (wall && wound ? wound->wrong_ns : 0);
}

static struct timespec spec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

/* ---- what time it is ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    *t = spec(now_ns(id));
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    int64_t ns = now_ns(CLOCK_REALTIME);
    (void)zone;
    t->tv_sec = ns / SECOND;
    t->tv_usec = ns % SECOND / 1000;
    return 0;
}

time_t time(time_t *t)
{
    time_t now = now_ns(CLOCK_REALTIME) / SECOND;
    if (t)
        *t = now;
    return now;
}

/* ---- waiting ---- */

/* How long to wait at once, of a wait that began at `begin_ns`; -1 as poll() has it: for ever. */
static int slice(int64_t begin_ns, int timeout_ms)
{
    int64_t left = begin_ns / 1000000 + timeout_ms - now_ns(CLOCK_MONOTONIC) / 1000000;
    if (timeout_ms < 0 || left > SLICE_MS)
        return SLICE_MS;
    return left > 0 ? (int)left : 0;
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    for (;;) {
        int ms = slice(begin, timeout_ms);
        long n = syscall(SYS_epoll_pwait, fd, events, max, ms, mask, (size_t)_NSIG / 8);
        if (n || !ms)
            return (int)n;
    }
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return epoll_pwait(fd, events, max, timeout_ms, NULL);
}

int poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    for (;;) {
        int ms = slice(begin, timeout_ms);
        long n = syscall(SYS_poll, fds, nfds, ms);
        if (n || !ms)
            return (int)n;
    }
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    int64_t end = now_ns(CLOCK_MONOTONIC) + wanted->tv_sec * SECOND + wanted->tv_nsec;
    if (left)
        *left = (struct timespec){0};
    for (int64_t ns; (ns = end - now_ns(CLOCK_MONOTONIC)) > 0;) {
        struct timespec t = spec(ns < SLICE_MS * 1000000LL ? ns : SLICE_MS * 1000000LL);
        syscall(SYS_nanosleep, &t, NULL);
    }
    return 0;
}

int usleep(useconds_t us)
{
    struct timespec t = spec(us * 1000LL);
    return nanosleep(&t, NULL);
}

/* The deadline is of a clock that is ahead; a wait that is woken too early looks again. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec t = spec(until->tv_sec * SECOND + until->tv_nsec - ahead_ns());
    if (!real)
        real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlvsym(
            RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    return real(cond, mutex, &t);
}
