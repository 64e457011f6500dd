/* load_echo.c: the ceiling: libwebsockets with the settings that serve best (a loop of libuv, no validity timers), which
 * answers each message at once with as many bytes as the program would have sent. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "tests/bench/load/load.h"

static unsigned char *reply;
static size_t reply_len;

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RECEIVE && lws_is_final_fragment(wsi) &&
        lws_write(wsi, reply + LWS_PRE, reply_len, LWS_WRITE_TEXT) < 0)
        return -1;
    return 0;
}

void echo_serve(int port, size_t bytes)
{
    static const struct lws_protocols protocols[] = {{.name = "guidepost.v1",
                                                      .callback = on_event,
                                                      .rx_buffer_size = 1024,
                                                      .tx_packet_size = 32768},
                                                     {0}};
    static const lws_retry_bo_t no_retry = {0};
    static uv_loop_t loop;
    void *loops[] = {&loop};
    uv_loop_init(&loop);
    reply_len = bytes;
    reply = calloc(1, LWS_PRE + bytes);
    if (!reply)
        load_die("echo", "no memory");
    memset(reply + LWS_PRE, 'x', bytes);
    lws_set_log_level(0, NULL);
    struct lws_context_creation_info info = {.port = port,
                                             .iface = "127.0.0.1",
                                             .protocols = protocols,
                                             .foreign_loops = loops,
                                             .retry_and_idle_policy = &no_retry,
                                             .gid = -1,
                                             .uid = -1,
                                             .options = LWS_SERVER_OPTION_LIBUV};
    if (!lws_create_context(&info))
        load_die("echo", "cannot listen");
    uv_run(&loop, UV_RUN_DEFAULT);
    exit(0);
}
