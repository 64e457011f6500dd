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
        add_element(b, "pre", s);
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
    add_example(b, "Reply", member(member(member(op, "responses"), "200"), "content"));
    add_errors(b, member(op, "responses"));
    buf_adds(b, "</section>\n");
}

void web_on_docs(struct web *w, struct request *rq)
{
    struct buf b;
    cJSON *j = cJSON_Parse(web_openapi);
    const cJSON *info = member(j, "info"), *path, *op;
    buf_init(&b, WEB_MAX_PAGE);
    buf_adds(&b, "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    web_add_text(&b, text_of(info, "title"));
    buf_adds(&b, " API</title><main><h1>");
    web_add_text(&b, text_of(info, "title"));
    buf_adds(&b, " API</h1>\n");
    add_element(&b, "p", text_of(info, "description"));
    buf_adds(&b, "<p>For programs: <a href=\"/v1/openapi.json\">openapi.json</a></p>\n");
    cJSON_ArrayForEach(path, member(j, "paths"))
    {
        cJSON_ArrayForEach(op, path)
        {
            add_operation(&b, path->string, op);
        }
    }
    buf_adds(&b, "</main></html>\n");
    cJSON_Delete(j);
    web_send_html(w, request_handle(rq), 200, "frame-ancestors 'none'", &b);
    buf_release(&b);
}
