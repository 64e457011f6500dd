/* fake_socket.c: Socket Mode of the fake Slack: a WebSocket that says hello, carries envelopes and remembers what was
 * acknowledged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fake/fake_int.h"

#define MAX_FRAME (1u << 20)

/* ---- the handshake wants SHA-1 (RFC 3174) and base64 ---- */

static uint32_t rotate(uint32_t v, int n)
{
    return v << n | v >> (32 - n);
}

static void sha1_block(uint32_t h[5], const unsigned char *s)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)s[4 * i] << 24 | (uint32_t)s[4 * i + 1] << 16 |
               (uint32_t)s[4 * i + 2] << 8 | s[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? (b & c) | (~b & d)
                     : i < 40 ? b ^ c ^ d
                     : i < 60 ? (b & c) | (b & d) | (c & d)
                              : b ^ c ^ d;
        uint32_t k = i < 20   ? 0x5A827999u
                     : i < 40 ? 0x6ED9EBA1u
                     : i < 60 ? 0x8F1BBCDCu
                              : 0xCA62C1D6u;
        uint32_t t = rotate(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

/* Of at most 100 bytes. */
static void sha1(const char *s, size_t len, unsigned char out[20])
{
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char block[128] = {0};
    size_t size = len < 56 ? 64 : 128;
    memcpy(block, s, len);
    block[len] = 0x80;
    block[size - 2] = (unsigned char)(len * 8 >> 8);
    block[size - 1] = (unsigned char)(len * 8);
    for (size_t i = 0; i < size; i += 64)
        sha1_block(h, block + i);
    for (int i = 0; i < 20; i++)
        out[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const unsigned char s[20], char out[29])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0, o = 0; i < 20; i += 3, o += 4) {
        uint32_t v = (uint32_t)s[i] << 16 | (uint32_t)s[i + 1] << 8 | (i + 2 < 20 ? s[i + 2] : 0);
        out[o] = digits[v >> 18];
        out[o + 1] = digits[v >> 12 & 63];
        out[o + 2] = digits[v >> 6 & 63];
        out[o + 3] = i + 2 < 20 ? digits[v & 63] : '=';
    }
    out[28] = '\0';
}

/* ---- frames ---- */

static bool send_all(int fd, const void *s, size_t len)
{
    const char *p = s;
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_frame(int fd, int opcode, const char *s, size_t len)
{
    unsigned char head[10] = {(unsigned char)(0x80 | opcode)};
    size_t n = 2;
    if (len < 126) {
        head[1] = (unsigned char)len;
    } else {
        head[1] = 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
        n = 10;
    }
    return send_all(fd, head, n) && send_all(fd, s, len);
}

static bool recv_all(int fd, void *s, size_t len)
{
    char *p = s;
    while (len) {
        ssize_t n = recv(fd, p, len, 0);
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* One frame, unmasked; its opcode, -1 at the end. *ret is the caller's. */
static int recv_frame(int fd, char **ret, size_t *ret_len)
{
    unsigned char head[2], more[8], mask[4] = {0};
    if (!recv_all(fd, head, 2))
        return -1;
    uint64_t len = head[1] & 0x7F;
    size_t extra = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (extra) {
        if (!recv_all(fd, more, extra))
            return -1;
        len = 0;
        for (size_t i = 0; i < extra; i++)
            len = len << 8 | more[i];
    }
    if (len > MAX_FRAME || ((head[1] & 0x80) && !recv_all(fd, mask, 4)))
        return -1;
    char *s = fake_must(malloc(len + 1));
    if (!recv_all(fd, s, len)) {
        free(s);
        return -1;
    }
    for (uint64_t i = 0; i < len; i++)
        s[i] = (char)(s[i] ^ mask[i % 4]);
    s[len] = '\0';
    *ret = s;
    *ret_len = len;
    return head[0] & 0xF;
}

/* ---- a connection ---- */

static void on_text(struct fake_slack *f, const char *s)
{
    cJSON *j = cJSON_Parse(s);
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "envelope_id"));
    pthread_mutex_lock(&f->lock);
    if (id) {
        if (f->nacks == MAX_CALLS)
            abort();
        f->ack[f->nacks++] = (struct fake_ack){fake_must(strdup(id)), fake_must(strdup(s))};
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    cJSON_Delete(j);
}

static bool greet(struct fake_slack *f, int fd, const struct fake_request *rq)
{
    unsigned char hash[20];
    char both[128], accept[29], reply[256];
    snprintf(both, sizeof both, "%.60s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", rq->key);
    sha1(both, strlen(both), hash);
    base64(hash, accept);
    int n = snprintf(reply, sizeof reply,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                     "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    if (!send_all(fd, reply, (size_t)n))
        return false;
    pthread_mutex_lock(&f->lock);
    bool room = f->nsockets < MAX_SOCKETS, muted = f->muted;
    if (room)
        f->socket[f->nsockets++] = fd;
    f->nsockets_ever++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    static const char hello[] =
        "{\"type\":\"hello\",\"num_connections\":1,\"debug_info\":{\"host\":\"fake\","
        "\"approximate_connection_time\":18060},\"connection_info\":{\"app_id\":\"A1\"}}";
    return room && (muted || send_frame(fd, 1, hello, sizeof hello - 1));
}

static void leave(struct fake_slack *f, int fd)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->nsockets; i++)
        if (f->socket[i] == fd) {
            memmove(&f->socket[i], &f->socket[i + 1], (f->nsockets - i - 1) * sizeof(int));
            f->nsockets--;
        }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void fake_socket_serve(struct fake_slack *f, int fd, const struct fake_request *rq)
{
    bool open = greet(f, fd, rq);
    while (open) {
        char *s = NULL;
        size_t len = 0;
        int opcode = recv_frame(fd, &s, &len);
        if (opcode == 1)
            on_text(f, s);
        else if (opcode == 9 && !f->muted)
            open = send_frame(fd, 10, s, len);
        else if (opcode == 8)
            send_frame(fd, 8, s, len);
        open = open && opcode >= 0 && opcode != 8;
        if (opcode >= 0)
            free(s);
    }
    leave(f, fd);
}

/* ---- what a test asks ---- */

size_t fake_slack_sockets(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    size_t n = f->nsockets;
    pthread_mutex_unlock(&f->lock);
    return n;
}

size_t fake_slack_sockets_ever(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    size_t n = f->nsockets_ever;
    pthread_mutex_unlock(&f->lock);
    return n;
}

bool fake_slack_emit(struct fake_slack *f, const char *json)
{
    pthread_mutex_lock(&f->lock);
    bool sent = f->nsockets && send_frame(f->socket[f->nsockets - 1], 1, json, strlen(json));
    pthread_mutex_unlock(&f->lock);
    return sent;
}

size_t fake_slack_acks(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    size_t n = f->nacks;
    pthread_mutex_unlock(&f->lock);
    return n;
}

const char *fake_slack_ack(struct fake_slack *f, const char *envelope)
{
    const char *json = NULL;
    pthread_mutex_lock(&f->lock);
    for (size_t i = f->nacks; i-- > 0 && !json;)
        if (!strcmp(f->ack[i].envelope, envelope))
            json = f->ack[i].json;
    pthread_mutex_unlock(&f->lock);
    return json;
}

void fake_slack_mute(struct fake_slack *f, bool mute)
{
    pthread_mutex_lock(&f->lock);
    f->muted = mute;
    pthread_mutex_unlock(&f->lock);
}

void fake_slack_hang_up(struct fake_slack *f)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->nsockets; i++)
        shutdown(f->socket[i], SHUT_RDWR);
    pthread_mutex_unlock(&f->lock);
}
