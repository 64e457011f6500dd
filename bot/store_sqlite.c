/* store_sqlite.c: the durable store in one SQLite file, state.db: the file, its schema, its transactions. The other
 * store_*.c hold the statements, each above the function that runs it.
 *
 * The file is recognised by its application id and carries its schema's version. An older file is brought up to
 * date by the steps of sql_upgrade[], each in the transaction that also raises the version, so an upgrade that is
 * interrupted has not happened. A newer file, another program's, or garbage is refused and left alone: what is in it
 * cannot be derived again. */
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

    "CREATE TABLE birthmark(bytes BLOB NOT NULL);"
    "INSERT INTO birthmark VALUES(randomblob(16));"

    "CREATE TABLE votes("
    "  turn INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,"
    "  voter TEXT NOT NULL," /* opaque: a conversation, a user */
    "  v INTEGER NOT NULL,"  /* 1 or -1 */
    "  why TEXT,"            /* one of the reasons that were offered */
    "  text TEXT,"           /* in their own words */
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY(turn, voter)) WITHOUT ROWID;"

    "CREATE TABLE inbox("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* in order of arrival */
    "  adapter TEXT NOT NULL,"
    "  identity TEXT NOT NULL,"  /* of the message, however often it is delivered */
    "  at_ms INTEGER NOT NULL,"  /* when it came */
    "  state INTEGER NOT NULL,"  /* enum store_inbox_state */
    "  tries INTEGER NOT NULL,"  /* starts of the program that found it open */
    "  digest INTEGER NOT NULL," /* of what it says */
    "  seq INTEGER,"             /* of its event in the transcript, if it has one */
    "  turn INTEGER NOT NULL,"   /* the number its answer has, or will have */
    "  body TEXT,"               /* NULL once it is over */
    "  UNIQUE(adapter, identity));"

    "CREATE TABLE claims(" /* messages that were answered, whichever delivery it was that did it */
    "  adapter TEXT NOT NULL, message TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY(adapter, message)) WITHOUT ROWID;"
    "CREATE INDEX claims_at ON claims(at_ms);"

    "CREATE TABLE outbox("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  adapter TEXT NOT NULL,"
    "  lane TEXT NOT NULL,"        /* one after another within it */
    "  idem TEXT NOT NULL,"        /* the same thing is put in once */
    "  turn INTEGER NOT NULL,"     /* whose reply it is, or 0 */
    "  at_ms INTEGER NOT NULL,"    /* when it was put in; when it was over, afterwards */
    "  next_ms INTEGER NOT NULL,"  /* not before */
    "  state INTEGER NOT NULL,"    /* enum store_outbox_state */
    "  tries INTEGER NOT NULL,"    /* attempts that were begun */
    "  doubtful INTEGER NOT NULL," /* 1: one of them may have arrived */
    "  body TEXT,"                 /* NULL once it is delivered */
    "  note TEXT,"                 /* the adapter's own */
    "  remote TEXT,"               /* the other side's name for it */
    "  why TEXT,"                  /* what went wrong last */
    "  UNIQUE(adapter, idem));"
    "CREATE INDEX outbox_open ON outbox(id) WHERE state < 2;"
    "CREATE INDEX outbox_dead ON outbox(id) WHERE state = 3;"
    "CREATE INDEX outbox_remote ON outbox(adapter, lane, remote) WHERE remote IS NOT NULL;"

    /* What every message would have to keep up to date, and only a start or an hourly sweep reads, has no index. */
    "CREATE TABLE conversations("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  adapter TEXT NOT NULL,"
    "  name TEXT NOT NULL,"     /* opaque */
    "  head INTEGER NOT NULL,"  /* number of its last event */
    "  mode INTEGER NOT NULL,"  /* enum store_mode: who answers */
    "  at_ms INTEGER NOT NULL," /* first and last event */
    "  used_ms INTEGER NOT NULL,"
    "  erased INTEGER NOT NULL," /* 1: nothing of it is left but this row */
    "  UNIQUE(adapter, name));"

    "CREATE TABLE events("
    "  conversation INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL," /* 1, 2, 3, ... without a gap */
    "  turn INTEGER,"         /* of an answer */
    "  at_ms INTEGER NOT NULL,"
    "  body TEXT NOT NULL," /* members of a JSON object, without its braces and without seq */
    "  UNIQUE(conversation, seq));"

    "CREATE TABLE handoffs("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  adapter TEXT NOT NULL,"
    "  conversation TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  want TEXT NOT NULL," /* 'live' 'email' 'cancel' */
    "  name TEXT, email TEXT, note TEXT);"
    "CREATE INDEX handoffs_conversation ON handoffs(adapter, conversation);"

    "CREATE TABLE notes("
    "  adapter TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY(adapter, key)) WITHOUT ROWID;"
    "CREATE INDEX notes_passing ON notes(at_ms) WHERE key >= '~';",

    "CREATE TABLE users("
    "  name TEXT PRIMARY KEY COLLATE NOCASE,"
    "  role INTEGER NOT NULL,"       /* enum staff_role */
    "  hash TEXT NOT NULL,"          /* of the password: user.h */
    "  at_ms INTEGER NOT NULL,"      /* when it was made */
    "  changed_ms INTEGER NOT NULL)" /* role or password last changed */
    "  WITHOUT ROWID;"

    "CREATE TABLE staff_sessions("
    "  hash BLOB PRIMARY KEY," /* of the browser's token */
    "  user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,"
    "  at_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,"
    "  agent TEXT NOT NULL)" /* which browser, for the list of one's own sessions */
    "  WITHOUT ROWID;"
    "CREATE INDEX staff_sessions_user ON staff_sessions(user);"

    /* Of a turn that somebody should look at. Made in the transaction of what calls for it: by the triggers below, and by store_add_turn(). */
    "CREATE TABLE tickets("
    "  turn INTEGER PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE,"
    "  why INTEGER NOT NULL,"   /* bits of enum ticket_why */
    "  state INTEGER NOT NULL," /* enum ticket_state */
    "  owner TEXT,"             /* who has claimed or closed it */
    "  outcome TEXT,"           /* how it was closed */
    "  changed_ms INTEGER NOT NULL);"
    "CREATE INDEX tickets_open ON tickets(turn) WHERE state < 2;"

    "CREATE TABLE ticket_log("
    "  id INTEGER PRIMARY KEY,"
    "  turn INTEGER NOT NULL REFERENCES tickets(turn) ON DELETE CASCADE,"
    "  at_ms INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, text TEXT);"
    "CREATE INDEX ticket_log_turn ON ticket_log(turn, id);"

    "CREATE TRIGGER turn_unanswered AFTER INSERT ON turns WHEN new.kind IN ('none', 'choices')"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms)"
    "  VALUES(new.id, CASE new.kind WHEN 'none' THEN 1 ELSE 2 END, 0, new.at_ms); END;"
    /* A vote or a wish opens what was closed: there is something new to it. */
    "CREATE TRIGGER vote_down AFTER INSERT ON votes WHEN new.v < 0"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms) VALUES(new.turn, 4, 0, new.at_ms)"
    "  ON CONFLICT(turn) DO UPDATE SET why = why | 4, changed_ms = new.at_ms,"
    "   owner = iif(state < 2, owner, NULL), state = iif(state < 2, state, 0); END;"
    "CREATE TRIGGER vote_turned_down AFTER UPDATE ON votes WHEN new.v < 0 AND old.v >= 0"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms) VALUES(new.turn, 4, 0, new.at_ms)"
    "  ON CONFLICT(turn) DO UPDATE SET why = why | 4, changed_ms = new.at_ms,"
    "   owner = iif(state < 2, owner, NULL), state = iif(state < 2, state, 0); END;"
    "CREATE TRIGGER person_wanted AFTER INSERT ON handoffs WHEN new.want <> 'cancel'"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms)"
    "  SELECT max(id), 8, 0, new.at_ms FROM turns"
    "   WHERE adapter = new.adapter AND conversation = new.conversation HAVING max(id) IS NOT NULL"
    "  ON CONFLICT(turn) DO UPDATE SET why = why | 8, changed_ms = new.at_ms,"
    "   owner = iif(state < 2, owner, NULL), state = iif(state < 2, state, 0); END;"

    "CREATE TABLE audit(" /* store_audit.c */
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_ms INTEGER NOT NULL,"
    "  actor TEXT NOT NULL, role TEXT NOT NULL,"
    "  action TEXT NOT NULL, object TEXT, before TEXT, after TEXT, request TEXT,"
    "  prev BLOB NOT NULL, hash BLOB NOT NULL);"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'what was done is not changed'); END;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'what was done is not deleted'); END;",

    /* Second factors and keys of the staff. */
    "ALTER TABLE users ADD COLUMN totp BLOB;"      /* the secret of RFC 6238; NULL: none */
    "ALTER TABLE users ADD COLUMN totp_next BLOB;" /* one that is being set up */
    "ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;" /* of the last code taken */

    "CREATE TABLE recovery_codes(" /* each instead of a code, once */
    "  user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,"
    "  hash BLOB NOT NULL, PRIMARY KEY(user, hash)) WITHOUT ROWID;"

    "CREATE TABLE tokens("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  hash BLOB NOT NULL UNIQUE,"
    "  user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,"
    "  name TEXT NOT NULL,"      /* what it is for */
    "  scopes INTEGER NOT NULL," /* bits of enum token_scope */
    "  at_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    "  used_ms INTEGER,"    /* last, to the minute */
    "  leaked_ms INTEGER);" /* when it was seen where it must not stand */
    "CREATE INDEX tokens_user ON tokens(user);"

    /* As a ticket was before what the log tells of, so that it can be taken back. */
    "ALTER TABLE ticket_log ADD COLUMN was INTEGER;" /* its state; NULL: nothing was changed */
    "ALTER TABLE ticket_log ADD COLUMN was_owner TEXT;"
    "ALTER TABLE ticket_log ADD COLUMN was_outcome TEXT;"

    /* Groups of questions that somebody has put together: each by a question of it. */
    "CREATE TABLE cluster_merges("
    "  id INTEGER PRIMARY KEY,"
    "  turn INTEGER NOT NULL, into_turn INTEGER NOT NULL,"
    "  says INTEGER NOT NULL, into_says INTEGER NOT NULL," /* what they ask about, hashed, for when the turn is gone */
    "  who TEXT NOT NULL, at_ms INTEGER NOT NULL);"
    /* What the staff changed in the content, with what the file held before: store_edit.c. */
    "CREATE TABLE edits("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_ms INTEGER NOT NULL,"
    "  who TEXT NOT NULL, role TEXT NOT NULL,"
    "  kind TEXT NOT NULL,"   /* 'answer' 'edit' 'link' 'synonym' ... */
    "  name TEXT NOT NULL,"   /* the entry's, or a word */
    "  path TEXT NOT NULL,"   /* of the file */
    "  before BLOB,"          /* NULL: there was no file, or it is too long ago */
    "  digest TEXT NOT NULL," /* of that, and of what was written: file.h */
    "  written TEXT NOT NULL,"
    "  state INTEGER NOT NULL," /* enum edit_state */
    "  note TEXT);"             /* 'forced' when a test was overridden */
    "CREATE INDEX edits_open ON edits(id) WHERE state = 0;"

    /* Questions that nobody has to look at, as store_edit.c folds them. */
    "CREATE TABLE ignored(question TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL)"
    "  WITHOUT ROWID;"
    "DROP TRIGGER turn_unanswered;"
    "CREATE TRIGGER turn_unanswered AFTER INSERT ON turns WHEN new.kind IN ('none', 'choices')"
    "  AND NOT EXISTS(SELECT 1 FROM ignored WHERE question = lower(trim(new.question, ' ?!.')))"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms)"
    "  VALUES(new.id, CASE new.kind WHEN 'none' THEN 1 ELSE 2 END, 0, new.at_ms); END;"

    /* So that a server hears what another process has erased. */
    "CREATE INDEX conversations_erased ON conversations(used_ms) WHERE erased;"

    "CREATE TABLE live(" /* store_live.c */
    "  conversation INTEGER PRIMARY KEY REFERENCES conversations(id) ON DELETE CASCADE,"
    "  ticket INTEGER NOT NULL," /* a turn */
    "  owner TEXT, who TEXT,"    /* of the staff, and what the asker calls them */
    "  since_ms INTEGER NOT NULL, asker_ms INTEGER NOT NULL, staff_ms INTEGER NOT NULL,"
    "  told INTEGER NOT NULL, passed INTEGER NOT NULL," /* events on their way: asker, room */
    "  until INTEGER NOT NULL,"                         /* the event that ended it, 0: it goes on */
    "  room TEXT, thread TEXT);"
    "CREATE UNIQUE INDEX live_thread ON live(room, thread) WHERE thread IS NOT NULL;"
    "CREATE INDEX live_begun ON live(room) WHERE room IS NOT NULL AND thread IS NULL;"
    "INSERT INTO live SELECT c.id, max(t.id), NULL, NULL, c.used_ms, 0, 0, c.head, c.head, 0,"
    "  NULL, NULL FROM conversations c JOIN turns t"
    "  ON t.adapter = c.adapter AND t.conversation = c.name WHERE c.mode <> 0 GROUP BY c.id;"
    "UPDATE conversations SET mode = 0 WHERE mode <> 0 AND id NOT IN (SELECT conversation FROM "
    "live);",

    /* What it did store_add_turn() does. */
    "DROP TRIGGER turn_unanswered;",

    /* What many are told, once: store_told.c. */
    "CREATE TABLE texts("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice */
    "  body TEXT NOT NULL);"
    "CREATE TABLE text_uses("
    "  text INTEGER PRIMARY KEY," /* beside the text: it changes often and is short */
    "  n INTEGER NOT NULL);"      /* rows that name it */
    "ALTER TABLE turns ADD COLUMN told INTEGER;" /* the text that is its reply, which is empty then */
    "ALTER TABLE events ADD COLUMN told INTEGER;" /* the text that follows its body */
    "CREATE TRIGGER turn_untold AFTER DELETE ON turns WHEN old.told IS NOT NULL"
    " BEGIN UPDATE text_uses SET n = n - 1 WHERE text = old.told; END;"
    "CREATE TRIGGER event_untold AFTER DELETE ON events WHEN old.told IS NOT NULL"
    " BEGIN UPDATE text_uses SET n = n - 1 WHERE text = old.told; END;"
    "CREATE TRIGGER text_unused AFTER UPDATE ON text_uses WHEN new.n <= 0"
    " BEGIN DELETE FROM texts WHERE id = new.text; DELETE FROM text_uses WHERE text = new.text; "
    "END;",
};

