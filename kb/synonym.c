/* synonym.c: reading synonyms.yaml into the index; synonym_ask.c is the other half.
 *
 *     - words: [salary, pay, wage]        a group: each stands for each
 *     - from: [lab tech]                  one way: who types `from` also finds `to`
 *       to: [laboratory technician]
 *       weight: 0.9                       of a found synonym against the word itself; below 1
 *
 * A group becomes its ordered pairs, so that asking needs one look-up and no notion of groups.
 * Pairs keep the author's spelling: they are tokenized when a base is opened, by the rules of
 * its language. An error in the file stops the run like an error in any source. */
#include "kb/kb_int.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES      (4u << 20) /* of the file */
#define MAX_WORDS      64         /* of a group: pairs are its square */
#define DEFAULT_WEIGHT 0.8

struct reader {
    struct pool *pool;
    struct kb_report *report;
    const char *file;
    sqlite3 *db;
    sqlite3_stmt *add;
    bool failed;
};

/* ---- the file -------------------------------------------------------------------------------- */

static void complain(struct reader *rd, const struct yaml *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(struct reader *rd, const struct yaml *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report_add(rd->report, true, rd->file, at ? at->line : 0, at ? at->column : 0, "%s",
               pool_vprintf(rd->pool, fmt, ap));
    va_end(ap);
    rd->failed = true;
}

static char *read_file(struct reader *rd, const char *path, size_t *ret_len)
{
    struct stat st;
    char *s = NULL;
    FILE *f = fopen(path, "rbe");
    if (!f || fstat(fileno(f), &st) < 0) {
        complain(rd, NULL, "cannot be read: %s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        complain(rd, NULL, "is not a file");
    } else if (st.st_size > (off_t)MAX_BYTES) {
        complain(rd, NULL, "is larger than %u MB; a list of synonyms is small", MAX_BYTES >> 20);
    } else {
        s = pool_alloc(rd->pool, (size_t)st.st_size + 1);
        *ret_len = fread(s, 1, (size_t)st.st_size, f);
        if (ferror(f)) {
            complain(rd, NULL, "cannot be read: %s", strerror(errno));
            s = NULL;
        }
    }
    if (f)
        fclose(f);
    return s;
}

/* ---- its groups ------------------------------------------------------------------------------ */

static int add_pair(struct reader *rd, size_t line, const char *from, const char *to, double weight)
{
    sqlite3_bind_int64(rd->add, 1, (long long)line);
    sqlite3_bind_text(rd->add, 2, from, -1, SQLITE_STATIC);
    sqlite3_bind_text(rd->add, 3, to, -1, SQLITE_STATIC);
    sqlite3_bind_double(rd->add, 4, weight);
    int rc = sqlite3_step(rd->add);
    sqlite3_reset(rd->add);
    return rc == SQLITE_DONE ? 0 : schema_db_err(rd->db, rc);
}

/* True for a list of `least` to MAX_WORDS words. */
static bool check_words(struct reader *rd, const struct yaml *list, const char *name, size_t least)
{
    if (list->kind != YAML_LIST || list->n < least) {
        complain(rd, list, "`%s` must be a list of %s, such as [salary, pay]", name,
                 least > 1 ? "two words or more" : "words");
        return false;
    }
    if (list->n > MAX_WORDS) {
        complain(rd, list,
                 "`%s` has %zu words; more than %d hardly mean the same, so split the group", name,
                 list->n, MAX_WORDS);
        return false;
    }
    for (size_t i = 0; i < list->n; i++)
        if (list->item[i]->kind != YAML_SCALAR ||
            !list->item[i]->text[strspn(list->item[i]->text, " \t\n")]) {
            complain(rd, list->item[i], "`%s` must hold words; quote what YAML reads otherwise",
                     name);
            return false;
        }
    return true;
}

static bool read_weight(struct reader *rd, const struct yaml *node, double *ret)
{
    *ret = DEFAULT_WEIGHT;
    if (!node)
        return true;
    char *end = NULL;
    double w = node->kind == YAML_SCALAR && node->len ? strtod(node->text, &end) : 0;
    if (!end || *end || !(w > 0 && w < 1)) {
        complain(
            rd, node,
            "`weight` must be a number above 0 and below 1, so that the word itself counts more");
        return false;
    }
    *ret = w;
    return true;
}

static bool check_keys(struct reader *rd, const struct yaml *group)
{
    static const char *const known[] = {"words", "from", "to", "weight", NULL};
    for (size_t i = 0; i < group->n; i++) {
        const struct yaml *key = group->key[i];
        size_t k = 0;
        while (known[k] && strcmp(known[k], key->text))
            k++;
        if (known[k])
            continue;
        const char *near = yaml_nearest(key->text, known);
        complain(rd, key, "unknown key `%s`%s%s%s", key->text, near ? "; did you mean `" : "",
                 near ? near : "", near ? "`?" : "");
        return false;
    }
    return true;
}

static int add_pairs(struct reader *rd, size_t line, const struct yaml *from, const struct yaml *to,
                     double weight)
{
    int r = 0;
    for (size_t i = 0; i < from->n && !r; i++)
        for (size_t k = 0; k < to->n && !r; k++)
            if (strcmp(from->item[i]->text, to->item[k]->text))
                r = add_pair(rd, line, from->item[i]->text, to->item[k]->text, weight);
    return r;
}

static int read_group(struct reader *rd, const struct yaml *group)
{
    double weight;
    if (group->kind != YAML_MAP || !group->n) {
        complain(rd, group, "a group is written `words: [...]`, or `from: [...]` and `to: [...]`");
        return 0;
    }
    if (!check_keys(rd, group) || !read_weight(rd, yaml_get(group, "weight"), &weight))
        return 0;
    const struct yaml *words = yaml_get(group, "words"), *from = yaml_get(group, "from"),
                      *to = yaml_get(group, "to");
    if (words ? from || to : !from || !to) {
        complain(rd, group, "a group has either `words`, or both `from` and `to`");
        return 0;
    }
    if (words)
        return check_words(rd, words, "words", 2) ? add_pairs(rd, group->line, words, words, weight)
                                                  : 0;
    if (!check_words(rd, from, "from", 1) || !check_words(rd, to, "to", 1))
        return 0;
    return add_pairs(rd, group->line, from, to, weight);
}

static int read_groups(struct reader *rd, const char *s, size_t len)
{
    struct yaml_error error = {0};
    struct text_fix fix = {0};
    char *repaired = text_repair(rd->pool, s, len, &len, &fix);
    const struct yaml *root = yaml_parse(rd->pool, repaired, len, 1, &error);
    if (!root) {
        report_add(rd->report, true, rd->file, error.line, error.column, "%s", error.message);
        rd->failed = true;
        return 0;
    }
    if (root->kind == YAML_MAP && root->n == 0)
        return 0; /* an empty file */
    if (root->kind != YAML_LIST) {
        complain(rd, root,
                 "synonyms are a list of groups: begin each with \"- words:\" or \"- from:\"");
        return 0;
    }
    int r = 0;
    for (size_t i = 0; i < root->n && !r; i++)
        r = read_group(rd, root->item[i]);
    return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* 1: the table was made from these bytes, 0: from others; negative: an error. */
static int is_current(sqlite3 *db, const char *hash)
{
    sqlite3_stmt *st = NULL;
    int rc =
        sqlite3_prepare_v2(db, "SELECT value = ?1 FROM meta WHERE key = 'synonyms'", -1, &st, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_text(st, 1, hash, -1, SQLITE_STATIC);
        rc = sqlite3_step(st);
    }
    int same = rc == SQLITE_ROW && sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? same : schema_db_err(db, rc);
}

static int replace(struct reader *rd, const char *s, size_t len, const char *hash)
{
    char *sql = sqlite3_mprintf(
        "DELETE FROM synonyms; INSERT OR REPLACE INTO meta VALUES('synonyms', %Q);", hash);
    if (!sql)
        return KB_ERR_NOMEM;
    int r = schema_db_err(rd->db, sqlite3_exec(rd->db, sql, NULL, NULL, NULL));
    sqlite3_free(sql);
    if (!r)
        r = schema_db_err(rd->db,
                          sqlite3_prepare_v2(rd->db, "INSERT INTO synonyms VALUES(?1, ?2, ?3, ?4)",
                                             -1, &rd->add, NULL));
    if (!r && len)
        r = read_groups(rd, s, len);
    sqlite3_finalize(rd->add);
    return r;
}

int synonyms_index(sqlite3 *db, const struct kb_sources *src, struct kb_report *report)
{
    struct pool *pool = pool_new();
    struct reader rd = {.pool = pool, .report = report, .file = src->synonyms, .db = db};
    unsigned char digest[16];
    char hash[2 * sizeof digest + 1] = "";
    char *s = NULL;
    size_t len = 0;
    int r = 0;
    if (src->synonyms && src->instead.path && !strcmp(src->synonyms, src->instead.path)) {
        len = src->instead.text ? src->instead.len : 0;
        s = pool_strndup(pool, src->instead.text ? src->instead.text : "", len);
    } else if (src->synonyms) {
        bool joined = src->root && src->synonyms[0] != '/';
        const char *path =
            joined ? pool_printf(pool, "%s/%s", src->root, src->synonyms) : src->synonyms;
        s = read_file(&rd, path, &len);
        if (!s)
            goto out;
    }
    if (s) {
        crypto_generichash(digest, sizeof digest, (const unsigned char *)s, len, NULL, 0);
        sodium_bin2hex(hash, sizeof hash, digest, sizeof digest);
    }
    r = is_current(db, hash);
    if (r == 0)
        r = replace(&rd, s, len, hash);
out:
    pool_free(pool);
    return r < 0 ? r : rd.failed ? KB_ERR_INPUT : 0;
}
