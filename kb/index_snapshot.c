/* index_snapshot.c: after the index, the snapshot: kept in step, or written anew.
 *
 * Runs under the writer's lock, when the transaction is long visible: readers cover what the snapshot lacks by
 * a delta (snap_view.c), so this is never urgent, and its failure is a warning. A new one is written when there is none
 * that is sound, or when the delta has grown: beyond a few hundred passages reading them at the first
 * question would be felt. The change log before the snapshot is then of no use; the next update removes it. */
#include "kb/snap.h"

#define DELTA_FEW  32  /* changed passages that are never worth a new snapshot */
#define DELTA_MANY 512 /* and that always are; in between, a twentieth of the base */

/* The generation of a sound snapshot of this base; -1 without one. What is not `thorough` looks at the header, as a
 * reader does when it opens the file. */
static long long snapshot_generation(sqlite3 *db, const char *path, bool thorough)
{
    uint8_t base[16];
    int64_t now = 0, generation = -1;
    bool sound =
        schema_identity(db, base, &now) == 0 && snap_verify(path, base, thorough, &generation) == 0;
    return sound && generation <= now ? generation : -1;
}

static long long meta(sqlite3 *db, const char *sql)
{
    return schema_number(db, sql, 0, -1);
}

static bool wanted(sqlite3 *db, long long generation)
{
    if (generation < 0 ||
        meta(db, "SELECT value FROM meta WHERE key = 'changes_from'") > generation)
        return true;
    long long changed = schema_number(db, "SELECT count(*) FROM changes WHERE generation > ?1",
                                      generation, DELTA_MANY + 1);
    long long passages = meta(db, "SELECT value FROM meta WHERE key = 'passages'");
    return changed > DELTA_MANY || (changed > DELTA_FEW && changed * 20 > passages);
}

static int build(sqlite3 *db, const char *path)
{
    struct tokenizer *t = NULL;
    int r = tokenizer_new(&t);
    if (!r)
        r = snap_build(db, t, path);
    tokenizer_free(t);
    return r;
}

int index_snapshot(struct index_file *f, struct snap_builder *made, bool thorough,
                   struct kb_report *report)
{
    sqlite3 *db = f->db;
    char *path = sqlite3_mprintf("%s.snap", f->path);
    int r = path ? 0 : KB_ERR_NOMEM;
    if (!r && !db) /* it was built elsewhere and renamed */
        r = schema_open(f->path, true, &db);
    f->db = db;
    if (!r)
        r = schema_err(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
    if (!r && made)
        r = snap_builder_write(made, db, path);
    else if (!r && wanted(db, snapshot_generation(db, path, thorough)))
        r = build(db, path);
    if (db && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (r)
        report_add(report, false, f->path, 0, 0,
                   "the snapshot for fast answers could not be written: %s", kb_strerror(r));
    sqlite3_free(path);
    return 0;
}

int index_forget_changes(sqlite3 *db, const char *db_path)
{
    char *path = sqlite3_mprintf("%s.snap", db_path), *sql = NULL;
    long long generation = path ? snapshot_generation(db, path, false) : -1;
    int r = path ? 0 : KB_ERR_NOMEM;
    if (!r && generation > meta(db, "SELECT value FROM meta WHERE key = 'changes_from'")) {
        sql = sqlite3_mprintf("DELETE FROM changes WHERE generation <= %lld;"
                              "UPDATE meta SET value = %lld WHERE key = 'changes_from'",
                              generation, generation);
        r = sql ? schema_err(sqlite3_exec(db, sql, NULL, NULL, NULL)) : KB_ERR_NOMEM;
    }
    sqlite3_free(sql);
    sqlite3_free(path);
    return r;
}
