/* schema.c: the tables of an index, as SQL with a comment per column; opening and checking the
 * file.
 *
 * Everything in it is derived from the owner's files. The only writer is index_passage.c and its kin, in one
 * transaction, and it keeps passages, FTS5 and change log in step by itself: triggers would do it,
 * too, but with one SQLite opens a savepoint for every statement, and at each of those FTS5 writes
 * out what it has gathered, which makes a build four times slower.
 *
 * FTS5 keeps no copy of the text. It reads what it indexes through the view passage_text, which puts
 * the language mark of tokenizer.c in front: one index then holds passages in several languages, each
 * stemmed by its own rules. */
#include "kb/kb_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_MS 5000 /* for the short moments in which SQLite locks: recovery, checkpoints */

/* clang-format off */
static const char sql_schema[] =
    "CREATE TABLE meta("
    "  key TEXT PRIMARY KEY,"       /* generation, ranking, base (a random id), synonyms (hash), how many
                                       documents, passages, entries */
    "  value) WITHOUT ROWID;"

    "CREATE TABLE files("
    "  id INTEGER PRIMARY KEY,"
    "  path TEXT NOT NULL,"         /* as the caller named it: for problems, and to find it again */
    "  stamp BLOB NOT NULL,"        /* what stat() said; empty: read it again (index_memory.c) */
    "  memo BLOB NOT NULL"          /* what it gave (source_memo.c) */
    ");"

    "CREATE TABLE documents("
    "  id INTEGER PRIMARY KEY,"     /* internal */
    "  key TEXT NOT NULL,"          /* stable id: the path without its ending, or a record's id */
    "  file INTEGER NOT NULL REFERENCES files(id),"
    "  hash TEXT NOT NULL,"         /* of the source bytes: unchanged documents are not cut again */
    "  line INTEGER NOT NULL,"      /* where it begins in that file; records move */
    "  title TEXT NOT NULL, url TEXT NOT NULL, lang TEXT NOT NULL, owner TEXT NOT NULL,"
    "  reviewed TEXT NOT NULL,"     /* YYYY-MM-DD or '' */
    "  text TEXT NOT NULL"          /* what all spans count in */
    ");"

    /* The long columns are last: a row's other columns are read without their overflow pages. */
    "CREATE TABLE passages("
    "  id INTEGER PRIMARY KEY,"     /* rowid of the FTS5 table */
    "  document INTEGER NOT NULL REFERENCES documents(id),"
    "  key TEXT NOT NULL,"          /* document key, '#', anchor: unique, see index.c */
    "  ord INTEGER NOT NULL,"       /* order within the document, from 0 */
    "  anchor TEXT NOT NULL,"
    "  entry INTEGER NOT NULL,"     /* 1: a curated question */
    "  entry_id TEXT NOT NULL,"     /* as its author named it; '' for other passages */
    "  start INTEGER NOT NULL, end INTEGER NOT NULL," /* bytes of documents.text (UTF-8) */
    "  line INTEGER NOT NULL,"      /* in the source */
    "  lang TEXT NOT NULL, audience TEXT NOT NULL,"
    "  reviewed TEXT NOT NULL, valid_from TEXT NOT NULL, valid_until TEXT NOT NULL,"
    "  url TEXT NOT NULL,"
    "  heading TEXT NOT NULL,"      /* JSON array: the path, outermost first */
    "  followups TEXT NOT NULL,"    /* JSON array of entry ids; none is '[]' here and below */
    "  needs TEXT NOT NULL, nots TEXT NOT NULL," /* JSON arrays of words */
    "  title TEXT NOT NULL,"
    "  headings TEXT NOT NULL,"     /* heading path, one a line */
    "  question TEXT NOT NULL,"     /* question and aliases, one a line; or '' */
    "  unit BLOB NOT NULL,"         /* array of struct unit, little-endian */
    "  body TEXT NOT NULL"          /* plain text for ranking */
    ");"

    "CREATE TABLE tests("
    "  passage INTEGER NOT NULL REFERENCES passages(id),"
    "  question TEXT NOT NULL,"
    "  must INTEGER NOT NULL"       /* 1: this passage must answer it; 0: must not */
    ");"

    "CREATE TABLE synonyms("
    "  line INTEGER NOT NULL,"      /* in synonyms.yaml: order and explanations */
    "  from_text TEXT NOT NULL, to_text TEXT NOT NULL,"
    "  weight REAL NOT NULL"        /* below 1, so that an exact word always wins */
    ");"

    "CREATE TABLE abbreviations("
    "  document INTEGER NOT NULL REFERENCES documents(id)," /* that defines it (abbreviation.c); a row for each time */
    "  brief TEXT NOT NULL, full TEXT NOT NULL"
    ");"

    "CREATE TABLE changes("
    "  id INTEGER PRIMARY KEY,"     /* passages.id, of a passage that was written or removed */
    "  generation INTEGER NOT NULL" /* that first shows it: what a snapshot of an earlier one lacks */
    ");"
    "CREATE INDEX changes_generation ON changes(generation);"

    "CREATE VIEW passage_text AS SELECT id,"
    "  char(1) || lang || ' ' || question AS question,"
    "  char(1) || lang || ' ' || headings AS headings,"
    "  char(1) || lang || ' ' || title AS title,"
    "  char(1) || lang || ' ' || body AS body FROM passages;"

    "CREATE VIRTUAL TABLE passage_fts USING fts5(question, headings, title, body,"
    "  content='passage_text', content_rowid='id', tokenize='guidepost', detail=full);"
    "INSERT INTO passage_fts(passage_fts, rank) VALUES('automerge', 0);";

