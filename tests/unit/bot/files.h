/* files.h: a temporary folder with small files, for tests of what reads them. */
#ifndef TEST_BOT_FILES_H
#define TEST_BOT_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kb/kb.h"

static char folder[64];

static int files_setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/guidepost-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int files_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int files_teardown(void **state)
{
    (void)state;
    return nftw(folder, files_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file of that name with that text; valid until the next call but three. */
__attribute__((unused)) static const char *file_with(const char *name, const char *text)
{
    static char ring[4][160];
    static unsigned turn;
    char *path = ring[turn++ % 4];
    snprintf(path, sizeof ring[0], "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    return path;
}

/* How often the file of that path and suffix holds those bytes; one that is not there: never. */
__attribute__((unused)) static int file_holds(const char *path, const char *suffix,
                                              const char *bytes)
{
    char name[200];
    struct stat st;
    int n = 0;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    assert_int_equal(fstat(fd, &st), 0);
    size_t size = (size_t)st.st_size;
    char *all = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    assert_ptr_not_equal(all, MAP_FAILED);
    const char *end = all + size;
    for (const char *at = all; all && (at = memmem(at, (size_t)(end - at), bytes, strlen(bytes)));
         at++)
        n++;
    if (all)
        munmap(all, size);
    return n;
}

/* The report has exactly one problem, at that place, whose message contains `part`. */
#define assert_problem(report, at_line, at_column, part)                                           \
    do {                                                                                           \
        assert_int_equal((report)->nproblem, 1);                                                   \
        assert_int_equal((report)->problem[0].line, at_line);                                      \
        assert_int_equal((report)->problem[0].column, at_column);                                  \
        if (!strstr((report)->problem[0].message, part))                                           \
            fail_msg("\"%s\" does not say \"%s\"", (report)->problem[0].message, part);            \
    } while (0)

#endif
