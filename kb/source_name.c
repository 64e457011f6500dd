/* source_name.c: an open-addressed table of names, each with the place where it was given. */
#include "kb/kb_int.h"

#include <string.h>

#include "kb/hash.h"

static uint32_t hash(const char *s)
{
    uint64_t h = hash_64(HASH_64, s, strlen(s));
    return (uint32_t)(h ^ h >> 32);
}

static struct name_place *find_slot(const struct names *t, const char *name, uint32_t hash)
{
    size_t i = hash & (t->cap - 1);
    while (t->slot[i].name && (t->slot[i].hash != hash || strcmp(t->slot[i].name, name) != 0))
        i = (i + 1) & (t->cap - 1);
    return &t->slot[i];
}

const struct name_place *names_find(const struct names *t, const char *name)
{
    if (!t->cap)
        return NULL;
    const struct name_place *slot = find_slot(t, name, hash(name));
    return slot->name ? slot : NULL;
}

static void grow(struct names *t, struct pool *pool)
{
    struct names bigger = {.n = t->n, .cap = t->cap ? t->cap * 2 : 64};
    bigger.slot = pool_array(pool, bigger.cap, sizeof *bigger.slot);
    for (size_t i = 0; i < t->cap; i++) {
        if (!t->slot[i].name)
            continue;
        size_t to = t->slot[i].hash & (bigger.cap - 1); /* all are different */
        while (bigger.slot[to].name)
            to = (to + 1) & (bigger.cap - 1);
        bigger.slot[to] = t->slot[i];
    }
    *t = bigger;
}

const struct name_place *names_claim(struct names *t, struct pool *pool, struct name_place place)
{
    if (t->n * 4 >= t->cap * 3)
        grow(t, pool);
    place.hash = hash(place.name);
    struct name_place *slot = find_slot(t, place.name, place.hash);
    if (slot->name)
        return slot;
    *slot = place;
    t->n++;
    return NULL;
}
