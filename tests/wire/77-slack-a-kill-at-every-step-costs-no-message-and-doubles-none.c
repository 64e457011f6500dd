/* F1 for Slack, enumerated: from the moment a signed event arrives to the moment its answer is confirmed the program makes so
 * many system calls that others can see: it writes to its database, syncs it, speaks to Slack. It is run under ptrace and
 * killed before the first of them, the second, ... until a run gets through. After each kill it is started again, and Slack
 * delivers again what was not acknowledged: exactly one answer is visible, every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fake/wire.h"

#define MAX_STEPS   400
#define MAX_THREADS 64

static struct slack_wire s;
static pid_t thread[MAX_THREADS];
static size_t nthread;

static int set_up(void **state)
{
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

/* ---- under ptrace ---- */

/* False: there is no ptrace here. */
static bool attach(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)s.w->pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    nthread = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        pid_t tid = atoi(e->d_name);
        if (!tid)
            continue;
        if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE)) {
            closedir(dir);
            return false;
        }
        assert_true(nthread < MAX_THREADS);
        thread[nthread++] = tid;
    }
    closedir(dir);
    for (size_t i = 0; i < nthread; i++)
        assert_int_equal(ptrace(PTRACE_INTERRUPT, thread[i], NULL, NULL), 0);
    return true;
}

/* A call by which the program changes what others see, or learns what they did. */
static bool is_step(pid_t tid)
{
    struct __ptrace_syscall_info call;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof call, &call) <= 0 ||
        call.op != PTRACE_SYSCALL_INFO_ENTRY)
        return false;
    switch (call.entry.nr) {
    case SYS_pwrite64:
    case SYS_fdatasync:
    case SYS_fsync:
    case SYS_ftruncate:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_connect:
    case SYS_accept4: return true;
    default: return false;
    }
}

static void know(pid_t tid)
{
    for (size_t i = 0; i < nthread; i++)
        if (thread[i] == tid)
            return;
    assert_true(nthread < MAX_THREADS);
    thread[nthread++] = tid;
}

/* Runs until the k-th step and kills there; false when `done` came first. */
static bool run_to(size_t k, volatile bool *done)
{
    size_t seen = 0;
    for (int quiet = 0; quiet < 300;) {
        int status;
        pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
        if (tid <= 0) {
            quiet = *done ? quiet + 1 : 0;
            usleep(1000);
            continue;
        }
        if (!WIFSTOPPED(status))
            continue;
        know(tid);
        int signum = WSTOPSIG(status), event = status >> 16;
        if (signum == (SIGTRAP | 0x80)) {
            if (is_step(tid) && ++seen == k)
                return true;
            signum = 0;
        } else if (event) {
            signum = 0;
        }
        quiet = 0;
        ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)signum);
    }
    return false;
}

/* Dead threads of a traced program wait for their tracer; the leader is the harness's. */
static void reap(void)
{
    kill(s.w->pid, SIGKILL);
    for (size_t i = 0; i < nthread; i++)
        if (thread[i] != s.w->pid)
            while (waitpid(thread[i], NULL, __WALL) < 0 && errno == EINTR)
                ;
}

/* ---- one delivery ---- */

struct delivery {
    char *body;
    int status;
    volatile bool done, dead;
    size_t wanted;
};

static void *deliver(void *ctx)
{
    struct delivery *d = ctx;
    struct client *c = client_try_open(s.w->port);
    client_close(c);
    d->status = c ? fake_slack_send(s.w->port, "application/json", d->body, NULL, NULL) : 0;
    for (int i = 0; d->status == 200 && !d->dead && i < 300; i++)
        if (fake_slack_wait(s.fake, d->wanted, 10, 0))
            break;
    d->done = true;
    return NULL;
}

/* True when it was killed on the way. */
static bool kill_at(size_t k)
{
    char id[32], ts[32];
    pthread_t sender;
    size_t before = fake_slack_posts(s.fake);
    snprintf(id, sizeof id, "EvKill%zu", k);
    snprintf(ts, sizeof ts, "1699%06zu.000100", k);
    struct delivery d = {.body = fake_slack_mention(id, "U1", ts, "<@UBOT> " WIRE_QUESTION, ""),
                         .wanted = before + 1};
    assert_int_equal(pthread_create(&sender, NULL, deliver, &d), 0);
    bool killed = run_to(k, &d.done);
    d.dead = killed;
    reap(); /* also where it got through: then what is confirmed must stay so */
    pthread_join(sender, NULL);
    slack_wire_restart(&s, SIGKILL);
    if (d.status != 200) /* Slack brings it again */
        assert_int_equal(fake_slack_send(s.w->port, "application/json", d.body, NULL, NULL), 200);
    free(d.body);
    slack_wire_expect(&s, before + 1);
    return killed;
}

static void one_answer_wherever_it_is_killed(void **state)
{
    size_t k = 1;
    for (; k < MAX_STEPS; k++) {
        if (!attach()) {
            fail_msg("ptrace is not permitted here: %s", strerror(errno));
            return;
        }
        if (!kill_at(k))
            break;
    }
    assert_in_range(k, 8, MAX_STEPS - 1); /* there is an inbox, a reply, a post and its outcome */
    print_message("killed at %zu steps\n", k - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer_wherever_it_is_killed),
    };
    return cmocka_run_group_tests_name("77-slack-kill", tests, set_up, tear_down);
}
