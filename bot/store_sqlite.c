/* store_sqlite.c: the durable store in one SQLite file, state.db: the file, its transactions, its statements. The other
 * store_*.c hold the SQL, each above the function that runs it; store_schema.c has the tables. */
#include "bot/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/must.h"

#define BUSY_TIMEOUT_MS 2000

int store_init(void)
{
    int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!rc)
        rc = sqlite3_config(SQLITE_CONFIG_MULTITHREAD); /* no connection is shared by threads */
    if (!rc)
        rc = sqlite3_initialize();
    return rc ? -EINVAL : 0;
}

int store_errno(sqlite3 *db, int rc)
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
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return -EINVAL;
    default: return -EIO;
    }
}

int store_run(sqlite3 *db, const char *sql)
{
    return store_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* secure_delete: what is deleted for privacy is overwritten, not merely unlinked. wal_autocheckpoint: the pages that every
 * message touches are in the log again and again, and the more of it is carried over at once, the fewer of them are
 * written; 16 MB of it are read in a moment at the next start. A server's log grows to twice that while it is carried over
 * (store_log.c). */
static const char sql_set_up[] =
    "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=33554432;"
    "PRAGMA cache_size=-8192; PRAGMA secure_delete=ON;"
    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;";

/* How far the numbers of turns have got: those in use, and those promised to messages not answered yet. */
static int read_marks(struct store *s)
{
    static const char sql[] = "SELECT bytes, max(ifnull((SELECT max(turn) FROM inbox), 0),"
                              " ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'turns'), 0))"
                              " FROM birthmark";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (!rc && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        size_t n = (size_t)sqlite3_column_bytes(st, 0);
        if (n == sizeof s->birthmark)
            memcpy(s->birthmark, sqlite3_column_blob(st, 0), n);
        s->last_turn = s->sure_turn = sqlite3_column_int64(st, 1);
    }
    int err = rc == SQLITE_DONE ? -EBADMSG : store_errno(s->db, rc);
    sqlite3_finalize(st);
    return err;
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
    if ((err = store_errno(s->db, rc)))
        goto out;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    bool normal = strcmp(synchronous, "normal") == 0;
    /* store_upgrade() first: WAL mode would already write into a file that is not ours */
    if ((err = store_upgrade(s->db)) || (err = store_run(s->db, sql_set_up)) ||
        (err =
             store_run(s->db, normal ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL")) ||
        (err = read_marks(s)))
        goto out;
    *ret = s;
    s = NULL;
out:
    store_close(s);
    return err;
}

int store_open_reader(const char *path, struct store **ret)
{
    struct stat st;
    if (stat(path, &st))
        return -errno;
    struct store *s = must(calloc(1, sizeof *s));
    s->path = must(strdup(path));
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    int err = store_errno(s->db, rc);
    if (!err) {
        sqlite3_extended_result_codes(s->db, 1);
        sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
        err = store_run(s->db, "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF");
    }
    if (err)
        store_close(s);
    else
        *ret = s;
    return err;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_log_stop(s);
    store_texts_forget(s);
    for (size_t i = 0; i < NSQL; i++)
        sqlite3_finalize(s->st[i]);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

bool store_is_gone(const struct store *s)
{
    struct stat st;
    return stat(s->path, &st) || st.st_dev != s->dev || st.st_ino != s->ino;
}

const unsigned char *store_birthmark(const struct store *s)
{
    return s->birthmark;
}

int store_begin(struct store *s)
{
    s->scrub = false;
    s->sure_turn = s->last_turn;
    return store_run(s->db, "BEGIN IMMEDIATE");
}

int store_begin_read(struct store *s)
{
    return store_run(s->db, "BEGIN");
}

/* What was put off to be written once. */
static int settle_all(struct store *s)
{
    int err = store_catch_up(s);
    return err ? err : store_texts_settle(s);
}

/* What was put off is not written after all. */
static void forget_all(struct store *s)
{
    s->behind.id = 0;
    store_texts_forget(s);
}

int store_commit(struct store *s)
{
    int err = settle_all(s);
    if (!err)
        err = store_run(s->db, "COMMIT");
    if (!err)
        s->sure_turn = s->last_turn;
    if (!err && s->scrub) { /* a reader in the way is no failure: the next checkpoint does it */
        store_log_wait(s);
        store_run(s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    return err;
}

void store_rollback(struct store *s)
{
    s->last_turn = s->sure_turn;
    forget_all(s);
    if (!sqlite3_get_autocommit(s->db)) /* some failures have rolled back already */
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_mark(struct store *s)
{
    int err = settle_all(s);
    return err ? err : store_run(s->db, "SAVEPOINT mark");
}

int store_settle(struct store *s, bool keep)
{
    if (!keep)
        forget_all(s);
    return store_run(s->db, keep ? "RELEASE mark" : "ROLLBACK TO mark; RELEASE mark");
}

int store_probe(struct store *s)
{
    char sql[96]; /* the same value once more is a page to be written all the same */
    sqlite3_snprintf(sizeof sql, sql, "BEGIN IMMEDIATE; PRAGMA user_version=%d; COMMIT",
                     store_schema_version());
    return store_run(s->db, sql);
}

/* ---- statements ---- */

/* Those that belong to a question and its answer, and do not look at conversations: its row may be behind. */
static bool may_be_behind(enum store_sql id)
{
    switch (id) {
    case SQL_GO_ON:
    case SQL_ADD_EVENT:
    case SQL_FIND_MESSAGE:
    case SQL_TAKE_IN:
    case SQL_ADD_TURN:
    case SQL_UNANSWERED:
    case SQL_ADD_TEXT:
    case SQL_ADD_USES:
    case SQL_MORE_USES: return true;
    default: return false;
    }
}

sqlite3_stmt *store_bind(struct store *s, enum store_sql id, const char *sql, int *ret_err,
                         const char *format, ...)
{
    sqlite3_stmt **st = &s->st[id];
    if (s->behind.id && !may_be_behind(id) && (*ret_err = store_catch_up(s)))
        return NULL;
    int rc =
        *st ? SQLITE_OK : sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    *ret_err = store_errno(s->db, rc);
    if (rc)
        return NULL;
    const char *text;
    va_list ap;
    va_start(ap, format);
    for (int i = 1; *format; format++, i++)
        switch (*format) {
        case 'i': sqlite3_bind_int64(*st, i, va_arg(ap, int64_t)); break;
        case 'n': /* a text and its length */
            text = va_arg(ap, const char *);
            sqlite3_bind_text64(*st, i, text, va_arg(ap, size_t), SQLITE_STATIC, SQLITE_UTF8);
            break;
        case 'd': sqlite3_bind_double(*st, i, va_arg(ap, double)); break;
        default: sqlite3_bind_text(*st, i, va_arg(ap, const char *), -1, SQLITE_STATIC); break;
        }
    va_end(ap);
    return *st;
}

void store_reset(sqlite3_stmt *st)
{
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
}

int store_finish(struct store *s, sqlite3_stmt *st)
{
    int err = store_errno(s->db, sqlite3_step(st));
    store_reset(st);
    return err;
}

int store_row(struct store *s, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    return rc == SQLITE_ROW ? 1 : store_errno(s->db, rc);
}

char *store_text(sqlite3_stmt *st, int column)
{
    const char *s = (const char *)sqlite3_column_text(st, column);
    return s ? must(strdup(s)) : NULL;
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
    case EINVAL: return "what was to be written breaks a rule of the schema; please report this";
    default: return "the disk reported an error; see the kernel's log";
    }
}
