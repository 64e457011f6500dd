/* assets.h: the files of adapters/web/assets/, inside the program (cmake/assets.cmake makes the table). */
#ifndef ADAPTERS_WEB_ASSETS_H
#define ADAPTERS_WEB_ASSETS_H

struct asset_bytes {
    const char *s, *end; /* not terminated */
};

struct asset {
    const char *name; /* "chat.css", "words/en.json" */
    struct asset_bytes plain, gzip, brotli;
};

extern const struct asset assets[]; /* sorted by name, ends with a NULL name */

#endif
