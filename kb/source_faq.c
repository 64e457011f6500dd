/* source_faq.c: curated questions with their answers, *.faq.yaml.
 *
 * A file is a list of entries, or a map with the list under `entries` and facts about all of them
 * beside it. The document's text is made of the answers, a blank line between them; each answer is
 * Markdown that is quoted byte for byte. Everything is checked in one pass, so that an editor gets
 * all mistakes of a file at once. A draft is checked like any other entry and then left out: neither
 * its question nor its answer reaches the index. */
#include "kb/kb_int.h"

#include <string.h>

static const char *const entry_keys[] = {
    "id",  "q",          "aka",         "a",         "followups", "needs",
    "not", "valid_from", "valid_until", "reviewed",  "audience",  "lang",
    "url", "status",     "tests",       "not_tests", NULL};

static const char *const file_keys[] = {"title",       "url",     "lang",     "audience",
                                        "owner",       "status",  "reviewed", "valid_from",
                                        "valid_until", "entries", NULL};

struct faq {
    const struct source *src;
    struct document *doc;
    struct answer *answer; /* one for each of doc->entry */
    size_t nanswer, capanswer;
    size_t mistakes;
};

static void mistake(struct faq *f, const struct yaml *at, const char *message)
{
    report_add(f->src->report, true, f->src->file, at->line, at->column, "%s", message);
    f->mistakes++;
}

static void unknown_key(struct faq *f, const struct yaml *key, const char *const *known,
                        const char *list)
{
    const char *near = yaml_nearest(key->text, known);
    if (near)
        mistake(
            f, key,
            pool_printf(f->src->pool, "'%.60s' is not known; did you mean '%s'", key->text, near));
    else
        mistake(f, key,
                pool_printf(f->src->pool, "'%.60s' is not known; known are: %s", key->text, list));
}

/* ---- values ------------------------------------------------------------------------------------------- */

/* A scalar's text, valid and trimmed; NULL after a mistake. */
static const char *text_of(struct faq *f, const char *key, const struct yaml *value)
{
    if (value->kind != YAML_SCALAR) {
        mistake(f, value,
                pool_printf(f->src->pool,
                            "%s must be one text, not a list or map; if it begins with "
                            "'[' or '{', put it in quotes",
                            key));
        return NULL;
    }
    const char *text = "";
    source_field(f->src, "text", value->text, value->len, value->line, value->column, &text);
    return text;
}

/* A list of texts, appended to what `e` has; one text alone is a list of one. */
static void texts_of(struct faq *f, struct entry *e, const char *key, struct yaml *value)
{
    struct yaml **item = value->kind == YAML_LIST ? value->item : &value;
    size_t n = value->kind == YAML_LIST ? value->n : 1;
    if (value->kind == YAML_SCALAR && !value->len)
        return; /* "aka:" and nothing behind it */
    for (size_t i = 0; i < n; i++) {
        const char *text = text_of(f, key, item[i]);
        if (text && *text)
            document_entry_add(f->doc, e, key, text);
        else if (text)
            mistake(f, item[i], pool_printf(f->src->pool, "%s has an empty item", key));
    }
}

static void field_of(struct faq *f, const char *key, const struct yaml *value, const char **ret)
{
    if (value->kind != YAML_SCALAR)
        text_of(f, key, value); /* reports it */
    else if (source_field(f->src, key, value->text, value->len, value->line, value->column, ret))
        f->mistakes++;
}

/* ---- an entry ------------------------------------------------------------------------------------------- */

/* The answer's text, and the line it begins in: a block ("a: |") begins below its key. */
static void read_answer(struct faq *f, const struct yaml *value, struct answer *ret)
{
    if (value->kind != YAML_SCALAR) {
        text_of(f, "a", value); /* reports it */
        return;
    }
    size_t len, skip = 0, line = value->line;
    const char *s = text_repair(f->src->pool, value->text, value->len, &len, NULL);
    if (f->src->s[value->start] == '|' || f->src->s[value->start] == '>')
        line++;
    while (skip < len && strchr(" \t\n", s[skip])) {
        line += s[skip] == '\n';
        skip++;
    }
    while (len > skip && strchr(" \t\n", s[len - 1]))
        len--;
    *ret = (struct answer){s + skip, len - skip, line};
}

