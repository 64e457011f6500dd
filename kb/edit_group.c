/* edit_group.c: groups of synonyms as a list that can be shown, and one of them changed in its file. What such a file may say is
 * synonym.c's to decide: whoever changes one has the outcome tried by kb_index() before it is written. */
#include "kb/edit.h"

#include <stdlib.h>
#include <string.h>

#include "kb/edit_lines.h"
#include "kb/entries_int.h"
#include "kb/kb_int.h"

static int parse(struct pool *pool, const char *file, struct kb_bytes bytes,
                 const struct yaml **ret, struct kb_report *report)
{
    struct yaml_error error = {0};
    const struct yaml *root =
        yaml_parse(pool, bytes.s ? bytes.s : "", bytes.s ? bytes.len : 0, 1, &error);
    if (!root)
        report_add(report, true, file, error.line, error.column, "%s", error.message);
    else if (root->kind != YAML_LIST && root->n)
        report_add(report, true, file, root->line, 0, "is no list of groups");
    else
        *ret = root;
    return *ret ? KB_OK : KB_ERR_INPUT;
}

static void read_texts(struct kb_groups *to, const struct yaml *list, struct kb_texts *ret)
{
    for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n; i++)
        if (list->item[i]->kind == YAML_SCALAR)
            *POOL_PUSH(to->pool, ret->s, ret->n, ret->cap) =
                pool_strdup(to->pool, list->item[i]->text);
}

int kb_groups_read(const char *file, struct kb_bytes bytes, struct kb_groups *to,
                   struct kb_report *report)
{
    const struct yaml *root = NULL;
    int rc = parse(to->pool, file, bytes, &root, report);
    for (size_t i = 0; !rc && root->kind == YAML_LIST && i < root->n; i++) {
        const struct yaml *item = root->item[i], *weight = yaml_get(item, "weight");
        struct kb_group *g = POOL_PUSH(to->pool, to->group, to->n, to->cap);
        *g = (struct kb_group){
            .line = item->line,
            .weight = weight && weight->kind == YAML_SCALAR ? strtod(weight->text, NULL) : 0};
        read_texts(to, yaml_get(item, "words"), &g->words);
        read_texts(to, yaml_get(item, "from"), &g->from);
        read_texts(to, yaml_get(item, "to"), &g->to);
    }
    return rc;
}

static void write_texts(FILE *out, const char *key, const struct kb_texts *list)
{
    fprintf(out, "%s: [", key);
    for (size_t i = 0; i < list->n; i++) {
        fputs(i ? ", " : "", out);
        entries_write_text(out, list->s[i]);
    }
    fputs("]\n", out);
}

/* Without its dash. */
static const char *written(struct pool *pool, const struct kb_group *g, int column)
{
    char *s = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&s, &len);
    if (!out)
        abort();
    if (g->words.n) {
        write_texts(out, "words", &g->words);
    } else {
        write_texts(out, "from", &g->from);
        fprintf(out, "%*s", column, "");
        write_texts(out, "to", &g->to);
    }
    if (g->weight > 0)
        fprintf(out, "%*sweight: %g\n", column, "", g->weight);
    fclose(out);
    const char *text = pool_strndup(pool, s, len);
    free(s);
    return text;
}

static const char *comments_of(const struct lines *l, const struct yaml *item, size_t column)
{
    const char *all = "";
    for (size_t i = 0; i < item->n; i++)
        all = pool_printf(l->pool, "%s%s", all,
                          edit_lines_comments(l, item->key[i], item->item[i], column));
    return all;
}

static const struct yaml *item_at(const struct yaml *root, size_t line)
{
    for (size_t i = 0; root->kind == YAML_LIST && i < root->n; i++)
        if (root->item[i]->line == line)
            return root->item[i];
    return NULL;
}

static int change(struct lines *l, const char *file, const struct yaml *root, size_t line,
                  const struct kb_group *g, struct kb_report *report)
{
    const struct yaml *item = item_at(root, line);
    if (!item || item->kind != YAML_MAP || !item->n || !edit_lines_is_block(l, item)) {
        report_add(report, true, file, line, 0,
                   item ? "is a group in a form that can only be edited by hand"
                        : "has no group in that line any more");
        return KB_ERR_INPUT;
    }
    size_t column = edit_lines_column(l, item), end = edit_lines_end(l, item);
    size_t begin = g ? item->start : item->start - column;
    const char *comments = comments_of(l, item, g ? column : edit_lines_dash(l, item));
    edit_lines_replace(
        l, begin, end,
        pool_printf(l->pool, "%s%s", g ? written(l->pool, g, (int)column) : "", comments));
    return KB_OK;
}

static int append(struct lines *l, const char *file, const struct yaml *root,
                  const struct kb_group *g, struct kb_report *report)
{
    const struct yaml *last = root->kind == YAML_LIST && root->n ? root->item[root->n - 1] : NULL;
    if (last && !edit_lines_is_block(l, last)) {
        report_add(report, true, file, last->line, 0,
                   "has its groups in brackets; write them as a list with '- ' before each");
        return KB_ERR_INPUT;
    }
    size_t at = last ? edit_lines_end(l, last) : l->len, dash = last ? edit_lines_dash(l, last) : 0;
    edit_lines_replace(
        l, at, at,
        pool_printf(l->pool, "%*s- %s", (int)dash, "", written(l->pool, g, (int)dash + 2)));
    return KB_OK;
}

static bool same_texts(const struct kb_texts *a, const struct kb_texts *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = !strcmp(a->s[i], b->s[i]);
    return same;
}

static bool same(const struct kb_group *a, const struct kb_group *b)
{
    double d = a->weight - b->weight;
    return same_texts(&a->words, &b->words) && same_texts(&a->from, &b->from) &&
           same_texts(&a->to, &b->to) && d < 1e-6 && d > -1e-6;
}

/* The others are what they were, in their order, and this one is what was wanted. */
static bool proven(const struct kb_groups *was, const struct kb_groups *is, size_t line,
                   const struct kb_group *g)
{
    size_t k = 0;
    for (size_t i = 0; i < was->n; i++) {
        bool this = line && was->group[i].line == line;
        if (this && !g)
            continue;
        if (k == is->n || !same(&is->group[k++], this ? g : &was->group[i]))
            return false;
    }
    if (!line && (k == is->n || !same(&is->group[k++], g)))
        return false;
    return k == is->n;
}

int kb_edit_group(struct pool *pool, const char *file, struct kb_bytes old, size_t line,
                  const struct kb_group *g, struct kb_bytes *ret, struct kb_report *report)
{
    struct lines l = {.pool = pool, .s = old.s ? old.s : "", .len = old.s ? old.len : 0};
    struct kb_groups was = {.pool = pool}, is = {.pool = pool};
    const struct yaml *root = NULL;
    int rc = parse(pool, file, old, &root, report);
    if (!rc)
        rc = kb_groups_read(file, old, &was, report);
    if (!rc)
        rc = line ? change(&l, file, root, line, g, report) : append(&l, file, root, g, report);
    if (rc)
        return rc;
    struct kb_bytes now = edit_lines_apply(&l);
    rc = kb_groups_read(file, now, &is, report);
    if (!rc && !proven(&was, &is, line, g)) {
        report_add(report, true, file, line, 0, "has a form that can only be edited by hand");
        rc = KB_ERR_INPUT;
    }
    if (!rc)
        *ret = now;
    return rc;
}
