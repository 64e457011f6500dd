/* source_record.c: what tables and JSON have in common: records with named members.
 *
 * A record with an answer is an entry, and all entries of a file make one document, as in an FAQ
 * file. A record with a text is a document of its own, in a pool of its own, so that an export of a
 * hundred thousand records needs the memory of one. Names are taken as exports write them. */
#include "kb/kb_int.h"

#include <string.h>

static const char *const keys[] = {"id",          "title", "text",      "question",  "answer",
                                   "aka",         "url",   "lang",      "audience",  "owner",
                                   "status",      "tests", "followups", "reviewed",  "valid_from",
                                   "valid_until", "needs", "not",       "not_tests", NULL};

static const struct {
    const char *name, *key;
} also[] = {
    {"q", "question"},
    {"a", "answer"},
    {"aliases", "aka"},
    {"alias", "aka"},
    {"_id", "id"},
    {"body", "text"},
    {"content", "text"},
    {"link", "url"},
    {"source", "url"},
    {"language", "lang"},
    {"follow_ups", "followups"},
    {"questions", "aka"},
    {"valid_till", "valid_until"},
};

const char *record_key(const char *name, const char **ret_near)
{
    char word[32];
    size_t n = 0;
    name += strspn(name, " \t\n");
    for (; name[n] && n + 1 < sizeof word; n++) {
        char c = name[n];
        word[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c == ' ' || c == '-' ? '_' : c);
    }
    while (n > 0 && (word[n - 1] == '_' || word[n - 1] == '\t'))
        n--;
    word[n] = '\0';
    *ret_near = NULL;
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], word) == 0)
            return keys[i];
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (strcmp(also[i].name, word) == 0)
            return also[i].key;
    *ret_near = yaml_nearest(word, keys);
    return NULL;
}

bool record_key_is_list(const char *key)
{
    static const char *const list[] = {"aka", "followups", "needs", "not", "tests", "not_tests"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i], key) == 0)
            return true;
    return false;
}

void record_add(struct pool *pool, struct record *record, struct member member)
{
    *POOL_PUSH(pool, record->member, record->n, record->cap) = member;
}

static const struct member *find(const struct record *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->member[i].key, key) == 0 &&
            strspn(r->member[i].value, " \t\n") < r->member[i].len)
            return &r->member[i];
    return NULL;
}

static void mistake(struct records *rs, const struct record *r, const char *message)
{
    report_add(rs->src->report, true, rs->src->file, r->line, r->column, "%s", message);
    rs->failed = true;
}

/* Store one member's value; a mistake is reported with its place. */
static void set(struct records *rs, const struct source *src, const struct member *m,
                const char **field)
{
    if (source_field(src, m->key, m->value, m->len, m->line, m->column, field))
        rs->failed = true;
}

/* Text with its own line ends and indentation, only valid and without blank lines around it. */
static const char *body(struct pool *pool, const struct member *m, size_t *ret_len)
{
    size_t len, skip = 0;
    const char *s = text_repair(pool, m->value, m->len, &len, NULL);
    while (len > 0 && strchr(" \t\n", s[len - 1]))
        len--;
    for (size_t i = 0; i < len && strchr(" \t\n", s[i]); i++)
        if (s[i] == '\n')
            skip = i + 1;
    *ret_len = len - skip;
    return pool_strndup(pool, s + skip, len - skip);
}

/* ---- entries ------------------------------------------------------------------------------------------ */

static void take_entry(struct records *rs, const struct record *r, const struct member *answer)
{
    if (!rs->faq)
        rs->faq = source_document(rs->src);
    struct document *doc = rs->faq;
    struct entry *e = document_entry(doc, r->line, r->column);
    for (size_t i = 0; i < r->n; i++) {
        const struct member *m = &r->member[i];
        if (m == answer)
            continue;
        const char *text = "", **field = document_entry_field(e, m->key);
        set(rs, rs->src, m, field ? field : &text);
        if (!field && *text)
            document_entry_add(doc, e, m->key, text); /* ignores what is no list */
    }
    if (!*e->id)
        e->id = text_name(doc->pool, e->question, answer->value, answer->len);
    if (source_dates_check(rs->src, e->valid_from, e->valid_until, r->line, r->column))
        rs->failed = true;
    if (strcmp(e->status, "draft") == 0 && !rs->src->drafts) {
        doc->nentry--;
        return;
    }
    struct answer *a = POOL_PUSH(doc->pool, rs->answer, rs->nanswer, rs->capanswer);
    a->text = body(doc->pool, answer, &a->len);
    a->line = answer->line;
}

