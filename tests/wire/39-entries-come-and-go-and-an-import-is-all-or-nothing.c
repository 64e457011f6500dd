/* guidepost entries: what is exported in any form is imported again as it was; an import with one mistake changes no byte; one
 * that does not fit the rest of the content is taken back; and a running server answers with what was imported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"
#include "tests/wire/harness/wire.h"

static char folder[256], config[300], target[300];
static struct command_result r;

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    snprintf(config, sizeof config, "%s",
             folder_file(folder, "guidepost.yaml", "data_dir: data\ncontent: [guides]\n"));
    folder_file(folder, "guides/baking.faq.yaml", FAQ_BAKING);
    snprintf(target, sizeof target, "%s/guides/more.faq.yaml", folder);
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void run_import(int code, const char *part, const char *form, const char *file)
{
    command_run(&r, NULL, "entries", "import", "-c", config, "--form", form, "--into", target, file,
                NULL);
    if (r.code != code || !(strstr(r.out, part) || strstr(r.err, part)))
        fail_msg("exit %d, said %s%s", r.code, r.out, r.err);
    command_release(&r);
}

/* Nothing that was written on the way is left beside the content. */
static int files_in_guides(void)
{
    char path[300];
    int n = 0;
    snprintf(path, sizeof path, "%s/guides", folder);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
    closedir(d);
    return n;
}

static void every_form_brings_back_what_it_took_away(void **state)
{
    static const char *const forms[] = {"faq", "csv", "tsv", "json", "qnabot", "qnamaker"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        command_run(&r, NULL, "entries", "export", "-c", config, "--form", forms[i], NULL);
        assert_int_equal(r.code, 0);
        const char *file = folder_file(folder, "export", r.out);
        command_release(&r);
        snprintf(target, sizeof target, "%s/guides/baking.faq.yaml", folder);
        run_import(0, "0 added, 0 changed", forms[i], file); /* dates and tests of ours are kept */
    }
    assert_int_equal(files_in_guides(), 1);
}

static void one_mistake_and_nothing_is_changed(void **state)
{
    run_import(
        0, "1 added", "csv",
        folder_file(folder, "good.csv", "id,question,answer\nicing,What is icing?,Sugar.\n"));
    assert_int_equal(files_in_guides(), 2);
    run_import(1, "good.csv:3", "csv",
               folder_file(folder, "good.csv",
                           "id,question,answer,valid_until\nglaze,What is glaze?,Sugar.,\n"
                           "icing,What is icing?,More sugar.,2026-02-30\n"));
    run_import(1, "nothing was changed", "qnabot",
               folder_file(folder, "bad.json", "{\"qna\":[{}]}"));
    run_import(1, "No such file", "csv", "/nowhere/at/all.csv");
    command_run(&r, NULL, "entries", "export", "-c", config, NULL);
    assert_non_null(strstr(r.out, "Sugar."));
    assert_null(strstr(r.out, "glaze"));
    assert_null(strstr(r.out, "More sugar"));
    command_release(&r);
    assert_int_equal(files_in_guides(), 2);
}

static void what_does_not_fit_the_rest_is_taken_back(void **state)
{
    command_run(&r, NULL, "entries", "export", "-c", config, "--form", "json", NULL);
    const char *file = folder_file(folder, "again.json", r.out);
    command_release(&r);
    run_import(1, "is taken by", "json", file); /* the ids are in baking.faq.yaml already */
    assert_int_not_equal(access(target, F_OK), 0);
    assert_int_equal(files_in_guides(), 1);
    command_run(&r, NULL, "check", "-c", config, NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
}

static void a_dry_run_counts_and_writes_nothing(void **state)
{
    const char *file =
        folder_file(folder, "good.csv", "id,question,answer\nicing,What is icing?,Sugar.\n");
    command_run(&r, NULL, "entries", "import", "-c", config, "-n", "--json", "--into", target, file,
                NULL);
    assert_int_equal(r.code, 0);
    assert_string_equal(
        r.out, "{\"read\":1,\"added\":1,\"changed\":0,\"unchanged\":0,\"written\":false}\n");
    command_release(&r);
    assert_int_equal(files_in_guides(), 1);
}

static void a_running_server_answers_with_it(void **state)
{
    struct wire *w = wire_start(NULL);
    struct answer a;
    char file[300], into[300];
    bool known = false;
    snprintf(file, sizeof file, "%s/guidepost.yaml", w->folder);
    snprintf(into, sizeof into, "%s/guides/icing.faq.yaml", w->folder);
    const char *csv = folder_file(
        folder, "i.csv", "id,question,answer\nicing,What is icing made of?,Sugar and egg.\n");
    command_run(&r, NULL, "entries", "import", "-c", file, "--into", into, csv, NULL);
    if (r.code)
        fail_msg("%s", r.err);
    command_release(&r);
    for (int i = 0; i < 100 && !known; i++) {
        usleep(100000);
        assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n",
                                "what is icing made of", &a));
        known = strstr(a.body, "Sugar and egg.") != NULL;
        answer_release(&a);
    }
    assert_true(known);
    wire_stop(w);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_form_brings_back_what_it_took_away), T(one_mistake_and_nothing_is_changed),
        T(what_does_not_fit_the_rest_is_taken_back), T(a_dry_run_counts_and_writes_nothing),
        T(a_running_server_answers_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
