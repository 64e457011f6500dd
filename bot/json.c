/* json.c: JSON from strangers. cJSON builds the tree; what it is lenient about is refused before it
 * sees the text, by one pass over the grammar of RFC 8259: trailing bytes, invalid UTF-8, raw
 * control characters, lone surrogates, "\u0000" (which would cut a C string short), numbers such as
 * "01" or "1.", nesting. Duplicate keys are refused behind it, because two readers of one message
 * must never disagree on what it says.
 *
 * Writing needs no tree: replies are appended to a buf as they are decided. */
#include "bot/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "bot/buf.h"
#include "bot/must.h"

#define MAX_DEPTH 64

/* ---- the grammar ----------------------------------------------------------------------------- */

struct scan {
    const char *s, *end;
    int depth;
};

static void skip_blank(struct scan *c)
{
    while (c->s < c->end && (*c->s == ' ' || *c->s == '\t' || *c->s == '\n' || *c->s == '\r'))
        c->s++;
}

static bool skip_char(struct scan *c, char want)
{
    if (c->s == c->end || *c->s != want)
        return false;
    c->s++;
    return true;
}

static bool skip_word(struct scan *c, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - c->s) < len || memcmp(c->s, word, len) != 0)
        return false;
    c->s += len;
    return true;
}

static bool skip_digits(struct scan *c)
{
    const char *from = c->s;
    while (c->s < c->end && *c->s >= '0' && *c->s <= '9')
        c->s++;
    return c->s > from;
}

static bool skip_number(struct scan *c)
{
    skip_char(c, '-');
    if (!skip_char(c, '0') && !skip_digits(c))
        return false;
    if (skip_char(c, '.') && !skip_digits(c))
        return false;
    if (skip_char(c, 'e') || skip_char(c, 'E')) {
        if (!skip_char(c, '+'))
            skip_char(c, '-');
        return skip_digits(c);
    }
    return true;
}

/* Four hexadecimal digits behind "\u"; -1 when they are not there. */
static int32_t skip_hex4(struct scan *c)
{
    if (c->end - c->s < 4)
        return -1;
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int h = (unsigned char)*c->s++;
        int digit = h >= '0' && h <= '9'   ? h - '0'
                    : h >= 'a' && h <= 'f' ? h - 'a' + 10
                    : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

static bool skip_escape(struct scan *c)
{
    if (c->s == c->end)
        return false;
    char e = *c->s++;
    if (e != 'u')
        return e && strchr("\"\\/bfnrt", e);
    int32_t v = skip_hex4(c);
    if (v <= 0 || (v >= 0xDC00 && v < 0xE000))
        return false;
    if (v < 0xD800 || v >= 0xE000)
        return true;
    int32_t low = skip_word(c, "\\u") ? skip_hex4(c) : -1;
    return low >= 0xDC00 && low < 0xE000;
}

static bool skip_string(struct scan *c)
{
    if (!skip_char(c, '"'))
        return false;
    while (c->s < c->end) {
        unsigned char ch = (unsigned char)*c->s;
        if (ch == '"') {
            c->s++;
            return true;
        }
        if (ch < 0x20)
            return false;
        if (ch == '\\') {
            c->s++;
            if (!skip_escape(c))
                return false;
        } else if (ch < 0x80) {
            c->s++;
        } else {
            utf8proc_int32_t cp;
            utf8proc_ssize_t n = utf8proc_iterate((const uint8_t *)c->s, c->end - c->s, &cp);
            if (n < 1)
                return false;
            c->s += n;
        }
    }
    return false;
}

static bool skip_value(struct scan *c);

/* The inside of an object or a list, the opening bracket being read. */
static bool skip_members(struct scan *c, bool object)
{
    char close = object ? '}' : ']';
    skip_blank(c);
    if (skip_char(c, close))
        return true;
    for (;;) {
        skip_blank(c);
        if (object) {
            if (!skip_string(c))
                return false;
            skip_blank(c);
            if (!skip_char(c, ':'))
                return false;
        }
        if (!skip_value(c))
            return false;
        skip_blank(c);
        if (skip_char(c, close))
            return true;
        if (!skip_char(c, ','))
            return false;
    }
}

static bool skip_value(struct scan *c)
{
    skip_blank(c);
    if (c->s == c->end)
        return false;
    bool ok;
    switch (*c->s) {
    case '{':
    case '[':
        if (++c->depth > MAX_DEPTH)
            return false;
        ok = skip_members(c, *c->s++ == '{');
        c->depth--;
        return ok;
    case '"': return skip_string(c);
    case 't': return skip_word(c, "true");
    case 'f': return skip_word(c, "false");
    case 'n': return skip_word(c, "null");
    default: return skip_number(c);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define FEW_KEYS 8 /* up to so many are compared pairwise */

static bool few_differ(const cJSON *object)
{
    const cJSON *m, *other;
    cJSON_ArrayForEach(
        m, object) for (other = m->next; other;
                        other = other->next) if (!strcmp(m->string, other->string)) return false;
    return true;
}

/* Many are sorted: one message must not buy quadratic time. */
static bool keys_differ(const cJSON *object)
{
    size_t n = (size_t)cJSON_GetArraySize(object), i = 0;
    if (n <= FEW_KEYS)
        return few_differ(object);
    const char **name = calloc(n, sizeof *name);
    if (!name)
        return false;
    const cJSON *m;
    cJSON_ArrayForEach(m, object) name[i++] = m->string;
    qsort(name, n, sizeof *name, by_name);
    bool differ = true;
    for (i = 1; i < n && differ; i++)
        differ = strcmp(name[i - 1], name[i]) != 0;
    free(name);
    return differ;
}

static bool all_keys_differ(const cJSON *j)
{
    if (cJSON_IsObject(j) && !keys_differ(j))
        return false;
    for (const cJSON *m = j->child; m; m = m->next)
        if (!all_keys_differ(m))
            return false;
    return true;
}

struct cJSON *json_parse(const char *s, size_t len)
{
    struct scan c = {.s = s, .end = s + len};
    if (!len || !skip_value(&c))
        return NULL;
    skip_blank(&c);
    if (c.s != c.end)
        return NULL;
    cJSON *j = cJSON_ParseWithLength(s, len);
    if (j && !all_keys_differ(j)) {
        cJSON_Delete(j);
        j = NULL;
    }
    return j;
}

void json_free(struct cJSON *j)
{
    cJSON_Delete(j);
}

const char *json_string(const struct cJSON *j, const char *name, size_t max_bytes)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    return s && strnlen(s, max_bytes + 1) <= max_bytes ? s : NULL;
}

long long json_int(const struct cJSON *j, const char *name, long long min, long long max,
                   long long fallback)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(j, name);
    if (!cJSON_IsNumber(m))
        return fallback;
    double v = m->valuedouble;
    /* Beyond 2^53 a double no longer tells neighbours apart, so it is no whole number to us. */
    if (!isfinite(v) || v != floor(v) || fabs(v) > 9007199254740992.0)
        return fallback;
    long long n = (long long)v;
    return n >= min && n <= max ? n : fallback;
}

struct cJSON *json_new_object(void)
{
    return must(cJSON_CreateObject());
}

void json_set_string(struct cJSON *j, const char *name, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(j, name);
    cJSON_AddStringToObject(j, name, value);
}

const struct cJSON *json_object(const struct cJSON *j, const char *name)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(j, name);
    return cJSON_IsObject(m) ? m : NULL;
}

