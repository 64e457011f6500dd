/* program.c: the program as its user meets it: how long a single question takes from an empty terminal, and how
 * much memory it holds. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "tests/bench/bench.h"

extern char **environ;

struct child {
    pid_t pid;
    int in, out; /* ours: to write to, to read from */
};

static void start(const char *program, char *const *argv, struct child *c)
{
    int in[2], out[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    posix_spawn_file_actions_t act;
    if (null < 0 || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
        posix_spawn_file_actions_init(&act))
        die(program, strerror(errno));
    posix_spawn_file_actions_adddup2(&act, in[0], 0);
    posix_spawn_file_actions_adddup2(&act, out[1], 1);
    posix_spawn_file_actions_adddup2(&act, null, 2);
    int err = posix_spawn(&c->pid, program, &act, NULL, argv, environ);
    if (err)
        die(program, strerror(err));
    posix_spawn_file_actions_destroy(&act);
    close(in[0]);
    close(out[1]);
    close(null);
    c->in = in[1];
    c->out = out[0];
}

/* Read up to a line's end; false at the end of the file. */
static bool read_line(int fd)
{
    char s[65536];
    for (ssize_t n; (n = read(fd, s, sizeof s)) > 0;)
        if (s[n - 1] == '\n')
            return true;
    return false;
}

/* The processor time that it took. */
static uint64_t end(struct child *c)
{
    struct rusage used;
    int status;
    close(c->in);
    while (read_line(c->out))
        ;
    close(c->out);
    if (wait4(c->pid, &status, 0, &used) < 0)
        die("guidepost", strerror(errno));
    return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

struct cost program_start(const char *program, const char *db, const char *question, size_t times)
{
    struct times wall = {0}, cpu = {0};
    char *argv[] = {(char *)(uintptr_t)program,  "ask", "--kb", (char *)(uintptr_t)db, "--json",
                    (char *)(uintptr_t)question, NULL};
    for (size_t i = 0; i < times; i++) {
        struct child c;
        uint64_t ns = now_ns();
        start(program, argv, &c);
        if (!read_line(c.out))
            die(program, "gave no answer");
        times_add(&wall, now_ns() - ns);
        times_add(&cpu, end(&c));
    }
    struct cost median = {times_at(&wall, .5), times_at(&cpu, .5)};
    times_release(&wall);
    times_release(&cpu);
    return median;
}

/* "VmRSS:	  1234 kB" of /proc/<pid>/status. */
static long status_of(pid_t pid, const char *name)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

void program_memory(const char *program, const char *db, char **question, size_t n, long *ret_held,
                    long *ret_most)
{
    char *argv[] = {(char *)(uintptr_t)program, "ask",     "--kb",
                    (char *)(uintptr_t)db,      "--batch", NULL};
    struct child c;
    struct buf line;
    buf_init(&line, 1 << 16);
    start(program, argv, &c);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&line);
        buf_addf(&line, "{\"id\":\"q%zu\",\"turns\":[", i);
        json_add_string(&line, question[i], strlen(question[i]));
        buf_adds(&line, "]}\n");
        if (write(c.in, line.s, line.len) != (ssize_t)line.len || !read_line(c.out))
            die(program, "gave no answer");
    }
    *ret_held = status_of(c.pid, "VmRSS");
    *ret_most = status_of(c.pid, "VmHWM");
    buf_release(&line);
    end(&c);
}
