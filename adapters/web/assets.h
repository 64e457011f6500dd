/* assets.h: the files of adapters/web/assets/, inside the program (cmake/assets.cmake makes the table). */
#ifndef ADAPTERS_WEB_ASSETS_H
#define ADAPTERS_WEB_ASSETS_H

struct asset {
    const char *name;       /* "chat.css" */
    const char *data, *end; /* not terminated */
};

extern const struct asset assets[]; /* sorted by name, ends with a NULL name */

#endif
