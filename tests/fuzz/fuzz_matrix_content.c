/* fuzz_matrix_content.c: what is sent to a homeserver, made of anything: Markdown in, an event out. It is valid JSON and UTF-8, has no
 * number in it, and its HTML has only tags that we emit, each of them closed in its turn. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

#define MAX_OPEN 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_number(const cJSON *j)
{
    const cJSON *child;
    if (cJSON_IsNumber(j))
        return true;
    cJSON_ArrayForEach(child, j) if (has_number(child)) return true;
    return false;
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
    matrix_html_open();
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
    if (!buf_failed(&b) && (!j || has_number(j) || !*json_string(j, "body", 1u << 30)))
        abort();
    json_free(j);
    buf_release(&b);
    buf_release(&html);
    pool_free(pool);
    return 0;
}
