/* fuzz_slack_event.c: a signed delivery is still a stranger's words: events, clicks, commands, and the text in them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slack_self self = {.team = "T1", .user = "UBOT", .bot = "BBOT"};
    static const struct slack_gate gate = {.self = &self, .app = ""};
    struct pool *pool = pool_new();
    struct slack_event ev;
    if (!slack_event_read(pool, (const char *)data, size, &gate, &ev) && ev.kind == SLACK_MESSAGE &&
        (!*ev.user || !strcmp(ev.user, self.user)))
        abort(); /* a message of nobody, or our own */
    slack_event_read(pool, (const char *)data, size, NULL, &ev);
    slack_sign_is_probe((const char *)data, size);
    slack_text_read(pool, pool_strndup(pool, (const char *)data, size), "UBOT");
    pool_free(pool);
    return 0;
}
