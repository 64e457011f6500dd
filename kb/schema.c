/* schema.c: the tables of an index, as SQL with a comment per column; opening and checking the file.
 *
 * Everything in it is derived from the owner's files. Writers go through index.c, in one transaction;
 * the FTS5 table follows the passages by triggers, so the two can never disagree. FTS5 reads the text it
 * indexes through the view passage_text, which puts the language mark of tokenizer.c in front: one index
 * then holds passages in several languages, each stemmed by its own rules. */
#include "kb/kb_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define APPLICATION_ID 0x47504b42 /* "GPKB" */

static const char sql_schema[] =
    "CREATE TABLE meta("
    "  key TEXT PRIMARY KEY,"       /* generation, base (random id of this base), ranking */
    "  value) WITHOUT ROWID;"

    "CREATE TABLE documents("
    "  id INTEGER PRIMARY KEY,"     /* internal */
    "  key TEXT NOT NULL UNIQUE,"   /* stable id: the path without its ending, or a record's id */
    "  file TEXT NOT NULL,"         /* where it came from, as the caller named it */
    "  hash TEXT NOT NULL,"         /* of the source bytes: unchanged documents are not read again */
    "  title TEXT NOT NULL, url TEXT NOT NULL, lang TEXT NOT NULL, owner TEXT NOT NULL,"
    "  reviewed TEXT NOT NULL,"     /* YYYY-MM-DD or '' */
    "  text TEXT NOT NULL"          /* what all spans count in */
    ");"

    "CREATE TABLE passages("
    "  id INTEGER PRIMARY KEY,"     /* rowid of the FTS5 table */
    "  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,"
    "  key TEXT NOT NULL UNIQUE,"   /* stable id: document key, '#', anchor */
    "  ord INTEGER NOT NULL,"       /* order within the document, from 0 */
    "  anchor TEXT NOT NULL,"
    "  heading TEXT NOT NULL,"      /* JSON array: the path, outermost first */
    "  entry INTEGER NOT NULL,"     /* 1: a curated question */
    "  question TEXT NOT NULL,"     /* question and aliases, one a line; '' for a guide's passage */
    "  headings TEXT NOT NULL,"     /* heading path, one a line */
    "  title TEXT NOT NULL,"
    "  body TEXT NOT NULL,"         /* plain text for ranking */
    "  start INTEGER NOT NULL, end INTEGER NOT NULL," /* bytes of documents.text (UTF-8) */
    "  line INTEGER NOT NULL,"      /* in the source */
    "  unit BLOB NOT NULL,"         /* array of struct unit, as in memory of a little-endian machine */
    "  lang TEXT NOT NULL, audience TEXT NOT NULL,"
    "  reviewed TEXT NOT NULL, valid_from TEXT NOT NULL, valid_until TEXT NOT NULL,"
    "  url TEXT NOT NULL,"
    "  followups TEXT NOT NULL,"    /* JSON array of entry ids */
    "  needs TEXT NOT NULL, nots TEXT NOT NULL" /* JSON arrays of words */
    ");"
    "CREATE INDEX passages_document ON passages(document, ord);"

    "CREATE TABLE tests("
    "  passage INTEGER NOT NULL REFERENCES passages(id) ON DELETE CASCADE,"
    "  question TEXT NOT NULL,"
    "  must INTEGER NOT NULL"       /* 1: this passage must answer it; 0: must not */
    ");"
    "CREATE INDEX tests_passage ON tests(passage);"

    "CREATE TABLE synonyms("
    "  line INTEGER NOT NULL,"      /* in synonyms.yaml: order and explanations */
    "  from_text TEXT NOT NULL, to_text TEXT NOT NULL,"
    "  weight REAL NOT NULL"        /* below 1, so that an exact word always wins */
    ");"

    "CREATE VIEW passage_text AS SELECT id,"
    "  char(1) || lang || ' ' || question AS question, char(1) || lang || ' ' || headings AS headings,"
    "  char(1) || lang || ' ' || title AS title, char(1) || lang || ' ' || body AS body FROM passages;"

    "CREATE VIRTUAL TABLE passage_fts USING fts5(question, headings, title, body,"
    "  content='passage_text', content_rowid='id', tokenize='guidepost', detail=full);"

    "CREATE TRIGGER passages_insert AFTER INSERT ON passages BEGIN"
    "  INSERT INTO passage_fts(rowid, question, headings, title, body)"
    "  SELECT id, question, headings, title, body FROM passage_text WHERE id = new.id; END;"
    "CREATE TRIGGER passages_delete BEFORE DELETE ON passages BEGIN"
    "  INSERT INTO passage_fts(passage_fts, rowid, question, headings, title, body)"
    "  SELECT 'delete', id, question, headings, title, body FROM passage_text WHERE id = old.id; END;";