/* Apart from the tables, because a first load is much quicker when they are made after it. */
static const char sql_indexes[] =
    "CREATE UNIQUE INDEX documents_key ON documents(key);"
    "CREATE INDEX documents_file ON documents(file);"
    "CREATE INDEX passages_document ON passages(document, ord);"
    "CREATE INDEX passages_key ON passages(key);"
    "CREATE INDEX passages_entry ON passages(entry_id) WHERE entry_id <> '';"
    "CREATE INDEX tests_passage ON tests(passage);"
    "CREATE INDEX abbreviations_document ON abbreviations(document);";
static const char sql_drop_indexes[] =
    "DROP INDEX documents_key; DROP INDEX documents_file; DROP INDEX passages_document;"
    "DROP INDEX passages_key; DROP INDEX passages_entry; DROP INDEX tests_passage;"
    "DROP INDEX abbreviations_document;";
/* clang-format on */

/* ---- errors ---------------------------------------------------------------------------------- */

int schema_err(int rc)
{
    if (rc < 0) /* one of ours, handed through */
        return rc;
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return KB_OK;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return KB_ERR_NOMEM;
    case SQLITE_FULL: return KB_ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return KB_ERR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_INTERRUPT: return KB_ERR_IO;
    default: return KB_ERR_DAMAGED; /* NOTADB, CORRUPT, a missing table, a wrong type */
    }
}

static bool is_full(int e)
{
    return e == ENOSPC || e == EDQUOT || e == EFBIG;
}

static int file_errno(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    int e = 0;
    if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK && file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &e);
    return e;
}

/* SQLite knows one way for a disk to be full; a quota and a limit on file sizes are input/output
 * errors to it, and which of three places remembers errno depends on the statement. */
int schema_db_err(sqlite3 *db, int rc)
{
    int r = schema_err(rc);
    if (r != KB_ERR_IO || !db)
        return r;
    bool full = is_full(sqlite3_system_errno(db)) ||
                is_full(file_errno(db, SQLITE_FCNTL_FILE_POINTER)) ||
                is_full(file_errno(db, SQLITE_FCNTL_JOURNAL_POINTER));
    return full ? KB_ERR_FULL : r;
}

/* ---- making ---------------------------------------------------------------------------------- */

int schema_create(sqlite3 *db)
{
    char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s%s"
                                "INSERT INTO meta VALUES('base', lower(hex(randomblob(16)))),"
                                " ('generation', 0), ('changes_from', 1), ('ranking', %d),"
                                " ('documents', 0), ('passages', 0), ('entries', 0);"
                                "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
                                sql_schema, sql_indexes, KB_RANKING_VERSION, SCHEMA_APPLICATION_ID,
                                KB_SCHEMA_VERSION);
    if (!sql)
        return KB_ERR_NOMEM;
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return schema_err(rc);
}

/* FTS5 gathers postings in memory and writes them out as a segment when they are `hashsize` bytes;
 * segments are merged later, again and again. A first load gathers as much as is reasonable, so that
 * a hundred thousand passages are one segment at once. Merging is for index.c to do at a time of its
 * choice (automerge 0), not for a small change that somebody waits for. */
