/* staff_int.h: shared inside adapters/staff/ only. */
#ifndef ADAPTERS_STAFF_INT_H
#define ADAPTERS_STAFF_INT_H

#include "bot/adapter.h"
#include "bot/desk.h"

struct throttle;

struct staff {
    struct adapter *adapter;
    struct throttle *throttle;
};

/* ---- how often somebody may try to log in (staff_throttle.c) ---- */

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* Seconds to wait before this name may be tried from this address, or 0. */
int throttle_wait(const struct throttle *t, const char *name, const char *address, uint64_t now_ms);
/* How a try ended. */
void throttle_failed(struct throttle *t, const char *name, const char *address, uint64_t now_ms);
void throttle_succeeded(struct throttle *t, const char *name, const char *address);

#endif
