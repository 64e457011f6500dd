/* Adapters' case 34: two minutes in which nothing can be answered. The threads that answer are stopped where they are, by ptrace; the
 * homeserver's transactions are taken all the same, within a second each, and answered once when the threads go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/fake/homeserver.h"

#define ROUNDS      12
#define MAX_THREADS 64

static bool answers(pid_t pid, const char *tid)
{
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%s/comm", (int)pid, tid);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    char *line = fgets(name, sizeof name, f);
    fclose(f);
    return line && !strcmp(name, "answer\n");
}

/* How many were stopped. */
static size_t stop_threads(pid_t pid, pid_t *thread)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) && n < MAX_THREADS;) {
        pid_t tid = atoi(e->d_name);
        if (!tid || !answers(pid, e->d_name))
            continue;
        if (ptrace(PTRACE_SEIZE, tid, NULL, 0) || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) ||
            waitpid(tid, NULL, __WALL) != tid)
            break;
        thread[n++] = tid;
    }
    closedir(dir);
    return n;
}

static void transactions_are_taken_while_nothing_is_answered(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    pid_t thread[MAX_THREADS];
    char id[32];
    fake_hs_members(hs, 2);
    struct hs_wire s = hs_wire_start_on(hs, NULL, true);
    hs_wire_connected(&s);
    size_t n = stop_threads(s.w->pid, thread);
    if (!n) {
        print_message("no ptrace here: not tested\n");
        hs_wire_stop(&s);
        skip();
    }
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(id, sizeof id, "$hung%d", i);
        char event[1024];
        snprintf(event, sizeof event,
                 "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"!r%d\",\"sender\":"
                 "\"@alice:hs.test\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"%s\"}}",
                 id, i, WIRE_QUESTION);
        uint64_t begin = client_now_ms();
        assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
        assert_true(client_now_ms() - begin < 1000);
        wire_wind(s.w, 10, NULL, NULL);
    }
    assert_true(fake_hs_wait(hs, 0, 0));
    for (size_t i = 0; i < n; i++)
        ptrace(PTRACE_DETACH, thread[i], NULL, NULL);
    if (!fake_hs_wait(hs, ROUNDS, 20000)) {
        wire_dump_log(s.w);
        fail_msg("%zu answers", fake_hs_sent(hs));
    }
    hs_wire_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_taken_while_nothing_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
