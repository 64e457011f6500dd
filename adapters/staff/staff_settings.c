/* staff_settings.c: the settings as they are in force, for reading. They are changed in guidepost.yaml and nowhere else: one place to look,
 * under version control where somebody wants that, checked by guidepost check before it counts, and not to be had by who has
 * got into a browser. Secrets are in files of their own, so there is none here. */
#include <string.h>

#include "adapters/staff/staff_int.h"

struct showing {
    const struct config *config;
    struct buf *b;
    bool any;
};

static void add_row(void *ctx, const struct setting *row)
{
    struct showing *s = ctx;
    struct buf value;
    buf_init(&value, 65536);
    config_show(s->config, row->name, &value);
    buf_adds(s->b, s->any ? ",{" : "{");
    s->any = true;
    json_add_member(s->b, "name", row->name);
    json_add_member(s->b, "value", value.s);
    json_add_member(s->b, "default", row->value);
    json_add_member(s->b, "source", config_source(s->config, row->name));
    json_add_member(s->b, "help", row->help);
    buf_addc(s->b, '}');
    buf_release(&value);
}

void staff_settings_json(const struct staff *st, struct buf *b)
{
    const struct bot *bot = st->adapter->bot;
    struct showing s = {.config = bot_config(bot), .b = b};
    buf_addc(b, '{');
    json_add_member(b, "file", config_file(s.config));
    buf_adds(b, ",\"starters\":[");
    const char *const *topic = bot_topics(bot);
    for (size_t i = 0; topic && topic[i]; i++) {
        if (i)
            buf_addc(b, ',');
        json_add_string(b, topic[i], strlen(topic[i]));
    }
    buf_adds(b, "],\"settings\":[");
    config_each(add_row, &s);
    buf_adds(b, "]}");
}
