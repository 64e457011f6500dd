/* matrix_place.c: where a reply goes, as a note of the outbox: written when the question comes in, read when the reply goes
 * out, perhaps by another run of the program. */
#include <cjson/cJSON.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"room", offsetof(struct matrix_place, room)},
    {"asked", offsetof(struct matrix_place, asked)},
    {"thread", offsetof(struct matrix_place, thread)},
    {"user", offsetof(struct matrix_place, user)},
};

const char *matrix_place_write(struct pool *pool, const struct matrix_place *p)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_addf(&b, "{\"via\":%d,\"ms\":%lld", (int)p->via, (long long)p->asked_ms);
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

bool matrix_place_read(struct pool *pool, const char *note, struct matrix_place *ret)
{
    cJSON *j = note ? json_parse(note, strlen(note)) : NULL;
    struct matrix_place p = {
        .via = (enum matrix_via)json_int(j, "via", MATRIX_SEND, MATRIX_REDACT, 0),
        .asked_ms = json_int(j, "ms", 0, 1LL << 52, 0),
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *s = pool_strdup(pool, json_string(j, fields[i].name, MATRIX_MAX_ID));
        memcpy((char *)&p + fields[i].at, &s, sizeof s);
    }
    json_free(j);
    *ret = p;
    return p.via != 0 && *p.room;
}
