/* shipped.h: files of config/ that are inside the program (cmake/shipped.cmake), for when no
 * settings name others. Terminated by a NUL at `_end`. */
#ifndef BOT_SHIPPED_H
#define BOT_SHIPPED_H

extern const char shipped_smalltalk[], shipped_smalltalk_end[];
extern const char shipped_synonyms[], shipped_synonyms_end[];

#endif
