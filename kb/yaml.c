/* yaml.c: libyaml's events become a tree that knows its lines, and its complaints become advice.
 *
 * The people who edit these files are not programmers. So everything in YAML that surprises them is
 * refused with a place and a remedy (aliases, tags, merge keys, a key given twice), and a parser's
 * message such as "did not find expected key" is said again in the editor's words. What a scalar
 * means is not decided here: "no" stays the text "no". */
#include "kb/yaml.h"

#include "kb/pool.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
    struct pool *pool;
    const char *s;
    size_t len;
    size_t first_line;
    yaml_parser_t parser;
    struct yaml_error error;
    size_t bom;          /* bytes of a byte-order mark before s */
    size_t chars, bytes; /* one place in the input, as libyaml counts and as we do */
};

/* ---- places --------------------------------------------------------------------------------------- */

static bool is_continuation(const struct builder *b, size_t at)
{
    return at < b->len && ((unsigned char)b->s[at] & 0xC0) == 0x80;
}

/* The byte offset of libyaml's character index. Marks come nearly in order, so a walking cursor does. */
static size_t offset_of(struct builder *b, size_t index)
{
    while (b->chars < index && b->bytes < b->len) {
        b->bytes++;
        while (is_continuation(b, b->bytes))
            b->bytes++;
        b->chars++;
    }
    while (b->chars > index && b->bytes > 0) {
        b->bytes--;
        while (b->bytes > 0 && is_continuation(b, b->bytes))
            b->bytes--;
        b->chars--;
    }
    return b->bytes + b->bom;
}

static void fail_at(struct builder *b, size_t line, size_t column, const char *message)
{
    if (b->error.message) /* the first one is the cause */
        return;
    b->error = (struct yaml_error){.line = line, .column = column, .message = message};
}

static void fail(struct builder *b, yaml_mark_t mark, const char *message)
{
    fail_at(b, mark.line + b->first_line, mark.column + 1, message);
}

/* ---- libyaml's complaints in plain words ----------------------------------------------------------- */

static const struct {
    const char *problem, *advice;
} advice[] = {
    {"mapping values are not allowed",
     "a ':' where none can be; put text that contains ': ' in quotes, and check the indentation"},
    {"did not find expected key",
     "this line does not fit the lines above it; check its indentation, and quotes inside quotes"},
    {"did not find expected '-' indicator",
     "a list item was expected here; begin it with '- ' in line with the items above"},
    {"did not find expected ',' or ']'", "this list in brackets is not closed with ']'"},
    {"did not find expected ',' or '}'", "this map in braces is not closed with '}'"},
    {"did not find expected <document start>",
     "this line does not belong to what stands above it; check its indentation"},
    {"did not find expected node content",
     "something is missing here, or stands in the wrong place"},
    {"could not find expected ':'", "a key without its ':', or a line that lost its indentation"},
    {"found character that cannot start any token",
     "text cannot begin with this character (a tab, '@', '`' or '%'); put it in quotes, and indent "
     "with spaces"},
    {"found a tab character", "a tab in the indentation; use spaces"},
    {"found unexpected end of stream", "a quote is opened here and never closed"},
    {"found unexpected document indicator", "a quote is opened here and never closed"},
    {"block sequence entries are not allowed",
     "a list cannot begin here; put it on a line of its own, with its indentation"},
    {"block mapping entries are not allowed", "a key cannot stand here; check its indentation"},
    {"mapping keys are not allowed", "a key cannot stand here; check its indentation"},
    {"found unknown escape character",
     "an unknown escape after '\\'; use single quotes, or write '\\\\'"},
    {"did not find expected alphabetic or numeric character",
     "text that begins with '*' or '&' must be in quotes"},
    {"found an indentation indicator equal to 0", "an indentation of 0 after '|' or '>'"},
    {"found invalid Unicode character escape code", "an escape that is no character"},
    {"invalid leading UTF-8 octet", "not UTF-8 text; save the file as UTF-8"},
    {"invalid trailing UTF-8 octet", "not UTF-8 text; save the file as UTF-8"},
    {"incomplete UTF-8 octet sequence", "not UTF-8 text; save the file as UTF-8"},
    {"control characters are not allowed", "a control character; delete it"},
    {"did not find expected comment or line break",
     "'|' and '>' must be the last character of their line"},
    {"exceeded maximum depth", "lists and maps are nested too deeply"},
};

