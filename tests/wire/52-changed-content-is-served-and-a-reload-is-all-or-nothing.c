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
    assert_true(wire_said(w, line));
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

static void a_reload_with_a_bad_setting_changes_nothing(void **state)
{
    struct wire *w = *state;
    char path[512], *before = calloc(1, 8192);
    path_of(w, "guidepost.yaml", path, sizeof path);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(before, 1, 8000, f);
    fclose(f);
    strcpy(before + len, "web: {titel: x}\n");
    write_file(w, "guidepost.yaml", before);
    wire_signal(w, SIGHUP);
    wait_for(w, "not reloaded: all stays as it was");
    wire_ask(w);
    strcpy(before + len, "web: {title: Keepers of light}\n");
    write_file(w, "guidepost.yaml", before);
    wire_signal(w, SIGHUP);
    wait_for(w, "msg=\"reloaded\"");
    struct answer a;
    assert_true(client_http(w->port, "GET", "/", NULL, NULL, &a));
    assert_non_null(strstr(a.body, "Keepers of light"));
    answer_release(&a);
    free(before);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_guide_answers_within_seconds),
        cmocka_unit_test(saving_by_rename_is_seen_too),
        cmocka_unit_test(a_broken_guide_is_named_and_changes_nothing),
        cmocka_unit_test(a_reload_with_a_bad_setting_changes_nothing),
        cmocka_unit_test(a_change_in_the_middle_of_a_reload_is_seen),
        cmocka_unit_test(no_question_fails_while_the_index_changes),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
