/* source_name.c: an open-addressed table of names, each with the place where it was given. */
#include "kb/kb_int.h"

#include <string.h>

static size_t hash(const char *s)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

static struct name_place *find_slot(const struct names *t, const char *name)
{
    size_t i = hash(name) & (t->cap - 1);
    while (t->slot[i].name && strcmp(t->slot[i].name, name) != 0)
        i = (i + 1) & (t->cap - 1);
    return &t->slot[i];
}

const struct name_place *names_find(const struct names *t, const char *name)
{
    if (!t->cap)
        return NULL;
    const struct name_place *slot = find_slot(t, name);
    return slot->name ? slot : NULL;
}

static void grow(struct names *t, struct pool *pool)
{
    struct names bigger = {.n = t->n, .cap = t->cap ? t->cap * 2 : 64};
    bigger.slot = pool_array(pool, bigger.cap, sizeof *bigger.slot);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slot[i].name)
            *find_slot(&bigger, t->slot[i].name) = t->slot[i];
    *t = bigger;
}

const struct name_place *names_claim(struct names *t, struct pool *pool, struct name_place place)
{
    if (t->n * 4 >= t->cap * 3)
        grow(t, pool);
    struct name_place *slot = find_slot(t, place.name);
    if (slot->name)
        return slot;
    *slot = place;
    t->n++;
    return NULL;
}
