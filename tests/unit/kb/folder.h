/* folder.h: a folder of files that lasts as long as a test. Use folder_setup and folder_teardown
 * as the test's fixtures; everything is below folder(). */
#ifndef TEST_KB_FOLDER_H
#define TEST_KB_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kb/kb_int.h"

static char folder_root[256];

/* The path of `name` below the folder; good for the next few calls. */
__attribute__((unused)) static const char *folder(const char *name)
{
    static char path[8][512];
    static int next;
    char *p = path[next++ % 8];
    snprintf(p, sizeof path[0], "%s%s%s", folder_root, *name ? "/" : "", name);
    return p;
}

__attribute__((unused)) static void folder_write_bytes(const char *name, const void *s, size_t len)
{
    FILE *f = fopen(folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

__attribute__((unused)) static void folder_write(const char *name, const char *text)
{
    folder_write_bytes(name, text, strlen(text));
}

__attribute__((unused)) static char *folder_read(const char *name, size_t *ret_len)
{
    FILE *f = fopen(folder(name), "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *ret_len = (size_t)ftell(f);
    rewind(f);
    char *s = calloc(1, *ret_len + 1);
    assert_int_equal(fread(s, 1, *ret_len, f), *ret_len);
    fclose(f);
    return s;
}

/* How many files there are whose names contain `part`. */
__attribute__((unused)) static int folder_count(const char *part)
{
    int n = 0;
    DIR *dir = opendir(folder(""));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.' && strstr(e->d_name, part);
    closedir(dir);
    return n;
}

static int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

static int folder_teardown(void **state)
{
    if (folder_root[0])
        nftw(folder_root, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    folder_root[0] = 0;
    return 0;
}

static int folder_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp) /* in memory when there is such a place: these tests sync a thousand files */
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder_root, sizeof folder_root, "%s/guidepost-test-XXXXXX", tmp);
    return mkdtemp(folder_root) ? 0 : -1;
}

#define folder_test(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

/* Index `n` paths below the folder into "kb.db"; the report is the caller's to release. */
__attribute__((unused)) static int folder_index(const char *const *name, size_t n,
                                                const char *synonyms, struct kb_report *ret)
{
    struct kb_sources src = {.root = folder(""), .path = name, .n = n, .synonyms = synonyms};
    return kb_index(folder("kb.db"), &src, ret);
}

/* The same with one path, and nothing to complain about. */
__attribute__((unused)) static void folder_index_one(const char *name)
{
    struct kb_report report;
    int r = folder_index(&name, 1, NULL, &report);
    if (r)
        fail_msg("%d: %s%s", r, report.message ? report.message : "",
                 report.nproblem ? report.problem[0].message : "");
    kb_report_release(&report);
}

#endif
