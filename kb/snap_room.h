/* snap_room.h: memory for the arrays of a finder (snap_find.c) in a base that has many passages. */
#ifndef KB_SNAP_ROOM_H
#define KB_SNAP_ROOM_H

#include <stddef.h>

#define SNAP_ROOM_LARGE (512u << 10) /* bytes: below, ordinary memory does as well */

/* Zeroes, aligned for anything. NULL: no memory. */
void *snap_room_new(size_t size);
void snap_room_free(void *room, size_t size); /* NULL is fine */

#endif
