/* fuzz_slack_mrkdwn.c: whatever a guide holds, what goes to Slack rings nobody, and no piece of it is too long or cut
 * inside a token. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/markdown.h"
#include "adapters/slack/slack_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every '<' begins a link, nothing else. */
static void check(const char *s)
{
    for (const char *at = s; (at = strchr(at, '<')); at++)
        if (strncasecmp(at, "<http://", 8) && strncasecmp(at, "<https://", 9) &&
            strncasecmp(at, "<mailto:", 8))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf b;
    const char *piece[64];
    struct pool *pool = pool_new();
    markdown_open();
    buf_init(&b, 1u << 20);
    slack_mrkdwn((const char *)data, size, &b);
    if (!buf_failed(&b)) {
        check(b.s);
        size_t n = slack_split(pool, b.s, 300, piece, 64);
        for (size_t i = 0; i < n; i++)
            if (strlen(piece[i]) > 300)
                abort();
    }
    buf_release(&b);
    pool_free(pool);
    return 0;
}
