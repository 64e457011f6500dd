/* matrix_place.c: where a reply goes, as a note of the outbox (bot/place.h). */
#include "adapters/matrix/matrix_int.h"
#include "bot/place.h"

#define TEXT(member)                                                                               \
    {                                                                                              \
#member, PLACE_TEXT, offsetof(struct matrix_place, member), MATRIX_MAX_ID                  \
    }

static const struct place_field fields[] = {
    {"via", PLACE_KIND, offsetof(struct matrix_place, via), MATRIX_REDACT},
    {"ms", PLACE_NUMBER, offsetof(struct matrix_place, asked_ms), 1LL << 52},
    TEXT(room),
    TEXT(asked),
    TEXT(thread),
    TEXT(user),
    {.name = NULL},
};

const char *matrix_place_write(struct pool *pool, const struct matrix_place *p)
{
    return place_write(pool, fields, p);
}

bool matrix_place_read(struct pool *pool, const char *note, struct matrix_place *ret)
{
    return place_read(pool, fields, note, ret) && ret->via && *ret->room;
}
