/* policy.c: no sockets, no headers' parsing: what server.c has found out about a connection is judged here, so that every
 * rule has its tests without a network. A reload makes a new policy; what is connected stays connected. */
#include "bot/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/must.h"

struct policy {
    char **origin;
    size_t norigin;
    struct address_range *proxy;
    size_t nproxy;
    bool origin_required;
    size_t max_per_address;
};

int policy_new(const struct policy_rules *rules, struct policy **ret)
{
    struct policy *p = must(calloc(1, sizeof *p));
    p->origin_required = rules->origin_required;
    p->max_per_address = rules->max_per_address;
    p->origin = must(calloc(rules->norigins + 1, sizeof *p->origin));
    p->proxy = must(calloc(rules->nproxies + 1, sizeof *p->proxy));
    for (; p->norigin < rules->norigins; p->norigin++)
        p->origin[p->norigin] = must(strdup(rules->origins[p->norigin]));
    for (; p->nproxy < rules->nproxies; p->nproxy++)
        if (!address_range_parse(&p->proxy[p->nproxy], rules->proxies[p->nproxy])) {
            policy_free(p);
            return -EINVAL;
        }
    *ret = p;
    return 0;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->norigin; i++)
        free(p->origin[i]);
    free(p->origin);
    free(p->proxy);
    free(p);
}

/* ---- pages ---- */

/* "https://host:port" -> "host:port"; NULL for another scheme, or none. */
static const char *authority(const char *origin)
{
    return !strncasecmp(origin, "https://", 8)  ? origin + 8
           : !strncasecmp(origin, "http://", 7) ? origin + 7
                                                : NULL;
}

enum origin policy_origin(const struct policy *p, const char *origin, const char *host)
{
    if (!origin)
        return ORIGIN_NONE;
    const char *site = authority(origin);
    if (site && host && !strcasecmp(site, host))
        return ORIGIN_OWN;
    for (size_t i = 0; i < p->norigin; i++)
        if (!strcasecmp(p->origin[i], origin))
            return ORIGIN_LISTED;
    return ORIGIN_FOREIGN;
}

bool policy_origin_required(const struct policy *p)
{
    return p->origin_required;
}

const char *policy_check_origin(const char *text)
{
    const char *site = authority(text);
    if (site && *site &&
        !site[strspn(site, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                           "0123456789.-_:[]")])
        return NULL;
    return "is not an origin, as in https://www.example.edu: scheme and host, nothing behind them";
}

/* ---- addresses ---- */

/* Whoever may open our unix socket is a web server in front. */
bool policy_is_proxy(const struct policy *p, const struct address *a)
{
    if (address_is_unix(a))
        return true;
    for (size_t i = 0; i < p->nproxy; i++)
        if (address_in(a, &p->proxy[i]))
            return true;
    return false;
}

const char *policy_check_proxy(const char *text)
{
    struct address_range r;
    return address_range_parse(&r, text) ? NULL : "is not an address or range, as in 10.0.0.0/8";
}

/* From the right: each proxy appends whom it saw. The first that is not one of ours is the asker; what stands to the left
 * of it is whatever the asker liked to write. */
void policy_client(const struct policy *p, const struct address *from, const char *forwarded,
                   char out[ADDRESS_TEXT])
{
    struct address a = *from;
    address_text(&a, out);
    const char *end = forwarded ? forwarded + strlen(forwarded) : NULL;
    while (end > forwarded && policy_is_proxy(p, &a)) {
        const char *start = end;
        while (start > forwarded && start[-1] != ',')
            start--;
        const char *word = start + strspn(start, " \t"), *stop = end;
        while (stop > word && strchr(" \t", stop[-1]))
            stop--;
        if (stop <= word || !address_parse(&a, word, (size_t)(stop - word)))
            return;
        address_text(&a, out);
        end = start > forwarded ? start - 1 : forwarded;
    }
}

size_t policy_max_connections(const struct policy *p, const struct address *a)
{
    return policy_is_proxy(p, a) ? 0 : p->max_per_address;
}
