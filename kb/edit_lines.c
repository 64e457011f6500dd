/* edit_lines.c: where in a file the items of a list stand, and how some lines of it are replaced without touching others.
 *
 * libyaml says where a node begins and ends, but a block ends where the next thing begins, behind comments and blank lines that
 * are nobody's; so the end of a block is that of the last scalar in it. */
#include "kb/edit_lines.h"

#include <string.h>

#include "kb/pool.h"

#define BLANKS " \t\r\n"

static size_t line_start(const struct lines *l, size_t at)
{
    while (at && l->s[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct lines *l, size_t at)
{
    const char *nl = memchr(l->s + at, '\n', l->len - at);
    return nl ? (size_t)(nl - l->s) + 1 : l->len;
}

bool edit_lines_is_flow(const struct lines *l, const struct yaml *node)
{
    return node->kind != YAML_SCALAR && node->start < l->len && strchr("[{", l->s[node->start]);
}

size_t edit_lines_last(const struct lines *l, const struct yaml *node)
{
    if (node->kind != YAML_SCALAR && !edit_lines_is_flow(l, node) && node->n)
        return edit_lines_last(l, node->item[node->n - 1]);
    size_t end = node->end < l->len ? node->end : l->len;
    while (end > node->start && strchr(BLANKS, l->s[end - 1]))
        end--;
    return end;
}

size_t edit_lines_end(const struct lines *l, const struct yaml *node)
{
    size_t end = edit_lines_last(l, node);
    return end && l->s[end - 1] == '\n' ? end : line_end(l, end);
}

size_t edit_lines_column(const struct lines *l, const struct yaml *item)
{
    return item->start - line_start(l, item->start);
}

size_t edit_lines_dash(const struct lines *l, const struct yaml *item)
{
    size_t start = line_start(l, item->start);
    return strspn(l->s + start, " ");
}

bool edit_lines_is_block(const struct lines *l, const struct yaml *item)
{
    if (edit_lines_is_flow(l, item) || item->start >= l->len)
        return false;
    size_t at = line_start(l, item->start) + edit_lines_dash(l, item);
    if (l->s[at] != '-')
        return false;
    return at + 1 + strspn(l->s + at + 1, " ") == item->start;
}

size_t edit_lines_begin(const struct lines *l, const struct yaml *item, size_t key)
{
    return key ? line_start(l, item->key[key]->start) : item->key[0]->start;
}

/* ---- comments ---- */

struct scan {
    const struct lines *l;
    size_t at, column;
    const char *found;
};

/* Those in [at, to), which holds no scalar. */
static void scan_gap(struct scan *c, size_t to)
{
    const char *s = c->l->s;
    for (; c->at < to; c->at++) {
        if (s[c->at] != '#' || (c->at && !strchr(BLANKS, s[c->at - 1])))
            continue;
        size_t n = strcspn(s + c->at, "\r\n");
        c->found =
            pool_printf(c->l->pool, "%s%*s%.*s\n", c->found, (int)c->column, "", (int)n, s + c->at);
        c->at += n;
    }
}

static void scan_node(struct scan *c, const struct yaml *n)
{
    scan_gap(c, n->start);
    if (n->kind == YAML_SCALAR) {
        bool block = n->start < c->l->len && strchr("|>", c->l->s[n->start]) && n->quoted;
        if (block) /* "a: | # why" */
            scan_gap(c, n->start + strcspn(c->l->s + n->start, "\n"));
        size_t end = edit_lines_last(c->l, n);
        c->at = end > c->at ? end : c->at;
        return;
    }
    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == YAML_MAP)
            scan_node(c, n->key[i]);
        scan_node(c, n->item[i]);
    }
}

const char *edit_lines_comments(const struct lines *l, const struct yaml *key,
                                const struct yaml *value, size_t column)
{
    struct scan c = {.l = l, .at = key->start, .column = column, .found = ""};
    scan_node(&c, key);
    scan_node(&c, value);
    scan_gap(&c, edit_lines_end(l, value));
    return c.found;
}

/* ---- replacing ---- */

void edit_lines_replace(struct lines *l, size_t from, size_t to, const char *text)
{
    *POOL_PUSH(l->pool, l->change, l->n, l->cap) = (struct lines_change){from, to, text};
}

/* At one place what is put in comes before what is replaced. */
static bool is_before(const struct lines_change *a, const struct lines_change *b)
{
    return a->from < b->from || (a->from == b->from && a->to == a->from && b->to > b->from);
}

static struct lines_change *next_change(struct lines *l, size_t done)
{
    struct lines_change *first = &l->change[done];
    for (size_t i = done + 1; i < l->n; i++)
        if (is_before(&l->change[i], first))
            first = &l->change[i];
    struct lines_change c = *first; /* to the front, the others keep their order */
    memmove(&l->change[done + 1], &l->change[done],
            (size_t)(first - &l->change[done]) * sizeof *first);
    l->change[done] = c;
    return &l->change[done];
}

static char *put(char *to, const char *s, bool crlf)
{
    for (; *s; s++) {
        if (*s == '\n' && crlf)
            *to++ = '\r';
        *to++ = *s;
    }
    return to;
}

struct kb_bytes edit_lines_apply(struct lines *l)
{
    const char *nl = memchr(l->s, '\n', l->len);
    bool crlf = nl && nl > l->s && nl[-1] == '\r';
    size_t room = l->len + 1;
    for (size_t i = 0; i < l->n; i++)
        room += 2 * strlen(l->change[i].text) + 2;
    char *out = pool_alloc(l->pool, room), *to = out;
    size_t at = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct lines_change *c = next_change(l, i);
        to = mempcpy(to, l->s + at, c->from - at);
        if (to > out && to[-1] != '\n' && c->from == l->len) /* the last line had no end */
            to = put(to, "\n", crlf);
        to = put(to, c->text, crlf);
        at = c->to;
    }
    to = mempcpy(to, l->s + at, l->len - at);
    *to = '\0';
    return (struct kb_bytes){out, (size_t)(to - out)};
}
