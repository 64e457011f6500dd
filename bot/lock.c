/* lock.c: see lock.h. The file says who, for people; the lock on it is what counts, so a file left behind means nothing. */
#include "bot/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME "serve.lock"

static int open_file(const char *dir, int flags)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/" NAME, dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, flags | O_CLOEXEC, 0640);
    return fd < 0 ? -errno : fd;
}

static long read_pid(int fd)
{
    char s[32] = "";
    ssize_t n = pread(fd, s, sizeof s - 1, 0);
    return n > 0 ? strtol(s, NULL, 10) : 0;
}

int lock_take(const char *dir, long *ret_pid)
{
    char s[32];
    int fd = open_file(dir, O_RDWR | O_CREAT);
    if (fd < 0)
        return fd;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int err = errno == EWOULDBLOCK ? -EBUSY : -errno;
        *ret_pid = err == -EBUSY ? read_pid(fd) : 0;
        close(fd);
        return err;
    }
    int n = snprintf(s, sizeof s, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, s, (size_t)n, 0) != n)
        (void)ftruncate(fd, 0); /* a full disk: locked all the same, only without a name */
    return fd;
}

void lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

long lock_owner(const char *dir)
{
    int fd = open_file(dir, O_RDONLY);
    long pid = 0;
    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK) {
        pid = read_pid(fd);
        pid = pid > 0 ? pid : -1;
    }
    close(fd);
    return pid;
}
