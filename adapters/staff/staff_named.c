/* staff_named.c: when a proxy last named the one whose session it is. A request shows its header each time; a WebSocket that is
 * open does not, and would outlive the day on which the organisation's server stops signing somebody on. So it is believed for
 * NAMED_MS after a request of the same session, and then closed: the page asks who it is, with the header, and comes back.
 *
 * In memory, for as many sessions as there are consoles; whoever is not found here asks once more, and is. */
#include <stdlib.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/must.h"

#define MAX_NAMED 1024

struct named {
    struct {
        unsigned char session[STORE_HASH];
        uint64_t at_ms; /* 0: free */
    } one[MAX_NAMED];
};

struct named *named_new(void)
{
    return must(calloc(1, sizeof(struct named)));
}

void named_free(struct named *n)
{
    free(n);
}

/* Its place; or the oldest one, when it has none. */
static size_t place_of(const struct named *n, const unsigned char session[STORE_HASH])
{
    size_t oldest = 0;
    for (size_t i = 0; i < MAX_NAMED; i++) {
        if (n->one[i].at_ms && !memcmp(n->one[i].session, session, STORE_HASH))
            return i;
        if (n->one[i].at_ms < n->one[oldest].at_ms)
            oldest = i;
    }
    return oldest;
}

void named_now(struct named *n, const char *token, uint64_t now_ms)
{
    unsigned char session[STORE_HASH];
    if (!desk_session(token, session))
        return;
    size_t i = place_of(n, session);
    memcpy(n->one[i].session, session, STORE_HASH);
    n->one[i].at_ms = now_ms;
}

bool named_lately(const struct named *n, const unsigned char session[STORE_HASH], uint64_t now_ms)
{
    size_t i = place_of(n, session);
    return n->one[i].at_ms && !memcmp(n->one[i].session, session, STORE_HASH) &&
           now_ms - n->one[i].at_ms < NAMED_MS;
}
