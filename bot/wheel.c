/* wheel.c: a hashed timer wheel (Varghese and Lauck, 1987).
 *
 * One ring of items per second, WHEEL_SLOTS of them; a deadline hangs in slot `due modulo WHEEL_SLOTS`, and what is
 * more than one round ahead is simply met on the way and left hanging. libwebsockets keeps its timeouts in one
 * sorted list instead, which made the ten-thousandth connection eight times as expensive as the first. */
#include "bot/wheel.h"

void wheel_init(struct wheel *w, uint64_t now_s)
{
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        link_init(&w->slot[i]);
    w->now_s = now_s;
}

void wheel_item_init(struct wheel_item *it)
{
    link_init(&it->link);
    it->due_s = 0;
}

void wheel_set(struct wheel *w, struct wheel_item *it, uint64_t due_s)
{
    it->due_s = due_s > w->now_s ? due_s : w->now_s + 1;
    link_append(&w->slot[it->due_s % WHEEL_SLOTS], &it->link);
}

void wheel_cancel(struct wheel_item *it)
{
    link_remove(&it->link);
}

void wheel_turn(struct wheel *w, uint64_t now_s, void (*fn)(void *ctx, struct wheel_item *it),
                void *ctx)
{
    if (now_s <= w->now_s)
        return;
    /* After a pause (a suspended machine) one round meets every slot; more would meet them twice. */
    uint64_t from = w->now_s + 1;
    if (now_s - w->now_s > WHEEL_SLOTS)
        from = now_s - WHEEL_SLOTS + 1;
    w->now_s = now_s;

    /* First collect, then call: fn may hang items anywhere, also into the slot being emptied. */
    struct link due;
    link_init(&due);
    for (uint64_t t = from; t <= now_s; t++) {
        struct link *slot = &w->slot[t % WHEEL_SLOTS];
        struct link *next;
        for (struct link *l = slot->next; l != slot; l = next) {
            next = l->next;
            if (link_owner(l, struct wheel_item, link)->due_s <= now_s)
                link_append(&due, l);
        }
    }
    while (!link_empty(&due)) {
        struct link *l = due.next;
        link_remove(l);
        fn(ctx, link_owner(l, struct wheel_item, link));
    }
}
