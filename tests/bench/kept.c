/* kept.c: what takes minutes to build is built once.
 *
 * A million passages in three engines are ten minutes of building before the first question. With -k what was built stays
 * in a folder, and beside it a note: of which texts and by which program it was made, and what that took. Who finds a note
 * that fits uses the thing and reports the times of then; any other is built anew. Notes are written last and removed first,
 * so that a run that was cut short leaves nothing half-made to be believed. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kb/hash.h"
#include "tests/bench/bench.h"

#define PATH_SIZE 4096

uint64_t kept_stamp(uint64_t stamp, const char *s)
{
    return hash_and_text(stamp, s);
}

uint64_t kept_stamp_file(uint64_t stamp, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        die(path, strerror(errno));
    for (int ch; (ch = getc(f)) != EOF;)
        stamp = hash_byte_64(stamp, (unsigned char)ch);
    fclose(f);
    return stamp;
}

static void note_path(const char *thing, char path[PATH_SIZE])
{
    if (snprintf(path, PATH_SIZE, "%s.kept", thing) >= PATH_SIZE)
        die(thing, strerror(ENAMETOOLONG));
}

bool kept_find(const char *thing, uint64_t stamp, struct cost *ret)
{
    char path[PATH_SIZE];
    unsigned long long then = 0, wall = 0, cpu = 0;
    note_path(thing, path);
    FILE *f = fopen(path, "r");
    bool fits = f && fscanf(f, "%llx %llu %llu", &then, &wall, &cpu) == 3 && then == stamp;
    if (f)
        fclose(f);
    if (fits)
        *ret = (struct cost){wall, cpu};
    return fits;
}

void kept_note(const char *thing, uint64_t stamp, struct cost cost)
{
    char path[PATH_SIZE];
    note_path(thing, path);
    FILE *f = fopen(path, "w");
    if (!f)
        die(path, strerror(errno));
    fprintf(f, "%llx %llu %llu\n", (unsigned long long)stamp, (unsigned long long)cost.wall,
            (unsigned long long)cost.cpu);
    if (fclose(f) != 0)
        die(path, strerror(errno));
}

void kept_forget(const char *thing)
{
    char path[PATH_SIZE];
    note_path(thing, path);
    if (unlink(path) && errno != ENOENT)
        die(path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void kept_remove(const char *thing)
{
    nftw(thing, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
