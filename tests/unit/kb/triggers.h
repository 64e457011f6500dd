/* triggers.h: for tests that write passages by plain SQL: FTS5 and the change log follow, as index_passage.c
 * makes them do. */
#ifndef TEST_KB_TRIGGERS_H
#define TEST_KB_TRIGGERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>

static inline void triggers_add(sqlite3 *db)
{
    static const char sql[] =
        "CREATE TEMP TRIGGER added AFTER INSERT ON main.passages BEGIN"
        "  INSERT INTO passage_fts(rowid, question, headings, title, body)"
        "   SELECT id, question, headings, title, body FROM passage_text WHERE id = new.id;"
        "  INSERT OR REPLACE INTO changes SELECT new.id, value + 1 FROM meta"
        "   WHERE key = 'generation' AND value > 0; END;"
        "CREATE TEMP TRIGGER removed BEFORE DELETE ON main.passages BEGIN"
        "  INSERT INTO passage_fts(passage_fts, rowid, question, headings, title, body)"
        "   SELECT 'delete', id, question, headings, title, body FROM passage_text WHERE id = "
        "old.id;"
        "  INSERT OR REPLACE INTO changes SELECT old.id, value + 1 FROM meta"
        "   WHERE key = 'generation' AND value > 0; END;";
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL); /* SQLite 3.40 wants it */
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

#endif
