/* stepped_clock.c: a wall clock that a test can set. Loaded before libc (LD_PRELOAD); it adds to what the true clock says as many
 * seconds as stand, as eight bytes, in the file $GUIDEPOST_CLOCK_FILE. The clock that only counts is left alone, as it is
 * when somebody, or NTP, sets a machine's time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step; /* seconds */
static int (*real_clock_gettime)(clockid_t id, struct timespec *t);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("GUIDEPOST_CLOCK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (p == MAP_FAILED || !real_clock_gettime)
        abort(); /* a test with the true clock would prove nothing */
    step = p;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (!step)
        begin();
    int r = real_clock_gettime(id, t);
    if (!r && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += *step;
    return r;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec t;
    int r = clock_gettime(CLOCK_REALTIME, &t);
    (void)zone;
    *tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return r;
}

time_t time(time_t *ret)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ret)
        *ret = t.tv_sec;
    return t.tv_sec;
}
