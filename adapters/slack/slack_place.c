/* slack_place.c: where a reply goes, as a note of the outbox: written when the question comes in, read when the reply goes
 * out, perhaps by another run of the program. */
#include <cjson/cJSON.h>
#include <string.h>

#include "adapters/slack/slack_int.h"

#define MAX_NOTE  (16u * 1024)
#define MAX_FIELD 4096

/* The names in the note, and where they are in the struct. */
static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"channel", offsetof(struct slack_place, channel)},
    {"thread", offsetof(struct slack_place, thread)},
    {"user", offsetof(struct slack_place, user)},
    {"ts", offsetof(struct slack_place, ts)},
    {"url", offsetof(struct slack_place, url)},
    {"asked", offsetof(struct slack_place, asked)},
    {"question", offsetof(struct slack_place, question)},
};

const char *slack_place_write(struct pool *pool, const struct slack_place *p)
{
    struct buf b;
    buf_init(&b, MAX_NOTE);
    buf_addf(&b, "{\"via\":%d,\"until\":%lld,\"sure\":%d", (int)p->via, (long long)p->until_ms,
             p->only_if_sure);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *s;
        memcpy(&s, (const char *)p + fields[i].at, sizeof s);
        if (!s || !*s)
            continue;
        buf_addf(&b, ",\"%s\":", fields[i].name);
        json_add_string(&b, s, strlen(s));
    }
    buf_addc(&b, '}');
    const char *note = pool_strdup(pool, b.s);
    buf_release(&b);
    return note;
}

bool slack_place_read(struct pool *pool, const char *note, struct slack_place *ret)
{
    cJSON *j = note ? json_parse(note, strlen(note)) : NULL;
    struct slack_place p = {
        .via = (enum slack_via)json_int(j, "via", SLACK_POST, SLACK_VIEW, 0),
        .until_ms = json_int(j, "until", 0, 1LL << 52, 0),
        .only_if_sure = json_int(j, "sure", 0, 1, 0) != 0,
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *s = pool_strdup(pool, json_string(j, fields[i].name, MAX_FIELD));
        memcpy((char *)&p + fields[i].at, &s, sizeof s);
    }
    json_free(j);
    *ret = p;
    return p.via != 0;
}
