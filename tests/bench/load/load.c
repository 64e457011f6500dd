/* load.c: how much the program serves beside a bare libwebsockets echo of as many bytes, in the same run on the same machine:
 * 10,000 open chats, some of which ask as fast as they are answered; every question and every answer on disk before it is
 * seen, with synchronous=FULL and with NORMAL; questions that many people ask, and such as nobody has asked before. The
 * echo answers nothing and stores nothing: it is the ceiling of the transport, and the figures are shares of it.
 *
 * Then the answering threads by themselves: what a second one adds.
 *
 * usage: bench_load PROGRAM FOLDER_OF_GUIDES [IDLE [ACTIVE [SECONDS]]] */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bot/store.h"
#include "tests/bench/load/load.h"

#define MODES 4

void load_die(const char *what, const char *why)
{
    fprintf(stderr, "bench_load: %s: %s\n", what, why);
    exit(1);
}

uint64_t load_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int load_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        load_die("port", strerror(errno));
    close(fd);
    return ntohs(a.sin_port);
}

static pid_t start_echo(int port, size_t bytes)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        echo_serve(port, bytes);
    }
    usleep(300000);
    return pid;
}

static char folder[64];

static pid_t start_guidepost(const char *program, const char *guides, int port,
                             const char *synchronous)
{
    char path[128], log[128],
        *content = realpath(guides, NULL); /* settings have paths of their own folder */
    if (!content)
        load_die(guides, strerror(errno));
    snprintf(path, sizeof path, "%s/guidepost.yaml", folder);
    FILE *f = fopen(path, "w");
    if (!f)
        load_die(path, strerror(errno));
    fprintf(f,
            "listen: 127.0.0.1:%d\nadmin_listen: 127.0.0.1:0\ndata_dir: data-%s\ncontent: [%s]\n"
            "journal:\n  synchronous: %s\n"
            "web:\n  session_rate: 0\n  address_rate: 0\n  site_rate: 0\n",
            port, synchronous, content, synchronous);
    fclose(f);
    free(content);
    snprintf(log, sizeof log, "%s/log-%s", folder, synchronous);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 2);
        execl(program, program, "serve", "-c", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 300; i++) { /* until its guides are read, or it has them from before */
        char s[65536] = "";
        usleep(100000);
        int fd = open(log, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, s, sizeof s - 1) > 0 && strstr(s, "what=listen ") &&
            (strstr(s, "msg=\"indexed\"") || i > 20)) {
            close(fd);
            return pid;
        }
        if (fd >= 0)
            close(fd);
        if (waitpid(pid, NULL, WNOHANG) == pid)
            break;
    }
    load_die(program, "did not start");
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void show(const char *name, const struct load_result *r, const struct load_result *echo)
{
    printf("%-20s %7.0f /s  %6.1f us of processor each  p50 %7.2f ms  p99 %7.2f ms", name,
           r->per_second, r->cpu_us, (double)r->p50_us / 1e3, (double)r->p99_us / 1e3);
    if (echo)
        printf("  %.3f of the echo, by processor %.3f, p99 %.1f x",
               r->per_second / echo->per_second, echo->cpu_us / r->cpu_us,
               (double)r->p99_us / (double)echo->p99_us);
    if (r->refused)
        printf("  %llu told to come again", (unsigned long long)r->refused);
    printf("  %ld B per idle connection, %.0f connects/s\n", r->idle_bytes, r->connects_per_second);
    fflush(stdout);
}

/* One thread and two by turns, so that what else the machine does falls on both. */
static void measure_workers(const char *guides, int seconds)
{
    struct workers_result sum[2] = {0}, r;
    if (store_init())
        load_die("workers", "SQLite cannot be set up");
    for (int i = 0; i < 2 * seconds; i++) {
        workers_measure(guides, folder, 1 + (size_t)i % 2, 1, &r);
        sum[i % 2].per_second += r.per_second / seconds;
        sum[i % 2].cpu_us += r.cpu_us / seconds;
    }
    for (int i = 0; i < 2; i++)
        printf("%d answering thread%s alone %7.0f /s  %6.1f us of processor each\n", i + 1,
               i ? "s" : " ", sum[i].per_second, sum[i].cpu_us);
    printf("a second thread: %.2f times the questions\n", sum[1].per_second / sum[0].per_second);
}

static size_t number(int argc, char **argv, int i, size_t fallback)
{
    return argc > i ? strtoul(argv[i], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (argc < 3)
        load_die("usage", "bench_load PROGRAM FOLDER_OF_GUIDES [IDLE [ACTIVE [SECONDS]]]");
    size_t most = files.rlim_max > 1000 ? (size_t)files.rlim_max - 1000 : 100;
    struct load_plan plan = {.idle = number(argc, argv, 3, 10000),
                             .active = number(argc, argv, 4, 200),
                             .seconds = (int)number(argc, argv, 5, 5)};
    if (plan.idle + plan.active > most)
        plan.idle = most - plan.active;
    snprintf(folder, sizeof folder, "/tmp/guidepost-load-XXXXXX");
    if (!mkdtemp(folder))
        load_die(folder, strerror(errno));
    printf("%zu idle chats, %zu that ask without a pause, %d s each\n", plan.idle, plan.active,
           plan.seconds);
    static const struct {
        const char *name, *synchronous;
        enum load_asks asks;
    } mode[MODES] = {{"common, FULL", "full", LOAD_COMMON},
                     {"common, NORMAL", "normal", LOAD_COMMON},
                     {"new, FULL", "full", LOAD_NEW},
                     {"new, NORMAL", "normal", LOAD_NEW}};
    struct load_result r[MODES] = {0}, echo = {0};
    for (int i = 0; i < MODES; i++) {
        plan.port = load_free_port();
        plan.asks = mode[i].asks;
        pid_t pid = start_guidepost(argv[1], argv[2], plan.port, mode[i].synchronous);
        load_run(&plan, pid, &r[i]);
        stop(pid);
    }
    plan.asks = LOAD_ECHO;
    plan.port = load_free_port();
    pid_t pid = start_echo(plan.port, r[0].answer_bytes);
    load_run(&plan, pid, &echo);
    stop(pid);
    printf("a question is %zu bytes, what comes back %zu\n", r[0].question_bytes,
           r[0].answer_bytes);
    show("libwebsockets echo", &echo, NULL);
    for (int i = 0; i < MODES; i++)
        show(mode[i].name, &r[i], &echo);
    measure_workers(argv[2], plan.seconds);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0;
}
