/* fuzz_snap.c: any bytes may be a snapshot. A sound one is made once, of a small base that has changed a little
 * since, so that there is a delta, too. Every input is a list of changes to it:
 *
 *   flags                                1 byte: 1 the checksums of pages, 2 those of their table, 4 that of the header
 *                                        are made to fit again; 8: the file ends behind the last change
 *   section, how, place (2), value (4)   8 bytes each: write 1, 2, 4 or 8 bytes there, or add, or fill the rest
 *
 * With fitting checksums the loader meets numbers that are out of their range, which no accident makes and nobody should
 * rely on. What must hold then: no crash, no end to the file overrun, an end. Without them more must hold: every
 * answer is FTS5's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kb/snap_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIX_PAGES  1
#define FIX_TABLE  2
#define FIX_HEADER 4
#define FORGED     (FIX_PAGES | FIX_HEADER)
#define CUT        8

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* ---- the base ------------------------------------------------------------------------------------------------ */

static const char sql_base[] =
    "PRAGMA synchronous=OFF; BEGIN;"
    "INSERT INTO documents(id, key, file, hash, title, url, lang, owner, reviewed, line, text)"
    " VALUES(1, 'd', 'd', '', 'Jobs', '', 'en', '', '', 1, 'A laboratory technician tests blood.');"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"
    "INSERT INTO passages(document, key, ord, anchor, heading, entry, entry_id, question, headings,"
    "  title, body, start, end, line, unit, lang, audience, reviewed, valid_from, valid_until, url,"
    "  followups, needs, nots)"
    " SELECT 1, 'd#' || i, i, '', '[]', i % 5 = 0, '', CASE i % 5 WHEN 0 THEN 'What is the wage?'"
    "  ELSE '' END, CASE i % 3 WHEN 0 THEN 'Pay and wage' ELSE 'Duties' END, 'Laboratory jobs',"
    "  'A laboratory technician tests blood ' || CASE i % 7 WHEN 0 THEN 'for a median wage of gold'"
    "  WHEN 1 THEN 'and blood and blood' ELSE 'at night number' || i END, 0, 20, 1, x'',"
    "  CASE i % 4 WHEN 0 THEN 'de' ELSE 'en' END, CASE i % 6 WHEN 0 THEN 'staff' ELSE '' END, '',"
    "  CASE i % 8 WHEN 0 THEN '2026-01-01' ELSE '' END, '', '', '[]',"
    "  CASE i % 9 WHEN 0 THEN '[\"wage\"]' ELSE '[]' END, '[]' FROM n;"
    "INSERT INTO passage_fts(rowid, question, headings, title, body)"
    " SELECT id, question, headings, title, body FROM passage_text;"
    "INSERT INTO synonyms VALUES(1, 'salary', 'median wage', 0.8);"
    "INSERT INTO synonyms VALUES(2, 'job', 'laboratory technician tests', 0.7);"
    "INSERT INTO meta VALUES('synonyms', '0123456789abcdef0123456789abcdef');"
    "UPDATE meta SET value = 1 WHERE key = 'generation'; COMMIT;";

/* Three passages are gone and one is new, since the snapshot. */
static const char sql_edit[] =
    "BEGIN;"
    "INSERT INTO passage_fts(passage_fts, rowid, question, headings, title, body) SELECT 'delete',"
    "  id, question, headings, title, body FROM passage_text WHERE id IN (7, 20, 60);"
    "DELETE FROM passages WHERE id IN (7, 20, 60);"
    "INSERT INTO passages SELECT 61, document, 'd#61', ord, anchor, entry, entry_id, start, end,"
    "  line, lang, audience, reviewed, valid_from, valid_until, url, heading, followups, needs,"
    "  nots, title, headings, question, unit, 'median wage blood silver' FROM passages"
    "  WHERE id = 1;"
    "INSERT INTO passage_fts(rowid, question, headings, title, body)"
    " SELECT id, question, headings, title, body FROM passage_text WHERE id = 61;"
    "INSERT INTO changes VALUES(7, 2), (20, 2), (60, 2), (61, 2);"
    "UPDATE meta SET value = 2 WHERE key = 'generation'; COMMIT;";

static const char *const question[] = {
    "what is the median wage of a laboratory technician",
    "salary",
    "blood at night number11 gold",
    "a job with silver",
    "technicians testing blod",
};
#define QUESTIONS (sizeof question / sizeof *question)

static struct world {
    char folder[64], path[96], snap[112];
    struct kb *kb;
    uint8_t *image;
    size_t size;
    struct kb_hits right[QUESTIONS]; /* by FTS5 */
} w;

static struct kb_hits ask(const char *text, bool filter, int *ret_err)
{
    struct kb_ask q = {.text = text, .len = strlen(text), .today = "2026-03-01", .rank_only = true};
    struct kb_hits hits = {0};
    if (filter) {
        q.lang = "de";
        q.audience = "student";
    }
    *ret_err = kb_ask(w.kb, &q, &hits);
    return hits;
}

static void clean_up(void)
{
    for (size_t i = 0; i < QUESTIONS; i++)
        kb_hits_release(&w.right[i]);
    kb_close(w.kb);
    free(w.image);
    static const char *const suffix[] = {"", "-wal", "-shm", ".snap"};
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", w.path, suffix[i]);
        unlink(path);
    }
    rmdir(w.folder);
}

static void read_image(void)
{
    struct stat st;
    FILE *f = fopen(w.snap, "rb");
    must(f && fstat(fileno(f), &st) == 0);
    w.size = (size_t)st.st_size;
    w.image = malloc(w.size);
    must(w.image && fread(w.image, 1, w.size, f) == w.size);
    fclose(f);
}