#define SCHEMA_VERSION ((int)(sizeof sql_upgrade / sizeof sql_upgrade[0]))

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

static int read_int(sqlite3 *db, const char *sql, int *ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (!rc && (rc = sqlite3_step(st)) == SQLITE_ROW)
        *ret = sqlite3_column_int(st, 0);
    int err = store_errno(db, rc);
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
        if (!(err = store_run(db, "BEGIN IMMEDIATE")) &&
            !(err = store_run(db, sql_upgrade[version])))
            err = store_run(db, mark);
        sqlite3_free(mark);
        if (err) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return err;
        }
    }
    return 0;
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
    /* upgrade() first: WAL mode would already write into a file that is not ours */
    if ((err = upgrade(s->db)) || (err = store_run(s->db, sql_set_up)) ||
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

int store_commit(struct store *s)
{
    int err = store_texts_settle(s);
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
    store_texts_forget(s);
    if (!sqlite3_get_autocommit(s->db)) /* some failures have rolled back already */
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_mark(struct store *s)
{
    int err = store_texts_settle(s);
    return err ? err : store_run(s->db, "SAVEPOINT mark");
}

int store_settle(struct store *s, bool keep)
{
    if (!keep)
        store_texts_forget(s);
    return store_run(s->db, keep ? "RELEASE mark" : "ROLLBACK TO mark; RELEASE mark");
}

int store_probe(struct store *s)
{
    char sql[96]; /* the same value once more is a page to be written all the same */
    sqlite3_snprintf(sizeof sql, sql, "BEGIN IMMEDIATE; PRAGMA user_version=%d; COMMIT",
                     SCHEMA_VERSION);
    return store_run(s->db, sql);
}

/* ---- statements ---- */

sqlite3_stmt *store_bind(struct store *s, enum store_sql id, const char *sql, int *ret_err,
                         const char *format, ...)
{
    sqlite3_stmt **st = &s->st[id];
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
