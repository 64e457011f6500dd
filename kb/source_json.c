/* source_json.c: JSON and JSON lines from other systems.
 *
 * A line, an object, or each object of an array is a record, see source_record.c. cJSON parses one
 * record at a time: this file finds where each begins and ends, which also gives records their lines,
 * bounds the depth, and keeps memory at one record. Members that we do not know are other programs'
 * business and are left out without a word, except near misses of the dates and the status: text that
 * was meant to expire, or not to be published, must not slip through. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

struct json {
    const struct source *src;
    struct records records;
    size_t at, line, column; /* a place that was counted up to: places are asked for in order */
};

static size_t skip_blanks(const struct source *src, size_t at)
{
    while (at < src->len && (src->s[at] == ' ' || src->s[at] == '\t' || src->s[at] == '\n'))
        at++;
    return at;
}

/* Line and column of byte `at`, counted on from the last place. */
static void place(struct json *j, size_t at)
{
    for (; j->at < at && j->at < j->src->len; j->at++) {
        unsigned char c = (unsigned char)j->src->s[j->at];
        if (c == '\n') {
            j->line++;
            j->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            j->column++;
        }
    }
}

static int mistake(struct json *j, size_t at, const char *message)
{
    place(j, at);
    report_add(j->src->report, true, j->src->file, j->line, j->column, "%s", message);
    j->records.failed = true;
    return KB_ERR_INPUT;
}

/* ---- where a record ends ----------------------------------------------------------------------------- */

/* Behind the string that begins at `at`; 0 after a mistake. */
static size_t string_end(struct json *j, size_t at)
{
    const char *s = j->src->s;
    size_t len = j->src->len;
    for (size_t i = at + 1; i < len; i++) {
        if (s[i] == '"')
            return i + 1;
        if (s[i] == '\\' && len - i > 5 && memcmp(s + i + 1, "u0000", 5) == 0) {
            mistake(j, i, "a NUL character (\\u0000) cannot be part of a text; delete it");
            return 0;
        }
        i += s[i] == '\\';
    }
    mistake(j, at, "a quote is opened here and never closed");
    return 0;
}

/* Behind the object that begins at `at`, by its brackets alone; 0 after a mistake. The bound on depth
 * is kept here because cJSON's own is a thousand stack frames. */
static size_t object_end(struct json *j, size_t at)
{
    size_t depth = 0, i = at;
    while (i < j->src->len) {
        char c = j->src->s[i];
        if (c == '"') {
            i = string_end(j, i);
            if (!i)
                return 0;
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > KB_MAX_DEPTH) {
            mistake(j, i, "nested too deeply");
            return 0;
        }
        i++;
        if ((c == '}' || c == ']') && --depth == 0)
            return i;
    }
    mistake(j, at, "this object is not closed with '}'");
    return 0;
}

/* ---- members -------------------------------------------------------------------------------------------- */

/* Missing one of these by a letter has consequences that nobody would see. */
static bool matters(const char *key)
{
    return strncmp(key, "valid_", 6) == 0 || strcmp(key, "status") == 0 ||
           strcmp(key, "reviewed") == 0;
}

/* A value as text, or NULL: null, true, lists and objects have none. Numbers as they were written, if
 * they are whole; others have lost digits by now. */
static const char *value_text(struct pool *pool, const cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    double n = value->valuedouble;
    if (cJSON_IsNumber(value) && floor(n) == n && fabs(n) < 9007199254740992.0)
        return pool_printf(pool, "%.0f", n);
    return NULL;
}

static void add_member(struct json *j, struct pool *pool, struct record *r, const char *key,
                       const cJSON *value, size_t at)
{
    const char *text = value_text(pool, value);
    if (cJSON_IsNull(value))
        return;
    if (text)
        record_add(pool, r, (struct member){key, text, strlen(text), r->line, r->column});
    else
        mistake(j, at, pool_printf(pool, "'%s' must be a text in quotes", key));
}

