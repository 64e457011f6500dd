/* web_asset.c: the chat's pages, scripts and words, of adapters/asset.h. They may be used from other people's pages.
 *
 * /widget.js has no hash, because its address stands in other people's pages: it is asked for again after an hour. */
#include <sodium.h>
#include <string.h>

#include "adapters/web/web_int.h"

void web_assets_open(struct web *w)
{
    asset_open(&w->assets, web_assets, "/a/");
}

void web_add_integrity(const struct web *w, struct buf *b, const char *name)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];
    size_t len;
    const char *s = asset_data(&w->assets, name, &len);
    crypto_hash_sha256(hash, (const unsigned char *)s, len);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    buf_addf(b, "sha256-%s", text);
}

bool web_is_asset(const struct web *w, const char *path)
{
    char hash[ASSET_HASH + 1];
    size_t len;
    const char *name = asset_named(&w->assets, path, hash);
    return *hash || asset_data(&w->assets, name, &len);
}

void web_on_asset(struct web *w, struct request *rq)
{
    char hash[ASSET_HASH + 1];
    const char *path = request_path(rq);
    const char *name = asset_named(&w->assets, path, hash);
    struct asset_reply r = {
        .name = strcmp(path, "/favicon.ico") ? name : "favicon.svg", /* asked for by that name */
        .hash = hash,
        .cache = strcmp(name, "widget.js") ? "public, max-age=300"
                                           : "public, max-age=3600, stale-while-revalidate=86400",
        .headers =
            "Cross-Origin-Resource-Policy: cross-origin\r\nAccess-Control-Allow-Origin: *\r\n"};
    if (!asset_send(&w->assets, web_server(w), rq, &r))
        web_problem(w, request_handle(rq), 404, "not_found", "Not found", NULL);
}
