/* edit.c: one entry of a FAQ file is changed as a person would change it: only the keys that say something else are written anew,
 * a text more in a list is a line more, and the rest of the file, comments and all, is not touched. */
#include "kb/edit.h"

#include <stdlib.h>
#include <string.h>

#include "kb/edit_lines.h"
#include "kb/entries_int.h"
#include "kb/kb_int.h"

/* What is being done. */
struct edit {
    struct pool *pool;
    const char *file;
    struct kb_report *report;
    struct lines lines;
    const struct yaml *list; /* the entries as they stand there; NULL: none */
    struct kb_entries was;   /* the same as a reader finds them */
    const struct kb_curated *want;
};

static int refuse(const struct edit *x, size_t line, const char *message)
{
    report_add(x->report, true, x->file, line, 0, "%s", message);
    return KB_ERR_INPUT;
}

/* What is written with `out`, in the pool. */
struct text {
    FILE *out;
    char *s;
    size_t len;
};

static void text_begin(struct text *t)
{
    *t = (struct text){0};
    t->out = open_memstream(&t->s, &t->len);
    if (!t->out)
        abort();
}

static const char *text_end(struct text *t, struct pool *pool)
{
    fclose(t->out);
    const char *s = pool_strndup(pool, t->s, t->len);
    free(t->s);
    return s;
}

/* ---- reading ---- */

/* As it will be found again: trimmed, composed, with an id, its dates and addresses checked. */
static int canonical(struct edit *x, const struct kb_curated *e)
{
    struct kb_entries one = {.pool = x->pool};
    struct text t;
    text_begin(&t);
    entries_write_entry(t.out, e, 0);
    const char *s = text_end(&t, x->pool);
    int rc = entries_parse("the entry", KB_FORM_FAQ, s, strlen(s), &one, x->report);
    if (!rc && one.n != 1)
        rc = refuse(x, 0, "this is no entry");
    if (!rc)
        x->want = one.entry;
    return rc;
}

static int read_old(struct edit *x, struct kb_bytes old)
{
    struct yaml_error error = {0};
    x->lines = (struct lines){.pool = x->pool, .s = old.s ? old.s : "", .len = old.s ? old.len : 0};
    const struct yaml *root = yaml_parse(x->pool, x->lines.s, x->lines.len, 1, &error);
    if (!root) {
        report_add(x->report, true, x->file, error.line, error.column, "%s", error.message);
        return KB_ERR_INPUT;
    }
    if (root->kind == YAML_MAP && !root->n)
        return KB_OK; /* empty, or nothing but comments */
    x->list = root->kind == YAML_MAP ? yaml_get(root, "entries") : root;
    int rc = entries_parse(x->file, KB_FORM_FAQ, x->lines.s, x->lines.len, &x->was, x->report);
    if (!rc && (!x->list || x->list->n != x->was.n))
        rc = refuse(x, 0, "has a form that can only be edited by hand");
    return rc;
}

static size_t find(const struct kb_entries *all, const char *id)
{
    size_t i = 0;
    while (i < all->n && strcmp(all->entry[i].id, id))
        i++;
    return i;
}

/* ---- a new one ---- */

static int append(struct edit *x)
{
    const struct yaml *last = x->list && x->list->n ? x->list->item[x->list->n - 1] : NULL;
    struct text t;
    if (x->list && (!last || !edit_lines_is_block(&x->lines, last)))
        return refuse(x, x->list->line,
                      "has its entries in brackets; write them as a list with '- ' before each");
    size_t at = last ? edit_lines_end(&x->lines, last) : x->lines.len;
    text_begin(&t);
    if (at)
        fputc('\n', t.out);
    entries_write_entry(t.out, x->want, last ? (int)edit_lines_dash(&x->lines, last) : 0);
    edit_lines_replace(&x->lines, at, at, text_end(&t, x->pool));
    return KB_OK;
}

/* ---- one that is there ---- */

static size_t key_at(const struct yaml *item, const char *name)
{
    size_t i = 0;
    while (i < item->n && strcmp(item->key[i]->text, name))
        i++;
    return i;
}

/* Behind what stands before it in the usual order. */
static size_t place_for(const struct edit *x, const struct yaml *item, size_t key)
{
    while (key--) {
        size_t i = key_at(item, entries_key(key));
        if (i < item->n)
            return edit_lines_end(&x->lines, item->item[i]);
    }
    return edit_lines_end(&x->lines, item->item[0]);
}