static void read_members(struct json *j, struct pool *pool, struct record *r, const cJSON *object,
                         size_t at)
{
    const cJSON *member, *item;
    cJSON_ArrayForEach(member, object)
    {
        const char *near, *key = record_key(member->string, &near);
        if (!key && near && matters(near))
            mistake(
                j, at,
                pool_printf(pool, "'%.60s' is not known; did you mean '%s'", member->string, near));
        else if (key && cJSON_IsArray(member) && record_key_is_list(key))
            cJSON_ArrayForEach(item, member) add_member(j, pool, r, key, item, at);
        else if (key)
            add_member(j, pool, r, key, member, at);
    }
}

/* The record at [at, end). */
static int take_object(struct json *j, size_t at, size_t end)
{
    const char *stop = NULL;
    cJSON *object = cJSON_ParseWithLengthOpts(j->src->s + at, end - at, &stop, false);
    if (!object) {
        size_t bad = stop ? (size_t)(stop - j->src->s) : at;
        mistake(j, bad < at || bad > end ? at : bad,
                "not valid JSON here: a quote, comma or brace is "
                "missing, or there is one too many");
        return KB_OK; /* the next record may be fine */
    }
    place(j, at);
    struct pool *pool = pool_new();
    struct record r = {.line = j->line, .column = j->column};
    bool failed = j->records.failed;
    j->records.failed = false;
    read_members(j, pool, &r, object, at);
    int rc = j->records.failed ? KB_OK : records_take(&j->records, &r);
    j->records.failed |= failed;
    pool_free(pool);
    cJSON_Delete(object);
    return rc;
}

/* ---- files ------------------------------------------------------------------------------------------------- */

/* [ {...}, {...} ] from its '['. What cannot be skipped over ends the file. */
static int read_array(struct json *j, size_t at)
{
    size_t end;
    const char *s = j->src->s;
    at = skip_blanks(j->src, at + 1);
    if (at < j->src->len && s[at] == ']')
        return KB_OK;
    while (at < j->src->len) {
        if (s[at] != '{')
            return mistake(j, at,
                           "an object in braces was expected here, such as "
                           "{\"id\": ..., \"title\": ..., \"text\": ...}");
        end = object_end(j, at);
        if (!end)
            return KB_ERR_INPUT;
        int rc = take_object(j, at, end);
        if (rc)
            return rc;
        at = skip_blanks(j->src, end);
        if (at < j->src->len && s[at] == ']') {
            at = skip_blanks(j->src, at + 1);
            return at < j->src->len ? mistake(j, at, "text behind the end of the list") : KB_OK;
        }
        if (at < j->src->len && s[at] != ',')
            return mistake(j, at, "a ',' or the closing ']' was expected here");
        at = skip_blanks(j->src, at + 1);
    }
    return mistake(j, at, "the list is not closed with ']'");
}

/* One object and nothing behind it. */
static int read_object(struct json *j, size_t at)
{
    if (j->src->s[at] != '{')
        return mistake(j, at,
                       "an object in braces was expected here, such as "
                       "{\"id\": ..., \"title\": ..., \"text\": ...}");
    size_t end = object_end(j, at);
    if (!end)
        return KB_ERR_INPUT;
    size_t behind = skip_blanks(j->src, end);
    if (behind < j->src->len)
        return mistake(j, behind, "text behind the end of the object; one line or file holds one");
    return take_object(j, at, end);
}

int source_json(const struct source *src, document_fn *fn, void *ctx)
{
    struct json j = {
        .src = src, .records = {.src = src, .fn = fn, .ctx = ctx}, .line = 1, .column = 1};
    size_t at = skip_blanks(src, 0);
    if (at >= src->len)
        return KB_OK;
    int rc = src->s[at] == '[' ? read_array(&j, at) : read_object(&j, at);
    return rc ? rc : records_end(&j.records, NULL);
}

int source_json_line(const struct source *src, size_t line, document_fn *fn, void *ctx)
{
    struct json j = {
        .src = src, .records = {.src = src, .fn = fn, .ctx = ctx}, .line = line, .column = 1};
    size_t at = skip_blanks(src, 0);
    if (at >= src->len)
        return KB_OK;
    int rc = read_object(&j, at);
    const struct document *faq = j.records.faq;
    /* Each line is a document of its own, also when it is a question with its answer. */
    const char *id = !rc && faq && faq->nentry
                         ? pool_printf(src->pool, "%s/%s", src->id, faq->entry[0].id)
                         : NULL;
    return rc ? rc : records_end(&j.records, id);
}