static void read_key(struct faq *f, struct entry *e, struct answer *answer, const struct yaml *key,
                     struct yaml *value)
{
    const char *k = key->text,
               **field = document_entry_field(e, strcmp(k, "q") == 0 ? "question" : k);
    if (strcmp(k, "a") == 0)
        read_answer(f, value, answer);
    else if (record_key_is_list(k))
        texts_of(f, e, k, value);
    else if (field && strcmp(k, "question") != 0)
        field_of(f, k, value, field);
    else
        unknown_key(
            f, key, entry_keys,
            "id q aka a followups needs not valid_from valid_until reviewed audience lang url "
            "status tests not_tests");
}

/* An id stands in links and receipts, so it must survive there. */
static bool is_id(const char *id)
{
    return strpbrk(id, " \t\n#\"'<>\\/?&%") == NULL;
}

static void check_entry(struct faq *f, struct entry *e, const struct answer *answer,
                        const struct yaml *map)
{
    const struct yaml *id = yaml_get(map, "id");
    if (!*e->question && (!yaml_get(map, "q") || yaml_get(map, "q")->kind == YAML_SCALAR))
        mistake(f, map, "this entry has no question; add a line 'q: ...'");
    if (!answer->len && (!yaml_get(map, "a") || yaml_get(map, "a")->kind == YAML_SCALAR))
        mistake(f, map, "this entry has no answer; add 'a: |' and the answer below it, indented");
    if (id && id->kind == YAML_SCALAR && !is_id(e->id))
        mistake(f, id, "an id is one word, such as mlt-salary: letters, digits, '-', '_' and '.'");
    if (!*e->id)
        e->id = text_name(f->src->pool, e->question, answer->text, answer->len);
    if (source_dates_check(f->src, e->valid_from, e->valid_until, map->line, map->column))
        f->mistakes++;
}

static void read_entry(struct faq *f, const struct yaml *map)
{
    if (map->kind != YAML_MAP) {
        mistake(f, map, "an entry is made of lines such as 'q: ...' and 'a: ...'");
        return;
    }
    struct answer answer = {.text = ""};
    struct entry *e = document_entry(f->doc, map->line, map->column);
    for (size_t i = 0; i < map->n; i++)
        read_key(f, e, &answer, map->key[i], map->item[i]);
    check_entry(f, e, &answer, map);
    if (strcmp(e->status, "draft") == 0 && !f->src->drafts)
        f->doc->nentry--;
    else
        *POOL_PUSH(f->src->pool, f->answer, f->nanswer, f->capanswer) = answer;
}

/* ---- the file --------------------------------------------------------------------------------------------- */

static void read_entries(struct faq *f, const struct yaml *list)
{
    if (list->kind != YAML_LIST) {
        mistake(f, list, "entries are a list; begin each of them with '- '");
        return;
    }
    for (size_t i = 0; i < list->n; i++)
        read_entry(f, list->item[i]);
}

static void read_file(struct faq *f, const struct yaml *root)
{
    if (root->kind != YAML_MAP) {
        read_entries(f, root);
        return;
    }
    for (size_t i = 0; i < root->n; i++) {
        const struct yaml *key = root->key[i], *value = root->item[i];
        const char **field = source_document_field(f->doc, key->text);
        if (strcmp(key->text, "entries") == 0)
            read_entries(f, value);
        else if (field)
            field_of(f, key->text, value, field);
        else
            unknown_key(
                f, key, file_keys,
                "title url lang audience owner status reviewed valid_from valid_until entries");
    }
    if (!yaml_get(root, "entries"))
        mistake(f, root,
                "there are no entries; begin each with '- q: ...', below a line 'entries:' "
                "or without it");
    if (source_dates_check(f->src, f->doc->valid_from, f->doc->valid_until, root->line,
                           root->column))
        f->mistakes++;
}

int source_faq(const struct source *src, document_fn *fn, void *ctx)
{
    struct yaml_error error;
    const struct yaml *root = yaml_parse(src->pool, src->s, src->len, 1, &error);
    if (!root) {
        report_add(src->report, true, src->file, error.line, error.column, "%s", error.message);
        return KB_ERR_INPUT;
    }
    struct faq f = {.src = src, .doc = source_document(src)};
    read_file(&f, root);
    if (f.mistakes)
        return KB_ERR_INPUT;
    if (!f.doc->nentry) {
        report_add(src->report, false, src->file, 0, 0, "has no entries that are published");
        return KB_OK;
    }
    source_title(src, f.doc);
    int rc = document_answers(f.doc, f.answer);
    return rc ? rc : fn(ctx, f.doc);
}
