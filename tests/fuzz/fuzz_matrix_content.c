/* fuzz_matrix_content.c: what is sent to a homeserver, made of anything: Markdown in, an event out. It is valid JSON and UTF-8, byte by
 * byte and not only as our own parser sees it; outside of its strings there is not one character that a number could be made of;
 * and its HTML has only tags that we emit, each of them closed in its turn. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "adapters/markdown.h"
#include "adapters/matrix/matrix_int.h"

#define MAX_OPEN 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A homeserver refuses fractions, and not every one of them says so in a way that ends the attempts. */
static void check_no_number(const char *s)
{
    bool inside = false;
    for (; *s; s++) {
        if (inside && *s == '\\')
            s++;
        else if (*s == '"')
            inside = !inside;
        else if (!inside && (isdigit((unsigned char)*s) || strchr("-+.E", *s)))
            abort();
    }
}

/* No stray byte, no half of a pair, no NUL: raw or escaped. */
static void check_utf8(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &c);
        if (n <= 0 || !c)
            abort();
        i += (size_t)n;
    }
    for (const char *at = s; (at = strchr(at, '\\')); at += 2)
        if (at[1] == 'u' && strncmp(at + 2, "00", 2) != 0) /* what is written so is ASCII */
            abort();
}

static bool is_known(const char *name, size_t len)
{
    static const char *const names[] = {"p",          "br", "strong", "em",    "del", "code", "pre",
                                        "blockquote", "ul", "ol",     "li",    "h3",  "h4",   "h5",
                                        "h6",         "a",  "hr",     "table", "tr",  "td",   "th"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && !memcmp(names[i], name, len))
            return true;
    return false;
}

static void check_html(const char *s)
{
    const char *open[MAX_OPEN];
    size_t len[MAX_OPEN], n = 0;
    for (; (s = strchr(s, '<')); s++) {
        bool closes = s[1] == '/';
        const char *name = s + 1 + closes;
        size_t k = 0;
        while (isalnum((unsigned char)name[k]))
            k++;
        if (!is_known(name, k) || !strchr(name, '>'))
            abort();
        if (!strncmp(name, "br", k) || !strncmp(name, "hr", k))
            continue;
        if (closes && (!n || len[n - 1] != k || memcmp(open[n - 1], name, k) != 0))
            abort();
        if (closes) {
            n--;
        } else {
            if (n == MAX_OPEN)
                abort();
            open[n] = name;
            len[n++] = k;
        }
    }
    if (n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf html, b;
    struct pool *pool = pool_new();
    markdown_open();
    buf_init(&html, 64 * size + 1024);
    matrix_html((const char *)data, size, &html);
    if (!buf_failed(&html))
        check_html(html.s);
    const char *body = pool_strndup(pool, (const char *)data, size);
    struct matrix_content c = {.msgtype = "m.notice",
                               .body = body,
                               .html = html.s,
                               .mention = size % 2 ? body : "",
                               .answer = size % 3 ? body : "",
                               .reply_to = size % 5 ? body : "",
                               .thread = size % 7 ? body : "",
                               .replaces = size % 11 ? "" : body};
    buf_init(&b, 16 * (size + html.len) + 4096);
    matrix_content(&c, &b);
    cJSON *j = buf_failed(&b) ? NULL : json_parse(b.s, b.len);
    if (!buf_failed(&b)) {
        check_no_number(b.s);
        check_utf8(b.s, b.len);
    }
    if (!buf_failed(&b) && (!j || !*json_string(j, "body", 1u << 30)))
        abort();
    json_free(j);
    buf_release(&b);
    buf_release(&html);
    pool_free(pool);
    return 0;
}