static void fail_parser(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *problem = p->problem ? p->problem : "not readable as YAML";
    const char *message = NULL;
    for (size_t i = 0; i < sizeof advice / sizeof *advice && !message; i++)
        if (strncmp(problem, advice[i].problem, strlen(advice[i].problem)) == 0)
            message = advice[i].advice;
    if (!message)
        message = pool_printf(b->pool, "not readable as YAML: %s", problem);

    if (p->error == YAML_MEMORY_ERROR) {
        fail_at(b, b->first_line, 1, "out of memory");
    } else if (p->error == YAML_READER_ERROR) { /* has an offset, and no mark */
        size_t line = b->first_line, column = 1;
        for (size_t i = 0; i < p->problem_offset && i < b->len; i++) {
            column = b->s[i] == '\n' ? 1 : column + !is_continuation(b, i);
            line += b->s[i] == '\n';
        }
        fail_at(b, line, column, message);
    } else if (p->context && (strstr(message, "never closed") || strstr(message, "not closed"))) {
        fail(b, p->context_mark, message); /* where it was opened */
    } else {
        fail(b, p->problem_mark, message);
    }
}

/* ---- the tree ---------------------------------------------------------------------------------------- */

static struct yaml *node(struct builder *b, const yaml_event_t *event, size_t depth);

static struct yaml *new_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *event)
{
    struct yaml *n = pool_alloc(b->pool, sizeof *n);
    n->kind = kind;
    n->line = event->start_mark.line + b->first_line;
    n->column = event->start_mark.column + 1;
    n->start = offset_of(b, event->start_mark.index);
    n->end = offset_of(b, event->end_mark.index);
    n->text = "";
    return n;
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event))
        return true;
    fail_parser(b);
    return false;
}

static struct yaml *scalar(struct builder *b, const yaml_event_t *event)
{
    struct yaml *n = new_node(b, YAML_SCALAR, event);
    n->len = event->data.scalar.length;
    n->text = pool_strndup(b->pool, (const char *)event->data.scalar.value, n->len);
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(n->text, 0, n->len)) {
        fail(b, event->start_mark, "a NUL character (\\0) cannot be part of a text");
        return NULL;
    }
    return n;
}

static struct yaml *list(struct builder *b, const yaml_event_t *start, size_t depth)
{
    struct yaml *n = new_node(b, YAML_LIST, start);
    size_t cap = 0;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            n->end = offset_of(b, event.end_mark.index);
            yaml_event_delete(&event);
            return n;
        }
        struct yaml *item = node(b, &event, depth + 1);
        yaml_event_delete(&event);
        if (!item)
            return NULL;
        *POOL_PUSH(b->pool, n->item, n->n, cap) = item;
    }
}

static int by_key(const void *x, const void *y)
{
    const struct yaml *a = *(const struct yaml *const *)x, *b = *(const struct yaml *const *)y;
    int order = strcmp(a->text, b->text);
    return order ? order : (a->start > b->start) - (a->start < b->start);
}

/* Sorted, so that a map of a million keys is no quadratic trap. */
static bool keys_are_unique(struct builder *b, const struct yaml *map)
{
    if (map->n < 2)
        return true;
    const struct yaml **sorted = pool_array(b->pool, map->n, sizeof(struct yaml *));
    memcpy(sorted, map->key, map->n * sizeof(struct yaml *));
    qsort(sorted, map->n, sizeof *sorted, by_key);
    const struct yaml *first = NULL, *again = NULL;
    for (size_t i = 1; i < map->n; i++)
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0 &&
            (!again || sorted[i]->start < again->start)) {
            first = sorted[i - 1];
            again = sorted[i];
        }
    if (again)
        fail_at(b, again->line, again->column,
                pool_printf(b->pool, "'%.60s' is given twice, first in line %zu; delete one",
                            again->text, first->line));
    return !again;
}

static struct yaml *map_key(struct builder *b, const yaml_event_t *event)
{
    if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) {
        fail(b, event->start_mark, "a list or map cannot be a key; put the text in quotes");
        return NULL;
    }
    struct yaml *key = node(b, event, 0);
    if (key && !key->quoted && strcmp(key->text, "<<") == 0) {
        fail(b, event->start_mark, "merge keys ('<<') are not supported; write the keys out");
        return NULL;
    }
    return key;
}

