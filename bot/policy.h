/* policy.h: whom the server lets in: pages of which sites, how many connections of one address, and which proxies are
 * believed when they say for whom they ask. Rules as the settings state them, and questions about one connection. */
#ifndef BOT_POLICY_H
#define BOT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/address.h"

struct policy;

struct policy_rules {
    const char *const *origins; /* other sites' pages: "https://www.example.edu" */
    size_t norigins;
    bool origin_required;       /* a WebSocket without Origin is refused (only browsers send one) */
    const char *const *proxies; /* whose X-Forwarded-For is believed: "10.0.0.0/8" */
    size_t nproxies;
    size_t max_per_address; /* connections; 0: unlimited; those of `proxies` do not count */
};

/* Copies the rules. 0, or -EINVAL when a proxy is no address. */
int policy_new(const struct policy_rules *rules, struct policy **ret);
void policy_free(struct policy *p);

/* Whose page speaks. Browsers always send an Origin with what could do harm, and no script can forge it. */
enum origin { ORIGIN_NONE, ORIGIN_OWN, ORIGIN_LISTED, ORIGIN_FOREIGN };
/* `origin` and `host` are the headers, NULL when absent. */
enum origin policy_origin(const struct policy *p, const char *origin, const char *host);
bool policy_origin_required(const struct policy *p);

bool policy_is_proxy(const struct policy *p, const struct address *a); /* also our unix socket */
/* Who asks: `from`, or what the proxies wrote into X-Forwarded-For (NULL when absent). */
void policy_client(const struct policy *p, const struct address *from, const char *forwarded,
                   char out[ADDRESS_TEXT]);
/* How many connections this address may have; 0: any number, and they need not be counted. */
size_t policy_max_connections(const struct policy *p, const struct address *a);

/* What is wrong with a setting's text, as in `"x" is not ...`, or NULL. */
const char *policy_check_origin(const char *text);
const char *policy_check_proxy(const char *text);

#endif
