/* store_schema.c: the tables of state.db, and how an older file comes to have them.
 *
 * The file is recognised by its application id and carries its schema's version. An older file is brought up to
 * date by the steps of sql_upgrade[], each in the transaction that also raises the version, so an upgrade that is
 * interrupted has not happened. A newer file, another program's, or garbage is refused and left alone: what is in it
 * cannot be derived again. */
#include "bot/store_int.h"

#include <errno.h>
#include <sqlite3.h>

#define APPLICATION_ID 0x47505354 /* "GPST" */

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

int store_schema_version(void)
{
    return SCHEMA_VERSION;
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

int store_upgrade(sqlite3 *db)
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
