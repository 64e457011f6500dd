/* web_asset.c: scripts, styles and words, from inside the program, compressed when it was built. A page names them by an
 * address that holds a hash, so browsers keep them for ever and an upgrade is seen at once. There is one hash of all
 * files together: a script may then import its neighbour by a relative address, and never meets one of another
 * version. Another hash is another version of the program, mid-upgrade: it gets what we have, and does not keep it.
 *
 * /widget.js has no hash, because its address stands in other people's pages: it is asked for again after an hour. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/web/assets.h"
#include "adapters/web/web_int.h"
#include "bot/squeeze.h"

static size_t length(struct asset_bytes b)
{
    return (size_t)(b.end - b.s);
}

static const struct asset *find(const char *name)
{
    const struct asset *a = assets;
    while (a->name && strcmp(a->name, name))
        a++;
    return a->name ? a : NULL;
}

void web_assets_open(struct web *w)
{
    crypto_generichash_state state;
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (const struct asset *a = assets; a->name; a++) {
        crypto_generichash_update(&state, (const unsigned char *)a->name, strlen(a->name) + 1);
        crypto_generichash_update(&state, (const unsigned char *)a->plain.s, length(a->plain));
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    snprintf(w->hash, sizeof w->hash, "%.*s", WEB_HASH, hex);
}

const char *web_asset_data(const char *name, size_t *ret_len)
{
    const struct asset *a = find(name);
    *ret_len = a ? length(a->plain) : 0;
    return a ? a->plain.s : NULL;
}

void web_add_integrity(struct buf *b, const char *name)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];
    size_t len;
    const char *s = web_asset_data(name, &len);
    crypto_hash_sha256(hash, (const unsigned char *)s, len);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    buf_addf(b, "sha256-%s", text);
}

/* ---- requests ---- */

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(dot, types[i][0]))
            return types[i][1];
    return NULL; /* chat.html is a template, not a page */
}

/* "/a/HASH/NAME", "/a/NAME", and what other programs ask for by names of their own. *ret_hash is "" where there is none. */
static const char *name_of(const char *path, char ret_hash[WEB_HASH + 1])
{
    *ret_hash = '\0';
    if (!strcmp(path, "/favicon.ico"))
        return "favicon.svg";
    if (strncmp(path, "/a/", 3))
        return path + 1;
    path += 3;
    const char *slash = strchr(path, '/');
    if (!slash || slash - path != WEB_HASH)
        return path;
    memcpy(ret_hash, path, WEB_HASH);
    ret_hash[WEB_HASH] = '\0';
    return slash + 1;
}

bool web_is_asset(const char *path)
{
    char hash[WEB_HASH + 1];
    const char *name = name_of(path, hash);
    return *hash || find(name);
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

void web_on_asset(struct web *w, struct request *rq)
{
    char hash[WEB_HASH + 1], headers[512], etag[WEB_HASH + 5];
    const char *name = name_of(request_path(rq), hash), *coding;
    const struct asset *a = find(name);
    const char *type = a ? type_of(name) : NULL;
    if (!type) {
        web_problem(w, request_handle(rq), 404, "not_found", "Not found", NULL);
        return;
    }
    const char *cache = !strcmp(hash, w->hash) ? "public, max-age=31536000, immutable"
                        : *hash                ? "no-cache"
                        : !strcmp(name, "widget.js")
                            ? "public, max-age=3600, stale-while-revalidate=86400"
                            : "public, max-age=300";
    struct asset_bytes bytes = choose(a, request_header(rq, "accept-encoding"), &coding);
    /* A strong tag names the bytes that are sent, so each coding has its own. */
    snprintf(etag, sizeof etag, "\"%s%s\"", w->hash,
             bytes.s == a->brotli.s ? "-b"
             : bytes.s == a->gzip.s ? "-g"
                                    : "");
    const char *known = request_header(rq, "if-none-match");
    bool same = known && (strstr(known, etag) || !strcmp(known, "*"));
    snprintf(headers, sizeof headers,
             "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s"
             "X-Content-Type-Options: nosniff\r\n"
             "Cross-Origin-Resource-Policy: cross-origin\r\nAccess-Control-Allow-Origin: *\r\n",
             etag, cache, same ? "" : coding);
    struct http_reply r = {.status = same ? 304 : 200,
                           .type = type,
                           .headers = headers,
                           .body = same ? "" : bytes.s,
                           .len = same ? 0 : length(bytes)};
    request_reply(web_server(w), request_handle(rq), &r);
}
