/* copy.c: an index as it is now, under another name: for trying out what an edit would change.
 *
 * SQLite's own backup, so a log that was not written back yet counts, and nobody who reads or writes is held up. The snapshot
 * is never changed, only replaced by a newer one, so a second name for the same file is enough; where the file system has no
 * links kb_index() makes a new one, and until then answers are slow, not wrong. A copy needs no fsync: it is thrown away. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kb/kb_int.h"

static int copy_pages(sqlite3 *from, const char *to)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(
        to, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!rc)
        rc = sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    sqlite3_backup *backup = rc ? NULL : sqlite3_backup_init(db, "main", from, "main");
    if (backup) {
        sqlite3_backup_step(backup, -1);
        rc = sqlite3_backup_finish(backup);
    } else if (!rc) {
        rc = sqlite3_errcode(db);
    }
    int err = schema_db_err(db, rc);
    sqlite3_close(db);
    return err;
}

int kb_copy(const char *from, const char *to)
{
    char *snap = sqlite3_mprintf("%s.snap", from), *to_snap = sqlite3_mprintf("%s.snap", to);
    sqlite3 *db = NULL;
    int r = snap && to_snap ? schema_open(from, false, &db) : KB_ERR_NOMEM;
    if (!r && link(snap, to_snap)) {
        /* kb_index() makes one */
    }
    if (!r)
        r = copy_pages(db, to);
    sqlite3_close(db);
    if (r && to_snap)
        index_file_remove(to);
    sqlite3_free(snap);
    sqlite3_free(to_snap);
    return r;
}
