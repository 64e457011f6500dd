/* store_sqlite.c: the durable store in one SQLite file, state.db. All SQL of bot/ is here, each statement above
 * the function that runs it.
 *
 * The file is recognised by its application id and carries its schema's version. An older file is brought up to
 * date by the steps of sql_upgrade[], each in the transaction that also raises the version, so an upgrade that is
 * interrupted has not happened. A newer file, another program's, or garbage is refused and left alone: what is in it
 * cannot be derived again. */
#include "bot/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/journal.h"
#include "bot/must.h"

#define APPLICATION_ID  0x47505354 /* "GPST" */
#define BUSY_TIMEOUT_MS 2000

/* sql_upgrade[n] makes a database of version n into one of version n + 1. Never edit a released one: add. */
static const char *const sql_upgrade[] = {
    "CREATE TABLE turns("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* the answer_id; never given twice, so AUTOINCREMENT */
    "  at_ms INTEGER NOT NULL,"               /* when it was answered, Unix milliseconds */
    "  adapter TEXT NOT NULL,"                /* through which network: 'web', ... */
    "  conversation TEXT NOT NULL," /* as the adapter names it; '' for a single question */
    "  question TEXT NOT NULL,"     /* as it was typed */
    "  lang TEXT,"                  /* as it was asked for, or NULL */
    "  kind TEXT NOT NULL,"         /* 'answer' 'choices' 'none' 'chitchat' 'handoff' */
    "  confidence REAL NOT NULL,"
    "  reply TEXT NOT NULL" /* JSON: the object of `ask --batch` */
    ");"
    "CREATE INDEX turns_at ON turns(at_ms);"
    "CREATE INDEX turns_conversation ON turns(adapter, conversation, id);",
};

#define SCHEMA_VERSION ((int)(sizeof sql_upgrade / sizeof sql_upgrade[0]))

struct store {
    char *path;
    dev_t dev; /* which file that was when it was opened */
    ino_t ino;
    sqlite3 *db;
    sqlite3_stmt *add_turn, *forget_turns;
};

int store_init(void)
{
    int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!rc)
        rc = sqlite3_config(SQLITE_CONFIG_MULTITHREAD); /* no connection is shared by threads */
    if (!rc)
        rc = sqlite3_initialize();
    return rc ? -EINVAL : 0;
}

/* What SQLite says, as an errno. A full disk hides behind several I/O errors. */
static int to_errno(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return 0;
    int sys = db ? sqlite3_system_errno(db) : 0;
    switch (rc & 0xff) {
    case SQLITE_FULL: return -ENOSPC;
    case SQLITE_IOERR:
        return rc == SQLITE_IOERR_SHMSIZE || sys == ENOSPC || sys == EDQUOT ? -ENOSPC : -EIO;
    case SQLITE_READONLY: return -EROFS;
    case SQLITE_CANTOPEN: return sys ? -sys : -EACCES;
    case SQLITE_PERM:
    case SQLITE_AUTH: return -EACCES;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return -EBADMSG;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return -EBUSY;
    case SQLITE_NOMEM: return -ENOMEM;
    default: return -EIO;
    }
}

static int run(sqlite3 *db, const char *sql)
{
    return to_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static int read_int(sqlite3 *db, const char *sql, int *ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (!rc && (rc = sqlite3_step(st)) == SQLITE_ROW)
        *ret = sqlite3_column_int(st, 0);
    int err = to_errno(db, rc);
    sqlite3_finalize(st);
    return err;
}

/* Whose database it is, and of which version; an empty one becomes ours. */
static int upgrade(sqlite3 *db)
{
    int app = 0, version = 0, tables = 0, err;
    if ((err = read_int(db, "PRAGMA application_id", &app)) ||
        (err = read_int(db, "PRAGMA user_version", &version)) ||
        (err = read_int(db, "SELECT count(*) FROM sqlite_master", &tables)))
        return err;
    if (app != APPLICATION_ID && (app || version || tables))
        return -EEXIST;
    if (version > SCHEMA_VERSION)
        return -EPROTO;
    for (; version < SCHEMA_VERSION; version++) {
        char *mark = sqlite3_mprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                                     APPLICATION_ID, version + 1);
        if (!mark)
            return -ENOMEM;
        if (!(err = run(db, "BEGIN IMMEDIATE")) && !(err = run(db, sql_upgrade[version])))
            err = run(db, mark);
        sqlite3_free(mark);
        if (err) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return err;
        }
    }
    return 0;
}

static const char sql_add_turn[] =
    "INSERT INTO turns(at_ms, adapter, conversation, question, lang, kind, confidence, reply)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static const char sql_forget_turns[] =
    "DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";

