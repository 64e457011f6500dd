/* secret.c: keys and tokens out of files. A file that everybody may read is refused rather than warned about:
 * a warning is read when it is too late. */
#include "bot/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/must.h"

#define MAX_FILE  (SECRET_MAX_VALUES * (SECRET_MAX_BYTES + 2))
#define MAX_LINES (64u * 1024)

static const char *why(int err)
{
    switch (err) {
    case -ENOENT: return "there is no such file";
    case -EPERM:
        return "everybody on this machine may read it; chmod 600 it, and replace the value";
    case -EACCES: return "this user may not read it";
    case -EISDIR: return "it is a folder or a device; name the file that holds the value";
    case -EINVAL: return "it should hold one value on one line, and nothing else";
    default: return "it cannot be read";
    }
}

/* The whole of a small file. Its length, or a negative errno. */
static ssize_t slurp(const char *path, char *s, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe put there must not hang us */
    if (fd < 0)
        return -errno;
    struct stat st;
    ssize_t n = 0, got = 0;
    if (fstat(fd, &st))
        n = -errno;
    else if (!S_ISREG(st.st_mode))
        n = -EISDIR;
    else if (st.st_mode & (S_IROTH | S_IWOTH))
        n = -EPERM;
    while (n >= 0 && (size_t)n < size && (got = read(fd, s + n, size - (size_t)n)) > 0)
        n += got;
    if (got < 0)
        n = -errno;
    close(fd);
    return n >= 0 && (size_t)n == size ? -EINVAL : n;
}

static bool is_value(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return len && len <= SECRET_MAX_BYTES;
}

static int split(char *s, size_t len, struct secret *ret)
{
    for (char *end = s + len; s < end;) {
        char *eol = memchr(s, '\n', (size_t)(end - s)), *next = eol ? eol + 1 : end;
        size_t n = (size_t)((eol ? eol : end) - s);
        while (n && strchr(" \t\r", s[n - 1]))
            n--;
        while (n && (*s == ' ' || *s == '\t'))
            s++, n--;
        if (n && (ret->n == SECRET_MAX_VALUES || !is_value(s, n)))
            return -EINVAL;
        if (n)
            ret->value[ret->n++] = must(strndup(s, n));
        s = next;
    }
    return ret->n ? 0 : -EINVAL;
}

int secret_read(const char *path, struct secret *ret, const char **ret_why)
{
    char s[MAX_FILE] = "";
    struct secret got = {.n = 0};
    ssize_t n = *path ? slurp(path, s, sizeof s) : -ENOENT;
    int err = n < 0 ? (int)n : split(s, (size_t)n, &got);
    sodium_memzero(s, sizeof s);
    if (err)
        secret_release(&got);
    *ret_why = err ? why(err) : "";
    *ret = got;
    return err;
}

static int each_line(char *s, secret_line_fn *fn, void *ctx)
{
    char *line, *rest = s;
    int err = 0;
    while (!err && (line = strsep(&rest, "\n"))) {
        char *name = line + strspn(line, " \t\r"), *value = name + strcspn(name, " \t\r");
        if (!*name || *name == '#')
            continue;
        char *end = value + strspn(value, " \t\r");
        *value = '\0';
        size_t len = strcspn(end, " \t\r");
        bool alone = !end[len + strspn(end + len, " \t\r")];
        end[len] = '\0';
        err = alone && is_value(end, len) ? fn(ctx, name, end) : -EINVAL;
    }
    return err;
}

int secret_read_lines(const char *path, secret_line_fn *fn, void *ctx, const char **ret_why)
{
    char *s = must(calloc(1, MAX_LINES + 1));
    ssize_t n = *path ? slurp(path, s, MAX_LINES) : -ENOENT;
    int err = n < 0 ? (int)n : each_line(s, fn, ctx);
    sodium_memzero(s, MAX_LINES);
    free(s);
    *ret_why = err == -EINVAL ? "each line should hold a name, a blank and a value"
               : err          ? why(err)
                              : "";
    return err;
}

void secret_release(struct secret *s)
{
    for (size_t i = 0; i < s->n; i++) {
        sodium_memzero(s->value[i], strlen(s->value[i]));
        free(s->value[i]);
    }
    *s = (struct secret){.n = 0};
}

/* Hashes are compared, so that not even the length of the secret shows in the time it takes. */
bool secret_is(const struct secret *secret, const char *s, size_t len)
{
    unsigned char given[crypto_hash_sha256_BYTES], own[crypto_hash_sha256_BYTES];
    bool same = false;
    crypto_hash_sha256(given, (const unsigned char *)s, len);
    for (size_t i = 0; i < secret->n; i++) {
        crypto_hash_sha256(own, (const unsigned char *)secret->value[i], strlen(secret->value[i]));
        same |= sodium_memcmp(given, own, sizeof own) == 0;
    }
    return same;
}
