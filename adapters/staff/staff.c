/* staff.c: the console of the staff, as one adapter among others. Its dialect is a browser's: a cookie, pages, JSON. Who comes in is
 * staff_key.c's and staff_door.c's business, what can be asked for staff_route.c's, the pages are staff_page.c's, and what a request may do
 * is decided behind bot/desk/desk.h. */
#include <stdlib.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/live.h"
#include "bot/must.h"

static int staff_open(struct adapter *a)
{
    struct staff *st = a->state = must(calloc(1, sizeof *st));
    st->adapter = a;
    st->throttle = throttle_new();
    st->named = named_new();
    staff_pages_open(st);
    return 0;
}

static void staff_close(struct adapter *a)
{
    struct staff *st = a->state;
    if (st) {
        throttle_free(st->throttle);
        named_free(st->named);
    }
    free(st);
    a->state = NULL;
}

static bool on_request(struct adapter *a, struct request *rq)
{
    static const char prefix[] = "/staff/", api[] = "api/";
    const char *path = request_path(rq);
    if (!strcmp(path, "/staff")) /* typed by hand */
        return staff_send_on(a->state, rq, prefix);
    if (strncmp(path, prefix, sizeof prefix - 1))
        return false;
    path += sizeof prefix - 1;
    if (staff_leak(a->state, rq))
        return true;
    return strncmp(path, api, sizeof api - 1) ? staff_page(a->state, rq, path)
                                              : staff_route(a->state, rq, path + sizeof api - 1);
}

static void on_peer(struct adapter *a, struct peer *p, enum peer_event ev, const char *s,
                    size_t len)
{
    staff_on_peer(a->state, p, ev, s, len);
}

static void drain(struct adapter *a)
{
    live_drain(a->bot);
}

const struct adapter_type adapter_staff = {
    .name = "staff",
    .settings = staff_settings,
    .open = staff_open,
    .close = staff_close,
    .on_request = on_request,
    .websocket = "/staff/ws",
    .subprotocol = "guidepost-staff.v1",
    .websocket_own_page = true,
    .on_peer = on_peer,
    .drain = drain,
};
