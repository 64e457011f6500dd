/* web_asset.c: scripts, styles and pictures, from inside the program. The page names them by an address that holds
 * their hash, so browsers keep them for ever and an upgrade is seen at once. Another hash is another version of the
 * program, mid-upgrade: it gets what we have, and does not keep it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/assets.h"
#include "adapters/web/web_int.h"
#include "bot/must.h"

struct web_asset {
    char path[96];
    char hash[WEB_HASH + 1];
};

static size_t length(const struct asset *a)
{
    return (size_t)(a->end - a->data);
}

static size_t find(const char *name)
{
    size_t i = 0;
    while (assets[i].name && strcmp(assets[i].name, name))
        i++;
    return i;
}

void web_assets_open(struct web *w)
{
    size_t n = 0;
    while (assets[n].name)
        n++;
    w->asset = must(calloc(n + 1, sizeof *w->asset));
    for (size_t i = 0; i < n; i++) {
        unsigned char hash[16];
        char hex[2 * sizeof hash + 1];
        crypto_generichash(hash, sizeof hash, (const unsigned char *)assets[i].data,
                           length(&assets[i]), NULL, 0);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        snprintf(w->asset[i].hash, sizeof w->asset[i].hash, "%.*s", WEB_HASH, hex);
        snprintf(w->asset[i].path, sizeof w->asset[i].path, "/a/%s/%s", w->asset[i].hash,
                 assets[i].name);
    }
}

void web_assets_close(struct web *w)
{
    free(w->asset);
}

const char *web_asset_data(const char *name, size_t *ret_len)
{
    const struct asset *a = &assets[find(name)];
    *ret_len = a->name ? length(a) : 0;
    return a->name ? a->data : NULL;
}

const char *web_asset_path(const struct web *w, const char *name)
{
    size_t i = find(name);
    return assets[i].name ? w->asset[i].path : "";
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(dot, types[i][0]))
            return types[i][1];
    return NULL; /* chat.html is a template, not a page */
}

/* "/a/HASH/NAME", "/a/NAME" and "/favicon.ico". *ret_hash is "" where there is none. */
static const char *name_of(const char *path, char ret_hash[WEB_HASH + 1])
{
    *ret_hash = '\0';
    if (!strcmp(path, "/favicon.ico"))
        return "favicon.svg";
    path += strlen("/a/");
    const char *slash = strchr(path, '/');
    if (!slash)
        return path;
    if (slash - path != WEB_HASH)
        return "";
    memcpy(ret_hash, path, WEB_HASH);
    ret_hash[WEB_HASH] = '\0';
    return slash + 1;
}

void web_on_asset(struct web *w, struct request *rq)
{
    char hash[WEB_HASH + 1], headers[512], etag[WEB_HASH + 3];
    const char *name = name_of(request_path(rq), hash);
    size_t i = find(name);
    const char *type = assets[i].name ? type_of(name) : NULL;
    if (!type) {
        web_problem(w, request_handle(rq), 404, "not_found", "Not found", NULL);
        return;
    }
    const char *cache = !strcmp(hash, w->asset[i].hash) ? "public, max-age=31536000, immutable"
                        : *hash                         ? "no-cache"
                                                        : "public, max-age=300";
    snprintf(etag, sizeof etag, "\"%s\"", w->asset[i].hash);
    snprintf(headers, sizeof headers,
             "ETag: %s\r\nCache-Control: %s\r\nX-Content-Type-Options: nosniff\r\n"
             "Cross-Origin-Resource-Policy: cross-origin\r\nAccess-Control-Allow-Origin: *\r\n",
             etag, cache);
    const char *known = request_header(rq, "if-none-match");
    bool same = known && (strstr(known, etag) || !strcmp(known, "*"));
    struct http_reply r = {.status = same ? 304 : 200,
                           .type = type,
                           .headers = headers,
                           .body = same ? "" : assets[i].data,
                           .len = same ? 0 : length(&assets[i])};
    request_reply(web_server(w), request_handle(rq), &r);
}