static const char sql_load[] =
    "INSERT INTO passage_fts(passage_fts, rank) VALUES('hashsize', 67108864);";
static const char sql_loaded[] =
    "INSERT INTO passage_fts(passage_fts) VALUES('optimize');"
    "INSERT INTO passage_fts(passage_fts, rank) VALUES('hashsize', 1048576);";

static int exec_both(sqlite3 *db, const char *first, const char *second)
{
    int rc = sqlite3_exec(db, first, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, second, NULL, NULL, NULL);
    return schema_db_err(db, rc);
}

int schema_load_begin(sqlite3 *db)
{
    return exec_both(db, sql_drop_indexes, sql_load);
}

int schema_load_end(sqlite3 *db)
{
    return exec_both(db, sql_loaded, sql_indexes);
}

/* ---- small reads ----------------------------------------------------------------------------- */

long long schema_number(sqlite3 *db, const char *sql, long long bind, long long otherwise)
{
    sqlite3_stmt *st = NULL;
    long long n = otherwise;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
        if (sqlite3_bind_parameter_count(st))
            sqlite3_bind_int64(st, 1, bind);
        if (sqlite3_step(st) == SQLITE_ROW)
            n = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return n;
}

const char *schema_column(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return s ? s : "";
}

const char *schema_column_copy(struct pool *pool, sqlite3_stmt *st, int i)
{
    const char *s = sqlite3_column_blob(st, i); /* as text it would be copied to be terminated */
    return pool_strndup(pool, s, s ? (size_t)sqlite3_column_bytes(st, i) : 0);
}

void schema_bind_text(sqlite3_stmt *st, int i, const char *s)
{
    sqlite3_bind_text(st, i, s ? s : "", -1, SQLITE_STATIC);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* No memory mapping: it gains nothing measurable here, and a file that somebody truncates from
 * outside would then end the process (SIGBUS) where a read merely fails. */
static const char sql_reader[] =
    "PRAGMA query_only=1; PRAGMA cell_size_check=1; PRAGMA temp_store=2;"
    "PRAGMA cache_size=32;"; /* until schema_reads_on() */
static const char sql_writer[] =
    "PRAGMA auto_vacuum=0; PRAGMA secure_delete=FAST; PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL; PRAGMA cell_size_check=1; PRAGMA temp_store=2;"
    "PRAGMA cache_size=-65536; PRAGMA journal_size_limit=0;";

/* The first number that `sql` selects. */
static int read_number(sqlite3 *db, const char *sql, long long *ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int check_version(long long found, long long ours)
{
    return found > ours ? KB_ERR_NEWER : found < ours ? KB_ERR_OLDER : KB_OK;
}

/* Ours, of this version, with its tables. Returns SQLite's code, or an enum kb_err, which is
 * negative. */
static int check(sqlite3 *db)
{
    long long id = 0, schema = 0, ranking = 0;
    int rc = read_number(db, "PRAGMA application_id", &id);
    if (rc == SQLITE_OK)
        rc = read_number(db, "PRAGMA user_version", &schema);
    if (rc != SQLITE_OK)
        return rc;
    if (id != SCHEMA_APPLICATION_ID)
        return KB_ERR_DAMAGED;
    int r = check_version(schema, KB_SCHEMA_VERSION);
    if (r)
        return r;
    rc = read_number(db, "SELECT value FROM meta WHERE key = 'ranking'", &ranking);
    return rc != SQLITE_OK ? rc : check_version(ranking, KB_RANKING_VERSION);
}

int schema_identity(sqlite3 *db, uint8_t ret_base[16], int64_t *ret_generation)
{
    static const char sql[] = "SELECT b.value, g.value FROM meta b, meta g"
                              " WHERE b.key = 'base' AND g.key = 'generation'";
    sqlite3_stmt *st = NULL;
    uint8_t base[16] = {0};
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    const char *hex = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    bool sound = hex && strlen(hex) == 32 && strspn(hex, "0123456789abcdef") == 32;
    for (size_t i = 0; sound && i < 32; i++)
        base[i / 2] =
            (uint8_t)(base[i / 2] << 4 | (hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10));
    if (sound) {
        memcpy(ret_base, base, sizeof base);
        *ret_generation = sqlite3_column_int64(st, 1);
    }
    sqlite3_finalize(st);
    return sound ? 0 : rc == SQLITE_ROW || rc == SQLITE_DONE ? KB_ERR_DAMAGED : schema_err(rc);
}

static int configure(sqlite3 *db, bool writable)
{
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* References are documentation: checking them would cost a savepoint, too. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* A reader must never tidy up the log: the path may belong to another file by then. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !writable, NULL);
    int rc = sqlite3_exec(db, writable ? sql_writer : sql_reader, NULL, NULL, NULL);
    int r = rc == SQLITE_OK ? tokenizer_register(db) : 0;
    return r ? r : rc;
}

/* A path as SQLite should see it. Distributions read names that begin with "file:" as URIs, and
 * ":memory:" is no file: a leading "./" keeps them plain. With `immutable` it is a URI on
 * purpose, every odd character escaped. */
static char *spell(const char *path, bool immutable)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    const char *lead = path[0] == '/' ? "" : "./";
    if (!immutable) {
        sqlite3_str_appendf(s, "%s%s", lead, path);
        return sqlite3_str_finish(s);
    }
    sqlite3_str_appendf(s, "file:%s", path[0] == '/' ? "//" : lead);
    for (const char *p = path; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("/._-", c);
        sqlite3_str_appendf(s, plain ? "%c" : "%%%02X", c);
    }
    sqlite3_str_appendall(s, "?immutable=1");
    return sqlite3_str_finish(s);
}

