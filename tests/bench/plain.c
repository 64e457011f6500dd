/* plain.c: FTS5 as its documentation has it, the yard-stick: a table with the tokenizer `porter unicode61`,
 * built in one transaction, optimized, asked by a MATCH of all words joined by OR. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"

struct plain {
    sqlite3 *db;
    sqlite3_stmt *rank, *bm25;
};

static void run(struct plain *p, const char *sql)
{
    if (sqlite3_exec(p->db, sql, 0, 0, 0))
        die("plain FTS5", sqlite3_errmsg(p->db));
}

static sqlite3_stmt *prepare(struct plain *p, const char *sql)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(p->db, sql, -1, &st, 0))
        die("plain FTS5", sqlite3_errmsg(p->db));
    return st;
}

static void insert(struct plain *p, const struct corpus *c, size_t n, struct cost *ret)
{
    sqlite3_stmt *st = prepare(p, "INSERT INTO p VALUES(?,?)");
    for (size_t i = 0; i < n; i++) {
        char title[TITLE_SIZE], text[TEXT_SIZE];
        corpus_passage(c, i, title, text);
        struct cost t = cost_now();
        sqlite3_bind_text(st, 1, title, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
        if (sqlite3_step(st) != SQLITE_DONE)
            die("plain FTS5", sqlite3_errmsg(p->db));
        sqlite3_reset(st);
        cost_add(ret, t);
    }
    sqlite3_finalize(st);
}

static struct plain *open_base(const char *path)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p || sqlite3_open(path, &p->db))
        die(path, "cannot be opened");
    run(p, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536");
    return p;
}

void plain_build(const struct corpus *c, size_t n, const char *path, struct cost *ret)
{
    struct plain *p = open_base(path);
    run(p, "CREATE VIRTUAL TABLE p USING fts5(title, text, tokenize='porter unicode61'); BEGIN");
    *ret = (struct cost){0};
    insert(p, c, n, ret);
    struct cost t = cost_now();
    run(p, "COMMIT; INSERT INTO p(p) VALUES('optimize')");
    cost_add(ret, t);
    run(p, "PRAGMA wal_checkpoint(TRUNCATE)");
    plain_free(p);
}

struct plain *plain_open(const char *path)
{
    struct plain *p = open_base(path);
    p->rank = prepare(p, "SELECT rowid, rank FROM p WHERE p MATCH ? ORDER BY rank LIMIT 10");
    p->bm25 = prepare(p, "SELECT rowid, bm25(p) FROM p WHERE p MATCH ? ORDER BY bm25(p) LIMIT 10");
    return p;
}

/* Every word quoted: what a careful user writes. */
static void match_of(const char *q, char *out, size_t size)
{
    size_t len = 0;
    const char *word;
    out[0] = 0;
    for (size_t n; (n = corpus_word(&q, &word)) && len + n + 8 < size;)
        len +=
            (size_t)snprintf(out + len, size - len, "%s\"%.*s\"", len ? " OR " : "", (int)n, word);
}

static void ask(sqlite3_stmt *st, const char *question)
{
    char match[4096];
    match_of(question, match, sizeof match);
    sqlite3_bind_text(st, 1, match, -1, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW)
        ;
    sqlite3_reset(st);
}

void plain_ask_rank(struct plain *p, const char *question)
{
    ask(p->rank, question);
}

void plain_ask_bm25(struct plain *p, const char *question)
{
    ask(p->bm25, question);
}

void plain_free(struct plain *p)
{
    sqlite3_finalize(p->rank);
    sqlite3_finalize(p->bm25);
    sqlite3_close(p->db);
    free(p);
}
