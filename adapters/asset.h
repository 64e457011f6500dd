/* asset.h: pages, scripts and styles, inside the program and compressed when it was built (cmake/assets.cmake makes the tables).
 * A page names them by an address that holds a hash, so browsers keep them for ever and an upgrade is seen at once. There is one
 * hash of all files of a folder: a script may then import its neighbour by a relative address, and never meets one of another
 * version. Another hash is another version of the program, mid-upgrade: it gets what we have, and does not keep it. */
#ifndef ADAPTERS_ASSET_H
#define ADAPTERS_ASSET_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct request;
struct server;

struct asset_bytes {
    const char *s, *end; /* not terminated */
};
struct asset {
    const char *name; /* "chat.css", "words/en.json" */
    struct asset_bytes plain, gzip, brotli;
};
/* adapters/web/assets/ and adapters/staff/assets/; sorted by name, ends with a NULL name */
extern const struct asset web_assets[], staff_assets[];

#define ASSET_HASH 12 /* hex digits of the hash in addresses */
struct asset_folder {
    const struct asset *all;
    const char *at; /* what their addresses begin with, "/a/"; static */
    char hash[ASSET_HASH + 1];
};
void asset_open(struct asset_folder *f, const struct asset *all, const char *at);

/* The bytes, for ever; NULL when there is none of that name. */
const char *asset_data(const struct asset_folder *f, const char *name, size_t *ret_len);
/* "/a/HASH/NAME" */
void asset_add_address(const struct asset_folder *f, const char *name, struct buf *b);
/* What "/a/HASH/NAME" or "/a/NAME" names; without "/a/", what is behind the first slash. *ret_hash is "" where there is none. */
const char *asset_named(const struct asset_folder *f, const char *path,
                        char ret_hash[ASSET_HASH + 1]);

/* A template: what stands between {{ and }} goes to `fill`, all else is copied. */
typedef void asset_fill_fn(void *ctx, const char *name, struct buf *b);
void asset_fill(const struct asset_folder *f, const char *template, asset_fill_fn *fill, void *ctx,
                struct buf *b);

struct asset_reply {
    const char *name, *hash; /* of asset_named() */
    const char *cache;       /* Cache-Control where the address has no hash */
    const char *headers;     /* further ones, "Name: value\r\n" each */
};
/* False, and nothing is sent: there is none, or it is a template. */
bool asset_send(const struct asset_folder *f, struct server *s, struct request *rq,
                const struct asset_reply *r);

#endif
