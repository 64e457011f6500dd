/* fuzz_matrix_event.c: a delivery of a homeserver, and any event in it, from anybody. What was said must come out as UTF-8. */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(const char *s, size_t len)
{
    static const struct matrix_self self = {.user = "@qabot:hs.test", .name = "Q&A Bot"};
    static const char *const ignore[] = {"@_slack_*", NULL};
    const struct matrix_gate gate = {.self = &self, .command = "!ask", .ignore = ignore};
    struct pool *pool = pool_new();
    struct matrix_event ev;
    if (!matrix_event_read(pool, s, len, &gate, &ev)) {
        struct buf b;
        buf_init(&b, 8 * len + 64);
        json_add_string(&b, ev.text, strlen(ev.text));
        struct cJSON *j = json_parse(b.s, b.len);
        const char *text = ev.text;
        if (!j || strcmp(j->valuestring, text) != 0)
            abort();
        json_free(j);
        buf_release(&b);
    }
    pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cJSON *j = matrix_json_read((const char *)data, size);
    const struct cJSON *ev;
    struct pool *pool = pool_new();
    read_one((const char *)data, size);
    cJSON_ArrayForEach(ev, json_array(j, "events", NULL))
    {
        const char *s = matrix_json_print(pool, ev);
        read_one(s, strlen(s));
    }
    pool_free(pool);
    json_free(j);
    return 0;
}
