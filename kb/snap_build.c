/* snap_build.c: an index becomes a snapshot: all of it as the file beside it, or in memory what has changed since.
 *
 * Three steps: snap_builder.c takes every passage's four texts, snap_number.c puts them in order, snap_write.c writes them
 * down. The file is made under another name and renamed. */
#include "kb/snap_builder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SQL_PASSAGES                                                                               \
    "SELECT p.id, t.question, t.headings, t.title, t.body, p.lang, p.audience, p.valid_from, "     \
    "p.valid_until,"                                                                               \
    " p.needs, p.nots, p.key, p.entry, p.unit FROM passages p JOIN passage_text t ON t.id = p.id "
static const char sql_all[] = SQL_PASSAGES "ORDER BY p.id";
static const char sql_changed[] =
    SQL_PASSAGES "WHERE p.id IN (SELECT id FROM changes WHERE generation > ?1) ORDER BY p.id";

/* The body is marked with its language. */
static uint16_t read_traits(sqlite3_stmt *st)
{
    const char *body = schema_column(st, 4), *blank = strchr(body, ' ');
    const void *units = sqlite3_column_blob(st, 13);
    size_t bytes = units ? (size_t)sqlite3_column_bytes(st, 13) : 0;
    return (uint16_t)(trait_of(blank ? blank + 1 : body, units, bytes / sizeof(struct unit)) |
                      (sqlite3_column_int(st, 12) ? TRAIT_ENTRY : 0));
}

static void read_passage(struct snap_builder *b, struct tokenizer *t, sqlite3_stmt *st)
{
    snap_builder_passage(b, &(struct snap_passage){.id = sqlite3_column_int64(st, 0),
                                                   .lang = schema_column(st, 5),
                                                   .audience = schema_column(st, 6),
                                                   .valid_from = schema_column(st, 7),
                                                   .valid_until = schema_column(st, 8),
                                                   .needs = schema_column(st, 9),
                                                   .nots = schema_column(st, 10),
                                                   .key = schema_column(st, 11),
                                                   .traits = read_traits(st)});
    for (int f = 0; f < FIELDS && !b->err; f++) {
        const char *s = schema_column(st, 1 + f);
        size_t len = (size_t)sqlite3_column_bytes(st, 1 + f);
        snap_builder_text(b, s, len);
        int err = tokenizer_run(t, s, len, snap_builder_token, b);
        if (err && !b->err)
            b->err = err;
    }
}

static void read_passages(struct snap_builder *b, sqlite3 *db, struct tokenizer *t, const char *sql,
                          long long since)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(st))
        rc = sqlite3_bind_int64(st, 1, since);
    while (rc == SQLITE_OK && !b->err) {
        int step = sqlite3_step(st);
        if (step == SQLITE_ROW)
            read_passage(b, t, st);
        else if (step == SQLITE_DONE)
            break;
        else
            rc = step;
    }
    sqlite3_finalize(st);
    if (rc != SQLITE_OK && !b->err)
        b->err = schema_err(rc);
}

static void set_identity(struct snap_builder *b, const uint8_t base[16], int64_t generation)
{
    struct snap_header *h = &b->head;
    memcpy(h->magic, "GPSNAP\r\n", 8);
    h->format = SNAP_FORMAT;
    h->ranking = KB_RANKING_VERSION;
    h->schema = KB_SCHEMA_VERSION;
    h->order = 0x01020304;
    memcpy(h->base, base, sizeof h->base);
    h->generation = generation;
}

void snap_builder_synonyms(struct snap_builder *b, sqlite3 *db, struct tokenizer *t)
{
    struct synonyms *s = NULL;
    size_t len = 0;
    char *image = NULL;
    if (!b->err && !synonyms_load(db, t, snap_builder_lang(b), &s))
        image = synonyms_image(db, s, &len);
    ROOM(b, synonym, len);
    if (image && !b->err) {
        memcpy(b->synonym, image, len);
        b->n_synonym = len;
    }
    free(image);
    synonyms_free(s);
}

static int number(struct snap_builder *b)
{
    snap_builder_end(b);
    return snap_number(b);
}

/* Nobody may write into it: it is replaced, and whoever overwrites it by mistake would change what is in use. */
static FILE *create(const char *path)
{
    unlink(path); /* left by a process that had our number */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f && fd >= 0)
        close(fd);
    return f;
}

int snap_builder_write(struct snap_builder *b, const uint8_t base[16], int64_t generation,
                       const char *path)
{
    set_identity(b, base, generation);
    int err = number(b);
    if (!err)
        err = snap_write(b, create(path), true);
    if (err)
        unlink(path);
    return err;
}

/* A builder with what `sql` selects. */
static int read_builder(sqlite3 *db, struct tokenizer *t, const char *sql, long long since,
                        struct snap_builder **ret)
{
    uint8_t base[16];
    int64_t generation = 0;
    struct snap_builder *b = snap_builder_new();
    int err = b ? schema_identity(db, base, &generation) : KB_ERR_NOMEM;
    if (!err) {
        set_identity(b, base, generation);
        read_passages(b, db, t, sql, since);
        err = b->err;
    }
    if (err)
        snap_builder_free(b);
    else
        *ret = b;
    return err;
}

int snap_build(sqlite3 *db, struct tokenizer *t, const char *path)
{
    struct snap_builder *b = NULL;
    char *temp = sqlite3_mprintf("%s.new-%d", path, (int)getpid());
    int err = temp ? read_builder(db, t, sql_all, 0, &b) : KB_ERR_NOMEM;
    if (!err)
        snap_builder_synonyms(b, db, t);
    if (!err)
        err = snap_builder_write(b, b->head.base, b->head.generation, temp);
    if (!err && rename(temp, path) != 0)
        err = KB_ERR_IO;
    if (err && temp)
        unlink(temp);
    snap_builder_free(b);
    sqlite3_free(temp);
    return err;
}

int snap_build_changed(sqlite3 *db, struct tokenizer *t, long long since, uint8_t **ret_image,
                       size_t *ret_size)
{
    struct snap_builder *b = NULL;
    char *image = NULL;
    size_t size = 0;
    int err = read_builder(db, t, sql_changed, since, &b);
    if (!err)
        err = number(b);
    if (!err)
        err = snap_write(b, open_memstream(&image, &size), false);
    snap_builder_free(b);
    if (err) {
        free(image);
        return err;
    }
    *ret_image = (uint8_t *)image;
    *ret_size = size;
    return 0;
}
