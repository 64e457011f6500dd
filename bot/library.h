/* library.h: shared libraries that are not part of the program until somebody needs them: see cmake/late.cmake. */
#ifndef BOT_LIBRARY_H
#define BOT_LIBRARY_H

#include <stdbool.h>

/* Its functions may be called from now on. Any number of times; false, and a line in the log, when it is not
 * installed. `name` as the loader knows it: LIBRARY_CURL, LIBRARY_LWS, LIBRARY_UV, LIBRARY_ZLIB. */
bool library_load(const char *name);

#endif