const struct cJSON *json_array(const struct cJSON *j, const char *name, size_t *ret_n)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(j, name);
    if (!cJSON_IsArray(m))
        return NULL;
    if (ret_n)
        *ret_n = (size_t)cJSON_GetArraySize(m);
    return m;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The escape of an ASCII character that needs one, else NULL. */
static const char *short_escape(unsigned char ch)
{
    switch (ch) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

/* ASCII that may stand in a string as it is, whatever its neighbours are. */
static bool is_plain(unsigned char ch)
{
    return ch >= ' ' && ch < 0x7F && ch != '"' && ch != '\\' && ch != '/';
}

/* How many bytes from `at` on go into a string as they are; 0: the next one does not. */
static size_t clean_span(const char *s, size_t at, size_t len)
{
    size_t i = at;
    for (;;) {
        while (i < len && is_plain((unsigned char)s[i]))
            i++;
        if (i == len)
            break;
        if (s[i] == '/' && !(i > 0 && s[i - 1] == '<')) {
            i++;
            continue;
        }
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = 0;
        if ((unsigned char)s[i] >= 0x80)
            n = utf8proc_iterate((const uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &cp);
        if (n < 1)
            break;
        i += (size_t)n;
    }
    return i - at;
}

void json_add_string(struct buf *b, const char *s, size_t len)
{
    buf_addc(b, '"');
    for (size_t i = 0; i < len; i++) {
        size_t n = clean_span(s, i, len);
        buf_add(b, s + i, n);
        if ((i += n) == len)
            break;
        unsigned char ch = (unsigned char)s[i];
        if (ch >= 0x80)
            buf_adds(b, "\xEF\xBF\xBD");
        else if (ch == '/')
            buf_adds(b, "\\/");
        else if (short_escape(ch))
            buf_adds(b, short_escape(ch));
        else
            buf_addf(b, "\\u%04x", ch);
    }
    buf_addc(b, '"');
}

static void add_key(struct buf *b, const char *key)
{
    if (b->len && !strchr("{[,", b->s[b->len - 1]))
        buf_addc(b, ',');
    buf_addc(b, '"');
    buf_adds(b, key);
    buf_adds(b, "\":");
}

void json_add_member(struct buf *b, const char *key, const char *text)
{
    add_key(b, key);
    if (text)
        json_add_string(b, text, strlen(text));
    else
        buf_adds(b, "null");
}

void json_add_count(struct buf *b, const char *key, long long n)
{
    add_key(b, key);
    buf_addi(b, n);
}

#define NUMBER_SIZE 320 /* any double, as a compiler sees it that does not know 'g' */

static bool reads_back(double v, int digits, char text[NUMBER_SIZE])
{
    snprintf(text, NUMBER_SIZE, "%.*g", digits, v);
    return strtod(text, NULL) == v;
}

void json_add_number(struct buf *b, double v)
{
    if (!isfinite(v))
        v = 0; /* JSON has no word for it, and nobody downstream expects null */
    /* The shortest that reads back as v. With 15 digits every number does that has no more, and zeros at its end are
     * not printed; with 17, any. */
    char text[NUMBER_SIZE];
    int digits = 15;
    while (!reads_back(v, digits, text) && digits < 17)
        digits++;
    buf_adds(b, text);
}
