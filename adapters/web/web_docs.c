/* web_docs.c: /docs, openapi.json for people: made from it while it is asked for, so the two cannot differ. Plain HTML, no
 * script. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    return s ? s : "";
}

static const cJSON *member(const cJSON *j, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(j, name);
}

static void add_element(struct buf *b, const char *name, const char *text)
{
    if (!*text)
        return;
    buf_addf(b, "<%s>", name);
    web_add_text(b, text);
    buf_addf(b, "</%s>\n", name);
}

static void add_example(struct buf *b, const char *head, const cJSON *content)
{
    const cJSON *example = member(member(content, "application/json"), "example");
    char *s = example ? cJSON_Print(example) : NULL;
    if (s) {
        add_element(b, "h3", head);
        buf_adds(b, "<pre tabindex=\"0\"><code>");
        web_add_text(b, s);
        buf_adds(b, "</code></pre>\n");
    }
    cJSON_free(s);
}

static void add_parameters(struct buf *b, const cJSON *parameters)
{
    const cJSON *p;
    if (cJSON_GetArraySize(parameters))
        buf_adds(b, "<dl>");
    cJSON_ArrayForEach(p, parameters)
    {
        add_element(b, "dt", text_of(p, "name"));
        buf_addf(b, "<dd>%s %s ", text_of(p, "in"), text_of(member(p, "schema"), "type"));
        web_add_text(b, text_of(p, "description"));
        buf_adds(b, "</dd>");
    }
    if (cJSON_GetArraySize(parameters))
        buf_adds(b, "</dl>");
}

/* Either is shown in the same header. */
static void add_security(struct buf *b, const cJSON *op)
{
    const cJSON *way;
    bool free = !member(op, "security"), key = false, token = false;
    cJSON_ArrayForEach(way, member(op, "security"))
    {
        key |= member(way, "key") != NULL;
        token |= member(way, "token") != NULL;
        free |= !way->child;
    }
    if (key || token)
        buf_addf(b, "<p>%s <code>Authorization: Bearer</code> and %s.</p>\n",
                 free ? "Takes" : "Needs", key ? "an API key" : "the token of a chat");
}

/* What may go wrong in particular. */
static void add_errors(struct buf *b, const cJSON *responses)
{
    const cJSON *r;
    bool any = false;
    cJSON_ArrayForEach(r, responses)
    {
        if (*r->string != '4' && *r->string != '5')
            continue;
        buf_adds(b, any ? "" : "<dl>");
        any = true;
        add_element(b, "dt", r->string);
        add_element(b, "dd", text_of(r, "description"));
    }
    buf_adds(b, any ? "</dl>\n" : "");
}

static void add_operation(struct buf *b, const char *path, const cJSON *op)
{
    buf_adds(b, "<section><h2><code>");
    for (const char *s = op->string; *s; s++)
        buf_addc(b, (char)toupper((unsigned char)*s));
    buf_addc(b, ' ');
    web_add_text(b, path);
    buf_adds(b, "</code></h2>\n");
    add_element(b, "p", text_of(op, "summary"));
    add_element(b, "p", text_of(op, "description"));
    add_security(b, op);
    add_parameters(b, member(op, "parameters"));
    add_example(b, "Request", member(member(op, "requestBody"), "content"));
    const cJSON *responses = member(op, "responses"), *fine = member(responses, "200");
    add_example(b, "Reply", member(fine ? fine : member(responses, "202"), "content"));
    add_errors(b, responses);
    buf_adds(b, "</section>\n");
}

/* What is on the page; first in it the struct that its fill() gets. */
struct docs {
    struct web_page page;
    const cJSON *api;
};

static void fill(const struct web_page *page, const char *name, struct buf *b)
{
    const cJSON *api = ((const struct docs *)page)->api, *path, *op;
    if (!strcmp(name, "about"))
        web_add_text(b, text_of(member(api, "info"), "description"));
    if (strcmp(name, "operations") != 0)
        return;
    cJSON_ArrayForEach(path, member(api, "paths"))
    {
        cJSON_ArrayForEach(op, path)
        {
            add_operation(b, path->string, op);
        }
    }
}

void web_on_docs(struct web *w, struct request *rq)
{
    struct buf b;
    cJSON *api = cJSON_Parse(web_openapi);
    struct docs docs = {.page = {.web = w, .words = web_words_named(w, "en"), .fill = fill},
                        .api = api};
    buf_init(&b, WEB_MAX_PAGE);
    web_fill(&docs.page, "docs.html", &b);
    cJSON_Delete(api);
    web_send_html(w, request_handle(rq), 200, "frame-ancestors 'none'", &b);
    buf_release(&b);
}
