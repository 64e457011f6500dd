/* fake_int.h: what the files of the fake Slack share. */
#ifndef FAKE_INT_H
#define FAKE_INT_H

#include <cjson/cJSON.h>
#include <pthread.h>

#include "tests/fake/slack.h"

#define MAX_POSTS   8192
#define MAX_CALLS   32768
#define MAX_FAULTS  64
#define MAX_SOCKETS 32
#define MAX_OPEN    1024

struct fake_fault {
    char method[64], how[64];
    int times;
};

struct fake_call {
    char method[64];
    uint64_t at_ms;
    char *body;
};

struct fake_ack {
    char *envelope, *json;
};

struct fake_slack {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener, port, serving;
    int open[MAX_OPEN]; /* connections; shut down at the end, closed by their threads */
    size_t nopen;
    bool stopping;
    _Atomic bool muted;
    int clock_off_s;
    char token[64];
    unsigned long clock; /* of timestamps */
    struct fake_post post[MAX_POSTS];
    char *metadata[MAX_POSTS];
    size_t nposts;
    struct fake_call call[MAX_CALLS];
    size_t ncalls;
    struct fake_fault fault[MAX_FAULTS];
    size_t nfaults;
    char *complaint;
    int socket[MAX_SOCKETS];
    size_t nsockets, nsockets_ever;
    struct fake_ack ack[MAX_CALLS];
    size_t nacks;
    char *hook[64]; /* addresses that were responded to, and how often */
    int hook_uses[64];
    size_t nhooks;
    const char *kept[MAX_POSTS];
    size_t nkept;
};

struct fake_request {
    char method[8], path[256], token[128], type[128], upgrade[32], key[64];
    char *body;
    size_t len;
};

struct fake_response {
    int status;
    const char *type, *headers;
    char *body; /* freed by the server */
};

/* fake_api.c: under the lock. */
void fake_api(struct fake_slack *f, const char *method, const struct fake_request *rq,
              struct fake_response *ret);
/* fake_socket.c: takes the connection over until it ends. */
void fake_socket_serve(struct fake_slack *f, int fd, const struct fake_request *rq);

void fake_keep(struct fake_slack *f, const char *s); /* to be freed at the end */
uint64_t fake_now_ms(void);
long long fake_time(void); /* what the wall says */
void *fake_must(void *p);

#endif
