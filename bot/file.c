/* file.c: one file replaced by another with the same name, all or nothing. */
#include "bot/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/must.h"
#include "kb/pool.h"

int file_read(struct pool *pool, const char *path, struct kb_bytes *ret)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
    *ret = (struct kb_bytes){0};
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(fd, &st))
        err = -errno;
    else if (!S_ISREG(st.st_mode))
        err = -EINVAL;
    else if (st.st_size > FILE_MAX)
        err = -EFBIG;
    if (!err) {
        char *s = pool_alloc(pool, (size_t)st.st_size + 1);
        size_t len = 0;
        for (ssize_t n = 1; n > 0 && len < (size_t)st.st_size; len += (size_t)n)
            if ((n = read(fd, s + len, (size_t)st.st_size - len)) < 0) {
                err = -errno;
                break;
            }
        *ret = err ? (struct kb_bytes){0} : (struct kb_bytes){s, len};
    }
    close(fd);
    return err;
}

void file_digest(struct kb_bytes bytes, char ret[FILE_DIGEST])
{
    unsigned char sum[16];
    if (bytes.s)
        crypto_generichash(sum, sizeof sum, (const unsigned char *)bytes.s, bytes.len, NULL, 0);
    else
        memset(sum, 0, sizeof sum);
    sodium_bin2hex(ret, FILE_DIGEST, sum, sizeof sum);
}

static int write_all(int fd, struct kb_bytes b)
{
    for (size_t done = 0; done < b.len;) {
        ssize_t n = write(fd, b.s + done, b.len - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) ? -errno : 0;
}

static int write_new(const char *name, const char *path, struct kb_bytes bytes)
{
    struct stat st;
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    int err = write_all(fd, bytes);
    if (!err && !stat(path, &st) && fchmod(fd, st.st_mode & 07777))
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    return err;
}

/* Some file systems cannot; the rename is then as durable as they make it. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int file_replace(const char *path, struct kb_bytes bytes)
{
    char *real = realpath(path, NULL);
    if (!real && errno != ENOENT)
        return -errno;
    if (!real)
        real = must(strdup(path));
    const char *slash = strrchr(real, '/');
    int n = slash ? (int)(slash + 1 - real) : 0, err;
    char *name = must_printf("%.*s.%s.new", n, real, real + n); /* a name that no content has */
    char *folder = n > 1 ? must_printf("%.*s", n - 1, real) : must(strdup(n ? "/" : "."));
    if (bytes.s)
        err = write_new(name, real, bytes);
    else
        err = unlink(real) && errno != ENOENT ? -errno : 0;
    if (!err && bytes.s && rename(name, real))
        err = -errno;
    if (err)
        unlink(name);
    else
        sync_folder(folder);
    free(folder);
    free(name);
    free(real);
    return err;
}
