/* A caller may send one question, wait for its reply, and send the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"

static void a_reply_comes_before_the_next_question_is_sent(void **state)
{
    char folder[256], db[300], reply[65536];
    int in[2], out[2], status;
    struct command_result r;
    folder_make(folder, sizeof folder);
    snprintf(db, sizeof db, "%s/index.db", folder);
    command_run(&r, NULL, "index", "--kb", db, folder_file(folder, "welding.md", GUIDE_WELDING),
                NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (!pid) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(getenv("GUIDEPOST"), "guidepost", "ask", "--kb", db, "--batch", NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    for (int i = 0; i < 3; i++) {
        static const char question[] = "{\"id\":\"q\",\"turns\":[\"where do welders work\"]}\n";
        struct pollfd p = {out[0], POLLIN, 0};
        assert_int_equal(write(in[1], question, sizeof question - 1), sizeof question - 1);
        assert_int_equal(poll(&p, 1, 20000), 1);
        ssize_t n = read(out[0], reply, sizeof reply);
        assert_true(n > 0);
        assert_int_equal(reply[n - 1], '\n');
    }
    close(in[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(out[0]);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_comes_before_the_next_question_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