int records_end(struct records *rs, const char *id)
{
    if (rs->failed)
        return KB_ERR_INPUT;
    struct document *doc = rs->faq;
    if (!doc || !doc->nentry)
        return KB_OK;
    if (id)
        doc->id = id;
    source_title(rs->src, doc);
    int rc = document_answers(doc, rs->answer);
    return rc ? rc : rs->fn(rs->ctx, doc);
}

/* ---- documents ------------------------------------------------------------------------------------------ */

/* Over names and values: what the record says, however its file spells it. */
static void hash_record(struct document *doc, const struct record *r)
{
    size_t len = 0;
    for (size_t i = 0; i < r->n; i++)
        len += strlen(r->member[i].key) + r->member[i].len + 2;
    char *all = pool_alloc(doc->pool, len + 1), *to = all;
    for (size_t i = 0; i < r->n; i++) {
        to = mempcpy(to, r->member[i].key, strlen(r->member[i].key) + 1);
        to = mempcpy(to, r->member[i].value, r->member[i].len);
        *to++ = '\0';
    }
    source_hash(doc, all, len);
}

/* Blocks of a value that stands on one line of its file are all on that line. */
static void flatten_lines(struct document *doc)
{
    for (size_t i = 0; i < doc->nblock; i++)
        doc->block[i].line = doc->line;
}

static void set_id(struct records *rs, const struct record *r, struct document *doc)
{
    const struct member *id = find(r, "id");
    doc->id = "";
    if (id) {
        struct source own = *rs->src;
        own.pool = doc->pool;
        source_field(&own, "id", id->value, id->len, id->line, id->column, &doc->id);
    } else if (*doc->title) {
        doc->id = pool_printf(doc->pool, "%s/%s", rs->src->id,
                              text_slug(doc->pool, doc->title, strlen(doc->title)));
    }
    if (!*doc->id)
        mistake(rs, r, "this record has neither an id nor a title; give it an id");
    else if (!*doc->title)
        doc->title = doc->id;
}

static int take_document(struct records *rs, const struct record *r, const struct member *text)
{
    struct pool *pool = pool_new();
    struct source src = *rs->src;
    src.pool = pool;
    struct document *doc = document_new(pool, src.file);
    bool before = rs->failed;
    rs->failed = false;
    doc->line = r->line;
    doc->repaired = true;
    for (size_t i = 0; i < r->n; i++) {
        const char **field = source_document_field(doc, r->member[i].key);
        if (field)
            set(rs, &src, &r->member[i], field);
    }
    set_id(rs, r, doc);
    if (source_dates_check(&src, doc->valid_from, doc->valid_until, r->line, r->column))
        rs->failed = true;
    doc->text = body(pool, text, &doc->len);
    int rc = rs->failed ? KB_OK : markdown_blocks(doc, 0, doc->len, text->line);
    if (!rs->failed && !rc) {
        flatten_lines(doc);
        hash_record(doc, r);
        rc = rs->fn(rs->ctx, doc);
    }
    rs->failed |= before;
    pool_free(pool);
    return rc;
}

int records_take(struct records *rs, const struct record *r)
{
    const struct member *answer = find(r, "answer"), *text = find(r, "text");
    bool asks = find(r, "question") != NULL;
    if (asks && answer)
        take_entry(rs, r, answer);
    else if (text && !asks && !answer)
        return take_document(rs, r, text);
    else if (asks || answer)
        mistake(rs, r,
                asks ? "this record has a question and no answer"
                     : "this record has an answer and no question");
    else
        mistake(rs, r, "this record has no text; it needs 'text', or 'question' and 'answer'");
    return KB_OK;
}