/* Open, configure and check. SQLite's code, or an enum kb_err. */
static int open_as(const char *path, bool writable, bool fresh, bool immutable, sqlite3 **ret_db)
{
    sqlite3 *db = NULL;
    char *name = path ? spell(path, immutable) : NULL;
    if (path && !name)
        return KB_ERR_NOMEM;
    int flags =
        writable ? SQLITE_OPEN_READWRITE | (fresh ? SQLITE_OPEN_CREATE : 0) : SQLITE_OPEN_READONLY;
    int rc = sqlite3_open_v2(name ? name : ":memory:", &db,
                             flags | SQLITE_OPEN_NOMUTEX | (immutable ? SQLITE_OPEN_URI : 0), NULL);
    sqlite3_free(name);
    if (rc == SQLITE_OK)
        rc = configure(db, writable);
    if (rc == SQLITE_OK)
        rc = fresh ? schema_create(db) : check(db);
    if (rc != SQLITE_OK) {
        rc = schema_db_err(db, rc) == KB_ERR_FULL ? KB_ERR_FULL : rc;
        sqlite3_close(db);
        return rc;
    }
    *ret_db = db;
    return KB_OK;
}

/* A single question reads a hundred pages of a large base, nearly all of them once. That takes less time than to get memory
 * for each from the kernel, so at first the same memory has one after the other. */
void schema_reads_on(sqlite3 *db)
{
    sqlite3_exec(db, "PRAGMA cache_size=-8192", NULL, NULL, NULL); /* if not, it is only slower */
}

int schema_peek(const char *path, unsigned char *ret, int n)
{
    sqlite3 *db = NULL;
    sqlite3_file *file = NULL;
    char *name = spell(path, false);
    int rc = name ? sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY, NULL) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods ? file->pMethods->xRead(file, ret, n, 0) : SQLITE_CANTOPEN;
    sqlite3_close(db);
    sqlite3_free(name);
    return rc == SQLITE_IOERR_SHORT_READ ? 0 : schema_err(rc);
}

/* True when all that was committed is in the file itself: there is no write-ahead log, or an
 * empty one. */
static bool settled(const char *path)
{
    struct stat st;
    char *wal = sqlite3_mprintf("%s-wal", path);
    bool yes = wal && (stat(wal, &st) < 0 || st.st_size == 0);
    sqlite3_free(wal);
    return yes;
}

int schema_open(const char *path, bool writable, sqlite3 **ret_db)
{
    struct stat st;
    bool fresh = !path;
    if (path && stat(path, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return KB_ERR_IO;
        if (!writable)
            return KB_ERR_ABSENT;
        fresh = true;
    } else if (path && !S_ISREG(st.st_mode)) {
        return KB_ERR_IO;
    }
    int rc = open_as(path, writable, fresh, false, ret_db);
    int code = rc > 0 ? rc & 0xff : 0;
    /* A reader needs a small file of shared memory beside the base. Where the folder is read-only
     * there is no writer either, so the base may be taken as it stands. */
    if (!writable && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) && settled(path))
        rc = open_as(path, false, false, true, ret_db);
    return schema_err(rc);
}
