/* Guides change while the program runs: what is good is served within seconds, what is broken changes nothing, and
 * SIGHUP takes settings, small talk and guides together or not at all. */
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

#include "tests/wire/harness/wire.h"

static void path_of(const struct wire *w, const char *name, char *to, size_t size)
{
    snprintf(to, size, "%s/%s", w->folder, name);
}

static void write_file(const struct wire *w, const char *name, const char *text)
{
    char path[512];
    path_of(w, name, path, sizeof path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Does an answer to `q` contain `part`, within ten seconds? */
static bool answers(struct wire *w, const char *q, const char *part)
{
    bool found = false;
    for (int i = 0; i < 200 && !found; i++) {
        struct answer a = {0};
        assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", q, &a));
        assert_int_equal(a.status, 200);
        found = strstr(a.body, part);
        answer_release(&a);
        if (!found)
            usleep(50000);
    }
    return found;
}

static void wait_for(struct wire *w, const char *line)
{
    for (int i = 0; i < 200 && !wire_said(w, line); i++)
        usleep(50000);
    if (!wire_said(w, line))
        wire_dump_log(w);
    assert_true(wire_says(w, line));
}

#define BEES                                                                                       \
    "# Beekeeping\n\n## How much do beekeepers earn?\n\nBeekeepers earn %s dollars a year.\n"

static void bees(struct wire *w, const char *figure)
{
    char text[200];
    snprintf(text, sizeof text, BEES, figure);
    write_file(w, "guides/bees.md", text);
}

static void a_new_guide_answers_within_seconds(void **state)
{
    struct wire *w = *state;
    bees(w, "31,000");
    assert_true(answers(w, "how much do beekeepers earn", "31,000"));
}

static void saving_by_rename_is_seen_too(void **state)
{
    struct wire *w = *state;
    char from[512], to[512], text[200];
    snprintf(text, sizeof text, BEES, "32,000");
    write_file(w, "guides/.bees.md.swp", text);
    path_of(w, "guides/.bees.md.swp", from, sizeof from);
    path_of(w, "guides/bees.md", to, sizeof to);
    assert_int_equal(rename(from, to), 0);
    assert_true(answers(w, "how much do beekeepers earn", "32,000"));
}

static void a_broken_guide_is_named_and_changes_nothing(void **state)
{
    struct wire *w = *state;
    char path[512];
    write_file(w, "guides/broken.md", "---\ntitle: [unclosed\n---\ntext\n");
    wait_for(w, "broken.md");
    wait_for(w, "not indexed: all stays as it was");
    assert_true(answers(w, "how much do beekeepers earn", "32,000"));
    path_of(w, "guides/broken.md", path, sizeof path);
    unlink(path);
    bees(w, "33,000");
    assert_true(answers(w, "how much do beekeepers earn", "33,000"));
}

/* The settings that the program was started with, and one more line; then SIGHUP. */
static void reload_with(struct wire *w, const char *line)
{
    static char settings[8192];
    static size_t len;
    char path[512];
    path_of(w, "guidepost.yaml", path, sizeof path);
    if (!len) {
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        len = fread(settings, 1, 8000, f);
        fclose(f);
    }
    strcpy(settings + len, line);
    write_file(w, "guidepost.yaml", settings);
    wire_signal(w, SIGHUP);
}

static void a_reload_with_a_bad_setting_changes_nothing(void **state)
{
    struct wire *w = *state;
    reload_with(w, "web: {titel: x}\n");
    wait_for(w, "did you mean \\\"web.title\\\"?");
    wait_for(w, "not reloaded: all stays as it was");
    wire_ask(w);
    reload_with(w, "web: {title: Keepers of light}\n");
    wait_for(w, "msg=\"reloaded\"");
    struct answer a;
    assert_true(client_http(w->port, "GET", "/", NULL, NULL, &a));
    assert_non_null(strstr(a.body, "Keepers of light"));
    answer_release(&a);
}

static bool lets_in(struct wire *w, const char *origin)
{
    char headers[256];
    struct answer a;
    snprintf(headers, sizeof headers, "Sec-WebSocket-Protocol: guidepost.v1\r\nOrigin: %s\r\n",
             origin);
    bool chat = client_ws_try(w->port, "/v1/ws", headers, NULL) == 101;
    snprintf(headers, sizeof headers, "Content-Type: text/plain\r\nOrigin: %s\r\n", origin);
    assert_true(client_http(w->port, "POST", "/v1/ask", headers, WIRE_QUESTION, &a));
    assert_true(chat == (a.status == 200)); /* one rule for both */
    answer_release(&a);
    return chat;
}

static void what_can_change_now_does_and_what_cannot_is_named(void **state)
{
    struct wire *w = *state;
    assert_false(lets_in(w, "https://www.school.example"));
    reload_with(w, "web: {origins: [\"https://www.school.example\"]}\nanswer_threads: 3\n");
    wait_for(w, "takes effect at the next start\" setting=answer_threads");
    for (int i = 0; i < 100 && !lets_in(w, "https://www.school.example"); i++)
        usleep(20000);
    assert_true(lets_in(w, "https://www.school.example"));
    assert_false(lets_in(w, "https://www.school.example.evil"));
    assert_false(wire_said(w, "setting=listen"));
    reload_with(w, "web: {proxies: [nginx]}\n");
    wait_for(w, "\\\"nginx\\\" is not an address or range");
    assert_true(lets_in(w, "https://www.school.example"));
}

static bool exists(struct wire *w, const char *name)
{
    char path[512];
    path_of(w, name, path, sizeof path);
    return access(path, F_OK) == 0;
}

/* Whoever deletes data/ gets answers all the same, a new index and a new journal, none of it by hand. */
static void a_folder_that_is_deleted_comes_back(void **state)
{
    struct wire *w = *state;
    static const char *const names[] = {
        "data/index.db",      "data/index.db-wal",  "data/index.db-shm",
        "data/index.db.snap", "data/state.db",      "data/state.db-wal",
        "data/state.db-shm",  "data/index.db.lock", "data/serve.lock"};
    char path[512];
    wire_ask(w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(w, names[i], path, sizeof path);
        unlink(path);
    }
    path_of(w, "data", path, sizeof path);
    assert_int_equal(rmdir(path), 0);
    for (int i = 0; i < 200 && !(exists(w, "data/index.db") && exists(w, "data/state.db")); i++) {
        wire_ask(w); /* by every thread */
        usleep(50000);
    }
    assert_true(exists(w, "data/index.db") && exists(w, "data/state.db"));
    wait_for(w, "the database was removed or replaced");
}

/* A reload renews the watches; a change that falls between its reading and its watching is seen all the same. */
static void a_change_in_the_middle_of_a_reload_is_seen(void **state)
{
    struct wire *w = *state;
    char figure[16];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(figure, sizeof figure, "%u,000", 60 + i);
        wire_signal(w, SIGHUP);
        usleep(i * 4000);
        bees(w, figure);
        assert_true(answers(w, "how much do beekeepers earn", figure));
    }
}

/* Questions go on while the index is rebuilt under them (F9). */
static void no_question_fails_while_the_index_changes(void **state)
{
    struct wire *w = *state;
    char figure[16];
    for (int i = 0; i < 15; i++) {
        snprintf(figure, sizeof figure, "%d,000", 40 + i);
        bees(w, figure);
        if (i == 7) {
            char path[512];
            path_of(w, "data/index.db", path, sizeof path);
            unlink(path); /* derived: it is made again */
            wire_signal(w, SIGHUP);
        }
        for (int k = 0; k < 20; k++)
            wire_ask(w);
        usleep(100000);
    }
    assert_true(answers(w, "how much do beekeepers earn", "54,000"));
}

/* One answer to `q`, and whether it has `part`. */
static bool says(struct wire *w, const char *q, const char *part)
{
    struct answer a = {0};
    assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", q, &a));
    bool found = strstr(a.body, part);
    answer_release(&a);
    return found;
}

/* Replies are kept for whoever asks the same (heard.h): from the moment that a change is said to be in force, none of them is old. */
static void what_was_heard_before_a_change_is_not_said_after_it(void **state)
{
    struct wire *w = *state;
    char figure[16];
    for (int i = 0; i < 10; i++) {
        size_t before = wire_said_times(w, "msg=\"indexed\"");
        snprintf(figure, sizeof figure, "%d,000", 60 + i);
        bees(w, figure);
        for (int k = 0; k < 1000 && wire_said_times(w, "msg=\"indexed\"") == before; k++)
            usleep(10000);
        for (int k = 0; k < 5; k++)
            assert_true(says(w, "how much do beekeepers earn", figure));
    }
    struct answer a = {0};
    assert_true(client_http(w->admin_port, "GET", "/metrics", "", "", &a));
    assert_null(strstr(a.body, "guidepost_questions_heard_total 0\n"));
    answer_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_guide_answers_within_seconds),
        cmocka_unit_test(saving_by_rename_is_seen_too),
        cmocka_unit_test(a_broken_guide_is_named_and_changes_nothing),
        cmocka_unit_test(a_reload_with_a_bad_setting_changes_nothing),
        cmocka_unit_test(what_can_change_now_does_and_what_cannot_is_named),
        cmocka_unit_test(a_folder_that_is_deleted_comes_back),
        cmocka_unit_test(a_change_in_the_middle_of_a_reload_is_seen),
        cmocka_unit_test(no_question_fails_while_the_index_changes),
        cmocka_unit_test(what_was_heard_before_a_change_is_not_said_after_it),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
