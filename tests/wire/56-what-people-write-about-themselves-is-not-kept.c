/* Personal data never reaches the disk or the log: whatever a visitor types, by every door, no byte of it is in data_dir, neither
 * while the program runs nor afterwards; the question is answered all the same. What is asked for on purpose, the address to
 * which a person may write, is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define MAIL    "jane.doe@example.org"
#define PHONE   "555-010-0199"
#define ID      "S1234567D"
#define ASKED   WIRE_QUESTION " I am " MAIL ", " PHONE ", student " ID "."
#define WAIT_MS 60000
#define ON_WISH "answer.me@example.net"

/* How many of the files of data_dir, log and journal of the database among them, hold these bytes. The log of a database first: what
 * leaves it meanwhile is in the database by then. */
static int files_with(const struct wire *w, const char *bytes)
{
    static const char *const name[] = {"state.db-wal", "state.db", "index.db-wal", "index.db"};
    int n = 0;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/data/%s", w->folder, name[i]);
        FILE *f = fopen(path, "rb");
        if (!f)
            continue;
        static char s[8 << 20];
        size_t len = fread(s, 1, sizeof s, f);
        assert_true(len < sizeof s);
        n += memmem(s, len, bytes, strlen(bytes)) != NULL;
        fclose(f);
    }
    return n;
}

static void wait_for(struct client *c, const char *part)
{
    for (bool found = false; !found;) {
        struct message m;
        client_message(c, WAIT_MS, false, &m);
        if (m.opcode != WS_TEXT)
            fail_msg("nothing came with %s", part);
        assert_null(strstr(m.s, "\"error\""));
        found = strstr(m.s, part) != NULL;
        message_release(&m);
    }
}

static void say_it_all(struct wire *w)
{
    struct answer a;
    assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", ASKED, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, WIRE_ANSWER));
    answer_release(&a);

    struct client *c = wire_chat(w);
    client_text(c, "{\"t\":\"ask\",\"cid\":\"q\",\"text\":\"" ASKED "\"}");
    wait_for(c, WIRE_ANSWER);
    client_text(c, "{\"t\":\"feedback\",\"cid\":\"f\",\"re\":2,\"v\":-1,\"why\":\"wrong\",\"text\":"
                   "\"write to " MAIL " or " PHONE "\"}");
    wait_for(c, "\"fb\"");
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"email\",\"email\":\"" ON_WISH
                   "\",\"note\":\"I am " ID ", " PHONE "\"}");
    wait_for(c, "\"handoff\"");
    client_close(c);
}

static void nothing_personal_is_on_the_disk_or_in_the_log(void **state)
{
    static const char *const personal[] = {MAIL, PHONE, ID};
    struct wire *w = wire_start(NULL);
    say_it_all(w);
    for (int stopped = 0; stopped < 2; stopped++) {
        for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++) {
            if (files_with(w, personal[i]))
                fail_msg("\"%s\" was kept", personal[i]);
            assert_false(wire_said(w, personal[i]));
        }
        assert_true(files_with(w, ON_WISH) > 0); /* asked for, and so we would find them */
        assert_true(files_with(w, "lighthouse keeper") > 0);
        if (!stopped)
            wire_restart(w, 15);
    }
    wire_stop(w);
}

static void who_wants_all_of_it_kept_may_say_so(void **state)
{
    struct wire_options opt = {.settings = "journal: {redact: false}\n"};
    struct wire *w = wire_start(&opt);
    say_it_all(w);
    assert_true(files_with(w, MAIL) > 0);
    assert_true(files_with(w, PHONE) > 0);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_personal_is_on_the_disk_or_in_the_log),
        cmocka_unit_test(who_wants_all_of_it_kept_may_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
