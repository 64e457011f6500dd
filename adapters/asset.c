/* asset.c: what is inside the program, as browsers ask for it: by name and hash, in the coding they take, and not again when they
 * have it. */
#include "adapters/asset.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/server.h"
#include "bot/squeeze.h"

static size_t length(struct asset_bytes b)
{
    return (size_t)(b.end - b.s);
}

static const struct asset *find(const struct asset_folder *f, const char *name)
{
    const struct asset *a = f->all;
    while (a->name && strcmp(a->name, name))
        a++;
    return a->name ? a : NULL;
}

void asset_open(struct asset_folder *f, const struct asset *all, const char *at)
{
    crypto_generichash_state state;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (const struct asset *a = all; a->name; a++) {
        crypto_generichash_update(&state, (const unsigned char *)a->name, strlen(a->name) + 1);
        crypto_generichash_update(&state, (const unsigned char *)a->plain.s, length(a->plain));
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    *f = (struct asset_folder){.all = all, .at = at};
    snprintf(f->hash, sizeof f->hash, "%.*s", ASSET_HASH, hex);
}

const char *asset_data(const struct asset_folder *f, const char *name, size_t *ret_len)
{
    const struct asset *a = find(f, name);
    *ret_len = a ? length(a->plain) : 0;
    return a ? a->plain.s : NULL;
}

/* ---- addresses and pages ---- */

void asset_add_address(const struct asset_folder *f, const char *name, struct buf *b)
{
    buf_addf(b, "%s%s/%s", f->at, f->hash, name);
}

const char *asset_named(const struct asset_folder *f, const char *path,
                        char ret_hash[ASSET_HASH + 1])
{
    size_t at = strlen(f->at);
    *ret_hash = '\0';
    if (strncmp(path, f->at, at))
        return path + 1;
    path += at;
    const char *slash = strchr(path, '/');
    if (!slash || slash - path != ASSET_HASH)
        return path;
    memcpy(ret_hash, path, ASSET_HASH);
    ret_hash[ASSET_HASH] = '\0';
    return slash + 1;
}

void asset_fill(const struct asset_folder *f, const char *template, asset_fill_fn *fill, void *ctx,
                struct buf *b)
{
    size_t len;
    const char *s = asset_data(f, template, &len), *end = s + len;
    while (s < end) {
        const char *open = memmem(s, (size_t)(end - s), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        char name[32];
        buf_add(b, s, (size_t)((close ? open : end) - s));
        if (!close)
            return;
        snprintf(name, sizeof name, "%.*s", (int)(close - open - 2), open + 2);
        fill(ctx, name, b);
        s = close + 2;
    }
}

/* ---- requests ---- */

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},   {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},         {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(dot, types[i][0]))
            return types[i][1];
    return NULL; /* chat.html is a template, not a page */
}

static struct asset_bytes choose(const struct asset *a, const char *accept, const char **ret_header)
{
    size_t plain = length(a->plain);
    if (squeeze_accepts(accept, "br") && length(a->brotli) < plain) {
        *ret_header = "Content-Encoding: br\r\n";
        return a->brotli;
    }
    if (squeeze_accepts(accept, "gzip") && length(a->gzip) < plain) {
        *ret_header = "Content-Encoding: gzip\r\n";
        return a->gzip;
    }
    *ret_header = "";
    return a->plain;
}

bool asset_send(const struct asset_folder *f, struct server *s, struct request *rq,
                const struct asset_reply *r)
{
    char headers[512], etag[ASSET_HASH + 5];
    const char *coding;
    const struct asset *a = find(f, r->name);
    const char *type = a ? type_of(r->name) : NULL;
    if (!type)
        return false;
    const char *cache = !strcmp(r->hash, f->hash) ? "public, max-age=31536000, immutable"
                        : *r->hash                ? "no-cache"
                                                  : r->cache;
    struct asset_bytes bytes = choose(a, request_header(rq, "accept-encoding"), &coding);
    /* A strong tag names the bytes that are sent, so each coding has its own. */
    snprintf(etag, sizeof etag, "\"%s%s\"", f->hash,
             bytes.s == a->brotli.s ? "-b"
             : bytes.s == a->gzip.s ? "-g"
                                    : "");
    const char *known = request_header(rq, "if-none-match");
    bool same = known && (strstr(known, etag) || !strcmp(known, "*"));
    snprintf(headers, sizeof headers,
             "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s"
             "X-Content-Type-Options: nosniff\r\n%s",
             etag, cache, same ? "" : coding, r->headers);
    struct http_reply reply = {.status = same ? 304 : 200,
                               .type = type,
                               .headers = headers,
                               .body = same ? "" : bytes.s,
                               .len = same ? 0 : length(bytes)};
    request_reply(s, request_handle(rq), &reply);
    return true;
}
