/* place.c: see place.h. */
#include "bot/place.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "kb/pool.h"

#define MAX_NOTE (16u * 1024)

static void write_text(struct buf *b, const char *name, const char *s)
{
    if (!s || !*s)
        return;
    buf_addf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
    json_add_string(b, s, strlen(s));
}

static void write_number(struct buf *b, const char *name, long long n)
{
    if (n)
        buf_addf(b, "%s\"%s\":%lld", b->len > 1 ? "," : "", name, n);
}

const char *place_write(struct pool *pool, const struct place_field *field, const void *from)
{
    struct buf b;
    buf_init(&b, MAX_NOTE);
    buf_addc(&b, '{');
    for (const struct place_field *f = field; f->name; f++) {
        const void *p = (const char *)from + f->at;
        switch (f->type) {
        case PLACE_TEXT: write_text(&b, f->name, *(const char *const *)p); break;
        case PLACE_NUMBER: write_number(&b, f->name, *(const int64_t *)p); break;
        case PLACE_KIND: write_number(&b, f->name, *(const int *)p); break;
        case PLACE_FLAG: write_number(&b, f->name, *(const bool *)p); break;
        }
    }
    buf_addc(&b, '}');
    const char *note = pool_strdup(pool, b.s);
    buf_release(&b);
    return note;
}

bool place_read(struct pool *pool, const struct place_field *field, const char *note, void *to)
{
    cJSON *j = note ? json_parse(note, strlen(note)) : NULL;
    bool found = j != NULL;
    for (const struct place_field *f = field; f->name; f++) {
        void *p = (char *)to + f->at;
        long long n = f->type == PLACE_TEXT
                          ? 0
                          : json_int(j, f->name, 0, f->type == PLACE_FLAG ? 1 : f->max, 0);
        switch (f->type) {
        case PLACE_TEXT:
            *(const char **)p = pool_strdup(pool, json_string(j, f->name, (size_t)f->max));
            break;
        case PLACE_NUMBER: *(int64_t *)p = n; break;
        case PLACE_KIND: *(int *)p = (int)n; break;
        case PLACE_FLAG: *(bool *)p = n != 0; break;
        }
    }
    json_free(j);
    return found;
}