/* secure_delete: what is deleted for privacy is overwritten, not merely unlinked. */
static const char sql_set_up[] =
    "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=16777216; PRAGMA secure_delete=ON;"
    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;";

static int prepare(struct store *s, const char *sql, sqlite3_stmt **ret)
{
    return to_errno(s->db,
                    sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL));
}

/* Made here, so that nobody else may read what people asked; SQLite would ask the umask. */
static int make_file(const char *path, struct stat *ret)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int err = fstat(fd, ret) ? -errno : 0;
    close(fd);
    return err;
}

int store_open(const char *path, const char *synchronous, struct store **ret)
{
    struct stat st = {0};
    int err = make_file(path, &st);
    if (err)
        return err;
    struct store *s = must(calloc(1, sizeof *s));
    s->path = must(strdup(path));
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if ((err = to_errno(s->db, rc)))
        goto out;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    bool normal = strcmp(synchronous, "normal") == 0;
    /* upgrade() first: WAL mode would already write into a file that is not ours */
    if ((err = upgrade(s->db)) || (err = run(s->db, sql_set_up)) ||
        (err = run(s->db, normal ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL")) ||
        (err = prepare(s, sql_add_turn, &s->add_turn)) ||
        (err = prepare(s, sql_forget_turns, &s->forget_turns)))
        goto out;
    *ret = s;
    s = NULL;
out:
    store_close(s);
    return err;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->add_turn);
    sqlite3_finalize(s->forget_turns);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

bool store_is_gone(const struct store *s)
{
    struct stat st;
    return stat(s->path, &st) || st.st_dev != s->dev || st.st_ino != s->ino;
}

int store_begin(struct store *s)
{
    return run(s->db, "BEGIN IMMEDIATE");
}

int store_commit(struct store *s)
{
    return run(s->db, "COMMIT");
}

void store_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db)) /* some failures have rolled back already */
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_probe(struct store *s)
{
    char sql[96]; /* the same value once more is a page to be written all the same */
    sqlite3_snprintf(sizeof sql, sql, "BEGIN IMMEDIATE; PRAGMA user_version=%d; COMMIT",
                     SCHEMA_VERSION);
    return run(s->db, sql);
}

/* Step a statement that returns no rows, and make it ready for the next time. */
static int finish(struct store *s, sqlite3_stmt *st)
{
    int err = to_errno(s->db, sqlite3_step(st));
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return err;
}

int store_add_turn(struct store *s, const struct journal_turn *t, int64_t *ret_id)
{
    sqlite3_stmt *st = s->add_turn;
    sqlite3_bind_int64(st, 1, t->at_ms);
    sqlite3_bind_text(st, 2, t->adapter, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 3, t->conversation, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 4, t->question, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 5, t->lang, -1, SQLITE_STATIC); /* NULL binds NULL */
    sqlite3_bind_text(st, 6, t->kind, -1, SQLITE_STATIC);
    sqlite3_bind_double(st, 7, t->confidence);
    sqlite3_bind_text(st, 8, t->reply_json, -1, SQLITE_STATIC);
    int err = finish(s, st);
    if (!err)
        *ret_id = sqlite3_last_insert_rowid(s->db);
    return err;
}

int store_forget_turns(struct store *s, int64_t at_ms, int max)
{
    sqlite3_bind_int64(s->forget_turns, 1, at_ms);
    sqlite3_bind_int(s->forget_turns, 2, max);
    int err = finish(s, s->forget_turns);
    return err ? err : sqlite3_changes(s->db);
}

const char *store_strerror(int err)
{
    switch (-err) {
    case 0: return "fine";
    case EBADMSG:
        return "it is damaged or no database at all; restore a backup, or move it away to start "
               "with an empty one";
    case EEXIST: return "it is the database of another program; choose another data_dir";
    case EPROTO:
        return "it was written by a newer version of guidepost; run that version, or choose "
               "another data_dir";
    case ENOSPC:
    case EDQUOT: return "no space left on the device; free some";
    case EROFS: return "it cannot be written: the file or its file system is read-only";
    case EACCES:
    case EPERM: return "permission denied; make data_dir writable for the user that runs guidepost";
    case EBUSY: return "another process is writing it and does not let go";
    case ENOENT: return "its folder does not exist; it is made again with the index";
    case EISDIR: return "it is a folder";
    case ENOTDIR: return "data_dir is not a folder";
    case ENOMEM: return "out of memory";
    default: return "the disk reported an error; see the kernel's log";
    }
}
