/* The snapshot beside the index is only a faster way to the same answers: when it is damaged, cut short or gone,
 * questions are answered all the same, and the running program makes a new one by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define MADE_AGAIN "missing or damaged: made again"

struct bytes {
    char *s;
    size_t len;
};

static void path_of(const struct wire *w, const char *name, char *to, size_t size)
{
    snprintf(to, size, "%s/data/%s", w->folder, name);
}

/* Empty when there is no such file. */
static struct bytes read_file(const struct wire *w, const char *name)
{
    char path[512];
    struct bytes b = {calloc(1, 1 << 20), 0};
    path_of(w, name, path, sizeof path);
    FILE *f = fopen(path, "rb");
    if (f) {
        b.len = fread(b.s, 1, 1 << 20, f);
        fclose(f);
    }
    return b;
}

static void write_file(const struct wire *w, const char *name, const char *s, size_t len)
{
    char path[512];
    path_of(w, name, path, sizeof path);
    assert_int_equal(chmod(path, 0644), 0); /* nobody does so by mistake */
    FILE *f = fopen(path, "wb");            /* the same file, cut short and filled again */
    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, len, f), len);
    fclose(f);
}

/* Is the snapshot what it was, within ten seconds? */
static bool is_restored(const struct wire *w, const struct bytes *was)
{
    for (int i = 0; i < 200; i++) {
        struct bytes now = read_file(w, "index.db.snap");
        bool same = now.len == was->len && memcmp(now.s, was->s, was->len) == 0;
        free(now.s);
        if (same)
            return true;
        usleep(50000);
    }
    return false;
}

/* One answering thread, and nothing asked yet: it meets the file as `spoil` left it. */
static void survives(void (*spoil)(const struct wire *w, const struct bytes *was))
{
    struct wire *w = wire_start(&(struct wire_options){.settings = "answer_threads: 1\n"});
    struct bytes was = read_file(w, "index.db.snap");
    assert_true(was.len > 1000);
    spoil(w, &was);
    wire_ask(w);
    if (!is_restored(w, &was)) {
        wire_dump_log(w);
        fail_msg("there is no new snapshot");
    }
    assert_true(wire_says(w, MADE_AGAIN));
    for (int i = 0; i < 5; i++)
        wire_ask(w);
    free(was.s);
    wire_stop(w);
}

static void flip(const struct wire *w, const struct bytes *was)
{
    was->s[was->len / 2] ^= 4;
    write_file(w, "index.db.snap", was->s, was->len);
    was->s[was->len / 2] ^= 4;
}

static void cut(const struct wire *w, const struct bytes *was)
{
    write_file(w, "index.db.snap", was->s, was->len / 2);
}

static void remove_it(const struct wire *w, const struct bytes *was)
{
    char path[512];
    path_of(w, "index.db.snap", path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

static void a_flipped_bit(void **state)
{
    survives(flip);
}

static void a_file_cut_short(void **state)
{
    survives(cut);
}

static void no_file(void **state)
{
    survives(remove_it);
}

/* Who overwrites a file that is in use, in place, harms no answer either. */
static void a_file_overwritten_while_it_is_used(void **state)
{
    struct wire *w = wire_start(&(struct wire_options){.settings = "answer_threads: 2\n"});
    for (int round = 0; round < 30; round++) {
        struct bytes b = read_file(w, "index.db.snap");
        for (size_t i = 0; i < b.len; i++)
            b.s[i] = (char)(b.s[i] + round + 1);
        wire_ask(w);
        write_file(w, "index.db.snap", b.s, round % 3 ? b.len : b.len / 3);
        free(b.s);
        for (int i = 0; i < 4; i++)
            wire_ask(w);
    }
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit),
        cmocka_unit_test(a_file_cut_short),
        cmocka_unit_test(no_file),
        cmocka_unit_test(a_file_overwritten_while_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
