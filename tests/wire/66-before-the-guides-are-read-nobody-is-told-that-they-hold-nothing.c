/* The first start with many guides takes a while, and it listens meanwhile. A question then is refused with the time to come
 * again, not answered with what an empty base knows. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

#define SECTIONS 20000

/* A guide that takes seconds to read. */
static void add_a_big_guide(const struct wire *w)
{
    char folder[300], *text = malloc(SECTIONS * 128u);
    size_t len = 0;
    assert_non_null(text);
    for (int i = 0; i < SECTIONS; i++)
        len += (size_t)snprintf(
            text + len, 128,
            "## Lighthouse number %d\n\nIt has %d steps and a lamp of its own.\n\n", i, i % 300);
    snprintf(folder, sizeof folder, "%s/guides", w->folder);
    folder_file(folder, "big.md", text);
    free(text);
}

static void forget_the_index(const struct wire *w)
{
    char command[400];
    snprintf(command, sizeof command, "rm -f %s/data/index.db*", w->folder);
    assert_int_equal(system(command), 0);
}

static int ask(struct wire *w, const char **ret_wrong)
{
    struct answer a = {0};
    assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n",
                            "{\"q\":\"" WIRE_QUESTION "\"}", &a));
    const char *after = answer_header(&a, "retry-after");
    *ret_wrong = a.status == 200
                     ? (strstr(a.body, WIRE_ANSWER) ? NULL : "an answer without the guides")
                 : a.status != 503                  ? "neither an answer nor a 503"
                 : !after || atoi(after) < 1        ? "no Retry-After"
                 : !strstr(a.body, "index_loading") ? "another reason"
                                                    : NULL;
    int status = a.status;
    answer_release(&a);
    return status;
}

static void it_says_that_it_is_reading_and_then_answers(void **state)
{
    struct wire *w = wire_start(NULL);
    int refused = 0, status;
    add_a_big_guide(w);
    wire_signal(w, SIGSTOP); /* or it would read the new guide now */
    wire_signal(w, SIGKILL);
    assert_true(wire_wait_exit(w, 10000, &status) >= 0);
    forget_the_index(w);
    wire_restart(w, SIGKILL);
    struct client *c = wire_chat(w);
    assert_true(wire_chat_ask(c, "early"));
    struct message m;
    client_message(c, 10000, false, &m);
    assert_int_equal(m.opcode, WS_TEXT);
    assert_non_null(strstr(m.s, "\"code\":\"index_loading\""));
    assert_non_null(strstr(m.s, "\"retry\":true"));
    message_release(&m);
    uint64_t until = client_now_ms() + 60000 * wire_slack();
    for (status = 0; status != 200; usleep(50000)) {
        const char *wrong;
        assert_true(client_now_ms() < until);
        status = ask(w, &wrong);
        if (wrong)
            fail_msg("%d: %s", status, wrong);
        refused += status == 503;
    }
    assert_true(refused > 0);
    assert_true(wire_chat_ask(c, "early")); /* the same once more */
    assert_true(wire_chat_answer(c, "early", 10000) >= 0);
    client_close(c);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_that_it_is_reading_and_then_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
