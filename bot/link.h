/* link.h: a doubly linked ring whose links live in the things they link. Taking one out needs no list at hand and
 * twice does no harm, which is what connections that may die at any point need. */
#ifndef BOT_LINK_H
#define BOT_LINK_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *prev, *next;
};

/* The thing that holds this link: link_owner(l, struct conn, pending). */
#define link_owner(l, type, member) ((type *)(void *)((char *)(l)-offsetof(type, member)))

static inline void link_init(struct link *l) /* a link on no ring, or an empty ring */
{
    l->prev = l->next = l;
}

static inline bool link_empty(const struct link *l)
{
    return l->next == l;
}

static inline void link_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

static inline void link_append(struct link *ring, struct link *l)
{
    link_remove(l);
    l->prev = ring->prev;
    l->next = ring;
    ring->prev->next = l;
    ring->prev = l;
}

/* Everything of `from` moves to the end of `to`. */
static inline void link_splice(struct link *to, struct link *from)
{
    if (link_empty(from))
        return;
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    link_init(from);
}

#endif
