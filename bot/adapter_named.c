/* adapter_named.c: an adapter by its name, as journal, inbox and outbox keep it. */
#include <string.h>

#include "bot/adapter.h"
#include "bot/bot.h"

struct adapter *adapter_named(const struct bot *bot, const char *name, size_t len)
{
    for (size_t i = 0; i < bot->nadapter; i++)
        if (strlen(bot->adapter[i].type->name) == len &&
            !memcmp(bot->adapter[i].type->name, name, len))
            return &bot->adapter[i];
    return NULL;
}