static struct yaml *map(struct builder *b, const yaml_event_t *start, size_t depth)
{
    struct yaml *n = new_node(b, YAML_MAP, start);
    size_t keys = 0, capkey = 0, cap = 0;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        if (event.type == YAML_MAPPING_END_EVENT) {
            n->end = offset_of(b, event.end_mark.index);
            yaml_event_delete(&event);
            return keys_are_unique(b, n) ? n : NULL;
        }
        const struct yaml *key = map_key(b, &event);
        yaml_event_delete(&event);
        if (!key || !next_event(b, &event))
            return NULL;
        struct yaml *value = node(b, &event, depth + 1);
        yaml_event_delete(&event);
        if (!value)
            return NULL;
        *POOL_PUSH(b->pool, n->key, keys, capkey) = key;
        *POOL_PUSH(b->pool, n->item, n->n, cap) = value;
    }
}

static bool has_property(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
    if (anchor)
        fail(b, event->start_mark,
             "anchors ('&name') are not supported; put text that begins with '&' in quotes");
    else if (tag)
        fail(b, event->start_mark,
             "tags ('!name') are not supported; put text that begins with '!' in quotes");
    return anchor || tag;
}

/* The node that begins with `event`; NULL after fail(). */
static struct yaml *node(struct builder *b, const yaml_event_t *event, size_t depth)
{
    if (depth >= YAML_MAX_DEPTH) {
        fail(b, event->start_mark, "lists and maps are nested too deeply");
        return NULL;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (has_property(b, event, event->data.scalar.anchor, event->data.scalar.tag))
            return NULL;
        return scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        if (has_property(b, event, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag))
            return NULL;
        return list(b, event, depth);
    case YAML_MAPPING_START_EVENT:
        if (has_property(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag))
            return NULL;
        return map(b, event, depth);
    case YAML_ALIAS_EVENT:
        fail(b, event->start_mark,
             "aliases ('*name') are not supported; put text that begins with '*' in quotes");
        return NULL;
    default: fail(b, event->start_mark, "not readable as YAML"); return NULL;
    }
}

/* The one document of the stream. */
static struct yaml *root(struct builder *b)
{
    struct yaml *tree = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(b, &event))
            return NULL;
        yaml_event_type_t type = event.type;
        if (type == YAML_STREAM_END_EVENT && !tree)
            tree = new_node(b, YAML_MAP, &event);
        else if (type == YAML_DOCUMENT_START_EVENT && tree)
            fail(b, event.start_mark, "a second document begins here; one file holds one");
        else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
                 type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT)
            tree = node(b, &event, 0);
        yaml_event_delete(&event);
        if (b->error.message)
            return NULL;
        if (type == YAML_STREAM_END_EVENT)
            return tree;
    }
}

struct yaml *yaml_parse(struct pool *pool, const char *s, size_t len, size_t first_line,
                        struct yaml_error *ret_error)
{
    size_t bom = len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    struct builder b = {.pool = pool,
                        .bom = bom,
                        .s = s + bom,
                        .len = len - bom,
                        .first_line = first_line ? first_line : 1};
    struct yaml *tree = NULL;
    if (yaml_parser_initialize(&b.parser)) {
        yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b.parser, (const unsigned char *)b.s, b.len);
        tree = root(&b);
        yaml_parser_delete(&b.parser);
    } else {
        fail_at(&b, b.first_line, 1, "out of memory");
    }
    if (!tree && ret_error)
        *ret_error = b.error;
    return tree;
}

struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) == 0)
            return map->item[i];
    return NULL;
}

/* ---- did you mean ---------------------------------------------------------------------------------------- */

#define MAX_NAME 40

/* Edits between two short words, a swap of neighbours being one. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
    size_t row[3][MAX_NAME + 1];
    for (size_t j = 0; j <= lb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *before = row[(i + 1) % 3], *last = row[(i - 1) % 3], *now = row[i % 3];
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[la % 3][lb];
}

const char *yaml_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    size_t len = strlen(word), least = 3;
    if (len > MAX_NAME)
        return NULL;
    for (; *names; names++) {
        size_t n = strlen(*names), longer = n > len ? n : len;
        if (n > MAX_NAME)
            continue;
        size_t d = distance(word, len, *names, n);
        if (d < least && d * 3 <= longer) {
            least = d;
            nearest = *names;
        }
    }
    return nearest;
}
