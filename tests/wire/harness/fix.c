/* fix.c: what fix.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/fix.h"

#define JOB_MS 30000

void fix_write(const struct wire *w, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

char *fix_read(const struct wire *w, const char *name)
{
    char path[512], *s = NULL;
    size_t cap = 0;
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(getdelim(&s, &cap, 0, f) >= 0);
    fclose(f);
    return s;
}

const char *fix_text(const struct cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));
    return s ? s : "";
}

/* The whole report, when it is over. */
static cJSON *ended(const struct wire *w, const struct person *p, const char *name,
                    const char *body)
{
    cJSON *j = staff_ask(w, p, name, body);
    char path[60];
    snprintf(path, sizeof path, "job?id=%d", cJSON_GetObjectItem(j, "job")->valueint);
    cJSON_Delete(j);
    for (int ms = 0; ms < JOB_MS; ms += 10) {
        j = staff_get(w, p, path);
        const char *state = fix_text(j, "state");
        if (strcmp(state, "waiting") && strcmp(state, "running"))
            return j;
        cJSON_Delete(j);
        usleep(10000);
    }
    fail_msg("%s does not end", name);
    return NULL;
}

cJSON *fix_job(const struct wire *w, const struct person *p, const char *name, const char *body)
{
    cJSON *j = ended(w, p, name, body);
    if (strcmp(fix_text(j, "state"), "done"))
        fail_msg("%s: %s\n%s", name, fix_text(j, "problem"), body);
    cJSON *result = cJSON_DetachItemFromObject(j, "result");
    cJSON_Delete(j);
    return result;
}

const char *fix_fails(const struct wire *w, const struct person *p, const char *name,
                      const char *body, char **ret_why)
{
    static char code[40];
    cJSON *j = ended(w, p, name, body);
    if (strcmp(fix_text(j, "state"), "failed"))
        fail_msg("%s: %s\n%s", name, fix_text(j, "state"), body);
    snprintf(code, sizeof code, "%s", fix_text(j, "code"));
    if (ret_why)
        *ret_why = strdup(fix_text(j, "problem"));
    cJSON_Delete(j);
    return code;
}

bool fix_answers(const struct wire *w, const char *question, const char *part, int timeout_ms)
{
    for (int ms = 0;; ms += 20) {
        struct answer a = {0};
        assert_true(
            client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", question, &a));
        assert_int_equal(a.status, 200);
        cJSON *j = cJSON_Parse(a.body);
        bool found = !strcmp(fix_text(j, "kind"), "answer") && strstr(fix_text(j, "text"), part);
        cJSON_Delete(j);
        answer_release(&a);
        if (found || ms >= timeout_ms)
            return found;
        usleep(20000);
    }
}
