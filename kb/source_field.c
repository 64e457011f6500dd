/* source_field.c: what an owner says about a document or an entry, and whether it can be true.
 *
 * Front matter, FAQ entries, tables and JSON records all carry the same few facts: title, url, lang,
 * audience, owner, status and four dates. Here is the one place that says which values they take.
 * A date that does not exist or a misspelt key is an error, not a shrug: text that was meant to expire
 * would be served for ever. */
#include "kb/kb_int.h"

#include <string.h>
#include <strings.h>

static const char *const keys[] = {"title",  "url",      "lang",       "audience",    "owner",
                                   "status", "reviewed", "valid_from", "valid_until", NULL};

const char **source_document_field(struct document *doc, const char *key)
{
    const char **field[] = {&doc->title,    &doc->url,        &doc->lang,
                            &doc->audience, &doc->owner,      &doc->status,
                            &doc->reviewed, &doc->valid_from, &doc->valid_until};
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return field[i];
    return NULL;
}

/* ---- values ------------------------------------------------------------------------------------------ */

static int digits(const char *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

bool source_date_ok(const char *s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
        return false;
    int year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

/* http:// or https://, then a host; no blanks, quotes or angle brackets, which would break out of links. */
static bool is_url(const char *s)
{
    size_t scheme = strncasecmp(s, "https://", 8) == 0  ? 8
                    : strncasecmp(s, "http://", 7) == 0 ? 7
                                                        : 0;
    if (!scheme || !s[scheme] || strchr("/?#:", s[scheme]))
        return false;
    return strpbrk(s, " \t\n\"<>\\^`{|}") == NULL;
}

static bool is_small_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* "en", "EN", "en-US" -> "en"; NULL when it is none. */
static const char *language(struct pool *pool, const char *s)
{
    char code[3] = "";
    for (size_t i = 0; i < 2 && s[i]; i++)
        code[i] = (char)(s[i] | 0x20);
    if (!is_small_letter(code[0]) || !is_small_letter(code[1]) ||
        (s[2] && s[2] != '-' && s[2] != '_'))
        return NULL;
    return pool_strdup(pool, code);
}

static bool is_date_key(const char *key)
{
    return strcmp(key, "reviewed") == 0 || strcmp(key, "valid_from") == 0 ||
           strcmp(key, "valid_until") == 0;
}

/* Valid text without blanks around it. */
static char *clean(struct pool *pool, const char *s, size_t len)
{
    char *text = text_repair(pool, s, len, &len, NULL);
    while (len > 0 && strchr(" \t\n", text[len - 1]))
        text[--len] = '\0';
    return text + strspn(text, " \t\n");
}

int source_field(const struct source *src, const char *key, const char *value, size_t len,
                 size_t line, size_t column, const char **ret_value)
{
    const char *v = clean(src->pool, value, len);
    const char *wrong = NULL;
    if (!*v) {
        *ret_value = "";
        return KB_OK;
    }
    if (is_date_key(key)) {
        if (!source_date_ok(v))
            wrong = "is no date that exists; write it as YYYY-MM-DD";
    } else if (strcmp(key, "url") == 0) {
        if (!is_url(v))
            wrong = "is no web address; it must begin with https:// or http:// and have no blanks";
    } else if (strcmp(key, "lang") == 0) {
        const char *code = language(src->pool, v);
        if (!code)
            wrong = "is no language; write its two letters, such as en or de";
        else
            v = code;
    } else if (strcmp(key, "status") == 0) {
        if (strcmp(v, "published") != 0 && strcmp(v, "draft") != 0)
            wrong = "is not known; it is 'published' or 'draft'";
    }
    if (wrong) {
        report_add(src->report, true, src->file, line, column, "%s: '%.80s' %s", key, v, wrong);
        return KB_ERR_INPUT;
    }
    *ret_value = v;
    return KB_OK;
}

/* ---- front matter -------------------------------------------------------------------------------------- */

/* True when the line at `at` is `mark` and blanks; *ret_next is the start of the next one. */
static bool is_rule(const char *s, size_t len, size_t at, const char *mark, size_t *ret_next)
{
    const char *nl = memchr(s + at, '\n', len - at);
    size_t end = nl ? (size_t)(nl - s) : len;
    *ret_next = nl ? end + 1 : len;
    while (end > at && (s[end - 1] == ' ' || s[end - 1] == '\t'))
        end--;
    return end - at == 3 && memcmp(s + at, mark, 3) == 0;
}

/* Where the line that closes the front matter begins, and where the body does; false without one. */
static bool find_end(const struct source *src, size_t from, size_t *ret_end, size_t *ret_body)
{
    for (size_t at = from, next; at < src->len; at = next)
        if (is_rule(src->s, src->len, at, "---", &next) ||
            is_rule(src->s, src->len, at, "...", &next)) {
            *ret_end = at;
            *ret_body = next;
            return true;
        }
    return false;
}

/* A near miss is a mistake that would be missed; any other key belongs to some other program, whose
 * front matter we may well be reading. */
static int unknown_key(const struct source *src, const struct yaml *key)
{
    const char *near = yaml_nearest(key->text, keys);
    if (near)
        report_add(src->report, true, src->file, key->line, key->column,
                   "'%.60s' is not known; did you mean '%s'", key->text, near);
    else
        report_add(src->report, false, src->file, key->line, key->column,
                   "'%.60s' is not known here and is left out", key->text);
    return near ? KB_ERR_INPUT : KB_OK;
}

static int fields(const struct source *src, struct document *doc, const struct yaml *map)
{
    int rc = KB_OK;
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml *key = map->key[i], *value = map->item[i];
        const char **field = source_document_field(doc, key->text);
        int bad = KB_OK;
        if (!field) {
            bad = unknown_key(src, key);
        } else if (value->kind != YAML_SCALAR) {
            report_add(src->report, true, src->file, value->line, value->column,
                       "%s must be a text, not a list or map", key->text);
            bad = KB_ERR_INPUT;
        } else {
            bad = source_field(src, key->text, value->text, value->len, value->line, value->column,
                               field);
        }
        rc = bad ? bad : rc;
    }
    return rc;
}

int source_dates_check(const struct source *src, const char *from, const char *until, size_t line,
                       size_t column)
{
    if (!*from || !*until || strcmp(from, until) <= 0)
        return KB_OK;
    report_add(src->report, true, src->file, line, column,
               "valid_until %s is before valid_from %s: it would never be served", until, from);
    return KB_ERR_INPUT;
}

int source_front_matter(const struct source *src, struct document *doc, size_t *ret_body)
{
    size_t from, end, body;
    if (!src->len || !is_rule(src->s, src->len, 0, "---", &from)) {
        *ret_body = 0;
        return KB_OK;
    }
    if (!find_end(src, from, &end, &body)) {
        report_add(src->report, true, src->file, 1, 1,
                   "the front matter that begins here has no closing '---' line");
        return KB_ERR_INPUT;
    }
    struct yaml_error error;
    const struct yaml *map = yaml_parse(src->pool, src->s + from, end - from, 2, &error);
    if (!map) {
        report_add(src->report, true, src->file, error.line, error.column, "%s", error.message);
        return KB_ERR_INPUT;
    }
    if (map->kind != YAML_MAP) {
        report_add(src->report, true, src->file, map->line, map->column,
                   "front matter is made of lines such as 'title: ...'; put an empty line before "
                   "a '---' that is only a rule");
        return KB_ERR_INPUT;
    }
    int rc = fields(src, doc, map);
    int dates = source_dates_check(src, doc->valid_from, doc->valid_until, 1, 1);
    if (rc || dates)
        return KB_ERR_INPUT;
    *ret_body = body;
    return KB_OK;
}
