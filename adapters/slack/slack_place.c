/* slack_place.c: where a reply goes, as a note of the outbox (bot/place.h). */
#include "adapters/slack/slack_int.h"
#include "bot/place.h"

#define MAX_FIELD 4096

#define TEXT(member)                                                                               \
    {                                                                                              \
#member, PLACE_TEXT, offsetof(struct slack_place, member), MAX_FIELD                       \
    }

static const struct place_field fields[] = {
    {"via", PLACE_KIND, offsetof(struct slack_place, via), SLACK_VIEW},
    {"until", PLACE_NUMBER, offsetof(struct slack_place, until_ms), 1LL << 52},
    {"sure", PLACE_FLAG, offsetof(struct slack_place, only_if_sure), 1},
    TEXT(channel),
    TEXT(thread),
    TEXT(user),
    TEXT(ts),
    TEXT(url),
    TEXT(asked),
    TEXT(question),
    {.name = NULL},
};

const char *slack_place_write(struct pool *pool, const struct slack_place *p)
{
    return place_write(pool, fields, p);
}

bool slack_place_read(struct pool *pool, const char *note, struct slack_place *ret)
{
    return place_read(pool, fields, note, ret) && ret->via;
}
