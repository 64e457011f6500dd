/* F2. SIGTERM while questions are open: nobody new is let in, what was accepted is answered, WebSockets get a 1001, and the
 * program ends by itself within ten seconds without spinning. Full size is the same with 1,000 connections. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define CHATS 40
#define POSTS 40

static void sigterm_under_load_answers_what_is_in_flight(void **state)
{
    struct wire *w = *state;
    struct client *chat[CHATS], *post[POSTS], *idle = client_open(w->port);
    char request[512];
    static const char body[] = "{\"q\":\"" WIRE_QUESTION "\"}";
    snprintf(request, sizeof(request),
             "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof(body) - 1, body);
    for (int i = 0; i < CHATS; i++)
        chat[i] = wire_chat(w);
    for (int i = 0; i < POSTS; i++)
        post[i] = client_open(w->port);
    wire_ask(w);
    for (int i = 0; i < CHATS; i++)
        assert_true(wire_chat_ask(chat[i], "q"));
    for (int i = 0; i < POSTS; i++)
        assert_true(client_say(post[i], request));
    usleep(20000); /* they are in, but two threads cannot have answered them all */

    uint64_t cpu = wire_cpu_ms(w);
    wire_signal(w, SIGTERM);
    struct client *late = NULL;
    for (int i = 0; i < 100; i++) {
        client_close(late);
        late = client_try_open(w->port);
        if (!late)
            break;
        usleep(10000);
    }
    assert_null(late);

    int silent = 0;
    for (int i = 0; i < POSTS; i++) {
        struct answer a;
        if (!client_answer(post[i], 8000, false, &a) || a.status != 200 ||
            !strstr(a.body, WIRE_ANSWER))
            silent++;
        answer_release(&a);
    }
    if (silent)
        fail_msg("%d of %d requests were not answered", silent, POSTS);
    for (int i = 0; i < CHATS; i++) {
        /* A question the server had not read when it stopped reading is not accepted: then the 1001 comes without. */
        int ms = wire_chat_answer(chat[i], "q", 8000);
        if (ms < 0)
            silent++;
        else
            assert_int_equal(client_close_code(chat[i], 8000), 1001);
    }
    if (silent > CHATS / 4)
        fail_msg("%d of %d chats were not answered", silent, CHATS);
    for (int i = 0; i < CHATS; i++)
        client_close(chat[i]);
    for (int i = 0; i < POSTS; i++)
        client_close(post[i]);
    client_close(idle);

    int status = 0;
    uint64_t used = wire_cpu_ms(w) - cpu;
    assert_in_range(used, 0, 2000 * wire_slack());
    assert_in_range(wire_wait_exit(w, 10000, &status), 0, 10000);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_silent_client_does_not_keep_it_from_ending(void **state)
{
    struct wire *w = *state;
    struct client *half = wire_chat(w), *slow = client_open(w->port), *mute = wire_chat(w);
    client_frame(half, (struct frame_shape){.first = WS_TEXT}, "half", 4);
    client_say(slow, "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    usleep(100000);
    int status = 0;
    wire_signal(w, SIGTERM);
    assert_in_range(wire_wait_exit(w, 12000, &status), 0, 10000);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    client_close(half);
    client_close(slow);
    client_close(mute);
}

static void a_second_sigterm_does_not_wait(void **state)
{
    struct wire *w = *state;
    struct client *mute = wire_chat(w);
    int status = 0;
    wire_signal(w, SIGTERM);
    usleep(50000);
    wire_signal(w, SIGTERM);
    assert_in_range(wire_wait_exit(w, 3000 * (int)wire_slack(), &status), 0, 3000 * wire_slack());
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    client_close(mute);
}

/* Who hears that it listens may send it any signal that it knows. */
static void as_soon_as_it_listens_it_knows_its_signals(void **state)
{
    struct wire *w = *state;
    for (int i = 0; i < 6; i++) {
        int status = 0;
        wire_restart(w, SIGKILL);
        wire_signal(w, SIGHUP);
        wire_signal(w, SIGTERM);
        assert_in_range(wire_wait_exit(w, 12000, &status), 0, 12000);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sigterm_under_load_answers_what_is_in_flight, wire_setup,
                                        wire_teardown),
        cmocka_unit_test_setup_teardown(a_silent_client_does_not_keep_it_from_ending, wire_setup,
                                        wire_teardown),
        cmocka_unit_test_setup_teardown(a_second_sigterm_does_not_wait, wire_setup, wire_teardown),
        cmocka_unit_test_setup_teardown(as_soon_as_it_listens_it_knows_its_signals, wire_setup,
                                        wire_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