/* A list that has only grown, item by item in lines of their own: its new lines. */
static bool grow(struct edit *x, const struct yaml *value, const struct kb_texts *was,
                 const struct kb_texts *want)
{
    if (!was || value->kind != YAML_LIST || edit_lines_is_flow(&x->lines, value) ||
        was->n >= want->n || value->n != was->n || !was->n)
        return false;
    for (size_t i = 0; i < was->n; i++)
        if (strcmp(was->s[i], want->s[i]))
            return false;
    const struct yaml *last = value->item[value->n - 1];
    if (!edit_lines_is_block(&x->lines, last))
        return false;
    struct text t;
    text_begin(&t);
    for (size_t i = was->n; i < want->n; i++) {
        fprintf(t.out, "%*s- ", (int)edit_lines_dash(&x->lines, last), "");
        entries_write_text(t.out, want->s[i]);
        fputc('\n', t.out);
    }
    size_t at = edit_lines_end(&x->lines, last);
    edit_lines_replace(&x->lines, at, at, text_end(&t, x->pool));
    return true;
}

static int change_key(struct edit *x, const struct yaml *item, const struct kb_curated *was,
                      size_t key)
{
    size_t i = key_at(item, entries_key(key)), column = edit_lines_column(&x->lines, item);
    struct text t;
    if (i < item->n &&
        grow(x, item->item[i], entries_key_list(was, key), entries_key_list(x->want, key)))
        return KB_OK;
    text_begin(&t);
    bool says = entries_write_key(t.out, x->want, key, (int)column, i == 0);
    const char *text = text_end(&t, x->pool);
    if (i == item->n) {
        size_t at = place_for(x, item, key);
        edit_lines_replace(&x->lines, at, at, text);
        return KB_OK;
    }
    if (!says && i == 0)
        return refuse(x, item->line,
                      "begins an entry with what is to be taken out; move that "
                      "line further down");
    edit_lines_replace(
        &x->lines, edit_lines_begin(&x->lines, item, i), edit_lines_end(&x->lines, item->item[i]),
        pool_printf(x->pool, "%s%s", text,
                    edit_lines_comments(&x->lines, item->key[i], item->item[i], column)));
    return KB_OK;
}

static int change(struct edit *x, size_t at)
{
    const struct yaml *item = x->list->item[at];
    const struct kb_curated *was = &x->was.entry[at];
    int rc = KB_OK;
    if (!edit_lines_is_block(&x->lines, item))
        return refuse(x, item->line, "has this entry in a form that can only be edited by hand");
    for (size_t key = 0; key < ENTRY_KEYS && !rc; key++)
        if (!entries_key_same(was, x->want, key))
            rc = change_key(x, item, was, key);
    return rc;
}

/* ---- is it what was wanted? ---- */

static int prove(struct edit *x, struct kb_bytes now, size_t at)
{
    struct kb_entries is = {.pool = x->pool};
    int rc = entries_parse(x->file, KB_FORM_FAQ, now.s, now.len, &is, x->report);
    bool sound = !rc && is.n == (at < x->was.n ? x->was.n : x->was.n + 1);
    for (size_t i = 0; sound && i < is.n; i++)
        sound = kb_curated_same(&is.entry[i], i == at ? x->want : &x->was.entry[i]);
    return sound ? KB_OK : refuse(x, 0, "has a form that can only be edited by hand");
}

int kb_edit_entry(struct pool *pool, const char *file, struct kb_bytes old, const char *id,
                  const struct kb_curated *e, struct kb_bytes *ret, struct kb_curated *ret_entry,
                  struct kb_report *report)
{
    struct edit x = {.pool = pool, .file = file, .report = report, .was = {.pool = pool}};
    int rc = canonical(&x, e);
    if (!rc)
        rc = read_old(&x, old);
    if (rc)
        return rc;
    size_t at = id ? find(&x.was, id) : x.was.n;
    if (id && at == x.was.n)
        return refuse(&x, 0, "has no entry of that name any more");
    rc = id ? change(&x, at) : append(&x);
    if (rc)
        return rc;
    struct kb_bytes now = edit_lines_apply(&x.lines);
    rc = prove(&x, now, at);
    if (rc)
        return rc;
    *ret = now;
    if (ret_entry)
        *ret_entry = *x.want;
    return KB_OK;
}