static void make_world(void)
{
    sqlite3 *db;
    struct tokenizer *t = NULL;
    int err;
    snprintf(w.folder, sizeof w.folder, "%s/guidepost-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(w.folder) != NULL);
    snprintf(w.path, sizeof w.path, "%s/kb", w.folder);
    snprintf(w.snap, sizeof w.snap, "%s.snap", w.path);
    atexit(clean_up);
    must(!schema_open(w.path, true, &db) && !tokenizer_new(&t));
    must(sqlite3_exec(db, sql_base, NULL, NULL, NULL) == SQLITE_OK);
    must(!snap_build(db, t, w.snap));
    must(sqlite3_exec(db, sql_edit, NULL, NULL, NULL) == SQLITE_OK);
    tokenizer_free(t);
    read_image();
    unlink(w.snap);
    must(!kb_open(w.path, &w.kb));
    for (size_t i = 0; i < QUESTIONS; i++) {
        w.right[i] = ask(question[i], false, &err);
        must(!err && !w.kb->view && w.right[i].n > 0);
    }
    sqlite3_close(db);
}

/* ---- one input ------------------------------------------------------------------------------------------------- */

static size_t change(uint8_t *image, const uint8_t op[8])
{
    const struct snap_header *h = (const void *)w.image;
    uint64_t from = 0, len = sizeof *h, value = 0;
    unsigned section = op[0] % (SNAP_SECTIONS + 1u), how = op[1];
    if (section < SNAP_SECTIONS) {
        from = h->section[section].at;
        len = h->section[section].len;
    }
    uint64_t place = (uint64_t)op[2] << 8 | op[3];
    size_t width = (size_t)1 << (how & 3);
    if (len < width)
        return from;
    from += place % (len / width) * width; /* numbers lie on multiples of their size */
    memcpy(&value, op + 4, 4);
    if (how & 4) {
        uint64_t was = 0;
        memcpy(&was, image + from, width);
        value += was;
    }
    if (width == 8 && (how & 8))
        value = ~value;
    memcpy(image + from, &value, width);
    for (size_t i = from; (how & 16) && i < from + 256 && i + width <= w.size; i += width)
        memcpy(image + i, &value, width);
    return from + width;
}

/* The checksums of the pages from `from` to `end`, one behind the other. */
static void fix_sums(uint8_t *image, uint64_t from, uint64_t end, uint64_t to)
{
    for (uint64_t at = from; at < end; at += SNAP_PAGE, to += 4) {
        uint32_t sum = snap_page_sum(image + at, end - at < SNAP_PAGE ? end - at : SNAP_PAGE);
        memcpy(image + to, &sum, 4);
    }
}

static void fix(uint8_t *image, unsigned flags)
{
    const struct snap_header *was = (const void *)w.image;
    struct snap_header *h = (void *)image;
    uint64_t table = was->section[SNAP_PAGES].at, top = was->section[SNAP_TOP].at;
    if (flags & FIX_PAGES)
        fix_sums(image, sizeof *h, table, table);
    if (flags & FIX_TABLE) {
        fix_sums(image, table, top, top);
        h->top_check = snap_checksum(image + top, (size_t)was->section[SNAP_TOP].len);
    }
    if (flags & FIX_HEADER)
        h->check = snap_checksum(h, offsetof(struct snap_header, check));
}

static void walk(struct snap *s)
{
    const struct snap_header *h = snap_head(s);
    struct snap_list list;
    struct snap_walk at;
    struct pool *pool = pool_new();
    for (uint32_t t = 0; t < h->nterm && t < 4000; t++)
        if (!snap_list(s, t, &list))
            for (; list.left; list.left--)
                list.at += snap_part_size((const void *)list.at);
    for (uint32_t i = 0; i < h->n && i < 4000; i++)
        for (int r = snap_forward(s, i, &at); !r && snap_step(&at) != STEP_END;)
            must(at.field < FIELDS);
    snap_lookup(s, "blood", 5);
    snap_lookup(s, "nowhere", 7);
    pool_free(pool);
}

static void write_snapshot(const uint8_t *image, size_t size)
{
    unlink(w.snap);
    FILE *f = fopen(w.snap, "wb");
    must(f && fwrite(image, 1, size, f) == size);
    fclose(f);
}

static void same(const struct kb_hits *a, const struct kb_hits *b)
{
    must(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        must(!strcmp(a->hit[i].passage, b->hit[i].passage));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snap *s = NULL;
    uint8_t base[16];
    int64_t generation;
    if (!w.kb)
        make_world();
    if (!size)
        return 0;
    uint8_t *image = malloc(w.size);
    must(image != NULL);
    memcpy(image, w.image, w.size);
    size_t end = w.size, last = w.size;
    for (size_t i = 1; i + 8 <= size; i += 8)
        last = change(image, data + i);
    fix(image, data[0]);
    if (data[0] & CUT)
        end = last;
    write_snapshot(image, end);

    view_free(w.kb->view); /* as if it were opened anew */
    w.kb->view = NULL;
    w.kb->no_view_at = -1;
    for (size_t i = 0; i <= QUESTIONS; i++) {
        int err;
        struct kb_hits hits = ask(question[i % QUESTIONS], i == QUESTIONS, &err);
        must(!err || (err == KB_ERR_DAMAGED && (data[0] & FORGED)));
        if (!err && i < QUESTIONS && !(data[0] & FORGED))
            same(&hits, &w.right[i]);
        kb_hits_release(&hits);
    }
    must(!schema_identity(w.kb->db, base, &generation));
    if (!snap_adopt(image, end, base, &s))
        walk(s);
    snap_close(s);
    return 0;
}
