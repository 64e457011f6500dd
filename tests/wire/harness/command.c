/* command.c: a child with three pipes, served by one poll(2) so that neither side can block the
 * other. */
#include "tests/wire/harness/command.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 32

struct stream {
    char *s;
    size_t len, cap;
};

static void take(struct stream *to, int *fd)
{
    if (to->cap - to->len < 65536)
        to->s = realloc(to->s, to->cap = to->cap * 2 + 131072);
    assert_non_null(to->s);
    ssize_t n = read(*fd, to->s + to->len, to->cap - to->len - 1);
    if (n > 0) {
        to->len += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
        close(*fd);
        *fd = -1;
    }
    to->s[to->len] = '\0';
}

static void give(const char **input, size_t *left, int *fd)
{
    ssize_t n = *left ? write(*fd, *input, *left) : 0;
    if (n > 0) {
        *input += n;
        *left -= (size_t)n;
    }
    if (!*left || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        close(*fd);
        *fd = -1;
    }
}

static pid_t start(char **argv, int fd[3])
{
    int in[2], out[2], err[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    fd[0] = in[1];
    fd[1] = out[0];
    fd[2] = err[0];
    return pid;
}

void command_run(struct command_result *r, const char *input, ...)
{
    char *argv[MAX_ARGS + 2] = {getenv("GUIDEPOST")};
    int fd[3], status;
    size_t n = 1, left = input ? strlen(input) : 0;
    struct stream out = {0}, err = {0};
    va_list ap;
    va_start(ap, input);
    while (n < MAX_ARGS && (argv[n] = va_arg(ap, char *)))
        n++;
    va_end(ap);
    assert_non_null(argv[0]);
    signal(SIGPIPE, SIG_IGN);
    pid_t pid = start(argv, fd);
    while (fd[1] >= 0 || fd[2] >= 0) {
        struct pollfd p[3] = {{fd[0], POLLOUT, 0}, {fd[1], POLLIN, 0}, {fd[2], POLLIN, 0}};
        if (poll(p, 3, -1) < 0)
            continue;
        if (p[0].revents)
            give(&input, &left, &fd[0]);
        if (p[1].revents)
            take(&out, &fd[1]);
        if (p[2].revents)
            take(&err, &fd[2]);
    }
    if (fd[0] >= 0)
        close(fd[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    *r = (struct command_result){.code = WIFEXITED(status) ? WEXITSTATUS(status)
                                                           : 128 + WTERMSIG(status),
                                 .out = out.s,
                                 .outlen = out.len,
                                 .err = err.s};
    assert_int_not_equal(r->code, 127);
}

void command_release(struct command_result *r)
{
    free(r->out);
    free(r->err);
    *r = (struct command_result){0};
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *kept[64];
static size_t nkept;

void folder_make(char *path, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, size, "%s/guidepost-wire-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    while (nkept)
        free(kept[--nkept]);
}

const char *folder_file(const char *folder, const char *name, const char *text)
{
    char *path = NULL;
    assert_true(nkept < sizeof kept / sizeof *kept);
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    kept[nkept++] = path;
    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0755);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    return path;
}

const char *source_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("GUIDEPOST_SOURCE");
    assert_non_null(root);
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}
